"""The advice of every domain for one patient's data, and the Bundle of implications made of it."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any

from fhir_pgx.model.explained import Explained
from fhir_pgx.model.knowledge import Knowledge
from fhir_pgx.model.recommendation import DrugAdvice, Unanswered, given
from fhir_pgx.model.therapy import TherapyAdvice
from fhir_pgx.pipeline.case import Case
from fhir_pgx.pipeline.precision.statements import Statements
from fhir_pgx.reports.implications import write_implications

_OF_GENES = (
    "Not written as FHIR by this release: {} recommendations by genes of drug response. Ask for "
    "json."
)


class Implications:
    """Writes what the findings imply as Genomics Reporting resources."""

    def __init__(self, knowledge: Knowledge, today: Callable[[], date]) -> None:
        self._statements, self._today, self._release = (
            Statements(knowledge),
            today,
            knowledge.release,
        )
        tumour = knowledge.therapies.tumour
        # Rows name their disease; the node beside the name is the same in every row.
        self._diseases = {row.disease.lower(): row.doid for row in tumour.rows if row.doid}

    def write(
        self,
        case: Case,
        subject: str,
        therapies: Sequence[TherapyAdvice],
        explained: Iterable[Explained],
    ) -> dict[str, Any]:
        """The Bundle. Statements are of no drug: they are written whatever drug was asked for."""
        count = sum(map(_rows, explained))
        return write_implications(
            therapies,
            self._statements.met(case),
            subject=subject,
            when=self._today().isoformat(),
            release=self._release,
            diseases=self._diseases,
            left_out=[_OF_GENES.format(count)] if count else [],
        )


def _rows(explained: Explained) -> int:
    if not isinstance(explained.advice, DrugAdvice):
        return 0
    return sum(len(given(each.answer)) for each in explained.advice.sources)


def nothing_met(name: str) -> Unanswered:
    """The answer for a drug whose rows no finding on file meets."""
    text = (
        f"Our rows on {name} are of findings that the data do not show. A finding that was not "
        "tested for is not a negative one, and this is not a statement that the drug is safe."
    )
    return Unanswered(name, "", (), "no-row", text)

"""What findings say of diagnosis, outlook and predisposition, by rows that are no therapy.

For reports alone. A tumour's finding predisposes nobody; where a row does not say whose genome it
is of, a diagnosis or an outlook is the tumour's. A prognosis is of the disease that the patient
has. A variant of uncertain significance says nothing, nor does a row that calls one so. What rests
on models or inference (CIViC D and E) is left out.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from fhir_pgx.model.met_statement import MetStatement
from fhir_pgx.model.therapy import ContextFit
from fhir_pgx.model.tumour import Alteration, Cancer, RowOrigin, Statement, TumourKnowledge
from fhir_pgx.model.tumour_answer import Outcome
from fhir_pgx.recommendation.tumour.disease import Diseases
from fhir_pgx.recommendation.tumour.findings import Findings
from fhir_pgx.recommendation.tumour.profile import atoms_of, evaluate
from fhir_pgx.recommendation.tumour.rules import finding_words

_KINDS = ("diagnostic", "prognostic", "predisposing")
_LEVELS = ("A", "B", "C")
_UNSAID = ("uncertain-significance", "")
_FITS: tuple[ContextFit, ...] = ("same", "any", "unknown", "other")
_SHOWN: dict[str, tuple[ContextFit, ...]] = {
    "diagnostic": ("same", "any", "unknown"),
    "prognostic": ("same", "any"),
    "predisposing": ("same", "any"),
}


class StatementRules:
    """The rows, indexed once by gene and marker."""

    def __init__(self, knowledge: TumourKnowledge) -> None:
        self._diseases = Diseases(knowledge.diseases)
        self._by_gene: defaultdict[str, list[Statement]] = defaultdict(list)
        self._by_marker: defaultdict[str, list[Statement]] = defaultdict(list)
        for statement in knowledge.statements:
            if not _is_told(statement):
                continue
            for atom in atoms_of(statement.profile):
                for gene in atom.genes:
                    self._by_gene[gene].append(statement)
                if atom.marker is not None:
                    self._by_marker[atom.marker.name].append(statement)

    def met(self, findings: Findings, cancers: Sequence[Cancer]) -> list[MetStatement]:
        """Every row that the findings meet, once, weightiest level first. `cancers` are those on
        file whose kind is known."""
        near = {each.id: each for each in self._near(findings)}
        found = []
        for statement in near.values():
            fit = self._fit(statement, cancers)
            if fit not in _SHOWN[statement.kind]:
                continue
            outcome = evaluate(statement.profile, findings, _origin(statement))
            if outcome.truth == "met" and outcome.by:
                found.append(_met(statement, outcome, fit))
        found.sort(key=lambda each: each.statement.provenance.level)
        return _with_conflicts(found)

    def _near(self, findings: Findings) -> Iterator[Statement]:
        for gene in findings.by_gene:
            yield from self._by_gene.get(gene, ())
        for name in findings.by_marker:
            yield from self._by_marker.get(name, ())

    def _fit(self, statement: Statement, cancers: Sequence[Cancer]) -> ContextFit:
        known = [each for each in cancers if each.nodes]
        fits = [self._diseases.fits_node(statement.doid, each) for each in known] or ["unknown"]
        fit = min(fits, key=_FITS.index)
        # Whoever is predisposed need not be ill.
        return "any" if statement.kind == "predisposing" and fit != "same" else fit


def _with_conflicts(found: Sequence[MetStatement]) -> list[MetStatement]:
    said: defaultdict[tuple[str, str, str], set[tuple[str, bool]]] = defaultdict(set)
    for each in found:
        said[_subject(each.statement)].add((each.statement.says, each.statement.supports))
    return [replace(each, conflicts=len(said[_subject(each.statement)]) > 1) for each in found]


def _subject(statement: Statement) -> tuple[str, str, str]:
    return statement.kind, statement.text, statement.doid


def _is_told(statement: Statement) -> bool:
    return (
        statement.kind in _KINDS
        and statement.says not in _UNSAID
        and statement.provenance.level in _LEVELS
    )


def _origin(statement: Statement) -> RowOrigin:
    """Whose genome the row is of: where the source does not say, the tumour's, and for a
    predisposition always the patient's own."""
    if statement.kind == "predisposing":
        return "germline"
    return statement.origin or "somatic"


def _met(statement: Statement, outcome: Outcome, fit: ContextFit) -> MetStatement:
    caveats = [
        caveat for each in outcome.by if isinstance(each, Alteration) for caveat in each.caveats
    ]
    return MetStatement(
        statement,
        finding_words(outcome.by),
        fit,
        tuple(dict.fromkeys(each.origin.reference for each in outcome.by)),
        caveats=tuple(dict.fromkeys(caveats)),
    )

"""What the findings say of diagnosis, outlook and predisposition: for reports, never for cards."""

from fhir_pgx.model.knowledge import Knowledge
from fhir_pgx.model.met_statement import MetStatement
from fhir_pgx.normalize.alteration import alterations, names_of
from fhir_pgx.normalize.cancer import cancer_index, cancers_of
from fhir_pgx.pipeline.case import Case
from fhir_pgx.recommendation.statements import StatementRules
from fhir_pgx.recommendation.tumour import Findings


class Statements:
    """The rows that are no therapy, indexed once."""

    def __init__(self, knowledge: Knowledge) -> None:
        known = knowledge.therapies.tumour
        self._rules = StatementRules(known)
        self._names = names_of(known)
        self._kinds = cancer_index(known.diseases)

    def met(self, case: Case) -> list[MetStatement]:
        """Every diagnostic, prognostic and predisposing row that the findings meet."""
        stated = case.reading.precision
        found = alterations(case.reading.variants, stated.tests, self._names)
        cancers = [
            each
            for each in cancers_of(stated.cancers, self._kinds)
            if each.stated.state != "resolved"
        ]
        return self._rules.met(Findings(found, stated.markers), cancers)

"""The patient of one call, and the question that one drug puts: values that the parts pass on."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import date

from fhir_pgx.cards.pretest import Requester
from fhir_pgx.fhir.bundle import References
from fhir_pgx.model.document import Calling
from fhir_pgx.model.dose import DoseForPatient
from fhir_pgx.model.finding import Statement
from fhir_pgx.model.interactions import FoundInteraction
from fhir_pgx.model.modifier import Modifier
from fhir_pgx.model.patient import PatientContext
from fhir_pgx.model.phenotype import GeneResult, Interpretation
from fhir_pgx.model.recommendation import (
    DrugAdvice,
)
from fhir_pgx.model.test_order import TestOrder
from fhir_pgx.model.variant import SiteCall
from fhir_pgx.pipeline.genes import AS_USUAL
from fhir_pgx.recommendation import (
    Computed,
    DrugGroup,
    Situation,
    judge,
)

Doses = dict[tuple[str, str], tuple[DoseForPatient, ...]]  # by advice and population


@dataclass(frozen=True, slots=True)
class Case:
    """The patient of one call: the genes, all else that is known, and where references lead."""

    results: Mapping[str, GeneResult]
    patient: PatientContext
    references: References
    sites: Mapping[str, tuple[SiteCall, ...]]
    statements: tuple[Statement, ...] = ()
    calling: Calling = AS_USUAL
    tests: tuple[TestOrder, ...] = ()  # genetic tests that are drafted, ordered or under way
    requester: Requester | None = None  # None where no test may be offered
    acting: tuple[FoundInteraction, ...] = ()  # what other medicines do to enzymes


@dataclass(frozen=True, slots=True)
class Question:
    """All that decides one drug's answer: `results` are those of the genes that can, `key` is None
    where the answer may not be kept for another patient."""

    group: DrugGroup
    results: Mapping[str, GeneResult]
    situation: Situation
    modifiers: Mapping[str, Mapping[str, Modifier]]
    computed: tuple[Computed, ...]
    key: Hashable


def case_of(
    interpretation: Interpretation,
    patient: PatientContext,
    references: References,
    acting: tuple[FoundInteraction, ...],
    calling: Calling = AS_USUAL,
) -> Case:
    return Case(
        interpretation.genes,
        patient,
        references,
        interpretation.sites,
        interpretation.reading.statements,
        calling,
        acting=acting,
    )


def days_taken(patient: PatientContext, today: date) -> dict[str, int | None]:
    """Days since each medicine of the patient began, by ingredient; None where its start is not
    known. A draft or a planned medicine is not taken yet."""
    taken: dict[str, int | None] = {}
    for medicine in patient.medicines:
        if medicine.state not in ("active", "ended"):
            continue
        try:
            days = (today - date.fromisoformat(medicine.since[:10])).days
        except ValueError:
            days = None
        for drug in medicine.drugs:
            before = taken.get(drug.rxcui)
            taken[drug.rxcui] = days if before is None or days is None else max(before, days)
    return taken


DOSE_ALONE = frozenset({"reduce-dose", "increase-dose", "adjust-dose", "standard"})


def is_at_advised_dose(advice: DrugAdvice, doses: Doses) -> bool:
    """Whether the order already follows advice that is about its dose alone: it gets no warning."""
    if not doses or advice.agreement == "differ":
        return False
    if any(r.action not in DOSE_ALONE or not r.dose for r in advice.recommendations):
        return False
    # What an equation comes to rests on more than the order's dose: the card says on what.
    if any(dose.kind == "computed" for each in doses.values() for dose in each):
        return False
    return all(judge(each) == "within" for each in doses.values())

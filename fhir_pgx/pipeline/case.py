"""The patient of one call, and the question that one drug puts: values that the parts pass on."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import date

from fhir_pgx.cards.pretest import Requester
from fhir_pgx.fhir.bundle import References
from fhir_pgx.model.dates import days_of
from fhir_pgx.model.document import Calling
from fhir_pgx.model.dose import DoseForPatient
from fhir_pgx.model.finding import Statement
from fhir_pgx.model.inherited import InheritedFinding
from fhir_pgx.model.interactions import FoundInteraction
from fhir_pgx.model.modifier import Modifier
from fhir_pgx.model.patient import Medicine, PatientContext
from fhir_pgx.model.phenotype import GeneResult, Interpretation
from fhir_pgx.model.reading import Reading
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
from fhir_pgx.recommendation.population import LONG_USE_DAYS

Doses = dict[tuple[str, str], tuple[DoseForPatient, ...]]  # by advice and population


@dataclass(frozen=True, slots=True)
class Case:
    """The patient of one call: the genes, all else that is known, and where references lead."""

    results: Mapping[str, GeneResult]
    patient: PatientContext
    references: References
    sites: Mapping[str, tuple[SiteCall, ...]]
    reading: Reading
    calling: Calling = AS_USUAL
    tests: tuple[TestOrder, ...] = ()  # genetic tests that are drafted, ordered or under way
    requester: Requester | None = None  # None where no test may be offered
    acting: tuple[FoundInteraction, ...] = ()  # what other medicines do to enzymes
    # Findings of the patient's own genome, worked out when first asked for: `findings_of`.
    own_findings: list[tuple[InheritedFinding, ...]] = field(
        default_factory=list, compare=False, repr=False
    )

    @property
    def statements(self) -> tuple[Statement, ...]:
        return self.reading.statements


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
        interpretation.reading,
        calling,
        acting=acting,
    )


def days_taken(patient: PatientContext, today: date) -> dict[str, int | None]:
    """For how many days each medicine of the patient was taken, by ingredient: the longest that is
    known, None where one in use since nobody knows when may be longer than counts. A draft or a
    planned medicine is not taken yet; one that is over and says no length is in `taken_before`."""
    known: dict[str, int] = {}
    unknown: set[str] = set()
    for medicine in patient.medicines:
        is_draft = medicine.order is not None and medicine.order.status == "draft"
        if medicine.state not in ("active", "ended") or is_draft:
            continue
        days = _length(medicine, today)
        for drug in medicine.drugs:
            if days is not None:
                known[drug.rxcui] = max(days, known.get(drug.rxcui, 0))
            elif medicine.state == "active":
                unknown.add(drug.rxcui)
    open_ended = {code for code in unknown if known.get(code, 0) <= LONG_USE_DAYS}
    return {**known, **dict.fromkeys(open_ended)}


def taken_before(patient: PatientContext, today: date) -> frozenset[str]:
    """The ingredients of medicines that are over and do not say for how long they were taken."""
    return frozenset(
        drug.rxcui
        for medicine in patient.medicines
        if medicine.state == "ended" and _length(medicine, today) is None
        for drug in medicine.drugs
    )


def _length(medicine: Medicine, today: date) -> int | None:
    """The days from the beginning of a medicine to its end, or to today for one in use; None where
    the dates do not say. Of a beginning in a month or a year the last day counts, and only if that
    is long enough to decide."""
    begun = days_of(medicine.since)
    last = days_of(medicine.until) if medicine.state == "ended" else (today, today)
    if begun is None or last is None:
        return None
    days = (min(last[0], today) - begun[1]).days
    return days if days > LONG_USE_DAYS or (begun[0] == begun[1] and last[0] == last[1]) else None


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

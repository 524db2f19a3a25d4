"""What an implication is asked to follow from, and to be about.

Findings (variants, regions, haplotypes) are alternatives of each other: an implication follows from
one of them. Treatments and conditions narrow what is left. Within a list any item will do.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from fhir_pgx.fhir.bundle import as_dicts, reference_of
from fhir_pgx.fhir.values import Concept, concept_of
from fhir_pgx.model.drug import MedicationConcept
from fhir_pgx.model.genomic_index import StoredVariant
from fhir_pgx.operations.frame import codes_of
from fhir_pgx.operations.haplotype_names import Sought, read_sought
from fhir_pgx.operations.hits import any_over, simple_like
from fhir_pgx.operations.operation import Asked, Context
from fhir_pgx.operations.places import alleles_of, spans_of
from fhir_pgx.operations.tokens import read_token
from fhir_pgx.operations.told import Told
from fhir_pgx.pipeline.implied import Implied
from fhir_pgx.terminology import MEDICATION_ASSESSED

CONDITION = "81259-4"
_DRUGS = frozenset((MEDICATION_ASSESSED, "associated-therapy"))


@dataclass(frozen=True, slots=True)
class FindingsAsked:
    """`rows` are the stored variants asked for, `references` the results that state them."""

    is_asked: bool
    references: frozenset[str] = frozenset()
    alleles: tuple[Sought, ...] = ()
    rows: tuple[StoredVariant, ...] = ()

    def are_met_by(self, told: Told) -> bool:
        if not self.is_asked or self.references & told.rests_on:
            return True
        return any(asked.is_of(each) for asked in self.alleles for each in told.alleles) or any(
            asked.token.is_of(concept_of(parent.get("valueCodeableConcept")))
            for asked in self.alleles
            for parent in told.parents
        )


def findings_asked(asked: Asked, at: Context) -> FindingsAsked:
    """The findings of a request, looked up for its subject, or for everybody where it has none.

    Raises InvalidParameter and LiftoverFailed as reading a variant or a region does.
    """
    variants, ranges = asked.listed("variants"), asked.listed("ranges")
    haplotypes = tuple(read_sought(each, at.pipeline) for each in asked.listed("haplotypes"))
    patient = asked.subject
    present: list[StoredVariant] = []
    for text in variants:
        present += simple_like(alleles_of(text, at, patient=patient), asked, at)
    for text in ranges:
        present += any_over(spans_of(text, at, patient=patient), asked, at)
    references = frozenset(f"{row.type}/{row.id}" for row in present)
    return FindingsAsked(
        bool(variants or ranges or haplotypes), references, haplotypes, tuple(present)
    )


class TreatmentAsked:
    """One treatment: by its own words and code, and by the ingredients that these stand for."""

    def __init__(self, text: str, implied: Implied) -> None:
        self.token, self._implied = read_token(text), implied
        self.ingredients = implied.ingredients(self.token.system or "", self.token.code)
        self._codes = {each.rxcui for each in self.ingredients}

    def is_of(self, resource: Mapping[str, object]) -> bool:
        """Whether an implication is about it."""
        return any(map(self.is_one, drugs_told(resource)))

    def is_one(self, concept: Concept) -> bool:
        """Whether a drug is it, or has one of its ingredients."""
        if self.token.is_of(concept):
            return True
        named = MedicationConcept(concept.codings, concept.text)
        return bool(self._codes & {e.rxcui for e in self._implied.ingredients_of(named)})


class ConditionAsked:
    """One condition: by its words and code, by the disease that these stand for (it, what holds it
    and its kinds), or by the names of an inherited condition."""

    def __init__(self, text: str, implied: Implied) -> None:
        self.token, self._implied = read_token(text), implied
        self.nodes = implied.nodes(self.token.system or "", self.token.code)
        self.names = implied.condition_names(self.token.code)

    def is_of(self, resource: Mapping[str, object]) -> bool:
        return any(map(self.is_one, conditions_told(resource)))

    def is_one(self, concept: Concept) -> bool:
        """Whether a disease is it, holds it, is of its kind, or has one of its names."""
        if self.token.is_of(concept):
            return True
        words = {concept.text.lower(), *(each.display.lower() for each in concept.codings)}
        if self.names and any(self.names & self._implied.condition_names(w) for w in words if w):
            return True
        return bool(self.nodes) and any(
            self._implied.is_about(node, self.nodes) for node in self._nodes_of(concept)
        )

    def _nodes_of(self, concept: Concept) -> Iterator[str]:
        coded = [
            node
            for coding in concept.codings
            for node in self._implied.nodes(coding.system, coding.code)
        ]
        yield from coded or self._implied.nodes("", concept.text)


def drugs_told(resource: Mapping[str, object]) -> list[Concept]:
    """The drugs that an implication is about: components, and the medications that an extension
    names by a display."""
    found = list(_values(resource, _DRUGS))
    elements: Iterable[Mapping[str, object]] = (resource, *as_dicts(resource.get("component")))
    for element in elements:
        for each in as_dicts(element.get("extension")):
            reference = each.get("valueReference")
            if "assessed" in str(each.get("url", "")) and isinstance(reference, dict):
                words = reference.get("display") or reference_of(reference)
                found.append(Concept((), str(words)))
    return found


def conditions_told(resource: Mapping[str, object]) -> list[Concept]:
    return list(_values(resource, frozenset((CONDITION,))))


def _values(resource: Mapping[str, object], codes: frozenset[str]) -> Iterator[Concept]:
    for component in as_dicts(resource.get("component")):
        if codes & codes_of(component):
            stated = component.get("valueCodeableConcept") or component.get("valueString")
            if stated:
                yield concept_of(stated)


def narrowed(
    told: Iterable[Told],
    findings: FindingsAsked,
    treatments: Sequence[TreatmentAsked] = (),
    conditions: Sequence[ConditionAsked] = (),
) -> Iterator[Told]:
    """What meets the findings, and one treatment and one condition where any are asked for."""
    for each in told:
        if (
            findings.are_met_by(each)
            and (not treatments or any(one.is_of(each.resource) for one in treatments))
            and (not conditions or any(one.is_of(each.resource) for one in conditions))
        ):
            yield each

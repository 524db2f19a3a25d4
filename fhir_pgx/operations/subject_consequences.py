"""`$find-subject-molecular-consequences`: what variants do to gene and transcript.

Three sources, told apart: Observations in which a laboratory annotates a variant; consequences that
a report states within the variant, as the guide's older releases did; and what follows with
certainty from the variant's names, which we flag as inferred.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from fhir_pgx.fhir.bundle import Entry, as_dicts
from fhir_pgx.fhir.consequences import code_of_term, consequences_of
from fhir_pgx.fhir.values import Concept, concept_of
from fhir_pgx.model.finding import ObservedVariant, Presence
from fhir_pgx.normalize.consequence import consequences_named
from fhir_pgx.operations.answers import parameters, resources
from fhir_pgx.operations.criteria import FindingsAsked, TreatmentAsked, findings_asked, narrowed
from fhir_pgx.operations.frame import codes_of, distinct
from fhir_pgx.operations.operation import Asked, Context, Operation, Parameter, Resource
from fhir_pgx.operations.subject_implications import (
    OPTIONAL_RANGES,
    OPTIONAL_VARIANTS,
    has_criteria,
)
from fhir_pgx.operations.takes import SOURCE_CLASS, SUBJECT, TEST_FILTERS, VARIANT_OUT
from fhir_pgx.operations.tokens import Token, read_token
from fhir_pgx.operations.told import Kept, Told, as_parents, kept_of, parents_of, stated
from fhir_pgx.reports.consequences import inferred_consequence, stated_consequence
from fhir_pgx.terminology import DERIVATION, DERIVED, VARIANT

CONSEQUENCE_PROFILE = (
    "http://hl7.org/fhir/uv/genomics-reporting/StructureDefinition/molecular-consequence"
)
# The plural is the public implementation's, and no code of the guide; it is read, never written.
CONSEQUENCE_CODES = frozenset(
    ("molecular-consequence", "molecular-consequences", "functional-annotation")
)
_STATED = frozenset(
    ("48006-1", "molecular-consequence", "feature-consequence", "functional-effect")
)
_ONTOLOGY = "sequenceontology.org"
CRITERIA = ("variants", "ranges", "featureConsequences")


@dataclass(frozen=True, slots=True)
class ConsequenceAsked:
    """A term of the Sequence Ontology, by its name or its code; either spelling of its system."""

    token: Token
    code: str

    def is_of(self, resource: Mapping[str, object]) -> bool:
        return any(self._is(concept) for concept in consequences_told(resource))

    def _is(self, concept: Concept) -> bool:
        if self.token.is_of(concept):
            return True
        if self.token.system is not None and _ONTOLOGY not in self.token.system:
            return False
        return bool(self.code) and self.code in {
            code_of_term(term) for term in consequences_of(concept)
        }


def read_consequence(text: str) -> ConsequenceAsked:
    """`missense_variant`, `SO:0001583`, `http://sequenceontology.org|SO:0001583`."""
    token = read_token(text)
    named = concept_of({"text": token.code, "coding": [{"code": token.code}]})
    terms = consequences_of(named)
    return ConsequenceAsked(token, code_of_term(terms[0]) if terms else "")


def find_consequences(asked: Asked, at: Context) -> Resource:
    """The molecular consequences of a subject's variants that meet what was asked."""
    if not has_criteria(asked, CRITERIA):
        return parameters([])
    sought = [read_consequence(each) for each in asked.listed("featureConsequences")]
    found = consequences_met(kept_of(asked, at), at, findings_asked(asked, at), sought)
    told = distinct(each.resource for each in found)
    return parameters([*resources("consequence", told), *parents_of(found, ("variant",))])


def consequences_met(
    kept: Kept, at: Context, findings: FindingsAsked, sought: Sequence[ConsequenceAsked]
) -> list[Told]:
    """The consequences of a patient's kept results that meet what was asked."""
    return [
        each
        for each in narrowed(consequences_of_patient(kept, at), findings)
        if not sought or any(one.is_of(each.resource) for one in sought)
    ]


def consequences_of_patient(
    kept: Kept, at: Context, treatments: Sequence[TreatmentAsked] = ()
) -> Iterator[Told]:
    """Every consequence of the variants that are there, those of laboratories first; none is of a
    treatment.

    What a name makes certain is left out where a report says the same of the variant already.
    """
    annotated = list(stated(kept, at, CONSEQUENCE_CODES, CONSEQUENCE_PROFILE))
    yield from annotated
    said: dict[str, set[str]] = {}
    for each in annotated:
        for reference in each.rests_on:
            said.setdefault(reference, set()).update(_terms_told(each.resource))
    for variant in kept.interpretation.reading.variants:
        entry = kept.chart.find(variant.origin.reference)
        if entry is None or variant.presence is not Presence.PRESENT:
            continue
        if entry.type != "Observation" or VARIANT not in codes_of(entry.resource):
            continue
        yield from _of_variant(variant, entry, said.get(entry.reference, set()), kept, at)


def _of_variant(
    variant: ObservedVariant, entry: Entry, said: set[str], kept: Kept, at: Context
) -> Iterator[Told]:
    frame = {
        "subject": f"Patient/{kept.chart.subject}",
        "when": variant.origin.when or at.now.date().isoformat(),
        "release": at.knowledge.release,
        "variant": entry.reference,
        "coding": variant.coding_hgvs,
        "protein": variant.protein_hgvs,
    }
    own = {term: code for term in _terms_told(entry.resource) if (code := code_of_term(term))}
    if own:
        terms = [(code, term) for term, code in own.items()]
        yield _told(stated_consequence(terms, **frame), entry, kept, at)
    named = consequences_named(variant.protein_hgvs, variant.coding_hgvs)
    inferred = [(each.code, each.term) for each in named if each.term not in {*own, *said}]
    if inferred:
        yield _told(inferred_consequence(inferred, **frame), entry, kept, at)


def _told(made: Resource, entry: Entry, kept: Kept, at: Context) -> Told:
    meta = {**made["meta"], "tag": [{"system": DERIVATION, "code": DERIVED}]}
    above = kept.chart.lineage(entry.resource)
    parents = as_parents([entry], kept.chart, at)
    return Told({**made, "meta": meta}, parents, frozenset((entry.reference, *above)))


def consequences_told(resource: Mapping[str, object]) -> list[Concept]:
    """The concepts in which an Observation states a consequence."""
    return [
        concept_of(each.get("valueCodeableConcept") or each.get("valueString"))
        for each in as_dicts(resource.get("component"))
        if _STATED & codes_of(each)
    ] + ([concept_of(resource["valueCodeableConcept"])] if _is_annotation(resource) else [])


def _is_annotation(resource: Mapping[str, object]) -> bool:
    """STU1 states a functional annotation as the value of an Observation."""
    return "valueCodeableConcept" in resource and bool(CONSEQUENCE_CODES & codes_of(resource))


def _terms_told(resource: Mapping[str, object]) -> list[str]:
    found = (term for each in consequences_told(resource) for term in consequences_of(each))
    return list(dict.fromkeys(found))


FEATURE_CONSEQUENCES = Parameter(
    "featureConsequences", "string", 0, "*", "token",
    "The consequences sought: a Sequence Ontology term or code, or system|code.",
)  # fmt: skip

FIND_SUBJECT_MOLECULAR_CONSEQUENCES = Operation(
    name="find-subject-molecular-consequences",
    title="Find Subject Molecular Consequences",
    text="What a patient's variants do to gene and transcript.",
    about="subject",
    family="phenotype",
    takes=(
        SUBJECT,
        OPTIONAL_VARIANTS,
        OPTIONAL_RANGES,
        FEATURE_CONSEQUENCES,
        *TEST_FILTERS,
        SOURCE_CLASS,
    ),
    gives=(
        Parameter(
            "consequence", "Observation", 0, "*",
            text="The consequences found.", profile=CONSEQUENCE_PROFILE,
        ),
        replace(VARIANT_OUT),
    ),
    run=find_consequences,
)  # fmt: skip

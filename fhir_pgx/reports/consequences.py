"""Molecular consequences of a variant as Observations of the guide (STU3 and later).

The guide's code is `molecular-consequence`, in the singular; the terms are the Sequence Ontology's
at `http://www.sequenceontology.org`. One is written where a report states a consequence as a part
of the variant itself, as the guide's releases before STU3 did, and one where it follows from the
variant's name: which of the two it is stands in its notes.
"""

from collections.abc import Sequence

from fhir_pgx.reports.implication_frame import Resource, code, component, implication
from fhir_pgx.terminology import LOINC, TBD

MOLECULAR_CONSEQUENCE = "molecular-consequence"
SEQUENCE_ONTOLOGY = "http://www.sequenceontology.org"
HGVS = "http://varnomen.hgvs.org"
REFSEQ = "http://www.ncbi.nlm.nih.gov/refseq"
_CODING, _TRANSCRIPT, _PROTEIN = "48004-6", "51958-7", "48005-3"
_FUNCTIONAL_EFFECT = frozenset(
    ("SO:0002053", "SO:0002054", "SO:0002218", "SO:0002219", "SO:0002220")
)  # of SO:0001536, functional_effect_variant
Term = tuple[str, str]  # code and name


def stated_consequence(
    terms: Sequence[Term],
    *,
    subject: str,
    when: str,
    release: str,
    variant: str,
    coding: str = "",
    protein: str = "",
) -> Resource:
    """What a report says of a variant in the variant itself, as an Observation of its own.

    `terms` are the consequences as code and name; `variant` is the reference of the variant;
    `coding` and `protein` are its HGVS names as stated, empty where not stated.
    """
    return _consequence(
        terms,
        name=f"stated {variant}",
        subject=subject,
        when=when,
        release=release,
        variant=variant,
        names=(coding, protein),
        base="the report",
        note="The report states it of the variant; only its form as an Observation is ours.",
    )


def inferred_consequence(
    terms: Sequence[Term],
    *,
    subject: str,
    when: str,
    release: str,
    variant: str,
    coding: str = "",
    protein: str = "",
) -> Resource:
    """What follows with certainty from the variant's names; see `stated_consequence`."""
    held = [name for name in (coding, protein) if name]
    named = f"name{'s' if len(held) > 1 else ''} {' and '.join(held)}"
    return _consequence(
        terms,
        name=f"inferred {variant}",
        subject=subject,
        when=when,
        release=release,
        variant=variant,
        names=(coding, protein),
        base=f"fhir_pgx, knowledge release {release}",
        note=f"No report states it: we infer it from the {named} alone.",
    )


def _consequence(
    terms: Sequence[Term],
    *,
    name: str,
    subject: str,
    when: str,
    release: str,
    variant: str,
    names: tuple[str, str],
    base: str,
    note: str,
) -> Resource:
    coding, protein = names
    said = ", ".join(term for _, term in terms)
    about = " ".join(each for each in names if each)
    return implication(
        MOLECULAR_CONSEQUENCE,
        name=f"{name} {said}",
        subject=subject,
        when=when,
        release=release,
        parents=[{"reference": variant}],
        components=[*_names(coding, protein), *_terms(terms)],
        levels=[],
        base=base,
        said=f"{about}: {said}." if about else f"{said}.",
        notes=[note],
    )


def _names(coding: str, protein: str) -> list[Resource]:
    made = []
    accession = coding.partition(":")[0] if ":" in coding else ""
    if coding:
        made.append(component(LOINC, _CODING, _coded(HGVS, coding)))
    if accession:
        made.append(component(LOINC, _TRANSCRIPT, _coded(REFSEQ, accession)))
    if protein:
        made.append(component(LOINC, _PROTEIN, _coded(HGVS, protein)))
    return made


def _terms(terms: Sequence[Term]) -> list[Resource]:
    """Effects on the feature together, as the guide's example has them; an effect on the function
    is another component."""
    effects = [each for each in terms if each[0] in _FUNCTIONAL_EFFECT]
    features = [each for each in terms if each not in effects]
    made = [("feature-consequence", features)] if features else []
    made += [("functional-effect", [each]) for each in effects[:1]]
    return [
        {
            "code": code(TBD, asked),
            "valueCodeableConcept": {
                "coding": [
                    {"system": SEQUENCE_ONTOLOGY, "code": each, "display": term}
                    for each, term in held
                ]
            },
        }
        for asked, held in made
    ]


def _coded(system: str, value: str) -> Resource:
    return {"coding": [{"system": system, "code": value}], "text": value}

"""Molecular consequences: Observations that say what a variant, stated elsewhere, does.

Since STU3 the protein's name and the consequence may stand in an Observation of their own that is
derived from the variant. They are added where the variant states none; of a gene of drug response
only its consequence is, since an allele is a position there.
"""

from dataclasses import replace
from typing import NamedTuple

from fhir_pgx.fhir.bundle import Entry, as_dicts
from fhir_pgx.fhir.consequences import consequences_of
from fhir_pgx.fhir.gathering import Gathering
from fhir_pgx.fhir.values import Concept, concept_of, value_of
from fhir_pgx.model.finding import ObservedVariant

_CODING, _PROTEIN = "48004-6", "48005-3"
_CONSEQUENCES = frozenset(("feature-consequence", "molecular-consequence", "functional-effect"))


class Annotation(NamedTuple):
    """What is said of the variants `of`, which are at hand."""

    of: tuple[str, ...]
    coding: str = ""
    protein: str = ""
    consequences: tuple[str, ...] = ()


def read_annotation(entry: Entry, gathering: Gathering) -> bool:
    """Keeps what an annotation says of variants at hand; False where it says nothing that is
    used."""
    of = tuple(parent.reference for parent in gathering.lineage.parents(entry))
    coding = protein = ""
    terms: dict[str, None] = dict.fromkeys(consequences_of(value_of(entry.resource).concept))
    for component in as_dicts(entry.resource.get("component")):
        codes = {each.code for each in concept_of(component.get("code")).codings}
        concept = value_of(component).concept
        if _CODING in codes:
            coding = _name(concept)
        elif _PROTEIN in codes:
            protein = _name(concept)
        elif codes & _CONSEQUENCES:
            terms.update(dict.fromkeys(consequences_of(concept)))
    if not of or not (coding or protein or terms):
        return False
    gathering.annotations.append(Annotation(of, coding, protein, tuple(terms)))
    return True


def _name(concept: Concept) -> str:
    """The HGVS name: a code that holds one, else the words."""
    for coding in concept.codings:
        if "." in coding.code or ":" in coding.code:
            return coding.code
    return concept.text or concept.label


def with_annotations(gathering: Gathering) -> None:
    """Adds to each variant what its annotations say and it does not."""
    said: dict[str, list[Annotation]] = {}
    for annotation in gathering.annotations:
        for reference in annotation.of:
            said.setdefault(reference, []).append(annotation)
    known = gathering.vocabulary.genes
    for place, stated in enumerate(gathering.variants):
        told = stated
        is_host = any(gene.upper() in known for gene in stated.genes)
        for annotation in said.get(stated.origin.reference, ()):
            told = _added(told, annotation, names=not is_host)
        gathering.variants[place] = told


def _added(variant: ObservedVariant, said: Annotation, *, names: bool) -> ObservedVariant:
    terms = tuple(dict.fromkeys((*variant.consequences, *said.consequences)))
    if not names:
        return replace(variant, consequences=terms, content=b"")
    return replace(
        variant,
        consequences=terms,
        coding_hgvs=variant.coding_hgvs or said.coding,
        protein_hgvs=variant.protein_hgvs or said.protein,
        content=b"",
    )

"""Which genes a resource speaks of: by what it says itself, by its parents, by its code.

Order (section C of the reference page): gene-studied component, gene extension, the value's own
words, `derivedFrom` parents, the words of the code, its LOINC term. Where two disagree the first
is kept and a caveat says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from fhir_pgx.fhir.bundle import Entry, References, as_dicts, as_text, reference_of
from fhir_pgx.fhir.gene_names import gene_of, named_genes
from fhir_pgx.fhir.notes import GENES_DISAGREE, note
from fhir_pgx.fhir.values import Concept, Value, concept_of, value_of
from fhir_pgx.model.drug import Coding
from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.knowledge import LoincTerm, Vocabulary
from fhir_pgx.terminology import GENE_STUDIED

GENE_EXTENSION = "observation-geneticsGene"
MAX_CAVEATS = 10  # of one resource, on its genes: they travel with each of its statements
MAX_PARENTS = 6  # derivedFrom chains of real reports have two or three links


class Resolved(NamedTuple):
    """The genes a resource speaks of; `explicit` those of components and extension alone."""

    genes: tuple[str, ...]
    explicit: tuple[str, ...]
    caveats: tuple[Caveat, ...] = ()


@dataclass(slots=True)
class Lineage:
    """Parents of resources and the genes they pass on; each resource is asked once."""

    vocabulary: Vocabulary
    references: References
    _genes: dict[int, tuple[str, ...]] = field(default_factory=dict)
    _stated: dict[int, tuple[str, ...]] = field(default_factory=dict)
    _labels: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def label_genes(self, code: Concept) -> tuple[str, ...]:
        """The genes that the words of a code name; the same few labels come again and again."""
        genes: tuple[str, ...] = ()
        for words in (*[coding.display for coding in code.codings], code.text):
            if not words:
                continue
            named = self._labels.get(words)
            if named is None:
                named = self._labels[words] = named_genes(words, self.vocabulary)
            if named:
                genes = tuple(dict.fromkeys((*genes, *named)))
        return genes

    def parents(self, entry: Entry) -> list[Entry]:
        """The resources at hand that `derivedFrom` names."""
        found = []
        for item in as_dicts(entry.resource.get("derivedFrom")):
            parent = self.references.find(reference_of(item), entry)
            if parent is not None:
                found.append(parent)
        return found

    def inherited_genes(self, entry: Entry, depth: int = 0) -> tuple[str, ...]:
        """The genes that the parents name, or their own parents."""
        key = id(entry.resource)
        if key in self._genes:
            return self._genes[key]
        self._genes[key] = ()  # also ends a circle of references
        genes: dict[str, None] = {}
        if depth < MAX_PARENTS:
            for parent in self.parents(entry):
                genes.update(dict.fromkeys(self.genes_passed_on(parent, depth + 1)))
        self._genes[key] = tuple(genes)
        return self._genes[key]

    def genes_passed_on(self, entry: Entry, depth: int) -> tuple[str, ...]:
        """The genes that a parent states itself, else those of its own parents."""
        key = id(entry.resource)
        if key not in self._stated:
            self._stated[key] = self._genes_stated_by(entry)
        return self._stated[key] or self.inherited_genes(entry, depth)

    def _genes_stated_by(self, entry: Entry) -> tuple[str, ...]:
        explicit, _ = explicit_genes(entry, self.vocabulary)
        if explicit:
            return explicit
        words = value_of(entry.resource).concept.label
        if words and (named := named_genes(words, self.vocabulary)):
            return named
        coded: dict[str, None] = {}
        for coding in concept_of(entry.resource.get("code")).codings:
            term = self.vocabulary.loinc.get(coding.code)
            if term is not None and term.gene:
                coded.update(dict.fromkeys(term.gene.split(";")))
        return tuple(coded)


def explicit_genes(
    entry: Entry, vocabulary: Vocabulary
) -> tuple[tuple[str, ...], tuple[Caveat, ...]]:
    """The genes of gene-studied components and of the R4 core gene extension."""
    genes: dict[str, None] = {}
    caveats: list[Caveat] = []
    concepts = _gene_concepts(entry.resource)
    if not concepts:
        return (), ()
    for concept in concepts:
        gene, notes = gene_of(concept, vocabulary)
        if gene:
            genes[gene] = None
            caveats.extend(notes)
    return tuple(genes), tuple(caveats[:MAX_CAVEATS])


def _gene_concepts(resource: Mapping[str, Any]) -> list[Concept]:
    found = []
    for component in as_dicts(resource.get("component")):
        if GENE_STUDIED in codes_of(component.get("code")):
            found.append(concept_of(component.get("valueCodeableConcept")))
            text = as_text(component.get("valueString"))
            if text:
                found.append(Concept((Coding("", text),), text))
    for extension in as_dicts(resource.get("extension")):
        if as_text(extension.get("url")).endswith(GENE_EXTENSION):
            found.extend(
                concept_of(item.get("valueCodeableConcept"))
                for item in (extension, *as_dicts(extension.get("extension")))
                if "valueCodeableConcept" in item
            )
    return found


def has_code(code: Any, wanted: str) -> bool:
    """True where a CodeableConcept as received holds the code."""
    return wanted in codes_of(code)


def codes_of(code: Any) -> list[Any]:
    """The codes of a CodeableConcept as received; empty where it is none."""
    if not isinstance(code, dict):
        return []
    return [item.get("code") for item in as_dicts(code.get("coding"))]


def value_genes(value: Value, vocabulary: Vocabulary) -> tuple[str, ...]:
    for words, _ in value.concept.stated:
        named = named_genes(words, vocabulary)
        if named:
            return named
    return ()


def disagreement(kept: tuple[str, ...], other: tuple[str, ...]) -> Caveat:
    return note(GENES_DISAGREE, kept=", ".join(kept[:3]), other=", ".join(other[:3]))


def genes_of(
    entry: Entry, code: Concept, term: LoincTerm | None, value: Value, lineage: Lineage
) -> Resolved:
    """The genes of an Observation, and a caveat where the code names another one.

    Order: gene-studied component and gene extension, the value's own words, the parents, the words
    of the code, the LOINC term. Empty where none names a gene.
    """
    explicit, caveats = explicit_genes(entry, lineage.vocabulary)
    label = lineage.label_genes(code)
    coded = tuple(term.gene.split(";")) if term is not None and term.gene else ()
    genes = (
        explicit
        or value_genes(value, lineage.vocabulary)
        or lineage.inherited_genes(entry)
        or label
        or coded
    )
    # A typing code is used for all loci of one report: it names none of them in particular.
    is_typing = term is not None and term.kind == "hla-typing" and _are_hla(genes)
    for other in (label, () if is_typing else coded):
        if other and genes and set(other).isdisjoint(genes):
            clash = disagreement(genes, other)
            caveats = caveats if clash in caveats else (*caveats, clash)
    return Resolved(genes, explicit, caveats)


def _are_hla(genes: tuple[str, ...]) -> bool:
    return all(gene.startswith("HLA-") for gene in genes)

"""What resources say of a genome → the rows that the store finds them by.

The resources are read as for an interpretation, and nothing is concluded but a stated diplotype's
own phenotype. A variant is in one spelling, whatever it was sent as; one without a place has a row
by its gene. What was looked at and not found, or not called, says so: it is never left out.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from fhir_pgx.fhir.bundle import Entry
from fhir_pgx.fhir.reading import read
from fhir_pgx.memory import Memory
from fhir_pgx.model.finding import (
    ObservedVariant,
    Presence,
    SourceClass,
    Statement,
    StatementKind,
)
from fhir_pgx.model.genomic_index import (
    NOT_GENOMIC,
    GenomicIndex,
    IndexedGenotype,
    IndexedPhenotype,
    IndexedVariant,
)
from fhir_pgx.model.knowledge import GeneRules, Knowledge
from fhir_pgx.model.reading import Reading
from fhir_pgx.normalize.indexed_variant import index_variant
from fhir_pgx.normalize.variant_names import VariantNames
from fhir_pgx.phenotype.diplotype import phenotype_of
from fhir_pgx.pipeline.genes import Genes
from fhir_pgx.pipeline.stated_genotype import StatedGenotype, stated_genotype, stated_phenotypes


@dataclass(slots=True)
class _Rows:
    variants: list[IndexedVariant] = field(default_factory=list)
    genotypes: list[IndexedGenotype] = field(default_factory=list)
    phenotypes: list[IndexedPhenotype] = field(default_factory=list)

    def index(self) -> GenomicIndex:
        return GenomicIndex(
            tuple(self.variants),
            tuple(dict.fromkeys(self.genotypes)),
            tuple(dict.fromkeys(self.phenotypes)),
        )


class GenomicIndexer:
    """Made once, shared by every thread."""

    def __init__(self, knowledge: Knowledge, genes: Genes, names: VariantNames) -> None:
        self._knowledge, self._genes, self._names = knowledge, genes, names
        self._variants: Memory[IndexedVariant] = Memory()

    def index(self, entries: Sequence[Entry]) -> dict[str, GenomicIndex]:
        """The rows of every resource that states something of a genome, by `Entry.reference`.

        Entries are one patient's, with what they refer to. What a contained resource states is its
        container's, since it has no place of its own in a store.
        """
        reading = read(entries, self._knowledge.vocabulary, self._genes.memory)
        rows: dict[str, _Rows] = defaultdict(_Rows)
        for variant in reading.variants:
            rows[_keeper(variant.origin.reference)].variants.append(self.variant(variant))
        for statement in reading.statements:
            self._add(statement, rows[_keeper(statement.origin.reference)])
        self._add_implied(reading, rows)
        found = {reference: each.index() for reference, each in rows.items()}
        return {reference: each for reference, each in found.items() if each != NOT_GENOMIC}

    def variant(self, variant: ObservedVariant) -> IndexedVariant:
        """One variant's row. Its like is remembered by its content, which names no patient."""
        key = (variant.content, variant.source_class) if variant.content else None
        return self._variants.get(
            key, lambda: index_variant(variant, self._genes.index, self._names)
        )

    def _add(self, statement: Statement, rows: _Rows) -> None:
        if statement.presence is not Presence.PRESENT:
            return  # no allele was found: the search by gene finds the resource's code
        rules = self._knowledge.genes.get(statement.gene)
        match statement.kind:
            case StatementKind.PHENOTYPE:
                rows.phenotypes += [
                    IndexedPhenotype(statement.gene, term, is_stated=True)
                    for term in stated_phenotypes(statement, rules, self._knowledge.vocabulary)
                ]
            case StatementKind.ACTIVITY_SCORE:
                return  # a score is not a genotype, and its phenotype is concluded elsewhere
            case _:
                found = stated_genotype(statement, rules)
                rows.genotypes.append(_row(statement, found))
                if statement.source_class is not SourceClass.SOMATIC and rules is not None:
                    rows.phenotypes += _following(found, rules)

    def _add_implied(self, reading: Reading, rows: dict[str, _Rows]) -> None:
        """The phenotypes that implications state, of the one gene each is about."""
        for implication in reading.implications:
            if len(implication.genes) != 1:
                continue
            rows[_keeper(implication.origin.reference)].phenotypes += [
                IndexedPhenotype(implication.genes[0], term, is_stated=True)
                for term in implication.normalised
            ]


def _keeper(reference: str) -> str:
    """The resource that a store keeps: of `DiagnosticReport/r#v1` the report."""
    return reference.partition("#")[0] or reference


def _row(statement: Statement, found: StatedGenotype) -> IndexedGenotype:
    return IndexedGenotype(
        statement.gene,
        "diplotype" if found.is_diplotype else "haplotype",
        found.name,
        found.haplotypes,
        statement.source_class,
    )


def _following(found: StatedGenotype, rules: GeneRules) -> Iterator[IndexedPhenotype]:
    """What a stated diplotype alone means by the gene's rules; nothing where what it allows means
    several things."""
    phenotypes = {phenotype_of(each, rules).phenotype for each in found.diplotypes}
    if len(phenotypes) == 1 and (phenotype := phenotypes.pop()):
        yield IndexedPhenotype(rules.gene, phenotype, is_stated=False)

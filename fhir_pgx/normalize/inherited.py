"""What was read, as findings of the patient's own genome.

Variants, copy numbers, repeats, lost exons, tests of a gene, and statements on a gene without its
variant. A tumour's finding never becomes one; where nobody says whose genome it is, it stays
unknown. Significance is only what a report states: of the variant itself, or in a diagnostic
implication that is joined to it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain

from fhir_pgx.model.finding import (
    Caveat,
    ObservedVariant,
    Presence,
    SourceClass,
    StatedDiagnosis,
)
from fhir_pgx.model.inherited import InheritedFinding
from fhir_pgx.model.reading import Reading
from fhir_pgx.model.tumour import Alteration, Significance, Specimen
from fhir_pgx.normalize.inherited_change import Change, Kind, changes_of, rsids_of
from fhir_pgx.normalize.inherited_join import Joined, join_findings, with_phases
from fhir_pgx.normalize.protein import parse_protein
from fhir_pgx.normalize.significance import (
    LOW_PENETRANCE,
    differing,
    joined_significance,
    significance_of,
)

_OF_THE_GENE = "PGX-833"
_LOW_PENETRANCE = "PGX-834"
_WHOSE = "PGX-835"
_SPECIMENS: dict[str, Specimen] = {
    "tissue": "tissue", "plasma": "plasma", "blood": "blood", "marrow": "marrow",
}  # fmt: skip
# Symbols that HGNC has renamed, and that reports and vocabularies still use.
_RENAMED = {
    "GBA": "GBA1", "HERG": "KCNH2", "KVLQT1": "KCNQ1", "SUR1": "ABCC8",
}  # fmt: skip
_GENE_IN_NAME = re.compile(r"\(([A-Z][A-Z0-9-]{1,12})\):[cgnmp]\.")
_KINDS: dict[str, Kind] = {
    "variant": "variant", "any": "any", "exon-deletion": "deletion", "loss": "deletion",
    "repeat": "repeat",
}  # fmt: skip


def inherited_findings(reading: Reading) -> tuple[InheritedFinding, ...]:
    """Every finding of the patient's own genome, one a change, in the order they were read.

    Present, absent, not called and indeterminate findings alike: a gene tested without a finding
    is known. Left out: somatic findings, and those of plasma whose class nobody states (cell-free
    DNA is looked at for a tumour's).
    """
    stated = chain(
        (each for variant in reading.variants for each in _of_variant(variant)),
        (each for test in reading.precision.tests for each in _of_test(test)),
    )
    joined = join_findings(stated)
    given = _Diagnoses(reading, joined, _Others(reading))
    settled = [(given.told(i, finding), refs) for i, (finding, refs) in enumerate(joined)]
    settled += [(finding, frozenset()) for finding in given.of_genes()]
    return tuple(_with_source(each) for each in with_phases(settled, reading.phases))


def _is_own(source_class: SourceClass, specimen: str) -> bool:
    if source_class is SourceClass.SOMATIC:
        return False
    return source_class is SourceClass.GERMLINE or specimen != "plasma"


def _of_variant(variant: ObservedVariant) -> Iterator[InheritedFinding]:
    """One finding a gene and change; of a bare sequence none, which names no gene."""
    if not _is_own(variant.source_class, variant.specimen):
        return  # first of all: a tumour's report may have many
    genes = variant.genes or _named_genes(variant)
    rsids = rsids_of(variant)
    if not (genes or rsids):
        return
    if variant.presence is Presence.ABSENT and not _is_named(variant):
        changes: Iterable[Change] = (Change("any", "variants"),)  # the gene was looked at
    else:
        changes = tuple(changes_of(variant))
    significance = significance_of(variant.significance)
    for stated in genes or ("",):
        gene = _symbol(stated)
        for change in changes:
            label = f"{gene} {change.names}".strip()
            yield InheritedFinding(
                gene=gene,
                label=label,
                origin=variant.origin,
                presence=variant.presence,
                protein=change.protein,
                coding=change.coding,
                genomic=variant.genomic_hgvs,
                rsids=rsids,
                change=change.kind,
                exons=change.exons,
                copies=change.copies,
                repeats=change.repeats,
                zygosity=variant.zygosity,
                significance=significance,
                review=variant.review,
                source_class=variant.source_class,
                is_truncating=change.is_truncating,
                specimen=_specimen(variant.specimen),
                frequency=variant.frequency,
                caveats=(*variant.caveats, *_penetrance(label, variant.significance)),
            )


def _symbol(gene: str) -> str:
    """The gene's symbol of today."""
    return _RENAMED.get(gene.upper(), gene)


def _is_named(variant: ObservedVariant) -> bool:
    names = (variant.coding_hgvs, variant.protein_hgvs, variant.genomic_hgvs)
    return bool(any(names) or variant.ids or variant.start is not None or variant.words)


def _named_genes(variant: ObservedVariant) -> tuple[str, ...]:
    """The gene that stands in `NM_007294.4(BRCA1):c.5266dup` where nothing else names it."""
    names = (variant.coding_hgvs, variant.protein_hgvs)
    found = (match for name in names if (match := _GENE_IN_NAME.search(name)))
    return tuple(dict.fromkeys(match[1] for match in found))


def _specimen(stated: str) -> Specimen:
    return _SPECIMENS.get(stated, "")


def _of_test(test: Alteration) -> Iterator[InheritedFinding]:
    """A test of a gene (`F5 p.Arg534Gln [Presence]`), where it is of a kind that is inherited."""
    kind = _KINDS.get(test.kind)
    if kind is None or len(test.genes) != 1 or not _is_own(test.source_class, test.specimen):
        return
    # The reader leaves the change that was asked for in words: `F5 p.Arg534Gln`.
    named = test.label.rpartition(" ")[2] if kind == "variant" else ""
    yield InheritedFinding(
        gene=_symbol(test.genes[0]),
        label=test.label,
        origin=test.origin,
        presence=test.presence,
        protein=test.protein or parse_protein(named if named.startswith("p.") else ""),
        coding=test.coding or (named if named.startswith("c.") else ""),
        genomic=test.genomic,
        rsids=test.rsids,
        change=kind,
        exons=test.exons,
        copies=test.copies,
        repeats=test.repeats,
        zygosity=test.zygosity,
        significance=test.significance,
        review=test.review,
        source_class=test.source_class,
        specimen=test.specimen,
        frequency=test.vaf,
        caveats=test.caveats,
    )


class _Others:
    """Genes and references of what is not the patient's own: nor is a diagnosis drawn from it."""

    def __init__(self, reading: Reading) -> None:
        self.genes: set[str] = set()
        self.references: set[str] = set()
        if not reading.diagnoses:
            return  # nobody asks
        stated: tuple[ObservedVariant | Alteration, ...]
        stated = (*reading.variants, *reading.precision.tests)
        for each in stated:
            if not _is_own(each.source_class, each.specimen):
                self.genes.update(each.genes)
                self.references.add(each.origin.reference)


def _penetrance(label: str, stated: str) -> tuple[Caveat, ...]:
    if not LOW_PENETRANCE.search(stated):
        return ()
    return (Caveat(_LOW_PENETRANCE, f"{label}: the report calls it of low penetrance."),)


class _Diagnoses:
    """Diagnostic implications, each joined to the finding it was drawn from.

    By the reference it names; where that leads nowhere, to the one finding of its gene. One that
    belongs to several findings of a gene and says not which is joined to none; nor is one that was
    drawn from a result that is withdrawn or could not be read.
    """

    def __init__(self, reading: Reading, joined: Sequence[Joined], others: _Others) -> None:
        places = {each: i for i, (_, references) in enumerate(joined) for each in references}
        # What is listed may still have been read: an element of it alone was not.
        refused = {item.reference for item in reading.not_understood} - places.keys()
        not_own = others.references | refused
        present: dict[str, list[int]] = {}
        for i, (finding, _) in enumerate(joined):
            if finding.presence is Presence.PRESENT:
                present.setdefault(finding.gene, []).append(i)
        self._given: dict[int, list[tuple[StatedDiagnosis, bool]]] = {}
        self._loose: list[StatedDiagnosis] = []
        for diagnosis in reading.diagnoses:
            sources = _sources(diagnosis)
            if not not_own.isdisjoint(sources):
                continue
            named = list(dict.fromkeys(places[each] for each in sources if each in places))
            of_gene = [i for gene in diagnosis.genes for i in present.get(_symbol(gene), ())]
            for place in named or (of_gene if len(of_gene) == 1 else ()):
                self._given.setdefault(place, []).append((diagnosis, bool(named)))
            if not named and not of_gene and others.genes.isdisjoint(diagnosis.genes):
                self._loose.append(diagnosis)

    def told(self, place: int, finding: InheritedFinding) -> InheritedFinding:
        """The finding with what its diagnoses say of it."""
        given = self._given.get(place)
        if not given:
            return finding
        caveats = list(finding.caveats)
        said = [words for diagnosis, _ in given for words in diagnosis.significance]
        classes: list[Significance] = [finding.significance, *map(significance_of, said)]
        significance, differ = joined_significance(classes)
        caveats += differing(finding.label, classes) if differ else ()
        if not all(is_named for _, is_named in given):
            text = f"The significance is stated for {finding.gene}, whose one finding this is."
            caveats.append(Caveat(_OF_THE_GENE, text))
        for words in said:
            caveats += _penetrance(finding.label, words)
        conditions = (name for diagnosis, _ in given for name in diagnosis.conditions)
        return replace(
            finding,
            significance=significance,
            conditions=tuple(dict.fromkeys((*finding.conditions, *conditions))),
            caveats=tuple(dict.fromkeys(caveats)),
        )

    def of_genes(self) -> Iterator[InheritedFinding]:
        """A statement on a gene whose variant did not come: `BRCA1: pathogenic`."""
        for diagnosis in self._loose:
            classes = [significance_of(words) for words in diagnosis.significance]
            significance, _ = joined_significance(classes)
            if not significance:
                continue
            for gene in diagnosis.genes:
                symbol = _symbol(gene)
                yield InheritedFinding(
                    gene=symbol,
                    label=f"{symbol} variant without a name",
                    origin=diagnosis.origin,
                    change="any",
                    significance=significance,
                    conditions=diagnosis.conditions,
                )


def _sources(diagnosis: StatedDiagnosis) -> list[str]:
    """The references a diagnosis was drawn from, also as `Type/id` where it names an address or a
    version."""
    sent = [of.partition("/_history/")[0] for of in (*diagnosis.variants, *diagnosis.of)]
    return [*sent, *("/".join(of.split("/")[-2:]) for of in sent if "://" in of)]


def _with_source(finding: InheritedFinding) -> InheritedFinding:
    """A finding that is there, and of which nobody says whether it is inherited, tells so."""
    if finding.source_class is not SourceClass.UNKNOWN or finding.presence is not Presence.PRESENT:
        return finding
    text = f"Whether {finding.label} is inherited is not stated."
    return replace(finding, caveats=(*finding.caveats, Caveat(_WHOSE, text)))

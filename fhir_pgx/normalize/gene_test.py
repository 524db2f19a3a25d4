"""A test of a gene with the change that its label names read, and its genes as symbols."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from fhir_pgx.model.finding import Presence
from fhir_pgx.model.tumour import Alteration
from fhir_pgx.normalize.change_words import Named, changes_in
from fhir_pgx.normalize.gene_symbol import symbols_of
from fhir_pgx.normalize.protein import short_protein
from fhir_pgx.normalize.tumour_names import (
    GAIN_BY_TRUNCATION,
    Names,
    by_coding,
    in_hgvs,
    is_canonical_splice,
    is_truncating,
    unresolved,
)


def settled(test: Alteration, names: Names) -> tuple[Alteration, ...]:
    """The alterations that a test states. It comes as the reader made it: what it names stands in
    its label alone.
    """
    genes = symbols_of(test.genes, names.genes)
    test = replace(test, genes=genes)
    if test.kind != "variant" or test.protein is not None or test.coding or test.exons:
        return (test,)
    found: list[Alteration] = []
    for each in changes_in(test.label, names.genes, genes):
        own = each.genes or genes
        if each.kind != "variant" and each.fusion is None:
            found.append(_worded_test(test, each, own))
            continue
        if each.fusion is not None:
            kind = each.kind
            label = f"{'::'.join(each.genes)} {kind}"
            found.append(replace(test, kind=kind, genes=each.genes, label=label,
                                 breakpoint=each.fusion.breakpoint, is_resolved=True))  # fmt: skip
            continue
        for gene in own[:1] if len(own) == 1 else ():
            found.append(_small_test(test, each, gene, names))
    if found:
        return tuple(distinct(found))
    return (replace(test, is_resolved=False, caveats=(*test.caveats, unresolved(test.label))),)


def _small_test(test: Alteration, each: Named, gene: str, names: Names) -> Alteration:
    protein = each.protein
    if protein is None and each.coding:
        protein = by_coding(gene, each.coding, names)
    if protein is not None:
        protein = in_hgvs(gene, protein, names)
    what = short_protein(protein) if protein else each.coding or each.rsid
    is_resolved = protein is not None or is_canonical_splice(each.coding)
    is_lof = (
        protein is not None and is_truncating(protein) and gene not in GAIN_BY_TRUNCATION
    ) or is_canonical_splice(each.coding)
    return replace(
        test,
        genes=(gene,),
        label=f"{gene} {what}",
        protein=protein,
        coding=each.coding,
        rsids=(each.rsid,) if each.rsid else test.rsids,
        is_lof=is_lof and test.significance not in ("benign", "likely-benign"),
        is_resolved=is_resolved,
        caveats=test.caveats if is_resolved else (*test.caveats, unresolved(what)),
    )


def _worded_test(test: Alteration, each: Named, genes: tuple[str, ...]) -> Alteration:
    presence = test.presence
    if each.is_denied and presence is Presence.PRESENT:
        presence = Presence.ABSENT
    return replace(
        test,
        kind=each.kind,
        genes=genes,
        presence=presence,
        label=each.form or f"{'/'.join(genes)} {label_of(each)}".strip(),
        exons=each.exons,
        consequences=tuple(dict.fromkeys((*test.consequences, *each.consequences))),
        is_resolved=True,
    )


def label_of(each: Named) -> str:
    """The words for a change that has no exact name."""
    exon = f"exon {'–'.join(each.exons)} " if each.exons else ""
    what = {
        "any": "mutation", "exon-deletion": "deletion", "exon-skipping": "skipping",
        "internal-duplication": "internal tandem duplication", "wild-type": "wild type",
        "loss-of-heterozygosity": "loss of heterozygosity", "gain": "copy gain",
    }.get(each.kind, each.kind)  # fmt: skip
    if each.kind == "variant":
        what = {
            "inframe_insertion": "insertion", "frameshift_variant": "frameshift",
        }.get(next(iter(each.consequences), ""), "insertion")  # fmt: skip
    return f"{exon}{what}"


def distinct(found: Iterable[Alteration]) -> Iterator[Alteration]:
    """Each change once, however many words name it."""
    seen: set[tuple[object, ...]] = set()
    for each in found:
        name = each.protein.text if each.protein else each.coding or each.label
        key = (each.genes, each.kind, name, each.exons, each.presence)
        if key not in seen:
            seen.add(key)
            yield each

"""The findings of one patient, ordered so that a profile finds what speaks of it.

What a finding is worth is decided here: a benign one is no mutation, one of uncertain significance
is no ground for a therapy, a negative counts by its specimen.
"""

from collections import defaultdict
from collections.abc import Iterable

from fhir_pgx.model.finding import Presence, SourceClass
from fhir_pgx.model.tumour import Alteration, Marker, Specimen
from fhir_pgx.model.tumour_answer import Outcome

BENIGN = frozenset({"benign", "likely-benign"})
UNCERTAIN = frozenset({"uncertain", "conflicting"})
DAMAGING = frozenset({"pathogenic", "likely-pathogenic", "oncogenic", "likely-oncogenic"})
# What a negative is read from. Plasma sheds little: its negative is no wild type; blood may be
# plasma by another name, and what is not stated may be either.
SOLID: frozenset[Specimen] = frozenset({"tissue", "marrow"})

# Kinds that are a mutation of a gene, as "a mutation" is asked for.
MUTATIONS = frozenset({"variant", "any", "internal-duplication", "exon-skipping", "exon-deletion"})


class Findings:
    """Alterations by gene and markers by name. `seen` keeps what each profile came to."""

    def __init__(self, alterations: Iterable[Alteration], markers: Iterable[Marker] = ()) -> None:
        by_gene: defaultdict[str, list[Alteration]] = defaultdict(list)
        by_name: defaultdict[str, list[Marker]] = defaultdict(list)
        self.alterations = tuple(_newest(alterations))
        self.markers = tuple(_newest_markers(markers))
        for alteration in self.alterations:
            for gene in dict.fromkeys(alteration.genes):
                by_gene[gene].append(alteration)
        for marker in self.markers:
            by_name[marker.name].append(marker)
        self.by_gene, self.by_marker = dict(by_gene), dict(by_name)
        self.seen: dict[tuple[int, str], Outcome] = {}

    def of(self, gene: str) -> list[Alteration]:
        return self.by_gene.get(gene, [])

    @property
    def present(self) -> tuple[Alteration, ...]:
        """What was found and is not benign."""
        return tuple(
            each
            for each in self.alterations
            if each.presence is Presence.PRESENT
            and each.kind != "wild-type"
            and each.significance not in BENIGN
        )


def is_tumour(alteration: Alteration) -> bool:
    return alteration.source_class is SourceClass.SOMATIC


def is_synonymous(alteration: Alteration) -> bool:
    return alteration.protein is not None and alteration.protein.kind == "synonymous"


def _key(each: Alteration) -> tuple[object, ...]:
    change = each.protein.text if each.protein else each.coding or each.genomic
    unnamed = "" if change or each.exons or each.kind != "variant" else each.origin.reference
    return (
        each.genes, each.kind, change, each.exons, each.breakpoint, each.specimen,
        each.source_class, unnamed, each.alleles,
    )  # fmt: skip


def _newest(alterations: Iterable[Alteration]) -> list[Alteration]:
    """Of the same change in the same kind of specimen the newest statement; where a date is
    missing both stay, since nobody can tell which came last."""
    kept: dict[tuple[object, ...], Alteration] = {}
    undated: list[Alteration] = []
    for each in alterations:
        if not each.origin.when:
            undated.append(each)
            continue
        held = kept.get(_key(each))
        if held is None or held.origin.when[:10] < each.origin.when[:10]:
            kept[_key(each)] = each
        elif held.origin.when[:10] == each.origin.when[:10] and held.presence != each.presence:
            undated.append(each)
    return [*kept.values(), *undated]


def _newest_markers(markers: Iterable[Marker]) -> list[Marker]:
    kept: dict[tuple[object, ...], Marker] = {}
    undated: list[Marker] = []
    for each in markers:
        if each.verdict == "not-performed":
            continue
        key = (each.name, each.scale, each.clone, each.specimen)
        held = kept.get(key)
        if not each.origin.when:
            undated.append(each)
        elif held is None or held.origin.when[:10] < each.origin.when[:10]:
            kept[key] = each
        elif held.origin.when[:10] == each.origin.when[:10]:
            undated.append(each)
    return [*kept.values(), *undated]


def marker_words(marker: Marker) -> str:
    """`PD-L1 TPS 60 % (22C3)`; `MSI high`."""
    parts: list[str] = [marker.name, marker.scale]
    if marker.number is not None:
        parts.append(
            f"{marker.comparator}{marker.number}{f' {marker.unit}' if marker.unit else ''}"
        )
    if marker.name == "HER2-IHC" and marker.number is not None:  # a score: `HER2 IHC 3+`
        sign = "+" if marker.number else ""
        parts = ["HER2 IHC", f"{marker.comparator}{marker.number}{sign}"]
    parts.append(marker.verdict)
    if marker.copies is not None:
        parts.append(f"{marker.copies} copies")
    clone = f" ({marker.clone})" if marker.clone else ""
    where = " in plasma" if marker.specimen == "plasma" else ""
    said = " ".join(part for part in parts if part) + clone + where
    return said if said != marker.name else (marker.label or said)

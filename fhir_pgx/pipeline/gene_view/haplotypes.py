"""The haplotypes of a gene's diplotypes, each with what its definition has at which position."""

import re
from collections.abc import Mapping, Sequence

from fhir_pgx.genotype.table import CallTable
from fhir_pgx.model.definition import NamedAllele
from fhir_pgx.model.function_pairs import standard_name
from fhir_pgx.model.gene_view import (
    CandidateView,
    CarriedBase,
    HaplotypePart,
    HaplotypeView,
    PhaseCode,
    PositionView,
    Support,
)
from fhir_pgx.model.knowledge import GeneRules
from fhir_pgx.model.phenotype import DiplotypeResult, GeneResult, Status
from fhir_pgx.pipeline.gene_view.positions import bases_of

_COPIES = re.compile(r"(?P<name>.+?)x(?P<copies>≥?\d+)")
_JOINED = " + "  # of a hybrid's alleles, and of variants on one copy


class Haplotypes:
    """Draws out the haplotypes of one gene and patient.

    `table` is None for a gene whose positions our release does not hold; `is_loose` says that how
    the variants lie is not known.
    """

    def __init__(
        self,
        rules: GeneRules,
        table: CallTable | None,
        positions: Sequence[PositionView],
        *,
        is_loose: bool,
    ) -> None:
        self._rules, self._table, self._is_loose = rules, table, is_loose
        self._positions = {each.site: each for each in positions}
        self._defined = _defined(rules, table)
        self._by_components = table is not None and table.definition.method == "components"

    def candidate(self, diplotype: DiplotypeResult) -> CandidateView:
        """One diplotype, its copies apart where it says how its variants lie."""
        names, is_arranged = self._copies(diplotype)
        haplotypes = tuple(self._haplotype(name) for name in names)
        carried = {
            (base.site, each)
            for haplotype in haplotypes
            for part in haplotype.parts
            for base in part.carried
            for each in base.bases
        }
        sites = {site for site, _ in carried}
        unexplained = tuple(
            each.site
            for each in self._positions.values()
            if each.state == "variant" and not each.is_extra and each.site not in sites
        )
        return CandidateView(
            name=diplotype.name,
            stated=diplotype.stated,
            phenotype=diplotype.phenotype or "",
            activity_score=diplotype.activity_score or "",
            haplotypes=haplotypes,
            is_arranged=is_arranged,
            unexplained=unexplained,
        )

    def _copies(self, diplotype: DiplotypeResult) -> tuple[tuple[str, ...], bool]:
        """The names of the copies, and whether the diplotype says how its variants lie."""
        if not self._by_components:
            return diplotype.haplotypes, True
        if self._is_loose:
            return (_JOINED.join(diplotype.haplotypes),), False
        strands = _outside_brackets(diplotype.name)
        if len(strands) == 2 or len(diplotype.haplotypes) == 1:
            return strands, True
        if diplotype.name.startswith("["):  # several variants of an only copy
            return strands, True
        return (_JOINED.join(diplotype.haplotypes),), False

    def _haplotype(self, name: str) -> HaplotypeView:
        if name in self._defined:
            return HaplotypeView(name, (self._part(name, "1"),))
        parts = []
        for each in name.removeprefix("[").removesuffix("]").split(_JOINED):
            found = _COPIES.fullmatch(each)
            if found and each not in self._defined:
                parts.append(self._part(found["name"], found["copies"], whole=each))
            else:
                parts.append(self._part(each, "1"))
        return HaplotypeView(name, tuple(parts))

    def _part(self, name: str, copies: str, whole: str = "") -> HaplotypePart:
        defined = self._defined.get(name)
        rule = self._rules.alleles.get(whole or name)
        sites = {} if self._table is None else {s.name: s for s in self._table.definition.sites}
        carried = () if defined is None else bases_of(defined, sites).items()
        is_reference = self._table is not None and name == self._table.definition.reference
        return HaplotypePart(
            name=name,
            copies=copies,
            has_definition=defined is not None,
            is_reference=is_reference,
            function=(rule.function if rule else None) or "",
            activity=(rule.activity if rule else None) or "",
            carried=tuple(
                CarriedBase(site, bases, self._support(site, bases))
                for site, bases in sorted(carried, key=lambda each: sites[each[0]].start)
            ),
        )

    def _support(self, site: str, bases: tuple[str, ...]) -> Support:
        position = self._positions[site]
        if len(bases) > 1:
            return "open"
        seen = {value for read in position.reads for value in read.alleles}
        if position.state in ("not-tested", "not-stated"):
            return position.state
        if seen.intersection(bases):
            return "read"
        return "no-call" if position.state in ("no-call", "unknown-base") else "contradicted"


def _defined(rules: GeneRules, table: CallTable | None) -> Mapping[str, NamedAllele]:
    """The definitions by every name that a result may have for them: their own first, then the one
    reported in their place, then the one of the allele functions."""
    if table is None:
        return {}
    found = {each.name: each for each in table.definition.alleles}
    for allele, shown in zip(table.definition.alleles, table.shown, strict=True):
        found.setdefault(shown, allele)
        found.setdefault(standard_name(shown, rules), allele)
    return found


def _outside_brackets(name: str) -> tuple[str, ...]:
    """`Reference/[a + b]` at its slashes; none of a gene by components has one in its name."""
    return tuple(name.split("/"))


def phase_of(
    result: GeneResult,
    table: CallTable | None,
    candidates: Sequence[CandidateView],
    positions: Sequence[PositionView],
) -> PhaseCode | None:
    """How it is known which bases lie together; None where there is nothing to lie, and where
    results disagree: each of them then has its own way."""
    is_read = any(each.reads for each in positions)
    if not candidates or (result.status is Status.CONFLICT and is_read):
        return None
    if any(not each.is_arranged for each in candidates):
        return "not-known"
    if result.basis != "variants":
        return "stated"
    if all(len(each.haplotypes) == 1 for each in candidates):
        return "one-copy"
    sets = _phase_sets(positions)
    if len(sets) < 2:
        return "settled"
    if "" not in sets and len(set(sets)) == 1:
        return "phased"
    by_components = table is not None and table.definition.method == "components"
    return "parts" if by_components and "" not in sets else "inferred"


def is_loose(
    result: GeneResult, table: CallTable | None, positions: Sequence[PositionView]
) -> bool:
    """Whether the variants of a gene called by components are known and how they lie is not: its
    diplotype then lists them, and a slash in it says nothing of copies."""
    if table is None or table.definition.method != "components" or result.basis != "variants":
        return False
    proxy = table.definition.proxy
    mixed = {each.site for each in _mixed(positions)}
    # The two sites of one haplotype are counted together.
    paired = {proxy.proxy} if proxy and {proxy.site, proxy.proxy} <= mixed else set()
    sets = _phase_sets([each for each in positions if each.site not in paired])
    return len(sets) > 1 and "" in sets


def _mixed(positions: Sequence[PositionView]) -> list[PositionView]:
    return [p for p in positions if p.zygosity == "heterozygous" and not p.is_extra]


def _phase_sets(positions: Sequence[PositionView]) -> list[str]:
    """The phase set of each heterozygous position, empty for one that has none."""
    return [next((r.phase for r in each.reads if r.phase), "") for each in _mixed(positions)]

"""Which genome build each contig of a VCF is of.

In this order: the contig's own RefSeq accession; its length or assembly in the header; the file's
`##reference`; and in any case the reference bases at decision positions, which lie at other
numbers on the other build. Where bases and header disagree the bases are believed (a header is
copied along, a base is read) and the disagreement is told.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.variant import VcfContent, VcfRecord
from fhir_pgx.normalize.sites import BUILDS, SiteIndex

_BUILD = re.compile(r"(?i)(grch|hg|b|hs|build)[\s_-]{0,1}(37|38|19)(?:\D|$)")
_OTHER_SEQUENCE = "the mitochondrial sequence of this file is not NC_012920.1"
ENOUGH = 200  # records of a contig
REVISED_MT = 16569  # NC_012920.1; UCSC's hg19 chrM (NC_001807, 16571) numbers bases differently


@dataclass(frozen=True, slots=True)
class Builds:
    """The build of each contig as the file spells it; `why_not` of those that have none."""

    of: Mapping[str, str]
    why_not: Mapping[str, str]
    caveats: tuple[Caveat, ...] = ()


def build_named(text: str) -> str:
    """`GRCh37` or `GRCh38` where a text names one (`hg19`, `GRCh38.p14`, `human_g1k_v37`)."""
    found = {"GRCh38" if each[1] == "38" else "GRCh37" for each in _BUILD.findall(text)}
    if "g1k_v37" in text:
        found.add("GRCh37")
    return found.pop() if len(found) == 1 else ""


def builds_of(
    content: VcfContent,
    index: SiteIndex,
    accessions: Mapping[str, tuple[str, str]],
    lengths: Mapping[str, int],
) -> Builds:
    """The build of every contig that has kept records.

    `accessions` and `lengths` are the Vocabulary's, by RefSeq accession.
    """
    by_length = {
        (chromosome, lengths[accession]): build
        for accession, (build, chromosome) in accessions.items()
        if accession in lengths
    }
    of: dict[str, str] = {}
    why_not: dict[str, str] = {}
    disagreeing: dict[tuple[str, str], list[str]] = defaultdict(list)
    votes = _votes(content, index)
    pooled = sum(votes.values(), Counter[str]())
    mitochondria = []
    for contig, chromosome in {r.contig: r.chromosome for r in content.records}.items():
        stated = _stated(contig, chromosome, content, accessions, by_length)
        if chromosome == "MT":
            mitochondria.append((contig, stated))
            continue
        build, reason = _decided(contig, stated, votes[contig], pooled)
        if build and stated not in ("", build):
            disagreeing[stated, build].append(contig)
        if build:
            of[contig] = build
        else:
            why_not[contig] = reason
    for contig, stated in mitochondria:
        if stated == "?" or _is_other_mt(contig, content, set(of.values())):
            why_not[contig] = _OTHER_SEQUENCE
        else:
            of[contig] = "GRCh38"
    placed = {of[r.contig] for r in content.records if r.contig in of and r.chromosome != "MT"}
    told = [_disagreement(*builds, contigs) for builds, contigs in disagreeing.items()]
    return Builds(of, why_not, (*told, *_several(placed)))


def _disagreement(stated: str, used: str, contigs: Sequence[str]) -> Caveat:
    says = "another assembly" if stated == "?" else stated
    shown = ", ".join(contigs[:8]) + (", …" if len(contigs) > 8 else "")
    return Caveat(
        "PGX-530",
        f"The header of the VCF says {says}, but the positions and reference bases on {shown} are "
        f"those of {used}, which was used.",
    )


def _is_other_mt(contig: str, content: VcfContent, builds: set[str]) -> bool:
    """Whether the mitochondria are not NC_012920.1: by their length, by a record past its end, or
    because `chrM` beside GRCh37 is UCSC's hg19 unless a length says otherwise."""
    length = content.contigs[contig].length if contig in content.contigs else None
    if length is not None:
        return length != REVISED_MT
    ends = (r.end or r.start + len(r.ref) for r in content.records if r.contig == contig)
    if max(ends, default=0) > REVISED_MT:
        return True
    return contig == "chrM" and "GRCh37" in {*builds, build_named(content.reference)}


def _stated(
    contig: str,
    chromosome: str,
    content: VcfContent,
    accessions: Mapping[str, tuple[str, str]],
    by_length: Mapping[tuple[str, int], str],
) -> str:
    """What name and header say: a build, `?` for a third one, empty where they are silent."""
    if contig in accessions:
        return accessions[contig][0]
    header = content.contigs.get(contig)
    if header is not None and header.length:
        # A length that is neither build's is another assembly (T2T, a patched contig).
        return by_length.get((chromosome, header.length), "?")
    assembly = build_named(header.assembly) if header is not None else ""
    return assembly or build_named(content.reference)


def _votes(content: VcfContent, index: SiteIndex) -> dict[str, Counter[str]]:
    """How many of each contig's first records show a site's own reference base, on each build."""
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    asked: Counter[str] = Counter()
    for record in content.records:
        asked[record.contig] += 1
        if asked[record.contig] > ENOUGH:
            continue
        for build in BUILDS:
            if _fits(record, build, index):
                votes[record.contig][build] += 1
    return votes


def _fits(record: VcfRecord, build: str, index: SiteIndex) -> bool:
    if len(record.ref) == 1:
        at = index.at(build, record.chromosome, record.start)
        if any(placed.ref == record.ref for placed in at):
            return True
    end = record.start + len(record.ref)
    near = index.indels_near(build, record.chromosome, record.start, end)
    return any(placed.start == record.start and placed.ref == record.ref for placed in near)


def _decided(
    contig: str, stated: str, votes: Counter[str], pooled: Counter[str]
) -> tuple[str, str]:
    """Build, and the reason where there is none. `pooled` are the votes of all contigs: one
    position a contig is little, seven contigs that say the same are not."""
    most, least = sorted(BUILDS, key=lambda build: -votes[build])
    if stated in BUILDS and votes[stated] >= votes[most]:
        return stated, ""
    clear = pooled[most] >= 2 and votes[least] * 10 <= votes[most] and pooled[least] <= pooled[most]
    if stated and not (clear and votes[most]):
        third = f"the contig {contig} is of neither GRCh37 nor GRCh38"
        return ("", third) if stated == "?" else (stated, "")
    if stated:
        return most, ""
    if votes[most] and votes[least] * 10 <= votes[most]:
        return most, ""
    if votes[most]:
        return "", f"the records on {contig} fit GRCh37 and GRCh38 alike, and no header says"
    return "", f"no header says the build of {contig}, and no record shows it"


def _several(builds: set[str]) -> tuple[Caveat, ...]:
    if len(builds) < 2:
        return ()
    both = " and ".join(sorted(builds))
    text = f"The VCF holds contigs of two builds ({both}); each was read by its own."
    return (Caveat("PGX-531", text),)

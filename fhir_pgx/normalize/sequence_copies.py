"""Sequences as copies: two sequences of a person can be the two copies of a chromosome.

A MolecularSequence has no zygosity. Two of them are read as the two copies at a decision position
where exactly two speak of it, both are of DNA, of one person, one specimen (or none is stated),
on one build and chromosome, and no Observation says the zygosity there. A sequence speaks of a
position where it states a variant there or has it in its window. Inside its window a sequence that
could be read in full has the reference wherever it states nothing; outside, and where something in
it could not be read or does not lie where it says, its silence is no answer. Two sequences that an
Observation shows not to be the two copies are not read as such at any position of that gene. A
sequence without any variant may stand for data that are kept elsewhere: its silence counts only
beside one that states a variant. One sequence alone shows an allele and no zygosity; so do three or
more. Mitochondrial DNA has one sequence, which is the whole of it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from fhir_pgx.model.finding import Caveat, Origin, StatedSequence
from fhir_pgx.normalize.observed_place import Match
from fhir_pgx.normalize.sites import Placed, SiteIndex

Key = tuple[str, str]  # gene, site


@dataclass(slots=True)
class Copy:
    """One sequence resource. `stated` has what it shows at each position it states a variant at,
    `silent` the other positions in its window, save those `answered` by an Observation;
    `is_readable` is False where something in it was not understood."""

    origin: Origin
    parts: list[StatedSequence] = field(default_factory=list)
    stated: dict[Key, tuple[Match, ...]] = field(default_factory=dict)
    caveats: dict[Key, tuple[Caveat, ...]] = field(default_factory=dict)
    is_readable: bool = True
    has_variants: bool = False
    silent: dict[Key, Placed] = field(default_factory=dict)
    answered: set[Key] = field(default_factory=set)
    claimed: dict[Key, str] = field(default_factory=dict)  # its alleles that Observations speak of

    @property
    def reference(self) -> str:
        return self.origin.reference

    @property
    def is_of_protein(self) -> bool:
        return any(part.kind == "aa" for part in self.parts)

    def state(self, key: Key, match: Match, caveats: tuple[Caveat, ...]) -> None:
        prior = self.stated.get(key, ())
        if match.is_indirect and prior:
            return
        direct = tuple(each for each in prior if not each.is_indirect)
        if all(each.allele != match.allele for each in direct):
            self.stated[key] = (*direct, match)
        self.caveats[key] = (*self.caveats.get(key, ()), *caveats)


@dataclass(frozen=True, slots=True)
class CopyAlleles:
    """What sequences show at a position.

    `alleles` are those of the copies, in their order, where the sequences are all the copies, else
    empty; `stated` those that any of them states. `has_silence`: not each of them states one.
    """

    alleles: tuple[str, ...]
    stated: tuple[str, ...]
    copies: tuple[Copy, ...]
    placed: Placed
    key: Key
    has_silence: bool = False
    caveats: tuple[Caveat, ...] = ()

    @property
    def is_known(self) -> bool:
        return bool(self.alleles)

    @property
    def phase(self) -> str:
        if len(self.alleles) < 2:
            return ""
        return " + ".join(copy.reference for copy in self.copies)

    @property
    def as_stated(self) -> "CopyAlleles | None":
        """Without taking the sequences for the copies; None where none of them states an allele."""
        stating = tuple(copy for copy in self.copies if copy.stated.keys() & {self.key})
        if not self.stated or not stating:
            return None
        caveats = tuple(caveat for caveat in self.caveats if caveat.code != "PGX-529")
        placed = _placed(self.key, stating)
        return replace(self, alleles=(), copies=stating, placed=placed, caveats=caveats)


def shown_by(copies: Sequence[Copy], key: Key) -> list[str] | None:
    """The alleles of copies at a position, whatever says them; None where one of them is open."""
    shown = []
    for copy in copies:
        is_open = key not in copy.stated and key not in copy.silent
        allele = copy.claimed.get(key) or (None if is_open else _shown(key, copy, copies))
        if allele is None:
            return None
        shown.append(allele)
    return shown


def copies_of(sequences: Sequence[StatedSequence]) -> dict[str, Copy]:
    """The sequences by reference; the parts of one resource are one copy."""
    copies: dict[str, Copy] = {}
    for sequence in sequences:
        copy = copies.setdefault(sequence.origin.reference, Copy(sequence.origin))
        copy.parts.append(sequence)
        copy.is_readable = copy.is_readable and sequence.is_complete
    return copies


def alleles_by_copy(copies: Mapping[str, Copy], index: SiteIndex) -> dict[Key, CopyAlleles]:
    """What the sequences show, by position. Call it when every variant has been stated."""
    speakers: dict[Key, list[Copy]] = defaultdict(list)
    for copy in copies.values():
        copy.silent = dict(_in_window(copy, index))
        for key in dict.fromkeys((*copy.stated, *copy.silent)):
            speakers[key].append(copy)
    found = {}
    for key, speaking in speakers.items():
        alleles = _alleles(key, speaking, is_single=index.chromosomes[key[0]] == "MT")
        if alleles is not None:
            found[key] = alleles
    return found


def _in_window(copy: Copy, index: SiteIndex) -> Iterator[tuple[Key, Placed]]:
    for part in copy.parts:
        if part.window is None:
            continue
        build = "GRCh38" if part.build == "both" else part.build
        start, end = part.window
        near = index.indels_near(build, part.chromosome, start, end)
        inside = (placed for placed in near if start <= placed.start and placed.end <= end)
        for placed in (*index.within(build, part.chromosome, start, end), *inside):
            key = (placed.gene, placed.site.name)
            if key not in copy.stated and key not in copy.answered:
                yield key, placed


def _alleles(key: Key, speaking: Sequence[Copy], *, is_single: bool) -> CopyAlleles | None:
    stating = tuple(copy for copy in speaking if key in copy.stated)
    stated = tuple(
        dict.fromkeys(
            each.allele for copy in stating for each in copy.stated[key] if each.allele is not None
        )
    )
    shown = [_shown(key, copy, speaking) for copy in speaking]
    whole = tuple(allele for allele in shown if allele is not None)
    caveats = dict.fromkeys(caveat for copy in stating for caveat in copy.caveats[key])
    alleles: tuple[str, ...] = ()
    if len(whole) == len(speaking):
        if is_single and len(set(whole)) == 1:
            alleles = whole[:1]
        elif not is_single and len(speaking) == 2 and _are_two_copies(key, *speaking):
            alleles = whole
            caveats[_as_copies(speaking)] = None
    if not alleles and not stated:
        return None
    copies = tuple(speaking) if alleles else stating
    has_silence = len(stating) < len(speaking)
    placed = _placed(key, copies)
    return CopyAlleles(alleles, stated, copies, placed, key, has_silence, tuple(caveats))


def _shown(key: Key, copy: Copy, speaking: Iterable[Copy]) -> str | None:
    """The allele of a copy; None where it states two, or where its silence is no answer."""
    if key in copy.stated:
        stated = copy.stated[key]
        return stated[0].allele if len(stated) == 1 else None
    is_believed = copy.is_readable and any(each.has_variants for each in speaking)
    return copy.silent[key].ref if is_believed else None


def _placed(key: Key, copies: Sequence[Copy]) -> Placed:
    copy = copies[0]
    return copy.stated[key][0].placed if key in copy.stated else copy.silent[key]


def _are_two_copies(key: Key, first: Copy, second: Copy) -> bool:
    kinds = {part.kind for copy in (first, second) for part in copy.parts}
    specimens = [{part.specimen for part in copy.parts} or {""} for copy in (first, second)]
    return (
        kinds <= {"dna", ""}
        and specimens[0] == specimens[1]
        and len(specimens[0]) == 1
        and _is_same_person(first.origin.subject, second.origin.subject)
        and _placed(key, (first,)).build == _placed(key, (second,)).build
    )


def _is_same_person(first: str, second: str) -> bool:
    """By the id at the end of a reference, however it is written; nothing stated is no other."""
    ids = {reference.partition("/_history")[0].rpartition("/")[2] for reference in (first, second)}
    return len(ids - {""}) < 2


def _as_copies(copies: Sequence[Copy]) -> Caveat:
    names = " and ".join(copy.reference for copy in copies)
    text = f"No result states the zygosity: {names} were read as the two copies of one chromosome."
    return Caveat("PGX-529", text)

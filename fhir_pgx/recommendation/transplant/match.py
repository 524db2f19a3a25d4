"""A recipient against donors, locus by locus, and the grade of 8, 10 and 12 positions.

A mismatch has a direction. Graft versus host (GvH): the recipient has a protein that the donor
lacks. Host versus graft (HvG, rejection): the donor has one that the recipient lacks. A homozygous
person has one protein, which counts once in its direction; an allele that is not expressed (N) has
none, so that its partner stands alone. What a typing leaves open widens the bounds and is never a
match.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from itertools import combinations, product

from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.transplant import (
    Bounds,
    Grade,
    HlaMatch,
    LocusMatch,
    StatedAntibody,
    StatedTyping,
)
from fhir_pgx.recommendation.transplant.antibodies import antibody_test, judge_antibodies
from fhir_pgx.recommendation.transplant.names import Name
from fhir_pgx.recommendation.transplant.nomenclature import (
    Level,
    Nomenclature,
    Verdict,
    compare_options,
    worst,
)
from fhir_pgx.recommendation.transplant.typed import (
    NOT_TYPED,
    Chromosome,
    Person,
    TypedLocus,
    type_person,
)

SCALES = {
    8: ("A", "B", "C", "DRB1"),
    10: ("A", "B", "C", "DRB1", "DQB1"),
    12: ("A", "B", "C", "DRB1", "DQB1", "DPB1"),
}
_OPEN = Verdict("possible", "", "one allele alone is stated")
NO_TCE = Caveat(
    "PGX-786",
    "DPB1 mismatches are not graded as permissive or not: T-cell-epitope groups are not held here.",
)
NULL = Caveat("PGX-787", "An allele that is not expressed (N) is no match partner by protein.")
HIDDEN_NULL = Caveat(
    "PGX-788",
    "A G group can hold alleles that are not expressed; it was read as expressed.",
)
DOUBTFUL = Caveat(
    "PGX-789",
    "An allele of doubtful expression (S, C, A, Q) is typed; its locus is given as a range.",
)
LOW_EXPRESSION = Caveat("PGX-790", "An allele of low expression (L) was counted as expressed.")
NO_TABLES = Caveat(
    "PGX-791",
    "No copy of IPD-IMGT/HLA is set up here: P groups and antigens are known for common alleles "
    "alone, and the rest is compared by two fields.",
)


def match_donors(
    typings: Sequence[StatedTyping],
    antibodies: Sequence[StatedAntibody],
    nomenclature: Nomenclature,
) -> tuple[HlaMatch, ...]:
    """The recipient against each donor, in the order met. A recipient who is not typed is compared
    by the antibodies alone."""
    own = [each for each in typings if each.whose == "recipient"]
    donors: dict[str, list[StatedTyping]] = {}
    for each in typings:
        if each.whose == "donor":
            donors.setdefault(each.person, []).append(each)
    if not donors:
        return ()
    recipient = type_person(own, nomenclature)
    return tuple(
        match_person(recipient, own, person, theirs, antibodies, nomenclature)
        for person, theirs in donors.items()
    )


def match_person(
    recipient: Person,
    own: Sequence[StatedTyping],
    name: str,
    theirs: Sequence[StatedTyping],
    antibodies: Sequence[StatedAntibody],
    nomenclature: Nomenclature,
) -> HlaMatch:
    """The recipient against one donor."""
    donor = type_person(theirs, nomenclature)
    loci: list[LocusMatch] = []
    left: list[tuple[str, str]] = []
    for locus in _loci(recipient, donor):
        why = _why_not(locus, recipient, donor)
        if why:
            left.append((locus, why))
        else:
            loci.append(match_locus(locus, recipient.loci[locus], donor.loci[locus], nomenclature))
    found = tuple(loci)
    caveats = {**recipient.caveats, **donor.caveats, **_caveats(recipient, donor, nomenclature)}
    if any(each.locus == "DPB1" and each.matches[0] < 2 for each in found):
        caveats[NO_TCE] = None
    return HlaMatch(
        person=name,
        loci=found,
        not_typed=tuple(left),
        grades=tuple(grade_of(scale, found) for scale in SCALES),
        antibodies=judge_antibodies(antibodies, donor, nomenclature),
        tested=antibody_test(antibodies),
        caveats=tuple(caveats),
        derived_from=tuple(dict.fromkeys(each.origin.reference for each in (*own, *theirs))),
    )


def _loci(recipient: Person, donor: Person) -> tuple[str, ...]:
    """Those of the widest scale that anything is typed of, and at least those of the 10."""
    has_dp = any("DPB1" in (*each.loci, *each.refused) for each in (recipient, donor))
    return SCALES[12] if has_dp else SCALES[10]


def _why_not(locus: str, recipient: Person, donor: Person) -> str:
    """Why a locus is not compared; empty where it is."""
    reasons = []
    for who, person in (("recipient", recipient), ("donor", donor)):
        if locus not in person.loci:
            reasons.append(f"{who}: {person.refused.get(locus, NOT_TYPED)}")
    if reasons == [f"recipient: {NOT_TYPED}", f"donor: {NOT_TYPED}"]:
        return NOT_TYPED
    return "; ".join(reasons)


def _caveats(recipient: Person, donor: Person, nomenclature: Nomenclature) -> dict[Caveat, None]:
    names = [
        name
        for person in (recipient, donor)
        for typed in person.loci.values()
        for each in typed.chromosomes
        for name in each
    ]
    told = (
        (NULL, any(nomenclature.is_null(name) for name in names)),
        (HIDDEN_NULL, any(nomenclature.may_hide_null(name) for name in names)),
        (DOUBTFUL, any(nomenclature.is_doubtful(name) for name in names)),
        (LOW_EXPRESSION, any(name.suffix == "L" for name in names)),
        (NO_TABLES, nomenclature.tables is None),
    )
    return {caveat: None for caveat, holds in told if holds}


# One locus

Expressed = tuple[Chromosome, ...]  # one or two proteins, none where nothing is expressed


def match_locus(
    locus: str, recipient: TypedLocus, donor: TypedLocus, nomenclature: Nomenclature
) -> LocusMatch:
    """The bounds of what the typings allow; an allele that may be null is read both ways."""
    read = partial(_expressed, nomenclature=nomenclature)
    ways = [
        _Pair(mine, theirs, nomenclature) for mine, theirs in product(read(recipient), read(donor))
    ]
    counted = [way.count() for way in ways]
    texts = (recipient.texts, donor.texts)
    found = LocusMatch(
        locus,
        *texts,
        matches=_bounds(each.matches for each in counted),
        gvh=_bounds(each.gvh for each in counted),
        hvg=_bounds(each.hvg for each in counted),
        level=worst(each.level for each in counted),
        basis=tuple(dict.fromkeys(basis for each in counted for basis in each.basis)),
    )
    notes = (*_notes("recipient", recipient, nomenclature), *_notes("donor", donor, nomenclature))
    return replace(found, notes=notes)


def _bounds(found: Iterable[Bounds]) -> Bounds:
    low, high = zip(*found, strict=True)
    return min(low), max(high)


def _notes(who: str, typed: TypedLocus, nomenclature: Nomenclature) -> list[str]:
    found = []
    for each, text in zip(typed.chromosomes, typed.texts, strict=False):
        if each and all(nomenclature.is_null(name) for name in each):
            found.append(f"{who}'s {text} is not expressed")
    if not typed.is_whole:
        found.append(f"one allele alone is stated of the {who}")
    return found


def _expressed(typed: TypedLocus, nomenclature: Nomenclature) -> list[Expressed]:
    """Every way in which the chromosomes may be expressed: a chromosome that may be a null allele
    is read as one, and as the others it may be."""
    ways = [_readings(each, nomenclature) for each in typed.chromosomes]
    return [tuple(each for each in pair if each is not None) for pair in product(*ways)]


def _readings(chromosome: Chromosome, nomenclature: Nomenclature) -> list[Chromosome | None]:
    """The names it may express, and None where it may express nothing; empty where not stated."""
    if not chromosome:
        return [()]
    names = [name for name in chromosome if not nomenclature.is_null(name)]
    may_be_null = len(names) < len(chromosome) or any(map(nomenclature.is_doubtful, names))
    return [*([tuple(names)] if names else []), *([None] if may_be_null else [])]


class _Pair:
    """The proteins of two persons, each compared with each."""

    def __init__(self, mine: Expressed, theirs: Expressed, nomenclature: Nomenclature) -> None:
        self._nomenclature = nomenclature
        self._all, self._own = (*mine, *theirs), len(mine)
        self._verdicts = {
            (i, j): self._of(self._all[i], self._all[j])
            for i, j in combinations(range(len(self._all)), 2)
        }

    def _of(self, one: Chromosome, other: Chromosome) -> Verdict:
        if not one or not other:
            return _OPEN
        return compare_options(one, other, self._nomenclature)

    def count(self) -> LocusMatch:
        """The bounds over every way in which the proteins can be equal, and the level of what is
        left in the best pairing."""
        ways = [_counted(way[: self._own], way[self._own :]) for way in self._ways()]
        matches, gvh, hvg = ((min(column), max(column)) for column in zip(*ways, strict=True))
        best = self._best_pairing()
        left = [each for each in best if each.answer == "mismatch"]
        return LocusMatch(
            "",
            (),
            (),
            matches=matches,
            gvh=gvh,
            hvg=hvg,
            level=worst(each.level for each in left),
            basis=tuple(
                dict.fromkeys(each.basis for each in reversed(_best_first(best)) if each.basis)
            ),
        )

    def _ways(self) -> Sequence[tuple[int, ...]]:
        """Every way to number the proteins so that equal ones have one number, as far as the
        verdicts allow: what is one with a third is one with the other."""
        ways = _NUMBERINGS[len(self._all)]
        allowed = [way for way in ways if all(map(partial(self._allows, way), self._verdicts))]
        return allowed or ways  # verdicts that contradict each other settle nothing

    def _allows(self, way: tuple[int, ...], pair: tuple[int, int]) -> bool:
        answer = self._verdicts[pair].answer
        is_one = way[pair[0]] == way[pair[1]]
        return answer == "possible" or is_one == (answer == "match")

    def _best_pairing(self) -> tuple[Verdict, ...]:
        """The verdicts of the two positions, paired so that most match. One protein alone (a
        homozygote by a null allele) stands for both positions."""
        own, size = self._own, len(self._all)
        if own in (0, size):
            return ()
        a, b = 0, own - 1
        c, d = own, size - 1
        pairings = [
            (self._verdicts[a, c], self._verdicts[b, d]),
            (self._verdicts[a, d], self._verdicts[b, c]),
        ]
        return max(pairings, key=lambda pair: [_WEIGHT[each.answer] for each in _best_first(pair)])


# Every way to number up to four things by which are one: (0, 0, 1) has the third apart.
_NUMBERINGS = [
    [
        way
        for way in product(range(size), repeat=size)
        if all(label <= max(way[:i], default=-1) + 1 for i, label in enumerate(way))
    ]
    for size in range(5)
]
_WEIGHT = {"match": 2, "possible": 1, "mismatch": 0}


def _best_first(pair: Sequence[Verdict]) -> list[Verdict]:
    return sorted(pair, key=lambda each: -_WEIGHT[each.answer])


def _counted(mine: Sequence[int], theirs: Sequence[int]) -> tuple[int, int, int]:
    """Positions of two that match, and the distinct proteins that each lacks of the other."""
    gvh, hvg = len(set(mine) - set(theirs)), len(set(theirs) - set(mine))
    if not mine or not theirs:
        return 0, gvh, hvg
    (a, b), (c, d) = (mine[0], mine[-1]), (theirs[0], theirs[-1])
    return max((a == c) + (b == d), (a == d) + (b == c)), gvh, hvg


# The whole


def grade_of(positions: int, loci: Sequence[LocusMatch]) -> Grade:
    """Matches over the loci of one scale; for those that are compared."""
    by_locus = {each.locus: each for each in loci}
    wanted = SCALES[positions]
    held = [by_locus[locus] for locus in wanted if locus in by_locus]
    return Grade(
        positions,
        (sum(each.matches[0] for each in held), sum(each.matches[1] for each in held)),
        compared=2 * len(held),
        missing=tuple(locus for locus in wanted if locus not in by_locus),
    )


__all__ = ["Level", "Name", "grade_of", "match_donors", "match_locus", "match_person"]

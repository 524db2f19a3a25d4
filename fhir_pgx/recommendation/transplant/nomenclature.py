"""What a name of HLA says of the protein and the antigen, and when two names are the same.

Two alleles are the same for a graft where they have one P group: the same protein in the domain
that binds the antigen. All P groups are known from an operator's copy of IPD-IMGT/HLA alone;
without it there are few, and else two equal fields are the same protein. Where neither settles
it, the answer is `possible`, never a match.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from fhir_pgx.model.transplant import TransplantKnowledge
from fhir_pgx.recommendation.transplant.names import LOCUS_OF_ANTIGEN, Name

Answer = Literal["match", "possible", "mismatch"]
Level = Literal["", "allele", "antigen"]


class Verdict(NamedTuple):
    """How two names stand to each other; `level` is a mismatch's, `basis` what settled it."""

    answer: Answer
    level: Level = ""
    basis: str = ""


class Carried(NamedTuple):
    """The antigens that a name may carry. `is_exact` is False where they were told by the first
    field of the name alone."""

    antigens: frozenset[str] = frozenset()
    is_exact: bool = False


P_GROUP = "P group"
TWO_FIELDS = "two fields"
FIRST_FIELD = "first field"
SEROLOGY = "serology"
UNKNOWN_GROUP = "two fields differ; whether their P group is one is not known here"
LOW = "typed at low resolution"
_SERIES = {locus: series for series, locus in LOCUS_OF_ANTIGEN.items() if series != "DP"}
# Names of DPB1 were given in the order of discovery: their first field is no family.
NO_FAMILIES = ("DPB1", "DPA1")


class Nomenclature:
    """The relations of the nomenclature, indexed once."""

    def __init__(self, knowledge: TransplantKnowledge) -> None:
        held, self.tables = knowledge.antigens, knowledge.tables
        self._parent = held.parent if held else {}
        self._of_allele = held.of_allele if held else {}
        self._epitope = held.epitope if held else {}
        self._group = held.p_groups if held else {}
        self._recognised = frozenset(held.recognised) if held else frozenset()
        self._associated = frozenset(held.associated) if held else frozenset()
        self._not_in: dict[str, set[str]] = defaultdict(set)
        for allele, group in held.not_same if held else ():
            self._not_in[allele].add(group)
        self._below: dict[str, list[str]] = defaultdict(list)
        for antigen, above in self._parent.items():
            self._below[above].append(antigen)

    # Expression

    def is_null(self, name: Name) -> bool:
        """Whether no protein is expressed: the letter N, or a name of which no allele is."""
        if name.suffix:
            return name.suffix == "N"
        tables = self.tables
        return tables is not None and not name.group and name.two_fields in tables.null

    def is_doubtful(self, name: Name) -> bool:
        """Secreted (S), cytoplasmic (C), aberrant (A), questionable (Q): whether the protein stands
        on the cell is not settled by the name."""
        return name.suffix in ("S", "C", "A", "Q")

    def may_hide_null(self, name: Name) -> bool:
        """Whether a G group holds, or may hold, an allele that is not expressed."""
        if name.group != "G":
            return False
        return self.tables is None or name.g_group in self.tables.null_in_group

    # Proteins

    def p_group(self, name: Name) -> str:
        """The P group, or the name itself where it is known to stand alone; empty if unknown."""
        if name.group == "P":
            return f"{name.two_fields}P"
        if self.tables is not None:
            own = self.tables.of_g_group.get(name.g_group) if name.group == "G" else None
            own = own or self.tables.p_group.get(name.two_fields)
            if own:
                return own
        return self._group.get(name.two_fields, "")

    def compare(self, one: Name, other: Name) -> Verdict:
        """How two expressed names of one locus stand to each other."""
        if not (one.second and other.second):
            return self._compare_low(one, other)
        first, second = self.p_group(one), self.p_group(other)
        if first and second:
            if first == second:
                is_same_name = one.two_fields == other.two_fields
                return Verdict("match", "", TWO_FIELDS if is_same_name else P_GROUP)
            return Verdict("mismatch", self._level(one, other), P_GROUP)
        if one.two_fields == other.two_fields:
            return Verdict("match", "", TWO_FIELDS)
        if (first and first in self._not_in[other.two_fields]) or (
            second and second in self._not_in[one.two_fields]
        ):
            return Verdict("mismatch", self._level(one, other), P_GROUP)
        if one.first != other.first and one.locus not in NO_FAMILIES:
            return Verdict("mismatch", "antigen", FIRST_FIELD)
        carried, others = self.antigens(one), self.antigens(other)
        if carried.is_exact and others.is_exact and not self._fit(carried, others):
            return Verdict("mismatch", "antigen", SEROLOGY)
        return Verdict("possible", "", UNKNOWN_GROUP)

    def distinct(self, names: Sequence[Name]) -> list[Name]:
        """One name of each protein: a group that is spelled out has hundreds of one."""
        if len(names) < 3:
            return list(names)
        found: dict[str | Name, Name] = {}
        for each in names:
            found.setdefault(self.p_group(each) or each.two_fields or each, each)
        return list(found.values())

    def _compare_low(self, one: Name, other: Name) -> Verdict:
        """Two names of which one at least is an antigen, a first field or a multiple-allele code:
        at most possible."""
        if one.first and other.first:
            if one.first != other.first and one.locus not in NO_FAMILIES:
                return Verdict("mismatch", "antigen", FIRST_FIELD)
            return Verdict("possible", "", LOW)
        carried, others = self.antigens(one), self.antigens(other)
        if carried.antigens and others.antigens and not self._fit(carried, others):
            return Verdict("mismatch", "antigen", SEROLOGY)
        return Verdict("possible", "", LOW)

    def _level(self, one: Name, other: Name) -> Level:
        """Of two proteins that differ: of another antigen, or of another allele of one."""
        if one.locus in NO_FAMILIES:
            return "allele"
        if one.first != other.first:
            return "antigen"
        carried, others = self.antigens(one), self.antigens(other)
        both = carried.is_exact and others.is_exact
        return "antigen" if both and not self._fit(carried, others) else "allele"

    # Antigens

    def antigens(self, name: Name) -> Carried:
        """What the name may carry: as typed, of the allele, else by its first field."""
        if name.antigen == "B15":  # also how laboratories shorten B*15, which may be B70
            return Carried(frozenset(("B15", "B70")))
        if name.antigen:
            return Carried(frozenset((name.antigen,)), is_exact=True)
        known = self.tables.antigens.get(name.two_fields) if self.tables is not None else None
        if known:
            return Carried(frozenset(known), is_exact=True)
        if name.two_fields in self._of_allele:
            return Carried(frozenset((self._of_allele[name.two_fields],)), is_exact=True)
        series = _SERIES.get(name.locus)
        if series is None or not name.first:
            return Carried(_OF_LOCUS.get(name.locus, frozenset()))
        family = f"{series}{int(name.first)}"
        # The alleles of B*15 carry B15 or B70, and the splits of both.
        found = {"B15", "B70"} if family == "B15" else {family}
        return Carried(frozenset(found & self._recognised))

    def line(self, antigen: str) -> tuple[str, ...]:
        """An antigen and those above it: B3901, B39, B16."""
        found = [antigen]
        while (above := self._parent.get(found[-1])) and above not in found:
            found.append(above)
        return tuple(found)

    def is_recognised(self, antigen: str) -> bool:
        return antigen in self._recognised

    def is_associated(self, antigen: str) -> bool:
        return antigen in self._associated

    def below(self, antigen: str) -> tuple[str, ...]:
        """Every antigen below one, as far as they go."""
        found: list[str] = []
        waiting = list(self._below.get(antigen, ()))
        while waiting:
            found.append(waiting.pop())
            waiting += self._below.get(found[-1], ())
        return tuple(found)

    def carries(self, antigen: str, epitope: str) -> bool | None:
        """Whether an antigen carries Bw4 or Bw6; None where its splits differ, or nobody says."""
        for each in self.line(antigen):
            if each in self._epitope:
                return self._epitope[each] == epitope
        ends = [each for each in self.below(antigen) if not self._below.get(each)]
        if ends:
            answers = {self.carries(each, epitope) for each in ends}
            return answers.pop() if len(answers) == 1 else None
        # Every B antigen is listed with one of them; those of A that are not have none.
        return None if antigen.startswith("B") else False

    def _fit(self, one: Carried, other: Carried) -> bool:
        """Whether any antigen of one may be one of the other: equal, or above or below it."""
        return any(
            mine in self.line(theirs) or theirs in self.line(mine)
            for mine in one.antigens
            for theirs in other.antigens
        )


_OF_LOCUS = {
    "DRB3": frozenset(("DR52",)),
    "DRB4": frozenset(("DR53",)),
    "DRB5": frozenset(("DR51",)),
}


def worst(levels: Iterable[Level]) -> Level:
    found = set(levels)
    return "antigen" if "antigen" in found else "allele" if "allele" in found else ""


MOST_PAIRS = 10_000  # of the options of two typings; more say nothing useful
_OPEN = Verdict("possible", "", "the typing leaves several alleles open")


def compare_options(
    one: Sequence[Name], other: Sequence[Name], nomenclature: Nomenclature
) -> Verdict:
    """The verdict on two ambiguous typings: settled only where all pairs of their options agree."""
    mine, theirs = (nomenclature.distinct(each) for each in (one, other))
    if len(mine) * len(theirs) > MOST_PAIRS:
        return _OPEN
    found: list[Verdict] = []
    for a in mine:
        for b in theirs:
            found.append(nomenclature.compare(a, b))
            if found[-1].answer != found[0].answer:
                return _OPEN
    return Verdict(found[0].answer, worst(each.level for each in found), found[0].basis)

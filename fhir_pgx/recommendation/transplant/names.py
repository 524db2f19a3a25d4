"""Names of HLA alleles, groups and antigens, each as exact as it was typed.

    A*02:01, A*02:01:01:02L, HLA-A*0201, Cw*0702   an allele; letters N, L, S, C, A, Q: expression
    A*02:01:01G, A*02:01P                          a group of alleles
    A*02, A*02:XX, DRB1*13:AKBAR                   a first field; NMDP's multiple-allele code
    A2, Cw7, DR17, DQ7, Bw4                        an antigen, found by serology

A multiple-allele code stands for a list that its register alone knows: offline it says no more
than the first field. Source: WHO nomenclature for factors of the HLA system, 2010; NMDP codes.
"""

import re
from dataclasses import dataclass, replace
from typing import Literal

LOCUS_OF_ANTIGEN = {"A": "A", "B": "B", "Cw": "C", "DR": "DRB1", "DQ": "DQB1", "DP": "DPB1"}
_DR_LOCI = {"DR51": "DRB5", "DR52": "DRB3", "DR53": "DRB4"}
EPITOPES = ("Bw4", "Bw6")
_LOCUS = r"(?P<locus>A|B|Cw?|D[PQR][AB]\d?)"
_FIELDS = re.compile(
    rf"(?:{_LOCUS}[*:])?(?P<first>\d{{1,4}}):(?P<second>\d{{1,4}}|[A-Z]{{2,6}})"
    r"(?P<rest>(?::\d{2,4}){0,2})(?P<suffix>[NLSCAQGP])?"
)
# Before 2010 the fields stood without colons: A*0201, DRB1*1501, A*24020102L.
_OLD = re.compile(
    rf"{_LOCUS}\*(?P<first>\d{{2}})(?:(?P<second>\d{{2}})(?P<rest>(?:\d{{2}}){{0,2}}))?"
    r"(?P<suffix>[NLSCAQ])?"
)
_OLD_CODE = re.compile(rf"{_LOCUS}\*(?P<first>\d{{2}})(?P<second>[A-Z]{{2,6}})")
_ANTIGEN = re.compile(r"(?P<series>A|B|C|Cw|DR|DRw|DQ|DQw|DP|DPw|Bw)(?P<number>\d{1,4})")
_BARE = re.compile(r"\d{1,4}")
_BLANK = frozenset(("", "-", "--", "blank", "x", "none", "undefined", "unknown", "n/a", "nnnn"))
MAX_OPTIONS = 2000  # of one chromosome: a G group spelled out has some hundreds


@dataclass(frozen=True, slots=True)
class Name:
    """One name. `second` is empty where it is typed to the first field or as an antigen alone;
    `suffix` the letter of its expression; `more` the fields after the second."""

    locus: str
    first: str = ""
    second: str = ""
    more: str = ""
    suffix: str = ""
    group: Literal["", "G", "P"] = ""
    antigen: str = ""

    @property
    def two_fields(self) -> str:
        """`A*02:01`; empty where it is not typed so far."""
        return f"{self.locus}*{self.first}:{self.second}" if self.second else ""

    @property
    def family(self) -> str:
        """`A*02`; empty for an antigen."""
        return f"{self.locus}*{self.first}" if self.first else ""

    @property
    def g_group(self) -> str:
        return f"{self.two_fields}{self.more}G"


def parse_name(text: str, locus: str = "") -> Name | None:
    """The name in a text, of `locus` where that is known; None where it is no name, or another
    locus's."""
    name = text.strip().removeprefix("HLA-").removeprefix("HLA").strip()
    antigen = _ANTIGEN.fullmatch(name)
    if antigen and not _is_compact(antigen["number"]):
        return _antigen(antigen["series"], antigen["number"], locus)
    if antigen:  # A0201
        name = f"{antigen['series']}*{antigen['number']}"
    elif _BARE.fullmatch(name) and locus in _SERIES:
        if len(name) < 4:
            return _antigen(_SERIES[locus], name, locus)
        name = f"{locus}*{name}"
    name = name.removeprefix("*") if locus else name
    found = _FIELDS.fullmatch(name) or _OLD.fullmatch(name) or _OLD_CODE.fullmatch(name)
    if found is None:
        return None
    stated = (found["locus"] or locus).replace("Cw", "C")
    if not stated or (locus and stated != locus):
        return None
    second = found["second"] or ""
    parts = found.groupdict()
    suffix = parts.get("suffix") or ""
    is_group = suffix in ("G", "P")
    if not second.isdigit():
        return Name(stated, found["first"].zfill(2))  # a code: no more than its first field
    return Name(
        stated,
        found["first"].zfill(2),
        second.zfill(2),
        parts.get("rest") or "",
        "" if is_group else suffix,
        suffix if is_group else "",  # type: ignore[arg-type]
    )


_SERIES = {locus: series for series, locus in LOCUS_OF_ANTIGEN.items()}


def _is_compact(number: str) -> bool:
    """Whether it is an allele without its signs: no antigen of four digits begins with a zero."""
    return len(number) == 4 and number.startswith("0")


def _antigen(series: str, number: str, locus: str) -> Name | None:
    series = {"C": "Cw", "DRw": "DR", "DQw": "DQ", "DPw": "DP"}.get(series, series)
    antigen = f"{series}{int(number)}"
    if series == "Bw":
        # Bw4 and Bw6 lie on molecules of B, and some of A; an old Bw is a B antigen by now.
        return Name("B", antigen=antigen) if antigen in EPITOPES else _antigen("B", number, locus)
    own = _DR_LOCI.get(antigen, LOCUS_OF_ANTIGEN[series])
    return Name(own, antigen=antigen) if locus in ("", own) else None


def is_blank(text: str) -> bool:
    """Whether a text says that nothing was found: a second chromosome that is not stated."""
    return text.strip().removeprefix("HLA-").lower().rpartition("*")[2] in _BLANK


def parse_chromosome(text: str, locus: str) -> tuple[Name, ...] | None:
    """What one chromosome may be, by `/`; None where any part is no name of the locus.

    A part may leave out what it shares with the one before: `A*02:01/02:09`, `A*02:01/09`.
    """
    found: list[Name] = []
    parts = text.split("/")
    if len(parts) > MAX_OPTIONS:
        return None
    for part in parts:
        short = part.strip()
        if found and found[-1].second and re.fullmatch(r"\d{2,3}[NLSCAQ]?", short):
            letter = short[-1] if short[-1].isalpha() else ""
            found.append(
                replace(found[-1], second=short.rstrip("NLSCAQ"), more="", suffix=letter, group="")
            )
            continue
        name = parse_name(short, locus)
        if name is None:
            return None
        found.append(name)
    return tuple(dict.fromkeys(found))

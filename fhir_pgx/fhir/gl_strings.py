"""GL Strings, and what laboratories write in their place, split into loci and chromosomes.

Operators, loosest first: `^` loci, `|` possible genotypes, `+` chromosomes, `~` alleles on one
chromosome, `/` what one allele may be (Milius 2013). What the names mean is not looked at here.
"""

import re
from collections.abc import Iterable

SYSTEM = "http://glstring.org"
MAX_LENGTH = 100_000  # a multi-locus string with all its ambiguity has some thousands of signs
_LOCUS = re.compile(r"(?:HLA-?)?(A|B|Cw?|DRB[1345]|DQA1|DQB1|DPA1|DPB1)(?=[*:])")
_ANTIGEN = re.compile(r"(?:HLA-?)?(A|B|Cw?|DRw?|DQw?|DPw?)(\d{1,4})\b(?![*:])")
_SERIES = {"A": "A", "B": "B", "C": "C", "DR": "DRB1", "DQ": "DQB1", "DP": "DPB1"}
_DR_LOCI = {"51": "DRB5", "52": "DRB3", "53": "DRB4"}
_SPACE = re.compile(r"\s*([\^|+~/])\s*")
_BETWEEN = re.compile(r"\s*(?:[,;]|\band\b|\s)\s*")
_EPITOPE = re.compile(r"(?:HLA-?)?Bw[46]")
_NAME = re.compile(
    r"(?:HLA-?)?(?:(?:A|B|Cw?|D[PQR][AB]\d?)?[*:]?\d{1,4}(?::(?:\d{1,4}|[A-Z]{2,6})){0,3}[NLSCAQGP]?"
    r"|(?:A|B|C|Cw|Bw|DR|DRw|DQ|DQw|DP|DPw)\d{1,4}|(?:A|B|Cw?|D[PQR][AB]\d?)\*\d{2,8}[A-Z]{0,6}"
    r"|-|blank|X)",
)

Loci = dict[str, tuple[str, ...]]


def split_typing(text: str, locus: str = "") -> Loci:
    """The chromosomes of each locus in a text; `locus` is that of names which do not say their own.
    Empty where any part of it is no name, or names no locus.

    Of several possible genotypes each chromosome may be any that stands in its place: more than
    the string allows, and never less.
    """
    body = text.strip()
    if body.startswith("hla#"):
        body = body.rsplit("#", 1)[-1]
    if not body or len(body) > MAX_LENGTH:
        return {}
    body = _SPACE.sub(r"\1", body)
    found: dict[str, list[list[str]]] = {}
    for part in body.split("^"):
        genotypes = [_genotype(option, locus) for option in part.split("|")]
        if any(not each for each in genotypes):
            return {}
        for each in genotypes:
            for name, chromosomes in each.items():
                found.setdefault(name, []).append(chromosomes)
    return {name: _together(options) for name, options in found.items()}


def _genotype(text: str, locus: str) -> dict[str, list[str]]:
    """The chromosomes of each locus in one genotype; empty where a part is no name."""
    found: dict[str, list[str]] = {}
    before = ""
    for chromosome in text.split("+"):
        for allele in chromosome.split("~"):
            for one in _apart(allele, locus):
                # `A*02:01, 24:02` and `A*02:01, -`: the locus of the one before.
                own = locus_of(one) or locus or before
                before = own
                if not own or not all(_NAME.fullmatch(each) for each in one.split("/")):
                    return {}
                found.setdefault(own, []).append(one)
    if any(len(each) > 2 for each in found.values()):
        return {}
    return found


def _apart(text: str, locus: str) -> list[str]:
    """Names that stand beside each other with a comma or a space; `Bw4` beside a B is no allele."""
    stripped = text.strip()
    if not stripped:
        return []
    parts = [each for each in _BETWEEN.split(stripped) if each]
    return [each for each in parts if not _EPITOPE.fullmatch(each)]


def _together(options: Iterable[list[str]]) -> tuple[str, ...]:
    """The chromosomes of several possible genotypes as one, each with all it may be."""
    listed = list(options)
    if len(listed) == 1:
        return tuple(listed[0])
    wanted = [sorted(each) for each in listed]
    size = max(len(each) for each in wanted)
    columns: list[dict[str, None]] = [{} for _ in range(size)]
    for each in wanted:
        for i in range(size):
            # A genotype that states one allele leaves the other chromosome open: both may be it.
            columns[i].update(dict.fromkeys(each[min(i, len(each) - 1)].split("/")))
    return tuple("/".join(column) for column in columns)


def locus_of(text: str) -> str:
    """The locus that a name says; empty where it says none."""
    found = _LOCUS.match(text)
    if found:
        return found[1].replace("Cw", "C")
    antigen = _ANTIGEN.match(text)
    if antigen:
        series = antigen[1].removesuffix("w")
        return _DR_LOCI.get(antigen[2], "DRB1") if series == "DR" else _SERIES[series]
    return ""

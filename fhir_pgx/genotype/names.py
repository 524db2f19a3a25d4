"""Allele and diplotype names as people write them, read as the knowledge file spells them.

Laboratories write `CYP2C19 *1/*17`, `CYP2D6*4.024 / CYP2D6*1`, `*36+*10/*1x2`, `-1639 G/A`,
`c.1905+1G>A/Reference`. Nothing is guessed: a text that does not fit is refused, and a name that
the file does not define is kept as written, so that the phenotype stage can say so.
"""

import re
from dataclasses import dataclass

from fhir_pgx.genotype.order import places
from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.genotype import Diplotype
from fhir_pgx.model.knowledge import AlleleRule, GeneRules

_SIGNS = str.maketrans({"∗": "*", "＊": "*", "⁎": "*", "–": "-", "−": "-", "‐": "-", "‑": "-"})
_SUBALLELE = re.compile(r"(\*\d+)\.\d{3}")
_LETTER = re.compile(r"(\*\d+)[A-Z]{1,2}")
_COPIES = re.compile(r"(\*\d+)\s*[x×]\s*(\d+|N)", re.IGNORECASE)
_STAR_LIKE = re.compile(r"\*\d+[A-Z]?(?:x(?:\d+|N))?(?: \+ \*\d+(?:x\d+)?)*")
_HGVS_LIKE = re.compile(r"[cgm]\.[-*\d+_]+(?:[ACGT]+>[ACGT]+|del[ACGT]*|ins[ACGT]+|dup[ACGT]*)")
_POSITION = re.compile(
    r"^(?:rs\d+[\s:,]+|c\.-?\d+(?:[ACGT]>[ACGT])?[\s:,]+|-\d+(?:[ACGT]>[ACGT][\s:,]+|[\s:,]*))"
)
_ONLY_COPY = re.compile(r"(?i)\s*(?:/\s*(?:Y|0|-)|[(,;]?\s*hemizyg\w*\)?)\s*$")
_DUPLICATED = re.compile(
    r"\(?(\*\d+)\s*/\s*(\*\d+)(?:(\))\s*|[\s,;]+)[x×]\s*(\d+|N)", re.IGNORECASE
)
_REMARK = re.compile(r"\s*\([^()]*\)\s*$")
_BASES = re.compile(r"([ACGT])\s*[/|;>]?\s*([ACGT])")


@dataclass(frozen=True, slots=True)
class AlleleName:
    """A standard name, and the note that a departure from what was written deserves."""

    name: str
    caveat: Caveat | None = None


def tidy(gene: str, text: str) -> str:
    """The text without the gene's name, odd signs and doubled white space."""
    plain = re.sub(r"\s+", " ", text.translate(_SIGNS)).strip()
    return re.sub(rf"\b{re.escape(gene)}[\s:_-]*(?=[*\[\sA-Za-z(-]|$)", "", plain).strip()


def standard_allele(text: str, rules: GeneRules) -> AlleleName | None:
    """The allele a text means; None where it does not look like an allele of this gene."""
    name = text.strip().strip("[]").strip()
    if re.fullmatch(r"\*\d+[a-z]{1,2}", name):
        name = name.upper()
    if name in rules.alleles:
        return AlleleName(name)
    if name in rules.aliases:
        return AlleleName(rules.aliases[name], _read_as(rules.gene, name, rules.aliases[name]))
    if " + " in name and "*" not in name:
        return _weightiest(name, rules)
    spaced = re.sub(r"\s*\+\s*", " + ", name)
    spaced = _COPIES.sub(lambda found: f"{found[1]}x{found[2].upper()}", spaced)
    if spaced in rules.alleles:
        return AlleleName(spaced)
    capped = re.sub(r"(\*\d+)x(\d+)", lambda found: _cap_copies(found, rules), spaced)
    if capped in rules.alleles:
        return AlleleName(capped)
    core = _SUBALLELE.sub(r"\1", capped)
    if core != capped and (core in rules.alleles or _STAR_LIKE.fullmatch(core)):
        return AlleleName(core, _read_as(rules.gene, name, core))
    core = _LETTER.sub(r"\1", capped)
    if core != capped and core in rules.alleles:
        return AlleleName(core, _read_as(rules.gene, name, core))
    return _by_shape(capped, rules)


def _by_shape(name: str, rules: GeneRules) -> AlleleName | None:
    """A name the file does not define is kept where it has the shape of this gene's names."""
    stars = any(known.startswith("*") for known in rules.alleles)
    if stars and _STAR_LIKE.fullmatch(name):
        return AlleleName(name)
    if name.startswith("*") and name[1:] in rules.aliases:
        return AlleleName(
            rules.aliases[name[1:]], _read_as(rules.gene, name, rules.aliases[name[1:]])
        )
    if name.lower() in ("reference", "wt", "wild type", "wildtype"):
        for standard in ("Reference", "*1"):
            if standard in rules.alleles:
                return AlleleName(standard, _read_as(rules.gene, name, standard))
    for prefix in ("c.", "m.", "p."):
        if f"{prefix}{name}" in rules.alleles:
            return AlleleName(f"{prefix}{name}")
        if name.startswith(prefix) and name[2:] in rules.alleles:
            return AlleleName(name[2:])
    hgvs = any(known.startswith(("c.", "m.")) for known in rules.alleles)
    if hgvs and _HGVS_LIKE.fullmatch(name):
        return AlleleName(name)
    return None


def _weightiest(name: str, rules: GeneRules) -> AlleleName | None:
    """`[c.85T>C + c.1905+1G>A]`, several variants on one strand: the one of lowest function counts
    (pgx reference, 4.2, for DPYD and RYR1). None where a part is not known."""
    parts = [standard_allele(part, rules) for part in name.split(" + ")]
    known = [part.name for part in parts if part and part.name in rules.alleles]
    if len(known) != len(parts):
        return None
    lowest = min(known, key=lambda allele: _function_rank(rules.alleles[allele]))
    return AlleleName(lowest, _read_as(rules.gene, name, lowest))


def _function_rank(rule: AlleleRule) -> tuple[float, bool]:
    """Lower is less function; a malignant hyperthermia allele comes before every other."""
    activity = float(rule.activity) if rule.activity and rule.activity[0].isdigit() else 9.0
    return activity, rule.function != "Malignant Hyperthermia associated"


def _cap_copies(found: re.Match[str], rules: GeneRules) -> str:
    # CPIC scores three and more copies of an allele as one entry, `x≥3` (pgx reference, 4.4).
    many = f"{found[1]}x≥3"
    return many if int(found[2]) >= 3 and many in rules.alleles else found[0]


def _read_as(gene: str, stated: str, standard: str) -> Caveat:
    return Caveat("PGX-602", f"{gene} {stated} was read as {standard}.")


def is_single_copy(text: str, rules: GeneRules) -> bool:
    """Whether a text says that its one allele is the only copy: `A- (hemizygous)`, `A-/Y`."""
    return 1 in rules.copies and bool(_ONLY_COPY.search(text))


def parse_diplotypes(
    text: str, rules: GeneRules
) -> tuple[tuple[Diplotype, ...], tuple[Caveat, ...]] | None:
    """The diplotypes a text allows, best first, and what must be said of the reading.

    `*1/*2` gives one, `*1/*2 or *4/*17` two. One allele alone is a diplotype only in a gene that
    a person may carry once. None where the text is not a diplotype of this gene.
    """
    whole = [_named_whole(option, rules) for option in re.split(r"\s+or\s+", text)]
    if all(whole):
        return _whole([found for found in whole if found])
    plain = tidy(rules.gene, text)
    if is_single_copy(plain, rules):
        alone = standard_allele(_ONLY_COPY.sub("", plain), rules)
        return None if alone is None else _whole([_diplotype([alone], plain, rules)])
    if duplicated := _DUPLICATED.fullmatch(plain):
        return _which_is_duplicated(duplicated, rules)
    options = [part for part in re.split(r"\s+or\s+|\s*;\s*(?=\*)", plain) if part]
    read = [_one_diplotype(option, rules) for option in options]
    if not read or any(found is None for found in read):
        return None
    return _whole([found for found in read if found])


def _named_whole(text: str, rules: GeneRules) -> tuple[Diplotype, tuple[Caveat, ...]] | None:
    """Two names exactly as the file has them: a name may hold the gene's own name (CFTR)."""
    for left, right in _splits(text.strip()):
        pair = [name.strip() for name in (left, right)]
        if all(name in rules.alleles or name in rules.aliases for name in pair):
            alleles = [standard_allele(name, rules) for name in pair]
            if alleles[0] and alleles[1]:
                return _diplotype([alleles[0], alleles[1]], text.strip(), rules)
    return None


def _whole(
    read: list[tuple[Diplotype, tuple[Caveat, ...]]],
) -> tuple[tuple[Diplotype, ...], tuple[Caveat, ...]]:
    diplotypes = dict.fromkeys(found[0] for found in read)
    caveats = dict.fromkeys(caveat for found in read for caveat in found[1])
    return tuple(diplotypes), tuple(caveats)


def _which_is_duplicated(
    found: re.Match[str], rules: GeneRules
) -> tuple[tuple[Diplotype, ...], tuple[Caveat, ...]] | None:
    """`(*1/*4)x2`, `*1/*4 x3`: copies are known, not whose; each allele may be the one.

    In brackets the number counts copies of the duplicated allele, without them all copies.
    """
    left, right, bracket, number = found.groups()
    many = number.upper() if bracket or number.upper() == "N" else str(int(number) - 1)
    if many in ("0", "1"):
        return None
    pairs = [(f"{left}x{many}", right), (left, f"{right}x{many}")]
    read = []
    for pair in pairs:
        alleles = [standard_allele(name, rules) for name in pair]
        if not alleles[0] or not alleles[1]:
            return None
        read.append(_diplotype([alleles[0], alleles[1]], found[0], rules))
    return _whole(read)


def _one_diplotype(text: str, rules: GeneRules) -> tuple[Diplotype, tuple[Caveat, ...]] | None:
    for candidate in dict.fromkeys((text, _REMARK.sub("", text))):
        for left, right in _splits(candidate):
            pair = [standard_allele(left, rules), standard_allele(right, rules)]
            if pair[0] and pair[1]:
                return _diplotype([pair[0], pair[1]], candidate, rules)
        bases = _nucleotides(candidate, rules)
        if bases:
            return bases
        alone = standard_allele(candidate, rules)
        if alone and 1 in rules.copies:
            return _diplotype([alone], candidate, rules)
    return None


def _splits(text: str) -> list[tuple[str, str]]:
    """Each way to cut a text in two at a `/` (or `|`); names may hold the sign themselves."""
    return [
        (text[:i], text[i + 1 :]) for i, sign in enumerate(text[:400]) if sign in "/|" and text[:i]
    ]


def _diplotype(
    alleles: list[AlleleName], stated: str, rules: GeneRules
) -> tuple[Diplotype, tuple[Caveat, ...]]:
    order = places(rules)
    alleles = sorted(alleles, key=lambda found: order.get(found.name, len(order)))
    if rules.copies == (1,) and len(alleles) == 2 and alleles[0].name == alleles[1].name:
        alleles = alleles[:1]  # a haploid gene written as a pair of the same allele
    notes = tuple(found.caveat for found in alleles if found.caveat)
    return Diplotype(tuple(found.name for found in alleles), stated), notes


def _nucleotides(text: str, rules: GeneRules) -> tuple[Diplotype, tuple[Caveat, ...]] | None:
    """`C/T` of a gene known by one position; both bases must be of the same strand."""
    if not rules.nucleotides:
        return None
    found = _BASES.fullmatch(_POSITION.sub("", text))
    if not found:
        return None
    bases = list(rules.nucleotides)
    strands = [set(bases[i : i + 2]) for i in range(0, len(bases), 2)]
    if not any(set(found.groups()) <= strand for strand in strands):
        return None
    alleles = [AlleleName(rules.nucleotides[base]) for base in found.groups()]
    return _diplotype(alleles, text, rules)

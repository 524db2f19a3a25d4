"""HLA typings: GL Strings, G and P groups, allele codes, two fields.

A risk allele is present when any assigned allele equals it in the first two fields. It is absent
only when both chromosomes are typed so far that neither can be it. Everything else is unknown,
which is not negative. Source: GL String (Milius 2013), CPIC HLA guidelines.
"""

import re
from dataclasses import dataclass
from itertools import islice, product

from fhir_pgx.model.finding import Presence
from fhir_pgx.model.genotype import Diplotype

_ALLELE = re.compile(
    r"(?:HLA-)?(?P<locus>D[PQR][AB]\d?|[A-Z])?[*:]?(?P<first>\d{1,3})"
    r"(?::(?P<second>\d{2,4}|[A-Z]{2,5}|XX))?(?::\d{2,4}){0,2}(?P<suffix>[A-Z])?$"
)
_OLD_NAME = re.compile(r"(?P<locus>D[PQR][AB]\d?|[A-Z])?[*:]?(?P<first>\d{2})(?P<second>\d{2})")
MAX_OPTIONS = 64  # ambiguous typings can list thousands; more than this says nothing useful


@dataclass(frozen=True, slots=True)
class HlaAllele:
    """One allele: first field, second where resolved; `null` when it is not expressed."""

    first: str
    second: str = ""
    null: bool = False

    @property
    def name(self) -> str:
        return f"*{self.first}:{self.second or 'XX'}{'N' if self.null else ''}"

    def may_be(self, target: str) -> bool:
        """Whether this allele is `target` (`*57:01`), or is typed too coarsely to say no."""
        first, _, second = target.removeprefix("*").partition(":")
        return self.first == first and (not self.second or self.second == second)

    def is_exactly(self, target: str) -> bool:
        return self.name == target


Genotype = tuple[tuple[HlaAllele, ...], ...]  # per chromosome, the alleles it may be


def parse_allele(text: str, locus: str) -> HlaAllele | None:
    """An allele of `locus` (`B`); None where the text is not one, or is of another locus."""
    name = text.strip().removeprefix("HLA-")
    # Before 2010 the fields had no colon: HLA-B*5701.
    found = _OLD_NAME.fullmatch(name) or _ALLELE.match(name)
    if not found or (found["locus"] and found["locus"] != locus):
        return None
    second = found["second"] or ""
    null = found.groupdict().get("suffix") == "N"
    return HlaAllele(found["first"].zfill(2), second if second.isdigit() else "", null)


def parse_typing(text: str, gene: str) -> tuple[Genotype, ...] | None:
    """The genotypes a typing of `gene` (`HLA-B`) allows; None where it cannot be read.

    GL String operators: `|` separates genotypes, `+` chromosomes, `~` haplotype members, `/`
    ambiguous alleles. Outside a GL String, `A/B` without `+` is taken as the two chromosomes:
    reports use it so more often than for ambiguity.
    """
    locus = gene.removeprefix("HLA-")
    gl_string = text.startswith("hla#")
    body = text.rsplit("#", 1)[-1] if gl_string else text
    body = re.sub(rf"\b{re.escape(gene)}\s+(?=HLA|\*|\d)", "", body).replace(" ", "")
    if not gl_string and "+" not in body and body.count("/") == 1:
        body = body.replace("/", "+")
    genotypes = []
    for option in body.split("|")[:MAX_OPTIONS]:
        chromosomes = []
        for chromosome in option.split("+"):
            alleles = [parse_allele(part, locus) for part in chromosome.split("/")[:MAX_OPTIONS]]
            if not alleles or any(allele is None for allele in alleles):
                return None
            chromosomes.append(tuple(allele for allele in alleles if allele))
        if len(chromosomes) > 2:
            return None
        genotypes.append(tuple(chromosomes))
    return tuple(genotypes)


def status_of(target: str, genotypes: tuple[Genotype, ...]) -> str | None:
    """`positive`, `negative`, or None where the typing cannot say (see the module)."""
    answers = {_status(target, genotype) for genotype in genotypes}
    return answers.pop() if len(answers) == 1 else None


def _status(target: str, genotype: Genotype) -> str | None:
    if any(all(allele.is_exactly(target) for allele in options) for options in genotype):
        return "positive"
    if any(allele.may_be(target) for options in genotype for allele in options):
        return None
    return "negative" if len(genotype) == 2 else None


def diplotypes(genotype: Genotype) -> list[Diplotype]:
    """Every diplotype of two-field names the genotype allows, up to MAX_OPTIONS."""
    named = [list(dict.fromkeys(allele.name for allele in options)) for options in genotype]
    return [Diplotype(pair) for pair in islice(product(*named), MAX_OPTIONS)]


@dataclass(frozen=True, slots=True)
class Typing:
    """One result's typing: the genotypes it allows, and when it was made."""

    genotypes: tuple[Genotype, ...]
    when: str = ""


def join_singles(typings: list[Typing]) -> list[Typing]:
    """Typings of both chromosomes; two single alleles of one time are joined to one.

    The same allele twice may be one allele seen by two tests: it leaves the other open.
    """
    whole = [typing for typing in typings if any(len(g) == 2 for g in typing.genotypes)]
    singles = [typing for typing in typings if typing not in whole]
    if whole or not singles:
        return [*whole, *singles]
    newest = [typing for typing in singles if typing.when == singles[0].when]
    if len(newest) != 2 or any(len(typing.genotypes) != 1 for typing in newest):
        return singles
    (first,), (second,) = (typing.genotypes for typing in newest)
    if any(a == b or a.may_be(b.name) or b.may_be(a.name) for a in first[0] for b in second[0]):
        return singles
    return [Typing(((*first, *second),), newest[0].when)]


def may_hold(target: str, typings: list[Typing]) -> bool:
    """Whether a typing leaves it open that an assigned allele is the target."""
    return any(
        allele.may_be(target) and not allele.null
        for typing in typings
        for genotype in typing.genotypes
        for options in genotype
        for allele in options
    )


def status_by_target(
    targets: tuple[str, ...], typings: list[Typing], presence: dict[str, Presence]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Each target's status where it is known, and the targets on which results disagree.

    Where they disagree the status is `positive`: the answer that cannot be ignored safely.
    """
    found: dict[str, str] = {}
    disputed = []
    words = {Presence.PRESENT: "positive", Presence.ABSENT: "negative"}
    for target in targets:
        answers = {status_of(target, typing.genotypes) for typing in typings}
        if target in presence:
            answers.add(words.get(presence[target]))
        answers.discard(None)
        if len(answers) == 2:
            disputed.append(target)
        if answers:
            found[target] = "positive" if "positive" in answers else "negative"
    return found, tuple(disputed)

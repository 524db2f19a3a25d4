"""The small language in which a row says what it asks for, read and written.

    EML4::ALK fusion AND ALK p.Gly1202Arg
    EGFR exon 19 deletion OR EGFR p.Leu858Arg
    BRCA1|BRCA2 loss-of-function
    KRAS wild-type exon 2|3|4 AND NOT BRAF p.Val600Glu
    marker PD-L1 >=50 TPS            marker HER2-ISH >=2 copies>=4 else positive
    hla HLA-A*02:01|HLA-A*02:06      ABL1 domain "P-loop"

AND binds tighter than OR, NOT tighter than both; brackets group. `A|B` are alternatives within an
atom. Words in quotes are a source's own name of what no rule can say. `else` names the verdicts
that answer where no number is known.
"""

import re
from decimal import Decimal, InvalidOperation
from typing import Literal, cast, get_args

from fhir_pgx.model.tumour import Atom, AtomKind, MarkerName, MarkerTest, Profile, Verdict

RESIDUE = r"(?:Ala|Arg|Asn|Asp|Cys|Gln|Glu|Gly|His|Ile|Leu|Lys|Met|Phe|Pro|Ser|Thr|Trp|Tyr|Val|Ter)"
PROTEIN = re.compile(
    rf"p\.{RESIDUE}[0-9]+(?:_{RESIDUE}[0-9]+)?"
    rf"(?:{RESIDUE}|=|fs|del|dup|(?:ins|delins){RESIDUE}+)"
)
CODON = re.compile(rf"p\.{RESIDUE}[0-9]+")
_GENE = re.compile(r"[A-Z][A-Za-z0-9@-]*")
_TOKEN = re.compile(r'"[^"]*"|del\([^()]*\)|[()]|[^\s()"]+')
_NUMBER = re.compile(r"(>=|<)([0-9.]+)\Z")

EXON_KINDS: dict[str, AtomKind] = {
    "mutation": "exon-mutation",
    "deletion": "exon-deletion",
    "insertion": "exon-insertion",
    "skipping": "exon-skipping",
    "frameshift": "exon-frameshift",
    "loss": "exon-loss",
}
EXON_WORDS = {kind: word for word, kind in EXON_KINDS.items()}
# Kinds written as one word after the gene.
PLAIN: tuple[AtomKind, ...] = (
    "kinase-domain", "activating", "inactivating", "loss-of-function", "rearrangement",
    "amplification", "copy-loss", "loss-of-heterozygosity", "internal-duplication", "expression",
    "overexpression", "underexpression", "methylation", "phosphorylation", "wild-type",
)  # fmt: skip
CODONS: tuple[AtomKind, ...] = ("codon", "codon-excluded")
QUOTED: tuple[AtomKind, ...] = ("domain", "splice-form", "genotype", "other")


class BadProfile(ValueError):
    """A profile that does not follow the language; says where."""


def parse_profile(text: str) -> Profile:
    """The profile that a text says. Raises BadProfile."""
    tokens = _TOKEN.findall(text)
    if not tokens:
        raise BadProfile("an empty profile")
    found, rest = _any_of(tokens)
    if rest:
        raise BadProfile(f"unexpected {rest[0]!r} in {text!r}")
    return found


def parse_atom(text: str) -> Atom:
    """The one atom that a text says. Raises BadProfile where it says more."""
    found = parse_profile(text)
    if found.atom is None:
        raise BadProfile(f"{text!r} is more than one thing")
    return found.atom


def _any_of(tokens: list[str]) -> tuple[Profile, list[str]]:
    return _joined(tokens, "or", "OR")


def _joined(tokens: list[str], op: Literal["or", "and"], word: str) -> tuple[Profile, list[str]]:
    first, rest = _joined(tokens, "and", "AND") if op == "or" else _one(tokens)
    parts = [first]
    while rest and rest[0] == word:
        part, rest = _joined(rest[1:], "and", "AND") if op == "or" else _one(rest[1:])
        parts.append(part)
    return (parts[0] if len(parts) == 1 else Profile(op, of=tuple(parts))), rest


def _one(tokens: list[str]) -> tuple[Profile, list[str]]:
    if not tokens:
        raise BadProfile("the profile ends where something should follow")
    if tokens[0] == "NOT":
        inner, rest = _one(tokens[1:])
        return Profile("not", of=(inner,)), rest
    if tokens[0] == "(":
        inner, rest = _any_of(tokens[1:])
        if not rest or rest[0] != ")":
            raise BadProfile("a bracket is not closed")
        return inner, rest[1:]
    end = next((n for n, t in enumerate(tokens) if t in ("AND", "OR", ")", "(")), len(tokens))
    return Profile("is", read_atom(tokens[:end])), tokens[end:]


def read_atom(tokens: list[str]) -> Atom:
    """The atom of a list of words. Raises BadProfile."""
    if not tokens:
        raise BadProfile("an operator without what it joins")
    name = tokens[-1].strip('"') if tokens[-1].startswith('"') else " ".join(tokens)
    if tokens[0] == "marker":
        return Atom("marker", name, marker=_marker(tokens[1:]))
    if tokens[0] == "hla":
        return Atom("hla", name, alleles=tuple(tokens[1].split("|")))
    if tokens[0] in QUOTED and len(tokens) == 2:
        return Atom(tokens[0], name)
    if len(tokens) < 2:
        raise BadProfile(f"{tokens[0]!r} says no alteration")
    if "::" in tokens[0]:
        return _fusion(tokens, name)
    genes = tuple(tokens[0].split("|"))
    for gene in genes:
        if not _GENE.fullmatch(gene):
            raise BadProfile(f"{gene!r} is no gene symbol")
    return _of_genes(genes, tokens[1:], name)


def _fusion(tokens: list[str], name: str) -> Atom:
    partners = tuple(tokens[0].split("::"))
    if tokens[1:] == ["fusion"] and len(partners) == 2:
        return Atom("fusion", name, partners)
    if tokens[1] == "breakpoint" and len(tokens) == 3 and len(partners) == 2:
        return Atom("fusion-breakpoint", name, partners, breakpoint=tokens[2])
    raise BadProfile(f"{' '.join(tokens)!r} is no fusion")


def _of_genes(genes: tuple[str, ...], words: list[str], name: str) -> Atom:
    what, more = words[0], words[1:]
    if what.startswith("p.") and not more:
        return Atom("protein", name, genes, protein=_proteins(what))
    if what in CODONS and len(more) == 1:
        return Atom(what, name, genes, protein=_proteins(more[0], of=CODON))
    if what.startswith("c.") and not more:
        return Atom("coding", name, genes, coding=what)
    if what == "rsid" and len(more) == 1 and re.fullmatch("rs[0-9]+", more[0]):
        return Atom("rsid", name, genes, rsid=more[0])
    if what == "exon" and len(more) == 2 and more[1] in EXON_KINDS:
        return Atom(EXON_KINDS[more[1]], name, genes, exons=tuple(more[0].split("|")))
    if what == "wild-type" and len(more) == 2 and more[0] == "exon":
        return Atom("wild-type", name, genes, exons=tuple(more[1].split("|")))
    if what == "mutation" and not more:
        return Atom("any-mutation", name, genes)
    if what == "codons" and len(more) == 1 and re.fullmatch("[0-9]+-[0-9]+", more[0]):
        first, last = more[0].split("-")
        return Atom("codons", name, genes, codons=(int(first), int(last)))
    if what in PLAIN and (not more or (len(more) == 1 and more[0].startswith('"'))):
        return Atom(what, name, genes)
    if what in QUOTED and len(more) == 1 and more[0].startswith('"'):
        return Atom(what, name, genes)
    raise BadProfile(f"{' '.join(words)!r} says no alteration of {'|'.join(genes)}")


def _proteins(text: str, *, of: re.Pattern[str] = PROTEIN) -> tuple[str, ...]:
    found = tuple(text.split("|"))
    for each in found:
        if not of.fullmatch(each):
            raise BadProfile(f"{each!r} is not in our one spelling of it")
    return found


def _marker(words: list[str]) -> MarkerTest:
    if not words or words[0] not in get_args(MarkerName):
        raise BadProfile(f"{' '.join(words)!r} is no marker")
    name = cast(MarkerName, words[0])
    limits: dict[str, Decimal] = {}
    verdicts: tuple[Verdict, ...] = ()
    scale, specimen = "", ""
    rest = words[1:]
    while rest:
        word, rest = rest[0], rest[1:]
        limit = _NUMBER.match(word.removeprefix("copies"))
        if limit:
            field = {">=": "at_least", "<": "below"}[limit[1]]
            limits["copies_" + field if word.startswith("copies") else field] = _decimal(limit[2])
        elif word == "in" and rest[:1] == ["plasma"]:
            specimen, rest = "plasma", rest[1:]
        elif word == "else" and rest:
            verdicts, rest = _verdicts(rest[0]), rest[1:]
        elif word in ("TPS", "CPS", "TC", "IC"):
            scale = word
        else:
            verdicts = _verdicts(word)
    if not limits and not verdicts:
        raise BadProfile(f"{' '.join(words)!r} asks nothing of the marker")
    return MarkerTest(name, verdicts, scale=scale, specimen="plasma" if specimen else "", **limits)


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise BadProfile(f"{text!r} is no number") from error


def _verdicts(text: str) -> tuple[Verdict, ...]:
    found = tuple(text.split("|"))
    for each in found:
        if each not in get_args(Verdict) or not each:
            raise BadProfile(f"{each!r} is no verdict")
    return cast(tuple[Verdict, ...], found)


def write_profile(profile: Profile) -> str:
    """The text that `parse_profile` reads as this profile."""
    if profile.op == "is":
        assert profile.atom is not None
        return write_atom(profile.atom)
    if profile.op == "not":
        inner = profile.of[0]
        return (
            f"NOT {write_profile(inner)}" if inner.op == "is" else f"NOT ({write_profile(inner)})"
        )
    parts = [
        f"({write_profile(part)})" if part.op in ("or", "and") else write_profile(part)
        for part in profile.of
    ]
    return f" {profile.op.upper()} ".join(parts)


def write_atom(atom: Atom) -> str:
    """The text that `parse_atom` reads as this atom."""
    if atom.kind == "marker":
        assert atom.marker is not None
        return f"marker {_write_marker(atom.marker)}"
    if atom.kind == "hla":
        return f"hla {'|'.join(atom.alleles)}"
    if atom.kind in ("fusion", "fusion-breakpoint"):
        what = f"breakpoint {atom.breakpoint}" if atom.breakpoint else "fusion"
        return f"{'::'.join(atom.genes)} {what}"
    genes = "|".join(atom.genes)
    return f"{genes} {_write_what(atom)}".strip()


def _write_what(atom: Atom) -> str:
    if atom.kind == "protein":
        return "|".join(atom.protein)
    if atom.kind in ("codon", "codon-excluded"):
        return f"{atom.kind} {'|'.join(atom.protein)}"
    if atom.kind == "coding":
        return atom.coding
    if atom.kind == "rsid":
        return f"rsid {atom.rsid}"
    if atom.kind in EXON_WORDS:
        return f"exon {'|'.join(atom.exons)} {EXON_WORDS[atom.kind]}"
    if atom.kind == "wild-type" and atom.exons:
        return f"wild-type exon {'|'.join(atom.exons)}"
    if atom.kind == "any-mutation":
        return "mutation"
    if atom.kind == "codons" and atom.codons:
        return f"codons {atom.codons[0]}-{atom.codons[1]}"
    if atom.kind in QUOTED:
        return f'{atom.kind} "{atom.name}"'
    return atom.kind


def _write_marker(test: MarkerTest) -> str:
    words: list[str] = [test.name]
    for sign, value in (
        (">=", test.at_least), ("<", test.below), ("copies>=", test.copies_at_least),
        ("copies<", test.copies_below),
    ):  # fmt: skip
        words += [f"{sign}{value}"] if value is not None else []
    has_number = len(words) > 1
    words += [test.scale] if test.scale else []
    if test.verdicts:
        words += [*(["else"] if has_number else []), "|".join(test.verdicts)]
    return " ".join([*words, *(["in plasma"] if test.specimen else [])])

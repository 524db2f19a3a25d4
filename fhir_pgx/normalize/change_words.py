"""The change of a gene in words: `EGFR exon 19 deletion`, `MET exon 14 skipping`, `FLT3-ITD`.

Each thing a text names comes back by itself; who has it, and whether it is there, is told
elsewhere. `EGFR exon 19 deletion` is an in-frame deletion in the exon: `exon-deletion` with
`inframe_deletion` among its consequences; of genes whose exons are lost as a whole it is that.
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from fhir_pgx.model.tumour import AlterationKind, ProteinChange
from fhir_pgx.normalize.fusion import Fusion, find_fusion
from fhir_pgx.normalize.gene_symbol import genes_in
from fhir_pgx.normalize.protein import parse_protein


class Named(NamedTuple):
    """One thing that words name. `is_denied`: the words say that it is not there
    (`not amplified`)."""

    kind: AlterationKind
    genes: tuple[str, ...] = ()
    protein: ProteinChange | None = None
    coding: str = ""
    rsid: str = ""
    exons: tuple[str, ...] = ()
    consequences: tuple[str, ...] = ()
    fusion: Fusion | None = None
    form: str = ""  # of a splice form: `EGFRvIII`
    is_denied: bool = False


_MAX_TEXT = 300
# Oncogenes in which a deletion or insertion named by its exon is small and keeps the frame.
IN_FRAME = frozenset(("EGFR", "ERBB2", "KIT", "PDGFRA", "BRAF", "MAP2K1", "FLT3", "PIK3CA"))
_EXON = re.compile(
    r"\bex(?:on)?s?\.?[\s-]?(?P<list>[0-9]{1,3}"
    r"(?:\s?(?:,\s?(?:and\s)?|-|–|to\s|through\s|and\s|&\s?|/)\s?(?:exons?\s)?[0-9]{1,3}){0,11})\b",
    re.IGNORECASE,
)
_EXON_RANGE = re.compile(r"^([0-9]{1,3})\s?(?:-|–|to|through)\s?([0-9]{1,3})$", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]{1,3}")
_MOST_EXONS = 30
# Codons of KRAS and NRAS exons 2 to 4 that RAS testing for anti-EGFR antibodies is of.
_EXTENDED_RAS = frozenset(("12", "13", "59", "61", "117", "146"))
# A part of a gene that a negative then speaks of alone.
_PART_OF_GENE = re.compile(r"\b(?:codons?|hot[\s-]?spots?|targeted)\b", re.IGNORECASE)
# `ex19del`, `Ex20ins`: the word stands without a space.
_EXON_SHORT = re.compile(r"\bex(?:on)?\s?(?P<first>[0-9]{1,2})\s?(?P<what>del|ins|skip)\w*", re.I)
_SKIPS = re.compile(r"\bskip\w*", re.IGNORECASE)
_DELETES = re.compile(r"\b(?:del|dels|delet\w*)\b", re.IGNORECASE)
_INSERTS = re.compile(r"\b(?:ins|insert\w*|dup|duplicat\w*)\b", re.IGNORECASE)
_FRAMESHIFT = re.compile(r"\bframe[\s-]?shift\w*", re.IGNORECASE)
_IN_FRAME = re.compile(r"\bin[\s-]?frame\b", re.IGNORECASE)
_AMPLIFIED = re.compile(r"\b(?:amplif\w*|high[\s-]level gain)", re.IGNORECASE)
_GAIN = re.compile(
    r"\b(?:gain(?!s? of function|-of-function)|polysomy|extra copies)\b", re.IGNORECASE
)
_LOSS = re.compile(
    r"\b(?:(?:homozygous|hemizygous|heterozygous|deep|biallelic|whole[\s-]gene|gene|copy[\s-]number)\s)?"
    r"(?:loss(?! of (?:function|heterozygosity|expression)|-of-function)|delet(?:ion|ed))\b",
    re.IGNORECASE,
)
_LOH = re.compile(r"\bloss of heterozygosity\b|\bLOH\b", re.IGNORECASE)
_LOF = re.compile(
    r"\bloss[\s-]of[\s-]function\b|\b(?:in)?activat(?:ion|ing)\b|\btruncat\w*", re.IGNORECASE
)
_ITD = re.compile(r"(?<![A-Za-z])ITD\b|\binternal tandem dup\w*", re.IGNORECASE)
_FORMS = (
    (re.compile(r"\bEGFR[\s-]?v(?:ariant )?III\b|\bvIII\b", re.IGNORECASE), "EGFR", "EGFRvIII"),
    (re.compile(r"\bAR[\s-]?V7\b", re.IGNORECASE), "AR", "AR-V7"),
)
_OVER = re.compile(r"\bover[\s-]?express\w*", re.IGNORECASE)
_UNDER = re.compile(r"\b(?:under[\s-]?express\w*|(?:loss|lack) of expression)\b", re.IGNORECASE)
_METHYLATED = re.compile(r"\b(?:hyper)?methylat\w*", re.IGNORECASE)
_WILD = re.compile(r"\bwild[\s-]?type\b|\bWT\b(?!1)|\bunmutated\b|\bnot mutated\b", re.IGNORECASE)
_MUTATION = re.compile(r"\b(?:mutat\w*|mutant|variants?|alterations?)\b", re.IGNORECASE)
_NOT = re.compile(
    r"\b(?:no|not|non|without|negative for|absence of)\b[\s-]*(?:evidence of |\w+ ){0,2}$", re.I
)
_CODING = re.compile(r"(?<![A-Za-z0-9])c\.[0-9*(_-][^\s,;()\[\]]{2,80}")
_RSID = re.compile(r"\brs[0-9]{3,12}\b")
_TOKEN = re.compile(r"[^\s,;()\[\]]+")
_BASES = re.compile(r"[ACGT][0-9]+[ACGT]")
# Old names of base changes that read like protein changes.
_OF_BASES = frozenset(
    (("F2", "G20210A"), ("F5", "G1691A"), ("MTHFR", "C677T"), ("MTHFR", "A1298C"),
     ("AGTR1", "A1166C"))
)  # fmt: skip
_EITHER = re.compile(
    r"(?<![A-Za-z0-9])(?P<codon>[A-Z][0-9]{1,4})(?P<first>[A-Z])(?:/|\sor\s)(?:(?P=codon))?[A-Z]\b"
)


def looks_at_part(text: str) -> bool:
    """Whether words name codons or hotspots, and not all that extended RAS testing looks at."""
    if len(text) > _MAX_TEXT or _PART_OF_GENE.search(text) is None:
        return False
    return not set(_NUMBER.findall(text)) >= _EXTENDED_RAS


def changes_in(text: str, genes: Mapping[str, str], stated: tuple[str, ...] = ()) -> list[Named]:
    """What a text names, in the order of how much it says. `stated` are the genes that the resource
    names: the text is of them where it names none itself."""
    if not text or len(text) > _MAX_TEXT:
        return []
    own = tuple(dict.fromkeys(symbol for symbol, _, _ in genes_in(text, genes)))
    about = own or stated
    fusion = find_fusion(text, genes)
    found: list[Named] = []
    if fusion is not None:
        kind: AlterationKind = "rearrangement" if fusion.is_rearrangement else "fusion"
        found.append(Named(kind, fusion.genes or about, fusion=fusion))
    small = list(_small(text, about))
    found += small
    bare = _without_small(text, small)
    found += _structural(bare, about, has_small=bool(small), is_fusion=fusion is not None)
    return found


def _small(text: str, genes: tuple[str, ...]) -> Iterator[Named]:
    """Protein and coding changes, and rs numbers."""
    either = _EITHER.search(text)
    if either:  # `V600E/K`: one of them, it is not told which
        yield Named("variant", genes, parse_protein(either["codon"]))
        return
    coding = _CODING.search(text)
    proteins = list(dict.fromkeys(_proteins(text, genes)))
    for change in proteins:
        name = coding[0] if coding and len(proteins) == 1 else ""
        yield Named("variant", genes, change, name)
    if coding and not proteins:
        yield Named("variant", genes, None, coding[0])
    if not (coding or proteins):
        for rsid in _RSID.findall(text):
            yield Named("variant", genes, rsid=rsid)


def _proteins(text: str, genes: tuple[str, ...]) -> Iterator[ProteinChange]:
    """Tokens that spell a protein change. A lone codon counts where `p.` or a word says so."""
    for token in _TOKEN.findall(text.replace("p. ", "p.")):
        word = token.strip(".:'\"")
        is_marked = "p." in word
        bare = word.rpartition(":")[2].removeprefix("p.")
        if not any(sign.isdigit() for sign in bare):
            continue
        if not is_marked and any((gene, bare) in _OF_BASES for gene in genes):
            continue
        if not is_marked and _BASES.fullmatch(bare) and len(bare) > 6:
            continue  # `G20210A` is a base of a gene, not a residue
        change = parse_protein(word)
        if change is None or (change.kind == "codon" and not is_marked and len(bare) < 4):
            continue
        if change.kind == "codon" and not is_marked and bare.upper() in _NO_CODONS:
            continue
        yield change


# Words that look like a residue: cytobands are lower case, clones and exons are not.
_NO_CODONS = frozenset(("SP142", "SP263", "D5F3", "H3", "V7", "P53", "P16", "K27", "M0", "M1"))


def _without_small(text: str, small: list[Named]) -> str:
    """The text without its HGVS names, in which `del` and `dup` say nothing more."""
    if not small:
        return text
    return " ".join(
        token
        for token in text.split()
        if not any(sign.isdigit() for sign in token) or "ex" in token.lower()
    )


def _structural(
    text: str, genes: tuple[str, ...], *, has_small: bool, is_fusion: bool
) -> Iterator[Named]:
    for pattern, gene, form in _FORMS:
        if pattern.search(text):
            yield Named("splice-form", (gene,), form=form)
            return
    if _ITD.search(text):
        yield Named("internal-duplication", genes)
        return
    exon = None if is_fusion else _exon(text, genes, has_small=has_small)
    if exon is not None:
        yield exon
        return
    for kind, pattern in _KINDS:
        match = pattern.search(text)
        if match and not (has_small and kind in ("loss", "gain")):
            denied = _NOT.search(text[: match.start()]) is not None
            yield Named(kind, genes, is_denied=denied)
            return
    if is_fusion or has_small:
        return
    if _WILD.search(text):
        yield Named("wild-type", genes)
    elif _LOF.search(text):
        said = (
            "loss_of_function_variant"
            if "activating" not in text.lower().replace("inactivating", "")
            else ""
        )
        yield Named("any", genes, consequences=(said,) if said else ("gain_of_function_variant",))
    elif _MUTATION.search(text):
        match = _MUTATION.search(text)
        denied = match is not None and _NOT.search(text[: match.start()]) is not None
        yield Named("any", genes, is_denied=denied)


_KINDS: tuple[tuple[AlterationKind, re.Pattern[str]], ...] = (
    ("loss-of-heterozygosity", _LOH),
    ("amplification", _AMPLIFIED),
    ("overexpression", _OVER),
    ("underexpression", _UNDER),
    ("methylation", _METHYLATED),
    ("gain", _GAIN),
    ("loss", _LOSS),
)


def _exon(text: str, genes: tuple[str, ...], *, has_small: bool) -> Named | None:
    """A change told by its exon; beside an exact name the exon adds nothing to the kind."""
    short = _EXON_SHORT.search(text)
    match = short or _EXON.search(text)
    if match is None or has_small:
        return None
    exons = (short["first"],) if short else tuple(dict.fromkeys(_NUMBER.findall(match["list"])))
    what = (short["what"].lower() if short else "") or ""
    is_met = genes == ("MET",) and exons == ("14",)
    if (
        what == "skip"
        or _SKIPS.search(text)
        or (is_met and (what == "del" or _DELETES.search(text)))
    ):
        return Named("exon-skipping", genes, exons=exons)
    small_exon = (bool(genes) and set(genes) <= IN_FRAME) or bool(_IN_FRAME.search(text))
    is_deletion = what == "del" or bool(_DELETES.search(text))
    is_insertion = what == "ins" or bool(_INSERTS.search(text))
    if _WILD.search(text):
        return Named("wild-type", genes, exons=_each_of(exons, match))
    if _FRAMESHIFT.search(text):
        return Named("variant", genes, exons=exons, consequences=("frameshift_variant",))
    if is_deletion and not is_insertion:
        said = ("inframe_deletion",) if small_exon else ()
        return Named("exon-deletion", genes, exons=exons, consequences=said)
    if is_insertion:
        said = ("inframe_insertion",) if small_exon else ()
        return Named("variant", genes, exons=exons, consequences=said)
    if _MUTATION.search(text):
        denied = re.search(r"\b(?:no|not)\b", text, re.IGNORECASE) is not None
        return Named("any", genes, exons=_each_of(exons, match), is_denied=denied)
    return Named("any", genes, exons=_each_of(exons, match))


def _each_of(exons: tuple[str, ...], match: re.Match[str]) -> tuple[str, ...]:
    """Of a range every exon (`2-4`): of a deletion its first and last are enough."""
    span = _EXON_RANGE.match(match.groupdict().get("list") or "")
    if span is None or not 0 < int(span[2]) - int(span[1]) < _MOST_EXONS:
        return exons
    return tuple(str(number) for number in range(int(span[1]), int(span[2]) + 1))

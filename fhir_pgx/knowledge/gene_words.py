"""The words by which a text speaks of a gene, put together from every table that names one.

For those who must not miss a gene (`security/mentions.py`). Symbols, HGNC ids, aliases, LOINC
codes, rs numbers, names of variants, places and transcripts come from the knowledge; full names and
conditions that give a gene away from `privacy/gene_words.csv`, classes from `gene_classes.csv`.
"""

import csv
import functools
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from fhir_pgx.knowledge.loader import load_knowledge
from fhir_pgx.model.definition import GeneDefinition, Site
from fhir_pgx.model.gene_words import (
    ANY_CLASS,
    PATHOGEN,
    PHARMACOGENE,
    TUMOUR,
    GeneClass,
    GeneWords,
    Phrase,
    Span,
)
from fhir_pgx.model.knowledge import Knowledge

_FOLDER = Path(__file__).parent / "privacy"
_WORD = re.compile(r"[a-z0-9]+")
_FAMILY = re.compile(r"cyp\d[a-z]")
_CYP = re.compile(r"CYP(\d[A-Z])(\d+)")
_ONE_LETTER = {
    "ala": "a", "arg": "r", "asn": "n", "asp": "d", "cys": "c", "gln": "q", "glu": "e", "gly": "g",
    "his": "h", "ile": "i", "leu": "l", "lys": "k", "met": "m", "phe": "f", "pro": "p", "ser": "s",
    "thr": "t", "trp": "w", "tyr": "y", "val": "v", "ter": "x",
}  # fmt: skip
_SUBSTITUTION = re.compile(r"p\.([A-Za-z]{3})(\d+)([A-Za-z]{3})")
# Names of genes that are words of a language, of FHIR, or short for something else.
_EVERYDAY = frozenset(
    (
        "abl", "ace", "ada", "apc", "app", "asl", "atr", "bcr", "cad", "dpd", "dsp", "eng", "fah",
        "fos", "fus", "gba", "gla", "hrd", "ids", "jun", "kdr", "kit", "lyn", "max", "mek", "met",
        "mmr", "msi", "myc", "myh", "neu", "nut", "pah", "pole", "proc", "rest", "ret", "set",
        "smo", "syk", "tert", "tmb", "tnf",
    )
)  # fmt: skip
# Letters alone, and yet part of no other word.
_TELLING = frozenset(("tpmt", "dpyd", "cftr", "bche", "brca"))
# Codes of implications for drugs, without their check digit, and words of phenotypes.
_GENERIC = frozenset(
    ("53040", "51961", "83009", "ultrarapid", "acetylator", "acetylators", "haplotype", "diplotype")
)
# A gene of which few positions are tabled reaches further beyond them than one of many.
_MARGIN, _WIDE_MARGIN, _BESIDE, _FEW = 20_000, 100_000, 10, 3

Words = defaultdict[tuple[str, ...], set[str]]


@functools.cache
def load_gene_words() -> GeneWords:
    """Of the installed knowledge, once a process."""
    return gene_words(load_knowledge())


def gene_words(knowledge: Knowledge) -> GeneWords:
    """The words of a knowledge. Raises OSError where a table of the package is missing."""
    names = _names(knowledge)
    by_hand = [(row["subject"], row["words"].split(";")) for row in _rows("gene_words.csv")]
    codes = _codes(knowledge)
    classes = _classes(knowledge)
    listed = {gene for each in classes.values() for gene in each.genes}
    listed |= {gene for genes in codes.values() for gene in genes} | set(names.values())
    listed |= {subject for subject, _ in by_hand}
    names |= {gene.upper(): gene for gene in listed if gene.upper() not in names}
    words: Words = defaultdict(set)
    for name, gene in names.items():
        if not name.startswith("HGNC:"):
            words[_words(name)].add(gene)
    for subject, told in by_hand:
        for each in told:
            words[_words(each)].add(subject)
            names.setdefault(each.strip().upper(), subject)
    for code, genes in codes.items():
        words[_words(code)] |= genes
    for gene, text in _variants(knowledge.definitions.values()):
        words[_words(text)].add(gene)
    for gene, accession in _transcripts():
        words[_words(accession)].add(gene)
    _add_cytochromes(words, names.values())
    words.pop((), None)
    return GeneWords(
        names=names,
        codes=codes,
        phrases=_by_rarest(words),
        shouted=frozenset(w[0] for w in words if len(w) == 1 and _is_everyday(w[0])),
        stems=_stems(words),
        numbers=_numbers(knowledge),
        spans=tuple(_spans(knowledge.definitions.values())),
        generic=_GENERIC | _answers(knowledge),
        accessions=frozenset(
            " ".join(_words(accession)) for accession in knowledge.vocabulary.accessions
        ),
        classes=classes,
    )


def _rows(name: str) -> list[dict[str, str]]:
    with (_FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(text.lower()))


def _names(knowledge: Knowledge) -> dict[str, str]:
    """HGNC ids, symbols and other names, of drug response and of every other domain."""
    vocabulary, therapies = knowledge.vocabulary, knowledge.therapies
    named = {n: g for n, g in vocabulary.genes.items() if not n.isdecimal()}
    named |= {n: g for n, g in vocabulary.tumour_genes.items() if not n.isdecimal()}
    named |= {each.gene.upper(): each.gene for each in therapies.inherited.risk_genes}
    named |= {each.hgnc: each.gene for each in therapies.inherited.risk_genes if each.hgnc}
    named |= {rules.hgnc: gene for gene, rules in knowledge.genes.items()}
    named |= {gene.upper(): gene for gene in knowledge.genes}
    for term in vocabulary.loinc.values():
        named |= {gene.upper(): gene for gene in term.gene.split(";") if gene}
    return named


def _codes(knowledge: Knowledge) -> dict[str, frozenset[str]]:
    """LOINC codes that tell their gene."""
    found = {
        code: frozenset(term.gene.split(";"))
        for code, term in knowledge.vocabulary.loinc.items()
        if term.gene
    }
    for code, marker in knowledge.vocabulary.markers.items():
        kind, _, rest = marker.partition(":")
        if kind in ("marker", "test"):
            genes = rest.partition(":")[0].split("+") if kind == "test" else []
            found[code] = found.get(code, frozenset()) | {TUMOUR, *genes}
    return found


def _answers(knowledge: Knowledge) -> frozenset[str]:
    """LOINC answers that are phenotypes of drug response, without their check digit."""
    return frozenset(
        _words(code)[0]
        for code, term in knowledge.vocabulary.answers.items()
        if any(word in term for word in ("Metabolizer", "Function", "Acetylator"))
    )


def _variants(definitions: Iterable[GeneDefinition]) -> Iterator[tuple[str, str]]:
    """The gene and each name of each of its positions; a place is a span, and not told here."""
    for definition in definitions:
        for site in (*definition.sites, *definition.extra):
            for name in (site.name, *site.names):
                if name.startswith("rs") or name[:2] in ("c.", "p."):
                    yield definition.gene, name
                found = _SUBSTITUTION.fullmatch(name)
                if found:
                    first, place, second = (part.lower() for part in found.groups())
                    short = _ONE_LETTER.get(first, "?"), _ONE_LETTER.get(second, "?")
                    yield definition.gene, f"{first}{place}{second}"
                    if "?" not in short:
                        yield definition.gene, f"{short[0]}{place}{short[1]}"


def _transcripts() -> Iterator[tuple[str, str]]:
    for row in _rows("gene_transcripts.csv"):
        for accession in row["accessions"].split():
            yield row["gene"], accession


def _add_cytochromes(words: Words, genes: Iterable[str]) -> None:
    """`2C19` alone, and `CYP2C` of which the number stands apart, speak of the gene too."""
    for gene in set(genes):
        found = _CYP.fullmatch(gene)
        if found:
            family, number = found.groups()
            words[(f"{family}{number}".lower(),)].add(gene)
            words[(f"cyp{family}".lower(),)].add(gene)
            words[(family.lower(), number)].add(gene)


def _by_rarest(words: Mapping[tuple[str, ...], set[str]]) -> dict[str, tuple[Phrase, ...]]:
    found: defaultdict[str, list[Phrase]] = defaultdict(list)
    for each, genes in sorted(words.items()):
        # A number of five digits or a long word is met less often than `c` or `of`.
        found[max(each, key=len)].append(Phrase(each, frozenset(genes)))
    return {word: tuple(phrases) for word, phrases in found.items()}


def _is_everyday(word: str) -> bool:
    return len(word) <= 2 or word in _EVERYDAY


def _stems(words: Mapping[tuple[str, ...], set[str]]) -> dict[str, frozenset[str]]:
    """Names that no other word has as a part: they count inside one, as in `CYP2C19genotype`."""
    return {
        each[0]: frozenset(genes)
        for each, genes in words.items()
        if len(each) == 1
        and len(each[0]) >= 4
        and each[0][:3].isalpha()
        and (any(sign.isdigit() for sign in each[0]) or each[0] in _TELLING)
        and not each[0].startswith(tuple(_ONE_LETTER))
        and not _FAMILY.fullmatch(each[0])
    }


def _numbers(knowledge: Knowledge) -> dict[str, dict[str, str]]:
    hgnc = {
        name.removeprefix("HGNC:"): gene
        for name, gene in _names(knowledge).items()
        if name.startswith("HGNC:")
    }
    clinvar = {
        name.removeprefix("clinvar:"): definition.gene
        for definition in knowledge.definitions.values()
        for site in (*definition.sites, *definition.extra)
        for name in site.names
        if name.startswith("clinvar:")
    }
    return {"hgnc": hgnc, "genenames": hgnc, "clinvar": clinvar}


def _spans(definitions: Iterable[GeneDefinition]) -> Iterator[Span]:
    for each in definitions:
        margin = _WIDE_MARGIN if len(each.sites) <= _FEW else _MARGIN
        if each.chromosome == "MT":
            margin = 0  # all of it is no longer than a margin
        yield from _span(each, each.sites, margin)
        for site in each.extra:  # far from the gene: rs12777823 lies beyond CYP2C19
            yield from _span(each, (site,), _BESIDE)


def _span(definition: GeneDefinition, sites: Sequence[Site], margin: int) -> Iterator[Span]:
    """Around these positions, on each build that places them."""
    for places in (
        [site.start for site in sites],
        [site.start37 for site in sites if site.start37 is not None],
    ):
        if places:
            low, high = max(0, min(places) - margin), max(places) + margin + 1
            yield Span(definition.gene, definition.chromosome, low, high)


def _classes(knowledge: Knowledge) -> dict[str, GeneClass]:
    risk = knowledge.therapies.inherited.risk_genes
    by_category: defaultdict[str, set[str]] = defaultdict(set)
    for each in risk:
        by_category[each.category].add(each.gene)
    inherited = {g for row in knowledge.therapies.inherited.rows for g in row.criterion.genes}
    of_drugs = {gene for levels in knowledge.levels.by_drug.values() for gene in levels}
    at_risk = {each.gene for each in risk}
    guided = set(knowledge.genes)
    hla = {row["subject"] for row in _rows("gene_words.csv") if row["subject"].startswith("HLA-")}
    hla |= {gene for gene in of_drugs | guided if gene.startswith("HLA-")}
    genes: dict[str, set[str]] = {
        ANY_CLASS: set(),
        PHARMACOGENE: guided | (of_drugs - at_risk) | hla,
        "hla": hla,
        "hereditary-cancer": by_category["cancer"],
        "cardiac": by_category["cardiovascular"],
        "hereditary-other": (by_category["metabolic"] | by_category["miscellaneous"])
        | (inherited - by_category["cancer"] - by_category["cardiovascular"] - guided),
        "tumour": {g for row in knowledge.therapies.tumour.rows for g in row.genes} - guided
        | {TUMOUR},
        "pathogen": {PATHOGEN},
    }
    return {
        row["code"]: GeneClass(
            row["code"], row["display"], row["definition"], frozenset(genes[row["code"]])
        )
        for row in _rows("gene_classes.csv")
    }

"""The words laboratories use for a phenotype, and the standard term each stands for.

Standard terms are CPIC's (Caudle 2017, PMID 27441996, and the guidelines' own tables). A word is
mapped only where its meaning for that gene is certain: `normal function` is a phenotype of
SLCO1B1 but not of TPMT, `high activity` is one of TPMT but not of SLCO1B1.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache

from fhir_pgx.model.knowledge import Vocabulary

MAX_HELD = 500  # a text that is only searched for a phenotype
MAX_TEXT = 300  # a phenotype is a phrase; longer text is a discussion

ULTRARAPID, RAPID, NORMAL = "Ultrarapid Metabolizer", "Rapid Metabolizer", "Normal Metabolizer"
INTERMEDIATE, POOR = "Intermediate Metabolizer", "Poor Metabolizer"

_METABOLIZER = {
    "ultrarapid metabolizer": ULTRARAPID,
    "ultra rapid metabolizer": ULTRARAPID,
    "rapid metabolizer": RAPID,
    "normal metabolizer": NORMAL,
    "extensive metabolizer": NORMAL,
    "normal extensive metabolizer": NORMAL,
    "extensive normal metabolizer": NORMAL,
    "intermediate metabolizer": INTERMEDIATE,
    "poor metabolizer": POOR,
    "likely intermediate metabolizer": "Likely Intermediate Metabolizer",
    "likely poor metabolizer": "Likely Poor Metabolizer",
    "possible intermediate metabolizer": "Possible Intermediate Metabolizer",
    "indeterminate metabolizer": "Indeterminate",
    "indeterminate": "Indeterminate",
}
_ABBREVIATIONS = {
    "um": ULTRARAPID, "urm": ULTRARAPID, "rm": RAPID, "nm": NORMAL, "em": NORMAL,
    "im": INTERMEDIATE, "pm": POOR,
}  # fmt: skip
_ACTIVITY = {
    "high activity": NORMAL,
    "normal activity": NORMAL,
    "intermediate activity": INTERMEDIATE,
    "low activity": POOR,
    "deficient activity": POOR,
    "absent activity": POOR,
    # The reference page's own words (section C), and their kin: one phenotype under two names.
    "low or deficient activity": POOR,
    "low deficient activity": POOR,
    "deficient or low activity": POOR,
    "low or absent activity": POOR,
    "low absent activity": POOR,
    "deficient or absent activity": POOR,
    "absent or deficient activity": POOR,
    "normal or high activity": NORMAL,
    "normal high activity": NORMAL,
}
_ACETYLATOR = {
    "rapid acetylator": RAPID,
    "fast acetylator": RAPID,
    "intermediate acetylator": INTERMEDIATE,
    "slow acetylator": POOR,
    "poor acetylator": POOR,
}
_FUNCTION = {
    "increased function": "Increased Function",
    "normal function": "Normal Function",
    "decreased function": "Decreased Function",
    "intermediate function": "Decreased Function",
    "possible decreased function": "Possible Decreased Function",
    "low function": "Poor Function",
    "poor function": "Poor Function",
    "indeterminate": "Indeterminate",
}
_SUSCEPTIBILITY = {
    "malignant hyperthermia susceptibility": "Malignant Hyperthermia Susceptibility",
    "malignant hyperthermia susceptible": "Malignant Hyperthermia Susceptibility",
    "uncertain susceptibility": "Uncertain Susceptibility",
}
_HEARING = {
    f"{level} risk{of}": f"{level} risk of aminoglycoside-induced hearing loss"
    for level in ("increased", "normal", "uncertain")
    for of in ("", " of aminoglycoside induced hearing loss")
}
_G6PD = {
    "normal": "Normal",
    "normal activity": "Normal",
    "deficient": "Deficient",
    "deficiency": "Deficient",
    "deficient activity": "Deficient",
    "deficient with cnsha": "Deficient with CNSHA",
    "variable": "Variable",
    "indeterminate": "Indeterminate",
}
_RESPONSE = {
    f"{word} response genotype": f"{standard} response genotype"
    for word, standard in {
        "favorable": "Favorable", "favourable": "Favorable",
        "unfavorable": "Unfavorable", "unfavourable": "Unfavorable",
    }.items()
}  # fmt: skip
_CFTR = {
    f"ivacaftor {word}{where}": f"ivacaftor {standard} in CF patients"
    for word, standard in {"responsive": "responsive", "non responsive": "non-responsive"}.items()
    for where in ("", " in cf patients")
}
_VKORC1 = {
    f"1639 {pair}": f"-1639 {standard}"
    for pair, standard in {"aa": "AA", "ag": "AG", "ga": "AG", "gg": "GG"}.items()
}

_BY_GENE = {
    "TPMT": _METABOLIZER | _ABBREVIATIONS | _ACTIVITY,
    "NUDT15": _METABOLIZER | _ABBREVIATIONS | _ACTIVITY,
    "DPYD": _METABOLIZER | _ABBREVIATIONS | _ACTIVITY,
    "NAT2": _METABOLIZER | _ABBREVIATIONS | _ACETYLATOR,
    "BCHE": _METABOLIZER | _ABBREVIATIONS,
    "COMT": _METABOLIZER | _ABBREVIATIONS | _ACTIVITY,
    "RYR1": _SUSCEPTIBILITY,
    "CACNA1S": _SUSCEPTIBILITY,
    "MT-RNR1": _HEARING,
    "G6PD": _G6PD,
    "IFNL3": _RESPONSE,
    "IFNL4": _RESPONSE,
    "CFTR": _CFTR,
    "VKORC1": _VKORC1,
}
_BY_PREFIX = (
    ("CYP", _METABOLIZER | _ABBREVIATIONS),
    ("UGT", _METABOLIZER | _ABBREVIATIONS),
    ("SLCO", _FUNCTION),
    ("ABC", _FUNCTION),
)
# A gene we know no phenotype words of: only those that cannot mean anything else.
_ANY_GENE = _METABOLIZER | _FUNCTION
_NONE: dict[str, str] = {}

# Words that change a phenotype's meaning: met outside the phrase, the phrase cannot be trusted.
_TURNING = frozenset(
    ("not", "no", "non", "nor", "or", "to", "versus", "vs", "without", "normal", "extensive",
     "intermediate", "poor", "rapid", "ultrarapid", "slow", "increased", "decreased", "reduced",
     "low", "high", "likely", "possible", "possibly", "probable", "probably", "if", "suspected",
     "family", "unknown", "uncertain", "unless")
)  # fmt: skip
_IDLE = frozenset(
    ("phenotype", "phenotypes", "status", "predicted", "gene", "enzyme", "result", "the", "a",
     "an", "is")
)  # fmt: skip
# After a phrase these make it the name or the function of an allele: not yet a person's phenotype.
_OF_ALLELE = frozenset(("allele", "alleles", "sequence", "haplotype", "haplotypes", "variant",
                        "variants"))  # fmt: skip
_LONE = frozenset(
    ("ultrarapid", "rapid", "normal", "extensive", "intermediate", "poor", "increased", "decreased")
)
_WORD = re.compile(r"[a-z0-9]+")
_LONGEST = 7  # words of the longest phrase above


def words_of(gene: str) -> dict[str, str]:
    """The phrases that name a phenotype of this gene; empty for HLA, which has alleles only."""
    found = _BY_GENE.get(gene)
    if found is not None:
        return found
    if gene.startswith("HLA-"):
        return _NONE
    for prefix, words in _BY_PREFIX:
        if gene.startswith(prefix):
            return words
    return _ANY_GENE


def is_metabolizer_gene(gene: str) -> bool:
    """True where the gene's phenotypes are metabolizer terms."""
    return "poor metabolizer" in words_of(gene)


def standard_phenotype(gene: str, text_or_code: str, vocabulary: Vocabulary) -> str | None:
    """The standard term for a phenotype given as text or as a LOINC answer code (`LA9657-3`).

    None where the words or the code are no phenotype of this gene, or may mean several: then
    the statement stands as it was made, and nothing is concluded. Source: section C of the
    reference page and CPIC's standard terms.
    """
    stated = text_or_code.strip()
    term = vocabulary.answers.get(stated)
    if term is not None:
        return term if term in words_of(gene).values() else None
    return standard_term(gene, stated)


@lru_cache(maxsize=4096)
def standard_term(gene: str, text: str) -> str | None:
    """`standard_phenotype` for words alone."""
    if not text or len(text) > MAX_TEXT:
        return None
    phrases = words_of(gene)
    words = _words(gene, text)
    whole = phrases.get(" ".join(words))
    return whole if whole is not None else _only_phrase(words, phrases)


def words_beside(gene: str, text: str) -> list[str]:
    """The words of a text, in lower case, that are not part of a phenotype's name of this gene."""
    phrases = words_of(gene)
    words = _words(gene, text)
    return [] if " ".join(words) in phrases else _taken_apart(words, phrases).rest


def holds_phenotype(gene: str, text: str) -> bool:
    """True where a text holds the name of a phenotype of this gene, whatever stands beside it."""
    if len(text) > MAX_HELD:
        return False
    phrases = words_of(gene)
    words = _words(gene, text)
    return " ".join(words) in phrases or _taken_apart(words, phrases).spelt


def phenotype_of_lone_word(gene: str, text: str) -> str | None:
    """The phenotype that one word stands for where a phenotype was asked: `Poor`, `Decreased`.

    None for any other text, and where the gene's phenotypes leave open what the word means.
    """
    words = _words(gene, text[:40])
    word = " ".join(words).replace("ultra rapid", "ultrarapid")
    if len(text) > 40 or word not in _LONE:
        return None
    phrases = words_of(gene)
    terms = {phrases.get(f"{word} {noun}") for noun in ("metabolizer", "function", "acetylator")}
    terms.discard(None)
    return terms.pop() if len(terms) == 1 else None


def _words(gene: str, text: str) -> list[str]:
    lowered = text.lower().replace("metaboliser", "metabolizer").replace("lizers", "lizer")
    if gene:
        lowered = lowered.replace(gene.lower(), " ")
    return [word for word in _WORD.findall(lowered) if word not in _IDLE]


def _only_phrase(words: list[str], phrases: dict[str, str]) -> str | None:
    """The one phenotype that a sentence names, where no other word turns its meaning."""
    found = _taken_apart(words, phrases)
    if not found.spelt or len(found.terms) != 1 or not _TURNING.isdisjoint(found.rest):
        return None
    return next(iter(found.terms))


@dataclass(slots=True)
class _Apart:
    """The phenotypes that words name, whether one is spelt out, and the words that are left."""

    terms: set[str] = field(default_factory=set)
    spelt: bool = False
    rest: list[str] = field(default_factory=list)


def _taken_apart(words: list[str], phrases: dict[str, str]) -> _Apart:
    found = _Apart()
    at = 0
    while at < len(words):
        length, term = _phrase_at(words, at, phrases)
        if term is not None:
            found.terms.add(term)
            found.spelt = found.spelt or length > 1
        else:
            found.rest.extend(words[at : at + length])
        at += length
    return found


def _phrase_at(words: list[str], at: int, phrases: dict[str, str]) -> tuple[int, str | None]:
    """How many words belong together from here on, and the phenotype they name if any."""
    for length in range(min(_LONGEST, len(words) - at), 0, -1):
        term = phrases.get(" ".join(words[at : at + length]))
        # One word (`PM`, `normal`) only confirms what is spelt out beside it.
        if term is not None and (length > 1 or words[at] in _ABBREVIATIONS):
            of_allele = at + length < len(words) and words[at + length] in _OF_ALLELE
            return length, None if of_allele else term
    return 1, None

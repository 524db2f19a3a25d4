"""Which words leave a result in prose as it stands, and which deny, doubt or belong elsewhere."""

import re

from fhir_pgx.fhir.presence_words import without_verdict
from fhir_pgx.model.phenotype_words import words_beside

# Words that may stand beside a gene, its alleles and its phenotype without changing their meaning.
# `test` is none of them (`test for CYP2D6 *4/*4`), nor `patients`, `associated`, `reported`.
_PLAIN = frozenset(
    ("a", "an", "and", "are", "as", "carries", "carrying", "for", "has", "have", "in", "is",
     "of", "s", "that", "the", "this", "was", "with", "patient", "subject", "allele", "alleles",
     "analysis", "call", "conclusion", "cytochrome", "diplotype", "disorder", "dna", "due",
     "enzyme", "finding", "findings", "gene", "genetic", "genetics", "genotype", "haplotype",
     "haplotypes", "interpretation", "metabolism", "p450", "pgx", "pharmacogenetic",
     "pharmacogenetics", "pharmacogenomic", "pharmacogenomics", "phenotype", "report", "result",
     "results", "score", "activity", "star", "status", "summary", "variant", "variants", "risk",
     "compound", "hemizygous", "heterozygous", "homozygous", "confirmed", "consistent",
     "corresponding", "corresponds", "detected", "found", "identified", "indicates",
     "indicating", "observed", "positive", "predicted", "predicting", "predicts", "present",
     "reveals", "revealed", "shows", "showed")
)  # fmt: skip
_SCORE = re.compile(r"(?i)\bscore(?:\s*(?:of|is|[:=]))?\s*\d{1,2}(?:\.\d{1,3})?(?![\d.,])")
_NOTATION = re.compile(
    r"(?<![A-Za-z0-9])(?:[ABC]|D[PQR][AB]\d?)?\*\d{1,4}[A-Z]{0,2}(?:[:.]\d{1,4}[A-Z]?){0,3}"
    r"(?:\s?[xX×](?:\d{1,2}|N)\b)?"
    r"|\brs\d{1,12}\b"
    r"|(?<!\w)(?:[cgm]\.)?-?\d{1,9}(?:\+\d{1,5})?[ACGT]>[ACGT](?!\w)"
    r"|(?<![A-Za-z0-9])[ACGT]\s?/\s?[ACGT](?![A-Za-z0-9])"
)
# Signs of doubt, difference and denial; `(-)` is how some write that nothing was found.
_SIGNS = re.compile(r"[?≠~≈%¬✗✘!<]|[(\[]\s?[-–−]\s?[)\]]|[-–−]\s*$")
_WORD = re.compile(r"[a-z0-9]+")

_DENIAL = re.compile(
    r"(?i)\b(?:no|not|non|none|neither|nor|never|without|cannot|unable|absent|absence|negative"
    r"|fail\w*|exclu\w*|rul(?:e|ed|es|ing)\s+out|unconfirmed|unverified|unlikely|unknown"
    r"|uncertain|unclear|inconclusive|indeterminate|equivocal|doubt\w*|questionable)\b|n['’]t\b"
)
_HEDGE = re.compile(
    r"(?i)\b(?:pending|await\w*|preliminar\w*|provisional\w*|suspect\w*|possibl\w*|probabl\w*"
    r"|presum\w*|repeat\w*|may|might|could)\b"
)
_RESULTS = re.compile(
    r"(?i)\b(?:results?|genotyp\w*|diplotyp\w*|phenotyp\w*|haplotyp\w*|alleles?|variants?"
    r"|calls?|called|findings?|samples?|specimens?|confirm\w*|verif\w*|detect\w*|found"
    r"|identif\w*|observ\w*|valid\w*|reliab\w*|interpret\w*|conclusions?|reports?|reported"
    r"|tests?|tested|testing|assays?|analys\w*|case|true)\b"
)
_OTHER_RESULTS = re.compile(
    r"(?i)\b(?:errors?|erroneous\w*|mistak\w*|incorrect\w*|wrong\w*|invalid\w*|retract\w*"
    r"|withdrawn|withdrew|revok\w*|supersed\w*|disregard\w*|mix(?:ed)?[\s-]?up|swap\w*"
    r"|mislabel\w*|contaminat\w*|previous\w*|histor\w*|formerly|outdated"
    r"|(?:prior|earlier|older|past)\s+(?:\w+\s+){0,2}(?:results?|reports?|test\w*|genotyp\w*)"
    # `solute carrier organic anion transporter family member 1B1` is a gene
    r"|family(?!\s+(?:member\s+)?\d)|families|familial|relatives?|mothers?|fathers?"
    r"|matern\w*|patern\w*|parents?|parental|brothers?|sisters?|siblings?|sons?|daughters?"
    r"|twins?|uncles?|aunts?|cousins?|nieces?|nephews?|grand(?:mother|father|parent)s?"
    r"|husband|wife|spouse|donors?|f(?:o?etus|o?etal))\b"
)
_FEWEST = 4  # words of a sentence that can speak of something else than the results before it


def is_plain(gene: str, text: str, *, verdict: bool) -> bool:
    """True where every word and sign of a text beside genes' names is known to leave it as it is.

    With `verdict` the text is a test's answer on one allele, and its `not detected` is that answer.
    """
    if verdict:
        text = without_verdict(text)
    if any(sign.isalpha() and not sign.isascii() for sign in text) or denies(text):
        return False
    rest = _NOTATION.sub(" ", _SCORE.sub(" score ", text))
    if _SIGNS.search(rest.strip()):
        return False
    return _PLAIN.issuperset(words_beside(gene, rest))


def is_plain_lead(text: str) -> bool:
    """True where the words before several genes are harmless, and hold no result of their own."""
    return text.isascii() and _PLAIN.issuperset(_WORD.findall(text.lower()))


def denies(text: str) -> bool:
    """True where a text holds a word of denial or of failure."""
    return _DENIAL.search(text) is not None


def doubts_results(sentence: str) -> bool:
    """True where a sentence that names no gene may deny or doubt the results of its neighbours."""
    if not denies(sentence) and not _HEDGE.search(sentence):
        return False
    short = len(_WORD.findall(sentence.lower())) < _FEWEST
    return short or _RESULTS.search(sentence) is not None


def speaks_of_other_results(text: str) -> bool:
    """True where a text names kin, donors, earlier or mistaken results: whose is then unclear."""
    return _OTHER_RESULTS.search(text) is not None

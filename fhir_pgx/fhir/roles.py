"""What a code asks for, of an Observation or a component: by code, else by its words."""

import re
from typing import NamedTuple

from fhir_pgx.fhir.genotype_text import HLA_ALLELE, STAR_ALLELE
from fhir_pgx.fhir.values import Concept
from fhir_pgx.model.knowledge import LoincTerm, Vocabulary

# The guide's provisional codes, in any of the code systems that the releases gave them.
_GUIDE_CODES = {
    "therapeutic-implication": "implication",
    "predicted-therapeutic-implication": "implication",
    "effect-transporter-function": "implication",
    "diagnostic-implication": "diagnosis",
    "grouper": "grouper",
    "C43359": "grouper",
    "molecular-consequence": "annotation",
    "molecular-consequences": "annotation",
    "genomic-annotation": "annotation",
    "81695-9": "biomarker",
    "94076-7": "biomarker",
}
_LABELS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?i)\bactivity[\s_-]?(?:score|value)|\bgene score\b"), "activity-score"),
    (re.compile(r"(?i)\ballele[\s_-]?#?1\b(?!.{0,20}function)"), "allele-1"),
    (re.compile(r"(?i)\ballele[\s_-]?#?2\b(?!.{0,20}function)"), "allele-2"),
    (re.compile(r"(?i)phenotype|metaboli[sz]er|metabolic activity|functional status"), "phenotype"),
    (re.compile(r"(?i)\bhaplotype"), "haplotype"),
    (re.compile(r"(?i)genotype|diplotype|star allele|\balleles?\b(?!.{0,20}function)"), "genotype"),
)
GENETIC_LABEL = re.compile(
    r"(?i)\bgenes?\b|genetic|genomic|genotyp|diplotype|haplotype|allele|metaboli[sz]er|phenotype"
    r"|activity score|\bHLA\b|\bPGx\b"
)


class Role(NamedTuple):
    """What a code asks for: its kind, the LOINC term it came from, and whether it is ours."""

    kind: str
    term: LoincTerm | None = None


FREE = Role("free")


def role_of(code: Concept, vocabulary: Vocabulary) -> Role:
    """The role that the first code we know gives; FREE where none is known.

    A term that names a gene is kept even where a more general code gives the role (`84413-4`
    beside `57290-9`).
    """
    kind, term = "", None
    for coding in code.codings:
        if coding.code in _GUIDE_CODES:
            kind = kind or _GUIDE_CODES[coding.code]
            continue
        found = vocabulary.loinc.get(coding.code)
        if found is not None:
            kind = kind or found.kind
            term = found if term is None or not term.gene else term
    return Role(kind, term) if kind else FREE


def hint_of(code: Concept) -> str:
    """What the words of a local code ask for; empty where they do not say."""
    words = " ".join((*(coding.display for coding in code.codings), code.text))
    if len(words) > 500:
        return ""
    return next((kind for pattern, kind in _LABELS if pattern.search(words)), "")


def allele_in(label: str) -> str:
    """The allele that a local test is named after (`HLA-B*57:01 [Presence]`); empty if none."""
    if "*" not in label or len(label) > 300:
        return ""
    hla = HLA_ALLELE.search(label)
    if hla:
        return f"*{hla['fields']}"
    star = STAR_ALLELE.search(label)
    return star[0] if star else ""

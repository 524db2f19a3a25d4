"""What a variant Observation says beyond place and alleles: what tumour and inherited findings are
told by.

The fraction of reads, the specimen, how the report classes the variant, repeats, cytogenetic names
and the words that name the change (`EML4-ALK fusion`, `MET exon 14 skipping`). Nothing is worked
out here: the words are kept, and read by `normalize`.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from fhir_pgx.fhir.bundle import Entry, as_dicts, as_text
from fhir_pgx.fhir.consequences import consequences_of
from fhir_pgx.fhir.gathering import Gathering
from fhir_pgx.fhir.gene_names import named_genes
from fhir_pgx.fhir.notes import ALLELE_FRACTION, note
from fhir_pgx.fhir.presence_words import presence_in, presence_word, zygosity_of
from fhir_pgx.fhir.significance import joined, significance_of
from fhir_pgx.fhir.specimens import specimen_of
from fhir_pgx.fhir.values import Concept, Value, concept_of, value_of
from fhir_pgx.model.drug import Coding
from fhir_pgx.model.finding import Caveat, ObservedVariant, Presence
from fhir_pgx.model.knowledge import Vocabulary
from fhir_pgx.model.tumour import Significance, Specimen
from fhir_pgx.terminology import GENE_STUDIED

Components = Mapping[str, list[Value]]

FRACTION, ISCN, SIGNIFICANCE, REGION = "81258-6", "81291-7", "53037-8", "47999-8"
CHANGE_TYPE, PROTEIN_CHANGE_TYPE = "48019-4", "48006-1"
_CONSEQUENCES = ("molecular-consequence", "feature-consequence", "functional-effect",
                 CHANGE_TYPE, PROTEIN_CHANGE_TYPE)  # fmt: skip
_NAMES = ("81252-9", "48004-6", "48005-3", "81290-9", "81255-2")
_MOTIF, _NUMBER, _ORDER = "repeat-motif", "repeat-number", "repeat-motif-order"
_GENERIC_CODES = frozenset(("69548-6",))
NAMES_CHANGE = re.compile(
    r"\b[pc]\.|\b[A-Z][a-z]{0,2}[0-9]{1,5}(?:[A-Z*]|[A-Z][a-z]{2}|fs|del|_)|::|\bexon|\bITD\b"
    r"|t\([0-9XY]{1,2};|\bfusion|\brearrange|\bamplif|\bdelet|vIII\b|\bmutation\b", re.IGNORECASE
)  # fmt: skip
# `No KRAS mutation detected`, `none found`.
NONE_FOUND = re.compile(
    r"\b(?:none|no (?:\S+ ){0,4}?(?:mutations?|variants?|alterations?|rearrangements?|fusions?"
    r"|amplification|deletions?|insertions?))(?: (?:was|were|is|are|has been|have been))?"
    r"(?: (?:detected|found|identified|present|seen))?\b"
    r"|\bnot (?:detected|found|identified|present|seen|mutated|rearranged|amplified)\b"
    r"|\bnegative\b|\babsent\b|\bundetected\b|\bnormal\b|\bwild[\s-]?type\b|\bunmutated\b|^WT$",
    re.IGNORECASE,
)
_FOUND = re.compile(
    r"\b(?:positive|detected|present|found|identified|mutated|rearranged|amplified)\b",
    re.IGNORECASE,
)
_TURNED = re.compile(
    r"\b(?:no|not|none|negative|without|absent|wild[\s-]?type|cannot|unable|failed|indeterminate"
    r"|possibl[ey]|probabl[ey]|suspected|suspicious|equivocal|borderline)\b",
    re.IGNORECASE,
)
_BUT = re.compile(r"\b(?:but|except|however|other than)\b", re.IGNORECASE)
_MAX_WORDS = 300  # a longer text is a narrative, not a name


class Told(NamedTuple):
    """See the fields of the same name of `ObservedVariant`."""

    genes: tuple[str, ...] = ()
    frequency: Decimal | None = None
    specimen: Specimen = ""
    significance: Significance = ""
    review: str = ""
    consequences: tuple[str, ...] = ()
    repeats: tuple[tuple[str, str], ...] = ()
    iscn: str = ""
    words: tuple[str, ...] = ()
    caveats: tuple[Caveat, ...] = ()


def told_of(entry: Entry, value: Value, parts: Components, gathering: Gathering) -> Told:
    """All of it, of one Observation."""
    frequency, caveats = _fraction(parts)
    iscn = parts[ISCN][0].concept if ISCN in parts else Concept()
    return Told(
        genes=_uncommon_genes(parts, gathering.vocabulary),
        frequency=frequency,
        specimen=specimen_of(entry, gathering),
        significance=_significance(entry.resource, value, parts),
        consequences=tuple(
            dict.fromkeys(
                name
                for code in _CONSEQUENCES
                for each in parts.get(code, ())
                for name in consequences_of(each.concept)
            )
        ),
        repeats=_repeats(entry.resource) if _NUMBER in parts else (),
        iscn=iscn.text or iscn.label,
        words=tuple(dict.fromkeys(_words(entry.resource, value, parts))),
        caveats=caveats,
    )


def is_named_otherwise(variant: ObservedVariant, vocabulary: Vocabulary) -> bool:
    """True for a variant without place or HGVS that words, a cytogenetic name or its gene tell.

    Not of a gene of drug response: there an allele is a position, and a word for it is refused.
    """
    if any(gene.upper() in vocabulary.genes for gene in variant.genes):
        return False
    if not variant.genes and any(named_genes(words, vocabulary) for words in variant.words):
        return False
    return bool(variant.genes or variant.words or variant.iscn)


def presence_told(value: Value, genes: tuple[str, ...], vocabulary: Vocabulary) -> Presence | None:
    """What a value in words says: `No KRAS mutation detected`, or `EGFR L858R`, which is there.

    None where it says nothing, and of a gene of drug response, whose alleles have readers.
    """
    if any(gene.upper() in vocabulary.genes for gene in genes):
        return None
    for words, code in value.concept.stated:
        if words != code and len(words) <= _MAX_WORDS:
            said = verdict_on_change(words)
            if said is not None:
                return said
    return None


def verdict_on_change(words: str) -> Presence | None:
    """Present or absent, of the change that words name; a change named alone is there.

    None where they say neither, or both (`L858R detected, T790M not detected`).
    """
    said = presence_in(words)
    if said is not None:
        return said
    rest, times = NONE_FOUND.subn(" ", words)
    if times:
        is_both = _FOUND.search(rest) or _BUT.search(words)
        return None if is_both else Presence.ABSENT
    if _TURNED.search(words):
        return None
    return Presence.PRESENT if NAMES_CHANGE.search(words) or _FOUND.search(words) else None


def _uncommon_genes(parts: Components, vocabulary: Vocabulary) -> tuple[str, ...]:
    """Genes that are known by their HGNC id alone, or by a name that tumour reports use."""
    found: dict[str, None] = {}
    for value in parts.get(GENE_STUDIED, ()):
        for words, code in value.concept.stated:
            known = vocabulary.tumour_genes.get(code.upper()) or vocabulary.tumour_genes.get(
                words.upper()
            )
            if known:
                found[known] = None
                break
        else:
            ids = [hgnc for each in value.concept.codings if (hgnc := _hgnc_id(each))]
            found.update(dict.fromkeys(vocabulary.tumour_genes.get(each, each) for each in ids[:1]))
    return tuple(found)


def _hgnc_id(coding: Coding) -> str:
    """`HGNC:3236`, written with its prefix or as the number that genenames.org knows it by."""
    if coding.code.startswith("HGNC:"):
        return coding.code
    is_number = coding.code.isdecimal() and "genenames" in coding.system.lower()
    return f"HGNC:{coding.code}" if is_number else ""


def fraction_of(value: Value) -> Decimal | None:
    """An allele fraction, 0 to 1; None for what is neither a fraction nor a percentage.

    The unit decides. Without one, a number above 1 is a percentage.
    """
    text, unit = value.number or value.concept.label, value.unit.strip().lower()
    if text.endswith("%"):
        text, unit = text[:-1].strip(), "%"
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    if not number.is_finite():
        return None
    is_percent = unit in ("%", "percent", "pct") or (
        unit in ("", "1") and number > 1 and unit == ""
    )
    number = number / 100 if is_percent else number
    return number if 0 <= number <= 1 else None


def _fraction(parts: Components) -> tuple[Decimal | None, tuple[Caveat, ...]]:
    stated = [each for each in parts.get(FRACTION, ()) if not each.is_empty]
    if not stated:
        return None, ()
    found = fraction_of(stated[0])
    return found, () if found is not None else (note(ALLELE_FRACTION),)


def _significance(resource: Mapping[str, Any], value: Value, parts: Components) -> Significance:
    """The class in its component, else in `interpretation`, else beside the answer."""
    found = joined(significance_of(each.concept) for each in parts.get(SIGNIFICANCE, ()))
    if found:
        return found
    stated = [concept_of(item) for item in as_dicts(resource.get("interpretation"))]
    return joined(significance_of(concept) for concept in (*stated, value.concept))


def _repeats(resource: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Motif and number in pairs: by their order extension, else in the order they came."""
    motifs: dict[str, str] = {}
    numbers: dict[str, str] = {}
    for component in as_dicts(resource.get("component")):
        codes = {coding.code for coding in concept_of(component.get("code")).codings}
        value = value_of(component)
        if _MOTIF in codes:
            motifs[_order(component) or str(len(motifs) + 1)] = value.concept.label
        elif _NUMBER in codes:
            stated = value.number or value.concept.label
            numbers[_order(component) or str(len(numbers) + 1)] = stated
    return tuple((motifs.get(order, ""), number) for order, number in numbers.items() if number)


def _order(component: Mapping[str, Any]) -> str:
    for holder in (component, component.get("valueQuantity"), component.get("_valueString")):
        extensions = holder.get("extension") if isinstance(holder, dict) else None
        for extension in as_dicts(extensions):
            if as_text(extension.get("url")).endswith(_ORDER):
                return next(
                    (as_text(extension[name]) for name in extension if name.startswith("value")), ""
                )
    return ""


def _words(resource: Mapping[str, Any], value: Value, parts: Components) -> Iterator[str]:
    """What names the change in words: the value, the code of its own, names beside HGVS, the
    region. Words that answer (`Present`) or say the zygosity name nothing."""
    code = concept_of(resource.get("code"))
    stated = [value.concept]
    if not any(coding.code in _GENERIC_CODES for coding in code.codings):
        stated.append(code)
    elif code.text and "variant assessment" not in code.text.lower():
        stated.append(Concept((), code.text))
    for concept in stated:
        if not zygosity_of(concept):
            for words, of_code in concept.stated:
                if words != of_code and presence_word(words) is None:
                    yield from _short(words)
    for name in _NAMES:
        for each in parts.get(name, ()):
            for words, of_code in each.concept.stated:
                # Beside a code of its own a display may hold more: `NM_…:c.… (p.Phe359Cys)`.
                if words != of_code:
                    yield from _short(words)
    for each in parts.get(GENE_STUDIED, ()):
        if "::" in each.concept.label or "fusion" in each.concept.label.lower():
            yield from _short(each.concept.label)
    for each in parts.get(REGION, ()):
        label = each.concept.label
        yield from _short(label if "exon" in label.lower() or not label else f"exon {label}")
    for each in parts.get(CHANGE_TYPE, ()):
        yield from _short(each.concept.label)


def _short(words: str) -> Iterator[str]:
    if words and len(words) <= _MAX_WORDS:
        yield words

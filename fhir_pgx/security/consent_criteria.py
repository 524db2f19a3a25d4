"""What a Consent asks of the data: types, genes, codes, labels, dates, single resources."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

from fhir_pgx.model.gene_words import ANY_CLASS, GeneWords
from fhir_pgx.security.consent_reading import Reading
from fhir_pgx.security.consent_values import (
    coding_of,
    days_in,
    dicts_in,
    list_of,
    text_of,
    type_and_id,
)
from fhir_pgx.security.labels import CONFIDENTIALITY
from fhir_pgx.terminology import GENE_CLASS, LOINC

_RESOURCE_TYPES: Final = ("http://hl7.org/fhir/resource-types", "http://hl7.org/fhir/fhir-types")
_CONFIDENTIALITY: Final = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
_WORD = re.compile(r"[a-z0-9]+")
Reach = Literal["instance", "related", "dependents", "authoredby"]


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing asked of the data; a resource meets it by any of its parts.

    `is_unclear`: a part was not understood, which any genomic resource may meet. `labels` are
    levels of confidentiality, `sensitivities` any other label. `dates` are first and last days.
    """

    types: frozenset[str] = frozenset()
    genes: frozenset[str] = frozenset()
    codes: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()
    sensitivities: frozenset[str] = frozenset()
    data: tuple[tuple[str, Reach], ...] = ()
    dates: tuple[tuple[date, date], ...] = ()
    is_any_gene: bool = False
    is_unclear: bool = False


def criteria_of(
    provision: Mapping[str, Any], path: str, reading: Reading, *, permits: bool
) -> Iterator[Criterion]:
    """All that a provision asks of the data, each to be met."""
    classes = [c for name in ("class", "resourceType", "documentType")
               for c in list_of(provision.get(name))]  # fmt: skip
    parts = []
    if classes:
        parts.append(_joined(_of_class(c, f"{path}.class[{i}]", reading)
                             for i, c in enumerate(classes)))  # fmt: skip
    codes = list_of(provision.get("code"))
    if codes:
        found = _joined(_of_code(c, f"{path}.code[{i}]", reading) for i, c in enumerate(codes))
        if not permits and (found.genes or found.is_any_gene or found.is_unclear):
            # A gene that is withheld in one type of resource would be told by the next.
            parts = [part for part in parts if not part.types]
        parts.append(found)
    labels = list_of(provision.get("securityLabel"))
    if labels:
        parts.append(_joined(_of_label(c, f"{path}.securityLabel[{i}]", reading, permits=permits)
                             for i, c in enumerate(labels)))  # fmt: skip
    data = list_of(provision.get("data"))
    if data:
        parts.append(_joined(_of_data(d, f"{path}.data[{i}]", reading)
                             for i, d in enumerate(data)))  # fmt: skip
    if provision.get("dataPeriod") is not None:
        days = days_in(provision["dataPeriod"])
        if days is None:
            reading.missed(f"{path}.dataPeriod")
        parts.append(Criterion(dates=(days,)) if days else Criterion(is_unclear=True))
    yield from parts


def _joined(parts: Iterable[Criterion]) -> Criterion:
    """One criterion that is met by any of the parts."""
    whole = Criterion()
    for part in parts:
        whole = Criterion(
            types=whole.types | part.types,
            genes=whole.genes | part.genes,
            codes=whole.codes | part.codes,
            labels=whole.labels | part.labels,
            sensitivities=whole.sensitivities | part.sensitivities,
            data=(*whole.data, *part.data),
            dates=(*whole.dates, *part.dates),
            is_any_gene=whole.is_any_gene or part.is_any_gene,
            is_unclear=whole.is_unclear or part.is_unclear,
        )
    return whole


def _unclear(path: str, reading: Reading) -> Criterion:
    reading.missed(path)
    return Criterion(is_unclear=True)


def _of_class(coding: Any, path: str, reading: Reading) -> Criterion:
    """A resource type, one of our gene classes, or a class of documents by its LOINC code."""
    system, code = coding_of(coding)
    if system == GENE_CLASS:
        return _of_gene_class(code, path, reading)
    if code and (system in _RESOURCE_TYPES or (not system and code[:1].isupper())):
        return Criterion(types=frozenset((code,)))
    if system == LOINC and code:
        return Criterion(codes=frozenset((code,)))
    return _unclear(path, reading)


def _of_gene_class(code: str, path: str, reading: Reading) -> Criterion:
    if code == ANY_CLASS:
        return Criterion(is_any_gene=True)
    known = reading.words.classes.get(code)
    return Criterion(genes=known.genes) if known else _unclear(path, reading)


def _of_code(concept: Any, path: str, reading: Reading) -> Criterion:
    """A gene where a code or a name tells one; else the code itself, which a resource must have."""
    if not isinstance(concept, Mapping):
        return _unclear(path, reading)
    genes: set[str] = set()
    codes: set[str] = set()
    is_any = False
    for coding in dicts_in(concept.get("coding")) or [concept]:
        system, code = coding_of(coding)
        if system == GENE_CLASS:
            found = _of_gene_class(code, path, reading)
            if found.is_unclear:
                return found
            genes |= found.genes
            is_any = is_any or found.is_any_gene
            continue
        told = _genes_of(system, code, reading.words)
        is_of_genes = "genenames" in system or code.upper().startswith("HGNC:")
        if is_of_genes and not told:
            return _unclear(path, reading)  # a gene we have no words for would be missed
        told |= _genes_in(text_of(coding.get("display")), reading.words)
        genes |= told
        if code and not told:
            codes.add(code)
    genes |= _genes_in(text_of(concept.get("text")), reading.words)
    if not (genes or codes or is_any):
        return _unclear(path, reading)
    return Criterion(genes=frozenset(genes), codes=frozenset(codes), is_any_gene=is_any)


def _genes_of(system: str, code: str, words: GeneWords) -> frozenset[str]:
    """The genes that a code tells: an HGNC id, a LOINC code of a gene's result, an rs number, a
    symbol."""
    if system == LOINC:
        return words.codes.get(code, frozenset())
    hgnc = code.upper() if code.upper().startswith("HGNC:") else f"HGNC:{code}"
    if hgnc in words.names and ("genenames" in system or hgnc == code.upper()):
        return frozenset((words.names[hgnc],))
    if not system and code in words.codes:
        return words.codes[code]
    return _genes_in(code, words)


def _genes_in(text: str, words: GeneWords) -> frozenset[str]:
    """The genes that a label names: as a whole (`Lynch syndrome`), or by a symbol among its words,
    written as symbols are (`CYP2D6 gene`)."""
    parts = tuple(_WORD.findall(text.lower()))
    for phrase in words.phrases.get(max(parts, key=len, default=""), ()):
        if phrase.words == parts:
            return phrase.genes
    symbols = [part.strip("(),;:") for part in text.split()]
    return frozenset(
        words.names[each]
        for each in symbols
        if len(each) > 2 and each == each.upper() and each in words.names
    )


def _of_label(coding: Any, path: str, reading: Reading, *, permits: bool) -> Criterion:
    """A permission up to a level of confidentiality is one for all below it, as FHIR has it (a
    high-water mark); who denies a level means those above it too."""
    system, code = coding_of(coding)
    if not code:
        return _unclear(path, reading)
    if code in CONFIDENTIALITY and system in (_CONFIDENTIALITY, ""):
        at = CONFIDENTIALITY.index(code)
        levels = CONFIDENTIALITY[: at + 1] if permits else CONFIDENTIALITY[at:]
        return Criterion(labels=frozenset(levels))
    return Criterion(sensitivities=frozenset((code,)))


def _of_data(item: Any, path: str, reading: Reading) -> Criterion:
    reference = item.get("reference") if isinstance(item, Mapping) else None
    target = text_of(reference.get("reference")) if isinstance(reference, Mapping) else ""
    kind, identity = type_and_id(target)
    if not kind:
        return _unclear(path, reading)
    reaches: dict[str, Reach] = {
        "instance": "instance",
        "related": "related",
        "dependents": "dependents",
        "authoredby": "authoredby",
    }
    meaning = text_of(item.get("meaning"))
    if meaning not in reaches:
        reading.missed(f"{path}.meaning")
    return Criterion(data=((f"{kind}/{identity}", reaches.get(meaning, "related")),))

"""A stored variant as the guide wants it in an answer: placed by a 0-based interval.

Value and all other components stay as the sender stated them. The alleles are the stated ones where
they stand with their place (`TC` to `T`), else those of the one spelling that the store keeps; `-`
is an allele without bases.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fhir_pgx.fhir.bundle import Entry, as_dicts
from fhir_pgx.fhir.coordinates import SYSTEMS, System, allele_text, interval, is_bases, position
from fhir_pgx.fhir.coordinates import accession_of as accession_of_concept
from fhir_pgx.fhir.reading import read
from fhir_pgx.fhir.values import Value, value_of
from fhir_pgx.model.finding import ObservedVariant, SourceClass
from fhir_pgx.model.genomic_index import IndexedVariant, StoredVariant
from fhir_pgx.model.knowledge import Vocabulary
from fhir_pgx.operations.frame import (
    REFSEQ,
    coded,
    codes_of,
    component,
    conforming,
    made_from,
    observations_in,
    taken_out,
)
from fhir_pgx.operations.operation import Resource
from fhir_pgx.operations.places import accession_of
from fhir_pgx.operations.takes import VARIANT_PROFILE
from fhir_pgx.terminology import GENOMIC_SOURCE_CLASS, LOINC, VARIANT

REF_SEQ, REF, ALT, SYSTEM = "48013-7", "69547-8", "69551-0", "92822-6"
EXACT, INNER, OUTER = "81254-5", "81302-2", "81301-4"
CHANGE_TYPE, ALLELIC_STATE = "48019-4", "53034-5"
_STU1_RANGES = frozenset(("exact-start-end", "inner-start-end", "outer-start-end"))
_PLACE = frozenset((REF_SEQ, SYSTEM, EXACT, INNER, OUTER)) | _STU1_RANGES
_ALLELES = frozenset((REF, ALT))
_READ = _ALLELES | {REF_SEQ, SYSTEM, EXACT}
_INTERVALS = coded(LOINC, "LA30100-4", "0-based interval counting")
_PRESENT = coded(LOINC, "LA9633-4", "Present")
_VARIANT_CODE = coded(LOINC, VARIANT, "Genetic variant assessment")
_CLASSES = {
    SourceClass.GERMLINE: coded(LOINC, "LA6683-2", "Germline"),
    SourceClass.SOMATIC: coded(LOINC, "LA6684-0", "Somatic"),
}
_STATES = {
    "heterozygous": ("LA6706-1", "Heterozygous"),
    "homozygous": ("LA6705-3", "Homozygous"),
    "hemizygous": ("LA6707-9", "Hemizygous"),
    "heteroplasmic": ("LA6703-8", "Heteroplasmic"),
    "homoplasmic": ("LA6704-6", "Homoplasmic"),
}
_ONTOLOGY = "http://www.sequenceontology.org"
# Of a structural variant that says nothing nearer than that it is one.
_COPY_NUMBER_CHANGE = coded(_ONTOLOGY, "SO:0001019", "copy_number_variation")
_SOME_CHANGE = coded(_ONTOLOGY, "SO:0001059", "sequence_alteration")
_COPIES = "82155-3"


@dataclass(frozen=True, slots=True)
class _Stated:
    """A place as an Observation states it, 0-based; alleles are None where not stated."""

    accession: str
    start: int
    end: int
    ref: str | None
    alt: str | None


def write_variant(row: StoredVariant, body: Resource, vocabulary: Vocabulary) -> Resource:
    """The variant Observation of one row of the index; `body` is the resource that states it."""
    entry = _stating(row.variant, body, vocabulary)
    stated = None
    if entry is None:
        found = _made(row, body)
    else:
        found = taken_out(entry, row.patient)
        stated = _place_in(entry.resource)
        found.setdefault("valueCodeableConcept", _PRESENT)
        for name in [key for key in found if key.startswith("value")]:
            if name != "valueCodeableConcept":
                del found[name]  # FHIR, Observation: one value; the profile allows a concept alone
    kept = [each for each in found.get("component") or [] if not _is_replaced(each, row.variant)]
    found["component"] = [*kept, *_place(row.variant, stated, kept, vocabulary)]
    return conforming(found, VARIANT_PROFILE, row.patient)


def _stating(variant: IndexedVariant, body: Resource, vocabulary: Vocabulary) -> Entry | None:
    """The Observation that states a variant; None where none does, or where it cannot be told
    which of several it is."""
    if body.get("resourceType") == "Observation" and not body.get("contained"):
        return Entry(body, "Observation") if VARIANT in codes_of(body) else None
    entries = observations_in(body)
    seen = read(entries, vocabulary).variants if entries else ()
    found = [each for each in seen if _is_same(each, variant)]
    if len(found) > 1:
        found = [each for each in found if _trimmed(each) == _trimmed(variant)]
    if len(found) != 1:
        return None
    for entry in entries:
        if entry.reference == found[0].origin.reference and VARIANT in codes_of(entry.resource):
            return entry
    return None


def _place_in(resource: Mapping[str, Any]) -> _Stated | None:
    """The place that an Observation states by accession and range; None without one."""
    parts: dict[str, Value] = {}
    for each in as_dicts(resource.get("component")):
        for code in codes_of(each) & _READ:
            parts.setdefault(code, value_of(each))
    if not {REF_SEQ, EXACT} <= parts.keys():
        return None
    system: System = ""
    for words, code in parts[SYSTEM].concept.stated if SYSTEM in parts else ():
        system = system or SYSTEMS.get(code) or SYSTEMS.get(words.lower()) or ""
    ref, alt = (
        allele_text(parts[code].concept.label) if code in parts else None for code in (REF, ALT)
    )
    stated = parts[EXACT]
    high = None if stated.high is None else position(stated.high)
    found = interval(position(stated.number or stated.low), high, system, ref)
    if found is None:
        return None
    return _Stated(accession_of_concept(parts[REF_SEQ].concept), found.start, found.end, ref, alt)


def _is_same(seen: ObservedVariant, variant: IndexedVariant) -> bool:
    if seen.presence is not variant.presence:
        return False
    if not seen.chromosome or seen.start is None or variant.start is None or variant.end is None:
        # A name without a place: the store has placed it, and there is no other to mix it up with.
        return not seen.chromosome or seen.chromosome == variant.chromosome
    # Two spellings of one insertion or deletion lie near each other; another variant may, too.
    ends = seen.end if seen.end is not None else seen.start
    near = seen.start <= variant.end + _REACH and variant.start <= ends + _REACH
    return seen.chromosome == variant.chromosome and near


_REACH = 50  # bases by which the spellings of one variant in a repeat are apart


def _trimmed(variant: ObservedVariant | IndexedVariant) -> tuple[int | None, str, str]:
    """Start and alleles without the bases that they share, those at the end first."""
    start, ref, alt = variant.start, variant.ref or "", variant.alt or ""
    while ref and alt and ref[-1] == alt[-1]:
        ref, alt = ref[:-1], alt[:-1]
    while start is not None and ref and alt and ref[0] == alt[0]:
        start, ref, alt = start + 1, ref[1:], alt[1:]
    return start, ref, alt


def _is_replaced(stated: Mapping[str, Any], variant: IndexedVariant) -> bool:
    codes = codes_of(stated)
    return bool(codes & _PLACE) or (not variant.is_structural and bool(codes & _ALLELES))


def _place(
    variant: IndexedVariant,
    stated: _Stated | None,
    kept: list[Resource],
    vocabulary: Vocabulary,
) -> list[Resource]:
    """The components that say where a variant lies, and what it is there."""
    accession = accession_of(variant.assembly, variant.chromosome, vocabulary)
    parts = [
        component(REF_SEQ, valueCodeableConcept=coded(REFSEQ, accession)),
        component(SYSTEM, valueCodeableConcept=_INTERVALS),
    ]
    if variant.is_structural:
        is_here = stated is not None and stated.accession == accession
        return [*parts, *_structure(variant, stated if is_here else None, kept)]
    start, end, ref, alt = variant.start or 0, variant.end or 0, variant.ref, variant.alt
    if stated is not None and _is_whole(stated, variant, accession):
        start, end, ref, alt = stated.start, stated.end, stated.ref, stated.alt
    return [
        *parts,
        component(REF, valueString=ref or "-"),
        component(ALT, valueString=alt or "-"),
        _range(EXACT, start, end),
    ]


def _is_whole(stated: _Stated, variant: IndexedVariant, accession: str) -> bool:
    """Whether place and both alleles are stated where the index has them, agree in length, and
    change as many bases as it says."""
    ref, alt = stated.ref, stated.alt
    if stated.accession != accession or ref is None or alt is None:
        return False
    if not (is_bases(ref) and is_bases(alt)) or stated.end - stated.start != len(ref):
        return False
    gained = len(variant.alt or "") - len(variant.ref or "")
    is_near = abs(stated.start - (variant.start or 0)) <= _REACH
    return is_near and len(alt) - len(ref) == gained


def _structure(
    variant: IndexedVariant, stated: _Stated | None, kept: list[Resource]
) -> list[Resource]:
    parts = []
    codes = {code for each in kept for code in codes_of(each)}
    if CHANGE_TYPE not in codes:
        kind = _COPY_NUMBER_CHANGE if _COPIES in codes else _SOME_CHANGE
        parts.append(component(CHANGE_TYPE, valueCodeableConcept=kind))
    inner, outer = variant.inner, variant.outer
    if stated is not None:
        parts.append(_range(EXACT, stated.start, stated.end))
    if inner is None and outer is None and variant.start is not None and variant.end is not None:
        # The guide asks for a range of this kind: of exact ends both are the same.
        inner = outer = (variant.start, variant.end)
    parts += [_range(code, *ends) for code, ends in ((INNER, inner), (OUTER, outer)) if ends]
    return parts


def _range(code: str, start: int, end: int) -> Resource:
    return component(code, valueRange={"low": {"value": start}, "high": {"value": end}})


def _made(row: StoredVariant, body: Resource) -> Resource:
    """An Observation of what the index knows of a variant that no Observation states by itself."""
    variant = row.variant
    spelling = (variant.assembly, variant.chromosome, str(variant.start), str(variant.end),
                variant.ref or "", variant.alt or "", variant.change_type)  # fmt: skip
    found = made_from(body, spelling, _VARIANT_CODE)
    parts = []
    if variant.source_class in _CLASSES:
        source_class = _CLASSES[variant.source_class]
        parts.append(component(GENOMIC_SOURCE_CLASS, valueCodeableConcept=source_class))
    if variant.zygosity in _STATES:
        state = coded(LOINC, *_STATES[variant.zygosity])
        parts.append(component(ALLELIC_STATE, valueCodeableConcept=state))
    return {**found, "valueCodeableConcept": _PRESENT, "component": parts}

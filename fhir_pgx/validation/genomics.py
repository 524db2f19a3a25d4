"""Variants against themselves: alleles, lengths, counting, accession, chromosome, build and HGVS.

Warnings throughout: real reports contradict themselves, the readers say how they took them, and a
result that is slightly wrong is not lost. Sources: sections A2, B2 and B3 of the guide's practice.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from fhir_pgx.errors import Issue
from fhir_pgx.fhir import coordinates as at
from fhir_pgx.fhir.bundle import as_dicts
from fhir_pgx.fhir.resolution import codes_of
from fhir_pgx.fhir.values import Value, concept_of, value_of
from fhir_pgx.fhir.variant import (
    ALT,
    ASSEMBLY,
    CHROMOSOME,
    EXACT,
    GENOMIC_HGVS,
    REF,
    REF_SEQ,
    SYSTEM,
)
from fhir_pgx.model.knowledge import Vocabulary
from fhir_pgx.terminology import VARIANT

FREQUENCY = "81258-6"
_SEVERAL = tuple("/,|; ")
_COUNTED = {
    "0-interval": "0-based interval counting",
    "0-character": "0-based character counting",
    "1": "1-based counting",
}


class _Stated(NamedTuple):
    """A variant as stated. `where` is the place of what a finding is about, by its name."""

    low: int | None
    high: int | None
    system: at.System
    ref: str | None
    alt: str | None
    accession: str
    build: str
    chromosome: str
    where: Mapping[str, str]


def genomic_issues(
    resource: Mapping[str, Any], path: str, vocabulary: Vocabulary
) -> Iterator[Issue]:
    """Every contradiction within a variant Observation or a MolecularSequence of R4."""
    kind = resource.get("resourceType")
    if kind == "Observation" and VARIANT in codes_of(resource.get("code")):
        yield from _observation_issues(resource, path, vocabulary)
    elif kind == "MolecularSequence":
        yield from _sequence_issues(resource, path, vocabulary)


def _warning(text: str, where: str, mend: str) -> Issue:
    return Issue(text, where, mend, severity="warning")


# A variant Observation


def _observation_issues(
    resource: Mapping[str, Any], path: str, vocabulary: Vocabulary
) -> Iterator[Issue]:
    values: dict[str, Value] = {}
    where: dict[str, str] = {}
    for i, component in enumerate(as_dicts(resource.get("component"))):
        for code in codes_of(component.get("code")):
            if isinstance(code, str) and code not in values:
                values[code], where[code] = value_of(component), f"{path}.component[{i}]"
    ranged = values.get(EXACT, Value())
    stated = _Stated(
        at.position(ranged.low),
        at.position(ranged.high),
        _system(values.get(SYSTEM, Value())),
        _allele(values, REF),
        _allele(values, ALT),
        at.accession_of(values[REF_SEQ].concept) if REF_SEQ in values else "",
        at.build_of(values[ASSEMBLY].concept) if ASSEMBLY in values else "",
        at.chromosome_of(values[CHROMOSOME].concept, vocabulary) if CHROMOSOME in values else "",
        {
            "range": where.get(EXACT, path),
            "ref": where.get(REF, path),
            "alt": where.get(ALT, path),
            "accession": where.get(REF_SEQ, path),
            "hgvs": where.get(GENOMIC_HGVS, path),
        },
    )
    yield from _variant_issues(stated, vocabulary)
    for words, _ in values[GENOMIC_HGVS].concept.stated if GENOMIC_HGVS in values else ():
        change = at.parse_genomic_hgvs(words)
        if change is not None:
            yield from _hgvs_issues(change, stated, vocabulary)
            break
    if FREQUENCY in values:
        yield from _ratio_issues(values[FREQUENCY], where[FREQUENCY])


def _system(value: Value) -> at.System:
    for words, code in value.concept.stated:
        for each in (code, words.strip().lower()):
            if each in at.SYSTEMS:
                return at.SYSTEMS[each]
    return ""


def _allele(values: Mapping[str, Value], code: str) -> str | None:
    return values[code].concept.label if code in values else None


def _variant_issues(stated: _Stated, vocabulary: Vocabulary) -> Iterator[Issue]:
    for name in ("ref", "alt"):
        allele = stated.ref if name == "ref" else stated.alt
        if allele:
            yield from _allele_issues(allele, stated.where[name])
    yield from _length_issues(stated)
    yield from _place_issues(stated, vocabulary)


def _allele_issues(allele: str, where: str) -> Iterator[Issue]:
    if allele in ("-", ".", "*") or (allele.startswith("<") and allele.endswith(">")):
        return
    if at.is_bases(allele):
        return
    if any(sign in allele for sign in _SEVERAL):
        yield _warning(
            "several alleles in one element",
            where,
            "write one allele; state the zygosity as allelic state (53034-5)",
        )
    else:
        yield _warning("not an allele in DNA bases", where, "write A, C, G, T or N, or - for none")


def _length_issues(stated: _Stated) -> Iterator[Issue]:
    low, high = stated.low, stated.high
    if low is not None and (low < 0 or (low == 0 and stated.system == "1")):
        yield _warning(
            "a position before the first base",
            stated.where["range"],
            "correct the position or the coordinate system",
        )
        return
    if low is None or high is None or stated.ref is None or not stated.system:
        return
    ref = at.allele_text(stated.ref)
    if low > high or not at.is_bases(ref) or _fits(low, high, stated.system, len(ref)):
        return
    others = [
        words
        for system, words in _COUNTED.items()
        if system != stated.system and _fits(low, high, system, len(ref))
    ]
    mend = f"it would fit {' or '.join(others)}" if others else "correct the range or the allele"
    yield _warning(
        f"the range does not fit a reference allele of {len(ref)} in {_COUNTED[stated.system]}",
        stated.where["range"],
        mend,
    )


def _fits(low: int, high: int, system: str, length: int) -> bool:
    """Whether a range holds as many bases as the reference allele; of an insertion the 1-based
    ends are the neighbours."""
    if length == 0:
        return high - low == (0 if system == "0-interval" else 1)
    return high - low == (length if system == "0-interval" else length - 1)


def _place_issues(stated: _Stated, vocabulary: Vocabulary) -> Iterator[Issue]:
    accession = stated.accession
    where = stated.where["accession"]
    if accession.startswith("NC_") and "." not in accession:
        text = "the accession has no version, so its build is unknown"
        yield _warning(text, where, "write the version: NC_000010.11 is chromosome 10 of GRCh38")
        return
    known = vocabulary.accessions.get(accession)
    if known is None:
        return
    build, chromosome = known
    if stated.build and build not in (stated.build, "both"):
        text = f"the accession is of {build}, the assembly stated is {stated.build}"
        yield _warning(text, where, "correct the one that is wrong: the accession is believed")
    if stated.chromosome and stated.chromosome != chromosome:
        text = f"the accession is chromosome {chromosome}, the one stated is {stated.chromosome}"
        yield _warning(text, where, "correct the one that is wrong: the accession is believed")
    end = stated.high if stated.high is not None else stated.low
    length = vocabulary.lengths.get(accession)
    if length is not None and end is not None and end > length:
        text = f"the position lies beyond the end of the chromosome ({length} bases)"
        yield _warning(text, stated.where["range"], "correct the position or the accession")


def _hgvs_issues(change: at.Change, stated: _Stated, vocabulary: Vocabulary) -> Iterator[Issue]:
    where = stated.where["hgvs"]
    if change.accession and stated.accession.startswith("NC_"):
        if change.accession != stated.accession:
            text = "the HGVS name is on another sequence than the reference sequence stated"
            mend = "name one accession, with its version: the version decides the build"
            yield _warning(text, where, mend)
            return  # their numbers are not comparable
    elif change.accession in vocabulary.accessions and stated.build:
        build = vocabulary.accessions[change.accession][0]
        if build not in (stated.build, "both"):
            text = f"the accession of the HGVS name is of {build}, the assembly {stated.build}"
            yield _warning(text, where, "correct the accession or the assembly")
            return
    ref = at.allele_text(stated.ref) if stated.ref is not None else None
    place = at.interval(stated.low, stated.high, stated.system, ref)
    spelled_alike = ref is None or change.ref is None or len(ref) == len(change.ref)
    if place is None or not spelled_alike:
        return  # an indel with another anchor has other numbers, and may be the same
    if place.start != change.start:
        text = "the HGVS name and the stated range give different positions"
        yield _warning(text, where, "correct one of them; HGVS counts from 1")
    elif _differ(change.ref, ref) or _differ(change.alt, _plain(stated.alt)):
        text = "the HGVS name and the stated alleles differ"
        yield _warning(text, where, "correct one of them")


def _plain(allele: str | None) -> str | None:
    return at.allele_text(allele) if allele is not None else None


def _differ(one: str | None, other: str | None) -> bool:
    return bool(one) and bool(other) and str(one).upper() != str(other).upper()


def _ratio_issues(value: Value, where: str) -> Iterator[Issue]:
    """An allelic frequency is a fraction (unit 1) or a percentage."""
    try:
        number = Decimal(value.number.lstrip("<>≤≥~ "))
    except ArithmeticError:
        return
    most = 100 if "%" in value.unit else 1
    if number < 0 or number > most:
        hint = "" if most == 100 else ", or give the unit %"
        text = f"an allelic frequency outside 0 to {most}"
        yield _warning(text, where, f"write a number from 0 to {most}{hint}")


# A MolecularSequence


def _sequence_issues(
    resource: Mapping[str, Any], path: str, vocabulary: Vocabulary
) -> Iterator[Issue]:
    found = resource.get("referenceSeq")
    reference: Mapping[str, Any] = found if isinstance(found, Mapping) else {}
    here = f"{path}.referenceSeq"
    accession = at.accession_of(concept_of(reference.get("referenceSeqId")))
    build = reference.get("genomeBuild")
    system = {0: "0-interval", 1: "1"}.get(_whole(resource.get("coordinateSystem")), "")
    context = {
        "accession": accession,
        "build": at.build_of(concept_of(build)) if isinstance(build, str) else "",
        "chromosome": at.chromosome_of(concept_of(reference.get("chromosome")), vocabulary),
    }
    start, end = at.position(reference.get("windowStart")), at.position(reference.get("windowEnd"))
    if start is not None and end is not None and start > end:
        yield _warning("the window ends before it starts", here, "correct windowStart or windowEnd")
    nothing = _Stated(None, None, "", None, None, **context, where={"accession": here})
    yield from _place_issues(nothing, vocabulary)
    for i, variant in enumerate(as_dicts(resource.get("variant"))):
        where = f"{path}.variant[{i}]"
        stated = _Stated(
            at.position(variant.get("start")),
            at.position(variant.get("end")),
            system,  # type: ignore[arg-type] # one of the two of the table above
            _text(variant.get("referenceAllele")),
            _text(variant.get("observedAllele")),
            "",  # the sequence's own place is looked at once
            "",
            "",
            {
                "range": f"{where}.start",
                "ref": f"{where}.referenceAllele",
                "alt": f"{where}.observedAllele",
                "accession": here,
            },
        )
        if stated.low is not None and stated.high is not None and stated.low > stated.high:
            text = "the variant ends before it starts"
            yield _warning(text, f"{where}.end", "correct start or end")
        yield from _variant_issues(stated, vocabulary)


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else -1


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None

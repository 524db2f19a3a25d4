"""What one analysis looked at: the build, the kinds of change, the regions and what was not called.

Regions are 0-based intervals on a RefSeq accession as the source names it. A region that is stated
otherwise (a gene, a file) is known to be there and has no place: the whole is then not known.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from fhir_pgx.fhir.bundle import as_dicts
from fhir_pgx.fhir.values import Concept, concept_of
from fhir_pgx.operations.frame import codes_of
from fhir_pgx.terminology import SEQUENCE_ONTOLOGY_TERMS

_REGION = re.compile(r"(?P<accession>NC_\d{6}\.\d{1,2}):(?P<start>\d{1,10})-(?P<end>\d{1,10})")
_EXAMINED, _UNCALLABLE = "51959-5", "uncallable-regions"
_REF_SEQ, _SYSTEM, _ONE_BASED = "48013-7", "92822-6", "LA30102-0"
_BUILDS = {"LA14029-5": "GRCh37", "LA26806-2": "GRCh38"}
_SPELT_BUILD = re.compile(r"grch\s*(37|38)|hg\s*(19|38)|b\s*37", re.IGNORECASE)
_SO = re.compile(r"SO[:_]?(\d{7})", re.IGNORECASE)
# The guide's map of LOINC's answers (LL379-9) to the Sequence Ontology, and what tools call them:
# a duplication is no copy number variation, nor a deletion.
_CHANGES = {
    "la6692-3": "SO:0000159", "la6686-5": "SO:1000035", "la6687-3": "SO:0000667",
    "la6688-1": "SO:1000032", "la6689-9": "SO:1000036", "la6690-7": "SO:1000002",
    "snv": "SO:0001483", "snp": "SO:0001483", "mnv": "SO:0002007", "mnp": "SO:0002007",
    "del": "SO:0000159", "deletion": "SO:0000159", "ins": "SO:0000667", "insertion": "SO:0000667",
    "delins": "SO:1000032", "indel": "SO:1000032", "dup": "SO:1000035",
    "duplication": "SO:1000035", "inv": "SO:1000036", "inversion": "SO:1000036",
    "cnv": "SO:0001019", "copy number variations": "SO:0001019",
    "copy number variation": "SO:0001019", "copy_number_variation": "SO:0001019",
    "copy number gain": "SO:0001742", "copy number loss": "SO:0001743",
    "substitution": "SO:1000002",
}  # fmt: skip


class Region(NamedTuple):
    """An interval, 0-based, half open."""

    accession: str
    start: int
    end: int

    @property
    def text(self) -> str:
        return f"{self.accession}:{self.start}-{self.end}"


@dataclass(frozen=True, slots=True)
class Studied:
    """One analysis. None of `regions`, `called` or `uncalled`: it does not say; `changes` are
    Sequence Ontology codes, `other_changes` what has none."""

    build: str = ""
    changes: tuple[str, ...] = ()
    other_changes: tuple[Concept, ...] = ()
    regions: tuple[Region, ...] | None = None
    called: tuple[Region, ...] | None = None
    uncalled: tuple[Region, ...] | None = None

    @property
    def says_anything(self) -> bool:
        return self != Studied()


def of_analysis(resource: Mapping[str, Any], base: str) -> Studied:
    """What a genomic-study-analysis says in its extensions; `base` begins their URLs."""
    build, changes, other = "", list[str](), list[Concept]()
    parts: dict[str, list[Region] | None] = {}
    for extension in as_dicts(resource.get("extension")):
        url = str(extension.get("url", ""))
        concept = concept_of(extension.get("valueCodeableConcept"))
        if url == f"{base}-genome-build":
            build = build_of(concept)
        elif url == f"{base}-change-type":
            code = change_of(concept)
            if code:
                changes.append(code)
            else:
                other.append(concept)
        elif url == f"{base}-regions":
            for part in as_dicts(extension.get("extension")):
                _add(parts, part)
    return Studied(
        build,
        tuple(dict.fromkeys(changes)),
        tuple(other),
        *(_all(parts, name) for name in ("studied", "called", "uncalled")),
    )


def _add(parts: dict[str, list[Region] | None], part: Mapping[str, Any]) -> None:
    """A list of regions; None once one of them has no place."""
    name = str(part.get("url", ""))
    concept = concept_of(part.get("valueCodeableConcept"))
    texts = [concept.text, *(t for c in concept.codings for t in (c.code, c.display))]
    found = next((_REGION.search(text) for text in texts if _REGION.search(text)), None)
    if name not in parts:
        parts[name] = []
    held = parts[name]
    if found is None or held is None:
        parts[name] = None
    else:
        held.append(Region(found["accession"], int(found["start"]), int(found["end"])))


def _all(parts: Mapping[str, list[Region] | None], name: str) -> tuple[Region, ...] | None:
    held = parts.get(name)
    return None if held is None else tuple(held)


def of_observation(resource: Mapping[str, Any]) -> Studied:
    """What a region-studied Observation of the guide's STU1 and STU2 says."""
    components = as_dicts(resource.get("component"))
    accession, is_one_based = "", False
    for each in components:
        codes, concept = codes_of(each), concept_of(each.get("valueCodeableConcept"))
        stated = {coding.code for coding in concept.codings}
        if _REF_SEQ in codes:
            accession = next((c for c in (*stated, concept.text) if c.startswith("NC_")), "")
        if _SYSTEM in codes:
            is_one_based = _ONE_BASED in stated
    examined = tuple(_ranges(components, _EXAMINED, accession, is_one_based))
    uncalled = tuple(_ranges(components, _UNCALLABLE, accession, is_one_based))
    return Studied(regions=examined or None, uncalled=uncalled or None)


def _ranges(
    components: list[Mapping[str, Any]], code: str, accession: str, is_one_based: bool
) -> Iterator[Region]:
    for each in components:
        stated = each.get("valueRange")
        if code not in codes_of(each) or not isinstance(stated, dict) or not accession:
            continue
        low, high = (_whole(stated.get(name)) for name in ("low", "high"))
        if low is not None and high is not None and low - is_one_based < high:
            yield Region(accession, low - is_one_based, high)


def _whole(quantity: Any) -> int | None:
    value = quantity.get("value") if isinstance(quantity, dict) else None
    try:
        number = int(value) if value is not None else None
    except (TypeError, ValueError):
        return None
    return number if number is not None and number == value and number >= 0 else None


def build_of(concept: Concept) -> str:
    """GRCh37 or GRCh38, by LOINC's answer (blanks around it do not count) or its words."""
    for coding in concept.codings:
        if coding.code.strip() in _BUILDS:
            return _BUILDS[coding.code.strip()]
    for text in (
        concept.text,
        *(c.display for c in concept.codings),
        *(c.code for c in concept.codings),
    ):
        found = _SPELT_BUILD.search(text)
        if found:
            return "GRCh38" if "38" in (found[1], found[2]) else "GRCh37"
    return ""


def change_of(concept: Concept) -> str:
    """The Sequence Ontology's code of a kind of change; empty where it has none. A code counts
    before the words beside it."""
    for coding in concept.codings:
        found = _SO.fullmatch(coding.code.strip())
        if found:
            return f"SO:{found[1]}"
    words = [c.code for c in concept.codings]
    words += [c.display for c in concept.codings] + [concept.text]
    names = (_CHANGES.get(" ".join(each.split()).lower(), "") for each in words if each)
    return next((each for each in names if each), "")


def change_name(code: str) -> str:
    """The ontology's own name of a kind of change; empty where we do not hold it."""
    return SEQUENCE_ONTOLOGY_TERMS.get(code, "")

"""What a client's prefetch supplies, and what its silence means (CDS Hooks 3.0, Prefetch).

Four silences are kept apart: nothing found (`null`, an empty Bundle), nothing obtainable (an
OperationOutcome), nothing sent, and more on a page we were not given. Data are known by resource
type and code; the name of a key only tells what an answer without data was about.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from fhir_pgx.errors import InvalidHookRequest, Issue
from fhir_pgx.fhir.bundle import MAX_NESTING, Entry, as_dicts, as_text, entries_of, type_and_id
from fhir_pgx.fhir.resolution import has_code
from fhir_pgx.fhir.roles import GENETIC_LABEL
from fhir_pgx.model.hook import Availability, Listed
from fhir_pgx.services.templates import RESULT_CODES, TEMPLATES, is_of_measures, type_of
from fhir_pgx.terminology import GENE_STUDIED, TBD

Topic = Literal["genomics", "medications", "other"]

GENOMIC_TYPES = frozenset(
    {"Observation", "DiagnosticReport", "MolecularSequence", "Sequence", "GenomicStudy"}
)
MEDICATION_TYPES = frozenset(
    {
        "MedicationRequest",
        "MedicationOrder",
        "MedicationPrescription",
        "MedicationStatement",
        "MedicationUsage",
        "MedicationDispense",
        "MedicationAdministration",
    }
)
# Observations filed only under these were never a search for a genotype.
_NOT_LABORATORY = frozenset({"vital-signs", "social-history", "survey", "exam", "activity"})
_GENOMIC_CODES = frozenset({*RESULT_CODES, GENE_STUDIED})
_GENETICS = "GE"  # v2-0074, as the Genomics Reporting guide asks since STU3
_GENE = re.compile(
    r"(?i)\bCYP\s?\d|\b(?:TPMT|NUDT15|DPYD|UGT1A1|SLCO1B1|ABCG2|VKORC1|IFNL3|IL28B|NAT2|G6PD|RYR1"
    r"|CACNA1S|CFTR|MT-RNR1|HLA)\b"
)

# `gender` and `emergency` are no genes.
_GENOMIC_NAME = re.compile(
    r"(?i)(?<!emer)(?<!a)gen(?!der|eral)|pgx|variant|haplo|allele|cyp\d|hla|dna|sequence|molecular"
    r"|obs|lab|report|result"
)
_MEDICATION_WORDS = ("medic", "meds", "drug", "prescri")
_MEASURE_WORDS = ("vital", "measure", "weight", "height", "egfr")
# The types whose absence says something: nobody has problems, allergies or medicines on record.
_TYPE_WORDS = (
    ("allerg", "AllergyIntolerance"),
    ("problem", "Condition"),
    ("condition", "Condition"),
    *((word, "MedicationRequest") for word in _MEDICATION_WORDS),
)
_OTHER_WORDS = (
    "patient", "user", "practitioner", "encounter", "coverage", "condition", "problem", "allerg",
    "immuniz", "appointment", "location", "organization",
)  # fmt: skip

# Which list a resource type belongs to. An Observation is of the results, unless the search was
# for measures alone.
_LISTS: Mapping[str, Listed] = {
    **dict.fromkeys(GENOMIC_TYPES, "results"),
    **dict.fromkeys(MEDICATION_TYPES, "medicines"),
    "Condition": "problems",
    "AllergyIntolerance": "allergies",
    "ServiceRequest": "tests",
}

_NOT_A_RESOURCE = "is not a FHIR resource"
_MEND = "send a FHIR resource, a Bundle, or null where the search found nothing"


@dataclass(frozen=True, slots=True)
class Prefetched:
    """What was supplied, and how far the rest was obtainable."""

    entries: tuple[Entry, ...] = ()
    genomics: Availability = "missing"
    medications: Availability = "missing"
    incomplete: bool = False
    unavailable_reason: str = ""
    looked_for: frozenset[str] = frozenset()
    lists: Mapping[Listed, Availability] = field(default_factory=dict)
    partial: frozenset[Listed] = frozenset()
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What one search gave: entries, or `failed` with the reason, or neither (none found).

    `topic` and `kind`, the type searched for (empty where nothing tells), matter only where nothing
    was found or something failed. A search `of_measures` asked for weights and the like alone.
    """

    topic: Topic
    entries: tuple[Entry, ...] = ()
    failed: str = ""
    incomplete: bool = False
    kind: str = ""
    of_measures: bool = False


def read_prefetch(prefetch: Mapping[str, Any]) -> Prefetched:
    """Sort what each key holds.

    Raises InvalidHookRequest naming every key whose value is no FHIR resource, TooDeep for Bundles
    in Bundles without end.
    """
    issues: list[Issue] = []
    flags: list[str] = []
    answers = [_read_key(key, value, issues, flags) for key, value in prefetch.items()]
    if issues:
        raise InvalidHookRequest(issues[0].text, where=issues[0].where, issues=tuple(issues))
    supplied = sort_answers(answers)
    return replace(supplied, flags=tuple(dict.fromkeys(flags))) if flags else supplied


def sort_answers(answers: Sequence[Answer]) -> Prefetched:
    """What several answers, of the prefetch or of a FHIR server, supply together."""
    entries = tuple([entry for answer in answers for entry in answer.entries])
    kinds = {entry.type for entry in entries}
    genomics, genomic_gap = _availability("genomics", answers, any(map(is_genomic, entries)))
    medications, _ = _availability("medications", answers, bool(kinds & MEDICATION_TYPES))
    sought = (e for answer in answers if not answer.of_measures for e in answer.entries)
    if genomics == "missing" and any(map(_is_laboratory, sought)):
        # 412 is not for data that came and lack what we would like (CDS Hooks, Prefetch; CRD).
        genomics = "empty"
    gaps = {answer.kind for answer in answers if answer.failed or answer.incomplete}
    empty = {answer.kind for answer in answers if not answer.entries}
    failures = dict.fromkeys(answer.failed for answer in answers if answer.failed)
    return Prefetched(
        entries=entries,
        genomics=genomics,
        medications=medications,
        # Of a lifetime of weights a page is enough; no result stands on the next.
        incomplete=genomic_gap or any(a.incomplete and not a.of_measures for a in answers),
        unavailable_reason="; ".join(failures)[:300],
        looked_for=frozenset(empty - gaps - {""}),
        **_by_list(answers),
    )


def _by_list(answers: Sequence[Answer]) -> dict[str, Any]:
    """`lists` and `partial`: how far each list was obtainable, and of which a part is missing."""
    lists: dict[Listed, Availability] = {}
    came: set[Listed] = set()
    gaps: set[Listed] = set()
    for answer in answers:
        holds = _lists_of({entry.type for entry in answer.entries}, answer)
        asked = _asked(answer) or holds
        came |= holds
        # Of a lifetime of weights a page is enough.
        is_partial = answer.incomplete and not (answer.of_measures and answer.entries)
        if answer.failed or is_partial:
            gaps |= asked
        elif not answer.entries:
            lists.update(dict.fromkeys(asked, "empty"))
    lists.update(dict.fromkeys(came, "supplied"))
    lists.update(dict.fromkeys(gaps, "unavailable"))
    return {"lists": lists, "partial": frozenset(gaps & came)}


def _asked(answer: Answer) -> set[Listed]:
    """The list that a search was for; empty where nothing tells."""
    return _lists_of({"Observation" if answer.of_measures else answer.kind}, answer)


def _lists_of(kinds: Iterable[str], answer: Answer) -> set[Listed]:
    """The lists that resource types belong to. Which Observations they are, the search tells."""
    found: set[Listed] = set()
    for kind in kinds:
        if kind == "Observation" and answer.of_measures:
            found.add("measures")
        elif kind in _LISTS:
            found.add(_LISTS[kind])
    return found


def is_genomic(entry: Entry) -> bool:
    """Whether a resource is of a kind that genomic results come in.

    An Observation is by its code (one we search for, the guide's own, a label that speaks of
    genes), its category (v2 `GE`) or a component that names a gene: a creatinine is no sign that
    anybody looked for a genotype. A problem or an allergy is by its label alone.
    """
    resource = entry.resource
    kind = resource.get("resourceType")
    if kind in ("Condition", "AllergyIntolerance"):
        return _is_genomic_code(resource.get("code"))
    if kind != "Observation":
        return kind in GENOMIC_TYPES
    if _is_genomic_code(resource.get("code")) or resource.get("extension"):
        return True
    if any(has_code(category, _GENETICS) for category in as_dicts(resource.get("category"))):
        return True
    return any(_is_genomic_code(part.get("code")) for part in as_dicts(resource.get("component")))


def _is_laboratory(entry: Entry) -> bool:
    """Whether somebody looked among laboratory results; vital signs alone are no such look."""
    if entry.resource.get("resourceType") != "Observation":
        return False
    categories = {
        as_text(coding.get("code"))
        for category in as_dicts(entry.resource.get("category"))
        for coding in as_dicts(category.get("coding"))
    }
    return not categories or not categories <= _NOT_LABORATORY


def _is_genomic_code(code: Any) -> bool:
    if not isinstance(code, dict):
        return False
    codings = as_dicts(code.get("coding"))
    for coding in codings:
        if as_text(coding.get("code")) in _GENOMIC_CODES or coding.get("system") == TBD:
            return True
    labels = [as_text(code.get("text")), *[as_text(coding.get("display")) for coding in codings]]
    return any(GENETIC_LABEL.search(label[:300]) or _GENE.search(label[:300]) for label in labels)


def _availability(
    topic: Topic, answers: Sequence[Answer], supplied: bool
) -> tuple[Availability, bool]:
    """How far data on a topic were obtainable, and whether a part of them was not.

    A failed search beside an empty one is "unavailable": the result may be in what failed.
    """
    mine = [answer for answer in answers if answer.topic == topic]
    failed = any(answer.failed for answer in mine)
    if supplied:
        return "supplied", failed
    if failed:
        return "unavailable", False
    return ("empty" if any(not answer.entries for answer in mine) else "missing"), False


def _read_key(key: str, value: Any, issues: list[Issue], flags: list[str]) -> Answer:
    path = f"prefetch.{key}"
    topic = _topic(key, value)
    about = Answer(topic or "other", kind=_kind(key, value), of_measures=_of_measures(key, value))
    # That nothing stands under a key of which nobody knows what it asks is no search for results;
    # what failed under it may have been one.
    if_failed: Topic = topic or "genomics"
    if value is None:
        return about  # CDS Hooks, Prefetch: null is "none exists", not "not looked"
    if isinstance(value, dict) and "response" in value and value.get("resource") is None:
        flags.append("prefetch-wrapped")
        status = _status(value["response"])
        if status.startswith("2"):
            return about
        return replace(about, topic=if_failed, failed=f"status {status}".strip())
    found: list[Entry] = []
    reasons: list[str] = []
    incomplete = False
    for resource, where in resources_in(value, path, flags):
        if not _is_resource(resource):
            issues.append(Issue(f"{where} {_NOT_A_RESOURCE}", where, _MEND, "structure"))
            continue
        for entry in entries_of(resource, where):
            if entry.type != "OperationOutcome":
                found.append(entry)
            elif entry.resource is resource or _is_failure(entry.resource):
                reasons.append(_reason(entry.resource))
        for bundle in bundles_in(resource):
            failed, is_empty = _unfilled(bundle)
            reasons += failed
            incomplete = incomplete or is_empty or _has_more(bundle)
    if incomplete and not found:
        reasons.append("the client has results and sent none of them")
    return replace(
        about,
        topic=if_failed if reasons else about.topic,
        entries=tuple(found),
        failed="; ".join(dict.fromkeys(reasons)),
        incomplete=incomplete,
    )


def resources_in(value: Any, path: str, flags: list[str]) -> Iterator[tuple[Any, str]]:
    """Each resource that a key holds, also in the shapes of old and home-made clients."""
    if isinstance(value, list):
        flags.append("prefetch-array")
        for i, item in enumerate(value):
            yield item, f"{path}[{i}]"
    elif isinstance(value, dict) and "resourceType" not in value and "resource" in value:
        flags.append("prefetch-wrapped")  # CDS Hooks before 1.0: {response, resource}
        yield value["resource"], f"{path}.resource"
    else:
        yield value, path


def _is_resource(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    kind = value.get("resourceType")
    if kind is None:
        return isinstance(value.get("entry"), list)  # a Bundle that lost its type
    return isinstance(kind, str) and kind != ""


def bundles_in(resource: Mapping[str, Any], depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """A Bundle and those in it: the answers of a batch."""
    yield resource
    if depth < MAX_NESTING:
        for entry in as_dicts(resource.get("entry")):
            inner = entry.get("resource")
            if isinstance(inner, dict) and "entry" in inner:
                yield from bundles_in(inner, depth + 1)


def _unfilled(bundle: Mapping[str, Any]) -> tuple[list[str], bool]:
    """What entries without a resource say: why a search of a batch failed, and whether there is one
    of which nothing tells what should stand there."""
    reasons, is_empty = [], False
    for entry in as_dicts(bundle.get("entry")):
        response = entry.get("response")
        if isinstance(response, dict):
            status, outcome = _status(response), response.get("outcome")
            if isinstance(outcome, dict) and _is_failure(outcome):
                reasons.append(_reason(outcome))
            elif status and not status.startswith("2"):
                reasons.append(f"status {status}")
        elif not isinstance(entry.get("resource"), dict):
            is_empty = True
    return reasons, is_empty


def _has_more(resource: Mapping[str, Any]) -> bool:
    """Whether a search Bundle says that there is more than it holds."""
    for link in as_dicts(resource.get("link")):
        if as_text(link.get("relation")) == "next":
            return True
    total = as_text(resource.get("total"))
    return total.isdecimal() and int(total[:9]) > sum(
        map(_is_match, as_dicts(resource.get("entry")))
    )


def _is_match(entry: Mapping[str, Any]) -> bool:
    """Whether an entry counts in `Bundle.total`: what is included beside a match does not."""
    resource, search = entry.get("resource"), entry.get("search")
    if not isinstance(resource, dict) or resource.get("resourceType") == "OperationOutcome":
        return False
    return not (isinstance(search, dict) and search.get("mode") in ("include", "outcome"))


def _is_failure(outcome: Mapping[str, Any]) -> bool:
    # A warning in a search Bundle is Epic's way of saying "no results".
    return any(
        as_text(issue.get("severity")) in {"fatal", "error"}
        for issue in as_dicts(outcome.get("issue"))
    )


def _reason(outcome: Mapping[str, Any]) -> str:
    """The outcome's issue codes. Its free text may name the patient and is not repeated."""
    codes = dict.fromkeys(
        code
        for issue in as_dicts(outcome.get("issue"))
        if (code := as_text(issue.get("code"))).replace("-", "").isalpha() and len(code) <= 30
    )
    return ", ".join(list(codes)[:5]) or "no reason given"


def _status(response: Any) -> str:
    status = as_text(response.get("status")) if isinstance(response, dict) else ""
    return status[:3] if status[:3].isdigit() else ""


def _topic(key: str, value: Any) -> Topic | None:
    """What a key is about: by its Bundle's own search, else its published or telling name; None
    where neither tells."""
    if _of_measures(key, value):
        return "other"
    kind = _searched_type(value) or (type_of(TEMPLATES[key]) if key in TEMPLATES else "")
    if kind:
        return topic_of(kind)
    name = key.lower()
    if _GENOMIC_NAME.search(name):
        return "genomics"
    if any(word in name for word in _MEDICATION_WORDS):
        return "medications"
    return "other" if any(word in name for word in _OTHER_WORDS) else None


def _kind(key: str, value: Any) -> str:
    """The resource type that a key was to hold; empty where neither search nor name tells."""
    stated = _searched_type(value) or (type_of(TEMPLATES[key]) if key in TEMPLATES else "")
    name = key.lower()
    return stated or next((kind for word, kind in _TYPE_WORDS if word in name), "")


def _of_measures(key: str, value: Any) -> bool:
    """Whether a key was to hold weights and the like alone: by its search, else by its name."""
    query = searched(value)
    if query:
        return type_in(query) == "Observation" and is_of_measures(query)
    if key in TEMPLATES:
        return is_of_measures(TEMPLATES[key])
    name = key.lower()
    is_genomic_name = _GENOMIC_NAME.search(name) is not None
    return any(word in name for word in _MEASURE_WORDS) and not is_genomic_name


def topic_of(kind: str) -> Topic:
    """What resources of a type are about."""
    if kind in MEDICATION_TYPES:
        return "medications"
    return "genomics" if kind in GENOMIC_TYPES else "other"


def _searched_type(value: Any) -> str:
    """The type that a Bundle's self link searched; empty where it does not say."""
    return type_in(searched(value))


def type_in(query: str) -> str:
    """The type that a search is for; empty where the address is no search of a type."""
    address = query.partition("?")[0].removesuffix("/_search")
    return type_and_id(f"{address}/x")[0] if address else ""


def searched(value: Any) -> str:
    """The address of a Bundle's self link; empty where it has none."""
    for link in as_dicts(value.get("link")) if isinstance(value, dict) else ():
        if as_text(link.get("relation")) == "self":
            return as_text(link.get("url"))
    return ""

"""What every Observation of an answer has in common, and how a stored one is found in its resource.

A resource that is the result itself is returned under its own id. One that stands inside a report,
or is told by a sequence, is returned as an Observation of its own: its id is a digest of where it
comes from, the same at every call, and it says what it is derived from.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fhir_pgx.fhir.bundle import Entry, as_dicts, as_text, entries_of, reference_of
from fhir_pgx.operations.operation import Resource
from fhir_pgx.terminology import HGNC, LOINC, OBSERVATION_CATEGORY

REFSEQ = "http://www.ncbi.nlm.nih.gov/refseq"
_V2_SECTION = "http://terminology.hl7.org/CodeSystem/v2-0074"
_CATEGORIES = ((OBSERVATION_CATEGORY, "laboratory"), (_V2_SECTION, "GE"))
# Types that Observation.derivedFrom may lead to.
_PARENTS = frozenset(("Observation", "MolecularSequence", "DocumentReference"))
# What a result says beside its finding, and an Observation made from it says too.
_CARRIED = ("effectiveDateTime", "effectivePeriod", "issued", "specimen", "performer", "device",
            "method", "encounter", "basedOn", "partOf")  # fmt: skip


def coded(system: str, code: str, display: str = "") -> Resource:
    """A concept of one coding."""
    coding = {"system": system, "code": code, **({"display": display} if display else {})}
    return {"coding": [coding]}


def component(code: str, **value: Any) -> Resource:
    """A component with a LOINC code and its value."""
    return {"code": coded(LOINC, code), **value}


def gene_component(gene: str, hgnc: str) -> Resource:
    """The gene studied; by its symbol alone where no HGNC id is known."""
    concept = coded(HGNC, hgnc, gene) if hgnc else {"text": gene}
    return component("48018-6", valueCodeableConcept=concept)


def codes_of(element: Mapping[str, Any]) -> set[str]:
    """The codes of an Observation or a component."""
    code = element.get("code")
    codings = as_dicts(code.get("coding")) if isinstance(code, dict) else []
    return {as_text(each.get("code")) for each in codings}


def observations_in(body: Resource) -> list[Entry]:
    """The Observations of a stored resource: itself, and those it contains."""
    return [entry for entry in entries_of(body) if entry.type == "Observation"]


def conforming(resource: Mapping[str, Any], profile: str, patient: str) -> Resource:
    """A copy that says its profile, has the two categories of a finding and names its subject."""
    found = dict(resource)
    meta = dict(found.get("meta") or {})
    profiles = [each for each in meta.get("profile") or [] if isinstance(each, str)]
    if profile not in {each.partition("|")[0] for each in profiles}:
        meta["profile"] = [profile]
    found["meta"] = meta
    categories = list(as_dicts(found.get("category")))
    for system, code in _CATEGORIES:
        stated = [coding for each in categories for coding in as_dicts(each.get("coding"))]
        if not any((each.get("system"), each.get("code")) == (system, code) for each in stated):
            categories.append(coded(system, code))
    found["category"] = categories
    found.setdefault("subject", {"reference": f"Patient/{patient}"})
    return found


def taken_out(entry: Entry, patient: str) -> Resource:
    """A contained Observation as one of its own; references to its neighbours are left out."""
    if entry.container is None:
        return dict(entry.resource)
    home = entry.container.resource
    found = {name: value for name, value in entry.resource.items() if not _is_local(value)}
    derived = [each for each in as_dicts(found.get("derivedFrom")) if not _is_local(each)]
    found.pop("derivedFrom", None)
    if derived:
        found["derivedFrom"] = derived
    for name in ("effectiveDateTime", "issued"):
        if home.get(name) and not any(key.startswith(name[:6]) for key in found):
            found[name] = home[name]
    found["subject"] = {"reference": f"Patient/{patient}"}
    found["id"] = made_id(entry.reference)
    return found


def made_from(body: Mapping[str, Any], what: Sequence[str], code: Resource) -> Resource:
    """An Observation that says one thing that `body` says: the frame without value.

    `what` tells it from the others of the same body. A sequence has no status that says how far it
    may be relied on, so that the status is `unknown`.
    """
    type_, id_ = as_text(body.get("resourceType")), as_text(body.get("id"))
    carried = {name: body[name] for name in _CARRIED if name in body and type_ == "Observation"}
    status = as_text(body.get("status")) if type_ != "MolecularSequence" else ""
    return {
        "resourceType": "Observation",
        "id": made_id(f"{type_}/{id_}", *what),
        "status": status or "unknown",
        "code": code,
        **carried,
        **({"derivedFrom": [{"reference": f"{type_}/{id_}"}]} if type_ in _PARENTS else {}),
    }


def made_id(*parts: str) -> str:
    """An id that is the same whenever the same is asked."""
    return "made-" + hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def distinct(resources: Iterable[Resource]) -> list[Resource]:
    """Each resource once, in order."""
    found: dict[str, Resource] = {}
    for each in resources:
        found.setdefault(str(each["id"]), each)
    return list(found.values())


def _is_local(value: Any) -> bool:
    """Whether a value is a reference into the container."""
    return isinstance(value, dict) and reference_of(value).startswith("#")

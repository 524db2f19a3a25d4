"""Whose data a question names and an answer holds: patients, by their plain ids.

One too many does no harm in a record of accesses, one too few does: what cannot be read as FHIR is
searched for every reference to a patient.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec

# The patients that resources are kept under, by type and id; of those that never were, nothing.
Owners = Callable[[Sequence[tuple[str, str]]], Mapping[tuple[str, str], str]]

_PATIENT: Final = re.compile(r"(?:.*/)?Patient/([A-Za-z0-9.\-]{1,64})(?:/_history/.*)?", re.DOTALL)
_ID: Final = re.compile(r"[A-Za-z0-9.\-]{1,64}")
_ASKED: Final = ("patient", "subject")  # search parameters that name one
# Members that name the patient whom a resource is about (as `rest/owners.py` reads them).
_SUBJECTS: Final = ("subject", "patient", "beneficiary", "for", "individual")
_decode = msgspec.json.Decoder().decode


@dataclass(frozen=True, slots=True)
class Named:
    """The patients that an answer names, and the type and id of what in it names none."""

    patients: tuple[str, ...] = ()
    unclear: tuple[tuple[str, str], ...] = ()


NOBODY: Final = Named()


def is_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None


def patient_of(reference: str) -> str:
    """The id in a reference to a patient; empty for any other."""
    found = _PATIENT.fullmatch(reference)
    return found[1] if found else ""


def reference_in(text: str) -> tuple[str, str] | None:
    """Type and id at the end of an address or reference; None where there are none."""
    parts = text.partition("/_history/")[0].rsplit("/", 2)[-2:]
    is_one = len(parts) == 2 and parts[0].isalpha() and parts[0][0].isupper() and is_id(parts[1])
    return (parts[0], parts[1]) if is_one else None


def pairs_in(query: str) -> list[tuple[str, str]]:
    """The parameters of a query as they stand; none where there are more than Python reads."""
    try:
        return parse_qsl(query, keep_blank_values=True)
    except ValueError:
        return []


def asked_of(pairs: Iterable[tuple[str, str]], type_: str = "") -> Iterator[str]:
    """The patients that the parameters of a question name; `type_` is what is searched for."""
    for name, value in pairs:
        plain = name.partition(":")[0]
        if plain not in _ASKED and not (plain == "_id" and type_ == "Patient"):
            continue
        for item in value.split(","):
            if found := patient_of(item):
                yield found
            elif is_id(item):
                yield item


def decoded(body: bytes) -> Any:
    """A JSON body of ours; None where it is empty or none."""
    try:
        return _decode(body) if body else None
    except msgspec.MsgspecError:
        return None


def named_in(resource: Any) -> Named:
    """The patients of a resource, or of all that stands in a Bundle or in Parameters."""
    patients: dict[str, None] = {}
    unclear: dict[tuple[str, str], None] = {}
    for each in _resources_in(resource):
        kind, id_ = each.get("resourceType"), each.get("id")
        if kind == "Patient" and isinstance(id_, str):
            patients[id_] = None
            continue
        named = dict.fromkeys(_references(each.get(name) for name in _SUBJECTS))
        patients |= named
        if not named and isinstance(kind, str) and isinstance(id_, str):
            unclear[kind, id_] = None
    return Named(tuple(patients), tuple(unclear))


def _resources_in(resource: Any) -> Iterator[Mapping[str, Any]]:
    if not isinstance(resource, dict):
        return
    kind = resource.get("resourceType")
    if kind == "Bundle" and isinstance(entries := resource.get("entry"), list):
        for each in entries:
            if isinstance(each, dict):
                yield from _resources_in(each.get("resource"))
    elif kind == "Parameters":
        # The answer to a question about one or many: whoever is named in it was told of.
        yield {"subject": resource.get("parameter")}
    elif kind != "OperationOutcome":
        yield resource


def _references(values: Iterable[Any]) -> Iterator[str]:
    """Each patient that is referred to anywhere in these."""
    for value in values:
        if isinstance(value, list):
            yield from _references(value)
        elif isinstance(value, dict):
            # Lists of patients in an operation's answer are texts.
            for name in ("reference", "valueString"):
                if isinstance(text := value.get(name), str) and (found := patient_of(text)):
                    yield found
            yield from _references(each for each in value.values() if not isinstance(each, str))

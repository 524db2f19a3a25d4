"""Who uses the EHR: the roles and specialties that a call states of its user."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fhir_pgx.fhir.bundle import Entry, as_dicts, as_text, reference_of, type_and_id


def read_specialties(entries: Iterable[Entry], user_id: str) -> frozenset[str]:
    """Codes and labels of the user's roles and specialties, and the type of `user_id`, in lower
    case; empty where the call names no user.

    A PractitionerRole counts where it is the user, or is a role of the user: that of somebody else
    in the same data says nothing. Source: FHIR PractitionerRole, `code` and `specialty`.
    """
    kind, identity = type_and_id(user_id)
    if not kind or not identity:
        return frozenset()
    found = {kind.lower()}
    for entry in entries:
        if entry.type == "PractitionerRole" and entry.container is None:
            if entry.resource.get("active") is False:
                continue
            if (entry.type, entry.id) == (kind, identity) or _is_role_of(
                entry.resource, kind, identity
            ):
                found.update(_words(entry.resource))
    return frozenset(found)


def _is_role_of(role: Mapping[str, Any], kind: str, identity: str) -> bool:
    return type_and_id(reference_of(role.get("practitioner"))) == (kind, identity)


def _words(role: Mapping[str, Any]) -> Iterator[str]:
    for member in ("code", "specialty"):
        for concept in as_dicts(role.get(member)):
            codings = as_dicts(concept.get("coding"))
            texts = [concept.get("text")]
            texts += [coding.get(name) for coding in codings for name in ("code", "display")]
            yield from (word.strip().lower() for each in texts if (word := as_text(each)))

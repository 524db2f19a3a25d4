"""What a transaction or batch did, as accesses: by interaction and patient, with every resource."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import unquote

from fhir_pgx.model.audited import Access, Kind, outcome_of
from fhir_pgx.web.noted import Noted
from fhir_pgx.web.whose import NOBODY, Owners, asked_of, decoded, named_in, pairs_in, reference_in

MAX_RESOURCES: Final = 500  # named in one entry of the record; what is more goes on in the next
_METHODS: Final[Mapping[str, Kind]] = {"POST": "create", "PUT": "update", "DELETE": "delete"}


@dataclass(frozen=True, slots=True)
class _Done:
    """What one entry did: its access without patient and resources, the resource that it names by
    id, those whose patient is to be looked up, and the patients that are known."""

    access: Access
    named: tuple[str, ...]
    references: tuple[tuple[str, str], ...]
    patients: tuple[str, ...]


def bundle_accesses(whole: Access, seen: Noted, owners: Owners) -> list[Access]:
    """The accesses of every entry, or `whole` alone where nothing was done."""
    sent = seen.sent if isinstance(seen.sent, dict) else {}
    within: Kind = "batch" if sent.get("type") == "batch" else "transaction"
    asked = sent.get("entry")
    if whole.outcome != "0" or not isinstance(asked, list) or not asked:
        return [replace(whole, kind=within, what=within)]
    answered = _entries(decoded(seen.answered))
    answered += [{}] * (len(asked) - len(answered))
    return _grouped([_done(*each, within) for each in zip(asked, answered, strict=False)], owners)


def _entries(bundle: Any) -> list[Any]:
    found = bundle.get("entry") if isinstance(bundle, dict) else None
    return found if isinstance(found, list) else []


def _done(asked: Any, answered: Any, within: Kind) -> _Done:
    request, response = _member(asked, "request"), _member(answered, "response")
    path, _, query = str(request.get("url", "")).partition("?")
    steps = [unquote(each) for each in path.split("/") if each]
    kind = _METHODS.get(str(request.get("method"))) or _got(steps)
    status = _status(response)
    located = reference_in(str(response.get("location", "")))
    named = located or reference_in("/".join(steps))
    what = next((each for each in steps if each[:1].isupper() or each[:1] == "$"), kind)
    access = Access(
        kind, what, query=query, status=status, outcome=outcome_of(status),
        details=(("within", within),),
    )  # fmt: skip
    resource = answered.get("resource") if isinstance(answered, dict) else None
    found = named_in(resource) if status < 400 else NOBODY
    references = (*((named,) if named else ()), *found.unclear)
    patients = (*found.patients, *asked_of(pairs_in(query), what))
    return _Done(access, ("/".join(named),) if named else (), references, patients)


def _member(holder: Any, name: str) -> dict[str, Any]:
    found = holder.get(name) if isinstance(holder, dict) else None
    return found if isinstance(found, dict) else {}


def _status(response: Mapping[str, Any]) -> int:
    """`201 Created` as a number; 500 where an entry has no answer."""
    first = str(response.get("status", ""))[:3]
    return int(first) if first.isascii() and first.isdigit() else 500


def _got(steps: Sequence[str]) -> Kind:
    """The interaction of a GET by its path."""
    if any(step.startswith("$") for step in steps):
        return "operation"
    if "_history" in steps:
        if steps[-1] != "_history":
            return "vread"
        kinds: tuple[Kind, ...] = ("history-system", "history-type", "history-instance")
        return kinds[min(len(steps), 3) - 1]
    return "read" if len(steps) == 2 and not steps[1].startswith("_") else "search-type"


def _grouped(done: Sequence[_Done], owners: Owners) -> list[Access]:
    wanted = {each: None for one in done for each in one.references if each[0] != "Patient"}
    known = owners(tuple(wanted)) if wanted else {}
    groups: dict[tuple[Access, str], dict[str, None]] = {}
    for one in done:
        patients = dict.fromkeys(one.patients)
        for each in one.references:
            patients[each[1] if each[0] == "Patient" else known.get(each, "")] = None
        patients.pop("", None)
        for patient in patients or ("",):
            groups.setdefault((one.access, patient), {}).update(dict.fromkeys(one.named))
    found = []
    for (access, patient), named in groups.items():
        resources = tuple(named)
        for start in range(0, max(len(resources), 1), MAX_RESOURCES):
            part = resources[start : start + MAX_RESOURCES]
            found.append(replace(access, patient=patient, resources=part))
    return found

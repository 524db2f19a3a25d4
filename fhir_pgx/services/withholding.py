"""Consents and labels over the evidence of one hook call, wherever it comes from.

What is withheld is taken out of the documents before anything of them is read: a call with withheld
data is then the call that a client without them would have sent, down to the count of a Bundle. The
context is left as it is: it is what the user has in hand. `docs/consent.md`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from fhir_pgx.errors import TooDeep
from fhir_pgx.fhir.bundle import MAX_NESTING, as_dicts, as_text
from fhir_pgx.fhir.json import read_json, write_json
from fhir_pgx.knowledge.gene_words import load_gene_words
from fhir_pgx.model.access import Caller
from fhir_pgx.model.hook import GLASS_BROKEN, NOT_UNDERSTOOD, HookCall
from fhir_pgx.security.labels import is_limited_by_labels
from fhir_pgx.security.withheld import NOTHING, Version, Withheld, withheld

_COUNTED = ("", "match")  # modes of a search entry that `Bundle.total` counts


@dataclass(frozen=True, slots=True)
class Supplied:
    """A resource as it was supplied: read, from a document, or as the `body` that is stored."""

    type: str
    id: str
    full_url: str = ""
    resource: Mapping[str, Any] | None = None
    body: bytes = b""

    @property
    def written(self) -> bytes:
        return self.body if self.resource is None else write_json(self.resource)

    @property
    def read(self) -> Mapping[str, Any]:
        if self.resource is not None:
            return self.resource
        found = read_json(self.body, max_bytes=len(self.body))
        return found if isinstance(found, dict) else {}


class Judged:
    """What of the evidence is withheld from this call."""

    def __init__(self, found: Withheld, gone: frozenset[int]) -> None:
        self._found, self._gone = found, gone

    @property
    def is_limited(self) -> bool:
        return self._found.is_limited

    def hides(self, type_: str, id_: str) -> bool:
        return (type_, id_) in self._found.hidden

    def without(self, document: Mapping[str, Any]) -> Mapping[str, Any]:
        """A service call without what is withheld from its prefetch."""
        prefetch = document.get("prefetch")
        if not self._gone or not isinstance(prefetch, dict):
            return document
        kept = {key: None if (left := self.keep(value)) is _GONE else left
                for key, value in prefetch.items()}  # fmt: skip
        return {**document, "prefetch": kept}

    def documents(self, documents: Iterable[Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
        """The documents of a FHIR server without what is withheld."""
        kept = (self.keep(document) for document in documents)
        return tuple(each for each in kept if each is not _GONE)

    def keep(self, value: Any, depth: int = 0) -> Any:
        """A document of any shape without the resources that are withheld."""
        if isinstance(value, list):
            items = (self.keep(item, depth + 1) for item in value)
            return [item for item in items if item is not _GONE]
        if not isinstance(value, dict):
            return value
        if id(value) in self._gone:
            return _GONE
        if _is_bundle(value):
            return self._bundle(value, depth)
        if value.get("resourceType") == "Parameters":
            return {**value, "parameter": self._parameters(value.get("parameter"), depth)}
        if "resourceType" not in value and isinstance(value.get("resource"), dict):
            inner = self.keep(value["resource"], depth + 1)
            return {**value, "resource": None if inner is _GONE else inner}
        return value

    def _bundle(self, bundle: Mapping[str, Any], depth: int) -> dict[str, Any]:
        stated = bundle.get("entry")
        if not isinstance(stated, list):
            return {**bundle}
        entries, left_out = [], 0
        for entry in stated:
            if not isinstance(entry, dict) or "resource" not in entry:
                entries.append(entry)
                continue
            inner = self.keep(entry["resource"], depth + 1)
            if inner is _GONE:
                search = entry.get("search")
                mode = as_text(search.get("mode")) if isinstance(search, dict) else ""
                left_out += mode in _COUNTED
            else:
                entries.append({**entry, "resource": inner})
        kept = {**bundle, "entry": entries}
        total = bundle.get("total")
        if left_out and isinstance(total, int) and not isinstance(total, bool):
            # Or the count would say how many are withheld.
            kept["total"] = max(0, total - left_out)
        return kept

    def _parameters(self, parameters: Any, depth: int) -> Any:
        if not isinstance(parameters, list):
            return parameters
        kept = []
        for each in parameters:
            if not isinstance(each, dict):
                kept.append(each)
                continue
            inner = self.keep(each["resource"], depth + 1) if "resource" in each else None
            if inner is _GONE:
                continue
            changed = {**each}
            if "resource" in each:
                changed["resource"] = inner
            if "part" in each:
                changed["part"] = self._parameters(each["part"], depth + 1)
            kept.append(changed)
        return kept

    def marked(self, call: HookCall) -> HookCall:
        """The call with what is to be said of it: on its cards, and in the record of accesses."""
        flags = [GLASS_BROKEN] if self._found.is_glass_broken else []
        flags += [NOT_UNDERSTOOD] if self._found.not_understood else []
        if not (flags or self.is_limited):
            return call
        flags = list(dict.fromkeys((*call.flags, *flags)))
        return replace(call, is_limited=self.is_limited, flags=tuple(flags))


class _Gone:
    """Stands where a withheld resource was."""


_GONE = _Gone()


def judge(
    call: HookCall,
    supplied: Sequence[Supplied],
    caller: Caller,
    now: datetime,
    *,
    before: Callable[[], Iterable[Supplied]] = tuple,
) -> Judged:
    """What of everything supplied is withheld, by the Consents among it.

    `before` are all versions that are stored of it: a resource is withheld where any of them is.
    They are asked for only where something may be withheld.
    """
    caller = _on_behalf(caller, call)
    consents = [each.read for each in supplied if each.type == "Consent"]
    if not consents and not is_limited_by_labels(caller) and not caller.breaks_glass:
        return Judged(NOTHING, frozenset())
    named = [_version(each, number) for number, each in enumerate(supplied)]
    past = [Version(each.type, each.id, each.body, each.full_url) for each in before()]
    found = withheld([*named, *past], consents, caller, now, words=load_gene_words())
    gone = frozenset(
        id(each.resource)
        for each, version in zip(supplied, named, strict=True)
        if each.resource is not None and (version.type, version.id) in found.hidden
    )
    return Judged(found, gone)


def _on_behalf(caller: Caller, call: HookCall) -> Caller:
    """The caller with the user of the call: a client vouches for whom it names."""
    if caller.user or caller.kind not in ("cds-client", "open"):
        return caller
    return replace(caller, user=call.user_id)


def _version(supplied: Supplied, number: int) -> Version:
    # Without an id nothing can refer to it, and it must not be taken for another.
    identity = supplied.id or f"#{number}"
    return Version(supplied.type, identity, supplied.written, supplied.full_url)


def supplied_in(value: Any, full_url: str = "", depth: int = 0) -> Iterator[Supplied]:
    """Every resource in a document of any shape, with what it contains; Bundles are walked.

    Raises TooDeep for Bundles in Bundles without end.
    """
    if depth > 2 * MAX_NESTING:
        raise TooDeep(f"resources nest more than {MAX_NESTING} deep", mend="send a flat Bundle")
    if isinstance(value, list):
        for item in value:
            yield from supplied_in(item, depth=depth + 1)
    elif not isinstance(value, dict):
        return
    elif _is_bundle(value):
        for entry in as_dicts(value.get("entry")):
            url = as_text(entry.get("fullUrl"))
            yield from supplied_in(entry.get("resource"), url, depth + 1)
    elif value.get("resourceType") == "Parameters":
        yield from _in_parameters(value.get("parameter"), depth + 1)
    elif "resourceType" in value:
        kind, identity = as_text(value.get("resourceType")), as_text(value.get("id"))
        yield Supplied(kind, identity, full_url, value)
    elif "resource" in value:
        yield from supplied_in(value["resource"], depth=depth + 1)


def _in_parameters(parameters: Any, depth: int) -> Iterator[Supplied]:
    for each in as_dicts(parameters):
        yield from supplied_in(each.get("resource"), depth=depth + 1)
        if each.get("part"):
            yield from _in_parameters(each["part"], depth + 1)


def _is_bundle(value: Mapping[str, Any]) -> bool:
    kind = value.get("resourceType")
    return kind == "Bundle" or (kind is None and isinstance(value.get("entry"), list))

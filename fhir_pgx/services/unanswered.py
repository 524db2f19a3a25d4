"""Which of a service's queries the prefetch answered, under whatever name.

A question to the client's FHIR server is spared only where a search for the same thing came: one
report, a resource beside another, or what our own store holds is no answer to "all of them".
Asking once too often costs a moment; once too seldom, a result that nobody sees.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, quote

from fhir_pgx.fhir.bundle import Entry, as_dicts, as_text, entries_of
from fhir_pgx.services.prefetch import bundles_in, resources_in, searched, type_in
from fhir_pgx.services.service import Service
from fhir_pgx.services.templates import MEASURE_CODES, codes_of, is_of_measures, type_of

_PATIENT_ID = "{{context.patientId}}"
_MEASURES = frozenset(MEASURE_CODES)
_SEARCHES = ("searchset", "")  # a Bundle of another type is a message, a document, one report
# What leaves nothing out of a search: whose the data are, and how they are to be sent.
_NARROWS_NOTHING = frozenset(
    {"patient", "subject", "_count", "_sort", "_format", "_pretty", "_total", "_include",
     "_revinclude"}
)  # fmt: skip


def unanswered(
    document: Mapping[str, Any], service: Service, *, patient_id: str
) -> tuple[str, ...]:
    """The service's queries, filled in, that no key of the prefetch answers.

    A key of the template's own name answers it, also with null or an OperationOutcome. Under
    another name a template that searches is answered by an array or a search Bundle of its type,
    not narrowed further by the Bundle's own search; one that reads, by the resource itself.
    """
    prefetch = document.get("prefetch")
    sent: Mapping[str, Any] = prefetch if isinstance(prefetch, dict) else {}
    answers = [answer for key, value in sent.items() for answer in _answers(key, value)]
    return tuple(
        template.replace(_PATIENT_ID, quote(patient_id, safe=""))
        for key, template in service.prefetch.items()
        if key not in sent and not any(_is_answer(each, template, patient_id) for each in answers)
    )


class _Answer:
    """What one key, or one search in a batch under it, holds: `query` is the search that it says
    it answers, empty where it does not say; `is_search` whether it is a list at all."""

    __slots__ = ("entries", "is_search", "query")

    def __init__(self, entries: list[Entry], query: str, *, is_search: bool) -> None:
        self.query, self.is_search = query, is_search
        self.entries = [e for e in entries if e.container is None and e.mode in ("", "match")]


def _answers(key: str, value: Any) -> Iterator[_Answer]:
    if isinstance(value, list):
        # Bundles in it are answers of their own.
        bare = [each for each in value if isinstance(each, dict) and "entry" not in each]
        yield _Answer(entries_of(bare, key), "", is_search=True)
    for resource, _ in resources_in(value, key, []):
        if not isinstance(resource, dict):
            continue
        if "entry" not in resource and resource.get("resourceType") != "Bundle":
            yield _Answer(entries_of(resource, key), "", is_search=False)
            continue
        for bundle in bundles_in(resource):
            kind = as_text(bundle.get("type"))
            if bundle.get("resourceType") in (None, "Bundle") and kind in _SEARCHES:
                yield _Answer(_own(bundle, key), searched(bundle), is_search=True)


def _own(bundle: Mapping[str, Any], key: str) -> list[Entry]:
    """The entries of a Bundle, without those of the Bundles in it: each is an answer itself."""
    own = [
        entry
        for entry in as_dicts(bundle.get("entry"))
        if not (isinstance(inner := entry.get("resource"), dict) and "entry" in inner)
    ]
    return entries_of({**bundle, "entry": own}, key)


def _is_answer(answer: _Answer, template: str, patient_id: str) -> bool:
    if "?" not in template:
        return any(e.type == type_of(template) and e.id == patient_id for e in answer.entries)
    if not answer.is_search:
        return False
    if answer.query and type_in(answer.query):
        return _covers(answer.query, template)
    return any(_is_asked_for(entry, template) for entry in answer.entries)


def _covers(query: str, template: str) -> bool:
    """Whether a search was for all that a template searches for. What narrows it further (a date,
    a category) may have left out the one result."""
    if type_in(query) != type_of(template):
        return False
    wanted = _parameters(template)
    return all(
        name in wanted and wanted[name] <= values
        for name, values in _parameters(query).items()
        if name.partition(":")[0] not in _NARROWS_NOTHING
    )


def _parameters(query: str) -> dict[str, frozenset[str]]:
    """The values of each parameter, codes without their system."""
    stated = parse_qs(query.partition("?")[2], keep_blank_values=False)
    return {
        name: frozenset(v.rpartition("|")[2] for value in values for v in value.split(","))
        for name, values in stated.items()
    }


def _is_asked_for(entry: Entry, template: str) -> bool:
    """Whether a resource is of what a query asks for. A weight is no answer to the question for a
    genotype, nor the other way about."""
    if entry.type != type_of(template):
        return False
    if entry.type != "Observation":
        return True
    code = entry.resource.get("code")
    codings = as_dicts(code.get("coding")) if isinstance(code, dict) else []
    codes = {as_text(coding.get("code")) for coding in codings}
    if is_of_measures(template):
        return not codes.isdisjoint(codes_of(template))
    return not codes or not codes <= _MEASURES

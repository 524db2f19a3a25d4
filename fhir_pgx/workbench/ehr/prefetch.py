"""The prefetch that an EHR sends: our templates filled in, and what may be wrong with them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from fhir_pgx.fhir.bundle import type_and_id
from fhir_pgx.services.prefetch import topic_of
from fhir_pgx.services.service import Service
from fhir_pgx.services.templates import is_of_measures, type_of
from fhir_pgx.workbench.ehr.habits import Ehr
from fhir_pgx.workbench.ehr.record import Record, Resource
from fhir_pgx.workbench.ehr.searches import answer_query, matches, outcome
from fhir_pgx.workbench.ehr.server import FhirExchange
from fhir_pgx.workbench.ehr.troubles import Trouble

_PATIENT: Final = "{{context.patientId}}"
_STRANGER: Final = "synthetic-somebody-else"
_FORM_ACCEPT: Final = "application/json+fhir"  # the DSTU2 type, whatever the release
# What no service looks for, whoever sends it.
_NO_EVIDENCE: Final = frozenset(
    ("Patient", "Practitioner", "PractitionerRole", "Organization", "Location", "Encounter",
     "Device", "Provenance", "Task")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Prefetched:
    """`keys` as the request holds them; `asked` is what the EHR itself asked its server for them,
    where it does so in the open; `notes` say in words what a reader might not expect."""

    keys: Mapping[str, Any]
    asked: tuple[FhirExchange, ...] = ()
    notes: tuple[str, ...] = ()


def queries_of(service: Service, record: Record) -> dict[str, str]:
    """The service's templates by key, filled in for the patient."""
    return {
        key: template.replace(_PATIENT, record.patient_id)
        for key, template in service.prefetch.items()
    }


def prefetch_for(ehr: Ehr, record: Record, service: Service, trouble: Trouble) -> Prefetched:
    """What the EHR puts into the request, in this trouble."""
    queries = queries_of(service, record)
    unasked = [each for each in record.resources if not _is_asked(each, record, queries)]
    if not trouble.sends_prefetch:
        return Prefetched({}, notes=tuple(_unasked_notes(unasked, sent=False)))
    keys: dict[str, Any] = {}
    asked: list[FhirExchange] = []
    for key, query in queries.items():
        found = answer_query(record, ehr.server, query, says_none=ehr.says_none)
        if found.status == 200:
            keys[key] = found.body
        if ehr.searches_itself:
            asked.append(replace(_asked(ehr, query), status=found.status, body=found.body))
    if ehr.is_lavish:
        keys |= _lavish(ehr, record, unasked)
    if ehr.is_absolute:
        keys = _absolute(keys, ehr.server)
    notes = [*_unasked_notes(unasked, sent=ehr.is_lavish)]
    notes += _spoil(keys, ehr, record, queries, trouble)
    return Prefetched(keys, tuple(asked), tuple(notes))


def _is_asked(resource: Resource, record: Record, queries: Mapping[str, str]) -> bool:
    if resource["resourceType"] in _NO_EVIDENCE:
        return True
    return any(matches(resource, record, query) for query in queries.values())


def _unasked_notes(unasked: Sequence[Resource], *, sent: bool) -> Iterator[str]:
    if not unasked:
        return
    count = "1 resource" if len(unasked) == 1 else f"{len(unasked)} resources"
    kinds = ", ".join(sorted({each["resourceType"] for each in unasked}))
    fate = "sent under keys of the site’s own" if sent else "not sent by this EHR"
    yield f"No prefetch template asks for {count} of the chart ({kinds}): {fate}."


def _lavish(ehr: Ehr, record: Record, unasked: Sequence[Resource]) -> dict[str, Any]:
    """A key for each type that is left, as a search of that type."""
    keys = {}
    for kind in sorted({each["resourceType"] for each in unasked}):
        own = Record(record.patient_id, tuple(e for e in unasked if e["resourceType"] == kind))
        found = answer_query(own, ehr.server, f"{kind}?patient={record.patient_id}")
        keys[f"site{kind}"] = found.body
    return keys


def _asked(ehr: Ehr, query: str) -> FhirExchange:
    """A read by GET, a search by POST with its parameters in alphabetical order."""
    path, mark, text = query.partition("?")
    if not mark:
        return FhirExchange("GET", f"{ehr.server}/{path}", 0, 0.0, accept=_FORM_ACCEPT)
    form = urlencode(sorted(parse_qsl(text)))
    url = f"{ehr.server}/{path}/_search"
    return FhirExchange("POST", url, 0, 0.0, accept=_FORM_ACCEPT, sent=form)


def _absolute(value: Any, base: str) -> Any:
    """A copy with each relative reference as an address of the server; the chart is not changed."""
    if isinstance(value, list):
        return [_absolute(each, base) for each in value]
    if not isinstance(value, dict):
        return value
    made = {name: _absolute(each, base) for name, each in value.items()}
    stated = made.get("reference")
    if isinstance(stated, str) and ":" not in stated and type_and_id(stated)[0]:
        made["reference"] = f"{base}/{stated}"
    return made


def _spoil(
    keys: dict[str, Any], ehr: Ehr, record: Record, queries: Mapping[str, str], trouble: Trouble
) -> Iterator[str]:
    """Do to the keys of results what the trouble says; in words, what was done."""
    results = _of_results(queries)
    named = ", ".join(results)
    if not trouble.spoils or not results:
        return
    if trouble.spoils == "null":
        keys.update(dict.fromkeys(results))
        yield f"null: {named}."
    elif trouble.spoils == "left-out" or (trouble.spoils == "error" and ehr.searches_itself):
        for key in results:
            keys.pop(key, None)
        yield f"Left out: {named}."
    elif trouble.spoils == "error":
        failed = outcome("timeout", "The search for results took too long.")
        keys.update(dict.fromkeys(results, failed))
        yield f"An OperationOutcome in place of the results: {named}."
    elif trouble.spoils == "stranger":
        keys[results[0]] = _with_stranger(keys.get(results[0]), ehr.server)
        yield f"A result of Patient/{_STRANGER} as well: {results[0]}."
    else:
        yield from _cut(keys, ehr, record, queries, trouble)


def _of_results(queries: Mapping[str, str]) -> list[str]:
    """The keys that genetic results are searched under; weights and the like are no such result."""
    return [
        key
        for key, query in queries.items()
        if "?" in query and topic_of(type_of(query)) == "genomics" and not is_of_measures(query)
    ]


def _cut(
    keys: dict[str, Any], ehr: Ehr, record: Record, queries: Mapping[str, str], trouble: Trouble
) -> Iterator[str]:
    cut = []
    for key, query in queries.items():
        held = keys.get(key)
        if "?" not in query or not held or held.get("total", 0) <= (trouble.page_size or 0):
            continue
        page = answer_query(record, ehr.server, query, page_size=trouble.page_size)
        keys[key] = page.body
        cut.append(key)
    if cut:
        yield f"First page alone, with a link to the next: {', '.join(cut)}."
    else:
        yield f"Nothing is cut: each search of this chart fits on a page of {trouble.page_size}."


def _with_stranger(bundle: Any, base: str) -> Resource:
    """The Bundle with a result that names another patient, synthetic as well."""
    result = {
        "resourceType": "Observation",
        "id": "synthetic-result-of-somebody-else",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "79715-9"}]},
        "subject": {"reference": f"Patient/{_STRANGER}"},
        "valueCodeableConcept": {"text": "Poor Metabolizer"},
    }
    held = bundle if isinstance(bundle, dict) else {"resourceType": "Bundle", "type": "searchset"}
    entries = [*held.get("entry", []), {"fullUrl": f"{base}/Observation/{result['id']}",
                                        "resource": result}]  # fmt: skip
    return {**held, "total": len(entries), "entry": entries}

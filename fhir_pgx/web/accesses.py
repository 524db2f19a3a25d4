"""A request and its answer as accesses: what was done, to whose data. Nothing is written here.

One access for each patient whose data were asked for or answered, and one without where it was
nobody's: whoever asks who has seen a patient's data gets the answer by that patient alone.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from flask import Request, Response

from fhir_pgx.errors import PgxError
from fhir_pgx.model.audited import Access, CardAudited, Kind, outcome_of
from fhir_pgx.model.hook import NOT_A_UUID, HookCall
from fhir_pgx.operations.given import given_in_resource
from fhir_pgx.web.accesses_bundle import bundle_accesses
from fhir_pgx.web.noted import Noted
from fhir_pgx.web.whose import (
    Owners,
    asked_of,
    decoded,
    is_id,
    named_in,
    pairs_in,
    patient_of,
    reference_in,
)

Pseudonym = Callable[[str], str]
Pairs = list[tuple[str, str]]

_ROOT: Final = "fhir_pgx."
# Addresses that tell nothing of anybody, by the beginning of their endpoint. Every other one leaves
# an entry, also one that nobody has thought of here.
_FREE: Final = (
    "nowhere", "health.", "smart.", "definitions.", "own_keys.", "fhir.metadata", "fhir.smart",
    "fhir.openid", "cds.discover", "openapi.", "api_docs.", "assets.", "sign_in.ask",
    "bench.page",  # an example of ours, named in the address
    "wallet.ask", "wallet.verify",
    "console.overview", "console.cards", "console.clients", "console.knowledge",
    "console.audit", "console.trial",  # the forms alone; what they send is recorded
)  # fmt: skip
_KINDS: Final[Mapping[str, Kind]] = {
    "cds.invoke": "hook-call",
    "cds.feedback": "feedback",
    "fhir.system_history": "history-system",
    "fhir.type_history": "history-type",
    "fhir.instance_history": "history-instance",
    "fhir.read_one": "read",
    "fhir.read_old": "vread",
    "fhir.create_one": "create",
    "fhir.update_one": "update",
    "fhir.update_found": "update",
    "fhir.delete_one": "delete",
    "fhir.delete_found": "delete",
    "fhir.search": "search-type",
    "fhir.search-by-post": "search-type",
    "fhir.compartment": "search-type",
    "fhir.compartment-by-post": "search-type",
    "fhir.bundle": "transaction",
    "launch.launch": "login",
    "launch.callback": "login",
    "passport.logout": "logout",
    "sign_in.enter": "login",
    "sign_in.leave": "logout",
}
_BEGINNING: Final = f"{_ROOT}launch.launch"  # nobody is logged in yet; only a failure is told
_OPERATIONS: Final = ("operations.", "reports.", "validate.", "fhir.everything", "fhir.unknown")
_OPERATION: Final = re.compile(r"/(\$[a-z-]{1,80})/?$")
_MOST_CARDS_ANSWERED: Final = 1_000


def is_free(endpoint: str) -> bool:
    """Whether an address tells nothing of anybody."""
    return endpoint.removeprefix(_ROOT).startswith(_FREE)


def kind_of(endpoint: str) -> Kind:
    name = endpoint.removeprefix(_ROOT)
    if name in _KINDS:
        return _KINDS[name]
    if name.startswith("api."):
        return "interpretation"
    return "operation" if name.startswith(_OPERATIONS) else "other"


def accesses_of(
    asked: Request, answer: Response, seen: Noted, *, owners: Owners, pseudonym: Pseudonym
) -> list[Access]:
    """Every access of one request; none where the address is free and nobody was refused.

    Raises StoreFailure where it has to be looked up whose a resource is.
    """
    endpoint, status = asked.endpoint or "", answer.status_code
    rule = asked.url_rule.rule if asked.url_rule else ""
    # What begins with `$` and is no operation of a patient may look like a type of the record.
    is_operation = _view(asked, "type_").startswith("$")
    kind: Kind = "operation" if is_operation else kind_of(endpoint)
    plain = Access(kind, status=status, outcome=outcome_of(status))
    if status == 429 or seen.is_passed_over:  # nothing was looked at
        return []  # and a flood must not fill the store
    if status == 401:
        return [replace(plain, kind="login", what=rule, details=(("method", asked.method),))]
    if is_free(endpoint) or (endpoint == _BEGINNING and status < 400):
        return [replace(plain, kind="other", what=rule)] if status == 403 else []
    match plain.kind:
        case "hook-call":
            return [_hook_call(plain, asked, seen, pseudonym)]
        case "feedback":
            return [_feedback(plain, asked, seen)]
        case "interpretation":
            what = endpoint.rpartition(".")[2].replace("_", "-")
            return _of_each(replace(plain, what=what), [*seen.patients, *_subjects(answer)])
        case "other" | "login" | "logout":
            details = tuple(seen.details.items())
            told = replace(plain, what=rule, query=seen.asked, details=details)
            return _of_each(told, seen.patients)
        case "transaction":
            return bundle_accesses(plain, seen, owners)
    return _fhir(plain, asked, answer, seen, owners)


def user_of(asked: Request, seen: Noted) -> str:
    """Whom a hook call names as its user; empty for every other request. On the workbench somebody
    made the call up, and the user with it."""
    is_call = kind_of(asked.endpoint or "") == "hook-call"
    call = seen.call.call if seen.call and is_call else None
    return call.user_id if call else ""


# Decision support


def _hook_call(plain: Access, asked: Request, seen: Noted, pseudonym: Pseudonym) -> Access:
    called = replace(plain, what=_view(asked, "service_id"))
    call = seen.call.call if seen.call else None
    if call is None:
        return replace(called, patient=_patient_in_context(seen.sent))
    answer = seen.call.answer if seen.call else None
    details = (
        ("hook", call.hook),
        ("hook-instance", _instance(call, pseudonym)),
        ("fhir-server", call.fhir_server),
    )
    cards = tuple(
        CardAudited(
            uuid=card.uuid,
            topic=card.source.topic.code,
            source=card.source.label,
            indicator=card.indicator,
            rules=card.rules,
            knowledge=card.knowledge,
        )
        for card in (answer.cards if answer else ())
    )
    return replace(called, patient=call.patient_id, details=details, cards=cards)


def _instance(call: HookCall, pseudonym: Pseudonym) -> str:
    """What is no UUID may be anything, a name too."""
    return pseudonym(call.hook_instance) if NOT_A_UUID in call.flags else call.hook_instance


def _patient_in_context(document: Any) -> str:
    """Of a call that was refused before it was understood."""
    context = document.get("context") if isinstance(document, dict) else None
    found = context.get("patientId") if isinstance(context, dict) else None
    return found[:200] if isinstance(found, str) else ""


def _feedback(plain: Access, asked: Request, seen: Noted) -> Access:
    items = seen.sent.get("feedback") if isinstance(seen.sent, dict) else None
    cards = (
        (each.get("card") for each in items if isinstance(each, dict))
        if (isinstance(items, list))
        else ()
    )
    named = [("card", each) for each in cards if isinstance(each, str)]
    return replace(
        plain, what=_view(asked, "service_id"), details=tuple(named[:_MOST_CARDS_ANSWERED])
    )


def _subjects(answer: Response) -> Sequence[str]:
    """The patient of an interpretation: `subject` of ours, or those of a FHIR Bundle."""
    found = decoded(answer.get_data()) if "json" in (answer.mimetype or "") else None
    subject = found.get("subject") if isinstance(found, dict) else None
    if isinstance(subject, str):
        return [patient_of(subject)]
    return named_in(found).patients


# FHIR


def _fhir(
    plain: Access, asked: Request, answer: Response, seen: Noted, owners: Owners
) -> list[Access]:
    what, pairs = _asked(plain.kind, asked, seen)
    named = _addressed(asked, answer)
    references = [named] if named else []
    patients = [*seen.patients, _view(asked, "patient"), _view(asked, "subject")]
    patients += asked_of(pairs, what)
    if plain.outcome == "0":
        found = named_in(decoded(seen.answered))
        patients += found.patients
        references += found.unclear
    patients += _owners_of(references, owners)
    version = _view(asked, "version")
    resource = "/".join(named) + (f"/_history/{version}" if version else "") if named else ""
    # What is addressed by its id is asked nothing; all else is found by a question.
    is_asked = plain.kind == "operation" or not named or plain.kind in ("update", "delete")
    access = replace(
        plain,
        what=what,
        resources=(resource,) if resource else (),
        query="&".join(f"{name}={value}" for name, value in pairs) if is_asked else "",
    )
    return _of_each(access, patients)


def _asked(kind: Kind, asked: Request, seen: Noted) -> tuple[str, Pairs]:
    """The type or operation that is asked for, and the parameters as they were sent."""
    text = asked.query_string.decode("utf-8", "replace")
    if asked.method == "POST" and is_form(asked):
        text += "&" + asked.get_data().decode("utf-8", "replace")  # kept by `trail.py`
    pairs = pairs_in(text)
    if kind != "operation":
        criteria = asked.headers.get("If-None-Exist", "") if kind == "create" else ""
        is_history = kind == "history-instance"
        return _view(asked, "type_") or "Patient" * is_history, [*pairs, *pairs_in(criteria)]
    if isinstance(seen.sent, dict) and seen.sent.get("resourceType") == "Parameters":
        try:
            given = given_in_resource(seen.sent)
        except PgxError:  # it holds resources, or was refused
            given = []
        pairs += [(each.name, ",".join(each.items)) for each in given]
    found = _OPERATION.search(asked.path)
    return found[1] if found else "operation", pairs


def is_form(asked: Request) -> bool:
    """Whether the parameters of a question may stand in the body."""
    return asked.mimetype == "application/x-www-form-urlencoded"


def _addressed(asked: Request, answer: Response) -> tuple[str, str] | None:
    """The one resource that was asked for by its id, or written."""
    headers = answer.headers
    written = headers.get("Location") or headers.get("Content-Location") or ""
    if written and answer.status_code < 400:
        return reference_in(written)
    id_ = _view(asked, "id_")
    return (_view(asked, "type_") or "Patient", id_) if id_ else None


def _owners_of(references: Sequence[tuple[str, str]], owners: Owners) -> list[str]:
    """The patients of resources: a Patient is its own, whether or not it is there."""
    own = [id_ for type_, id_ in references if type_ == "Patient" and is_id(id_)]
    others = [each for each in references if each[0] != "Patient"]
    return [*own, *(owners(others).values() if others else ())]


def _of_each(access: Access, patients: Iterable[str]) -> list[Access]:
    """The access of each patient, or of nobody."""
    known = list(dict.fromkeys(each for each in patients if each)) or [""]
    return [replace(access, patient=each) for each in known]


def _view(asked: Request, name: str) -> str:
    return str((asked.view_args or {}).get(name, ""))

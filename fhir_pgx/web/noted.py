"""What a request turned out to be about, noted while it is answered, for the record of accesses.

The one place is `g.audited`. Most of it notes itself: bodies where they are read, FHIR answers
where they are written, a hook call where it is counted. Who knows more says it with
`note_patients`.
"""

from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Any

from flask import g

from fhir_pgx.model.access import Caller

if TYPE_CHECKING:
    from fhir_pgx.web.audit import CallRecord

# Of the request that this thread answers, for every line that is logged meanwhile; empty outside.
REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")


@dataclass(slots=True)
class Noted:
    """`sent` is the document in the body, None where none was read; `answered` the FHIR JSON of the
    answer, also where it leaves as XML; `call` a hook call; `patients` are plain ids; `caller` is
    who it is of, where that is not `g.caller`; `is_passed_over` one refusal too many of somebody
    who showed no credential: it leaves no entry. `asked` is the question of one of our pages, as
    text, and `details` what is to be told of what it did."""

    request_id: str = ""
    started: float = field(default_factory=perf_counter)
    sent: Any = None
    answered: bytes = b""
    call: "CallRecord | None" = None
    patients: dict[str, None] = field(default_factory=dict)
    caller: Caller | None = None
    is_passed_over: bool = False
    asked: str = ""
    details: dict[str, str] = field(default_factory=dict)


def noted() -> Noted:
    """The notes on the request that is being answered."""
    if "audited" not in g:
        g.audited = Noted()
    found: Noted = g.audited
    return found


def note_sent(document: Any) -> None:
    """The document in the body of the request."""
    noted().sent = document


def note_answered(body: bytes) -> None:
    """The answer as FHIR JSON."""
    noted().answered = body


def note_caller(caller: Caller) -> None:
    """Who the request turned out to be of, where the door did not know: a session of our own."""
    noted().caller = caller


def note_patients(patients: Iterable[str]) -> None:
    """Patients, by plain id, whose data the answer rests on and does not name."""
    noted().patients |= dict.fromkeys(each for each in patients if each)


def note_asked(question: str) -> None:
    """What one of our pages was asked, where no other part of the record tells it."""
    noted().asked = question


def note_details(details: Mapping[str, str]) -> None:
    """Facts for the record, by name: what one of our pages did."""
    noted().details |= details

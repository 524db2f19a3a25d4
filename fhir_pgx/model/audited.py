"""What somebody did with us, as the record of accesses keeps it: who, whose data, what was asked.

`security/audit_event.py` writes it as a FHIR AuditEvent; `storage/audit.py` keeps that in a chain.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from fhir_pgx.model.access import Caller

Kind = Literal[
    # FHIR's RESTful interactions, by their codes
    "read", "vread", "search-type", "history-instance", "history-type", "history-system",
    "create", "update", "delete", "batch", "transaction", "operation",
    # decision support
    "hook-call", "feedback", "interpretation",
    # credentials
    "login", "logout",
    # commands of the operator, and what the server does by itself
    "export", "load", "pull", "derive",
    # an address of a kind that is not told apart
    "other",
]  # fmt: skip
KINDS: tuple[Kind, ...] = get_args(Kind)
WRITES: frozenset[Kind] = frozenset(("create", "update", "delete", "batch", "transaction"))

Outcome = Literal["0", "4", "8"]  # FHIR R4, AuditEventOutcome: success, minor, serious failure


@dataclass(frozen=True, slots=True)
class CardAudited:
    """A card that left the house, by what it rests on; never its words."""

    uuid: str
    topic: str
    source: str
    indicator: str
    rules: tuple[str, ...] = ()
    knowledge: str = ""


@dataclass(frozen=True, slots=True)
class Access:
    """One thing done, to the data of one patient or of nobody.

    `what` is the resource type, operation, service, address or command; `patient` a plain id.
    `resources` are `Type/id`, or with a version, of what was read by its id or written. `query` is
    what a search asked, as text. `status` is HTTP's, 0 where there is none. `details` are further
    facts by name.
    """

    kind: Kind
    what: str = ""
    patient: str = ""
    resources: tuple[str, ...] = ()
    query: str = ""
    status: int = 0
    outcome: Outcome = "0"
    cards: tuple[CardAudited, ...] = ()
    details: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Who did it, when and from where: the same for all that one request did.

    `user` is whom the client itself names as its user. `software` is our name and version, `site`
    the address by which others reach us; `address` the network address that the request came from.
    """

    caller: Caller
    recorded: datetime
    software: str
    site: str
    request_id: str = ""
    user: str = ""
    address: str = ""

    @property
    def agent(self) -> str:
        """The caller in one text: `user@client`, either part as far as it is known."""
        user = self.caller.user or self.user
        client = self.caller.client or self.caller.kind
        return f"{user}@{client}" if user else client


def outcome_of(status: int) -> Outcome:
    """The outcome that an HTTP status means."""
    return "0" if status < 400 else "4" if status < 500 else "8"

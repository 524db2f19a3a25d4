"""The EHRs that the workbench can stand for, as data: what each sends, where and in which shape.

Each habit stands in what a maker has published (Epic's tutorial, Cerner's draft page) or was seen
when the client ran (the sandbox). Nothing else of an EHR is imitated.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from uuid import UUID, uuid4

from fhir_pgx.services.hooks import HOOKS

OrderShape = Literal["plain", "sibling", "local-code", "form"]
"""How a drug stands in an order: a CodeableConcept; a Medication beside the order; a
CodeableConcept with the site's own code too; the form of the public sandbox."""

_DRAWN = 0x0100_0000_0000  # RFC 9562, 6.10: a node that is no network card has this bit


@dataclass(frozen=True, slots=True, kw_only=True)
class Ehr:
    """One EHR. `name` is that of its client profile (`model/client.py`).

    `server` is the base URL of its FHIR server, at a name that no machine has. `hooks` are those it
    fires. `encounter` is empty where it sends none. With `is_authorized` it sends an access token
    for its server. With `is_absolute` references in its prefetch are absolute. `searches_itself`:
    it asks its FHIR server for each template before it calls, as a browser does. `says_none`: an
    empty search holds an OperationOutcome. `is_lavish`: the site has added keys of its own for what
    our templates do not ask for. `one_order`: it holds one draft at a time.
    """

    name: str
    title: str
    server: str
    habits: tuple[str, ...]
    hooks: frozenset[str]
    shape: OrderShape
    user: str = "Practitioner/synthetic-practitioner"
    encounter: str = "synthetic-encounter"
    accept: str = "application/json"
    new_instance: Callable[[], str]
    is_authorized: bool = False
    is_absolute: bool = False
    searches_itself: bool = False
    says_none: bool = False
    is_lavish: bool = False
    one_order: bool = False


def _random() -> str:
    return str(uuid4())


def _timed() -> str:
    """A UUID of version 1, whose time and node are drawn: the real one names this machine."""
    drawn = uuid4().int
    version, variant = 0x1000 << 64, 0x8000 << 48
    kept = drawn & ~((0xF000 << 64) | (0xC000 << 48))
    return str(UUID(int=kept | version | variant | _DRAWN))


_CORE = frozenset(("patient-view", "order-select", "order-sign"))

GENERIC = Ehr(
    name="generic",
    title="Any EHR that follows CDS Hooks 3.0",
    server="https://ehr.example.org/fhir",
    habits=(
        "fires every hook that we serve",
        "an order names its drug by an RxNorm code and a text",
        "fills every prefetch template of our discovery, and sends what no template asks for under "
        "keys of its own",
    ),
    hooks=frozenset(HOOKS),
    shape="plain",
    new_instance=_random,
    is_lavish=True,
)

EPIC = Ehr(
    name="epic",
    title="Epic",
    server="https://epic.example.org/interconnect/api/FHIR/R4",
    habits=(
        "fires patient-view, order-select and order-sign alone",
        "an order refers to a Medication that stands beside it in the Bundle; its codes have no "
        "names, the local ones come first, RxNorm comes as an OID with ingredient and product",
        "ids of some 150 characters; the requester is a reason why it is absent",
        "never reads discovery: the templates are typed in by hand from our documentation",
        "references in the prefetch are absolute addresses, those in the context are not",
        "an empty search holds an OperationOutcome that says so",
        "hookInstance is a UUID of version 1; an access token comes along",
    ),
    hooks=_CORE,
    shape="sibling",
    user="Practitioner/eSyntheticPractitioner3",
    encounter="eSyntheticEncounter3",
    new_instance=_timed,
    is_authorized=True,
    is_absolute=True,
    says_none=True,
)

ORACLE = Ehr(
    name="oracle",
    title="Oracle Health (Cerner)",
    server="https://oracle.example.org/r4/synthetic-tenant",
    habits=(
        "fires patient-view alone (its page is a draft of CDS Hooks 1.0)",
        "a medicine has an RxNorm code, a synonym of the tenant's and a text",
        "takes no suggestion, and shows a card in an eighth of the screen",
    ),
    hooks=frozenset(("patient-view",)),
    shape="local-code",
    user="Practitioner/1234567",
    encounter="7654321",
    new_instance=_random,
    is_authorized=True,
)

SANDBOX = Ehr(
    name="cds-hooks-sandbox",
    title="CDS Hooks Sandbox (public)",
    server="https://sandbox.example.org/r4",
    habits=(
        "fires patient-view, order-select and order-sign",
        "order-select comes before a drug is chosen, with an order that names none",
        "one draft at a time, always request-123; its Bundle has no type, its category is an "
        "object, its dose is a number of pills, its drug an RxNorm product",
        "asks its FHIR server itself: reads by GET, searches by POST _search with the parameters "
        "in alphabetical order; a key that failed is left out",
        "no encounter, and no access token unless it was launched by SMART",
    ),
    hooks=_CORE,
    shape="form",
    user="Practitioner/COREPRACTITIONER1",
    encounter="",
    new_instance=_random,
    searches_itself=True,
    one_order=True,
)

EHRS = {each.name: each for each in (GENERIC, EPIC, ORACLE, SANDBOX)}

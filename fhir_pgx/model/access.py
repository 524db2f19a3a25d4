"""Who calls, and what they were granted: the values that every door, and what lies behind, share.

A `Caller` comes from a verified credential alone (`security/`), or is `ANYBODY` where the service
is open. What a caller may see of the store is a `View` (`model/view.py`), made of grants and
consents.
"""

from dataclasses import dataclass
from typing import Literal

Level = Literal["patient", "user", "system"]
Action = Literal["c", "r", "u", "d", "s"]  # create, read, update, delete, search (SMART 2.2)

# Purposes of use: codes of http://terminology.hl7.org/CodeSystem/v3-ActReason
TREATMENT = "TREAT"
EMERGENCY = "ETREAT"
BREAK_GLASS = "BTG"
GLASS_BREAKING = frozenset((EMERGENCY, BREAK_GLASS))

ANY_TYPE = "*"
_LAYPEOPLE = frozenset(("Patient", "RelatedPerson", "Person"))


@dataclass(frozen=True, slots=True)
class Grant:
    """One scope that was understood: `patient/Observation.rs?category=laboratory`.

    `type` is a resource type or `*`. `where` are its granular parameters, all of which a resource
    must meet: name and token (`system|code`, `code`). A scope that is not understood grants
    nothing.
    """

    level: Level
    type: str
    actions: frozenset[Action]
    where: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a verified credential says is calling.

    `kind` is the door: `open` nobody was asked, `cds-client` a CDS Hooks client's assertion,
    `application` an access token, `operator` the operator's. `issuer` is who vouches; `client` the
    registered name or client id; `user` the fhirUser (`Practitioner/x`), empty where not stated.
    `tenant` is the part of the store. `patient` is the patient in context, the only one that
    `patient/` grants reach. `grants` is None where scopes do not apply: everything in the tenant.
    `purpose` is why the data are asked for.
    """

    kind: Literal["open", "cds-client", "application", "operator"]
    issuer: str = ""
    client: str = ""
    user: str = ""
    tenant: str = ""
    patient: str = ""
    grants: tuple[Grant, ...] | None = None
    purpose: str = TREATMENT
    token_id: str = ""

    @property
    def breaks_glass(self) -> bool:
        """Whether consents and labels are set aside for this call. A verifier lets a purpose of
        this kind through only for clients that are registered for it."""
        return self.purpose in GLASS_BREAKING

    @property
    def is_layperson(self) -> bool:
        """Whether the user is a patient or somebody close to one, of whichever server."""
        return not _LAYPEOPLE.isdisjoint(self.user.split("/"))


ANYBODY = Caller("open")

"""Whether the record of accesses holds: verified on request, and when that was done last.

The record itself keeps the verification as an entry, with the number up to which it held, so that
every worker knows of it and nobody can make one up.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fhir_pgx.errors import BrokenAudit
from fhir_pgx.services.audit_search import AuditAsked, search_audit
from fhir_pgx.storage.audit import AuditRecord, Chain

WHAT: Final = "/console/audit/verify"  # as an entry says it
HELD: Final = "record-held"
UP_TO: Final = "verified-to"
FROM: Final = "verified-from"
_YES, _NO = "yes", "no"


@dataclass(frozen=True, slots=True)
class Verified:
    """A verification. `chains` are those that were looked at, empty where one was `broken`: that
    text says which row does not hold."""

    chains: tuple[Chain, ...] = ()
    broken: str = ""
    mend: str = ""

    @property
    def rows(self) -> int:
        return sum(each.rows for each in self.chains)

    def details(self, since: datetime | None) -> dict[str, str]:
        """What the entry of the verification says of it."""
        told = {HELD: _NO if self.broken else _YES, FROM: since.isoformat() if since else "begin"}
        ends = (
            f"{each.number} of {each.tenant}" if each.tenant else str(each.number)
            for each in self.chains
        )
        return {**told, UP_TO: ", ".join(ends)}


@dataclass(frozen=True, slots=True)
class LastVerified:
    """What is known of the last verification from this console. `when` is None where none is among
    the `looked_at` newest entries; `up_to` names the last entry of each chain that held."""

    when: datetime | None
    held: bool
    up_to: str
    begun_at: str
    looked_at: int
    is_whole: bool


def verify(record: AuditRecord, since: datetime | None = None) -> Verified:
    """Look at every row since then, or at all. Raises StoreFailure."""
    try:
        return Verified(tuple(record.verify(since=since)))
    except BrokenAudit as broken:
        return Verified(broken=broken.text, mend=broken.mend)


def last_verified(record: AuditRecord, mounted: str = "") -> LastVerified:
    """The newest entry of a verification; `mounted` is the prefix of our addresses, if there is
    one. Raises StoreFailure."""
    record.queue.flush()  # one of this moment counts
    # One that was refused, or failed, looked at nothing.
    asked = AuditAsked(kind="other", what=f"{mounted}{WHAT}", outcome="0", of_nobody=True)
    found = search_audit(record, asked, page=1)
    if not found.rows:
        return LastVerified(None, False, "", "", found.looked_at, found.next is None)
    row = found.rows[0]
    told: Mapping[str, str] = dict(row.details)
    return LastVerified(
        when=row.when,
        held=told.get(HELD) == _YES,
        up_to=told.get(UP_TO, ""),
        begun_at=told.get(FROM, ""),
        looked_at=found.looked_at,
        is_whole=found.next is None,
    )

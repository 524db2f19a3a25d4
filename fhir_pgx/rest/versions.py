"""Versions and moments as HTTP writes them: ETag, If-Match, Last-Modified."""

import re
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Final

from fhir_pgx.errors import InvalidInteraction, VersionMismatch
from fhir_pgx.storage.store import StoredResource

_TAG: Final = re.compile(r'(?:W/)?"([A-Za-z0-9.\-]{1,64})"|([A-Za-z0-9.\-]{1,64})')


def etag_of(version: int) -> str:
    return f'W/"{version}"'


def http_date(last_updated: str) -> str:
    """RFC 3339 in UTC as HTTP writes it: to the second."""
    moment = datetime.fromisoformat(last_updated).astimezone(UTC)
    return format_datetime(moment.replace(microsecond=0), usegmt=True)


def check_if_match(if_match: str, current: StoredResource | None, where: str = "If-Match") -> None:
    """Let a change pass that was made to the current version.

    An empty text asks for nothing; `*` asks that there is a resource; of several ETags one must be
    its own. Raises InvalidInteraction for what is no ETag, VersionMismatch for another version, or
    none.
    """
    if not if_match:
        return
    is_there = current is not None and not current.is_deleted
    if if_match.strip() != "*":
        found = [_TAG.fullmatch(each.strip()) for each in if_match.split(",")]
        wanted = {each[1] or each[2] for each in found if each}
        if not all(found):
            raise InvalidInteraction(
                "If-Match holds no ETag", where=where, mend='send the ETag as read: W/"3"'
            )
        is_there = is_there and current is not None and str(current.version) in wanted
    if not is_there:
        raise VersionMismatch(
            "the resource has changed since the version that If-Match names, or is not there",
            where=where,
            mend="read it, make the change again and send its new ETag",
        )


def check_if_none_match(if_none_match: str, current: StoredResource | None) -> None:
    """`If-None-Match: *` on a write: only where there is nothing yet. Raises VersionMismatch."""
    if if_none_match.strip() == "*" and current is not None and not current.is_deleted:
        raise VersionMismatch(
            "the resource exists, and If-None-Match asks that it does not",
            where="If-None-Match",
            mend="leave the header out to update it",
        )


def is_unchanged(stored: StoredResource, if_none_match: str, if_modified_since: str) -> bool:
    """Whether a reader who sends these headers has this version already (304)."""
    if if_none_match:  # RFC 9110: it alone counts where both are sent
        tags = [tag.strip() for tag in if_none_match.split(",")]
        wanted = (f'"{stored.version}"', etag_of(stored.version), str(stored.version), "*")
        return any(tag in wanted for tag in tags)
    if not if_modified_since:
        return False
    try:
        since = parsedate_to_datetime(if_modified_since)
    except ValueError:
        return False
    if since.tzinfo is None:
        since = since.replace(tzinfo=UTC)
    changed = datetime.fromisoformat(stored.last_updated).replace(microsecond=0)
    return changed <= since

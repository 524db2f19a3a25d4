"""What became of our cards: a feedback message, read (CDS Hooks 3.0, Feedback).

A message is taken whole or not at all, and a member of the wrong type is a fault: read past, it
would be lost without a word. Cards we hold no record of (issued before a restart, by another
deployment) are no fault. Epic writes `overrideReasons` for `overrideReason`, puts the picked
reason into an extension, and names cards by ids that are no UUIDs: all are read.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from fhir_pgx.errors import InvalidFeedback, Issue, IssueType
from fhir_pgx.fhir.bundle import as_dicts, as_text
from fhir_pgx.storage.store import MAX_COMMENT, FeedbackItem, Outcome

MAX_ITEMS = 1_000
MOST_FAULTS = 20  # of one item; a list may hold a million
AHEAD = timedelta(days=1)  # clocks differ by minutes, time zones that are not stated by hours
_LONGEST_ID = 200
_RFC_3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_EPIC_REASON = "com.epic.cdshooks.feedback.overrideReason"


def read_feedback(
    document: Any, service_id: str, *, now: datetime | None = None
) -> tuple[FeedbackItem, ...]:
    """The items of a feedback message, in order; times in UTC, comments cut to MAX_COMMENT.

    `now` is when the message came: nobody can have acted a day later. Without it any time is taken.

    Raises InvalidFeedback with every fault and its index; then nothing may be stored.
    """
    items = document.get("feedback") if isinstance(document, dict) else None
    if not isinstance(items, list):
        raise InvalidFeedback(
            "feedback is missing or not an array",
            where="feedback",
            mend='send {"feedback": [{"card": …, "outcome": …, "outcomeTimestamp": …}]}',
        )
    if len(items) > MAX_ITEMS:
        raise InvalidFeedback(
            f"more than {MAX_ITEMS} items in one message",
            where="feedback",
            mend="send fewer at once",
        )
    issues: list[Issue] = []
    latest = _written(now.astimezone(UTC) + AHEAD) if now is not None else ""
    read = [
        _read_item(item, f"feedback[{i}]", service_id, latest, issues)
        for i, item in enumerate(items)
    ]
    if issues:
        first = issues[0]
        raise InvalidFeedback(
            first.text, where=first.where, mend=first.mend, issues=tuple(issues[:MAX_ITEMS])
        )
    return tuple(item for item in read if item is not None)


def _read_item(
    item: Any, path: str, service_id: str, latest: str, issues: list[Issue]
) -> FeedbackItem | None:
    def fault(text: str, where: str, mend: str, kind: IssueType = InvalidFeedback.kind) -> None:
        issues.append(Issue(text, where, mend, kind, "error", InvalidFeedback.code))

    if not isinstance(item, dict):
        fault("a feedback item is not an object", path, "send one object for each card")
        return None
    mistyped = dict(islice(_mistyped(item, path), MOST_FAULTS))
    for where, expected in mistyped.items():
        fault("a member has the wrong type", where, f"send {expected}", "structure")
    card = _id(item.get("card"))
    if not card:
        fault("the card is missing or no id", f"{path}.card", "send the uuid of the card")
    outcome = item.get("outcome")
    if outcome not in ("accepted", "overridden"):
        fault("the outcome is unknown", f"{path}.outcome", "send accepted or overridden")
    timestamp = _utc(item.get("outcomeTimestamp"))
    if not timestamp:
        fault(
            "outcomeTimestamp is missing or no instant",
            f"{path}.outcomeTimestamp",
            "send an RFC 3339 instant such as 2026-01-31T12:00:00Z",
        )
    elif latest and timestamp > latest:
        fault(
            "outcomeTimestamp is more than a day in the future",
            f"{path}.outcomeTimestamp",
            "send when the user acted, and check the client's clock",
        )
    accepted = _accepted(item.get("acceptedSuggestions"))
    told = any(where.startswith(f"{path}.acceptedSuggestions") for where in mistyped)
    if outcome == "accepted" and not accepted and not told:
        fault(
            "an accepted card names no accepted suggestion",
            f"{path}.acceptedSuggestions",
            'send [{"id": the uuid of the suggestion}]',
        )
    kept: Outcome = "accepted" if outcome == "accepted" else "overridden"
    reason, comment = _override(item)
    return FeedbackItem(
        card=card,
        outcome=kept,
        timestamp=timestamp,
        service=service_id,
        accepted=accepted,
        reason_system=as_text(reason.get("system"))[:_LONGEST_ID],
        reason_code=as_text(reason.get("code"))[:_LONGEST_ID],
        reason_display=as_text(reason.get("display"))[:_LONGEST_ID],
        comment=comment[:MAX_COMMENT],
    )


def _mistyped(item: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    """Each place of the wrong type in the members that are optional, and what it should be.

    null is an absent member, as the writers of many clients have it.
    """
    suggestions = item.get("acceptedSuggestions")
    if suggestions is not None and not isinstance(suggestions, list):
        yield f"{path}.acceptedSuggestions", "an array of objects"
    for i, suggestion in enumerate(suggestions if isinstance(suggestions, list) else ()):
        if not isinstance(suggestion, dict):
            yield f"{path}.acceptedSuggestions[{i}]", "an object"
        elif not _id(suggestion.get("id")):
            yield f"{path}.acceptedSuggestions[{i}].id", "the uuid of the suggestion"
    for where, override in _overrides(item, path):
        yield from _mistyped_override(override, where)


def _mistyped_override(override: Any, path: str) -> Iterator[tuple[str, str]]:
    if not isinstance(override, dict):
        yield path, "an object"
        return
    if not isinstance(override.get("userComment"), str | None):
        yield f"{path}.userComment", "a text"
    reason = override.get("reason")
    if not isinstance(reason, dict | None):
        yield f"{path}.reason", 'a Coding: {"system": …, "code": …, "display": …}'
        return
    for name in ("system", "code", "display"):
        if reason and not isinstance(reason.get(name), str | None):
            yield f"{path}.reason.{name}", "a text"


def _overrides(item: Mapping[str, Any], path: str) -> Iterator[tuple[str, Any]]:
    """The override reasons of an item, of whatever type, with their places."""
    for member in ("overrideReason", "overrideReasons"):
        value = item.get(member)
        if isinstance(value, list) and member == "overrideReasons":
            yield from ((f"{path}.{member}[{i}]", override) for i, override in enumerate(value))
        elif value is not None:
            yield f"{path}.{member}", value


def _id(value: Any) -> str:
    """An id of a card or suggestion; empty for what is none."""
    text = value.strip() if isinstance(value, str) else ""
    return text if len(text) <= _LONGEST_ID else ""


def _accepted(value: Any) -> tuple[str, ...]:
    return tuple(found for each in as_dicts(value) if (found := _id(each.get("id"))))


def _override(item: Mapping[str, Any]) -> tuple[Mapping[str, Any], str]:
    """The picked reason as a Coding (empty where none was) and the free text."""
    for _, override in _overrides(item, ""):
        if not isinstance(override, dict):
            continue
        reason = override.get("reason")
        comment = as_text(override.get("userComment"))
        if isinstance(reason, dict) and as_text(reason.get("code")):
            return reason, comment
        coding = reason if isinstance(reason, dict) else {}
        picked = _epic_reason(override) or _epic_reason(coding) or _epic_reason(item)
        return picked or coding, comment
    return _epic_reason(item), ""


def _epic_reason(holder: Mapping[str, Any]) -> Mapping[str, Any]:
    """The reason in Epic's extension, whose members are `….overrideReason.code` and the like."""
    extension = holder.get("extension")
    if not isinstance(extension, dict):
        return {}
    return {
        part: str(value) if type(value) is int else as_text(value)
        for part in ("system", "code", "display")
        if (value := extension.get(f"{_EPIC_REASON}.{part}")) is not None
    }


def _utc(value: Any) -> str:
    """An RFC 3339 instant in UTC, to the millisecond at most; empty for anything else."""
    if not isinstance(value, str) or not _RFC_3339.fullmatch(value.strip()):
        return ""
    try:
        found = datetime.fromisoformat(value.strip().upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return ""
    return _written(found)


def _written(found: datetime) -> str:
    return found.isoformat(timespec="milliseconds" if found.microsecond else "seconds").replace(
        "+00:00", "Z"
    )

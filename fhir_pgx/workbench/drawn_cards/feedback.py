"""What a click on a drawn card comes to: the form's fields as a feedback message (CDS Hooks 3.0,
Feedback), exactly as an EHR would send it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from fhir_pgx.errors import InvalidFeedback
from fhir_pgx.storage.store import MAX_COMMENT
from fhir_pgx.workbench.text.plain import as_json

LONGEST_ID = 200


@dataclass(frozen=True, slots=True)
class Sent:
    """Feedback that was sent on one card: `message` is the body. `failure` is empty where it was
    taken; else what was answered."""

    message: Mapping[str, Any]
    failure: str = ""
    item: Mapping[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "item", self.message["feedback"][0])

    @property
    def card(self) -> str:
        return str(self.item["card"])

    @property
    def outcome(self) -> str:
        return str(self.item["outcome"])

    @property
    def accepted(self) -> tuple[str, ...]:
        return tuple(str(each["id"]) for each in self.item.get("acceptedSuggestions", ()))

    @property
    def json(self) -> str:
        return as_json(self.message)


def feedback_of(
    form: Mapping[str, Sequence[str]], *, now: datetime, display: str = ""
) -> dict[str, Any]:
    """The message of a posted form, as `request.form.to_dict(flat=False)` gives it: `card`, then
    one or more `suggestion`, or `outcome` (`overridden`, `dismissed`) with `reason` (`system|code`)
    and `comment`. `display` is that of the reason, where the caller knows it.

    Raises InvalidFeedback where the form says neither.
    """
    card = _one(form, "card")
    if not card or len(card) > LONGEST_ID:
        raise InvalidFeedback("the form names no card", where="card", mend="click on a drawn card")
    item: dict[str, Any] = {"card": card}
    accepted = [each for each in form.get("suggestion", ()) if each and len(each) <= LONGEST_ID]
    outcome = _one(form, "outcome")
    if outcome in ("overridden", "dismissed"):
        item["outcome"] = "overridden"
        if outcome == "overridden" and (why := _why(form, display)):
            item["overrideReason"] = why
    elif accepted:
        item |= {
            "outcome": "accepted",
            "acceptedSuggestions": [{"id": each} for each in dict.fromkeys(accepted)],
        }
    else:
        raise InvalidFeedback(
            "no suggestion was chosen", where="suggestion", mend="tick one, or dismiss the card"
        )
    item["outcomeTimestamp"] = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"feedback": [item]}


def _why(form: Mapping[str, Sequence[str]], display: str) -> dict[str, Any]:
    system, _, code = _one(form, "reason").partition("|")
    comment = _one(form, "comment").strip()[:MAX_COMMENT]
    reason = {"code": code, "system": system} | ({"display": display} if display else {})
    return ({"reason": reason} if code else {}) | ({"userComment": comment} if comment else {})


def _one(form: Mapping[str, Sequence[str]], name: str) -> str:
    found = form.get(name, ())
    return found[0] if found else ""

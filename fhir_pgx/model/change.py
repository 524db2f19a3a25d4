"""What would change a card: one fact, and the advice that would follow from it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Change:
    """A single fact that would change a card: `code` names it for a machine, `text` says what it is
    and what the advice would then be. The lower `rank`, the weightier that advice."""

    code: str
    text: str
    rank: int = 0

"""What every card of one call shares."""

import uuid
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CardContext:
    """What a card needs beyond the advice: `namespace` makes its ids stable for one call.

    `incomplete` tells that a part of the data did not come, `unread` how many resources that came
    were not understood, `reports` how many genetic reports came without the results they name,
    `orders_failed` that open orders were asked for and could not be obtained. `repeated` are the
    `Type/id` that several orders of the call share. `untested` says for
    which drugs a missing result gets a card: none, important, all.
    """

    namespace: uuid.UUID
    knowledge_release: str
    knowledge_sha256: str = ""
    incomplete: bool = False
    unread: int = 0
    reports: int = 0
    orders_failed: bool = False
    repeated: frozenset[str] = frozenset()
    untested: str = "important"

"""What a policy would do to past hook calls: they are replayed, counted, and nobody is told.

Pure: the requests, a function that reads one, and a function that answers one for each policy come
in; a report goes out. Nothing is recorded here and no server is called. The report names rules,
drugs by our own names, hooks and line numbers: no patient, no order's text, no card's words.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from fhir_pgx.errors import (
    DataUnavailable,
    InvalidHookRequest,
    PgxError,
    StoreFailure,
    UnknownService,
)
from fhir_pgx.fhir.medication import ORDERS
from fhir_pgx.model.card import INDICATORS, Card, Indicator
from fhir_pgx.model.hook import HookAnswer, HookCall
from fhir_pgx.model.policy import Muted
from fhir_pgx.services.answering import read_call
from fhir_pgx.services.gather import Sources
from fhir_pgx.services.hooks import HOOKS
from fhir_pgx.services.past_requests import Past
from fhir_pgx.services.service import Service

Read = Callable[[Any], HookCall]
Answer = Callable[[HookCall], HookAnswer]
What = Literal["disappears", "appears", "quieter", "louder"]

_Key = tuple[What, tuple[str, ...], str, str, str, str, str]

LINES_NAMED: Final = 5  # of the requests in which a change was seen
WHATS: tuple[What, ...] = ("disappears", "quieter", "appears", "louder")


@dataclass(frozen=True, slots=True)
class Unread:
    """A request that got no answer. `line` as `Past` counts; `code` is empty for a fault of ours;
    `is_refused` where it was read and the server would have refused it (412: data that could not
    be obtained)."""

    line: int
    code: str
    reason: str
    where: str = ""
    is_refused: bool = False


@dataclass(frozen=True, slots=True)
class RuleCount:
    """Cards that rest on a rule, and the calls whose answers they stood in. `rule` is empty for
    cards that rest on none, as one that tells of a missing result: `topic` then names what they
    are about."""

    rule: str
    topic: str
    cards: int
    calls: int
    by_indicator: dict[str, int]


@dataclass(frozen=True, slots=True)
class HookCount:
    """The calls of one hook. `orders` are the medicines ordered in them, None for a hook that is
    not about orders."""

    hook: str
    calls: int
    orders: int | None
    cards: int


@dataclass(frozen=True, slots=True)
class MutedCount:
    """Cards that a line of the policy left out: `why` and `by` as `Muted` has them, of indicator
    `indicator` before the policy."""

    why: str
    by: str
    indicator: str
    cards: int


@dataclass(frozen=True, slots=True)
class Tally:
    """What one policy lets through. `alerts` are the cards on hooks that are about orders: of them
    it is counted how many come with 1,000 orders. `patients` had a card at least once."""

    cards: int
    alerts: int
    by_indicator: dict[str, int]
    by_rule: tuple[RuleCount, ...]
    by_drug: dict[str, int]
    by_hook: tuple[HookCount, ...]
    muted: tuple[MutedCount, ...]
    patients: int
    requests_with_cards: int


@dataclass(frozen=True, slots=True)
class Change:
    """Cards that differ between the two policies in the same way. `before` and `after` are
    indicators, empty where there is no card; `why` and `by` say what the candidate left them out
    for (or, of one that appears, the policy in force). `lines` are the first few requests."""

    what: What
    rules: tuple[str, ...]
    topic: str
    before: str
    after: str
    why: str
    by: str
    cards: int
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DryRun:
    """The report. `in_file` are all requests of the file, `answered` those that could be replayed;
    `patients` all of whom they were; `is_whole` is False where the replay was stopped early."""

    in_file: int
    answered: int
    orders: int
    patients: int
    unread: tuple[Unread, ...]
    in_force: Tally
    candidate: Tally | None = None
    changes: tuple[Change, ...] = ()
    is_whole: bool = True

    def per_thousand(self, tally: Tally) -> float | None:
        """Alerts per 1,000 medicines ordered; None where the file orders none: that is no 0."""
        return tally.alerts * 1000 / self.orders if self.orders else None


def dry_run(
    asked: Iterable[Past],
    read: Read,
    in_force: Answer,
    candidate: Answer | None = None,
    *,
    go_on: Callable[[], bool] = lambda: True,
) -> DryRun:
    """Replay requests under the policy in force and, where one is given, under a candidate.

    `go_on` is asked before each request; where it says no the report is of those before. A request
    that fails is listed with its reason, and the others are answered all the same. Raises
    StoreFailure, and what reading the file raises.
    """
    run = _Run(read, in_force, candidate)
    for past in asked:
        if not go_on():
            return run.report(is_whole=False)
        run.add(past)
    return run.report(is_whole=True)


def reader(
    services: Sequence[Service],
    sources: Sources,
    note: Callable[[HookCall], None] = lambda _: None,
) -> Read:
    """Reads a document as the first of the services that stands on its hook would, and tells
    `note` of each call."""

    def read(document: Any) -> HookCall:
        call = read_call(document, _service_of(services, document), sources)
        note(call)
        return call

    return read


def _service_of(services: Sequence[Service], document: Any) -> Service:
    hook = document.get("hook") if isinstance(document, dict) else None
    if not isinstance(hook, str):
        raise InvalidHookRequest(
            "it is no CDS Hooks request: hook is missing", where="hook", mend="leave it out"
        )
    found = next((each for each in services if each.hook == hook), None)
    if found is None:
        raise UnknownService("no CDS service stands on this hook", where="hook")
    return found


@dataclass(slots=True)
class _Counts:
    """A tally while it is counted."""

    cards: int = 0
    alerts: int = 0
    with_cards: int = 0
    by_indicator: Counter[str] = field(default_factory=Counter)
    by_rule: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # rule, topic, loudness
    requests_of: Counter[tuple[str, str]] = field(default_factory=Counter)
    by_drug: Counter[str] = field(default_factory=Counter)
    by_hook: Counter[str] = field(default_factory=Counter)
    muted: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    patients: set[tuple[str, str]] = field(default_factory=set)

    def add(self, call: HookCall, answer: HookAnswer) -> None:
        cards = answer.cards
        self.cards += len(cards)
        self.by_hook[call.hook] += len(cards)
        self.muted.update((each.why, each.by, each.indicator) for each in answer.muted)
        if not cards:
            return
        self.with_cards += 1
        self.patients.add(_patient(call))
        if HOOKS[call.hook].orders:
            self.alerts += len(cards)
        told = {key for card in cards for key in _rules_of(card)}
        self.requests_of.update(told)
        for card in cards:
            self.by_indicator[card.indicator] += 1
            self.by_rule.update((*key, card.indicator) for key in _rules_of(card))
            if card.facets and card.facets.drug:
                self.by_drug[card.facets.drug] += 1

    def tally(self, calls: Counter[str], orders: Counter[str]) -> Tally:
        rules = sorted(self.requests_of, key=lambda key: (-self._cards_of(key), key))
        return Tally(
            cards=self.cards,
            alerts=self.alerts,
            by_indicator={each: self.by_indicator[each] for each in INDICATORS},
            by_rule=tuple(
                RuleCount(
                    *key,
                    self._cards_of(key),
                    self.requests_of[key],
                    {each: n for each in INDICATORS if (n := self.by_rule[*key, each])},
                )
                for key in rules
            ),
            by_drug=dict(sorted(self.by_drug.items(), key=lambda each: (-each[1], each[0]))),
            by_hook=tuple(
                HookCount(
                    hook,
                    number,
                    orders[hook] if HOOKS[hook].orders else None,
                    self.by_hook[hook],
                )
                for hook, number in sorted(calls.items())
            ),
            muted=tuple(
                MutedCount(*key, number)
                for key, number in sorted(self.muted.items(), key=lambda each: (-each[1], each[0]))
            ),
            patients=len(self.patients),
            requests_with_cards=self.with_cards,
        )

    def _cards_of(self, key: tuple[str, str]) -> int:
        return sum(self.by_rule[*key, each] for each in INDICATORS)


class _Run:
    """A replay while it goes on."""

    def __init__(self, read: Read, in_force: Answer, candidate: Answer | None) -> None:
        self._read, self._in_force, self._candidate = read, in_force, candidate
        self._before, self._after = _Counts(), _Counts()
        self._in_file, self._answered = 0, 0
        self._calls, self._orders = Counter[str](), Counter[str]()
        self._patients: set[tuple[str, str]] = set()
        self._unread: list[Unread] = []
        self._changes: dict[_Key, list[int]] = {}

    def add(self, past: Past) -> None:
        self._in_file += 1
        if past.fault is not None:
            self._unread.append(_unread(past.line, past.fault))
            return
        try:
            call = self._read(past.document)
            before = self._in_force(call)
            after = self._candidate(call) if self._candidate else None
        except StoreFailure:
            raise  # every further one would fail alike
        except PgxError as refused:
            self._unread.append(_unread(past.line, refused))
        except Exception as error:  # noqa: BLE001 - one that fails must not hide all the others
            # Its message may quote the request.
            reason = f"the answer failed ({type(error).__name__}): a fault of this program"
            self._unread.append(Unread(past.line, "", reason))
        else:
            self._count(past.line, call, before, after)

    def _count(
        self, line: int, call: HookCall, before: HookAnswer, after: HookAnswer | None
    ) -> None:
        self._answered += 1
        self._calls[call.hook] += 1
        self._orders[call.hook] += orders_in(call)
        self._patients.add(_patient(call))
        self._before.add(call, before)
        if after is not None:
            self._after.add(call, after)
            for change in _changes(before, after):
                self._changes.setdefault(change, []).append(line)

    def report(self, *, is_whole: bool) -> DryRun:
        changes = [
            Change(*key, len(lines), tuple(dict.fromkeys(lines))[:LINES_NAMED])
            for key, lines in self._changes.items()
        ]
        changes.sort(key=lambda each: (WHATS.index(each.what), -each.cards, each.rules))
        return DryRun(
            in_file=self._in_file,
            answered=self._answered,
            orders=sum(self._orders.values()),
            patients=len(self._patients),
            unread=tuple(self._unread),
            in_force=self._before.tally(self._calls, self._orders),
            candidate=self._after.tally(self._calls, self._orders) if self._candidate else None,
            changes=tuple(changes),
            is_whole=is_whole,
        )


def orders_in(call: HookCall) -> int:
    """How many medicines a call orders: of an order-select those that were selected; 0 on a hook
    that is not about orders."""
    if not HOOKS[call.hook].orders:
        return 0
    return sum(
        entry.type in ORDERS
        and entry.container is None
        and (call.selections is None or entry.reference in call.selections)
        for entry in call.drafts
    )


def _patient(call: HookCall) -> tuple[str, str]:
    """An id means nothing without the server it belongs to."""
    return call.fhir_server, call.patient_id


def _rules_of(card: Card) -> list[tuple[str, str]]:
    """Each rule of a card with an empty topic, or the topic where it rests on none."""
    return [(rule, "") for rule in dict.fromkeys(card.rules)] or [("", card.source.topic.code)]


def _unread(line: int, fault: PgxError) -> Unread:
    issue = fault.issues[0]
    more = f" (and {len(fault.issues) - 1} more)" if len(fault.issues) > 1 else ""
    is_refused = isinstance(fault, DataUnavailable)
    return Unread(line, issue.code or fault.code, issue.text + more, issue.where, is_refused)


def _changes(before: HookAnswer, after: HookAnswer) -> Iterator[_Key]:
    """What differs between two answers to one call; a card keeps its id under every policy."""
    old, new = {c.uuid: c for c in before.cards}, {c.uuid: c for c in after.cards}
    for uuid, card in old.items():
        now = new.get(uuid)
        if now is None:
            why, by = _why(card, after.muted)
            yield _change("disappears", card, card.indicator, "", why, by)
        elif now.indicator != card.indicator:
            what: What = "quieter" if _rank(now.indicator) > _rank(card.indicator) else "louder"
            yield _change(what, card, card.indicator, now.indicator, "", "")
    for uuid, card in new.items():
        if uuid not in old:
            why, by = _why(card, before.muted)
            yield _change("appears", card, "", card.indicator, why, by)


def _change(what: What, card: Card, before: str, after: str, why: str, by: str) -> _Key:
    return what, card.rules, card.source.topic.code, before, after, why, by


def _why(card: Card, muted: Sequence[Muted]) -> tuple[str, str]:
    """What the other policy left a card out for; empty where the cap on their number, or the
    setting of cards on missing results, did."""
    for each in muted:
        if (each.rules, each.topic) == (card.rules, card.source.topic.code):
            return each.why, each.by
    return "", ""


def _rank(indicator: Indicator) -> int:
    """0 is the loudest."""
    return INDICATORS.index(indicator)

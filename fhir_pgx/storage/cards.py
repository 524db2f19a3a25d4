"""Issued cards and the feedback on them.

Feedback is committed before the call returns. Issued cards wait a moment in memory (`waiting.py`),
so that a hook call never waits for the writer's lock: a worker that is killed loses at most the
cards of that moment, one that is stopped writes them first.
"""

import hashlib
import hmac
import json
import secrets
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from fhir_pgx.model.passport import PastCard
from fhir_pgx.storage.counting import Fared, count_feedback
from fhir_pgx.storage.drivers import Database
from fhir_pgx.storage.store import (
    MAX_COMMENT,
    CardSpan,
    Dimension,
    FeedbackItem,
    FeedbackReport,
    IssuedCard,
    ShownCard,
    TopicFeedback,
)
from fhir_pgx.storage.waiting import Row, WaitingRows

_CARDS = (
    "INSERT INTO issued_card (tenant, uuid, topic, rules, hook, service, patient_hash, issued_at, "
    "indicator, source, drug, knowledge, audience_hash, ordered_sha256, said_sha256) "
    "VALUES {rows} ON CONFLICT DO NOTHING"
)
_CARD_ROW = f"({', '.join('?' * 15)})"
_CARDS_AT_ONCE = 500  # fifteen values each: far below what a statement may hold
_FEEDBACK = (
    "INSERT INTO feedback (tenant, id, card, service, outcome, outcome_at, accepted, "
    "reason_system, reason_code, reason_display, received_at) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
)
_COMMENT = (
    "INSERT INTO feedback_comment (tenant, feedback, comment) VALUES (?, ?, ?) "
    "ON CONFLICT DO NOTHING"
)
_ISSUED = "SELECT topic, COUNT(*) FROM issued_card WHERE tenant = ? GROUP BY topic"
_ANSWERS = (
    "SELECT f.card, c.topic, f.outcome, f.reason_code FROM feedback f "
    "LEFT JOIN issued_card c ON c.tenant = f.tenant AND c.uuid = f.card "
    # Without the Z a whole second stands before its parts: "00" < "00.500", but "00Z" > "00.500Z".
    "WHERE f.tenant = ? ORDER BY REPLACE(f.outcome_at, 'Z', ''), f.received_at, f.id"
)
_LATEST = (
    "WITH latest AS (SELECT card, outcome, reason_code, ROW_NUMBER() OVER (PARTITION BY card "
    "ORDER BY REPLACE(outcome_at, 'Z', '') DESC, received_at DESC, id DESC) AS place "
    "FROM feedback WHERE tenant = ?) "
)
_FARED = (
    _LATEST + "SELECT c.topic, c.rules, c.drug, c.source, c.service, c.hook, c.indicator, "
    "c.knowledge, SUBSTR(c.issued_at, 1, 10), COALESCE(l.outcome, ''), "
    "COALESCE(l.reason_code, ''), CASE WHEN c.issued_at < ? THEN 1 ELSE 0 END, COUNT(*) "
    "FROM issued_card c LEFT JOIN latest l ON l.card = c.uuid AND l.place = 1 "
    "WHERE c.tenant = ? AND c.issued_at >= ? AND c.issued_at < ? "
    "GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12"
)
_UNKNOWN = (
    "SELECT COUNT(DISTINCT f.card) FROM feedback f WHERE f.tenant = ? AND f.received_at >= ? "
    "AND f.received_at < ? AND NOT EXISTS "
    "(SELECT 1 FROM issued_card c WHERE c.tenant = f.tenant AND c.uuid = f.card)"
)
_SPAN = (
    "SELECT (SELECT MIN(issued_at) FROM issued_card WHERE tenant = ?), "
    "(SELECT MAX(issued_at) FROM issued_card WHERE tenant = ?), "
    "(SELECT MIN(received_at) FROM feedback WHERE tenant = ?), "
    "(SELECT MAX(received_at) FROM feedback WHERE tenant = ?)"
)
_SHOWN = (
    "SELECT topic, rules, indicator, drug, ordered_sha256, said_sha256 FROM issued_card "
    "WHERE tenant = ? AND audience_hash = ? AND issued_at >= ? AND hook = ?"
)
_OF_PATIENT = (
    "SELECT c.uuid, c.issued_at, c.hook, c.indicator, c.source, c.drug, c.rules, c.knowledge, "
    "COALESCE(f.outcome, ''), COALESCE(f.outcome_at, ''), COALESCE(f.accepted, '[]'), "
    "COALESCE(f.reason_code, '') FROM issued_card c LEFT JOIN feedback f ON f.tenant = c.tenant "
    "AND f.id = (SELECT l.id FROM feedback l WHERE l.tenant = c.tenant AND l.card = c.uuid "
    "ORDER BY REPLACE(l.outcome_at, 'Z', '') DESC, l.received_at DESC, l.id DESC LIMIT 1) "
    "WHERE c.tenant = ? AND c.patient_hash = ? ORDER BY c.issued_at DESC, c.uuid LIMIT ?"
)
_ALWAYS = ("", "9999")  # before and after every time that is stored
_NEW_SALT = "INSERT INTO secret (name, value) VALUES ('card-salt', ?) ON CONFLICT (name) DO NOTHING"
_SALT = "SELECT value FROM secret WHERE name = 'card-salt'"


class CardRecord:
    """The part of a `Store` that remembers cards, in a database of the present schema.

    `salt` keys the hash of patient ids; empty: a random one is made once and kept in the database.
    """

    def __init__(self, database: Database, salt: str = "") -> None:
        self._database = database
        self._cards = WaitingRows(self._write_cards)
        self._salt = (salt or self._own_salt()).encode()

    def record_cards(self, cards: Iterable[IssuedCard], *, tenant: str = "") -> None:
        """Note issued cards; they are written a moment later, together."""
        now = _now()
        pseudonyms = {"": ""}  # the cards of one answer are of one patient
        rows = []
        for card in cards:
            for plain in (card.patient, card.audience):
                if plain not in pseudonyms:
                    pseudonyms[plain] = self.pseudonym(plain)
            patient, audience = pseudonyms[card.patient], pseudonyms[card.audience]
            what = (card.uuid, card.topic, json.dumps(card.rules), card.hook, card.service)
            known_by = (card.indicator, card.source, card.drug, card.knowledge)
            rows.append((tenant, *what, patient, now, *known_by, audience, card.ordered, card.said))
        self._cards.add(rows)

    def record_feedback(self, items: Sequence[FeedbackItem], *, tenant: str = "") -> None:
        """Store all items or none; an item sent again is kept once."""
        now = _now()
        with self._database.transaction() as connection:
            for item in items:
                accepted = json.dumps(item.accepted)
                told = (item.card, item.service, item.outcome, item.timestamp, accepted)
                reason = (item.reason_system, item.reason_code, item.reason_display)
                comment = item.comment[:MAX_COMMENT]
                same = json.dumps((*told, *reason, comment))
                key = hashlib.sha256(same.encode("utf-8", "replace")).hexdigest()
                connection.execute(_FEEDBACK, (tenant, key, *told, *reason, now))
                if comment:
                    connection.execute(_COMMENT, (tenant, key, comment))

    def feedback_summary(self, *, tenant: str = "") -> list[TopicFeedback]:
        """How the cards of each topic fared; the latest outcome of a card counts."""
        self._cards.flush()
        issued: dict[str, int] = dict(self._database.rows(_ISSUED, (tenant,)))
        latest: dict[str, tuple[str, str, str]] = {}
        known: Counter[str] = Counter()
        for card, topic, outcome, reason in self._database.rows(_ANSWERS, (tenant,)):
            if card not in latest and topic is not None:
                known[topic] += 1
            latest[card] = (topic or "", outcome, reason)
        outcomes = Counter((topic, outcome) for topic, outcome, _ in latest.values())
        reasons: dict[str, Counter[str]] = {}
        for topic, outcome, reason in latest.values():
            if outcome == "overridden":
                reasons.setdefault(topic, Counter())[reason] += 1
        topics = sorted(issued.keys() | {topic for topic, _, _ in latest.values()})
        return [
            TopicFeedback(
                topic,
                issued.get(topic, 0),
                outcomes[topic, "accepted"],
                outcomes[topic, "overridden"],
                issued.get(topic, 0) - known[topic],
                dict(sorted(reasons.get(topic, Counter()).items())),
            )
            for topic in topics
        ]

    def rule_feedback(
        self,
        by: Sequence[Dimension],
        *,
        settled: datetime,
        since: datetime | None = None,
        until: datetime | None = None,
        tenant: str = "",
    ) -> FeedbackReport:
        """How the cards of a period fared (see `Store.rule_feedback`)."""
        self._cards.flush()
        begin = _stamp(since) if since else _ALWAYS[0]
        end = _stamp(until) if until else _ALWAYS[1]
        fared = self._database.rows(_FARED, (tenant, _stamp(settled), tenant, begin, end))
        (unknown,) = self._database.rows(_UNKNOWN, (tenant, begin, end))[0]
        return FeedbackReport(count_feedback((Fared(*row) for row in fared), by), unknown)

    def card_span(self, *, tenant: str = "") -> CardSpan:
        """When cards were issued and answers to them came (see `Store.card_span`)."""
        self._cards.flush()
        (found,) = self._database.rows(_SPAN, (tenant,) * 4)
        return CardSpan(*(datetime.fromisoformat(each) if each else None for each in found))

    def recently_shown(
        self, audience: str, hook: str, since: datetime, *, tenant: str = ""
    ) -> list[ShownCard]:
        """The cards that an audience was shown on a hook since then.

        Those that still wait to be written are not among them: a hook call never waits for the
        writer's lock, and a card told twice does no harm.
        """
        values = (tenant, self.pseudonym(audience), _stamp(since), hook)
        return [
            ShownCard(topic, tuple(json.loads(rules)), *rest)
            for topic, rules, *rest in self._database.rows(_SHOWN, values)
        ]

    def cards_of(self, patient: str, *, limit: int = 200, tenant: str = "") -> list[PastCard]:
        """The cards issued for a patient, the newest first (see `Store.cards_of`)."""
        self._cards.flush()
        rows = self._database.rows(_OF_PATIENT, (tenant, self.pseudonym(patient), limit))
        return [_past(*row) for row in rows]

    def _write_cards(self, rows: Sequence[Row]) -> None:
        # Many rows a statement: SQLite gives up the interpreter's lock at each, and under load gets
        # it back only after 5 ms. Row by row, 600 cards held the writer's lock for seconds.
        with self._database.transaction() as connection:
            for start in range(0, len(rows), _CARDS_AT_ONCE):
                part = rows[start : start + _CARDS_AT_ONCE]
                statement = _CARDS.format(rows=", ".join([_CARD_ROW] * len(part)))
                connection.execute(statement, [value for row in part for value in row])

    def _own_salt(self) -> str:
        kept = self._database.rows(_SALT, ())
        if not kept:
            with self._database.transaction() as connection:
                connection.execute(_NEW_SALT, (secrets.token_hex(32),))
            kept = self._database.rows(_SALT, ())
        return str(kept[0][0])

    def pseudonym(self, patient: str) -> str:
        """A patient id as records and logs hold it: the same for the same patient and salt."""
        return hmac.new(self._salt, patient.encode("utf-8", "replace"), "sha256").hexdigest()


def _past(
    uuid: str, issued: str, hook: str, indicator: str, source: str, drug: str, rules: str,
    knowledge: str, outcome: str, outcome_at: str, accepted: str, reason: str,
) -> PastCard:  # fmt: skip
    """A row of `_OF_PATIENT`; `rules` and `accepted` are JSON arrays."""
    number = len(json.loads(accepted))
    return PastCard(
        uuid, issued, hook, indicator, source, drug, tuple(json.loads(rules)), knowledge,
        outcome, outcome_at, number, reason,
    )  # fmt: skip


def _now() -> str:
    return _stamp(datetime.now(UTC))


def _stamp(moment: datetime) -> str:
    """A moment as it is stored: UTC, to the millisecond, so that texts sort as times do."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

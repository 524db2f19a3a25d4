"""The store in SQL: SQLite, in one file that several worker processes share.

The SQL keeps to what SQLite and PostgreSQL both speak (`?` placeholders apart): B-tree indexes,
`ON CONFLICT`, no JSON operators, keys that carry the tenant. What is SQLite's own stands in
`sqlite.py`.

Feedback and resources are committed before the call returns. Issued cards wait a moment in memory
(`waiting.py`), so that a hook call never waits for the writer's lock: a worker that is killed
loses at most the cards of that moment, one that is stopped writes them first.
"""

import hashlib
import hmac
import json
import secrets
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from fhir_pgx.errors import MixedPatients, StoreFailure
from fhir_pgx.storage.counting import Fared, count_feedback
from fhir_pgx.storage.sqlite import Database
from fhir_pgx.storage.store import (
    MAX_COMMENT,
    Dimension,
    FeedbackItem,
    FeedbackReport,
    IssuedCard,
    NewResource,
    Saved,
    ShownCard,
    StoredResource,
    TopicFeedback,
)
from fhir_pgx.storage.waiting import Row, WaitingRows

_CODEC = "zlib"  # level 1: a quarter of the space for 15 % of the time of a save

_COLUMNS = "tenant, type, id, version, patient, full_url, last_updated, sha256, codec, body"
_FIND = "SELECT version, patient, sha256 FROM resource WHERE tenant = ? AND type = ? AND id = ?"
_KEEP = (
    f"INSERT INTO resource_history ({_COLUMNS}) "  # noqa: S608 - column names of our own
    f"SELECT {_COLUMNS} FROM resource WHERE tenant = ? AND type = ? AND id = ?"
)
_PUT = (
    f"INSERT INTO resource ({_COLUMNS}) "  # noqa: S608
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, type, id) DO UPDATE SET "
    "version = excluded.version, patient = excluded.patient, full_url = excluded.full_url, "
    "last_updated = excluded.last_updated, sha256 = excluded.sha256, codec = excluded.codec, "
    "body = excluded.body"
)
_STORED = "type, id, version, patient, full_url, last_updated, body"
_REFERRED = "r.type, r.id, r.version, r.patient, r.full_url, r.last_updated, r.body"
_OF_PATIENT = (
    f"SELECT {_STORED} FROM resource WHERE tenant = ? AND patient = ? "  # noqa: S608
    f"UNION ALL SELECT {_REFERRED} FROM resource r "
    "JOIN resource_referred f ON f.tenant = r.tenant AND f.type = r.type AND f.id = r.id "
    "WHERE f.tenant = ? AND f.patient = ? AND r.patient = '' ORDER BY 1, 2"
)
_REFER = (
    "INSERT INTO resource_referred (tenant, patient, type, id) VALUES (?, ?, ?, ?) "
    "ON CONFLICT DO NOTHING"
)
_VERSIONS = (
    f"SELECT {_STORED} FROM resource WHERE tenant = ? AND type = ? AND id = ? "  # noqa: S608
    f"UNION ALL SELECT {_STORED} FROM resource_history WHERE tenant = ? AND type = ? AND id = ? "
    "ORDER BY 3 DESC"
)
_PATIENTS = "SELECT DISTINCT patient FROM resource WHERE tenant = ? AND patient <> '' ORDER BY 1"
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
_SHOWN = (
    "SELECT topic, rules, indicator, drug, ordered_sha256, said_sha256 FROM issued_card "
    "WHERE tenant = ? AND audience_hash = ? AND issued_at >= ? AND hook = ?"
)
_ALWAYS = ("", "9999")  # before and after every time that is stored
_NEW_SALT = "INSERT INTO secret (name, value) VALUES ('card-salt', ?) ON CONFLICT (name) DO NOTHING"
_SALT = "SELECT value FROM secret WHERE name = 'card-salt'"
_ANY = "SELECT 1 FROM resource WHERE tenant = ? LIMIT 1"


class SqlStore:
    """A `Store` (see `storage/store.py`) in an SQLite file.

    `salt` keys the hash of patient ids in the record of cards; empty: a random one is made once
    and kept in the file. Raises InvalidSetting for a database URL that is not SQLite's, and
    StoreFailure where the file cannot be opened or brought to the present schema.
    """

    def __init__(self, url: str, salt: str = "") -> None:
        self._database = Database(url)
        self._cards = WaitingRows(self._write_cards)
        self._salt = (salt or self._own_salt()).encode()

    def save_bundle(self, resources: Sequence[NewResource], *, tenant: str = "") -> Saved:
        """Save all resources or none (see `Store.save_bundle`)."""
        counts: Counter[str] = Counter()
        now = _now()
        # Compressed before the transaction begins: other writers wait for less.
        packed = [
            (each, hashlib.sha256(each.body).hexdigest(), zlib.compress(each.body, 1))
            for each in resources
        ]
        with self._database.transaction() as connection:
            for each, digest, body in packed:
                key = (tenant, each.type, each.id)
                for patient in each.referred_by:
                    connection.execute(_REFER, (tenant, patient, each.type, each.id))
                old = connection.execute(_FIND, key).fetchone()
                version = 1
                if old is not None:
                    if old[1] != each.patient:
                        raise MixedPatients(
                            f"a {each.type} with this id is stored already, of another patient",
                            where=f"{each.type}.id",
                            mend="give resources of different patients different ids",
                        )
                    if old[2] == digest:
                        counts["unchanged"] += 1
                        continue
                    connection.execute(_KEEP, key)
                    version = old[0] + 1
                counts["created" if old is None else "updated"] += 1
                row = (*key, version, each.patient, each.full_url, now, digest, _CODEC, body)
                connection.execute(_PUT, row)
        return Saved(counts["created"], counts["updated"], counts["unchanged"])

    def resources_of(self, patient: str, *, tenant: str = "") -> list[StoredResource]:
        """Every current resource about a patient, by type and id."""
        return [_stored(row) for row in self._database.rows(_OF_PATIENT, (tenant, patient) * 2)]

    def versions_of(self, type_: str, id_: str, *, tenant: str = "") -> list[StoredResource]:
        """Every version of a resource, newest first."""
        return [_stored(row) for row in self._database.rows(_VERSIONS, (tenant, type_, id_) * 2)]

    def patients(self, *, tenant: str = "") -> list[str]:
        """The ids of all patients something is stored of, sorted."""
        return [row[0] for row in self._database.rows(_PATIENTS, (tenant,))]

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

    def check(self) -> None:
        """Return if the store answers; raise StoreFailure otherwise."""
        self._database.rows(_ANY, ("",))

    def close(self) -> None:
        """Write what is still waiting and close every idle connection."""
        self._cards.flush()
        self._database.close()

    def _write_cards(self, rows: Sequence[Row]) -> None:
        # Many rows a statement: SQLite gives up the interpreter's lock at each, and under load gets
        # it back only after 5 ms. Row by row, 600 cards held the writer's lock for seconds.
        with self._database.transaction() as connection:
            for start in range(0, len(rows), _CARDS_AT_ONCE):
                part = rows[start : start + _CARDS_AT_ONCE]
                statement = _CARDS.format(rows=", ".join([_CARD_ROW] * len(part)))
                connection.execute(statement, [value for row in part for value in row])

    def _own_salt(self) -> str:
        with self._database.transaction() as connection:
            connection.execute(_NEW_SALT, (secrets.token_hex(32),))
            return str(connection.execute(_SALT).fetchone()[0])

    def pseudonym(self, patient: str) -> str:
        """A patient id as records and logs hold it: the same for the same patient and salt."""
        return hmac.new(self._salt, patient.encode("utf-8", "replace"), "sha256").hexdigest()


def _stored(row: tuple[Any, ...]) -> StoredResource:
    type_, id_, version, patient, full_url, last_updated, packed = row
    try:
        body = zlib.decompress(packed)
    except zlib.error as error:
        raise StoreFailure(
            f"a stored {type_} is damaged", where="database", mend="restore it from a backup"
        ) from error
    return StoredResource(type_, id_, version, patient, full_url, last_updated, body)


def _now() -> str:
    return _stamp(datetime.now(UTC))


def _stamp(moment: datetime) -> str:
    """A moment as it is stored: UTC, to the millisecond, so that texts sort as times do."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

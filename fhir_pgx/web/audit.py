"""One line for each service call, and the figures for `/metrics`.

A line says which service, how it ended, how many cards rest on which rules, which were left out
and why, and how long it took.
The patient stands in it as a keyed hash; no body, no token, no text of anybody is ever in it.
Plain `logging` with a JSON message: as cheap as structlog (6 µs), and the app that mounts us keeps
its own logging set-up.
"""

import logging
from collections import Counter as Tally
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from time import perf_counter

import msgspec
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.values import MutexValue, ValueClass

from fhir_pgx.model.hook import NOT_A_UUID, HookAnswer, HookCall
from fhir_pgx.web.noted import noted

log = logging.getLogger("fhir_pgx.audit")

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


@dataclass(slots=True)
class CallRecord:
    """A call while it is answered: what is known of it so far."""

    service: str
    started: float
    call: HookCall | None = None
    answer: HookAnswer | None = None


class Audit:
    """Writes the audit line and keeps the figures of one deployment."""

    def __init__(self, pseudonym: Callable[[str], str]) -> None:
        """`pseudonym` is the store's: the log and the record of cards name a patient alike."""
        self._pseudonym = pseudonym
        self._encode = msgspec.json.Encoder().encode
        self.registry = CollectorRegistry()
        self._seconds = Histogram(
            "fhir_pgx_hook_seconds",
            "Time to answer a CDS service call.",
            ["service"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._answers = Counter(
            "fhir_pgx_hook_answers",
            "Answers to CDS service calls, by HTTP status.",
            ["service", "status"],
            registry=self.registry,
        )
        self._cards = Counter(
            "fhir_pgx_cards", "Cards issued.", ["service", "indicator"], registry=self.registry
        )
        self._muted = Counter(
            "fhir_pgx_cards_muted",
            "Cards left out by the site's policy or because they were shown before.",
            ["service", "why"],
            registry=self.registry,
        )
        # By label: without one it would be counted, as 0, also by the process that only builds the
        # app, in a file of its own.
        self._unwritten = Counter(
            "fhir_pgx_audit_failures",
            "Entries of the record of accesses that the store did not take: to be tried again "
            "(waiting), or given up (lost).",
            ["fate"],
            registry=self.registry,
        )
        # A look-up by labels locks and copies them; services, statuses and indicators are few.
        self._seconds_of = lru_cache(maxsize=256)(self._seconds.labels)
        self._answers_of = lru_cache(maxsize=1024)(self._answers.labels)
        self._cards_of = lru_cache(maxsize=1024)(self._cards.labels)

    def begin(self, service: str) -> CallRecord:
        """Start the clock of a call to a service that exists."""
        return CallRecord(service, perf_counter())

    def finish(self, record: CallRecord, status: int) -> None:
        """Write the line of a call, count it, and note it for the record of accesses."""
        noted().call = record
        seconds = perf_counter() - record.started
        self._seconds_of(record.service).observe(seconds)
        self._answers_of(record.service, str(status)).inc()
        cards = record.answer.cards if record.answer else ()
        for indicator, number in Tally(card.indicator for card in cards).items():
            self._cards_of(record.service, indicator).inc(number)
        muted = record.answer.muted if record.answer else ()
        for why, number in Tally(each.why for each in muted).items():
            self._muted.labels(record.service, why).inc(number)
        if not log.isEnabledFor(logging.INFO):
            return
        line = {
            "request": noted().request_id,
            "service": record.service,
            "status": status,
            "milliseconds": round(seconds * 1000, 3),
            "cards": len(cards),
            "rules": [rule for card in cards for rule in card.rules],
        }
        if muted:
            line["muted"] = [
                {"why": m.why, "by": m.by, "indicator": m.indicator, "rules": m.rules}
                for m in muted
            ]
        call = record.call
        if call is not None:
            line["hook"] = call.hook
            # What is no UUID may be anything, a name too.
            is_text = NOT_A_UUID in call.flags
            line["hook_instance"] = (
                self._pseudonym(call.hook_instance) if is_text else call.hook_instance
            )
            line["patient"] = self._pseudonym(call.patient_id)
            line["genomics"] = call.genomics
            line["flags"] = list(call.flags)
        log.info(self._encode(line).decode())

    def count_failed(self, entries: int) -> None:
        """Count entries of the record of accesses that were not written at the first try."""
        self._unwritten.labels("waiting").inc(entries)

    def count_lost(self, entries: int) -> None:
        """Count entries that are in no store and in no memory any more."""
        self._unwritten.labels("lost").inc(entries)

    def figures(self) -> bytes:
        """What `/metrics` shows: the figures of every worker together, also of those that ended,
        where they count in files (`settings.share_metrics`); else those of this process."""
        if ValueClass is MutexValue:
            return generate_latest(self.registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return generate_latest(together)

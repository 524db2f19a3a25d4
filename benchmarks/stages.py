"""Microseconds of each stage of an order-sign call, in one process and without HTTP.

Each stage is timed without the stages it calls; shown is its quickest round, since what else the
machine does can only add. Run: python benchmarks/stages.py [--rounds 20]
"""

import argparse
import functools
import logging
import os
import tempfile
from collections import defaultdict
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from time import perf_counter
from typing import Any

from calls import bodies

from fhir_pgx.cards.write import write_answer
from fhir_pgx.fhir.json import read_json, write_json
from fhir_pgx.pipeline import advice, genes, hooks, orders
from fhir_pgx.services import answering, call
from fhir_pgx.settings import Settings
from fhir_pgx.web.cds import checked
from fhir_pgx.web.site import Site
from fhir_pgx.web.worker import worker_app

SERVICE = "pgx-order-sign"

INNER = (  # stages that the whole way calls by these names
    ("hook envelope", answering, "read_hook_call"),
    ("prefetch sorted", call, "read_prefetch"),
    ("one patient", call, "check_patient"),
    ("store, FHIR server", answering, "gather"),
    ("orders read", orders, "read_orders"),
    ("drug codes", orders, "resolve"),
    ("FHIR read", genes, "read"),
    ("genotype", genes, "gather"),
    ("phenotype", genes, "conclude"),
    ("patient", advice, "read_patient_context"),
    ("populations", advice, "fits_of"),
    ("other medicines", advice, "find_interactions"),
    ("all sources", advice, "advise"),
    ("advice", advice, "face_of"),
    ("doses", advice, "doses_for_patient"),
    ("tests to order", hooks, "plan_tests"),
    ("cards", hooks, "pretest_card"),
    ("cards", advice, "order_card"),
)


class Clock:
    """Adds up the time of each stage, less the time of the stages inside it."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._inside: list[float] = []

    def timed(self, label: str, work: Callable[..., Any]) -> Callable[..., Any]:
        self.seconds[label] = 0.0

        @functools.wraps(work)
        def run(*given: Any, **named: Any) -> Any:
            self._inside.append(0.0)
            started = perf_counter()
            try:
                return work(*given, **named)
            finally:
                spent = perf_counter() - started
                self.seconds[label] += spent - self._inside.pop()
                if self._inside:
                    self._inside[-1] += spent

        return run


def whole_way(site: Site, clock: Clock) -> Callable[[bytes], bytes]:
    """What the route does with a body, each step timed."""
    service = site.registry.service(SERVICE)
    read = clock.timed("JSON read", read_json)
    read_call = clock.timed("call, the rest", answering.read_call)
    for label, module, name in INNER:
        setattr(module, name, clock.timed(label, getattr(module, name)))
    answer = clock.timed("pipeline, the rest", service.answer)
    write = clock.timed("answer written", write_answer)
    check = clock.timed("answer's schema", checked)
    record = clock.timed("cards recorded", answering.record_answer)
    encode = clock.timed("JSON write", write_json)
    finish = clock.timed("audit and metrics", site.audit.finish)
    limits = {"max_bytes": site.settings.max_body_bytes, "max_depth": site.settings.max_depth}

    def run(body: bytes) -> bytes:
        noted = site.audit.begin(SERVICE)
        noted.call = made = read_call(read(body, **limits), service, site.sources)
        noted.answer = found = answer(made)
        document = check(site, write(found))
        record(made, found, site.sources)
        written: bytes = encode(document)
        finish(noted, 200)
        return written

    return run


def measure(rounds: int) -> dict[str, list[float]]:
    """Microseconds a call by stage, one figure a round."""
    clock = Clock()
    found: dict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder, Path(os.devnull).open("w") as nowhere:
        log = logging.getLogger("fhir_pgx.audit")
        log.setLevel(logging.INFO)
        log.addHandler(logging.StreamHandler(nowhere))
        app = worker_app(Settings(database=f"sqlite:///{folder}/bench.db"))
        site: Site = app.extensions["fhir_pgx"]
        run = whole_way(site, clock)
        with closing(site.store):
            for turn in range(rounds + 2):  # the first two only warm up
                for label in clock.seconds:
                    clock.seconds[label] = 0.0
                for body in CALLS:
                    run(body)
                if turn >= 2:
                    for label, seconds in clock.seconds.items():
                        found[label].append(seconds / len(CALLS) * 1e6)
    return found


CALLS = bodies()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20, help="how often all calls are made")
    found = measure(parser.parse_args().rounds)
    quickest = {label: min(times) for label, times in found.items()}
    total = sum(quickest.values())
    for label, spent in quickest.items():
        print(f"{label:20} {spent:8.1f} us {spent / total:6.1%}")
    print(f"{'whole call':20} {total:8.1f} us")


if __name__ == "__main__":
    main()

"""An order-sign call that is recorded, beside the same call where the record is switched off.

Two servers, alike but for the setting `audit`, are loaded in turn (A-B-A-B); the medians of the
ratios of neighbouring runs are told. The aim: the record takes at most a tenth of a call.
Run: python benchmarks/audit.py [--seconds 4] [--repeats 7]
"""

import argparse
import statistics
from contextlib import ExitStack

import calls as drug_calls
from load import Figures, generator, run
from running import SERVICE, Running, server

CONNECTIONS = (1, 16)
WARM_UP_SECONDS = 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4, help="of each run")
    parser.add_argument("--repeats", type=int, default=7)
    given = parser.parse_args()
    bodies = drug_calls.bodies()
    with ExitStack() as stack:
        servers = {
            audit: stack.enter_context(server(bodies[0], audit=audit)) for audit in ("off", "on")
        }
        for running in servers.values():
            _run(running, bodies, 16, WARM_UP_SECONDS)
        print(f"{given.repeats} runs each, load by {generator()}\n")
        print("| connections | audit | calls/s | p50 ms | CPU us/call |")
        print("|---|---|---|---|---|")
        told = []
        for connections in CONNECTIONS:
            found: dict[str, list[Figures]] = {"off": [], "on": []}
            for _ in range(given.repeats):
                for audit, running in servers.items():
                    found[audit].append(_run(running, bodies, connections, given.seconds))
            for audit, runs in found.items():
                rate, p50, cpu = (
                    statistics.median(getattr(each, name) for each in runs)
                    for name in ("per_second", "p50", "cpu")
                )
                print(f"| {connections} | {audit} | {rate:.0f} | {p50 / 1000:.2f} | {cpu:.0f} |")
            added = {
                name: 100 * (statistics.median(
                    getattr(on, name) / getattr(off, name)
                    for on, off in zip(found["on"], found["off"], strict=True)
                ) - 1)
                for name in ("p50", "cpu")
            }  # fmt: skip
            told.append(
                f"at {connections} connections the record adds {added['p50']:.0f} % to the time of "
                f"a call (p50) and {added['cpu']:.0f} % to its CPU"
            )
    print()
    print("\n".join(told))


def _run(running: Running, bodies: list[bytes], connections: int, seconds: float) -> Figures:
    figures = run(
        running.port, SERVICE, bodies, connections=connections, seconds=seconds,
        server=running.pid,
    )  # fmt: skip
    if figures.failed:
        raise SystemExit(f"{figures.failed} calls failed")
    return figures


if __name__ == "__main__":
    main()

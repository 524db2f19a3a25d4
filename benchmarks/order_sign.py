"""An order-sign call beside a no-op route of the same server: throughput, latency, CPU.

Both routes are loaded in turn (A-B-A-B), the medians compared. The aim, at 16 connections: at
least half of the no-op's throughput, at most twice its CPU a request.
With `--tumour` each call has 60 tumour variants and 20 biomarkers; the aim is then three times the
no-op's CPU a call, and the same latency.
Run: python benchmarks/order_sign.py [--tumour] [--seconds 5] [--repeats 5]
"""

import argparse
import statistics
from collections.abc import Sequence
from operator import attrgetter

import calls as drug_calls
import tumour_calls
from load import Figures, generator, run
from running import SERVICE, server

CONNECTIONS = (1, 16)
ROUTES = {"no-op": "/noop", "order-sign": SERVICE}
WARM_UP_SECONDS = 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5, help="of each run")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--tumour", action="store_true", help="calls with tumour findings")
    given = parser.parse_args()
    calls = (tumour_calls if given.tumour else drug_calls).bodies()
    found: dict[tuple[int, str], list[Figures]] = {}
    with server(calls[0], noop=True) as running:
        for path in ROUTES.values():
            run(running.port, path, calls, connections=16, seconds=WARM_UP_SECONDS,
                server=running.pid)  # fmt: skip
        for connections in CONNECTIONS:
            for _ in range(given.repeats):
                for name, path in ROUTES.items():
                    figures = run(
                        running.port,
                        path,
                        calls,
                        connections=connections,
                        seconds=given.seconds,
                        server=running.pid,
                    )
                    if figures.failed:
                        raise SystemExit(f"{figures.failed} calls of {path} failed")
                    found.setdefault((connections, name), []).append(figures)
    size = statistics.median(map(len, calls))
    print(f"calls of {size:.0f} bytes, {given.repeats} runs each, load by {generator()}\n")
    print("| connections | route | calls/s | p50 ms | p99 ms | CPU us/call |")
    print("|---|---|---|---|---|---|")
    for (connections, name), runs in found.items():
        print(f"| {connections} | {name} | {_row(runs)} |")
    print()
    for connections in CONNECTIONS:
        floor, ours = (found[connections, name] for name in ROUTES)
        print(
            f"at {connections} connections: {_ratio(ours, floor, 'per_second'):.2f} of the no-op's "
            f"throughput, {_ratio(ours, floor, 'cpu'):.2f} times its CPU"
        )


def _median(runs: Sequence[Figures], name: str) -> float:
    return statistics.median(map(attrgetter(name), runs))


def _ratio(ours: Sequence[Figures], floor: Sequence[Figures], name: str) -> float:
    return _median(ours, name) / _median(floor, name)


def _row(runs: Sequence[Figures]) -> str:
    rate, p50, p99, cpu = (_median(runs, name) for name in ("per_second", "p50", "p99", "cpu"))
    return f"{rate:.0f} | {p50 / 1000:.2f} | {p99 / 1000:.2f} | {cpu:.0f}"


if __name__ == "__main__":
    main()

"""Seconds from the start of `fhir-pgx serve` to its first card over HTTP.

Run: python benchmarks/first_card.py [--repeats 5]
"""

import argparse
import statistics

from calls import bodies
from running import server


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    times = []
    for _ in range(parser.parse_args().repeats):
        with server(bodies()[0]) as running:
            if not isinstance(running.first, dict) or not running.first["cards"]:
                raise SystemExit("the first answer holds no card")
            times.append(running.seconds)
            print(f"first card after {running.seconds:.2f} s")
    print(f"median {statistics.median(times):.2f} s")


if __name__ == "__main__":
    main()

"""An order-sign call whose caller is asked who it is, beside the same call where nobody is asked.

Two servers, alike but for the file of who may call, are loaded in turn (A-B-B-A). What is added is
the median of the differences of neighbouring runs: on a busy machine the runs of one server differ
by more than what is looked for. Every call carries an assertion of its own, also to the server that
does not look at it, so that both read the same bytes. Keys are cached, as they are from the second
call on; each assertion is noted as used in SQLite. ES384 is what CDS Hooks recommends, RS384 what
Epic uses.
Beside it stands what the library takes to check one such signature and nothing else, over and over
and so with everything in the processor's caches: no change of ours makes that less.
The aim: what security adds is at most 20 % of a call, in time and in CPU.
Run: python benchmarks/security.py [--algorithm ES384] [--seconds 2] [--repeats 15]
"""

import argparse
import json
import statistics
import tempfile
import time
import uuid
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

import calls as drug_calls
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from load import Figures, generator, run
from running import SERVICE, Running, server

CONNECTIONS = (1, 16)
CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
ISSUER = "https://benchmark.example.org"
ACCESS = f'[[cds_clients]]\nname = "benchmark"\nissuer = "{ISSUER}"\nkeys_file = "keys.json"\n'
WARM_UP_SECONDS = 2
SPARE = 3  # tokens for each call that the quickest run so far would make us expect
CHECKS = 200  # of one signature, in each measurement of the library alone


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs assertions as the one registered client."""

    key: ECKey | RSAKey
    algorithm: str

    def bare_check(self) -> float:
        """Microseconds in which the library checks a signature over a text as long as a token."""
        text, hashed = b"x" * 500, SHA256() if self.algorithm.endswith("256") else SHA384()
        scheme = (ECDSA(hashed),) if isinstance(self.key, ECKey) else (PKCS1v15(), hashed)
        private, public = self.key.private_key, self.key.public_key
        signature = private.sign(text, *scheme)
        times = []
        for _ in range(CHECKS):
            began = time.perf_counter()
            public.verify(signature, text, *scheme)
            times.append(time.perf_counter() - began)
        return statistics.median(times) * 1e6

    def sign(self, address: str) -> str:
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": address, "iat": now, "exp": now + 600}
        header = {"alg": self.algorithm, "typ": "JWT", "kid": "benchmark"}
        claims["jti"] = str(uuid.uuid4())
        return jwt.encode(header, claims, self.key, algorithms=[self.algorithm])

    def many(self, running: Running, number: int) -> list[str]:
        address = f"http://127.0.0.1:{running.port}{SERVICE}"
        return [self.sign(address) for _ in range(number)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--algorithm", default="ES384", choices=("ES256", "ES384", "RS384"))
    parser.add_argument("--seconds", type=int, default=2, help="of each run")
    parser.add_argument("--repeats", type=int, default=15)
    given = parser.parse_args()
    found: dict[tuple[int, str], list[Figures]] = {}
    bare: list[float] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        signer = _signer(given.algorithm, folder)
        bodies = drug_calls.bodies()
        servers = {
            "open": stack.enter_context(server(bodies[0])),
            "asked": stack.enter_context(
                server(bodies[0], access=str(folder / "access.toml"), token=signer.sign)
            ),
        }
        expected = {
            name: _run(running, signer, bodies, 16, WARM_UP_SECONDS, 3000).per_second
            for name, running in servers.items()
        }
        for connections in CONNECTIONS:
            for turn in range(given.repeats):
                bare.append(signer.bare_check())
                for name in list(servers)[:: -1 if turn % 2 else 1]:
                    number = int(expected[name] * given.seconds * SPARE) + 1000
                    figures = _run(
                        servers[name], signer, bodies, connections, given.seconds, number
                    )
                    expected[name] = max(expected[name], figures.per_second)
                    found.setdefault((connections, name), []).append(figures)
    print(f"{given.algorithm}, {given.repeats} runs each, load by {generator()}\n")
    print("| connections | server | calls/s | p50 ms | p99 ms | CPU us/call |")
    print("|---|---|---|---|---|---|")
    for (connections, name), runs in found.items():
        print(f"| {connections} | {name} | {_row(runs)} |")
    print()
    alone = statistics.median(bare)
    print(f"checking the signature alone, by the library: {alone:.0f} us")
    for connections in CONNECTIONS:
        off, on = (found[connections, name] for name in ("open", "asked"))
        time_, cpu = _added(on, off, "p50"), _added(on, off, "cpu")
        print(
            f"at {connections} connections security adds {time_ * 100:.0f} % to the time of a call "
            f"(p50) and {cpu * 100:.0f} % to its CPU, of which the signature alone is "
            f"{alone / _median(off, 'cpu') * 100:.0f} %"
        )


def _signer(algorithm: str, folder: Path) -> Signer:
    kid = {"kid": "benchmark"}
    if algorithm in CURVES:
        key: ECKey | RSAKey = ECKey.generate_key(CURVES[algorithm], kid)
    else:
        key = RSAKey.generate_key(2048, kid)
    (folder / "keys.json").write_text(json.dumps({"keys": [key.as_dict(private=False)]}))
    (folder / "access.toml").write_text(ACCESS)
    return Signer(key, algorithm)


def _run(
    running: Running,
    signer: Signer,
    bodies: Sequence[bytes],
    connections: int,
    seconds: int,
    number: int,
) -> Figures:
    figures = run(
        running.port,
        SERVICE,
        bodies,
        connections=connections,
        seconds=seconds,
        server=running.pid,
        tokens=signer.many(running, number),
    )
    if figures.failed:
        raise SystemExit(f"{figures.failed} calls failed")
    return figures


def _median(runs: Sequence[Figures], name: str) -> float:
    return statistics.median(map(attrgetter(name), runs))


def _added(ours: Sequence[Figures], floor: Sequence[Figures], name: str) -> float:
    """What each run has more than its neighbour, as a part of it; the median."""
    pairs = zip(ours, floor, strict=True)
    return statistics.median(getattr(on, name) / getattr(off, name) - 1 for on, off in pairs)


def _row(runs: Sequence[Figures]) -> str:
    rate, p50, p99, cpu = (_median(runs, name) for name in ("per_second", "p50", "p99", "cpu"))
    return f"{rate:.0f} | {p50 / 1000:.2f} | {p99 / 1000:.2f} | {cpu:.0f}"


if __name__ == "__main__":
    main()

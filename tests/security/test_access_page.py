"""What docs/access.md says is so: its keys, its example, its way to try a client out."""

import json
import re
import subprocess
import sys
import time
from pathlib import Path

from fhir_pgx.security.assertions import MAX_ASSERTION, AssertionVerifier
from fhir_pgx.security.key_sets import KeySets
from fhir_pgx.security.registered import _KEYS, read_registered
from fhir_pgx.security.signed import ALGORITHMS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "access.md").read_text(encoding="utf-8")
EXAMPLE = ROOT / "examples" / "access.toml"
CALLED = "http://127.0.0.1:8080/cds-services"
CLIENT = (
    '[[cds_clients]]\nname = "trial"\nissuer = "https://trial.example.org"\n'
    'keys_file = "trial-keys.json"\n'
)


def no_file(name):
    raise FileNotFoundError(2, "No such file", name)


def test_the_example_registers_whom_it_says():
    found = read_registered(EXAMPLE.read_bytes(), no_file)
    assert [each.name for each in found.cds_clients] == ["main-ehr", "hosted-ehr"]
    assert found.cds_clients[1].tenants == {"hospital-1": "north", "hospital-2": "south"}
    assert len(found.token_issuers) == len(found.launch_issuers) == 1


def test_every_key_of_the_file_is_explained():
    for key in {*_KEYS["cds_clients"], *_KEYS["token_issuers"]}:
        assert f"`{key}`" in PAGE, key
    for list_ in _KEYS:
        assert list_ in PAGE


def test_the_limits_are_those_of_the_code():
    assert f"{MAX_ASSERTION} characters at most" in PAGE
    named = re.search(r"`alg`: ([^.]*)\.", PAGE)[1]
    assert set(named.split(", ")) == set(ALGORITHMS)


def test_the_assertion_that_the_page_makes_opens_the_door(tmp_path):
    program = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)[1]
    (tmp_path / "trial.py").write_text(program)

    def said():
        run = subprocess.run(
            [sys.executable, "trial.py", CALLED],
            cwd=tmp_path, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return run.stdout.strip()

    first = said()
    assert (tmp_path / "trial.key").stat().st_mode & 0o77 == 0
    assert repr(CLIENT)[1:-1].replace("'", "") in PAGE  # what the page's printf writes
    registered = read_registered(CLIENT.encode(), lambda name: (tmp_path / name).read_bytes())

    verifier = AssertionVerifier(
        registered.cds_clients, keys=KeySets(no_file, time.monotonic),
        use_once=lambda *_: True, now=time.time,
    )  # fmt: skip
    assert verifier.check(first, audience=CALLED).client == "trial"
    # The server has read the key: another call must not be signed with another.
    assert verifier.check(said(), audience=CALLED).client == "trial"
    keys = json.loads((tmp_path / "trial-keys.json").read_text())["keys"]
    assert all("d" not in key for key in keys)

"""Look up every installed package among published vulnerabilities; `make check` runs this.

Ends with 1 where a vulnerability is known. Where the service cannot be reached, or knows none of
our packages, it says so and ends with 0: no machine without a network can be asked for more, and a
check that fails for the weather is soon switched off.
"""

import json
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

SECONDS = 180
OWN = "fhir-pgx"


class Verdict(NamedTuple):
    """What is said, and the exit code."""

    code: int
    lines: list[str]


def main() -> int:
    """Ask, and print what came of it."""
    told = verdict(ask(installed()))
    for line in told.lines:
        print(line)
    return told.code


def installed() -> list[str]:
    """Every package of this environment but our own, with its version, as a requirements file."""
    found = {each.metadata["Name"]: each.version for each in metadata.distributions()}
    return sorted(f"{name}=={version}" for name, version in found.items() if name != OWN)


def ask(packages: list[str]) -> dict[str, Any] | None:
    """What pip-audit found; None where it found out nothing."""
    with tempfile.TemporaryDirectory() as folder:
        wanted, found = Path(folder, "installed.txt"), Path(folder, "found.json")
        wanted.write_text("\n".join(packages) + "\n", encoding="utf-8")
        command = [
            sys.executable, "-m", "pip_audit", "--requirement", str(wanted), "--no-deps",
            "--disable-pip", "--progress-spinner", "off", "--timeout", "15",
            "--format", "json", "--output", str(found),
        ]  # fmt: skip
        try:
            subprocess.run(command, capture_output=True, check=False, timeout=SECONDS)
            answer: dict[str, Any] = json.loads(found.read_text(encoding="utf-8"))
        except (OSError, ValueError, subprocess.TimeoutExpired):
            return None
        return answer


def verdict(answer: dict[str, Any] | None) -> Verdict:
    """What to say of an answer of pip-audit: it fails on a vulnerability and on nothing else."""
    if answer is None:
        return Verdict(0, ["audit: the vulnerability service was not reached; NOTHING WAS CHECKED"])
    rows = answer.get("dependencies", [])
    known = [row for row in rows if "vulns" in row]
    lines = [
        f"audit: {row['name']} {row['version']}: {each['id']}, mended in "
        f"{', '.join(each.get('fix_versions') or ['no release yet'])}"
        for row in known
        for each in row["vulns"]
    ]
    if lines:
        return Verdict(1, lines)
    if not known:
        return Verdict(0, ["audit: the service knows none of the packages; NOTHING WAS CHECKED"])
    left = len(rows) - len(known)
    unknown = f"; {left} more are unknown to the service and were not checked" if left else ""
    return Verdict(0, [f"audit: no known vulnerability in {len(known)} packages{unknown}"])


if __name__ == "__main__":
    sys.exit(main())

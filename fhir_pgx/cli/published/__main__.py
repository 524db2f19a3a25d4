"""Writes the FHIR package `profiles/` anew, or says whether it is up to date.

    python -m fhir_pgx.cli.published [--check]

Only files named `{Type}-{id}.json`, `package.json` and `.index.json` are its own; what else lies in
the folder (the CDS Hooks schemas) is left alone.
"""

import argparse
import sys
from pathlib import Path

from fhir_pgx.cli.published.package import files_of, is_ours

ROOT = Path(__file__).resolve().parents[3]


def main() -> int:
    """0, or 1 where `--check` finds a file that is not what it should be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; say what differs")
    check: bool = parser.parse_args().check
    folder, wanted = ROOT / "profiles", files_of(ROOT / "docs")
    there = {path.name: path for path in folder.iterdir() if is_ours(path.name)}
    stale = [
        name
        for name, content in wanted.items()
        if name not in there or there[name].read_bytes() != content
    ]
    left = sorted(there.keys() - wanted.keys())
    for name in (*stale, *left):
        print(f"{name} {'differs' if check else 'was written or removed'}", file=sys.stderr)
    if not check:
        for name in stale:
            (folder / name).write_bytes(wanted[name])
        for name in left:
            there[name].unlink()
    return 1 if check and (stale or left) else 0


if __name__ == "__main__":
    sys.exit(main())

"""Writes `knowledge/levels.yaml`: how strongly each drug and gene belong together.

    python -m fhir_pgx.knowledge.imports.levels --facts DIR

DIR holds `gene_drug_pairs.csv`, CPIC's table of pairs with its own level, the level of evidence and
what the FDA label says of testing.
"""

import argparse
import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parents[1] / "levels.yaml"

_CITATIONS = {
    "cpic-pairs": {
        "what": "CPIC gene-drug pairs, with the levels of ClinPGx and of FDA labels as CPIC lists "
        "them",
        "from": "CPIC tables of 2026-08-13",
        "licence": "CC0-1.0",
    }
}


def row_of(fact: Mapping[str, str]) -> dict[str, Any]:
    """One pair in our form; a drug that RxNorm does not know has an empty code."""
    code = fact["rxnorm"] if fact["rxnorm"].isdigit() else ""
    row: dict[str, Any] = {
        "drug": fact["drug"],
        "rxnorm": code,
        "gene": fact["gene"],
        "cpic": fact["cpic_level"],
    }
    if fact["provisional"] == "True":
        row["provisional"] = True
    for ours, theirs in (("clinpgx", "clinpgx_level"), ("label", "fda_label_pgx_level")):
        if fact[theirs]:
            row[ours] = fact[theirs]
    return row


def read_rows(facts: Path) -> list[dict[str, Any]]:
    """Every pair, by drug and gene."""
    with (facts / "gene_drug_pairs.csv").open(encoding="utf-8", newline="") as file:
        rows = [row_of(fact) for fact in csv.DictReader(file)]
    return sorted(rows, key=lambda row: (row["drug"].lower(), row["gene"]))


def written(rows: Sequence[Mapping[str, Any]]) -> str:
    """The file's text: one line a pair, in YAML's flow style (JSON is YAML)."""
    lines = ["# Written by imports/levels.py; do not edit.", "citations:"]
    lines += [f"  {key}: {json.dumps(entry)}" for key, entry in _CITATIONS.items()]
    lines.append("pairs:")
    lines += [f"  - {json.dumps(row, ensure_ascii=False)}" for row in rows]
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--facts", type=Path, required=True, help="folder of the fact tables")
    rows = read_rows(parser.parse_args(arguments).facts)
    TARGET.write_text(written(rows), encoding="utf-8")
    print(f"wrote {TARGET.name}: {len(rows)} pairs")


if __name__ == "__main__":
    main()

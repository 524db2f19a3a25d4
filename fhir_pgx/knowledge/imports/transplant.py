"""HLA serology and the few P-group facts we may hold, into `therapies/transplant/serology.yaml`.

    python -m fhir_pgx.knowledge.imports.transplant FACTS_DIR

Reads `precision/hla_serology.csv` and `precision/hla_match_examples.csv` of a facts release. Only
the nomenclature's facts are taken; the tables of IPD-IMGT/HLA themselves may not be changed or
mirrored, and are read from an operator's own copy (`knowledge/ipd.py`). What was added by hand
stands in `reviewed.yaml`, which this never writes.
"""

import argparse
import csv
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from fhir_pgx.knowledge.imports.tables import flow

HERE = Path(__file__).resolve().parents[1]
TARGET = HERE / "therapies" / "transplant" / "serology.yaml"
HEAD = (
    "# Written by imports/transplant.py from precision/hla_serology.csv and "
    "precision/hla_match_examples.csv\n"
)

Row = Mapping[str, str]


def serology(rows: Iterable[Row], examples: Iterable[Row]) -> dict[str, Any]:
    """The content of the file. Raises ValueError where two rows say different things of one
    antigen or allele, or a kind of row is new."""
    parents: dict[str, str] = {}
    associated: list[str] = []
    alleles: dict[str, str] = {}
    epitopes: dict[str, str] = {}
    dates = set()
    for row in rows:
        dates.add(row["as_of"])
        if row["kind"] in ("broad_split", "associated_antigen"):
            _put(parents, row["antigen"], row["parent_antigen"])
            associated += [row["antigen"]] if row["kind"] == "associated_antigen" else []
        elif row["kind"] == "allele_antigen":
            _put(alleles, row["allele"], row["antigen"])
        elif row["kind"] == "public_epitope":
            _put(epitopes, row["antigen"], row["public_epitope"])
        else:
            raise ValueError(f"a kind of row that is not known: {row['kind']}")
    groups, differ = _p_groups(examples)
    return {
        "as_of": max(dates),
        "parents": parents,
        "associated": associated,
        "alleles": alleles,
        "epitopes": epitopes,
        "p_groups": groups,
        "not_in_group": differ,
    }


def _p_groups(rows: Iterable[Row]) -> tuple[dict[str, str], dict[str, list[str]]]:
    """The P group of alleles, and of other alleles the groups that they are known not to be in.

    A row names the group of its first allele, and says whether the second is in it."""
    groups: dict[str, str] = {}
    differ: dict[str, list[str]] = {}
    for row in rows:
        group = f"{row['locus']}*{row['p_group']}"
        _put(groups, row["allele_1"], group)
        if row["same_p_group"] == "yes":
            _put(groups, row["allele_2"], group)
        else:
            differ.setdefault(row["allele_2"], []).append(group)
    return groups, differ


def _put(found: dict[str, str], key: str, value: str) -> None:
    if found.setdefault(key, value) != value:
        raise ValueError(f"{key} is {found[key]} and {value}")


def write(content: Mapping[str, Any]) -> str:
    """The file's text: an entry a line, in the order of the tables."""
    lines = [HEAD.rstrip("\n"), f"as_of: {flow(content['as_of'])}"]
    for name, part in content.items():
        if isinstance(part, dict):
            lines.append(f"{name}:")
            lines += [f"  {flow(key)}: {flow(value)}" for key, value in part.items()]
        elif isinstance(part, list):
            lines.append(f"{name}: {flow(part)}")
    return "\n".join(lines) + "\n"


def read_facts(facts: Path) -> dict[str, Any]:
    """What the tables of a facts release come to."""
    tables = []
    for name in ("hla_serology", "hla_match_examples"):
        with (facts / "precision" / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
            tables.append(list(csv.DictReader(lines)))
    return serology(*tables)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("facts", type=Path)
    TARGET.write_text(write(read_facts(parser.parse_args(argv).facts)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

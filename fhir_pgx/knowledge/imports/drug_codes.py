"""Packs the drug code facts into `knowledge/drug_codes.sqlite`, and records what it was made from.

    python -m fhir_pgx.knowledge.imports.drug_codes --facts DIR [--out DIR]

DIR holds `rxcui_to_ingredient.csv`, `ndc_to_ingredient.csv`, `drug_synonyms.csv`,
`drug_classes.csv` and `snomed_to_ingredient.csv`. The same facts and the same SQLite give the same
bytes; nobody edits the result by hand.
"""

import argparse
import csv
import hashlib
import json
import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fhir_pgx.knowledge.drug_codes import (
    APPLICATION_ID,
    CONFLICT,
    FILE,
    INCOMPLETE,
    KINDS,
    NOT_INTERCHANGEABLE,
    NOT_SAFE,
    SCHEMA_VERSION,
    STATUSES,
)
from fhir_pgx.model.drug import CodeKind

FILES = (
    "rxcui_to_ingredient.csv", "ndc_to_ingredient.csv", "drug_synonyms.csv",
    "drug_classes.csv", "snomed_to_ingredient.csv",
)  # fmt: skip

SOURCES = (
    {"name": "RxNorm (SAB=RXNORM): RxNav answers of 2026-07, Current Prescribable Content of "
             "2025-10, and older releases for retired codes",
     "licence": "public domain, U.S. National Library of Medicine",
     "attribution": "This product uses publicly available data from the U.S. National Library of "
                    "Medicine (NLM), National Institutes of Health, Department of Health and "
                    "Human Services; NLM is not responsible for the product and does not endorse "
                    "or recommend this or any other product."},
    {"name": "RxNorm rows of CMS eCQM and CDC opioid value sets, 2021 to 2025",
     "licence": "CC0-1.0 (cqframework); MIT (canvas)"},
    {"name": "RxNorm codes of the CDS Hooks Sandbox and of Synthea", "licence": "Apache-2.0"},
    {"name": "FDA NDC Directory, 2019-04, and openFDA labels, 2026-07",
     "licence": "public domain; CC0-1.0"},
    {"name": "NDC to RxNorm pairs of GAMENet, 2018-11", "licence": "MIT"},
    {"name": "ATC codes by way of OMOP, 2024-03",
     "licence": "codes only; WHO Collaborating Centre for Drug Statistics Methodology, "
                "not to be sold on as a classification"},
    {"name": "SNOMED CT substance codes",
     "licence": "SNOMED International; use outside member countries needs an affiliate licence"},
    {"name": "abbreviations, INN spellings: Stanford HIVDB (Unlicense) and compiled by hand",
     "licence": "facts"},
)  # fmt: skip

SCHEMA = """
CREATE TABLE ingredient (rxcui INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE ingredient_set (id INTEGER PRIMARY KEY, members TEXT NOT NULL);
CREATE TABLE rxcui (code INTEGER PRIMARY KEY, kind INTEGER NOT NULL, flags INTEGER NOT NULL,
  status INTEGER NOT NULL, successor INTEGER NOT NULL, ingredients INTEGER NOT NULL);
CREATE TABLE ndc (code INTEGER PRIMARY KEY, flags INTEGER NOT NULL, ingredients INTEGER NOT NULL);
CREATE TABLE ndc_conflict (code INTEGER NOT NULL, ingredients INTEGER NOT NULL,
  PRIMARY KEY (code, ingredients)) WITHOUT ROWID;
CREATE TABLE snomed (code INTEGER PRIMARY KEY, flags INTEGER NOT NULL,
  ingredients INTEGER NOT NULL);
CREATE TABLE atc (code TEXT PRIMARY KEY, flags INTEGER NOT NULL, ingredients INTEGER NOT NULL)
  WITHOUT ROWID;
CREATE TABLE name (name TEXT NOT NULL, ingredients INTEGER NOT NULL, kind INTEGER NOT NULL,
  flags INTEGER NOT NULL, PRIMARY KEY (name, ingredients)) WITHOUT ROWID;
CREATE INDEX ingredient_name ON ingredient (name);
"""

_KIND_OF_TERM_TYPE: dict[str, CodeKind] = {
    "IN": "ingredient", "PIN": "ingredient", "MIN": "ingredient", "": "ingredient",
    "SCDC": "component", "SBDC": "component", "BN": "brand", "GPCK": "pack", "BPCK": "pack",
    "SCD": "product", "SBD": "product", "SCDF": "product", "SBDF": "product",
    "SCDG": "product", "SBDG": "product", "SCDFP": "product", "SBDFP": "product",
    "SCDGP": "product",
}  # fmt: skip

# Names that the facts give without saying what is missing. `r` is ritonavir, which the named
# protease inhibitor is taken with and which matters by itself.
_BOOSTED = re.compile(r"[a-z]+ r\Z")
_LOWER_BOUND_NAMES = {"succinylcholine volatile anaesthetics"}
_CARRIER_NAMES = {"nab paclitaxel", "t dm1"}

Row = dict[str, str]
Members = tuple[int, ...]


def _read(path: Path) -> Iterator[Row]:
    with path.open(newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def _members(text: str) -> Members:
    return tuple(sorted({int(code) for code in text.split(";")}))


def _spelled(name: str) -> str:
    """A name as the facts normalise names: lower case, words and numbers, single spaces."""
    return " ".join(re.findall(r"[a-z0-9]+", name.lower()))


@dataclass
class _Sets:
    """Each distinct ingredient set once, numbered in the order met."""

    ids: dict[Members, int] = field(default_factory=dict)

    def id(self, members: Members) -> int:
        return self.ids.setdefault(members, len(self.ids) + 1)


@dataclass
class _Facts:
    """The rows read, and what several tables need of one another."""

    rxcui: list[Row]
    ndc: list[Row]
    names: list[Row]
    classes: list[Row]
    snomed: list[Row]
    left_out: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    corrected: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, folder: Path) -> "_Facts":
        rxcui, ndc, names, classes, snomed = (list(_read(folder / name)) for name in FILES)
        return cls(rxcui, ndc, names, classes, snomed)

    def __post_init__(self) -> None:
        self._conjugates = {
            int(row["rxcui"])
            for row in self.rxcui
            if row["tty"] == "IN" and "not interchangeable" in row["note"]
        }
        self._safe: dict[str, Members] = {
            row["normalised_name"]: _members(row["ingredient_rxcuis"])
            for row in self.names
            if row["safe_to_autoresolve"] == "yes"
        }
        self._carrier_names = _CARRIER_NAMES | {
            row["normalised_name"] for row in self.names if row["note"]
        }
        self._flags = {row["rxcui"]: self.flags_of(row) for row in self.rxcui}
        self._brands = {
            row["normalised_name"]: _members(row["ingredient_rxcuis"])
            for row in self.names
            if row["kind"] == "brand" and row["safe_to_autoresolve"] == "yes"
        }

    def _carrier(self, members: Members) -> int:
        """A conjugate is its own ingredient where RxNorm has an IN for it: then all is plain."""
        return 0 if self._conjugates.intersection(members) else NOT_INTERCHANGEABLE

    def flags_of(self, row: Row) -> int:
        flags = 0
        if "INCOMPLETE" in row["note"] or "brand family" in row["note"]:
            flags |= INCOMPLETE
        if "not interchangeable" in row["note"]:
            flags |= self._carrier(_members(row["ingredient_rxcuis"]))
        return flags

    def flags_of_name(self, name: str, members: Members) -> int:
        flags = self._carrier(members) if name in self._carrier_names else 0
        if _BOOSTED.match(name) or name in _LOWER_BOUND_NAMES:
            flags |= INCOMPLETE
        return flags

    def flags_of_ndc(self, row: Row) -> int:
        """The NDC table says neither: its products' codes and its brand names do."""
        members, flags = _members(row["ingredient_rxcuis"]), 0
        for brand in row["proprietary_name"].split("|"):
            flags |= self.flags_of_name(_spelled(brand), members)
        for code in row["product_rxcuis"].split(";"):
            flags |= self._flags.get(code, 0)
        return flags

    def rxcui_members(self, row: Row) -> Members:
        """A row's ingredients; those of the brand it is named for in a branded form group (SBDG).

        The facts give some groups the ingredients of a shorter brand (Fioricet for `Fioricet with
        Codeine Oral Product`), which loses an ingredient.
        """
        listed = _members(row["ingredient_rxcuis"])
        if row["tty"] != "SBDG":
            return listed
        words = _spelled(row["name"]).split()
        names = (" ".join(words[:end]) for end in range(len(words), 0, -1))
        brand = next((name for name in names if name in self._brands), "")
        if not brand or self._brands[brand] == listed:
            return listed
        self.corrected.append(row["rxcui"])
        return self._brands[brand]

    def atc_members(self, row: Row) -> tuple[Members, int] | None:
        """The ingredients of an ATC code; a combination's are read from its title too.

        None where the title of a combination does not hold the ingredient listed: one is wrong.
        """
        listed = int(row["ingredient_rxcui"])
        if row["atc_is_combination"] != "yes":
            return (listed,), 0
        title = row["atc5_name"].rpartition(";")[0] or row["atc5_name"]
        parts = [_spelled(part) for part in re.split(r",| and ", title)]
        known = [self._safe.get(part) for part in parts]
        members = {code for found in known if found for code in found}
        if listed not in members:
            return None
        return tuple(sorted(members)), 0 if all(known) else INCOMPLETE


def _rxcui_rows(facts: _Facts, sets: _Sets) -> Iterator[tuple[int, ...]]:
    for row in facts.rxcui:
        yield (
            int(row["rxcui"]),
            KINDS.index(_KIND_OF_TERM_TYPE[row["tty"]]),
            facts.flags_of(row),
            STATUSES.index(row["status"]),
            int(row["remapped_to"] or 0),
            sets.id(facts.rxcui_members(row)),
        )


def _ndc_rows(
    facts: _Facts, sets: _Sets
) -> tuple[list[tuple[int, int, int]], list[tuple[int, int]]]:
    products: dict[int, dict[Members, int]] = defaultdict(dict)
    for row in facts.ndc:
        digits = row["ndc9"].replace("-", "")
        if not digits.isdigit():
            facts.left_out["ndc"].append(row["ndc9"])  # letters: from before NDCs were numbers
            continue
        found = products[int(digits)]
        members = _members(row["ingredient_rxcuis"])
        found[members] = found.get(members, 0) | facts.flags_of_ndc(row)
    rows, conflicts = [], []
    for code, found in products.items():
        flags = CONFLICT if len(found) > 1 else next(iter(found.values()))
        rows.append((code, flags, sets.id(next(iter(found)))))
        if len(found) > 1:
            conflicts += [(code, sets.id(members)) for members in found]
    return rows, conflicts


def _atc_rows(facts: _Facts, sets: _Sets) -> Iterator[tuple[str, int, int]]:
    codes: dict[str, tuple[Members, int]] = {}
    for row in facts.classes:
        if not row["atc5"]:
            continue
        found = facts.atc_members(row)
        if found is None:
            facts.left_out["atc"].append(f"{row['atc5']} {row['ingredient']}")
            continue
        before, flags = codes.get(row["atc5"], ((), 0))
        codes[row["atc5"]] = (tuple(sorted({*before, *found[0]})), flags | found[1])
    for code, (members, flags) in codes.items():
        yield code, flags, sets.id(members)


def _name_rows(facts: _Facts, sets: _Sets) -> Iterator[tuple[str, int, int, int]]:
    seen = set()
    for row in facts.names:
        name, members = row["normalised_name"], _members(row["ingredient_rxcuis"])
        flags = facts.flags_of_name(name, members)
        if row["safe_to_autoresolve"] != "yes":
            flags |= NOT_SAFE
        key = (name, sets.id(members))
        if key not in seen:
            seen.add(key)
            kind = KINDS.index("brand" if row["kind"] == "brand" else "ingredient")
            yield *key, kind, flags


def _snomed_rows(facts: _Facts, sets: _Sets) -> Iterator[tuple[int, int, int]]:
    for row in facts.snomed:
        members = _members(row["ingredient_rxcuis"])
        flags = facts.flags_of_name(_spelled(row["name"]), members)
        yield int(row["snomed_code"]), flags, sets.id(members)


def tables(facts: _Facts) -> dict[str, list[tuple[int | str, ...]]]:
    """Every table's rows, by table name."""
    sets = _Sets()
    ndc, conflicts = _ndc_rows(facts, sets)
    found: dict[str, Iterable[tuple[int | str, ...]]] = {
        "rxcui": _rxcui_rows(facts, sets),
        "ndc": ndc,
        "ndc_conflict": conflicts,
        "snomed": _snomed_rows(facts, sets),
        "atc": _atc_rows(facts, sets),
        "name": _name_rows(facts, sets),
        "ingredient": (
            (int(row["rxcui"]), row["name"].lower())
            for row in facts.rxcui
            if row["tty"] == "IN" and row["ingredient_rxcuis"] == row["rxcui"]
        ),
    }
    rows = {table: sorted(content) for table, content in found.items()}
    rows["ingredient_set"] = [(i, " ".join(map(str, m))) for m, i in sets.ids.items()]
    return rows


def write(rows: dict[str, list[tuple[int | str, ...]]], path: Path) -> None:
    """Write the packed file, replacing what is there."""
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.executescript(f"BEGIN; {SCHEMA}")
        for table, content in rows.items():
            marks = ",".join("?" * len(content[0]))
            connection.executemany(f"INSERT INTO {table} VALUES ({marks})", content)  # noqa: S608
        connection.execute("COMMIT")
        connection.execute("VACUUM")
    finally:
        connection.close()


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def build(folder: Path, path: Path) -> None:
    """Write the packed file at `path` and its record beside it, from the facts in `folder`."""
    facts = _Facts.read(folder)
    rows = tables(facts)
    write(rows, path)
    record = {
        "made_by": "python -m fhir_pgx.knowledge.imports.drug_codes",
        "facts_as_of": max(row["as_of"] for row in facts.rxcui),
        "schema_version": SCHEMA_VERSION,
        "file": {"name": path.name, "bytes": path.stat().st_size, "sha256": _sha256(path)},
        "inputs": {name: _sha256(folder / name) for name in FILES},
        "rows": {table: len(content) for table, content in sorted(rows.items())},
        "left_out": {table: sorted(codes) for table, codes in sorted(facts.left_out.items())},
        "corrected": {"rxcui": facts.corrected},
        "sources": SOURCES,
    }
    path.with_suffix(".json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description="Pack the drug code facts into one file.")
    parser.add_argument("--facts", type=Path, required=True, help="folder of the CSV files")
    parser.add_argument("--out", type=Path, default=FILE.parent, help="folder to write into")
    options = parser.parse_args()
    path = options.out / FILE.name
    build(options.facts, path)
    print(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()

"""Resistance tables of pathogens, from a facts release into `therapies/pathogen/`.

    python -m fhir_pgx.knowledge.imports.pathogen FACTS_DIR

Writes `hiv_rules.yaml`, `tb_rows.yaml` and `herpesvirus_folds.yaml`: figures and names alone, in
our own shape. What is written by hand (our words, aliases, the small set of other organisms)
stands in files beside them that this script never touches.
"""

import argparse
import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.knowledge.imports.pathogen_hiv import hiv_file
from fhir_pgx.knowledge.imports.pathogen_spelling import change_key
from fhir_pgx.knowledge.imports.tables import flow, slug

HERE = Path(__file__).resolve().parents[1]
FOLDER = HERE / "therapies" / "pathogen"
OURS = "# Written by imports/pathogen.py; do not edit."
Row = dict[str, str]

_NOTES: Mapping[str, dict[str, Any]] = {
    "High-level resistance": {"degree": "high"},
    "Low-level resistance (multiple, genetically linked low-level resistance mutations are"
    " additive and confer high-level resistance)": {"degree": "low"},
    "Can only confer resistance if genetically linked to a functional MmpL5": {
        "needs_functional": "mmpL5"
    },
    "Can only confer resistance if genetically linked to a functional Eis": {
        "needs_functional": "eis"
    },
    "Confers DLM-PMD cross-resistance": {"cross": ["pretomanid"]},
    "Includes data from one site that only submitted resistant strains, which may have inflated"
    " the PPV": {"one_site": True},
    "borderline rpoB mutation (low-level RIF resistance; may test susceptible in MGIT) [compiled"
    " by hand]": {"borderline": True},
}
_RULE = "expert rule, not a catalogue row"
_VIRUSES = {"Adeno": "Adenovirus"}
_WORDS = {"Resistant": "resistant", "Polymorphism": "polymorphism", "trust": ""}


class Codes:
    """The RxNorm ingredient of a name where the facts leave it out; empty where we hold none."""

    def __init__(self, index: DrugCodes) -> None:
        self._index = index

    def of(self, name: str, stated: str) -> str:
        if stated:
            return stated
        found = self._index.by_name(name)
        return found.ingredients[0].rxcui if found and len(found.ingredients) == 1 else ""


def rows_of(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def tb_file(rows: list[Row], codes: Codes) -> str:
    """The WHO catalogue's rows: a variant or a kind of change, a drug, the group."""
    graded = [row for row in rows if row["mutation_kind"] != "rule"]
    first = graded[0]
    about = {
        "source": "WHO", "system": "WHO", "level": "", "id": first["source_id"].split(";")[0],
        "licence": "ODC-By 1.0", "as_of": first["as_of"],
        "url": "https://www.who.int/publications/i/item/9789240082410",
    }  # fmt: skip
    return _listed(about, "rows", (_tb_row(row, codes) for row in graded))


def _tb_row(row: Row, codes: Codes) -> dict[str, Any]:
    kept: dict[str, Any] = {
        "id": ".".join(
            ["who-tb", row["gene"], row["mutation"], row["drug"]]
            + ([row["who_variant"]] if row["who_variant"] != row["mutation"] else [])
        ),
        "gene": row["gene"],
        "name": row["mutation"],
        "kind": row["mutation_kind"],
        "drug": row["drug"],
        "rxcui": codes.of(row["drug"], row["drug_rxnorm"]),
        "effect": row["effect"],
        "group": row["who_group"],
    }
    if row["mutation_alias"]:
        kept["alias"] = row["mutation_alias"]
    for note in _notes(row["comment"]):
        kept |= _NOTES[note]
    return kept


def _notes(comment: str) -> Iterator[str]:
    """The remarks of a row, each one that `_NOTES` knows; a new one must be reviewed first."""
    rest = comment
    if rest.startswith("Alias "):
        rest = rest.partition(". ")[2]
    while rest:
        note = next((each for each in _NOTES if rest.startswith(each)), None)
        if note is None:
            raise ValueError(f"a remark that nobody has reviewed: {rest[:80]}")
        yield note
        rest = rest.removeprefix(note).removeprefix(".").strip()


def herpes_file(rows: list[Row], codes: Codes) -> str:
    """The fold changes of herpesviruses, and what reports without a figure say."""
    first = rows[0]
    about = {
        "source": "HerpesDRG", "system": "HerpesDRG", "level": "", "id": first["source_id"],
        "licence": "MIT", "as_of": first["as_of"],
        "url": "https://github.com/ojcharles/herpesdrg-db",
    }  # fmt: skip
    return _listed(about, "rows", (_fold_row(row, codes) for row in rows))


def _fold_row(row: Row, codes: Codes) -> dict[str, Any]:
    virus = _VIRUSES.get(row["virus"], row["virus"])
    words = [_WORDS[each] for each in row["text_values"].split(";") if each]
    kept: dict[str, Any] = {
        "id": ".".join(["herpesdrg", virus, row["gene"], row["mutation"], row["drug"]]),
        "virus": virus,
        "gene": row["gene"],
        "mutation": row["mutation"],
        "key": change_key(row["mutation"]),
        "drug": row["drug"],
        "rxcui": codes.of(row["drug"], row["drug_rxnorm"]),
        "reports": int(row["n_reports"]),
    }
    if row["fold_change_median"]:
        kept |= {
            "fold": row["fold_change_median"],
            "low": row["fold_change_min"],
            "high": row["fold_change_max"],
        }
    if words:
        kept["words"] = sorted(words)
    kept["references"] = [each.strip() for each in row["references"].split(";") if each.strip()]
    return kept


def _listed(about: Mapping[str, str], name: str, rows: Iterator[dict[str, Any]]) -> str:
    lines = [OURS, f"provenance: {flow({key: each for key, each in about.items() if each})}"]
    return "\n".join([*lines, f"{name}:", *(f"  - {flow(row)}" for row in rows)]) + "\n"


def files_of(facts: Path) -> dict[str, str]:
    """Each file's text by its name."""
    index = DrugCodes()
    codes = Codes(index)
    rules = json.loads((facts / "hiv_resistance.json").read_text(encoding="utf-8"))
    made = {
        "hiv_rules.yaml": f"{OURS}\n{hiv_file(rules, codes.of)}",
        "tb_rows.yaml": tb_file(rows_of(facts / "tb_resistance.csv"), codes),
        "herpesvirus_folds.yaml": herpes_file(rows_of(facts / "herpesvirus_resistance.csv"), codes),
    }
    index.close()
    return made


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("facts", type=Path, help="folder facts/precision of a facts release")
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in files_of(parser.parse_args(argv).facts).items():
        (FOLDER / name).write_text(text, encoding="utf-8")
        print(f"{slug(name)}: {len(text.splitlines())} lines")


if __name__ == "__main__":
    main()

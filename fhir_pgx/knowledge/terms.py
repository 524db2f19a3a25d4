"""Loads `knowledge/terms/*.csv` as the Vocabulary that readers need.

Each file opens with comment lines (`#`) that name its source and licence.
"""

import csv
from pathlib import Path

from fhir_pgx.model.knowledge import LoincTerm, Vocabulary


def load_vocabulary(folder: Path) -> Vocabulary:
    """The vocabulary of a folder that holds loinc, answers, genes and accessions `.csv`.

    A gene is found by HGNC id (`HGNC:2621`), by its bare number, and by symbol in upper case.
    Raises OSError where a file is missing and KeyError where a column is.
    """
    genes: dict[str, str] = {}
    for row in _rows(folder / "genes.csv"):
        symbol, hgnc = row["symbol"], row["hgnc"]
        genes[symbol.upper()] = genes[hgnc] = genes[hgnc.removeprefix("HGNC:")] = symbol
    return Vocabulary(
        genes=genes,
        loinc={
            row["code"]: LoincTerm(row["code"], row["gene"], row["kind"], row["allele"])
            for row in _rows(folder / "loinc.csv")
        },
        answers={row["code"]: row["term"] for row in _rows(folder / "answers.csv")},
        accessions={
            row["accession"]: (row["build"], row["chromosome"])
            for row in _rows(folder / "accessions.csv")
        },
        lengths={row["accession"]: int(row["length"]) for row in _rows(folder / "accessions.csv")},
    )


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))

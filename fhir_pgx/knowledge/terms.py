"""Loads `knowledge/terms/*.csv` as the Vocabulary that readers need.

Each file opens with comment lines (`#`) that name its source and licence.
"""

import csv
from dataclasses import replace
from pathlib import Path

from fhir_pgx.model.knowledge import LoincTerm, Vocabulary
from fhir_pgx.model.precision import Therapies


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


def with_therapies(vocabulary: Vocabulary, therapies: Therapies) -> Vocabulary:
    """The vocabulary with the codes of biomarkers and the genes that therapies are about.

    The genes of drug response are left out: their tests have readers of their own.
    """
    genes = [gene for row in therapies.tumour.rows for gene in row.genes]
    genes += therapies.tumour.proteins
    genes += [gene for row in therapies.inherited.rows for gene in row.criterion.genes]
    genes += [each.gene for each in therapies.inherited.risk_genes]
    named = {gene.upper(): gene for gene in genes}
    named |= therapies.tumour.gene_aliases | therapies.tumour.gene_ids
    known = vocabulary.genes
    return replace(
        vocabulary,
        markers=therapies.tumour.marker_codes,
        tumour_genes={
            name: gene
            for name, gene in sorted(named.items())
            if name not in known and gene.upper() not in known
        },
    )


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))

"""python -m fhir_pgx.knowledge.imports.tumour FACTS_DIR

Writes the generated tables of `knowledge/therapies/tumour/`. What is reviewed by hand lies in
other files, which are read and never written: corrections, rows left out, the FDA's rows, our own
diseases, ICD-10-CM, tests, market.
"""

import csv
import io
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.knowledge.files import read_yaml
from fhir_pgx.knowledge.imports.tumour import civic, diseases, drugs, gene_ids, proteins
from fhir_pgx.knowledge.loader import HERE

FOLDER = HERE / "therapies" / "tumour"
FIRST = "# Written by fhir_pgx/knowledge/imports/tumour; do not edit.\n"
CIVIC = "# Source: CIViC (civicdb.org), evidence items as of 2026-05-26 and later; CC0 1.0.\n"
TREE = (
    "# Source: Human Disease Ontology 2026-08 (CC0 1.0), OncoTree 2025-10-03 (CC BY 4.0, "
    "oncotree.mskcc.org);\n# SNOMED CT ids are subject to the SNOMED licence. "
    "Ours: ids that begin with FHIRPGX.\n"
)
CODES = "# Source: RxNorm (NLM, public), each code checked against drug_codes.sqlite.\n"
GENES = "# Source: HGNC (genenames.org, CC0): ids as the fact tables of therapies state them.\n"
EXONS = "# Source: exon boundaries of the RefSeq transcript named, approximate at junctions.\n"
HAND_TABLES = ("fda_cdx", "fda_labels", "guidelines")


def table(folder: Path, name: str) -> list[dict[str, str]]:
    """The rows of a table; lines that open with `#` are comments."""
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


def written(head: str, fields: Sequence[str], rows: Iterable[Mapping[str, str]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, fields, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return FIRST + head + out.getvalue()


def files(facts: Path) -> dict[str, str]:
    """Every generated file's text, by name."""
    therapies = table(facts, "oncology_biomarker_therapies")
    statements = table(facts, "civic_diagnostic_prognostic_predisposing")
    drug_facts = table(facts, "oncology_drug_codes")
    hand = read_yaml(FOLDER / "corrections.yaml")
    corrections = {entry["row"]: entry for entry in hand["civic"]}
    left = read_yaml(FOLDER / "left_out.yaml")
    out = {row: entry["why"] for entry in left["civic"] for row in entry["rows"]}
    corrected = [civic.corrected(row, corrections) for row in therapies]
    names = {
        name.strip(): drugs.one_name(name)
        for row in corrected
        for name in row["drugs"].split(";")
        if name.strip()
    }
    rows = list(civic.therapy_rows(therapies, corrections, out, names))
    stated = {drugs.one_name(row["drug"]): row["rxnorm"] for row in drug_facts if row["rxnorm"]}
    return {
        "civic.csv": written(CIVIC, civic.ROW_FIELDS, rows),
        "civic_statements.csv": written(
            CIVIC,
            civic.STATEMENT_FIELDS,
            civic.statement_rows(statements, civic.known_atoms(therapies)),
        ),
        "drugs.csv": written(
            CODES,
            ("name", "rxcui", "why"),
            drugs.drug_rows([*_drugs_in(rows), *_hand_drugs()], stated, DrugCodes()),
        ),
        "diseases.csv": written(TREE, diseases.FIELDS, _diseases(facts, statements)),
        "proteins.csv": written(
            CIVIC, proteins.FIELDS, proteins.protein_rows([*therapies, *statements])
        ),
        "gene_ids.csv": written(
            GENES,
            gene_ids.FIELDS,
            gene_ids.gene_rows(row for name in gene_ids.TABLES for row in table(facts, name)),
        ),
        "exons.csv": written(
            EXONS,
            ("gene", "exon", "start", "end", "transcript"),
            (
                {
                    "gene": row["gene"],
                    "exon": row["exon"].removesuffix(" (CDx 310-547)"),
                    "start": row["codon_start"],
                    "end": row["codon_end"],
                    "transcript": row["transcript"],
                }
                for row in table(facts, "exon_codon_ranges")
            ),
        ),
    }


def _drugs_in(rows: Iterable[Mapping[str, str]]) -> Iterable[str]:
    return (drug for row in rows for drug in row["drugs"].split(";"))


def _hand_drugs() -> list[str]:
    """The drugs of the tables that are written by hand."""
    found: list[str] = []
    for name in HAND_TABLES:
        if (FOLDER / f"{name}.csv").exists():
            rows = table(FOLDER, name)
            found += _drugs_in(rows)
            found += [each for row in rows for each in row["unless_with"].split(";") if each]
    if (FOLDER / "market.csv").exists():
        found += [row["drug"] for row in table(FOLDER, "market")]
    if (FOLDER / "tests_first.yaml").exists():
        tests: Any = read_yaml(FOLDER / "tests_first.yaml")["tests"]
        found += [name for entry in tests for name in entry["drugs"]]
    return found


def _diseases(facts: Path, statements: Iterable[Mapping[str, str]]) -> Iterable[Mapping[str, str]]:
    own = read_yaml(FOLDER / "diseases_own.yaml")
    nodes = diseases.nodes_of(table(facts, "oncology_disease_codes"), own)
    diseases.named_nodes(statements, nodes)
    diseases.place(nodes, own)
    diseases.add_aliases(nodes, table(facts, "oncology_disease_aliases"))
    diseases.add_oncotree(nodes, table(facts, "oncotree"), own)
    diseases.add_own_names(nodes, own)
    diseases.settle_codes(nodes, own)
    return diseases.disease_rows(nodes)


def main(argv: Sequence[str]) -> int:
    if len(argv) != 1:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    for name, text in files(Path(argv[0])).items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Writes `knowledge/therapies/inherited/risk_genes.csv`: genes whose findings are acted upon.

    python -m fhir_pgx.knowledge.imports.risk_genes FACTS_DIR

FACTS_DIR holds `precision/hereditary_risk_genes.csv`: ACMG's list of secondary findings and genes
of hereditary cancer. What is done about a finding stands in `risk_measures.yaml`, which is
reviewed by hand and never written here; a gene that the list gained and that file does not name is
told.
"""

import csv
import io
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

FOLDER = Path(__file__).resolve().parents[1] / "therapies" / "inherited"
TARGET, MEASURES = FOLDER / "risk_genes.csv", FOLDER / "risk_measures.yaml"
COLUMNS = (
    "id", "gene", "hgnc", "condition", "category", "inheritance", "copies", "listed", "penetrance",
    "source", "pmid", "licence", "as_of", "by_hand",
)  # fmt: skip
_PMID = re.compile(r"PMID (\d+)")
_HAND = "hereditary cancer (not ACMG SF)"
# `(truncating variants only)`, `(c.845G>A; …)`: which findings count stands in the measures.
_SPELLING = {
    "tumor": "tumour",
    "hemochr": "haemochr",
    "hemorrh": "haemorrh",
    "cholesterolemia": "cholesterolaemia",
    "pheochromocytoma": "phaeochromocytoma",
}
_IN_BRACKETS = re.compile(r"\s*\([^()]*\)")


def row_of(fact: Mapping[str, str]) -> dict[str, str]:
    """One gene and condition in our form.

    A recessive condition needs two copies affected, whatever the list's column says: TRDN stands
    there as `All P and LP` beside `AR`.
    """
    is_hand = fact["list_name"] == _HAND
    version = fact["source_id"].rpartition(" ")[2]
    named = _IN_BRACKETS.sub("", fact["condition"]).replace(" / ", " or ")
    condition = named
    for theirs, ours in _SPELLING.items():
        condition = condition.replace(theirs, ours)
    pmid = _PMID.search(fact["source"])
    slug = re.sub(r"[^a-z0-9]+", "-", condition.lower()).strip("-")
    return {
        "id": f"risk:{fact['gene']}:{slug[:40].rstrip('-')}",
        "gene": fact["gene"],
        "hgnc": fact["hgnc_id"],
        "condition": condition[:1].upper() + condition[1:],
        "category": fact["category"].partition(" ")[0].lower(),
        "inheritance": fact["inheritance"],
        "copies": "two" if fact["inheritance"] == "AR" else "one",
        "listed": "hereditary cancer gene" if is_hand else f"ACMG SF since {fact['in_list_since']}",
        "penetrance": fact["penetrance"],
        "source": "hereditary cancer genes, by hand" if is_hand else f"ACMG SF {version}",
        "pmid": pmid[1] if pmid else "",
        "licence": fact["licence"],
        "as_of": fact["as_of"],
        "by_hand": fact["compiled_by_hand"],
    }


def read_rows(facts: Path) -> list[dict[str, str]]:
    """Every gene and condition, by gene, in the order of the list."""
    file = facts / "precision" / "hereditary_risk_genes.csv"
    with file.open(encoding="utf-8", newline="") as opened:
        rows = [row_of(fact) for fact in csv.DictReader(opened)]
    return sorted(rows, key=lambda row: row["gene"])


def written(rows: Sequence[Mapping[str, str]]) -> str:
    """The file's text."""
    text = io.StringIO()
    text.write("# Written by imports/risk_genes.py; do not edit.\n")
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def unreviewed(rows: Sequence[Mapping[str, str]]) -> list[str]:
    """Genes of the list that the reviewed file does not name."""
    reviewed = yaml.safe_load(MEASURES.read_text(encoding="utf-8"))
    known = {*reviewed["genes"], *reviewed["names"]}
    return sorted({row["gene"] for row in rows} - known)


def main(arguments: Sequence[str]) -> None:
    rows = read_rows(Path(arguments[0]))
    TARGET.write_text(written(rows), encoding="utf-8")
    print(f"wrote {TARGET.name}: {len(rows)} rows")
    for gene in unreviewed(rows):
        print(f"{gene}: no entry in {MEASURES.name}; review it by hand")


if __name__ == "__main__":
    main(sys.argv[1:])

"""CPIC's tables into our gene and drug files.

    python -m fhir_pgx.knowledge.imports.cpic --facts DIR

Reads `recommendations.jsonl`, `phenotypes/`, `allele_definitions/` and `genes.csv` of a facts
release and writes `genes/*.yaml` and `drugs/cpic/*.yaml`. Every guideline, population and sentence
of the source must be answered by an entry of a guideline file (see `sentences.py`); otherwise
nothing is written and all that is missing, over all drugs, is listed, so that a person writes it
first.
"""

import argparse
import csv
import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from fhir_pgx.knowledge.imports.sentences import implications
from fhir_pgx.knowledge.imports.tables import (
    Entries,
    drug_lines,
    entries_of,
    flow,
    guideline_files,
    ingredient_codes,
    replace_files,
    rows_of,
    rule_id,
    slug,
)

HERE = Path(__file__).resolve().parents[1]
METHODS = {
    "phenotype": "phenotype",
    "single position": "phenotype",
    "activity score": "activity-score",
    "allele status": "allele-status",
}
# CPIC's thiopurine update of 2026 gave some alleles a decreased function; the pairs below came
# with it (facts/phenotypes TPMT, NUDT15, notes). Unknown is treated as Uncertain beside them.
PAIRS_2026 = [
    (("Decreased function", "Decreased function"), "Intermediate Metabolizer"),
    (("Decreased function", "No function"), "Poor Metabolizer"),
    (("Decreased function", "Normal function"), "Normal Metabolizer"),
    (("Decreased function", "Uncertain function"), "Indeterminate"),
    (("Decreased function", "Unknown function"), "Indeterminate"),
    (("No function", "Uncertain function"), "Possible Intermediate Metabolizer"),
    (("No function", "Unknown function"), "Possible Intermediate Metabolizer"),
    (("Normal function", "Uncertain function"), "Indeterminate"),
    (("Normal function", "Unknown function"), "Indeterminate"),
    (("Uncertain function", "Uncertain function"), "Indeterminate"),
    (("Uncertain function", "Unknown function"), "Indeterminate"),
    (("Unknown function", "Unknown function"), "Indeterminate"),
]
COPIES = {"MT": [1], "X": [1, 2]}
ALSO_TRACKED = {"HLA-B": ["*15:11"]}  # DPWG, carbamazepine; CPIC does not ask for it
OURS = "# Written by imports/cpic.py"


def drug_file(
    drug: str, rows: list[dict[str, Any]], entries: Entries, expand: Mapping[str, str]
) -> Iterator[str]:
    """The lines of one drug's file; `entries` notes what has no entry of ours."""

    def lines() -> Iterator[dict[str, Any]]:
        for row in sorted(rows, key=lambda r: (r["population"], sorted(r["lookup"].items()))):
            keys = dict(sorted(row["lookup"].items()))
            yield {
                "rule": rule_id("cpic", drug, entries.population(row["population"]), keys),
                "keys": keys,
                "phenotypes": dict(sorted(row["phenotypes"].items())),
                "population": row["population"],
                "advice": entries.advice(row["source_text"], drug),
                "strength": strength(row["classification"]),
                "implications": {
                    gene: entries.implication(gene, text, drug) for gene, text in implications(row)
                },
                "considerations": (
                    [entries.consideration(row["comments"], drug)] if row["comments"] else []
                ),
                "source_row": row["id"],
            }

    yield from drug_lines(OURS, rows, entries, expand, lines())


def strength(classification: str) -> str:
    """CPIC's classification, in one spelling; `n/a` where its table gives none."""
    return "No Recommendation" if classification.lower() == "no recommendation" else classification


def gene_file(facts: Path, gene: str, described: Mapping[str, str]) -> Iterator[str]:
    """The lines of one gene's file: alleles with function or activity, and the pair rules."""
    source = json.loads((facts / "phenotypes" / f"{gene}.json").read_text(encoding="utf-8"))
    alleles = dict(source.get("alleles_2026") or source.get("alleles") or {})
    # The map of 2026 lists every allele of its own; older definitions name some that are gone.
    for name in () if source.get("alleles_2026") else defined_alleles(facts, gene):
        alleles.setdefault(name, {})
    chromosome = described["chromosome"].removeprefix("chr").replace("M", "MT")
    method = METHODS.get(source["lookup_method"], "none")
    yield f"{OURS}; do not edit. Other names of alleles: names.yaml."
    yield f"gene: {gene}"
    yield f"hgnc: {described['hgnc_id']}"
    yield f"chromosome: {flow(chromosome)}"
    yield f"copies: {COPIES.get(chromosome, [2])}"
    yield f"method: {method}"
    yield f"release: {flow(source.get('source_version', '2026-08'))}"
    yield "citations:"
    yield f"  functions: {flow(citation(source))}"
    yield f"tracked: {flow([*source.get('tracked_alleles', []), *ALSO_TRACKED.get(gene, [])])}"
    yield "alleles:"
    for name, rule in alleles.items():
        entry = {k: v for k, v in rule.items() if k in ("function", "activity")}
        yield f"  {flow(name)}: {flow({**entry, 'source': 'functions'})}"
    if not alleles:
        yield "  {}"
    yield "pairs:"
    pairs = list(pair_rules(source))
    for pair in pairs:
        yield f"  - {flow(pair)}"
    if not pairs:
        yield "  []"


def citation(source: Mapping[str, Any]) -> dict[str, str]:
    updated = " with CPIC's allele functions of 2026-02-03" if source.get("alleles_2026") else ""
    return {
        "what": f"CPIC allele functions and diplotype table{updated}",
        "from": source["source"].split(" (commit")[0],
        "licence": "CC0-1.0",
    }


def pair_rules(source: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    seen = set()
    for rule in source.get("pair_rules") or []:
        seen.add(tuple(sorted(rule["pair"])))
        yield {
            "of": sorted(rule["pair"]),
            "phenotype": rule["phenotype"],
            "score": rule["activityScore"],
            "key": rule["lookupKey"],
        }
    if source.get("alleles_2026"):
        for pair, phenotype in PAIRS_2026:
            if tuple(sorted(pair)) not in seen:
                yield {"of": sorted(pair), "phenotype": phenotype, "score": None, "key": phenotype}


def defined_alleles(facts: Path, gene: str) -> Iterable[str]:
    path = facts / "allele_definitions" / f"{gene}.json"
    if not path.exists():
        return []
    named = json.loads(path.read_text(encoding="utf-8"))["namedAlleles"]
    return [allele["name"] for allele in named if not re.fullmatch(r"\*\d+\.\d+", allele["name"])]


def drug_files(facts: Path, folder: Path, missing: set[str]) -> dict[str, str]:
    """Each drug's file by its name; what the guideline files in `folder` lack goes to `missing`."""
    guidelines = guideline_files(folder)
    expand = ingredient_codes(facts)
    by_drug: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows_of(facts, "CPIC"):
        by_drug[row["drug"]].append(row)
    written = {}
    for drug, rows in by_drug.items():
        entries = entries_of(rows[0]["guideline"], guidelines, missing)
        written[f"{slug(drug)}.yaml"] = "\n".join(drug_file(drug, rows, entries, expand)) + "\n"
    return written


def gene_files(facts: Path, missing: set[str]) -> dict[str, str]:
    """Each gene's file by its name; genes that `genes.csv` does not describe go to `missing`."""
    with (facts / "genes.csv").open(encoding="utf-8", newline="") as table:
        described = {line["gene"]: line for line in csv.DictReader(table)}
    written = {}
    for gene in sorted(path.stem for path in (facts / "phenotypes").glob("*.json")):
        if gene not in described:
            missing.add(f"genes.csv: no row for the gene {gene}")
            continue
        written[f"{gene}.yaml"] = "\n".join(gene_file(facts, gene, described[gene])) + "\n"
    return written


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--facts", type=Path, required=True, help="folder of a facts release")
    facts: Path = parser.parse_args(argv).facts
    missing: set[str] = set()
    written = {
        "drugs/cpic": drug_files(facts, HERE / "guidelines" / "cpic", missing),
        "genes": gene_files(facts, missing),
    }
    if missing:
        sys.exit("\n".join([*sorted(missing), f"{len(missing)} missing; nothing was written"]))
    for folder, files in written.items():
        replace_files(HERE / folder, OURS, files)
    print(f"{sum(map(len, written.values()))} files written under {HERE.name}/")


if __name__ == "__main__":
    main()

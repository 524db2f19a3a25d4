"""CPIC's tables into our gene and drug files.

    python -m fhir_pgx.knowledge.imports.cpic --facts DIR

Reads `recommendations.jsonl`, `phenotypes/`, `allele_definitions/` and `genes.csv` of a facts
release and writes `genes/*.yaml` and `drugs/*.yaml`. Every sentence of the source must be answered
by an entry of a guideline file (see `sentences.py`); otherwise nothing is written and the missing
ones are listed, so that a person writes them first.
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

import yaml

from fhir_pgx.knowledge.imports.sentences import digest, implications

HERE = Path(__file__).resolve().parents[1]
NO_ADVICE = {"n/a"}  # CPIC's word for a combination its guideline does not answer
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


def slug(text: str) -> str:
    """Lower-case words joined by hyphens; `≥` stays readable as `ge`."""
    return re.sub(r"[^a-z0-9.]+", "-", text.lower().replace("≥", "ge")).strip("-")


def flow(value: Any) -> str:
    """A value as one line of YAML flow style (JSON is YAML)."""
    return json.dumps(value, ensure_ascii=False)


def rows_of(facts: Path) -> list[dict[str, Any]]:
    with (facts / "recommendations.jsonl").open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [row for row in rows if row["source"] == "CPIC"]


def guideline_files() -> dict[str, dict[str, Any]]:
    """Our guideline files by the source's name of the guideline."""
    found = {}
    for path in sorted((HERE / "guidelines").glob("*.yaml")):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        found[content["source_name"]] = content
    return found


class Sentences:
    """Which entry of a guideline file answers a source sentence."""

    def __init__(self, guideline: Mapping[str, Any]) -> None:
        self.guideline = guideline["guideline"]
        self.missing: list[str] = []
        self._advice = self._index(guideline["advice"])
        self._implications = {
            (entry["gene"], key): name
            for name, entry in guideline["implications"].items()
            for key in entry["from"]
        }
        self._considerations = self._index(guideline.get("considerations", {}))

    @staticmethod
    def _index(section: Mapping[str, Any]) -> dict[str, str]:
        return {key: name for name, entry in section.items() for key in entry["from"]}

    def advice(self, text: str, drug: str) -> str:
        return self._found(self._advice.get(digest(text, drug)), "advice", text)

    def implication(self, gene: str, text: str, drug: str) -> str:
        return self._found(self._implications.get((gene, digest(text, drug))), gene, text)

    def consideration(self, text: str, drug: str) -> str:
        return self._found(self._considerations.get(digest(text, drug)), "consideration", text)

    def _found(self, name: str | None, kind: str, text: str) -> str:
        if name is None:
            self.missing.append(f"{self.guideline}: no {kind} entry for: {text}")
            return ""
        return name


def drug_file(
    drug: str, rows: list[dict[str, Any]], guideline: Mapping[str, Any], expand: Mapping[str, str]
) -> Iterator[str]:
    """The lines of one drug's file; raises SystemExit naming sentences without an entry of ours."""
    sentences = Sentences(guideline)
    populations = guideline["populations"]
    # One drug (ribostamycin) has no RxNorm code; a combination stands for all its ingredients.
    rxcui = rows[0]["rxnorm"] if rows[0]["rxnorm"].isdigit() else ""
    ingredients = expand.get(rxcui, rxcui).split(";") if rxcui else []
    yield "# Written by imports/cpic.py; do not edit. Sentences: the guideline file named below."
    yield f"drug: {drug}"
    yield f"rxnorm: {flow(rxcui)}"
    yield f"ingredients: {flow(ingredients)}"
    yield f"source: {rows[0]['source']}"
    yield f"guideline: {guideline['guideline']}"
    yield f"retrieved: {flow(rows[0]['data_date'])}"
    yield f"genes: {flow(sorted({gene for row in rows for gene in row['lookup']}))}"
    yield "rows:"
    for row in sorted(rows, key=lambda r: (r["population"], sorted(r["lookup"].items()))):
        keys = dict(sorted(row["lookup"].items()))
        line = {
            "rule": ".".join(
                [
                    "cpic",
                    slug(drug),
                    populations[row["population"]]["code"],
                    *(f"{gene.lower()}-{slug(key)}" for gene, key in keys.items()),
                ]
            ),
            "keys": keys,
            "phenotypes": dict(sorted(row["phenotypes"].items())),
            "population": row["population"],
            "advice": sentences.advice(row["source_text"], drug),
            "strength": strength(row["classification"]),
            "implications": {
                gene: sentences.implication(gene, text, drug) for gene, text in implications(row)
            },
            "considerations": (
                [sentences.consideration(row["comments"], drug)] if row["comments"] else []
            ),
            "source_row": row["id"],
        }
        yield f"  - {flow(line)}"
    if sentences.missing:
        sys.exit("\n".join(sorted(set(sentences.missing))))


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
    yield "# Written by imports/cpic.py; do not edit. Other names of alleles: names.yaml."
    yield f"gene: {gene}"
    yield f"hgnc: {described['hgnc_id']}"
    yield f"chromosome: {flow(chromosome)}"
    yield f"copies: {COPIES.get(chromosome, [2])}"
    yield f"method: {method}"
    yield f"release: {flow(source.get('source_version', '2026-08'))}"
    yield "citations:"
    yield f"  functions: {flow(citation(source))}"
    yield f"tracked: {flow(source.get('tracked_alleles', []))}"
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


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--facts", type=Path, required=True, help="folder of a facts release")
    facts: Path = parser.parse_args(argv).facts
    guidelines = guideline_files()
    codes = facts / "drugs" / "rxcui_to_ingredient.csv"
    with codes.open(encoding="utf-8", newline="") as lines:
        expand = {line["rxcui"]: line["ingredient_rxcuis"] for line in csv.DictReader(lines)}
    by_drug: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows_of(facts):
        by_drug[row["drug"]].append(row)
    written = {
        HERE / "drugs" / f"{slug(drug)}.yaml": "\n".join(
            drug_file(drug, rows, guidelines[rows[0]["guideline"]], expand)
        )
        for drug, rows in by_drug.items()
    }
    with (facts / "genes.csv").open(encoding="utf-8", newline="") as table:
        described = {line["gene"]: line for line in csv.DictReader(table)}
    for path in sorted((facts / "phenotypes").glob("*.json")):
        gene = path.stem
        written[HERE / "genes" / f"{gene}.yaml"] = "\n".join(
            gene_file(facts, gene, described[gene])
        )
    for folder in ("drugs", "genes"):
        for old in (HERE / folder).glob("*.yaml"):
            old.unlink()
    for path, text in written.items():
        path.write_text(text + "\n", encoding="utf-8")
    print(f"{len(written)} files written under {HERE.name}/")


if __name__ == "__main__":
    main()

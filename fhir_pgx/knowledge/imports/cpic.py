"""CPIC's tables into our gene and drug files.

    python -m fhir_pgx.knowledge.imports.cpic --facts DIR

Reads `recommendations.jsonl`, `phenotypes/`, `allele_definitions/` and `genes.csv` of a facts
release and writes `genes/*.yaml` and `drugs/cpic/*.yaml`. Every guideline, population and sentence of
the source must be answered by an entry of a guideline file (see `sentences.py`); otherwise nothing
is written and all that is missing, over all drugs, is listed, so that a person writes it first.
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
OURS = "# Written by imports/cpic.py"


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


def guideline_files(folder: Path) -> dict[str, dict[str, Any]]:
    """Our guideline files by the source's name of the guideline."""
    found = {}
    for path in sorted(folder.glob("*.yaml")):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        found[content["source_name"]] = content
    return found


class Entries:
    """Which entry of a guideline file answers a name or a sentence of the source.

    What none answers is added to `missing` and read as an empty text.
    """

    def __init__(self, guideline: Mapping[str, Any], missing: set[str]) -> None:
        self.guideline = guideline["guideline"]
        self.missing = missing
        self._populations = guideline["populations"]
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

    def population(self, name: str) -> str:
        """The code of a population, as it stands in the ids of rules."""
        if name not in self._populations:
            return self._none("populations", name)
        code: str = self._populations[name]["code"]
        return code

    def advice(self, text: str, drug: str) -> str:
        key = digest(text, drug)
        return self._advice.get(key) or self._none("advice", f"{key}: {text}")

    def implication(self, gene: str, text: str, drug: str) -> str:
        key = digest(text, drug)
        found = self._implications.get((gene, key))
        return found or self._none(f"implications ({gene})", f"{key}: {text}")

    def consideration(self, text: str, drug: str) -> str:
        key = digest(text, drug)
        return self._considerations.get(key) or self._none("considerations", f"{key}: {text}")

    def _none(self, section: str, what: str) -> str:
        self.missing.add(f"{self.guideline}: no entry in {section} for {what}")
        return ""


def entries_of(name: str, guidelines: Mapping[str, Any], missing: set[str]) -> Entries:
    """The entries of a guideline; none for one without a file, so that all it needs is listed."""
    guideline = guidelines.get(name)
    if guideline is None:
        missing.add(f"{name}: no guideline file has this source_name")
        guideline = {"guideline": name, "populations": {}, "advice": {}, "implications": {}}
    return Entries(guideline, missing)


def drug_file(
    drug: str, rows: list[dict[str, Any]], entries: Entries, expand: Mapping[str, str]
) -> Iterator[str]:
    """The lines of one drug's file; `entries` notes what has no entry of ours."""
    # One drug (ribostamycin) has no RxNorm code; a combination stands for all its ingredients.
    rxcui = rows[0]["rxnorm"] if rows[0]["rxnorm"].isdigit() else ""
    ingredients = expand.get(rxcui, rxcui).split(";") if rxcui else []
    yield f"{OURS}; do not edit. Sentences: the guideline file named below."
    yield f"drug: {drug}"
    yield f"rxnorm: {flow(rxcui)}"
    yield f"ingredients: {flow(ingredients)}"
    yield f"source: {rows[0]['source']}"
    yield f"guideline: {entries.guideline}"
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
                    entries.population(row["population"]),
                    *(f"{gene.lower()}-{slug(key)}" for gene, key in keys.items()),
                ]
            ),
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
        yield f"  - {flow(line)}"


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


def drug_files(facts: Path, folder: Path, missing: set[str]) -> dict[str, str]:
    """Each drug's file by its name; what the guideline files in `folder` lack goes to `missing`."""
    guidelines = guideline_files(folder)
    codes = facts / "drugs" / "rxcui_to_ingredient.csv"
    with codes.open(encoding="utf-8", newline="") as lines:
        expand = {line["rxcui"]: line["ingredient_rxcuis"] for line in csv.DictReader(lines)}
    by_drug: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows_of(facts):
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
        for old in (HERE / folder).glob("*.yaml"):
            if old.read_text(encoding="utf-8").startswith(OURS):  # some genes are written by hand
                old.unlink()
        for name, text in files.items():
            (HERE / folder / name).write_text(text, encoding="utf-8")
    print(f"{sum(map(len, written.values()))} files written under {HERE.name}/")


if __name__ == "__main__":
    main()

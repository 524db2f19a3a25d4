"""DPWG's tables, as ClinPGx annotates them, into our drug files.

    python -m fhir_pgx.knowledge.imports.dpwg --facts DIR

Reads `recommendations.jsonl` of a facts release, the guideline files, the gene files and
`left_out.yaml`, and writes `drugs/dpwg/*.yaml`, one file a drug and gene. Every row must be
answered by entries of a guideline file (see `sentences.py`) and lead to keys that our genes yield,
or be left out with a reason; otherwise nothing is written and all that is missing is listed.

The facts hold two releases: all of 2024-04 and, of 2025-11, the rows that two example patients
match. A later row that says what the earlier one of its key says confirms it and writes nothing.
One whose sentence stands among a guideline's `considerations` is told beside the earlier row. Any
other ships as a row of its own; the earlier row of its key must then be left out.
"""

import argparse
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from fhir_pgx.knowledge.imports.sentences import digest, implications
from fhir_pgx.knowledge.imports.tables import (
    Entries,
    drug_lines,
    entries_of,
    flow,
    guideline_files,
    ingredient_codes,
    left_out,
    replace_files,
    rows_of,
    rule_id,
    slug,
)

HERE = Path(__file__).resolve().parents[1]
OURS = "# Written by imports/dpwg.py"
FULL, LATER = "DPWG", "DPWG_2025"
Keys = tuple[tuple[str, str], ...]  # (gene, key) of each gene


@dataclass(frozen=True, slots=True)
class GeneKeys:
    """The keys that a gene of ours yields, each with its phenotype, and its alleles."""

    phenotypes: Mapping[str, str]
    tracked: frozenset[str]
    functions: Mapping[str, str]  # an allele's function or activity value
    pairs: Mapping[tuple[str, ...], str]  # functions of both alleles → phenotype

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> "GeneKeys":
        return cls(
            {rule["key"]: rule["phenotype"] for rule in content["pairs"]},
            frozenset(content["tracked"]),
            {
                name: entry.get("activity") or entry.get("function") or ""
                for name, entry in content["alleles"].items()
            },
            {tuple(sorted(rule["of"])): rule["phenotype"] for rule in content["pairs"]},
        )

    def keys(self, value: Any) -> dict[str, str]:
        """Each key that a value of the source means, with its phenotype; empty where none does.

        The value is a key of ours; a phenotype of a gene that is looked up by score, which means
        every score of that phenotype; an allele's status; or a diplotype, {"*1": 1, "*28": 1}.
        """
        if isinstance(value, Mapping):
            names = [name for name, copies in value.items() for _ in range(int(copies))]
            functions = tuple(sorted(self.functions.get(name, "") for name in names))
            phenotype = self.pairs.get(functions)
            return {"/".join(names): phenotype} if phenotype else {}
        if value in self.phenotypes:
            return {value: self.phenotypes[value]}
        allele, _, state = value.partition(" ")
        if allele in self.tracked and state in ("positive", "negative"):
            return {value: ""}
        return {key: value for key, phenotype in self.phenotypes.items() if phenotype == value}


@dataclass(frozen=True, slots=True)
class Found:
    """One row of the source at one key of ours."""

    row: Mapping[str, Any]
    keys: Keys
    phenotypes: Mapping[str, str]
    considerations: tuple[str, ...] = ()

    @property
    def place(self) -> tuple[str, Keys]:
        return self.row["population"], self.keys


def gene_keys(folder: Path) -> dict[str, GeneKeys]:
    contents = (yaml.safe_load(path.read_text(encoding="utf-8")) for path in folder.glob("*.yaml"))
    return {content["gene"]: GeneKeys.of(content) for content in contents}


def stated(row: Mapping[str, Any]) -> Any:
    """The value that a row's rule asks for.

    A later row holds what its example patient had, as a list. Of several alleles the rule's own is
    the one that the sentences name, with or without its colon.
    """
    (value,) = row["lookup"].values()
    if not isinstance(value, list):
        return value
    if len(value) == 1:
        return value[0]
    said = " ".join([row["source_text"], *(text for _, text in implications(row))])
    named = [
        each
        for each in value
        if each.endswith(" positive")
        and re.search(rf"{re.escape(each.split()[0]).replace(':', ':?')}\b", said)
    ]
    return named[0] if len(named) == 1 else " or ".join(value)


def found_in(
    row: Mapping[str, Any], genes: Mapping[str, GeneKeys], missing: set[str]
) -> Iterator[Found]:
    """The row at each of its keys; a value that is no key of ours goes to `missing`."""
    (gene,) = row["lookup"]
    value = stated(row)
    keys = genes[gene].keys(value) if gene in genes else {}
    if not keys:
        missing.add(f"{row['id']} ({row['drug']}): {flow(value)} is no key of {gene}")
    for key, phenotype in keys.items():
        yield Found(row, ((gene, key),), {gene: phenotype} if phenotype else {})


def sentences(row: Mapping[str, Any]) -> list[str]:
    texts = [row["source_text"], *(text for _, text in implications(row))]
    return [digest(text, row["drug"]) for text in texts]


def with_later(full: list[Found], later: Iterable[Found], entries: Entries) -> list[Found]:
    """The rows of the full release, and what the later one changes in them."""
    kept = {(*found.place, found.row["id"]): found for found in full}
    for found in later:
        earlier = [each for each in kept.values() if each.place == found.place]
        if any(sentences(each.row) == sentences(found.row) for each in earlier):
            continue
        text, drug = found.row["source_text"], found.row["drug"]
        if earlier and entries.considers(text, drug):
            for each in earlier:
                told = (*each.considerations, entries.consideration(text, drug))
                kept[(*each.place, each.row["id"])] = Found(
                    each.row, each.keys, each.phenotypes, told
                )
        else:
            kept[(*found.place, found.row["id"])] = found
    return list(kept.values())


def our_rows(found: Found, entries: Entries) -> Iterator[dict[str, Any]]:
    """The row at one key; where its sentence tells groups of patients apart, one for each group."""
    row = found.row
    advised = entries.advice_by_population(row["source_text"], row["drug"], row["population"])
    for population, advice in advised.items():
        yield our_row(found, entries, population, advice)


def our_row(found: Found, entries: Entries, population: str, advice: str) -> dict[str, Any]:
    row, keys = found.row, dict(found.keys)
    drug = row["drug"]
    return {
        "rule": rule_id("dpwg", drug, entries.population(population), keys),
        "keys": keys,
        "phenotypes": dict(found.phenotypes),
        "population": population,
        "advice": advice,
        "strength": strength(row["classification"]),
        "implications": {
            gene: entries.implication(gene, text, drug) for gene, text in implications(row)
        },
        "considerations": list(found.considerations),
        "source_row": row["id"],
    }


def strength(classification: str | None) -> str:
    """DPWG grades no row; the annotation says alone where the guideline recommends nothing."""
    return "No Recommendation" if (classification or "").lower() == "no recommendation" else "n/a"


def drug_files(facts: Path, home: Path, missing: set[str]) -> dict[str, str]:
    """Each drug and gene's file by its name; what no entry or key answers goes to `missing`."""
    guidelines = guideline_files(home / "guidelines" / "dpwg")
    genes = gene_keys(home / "genes")
    expand = ingredient_codes(facts)
    omitted = left_out(home / "left_out.yaml", "dpwg")
    groups: dict[tuple[str, str, str], dict[str, list[Found]]] = defaultdict(
        lambda: {FULL: [], LATER: []}
    )
    for source in (FULL, LATER):
        for row in rows_of(facts, source):
            if omitted.pop(row["id"], None) is None:
                place = (row["drug"], *row["lookup"], row["guideline"])
                groups[place][source].extend(found_in(row, genes, missing))
    missing.update(f"left_out.yaml: the facts hold no row {row}" for row in omitted)
    written = {}
    for (drug, gene, guideline), by_source in sorted(groups.items()):
        entries = entries_of(guideline, guidelines, missing)
        found = with_later(by_source[FULL], by_source[LATER], entries)
        found.sort(key=lambda each: each.place)
        lines = [line for each in found for line in our_rows(each, entries)]
        rules = [line["rule"] for line in lines]
        missing.update(
            f"{rule}: several rows of the facts; leave all but one out in left_out.yaml"
            for rule in rules
            if rules.count(rule) > 1
        )
        if found:
            rows = [dict(each.row) for each in found]
            text = "\n".join(drug_lines(OURS, rows, entries, expand, lines))
            written[f"{slug(drug)}-{slug(gene)}.yaml"] = text + "\n"
    return written


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--facts", type=Path, required=True, help="folder of a facts release")
    facts: Path = parser.parse_args(argv).facts
    missing: set[str] = set()
    files = drug_files(facts, HERE, missing)
    if missing:
        sys.exit("\n".join([*sorted(missing), f"{len(missing)} missing; nothing was written"]))
    replace_files(HERE / "drugs" / "dpwg", OURS, files)
    print(f"{len(files)} files written under {HERE.name}/")


if __name__ == "__main__":
    main()

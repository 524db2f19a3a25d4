"""What the imports of guideline tables share.

Each finds, for every name and sentence of its source, the entry of a guideline file that answers
it, and lists whatever has none; and each writes a drug's rows in the same form.
"""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from fhir_pgx.knowledge.imports.sentences import digest


def slug(text: str) -> str:
    """Lower-case words joined by hyphens; `≥` stays readable as `ge`."""
    return re.sub(r"[^a-z0-9.]+", "-", text.lower().replace("≥", "ge")).strip("-")


def flow(value: Any) -> str:
    """A value as one line of YAML flow style (JSON is YAML)."""
    return json.dumps(value, ensure_ascii=False)


def listed(first: str, parts: Mapping[str, Any], *, on_one_line: str = "") -> str:
    """A file's text: `first`, then each part under its name, an entry a line; the part named
    `on_one_line` beside its name."""
    lines = [first]
    for name, part in parts.items():
        if name == on_one_line:
            lines.append(f"{name}: {flow(part)}")
            continue
        lines.append(f"{name}:")
        if isinstance(part, dict):
            lines += [f"  {flow(key)}: {flow(entry)}" for key, entry in part.items()]
        else:
            lines += [f"  - {flow(entry)}" for entry in part]
    return "\n".join(lines) + "\n"


def rows_of(facts: Path, source: str) -> list[dict[str, Any]]:
    """The rows of one source, as `recommendations.jsonl` has them."""
    with (facts / "recommendations.jsonl").open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [row for row in rows if row["source"] == source]


def ingredient_codes(facts: Path) -> dict[str, str]:
    """The ingredients of each RxNorm code, joined by semicolons."""
    codes = facts / "drugs" / "rxcui_to_ingredient.csv"
    with codes.open(encoding="utf-8", newline="") as lines:
        return {line["rxcui"]: line["ingredient_rxcuis"] for line in csv.DictReader(lines)}


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
        self._populations_of = {
            name: tuple(entry.get("for", {}).get("population", ()))
            for name, entry in guideline["advice"].items()
        }
        self._answers = {
            key: [name for name, entry in guideline["advice"].items() if key in entry["from"]]
            for key in self._advice
        }
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

    def advice_by_population(self, text: str, drug: str, own: str) -> dict[str, str]:
        """The advice of a sentence by population: those that its entries name in `for`, where one
        sentence advises several groups; else the row's own."""
        found = {
            population: name
            for name in self._answers.get(digest(text, drug), ())
            for population in self._populations_of[name]
        }
        return found or {own: self.advice(text, drug)}

    def implication(self, gene: str, text: str, drug: str) -> str:
        key = digest(text, drug)
        found = self._implications.get((gene, key))
        return found or self._none(f"implications ({gene})", f"{key}: {text}")

    def considers(self, text: str, drug: str) -> bool:
        return digest(text, drug) in self._considerations

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


def rule_id(source: str, drug: str, population: str, keys: Mapping[str, str]) -> str:
    """The id of a row: source, drug, population's code, each gene with its key."""
    named = (f"{gene.lower()}-{slug(key)}" for gene, key in sorted(keys.items()))
    return ".".join([source.lower(), slug(drug), population, *named])


def drug_lines(
    first: str,
    rows: list[dict[str, Any]],
    entries: Entries,
    expand: Mapping[str, str],
    lines: Iterable[Mapping[str, Any]],
) -> Iterator[str]:
    """The lines of a drug's file: what all of its rows share, then `lines`, our rows.

    `first` says which script wrote the file; `rows` are the source's.
    """
    # One drug (ribostamycin) has no RxNorm code; a combination stands for all its ingredients.
    rxcui = rows[0]["rxnorm"] if rows[0]["rxnorm"].isdigit() else ""
    yield f"{first}; do not edit. Sentences: the guideline file named below."
    yield f"drug: {rows[0]['drug']}"
    yield f"rxnorm: {flow(rxcui)}"
    yield f"ingredients: {flow(expand.get(rxcui, rxcui).split(';') if rxcui else [])}"
    yield f"source: {rows[0]['source'].partition('_')[0]}"
    yield f"guideline: {entries.guideline}"
    # Where rows differ in date the file is only as recent as its oldest row.
    yield f"retrieved: {flow(min(row['data_date'] for row in rows))}"
    yield f"genes: {flow(sorted({gene for row in rows for gene in row['lookup']}))}"
    yield "rows:"
    for line in lines:
        yield f"  - {flow(line)}"


def replace_files(folder: Path, ours: str, files: Mapping[str, str]) -> None:
    """Writes the files; of those there before, deletes the ones that this script wrote."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.yaml"):
        if old.read_text(encoding="utf-8").startswith(ours):  # some genes are written by hand
            old.unlink()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


def left_out(path: Path, source: str) -> dict[str, str]:
    """The rows of a source that were reviewed and do not ship, by id, each with its reason."""
    content = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}
    return {row: entry["why"] for entry in content.get(source, ()) for row in entry["rows"]}

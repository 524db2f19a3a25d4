"""FDA's table of pharmacogenetic associations, and label sentences, into our drug files.

    python -m fhir_pgx.knowledge.imports.fda --facts DIR

Reads the rows `FDA_PGX_TABLE` and `FDA_LABEL` of a facts release and writes `drugs/fda/*.yaml`, a
file for each drug, set of genes and guideline file. Every row must be answered by an entry of a
file in `guidelines/fda`, or stand in `left_out.yaml` with a reason; otherwise nothing is written
and all that is missing is listed. FDA names groups of patients, we look up keys: `fda_groups.py`
says which; `fda_entries.py`, which entry answers a key.
"""

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any

import yaml

from fhir_pgx.knowledge.imports.fda_entries import (
    LABEL,
    NO_GENES,
    TABLE,
    Advice,
    Answer,
    choose,
    populations_of,
)
from fhir_pgx.knowledge.imports.fda_groups import (
    Gene,
    Group,
    Keys,
    UnknownGroup,
    combinations,
    gene_of,
    group_of,
    read_gene,
)
from fhir_pgx.knowledge.imports.tables import flow, ingredient_codes, rows_of, slug

HERE = Path(__file__).resolve().parents[1]
OURS = "# Written by imports/fda.py"
# RxNorm codes that the facts leave out, by the drug's name in the table.
CODES = {
    "belzutifan": "2567226",
    # The conjugate's own code: its ingredient is the bare antibody.
    "sacituzumab govitecan-hziy": "2360530",
}
Row = dict[str, Any]
FileKey = tuple[str, str, str]  # drug, genes, guideline file


def of_table(
    row: Mapping[str, Any], answers: Mapping[str, Answer], genes: Mapping[str, Gene]
) -> Iterator[Keys]:
    """Each combination of keys that a row of the table holds for; raises UnknownGroup."""
    groups: dict[str, Group] = {}
    for named, value in row["lookup"].items():
        gene = get_gene(genes, gene_of(named))
        group = group_of(gene, value, row["id"], row.get("comments") or "")
        # An entry may name a diplotype of the group, which then has a key of its own.
        diplotypes = [
            key
            for entry in answers.values()
            for key in entry.get("for", {}).get(gene.name, [])
            if "/" in key
        ]
        groups[gene.name] = group | gene.keys_of(diplotypes)
    yield from combinations(groups, genes)


def of_label(answers: Mapping[str, Answer], genes: Mapping[str, Gene]) -> Iterator[Keys]:
    """Each combination of keys that the entries of a label's sentence name; raises UnknownGroup.

    The facts hold a label's row with the keys of two example patients, which are not the rule's:
    an entry of ours states the keys, read from the sentence.
    """
    found: list[Keys] = []
    for name, entry in answers.items():
        wanted = {gene: keys for gene, keys in entry.get("for", {}).items() if gene not in NO_GENES}
        if not wanted:
            raise UnknownGroup(f"{name} answers a label and names no key in `for`")
        stated = [get_gene(genes, gene).keys_of(keys) for gene, keys in wanted.items()]
        for each in product(*(group.items() for group in stated)):
            combination = dict(zip(wanted, each, strict=True))
            if combination not in found:  # entries for adults and children name the same keys
                found.append(combination)
    yield from found


def get_gene(genes: Mapping[str, Gene], name: str) -> Gene:
    """The gene's rules; raises UnknownGroup where we have no file of it."""
    if name not in genes:
        raise UnknownGroup(f"no file of the gene {name}")
    return genes[name]


def lines_of(
    row: Mapping[str, Any], advice: Advice, genes: Mapping[str, Gene]
) -> Iterator[dict[str, Any]]:
    """The rows of ours that one row of the source becomes."""
    answers = advice.answers(row)
    if not answers:
        return
    of_row = of_table(row, answers, genes) if row["source"] == TABLE else of_label(answers, genes)
    try:
        for keys in of_row:
            for population in populations_of(row, answers):
                name = choose(answers, population, keys)
                if name is None:
                    shown = {gene: key for gene, (key, _) in keys.items()}
                    advice.missing.add(f"{row['id']}: no entry's `for` fits {population} {shown}")
                else:
                    yield line_of(row, keys, population, name, advice, genes)
    except UnknownGroup as error:
        advice.missing.add(f"{row['id']}: {error}")


def line_of(
    row: Mapping[str, Any],
    found: Keys,
    population: str,
    name: str,
    advice: Advice,
    genes: Mapping[str, Gene],
) -> dict[str, Any]:
    keys = {gene: key for gene, (key, _) in sorted(found.items())}
    told = {
        gene: advice.implication(row, gene)
        for gene, key in keys.items()
        if is_affected(row, genes[gene], key)
    }
    return {
        "rule": ".".join(
            [
                "fda" if row["source"] == TABLE else "fda-label",
                slug(row["drug"]),
                advice.population(row, population),
                *(f"{gene.lower()}-{slug(key)}" for gene, key in keys.items()),
            ]
        ),
        "keys": keys,
        "phenotypes": {gene: found[gene][1] for gene in keys if not genes[gene].tracked},
        "population": population,
        "advice": name,
        "strength": strength(row),
        "implications": {gene: text for gene, text in told.items() if text},
        "considerations": [],
        "source_row": row["id"],
    }


def is_affected(row: Mapping[str, Any], gene: Gene, key: str) -> bool:
    """Whether a gene's key is one that the row speaks of, not one beside an affected gene."""
    if row["source"] != TABLE or len(row["lookup"]) == 1:
        return True
    (value,) = (value for named, value in row["lookup"].items() if gene_of(named) == gene.name)
    return key in group_of(gene, value, row["id"], "")


def strength(row: Mapping[str, Any]) -> str:
    """The table's section, which says how far FDA goes; `Label` for a label."""
    if row["source"] == LABEL:
        return "Label"
    return str(row["classification"]).removeprefix("FDA ").capitalize()


def drug_file(
    drug: str,
    rows: list[Row],
    lines: list[Row],
    guideline: str,
    expand: Mapping[str, str],
) -> str:
    """One file's text."""
    # A salt or a brand stands for its ingredient, a combination for all of its own.
    code = CODES.get(drug) or rows[0]["rxnorm"] or ""
    ingredients = expand.get(code, code).split(";") if code else []
    own = drug in CODES or len(ingredients) != 1
    text = [
        f"{OURS}; do not edit. Sentences: the guideline file named below.",
        f"drug: {drug}",
        f"rxnorm: {flow(code if own else ingredients[0])}",
        f"ingredients: {flow(ingredients)}",
        "source: FDA",
        f"guideline: {guideline}",
        f"retrieved: {flow(max(row['data_date'] for row in rows))}",
        f"genes: {flow(sorted({gene for line in lines for gene in line['keys']}))}",
        "rows:",
        *(f"  - {flow(line)}" for line in lines),
    ]
    return "\n".join(text) + "\n"


def left_out(path: Path) -> set[str]:
    """The ids of FDA rows that we leave out, each with a reason in the file."""
    if not path.exists():
        return set()
    content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    return {row for entry in content.get("fda") or [] for row in entry["rows"]}


def drug_files(facts: Path, home: Path, missing: set[str]) -> dict[str, str]:
    """Each file by its name; what our files in `home` lack goes to `missing`."""
    advice = Advice(
        [
            yaml.safe_load(path.read_text(encoding="utf-8"))
            for path in sorted((home / "guidelines" / "fda").glob("*.yaml"))
        ],
        missing,
    )
    genes = {path.stem: read_gene(path) for path in sorted((home / "genes").glob("*.yaml"))}
    expand = ingredient_codes(facts)
    without = left_out(home / "left_out.yaml")
    made: dict[FileKey, list[tuple[Row, Row]]] = defaultdict(list)
    for row in [*rows_of(facts, TABLE), *rows_of(facts, LABEL)]:
        guideline = None if row["id"] in without else advice.guideline_of(row)
        if guideline is not None:
            for line in lines_of(row, advice, genes):
                named = "-".join(line["keys"]).lower()
                made[row["drug"], named, guideline["guideline"]].append((row, line))
    several = Counter((drug, named) for drug, named, _ in made)
    return {
        file_name(key, alone=several[key[:2]] == 1): drug_file(
            key[0],
            [row for row, _ in found],
            sorted((line for _, line in found), key=lambda line: str(line["rule"])),
            key[2],
            expand,
        )
        for key, found in made.items()
    }


def file_name(key: FileKey, *, alone: bool) -> str:
    """`gefitinib-cyp2d6.yaml`; with the guideline's name where two speak of a drug and gene."""
    drug, genes, guideline = key
    return f"{slug(drug)}-{genes}{'' if alone else '-' + guideline.removeprefix('fda-')}.yaml"


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--facts", type=Path, required=True, help="folder of a facts release")
    facts: Path = parser.parse_args(argv).facts
    missing: set[str] = set()
    written = drug_files(facts, HERE, missing)
    if missing:
        sys.exit("\n".join([*sorted(missing), f"{len(missing)} missing; nothing was written"]))
    folder = HERE / "drugs" / "fda"
    for old in folder.glob("*.yaml"):
        if old.read_text(encoding="utf-8").startswith(OURS):
            old.unlink()
    for name, text in written.items():
        (folder / name).write_text(text, encoding="utf-8")
    print(f"{len(written)} files written under {HERE.name}/")


if __name__ == "__main__":
    main()

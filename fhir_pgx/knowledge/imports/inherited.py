"""Writes the generated files of `knowledge/therapies/inherited/`.

    python -m fhir_pgx.knowledge.imports.inherited FACTS_DIR

FACTS_DIR holds the fact tables. Written are `sources.csv` (where each row comes from: source,
label, licence, date), `qt_drugs.csv` (drug, code and what its label says of congenital long QT) and
`drugs.csv` (the RxNorm ingredient of every drug that the hand-written files name). A row of the
tables that neither `rows.yaml` nor `hla.yaml` restates nor `left_out.yaml` names stops the import,
and so does a code of the tables that leads to another drug than the name beside it.
"""

import argparse
import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fhir_pgx.errors import BrokenKnowledge
from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.knowledge.files import read_yaml
from fhir_pgx.knowledge.imports.interactions import read_rows
from fhir_pgx.knowledge.loader import HERE

FOLDER = HERE / "therapies" / "inherited"
RARE, HEART = "rare_disease_therapies.csv", "cardio_genetic.csv"
PREGNANCY, HLA, QT = "pregnancy_genomic_safety.csv", "hla_associations.csv", "qt_drugs.csv"
# Names that RxNorm spells otherwise, and those whose ingredient is another medicine than itself.
_SPELLED = {"arimoclomol": "arimoclomol citrate"}
_ITSELF_ALONE = frozenset({"trastuzumab deruxtecan", "inotuzumab ozogamicin"})

Source = tuple[str, str, str, str, str, str, str]
_HEADER = ("id", "source", "level", "label", "year", "licence", "as_of")


def sources(tables: Mapping[str, Iterable[Mapping[str, str]]]) -> Iterator[Source]:
    """Each row's id and where it comes from, in the order of the tables."""
    for row in tables[RARE]:
        is_label = row["level"] == "FDA-label"
        yield (
            row["row_id"],
            "FDA" if is_label else row["source"],
            "FDA-label" if is_label else row["source"],
            row["source_id"] if is_label else "",
            row["approval_year"],
            row["licence"],
            row["as_of"],
        )
    for row in tables[HEART]:
        yield (row["row_id"], *_guideline(row))
    for table, prefix in ((PREGNANCY, "PREG-hand"), (HLA, "HLA-hand")):
        for row in tables[table]:
            yield (f"{prefix}:{row['source_id'].split()[-1]}", *_guideline(row))


def _guideline(row: Mapping[str, str]) -> tuple[str, str, str, str, str, str]:
    # What the table adds in parentheses is a remark of its own, not the source's name.
    said = row["source"].partition(" (")[0]
    return (said, said, "", "", row["licence"], row["as_of"])


def resolved(name: str, codes: DrugCodes) -> str:
    """The RxNorm ingredient of a name as an order of it resolves; empty where the tables hold none,
    or where the ingredient is another medicine."""
    if name in _ITSELF_ALONE:
        return ""
    found = codes.by_name(_SPELLED.get(name, name).lower())
    is_one = found is not None and len(found.ingredients) == 1
    return found.ingredients[0].rxcui if found is not None and is_one else ""


def named_drugs(folder: Path = FOLDER) -> list[str]:
    """Every drug that the hand-written files name."""
    found: set[str] = set()
    for row in (*read_yaml(folder / "rows.yaml")["rows"], *read_yaml(folder / "hla.yaml")["rows"]):
        found.update(row.get("drugs", ()))
    for entry in read_yaml(folder / "drug_classes.yaml")["classes"].values():
        found.update(part for name in entry["drugs"] for part in name.split(" + "))
    for entry in read_yaml(folder / "drug_names.yaml")["brands"]:
        found.update(entry["drugs"])
    return sorted(found)


def qt_rows(rows: Iterable[Mapping[str, str]], codes: DrugCodes) -> list[dict[str, str]]:
    """The QT drugs, each with the code that an order of it resolves to.

    Raises BrokenKnowledge where the table's own code is of another drug.
    """
    made = []
    for row in rows:
        name = row["drug"]
        code = resolved(name, codes)
        stated = codes.by_rxcui(row["rxnorm"]) if row["rxnorm"] else None
        if stated is not None and code and code not in {d.rxcui for d in stated.ingredients}:
            raise BrokenKnowledge(f"{QT}: {name} has the code of {stated.ingredients}")
        made.append(
            {
                "drug": name,
                "rxnorm": code or ("" if name in _ITSELF_ALONE else row["rxnorm"]),
                "category": row["label_category"],
                "in_lqts": row["congenital_lqts"],
                "licence": row["licence"],
                "as_of": row["as_of"],
            }
        )
    return made


def unanswered(ids: Iterable[str], folder: Path = FOLDER) -> list[str]:
    """Rows of the tables that nothing restates and nothing leaves out."""
    told = [*read_yaml(folder / "rows.yaml")["rows"], *read_yaml(folder / "hla.yaml")["rows"]]
    known = {row["id"].partition("/")[0] for row in told}
    for entry in read_yaml(folder / "left_out.yaml")["left_out"]:
        known.update(entry["rows"])
    return sorted(set(ids) - known)


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    path.write_text(out.getvalue(), encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("facts", type=Path, help="folder of the fact tables")
    facts = parser.parse_args(arguments).facts
    tables = {name: list(read_rows(facts / name)) for name in (RARE, HEART, PREGNANCY, HLA, QT)}
    found = list(sources(tables))
    if missing := unanswered(source[0] for source in found):
        raise BrokenKnowledge(f"rows that are neither restated nor left out: {missing}")
    codes = DrugCodes()
    _write(FOLDER / "sources.csv", _HEADER, found)
    qt = qt_rows(tables[QT], codes)
    _write(FOLDER / "qt_drugs.csv", tuple(qt[0]), [tuple(row.values()) for row in qt])
    names = [(name, resolved(name, codes)) for name in named_drugs()]
    _write(FOLDER / "drugs.csv", ("drug", "rxnorm"), names)
    without = [name for name, code in names if not code]
    print(f"wrote {len(found)} sources, {len(qt)} QT drugs, {len(names)} drugs")
    print("known by name alone:", ", ".join(without))


if __name__ == "__main__":
    main()

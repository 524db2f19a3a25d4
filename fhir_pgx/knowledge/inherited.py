"""Reads the files of `knowledge/therapies/inherited/`.

`rows.yaml`, `hla.yaml`, `conditions.yaml`, `drug_classes.yaml`, `drug_names.yaml` and
`qt_notes.yaml` are written by hand; `sources.csv`, `drugs.csv` and `qt_drugs.csv` by
`imports/inherited.py`. Every reference between them must meet.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from fhir_pgx.errors import BrokenKnowledge
from fhir_pgx.knowledge.files import checked, read_yaml
from fhir_pgx.knowledge.risk_genes import load_risk_genes
from fhir_pgx.model.inherited import (
    Criterion,
    HlaRow,
    InheritedKnowledge,
    InheritedRow,
    QtDrug,
)
from fhir_pgx.model.therapy import Effect, Provenance, TherapyDrug

QT_CLASS = "qt-prolonging"  # its drugs are the QT drugs, each with its own effect
_LABEL = "FDA-label"


@dataclass(frozen=True, slots=True)
class _Files:
    """The files that rows refer to."""

    sources: Mapping[str, Mapping[str, str]]
    codes: Mapping[str, str]
    conditions: Mapping[str, Mapping[str, Any]]
    classes: Mapping[str, tuple[TherapyDrug, ...]]

    def drug(self, name: str) -> TherapyDrug:
        if name not in self.codes:
            raise BrokenKnowledge(f"drugs.csv does not hold {name}: run imports/inherited.py")
        return TherapyDrug(name, self.codes[name])

    def provenance(self, row_id: str) -> Provenance:
        """Where a row comes from; what follows a slash in its id is a part of that row."""
        source = self.sources.get(row_id.partition("/")[0])
        if source is None:
            raise BrokenKnowledge(f"sources.csv has no {row_id}")
        return Provenance(
            source=source["source"],
            system=source["source"],
            level=source["level"],
            id=row_id,
            licence=source["licence"],
            as_of=source["as_of"],
            by_hand=True,
        )

    def label_of(self, row_id: str) -> str:
        """` (Luxturna, 2017)`: the label and the year of its approval; empty of a guideline."""
        source = self.sources[row_id.partition("/")[0]]
        return f" Label: {source['label']}, {source['year']}." if source["label"] else ""


def load_inherited(here: Path) -> InheritedKnowledge:
    """Everything known of inherited findings. Raises BrokenKnowledge."""
    folder = here / "therapies" / "inherited"
    files, named = _files(folder), _read(folder, "drug_names")
    rows = tuple(_row(content, files) for content in _read(folder, "rows")["rows"])
    ids = [row.id for row in rows]
    if len(ids) != len(set(ids)):
        raise BrokenKnowledge("rows.yaml: an id is used twice")
    return InheritedKnowledge(
        rows=rows,
        qt_drugs=_qt_drugs(folder),
        risk_genes=load_risk_genes(here),
        hla=tuple(_hla(content, files) for content in _read(folder, "hla")["rows"]),
        drug_classes=dict(files.classes),
        not_the_condition=tuple(_read(folder, "conditions")["not"]),
        drug_names={
            name: tuple(files.drug(drug) for drug in entry["drugs"])
            for entry in named["brands"]
            for name in entry["names"]
        },
        local_brands=tuple(named["local"]),
        condition_codes=_codes(files.conditions),
        release=max(source["as_of"] for source in files.sources.values()),
    )


def _codes(conditions: Mapping[str, Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    """The condition names that each code of a problem stands for."""
    found: dict[str, tuple[str, ...]] = {}
    for condition in conditions.values():
        for code in condition.get("codes", ()):
            found[code] = tuple(dict.fromkeys((*found.get(code, ()), *condition["names"])))
    return found


def _read(folder: Path, name: str) -> dict[str, Any]:
    schema = {"drug_classes": "classes"}.get(name, name)
    return checked(read_yaml(folder / f"{name}.yaml"), f"inherited_{schema}", f"{name}.yaml")


def _table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _files(folder: Path) -> _Files:
    codes = {row["drug"]: row["rxnorm"] for row in _table(folder / "drugs.csv")}
    found = _Files(
        {row["id"]: row for row in _table(folder / "sources.csv")},
        codes,
        _read(folder, "conditions")["conditions"],
        {},
    )
    classes = {
        name: tuple(_member(drug, found) for drug in entry["drugs"])
        for name, entry in _read(folder, "drug_classes")["classes"].items()
    }
    return _Files(found.sources, codes, found.conditions, classes)


def _member(name: str, files: _Files) -> TherapyDrug:
    """A drug of a class; `a + b` is an order of both, and has no code of its own."""
    parts = [files.drug(part) for part in name.split(" + ")]
    return parts[0] if len(parts) == 1 else TherapyDrug(name)


def _row(content: Mapping[str, Any], files: _Files) -> InheritedRow:
    row_id = content["id"]
    condition = files.conditions.get(content["condition"])
    if condition is None:
        raise BrokenKnowledge(f"{row_id}: conditions.yaml has no {content['condition']}")
    classes = tuple(content.get("classes", ()))
    for name in classes:
        if name != QT_CLASS and name not in files.classes:
            raise BrokenKnowledge(f"{row_id}: drug_classes.yaml has no {name}")
    return InheritedRow(
        id=row_id,
        criterion=_criterion(content),
        condition=condition["label"],
        drugs=tuple(files.drug(name) for name in content.get("drugs", ())),
        drug_classes=classes,
        effect=content["effect"],
        says=content["says"] + files.label_of(row_id),
        provenance=files.provenance(row_id),
        kind=content["kind"],
        condition_names=tuple(condition["names"]),
        lines=tuple(content.get("lines", ())),
        min_age=content.get("min_age"),
        max_age=content.get("max_age"),
        min_weight=content.get("min_weight"),
        serious=content.get("serious", False),
        when=content.get("when", ""),
        market=content.get("market", ""),
        any_of=content.get("any_of", False),
        decides=content.get("decides", False),
        excluded=cast(Effect, content.get("excluded", "not-indicated")),
        function_names=tuple(content.get("function_names", ())),
        shows=tuple(content.get("shows", ())),
        asks_test=condition.get("test", False),
    )


def _criterion(content: Mapping[str, Any]) -> Criterion:
    number = content.get("copy_number")
    return Criterion(
        genes=tuple(content["genes"]),
        copies=content.get("copies", "one"),
        changes=tuple(content.get("changes", ())),
        only=content.get("only", ""),
        excludes=tuple(content.get("excludes", ())),
        ignores=tuple(content.get("ignores", ())),
        exon_deletions=tuple((first, last) for first, last in content.get("exon_deletions", ())),
        copy_number=(number[0], number[1], number[2]) if number else None,
        phenotypes=tuple(content.get("phenotypes", ())),
        needs_condition=content.get("needs_condition", False),
        accepts_uncertain=content.get("accepts_uncertain", False),
        unmatched=content.get("unmatched", ""),
        partner=content.get("partner", "same"),
        or_pathogenic=content.get("or_pathogenic", False),
        implied=content.get("implied", False),
        unless=tuple(content.get("unless", ())),
        skips=content.get("skips", 0),
        words=tuple(content.get("words", ())),
    )


def _qt_drugs(folder: Path) -> tuple[QtDrug, ...]:
    notes = _read(folder, "qt_notes")["notes"]
    rows = _table(folder / "qt_drugs.csv")
    strangers = notes.keys() - {row["drug"] for row in rows}
    if strangers:
        raise BrokenKnowledge(f"qt_notes.yaml: no QT drugs {sorted(strangers)}")
    return tuple(_qt_drug(row, notes.get(row["drug"], {})) for row in rows)


def _qt_drug(row: Mapping[str, str], note: Mapping[str, Any]) -> QtDrug:
    name = row["drug"]
    return QtDrug(
        drug=TherapyDrug(name, row["rxnorm"]),
        category=row["category"],
        in_lqts=cast(Any, row["in_lqts"]),
        note=note.get("says", ""),
        provenance=Provenance(
            source="FDA",
            system="FDA",
            level=_LABEL,
            id=f"QT-hand:{name.replace(' ', '-')}",
            licence=row["licence"],
            as_of=row["as_of"],
            by_hand=True,
        ),
        qtc=note.get("qtc"),
        market=note.get("market", ""),
    )


def _hla(content: Mapping[str, Any], files: _Files) -> HlaRow:
    return HlaRow(
        allele=content["allele"],
        about=content["about"],
        drugs=tuple(files.drug(name) for name in content.get("drugs", ())),
        effect=content["effect"],
        says=content["says"],
        provenance=files.provenance(content["id"]),
        needed=content.get("needed", False),
        excepted=tuple(content.get("excepted", ())),
    )

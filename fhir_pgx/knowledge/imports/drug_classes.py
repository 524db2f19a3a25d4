"""Writes `knowledge/drug_classes.yaml`: which drugs an allergy to another may concern.

    python -m fhir_pgx.knowledge.imports.drug_classes --facts DIR

DIR holds `drug_classes.csv` and `class_members.csv`. Kept are the drugs with guidance, those that
guidelines name as alternatives, and all that share a group with one of these.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from fhir_pgx.knowledge.imports.interactions import read_rows
from fhir_pgx.knowledge.imports.tables import listed
from fhir_pgx.knowledge.loader import HERE, load_knowledge

TARGET = HERE / "drug_classes.yaml"

_CITATIONS = {
    "atc": {
        "what": "ATC level 4 group of each ingredient",
        "from": "WHO Collaborating Centre for Drug Statistics Methodology, as of 2024-03",
        "licence": "codes and group names used as identifiers, with this reference",
    },
    "families": {
        "what": "members of the families that an allergy record names",
        "from": "own work, after public US labelling; RxNorm codes of the US National Library of "
        "Medicine",
        "licence": "facts",
    },
}
# Groups that share a use and no structure: an allergy to allopurinol says nothing of febuxostat.
_ONLY_A_USE = frozenset({"B01AC", "C01BA", "C01BD", "L01XX", "M04AA", "N07BB", "N07BC"})
# Products for the eye, the throat, the skin or the vagina: the same drugs once more.
_LOCAL = ("D", "G01", "G02CC", "M02", "R01", "R02", "S")
# The words of `fhir/allergies.py` for the classes of our facts.
_FAMILIES = {
    "nsaid": "nsaid",
    "statin": "statin",
    "opioid": "opioid",
    "ssri": "ssri",
    "tca": "tricyclic",
    "ppi": "ppi",
    "beta_blocker": "beta-blocker",
    "aminoglycoside": "aminoglycoside",
    "aromatic_anticonvulsant": "aromatic-anticonvulsant",
    "thiopurine": "thiopurine",
    "fluoropyrimidine": "fluoropyrimidine",
    "volatile_anesthetic": "volatile-anaesthetic",
}
_OWN_FAMILIES = {
    "thienopyridine": {"clopidogrel": "32968", "prasugrel": "613391", "ticlopidine": "10594"},
    "coumarin": {"warfarin": "11289", "acenocoumarol": "154", "phenprocoumon": "8150"},
    # Antibacterials, and the prodrug that releases one. Not every drug with a sulfonamide group.
    "sulfonamide": {
        "sulfamethoxazole": "10180",
        "sulfadiazine": "10171",
        "sulfasalazine": "9524",
    },
}
# Not opioids as a whole: fentanyl and morphine have little in common but their receptor.
_CROSSING = sorted({*_FAMILIES.values(), *_OWN_FAMILIES} - {"opioid", "beta-blocker"})


def content(
    classes: Iterable[Mapping[str, str]],
    members: Iterable[Mapping[str, str]],
    wanted: frozenset[str],
) -> dict[str, Any]:
    """The whole file's content; `wanted` are the codes of drugs that must be told of."""
    names: dict[str, str] = {}
    groups: dict[str, set[str]] = defaultdict(set)
    families: dict[str, set[str]] = defaultdict(set)
    titles: dict[str, str] = {}
    for row in classes:
        code, group = row["ingredient_rxcui"], row["atc4"]
        if row["atc_is_combination"] == "no" and code and _tells(group, row["atc4_name"]):
            names[code] = row["ingredient"]
            groups[code].add(group)
            titles[group] = row["atc4_name"]
    found = [
        (_FAMILIES[row["pgx_class"]], row["ingredient"], row["ingredient_rxcui"])
        for row in members
        if row["pgx_class"] in _FAMILIES and row["ingredient_rxcui"]
    ]
    found += [(family, *each) for family, own in _OWN_FAMILIES.items() for each in own.items()]
    for family, name, code in found:
        names.setdefault(code, name)
        families[code].add(family)
    near = {group for code in wanted for group in groups[code]}
    kept = {
        code
        for code in names
        if code in wanted or families[code] or not groups[code].isdisjoint(near)
    }
    used = {group for code in kept for group in groups[code]}
    return {
        "citations": _CITATIONS,
        "crossing": _CROSSING,
        "groups": {group: titles[group] for group in sorted(used)},
        "drugs": [
            {
                "drug": names[code],
                "rxnorm": code,
                "atc": sorted(groups[code]),
                "families": sorted(families[code]),
            }
            for code in sorted(kept, key=lambda code: (names[code], code))
        ],
    }


def _tells(group: str, title: str) -> bool:
    """Whether members of a group are alike enough that an allergy to one concerns another."""
    if not group or group in _ONLY_A_USE or group.startswith(_LOCAL):
        return False
    return bool(title) and not title.lower().startswith("other")


def wanted_codes() -> frozenset[str]:
    """The drugs with guidance, and those that guidelines name as alternatives."""
    knowledge = load_knowledge()
    named = {
        alternative.rxcui
        for guideline in knowledge.guidelines.values()
        for advice in guideline.advice.values()
        for alternative in advice.alternatives
    }
    return frozenset({*named, *(code for drug in knowledge.drugs for code in drug.ingredients)})


def written(parts: Mapping[str, Any]) -> str:
    """The file's text."""
    first = "# Written by imports/drug_classes.py; do not edit."
    return listed(first, parts, on_one_line="crossing")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--facts", type=Path, required=True, help="folder of the fact tables")
    facts = parser.parse_args(arguments).facts
    found = content(
        read_rows(facts / "drug_classes.csv"),
        read_rows(facts / "class_members.csv"),
        wanted_codes(),
    )
    TARGET.write_text(written(found), encoding="utf-8")
    print(f"wrote {TARGET.name}: {len(found['drugs'])} drugs")


if __name__ == "__main__":
    main()

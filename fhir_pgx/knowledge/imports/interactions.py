"""Writes `knowledge/interactions.yaml`: what inhibits or induces an enzyme.

    python -m fhir_pgx.knowledge.imports.interactions --facts DIR

DIR holds `phenoconversion.csv` and, in `drugs/`, the tables that give a code to agents without
one. The guideline rules, the half-lives and one further reading, which no table of DIR holds, are
kept below with their sources.
"""

import argparse
import csv
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fhir_pgx.knowledge.imports.tables import listed

TARGET = Path(__file__).resolve().parents[1] / "interactions.yaml"

# The sources as the facts name them, and our ids.
_SOURCES = {
    "CloToP CYP lists (FDA AUC thresholds; not an FDA list)": "clotop",
    "All of Us phenoconversion study lists (2026), strength per FDA/Flockhart review; "
    "in-vitro-only put in weak": "all-of-us",
    "single low-quality rule file; verify before use": "unreviewed",
    "FDA examples page, content current as of 2026-05-29 (read via a secondary document)": "fda",
    "FDA Table of Inhibitors class as quoted in PMC7292748 Table 4 (2020)": "fda-2020",
}
_CITATIONS = {
    "clotop": ("CloToP lists of enzyme inhibitors and inducers", "graded by FDA's AUC limits",
               "facts only"),
    "all-of-us": ("lists of a phenoconversion study in All of Us, 2026",
                  "graded after FDA and the Flockhart table; in vitro only counts as weak",
                  "facts only"),
    "unreviewed": ("one rule file of low quality, not confirmed elsewhere", "to be checked",
                   "facts only"),
    "fda": ("FDA's examples of drugs that interact with CYP enzymes, 2026-05-29",
            "read by way of a secondary document", "public domain"),
    "fda-2020": ("FDA's table of inhibitors as of 2020", "quoted in PMC7292748, table 4",
                 "public domain"),
    "fda-cyp2c19": ("FDA's examples of strong CYP2C19 inhibitors",
                    "FDA, drug interactions and labelling", "public domain"),
    "cpic-opioids": ("PMID 33387367", "CPIC guideline for opioids, 2021 (PMC8249478)", "CC0-1.0"),
    "cpic-tamoxifen": ("PMID 29385237", "CPIC guideline for tamoxifen, 2018", "CC0-1.0"),
    "label-fluoxetine": ("US labelling of fluoxetine: norfluoxetine, 4 to 16 days",
                         "FDA label, 12.3; also PMC6168070, table 3", "public domain"),
    "label-paroxetine": ("US labelling of paroxetine: 21 hours; a review gives 21 to 24",
                         "FDA label, 12.3; PMC6168070, table 3", "public domain"),
    "label-bupropion": ("US labelling of bupropion: parent 21, hydroxybupropion 20, "
                        "threohydrobupropion 37 (SD 13) hours",
                        "FDA label, 12.3; the upper end is the longest mean and one SD",
                        "public domain"),
    "label-terbinafine": ("US labelling of oral terbinafine: terminal, 200 to 400 hours",
                          "FDA label, 12.3", "public domain"),
    "label-duloxetine": ("US labelling of duloxetine: 8 to 17 hours",
                         "FDA label, 12.3; also PMC6168070, table 3", "public domain"),
    "label-rolapitant": ("US labelling of rolapitant: 169 to 183 hours; one dose acts for at least "
                         "28 days", "FDA label, 5.1 and 12.3", "public domain"),
    "label-fluconazole": ("US labelling of fluconazole: 20 to 50 hours, kidneys intact",
                          "FDA label, 12.3", "public domain"),
    "label-cenobamate": ("US labelling of cenobamate: 50 to 60 hours", "FDA label, 12.3",
                         "public domain"),
    "smpc-fluvoxamine": ("UK product information of fluvoxamine: 17 to 22 hours on repeated doses",
                         "summary of product characteristics, 5.2", "facts only"),
}  # fmt: skip

# In hours, the longest-lived inhibiting substance; both ends as the source has them.
_HALF_LIVES = {
    "bupropion": ("20", "50", "label-bupropion"),
    "cenobamate": ("50", "60", "label-cenobamate"),
    "duloxetine": ("8", "17", "label-duloxetine"),
    "fluconazole": ("20", "50", "label-fluconazole"),
    "fluoxetine": ("96", "384", "label-fluoxetine"),
    "fluvoxamine": ("17", "22", "smpc-fluvoxamine"),
    "paroxetine": ("21", "24", "label-paroxetine"),
    "rolapitant": ("169", "183", "label-rolapitant"),
    "terbinafine": ("200", "400", "label-terbinafine"),
}

# What no single ingredient stands for; every other agent is a drug.
_KINDS = {
    "oral contraceptives": "drug-class",
    "piperine": "food",
    "quercetin": "food",
    "st. john's wort": "herb",
    "tobacco smoking": "smoking",
}

# FDA's page has fluoxetine among the strong inhibitors of CYP2C19; the study's list has moderate.
_MORE_READINGS = {("CYP2C19", "fluoxetine"): {"strength": "strong", "source": "fda-cyp2c19"}}

_RULES = [
    {
        "guideline": "cyp2d6-opioids",
        "name": "CPIC's opioid guideline",
        "gene": "CYP2D6",
        "drugs": {"codeine": "2670", "hydrocodone": "5489", "tramadol": "10689"},
        "factors": {"strong": "0", "moderate": "0.5"},
        "bands": [
            {"phenotype": "Poor Metabolizer", "from": "0", "to": "0"},
            {"phenotype": "Intermediate Metabolizer", "above": "0", "below": "1.25"},
            {"phenotype": "Normal Metabolizer", "from": "1.25", "to": "2.25"},
            {"phenotype": "Ultrarapid Metabolizer", "above": "2.25"},
        ],
        "source": "cpic-opioids",
    }
]
_RESTATES = [
    {
        "guideline": "cyp2d6-tamoxifen",
        "name": "CPIC's tamoxifen guideline",
        "by": "CPIC",
        "gene": "CYP2D6",
        "drugs": {"tamoxifen": "10324"},
        "avoid": [
            {"above": "0", "below": "1.25", "strengths": ["weak", "moderate", "strong"]},
            {"from": "1.25", "strengths": ["moderate", "strong"]},
        ],
        "says": "The advice itself names the CYP2D6 inhibitors to avoid: moderate and strong ones "
        "at scores of 1.25 and above, weak ones too below.",
        "source": "cpic-tamoxifen",
    }
]

_READING = re.compile(r";\s+(?=(?:strong|moderate|weak): )")
_BETWEEN = re.compile(r"(weak|moderate) to (moderate|strong)")


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def ingredient_codes(drugs: Path) -> dict[str, str]:
    """The code of each ingredient (RxNorm term type IN) by its name in lower case; a name that the
    tables give two codes has none."""
    found: dict[str, set[str]] = {}
    for row in read_rows(drugs / "rxcui_to_ingredient.csv"):
        if row["tty"] == "IN":
            found.setdefault(row["name"].lower(), set()).add(row["rxcui"])
    for row in read_rows(drugs / "drug_synonyms.csv"):
        if row["kind"] == "ingredient" and row["safe_to_autoresolve"] == "yes":
            found.setdefault(row["name"].lower(), set()).add(row["ingredient_rxcuis"])
    return {name: next(iter(codes)) for name, codes in found.items() if len(codes) == 1}


def agent_row(fact: Mapping[str, str], codes: Mapping[str, str]) -> dict[str, Any]:
    """One row of the facts in our form.

    A strength between two (`weak to moderate`) is `unknown`, and both are kept as readings.
    Raises KeyError for a source that has no id of ours.
    """
    gene, agent, source = fact["enzyme"], fact["drug"], _SOURCES[fact["source"]]
    others = [
        {"strength": strength, "source": _SOURCES[name]}
        for strength, _, name in (
            reading.partition(": ") for reading in _READING.split(fact["other_readings"]) if reading
        )
    ]
    between = _BETWEEN.fullmatch(fact["strength"])
    if between:
        others = [*({"strength": each, "source": source} for each in between.groups()), *others]
    if (gene, agent) in _MORE_READINGS:
        others.append(_MORE_READINGS[gene, agent])
    kind = _KINDS.get(agent, "drug")
    code = fact["rxnorm"] or codes.get(agent, "")
    row = {
        "gene": gene,
        "agent": agent.replace("st. john", "St. John"),
        "kind": kind,
        "rxnorm": "" if kind in ("drug-class", "smoking") else code,
        "role": fact["role"],
        "strength": "unknown" if between else fact["strength"],
        "confidence": fact["confidence"],
        "source": source,
    }
    return row | ({"others": others} if others else {})


def content(facts: Path) -> dict[str, Any]:
    """The whole file's content."""
    codes = ingredient_codes(facts / "drugs")
    return {
        "citations": {
            key: {"what": what, "from": origin, "licence": licence}
            for key, (what, origin, licence) in _CITATIONS.items()
        },
        "agents": [agent_row(fact, codes) for fact in read_rows(facts / "phenoconversion.csv")],
        "half_lives": {
            agent: {"low": low, "high": high, "source": source}
            for agent, (low, high, source) in _HALF_LIVES.items()
        },
        "rules": _RULES,
        "restates": _RESTATES,
    }


def written(parts: Mapping[str, Any]) -> str:
    """The file's text."""
    first = "# Written by imports/interactions.py; do not edit. Half-lives are in hours."
    return listed(first, parts)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--facts", type=Path, required=True, help="folder of the fact tables")
    found = content(parser.parse_args(arguments).facts)
    TARGET.write_text(written(found), encoding="utf-8")
    print(f"wrote {TARGET.name}: {len(found['agents'])} rows")


if __name__ == "__main__":
    main()

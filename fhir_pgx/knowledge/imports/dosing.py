"""The warfarin equations and CPIC's flow into `dosing/warfarin.yaml`.

    python -m fhir_pgx.knowledge.imports.dosing --facts DIR

Reads `warfarin.json` of a facts release. Every number is taken from there; the names of our
schema, the codes of the medicines and the words for ancestry are added here. Nothing is written
where a row of the flow is absent or its numbers cannot be read.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fhir_pgx.errors import BrokenKnowledge
from fhir_pgx.knowledge.imports.tables import flow

HERE = Path(__file__).resolve().parents[1]
FILE = HERE / "dosing" / "warfarin.yaml"

# The facts give the flow and the equations no date of their own: the guideline is of 2017, and this
# is the day of CPIC's tables in the same release.
RETRIEVED = "2026-08-13"
SOURCES = {
    "cpic": {"what": "CPIC guideline, update of 2017", "pmid": "28198005", "year": 2017},
    "cpic-2011": {"what": "CPIC guideline of 2011", "pmid": "21900891", "year": 2011},
    "iwpc": {
        "what": "International Warfarin Pharmacogenetics Consortium",
        "pmid": "19228618",
        "doi": "10.1056/NEJMoa0809329",
        "year": 2009,
    },
    "gage": {
        "what": "Gage and others",
        "pmid": "18305455",
        "doi": "10.1038/clpt.2008.10",
        "year": 2008,
    },
    "eu-pact": {
        "what": "EU-PACT, Pirmohamed and others",
        "doi": "10.1056/NEJMoa1311386",
        "year": 2013,
    },
}
# RxNorm ingredients. Fosphenytoin is not named by the IWPC and is left out.
MEDICINES = {
    "amiodarone": {"703": "amiodarone"},
    "inducer": {"2002": "carbamazepine", "8183": "phenytoin", "9384": "rifampin"},
}
# What people report of themselves: the categories of US Core (OMB) and common words. A word that
# is not here counts as not known, never as "not African".
ANCESTRY = {
    "african": (
        "black or african american", "black", "african american", "african", "black african",
        "black caribbean", "afro-caribbean", "black or african", "black british",
    ),
    "asian": (
        "asian", "chinese", "japanese", "korean", "asian indian", "filipino", "vietnamese",
        "thai", "south asian", "east asian", "southeast asian",
    ),
    "white": ("white", "european", "caucasian"),
    "other": (
        "american indian or alaska native", "native hawaiian or other pacific islander",
        "pacific islander", "native american", "middle eastern or north african",
    ),
}  # fmt: skip
# (our name, words its row must hold, where its numbers stand, sign)
ADJUSTMENTS = (
    ("cyp2c9-one", ("non-African", "*5"), r"reduce\D*(\d+)-(\d+)%", "-"),
    ("cyp2c9-two", ("non-African", "*5"), r"\((\d+)-(\d+)% for two", "-"),
    ("cyp4f2", ("non-African", "CYP4F2"), r"increase\D*(\d+)-(\d+)%", "+"),
    ("cyp2c9-one-african", ("African", "*11 tested"), r"reduce\D*(\d+)-(\d+)%", "-"),
    ("cyp2c9-two-african", ("African", "*11 tested"), r"\((\d+)-(\d+)% for two", "-"),
    ("rs12777823", ("African American", "rs12777823"), r"reduce\D*(\d+)-(\d+)%", "-"),
)
STRENGTH = {
    "non-african": ("non-African", "both available"),
    "african": ("African", "*11 tested"),
}
INDUCER = "enzyme_inducer(carbamazepine,phenytoin,rifampin)"


def text(value: Any) -> str:
    """A number of the facts as text, exactly as written there."""
    return str(value)


def equations(facts: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The five equations in our schema. Raises KeyError where the facts lack a coefficient."""
    iwpc, plain = facts["iwpc_pharmacogenetic"], facts["iwpc_clinical"]
    gage, without = facts["gage_pharmacogenetic"], facts["gage_clinical"]
    vkorc1 = {key: text(iwpc["VKORC1_-1639"][key]) for key in ("GG", "AG", "AA")}
    cyp2c9 = {key: text(value) for key, value in iwpc["CYP2C9"].items() if key != "unknown"}
    race = iwpc["race"]
    size = {"height": text(iwpc["height_cm"]), "weight": text(iwpc["weight_kg"])}
    years = re.search(r"age term (-[\d.]+) per year", facts["eu_pact_modified_iwpc"]["form"])
    if years is None:
        raise BrokenKnowledge("warfarin.json: the age term of EU-PACT cannot be read")
    return {
        "iwpc-pharmacogenetic": {
            "label": "IWPC", "source": "iwpc", "form": "square-per-week",
            "intercept": text(iwpc["intercept"]),
            "terms": {
                "age-decades": text(iwpc["age_decades(floor(age/10))"]), **size,
                "inducer": text(iwpc[INDUCER]), "amiodarone": text(iwpc["amiodarone"]),
            },
            "vkorc1": vkorc1, "cyp2c9": cyp2c9,
            "ancestry": {
                "white": text(race["white"]), "asian": text(race["asian"]),
                "african": text(race["black"]),
                "missing-or-mixed": text(race["missing_or_mixed"]),
            },
        },
        "iwpc-clinical": {
            "label": "IWPC without genes", "source": "iwpc", "form": "square-per-week",
            "intercept": text(plain["intercept"]),
            "terms": {
                "age-decades": text(plain["age_decades"]), "height": text(plain["height_cm"]),
                "weight": text(plain["weight_kg"]), "inducer": text(plain["enzyme_inducer"]),
                "amiodarone": text(plain["amiodarone"]),
            },
            "ancestry": {
                "white": "0", "asian": text(plain["asian"]), "african": text(plain["black"]),
                "missing-or-mixed": text(plain["missing_or_mixed"]),
            },
        },
        "gage-pharmacogenetic": {
            "label": "Gage", "source": "gage", "form": "exp-per-day",
            "intercept": text(gage["intercept"]),
            "terms": {
                **gage_terms(gage), "vkorc1-a": text(gage["VKORC1_A_allele_count"]),
                "cyp2c9-2": text(gage["CYP2C9*2_count"]),
                "cyp2c9-3": text(gage["CYP2C9*3_count"]),
            },
        },
        "gage-clinical": {
            "label": "Gage without genes", "source": "gage", "form": "exp-per-day",
            "intercept": text(without["intercept"]), "terms": gage_terms(without),
        },
        "eu-pact": {
            "label": "EU-PACT", "source": "eu-pact", "form": "square-per-week",
            "intercept": text(iwpc["intercept"]),
            "terms": {"age-years": years[1], **size, "amiodarone": text(iwpc["amiodarone"])},
            "vkorc1": vkorc1, "cyp2c9": cyp2c9,
        },
    }  # fmt: skip


def gage_terms(block: Mapping[str, Any]) -> dict[str, str]:
    names = {
        "bsa": "BSA_m2", "age-years": "age_years", "target-inr": "target_INR",
        "amiodarone": "amiodarone", "smokes": "smokes", "african": "african_american",
        "dvt-pe": "DVT_or_PE",
    }  # fmt: skip
    return {ours: text(block[theirs]) for ours, theirs in names.items()}


def step(facts: Mapping[str, Any], words: tuple[str, ...]) -> Mapping[str, Any]:
    """The one step of the adult flow whose condition starts with the first of the words and holds
    the rest."""
    found: list[Mapping[str, Any]] = [
        row
        for row in facts["cpic_adult_flow"]
        if row["if"].startswith(words[0]) and all(word in row["if"] for word in words[1:])
    ]
    if len(found) != 1:
        raise BrokenKnowledge(f"warfarin.json: {len(found)} steps of the flow hold {words}")
    return found[0]


def adjustments(facts: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """CPIC's changes of the computed dose, percent with sign, the larger reduction first."""
    found = {}
    for name, words, pattern, sign in ADJUSTMENTS:
        row = step(facts, words)
        numbers = re.search(pattern, row["then"])
        if numbers is None:
            raise BrokenKnowledge(f"warfarin.json: the numbers of {name} cannot be read")
        low, high = sorted((int(sign + numbers[1]), int(sign + numbers[2])))
        found[name] = {"low": f"{low:+d}", "high": f"{high:+d}", "strength": row["strength"]}
    return found


def loading(facts: Mapping[str, Any]) -> dict[str, Any]:
    block = facts["eu_pact_loading"]
    weights = [re.search(r"\+ ([\d.]+)\*", block[f"day{day}"]) for day in (1, 2, 3)]
    if None in weights:
        raise BrokenKnowledge("warfarin.json: the weights of the loading days cannot be read")
    return {
        "source": "eu-pact",
        "equation": "eu-pact",
        "strength": step(facts, ("loading",))["strength"],
        "per_hour": {key: text(value) for key, value in block["k_per_hour_by_CYP2C9"].items()},
        "weights": [found[1] for found in weights if found],
    }


def sites(facts: Mapping[str, Any]) -> dict[str, str]:
    """rsIDs by our short names."""
    found = {}
    for name, value in facts["snps"].items():
        gene, _, star = name.partition("*")
        short = {"VKORC1": "vkorc1", "CYP2C cluster": "cyp2c-cluster", "CYP4F2": "cyp4f2"}
        found[short.get(gene, f"*{star}")] = value.split()[0]
    return found


def lines(facts: Mapping[str, Any]) -> Iterator[str]:
    yield "# Written by imports/dosing.py from warfarin.json of a facts release; do not edit."
    yield "drug: warfarin"
    yield 'rxcui: "11289"'
    yield "guideline: cyp2c9-vkorc1-cyp4f2-warfarin"
    yield "title: CYP2C9, VKORC1 and CYP4F2 genotype and warfarin"
    yield 'url: "https://www.clinpgx.org/guideline/PA166251465"'
    yield f'retrieved: "{RETRIEVED}"'
    yield from block("sources", SOURCES)
    yield "equations:"
    for name, content in equations(facts).items():
        yield f"  {name}:"
        yield from (f"    {key}: {flow(value)}" for key, value in content.items())
    strength = {name: step(facts, words)["strength"] for name, words in STRENGTH.items()}
    yield from block("strength", strength)
    yield from block("adjustments", adjustments(facts))
    yield from block("loading", loading(facts))
    yield from block("medicines", MEDICINES)
    yield from block("ancestry", {kind: list(words) for kind, words in ANCESTRY.items()})
    yield from block("sites", sites(facts))
    yield 'tested_with: ["*5", "*6", "*8", "*11"]'
    yield 'cyp4f2_carriers: ["*3", "*4", "*22"]  # the alleles that hold T at rs2108622'


def block(name: str, content: Mapping[str, Any]) -> Iterator[str]:
    yield f"{name}:"
    for key, value in content.items():
        yield f'  "{key}": {flow(value)}' if not key[0].isalpha() else f"  {key}: {flow(value)}"


def warfarin_file(folder: Path) -> str:
    """The text of our file from a facts folder."""
    facts = json.loads((folder / "warfarin.json").read_text(encoding="utf-8"))
    return "\n".join(lines(facts)) + "\n"


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--facts", type=Path, required=True)
    FILE.write_text(warfarin_file(parser.parse_args(argv).facts), encoding="utf-8")
    print(f"wrote {FILE.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

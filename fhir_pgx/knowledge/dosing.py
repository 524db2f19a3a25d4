"""Reads `dosing/*.yaml`: dose equations and risk scores, each checked against its schema."""

from pathlib import Path
from typing import Any

from fhir_pgx.errors import BrokenKnowledge
from fhir_pgx.knowledge.files import checked, read_yaml
from fhir_pgx.model.dosing import (
    Adjustment,
    Dosing,
    DosingSource,
    Equation,
    Loading,
    ScoreRules,
    WarfarinDosing,
)


def load_dosing(folder: Path) -> Dosing:
    """Every equation and score under `folder` (the knowledge folder).

    Raises BrokenKnowledge where a file breaks its schema or names a source or equation that it
    does not hold.
    """
    return Dosing(
        warfarin=_warfarin(_read(folder, "warfarin", "dosing_warfarin")),
        abcd_gene=_score(_read(folder, "abcd-gene", "dosing_score")),
    )


def _read(folder: Path, name: str, schema: str) -> dict[str, Any]:
    where = f"dosing/{name}.yaml"
    return checked(read_yaml(folder / where), schema, where)


def _warfarin(content: dict[str, Any]) -> WarfarinDosing:
    sources = {name: DosingSource(**entry) for name, entry in content["sources"].items()}
    equations = {name: Equation(id=name, **entry) for name, entry in content["equations"].items()}
    loading = Loading(**{**content["loading"], "weights": tuple(content["loading"]["weights"])})
    for source in (*(equation.source for equation in equations.values()), loading.source):
        if source not in sources:
            raise BrokenKnowledge(f"dosing/warfarin.yaml: no source {source}")
    if loading.equation not in equations:
        raise BrokenKnowledge(f"dosing/warfarin.yaml: no equation {loading.equation}")
    for name in content["tested_with"]:
        if name not in content["sites"]:
            raise BrokenKnowledge(f"dosing/warfarin.yaml: no site of {name}")
    plain = ("drug", "rxcui", "guideline", "title", "url", "retrieved")
    return WarfarinDosing(
        **{name: content[name] for name in plain},
        sources=sources,
        equations=equations,
        strength=content["strength"],
        adjustments={name: Adjustment(**each) for name, each in content["adjustments"].items()},
        loading=loading,
        medicines=content["medicines"],
        ancestry={word: kind for kind, words in content["ancestry"].items() for word in words},
        sites=content["sites"],
        tested_with=tuple(content["tested_with"]),
        cyp4f2_carriers=tuple(content["cyp4f2_carriers"]),
    )


def _score(content: dict[str, Any]) -> ScoreRules:
    named = {name: value for name, value in content.items() if name not in ("score", "source")}
    return ScoreRules(id=content["score"], source=DosingSource(**content["source"]), **named)

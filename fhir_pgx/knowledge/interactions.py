"""Loads `knowledge/interactions.yaml`: what acts on which enzyme, and who adjusts for it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fhir_pgx.errors import BrokenKnowledge
from fhir_pgx.knowledge.files import checked, read_yaml
from fhir_pgx.model.interactions import (
    AdjustRule,
    Agent,
    Avoided,
    Band,
    HalfLife,
    Interactions,
    OtherReading,
    Restated,
)

FILE = "interactions.yaml"


def load_interactions(home: Path) -> Interactions:
    """The table of the folder `home`, indexed by RxNorm code.

    Raises BrokenKnowledge where the file breaks its schema, cites a source it does not list, holds
    an agent twice for one enzyme, or a half-life of an agent that it does not know.
    """
    content = checked(read_yaml(home / FILE), "interactions", FILE)
    faults = list(_faults(content))
    if faults:
        raise BrokenKnowledge("; ".join(faults), where=FILE)
    citations = {key: entry["what"] for key, entry in content["citations"].items()}
    half_lives = {
        name: HalfLife(entry["low"], entry["high"], citations[entry["source"]])
        for name, entry in content["half_lives"].items()
    }
    by_rxcui: dict[str, tuple[Agent, ...]] = {}
    uncoded: list[Agent] = []
    for row in content["agents"]:
        agent = _agent(row, citations, half_lives.get(row["agent"]))
        if agent.rxcui:
            by_rxcui[agent.rxcui] = (*by_rxcui.get(agent.rxcui, ()), agent)
        else:
            uncoded.append(agent)
    return Interactions(
        by_rxcui=by_rxcui,
        uncoded=tuple(uncoded),
        rules=tuple(_rule(rule, citations) for rule in content["rules"]),
        restates=tuple(_restated(each, citations) for each in content["restates"]),
    )


def _agent(
    row: Mapping[str, Any], citations: Mapping[str, str], half_life: HalfLife | None
) -> Agent:
    return Agent(
        gene=row["gene"],
        agent=row["agent"],
        kind=row["kind"],
        rxcui=row["rxnorm"],
        role=row["role"],
        strength=row["strength"],
        confidence=row["confidence"],
        source=citations[row["source"]],
        others=tuple(
            OtherReading(other["strength"], citations[other["source"]])
            for other in row.get("others", ())
        ),
        half_life=half_life,
    )


def _ends(band: Mapping[str, Any]) -> tuple[str, bool, str, bool]:
    """The lower end and whether it is included, the upper end and whether it is."""
    low, high = band.get("from", band.get("above", "")), band.get("to", band.get("below", ""))
    return low, "from" in band, high, "to" in band


def _rule(rule: Mapping[str, Any], citations: Mapping[str, str]) -> AdjustRule:
    return AdjustRule(
        guideline=rule["guideline"],
        name=rule["name"],
        gene=rule["gene"],
        drugs=rule["drugs"],
        factors=rule["factors"],
        bands=tuple(Band(band["phenotype"], *_ends(band)) for band in rule["bands"]),
        source=citations[rule["source"]],
    )


def _restated(each: Mapping[str, Any], citations: Mapping[str, str]) -> Restated:
    return Restated(
        guideline=each["guideline"],
        name=each["name"],
        by=each["by"],
        gene=each["gene"],
        drugs=each["drugs"],
        avoid=tuple(Avoided(tuple(band["strengths"]), *_ends(band)) for band in each["avoid"]),
        says=each["says"],
        source=citations[each["source"]],
    )


def _faults(content: Mapping[str, Any]) -> list[str]:
    known = content["citations"].keys()
    cited = [
        *content["agents"],
        *(other for row in content["agents"] for other in row.get("others", ())),
        *content["half_lives"].values(),
        *content["rules"],
        *content["restates"],
    ]
    missing = sorted({entry["source"] for entry in cited} - known)
    faults = [f"{FILE} cites {source}, which is not listed" for source in missing]
    pairs = [(row["gene"], row["agent"]) for row in content["agents"]]
    faults += [
        f"{FILE} holds {agent} for {gene} twice"
        for gene, agent in sorted({pair for pair in pairs if pairs.count(pair) > 1})
    ]
    agents = {agent for _, agent in pairs}
    strangers = sorted(content["half_lives"].keys() - agents)
    return faults + [f"{FILE} has a half-life of {name} and no row" for name in strangers]

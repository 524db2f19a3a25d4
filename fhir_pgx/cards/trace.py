"""The trace behind a card, small: names, keys and ids that lead back to what it rests on.

Nothing that somebody typed into the chart is in it. The whole trace is the answer of `explain`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fhir_pgx.model.modifier import Modifier
from fhir_pgx.model.phenotype import DiplotypeResult, GeneResult
from fhir_pgx.model.recommendation import DrugAdvice

DIPLOTYPES = 3  # of one gene; all stand in the answer of `explain`
SHA256 = 12  # signs of the knowledge's hash: enough to tell two releases apart
_TWO_FIELDS = re.compile(r"\*\d{2,3}:\d{2,3}")


def card_trace(
    advice: DrugAdvice, genes: Iterable[str], results: Mapping[str, GeneResult], sha256: str
) -> dict[str, Any]:
    """Each gene's result with where it stands, what other medicines make of it, the rows of every
    source that speaks, and the knowledge they are of. The rules' ids stand on the card beside it.
    """
    modifiers: dict[str, list[dict[str, Any]]] = {}
    for source in advice.sources:
        for modifier in source.modifiers:
            of_gene, each = modifiers.setdefault(modifier.gene, []), _modifier(modifier)
            if each not in of_gene:  # guidelines without a rule share one caution
                of_gene.append(each)
    written: dict[str, Any] = {
        "genes": [
            _gene(results[gene], modifiers.get(gene, ())) for gene in genes if gene in results
        ],
        "rows": list(
            dict.fromkeys(
                row
                for each in advice.sources
                if isinstance(each.answer, tuple) and each.stance != "silent"
                for r in each.answer
                for row in r.source_rows
                if row
            )
        ),
        "sha256": sha256[:SHA256],
    }
    return {name: value for name, value in written.items() if value}


def _gene(result: GeneResult, modifiers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    defined = [d.name for d in result.diplotypes if _is_defined(d)]
    written: dict[str, Any] = {
        "gene": result.gene,
        "status": result.status.value,
        "derived_from": list(result.derived_from),
        "basis": result.basis,
        "diplotypes": list(dict.fromkeys(defined))[:DIPLOTYPES],
        "keys": list(result.lookup_keys),
        "modifiers": list(modifiers),
    }
    return {name: value for name, value in written.items() if value}


def _is_defined(diplotype: DiplotypeResult) -> bool:
    """Whether its names are those of our tables: others are as a report wrote them."""
    if all(_TWO_FIELDS.fullmatch(name) for name in diplotype.haplotypes):
        return True
    return None not in diplotype.functions and bool(diplotype.functions)


def _modifier(modifier: Modifier) -> dict[str, Any]:
    written: dict[str, Any] = {
        "agents": list(dict.fromkeys(each.agent for each in modifier.interactions)),
        "is_rule": modifier.is_rule,
    }
    if modifier.effective:
        written["effective"] = list(modifier.effective.lookup_keys)
    return written


def card_sources(advice: DrugAdvice) -> list[dict[str, Any]]:
    """Every source as the table has it, one a row. `guideline` tells rows of one source apart: a
    label of the FDA and its table of associations may speak of the same genes."""
    rows = []
    for each in advice.sources:
        row: dict[str, Any] = {
            "source": each.source,
            "stance": each.stance,
            "genes": list(each.genes),
        }
        if isinstance(each.answer, tuple) and each.answer[0].evidence:
            row["guideline"] = each.answer[0].evidence[0].guideline
        rows.append(row)
    return rows

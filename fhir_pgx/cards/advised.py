"""What is advised, in a line: for cards that name a drug and have no section with the advice."""

import re

from fhir_pgx.cards.headline import NOTHING, capitalised, gene_phrase, headline
from fhir_pgx.model.recommendation import DrugAdvice

_ELSEWHERE = re.compile(r"(?:[:;,] s|\. S)ee the detail\.?$")


def advised(advice: DrugAdvice) -> str:
    """The headline without the drug; where it would send the reader to a detail that such a card
    has not, the advice in full, with the results and populations each part is for."""
    said = headline(advice).split(": ", 1)[1]
    head, found = _ELSEWHERE.subn("", said)
    if not found and not said.endswith("…"):
        return said
    answer = advice.recommendations
    results = {_results(r.genes) for r in answer}
    everyone = {r.population_label for r in answer}
    held: dict[tuple[str, str], dict[str, None]] = {}
    for r in answer:
        held.setdefault((_results(r.genes), r.detail), {})[r.population_label] = None
    parts = [head.rstrip(".…") + "."]
    for (genes, text), who in held.items():
        labels = "" if set(who) == everyone else capitalised(" or ".join(filter(None, who)))
        about = [genes if len(results) > 1 else "", labels]
        parts.append(": ".join(part for part in (*about, text) if part))
    for each in advice.leading:
        for r in (possible.recommendation for possible in each.possible):
            parts.append(f"For {_results(r.genes)}: {r.summary}")
    return " ".join(dict.fromkeys(parts))


def _results(genes: dict[str, str]) -> str:
    return ", ".join(gene_phrase(g, p) for g, p in genes.items() if p not in NOTHING)

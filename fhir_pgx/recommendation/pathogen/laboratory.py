"""What the laboratory itself says of a drug, beside what our rules make of the changes.

The two are never merged: where they disagree, both are told.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Literal

from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.pathogen import DrugVerdict, Outcome
from fhir_pgx.recommendation.pathogen.notes import LABORATORY, note

_UNANSWERED = re.compile(
    r"indeterminate|inconclusive|invalid|unable|\berror|pending|requested|to follow|await"
    r"|not (?:tested|done|performed|available|reported)"
    r"|resistance (?:test\w*|assay\w*|genotyp\w*)$"
)
Answer = Literal["resistant", "intermediate", "susceptible"]
_AGAINST: frozenset[Outcome] = frozenset(("resistant", "intermediate", "reduced"))
_FOR: frozenset[Outcome] = frozenset(("susceptible", "none-found", "not-associated"))


def answer_of(word: str) -> Answer | None:
    """`R`, `Resistant`, `High-level resistance`, `S`, `Sensitive`, `Non-susceptible`; None for
    what is none of them."""
    plain = word.strip().lower()
    if plain in ("r", "res", "la6676-6"):
        return "resistant"
    if plain in ("s", "sus", "la24225-7"):
        return "susceptible"
    if plain == "i":
        return "intermediate"
    if _UNANSWERED.search(plain):
        return None
    if re.search(r"\b(?:no|not|without)\b[^.]*resist", plain):
        return "susceptible"
    if re.search(r"resist[^.]*\b(?:not|un-?detected|negative|absent|none)\b", plain):
        return "susceptible"  # `rifampicin resistance not detected`
    if re.search(r"non-?susceptible|not susceptible", plain):
        return "resistant"
    if re.search(r"intermediate|low|possible|reduced|partial", plain):
        return "intermediate"
    if "resist" in plain:
        return "resistant"
    if re.search(r"\b(?:pre-?xdr|xdr|mdr|rr)\b", plain):
        return None if re.search(r"\b(?:no|not|non|exclu\w*)\b", plain) else "resistant"
    return "susceptible" if re.search(r"suscept|sensitive", plain) else None


def names_drug(stated: str, name: str) -> bool:
    """Whether a laboratory's words name the drug: `Rifampin [Susceptibility] by Genotype`."""
    words = stated.lower()
    same = {"rifampicin": "rifampin", "aciclovir": "acyclovir"}.get(name, name)
    return any(re.search(rf"\b{re.escape(each)}\b", words) for each in {name.lower(), same})


def disagreements(
    said: Iterable[tuple[str, str, str]], verdicts: Iterable[DrugVerdict]
) -> Iterator[Caveat]:
    told = list(said)
    for verdict in verdicts:
        for drug, word, _ in told:
            answer = answer_of(word) if names_drug(drug, verdict.drug.name) else None
            if (answer == "susceptible" and verdict.outcome in _AGAINST) or (
                answer == "resistant" and verdict.outcome in _FOR
            ):
                yield note(
                    LABORATORY, said=word.lower(), drug=verdict.drug.name, ours=verdict.words
                )

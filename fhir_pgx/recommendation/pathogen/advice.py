"""A verdict on a drug as advice, the one value that all domains of precision therapy share."""

from fhir_pgx.model.pathogen import DrugVerdict, Outcome
from fhir_pgx.model.therapy import Effect, TherapyAdvice

_EFFECTS: dict[Outcome, Effect] = {
    "resistant": "resistant",
    "intermediate": "reduced-sensitivity",
    "low": "reduced-sensitivity",
    "reduced": "reduced-sensitivity",
    "potential-low": "caution",
    "undecided": "unknown",
    "susceptible": "no-resistance",  # no rule speaks against it: that is not proof of activity
    "not-associated": "no-resistance",
}


def advice_of(verdict: DrugVerdict) -> TherapyAdvice | None:
    """The advice; None where the source says nothing of the drug (not tested, nothing graded)."""
    effect = _EFFECTS.get(verdict.outcome)
    if effect is None:
        return None
    finding = ", ".join(verdict.changes) or f"no scored change in {', '.join(verdict.genes)}"
    return TherapyAdvice(
        domain="pathogen",
        drugs=(verdict.drug,),
        effect=effect,
        finding=f"{verdict.organism} {finding}",
        profile="; ".join(verdict.because),
        context=verdict.organism,
        context_fit="same",
        provenance=verdict.provenance,
        summary=f"{verdict.words}.",
        genes=verdict.genes,
        needs=verdict.needs,
        serious=verdict.outcome == "resistant",
        caveats=verdict.caveats,
        derived_from=verdict.derived_from,
    )

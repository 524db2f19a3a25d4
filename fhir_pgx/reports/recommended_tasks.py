"""What guidance recommends, as Tasks that a report proposes (`recommended-action`).

The guide's medication recommendation knows three answers: consider alternative medication,
decrease and increase the dose. A Task has one where a source advises just that, for this patient's
own population. "Avoid" and "contraindicated" are more than "consider", a dose change without a
direction is neither of the two, and advice for a population that nobody has confirmed is a
condition: those are follow-up recommendations, in words. Every Task is a proposal (`intent`
proposal): the clinician decides.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from fhir_pgx.model.recommendation import Recommendation
from fhir_pgx.reports.implication_frame import PROFILES, Resource
from fhir_pgx.reports.report_frame import About, finished, refer
from fhir_pgx.terminology import LOINC, RXNORM

_ANSWERS = {
    "alternative": ("LA26421-0", "Consider alternative medication"),
    "reduce-dose": ("LA26422-8", "Decrease dose"),
    "increase-dose": ("LA26423-6", "Increase dose"),
}
# What asks nothing of anybody, or states a risk without an instruction.
_NO_ACT = frozenset(("standard", "no-recommendation", "risk-stated"))
_EXTENSION = f"{PROFILES}recommended-action"


@dataclass(frozen=True, slots=True)
class Advised:
    """A recommendation with the implication that was written of it."""

    recommendation: Recommendation
    implication: Resource


def write_tasks(advised: Iterable[Advised], of: About) -> list[Resource]:
    """A Task for each recommendation that asks for an act, the same for the same data."""
    found: dict[str, Resource] = {}
    for each in advised:
        said = each.recommendation
        if said.action in _NO_ACT or said.population_fit == "no":
            continue
        task = _task(each, of)
        found.setdefault(task["id"], task)
    return list(found.values())


def action_extensions(tasks: Iterable[Mapping[str, str]]) -> list[Resource]:
    """The report's links to its Tasks."""
    return [{"url": _EXTENSION, "valueReference": refer(task)} for task in tasks]


def is_exact(said: Recommendation) -> bool:
    """Whether an answer of the guide says just what the source advises, and for this patient."""
    return said.action in _ANSWERS and not said.also and said.population_fit in ("holds", "likely")


def _task(advised: Advised, of: About) -> Resource:
    said = advised.recommendation
    exact = is_exact(said)
    kind = "medication-recommendation" if exact else "followup-recommendation"
    if exact:
        answer, display = _ANSWERS[said.action]
        code: Resource = {
            "coding": [{"system": LOINC, "code": answer, "display": display}],
            "text": said.summary,
        }
    else:
        code = {"text": f"{said.action.replace('-', ' ').capitalize()}: {said.summary}"}
    return finished(
        {
            "resourceType": "Task",
            "meta": {"profile": [PROFILES + kind]},
            "status": "requested",
            "intent": "proposal",
            "code": code,
            "description": " ".join(_description(said)),
            "reasonReference": refer(advised.implication, f"{said.source} on {said.drug}"),
            "input": [{"type": {"text": "medication"}, "valueCodeableConcept": _drug(said)}],
            "note": [{"text": f"{each.code} {each.text}"} for each in said.caveats],
        },
        of,
    )


def _description(said: Recommendation) -> Iterator[str]:
    if said.population_fit == "unknown" and said.population_label:
        yield f"If this is so ({said.population_label}):"
    elif said.population_fit == "likely" and said.population_label:
        yield f"Likely this patient's ({said.population_label}):"
    yield said.summary
    yield f"{said.source}, {said.strength}." if said.strength else f"{said.source}."


def _drug(said: Recommendation) -> Resource:
    coding = [{"system": RXNORM, "code": said.rxcui, "display": said.drug}] if said.rxcui else []
    return ({"coding": coding} if coding else {}) | {"text": said.drug}

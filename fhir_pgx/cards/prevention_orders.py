"""Draft orders for a carrier of an actionable finding: each one service, for a person to sign."""

import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from fhir_pgx.cards.markdown import cut, plain
from fhir_pgx.cards.pretest import Requester
from fhir_pgx.model.card import Action, Suggestion
from fhir_pgx.model.inherited import RiskMeasure
from fhir_pgx.model.prevention import ActionableFinding
from fhir_pgx.terminology import SNOMED

MOST_MEASURES = 3  # surveillance offered on one card; the others stand in its text
_CATEGORIES = {
    "counselling": ("409063005", "Counselling"),
    "laboratory": ("108252007", "Laboratory procedure"),
    "imaging": ("363679005", "Imaging"),
}
_COUNSELLING = RiskMeasure(
    "genetic counselling", order="Genetic counselling", code="79841006", category=""
)


def prevention_suggestions(
    found: Sequence[ActionableFinding],
    requester: Requester,
    namespace: uuid.UUID,
    *,
    is_ordered: Callable[[str], bool],
    tested: Callable[[str], bool],
) -> tuple[Suggestion, ...]:
    """Counselling; where all is settled the relatives' testing and the first of the measures for
    this age; where it is not, the test that settles it.

    `is_ordered` tells of a service that is ordered or planned already, by its words; `tested` of a
    gene that a genetic test is under way for. A release without ServiceRequest gets none.
    """
    if requester.release == "DSTU2":
        return ()
    made = (
        _suggestion(text, code, category, reason, requester, namespace)
        for text, code, category, reason in _services(found, tested)
        if not is_ordered(text)
    )
    return tuple(made)


_Service = tuple[str, str, str, str]  # what, SNOMED CT code or nothing, category, why


def _services(
    found: Sequence[ActionableFinding], tested: Callable[[str], bool]
) -> Iterator[_Service]:
    yield _COUNSELLING.order, _COUNSELLING.code, "counselling", _of(found)
    doubtful = [each for each in found if each.doubts]
    waiting = [each for each in doubtful if not tested(each.gene)]
    if waiting:
        genes = ", ".join(each.gene for each in waiting)
        yield f"Confirming germline test of {genes}", "", "laboratory", _of(waiting)
    certain = [each for each in found if not each.doubts]
    if not certain:
        return
    genes = ", ".join(each.gene for each in certain)
    yield f"Cascade testing of relatives for {genes}", "", "counselling", _of(certain)
    offered: dict[str, _Service] = {}
    for each in certain:
        for measure in each.now:
            if measure.order:
                service = (measure.order, measure.code, measure.category, _of([each]))
                offered.setdefault(measure.order, service)
    yield from list(offered.values())[:MOST_MEASURES]


def _of(found: Sequence[ActionableFinding]) -> str:
    return "; ".join(finding.label for each in found for finding in each.findings)


def _suggestion(
    text: str,
    code: str,
    category: str,
    reason: str,
    requester: Requester,
    namespace: uuid.UUID,
) -> Suggestion:
    label = cut(f"Order: {plain(text, 100)}", 80)
    description = f"{plain(text, 120)}, as a draft for you to sign. {plain(reason, 200)}."
    action = Action("create", description, _request(text, code, category, reason, requester))
    return Suggestion(label, str(uuid.uuid5(namespace, f"prevention {text}")), (action,))


def _request(
    text: str, code: str, category: str, reason: str, requester: Requester
) -> dict[str, Any]:
    """The draft order: whole, and without what nobody stated."""
    concept: dict[str, Any] = {"text": plain(text, 120)}
    if code:
        concept = {"coding": [{"system": SNOMED, "code": code, "display": text}], **concept}
    why = {"text": plain(reason, 300)}
    request: dict[str, Any] = {
        "resourceType": "ServiceRequest",
        "status": "draft",
        "intent": "order",
        "code": {"concept": concept} if requester.release == "R5" else concept,
        "subject": {"reference": requester.subject},
        "authoredOn": requester.today,
    }
    if category in _CATEGORIES:
        number, display = _CATEGORIES[category]
        coding = {"system": SNOMED, "code": number, "display": display}
        request["category"] = [{"coding": [coding]}]
    if requester.encounter:
        request["encounter"] = {"reference": requester.encounter}
    if requester.user.partition("/")[0] in ("Practitioner", "PractitionerRole"):
        request["requester"] = {"reference": requester.user}
    if requester.release == "R5":
        request["reason"] = [{"concept": why}]
    else:
        request["reasonCode"] = [why]
    return request

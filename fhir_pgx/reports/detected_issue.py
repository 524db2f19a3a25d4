"""Mislabelled results as DetectedIssue resources (FHIR R4), for a person to look at.

Status `preliminary`: nobody has confirmed it. The Observation stays as it was sent.
"""

import uuid
from collections.abc import Iterable
from typing import Any

from fhir_pgx.errors import MislabelledResult
from fhir_pgx.model.mislabel import Gravity, Mislabel

SYSTEM = "urn:fhir-pgx:error"
# One Observation has one issue, however often it is sent: the identifier is made of its reference.
IDENTIFIER = "urn:fhir-pgx:mislabelled"
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:fhir-pgx:mislabelled")
_ORDER: tuple[Gravity, ...] = ("high", "moderate", "low")


def detected_issues(found: Iterable[Mislabel], *, identified: str = "") -> list[dict[str, Any]]:
    """One DetectedIssue for each Observation that has contradictions, in their order.

    `identified` is the time of the finding (a FHIR dateTime); without it none is written. What an
    Observation without a reference of its own says cannot be pointed at, and is left out.
    """
    by_observation: dict[str, list[Mislabel]] = {}
    for each in found:
        if each.reference.partition("#")[0].count("/") == 1 or each.reference.startswith("urn:"):
            by_observation.setdefault(each.reference, []).append(each)
    return [_issue(reference, some, identified) for reference, some in by_observation.items()]


def issue_id(reference: str) -> str:
    """The value of the identifier, also an id, of the issue of the result with this reference."""
    return str(uuid.uuid5(_NAMESPACE, reference))


def _issue(reference: str, found: list[Mislabel], identified: str) -> dict[str, Any]:
    gravest = min((each.gravity for each in found), key=_ORDER.index)
    written: dict[str, Any] = {
        "resourceType": "DetectedIssue",
        "identifier": [{"system": IDENTIFIER, "value": issue_id(reference)}],
        "status": "preliminary",
        "code": {
            "coding": [{"system": SYSTEM, "code": MislabelledResult.code}],
            "text": "The result's code, gene, alleles and words do not name the same thing",
        },
        "severity": gravest,
    }
    if found[0].subject:
        written["patient"] = {"reference": found[0].subject}
    if identified:
        written["identifiedDateTime"] = identified
    written["implicated"] = [{"reference": reference}]
    written["evidence"] = [
        {"code": [{"text": f"{each.text}. {each.mend[:1].upper()}{each.mend[1:]}."}]}
        for each in found
    ]
    written["detail"] = "; ".join(each.text for each in found)
    return written

"""Care plans, orders for a service, and what a patient wants to be told of secondary findings.

Read for their words alone: whether a surveillance plan is on file, whether a service is ordered
already, and whether secondary findings were declined. No standard code says the last; it is read
from the words of a Consent, or of an Observation that asks it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from fhir_pgx.fhir.bundle import Entry, as_dicts, as_list, as_text
from fhir_pgx.fhir.gathering import Gathering, origin_of, status_of
from fhir_pgx.fhir.values import concept_of, value_of
from fhir_pgx.model.precision import StatedPlan

_OPEN = frozenset(("active", "on-hold", "draft", "planned", "proposed", "accepted", "in-progress"))
_MOST, _LONGEST = 40, 300  # words kept of one plan, and characters of each
_SECONDARY = re.compile(
    r"(?i)\b(?:secondary|incidental|unsolicited|additional) (?:\w+ )?findings?\b"
)
_NO = re.compile(
    r"(?i)\b(?:declin\w*|refus\w*|opt(?:ed|s|ing)?[ -]?out|does not (?:wish|want|consent)"
    r"|not (?:to be )?(?:reported|returned|disclosed)|do not (?:report|return|disclose)|no|deny)\b"
)
_YES = re.compile(
    r"(?i)\b(?:accept\w*|agree\w*|opt(?:ed|s|ing)?[ -]?in|wish\w*|want\w*|yes|permit)\b"
)


def read_plan(entry: Entry, gathering: Gathering) -> None:
    """Adds a CarePlan or an order for a service that is not over."""
    resource = entry.resource
    if status_of(resource) not in _OPEN or resource.get("doNotPerform") is True:
        return
    words = tuple(dict.fromkeys(each[:_LONGEST] for each in _words(resource) if each))[:_MOST]
    if words:
        origin = origin_of(entry, None)
        is_plan = entry.type == "CarePlan"
        gathering.plans.append(StatedPlan("plan" if is_plan else "order", words, origin))


def _words(resource: Mapping[str, Any]) -> Iterator[str]:
    for name in ("title", "description"):
        yield as_text(resource.get(name))
    for name in ("code", "category", "reasonCode", "orderDetail", "serviceRequested", "type"):
        for item in as_list(resource.get(name)):
            # R5: a CodeableReference holds the concept.
            inner = item.get("concept", item) if isinstance(item, dict) else item
            yield from (words for words, code in concept_of(inner).stated if words != code)
    for item in (*as_dicts(resource.get("addresses")), *as_dicts(resource.get("reasonReference"))):
        yield as_text(item.get("display"))
    for activity in as_dicts(resource.get("activity")):
        detail = activity.get("detail")
        if isinstance(detail, dict):
            yield as_text(detail.get("description"))
            yield from (words for words, code in concept_of(detail.get("code")).stated)
        for name in ("reference", "plannedActivityReference"):
            planned = activity.get(name)
            yield as_text(planned.get("display")) if isinstance(planned, dict) else ""


def read_consent(entry: Entry, gathering: Gathering) -> None:
    """Adds what a Consent in force says of secondary findings; any other is passed over."""
    resource = entry.resource
    if status_of(resource) != "active":
        return
    provisions = as_dicts(resource.get("provision"))
    for provision in (*provisions, *(n for p in provisions for n in as_dicts(p.get("provision")))):
        said = " ; ".join(_said(provision, ("code", "purpose", "action")))
        kind = as_text(provision.get("type"))
        if _SECONDARY.search(said) and kind in ("deny", "permit"):
            _tell(entry, gathering, said, declined=kind == "deny")
            return
    said = " ; ".join(_said(resource, ("scope", "category", "policyRule")))
    if not _SECONDARY.search(said):
        return
    kind = as_text(resource.get("decision"))
    kind = kind or (as_text(provisions[0].get("type")) if provisions else "")
    if kind in ("deny", "permit"):
        _tell(entry, gathering, said, declined=kind == "deny")
    elif _NO.search(said) or _YES.search(said):
        _tell(entry, gathering, said, declined=_NO.search(said) is not None)


def _said(element: Mapping[str, Any], names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        for item in as_list(element.get(name)):
            yield from (words for words, _ in concept_of(item).stated)


def claim_wish(entry: Entry, gathering: Gathering) -> bool:
    """True for an Observation that says whether secondary findings are wanted: it was read."""
    code = concept_of(entry.resource.get("code"))
    asked = next((words for words, _ in code.stated if _SECONDARY.search(words)), "")
    if not asked:
        return False
    value = value_of(entry.resource)
    said = value.concept.label
    if value.boolean is not None:
        said = "yes" if value.boolean else "no"
    is_no, is_yes = _NO.search(said) is not None, _YES.search(said) is not None
    if not (is_no or is_yes):
        return False
    # `Declined secondary findings: yes` is a no.
    declined = not is_no if _NO.search(asked) and said.lower() in ("yes", "no") else is_no
    if not gathering.is_refused(entry):
        _tell(entry, gathering, f"{asked}: {said}", declined=declined)
    return True


def _tell(entry: Entry, gathering: Gathering, said: str, *, declined: bool) -> None:
    origin = origin_of(entry, gathering.report_of.get(id(entry.resource)))
    signed = as_text(entry.resource.get("dateTime")) or as_text(entry.resource.get("date"))
    origin = replace(origin, when=origin.when or signed)
    words = (said[:_LONGEST],)
    gathering.plans.append(StatedPlan("declined" if declined else "permitted", words, origin))

"""Risks that a RiskAssessment or a polygenic score gives: read as stated, and never worked out.

A polygenic score is an Observation called one, or one that names a score of the PGS Catalog. What
the score was made for (its population) is read where it is said, and is empty where it is not.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any

from fhir_pgx.fhir import care_plans
from fhir_pgx.fhir.bundle import Entry, as_dicts, as_list, as_text
from fhir_pgx.fhir.gathering import WITHDRAWN, Gathering, origin_of, status_of
from fhir_pgx.fhir.values import Concept, Value, concept_of, value_of
from fhir_pgx.model.precision import StatedRisk

_SCORE = re.compile(
    r"(?i)\b(?:polygenic|polygene)\b[\w\s-]{0,20}\b(?:score|index|risk)\b|\bgenetic risk score\b"
)
_PGS = re.compile(r"\bPGS\d{6}\b")
_POPULATION = re.compile(r"(?i)\b(?:population|ancestr\w*|ethnic\w*|cohort)\b")
_PERCENTILE = re.compile(r"(?i)\bpercentile\b")
_LEAD = re.compile(
    r"(?i)^(?:polygenic|genetic) (?:risk )?(?:score|index)?\s*(?:for|of|:|-|–|\()?\s*|"
    r"\s*[,:(-]?\s*(?:polygenic|genetic) (?:risk )?(?:score|index)\)?\s*$"
)
NO_PREDICTION = "the risk assessment states no outcome with a probability or a degree"
NO_VALUE = "the polygenic score has no value"
AS_STATED = "stated probability; a percentage by the standard, often meant as a fraction"
_MOST = 10  # predictions of one assessment


def claim(entry: Entry, gathering: Gathering) -> bool:
    """True where the resource is a risk, or a patient's word on secondary findings: it was read,
    or listed as not understood."""
    if entry.type == "RiskAssessment":
        _read_assessment(entry, gathering)
        return True
    if entry.type != "Observation":
        return False
    code = concept_of(entry.resource.get("code"))
    if any(_SCORE.search(words) or _PGS.search(words) for words, _ in code.stated):
        _read_score(entry, code, gathering)
        return True
    return care_plans.claim_wish(entry, gathering)


# RiskAssessment


def _read_assessment(entry: Entry, gathering: Gathering) -> None:
    resource = entry.resource
    if status_of(resource) in WITHDRAWN:
        gathering.missed(entry, f"its status is {status_of(resource)}")
        return
    origin = origin_of(entry, None)
    when = as_text(resource.get("occurrenceDateTime")) or as_text(resource.get("date"))
    origin = replace(origin, when=origin.when or when)
    base = StatedRisk(
        label=concept_of(resource.get("code")).label or "Risk assessment",
        outcome="",
        origin=origin,
        method=concept_of(resource.get("method")).label,
        population=_population_in_notes(resource),
    )
    found = [
        risk
        for prediction in as_dicts(resource.get("prediction"))[:_MOST]
        if (risk := _prediction(base, prediction)) is not None
    ]
    gathering.risks.extend(found)
    if not found:
        gathering.missed(entry, NO_PREDICTION)


def _prediction(base: StatedRisk, prediction: Mapping[str, Any]) -> StatedRisk | None:
    """One outcome. A decimal probability is a percentage (FHIR, RiskAssessment, ras-2); the
    standard's own examples write fractions, so that up to 1 nobody can tell and it stays as it is.
    """
    outcome = concept_of(prediction.get("outcome")).label
    said = [concept_of(prediction.get("qualitativeRisk")).label]
    said += [as_text(prediction.get("rationale"))[:160]]
    probability = number(as_text(prediction.get("probabilityDecimal")))
    limits = prediction.get("probabilityRange")
    if isinstance(limits, dict):
        said.insert(0, _range_words(limits))
    relative = number(as_text(prediction.get("relativeRisk")))
    if relative is not None:
        said.append(f"relative risk {relative}")
    when = _when_words(prediction)
    words = "; ".join(each for each in (*said, when) if each)
    is_known = probability is not None and 0 <= probability <= 100
    if not outcome or not (is_known or any(said)):
        return None
    unit = "" if probability is None else "%" if probability > 1 else AS_STATED
    value = probability if is_known else None
    return replace(base, outcome=outcome, value=value, unit=unit, words=words)


def _population_in_notes(resource: Mapping[str, Any]) -> str:
    notes = as_dicts(resource.get("note"))
    texts = [as_text(note.get("text")) for note in notes] + [as_text(resource.get("comment"))]
    texts += [as_text(each.get("rationale")) for each in as_dicts(resource.get("prediction"))]
    return next((text[:160] for text in texts if _POPULATION.search(text)), "")


def _range_words(limits: Mapping[str, Any]) -> str:
    ends = []
    for name in ("low", "high"):
        end = limits.get(name)
        ends.append(as_text(end.get("value")) if isinstance(end, dict) else "")
    units = [
        as_text(limits[n].get("unit")) for n in ("low", "high") if isinstance(limits.get(n), dict)
    ]
    unit = next((each for each in units if each), "%")
    low, high = ends
    if low and high:
        return f"{low} to {high} {unit}"
    return f"from {low} {unit}" if low else f"up to {high} {unit}" if high else ""


def _when_words(prediction: Mapping[str, Any]) -> str:
    limits = prediction.get("whenRange")
    if isinstance(limits, dict):
        said = _range_words({k: v for k, v in limits.items() if k in ("low", "high")})
        return f"time or age: {said}" if said else ""
    period = prediction.get("whenPeriod")
    if isinstance(period, dict):
        ends = [as_text(period.get("start")), as_text(period.get("end"))]
        return " to ".join(each for each in ends if each)
    return ""


# Polygenic scores


def _read_score(entry: Entry, code: Concept, gathering: Gathering) -> None:
    if gathering.is_refused(entry):
        return
    origin = origin_of(entry, gathering.report_of.get(id(entry.resource)))
    label = code.text or code.label
    parts = list(_parts(entry.resource))
    values = [_quantity(value_of(entry.resource), label)]
    values += [_quantity(value, name) for name, value in parts if not _POPULATION.search(name)]
    # A percentile tells a reader more than a score without a scale.
    stated = sorted(
        (each for each in values if each is not None), key=lambda each: each[1] != "percentile"
    )
    words = [
        w for w in (value_of(entry.resource).concept.label, *_interpretations(entry.resource)) if w
    ]
    if not stated and not words:
        gathering.missed(entry, NO_VALUE)
        return
    named = [label, *(words for words, _ in code.stated), _method(entry.resource)]
    catalogue = next((m[0] for each in named if (m := _PGS.search(each))), "")
    method = _method(entry.resource)
    value, unit = stated[0] if stated else (None, "")
    gathering.risks.append(
        StatedRisk(
            label=label,
            outcome=_outcome(label),
            origin=origin,
            value=value,
            unit=unit,
            words="; ".join(dict.fromkeys(words)),
            population=_population(entry.resource, parts),
            method=" ".join(dict.fromkeys(each for each in (catalogue, method) if each)),
        )
    )


def _outcome(label: str) -> str:
    """`coronary artery disease` of `Polygenic risk score for coronary artery disease (PGS000018)`;
    the label itself where nothing else is left."""
    bare = re.sub(r"\(\s*\)", " ", _PGS.sub(" ", label))
    return " ".join(_LEAD.sub("", bare.strip()).strip(" ,:-").split()) or label


def _method(resource: Mapping[str, Any]) -> str:
    return concept_of(resource.get("method")).label


def _parts(resource: Mapping[str, Any]) -> Iterator[tuple[str, Value]]:
    for component in as_dicts(resource.get("component")):
        yield concept_of(component.get("code")).label, value_of(component)


def _quantity(value: Value, name: str) -> tuple[Decimal, str] | None:
    counted = number(value.number)
    if counted is None:
        return None
    unit = value.unit
    if _PERCENTILE.search(f"{name} {unit}"):
        return counted, "percentile"
    return counted, "" if unit in ("1", "{score}", "score") else unit


def _interpretations(resource: Mapping[str, Any]) -> Iterator[str]:
    for item in as_list(resource.get("interpretation")):
        yield concept_of(item).label


def _population(resource: Mapping[str, Any], parts: list[tuple[str, Value]]) -> str:
    """Whom the score was made for: a component, or what a reference range applies to."""
    for name, value in parts:
        if _POPULATION.search(name) and value.concept.label:
            return value.concept.label
    for item in as_dicts(resource.get("referenceRange")):
        for applied in as_list(item.get("appliesTo")):
            if concept_of(applied).label:
                return concept_of(applied).label
    return ""


def number(text: str) -> Decimal | None:
    """A plain number; None where it has a comparator, or is none."""
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None

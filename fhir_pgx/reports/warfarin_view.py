"""Warfarin's dose against each input as plain JSON, for what is drawn of it.

Doses are text in mg a week with two decimals for a curve; what is read as a number is rounded to
0.1 mg, as on a card.
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from fhir_pgx.model.dosing import ComputedDose, WarfarinDosing
from fhir_pgx.model.knowledge import Knowledge
from fhir_pgx.model.recommendation import Recommendation
from fhir_pgx.model.warfarin_view import BranchCurves, DosePanel, DosePoint, WarfarinView
from fhir_pgx.reports.findings import write_caveats
from fhir_pgx.reports.plain import write_knowledge

_HUNDREDTH, _TENTH = Decimal("0.01"), Decimal("0.1")
STATE_WORDS = {
    "known": "on file",
    "assumed": "assumed, not on file",
    "not-known": "not known",
}


def write_warfarin_view(view: WarfarinView, subject: str, knowledge: Knowledge) -> dict[str, Any]:
    """`refusal` is why no equation is asked; of a branch, why its doses are those without genes."""
    rules = knowledge.dosing.warfarin if knowledge.dosing else None
    written: dict[str, Any] = {
        "knowledge": write_knowledge(knowledge),
        "subject": subject,
        "drug": rules.drug if rules else "warfarin",
        "rxnorm": rules.rxcui if rules else "",
        "source": "CPIC",
        "guideline": {"title": rules.title, "url": rules.url} if rules else None,
        "equations": _equations(rules) if rules else [],
        "refusal": view.refusal,
        "missing": list(view.missing),
        "inputs": list(view.lines),
        "branches": [_branch(each, view.answers) for each in view.branches],
        "advice": [_advice(each) for each in view.answers] if view.refusal else [],
    }
    return _present(written)


def _present(written: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in written.items() if value not in (None, "", [], {})}


def _equations(rules: WarfarinDosing) -> list[dict[str, Any]]:
    return [
        {
            "id": each.id,
            "label": each.label,
            "what": rules.sources[each.source].what,
            "pmid": rules.sources[each.source].pmid,
            "with_genes": bool(each.vkorc1) or "vkorc1-a" in each.terms,
        }
        for name, each in rules.equations.items()
        if name != rules.loading.equation
    ]


def _branch(branch: BranchCurves, answers: Sequence[Recommendation]) -> dict[str, Any]:
    doses = branch.doses
    own = [each for each in answers if each.population == doses.code] or answers
    return _present(
        {
            "code": doses.code,
            "label": doses.label,
            "when": doses.when,
            "stated": doses.is_stated,
            "with_genes": doses.with_genes,
            "refusal": doses.refusal,
            "doses": [_shown(each) for each in doses.doses],
            "before": [_shown(each) for each in doses.before] if doses.changes else [],
            "changes": list(doses.changes),
            "advice": [_advice(each) for each in own],
            "panels": [_panel(each) for each in branch.panels],
        }
    )


def _advice(each: Recommendation) -> dict[str, Any]:
    return _present(
        {
            "action": each.action,
            "strength": each.strength,
            "summary": each.summary,
            "rule": each.rule,
            "caveats": write_caveats(each.caveats),
        }
    )


def _shown(dose: ComputedDose) -> dict[str, Any]:
    """A dose as it is read: mg a week and mg a day."""
    return {
        "equation": dose.equation,
        "label": dose.label,
        "weekly": _span(dose.low, dose.high, _TENTH),
        "daily": _span(dose.low / 7, dose.high / 7, _TENTH),
    }


def _span(low: Decimal, high: Decimal, step: Decimal) -> dict[str, str]:
    return {
        "low": f"{low.quantize(step, ROUND_HALF_UP)}",
        "high": f"{high.quantize(step, ROUND_HALF_UP)}",
    }


def _panel(panel: DosePanel) -> dict[str, Any]:
    return _present(
        {
            "name": panel.name,
            "label": panel.label,
            "unit": panel.unit,
            "kind": panel.kind,
            "state": panel.state,
            "word": STATE_WORDS[panel.state],
            "value": panel.value,
            "counted_by": list(panel.counted_by),
            "note": panel.note,
            "points": [_point(each) for each in panel.points],
        }
    )


def _point(point: DosePoint) -> dict[str, Any]:
    return _present(
        {
            "at": None if point.at is None else f"{point.at:f}",
            "label": point.label,
            "patient": point.is_patient or None,
            "refusal": point.refusal,
            "doses": [
                {"equation": each.equation, **_span(each.low, each.high, _HUNDREDTH)}
                for each in point.doses
            ],
        }
    )

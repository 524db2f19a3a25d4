"""The card of risks that others worked out: context, never more than info, and never acted upon."""

from collections.abc import Sequence

from fhir_pgx.cards.context import CardContext
from fhir_pgx.cards.dates import day_of
from fhir_pgx.cards.detail import section
from fhir_pgx.cards.markdown import bold, escape
from fhir_pgx.cards.source import HOUSE, topic
from fhir_pgx.cards.therapy import therapy_card
from fhir_pgx.model.card import Card, Source
from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.precision import StatedRisk

_MOST = 6
_CONTEXT = (
    "Shown as it was reported. No advice of this service rests on it, and none of our other cards "
    "changes with it."
)
_NO_POPULATION = Caveat(
    "PGX-843",
    "For whom a score was made is not stated: in people of another ancestry it may not hold.",
)
_POPULATION = Caveat(
    "PGX-844",
    "A score holds for people like those it was made in; whether the patient is one of them is not "
    "judged here.",
)


def risk_card(risks: Sequence[StatedRisk], context: CardContext) -> Card | None:
    """One card for all stated risks; None where there is none. The newest come first."""
    if not risks:
        return None
    newest = sorted(dict.fromkeys(risks), key=lambda each: each.origin.when, reverse=True)
    shown, more = newest[:_MOST], len(newest) - _MOST
    lines = [_line(each) for each in shown]
    lines += [f"{more} more stand in the record."] if more > 0 else []
    subject = topic("fhir_pgx", "stated risk", (), "context")
    outcomes = list(dict.fromkeys(each.outcome or each.label for each in newest))
    others = f" and {len(outcomes) - 2} more" if len(outcomes) > 2 else ""
    limits = [_POPULATION if all(each.population for each in shown) else _NO_POPULATION]
    return therapy_card(
        subject=subject,
        summary=f"Risk estimates on file, as context: {', '.join(outcomes[:2])}{others}.",
        indicator="info",
        parts=[section("As reported", lines), _CONTEXT],
        advice=(),
        context=context,
        about="stated risks",
        limits=limits,
        derived_from=[each.origin.reference for each in shown],
        source=Source(HOUSE, None, subject),
    )


def _line(risk: StatedRisk) -> str:
    said = []
    if risk.value is not None:
        space = "" if risk.unit == "%" else " "
        unit = {"percentile": "(percentile)", "": "(no scale stated)"}.get(risk.unit, risk.unit)
        unit = unit if unit in ("%", "(percentile)", "(no scale stated)") else f"({unit})"
        said.append(f"{risk.value.normalize():f}{space}{unit}")
    said += [risk.words] if risk.words else []
    said.append(f"made for: {risk.population or 'not stated'}")
    said += [f"method: {risk.method}"] if risk.method else ["method not stated"]
    said.append(day_of(risk.origin.when) or "date not stated")
    return f"{bold(risk.outcome or risk.label)}: {escape('; '.join(said), 400)}."

"""Cards on inherited findings: an order judged, what is named for the findings, a new problem."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from fhir_pgx.cards.context import CardContext
from fhir_pgx.cards.detail import section
from fhir_pgx.cards.headline import capitalised
from fhir_pgx.cards.markdown import bold, escape, plain
from fhir_pgx.cards.order import OVERRIDE_REASONS
from fhir_pgx.cards.source import HOUSE
from fhir_pgx.cards.suggestion import cancelling
from fhir_pgx.cards.therapy import (
    EFFECT_WORDS,
    advice_line,
    source_words,
    subject_of,
    therapy_card,
)
from fhir_pgx.model.card import INDICATORS, Card, Source
from fhir_pgx.model.drug import MedicationOrder
from fhir_pgx.model.inherited import JudgedInherited
from fhir_pgx.model.therapy import TherapyAdvice

MOST_LINES = 14
NO_ORDER = (
    "These are options that a label or a guideline names for the finding, and no orders. A "
    "genotype alone is not a disease."
)
_TITLES = {
    "met": "Named for what was found",
    "possible": "Only if what is open holds",
    "wrong-age": "Not by the label at this age or weight",
}


def order_card(
    orders: Sequence[MedicationOrder],
    judged: Sequence[JudgedInherited],
    context: CardContext,
    today: date,
) -> Card:
    """The card of one drug's orders, the loudest first."""
    ranked = sorted(judged, key=lambda each: INDICATORS.index(each.alarm))
    first, order = ranked[0], orders[0]
    advice = [each.advice for each in ranked]
    name = first.advice.drug or order.concept.label
    action = first.advice.effect if first.state != "uncertain" else "uncertain"
    subject = subject_of(advice[:1], name, "-".join(first.advice.genes[:4]), action)
    lines = [_line(each, today) for each in ranked]
    card = therapy_card(
        subject=subject,
        summary=order_summary(first, name),
        indicator=first.alarm,
        parts=(
            f"**Order** {escape(order.concept.label or name)}",
            section("Inherited findings and this medicine", lines),
        ),
        advice=advice,
        context=context,
        about=order.reference,
        orders=tuple(each.reference for each in orders),
        drug=name,
        rxcui=first.advice.drugs[0].rxcui if first.advice.drugs else "",
    )
    if first.alarm == "info" or not all(order.proposed for order in orders):
        return card
    label = plain(orders[0].concept.label if len(orders) == 1 else name, 60)
    offered = cancelling(orders, label, uuid.UUID(card.uuid)) if _is_ruled_out(first) else ()
    return replace(card, suggestions=offered, override_reasons=OVERRIDE_REASONS)


def _is_ruled_out(judged: JudgedInherited) -> bool:
    """Whether going on can end in death or lasting harm by what is certain: only then cancelling
    is offered, as on the cards of drug response."""
    advice = judged.advice
    is_against = advice.effect in ("contraindicated", "avoid") and advice.serious
    return is_against and judged.state in ("met", "excluded")


def _line(judged: JudgedInherited, today: date) -> str:
    shown = judged.advice
    if judged.kind == "therapy" and judged.beside:
        shown = replace(shown, needs=())  # they stand in the reason already
    said = advice_line(shown, today)
    if judged.kind == "hazard" and judged.beside:
        said += " " + " ".join(f"{escape(each, 200)}." for each in judged.beside)
    return said


def order_summary(judged: JudgedInherited, name: str) -> str:
    """`Sotalol: contraindicated with KCNH2 p.Ala561Val (long QT syndrome type 2).`"""
    advice = judged.advice
    drug = plain(capitalised(name), 50)
    finding = plain(short_finding(advice.finding), 60)
    words = EFFECT_WORDS[advice.effect]
    if judged.kind == "hla":
        about = f" ({plain(advice.context, 60)})" if advice.effect == "caution" else ""
        return f"{drug}: {finding}: {words}{about}."
    if judged.kind == "therapy":
        why = judged.beside[0] if judged.beside else words
        if judged.state == "possible":  # the first of what is open; all of it is in the detail
            why = why.partition("; ")[0].partition(" (")[0].partition(", which")[0]
        why = plain(why, 120)
        about = f"{finding}: " if advice.derived_from and judged.state != "absent" else ""
        return f"{drug}: {about}{why}."
    if judged.state == "uncertain":
        kind = "conflicting" if "conflicting" in advice.finding else "uncertain"
        if " and " in finding:
            return f"{drug}: {finding} are of {kind} significance; they change no treatment."
        return f"{drug}: {finding} is of {kind} significance; it changes no treatment."
    time = {"pregnancy": " in pregnancy", "breastfeeding": " while breastfeeding"}.get(
        judged.when, ""
    )
    if advice.market and not advice.derived_from:
        return f"{drug}: {plain(advice.market, 100)}."
    if not advice.derived_from:
        return f"{drug}: {words}{time}{_for(advice.context)}."
    if judged.state == "possible" and advice.needs:
        need = advice.needs[0].partition(" (")[0]  # what it rests on stands in the detail
        return f"{drug}: {words}{time} with {finding}, if {plain(need, 70)}."
    qtc = next((words for words in judged.beside if words.startswith("QTc")), "")
    measured = f"; {qtc.partition(':')[0]}" if qtc else ""  # with its day: it may be an old one
    return f"{drug}: {words}{time} with {finding}{measured}; {plain(advice.context, 60)}."


def _for(context: str) -> str:
    return f" ({plain(context, 60)})" if context else ""


def short_finding(finding: str) -> str:
    """Without significance and zygosity: `KCNH2 p.Ala561Val`."""
    labels = list(dict.fromkeys(part.split(", ")[0] for part in finding.split("; ")))
    if len(labels) > 1:  # one name each: the coding one stands first
        labels = [label.split(" (")[0] for label in labels]
    return " and ".join(labels)


def options_card(
    judged: Sequence[JudgedInherited],
    context: CardContext,
    today: date,
    *,
    title: str,
    about: str,
    notes: Sequence[str] = (),
) -> Card:
    """What labels and guidelines name for the findings, by how far they are met."""
    advice = [each.advice for each in judged]
    therapies = [each for each in judged if each.kind == "therapy"]
    care = [each for each in judged if each.kind == "care"]
    parts = [
        section(heading, _capped([_line(each, today) for each in therapies if each.state == state]))
        for state, heading in _TITLES.items()
    ]
    parts.append(section("Care that a guideline names", [_care_line(e, today) for e in care]))
    beside = dict.fromkeys(words for each in judged for words in each.beside)
    parts.append(section("Beside it", [escape(each, 200) for each in beside]))
    parts.append(section("HLA alleles, for information", list(notes)))
    subject = subject_of((), "inherited findings", title.replace(" ", "-"), "options")
    return therapy_card(
        subject=subject,
        summary=_options_summary(therapies, care),
        indicator="info",
        parts=(*parts, NO_ORDER),
        advice=advice,
        context=context,
        about=about,
        source=Source(HOUSE, None, subject),
    )


def _capped(lines: list[str]) -> list[str]:
    left = len(lines) - MOST_LINES
    return [*lines[:MOST_LINES], f"{left} more."] if left > 0 else lines


def _care_line(judged: JudgedInherited, today: date) -> str:
    advice = judged.advice
    said = f"{bold(capitalised(advice.context))}: {escape(advice.finding, 200)}. "
    said += escape(advice.summary, 500)
    if advice.needs:
        said += " Holds if: " + "; ".join(escape(each, 200) for each in advice.needs) + "."
    return f"{said} ({source_words(advice, today)}.)"


def _options_summary(therapies: Sequence[JudgedInherited], care: Sequence[JudgedInherited]) -> str:
    met = [each for each in therapies if each.state == "met"]
    if met:
        finding = plain(short_finding(met[0].advice.finding), 50)
        drugs = [_short_drug(each.advice) for each in met]
        more = f" and {len(drugs) - 2} more" if len(drugs) > 2 else ""
        are_labels = all(each.advice.provenance.level == "FDA-label" for each in met)
        who = "labels name" if are_labels else "labels or guidelines name"
        return f"{finding}: {who} {', '.join(drugs[:2])}{more}. Options, no orders."
    if care:
        first = care[0].advice
        finding = plain(short_finding(first.finding), 50)
        return f"{finding} ({plain(first.context, 50)}): care that guidelines name."
    each = therapies[0]
    finding = plain(short_finding(each.advice.finding), 50)
    if each.state == "wrong-age":
        return f"{finding}: labels name therapies for another age or weight; see the detail."
    return f"{finding}: therapies named by labels only if what is open holds."


def _short_drug(advice: TherapyAdvice) -> str:
    """`glyburide or 3 others` of a class, else the whole name."""
    if advice.any_of and len(advice.drugs) > 2:
        return f"{plain(advice.drugs[0].name, 40)} or {len(advice.drugs) - 1} others"
    return plain(advice.drug, 40)


def hla_line(judged: JudgedInherited, today: date) -> str:
    advice = judged.advice
    about = f"{escape(advice.drug)}: " if advice.drugs else ""
    said = f"{bold(advice.finding)}: {about}{escape(advice.context, 100)}. "
    return f"{said}{escape(advice.summary, 300)} ({source_words(advice, today)}.)"

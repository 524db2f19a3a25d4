"""The card of an organism's resistance, where a chart is opened: what is on file, for information.

Drugs with reduced activity come first, those in use before the others; then, a line each, what is
said of the rest.
"""

from collections.abc import Sequence
from datetime import date

from fhir_pgx.cards.context import CardContext
from fhir_pgx.cards.detail import section
from fhir_pgx.cards.headline import LIMIT, capitalised
from fhir_pgx.cards.markdown import cut, escape, plain
from fhir_pgx.cards.pathogen_words import (
    AGAINST,
    FAINT,
    GOOD,
    NOT_SUSCEPTIBLE,
    change_lines,
    heading,
    laboratory_lines,
    listed,
    newest_of,
)
from fhir_pgx.cards.source import topic
from fhir_pgx.cards.therapy import therapy_card
from fhir_pgx.model.card import Card
from fhir_pgx.model.pathogen import OUTCOMES, DrugVerdict, OrderedVerdict, OrganismReport
from fhir_pgx.model.therapy import TherapyAdvice

_CLASSES = ("NRTI", "NNRTI", "PI", "INSTI", "CAI")


def chart_card(
    report: OrganismReport,
    in_use: Sequence[OrderedVerdict],
    advice: Sequence[TherapyAdvice],
    context: CardContext,
    today: date,
) -> Card:
    """What is on file of one organism: drugs with reduced activity first, then the others."""
    less = [each for each in report.verdicts if each.outcome in AGAINST | FAINT]
    less = [each for each in less if not each.related_to]
    using = {each.tested or each.verdict.drug.name for each in in_use}
    subject = topic("fhir_pgx", report.label, (), "pathogen-resistance")
    parts = (
        heading(report, today, is_past=False),
        _table(less, using),
        section("Other drugs", _others(report, using)),
        section(f"Found in {escape(report.label)}", change_lines(report.genes)),
        section("What to know", [f"{escape(note, 400)}." for note in report.notes]),
        section("The laboratory's own words", laboratory_lines(report)),
        NOT_SUSCEPTIBLE,
    )
    return therapy_card(
        subject=subject,
        summary=_chart_summary(report, less, using),
        # As at a tumour's chart: what is taken against a finding is no mere information.
        indicator="warning" if any(each.verdict.outcome in AGAINST for each in in_use) else "info",
        parts=[part for part in parts if part],
        advice=advice,
        context=context,
        about=f"chart {report.label}",
        limits=report.caveats,
        orders=tuple(dict.fromkeys(each.order for each in in_use)),
        derived_from=report.references,
    )


def _table(verdicts: Sequence[DrugVerdict], using: set[str]) -> str:
    if not verdicts:
        return ""
    ranked = sorted(verdicts, key=lambda each: (each.drug.name not in using, _rank(each)))
    rows = [
        f"| {escape(capitalised(each.drug.name))}{' (in use)' if each.drug.name in using else ''}"
        f" | {escape(each.words, 160)} | {_from(each)} |"
        for each in ranked
    ]
    return "\n".join(("| Drug | Level | From |", "| --- | --- | --- |", *rows))


def _from(verdict: DrugVerdict) -> str:
    held = f"; holds if {'; '.join(verdict.needs)}" if verdict.needs else ""
    return escape("; ".join(verdict.because) + held, 400)


def _rank(verdict: DrugVerdict) -> tuple[int, int]:
    place = _CLASSES.index(verdict.group) if verdict.group in _CLASSES else 0
    return OUTCOMES.index(verdict.outcome), place


def _others(report: OrganismReport, using: set[str]) -> list[str]:
    """One line for each thing that is said of drugs without reduced activity."""
    titles = {
        "susceptible": "HIVDB finds no reduced susceptibility (score below 10)",
        "potential-low": "Potential low-level resistance (score 10 to 14)",
        "not-associated": "What was found is not associated with resistance to",
        "none-found": "Nothing found in the genes that were tested, for",
        "unlisted": "Not graded",
        "no-call": "Tested without an answer",
        "not-tested": "Not tested",
    }
    told = []
    for outcome, title in titles.items():
        found = [
            each.drug.name
            for each in report.verdicts
            if each.outcome == outcome and not (outcome == "not-tested" and _is_said(each, report))
        ]
        in_use = [f"{name} (in use)" for name in found if name in using]
        names = in_use + [name for name in found if name not in using]
        if names:
            told.append(f"{title}: {escape(listed(names, 40), 900)}.")
    related = [f"{each.drug.name} ({each.words})" for each in report.verdicts if each.related_to]
    return told + [f"{escape(capitalised(each), 400)}." for each in related]


def _is_said(verdict: DrugVerdict, report: OrganismReport) -> bool:
    """Whether the laboratory's own words name a drug of whose genes nothing was reported."""
    return any(verdict.drug.name.lower() in drug.lower() for drug, _, _ in report.said)


def _chart_summary(report: OrganismReport, less: Sequence[DrugVerdict], using: set[str]) -> str:
    organism = capitalised(report.label)
    newest = newest_of(report)
    when = f" ({newest})" if newest else ""
    ranked = sorted(less, key=lambda each: (each.drug.name not in using, _rank(each)))
    words = f", {report.words[0]}" if report.words else ""
    if ranked:
        drugs = listed((each.drug.name for each in ranked), 3)
        return cut(plain(f"{organism}{words}{when}: reduced activity of {drugs}.", 300), LIMIT)
    open_ones = [gene.gene for gene in report.genes if gene.unread]
    if open_ones:
        genes = f" of {listed(open_ones, 3)}" if all(open_ones) else ""
        said = f"{organism}{when}: changes{genes} on file that were not read or graded."
        return cut(plain(said, 300), LIMIT)
    if any(each.outcome in GOOD for each in report.verdicts):
        return cut(plain(f"{organism}{when}: nothing graded found in what was tested.", 300), LIMIT)
    if any(gene.changes for gene in report.genes):
        return cut(plain(f"{organism}{when}: changes on file that were not graded.", 300), LIMIT)
    if report.said:
        return cut(plain(f"{organism}{when}: the laboratory's verdicts are on file.", 300), LIMIT)
    return cut(plain(f"{organism}: a resistance test is on file, without an answer.", 300), LIMIT)

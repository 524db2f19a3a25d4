"""Lines that every card on a pathogen shares: verdicts, changes with their dates, the laboratory.

What our rules make of a change and what the laboratory says stand apart.
"""

from collections.abc import Iterable, Sequence
from datetime import date

from fhir_pgx.cards.headline import capitalised
from fhir_pgx.cards.markdown import bold, escape
from fhir_pgx.cards.therapy import is_old
from fhir_pgx.model.pathogen import DrugVerdict, GeneSeen, OrderedVerdict, OrganismReport, Outcome

AGAINST: frozenset[Outcome] = frozenset(("resistant", "intermediate", "reduced"))
FAINT: frozenset[Outcome] = frozenset(("low", "undecided"))
SILENT: frozenset[Outcome] = frozenset(("not-tested", "no-call", "unlisted"))
GOOD: frozenset[Outcome] = frozenset(("susceptible", "none-found", "not-associated"))

NOT_SUSCEPTIBLE = (
    "What was not tested, or gave no answer, is unknown: it is neither resistant nor susceptible."
)


def verdict_line(verdict: DrugVerdict, label: str, today: date) -> str:
    """One drug: what the source comes to, from which changes, and the source."""
    short = f" ({escape(verdict.abbreviation)})" if verdict.abbreviation else ""
    said = f"{bold(capitalised(label))}{short}: {escape(verdict.words, 300)}."
    if verdict.because:
        said += f" {escape('; '.join(verdict.because), 500)}."
    if verdict.needs:
        said += f" Holds if: {escape('; '.join(verdict.needs), 300)}."
    return f"{said} {source_of_verdict(verdict, today)}" if verdict.because else said


def source_of_verdict(verdict: DrugVerdict, today: date) -> str:
    about = verdict.provenance
    named = [about.source if about.system == "guideline" else about.system]
    if about.level not in ("guideline", "fold change", ""):
        named.append(f"{'group ' if about.system == 'WHO' else ''}{about.level}")
    if about.id and about.system not in ("HIVDB", "guideline"):
        named.append(about.id)
    text = ", ".join(escape(each, 160) for each in named)
    text += f"; as of {escape(about.as_of)}"
    if about.by_hand:
        text += "; compiled by hand, verify against the current label or guideline"
    elif is_old(about.as_of, today):
        text += "; look for a newer edition"
    return f"({text}.)"


def change_lines(genes: Iterable[GeneSeen]) -> list[str]:
    """Each gene: its changes with the dates of the results that show them, or what was said."""
    lines = []
    for seen in genes:
        name = escape(seen.gene) or "A gene that the result does not name"
        if seen.changes:
            shown = [
                f"{change.removeprefix(seen.gene).strip()} "
                f"({', '.join(day or 'no date' for day in days)})"
                for change, days in seen.changes
            ]
            shows = {day for _, days in seen.changes for day in days}
            without = [day for day in seen.dates if day not in shows]
            clean = f"; not in the result of {_dates(without)}" if without else ""
            lines.append(f"{name}: {escape(', '.join(shown), 600)}{clean}.")
        elif seen.dates and not seen.unread:
            lines.append(f"{name}: tested, nothing found ({_dates(seen.dates)}).")
        if seen.unread:
            lines.append(f"{name}: not read or not named: {escape(', '.join(seen.unread), 300)}.")
        if seen.failed:
            lines.append(f"{name}: tested without an answer ({_dates(seen.failed)}).")
    return lines


def _dates(days: Sequence[str]) -> str:
    return escape(", ".join(day or "no date" for day in days), 200)


def laboratory_lines(report: OrganismReport) -> list[str]:
    """The laboratory's own verdicts, as it gave them."""
    return [
        f"{'' if drug.lower() in word.lower() else f'{escape(drug)}: '}"
        f"{escape(word)}{f' ({escape(when)})' if when else ''}."
        for drug, word, when in report.said
    ]


def newest_of(report: OrganismReport) -> str:
    """The date of the newest result that gave an answer; empty where none is dated."""
    days = [day for gene in report.genes for day in gene.dates]
    days += [when for _, _, when in report.said]
    return max(days, default="")


def named(verdicts: Iterable[OrderedVerdict]) -> str:
    return ", ".join(dict.fromkeys(each.label for each in verdicts))


def listed(names: Iterable[str], most: int) -> str:
    every = list(dict.fromkeys(names))
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(every[:most]) + more


def heading(report: OrganismReport, today: date, *, is_past: bool) -> str:
    newest = newest_of(report)
    words = f": {escape(', '.join(report.words), 200)}" if report.words else ""
    when = f"; newest result of {escape(newest)}" if newest else ""
    past = " The results are old: the organism at hand may be another." if is_past else ""
    return f"{bold(report.label[:1].upper() + report.label[1:])}{words}{when}.{past}"

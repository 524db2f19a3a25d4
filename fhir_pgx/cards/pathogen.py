"""The card of ordered drugs and an organism's resistance: one for an organism.

Warning where the organism's changes speak against an ordered drug; info for low-level or undecided
findings and for a drug whose gene gave no answer. The activity of the whole regimen matters, so
the other medicines against the organism stand beside it. Only the host's results that decide on
the same drug are named; other cards judge them.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date

from fhir_pgx.cards.context import CardContext
from fhir_pgx.cards.detail import result_line, section
from fhir_pgx.cards.headline import LIMIT, capitalised
from fhir_pgx.cards.markdown import cut, escape, plain
from fhir_pgx.cards.pathogen_words import (
    AGAINST,
    GOOD,
    NOT_SUSCEPTIBLE,
    change_lines,
    heading,
    laboratory_lines,
    listed,
    named,
    verdict_line,
)
from fhir_pgx.cards.source import topic
from fhir_pgx.cards.therapy import therapy_card
from fhir_pgx.model.card import Card, Indicator
from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.pathogen import OUTCOMES, DrugVerdict, OrderedVerdict, OrganismReport
from fhir_pgx.model.phenotype import GeneResult
from fhir_pgx.model.therapy import TherapyAdvice

# The host's genes that decide on the same drug.
HOST_GENES = {
    "abacavir": ("HLA-B",), "efavirenz": ("CYP2B6",), "atazanavir": ("UGT1A1",),
}  # fmt: skip
_NO_ANSWER = frozenset(("not-tested", "no-call"))


def is_against(ordered: OrderedVerdict) -> bool:
    """Whether the order needs a warning: by our rules, or by the laboratory's own word alone."""
    verdict = ordered.verdict
    return verdict.outcome in AGAINST or bool(verdict.related_to) or _lab_objects(ordered)


def _lab_objects(ordered: OrderedVerdict) -> bool:
    return bool(ordered.said)


def order_card(
    report: OrganismReport,
    ordered: Sequence[OrderedVerdict],
    beside: Sequence[OrderedVerdict],
    advice: Sequence[TherapyAdvice],
    results: Mapping[str, GeneResult],
    context: CardContext,
    today: date,
    *,
    is_past: bool = False,
    limits: Sequence[Caveat] = (),
) -> Card:
    """The card of the ordered drugs that an organism's results concern. `said` of an order holds
    only the laboratory's words against it. `is_past`: the episode is long over."""
    against = [each for each in ordered if is_against(each)]
    again = {each.label for each in ordered}
    beside = [each for each in beside if each.label not in again]
    indicator: Indicator = "warning" if against and not is_past else "info"
    ranked = sorted(ordered, key=lambda each: OUTCOMES.index(each.verdict.outcome))
    lead = (against or ranked)[0]
    drugs = named(against or ranked)
    subject = topic(lead.verdict.provenance.system, drugs, (report.organism,), "resistance")
    parts = (
        heading(report, today, is_past=is_past),
        section("Ordered", [_line(each, today) for each in ranked]),
        section("Other medicines against it", [_line(each, today) for each in _unique(beside)]),
        section(f"Found in {escape(report.label)}", change_lines(report.genes)),
        section("What to know", [f"{escape(note, 400)}." for note in report.notes]),
        section("The patient's own results", _host(ordered, results)),
        section("The laboratory's own words", laboratory_lines(report)),
        NOT_SUSCEPTIBLE,
    )
    caveats = [*limits, *report.caveats, *(c for each in ordered for c in each.verdict.caveats)]
    return therapy_card(
        subject=subject,
        summary=_summary(report, against, ranked, is_past=is_past),
        indicator=indicator,
        parts=[part for part in parts if part],
        advice=advice,
        context=context,
        about=" ".join(dict.fromkeys(each.order for each in ordered)) + f" {report.label}",
        limits=tuple(dict.fromkeys(caveats)),
        orders=tuple(dict.fromkeys(each.order for each in ordered)),
        derived_from=report.references,
        drug=lead.label,
        rxcui=lead.verdict.drug.rxcui,
    )


def _line(ordered: OrderedVerdict, today: date) -> str:
    said = verdict_line(ordered.verdict, ordered.label, today)
    return said + "".join(
        f" The laboratory says: {escape(word)}{f' ({escape(when)})' if when else ''}."
        for word, when in ordered.said
    )


def _unique(ordered: Sequence[OrderedVerdict]) -> list[OrderedVerdict]:
    return list({each.label: each for each in ordered}.values())


def _host(ordered: Sequence[OrderedVerdict], results: Mapping[str, GeneResult]) -> list[str]:
    return [
        f"{escape(capitalised(each.label))}: {result_line(gene, results)}"
        for each in _unique(ordered)
        for gene in HOST_GENES.get(each.verdict.drug.name, ())
        if each.verdict.organism == "HIV-1"
    ]


def _summary(
    report: OrganismReport,
    against: Sequence[OrderedVerdict],
    ranked: Sequence[OrderedVerdict],
    *,
    is_past: bool,
) -> str:
    """`Lamivudine: HIV-1 RT M184V, high-level resistance (HIVDB score 60).`"""
    organism = report.label if report.organism == "M. tuberculosis" else report.organism
    # Without anything against them: the drugs that share the gravest answer.
    lead = ranked[0].verdict.outcome
    told = against or [each for each in ranked if each.verdict.outcome == lead]
    first = told[0].verdict
    drugs = plain(capitalised(named(told)), 70)
    genes = {_gene(each.verdict) for each in told if _names(each.verdict)}
    where = f"{organism} {next(iter(genes))}".strip() if len(genes) == 1 else organism
    every = [each.verdict for each in told]
    names = listed(
        (name for v in every for name in (_names(v) if len(genes) < 2 else v.changes)), 3
    )
    if not against and all(each.verdict.outcome in _NO_ANSWER for each in told):
        missing = dict.fromkeys(each.verdict.words for each in told)
        words = f"{organism} {' and '.join(missing)}; resistance is unknown"
    elif against and not names:
        said = told[0].said
        words = f"by the laboratory: {_decapitalised(said[0][0])}" if said else _brief(first)
        words = f"{organism}, {words}"
    elif names:
        worst = min(every, key=_gravity)
        alike = len({v.words for v in every}) == 1
        level = _brief(worst) if alike else f"up to {re.split('[,;]', worst.words)[0]}"
        if worst.related_to:
            level = _brief(worst)
        words = f"{where} {names}, {level}"
    else:
        words = f"{organism}: {_brief(first)}"
    old = " (old result)" if is_past else ""
    return cut(plain(f"{drugs}: {words}{old}.", 300), LIMIT)


def _decapitalised(words: str) -> str:
    """`Resistance detected` as it stands within a sentence; `MDR-TB` as it is."""
    return words if words[:2].isupper() else words[:1].lower() + words[1:]


def _gravity(verdict: DrugVerdict) -> tuple[bool, int, int]:
    """Lowest for what must be said first: a drug that is graded itself, then the level."""
    is_high = verdict.words.startswith("high")
    is_low = verdict.words.startswith("low")
    return bool(verdict.related_to), OUTCOMES.index(verdict.outcome), is_low - is_high


def _names(verdict: DrugVerdict) -> tuple[str, ...]:
    """The changes without their gene; none of a drug that they do not speak against."""
    if verdict.outcome in GOOD:
        return ()
    return tuple(name.removeprefix(f"{_gene(verdict)} ") for name in verdict.changes)


def _gene(verdict: DrugVerdict) -> str:
    """The gene where the verdict turns on one alone, and no change goes by another's name."""
    gene = verdict.genes[0] if len(verdict.genes) == 1 else ""
    others = [name for name in verdict.changes if " " in name and not name.startswith(gene)]
    return "" if others else gene


def _brief(verdict: DrugVerdict) -> str:
    if verdict.related_to:
        return f"resistance to {verdict.related_to}, which shares its target"
    if verdict.score is not None and verdict.outcome != "unlisted":
        return f"{verdict.words.partition(',')[0]} (HIVDB score {verdict.score})"
    return verdict.words.partition(";")[0]

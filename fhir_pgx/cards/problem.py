"""The card of a new problem: the drugs that guidelines name for it, judged by the results.

It is `info`, and comes only where the results speak against one of the drugs: it recommends no
treatment, and a problem is not an order.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace

from fhir_pgx.cards.advised import advised
from fhir_pgx.cards.context import CardContext
from fhir_pgx.cards.detail import INCOMPLETE, result_line, section, told
from fhir_pgx.cards.headline import LIMIT, capitalised
from fhir_pgx.cards.markdown import bold, cut, escape, plain
from fhir_pgx.cards.source import EXTENSION, SOURCES, topic
from fhir_pgx.model.card import Card, Facets, Link, Source
from fhir_pgx.model.condition_class import ConditionClass
from fhir_pgx.model.judged_drug import JudgedDrug
from fhir_pgx.model.patient import Condition
from fhir_pgx.model.phenotype import GeneResult

_NO_TREATMENT = (
    "This is no recommendation of a treatment. The list holds only drugs whose guideline here "
    "names the problem; others, not listed, may serve better."
)


def problem_card(
    problem: Condition,
    read_as: ConditionClass,
    judged: Sequence[JudgedDrug],
    results: Mapping[str, GeneResult],
    context: CardContext,
) -> Card | None:
    """One card for a problem as one of its classes; None where the results speak against none of
    the drugs named for it."""
    against = [each for each in judged if each.is_against]
    if not against:
        return None
    lead = against[0].advice.lead
    source, url = SOURCES[lead]
    label = read_as.label
    # The code is made of the class's name, which stays when its words are mended.
    code = topic(lead, read_as.name, (), "problem")
    subject = replace(code, display=plain(f"{capitalised(label)}: problem", 120))
    drugs = ", ".join(each.advice.drug for each in against)
    genes = dict.fromkeys(g for each in judged for e in each.advice.sources for g in e.genes)
    rules = dict.fromkeys(r.rule for each in judged for r in each.advice.recommendations)
    named = capitalised(plain(problem.label, 60))
    said = f"{named}: this patient's results advise against {drugs}."
    reads = f" (read as {escape(label)})" if label.lower() != problem.label.lower() else ""
    title = f"**Drugs that guidelines name for {escape(label)}, judged by this patient's results**"
    parts = (
        f"**New problem** {escape(problem.label)}{reads}",
        "\n\n".join((title, "\n".join(f"- {_line(each)}" for each in judged))),
        _NO_TREATMENT,
        section("Results", [result_line(gene, results) for gene in genes]),
        section("Limits", [told(INCOMPLETE)] if context.incomplete else []),
        f"**Source** {', '.join(dict.fromkeys(e.advice.lead or _first(e) for e in judged))}; "
        f"knowledge release {context.knowledge_release}. This informs; the prescriber decides.",
    )
    return Card(
        uuid=str(uuid.uuid5(context.namespace, f"{problem.reference} {subject.code}")),
        summary=cut(said, LIMIT),
        indicator="info",
        source=Source(source, url, subject),
        detail="\n\n".join(part for part in parts if part),
        links=_links(against),
        rules=tuple(rules),
        facets=Facets("", genes=tuple(genes)),
        extension={
            EXTENSION: {
                "problems": [problem.reference],
                "rules": list(rules),
                "knowledge": {"release": context.knowledge_release},
            }
        },
    )


def _first(judged: JudgedDrug) -> str:
    return judged.advice.sources[0].source


def _line(judged: JudgedDrug) -> str:
    advice = judged.advice
    where = f" (Named by {escape(judged.title)} as {escape(judged.named.named)}.)"
    where = where if judged.title else ""
    if advice.unanswered is not None:
        why = escape(advice.unanswered.text, 400)
        return f"{escape(capitalised(advice.drug))}: not judged. {why}{where}"
    said = escape(advised(advice), 1500)
    drug = capitalised(advice.drug)
    if judged.is_against:
        return f"{bold(drug)}: advised against. {said}{where}"
    return f"{escape(drug)}: {said}{where}"


def _links(against: Sequence[JudgedDrug]) -> tuple[Link, ...]:
    found = [
        Link(f"{r.source} guideline: {r.evidence[0].title}", r.evidence[0].url)
        for each in against
        for r in each.advice.recommendations[:1]
    ]
    return tuple({link.url: link for link in found}.values())

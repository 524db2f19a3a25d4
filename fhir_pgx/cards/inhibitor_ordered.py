"""The card of an ordered inhibitor beside a medicine in use that it takes the effect from.

The order is no victim: what changes is the advice on the other medicine, by a source's own word.
Nothing is suggested: which of the two is to go is the prescriber's to say.
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from fhir_pgx.cards.context import CardContext
from fhir_pgx.cards.detail import (
    INCOMPLETE,
    TELLING,
    advice_text,
    matched,
    result_line,
    section,
    source_line,
    told,
)
from fhir_pgx.cards.facets import facets_of
from fhir_pgx.cards.gaps import MEDICINES_FAILED, MEDICINES_IN_PART
from fhir_pgx.cards.headline import LIMIT, capitalised, headline, lowered
from fhir_pgx.cards.markdown import cut, escape, plain
from fhir_pgx.cards.order import OVERRIDE_REASONS
from fhir_pgx.cards.source import EXTENSION, SOURCES, source_of, topic
from fhir_pgx.model.affected import Affected
from fhir_pgx.model.card import Card, Facets, Link, Source
from fhir_pgx.model.drug import MedicationOrder
from fhir_pgx.model.phenotype import GeneResult

_BRIEF = {
    "contraindicated": "it is then contraindicated",
    "avoid": "avoid it then",
    "alternative": "consider an alternative",
    "reduce-dose": "a lower dose is advised",
    "increase-dose": "a higher dose is advised",
    "adjust-dose": "another dose is advised",
    "test": "a test is advised",
}


def inhibitor_card(
    order: MedicationOrder,
    affected: Affected,
    results: Mapping[str, GeneResult],
    context: CardContext,
) -> Card:
    """One warning on the inhibitor's order, for one medicine in use."""
    advice, modifier = affected.after, affected.modifier
    lead = _speaker(affected)
    label, url = SOURCES[lead]
    gene, drug, agent = modifier.gene, advice.drug, affected.agent.agent
    subject = topic(lead, agent, (gene,), f"with {drug}".replace(" ", "-"))
    in_use = escape(affected.medicine.label or drug)
    where = affected.medicine.reference
    rules = tuple(r.rule for r in advice.recommendations)
    parts = (
        f"**Order** {escape(order.concept.label or agent)}{matched(order)}",
        f"**In use** {in_use}{f' ({escape(where)})' if where else ''}",
        *_advice(affected),
        section(f"Without {escape(agent)}", [_before(affected)]),
        section("Results", [result_line(gene, results)]),
        section(
            "Limits", [*_limits(affected), *([told(INCOMPLETE)] if context.incomplete else [])]
        ),
        f"{_source(affected)} Knowledge release {context.knowledge_release}. "
        "This informs; the prescriber decides.",
    )
    return Card(
        uuid=str(uuid.uuid5(context.namespace, f"{order.reference} {subject.code}")),
        summary=_summary(affected),
        indicator="warning",
        source=Source(label, url, subject),
        detail="\n\n".join(part for part in parts if part),
        override_reasons=OVERRIDE_REASONS,
        links=_links(affected),
        orders=(order.reference,),
        rules=tuple(dict.fromkeys(rules)),
        facets=_facets(affected, lead),
        extension={
            EXTENSION: {
                "orders": [order.reference],
                "in_use": [where] if where else [],
                "rules": list(dict.fromkeys(rules)),
                "knowledge": {"release": context.knowledge_release},
            }
        },
    )


def unseen_card(
    order: MedicationOrder,
    genes: Collection[str],
    drugs: Sequence[str],
    context: CardContext,
    *,
    in_part: bool,
) -> Card:
    """An info card that nobody could look whether the order meets a medicine it acts on: silence
    would read as "none found". `drugs` are those on which it may act; `in_part`: of the medicines
    in use a part came."""
    agent = order.match.ingredients[0].name if order.match else order.concept.label
    named = ", ".join(sorted(genes))
    subject = topic("PGX", agent, sorted(genes), "medicines-not-seen")
    parts = (
        f"**Order** {escape(order.concept.label or agent)}{matched(order)}",
        f"It inhibits {escape(named)}. Guidelines change their advice beside such an inhibitor for "
        f"{escape(', '.join(drugs), 600)}: look whether one of them is in use.",
        section("Limits", [told(MEDICINES_IN_PART if in_part else MEDICINES_FAILED)]),
        f"**Source** our table of inhibitors; knowledge release {context.knowledge_release}. "
        "This informs; the prescriber decides.",
    )
    which = "not all medicines in use could" if in_part else "the medicines in use could not"
    said = f"inhibits {named}, and {which} be looked at."
    return Card(
        uuid=str(uuid.uuid5(context.namespace, f"{order.reference} {subject.code}")),
        summary=cut(f"{capitalised(plain(agent, 40))}: {said}", LIMIT),
        indicator="info",
        source=source_of((), subject),
        detail="\n\n".join(parts),
        orders=(order.reference,),
        extension={
            EXTENSION: {
                "orders": [order.reference],
                "knowledge": {"release": context.knowledge_release},
            }
        },
    )


def tells_of_medicines(card: Card) -> bool:
    """Whether a card says that medicines in use were not all looked at, or names one that the
    order acts on."""
    return MEDICINES_FAILED.code in card.detail or "in_use" in card.extension.get(EXTENSION, {})


def _speaker(affected: Affected) -> str:
    """Whose rule or word it is."""
    found = next(
        (s.source for s in affected.after.sources if affected.modifier in s.modifiers),
        affected.after.lead,
    )
    return found or affected.after.sources[0].source


def _summary(affected: Affected) -> str:
    """`Paroxetine: with codeine in use. CYP2D6 inhibited: codeine then acts as in a Poor
    Metabolizer: avoid …`"""
    modifier, drug = affected.modifier, plain(affected.after.drug, 50)
    opening = f"{capitalised(plain(affected.agent.agent, 40))}: with {drug} in use."
    if modifier.advised_against:
        strength = affected.agent.strength
        said = f"{_speaker(affected)} advises against a {strength} {modifier.gene} inhibitor"
        return cut(f"{opening} {said} beside {drug}.", LIMIT)
    first = affected.after.recommendations[0]
    shown = first.genes.get(modifier.gene, "") or "another phenotype"
    article = "an" if shown[:1] in "IU" else "a"
    acts = f"{modifier.gene} inhibited: {drug} then acts as in {article} {shown}"
    summary = lowered(first.summary)
    lines = [f"{opening} {acts}: {said}" for said in (summary, f"{_BRIEF[first.action]}.")]
    return next((line for line in lines if len(line) <= LIMIT), cut(lines[-1], LIMIT))


def _advice(affected: Affected) -> tuple[str, ...]:
    """What the order does, and what the sources then advise of the medicine in use."""
    modifier, advice = affected.modifier, affected.after
    if advice.unanswered is None:
        return (f"**The advice on {escape(advice.drug)} with it:**", *advice_text(advice).before)
    said = told(modifier.caveat) if modifier.caveat else escape(modifier.text, 600)
    return (section("Other medicines of this patient", [said]),)


def _before(affected: Affected) -> str:
    before = affected.before
    if before.unanswered is not None:
        return escape(f"{capitalised(before.drug)}: {before.unanswered.text}", 400)
    return escape(headline(before), 300)


def _limits(affected: Affected) -> list[str]:
    if affected.after.unanswered is not None:
        return []
    elsewhere = {m.caveat for r in affected.after.recommendations for m in r.modifiers}
    caveats = dict.fromkeys(c for r in affected.after.recommendations for c in r.caveats)
    return [told(c) for c in caveats if c not in elsewhere and c.code not in TELLING]


def _source(affected: Affected) -> str:
    answer = affected.after.recommendations
    return source_line(answer) if answer else f"**Source** {escape(affected.modifier.source, 300)}."


def _links(affected: Affected) -> tuple[Link, ...]:
    found = [
        Link(f"{r.source} guideline: {r.evidence[0].title}", r.evidence[0].url)
        for r in affected.after.recommendations[:1]
    ]
    return tuple(found)


def _facets(affected: Affected, lead: str) -> Facets:
    """Those of the advice on the medicine in use; where a source tells to avoid the pair that is
    its act, whatever it has done for the genes alone."""
    if affected.after.unanswered is not None:
        drug = affected.after
        return Facets(drug.drug, drug.rxcui, (affected.modifier.gene,), lead, action="avoid")
    facets = facets_of(affected.after)
    return replace(facets, action="avoid") if affected.modifier.advised_against else facets

"""One card for one drug of one order: advice, why, the result, its limits, the source.

Several genes, populations and answers of the same drug share the card. Nothing is said where the
advice is the usual dose for an unremarkable result: cards that fire on every order are not read.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fhir_pgx.cards.context import CardContext
from fhir_pgx.cards.detail import TELLING, WHERE_IT_MATTERS, AdviceText, advice_text, order_detail
from fhir_pgx.cards.form import is_for_local_use
from fhir_pgx.cards.headline import NOTHING, headline
from fhir_pgx.cards.source import EXTENSION, SOURCES, topic
from fhir_pgx.cards.suggestion import suggestions
from fhir_pgx.model.card import Card, Indicator, Link, Source
from fhir_pgx.model.drug import Coding, MedicationOrder
from fhir_pgx.model.phenotype import GeneResult
from fhir_pgx.model.recommendation import Recommendation

REASON_SYSTEM = "urn:fhir-pgx:override-reason"
OVERRIDE_REASONS = (
    Coding(REASON_SYSTEM, "dose-accounts-for-result", "The dose already accounts for this result"),
    Coding(REASON_SYSTEM, "tolerated-before", "Patient has taken this drug without the problem"),
    Coding(REASON_SYSTEM, "no-suitable-alternative", "No suitable alternative for this patient"),
    Coding(REASON_SYSTEM, "benefit-outweighs-risk", "Benefit outweighs the risk"),
    Coding(REASON_SYSTEM, "short-course", "Short course or single dose"),
    Coding(REASON_SYSTEM, "result-disputed", "The genetic result is disputed or does not apply"),
    Coding(REASON_SYSTEM, "will-monitor", "Will monitor or order a test instead"),
)
_WARNING = ("contraindicated", "avoid", "alternative", "reduce-dose", "increase-dose", "test")
# A result that answers nothing, as guidelines key it: the usual dose then rests on no knowledge.
_UNKNOWN = {"Indeterminate", "n/a"}
_UNREMARKABLE = {
    "Normal Metabolizer",
    "Normal Function",
    "Normal",
    "normal risk of aminoglycoside-induced hearing loss",
}


def is_quiet(answer: Sequence[Recommendation], *, important: bool) -> bool:
    """Whether an answer needs no card: the usual dose, or no advice, for results that explain it.

    `important` says whether the drug's guidance holds advice that can matter much: only then is a
    gene without a usable result worth a card.
    """
    return all(_explains_itself(each, important=important) for each in answer)


def _explains_itself(recommendation: Recommendation, *, important: bool) -> bool:
    if recommendation.action not in ("standard", "no-recommendation"):
        return False
    codes = {caveat.code for caveat in recommendation.caveats} & TELLING
    if not important:
        codes -= WHERE_IT_MATTERS
    if codes:
        return False
    shown = [p for p in recommendation.genes.values() if p not in NOTHING]
    if all(p in _UNREMARKABLE or p.endswith("negative") for p in shown):
        return True
    if important and any(p in _UNKNOWN for p in shown):
        return False
    return not (recommendation.also or recommendation.tells)


def indicator_of(recommendations: Sequence[Recommendation]) -> Indicator:
    """`critical` only where ignoring the advice can end in death or lasting harm."""
    if any(r.serious for r in recommendations):
        return "critical"
    return "warning" if any(r.action in _WARNING for r in recommendations) else "info"


@dataclass(frozen=True, slots=True)
class Face:
    """What an answer alone decides of its card: the same for every order and patient, so that a
    caller may keep it."""

    answer: tuple[Recommendation, ...]
    summary: str
    indicator: Indicator
    source: Source
    text: AdviceText
    links: tuple[Link, ...]
    rules: tuple[str, ...]


def face_of(answer: tuple[Recommendation, ...]) -> Face:
    """The face of an answer's card, quiet or not."""
    first = answer[0]
    label, url = SOURCES[first.source]
    subject = topic(first.source, first.drug, tuple(first.genes), first.action)
    return Face(
        answer,
        headline(answer),
        indicator_of(answer),
        Source(label, url, subject),
        advice_text(answer),
        _links(answer),
        tuple(r.rule for r in answer),
    )


def order_card(
    face: Face, order: MedicationOrder, results: Mapping[str, GeneResult], context: CardContext
) -> Card:
    """The card of a face for one order of one patient."""
    card_id = uuid.uuid5(context.namespace, f"{order.reference} {face.source.topic.code}")
    local = is_for_local_use(order)
    return Card(
        uuid=str(card_id),
        summary=face.summary,
        indicator="info" if local else face.indicator,
        source=face.source,
        detail=order_detail(order, face.text, results, context, local=local),
        suggestions=suggestions(order, face.answer, card_id),
        override_reasons=OVERRIDE_REASONS,
        links=face.links,
        orders=(order.reference,),
        rules=face.rules,
        extension=_extension(order, face.rules, context),
    )


def _links(answer: Sequence[Recommendation]) -> tuple[Link, ...]:
    evidence = answer[0].evidence[0]
    links = [Link(f"{answer[0].source} guideline: {evidence.title}", evidence.url)]
    if evidence.publications:
        pmid = evidence.publications[0].pmid
        links.append(Link(f"PubMed {pmid}", f"https://pubmed.ncbi.nlm.nih.gov/{pmid}/"))
    return tuple(links)


def _extension(
    order: MedicationOrder, rules: Sequence[str], context: CardContext
) -> dict[str, object]:
    return {
        EXTENSION: {
            "orders": [order.reference],
            "rules": list(rules),
            "knowledge": {"release": context.knowledge_release},
        }
    }

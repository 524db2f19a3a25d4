"""One card for one drug of one order: advice, why, the result, its limits, the sources.

Several sources, genes, populations and answers of the same drug share the card. Nothing is said
where the advice is the usual dose for an unremarkable result: cards that fire on every order are
not read.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from fhir_pgx.cards.alternatives import is_closed
from fhir_pgx.cards.context import CardContext
from fhir_pgx.cards.detail import TELLING, WHERE_IT_MATTERS, AdviceText, advice_text, order_detail
from fhir_pgx.cards.extras import NOTHING_MORE, Extras
from fhir_pgx.cards.facets import facets_of, of_others
from fhir_pgx.cards.form import is_for_local_use
from fhir_pgx.cards.headline import LIMIT, NOTHING, act_of, headline, shortened
from fhir_pgx.cards.source import EXTENSION, SOURCES, topic
from fhir_pgx.cards.suggestion import suggestions
from fhir_pgx.cards.trace import card_sources, card_trace
from fhir_pgx.model.card import Card, Facets, Indicator, Link, Source
from fhir_pgx.model.drug import Coding, MedicationOrder
from fhir_pgx.model.phenotype import GeneResult
from fhir_pgx.model.recommendation import DrugAdvice, Recommendation

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
_WARNING = (
    "contraindicated", "avoid", "alternative", "reduce-dose", "increase-dose", "adjust-dose",
    "test",
)  # fmt: skip
_ANOTHER_DRUG = ("contraindicated", "avoid", "alternative")
# A result that answers nothing, as guidelines key it: the usual dose then rests on no knowledge.
_UNKNOWN = {"Indeterminate", "n/a"}
_UNREMARKABLE = {
    "Normal Metabolizer",
    "Normal Function",
    "Normal",
    "normal risk of aminoglycoside-induced hearing loss",
}


def is_quiet(advice: DrugAdvice) -> bool:
    """Whether an answer needs no card: the usual dose, or no advice, for results that explain it,
    with no other source that would have something done and no medicine that may change it.

    Where the drug's guidance holds nothing that can matter much, a gene without a usable result is
    not worth a card.
    """
    if any(each.is_computed for each in advice.leading):
        return False  # an equation that was asked has something to say, be it what it lacks
    if any(m.advised_against for each in advice.leading for m in each.modifiers):
        return False
    if not all(_explains_itself(r, important=advice.important) for r in advice.recommendations):
        return False
    return not (_against(advice) or any(each.possible for each in advice.leading))


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


def is_unremarkable(result: GeneResult, *, any_known: bool = False) -> bool:
    """Whether a gene has a usable result, and one that nobody need hear of; `any_known` takes every
    phenotype for such a one."""
    if result.caveats and TELLING & {caveat.code for caveat in result.caveats}:
        return False
    if result.allele_status:
        return set(result.allele_status.values()) == {"negative"}
    if any_known:
        return result.phenotype is not None and result.phenotype not in _UNKNOWN
    return result.phenotype in _UNREMARKABLE


def _against(advice: DrugAdvice) -> list[Recommendation]:
    """What sources that differ from a leading one would have done."""
    return [
        r
        for each in advice.sources
        if each.stance == "differs" and isinstance(each.answer, tuple)
        for r in each.answer
        if r.action in (*_WARNING, "monitor")
    ]


def _forbids(r: Recommendation) -> bool:
    """Whether a source forbids the drug to a group that the record shows this patient to be of."""
    return r.serious and r.action == "contraindicated" and r.population_fit == "holds"


def indicator_of(advice: DrugAdvice) -> Indicator:
    """`critical` only where advice that leads, or that another source agrees to, can end in death
    or lasting harm if ignored, or where a source that differs forbids the drug to this very
    patient; where it says so of some patients, `warning`."""
    agreed = (
        r
        for each in advice.sources
        if each.stance in ("leads", "agrees") and isinstance(each.answer, tuple)
        for r in each.answer
    )
    if any(r.serious for r in agreed):
        return "critical"
    if any(_forbids(r) for r in _against(advice)):
        return "critical"
    if any(m.advised_against for each in advice.leading for m in each.modifiers):
        return "warning"
    if any(r.action in _WARNING for r in advice.recommendations):
        return "warning"
    if any(c.code == "PGX-654" for r in advice.recommendations for c in r.caveats):
        return "warning"
    reassures = advice.recommendations[0].action == "standard"
    if reassures and any(e.is_computed for e in advice.leading) and _against(advice):
        return "warning"  # an equation that lacks a result stands against no other source
    if any(
        each.recommendation.action in _ANOTHER_DRUG or each.by_genes
        for e in advice.leading
        for each in e.possible
    ):
        return "warning"  # another medicine may make the usual dose the wrong drug
    return "warning" if any(r.serious for r in _against(advice)) else "info"


@dataclass(frozen=True, slots=True)
class Face:
    """What an answer alone decides of its card: the same for every order and patient, so that a
    caller may keep it."""

    advice: DrugAdvice
    summary: str
    indicator: Indicator
    source: Source
    text: AdviceText
    links: tuple[Link, ...]
    rules: tuple[str, ...]
    facets: Facets


def face_of(advice: DrugAdvice) -> Face:
    """The face of an answer's card, quiet or not."""
    answer = advice.recommendations
    first = answer[0]
    label, url = SOURCES[first.source]
    subject = topic(first.source, first.drug, tuple(first.genes), first.action)
    return Face(
        advice,
        headline(advice),
        indicator_of(advice),
        Source(label, url, subject),
        advice_text(advice),
        _links(advice),
        tuple(dict.fromkeys(r.rule for r in (*answer, *of_others(advice)))),
        facets_of(advice),
    )


def order_card(
    face: Face,
    order: MedicationOrder,
    results: Mapping[str, GeneResult],
    context: CardContext,
    extras: Extras = NOTHING_MORE,
) -> Card:
    """The card of a face for one order of one patient; `extras` is what that patient's weight,
    allergies and other medicines add."""
    card_id = uuid.uuid5(context.namespace, f"{order.reference} {face.source.topic.code}")
    local = is_for_local_use(order)
    return Card(
        uuid=str(card_id),
        summary=_summary(face, extras),
        indicator=_indicator(face, local=local, extras=extras),
        source=face.source,
        detail=order_detail(order, face.text, results, context, extras, local=local),
        suggestions=suggestions(order, face.advice.recommendations, extras, card_id),
        override_reasons=OVERRIDE_REASONS,
        links=face.links,
        orders=(order.reference,),
        rules=face.rules,
        facets=face.facets,
        extension=_extension(order, face, results, context, extras),
    )


def _indicator(face: Face, *, local: bool, extras: Extras) -> Indicator:
    """That of the advice; an order above the advised dose is worth a warning in any case, a dose
    that a patient has long been taking is not."""
    if local:
        return "info"
    if extras.above:
        return "warning" if face.indicator == "info" else face.indicator
    return "info" if extras.is_settled and face.indicator == "warning" else face.indicator


def _summary(face: Face, extras: Extras) -> str:
    """That of the face, with what this patient's dose and alternatives make of it."""
    named = {a.name for r in face.advice.recommendations for a in r.alternatives}
    if is_closed(each for name, each in extras.alternatives.items() if name in named):
        return headline(face.advice, is_closed=True)
    return _with_dose(face, extras.above) if extras.above else face.summary


def _with_dose(face: Face, above: str) -> str:
    """The summary with the word that the order is above it; rather less of the advice than that
    word lost, since the advice stands in the detail."""
    summary = face.summary
    about = summary.split(". ", 1)[0]
    act = act_of(face.advice.recommendations[0])
    for shorter in (
        summary,
        shortened(summary),
        f"{summary.split(';')[0].rstrip('.')}.",
        f"{about}. {act}.",
        f"{about}.",
    ):
        said = f"{shorter} The order is above {above}."
        if len(said) <= LIMIT:
            return said
    return summary


def _links(advice: DrugAdvice) -> tuple[Link, ...]:
    """The guideline and a paper of the leading source, then one address of each other source that
    speaks."""
    answer = advice.recommendations
    evidence = answer[0].evidence[0]
    links = [Link(f"{answer[0].source} guideline: {evidence.title}", evidence.url)]
    if evidence.publications:
        pmid = evidence.publications[0].pmid
        links.append(Link(f"PubMed {pmid}", f"https://pubmed.ncbi.nlm.nih.gov/{pmid}/"))
    for other in of_others(advice):
        about = other.evidence[0]
        links.append(Link(f"{other.source}: {about.title}", about.url))
    return tuple({link.url: link for link in links}.values())


def _extension(
    order: MedicationOrder,
    face: Face,
    results: Mapping[str, GeneResult],
    context: CardContext,
    extras: Extras,
) -> dict[str, object]:
    said: dict[str, object] = {
        "orders": [order.reference],
        "rules": list(face.rules),
        "sources": card_sources(face.advice),
        "agreement": face.advice.agreement,
        "knowledge": {"release": context.knowledge_release},
    }
    said["trace"] = card_trace(face.advice, face.text.genes, results, context.knowledge_sha256)
    if extras.changes:
        said["changes"] = [each.code for each in extras.changes]
    return {EXTENSION: said}

"""One card for one drug of one order: advice, why, the result, its limits, the source.

Several genes, populations and answers of the same drug share the card. Nothing is said where the
advice is the usual dose for an unremarkable result: cards that fire on every order are not read.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fhir_pgx.cards.headline import LIMIT, NO_RESULT, capitalised, gene_phrase, headline
from fhir_pgx.cards.markdown import bold, cut, escape, items, plain
from fhir_pgx.cards.suggestion import suggestions
from fhir_pgx.model.card import Card, Indicator, Link, Source
from fhir_pgx.model.drug import Coding, MedicationOrder
from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.phenotype import GeneResult
from fhir_pgx.model.recommendation import Recommendation, Unanswered

TOPIC_SYSTEM = "urn:fhir-pgx:topic"
REASON_SYSTEM = "urn:fhir-pgx:override-reason"
EXTENSION = "org.fhir-pgx.card"
SOURCES = {
    "CPIC": ("Clinical Pharmacogenetics Implementation Consortium (CPIC)", "https://cpicpgx.org/"),
}
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
_UNREMARKABLE = {
    "Normal Metabolizer",
    "Normal Function",
    "Normal",
    "normal risk of aminoglycoside-induced hearing loss",
}
# Caveats that turn "usual dose" into something a prescriber must hear.
_TELLING = {"PGX-603", "PGX-604", "PGX-605", "PGX-606", "PGX-620"}


@dataclass(frozen=True, slots=True)
class CardContext:
    """What a card needs beyond the advice: `namespace` makes its ids stable for one call."""

    namespace: uuid.UUID
    knowledge_release: str
    knowledge_sha256: str
    incomplete: bool = False
    untested: str = "important"  # which drugs without a result get a card: none, important, all


def is_quiet(recommendation: Recommendation, *, important: bool) -> bool:
    """Whether an advice needs no card: the usual dose, for a result that explains itself."""
    if recommendation.action != "standard":
        return False
    codes = {caveat.code for caveat in recommendation.caveats} & _TELLING
    if not important:
        codes -= {"PGX-620"}
    if codes:
        return False
    shown = [p for p in recommendation.genes.values() if p != NO_RESULT]
    usual = all(p in _UNREMARKABLE or p.endswith("negative") for p in shown)
    return usual or not recommendation.also


def indicator_of(recommendations: Sequence[Recommendation]) -> Indicator:
    """`critical` only where ignoring the advice can end in death or lasting harm."""
    if any(r.serious for r in recommendations):
        return "critical"
    return "warning" if any(r.action in _WARNING for r in recommendations) else "info"


def topic(source: str, drug: str, genes: Sequence[str], action: str) -> Coding:
    """At most 100 letters and digits, always the same: Epic remembers overrides by it."""
    raw = f"{source}-{drug}-{'-'.join(sorted(genes))}-{action}"
    code = "".join(part[:1].upper() + part[1:] for part in raw.split("-"))
    code = "".join(sign for sign in code if sign.isascii() and sign.isalnum())[:100]
    display = f"{capitalised(drug)} and {', '.join(genes)}: {action.replace('-', ' ')}"
    return Coding(TOPIC_SYSTEM, code, plain(display, 120))


def order_card(
    order: MedicationOrder,
    answer: tuple[Recommendation, ...] | Unanswered,
    results: Mapping[str, GeneResult],
    context: CardContext,
    *,
    source: str = "CPIC",
    important: bool = True,
) -> Card | None:
    """The card for an order, or None where nothing needs saying.

    `important` says whether the drug's guidance holds advice that can matter much: only then is
    a missing result worth a card (unless the context asks for all).
    """
    if isinstance(answer, Unanswered):
        return _unanswered_card(order, answer, context, source, important=important)
    if all(is_quiet(r, important=important) for r in answer):
        return None
    first = answer[0]
    label, url = SOURCES[first.source]
    subject = topic(first.source, first.drug, tuple(first.genes), first.action)
    card_id = uuid.uuid5(context.namespace, f"{order.reference} {subject.code}")
    return Card(
        uuid=str(card_id),
        summary=headline(answer),
        indicator=indicator_of(answer),
        source=Source(label, url, subject),
        detail=_detail(order, answer, results, context),
        suggestions=suggestions(order, answer, card_id),
        override_reasons=OVERRIDE_REASONS,
        links=_links(answer),
        orders=(order.reference,),
        rules=tuple(r.rule for r in answer),
        extension=_extension(order, answer, context),
    )


def _detail(
    order: MedicationOrder,
    answer: Sequence[Recommendation],
    results: Mapping[str, GeneResult],
    context: CardContext,
) -> str:
    genes = dict.fromkeys(gene for r in answer for gene in r.genes)
    parts = [
        f"**Order** {escape(order.concept.label or answer[0].drug)}{_matched(order)}",
        f"**Advice**\n\n{items(_advice_lines(answer))}",
        f"**Why**\n\n{items(_reasons(answer))}" if _reasons(answer) else "",
        f"**Results**\n\n{items([_result_line(gene, results) for gene in genes])}",
        _section("Alternatives, judged by this patient's results", _alternatives(answer)),
        _section("Also consider", _considerations(answer)),
        _section("Limits", _limits(answer, context)),
        _source_line(answer, context),
    ]
    return "\n\n".join(part for part in parts if part)


def _section(title: str, lines: list[str]) -> str:
    return f"**{title}**\n\n{items(lines)}" if lines else ""


def _matched(order: MedicationOrder) -> str:
    if order.match is None or order.match.how == "code":
        return ""
    return " (recognized by its name; no code in the order was known)"


def _advice_lines(answer: Sequence[Recommendation]) -> list[str]:
    lines = []
    several = len({tuple(sorted(r.genes.items())) for r in answer}) > 1
    for r in answer:
        who = ""
        if r.population_label:
            when = f" ({escape(r.population_when, 300)})" if r.population_when else ""
            who = f"{bold(capitalised(r.population_label))}{when}: "
        if several:
            phrases = [gene_phrase(g, p) for g, p in r.genes.items() if p != NO_RESULT]
            who += f"if {escape(' and '.join(phrases))}: "
        graded = r.strength and r.strength not in ("n/a", "No Recommendation")
        strength = f" *{r.source} strength: {r.strength}.*" if graded else ""
        lines.append(f"{who}{escape(r.detail, 2000)}{strength}")
    return list(dict.fromkeys(lines))


def _reasons(answer: Sequence[Recommendation]) -> list[str]:
    return list(
        dict.fromkeys(
            f"{escape(gene)}: {escape(text, 1000)}"
            for r in answer
            for gene, text in r.implications.items()
            if r.genes.get(gene) != NO_RESULT
        )
    )


def _result_line(gene: str, results: Mapping[str, GeneResult]) -> str:
    result = results.get(gene)
    if result is None or result.status == "not-tested":
        return f"{escape(gene)}: no result on file."
    if result.status == "not-called":
        return f"{escape(gene)}: tested, no usable answer{_from(result)}."
    named = " or ".join(escape(d.stated or d.name) for d in result.diplotypes)
    if result.allele_status:
        states = ", ".join(f"{name} {state}" for name, state in result.allele_status.items())
        named = f"{named}: {escape(states)}" if named else escape(states)
        return f"{escape(gene)} {named}{_from(result)}."
    said = result.phenotype or ""
    if result.activity_score and result.activity_score != "n/a":
        said += f", activity score {result.activity_score}"
    if result.status == "conflict":
        said += " (results disagree, see Limits)"
    return f"{escape(gene)} {named}{': ' if named and said else ''}{escape(said)}{_from(result)}."


def _from(result: GeneResult) -> str:
    origin = ", ".join(escape(reference, 80) for reference in result.derived_from[:3])
    more = " and others" if len(result.derived_from) > 3 else ""
    day = f", {escape(result.when[:10])}" if result.when else ", date not stated"
    return f" ({origin}{more}{day})" if origin else ""


def _alternatives(answer: Sequence[Recommendation]) -> list[str]:
    words = {
        "no-concern": "no genetic concern found",
        "caution": "caution",
        "avoid": "advised against for this patient too",
        "unknown": "not judged",
    }
    return list(
        dict.fromkeys(
            f"{escape(a.name)}: {words[a.verdict]}. {escape(a.reason, 300)}"
            for r in answer
            for a in r.alternatives
        )
    )


def _considerations(answer: Sequence[Recommendation]) -> list[str]:
    return list(dict.fromkeys(escape(text, 2000) for r in answer for text in r.considerations))


def _limits(answer: Sequence[Recommendation], context: CardContext) -> list[str]:
    caveats = dict.fromkeys(caveat for r in answer for caveat in r.caveats)
    if context.incomplete:
        caveats[
            Caveat(
                "PGX-622", "The EHR sent only the first page of its data; a result may be missing."
            )
        ] = None
    return [f"{escape(caveat.text, 400)} ({caveat.code})" for caveat in caveats]


def _source_line(answer: Sequence[Recommendation], context: CardContext) -> str:
    evidence = answer[0].evidence[0]
    papers = ", ".join(
        f"PMID {p.pmid}" + (f" ({p.year})" if p.year else "") for p in evidence.publications[:2]
    )
    return (
        f"**Source** {answer[0].source}: {escape(evidence.title)}, {papers}; table of "
        f"{evidence.retrieved}, in our words. Knowledge release {context.knowledge_release}. "
        "This informs; the prescriber decides."
    )


def _links(answer: Sequence[Recommendation]) -> tuple[Link, ...]:
    evidence = answer[0].evidence[0]
    links = [Link(f"{answer[0].source} guideline: {evidence.title}", evidence.url)]
    if evidence.publications:
        pmid = evidence.publications[0].pmid
        links.append(Link(f"PubMed {pmid}", f"https://pubmed.ncbi.nlm.nih.gov/{pmid}/"))
    return tuple(links)


def _extension(
    order: MedicationOrder, answer: Sequence[Recommendation], context: CardContext
) -> dict[str, object]:
    return {
        EXTENSION: {
            "orders": [order.reference],
            "rules": [r.rule for r in answer],
            "knowledge": {
                "release": context.knowledge_release,
                "sha256": context.knowledge_sha256,
            },
        }
    }


def _unanswered_card(
    order: MedicationOrder,
    answer: Unanswered,
    context: CardContext,
    source: str,
    *,
    important: bool,
) -> Card | None:
    """A quiet card: guidance exists, this patient's result does not (or does not answer)."""
    untested = answer.reason == "not-tested"
    if untested and (context.untested == "none" or not (important or context.untested == "all")):
        return None
    label, url = SOURCES[source]
    genes = " and ".join(answer.genes)
    said = {
        "not-tested": f"no {genes} result on file; {source} advice depends on it.",
        "not-called": f"{genes} tested without a usable answer; {source} advice depends on it.",
    }.get(answer.reason, f"{source} has no advice for this {genes} result.")
    subject = topic(source, answer.drug, answer.genes, answer.reason)
    card_id = uuid.uuid5(context.namespace, f"{order.reference} {subject.code}")
    detail = [
        f"**Order** {escape(order.concept.label or answer.drug)}{_matched(order)}",
        escape(answer.text, 600),
        "A missing or unusable result is not a normal result. If the result is elsewhere in the "
        "chart, it did not reach this service."
        if answer.reason != "no-row"
        else "",
    ]
    if context.incomplete:
        detail.append("The EHR sent only the first page of its data; a result may be missing.")
    detail.append(
        f"**Source** {source}; knowledge release {context.knowledge_release}. This informs; the "
        "prescriber decides."
    )
    return Card(
        uuid=str(card_id),
        summary=cut(f"{plain(capitalised(answer.drug), 60)}: {said}", LIMIT),
        indicator="info",
        source=Source(label, url, subject),
        detail="\n\n".join(part for part in detail if part),
        override_reasons=(),
        orders=(order.reference,),
        rules=(),
        extension={
            EXTENSION: {
                "orders": [order.reference],
                "unanswered": answer.reason,
                "knowledge": {
                    "release": context.knowledge_release,
                    "sha256": context.knowledge_sha256,
                },
            }
        },
    )

"""The card of a drug whose genes have no usable result, and the one test offered for all of them.

A missing result is neither normal nor an alarm: the card is `info`, and a `warning` only where the
drug's label has the test before the first dose, or recommends it against lasting harm. Of all cards
of a call one offers the test; the others say where it stands.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fhir_pgx.cards.context import CardContext
from fhir_pgx.cards.dates import day_of
from fhir_pgx.cards.detail import is_untested, matched, result_line, section, told
from fhir_pgx.cards.form import is_for_local_use
from fhir_pgx.cards.headline import LIMIT, capitalised
from fhir_pgx.cards.markdown import cut, escape, plain
from fhir_pgx.cards.sections import with_section
from fhir_pgx.cards.source import EXTENSION, SOURCES, topic
from fhir_pgx.cards.unanswered import limits_of, results_elsewhere
from fhir_pgx.model.card import Action, Card, Facets, Indicator, Source, Suggestion
from fhir_pgx.model.drug import MedicationOrder
from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.phenotype import GeneResult, Status
from fhir_pgx.model.recommendation import Unanswered
from fhir_pgx.model.test_order import TestOrder
from fhir_pgx.model.test_plan import Need, TestPlan, Weight
from fhir_pgx.terminology import LOINC, SNOMED

_RANK = {"critical": 0, "warning": 1, "info": 2}
_MISSING_IS_NOT_NORMAL = (
    "A missing or unusable result is not a normal result. If there is another result in the "
    "chart, it did not reach this service."
)
ORDERS_FAILED = Caveat(
    "PGX-628",
    "Open orders could not be looked for: the list could not be obtained, and a test may be "
    "ordered already.",
)
_NOT_WHETHER = "CPIC says what to do with a result, not whether to test."
_LABELS = {
    "Testing Required": "the FDA label requires this test",
    "Testing Recommended": "the FDA label recommends this test",
    "Actionable PGx": "the FDA label has advice by the result and does not ask for the test",
    "Informative PGx": "the FDA label mentions the gene",
    "No Clinical PGx": "the FDA label sees no consequence",
}


def pretest_card(
    order: MedicationOrder,
    answer: Unanswered,
    results: Mapping[str, GeneResult],
    context: CardContext,
    *,
    source: str,
    needs: Sequence[Need],
    plan: TestPlan,
) -> Card | None:
    """The card of a drug that no source answers for want of results; None where the settings ask
    for none. `needs` are what this drug waits for.

    What is on file and was not usable is shown with its caveats and in any setting: a tumour
    result, one allele of two, a variant that was not called. Somebody tested, and expects an
    answer.
    """
    if is_for_local_use(order):
        return None
    asked = [need for need in needs if need.gene in answer.genes] or list(needs)
    weight = min((need.weight for need in asked), default=Weight.SOME)
    seen = [gene for gene in answer.genes if gene in results and results[gene].caveats]
    is_bare = answer.reason == "not-tested" and not seen
    elsewhere = results_elsewhere(answer.genes, results, context) if is_bare else None
    # Of a report nobody knows which genes it answers for: it is told where a result matters.
    is_awaited = elsewhere is not None and weight < Weight.SOME
    if is_bare and not is_awaited and not _is_asked_for(weight, context):
        return None
    label, url = SOURCES[source]
    subject = topic(source, answer.drug, answer.genes, answer.reason)
    limits = [_looked_for(asked, answer), *limits_of(answer.genes, results, context)]
    parts = (
        f"**Order** {escape(order.concept.label or answer.drug)}{matched(order)}",
        escape(elsewhere.text if elsewhere else answer.text, 600),
        section("What a result could change", [escape(each, 400) for each in _at_stake(asked)]),
        section("Who asks for a result", [escape(each, 300) for each in _grades(asked)]),
        section("Results", [_result_line(gene, results, context) for gene in answer.genes]),
        section("Limits", [told(caveat) for caveat in limits]),
        _MISSING_IS_NOT_NORMAL,
        f"**Source** {source}; levels of CPIC's table of gene-drug pairs; knowledge release "
        f"{context.knowledge_release}. This informs; the prescriber decides.",
    )
    said = f"{_missing(asked, answer, results, context)}; {_tail(asked, plan, source)}."
    return Card(
        uuid=str(uuid.uuid5(context.namespace, f"{order.reference} {subject.code}")),
        summary=cut(f"{plain(capitalised(answer.drug), 60)}: {said}", LIMIT),
        indicator=_indicator(order, weight),
        source=Source(label, url, subject),
        detail="\n\n".join(part for part in parts if part),
        orders=(order.reference,),
        facets=Facets(answer.drug, answer.rxcui, answer.genes, source=source, action=answer.reason),
        extension={
            EXTENSION: {
                "orders": [order.reference],
                "unanswered": answer.reason,
                "untested": [need.target for need in asked],
                "knowledge": {"release": context.knowledge_release},
            }
        },
    )


def _result_line(gene: str, results: Mapping[str, GeneResult], context: CardContext) -> str:
    """As on every card; but "on file" is not what is known where a report came without results."""
    if context.reports and (gene not in results or is_untested(results[gene])):
        return f"{escape(gene)}: no result came; a genetic report on file may hold one."
    return result_line(gene, results)


def _is_asked_for(weight: Weight, context: CardContext) -> bool:
    """Whether the settings ask for a card where nothing at all is on file."""
    if context.untested == "none":
        return False
    return context.untested == "all" or weight < Weight.SOME


def _indicator(order: MedicationOrder, weight: Weight) -> Indicator:
    return "warning" if weight is Weight.BEFORE_USE and order.proposed else "info"


def _missing(
    asked: Sequence[Need],
    answer: Unanswered,
    results: Mapping[str, GeneResult],
    context: CardContext,
) -> str:
    """Each gene in its own state: not tested and tested without an answer are two things. A part of
    the data that did not come is a third."""
    targets = {need.target: need.gene for need in asked} or {g: g for g in answer.genes}
    unusable = [
        target
        for target, gene in targets.items()
        if gene in results and results[gene].status is Status.NOT_CALLED
    ]
    untested = [target for target in targets if target not in unusable]
    tumour = any(
        caveat.code == "PGX-610"
        for target in untested
        if (found := results.get(targets[target])) is not None and is_untested(found)
        for caveat in found.caveats
    )
    where = "in the part of the data that came" if context.incomplete else "on file"
    kind = "germline " if tumour else ""
    states = [f"no {kind}{' or '.join(sorted(untested))} result {where}"] if untested else []
    if untested and context.reports:
        states = [f"a genetic report came without its results ({' or '.join(sorted(untested))}?)"]
    if unusable:
        states.append(f"{' and '.join(sorted(unusable))} on file without a usable answer")
    return ", ".join(states)


def _tail(asked: Sequence[Need], plan: TestPlan, source: str) -> str:
    first = [need for need in asked if need.weight is Weight.BEFORE_USE]
    orders = [plan.order_of(need.target) for need in asked]
    if asked and all(orders):
        order = orders[0]
        assert order is not None
        return f"a test is {_state(order)} already{_day(order)}"
    if first:
        level = first[0].level
        verb = "requires" if level is not None and level.test_required else "recommends"
        targets = " and ".join(sorted({need.target for need in first}))
        return f"the FDA label {verb} testing for {targets}"
    return f"{source} advice depends on it"


def _at_stake(asked: Sequence[Need]) -> list[str]:
    return list(dict.fromkeys(need.at_stake for need in asked if need.at_stake))


def _grades(asked: Sequence[Need]) -> list[str]:
    """What those who grade the pair say, in our words."""
    lines = []
    for gene, level in {need.gene: need.level for need in asked}.items():
        if level is None:
            lines.append(f"{gene}: not graded for this drug.")
            continue
        means = ": a result should change what is prescribed" if level.cpic == "A" else ""
        said = [f"CPIC level {level.cpic}{', provisional' if level.provisional else ''}{means}"]
        said += [f"ClinPGx evidence {level.clinpgx}"] if level.clinpgx else []
        said += [_LABELS[level.label]] if level.label else []
        lines.append(f"{gene}: {'; '.join(said)}.")
    return [*lines, _NOT_WHETHER] if lines else []


def _looked_for(asked: Sequence[Need], answer: Unanswered) -> Caveat:
    targets = sorted({need.target for need in asked}) or list(answer.genes)
    return Caveat(
        "PGX-677",
        f"Looked for {', '.join(targets)} in reported genotypes and phenotypes, reports and "
        "variants that reached this service. A scan, a paper or another hospital's result does "
        "not reach it.",
    )


def _state(order: TestOrder) -> str:
    return "drafted" if order.proposed else "ordered"


def _day(order: TestOrder) -> str:
    day = day_of(order.when)
    return f" ({day})" if day else ""


# The one test


@dataclass(frozen=True, slots=True)
class Requester:
    """Whom an order of this call is for and by: `subject` and `encounter` are references, `user`
    the `Type/id` of the caller; empty where not known. `release` is the FHIR release spoken."""

    subject: str
    today: str
    encounter: str = ""
    user: str = ""
    release: str = "R4"


def offer_tests(
    cards: Sequence[Card], plan: TestPlan, requester: Requester | None, context: CardContext
) -> list[Card]:
    """The cards, each that waits for a result with a section on testing; the weightiest of those
    that the proposed test serves offers it. None offers it where `requester` is None, or where the
    release has no ServiceRequest."""
    concerned = [i for i, card in enumerate(cards) if _waits(card, plan)]
    serves = [
        i for i in concerned if any(n.target in plan.asked for n in _needs_on(cards[i], plan))
    ]
    made = list(cards)
    offered = None
    if plan.panel and serves and requester and requester.release != "DSTU2":
        offered = min(serves, key=lambda i: _RANK[cards[i].indicator])
        made[offered] = replace(
            cards[offered],
            suggestions=(
                *cards[offered].suggestions,
                _suggestion(plan, requester, context),
            ),
        )
    for i in concerned:
        needs = _needs_on(cards[i], plan)
        lines = _testing(needs, plan, offers=i == offered, elsewhere=offered is not None)
        lines += [told(ORDERS_FAILED)] if lines and context.orders_failed else []
        # Advice that rests on the other genes is no answer to what a label has tested first.
        first = any(need.weight is Weight.BEFORE_USE for need in needs)
        made[i] = replace(
            made[i],
            detail=with_section(made[i].detail, section("Testing", lines)),
            indicator="warning" if first and made[i].indicator == "info" else made[i].indicator,
        )
    return made


def admission_card(
    plan: TestPlan, requester: Requester | None, context: CardContext
) -> Card | None:
    """At admission: one test that would serve several medicines in use. None where it would serve
    fewer than two, where the settings want nothing said of missing results, or where nothing can be
    offered: a hint that one cannot act on is noise."""
    served = [n for n in plan.needs if n.target in plan.asked and n.weight <= Weight.HIGH]
    drugs = list(dict.fromkeys(need.drug for need in served))
    if context.untested == "none" or plan.panel is None or len(drugs) < 2:
        return None
    if requester is None or requester.release == "DSTU2":
        return None
    label, url = SOURCES["CPIC"]
    subject = topic("CPIC", "medicines in use", plan.asked, "test")
    orders = tuple(dict.fromkeys(need.order for need in served if need.order))
    waiting = [
        f"{escape(capitalised(drug))}: "
        + escape(", ".join(dict.fromkeys(n.target for n in served if n.drug == drug)))
        for drug in drugs
    ]
    parts = (
        section("Medicines in use (CPIC level A or A/B) without a result", waiting),
        section(
            "Testing",
            _testing(served, plan, offers=True, elsewhere=True)
            + ([told(ORDERS_FAILED)] if context.orders_failed else []),
        ),
        f"{_NOT_WHETHER} {_MISSING_IS_NOT_NORMAL}",
        f"**Source** levels of CPIC's table of gene-drug pairs (A, A/B); knowledge release "
        f"{context.knowledge_release}. This informs; the prescriber decides.",
    )
    said = f"{len(drugs)} medicines in use wait for results of {', '.join(plan.asked)}: one test."
    return Card(
        uuid=str(uuid.uuid5(context.namespace, subject.code)),
        summary=cut(plain(said, 300), LIMIT),
        indicator="info",
        source=Source(label, url, subject),
        detail="\n\n".join(part for part in parts if part),
        suggestions=(_suggestion(plan, requester, context),),
        orders=orders,
        extension={
            EXTENSION: {
                "orders": list(orders),
                "unanswered": "not-tested",
                "untested": list(plan.asked),
                "knowledge": {"release": context.knowledge_release},
            }
        },
    )


def _needs_on(card: Card, plan: TestPlan) -> list[Need]:
    return [need for order in card.orders for need in plan.of(order)]


def _waits(card: Card, plan: TestPlan) -> bool:
    return any(need.weight < Weight.SOME for need in _needs_on(card, plan))


def _testing(needs: Sequence[Need], plan: TestPlan, *, offers: bool, elsewhere: bool) -> list[str]:
    targets = list(dict.fromkeys(need.target for need in needs if need.weight < Weight.SOME))
    lines = []
    for target in targets:
        order = plan.order_of(target)
        if order is None:
            continue
        told_by = f"{escape(order.label or 'a genetic test', 100)}, {escape(order.reference, 80)}"
        lines.append(
            f"{escape(target)}: a test is {_state(order)} already{_day(order)}: {told_by}."
        )
        if order.may_be_any:
            lines.append(
                told(
                    Caveat(
                        "PGX-679",
                        "That order does not name its genes: ask the laboratory whether it reads "
                        f"{target}.",
                    )
                )
            )
    mine = [target for target in targets if target in plan.asked]
    if mine and plan.panel is not None:
        what = f"{escape(plan.panel.display)} (LOINC {plan.panel.code})"
        line = f"One test would answer for {escape(', '.join(plan.asked))}: {what}."
        if offers:
            line += " It comes with this card."
        elif elsewhere:
            line += " It comes with another card of this call."
        lines.append(line)
    alone = [target for target in targets if target in plan.left]
    if alone:
        need = "needs a test of its own" if len(alone) == 1 else "need tests of their own"
        lines.append(told(Caveat("PGX-680", f"{', '.join(alone)} {need}; none is offered here.")))
    return lines


def _suggestion(plan: TestPlan, requester: Requester, context: CardContext) -> Suggestion:
    panel = plan.panel
    assert panel is not None
    asked = ", ".join(plan.asked)
    drugs = ", ".join(dict.fromkeys(need.drug for need in plan.needs if need.target in plan.asked))
    label = f"Order a test: {cut(asked, 60)}"
    known = (
        "Open orders could not be looked for: one for it may exist."
        if context.orders_failed
        else "Among what reached this service there is no order for it."
    )
    action = Action(
        "create",
        f"{label}. {panel.display} (LOINC {panel.code}), as a draft for you to sign. {known}",
        service_request(plan, drugs, requester),
    )
    key = f"test {panel.code} {asked}"
    return Suggestion(label, str(uuid.uuid5(context.namespace, key)), (action,))


def service_request(plan: TestPlan, drugs: str, requester: Requester) -> dict[str, Any]:
    """The draft order of a plan's test: whole, and without what nobody stated."""
    panel = plan.panel
    assert panel is not None
    asked = ", ".join(plan.asked)
    code = {
        "coding": [{"system": LOINC, "code": panel.code, "display": panel.display}],
        "text": f"{panel.display}, for {asked}" if panel.is_open else panel.display,
    }
    reason = {"text": f"Drug response, {asked}: {drugs}"}
    return draft_order(code, reason, requester)


def draft_order(
    code: dict[str, Any], reason: dict[str, Any], requester: Requester
) -> dict[str, Any]:
    """A laboratory ServiceRequest as a draft, in the release of whoever is to sign it.

    Args:
        code: What is asked for, a CodeableConcept.
        reason: Why, a CodeableConcept.
        requester: For whom, when and by whom; not of DSTU2, which has no ServiceRequest.
    """
    request: dict[str, Any] = {
        "resourceType": "ServiceRequest",
        "status": "draft",
        "intent": "order",
        "category": [
            {
                "coding": [
                    {
                        "system": SNOMED,
                        "code": "108252007",
                        "display": "Laboratory procedure",
                    }
                ]
            }
        ],
        "code": {"concept": code} if requester.release == "R5" else code,
        "subject": {"reference": requester.subject},
        "authoredOn": requester.today,
    }
    if requester.encounter:
        request["encounter"] = {"reference": requester.encounter}
    if requester.user.partition("/")[0] in ("Practitioner", "PractitionerRole"):
        request["requester"] = {"reference": requester.user}
    if requester.release == "R5":
        request["reason"] = [{"concept": reason}]
    else:
        request["reasonCode"] = [reason]
    return request

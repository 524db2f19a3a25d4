"""The card of an order for a genetic test that was answered, ordered or drafted before.

What a person inherits does not change: a germline result needs no second test unless the first did
not look for enough. The card shows what is known, what was not looked for, and what only the new
test would tell.
"""

import uuid
from collections.abc import Mapping

from fhir_pgx.cards.context import CardContext
from fhir_pgx.cards.dates import day_of
from fhir_pgx.cards.detail import INCOMPLETE, result_line, section, told
from fhir_pgx.cards.headline import LIMIT
from fhir_pgx.cards.markdown import cut, escape, plain
from fhir_pgx.cards.pretest import ORDERS_FAILED
from fhir_pgx.cards.source import EXTENSION, source_of, topic
from fhir_pgx.model.card import Card
from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.phenotype import GeneResult
from fhir_pgx.model.test_order import TestOrder
from fhir_pgx.model.test_plan import RepeatedTest

_MANY = 4  # genes that a summary names one by one


def ordered_test_card(
    repeated: RepeatedTest, results: Mapping[str, GeneResult], context: CardContext
) -> Card:
    """An info card for one order, or for several that are equal."""
    first = repeated.orders[0]
    asked = first.alleles or first.genes or ("panel",)
    subject = topic("order", "genetic test", asked, "again")
    references = [order.reference for order in repeated.orders]
    known = list(dict.fromkeys(target.partition("*")[0] for target in repeated.known))
    parts = (
        f"**Order** {escape(first.label or 'genetic test')} ({escape(', '.join(references), 200)})",
        section("Ordered already", [_order_line(order) for order in repeated.running]),
        section("Known already", [result_line(gene, results) for gene in known]),
        section("What the result on file does not cover", _uncovered(repeated, results)),
        section("Not known yet", [escape(target) for target in repeated.unknown]),
        section("Limits", _limits(repeated, context)),
        f"**Source** results on file; knowledge release {context.knowledge_release}. This "
        "informs; the prescriber decides.",
    )
    return Card(
        uuid=str(uuid.uuid5(context.namespace, f"{references[0]} {subject.code}")),
        summary=cut(plain(_said(repeated, results), 300), LIMIT),
        indicator="info",
        source=source_of((), subject),
        detail="\n\n".join(part for part in parts if part),
        orders=tuple(references),
        extension={
            EXTENSION: {
                "orders": references,
                "known": list(repeated.known),
                "unknown": list(repeated.unknown),
                "running": [order.reference for order in repeated.running],
                "knowledge": {"release": context.knowledge_release},
            }
        },
    )


def _said(repeated: RepeatedTest, results: Mapping[str, GeneResult]) -> str:
    first = repeated.orders[0]
    named = _some(first.alleles or first.genes) or "Pharmacogenomic panel"
    if not repeated.known:
        if repeated.running:
            order = repeated.running[0]
            return f"{named}: this test is ordered already{_day(order.when)}."
        return f"{named}: the same test stands {len(repeated.orders)} times among these orders."
    if first.may_be_any:
        return f"Panel ordered; already on file: {_some(repeated.known)}."
    if repeated.unknown:
        return f"On file already: {_some(repeated.known)}. Not yet: {_some(repeated.unknown)}."
    dates = {day_of(results[target.partition("*")[0]].when) for target in repeated.known}
    when = _day(dates.pop()) if len(dates) == 1 else ""
    if repeated.partial:
        return f"{named}: a result is on file{when}, from a test that did not look for everything."
    return f"{named}: the result is on file already{when}; germline results do not expire."


def _some(targets: tuple[str, ...]) -> str:
    more = f" and {len(targets) - _MANY} more" if len(targets) > _MANY else ""
    return ", ".join(targets[:_MANY]) + more


def _day(when: str) -> str:
    day = day_of(when)
    return f" ({day})" if day else ""


def _order_line(order: TestOrder) -> str:
    when = _day(order.when) or " (date not stated)"
    line = f"{escape(order.label or 'genetic test')}{escape(when)}, {escape(order.reference, 80)}"
    return f"{line}: which genes it reads is not stated" if order.may_be_any else line


def _uncovered(repeated: RepeatedTest, results: Mapping[str, GeneResult]) -> list[str]:
    """What the earlier test did not look for, gene by gene; that nobody said it, too."""
    lines = []
    for target in repeated.known:
        gene, star, _ = target.partition("*")
        result = results[gene]
        coverage = result.coverage
        if coverage is not None and (coverage.missing or coverage.no_call):
            unread = [*coverage.missing, *coverage.no_call]
            matters = ", ".join(coverage.could_change)
            lines.append(
                escape(
                    f"{gene}: {coverage.tested} positions read; not read: {', '.join(unread)}. "
                    + (
                        f"Carried, these would change the result: {matters}."
                        if matters
                        else "None of it would change the result."
                    ),
                    500,
                )
            )
        elif result.allele_status and not star and not result.alleles:
            typed = ", ".join(f"{name} {state}" for name, state in result.allele_status.items())
            lines.append(escape(f"{gene}: single alleles were looked for ({typed}), not all."))
        elif coverage is None and not star:
            lines.append(f"{escape(gene)}: the report does not say which positions were read.")
    return list(dict.fromkeys(lines))


def _limits(repeated: RepeatedTest, context: CardContext) -> list[str]:
    limits = []
    if repeated.partial:
        limits.append(
            Caveat(
                "PGX-678",
                f"A fuller test may add to what is known of {', '.join(repeated.partial)}. A "
                "second test of the same extent would not.",
            )
        )
    if context.incomplete:
        limits.append(INCOMPLETE)
    if context.orders_failed:
        limits.append(ORDERS_FAILED)
    lines = [told(caveat) for caveat in limits]
    if repeated.known:
        lines.append(
            "A germline result holds for life. After a transplant of marrow or liver, blood or "
            "liver may carry the donor's genes."
        )
    return lines

"""The draft order for a molecular test of a tumour: one suggestion, for a clinician to sign.

Its code is text alone: LOINC has no term for most sets of genes, and a term that nearly fits would
order another test.
"""

import uuid
from collections.abc import Sequence

from fhir_pgx.cards.context import CardContext
from fhir_pgx.cards.markdown import cut, plain
from fhir_pgx.cards.pretest import Requester, draft_order
from fhir_pgx.model.card import Action, Suggestion
from fhir_pgx.model.test_order import TestOrder

TISSUE, GERMLINE = "tumour tissue", "blood (germline)"
_MOST = 12  # tests that a draft names one by one


def not_ordered(
    wanted: Sequence[tuple[str, tuple[str, ...]]], tests: Sequence[TestOrder]
) -> tuple[list[str], list[TestOrder]]:
    """Of tests (name, genes) those that no open order asks for, and the orders that do."""
    left: list[str] = []
    running: dict[str, TestOrder] = {}
    for name, genes in wanted:
        order = next((each for each in tests if _asks(each, name, genes)), None)
        if order is None:
            left.append(name)
        else:
            running[order.reference] = order
    return list(dict.fromkeys(left)), list(running.values())


def _asks(order: TestOrder, name: str, genes: Sequence[str]) -> bool:
    words = order.label.lower()
    named = [gene for gene in genes if gene.lower() in words]
    if genes and (len(named) == len(genes) or all(gene in order.genes for gene in genes)):
        return True
    return name.lower() in words


def specimen_of(names: Sequence[str], usual: str) -> str:
    """HLA and what is germline are tested of the patient, whatever else is asked of the tumour."""
    if names and all(name.startswith("germline") for name in names):
        return GERMLINE
    typed = [name.startswith("HLA") for name in names]
    if typed and all(typed):
        return GERMLINE
    return f"{usual}, HLA of {GERMLINE}" if any(typed) else usual


def offered_test(
    names: Sequence[str],
    reason: str,
    requester: Requester | None,
    context: CardContext,
    *,
    specimen: str = TISSUE,
) -> tuple[Suggestion, ...]:
    """Nothing where nobody may be offered anything, or the release has no ServiceRequest."""
    if not names or requester is None or requester.release == "DSTU2":
        return ()
    asked = ", ".join(plain(name, 60) for name in names[:_MOST])
    label = f"Order a test: {cut(asked, 60)}"
    known = (
        "Open orders could not be looked for: one for it may exist."
        if context.orders_failed
        else "Among what reached this service there is no order for it."
    )
    action = Action(
        "create",
        f"{label}. A molecular test of {specimen}, as a draft for you to sign. {known}",
        draft_order(
            {"text": f"Molecular test of {specimen}: {asked}"},
            {"text": plain(reason, 160)},
            requester,
        ),
    )
    return (Suggestion(label, str(uuid.uuid5(context.namespace, f"test {asked}")), (action,)),)

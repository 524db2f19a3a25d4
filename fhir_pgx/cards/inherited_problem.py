"""The card of a new problem whose genes nobody tested: which test, and what turns on it."""

import uuid
from collections.abc import Iterable, Sequence

from fhir_pgx.cards.context import CardContext
from fhir_pgx.cards.detail import section
from fhir_pgx.cards.headline import capitalised
from fhir_pgx.cards.inherited import MOST_LINES
from fhir_pgx.cards.markdown import escape, plain
from fhir_pgx.cards.pretest import Requester, draft_order
from fhir_pgx.cards.source import HOUSE
from fhir_pgx.cards.therapy import subject_of, therapy_card
from fhir_pgx.model.card import Action, Card, Source, Suggestion
from fhir_pgx.model.finding import Caveat

NO_FINDING = Caveat(
    "PGX-802",
    "Nothing of these genes is on file: that is no negative result. A report elsewhere does not "
    "reach this service.",
)


def untested_card(
    problem: str,
    genes: Sequence[str],
    therapies: Iterable[str],
    context: CardContext,
    requester: Requester | None,
    *,
    about: str,
) -> Card:
    """A new problem whose genes nobody tested: the test is named, and offered where it may be."""
    said = ", ".join(genes[:6])
    named = capitalised(plain(problem, 60))
    drugs = list(dict.fromkeys(therapies))
    subject = subject_of((), "inherited problem", "-".join(genes[:4]), "test-first")
    turns = [f"{escape(drug)}" for drug in drugs[:MOST_LINES]]
    return therapy_card(
        subject=subject,
        summary=f"{named}: no {said} result on file; treatment or care turns on it.",
        indicator="info",
        parts=(
            f"**New problem** {escape(problem)}",
            section("Genes", [escape(gene) for gene in genes]),
            section("Therapies whose label or guideline turns on the result", turns),
            "Counselling comes with a genetic test; whether to test is for those who treat.",
        ),
        advice=(),
        context=context,
        about=about,
        limits=(NO_FINDING,),
        suggestions=_offer(genes, problem, requester, context),
        source=Source(HOUSE, None, subject),
    )


def _offer(
    genes: Sequence[str], problem: str, requester: Requester | None, context: CardContext
) -> tuple[Suggestion, ...]:
    if requester is None or requester.release == "DSTU2":
        return ()
    what = f"Genetic test: {', '.join(genes[:8])}"
    # The genes are in words, since no one code names them.
    draft = draft_order({"text": what}, {"text": plain(problem, 120)}, requester)
    action = Action("create", f"{what}, as a draft to be signed.", draft)
    key = f"inherited test {what}"
    return (Suggestion(what, str(uuid.uuid5(context.namespace, key)), (action,)),)

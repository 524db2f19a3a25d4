"""Cards as an EHR draws them: the answer of a hook call as a fragment of a page.

Its style is `static/cards.css`. It works without JavaScript; with htmx, and a `target`, the page
stays where it is.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from markupsafe import Markup

from fhir_pgx.workbench.drawn_cards.answers import read_answer
from fhir_pgx.workbench.drawn_cards.clients import client_named
from fhir_pgx.workbench.drawn_cards.feedback import Sent
from fhir_pgx.workbench.templates import fragment
from fhir_pgx.workbench.text.plain import web_address


def render_cards(
    answer: object,
    *,
    feedback_action: str,
    csrf: Markup,
    client: str = "generic",
    sent: Iterable[Sent] = (),
    kept: Mapping[str, str] | None = None,
    level: int = 3,
    prefix: str = "card",
    target: str = "",
) -> Markup:
    """The cards of an answer (`{"cards": […]}` or an OperationOutcome, as JSON) as `client` draws
    them.

    `feedback_action` is the address that buttons post to, of our own site (`/…`) or of the web;
    empty where nothing may be sent: buttons are then shown, and cannot be pressed. `csrf` is the
    form's hidden field, `kept` more hidden fields. `sent` is the feedback given already: each
    card's last one is shown with its JSON. `level` is that of the cards' headings, `prefix` begins
    every id, so that two answers can stand on one page; `target` is the id of the element that the
    answer to a button takes the place of, by htmx.
    """
    drawn_as = client_named(client)
    is_ours = feedback_action.startswith("/") and not feedback_action.startswith("//")
    return fragment(
        "views/cards.html",
        drawn=read_answer(answer, drawn_as),
        client=drawn_as,
        feedback_action=feedback_action if is_ours else web_address(feedback_action),
        csrf=csrf,
        sent=_by_card(sent),
        kept=kept or {},
        level=min(max(level, 2), 6),
        prefix=prefix,
        target=target,
    )


def _by_card(sent: Iterable[Sent]) -> dict[str, Any]:
    return {each.card: each for each in sent}

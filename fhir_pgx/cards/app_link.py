"""The link from a card to our SMART app, at the place of what the card speaks of.

It is for clients whose EHR may launch the app: for any other it would lead nowhere. The address has
neither patient nor drug in it: who the patient is, the launch says; where to open, `appContext`
(CDS Hooks, Link).
"""

from dataclasses import replace

from fhir_pgx.model.card import Card, Link
from fhir_pgx.model.passport import place_of_drug, place_of_gene

LABEL = "All results and medicines of this patient"


def with_app_link(cards: tuple[Card, ...], launch_url: str) -> tuple[Card, ...]:
    """The cards, each with a link to the app behind those that it has. A card of no single subject
    (that more cards were left out, that data are missing) gets none."""
    return tuple(_linked(card, launch_url) for card in cards)


def _linked(card: Card, launch_url: str) -> Card:
    about = card.facets
    if about is None or not (about.drug or about.genes):
        return card
    place = place_of_drug(about.drug) if about.drug else place_of_gene(about.genes[0])
    return replace(card, links=(*card.links, Link(LABEL, launch_url, "smart", place)))

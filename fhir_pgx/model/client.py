"""What a CDS Hooks client can do with a card: one profile a client, as data.

The decision is the same for every client; its shape is not. A profile says what a client takes, and
`cards.shape` makes of the same card what the client can use. Each value names where it comes from:
the clause of CDS Hooks 3.0, what the client's maker has published, or what running it showed
("seen").
"""

from dataclasses import dataclass

from fhir_pgx.model.card import ActionType, LinkType, SelectionBehavior
from fhir_pgx.terminology import RXNORM


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientProfile:
    """The defaults are those of a client that implements all of CDS Hooks 3.0.

    `most_actions` are of one suggestion, None where there is no limit. A client with `takes_dose`
    enters the dose of a suggested resource; one with `needs_concept` takes a suggested drug only
    from the text and the first code of `medicationCodeableConcept`. `selection_behavior` is the
    only one the client takes, None where it takes both. `also_coded` are pairs of code systems: a
    drug's code of the first is repeated under the second. `open_links` are the types of link that
    are sent wherever they lead; others only where their address begins with one of
    `registered_links`. `most_detail` is the length a detail should have, in code points, None where
    there is no limit; to reach it, the sections of `spare` are left out, first to go first.
    """

    name: str
    action_types: tuple[ActionType, ...] = ("create", "update", "delete")
    most_actions: int | None = None
    takes_dose: bool = True
    needs_concept: bool = False
    shows_label: bool = True
    keeps_recommended: bool = True
    selection_behavior: SelectionBehavior | None = None
    also_coded: tuple[tuple[str, str], ...] = ()
    override_reasons: bool = True
    open_links: tuple[LinkType, ...] = ("absolute", "smart")
    registered_links: tuple[str, ...] = ()
    tables: bool = True
    most_detail: int | None = None
    spare: tuple[str, ...] = ()


GENERIC = ClientProfile(name="generic")

EPIC = ClientProfile(
    name="epic",
    action_types=("create", "delete"),  # Epic's tutorial: no update of a medication order
    most_actions=1,  # Epic's tutorial: one action a suggestion
    takes_dose=False,  # Epic's tutorial: dose, route and frequency are those of the local orderable
    shows_label=False,  # Epic's tutorial: the action's description is shown, the label is not
    # Epic ticks a recommended suggestion beforehand. Here it is the new order alone: accepted
    # unread, it would leave two orders of the same kind standing.
    keeps_recommended=False,
    selection_behavior="any",  # Epic's tutorial: no other
    # Epic's tutorial: a drug is found by the OID form of the code system.
    also_coded=((RXNORM, "urn:oid:2.16.840.1.113883.6.88"),),
    open_links=("absolute",),  # Epic's tutorial: a SMART link must be registered beforehand
    tables=False,  # not said; a list reads the same everywhere
)

ORACLE = ClientProfile(
    name="oracle",
    action_types=(),  # Cerner's draft page: patient-view alone, where there is no order to change
    most_actions=0,
    takes_dose=False,
    override_reasons=False,  # Cerner's draft page is CDS Hooks 1.0, which has none
    # Cerner's draft page: the client itself takes out links that are not registered, so no text may
    # rest on one; what is registered later then shows without a change here.
    open_links=("absolute",),
    tables=False,  # Cerner's draft page: the panel is an eighth of the screen wide
    most_detail=1200,  # the same; our figure, about what such a panel shows without much scrolling
    spare=(  # none says what to do or to beware of
        "Why",
        "What would change this card",
        "Results",
        "Limited evidence in this cancer (CIViC C)",
        "Looked for and not found",
    ),
)

SANDBOX = ClientProfile(
    name="cds-hooks-sandbox",
    most_actions=1,  # seen: the first usable action counts; after a delete nothing is created
    takes_dose=False,  # seen: the form keeps the dose it has
    needs_concept=True,  # seen: else the button does nothing
)

PROFILES = {each.name: each for each in (GENERIC, EPIC, ORACLE, SANDBOX)}

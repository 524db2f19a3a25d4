"""A card's link to our app: at the place of its subject, for clients that may launch it."""

from fhir_pgx.cards.app_link import with_app_link
from fhir_pgx.cards.shape import shape
from fhir_pgx.cards.write import write_answer
from fhir_pgx.model.card import Card, Facets, Link, Source
from fhir_pgx.model.client import ClientProfile
from fhir_pgx.model.drug import Coding
from fhir_pgx.model.hook import HookAnswer

URL = "https://us.example.org/app/launch"


def card(facets, **more):
    source = Source("CPIC", "https://cpicpgx.org", Coding("s", "c"))
    return Card("3b8a1c52-6c29-4c3d-8a0e-0d7c8f6f1a11", "Summary", "info", source, facets=facets,
                **more)  # fmt: skip


def links(*cards):
    return [each.links for each in with_app_link(cards, URL)]


def test_a_card_on_a_drug_links_to_the_drug_and_one_on_genes_to_the_first():
    own = Link("Guideline", "https://example.org")
    of_drug, of_genes = links(
        card(Facets("aminosalicylic acid"), links=(own,)), card(Facets("", genes=("BRCA1", "TP53")))
    )
    assert of_drug[0] is own
    assert (of_drug[1].type, of_drug[1].url) == ("smart", URL)
    assert of_drug[1].app_context == "drug-aminosalicylic-acid"
    assert of_genes[0].app_context == "gene-BRCA1"


def test_a_card_of_no_single_subject_gets_none():
    assert links(card(None), card(Facets(""))) == [(), ()]


def test_the_context_leaves_as_the_standard_has_it_and_no_other_link_has_one():
    own = Link("Guideline", "https://example.org")
    (linked,) = with_app_link((card(Facets("codeine"), links=(own,)),), URL)
    first, second = write_answer(HookAnswer((linked,)))["cards"][0]["links"]
    assert "appContext" not in first
    assert (second["type"], second["appContext"]) == ("smart", "drug-codeine")


def test_a_client_that_opens_no_such_link_is_not_sent_one():
    linked = with_app_link((card(Facets("codeine")),), URL)
    closed = ClientProfile(name="closed", open_links=("absolute",))
    assert shape(linked, closed)[0].links == ()
    registered = ClientProfile(name="closed", open_links=("absolute",), registered_links=(URL,))
    assert shape(linked, registered)[0].links[0].app_context == "drug-codeine"

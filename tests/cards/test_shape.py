"""One decision in the shape of each client: what changes, and that nothing is lost on the way."""

import copy
import json
import re
from dataclasses import replace
from pathlib import Path

import jsonschema_rs
import pytest

from fhir_pgx.cards import detail as order_details
from fhir_pgx.cards.sections import fit, sections, title, with_section, without_tables
from fhir_pgx.cards.shape import shape
from fhir_pgx.cards.write import write_answer, write_card
from fhir_pgx.knowledge.profiles import schema
from fhir_pgx.model.card import Action, Card, Link, Source, Suggestion
from fhir_pgx.model.client import EPIC, GENERIC, ORACLE, PROFILES, SANDBOX
from fhir_pgx.model.drug import Coding
from fhir_pgx.model.hook import HookAnswer
from fhir_pgx.terminology import RXNORM

EXAMPLES = Path(__file__).parents[2] / "examples"
EVERY = list(PROFILES.values())
ORDER = "MedicationRequest/order-1"
CARD_ID = "3b8a1c52-6c29-4c3d-8a0e-0d7c8f6f1a11"
OID = "urn:oid:2.16.840.1.113883.6.88"

DRAFT = {
    "resourceType": "MedicationRequest",
    "id": "order-1",
    "identifier": [{"value": "placer-7"}],
    "meta": {"versionId": "3"},
    "status": "draft",
    "intent": "order",
    "subject": {"reference": "Patient/synthetic-1"},
}
CONCEPT = {
    "coding": [{"system": RXNORM, "code": "613391", "display": "prasugrel"}],
    "text": "Prasugrel",
}
PRASUGREL = DRAFT | {"medicationCodeableConcept": CONCEPT}
HALF = DRAFT | {
    "medicationCodeableConcept": {"text": "codeine 30 MG"},
    "dosageInstruction": [{"doseAndRate": [{"doseQuantity": {"value": 15, "unit": "mg"}}]}],
}
CHANGE = Suggestion(
    "Change to prasugrel",
    "00000000-0000-0000-0000-000000000001",
    (Action("update", "Change to prasugrel. Dose and route are yours to enter.", PRASUGREL),),
    is_recommended=True,
)
DOSE = Suggestion(
    "Change the single dose to 15 mg",
    "00000000-0000-0000-0000-000000000002",
    (Action("update", "Change the single dose to 15 mg, for you to confirm.", HALF),),
)
CANCEL = Suggestion(
    "Cancel this order of clopidogrel",
    "00000000-0000-0000-0000-000000000003",
    (Action("delete", "Cancel this order of clopidogrel.", resource_id=ORDER),),
)
DETAIL = "\n\n".join(
    (
        "**Order** clopidogrel 75 MG Oral Tablet",
        "**Before relying on this**\n\n- The result is preliminary. (PGX-604)",
        "**Advice**\n\n- If possible, do not give clopidogrel.",
        "**Sources differ**: CPIC against DPWG\n\n"
        "| Source | Advice | Strength | As of | |\n|---|---|---|---|---|\n"
        "| CPIC (CYP2C19) | Avoid if possible. | Strong | 2026-08-13 | leads this card |\n"
        "| DPWG (CYP2C19) | 150 mg a day. |  | 2024-04-23 | **differs** |",
        "**Why**\n\n- CYP2C19: less of the active metabolite forms.",
        "**Results**\n\n- CYP2C19 \\*2/\\*2, read as Poor Metabolizer.",
        "**Alternatives, judged by what is known of this patient**\n\n- prasugrel: not judged.",
        "**Limits**\n\n- Positions were not stated. (PGX-601)",
        "**Source** CPIC: CYP2C19 and clopidogrel. This informs; the prescriber decides.",
    )
)
LINK = Link("CPIC guideline", "https://cpicpgx.org/guideline")
APP = Link("Results of this patient", "https://pgx.example.org/app/launch", "smart")
CARD = Card(
    uuid=CARD_ID,
    summary="Clopidogrel: CYP2C19 Poor Metabolizer. Avoid if possible.",
    indicator="warning",
    source=Source("CPIC", "https://cpicpgx.org/", Coding("urn:fhir-pgx:topic", "T1", "CYP2C19")),
    detail=DETAIL,
    suggestions=(CHANGE,),
    override_reasons=(Coding("urn:fhir-pgx:override-reason", "will-monitor", "Will monitor"),),
    links=(LINK, APP),
    orders=(ORDER,),
    extension={"org.fhir-pgx.card": {"orders": [ORDER]}},
)
FULL = replace(CARD, suggestions=(CHANGE, DOSE, CANCEL))


def shaped(profile, card=CARD, **changes):
    (found,) = shape((replace(card, **changes),), profile)
    return found


def read_card(written):
    """A card as the examples hold it, read back."""
    source = written["source"]
    return Card(
        uuid=written["uuid"],
        summary=written["summary"],
        indicator=written["indicator"],
        source=Source(source["label"], source.get("url"), Coding(**source["topic"])),
        detail=written.get("detail", ""),
        suggestions=tuple(read_suggestion(each) for each in written.get("suggestions", [])),
        selection_behavior=written.get("selectionBehavior", "at-most-one"),
        override_reasons=tuple(Coding(**each) for each in written.get("overrideReasons", [])),
        links=tuple(Link(**each) for each in written.get("links", [])),
        extension=written["extension"],
    )


def read_suggestion(written):
    actions = [
        Action(each["type"], each["description"], each.get("resource"), each.get("resourceId", ""))
        for each in written["actions"]
    ]
    recommended = written.get("isRecommended", False)
    return Suggestion(written["label"], written["uuid"], tuple(actions), recommended)


def example_cards():
    """Every card of the examples, and one that has everything."""
    yield pytest.param(write_card(FULL), id="full")
    for file in sorted(EXAMPLES.glob("*/answer.json")):
        for i, written in enumerate(json.loads(file.read_bytes()).get("cards", [])):
            yield pytest.param(written, id=f"{file.parent.name}-{i}")


def words(card):
    """Everything that a client may show of a card, whatever it is marked up with."""
    actions = [action.description for each in card.suggestions for action in each.actions]
    labels = [each.label for each in card.suggestions]
    return squeezed(" ".join((card.summary, card.source.label, card.detail, *labels, *actions)))


def squeezed(text):
    """Marks of lists and tables apart, and what stands at the end of a sentence."""
    return " ".join(re.sub(r"[|*\\.;]|^- |\s---\s", " ", text, flags=re.MULTILINE).split())


def sentences(text):
    # The headings of a table say nothing by themselves, and an empty column has no cell to head.
    for line in re.sub(r"^\|.*\n\| ?-.*$", "", text, flags=re.MULTILINE).split("\n"):
        for cell in line.removeprefix("- ").split(" | "):
            for sentence in re.split(r"(?<=\.)\s", cell.strip("| ")):
                if squeezed(sentence).strip("- "):
                    yield squeezed(sentence)


# Nothing is lost


@pytest.mark.parametrize("profile", EVERY, ids=lambda profile: profile.name)
@pytest.mark.parametrize("written", list(example_cards()))
def test_no_card_loses_a_sentence_a_source_a_dose_or_an_alternative(written, profile):
    card = read_card(written)
    found = shaped(profile, card)
    text = words(found)
    left = [s for s in sections(card.detail) if title(s) in profile.spare and s not in found.detail]
    for name in {title(section) for section in left}:
        assert name in found.detail  # what is left out is named
    kept = "\n".join(s for s in sections(card.detail) if s not in left)
    assert [s for s in sentences(kept) if s not in text] == []
    assert [s.label for s in card.suggestions if squeezed(s.label) not in text] == []
    assert (found.summary, found.indicator, found.source) == (
        card.summary, card.indicator, card.source,
    )  # fmt: skip


def test_the_examples_hold_what_shaping_must_keep():
    """Else the test above could not fail."""
    cards = [read_card(each.values[0]) for each in example_cards()]
    assert any(card.suggestions for card in cards)
    assert {"Advice", "Results", "Limits", "Source"} <= {
        title(s) for card in cards for s in sections(card.detail)
    }
    assert len(cards) > 40
    lost = replace(cards[0], detail="")
    assert any(sentence not in words(lost) for sentence in sentences(cards[0].detail))


@pytest.mark.parametrize("profile", EVERY, ids=lambda profile: profile.name)
def test_every_shaped_card_is_cds_hooks(profile):
    cards = [read_card(each.values[0]) for each in example_cards()]
    written = write_answer(HookAnswer(shape(tuple(cards), profile)))
    faults = jsonschema_rs.validator_for(schema("response")).iter_errors(written)
    assert [fault.message for fault in faults] == []
    assert len(written["cards"]) == len(cards)
    assert all(len(card["summary"]) < 140 for card in written["cards"])


@pytest.mark.parametrize("profile", EVERY, ids=lambda profile: profile.name)
def test_shaping_changes_nothing_it_was_given_and_gives_the_same_again(profile):
    before = copy.deepcopy(FULL)
    first, second = shaped(profile, FULL), shaped(profile, FULL)
    assert before == FULL
    assert first == second
    ids = [each.uuid for each in first.suggestions]
    assert (first.uuid, len(set(ids))) == (CARD_ID, len(ids))


@pytest.mark.parametrize("profile", EVERY, ids=lambda profile: profile.name)
@pytest.mark.parametrize("written", list(example_cards()))
def test_what_is_updated_or_deleted_is_an_order_the_card_speaks_of(written, profile):
    orders = written["extension"]["org.fhir-pgx.card"].get("orders", [])
    for suggestion in shaped(profile, read_card(written)).suggestions:
        for action in suggestion.actions:
            if action.type == "delete":
                assert action.resource_id in orders
            if action.type == "update":
                assert f"{action.resource['resourceType']}/{action.resource['id']}" in orders


def test_the_generic_client_gets_the_card_as_it_was_decided():
    assert shaped(GENERIC, FULL) == FULL
    several = replace(FULL, selection_behavior="any")  # as a service of another package may say
    assert shaped(GENERIC, several) == several


# What each client is offered


@pytest.mark.parametrize(
    ("profile", "offered"),
    [
        (GENERIC, ["update", "update", "delete"]),
        (EPIC, ["create", "delete"]),  # a dose is ignored; the cancellation removes the old order
        (ORACLE, []),
        (SANDBOX, ["update", "delete"]),  # a dose is not entered
    ],
    ids=lambda each: getattr(each, "name", ""),
)
def test_each_client_is_offered_the_actions_it_carries_out(profile, offered):
    found = shaped(profile, suggestions=(CHANGE, DOSE, CANCEL))
    assert [action.type for each in found.suggestions for action in each.actions] == offered
    assert ("Change the single dose to 15 mg" in found.detail) is (profile is not GENERIC)


def test_epic_gets_a_new_order_and_beside_it_the_removal_of_the_present_one():
    found = shaped(EPIC)
    new, removal = found.suggestions
    (create,), (delete,) = new.actions, removal.actions
    assert create.type == "create"
    assert not {"id", "identifier", "meta"} & create.resource.keys()
    assert create.resource["subject"] == DRAFT["subject"]
    assert create.description.startswith("Change to prasugrel. ")  # Epic shows no label
    assert "remove that too" in create.description
    assert (delete.type, delete.resource_id) == ("delete", ORDER)
    assert write_card(found)["selectionBehavior"] == "any"
    # Ticked beforehand, the new order would be taken without the removal.
    assert not any("isRecommended" in each for each in write_card(found)["suggestions"])


def test_two_alternatives_for_epic_remove_the_present_order_once():
    other = replace(CHANGE, label="Change to ticagrelor", uuid=CHANGE.uuid[:-1] + "9")
    found = shaped(EPIC, suggestions=(CHANGE, other))
    assert [a.type for each in found.suggestions for a in each.actions] == [
        "create", "create", "delete",
    ]  # fmt: skip


def test_epic_finds_the_drug_by_the_oid_of_its_code_system():
    for resource in (PRASUGREL, DRAFT | {"medication": {"concept": CONCEPT}}):
        suggestion = replace(CHANGE, actions=(Action("update", "Change to prasugrel.", resource),))
        made = shaped(EPIC, suggestions=(suggestion,)).suggestions[0].actions[0].resource
        concept = made.get("medicationCodeableConcept") or made["medication"]["concept"]
        assert [(c["system"], c["code"]) for c in concept["coding"]] == [
            (RXNORM, "613391"),
            (OID, "613391"),
        ]


def test_a_description_carries_the_label_where_the_label_is_not_shown():
    bare = replace(CANCEL, actions=(replace(CANCEL.actions[0], description="Remove it."),))
    assert shaped(EPIC, suggestions=(bare,)).suggestions[0].actions[0].description == (
        "Cancel this order of clopidogrel. Remove it."
    )


@pytest.mark.parametrize(
    "resource",
    [
        {**DRAFT, "medicationCodeableConcept": {"coding": CONCEPT["coding"]}},  # no text
        {**DRAFT, "medicationCodeableConcept": {"text": "Prasugrel"}},  # no code
        {**DRAFT, "medicationCodeableConcept": {"text": "Prasugrel", "coding": [{"display": "P"}]}},
        {**DRAFT, "medication": {"concept": CONCEPT}},  # R5
    ],
)
def test_the_sandbox_gets_no_button_that_does_nothing(resource):
    suggestion = replace(CHANGE, actions=(Action("update", "Change to prasugrel.", resource),))
    found = shaped(SANDBOX, suggestions=(suggestion,))
    assert found.suggestions == ()
    assert "**To enter by hand**\n\n- Change to prasugrel." in found.detail


def test_a_swap_in_two_actions_goes_to_a_client_that_carries_both_out():
    swap = Suggestion(
        "Replace clopidogrel", CHANGE.uuid,
        (CANCEL.actions[0], Action("create", "Order prasugrel.", PRASUGREL)),
    )  # fmt: skip
    assert shaped(GENERIC, suggestions=(swap,)).suggestions == (swap,)
    for profile in (EPIC, SANDBOX, ORACLE):
        found = shaped(profile, suggestions=(swap,))
        assert found.suggestions == ()  # half a swap is none
        assert "Replace clopidogrel. Order prasugrel." in found.detail


def test_an_update_that_changes_no_drug_is_not_made_a_second_order():
    other = {**DRAFT, "resourceType": "ServiceRequest"}
    suggestion = replace(CHANGE, actions=(Action("update", "Make it urgent.", other),))
    found = shaped(EPIC, suggestions=(suggestion,))
    assert found.suggestions == ()
    assert "Make it urgent." in found.detail


def test_what_is_to_be_entered_by_hand_stands_beside_the_advice():
    titles = [title(each) for each in sections(shaped(ORACLE).detail)]
    assert titles[titles.index("Advice") + 1] == "To enter by hand"
    assert titles[-1] == "Source"


def test_a_label_that_somebody_typed_stays_text():
    typed = Action("update", "Change to *x* | <b>", HALF)
    found = shaped(EPIC, suggestions=(replace(DOSE, actions=(typed,)),))
    assert "Change to \\*x\\* \\| &lt;b&gt;" in found.detail


@pytest.mark.parametrize(
    ("profile", "registered", "sent"),
    [
        (GENERIC, (), [LINK, APP]),
        (SANDBOX, (), [LINK, APP]),
        (EPIC, (), [LINK]),
        (EPIC, ("https://pgx.example.org",), [LINK, APP]),
        (EPIC, ("https://pgx.example.or",), [LINK]),  # not the start of another address
        (ORACLE, (), [LINK]),
    ],
    ids=lambda each: getattr(each, "name", ""),
)
def test_a_smart_link_goes_to_a_client_that_knows_it(profile, registered, sent):
    found = shaped(replace(profile, registered_links=registered))
    assert list(found.links) == sent
    assert ("**Not linked here**\n\n- Results of this patient" in found.detail) is (APP not in sent)


def test_override_reasons_go_to_clients_of_a_release_that_has_them():
    kept = {profile.name: bool(shaped(profile).override_reasons) for profile in EVERY}
    assert kept == {"generic": True, "epic": True, "oracle": False, "cds-hooks-sandbox": True}


# The detail


def test_a_table_becomes_a_list_with_every_cell():
    assert without_tables(DETAIL).split("\n\n")[5:7] == [
        "**Sources differ**: CPIC against DPWG",
        "- CPIC (CYP2C19), leads this card: Avoid if possible; Strength: Strong; "
        "As of: 2026-08-13\n"
        "- DPWG (CYP2C19), **differs**: 150 mg a day; As of: 2024-04-23",
    ]


@pytest.mark.parametrize(
    ("table", "items"),
    [
        ("| a | b |\n|---|---|\n| 1 | x \\| y |", "- 1: x \\| y"),  # an escaped bar is no border
        ("| a | b |\n|:--|--:|\n| 1 ||", "- 1"),
        ("| a |\n|---|\n| 1 |\n| 2 |", "- 1\n- 2"),
        ("| a | b | |\n|---|---|---|\n| 1 |  | z |", "- 1, z"),
        ("| not a table", "| not a table"),
        ("- a | b\n- c | d", "- a | b\n- c | d"),
    ],
)
def test_tables_and_what_only_looks_like_one(table, items):
    assert without_tables(table) == items


@pytest.mark.parametrize("profile", [EPIC, ORACLE], ids=lambda profile: profile.name)
def test_no_table_reaches_a_client_that_may_not_show_it(profile):
    assert "|---" not in shaped(profile).detail
    assert "|---" in shaped(GENERIC).detail


def test_the_sections_of_a_detail_make_up_the_detail():
    found = sections(DETAIL)
    assert "\n\n".join(found) == DETAIL
    assert [title(each) for each in found][:4] == [
        "Order", "Before relying on this", "Advice", "Sources differ",
    ]  # fmt: skip
    assert sections("") == []


@pytest.mark.parametrize(
    ("most", "left"),
    [
        (None, []),
        (len(DETAIL), []),
        (len(DETAIL) - 1, ["Why"]),
        (1, ["Why", "Results"]),
    ],
)
def test_a_detail_too_long_leaves_out_whole_sections_and_names_them(most, left):
    found = fit(DETAIL, most, ORACLE.spare)
    kept = [each for each in sections(DETAIL) if title(each) not in left]
    if left:
        kept.insert(-1, f"**More** {'; '.join(left)}: left out for want of room.")
    assert found == "\n\n".join(kept)


def test_a_spare_section_is_one_that_a_detail_has_and_never_advice_or_a_limit():
    cards = Path(order_details.__file__).parent
    written = "".join(path.read_text(encoding="utf-8") for path in cards.rglob("*.py"))
    for profile in EVERY:
        for name in profile.spare:
            assert f'section("{name}"' in written
            assert name not in ("Advice", "Before relying on this", "Limits", "Alternatives")


def test_a_section_more_stands_before_the_source_or_at_the_end():
    assert (
        with_section("**A** a\n\n**Source** s", "**B** b") == "**A** a\n\n**B** b\n\n**Source** s"
    )
    assert with_section("- a", "**B** b") == "- a\n\n**B** b"
    assert with_section("", "**B** b") == "**B** b"
    assert with_section("**A** a", "") == "**A** a"

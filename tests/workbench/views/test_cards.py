"""Cards as they are drawn: every example, every client, and texts that would act if they could."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from markupsafe import Markup

from fhir_pgx.errors import InvalidFeedback
from fhir_pgx.workbench.drawn_cards.clients import CARD_CLIENTS
from fhir_pgx.workbench.drawn_cards.feedback import Sent, feedback_of
from fhir_pgx.workbench.text.markdown import write_markdown
from fhir_pgx.workbench.views.cards import render_cards
from tests.workbench.drawn import HOSTILE, parsed, text_of, well_labelled

ROOT = Path(__file__).parents[3]
ANSWERS = sorted(ROOT.glob("examples/*/answer.json"))
CSRF = Markup('<input type="hidden" name="csrf_token" value="abc">')
NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


def drawn(answer, **options):
    options = {"feedback_action": "/workbench/feedback", "csrf": CSRF} | options
    tree = parsed(render_cards(answer, **options))
    well_labelled(tree)
    return tree


def card(**members):
    return {
        "uuid": "6d1f3c1e-1111-4b5c-9d1e-000000000001", "summary": "Codeine: avoid",
        "indicator": "warning", "source": {"label": "CPIC"}, **members,
    }  # fmt: skip


def suggestion(number, label="Change to ibuprofen", **members):
    action = {
        "type": "update", "description": f"Do: {label}",
        "resource": {"resourceType": "MedicationRequest", "id": "order-1"},
    }  # fmt: skip
    return {"label": label, "uuid": f"suggestion-{number}", "actions": [action], **members}


def one(tree, path):
    (found,) = tree.xpath(path)
    return found


@pytest.mark.parametrize("file", ANSWERS, ids=lambda file: file.parent.name)
@pytest.mark.parametrize("client", sorted(CARD_CLIENTS))
def test_the_answer_of_every_example_is_drawn(file, client):
    answer = json.loads(file.read_bytes())
    tree = drawn(answer, client=client)
    cards = answer.get("cards", [])
    shown = tree.xpath("//article")
    assert len(shown) == len(cards)
    told = text_of(tree)
    for each in cards:
        assert " ".join(each["summary"].split()) in told
    assert ("Refused" in told) == (answer.get("resourceType") == "OperationOutcome")
    assert ("No card." in told) == (answer.get("cards") == [])


def test_there_are_examples():
    assert len(ANSWERS) > 80


def test_an_empty_answer_a_refusal_and_what_is_neither_are_three_things():
    empty = text_of(drawn({"cards": []}))
    refused = text_of(
        drawn(json.loads((ROOT / "examples/refused-malformed/answer.json").read_bytes()))
    )
    neither = text_of(drawn({"foo": 1}))
    assert "nothing to say" in empty
    assert "no word that a drug is safe" in empty
    assert "Refused" in refused
    assert "the JSON ends too early" in refused
    assert "no answer of a CDS service" in neither
    assert text_of(drawn([1])) == text_of(drawn(None)) == neither


def test_what_the_policy_left_out_is_counted_beside_an_empty_answer():
    muted = {"org.fhir-pgx.muted": {"cards": 2, "why": {"drug": 1, "level": 1}}}
    told = text_of(drawn({"cards": [], "extension": muted}))
    assert "2 cards left out by this site's policy (drug: 1, level: 1)" in told


@pytest.mark.parametrize(
    ("indicator", "word"),
    [("critical", "Critical"), ("warning", "Warning"), ("info", "Information"),
     ("hard-stop", "Unknown indicator hard-stop")],
)  # fmt: skip
def test_an_indicator_is_a_word_a_shape_and_a_class(indicator, word):
    tree = drawn({"cards": [card(indicator=indicator)]})
    assert text_of(one(tree, "//p[@class='card-indicator']")) == word
    shape = one(tree, "//*[contains(@class,'card-icon-shape')]")
    assert one(tree, "//article").get("class").split()[1].startswith("cds-card--")
    assert shape.tag == {"critical": "path", "warning": "path", "info": "circle"}.get(
        indicator, "rect"
    )


def test_the_stars_of_a_genotype_survive_the_markdown():
    detail = r"**CYP2C19 \*2/\*2** and \*17, `*3/*3`"
    tree = drawn({"cards": [card(detail=detail, summary="CYP2C19 *2/*2")]})
    assert text_of(one(tree, "//div[contains(@class,'card-detail')]")) == (
        "CYP2C19 *2/*2 and *17, *3/*3"
    )
    assert text_of(one(tree, "//h3")) == "CYP2C19 *2/*2"


def test_a_table_of_the_detail_is_a_table_that_scrolls_within():
    tree = drawn({"cards": [card(detail="| A | B |\n|--:|:-:|\n| *1* | 2 |")]})
    assert [each.get("scope") for each in tree.xpath("//th")] == ["col", "col"]
    assert one(tree, "//div[@class='md-scroll']").get("tabindex") == "0"


def test_headings_of_the_detail_do_not_upset_those_of_the_page():
    tree = drawn({"cards": [card(detail="# Huge\n\ntext")]}, level=4)
    assert [each.tag for each in tree.iter("h1", "h2", "h3", "h4")] == ["h4"]


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "//evil.example",
                                     "file:///etc/passwd", "vbscript:x", "java\tscript:alert(1)",
                                     "ftp://a"])  # fmt: skip
def test_an_address_that_is_none_of_the_web_is_shown_and_never_opened(address):
    links = [{"label": "Guideline", "url": address, "type": "absolute"}]
    source = {"label": "S", "url": address}
    tree = drawn({"cards": [card(links=links, source=source, detail=f"[x](<{address}>)")]})
    assert tree.xpath("//a") == []
    assert "Not an address of the web" in text_of(tree)


@pytest.mark.parametrize(
    "address", ["https://a b", 'https://a"onclick="x', "https://a\\b", "https"]
)
def test_an_address_that_a_browser_might_read_otherwise_is_not_opened(address):
    links = [{"label": "Guideline", "url": address, "type": "absolute"}]
    assert drawn({"cards": [card(links=links)]}).xpath("//a") == []


def test_a_link_opens_apart_and_tells_the_other_site_nothing():
    links = [
        {"label": "Guideline", "url": "https://cpicpgx.org/x", "type": "absolute"},
        {
            "label": "Passport",
            "url": "https://app.example.org/launch",
            "type": "smart",
            "appContext": "drug=codeine",
        },
    ]
    tree = drawn({"cards": [card(links=links, detail="[x](https://example.org)")]})
    assert len(tree.xpath("//a")) == 2
    for each in tree.xpath("//a"):
        assert (each.get("rel"), each.get("target")) == ("noopener noreferrer", "_blank")
    told = text_of(one(tree, "//ul[@class='card-links']"))
    assert "SMART app with drug=codeine. Opens in the app" in told
    assert "https://app.example.org/launch" in told


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("client", sorted(CARD_CLIENTS))
def test_texts_of_others_stay_texts_wherever_they_stand(text, client):
    action = {"type": text, "description": text, "resource": {"resourceType": text, "id": text},
              "resourceId": text}  # fmt: skip
    coding = {"system": text, "code": text, "display": text}
    answer = {
        "cards": [
            card(
                uuid=text, summary=text, indicator=text, detail=text,
                source={"label": text, "url": text, "topic": coding},
                suggestions=[{"label": text, "uuid": text, "actions": [action]}],
                selectionBehavior=text, overrideReasons=[coding],
                links=[{"label": text, "url": text, "type": text},
                       {"label": text, "url": text, "type": "smart"}],
                extension={"a": text},
            )
        ]
    }  # fmt: skip
    tree = drawn(answer, client=client)
    assert "\u202e" not in text_of(tree)
    assert "\x00" not in text_of(tree)
    refused = {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": text, "details": {"text": text}, "expression": [text]}],
    }
    drawn(refused, client=client)


def test_the_text_of_a_hostile_name_is_still_to_be_read():
    told = text_of(drawn({"cards": [card(summary=HOSTILE["script"], detail=HOSTILE["script"])]}))
    assert told.count('<script>alert("x")</script>') == 2  # the label of a button has it unread
    reading = text_of(drawn({"cards": [card(summary=HOSTILE["reading"])]}))
    assert "warfarin ⟨U+202E⟩gm 5⟨U+202C⟩ ⟨U+200B⟩⟨U+2066⟩x" in reading


def test_a_name_of_ten_thousand_signs_is_cut_and_says_so():
    told = text_of(one(drawn({"cards": [card(summary=HOSTILE["long"])]}), "//h3"))
    assert told.endswith("… (8000 more characters)")


@pytest.mark.parametrize(
    "member",
    ["summary", "detail", "source", "suggestions", "overrideReasons", "links", "uuid", "indicator",
     "extension", "selectionBehavior"],
)  # fmt: skip
@pytest.mark.parametrize("value", [None, 5, "x", [], {}, [None], [5], {"label": 3}, True])
def test_a_member_of_the_wrong_type_costs_only_itself(member, value):
    tree = drawn({"cards": [card(**{member: value}), card(uuid="other")]})
    assert len(tree.xpath("//article")) == 2


def test_a_suggestion_is_a_button_that_carries_card_suggestion_and_token():
    tree = drawn({"cards": [card(suggestions=[suggestion(1), suggestion(2, isRecommended=True)],
                                 selectionBehavior="at-most-one")]})  # fmt: skip
    form = one(tree, "//form[@class='card-suggestions']")
    assert (form.get("method"), form.get("action")) == ("post", "/workbench/feedback")
    fields = {each.get("name"): each.get("value") for each in form.iter("input")}
    assert fields == {"csrf_token": "abc", "card": card()["uuid"]}
    buttons = [(b.get("name"), b.get("value")) for b in form.iter("button")]
    assert buttons == [("suggestion", "suggestion-1"), ("suggestion", "suggestion-2")]
    assert "choose at most one" in text_of(form)
    assert text_of(form).count("★ Recommended") == 1
    assert "Changes MedicationRequest/order-1" in text_of(form)


def test_where_any_may_be_chosen_they_are_ticked_and_accepted_together():
    tree = drawn({"cards": [card(suggestions=[suggestion(1), suggestion(2)],
                                 selectionBehavior="any")]})  # fmt: skip
    form = one(tree, "//form[@class='card-suggestions']")
    assert len(form.xpath(".//input[@type='checkbox'][@name='suggestion']")) == 2
    assert [text_of(each) for each in form.iter("button")] == ["Accept what is ticked"]


def test_the_sandbox_ignores_what_may_be_chosen_and_says_so():
    answer = {"cards": [card(indicator="info", summary="second", uuid="2"),
                        card(indicator="critical", summary="first", uuid="1",
                             suggestions=[suggestion(1), suggestion(2, isRecommended=True)],
                             selectionBehavior="any")]}  # fmt: skip
    tree = drawn(answer, client="cds-hooks-sandbox")
    assert [text_of(each) for each in tree.iter("h3")] == ["first", "second"]
    assert len(tree.xpath("//button[@name='suggestion']")) == 2
    notes = text_of(one(tree, "//details[@class='card-not-shown'][.//li]"))
    assert "selectionBehavior is ignored" in notes
    assert "isRecommended is ignored" in notes
    assert "★" not in text_of(tree)
    generic = drawn(answer)
    assert [text_of(each) for each in generic.iter("h3")] == ["second", "first"]
    assert generic.xpath("//details[@class='card-not-shown']") == []


def test_epic_shows_the_description_of_the_action_and_not_the_label():
    answer = {"cards": [card(suggestions=[suggestion(1)])], "systemActions": [{"type": "create"}]}
    tree = drawn(answer, client="epic")
    assert text_of(one(tree, "//button[@name='suggestion']")) == "Do: Change to ibuprofen"
    assert "systemActions are not carried out" in text_of(tree)


def test_oracle_has_no_reasons_and_a_card_without_a_uuid_no_buttons():
    reasons = [{"system": "s", "code": "c", "display": "Tolerated before"}]
    assert (
        drawn({"cards": [card(overrideReasons=reasons)]}, client="oracle").xpath("//select") == []
    )
    tree = drawn({"cards": [card(uuid=None, overrideReasons=reasons,
                                 suggestions=[suggestion(1)])]})  # fmt: skip
    assert tree.xpath("//form[@class='card-override']") == []
    assert one(tree, "//button").get("disabled") is not None
    assert "no uuid" in text_of(tree)


def test_reasons_are_a_menu_beside_a_free_text():
    reasons = [{"system": "urn:x", "code": "tolerated-before", "display": "Tolerated before"}]
    tree = drawn({"cards": [card(overrideReasons=reasons)]})
    options = [(o.get("value"), text_of(o)) for o in tree.iter("option")]
    assert options == [
        ("", "No reason from the list"),
        ("urn:x|tolerated-before", "Tolerated before"),
    ]
    assert [b.get("value") for b in tree.xpath("//button[@name='outcome']")] == [
        "overridden", "dismissed",
    ]  # fmt: skip


@pytest.mark.parametrize("action", ["", "//evil.example.org/x", "javascript:alert(1)"])
def test_without_an_address_of_ours_no_button_can_be_pressed(action):
    tree = drawn({"cards": [card(suggestions=[suggestion(1)])]}, feedback_action=action)
    assert one(tree, "//button").get("disabled") is not None
    assert tree.xpath("//form[@class='card-override']") == []


def test_what_was_sent_is_shown_with_its_json():
    answer = {"cards": [card(suggestions=[suggestion(1)])]}
    form = {"card": [card()["uuid"]], "suggestion": ["suggestion-1"]}
    sent = Sent(feedback_of(form, now=NOW))
    tree = drawn(answer, sent=[sent])
    told = one(tree, "//div[@role='status']")
    assert "Sent: accepted." in text_of(told)
    assert json.loads(one(told, ".//code").text) == {
        "feedback": [{
            "card": card()["uuid"], "outcome": "accepted",
            "acceptedSuggestions": [{"id": "suggestion-1"}],
            "outcomeTimestamp": "2026-11-24T03:00:00Z",
        }]
    }  # fmt: skip
    assert "✓ accepted" in text_of(tree)
    failed = drawn(answer, sent=[Sent(sent.message, failure="400")])
    assert "Not taken: accepted." in text_of(failed)


def test_an_override_says_reason_and_words_and_a_dismissal_neither():
    form = {"card": ["c"], "outcome": ["overridden"], "reason": ["urn:x|will-monitor"],
            "comment": ["  checked  "]}  # fmt: skip
    (item,) = feedback_of(form, now=NOW, display="Will monitor")["feedback"]
    assert item["overrideReason"] == {
        "reason": {"code": "will-monitor", "system": "urn:x", "display": "Will monitor"},
        "userComment": "checked",
    }
    (item,) = feedback_of({**form, "outcome": ["dismissed"]}, now=NOW)["feedback"]
    assert item == {"card": "c", "outcome": "overridden",
                    "outcomeTimestamp": "2026-11-24T03:00:00Z"}  # fmt: skip


@pytest.mark.parametrize(
    "form", [{}, {"card": [""]}, {"card": ["c"]}, {"card": ["c"], "suggestion": []},
             {"card": ["c" * 300], "suggestion": ["s"]}, {"card": ["c"], "suggestion": ["s" * 300]}]
)  # fmt: skip
def test_a_form_that_says_neither_is_refused(form):
    with pytest.raises(InvalidFeedback):
        feedback_of(form, now=NOW)


def test_the_message_is_one_that_our_own_service_takes():
    from fhir_pgx.services.feedback import read_feedback

    for form in (
        {"card": ["c"], "suggestion": ["s", "t"]},
        {"card": ["c"], "outcome": ["overridden"], "reason": ["a|b"]},
    ):
        (item,) = read_feedback(feedback_of(form, now=NOW), "pgx-order-sign", now=NOW)
        assert item.card == "c"


def test_two_answers_stand_on_one_page():
    both = Markup("{}{}").format(
        *(render_cards({"cards": [card(suggestions=[suggestion(1)])]}, feedback_action="/f",
                       csrf=CSRF, prefix=prefix) for prefix in ("before", "after"))
    )  # fmt: skip
    well_labelled(parsed(both))


def test_more_cards_than_are_drawn_are_counted():
    tree = drawn({"cards": [card(uuid=str(n)) for n in range(130)]})
    assert len(tree.xpath("//article")) == 100
    assert "30 more cards not drawn here" in text_of(tree)


def test_a_date_in_a_table_is_not_broken_at_its_hyphens():
    drawn = str(write_markdown("| Source | As of |\n|---|---|\n| CPIC | 2026-08-13 |"))
    assert '<td class="nowrap">2026-08-13</td>' in drawn
    assert "<td>CPIC</td>" in drawn

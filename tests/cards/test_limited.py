"""The words of an answer of which a part of the record is withheld."""

import uuid

import pytest

from fhir_pgx.cards.context import CardContext
from fhir_pgx.cards.limited import LIMITED, as_limited
from fhir_pgx.cards.source import EXTENSION
from fhir_pgx.cards.write import write_card
from fhir_pgx.model.card import Action, Card, Source, Suggestion
from fhir_pgx.model.drug import Coding

CONTEXT = CardContext(uuid.UUID(int=1), "2026.08")
TOPIC = Coding("urn:fhir-pgx:topic", "T", "Clopidogrel and CYP2C19: not tested")


def card(summary="A summary", detail="", **more):
    source = more.pop("source", Source("fhir_pgx", None, TOPIC))
    return Card("u", summary, "info", source, detail, **more)


@pytest.mark.parametrize(
    ("said", "instead"),
    [
        ("No CYP2C19 result is on file.", "No CYP2C19 result is in view."),
        ("CYP2C19: no result on file.", "CYP2C19: no result in view."),
        ("CYP2C9 *5 was not tested.", "CYP2C9 *5 was not in view."),
        ("Not tested: NS5A", "Not in view: NS5A"),
        ("Untested genes", "without a result in view genes"),
        ("CYP2C19 *2/*2 on file: Poor Metabolizer", "CYP2C19 *2/*2 in view: Poor Metabolizer"),
        ("profiled", "profiled"),
    ],
)
def test_nothing_is_said_of_the_whole_record(said, instead):
    limited, _ = as_limited([card(said, said)], CONTEXT)
    assert limited.summary == instead
    assert limited.detail.startswith(instead)


def test_every_card_tells_the_limit_and_one_does_so_alone():
    found = as_limited([card(), card()], CONTEXT)
    assert len(found) == 3
    assert all(LIMITED.text in each.detail and LIMITED.code in each.detail for each in found)
    assert all(each.extension[EXTENSION]["limited"] is True for each in found)
    assert found[-1].summary == (
        "Advice is limited: part of this record is withheld from this request."
    )
    assert [each.summary for each in as_limited([], CONTEXT)] == [found[-1].summary]


def test_a_programme_is_not_told_that_nothing_was_tested_either():
    about = {"unanswered": "not-tested", "untested": ["CYP2C19"], "rules": ["r1"]}
    change = Action("create", "Untested: order a test, none is on file")
    made = card(extension={EXTENSION: about}, suggestions=(Suggestion("Order", "s", (change,)),))
    limited, _ = as_limited([made], CONTEXT)
    written = str(write_card(limited))
    for claim in ("not-tested", "untested", "Untested", "on file", "not tested"):
        assert claim not in written
    assert limited.extension[EXTENSION] == {
        "unanswered": "not-in-view",
        "not_in_view": ["CYP2C19"],
        "rules": ["r1"],
        "limited": True,
    }


@pytest.mark.parametrize("end", ["NotTested", "ReactionUntested"])
def test_what_was_set_aside_of_a_limited_answer_is_a_topic_of_its_own(end):
    subject = Coding("urn:fhir-pgx:topic", f"CPICCodeineCYP2D6{end}", "Codeine: not tested")
    limited, _ = as_limited([card(source=Source("CPIC", None, subject))], CONTEXT)
    assert "ested" not in limited.source.topic.code
    assert limited.source.topic.code.startswith("CPICCodeineCYP2D6")
    assert limited.source.topic.display == "Codeine: not in view"


def test_a_card_stays_short_enough():
    limited, notice = as_limited([card("word " * 26 + "untested")], CONTEXT)
    assert len(limited.summary) < 140
    assert len(notice.summary) < 140


def test_other_members_of_an_extension_are_left_as_they_are():
    made = card(extension={"org.example": {"said": "on file"}, EXTENSION: {}})
    limited, _ = as_limited([made], CONTEXT)
    assert limited.extension["org.example"] == {"said": "on file"}

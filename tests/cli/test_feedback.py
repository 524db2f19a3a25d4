"""`fhir-pgx feedback report`: the figures in three forms, and never a free text."""

import csv
import io
import json
import re
from contextlib import closing

import pytest

from fhir_pgx.storage import FeedbackItem, IssuedCard, SqlStore

DATABASE = "sqlite:///fhir_pgx.db"
SECRET = "Mrs Example, born 1950"
KNOWN = {"indicator": "warning", "source": "CPIC", "drug": "clopidogrel", "knowledge": "2026.08"}


@pytest.fixture
def filled():
    """A store of synthetic cards: one accepted, two overridden, one without an answer."""
    with closing(SqlStore(DATABASE)) as store:
        store.record_cards(
            IssuedCard(f"c{i}", "T1", rules, "order-sign", "pgx-order-sign", "p1", **KNOWN)
            for i, rules in enumerate((("r1",), ("r1",), ("r1", "r2"), ()))
        )
        at = "2026-11-23T10:00:00Z"
        store.record_feedback(
            [
                FeedbackItem("c0", "accepted", at, accepted=("s1",)),
                FeedbackItem("c1", "overridden", at, reason_code="short-course", comment=SECRET),
                FeedbackItem("c2", "overridden", at, reason_code=SECRET, reason_display=SECRET),
                FeedbackItem("stranger", "overridden", at, comment=SECRET),
            ]
        )


@pytest.mark.usefixtures("filled")
def test_the_report_counts_by_rule_unless_asked_otherwise(run):
    code, report, _ = run("feedback", "report", "--grace", "0")
    assert code == 0
    assert report["by"] == ["rule"]
    assert report["answers_to_unknown_cards"] == 1
    assert report["lines"] == [
        {"rule": "", "issued": 1, "accepted": 0, "overridden": 0, "ignored": 1, "waiting": 0,
         "reasons": {}},
        {"rule": "r1", "issued": 3, "accepted": 1, "overridden": 2, "ignored": 0, "waiting": 0,
         "reasons": {"(other)": 1, "short-course": 1}},
        {"rule": "r2", "issued": 1, "accepted": 0, "overridden": 1, "ignored": 0, "waiting": 0,
         "reasons": {"(other)": 1}},
    ]  # fmt: skip


@pytest.mark.usefixtures("filled")
def test_a_young_card_without_an_answer_waits(run):
    (line,) = run("feedback", "report", "--by", "drug", "--by", "indicator")[1]["lines"]
    assert (line["drug"], line["indicator"]) == ("clopidogrel", "warning")
    assert (line["issued"], line["ignored"], line["waiting"]) == (4, 0, 1)


@pytest.mark.usefixtures("filled")
def test_csv_and_text_hold_the_same_figures(run):
    code, text, _ = run("feedback", "report", "--format", "csv", "--grace", "0")
    assert code == 0
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["rule"] for row in rows] == ["", "r1", "r2"]
    assert rows[1]["overridden"] == "2"
    assert rows[1]["reasons"] == "(other) 1, short-course 1"
    code, text, _ = run("feedback", "report", "--format", "text", "--grace", "0")
    lines = text.splitlines()
    assert lines[0].split() == [
        "rule", "issued", "accepted", "overridden", "ignored", "waiting", "reasons",
    ]  # fmt: skip
    assert re.fullmatch(r"r1 +3 +1 +2 +0 +0  \(other\) 1, short-course 1", lines[2])
    assert lines[-1] == "Cards answered that we hold no record of: 1"


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("form", ["json", "csv", "text"])
def test_no_free_text_is_in_a_report(run, form):
    for by in ("rule", "topic", "service", "day"):
        _, out, _ = run("feedback", "report", "--format", form, "--by", by)
        assert "Example" not in json.dumps(out)
        assert "p1" not in json.dumps(out)


@pytest.mark.usefixtures("filled")
def test_a_period_is_of_days_both_included(run):
    every = run("feedback", "report", "--by", "day")[1]["lines"]
    days = [line["day"] for line in every]
    inside = run("feedback", "report", "--since", days[0], "--until", days[-1], "--by", "day")[1]
    assert inside["lines"] == every
    assert (inside["since"], inside["until"]) == (days[0], days[-1])
    before = run("feedback", "report", "--until", "2020-01-01")[1]
    assert (before["lines"], before["answers_to_unknown_cards"]) == ([], 0)
    text = run("feedback", "report", "--until", "2020-01-01", "--format", "text")[1]
    assert text == "No card was issued in this period.\n"


@pytest.mark.parametrize(
    "wrong",
    [
        (),
        ("reports",),
        ("report", "--by", "patient"),
        ("report", "--since", "yesterday"),
        ("report", "--until", "9999-12-31"),
        ("report", "--grace", "-1"),
        ("report", "--format", "xml"),
        ("report", "--since", "2026-02-01", "--until", "2026-01-01"),
    ],
)
@pytest.mark.usefixtures("filled")
def test_what_cannot_be_asked_is_wrong_usage(run, wrong):
    code, out, err = run("feedback", *wrong)
    assert (code, out) == (2, "")
    assert "fhir-pgx" in err
    assert "Traceback" not in err


def test_a_report_makes_no_store_where_there_is_none(run, tmp_path):
    code, out, err = run("feedback", "report")
    assert (code, out) == (2, "")
    assert "no store" in err
    assert list(tmp_path.glob("*.db")) == []


@pytest.mark.parametrize("command", [("feedback",), ("feedback", "report")])
def test_the_help_has_an_example(run, command):
    code, text, _ = run(*command, "--help")
    assert code == 0
    assert re.search(r"^example: fhir-pgx feedback report .+$", text, re.MULTILINE)

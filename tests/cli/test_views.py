"""Views: what a person sees on a terminal, and that programs go on seeing JSON."""

import json
import os
import pty
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from fhir_pgx.cli.views.cards import answer_view
from fhir_pgx.cli.views.genes import interpretation_view
from fhir_pgx.cli.views.looks import ACTIONS, INDICATORS, SEVERITIES, STATUSES
from fhir_pgx.cli.views.screen import drawn, seen
from fhir_pgx.cli.views.trace import trace_view

from .conftest import PATIENT, order_sign

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
ANSWERS = sorted(
    path
    for path in EXAMPLES.glob("*/answer.json")
    if "cards" in json.loads(path.read_text(encoding="utf-8"))
)
ESCAPE = "\x1b"
HOSTILE = "\x1b[2J\x1b]0;owned\x07\x1b]8;;https://evil.example\x1b\\[bold]*2\u202e\u200b\r\x9b31m"


def shown(view, width=100, *, is_terminal=False):
    return drawn(view, width=width, is_terminal=is_terminal)


def on_a_terminal(*arguments, cwd, **environ):
    """What the command writes where standard output and error are one terminal."""
    ours, theirs = pty.openpty()
    kept = {
        k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR", "COLORTERM")
    }
    with subprocess.Popen(
        [sys.executable, "-m", "fhir_pgx", *map(str, arguments)],
        stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, cwd=cwd,
        env={**kept, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", **environ},
    ) as process:  # fmt: skip
        os.close(theirs)
        written = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # the other side is closed
                break
            if not piece:
                break
            written += piece
        process.wait()
    os.close(ours)
    return process.returncode, written.decode()


def gene(status, **more):
    return {
        "status": status, "diplotypes": [], "phenotype": None, "activity_score": None,
        "basis": None, "coverage": None, "caveats": [], "derived_from": [], **more,
    }  # fmt: skip


def interpretation(**more):
    return {
        "knowledge": {"release": "2026.08", "sha256": "0"}, "subject": "Patient/synthetic-1",
        "genes": {}, "variants": [], "biomarkers": [], "not_understood": [], **more,
    }  # fmt: skip


# Programs


@pytest.mark.parametrize(
    "arguments",
    [["hook", "{file}"], ["hook", "{file}", "--format", "json"],
     ["hook", "{file}", "--view", "--format", "json"]],
    ids=["nothing said", "json", "the last that is said counts"],
)  # fmt: skip
def test_standard_output_gets_json_unless_a_view_is_asked_for(run, write, arguments):
    file = write("request.json", order_sign())
    code, answer, _ = run(*(each.format(file=file) for each in arguments))
    assert code == 0
    assert answer["cards"][0]["indicator"] == "warning"


def test_a_terminal_gets_the_same_json_as_a_pipe_and_a_hint(write, tmp_path):
    """`docker run -t` and build servers show programs a terminal too."""
    file = write("request.json", order_sign())
    code, written = on_a_terminal("hook", file, cwd=tmp_path)
    text, hint = written.rsplit("}", 1)
    piped = subprocess.run(
        [sys.executable, "-m", "fhir_pgx", "hook", file],
        capture_output=True, check=True, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert code == 0
    assert json.loads(text + "}") == json.loads(piped.stdout)
    assert "--view" in hint
    assert b"--view" not in piped.stderr


def test_json_that_was_asked_for_by_name_gets_no_hint(write, tmp_path):
    code, written = on_a_terminal(
        "validate", write("a.json", PATIENT), "--format=json", cwd=tmp_path
    )
    assert code == 0
    assert json.loads(written)["resourceType"] == "OperationOutcome"


def test_a_view_in_a_pipe_has_no_escape_sequence(run, write):
    code, text, messages = run("hook", write("request.json", order_sign()), "--view")
    assert (code, messages) == (0, "")
    assert "WARNING" in text
    assert ESCAPE not in text


def test_errors_have_their_exit_code_in_a_view_too(run, write):
    code, text, _ = run("hook", write("request.json", {"hook": "order-sign"}), "--view")
    assert code == 1
    assert "hookInstance" in text
    assert run("hook", write("request.json", {"hook": "order-sign"}), "--format", "nothing")[0] == 2


def test_validate_fails_in_a_view_as_it_does_in_json(run, write):
    file = write("bad.json", {"resourceType": "Observation", "status": "nonsense"})
    json_code, outcome, _ = run("validate", file)
    view_code, text, messages = run("validate", file, "--view")
    assert json_code == view_code == 1
    assert messages == ""
    for issue in outcome["issue"]:
        assert issue["severity"] in text
        assert issue["expression"][0] in re.sub(r"\s+", "", text) or issue["expression"][0] in text


def test_findings_of_two_files_stay_apart(run, write):
    good, bad = write("good.json", PATIENT), write("bad.json", {"resourceType": "Observation"})
    code, text, _ = run("validate", good, bad, "--view")
    assert code == 1
    assert "nothing to correct in good.json" in text
    assert "bad.json: " in text


@pytest.mark.parametrize(
    ("command", "word"),
    [("interpret", "● called"), ("recommend", "■ avoid"), ("explain", "concluded by us")],
)
def test_each_command_has_its_view(run, write, command, word):
    request = order_sign()
    file = write("patient.json", request["prefetch"]["observations"])
    more = () if command == "interpret" else ("--drug", "clopidogrel")
    code, text, _ = run(command, file, *more, "--view")
    assert code == 0
    assert word in text


def test_knowledge_is_listed_with_its_sources_dates(run):
    code, text, _ = run("knowledge", "list", "--view")
    assert code == 0
    assert "CYP2C19" in text
    assert "CC0-1.0" in text


# Colours


def test_colours_are_for_a_terminal_that_knows_them(write, tmp_path):
    file = write("request.json", order_sign())
    for environ, has_colours in (
        ({}, True),
        ({"NO_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
    ):
        code, written = on_a_terminal("hook", file, "--view", cwd=tmp_path, **environ)
        assert code == 0
        assert (ESCAPE in written) is has_colours, environ
        assert "WARNING" in written


def test_colours_are_not_forced_into_a_pipe(run, write, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    _, text, _ = run("hook", write("request.json", order_sign()), "--view")
    assert ESCAPE not in text


@pytest.mark.parametrize("looks", [STATUSES, INDICATORS, SEVERITIES, ACTIONS])
def test_no_two_values_are_told_apart_by_colour_alone(looks):
    texts = [look.text().plain for look in looks.values()]
    assert len(set(texts)) == len(looks)
    assert len({look.word for look in looks.values()}) == len(looks)


# Genes


@pytest.mark.parametrize(
    ("status", "word"),
    [
        ("called", "called"),
        ("ambiguous", "ambiguous"),
        ("indeterminate", "indeterminate"),
        ("not-called", "no call"),
        ("conflict", "conflict"),
    ],
)
def test_each_status_of_a_gene_has_its_own_word(status, word):
    text = shown(interpretation_view(interpretation(genes={"CYP2C19": gene(status)})))
    assert STATUSES[status].text().plain in text
    others = [look.text().plain for name, look in STATUSES.items() if name != status]
    assert [other for other in others if other in text] == []
    assert word in text


def test_a_gene_that_nobody_tested_is_no_line_among_results():
    genes = {"CYP2C19": gene("called"), "CYP2D6": gene("not-tested")}
    text = shown(interpretation_view(interpretation(genes=genes)))
    assert "○ not tested (nobody looked, so nothing is known): CYP2D6" in text


def test_positions_that_were_not_tested_are_no_no_calls():
    coverage = {"tested": 2, "missing": ["rs1"], "no_call": ["rs2"], "could_change": ["rs1"]}
    found = interpretation(genes={"CYP2C19": gene("called", coverage=coverage)})
    text = re.sub(r"\s+", " ", shown(interpretation_view(found), 200))
    assert "2 tested; 1 not tested: rs1; 1 no call: rs2; 1 could change the answer: rs1" in text


def test_germline_and_tumour_stand_in_tables_of_their_own():
    found = interpretation(
        variants=[
            {"gene": "EGFR", "protein": "p.Leu858Arg", "source_class": "somatic"},
            {"gene": "BRCA1", "protein": "p.Cys61Gly", "source_class": "germline"},
            {"gene": "KRAS", "protein": "p.Gly12Asp", "source_class": "unknown"},
        ]
    )
    text = shown(interpretation_view(found))
    parts = re.split(r"Variants of|Germline variants", text)
    assert [name in part for name, part in zip(("EGFR", "BRCA1", "KRAS"), parts[1:], strict=True)]
    assert [part.count("p.") for part in parts[1:]] == [1, 1, 1]


def test_nothing_of_a_finding_is_left_out():
    found = interpretation(
        biomarkers=[{"name": "PD-L1 TPS", "value": str(Decimal("60")), "new": 1}]
    )
    text = shown(interpretation_view(found))
    assert "PD-L1 TPS" in text
    assert "new 1" in text


def test_what_was_not_understood_is_said_with_its_reason():
    item = {"reference": "Observation/x", "reason": "the code is of no gene", "path": "line 4"}
    text = shown(interpretation_view(interpretation(not_understood=[item])))
    assert "Not understood" in text
    assert "the code is of no gene" in text


# Cards


@pytest.mark.parametrize("path", ANSWERS, ids=lambda path: path.parent.name)
def test_every_word_of_an_example_answer_is_in_its_view(path):
    answer = json.loads(path.read_text(encoding="utf-8"))
    text = re.sub(r"[\s│┃─━╭╮╰╯┏┓┗┛•▸-]+", "", shown(answer_view(answer), 10_000))
    for card in answer["cards"]:
        wanted = [INDICATORS[card["indicator"]].word, card["summary"], card["source"]["label"]]
        wanted += [each["label"] for each in card.get("suggestions", ())]
        wanted += [each["display"] for each in card.get("overrideReasons", ())]
        wanted += [each["url"] for each in card.get("links", ())]
        wanted += [
            action["description"]
            for each in card.get("suggestions", ())
            for action in each.get("actions", ())
        ]
        for each in wanted:
            assert re.sub(r"[\s│•-]+", "", each) in text


@pytest.mark.parametrize("path", ANSWERS, ids=lambda path: path.parent.name)
def test_every_word_of_a_cards_detail_is_in_its_view(path):
    """Markdown is drawn, and drawing it loses no word."""
    import html

    answer = json.loads(path.read_text(encoding="utf-8"))
    text = shown(answer_view(answer), 10_000)
    for card in answer["cards"]:
        detail = html.unescape(re.sub(r"\\(.)", r"\1", card.get("detail", "")))
        for word in set(re.findall(r"[\w/.%:-]{3,}", detail)):
            assert word.strip("-:.") in text, word


def test_stars_of_a_genotype_are_shown():
    answer = json.loads((EXAMPLES / "order-sign-clopidogrel" / "answer.json").read_text("utf-8"))
    assert "CYP2C19 *2/*2, read as Poor Metabolizer" in shown(answer_view(answer), 200)


def test_a_quiet_answer_says_that_it_is_no_failure():
    assert "No card" in shown(answer_view({"cards": []}))


def test_what_a_policy_left_out_is_counted():
    muted = {"org.fhir-pgx.muted": {"cards": 2, "why": {"mute": 2}}}
    text = shown(answer_view({"cards": [], "extension": muted}))
    assert "2 cards were left out by this site's policy (mute 2" in text


@pytest.mark.parametrize("width", [20, 40, 60, 80, 200])
def test_a_narrow_terminal_has_no_line_that_is_longer(width):
    answer = json.loads((EXAMPLES / "tumour-chart" / "answer.json").read_text("utf-8"))
    found = interpretation(genes={"CYP2C19": gene("conflict"), "CYP2D6": gene("ambiguous")})
    for view in (answer_view(answer), interpretation_view(found)):
        assert max(len(line) for line in shown(view, width).splitlines()) <= width


def test_a_narrow_terminal_gets_lines_in_place_of_a_table():
    genes = {"CYP2C19": gene("called", phenotype="Poor Metabolizer")}
    text = shown(interpretation_view(interpretation(genes=genes)), 40)
    assert "Phenotype: Poor Metabolizer" in text


# What the data hold


@pytest.mark.parametrize("is_terminal", [True, False])
def test_no_control_character_of_the_data_reaches_the_terminal(is_terminal, monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    card = {
        "uuid": HOSTILE, "summary": HOSTILE, "indicator": "warning", "detail": f"- {HOSTILE}\n\tx",
        "source": {"label": HOSTILE, "url": HOSTILE, "topic": {"display": HOSTILE}},
        "suggestions": [{"label": HOSTILE, "actions": [
            {"type": "update", "description": HOSTILE, "resource": {"resourceType": HOSTILE}}]}],
        "selectionBehavior": HOSTILE,
        "overrideReasons": [{"code": "a", "display": HOSTILE}],
        "links": [{"label": HOSTILE, "url": HOSTILE, "type": HOSTILE}],
    }  # fmt: skip
    found = interpretation(
        subject=HOSTILE,
        genes={HOSTILE: gene(HOSTILE, caveats=[{"code": HOSTILE, "text": HOSTILE}])},
        variants=[{"gene": HOSTILE, "protein": HOSTILE, "source_class": HOSTILE}],
        biomarkers=[{HOSTILE: HOSTILE}],
        not_understood=[{"reference": HOSTILE, "reason": HOSTILE}],
    )
    drug = {"drug": HOSTILE, "order": HOSTILE, "genes": {HOSTILE: {
        "stated": [{"kind": HOSTILE, "value": HOSTILE, "presence": HOSTILE, "reference": HOSTILE}],
        "variants": [{"site": HOSTILE, "alleles": [HOSTILE], "reference": HOSTILE}],
        "concluded": gene(HOSTILE)}}}  # fmt: skip
    for view in (
        answer_view({"cards": [{**card, "indicator": each} for each in ("info", HOSTILE)]}),
        interpretation_view(found),
        trace_view({**found, "drugs": [drug]}),
    ):
        text = shown(view, is_terminal=is_terminal)
        ours = re.sub(r"\x1b\[[0-9;]*m", "", text) if is_terminal else text
        assert [sign for sign in ours if not sign.isprintable() and sign != "\n"] == []
        assert "[2J" in ours  # told, and harmless without its escape
        assert "[bold]" in ours  # no markup


@pytest.mark.parametrize(
    ("text", "as_seen"),
    [
        ("*1/*2", "*1/*2"),
        ("two\nlines\tand\u00a0more", "two lines and more"),
        ("a\x1b[31mb", "a\ufffd[31mb"),
        ("a\u202eb", "a\ufffdb"),
        ("x" * 5_000, "x" * 4_000 + " … (1000 more signs)"),
        (1.5, "1.5"),
    ],
)
def test_a_text_is_shown_as_it_can_be_seen(text, as_seen):
    assert seen(text) == as_seen


def test_a_hostile_resource_goes_through_the_command_without_its_escapes(run, write):
    request = order_sign()
    order = request["context"]["draftOrders"]["entry"][0]["resource"]
    order["medicationCodeableConcept"]["text"] = HOSTILE
    code, text, messages = run("hook", write("request.json", request), "--view")
    assert code == 0
    assert ESCAPE not in text + messages


# The page


def commands_of_the_page():
    page = (ROOT / "docs" / "terminal.md").read_text(encoding="utf-8")
    return re.findall(r"^    fhir-pgx (.+)$", page, re.MULTILINE)


@pytest.mark.parametrize("command", commands_of_the_page())
def test_every_command_of_the_page_shows_a_view(run, monkeypatch, command):
    monkeypatch.chdir(ROOT)
    code, text, _ = run(*command.split())
    assert code == (1 if "refused" in command else 0)
    assert isinstance(text, str)  # no JSON
    assert len(text) > 100


def test_the_page_has_the_words_of_every_status():
    page = (ROOT / "docs" / "terminal.md").read_text(encoding="utf-8")
    for look in STATUSES.values():
        assert f"| {look.text().plain} |" in page

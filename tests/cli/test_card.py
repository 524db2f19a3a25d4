"""`fhir-pgx card`: issued from files, verified offline, refused with exit code 1 and a reason."""

import io
import json
import sys
from pathlib import Path

import pytest
import zxingcpp

from fhir_pgx.cli.command import main

from .conftest import GENOTYPE, PATIENT, bundle

ISSUER = "https://pgx.example.org"
HOLDER = PATIENT | {"name": [{"family": "Example", "given": ["Synthetic"]}]}


@pytest.fixture
def files(tmp_path, capsys, monkeypatch):
    """A patient's data, and a folder of keys."""
    monkeypatch.delenv("FHIR_PGX_SIGNING_KEYS", raising=False)
    data = tmp_path / "patient.json"
    data.write_text(json.dumps(bundle(HOLDER, GENOTYPE)))
    keys = tmp_path / "keys"
    assert main(["keys", "new", str(keys), "--for", "cards"]) == 0
    capsys.readouterr()
    return data, keys


def card(capsys, *arguments):
    code = main(["card", *map(str, arguments)])
    told = capsys.readouterr()
    return code, (json.loads(told.out) if told.out.startswith("{") else told.out), told.err


def issue(capsys, files, *more):
    data, keys = files
    return card(capsys, "issue", data, "--keys", keys, "--issuer", ISSUER, *more)


def test_what_is_issued_is_verified_with_the_published_keys_alone(files, tmp_path, capsys):
    code, issued, _ = issue(capsys, files)
    assert code == 0
    (private,) = [json.loads(each.read_text()) for each in files[1].iterdir()]
    public = {name: value for name, value in private.items() if name != "d"}
    jwks = tmp_path / "jwks.json"
    jwks.write_text(json.dumps({"keys": [public]}))
    code, told, _ = card(capsys, "verify", issued["text"], "--keys", jwks, "--issuer", ISSUER)
    assert (code, told["valid"], told["issuer_checked"]) == (0, True, True)
    assert told["says"] == issued["says"]
    (gene,) = told["says"]["genes"]
    assert (gene["gene"], gene["phenotype"]) == ("CYP2C19", "Poor Metabolizer")
    assert told["says"]["holder"] == {"name": "Synthetic Example", "birth_date": "1970-01-01"}


@pytest.mark.parametrize("form", ["file", "stdin", "jws", "shc file"])
def test_a_card_is_read_from_wherever_it_stands(files, tmp_path, capsys, monkeypatch, form):
    _, issued, _ = issue(capsys, files)
    text = issued["jws"] if form == "jws" else issued["text"]
    given = text
    if form == "file":
        (tmp_path / "card.txt").write_text(text + "\n")
        given = tmp_path / "card.txt"
    elif form == "shc file":
        given = tmp_path / "a.smart-health-card"
        given.write_text(json.dumps({"verifiableCredential": [issued["jws"]]}))
    elif form == "stdin":
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        given = "-"
    code, told, messages = card(capsys, "verify", given, "--keys", files[1])
    assert (code, told["valid"], told["issuer_checked"]) == (0, True, False)
    assert "--issuer says whose keys these are" in messages


def test_what_does_not_hold_is_an_operation_outcome_and_exit_code_1(files, tmp_path, capsys):
    _, issued, _ = issue(capsys, files)
    main(["keys", "new", str(tmp_path / "others"), "--for", "cards"])
    capsys.readouterr()
    wrong = {
        "altered": (issued["text"][:-2], ("--keys", files[1])),
        "not among those given": (issued["text"], ("--keys", tmp_path / "others")),
        "another issuer": (
            issued["text"], ("--keys", files[1], "--issuer", "https://other.example.org"),
        ),
    }  # fmt: skip
    for reason, (text, more) in wrong.items():
        code, outcome, messages = card(capsys, "verify", text, *more)
        assert code == 1
        assert outcome["resourceType"] == "OperationOutcome"
        assert reason in messages
        assert "Synthetic" not in json.dumps(outcome)


def test_the_code_is_drawn_into_a_file_that_another_program_reads(files, tmp_path, capsys):
    from tests.security.test_card_qr import pixels

    code, issued, _ = issue(capsys, files, "--svg", tmp_path / "card.svg")
    assert code == 0
    drawn = (tmp_path / "card.svg").read_text()
    assert f"<title>QR code of the wallet card of {HOLDER['name'][0]['given'][0]}" in drawn
    assert issued["qr"]["version"] <= 22
    path = drawn.partition('<path d="')[2].partition('"')[0]

    class Code:
        width = 17 + 4 * issued["qr"]["version"] + 8

    Code.path = path
    (read,) = zxingcpp.read_barcodes(pixels(Code))
    assert read.text == issued["text"]


def test_the_text_alone_or_initials_are_given_where_asked(files, capsys):
    code, text, _ = issue(capsys, files, "--format", "text", "--initials")
    assert code == 0
    assert text.startswith("shc:/")
    _, told, _ = card(capsys, "verify", text.strip(), "--keys", files[1])
    assert told["says"]["holder"]["name"] == "S. E."


def test_a_demonstration_says_so_and_holds_only_where_one_is_asked_for(files, capsys):
    data, keys = files
    code, issued, messages = card(capsys, "issue", data, "--demo")
    assert code == 0
    assert "DEMONSTRATION" in messages
    assert issued["says"]["demonstration"] is True
    assert card(capsys, "verify", issued["text"], "--keys", keys)[0] == 1
    code, told, messages = card(capsys, "verify", issued["text"], "--demo")
    assert (code, told["says"]["demonstration"]) == (0, True)
    assert "proves nothing" in messages


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["issue", "{data}"], "no key to sign wallet cards"),
        (["issue", "{data}", "--keys", "{keys}", "--issuer", "http://pgx.example.org"], "https"),
        (["issue", "{data}", "--keys", "{keys}", "--issuer", ISSUER, "--svg", "/none/a.svg"],
         "cannot be written"),
        (["verify", "shc:/56"], "name the issuer's keys"),
        (["verify", "nowhere.txt", "--keys", "{keys}"], "no card, and no file"),
        (["verify", "shc:/56", "--keys", "{data}"], "no key of cards"),
        ([], ""),
    ],
)  # fmt: skip
def test_wrong_usage_is_exit_code_2(files, capsys, arguments, reason):
    data, keys = files
    given = [each.format(data=data, keys=keys) for each in arguments]
    code, out, messages = card(capsys, *given)
    assert (code, out) == (2, "")
    assert reason in messages


def test_data_that_make_no_card_are_exit_code_1(files, tmp_path, capsys):
    (tmp_path / "two.json").write_text(
        json.dumps(bundle(HOLDER, HOLDER | {"id": "synthetic-2"}, GENOTYPE))
    )
    (tmp_path / "nameless.json").write_text(json.dumps(bundle(PATIENT, GENOTYPE)))
    for name, reason in (("two", "patients"), ("nameless", "no name")):
        code, outcome, messages = card(
            capsys, "issue", tmp_path / f"{name}.json", "--keys", files[1], "--issuer", ISSUER
        )
        assert code == 1
        assert outcome["resourceType"] == "OperationOutcome"
        assert reason in messages


def test_the_settings_name_keys_and_issuer_where_the_command_does_not(files, capsys, monkeypatch):
    data, keys = files
    monkeypatch.setenv("FHIR_PGX_SIGNING_KEYS", str(keys))
    monkeypatch.setenv("FHIR_PGX_BASE_URL", ISSUER)
    code, issued, _ = card(capsys, "issue", data)
    assert (code, issued["says"]["issuer"]) == (0, ISSUER)
    code, told, _ = card(capsys, "verify", issued["text"])
    assert (code, told["issuer_checked"]) == (0, True)
    assert Path(keys).is_dir()

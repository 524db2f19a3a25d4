"""`fhir-pgx knowledge`: therapy tables beside guidelines, rows by what they are called."""

import json

import pytest

from fhir_pgx.cli import main


def asked(capsys, *words):
    code = main(["knowledge", *words])
    told = capsys.readouterr()
    return code, json.loads(told.out) if told.out else None, told.err


def test_the_list_counts_the_therapy_tables_with_date_and_licence(capsys):
    code, listed, _ = asked(capsys, "list")
    assert code == 0
    therapies = listed["therapies"]
    assert therapies["counts"]["tumour_rows"] > 3000
    sources = {each["name"]: each for each in therapies["sources"]}
    assert sources["CIViC: therapies of tumours"]["licence"] == "CC0-1.0"
    assert sources["WHO: catalogue of M. tuberculosis"]["as_of"] == "2024-01-30"


@pytest.mark.parametrize(
    ("wanted", "kind"),
    [
        ("CIViC:EID5", "tumour_statement"),
        ("FDA-label-hand:054", "tumour"),
        ("rpoB p.Ser450Leu", "tb"),
        ("RARE-hand:090", "inherited"),
        ("cetuximab", "tumour"),
    ],
)
def test_a_row_is_shown_by_its_id_or_its_name(capsys, wanted, kind):
    code, shown, _ = asked(capsys, "show", wanted)
    assert code == 0
    assert shown["therapies"][kind]


def test_a_drug_of_both_is_shown_with_both(capsys):
    _, shown, _ = asked(capsys, "show", "abacavir")
    assert shown["drug"] == "abacavir"
    assert shown["rules"]
    assert shown["therapies"]["hiv_drug"][0]["id"] == "hivdb.abacavir"


def test_a_drug_without_rows_of_therapies_has_no_such_member(capsys):
    _, shown, _ = asked(capsys, "show", "nortriptyline")
    assert "therapies" not in shown


def test_what_is_not_held_is_refused_with_the_ways_to_look_it_up(capsys):
    code, shown, told = asked(capsys, "show", "CIViC:EID0")
    assert (code, shown) == (2, None)
    assert "CIViC:EID5" in told
    assert "rpoB p.Ser450Leu" in told


def test_verify_tells_every_source_of_the_release(capsys):
    code, told, _ = asked(capsys, "verify")
    assert code == 0
    assert told["verified"] is True
    assert any(each["name"].startswith("CIViC") for each in told["sources"])

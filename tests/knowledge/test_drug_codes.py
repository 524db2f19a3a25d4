"""Codes and names looked up in the packed drug file."""

import csv
import hashlib
import json
import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_pgx.errors import BrokenKnowledge
from fhir_pgx.knowledge import drug_codes
from fhir_pgx.knowledge.drug_codes import DrugCodes, ndc_products
from fhir_pgx.knowledge.imports import drug_codes as importer
from fhir_pgx.model.drug import CodeMeaning, Drug

CODES = DrugCodes()


def names(meaning: CodeMeaning | None) -> set[str] | None:
    return None if meaning is None else {drug.name for drug in meaning.ingredients}


# The codes are RxNorm's own; what they hold is RxNorm's name of each.
@pytest.mark.parametrize(
    ("code", "what", "ingredients", "kind"),
    [
        ("32968", "IN clopidogrel", {"clopidogrel"}, "ingredient"),
        ("309362", "SCD clopidogrel 75 MG Oral Tablet", {"clopidogrel"}, "product"),
        ("213169", "SBD clopidogrel 75 MG Oral Tablet [Plavix]", {"clopidogrel"}, "product"),
        ("174742", "BN Plavix", {"clopidogrel"}, "brand"),
        ("2672", "PIN codeine phosphate", {"codeine"}, "ingredient"),
        ("266856", "PIN divalproex sodium", {"valproate"}, "ingredient"),
        ("11118", "PIN valproic acid", {"valproate"}, "ingredient"),
        ("224925", "BN Marinol", {"dronabinol"}, "brand"),
        ("817579", "MIN acetaminophen / codeine", {"acetaminophen", "codeine"}, "ingredient"),
        ("10831", "MIN SMX / TMP", {"sulfamethoxazole", "trimethoprim"}, "ingredient"),
        ("993781", "SCD acetaminophen 300 / codeine 30", {"acetaminophen", "codeine"}, "product"),
        ("749780", "GPCK 3 azithromycin 500 MG", {"azithromycin"}, "pack"),
        ("754509", "BPCK Emend Tri-Fold Pack", {"aprepitant"}, "pack"),
        (
            "757968",
            "GPCK amoxicillin / clarithromycin / lansoprazole",
            {"amoxicillin", "clarithromycin", "lansoprazole"},
            "pack",
        ),
        # Branded groups whose brand adds to another brand's ingredients.
        (
            "1168324",
            "SBDG Fioricet with Codeine Oral Product",
            {"acetaminophen", "butalbital", "caffeine", "codeine"},
            "product",
        ),
        (
            "1170817",
            "SBDG Benicar HCT Oral Product",
            {"olmesartan", "hydrochlorothiazide"},
            "product",
        ),
    ],
)
def test_an_rxnorm_code_of_any_term_type_gives_every_ingredient(code, what, ingredients, kind):
    found = CODES.by_rxcui(code)
    assert (names(found), found.kind, found.notes) == (ingredients, kind, ()), what


@pytest.mark.parametrize(
    ("code", "what", "ingredients", "note", "successor"),
    [
        ("197376", "SCD aspirin 325 / codeine 30", {"aspirin", "codeine"}, "retired-code", ""),
        ("402353", "SCDC rosuvastatin 40 MG", {"rosuvastatin"}, "retired-code", "2167568"),
        (
            "309446",
            "SCD with aluminum hydroxide, which the facts could not name",
            {"aspirin", "codeine", "magnesium hydroxide"},
            "incomplete-ingredients",
            "",
        ),
        ("486610", "PIN paclitaxel protein-bound", {"paclitaxel"}, "not-interchangeable", ""),
        ("2267582", "PIN trastuzumab deruxtecan", {"trastuzumab"}, "not-interchangeable", ""),
        ("1658084", "SCD ado-trastuzumab emtansine", {"trastuzumab"}, "not-interchangeable", ""),
    ],
)
def test_a_code_that_needs_a_caveat_resolves_with_it(code, what, ingredients, note, successor):
    found = CODES.by_rxcui(code)
    assert (names(found), found.notes, found.successor) == (ingredients, (note,), successor), what


def test_a_conjugate_that_is_its_own_ingredient_needs_no_caveat():
    assert CODES.by_rxcui("1147320") == CodeMeaning(
        (Drug("1147320", "brentuximab vedotin"),), "ingredient"
    )


@pytest.mark.parametrize("code", ["", "0", "99999999", "-32968", "32968 ", "3.2968e4", "٣٢", "NA"])
def test_what_is_no_known_rxnorm_code_gives_nothing(code):
    assert CODES.by_rxcui(code) is None


@pytest.mark.parametrize(
    ("ndc", "form", "ingredients"),
    [
        ("0093-7314-98", "4-4-2", {"clopidogrel"}),
        ("16729-218-10", "5-3-2", {"clopidogrel"}),
        ("63653-1171-1", "5-4-1", {"clopidogrel"}),
        ("63653-1171-01", "5-4-2", {"clopidogrel"}),
        ("00093-7314-98", "5-4-2 padded", {"clopidogrel"}),
        ("0093-7314", "4-4, no package", {"clopidogrel"}),
        ("00093731498", "11 digits", {"clopidogrel"}),
        ("0093731498", "10 digits, one reading held", {"clopidogrel"}),
        (" 0054-0244-25 ", "4-4-2", {"codeine"}),
        ("0056-0172-70", "4-4-2, Coumadin 5 MG", {"warfarin"}),
    ],
)
def test_an_ndc_is_read_in_every_hyphenation(ndc, form, ingredients):
    assert names(CODES.by_ndc(ndc)) == ingredients, form


@pytest.mark.parametrize(
    ("ndc", "why", "choices"),
    [
        # 0008-1210 is desvenlafaxine, 00081-0210 aspirin.
        ("0008121001", "10 digits fit two products", {("desvenlafaxine",), ("aspirin",)}),
        ("0093-0011-01", "the NDC was reused", {("pantoprazole",), ("aspirin", "codeine")}),
    ],
)
def test_an_ndc_that_means_two_products_is_not_decided(ndc, why, choices):
    found = CODES.by_ndc(ndc)
    assert (found.ingredients, found.notes) == ((), ("ndc-conflict",)), why
    assert {tuple(drug.name for drug in choice) for choice in found.choices} == choices


def test_an_ndc_takes_the_caveat_of_its_product():
    found = CODES.by_ndc("50242-088-01")  # Kadcyla
    assert (names(found), found.notes) == ({"trastuzumab"}, ("not-interchangeable",))


@pytest.mark.parametrize(
    "ndc",
    ["", "abc", "1-2-3", "0093-731-498", "123456789", "123456789012", "0093-7314-98-1", "٣" * 11],
)
def test_what_is_no_ndc_is_not_read_as_one(ndc):
    assert ndc_products(ndc) == ()
    assert CODES.by_ndc(ndc) is None


@pytest.mark.parametrize(
    ("code", "ingredients", "notes"),
    [
        ("B01AC04", {"clopidogrel"}, ()),
        ("c10aa01", {"simvastatin"}, ()),
        ("R05DA04", {"codeine"}, ()),
        ("C10BX01", {"simvastatin", "aspirin"}, ()),
        ("C10BX04", {"simvastatin", "aspirin", "ramipril"}, ()),
        ("C10BX02", {"pravastatin", "aspirin"}, ()),
        ("J05AR13", {"lamivudine", "abacavir", "dolutegravir"}, ()),
        ("N02AA59", {"codeine"}, ("incomplete-ingredients",)),  # codeine, combinations
        ("N02AA", set(), ("class-only",)),
        ("C", set(), ("class-only",)),
        ("G01AE10", None, None),  # sulfonamides; the facts say hydrochlorothiazide: left out
        ("ZZZ", None, None),
        ("B01AC0", None, None),
    ],
)
def test_an_atc_code_gives_its_ingredients_and_a_class_gives_none(code, ingredients, notes):
    found = CODES.by_atc(code)
    assert (names(found), found and found.notes) == (ingredients, notes)


@pytest.mark.parametrize(
    ("code", "ingredients", "notes"),
    [
        ("387017005", {"exemestane"}, ()),
        ("387003001", {"trastuzumab"}, ()),
        ("838469001", {"trastuzumab"}, ("not-interchangeable",)),  # trastuzumab deruxtecan
        ("1", None, None),
    ],
)
def test_a_snomed_substance_gives_its_ingredient(code, ingredients, notes):
    found = CODES.by_snomed(code)
    assert (names(found), found and found.notes) == (ingredients, notes)


@pytest.mark.parametrize(
    ("name", "ingredients", "notes"),
    [
        ("plavix", {"clopidogrel"}, ()),
        ("paracetamol", {"acetaminophen"}, ()),
        ("co codamol", {"acetaminophen", "codeine"}, ()),
        ("kadcyla", {"trastuzumab"}, ("not-interchangeable",)),
        ("nab paclitaxel", {"paclitaxel"}, ("not-interchangeable",)),
        ("drv r", {"darunavir"}, ("incomplete-ingredients",)),  # with ritonavir
        ("loratadine", {"loratadine"}, ()),  # no pharmacogenomics: known all the same
    ],
)
def test_a_whole_name_gives_its_ingredients(name, ingredients, notes):
    found = CODES.by_name(name)
    assert (names(found), found.notes) == (ingredients, notes)


@pytest.mark.parametrize("name", ["ms", "mso4", "aza", "hct", "tac", "mtx"])
def test_an_abbreviation_with_two_readings_is_known_and_not_decided(name):
    found = CODES.by_name(name)
    assert found.ingredients == ()
    assert found.choices


@pytest.mark.parametrize("name", ["", "hydrocodeine", "clopid", "Plavix", "x" * 10_000])
def test_a_name_is_matched_whole_or_not_at_all(name):
    assert CODES.by_name(name) is None


def test_the_file_is_the_one_that_was_recorded():
    assert CODES.verify() == hashlib.sha256(drug_codes.FILE.read_bytes()).hexdigest()


def test_a_changed_file_is_refused(tmp_path):
    path = Path(shutil.copy(drug_codes.FILE, tmp_path))
    shutil.copy(drug_codes.FILE.with_suffix(".json"), tmp_path)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    codes = DrugCodes(path)
    with pytest.raises(BrokenKnowledge, match="sha256"):
        codes.verify()
    codes.close()


def test_a_file_that_is_missing_or_not_ours_is_refused(tmp_path):
    with pytest.raises(BrokenKnowledge):
        DrugCodes(tmp_path / "nothing.sqlite")
    text = tmp_path / "text.sqlite"
    text.write_text("this is no database" * 100)
    with pytest.raises(BrokenKnowledge):
        DrugCodes(text)
    other = tmp_path / "other.sqlite"
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE rxcui (code INTEGER)")
    connection.close()
    with pytest.raises(BrokenKnowledge, match="version 1"):
        DrugCodes(other)


def test_a_file_without_its_record_is_refused(tmp_path):
    codes = DrugCodes(Path(shutil.copy(drug_codes.FILE, tmp_path)))
    with pytest.raises(BrokenKnowledge, match="json"):
        codes.verify()
    codes.close()


def test_many_threads_get_the_answers_that_one_gets():
    wanted = [str(code) for code in range(309_000, 309_700)]
    shared = DrugCodes(cached=16)
    with ThreadPoolExecutor(8) as pool:
        found = [list(pool.map(shared.by_rxcui, wanted)) for _ in range(3)]
    shared.close()
    expected = [CODES.by_rxcui(code) for code in wanted]
    assert any(expected)
    assert found == [expected] * 3


@given(st.text(max_size=40))
def test_no_text_breaks_a_look_up(text):
    for look_up in (CODES.by_rxcui, CODES.by_ndc, CODES.by_atc, CODES.by_snomed, CODES.by_name):
        found = look_up(text)
        assert found is None or isinstance(found, CodeMeaning)


def test_no_name_is_held_that_could_not_be_looked_up():
    connection = sqlite3.connect(f"{drug_codes.FILE.as_uri()}?mode=ro&immutable=1", uri=True)
    longest = connection.execute("SELECT max(length(name)) FROM name").fetchone()[0]
    connection.close()
    assert longest <= drug_codes.LONGEST_NAME


def test_the_facts_pack_into_the_file_that_is_shipped(shared, tmp_path):
    importer.build(shared / "facts" / "drugs", tmp_path / "drug_codes.sqlite")

    def content(folder: Path) -> list[str]:
        connection = sqlite3.connect(folder / "drug_codes.sqlite")
        try:
            return list(connection.iterdump())
        finally:
            connection.close()

    assert content(tmp_path) == content(drug_codes.FILE.parent)
    record = json.loads((tmp_path / "drug_codes.json").read_text())
    shipped = json.loads(drug_codes.FILE.with_suffix(".json").read_text())
    assert record["inputs"] == shipped["inputs"]


def test_every_code_of_the_facts_gives_the_ingredients_of_the_facts(shared):
    corrected = json.loads(drug_codes.FILE.with_suffix(".json").read_text())["corrected"]["rxcui"]
    with (shared / "facts/drugs/rxcui_to_ingredient.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["rxcui"] not in corrected]
    wrong = [
        row["rxcui"]
        for row in rows
        if {drug.rxcui for drug in CODES.by_rxcui(row["rxcui"]).ingredients}
        != set(row["ingredient_rxcuis"].split(";"))
    ]
    assert len(rows) > 33_000
    assert wrong == []

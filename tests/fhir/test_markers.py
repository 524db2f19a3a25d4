"""Biomarkers as laboratories send them: every value type, and never a verdict of our own."""

from decimal import Decimal

import pytest

from tests.fhir.tumour_resources import coded, quantity, result

# code, value, parts, name, verdict, number, scale
TABLE = [
    ("94076-7", quantity(12.4, "mutations/Mb"), (), "TMB", "", "12.4", ""),
    ("94076-7", quantity(12.4, "1/1000000{base}"), (), "TMB", "", "12.4", ""),
    ("94077-5", "TMB-High", (), "TMB", "high", None, ""),
    ("Tumor mutational burden", "12 mut/Mb, high", (), "TMB", "high", "12", ""),
    ("Tumor Mutation Burden", "Low", (), "TMB", "low", None, ""),
    ("94077-5", "Intermediate", (), "TMB", "", None, ""),
    ("81695-9", coded("MSI-H", "LA26203-2"), (), "MSI", "high", None, ""),
    ("81695-9", coded("", "LA14122-8"), (), "MSI", "stable", None, ""),
    ("81695-9", coded("MSI-L"), (), "MSI", "low", None, ""),
    ("MSI status", "MSS", (), "MSI", "stable", None, ""),
    ("Microsatellite instability", "Not detected", (), "MSI", "stable", None, ""),
    ("Microsatellite instability", "Cannot be determined", (), "MSI", "indeterminate", None, ""),
    ("62862-8", "dMMR", (), "MMR", "deficient", None, ""),
    ("Mismatch repair proteins", "Loss of MLH1 and PMS2; MSH2 and MSH6 intact", (), "MMR",
     "deficient", None, ""),
    ("Mismatch repair", "Proficient", (), "MMR", "proficient", None, ""),
    ("Mismatch repair", "No loss of nuclear expression", (), "MMR", "proficient", None, ""),
    ("85147-7", quantity(60, "%"), (), "PD-L1", "", "60", ""),
    ("85147-7", "TPS 60%", (), "PD-L1", "", "60", "TPS"),
    ("PD-L1 22C3 TPS", "<1% (negative)", (), "PD-L1", "negative", "1", "TPS"),
    ("PD-L1 CPS", quantity(10), (), "PD-L1", "", "10", "CPS"),
    ("PD-L1 (SP263) TC", quantity(25, "%"), (), "PD-L1", "", "25", "TC"),
    ("83052-1", coded("Positive", "LA6576-8"), (("Tumor proportion score", quantity(55, "%")),),
     "PD-L1", "positive", "55", "TPS"),
    ("PD-L1 expression", "High expression (TPS >= 50%)", (), "PD-L1", "high", "50", "TPS"),
    ("85319-2", coded("2+ (equivocal)"), (), "HER2-IHC", "equivocal", "2", ""),
    ("HER2 IHC", "3+", (), "HER2-IHC", "", "3", ""),
    ("HER2 IHC", {"valueInteger": 3}, (), "HER2-IHC", "", "3", ""),
    ("HER2 by IHC", "1+ (HER2-low)", (), "HER2-IHC", "low", "1", ""),
    ("HER2 by IHC", "0 (HER2-ultralow)", (), "HER2-IHC", "", None, ""),
    ("HER2 IHC", "0", (), "HER2-IHC", "", "0", ""),
    ("HER2 IHC", "1+ to 2+", (), "HER2-IHC", "", None, ""),
    ("85319-2", coded("Negative", "LA6577-6"), (), "HER2-IHC", "negative", None, ""),
    ("48676-1", "HER2 positive (IHC 3+)", (), "HER2-IHC", "positive", "3", ""),
    ("48676-1", "Positive", (), "HER2", "positive", None, ""),
    ("49683-6", quantity(2.4, "{ratio}"), (), "HER2-ISH", "", "2.4", ""),
    ("85318-4", coded("Not amplified"), (), "HER2-ISH", "negative", None, ""),
    ("HER2 FISH", "Amplified, HER2/CEP17 ratio 4.2", (), "HER2-ISH", "positive", "4.2", ""),
    ("HRD score", quantity(52), (), "HRD", "", "52", ""),
    ("Homologous recombination deficiency", "Positive", (), "HRD", "positive", None, ""),
    ("Homologous recombination deficiency", "Not detected", (), "HRD", "negative", None, ""),
    ("ER by IHC", "Positive (90%)", (), "ER", "positive", "90", ""),
    ("85337-4", coded("Positive"), (("Percent of cells", quantity(95, "%")),), "ER", "positive",
     "95", ""),
    ("PR status", "Low positive (5%)", (), "PR", "positive", "5", ""),
    ("MGMT promoter methylation", "Unmethylated", (), "MGMT", "unmethylated", None, ""),
    ("64083-9", "Methylated", (), "MGMT", "methylated", None, ""),
    ("MGMT promoter methylation", "Not detected", (), "MGMT", "unmethylated", None, ""),
    ("ALK IHC (D5F3)", "Positive", (), "ALK-IHC", "positive", None, ""),
    ("FISH 1p/19q codeletion", "Codeleted", (), "del(1p/19q)", "positive", None, ""),
    ("Deletion 17p by FISH", "Not detected", (), "del(17p)", "negative", None, ""),
    ("Claudin 18.2 IHC", "Positive (80%)", (), "CLDN18.2-IHC", "positive", "80", ""),
]  # fmt: skip


@pytest.mark.parametrize(("code", "value", "parts", "name", "verdict", "number", "scale"), TABLE)
def test_a_biomarker_is_read_as_the_report_says(
    tumour_reading_of, code, value, parts, name, verdict, number, scale
):
    (found,) = tumour_reading_of(result(code, value, *parts)).precision.markers
    assert (found.name, found.verdict, found.scale) == (name, verdict, scale)
    assert found.number == (None if number is None else Decimal(number))


@pytest.mark.parametrize(
    "value",
    [
        {"dataAbsentReason": {"coding": [{"code": "not-performed"}]}},
        "Not performed",
        "Insufficient tissue",
        "Quantity not sufficient",
    ],
)
def test_what_was_not_tested_is_not_negative(tumour_reading_of, value):
    (found,) = tumour_reading_of(result("PD-L1 22C3", value)).precision.markers
    assert (found.verdict, found.number) == ("not-performed", None)


def test_a_missing_answer_is_indeterminate_and_not_negative(tumour_reading_of):
    absent = {"dataAbsentReason": {"coding": [{"code": "error"}]}}
    (found,) = tumour_reading_of(result("81695-9", absent)).precision.markers
    assert found.verdict == "indeterminate"


def test_each_scale_of_pd_l1_is_a_marker_of_its_own(tumour_reading_of):
    found = tumour_reading_of(result("PD-L1 (SP142)", "TC 5%, IC 10%")).precision.markers
    assert [(each.scale, each.number, each.clone) for each in found] == [
        ("TC", Decimal(5), "SP142"),
        ("IC", Decimal(10), "SP142"),
    ]


@pytest.mark.parametrize(
    ("code", "clone"),
    [("85147-7", "22C3"), ("85148-5", "28-8"), ("85149-3", "SP142"), ("PD-L1 (SP263)", "SP263"),
     ("PD-L1 IHC", "")],
)  # fmt: skip
def test_the_clone_comes_from_the_code_or_its_words(tumour_reading_of, code, clone):
    (found,) = tumour_reading_of(result(code, quantity(60, "%"))).precision.markers
    assert found.clone == clone


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("94076-7", quantity(250, "mutations")),  # of how many bases?
        ("PD-L1 TPS", quantity(0.6)),  # a fraction or a percentage below one?
        ("PD-L1 TPS", quantity(160, "%")),
        ("HER2 IHC", quantity(90)),
        ("ER by IHC", quantity(240, "fmol/mg")),
    ],
)
def test_a_number_in_another_unit_is_not_used(tumour_reading_of, code, value):
    (found,) = tumour_reading_of(result(code, value)).precision.markers
    assert found.number is None
    assert [caveat.code for caveat in found.caveats] == ["PGX-735"]


def test_comparators_and_ranges_are_kept(tumour_reading_of):
    below = {"valueQuantity": {"value": 1, "comparator": "<", "unit": "%"}}
    (found,) = tumour_reading_of(result("PD-L1 TPS", below)).precision.markers
    assert (found.comparator, found.number) == ("<", Decimal(1))
    ends = {"low": {"value": 1, "unit": "%"}, "high": {"value": 49, "unit": "%"}}
    (found,) = tumour_reading_of(result("PD-L1 TPS", {"valueRange": ends})).precision.markers
    assert (found.comparator, found.number) == (">=", Decimal(1))
    assert [caveat.code for caveat in found.caveats] == ["PGX-743"]


def test_a_fish_panel_with_its_parts_is_one_marker(tumour_reading_of):
    parts = (("49683-6", quantity(1.1)), ("74860-8", quantity(2.3)),
             ("85318-4", coded("Negative", "LA6577-6")))  # fmt: skip
    (found,) = tumour_reading_of(result("74885-5", None, *parts)).precision.markers
    assert (found.name, found.verdict) == ("HER2-ISH", "negative")
    assert (found.number, found.copies) == (Decimal("1.1"), Decimal("2.3"))


@pytest.mark.parametrize(
    ("stains", "verdict"),
    [
        (("Loss of nuclear expression", "Loss", "Retained", "Retained"), "deficient"),
        (("Intact", "Intact", "Retained", "Present"), "proficient"),
        (("Intact", "Intact", "Retained", "Equivocal"), ""),
        (("Intact", "Intact", "Retained"), ""),  # one was not stained
    ],
)
def test_mismatch_repair_is_judged_by_its_four_proteins(tumour_reading_of, stains, verdict):
    parts = list(zip(("MLH1", "PMS2", "MSH2", "MSH6"), stains, strict=False))
    found = tumour_reading_of(result("Mismatch repair panel IHC", None, *parts)).precision.markers
    assert [each.verdict for each in found] == [verdict]
    assert [c.code for each in found for c in each.caveats] == (["PGX-736"] if verdict else [])


def test_the_verdict_of_interpretation_counts_where_the_value_is_a_number(tumour_reading_of):
    high = [{"coding": [{"code": "H"}], "text": "High"}]
    tmb = result("94076-7", quantity(25, "mutations/Mb"), interpretation=high)
    (found,) = tumour_reading_of(tmb).precision.markers
    assert (found.verdict, found.number) == ("high", Decimal(25))


def test_blood_tmb_is_told_by_its_specimen(tumour_reading_of):
    tmb = result("94076-7", quantity(16, "mutations/Mb"), specimen="Plasma cell-free DNA")
    (found,) = tumour_reading_of(tmb).precision.markers
    assert found.specimen == "plasma"


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled"])
def test_withdrawn_markers_are_listed_and_not_read(tumour_reading_of, status):
    reading = tumour_reading_of(result("81695-9", "MSI-H", status=status))
    assert reading.precision.markers == ()
    assert status in reading.not_understood[0].reason


@pytest.mark.parametrize(
    ("code", "value"),
    [("PR interval", quantity(160, "ms")), ("Hemoglobin A1c", quantity(7, "%")),
     ("ER visit", "yes"), ("HER2 [Mass/volume] in Serum", quantity(9, "ng/mL")),
     ("Blood type", "A"), ("MSI tower", "x"[:0] or "1")],
)  # fmt: skip
def test_other_results_are_nobody_s_biomarker(tumour_reading_of, code, value):
    found = tumour_reading_of(result(code, value)).precision.markers
    assert [each.name for each in found if each.verdict or each.number] == []


def test_what_no_row_asks_for_is_listed(tumour_reading_of):
    reading = tumour_reading_of(result("32996-1", quantity(9, "ng/mL")))
    assert reading.precision.markers == ()
    assert [each.reference for each in reading.not_understood] == ["Observation/o"]

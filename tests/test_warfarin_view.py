"""The warfarin view: the flow asked again with one input changed. All people are synthetic.

The first case is tests/cases/patient-warfarin-amiodarone: woman of 68, white, 74 kg, 168 cm,
amiodarone, VKORC1 AG, CYP2C9 *1/*3. Its CASE.md works the doses out by hand.
"""

import json
from datetime import date
from decimal import Decimal
from itertools import product
from math import exp, sqrt

import pytest

from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.model.drug import Drug
from fhir_pgx.model.genotype import Diplotype
from fhir_pgx.model.patient import Measurement, Medicine, PatientContext
from fhir_pgx.model.phenotype import Coverage, GeneResult, Status
from fhir_pgx.model.recommendation import Unanswered
from fhir_pgx.phenotype.diplotype import phenotype_of
from fhir_pgx.pipeline import Pipeline
from fhir_pgx.recommendation.warfarin import doses_by_branch, recommend_warfarin
from fhir_pgx.recommendation.warfarin_dose import span
from tests.seen_people import bundle, case, result

AMIODARONE = "patient-warfarin-amiodarone"


@pytest.fixture(scope="module")
def pipeline(knowledge):
    return Pipeline(knowledge, DrugCodes(), today=lambda: date(2026, 11, 23))


@pytest.fixture(scope="module")
def view(pipeline):
    return pipeline.warfarin_view(case(AMIODARONE))


def panel(view, name, branch=0):
    return next(each for each in view["branches"][branch]["panels"] if each["name"] == name)


def dose(view, name, label, equation="iwpc-pharmacogenetic", branch=0):
    """The dose of a panel at one value, mg a week, as a number; None where none is given."""
    point = next(p for p in panel(view, name, branch)["points"] if p["label"] == label)
    found = [d for d in point.get("doses", []) if d["equation"] == equation]
    return Decimal(found[0]["low"]) if found else None


def own(view, name, branch=0):
    return [p["label"] for p in panel(view, name, branch)["points"] if p.get("patient")]


def iwpc(age=68, height=168, weight=74, vkorc1=0.8677, cyp2c9=0.9357, amiodarone=0.5503, inducer=0):
    """The equation written out once more, as the paper prints it (white)."""
    total = 5.6044 - 0.2614 * (age // 10) + 0.0087 * height + 0.0128 * weight
    return (total - vkorc1 - cyp2c9 - amiodarone + inducer) ** 2


def gage(age=68, height=168, weight=74, inr=2.5, smokes=0, clot=0, amiodarone=1):
    total = 0.9751 - 0.3238 + 0.4317 * sqrt(height * weight / 3600) - 0.4008 - 0.00745 * age
    total += 0.2029 * inr - 0.2538 * amiodarone + 0.0922 * smokes + 0.0664 * clot
    return 7 * exp(total)


# The numbers


def test_the_patients_own_dose_is_that_of_the_card(view):
    assert [(d["label"], d["weekly"]["low"], d["daily"]["low"])
            for d in view["branches"][0]["doses"]] == [
        ("IWPC", "16.7", "2.4"), ("Gage", "15.6", "2.2"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "label", "changed"),
    [
        ("age", "30", {"age": 30}),
        ("age", "79", {"age": 79}),  # whole decades: as 70
        ("age", "80", {"age": 80}),
        ("weight", "50", {"weight": 50}),
        ("height", "190", {"height": 190}),
        ("VKORC1", "GG", {"vkorc1": 0}),
        ("VKORC1", "AA", {"vkorc1": 1.6974}),
        ("CYP2C9", "*1/*1", {"cyp2c9": 0}),
        ("CYP2C9", "*2/*3", {"cyp2c9": 1.9206}),
        ("amiodarone", "no", {"amiodarone": 0}),
        ("inducer", "yes", {"inducer": 1.1816}),
        ("smokes", "yes", {}),  # IWPC does not ask
    ],
)
def test_each_curve_is_the_equation_with_one_input_changed(view, name, label, changed):
    assert dose(view, name, label) == pytest.approx(Decimal(iwpc(**changed)), abs=Decimal("0.006"))


@pytest.mark.parametrize(
    ("name", "label", "changed"),
    [
        ("target-inr", "3", {"inr": 3}),
        ("smokes", "yes", {"smokes": 1}),
        ("dvt-pe", "yes", {"clot": 1}),
        ("age", "39", {"age": 39}),
        ("amiodarone", "no", {"amiodarone": 0}),
        ("inducer", "yes", {}),  # Gage does not ask
    ],
)
def test_gages_curves_too(view, name, label, changed):
    found = dose(view, name, label, "gage-pharmacogenetic")
    assert found == pytest.approx(Decimal(gage(**changed)), abs=Decimal("0.006"))


@pytest.mark.parametrize(
    ("name", "label", "low", "high"),
    [("rs2108622", "T carried", 1.05, 1.10), ("CYP2C9", "*1/*8", 0.70, 0.85)],
)
def test_a_change_of_the_guideline_is_a_range(view, name, label, low, high):
    point = next(p for p in panel(view, name)["points"] if p["label"] == label)
    plain = iwpc() if name == "rs2108622" else iwpc(cyp2c9=0)
    found = next(d for d in point["doses"] if d["equation"] == "iwpc-pharmacogenetic")
    assert float(found["low"]) == pytest.approx(plain * low, abs=0.006)
    assert float(found["high"]) == pytest.approx(plain * high, abs=0.006)


def test_every_panel_passes_through_the_patients_own_dose(view):
    for each in view["branches"][0]["panels"]:
        points = [p for p in each["points"] if p.get("patient")]
        assert len(points) == 1, each["name"]
        assert [d["low"] for d in points[0]["doses"]] == ["16.74", "15.57"], each["name"]


def test_no_age_under_eighteen_is_drawn(view):
    assert min(int(p["label"]) for p in panel(view, "age")["points"]) == 18


# What is known


def test_what_is_on_file_assumed_and_not_known_are_three_states(pipeline, view):
    found = {p["name"]: (p["state"], p["value"]) for p in view["branches"][0]["panels"]}
    assert found["age"] == ("known", "68")
    assert found["amiodarone"] == ("known", "yes")
    assert found["dvt-pe"] == ("assumed", "not known; counted as no")
    less = pipeline.warfarin_view(case(AMIODARONE, without=("vitalSigns", "activeMedications")))
    found = {p["name"]: (p["state"], p["value"]) for p in less["branches"][0]["panels"]}
    assert found["weight"] == ("not-known", "not known")
    assert found["amiodarone"] == ("assumed", "not known; counted as no")


def test_without_height_and_weight_no_curve_is_drawn(pipeline):
    less = pipeline.warfarin_view(case(AMIODARONE, without=("vitalSigns",)))
    assert less["missing"] == ["height", "weight"]
    assert "doses" not in less["branches"][0]
    for each in less["branches"][0]["panels"]:
        assert all("doses" not in point for point in each["points"]), each["name"]


def test_the_one_input_that_is_missing_has_a_curve_and_no_own_point(pipeline):
    documents = case(AMIODARONE)
    vitals = next(d for d in documents if d.name == "vitalSigns")
    held = json.loads(vitals.data)
    held["entry"] = [e for e in held["entry"] if e["resource"]["id"] != "weight"]
    rest = [d for d in documents if d.name != "vitalSigns"]
    view = pipeline.warfarin_view([*rest, type(vitals)(json.dumps(held).encode(), "vitalSigns")])
    assert view["missing"] == ["weight"]
    assert own(view, "weight") == []
    expected = Decimal(iwpc(weight=75))
    assert dose(view, "weight", "75") == pytest.approx(expected, abs=Decimal("0.006"))
    assert dose(view, "age", "68") is None


def test_ancestry_that_is_not_known_shows_both_branches(pipeline):
    documents = case(AMIODARONE)
    patient = json.loads(documents[0].data)
    patient.pop("extension")
    view = pipeline.warfarin_view(
        [type(documents[0])(json.dumps(patient).encode()), *documents[1:]]
    )
    assert [b["code"] for b in view["branches"]] == ["non-african-ancestry", "african-ancestry"]
    assert [p["name"] for p in view["branches"][0]["panels"]][:3] == [
        "VKORC1", "CYP2C9", "rs2108622",
    ]  # fmt: skip
    assert panel(view, "rs12777823", branch=1)["state"] == "not-known"


# Refusals


def stated(cyp2c9="*1/*1", vkorc1="-1639 AG", **more):
    found = [result("CYP2C9", cyp2c9)] if cyp2c9 else []
    found += [result("VKORC1", vkorc1, code="53040-2")] if vkorc1 else []
    return bundle(*found)


def test_without_either_gene_no_equation_is_asked(pipeline):
    view = pipeline.warfarin_view(bundle())
    assert "branches" not in view
    assert view["refusal"].startswith("No CYP2C9 result is on file. No VKORC1 result is on file.")


def test_one_gene_alone_gives_doses_without_genes_and_says_why(pipeline):
    documents = [d for d in case(AMIODARONE) if d.name != "pgxObservations"]
    view = pipeline.warfarin_view([*documents, *_as_patient(stated(vkorc1=""))])
    (branch,) = view["branches"]
    assert branch["with_genes"] is False
    assert branch["refusal"] == "No VKORC1 result is on file."
    assert {d["equation"] for d in branch["doses"]} == {"iwpc-clinical", "gage-clinical"}
    vkorc1 = panel(view, "VKORC1")
    assert vkorc1["state"] == "not-known"
    assert dose(view, "VKORC1", "GG") == pytest.approx(
        Decimal(iwpc(vkorc1=0, cyp2c9=0)), abs=Decimal("0.006")
    )


def _as_patient(documents):
    """The results of a bundle as those of the case's patient."""
    bundle_ = json.loads(documents[0].data)
    entries = [
        e["resource"] for e in bundle_["entry"] if e["resource"]["resourceType"] != "Patient"
    ]
    for each in entries:
        each["subject"] = {"reference": "Patient/synthetic-1"}
    written = {**bundle_, "entry": [{"resource": each} for each in entries]}
    return [type(documents[0])(json.dumps(written).encode(), "results.json")]


def test_african_ancestry_refuses_the_genotype_where_its_alleles_were_not_tested(pipeline):
    name = "patient-warfarin-african-american"
    documents = [d for d in case(name) if d.name != "pgxObservations"]
    view = pipeline.warfarin_view([*documents, *_as_patient(stated())])
    (branch,) = view["branches"]
    assert branch["code"] == "african-ancestry"
    assert branch["with_genes"] is False
    assert branch["refusal"] == (
        "The report does not say whether CYP2C9 *5, *6, *8 and *11 were looked for."
    )
    tested = next(p for p in panel(view, "CYP2C9")["points"] if p["label"] == "*1/*2")
    assert "refusal" not in tested  # as if every position had been read
    mine = next(p for p in panel(view, "CYP2C9")["points"] if p.get("patient"))
    assert mine["refusal"] == branch["refusal"]


def test_a_child_has_no_equation(pipeline):
    documents = case(AMIODARONE)
    patient = json.loads(documents[0].data) | {"birthDate": "2014-05-05"}
    view = pipeline.warfarin_view(
        [type(documents[0])(json.dumps(patient).encode()), *documents[1:]]
    )
    assert "branches" not in view
    assert "paediatric equation" in view["refusal"]


def test_a_poor_metabolizer_is_told_of_the_alternative_first(pipeline):
    documents = [d for d in case(AMIODARONE) if d.name != "pgxObservations"]
    view = pipeline.warfarin_view([*documents, *_as_patient(stated(cyp2c9="*3/*3"))])
    assert {a["action"] for a in view["branches"][0]["advice"]} == {"alternative"}


# The numbers of the view are those of the recommendation


def _results(knowledge, cyp2c9, vkorc1, coverage):
    found = phenotype_of(Diplotype(cyp2c9), knowledge.genes["CYP2C9"])
    key = f"-1639 {vkorc1}"
    return {
        "CYP2C9": GeneResult(
            "CYP2C9", Status.CALLED, "variants", diplotypes=(found,), phenotype=found.phenotype,
            lookup_keys=(found.lookup_key or "",), coverage=coverage,
        ),
        "VKORC1": GeneResult(
            "VKORC1", Status.CALLED, "variants", phenotype=key, lookup_keys=(key,)
        ),
    }  # fmt: skip


PAIRS = (("*1", "*1"), ("*1", "*3"), ("*3", "*3"), ("*1", "*8"), ("*5", "*11"), ("*1", "*13"))
ANCESTRIES = ((), ("White",), ("Black or African American",), ("African", "White"))


@pytest.mark.parametrize("coverage", [None, Coverage(83), Coverage(1, missing=("rs7900194",))])
@pytest.mark.parametrize(("pair", "ancestry"), list(product(PAIRS, ANCESTRIES)))
def test_the_flow_and_its_numbers_never_part(knowledge, pair, ancestry, coverage):
    patient = PatientContext(
        age_years=61,
        height=Measurement(Decimal(171), "cm"),
        weight=Measurement(Decimal(80), "kg"),
        ancestry=ancestry,
        medicines=(Medicine((Drug("8183", "phenytoin"),), "active"),),
        medicines_known=True,
    )
    results = _results(knowledge, pair, "AG", coverage)
    told = recommend_warfarin(results, patient, knowledge.dosing)
    numbers = doses_by_branch(results, patient, knowledge.dosing)
    assert not isinstance(told, Unanswered)
    for branch in numbers:
        own = [each for each in told if each.population in (branch.code, "adult")]
        assert len(own) == 1
        weekly = [each for each in own[0].dose if each.unit == "mg/wk"]
        if branch.with_genes:
            assert [span(d.low, d.high) for d in branch.doses] == [
                each.value or f"{each.low} to {each.high}" for each in weekly
            ]
        else:
            assert weekly == []
            assert branch.refusal in own[0].detail
            shown = " ".join(own[0].considerations)
            assert all(span(d.low, d.high) in shown for d in branch.doses)


def test_in_use_for_long_the_flow_ends_before_any_number(knowledge):
    patient = PatientContext(
        age_years=61,
        medicines=(Medicine((Drug("11289", "warfarin"),), "active", since="2025-01-01"),),
        medicines_known=True,
    )
    results = _results(knowledge, ("*1", "*1"), "AG", Coverage(83))
    found = doses_by_branch(results, patient, knowledge.dosing, today=date(2026, 11, 23))
    assert isinstance(found, str)
    assert found.startswith("Warfarin has been in use since 2025-01-01.")

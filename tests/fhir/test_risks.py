"""Risk assessments and polygenic scores, read as they are stated; all are synthetic."""

from decimal import Decimal

import pytest

from fhir_pgx.fhir.bundle import entries_of
from fhir_pgx.fhir.reading import read
from fhir_pgx.fhir.risks import AS_STATED, NO_PREDICTION, NO_VALUE
from fhir_pgx.model.knowledge import Vocabulary

SUBJECT = {"reference": "Patient/synthetic-1"}
NOTHING_NAMED = Vocabulary(genes={}, loinc={}, answers={}, accessions={})


def reading(*resources):
    entries = [entry for each in resources for entry in entries_of(each)]
    return read(entries, NOTHING_NAMED)


def assessment(**prediction):
    outcome = {"outcome": {"text": "Breast cancer"}} if "outcome" not in prediction else {}
    return {
        "resourceType": "RiskAssessment",
        "id": "r",
        "status": "final",
        "subject": SUBJECT,
        "occurrenceDateTime": "2026-04-01",
        "method": {"text": "BOADICEA"},
        "prediction": [outcome | prediction],
    }


def score(text="Polygenic risk score for coronary artery disease", **fields):
    return {
        "resourceType": "Observation",
        "id": "s",
        "status": "final",
        "subject": SUBJECT,
        "code": {"text": text},
        "effectiveDateTime": "2026-05-01",
    } | fields


@pytest.mark.parametrize(
    ("prediction", "value", "unit", "words"),
    [
        ({"probabilityDecimal": 7.5}, Decimal("7.5"), "%", ""),
        # The standard means a percentage, its own examples a fraction: nobody can tell.
        ({"probabilityDecimal": 0.075}, Decimal("0.075"), AS_STATED, ""),
        (
            {"probabilityRange": {"low": {"value": 20}, "high": {"value": 30, "unit": "%"}}},
            None,
            "",
            "20 to 30 %",
        ),
        ({"qualitativeRisk": {"text": "High likelihood"}}, None, "", "High likelihood"),
        ({"relativeRisk": 2.1}, None, "", "relative risk 2.1"),
    ],
)
def test_a_prediction_is_read_as_it_is_stated(prediction, value, unit, words):
    (risk,) = reading(assessment(**prediction)).precision.risks
    assert (risk.outcome, risk.value, risk.unit, risk.words) == (
        "Breast cancer",
        value,
        unit,
        words,
    )
    assert (risk.method, risk.population, risk.origin.when) == ("BOADICEA", "", "2026-04-01")


@pytest.mark.parametrize(
    "resource",
    [
        assessment(),  # an outcome alone
        assessment(outcome={}, probabilityDecimal=5),  # of what is not said
        assessment(probabilityDecimal=140),  # no percentage
        assessment() | {"prediction": []},
    ],
)
def test_an_assessment_without_an_outcome_and_its_risk_is_listed(resource):
    found = reading(resource)
    assert found.precision.risks == ()
    assert [item.reason for item in found.not_understood] == [NO_PREDICTION]


def test_a_withdrawn_assessment_or_score_is_listed_and_not_used():
    gone = {"status": "entered-in-error"}
    found = reading(
        assessment(probabilityDecimal=5) | gone, score(valueQuantity={"value": 1}) | gone
    )
    assert found.precision.risks == ()
    assert [item.reason for item in found.not_understood] == ["its status is entered-in-error"] * 2


def test_a_polygenic_score_has_its_scale_its_name_and_whom_it_was_made_for():
    found = reading(
        score(
            "Polygenic risk score for coronary artery disease (PGS000018)",
            valueQuantity={"value": 0.42, "unit": "{score}"},
            component=[
                {"code": {"text": "Percentile"}, "valueQuantity": {"value": 92}},
                {"code": {"text": "Reference population"}, "valueString": "European ancestry"},
            ],
        )
    )
    (risk,) = found.precision.risks
    assert (risk.outcome, risk.value, risk.unit) == (
        "coronary artery disease",
        Decimal(92),
        "percentile",
    )
    assert (risk.population, risk.method) == ("European ancestry", "PGS000018")


@pytest.mark.parametrize(
    ("fields", "value", "unit", "words"),
    [
        ({"valueQuantity": {"value": 1.3}}, Decimal("1.3"), "", ""),
        ({"valueQuantity": {"value": 92, "unit": "percentile"}}, Decimal(92), "percentile", ""),
        ({"valueString": "above average"}, None, "", "above average"),
        (
            {"valueQuantity": {"value": 1.3}, "interpretation": [{"text": "High"}]},
            Decimal("1.3"),
            "",
            "High",
        ),
    ],
)
def test_a_score_without_a_population_has_none(fields, value, unit, words):
    (risk,) = reading(score(**fields)).precision.risks
    assert (risk.value, risk.unit, risk.words, risk.population) == (value, unit, words, "")


def test_a_score_without_a_value_is_listed():
    found = reading(score())
    assert [item.reason for item in found.not_understood] == [NO_VALUE]


@pytest.mark.parametrize("text", ["Framingham risk score", "Creatinine", "Gleason score"])
def test_another_score_is_not_taken_for_a_polygenic_one(text):
    assert reading(score(text, valueQuantity={"value": 3})).precision.risks == ()

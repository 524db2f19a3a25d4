"""How long a medicine was taken: what counts as taken for more than three months."""

from datetime import date

import pytest

from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.model.drug import Drug
from fhir_pgx.model.patient import Medicine, PatientContext
from fhir_pgx.pipeline import Pipeline
from fhir_pgx.pipeline.case import days_taken, taken_before
from tests.test_pipeline import RXNORM, ask, bundle, draft, genotype

TODAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def pipeline(knowledge):
    return Pipeline(knowledge, DrugCodes(), today=lambda: TODAY)


def taken(*spans):
    """Each span: state, since, until."""
    drugs = (Drug("2002", "carbamazepine"),)
    medicines = [
        Medicine(drugs=drugs, state=state, since=since, until=until, reference="", label="")
        for state, since, until in spans
    ]
    return days_taken(PatientContext(medicines=tuple(medicines)), TODAY).get("2002", "never")


WEEK_IN_2015 = ("ended", "2015-01-01", "2015-01-07")
LONG = ("active", "2020-01-01", "")
TEN_DAYS = ("active", "2026-11-13", "")
UNDATED = ("active", "", "")


@pytest.mark.parametrize(
    ("spans", "days"),
    [
        ([WEEK_IN_2015], 6),  # a week long ago is a week
        ([("ended", "2015-01-01", "")], "never"),  # for how long is not recorded
        ([("ended", "2015-01-01", "2016-01-01")], 365),
        ([TEN_DAYS], 10),
        ([("active", "2020", "")], (TODAY - date(2020, 12, 31)).days),  # at least
        ([("active", "2026-11", "")], None),
        ([("draft", "2020-01-01", "")], "never"),
        ([UNDATED], None),
    ],
)
def test_days_taken(spans, days):
    assert taken(*spans) == days


def test_the_order_of_the_list_does_not_decide():
    long = (TODAY - date(2020, 1, 1)).days
    for spans in ([UNDATED, TEN_DAYS], [TEN_DAYS, UNDATED]):
        assert taken(*spans) is None
    for spans in ([LONG, UNDATED, TEN_DAYS], [UNDATED, TEN_DAYS, LONG]):
        assert taken(*spans) == long


@pytest.mark.parametrize(
    ("until", "is_before"), [("", True), ("2015-01-07", False), ("2015", True)]
)
def test_a_medicine_that_is_over_and_says_no_length_is_neither_long_nor_never(until, is_before):
    drugs = (Drug("2002", "carbamazepine"),)
    over = Medicine(drugs, "ended", since="2015-01-01", until=until, reference="", label="")
    patient = PatientContext(medicines=(over,))
    assert (taken_before(patient, TODAY) == {"2002"}) is is_before


def carbamazepine(status, **members):
    concept = {"coding": [{"system": RXNORM, "code": "2002"}], "text": "carbamazepine"}
    return {
        "resourceType": "MedicationStatement", "id": "s1", "status": status,
        "subject": {"reference": "Patient/p1"}, "medicationCodeableConcept": concept, **members,
    }  # fmt: skip


WEEK = {"effectivePeriod": {"start": "2015-01-01", "end": "2015-01-07"}}
SINCE_2020 = {"effectivePeriod": {"start": "2020-01-01"}}


@pytest.mark.parametrize(
    ("earlier", "is_critical"),
    [
        (None, True),
        (carbamazepine("completed", **WEEK), True),
        (carbamazepine("stopped", effectivePeriod={"start": "2015-01-01"}), True),
        (carbamazepine("active", **SINCE_2020), False),  # CPIC: cautious continuation
    ],
)
def test_a_short_use_long_ago_does_not_soften_the_advice(pipeline, earlier, is_critical):
    """HLA-B*15:02 and carbamazepine: who is not known to have taken it for more than three months
    is told not to begin."""
    order = draft("2002", "carbamazepine")
    results = bundle(genotype("HLA-B", "*15:02/*07:02"))
    prefetch = {"obs": results, "activeMedications": bundle(*([earlier] if earlier else []))}
    (card,) = ask(pipeline, [order], prefetch)
    assert (card["indicator"] == "critical") is is_critical

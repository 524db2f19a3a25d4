"""Precision advice in `recommend`, `explain` and as FHIR: with domains that say what a test wants.

All patients are synthetic.
"""

import json
from datetime import date

import pytest
from fhir.resources.R4B.bundle import Bundle

from fhir_pgx.errors import UnknownDrug
from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.model.document import Document, Options
from fhir_pgx.model.therapy import TherapyDrug
from fhir_pgx.pipeline import Pipeline
from fhir_pgx.pipeline.precision.domain import drugs_of, is_same_drug
from fhir_pgx.services.answering import read_call
from fhir_pgx.services.gather import Sources
from fhir_pgx.services.pgx import services
from tests.reports.rows import advice

LOINC = "http://loinc.org"
GENOTYPE = {
    "resourceType": "Observation", "id": "synthetic-cyp2c19", "status": "final",
    "subject": {"reference": "Patient/synthetic-1"},
    "code": {"coding": [{"system": LOINC, "code": "84413-4"}]},
    "valueCodeableConcept": {"text": "CYP2C19 *2/*2"},
}  # fmt: skip
CONJUGATE = TherapyDrug("trastuzumab deruxtecan")
NEW = TherapyDrug("fictinib")  # investigational: no table of drugs knows it
ROWS = (
    advice(),
    advice("sensitive", drugs=(CONJUGATE,), finding="ERBB2 amplification", level="FDA-CDx"),
    advice("sensitive", drugs=(NEW,), finding="EGFR p.Leu858Arg", system="CIViC", level="D"),
)


class Domain:
    """Gives its rows to everybody, and knows one drug more that no finding ever meets."""

    name = "tumour"

    def __init__(self):
        self.known = [drug for row in ROWS for drug in row.drugs] + [TherapyDrug("neverib")]

    def concerns(self, order):
        return any(is_same_drug(one, asked) for one in self.known for asked in drugs_of(order))

    def advice(self, case, drugs):
        if drugs is None:
            return list(ROWS)
        return [r for r in ROWS if any(is_same_drug(d, each) for d in drugs for each in r.drugs)]


@pytest.fixture(scope="module")
def pipeline(knowledge):
    made = Pipeline(knowledge, DrugCodes(), today=lambda: date(2026, 11, 23))
    made.precision.domains = (Domain(),)
    return made


def documents(*resources):
    bundle = {
        "resourceType": "Bundle", "type": "collection",
        "entry": [{"resource": each} for each in resources or (GENOTYPE,)],
    }  # fmt: skip
    return [Document(json.dumps(bundle).encode(), "data.json", "application/fhir+json")]


def recommend(pipeline, *drugs, written="json"):
    return pipeline.recommend_documents(documents(), Options(format=written, drugs=drugs))


def test_without_a_drug_every_row_that_is_met_is_told_after_the_genes_of_drug_response(pipeline):
    found = recommend(pipeline)["recommendations"]
    therapies = [each for each in found if each.get("domain")]
    assert found[-len(ROWS) :] == therapies
    assert [each["drug"] for each in therapies] == [row.drug for row in ROWS]
    assert "clopidogrel" in {each["drug"] for each in found}


@pytest.mark.parametrize(
    ("name", "drug"),
    [
        ("osimertinib", "osimertinib"),
        ("1721560", "osimertinib"),
        ("trastuzumab deruxtecan", "trastuzumab deruxtecan"),
        ("Trastuzumab Deruxtecan", "trastuzumab deruxtecan"),
        ("fictinib", "fictinib"),
    ],
)
def test_a_drug_is_found_by_name_or_code_also_where_no_table_knows_it(pipeline, name, drug):
    answer = recommend(pipeline, name)
    assert [each["drug"] for each in answer["recommendations"]] == [drug]
    assert answer["unanswered"] == []


def test_the_antibody_is_not_its_conjugate(pipeline):
    answer = recommend(pipeline, "trastuzumab")
    assert answer["recommendations"] == []
    assert [each["reason"] for each in answer["unanswered"]] == ["no-guidance"]


def test_a_drug_whose_rows_nothing_meets_is_not_one_without_rows(pipeline):
    (answer,) = recommend(pipeline, "neverib")["unanswered"]
    assert answer["reason"] == "no-row"
    assert "not tested for is not a negative one" in answer["text"]


def test_a_drug_that_nobody_knows_is_still_an_error(pipeline):
    with pytest.raises(UnknownDrug):
        recommend(pipeline, "nosuchdrug")


def test_a_drug_with_guidance_by_genes_alone_has_that_alone(pipeline):
    found = recommend(pipeline, "clopidogrel")["recommendations"]
    assert found
    assert not any(each.get("domain") for each in found)


def test_the_trace_has_a_section_for_precision_therapy(pipeline):
    trace = pipeline.explain_documents(documents(), Options(drugs=("osimertinib",)))
    (step,) = trace["precision"]
    assert (step["finding"], step["row"]) == ("EGFR p.Cys797Ser", "row:1")
    assert trace["drugs"] == []
    without = pipeline.explain_documents(documents(), Options(drugs=("clopidogrel",)))
    assert "precision" not in without


def test_the_trace_as_text_has_it_too(pipeline):
    options = Options(format="text", drugs=("osimertinib", "clopidogrel"))
    text = pipeline.explain_documents(documents(), options)
    assert text.index("CLOPIDOGREL") < text.index("PRECISION THERAPY")
    assert "EGFR p.Cys797Ser (tumour) in Observation/c797s" in text


def test_as_fhir_the_implications_of_every_domain_come_together(pipeline):
    bundle = recommend(pipeline, written="fhir")
    Bundle.model_validate(bundle)
    made = [each["resource"] for each in bundle["entry"]]
    implied = [each for each in made if each["resourceType"] == "Observation"]
    assert {each["subject"]["reference"] for each in implied} == {"Patient/synthetic-1"}
    drugs = {drug for each in implied for drug in _drugs_in(each)}
    assert {"osimertinib", "clopidogrel"} <= drugs
    of_one = recommend(pipeline, "osimertinib", written="fhir")
    assert [each["resource"]["resourceType"] for each in of_one["entry"]] == [
        "Observation", "Provenance", "Device"
    ]  # fmt: skip


def _drugs_in(implication):
    return [
        part["valueCodeableConcept"]["text"]
        for part in implication["component"]
        if part["code"]["coding"][0]["code"] == "51963-7"
    ]


def test_a_fault_in_a_domain_is_an_error_and_no_shorter_answer(knowledge):
    class Broken(Domain):
        def advice(self, case, drugs):
            raise RuntimeError("synthetic")

    made = Pipeline(knowledge, DrugCodes(), today=lambda: date(2026, 11, 23))
    made.precision.domains = (Broken(),)
    with pytest.raises(RuntimeError):
        recommend(made)


def coded(code, system=LOINC, **members):
    return {"coding": [{"system": system, "code": code, **members}]}


def change(gene, protein, *, source_class="LA6684-0", significance=""):
    components = [
        ("48018-6", {"text": gene}),
        ("48005-3", {"text": protein}),
        ("48002-0", coded(source_class)),
    ]
    if significance:
        components.append(("53037-8", {"text": significance}))
    return {
        "resourceType": "Observation", "id": f"synthetic-{gene.lower()}", "status": "final",
        "subject": {"reference": "Patient/synthetic-1"}, "effectiveDateTime": "2026-05-01",
        "code": coded("69548-6"), "valueCodeableConcept": coded("LA9633-4"),
        "component": [{"code": coded(c), "valueCodeableConcept": v} for c, v in components],
    }  # fmt: skip


MELANOMA = {
    "resourceType": "Condition", "id": "synthetic-melanoma",
    "subject": {"reference": "Patient/synthetic-1"},
    "clinicalStatus": coded("active"),
    "code": {"text": "Melanoma", **coded("372244006", "http://snomed.info/sct")},
}  # fmt: skip


@pytest.fixture(scope="module")
def real(knowledge):
    return Pipeline(knowledge, DrugCodes(), today=lambda: date(2026, 11, 23))


def implied(real, *resources, kind):
    bundle = real.recommend_documents(documents(*resources), Options(format="fhir"))
    Bundle.model_validate(bundle)
    made = [each["resource"] for each in bundle.get("entry", [])]
    return [
        each
        for each in made
        if each["resourceType"] == "Observation" and each["code"]["coding"][0]["code"] == kind
    ]


def conclusions(found):
    return {
        component["valueString"]
        for each in found
        for component in each["component"]
        if "valueString" in component
    }


def test_a_tumours_finding_implies_a_diagnosis_and_its_outlook_in_that_disease(real):
    """CIViC's rows on BRAF V600E in melanoma, level B."""
    found = implied(real, change("BRAF", "p.Val600Glu"), MELANOMA, kind="diagnostic-implication")
    said = conclusions(found)
    assert any(each.startswith("Diagnostic: positive in Melanoma; BRAF") for each in said)
    assert any(each.startswith("Prognostic: poor outcome in Melanoma; BRAF") for each in said)
    assert not any("Colorectal" in each or "Thyroid" in each for each in said)
    assert {each["derivedFrom"][0]["reference"] for each in found} == {"Observation/synthetic-braf"}


@pytest.mark.parametrize(
    ("source_class", "significance", "is_told"),
    [
        ("LA6683-2", "Pathogenic", True),  # germline
        ("LA6684-0", "Pathogenic", False),  # of a tumour
        ("LA6683-2", "Uncertain significance", False),
        ("LA6683-2", "Benign", False),
    ],
)
def test_only_a_germline_finding_of_weight_implies_a_predisposition(
    real, source_class, significance, is_told
):
    """CIViC's rows on VHL R167Q."""
    variant = change("VHL", "p.Arg167Gln", source_class=source_class, significance=significance)
    said = conclusions(implied(real, variant, kind="diagnostic-implication"))
    assert any("Predisposing: predisposition" in each for each in said) is is_told


def test_a_label_in_the_patients_cancer_implies_a_response_and_by_no_cancer_less(real):
    def of_dabrafenib(found):
        return [
            each["component"][0]["valueCodeableConcept"]
            for each in found
            if any(c.get("valueCodeableConcept", {}).get("text") == "dabrafenib"
                   for c in each["component"])
        ]  # fmt: skip

    variant = change("BRAF", "p.Val600Glu")
    here = of_dabrafenib(implied(real, variant, MELANOMA, kind="therapeutic-implication"))
    assert any("coding" in each for each in here)
    nowhere = of_dabrafenib(implied(real, variant, kind="therapeutic-implication"))
    assert nowhere
    assert not any("coding" in each for each in nowhere)


def test_a_diagnosis_or_an_outlook_is_told_on_no_card(real):
    (service,) = [each for each in services(real.answer) if each.hook == "patient-view"]
    request = {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"patientId": "synthetic-1", "userId": "Practitioner/1"},
        "prefetch": {
            "results": [change("BRAF", "p.Val600Glu")],
            "problems": [MELANOMA],
            "activeMedications": None,
        },
    }
    cards = service.answer(read_call(request, service, Sources())).cards
    assert cards
    assert not any("outcome" in card.detail.lower() for card in cards)
    assert not any("Diagnostic:" in card.detail for card in cards)

"""From a call to its cards: what only shows where all stages meet."""

import copy
import json
from datetime import date

import pytest

from fhir_pgx.cards.write import write_answer
from fhir_pgx.errors import DataUnavailable
from fhir_pgx.fhir.bundle import entries_of
from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.model.document import Document, Options
from fhir_pgx.pipeline import Pipeline
from fhir_pgx.plugins import load_services
from fhir_pgx.services.answering import read_call
from fhir_pgx.services.gather import Sources

LOINC, RXNORM = "http://loinc.org", "http://www.nlm.nih.gov/research/umls/rxnorm"
PRESENT = {"coding": [{"system": LOINC, "code": "LA9633-4", "display": "Present"}]}
OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]}


@pytest.fixture(scope="module")
def pipeline(knowledge):
    return Pipeline(knowledge, DrugCodes(), today=lambda: date(2026, 11, 23))


def genotype(gene, text, n=1, **members):
    return {
        "resourceType": "Observation",
        "id": f"synthetic-{gene}-{n}",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "84413-4"}]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2024-05-02",
        "valueCodeableConcept": {"text": text},
        "component": [
            {
                "code": {"coding": [{"system": LOINC, "code": "48018-6"}]},
                "valueCodeableConcept": {"text": gene},
            }
        ],
        **members,
    }


def draft(code, display, **members):
    concept = {"coding": [{"system": RXNORM, "code": code, "display": display}], "text": display}
    return {
        "resourceType": "MedicationRequest",
        "id": "order-1",
        "status": "draft",
        "intent": "order",
        "subject": {"reference": "Patient/p1"},
        "medicationCodeableConcept": concept,
        **members,
    }


CLOPIDOGREL = draft("309362", "clopidogrel 75 MG Oral Tablet")


def ask(pipeline, drafts, prefetch, hook="order-sign"):
    request = {
        "hook": hook,
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/1", "patientId": "p1"},
        "prefetch": prefetch,
    }
    if hook != "patient-view":
        entries = [{"resource": copy.deepcopy(order)} for order in drafts]
        request["context"]["draftOrders"] = {"resourceType": "Bundle", "entry": entries}
    service = load_services(pipeline.answer).service(f"pgx-{hook}")
    return write_answer(service.answer(read_call(request, service, Sources())))["cards"]


def bundle(*resources, **members):
    entries = [{"resource": each} for each in resources]
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries, **members}


@pytest.mark.parametrize(
    ("why", "results", "said"),
    [
        ("never tested", bundle(), "no CYP2C19 result on file"),
        (
            "tested, no call",
            bundle(
                genotype(
                    "CYP2C19",
                    "",
                    valueCodeableConcept={"coding": [{"system": LOINC, "code": "LA18198-4"}]},
                )
            ),
            "CYP2C19 on file without a usable answer",
        ),
        ("function unknown", bundle(genotype("CYP2C19", "*1/*12")), "CYP2C19 Indeterminate"),
        ("two results", bundle(genotype("CYP2C19", "*1/*1"), genotype("CYP2C19", "*2/*2", 2)),
         "results disagree"),
        ("two readings", bundle(genotype("CYP2C19", "*1/*1 or *2/*2")), "several readings"),
    ],
)  # fmt: skip
def test_each_kind_of_not_knowing_has_words_of_its_own(pipeline, why, results, said):
    (card,) = ask(pipeline, [CLOPIDOGREL], {"obs": results})
    assert said in card["summary"], why


def test_a_normal_result_is_silent_unless_a_part_of_the_data_did_not_come(pipeline):
    normal = genotype("CYP2C19", "*1/*1")
    assert ask(pipeline, [CLOPIDOGREL], {"obs": bundle(normal)}) == []
    (card,) = ask(pipeline, [CLOPIDOGREL], {"obs": bundle(normal, total=50)})
    assert card["indicator"] == "info"
    assert "PGX-622" in card["detail"]


@pytest.mark.parametrize("hook", ["order-sign", "patient-view"])
def test_results_that_could_not_be_obtained_are_never_an_empty_answer(pipeline, hook):
    in_use = draft("309362", "clopidogrel", status="active", id="use-1")
    prefetch = {"pgxObservations": OUTCOME, "activeMedications": bundle(in_use)}
    with pytest.raises(DataUnavailable, match="timeout"):
        ask(pipeline, [CLOPIDOGREL], prefetch, hook)


def test_medicines_that_could_not_be_obtained_are_never_an_empty_answer(pipeline):
    prefetch = {"obs": bundle(genotype("CYP2C19", "*2/*2")), "activeMedications": OUTCOME}
    with pytest.raises(DataUnavailable, match="medicines"):
        ask(pipeline, [], prefetch, "patient-view")


def test_a_card_is_under_the_name_of_a_source_only_where_all_of_it_is_of_that_source(pipeline):
    codeine = draft("2670", "codeine", status="active", id="use-1")
    thioridazine = draft("10502", "thioridazine", status="active", id="use-2")
    results = bundle(genotype("CYP2D6", "*4/*4"))
    one = {"obs": results, "activeMedications": bundle(codeine)}
    (alone,) = ask(pipeline, [], one, "patient-view")
    assert alone["source"]["label"].endswith("(CPIC)")
    two = {"obs": results, "activeMedications": bundle(codeine, thioridazine)}
    (both,) = ask(pipeline, [], two, "patient-view")
    assert both["source"]["label"].startswith("fhir_pgx")
    assert "url" not in both["source"]
    assert both["source"]["topic"] == alone["source"]["topic"]
    lines = [line for line in both["detail"].splitlines() if line.startswith("- ")]
    assert {line.rpartition(" ")[2] for line in lines[:2]} == {"(CPIC)", "(FDA)"}


@pytest.mark.parametrize(
    ("display", "indicator"),
    [
        ("fluorouracil 50 MG/ML Injectable Solution", "critical"),
        ("fluorouracil 50 MG/ML Topical Cream", "info"),
    ],
)
def test_a_form_for_local_use_is_told_apart(pipeline, display, indicator):
    order = draft("4492", display)
    (card,) = ask(pipeline, [order], {"obs": bundle(genotype("DPYD", "*2A/*2A"))})
    assert card["indicator"] == indicator
    assert ("PGX-623" in card["detail"]) == (indicator == "info")


OPHTHALMIC = {"coding": [{"system": "http://snomed.info/sct", "code": "54485002"}]}


@pytest.mark.parametrize(
    ("routes", "indicator"),
    [
        ([{"text": "apply to the eye"}], "info"),
        ([OPHTHALMIC, {"coding": [{"display": "Topical"}]}], "info"),
        ([OPHTHALMIC, {"text": "IV"}], "critical"),
        ([{"text": "Intravenous route"}], "critical"),
        ([{"coding": [{"system": "http://example.org", "code": "54485002"}]}], "critical"),
        (["eye"], "critical"),
        ([OPHTHALMIC, None], "critical"),
    ],
)
def test_an_order_is_for_local_use_where_all_its_routes_are(pipeline, routes, indicator):
    dosage = [{"route": route} for route in routes]
    order = draft("4492", "fluorouracil", dosageInstruction=dosage)
    (card,) = ask(pipeline, [order], {"obs": bundle(genotype("DPYD", "*2A/*2A"))})
    assert card["indicator"] == indicator


def test_resources_that_could_not_be_read_are_counted_once_each(pipeline):
    unread = genotype("DPYD", "yes")  # refused by the reader, and again by the gene's rules
    (card,) = ask(pipeline, [CLOPIDOGREL], {"obs": bundle(unread)})
    (told,) = [line for line in card["detail"].splitlines() if "PGX-617" in line]
    assert "1 resource " in told


@pytest.mark.parametrize(
    "text",
    [
        "HLA-A*31:01, HLA-B*57:01 negative",
        "HLA-A*31:01 and HLA-B*57:01 not found",
        "HLA-A*24:02 HLA-B*57:01 excluded",
    ],
)
def test_a_verdict_over_several_hla_loci_is_not_read_as_a_typing(pipeline, text):
    results = pipeline.interpret(entries_of(bundle(genotype("HLA-B", text)))).genes
    assert {str(results[gene].status) for gene in ("HLA-A", "HLA-B")} == {"not-called"}


@pytest.mark.parametrize(
    ("other", "carbamazepine"),
    [("HLA-B*08:01", "negative"), ("HLA-B*57:01", None), ("HLA-B*57", None)],
)
def test_one_hla_allele_seen_by_two_tests_says_nothing_of_the_other(pipeline, other, carbamazepine):
    tests = (genotype("HLA-B", "HLA-B*57:01"), genotype("HLA-B", other, 2))
    status = pipeline.interpret(entries_of(bundle(*tests))).genes["HLA-B"].allele_status
    assert (status["*57:01"], status.get("*15:02")) == ("positive", carbamazepine)


def test_one_allele_that_decides_alone_is_named_on_the_card(pipeline):
    haplotype = {"coding": [{"system": LOINC, "code": "84414-2"}]}
    result = genotype("RYR1", "c.7300G>A", code=haplotype)
    (card,) = ask(pipeline, [draft("36453", "sevoflurane")], {"obs": bundle(result)})
    assert card["indicator"] == "critical"
    assert "RYR1 one c.7300G&gt;A, read as Malignant Hyperthermia" in card["detail"]


def test_a_gene_of_which_only_variants_are_stated_is_not_called_untested(pipeline):
    variant = genotype("CYP2C19", "", valueCodeableConcept=PRESENT)
    variant["code"] = {"coding": [{"system": LOINC, "code": "69548-6"}]}
    dbsnp = {"coding": [{"system": "http://www.ncbi.nlm.nih.gov/snp", "code": "rs4244285"}]}
    code = {"coding": [{"system": LOINC, "code": "81252-9"}]}
    variant["component"].append({"code": code, "valueCodeableConcept": dbsnp})
    (card,) = ask(pipeline, [CLOPIDOGREL], {"obs": bundle(variant)})
    assert "no CYP2C19 result" not in card["summary"]
    assert "whether on one copy or on both is not stated" in card["detail"]


def test_the_patients_sex_makes_one_g6pd_allele_the_whole_genotype(pipeline):
    found = genotype("G6PD", "A- 202A_376G")
    patient = {"resourceType": "Patient", "id": "p1", "gender": "male"}
    order = draft("283821", "rasburicase")
    (card,) = ask(pipeline, [order], {"patient": patient, "obs": bundle(found)})
    assert (card["indicator"], "G6PD Deficient" in card["summary"]) == ("critical", True)


def test_one_faulty_gene_costs_its_own_answer_alone(pipeline, monkeypatch):
    from fhir_pgx.pipeline import genes as module

    conclude = module.conclude

    def fails_for_cyp2c19(evidence, rules, variants=None):
        if rules.gene == "CYP2C19":
            raise ZeroDivisionError
        return conclude(evidence, rules)

    monkeypatch.setattr(module, "conclude", fails_for_cyp2c19)
    data = bundle(genotype("CYP2C19", "*2/*3"), genotype("CYP2D6", "*4/*5"))
    document = Document(json.dumps(data).encode())
    genes = pipeline.interpret_documents([document], Options())["genes"]
    assert genes["CYP2D6"]["phenotype"] == "Poor Metabolizer"
    assert genes["CYP2C19"]["status"] == "not-called"
    assert [caveat["code"] for caveat in genes["CYP2C19"]["caveats"]] == ["PGX-699"]


def test_a_drug_without_guidance_is_answered_and_not_called_safe(pipeline):
    document = Document(json.dumps(genotype("CYP2C9", "*3/*3")).encode())
    answer = pipeline.recommend_documents([document], Options(drugs=("metformin",)))
    assert answer["recommendations"] == []
    (unanswered,) = answer["unanswered"]
    assert unanswered["reason"] == "no-guidance"
    assert "not a statement that the drug is safe" in unanswered["text"]


def test_a_fault_in_reading_variants_is_told_of_every_gene_and_reports_still_count(
    pipeline, monkeypatch
):
    from fhir_pgx.pipeline import genes as module

    def fails(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr(module, "read_observed_sites", fails)
    variant = genotype("TPMT", "", 2, valueCodeableConcept=PRESENT)
    variant["code"] = {"coding": [{"system": LOINC, "code": "69548-6"}]}
    dbsnp = {"coding": [{"system": "http://www.ncbi.nlm.nih.gov/snp", "code": "rs1142345"}]}
    code = {"coding": [{"system": LOINC, "code": "81252-9"}]}
    variant["component"].append({"code": code, "valueCodeableConcept": dbsnp})
    document = Document(json.dumps(bundle(genotype("CYP2C19", "*2/*3"), variant)).encode())
    genes = pipeline.interpret_documents([document], Options())["genes"]
    assert genes["CYP2C19"]["phenotype"] == "Poor Metabolizer"
    for gene in ("CYP2C19", "TPMT", "DPYD"):
        assert "PGX-699" in [caveat["code"] for caveat in genes[gene]["caveats"]]
    assert {genes[gene]["status"] for gene in ("TPMT", "DPYD")} == {"not-called"}

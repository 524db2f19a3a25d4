"""The lights of a passport, as a pharmacist would check them: one line a case, and every drug of
the knowledge held against the card of a hook. Every person and resource is synthetic."""

import itertools
from datetime import date

import pytest

from fhir_pgx.cards.order import indicator_of, is_quiet
from fhir_pgx.fhir.bundle import References, entries_of
from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.model.passport import ALL_SEEN
from fhir_pgx.pipeline import Pipeline
from fhir_pgx.pipeline.case import case_of

LOINC = "http://loinc.org"
PATIENT = {"reference": "Patient/p1"}
A_MINUS = "A- 202A_376G"
NORMAL_ABCG2 = "rs2231142 reference (G)/rs2231142 reference (G)"


@pytest.fixture(scope="module")
def pipeline(knowledge):
    return Pipeline(knowledge, DrugCodes(), today=lambda: date(2026, 11, 23))


def coded(code):
    return {"coding": [{"system": LOINC, "code": code}]}


def result(gene, text, id_="", code="84413-4"):
    return {
        "resourceType": "Observation", "id": id_ or f"synthetic-{gene}", "status": "final",
        "code": coded(code), "subject": PATIENT, "effectiveDateTime": "2024-05-02",
        "valueCodeableConcept": {"text": text},
        "component": [{"code": coded("48018-6"), "valueCodeableConcept": {"text": gene}}],
    }  # fmt: skip


def no_call(gene):
    made = result(gene, "")
    del made["valueCodeableConcept"]
    return {**made, "dataAbsentReason": {"text": "failed"}}


def order(text, **members):
    return {
        "resourceType": "MedicationRequest", "id": f"order-{text.split()[0]}", "status": "active",
        "intent": "order", "subject": PATIENT, "medicationCodeableConcept": {"text": text},
        **members,
    }  # fmt: skip


def daily(milligrams):
    quantity = {
        "value": milligrams, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg",
    }  # fmt: skip
    timing = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}
    return {"dosageInstruction": [{"timing": timing, "doseAndRate": [{"doseQuantity": quantity}]}]}


def medicine(pipeline, genes, drug, *beside, **members):
    resources = [
        *(result(gene, text) for gene, text in genes.items()),
        order(drug, **members),
        *map(order, beside),
    ]
    found = pipeline.passport(entries_of(resources, "synthetic"))
    (one,) = [each for each in found.medicines if each.label == drug]
    return one


# Nothing is advised, and it is not green

TABLE = [
    # What is on file, the drug, beside it, the light, and what the line must say
    # One of several genes is indeterminate, and a source speaks by the other alone
    ({"CYP2C19": "*1/*2", "CYP2D6": "*1/*22"}, "clomipramine", "", "unknown", "CYP2D6 indet"),
    ({"CYP2C19": "*1/*2", "CYP2D6": "*1/*22"}, "imipramine", "", "unknown", "CYP2D6 indet"),
    ({"G6PD": "B (reference)/B (reference)", "NAT2": "*1/*10"}, "sulfasalazine", "", "unknown",
     "NAT2 indeterminate"),
    ({"HLA-B": "*07:02/*08:01", "UGT1A1": "*1/*80"}, "pazopanib", "", "unknown", "UGT1A1 indet"),
    # A term that is not sure, and a source that lists the plain one alone
    ({"CYP2C19": "*2/*9"}, "diazepam", "", "unknown", "Poor Metabolizer"),
    ({"CYP2C19": "*2/*9"}, "flibanserin", "", "unknown", "Poor Metabolizer"),
    ({"CYP2C19": "*1/*9"}, "voriconazole", "", "unknown", "Intermediate Metabolizer"),
    ({"SLCO1B1": "*2/*5"}, "elagolix", "", "unknown", "Poor Function"),
    ({"CYP2C19": "*1/*9"}, "diazepam", "", "no-change", ""),  # FDA lists the poor alone
    # Another medicine acts on the enzyme, whoever speaks of the drug
    ({"CYP2D6": "*1/*1"}, "tamsulosin", "paroxetine", "caution", "Paroxetine"),
    ({"CYP2C19": "*1/*1"}, "diazepam", "fluvoxamine", "caution", "Fluvoxamine"),
    ({"CYP2C19": "*1/*1"}, "clopidogrel", "rifampin", "caution", "induces CYP2C19"),
    ({"CYP2C9": "*1/*1"}, "siponimod", "fluconazole", "caution", "Fluconazole"),
    ({"CYP2D6": "*1/*1"}, "tamsulosin", "metformin", "no-change", ""),
    # An allele of an HLA gene that another source than the first asks for
    ({"HLA-B": "*07:02/*15:11", "HLA-A": "*01:01/*02:01"}, "carbamazepine", "", "stop",
     "DPWG, HLA-B*15:11 positive"),
    ({"HLA-B": "*07:02/*08:01", "HLA-A": "*01:01/*02:01"}, "carbamazepine", "", "no-change", ""),
    # An allele that the drug does not turn on changes nothing of it
    ({"HLA-B": "*07:02/*57:01"}, "lamotrigine", "", "no-change", ""),
    ({"HLA-B": "*57:01/*08:01", "ABCG2": NORMAL_ABCG2}, "allopurinol", "", "no-change", ""),
    # Advice for one group of patients, and nobody knows whether this is one
    ({"G6PD": f"{A_MINUS}/{A_MINUS}"}, "aspirin", "", "unknown", "not on file"),
    ({"G6PD": "B (reference)/B (reference)"}, "aspirin", "", "no-change", ""),
]  # fmt: skip


@pytest.mark.parametrize(("genes", "drug", "beside", "light", "says"), TABLE)
def test_what_is_open_is_never_green_and_says_why(pipeline, genes, drug, beside, light, says):
    found = medicine(pipeline, genes, drug, *filter(None, [beside]))
    assert (found.light, says in found.why) == (light, True), found.why


@pytest.mark.parametrize(
    ("milligrams", "light", "says"),
    [(100, "no-change", "at most 1 g"), (3000, "unknown", "none of the groups")],
)
def test_a_dose_beyond_what_the_advice_is_for_is_not_reassured(pipeline, milligrams, light, says):
    genes = {"G6PD": f"{A_MINUS}/{A_MINUS}"}
    found = medicine(pipeline, genes, "aspirin", **daily(milligrams))
    assert (found.light, says in found.why) == (light, True), found.why


def test_a_test_of_one_allele_answers_for_no_other(pipeline):
    typed = [result("HLA-B", "HLA-B*15:02 negative"), result("HLA-A", "HLA-A*31:01 negative")]
    found = pipeline.passport(
        entries_of([*typed, order("carbamazepine"), order("abacavir")], "synthetic")
    )
    lights = {each.label: (each.light, each.why) for each in found.medicines}
    assert lights["carbamazepine"][0] == "unknown"  # DPWG asks for *15:11 too
    assert "HLA-B*15:11 not settled by the result on file" in lights["carbamazepine"][1]
    assert lights["abacavir"] == ("unknown", "HLA-B*57:01 not settled by the result on file.")


def test_each_gene_that_is_open_has_its_own_word(pipeline):
    resources = [result("NUDT15", "*1/*11"), no_call("TPMT"), order("azathioprine")]
    (one,) = pipeline.passport(entries_of(resources, "synthetic")).medicines
    assert one.why == "TPMT no usable result; NUDT15 indeterminate."
    disagree = [result("CYP2C19", "*1/*1"), result("CYP2C19", "*1/*9", "b"), order("diazepam")]
    (one,) = pipeline.passport(entries_of(disagree, "synthetic")).medicines
    assert one.light == "unknown"
    assert "Results of CYP2C19 disagree." in one.why


# Against a drug that is not taken


def test_what_another_source_says_of_death_or_lasting_harm_is_among_what_to_avoid(pipeline):
    genes = [result("HLA-B", "HLA-B*07:02/HLA-B*15:11")]
    (one,) = pipeline.passport(entries_of(genes, "synthetic")).avoid
    assert (one.drug, one.light, one.said[0].source) == ("carbamazepine", "stop", "DPWG")


@pytest.mark.parametrize(
    ("genes", "drug", "light"),
    [
        # Another drug is named: red where ignoring it can kill or maim, else amber
        ({"TPMT": "*3A/*3A", "NUDT15": "*1/*1"}, "azathioprine", "stop"),
        ({"CYP2C19": "*2/*2"}, "citalopram", "caution"),
        ({"UGT1A1": "*6/*6"}, "atazanavir", "caution"),
        ({"CYP2D6": "*1/*1x2"}, "ondansetron", "caution"),
        # A tenth or half of the dose is an answer to the harm: no drug to avoid
        ({"TPMT": "*3A/*3A", "NUDT15": "*1/*1"}, "mercaptopurine", "caution"),
        ({"DPYD": "Reference/c.1905+1G>A (*2A)"}, "fluorouracil", "caution"),
        ({"DPYD": "c.1905+1G>A (*2A)/c.1905+1G>A (*2A)"}, "fluorouracil", "stop"),
    ],
)
def test_red_is_kept_for_drugs_to_avoid(pipeline, genes, drug, light):
    assert medicine(pipeline, genes, drug).light == light


# Every drug of the knowledge

NEGATIVE = {"HLA-A": "*01:01", "HLA-B": "*07:02", "HLA-DQA1": "*01:01", "HLA-DRB1": "*01:01"}


@pytest.fixture(scope="module")
def results_of(pipeline, knowledge):
    """For each gene one result of each kind that its tables can give, and no result."""

    def kinds(gene, rules):
        if rules.method == "allele-status":
            other = NEGATIVE[gene]
            return [result(gene, f"{other}/{each}") for each in (other, *rules.tracked)]
        alleles = {(rule.function, rule.activity): name for name, rule in rules.alleles.items()}
        pairs = itertools.combinations_with_replacement(alleles.values(), 2)
        texts = [f"{one}/{two}" for one, two in pairs]
        made = [result(gene, text) for text in (*texts, *alleles.values())]
        terms = {pair.phenotype for pair in rules.pairs}
        made += [result(gene, each, "", "79716-7") for each in sorted(terms)]
        found = {}
        for each in made:
            read = pipeline.genes.interpret(entries_of([each], "synthetic")).genes[gene]
            found.setdefault((read.status, read.phenotype), each)
        return list(found.values())

    return {
        gene: [None, no_call(gene), *kinds(gene, rules)] for gene, rules in knowledge.genes.items()
    }


def judged(pipeline, group, resources):
    """The light of one drug, and the advice that a card would be made of."""
    passports = pipeline._passports
    entries = entries_of(resources, "synthetic")
    references = References(entries)
    read = pipeline.genes.interpret(entries)
    patient = pipeline.advice.patient(entries, (), references)
    case = case_of(read, patient, references, pipeline.advice.acting(patient))
    one = pipeline.orders.asked(group.drug.name)
    advice = pipeline.advice.answer_of(pipeline.advice.question(one, group, case), case)
    return passports._of_group(one, group, case, ALL_SEEN), advice, read.genes


def cases(pipeline, results_of):
    for group in pipeline.rulebook.groups:
        for held in itertools.product(*(results_of[gene] for gene in group.genes)):
            resources = [each for each in held if each]
            yield group, resources, judged(pipeline, group, resources)


def test_no_light_of_any_drug_and_result_contradicts_the_card_of_it(pipeline, results_of):
    count = 0
    for group, resources, (found, advice, results) in cases(pipeline, results_of):
        count += 1
        shown = [each["id"] + " " + str(each.get("valueCodeableConcept")) for each in resources]
        told = (group.drug.name, found, shown)
        answered = advice.unanswered is None
        has_card = answered and not is_quiet(advice)
        if found.light == "no-change":
            assert not has_card, told
            assert not found.missing, told
            for gene in group.genes:
                assert results[gene].status == "called", told
                assert results[gene].phenotype not in ("Indeterminate", "n/a"), told
        if found.light == "stop":
            assert has_card, told
        if has_card and indicator_of(advice) == "critical":
            # Red, or a dose that keeps from harm: said so, and never less than amber.
            grave = [r for r in advice.recommendations if r.serious]
            assert found.light == "stop" or (
                found.light == "caution"
                and all(r.action in ("reduce-dose", "monitor", "risk-stated") for r in grave)
            ), told
        if not answered and advice.unanswered.reason != "no-row":
            assert found.light == "unknown", told
    assert count > 2000

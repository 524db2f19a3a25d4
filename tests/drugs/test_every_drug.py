"""Every drug of the knowledge gets the card its sources ask for, and none where nothing is to do.

`table.yaml` was written by reading the sources' rows, drug by drug: what a laboratory reports, what
the sources say to it, and what is shown where the result is normal. Here each row is ordered over
HTTP. Patients are synthetic.
"""

import json
import re
from pathlib import Path

import pytest
import yaml

from fhir_pgx.cards.order import EXTENSION
from fhir_pgx.recommendation import Rulebook
from tests.replay import demo_client

TABLE = yaml.safe_load(Path(__file__).with_name("table.yaml").read_text(encoding="utf-8"))
NOTHING = "nothing"
HLA_TESTS = {
    "HLA-A*31:01": "79712-6",
    "HLA-B*15:02": "57979-7",
    "HLA-B*57:01": "50956-2",
    "HLA-B*58:01": "79711-8",
}
ANSWERS = {"positive": ("LA6576-8", "Positive"), "negative": ("LA6577-6", "Negative")}
HGNC = {
    "ABCG2": "74", "BCHE": "983", "CACNA1S": "1397", "CFTR": "1884", "CYP2B6": "2615",
    "CYP2C19": "2621", "CYP2C9": "2623", "CYP2D6": "2625", "CYP3A4": "2637", "CYP3A5": "2638",
    "DPYD": "3012", "G6PD": "4057", "MT-RNR1": "7470", "NAT2": "7646", "NUDT15": "23063",
    "RYR1": "10483", "SLCO1B1": "10959", "TPMT": "12014", "UGT1A1": "12530", "UGT2B17": "12547",
    "VKORC1": "23663",
}  # fmt: skip
# How a summary may write a phenotype that a table of our release names whole.
SHORT = r"\b(UM|RM|NM|IM|PM|MH susceptibility|risk)\b"
PHENOTYPE = re.compile(
    r"Metabolizer|Function|Deficient|Normal|positive|negative|responsive|Uncertain|Malignant"
    rf"|-1639 [AG]{{2}}|\*\d+/\*\d+|{SHORT}"
)


def name(row):
    return row["drug"].replace(" ", "-")


def observation(gene, reported):
    """One final result as a laboratory reports it: an HLA test by its own code, a genotype, or a
    phenotype in words."""
    allele, _, answer = reported.rpartition(" ")
    component = {
        "code": {"coding": [{"system": "http://loinc.org", "code": "48018-6"}]},
        "valueCodeableConcept": {
            "coding": [
                {
                    "system": "http://www.genenames.org/geneId",
                    "code": f"HGNC:{HGNC.get(gene, '0')}",
                    "display": gene,
                }
            ]
        },
    }
    made = {
        "resourceType": "Observation",
        "id": gene.lower(),
        "status": "final",
        "subject": {"reference": "Patient/synthetic-1"},
        "effectiveDateTime": "2026-03-02",
    }
    if answer in ANSWERS:
        code, display = ANSWERS[answer]
        test = f"{gene}{allele}"
        known = HLA_TESTS.get(test)
        coding = [{"system": "http://loinc.org", "code": known}] if known else []
        return made | {
            "code": {"coding": coding, "text": f"{test} [Presence]"},
            "valueCodeableConcept": {
                "coding": [{"system": "http://loinc.org", "code": code, "display": display}]
            },
        }
    is_phenotype = re.match(r"(Poor|Normal|Deficient)( |$)", reported)
    code = "51971-0" if is_phenotype else "84413-4"
    return made | {
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "valueCodeableConcept": {"text": reported},
        "component": [component],
    }


def request(row, results):
    """An order-sign of the row's order, for an adult woman with these results."""
    order = row["order"]
    rxnorm = {"system": "http://www.nlm.nih.gov/research/umls/rxnorm"}
    coding = [rxnorm | {"code": order["rxnorm"]}] if "rxnorm" in order else []
    observations = [observation(gene, reported) for gene, reported in results.items()]
    return {
        "hook": "order-sign",
        "hookInstance": "3f1c6d5e-8a0b-4f57-9d3c-2f6a1b7c9e10",
        "context": {
            "userId": "Practitioner/synthetic-practitioner",
            "patientId": "synthetic-1",
            "draftOrders": {
                "resourceType": "Bundle",
                "entry": [
                    {
                        "resource": {
                            "resourceType": "MedicationRequest",
                            "id": "order-1",
                            "status": "draft",
                            "intent": "order",
                            "medicationCodeableConcept": {"coding": coding, "text": order["text"]},
                            "subject": {"reference": "Patient/synthetic-1"},
                        }
                    }
                ],
            },
        },
        "prefetch": {
            "patient": {
                "resourceType": "Patient",
                "id": "synthetic-1",
                "gender": "female",
                "birthDate": "1980-05-17",
            },
            "pgxObservations": {
                "resourceType": "Bundle",
                "type": "searchset",
                "entry": [{"resource": each} for each in observations],
            },
        },
    }


@pytest.fixture(scope="module")
def ask(tmp_path_factory):
    """The cards of a row's order for a patient with these results."""
    with demo_client(tmp_path_factory.mktemp("drugs")) as client:

        def ask(row, results):
            answer = client.post("/cds-services/pgx-order-sign", json=request(row, results))
            assert answer.status_code == 200, answer.get_data(as_text=True)
            cards = answer.get_json()["cards"]
            of_tumour = [card for card in cards if TO_BE_TESTED in card["summary"]]
            wanted = TUMOUR_TESTS.get(row["drug"])
            assert [card["indicator"] for card in of_tumour] == (["info"] if wanted else [])
            assert all(wanted in card["summary"] for card in of_tumour)
            return [card for card in cards if card not in of_tumour]

        yield ask


@pytest.fixture(scope="module")
def groups(knowledge):
    """By each name of a drug: what every source holds for it."""
    rulebook = Rulebook(knowledge)
    return {entry.rules.drug: group for group in rulebook.groups for entry in group.entries}


@pytest.fixture(scope="module")
def rule_of(knowledge):
    """By the id of a rule: the drug and the source's row it stands for."""
    return {
        row.rule: (rules.drug, row.source_row) for rules in knowledge.drugs for row in rules.rows
    }


def sources_of(group):
    found = {entry.rules.source for entry in group.entries}
    return found | ({"CPIC"} if group.drug.name == "warfarin" else set())  # by an equation


def wrongs(card, case, group, rule_of):
    """Where a card of advice is not what the table says, in words; empty where it is."""
    about, wanted = card["extension"][EXTENSION], case["card"]
    summary, detail, rules = card["summary"], card["detail"], about["rules"]
    topic = card["source"]["topic"]["code"]
    leads = {each["source"] for each in about["sources"] if each["stance"] == "leads"}
    action = wanted["action"].replace("-", "").lower()
    names = {entry.rules.drug for entry in group.entries}
    found = [f"leads: {leads}"] * (leads != {wanted["leads"]})
    found += [f"action: {topic}"] * (not topic.lower().endswith(action))
    found += [f"indicator: {card['indicator']}"] * (card["indicator"] != wanted["indicator"])
    found += [f"agreement: {about['agreement']}"] * (about["agreement"] != wanted["agreement"])
    found += [f"{len(summary)} characters"] * (len(summary) >= 140)
    found += [
        f"summary: {w} is not said" for w in wanted["says"] if w.lower() not in summary.lower()
    ]
    drug = summary.split(":")[0].lower()
    found += [f"summary: of {drug}"] * (drug not in names)
    genes = {gene for each in group.entries for gene in each.rules.genes}
    found += ["summary: no gene"] * (not any(gene in summary for gene in genes))
    found += ["summary: no phenotype"] * (not PHENOTYPE.search(summary))
    found += [f"detail: without {s}" for s in sources_of(group) if s not in detail]
    found += [
        f"detail: {gene} without its result" for gene in case["results"] if gene not in detail
    ]
    others = {rule_of[rule][0] for rule in rules if rule in rule_of} - names
    found += [f"advice of {others}"] * bool(others)
    rows = sorted({rule_of[rule][1] for rule in rules if rule in rule_of})
    found += [f"rows: {rows}"] * (rows != sorted(case["rows"]))
    found += [f"orders: {about['orders']}"] * (about["orders"] != ["MedicationRequest/order-1"])
    return found


def is_advice(card):
    return bool(card["extension"][EXTENSION].get("rules"))


def test_the_table_holds_every_drug_of_the_knowledge_once_and_no_other(knowledge):
    assert [row["drug"] for row in TABLE] == sorted({rules.drug for rules in knowledge.drugs})


@pytest.mark.parametrize("row", TABLE, ids=name)
def test_an_actionable_result_gets_the_one_card_its_sources_ask_for(ask, groups, rule_of, row):
    case = row["actionable"]
    (card,) = ask(row, case["results"])
    assert wrongs(card, case, groups[row["drug"]], rule_of) == []


@pytest.mark.parametrize("row", TABLE, ids=name)
def test_a_normal_result_gets_no_card_or_what_the_table_says(ask, groups, rule_of, row):
    case = row["normal"]
    cards = ask(row, case["results"])
    if case.get("shown") == NOTHING:
        assert cards == []
        return
    (card,) = cards
    assert case["why"]
    assert wrongs(card, case, groups[row["drug"]], rule_of) == []


# Drugs of the table whose label asks for a test of the tumour too: its card stands beside.
TUMOUR_TESTS = {"erdafitinib": "FGFR3", "gefitinib": "EGFR", "lapatinib": "HER2"}
TO_BE_TESTED = "to be tested first"

# The drugs whose order says that a result is missing, where nothing is on file. A warning where the
# FDA label asks for the test, by what it asks; else information, where the advice of a source may
# matter much (level A, or a serious row). Of all other drugs nothing is said.
LABEL_REQUIRES = """
    abacavir, capecitabine, carbamazepine, eliglustat, fluorouracil, ivacaftor, pegloticase,
    pimozide, primaquine, rasburicase, siponimod, tafenoquine, tetrabenazine
"""
LABEL_RECOMMENDS = """
    allopurinol, azathioprine, irinotecan, mercaptopurine, oxcarbazepine, thioguanine
"""
ADVICE_DEPENDS = {
    "BCHE": "mivacurium",
    "CACNA1S or RYR1": """
        desflurane, enflurane, halothane, isoflurane, methoxyflurane, sevoflurane,
        succinylcholine""",
    "CYP2B6": "efavirenz",
    "CYP2B6 or CYP2C19": "sertraline",
    "CYP2C19": """
        citalopram, clopidogrel, escitalopram, lansoprazole, mavacamten, omeprazole, pantoprazole,
        voriconazole""",
    "CYP2C19 or CYP2D6": "amitriptyline",
    "CYP2C9": "celecoxib, flurbiprofen, ibuprofen, lornoxicam, meloxicam, piroxicam, tenoxicam",
    "CYP2C9 or CYP4F2 or VKORC1": "warfarin",
    "CYP2C9 or HLA-B*15:02": "fosphenytoin, phenytoin",
    "CYP2C9 or SLCO1B1": "fluvastatin",
    "CYP2D6": """
        atomoxetine, codeine, nortriptyline, oliceridine, ondansetron, paroxetine, pitolisant,
        tamoxifen, thioridazine, tramadol, tropisetron, vortioxetine""",
    "CYP3A5": "tacrolimus",
    "DPYD": "flucytosine, tegafur",
    "G6PD": "dapsone, methylene blue, nitrofurantoin, toluidine blue",
    "HLA-B*15:02": "lamotrigine",
    "MT-RNR1": """
        amikacin, dibekacin, gentamicin, kanamycin, neomycin, netilmicin, paromomycin, plazomicin,
        ribostamycin, streptomycin, tobramycin""",
    "NAT2": "hydralazine",
    "ABCG2 or SLCO1B1": "rosuvastatin",
    "SLCO1B1": "atorvastatin, lovastatin, pitavastatin, pravastatin, simvastatin",
    "UGT1A1": "atazanavir",
}


def names_in(text):
    return [" ".join(each.split()) for each in text.split(",")]


MISSING = {
    **dict.fromkeys(names_in(LABEL_REQUIRES), ("warning", "the FDA label requires testing")),
    **dict.fromkeys(names_in(LABEL_RECOMMENDS), ("warning", "the FDA label recommends testing")),
    **{
        each: ("info", f"no {genes} result on file;")
        for genes, drugs in ADVICE_DEPENDS.items()
        for each in names_in(drugs)
    },
}


@pytest.mark.parametrize("row", TABLE, ids=name)
def test_without_a_result_no_advice_is_shown(ask, row):
    """Missing is never normal, and never a reason for advice. Where it matters it is said."""
    cards = ask(row, {})
    if row["drug"] not in MISSING:
        assert cards == []
        return
    (card,) = cards
    indicator, said = MISSING[row["drug"]]
    assert card["indicator"] == indicator
    assert said in card["summary"]
    assert " result on file;" in card["summary"]
    assert not is_advice(card)
    assert "**Advice**" not in card["detail"]


def test_every_drug_that_tells_of_a_missing_result_is_one_of_the_table():
    assert MISSING.keys() <= {row["drug"] for row in TABLE}


@pytest.fixture(scope="module")
def facts(shared):
    """Of each row of the sources: its source and its drug."""
    with (shared / "facts" / "recommendations.jsonl").open(encoding="utf-8") as lines:
        rows = map(json.loads, lines)
        return {row["id"]: (row["source"].split("_")[0], row["drug"].lower()) for row in rows}


@pytest.mark.parametrize("row", TABLE, ids=name)
def test_the_rows_of_the_table_are_the_sources_own_and_of_this_drug(facts, groups, row):
    names = {entry.rules.drug for entry in groups[row["drug"]].entries}
    for case in (row["actionable"], row["normal"]):
        sources = set()
        for each in case.get("rows", ()):
            source, drug = facts[each]
            sources.add(source)
            assert drug in names
        if "card" in case and row["drug"] != "warfarin":  # CPIC's warfarin is an equation
            assert case["card"]["leads"] in sources


# What the facts' own classes of the leading source's rows would bring, save for these drugs: there
# the class is of some words of the row, and the row says more.
ASK_FOR = {"alternative", "avoid", "contraindicated", "increase_dose", "reduce_dose"}
CLASSED_OTHERWISE = {
    "abrocitinib": "the label names 50 mg once a day, half of the usual dose",
    "aripiprazole lauroxil": "FDA: the dose is to be adjusted",
    "brexpiprazole": "DPWG: half of the standard dose",
    "clobazam": "the label: a lower start and a slower titration",
    "deutetrabenazine": "the label's maximum of 36 mg a day",
    "flucloxacillin": "DPWG: to be avoided only where liver enzymes are raised; to be monitored",
    "metoclopramide": "FDA: a lower dose",
    "oliceridine": "FDA: less often",
    "tetrabenazine": "the label's maximum of 50 mg a day",
    "warfarin": "an equation, no row",
}


def test_the_indicators_of_the_table_agree_with_the_classes_of_the_facts(shared):
    """Read by others than who wrote the table: a row to act on is no mere information."""
    with (shared / "facts" / "recommendations.jsonl").open(encoding="utf-8") as lines:
        classes = {
            row["id"]: (row["source"], row["action_class"]) for row in map(json.loads, lines)
        }
    otherwise = set()
    for row in TABLE:
        for case in (row["actionable"], row["normal"]):
            if "card" not in case:
                continue
            found = [classes[each] for each in case.get("rows", ())]
            acts = {act for by, act in found if by.split("_")[0] == case["card"]["leads"]}
            if bool(acts & ASK_FOR) != (case["card"]["indicator"] != "info"):
                otherwise.add(row["drug"])
    assert otherwise == CLASSED_OTHERWISE.keys()


def test_a_row_that_asks_for_nothing_says_why():
    for row in TABLE:
        case = row["actionable"]
        assert bool(case.get("note")) == (case["card"]["indicator"] == "info"), row["drug"]


CARD = {
    "summary": "Codeine: CYP2D6 Ultrarapid Metabolizer. Avoid (risk of serious toxicity).",
    "indicator": "critical",
    "source": {"topic": {"code": "CPICCodeineCYP2D6Avoid"}},
    "detail": "CYP2D6 CPIC DPWG FDA",
    "extension": {
        EXTENSION: {
            "orders": ["MedicationRequest/order-1"],
            "agreement": "agree",
            "rules": ["cpic.codeine.general.cyp2d6-3.0"],
            "sources": [{"source": "CPIC", "stance": "leads"}],
        }
    },
}
CASE = {
    "results": {"CYP2D6": "*1/*2x2"},
    "card": {
        "leads": "CPIC", "action": "avoid", "indicator": "critical", "agreement": "agree",
        "says": ["toxicity"],
    },
    "rows": ["CPIC-8480418"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"indicator": "info"}, "indicator: info"),
        ({"summary": "Codeine: avoid (toxicity)."}, "summary: no gene"),
        ({"summary": "Codeine: CYP2D6, avoid (toxicity)."}, "summary: no phenotype"),
        ({"summary": "Codeine: CYP2D6 UM. Avoid."}, "summary: toxicity is not said"),
        ({"summary": "Tramadol: CYP2D6 UM. Avoid (toxicity)."}, "summary: of tramadol"),
        ({"summary": "Codeine: CYP2D6 UM. Avoid (toxicity)" + "." * 104}, "140 characters"),
        ({"detail": "CYP2D6 CPIC DPWG"}, "detail: without FDA"),
        ({"detail": "CPIC DPWG FDA"}, "detail: CYP2D6 without its result"),
        ({"source": {"topic": {"code": "CPICCodeineCYP2D6Alternative"}}}, "action: "),
        ({"agreement": "differ"}, "agreement: differ"),
        ({"rules": ["cpic.tramadol.general.cyp2d6-3.0"]}, "advice of {'tramadol'}"),
        ({"rules": []}, "rows: []"),
        ({"orders": []}, "orders: []"),
        ({"sources": [{"source": "DPWG", "stance": "leads"}]}, "leads: {'DPWG'}"),
    ],
)
def test_the_check_of_a_card_can_fail(groups, change, told):
    rule_of = {
        "cpic.codeine.general.cyp2d6-3.0": ("codeine", "CPIC-8480418"),
        "cpic.tramadol.general.cyp2d6-3.0": ("tramadol", "CPIC-8480418"),
    }
    about = CARD["extension"][EXTENSION]
    inside = {EXTENSION: about | {key: change[key] for key in change if key in about}}
    card = CARD | {key: change[key] for key in change if key in CARD} | {"extension": inside}
    assert wrongs(CARD, CASE, groups["codeine"], rule_of) == []
    assert any(found.startswith(told) for found in wrongs(card, CASE, groups["codeine"], rule_of))

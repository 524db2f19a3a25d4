"""The card of actionable inherited findings and its drafts, and the card of stated risks."""

import uuid
from dataclasses import replace
from decimal import Decimal

import pytest

from fhir_pgx.cards.context import CardContext
from fhir_pgx.cards.headline import LIMIT
from fhir_pgx.cards.pretest import Requester
from fhir_pgx.cards.prevention import prevention_card
from fhir_pgx.cards.prevention_orders import MOST_MEASURES, prevention_suggestions
from fhir_pgx.cards.risk import risk_card
from fhir_pgx.knowledge.loader import HERE
from fhir_pgx.knowledge.risk_genes import load_risk_genes
from fhir_pgx.model.finding import Caveat, Origin, SourceClass
from fhir_pgx.model.inherited import InheritedFinding
from fhir_pgx.model.precision import StatedRisk
from fhir_pgx.model.prevention import ActionableFinding

ROWS = load_risk_genes(HERE)
NAMESPACE = uuid.UUID(int=7)
CONTEXT = CardContext(NAMESPACE, "2026.08")
REQUESTER = Requester("Patient/p", "2026-11-23", "Encounter/e", "Practitioner/d")
DOUBT = Caveat("PGX-840", "Confirm it.")


def found(gene, *, doubts=(), label="", **fields):
    rows = tuple(row for row in ROWS if row.gene == gene)
    given = {
        "origin": Origin("Observation/v", "", when="2026-03-02"),
        "significance": "pathogenic",
        "source_class": SourceClass.GERMLINE,
        "zygosity": "heterozygous",
    } | fields
    finding = InheritedFinding(gene=gene, label=label or f"{gene} c.1A>G", **given)
    now = tuple(dict.fromkeys(measure for row in rows for measure in row.plan))
    return ActionableFinding(gene, rows, (finding,), tuple(doubts), now)


def card_of(*actionable, age=35, sex="female", conflicting=(), context=CONTEXT):
    return prevention_card(actionable, conflicting, context, age=age, sex=sex)


def services(*actionable, requester=REQUESTER, ordered=(), tested=()):
    return prevention_suggestions(
        actionable,
        requester,
        NAMESPACE,
        is_ordered=lambda text: text in ordered,
        tested=lambda gene: gene in tested,
    )


def texts(suggestions):
    return [each.actions[0].resource["code"]["text"] for each in suggestions]


def test_nothing_found_is_no_card():
    assert card_of() is None
    assert risk_card((), CONTEXT) is None


@pytest.mark.parametrize("gene", sorted({row.gene for row in ROWS}))
def test_the_card_of_each_gene_is_info_short_and_names_gene_condition_and_source(gene):
    card = card_of(found(gene))
    assert card.indicator == "info"
    assert len(card.summary) <= LIMIT
    assert gene in card.summary
    rows = [row for row in ROWS if row.gene == gene]
    assert card.rules == tuple(row.provenance.id for row in rows)
    assert rows[0].listed in card.detail
    if not rows[0].measures:
        assert "the measures are for the specialist" in card.detail
        assert "verify against the current guideline" not in card.detail


def test_several_genes_are_one_card():
    genes = ("BRCA1", "MSH2", "LDLR", "TTN", "RYR1")
    card = card_of(*(found(gene) for gene in genes))
    assert card.summary.startswith("Actionable findings in BRCA1, MSH2, LDLR, TTN and 1 more:")
    assert all(f"**{gene}" in card.detail for gene in genes)
    assert card.selection_behavior == "any"


def test_what_the_report_calls_it_is_never_made_stronger():
    likely = card_of(found("MSH2", significance="likely-pathogenic"))
    assert "likely pathogenic" in likely.summary
    unnamed = card_of(found("HFE", significance="", zygosity="homozygous"))
    assert "pathogenic" not in unnamed.summary
    assert "the report gives no classification" in unnamed.detail


def test_a_finding_of_unknown_source_is_to_be_confirmed_and_its_measures_wait():
    card = card_of(found("TP53", doubts=[DOUBT], source_class=SourceClass.UNKNOWN))
    assert card.summary.startswith("TP53 finding, germline not stated: confirm it")
    assert "if the finding is settled" in card.detail
    assert "PGX-840" in card.detail


@pytest.mark.parametrize(
    ("age", "sex", "said"),
    [
        (None, "", "age and sex did not reach"),
        (None, "female", "patient's age did not reach"),
        (35, "", "patient's sex did not reach"),
    ],
)
def test_what_is_not_known_of_the_patient_is_told(age, sex, said):
    assert said in card_of(found("BRCA1"), age=age, sex=sex).detail
    assert ("women: breast MRI" in card_of(found("BRCA1"), age=age, sex=sex).detail) is (not sex)


def test_a_conflicting_finding_is_told_beside_others_and_not_counted():
    other = found("MLH1", significance="conflicting").findings
    assert (
        "MLH1 c.1A&gt;G: its classifications conflict."
        in card_of(found("BRCA1"), conflicting=other).detail
    )
    assert card_of(conflicting=other) is None


def test_recessive_findings_are_told_to_brothers_and_sisters_first():
    assert "brothers and sisters are the first" in card_of(found("ATP7B")).detail
    assert "brothers and sisters are the first" not in card_of(found("BRCA1")).detail


def test_what_came_from_outside_is_escaped():
    hostile = found(
        "BRCA1",
        label="BRCA1 [x](http://evil)<b>",
        review="<script>alert(1)</script>",
        caveats=(Caveat("PGX-501", "<i>not final</i>"),),
    )
    detail = card_of(hostile).detail
    assert "<b>" not in detail
    assert "<script>" not in detail
    assert "<i>" not in detail
    assert "[x]" not in detail
    assert "://evil" not in detail
    risk = StatedRisk("<b>x", "<b>x", Origin("o", ""), words="[a](http://b)", population="<i>")
    detail = risk_card((risk,), CONTEXT).detail
    assert "<b>" not in detail
    assert "[a]" not in detail


def test_a_certain_finding_offers_counselling_cascade_and_at_most_three_measures():
    offered = texts(services(found("BRCA1"), found("MSH2")))
    assert offered[:2] == ["Genetic counselling", "Cascade testing of relatives for BRCA1, MSH2"]
    assert len(offered) == 2 + MOST_MEASURES


def test_a_doubtful_finding_offers_counselling_and_the_confirming_test_alone():
    assert texts(services(found("TP53", doubts=[DOUBT]))) == [
        "Genetic counselling",
        "Confirming germline test of TP53",
    ]


def test_what_is_ordered_or_under_way_is_not_offered_again():
    assert texts(services(found("TP53", doubts=[DOUBT]), tested=["TP53"])) == [
        "Genetic counselling"
    ]
    offered = texts(services(found("MUTYH"), ordered=["Colonoscopy", "Genetic counselling"]))
    assert offered == ["Cascade testing of relatives for MUTYH"]


def test_a_draft_is_whole_and_says_nothing_that_nobody_stated():
    counselling = services(found("BRCA1"))[0].actions[0]
    assert counselling.type == "create"
    assert counselling.resource == {
        "resourceType": "ServiceRequest",
        "status": "draft",
        "intent": "order",
        "code": {
            "coding": [
                {
                    "system": "http://snomed.info/sct",
                    "code": "79841006",
                    "display": "Genetic counselling",
                }
            ],
            "text": "Genetic counselling",
        },
        "subject": {"reference": "Patient/p"},
        "authoredOn": "2026-11-23",
        "category": [
            {
                "coding": [
                    {
                        "system": "http://snomed.info/sct",
                        "code": "409063005",
                        "display": "Counselling",
                    }
                ]
            }
        ],
        "encounter": {"reference": "Encounter/e"},
        "requester": {"reference": "Practitioner/d"},
        "reasonCode": [{"text": "BRCA1 c.1A>G"}],
    }


def test_each_release_has_its_own_form_of_a_draft():
    assert services(found("BRCA1"), requester=replace(REQUESTER, release="DSTU2")) == ()
    r5 = services(found("BRCA1"), requester=replace(REQUESTER, release="R5"))[0]
    resource = r5.actions[0].resource
    assert resource["code"]["concept"]["text"] == "Genetic counselling"
    assert resource["reason"] == [{"concept": {"text": "BRCA1 c.1A>G"}}]


def risk(number, **fields):
    given = {"value": Decimal("7.50"), "unit": "%"} | fields
    origin = Origin(f"RiskAssessment/{number}", "", when=f"2026-0{number}-01")
    return StatedRisk(f"Outcome {number}", f"Outcome {number}", origin, **given)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "7.5%; made for: not stated; method not stated; 2026-01-01"),
        ({"unit": "percentile", "value": Decimal(92)}, "92 (percentile)"),
        ({"unit": "", "value": Decimal("1.30")}, "1.3 (no scale stated)"),
        ({"value": None, "unit": "", "words": "High"}, "High; made for"),
        (
            {"population": "European", "method": "PGS000018"},
            "made for: European; method: PGS000018",
        ),
    ],
)
def test_a_stated_risk_is_shown_as_it_stands_with_its_population(fields, said):
    card = risk_card((risk(1, **fields),), CONTEXT)
    assert card.indicator == "info"
    assert card.suggestions == ()
    assert said in card.detail
    assert ("PGX-844" if "population" in fields else "PGX-843") in card.detail


def test_many_risks_are_one_card_the_newest_first():
    card = risk_card(tuple(risk(number) for number in range(1, 9)), CONTEXT)
    assert card.summary == "Risk estimates on file, as context: Outcome 8, Outcome 7 and 6 more."
    assert "2 more stand in the record." in card.detail


def test_what_is_said_of_medicines_stands_on_the_other_card():
    detail = card_of(found("KCNH2")).detail
    assert "evaluation by a cardiologist" in detail
    assert "prolong the QT" not in detail
    lipids = card_of(found("LDLR")).detail
    assert "statin" not in lipids
    assert "stands on the card of inherited findings" in lipids


def test_every_outcome_is_counted_though_few_are_listed():
    risks = [
        StatedRisk(f"Outcome {n}", f"Outcome {n}", Origin(f"RiskAssessment/{n}", ""), Decimal(n))
        for n in range(1, 11)
    ]
    assert risk_card(risks, CONTEXT).summary.endswith("and 8 more.")

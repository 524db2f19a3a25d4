"""The order of an inhibitor beside a medicine in use: the moment at which the pair can be avoided.

All patients are synthetic. By CPIC a strong CYP2D6 inhibitor makes the activity score 0 for
codeine, tramadol and hydrocodone (PMID 33387367); its rows for tamoxifen tell to avoid moderate
and strong ones (PMID 29385237).
"""

from datetime import date

import pytest

from fhir_pgx.cards.headline import LIMIT
from fhir_pgx.cards.write import write_answer
from fhir_pgx.errors import DataUnavailable
from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.pipeline import Pipeline
from fhir_pgx.services.answering import read_call
from fhir_pgx.services.gather import Sources
from fhir_pgx.services.pgx import services

LOINC, RXNORM = "http://loinc.org", "http://www.nlm.nih.gov/research/umls/rxnorm"
CODES = {
    "bupropion": "42347",
    "clopidogrel": "32968",
    "codeine": "2670",
    "duloxetine": "72625",
    "fluconazole": "4450",
    "hydrocodone": "5489",
    "paroxetine": "32937",
    "rifampin": "9384",
    "sertraline": "36437",
    "tacrolimus": "42316",
    "tamoxifen": "10324",
    "terbinafine": "37801",
    "tramadol": "10689",
    "voriconazole": "121243",
}
OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]}


@pytest.fixture(scope="module")
def ask(knowledge):
    pipeline = Pipeline(knowledge, DrugCodes(), today=lambda: date(2026, 11, 23))
    offered = {each.hook: each for each in services(pipeline.answer)}

    def asked(
        drafts,
        in_use=(),
        result="",
        hook="order-sign",
        genomics=None,
        selected=None,
        medicines=None,
    ):
        """The cards for drafts and medicines in use, each a drug's name or a resource."""
        orders = [order(each, f"draft-{i}", status="draft") for i, each in enumerate(drafts)]
        taken = [order(each, f"in-use-{i}") for i, each in enumerate(in_use)]
        tests = [genotype("CYP2D6", result)] if result else []
        member = "medications" if hook == "medication-refill" else "draftOrders"
        context = {"patientId": "p1", "userId": "Practitioner/1", member: bundle(*orders)}
        if selected is not None:
            context["selections"] = selected
        request = {
            "hook": hook,
            "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
            "context": context,
            "prefetch": {
                "pgxObservations": genomics or bundle(*tests),
                "activeMedications": medicines or bundle(*taken),
            },
        }
        call = read_call(request, offered[hook], Sources())
        return write_answer(offered[hook].answer(call))["cards"]

    return asked


def bundle(*resources):
    entries = [{"resource": each} for each in resources]
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries}


def order(drug, identity, *, status="active", text="", **members):
    if isinstance(drug, dict):
        return {**drug, "id": identity, "status": status}
    concept = {"coding": [{"system": RXNORM, "code": CODES[drug]}], "text": text or drug}
    return {
        "resourceType": "MedicationRequest",
        "id": identity,
        "status": status,
        "intent": "order",
        "subject": {"reference": "Patient/p1"},
        "authoredOn": "2026-09-01",
        "medicationCodeableConcept": concept,
        **members,
    }


def genotype(gene, text):
    return {
        "resourceType": "Observation",
        "id": f"synthetic-{gene}",
        "status": "final",
        "subject": {"reference": "Patient/p1"},
        "code": {"coding": [{"system": LOINC, "code": "84413-4"}]},
        "valueCodeableConcept": {"text": text},
        "component": [
            {
                "code": {"coding": [{"system": LOINC, "code": "48018-6"}]},
                "valueCodeableConcept": {"text": gene},
            }
        ],
    }


@pytest.mark.parametrize(
    ("draft", "in_use", "result", "says"),
    [
        # strong, by CPIC's rule: whatever the genotype
        ("paroxetine", "codeine", "*1/*1", "codeine then acts as in a Poor Metabolizer"),
        ("bupropion", "codeine", "*1/*4", "codeine then acts as in a Poor Metabolizer"),
        ("terbinafine", "tramadol", "*1/*1", "tramadol then acts as in a Poor Metabolizer"),
        ("bupropion", "codeine", "", "codeine then acts as in a Poor Metabolizer"),
        ("duloxetine", "codeine", "*1/*1", ""),  # intermediate: the label dose still
        ("paroxetine", "codeine", "*4/*4", ""),  # poor by the genes
        ("paroxetine", "codeine", "*1/*2x2", ""),  # to be avoided already
        ("bupropion", "hydrocodone", "*1/*1", ""),  # CPIC has nothing to be done for it
        ("sertraline", "codeine", "*1/*1", ""),  # weak
        # by the rows' own word
        ("paroxetine", "tamoxifen", "*1/*1", "CPIC advises against a strong CYP2D6 inhibitor"),
        ("duloxetine", "tamoxifen", "*1/*41", "CPIC advises against a moderate CYP2D6 inhibitor"),
        ("bupropion", "tamoxifen", "", "CPIC advises against a strong CYP2D6 inhibitor"),
        ("duloxetine", "tamoxifen", "*4/*4", ""),
        # cautions of ours alone: told where the other drug is ordered
        ("fluconazole", "clopidogrel", "*1/*1", ""),
        ("rifampin", "codeine", "*1/*1", ""),
    ],
)
def test_the_order_of_an_inhibitor_speaks_where_a_source_does(ask, draft, in_use, result, says):
    cards = ask([draft], [in_use], result)
    told = [each for each in cards if f"with {in_use} in use" in each["summary"]]
    if not says:
        assert told == []
        return
    (card,) = told
    assert card["summary"].startswith(f"{draft.capitalize()}: with {in_use} in use. ")
    assert says in card["summary"]
    assert len(card["summary"]) <= LIMIT
    assert card["indicator"] == "warning"
    assert "suggestions" not in card
    assert card["overrideReasons"]
    assert f"**In use** {in_use} (MedicationRequest/in-use-0)" in card["detail"]
    assert "(being ordered" in card["detail"]
    ours = card["extension"]["org.fhir-pgx.card"]
    assert ours["orders"] == ["MedicationRequest/draft-0"]
    assert ours["in_use"] == ["MedicationRequest/in-use-0"]
    assert card["source"]["label"].endswith("(CPIC)")


def test_the_card_says_what_is_advised_with_and_without_the_inhibitor(ask):
    (card,) = ask(["bupropion"], ["codeine"], "*1/*1")
    detail = card["detail"]
    assert "Avoid codeine" in detail
    assert "CPIC strength: Strong." in detail
    assert "counts the activity score as 0 (Poor Metabolizer) instead of 2.0" in detail
    assert "**Without bupropion**" in detail
    assert "Codeine: CYP2D6 Normal Metabolizer. Use the age- or weight-specific label" in detail
    assert "PMID 33387367" in detail


def test_a_drafted_victim_has_the_card_and_the_inhibitor_none(ask):
    (card,) = ask(["bupropion", "codeine"], ["codeine"], "*1/*1")
    assert card["summary"].startswith("Codeine: ")


def test_a_draft_that_is_not_selected_has_no_card_of_its_own(ask):
    """order-select: the codeine in use is affected all the same."""
    chosen = ["MedicationRequest/draft-0"]
    drafts = ["bupropion", "codeine"]
    (card,) = ask(drafts, ["codeine"], "*1/*1", hook="order-select", selected=chosen)
    assert card["summary"].startswith("Bupropion: with codeine in use.")


def test_an_inhibitor_that_is_in_use_already_is_no_news(ask):
    assert ask(["bupropion"], ["codeine", "bupropion"], "*1/*1") == []
    assert ask(["bupropion"], ["codeine", "paroxetine"], "*1/*1") == []  # poor in effect already


def test_the_order_itself_among_the_medicines_in_use_is_not_taken_for_an_earlier_one(ask):
    same = {**order("bupropion", "draft-0"), "resourceType": "MedicationRequest"}
    listed = [genotype("CYP2D6", "*1/*1"), same]
    (card,) = ask(["bupropion"], ["codeine"], genomics=bundle(*listed))
    assert card["summary"].startswith("Bupropion: with codeine in use.")


def test_each_of_two_inhibitors_has_its_card(ask):
    summaries = sorted(each["summary"] for each in ask(["bupropion", "terbinafine"], ["codeine"]))
    assert [each.split(":")[0] for each in summaries] == ["Bupropion", "Terbinafine"]


def test_what_is_put_on_the_skin_inhibits_nothing(ask):
    cream = order("terbinafine", "x", text="terbinafine 1 % topical cream")
    assert ask([cream], ["codeine"], "*1/*1") == []
    assert ask([cream], ["codeine"], genomics=OUTCOME) == []  # and needs no results


def test_a_victim_that_is_over_is_not_in_use(ask):
    over = {**order("codeine", "x"), "dosageInstruction": [
        {"timing": {"repeat": {"boundsPeriod": {"start": "2026-09-01", "end": "2026-09-08"}}}}
    ]}  # fmt: skip
    assert ask(["bupropion"], [over], "*1/*1") == []


def test_at_a_refill_the_card_informs(ask):
    (card,) = ask(["bupropion"], ["tamoxifen"], "*1/*1", hook="medication-refill")
    assert card["indicator"] == "info"


def test_an_inhibitor_without_guidance_needs_the_results_only_beside_such_a_medicine(ask):
    assert ask(["bupropion"], ["clopidogrel"], genomics=OUTCOME) == []
    assert ask(["bupropion"], [], genomics=OUTCOME) == []
    with pytest.raises(DataUnavailable):
        ask(["bupropion"], ["tamoxifen"], genomics=OUTCOME)


@pytest.mark.parametrize("genomics", [None, OUTCOME])
def test_where_the_medicines_could_not_be_obtained_the_inhibitor_says_so(ask, genomics):
    """Of bupropion itself no guideline speaks: silence would read as nothing found."""
    (card,) = ask(["bupropion"], genomics=genomics, medicines=OUTCOME)
    assert card["summary"] == (
        "Bupropion: inhibits CYP2D6, and the medicines in use could not be looked at."
    )
    assert card["indicator"] == "info"
    detail = card["detail"].replace("\\", "")
    for victim in ("codeine", "tamoxifen", "tramadol"):
        assert victim in detail
    assert "clopidogrel" not in detail
    assert "could not be obtained" in detail
    assert "(PGX-625)" in detail
    assert card["extension"]["org.fhir-pgx.card"]["orders"] == ["MedicationRequest/draft-0"]


def test_only_what_failed_is_told_by_the_inhibitor(ask):
    assert ask(["bupropion"]) == []  # looked for, and none found
    cards = ask(["sertraline"], result="*1/*1", medicines=OUTCOME)  # weak
    assert not any("inhibits" in card["summary"] for card in cards)


def test_an_inhibitor_whose_own_card_tells_of_the_medicines_has_no_second(ask):
    (card,) = ask(["paroxetine"], result="*4/*4", medicines=OUTCOME)
    assert "could not be obtained" in card["detail"]
    assert "inhibits" not in card["summary"]


def test_of_a_list_that_came_in_part_the_pair_that_was_seen_is_told_alone(ask):
    part = {**bundle(order("codeine", "in-use-0")), "total": 9}
    (card,) = ask(["bupropion"], result="*1/*1", medicines=part)
    assert card["summary"].startswith("Bupropion: with codeine in use.")


def test_of_a_list_that_came_in_part_without_a_pair_the_rest_is_told(ask):
    part = {**bundle(order("clopidogrel", "in-use-0")), "total": 9}
    (card,) = ask(["bupropion"], result="*1/*1", medicines=part)
    assert card["summary"] == (
        "Bupropion: inhibits CYP2D6, and not all medicines in use could be looked at."
    )
    assert "could not be obtained in full" in card["detail"]


@pytest.mark.parametrize("inhibitor", ["duloxetine", "paroxetine"])
def test_tamoxifen_beside_an_inhibitor_in_use_carries_the_sources_word(ask, inhibitor):
    (card,) = ask(["tamoxifen"], [inhibitor], "*1/*41")
    assert (
        "CPIC's tamoxifen guideline itself advises against a moderate or strong" in (card["detail"])
    )
    assert "(PGX-664)" in card["detail"]


def test_beside_a_raised_dose_of_tacrolimus_its_slower_breakdown_is_told(ask):
    expresser = bundle(genotype("CYP3A5", "*1/*1"))
    (card,) = ask(["tacrolimus"], ["voriconazole"], genomics=expresser)
    assert "Start tacrolimus at 1.5 to 2 times" in card["detail"]
    assert (
        "CYP3A4 (genes not tested) may be slowed by voriconazole (strong; in use): levels may rise"
    ) in card["detail"]
    assert "Poor Metabolizer" not in card["detail"].split("**One source", 1)[0].split("**Why", 1)[0]


def test_an_inducer_beside_an_inhibitor_does_not_silence_the_warning(ask, knowledge):
    single = [genotype("CYP2C19", "*1/*1")]
    (card,) = ask(["clopidogrel"], ["fluconazole", "rifampin"], genomics=bundle(*single))
    assert card["indicator"] == "warning"
    assert "no source states what both make together" in card["detail"]


def test_a_single_dose_of_september_acts_on_nothing_in_november(ask):
    once = {"dosageInstruction": [{"timing": {"repeat": {"count": 1}}}]}
    single = bundle(genotype("CYP2C19", "*1/*1"))
    dose = {**order("fluconazole", "x"), **once}
    assert ask(["clopidogrel"], [dose], genomics=single) == []
    (card,) = ask(["clopidogrel"], ["fluconazole"], genomics=single)  # without an end: in use
    assert card["indicator"] == "warning"

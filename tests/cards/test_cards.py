"""Cards: what they say of every row we hold, when they keep quiet, and what they may change."""

import copy
import uuid
from dataclasses import replace
from itertools import product

import pytest

from fhir_pgx.cards import order_card, unanswered_card, write_card
from fhir_pgx.cards.context import CardContext
from fhir_pgx.cards.headline import LIMIT, gene_phrase
from fhir_pgx.cards.markdown import escape, plain
from fhir_pgx.cards.order import EXTENSION, face_of, is_quiet, topic
from fhir_pgx.cards.overflow import overflow_card
from fhir_pgx.cards.suggestion import replaced
from fhir_pgx.model.drug import Coding, Drug, DrugMatch, MedicationConcept, MedicationOrder
from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.phenotype import DiplotypeResult, GeneResult, Status
from fhir_pgx.model.recommendation import (
    AlternativeVerdict,
    DrugAdvice,
    Evidence,
    Recommendation,
    SourceAdvice,
    Unanswered,
)
from fhir_pgx.recommendation import Rulebook, Situation, advise
from fhir_pgx.recommendation.rulebook import NO_RESULT
from fhir_pgx.terminology import RXNORM

CONTEXT = CardContext(uuid.UUID(int=1), "2026.08")
CLOPIDOGREL = Drug("32968", "clopidogrel")
DRAFT = {
    "resourceType": "MedicationRequest",
    "id": "order-1",
    "status": "draft",
    "intent": "order",
    "extension": [{"url": "https://ehr.example.org/priority", "valueCode": "red"}],
    "x-local": {"pathway": 7},
    "medicationCodeableConcept": {"text": "clopidogrel 75 MG"},
    "subject": {"reference": "Patient/synthetic-1"},
    "reasonCode": [{"text": "stent"}],
    "dosageInstruction": [{"text": "75 mg once a day"}],
    "dispenseRequest": {"quantity": {"value": 30}},
    "text": {"status": "generated", "div": "<div>clopidogrel 75 mg</div>"},
}


def an_order(text="clopidogrel 75 MG Oral Tablet", *, resource=DRAFT, proposed=True, **match):
    ingredients = match.pop("ingredients", (CLOPIDOGREL,))
    return MedicationOrder(
        reference=f"{resource['resourceType']}/{resource['id']}",
        path="",
        resource_type=resource["resourceType"],
        status="draft",
        concept=MedicationConcept((Coding(RXNORM, "309362"),), text),
        proposed=proposed,
        match=DrugMatch(ingredients, match.pop("how", "code"), **match),
        resource=resource,
    )


def advice(**changes):
    """One recommendation; what a test is about is in `changes`."""
    made = Recommendation(
        drug="clopidogrel",
        rxcui="32968",
        source="CPIC",
        genes={"CYP2C19": "Poor Metabolizer"},
        keys={"CYP2C19": "Poor Metabolizer"},
        population="general",
        population_label="",
        population_when="",
        population_fit="unknown",
        action="avoid",
        also=(),
        strength="Strong",
        dose=(),
        alternatives=(),
        advice="avoid",
        summary="Avoid.",
        detail="Avoid it.",
        implications={},
        considerations=(),
        evidence=(
            Evidence(
                "g",
                "A guideline",
                "https://www.clinpgx.org/guideline/x",
                (),
                "2026-08-13",
                "current",
            ),
        ),
        rule="r1",
    )
    return replace(made, **changes)


def alternative(name, verdict="no-guidance", rxcui="613391"):
    return AlternativeVerdict(name, rxcui, verdict, "A reason.")


def told_by(source, *answer, stance="leads"):
    return SourceAdvice(source, tuple(answer[0].genes), tuple(answer), True, stance)


def of_drug(*sources, important=True, agreement="alone"):
    first = sources[0].answer[0]
    return DrugAdvice(first.drug, first.rxcui, sources, agreement, important)


def card_of(*answer, order=None, results=None, important=True):
    return shown(of_drug(told_by("CPIC", *answer), important=important), order, results)


def shown(found, order=None, results=None):
    if found.unanswered is not None or is_quiet(found):
        return None
    return order_card(face_of(found), order or an_order(), results or {}, CONTEXT)


# Every row of the knowledge


def results_for(row, rules):
    """Results that lead to exactly this row; a gene the row leaves out was not tested."""
    return {
        gene: result_of(gene, row.keys[gene], row.phenotypes.get(gene))
        for gene in rules.genes
        if row.keys.get(gene, NO_RESULT) != NO_RESULT
    }


def result_of(gene, key, phenotype):
    if "/" in key:  # a source's own row for one diplotype
        haplotypes = tuple(key.split("/"))
        pair = DiplotypeResult(key, haplotypes, phenotype, None, (), lookup_key=key)
        return GeneResult(
            gene, Status.CALLED, "genotype", (pair,), phenotype=phenotype, lookup_keys=(key,)
        )
    status = dict([key.rsplit(" ", 1)]) if key.startswith("*") else {}
    return GeneResult(
        gene, Status.CALLED, "phenotype", phenotype=phenotype, lookup_keys=(key,),
        allele_status=status,
    )  # fmt: skip


@pytest.fixture(scope="module")
def every_card(knowledge):
    """(drug, results, age, answer, card) of each set of results that any row asks for."""
    rulebook = Rulebook(knowledge)
    found = []
    for group in rulebook.groups:
        sets = {}
        for entry in group.entries:
            for row in entry.rules.rows:
                sets[tuple(sorted(row.keys.items()))] = results_for(row, entry.rules)
        for results, age in product(sets.values(), (None, 5, 50)):
            advised = advise(group, results, rulebook, situation=Situation(age_years=age))
            card = shown(advised, an_order(group.drug.name), results)
            answer = advised.unanswered or advised.recommendations
            found.append((group.drug.name, results, age, answer, card))
    assert sum(card is not None and bool(card.rules) for *_, card in found) > 2000
    return found


def test_a_summary_is_a_whole_plain_sentence_under_140_code_points(every_card):
    assert len(every_card) > 3000
    for drug, _, _, _, card in every_card:
        if card is not None:
            assert len(card.summary) <= LIMIT < 140
            assert not card.summary.endswith("…"), (drug, card.summary)
            assert card.summary == plain(card.summary, 200)


def test_a_summary_names_the_drug_every_gene_and_what_was_found(every_card):
    for _, results, _, answer, card in every_card:
        if card is None or isinstance(answer, Unanswered):
            continue
        assert card.summary.lower().startswith(f"{answer[0].drug}: ")
        for gene, shown in answer[0].genes.items():
            assert gene in card.summary
            told = card.summary.split(f"{gene}", 1)[1].lstrip()
            assert not told.startswith((".", ",")) or gene not in results, (card.summary, shown)


def test_where_populations_differ_the_summary_says_which_one_it_speaks_for(every_card):
    named = 0
    for drug, _, _, answer, card in every_card:
        if card is None or isinstance(answer, Unanswered):
            continue
        told = {(r.population, r.advice) for r in answer}
        if len({population for population, _ in told}) > 1 and len({a for _, a in told}) > 1:
            label = answer[0].population_label
            assert label.lower() in card.summary.lower(), (drug, card.summary)
            named += bool(label)
    assert named > 90


def test_every_card_has_a_source_a_link_and_the_release_of_the_knowledge(every_card):
    for *_, card in every_card:
        if card is not None and card.rules:
            assert card.source.label
            assert all(link.url.startswith("https://") for link in card.links)
            assert card.links
            assert "Knowledge release 2026.08" in card.detail
            assert card.extension[EXTENSION]["rules"] == list(card.rules)


def test_a_topic_is_letters_and_digits_and_belongs_to_one_drug_and_action(every_card):
    said = {}
    for drug, _, _, answer, card in every_card:
        if card is None:
            continue
        code = card.source.topic.code
        assert code.isascii()
        assert code.isalnum()
        assert 0 < len(code) <= 100
        action = answer.reason if isinstance(answer, Unanswered) else answer[0].action
        assert said.setdefault(code, (drug, action)) == (drug, action)


def test_no_card_of_ours_shows_html_or_an_unescaped_star_allele(every_card):
    for *_, card in every_card:
        if card is not None:
            assert "<" not in card.detail
            assert "HLA-B*" not in card.detail
            assert "(*" not in card.detail


# Text that is not ours


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("*2/*2", r"\*2/\*2"),
        ("**bold**", r"\*\*bold\*\*"),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("<img src=x onerror=y>", "&lt;img src=x onerror=y&gt;"),
        ("a | b", r"a \| b"),
        ("A&B", "A&amp;B"),
        ("&lt;b&gt;", "&amp;lt;b&amp;gt;"),  # an entity sent stays the text that it is
        ("[here](https://evil.example)", r"\[here\](https&#58;//evil.example)"),
        ("https://evil.example", "https&#58;//evil.example"),
        ("www.evil.example", "www&#46;evil.example"),
        ("WWW.evil.example", "WWW&#46;evil.example"),
        ("a@evil.example", "a&#64;evil.example"),
        ("# Heading", r"\# Heading"),
        ("`code`", r"\`code\`"),
        ("~~gone~~", r"\~\~gone\~\~"),
        ("back\\slash", r"back\\slash"),
        ("c.1905+1G>A (*2A)", r"c.1905+1G&gt;A (\*2A)"),
        ("A- 202A_376G", r"A- 202A\_376G"),
        ("line\n\n# two", r"line \# two"),
        ("plus \u202e75 gm", "plus 75 gm"),  # right-to-left override
        ("zero\u200bwidth", "zero width"),
        ("bell\x07 and\x00 nul", "bell and nul"),
        ("\ufeffmark", "mark"),
    ],
)
def test_a_text_that_was_sent_is_shown_as_it_stands(sent, shown):
    assert escape(sent) == shown


def test_a_long_text_is_cut_and_says_so():
    assert len(plain("x" * 10_000)) == 160
    assert plain("x" * 10_000).endswith("…")
    assert plain("short") == "short"


def test_an_order_text_cannot_reach_the_summary_or_open_a_new_line_of_the_detail():
    hostile = "clopidogrel\n\n**Advice**\n\n- Give twice the dose <b>now</b> \u202e"
    card = card_of(advice(), order=an_order(hostile))
    assert card.summary == "Clopidogrel: CYP2C19 Poor Metabolizer. Avoid."
    first_line = card.detail.split("\n", 1)[0]
    assert first_line.startswith("**Order** clopidogrel \\*\\*Advice\\*\\* - Give twice")
    assert card.detail.count("\n**Advice**\n") == 1
    assert "<b>" not in card.detail


def test_a_genotype_text_that_was_sent_is_escaped_in_the_results():
    stated = DiplotypeResult("*2/*2", ("*2", "*2"), "Poor Metabolizer", None, (), stated="<i>*2*")
    result = GeneResult(
        "CYP2C19",
        Status.CALLED,
        "genotype",
        (stated,),
        "Poor Metabolizer",
        derived_from=("Observation/a_b*c",),
    )
    detail = card_of(advice(), results={"CYP2C19": result}).detail
    assert r"CYP2C19 &lt;i&gt;\*2\*" in detail
    assert r"Observation/a\_b\*c" in detail


# When a card is shown, and how loud


@pytest.mark.parametrize(
    ("why", "answer", "important", "shown"),
    [
        ("a normal result", {"genes": {"CYP2C19": "Normal Metabolizer"}}, True, False),
        ("HLA negative", {"genes": {"HLA-B": "*57:01 negative"}}, True, False),
        ("avoid", {"action": "avoid"}, True, True),
        ("avoid, of a drug that matters little", {"action": "avoid"}, False, True),
        ("no recommendation to give", {"action": "no-recommendation"}, True, False),
        (
            "a result that answers nothing",
            {"action": "no-recommendation", "genes": {"CYP2C19": "Indeterminate"}},
            True,
            True,
        ),
        ("usual dose, on half of the genes", {"caveats": (Caveat("PGX-620", "x"),)}, True, True),
        ("the same, little matters", {"caveats": (Caveat("PGX-620", "x"),)}, False, False),
        ("usual dose, results disagree", {"caveats": (Caveat("PGX-605", "x"),)}, False, True),
        ("usual dose, an unknown allele", {"caveats": (Caveat("PGX-603", "x"),)}, False, True),
        ("usual dose, positions not stated", {"caveats": (Caveat("PGX-601", "x"),)}, True, False),
        (
            "a normal result with monitoring for everyone",
            {"genes": {"CYP2C19": "Normal Metabolizer"}, "also": ("monitor",)},
            True,
            False,
        ),
    ],
)  # fmt: skip
def test_a_card_is_shown_only_where_something_needs_saying(why, answer, important, shown):
    usual = {"action": "standard", "summary": "Give the usual dose.", "detail": "Usual dose."}
    card = card_of(advice(**(usual | answer)), important=important)
    assert (card is not None) == shown, why


@pytest.mark.parametrize(
    ("actions", "serious", "indicator"),
    [
        (("contraindicated",), True, "critical"),
        (("avoid",), True, "critical"),
        (("avoid",), False, "warning"),
        (("alternative",), False, "warning"),
        (("reduce-dose",), False, "warning"),
        (("increase-dose",), False, "warning"),
        (("test",), False, "warning"),
        (("monitor",), False, "info"),
        (("continue-if-tolerated",), False, "info"),
        (("no-recommendation", "avoid"), False, "warning"),  # the loudest of several
    ],
)
def test_the_indicator_is_critical_only_for_death_or_lasting_harm(actions, serious, indicator):
    answer = [advice(action=action, serious=serious, rule=action) for action in actions]
    assert card_of(*answer).indicator == indicator


@pytest.mark.parametrize("untested", ["none", "important", "all"])
def test_a_result_that_no_row_answers_is_told_in_any_setting(untested):
    answer = Unanswered("clopidogrel", "32968", ("CYP2C19",), "no-row", "No advice for it.")
    context = replace(CONTEXT, untested=untested)
    card = unanswered_card(an_order(), answer, {}, context, source="CPIC")
    assert card.indicator == "info"
    assert card.suggestions == ()
    assert "CPIC has no advice for this CYP2C19 result" in card.summary
    local = an_order("clopidogrel 1% cream")
    assert unanswered_card(local, answer, {}, context, source="CPIC") is None


# Topics and ids


def test_a_topic_is_the_same_for_every_patient_and_order():
    one = card_of(advice(), order=an_order("Plavix"))
    two = card_of(advice(genes={"CYP2C19": "Likely Poor Metabolizer"}))
    assert one.source.topic == two.source.topic
    assert topic("CPIC", "clopidogrel", ("CYP2C19",), "avoid").code == "CPICClopidogrelCYP2C19Avoid"


@pytest.mark.parametrize(
    "other",
    [
        ("CPIC", "prasugrel", ("CYP2C19",), "avoid"),
        ("DPWG", "clopidogrel", ("CYP2C19",), "avoid"),
        ("CPIC", "clopidogrel", ("CYP2C19", "CYP2D6"), "avoid"),
        ("CPIC", "clopidogrel", ("CYP2C19",), "no-recommendation"),
    ],
)
def test_another_subject_has_another_topic(other):
    assert topic(*other).code != topic("CPIC", "clopidogrel", ("CYP2C19",), "avoid").code


def test_a_topic_does_not_depend_on_the_order_of_the_genes_and_is_cut_at_100():
    genes = ("HLA-B", "HLA-A")
    assert topic("CPIC", "x", genes, "avoid").code == topic("CPIC", "x", genes[::-1], "avoid").code
    assert len(topic("CPIC", "x" * 500, genes, "avoid").code) == 100


def test_two_orders_of_one_drug_have_cards_of_their_own():
    other = an_order(resource={**DRAFT, "id": "order-2"})
    one, two = card_of(advice()), card_of(advice(), order=other)
    assert one.uuid != two.uuid
    assert one.uuid == card_of(advice()).uuid  # the same call sent again
    assert (one.orders, two.orders) == (
        ("MedicationRequest/order-1",),
        ("MedicationRequest/order-2",),
    )


# Suggestions


def test_a_replaced_order_keeps_what_belongs_to_it_and_loses_the_old_drugs_dose():
    before = copy.deepcopy(DRAFT)
    changed = replaced(DRAFT, "prasugrel", "613391")
    assert before == DRAFT  # what was received is not touched
    assert changed["medicationCodeableConcept"] == {
        "coding": [{"system": RXNORM, "code": "613391", "display": "prasugrel"}],
        "text": "Prasugrel",
    }
    kept = {"resourceType", "id", "status", "intent", "extension", "x-local", "subject"}
    assert changed.keys() == kept | {"reasonCode", "medicationCodeableConcept"}
    assert {name: changed[name] for name in kept} == {name: DRAFT[name] for name in kept}
    assert "75" not in str(changed)


@pytest.mark.parametrize(
    ("shape", "kept", "gone"),
    [
        (
            {
                "contained": [
                    {"resourceType": "Medication", "id": "m"},
                    {"resourceType": "Practitioner", "id": "p"},
                ],
                "medicationReference": {"reference": "#m"},
            },
            {"contained": [{"resourceType": "Practitioner", "id": "p"}]},
            {"medicationReference"},
        ),
        (
            {
                "contained": [{"resourceType": "Medication", "id": "m"}],
                "medicationReference": {"reference": "#m"},
            },
            {},
            {"contained", "medicationReference"},
        ),
        ({"category": {"text": "odd"}}, {"category": {"text": "odd"}}, set()),
    ],
)
def test_a_replaced_order_leaves_no_medication_of_the_old_drug_behind(shape, kept, gone):
    resource = {"resourceType": "MedicationRequest", "id": "o", **shape}
    changed = replaced(resource, "prasugrel", "613391")
    assert {name: changed[name] for name in kept} == kept
    assert gone.isdisjoint(changed)


def test_an_r5_order_is_answered_in_its_own_shape():
    resource = {"resourceType": "MedicationRequest", "id": "o", "medication": {"concept": {}}}
    changed = replaced(resource, "prasugrel", "613391")
    assert changed["medication"]["concept"]["text"] == "Prasugrel"
    assert "medicationCodeableConcept" not in changed


def suggested(order, *alternatives, **changes):
    answer = advice(alternatives=alternatives, **changes)
    return [suggestion.label for suggestion in card_of(answer, order=order).suggestions]


def test_an_alternative_is_offered_with_the_population_it_is_for():
    assert suggested(an_order(), alternative("prasugrel")) == ["Change to prasugrel"]
    assert suggested(
        an_order(), alternative("prasugrel"), population="acs-pci", population_label="PCI"
    ) == ["Change to prasugrel (for PCI)"]


def test_a_suggestion_carries_what_speaks_against_it():
    card = card_of(advice(alternatives=(alternative("celecoxib", verdict="caution"),)))
    (suggestion,) = card.suggestions
    assert suggestion.label == "Change to celecoxib: caution"
    assert suggested(an_order(), alternative("nortriptyline", verdict="unknown")) == [
        "Change to nortriptyline: not judged"
    ]


@pytest.mark.parametrize(
    ("why", "order", "verdict", "changes"),
    [
        ("known by its name alone", an_order(how="name"), "unknown", {}),
        ("the code is retired", an_order(notes=("retired-code",)), "unknown", {}),
        (
            "two ingredients",
            an_order(ingredients=(CLOPIDOGREL, Drug("1191", "aspirin"))),
            "unknown",
            {},
        ),
        ("already in use", an_order(proposed=False), "unknown", {}),
        (
            "not an order",
            an_order(resource={**DRAFT, "resourceType": "MedicationStatement"}),
            "unknown",
            {},
        ),
        ("the patient must avoid it too", an_order(), "avoid", {}),
        ("a smaller dose is advised", an_order(), "unknown", {"action": "reduce-dose"}),
    ],
)  # fmt: skip
def test_nothing_is_suggested_where_a_person_must_choose(why, order, verdict, changes):
    assert suggested(an_order(), alternative("prasugrel")) == ["Change to prasugrel"]
    assert suggested(order, alternative("prasugrel", verdict), **changes) == [], why


def test_an_alternative_without_a_code_is_named_and_not_suggested():
    card = card_of(advice(alternatives=(alternative("liposomal amphotericin B", rxcui=""),)))
    assert card.suggestions == ()
    assert "liposomal amphotericin B" in card.detail


def test_an_action_holds_the_whole_order_and_says_that_the_dose_is_missing():
    card = write_card(card_of(advice(alternatives=(alternative("prasugrel"),))))
    ((action,),) = [suggestion["actions"] for suggestion in card["suggestions"]]
    assert action["type"] == "update"
    assert action["resource"]["id"] == "order-1"
    assert "Dose and route are yours" in action["description"]
    assert card["selectionBehavior"] == "at-most-one"
    assert "isRecommended" not in card["suggestions"][0]


# The card of those left out


def test_the_overflow_card_names_every_card_left_out_and_is_as_loud_as_the_loudest():
    left = [
        card_of(advice(action="avoid", serious=True, drug="codeine", rule="a")),
        card_of(advice(action="monitor", drug="tacrolimus", rule="b"), order=an_order("<b>")),
    ]
    card = overflow_card(left, CONTEXT)
    assert card.indicator == "critical"
    assert card.summary == "Pharmacogenomics: 2 more cards for these orders."
    assert "Codeine" in card.detail
    assert "Tacrolimus" in card.detail
    assert card.rules == ("a", "b")
    assert card.suggestions == ()
    assert len(card.source.topic.code) <= 100


def test_a_written_card_has_no_empty_member():
    written = write_card(card_of(advice(action="monitor")))
    assert "suggestions" not in written
    assert "selectionBehavior" not in written
    assert all(value not in (None, "", [], {}) for value in written.values())


@pytest.mark.parametrize(
    ("gene", "key", "phrase"),
    [
        ("CYP4F2", "*1/*3", "CYP4F2 *1/*3"),
        ("HLA-B", "*57:01 positive", "HLA-B*57:01 positive"),
        ("CYP2D6", "≥3.75", "CYP2D6 score ≥3.75"),
        ("CYP2C19", "Poor Metabolizer", "CYP2C19 Poor Metabolizer"),
    ],
)
def test_a_result_is_named_as_the_field_writes_it(gene, key, phrase):
    assert gene_phrase(gene, key) == phrase

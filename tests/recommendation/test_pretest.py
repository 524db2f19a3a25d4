"""Which tests a patient's drugs wait for, which one serves most, and what is asked twice."""

import pytest

from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.levels import Levels
from fhir_pgx.model.phenotype import Coverage, GeneResult, Status
from fhir_pgx.model.test_order import TestOrder
from fhir_pgx.model.test_plan import TestPanel, Weight
from fhir_pgx.recommendation import Rulebook, all_needs, needs_of, plan_tests, repeated_tests
from fhir_pgx.recommendation.pretest import is_answered


@pytest.fixture(scope="module")
def rulebook(knowledge):
    return Rulebook(knowledge)


@pytest.fixture(scope="module")
def untested(knowledge):
    return {gene: GeneResult(gene, Status.NOT_TESTED) for gene in knowledge.genes}


@pytest.fixture(scope="module")
def needs(rulebook, knowledge, untested):
    def found(drug, results=None, *, order="MedicationRequest/1", in_use=False):
        (group,) = rulebook.named(drug)
        every = all_needs(group, knowledge.levels)
        return needs_of(every, {**untested, **(results or {})}, order=order, in_use=in_use)

    return found


def result(gene, status=Status.CALLED, *, keys=("Normal Metabolizer",), **members):
    return {gene: GeneResult(gene, status, lookup_keys=keys, **members)}


def hla(gene="HLA-B", **states):
    status = {f"*{name.replace('_', ':')[1:]}": state for name, state in states.items()}
    keys = tuple(f"{name} {state}" for name, state in status.items())
    return {gene: GeneResult(gene, Status.CALLED, lookup_keys=keys, allele_status=status)}


@pytest.mark.parametrize(
    ("drug", "targets", "weight"),
    [
        ("clopidogrel", {"CYP2C19"}, Weight.HIGH),
        ("abacavir", {"HLA-B*57:01"}, Weight.BEFORE_USE),  # the label requires it
        ("carbamazepine", {"HLA-B*15:02", "HLA-A*31:01"}, Weight.BEFORE_USE),
        ("capecitabine", {"DPYD"}, Weight.BEFORE_USE),
        ("azathioprine", {"TPMT", "NUDT15"}, Weight.BEFORE_USE),  # recommended, serious harm
        ("codeine", {"CYP2D6"}, Weight.HIGH),  # serious, and no label asks for the test
        ("warfarin", {"CYP2C9", "VKORC1", "CYP4F2"}, Weight.HIGH),  # CPIC computes: no rows
        ("pimozide", {"CYP2D6"}, Weight.BEFORE_USE),  # level A/B, required
        ("thioridazine", {"CYP2D6"}, Weight.MATTERS),  # level B/C, serious
    ],
)
def test_a_drug_waits_for_its_genes_and_for_the_alleles_its_guideline_asks_for(
    needs, drug, targets, weight
):
    found = needs(drug)
    assert {need.target for need in found} >= targets
    assert found[0].weight is weight
    if drug != "thioridazine":
        assert {need.target for need in found if need.weight < Weight.MATTERS} == targets


def test_a_drug_in_use_is_past_what_a_label_asks_before_the_first_dose(needs):
    assert {need.weight for need in needs("capecitabine", in_use=True)} == {Weight.HIGH}


@pytest.mark.parametrize(
    ("known", "answered"),
    [
        (result("CYP2C19"), True),
        (result("CYP2C19", Status.AMBIGUOUS), True),
        (result("CYP2C19", Status.CONFLICT), True),  # told on the card of its advice
        (result("CYP2C19", Status.INDETERMINATE, keys=("Indeterminate",)), True),
        (result("CYP2C19", Status.NOT_CALLED, keys=()), False),
        (result("CYP2C19", Status.NOT_TESTED, keys=()), False),  # a tumour's result alone
        ({}, False),
    ],
)
def test_a_gene_is_answered_by_a_usable_result_alone(known, answered):
    assert is_answered("CYP2C19", known) == answered


def test_one_hla_allele_says_nothing_of_another():
    typed = hla(_58_01="negative")
    assert is_answered("HLA-B*58:01", typed)
    assert not is_answered("HLA-B*57:01", typed)


def test_what_is_at_stake_is_the_weightiest_advice_a_result_could_bring(needs):
    (abacavir,) = needs("abacavir")
    assert abacavir.at_stake.startswith("CPIC, HLA-B*57:01 positive: Avoid")
    assert "Poor Metabolizer" in needs("clopidogrel")[0].at_stake


# The one test


def plan(knowledge, *needs, orders=()):
    return plan_tests([each for some in needs for each in some], orders, knowledge.panels)


@pytest.mark.parametrize(
    ("drugs", "code", "asked", "left"),
    [
        (["clopidogrel"], "66489-6", ["CYP2C19"], []),  # of equal tests the smaller
        (["azathioprine"], "93193-1", ["TPMT", "NUDT15"], []),
        (["clopidogrel", "simvastatin"], "51962-9", ["CYP2C19", "SLCO1B1"], []),
        (["clopidogrel", "codeine"], "72886-5", ["CYP2C19", "CYP2D6"], []),
        (["abacavir"], "50956-2", ["HLA-B*57:01"], []),
        (["carbamazepine"], "13303-3", ["HLA-A*31:01", "HLA-B*15:02"], []),
        # what a label requires comes before the greater number
        (["abacavir", "clopidogrel", "simvastatin"], "50956-2", ["HLA-B*57:01"],
         ["CYP2C19", "SLCO1B1"]),
    ],
)  # fmt: skip
def test_the_test_that_serves_most_is_chosen(knowledge, needs, drugs, code, asked, left):
    made = plan(knowledge, *(needs(drug, order=f"MedicationRequest/{drug}") for drug in drugs))
    assert made.panel is not None
    assert (made.panel.code, set(made.asked), set(made.left)) == (code, set(asked), set(left))


def test_medicines_in_use_choose_among_the_tests_and_ask_for_none_alone(knowledge, needs):
    beside = needs("simvastatin", order="", in_use=True)
    assert plan(knowledge, beside).panel is None
    made = plan(knowledge, needs("clopidogrel"), beside)
    assert made.panel is not None
    assert (made.panel.code, set(made.asked)) == ("51962-9", {"CYP2C19", "SLCO1B1"})


@pytest.mark.parametrize(
    ("order", "waits"),
    [
        (TestOrder("ServiceRequest/1", ("CYP2C19",)), False),
        (TestOrder("ServiceRequest/1", is_panel=True), False),  # may read any gene
        (TestOrder("ServiceRequest/1", ("CYP2D6",), is_panel=True), True),  # names its genes
        (TestOrder("ServiceRequest/1", ("CYP2D6",)), True),
        (TestOrder("ServiceRequest/1"), True),  # some genetic test
    ],
)
def test_what_is_ordered_already_is_not_asked_for_again(knowledge, needs, order, waits):
    made = plan(knowledge, needs("clopidogrel"), orders=(order,))
    assert (made.panel is not None) == waits
    assert (made.order_of("CYP2C19") is None) == waits


def test_an_order_for_one_allele_answers_for_no_other(knowledge, needs):
    order = TestOrder("ServiceRequest/1", ("HLA-B",), alleles=("HLA-B*58:01",))
    assert plan(knowledge, needs("abacavir"), orders=(order,)).panel is not None
    typing = TestOrder("ServiceRequest/1", ("HLA-B",))
    assert plan(knowledge, needs("abacavir"), orders=(typing,)).panel is None


def test_a_gene_without_a_test_we_can_name_is_left(needs):
    other = TestPanel("1-8", "Another", ("TPMT",))
    made = plan_tests(needs("clopidogrel"), (), (other,))
    assert (made.panel, made.left) == (None, ("CYP2C19",))


def test_drugs_without_levels_are_judged_by_our_rules_alone(rulebook, untested):
    (group,) = rulebook.named("clopidogrel")
    (need,) = needs_of(all_needs(group, Levels()), untested, order="MedicationRequest/1")
    assert (need.weight, need.level) == (Weight.MATTERS, None)


# A test ordered twice


def ordered(*genes, n=1, **members):
    return TestOrder(f"ServiceRequest/{n}", genes, **members)


def test_a_test_for_a_known_gene_is_told_and_one_for_an_unknown_gene_is_not():
    known = result("CYP2C19")
    (found,) = repeated_tests([ordered("CYP2C19")], [], known)
    assert (found.known, found.unknown, found.partial) == (("CYP2C19",), (), ())
    assert repeated_tests([ordered("CYP2D6")], [], known) == ()


def test_of_a_panel_the_known_genes_and_the_others_are_told_apart():
    (found,) = repeated_tests([ordered("CYP2C19", "CYP2D6")], [], result("CYP2C19"))
    assert (found.known, found.unknown) == (("CYP2C19",), ("CYP2D6",))
    (found,) = repeated_tests([ordered(is_panel=True)], [], result("CYP2C19"))
    assert (found.known, found.unknown) == (("CYP2C19",), ())  # nobody knows what else it reads


@pytest.mark.parametrize("status", [Status.CONFLICT, Status.NOT_CALLED, Status.NOT_TESTED])
def test_a_test_that_can_settle_something_is_no_repetition(status):
    assert repeated_tests([ordered("CYP2C19")], [], result("CYP2C19", status)) == ()


@pytest.mark.parametrize(
    ("known", "partial"),
    [
        (result("CYP2C19"), ()),
        (result("CYP2C19", Status.AMBIGUOUS), ("CYP2C19",)),
        (result("CYP2C19", coverage=Coverage(3, ("rs4986893",), (), ("*3",))), ("CYP2C19",)),
        (result("CYP2C19", coverage=Coverage(3, ("rs1",), (), ())), ()),
        (result("CYP2C19", caveats=(Caveat("PGX-640", "not tested for *3"),)), ("CYP2C19",)),
    ],
)
def test_a_fuller_test_may_add_to_a_partial_one(known, partial):
    (found,) = repeated_tests([ordered("CYP2C19")], [], known)
    assert found.partial == partial


def test_single_hla_alleles_are_part_of_a_typing():
    (found,) = repeated_tests([ordered("HLA-B")], [], hla(_57_01="negative"))
    assert (found.known, found.partial) == (("HLA-B",), ("HLA-B",))
    one = ordered("HLA-B", alleles=("HLA-B*57:01",))
    (found,) = repeated_tests([one], [], hla(_57_01="negative"))
    assert (found.known, found.partial) == (("HLA-B*57:01",), ())
    assert repeated_tests([one], [], hla(_58_01="negative")) == ()


def test_the_same_test_in_force_is_told_and_another_is_not():
    draft, running = ordered("CYP2C19"), ordered("CYP2C19", "CYP2D6", n=2)
    (found,) = repeated_tests([draft], [running], {})
    assert found.running == (running,)
    assert repeated_tests([running], [draft], {}) == ()  # the one in force reads less
    assert repeated_tests([draft], [draft], {}) == ()  # the very order, prefetched too


def test_two_equal_drafts_are_told_once_and_two_others_not():
    one, two = ordered("CYP2C19"), ordered("CYP2C19", n=2)
    (found,) = repeated_tests([one, two], [], {})
    assert found.orders == (one, two)
    assert repeated_tests([one, ordered("CYP2D6", n=2)], [], {}) == ()
    assert len(repeated_tests([one, two], [], result("CYP2C19"))) == 1


def test_a_genetic_test_of_unknown_genes_repeats_nothing_that_we_know_of():
    assert repeated_tests([ordered(), ordered(n=2)], [], result("CYP2C19")) == ()

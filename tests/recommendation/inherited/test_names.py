"""Names that drug tables do not hold, local brands, and problems that come as a code alone."""

import pytest

from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.knowledge.inherited import load_inherited
from fhir_pgx.knowledge.loader import HERE
from fhir_pgx.model.drug import MedicationConcept
from fhir_pgx.normalize.drug import resolve
from fhir_pgx.recommendation.inherited import InheritedBook, rows_for_problem, untested_genes
from tests.recommendation.inherited.findings import known

KNOWLEDGE = load_inherited(HERE)
BOOK = InheritedBook(KNOWLEDGE)


@pytest.mark.parametrize(
    ("label", "drugs"),
    [
        ("Yaz", {"ethinyl estradiol", "drospirenone"}),
        ("Ortho-Novum 7/7/7", {"ethinyl estradiol", "norethindrone"}),
        ("Tri-Lo-Sprintec 28 tablets", {"ethinyl estradiol", "norgestimate"}),
        ("Natazia", {"estradiol", "dienogest"}),
        ("Ortho Micronor", {"norethindrone"}),  # a progestin alone
        ("Cerazette 75 microgram", {"desogestrel"}),
        ("Depacon 500 mg/5 mL", {"valproic acid"}),
        ("Semisodium valproate", {"valproic acid"}),
        ("Trikafta", {"elexacaftor", "tezacaftor", "ivacaftor"}),
        ("Zithromax Z-Pak", {"azithromycin"}),
        ("Yazoo", set()),
        ("new Yaz", set()),
        ("", set()),
        ("x" * 100_000, set()),
    ],
)
def test_a_brand_that_no_table_holds_is_known_by_the_first_of_its_words(label, drugs):
    assert {drug.name for drug in BOOK.named(label)} == drugs


def test_no_brand_is_one_that_the_drug_tables_read_otherwise():
    codes = DrugCodes()
    for name, drugs in KNOWLEDGE.drug_names.items():
        match = resolve(MedicationConcept(text=name), codes)
        if match is not None:
            assert {d.rxcui for d in match.ingredients} >= {d.rxcui for d in drugs if d.rxcui}, name


def test_a_progestin_alone_is_never_a_combination():
    alone = [drugs for drugs in KNOWLEDGE.drug_names.values() if len(drugs) == 1]
    combined = {"CARD-hand:036", "CARD-hand:037"}
    for drugs in alone:
        if drugs[0].name in {"norethindrone", "norgestrel", "desogestrel"}:
            assert combined.isdisjoint(row.id for row in BOOK.rows_for(drugs))


@pytest.mark.parametrize(
    ("label", "is_local"),
    [("Ciloxan 0.3 %", True), ("Ciprodex", True), ("Cipro 500 mg", False), ("", False)],
)
def test_a_brand_for_the_eye_or_the_ear_is_local(label, is_local):
    assert BOOK.is_local(label) is is_local


@pytest.mark.parametrize(
    ("code", "genes"),
    [
        ("Q87.40", {"FBN1"}),
        ("19346006", {"FBN1"}),
        ("e84.9", {"CFTR"}),
        ("G12.0", {"SMN1"}),
        ("I45.81", {"KCNQ1", "KCNH2", "SCN5A", "CALM1", "CALM2", "CALM3", "TRDN"}),
        ("D57.3", set()),  # a trait
        ("E11.9", set()),
        ("Q87.4", set()),
    ],
)
def test_a_problem_without_words_is_known_by_its_code(code, genes):
    rows = rows_for_problem(BOOK, code)
    assert set(untested_genes(rows, known())) == genes

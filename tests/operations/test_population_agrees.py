"""A population is counted as its patients are answered one by one, whatever their records mix.

The cohort is made by chance, the same at every run (`cohort.py`), with the patients beside it whose
answer turns on something of another gene or none. All patients are synthetic.
"""

from contextlib import closing

import pytest

from fhir_pgx.operations.asking import answer
from fhir_pgx.operations.criteria import (
    ConditionAsked,
    FindingsAsked,
    TreatmentAsked,
    narrowed,
)
from fhir_pgx.operations.given import given_in_query
from fhir_pgx.operations.operation import Asked
from fhir_pgx.operations.subject_implications import diagnostic, therapeutic
from fhir_pgx.operations.told import kept_of

from .cohort import CHR12, GERMLINE, RS4149056, SOMATIC, cohort
from .conftest import BY_NAME, context
from .implied import counts, resources
from .synthetic import coding, genotype, patient, problem, protein, variant

BRCA = coding("NM_007294.4:c.5266dup")
TX, DX = "tx-implications", "dx-implications"
DRUGS = (
    "clopidogrel", "codeine", "simvastatin", "mercaptopurine", "rasburicase", "abacavir",
    "fluorouracil", "ivacaftor",  # by genotypes, and by both
    "olaparib", "osimertinib", "vemurafenib", "cetuximab", "pembrolizumab", "trastuzumab",
    "tebentafusp", "platinum compound", "rg7112",  # by the tumour; a class; a name without a code
    "sotalol", "citalopram", "ethinyl estradiol", "evolocumab", "carbamazepine",  # inherited
    "phenprocoumon", "no-such-drug",  # as a laboratory states it, and by nobody
)  # fmt: skip
CONDITIONS = (
    "melanoma", "breast cancer", "lung cancer", "cancer", "colorectal cancer",
    "http://snomed.info/sct|405501007", "long QT syndrome", "no-such-disease",
)  # fmt: skip


def _by_another_gene():
    """One result each of the same words; what stands beside it decides."""
    for name, *beside in (
        ("alone",),
        ("tumour", variant("tumour-e", "tumour", "EGFR", protein("p.Leu858Arg"), source=SOMATIC)),
        ("ill", problem("ill-c", "ill", "Breast cancer", "254837009")),
        ("host", variant("host-e", "host", "EGFR", protein("p.Leu858Arg"), source=GERMLINE)),
        ("genotyped", genotype("genotyped-g", "genotyped", "CYP2C19", "*1/*2")),
    ):
        yield patient(name)
        yield variant(f"{name}-b", name, "BRCA1", BRCA)
        yield from beside
    for name, first, second in (("newer", "2020", "2024"), ("older", "2024", "2020")):
        yield patient(name)
        yield genotype(f"{name}-1", name, "CYP2C19", "*1/*1", effectiveDateTime=first)
        yield genotype(f"{name}-2", name, "CYP2C19", "*2/*2", effectiveDateTime=second)
    # No gene of it is stated: the name alone tells.
    nameless = variant("nameless-v", "nameless", "", coding("NM_007294.4(BRCA1):c.5266dup"))
    yield patient("nameless")
    yield {**nameless, "component": nameless["component"][1:]}
    yield problem("nameless-c", "nameless", "Breast cancer", "254837009")


PEOPLE = (*_by_another_gene(), *cohort(44))
PATIENTS = sorted(each["id"] for each in PEOPLE if each["resourceType"] == "Patient")


@pytest.fixture(scope="module")
def store(opened):
    with closing(opened(PEOPLE)) as found:
        yield found


@pytest.fixture(scope="module")
def ask(store, pipeline):
    def call(name, **parameters):
        given = given_in_query([(key, str(value)) for key, value in parameters.items()])
        return answer(BY_NAME[name], given, context(store, pipeline))

    return call


@pytest.fixture(scope="module")
def told(store, pipeline):
    """All that is implied of each patient, whatever is asked."""
    at = context(store, pipeline)
    kept = {each: kept_of(Asked(subject=each), at) for each in PATIENTS}
    return {
        kind: {name: list(judge(one, at)) for name, one in kept.items()}
        for kind, judge in ((TX, therapeutic), (DX, diagnostic))
    }


def together(ask, kind, **query):
    found = ask(f"find-population-{kind}", includePatientList="true", **query)
    number, cohort_size, listed = counts(found)
    assert len(listed) == number <= cohort_size
    return [each.removeprefix("Patient/") for each in listed]


def one_by_one(ask, kind, **query):
    name = f"find-subject-{kind}"
    return [each for each in PATIENTS if resources(ask(name, subject=each, **query), "implication")]


@pytest.mark.parametrize("drug", DRUGS)
def test_a_drug_is_counted_for_whom_something_implies_it(ask, told, pipeline, drug):
    asked = [TreatmentAsked(drug, pipeline.implied)]
    anything = FindingsAsked(is_asked=False)
    meant = [name for name, some in told[TX].items() if any(narrowed(some, anything, asked))]
    assert together(ask, TX, treatments=drug) == meant


@pytest.mark.parametrize("kind", [TX, DX])
@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_condition_is_counted_for_whom_something_implies_it(
    ask, told, pipeline, kind, condition
):  # fmt: skip
    asked = [ConditionAsked(condition, pipeline.implied)]
    anything = FindingsAsked(is_asked=False)
    meant = [name for name, some in told[kind].items() if any(narrowed(some, anything, (), asked))]
    assert together(ask, kind, conditions=condition) == meant


@pytest.mark.parametrize(
    ("kind", "query"),
    [
        (TX, {"treatments": "olaparib"}),
        (TX, {"treatments": "clopidogrel", "genomicSourceClass": "germline"}),
        (TX, {"treatments": "osimertinib", "genomicSourceClass": "somatic"}),
        (TX, {"treatments": "olaparib", "conditions": "breast cancer"}),
        (TX, {"haplotypes": "CYP2C19 *2/*2"}),
        (TX, {"haplotypes": "TPMT *3A"}),
        (TX, {"haplotypes": "G6PD Mediterranean", "treatments": "rasburicase"}),
        (TX, {"variants": f"{CHR12}:{RS4149056}:T:C"}),
        (DX, {"conditions": "melanoma", "genomicSourceClass": "somatic"}),
    ],
)
def test_both_operations_find_the_same_patients(ask, kind, query):
    assert together(ask, kind, **query) == one_by_one(ask, kind, **query)


def test_a_tumour_that_is_known_by_another_gene_makes_the_option(ask):
    found = together(ask, TX, treatments="olaparib")
    assert {"tumour", "ill"} <= set(found)
    assert {"alone", "host", "genotyped"}.isdisjoint(found)
    assert resources(ask(f"find-subject-{TX}", subject="tumour", treatments="olaparib"),
                     "implication")  # fmt: skip


def test_the_cohort_holds_what_it_is_for(told):
    """Enough of each kind is implied that the comparison means something."""
    having = {kind: sum(map(bool, some.values())) for kind, some in told.items()}
    assert having[TX] > 30
    assert having[DX] > 5

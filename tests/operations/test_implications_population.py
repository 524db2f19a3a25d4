"""How many patients have implications: held against the operations on each patient, one by one.

All patients are synthetic.
"""

from contextlib import closing

import pytest

from fhir_pgx.operations.asking import answer
from fhir_pgx.operations.given import given_in_query

from .conftest import BY_NAME, context
from .implied import counts, resources
from .synthetic import (
    coding,
    condition_part,
    drug,
    effect,
    genotype,
    implication,
    observation,
    part,
    patient,
    placed,
    problem,
    protein,
    report,
    variant,
)

CHR12 = "NC_000012.12"
RS4149056 = 21178614  # SLCO1B1 c.521T>C, 0-based on GRCh38
SOMATIC = "LA6684-0"


def _people():
    for number, name in enumerate(("*1/*1", "*1/*2", "*2/*2", "*2/*2", "*1/*17", "*1/*41")):
        yield patient(f"g{number}")
        yield genotype(f"g{number}-2c19", f"g{number}", "CYP2C19", name)
    yield genotype("g0-2d6", "g0", "CYP2D6", "*1/*4")
    yield genotype("g1-2d6", "g1", "CYP2D6", "*1/*41")
    for number, state in enumerate(("LA6705-3", "LA6706-1", "LA6705-3")):
        yield patient(f"v{number}")
        yield variant(
            f"v{number}-521", f"v{number}", "SLCO1B1", *placed(CHR12, RS4149056, "T", "C", state)
        )
    yield patient("ref")
    yield variant("ref-521", "ref", "SLCO1B1", *placed(CHR12, RS4149056, "T", "T", "LA6705-3"))
    for number, (gene, change, source) in enumerate((
        ("EGFR", "p.Leu858Arg", SOMATIC),
        ("EGFR", "p.Leu858Arg", SOMATIC),
        ("EGFR", "p.Thr790Met", SOMATIC),
        ("BRAF", "p.Val600Glu", SOMATIC),
        ("BRAF", "p.Val600Glu", "LA6683-2"),
        ("KRAS", "p.Gly12=", SOMATIC),
    )):  # fmt: skip
        yield patient(f"t{number}")
        yield variant(f"t{number}-v", f"t{number}", gene, protein(change), source=source)
    yield problem("t1-lung", "t1", "Non-small cell lung cancer", "254637007")
    yield problem("t3-colon", "t3", "Colorectal cancer", "363406005")
    yield patient("brca")
    yield variant("brca-v", "brca", "BRCA1", coding("NM_007294.4:c.5266dup"))
    yield variant("brca-w", "brca", "BRCA1", coding("NM_007294.4:c.211+1G>A"))
    yield patient("lab")
    yield genotype("lab-4f2", "lab", "CYP4F2", "*1/*3")
    yield implication(
        "lab-tx", "lab", "therapeutic-implication", effect("Poor metabolizer"),
        drug("", "phenprocoumon"), condition_part("Atrial fibrillation", "49436004"),
        parents=["lab-4f2"],
    )  # fmt: skip
    yield patient("labdx")
    yield variant("labdx-v", "labdx", "RYR1", coding("NM_000540.3:c.6617C>T"))
    yield implication(
        "labdx-dx", "labdx", "diagnostic-implication",
        condition_part("Malignant hyperthermia", "405501007"), parents=["labdx-v"],
    )  # fmt: skip
    yield implication(
        "labdx-mc", "labdx", "molecular-consequence",
        part("feature-consequence", "http://hl7.org/fhir/uv/genomics-reporting/CodeSystem/tbd-codes-cs",
             valueCodeableConcept={"coding": [{"system": "http://sequenceontology.org",
                                               "code": "SO:0001583"}]}),
        parents=["labdx-v"],
    )  # fmt: skip
    # The same words of the patient and of her fetus: by its specimen alone it is not hers.
    for name, cells in (("hers", "Venous blood"), ("fetal", "Amniotic fluid"), ("plain", "")):
        yield patient(name)
        by = {"specimen": {"reference": f"Specimen/{name}-s"}} if cells else {}
        if cells:
            yield {"resourceType": "Specimen", "id": f"{name}-s", "type": {"text": cells},
                   "subject": {"reference": f"Patient/{name}"}}  # fmt: skip
        yield implication(
            f"{name}-tx", name, "therapeutic-implication", effect("Poor metabolizer"),
            drug("", "acenocoumarol"), **by,
        )  # fmt: skip
        yield variant(f"{name}-v", name, "BRCA2", coding("NM_000059.4:c.5946del"), **by)
    yield patient("wrong")
    yield genotype("wrong-2c19", "wrong", "CYP2C19", "*2/*2", status="entered-in-error")
    yield patient("phenotype")
    yield observation("ph-2c19", "79714-2", "phenotype",
                      valueCodeableConcept={"text": "Poor metabolizer"})  # fmt: skip
    yield patient("both")
    yield genotype("both-1", "both", "CYP2C19", "*1/*1")
    yield genotype("both-2", "both", "CYP2C19", "*2/*2")
    yield report("both-r", "both", ["both-1", "both-2"])


PEOPLE = tuple(_people())
PATIENTS = sorted(each["id"] for each in PEOPLE if each["resourceType"] == "Patient")
TX, DX, MC = "tx-implications", "dx-implications", "molecular-consequences"


@pytest.fixture(scope="module")
def store(opened):
    with closing(opened(PEOPLE)) as found:
        yield found


@pytest.fixture
def ask(store, pipeline):
    def call(name, *pairs, **parameters):
        given = given_in_query([*pairs, *((key, str(value)) for key, value in parameters.items())])
        return answer(BY_NAME[name], given, context(store, pipeline))

    return call


def one_by_one(ask, kind, **query):
    """The patients whom the operation on a subject answers with anything: slow and obvious."""
    name = f"find-subject-{kind}"
    told = "consequence" if kind == MC else "implication"
    return [each for each in PATIENTS if resources(ask(name, subject=each, **query), told)]


def together(ask, kind, *pairs, **query):
    """The patients whom the operation on the population lists, held against its count."""
    found = ask(f"find-population-{kind}", *pairs, includePatientList="true", **query)
    number, cohort, listed = counts(found, "consequences" if kind == MC else "implications")
    assert len(listed) == number <= cohort
    return [each.removeprefix("Patient/") for each in listed]


@pytest.mark.parametrize(
    ("kind", "query"),
    [
        (TX, {"treatments": "clopidogrel"}),
        (TX, {"treatments": "codeine"}),
        (TX, {"treatments": "simvastatin"}),
        (TX, {"treatments": "phenprocoumon"}),
        (TX, {"treatments": "acenocoumarol"}),
        (DX, {"conditions": "breast cancer"}),
        (TX, {"treatments": "osimertinib"}),
        (TX, {"treatments": "vemurafenib,dabrafenib"}),
        (TX, {"treatments": "osimertinib", "genomicSourceClass": "somatic"}),
        (TX, {"treatments": "vemurafenib", "genomicSourceClass": "germline"}),
        (TX, {"treatments": "no-such-drug"}),
        (TX, {"conditions": "melanoma"}),
        (TX, {"conditions": "http://snomed.info/sct|49436004"}),
        (TX, {"conditions": "lung cancer", "treatments": "osimertinib"}),
        (TX, {"haplotypes": "CYP2C19 *2/*2"}),
        (TX, {"haplotypes": "CYP2C19 *2"}),
        (TX, {"haplotypes": "CYP2C19 *1/*4"}),
        (TX, {"haplotypes": "CYP2D6 *1/*4", "treatments": "codeine"}),
        (TX, {"haplotypes": "SLCO1B1 *5/*5"}),
        (TX, {"variants": f"{CHR12}:{RS4149056}:T:C"}),
        (TX, {"variants": f"{CHR12}:{RS4149056}:T:C", "treatments": "simvastatin"}),
        (TX, {"variants": f"{CHR12}:{RS4149056}:T:C", "haplotypes": "CYP2C19 *2/*2"}),
        (TX, {"variants": f"{CHR12}:{RS4149056}:T:G"}),
        (DX, {"conditions": "melanoma"}),
        (DX, {"conditions": "colorectal cancer"}),
        (DX, {"conditions": "http://snomed.info/sct|405501007"}),
        (MC, {"featureConsequences": "frameshift_variant"}),
        (MC, {"featureConsequences": "SO:0001583"}),
        (MC, {"featureConsequences": "missense_variant", "genomicSourceClass": "somatic"}),
        (MC, {"featureConsequences": "splice_donor_variant,synonymous_variant"}),
        (MC, {"variants": f"{CHR12}:{RS4149056}:T:C"}),
    ],
)
def test_a_population_is_counted_as_its_patients_one_by_one(ask, kind, query):
    assert together(ask, kind, **query) == one_by_one(ask, kind, **query)


@pytest.mark.parametrize(
    ("kind", "query", "expected"),
    [
        # Not tested is not normal: who has no CYP2C19 result has no implication.
        (TX, {"treatments": "clopidogrel"},
         ["both", "g0", "g1", "g2", "g3", "g4", "phenotype"]),
        # Of two results that disagree one states it: the implication is derived from both.
        (TX, {"haplotypes": "CYP2C19 *2/*2", "treatments": "clopidogrel"}, ["both", "g2", "g3"]),
        (TX, {"haplotypes": "SLCO1B1 *5/*5", "treatments": "simvastatin"}, ["v0", "v2"]),
        (TX, {"treatments": "phenprocoumon"}, ["lab"]),
        (TX, {"treatments": "acenocoumarol"}, ["hers", "plain"]),
        (MC, {"featureConsequences": "frameshift_variant"}, ["brca", "hers", "plain"]),
    ],
)  # fmt: skip
def test_the_patients_are_those_whose_results_say_so(ask, kind, query, expected):
    found = together(ask, kind, **query)
    # *1/*41 is no CYP2C19 genotype that we know.
    assert [each for each in found if each != "g5"] == expected


def test_a_repeated_parameter_asks_for_all_and_a_comma_for_any(ask):
    either = together(ask, TX, treatments="clopidogrel,codeine")
    both = together(ask, TX, ("treatments", "clopidogrel"), ("treatments", "codeine"))
    alone = together(ask, TX, treatments="codeine")
    assert set(both) == set(together(ask, TX, treatments="clopidogrel")) & set(alone)
    assert set(either) > set(both)
    assert both == ["g0", "g1"]
    named = together(ask, TX, ("haplotypes", "CYP2C19 *1/*1"), ("haplotypes", "CYP2D6 *1/*4"))
    assert named == ["g0"]


def test_the_list_of_patients_comes_only_when_asked_for(ask):
    found = ask("find-population-tx-implications", treatments="clopidogrel")
    number, cohort, listed = counts(found)
    assert (listed, number > 0, cohort >= number) == ([], True, True)


def test_the_answer_is_one_group_under_the_guides_name(ask):
    for kind, query, name in (
        (TX, {"treatments": "codeine"}, "implications"),
        (DX, {"conditions": "melanoma"}, "implications"),
        (MC, {"featureConsequences": "stop_gained"}, "consequences"),
    ):
        found = ask(f"find-population-{kind}", **query)
        assert [each["name"] for each in found["parameter"]] == [name]
        parts = [each["name"] for each in found["parameter"][0]["part"]]
        assert parts[:2] == ["numerator", "denominator"]


def test_without_any_criterion_nobody_is_counted(ask):
    for kind in (TX, DX, MC):
        assert ask(f"find-population-{kind}") == {"resourceType": "Parameters"}

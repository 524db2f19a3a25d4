"""Implications as Genomics Reporting resources: valid by FHIR and by the guide's own definitions.

All patients and findings are synthetic.
"""

import json
from dataclasses import replace

import pytest
from fhir.resources.R4B.bundle import Bundle

from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.met_statement import MetStatement
from fhir_pgx.model.therapy import Provenance, TherapyDrug
from fhir_pgx.model.tumour import Profile, Statement
from fhir_pgx.reports.implications import write_implications
from fhir_pgx.validation.document import validate_resource
from tests.reports.rows import advice

LOINC = "http://loinc.org"
TBD = "http://hl7.org/fhir/uv/genomics-reporting/CodeSystem/tbd-codes-cs"
DISEASES = {"lung non-small cell carcinoma": "DOID:3908"}
KNOWLEDGE = Provenance(
    "CIViC", "CIViC", "A", "EID9", ("33",), "https://civicdb.org/", "", "2026-05"
)
STATEMENT = Statement(
    "EID9", "prognostic", Profile("is"), "NPM1 mutation", ("NPM1",), "somatic",
    "acute myeloid leukemia", "DOID:9119", "better-outcome", True, KNOWLEDGE,
)  # fmt: skip


def written(*found, statements=(), subject="Patient/synthetic-1", **members):
    return write_implications(
        found,
        statements,
        subject=subject,
        when="2026-11-23",
        release="2026.11",
        diseases=DISEASES,
        **members,
    )


def resources(bundle):
    return [each["resource"] for each in bundle.get("entry", [])]


def values(observation, code, system=LOINC):
    return [
        each.get("valueCodeableConcept") or each.get("valueString")
        for each in observation["component"]
        if each["code"]["coding"][0] == {"system": system, "code": code}
    ]


def said(each, **members):
    return MetStatement(each, "NPM1 p.Trp288fs", "same", ("Observation/npm1",), **members)


def test_a_row_becomes_a_therapeutic_implication_of_its_finding():
    (made,) = resources(written(advice()))
    assert made["resourceType"] == "Observation"
    assert made["meta"]["profile"][0].endswith("/StructureDefinition/therapeutic-implication")
    assert made["code"]["coding"] == [{"system": TBD, "code": "therapeutic-implication"}]
    assert made["status"] == "preliminary"
    assert made["subject"] == {"reference": "Patient/synthetic-1"}
    assert made["effectiveDateTime"] == "2026-11-23"
    assert made["derivedFrom"] == [
        {"reference": "Observation/c797s", "display": "EGFR p.Cys797Ser"}
    ]
    (effect,) = values(made, "therapeutic-implication", TBD)
    assert effect["coding"] == [{"system": LOINC, "code": "LA6676-6", "display": "Resistant"}]
    (context,) = values(made, "81259-4")
    assert context["coding"][0]["system"] == "https://disease-ontology.org"
    assert context["coding"][0]["code"] == "3908"
    (drug,) = values(made, "51963-7")
    assert drug["coding"][0]["code"] == "1721560"
    assert values(made, "93044-6") == [{"text": "FDA-label"}]
    assert values(made, "knowledge-base", TBD) == [{"text": "FDA, as of 2026-05"}]
    (conclusion,) = values(made, "conclusion-string", TBD)
    assert conclusion.startswith("Osimertinib: resistant. EGFR p.Cys797Ser;")
    artifacts = [each["valueRelatedArtifact"] for each in made["extension"]]
    assert [each["display"] for each in artifacts] == ["FDA row:1", "PMID 1", "PMID 2"]
    assert artifacts[0]["citation"] == "FDA row:1, as of 2026-05, CC0-1.0"
    assert "valueCodeableConcept" not in made


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"effect": "sensitive", "level": "FDA-CDx"}, "LA6677-4"),
        ({"effect": "sensitive", "system": "CIViC", "level": "B"}, "LA6677-4"),
        # what rests on cases or models is not the answer of a label
        ({"effect": "sensitive", "system": "CIViC", "level": "C"}, "LA9661-5"),
        ({"effect": "resistant", "system": "CIViC", "level": "D"}, "LA9660-7"),
        # what the data do not settle is presumed
        ({"effect": "sensitive", "needs": ("after platinum",)}, "LA9661-5"),
        # a code travels alone: none where the row is not of this patient's disease, or is disputed
        ({"effect": "sensitive", "context_fit": "other"}, None),
        ({"effect": "sensitive", "context_fit": "unknown"}, None),
        ({"effect": "sensitive", "conflicts": True}, None),
        ({"effect": "sensitive", "market": "withdrawn"}, None),
        # evidence against one is not the other, and the guide has no answer for the rest
        ({"effect": "no-sensitivity"}, None),
        ({"effect": "no-resistance"}, None),
        ({"effect": "recommended"}, None),
        ({"effect": "contraindicated"}, None),
    ],
)
def test_the_effect_has_a_code_only_where_it_says_just_that(members, code):
    effect = members.pop("effect")
    (made,) = resources(written(advice(effect, **members)))
    (value,) = values(made, "therapeutic-implication", TBD)
    assert value["text"] == effect.replace("-", " ")
    assert [each["code"] for each in value.get("coding", [])] == ([code] if code else [])


def test_a_response_that_another_finding_opposes_has_no_code():
    named = advice("sensitive", finding="EGFR p.Thr790Met", derived_from=("Observation/t790m",))
    first, second = resources(written(named, advice()))
    assert "coding" not in values(first, "therapeutic-implication", TBD)[0]
    assert any("speaks against it" in each["text"] for each in first["note"])
    assert values(second, "therapeutic-implication", TBD)[0]["coding"][0]["code"] == "LA6676-6"


def test_a_combination_is_named_as_one():
    both = (TherapyDrug("encorafenib", "2049106"), TherapyDrug("cetuximab", "318341"))
    (made,) = resources(written(advice("recommended", drugs=both)))
    assert [each["text"] for each in values(made, "51963-7")] == ["encorafenib", "cetuximab"]
    assert made["note"][0]["text"] == (
        "One combination: no part alone is meant: encorafenib + cetuximab."
    )


def test_a_conjugate_has_no_code_of_its_antibody():
    (made,) = resources(written(advice(drugs=(TherapyDrug("trastuzumab deruxtecan"),))))
    assert values(made, "51963-7") == [{"text": "trastuzumab deruxtecan"}]


def test_what_limits_a_row_travels_with_it():
    (made,) = resources(
        written(
            advice(
                context_fit="other",
                needs=("prior platinum",),
                caveats=(Caveat("PGX-700", "said"),),
            )
        )
    )
    notes = [each["text"] for each in made["note"]]
    assert any("another disease" in each for each in notes)
    assert "Holds if: prior platinum." in notes
    assert "PGX-700 said" in notes


@pytest.mark.parametrize(
    ("references", "wanted"),
    [
        (("Observation/a", "Observation/a"), ["Observation/a"]),
        (("Observation/a#part",), ["Observation/a"]),
        (("urn:uuid:1d0a6c0e-8d0c-5b6e-9f43-6a5b0f1c7d52",), None),
        (("patient.vcf:12",), []),
        ((), []),
    ],
)
def test_a_finding_is_referred_to_or_named(references, wanted):
    (made,) = resources(written(advice(derived_from=references)))
    parents = made["derivedFrom"]
    assert all(each["display"] == "EGFR p.Cys797Ser" for each in parents)
    named = [each["reference"] for each in parents if "reference" in each]
    assert named == (list(references) if wanted is None else wanted)
    assert parents


@pytest.mark.parametrize("domain", ["pathogen", "transplant"])
def test_a_pathogens_genome_is_never_written_as_the_patients(domain):
    (told,) = resources(written(advice(domain=domain)))
    assert told["resourceType"] == "OperationOutcome"
    assert f"1 rows on {domain} findings" in told["issue"][0]["diagnostics"]


def test_a_test_to_come_first_is_no_implication_of_a_finding():
    made = resources(written(advice("test-first"), advice()))
    assert [each["resourceType"] for each in made] == ["Observation", "OperationOutcome"]
    assert "1 tests to come first" in made[1]["issue"][0]["diagnostics"]


def test_what_else_there_is_is_said_and_not_left_out_in_silence():
    made = resources(written(advice(), left_out=["2 recommendations more."]))
    assert [each["resourceType"] for each in made] == ["Observation", "OperationOutcome"]
    assert made[1]["issue"][0]["diagnostics"] == "2 recommendations more."


def test_nothing_found_is_a_bundle_without_entries():
    assert written() == {"resourceType": "Bundle", "type": "collection"}


def test_the_same_data_give_the_same_ids_and_other_patients_other_ones():
    one, same, other = written(advice()), written(advice()), written(advice(), subject="Patient/2")
    assert one == same
    assert one["entry"][0]["fullUrl"] != other["entry"][0]["fullUrl"]


def test_a_row_that_two_domains_give_alike_is_written_once():
    assert len(resources(written(advice(), advice()))) == 1


def test_without_a_subject_none_is_made_up():
    (made,) = resources(written(advice(), subject=""))
    assert "subject" not in made


def test_a_statement_becomes_a_diagnostic_implication():
    (made,) = resources(written(statements=[said(STATEMENT)]))
    assert made["meta"]["profile"][0].endswith("/diagnostic-implication")
    assert made["code"]["coding"] == [{"system": TBD, "code": "diagnostic-implication"}]
    (phenotype,) = values(made, "81259-4")
    assert phenotype["coding"][0]["code"] == "9119"
    assert values(made, "conclusion-string", TBD) == [
        "Prognostic: better outcome in acute myeloid leukemia; NPM1 p.Trp288fs."
    ]
    assert made["derivedFrom"][0]["reference"] == "Observation/npm1"


@pytest.mark.parametrize(
    ("says", "supports"), [("negative", True), ("positive", False), ("negative", False)]
)
def test_what_speaks_against_a_disease_does_not_predict_it(says, supports):
    against = replace(STATEMENT, kind="diagnostic", says=says, supports=supports)
    (made,) = resources(written(statements=[said(against)]))
    assert values(made, "81259-4") == []
    (conclusion,) = values(made, "conclusion-string", TBD)
    assert ("does not support" in conclusion) is not supports


WHOLE = {
    "plain": ((advice(),), ()),
    "everything": (
        (
            advice(),
            advice("sensitive", context_fit="other", needs=("x",), market="withdrawn"),
            advice(drugs=(TherapyDrug("a"), TherapyDrug("b")), derived_from=()),
            advice(domain="pathogen"),
        ),
        (said(STATEMENT),),
    ),
}


@pytest.mark.parametrize("name", WHOLE)
def test_what_is_written_is_valid_fhir(name):
    found, statements = WHOLE[name]
    bundle = written(*found, statements=statements)
    Bundle.model_validate(json.loads(json.dumps(bundle)))
    assert [each for each in validate_resource(bundle) if each.severity == "error"] == []


@pytest.fixture(scope="module")
def definition(shared):
    def load(name):
        folder = shared / "profiles" / "genomics-reporting"
        path = folder / f"StructureDefinition-{name}.json"
        return json.loads(path.read_text(encoding="utf-8"))["snapshot"]["element"]

    return load


def holds(value, pattern):
    """Whether a value has all that a pattern has (FHIR, ElementDefinition.pattern)."""
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(
            key in value and holds(value[key], part) for key, part in pattern.items()
        )
    if isinstance(pattern, list):
        return all(any(holds(each, part) for each in value) for part in pattern)
    return value == pattern


def pattern_of(element):
    return next((value for key, value in element.items() if key.startswith("pattern")), None)


def breaches(observation, elements):
    """Where a resource departs from a snapshot: cardinality and patterns of its own elements, and
    of each component those of the slice that its code makes it."""
    found = []
    by_id = {each["id"]: each for each in elements}
    for element in elements:
        steps = element["id"].split(".")
        if len(steps) != 2 or ":" in element["id"]:
            continue
        name = steps[1].removesuffix("[x]")
        is_choice = steps[1].endswith("[x]")
        here = [
            each
            for key, value in observation.items()
            if key == name or (is_choice and key.startswith(name) and key != name)
            for each in (value if isinstance(value, list) else [value])
        ]
        most = element.get("max", "*")
        if len(here) < element.get("min", 0) or (most != "*" and len(here) > int(most)):
            found.append(f"{element['id']}: {len(here)}")
        pattern = pattern_of(element)
        if pattern and not all(holds(each, pattern) for each in here):
            found.append(f"{element['id']}: pattern")
    for part in ("labCategory", "geCategory"):
        pattern = by_id[f"Observation.category:{part}.coding"]["patternCoding"]
        if sum(holds(each, {"coding": [pattern]}) for each in observation["category"]) != 1:
            found.append(f"Observation.category:{part}")
    for slice_id, element in by_id.items():
        code = by_id.get(f"{slice_id}.code")
        if not slice_id.startswith("Observation.component:") or "." in slice_id[22:] or not code:
            continue
        mine = [c for c in observation["component"] if holds(c["code"], pattern_of(code))]
        most = element.get("max", "*")
        if len(mine) < element.get("min", 0) or (most != "*" and len(mine) > int(most)):
            found.append(f"{slice_id}: {len(mine)}")
        value = by_id.get(f"{slice_id}.value[x]", {})
        types = {each["code"] for each in value.get("type", [])}
        for component in mine:
            stated = {key[5:] for key in component if key.startswith("value")}
            allowed = {each[:1].upper() + each[1:] for each in types}
            if value.get("min") and not (stated and stated <= allowed):
                found.append(f"{slice_id}.value[x]: {stated}")
    return found


@pytest.mark.parametrize("name", WHOLE)
def test_what_is_written_fits_the_definitions_of_the_guide(definition, name):
    found, statements = WHOLE[name]
    for made in resources(written(*found, statements=statements)):
        if made["resourceType"] == "Observation":
            kind = made["meta"]["profile"][0].rpartition("/")[2]
            assert breaches(made, definition(kind)) == []


@pytest.mark.parametrize(
    "change",
    [
        {"derivedFrom": []},
        {"valueCodeableConcept": {"text": "x"}},
        {"category": [{"coding": [{"code": "laboratory"}]}]},
        {"code": {"text": "x"}},
    ],
)
def test_the_check_of_a_definition_can_fail(definition, change):
    (made,) = resources(written(advice()))
    assert breaches(made | change, definition("therapeutic-implication"))
    without_value = [{"code": each["code"]} for each in made["component"]]
    changed = made | {"component": without_value}
    assert breaches(changed, definition("therapeutic-implication"))

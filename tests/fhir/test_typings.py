"""HLA typings of a recipient and donors, as Observations state them. Everything is synthetic."""

import pytest

from fhir_pgx.fhir.genotype_text import hla_pair

PATIENT = {"reference": "Patient/recipient"}
DONOR = {"reference": "Patient/the-donor", "display": "registry donor"}


def observation(value, code="HLA typing", **more):
    found = {
        "resourceType": "Observation",
        "id": "typing",
        "status": "final",
        "code": {"text": code} if isinstance(code, str) else code,
        "subject": PATIENT,
    }
    if isinstance(value, str):
        found["valueString"] = value
    elif value is not None:
        found["valueCodeableConcept"] = value
    return found | more


def loinc(code, display=""):
    return {"coding": [{"system": "http://loinc.org", "code": code, "display": display}]}


def gl_string(text):
    return {"coding": [{"system": "http://glstring.org", "code": f"hla#3.58.0#{text}"}]}


def stated(reading):
    return {each.locus: each.alleles for each in reading.precision.typings}


GENE_A = [
    {
        "code": loinc("48018-6", "Gene studied [ID]"),
        "valueCodeableConcept": {"coding": [{"code": "HGNC:4931", "display": "HLA-A"}]},
    }
]


@pytest.mark.parametrize(
    ("resource", "loci"),
    [
        (observation(gl_string("HLA-A*01:01+HLA-A*02:01^HLA-B*07:02+HLA-B*08:01")),
         {"A": ("HLA-A*01:01", "HLA-A*02:01"), "B": ("HLA-B*07:02", "HLA-B*08:01")}),
        (observation(gl_string("HLA-A*01:01~HLA-B*08:01+HLA-A*02:01~HLA-B*07:02")),
         {"A": ("HLA-A*01:01", "HLA-A*02:01"), "B": ("HLA-B*08:01", "HLA-B*07:02")}),
        (observation(gl_string("HLA-A*02:01/HLA-A*02:09+HLA-A*24:02")),
         {"A": ("HLA-A*02:01/HLA-A*02:09", "HLA-A*24:02")}),
        (observation("A*01:01, A*02:01", loinc("57290-9", "HLA-A [Type] by High resolution")),
         {"A": ("A*01:01", "A*02:01")}),
        (observation("01:01, 02:01", loinc("57290-9", "HLA-A [Type] by High resolution")),
         {"A": ("01:01", "02:01")}),
        (observation("HLA-A *01:01, *02:01"), {"A": ("*01:01", "*02:01")}),
        (observation("A2, A24; B7 B44 Bw4; DR17, DR15; DQ7"),
         {"A": ("A2", "A24"), "B": ("B7", "B44"), "DRB1": ("DR17", "DR15"), "DQB1": ("DQ7",)}),
        (observation({"text": "A*01:01/A*02:01"}, loinc("84413-4"), component=GENE_A),
         {"A": ("A*01:01", "A*02:01")}),  # two first fields: the two chromosomes
        (observation({"text": "A*02:01/A*02:09"}, loinc("84413-4"), component=GENE_A),
         {"A": ("A*02:01/A*02:09",)}),  # one first field: it may be one allele
        (observation(None, loinc("96629-1", "HLA-A and B and C (class I) typing panel"), component=[
            {"code": {"text": "HLA-A allele 1"}, "valueString": "A*01"},
            {"code": {"text": "HLA-A allele 2"}, "valueString": "A*02"},
            {"code": {"text": "HLA-B"}, "valueString": "B*07, B*08"}]),
         {"A": ("A*01", "A*02"), "B": ("B*07", "B*08")}),
        (observation({"coding": [{"system": "http://www.ebi.ac.uk/ipd/imgt/hla", "code": "HLA00001",
                                  "display": "HLA-DPB1*04:01"}]}, loinc("84414-2")),
         {"DPB1": ("HLA-DPB1*04:01",)}),
        (observation("A*02:01, 24:02; B*07:02, -"),
         {"A": ("A*02:01", "24:02"), "B": ("B*07:02", "-")}),
        (observation("A*02:01", component=[
            {"code": loinc("53034-5"), "valueCodeableConcept": loinc("LA6705-3", "Homozygous")}]),
         {"A": ("A*02:01", "A*02:01")}),
        (observation({"coding": [  # two systems state one allele: no homozygote
            {"system": "http://www.ebi.ac.uk/ipd/imgt/hla", "code": "HLA00001",
             "display": "A*01:01:01:01"},
            {"system": "urn:local", "code": "a", "display": "A*01:01"}]}),
         {"A": ("A*01:01:01:01",)}),
        (observation("DRB1*13:AKBAR+DRB1*15:XX"), {"DRB1": ("DRB1*13:AKBAR", "DRB1*15:XX")}),
    ],
)  # fmt: skip
def test_every_shape_of_a_typing_is_read(reading_of, resource, loci):
    assert stated(reading_of(resource)) == loci


def test_several_possible_genotypes_leave_each_chromosome_open(reading_of):
    found = reading_of(observation(gl_string("HLA-A*01:01+HLA-A*02:01|HLA-A*01:02+HLA-A*02:05")))
    (typing,) = found.precision.typings
    assert typing.alleles == ("HLA-A*01:01/HLA-A*01:02", "HLA-A*02:01/HLA-A*02:05")
    assert [caveat.code for caveat in typing.caveats] == ["PGX-782"]


@pytest.mark.parametrize(
    "resource",
    [
        observation("Positive", loinc("57979-7", "HLA-B*15:02 [Presence]")),
        observation("HLA-B27 positive", "HLA-B27"),
        observation("Positive", "HLA-B*57:01"),
        observation("A*02:01 and something else"),
        observation("3.1", "HLA expression score"),
        observation("A*01:01+A*02:01", status="entered-in-error"),
        observation("A*01:01", "Genotype"),  # nothing says HLA
        observation("A2, A24", "Anti-HLA antibody"),
    ],
)
def test_what_is_no_typing_is_not_read_as_one(reading_of, resource):
    assert reading_of(resource).precision.typings == ()


def test_the_recipients_own_typing_is_read_by_the_reader_of_genes_too(reading_of):
    found = reading_of(
        observation(gl_string("HLA-B*57:01+HLA-B*07:02"), loinc("57291-7", "HLA-B [Type]"))
    )
    assert [each.whose for each in found.precision.typings] == ["recipient"]
    assert [(each.gene, "57:01" in each.value) for each in found.statements] == [("HLA-B", True)]


# Donors: never the patient's


def person(kind, **more):
    return {"resourceType": kind, "id": "the-donor", **more}


RELATIVE = person(
    "RelatedPerson",
    patient=PATIENT,
    relationship=[{"coding": [{"system": "http://snomed.info/sct", "code": "105456007"}]}],
)
SPECIMEN = {"resourceType": "Specimen", "id": "s", "type": {"text": "Blood of stem cell donor"}}
VALUE = gl_string("HLA-B*57:01+HLA-B*07:02")
CODE = loinc("57291-7", "HLA-B [Type] by High resolution")


@pytest.mark.parametrize(
    ("resources", "who"),
    [
        ([observation(VALUE, CODE, focus=[DONOR])], "Patient/the-donor"),
        ([observation(VALUE, CODE, focus=[{"reference": "RelatedPerson/the-donor"}]), RELATIVE],
         "RelatedPerson/the-donor"),
        ([observation(VALUE, CODE, focus=[{"display": "donor 17"}])], "donor 17"),
        ([observation(VALUE, CODE, specimen={"reference": "Specimen/s"}), SPECIMEN], ""),
        ([observation(VALUE, "Donor HLA-B typing")], ""),
        ([observation(VALUE, "HLA-B typing for living donor")], ""),
        ([observation(VALUE, "HLA-B typing of the donor", focus=[{"reference": "Patient/x"}])],
         "Patient/x"),
        ([observation(VALUE, CODE, extension=[
            {"url": "http://hl7.org/fhir/StructureDefinition/observation-focusCode",
             "valueCodeableConcept": {"coding": [
                 {"system": "http://snomed.info/sct", "code": "105455006"}]}}])], ""),
    ],
)  # fmt: skip
def test_a_donors_typing_is_the_donors_and_never_the_patients(reading_of, resources, who):
    found = reading_of(*resources)
    assert [(each.whose, each.person) for each in found.precision.typings] == [("donor", who)]
    assert found.statements == ()
    assert found.subjects == ("recipient",)


def test_the_members_of_a_donors_panel_are_the_donors(reading_of):
    panel = observation(None, focus=[DONOR], hasMember=[{"reference": "Observation/member"}])
    member = observation(VALUE, CODE) | {"id": "member"}
    found = reading_of(panel | {"id": "panel"}, member)
    assert [(each.whose, each.person) for each in found.precision.typings] == [
        ("donor", "Patient/the-donor")
    ]
    assert found.statements == ()


def test_somebody_else_who_is_no_donor_is_listed_and_not_read(reading_of):
    found = reading_of(observation(VALUE, CODE, focus=[{"reference": "Patient/somebody"}]))
    assert found.precision.typings == ()
    assert found.statements == ()
    assert "not about the patient" in found.not_understood[0].reason


@pytest.mark.parametrize(
    "code",
    [
        "HLA-B typing for donor search",
        "HLA-B typing, no donor yet",
        "HLA-B typing (donor registry)",
    ],
)
def test_a_word_about_donors_makes_no_donor(reading_of, code):
    assert [each.whose for each in reading_of(observation(VALUE, code)).precision.typings] == [
        "recipient"
    ]


def test_words_that_name_both_are_refused(reading_of):
    found = reading_of(observation(VALUE, "HLA-B typing of recipient and donor"))
    assert (found.precision.typings, found.statements) == ((), ())
    assert "cannot be told" in found.not_understood[0].reason


def test_a_donors_risk_allele_is_not_the_patients(reading_of):
    found = reading_of(observation("Positive", "HLA-B*57:01 of the donor"))
    assert found.statements == ()
    assert "of a donor" in found.not_understood[0].reason


def test_a_donors_typing_that_cannot_be_read_is_listed(reading_of):
    found = reading_of(observation("see report", CODE, focus=[DONOR]))
    assert (found.precision.typings, found.statements) == ((), ())
    assert "could not be read" in found.not_understood[0].reason


def test_a_donors_patient_is_no_second_subject_and_a_donor_with_data_is(reading_of):
    donor = person("Patient")
    typing = observation(VALUE, CODE, focus=[DONOR])
    assert reading_of(typing, donor).subjects == ("recipient",)
    own = observation("A*01:01+A*02:01", subject={"reference": "Patient/the-donor"})
    assert set(reading_of(typing, donor, own | {"id": "own"}).subjects) == {
        "recipient",
        "the-donor",
    }


@pytest.mark.parametrize(
    ("value", "stated"),
    [
        ("B*57:01, B*44:02", "B*57:01+B*44:02"),
        ("HLA-B*57:01; HLA-B*44:02", "HLA-B*57:01+HLA-B*44:02"),
        ("B*5701 B*4402", "B*5701+B*4402"),
        ("*57:01, *44:02", "*57:01+*44:02"),
        ("B*57:01 and B*44:02", "B*57:01+B*44:02"),
        ("B*57:01, B*44:02, B*07:02", "B*57:01, B*44:02, B*07:02"),
        ("B*57:01, not confirmed", "B*57:01, not confirmed"),
    ],
)
def test_two_alleles_beside_each_other_answer_for_drugs_too(value, stated):
    assert hla_pair(value) == stated

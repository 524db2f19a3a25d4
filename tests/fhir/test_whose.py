"""Whose genome a result is of: focus, source class, specimen. All resources are synthetic."""

import pytest

from fhir_pgx.fhir.bundle import entries_of
from fhir_pgx.fhir.genome_words import is_fetal_class, is_of_tumour, of_another, source_class_of
from fhir_pgx.fhir.reading import read
from fhir_pgx.fhir.values import Concept
from fhir_pgx.model.drug import Coding
from fhir_pgx.model.finding import SourceClass

LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"
GERMLINE, SOMATIC, UNKNOWN = SourceClass.GERMLINE, SourceClass.SOMATIC, SourceClass.UNKNOWN
FETAL = "another's"


def concept(code="", display="", text="", system=LOINC):
    coding = {"system": system, "code": code, "display": display}
    stated = {name: value for name, value in coding.items() if value}
    return ({"coding": [stated]} if code or display else {}) | ({"text": text} if text else {})


def component(code, value):
    return {"code": concept(code), "valueCodeableConcept": value}


def result(code, value, *parts, identity="o", **more):
    return {
        "resourceType": "Observation",
        "id": identity,
        "status": "final",
        "code": concept(code),
        "subject": {"reference": "Patient/p1"},
        "valueCodeableConcept": value,
        "component": [component("48018-6", {"text": "CYP2C19"}), *parts],
    } | more


def variant(*parts, **more):
    name = component("48004-6", concept("NM_000769.4:c.681G>A"))
    return result("69548-6", concept("LA9633-4"), name, *parts, **more)


def genotype(*parts, **more):
    return result("84413-4", {"text": "*2/*2"}, *parts, **more)


def phenotype(*parts, **more):
    return result("79716-7", {"text": "Poor Metabolizer"}, *parts, **more)


def haplotype(*parts, **more):
    return result("84414-2", {"text": "*2"}, *parts, **more)


def implication(*parts, **more):
    code = {"coding": [{"code": "therapeutic-implication"}]}
    said = component("51963-7", {"text": "clopidogrel"})
    poor = {"code": {"coding": [{"code": "51971-0"}]}, "valueCodeableConcept": {"text": "PM"}}
    return result("x", {"text": "Poor Metabolizer"}, said, poor, *parts, **more) | {"code": code}


def unlabelled(**more):
    """A result under a code that says nothing of genes."""
    made = result("x", {"text": "CYP2C19 *2/*2"}, **more) | {"code": {"text": "Comment"}}
    return made | {"component": []}


def specimen(text="", identity="s", **more):
    return {"resourceType": "Specimen", "id": identity, "type": {"text": text}} | more


def sequence(identity="q", **more):
    change = {"start": 94781858, "end": 94781859, "referenceAllele": "G", "observedAllele": "A"}
    place = {"referenceSeqId": concept("NC_000010.11"), "windowStart": 94761000}
    return {
        "resourceType": "MolecularSequence",
        "id": identity,
        "coordinateSystem": 0,
        "patient": {"reference": "Patient/p1"},
        "referenceSeq": place | {"windowEnd": 94854000},
        "variant": [change],
    } | more


def to(reference):
    return {"reference": reference}


def classes(reading):
    return [found.source_class for found in (*reading.variants, *reading.statements)]


def whose(reading):
    """The source class of the one result; FETAL where it is listed and not read."""
    if not (reading.variants or reading.statements or reading.implications or reading.sequences):
        assert len(reading.not_understood) == 1
        assert "the patient" in reading.not_understood[0].reason
        return FETAL
    return classes(reading)[0]


CLASSES = [
    # the answers of LOINC list LL378-1
    ("LA6683-2", "Germline", GERMLINE),
    ("LA6684-0", "Somatic", SOMATIC),
    ("LA10429-1", "Fetal", FETAL),
    ("LA18194-3", "Likely germline", UNKNOWN),
    ("LA18195-0", "Likely somatic", SOMATIC),
    ("LA18196-8", "Likely fetal", FETAL),
    ("LA18197-6", "Unknown genomic origin", UNKNOWN),
    ("LA26807-0", "De novo", UNKNOWN),
    ("LA6685-7", "Prenatal", FETAL),  # the answer before LA10429-1
]


@pytest.mark.parametrize("make", [variant, genotype, haplotype, phenotype, implication])
@pytest.mark.parametrize(("code", "words", "expected"), CLASSES)
def test_the_source_class_says_whose_genome_it_is(reading_of, make, code, words, expected):
    for value in (concept(code), concept(code, words), {"text": words}):
        assert whose(reading_of(make(component("48002-0", value)))) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("somatic", SOMATIC),
        ("LIKELY SOMATIC", SOMATIC),
        ("Tumor", SOMATIC),
        ("tumour-derived", SOMATIC),
        ("Somatic (tumor)", SOMATIC),
        ("germ line", GERMLINE),
        ("Germline variant", GERMLINE),
        ("foetal", FETAL),
        ("likely prenatal", FETAL),
        # neither one nor the other
        ("germline or somatic", UNKNOWN),
        ("not somatic", UNKNOWN),
        ("non-tumour", UNKNOWN),
        ("possibly germline", UNKNOWN),
        ("de novo", UNKNOWN),
        ("", UNKNOWN),
    ],
)
def test_words_of_a_source_class(words, expected):
    said = Concept((), words)
    found = FETAL if is_fetal_class(said) else source_class_of(said)
    assert found == expected


def test_a_code_and_words_that_disagree_are_taken_for_the_tumours():
    said = Concept((Coding(LOINC, "LA18194-3", "Likely somatic"),), "")
    assert source_class_of(said) is SOMATIC


def test_the_extension_of_r4_is_a_source_class_too(reading_of):
    url = "http://hl7.org/fhir/StructureDefinition/observation-geneticsGenomicSourceClass"
    for code, _, expected in CLASSES[:3]:
        extension = [{"url": url, "valueCodeableConcept": concept(code)}]
        assert whose(reading_of(genotype(extension=extension))) == expected


TUMOURS = [
    "Tumor tissue, FFPE", "Tumour", "TUMOR", "Primary malignant neoplasm of breast",
    "Lung cancer biopsy", "Adenocarcinoma", "Liver metastasis", "ctDNA",
    "Circulating tumor DNA in plasma", "FFPE biopsy of colon", "Leukemic blasts",
    "Formalin-fixed paraffin-embedded tissue specimen", "Glioblastoma", "Tumorgewebe",
]  # fmt: skip
OTHERS = [
    "Amniotic fluid, fetal", "Amniocytes", "Fetal blood", "Chorionic villi specimen", "CVS",
    "Cord blood", "Blood - cord", "Umbilical cord", "Placenta", "Embryo biopsy", "Foetal tissue",
    "Products of conception", "Maternal plasma, cell-free fetal DNA", "Donor blood",
]  # fmt: skip
OWN = [
    "Blood", "Venous blood", "Plasma", "Cell-free DNA, plasma", "Saliva", "Buccal swab", "DNA",
    "Normal tissue adjacent to tumor", "Tumor-adjacent tissue", "Non-tumor tissue", "Skin",
    "non-neoplastic liver", "Maternal blood", "Dried blood spot", "Bone marrow", "Biopsy", "",
]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "another", "tumour"),
    [(words, False, True) for words in TUMOURS]
    + [(words, True, False) for words in OTHERS]
    + [(words, False, False) for words in OWN],
)
def test_words_of_a_specimen(words, another, tumour):
    said = Concept((), words).stated
    assert bool(of_another(said)) is another
    assert is_of_tumour(said) is tumour


@pytest.mark.parametrize(
    ("code", "system", "expected"),
    [
        ("258435002", SNOMED, SOMATIC),  # Tumor tissue specimen
        ("441652008", SNOMED, SOMATIC),  # Formalin-fixed paraffin-embedded tissue specimen
        ("119373006", SNOMED, FETAL),  # Amniotic fluid specimen
        ("122556008", SNOMED, FETAL),  # Cord blood specimen
        ("258565009", SNOMED, FETAL),  # Chorionic villi specimen
        ("737357006", SNOMED, FETAL),  # Fetal blood specimen
        ("AMN", "http://terminology.hl7.org/CodeSystem/v2-0487", FETAL),
        ("BLDCO", "http://terminology.hl7.org/CodeSystem/v2-0487", FETAL),
        ("119376003", SNOMED, UNKNOWN),  # Tissue specimen
        ("119297000", SNOMED, UNKNOWN),  # Blood specimen
    ],
)
def test_codes_of_a_specimen(reading_of, code, system, expected):
    kind = concept(code, system=system)
    reading = reading_of(variant(specimen=to("Specimen/s")), specimen() | {"type": kind})
    assert whose(reading) == expected


@pytest.mark.parametrize("make", [variant, genotype, haplotype, phenotype, implication, unlabelled])
@pytest.mark.parametrize(
    ("words", "expected"),
    [("Tumor tissue, FFPE", SOMATIC), ("Amniotic fluid, fetal", FETAL), ("Blood", UNKNOWN)],
)
def test_the_specimen_says_whose_genome_it_is(reading_of, make, words, expected):
    contained = make(specimen=to("#s"), contained=[specimen(words)])
    by_words = make(specimen={"display": words})
    absolute = to("https://ehr.example.org/fhir/Specimen/s")
    for resources in (
        [make(specimen=to("Specimen/s")), specimen(words)],
        [specimen(words), make(specimen=absolute)],
        [contained],
        [by_words],
    ):
        assert whose(reading_of(*resources)) == expected


@pytest.mark.parametrize(
    ("code", "words", "expected"),
    [
        ("LA6683-2", "Tumor", GERMLINE),  # the laboratory told the two apart
        ("LA18194-3", "Tumor", SOMATIC),
        ("LA26807-0", "Tumor", SOMATIC),
        ("LA18197-6", "Tumor", SOMATIC),
        ("LA6684-0", "Blood", SOMATIC),
        ("LA6683-2", "Amniotic fluid", FETAL),  # the fetus's germline
    ],
)
def test_source_class_against_specimen(reading_of, code, words, expected):
    stated = component("48002-0", concept(code))
    for make in (variant, genotype):
        reading = reading_of(make(stated, specimen=to("Specimen/s")), specimen(words))
        assert whose(reading) == expected


def test_a_specimen_is_of_what_it_was_made_of(reading_of):
    dna = specimen("DNA", parent=[to("Specimen/block")])
    site = specimen("Tissue", "site", collection={"bodySite": {"text": "Tumor of breast"}})
    block = specimen("FFPE tumour block", "block")
    assert whose(reading_of(genotype(specimen=to("Specimen/s")), dna, block)) == SOMATIC
    assert whose(reading_of(genotype(specimen=to("Specimen/site")), site)) == SOMATIC
    circle = specimen("DNA", parent=[to("Specimen/s")])
    assert whose(reading_of(genotype(specimen=to("Specimen/s")), circle)) == UNKNOWN


def report(**more):
    kind = concept("51969-4")
    return {"resourceType": "DiagnosticReport", "id": "r", "status": "final", "code": kind} | more


@pytest.mark.parametrize(
    ("specimens", "own", "expected"),
    [
        (["Tumor"], None, SOMATIC),
        (["Tumor"], "DNA", SOMATIC),  # of anybody
        (["Tumor"], "Blood", UNKNOWN),
        (["Tumor", "Blood"], None, UNKNOWN),  # a tumour and its normal: not told which
        (["Tumor", "Blood"], "Tumor", SOMATIC),
        (["Amniotic fluid"], None, FETAL),
        (["Amniotic fluid", "Maternal blood"], None, UNKNOWN),
        (["Blood"], None, UNKNOWN),
    ],
)
def test_a_reports_specimens_speak_for_results_that_state_none(
    reading_of, specimens, own, expected
):
    result_of = genotype(**({"specimen": {"display": own}} if own else {}))
    stated = report(specimen=[{"display": words} for words in specimens])
    named = reading_of(stated | {"result": [to("Observation/o")]}, result_of)
    held = reading_of(stated | {"contained": [result_of], "result": [to("#o")]})
    for reading in (named, held):
        if expected == FETAL:
            assert reading.statements == ()
            assert {found.reason for found in reading.not_understood} == {
                "of a fetus, by its specimen, not of the patient"
            }
        else:
            assert classes(reading) == [expected]


@pytest.mark.parametrize(
    ("words", "expected"), [("Tumor", [SOMATIC]), ("Amniotic fluid", []), ("Blood", [UNKNOWN])]
)
def test_a_conclusion_is_of_its_reports_specimen(reading_of, words, expected):
    told = report(specimen=[{"display": words}], conclusion="CYP2C19 *2/*2 detected.")
    assert classes(reading_of(told)) == expected


ABOUT = [
    ("Patient/p2", "another Patient"),
    ("https://ehr.example.org/fhir/Patient/p2", "another Patient"),
    ("RelatedPerson/x", "a RelatedPerson"),
    ("FamilyMemberHistory/f", "a FamilyMemberHistory"),
    ("BiologicallyDerivedProduct/graft", "a BiologicallyDerivedProduct"),
    ("Group/g", "a Group"),
    ("BodyStructure/b", "a BodyStructure"),
    ("urn:uuid:0d6ae4ea-43a6-4e2c-9c54-4d5b2b0b1b9e", "somebody that its focus does not tell"),
    ("#nobody", "somebody that its focus does not tell"),
]


@pytest.mark.parametrize("make", [variant, genotype, haplotype, phenotype, implication, unlabelled])
@pytest.mark.parametrize(("focus", "words"), ABOUT)
def test_a_result_about_another_is_listed_and_not_read(reading_of, make, focus, words):
    reading = reading_of(make(focus=[to(focus)]))
    assert (reading.variants, reading.statements, reading.implications) == ((), (), ())
    (listed,) = reading.not_understood
    assert listed.reason == f"about {words}, not about the patient"
    assert listed.reference == "Observation/o"
    assert reading.subjects == ("p1",)


@pytest.mark.parametrize(
    "more",
    [
        {"focus": [{"display": "Fetus"}]},
        {"focus": [{"type": "RelatedPerson", "identifier": {"value": "1"}}]},
        {"focus": [to("Specimen/s"), to("RelatedPerson/x")]},
        {"focus": to("RelatedPerson/x")},
        {"focus": [to("#m")], "contained": [{"resourceType": "RelatedPerson", "id": "m"}]},
        {"focus": [to("#m")], "contained": [{"resourceType": "Patient", "id": "m"}]},
        {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/observation-focusCode",
                        "valueCodeableConcept": {"text": "Fetus"}}]},
        {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/observation-focal-subject",
                        "valueReference": to("RelatedPerson/x")}]},
    ],
)  # fmt: skip
def test_other_ways_to_say_that_it_is_another(reading_of, more):
    assert whose(reading_of(genotype(**more))) == FETAL


@pytest.mark.parametrize(
    "focus",
    [
        [],
        [{}],
        [to("Patient/p1")],
        [to("Patient/p1/_history/3")],
        [to("https://ehr.example.org/fhir/Patient/p1")],
        [to("Specimen/s")],
        [to("MolecularSequence/q")],
        [to("Observation/x")],
        [to("MedicationRequest/m")],
    ],
)
def test_a_focus_on_the_patient_or_on_a_thing_changes_nothing(reading_of, focus):
    for make in (variant, genotype):
        assert classes(reading_of(make(focus=focus))) == [UNKNOWN]


def test_the_patient_of_a_result_without_subject_is_its_reports(reading_of):
    bare = genotype(focus=[to("Patient/p1")])
    del bare["subject"]
    held = report(subject=to("Patient/p1"), result=[to("Observation/o")])
    assert classes(reading_of(held, bare)) == [UNKNOWN]
    assert classes(reading_of({"resourceType": "Patient", "id": "p1"}, bare)) == [UNKNOWN]
    assert whose(reading_of(bare)) == FETAL  # whose record it is, nobody says


def test_a_focus_that_is_the_patient_of_the_bundle_by_its_full_url(vocabulary):
    urn = "urn:uuid:1b671a64-40d5-491e-99b0-da01ff1f3341"
    own = genotype(subject=to(urn), focus=[to(urn)])
    patient = {"fullUrl": urn, "resource": {"resourceType": "Patient", "id": "p1"}}
    bundle = {"resourceType": "Bundle", "entry": [patient, {"resource": own}]}
    assert classes(read(list(entries_of(bundle)), vocabulary)) == [UNKNOWN]


@pytest.mark.parametrize(
    ("structure", "expected"),
    [
        ({"morphology": {"text": "Malignant neoplasm"}}, SOMATIC),
        ({"location": {"text": "Placenta"}}, FETAL),
        ({"location": {"text": "Liver"}}, FETAL),  # it cannot be told whose: listed
    ],
)
def test_a_focus_on_a_body_structure(reading_of, structure, expected):
    body = {"resourceType": "BodyStructure", "id": "b"} | structure
    assert whose(reading_of(genotype(focus=[to("BodyStructure/b")]), body)) == expected


def test_a_result_that_has_nothing_to_do_with_genes_is_not_listed(reading_of):
    heart_rate = genotype(focus=[to("Patient/fetus")]) | {
        "code": concept("55283-6", "Fetal Heart rate"),
        "component": [],
        "valueCodeableConcept": {"text": "140"},
    }
    assert reading_of(heart_rate).not_understood == ()


ANOTHERS = {"focus": [to("RelatedPerson/x")]}
TUMOURS_OWN = {"specimen": {"display": "Tumor"}}


def panel(**more):
    return result("51969-4", {"text": ""}, identity="panel", **more) | {
        "hasMember": [to("Observation/o")],
        "valueCodeableConcept": {},
    }


@pytest.mark.parametrize(("more", "expected"), [(ANOTHERS, None), (TUMOURS_OWN, SOMATIC)])
def test_the_members_of_a_panel_are_as_the_panel(reading_of, more, expected):
    for make in (variant, genotype):
        reading = reading_of(panel(**more), make())
        assert classes(reading) == ([expected] if expected else [])
        listed = {found.reference for found in reading.not_understood}
        assert ("Observation/o" in listed) is (expected is None)


def test_both_versions_of_a_member_are_as_the_panel(reading_of):
    other = genotype() | {"valueCodeableConcept": {"text": "*1/*1"}}
    assert reading_of(panel(**ANOTHERS), genotype(), other).statements == ()


@pytest.mark.parametrize(("more", "expected"), [(ANOTHERS, None), (TUMOURS_OWN, SOMATIC)])
def test_what_is_derived_from_another_alone_is_anothers(reading_of, more, expected):
    source = variant(identity="source", **more)
    own = variant(identity="own")
    for make in (phenotype, implication):
        derived = make(derivedFrom=[to("Observation/source")])
        found = reading_of(source, derived).statements
        assert [each.source_class for each in found][:1] == ([expected] if expected else [])
        of_both = make(derivedFrom=[to("Observation/source"), to("Observation/own")])
        assert reading_of(source, own, of_both).statements[0].source_class is UNKNOWN


def test_an_implication_derived_from_a_relatives_result_is_the_relatives(reading_of):
    url = "http://hl7.org/fhir/StructureDefinition/family-member-history-genetics-observation"
    history = {
        "resourceType": "FamilyMemberHistory",
        "id": "f",
        "extension": [{"url": url, "valueReference": to("Observation/source")}],
    }
    derived = implication(derivedFrom=[to("Observation/source")])
    reading = reading_of(history, genotype(identity="source"), derived)
    assert (reading.statements, reading.implications) == ((), ())
    assert len(reading.not_understood) == 2


@pytest.mark.parametrize(
    ("words", "expected"), [("Tumor", SOMATIC), ("Amniotic fluid", FETAL), ("Blood", UNKNOWN)]
)
@pytest.mark.parametrize("kind", ["MolecularSequence", "Sequence"])
def test_the_specimen_of_a_sequence(reading_of, kind, words, expected):
    stated = sequence(specimen=to("Specimen/s")) | {"resourceType": kind}
    reading = reading_of(stated, specimen(words))
    assert whose(reading) == expected
    # the silence of a tumour's sequence is no reference
    assert len(reading.sequences) == (1 if expected is UNKNOWN else 0)
    assert reading.sequence_count == (0 if expected == FETAL else 1)


def test_the_focus_of_a_sequence_of_r5(reading_of):
    stated = sequence(subject=to("Patient/p1"), focus=[to("RelatedPerson/x")])
    assert whose(reading_of(stated)) == FETAL


@pytest.mark.parametrize("link", ["derivedFrom", "variantPointer"])
@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (ANOTHERS, []),
        (TUMOURS_OWN, [SOMATIC, SOMATIC]),
        ({"component": [component("48002-0", concept("LA18195-0"))]}, [SOMATIC, SOMATIC]),
        ({"component": [component("48002-0", concept("LA6683-2"))]}, [GERMLINE, GERMLINE]),
    ],
)
def test_a_sequence_is_as_its_observations(reading_of, link, more, expected):
    observed, stated = variant(**more), sequence()
    name = component("48004-6", concept("NM_000769.4:c.681G>A"))
    observed["component"] = [*observed["component"], name]
    if link == "derivedFrom":
        observed["derivedFrom"] = [to("MolecularSequence/q")]
    else:
        stated["variant"][0]["variantPointer"] = to("Observation/o")
    reading = reading_of(stated, observed)
    assert [found.source_class for found in reading.variants] == expected
    assert bool(reading.sequences) is (expected == [GERMLINE, GERMLINE])


def test_an_observation_that_says_nothing_of_a_tumours_sequence_is_the_tumours(reading_of):
    stated = sequence(specimen={"display": "Tumor"})
    stated["variant"][0]["variantPointer"] = to("Observation/o")
    by_pointer = reading_of(stated, variant())
    derived = reading_of(
        sequence(specimen={"display": "Tumor"}), variant(derivedFrom=[to("MolecularSequence/q")])
    )
    assert by_pointer.variants[0].source_class is SOMATIC
    assert classes(derived) == [SOMATIC, SOMATIC]


def test_long_chains_and_circles_of_results_end(reading_of):
    chain = [
        genotype(identity=f"o{i}", derivedFrom=[to(f"Observation/o{i - 1}")])
        for i in range(1, 3000)
    ]
    start = genotype(identity="o0", **ANOTHERS)
    assert reading_of(*chain, start).statements == ()
    circle = [
        genotype(identity="o1", derivedFrom=[to("Observation/o2")]),
        genotype(
            identity="o2", derivedFrom=[to("Observation/o1")], hasMember=[to("Observation/o1")]
        ),
    ]
    assert classes(reading_of(*circle, start)) == [UNKNOWN, UNKNOWN]


@pytest.mark.parametrize(
    "odd", [7, "x", [None, 3, "Patient/p1"], {"reference": 5}, [[]], True, {"type": {"text": "x"}}]
)
def test_odd_references_are_no_fault(reading_of, odd):
    for name in ("focus", "specimen", "derivedFrom", "hasMember", "extension", "component"):
        own = genotype(identity="own")
        reading = reading_of(genotype() | {name: odd}, own, variant(identity="t", **TUMOURS_OWN))
        assert any(found.origin.reference == "Observation/own" for found in reading.statements)

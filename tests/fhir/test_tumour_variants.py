"""What a variant Observation says beyond place and alleles."""

from decimal import Decimal

import pytest

from fhir_pgx.fhir.tumour_variant import verdict_on_change
from fhir_pgx.model.finding import Presence, SourceClass
from tests.fhir.tumour_resources import ABSENT, PRESENT, coded, concept, part, quantity, result

EGFR = ("48018-6", coded("EGFR", "HGNC:3236", "http://www.genenames.org"))
L858R = ("48005-3", coded("p.Leu858Arg", "NP_005219.2:p.Leu858Arg", "http://varnomen.hgvs.org"))


def variant(*parts, value=PRESENT, **more):
    return result("69548-6", value, *parts, **more)


def one(reading):
    (found,) = reading.variants
    return found


@pytest.mark.parametrize(
    ("stated", "fraction"),
    [
        (quantity(12.5, "%"), "0.125"),
        (quantity(0.125, "1"), "0.125"),
        (quantity(0.125), "0.125"),
        (quantity(12.5), "0.125"),  # without a unit a number above 1 is a percentage
        (quantity(0.4, "%"), "0.004"),
        (quantity(1), "1"),
        ({"valueString": "35%"}, "0.35"),
        (quantity(0.12, "{fraction}"), "0.12"),
    ],
)
def test_the_allele_fraction_is_read_by_its_unit(tumour_reading_of, stated, fraction):
    found = one(tumour_reading_of(variant(EGFR, L858R, ("81258-6", stated))))
    assert found.frequency == Decimal(fraction)
    assert found.caveats == ()


@pytest.mark.parametrize(
    "stated", [quantity(120, "%"), quantity(-1, "%"), quantity(12, "1"), {"valueString": "low"},
               {"valueQuantity": {"value": 5, "comparator": "<", "unit": "%"}}]
)  # fmt: skip
def test_a_fraction_that_is_none_is_not_used_and_it_is_said(tumour_reading_of, stated):
    found = one(tumour_reading_of(variant(EGFR, L858R, ("81258-6", stated))))
    assert found.frequency is None
    assert [caveat.code for caveat in found.caveats] == ["PGX-730"]


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("Plasma", "plasma"), ("Plasma cell-free DNA", "plasma"), ("ctDNA", "plasma"),
        ("Liquid biopsy", "plasma"), ("FFPE tissue block", "tissue"), ("Tumor biopsy", "tissue"),
        ("Peripheral blood", "blood"), ("Bone marrow aspirate", "marrow"), ("Saliva", ""),
        ("Bone marrow, plasma cells", "marrow"), ("Blood or Tissue", ""), ("", ""),
    ],
)  # fmt: skip
def test_the_specimen_is_told_by_its_words(tumour_reading_of, words, kind):
    assert one(tumour_reading_of(variant(EGFR, L858R, specimen=words))).specimen == kind


@pytest.mark.parametrize(
    ("code", "kind"),
    [("TUMOR", "tissue"), ("TISS", "tissue"), ("PLAS", "plasma"), ("BLD", "blood"),
     ("BMAR", "marrow"), ("119361006", "plasma"), ("119297000", "blood"), ("119376003", "tissue"),
     ("258435002", "tissue"), ("119359002", "marrow"), ("UR", "")],
)  # fmt: skip
def test_the_specimen_is_told_by_its_code_or_its_report(tumour_reading_of, code, kind):
    found = variant(EGFR, L858R)
    report = {
        "resourceType": "DiagnosticReport", "id": "r", "status": "final", "code": {"text": "NGS"},
        "result": [{"reference": "Observation/o"}],
        "specimen": [{"reference": "Specimen/s"}],
    }  # fmt: skip
    specimen = {"resourceType": "Specimen", "id": "s", "type": {"coding": [{"code": code}]}}
    assert one(tumour_reading_of(found, report, specimen)).specimen == kind


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        (coded("Pathogenic", "LA6668-3"), "pathogenic"),
        (coded("", "LA26332-9"), "likely-pathogenic"),
        (coded("", "LA26333-7"), "uncertain"),
        (coded("", "LA26334-5"), "likely-benign"),
        (coded("", "LA6675-8"), "benign"),
        (coded("VUS"), "uncertain"),
        (coded("possibly pathogenic"), ""),
        (coded("Suspected pathogenic"), ""),
        (coded("Uncertain significance, possibly pathogenic"), "uncertain"),
        (coded("No pathogenic variant"), ""),
        (coded("Pathogenic variant not detected"), ""),
        (coded("Class 5"), "pathogenic"),
        (coded("ACMG class 4"), "likely-pathogenic"),
        (coded("Class 3"), "uncertain"),
        (coded("5"), ""),
        (coded("Likely oncogenic"), "likely-oncogenic"),
        (coded("Oncogenic"), "oncogenic"),
        (coded("Pathogenic/Likely pathogenic"), "likely-pathogenic"),
        (coded("Conflicting interpretations of pathogenicity"), "conflicting"),
        (coded("Non-pathogenic"), "benign"),
        (coded("Variant of unknown significance"), "uncertain"),
        (coded("Tier I"), ""),
    ],
)
def test_the_class_of_a_variant_is_one_of_few(tumour_reading_of, stated, expected):
    found = one(tumour_reading_of(variant(EGFR, L858R, ("53037-8", stated))))
    assert found.significance == expected


def test_a_diagnostic_implication_gives_its_class_to_the_variant(tumour_reading_of):
    def implication(text, number):
        return {
            "resourceType": "Observation", "id": f"d{number}", "status": "final",
            "code": {"coding": [{"code": "diagnostic-implication"}]},
            "derivedFrom": [{"reference": "Observation/o"}],
            "component": [part("53037-8", coded(text))],
        }  # fmt: skip

    found = tumour_reading_of(variant(EGFR, L858R), implication("Likely pathogenic", 1))
    assert one(found).significance == "likely-pathogenic"
    both = (implication("Benign", 1), implication("Pathogenic", 2))
    assert one(tumour_reading_of(variant(EGFR, L858R), *both)).significance == "conflicting"


@pytest.mark.parametrize(
    ("code", "text", "expected"),
    [
        ("LA6683-2", "Germline", SourceClass.GERMLINE),
        ("LA6684-0", "Somatic", SourceClass.SOMATIC),
        ("LA18195-0", "Likely somatic", SourceClass.SOMATIC),
        ("LA18194-3", "Likely germline", SourceClass.UNKNOWN),
        ("LA26807-0", "De novo", SourceClass.UNKNOWN),
        ("LA18197-6", "Unknown genomic origin", SourceClass.UNKNOWN),
    ],
)
def test_unknown_source_classes_stay_unknown(tumour_reading_of, code, text, expected):
    found = one(tumour_reading_of(variant(EGFR, L858R, ("48002-0", coded(text, code)))))
    assert found.source_class is expected


def test_a_germline_variant_in_a_tumour_test_stays_germline(tumour_reading_of):
    germline = ("48002-0", coded("Germline", "LA6683-2"))
    found = one(tumour_reading_of(variant(EGFR, L858R, germline, specimen="Tumor tissue")))
    assert (found.source_class, found.specimen) == (SourceClass.GERMLINE, "tissue")


@pytest.mark.parametrize(
    "parts",
    [
        (EGFR,),
        (("81252-9", coded("ROS1 Fusion")),),
        (("81291-7", coded("t(2;5)(p23;q35)")),),
        (EGFR, ("48005-3", coded("p.Leu858Arg"))),
    ],
)
def test_a_variant_without_a_place_is_a_variant_all_the_same(tumour_reading_of, parts):
    reading = tumour_reading_of(variant(*parts))
    assert len(reading.variants) == 1
    assert reading.not_understood == ()


def test_a_gene_of_drug_response_still_needs_a_place_or_a_name(tumour_reading_of):
    gene = ("48018-6", coded("CYP2C19", "HGNC:2621", "http://www.genenames.org"))
    reading = tumour_reading_of(variant(gene))
    assert reading.variants == ()
    assert reading.refused_genes == ("CYP2C19",)


@pytest.mark.parametrize(
    ("value", "presence"),
    [
        (coded("EGFR L858R"), Presence.PRESENT),
        ({"valueString": "EML4-ALK fusion"}, Presence.PRESENT),
        ({"valueString": "No KRAS mutation detected"}, Presence.ABSENT),
        ({"valueString": "EGFR L858R not detected"}, Presence.ABSENT),
        ({"valueString": "see report"}, Presence.INDETERMINATE),
        (ABSENT, Presence.ABSENT),
        (coded("No call", "LA18198-4"), Presence.NO_CALL),
        (coded("Indeterminate", "LA11884-6"), Presence.INDETERMINATE),
    ],
)
def test_the_answer_in_words_is_read(tumour_reading_of, value, presence):
    assert one(tumour_reading_of(variant(EGFR, value=value))).presence is presence


def test_the_mcode_fusion_example_keeps_all_that_it_says(tumour_reading_of):
    """After mCODE's example of a fusion: two genes, a consequence without one of its noughts, and
    a point mutation under the genomic name."""
    name = "NM_005157.6(ABL1):c.1076T>G"
    made = variant(
        ("48018-6", coded("BCR", "HGNC:1014", "http://www.genenames.org")),
        ("48018-6", coded("ABL1", "HGNC:76", "http://www.genenames.org")),
        ("48002-0", coded("Somatic", "LA6684-0")),
        interpretation=[concept("Positive (qualifier value)", "10828004")],
    )
    made["component"] += [
        {"code": {"coding": [{"code": "molecular-consequence"}]},
         "valueCodeableConcept": {"coding": [{"code": "SO:001565", "display": "gene_fusion"}]}},
        {"code": {"coding": [{"system": "http://loinc.org", "code": "81290-9"}]},
         "valueCodeableConcept": {"coding": [{"code": name, "display": f"{name} (p.Phe359Cys)"}]}},
    ]  # fmt: skip
    found = one(tumour_reading_of(made))
    assert found.genes == ("BCR", "ABL1")
    assert found.consequences == ("gene_fusion",)
    assert found.genomic_hgvs == name
    assert f"{name} (p.Phe359Cys)" in found.words
    assert found.significance == ""


def test_repeats_are_paired(tumour_reading_of):
    gene = ("48018-6", coded("HTT", "HGNC:4851", "http://www.genenames.org"))
    made = variant(gene, ("repeat-motif", "CAG"), ("repeat-number", quantity(42)))
    assert one(tumour_reading_of(made)).repeats == (("CAG", "42"),)


def test_a_molecular_consequence_of_its_own_is_added_to_its_variant(tumour_reading_of):
    annotation = {
        "resourceType": "Observation", "id": "m", "status": "final",
        "code": {"coding": [{"code": "molecular-consequence"}]},
        "derivedFrom": [{"reference": "Observation/o"}],
        "component": [
            part("48005-3", coded("p.Leu858Arg", "NP_005219.2:p.Leu858Arg")),
            {"code": {"coding": [{"code": "feature-consequence"}]},
             "valueCodeableConcept": {"coding": [{"code": "SO:0001583"}]}},
        ],
    }  # fmt: skip
    coding = ("48004-6", coded("c.2573T>G", "NM_005228.5:c.2573T>G"))
    found = one(tumour_reading_of(variant(EGFR, coding), annotation))
    assert found.protein_hgvs == "NP_005219.2:p.Leu858Arg"
    assert found.consequences == ("missense_variant",)


def test_an_implication_keeps_level_significance_context_and_findings(tumour_reading_of):
    implication = {
        "resourceType": "Observation", "id": "t", "status": "final",
        "code": {"coding": [{"code": "therapeutic-implication"}]},
        "derivedFrom": [{"reference": "Observation/o"}],
        "component": [
            part("51963-7", coded("osimertinib", "1721560")),
            part("93044-6", coded("Level A")),
            part("53037-8", coded("Responsive", "LA6677-4")),
            part("81259-4", coded("Non-small cell lung cancer")),
        ],
    }  # fmt: skip
    (found,) = tumour_reading_of(variant(EGFR, L858R), implication).implications
    assert found.drugs == ("osimertinib",)
    assert (found.level, found.significance) == ("Level A", "Responsive")
    assert found.contexts == ("Non-small cell lung cancer",)
    assert found.of == ("Observation/o",)


@pytest.mark.parametrize(
    ("words", "presence"),
    [
        ("EGFR L858R detected", Presence.PRESENT),
        ("EGFR L858R not detected", Presence.ABSENT),
        ("possible EGFR L858R", None),
        ("EGFR L858R, equivocal", None),
        ("suspected ALK rearrangement", None),
    ],
)
def test_what_is_only_possible_is_not_found(words, presence):
    assert verdict_on_change(words) is presence

"""Everything that was read is written: as JSON and as text. Every finding here is invented."""

from dataclasses import fields
from decimal import Decimal

import pytest

from fhir_pgx.model.finding import (
    Caveat,
    NotUnderstood,
    ObservedVariant,
    Origin,
    Presence,
    SourceClass,
    StatedDiagnosis,
    StatedImplication,
    StatedRecommendation,
)
from fhir_pgx.model.pathogen import StatedPathogen
from fhir_pgx.model.phenotype import Interpretation
from fhir_pgx.model.precision import PrecisionReading, StatedPlan, StatedRisk
from fhir_pgx.model.reading import Reading
from fhir_pgx.model.transplant import StatedAntibody, StatedTyping
from fhir_pgx.model.tumour import Alteration, Marker, StatedCancer
from fhir_pgx.reports.findings import (
    write_antibody,
    write_findings,
    write_pathogen,
    write_risk,
    write_typing,
)
from fhir_pgx.reports.plain import write_interpretation
from fhir_pgx.reports.text import interpretation_text


def origin(name):
    return Origin(f"Observation/{name}", "Observation", when="2026-11-02", status="final")


EVERYTHING = PrecisionReading(
    tests=(
        Alteration(
            ("ALK",), "rearrangement", Presence.NO_CALL, origin("alk"), "ALK rearrangement"
        ),
    ),
    markers=(Marker("PD-L1", origin("pdl1"), number=Decimal(60), unit="%", scale="TPS"),),
    cancers=(
        StatedCancer(
            "Melanoma", (), "active", origin("melanoma"), stage="IV", is_metastatic=True
        ),
    ),
    pathogens=(
        StatedPathogen("HIV-1", "", "RT", ("M184V", "K65R"), Presence.PRESENT, origin("rt")),
    ),
    typings=(
        StatedTyping("B", ("HLA-B*08:01", "HLA-B*44:02"), "donor", origin("typing"), "Patient/d"),
    ),
    antibodies=(StatedAntibody("DQ7", origin("dq7"), mfi=Decimal(9100)),),
    risks=(StatedRisk("A score", "heart disease", origin("prs"), Decimal(92), "percentile"),),
    plans=(StatedPlan("declined", ("secondary findings",), origin("consent")),),
)  # fmt: skip
# By field of PrecisionReading: the member of the JSON, and words a clinician must find.
SHOWN = {
    "tests": ("gene_tests", "ALK rearrangement: tested, no answer; germline or somatic not stated"),
    "markers": ("biomarkers", "PD-L1: TPS 60 %; the report gives no verdict"),
    "cancers": ("cancers", "Melanoma: active; stage IV; metastatic"),
    "pathogens": ("pathogens", "HIV-1 RT: M184V, K65R"),
    "typings": ("hla_typings", "donor Patient/d, HLA-B: HLA-B*08:01, HLA-B*44:02"),
    "antibodies": ("hla_antibodies", "DQ7: found; MFI 9100"),
    "risks": ("risks", "A score: heart disease; 92 percentile; population not stated"),
    "plans": ("plans", "the patient declined: secondary findings"),
}


def text_of(knowledge, **reading):
    return interpretation_text(Interpretation("Patient/p", {}, Reading(**reading)), knowledge)


@pytest.mark.parametrize("field", [field.name for field in fields(PrecisionReading)])
def test_whatever_kind_of_finding_was_read_is_written_with_its_date_and_resource(knowledge, field):
    (read,) = getattr(EVERYTHING, field)
    member, words = SHOWN[field]
    (written,) = write_findings(EVERYTHING)[member]
    assert written["date"] == "2026-11-02"
    assert written["derived_from"] == [read.origin.reference]
    text = text_of(knowledge, precision=EVERYTHING)
    assert f"    {words} (2026-11-02, {read.origin.reference})\n" in text


def test_where_nothing_was_read_only_the_contract_s_members_are_written(knowledge):
    written = write_interpretation(Interpretation("Patient/p", {}, Reading()), knowledge)
    assert list(written) == [
        "knowledge", "subject", "genes", "variants", "biomarkers", "not_understood",
    ]  # fmt: skip
    assert text_of(knowledge).endswith("No gene of drug response has a result.\n")


@pytest.mark.parametrize(
    ("presence", "mutations", "words"),
    [
        (Presence.PRESENT, ("K103N",), "HIV-1 RT: K103N"),
        (Presence.ABSENT, (), "HIV-1 RT: no mutation found"),
        (Presence.ABSENT, ("K103N",), "HIV-1 RT: not found: K103N"),
        (Presence.NO_CALL, (), "HIV-1 RT: tested, no answer"),
        (Presence.INDETERMINATE, ("K103N",), "HIV-1 RT: indeterminate K103N"),
    ],
)
def test_none_found_and_no_answer_of_a_pathogen_are_told_apart(
    knowledge, presence, mutations, words
):
    found = StatedPathogen("HIV-1", "HIV", "RT", mutations, presence, origin("rt"))
    assert write_pathogen(found)["presence"] == presence.value
    text = text_of(knowledge, precision=PrecisionReading(pathogens=(found,)))
    assert f"    {words} (" in text


def test_the_laboratory_s_own_word_is_written_as_its_own(knowledge):
    found = StatedPathogen(
        "", "Candida auris", "", (), Presence.PRESENT, origin("c"), verdicts=(("x", "R"),)
    )
    assert write_pathogen(found)["organism"] == "Candida auris"
    assert write_pathogen(found)["laboratory"] == [{"drug": "x", "says": "R"}]
    text = text_of(knowledge, precision=PrecisionReading(pathogens=(found,)))
    assert "Candida auris: the laboratory says x R (" in text


@pytest.mark.parametrize(
    ("is_present", "words"), [(True, "found"), (False, "not found"), (None, "no answer")]
)
def test_an_antibody_that_was_not_found_is_not_one_without_an_answer(knowledge, is_present, words):
    antibody = StatedAntibody("DQ7", origin("dq7"), is_present=is_present)
    assert write_antibody(antibody).get("found") is is_present
    text = text_of(knowledge, precision=PrecisionReading(antibodies=(antibody,)))
    assert f"DQ7: {words} (" in text


def test_whose_typing_it_is_stands_beside_it():
    own = StatedTyping("A", ("A*02:01",), "recipient", origin("own"))
    assert write_typing(own)["whose"] == "recipient"
    assert "person" not in write_typing(own)


def test_a_risk_without_a_number_has_none():
    risk = StatedRisk("Risk assessment", "stroke", origin("r"), words="high")
    assert "value" not in write_risk(risk)
    assert write_risk(risk)["words"] == "high"


@pytest.mark.parametrize(
    ("source_class", "presence", "words"),
    [
        (SourceClass.SOMATIC, Presence.PRESENT, "EGFR p.Leu858Arg: somatic; allele fraction 0.1"),
        (SourceClass.GERMLINE, Presence.ABSENT, "EGFR p.Leu858Arg: not found; germline"),
        (
            SourceClass.UNKNOWN,
            Presence.NO_CALL,
            "EGFR p.Leu858Arg: tested, no answer; germline or somatic not stated",
        ),
    ],
)
def test_a_variant_says_whose_it_is_and_whether_it_is_there(
    knowledge, source_class, presence, words
):
    variant = ObservedVariant(
        origin("v"), genes=("EGFR",), protein_hgvs="p.Leu858Arg", source_class=source_class,
        presence=presence, frequency=Decimal("0.1"),
    )  # fmt: skip
    assert f"    {words}" in text_of(knowledge, variants=(variant,))


def test_a_variant_without_a_name_is_told_by_its_position(knowledge):
    variant = ObservedVariant(origin("v"), accession="NC_000007.14", start=9, ref="A", alt="T")
    assert "gene not stated NC_000007.14:10 A>T: germline or somatic" in text_of(
        knowledge, variants=(variant,)
    )


def test_a_variant_of_drug_response_is_told_with_its_gene_and_counted(knowledge):
    placed = ObservedVariant(origin("a"), genes=("CYP2C19",), ids=("dbSNP|rs4244285",))
    read = Interpretation("Patient/p", {}, Reading(variants=(placed,)), resolved={0: "rs4244285"})
    text = interpretation_text(read, knowledge)
    assert "Variants at positions of genes of drug response: 1" in text
    assert "Variants, as stated" not in text


def test_what_reports_conclude_themselves_is_written_as_theirs(knowledge):
    reading = {
        "implications": (
            StatedImplication(
                ("EGFR",), ("Responsive",), (), ("osimertinib",), origin("i"), level="1A"
            ),
        ),
        "diagnoses": (
            StatedDiagnosis(
                ("BRCA1",), ("Pathogenic",), ("Breast cancer",), ("Observation/v",), origin("d")
            ),
        ),
        "recommendations": (StatedRecommendation("LA26421-0", origin("t")),),
    }
    text = text_of(knowledge, **reading)
    assert "osimertinib: EGFR; Responsive; level 1A (" in text
    assert "Breast cancer: BRCA1; Pathogenic (" in text
    assert "LA26421-0 (" in text
    stated = write_interpretation(Interpretation("", {}, Reading(**reading)), knowledge)["stated"]
    assert stated["diagnoses"] == [
        {
            "genes": ["BRCA1"],
            "significance": ["Pathogenic"],
            "conditions": ["Breast cancer"],
            "of": ["Observation/v"],
            "date": "2026-11-02",
            "derived_from": ["Observation/d"],
        }
    ]


def test_text_from_outside_can_neither_break_the_line_nor_steer_the_terminal(knowledge):
    evil = StatedPlan("plan", ("one\n\x1b[2J\u202etwo",), origin("p"))
    text = text_of(knowledge, precision=PrecisionReading(plans=(evil,)))
    assert "    plan: one [2J two (2026" in text


def test_caveats_and_what_was_not_understood_are_told(knowledge):
    marker = Marker("MSI", origin("m"), "high", caveats=(Caveat("PGX-711", "said so"),))
    text = text_of(
        knowledge,
        precision=PrecisionReading(markers=(marker,)),
        not_understood=(NotUnderstood("Observation/x", "no answer was given"),),
    )
    assert "MSI: high; PGX-711 said so (" in text
    assert "Not understood:\n    Observation/x: no answer was given" in text

"""What `interpret` writes of tumour findings. Every finding here is invented."""

from decimal import Decimal

from fhir_pgx.model.drug import Coding
from fhir_pgx.model.finding import ObservedVariant, Origin, Presence, SourceClass
from fhir_pgx.model.tumour import Alteration, Marker, StatedCancer
from fhir_pgx.reports.findings import write_cancer, write_marker, write_test
from fhir_pgx.reports.plain import write_variant

ORIGIN = Origin("Observation/o", "Observation")


def test_a_tumour_variant_is_written_with_what_tells_it():
    variant = ObservedVariant(
        ORIGIN,
        genes=("EGFR",),
        protein_hgvs="p.Leu858Arg",
        source_class=SourceClass.SOMATIC,
        frequency=Decimal("0.125"),
        specimen="plasma",
        significance="pathogenic",
        words=("p.Leu858Arg", "exon 21"),
    )
    assert write_variant(variant) == {
        "gene": "EGFR",
        "presence": "present",
        "source_class": "somatic",
        "protein": "p.Leu858Arg",
        "vaf": "0.125",
        "specimen": "plasma",
        "significance": "pathogenic",
        "words": ["exon 21"],
        "derived_from": ["Observation/o"],
    }


def test_a_biomarker_without_a_verdict_has_none():
    marker = Marker("TMB", ORIGIN, number=Decimal("12.4"), unit="mutations/megabase")
    assert write_marker(marker) == {
        "name": "TMB",
        "value": "12.4",
        "unit": "mutations/megabase",
        "derived_from": ["Observation/o"],
    }
    zero = Marker("HER2-IHC", ORIGIN, "negative", number=Decimal(0))
    assert write_marker(zero)["value"] == "0"


def test_absent_and_not_stated_are_told_apart():
    test = Alteration(("ALK",), "rearrangement", Presence.ABSENT, ORIGIN, "ALK rearrangement")
    assert write_test(test)["presence"] == "absent"
    assert "specimen" not in write_test(test)
    cancer = StatedCancer("Melanoma", (Coding("s", "c", ""),), "active", ORIGIN)
    assert "metastatic" not in write_cancer(cancer)
    known = StatedCancer("Melanoma", (), "active", ORIGIN, is_metastatic=False)
    assert write_cancer(known)["metastatic"] is False

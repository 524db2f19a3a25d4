"""Structural variants of a patient and of a population, with exact, inner and outer ends."""

import pytest

from .conftest import groups, ids
from .people import ANNA, CHR7_38, CHR22_38, OTTO

INTERSECTING = "find-subject-structural-intersecting-variants"
SUBSUMING = "find-subject-structural-subsuming-variants"
CHR22_37 = "NC_000022.10"
OFF = 42524243 - 42128241  # of CYP2D6 on GRCh37 from GRCh38


def found_by(ask, name, patient, region, **more):
    (group,) = groups(ask(name, subject=patient, ranges=region, includeVariants="true", **more))
    assert group.rangeItem == region
    assert group.presence is bool(group.variant)
    return ids(group.variant)


@pytest.mark.parametrize(
    ("patient", "region", "intersecting", "subsuming"),
    [
        # Exact ends 42120000 to 42135000.
        (ANNA, f"{CHR22_38}:42128000-42129000", ["anna-cnv"], ["anna-cnv"]),
        (ANNA, f"{CHR22_38}:42120000-42135000", ["anna-cnv"], ["anna-cnv"]),
        (ANNA, f"{CHR22_38}:42119999-42130000", ["anna-cnv"], []),
        (ANNA, f"{CHR22_38}:42130000-42135001", ["anna-cnv"], []),
        (ANNA, f"{CHR22_38}:42135000-42136000", [], []),
        # The same region in the numbers of the other build.
        (ANNA, f"{CHR22_37}:{42128000 + OFF}-{42129000 + OFF}", ["anna-cnv"], ["anna-cnv"]),
        (ANNA, f"{CHR22_37}:42128000-42129000", [], []),
        # Inner 116700000 to 116750000, outer 116600000 to 116800000.
        (ANNA, f"{CHR7_38}:116710000-116720000", ["anna-imprecise"], ["anna-imprecise"]),
        (ANNA, f"{CHR7_38}:116690000-116720000", ["anna-imprecise"], []),
        (ANNA, f"{CHR7_38}:116610000-116611000", ["anna-imprecise"], []),
        (ANNA, f"{CHR7_38}:116800000-116811000", [], []),
        # Only an outer range: it may reach there, and nothing is certain.
        (ANNA, f"{CHR7_38}:140010000-140011000", ["anna-outer-only"], []),
        (OTTO, f"{CHR22_38}:42128000-42129000", ["otto-cnv"], ["otto-cnv"]),
        (OTTO, f"{CHR22_38}:42127500-42129000", ["otto-cnv"], []),
        # A simple variant is none.
        (ANNA, "NC_000010.11:94781858-94781859", [], []),
    ],
)
def test_what_may_reach_a_region_and_what_certainly_covers_it(
    ask, patient, region, intersecting, subsuming
):
    assert found_by(ask, INTERSECTING, patient, region) == intersecting
    assert found_by(ask, SUBSUMING, patient, region) == subsuming


def test_one_who_has_data_on_both_builds_loses_no_hit(ask):
    """The public implementation asks a variant to cover the raw and the lifted numbers at once."""
    region = f"{CHR22_37}:{42128000 + OFF}-{42129000 + OFF}"
    assert found_by(ask, SUBSUMING, ANNA, region) == ["anna-cnv"]


@pytest.mark.parametrize(
    ("source_class", "found"), [("somatic", ["anna-imprecise"]), ("germline", [])]
)
def test_the_source_class_narrows(ask, source_class, found):
    region = f"{CHR7_38}:116710000-116720000"
    for name in (INTERSECTING, SUBSUMING):
        assert found_by(ask, name, ANNA, region, genomicSourceClass=source_class) == found


@pytest.mark.parametrize(
    ("region", "exact", "inner", "outer"),
    [
        (f"{CHR22_38}:42128000-42129000", (42120000, 42135000), (42120000, 42135000),
         (42120000, 42135000)),
        (f"{CHR7_38}:116710000-116720000", None, (116700000, 116750000), (116600000, 116800000)),
        (f"{CHR7_38}:140010000-140011000", None, None, (140000000, 140100000)),
    ],
)  # fmt: skip
def test_a_structural_variant_is_returned_with_its_ranges_and_its_type(
    ask, region, exact, inner, outer
):
    (group,) = groups(ask(INTERSECTING, subject=ANNA, ranges=region, includeVariants="true"))
    (found,) = group.variant
    parts = {part["code"]["coding"][0]["code"]: part for part in found["component"]}
    assert len(parts) == len(found["component"])
    for code, ends in (("81254-5", exact), ("81302-2", inner), ("81301-4", outer)):
        stated = parts.get(code, {}).get("valueRange")
        assert stated == (ends and {"low": {"value": ends[0]}, "high": {"value": ends[1]}})
    assert parts["92822-6"]["valueCodeableConcept"]["coding"][0]["code"] == "LA30100-4"
    assert parts["48013-7"]["valueCodeableConcept"]["coding"][0]["code"].startswith("NC_")
    assert parts["48019-4"]["valueCodeableConcept"]["coding"][0]["system"] == (
        "http://www.sequenceontology.org"
    )


@pytest.mark.parametrize(
    ("name", "region", "patients"),
    [
        ("intersecting", f"{CHR22_38}:42127500-42129000", [ANNA, OTTO]),
        ("subsuming", f"{CHR22_38}:42127500-42129000", [ANNA]),
        ("subsuming", f"{CHR22_38}:42128000-42129000", [ANNA, OTTO]),
        ("subsuming", f"{CHR22_37}:{42128000 + OFF}-{42129000 + OFF}", [ANNA, OTTO]),
        ("intersecting", f"{CHR7_38}:1000000-1000001", []),
    ],
)
def test_a_population_is_counted_by_patient(ask, name, region, patients):
    operation = f"find-population-structural-{name}-variants"
    (group,) = groups(ask(operation, ranges=region, includePatientList="true"))
    assert (group.name, group.rangeItem) == ("variants", region)
    assert group.numerator == {"value": len(patients)}
    assert group.denominator == {"value": 3}
    assert group.subject == [f"Patient/{each}" for each in patients]

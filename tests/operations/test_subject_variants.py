"""Simple variants of a patient, by region and by name."""

import pytest

from fhir_pgx.errors import (
    InvalidParameter,
    LiftoverFailed,
    UnplacedVariant,
    UnreadableVariant,
)

from .conftest import groups, ids
from .people import (
    ANNA,
    CHR7_38,
    CHR10_37,
    CHR10_38,
    CHR22_38,
    CLARA,
    OTTO,
    STAR_2_37,
    STAR_2_38,
    STAR_17_37,
    STAR_17_38,
)

FIND, SPECIFIC = "find-subject-variants", "find-subject-specific-variants"
CYP2C19_38 = f"{CHR10_38}:94762680-94855547"
CYP2C19_37 = f"{CHR10_37}:96522437-96615304"


def one(accession, start, length=1):
    return f"{accession}:{start}-{start + length}"


def parts_of(variant):
    """Component code → value, of one variant Observation."""
    return {
        part["code"]["coding"][0]["code"]: next(
            value for name, value in part.items() if name.startswith("value")
        )
        for part in variant["component"]
    }


# By region


@pytest.mark.parametrize(
    ("patient", "region", "found"),
    [
        (ANNA, one(CHR10_38, STAR_2_38), ["anna-star2"]),
        # Stored on GRCh38, asked on GRCh37, and the other way round.
        (ANNA, one(CHR10_37, STAR_2_37), ["anna-star2"]),
        (ANNA, one(CHR10_38, STAR_17_38), ["anna-star17-37"]),
        (OTTO, one(CHR10_38, STAR_2_38), ["otto-star2"]),
        # Half open: the base before, the base behind.
        (ANNA, one(CHR10_38, STAR_2_38 - 1), []),
        (ANNA, one(CHR10_38, STAR_2_38 + 1), []),
        # A deletion lies on the base that is gone, not on the anchor it was written with.
        (ANNA, one(CHR22_38, 42128241), ["anna-2d6-del"]),
        (ANNA, one(CHR22_38, 42128240), []),
        # Absent, no call, indeterminate, the reference stated as present, taken back: no presence.
        (ANNA, one(CHR10_38, 94780652), []),
        (ANNA, one(CHR10_38, 94762705), []),
        (ANNA, one(CHR10_38, 94762711), []),
        (ANNA, one(CHR10_38, 94762714), []),
        (ANNA, one(CHR10_38, 94770000), []),
        # What another patient has.
        (CLARA, f"{CHR22_38}:42120000-42130000", []),
    ],
)
def test_a_region_is_asked_on_either_build(ask, patient, region, found):
    (group,) = groups(ask(FIND, subject=patient, ranges=region, includeVariants="true"))
    assert (group.name, group.rangeItem) == ("variants", region)
    assert ids(group.variant) == found
    assert group.presence is bool(found)


def test_the_numbers_of_one_build_are_never_looked_up_on_the_other(ask):
    """The public implementation lists both builds and both ranges without pairing them."""
    wrong = one(CHR10_37, STAR_2_38)  # GRCh38's number under GRCh37's accession
    (group,) = groups(ask(FIND, subject=ANNA, ranges=wrong))
    assert group.presence is False


def test_groups_stand_in_the_order_asked_and_echo_what_was_sent(ask):
    asked = [one(CHR22_38, 42128241), one(CHR10_38, 5_000_000), one(CHR10_38, STAR_2_38)]
    pairs = [("ranges", f"{asked[0]}, {asked[1]}"), ("ranges", asked[2])]
    found = groups(ask(FIND, *pairs, subject=ANNA))
    assert [(each.rangeItem, each.presence) for each in found] == [
        (asked[0], True),
        (asked[1], False),
        (asked[2], True),
    ]


def test_variants_are_returned_only_where_they_are_asked_for(ask):
    (group,) = groups(ask(FIND, subject=ANNA, ranges=CYP2C19_38))
    assert (group.presence, group.variant, group.sequencePhaseRelationship) == (True, [], [])


def test_a_structural_variant_is_no_simple_one(ask):
    region = f"{CHR22_38}:42119000-42136000"
    (group,) = groups(ask(FIND, subject=ANNA, ranges=region, includeVariants="true"))
    assert ids(group.variant) == ["anna-2d6-del"]
    (group,) = groups(ask(FIND, subject=ANNA, ranges=f"{CHR7_38}:116610000-116620000"))
    assert group.presence is False


@pytest.mark.parametrize(
    ("source_class", "found"),
    [("germline", False), ("somatic", True), ("LA6684-0", True), ("", True)],
)
def test_the_source_class_narrows(ask, source_class, found):
    wanted = {"genomicSourceClass": source_class} if source_class else {}
    (group,) = groups(ask(FIND, subject=ANNA, ranges=one(CHR7_38, 55191821), **wanted))
    assert group.presence is found


def test_a_result_of_unknown_class_is_of_none_that_is_asked(ask):
    for source_class, found in (("germline", False), ("somatic", False)):
        (group,) = groups(
            ask(FIND, subject=CLARA, ranges=CYP2C19_38, genomicSourceClass=source_class)
        )
        assert group.presence is found
    (group,) = groups(ask(FIND, subject=CLARA, ranges=CYP2C19_38))
    assert group.presence is True


# Phase


def test_phasing_returns_variants_too_and_what_is_stored_between_them(ask):
    """The public implementation passes includePhasing over unless variants are asked for too."""
    region = f"{CHR10_38}:94761000-94790000"
    (group,) = groups(ask(FIND, subject=ANNA, ranges=region, includePhasing="true"))
    assert ids(group.variant) == ["anna-star17-37", "anna-star2"]
    (phase,) = group.sequencePhaseRelationship
    assert phase["id"] == "anna-phase"
    assert phase["valueCodeableConcept"]["coding"][0]["code"] == "Trans"
    assert [each["reference"] for each in phase["derivedFrom"]] == [
        "Observation/anna-star2",
        "Observation/anna-star17-37",
    ]


def test_a_relationship_to_a_variant_that_is_not_returned_is_left_out(ask):
    region = one(CHR10_38, STAR_2_38)
    (group,) = groups(ask(FIND, subject=ANNA, ranges=region, includePhasing="true"))
    assert (ids(group.variant), group.sequencePhaseRelationship) == (["anna-star2"], [])


def test_variants_in_two_regions_asked_together_keep_their_phase(ask):
    regions = f"{one(CHR10_38, STAR_2_38)},{one(CHR10_38, STAR_17_38)}"
    found = groups(ask(FIND, subject=ANNA, ranges=regions, includePhasing="true"))
    assert [ids(each.sequencePhaseRelationship) for each in found] == [["anna-phase"]] * 2


# What is returned


def test_a_variant_is_returned_as_a_0_based_interval_with_all_else_kept(ask, store):
    (group,) = groups(
        ask(FIND, subject=ANNA, ranges=one(CHR10_38, STAR_17_38), includeVariants="true")
    )
    (found,) = group.variant
    parts = parts_of(found)
    assert found["id"] == "anna-star17-37"
    assert found["subject"] == {"reference": f"Patient/{ANNA}"}
    assert found["valueCodeableConcept"]["coding"][0]["code"] == "LA9633-4"
    assert found["effectiveDateTime"] == "2019-03-01"
    # On the build that it is stored on, counted from zero where it was sent counted from one.
    assert parts["48013-7"]["coding"][0]["code"] == CHR10_37
    assert (parts["69547-8"], parts["69551-0"]) == ("C", "T")
    assert parts["92822-6"]["coding"][0]["code"] == "LA30100-4"
    assert parts["81254-5"] == {"low": {"value": STAR_17_37}, "high": {"value": STAR_17_37 + 1}}
    assert parts["53034-5"]["coding"][0]["code"] == "LA6706-1"
    assert parts["48002-0"]["coding"][0]["code"] == "LA6683-2"
    codes = [part["code"]["coding"][0]["code"] for part in found["component"]]
    assert len(codes) == len(set(codes))
    categories = {each["coding"][0]["code"] for each in found["category"]}
    assert categories == {"laboratory", "GE"}


def test_alleles_are_returned_as_they_were_stated_with_their_place(ask):
    region = one(CHR22_38, 42128241)
    (group,) = groups(ask(FIND, subject=ANNA, ranges=region, includeVariants="true"))
    parts = parts_of(group.variant[0])
    assert (parts["69547-8"], parts["69551-0"]) == ("CT", "C")
    assert parts["81254-5"] == {"low": {"value": 42128240}, "high": {"value": 42128242}}


def test_each_variant_of_a_sequence_is_an_observation_derived_from_it(ask):
    region = f"{CHR10_38}:94761000-94790000"
    (group,) = groups(ask(FIND, subject=CLARA, ranges=region, includeVariants="true"))
    starts = [parts_of(each)["81254-5"]["low"]["value"] for each in group.variant]
    assert sorted(starts) == [STAR_17_38, STAR_2_38]
    for each in group.variant:
        assert each["derivedFrom"] == [{"reference": "MolecularSequence/clara-sequence"}]
        assert each["subject"] == {"reference": f"Patient/{CLARA}"}
        assert each["status"] == "unknown"
        assert "53034-5" not in parts_of(each)  # a sequence has no zygosity
    (again,) = groups(ask(FIND, subject=CLARA, ranges=region, includeVariants="true"))
    assert ids(again.variant) == ids(group.variant)
    assert len(set(ids(group.variant))) == 2


# By name


@pytest.mark.parametrize(
    ("patient", "name", "found"),
    [
        (ANNA, f"{CHR10_38}:{STAR_2_38}:G:A", ["anna-star2"]),
        (ANNA, f"{CHR10_38}:g.{STAR_2_38 + 1}G>A", ["anna-star2"]),
        (ANNA, f"{CHR10_37}:{STAR_2_37}:G:A", ["anna-star2"]),
        (ANNA, "NM_000769.4:c.681G>A", ["anna-star2"]),
        (ANNA, f"{CHR10_38}:{STAR_17_38}:C:T", ["anna-star17-37"]),
        (OTTO, f"{CHR10_38}:{STAR_2_38}:G:A", ["otto-star2"]),
        (ANNA, f"{CHR10_38}:{STAR_2_38}:G:T", []),
        (ANNA, f"{CHR10_38}:94780652:G:A", []),  # absent
        # One deletion in any spelling: with its anchor, without, as HGVS, by its length.
        (ANNA, f"{CHR22_38}:42128240:CT:C", ["anna-2d6-del"]),
        (ANNA, f"{CHR22_38}:42128241:T:", ["anna-2d6-del"]),
        (ANNA, f"{CHR22_38}:g.42128242del", ["anna-2d6-del"]),
        (ANNA, f"{CHR22_38}:42128241:1:", ["anna-2d6-del"]),
        (ANNA, "NC_000022.10:42524243:T:", ["anna-2d6-del"]),
    ],
)
def test_a_variant_has_one_meaning_however_it_is_written(ask, patient, name, found):
    (group,) = groups(ask(SPECIFIC, subject=patient, variants=name))
    assert (group.variantItem, group.presence) == (name, bool(found))
    assert ids(group.variant) == found


def test_variants_asked_by_name_are_always_returned_in_the_order_asked(ask):
    names = [
        f"{CHR10_38}:{STAR_2_38}:G:A",
        f"{CHR10_38}:5000000:A:T",
        f"{CHR10_38}:{STAR_17_38}:C:T",
    ]
    found = groups(ask(SPECIFIC, subject=ANNA, variants=",".join(names)))
    assert [each.variantItem for each in found] == names
    assert [ids(each.variant) for each in found] == [["anna-star2"], [], ["anna-star17-37"]]


# Of one test


@pytest.mark.parametrize(
    ("parameter", "value", "found"),
    [
        ("testIdentifiers", "T-7", ["anna-star2"]),
        ("testIdentifiers", "urn:lab|T-7", ["anna-star2"]),
        ("testIdentifiers", "urn:other|T-7", []),
        ("testIdentifiers", "anna-report", ["anna-star2"]),
        ("testIdentifiers", "DiagnosticReport/anna-report", ["anna-star2"]),
        ("testIdentifiers", "anna-star17-37", ["anna-star17-37"]),
        ("testIdentifiers", "other,T-7", ["anna-star2"]),
        ("testIdentifiers", "T", []),
        ("specimenIdentifiers", "S-1", ["anna-star2"]),
        ("specimenIdentifiers", "anna-blood", ["anna-star2"]),
        ("specimenIdentifiers", "S-2", []),
        ("testDateRange", "ge2024-01-01", ["anna-star2"]),
        ("testDateRange", "lt2024-01-01", ["anna-star17-37"]),
        ("testDateRange", "2019", ["anna-star17-37"]),
        ("testDateRange", "ge2030", []),
    ],
)
def test_results_of_one_test_specimen_or_time_alone(ask, parameter, value, found):
    region = f"{CHR10_38}:94761000-94790000"
    pairs = {"subject": ANNA, "ranges": region, "includeVariants": "true", parameter: value}
    (group,) = groups(ask(FIND, **pairs))
    assert ids(group.variant) == found
    assert group.presence is bool(found)


def test_a_result_that_does_not_say_its_time_or_specimen_is_of_none(ask):
    region = one(CHR22_38, 42128241)
    for narrowed in ({"testDateRange": "ge1900"}, {"specimenIdentifiers": "S-1"}):
        (group,) = groups(ask(FIND, subject=ANNA, ranges=region, **narrowed))
        assert group.presence is False


def test_two_bounds_of_a_date_hold_together(ask):
    region = f"{CHR10_38}:94761000-94790000"
    bounds = [("testDateRange", "ge2019-01-01"), ("testDateRange", "le2019-12-31")]
    (group,) = groups(ask(FIND, *bounds, subject=ANNA, ranges=region, includeVariants="true"))
    assert ids(group.variant) == ["anna-star17-37"]


# What cannot be answered


@pytest.mark.parametrize(
    "region",
    [
        "chr10:1-2",
        f"{CHR10_38}:10-10",
        f"{CHR10_38}:10-9",
        "NC_000010:1-2",
        "NC_000010.9:1-2",
        "NM_000769.4:1-2",
        f"{CHR10_38}:94781858",
        f"{CHR10_38}:1-900000000",
        "NC_060934.1:1-2",
    ],
)
def test_a_region_that_cannot_be_read_is_refused(ask, region):
    with pytest.raises(InvalidParameter) as told:
        ask(FIND, subject=ANNA, ranges=region)
    assert told.value.where == "ranges"


@pytest.mark.parametrize(
    ("name", "error"),
    [("nonsense", UnreadableVariant), ("NP_000760.1:p.Pro227=", UnplacedVariant)],
)
def test_a_name_that_cannot_be_read_or_placed_is_an_error_and_no_absence(ask, name, error):
    with pytest.raises(error):
        ask(SPECIFIC, subject=ANNA, variants=name)


UNALIGNED = f"{CHR10_38}:39686682-39686683"  # in the centromere


def test_a_region_without_a_place_on_the_other_build_fails_where_results_are_there(ask):
    with pytest.raises(LiftoverFailed):
        ask(FIND, subject=ANNA, ranges=UNALIGNED)


def test_it_is_answered_where_nothing_is_stored_on_the_other_build(ask):
    (group,) = groups(ask(FIND, subject=CLARA, ranges=UNALIGNED))
    assert group.presence is False

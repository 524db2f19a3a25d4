"""MolecularSequence of R4, R4B and R5, its ballot, and STU3 Sequence. All synthetic."""

import pytest

from fhir_pgx.model.finding import Presence

NC9 = {"coding": [{"system": "http://www.ncbi.nlm.nih.gov/nuccore", "code": "NC_000009.11"}]}


def sequence(*variants, system=0, reference=None, kind="MolecularSequence", **more):
    return {
        "resourceType": kind,
        "id": "s",
        "coordinateSystem": system,
        "patient": {"reference": "Patient/synthetic"},
        "referenceSeq": {"referenceSeqId": NC9} if reference is None else reference,
        "variant": list(variants),
    } | more


def change(start, end, ref, alt):
    stated = {"start": start, "end": end, "referenceAllele": ref, "observedAllele": alt}
    return {name: value for name, value in stated.items() if value is not None}


def codes(found):
    return [caveat.code for caveat in found.caveats]


@pytest.mark.parametrize(
    ("system", "start", "end", "ref", "alt", "expected", "caveats"),
    [
        # the same substitution, insertion and deletion in both systems
        (0, 22125503, 22125504, "G", "C", (22125503, 22125504, "G", "C"), []),
        (1, 22125504, 22125504, "G", "C", (22125503, 22125504, "G", "C"), []),
        (0, 2, 2, "-", "ATG", (2, 2, "", "ATG"), []),
        (1, 2, 3, "-", "ATG", (2, 2, "", "ATG"), []),
        (0, 6, 7, "T", "-", (6, 7, "T", ""), []),
        (1, 7, 7, "T", "-", (6, 7, "T", ""), []),
        # a length that contradicts the declared system: the system stands
        (1, 22125503, 22125504, "G", "C", (22125502, 22125503, "G", "C"), ["PGX-506"]),
        (0, 22125504, 22125504, "G", "C", (22125504, 22125505, "G", "C"), ["PGX-506"]),
        # no reference allele is not an empty one
        (0, 22125503, 22125504, None, "C", (22125503, 22125504, None, "C"), ["PGX-511"]),
        # no system declared
        (None, 22125503, 22125504, "G", "C", (22125503, 22125504, "G", "C"), ["PGX-505"]),
    ],
)
def test_both_coordinate_systems_lead_to_the_same_interval(
    reading_of, system, start, end, ref, alt, expected, caveats
):
    (found,) = reading_of(sequence(change(start, end, ref, alt), system=system)).variants
    assert (found.start, found.end, found.ref, found.alt) == expected
    assert codes(found) == caveats
    assert (found.build, found.chromosome, found.zygosity) == ("GRCh37", "9", "")
    assert found.from_sequence


def test_a_start_after_the_end_costs_that_variant_alone(reading_of):
    reading = reading_of(
        sequence(change(1282737234, 128273726, "A", "T"), change(10, 11, "A", "T"))
    )
    assert [found.start for found in reading.variants] == [10]
    assert reading.not_understood[0].path.endswith(".variant[0]")


@pytest.mark.parametrize(
    "extra",
    [{"strand": "crick"}, {"strand": -1}, {"orientation": "antisense"}],
)
def test_the_reverse_strand_is_complemented_and_its_positions_stay(reading_of, extra):
    reference = {"referenceSeqId": NC9} | extra
    (found,) = reading_of(sequence(change(10, 12, "AG", "T"), reference=reference)).variants
    assert (found.start, found.end, found.ref, found.alt) == (10, 12, "CT", "A")
    assert codes(found) == ["PGX-509"]


@pytest.mark.parametrize("extra", [{"strand": "watson"}, {"strand": 1}, {"orientation": "sense"}])
def test_the_forward_strand_is_left_alone(reading_of, extra):
    reference = {"referenceSeqId": NC9} | extra
    (found,) = reading_of(sequence(change(10, 12, "AG", "T"), reference=reference)).variants
    assert (found.ref, found.alt, codes(found)) == ("AG", "T", [])


def test_strand_and_orientation_that_disagree_are_flagged(reading_of):
    reference = {"referenceSeqId": NC9, "strand": "watson", "orientation": "antisense"}
    (found,) = reading_of(sequence(change(10, 11, "A", "T"), reference=reference)).variants
    assert (found.ref, codes(found)) == ("A", ["PGX-519"])


@pytest.mark.parametrize("build", ["GRCh 37", "hg19", "b37", "GRCh37", "GRCh37.p13"])
def test_build_and_chromosome_place_a_sequence_without_accession(reading_of, build):
    reference = {"genomeBuild": build, "chromosome": {"coding": [{"code": "9"}]}}
    (found,) = reading_of(sequence(change(10, 11, "A", "T"), reference=reference)).variants
    assert (found.accession, found.build) == ("NC_000009.11", "GRCh37")


def test_the_accession_wins_over_another_chromosome(reading_of):
    reference = {"referenceSeqId": NC9, "chromosome": {"coding": [{"code": "7"}]}}
    (found,) = reading_of(sequence(change(10, 11, "A", "T"), reference=reference)).variants
    assert (found.chromosome, codes(found)) == ("9", ["PGX-507"])


@pytest.mark.parametrize(
    "reference",
    [
        {"referenceSeqString": "ACGTAGTC"},
        {"referenceSeqId": {"coding": [{"code": "NG_007726.3"}]}},
        {"referenceSeqId": {"coding": [{"code": "NG-007726.3"}]}},
        {"referenceSeqPointer": {"reference": "MolecularSequence/elsewhere"}},
        {"genomeBuild": "NCBI36", "chromosome": {"coding": [{"code": "9"}]}},
        {},
    ],
)
def test_a_sequence_that_is_no_known_chromosome_is_kept_and_not_placed(reading_of, reference):
    (found,) = reading_of(sequence(change(2, 3, "G", "T"), reference=reference)).variants
    assert (found.build, found.chromosome) == ("", "")
    assert codes(found) == ["PGX-508"]


def test_a_pointer_to_a_sequence_at_hand_is_followed(reading_of):
    target = sequence(id="target")
    pointing = sequence(
        change(10, 11, "A", "T"),
        reference={"referenceSeqPointer": {"reference": "MolecularSequence/target"}},
    )
    reading = reading_of(target, pointing)
    assert [found.accession for found in reading.variants] == ["NC_000009.11"]
    assert reading.sequence_count == 2


def test_pointers_in_a_circle_end(reading_of):
    pointing = {"referenceSeqPointer": {"reference": "MolecularSequence/s"}}
    (found,) = reading_of(sequence(change(2, 3, "G", "T"), reference=pointing)).variants
    assert codes(found) == ["PGX-508"]


def test_the_sequence_of_stu3_is_read_alike(reading_of):
    reference = {"referenceSeqId": NC9, "strand": 1}
    (found,) = reading_of(
        sequence(change(22125503, 22125504, "G", "C"), kind="Sequence", reference=reference)
    ).variants
    assert (found.origin.reference, found.start) == ("Sequence/s", 22125503)


@pytest.mark.parametrize(
    ("start_name", "sequence_name", "names"),
    [
        (
            "startingSequence",
            "sequenceCodeableConcept",
            ("replacedSequence", "replacementSequence"),
        ),
        ("reference", "referenceSequenceCodeableConcept", ("referenceAllele", "observedAllele")),
    ],
)
@pytest.mark.parametrize(
    ("system", "start", "end"),
    [("LA30100-4", 22125503, 22125504), ("LA30102-0", 22125504, 22125504)],
)
def test_the_relative_form_of_r5_and_of_its_ballot(
    reading_of, start_name, sequence_name, names, system, start, end
):
    relative = {
        "coordinateSystem": {"coding": [{"system": "http://loinc.org", "code": system}]},
        start_name: {sequence_name: NC9},
        "edit": [{"start": start, "end": end, names[0]: "G", names[1]: "C"}],
    }
    (found,) = reading_of(
        {"resourceType": "MolecularSequence", "id": "s", "relative": [relative]}
    ).variants
    assert (found.start, found.end, found.ref, found.alt) == (22125503, 22125504, "G", "C")
    assert found.origin.path.endswith("relative[0].edit[0]")


def test_a_structural_variant_keeps_inner_and_outer_ends(reading_of):
    (found,) = reading_of(
        sequence(
            system=1,
            structureVariant=[
                {
                    "variantType": {"text": "deletion"},
                    "outer": {"start": 1001, "end": 5000},
                    "inner": {"start": 1101, "end": 4000},
                }
            ],
        )
    ).variants
    assert (found.outer, found.inner) == ((1000, 5000), (1100, 4000))
    assert (found.change_type, found.start) == ("deletion", None)


def observation(value, **more):
    return {
        "resourceType": "Observation",
        "id": "v",
        "status": "final",
        "code": {"coding": [{"code": "69548-6"}]},
        "valueCodeableConcept": {"coding": [{"code": value}]},
        "component": [
            {
                "code": {"coding": [{"code": "53034-5"}]},
                "valueCodeableConcept": {"coding": [{"code": "LA6706-1"}]},
            },
            {
                "code": {"coding": [{"code": "81252-9"}]},
                "valueCodeableConcept": {"coding": [{"code": "rs1333049"}]},
            },
        ],
    } | more


def test_zygosity_comes_from_the_observation_that_is_derived_from_the_sequence(reading_of):
    reading = reading_of(
        sequence(change(10, 11, "A", "T")),
        observation("LA9633-4", derivedFrom=[{"reference": "MolecularSequence/s"}]),
    )
    (found,) = [one for one in reading.variants if one.from_sequence]
    assert (found.zygosity, found.presence) == ("heterozygous", Presence.PRESENT)


def test_zygosity_comes_from_the_observation_that_the_variant_points_to(reading_of):
    pointing = change(10, 11, "A", "T") | {"variantPointer": {"reference": "Observation/v"}}
    reading = reading_of(sequence(pointing, change(20, 21, "C", "G")), observation("LA9633-4"))
    found = [one for one in reading.variants if one.from_sequence]
    assert [one.zygosity for one in found] == ["heterozygous", ""]


def test_an_absent_variant_makes_its_sequence_absent_too(reading_of):
    reading = reading_of(
        sequence(change(10, 11, "A", "T")),
        observation("LA9634-2", derivedFrom=[{"reference": "MolecularSequence/s"}]),
    )
    assert {one.presence for one in reading.variants} == {Presence.ABSENT}


def test_one_observation_of_a_sequence_with_two_variants_gives_neither_a_zygosity(reading_of):
    reading = reading_of(
        sequence(change(10, 11, "A", "T"), change(20, 21, "C", "G")),
        observation("LA9633-4", derivedFrom=[{"reference": "MolecularSequence/s"}]),
    )
    assert [one.zygosity for one in reading.variants if one.from_sequence] == ["", ""]


def at_place(start, ref, alt, zygosity, named):
    """A variant Observation by its 0-based place on NC_000009.11, derived from the sequence."""
    parts = {
        "48013-7": {"valueCodeableConcept": NC9},
        "92822-6": {"valueCodeableConcept": {"coding": [{"code": "LA30100-4"}]}},
        "81254-5": {"valueRange": {"low": {"value": start}, "high": {"value": start + 1}}},
        "69547-8": {"valueString": ref},
        "69551-0": {"valueString": alt},
        "53034-5": {"valueCodeableConcept": {"coding": [{"code": zygosity}]}},
    }
    return observation(
        "LA9633-4",
        id=named,
        derivedFrom=[{"reference": "MolecularSequence/s"}],
        component=[{"code": {"coding": [{"code": code}]}} | value for code, value in parts.items()],
    )


def test_observations_of_one_sequence_are_matched_to_its_variants_by_their_change(reading_of):
    reading = reading_of(
        sequence(change(10, 11, "A", "T"), change(20, 21, "C", "G"), change(30, 31, "G", "T")),
        at_place(20, "c", "g", "LA6705-3", "second"),
        at_place(10, "A", "T", "LA6706-1", "first"),
        at_place(30, "G", "C", "LA6705-3", "another"),
    )
    found = [one.zygosity for one in reading.variants if one.from_sequence]
    assert found == ["heterozygous", "homozygous", ""]


def test_an_observation_of_another_place_gives_its_sequence_no_zygosity(reading_of):
    reading = reading_of(
        sequence(change(1000, 1001, "A", "T")), at_place(10, "A", "T", "LA6706-1", "elsewhere")
    )
    assert [one.zygosity for one in reading.variants if one.from_sequence] == [""]


def test_what_an_observation_says_of_a_sequence_is_no_surer_than_the_observation(reading_of):
    early = at_place(10, "A", "T", "LA6706-1", "early") | {
        "status": "preliminary",
        "effectiveDateTime": "2024-03-01",
    }
    reading = reading_of(sequence(change(10, 11, "A", "T")), early)
    (found,) = [one for one in reading.variants if one.from_sequence]
    assert (found.origin.status, found.origin.when) == ("preliminary", "2024-03-01")


R5_START = {"sequenceCodeableConcept": NC9, "windowStart": 100, "windowEnd": 200}


def relative(system="LA30100-4", start=None, **more):
    coded = {"coding": [{"system": "http://loinc.org", "code": system}]}
    edit = {"start": 110, "end": 111, "replacedSequence": "G", "replacementSequence": "C"}
    return {
        "coordinateSystem": coded,
        "startingSequence": R5_START if start is None else start,
        "edit": [edit],
    } | more


def windowed(system, low=100, high=200, **more):
    reference = {"referenceSeqId": NC9, "windowStart": low, "windowEnd": high} | more
    return sequence(change(110, 111, "G", "C"), system=system, reference=reference, type="dna")


def in_parts(*parts):
    return {"resourceType": "MolecularSequence", "id": "s", "type": "dna", "relative": list(parts)}


@pytest.mark.parametrize(
    ("what", "made", "window"),
    [
        ("0-based: the end is outside", windowed(0), (100, 200)),
        ("1-based: the end is inside", windowed(1), (99, 200)),
        ("no system: what both count", windowed(None), (100, 200)),
        ("STU3", windowed(1) | {"resourceType": "Sequence"}, (99, 200)),
        ("R5, 0-based", in_parts(relative()), (100, 200)),
        ("R5, 1-based", in_parts(relative("LA30102-0")), (99, 200)),
        ("no end", windowed(0, high=None), None),
        ("end before start", windowed(0, 200, 100), None),
        ("R5's range of the composed sequence is none",
         in_parts(relative(start={"sequenceCodeableConcept": NC9},
                           sequenceRange={"low": {"value": 1}, "high": {"value": 100}})), None),
        ("not placed", windowed(0, referenceSeqId={"text": "NG_008384.3"}), None),
    ],
)  # fmt: skip
def test_the_window_of_a_sequence_is_a_0_based_interval(reading_of, what, made, window):
    (found,) = reading_of(made).sequences
    assert found.window == window, what
    assert (found.kind, found.is_complete) == ("dna", True)
    assert found.origin.reference.endswith("/s")


def test_the_parts_of_one_r5_sequence_are_stated_each_with_its_window(reading_of):
    later = {"sequenceCodeableConcept": NC9, "windowStart": 300, "windowEnd": 400}
    found = reading_of(in_parts(relative(), relative(start=later))).sequences
    assert [each.window for each in found] == [(100, 200), (300, 400)]
    assert {each.origin.reference for each in found} == {"MolecularSequence/s"}


@pytest.mark.parametrize(
    ("what", "made", "is_complete"),
    [
        ("all read", windowed(0), True),
        ("nothing stated", sequence(), True),
        ("a variant that could not be read",
         sequence(change(10, 11, "A", "T"), change(30, 20, "A", "T")), False),
        ("a structural variant",
         sequence(change(10, 11, "A", "T"), structureVariant=[{"outer": {"start": 1, "end": 9}}]),
         False),
        ("bases written out, and no variants", sequence(observedSeq="ACGT"), False),
        ("a file, and no edits (R5)",
         {"resourceType": "MolecularSequence", "id": "s", "formatted": [{"title": "reads"}]},
         False),
        ("bases written out beside the variants",
         sequence(change(10, 11, "A", "T"), observedSeq="ACGT"), True),
    ],
)  # fmt: skip
def test_a_sequence_is_complete_where_all_that_it_holds_was_read(
    reading_of, what, made, is_complete
):
    assert {each.is_complete for each in reading_of(made).sequences} == {is_complete}, what


def test_a_sequence_that_others_are_written_against_is_not_the_persons(reading_of):
    pointing = {"referenceSeqPointer": {"reference": "MolecularSequence/target"}}
    reading = reading_of(
        sequence(id="target"), sequence(change(10, 11, "A", "T"), reference=pointing)
    )
    assert [each.origin.reference for each in reading.sequences] == ["MolecularSequence/s"]


def test_the_specimen_of_a_sequence_is_one_however_it_is_written(reading_of):
    full = {"reference": "http://example.org/fhir/Specimen/blood"}
    reading = reading_of(
        {"resourceType": "Specimen", "id": "blood"},
        sequence(change(10, 11, "A", "T"), id="a", specimen=full),
        sequence(change(10, 11, "A", "T"), id="b", specimen={"reference": "Specimen/blood"}),
        sequence(change(10, 11, "A", "T"), id="c"),
    )
    assert [each.specimen for each in reading.sequences] == ["Specimen/blood"] * 2 + [""]


def test_a_sequence_without_variants_is_counted_and_listed(reading_of):
    reading = reading_of(sequence(observedSeq="ACGT"))
    assert (reading.sequence_count, reading.variants) == (1, ())
    assert "no variant" in reading.not_understood[0].reason


def test_a_variant_outside_its_own_window_is_kept_and_listed(reading_of):
    window = {"referenceSeqId": NC9, "windowStart": 100, "windowEnd": 200}
    reading = reading_of(
        sequence(change(150, 151, "A", "T"), change(50, 51, "A", "T"), reference=window)
    )
    assert [found.start for found in reading.variants] == [150, 50]
    assert [one.path for one in reading.not_understood] == ["Bundle.entry[0].resource.variant[1]"]
    assert [each.is_complete for each in reading.sequences] == [False]

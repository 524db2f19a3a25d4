"""Variant Observations: presence, coordinates, alleles, names. All synthetic."""

import pytest

from fhir_pgx.model.finding import Presence, SourceClass

LOINC = "http://loinc.org"
PRESENT = {"coding": [{"system": LOINC, "code": "LA9633-4", "display": "Present"}]}


def coded(code, value):
    return {"code": {"coding": [{"system": LOINC, "code": code}]}} | value


def concept(code, value, system=LOINC):
    return coded(code, {"valueCodeableConcept": {"coding": [{"system": system, "code": value}]}})


def text(code, value):
    return coded(code, {"valueString": value})


def span(code, low=None, high=None):
    ends = {"low": low, "high": high}
    stated = {name: {"value": value} for name, value in ends.items() if value is not None}
    return coded(code, {"valueRange": stated})


def variant(*components, value=PRESENT, **more):
    made = {
        "resourceType": "Observation",
        "id": "v",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "69548-6"}]},
        "component": list(components),
    }
    return made | ({"valueCodeableConcept": value} if value else {}) | more


CHROMOSOME_10 = concept("48013-7", "NC_000010.11")
ZERO, ONE, ZERO_CHARACTER = (
    concept("92822-6", code) for code in ("LA30100-4", "LA30102-0", "LA30101-2")
)
REF, ALT = text("69547-8", "G"), text("69551-0", "A")


def codes(found):
    return [caveat.code for caveat in found.caveats]


@pytest.mark.parametrize(
    ("system", "low", "high", "ref", "expected", "caveats"),
    [
        # rs4244285 stands at 94781859 in 1-based counting of GRCh38
        (ONE, 94781859, 94781859, "G", (94781858, 94781859), []),
        (ONE, 94781859, None, "G", (94781858, 94781859), []),
        (ZERO, 94781858, 94781859, "G", (94781858, 94781859), []),
        (ZERO, 94781858, None, "G", (94781858, 94781859), []),
        (ZERO_CHARACTER, 94781858, 94781858, "G", (94781858, 94781859), []),
        # no system: the reference allele's length decides, and it is said so
        (None, 94781858, 94781859, "G", (94781858, 94781859), ["PGX-505"]),
        (None, 94781859, 94781859, "G", (94781858, 94781859), ["PGX-505"]),
        (None, 94781859, None, "G", (94781858, 94781859), ["PGX-505"]),
        # a declared system stands, also where the length says otherwise
        (ONE, 94781859, 94781860, "G", (94781858, 94781859), ["PGX-506"]),
        (ZERO, 94781858, 94781858, "G", (94781858, 94781859), ["PGX-506"]),
        # insertions: nothing is replaced
        (ZERO, 100, 100, "-", (100, 100), []),
        (ONE, 100, 101, "-", (100, 100), []),
        # a longer reference allele
        (ONE, 100, 102, "ATC", (99, 102), []),
        (ZERO, 99, None, "ATC", (99, 102), []),
    ],
)
def test_positions_become_zero_based_intervals(
    reading_of, system, low, high, ref, expected, caveats
):
    parts = [CHROMOSOME_10, text("69547-8", ref), ALT, span("81254-5", low, high)]
    if system:
        parts.append(system)
    (found,) = reading_of(variant(*parts)).variants
    assert (found.start, found.end) == expected
    assert codes(found) == caveats
    assert (found.build, found.chromosome) == ("GRCh38", "10")


@pytest.mark.parametrize(
    ("low", "high"), [(200, 100), (-5, 3), (None, 7), ("first", None), (0, 0), (1e300, None)]
)
def test_a_range_that_is_none_costs_that_variant_alone(reading_of, low, high):
    broken = variant(CHROMOSOME_10, ONE, REF, ALT, span("81254-5", low, high), id="broken")
    sound = variant(CHROMOSOME_10, ONE, REF, ALT, span("81254-5", 5, 5), id="sound")
    reading = reading_of(broken, sound)
    assert [found.origin.reference for found in reading.variants] == ["Observation/sound"]
    assert reading.not_understood[0].reference == "Observation/broken"
    assert "range" in reading.not_understood[0].reason


@pytest.mark.parametrize(
    ("answer", "presence"),
    [
        ("LA9633-4", Presence.PRESENT),
        ("LA9634-2", Presence.ABSENT),
        ("LA18198-4", Presence.NO_CALL),
        ("LA11884-6", Presence.INDETERMINATE),
    ],
)
def test_the_four_assessments_stay_four(reading_of, answer, presence):
    value = {"coding": [{"system": LOINC, "code": answer}]}
    (found,) = reading_of(variant(concept("81252-9", "rs4244285"), value=value)).variants
    assert found.presence is presence


def test_a_variant_without_assessment_is_not_taken_for_present(reading_of):
    (found,) = reading_of(variant(concept("81252-9", "rs4244285"), value=None)).variants
    assert found.presence is Presence.INDETERMINATE
    assert codes(found) == ["PGX-515"]


def test_a_stated_zygosity_says_that_the_variant_is_there(reading_of):
    (found,) = reading_of(
        variant(concept("81252-9", "rs4244285"), concept("53034-5", "LA6705-3"), value=None)
    ).variants
    assert (found.presence, found.zygosity) == (Presence.PRESENT, "homozygous")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("LA6706-1", "heterozygous"),
        ("LA6705-3", "homozygous"),
        ("LA6707-9", "hemizygous"),
        ("LA6703-8", "heteroplasmic"),
        ("LA6704-6", "homoplasmic"),
        ("", ""),
    ],
)
def test_zygosity_is_taken_from_the_allelic_state_or_not_at_all(reading_of, answer, expected):
    parts = [concept("81252-9", "rs4244285")] + ([concept("53034-5", answer)] if answer else [])
    assert reading_of(variant(*parts)).variants[0].zygosity == expected


def test_a_variant_that_was_not_tested_is_listed_and_never_absent(reading_of):
    reason = {"dataAbsentReason": {"coding": [{"code": "not-performed"}]}}
    reading = reading_of(variant(concept("81252-9", "rs4244285"), value=None, **reason))
    assert (reading.variants, len(reading.not_understood)) == ((), 1)


def test_reference_confirmed_keeps_both_alleles(reading_of):
    (found,) = reading_of(
        variant(CHROMOSOME_10, ONE, REF, text("69551-0", "G"), span("81254-5", 5, 5))
    ).variants
    assert (found.ref, found.alt, found.presence) == ("G", "G", Presence.PRESENT)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("NC_000010.11:g.94781859G>A", (94781858, 94781859, "G", "A")),
        ("NC_000010.11:g.100_102del", (99, 102, None, "")),
        ("NC_000010.11:g.100_102delATC", (99, 102, "ATC", "")),
        ("NC_000010.11:g.100_101insTT", (100, 100, "", "TT")),
        ("NC_000010.11:g.100dupA", (99, 99, "", "A")),
        ("NC_000010.11:g.100_102delinsG", (99, 102, None, "G")),
        # their bases are those of the reference, which is not at hand: the name keeps them
        ("NC_000010.11:g.100_102dup", (99, 102, None, None)),
        ("NC_000010.11:g.100TA[8]", (99, 100, None, None)),
        ("NC_000010.11:g.94781859G=", (94781858, 94781859, "G", "G")),
        ("NC_000010.11:g.(100_102)_(200_202)del", (None, None, None, None)),
        ("NC_000010.11:g.100_90del", (None, None, None, None)),
    ],
)
def test_a_genomic_name_places_the_variant(reading_of, name, expected):
    hgvs = concept("81290-9", name, "http://varnomen.hgvs.org")
    (found,) = reading_of(variant(hgvs)).variants
    assert (found.start, found.end, found.ref, found.alt) == expected
    assert found.genomic_hgvs == name


def test_a_name_that_says_unchanged_is_evidence_for_the_reference(reading_of):
    (found,) = reading_of(variant(concept("81290-9", "NC_000010.11:g.94781859="))).variants
    assert (found.presence, found.ref, found.alt) == (Presence.ABSENT, None, None)


def test_a_name_without_accession_is_joined_with_build_and_chromosome(reading_of):
    (found,) = reading_of(
        variant(
            concept("81290-9", "g.94781859G>A"),
            concept("62374-4", " LA26806-2"),
            concept("48000-4", "LA21263-1"),
        )
    ).variants
    assert (found.accession, found.build, found.start) == ("NC_000010.11", "GRCh38", 94781858)


def test_a_chromosome_where_an_accession_belongs_is_read_with_its_build(reading_of):
    (found,) = reading_of(
        variant(concept("48013-7", "chr10"), concept("62374-4", "LA26806-2"), ONE, REF, ALT,
                span("81254-5", 94781859))
    ).variants  # fmt: skip
    assert (found.accession, found.build, found.start) == ("NC_000010.11", "GRCh38", 94781858)
    (alone,) = reading_of(
        variant(concept("48013-7", "chr10"), ONE, REF, ALT, span("81254-5", 94781859))
    ).variants
    assert (alone.build, codes(alone)) == ("", ["PGX-508"])


def test_a_chromosomes_name_places_what_counts_in_a_gene(reading_of):
    within = [concept("48013-7", "NG_008384.3"), ONE, span("81254-5", 24179)]
    minus = [text("69547-8", "C"), text("69551-0", "T")]
    (found,) = reading_of(
        variant(*within, *minus, concept("81290-9", "NC_000010.11:g.94781859G>A"))
    ).variants
    assert (found.accession, found.start, found.ref, found.alt, codes(found)) == (
        "NC_000010.11", 94781858, "G", "A", [],
    )  # fmt: skip
    (without,) = reading_of(variant(*within, *minus)).variants
    assert (without.build, without.start, codes(without)) == ("", 24178, ["PGX-508"])


@pytest.mark.parametrize(
    ("code", "zygosity"),
    [("LA6706-1", "heterozygous"), ("LA6705-3", "homozygous"), ("LA9633-4", "")],
)
def test_a_zygosity_that_is_the_value_itself_is_read(reading_of, code, zygosity):
    stated = {"coding": [{"system": LOINC, "code": code}]}
    (found,) = reading_of(
        variant(CHROMOSOME_10, ONE, REF, ALT, span("81254-5", 5), value=stated)
    ).variants
    assert (found.zygosity, found.presence) == (zygosity, Presence.PRESENT)


@pytest.mark.parametrize("is_coded", [True, False])
def test_an_spdi_in_the_place_of_a_coding_name_is_known_for_what_it_is(reading_of, is_coded):
    stated = concept("48004-6", "NC_000010.11:94781858:G:A")
    if not is_coded:
        stated["valueCodeableConcept"] = {"text": "NC_000010.11:94781858:G:A"}
    (found,) = reading_of(variant(stated)).variants
    assert (found.start, found.ref, found.alt, found.coding_hgvs) == (94781858, "G", "A", "")


def test_a_name_and_a_range_that_disagree_are_flagged(reading_of):
    (found,) = reading_of(
        variant(
            CHROMOSOME_10, ONE, REF, ALT, span("81254-5", 94781859),
            concept("81290-9", "NC_000010.11:g.96541616G>A"),
        )
    ).variants  # fmt: skip
    assert (found.start, codes(found)) == (94781858, ["PGX-516"])


@pytest.mark.parametrize(
    ("accession", "build", "chromosome"),
    [
        ("NC_000012.11", "GRCh37", "12"),  # the version alone says nothing of the build
        ("NC_000012.12", "GRCh38", "12"),
        ("NC_012920.1", "both", "MT"),
    ],
)
def test_the_build_comes_from_the_whole_accession(reading_of, accession, build, chromosome):
    (found,) = reading_of(
        variant(concept("48013-7", accession), ONE, REF, ALT, span("81254-5", 5))
    ).variants
    assert (found.build, found.chromosome) == (build, chromosome)


@pytest.mark.parametrize("accession", ["NC_000010", "NC_060934.1", "NM_000769.4", "NG_008384.3"])
def test_a_reference_that_is_no_chromosome_of_a_known_build_is_not_placed(reading_of, accession):
    (found,) = reading_of(
        variant(concept("48013-7", accession), ONE, REF, ALT, span("81254-5", 5))
    ).variants
    assert (found.accession, found.build, found.chromosome) == (accession, "", "")
    assert "PGX-508" in codes(found)


def test_the_accession_wins_over_a_contradicting_build_and_chromosome(reading_of):
    (found,) = reading_of(
        variant(
            CHROMOSOME_10, ONE, REF, ALT, span("81254-5", 5),
            concept("62374-4", "LA14029-5"), concept("48000-4", "LA21264-9"),
        )
    ).variants  # fmt: skip
    assert (found.build, found.chromosome) == ("GRCh38", "10")
    assert codes(found) == ["PGX-507", "PGX-507"]


def test_structural_ranges_and_copies_are_kept_and_zero_copies_is_a_number(reading_of):
    (found,) = reading_of(
        variant(
            concept("48013-7", "NC_000022.11"), ZERO,
            span("81302-2", 42126500, 42130800), span("81301-4", 42120000, 42140000),
            concept("48019-4", "SO:0000159", "http://www.sequenceontology.org"),
            coded("82155-3", {"valueQuantity": {"value": 0}}),
        )
    ).variants  # fmt: skip
    assert (found.inner, found.outer) == ((42126500, 42130800), (42120000, 42140000))
    assert (found.copy_number, found.change_type, found.start) == ("0", "deletion", None)


@pytest.mark.parametrize("code", ["81252-9", "81255-2"])
def test_an_rs_number_is_kept_with_its_system(reading_of, code):
    (found,) = reading_of(variant(concept(code, "rs9923231", "http://dbsnp"))).variants
    assert (found.ids, found.start) == (("http://dbsnp|rs9923231",), None)


def test_the_gene_inside_a_coding_name_is_found(reading_of):
    (found,) = reading_of(variant(concept("48004-6", "NM_000769.4(CYP2C19):c.681G>A"))).variants
    assert (found.genes, found.coding_hgvs) == (("CYP2C19",), "NM_000769.4(CYP2C19):c.681G>A")


@pytest.mark.parametrize(
    ("code", "expected"),
    [("LA6683-2", SourceClass.GERMLINE), ("LA6684-0", SourceClass.SOMATIC)],
)
def test_the_source_class_is_kept(reading_of, code, expected):
    (found,) = reading_of(variant(concept("81252-9", "rs1"), concept("48002-0", code))).variants
    assert found.source_class is expected


def test_a_complex_variant_of_stu1_is_a_wrapper_and_no_variant(reading_of):
    reading = reading_of(variant(concept("81263-6", "LA26217-2")))
    assert reading.variants == ()
    assert "wrapper" in reading.not_understood[0].reason


def test_a_variant_that_names_nothing_is_listed(reading_of):
    reading = reading_of(variant(REF, ALT))
    assert reading.variants == ()
    assert "neither a position" in reading.not_understood[0].reason


def test_a_phase_relationship_keeps_its_references_as_sent(reading_of):
    reading = reading_of(
        {
            "resourceType": "Observation",
            "id": "phase",
            "status": "final",
            "code": {"coding": [{"system": LOINC, "code": "82120-7"}]},
            "valueCodeableConcept": {"coding": [{"code": "Trans"}]},
            "derivedFrom": [{"reference": "#a"}, {"reference": "Observation/b"}],
        }
    )
    assert [(one.value, one.of) for one in reading.phases] == [("Trans", ("#a", "Observation/b"))]
    assert [one.variants for one in reading.phases] == [()]  # neither is at hand


def test_a_phase_relationship_names_the_variants_at_hand(reading_of):
    here = variant(CHROMOSOME_10, ONE, REF, ALT, span("81254-5", 5), id="b")
    related = {
        "resourceType": "Observation",
        "id": "phase",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "82120-7"}]},
        "valueCodeableConcept": {"coding": [{"code": "Cis"}]},
        "derivedFrom": [
            {"reference": "https://example.org/fhir/Observation/b"},
            {"reference": "Observation/elsewhere"},
        ],
    }
    (found,) = reading_of(here, related).phases
    assert found.variants == ("Observation/b",)
    assert found.of == ("https://example.org/fhir/Observation/b", "Observation/elsewhere")


def test_a_zygosity_without_a_variant_is_listed_where_no_sequence_takes_it(reading_of):
    reading = reading_of(variant(concept("53034-5", "LA6706-1"), id="alone"))
    assert reading.variants == ()
    assert [one.reference for one in reading.not_understood] == ["Observation/alone"]


@pytest.mark.parametrize(("low", "high"), [(10, 5), (-5, None), (10.5, None)])
def test_the_gene_of_a_variant_that_is_refused_was_looked_at(reading_of, low, high):
    gene = {"code": {"coding": [{"code": "48018-6"}]}, "valueCodeableConcept": {"text": "CYP2C19"}}
    reading = reading_of(variant(CHROMOSOME_10, ONE, REF, ALT, span("81254-5", low, high), gene))
    assert (reading.variants, reading.refused_genes) == ((), ("CYP2C19",))

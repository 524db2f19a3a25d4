"""Variants as FHIR resources state them, at the decision positions. All resources are synthetic.

The definitions are those of the knowledge release where a test is about spellings of real variants,
and small hand-made ones where it is about what statements mean together.
"""

from functools import cache

import pytest

from fhir_pgx.fhir.bundle import entries_of
from fhir_pgx.fhir.reading import read
from fhir_pgx.knowledge.loader import load_knowledge
from fhir_pgx.model.definition import Site
from fhir_pgx.model.finding import ObservedVariant, Origin, Presence, StatedSequence
from fhir_pgx.model.variant import OTHER, UNREAD
from fhir_pgx.normalize.observed_sites import read_observed_sites
from fhir_pgx.normalize.sites import SiteIndex
from tests.normalize.test_sites import INSERTION, MOVED, REPEAT, SNV, definition

RAPID = Site("rs12248560", 94761899, "C", ("T",), start37=96521656, names={"c.-806C>T": "T"})
THREE = Site("rs1142345", 18130686, "T", ("C", "G"), start37=18130917, names={"c.719A>G": "C"})
DEAF = Site("rs267606617", 1554, "A", ("G",), start37=1554, names={"m.1555A>G": "G"})
HAND_MADE = SiteIndex(
    [
        definition("CYP2C19", "10", RAPID, SNV, MOVED),
        definition("UGT1A1", "2", REPEAT),
        definition("NUDT15", "13", INSERTION),
        definition("TPMT", "6", THREE),
        definition("MT-RNR1", "MT", DEAF),
    ]
)
HET, HOM, HEMI = "LA6706-1", "LA6705-3", "LA6707-9"
PRESENT, ABSENT, NO_CALL, INDETERMINATE = "LA9633-4", "LA9634-2", "LA18198-4", "LA11884-6"


@cache
def real() -> SiteIndex:
    return SiteIndex(load_knowledge().definitions.values())


@cache
def vocabulary():
    return load_knowledge().vocabulary


# Resources


def coded(code, system="http://loinc.org"):
    return {"coding": [{"system": system, "code": code}]}


def component(code, **value):
    return {"code": coded(code)} | value


def concept(code, value, system=""):
    return component(code, valueCodeableConcept=coded(value, system))


def text(code, value):
    return component(code, valueString=value)


def span(low, high=None):
    ends = {"low": {"value": low}} | ({"high": {"value": high}} if high is not None else {})
    return component("81254-5", valueRange=ends)


def gene(symbol):
    return component("48018-6", valueCodeableConcept={"text": symbol})


def on(accession):
    return concept("48013-7", accession)


def alleles_of(ref, alt):
    return [text("69547-8", ref), text("69551-0", alt)]


def name(text_, code="81290-9"):
    return component(code, valueCodeableConcept={"text": text_})


def rs(code):
    return concept("81252-9", code, "http://www.ncbi.nlm.nih.gov/projects/SNP")


ZERO, CHARACTER, ONE = (concept("92822-6", c) for c in ("LA30100-4", "LA30101-2", "LA30102-0"))


def observation(*components, value=PRESENT, state="", named="v", **more):
    stated = [concept("53034-5", state)] if state else []
    return {
        "resourceType": "Observation",
        "id": named,
        "status": "final",
        "subject": {"reference": "Patient/synthetic"},
        "code": coded("69548-6"),
        "valueCodeableConcept": coded(value),
        "component": [*components, *stated],
    } | more


def sequence(
    named, *variants, window=None, accession="NC_000010.11", system=1, strand=None, **more
):
    reference = {"referenceSeqId": coded(accession)}
    if window:
        reference |= {"windowStart": window[0], "windowEnd": window[1]}
    if strand:
        reference["strand"] = strand
    stated = [
        {"start": s, "end": e, "referenceAllele": ref, "observedAllele": alt}
        for s, e, ref, alt in variants
    ]
    return {
        "resourceType": "MolecularSequence",
        "id": named,
        "type": "dna",
        "patient": {"reference": "Patient/synthetic"},
        "coordinateSystem": system,
        "referenceSeq": reference,
        "variant": [
            {key: value for key, value in each.items() if value is not None} for each in stated
        ],
    } | more


def phase(relation, *of, named="p"):
    return {
        "resourceType": "Observation",
        "id": named,
        "status": "final",
        "code": coded("82120-7"),
        "valueCodeableConcept": {"coding": [{"code": relation, "display": relation}]},
        "derivedFrom": [{"reference": reference} for reference in of],
    }


def sites(*resources, index=HAND_MADE):
    bundle = {"resourceType": "Bundle", "entry": [{"resource": item} for item in resources]}
    reading = read(list(entries_of(bundle)), vocabulary())
    return read_observed_sites(reading.variants, reading.phases, reading.sequences, index)


def calls(found):
    return {call.site: call for each in found.by_gene.values() for call in each}


def alleles(found):
    return {site: call.alleles for site, call in calls(found).items()}


def codes(call):
    return [caveat.code for caveat in call.caveats]


def gene_codes(found, symbol):
    return [caveat.code for caveat in found.gene_caveats.get(symbol, ())]


# CYP2C19*2 in every spelling

G_TO_A = alleles_of("G", "A")
SPELLINGS_OF_2 = [
    ("1-based", [on("NC_000010.11"), ONE, span(94781859, 94781859), *G_TO_A], []),
    ("1-based, without an end", [on("NC_000010.11"), ONE, span(94781859), *G_TO_A], []),
    ("0-based interval", [on("NC_000010.11"), ZERO, span(94781858, 94781859), *G_TO_A], []),
    ("0-based character", [on("NC_000010.11"), CHARACTER, span(94781858, 94781858), *G_TO_A], []),
    ("GRCh37", [on("NC_000010.10"), ONE, span(96541616, 96541616), *G_TO_A], []),
    (
        "build and chromosome",
        [concept("62374-4", "LA26806-2"), component("48000-4", valueCodeableConcept={"text": "10"}),
         ONE, span(94781859), *G_TO_A],
        [],
    ),
    ("genomic name, GRCh38", [name("NC_000010.11:g.94781859G>A")], []),
    ("genomic name, GRCh37", [name("NC_000010.10:g.96541616G>A")], []),
    ("SPDI", [concept("81252-9", "NC_000010.11:94781858:G:A")], []),
    ("genomic name beside a gene's own positions",
     [on("NG_008384.3"), ONE, span(24179), *G_TO_A, name("NC_000010.11:g.94781859G>A")], []),
    ("the reverse strand", [on("NC_000010.11"), ONE, span(94781859), *alleles_of("C", "T")],
     ["PGX-521"]),
    ("a GRCh37 number under a GRCh38 accession", [name("NC_000010.11:g.96541616G>A")],
     ["PGX-524"]),
    ("no version, so that position and base show the build",
     [name("NC_000010:g.94781859G>A")], ["PGX-524"]),
    ("no accession, beside the gene", [gene("CYP2C19"), name("g.94781859G>A")], ["PGX-524"]),
    ("no reference allele", [on("NC_000010.11"), ONE, span(94781859), text("69551-0", "A")], []),
    ("rs number", [rs("rs4244285")], ["PGX-525"]),
    ("rs number in words", [component("81252-9", valueCodeableConcept={"text": "RS4244285"})],
     ["PGX-525"]),
    ("rs number and bases", [rs("rs4244285"), *G_TO_A], []),
    ("rs number and bases of the other strand", [rs("rs4244285"), *alleles_of("C", "T")],
     ["PGX-521"]),
    ("coding name", [name("NM_000769.4(CYP2C19):c.681G>A", "48004-6")], []),
    ("coding name with spaces", [name("NM_000769.4 (CYP2C19): c.681G>A", "48004-6")], []),
    ("coding name beside the gene", [gene("CYP2C19"), name("c.681g>a", "48004-6")], []),
    ("ClinVar's title", [name("NM_000769.4(CYP2C19):c.681G>A (p.Pro227=)", "48004-6")], []),
    ("ClinVar id", [concept("81252-9", "16897", "http://www.ncbi.nlm.nih.gov/clinvar")], []),
    ("ClinVar accession",
     [concept("81252-9", "VCV000016897.54", "http://www.ncbi.nlm.nih.gov/clinvar")], []),
]  # fmt: skip


@pytest.mark.parametrize(("what", "components", "expected"), SPELLINGS_OF_2)
def test_a_homozygous_cyp2c19_2_is_the_same_call_in_every_spelling(what, components, expected):
    found = sites(observation(*components, state=HOM), index=real())
    assert alleles(found) == {"rs4244285": ("A", "A")}, what
    call = calls(found)["rs4244285"]
    assert call.zygosity_known
    assert codes(call) == [*(["PGX-505"] if False else []), *expected], what
    assert found.resolved == {0: "rs4244285"}
    assert found.not_understood == ()


@pytest.mark.parametrize(
    ("what", "components"),
    [
        ("another base of another build", [name("NC_000010.11:g.96541616T>A")]),
        ("the next position", [name("NC_000010.11:g.94781860G>A")]),
        ("another chromosome", [name("NC_000009.12:g.94781859G>A")]),
        ("a third build", [name("NC_060934.1:g.94781859G>A")]),
        ("NCBI36", [name("NC_000010.9:g.94781859G>A")]),
        ("a coding name without its gene", [name("c.681G>A", "48004-6")]),
        ("a coding name of another gene", [name("NM_000771.4(CYP2C9):c.681G>A", "48004-6")]),
        ("a coding name that counts in the gene", [name("NG_008384.3:c.681G>A", "48004-6")]),
        ("another rs number", [rs("rs42442850")]),
        ("a ClinVar number of another system", [concept("81252-9", "16897", "http://example.org")]),
    ],
)
def test_what_is_not_the_position_says_nothing_of_it(what, components):
    found = sites(observation(*components, state=HOM), index=real())
    assert "rs4244285" not in alleles(found), what


@pytest.mark.parametrize(
    ("what", "components", "reason"),
    [
        (
            "its base is neither strand's, on neither build",
            [on("NC_000010.11"), ONE, span(94781859), *alleles_of("T", "A")],
            "its alleles are not those of rs4244285, where GRCh38 has G",
        ),
        (
            "the bases beside an rs number are not its own",
            [rs("rs4244285"), *alleles_of("G", "T")],
            "its alleles are not those of rs4244285, which its names stand for",
        ),
        (
            "the name is ours, the place is not",
            [on("NC_000010.11"), ONE, span(94781860), *G_TO_A, rs("rs4244285")],
            "it is named as rs4244285, but its position (GRCh38 10:94781860) is not",
        ),
        (
            "two rs numbers",
            [rs("rs4244285"), rs("rs12248560")],
            "its names stand for different positions",
        ),
    ],
)
def test_what_contradicts_itself_is_listed_and_its_gene_told(what, components, reason):
    found = sites(observation(*components, state=HOM), index=real())
    assert alleles(found) == {}, what
    assert [each.reason for each in found.not_understood] == [reason]
    assert gene_codes(found, "CYP2C19") == ["PGX-528"]
    assert found.resolved == {}


def test_the_place_wins_over_a_name_of_another_position():
    placed = [on("NC_000010.11"), ONE, span(94781859), *G_TO_A]
    found = sites(observation(*placed, rs("rs12248560"), state=HET), index=real())
    assert alleles(found) == {"rs4244285": ("G", "A")}
    assert codes(calls(found)["rs4244285"]) == ["PGX-526"]


# Insertions and deletions, wherever they are aligned


@pytest.mark.parametrize(
    ("what", "components"),
    [
        ("as in a VCF", [on("NC_000002.12"), ONE, span(233760233, 233760235),
                         *alleles_of("CAT", "CATAT")]),
        ("inserted after the anchor", [on("NC_000002.12"), ONE, span(233760233, 233760234),
                                       *alleles_of("-", "AT")]),
        ("inserted at the end of the repeat", [on("NC_000002.12"), ZERO,
                                               span(233760248, 233760248), *alleles_of("", "TA")]),
        ("inserted in the middle", [on("NC_000002.12"), ZERO, span(233760240, 233760240),
                                    *alleles_of("-", "TA")]),
        ("on GRCh37", [name("NC_000002.11:g.234668893_234668894dupTA")]),
        ("duplication", [name("NC_000002.12:g.233760247_233760248dup")]),
        ("duplication with its bases", [name("NC_000002.12:g.233760247_233760248dupTA")]),
        ("repeat", [name("NC_000002.12:g.233760235TA[8]")]),
        ("SPDI", [concept("81252-9", "NC_000002.12:233760234:TATATATATATATA:TATATATATATATATA")]),
        ("coding name", [gene("UGT1A1"), name("c.-41_-40dup", "48004-6")]),
        ("rs number and bases", [rs("rs3064744"), *alleles_of("-", "TA")]),
    ],
)  # fmt: skip
def test_ugt1a1_28_is_seven_repeats_and_one_more_in_every_spelling(what, components):
    found = sites(observation(*components, state=HET), index=real())
    assert alleles(found) == {"rs3064744": ("CAT", "CATAT")}, what


@pytest.mark.parametrize(
    ("what", "components", "expected"),
    [
        ("NUDT15 *9, left", [on("NC_000013.11"), ONE, span(48037782, 48037788),
                             *alleles_of("AGGAGTC", "A")], {"rs746071566": ("AGGAGTC", "A")}),
        ("NUDT15 *9, right", [name("NC_000013.11:g.48037796_48037801delGAGTCG")],
         {"rs746071566": ("AGGAGTC", "A")}),
        ("NUDT15 *9, repeat", [name("NC_000013.11:g.48037784GAGTCG[2]")],
         {"rs746071566": ("AGGAGTC", "A")}),
        ("DPYD c.1898delC, left", [on("NC_000001.11"), ONE, span(97450065, 97450066),
                                   *alleles_of("TG", "T")], {"rs72549303": ("TG", "T")}),
        ("DPYD c.1898delC, right", [name("NC_000001.11:g.97450067del")],
         {"rs72549303": ("TG", "T")}),
        ("DPYD c.295_298del, left", [name("NC_000001.11:g.97740411_97740414del")],
         {"rs72549309": ("GATGA", "G")}),
        ("DPYD c.295_298del, right", [name("NC_000001.11:g.97740415_97740418delATGA")],
         {"rs72549309": ("GATGA", "G")}),
        ("DPYD c.295_298del, GRCh37", [name("NC_000001.10:g.98205967_98205970del")],
         {"rs72549309": ("GATGA", "G")}),
        # the refusals beside them
        ("one repeat too few", [name("NC_000002.12:g.233760235TA[5]")],
         {"rs3064744": ("CAT", OTHER)}),
        ("beside the repeat", [name("NC_000001.11:g.97740430_97740433del")], {}),
    ],
)  # fmt: skip
def test_deletions_are_known_left_and_right_aligned(what, components, expected):
    assert alleles(sites(observation(*components, state=HET), index=real())) == expected, what


# Zygosity and presence


@pytest.mark.parametrize(
    ("what", "value", "state", "expected", "known"),
    [
        ("heterozygous", PRESENT, HET, ("G", "A"), True),
        ("homozygous", PRESENT, HOM, ("A", "A"), True),
        ("hemizygous", PRESENT, HEMI, ("A",), True),
        ("no zygosity", PRESENT, "", ("A",), False),
        ("absent", ABSENT, "", ("G", "G"), True),
        ("no call", NO_CALL, "", (UNREAD, UNREAD), True),
        ("indeterminate", INDETERMINATE, "", (UNREAD, UNREAD), True),
        ("the zygosity as the value itself", HET, "", ("G", "A"), True),
    ],
)
def test_zygosity_is_what_is_stated(what, value, state, expected, known):
    call = calls(sites(observation(rs("rs4244285"), *G_TO_A, value=value, state=state)))
    assert (call["rs4244285"].alleles, call["rs4244285"].zygosity_known) == (expected, known), what


@pytest.mark.parametrize(
    ("what", "components", "value"),
    [
        ("alt = ref", [on("NC_000010.11"), ONE, span(94781859), *alleles_of("G", "G")], PRESENT),
        ("g.=", [name("NC_000010.11:g.94781859=")], PRESENT),
        ("g.G=", [name("NC_000010.11:g.94781859G=")], PRESENT),
        ("the only alternate absent", [rs("rs4244285")], ABSENT),
        ("absent at its place", [on("NC_000010.11"), ONE, span(94781859), *G_TO_A], ABSENT),
    ],
)
def test_a_confirmed_reference_is_both_copies(what, components, value):
    found = sites(observation(*components, value=value))
    assert alleles(found) == {"rs4244285": ("G", "G")}, what


@pytest.mark.parametrize(
    ("absent", "expected"),
    [(["C"], {}), (["C", "G"], {"rs1142345": ("T", "T")})],
)
def test_one_allele_absent_of_several_is_not_the_reference(absent, expected):
    rows = [
        observation(on("NC_000006.12"), ONE, span(18130687), *alleles_of("T", alt),
                    value=ABSENT, named=alt)
        for alt in absent
    ]  # fmt: skip
    found = sites(*rows)
    assert alleles(found) == expected
    if not expected:
        (missed,) = found.not_understood
        assert missed.reason == "one allele of rs1142345 is absent; others were not tested"


@pytest.mark.parametrize("value", [PRESENT, ABSENT])
def test_an_rs_number_of_several_alleles_does_not_say_which(value):
    found = sites(observation(rs("rs1142345"), value=value, state=HET if value == PRESENT else ""))
    assert alleles(found) == {}
    assert "does not say which allele" in found.not_understood[0].reason


@pytest.mark.parametrize(
    ("what", "components", "expected"),
    [
        # GRCh37 itself has G at rs3758581; the alleles are bases on either build
        ("GRCh37, het", [name("NC_000010.10:g.96602623G>A")], ("G", "A")),
        ("GRCh38, het", [name("NC_000010.11:g.94842866A>G")], ("A", "G")),
        ("name, het", [gene("CYP2C19"), name("c.991A>G", "48004-6")], ("A", "G")),
    ],
)
def test_where_the_builds_differ_the_reference_copy_has_the_builds_own_base(
    what, components, expected
):
    found = sites(observation(*components, state=HET), index=real())
    assert alleles(found) == {"rs3758581": expected}, what


ON_37, ON_38 = "NC_000010.10:g.96602623", "NC_000010.11:g.94842866"


@pytest.mark.parametrize(
    ("what", "first", "second", "expected"),
    [
        ("heterozygous on both", (f"{ON_37}G>A", HET), (f"{ON_38}A>G", HET), {"A", "G"}),
        ("GRCh37's reference is GRCh38's variant", (f"{ON_37}G=", ""), (f"{ON_38}A>G", HOM), {"G"}),
        ("and the reverse", (f"{ON_37}G>A", HOM), (f"{ON_38}A=", ""), {"A"}),
        ("both references contradict", (f"{ON_37}G=", ""), (f"{ON_38}A=", ""), {UNREAD}),
    ],
)
def test_results_on_two_builds_are_compared_as_bases(what, first, second, expected):
    rows = [
        observation(name(text_), state=state, named=f"v{i}")
        for i, (text_, state) in enumerate((first, second))
    ]
    for given in (rows, rows[::-1]):
        found = alleles(sites(*given))
        assert set(found["rs3758581"]) == expected, what
        assert len(found["rs3758581"]) == 2


def test_a_copy_stated_as_the_reference_beside_an_allele_is_a_heterozygote():
    half = row("a", alt="G", state=HET)
    assert alleles(sites(half)) == {"rs4244285": ("G", UNREAD)}
    assert alleles(sites(half, row("b", state=HET))) == {"rs4244285": ("G", "A")}
    assert alleles(sites(half, row("b"))) == {"rs4244285": ("G", "A")}


def test_where_the_builds_differ_a_bare_rs_number_says_only_heterozygous():
    assert alleles(sites(observation(rs("rs3758581"), state=HET))) == {"rs3758581": ("A", "G")}
    assert alleles(sites(observation(rs("rs3758581"), state=HOM))) == {}
    assert alleles(sites(observation(rs("rs3758581"), value=ABSENT))) == {}


@pytest.mark.parametrize(
    ("what", "value", "state", "expected"),
    [
        ("homoplasmic", PRESENT, "LA6704-6", ("G",)),
        ("homozygous, as some write", PRESENT, HOM, ("G",)),
        ("heteroplasmic", PRESENT, "LA6703-8", ("A", "G")),
        ("absent", ABSENT, "", ("A",)),
        ("no call", NO_CALL, "", (UNREAD,)),
    ],
)
def test_mitochondrial_dna_is_one_copy(what, value, state, expected):
    found = sites(observation(name("NC_012920.1:m.1555A>G"), value=value, state=state))
    assert alleles(found) == {"rs267606617": expected}, what
    named = sites(observation(name("m.1555A>G"), value=value, state=state))
    assert alleles(named) == {"rs267606617": expected}, what


# Several statements of one position


def at_28(alt, **more):
    place = [on("NC_000002.12"), ONE, span(233760233)]
    return observation(*place, *alleles_of("CAT", alt), named=alt, **more)


def test_two_heterozygous_results_with_two_alternates_are_both_copies():
    found = sites(at_28("CATAT", state=HET), at_28("C", state=HET))
    assert alleles(found) == {"rs3064744": ("C", "CATAT")}
    call = calls(found)["rs3064744"]
    assert {call.reference, *call.others} == {"Observation/CATAT", "Observation/C"}


def row(named, *, alt="A", value=PRESENT, state="", **more):
    place = [on("NC_000010.11"), ONE, span(94781859)]
    return observation(*place, *alleles_of("G", alt), value=value, state=state, named=named, **more)


@pytest.mark.parametrize(
    ("what", "rows", "expected"),
    [
        ("the same twice", [row("a", state=HET), row("b", state=HET)], ("G", "A")),
        ("zygosity in one of two", [row("a"), row("b", state=HOM)], ("A", "A")),
        ("read once, failed once", [row("a", state=HET), row("b", value=NO_CALL)], ("G", "A")),
        ("one copy stated beside a reference",
         [row("a", alt="G", state=HEMI), row("b", value=ABSENT)], ("G",)),
    ],
)  # fmt: skip
def test_results_that_can_be_true_together_are_one_call(what, rows, expected):
    found = sites(*rows)
    assert alleles(found) == {"rs4244285": expected}, what
    assert found.gene_caveats == {}


@pytest.mark.parametrize(
    ("what", "rows"),
    [
        ("heterozygous and homozygous", [row("a", state=HET), row("b", state=HOM)]),
        ("present and absent", [row("a", state=HET), row("b", value=ABSENT)]),
        ("present without zygosity, and absent", [row("a"), row("b", value=ABSENT)]),
        ("one copy and two", [row("a", state=HEMI), row("b", state=HOM)]),
        ("the newer one is no judge", [row("a", state=HET, effectiveDateTime="2020-01-01"),
                                       row("b", state=HOM, effectiveDateTime="2024-01-01")]),
    ],
)  # fmt: skip
def test_results_that_contradict_each_other_leave_the_position_unread(what, rows):
    found = sites(*rows)
    assert alleles(found) == {"rs4244285": (UNREAD, UNREAD)}, what
    (caveat,) = found.gene_caveats["CYP2C19"]
    assert caveat.code == "PGX-522"
    assert "rs4244285" in caveat.text
    assert "Observation/a, Observation/b" in caveat.text


def test_a_final_result_outranks_a_preliminary_one():
    final, early = row("a", state=HET), row("b", state=HOM, status="preliminary")
    found = sites(final, early)
    assert alleles(found) == {"rs4244285": ("G", "A")}
    assert gene_codes(found, "CYP2C19") == ["PGX-527"]
    alone = sites(early)
    assert alleles(alone) == {"rs4244285": ("A", "A")}
    assert codes(calls(alone)["rs4244285"]) == ["PGX-501"]
    agreeing = sites(final, row("b", state=HET, status="preliminary"))
    assert agreeing.gene_caveats == {}


def test_a_tumours_variant_is_no_call_of_the_persons_own_gene():
    tumour = row("a", state=HET)
    tumour["component"].append(concept("48002-0", "LA6684-0"))
    found = sites(tumour)
    assert (alleles(found), found.tumour_genes) == ({}, ("CYP2C19",))
    assert found.resolved == {0: "rs4244285"}  # what it is can still be shown
    beside = sites(tumour, row("b", value=ABSENT))
    assert alleles(beside) == {"rs4244285": ("G", "G")}


def test_a_change_of_several_bases_speaks_for_each_and_is_one_strand():
    neighbours = SiteIndex(
        [definition("CYP2C19", "10", SNV, Site("rs2", 94781860, "C", ("T",)))]
    )  # fmt: skip
    both = observation(on("NC_000010.11"), ONE, span(94781859, 94781861),
                       *alleles_of("GAC", "AAT"), state=HET)  # fmt: skip
    found = sites(both, index=neighbours)
    assert alleles(found) == {"rs4244285": ("G", "A"), "rs2": ("C", "T")}
    assert len({call.phase for call in calls(found).values()} - {""}) == 1


def test_a_deletion_over_a_base_counts_only_where_nothing_else_speaks_of_it():
    deletion = observation(on("NC_000010.11"), ONE, span(94781858, 94781859),
                           *alleles_of("AG", "A"), state=HET, named="d")  # fmt: skip
    assert alleles(sites(deletion)) == {"rs4244285": ("G", OTHER)}
    assert alleles(sites(deletion, row("a", state=HET))) == {"rs4244285": ("G", "A")}


def test_variants_elsewhere_are_neither_calls_nor_complaints():
    found = sites(observation(name("NC_000009.12:g.22125504G>C"), state=HET))
    assert (found.by_gene, found.gene_caveats, found.not_understood) == ({}, {}, ())


# Phase

AT_2 = [on("NC_000010.11"), ONE, span(94781859), *G_TO_A]
AT_17 = [on("NC_000010.11"), ONE, span(94761900), *alleles_of("C", "T")]
AT_331 = [on("NC_000010.11"), ONE, span(94842866), *alleles_of("A", "G")]


@pytest.mark.parametrize(
    ("what", "relation", "expected"),
    [
        ("on one strand", "Cis", {"rs12248560": ("C", "T"), "rs4244285": ("G", "A")}),
        ("on both strands", "Trans", {"rs12248560": ("C", "T"), "rs4244285": ("A", "G")}),
    ],
)
@pytest.mark.parametrize(
    "of",
    [
        ("Observation/two", "Observation/seventeen"),
        ("http://example.org/fhir/Observation/two", "Observation/seventeen/_history/1"),
    ],
)
def test_a_phase_relationship_puts_two_alleles_on_strands(what, relation, expected, of):
    two = observation(*AT_2, state=HET, named="two")
    seventeen = observation(*AT_17, state=HET, named="seventeen")
    found = sites(seventeen, two, phase(relation, *of[::-1]))
    named = {call.phase for call in calls(found).values()}
    assert alleles(found) == expected, what
    assert len(named) == 1
    assert named != {""}


@pytest.mark.parametrize("relation", ["Unknown", "Indeterminate"])
def test_an_unknown_phase_says_nothing(relation):
    two = observation(*AT_2, state=HET, named="two")
    seventeen = observation(*AT_17, state=HET, named="seventeen")
    found = sites(two, seventeen, phase(relation, "Observation/two", "Observation/seventeen"))
    assert {call.phase for call in calls(found).values()} == {""}


def three_in(*relations):
    rows = [
        observation(*place, state=HET, named=named)
        for place, named in ((AT_17, "a"), (AT_2, "b"), (AT_331, "c"))
    ]
    stated = [
        phase(relation, *(f"Observation/{each}" for each in of), named=f"p{i}")
        for i, (relation, of) in enumerate(relations)
    ]
    return sites(*rows, *stated)


def test_phase_reaches_over_several_relations():
    found = three_in(("Trans", "ab"), ("Trans", "bc"))
    assert alleles(found) == {
        "rs12248560": ("C", "T"), "rs4244285": ("A", "G"), "rs3758581": ("A", "G"),
    }  # fmt: skip
    assert {call.phase for call in calls(found).values()} == {"Observation/p0"}


@pytest.mark.parametrize(
    "relations",
    [
        [("Cis", "ab"), ("Trans", "ab")],
        [("Trans", "ab"), ("Trans", "bc"), ("Trans", "ac")],
        [("Trans", "abc")],
    ],
)
def test_phases_that_contradict_each_other_are_dropped_and_told(relations):
    found = three_in(*relations)
    assert {call.phase for call in calls(found).values()} == {""}
    assert gene_codes(found, "CYP2C19") == ["PGX-523"]


def test_phase_of_a_homozygous_allele_is_nothing_to_say():
    two = observation(*AT_2, state=HOM, named="two")
    seventeen = observation(*AT_17, state=HET, named="seventeen")
    found = sites(two, seventeen, phase("Cis", "Observation/two", "Observation/seventeen"))
    assert {call.phase for call in calls(found).values()} == {""}


# Sequences

WINDOW = (94760000, 94790000)
TWO = (94781859, 94781859, "G", "A")
SEVENTEEN = (94761900, 94761900, "C", "T")


def test_two_sequences_with_windows_are_the_two_copies():
    found = sites(sequence("a", TWO, window=WINDOW), sequence("b", SEVENTEEN, window=WINDOW))
    assert alleles(found) == {"rs12248560": ("C", "T"), "rs4244285": ("A", "G")}
    for call in calls(found).values():
        assert (call.phase, call.zygosity_known) == (
            "MolecularSequence/a + MolecularSequence/b",
            True,
        )
        assert codes(call) == ["PGX-529"]
        assert (call.reference, call.others) == ("MolecularSequence/a", ("MolecularSequence/b",))


def test_a_sequence_without_variants_is_the_reference_copy_beside_one_with_a_variant():
    found = sites(sequence("a", TWO, window=WINDOW), sequence("b", window=WINDOW))
    assert alleles(found) == {"rs12248560": ("C", "C"), "rs4244285": ("A", "G")}


def test_two_sequences_that_state_one_variant_are_two_copies_of_it():
    found = sites(sequence("a", TWO), sequence("b", TWO))
    assert alleles(found) == {"rs4244285": ("A", "A")}
    assert calls(found)["rs4244285"].zygosity_known


@pytest.mark.parametrize(
    ("what", "resources"),
    [
        ("one alone", [sequence("a", TWO)]),
        ("one alone with a window", [sequence("a", TWO, window=WINDOW)]),
        ("one sequence sent twice", [sequence("a", TWO), sequence("a", TWO)]),
        ("three", [sequence("a", TWO), sequence("b", TWO), sequence("c", TWO)]),
        ("two, one of which says nothing outside a window",
         [sequence("a", TWO), sequence("b", SEVENTEEN)]),
        ("two specimens", [sequence("a", TWO, specimen={"reference": "Specimen/1"}),
                           sequence("b", TWO, specimen={"reference": "Specimen/2"})]),
        ("a specimen stated in one", [sequence("a", TWO, specimen={"reference": "Specimen/1"}),
                                      sequence("b", TWO)]),
        ("two persons", [sequence("a", TWO),
                         sequence("b", TWO, patient={"reference": "Patient/other"})]),
        ("two builds", [sequence("a", TWO), sequence("b", (96541616, 96541616, "G", "A"),
                                                     accession="NC_000010.10")]),
        ("RNA", [sequence("a", TWO, type="rna"), sequence("b", TWO, type="rna")]),
        ("a window beside the position",
         [sequence("a", TWO, window=WINDOW), sequence("b", window=(94781860, 94790000))]),
        ("silence of a sequence that could not be read in full",
         [sequence("a", TWO, window=WINDOW),
          sequence("b", (94770000, 94760000, "A", "C"), window=WINDOW)]),
        ("silence of a sequence with other reference bases",
         [sequence("a", TWO, window=WINDOW),
          sequence("b", (94761900, 94761900, "A", "T"), window=WINDOW)]),
        ("silence of a sequence written out in full",
         [sequence("a", TWO, window=WINDOW), sequence("b", window=WINDOW, observedSeq="ACGT")]),
        ("silence of the reference that the other is written against",
         [sequence("a", window=WINDOW),
          sequence("b", TWO) | {"referenceSeq": {"referenceSeqPointer":
                                                 {"reference": "MolecularSequence/a"}}}]),
    ],
)  # fmt: skip
def test_sequences_that_are_not_the_two_copies_show_an_allele_without_zygosity(what, resources):
    found = sites(*resources)
    call = calls(found)["rs4244285"]
    assert (call.alleles, call.zygosity_known, call.phase) == (("A",), False, ""), what
    assert "PGX-529" not in codes(call)


def test_two_sequences_without_any_variant_are_no_reference():
    found = sites(sequence("a", window=WINDOW), sequence("b", window=WINDOW))
    assert found.by_gene == {}


def test_what_one_sequence_does_not_mention_is_not_tested():
    found = sites(sequence("a", TWO, window=WINDOW))
    assert set(alleles(found)) == {"rs4244285"}


def test_an_insertion_is_absent_only_where_the_window_holds_all_along_which_it_may_lie():
    def copies(end):
        window = (48037000, end)
        other = (48037100, 48037100, "A", "C")
        return alleles(
            sites(
                sequence("a", other, window=window, accession="NC_000013.11"),
                sequence("b", window=window, accession="NC_000013.11"),
            )
        )

    assert copies(48037826) == {"rs777311140": ("C", "C")}
    assert copies(48037825) == {}


@pytest.mark.parametrize(
    ("what", "made"),
    [
        ("0-based", sequence("s", (94781858, 94781859, "G", "A"), system=0)),
        ("1-based", sequence("s", TWO)),
        ("reverse strand", sequence("s", (94781859, 94781859, "C", "T"), strand="crick")),
        ("without the reference allele", sequence("s", (94781859, 94781859, None, "A"))),
        ("of a wrong length", sequence("s", (94781859, 94781861, "G", "A"))),
        ("GRCh37", sequence("s", (96541616, 96541616, "G", "A"), accession="NC_000010.10")),
        ("STU3", sequence("s", TWO, strand=1) | {"resourceType": "Sequence"}),
        ("R5", {
            "resourceType": "MolecularSequence", "id": "s", "type": "dna",
            "subject": {"reference": "Patient/synthetic"},
            "relative": [{
                "coordinateSystem": coded("LA30102-0"),
                "startingSequence": {"sequenceCodeableConcept": coded("NC_000010.11")},
                "edit": [{"start": 94781859, "end": 94781859, "replacedSequence": "G",
                          "replacementSequence": "A"}],
            }],
        }),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    ("state", "expected", "known"),
    [("", ("A",), False), (HET, ("G", "A"), True), (HOM, ("A", "A"), True)],
)
def test_a_sequence_has_the_zygosity_of_the_observation_derived_from_it(
    what, made, state, expected, known
):
    derived = [{"reference": f"{made['resourceType']}/s"}]
    named = observation(rs("rs4244285"), state=state, derivedFrom=derived) if state else None
    found = sites(made, *([named] if named else []))
    call = calls(found)["rs4244285"]
    assert (call.alleles, call.zygosity_known) == (expected, known), what


def test_observations_derived_from_one_sequence_each_find_their_variant():
    derived = {"derivedFrom": [{"reference": "MolecularSequence/s"}]}
    found = sites(
        sequence("s", TWO, SEVENTEEN),
        observation(rs("rs4244285"), state=HOM, named="o", **derived),
        observation(gene("CYP2C19"), name("c.-806C>T", "48004-6"), state=HET, named="p", **derived),
    )
    assert alleles(found) == {"rs12248560": ("C", "T"), "rs4244285": ("A", "A")}


def test_an_observation_of_the_zygosity_decides_against_a_pair_of_sequences():
    pair = [sequence("a", TWO, window=WINDOW), sequence("b", window=WINDOW)]
    homozygous = observation(rs("rs4244285"), *G_TO_A, state=HOM)
    found = sites(*pair, homozygous)
    assert alleles(found)["rs4244285"] == ("A", "A")
    assert calls(found)["rs4244285"].phase == ""
    failed = sites(*pair, observation(rs("rs12248560"), value=NO_CALL))
    assert alleles(failed)["rs12248560"] == (UNREAD, UNREAD)  # silence is no answer then


def test_a_sequence_with_two_alleles_at_one_position_is_no_single_copy():
    both = [(233760233, 233760235, "CAT", "CATAT"), (233760233, 233760235, "CAT", "C")]
    found = sites(sequence("a", *both, accession="NC_000002.12"))
    call = calls(found)["rs3064744"]
    assert (call.alleles, call.zygosity_known) == (("C", "CATAT"), False)


def test_one_mitochondrial_sequence_is_the_whole_of_it():
    variant = (1555, 1555, "A", "G")
    found = sites(sequence("a", variant, accession="NC_012920.1"))
    call = calls(found)["rs267606617"]
    assert (call.alleles, call.zygosity_known, call.phase) == (("G",), True, "")


def test_a_proteins_sequence_is_not_read_as_bases():
    found = sites(sequence("a", TWO, type="aa"))
    assert found.by_gene == {}
    assert [each.reason for each in found.not_understood] == [
        "it is of a protein's sequence, not of DNA"
    ]


def test_a_variant_without_a_stated_sequence_is_one_without_a_window():
    variant = ObservedVariant(
        Origin("MolecularSequence/a", "a"), build="GRCh38", chromosome="10",
        start=94781858, end=94781859, ref="G", alt="A", presence=Presence.PRESENT,
        from_sequence=True,
    )  # fmt: skip
    without = read_observed_sites([variant], (), (), HAND_MADE)
    stated = StatedSequence(Origin("MolecularSequence/a", "a"))
    assert without.by_gene == read_observed_sites([variant], (), (stated,), HAND_MADE).by_gene
    assert [call.alleles for call in without.by_gene["CYP2C19"]] == [("A",)]


# Every position of the release


def every_change():
    for known in load_knowledge().definitions.values():
        for site in (*known.sites, *known.extra):
            for build in ("GRCh37", "GRCh38"):
                placed = real().on(build, known.gene, site.name)
                if placed is not None:
                    for alt in sorted({site.ref, *site.alts} - {placed.ref}):
                        yield known, placed, alt


def heterozygous(**stated):
    return ObservedVariant(Origin("Observation/v", "v"), zygosity="heterozygous", **stated)


def shown_at(variant, gene_symbol, site):
    found = read_observed_sites([variant], (), (), real())
    return next(
        (call for call in found.by_gene.get(gene_symbol, ()) if call.site == site), None
    )  # fmt: skip


def test_every_allele_of_every_position_is_read_on_both_builds_and_strands():
    wrong, count = [], 0
    for known, placed, alt in every_change():
        site, ref = placed.site.name, placed.ref
        where = {"chromosome": known.chromosome, "start": placed.start}
        forward = {"ref": ref, "alt": alt, "end": placed.start + len(ref)}
        other = "GRCh38" if placed.build == "GRCh37" else "GRCh37"
        asked = [(placed.build, forward)]
        table = str.maketrans("ACGT", "TGCA")
        if len(ref) == len(alt) == 1 and ref.translate(table) != alt:
            turned = forward | {"ref": ref.translate(table), "alt": alt.translate(table)}
            asked.append((placed.build, turned))
            if known.chromosome != "MT":
                asked.append((other, forward))
        for build, stated in asked:
            count += 1
            call = shown_at(heterozygous(build=build, **where, **stated), known.gene, site)
            if call is None or sorted(call.alleles) != sorted((ref, alt)):
                wrong.append((known.gene, site, build, stated, call))
    assert wrong == []
    assert count > 5000


def test_every_other_name_of_every_position_is_read():
    wrong, count = [], 0
    for known in load_knowledge().definitions.values():
        for site in (*known.sites, *known.extra):
            for text_, allele in site.names.items():
                count += 1
                stated = {"coding_hgvs": text_}
                if text_.startswith("clinvar:"):
                    stated = {"ids": (f"http://www.ncbi.nlm.nih.gov/clinvar|{text_[8:]}",)}
                elif text_.startswith("p."):
                    stated = {"protein_hgvs": text_}
                named = heterozygous(genes=(known.gene,), **stated)
                call = shown_at(named, known.gene, site.name)
                if call is None or set(call.alleles) != {site.ref, allele}:
                    wrong.append((known.gene, site.name, text_, call))
    assert wrong == []
    assert count > 500

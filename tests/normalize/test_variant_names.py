"""Names of variants: many spellings, one variant; and what is refused, with its reason."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_pgx.errors import UnplacedVariant, UnreadableVariant
from fhir_pgx.fhir.transcripts import gene_of_transcript
from fhir_pgx.knowledge.lift_over import load_alignment
from fhir_pgx.model.genomic_index import SimpleAllele
from fhir_pgx.normalize.both_builds import BothBuilds
from fhir_pgx.normalize.sites import SiteIndex
from fhir_pgx.normalize.variant_names import is_exact, spells


@pytest.fixture(scope="module")
def builds(knowledge):
    index = SiteIndex(knowledge.definitions.values())
    return BothBuilds(index, knowledge.vocabulary, load_alignment(), gene_of_transcript)


def on38(chromosome, start, ref, alt):
    return SimpleAllele("GRCh38", chromosome, start, ref, alt)


def on37(chromosome, start, ref, alt):
    return SimpleAllele("GRCh37", chromosome, start, ref, alt)


STAR_2 = {on38("10", 94781858, "G", "A"), on37("10", 96541615, "G", "A")}  # CYP2C19*2
REPEAT = "ATATATATATATATA"
STAR_28 = {on38("2", 233760233, REPEAT, REPEAT + "TA"), on37("2", 234668879, REPEAT, REPEAT + "TA")}
DELETION = {on38("1", 97450065, "GG", "G"), on37("1", 97915621, "GG", "G")}  # DPYD c.1898del


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("NC_000010.11:94781858:G:A", STAR_2),
        ("NC_000010.11:94781858:1:A", STAR_2),  # a count in place of the deleted bases
        ("NC_000010.11:94781857:CG:CA", STAR_2),  # a base more than is changed
        ("NC_000010.10:96541615:G:A", STAR_2),
        ("NC_000010.11:g.94781859G>A", STAR_2),
        ("NC_000010.10:g.96541616G>A", STAR_2),
        ("nc_000010.11:g.94781859g>a", STAR_2),
        (" NC_000010.11 : g.94781859 G>A ", STAR_2),
        ("NC_000010.11:g.(94781859G>A)", STAR_2),
        ("NC_000010.11(CYP2C19):g.94781859G>A", STAR_2),
        ("NC_000010.11:g.94781859delinsA", STAR_2),
        ("NC_000010.11:g.94781859delGinsA", STAR_2),
        ("NM_000769.4:c.681G>A", STAR_2),
        ("NM_000769.2:c.681G>A", STAR_2),
        ("NM_000769.4(CYP2C19):c.681G>A", STAR_2),
        ("NM_000769.4(CYP2C19):c.681G>A (p.Pro227=)", STAR_2),
        ("NG_008384.3(NM_000769.4):c.681G>A", STAR_2),
        ("CYP2C19:c.681G>A", STAR_2),
        ("rs4244285", STAR_2),
        ("RS4244285", STAR_2),
        ("dbSNP:rs4244285", STAR_2),
        ("NC_000002.12:g.233760235TA[8]", STAR_28),
        ("NC_000002.12:g.233760235_233760248TA[8]", STAR_28),
        ("NC_000002.12:g.233760235_233760236[8]", STAR_28),  # the range is the unit
        ("NC_000002.12:g.233760247_233760248dup", STAR_28),
        ("NC_000002.12:g.233760247_233760248dupTA", STAR_28),
        ("NC_000002.12:g.233760233_233760234insAT", STAR_28),
        ("NC_000002.12:g.233760248_233760249insTA", STAR_28),
        ("NC_000002.12:233760232:CAT:CATAT", STAR_28),
        ("NC_000002.12:233760234::TA", STAR_28),
        ("NC_000002.12:233760233:ATATATATATATATA:ATATATATATATATATA", STAR_28),
        ("NC_000002.11:g.234668893_234668894dup", STAR_28),
        ("NC_000001.11:g.97450067del", DELETION),
        ("NC_000001.11:g.97450066del", DELETION),
        ("NC_000001.11:97450064:TG:T", DELETION),
        ("NC_000001.11:97450065:GG:G", DELETION),
        ("NC_000001.10:g.97915623delG", DELETION),
        ("NM_000110.4:c.1898del", DELETION),
        ("NM_000110.4:c.1898delC", DELETION),
    ],
)
def test_every_spelling_is_one_variant(builds, text, expected):
    assert set(builds.alleles_named(text)) == expected


def test_the_build_that_the_name_speaks_of_comes_first(builds):
    named = builds.alleles_named("NC_000010.10:g.96541616G>A")
    assert [allele.assembly for allele in named] == ["GRCh37", "GRCh38"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # outside our positions: by lift-over, and trimmed alone
        (
            "NC_000007.14:g.140753336A>T",
            [on38("7", 140753335, "A", "T"), on37("7", 140453135, "A", "T")],
        ),
        (
            "NC_000007.13:g.55259515T>G",
            [on37("7", 55259514, "T", "G"), on38("7", 55191821, "T", "G")],
        ),
        (
            "NC_000017.11:g.7675088C>T",
            [on38("17", 7675087, "C", "T"), on37("17", 7578405, "C", "T")],
        ),
        # HGVS Nomenclature's own examples
        (
            "NC_000023.10:g.33038255C>A",
            [on37("X", 33038254, "C", "A"), on38("X", 33020137, "C", "A")],
        ),
        ("NC_000023.11:g.32867861_32867862insT", [on38("X", 32867861, "", "T")]),
        (
            "NC_000023.11:g.32386323delinsGA",
            [on38("X", 32386322, "N", "GA"), on37("X", 32404439, "N", "GA")],
        ),
        # the deleted bases are not stated, and not known
        ("NC_000023.11:g.33344590_33344592del", [on38("X", 33344589, "NNN", "")]),
        ("NC_000012.12:25245349:2:", [on38("12", 25245349, "NN", "")]),
        # one sequence for both builds
        ("NC_012920.1:m.1555A>G", [on38("MT", 1554, "A", "G")]),
        ("NC_012920.1:1554:A:G", [on38("MT", 1554, "A", "G")]),
        # the builds have different bases there: what is a change on one is none on the other
        ("NC_000010.11:g.94842866A>G", [on38("10", 94842865, "A", "G")]),
        ("NC_000010.10:g.96602623G>A", [on37("10", 96602622, "G", "A")]),
        (
            "NC_000010.11:g.94842866A>T",
            [on38("10", 94842865, "A", "T"), on37("10", 96602622, "G", "T")],
        ),
    ],
)
def test_a_variant_anywhere_is_placed_where_it_can_be(builds, text, expected):
    found = builds.alleles_named(text)
    assert list(found)[: len(expected)] == expected


def test_an_rs_number_stands_for_every_allele_of_its_position(builds):
    found = builds.alleles_named("rs3064744")
    lengths = {len(allele.alt) - len(allele.ref) for allele in found if allele.assembly == "GRCh38"}
    assert lengths == {-2, 2, 4}  # TA[6], TA[8], TA[9]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("CYP2C19*2", "neither SPDI, nor HGVS"),
        ("hello:world", "no reference sequence"),
        ("NC_000010.11", "neither SPDI, nor HGVS"),
        ("NC_000010.11:94781858:G", "four parts"),
        ("NC_000010.11:94781858:N:A", "no base"),
        ("NC_000010.11:94781858:G:G", "the reference, not a variant"),
        ("NC_000010.11:g.94781859=", "the reference, not a variant"),
        ("NC_000010.11:g.94781859G>G", "the reference, not a variant"),
        ("NC_000010.11:g.94781859", "none of HGVS"),
        ("NC_000010.11:g.94781859G>", "none of HGVS"),
        ("NC_000010.11:g.94781859insT", "between two bases"),
        ("NC_000010.11:g.94781859_94781862insT", "between two bases"),
        ("NC_000010.11:g.94781860_94781859del", "counts from 1"),
        ("NC_000010.11:g.0G>A", "counts from 1"),
        ("NC_000010.11:g.94781859_94781861delAC", "3 bases"),
        ("NC_000010.11:g.94781859_94781861del5", "not the length"),
        ("NC_000010.11:g.[94781859G>A;94781860G>A]", "one at a time"),
        ("NC_000010.11:g.200000000G>A", "past the end"),
        ("NC_000010.11:x.5G>A", "neither SPDI nor HGVS"),
        ("A" * 20_000, "too long"),
    ],
)
def test_what_is_no_name_is_refused_as_unreadable(builds, text, why):
    with pytest.raises(UnreadableVariant, match=why) as told:
        builds.alleles_named(text)
    assert told.value.mend
    assert len(str(told.value)) < 300


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("NC_000010:g.94781859G>A", "no version"),
        ("NC_000010:94781858:G:A", "no version"),
        ("NM_000769:c.681G>A", "no version"),
        ("chr10:g.94781859G>A", "build is not known"),
        ("10:94781858:G:A", "build is not known"),
        ("g.94781859G>A", "no reference sequence"),
        ("c.681G>A", "no reference sequence"),
        ("NC_000010.9:g.94781859G>A", "neither GRCh37 nor GRCh38"),
        ("NC_060934.1:g.5G>A", "neither GRCh37 nor GRCh38"),  # T2T-CHM13
        ("NP_000760.1:p.Trp212Ter", "a protein name"),
        ("p.W212*", "a protein name"),
        ("NM_000769.4:c.682G>A", "no position of ours"),
        ("NM_004333.6:c.1799T>A", "of which gene"),  # BRAF: no transcript table is here
        ("NM_000402.4:c.292G>A", "no names of positions on"),  # G6PD's other numbering
        ("NM_000769.4(CYP2D6):c.681G>A", "is of CYP2C19"),
        ("LRG_584t1:c.681G>A", "of which gene"),
        ("NG_008384.3:g.5G>A", "is no chromosome"),
        ("rs1", "none of our positions"),
        ("NC_000010.11:g.94781859C>A", "other bases"),
        ("NC_000010.11:g.(?_94781859)_(94781999_?)del", "not known"),
        ("NC_000012.12:g.25245350_25245352dup", "doubled"),
        ("NC_000012.12:g.25245350_25245352inv", "turned"),
        ("NC_000012.12:g.25245350CAG[20]", "how often"),
    ],
)
def test_what_cannot_be_placed_is_refused_with_the_reason(builds, text, why):
    with pytest.raises(UnplacedVariant, match=why) as told:
        builds.alleles_named(text)
    assert told.value.mend


def test_each_decision_position_is_one_variant_by_its_names_on_both_builds(builds, knowledge):
    accessions = {place: name for name, place in knowledge.vocabulary.accessions.items()}
    seen = 0
    for definition in knowledge.definitions.values():
        if definition.chromosome == "MT":
            continue
        for site in (*definition.sites, *definition.extra):
            if site.start37 is None or site.ref37:
                continue
            for alt in site.alts:
                named = {
                    frozenset(
                        builds.alleles_named(
                            f"{accessions[build, definition.chromosome]}:{start}:{site.ref}:{alt}"
                        )
                    )
                    for build, start in (("GRCh38", site.start), ("GRCh37", site.start37))
                }
                named |= {
                    frozenset(builds.alleles_named(f"{definition.gene}:{name}"))
                    for name, allele in site.names.items()
                    if allele == alt and name.startswith("c.")
                }
                assert len(named) == 1, (definition.gene, site.name, alt, named)
                assert len(next(iter(named))) == 2
                seen += 1
    assert seen > 1000


def test_a_base_that_a_name_does_not_state_is_any():
    asked = on38("12", 25245349, "NNT", "")
    assert spells(asked, start=25245349, ref="CCT", alt="")
    assert spells(asked, start=25245349, ref="NNN", alt="")
    assert not spells(asked, start=25245349, ref="CCA", alt="")
    assert not spells(asked, start=25245350, ref="CCT", alt="")
    assert not spells(asked, start=25245349, ref="CCTT", alt="")
    assert not spells(asked, start=25245349, ref="CCT", alt="A")
    assert not spells(asked, start=25245349, ref=None, alt=None)


@pytest.mark.parametrize(
    ("start", "ref", "is_same"),
    [  # CFTR F508del is g.117559592_117559594del; the reference around is …ATC[AT CTT T]GGT…
        (117559591, "CTT", True),
        (117559590, "TCT", True),  # as a VCF has it, shifted to the left: ATCT>A
        (117559589, "ATC", False),  # leaves TTTGG where the other leaves ATTGG
        (117559592, "TTT", False),
        (117559590, "TCA", False),  # their bases contradict each other
        (117559594, "CTT", True),  # adjoins, and is the next unit of the same repeat
        (117559594, "TTG", False),  # adjoins, and is not
        (117559580, "CTT", False),  # what lies between is not known
        (117559590, "NNN", False),
    ],
)
def test_two_deletions_are_one_where_their_own_bases_show_it(start, ref, is_same):
    asked = on38("7", 117559591, "CTT", "")
    assert spells(asked, start=start, ref=ref, alt="") is is_same
    assert not is_exact(asked)
    assert is_exact(on38("7", 117559591, "C", "T"))


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_deletions_are_told_apart_as_the_sequences_they_leave(data):
    whole = data.draw(st.text("AT", min_size=12, max_size=12))
    length = data.draw(st.integers(1, 4))
    first = data.draw(st.integers(0, 8))
    second = data.draw(st.integers(max(first - length, 0), min(first + length, 8)))
    asked = on38("7", first, whole[first : first + length], "")
    left = [whole[:at] + whole[at + length :] for at in (first, second)]
    found = spells(asked, start=second, ref=whole[second : second + length], alt="")
    assert found is (left[0] == left[1])


PIECES = (
    "NC_000010.11", "NC_000002.12", "NM_000769.4", "NC_012920.1", "LRG_1t1", "rs", "(CYP2C19)",
    ":", "g.", "c.", "m.", "p.", "(", ")", "[", "]", "_", "?", "-", "*", "+", ";", "=", ">", "1",
    "94781859", "233760235", "0", "99999999999", "A", "TA", "acgt", "N", "del", "ins", "dup",
    "inv", "delins", " ", "é", "\x00",
)  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=9).map("".join) | st.text(max_size=60))
@settings(max_examples=400, deadline=None)
def test_any_text_is_placed_or_refused_by_name(builds, text):
    try:
        found = builds.alleles_named(text)
    except (UnreadableVariant, UnplacedVariant) as told:
        found, is_told = (), bool(told.mend) and len(told.text) < 300
    else:
        is_told = bool(found)
    assert is_told
    assert all(allele.start >= 0 and allele.ref != allele.alt for allele in found)


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_every_way_to_write_an_insertion_in_a_repeat_is_one_variant(builds, data):
    """Against the slow way: the whole stretch is written out with the change made."""
    start, body = 233760233, REPEAT
    put = data.draw(st.sampled_from(["TA", "AT", "TATA", "ATAT", "A", "T", "GG"]))
    # Behind the stretch one base is known not to go on with TA, and no more.
    at = data.draw(st.integers(0, len(body) - (len(put) == 1)))
    found = builds.alleles_named(f"NC_000002.12:{start + at}::{put}")[0]
    made = body[:at] + put + body[at:]
    low, high = found.start - start, found.start - start + len(found.ref)
    assert body[low:high] == found.ref
    assert body[:low] + found.alt + body[high:] == made
    rival = builds.alleles_named(f"NC_000002.12:{start - 1}:C{body}:C{made}")[0]
    assert found == rival

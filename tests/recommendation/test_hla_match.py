"""HLA matching: the reference's facts, directions, what is left open, a slow second matcher."""

import random
from itertools import permutations, product

import pytest

from fhir_pgx.knowledge.loader import HERE
from fhir_pgx.knowledge.transplant import load_transplant
from fhir_pgx.model.finding import Origin
from fhir_pgx.model.hla_words import (
    direction,
    grade_words,
    leading_grade,
    locus_words,
    match_words,
)
from fhir_pgx.model.transplant import GroupTables, StatedTyping, TransplantKnowledge
from fhir_pgx.recommendation.transplant import Nomenclature, match_donors
from fhir_pgx.recommendation.transplant.names import parse_name

ORIGIN = Origin("Observation/synthetic", "Observation")
HELD = load_transplant(HERE)
WORDS = Nomenclature(HELD)


def typings(whose, **loci):
    return [
        StatedTyping(
            locus, tuple(text.split("+")), whose, ORIGIN, person="d" if whose == "donor" else ""
        )
        for locus, text in loci.items()
    ]  # fmt: skip


def match(recipient, donor, nomenclature=WORDS):
    (found,) = match_donors(
        [*typings("recipient", **recipient), *typings("donor", **donor)], (), nomenclature
    )
    return found


def locus(recipient, donor, name="A", nomenclature=WORDS):
    found = match({name: recipient}, {name: donor}, nomenclature)
    return next(each for each in found.loci if each.locus == name)


# The 15 facts of the reference (WHO P groups, verified against IPD-IMGT/HLA 3.58.0)
FACTS = [
    ("A*02:01", "A*02:09", "match"),
    ("A*02:01", "A*02:05", "mismatch"),
    ("A*02:01", "A*02:06", "mismatch"),
    ("C*07:01", "C*07:06", "match"),
    ("C*07:01", "C*07:02", "mismatch"),
    ("DRB1*12:01", "DRB1*12:06", "match"),
    ("DRB1*12:01", "DRB1*12:10", "match"),
    ("DRB1*14:01", "DRB1*14:54", "match"),
    ("DQB1*02:01", "DQB1*02:02", "match"),
    ("B*44:02", "B*44:27", "match"),
    ("B*44:02", "B*44:03", "mismatch"),
    ("DPB1*04:01", "DPB1*04:02", "mismatch"),
    ("DRB1*03:01", "DRB1*03:02", "mismatch"),
    ("B*07:02", "B*07:05", "mismatch"),
]


@pytest.mark.parametrize(("one", "other", "answer"), FACTS)
def test_the_p_groups_of_the_reference(one, other, answer):
    assert WORDS.compare(parse_name(one), parse_name(other)).answer == answer
    assert WORDS.compare(parse_name(other), parse_name(one)).answer == answer


def test_a_null_allele_never_counts_as_a_partner():
    """C*04:01 and C*04:09N: not the same P group; the fifteenth fact."""
    found = locus("C*04:01+C*04:09N", "C*04:01+C*04:09N", "C")
    # By protein both are homozygous C*04:01.
    assert (found.matches, found.gvh, found.hvg) == ((2, 2), (0, 0), (0, 0))
    found = locus("C*04:09N+C*07:01", "C*04:01+C*07:01", "C")
    assert (found.matches, found.gvh, found.hvg) == ((1, 1), (0, 0), (1, 1))
    assert found.notes == ("recipient's C*04:09N is not expressed",)


@pytest.mark.parametrize(
    ("recipient", "donor", "matches", "gvh", "hvg", "words"),
    [
        ("A*01:01+A*02:01", "A*01:01+A*02:01", 2, 0, 0, "match"),
        ("A*01:01+A*02:01", "A*02:01+A*01:01", 2, 0, 0, "match"),  # the order means nothing
        ("A*01:01+A*02:01", "A*01:01+A*24:02", 1, 1, 1, "antigen mismatch"),
        ("A*01:01+A*02:01", "A*01:01+A*02:06", 1, 1, 1, "allele mismatch"),
        ("A*01:01+A*01:01", "A*01:01+A*02:01", 1, 0, 1, "antigen mismatch"),  # homozygous recipient
        ("A*01:01+A*02:01", "A*01:01+A*01:01", 1, 1, 0, "antigen mismatch"),  # homozygous donor
        ("A*01:01+A*01:01", "A*02:01+A*24:02", 0, 1, 2, "2 mismatches (antigen)"),
        ("A*01:01+A*02:01", "A*03:01+A*11:01", 0, 2, 2, "2 mismatches (antigen)"),
        ("A*01:01+A*01:01", "A*02:01+A*02:01", 0, 1, 1, "2 mismatches (antigen)"),
    ],
)
def test_directions(recipient, donor, matches, gvh, hvg, words):
    found = locus(recipient, donor)
    assert (found.matches, found.gvh, found.hvg) == ((matches,) * 2, (gvh,) * 2, (hvg,) * 2)
    assert locus_words(found) == words


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("DQB1*03:01", "DQB1*03:02", "antigen"),  # DQ7, DQ8: siblings
        ("B*40:01", "B*40:02", "antigen"),  # B60, B61
        ("B*44:02", "B*44:03", "allele"),  # both B44
        ("DRB1*03:01", "DRB1*03:02", "antigen"),  # DR17, DR18
        ("B*07:02", "B*35:01", "antigen"),
        ("DPB1*04:01", "DPB1*04:02", "allele"),  # DPB1 has no such antigens
    ],
)
def test_the_level_of_a_mismatch(one, other, level):
    found = WORDS.compare(parse_name(one), parse_name(other))
    assert (found.answer, found.level) == ("mismatch", level)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("A*02:01", "A*02:77"),  # two fields differ, P group not known
        ("A*02:01", "A*02:03"),  # A2 and A203: the second is associated with the first
        ("DPB1*04:02", "DPB1*105:01"),  # the first field of DPB1 is no family
        ("A*02:01", "A*02"),
        ("A*02:01", "A*02:XX"),
        ("DRB1*13:01", "DRB1*13:AKBAR"),
        ("A*02:01", "A2"),
        ("A*24:02", "A9"),  # the broad antigen
        ("A2", "A2"),  # one antigen, the alleles not known
        ("B*15:03", "B15"),  # B72 is under B70; B15 is also how B*15 is written
        ("DQB1*03:01", "DQ3"),
    ],
)
def test_what_a_typing_leaves_open_is_possible_and_never_a_match(one, other):
    assert WORDS.compare(parse_name(one), parse_name(other)).answer == "possible"
    assert WORDS.compare(parse_name(other), parse_name(one)).answer == "possible"


@pytest.mark.parametrize(
    ("one", "other"),
    [("A*02:01", "A*03:XX"), ("A*02:01", "A3"), ("DQB1*03:01", "DQ8"), ("DR17", "DR18"),
     ("DRB1*03:02", "DR17"), ("A23", "A24")],
)  # fmt: skip
def test_low_resolution_still_tells_another_antigen(one, other):
    found = WORDS.compare(parse_name(one), parse_name(other))
    assert (found.answer, found.level) == ("mismatch", "antigen")


@pytest.mark.parametrize(
    ("one", "other"),
    [("A*02:01:01:01", "A*02:01:98"), ("A*02:06", "A*02:06P"), ("A*02:01:01G", "A*02:01"),
     ("A*02:01P", "A*02:09"), ("A*02:01:01:02L", "A*02:01")],
)  # fmt: skip
def test_one_protein_under_several_names_matches(one, other):
    assert WORDS.compare(parse_name(one), parse_name(other)).answer == "match"


def test_ambiguity_matches_only_where_all_options_do():
    assert locus("A*02:01/A*02:09+A*01:01", "A*02:01+A*01:01").matches == (2, 2)  # one P group
    found = locus("A*02:01/A*02:06+A*01:01", "A*02:01+A*01:01")
    assert (found.matches, found.gvh, found.hvg) == ((1, 2), (0, 1), (0, 1))
    assert locus_words(found) == "possible match, not confirmed"


def test_an_allele_that_may_be_null_widens_the_bounds():
    found = locus("C*04:01/C*04:09N+C*07:01", "C*04:01+C*07:01", "C")
    assert (found.matches, found.gvh, found.hvg) == ((1, 2), (0, 0), (0, 1))
    doubtful = locus("A*32:11Q+A*01:01", "A*32:11Q+A*01:01")
    assert doubtful.matches == (1, 2)


def test_one_allele_alone_leaves_the_other_open():
    found = locus("A*02:01", "A*02:01+A*24:02")
    assert (found.matches, found.gvh, found.hvg) == ((1, 2), (0, 1), (0, 1))


WHOLE = {"A": "A*01:01+A*02:01", "B": "B*08:01+B*44:02", "C": "C*05:01+C*07:01",
         "DRB1": "DRB1*03:01+DRB1*04:01"}  # fmt: skip
DQ = {"DQB1": "DQB1*02:01+DQB1*03:02"}
DP = {"DPB1": "DPB1*04:01+DPB1*02:01"}


@pytest.mark.parametrize(
    ("recipient", "donor", "words"),
    [
        (WHOLE, WHOLE, "8/8"),
        (WHOLE | DQ, WHOLE | DQ, "10/10"),
        (WHOLE | DQ, WHOLE | DQ | {"A": "A*01:01+A*24:02"},
         "9/10, one antigen mismatch at HLA-A (GvH and HvG)"),
        (WHOLE | DQ, WHOLE, "8/8"),  # DQB1 of the donor is not typed: 10/10 cannot be said
        ({k: WHOLE[k] for k in ("A", "B")}, WHOLE,
         "4/4 positions compared, no 8/8 (C, DRB1, DQB1 not compared)"),
        (WHOLE | {"A": "A*02:01+A*68:01"}, WHOLE | {"A": "A*02:77+A*68:01"},
         "7 to 8 of 8, not confirmed"),
    ],
)  # fmt: skip
def test_the_grade_in_words(recipient, donor, words):
    assert match_words(match(recipient, donor)) == words


def test_twelve_positions_add_dpb1_and_say_that_its_mismatch_is_not_graded():
    other = WHOLE | DQ | {"DPB1": "DPB1*04:02+DPB1*02:01"}
    found = match(WHOLE | DQ | DP, other)
    by_scale = {grade.positions: grade_words(grade) for grade in found.grades}
    assert by_scale == {8: "8/8", 10: "10/10", 12: "11/12"}
    assert leading_grade(found).positions == 10  # DPB1 stands apart
    assert "PGX-786" in {caveat.code for caveat in found.caveats}


def test_a_locus_of_one_person_alone_is_said_not_to_be_typed():
    found = match(WHOLE | DQ, WHOLE)
    assert found.not_typed == (("DQB1", "donor: not typed"),)


# Several statements on one person


def test_two_single_alleles_are_the_two_chromosomes():
    own = [*typings("recipient", A="A*01:01"), *typings("recipient", A="A*02:01")]
    (found,) = match_donors([*own, *typings("donor", A="A*01:01+A*02:01")], (), WORDS)
    assert found.loci[0].matches == (2, 2)


def test_an_allele_that_is_seen_twice_leaves_the_other_open():
    own = [*typings("recipient", A="A*01:01"), *typings("recipient", A="A*01:01")]
    (found,) = match_donors([*own, *typings("donor", A="A*01:01+A*02:01")], (), WORDS)
    assert found.loci[0].matches == (1, 2)


def test_of_typings_that_agree_the_most_exact_counts():
    own = [*typings("recipient", A="A1+A2"), *typings("recipient", A="A*01:01+A*02:01")]
    (found,) = match_donors([*own, *typings("donor", A="A*01:01+A*02:01")], (), WORDS)
    assert found.loci[0].matches == (2, 2)


def test_typings_that_disagree_are_not_compared():
    """After a transplant the blood shows the donor's type."""
    own = [*typings("recipient", A="A*01:01+A*02:01"), *typings("recipient", A="A*03:01+A*11:01")]
    (found,) = match_donors([*own, *typings("donor", A="A*01:01+A*02:01")], (), WORDS)
    assert found.not_typed[0] == ("A", "recipient: its typings disagree")
    assert "PGX-783" in {caveat.code for caveat in found.caveats}


@pytest.mark.parametrize("text", ["A*01:01+what", "A*01:01+A*02:01+A*03:01", "A999+A2"])
def test_a_typing_that_cannot_be_read_is_said_and_not_compared(text):
    found = match({"A": text}, {"A": "A*01:01+A*02:01"})
    assert found.not_typed[0] == ("A", "recipient: its typing could not be read")
    assert "PGX-784" in {caveat.code for caveat in found.caveats}


def test_each_donor_is_compared_by_itself():
    one = typings("donor", A="A*01:01+A*02:01")
    other = [StatedTyping("A", ("A*03:01", "A*11:01"), "donor", ORIGIN, person="other")]
    found = match_donors([*typings("recipient", A="A*01:01+A*02:01"), *one, *other], (), WORDS)
    assert [(each.person, each.loci[0].matches) for each in found] == [
        ("d", (2, 2)),
        ("other", (0, 0)),
    ]


def test_without_knowledge_two_fields_alone_count():
    bare = Nomenclature(TransplantKnowledge())
    assert locus("A*02:01+A*01:01", "A*02:01+A*01:01", nomenclature=bare).matches == (2, 2)
    assert locus("A*02:01+A*01:01", "A*02:09+A*01:01", nomenclature=bare).matches == (1, 2)


# Against a slow, obvious matcher: every way to resolve a typing is tried, proteins are letters

PROTEINS = ("A*01:01", "A*02:01", "A*02:09", "A*02:06", "A*24:02", "A*24:09N")
TABLES = GroupTables(
    "0.0.0-synthetic",
    {"A*01:01": "A*01:01P", "A*02:01": "A*02:01P", "A*02:09": "A*02:01P", "A*02:06": "A*02:06P",
     "A*24:02": "A*24:02P"},
    {}, frozenset(("A*24:09",)), frozenset(), {},
)  # fmt: skip
WITH_TABLES = Nomenclature(TransplantKnowledge(antigens=HELD.antigens, tables=TABLES))


def slow(recipient, donor):
    """Bounds by trying every resolution of both typings, and every pairing of their proteins."""
    counted = []
    for ways in product(*(list(product(*person)) for person in (recipient, donor))):
        mine, theirs = (
            [TABLES.p_group[name] for name in way if not name.endswith("N")] for way in ways
        )
        gvh = len(set(mine) - set(theirs))
        hvg = len(set(theirs) - set(mine))
        whole = [each * 2 if len(each) == 1 else each for each in (mine, theirs)]
        best = max(
            (sum(a == b for a, b in zip(whole[0], order, strict=True))
             for order in permutations(whole[1])),
            default=0,
        ) if mine and theirs else 0  # fmt: skip
        counted.append((best, gvh, hvg))
    return [(min(column), max(column)) for column in zip(*counted, strict=True)]


def test_generated_typings_agree_with_a_slow_matcher():
    """Exactly where nothing is ambiguous; else our bounds hold every resolution."""
    chance = random.Random(20261123)
    for _ in range(1500):
        recipient, donor = (
            [chance.sample(PROTEINS, chance.choice((1, 1, 2))) for _ in range(2)] for _ in range(2)
        )
        found = locus(
            *("+".join("/".join(each) for each in person) for person in (recipient, donor)),
            nomenclature=WITH_TABLES,
        )
        ours = [found.matches, found.gvh, found.hvg]
        truth = slow(recipient, donor)
        assert all(a[0] <= b[0] and b[1] <= a[1] for a, b in zip(ours, truth, strict=True)), (
            recipient, donor, ours, truth,
        )  # fmt: skip
        if all(len(each) == 1 for each in (*recipient, *donor)):
            assert ours == truth, (recipient, donor, ours, truth)


def test_the_direction_is_open_where_nothing_is_certain():
    assert direction(locus("A*02:01/A*03:01+A*01:01", "A*02:01+A*01:01")) == "direction open"


def test_a_group_that_is_spelled_out_is_compared_in_good_time():
    """Hundreds of options a chromosome: more pairs than are compared are open, and say nothing."""
    wide = "/".join(f"A*02:{number:02}" for number in range(1, 900))
    assert locus(f"{wide}+A*01:01", f"{wide}+A*01:01").matches == (1, 2)

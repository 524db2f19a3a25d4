"""One spelling for each protein change. The table is one that a molecular pathologist can check."""

import itertools

import pytest

from fhir_pgx.normalize.protein import RESIDUES, parse_protein, short_protein

L858R = "p.Leu858Arg"
DEL19 = "p.Glu746_Ala750del"

SAME = [
    (L858R, ["p.Leu858Arg", "p.(Leu858Arg)", "(p.Leu858Arg)", "Leu858Arg", "L858R", "p.L858R",
             "p.(L858R)", "p. L858R", " L858R ", "NP_005219.2:p.Leu858Arg",
             "NP_005219.2:p.(Leu858Arg)", "EGFR:p.L858R", "ENSP00000275493:p.Leu858Arg",
             "NM_005228.5(EGFR):p.Leu858Arg", "p.[Leu858Arg]", "l858r", "p.leu858arg", "P.L858R",
             "p.L858delinsR", "L858>R"]),
    ("p.Gly12Cys", ["G12C", "p.G12C", "p.Gly12Cys", "KRAS:p.Gly12Cys"]),
    ("p.Val600Glu", ["V600E", "p.Val600Glu", "v600e", "NP_004324.2:p.Val600Glu"]),
    ("p.Gln61Ala", ["Q61A", "p.Gln61Ala", "p.Q61Ala"]),
    ("p.His1047Arg", ["H1047R"]),
    ("p.Val600_Lys601delinsGlu", ["V600_K601delinsE", "V600_K601>E", "p.Val600_Lys601delinsGlu",
                                  "p.V600_K601delVKinsE"]),
    (DEL19, ["E746_A750del", "p.Glu746_Ala750del", "p.(Glu746_Ala750del)", "E746_A750delELREA",
             "p.E746_A750DEL", "E746_A750del5", "p.Glu746_Ala750delGluLeuArgGluAla"]),
    ("p.Glu746_Ala750delinsIlePro", ["E746_A750delinsIP", "p.E746_A750delELREAinsIP",
                                     "p.Glu746_Ala750delinsIlePro", "E746_A750>IP"]),
    ("p.Leu747_Ala750delinsPro", ["L747_A750delinsP", "L747_A750>P", "p.L747_A750delinsPro"]),
    ("p.Val7del", ["V7del", "p.Val7del", "p.V7delV"]),
    ("p.746_750del", ["746_750del", "p.(746_750)del"]),
    ("p.Ala763_Tyr764insPheGlnGluAla", ["A763_Y764insFQEA", "p.A763_Y764insFQEA",
                                        "p.Ala763_Tyr764insPheGlnGluAla"]),
    ("p.Asp770_Asn771insGly", ["D770_N771insG", "p.Asp770_Asn771insGly"]),
    ("p.Asp770_Asn771insAsnProGly", ["D770_N771insNPG"]),
    ("p.Asp770_Asn771ins", ["D770_N771ins", "D770_N771ins4", "p.Asp770_Asn771ins(4)"]),
    ("p.Met774insAlaTyrValMet", ["M774insAYVM"]),
    ("p.Gln61_Glu62insAlaLeuAla", ["Q61_E62insALA"]),  # one letter each, as the rest of the name
    ("p.Gln61_Glu62insAla", ["p.Gln61_Glu62insAla", "p.Gln61_Glu62insALA"]),
    ("p.Ala767_Val769dup", ["A767_V769dup", "A767_V769dupASV", "p.Ala767_Val769dup",
                            "p.(Ala767_Val769dup)"]),
    ("p.Tyr772_Ala775dup", ["Y772_A775dup", "p.Y772_A775dupYVMA"]),
    ("p.Arg97fs", ["R97fs", "p.R97fs", "p.Arg97fs", "p.(Arg97fs)", "R97fs*12", "R97fsX12",
                   "p.Arg97Profs*23", "p.Arg97ProfsTer23", "p.R97Pfs*23", "p.R97PfsX23",
                   "p.Arg97fsTer", "p.Arg97Profs*?", "R97Pfs"]),
    ("p.Trp24Ter", ["W24*", "W24X", "p.Trp24Ter", "p.Trp24*", "p.W24Ter", "p.Trp24stop", "w24x"]),
    ("p.Gly542Ter", ["G542X"]),
    ("p.Val600", ["V600", "p.Val600", "V600X", "p.Val600Xaa"]),  # no stop is one base from Val
    ("p.Gly12", ["p.Gly12Xaa", "p.Gly12"]),
    ("p.Met1?", ["p.Met1?", "M1?", "p.(Met1?)"]),
    ("p.0", ["p.0", "p.0?", "p.(0)"]),
    ("p.Met1Val", ["M1V", "p.Met1Val"]),
    ("p.Ter110Glnext", ["p.Ter110Glnext*17", "p.*110Glnext*17", "p.Ter110GlnextTer17", "*110Q",
                        "X110Q", "p.*110Qext*17"]),
    ("p.Met1ext", ["p.Met1ext-5"]),
    ("p.Leu858=", ["p.Leu858=", "p.(Leu858=)", "L858L", "p.Leu858Leu"]),
    ("p.Lys28Met", ["K28M"]),
    ("p.Sec46Cys", ["U46C"]),
]  # fmt: skip
REFUSED = [
    "", "p.", "p.?", "p.=", "p.(=)", "?", "=", "L", "858", "L858", "p.858R", "c.2573T>G",
    "NM_005228.5:c.2573T>G", "g.55259515T>G", "n.3T>C", "m.3243A>G", "EGFR", "EGFR L858R",
    "L858R T790M", "p.Val600Glu/Lys", "V600E/K", "p.(Gly56Ala^Ser)", "p.[Leu858Arg;Thr790Met]",
    "p.B600E", "p.V0E", "p.V99999E", "p.A750_E746del", "p.Glu746_Glu746del", "D770_P772insG",
    "p.Ala2[10]", "exon 19 deletion", "rs121434568", "t(9;22)", "p.*24fs", "L858R" * 60,
    "p.Leu858Ar", "p.Leuu858Arg", "p.Glu5ext", "p.L858R?", "Ｌ858R",
]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "spelling"), [(each, one) for one, many in SAME for each in many]
)
def test_every_way_of_writing_a_change_is_one_spelling(written, spelling):
    change = parse_protein(written)
    assert change is not None
    assert change.text == spelling


@pytest.mark.parametrize("written", [each for each in REFUSED if each != "L858"])
def test_what_spells_no_single_change_is_none(written):
    assert parse_protein(written) is None


def test_the_table_is_long_enough_to_be_trusted():
    assert sum(len(many) for _, many in SAME) + len(REFUSED) >= 120


@pytest.mark.parametrize(
    ("written", "kind", "start", "end", "first", "last", "alt"),
    [
        ("L858R", "substitution", 858, 858, "Leu", "Leu", "Arg"),
        ("E746_A750del", "deletion", 746, 750, "Glu", "Ala", ""),
        ("L747_A750delinsP", "delins", 747, 750, "Leu", "Ala", "Pro"),
        ("D770_N771insNPG", "insertion", 770, 771, "Asp", "Asn", "AsnProGly"),
        ("M774insAYVM", "insertion", 774, 775, "Met", "", "AlaTyrValMet"),
        ("A767_V769dup", "duplication", 767, 769, "Ala", "Val", ""),
        ("R97Pfs*23", "frameshift", 97, 97, "Arg", "Arg", ""),
        ("W24*", "nonsense", 24, 24, "Trp", "Trp", "Ter"),
        ("V600", "codon", 600, 600, "Val", "Val", ""),
        ("M1?", "start-loss", 1, 1, "Met", "Met", ""),
        ("M1V", "start-loss", 1, 1, "Met", "Met", "Val"),
        ("p.0", "start-loss", 1, 1, "Met", "Met", ""),
        ("*110Q", "extension", 110, 110, "Ter", "Ter", "Gln"),
        ("L858=", "synonymous", 858, 858, "Leu", "Leu", ""),
        ("Y4_L6delinsTer", "delins", 4, 6, "Tyr", "Leu", "Ter"),
    ],
)
def test_a_change_is_taken_apart(written, kind, start, end, first, last, alt):
    change = parse_protein(written)
    assert change is not None
    found = (change.kind, change.start, change.end, change.first, change.last, change.alt)
    assert found == (kind, start, end, first, last, alt)


def test_every_substitution_is_read_the_same_in_one_letter_and_in_three():
    """The slow, obvious way: spell each pair of residues by hand in both styles."""
    residues = {letter: name for letter, name in RESIDUES.items() if letter != "*"}
    for (a, first), (b, alt) in itertools.product(residues.items(), repeat=2):
        change = parse_protein(f"{a}100{b}")
        assert change is not None
        expected = f"p.{first}100=" if a == b else f"p.{first}100{alt}"
        assert change.text == expected
        assert parse_protein(f"p.({first}100{alt})") == change


@pytest.mark.parametrize("spelling", [one for one, _ in SAME if one != "p.0"])
def test_a_spelling_reads_as_itself_and_its_short_form_too(spelling):
    change = parse_protein(spelling)
    assert change is not None
    assert change.text == spelling
    again = parse_protein(short_protein(change))
    assert again is not None
    assert again.text == spelling


@pytest.mark.parametrize(
    ("written", "short"),
    [("p.Leu858Arg", "L858R"), ("p.Glu746_Ala750del", "E746_A750del"), ("W24X", "W24*"),
     ("A763_Y764insFQEA", "A763_Y764insFQEA"), ("p.Arg97ProfsTer23", "R97fs")],
)  # fmt: skip
def test_a_change_is_cited_with_one_letter_a_residue(written, short):
    change = parse_protein(written)
    assert change is not None
    assert short_protein(change) == short

"""What the sources make of a pathogen's changes: tuberculosis, herpesviruses, the hand set."""

import pytest

from fhir_pgx.knowledge.loader import HERE
from fhir_pgx.knowledge.pathogen import load_pathogen
from fhir_pgx.model.finding import Origin, Presence
from fhir_pgx.model.pathogen import StatedPathogen
from fhir_pgx.model.therapy import EFFECTS
from fhir_pgx.normalize.pathogen import Spelling
from fhir_pgx.normalize.pathogen.protein import one_letter
from fhir_pgx.normalize.pathogen.tb import _by_codons
from fhir_pgx.recommendation.pathogen import PathogenJudge, advice_of
from fhir_pgx.recommendation.pathogen.laboratory import answer_of


@pytest.fixture(scope="module")
def knowledge():
    return load_pathogen(HERE)


@pytest.fixture(scope="module")
def judged(knowledge):
    spelling, judge = Spelling(knowledge), PathogenJudge(knowledge)

    def of(*stated):
        return judge.reports(spelling.findings(stated))

    return of


def result(organism, gene="", *mutations, presence=None, when="2026-10-01", genotype="", said=()):
    presence = presence or Presence.PRESENT
    origin = Origin(f"Observation/{gene or 'x'}-{when}", "", when=when)
    return StatedPathogen(
        organism, organism, gene, mutations, presence, origin, genotype=genotype, verdicts=said
    )


def tb(gene, *mutations, **more):
    return result("M. tuberculosis", gene, *mutations, **more)


def verdict(report, drug):
    return next(each for each in report.verdicts if each.drug.name == drug)


def outcomes(report, *drugs):
    return [verdict(report, drug).outcome for drug in drugs]


# Tuberculosis


def test_each_row_of_the_catalogue_is_found_by_name_alias_and_one_letter(knowledge, judged):
    for row in knowledge.tb.rows:
        spellings = [(row.gene, row.name)]
        if row.alias:
            spellings.append(tuple(row.alias.split(":")))
        if row.name.startswith("p."):
            spellings.append((row.gene, one_letter(row.name[2:])))
        for gene, name in spellings:
            (report,) = judged(tb(gene, name))
            found = verdict(report, row.drug)
            same = [
                r.group
                for r in knowledge.tb.rows
                if (r.gene, r.name, r.drug) == (row.gene, row.name, row.drug)
            ]
            # A change of a gene that confers no resistance is no test of those that do.
            is_looked_at = row.gene in knowledge.tb.drug_genes[row.drug]
            clean = "not-associated" if is_looked_at else "not-tested"
            wanted = "resistant" if row.effect == "resistant" else clean
            assert found.outcome == wanted, (gene, name, row.drug)
            assert f"group {min(same)}" in found.because[0], (gene, name, row.drug)


def test_a_specific_row_comes_before_its_kind(knowledge, judged):
    frameshifts = [
        row
        for row in knowledge.tb.rows
        if row.name.endswith("fs")
        and (row.gene, row.drug, row.group) == ("Rv0678", "bedaquiline", "2")
    ]
    assert frameshifts
    (report,) = judged(tb("Rv0678", frameshifts[0].name))
    assert "group 2, interim" in verdict(report, "bedaquiline").because[0]
    (report,) = judged(tb("Rv0678", "p.Arg3fs"))  # no row of its own: its kind decides
    assert "as frameshift variant" in verdict(report, "bedaquiline").because[0]


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ("S450L", "resistant"),  # group 1
        ("N437W", "resistant"),  # in the region, by the rule
        ("Q429_F433del", "resistant"),
        ("S450S", "none-found"),  # synonymous
        ("G455D", "unlisted"),  # beyond the region, and in no group that we hold
    ],
)
def test_the_rifampicin_region(judged, change, outcome):
    (report,) = judged(tb("rpoB", change))
    assert verdict(report, "rifampicin").outcome == outcome


def test_the_rule_speaks_where_no_row_does_and_says_so(judged):
    (report,) = judged(tb("rpoB", "N437W"))
    found = verdict(report, "rifampicin")
    assert "expert rule" in found.words
    assert found.provenance.by_hand


def test_a_borderline_mutation_is_named(judged):
    (report,) = judged(tb("rpoB", "L430P"))
    assert "PGX-766" in {each.code for each in verdict(report, "rifampicin").caveats}


@pytest.mark.parametrize(
    ("mmpl5", "outcome", "needs"),
    [
        ((), "resistant", 1),  # nobody looked: the condition is told
        ((("A1V",), Presence.PRESENT), "resistant", 0),  # looked at, and functional
        (((), Presence.ABSENT), "resistant", 0),
        ((("W100*",), Presence.PRESENT), "undecided", 0),  # broken: no resistance expected
        (((), Presence.NO_CALL), "resistant", 1),
    ],
)
def test_rv0678_confers_resistance_only_beside_a_functional_pump(judged, mmpl5, outcome, needs):
    more = [tb("Rv0676c", *mmpl5[0], presence=mmpl5[1])] if mmpl5 else []
    (report,) = judged(tb("Rv0678", "p.Gln51fs"), *more)
    found = verdict(report, "bedaquiline")
    assert (found.outcome, len(found.needs)) == (outcome, needs)


RIF, INH, FQ = ("rpoB", "S450L"), ("katG", "S315T"), ("gyrA", "D94G")
LZD, BDQ = ("rplC", "C154R"), ("Rv0678", "p.Gln51fs")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ([RIF], ("rifampicin-resistant (RR)",)),
        ([INH], ("isoniazid-resistant",)),
        ([RIF, INH], ("multidrug-resistant (MDR)",)),
        ([RIF, FQ], ("pre-extensively drug-resistant (pre-XDR)", "rifampicin-resistant (RR)")),
        ([RIF, INH, FQ], ("pre-extensively drug-resistant (pre-XDR)", "multidrug-resistant (MDR)")),
        ([RIF, INH, FQ, LZD], ("extensively drug-resistant (XDR)", "multidrug-resistant (MDR)")),
        ([FQ, LZD, INH], ("isoniazid-resistant",)),  # without rifampicin none of the words
        ([LZD, BDQ], ()),
        ([("gyrA", "S95T")], ()),  # group 5
    ],
)
def test_the_words_for_the_whole_come_from_resistance_alone(judged, changes, words):
    (report,) = judged(*(tb(*change) for change in changes))
    assert report.words == words


def test_xdr_by_bedaquiline_alone_says_on_what_it_rests(judged):
    (report,) = judged(*(tb(*change) for change in (RIF, FQ, BDQ)))
    assert report.words[0] == (
        "extensively drug-resistant (XDR) if mmpL5 is functional (nobody looked)"
    )


def test_what_is_not_listed_is_not_susceptible(judged):
    (report,) = judged(tb("katG", "A1V"), tb("pncA", presence=Presence.ABSENT))
    assert outcomes(report, "isoniazid", "pyrazinamide", "rifampicin", "linezolid") == [
        "unlisted", "none-found", "not-tested", "not-tested",
    ]  # fmt: skip
    assert "PGX-763" in {c.code for c in verdict(report, "isoniazid").caveats}


def test_a_change_that_is_not_named_is_no_clean_result(judged):
    (report,) = judged(tb("rpoB"))
    assert verdict(report, "rifampicin").outcome == "unlisted"


def test_the_absence_of_one_change_is_no_test_of_the_gene(judged):
    (report,) = judged(tb("rpoB", "S450L", presence=Presence.ABSENT))
    assert verdict(report, "rifampicin").outcome == "not-tested"


def test_a_drug_without_a_row_is_told_by_its_relative(judged):
    (report,) = judged(tb(*RIF))
    found = verdict(report, "rifapentine")
    assert (found.outcome, found.related_to) == ("undecided", "rifampicin")
    assert "not graded itself" in found.words
    (report,) = judged(tb("rpoB", presence=Presence.ABSENT))
    assert all(each.drug.name != "rifapentine" for each in report.verdicts)


def test_cross_resistance_that_the_catalogue_states_is_a_verdict(judged):
    (report,) = judged(tb("fbiA", "frameshift"))
    found = verdict(report, "pretomanid")
    assert found.outcome == "resistant"
    assert "cross-resistance stated with delamanid" in found.because[0]


# HIV


def test_a_gene_that_was_not_sequenced_is_not_tested(judged):
    failed = result("HIV-1", "IN", presence=Presence.NO_CALL)
    clean = result("HIV-1", "PR", presence=Presence.ABSENT)
    (report,) = judged(result("HIV-1", "RT", "M184V"), clean, failed)
    assert outcomes(report, "lamivudine", "darunavir", "dolutegravir", "lenacapavir") == [
        "resistant", "susceptible", "no-call", "not-tested",
    ]  # fmt: skip
    assert report.untested == ("integrase", "capsid")


def test_earlier_mutations_still_count_with_their_dates(judged):
    first = result("HIV-1", "RT", "K103N", when="2014-03-11")
    (report,) = judged(first, result("HIV-1", "RT", presence=Presence.ABSENT))
    assert outcomes(report, "efavirenz") == ["resistant"]
    assert report.genes[0].changes == (("RT K103N", ("2014-03-11",)),)
    assert [each.code for each in report.caveats] == ["PGX-759"]


def test_what_could_not_be_read_is_never_susceptible(judged):
    (report,) = judged(result("HIV-1", "RT", "nonsense"))
    found = verdict(report, "lamivudine")
    assert found.outcome == "unlisted"
    assert "PGX-762" in {each.code for each in found.caveats}


def test_changes_without_a_gene_leave_every_gene_unknown(judged):
    (report,) = judged(result("HIV-1", "", "M184V"))
    found = verdict(report, "lamivudine")
    assert found.outcome == "unlisted"
    assert found.words == "the result names no gene for M184V"


def test_hiv_2_is_refused(judged):
    (report,) = judged(result("HIV-2", "RT", "M184V"))
    assert {each.outcome for each in report.verdicts} == {"unlisted"}
    assert [each.code for each in report.caveats] == ["PGX-757"]
    assert all(advice_of(each) is None for each in report.verdicts)


def test_an_organism_without_rules_is_shown_and_not_judged(judged):
    stated = result("", "x", "A1V")
    (report,) = judged(stated)
    assert report.verdicts == ()
    assert "PGX-756" in {each.code for each in report.caveats}


def test_organisms_are_kept_apart(judged):
    reports = judged(result("HIV-1", "RT", "M184V"), result("HBV", "RT", presence=Presence.ABSENT))
    assert [each.organism for each in reports] == ["HIV-1", "HBV"]
    assert verdict(reports[1], "lamivudine").outcome == "none-found"


# Herpesviruses


@pytest.mark.parametrize(
    ("change", "drug", "outcome"),
    [
        ("T409M", "maribavir", "reduced"), ("H411Y", "maribavir", "reduced"),
        ("C480F", "maribavir", "reduced"), ("C480F", "ganciclovir", "reduced"),
        ("T409M", "ganciclovir", "not-associated"), ("H411Y", "foscarnet", "not-associated"),
        ("L595S", "ganciclovir", "reduced"), ("M460V", "ganciclovir", "reduced"),
        ("M460V", "maribavir", "not-associated"), ("A1V", "ganciclovir", "unlisted"),
    ],
)  # fmt: skip
def test_fold_changes_of_cytomegalovirus(judged, change, drug, outcome):
    (report,) = judged(result("HCMV", "UL97", change))
    assert verdict(report, drug).outcome == outcome


def test_a_fold_change_is_told_with_range_and_reports(judged):
    (report,) = judged(result("HCMV", "UL97", "M460V"))
    assert verdict(report, "ganciclovir").because == (
        "UL97 M460V 8.3-fold (1.7 to 15.5, 13 reports)",
    )


def test_each_fold_change_of_two_or_more_reduces_and_no_other_does(knowledge, judged):
    for row in knowledge.herpes:
        if not row.key:
            continue
        (report,) = judged(result(row.virus, row.gene, row.mutation))
        found = verdict(report, row.drug).outcome
        if not row.fold:
            alone = {("resistant",): "resistant", ("polymorphism",): "not-associated"}
            assert found == alone.get(row.words, "undecided"), row.id
        elif float(row.fold) >= 2:
            assert found == ("undecided" if "polymorphism" in row.words else "reduced"), row.id
        else:
            disagree = "resistant" in row.words or float(row.high) >= 2
            assert found == ("undecided" if disagree else "not-associated"), row.id


def test_a_clean_gene_says_which_others_were_not_sequenced(judged):
    (report,) = judged(result("HCMV", "UL97", presence=Presence.ABSENT))
    found = verdict(report, "ganciclovir")
    assert found.outcome == "none-found"
    assert "UL54 not sequenced" in found.words


# The hand set


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        (("L180M", "M204V", "S202G"), "resistant"), (("L180M", "M204I", "T184L"), "resistant"),
        (("M204V", "S202G"), "reduced"),  # the backbone is not whole; M204V alone lowers it
        (("S202G",), "undecided"), (("L180M", "M204I"), "none-found"),
        (("L180M", "M204V"), "reduced"), (("M250V", "L180M"), "undecided"),
    ],
)  # fmt: skip
def test_entecavir_takes_three_changes(judged, changes, outcome):
    (report,) = judged(result("HBV", "polymerase RT", *changes))
    assert verdict(report, "entecavir").outcome == outcome


@pytest.mark.parametrize(
    ("genotype", "drug", "outcome", "needs"),
    [
        ("1b", "daclatasvir", "resistant", 0), ("3a", "daclatasvir", "resistant", 0),
        ("1a", "daclatasvir", "resistant", 0), ("2", "daclatasvir", "unlisted", 0),
        ("", "daclatasvir", "resistant", 1),  # the genotype is a condition then
        ("3", "velpatasvir", "reduced", 1),  # cirrhosis
        ("1a", "velpatasvir", "unlisted", 0), ("1a", "elbasvir", "resistant", 0),
        ("1b", "elbasvir", "unlisted", 0),
    ],
)  # fmt: skip
def test_hepatitis_c_turns_on_the_genotype(judged, genotype, drug, outcome, needs):
    of = [result("HCV", genotype=genotype)] if genotype else []
    (report,) = judged(*of, result("HCV", "NS5A", "Y93H"))
    found = verdict(report, drug)
    assert (found.outcome, len(found.needs)) == (outcome, needs)


@pytest.mark.parametrize(
    ("organism", "gene", "changes", "drug", "outcome"),
    [
        ("Influenza A(H1N1)pdm09", "NA", ("H275Y",), "oseltamivir", "resistant"),
        ("Influenza A(H1N1)pdm09", "NA", ("H274Y",), "oseltamivir", "resistant"),
        ("Influenza A(H1N1)pdm09", "PA", ("I38T",), "baloxavir marboxil", "resistant"),
        ("Influenza A(H3N2)", "NA", ("H275Y",), "oseltamivir", "unlisted"),
        ("Influenza A", "M2", ("S31N",), "amantadine", "resistant"),
        ("P. falciparum", "K13", ("C580Y",), "artesunate", "reduced"),
        ("P. falciparum", "PfCRT", ("K76T",), "chloroquine", "resistant"),
        ("H. pylori", "23S rRNA", ("A2143G",), "clarithromycin", "resistant"),
        ("Mycoplasma genitalium", "23S", ("A2058G",), "azithromycin", "resistant"),
        ("S. aureus", "mecA", (), "oxacillin", "resistant"),
        ("Enterobacterales", "KPC", (), "meropenem", "resistant"),
        ("Enterobacterales", "NDM", (), "avibactam", "resistant"),
        ("Enterococcus", "vanA", (), "vancomycin", "resistant"),
    ],
)
def test_markers_of_the_hand_set(judged, organism, gene, changes, drug, outcome):
    (report,) = judged(result(organism, gene, *changes))
    assert verdict(report, drug).outcome == outcome


@pytest.mark.parametrize("presence", [Presence.ABSENT, Presence.NO_CALL])
def test_a_marker_that_is_not_there_is_not_resistance(judged, presence):
    (report,) = judged(result("S. aureus", "mecA", presence=presence))
    wanted = "none-found" if presence is Presence.ABSENT else "no-call"
    assert verdict(report, "oxacillin").outcome == wanted


# The laboratory, and advice


@pytest.mark.parametrize(
    ("word", "answer"),
    [
        ("R", "resistant"), ("Resistant", "resistant"), ("High-level resistance", "resistant"),
        ("S", "susceptible"), ("Susceptible", "susceptible"), ("I", "intermediate"),
        ("No evidence of resistance", "susceptible"), ("Not resistant", "susceptible"),
        ("Low-level resistance", "intermediate"), ("Possible resistance", "intermediate"),
        ("Non-susceptible", "resistant"), ("no resistance mutation detected", "susceptible"),
        ("resistance mutation detected", "resistant"), ("pending", None), ("", None),
    ],
)  # fmt: skip
def test_a_laboratorys_word_is_one_of_three_or_none(word, answer):
    assert answer_of(word) == answer


def test_a_laboratory_that_disagrees_is_told(judged):
    said = result("HIV-1", said=(("Lamivudine [Susceptibility]", "Susceptible"),))
    (report,) = judged(result("HIV-1", "RT", "M184V"), said)
    assert "PGX-765" in {each.code for each in report.caveats}
    assert verdict(report, "lamivudine").outcome == "resistant"  # ours stands beside it
    agreed = result("HIV-1", said=(("Lamivudine [Susceptibility]", "Resistant"),))
    (report,) = judged(result("HIV-1", "RT", "M184V"), agreed)
    assert "PGX-765" not in {each.code for each in report.caveats}


def test_advice_keeps_what_was_not_tested_out(judged):
    (report,) = judged(result("HIV-1", "RT", "M184V"))
    told = {a.drug: a.effect for each in report.verdicts if (a := advice_of(each))}
    assert told["lamivudine"] == "resistant"
    assert told["abacavir"] == "reduced-sensitivity"
    assert told["efavirenz"] == "no-resistance"
    assert "dolutegravir" not in told
    assert set(told.values()) <= set(EFFECTS)


# Names by bases, bands, and changes without a gene


@pytest.mark.parametrize(
    ("change", "outcome", "needs"),
    [
        (
            "c.1349C>T",
            "resistant",
            ("rpoB c.1349C>T changes the amino acid (the name does not say)",),
        ),
        ("c.1349C>T (p.Ser450Leu)", "resistant", ()),
        ("c.1350G>A (p.Ser450=)", "none-found", ()),
        ("c.1296_1301del", "resistant", ()),
        ("c.1592C>T", "unlisted", ()),  # codon 531 of H37Rv is outside the region
        ("TCG531TTG", "resistant", ()),  # codons, in E. coli numbering
        ("WT8 missing", "unlisted", ()),
    ],
)
def test_a_change_of_rpob_by_its_bases(judged, change, outcome, needs):
    (report,) = judged(tb("rpoB", change))
    found = verdict(report, "rifampicin")
    assert (found.outcome, found.needs) == (outcome, needs)


def test_every_codon_is_translated_by_the_standard_code():
    assert [_by_codons(f"{codon}1GCC")[0] for codon in ("TCG", "ATG", "TAA", "GGG", "CAC")] == [
        "S", "M", "*", "G", "H",
    ]  # fmt: skip
    assert _by_codons("TCG531TCG") == "TCG531TCG"


def test_bases_alone_are_not_called_absent_from_the_catalogue(judged):
    (report,) = judged(tb("katG", "c.1200A>G"))
    assert "bases alone are named" in verdict(report, "isoniazid").words


def test_a_change_without_a_gene_leaves_no_gene_clean(judged):
    named, nameless = result("HIV-1", "RT", "K103N"), result("HIV-1", "", "M184V")
    (report,) = judged(named, nameless)
    assert outcomes(report, "lamivudine", "efavirenz") == ["unlisted", "resistant"]


@pytest.mark.parametrize(
    ("word", "answer"),
    [
        ("rifampicin resistance not detected", "susceptible"),
        ("Resistance not detected", "susceptible"),
        ("rifampicin resistance detected", "resistant"),
        ("RIF resistance indeterminate", None),
        ("Resistance testing: rifampicin pending", None),
        ("MDR-TB", "resistant"),
        ("not MDR-TB", None),
        ("Possible ganciclovir resistance", "intermediate"),
    ],
)
def test_a_laboratorys_sentence_is_what_it_says(word, answer):
    assert answer_of(word) == answer

"""Where the source tables mislead: each trap with the row that ships instead."""

import csv

import pytest

from fhir_pgx.knowledge.loader import HERE
from fhir_pgx.knowledge.tumour import load_tumour
from fhir_pgx.knowledge.tumour.profile_text import write_profile

SCT = "http://snomed.info/sct"
ONCOTREE = "http://oncotree.mskcc.org"
HEMATOLOGIC = "DOID:2531"


@pytest.fixture(scope="module")
def tumour():
    return load_tumour(HERE)


@pytest.fixture(scope="module")
def rows(tumour):
    return {row.id: row for row in tumour.rows}


@pytest.fixture(scope="module")
def diseases(tumour):
    return {each.doid: each for each in tumour.diseases}


def label(number):
    return f"FDA-label-hand:{number:03d}"


def cdx(number):
    return f"FDA-CDx-group:{number:03d}"


def names(row):
    return [drug.name for drug in row.drugs]


def test_kit_d816v_speaks_against_imatinib(rows):
    for name in (cdx(57), label(197)):
        assert (rows[name].effect, names(rows[name])) == ("not-indicated", ["imatinib"])


def test_quizartinib_asks_for_itd_alone(rows):
    assert write_profile(rows[cdx(104)].profile) == "FLT3 internal-duplication"
    assert "p.Asp835" in write_profile(rows[cdx(59)].profile)  # gilteritinib: both


@pytest.mark.parametrize(
    "name", [cdx(22), cdx(23), cdx(31), cdx(32), cdx(62), label(58), label(59)]
)
def test_an_anti_egfr_antibody_is_offered_for_ras_wild_type_alone(rows, name):
    text = write_profile(rows[name].profile)
    assert "KRAS wild-type exon 2|3|4 AND NRAS wild-type exon 2|3|4" in text
    assert " OR " not in text


@pytest.mark.parametrize(
    ("name", "partner"),
    [
        (cdx(20), "adagrasib"), (cdx(84), "adagrasib"), (label(54), "adagrasib"),
        (cdx(21), "sotorasib"), (cdx(83), "sotorasib"), (label(56), "sotorasib"),
    ],
)  # fmt: skip
def test_the_labelled_pair_for_kras_g12c_is_not_warned_of(rows, name, partner):
    row = rows[name]
    assert row.effect == "not-indicated"
    assert [drug.name for drug in row.unless_with] == [partner]
    assert write_profile(row.unless_profile) == "KRAS p.Gly12Cys"


def test_an_nras_mutation_has_no_such_exception(rows):
    for name in (label(55), label(57)):
        assert rows[name].effect == "not-indicated"
        assert rows[name].unless_with == ()


def test_rows_for_every_solid_tumour_carve_out_blood_and_colon(rows):
    agnostic = [
        row for row in rows.values() if row.doid == "DOID:162" and row.provenance.system == "FDA"
    ]
    assert len(agnostic) == 23  # 8 of companion tests, 15 of labels
    assert all(HEMATOLOGIC in row.excluded for row in agnostic)
    assert set(rows[label(40)].excluded) == {HEMATOLOGIC, "DOID:9256"}
    assert rows[label(42)].effect == "not-indicated"


@pytest.mark.parametrize(
    ("name", "drugs"),
    [
        (cdx(34), ["alpelisib", "fulvestrant"]),
        (cdx(29), ["pertuzumab", "trastuzumab", "chemotherapy"]),
        (cdx(53), ["trastuzumab", "cisplatin", "fluorouracil"]),
        (cdx(61), ["olaparib", "bevacizumab"]),
        (cdx(113), ["zolbetuximab", "chemotherapy"]),
        (cdx(85), ["encorafenib", "cetuximab"]),
        (cdx(115), ["adagrasib", "cetuximab"]),
    ],
)
def test_a_drug_that_the_label_has_in_combination_is_whole(rows, name, drugs):
    assert (rows[name].joined, names(rows[name])) == ("combination", drugs)


def test_a_regimen_is_the_combination_it_is(rows):
    for name in ("CIViC:EID12561", "CIViC:EID12562"):
        assert rows[name].joined == "combination"
        assert names(rows[name]) == ["ipilimumab", "nivolumab"]


def test_a_limitation_that_stands_in_each_label_is_met_by_either_drug(rows):
    assert rows[label(42)].joined == "alternatives"
    assert names(rows[label(45)]) == ["encorafenib"]


def test_parp_rows_for_breast_and_pancreas_ask_for_the_germline(rows):
    for name in (cdx(7), cdx(8), cdx(10), *map(label, range(102, 108))):
        assert rows[name].origin == "germline", name
    for name in (*map(label, (99, 100)), *map(label, range(108, 118)), label(120), cdx(37)):
        assert rows[name].origin == "either", name


def test_the_genes_of_the_hrr_row_are_those_of_its_label(rows):
    assert rows[label(120)].genes == (
        "ATM", "ATR", "BRCA1", "BRCA2", "CDK12", "CHEK2", "FANCA", "MLH1", "MRE11", "NBN",
        "PALB2", "RAD51C",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "doid"),
    [
        (cdx(71), "FHIRPGX:mds-mpn"),
        (label(199), "FHIRPGX:mds-mpn"),
        (label(53), "FHIRPGX:low-grade-serous-ovarian"),
        (label(133), "DOID:0080164"),
        (label(141), "DOID:0080684"),
        (label(189), "FHIRPGX:acute-leukemia"),
        (label(139), "FHIRPGX:diffuse-glioma"),
    ],
)
def test_a_row_stands_at_the_disease_that_its_label_means(rows, diseases, name, doid):
    assert rows[name].doid == doid
    assert doid in diseases


@pytest.mark.parametrize(
    ("name", "profile"),
    [
        (label(69), "marker HER2 low OR marker HER2-IHC >=1 <2 else low OR "
                    "(marker HER2-IHC >=2 <3 AND marker HER2-ISH negative)"),
        (label(73), "marker HER2-IHC >=3 else positive"),
        (label(169), "marker PD-L1 >=10 CPS"),
        (label(167), "(marker PD-L1 >=50 TC OR marker PD-L1 >=10 IC) AND NOT EGFR mutation AND "
                     "NOT (*::ALK fusion OR ALK rearrangement)"),
        (cdx(72), "marker PD-L1 positive"),  # no threshold was given, and none is made up
        (cdx(117), "marker MSI stable|low"),  # an answer, not the want of one
        (label(128), "ESR1 codons 310-547"),
        (label(153), "hla HLA-A*02:01P|HLA-A*02:02P|HLA-A*02:03P|HLA-A*02:06P AND NOT "
                     "hla HLA-A*02:05P AND marker MAGE-A4 positive"),
        (label(141), "H3-3A p.Lys28Met"),
        (label(44), "BRAF wild-type"),
        (label(164), "marker TMB >=10 else high"),
        (label(96), "marker MET-IHC positive"),
        ("guideline-hand:003", "ABL1 p.Thr315Ile|p.Val299Leu"),
        ("CIViC:EID11158", "NOT KIT p.Asp816Val"),
    ],
)  # fmt: skip
def test_a_profile_says_what_the_label_asks(rows, name, profile):
    assert write_profile(rows[name].profile) == profile


def test_no_row_of_her2_takes_a_mutation_for_an_amplification(rows):
    for row in rows.values():
        text = write_profile(row.profile)
        if row.provenance.system == "FDA" and "HER2" in text:
            assert "ERBB2 mutation" not in text, row.id
            assert "ERBB2 activating" not in text, row.id


def test_words_that_no_rule_can_tell_are_never_any_mutation(rows):
    for row in rows.values():
        if "rare" in row.text.lower() and row.provenance.system == "CIViC":
            assert "EGFR mutation" not in write_profile(row.profile), row.id


def test_resistance_at_a_low_level_is_kept(rows):
    found = [
        (row.provenance.level, names(row))
        for row in rows.values()
        if row.effect == "resistant" and "ALK p.Gly1202Arg" in write_profile(row.profile)
    ]
    assert ("D", ["alectinib"]) in found


def test_withdrawn_drugs_are_barred_and_restricted_ones_are_told(tumour, rows):
    barred = {each.drug.name for each in tumour.market if each.bars and not each.doids}
    assert {"mobocertinib", "infigratinib", "umbralisib", "panobinostat", "rociletinib"} <= barred
    of = {each.provenance.id: each for each in tumour.market}
    assert (of["drug-market:005"].drug.name, of["drug-market:005"].doids) == (
        "pralsetinib", ("DOID:3973",),
    )  # fmt: skip
    assert rows[cdx(97)].doid in of["drug-market:103"].doids
    assert names(rows[cdx(97)]) == [of["drug-market:103"].drug.name] == ["atezolizumab"]
    assert of["drug-market:105"].rows == (cdx(79),)  # its combinations remain
    assert not of["drug-market:101"].bars  # rucaparib: maintenance remains
    assert rows[cdx(9)].setting == "maintenance"


def test_every_row_of_the_market_table_ships(tumour, shared):
    table = shared / "facts" / "precision" / "drug_market_status.csv"
    with table.open(encoding="utf-8", newline="") as file:
        assert {row["drug"] for row in csv.DictReader(file)} <= {
            each.drug.name for each in tumour.market
        }


# Diseases


def node_of_icd10(tumour, code):
    """The node of the longest prefix that the code begins with."""
    prefixes = {prefix: each.doid for each in tumour.diseases for prefix in each.icd10}
    fits = [prefix for prefix in prefixes if code.startswith(prefix)]
    return prefixes[max(fits, key=len)] if fits else None


@pytest.mark.parametrize(
    ("code", "doid"),
    [
        ("C34.11", "DOID:1324"),  # lung cancer: no proof of a non-small cell carcinoma
        ("C73", "DOID:1781"),  # thyroid: nor of a medullary one
        ("C71.9", "DOID:1319"),  # brain: nor of a glioblastoma or midline glioma
        ("C25.9", "DOID:1793"),
        ("C64.1", "DOID:263"),
        ("C67.9", "DOID:11054"),
        ("C43.9", "DOID:8923"),
        ("C49.A2", "DOID:9253"),
        ("C92.01", "DOID:9119"),
        ("C92.40", "DOID:0060318"),
        ("C44.311", "DOID:2513"),  # the fifth character says basal cell
        ("C44.320", "DOID:3151"),
        ("C44.90", None),
        ("C69.20", None),  # retina: the alias table has uveal melanoma
        ("C48.2", None),
        ("D75.1", None),
    ],
)
def test_an_icd_code_says_no_more_than_it_can(tumour, code, doid):
    assert node_of_icd10(tumour, code) == doid


@pytest.mark.parametrize(
    ("system", "code", "doid"),
    [
        (SCT, "91861009", "DOID:9119"),
        (SCT, "17788007", "DOID:9119"),
        (SCT, "254637007", "DOID:3908"),
        (ONCOTREE, "LUAD", "DOID:3910"),
        (ONCOTREE, "IDC", "DOID:1612"),  # below a mapped code
        (ONCOTREE, "MPALKMT2A", "FHIRPGX:acute-leukemia"),
        (ONCOTREE, "GEJ", "FHIRPGX:gej-adenocarcinoma"),
        ("http://terminology.hl7.org/CodeSystem/icd-o-3", "8720/3", "DOID:1909"),
        ("urn:oid:2.16.840.1.113883.6.43.1", "8720/3", "DOID:1909"),
    ],
)
def test_a_code_resolves_to_one_node(tumour, system, code, doid):
    assert [each.doid for each in tumour.diseases if (system, code) in each.codes] == [doid]


def test_benign_and_borderline_tumours_are_not_the_cancer_beside_them(tumour):
    held = {code for each in tumour.diseases for system, code in each.codes if system == ONCOTREE}
    assert not held & {"SKCN", "OAT", "ROCY", "RAML", "SBOV", "BTBEOV", "ISMCL", "MPNWP"}


@pytest.mark.parametrize(
    ("node", "ancestor", "stands"),
    [
        ("DOID:8923", "DOID:1909", True),  # skin melanoma
        ("DOID:3910", "DOID:3908", True),
        ("DOID:4006", "DOID:2671", True),
        ("DOID:4851", "DOID:162", True),  # pilocytic astrocytoma: a solid tumour
        ("DOID:9119", "FHIRPGX:acute-leukemia", True),
        ("DOID:9952", "FHIRPGX:acute-leukemia", True),
        ("DOID:9119", "DOID:12603", False),
        ("DOID:285", "DOID:1040", False),  # hairy cell leukaemia is no CLL
        ("FHIRPGX:low-grade-serous-ovarian", "DOID:2394", True),
        ("FHIRPGX:gej-adenocarcinoma", "DOID:10534", True),
        ("DOID:5409", "DOID:3908", False),  # small cell
    ],
)
def test_a_disease_stands_under_what_it_is(diseases, node, ancestor, stands):
    assert (ancestor in diseases[node].ancestors) is stands


def test_a_name_belongs_to_one_node_and_no_word_of_a_sentence_is_a_name(tumour):
    owners = {}
    for each in tumour.diseases:
        for name in each.names:
            assert name == name.lower()
            assert owners.setdefault(name, each.doid) == each.doid, name
    assert not owners.keys() & {"all", "lung", "thyroid", "cervix"}
    assert owners["oesophageal squamous cell carcinoma"] == "DOID:3748"
    assert owners["lung adenocarcinoma"] == "DOID:3910"


# Tests before use


@pytest.mark.parametrize(
    ("drug", "doid", "tests"),
    [
        ("cetuximab", "DOID:9256", ["KRAS exons 2 to 4", "NRAS exons 2 to 4"]),
        ("panitumumab", "DOID:9256", ["KRAS exons 2 to 4", "NRAS exons 2 to 4"]),
        ("pembrolizumab", "DOID:3908", ["EGFR", "ALK"]),
        ("cemiplimab", "DOID:3908", ["EGFR", "ALK", "ROS1"]),
        ("elacestrant", "DOID:1612", ["ESR1"]),
        ("tucatinib", "DOID:9256", ["HER2", "KRAS exons 2 to 4", "NRAS exons 2 to 4"]),
        ("vemurafenib", "DOID:1909", ["BRAF V600"]),
    ],
)
def test_a_label_asks_for_these_results_first(tumour, drug, doid, tests):
    (found,) = [each for each in tumour.tests_first if (each.drug.name, each.doid) == (drug, doid)]
    assert [name for name, _ in found.tests] == tests
    assert all(atoms for _, atoms in found.tests)
    assert found.provenance.id == found.rows[0]


def test_no_disease_that_is_its_own_marker_waits_for_a_test(tumour):
    assert not {each.doid for each in tumour.tests_first} & {"DOID:8552", "DOID:0060318"}


def test_old_numbering_leads_to_hgvs(tumour):
    assert tumour.legacy["EZH2"]["p.Tyr641Phe"] == "p.Tyr646Phe"
    assert tumour.legacy["H3-3A"]["p.Lys27Met"] == "p.Lys28Met"
    assert tumour.gene_aliases["HER2"] == "ERBB2"
    assert tumour.proteins["EGFR"]["c.2573T>G"] == "p.Leu858Arg"
    assert tumour.proteins["EGFR"]["c.2236_2250del"] == "p.Glu746_Ala750del"

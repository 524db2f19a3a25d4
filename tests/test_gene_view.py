"""The gene view's values against tables that a pharmacist can check. All people are synthetic."""

import json
from datetime import date

import pytest

from fhir_pgx.errors import InvalidParameter, MixedPatients
from fhir_pgx.fhir.bundle import entries_of
from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.model.document import Calling, Options
from fhir_pgx.pipeline import Pipeline
from tests.seen_people import bundle, genome, medicine, result, vcf

PAROXETINE = medicine("32937", "paroxetine")


@pytest.fixture(scope="module")
def pipeline(knowledge):
    return Pipeline(knowledge, DrugCodes(), today=lambda: date(2026, 11, 23))


def states(view):
    """By state, the names of the positions, in the order drawn."""
    found = {}
    for each in view["positions"]:
        found.setdefault(each["state"], []).append(each["site"])
    return found


def at(view, site):
    return next(each for each in view["positions"] if each["site"] == site)


def carried(view, candidate=0):
    """Each haplotype of a candidate with the sites and bases that its definition has."""
    return [
        (
            haplotype["name"],
            [
                (base["site"], "/".join(base["bases"]), base["support"])
                for part in haplotype["parts"]
                for base in part.get("carried", [])
            ],
        )
        for haplotype in view["candidates"][candidate]["haplotypes"]
    ]


def markers(view):
    return [
        (each["kind"], each["certain"], each.get("phenotype", ""), each.get("score", ""))
        for each in view["scale"].get("markers", [])
    ]


# Variants


def test_a_whole_panel_shows_its_variants_among_the_positions_read(pipeline):
    view = pipeline.gene_view(genome("panel-grch38.vcf"), "CYP2C19")
    assert view["counts"] == {"variant": 4, "reference": 31}
    assert states(view)["variant"] == ["rs12248560", "rs12769205", "rs4244285", "rs3758581"]
    assert [at(view, site)["zygosity"] for site in states(view)["variant"]] == [
        "heterozygous", "heterozygous", "heterozygous", "homozygous",
    ]  # fmt: skip
    assert carried(view) == [
        ("*2", [("rs12769205", "G", "read"), ("rs58973490", "G/A", "open"),
                ("rs4244285", "A", "read"), ("rs3758581", "G", "read")]),
        ("*17", [("rs12248560", "T", "read"), ("rs3758581", "G", "read")]),
    ]  # fmt: skip
    assert view["phase"]["code"] == "inferred"
    assert markers(view) == [("genotype", True, "Intermediate Metabolizer", "")]


def test_positions_stand_in_genomic_order_and_count_from_one(pipeline):
    view = pipeline.gene_view(genome("panel-grch38.vcf"), "CYP2C19")
    assert view["definition"]["accession"] == "NC_000010.11"
    assert view["definition"]["build"] == "GRCh38"
    assert [p["position"] for p in view["positions"]] == sorted(
        p["position"] for p in view["positions"]
    )
    found = at(view, "rs4244285")  # *2: chr10:94781859 G>A, chr10:96541616 on GRCh37
    assert (found["start"], found["end"], found["position"]) == (94781858, 94781859, 94781859)
    assert (found["position37"], found["ref"], found["alts"]) == (96541616, "G", ["A"])
    assert [each["allele"] for each in found["alleles"]] == ["*2"]
    assert found["reads"] == [
        {"alleles": ["G", "A"], "build": "GRCh38", "reference": "panel-grch38.vcf",
         "where": "line 271"}
    ]  # fmt: skip


def test_an_array_of_three_positions_leaves_the_others_not_tested(pipeline):
    view = pipeline.gene_view(genome("array-grch37.vcf"), "CYP2C19")
    assert view["counts"] == {"reference": 2, "not-tested": 32, "variant": 1}
    assert states(view)["reference"] == ["rs12248560", "rs4986893"]
    assert at(view, "rs4244285")["zygosity"] == "homozygous"
    # By definition *2 has G at rs3758581 too: drawn as its definition, never as read.
    assert ("rs3758581", "G", "not-tested") in carried(view)[0][1]
    assert view["phase"]["code"] == "settled"


LINES = ["94761900 C T 0/0", "94780653 G A ./.", "94781859 G A 0/1", "94842866 A G 1/1"]


def test_no_call_and_not_tested_are_two_states(pipeline):
    view = pipeline.gene_view(vcf(LINES), "CYP2C19")
    found = states(view)
    assert found["no-call"] == ["rs4986893"]
    assert found["reference"] == ["rs12248560"]
    assert found["variant"] == ["rs4244285", "rs3758581"]
    assert len(found["not-tested"]) == 31
    assert at(view, "rs4986893")["word"] == "no call"
    assert at(view, "rs12769205")["word"] == "not tested"


def test_a_position_says_which_alleles_it_may_hide_that_would_change_the_answer(pipeline):
    view = pipeline.gene_view(vcf(LINES), "CYP2C19")
    assert "*3" in view["could_change"]
    assert at(view, "rs4986893")["could_change"] == ["*3"]  # *3 is a no-function allele
    # rs12769205 is of *2, which was found, and of *35: the latter could lie on the other copy.
    assert at(view, "rs12769205")["could_change"] == ["*35"]
    assert "could_change" not in at(view, "rs4244285")  # read
    named = {each for p in view["positions"] for each in p.get("could_change", [])}
    assert named == set(view["could_change"])


def test_half_a_call_keeps_the_variant_that_was_seen(pipeline):
    view = pipeline.gene_view(vcf(["94781859 G A ./1"]), "CYP2C19")
    found = at(view, "rs4244285")
    assert (found["state"], found["word"]) == ("no-call", "no call on one copy (A on the other)")
    assert view["status"] == "ambiguous"  # *2 is carried; the other copy is not known
    assert "candidates" not in view
    assert view["certain_alleles"] == ["*2"]
    assert view["scale"]["word"] == "Several results are possible"
    assert {m[:2] for m in markers(view)} == {("genotype", False)}


def test_a_base_that_no_allele_has_is_neither_reference_nor_variant(pipeline):
    view = pipeline.gene_view(vcf(["94781859 G C 0/1"]), "CYP2C19")
    assert at(view, "rs4244285")["state"] == "unknown-base"
    assert at(view, "rs4244285")["word"] == "a base that no allele has"


def test_two_sources_that_differ_are_a_conflict_at_the_position(pipeline):
    (one,), (other,) = vcf(["94781859 G A 0/1"]), vcf(["94781859 G A 0/0"])
    view = pipeline.gene_view([one, other], "CYP2C19")
    assert at(view, "rs4244285")["state"] == "conflict"
    assert len(at(view, "rs4244285")["reads"]) == 2


def test_phased_reads_say_so(pipeline):
    view = pipeline.gene_view(genome("phased-dpyd.vcf"), "DPYD")
    assert view["phase"]["code"] == "phased"
    assert [name for name, _ in carried(view)] == [
        "Reference", "[c.1627A>G (*5) + c.1905+1G>A (*2A)]",
    ]  # fmt: skip
    assert [len(bases) for _, bases in carried(view)] == [0, 2]


def test_variants_that_lie_nobody_knows_how_are_one_list(pipeline):
    lines = ["97450058 C T 0/1", "97515787 A C 0/1"]  # DPYD *2A and *13
    view = pipeline.gene_view(vcf(lines, contig="chr1"), "DPYD")
    assert view["phase"]["code"] == "not-known"
    (haplotype,) = view["candidates"][0]["haplotypes"]
    assert view["candidates"][0]["arranged"] is False
    assert sorted(part["allele"] for part in haplotype["parts"]) == [
        "c.1679T>G (*13)", "c.1905+1G>A (*2A)",
    ]  # fmt: skip


def test_one_copy_is_one_haplotype(pipeline):
    view = pipeline.gene_view(genome("man-g6pd-mt.vcf"), "G6PD")
    assert [name for name, _ in carried(view)] == ["A- 202A_376G"]
    assert view["phase"]["code"] == "one-copy"
    assert {p["zygosity"] for p in view["positions"] if "zygosity" in p} == {"one copy"}


def test_several_diplotypes_that_fit_are_all_candidates(pipeline):
    calling = Options(calling=Calling(all_matches=True))
    view = pipeline.gene_view(genome("panel-grch38.vcf"), "TPMT", calling)
    assert [each["name"] for each in view["candidates"]] == ["*1/*3A", "*3B/*3C"]
    assert carried(view, 1) == [
        ("*3B", [("rs1800460", "T", "read")]), ("*3C", [("rs1142345", "C", "read")]),
    ]  # fmt: skip
    assert view["scale"]["word"] == "Several results are possible"
    assert [m[1] for m in markers(view)] == [False, False]


def test_positions_taken_as_reference_stay_not_tested(pipeline):
    calling = Options(calling=Calling(missing_as_reference=True))
    view = pipeline.gene_view(genome("array-grch37.vcf"), "CYP2C19", calling)
    assert view["counts"]["not-tested"] == 32
    assert "PGX-638" in [each["code"] for each in view["caveats"]]


def test_a_position_of_no_allele_is_drawn_and_not_counted(pipeline):
    view = pipeline.gene_view(genome("panel-grch38.vcf"), "CYP2C9")
    assert at(view, "rs12777823")["extra"] is True
    assert sum(view["counts"].values()) == 83
    assert len(view["positions"]) == 84


@pytest.mark.parametrize(
    "name", ["panel-grch38.vcf", "array-grch37.vcf", "blocks.g.vcf", "phased-dpyd.vcf",
             "man-g6pd-mt.vcf", "cyp2d6.vcf"]
)  # fmt: skip
def test_the_states_add_up_to_the_coverage_of_the_answer(pipeline, name):
    said = pipeline.interpret_documents(genome(name), Options())["genes"]
    for gene, view in pipeline.gene_views(genome(name)).items():
        coverage = said[gene]["coverage"]
        assert view["status"] == said[gene]["status"]
        if coverage is None:
            continue
        found = {state: set(sites) for state, sites in states(view).items()}
        extra = {p["site"] for p in view["positions"] if p.get("extra")}
        assert found.get("not-tested", set()) - extra == set(coverage["missing"])
        assert found.get("no-call", set()) - extra == set(coverage["no_call"])
        named = {each for p in view["positions"] for each in p.get("could_change", [])}
        assert named == set(coverage["could_change"])


# Stated results


def test_a_stated_diplotype_is_drawn_by_definition_and_never_as_tested(pipeline):
    view = pipeline.gene_view(bundle(result("CYP2C19", "*1/*2")), "CYP2C19")
    assert view["counts"] == {"not-stated": 35}
    supports = {base[2] for _, bases in carried(view) for base in bases}
    assert supports == {"not-stated", "open"}
    assert view["phase"]["code"] == "stated"


def test_a_gene_that_nobody_tested_has_neither_haplotypes_nor_a_place(pipeline):
    view = pipeline.gene_view(bundle(), "CYP2C19")
    assert view["counts"] == {"not-tested": 35}
    assert "candidates" not in view
    assert (view["scale"]["word"], markers(view)) == ("Not tested", [])


def test_variants_that_exclude_a_stated_diplotype_contradict_its_definition(pipeline):
    documents = [*bundle(result("CYP2C19", "*2/*2")), *vcf(["94781859 G A 0/0"])]
    view = pipeline.gene_view(documents, "CYP2C19")
    assert view["status"] == "conflict"
    assert view["candidates"][0]["name"] == "*2/*2"
    assert ("rs4244285", "A", "contradicted") in carried(view)[0][1]
    assert view["scale"]["word"] == "Results contradict each other"
    assert "phase" not in view


def test_data_of_two_patients_are_refused(pipeline):
    other = result("CYP2C19", "*1/*1", number=2) | {"subject": {"reference": "Patient/other"}}
    with pytest.raises(MixedPatients):
        pipeline.gene_view(bundle(result("CYP2C19", "*2/*2"), other), "CYP2C19")


def test_copies_and_hybrids_are_parts_of_one_haplotype(pipeline):
    view = pipeline.gene_view(bundle(result("CYP2D6", "*1x2/*36 + *10")), "CYP2D6")
    parts = [
        [(part["allele"], part["copies"], part["defined"]) for part in haplotype["parts"]]
        for haplotype in view["candidates"][0]["haplotypes"]
    ]
    assert parts == [[("*1", "2", True)], [("*36", "1", True), ("*10", "1", True)]]
    assert view["activity_score"] == "2.25"


def test_a_deletion_is_said_to_have_no_position(pipeline):
    view = pipeline.gene_view(bundle(result("CYP2D6", "*4/*5")), "CYP2D6")
    parts = [p for h in view["candidates"][0]["haplotypes"] for p in h["parts"]]
    assert [(part["allele"], part["defined"]) for part in parts] == [("*4", True), ("*5", False)]


# The scale


@pytest.mark.parametrize(
    ("gene", "bands"),
    [
        ("CYP2C9", [("Poor Metabolizer", "0.0", "0.5"), ("Intermediate Metabolizer", "1.0", "1.5"),
                    ("Normal Metabolizer", "2.0", "2.0")]),
        ("DPYD", [("Poor Metabolizer", "0.0", "0.5"), ("Intermediate Metabolizer", "1.0", "1.5"),
                  ("Normal Metabolizer", "2.0", "2.0")]),
        ("CYP2D6", [("Poor Metabolizer", "0", "0"), ("Intermediate Metabolizer", "0", "1.25"),
                    ("Normal Metabolizer", "1.25", "2.25"),
                    ("Ultrarapid Metabolizer", "2.25", "")]),
    ],
)  # fmt: skip
def test_the_bands_are_those_of_the_gene(pipeline, gene, bands):
    scale = pipeline.gene_view(bundle(), gene)["scale"]
    assert [(b["phenotype"], b["low"], b["high"]) for b in scale["bands"]] == bands


def test_an_inhibitor_puts_a_second_marker_beside_the_genetic_one(pipeline):
    view = pipeline.gene_view(bundle(result("CYP2D6", "*1/*41"), PAROXETINE), "CYP2D6")
    assert markers(view)[:2] == [
        ("genotype", True, "Normal Metabolizer", "1.25"),
        ("effect", True, "Poor Metabolizer", "0.0"),  # CPIC's rule for opioids: times 0
    ]
    rule = view["scale"]["markers"][1]
    assert rule["agents"] == ["paroxetine"]
    assert {"codeine", "tramadol"} <= set(rule["drugs"])
    cautions = view["scale"]["markers"][2:]
    assert cautions
    assert all(not each["certain"] and each["kind"] == "effect" for each in cautions)


def test_a_stated_phenotype_is_every_score_that_it_may_be(pipeline):
    stated = result("CYP2D6", "Intermediate Metabolizer", code="53040-2")
    view = pipeline.gene_view(bundle(stated), "CYP2D6")
    assert markers(view) == [
        ("genotype", False, "Intermediate Metabolizer", score)
        for score in ("0.25", "0.5", "0.75", "1.0")
    ]


def test_an_indeterminate_result_has_a_word_and_no_place(pipeline):
    view = pipeline.gene_view(bundle(result("CYP2C9", "*1/*7")), "CYP2C9")
    assert view["status"] == "indeterminate"
    assert markers(view) == []
    assert view["scale"]["word"].startswith("Indeterminate")


def test_phenotypes_without_scores_are_rungs_least_function_first(pipeline):
    scale = pipeline.gene_view(bundle(), "CYP2C19")["scale"]
    assert scale["ordered"] is True
    assert scale["rungs"][0] == "Poor Metabolizer"
    assert scale["rungs"][-1] == "Ultrarapid Metabolizer"
    assert "Indeterminate" not in scale["rungs"]
    assert pipeline.gene_view(bundle(), "G6PD")["scale"]["ordered"] is False


# HLA


def test_an_hla_gene_has_a_table_of_alleles_and_no_track(pipeline):
    view = pipeline.gene_view(bundle(result("HLA-B", "*57:01/*08:01")), "HLA-B")
    assert "positions" not in view
    found = {each["allele"]: (each["status"], each["tracked"]) for each in view["hla"]}
    assert found["*57:01"] == ("positive", True)
    assert found["*15:02"] == ("negative", True)
    assert found["*08:01"] == ("positive", False)


def test_an_hla_gene_that_nobody_typed_is_not_known_and_not_negative(pipeline):
    view = pipeline.gene_view(bundle(), "HLA-B")
    assert {each["status"] for each in view["hla"]} == {"not-known"}


# Asking


def test_resources_that_were_read_already_give_the_same(pipeline):
    (document,) = bundle(result("CYP2C19", "*1/*2"))
    entries = entries_of(json.loads(document.data))
    view = pipeline.gene_view([document], "CYP2C19")
    assert pipeline.gene_view(entries, "CYP2C19") == view


def test_a_gene_without_rules_is_refused_by_name(pipeline):
    with pytest.raises(InvalidParameter) as caught:
        pipeline.gene_view(bundle(), "CYP99Z9")
    assert "CYP99Z9" in str(caught.value)
    assert caught.value.issues[0].where == "gene"


def test_every_gene_has_a_view_that_is_plain_json(pipeline):
    views = pipeline.gene_views(genome("panel-grch38.vcf"))
    assert len(views) == 27
    assert json.loads(json.dumps(views)) == views

"""What a gene's statements amount to: the cases where something could be blurred."""

import pytest

from fhir_pgx.genotype import gather
from fhir_pgx.model.finding import Origin, Presence, SourceClass, Statement, StatementKind
from fhir_pgx.model.phenotype import Status
from fhir_pgx.phenotype import conclude

DIPLOTYPE, HAPLOTYPE = StatementKind.DIPLOTYPE, StatementKind.HAPLOTYPE
PHENOTYPE, SCORE = StatementKind.PHENOTYPE, StatementKind.ACTIVITY_SCORE
PRESENCE = StatementKind.ALLELE_PRESENCE


def said(kind, value, *, gene="CYP2C19", n=1, when="2024-05-01", status="final", **more):
    origin = Origin(f"Observation/synthetic-{n}", "Observation", when=when, status=status)
    return Statement(gene, kind, value, origin, **more)


@pytest.fixture
def concluded(knowledge):
    def conclude_all(*statements, gene="CYP2C19", sex=""):
        rules = knowledge.genes[gene]
        return conclude(gather(statements, rules, knowledge.vocabulary, sex=sex), rules)

    return conclude_all


def codes(result):
    return {caveat.code for caveat in result.caveats}


@pytest.mark.parametrize(
    ("statement", "status"),
    [
        (said(DIPLOTYPE, "*1/*2"), Status.CALLED),
        (said(DIPLOTYPE, "*1/*12"), Status.INDETERMINATE),
        (said(DIPLOTYPE, "*1/*999"), Status.INDETERMINATE),
        (said(PHENOTYPE, "Poor metabolizer"), Status.CALLED),
        (said(PHENOTYPE, "Indeterminate"), Status.INDETERMINATE),
        (said(DIPLOTYPE, "*1/*2", presence=Presence.NO_CALL), Status.NOT_CALLED),
        (said(DIPLOTYPE, "*1/*2", presence=Presence.INDETERMINATE), Status.NOT_CALLED),
        (said(DIPLOTYPE, "see report"), Status.NOT_CALLED),
        (said(HAPLOTYPE, "*2"), Status.NOT_CALLED),
        (said(PRESENCE, "*2"), Status.NOT_CALLED),
        (said(PRESENCE, "*2", presence=Presence.ABSENT), Status.NOT_CALLED),
        (said(DIPLOTYPE, "*1/*2 or *1/*17"), Status.AMBIGUOUS),
    ],
)
def test_each_kind_of_answer_keeps_its_own_status(concluded, statement, status):
    assert concluded(statement).status is status


def test_an_absent_allele_never_makes_a_normal_result(concluded):
    result = concluded(said(PRESENCE, "*2", presence=Presence.ABSENT))
    assert result.phenotype is None
    assert result.lookup_keys == ()
    assert "PGX-608" in codes(result)


def test_a_diplotype_and_its_phenotype_agree_and_the_finer_key_is_used(concluded):
    result = concluded(
        said(DIPLOTYPE, "*1/*4", gene="CYP2D6"),
        said(PHENOTYPE, "Intermediate metabolizer", gene="CYP2D6", n=2),
        gene="CYP2D6",
    )
    assert (result.status, result.phenotype) == (Status.CALLED, "Intermediate Metabolizer")
    assert (result.activity_score, result.lookup_keys) == ("1.0", ("1.0",))


def test_a_likely_phenotype_is_a_shade_of_the_stated_one(concluded):
    result = concluded(said(DIPLOTYPE, "*2/*9"), said(PHENOTYPE, "Poor metabolizer", n=2))
    assert (result.status, result.phenotype) == (Status.CALLED, "Likely Poor Metabolizer")


def test_a_stated_phenotype_that_contradicts_the_diplotype_is_a_conflict_and_both_are_kept(
    concluded,
):
    result = concluded(said(DIPLOTYPE, "*1/*17"), said(PHENOTYPE, "Ultrarapid metabolizer", n=2))
    assert result.status is Status.CONFLICT
    assert result.phenotype == "Ultrarapid Metabolizer"
    assert result.lookup_keys == ("Ultrarapid Metabolizer", "Rapid Metabolizer")
    assert [d.name for d in result.diplotypes] == ["*1/*17"]
    assert "PGX-605" in codes(result)


def test_two_results_of_one_day_that_differ_are_a_conflict(concluded):
    result = concluded(said(DIPLOTYPE, "*1/*1"), said(DIPLOTYPE, "*2/*2", n=2))
    assert result.status is Status.CONFLICT
    assert set(result.lookup_keys) == {"Normal Metabolizer", "Poor Metabolizer"}


def test_the_newest_result_leads_and_an_older_one_that_differs_is_still_told(concluded):
    result = concluded(
        said(DIPLOTYPE, "*1/*1", when="2015-03-01"),
        said(DIPLOTYPE, "*1/*17", n=2, when="2024-05-01"),
    )
    assert (result.status, result.phenotype) == (Status.CONFLICT, "Rapid Metabolizer")
    assert [d.name for d in result.diplotypes] == ["*1/*17", "*1/*1"]


def test_an_older_phenotype_does_not_outrank_a_newer_diplotype(concluded):
    result = concluded(
        said(PHENOTYPE, "Normal metabolizer", when="2015-03-01"),
        said(DIPLOTYPE, "*2/*2", n=2, when="2024-05-01"),
    )
    assert (result.status, result.phenotype) == (Status.CONFLICT, "Poor Metabolizer")


def test_a_preliminary_result_gives_way_to_a_final_one(concluded):
    result = concluded(
        said(DIPLOTYPE, "*1/*1", when="2024-06-01", status="preliminary"),
        said(DIPLOTYPE, "*2/*2", n=2, when="2024-05-01"),
    )
    assert (result.status, result.phenotype) == (Status.CALLED, "Poor Metabolizer")


def test_a_tumour_result_never_speaks_for_the_patients_own_genome(concluded):
    result = concluded(said(DIPLOTYPE, "*2/*2", source_class=SourceClass.SOMATIC))
    assert result.status is Status.NOT_TESTED
    assert "PGX-610" in codes(result)


def test_two_haplotypes_of_one_report_are_the_diplotype(concluded):
    result = concluded(said(HAPLOTYPE, "*2"), said(HAPLOTYPE, "*17", n=2))
    assert (result.basis, [d.name for d in result.diplotypes]) == ("haplotypes", ["*2/*17"])


def test_a_phenotype_alone_of_a_score_gene_stands_for_every_score(concluded):
    result = concluded(said(PHENOTYPE, "LA10317-8", gene="CYP2D6", code="LA10317-8"), gene="CYP2D6")
    assert result.lookup_keys == ("0.25", "0.5", "0.75", "1.0")
    assert (result.status, result.activity_score) == (Status.CALLED, None)


def test_a_stated_score_beats_a_stated_phenotype(concluded):
    result = concluded(
        said(SCORE, "0.25", gene="CYP2D6"),
        said(PHENOTYPE, "Normal metabolizer", gene="CYP2D6", n=2),
        gene="CYP2D6",
    )
    assert (result.status, result.activity_score) == (Status.CONFLICT, "0.25")


def test_an_answer_code_that_contradicts_its_words_is_a_conflict(concluded):
    result = concluded(said(PHENOTYPE, "Normal metabolizer", code="LA10315-2"))
    assert result.status is Status.CONFLICT
    assert set(result.lookup_keys) == {"Ultrarapid Metabolizer", "Normal Metabolizer"}


def test_a_known_function_is_used_where_another_statement_gives_none(concluded):
    result = concluded(said(PHENOTYPE, "Indeterminate"), said(DIPLOTYPE, "*2/*2", n=2))
    assert (result.status, result.phenotype) == (Status.CALLED, "Poor Metabolizer")
    assert "PGX-606" in codes(result)


def test_each_hla_allele_is_known_or_not_by_itself(concluded):
    result = concluded(said(HAPLOTYPE, "HLA-B*15:02", gene="HLA-B"), gene="HLA-B")
    assert result.allele_status == {"*15:02": "positive"}
    assert result.status is Status.CALLED


def test_a_full_hla_typing_settles_every_tracked_allele(concluded):
    result = concluded(said(DIPLOTYPE, "HLA-B*57:01+HLA-B*08:01", gene="HLA-B"), gene="HLA-B")
    assert result.allele_status == {
        "*15:02": "negative",
        "*57:01": "positive",
        "*58:01": "negative",
        "*15:11": "negative",
    }
    assert result.alleles == ("*57:01", "*08:01")


def test_hla_results_that_disagree_are_positive_and_a_conflict(concluded):
    result = concluded(
        said(PRESENCE, "HLA-B*57:01", gene="HLA-B", presence=Presence.ABSENT),
        said(DIPLOTYPE, "HLA-B*57:01+HLA-B*08:01", gene="HLA-B", n=2),
        gene="HLA-B",
    )
    assert (result.status, result.allele_status["*57:01"]) == (Status.CONFLICT, "positive")


def test_a_no_call_beside_an_answer_does_not_hide_the_answer(concluded):
    result = concluded(
        said(DIPLOTYPE, "*2/*2"), said(DIPLOTYPE, "", n=2, presence=Presence.NO_CALL)
    )
    assert result.phenotype == "Poor Metabolizer"


def test_a_newer_no_call_lends_neither_its_date_nor_its_name_to_an_older_answer(concluded):
    result = concluded(
        said(DIPLOTYPE, "*1/*2", n=1, when="2019-03-01"),
        said(DIPLOTYPE, "", n=2, when="2026-01-01", presence=Presence.NO_CALL),
    )
    assert result.phenotype == "Intermediate Metabolizer"
    assert (result.derived_from, result.when) == (("Observation/synthetic-1",), "2019-03-01")
    assert "PGX-616" in codes(result)


def test_a_preliminary_result_that_differs_from_the_final_one_is_told(concluded):
    result = concluded(
        said(DIPLOTYPE, "*1/*1", when="2010-01-01"),
        said(DIPLOTYPE, "*2/*2", n=2, when="2024-01-01", status="preliminary"),
    )
    assert (result.status, result.phenotype) == (Status.CALLED, "Normal Metabolizer")
    assert "PGX-612" in codes(result)


@pytest.mark.parametrize(
    ("gene", "allele", "phenotype"),
    [
        ("RYR1", "c.7300G>A", "Malignant Hyperthermia Susceptibility"),
        ("CACNA1S", "c.520C>T", "Malignant Hyperthermia Susceptibility"),
        ("CFTR", "G551D", "ivacaftor responsive in CF patients"),
        ("DPYD", "*2A", None),  # the other allele decides between intermediate and poor
        ("RYR1", "c.38T>C", None),  # not defined: nothing follows
        ("TPMT", "*3C", None),
    ],
)
def test_one_allele_is_enough_only_where_every_partner_gives_the_same(
    concluded, gene, allele, phenotype
):
    result = concluded(said(HAPLOTYPE, allele, gene=gene), gene=gene)
    assert result.phenotype == phenotype
    assert (result.status is Status.CALLED) == (phenotype is not None)
    assert bool(result.alleles) == (phenotype is not None)


@pytest.mark.parametrize(
    ("kind", "stated", "sex", "phenotype"),
    [
        (HAPLOTYPE, "A- 202A_376G", "male", "Deficient"),
        (HAPLOTYPE, "A- 202A_376G (hemizygous)", "", "Deficient"),
        (DIPLOTYPE, "A- 202A_376G/Y", "", "Deficient"),
        (HAPLOTYPE, "A- 202A_376G", "female", None),  # her other X is not stated
        (HAPLOTYPE, "A- 202A_376G", "", None),
        (DIPLOTYPE, "B/A-", "female", "Variable"),
    ],
)
def test_one_g6pd_allele_is_the_whole_genotype_of_one_x(concluded, kind, stated, sex, phenotype):
    result = concluded(said(kind, stated, gene="G6PD"), gene="G6PD", sex=sex)
    assert result.phenotype == phenotype


def test_a_duplication_of_an_unknown_allele_keeps_both_scores(concluded):
    for stated in ("(*1/*4)x2", "*1/*4 x3"):
        result = concluded(said(DIPLOTYPE, stated, gene="CYP2D6"), gene="CYP2D6")
        assert result.status is Status.AMBIGUOUS
        assert set(result.lookup_keys) == {"2.0", "1.0"}
        assert "PGX-613" in codes(result)


def test_the_same_allele_in_two_single_results_is_not_taken_for_two_copies(concluded):
    result = concluded(said(HAPLOTYPE, "*2"), said(HAPLOTYPE, "*2", n=2))
    assert result.status is Status.NOT_CALLED


def test_an_ambiguous_typing_keeps_every_diplotype(concluded):
    typing = "hla#3.31.0#HLA-B*15:02/HLA-B*15:13+HLA-B*40:01"
    result = concluded(said(DIPLOTYPE, typing, gene="HLA-B"), gene="HLA-B")
    assert [d.name for d in result.diplotypes] == ["*15:02/*40:01", "*15:13/*40:01"]
    assert result.status is Status.AMBIGUOUS
    assert "*15:02" not in result.allele_status


@pytest.mark.parametrize(
    ("stated", "codes"),
    [
        ("*1/*2xN", {"PGX-654"}),  # two copies: 3.0
        ("*2xN/*2", {"PGX-654"}),
        ("*4/*2xN", {"PGX-603"}),  # two copies: 2.0, and nobody knows how many
        ("*1/*4xN", {"PGX-603"}),
    ],
)
def test_copies_that_nobody_counted_are_told_where_two_make_it_ultrarapid(concluded, stated, codes):
    result = concluded(said(DIPLOTYPE, stated, gene="CYP2D6"), gene="CYP2D6")
    assert result.status is Status.INDETERMINATE
    assert codes <= {caveat.code for caveat in result.caveats}
    assert not ({"PGX-603", "PGX-654"} - codes) & {caveat.code for caveat in result.caveats}

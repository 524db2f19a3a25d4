"""A call made elsewhere beside what the data state: it wins, and a disagreement is told."""

import pytest

from fhir_pgx.genotype import gather
from fhir_pgx.memory import statement_key
from fhir_pgx.model.finding import Origin, Statement, StatementKind
from fhir_pgx.model.phenotype import Status
from fhir_pgx.outside import read_outside_calls
from fhir_pgx.phenotype import conclude

DIPLOTYPE, HAPLOTYPE = StatementKind.DIPLOTYPE, StatementKind.HAPLOTYPE
PHENOTYPE, SCORE = StatementKind.PHENOTYPE, StatementKind.ACTIVITY_SCORE


def of_fhir(gene, kind, value, n=1):
    origin = Origin(f"Observation/synthetic-{n}", "Observation", when="2024-05-01", status="final")
    return Statement(gene, kind, value, origin)


@pytest.fixture
def concluded(knowledge):
    """The result of a gene from lines of PharmCAT's table and statements of FHIR resources."""

    def conclude_all(gene, lines, *statements):
        rules, vocabulary = knowledge.genes[gene], knowledge.vocabulary
        data = "\n".join(f"{gene}\t{line}" for line in lines).encode()
        calls = read_outside_calls(data, name="calls.tsv", vocabulary=vocabulary)
        return conclude(gather([*statements, *calls.statements], rules, vocabulary), rules)

    return conclude_all


def codes(result):
    return {caveat.code for caveat in result.caveats}


@pytest.mark.parametrize(
    ("gene", "line", "phenotype", "score"),
    [
        ("CYP2D6", "*1x2/*4", "Normal Metabolizer", "2.0"),
        ("CYP2D6", "*36+*10/*1", "Normal Metabolizer", "1.25"),
        ("CYP2D6", "*68+*4/*1", "Intermediate Metabolizer", "1.0"),
        ("CYP2D6", "*1/*41x3", "Normal Metabolizer", "1.75"),
        ("CYP2D6", "*4x≥3/*1", "Intermediate Metabolizer", "1.0"),
        ("CYP2D6", "*2xN/*1", "Indeterminate", "n/a"),
        ("CYP2D6", "*4.024/*4", "Poor Metabolizer", "0.0"),
        ("CYP2D6", "\tPoor Metabolizer", "Poor Metabolizer", "0.0"),
        ("CYP2D6", "\t\t2.0", "Normal Metabolizer", "2.0"),
        ("DPYD", "Reference/c.1905+1G>A (*2A)", "Intermediate Metabolizer", "1.0"),
        ("MT-RNR1", "1555A>G", "increased risk of aminoglycoside-induced hearing loss", None),
    ],
)
def test_a_call_made_elsewhere_gives_the_result_and_its_basis(
    concluded, gene, line, phenotype, score
):
    result = concluded(gene, [line])
    assert (result.phenotype, result.activity_score) == (phenotype, score)
    assert result.basis == "outside-call"
    assert result.derived_from == ("calls.tsv",)


def test_it_wins_over_a_newer_genotype_and_the_disagreement_is_a_conflict(concluded):
    result = concluded("CYP2C19", ["*2/*2"], of_fhir("CYP2C19", DIPLOTYPE, "*1/*17"))
    assert (result.status, result.phenotype) == (Status.CONFLICT, "Poor Metabolizer")
    assert result.basis == "outside-call"
    assert result.lookup_keys == ("Poor Metabolizer", "Rapid Metabolizer")
    assert {"PGX-605", "PGX-601"} <= codes(result)


def test_it_wins_over_a_stated_score_and_phenotype(concluded):
    stated = (
        of_fhir("CYP2D6", SCORE, "2.0"),
        of_fhir("CYP2D6", PHENOTYPE, "Normal Metabolizer", 2),
    )
    result = concluded("CYP2D6", ["*4/*4"], *stated)
    assert (result.status, result.phenotype) == (Status.CONFLICT, "Poor Metabolizer")
    assert result.basis == "outside-call"


def test_two_haplotype_results_that_differ_from_it_are_a_conflict_too(concluded):
    stated = (of_fhir("CYP2C19", HAPLOTYPE, "*1"), of_fhir("CYP2C19", HAPLOTYPE, "*17", 2))
    result = concluded("CYP2C19", ["*2/*2"], *stated)
    assert (result.status, result.phenotype) == (Status.CONFLICT, "Poor Metabolizer")


def test_one_allele_of_it_is_no_half_of_another_result(concluded):
    undated = Statement("CYP2C19", HAPLOTYPE, "*17", Origin("Observation/synthetic-1", ""))
    result = concluded("CYP2C19", ["*2"], undated)
    assert result.status is Status.NOT_CALLED
    assert "PGX-607" in codes(result)


def test_where_they_agree_it_is_one_answer(concluded):
    for gene, diplotype in (("CYP2C19", "*1/*2"), ("CYP4F2", "*1/*3")):
        result = concluded(gene, [diplotype], of_fhir(gene, DIPLOTYPE, diplotype))
        assert (result.status, result.basis) == (Status.CALLED, "outside-call")
        assert "PGX-605" not in codes(result)


@pytest.mark.parametrize(
    ("gene", "line", "phenotype"),
    [
        ("CYP2D6", "*1/*1\tIntermediate Metabolizer\t0.0", "Poor Metabolizer"),
        ("CYP2D6", "*1/*1\tPoor Metabolizer", "Poor Metabolizer"),
        ("CYP2C19", "*1/*1\tPoor Metabolizer", "Poor Metabolizer"),
    ],
)
def test_within_a_line_the_score_beats_the_phenotype_and_that_the_diplotype(
    concluded, gene, line, phenotype
):
    result = concluded(gene, [line])
    assert (result.status, result.phenotype) == (Status.CONFLICT, phenotype)


def test_several_calls_of_a_gene_are_ambiguous_and_no_conflict(concluded):
    result = concluded("CYP2C19", ["*1/*2", "*1/*17"])
    assert result.status is Status.AMBIGUOUS
    assert result.lookup_keys == ("Intermediate Metabolizer", "Rapid Metabolizer")


def test_a_no_call_leaves_the_answer_to_what_the_data_state(concluded):
    result = concluded("CYP2C19", ["Unknown/Unknown"], of_fhir("CYP2C19", DIPLOTYPE, "*1/*2"))
    assert (result.status, result.basis) == (Status.CALLED, "genotype")


def test_a_no_call_alone_is_tested_and_not_called(concluded):
    result = concluded("CYP2C19", ["Unknown/Unknown"])
    assert result.status is Status.NOT_CALLED
    assert "PGX-609" in codes(result)


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("*57:01/*08:01", "positive"),
        ("*57:01:01/*08:01:01", "positive"),
        ("*57:01:01:01/*08:01:01:01", "positive"),
        ("*15:01/*08:01", "negative"),
        ("\t*57:01 positive", "positive"),
        ("\t*57:01 negative", "negative"),
        ("*57:01", "positive"),
        ("*08:01", None),  # the other chromosome is not stated
    ],
)
def test_hla_typings_to_any_number_of_fields_settle_the_tracked_alleles(concluded, line, status):
    result = concluded("HLA-B", [line])
    assert result.allele_status.get("*57:01") == status
    assert result.basis == ("outside-call" if status else None)


def test_hla_typings_that_disagree_are_a_conflict_and_the_risk_allele_stands(concluded):
    stated = of_fhir("HLA-B", DIPLOTYPE, "*57:01/*08:01")
    result = concluded("HLA-B", ["*15:01/*08:01"], stated)
    assert (result.status, result.allele_status["*57:01"]) == (Status.CONFLICT, "positive")


def test_a_call_made_elsewhere_is_kept_apart_from_the_same_words_of_a_report(knowledge):
    data = b"CYP2D6\t*1/*4"
    (call,) = read_outside_calls(data, name="calls.tsv", vocabulary=knowledge.vocabulary).statements
    same = Statement(call.gene, call.kind, call.value, call.origin)
    assert statement_key([call], "") != statement_key([same], "")

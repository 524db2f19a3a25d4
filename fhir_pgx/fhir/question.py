"""What an Observation or component asks, and the answer that was read: statements or a reason."""

from typing import Literal, NamedTuple

from fhir_pgx.model.finding import (
    Caveat,
    Origin,
    Presence,
    SourceClass,
    Statement,
    StatementKind,
)

Asked = Literal["genotype", "haplotype", "phenotype", "presence", "activity-score"]

NO_GENE = "no gene could be read from components, value, parents or code"
NO_VALUE = "the result has no value"
NOT_PERFORMED = "the test was not performed, so the gene was not tested"
MEASUREMENT = "an activity measurement (a quantity), which is not a genotype"
UNCLEAR = "the value is neither a genotype nor a phenotype that can be read"
NO_ALLELE = "the value says present or absent, but no allele is named"
WHICH_GENE = "the value may belong to more than one of the genes named"

MAX_GENES = 30  # a result of more genes is a panel, and no value of its own can be given to one
MAX_NAME = 500  # an allele name we do not know may be odd, not a page
KIND = {
    "genotype": StatementKind.DIPLOTYPE,
    "haplotype": StatementKind.HAPLOTYPE,
    "phenotype": StatementKind.PHENOTYPE,
    "presence": StatementKind.ALLELE_PRESENCE,
    "activity-score": StatementKind.ACTIVITY_SCORE,
}


class Question(NamedTuple):
    """What was asked: of which genes, for which allele. `strict` takes clear answers only."""

    asked: Asked
    genes: tuple[str, ...]
    origin: Origin
    allele: str = ""
    strict: bool = False
    source_class: SourceClass = SourceClass.UNKNOWN
    zygosity: str = ""
    drugs: tuple[str, ...] = ()
    caveats: tuple[Caveat, ...] = ()

    def answer(
        self,
        gene: str,
        kind: StatementKind,
        value: str,
        *,
        presence: Presence = Presence.PRESENT,
        code: str = "",
        caveats: tuple[Caveat, ...] = (),
    ) -> Statement:
        return Statement(
            gene, kind, value, self.origin, presence, code, self.source_class, self.drugs,
            (*self.caveats, *caveats) if caveats else self.caveats,
        )  # fmt: skip


class Answer(NamedTuple):
    """Statements, or why there are none."""

    statements: tuple[Statement, ...] = ()
    reason: str = ""


def without_call(question: Question, words: str) -> Answer:
    """A test that was made and gave no answer: one NO_CALL for each gene asked about."""
    if not question.genes:
        return Answer(reason=NO_GENE)
    kind = KIND[question.asked]
    made = [
        question.answer(
            gene, kind, allele_name(gene, question.allele) or words, presence=Presence.NO_CALL
        )
        for gene in question.genes
    ]
    return Answer(tuple(made))


def allele_name(gene: str, allele: str) -> str:
    """The allele as a statement holds it: with its locus where it is an HLA allele."""
    return f"{gene}{allele}" if gene.startswith("HLA-") and allele.startswith("*") else allele

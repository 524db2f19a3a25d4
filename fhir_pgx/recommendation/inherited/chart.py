"""What labels and guidelines name for the findings on file: shown, and never ordered."""

from collections.abc import Iterable

from fhir_pgx.model.finding import Presence
from fhir_pgx.model.inherited import InheritedRow, JudgedInherited
from fhir_pgx.model.patient import PatientContext
from fhir_pgx.recommendation.inherited.advising import (
    Hit,
    advice_of,
    age_of,
    finding_words,
    has_condition,
    weight_of,
)
from fhir_pgx.recommendation.inherited.book import InheritedBook
from fhir_pgx.recommendation.inherited.known import Known
from fhir_pgx.recommendation.inherited.matching import fit_of

SHOWN = ("met", "possible")


def named_for_findings(
    book: InheritedBook, known: Known, patient: PatientContext, rows: Iterable[InheritedRow] = ()
) -> list[JudgedInherited]:
    """Therapies and measures of every row that a finding meets or may meet, in the order of the
    rows; of `rows` alone where they are given. A drug that is met by one row is not told once more
    as possible by another."""
    asked = list(rows) or _rows_of(book, known)
    found = [each for row in asked if (each := _named(row, book, known, patient)) is not None]
    met = {each.advice.drugs for each in found if each.state == "met" and each.advice.drugs}
    both = {gene for each in found if _is_of_both(each, book) for gene in each.advice.genes}
    return [
        each
        for each in found
        if (each.state == "met" or each.advice.drugs not in met)
        and not (
            each.kind == "care"
            and both.intersection(each.advice.genes)
            and not _is_of_both(each, book)
        )
    ]


def _is_of_both(judged: JudgedInherited, book: InheritedBook) -> bool:
    """Whether it is care that is met for both copies of a gene: care for one copy is then of
    another disease (heterozygous hypercholesterolaemia beside homozygous)."""
    copies = book.by_id[judged.advice.provenance.id].criterion.copies
    return judged.kind == "care" and judged.state == "met" and copies == "two"


def _rows_of(book: InheritedBook, known: Known) -> list[InheritedRow]:
    rows = dict.fromkeys(row.id for gene in known.by_gene for row in book.by_gene.get(gene, ()))
    return [row for row in book.rows if row.id in rows]


def _named(
    row: InheritedRow, book: InheritedBook, known: Known, patient: PatientContext
) -> JudgedInherited | None:
    if row.kind not in ("therapy", "care") or not _is_meant(row, patient):
        return None
    hit = Hit(row, fit_of(row, known), has_condition(row, known))
    if hit.fit.state not in SHOWN or not hit.fit.findings:
        return None
    is_wrong_age = age_of(row, patient) in ("too-young", "too-old")
    is_outside = is_wrong_age or weight_of(row, patient) == "too-light"
    state = "wrong-age" if is_outside else hit.fit.state
    beside = tuple(
        finding_words((finding,))
        for gene in row.shows
        for finding in known.by_gene.get(gene, ())
        if finding.presence is Presence.PRESENT
    )
    missing = tuple(f"{gene}: not on file" for gene in row.shows if gene not in known.by_gene)
    drugs = row.drugs or (book.drugs_of(row) if row.kind == "therapy" else ())
    is_choice = row.any_of and len(drugs) > 1
    advice = advice_of(hit, patient, drugs=drugs, is_choice=is_choice)
    return JudgedInherited(advice, "info", state, row.kind, (*beside, *missing), row.when)


def _is_meant(row: InheritedRow, patient: PatientContext) -> bool:
    """Rows of pregnancy and the time after it are shown while the patient is pregnant, those of
    the time after it to a nursing mother too."""
    if not row.when:
        return True
    is_pregnant = patient.pregnant is not None and patient.pregnant.value
    nurses = patient.breastfeeding is not None and patient.breastfeeding.value
    return is_pregnant or (nurses and row.when in ("breastfeeding", "postpartum"))


def rows_for_problem(book: InheritedBook, words: str) -> list[InheritedRow]:
    """The therapies and measures of the conditions that a problem's words name."""
    named = book.conditions_in(words)
    return [
        row
        for row in book.rows
        if row.kind in ("therapy", "care") and not named.isdisjoint(row.condition_names)
    ]


def untested_genes(rows: Iterable[InheritedRow], known: Known) -> tuple[str, ...]:
    """The genes that the rows turn on, where nothing at all is on file of any of them."""
    genes = tuple(
        dict.fromkeys(gene for row in rows if row.asks_test for gene in row.criterion.genes)
    )
    return () if any(known.by_gene.get(gene) for gene in genes) else genes

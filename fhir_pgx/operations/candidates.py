"""The patients who may have an implication, and what of their results decides it.

By the genomic index alone: the rows of the genes that matter, and the stated implications. Two
patients with the same rows are one case. A result of a gene of drug response is told whole by its
rows; of other genes, whose changes are told by names and significance, the content of the results
counts too, and the patient's diseases beside them.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from fhir_pgx.fhir.bundle import Entry, as_dicts
from fhir_pgx.model.genomic_index import (
    IndexedVariant,
    StoredGenotype,
    StoredPhenotype,
    StoredVariant,
)
from fhir_pgx.model.search import Criterion, LinkAsked, Query, TokenAsked
from fhir_pgx.operations.bodies import decoded
from fhir_pgx.operations.frame import codes_of
from fhir_pgx.operations.hits import is_of_class
from fhir_pgx.operations.operation import Asked, Context, Resource
from fhir_pgx.operations.told import Kept, is_ours, kept_of
from fhir_pgx.storage.store import Reads, StoredResource
from fhir_pgx.terminology import GENOMIC_SOURCE_CLASS, VARIANT

_PAGE = 1000
_AT_ONCE = 400  # patients of one search
Row = StoredVariant | StoredGenotype | StoredPhenotype


@dataclass(frozen=True, slots=True)
class Looked:
    """Where to look.

    `genes` are those by which anything can be said of what is asked; `only` the patients to whom a
    finding that is asked for limits the question, None for all. `codes` are those of stated
    implications, of which `is_wanted` says whether one is about what is asked. `every_variant`:
    nothing but the variants' own words decides, so that each is read.
    """

    genes: frozenset[str]
    only: frozenset[str] | None
    codes: frozenset[str]
    is_wanted: Callable[[Resource], bool]
    every_variant: bool = False


class Candidate:
    """One patient: the rows and stated implications that matter. Made for thousands at a call, so
    that nothing is worked out here that is not asked for.

    `words` are digests of what results say beside their rows, or without any. `is_alike` is False
    where something beside their own words decides, so that nobody else's judgement holds.
    """

    __slots__ = ("is_alike", "patient", "rows", "stated", "words")

    def __init__(self, patient: str) -> None:
        self.patient = patient
        self.rows: list[Row] = []
        self.stated: list[str] = []
        self.words: list[Hashable] = []
        self.is_alike = True

    @property
    def key(self) -> Hashable:
        """The same for all patients who are one case; None for one who is a case by itself."""
        if not self.is_alike:
            return None
        if len(self.rows) == 1 and not self.words:
            return _said(self.rows[0])  # most patients
        return frozenset((*map(_said, self.rows), *self.words))

    def kept(self, asked: Asked, at: Context) -> Kept:
        """The patient's results that matter, in the context of the whole record."""
        among = frozenset((*(f"{row.type}/{row.id}" for row in self.rows), *self.stated))
        return kept_of(replace(asked, subject=self.patient), at, among)


class _Found(dict[str, Candidate]):
    """The candidates by patient, made when first met."""

    def __missing__(self, patient: str) -> Candidate:
        made = self[patient] = Candidate(patient)
        return made


def look(looked: Looked, asked: Asked, at: Context) -> list[Candidate]:
    """Every patient who may have what is asked."""
    found = _Found()
    wordy: set[tuple[str, str]] = set()
    only = looked.only
    names_alone = frozenset(at.knowledge.genes) - at.pipeline.implied.genes_of_rows
    for row in _rows(looked.genes, asked, at.reads):
        patient = row.patient
        if not patient or (only is not None and patient not in only):
            continue
        found[patient].rows.append(row)
        if type(row) is StoredVariant and not _is_told(row.variant, names_alone):
            wordy.add((row.type, row.id))
    codes = looked.codes | ({VARIANT} if looked.every_variant else frozenset())
    for stored in _with_codes(codes, at.reads):
        patient = stored.patient
        if not patient or (only is not None and patient not in only):
            continue
        body = decoded(stored)
        is_variant = looked.every_variant and not codes_of(body) & looked.codes
        if is_ours(body) or not (is_variant or looked.is_wanted(body)):
            continue
        of = found[patient]
        of.stated.append(stored.reference)
        of.words.append(_content(stored, body))
        if asked.source_class is not None and not _states_class(body):
            of.is_alike = False  # a specimen or a report may say whose genome it is
    _add_words(found, wordy, at.reads)
    return list(found.values())


def _states_class(body: Resource) -> bool:
    return any(GENOMIC_SOURCE_CLASS in codes_of(each) for each in as_dicts(body.get("component")))


def _rows(genes: frozenset[str], asked: Asked, reads: Reads) -> Iterator[Row]:
    """The rows of these genes that are of the class asked for. A phenotype has no class of its own:
    it is of that of its resource; one that follows from a genotype is said by the genotype."""
    if not genes:
        return
    listed = sorted(genes)
    stated = [each for each in reads.phenotypes_of(listed) if each.phenotype.is_stated]
    if asked.source_class is None:
        yield from reads.genotypes_of(listed)
        yield from stated
        yield from reads.variants_of_genes(listed)
        return
    classed: set[tuple[str, str]] = set()
    for genotype in reads.genotypes_of(listed):
        if is_of_class(genotype.genotype.source_class, asked):
            classed.add((genotype.type, genotype.id))
            yield genotype
    yield from (each for each in stated if (each.type, each.id) in classed)
    for variant in reads.variants_of_genes(listed):
        if is_of_class(variant.variant.source_class, asked):
            yield variant


def _said(row: Row) -> Hashable:
    """What a row says, without whose it is. By its fields: quicker than the value's own hash."""
    if type(row) is StoredGenotype:
        genotype = row.genotype
        return (genotype.gene, genotype.kind, genotype.name, genotype.source_class)
    if type(row) is StoredPhenotype:
        return (row.phenotype.gene, row.phenotype.phenotype)
    return row.variant if type(row) is StoredVariant else row


def _is_told(variant: IndexedVariant, genes: frozenset[str]) -> bool:
    """Whether a row tells all of a variant: a placed one of genes of drug response alone."""
    is_placed = variant.start is not None and variant.ref is not None and variant.alt is not None
    return is_placed and not variant.is_structural and genes.issuperset(variant.genes)


def _add_words(found: _Found, wordy: set[tuple[str, str]], reads: Reads) -> None:
    """What results say in words, and the diseases of their patients."""
    patients: dict[str, None] = {}
    for stored in reads.read_many(sorted(wordy)) if wordy else ():
        if stored.patient in found:
            patients[stored.patient] = None
            found[stored.patient].words.append(_content(stored, decoded(stored)))
    listed = list(patients)
    for first in range(0, len(listed), _AT_ONCE):
        some = listed[first : first + _AT_ONCE]
        asked = Criterion("subject", tuple(LinkAsked("Patient", each) for each in some))
        for stored in _all(Query("Condition", (asked,), count=_PAGE, with_total=False), reads):
            if stored.patient in found:
                found[stored.patient].words.append(_content(stored, decoded(stored)))


def _content(stored: StoredResource, body: Resource) -> Hashable:
    """A digest of what a resource says, whoever's it is. What it is derived from has other ids in
    each record, and is told by its own row."""
    said = {name: value for name, value in body.items() if name != "derivedFrom"}
    return Entry(said, stored.type).print


def _with_codes(codes: Iterable[str], reads: Reads) -> Iterator[StoredResource]:
    values = tuple(TokenAsked(None, code) for code in sorted(codes))
    query = Query("Observation", (Criterion("code", values),), count=_PAGE, with_total=False)
    return _all(query, reads)


def _all(query: Query, reads: Reads) -> Iterator[StoredResource]:
    after: Sequence[str | int | float | None] = ()
    while True:
        page = reads.search(
            Query(query.type, query.criteria, count=_PAGE, after=after, with_total=False)
        )
        yield from page.resources
        if not page.next:
            return
        after = page.next

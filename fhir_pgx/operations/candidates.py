"""The patients who may have an implication, and what of their results decides it.

By the genomic index alone: the rows of the genes that matter, and the stated implications. Two
patients with the same rows are one case. A result of a gene of drug response is told whole by its
rows; of other genes, whose changes are told by names and significance, the content of the results
counts too, and the patient's diseases beside them.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from fhir_pgx.fhir.bundle import as_dicts
from fhir_pgx.model.genomic_index import (
    IndexedVariant,
    StoredGenotype,
    StoredPhenotype,
    StoredVariant,
)
from fhir_pgx.model.search import Criterion, Query, TokenAsked
from fhir_pgx.operations.bodies import decoded
from fhir_pgx.operations.frame import codes_of
from fhir_pgx.operations.hits import is_of_class
from fhir_pgx.operations.operation import Asked, Context, Resource
from fhir_pgx.operations.told import Kept, is_ours, kept_of
from fhir_pgx.storage.store import Reads, StoredResource
from fhir_pgx.terminology import GENOMIC_SOURCE_CLASS, VARIANT

_PAGE = 1000
Row = StoredVariant | StoredGenotype | StoredPhenotype


@dataclass(frozen=True, slots=True)
class Looked:
    """Where to look.

    `genes` are those by which anything can be said of what is asked; `only` the patients to whom a
    finding that is asked for limits the question, None for all. `codes` are those of stated
    implications, of which `is_wanted` says whether one is about what is asked. `every_variant`:
    nothing but the variants' own words decides, so that each is read. `biomarkers` are the codes of
    results without a gene by which a therapy is chosen.
    """

    genes: frozenset[str]
    only: frozenset[str] | None
    codes: frozenset[str]
    is_wanted: Callable[[Resource], bool]
    every_variant: bool = False
    biomarkers: frozenset[str] = frozenset()

    @property
    def every_code(self) -> frozenset[str]:
        """The codes of all that is read."""
        variants = {VARIANT} if self.every_variant else frozenset[str]()
        return self.codes | self.biomarkers | variants

    def is_told_by(self, body: Resource) -> bool:
        """Whether a resource of such a code may say what is asked."""
        if self.every_variant and not codes_of(body) & self.codes:
            return True  # a variant that we wrote is one like any other, where its source is not
        return self.is_biomarker(body) or (not is_ours(body) and self.is_wanted(body))

    def is_biomarker(self, body: Resource) -> bool:
        return bool(codes_of(body) & self.biomarkers)


class Case:
    """Patients whose results say the same: judged once, by the first of them.

    `key` is what they say; None where something beside their own words decides, so that nobody
    else's judgement holds.
    """

    __slots__ = ("_looked", "key", "patients")

    def __init__(self, looked: Looked, key: Hashable, patients: list[str]) -> None:
        self._looked, self.key, self.patients = looked, key, patients

    def kept(self, asked: Asked, at: Context) -> Kept:
        """The first one's results that matter, in the context of the whole record."""
        first = self.patients[0]
        rows = _rows(self._looked.genes, asked, at.reads, first)
        stated = (
            each.reference
            for each in _with_codes(self._looked.every_code, at.reads, first)
            if self._looked.is_told_by(decoded(each))
        )
        among = frozenset((*(f"{row.type}/{row.id}" for row in rows), *stated))
        return kept_of(replace(asked, subject=first), at, among)


class _Gathered:
    """Everything that results say, and which patients' results say it."""

    def __init__(self, only: frozenset[str] | None) -> None:
        self._only = only
        self._having: dict[Hashable, set[str]] = {}
        self.alone: set[str] = set()

    def add(self, said: Hashable, patients: Iterable[str]) -> None:
        self._having.setdefault(said, set()).update(patients)

    def add_words(self, said: str, patients: Iterable[str]) -> None:
        """What resources say beside their rows, or without any; an empty digest is not known to be
        anybody else's."""
        self.add(("words", said), patients)
        if not said:
            self.alone.update(patients)

    def cases(self, looked: Looked, beside: Mapping[str, Hashable]) -> Iterator[Case]:
        """The patients by what they say, and by what is known `beside` of each."""
        of: dict[str, list[int]] = {}  # what each says, as places: a place is quick to hash
        for place, patients in enumerate(self._having.values()):
            for patient in patients if self._only is None else patients & self._only:
                if patient in of:
                    of[patient].append(place)
                else:
                    of[patient] = [place]
        alike: dict[tuple[tuple[int, ...], Hashable], list[str]] = {}
        for patient, places in of.items():
            if patient in self.alone:
                yield Case(looked, None, [patient])
            else:
                alike.setdefault((tuple(places), beside.get(patient)), []).append(patient)
        said = list(self._having)
        for (same, more), patients_alike in alike.items():
            key = (frozenset(said[each] for each in same), more)
            yield Case(looked, key, patients_alike)


def look(looked: Looked, asked: Asked, at: Context, beside: Mapping[str, Hashable]) -> list[Case]:
    """Every patient who may have what is asked, by cases: `beside` is what else tells two patients
    apart."""
    found, reads, listed = _Gathered(looked.only), at.reads, sorted(looked.genes)
    if listed:
        class_ = asked.source_class
        for genotype, patients in reads.genotypes_alike(listed, source_class=class_):
            told = (genotype.gene, genotype.kind, genotype.name, genotype.source_class)
            found.add(told, patients)
        for phenotype, patients in reads.phenotypes_alike(listed, source_class=class_):
            found.add((phenotype.gene, phenotype.phenotype), patients)
        _add_variants(found, listed, asked, at)
    _add_stated(found, looked, asked, reads)
    return list(found.cases(looked, beside))


def _add_variants(found: _Gathered, genes: list[str], asked: Asked, at: Context) -> None:
    """The variants; of those whose rows do not tell all of them, what the results say in words, and
    the diseases of their patients."""
    names_alone = frozenset(at.knowledge.genes) - at.pipeline.implied.genes_of_rows
    wordy = {each for each in genes if each not in names_alone}
    for each in at.reads.variants_alike(
        [each for each in genes if each in names_alone], source_class=asked.source_class
    ):
        found.add(each.variant, each.patients)
        if not _is_told(each.variant, names_alone):
            wordy.update(each.variant.genes)
    some = sorted(wordy.intersection(genes))
    whose: set[str] = set()
    for each in at.reads.variants_alike(some, source_class=asked.source_class, by_said=True):
        found.add(each.variant, each.patients)
        if not _is_told(each.variant, names_alone):
            found.add_words(each.said, each.patients)
            whose.update(each.patients)
    if whose:
        for disease in at.reads.alike_beside("Condition", some):
            found.add_words(disease.said, whose.intersection(disease.patients))


def _add_stated(found: _Gathered, looked: Looked, asked: Asked, reads: Reads) -> None:
    """What results state in so many words: read once for all that say the same."""
    alike = reads.alike_by_code("Observation", sorted(looked.every_code))
    bodies = reads.read_many([("Observation", each.id) for each in alike])
    said = {each.id: decoded(each) for each in bodies}
    for each in alike:
        body = said.get(each.id)
        if body is None or not looked.is_told_by(body):
            continue
        found.add_words(each.said, each.patients)
        # A specimen or a report may say whose genome it is; what a biomarker means, the diseases.
        is_of_a_class = asked.source_class is None or _states_class(body)
        if not is_of_a_class or looked.is_biomarker(body):
            found.alone.update(each.patients)


def _states_class(body: Resource) -> bool:
    return any(GENOMIC_SOURCE_CLASS in codes_of(each) for each in as_dicts(body.get("component")))


def _rows(genes: frozenset[str], asked: Asked, reads: Reads, patient: str) -> Iterator[Row]:
    """The rows of these genes that are of the class asked for. A phenotype has no class of its own:
    it is of that of its resource; one that follows from a genotype is said by the genotype."""
    if not genes:
        return
    listed = sorted(genes)
    classed: set[tuple[str, str]] = set()
    for genotype in reads.genotypes_of((), patient=patient):
        if is_of_class(genotype.genotype.source_class, asked):
            classed.add((genotype.type, genotype.id))
            if genotype.genotype.gene in genes:
                yield genotype
    for phenotype in reads.phenotypes_of(listed, patient=patient):
        if phenotype.phenotype.is_stated and (
            asked.source_class is None or (phenotype.type, phenotype.id) in classed
        ):
            yield phenotype
    for variant in reads.variants_of_genes(listed, patient=patient):
        if is_of_class(variant.variant.source_class, asked):
            yield variant


def _is_told(variant: IndexedVariant, genes: frozenset[str]) -> bool:
    """Whether a row tells all of a variant: a placed one of genes of drug response alone."""
    is_placed = variant.start is not None and variant.ref is not None and variant.alt is not None
    return is_placed and not variant.is_structural and genes.issuperset(variant.genes)


def _with_codes(codes: Iterable[str], reads: Reads, patient: str) -> Iterator[StoredResource]:
    values = tuple(TokenAsked(None, code) for code in sorted(codes))
    query = Query(
        "Observation", (Criterion("code", values),), count=_PAGE, patient=patient, with_total=False
    )
    while True:
        page = reads.search(query)
        yield from page.resources
        if not page.next:
            return
        query = replace(query, after=page.next)

"""The patients who may have an implication, and what of their results decides it.

By the store's indexes alone, and by more of it than is needed: whom nothing found here concerns,
nothing concerns. Each case is then judged by one patient's whole record, as a question about that
patient would be. Patients are one case where all that can decide is the same: the rows of genes of
drug response; of whoever has a variant by which a therapy is chosen, every result and disease on
file beside it, since a profile asks for several findings, and a tumour is known by any of them.
What rows and words do not tell (which of two results came later, what one is derived from, the
specimen, a report) makes a patient a case of one.
"""

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from fhir_pgx.fhir.bundle import as_dicts, as_text
from fhir_pgx.model.genomic_index import IndexedVariant
from fhir_pgx.operations.bodies import decoded
from fhir_pgx.operations.frame import codes_of
from fhir_pgx.operations.operation import Asked, Context, Resource
from fhir_pgx.operations.told import Kept, is_ours, kept_of
from fhir_pgx.pipeline.reach import Genes
from fhir_pgx.storage.store import Reads, VariantAlike
from fhir_pgx.terminology import GENOMIC_SOURCE_CLASS, PHASE_RELATIONSHIP, VARIANT

_REPORTED = ("Observation", "DiagnosticReport")
_PRELIMINARY = ("partial", "preliminary", "registered")


@dataclass(frozen=True, slots=True)
class Looked:
    """Where to look.

    `genes` are those by which anything can be said of what is asked; `only` the patients to whom a
    finding that is asked for limits the question, None for all. `codes` are those of stated
    implications, of which `is_wanted` says whether one is about what is asked; `by_finding`:
    implications are asked for by what they rest on. `every_variant`: nothing but the variants' own
    words decides, so that each is read. `biomarkers` are the codes of results without a gene by
    which a therapy is chosen.
    """

    genes: Genes
    only: frozenset[str] | None
    codes: frozenset[str]
    is_wanted: Callable[[Resource], bool]
    by_finding: bool = False
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


@dataclass(frozen=True, slots=True)
class Case:
    """Patients for whom all that can decide is the same: judged once, by the first of them.

    `key` is what that is; None where something beside it decides, so that nobody else's judgement
    holds.
    """

    key: Hashable
    patients: list[str]

    @property
    def first(self) -> str:
        return self.patients[0]

    @property
    def is_lone(self) -> bool:
        return self.key is None

    def kept(self, asked: Asked, at: Context) -> Kept:
        """The first one's results, as for a question about that patient."""
        return kept_of(replace(asked, subject=self.first), at)


class _Gathered:
    """Everything that results say, and which patients' results say it."""

    def __init__(self, only: frozenset[str] | None) -> None:
        self._only = only
        self._having: dict[Hashable, set[str]] = {}
        self._one: dict[Hashable, set[str]] = {}
        self.alone: set[str] = set()

    def add(self, said: Hashable, patients: Iterable[str], *one_of: Hashable) -> None:
        """Whoever has two that are `one_of` the same thing is alone: which of them counts is told
        by their times."""
        self._having.setdefault(said, set()).update(patients)
        for each in one_of:
            before = self._one.setdefault(each, set())
            self.alone.update(before.intersection(patients))
            before.update(patients)

    def add_words(self, said: str, patients: Iterable[str]) -> None:
        """What resources say beside their rows, or without any; an empty digest is not known to be
        anybody else's."""
        self.add(("words", said), patients)
        if not said:
            self.alone.update(patients)

    def add_lone(self, patients: Collection[str]) -> None:
        """Patients with something that is looked at in their own record alone."""
        self.add("alone", patients)
        self.alone.update(patients)

    def cases(self, beside: Mapping[str, Hashable]) -> Iterator[Case]:
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
                yield Case(None, [patient])
            else:
                alike.setdefault((tuple(places), beside.get(patient)), []).append(patient)
        said = list(self._having)
        for (same, more), patients_alike in alike.items():
            key = (frozenset(said[each] for each in same), more)
            yield Case(key, patients_alike)


def look(looked: Looked, asked: Asked, at: Context, beside: Mapping[str, Hashable]) -> list[Case]:
    """Every patient who may have what is asked, by cases: `beside` is what else tells two patients
    apart."""
    found = _Gathered(looked.only)
    if looked.genes.all:
        by_sex: set[str] = set()
        _add_genotypes(found, looked, at, by_sex)
        _add_variants(found, looked, at, by_sex)
        _add_sex(found, by_sex, at)
        _add_entangled(found, looked, asked, at)
    if looked.only is not None:
        found.add("asked for", looked.only)
    _add_stated(found, looked, asked, at)
    return list(found.cases(beside))


def _add_genotypes(found: _Gathered, looked: Looked, at: Context, by_sex: set[str]) -> None:
    """Genotypes and stated phenotypes: told whole by their rows, where there is one of a gene."""
    listed = sorted(looked.genes.guided | looked.genes.typed)
    if not listed:
        return
    sexed = at.pipeline.implied.genes_by_sex
    for genotype, patients in at.reads.genotypes_alike(listed):
        told = (genotype.gene, genotype.kind, genotype.name, genotype.source_class)
        found.add(told, patients, ("genotype", genotype.gene))
        if genotype.gene in sexed:
            by_sex.update(patients)
    for phenotype, patients in at.reads.phenotypes_alike(listed):
        said = (phenotype.gene, phenotype.phenotype)
        found.add(said, patients, ("phenotype", phenotype.gene))


def _add_variants(found: _Gathered, looked: Looked, at: Context, by_sex: set[str]) -> None:
    """The variants, by their rows where these tell all of them: placed ones of genes that only
    genotypes are called in."""
    genes, reads = looked.genes, at.reads
    sexed = at.pipeline.implied.genes_by_sex
    called = (genes.guided & frozenset(at.knowledge.genes)) - genes.of_rows
    wordy = genes.guided - called
    for each in reads.variants_alike(sorted(called)):
        found.add(each.variant, each.patients)
        if not _is_told(each.variant):
            wordy = wordy.union(each.variant.genes)
        if not sexed.isdisjoint(each.variant.genes):
            by_sex.update(each.patients)
    for each in _with_words(wordy | genes.of_rows, genes.of_tumours, reads):
        genes_of = (("variant", gene) for gene in each.variant.genes)
        found.add((each.said, each.variant), each.patients, *genes_of)
        found.add_words(each.said, each.patients)
        if not sexed.isdisjoint(each.variant.genes):
            by_sex.update(each.patients)
    if genes.by_variants:
        by_variants, typed = sorted(genes.by_variants), sorted(genes.typed)
        for said, patients in reads.alike_beside(by_variants, typed):
            found.add_words(said, patients)
        # A variant by its name alone, whose gene the name tells: the index has no gene of it.
        found.add_lone(reads.without_gene([VARIANT]))


def _with_words(
    anybodys: frozenset[str], of_tumours: frozenset[str], reads: Reads
) -> list[VariantAlike]:
    """The variants of these genes with what their resources say; of genes by which rows on tumours
    alone speak, those of patients of whom more is on file than the rows of germline results: a
    cancer, a somatic finding or a biomarker makes a tumour, and each is more."""
    found = reads.variants_alike(sorted(anybodys), by_said=True)
    only = sorted(of_tumours - anybodys)
    # What is of genes of both kinds is told already, of everybody.
    found += [
        each
        for each in reads.variants_alike(only, by_said=True, beside=True)
        if anybodys.isdisjoint(each.variant.genes)
    ]
    return found


def _add_sex(found: _Gathered, patients: set[str], at: Context) -> None:
    """The sex on record, of whom it decides."""
    by_sex: dict[str, list[str]] = {}
    for stored in at.reads.read_many([("Patient", each) for each in sorted(patients)]):
        by_sex.setdefault(as_text(decoded(stored).get("gender")), []).append(stored.id)
    for sex, some in by_sex.items():
        found.add(("sex", sex), some)


def _add_entangled(found: _Gathered, looked: Looked, asked: Asked, at: Context) -> None:
    """Those whose genotypes follow from more than rows: sequences, which say what they cover;
    variants with a phase; a preliminary result, which counts where no final one is. Whose genome
    a result is of may be said by what it is derived from."""
    for each in at.reads.alike_of_type("MolecularSequence"):
        found.add_lone(each.patients)
    found.alone.update(at.reads.having(["Observation"], "code", [PHASE_RELATIONSHIP]))
    found.alone.update(at.reads.having(_REPORTED, "status", _PRELIMINARY))
    if asked.source_class is not None:
        genes = sorted(looked.genes.all)
        found.alone.update(at.reads.tied(genes, genes))


def _add_stated(found: _Gathered, looked: Looked, asked: Asked, at: Context) -> None:
    """What results state in so many words: read once for all that say the same."""
    alike = at.reads.alike_by_code("Observation", sorted(looked.every_code))
    bodies = at.reads.read_many([("Observation", each.id) for each in alike])
    said = {each.id: decoded(each) for each in bodies}
    for each in alike:
        body = said.get(each.id)
        if body is None or not looked.is_told_by(body):
            continue
        found.add_words(each.said, each.patients)
        # A specimen or a report may say whose genome it is; what it rests on, its own parents;
        # what a biomarker means, the diseases.
        is_of_a_class = asked.source_class is None or _states_class(body)
        rests_on = looked.by_finding and bool(codes_of(body) & looked.codes)
        if not is_of_a_class or rests_on or looked.is_biomarker(body):
            found.alone.update(each.patients)


def _states_class(body: Resource) -> bool:
    return any(GENOMIC_SOURCE_CLASS in codes_of(each) for each in as_dicts(body.get("component")))


def _is_told(variant: IndexedVariant) -> bool:
    """Whether a row tells all of a variant: one of bases, at its place."""
    is_placed = variant.start is not None and variant.ref is not None and variant.alt is not None
    return is_placed and not variant.is_structural

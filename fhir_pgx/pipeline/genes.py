"""What is known of each gene: statements and variants, called and concluded gene by gene.

One gene's fault becomes that gene's caveat: the others are answered all the same.
"""

import logging
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from fhir_pgx.fhir.bundle import Entry, as_text, logical_id
from fhir_pgx.fhir.kept import ResultMemory
from fhir_pgx.fhir.reading import read
from fhir_pgx.genotype import CallTable, build_table, call_sources, gather
from fhir_pgx.memory import (
    Memory,
    statement_key,
    with_origin,
    without_origin,
)
from fhir_pgx.model.document import Calling
from fhir_pgx.model.finding import Caveat, NotUnderstood, Statement
from fhir_pgx.model.knowledge import GeneRules, Knowledge, Vocabulary
from fhir_pgx.model.phenotype import GeneResult, Interpretation, Status
from fhir_pgx.model.reading import Reading
from fhir_pgx.model.variant import SiteCall
from fhir_pgx.normalize.observed_sites import ObservedSites, read_observed_sites
from fhir_pgx.normalize.sites import SiteIndex
from fhir_pgx.phenotype import (
    blind_to_structure,
    conclude,
    faulty,
    looked_at,
    not_asked,
    not_called_from,
    not_tested,
    not_the_tumour,
)
from fhir_pgx.sources import Genome

log = logging.getLogger("fhir_pgx.pipeline")

AS_USUAL = Calling()
NOT_AS_REFERENCE = Caveat(
    "PGX-537",
    "Positions not in the data were not taken as reference, although asked: the VCF has lines or "
    "contigs that could not be used, or breaks off.",
)
NOTHING_OBSERVED = ObservedSites({})
SiteCalls = dict[str, list[tuple[SiteCall, ...]]]  # by gene, one tuple a source
Concluded = tuple[GeneResult, tuple[NotUnderstood, ...]]


@dataclass(frozen=True, slots=True)
class Gene:
    """One gene's part of the data: what is stated, and the calls of each source of variants."""

    rules: GeneRules
    statements: list[Statement]
    sites: list[tuple[SiteCall, ...]] = field(default_factory=list)
    notes: tuple[Caveat, ...] = ()
    build: str = ""  # of the VCF, for a gene that it has no line of


class Genes:
    """Every gene of the knowledge, ready to be interpreted; made once, shared by every thread."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self.index = SiteIndex(knowledge.definitions.values())
        self.tables = {
            gene: build_table(definition, knowledge.genes[gene])
            for gene, definition in knowledge.definitions.items()
        }
        self._not_tested = {gene: not_tested(gene) for gene in knowledge.genes}
        self.results: Memory[Concluded] = Memory()
        self.memory = ResultMemory()

    def interpret(
        self,
        entries: Sequence[Entry],
        genomes: Sequence[Genome] = (),
        outside: Sequence[Statement] = (),
        calling: Calling = AS_USUAL,
    ) -> Interpretation:
        """What is known of each gene from these data of one patient.

        Genes nobody spoke of are `not-tested`. Alleles are called from variants where no report
        states the result, and held against it where one does.
        """
        reading = read(entries, self._knowledge.vocabulary, self.memory)
        sex = _sex(entries)
        by_gene: dict[str, list[Statement]] = defaultdict(list)
        for statement in (*reading.statements, *outside):
            by_gene[statement.gene].append(statement)
        sites, notes, observed = self._sites(reading, genomes, sex)
        if calling.missing_as_reference and not all(genome.is_whole for genome in genomes):
            # A line that could not be used would become the reference, which nobody has read.
            calling = replace(calling, missing_as_reference=False)
            reading = replace(reading, caveats=(*reading.caveats, NOT_AS_REFERENCE))
            told = {gene: (*notes.get(gene, ()), NOT_AS_REFERENCE) for gene in sites}
            notes = {**notes, **told}
        if calling.missing_as_reference:
            self._add_unread_genes(sites, genomes, calling)
        left = list(observed.not_understood)
        looked_for = {*reading.refused_genes, *observed.refused_genes}
        results = dict(self._not_tested)
        for gene, rules in self._knowledge.genes.items():
            statements = by_gene.pop(gene, None)
            if gene in sites:
                build = next((g.builds[0] for g in genomes if g.builds), "")
                task = Gene(rules, statements or [], sites[gene], notes.get(gene, ()), build)
                results[gene], refused = self.call(task, sex, calling)
                left += refused
            elif statements is not None:
                results[gene], refused = self._conclude(statements, rules, sex)
                left += refused
            elif reading.variants and (found := not_called_from(reading.variants, gene)):
                results[gene] = found
            if gene not in sites and (gene in notes or gene in looked_for):
                results[gene] = looked_at(results[gene], notes.get(gene, ()))
        typed = {each.locus for each in reading.precision.typings}
        for gene, statements in by_gene.items():
            if gene.removeprefix("HLA-") in typed:
                continue  # read as a typing, which other rules than a drug's are about
            left += [
                NotUnderstood(
                    statement.origin.reference,
                    f"our release holds no rules for the gene {gene}",
                    statement.origin.path,
                )
                for statement in statements
            ]
        for gene in observed.tumour_genes:
            if results[gene].status is Status.NOT_TESTED:
                caveats = (*results[gene].caveats, not_the_tumour(gene))
                results[gene] = replace(results[gene], caveats=caveats)
        if left:
            not_understood = (*reading.not_understood, *dict.fromkeys(left))
            reading = replace(reading, not_understood=not_understood)
        used = {
            gene: tuple(call for calls in each for call in calls) for gene, each in sites.items()
        }
        subject = _subject(reading, genomes)
        return Interpretation(subject, results, reading, used, observed.resolved)

    def _sites(
        self, reading: Reading, genomes: Sequence[Genome], sex: str
    ) -> tuple[SiteCalls, Mapping[str, tuple[Caveat, ...]], ObservedSites]:
        """The calls at decision positions by gene and source, what must be said of them, and what
        the variants of resources gave."""
        sites: SiteCalls = defaultdict(list)
        notes: dict[str, tuple[Caveat, ...]] = {}
        observed = NOTHING_OBSERVED
        for genome in genomes:
            for gene, calls in genome.by_gene.items():
                sites[gene].append(calls)
                notes[gene] = (*notes.get(gene, ()), *genome.caveats)
            for gene, caveats in genome.gene_caveats.items():
                notes[gene] = (*notes.get(gene, ()), *caveats)
        if reading.variants:
            observed = self._observed(reading, sex)
            for gene, calls in observed.by_gene.items():
                sites[gene].append(calls)
            for gene, caveats in observed.gene_caveats.items():
                notes[gene] = (*notes.get(gene, ()), *caveats)
        return sites, notes, observed

    def _observed(self, reading: Reading, sex: str) -> ObservedSites:
        """The calls of the resources' variants. A fault of ours there may concern any gene: each is
        told of it, and the statements of reports still count."""
        try:
            return read_observed_sites(
                reading.variants, reading.phases, reading.sequences, self.index, sex=sex
            )
        except Exception as error:  # noqa: BLE001 - as in _guarded
            log_fault("the variants", error)
            notes = {gene: faulty(gene, ()).caveats for gene in self.tables}
            return ObservedSites({}, gene_caveats=notes)

    def _add_unread_genes(
        self,
        sites: SiteCalls,
        genomes: Sequence[Genome],
        calling: Calling,
    ) -> None:
        """A VCF of variants alone has no line of a gene that is all reference. A file whose build
        nothing shows has no reference either."""
        if len({genome.builds for genome in genomes if genome.builds}) != 1:
            return
        for gene, table in self.tables.items():
            if gene not in sites and (calling.cyp2d6_from_snvs or not table.definition.on_request):
                sites[gene] = [()]

    def call(self, task: Gene, sex: str, calling: Calling) -> Concluded:
        """A gene of which variants are at hand, with what is stated of it beside."""
        table = self.tables[task.rules.gene]
        if table.definition.on_request and not calling.cyp2d6_from_snvs:
            if task.statements:
                return self._conclude(task.statements, task.rules, sex)
            return not_asked(task.rules.gene, [call for each in task.sites for call in each]), ()
        vocabulary = self._knowledge.vocabulary
        return _guarded(task, lambda: _one_called_gene(task, table, vocabulary, sex, calling))

    def _conclude(self, statements: list[Statement], rules: GeneRules, sex: str) -> Concluded:
        vocabulary = self._knowledge.vocabulary
        key = statement_key(statements, sex)
        if key is None:
            return _one_gene(statements, rules, vocabulary, sex)
        origin = statements[0].origin
        kept, refused = self.results.get(
            key,
            lambda: _nobodys(_one_gene(statements, rules, vocabulary, sex)),
            # What was not read may be anybody's words: neither they nor their place are kept.
            is_plain=lambda found: bool(found[0].lookup_keys) and not found[1],
        )
        if refused or not kept.lookup_keys:  # what was not usable is told with its own place
            return _one_gene(statements, rules, vocabulary, sex)
        return with_origin(kept, origin), ()


def _subject(reading: Reading, genomes: Sequence[Genome]) -> str:
    """The one patient as a reference, else the one sample's name; empty where none is named."""
    if not reading.subjects and len({genome.sample for genome in genomes}) == 1:
        return genomes[0].sample
    if len(reading.subjects) != 1:
        return ""
    subject = reading.subjects[0]
    return subject if subject.startswith("urn:") else f"Patient/{logical_id(subject)}"


def _one_gene(
    statements: list[Statement], rules: GeneRules, vocabulary: Vocabulary, sex: str
) -> Concluded:
    def conclude_it() -> Concluded:
        evidence = gather(statements, rules, vocabulary, sex=sex)
        return conclude(evidence, rules), evidence.not_understood

    return _guarded(Gene(rules, statements), conclude_it)


def _one_called_gene(
    task: Gene, table: CallTable, vocabulary: Vocabulary, sex: str, calling: Calling
) -> Concluded:
    evidence = gather(task.statements, task.rules, vocabulary, sex=sex)
    called = call_sources(
        table,
        task.sites,
        evidence,
        sex=sex,
        all_matches=calling.all_matches,
        missing_as_reference=calling.missing_as_reference,
        build=task.build,
    )
    result = conclude(evidence, task.rules, called)
    blind = (blind_to_structure(task.rules.gene),) if table.definition.on_request else ()
    caveats = tuple(dict.fromkeys((*result.caveats, *blind, *task.notes)))
    return replace(result, caveats=caveats), evidence.not_understood


def log_fault(what: str, error: Exception) -> None:
    """Log where a fault of ours is. Its message may hold what was being read; its places cannot, so
    those alone are logged."""
    places = "".join(traceback.format_tb(error.__traceback__))
    log.error("interpreting %s failed: %s\n%s", what, type(error).__name__, places)


def _guarded(task: Gene, conclude_it: Callable[[], Concluded]) -> Concluded:
    try:
        return conclude_it()
    except Exception as error:  # noqa: BLE001 - see below
        # A fault of ours in one gene must cost that gene's answer, not the other twenty-two.
        gene = task.rules.gene
        log_fault(gene, error)
        stated = (statement.origin.reference for statement in task.statements)
        called = (call.reference for calls in task.sites for call in calls)
        return faulty(gene, tuple(dict.fromkeys((*stated, *called)))), ()


def _nobodys(concluded: Concluded) -> Concluded:
    result, refused = concluded
    return without_origin(result), refused


def _sex(entries: Iterable[Entry]) -> str:
    """The patient's administrative gender, where it is `male` or `female`."""
    for entry in entries:
        if entry.type == "Patient" and entry.container is None:
            stated = as_text(entry.resource.get("gender"))
            return stated if stated in ("male", "female") else ""
    return ""

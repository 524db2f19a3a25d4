"""An interpretation and what follows from it, put together as the Bundle of a genomic report."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from fhir_pgx.model.knowledge import Knowledge
from fhir_pgx.model.met_statement import MetStatement
from fhir_pgx.model.phenotype import GeneResult, Interpretation, Status
from fhir_pgx.model.recommendation import DrugAdvice, Recommendation, Unanswered, given
from fhir_pgx.model.therapy import DOMAINS, Domain, TherapyAdvice
from fhir_pgx.reports.genomic_report import (
    Contents,
    bundle_of,
    newest,
    not_understood,
    outcome_of,
    provenance,
    write_report,
)
from fhir_pgx.reports.genotype_observations import WrittenGene, write_gene_result
from fhir_pgx.reports.implication_frame import Resource
from fhir_pgx.reports.implications import write_implications
from fhir_pgx.reports.pgx_implications import (
    deciding_genes,
    drug_implication,
    phenotype_implication,
)
from fhir_pgx.reports.recommended_tasks import Advised, write_tasks
from fhir_pgx.reports.report_frame import About, about, device, finished
from fhir_pgx.reports.sites import sites_of
from fhir_pgx.reports.stu2 import bundle_as_stu2
from fhir_pgx.reports.variant_observations import (
    SiteContext,
    WrittenCall,
    write_calls,
    write_phases,
)
from fhir_pgx.version import __version__

_USUAL = frozenset(("standard", "no-recommendation"))
_LEFT_OUT = (
    "Not written: {} recommendations of the usual dose, or without one. $recommend and "
    "`recommend --format fhir` have all."
)
_NO_FINDING = (
    "No advice: the data hold no finding that our guidance speaks of. What was not tested is not "
    "normal."
)
_MITOCHONDRIAL = "NC_012920.1"
_WHOSE: Mapping[Domain, str] = {
    "tumour": "findings in a tumour",
    "pathogen": "findings in a pathogen (not in this report)",
    "inherited": "inherited findings",
    "transplant": "a transplant (not in this report)",
}


def _now() -> datetime:
    return datetime.now(UTC)


class GenomicReports:
    """Writes reports; made once with the knowledge, shared by every thread."""

    def __init__(self, knowledge: Knowledge, now: Callable[[], datetime] = _now) -> None:
        self._knowledge, self._now = knowledge, now
        self._accessions = {
            (build, chromosome): accession
            for accession, (build, chromosome) in knowledge.vocabulary.accessions.items()
        }
        # Rows name their disease; the node beside the name is the same in every row.
        tumour = knowledge.therapies.tumour
        self._diseases = {row.disease.lower(): row.doid for row in tumour.rows if row.doid}
        self._diseases |= {row.disease.lower(): row.doid for row in tumour.statements if row.doid}

    def interpretation(
        self,
        interpretation: Interpretation,
        advice: Sequence[DrugAdvice],
        therapies: Sequence[TherapyAdvice],
        statements: Sequence[MetStatement],
        *,
        stu2: bool = False,
    ) -> Resource:
        """The report of `interpret`: every gene that was tested, what it implies, and the Tasks.

        Advice to do as usual is counted and not written.
        """
        interpretation = _as_read(interpretation)
        of = self._about(interpretation)
        written = {
            gene: self._gene(result, interpretation, of)
            for gene, result in interpretation.genes.items()
            if result.status is not Status.NOT_TESTED or interpretation.sites.get(gene)
        }
        parents = {gene: list(each.parents) for gene, each in written.items()}
        phenotypes = self._phenotypes(interpretation, parents, of)
        told = [each for one in advice for each in self._told(one)]
        acting = [each for each in told if each.action not in _USUAL]
        drugs = self._drugs(acting, interpretation.genes, parents, of)
        rows, left_out = self._rows(interpretation, therapies, statements, of)
        usual = len(told) - len(acting)
        contents = Contents(
            results=[
                *(one for each in written.values() for one in each.observations),
                *phenotypes,
                *(each.implication for each in drugs),
                *rows,
            ],
            tasks=write_tasks(_leading(drugs, advice), of),
            others=list(_beside_genes(therapies, statements)),
            read=list(_sources(interpretation, therapies, statements)),
            left_out=[*left_out, *([_LEFT_OUT.format(usual)] if usual else [])],
        )
        bundle = write_report(interpretation, contents, of, recorded=self._recorded())
        return bundle_as_stu2(bundle) if stu2 else bundle

    def recommendations(
        self,
        interpretation: Interpretation,
        advice: Sequence[DrugAdvice],
        therapies: Sequence[TherapyAdvice],
        statements: Sequence[MetStatement],
        *,
        unanswered: Sequence[Unanswered] = (),
        stu2: bool = False,
    ) -> Resource:
        """The Bundle of `recommend`: what every source advises, as implications with their Tasks;
        derived from the results that were sent. A drug that nobody advises on is told of beside
        them, with the reason: an empty Bundle would read as one without risk."""
        of = self._about(interpretation)
        told = [each for one in advice for each in self._told(one)]
        drugs = self._drugs(told, interpretation.genes, {}, of)
        rows, left_out = self._rows(interpretation, therapies, statements, of)
        made = [
            *(each.implication for each in drugs),
            *rows,
            *write_tasks(_leading(drugs, advice), of),
        ]
        told_of = [
            *not_understood(interpretation.reading.not_understood),
            *(f"No advice on {each.drug} ({each.reason}): {each.text}" for each in unanswered),
            *left_out,
        ]
        if not made and not told_of:
            told_of = [_NO_FINDING]
        outcome = [outcome_of(told_of, of)] if told_of else []
        by = []
        if made:
            read = list(_sources(interpretation, therapies, statements))
            by = [provenance(made, read, of, self._recorded()), device(of)]
        bundle = bundle_of([*made, *by, *outcome])
        return bundle_as_stu2(bundle) if stu2 else bundle

    def _recorded(self) -> str:
        return self._now().isoformat(timespec="seconds").replace("+00:00", "Z")

    def _about(self, interpretation: Interpretation) -> About:
        return about(interpretation.subject, self._knowledge.release, __version__)

    def _gene(self, result: GeneResult, interpretation: Interpretation, of: About) -> WrittenGene:
        gene = result.gene
        rules = self._knowledge.genes[gene]
        calls: list[WrittenCall] = []
        if sites := interpretation.sites.get(gene):
            calls = write_calls(sites, self._context(gene), of)
        observed = [one for each in calls for one in each.observations]
        phases = write_phases(calls, of)
        if result.status is Status.NOT_TESTED:
            return WrittenGene(tuple(observed), ())
        written = write_gene_result(result, rules, calls, of)
        return WrittenGene((*written.observations, *observed, *phases), written.parents)

    def _context(self, gene: str) -> SiteContext:
        rules = self._knowledge.genes[gene]
        chromosome = self._knowledge.definitions[gene].chromosome
        sites = sites_of(gene, self._knowledge)

        def accession(build: str) -> str:
            return _MITOCHONDRIAL if chromosome == "MT" else self._accessions[build, chromosome]

        return SiteContext(gene, rules.hgnc, chromosome, sites, accession)

    def _phenotypes(
        self, interpretation: Interpretation, parents: Mapping[str, list[Resource]], of: About
    ) -> list[Resource]:
        """The phenotype of each gene that has one, derived from what was written of it. One that a
        report states stands among the gene's results already."""
        found = []
        for gene, result in interpretation.genes.items():
            if gene not in parents or result.basis == "phenotype":
                continue
            made = phenotype_implication(
                result,
                subject=of.subject,
                when=result.when,
                release=of.release,
                parents=parents[gene],
            )
            if made is not None:
                found.append(finished(made, of))
        return found

    def _told(self, advice: DrugAdvice) -> Iterable[Recommendation]:
        return [each for source in advice.sources for each in given(source.answer)]

    def _drugs(
        self,
        told: Iterable[Recommendation],
        results: Mapping[str, GeneResult],
        parents: Mapping[str, list[Resource]],
        of: About,
    ) -> list[Advised]:
        found = []
        for each in told:
            made = drug_implication(
                each,
                results,
                subject=of.subject,
                when=max(
                    (results[gene].when for gene in deciding_genes(each, results)), default=""
                ),
                release=of.release,
                parents=parents,
                levels=self._knowledge.levels.of(each.rxcui, each.drug),
            )
            if made is not None:
                found.append(Advised(each, finished(made, of)))
        return found

    def _rows(
        self,
        interpretation: Interpretation,
        therapies: Sequence[TherapyAdvice],
        statements: Sequence[MetStatement],
        of: About,
    ) -> tuple[list[Resource], list[str]]:
        """The implications of tumour and inherited findings, and what of them is not written."""
        bundle = write_implications(
            therapies,
            statements,
            subject=of.subject,
            when=newest(interpretation),
            release=of.release,
            diseases=self._diseases,
        )
        made = [entry["resource"] for entry in bundle.get("entry", [])]
        told = [
            issue["diagnostics"]
            for each in made
            if each["resourceType"] == "OperationOutcome"
            for issue in each["issue"]
        ]
        written = [finished(e, of) for e in made if e["resourceType"] == "Observation"]
        return written, told


def _as_read(interpretation: Interpretation) -> Interpretation:
    """Without the genes of which no position was read, which were taken as the reference as asked:
    who asked knows it, and who is handed the report would take it for a result."""
    genes = {
        gene: _not_called(result) if _is_assumed(result) else result
        for gene, result in interpretation.genes.items()
    }
    return replace(interpretation, genes=genes)


def _is_assumed(result: GeneResult) -> bool:
    seen = result.coverage
    return result.basis == "variants" and seen is not None and not seen.tested


def _not_called(result: GeneResult) -> GeneResult:
    return replace(
        result,
        status=Status.NOT_CALLED,
        diplotypes=(),
        phenotype=None,
        activity_score=None,
        lookup_keys=(),
        alleles=(),
    )


def _leading(drugs: Iterable[Advised], advice: Iterable[DrugAdvice]) -> Iterator[Advised]:
    """Those that a card would follow: two sources that differ must not propose opposite acts."""
    leads = {id(said) for each in advice for said in each.recommendations}
    return (each for each in drugs if id(each.recommendation) in leads)


def _beside_genes(
    therapies: Sequence[TherapyAdvice], statements: Sequence[MetStatement]
) -> Iterator[str]:
    """How much is said of findings that are of no gene of drug response: the tumour's and the
    patient's own apart, and what is not written too."""
    for domain in DOMAINS:
        if number := sum(each.domain == domain for each in therapies):
            yield f"Statements on therapy by {_WHOSE[domain]}: {number}."
    if statements:
        yield f"Statements on diagnosis, outlook or predisposition: {len(statements)}."


def _sources(
    interpretation: Interpretation,
    therapies: Iterable[TherapyAdvice],
    statements: Iterable[MetStatement],
) -> Iterator[str]:
    """What the conclusions rest on, in the order of the genes."""
    for result in interpretation.genes.values():
        yield from result.derived_from
    for calls in interpretation.sites.values():
        for call in calls:
            yield from (call.reference, *call.others)
    for row in therapies:
        yield from row.derived_from
    for statement in statements:
        yield from statement.derived_from

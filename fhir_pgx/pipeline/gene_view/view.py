"""One gene of one patient with everything that is drawn of it."""

from collections.abc import Sequence

from fhir_pgx.errors import InvalidParameter
from fhir_pgx.model.gene_view import DefinitionView, GeneView, HlaAlleleView
from fhir_pgx.model.knowledge import GeneRules, Knowledge
from fhir_pgx.model.modifier import Modifier
from fhir_pgx.model.phenotype import GeneResult, Status
from fhir_pgx.phenotype import enzymes_of
from fhir_pgx.pipeline.advice import Advice
from fhir_pgx.pipeline.case import Case
from fhir_pgx.pipeline.gene_view.haplotypes import Haplotypes, is_loose, phase_of
from fhir_pgx.pipeline.gene_view.positions import positions_of
from fhir_pgx.pipeline.gene_view.scale import scale_of
from fhir_pgx.pipeline.genes import Genes
from fhir_pgx.recommendation import Rulebook

_STATUSES = {"positive", "negative"}


class GeneViews:
    """Makes the view of a gene; made once, shared by every thread."""

    def __init__(
        self, knowledge: Knowledge, rulebook: Rulebook, genes: Genes, advice: Advice
    ) -> None:
        self._knowledge, self._rulebook = knowledge, rulebook
        self._genes, self._advice = genes, advice
        self._accessions = {
            place: accession for accession, place in knowledge.vocabulary.accessions.items()
        }

    def view(self, gene: str, case: Case) -> GeneView:
        """Raises InvalidParameter for a gene that our release holds no rules for."""
        rules = self._knowledge.genes.get(gene)
        if rules is None:
            raise InvalidParameter(
                f"our release holds no rules for a gene of this name: {gene[:40]}",
                where="gene",
                mend="give the HGNC symbol of a gene of drug response, such as CYP2C19",
            )
        result, calls = case.results[gene], case.sites.get(gene, ())
        table = self._genes.tables.get(gene)
        coverage = result.coverage
        is_tested = result.status is not Status.NOT_TESTED
        positions = () if table is None else positions_of(
            table,
            calls,
            sex=case.patient.sex,
            could_change=coverage.could_change if coverage else (),
            is_stated=is_tested and coverage is None,
        )  # fmt: skip
        loose = is_loose(result, table, positions)
        haplotypes = Haplotypes(rules, table, positions, is_loose=loose)
        candidates = tuple(haplotypes.candidate(each) for each in result.diplotypes)
        rule = next((r for r in self._knowledge.interactions.rules if r.gene == gene), None)
        return GeneView(
            gene=gene,
            hgnc=rules.hgnc,
            status=result.status,
            basis=result.basis,
            phenotype=result.phenotype or "",
            activity_score=result.activity_score or "",
            definition=self._definition(gene),
            positions=positions,
            candidates=candidates,
            phase=phase_of(result, table, candidates, positions),
            certain_alleles=() if gene.startswith("HLA-") else result.alleles,
            hla=_hla(rules, result),
            scale=scale_of(result, rules, rule, self._effects(gene, case)),
            coverage=coverage,
            caveats=result.caveats,
            derived_from=result.derived_from,
            dates=result.dates,
        )

    def _definition(self, gene: str) -> DefinitionView | None:
        held = self._knowledge.definitions.get(gene)
        if held is None:
            return None
        build = "GRCh38"
        # The mitochondrial sequence is one and the same in both builds.
        place = next(
            p
            for p in ((build, held.chromosome), ("both", held.chromosome))
            if p in self._accessions
        )
        return DefinitionView(
            accession=self._accessions[place],
            build=build,
            chromosome=held.chromosome,
            release=held.release,
            citation=held.citation,
            reference=held.reference,
            by_components=held.method == "components",
        )

    def _effects(self, gene: str, case: Case) -> Sequence[tuple[str, Modifier]]:
        """What other medicines make of the gene, by drug; nothing where none acts on it."""
        if not any(each.gene == gene for each in case.acting):
            return ()
        found = []
        for group in self._rulebook.groups:
            if gene not in enzymes_of(group.genes):
                continue
            question = self._advice.question(None, group, case)
            found += [
                (group.drug.name, by_gene[gene])
                for by_gene in question.modifiers.values()
                if gene in by_gene
            ]
        return found


def _hla(rules: GeneRules, result: GeneResult) -> tuple[HlaAlleleView, ...]:
    """The alleles that guidance asks about, then the others that were typed."""
    if not rules.gene.startswith("HLA-"):
        return ()
    names = dict.fromkeys((*rules.tracked, *result.allele_status, *result.alleles))
    found = []
    for name in names:
        status = result.allele_status.get(name, "")
        if status not in _STATUSES:
            status = "positive" if name in result.alleles else "not-known"
        found.append(HlaAlleleView(name, status, name in rules.tracked))  # type: ignore[arg-type]
    return tuple(found)

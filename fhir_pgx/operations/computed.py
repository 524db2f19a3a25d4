"""What we infer from a patient's results, as implications with all that they are derived from.

A genotype that a laboratory states is the parent as it stands. One that we called from variants is
written as an Observation of our own, `preliminary` and derived from these variants, so that what a
laboratory said and what we inferred cannot be taken for each other.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fhir_pgx.model.drug import Drug
from fhir_pgx.model.met_statement import MetStatement
from fhir_pgx.model.phenotype import GeneResult
from fhir_pgx.model.recommendation import given
from fhir_pgx.model.therapy import TherapyAdvice
from fhir_pgx.operations.operation import Context, Resource
from fhir_pgx.operations.told import (
    Kept,
    Told,
    as_parents,
    genotypes_of,
    parent_references,
)
from fhir_pgx.reports.genotype_observations import write_gene_result
from fhir_pgx.reports.implications import write_implications
from fhir_pgx.reports.pgx_implications import (
    deciding_genes,
    drug_implication,
    is_answered,
    phenotype_implication,
)
from fhir_pgx.reports.report_frame import about
from fhir_pgx.terminology import DERIVATION, DERIVED

_OWN = "urn:uuid:"
# What states an implication is no finding: what it rests on is the parent.
_IMPLICATIONS = frozenset(
    ("therapeutic-implication", "predicted-therapeutic-implication", "diagnostic-implication",
     "effect-transporter-function", "53040-2", "51961-1", "83009-1")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Parents:
    """What a gene's result rests on: References for `derivedFrom`, and the Observations of ours."""

    references: tuple[Resource, ...]
    own: tuple[Resource, ...] = ()


class Computed:
    """Writes the implications of one patient's kept results, each when it is asked for."""

    def __init__(self, kept: Kept, at: Context) -> None:
        self._kept, self._at = kept, at
        self._subject = f"Patient/{kept.chart.subject}"
        self._today = at.now.date().isoformat()
        self._results = kept.interpretation.genes
        self._parents: dict[str, _Parents] = {}

    def by_genes(self, drugs: Sequence[Drug] | None = None) -> Iterator[Told]:
        """Each answered gene's phenotype, and what every source advises by it; of these drugs
        alone, and without the phenotypes, where any are named."""
        if drugs is None:
            yield from self._phenotypes()
        levels, release = self._at.knowledge.levels, self._at.knowledge.release
        implied = self._at.pipeline.implied
        groups = None if drugs is None else implied.groups_of(drugs)
        for advice in implied.drugs(self._results, groups):
            graded = levels.of(advice.rxcui, advice.drug)
            for each in (one for source in advice.sources for one in given(source.answer)):
                genes = deciding_genes(each, self._results)
                made = drug_implication(
                    each,
                    self._results,
                    subject=self._subject,
                    when=max((self._results[gene].when for gene in genes), default="")
                    or self._today,
                    release=release,
                    parents={gene: self._parents_of(gene).references for gene in genes},
                    levels=graded,
                )
                if made is not None:
                    yield self._told(made, genes)

    def _phenotypes(self) -> Iterator[Told]:
        for gene, result in self._results.items():
            if not is_answered(result):
                continue
            made = phenotype_implication(
                result,
                subject=self._subject,
                when=result.when or self._today,
                release=self._at.knowledge.release,
                parents=self._parents_of(gene).references,
            )
            if made is not None:
                yield self._told(made, (gene,))

    def therapies(self, is_wanted: Callable[[Resource], bool]) -> Iterator[Told]:
        """What rows of precision therapy say of the tumour's and of inherited findings."""
        kept = self._kept
        therapies = self._at.pipeline.implied.therapies(kept.chart.entries, kept.interpretation)
        return self._written(therapies, (), is_wanted)

    def statements(self) -> Iterator[Told]:
        """What rows say of diagnosis, outlook and predisposition."""
        kept = self._kept
        statements = self._at.pipeline.implied.statements(kept.chart.entries, kept.interpretation)
        return self._written((), statements, lambda _: True)

    def _written(
        self,
        therapies: Sequence[TherapyAdvice],
        statements: Sequence[MetStatement],
        is_wanted: Callable[[Resource], bool],
    ) -> Iterator[Told]:
        bundle = write_implications(
            therapies,
            statements,
            subject=self._subject,
            when=self._today,
            release=self._at.knowledge.release,
            diseases=self._at.pipeline.implied.diseases,
        )
        for entry in bundle.get("entry", []):
            resource = entry["resource"]
            if resource["resourceType"] == "Observation" and is_wanted(resource):
                yield self._told(resource, ())

    def _told(self, made: Resource, genes: Iterable[str]) -> Told:
        tag = {"system": DERIVATION, "code": DERIVED}
        made = {**made, "meta": {**made["meta"], "tag": [tag]}}
        chart = self._kept.chart
        own = [each for gene in genes for each in self._parents_of(gene).own]
        stated = [chart.find(reference) for reference in parent_references(made)]
        held = [each for each in stated if each is not None]
        above = {each.reference for each in held}
        for each in (*(entry.resource for entry in held), *own):
            above |= chart.lineage(each)
        # What our own genotype is derived from is in the answer too.
        held += [
            found
            for each in own
            for reference in parent_references(each)
            if (found := chart.find(reference)) is not None
        ]
        parents = as_parents(held, chart, self._at)
        above |= {each.reference for each in held}
        alleles = [each for gene in genes for each in genotypes_of(gene, self._results[gene])]
        return Told(made, (*own, *parents), frozenset(above), tuple(alleles))

    def _parents_of(self, gene: str) -> _Parents:
        if gene not in self._parents:
            self._parents[gene] = self._found_parents(self._results[gene])
        return self._parents[gene]

    def _found_parents(self, result: GeneResult) -> _Parents:
        result = replace(result, derived_from=self._findings_of(result.derived_from))
        if result.basis != "variants":
            return _Parents(tuple(_references(result)))
        rules = self._at.knowledge.genes[result.gene]
        frame = about(self._subject, self._at.knowledge.release, "")
        written = write_gene_result(result, rules, (), frame)
        own = tuple(_of_the_server(each) for each in written.observations)
        return _Parents(tuple(_of_the_server(each) for each in written.parents), own)

    def _findings_of(self, references: Iterable[str]) -> tuple[str, ...]:
        """The results themselves; of an implication that states a phenotype, what it rests on."""
        found: dict[str, None] = {}
        for reference in references:
            entry = self._kept.chart.find(reference)
            parents = self._kept.chart.parents(entry.resource) if entry is not None else []
            codes = _codes(entry.resource) if entry is not None else set()
            if parents and codes & _IMPLICATIONS:
                found |= {each.reference: None for each in parents}
            else:
                found[reference.partition("#")[0]] = None
        return tuple(found)


def _references(result: GeneResult) -> Iterator[Resource]:
    names = " or ".join(each.name for each in result.diplotypes)
    for each in result.derived_from:
        yield {"reference": each, "display": f"{result.gene} {names}".strip()}


def _of_the_server(value: Any) -> Any:
    """A resource of ours for an answer without fullUrls: its references as `Observation/id`, and
    its device by name alone, for no Device comes with it."""
    if isinstance(value, list):
        return [_of_the_server(each) for each in value]
    if not isinstance(value, dict):
        return value
    found = {name: _of_the_server(each) for name, each in value.items()}
    reference = found.get("reference")
    if isinstance(reference, str) and reference.startswith(_OWN):
        found["reference"] = f"Observation/{reference.removeprefix(_OWN)}"
    device = value.get("device")
    if isinstance(device, dict) and device.get("display"):
        found["device"] = {"display": device["display"]}
    return found


def _codes(resource: Mapping[str, Any]) -> set[str]:
    code = resource.get("code")
    codings = code.get("coding") or [] if isinstance(code, dict) else []
    return {str(each.get("code")) for each in codings if isinstance(each, dict)}

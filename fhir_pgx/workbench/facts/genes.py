"""The results of a gene taken out of a chart, and another put in their place.

A resource that speaks of that gene alone goes. One that speaks of other genes too goes as well, and
what we had understood of those others is stated anew, gene by gene: which positions a test saw is
then no longer known, and the notes say so.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from fhir_pgx.errors import InvalidParameter
from fhir_pgx.fhir.bundle import as_dicts, entries_of, reference_of
from fhir_pgx.model.document import Calling
from fhir_pgx.model.finding import SourceClass
from fhir_pgx.model.phenotype import Interpretation, Status
from fhir_pgx.pipeline import Pipeline
from fhir_pgx.workbench.ehr.record import Record, Resource
from fhir_pgx.workbench.facts.facts import NOT_TESTED, Changed
from fhir_pgx.workbench.facts.restated import restated
from fhir_pgx.workbench.facts.stated import rules_of, stated_result

_LOST: Final = "which positions were read, and phase, are not known of them any more"
_LINKS: Final = ("result", "hasMember", "derivedFrom")
_SAID: Final = frozenset(("conclusion", "conclusionCode", "presentedForm", "contained"))


@dataclass(frozen=True, slots=True)
class _Plan:
    """`gone` are the references of resources that are taken out; `others` the genes that lose a
    resource although they are not changed."""

    gone: frozenset[str]
    others: tuple[str, ...]


def change_genes(
    pipeline: Pipeline,
    record: Record,
    genotypes: Mapping[str, str],
    *,
    calling: Calling,
    day: str,
) -> Changed:
    """The chart with these genotypes. Raises InvalidParameter as `stated_result` does, with every
    gene at fault among its issues."""
    made = _stated(pipeline, record, genotypes, day)
    entries = entries_of(list(record.resources))
    before = pipeline.interpret(entries, calling=calling)
    speaks = _speaks(before)
    plan = _plan(speaks, frozenset(genotypes))
    anew = list(restated(pipeline, record, plan.others, calling)) if plan.others else []
    kept = [each for each in record.resources if _name(each) not in plan.gone]
    resources = [left for each in kept if (left := _without_links(each, plan.gone)) is not None]
    notes = [*_notes(before, made, genotypes, plan), *_left(before, plan, genotypes)]
    added = [observation for observation, _ in made.values()]
    return Changed(Record(record.patient_id, (*resources, *anew, *added)), tuple(notes))


Made = Mapping[str, tuple[Resource, str]]  # by gene: the Observation, and what we make of it


def _stated(
    pipeline: Pipeline, record: Record, genotypes: Mapping[str, str], day: str
) -> dict[str, tuple[Resource, str]]:
    made: dict[str, tuple[Resource, str]] = {}
    faults: list[InvalidParameter] = []
    for gene, text in genotypes.items():
        try:
            rules_of(pipeline, gene)
            if text.strip().lower() == NOT_TESTED:
                continue
            observation, found = stated_result(
                pipeline, gene, text, patient=record.patient, day=day
            )
            said = found.phenotype or ("" if found.status is Status.CALLED else found.status.value)
            made[gene] = (observation, said)
        except InvalidParameter as fault:
            faults.append(fault)
    if faults:
        issues = tuple(issue for fault in faults for issue in fault.issues)
        first = faults[0]
        raise InvalidParameter(first.text, where=first.where, mend=first.mend, issues=issues)
    return made


def _speaks(interpretation: Interpretation) -> dict[str, set[str]]:
    """Which of our genes each resource speaks of, by `Type/id`. What a tumour has is not of the
    patient's own genome, and is left alone."""
    genes = interpretation.genes
    reading = interpretation.reading
    found: dict[str, set[str]] = defaultdict(set)
    for statement in reading.statements:
        if statement.source_class is not SourceClass.SOMATIC:
            found[_root(statement.origin.reference)].add(statement.gene)
    for variant in reading.variants:
        if variant.source_class is not SourceClass.SOMATIC:
            found[_root(variant.origin.reference)].update(variant.genes)
    for implication in reading.implications:
        found[_root(implication.origin.reference)].update(implication.genes)
    for gene, calls in interpretation.sites.items():
        for call in calls:
            for reference in (call.reference, *call.others):
                found[_root(reference)].add(gene)
    for gene, result in genes.items():
        for reference in result.derived_from:
            found[_root(reference)].add(gene)
    return {name: known for name, named in found.items() if (known := named & genes.keys())}


def _root(reference: str) -> str:
    return reference.partition("#")[0]


def _plan(speaks: Mapping[str, set[str]], changed: frozenset[str]) -> _Plan:
    """A gene that loses one of its results is restated whole: what is left of it by itself might
    say something else than all of it together."""
    touched = set(changed)
    while True:
        gone = {name for name, genes in speaks.items() if genes & touched}
        more = {gene for name in gone for gene in speaks[name]} - touched
        if not more:
            others = tuple(sorted(touched - changed))
            return _Plan(frozenset(gone), others)
        touched |= more


def _without_links(resource: Resource, gone: frozenset[str]) -> Resource | None:
    """A resource without links to results that are no longer there. A report that then says
    nothing would read as one whose results did not come along: None."""
    for member in _LINKS:
        links = as_dicts(resource.get(member))
        left = [each for each in links if reference_of(each) not in gone]
        if len(left) == len(links):
            continue
        resource = {name: value for name, value in resource.items() if name != member}
        if left:
            resource[member] = left
        elif resource["resourceType"] == "DiagnosticReport" and not resource.keys() & _SAID:
            return None
    return resource


def _notes(
    before: Interpretation, made: Made, genotypes: Mapping[str, str], plan: _Plan
) -> Iterator[str]:
    for gene, text in genotypes.items():
        was = _shown(before, gene)
        if gene in made:
            said = f" ({made[gene][1]})" if made[gene][1] else ""
            yield f"{gene} is {' '.join(text.split())}{said}; it was {was}."
        else:
            yield f"{gene} is not tested; it was {was}."
    if plan.others:
        yield (
            f"{', '.join(plan.others)}: came in the same resource, and are restated as we "
            f"understood them; {_LOST}."
        )


def _shown(before: Interpretation, gene: str) -> str:
    found = before.genes[gene]
    if found.status is Status.NOT_TESTED:
        return "not tested"
    names = " or ".join(dict.fromkeys(each.name for each in found.diplotypes))
    tracked = [f"{allele} {said}" for allele, said in found.allele_status.items()]
    names = names or ", ".join(found.alleles or tracked)
    said = ", ".join(part for part in (names, found.phenotype) if part)
    return said or found.status.value


def _left(before: Interpretation, plan: _Plan, genotypes: Iterable[str]) -> Iterator[str]:
    """What could not be changed along with the genes."""
    for gene in genotypes:
        tumour = {
            _root(each.origin.reference)
            for each in before.reading.variants
            if gene in each.genes and each.source_class is SourceClass.SOMATIC
        } - plan.gone
        if tumour:
            yield f"{gene}: the tumour’s variants are left as they are; they are not the patient’s."


def _name(resource: Resource) -> str:
    return f"{resource['resourceType']}/{resource['id']}"

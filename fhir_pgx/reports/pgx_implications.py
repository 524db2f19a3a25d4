"""What a genotype of drug response means, as therapeutic implications of the guide.

One implication says a gene's phenotype; one for each drug, source and population says what that
source advises. A phenotype has an answer's code only where the result settles it and the guide has
an answer that says just that: `Indeterminate` or `Likely Poor Metabolizer` are text. A gene that
was not tested, or tested without a call, has no implication: silence here is never "normal".
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from fhir_pgx.model.levels import Level
from fhir_pgx.model.phenotype import GeneResult, Status
from fhir_pgx.model.recommendation import DrugAdvice, Recommendation, given
from fhir_pgx.reports.implication_frame import (
    CONTEXT,
    Resource,
    citation,
    component,
    implication,
    paper,
)
from fhir_pgx.terminology import (
    LOINC,
    MEDICATION_ASSESSED,
    RXNORM,
    TBD,
    TBD_THERAPEUTIC_IMPLICATION,
)

# The standard terms that the guide's value set has an answer for, with LOINC's display.
PHENOTYPE_ANSWERS = {
    "Ultrarapid Metabolizer": ("LA10315-2", "Ultrarapid metabolizer"),
    "Rapid Metabolizer": ("LA25390-8", "Rapid metabolizer"),
    "Normal Metabolizer": ("LA25391-6", "Normal metabolizer"),
    "Intermediate Metabolizer": ("LA10317-8", "Intermediate metabolizer"),
    "Poor Metabolizer": ("LA9657-3", "Poor metabolizer"),
    "Increased Function": ("LA25392-4", "Increased function"),
    "Normal Function": ("LA25393-2", "Normal function"),
    "Decreased Function": ("LA25395-7", "Decreased function"),
    "Poor Function": ("LA25394-0", "Poor function"),
}
_LEVELS = "http://hl7.org/fhir/uv/genomics-reporting/CodeSystem/pharmgkb-evidence-level-custom-cs"
_GRADES = frozenset(("1A", "1B", "2A", "2B", "3", "4"))
_ANSWERED = (Status.CALLED, Status.AMBIGUOUS, Status.INDETERMINATE, Status.CONFLICT)
_NOT_A_RESULT = frozenset(("No Result", "Not Called"))
# Populations that are a reason for the drug, and so its context; an age or a weight is none.
_INDICATIONS = frozenset(("acs-pci", "cardiovascular-other", "neurovascular"))
_STATUS_NOTES = {
    Status.AMBIGUOUS: "The result allows several diplotypes.",
    Status.CONFLICT: "Two results disagree.",
    Status.INDETERMINATE: "The function of an allele is not known.",
}
References = Mapping[str, Sequence[Resource]]  # by gene: FHIR References to what it rests on


def is_answered(result: GeneResult) -> bool:
    """Whether a gene has a result that implies anything."""
    return result.status in _ANSWERED and bool(result.lookup_keys or result.phenotype)


def phenotype_implication(
    result: GeneResult,
    *,
    subject: str,
    when: str,
    release: str,
    parents: Sequence[Resource] = (),
    source: str = "",
) -> Resource | None:
    """The phenotype of one gene, without a drug; None where the gene has no answer.

    `parents` are References to the genotype (or haplotypes, or variants) that it follows from; by
    default the results that the gene's answer was derived from. `source` names whose table of
    phenotypes was used, with its date. `when` is FHIR date text.
    """
    if not is_answered(result):
        return None
    names = list(dict.fromkeys(each.name for each in result.diplotypes))
    is_open = result.status is Status.CONFLICT
    between = " against " if is_open else " or "
    said = f"{result.gene} {between.join(names) or 'without a stated genotype'}: "
    said += between.join(phenotypes_of(result)) + "."
    if result.activity_score and not is_open:
        said += f" Activity score {result.activity_score}."
    basis = (
        "The report states the phenotype."
        if result.basis == "phenotype"
        else f"We infer it from the {(result.basis or 'results').replace('-', ' ')}."
    )
    return implication(
        TBD_THERAPEUTIC_IMPLICATION,
        name=f"phenotype {result.gene} {' '.join(names)} {' '.join(phenotypes_of(result))}",
        subject=subject,
        when=when,
        release=release,
        parents=parents or _parents(result),
        components=[
            component(TBD, TBD_THERAPEUTIC_IMPLICATION, each) for each in _phenotype_values(result)
        ],
        levels=[],
        base=source or f"fhir_pgx, knowledge release {release}",
        said=said,
        notes=[basis, _STATUS_NOTES.get(result.status, ""), *_coverage(result), *_caveats(result)],
    )


def drug_implications(
    advice: DrugAdvice,
    results: Mapping[str, GeneResult],
    *,
    subject: str,
    when: str,
    release: str,
    parents: References | None = None,
    levels: Mapping[str, Level] | None = None,
) -> list[Resource]:
    """What every source advises for one drug, an implication each.

    `parents` are, by gene, References to what the gene's result rests on; a gene that it does not
    name is derived from its own results. `levels` are ClinPGx's and CPIC's grades of the drug by
    gene. Sources without an answer for these results have no implication.
    """
    made = (
        drug_implication(
            each,
            results,
            subject=subject,
            when=when,
            release=release,
            parents=parents,
            levels=levels,
        )
        for source in advice.sources
        for each in given(source.answer)
    )
    found = {each["id"]: each for each in made if each is not None}
    return list(found.values())


def drug_implication(
    advised: Recommendation,
    results: Mapping[str, GeneResult],
    *,
    subject: str,
    when: str,
    release: str,
    parents: References | None = None,
    levels: Mapping[str, Level] | None = None,
) -> Resource | None:
    """One recommendation as an implication; None where no gene of it has a result."""
    genes = deciding_genes(advised, results)
    if not genes:
        return None
    told = [_effective(gene, advised, results[gene]) for gene in genes]
    components = [component(TBD, TBD_THERAPEUTIC_IMPLICATION, each) for each in told]
    if advised.population in _INDICATIONS:
        components.append(component(LOINC, CONTEXT, {"text": advised.population_label}))
    components.append(component(LOINC, MEDICATION_ASSESSED, _drug(advised)))
    rests_on = [
        each for gene in genes for each in (parents or {}).get(gene) or _parents(results[gene])
    ]
    return implication(
        TBD_THERAPEUTIC_IMPLICATION,
        name=f"{advised.rule} {advised.advice} {advised.population} "
        + " ".join(f"{gene} {advised.genes[gene]} {_names(results[gene])}" for gene in genes),
        subject=subject,
        when=when,
        release=release,
        parents=_once(rests_on),
        components=components,
        levels=list(_levels(advised, genes, levels or {})),
        base=_base(advised),
        said=_said(advised),
        notes=list(_notes(advised, results)),
        artifacts=list(_artifacts(advised)),
    )


def deciding_genes(advised: Recommendation, results: Mapping[str, GeneResult]) -> tuple[str, ...]:
    """The genes of a recommendation whose results decided it; none that was not tested."""
    return tuple(
        gene
        for gene, shown in advised.genes.items()
        if shown not in _NOT_A_RESULT and gene in results and is_answered(results[gene])
    )


def phenotypes_of(result: GeneResult) -> list[str]:
    """The gene's phenotype, or each that its diplotypes allow; of HLA each allele's status. Of
    results that disagree each says its own, and none of them is the gene's."""
    is_open = result.status is Status.CONFLICT
    if result.phenotype and not is_open:
        return [result.phenotype]
    held = [each.phenotype or "Indeterminate" for each in result.diplotypes]
    if is_open:
        scores = [result.activity_score, *(each.activity_score for each in result.diplotypes)]
        held += [result.phenotype] if result.phenotype else []
        # A key is a phenotype where the gene has no score.
        held += [] if any(scores) else result.lookup_keys
    if result.allele_status:
        held = [f"{allele} {status}" for allele, status in result.allele_status.items()]
    return list(dict.fromkeys(held)) or list(result.lookup_keys) or ["Indeterminate"]


def _phenotype_values(result: GeneResult) -> Iterator[Resource]:
    held = phenotypes_of(result)
    is_one = len(held) == 1 or bool(result.allele_status)
    for each in held:
        yield _value(result.gene, each, is_settled=is_one and result.status is not Status.CONFLICT)


def _value(gene: str, phenotype: str, *, is_settled: bool) -> Resource:
    """A phenotype as an answer. One of several possible ones has no code, and reads as a condition:
    a code travels without the words beside it."""
    if not is_settled:
        return {"text": f"if {gene} {phenotype}"}
    text = {"text": f"{gene} {phenotype}"}
    if phenotype not in PHENOTYPE_ANSWERS:
        return text
    code, display = PHENOTYPE_ANSWERS[phenotype]
    return {"coding": [{"system": LOINC, "code": code, "display": display}]} | text


def _effective(gene: str, advised: Recommendation, result: GeneResult) -> Resource:
    shown = advised.genes[gene]
    is_settled = result.status in (Status.CALLED, Status.INDETERMINATE)
    if any(each.gene == gene and each.is_rule for each in advised.modifiers):
        # What another medicine makes of a gene is no implication of the genotype.
        return {"text": f"if {gene} acts as {shown}"}
    return _value(gene, shown, is_settled=is_settled)


def _drug(advised: Recommendation) -> Resource:
    coding = {"system": RXNORM, "code": advised.rxcui, "display": advised.drug}
    return ({"coding": [coding]} if advised.rxcui else {}) | {"text": advised.drug}


def _levels(
    advised: Recommendation, genes: Sequence[str], levels: Mapping[str, Level]
) -> Iterator[Resource]:
    """The source's own strength, and ClinPGx's grade of the pair."""
    if advised.strength:
        yield {"text": f"{advised.source}: {advised.strength}"}
    for gene in genes:
        grade = levels[gene].clinpgx if gene in levels else ""
        if grade:
            coding = [{"system": _LEVELS, "code": grade}] if grade in _GRADES else []
            words = {"text": f"ClinPGx {grade}, {gene}"}
            yield ({"coding": coding} if coding else {}) | words


def _base(advised: Recommendation) -> str:
    evidence = advised.evidence[0] if advised.evidence else None
    if evidence is None:
        return advised.source
    return f"{advised.source}, {evidence.guideline}, retrieved {evidence.retrieved}"


def _said(advised: Recommendation) -> str:
    parts = [advised.summary, advised.detail, *advised.implications.values()]
    return " ".join(dict.fromkeys(part.strip() for part in parts if part.strip()))


def _notes(advised: Recommendation, results: Mapping[str, GeneResult]) -> Iterator[str]:
    yield f"{advised.source} advises; that the patient's result is of this row we infer."
    if advised.population_label:
        fit = {"holds": "", "likely": ", likely this patient's"}.get(
            advised.population_fit, ", which nobody has said to be this patient's"
        )
        yield f"For {advised.population_label}{fit}."
    for gene, shown in advised.genes.items():
        if shown in _NOT_A_RESULT:
            yield f"{gene}: {'no result on file' if shown == 'No Result' else 'not called'}."
        elif gene in results:
            yield from _coverage(results[gene])
    yield from advised.considerations
    yield from (f"{each.code} {each.text}" for each in advised.caveats)


def _coverage(result: GeneResult) -> Iterator[str]:
    """What the test could not see."""
    seen = result.coverage
    if seen is None:
        return
    for words, sites in (("not in the data", seen.missing), ("not called", seen.no_call)):
        if sites:
            yield f"{result.gene} positions {words}: {', '.join(sites)}."
    if seen.could_change:
        yield f"{result.gene} alleles that these may hide: {', '.join(seen.could_change)}."


def _caveats(result: GeneResult) -> Iterator[str]:
    yield from (f"{each.code} {each.text}" for each in result.caveats)


def _artifacts(advised: Recommendation) -> Iterator[Resource]:
    for each in advised.evidence:
        rows = ", ".join(row for row in advised.source_rows if row)
        yield citation(
            each.title, text=f"{each.title}{f', row {rows}' if rows else ''}", url=each.url
        )
        for publication in each.publications:
            yield paper(publication.pmid)


def _names(result: GeneResult) -> str:
    return ",".join(each.name for each in result.diplotypes)


def _parents(result: GeneResult) -> list[Resource]:
    """References to the results that a gene's answer rests on; in words alone where none is a
    resource. What is contained is referred to by what holds it."""
    held = dict.fromkeys(each.partition("#")[0] for each in result.derived_from)
    display = f"{result.gene} {_names(result)}".strip()
    found = [{"reference": each, "display": display} for each in held if _is_reference(each)]
    return found or [{"display": display}]


def _is_reference(text: str) -> bool:
    kind, slash, name = text.partition("/")
    return text.startswith(("urn:", "http")) or bool(slash and kind[:1].isupper() and name)


def _once(references: Iterable[Resource]) -> list[Resource]:
    found = {each.get("reference") or each.get("display"): each for each in references}
    return list(found.values())

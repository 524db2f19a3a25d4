"""What the evidence for one gene amounts to: status, phenotype, the guideline keys it stands for.

What a report states comes before what is called from variants, which are held against it. A
disagreement is never settled silently: the status is `conflict`, and every answer stays in the
result.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

from fhir_pgx.model.finding import Caveat, ObservedVariant, Presence, SourceClass
from fhir_pgx.model.genotype import FromVariants, GeneEvidence
from fhir_pgx.model.knowledge import GeneRules
from fhir_pgx.model.phenotype import Basis, DiplotypeResult, GeneResult, Status
from fhir_pgx.model.variant import SiteCall
from fhir_pgx.phenotype.answers import (
    Answer,
    allele_caveats,
    answers_of,
    settle,
    status_of,
    whatever_the_other,
)
from fhir_pgx.phenotype.diplotype import phenotype_of
from fhir_pgx.phenotype.from_variants import Rival, against, conclude_called, told_beside


@lru_cache(maxsize=256)
def not_tested(gene: str) -> GeneResult:
    """The result of a gene that nothing is known of."""
    return GeneResult(gene, Status.NOT_TESTED)


def faulty(gene: str, references: tuple[str, ...]) -> GeneResult:
    """The result of a gene that a fault of ours kept from being read."""
    caveat = Caveat("PGX-699", f"A fault of this service kept it from reading the {gene} result.")
    return GeneResult(gene, Status.NOT_CALLED, caveats=(caveat,), derived_from=references)


def not_called_from(variants: Iterable[ObservedVariant], gene: str) -> GeneResult | None:
    """The result of a gene of which variants are stated, none at a position that we know; None
    where there are none.

    Tumour variants are no result of the patient's own gene.
    """
    ours = [
        variant
        for variant in variants
        if gene in variant.genes and variant.source_class is not SourceClass.SOMATIC
    ]
    if not ours:
        return None
    count = "1 variant" if len(ours) == 1 else f"{len(ours)} variants"
    caveat = Caveat(
        "PGX-614",
        f"{count} of {gene} on file; none gave an answer at a position that decides.",
    )
    return GeneResult(
        gene,
        Status.NOT_CALLED,
        "variants",
        caveats=(caveat,),
        derived_from=tuple(dict.fromkeys(variant.origin.reference for variant in ours)),
        when=max(variant.origin.when for variant in ours),
    )


def looked_at(result: GeneResult, notes: Iterable[Caveat]) -> GeneResult:
    """A result with what must be said of variants that gave no call; a gene of which nothing else
    is known was tested all the same."""
    told = dict.fromkeys((*result.caveats, *notes))
    if result.status is not Status.NOT_TESTED:
        return replace(result, caveats=tuple(told))
    unusable = Caveat("PGX-609", f"A {result.gene} result is on file without a usable answer.")
    caveats = dict.fromkeys((unusable, *told))
    return replace(result, status=Status.NOT_CALLED, caveats=tuple(caveats))


def not_asked(gene: str, calls: Iterable[SiteCall]) -> GeneResult:
    """The result of a gene that is called from variants only when asked for (CYP2D6)."""
    caveat = Caveat(
        "PGX-650",
        f"Variants of {gene} are on file. They do not show its deletions, copies and hybrids, so "
        "no alleles were called from them.",
    )
    ours = tuple(calls)
    return GeneResult(
        gene,
        Status.NOT_CALLED,
        "variants",
        caveats=(caveat,),
        derived_from=tuple(dict.fromkeys(call.reference for call in ours)),
        when=max((call.when for call in ours), default=""),
    )


def not_the_tumour(gene: str) -> Caveat:
    """What is said of a gene of which only a tumour's variants are on file."""
    return Caveat(
        "PGX-610",
        f"A tumour result for {gene} is on file; it was not used for the patient's own genotype.",
    )


def blind_to_structure(gene: str) -> Caveat:
    """What goes with every result of a gene that was called from variants on request."""
    return Caveat(
        "PGX-651",
        f"{gene} was called from single variants, as asked: its deletions, copies and hybrids do "
        "not show, and may make the result wrong.",
    )


def conclude(
    evidence: GeneEvidence, rules: GeneRules, variants: FromVariants | None = None
) -> GeneResult:
    """The gene's result; a gene without anything usable is `not-tested` or `not-called`.

    What a report states stands before what is called from variants, which are held against it.
    """
    if rules.method == "allele-status":
        return _conclude_alleles(evidence)
    stated = answers_of(evidence, rules) or whatever_the_other(evidence, rules)
    if variants is None:
        return (
            _conclude_stated(evidence, rules, stated, ())
            if stated
            else _unanswered(evidence, _diplotypes(evidence, rules))
        )
    if stated:
        rivals = against(evidence, stated, variants, rules)
        result = _conclude_stated(evidence, rules, stated, rivals)
        caveats = dict.fromkeys((*result.caveats, *told_beside(variants)))
        return replace(result, caveats=tuple(caveats))
    return conclude_called(evidence, rules, variants)


def _conclude_stated(
    evidence: GeneEvidence,
    rules: GeneRules,
    answers: list[Answer],
    called: tuple[Rival, ...],
) -> GeneResult:
    diplotypes = _diplotypes(evidence, rules)
    winner, rivals, notes = settle(answers, rules.gene)
    caveats = [*evidence.caveats, *notes, *allele_caveats(diplotypes, rules)]
    shown = {d.name: d for d in (*diplotypes, *(d for each in called for d in each.diplotypes))}
    rivals += [each.answer for each in called]
    caveats += [each.caveat for each in called]
    status = status_of(winner, rivals)
    if status is Status.AMBIGUOUS:
        caveats.append(
            Caveat("PGX-613", f"The {rules.gene} result fits several readings: {winner.says}.")
        )
    if diplotypes:
        caveats.append(
            Caveat(
                "PGX-601",
                f"The report states the {rules.gene} result without the positions tested: an "
                "allele the test did not look for would not show.",
            )
        )
    dates = dict(zip(evidence.references, evidence.dates, strict=True))
    for each in called:
        for reference in each.references:
            dates.setdefault(reference, each.when)
    return GeneResult(
        gene=rules.gene,
        status=status,
        basis="outside-call" if winner.is_outside else winner.basis,
        diplotypes=tuple(shown.values()),
        phenotype=winner.phenotype,
        activity_score=winner.score,
        lookup_keys=tuple(dict.fromkeys(key for a in (winner, *rivals) for key in a.keys)),
        alleles=(winner.allele,) if winner.allele else (),
        caveats=tuple(dict.fromkeys(caveats)),
        derived_from=tuple(dates),
        dates=tuple(dates.values()),
        when=evidence.when,
    )


def _conclude_alleles(evidence: GeneEvidence) -> GeneResult:
    """An HLA gene has no phenotype: each tracked allele is positive, negative or not known."""
    keys = [f"{name} {state}" for name, state in evidence.allele_status.items()]
    caveats = list(evidence.caveats)
    for name in evidence.open_alleles:
        keys += [f"{name} positive", f"{name} negative"]
        caveats.append(
            Caveat("PGX-613", f"The {evidence.gene} typing allows {name} and does not settle it.")
        )
    status = Status.CALLED if keys else Status.NOT_CALLED
    if not evidence.references:
        status = Status.NOT_TESTED
    elif any(caveat.code == "PGX-605" for caveat in evidence.caveats):
        status = Status.CONFLICT
    elif evidence.open_alleles:
        status = Status.AMBIGUOUS
    if status is Status.NOT_CALLED:
        caveats.append(
            Caveat("PGX-609", f"A {evidence.gene} result is on file without a usable answer.")
        )
    basis: Basis = "outside-call" if evidence.from_outside else "genotype"
    return GeneResult(
        gene=evidence.gene,
        status=status,
        basis=basis if evidence.diplotypes or evidence.allele_status else None,
        diplotypes=tuple(
            DiplotypeResult(d.name, d.haplotypes, None, None, (None,) * len(d.haplotypes))
            for stated in evidence.diplotypes
            for d in stated.diplotypes
        ),
        lookup_keys=tuple(keys),
        alleles=tuple(dict.fromkeys(term.value for term in evidence.alleles)),
        allele_status=evidence.allele_status,
        caveats=tuple(dict.fromkeys(caveats)),
        derived_from=evidence.references,
        dates=evidence.dates,
        when=evidence.when,
    )


def _diplotypes(evidence: GeneEvidence, rules: GeneRules) -> tuple[DiplotypeResult, ...]:
    """Every distinct diplotype stated, newest result first."""
    found: dict[str, DiplotypeResult] = {}
    for stated in evidence.diplotypes:
        for diplotype in stated.diplotypes:
            found.setdefault(diplotype.name, phenotype_of(diplotype, rules))
    return tuple(found.values())


def _unanswered(evidence: GeneEvidence, diplotypes: tuple[DiplotypeResult, ...]) -> GeneResult:
    """Nothing that gives a phenotype: say what is known, and that it is not an answer."""
    caveats = list(evidence.caveats)
    present = [name for name, state in evidence.presence.items() if state is Presence.PRESENT]
    known = list(dict.fromkeys([*(term.value for term in evidence.alleles), *present]))
    if known:
        caveats.append(
            Caveat(
                "PGX-607",
                f"Only one {evidence.gene} allele is stated ({', '.join(known)}); without the "
                "other no phenotype follows.",
            )
        )
    absent = [name for name, state in evidence.presence.items() if state is Presence.ABSENT]
    if absent and not known:
        caveats.append(
            Caveat(
                "PGX-608",
                f"Tests found {evidence.gene} {', '.join(absent)} absent; other alleles were not "
                "looked for, so no phenotype follows.",
            )
        )
    if evidence.unusable:
        caveats.append(
            Caveat("PGX-609", f"A {evidence.gene} result is on file without a usable answer.")
        )
    tested = bool(evidence.references)
    return GeneResult(
        gene=evidence.gene,
        status=Status.NOT_CALLED if tested else Status.NOT_TESTED,
        basis="genotype" if diplotypes else None,
        diplotypes=diplotypes,
        caveats=tuple(dict.fromkeys(caveats)),
        derived_from=evidence.references,
        dates=evidence.dates,
        when=evidence.when,
    )

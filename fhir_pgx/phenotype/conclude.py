"""What the evidence for one gene amounts to: status, phenotype, the guideline keys it stands for.

Who wins where a report states more than one thing (pgx reference, 4.5): in a gene with activity
scores a stated score, then a stated phenotype, then the diplotype; elsewhere a stated phenotype,
then the diplotype. A disagreement is never settled silently: the status is `conflict`, and every
answer stays in the result.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from fhir_pgx.model.finding import Caveat, ObservedVariant, Presence, SourceClass
from fhir_pgx.model.genotype import GeneEvidence
from fhir_pgx.model.knowledge import GeneRules
from fhir_pgx.model.phenotype import Basis, DiplotypeResult, GeneResult, Status
from fhir_pgx.phenotype.diplotype import (
    INDETERMINATE,
    function_of,
    keys_of_phenotype,
    phenotype_of,
    phenotype_of_score,
    plain_score,
)


@dataclass(frozen=True, slots=True)
class _Answer:
    """One answer for the gene: on what it rests, and the keys it stands for."""

    basis: Basis
    phenotype: str | None
    score: str | None
    keys: tuple[str, ...]
    says: str  # in words, for a caveat
    allele: str = ""  # the one allele it rests on, where the other does not matter


@lru_cache(maxsize=256)
def not_tested(gene: str) -> GeneResult:
    """The result of a gene that nothing is known of."""
    return GeneResult(gene, Status.NOT_TESTED)


def faulty(gene: str, references: tuple[str, ...]) -> GeneResult:
    """The result of a gene that a fault of ours kept from being read."""
    caveat = Caveat("PGX-699", f"A fault of this service kept it from reading the {gene} result.")
    return GeneResult(gene, Status.NOT_CALLED, caveats=(caveat,), derived_from=references)


def not_called_from(variants: Iterable[ObservedVariant], gene: str) -> GeneResult | None:
    """The result of a gene of which only variants are stated; None where there are none.

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
        f"{count} of {gene} on file; this release does not call alleles from variants.",
    )
    return GeneResult(
        gene,
        Status.NOT_CALLED,
        "variants",
        caveats=(caveat,),
        derived_from=tuple(dict.fromkeys(variant.origin.reference for variant in ours)),
        when=max(variant.origin.when for variant in ours),
    )


def conclude(evidence: GeneEvidence, rules: GeneRules) -> GeneResult:
    """The gene's result; a gene without any usable statement is `not-tested` or `not-called`."""
    if rules.method == "allele-status":
        return _conclude_alleles(evidence)
    diplotypes = _diplotypes(evidence, rules)
    answers = _answers(evidence, rules) or _whatever_the_other(evidence, rules)
    if not answers:
        return _unanswered(evidence, diplotypes)
    winner, rivals, notes = _settle(answers, rules.gene)
    caveats = [*evidence.caveats, *notes, *_allele_caveats(diplotypes, rules)]
    status = _status(winner, rivals)
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
    return GeneResult(
        gene=rules.gene,
        status=status,
        basis=winner.basis,
        diplotypes=diplotypes,
        phenotype=winner.phenotype,
        activity_score=winner.score,
        lookup_keys=tuple(dict.fromkeys(key for a in (winner, *rivals) for key in a.keys)),
        alleles=(winner.allele,) if winner.allele else (),
        caveats=tuple(dict.fromkeys(caveats)),
        derived_from=evidence.references,
        dates=evidence.dates,
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
    typed = bool(evidence.diplotypes)
    return GeneResult(
        gene=evidence.gene,
        status=status,
        basis="genotype" if typed or evidence.allele_status else None,
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


def _answers(evidence: GeneEvidence, rules: GeneRules) -> list[_Answer]:
    """The distinct answers, the one that wins first.

    A score or phenotype older than the newest diplotype does not outrank it: it is the earlier
    report's, and comes after.
    """
    newest = evidence.diplotypes[0].when if evidence.diplotypes else ""
    first: list[_Answer] = []
    later: list[_Answer] = []
    for score in evidence.scores if rules.method == "activity-score" else ():
        phenotype = phenotype_of_score(score.value, rules)
        if phenotype is not None:
            plain = plain_score(score.value)
            answer = _Answer(
                "activity-score", phenotype, plain, (plain,), f"activity score {plain}"
            )
            (first if score.when >= newest else later).append(answer)
    for term in evidence.phenotypes:
        keys = keys_of_phenotype(term.value, rules)
        only = keys[0] if rules.method == "activity-score" and len(keys) == 1 else None
        answer = _Answer("phenotype", term.value, only, keys, term.value)
        (first if term.when >= newest else later).append(answer)
    return list(dict.fromkeys([*first, *_by_diplotype(evidence, rules), *later]))


def _by_diplotype(evidence: GeneEvidence, rules: GeneRules) -> list[_Answer]:
    basis: Basis = "haplotypes" if evidence.from_haplotypes else "genotype"
    answers = []
    for stated in evidence.diplotypes:
        results = [phenotype_of(diplotype, rules) for diplotype in stated.diplotypes]
        keys = tuple(dict.fromkeys(r.lookup_key for r in results if r.lookup_key is not None))
        phenotypes = dict.fromkeys(result.phenotype for result in results)
        scores = dict.fromkeys(result.activity_score for result in results)
        answers.append(
            _Answer(
                basis,
                next(iter(phenotypes)) if len(phenotypes) == 1 else None,
                next(iter(scores)) if len(scores) == 1 else None,
                keys,
                " or ".join(f"{r.name} ({r.phenotype or 'no phenotype'})" for r in results),
            )
        )
    return answers


def _whatever_the_other(evidence: GeneEvidence, rules: GeneRules) -> list[_Answer]:
    """One allele alone, where every partner gives the same phenotype: one RYR1 allele that causes
    malignant hyperthermia is enough, one responsive CFTR allele too. Elsewhere nothing follows."""
    present = [name for name, state in evidence.presence.items() if state is Presence.PRESENT]
    for name in dict.fromkeys([*(term.value for term in evidence.alleles), *present]):
        function = function_of(name, rules)
        if function is None or 2 not in rules.copies:
            continue
        pairs = [rule for rule in rules.pairs if len(rule.of) == 2 and function in rule.of]
        outcomes = {(rule.phenotype, rule.activity_score, rule.lookup_key) for rule in pairs}
        if len(outcomes) == 1:
            ((phenotype, score, key),) = outcomes
            says = f"one {name}, whatever the other allele is ({phenotype})"
            return [_Answer("haplotypes", phenotype, score, (key,), says, name)]
    return []


def _settle(answers: list[_Answer], gene: str) -> tuple[_Answer, list[_Answer], list[Caveat]]:
    """The answer to use, those that contradict it, and what must be said about them."""
    winner, rivals, caveats = answers[0], [], []
    for other in answers[1:]:
        if INDETERMINATE in (winner.phenotype, other.phenotype):
            if winner.phenotype == other.phenotype:
                continue
            unknown = winner if winner.phenotype == INDETERMINATE else other
            winner = other if unknown is winner else winner
            caveats.append(
                Caveat(
                    "PGX-606",
                    f"One statement for {gene} gives no function ({unknown.says}); the one that "
                    f"does ({winner.says}) was used.",
                )
            )
        elif set(other.keys) < set(winner.keys) or _finer(other, winner):
            winner = other  # the diplotype says which of the phenotype's scores it is
        elif not (set(other.keys) & set(winner.keys) or _finer(winner, other)):
            rivals.append(other)
            caveats.append(
                Caveat(
                    "PGX-605",
                    f"Statements for {gene} disagree: {winner.says}, and {other.says}. Confirm "
                    "which one holds.",
                )
            )
    return winner, rivals, caveats


def _finer(one: _Answer, other: _Answer) -> bool:
    """Whether `one` is a shade of `other`: `Likely Poor Metabolizer` of `Poor Metabolizer`."""
    return one.phenotype in (f"Likely {other.phenotype}", f"Possible {other.phenotype}")


def _status(winner: _Answer, rivals: list[_Answer]) -> Status:
    if rivals:
        return Status.CONFLICT
    if winner.phenotype == INDETERMINATE:
        return Status.INDETERMINATE
    if winner.basis in ("genotype", "haplotypes") and len(winner.keys) > 1:
        return Status.AMBIGUOUS
    return Status.CALLED


def _allele_caveats(diplotypes: tuple[DiplotypeResult, ...], rules: GeneRules) -> list[Caveat]:
    caveats = []
    for name in dict.fromkeys(name for d in diplotypes for name in d.haplotypes):
        if name not in rules.alleles:
            caveats.append(
                Caveat(
                    "PGX-603",
                    f"{rules.gene} {name} is not defined in our release of the allele tables; "
                    "its function is unknown here.",
                )
            )
        elif rules.pairs and function_of(name, rules) is None:
            caveats.append(Caveat("PGX-604", f"{rules.gene} {name} has no assigned function yet."))
    return caveats


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

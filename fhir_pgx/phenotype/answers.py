"""The answers that the evidence for a gene gives, which of them counts, and what contradicts it.

Who wins where a report states more than one thing (pgx reference, 4.5): in a gene with activity
scores a stated score, then a stated phenotype, then the diplotype; elsewhere a stated phenotype,
then the diplotype. Calls made elsewhere come before all else, in the same order.
"""

from dataclasses import dataclass, field

from fhir_pgx.model.finding import Caveat, Presence
from fhir_pgx.model.function_pairs import pair_of
from fhir_pgx.model.genotype import GeneEvidence
from fhir_pgx.model.knowledge import GeneRules
from fhir_pgx.model.phenotype import Basis, DiplotypeResult, Status
from fhir_pgx.phenotype.diplotype import (
    INDETERMINATE,
    function_of,
    keys_of_phenotype,
    phenotype_of,
    phenotype_of_score,
    plain_score,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer for the gene: on what it rests, and the keys it stands for."""

    basis: Basis
    phenotype: str | None
    score: str | None
    keys: tuple[str, ...]
    says: str  # in words, for a caveat
    allele: str = ""  # the one allele it rests on, where the other does not matter
    # The same answer from elsewhere is the same answer.
    is_outside: bool = field(default=False, compare=False)


def answers_of(evidence: GeneEvidence, rules: GeneRules) -> list[Answer]:
    """The distinct answers, the one that wins first.

    A score or phenotype older than the newest diplotype does not outrank it: it is the earlier
    report's, and comes after. Calls made elsewhere have no date, and come before all.
    """
    newest = evidence.diplotypes[0].when if evidence.diplotypes else ""
    first: list[Answer] = []
    later: list[Answer] = []
    for score in evidence.scores if rules.method == "activity-score" else ():
        phenotype = phenotype_of_score(score.value, rules)
        if phenotype is not None:
            plain = plain_score(score.value)
            answer = Answer(
                "activity-score",
                phenotype,
                plain,
                (plain,),
                f"activity score {plain}",
                is_outside=score.is_outside,
            )
            (first if score.is_outside or score.when >= newest else later).append(answer)
    for term in evidence.phenotypes:
        keys = keys_of_phenotype(term.value, rules)
        only = keys[0] if rules.method == "activity-score" and len(keys) == 1 else None
        answer = Answer("phenotype", term.value, only, keys, term.value, is_outside=term.is_outside)
        (first if term.is_outside or term.when >= newest else later).append(answer)
    ordered = [*first, *_by_diplotype(evidence, rules), *later]
    return list(dict.fromkeys(sorted(ordered, key=lambda answer: not answer.is_outside)))


def _by_diplotype(evidence: GeneEvidence, rules: GeneRules) -> list[Answer]:
    basis: Basis = "haplotypes" if evidence.from_haplotypes else "genotype"
    answers = []
    for stated in evidence.diplotypes:
        results = [phenotype_of(diplotype, rules) for diplotype in stated.diplotypes]
        keys = tuple(dict.fromkeys(r.lookup_key for r in results if r.lookup_key is not None))
        phenotypes = dict.fromkeys(result.phenotype for result in results)
        scores = dict.fromkeys(result.activity_score for result in results)
        answers.append(
            Answer(
                basis,
                next(iter(phenotypes)) if len(phenotypes) == 1 else None,
                next(iter(scores)) if len(scores) == 1 else None,
                keys,
                " or ".join(f"{r.name} ({r.phenotype or 'no phenotype'})" for r in results),
                is_outside=stated.is_outside,
            )
        )
    return answers


def whatever_the_other(evidence: GeneEvidence, rules: GeneRules) -> list[Answer]:
    """One allele alone, where every partner gives the same phenotype: one RYR1 allele that causes
    malignant hyperthermia is enough, one responsive CFTR allele too. Elsewhere nothing follows."""
    present = [name for name, state in evidence.presence.items() if state is Presence.PRESENT]
    outside = {term.value for term in evidence.alleles if term.is_outside}
    for name in dict.fromkeys([*(term.value for term in evidence.alleles), *present]):
        function = function_of(name, rules)
        if function is None or 2 not in rules.copies:
            continue
        pairs = [rule for rule in rules.pairs if len(rule.of) == 2 and function in rule.of]
        outcomes = {(rule.phenotype, rule.activity_score, rule.lookup_key) for rule in pairs}
        if len(outcomes) == 1:
            ((phenotype, score, key),) = outcomes
            says = f"one {name}, whatever the other allele is ({phenotype})"
            return [Answer("haplotypes", phenotype, score, (key,), says, name, name in outside)]
    return []


def settle(answers: list[Answer], gene: str) -> tuple[Answer, list[Answer], list[Caveat]]:
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


def _finer(one: Answer, other: Answer) -> bool:
    """Whether `one` is a shade of `other`: `Likely Poor Metabolizer` of `Poor Metabolizer`."""
    return one.phenotype in (f"Likely {other.phenotype}", f"Possible {other.phenotype}")


def status_of(winner: Answer, rivals: list[Answer]) -> Status:
    if rivals:
        return Status.CONFLICT
    if winner.phenotype == INDETERMINATE:
        return Status.INDETERMINATE
    if winner.basis in ("variants", "genotype", "haplotypes") and len(winner.keys) > 1:
        return Status.AMBIGUOUS
    return Status.CALLED


UNCOUNTED = "xN"
ULTRARAPID = "Ultrarapid Metabolizer"


def _uncounted(diplotype: DiplotypeResult, rules: GeneRules) -> Caveat | None:
    """What two copies would make of an allele whose copies the report does not count, where that is
    ultrarapid already: no table has a row for it, and silence would be dangerous."""
    counted = tuple(
        f"{name.removesuffix(UNCOUNTED)}x2" if name.endswith(UNCOUNTED) else name
        for name in diplotype.haplotypes
    )
    if counted == diplotype.haplotypes:
        return None
    pair = pair_of(counted, rules)
    if pair is None or pair.phenotype != ULTRARAPID:
        return None
    return Caveat(
        "PGX-654",
        f"The report does not count the copies in {rules.gene} {diplotype.name}. Two would make it "
        f"{ULTRARAPID} (activity score {pair.activity_score}) already.",
    )


def allele_caveats(diplotypes: tuple[DiplotypeResult, ...], rules: GeneRules) -> list[Caveat]:
    caveats = [each for d in diplotypes if (each := _uncounted(d, rules))]
    told = {name for d in diplotypes if _uncounted(d, rules) for name in d.haplotypes}
    for name in dict.fromkeys(name for d in diplotypes for name in d.haplotypes):
        if name in told and name.endswith(UNCOUNTED):
            continue
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

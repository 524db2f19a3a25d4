"""What variants say of a gene: alone, or held against what a report states."""

from dataclasses import dataclass, replace

from fhir_pgx.model.finding import Caveat, Presence
from fhir_pgx.model.function_pairs import (
    INDETERMINATE,
    NO_VALUE,
    function_of,
    standard_name,
    unknown_key,
)
from fhir_pgx.model.genotype import CalledGene, FromVariants, GeneEvidence, StatedTerm
from fhir_pgx.model.knowledge import GeneRules
from fhir_pgx.model.phenotype import DiplotypeResult, GeneResult, Status
from fhir_pgx.phenotype.answers import (
    Answer,
    allele_caveats,
    status_of,
    whatever_the_other,
)
from fhir_pgx.phenotype.called import (
    alternatives_caveat,
    coverage_caveat,
    coverage_of,
    diplotypes_of,
)
from fhir_pgx.phenotype.diplotype import score_order

SHOWN = 8
# Unknown bases, copies that do not fit, contradictions, structural variants.
BESIDE = frozenset(
    {"PGX-522", "PGX-530", "PGX-535", "PGX-630", "PGX-631", "PGX-634", "PGX-635", "PGX-636"}
)
UNKNOWN_KEYS = (INDETERMINATE, NO_VALUE)
DECIDED = (Presence.PRESENT, Presence.ABSENT)


@dataclass(frozen=True, slots=True)
class Rival:
    """What variants say against a stated result: their answer, and why it stands."""

    answer: Answer
    caveat: Caveat
    diplotypes: tuple[DiplotypeResult, ...]
    references: tuple[str, ...]
    when: str


def against(
    evidence: GeneEvidence, stated: list[Answer], variants: FromVariants, rules: GeneRules
) -> tuple[Rival, ...]:
    """The calls that a stated result cannot be true beside.

    A partial test contradicts only what the positions it read exclude; of several diplotypes that
    a report leaves open one must be possible.
    """
    first = stated[0]
    newest = evidence.diplotypes[0].diplotypes if evidence.diplotypes else ()
    is_excluded = bool(newest) and all(each.name in variants.excluded for each in newest)
    rivals = []
    for called in variants.called:
        possible = set(called.possible_keys)
        fits = not possible or not first.keys or not possible.isdisjoint(first.keys)
        if fits and not is_excluded:
            continue
        results = diplotypes_of(called, rules)
        own = _called_answer(called, _with_function(results, rules)) if results else None
        carried = ", ".join(called.present)
        unnamed = f"which show {carried}" if carried else "which fit no pair of alleles"
        says = own.says if own else unnamed
        answer = own or Answer("variants", None, None, (), says)
        caveat = Caveat(
            "PGX-605",
            f"Statements for {rules.gene} disagree: {first.says}, and the variants on file, "
            f"{says}. Confirm which one holds.",
        )
        rivals.append(Rival(answer, caveat, results, called.references, called.when))
    return tuple(rivals)


def told_beside(variants: FromVariants) -> list[Caveat]:
    """What the variants make uncertain in a stated result that they do not contradict."""
    return [
        caveat for called in variants.called for caveat in called.caveats if caveat.code in BESIDE
    ]


def _with_function(
    results: tuple[DiplotypeResult, ...], rules: GeneRules
) -> tuple[DiplotypeResult, ...]:
    """The readings whose function is known, where the foremost is one of them: a rare allele of
    unknown function that would look alike takes nothing away from the common one. Where it is the
    foremost whose function is unknown, a rarer one must not make it read as normal."""
    known = tuple(each for each in results if each.lookup_key != unknown_key(rules))
    return known if results[:1] == known[:1] else results


def _unknown_readings(
    results: tuple[DiplotypeResult, ...], used: tuple[DiplotypeResult, ...], gene: str
) -> list[Caveat]:
    left = [each.name for each in results if each not in used]
    if not left:
        return []
    more = f" and {len(left) - SHOWN} more" if len(left) > SHOWN else ""
    text = (
        f"What was read of {gene} also fits {', '.join(left[:SHOWN])}{more}, of which the "
        "function is not known."
    )
    return [Caveat("PGX-653", text)]


def _called_answer(called: CalledGene, results: tuple[DiplotypeResult, ...]) -> Answer:
    keys = tuple(dict.fromkeys(r.lookup_key for r in results if r.lookup_key is not None))
    phenotypes = dict.fromkeys(result.phenotype for result in results)
    scores = dict.fromkeys(result.activity_score for result in results)
    return Answer(
        "variants",
        next(iter(phenotypes)) if len(phenotypes) == 1 else None,
        next(iter(scores)) if len(scores) == 1 else None,
        keys,
        _readings(results),
    )


def _readings(results: tuple[DiplotypeResult, ...]) -> str:
    said = [f"{each.name} ({each.phenotype or 'no phenotype'})" for each in results[:SHOWN]]
    if len(results) > SHOWN:
        said.append(f"{len(results) - SHOWN} more")
    return " or ".join(said)


def conclude_called(evidence: GeneEvidence, rules: GeneRules, variants: FromVariants) -> GeneResult:
    """A gene of which no report states a result that counts: the variants speak."""
    answers: dict[Answer, None] = {}
    shown: dict[str, DiplotypeResult] = {}
    counted: list[DiplotypeResult] = []
    caveats = [*evidence.caveats]
    for called in variants.called:
        results = diplotypes_of(called, rules)
        used = _with_function(results, rules)
        shown.update((result.name, result) for result in (*used, *results))
        counted += used
        if used:
            answers[_called_answer(called, used)] = None
        caveats += _called_caveats(called, rules)
        caveats += _unknown_readings(results, used, rules.gene)
    diplotypes = tuple(shown.values())
    settled = [*answers] or whatever_the_other(_with_present(evidence, variants), rules)
    settled = settled or _at_least(variants, rules)
    winner, rivals = (settled[0], []) if settled else (None, [])
    if len(variants.called) > 1:
        sites = ", ".join(variants.disagreeing[:SHOWN])
        text = f"The sources of the {rules.gene} variants disagree at {sites}; confirm which holds."
        caveats.append(Caveat("PGX-605", text))
        rivals = settled[1:] or settled[:1]
    disputed = _disputed(evidence, diplotypes)
    if disputed:
        rivals = rivals or settled[:1]
        caveats += [
            Caveat("PGX-605", f"A test for {rules.gene} {name} and the variants on file disagree.")
            for name in disputed
        ]
    if winner is not None and len(winner.keys) > 1:
        caveats.append(
            Caveat("PGX-613", f"The {rules.gene} result fits several readings: {winner.says}.")
        )
    caveats += allele_caveats(tuple(counted), rules)
    if winner is None and evidence.unusable:
        caveats.append(
            Caveat("PGX-609", f"A {rules.gene} result is on file without a usable answer.")
        )
    seen = [called for called in variants.called if called.references]
    references = dict.fromkeys(
        (*evidence.references, *(r for called in variants.called for r in called.references))
    )
    certain = dict.fromkeys(name for called in variants.called for name in called.present)
    return GeneResult(
        gene=rules.gene,
        status=status_of(winner, rivals) if winner else Status.NOT_CALLED,
        basis="variants",
        diplotypes=diplotypes,
        phenotype=winner.phenotype if winner else None,
        activity_score=winner.score if winner else None,
        lookup_keys=tuple(dict.fromkeys(key for a in settled for key in a.keys) if winner else ()),
        alleles=(winner.allele,) if winner and winner.allele else tuple(certain),
        coverage=coverage_of(variants.called[0]),
        caveats=tuple(dict.fromkeys(caveats)),
        derived_from=tuple(references),
        dates=(*evidence.dates, *("",) * (len(references) - len(evidence.references))),
        when=max((evidence.when, *(called.when for called in seen))),
    )


def _at_least(variants: FromVariants, rules: GeneRules) -> list[Answer]:
    """One copy that does nothing, the other not known: every phenotype that may be.

    None of them is the normal one, so silence would be the one answer that is certainly wrong.
    """
    for called in variants.called:
        for name in (standard_name(each, rules) for each in called.present):
            function = function_of(name, rules)
            if function is None or not _does_nothing(function) or 2 not in rules.copies:
                continue
            keys = {
                rule.lookup_key
                for rule in rules.pairs
                if len(rule.of) == 2 and function in rule.of and rule.lookup_key not in UNKNOWN_KEYS
            }
            says = f"one {name}, and the other copy is not known"
            plain = (key for key in keys if key.removeprefix("Likely ") not in keys - {key})
            ordered = tuple(sorted(plain, key=score_order))
            return [Answer("variants", None, None, ordered, says, name)]
    return []


def _does_nothing(function: str) -> bool:
    return function in ("0", "0.0") or function.startswith("No function")


def _disputed(evidence: GeneEvidence, diplotypes: tuple[DiplotypeResult, ...]) -> list[str]:
    """The alleles that a test for them alone found or missed, against every diplotype called."""
    found = []
    for name, presence in evidence.presence.items():
        carried = {name in each.haplotypes for each in diplotypes}
        if carried == {presence is Presence.ABSENT} and presence in DECIDED:
            found.append(name)
    return found


def _called_caveats(called: CalledGene, rules: GeneRules) -> list[Caveat]:
    found = [*called.caveats]
    others = alternatives_caveat(called, rules)
    partial = coverage_caveat(called)
    return found + [each for each in (others, partial) if each is not None]


def _with_present(evidence: GeneEvidence, variants: FromVariants) -> GeneEvidence:
    """The evidence with the alleles that the variants show for certain."""
    carried = tuple(
        StatedTerm(name, called.references[0] if called.references else "", called.when)
        for called in variants.called
        for name in called.present
    )
    return replace(evidence, alleles=(*evidence.alleles, *carried))

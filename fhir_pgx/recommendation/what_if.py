"""What would change a card: the engine run again with one fact changed, and both answers compared.

Only what the leading source advises counts, population by population. A fact that leaves it as it
is is not told; nor is one that would only work together with another. What is told is what the
engine answered, never a guess. `docs/methods/what-if.md` says which facts are tried.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from fhir_pgx.model.change import Change
from fhir_pgx.model.definition import GeneDefinition
from fhir_pgx.model.dose import DoseForPatient
from fhir_pgx.model.modifier import Interaction
from fhir_pgx.model.patient import PatientContext
from fhir_pgx.model.phenotype import GeneResult, Status
from fhir_pgx.model.recommendation import ACTIONS, DrugAdvice, Recommendation
from fhir_pgx.recommendation.population import Situation
from fhir_pgx.recommendation.rulebook import DrugGroup

MOST = 6
POSITIONS = 3  # shown of one drug
TRIED = 8  # positions re-read to find them: each is a call of the gene
OUTCOMES = 3  # told of one fact
_NO_RESULT = (Status.NOT_TESTED, Status.NOT_CALLED)


class Ask(Protocol):
    """The engine for this patient and order, with one thing changed: results in place of the
    patient's, another situation, or one agent (by its name in our table) left out."""

    def __call__(
        self,
        *,
        results: Mapping[str, GeneResult] | None = None,
        situation: Situation | None = None,
        without: str = "",
    ) -> DrugAdvice: ...


# The results of a gene with one position read as these alleles; None where it cannot be read so.
Recalled = Callable[[str, str, tuple[str, ...]], GeneResult | None]
Possible = Mapping[str, tuple[GeneResult, ...]]  # by gene: the results a test can come back with


def foremost(changes: Iterable[Change]) -> tuple[Change, ...]:
    """The weightiest, each fact once."""
    by_code: dict[str, Change] = {}
    for each in sorted(changes, key=lambda change: change.rank):
        by_code.setdefault(each.code, each)
    return tuple(by_code.values())[:MOST]


def by_medicines(group: DrugGroup, advice: DrugAdvice, ask: Ask) -> list[Change]:
    """Agents that a guideline's rule counts: what would be advised without each of them."""
    agents = {
        each.agent: each
        for source in advice.sources
        for modifier in source.modifiers
        if modifier.is_rule
        for each in modifier.interactions
    }
    found = []
    for name, agent in agents.items():
        new = ask(without=name)
        if differs(new, advice, group):
            code = f"without:{agent.rxcui or name}"
            text = f"Without {name}{_once_over(agent)}: {said(new, advice)}"
            found.append(Change(code, text, rank(new, advice)))
    return found


def _once_over(agent: Interaction) -> str:
    """`, once it no longer acts (about 5 days after the last dose, by our half-life)`; nothing of
    one that was not taken yet."""
    if agent.state not in ("active", "washing-out"):
        return ""
    if agent.until:
        return f", once it no longer acts (from about {agent.until}, by our half-life)"
    if agent.lasts is None:
        return ", once it no longer acts (no half-life is held here)"
    weeks = round(agent.lasts / 7)
    span = f"{weeks} weeks" if weeks > 1 else f"{agent.lasts} days"
    return f", once it no longer acts (about {span} after the last dose, by our half-life)"


def by_tests(
    group: DrugGroup,
    advice: DrugAdvice,
    results: Mapping[str, GeneResult],
    possible: Possible,
    ask: Ask,
) -> list[Change]:
    """Genes without a usable result: the weightiest advice that a test could bring."""
    found = []
    for gene in group.genes:
        told: dict[str, tuple[list[int], list[str]]] = {}
        tests = list(_tests(gene, group, results.get(gene), possible))
        for words, result in tests:
            new = ask(results={gene: result})
            if differs(new, advice, group) and not _leaves_the_gravest(new, advice):
                told.setdefault(said(new, advice), (_weights(new, advice), []))[1].append(words)
        if told:
            outcome, (weights, several) = min(told.items(), key=lambda each: each[1][0])
            tested = gene in results and results[gene].status is not Status.NOT_TESTED
            again = " again" if tested and not gene.startswith("HLA-") else ""
            text = (
                f"Testing {gene}{again} could change this. If {_first(several, tests)}: {outcome}"
            )
            found.append(Change(f"test:{gene}", text, weights[0]))
    return found


def _first(words: Sequence[str], tests: Sequence[tuple[str, GeneResult]]) -> str:
    """At most three results, the settled ones before likely and possible ones; a phenotype without
    its scores where all of them are meant."""
    of_phenotype: dict[str, set[str]] = {}
    for each, result in tests:
        of_phenotype.setdefault(result.phenotype or each, set()).add(each)
    shown: dict[str, None] = {}
    for phenotype, several in of_phenotype.items():
        if several <= set(words):
            shown[phenotype if len(several) > 1 else min(several)] = None
        else:
            shown |= {each: None for each in words if each in several}
    ordered = sorted(shown, key=lambda each: each.startswith(("Likely", "Possible")))
    more = " or another" if len(ordered) > OUTCOMES else ""
    return listed(ordered[:OUTCOMES]) + more


def _tests(
    gene: str, group: DrugGroup, result: GeneResult | None, possible: Possible
) -> Iterator[tuple[str, GeneResult]]:
    """What a test that was not done can come back with, in words and as a result."""
    if gene.startswith("HLA-"):
        before = result if result is not None else GeneResult(gene, Status.NOT_TESTED)
        known = {key.split()[0] for key in before.lookup_keys}
        for allele in _asked_alleles(gene, group):
            for state in ("positive", "negative") if allele not in known else ():
                yield (
                    f"{gene}{allele} is {state}",
                    replace(
                        before,
                        status=Status.CALLED,
                        lookup_keys=(*before.lookup_keys, f"{allele} {state}"),
                        allele_status={**before.allele_status, allele: state},
                    ),
                )
    elif result is None or result.status in _NO_RESULT or not result.lookup_keys:
        for each in possible.get(gene, ()):
            yield in_words(each), each


def _asked_alleles(gene: str, group: DrugGroup) -> list[str]:
    keys = (key for e in group.entries if gene in e.keys for key in e.keys[gene])
    return sorted({key.split()[0] for key in keys if key.startswith("*")})


def by_readings(
    group: DrugGroup,
    advice: DrugAdvice,
    results: Mapping[str, GeneResult],
    possible: Possible,
    ask: Ask,
) -> list[Change]:
    """Genes whose result stands for several keys: what each would bring, where they differ."""
    found = []
    for gene in group.genes:
        result = results.get(gene)
        if result is None or len(result.lookup_keys) < 2:
            continue
        told: dict[str, tuple[int, list[str]]] = {}
        for words, reading in _readings(gene, group, result, possible.get(gene, ())):
            new = ask(results={gene: reading})
            if differs(new, advice, group):
                text = said(new, advice)
                told.setdefault(text, (rank(new, advice), []))[1].append(words)
        if told:
            outcomes = sorted(told.items(), key=lambda each: each[1][0])
            told_all = " ".join(
                f"If {listed(words[:OUTCOMES])}: {text}" for text, (_, words) in outcomes[:OUTCOMES]
            )
            lead = _settling(gene, result)
            found.append(Change(f"settle:{gene}", f"{lead}. {told_all}", outcomes[0][1][0]))
    return found


def _readings(
    gene: str, group: DrugGroup, result: GeneResult, possible: tuple[GeneResult, ...]
) -> Iterator[tuple[str, GeneResult]]:
    if gene.startswith("HLA-"):
        states = [key.split() for key in result.lookup_keys]
        for allele in _asked_alleles(gene, group):
            if [name for name, _ in states].count(allele) > 1:  # positive and negative: open
                for state in ("positive", "negative"):
                    other = {"positive": "negative", "negative": "positive"}[state]
                    keys = tuple(k for k in result.lookup_keys if k != f"{allele} {other}")
                    status = {**result.allele_status, allele: state}
                    yield (
                        f"{gene}{allele} is {state}",
                        replace(
                            result, status=Status.CALLED, lookup_keys=keys, allele_status=status
                        ),
                    )
        return
    for key in result.lookup_keys:
        ours = tuple(d for d in result.diplotypes if d.lookup_key == key)
        example = next((each for each in possible if each.lookup_keys == (key,)), None)
        if ours:
            yield (
                listed([d.name for d in ours]),
                replace(
                    result,
                    status=Status.CALLED,
                    diplotypes=ours,
                    phenotype=ours[0].phenotype,
                    activity_score=ours[0].activity_score,
                    lookup_keys=(key,),
                ),
            )
        elif example is not None:
            yield in_words(example), example


def _settling(gene: str, result: GeneResult) -> str:
    if result.status is Status.CONFLICT:
        return f"Confirming which {gene} result holds would settle this"
    if gene.startswith("HLA-"):
        return f"A {gene} typing that leaves nothing open would settle this".replace("A H", "An H")
    if result.diplotypes:
        return f"A definite {gene} diplotype would settle this"
    return f"The {gene} diplotype behind the stated phenotype would settle this"


def by_positions(
    group: DrugGroup,
    advice: DrugAdvice,
    results: Mapping[str, GeneResult],
    definitions: Mapping[str, GeneDefinition],
    recalled: Recalled,
    ask: Ask,
) -> list[Change]:
    """Positions that were not read: the weightiest advice that reading one of them could bring."""
    found: list[Change] = []
    for gene in group.genes:
        result, definition = results.get(gene), definitions.get(gene)
        if result is None or definition is None:
            continue
        for site in _unread_sites(result, definition)[:TRIED]:
            if len(found) == POSITIONS:
                return found
            told = []
            for alleles in _alleles(site, definition):
                read = recalled(gene, site, alleles)
                if read is None or read.status is not Status.CALLED:
                    continue
                new = ask(results={gene: read})
                if differs(new, advice, group):
                    told.append((rank(new, advice), alleles, read, new))
            if told:
                weight, alleles, read, new = min(told, key=lambda each: each[0])
                found.append(
                    Change(
                        f"position:{gene}:{site}",
                        f"Reading {gene} {site} could change this. With {'/'.join(alleles)}, "
                        f"{in_words(read, named=True)}: {said(new, advice)}",
                        weight,
                    )
                )
    return found


def _unread_sites(result: GeneResult, definition: GeneDefinition) -> list[str]:
    """The unread positions at which an allele that could change the advice differs, in the order
    of those alleles: the weightiest first."""
    coverage = result.coverage
    if coverage is None or not coverage.could_change:
        return []
    unread = {*coverage.missing, *coverage.no_call}
    sites: dict[str, None] = {}
    for name in coverage.could_change:
        for allele in definition.alleles:
            if definition.core.get(allele.name, allele.name) == name:
                sites |= {site: None for site in allele.cells if site in unread}
    return list(sites)


def _alleles(name: str, definition: GeneDefinition) -> list[tuple[str, ...]]:
    site = next(each for each in definition.sites if each.name == name)
    return [pair for alt in site.alts for pair in ((site.ref, alt), (alt, alt))]


def by_measures(
    doses: Sequence[tuple[str, DoseForPatient]], patient: PatientContext
) -> list[Change]:
    """What must be measured before an advised dose is a number of milligrams.

    No engine is asked: a dose that stays by weight or surface says itself what is missing.
    """
    for _, dose in doses:
        sign = next((sign for sign in ("/kg", "/m2") if sign in dose.unit), "")
        lacks = _lacking(sign, patient)
        if sign and lacks:
            plain = dose.unit.replace(sign, "")
            text = (
                f"Record a {' and a '.join(lacks)}: the dose in {dose.unit} then becomes {plain}."
            )
            return [Change(lacks[0], text, len(ACTIONS) + 1)]
    return []


def _lacking(sign: str, patient: PatientContext) -> list[str]:
    wanted = {"weight": patient.weight}
    if sign == "/m2":
        wanted["height"] = patient.height
    return [name for name, value in wanted.items() if value is None]


# Two answers compared, and one told


def differs(new: DrugAdvice, old: DrugAdvice, group: DrugGroup, *, for_whom: bool = True) -> bool:
    """Whether the leading source would have something else done, and says so; without `for_whom`,
    whoever it is for. Two wordings of one deed are no difference, nor are two deeds of which the
    source's sentence is the same."""
    named = _named(group)
    deeds = [{_deed(r, named, for_whom) for r in a.recommendations} for a in (new, old)]
    return deeds[0] != deeds[1] and _is_told_otherwise(new, old)


def _leaves_the_gravest(new: DrugAdvice, old: DrugAdvice) -> bool:
    """Whether the drug stays forbidden as it was: a dose that another gene would bring has no place
    beside that."""
    forbidding = {
        r.rule
        for r in old.recommendations
        if r.serious and r.action in ("contraindicated", "avoid")
    }
    return bool(forbidding & {r.rule for r in new.recommendations})


def _is_told_otherwise(new: DrugAdvice, old: DrugAdvice) -> bool:
    """Whether the sentences are others: all in all, or those for one population in both."""
    one, two = _sentences(new), _sentences(old)
    if set().union(*one.values()) != set().union(*two.values()):
        return True
    return any(one[who] != two[who] for who in one.keys() & two.keys())


def _sentences(advice: DrugAdvice) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for r in advice.recommendations:
        found.setdefault(r.population, set()).add(r.summary)
    return found


def _named(group: DrugGroup) -> Mapping[tuple[str, str], Hashable]:
    """The alternatives that each advice of the drug's guidelines names."""
    return {
        (entry.guideline.id, advice.id): advice.alternatives
        for entry in group.entries
        for advice in entry.guideline.advice.values()
    }


def _deed(r: Recommendation, named: Mapping[tuple[str, str], Hashable], for_whom: bool) -> Hashable:
    alternatives = named.get((r.evidence[0].guideline, r.advice)) if r.evidence else None
    return (
        r.source,
        tuple(r.genes),
        r.population if for_whom else "",
        r.action,
        r.also if r.action == "standard" else (),  # beside "avoid" it only says what else is left
        r.serious,
        # For when and of what is words, and stands in the sentence.
        tuple(replace(dose, when=None, of=None) for dose in r.dose),
        alternatives,
    )


def _fresh(new: DrugAdvice, old: DrugAdvice) -> list[Recommendation]:
    """What the new answer adds; all of it where it only leaves something out."""
    before = {(r.source, r.population, r.summary) for r in old.recommendations}
    added = [r for r in new.recommendations if (r.source, r.population, r.summary) not in before]
    return added or list(new.recommendations)


def rank(new: DrugAdvice, old: DrugAdvice) -> int:
    """How much what the new answer says matters; the lower, the more."""
    return _weights(new, old)[0]


def _weights(new: DrugAdvice, old: DrugAdvice) -> list[int]:
    fresh = _fresh(new, old)
    return sorted(-1 if r.serious else ACTIONS.index(r.action) for r in fresh) or [len(ACTIONS)]


def said(new: DrugAdvice, old: DrugAdvice) -> str:
    """What the new answer advises, in sentences, the weightiest first."""
    if new.unanswered is not None:
        return f"no source has an answer. {new.unanswered.text}"
    by_summary: dict[str, dict[str, None]] = {}
    for r in _fresh(new, old):
        by_summary.setdefault(r.summary, {})[r.population_label] = None
    source = f"by {new.lead}: " if old.lead not in ("", new.lead) else ""
    if len(by_summary) == 1:
        return source + next(iter(by_summary))
    return source + " ".join(
        (f"For {listed([who for who in whom if who])}: " if any(whom) else "") + summary
        for summary, whom in list(by_summary.items())[:OUTCOMES]
    )


def in_words(result: GeneResult, *, named: bool = False) -> str:
    """`Poor Metabolizer`, `Intermediate Metabolizer (score 1.0)`; with the diplotype if `named`."""
    score = result.activity_score
    phenotype = result.phenotype or " or ".join(result.lookup_keys)
    if score and score != "n/a":
        phenotype = f"{phenotype} (score {score})"
    names = [d.name for d in result.diplotypes]
    return f"{names[0]} {phenotype}" if named and len(names) == 1 else phenotype


def listed(words: Sequence[str]) -> str:
    """`a`, `a or b`; with a comma where one of them holds an "or" itself."""
    different = list(dict.fromkeys(words))
    return (", or " if any(" or " in each for each in different) else " or ").join(different)

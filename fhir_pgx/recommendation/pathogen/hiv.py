"""HIV-1 by the rules of HIVDB: a total score for each drug, and its level.

Total = of each rule the best score among its satisfied options (a plain score has one option, a
MAX group several), combinations in addition. A mixture counts every amino acid it may hold. Scores
can be negative. Source: HIVDB 10.2 (hivdb/hivfacts).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.pathogen import (
    DrugVerdict,
    HivDrug,
    HivKnowledge,
    HivRule,
    Organism,
    Outcome,
    ScoreLevel,
)
from fhir_pgx.model.therapy import TherapyDrug
from fhir_pgx.recommendation.pathogen.notes import UNREAD, note
from fhir_pgx.recommendation.pathogen.seen import Seen

Residues = Mapping[int, frozenset[str]]  # of one gene, by codon
_Part = tuple[int, frozenset[str]]
_OUTCOMES: dict[str, Outcome] = {
    "High-Level Resistance": "resistant",
    "Intermediate Resistance": "intermediate",
    "Low-Level Resistance": "low",
    "Potential Low-Level Resistance": "potential-low",
    "Susceptible": "susceptible",
}
GENES = {"PR": "protease", "RT": "reverse transcriptase", "IN": "integrase", "CA": "capsid"}


@dataclass(frozen=True, slots=True)
class Score:
    """The total of a drug, its level, and what adds to it: (mutations, score)."""

    total: int
    level: ScoreLevel
    parts: tuple[tuple[str, int], ...]


class HivScorer:
    """Scores every drug of HIVDB; the rules are taken apart once."""

    def __init__(self, knowledge: HivKnowledge) -> None:
        self.knowledge = knowledge
        self._rules = {
            drug.abbreviation: [_parsed(rule) for rule in drug.rules] for drug in knowledge.drugs
        }
        self._notes = [
            (gene, _part(pattern), words)
            for name, words in knowledge.comments.items()
            for gene, _, pattern in [name.partition(":")]
        ]

    def score(self, drug: HivDrug, seen: Residues) -> Score:
        """The score of one drug, of the residues seen in its gene."""
        parts: list[tuple[str, int]] = []
        for options in self._rules[drug.abbreviation]:
            met = [
                (score, index)
                for index, (wanted, score) in enumerate(options)
                if all(not residues.isdisjoint(seen.get(at, ())) for at, residues in wanted)
            ]
            if met:
                score, index = max(met, key=lambda each: each[0])
                parts.append((self._named(drug.gene, options[index][0], seen), score))
        total = sum(score for _, score in parts)
        parts.sort(key=lambda part: -part[1])  # what weighs most is read first
        return Score(total, self._level(total), tuple(parts))

    def verdicts(self, genes: Mapping[str, Seen]) -> list[DrugVerdict]:
        """Every drug: scored where its gene was sequenced, else without an answer or not tested."""
        residues = {gene: residues_of(seen) for gene, seen in genes.items()}
        return [self._verdict(drug, genes.get(drug.gene), residues) for drug in self._drugs()]

    def unscored(self, organism: Organism, words: str) -> list[DrugVerdict]:
        """Every drug of an organism that the rules are not for."""
        return [
            replace(self._said(drug, "unlisted", words), organism=organism)
            for drug in self._drugs()
        ]

    def notes(self, genes: Mapping[str, Seen]) -> tuple[str, ...]:
        """Our words on mutations that were seen."""
        told = []
        for gene, (position, wanted), words in self._notes:
            found = residues_of(genes[gene]).get(position, frozenset()) if gene in genes else ()
            hit = "".join(sorted(wanted.intersection(found)))
            if hit:
                told.append(f"{self._named(gene, ((position, wanted),), {position: hit})}: {words}")
        return tuple(told)

    def _drugs(self) -> tuple[HivDrug, ...]:
        return self.knowledge.drugs

    def _verdict(
        self, drug: HivDrug, seen: Seen | None, residues: Mapping[str, Residues]
    ) -> DrugVerdict:
        gene = GENES[drug.gene]
        if seen is None or not seen.is_answered:
            failed = seen is not None and bool(seen.failed)
            words = f"{gene} gave no answer" if failed else f"{gene} was not sequenced"
            return self._said(drug, "no-call" if failed else "not-tested", words)
        score = self.score(drug, residues[drug.gene])
        caveats: tuple[Caveat, ...] = ()
        if seen.unread:
            caveats = (note(UNREAD, gene=drug.gene, what=", ".join(seen.unread)),)
        used = {name for name, _ in score.parts}
        sources = [
            reference
            for name, change in seen.changes.items()
            if any(f"{change.position}" in re.findall(r"\d+", each) for each in used)
            for reference in seen.sources[name]
        ]
        outcome = _OUTCOMES[score.level.label]
        words = f"{score.level.label.lower()}, score {score.total}"
        if seen.unread and outcome in ("susceptible", "potential-low"):
            outcome, words = "unlisted", f"score {score.total} without what could not be read"
        return self._said(
            drug,
            outcome,
            words,
            because=tuple(f"{name} {points:+d}" for name, points in score.parts),
            changes=tuple(name for name, _ in score.parts if "+" not in name),
            score=score.total,
            caveats=caveats,
            derived_from=tuple(dict.fromkeys(sources)) or tuple(seen.references),
        )

    def _said(
        self,
        drug: HivDrug,
        outcome: Outcome,
        words: str,
        *,
        because: tuple[str, ...] = (),
        changes: tuple[str, ...] = (),
        score: int | None = None,
        caveats: tuple[Caveat, ...] = (),
        derived_from: tuple[str, ...] = (),
    ) -> DrugVerdict:
        return DrugVerdict(
            organism="HIV-1",
            drug=TherapyDrug(drug.name, drug.rxcui),
            outcome=outcome,
            words=words,
            provenance=self.knowledge.provenance,
            genes=(drug.gene,),
            because=because,
            changes=changes,
            group=drug.drug_class,
            abbreviation=drug.abbreviation,
            score=score,
            boosted=drug.boosted,
            caveats=caveats,
            derived_from=derived_from,
        )

    def _level(self, total: int) -> ScoreLevel:
        return next(
            level
            for level in self.knowledge.levels
            if (level.low is None or total >= level.low)
            and (level.high is None or total <= level.high)
        )

    def _named(
        self, gene: str, wanted: tuple[_Part, ...], seen: Mapping[int, frozenset[str] | str]
    ) -> str:
        """`M184V`, `G140S+Q148H`: the residues that were seen."""
        names = []
        for position, residues in wanted:
            letters = "".join(sorted(residues.intersection(seen[position])))
            letters = {"i": "ins", "d": "del"}.get(letters, letters)
            wild = self.knowledge.wild_types.get(f"{gene}:{position}", "")
            names.append(f"{wild}{position}{letters}")
        return "+".join(names)


def residues_of(seen: Seen) -> Residues:
    """By codon, every residue that any result of the gene shows beside the reference."""
    found: dict[int, frozenset[str]] = {}
    for change in seen.changes.values():
        if change.position is not None:
            held = found.get(change.position, frozenset())
            found[change.position] = held | frozenset(change.residues)
    return found


def _parsed(rule: HivRule) -> tuple[tuple[tuple[_Part, ...], int], ...]:
    return tuple((tuple(_part(name) for name in names), score) for names, score in rule.options)


def _part(name: str) -> _Part:
    digits = re.match(r"\d+", name)
    assert digits is not None
    return int(digits[0]), frozenset(name[digits.end() :])

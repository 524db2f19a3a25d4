"""What a guideline advises for a drug, given the patient's germline genes.

The keys of the drug's genes are looked up together, population by population. A gene without a
result has the key `No Result`, which only two-gene guidelines answer; such an answer rests on part
of the genes and says so. A missing row is "no guidance found", never "safe". Where a gene's answer
is ambiguous or in conflict every key is looked up, and equal advice is told once.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice, product

from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.knowledge import Row
from fhir_pgx.model.phenotype import DiplotypeResult, GeneResult, Status
from fhir_pgx.model.recommendation import (
    ACTIONS,
    AlternativeVerdict,
    Evidence,
    Fit,
    Recommendation,
    Unanswered,
    Verdict,
    weight,
)
from fhir_pgx.recommendation.population import ANYBODY, Situation, fits_of, only_by_body
from fhir_pgx.recommendation.rulebook import NO_RESULT, NOT_CALLED, DrugEntry, Rulebook

MAX_COMBINATIONS = 256
_NO_ANSWER = (Status.NOT_TESTED, Status.NOT_CALLED)


def recommend(
    entry: DrugEntry,
    results: Mapping[str, GeneResult],
    rulebook: Rulebook,
    *,
    situation: Situation = ANYBODY,
    judge_alternatives: bool = True,
) -> tuple[Recommendation, ...] | Unanswered:
    """Every distinct advice of one drug by one source; or why there is none.

    Advice for a population that is the patient's comes before advice for one that may be, and
    then the weightiest first; that of populations that are not the patient's is left out.
    Alternatives are judged by the same results.
    """
    keys = {gene: _keys(gene, entry, results) for gene in entry.rules.genes}
    if all(key == (NO_RESULT,) for key in keys.values()):
        return _unanswered(entry, results)
    fits = fits_of(entry.guideline, situation, results)
    fits = {population: fit for population, fit in fits.items() if population in entry.rows}
    # Three weeks into treatment a patient is neither new to the drug nor long on it. The advice
    # for both is then shown, labelled: silence about an HLA allele would be worse.
    nobodys = bool(fits) and set(fits.values()) == {"no"}
    if nobodys and all(only_by_body(entry.guideline.populations[name]) for name in fits):
        return _no_group(entry)
    if nobodys:
        fits = dict.fromkeys(fits, "unknown")
    found = list(_rows(entry, keys, fits))
    if not found:
        return _no_row(entry, keys)
    alternatives = _Alternatives(rulebook, results, situation)
    alike: dict[tuple[str, str, str, str], list[Row]] = {}
    for row in found:
        shown = ", ".join(_shown(gene, row, results) for gene in entry.rules.genes)
        alike.setdefault((row.population, row.advice, row.strength, shown), []).append(row)
    made = [
        _recommendation(
            rows[0],
            entry,
            results,
            alternatives.of(rows[0], entry) if judge_alternatives else (),
            _scores(rows, keys),
            fits.get(rows[0].population, "holds"),  # a guideline of one population is everybody's
        )
        for rows in alike.values()
    ]
    if nobodys:
        made = [replace(each, caveats=(*each.caveats, NO_GROUP)) for each in made]
    return tuple(sorted(made, key=weight))


NO_GROUP = Caveat(
    "PGX-624",
    "The record places this patient in none of the groups that the guideline speaks of; the advice "
    "for each is shown, labelled.",
)


def _scores(rows: list[Row], keys: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """The scores that rows of one advice hold for, of genes whose result stands for several."""
    return {
        gene: tuple(dict.fromkeys(row.keys[gene] for row in rows if gene in row.keys))
        for gene, several in keys.items()
        if len(several) > 1 and several[0].removeprefix("≥")[:1].isdigit()
    }


def _keys(gene: str, entry: DrugEntry, results: Mapping[str, GeneResult]) -> tuple[str, ...]:
    """The keys a gene's result stands for in this guideline; `No Result` where it has none."""
    result = results.get(gene)
    if result is None or result.status in _NO_ANSWER or not result.lookup_keys:
        return (NO_RESULT,)
    if result.lookup_keys[0].startswith("*"):  # an HLA gene: each allele has a key of its own
        alleles = {key.split()[0] for key in entry.keys[gene]}
        told = tuple(key for key in result.lookup_keys if key.split()[0] in alleles)
        asked = tuple(key for key in told if key in entry.keys[gene])
        # A source may have rows for a positive result alone: a negative one is a result all the
        # same, without a row.
        return asked or told or (NO_RESULT,)
    if entry.by_diplotype and gene in entry.by_diplotype:
        named = [_diplotype_key(diplotype, entry.keys[gene]) for diplotype in result.diplotypes]
        if named and all(named):
            return tuple(dict.fromkeys(key for key in named if key))
    return result.lookup_keys


def _diplotype_key(diplotype: DiplotypeResult, asked: frozenset[str]) -> str | None:
    """The diplotype itself where the source has a row of its own for it, else its usual key."""
    either = ("/".join(diplotype.haplotypes), "/".join(reversed(diplotype.haplotypes)))
    return next((name for name in either if name in asked), diplotype.lookup_key)


def _rows(
    entry: DrugEntry, keys: Mapping[str, tuple[str, ...]], fits: Mapping[str, Fit]
) -> Iterator[Row]:
    combinations = list(islice(product(*keys.values()), MAX_COMBINATIONS))
    for population, rows in entry.rows.items():
        if fits.get(population) == "no":
            continue
        for combination in combinations:
            row = rows.get(combination)
            if row is not None:
                yield row


def _recommendation(
    row: Row,
    entry: DrugEntry,
    results: Mapping[str, GeneResult],
    alternatives: tuple[AlternativeVerdict, ...],
    scores: dict[str, tuple[str, ...]],
    fit: Fit,
) -> Recommendation:
    guideline, drug = entry.guideline, entry.rules.drug
    advice = guideline.advice[row.advice]
    population = guideline.populations[row.population]
    return Recommendation(
        drug=drug,
        rxcui=entry.rules.rxcui,
        source=entry.rules.source,
        genes={gene: _shown(gene, row, results) for gene in entry.rules.genes},
        keys=row.keys,
        population=population.code,
        population_label="" if population.code == "general" else population.label,
        population_when="" if population.code == "general" else population.when,
        population_fit=fit,
        action=advice.action,
        also=advice.also,
        strength=row.strength,
        dose=advice.dose,
        alternatives=alternatives,
        advice=advice.id,
        summary=_named(advice.summary, drug),
        detail=_named(advice.text, drug),
        implications={
            gene: _named(guideline.implications[key], drug)
            for gene, key in row.implications.items()
        },
        considerations=tuple(
            _named(guideline.considerations[key], drug) for key in row.considerations
        ),
        evidence=(
            Evidence(
                guideline.id,
                guideline.title,
                guideline.url,
                guideline.publications,
                guideline.retrieved,
                guideline.status,
            ),
        ),
        rule=row.rule,
        scores=scores,
        tells=advice.tells,
        serious=advice.serious,
        source_rows=(row.source_row,),
        caveats=tuple(_caveats(row, entry, results)),
        derived_from=tuple(
            dict.fromkeys(
                reference
                for gene in entry.rules.genes
                if gene in results
                for reference in results[gene].derived_from
            )
        ),
    )


def _named(text: str, drug: str) -> str:
    return text.replace("{drug}", drug).replace("{Drug}", drug[:1].upper() + drug[1:])


def _shown(gene: str, row: Row, results: Mapping[str, GeneResult]) -> str:
    """The phenotype this row answers for; for HLA the allele's status; else the key itself."""
    key = row.keys.get(gene, NO_RESULT)
    result = results.get(gene)
    if key == NO_RESULT:
        tested = result is not None and result.status is not Status.NOT_TESTED
        return NOT_CALLED if tested else NO_RESULT
    stated = row.phenotypes.get(gene)
    if stated or result is None:
        return stated or key
    for diplotype in result.diplotypes:
        if diplotype.lookup_key == key and diplotype.phenotype:
            return diplotype.phenotype
    return result.phenotype if result.phenotype and key in result.lookup_keys else key


def _caveats(row: Row, entry: DrugEntry, results: Mapping[str, GeneResult]) -> Iterator[Caveat]:
    genes = entry.rules.genes
    missing = [gene for gene in genes if row.keys.get(gene, NO_RESULT) == NO_RESULT]
    rest = " and ".join(gene for gene in genes if gene not in missing)
    for gene in genes:
        result = results.get(gene)
        if gene in missing and rest:
            why = _why_no_result(gene, entry, result)
            yield Caveat("PGX-620", f"{why} The advice rests on {rest} alone.")
        if result is not None:
            yield from _about(entry, gene, result)
    if entry.guideline.status == "being-updated":
        yield Caveat("PGX-621", "The guideline is being updated; this advice is of the older one.")


def _about(entry: DrugEntry, gene: str, result: GeneResult) -> Iterator[Caveat]:
    """The result's caveats, without those on HLA alleles that this drug does not ask for."""
    asked = {key.split()[0] for key in entry.keys[gene]}
    for caveat in result.caveats:
        if caveat.code != "PGX-611" or any(f"{gene}{allele} " in caveat.text for allele in asked):
            yield caveat


def _why_no_result(gene: str, entry: DrugEntry, result: GeneResult | None) -> str:
    if result is None or result.status is Status.NOT_TESTED:
        return f"No {gene} result is on file."
    if gene.startswith("HLA-") and result.status is not Status.NOT_CALLED:
        asked = sorted({key.split()[0] for key in entry.keys[gene] if key.startswith("*")})
        return f"Whether {gene}{' or '.join(asked)} is present is not known."
    return f"{gene} was tested without a usable answer."


def _unanswered(entry: DrugEntry, results: Mapping[str, GeneResult]) -> Unanswered:
    genes = entry.rules.genes
    tested = [results[gene] for gene in genes if gene in results]
    called = any(result.status is not Status.NOT_TESTED for result in tested)
    text = " ".join(_why_no_result(gene, entry, results.get(gene)) for gene in genes)
    reason = "not-called" if called else "not-tested"
    return Unanswered(entry.rules.drug, entry.rules.rxcui, genes, reason, text)


def no_guidance(drug: str) -> Unanswered:
    """The answer for a drug that we know and hold no guidance for."""
    text = (
        f"Our release holds no pharmacogenomic guidance for {drug}. That is not a statement that "
        "the drug is safe."
    )
    return Unanswered(drug, "", (), "no-guidance", text)


def _no_group(entry: DrugEntry) -> Unanswered:
    """A source whose advice is for other ages or weights has none for this patient."""
    labels = (each.label for each in entry.guideline.populations.values())
    return Unanswered(
        entry.rules.drug,
        entry.rules.rxcui,
        entry.rules.genes,
        "no-row",
        f"{entry.rules.source} advises for others alone ({'; '.join(labels)}). That is not a "
        "statement that the drug is safe.",
    )


def _no_row(entry: DrugEntry, keys: Mapping[str, Iterable[str]]) -> Unanswered:
    shown = ", ".join(f"{gene} {' or '.join(values)}" for gene, values in keys.items())
    return Unanswered(
        entry.rules.drug,
        entry.rules.rxcui,
        entry.rules.genes,
        "no-row",
        f"{entry.rules.source} has no advice for this combination ({shown}). That is not a "
        "statement that the drug is safe.",
    )


class _Alternatives:
    """Judges the drugs a guideline names as alternatives by the same patient's results."""

    def __init__(
        self, rulebook: Rulebook, results: Mapping[str, GeneResult], situation: Situation
    ) -> None:
        self._rulebook, self._results = rulebook, results
        # The order's indication and dose are of the drug that is to be replaced.
        self._situation = replace(situation, daily_dose=None)

    def of(self, row: Row, entry: DrugEntry) -> tuple[AlternativeVerdict, ...]:
        advice = entry.guideline.advice[row.advice]
        return tuple(
            AlternativeVerdict(named.name, named.rxcui, *self._judge(named.rxcui))
            for named in advice.alternatives
            if named.name != entry.rules.drug
        )

    def _judge(self, rxcui: str) -> tuple[Verdict, str]:
        return verdict_of_sources(
            [self._verdict(other) for other in self._rulebook.entries_of(rxcui)]
        )

    def _verdict(self, other: DrugEntry) -> tuple[Verdict, str]:
        answer = recommend(
            other,
            self._results,
            self._rulebook,
            situation=self._situation,
            judge_alternatives=False,
        )
        return verdict_of(answer)


def verdict_of_sources(verdicts: Sequence[tuple[Verdict, str]]) -> tuple[Verdict, str]:
    """The verdict of the first source that has one; where a further source advises against the
    drug, caution at least. `verdicts` are in the site's order of sources."""
    if not verdicts:
        return "no-guidance", "No pharmacogenomic guidance is held for it."
    decided = [each for each in verdicts if each[0] != "unknown"]
    if not decided:
        return verdicts[0]
    against = next((each for each in decided if each[0] == "avoid"), None)
    if against and decided[0][0] == "no-concern":
        return "caution", against[1]
    return decided[0]


def verdict_of(answer: tuple[Recommendation, ...] | Unanswered) -> tuple[Verdict, str]:
    """What one source's answer for a drug says of it as an alternative."""
    if isinstance(answer, Unanswered):
        return "unknown", answer.text
    worst = min(answer, key=lambda each: ACTIONS.index(each.action))
    if worst.action in ("contraindicated", "avoid"):
        return "avoid", worst.summary
    if worst.action == "no-recommendation":
        return "unknown", "The guideline gives no recommendation for this patient's result."
    if worst.action != "standard" or any(c.code == "PGX-620" for c in worst.caveats):
        return "caution", worst.summary
    return "no-concern", worst.summary

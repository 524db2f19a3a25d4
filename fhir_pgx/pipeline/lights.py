"""The light of one medicine: what every source advises, as one of five words.

A light is green only where nothing is open: every gene that guidance asks for has a usable result,
every source that speaks advises the usual, no other medicine may change it, and all the data were
seen. Whatever falls short of that is not known, and says what is missing. The table is in
docs/passport.md.
"""

from collections.abc import Iterable, Mapping, Sequence

from fhir_pgx.cards.detail import TELLING
from fhir_pgx.cards.headline import NOTHING
from fhir_pgx.cards.order import is_unremarkable
from fhir_pgx.model.passport import LIGHTS, FindingLine, Light, Said
from fhir_pgx.model.phenotype import GeneResult
from fhir_pgx.model.recommendation import DrugAdvice, Recommendation, given
from fhir_pgx.model.therapy import EFFECTS, TherapyAdvice
from fhir_pgx.reports.therapies import action_of, level_of, opposed, summary_of

_STOPS = ("contraindicated", "avoid")
_CAUTIONS = (
    "alternative", "reduce-dose", "increase-dose", "adjust-dose", "continue-if-tolerated",
    "monitor", "risk-stated",
)  # fmt: skip
AGAINST = ("contraindicated", "avoid", "alternative")  # what a drug not taken is listed for
_AS_USUAL = ("standard", "no-recommendation", "risk-stated")
_NO_ANSWER = (*NOTHING, "Indeterminate", "n/a")


def worst(lights: Iterable[Light]) -> Light:
    """The gravest: of a combination, every part counts. What has no guidance takes nothing from
    what has."""
    return min(lights, key=LIGHTS.index, default="no-guidance")


def light_of(
    advice: DrugAdvice, results: Mapping[str, GeneResult], *, missing: Sequence[str] = ()
) -> Light:
    """The light of a drug by the genes of drug response. `missing` are the genes and HLA alleles
    that its guidance asks for and that have no usable result."""
    ours = [r for r in advice.recommendations if r.population_fit != "no"]
    if any(map(_is_stop, ours)) or grave_others(advice):
        return "stop"
    if any(r.action == "test" and _is_open(r) for r in ours):
        return "unknown"
    if any(map(_is_caution, ours)) or _is_disputed(advice):
        return "caution"
    if missing or advice.unanswered is not None:
        return "no-change" if not missing and _is_unlisted(advice, results) else "unknown"
    changes_nothing = all(
        (r.action == "standard" or _is_plainly_normal(r, results)) and not _is_open(r) for r in ours
    )
    return "no-change" if ours and changes_nothing else "unknown"


def _is_stop(r: Recommendation) -> bool:
    return r.action in _STOPS or (r.action == "alternative" and r.serious)


def _is_caution(r: Recommendation) -> bool:
    return r.action in (*_CAUTIONS, "test") or bool(r.also) or r.tells


def _is_open(r: Recommendation) -> bool:
    """Whether advice rests on a result that answers nothing, or says that something is open."""
    if any(phenotype in _NO_ANSWER for phenotype in r.genes.values()):
        return True
    return bool(TELLING & {caveat.code for caveat in r.caveats})


def _is_plainly_normal(r: Recommendation, results: Mapping[str, GeneResult]) -> bool:
    """Whether a source makes no recommendation because the results are the usual ones, for which
    it knows of nothing to change; of any other result its silence says nothing."""
    if r.action != "no-recommendation":
        return False
    # Of an HLA gene the allele that was asked for counts, and not the next one.
    return all(
        term.endswith(" negative") or ((held := results.get(gene)) and is_unremarkable(held))
        for gene, term in r.genes.items()
    )


def grave_others(advice: DrugAdvice) -> list[Recommendation]:
    """What a source that does not lead says against a drug at the price of death or lasting harm,
    of a group that is or may be this patient's. Another drug counts where those that lead leave all
    as usual: a tenth of the dose by one source is an answer to the harm, the usual dose is none."""
    as_usual = all(r.action in _AS_USUAL for r in advice.recommendations)
    against = AGAINST if as_usual else _STOPS
    return [
        r
        for each in advice.sources
        if each.stance not in ("leads", "silent")
        for r in given(each.answer)
        if r.serious and r.action in against and r.population_fit in ("holds", "likely")
    ]


def _is_disputed(advice: DrugAdvice) -> bool:
    """Whether another source has something done, another medicine may change the answer, or an
    equation gave it: its number is for a person to read."""
    others = [
        r
        for each in advice.sources
        if each.stance not in ("leads", "silent")
        for r in given(each.answer)
        if r.population_fit != "no"
    ]
    return (
        any(r.action in (*_STOPS, *_CAUTIONS, "test") for r in others)
        or any(each.possible for each in advice.leading)
        or any(m.advised_against for each in advice.leading for m in each.modifiers)
        or any(each.is_computed and given(each.answer) for each in advice.leading)
    )


def _is_unlisted(advice: DrugAdvice, results: Mapping[str, GeneResult]) -> bool:
    """Whether the sources list those alone in whom the drug acts otherwise, and this patient's
    results are none of them."""
    answer = advice.unanswered
    if answer is None or answer.reason != "no-row":
        return False
    of_fda = advice.sources[0].source == "FDA"
    return all(is_unremarkable(results[gene], any_known=of_fda) for gene in answer.genes)


def speaks_against(advice: DrugAdvice) -> tuple[Recommendation, ...]:
    """What sources say against a drug that the patient does not take: those that lead, and what
    another says at the price of death or lasting harm."""
    led = [r for r in advice.recommendations if r.action in AGAINST and r.population_fit != "no"]
    return (*led, *grave_others(advice))


def against_light(rows: Iterable[Recommendation]) -> Light:
    return "stop" if any(map(_is_stop, rows)) else "caution"


def light_of_rows(rows: Sequence[TherapyAdvice]) -> Light:
    """The light of a drug by the findings of precision therapy. A row that names the drug for a
    finding changes nothing; a row of evidence that nobody may act on alone says nothing."""
    against = opposed(rows)
    actions = {action_of(each, against.get(each, ())) for each in rows}
    if not actions.isdisjoint(_STOPS):
        return "stop"
    if not actions.isdisjoint(_CAUTIONS):
        return "caution"
    return "no-change" if "option" in actions else "unknown"


def said_of(advice: DrugAdvice) -> tuple[Said, ...]:
    """What each source says, those that lead first; a source that is silent is left out."""
    led = [r for r in advice.recommendations if r.population_fit != "no"]
    others = [
        r
        for each in advice.sources
        if each.stance not in ("leads", "silent")
        for r in given(each.answer)
        if r.population_fit != "no"
    ]
    return tuple(dict.fromkeys(map(said, [*led, *others])))


def said(r: Recommendation) -> Said:
    return Said(
        source=r.source,
        text=r.summary,
        action=r.action,
        strength=r.strength,
        genes=tuple(r.genes.items()),
        population=r.population_label,
        fit=r.population_fit,
        url=r.evidence[0].url if r.evidence else "",
        rule=r.rule,
        serious=r.serious,
    )


_FITS = {"same": "holds", "any": "holds", "other": "no"}


def lines_of(rows: Sequence[TherapyAdvice]) -> tuple[FindingLine, ...]:
    """The rows of one finding, those that say the same of several drugs in one line. What speaks
    against a drug stands first, and what holds for this patient's disease before the rest."""
    against = opposed(rows)
    alike: dict[tuple[str, str, str, str], list[TherapyAdvice]] = {}
    for each in rows:
        action = action_of(each, against.get(each, ()))
        fit = _FITS.get(each.context_fit, "unknown")
        alike.setdefault((fit, each.effect, action, each.context), []).append(each)
    lines = [
        FindingLine(
            effect=effect.replace("-", " "),
            action=action,
            drugs=tuple(dict.fromkeys(row.drug for row in same)),
            context=context,
            fit=fit,
            sources=tuple(dict.fromkeys(_level(row) for row in same)),
        )
        for (fit, effect, action, context), same in alike.items()
    ]
    effects = [each.replace("-", " ") for each in EFFECTS]
    fits = ("holds", "unknown", "no")
    return tuple(sorted(lines, key=lambda e: (fits.index(e.fit), effects.index(e.effect))))


def _level(row: TherapyAdvice) -> str:
    """`FDA drug label`, `CIViC B`: the source, and its level where that says more."""
    level = level_of(row.provenance)
    return row.provenance.source if level.startswith("FDA") else level


def said_of_rows(rows: Sequence[TherapyAdvice]) -> tuple[Said, ...]:
    against = opposed(rows)
    return tuple(
        Said(
            source=each.provenance.source,
            text=summary_of(each),
            action=action_of(each, against.get(each, ())),
            strength=level_of(each.provenance),
            genes=tuple((gene, each.finding) for gene in each.genes),
            population=each.context,
            fit=_FITS.get(each.context_fit, "unknown"),
            url=each.provenance.url,
            rule=each.rule,
            serious=each.serious,
        )
        for each in rows
    )

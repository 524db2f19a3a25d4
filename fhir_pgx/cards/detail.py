"""The body of an order's card: what first must be known, the advice, why, the results, the source.

What a source says and what we infer stay apart: a reported phenotype is "as reported", one that
we looked up is "read as". What limits the advice stands before it where it could mislead.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fhir_pgx.cards.context import CardContext
from fhir_pgx.cards.form import LOCAL_USE
from fhir_pgx.cards.headline import NOTHING, capitalised, gene_phrase
from fhir_pgx.cards.markdown import bold, escape, items
from fhir_pgx.model.drug import MedicationOrder
from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.phenotype import GeneResult, Status
from fhir_pgx.model.recommendation import Recommendation

# Caveats that turn "usual dose" into something a prescriber must hear before anything else.
TELLING = frozenset(
    {
        "PGX-522", "PGX-535", "PGX-603", "PGX-604", "PGX-605", "PGX-606", "PGX-612", "PGX-613",
        "PGX-620", "PGX-623", "PGX-630", "PGX-631", "PGX-638", "PGX-640", "PGX-651", "PGX-652",
    }
)  # fmt: skip
# Of these, those that are worth a card of their own only where advice can matter much.
WHERE_IT_MATTERS = frozenset({"PGX-620", "PGX-640", "PGX-652"})
READINGS = 6  # of one gene on a card; all stand in the answer of `interpret`
INCOMPLETE = Caveat(
    "PGX-622",
    "A part of the EHR's data did not reach this service (a further page, or a search that "
    "failed); a result may be missing.",
)
_NOTES = {
    "matched-by-name": "recognized by its name; no code in the order was known",
    "retired-code": "a retired RxNorm code",
    "incomplete-ingredients": "not every ingredient of the product is known here",
}
_VERDICTS = {
    "no-concern": "no genetic concern found",
    "caution": "caution",
    "avoid": "advised against for this patient too",
    "unknown": "not judged",
    "no-guidance": "not judged",
}


@dataclass(frozen=True, slots=True)
class AdviceText:
    """What an answer alone decides of a detail, in Markdown: what stands before the results, what
    after them, the lines of the limits, and the source without our release."""

    drug: str
    genes: tuple[str, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]
    limits: tuple[str, ...]
    source: str


def advice_text(answer: Sequence[Recommendation]) -> AdviceText:
    """The parts of `order_detail` that stay the same whoever the order is for."""
    caveats = list(dict.fromkeys(caveat for r in answer for caveat in r.caveats))
    before = (
        section("Before relying on this", [told(c) for c in caveats if c.code in TELLING]),
        section("Advice", _advice(answer)),
        section("Why", _reasons(answer)),
    )
    after = (
        section("Alternatives, judged by this patient's results", _alternatives(answer)),
        section("Also consider", _considerations(answer)),
    )
    return AdviceText(
        answer[0].drug,
        tuple(dict.fromkeys(gene for r in answer for gene in r.genes)),
        tuple(part for part in before if part),
        tuple(part for part in after if part),
        tuple(told(caveat) for caveat in caveats if caveat.code not in TELLING),
        _source(answer),
    )


def order_detail(
    order: MedicationOrder,
    advice: AdviceText,
    results: Mapping[str, GeneResult],
    context: CardContext,
    *,
    local: bool = False,
) -> str:
    """GitHub-flavoured Markdown without HTML; every text that is not ours is escaped.

    `local` says that the order is for local use: that stands before everything.
    """
    limits = [*advice.limits, told(INCOMPLETE)] if context.incomplete else list(advice.limits)
    parts = (
        f"**Order** {escape(order.concept.label or advice.drug)}{matched(order)}",
        told(LOCAL_USE) if local else "",
        *advice.before,
        section("Results", [result_line(gene, results) for gene in advice.genes]),
        *advice.after,
        section("Limits", limits),
        f"{advice.source} Knowledge release {context.knowledge_release}. "
        "This informs; the prescriber decides.",
    )
    return "\n\n".join(part for part in parts if part)


def matched(order: MedicationOrder) -> str:
    """What must be said of how an order was recognized: its ingredient where the order does not
    name it, a name without a known code, a retired code, ingredients we do not know."""
    match = order.match
    if match is None:
        return ""
    label = order.concept.label.lower()
    names = [drug.name for drug in match.ingredients if drug.name.lower() not in label]
    remarks = [escape(" + ".join(names))] if names else []
    remarks += [words for note, words in _NOTES.items() if note in match.notes]
    return f" ({'; '.join(remarks)})" if remarks else ""


def is_untested(result: GeneResult) -> bool:
    return result.status is Status.NOT_TESTED


def result_line(gene: str, results: Mapping[str, GeneResult]) -> str:
    """One gene: what was reported, what it is read as, where it stands and when."""
    result = results.get(gene)
    if result is None or is_untested(result):
        return f"{escape(gene)}: no result on file."
    where = _where(result)
    if result.status is Status.NOT_CALLED:
        found = f"{', '.join(result.alleles)} present" if result.alleles else "tested"
        return f"{escape(gene)}: {escape(found)}, no usable answer{where}."
    named = escape(_either([d.stated or d.name for d in result.diplotypes]))
    if result.allele_status:
        states = ", ".join(f"{name} {state}" for name, state in result.allele_status.items())
        return f"{escape(gene)} {named}{': ' if named else ''}{escape(states)}{where}."
    if len({d.phenotype for d in result.diplotypes}) > 1:
        each = [f"{d.stated or d.name} ({d.phenotype})" for d in result.diplotypes]
        reported = f"; {_said(result)}" if result.basis in ("phenotype", "activity-score") else ""
        return f"{escape(gene)} {escape(_either(each) + reported, 900)}{where}."
    if result.alleles and not named:
        least = "one " if result.phenotype else "at least one " if result.lookup_keys else ""
        named = least + escape(", ".join(result.alleles))
    said = escape(_said(result))
    return f"{escape(gene)} {named}{', ' if named and said else ''}{said}{where}."


def _either(readings: Sequence[str]) -> str:
    """The readings; the first few where a partial test leaves dozens."""
    more = [f"{len(readings) - READINGS} more"] if len(readings) > READINGS else []
    return " or ".join([*readings[:READINGS], *more])


def _said(result: GeneResult) -> str:
    if result.phenotype is None:
        return ""
    scored = result.activity_score and result.activity_score != "n/a"
    score = f", activity score {result.activity_score}" if scored else ""
    if result.basis in ("phenotype", "activity-score"):
        return f"{result.phenotype}{score}, as reported"
    return f"read as {result.phenotype}{score}"


def _where(result: GeneResult) -> str:
    """The results an answer rests on, each with its own date."""
    dates = {*result.dates}
    shown = []
    for i, reference in enumerate(result.derived_from[:3]):
        own = result.dates[i] if i < len(result.dates) else ""
        day = f", {escape(own[:10])}" if own else ", date not stated"
        shown.append(escape(reference, 80) + (day if len(dates) > 1 else ""))
    more = " and others" if len(result.derived_from) > 3 else ""
    if not shown:
        return ""
    if len(dates) > 1:
        return f" ({'; '.join(shown)}{more})"
    when = escape(result.when[:10]) if result.when else "date not stated"
    return f" ({', '.join(shown)}{more}, {when})"


def section(title: str, lines: list[str]) -> str:
    return f"**{title}**\n\n{items(lines)}" if lines else ""


def _advice(answer: Sequence[Recommendation]) -> list[str]:
    """Each distinct advice once, with the populations and results it holds for.

    Advice that holds for every population of the guideline names none.
    """
    everyone = len({r.population_label for r in answer})
    several = len({(*sorted(r.genes.items()), *sorted(r.scores.items())) for r in answer}) > 1
    held: dict[tuple[str, str], list[str]] = {}
    for r in answer:
        phrases = [
            gene_phrase(g, p) + _scores(r.scores.get(g, ()))
            for g, p in r.genes.items()
            if p not in NOTHING
        ]
        # CPIC grades some rows without a recommendation Strong: a strength of nothing misleads.
        graded = r.action != "no-recommendation" and r.strength not in ("n/a", "No Recommendation")
        strength = f" *{r.source} strength: {r.strength}.*" if graded else ""
        text = escape(r.detail, 2000) + strength
        condition = f"if {escape(' and '.join(phrases))}" if several else ""
        who = held.setdefault((condition, text), [])
        if r.population_label:
            when = f" ({escape(r.population_when, 300)})" if r.population_when else ""
            who.append(f"{bold(capitalised(r.population_label))}{when}")
    lines = []
    for (condition, text), groups in held.items():
        who = list(dict.fromkeys(groups))
        named = "; ".join(who) if len(who) < everyone or everyone == 1 else ""
        lines.append(": ".join(part for part in (named, condition, text) if part))
    return lines


def _scores(scores: tuple[str, ...]) -> str:
    """` with activity score 0.25, 0.5 or 0.75`; nothing where the phenotype says it all."""
    if not scores:
        return ""
    *first, last = scores
    return f" with activity score {', '.join(first)}{' or ' if first else ''}{last}"


def _reasons(answer: Sequence[Recommendation]) -> list[str]:
    reasons = dict.fromkeys(
        (gene, text)
        for r in answer
        for gene, text in r.implications.items()
        if r.genes.get(gene) not in NOTHING
    )
    return [f"{escape(gene)}: {escape(text, 1000)}" for gene, text in reasons]


def _alternatives(answer: Sequence[Recommendation]) -> list[str]:
    alternatives = dict.fromkeys(a for r in answer for a in r.alternatives)
    return [
        f"{escape(a.name)}: {_VERDICTS[a.verdict]}. {escape(a.reason, 300)}" for a in alternatives
    ]


def _considerations(answer: Sequence[Recommendation]) -> list[str]:
    """Each consideration once, with its populations where it does not hold for all."""
    everyone = {r.population_label for r in answer}
    held: dict[str, dict[str, None]] = {}
    for r in answer:
        for text in r.considerations:
            held.setdefault(text, {})[r.population_label] = None
    return [
        (f"{bold('; '.join(map(capitalised, labels)))}: " if set(labels) != everyone else "")
        + escape(text, 2000)
        for text, labels in held.items()
    ]


def told(caveat: Caveat) -> str:
    return f"{escape(caveat.text, 400)} ({caveat.code})"


def _source(answer: Sequence[Recommendation]) -> str:
    evidence = answer[0].evidence[0]
    papers = ", ".join(
        f"PMID {p.pmid}" + (f" ({p.year})" if p.year else "") for p in evidence.publications[:2]
    )
    return (
        f"**Source** {answer[0].source}: {escape(evidence.title)}, {papers}; table of "
        f"{evidence.retrieved}, in our words."
    )

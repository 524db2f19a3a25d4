"""The body of an order's card: what first must be known, the advice, why, the results, the source.

What a source says and what we infer stay apart: a reported phenotype is "as reported", one that
we looked up is "read as". What limits the advice stands before it where it could mislead.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fhir_pgx.cards.alternatives import is_closed, named_alternatives, named_by, what_is_left
from fhir_pgx.cards.context import CardContext
from fhir_pgx.cards.extras import NOTHING_MORE, Extras
from fhir_pgx.cards.form import LOCAL_USE
from fhir_pgx.cards.headline import NOTHING, capitalised, gene_phrase
from fhir_pgx.cards.markdown import bold, escape, items
from fhir_pgx.cards.sources_table import sources_text
from fhir_pgx.model.drug import MedicationOrder
from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.phenotype import GeneResult, Status
from fhir_pgx.model.recommendation import (
    AlternativeVerdict,
    DrugAdvice,
    Recommendation,
    SourceAdvice,
    Unanswered,
    given,
)

# Caveats that turn "usual dose" into something a prescriber must hear before anything else.
TELLING = frozenset(
    {
        "PGX-522", "PGX-535", "PGX-603", "PGX-604", "PGX-605", "PGX-606", "PGX-612", "PGX-613",
        "PGX-620", "PGX-623", "PGX-624", "PGX-630", "PGX-631", "PGX-638", "PGX-640", "PGX-645",
        "PGX-651", "PGX-652", "PGX-654",
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
_SENTENCE = re.compile(r"(?<=[.)]) (?=[A-Z])")
_BY_RECORD = ", as the patient's record suggests"
_NOTES = {
    "matched-by-name": "recognized by its name; no code in the order was known",
    "retired-code": "a retired RxNorm code",
    "codings-disagree": "its codes and words name different products: judged by what they share",
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
    """What an answer alone decides of a detail, in Markdown: what stands before the numbers for a
    patient, what an equation worked out and from what, what stands after them, what after the
    results, the alternatives, who names them where no leading source does, what is said where none
    of them suits, the lines of the limits, and the source without our release."""

    drug: str
    genes: tuple[str, ...]
    before: tuple[str, ...]
    numbers: tuple[str, ...]
    why: str
    alternatives: tuple[AlternativeVerdict, ...]
    named_by: str
    left: tuple[str, ...]
    after: str
    limits: tuple[str, ...]
    source: str


def advice_text(advice: DrugAdvice) -> AdviceText:
    """The parts of `order_detail` that stay the same whoever the order is for."""
    answer = advice.recommendations
    # Of an equation these are its doses and what went into them: numbers of this patient.
    computed = [r for each in advice.leading if each.is_computed for r in given(each.answer)]
    # What other medicines do has a section of its own.
    elsewhere = {m.caveat for r in answer for m in r.modifiers}
    caveats = [c for c in dict.fromkeys(c for r in answer for c in r.caveats) if c not in elsewhere]
    genes = dict.fromkeys(gene for r in answer for gene in r.genes)
    genes.update(dict.fromkeys(g for e in advice.sources if e.stance != "silent" for g in e.genes))
    before = (
        section(
            "Before relying on this",
            [told(c) for c in caveats if c.code in TELLING] + _untold(advice),
        ),
        section(
            "Advice",
            [
                line
                for each in advice.leading
                for line in _of_source(each, alone=len(advice.leading) == 1)
            ]
            + _grave_others(advice),
        ),
        section("Other medicines of this patient", _modifiers(advice)),
        sources_text(advice),
    )
    return AdviceText(
        answer[0].drug,
        tuple(genes),
        tuple(part for part in before if part),
        tuple(_considerations([r for r in answer if r in computed])),
        section("Why", _reasons(answer)),
        named_alternatives(advice),
        named_by(advice),
        what_is_left(advice),
        section("Also consider", _considerations([r for r in answer if r not in computed])),
        tuple(told(caveat) for caveat in caveats if caveat.code not in TELLING),
        source_line(answer),
    )


def _grave_others(advice: DrugAdvice) -> list[str]:
    """What a source that does not lead says of death or lasting harm, in full: a row of a table is
    not enough for that."""
    return [
        f"{each.source} differs: {line}"
        for each in advice.sources
        if each.stance in ("differs", "agrees-in-part") and isinstance(each.answer, tuple)
        for line in _advice(tuple(r for r in each.answer if r.serious) or ())
    ]


def _of_source(each: SourceAdvice, *, alone: bool) -> list[str]:
    if isinstance(each.answer, Unanswered):
        return []
    about = "" if alone else f"{escape(' and '.join(each.genes))}: "
    return [about + line for line in _advice(each.answer)]


def _untold(advice: DrugAdvice) -> list[str]:
    """Genes without a result by which a source has advice that can matter much, and of which
    nothing that leads speaks."""
    told_of = {gene for each in advice.leading for gene in each.genes}
    missing = {
        each.genes: each
        for each in reversed(advice.sources)
        if each.important and told_of.isdisjoint(each.genes)
    }
    return [
        escape(f"{each.source} has advice by {' and '.join(genes)} too: {each.answer.text}", 400)
        for genes, each in missing.items()
        if isinstance(each.answer, Unanswered) and each.answer.reason != "no-row"
    ]


def _modifiers(advice: DrugAdvice) -> list[str]:
    """What other medicines do to the genes, and what the source would then advise."""
    lines = dict.fromkeys(
        told(modifier.caveat) if modifier.caveat else escape(modifier.text, 600)
        for each in (advice.leading or advice.sources)
        for modifier in each.modifiers
    )
    for each in advice.leading:
        for possible in each.possible:
            r = possible.recommendation
            shown = " and ".join(gene_phrase(g, p) for g, p in r.genes.items() if p not in NOTHING)
            who = f"{capitalised(r.population_label)}: " if r.population_label else ""
            said = escape(who + r.summary, 300)
            if possible.by_genes:
                lines[f"By the genes alone ({escape(shown)}), {each.source}: {said}"] = None
            else:
                lines[f"For {escape(shown)}, {each.source} would say: {said}"] = None
    return list(lines)


def order_detail(
    order: MedicationOrder,
    advice: AdviceText,
    results: Mapping[str, GeneResult],
    context: CardContext,
    extras: Extras = NOTHING_MORE,
    *,
    local: bool = False,
) -> str:
    """GitHub-flavoured Markdown without HTML; every text that is not ours is escaped.

    `local` says that the order is for local use: that stands before everything.
    """
    limits = [*advice.limits, *map(told, extras.limits)]
    limits += [told(INCOMPLETE)] if context.incomplete else []
    numbers = [*advice.numbers] + [
        (f"{bold(capitalised(who))}: " if who else "") + escape(dose.text, 400)
        for who, dose in extras.doses
    ]
    numbers += [escape(line, 400) for line in extras.lines]
    parts = (
        f"**Order** {escape(order.concept.label or advice.drug)}{matched(order)}",
        told(LOCAL_USE) if local else "",
        *advice.before,
        section("In numbers for this patient", numbers),
        advice.why,
        section("Results", [result_line(gene, results) for gene in advice.genes]),
        section(
            "Alternatives, judged by what is known of this patient",
            _alternatives(
                [extras.alternatives.get(a.name, a) for a in advice.alternatives],
                advice,
                extras.alternatives_note,
            ),
        ),
        advice.after,
        section("What would change this card", [escape(c.text, 600) for c in extras.changes]),
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
        graded = r.action != "no-recommendation" and r.strength not in (
            "",
            "n/a",
            "No Recommendation",
        )
        strength = f" *{r.source} strength: {r.strength}.*" if graded else ""
        text = escape(r.detail, 2000) + strength
        condition = f"if {escape(' and '.join(phrases))}" if several else ""
        who = held.setdefault((condition, text), [])
        if r.population_label:
            when = f" ({escape(r.population_when, 300)})" if r.population_when else ""
            when += _BY_RECORD if r.population_fit == "likely" else ""
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


def _alternatives(
    alternatives: Sequence[AlternativeVerdict], advice: AdviceText, note: str
) -> list[str]:
    """Those advised against too, with the reason: a prescriber would think of them."""
    lines = [f"{escape(a.name)}: {_verdict(a)}. {escape(a.reason, 600)}" for a in alternatives]
    if is_closed(alternatives):
        lines += advice.left
    return [*lines, *(escape(each, 600) for each in (advice.named_by, note) if each and lines)]


def _verdict(alternative: AlternativeVerdict) -> str:
    if alternative.verdict == "no-guidance" and alternative.checked:
        return "nothing found against it"
    return _VERDICTS[alternative.verdict]


def _considerations(answer: Sequence[Recommendation]) -> list[str]:
    """Each consideration once, with its populations where it does not hold for all. Texts of two
    populations may share sentences: those are told once, of both."""
    everyone = {r.population_label for r in answer}
    held: dict[str, dict[str, None]] = {}
    for r in answer:
        for text in r.considerations:
            for sentence in _SENTENCE.split(text):
                held.setdefault(sentence, {})[r.population_label] = None
    lines: dict[tuple[str, ...], list[str]] = {}
    for text in dict.fromkeys(text for r in answer for text in r.considerations):
        # The sentences of a text stay together, as far as they are of the same populations.
        for sentence in _SENTENCE.split(text):
            if labels := held.pop(sentence, None):
                lines.setdefault((text, *labels), []).append(sentence)
    return [
        (f"{bold('; '.join(map(capitalised, labels)))}: " if set(labels) != everyone else "")
        + escape(" ".join(sentences), 2000)
        for (_, *labels), sentences in lines.items()
    ]


def told(caveat: Caveat) -> str:
    return f"{escape(caveat.text, 600)} ({caveat.code})"


def source_line(answer: Sequence[Recommendation]) -> str:
    evidence = answer[0].evidence[0]
    papers = ", ".join(
        f"PMID {p.pmid}" + (f" ({p.year})" if p.year else "") for p in evidence.publications[:2]
    )
    published = f"{escape(evidence.title)}, {papers}" if papers else escape(evidence.title)
    return (
        f"**Source** {answer[0].source}: {published}; table of {evidence.retrieved}, in our words."
    )

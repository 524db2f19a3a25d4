"""Every source on one card: a badge and a small table of advice, strength and date.

Each row is one source by one set of genes. A source that has the drug and nothing for this result
is named as silent: its silence is not agreement.
"""

from fhir_pgx.cards.headline import capitalised
from fhir_pgx.cards.markdown import escape
from fhir_pgx.model.recommendation import DrugAdvice, Recommendation, SourceAdvice, Unanswered

_STANCES = {
    "leads": "leads this card",
    "agrees": "agrees",
    "agrees-in-part": "agrees in part",
    "differs": "**differs**",
    "states-risk": "states a changed risk or exposure, gives no instruction",
    "silent": "silent on this result",
}
_NO_STRENGTH = ("n/a", "No Recommendation", "")


def sources_text(advice: DrugAdvice) -> str:
    """The badge and the table in GitHub-flavoured Markdown; empty where one source alone holds the
    drug."""
    names = dict.fromkeys(each.source for each in advice.sources)
    if len(names) < 2:
        return ""
    rows = ["| Source | Advice | Strength | As of | Stance |", "|---|---|---|---|---|"]
    rows += [_row(each) for each in advice.sources]
    return f"{_badge(advice)}\n\n" + "\n".join(rows)


def _badge(advice: DrugAdvice) -> str:
    against = {e.source for e in advice.sources if e.stance == "differs"}
    same = {e.source for e in advice.sources if e.stance in ("leads", "agrees", "agrees-in-part")}

    def name(each: SourceAdvice) -> str:
        # A source may agree by one gene and differ by another: it is not against itself.
        several = each.source in against & same
        return f"{each.source} ({escape(', '.join(each.genes), 60)})" if several else each.source

    def named(*stances: str) -> str:
        return ", ".join(dict.fromkeys(name(e) for e in advice.sources if e.stance in stances))

    if advice.agreement == "differ":
        agreed = named("leads", "agrees", "agrees-in-part")
        return f"**Sources differ**: {agreed} against {named('differs')}"
    if advice.agreement == "agree-in-part":
        return f"**Sources agree in part**: {named('leads', 'agrees', 'agrees-in-part')}"
    if advice.agreement == "agree":
        return f"**Sources agree**: {named('leads', 'agrees')}"
    leads = [f"{each.source} ({', '.join(each.genes)})" for each in advice.leading]
    if len(leads) > 1:
        return f"**Each speaks of other genes**: {escape(', '.join(leads), 200)}"
    return f"**One source advises**: {advice.lead}"


def _row(each: SourceAdvice) -> str:
    genes = escape(", ".join(each.genes), 60)
    if isinstance(each.answer, Unanswered):
        why = "no usable result" if each.answer.reason != "no-row" else "no advice for this result"
        return f"| {each.source} ({genes}) | {why} |  |  | {_STANCES[each.stance]} |"
    first = each.answer[0]
    strength = "" if first.strength in _NO_STRENGTH else first.strength
    said = escape(_said(first, each.answer), 300)
    date = first.evidence[0].retrieved
    return f"| {each.source} ({genes}) | {said} | {strength} | {date} | {_STANCES[each.stance]} |"


def _said(first: Recommendation, answer: tuple[Recommendation, ...]) -> str:
    who = f"{capitalised(first.population_label)}: " if first.population_label else ""
    more = len({r.advice for r in answer}) > 1
    said = capitalised(first.summary.removeprefix(f"{first.source}: "))
    return f"{who}{said}{' (and more: see Advice)' if more else ''}"

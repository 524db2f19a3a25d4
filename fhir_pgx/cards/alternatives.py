"""Which alternatives stand on a card, by whose word, and what is left where none of them suits."""

from collections.abc import Iterable, Sequence

from fhir_pgx.cards.markdown import escape
from fhir_pgx.model.recommendation import AlternativeVerdict, DrugAdvice, SourceAdvice, given

_SIDES_WITH = ("agrees", "agrees-in-part")
_ANOTHER_DRUG = {"contraindicated", "avoid", "alternative"}


def named_alternatives(advice: DrugAdvice) -> tuple[AlternativeVerdict, ...]:
    """Those that a leading source names; where none names any, those of the sources that agree.

    "Another statin" helps nobody at night while a source beside it says which. They are listed and
    judged alike; a change of the order is offered for those of a leading source alone.
    """
    return _of(advice.leading) or _of(_beside(advice))


def named_by(advice: DrugAdvice) -> str:
    """`Named by DPWG; CPIC names none.`; empty where a leading source names them."""
    if _of(advice.leading) or not _of(_beside(advice)):
        return ""
    who = dict.fromkeys(each.source for each in _beside(advice) if _of([each]))
    return f"Named by {' and '.join(who)}; {advice.lead} names none."


def is_closed(judged: Iterable[AlternativeVerdict]) -> bool:
    """Whether alternatives are named and every one is advised against for this patient."""
    verdicts = {each.verdict for each in judged}
    return verdicts == {"avoid"}


def what_is_left(advice: DrugAdvice) -> tuple[str, ...]:
    """What the other sources that agree say in full, in Markdown, where it is more than "another
    drug": for a patient whom none of the named alternatives suits, it may be all that is left."""
    said = dict.fromkeys(
        f"{each.source}: {escape(r.detail, 600)}"
        for each in _beside(advice)
        for r in given(each.answer)
        if not {r.action, *r.also} <= _ANOTHER_DRUG
    )
    first = "None of these is left for this patient."
    return tuple(f"{first} {line}" if i == 0 else line for i, line in enumerate(said)) or (first,)


def _beside(advice: DrugAdvice) -> Sequence[SourceAdvice]:
    return [each for each in advice.sources if each.stance in _SIDES_WITH]


def _of(sources: Iterable[SourceAdvice]) -> tuple[AlternativeVerdict, ...]:
    found: dict[str, AlternativeVerdict] = {}
    for each in sources:
        for r in given(each.answer):
            for alternative in r.alternatives:
                found.setdefault(alternative.name, alternative)
    return tuple(found.values())

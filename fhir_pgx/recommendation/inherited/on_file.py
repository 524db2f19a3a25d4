"""What the record holds already: a surveillance plan, an order, a word on secondary findings.

All of it is known by words, as sent: a plan of another spelling is not seen, and a card too many
is the lesser fault.
"""

import re
from collections.abc import Iterable

from fhir_pgx.model.patient import PatientContext
from fhir_pgx.model.precision import StatedPlan
from fhir_pgx.model.prevention import ActionableFinding

_NOT_THIS = re.compile(
    r"(?i)\b(?:family history|fh(?:x)? of|relative|mother|father|sister|brother|no |not |negative"
    r"|suspected|possible|rule out|r/o|exclude|screening for|test(?:ing)? for|genetic test)"
)
_FIRST_STEP = re.compile(r"(?i)\b(?:counsel\w*|genetic\w*|sequenc\w*|confirm\w*|cascade|test\w*)\b")
_SPELLING = (("aemia", "emia"), ("haem", "hem"), ("phaeo", "pheo"), ("tumour", "tumor"))
_WORD = re.compile(r"[a-z0-9]+")


def has_plan(
    found: ActionableFinding, patient: PatientContext, plans: Iterable[StatedPlan]
) -> bool:
    """Whether a care plan, an order or a problem that is not over names the gene or a condition.

    An order for a test or for counselling is no plan. A problem that doubts it, or that is of a
    relative, does not count.
    """
    planned = [
        words
        for plan in plans
        if plan.kind == "plan" or (plan.kind == "order" and not _is_first_step(plan))
        for words in plan.words
    ]
    problems = [each.label for each in patient.conditions if each.state != "resolved"]
    if any(_names(text, found) for text in problems if not _NOT_THIS.search(text)):
        return True
    return any(_names(text, found) for text in planned)


def _is_first_step(order: StatedPlan) -> bool:
    return any(_FIRST_STEP.search(words) for words in order.words)


def _names(text: str, found: ActionableFinding) -> bool:
    if re.search(rf"(?<![A-Za-z0-9]){re.escape(found.gene)}(?![A-Za-z0-9])", text):
        return True
    said = f" {plain_words(text)} "
    return any(f" {name} " in said for row in found.rows for name in row.names)


def plain_words(text: str) -> str:
    """Lower case, words alone, American spelling."""
    lower = text.lower()
    for ours, theirs in _SPELLING:
        lower = lower.replace(ours, theirs)
    return " ".join(_WORD.findall(lower))


def is_declined(plans: Iterable[StatedPlan]) -> bool:
    """Whether the patient's last word on secondary findings was no. Without a date it is the
    oldest; a yes and a no of one day are a no."""
    stated = [each for each in plans if each.kind in ("declined", "permitted")]
    if not stated:
        return False
    last = max(each.origin.when for each in stated)
    return any(each.kind == "declined" and each.origin.when == last for each in stated)


def is_ordered(order: str, plans: Iterable[StatedPlan]) -> bool:
    """Whether a service is ordered or planned already, by its words."""
    wanted = plain_words(order)
    texts = (words for plan in plans if plan.kind in ("plan", "order") for words in plan.words)
    return any(wanted in plain_words(words) for words in texts)

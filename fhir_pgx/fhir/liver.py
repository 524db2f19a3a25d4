"""How far the liver is impaired, as a diagnosis or a score states it: Child-Pugh A, B or C.

Nothing is computed from laboratory values.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Literal

from fhir_pgx.fhir.values import Value
from fhir_pgx.model.patient import Condition

Hepatic = Literal["mild", "moderate", "severe", ""]

IS_CHILD_PUGH = re.compile(r"(?i)\bchild[\s-]*(?:turcotte[\s-]*)?pugh\b")
_SCORE = re.compile(
    r"(?i)\bchild[\s-]*(?:turcotte[\s-]*)?pugh\b[\s:=-]*(?:(?:class|stage|grade|score)[\s:=-]*)?"
    r"(?:of |is )?\(?(?P<found>[abc]|1[0-5]|[5-9])\b(?!\s*[-/–])"
)
_IMPAIRMENT = re.compile(r"(?i)\b(?P<how>mild|moderate|severe) (?:hepatic|liver) impairment\b")
_UNSURE = re.compile(r"(?i)\b(?:no|not|without|rule[sd]? out|r/o|suspected|possible|family)\b|\?")
_CLASSES: Mapping[str, Hepatic] = {"a": "mild", "b": "moderate", "c": "severe"}

_WORST_FIRST: tuple[Hepatic, ...] = ("severe", "moderate", "mild")


def liver_class_in(conditions: Iterable[Condition]) -> Hepatic:
    """The worst class that a condition in force states in its words; empty where none does."""
    stated = {child_pugh_in(each.label) for each in conditions if each.state != "resolved"}
    return next((each for each in _WORST_FIRST if each in stated), "")


def liver_class_of(value: Value) -> Hepatic:
    """The class that the value of a Child-Pugh Observation says; empty where it is not one."""
    texts = [words for words, _ in value.concept.stated if words]
    texts += [value.number] if value.number.isdigit() else []
    classes = {_grade(text) or child_pugh_in(text) for text in texts} - {""}
    return classes.pop() if len(classes) == 1 else ""


def _grade(text: str) -> Hepatic:
    bare = re.sub(r"(?i)^(?:class|stage|grade)\s+", "", text.strip()).lower()
    if bare.isdigit() and 5 <= int(bare) <= 15:
        return "mild" if int(bare) <= 6 else "moderate" if int(bare) <= 9 else "severe"
    return _CLASSES.get(bare, "")


def child_pugh_in(text: str) -> Hepatic:
    """The liver class that a diagnosis states (`cirrhosis, Child-Pugh B`); empty for none.

    Source: Child-Pugh, 5 to 6 points A, 7 to 9 B, 10 to 15 C. Mild, moderate and severe hepatic
    impairment stand for A, B and C, as labels use the words.
    """
    if len(text) > 500 or _UNSURE.search(text):
        return ""
    scored = _SCORE.search(text)
    if scored:
        return _grade(scored["found"])
    stated = _IMPAIRMENT.search(text)
    if not stated:
        return ""
    how = stated["how"].lower()
    return "mild" if how == "mild" else "moderate" if how == "moderate" else "severe"

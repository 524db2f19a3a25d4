"""Coded concepts and `value[x]`, whatever type the sender chose for them."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from fhir_pgx.fhir.bundle import as_dicts, as_text
from fhir_pgx.model.drug import Coding


class Concept(NamedTuple):
    """A CodeableConcept: its codings in order, and its text."""

    codings: tuple[Coding, ...] = ()
    text: str = ""

    @property
    def label(self) -> str:
        """Its words: the first display, else the text, else the first code."""
        for coding in self.codings:
            if coding.display:
                return coding.display
        return self.text or (self.codings[0].code if self.codings else "")

    @property
    def stated(self) -> tuple[tuple[str, str], ...]:
        """Every (words, code) the concept offers, best for reading first: text, displays, codes."""
        codings, text = self
        if not codings:
            return ((text, ""),) if text else ()
        offers = [(text, codings[0].code)] if text else []
        offers += [(coding.display, coding.code) for coding in codings if coding.display]
        offers += [(coding.code, coding.code) for coding in codings if coding.code]
        return tuple(offers)


NOTHING = Concept()


class Value(NamedTuple):
    """A `value[x]`: exactly what was sent, sorted by what it can be read as.

    `number` is the Quantity's (or number's) value as text with its comparator (`≥3.0`); `low` and
    `high` are a Range's ends as sent; `absent` is the dataAbsentReason code.
    """

    concept: Concept = NOTHING
    number: str = ""
    unit: str = ""
    boolean: bool | None = None
    low: Any = None
    high: Any = None
    absent: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.concept.codings or self.concept.text or self.number) and (
            self.boolean is None and self.low is None and self.high is None
        )


EMPTY = Value()
_COMPARATORS = {">=": "≥", "<=": "≤", ">": ">", "<": "<", "ad": ""}


def concept_of(value: Any) -> Concept:
    """The concept of a CodeableConcept, a lone Coding, a list of either, or a text."""
    if isinstance(value, list):
        value = next((item for item in value if isinstance(item, dict)), None)
    if isinstance(value, str):
        return Concept((), value.strip())
    if not isinstance(value, dict):
        return NOTHING
    text = as_text(value.get("text")) if "text" in value else ""
    codings = value.get("coding")
    if codings is None:
        return Concept((coding_of(value),) if "code" in value else (), text)
    return Concept(tuple([coding_of(item) for item in as_dicts(codings)]), text)


def coding_of(item: Mapping[str, Any]) -> Coding:
    """A Coding as received, its texts without the spaces around them."""
    get = item.get
    system, code, display = get("system"), get("code"), get("display")
    # Nearly all are texts, which need no call to be read.
    return Coding(
        system.strip() if type(system) is str else as_text(system),
        code.strip() if type(code) is str else as_text(code),
        display.strip() if type(display) is str else as_text(display),
    )


def value_of(element: Mapping[str, Any]) -> Value:
    """The value of an Observation, component or extension; EMPTY where it has none."""
    for name, read in _READERS:
        if name in element:
            found = read(element[name])
            if not found.is_empty:
                return found
    reason = element.get("dataAbsentReason")
    if reason is None:
        return EMPTY
    concept = concept_of(reason)
    return Value(absent=concept.codings[0].code if concept.codings else concept.text or "unknown")


def _concept(value: Any) -> Value:
    return Value(concept_of(value))


def _text(value: Any) -> Value:
    return Value(concept=Concept((), as_text(value)))


def _quantity(value: Any) -> Value:
    if not isinstance(value, dict):
        return Value(number=as_text(value))
    number = as_text(value.get("value"))
    if not number:
        return EMPTY
    comparator = as_text(value.get("comparator"))
    unit = as_text(value.get("unit")) or as_text(value.get("code"))
    return Value(number=_COMPARATORS.get(comparator, comparator) + number, unit=unit)


def _boolean(value: Any) -> Value:
    return Value(boolean=value) if isinstance(value, bool) else _text(value)


def _range(value: Any) -> Value:
    if not isinstance(value, dict):
        return EMPTY
    return Value(low=_end(value.get("low")), high=_end(value.get("high")))


def _end(value: Any) -> Any:
    return value.get("value") if isinstance(value, dict) else value


_READERS = (
    ("valueCodeableConcept", _concept),
    ("valueString", _text),
    ("valueQuantity", _quantity),
    ("valueRange", _range),
    ("valueBoolean", _boolean),
    ("valueInteger", _quantity),
    ("valueCoding", _concept),
    ("valueCode", _text),
    ("valueDecimal", _quantity),
    ("valueMarkdown", _text),
)

"""Yes and no of the patient's present life (smoking, pregnancy, breastfeeding); the liver's class.

The newest statement that answers counts; `unknown` is no answer. Nothing is inferred from age, sex
or a test result.

LOINC codes: copyright Regenstrief Institute, Inc. and the LOINC Committee, http://loinc.org/license.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from fhir_pgx.fhir.bundle import Entry
from fhir_pgx.fhir.liver import IS_CHILD_PUGH, Hepatic, liver_class_of
from fhir_pgx.fhir.observed import Observed, observations_of
from fhir_pgx.fhir.values import Concept, value_of
from fhir_pgx.model.dates import days_of, is_after
from fhir_pgx.model.finding import NotUnderstood
from fhir_pgx.model.patient import Fact

Answers = Mapping[str, bool | None]

STALE_PREGNANCY_DAYS = 300  # longer than any pregnancy: an older statement tells nothing of today

_SMOKES: Answers = {
    "449868002": True, "428041000124106": True, "428071000124103": True, "428061000124105": True,
    "77176002": True, "65568007": True, "8517006": False, "266919005": False, "266927001": None,
    "LA18976-3": True, "LA18977-1": True, "LA18981-3": True, "LA18982-1": True,
    "LA15920-4": False, "LA18978-9": False, "LA18979-7": None, "LA18980-5": None,
}  # fmt: skip
_PREGNANT: Answers = {
    "77386006": True, "60001007": False, "102874004": None,
    "LA15173-0": True, "LA26683-5": False, "LA4489-6": None,
}  # fmt: skip
_BREASTFEEDS: Answers = {
    "413712001": True, "LA29252-6": True, "LA29253-4": False,
}  # fmt: skip
_YES_NO: Answers = {
    "LA33-6": True, "LA32-8": False, "Y": True, "N": False, "373066001": True, "373067005": False,
}  # fmt: skip
_QUESTIONS: Mapping[str, tuple[str, Answers]] = {
    "72166-2": ("smokes", _SMOKES),  # tobacco smoking status
    "82810-3": ("pregnant", _PREGNANT),  # pregnancy status
    "63895-7": ("breastfeeding", _BREASTFEEDS),  # breastfeeding status
}

_UNUSED = "{}: {}, so it is not used"


@dataclass(frozen=True, slots=True)
class Statuses:
    """What the Observations answer; None where none does."""

    smokes: Fact | None = None
    pregnant: Fact | None = None
    breastfeeding: Fact | None = None
    hepatic: Hepatic = ""
    not_understood: tuple[NotUnderstood, ...] = ()


@dataclass(slots=True)
class _Best:
    """The best answer to each question so far, with its rank; and what could not be used."""

    facts: dict[str, tuple[tuple[bool, str], Fact]] = field(default_factory=dict)
    hepatic: tuple[tuple[bool, str], Hepatic] | None = None
    odd: list[NotUnderstood] = field(default_factory=list)


def read_statuses(entries: Iterable[Entry], *, today: date) -> Statuses:
    """The newest answer to each question; dates as sent."""
    best = _Best()
    for observed in observations_of(entries, _QUESTIONS):
        asked = next((_QUESTIONS[code] for code in observed.loinc if code in _QUESTIONS), None)
        if asked is not None:
            reason = _answer(*asked, observed, best, today)
            if reason:
                text = _UNUSED.format(asked[0], reason)
                best.odd.append(NotUnderstood(observed.entry.reference, text, observed.path))
        elif IS_CHILD_PUGH.search(f"{observed.code.text} {observed.code.label}"):
            found = liver_class_of(value_of(observed.element))
            if found and (best.hepatic is None or observed.order > best.hepatic[0]):
                best.hepatic = (observed.order, found)
    facts = {name: fact for name, (_, fact) in best.facts.items()}
    return Statuses(
        smokes=facts.get("smokes"),
        pregnant=facts.get("pregnant"),
        breastfeeding=facts.get("breastfeeding"),
        hepatic=best.hepatic[1] if best.hepatic else "",
        not_understood=tuple(best.odd),
    )


def _answer(name: str, answers: Answers, observed: Observed, best: _Best, today: date) -> str:
    """Keeps the answer if it is the best so far; returns why it cannot be used, else nothing."""
    value = value_of(observed.element)
    if value.is_empty:
        return ""
    said = (value.boolean,) if value.boolean is not None else _said(value.concept, answers)
    if said is None:
        return "its answer is none of those we know"
    if not said:
        return ""
    if is_after(observed.when, today):
        return "it is dated in the future"
    if name == "pregnant" and _is_stale(observed.when, today):
        return f"it was stated more than {STALE_PREGNANCY_DAYS} days ago"
    if name not in best.facts or observed.order > best.facts[name][0]:
        fact = Fact(said[0], observed.when, observed.entry.reference)
        best.facts[name] = (observed.order, fact)
    return ""


def _said(concept: Concept, answers: Answers) -> tuple[bool, ...] | None:
    """(yes or no), nothing for a stated `unknown`, None where no answer of ours is among them."""
    # US Core shows 77176002 as `Smoker, current status unknown`: the words then count.
    if any("unknown" in words.lower() for words, _ in concept.stated):
        return ()
    for table in (answers, _YES_NO):
        for coding in concept.codings:
            if coding.code in table:
                said = table[coding.code]
                return () if said is None else (said,)
    return None


def _is_stale(when: str, today: date) -> bool:
    days = days_of(when)
    return days is not None and (today - days[1]).days > STALE_PREGNANCY_DAYS

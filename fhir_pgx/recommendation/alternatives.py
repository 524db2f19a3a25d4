"""Judges the drugs that a guideline names as alternatives by all that is known of the patient.

The genes come first (`germline.py`). Then, from facts that our knowledge holds with their source:
allergies, what is in use already, what other medicines do to the alternative's own genes, and
pregnancy, age, kidneys, liver and problems. The worst verdict counts, and every reason is kept.
Where a patient is of a kind that no fact of the drug speaks of, that is said: it is no approval.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from fhir_pgx.model.alternative_facts import AlternativeFact, AlternativeFacts, DrugKinds, Kind
from fhir_pgx.model.patient import Allergy, Condition, Measurement, PatientContext
from fhir_pgx.model.recommendation import AlternativeVerdict, DrugAdvice, Verdict
from fhir_pgx.recommendation.dose_measure import too_old
from fhir_pgx.recommendation.dose_words import measured
from fhir_pgx.recommendation.germline import verdict_of, verdict_of_sources

Judged = tuple[Verdict, str]
# What the caller knows of an alternative's genes with the patient's other medicines; None: nothing
# acts on them, and the verdict by the genes alone stands.
WithMedicines = Callable[[AlternativeVerdict], Judged | None]

_WORST_FIRST: tuple[Verdict, ...] = ("avoid", "caution", "unknown", "no-concern", "no-guidance")
_IN_USE = {
    "active": "already in use",
    "draft": "already ordered in the same bundle",
    "planned": "already planned",
}
_SEVERE_KIDNEYS = 30  # mL/min, as KDIGO's category G4 and the labels' "severe"
_GROWN_UP = 18
_LONGEST = 80  # of a text of the record on the card

NO_ALLERGIES_SENT = "Allergies were not sent: the alternatives are not judged by them."
ALLERGIES_FAILED = (
    "The allergy list could not be obtained: the alternatives are not, or not fully, judged by it."
)
NO_PROBLEMS_SENT = "The problem list was not sent: the alternatives are not judged by it."
PROBLEMS_FAILED = (
    "The problem list could not be obtained: the alternatives are not, or not fully, judged by it."
)

TO_CONFIRM = "general knowledge of labelling, to be confirmed"


@dataclass(frozen=True, slots=True)
class _Finding:
    verdict: Verdict
    text: str
    is_gap: bool = False  # the patient is of a kind that no fact of the drug speaks of


def judge_alternatives(
    alternatives: Iterable[AlternativeVerdict],
    patient: PatientContext,
    facts: AlternativeFacts,
    *,
    with_medicines: WithMedicines = lambda alternative: None,
    today: date | None = None,
) -> dict[str, AlternativeVerdict]:
    """Each alternative by name with its verdict and reasons; the genes have judged them already.
    `today` tells how old a weight is: an old one rules nothing out.

    `patient` is without the order that is to be replaced: its drug is not "already in use", and
    does nothing to the genes of what replaces it.
    """
    return {
        each.name: _judged(each, patient, facts, with_medicines, today) for each in alternatives
    }


def alternatives_note(patient: PatientContext) -> str:
    """What stands under the alternatives as a whole; empty where nothing need be said."""
    notes: list[str] = []
    if patient.failed("allergies"):
        notes.append(ALLERGIES_FAILED)
    elif not patient.allergies_known:
        notes.append(NO_ALLERGIES_SENT)
    if patient.failed("problems"):
        notes.append(PROBLEMS_FAILED)
    elif not patient.conditions_known:
        notes.append(NO_PROBLEMS_SENT)
    unread = [
        _short(each.label)
        for each in patient.allergies
        if each.state != "resolved" and not each.drugs and not each.drug_classes
    ]
    if unread:
        notes.append(f"Not recognized, and so not judged: an allergy to {' and to '.join(unread)}.")
    return " ".join(notes)


def judged_with_medicines(advice: DrugAdvice) -> Judged:
    """The verdict of an alternative by its own advice with the modifiers of its genes.

    A guideline's rule counts in full. What is only possible is a caution, never more.
    """
    verdict, reason = verdict_of_sources([verdict_of(each.answer) for each in advice.sources])
    texts = dict.fromkeys(m.text for each in advice.sources for m in each.modifiers)
    by_rule = any(m.is_rule for each in advice.sources for m in each.modifiers)
    if verdict != "avoid" and not by_rule:
        verdict = "caution"
    return verdict, " ".join([*texts, reason])


def _judged(
    alternative: AlternativeVerdict,
    patient: PatientContext,
    facts: AlternativeFacts,
    with_medicines: WithMedicines,
    today: date | None,
) -> AlternativeVerdict:
    verdict, reason = with_medicines(alternative) or (alternative.verdict, alternative.reason)
    held = facts.by_drug.get(alternative.rxcui, ()) if alternative.rxcui else ()
    found = [
        *_allergies(alternative, patient, facts),
        *_duplicates(alternative, patient),
        *_by_facts(held, patient, facts),
        *_not_judged(alternative, held, patient),
    ]
    checked = (
        not alternatives_note(patient)
        and not any(each.is_gap for each in found)
        and _was_asked(held, patient, today)
    )
    findings = sorted(found, key=lambda each: _WORST_FIRST.index(each.verdict))
    texts = list(dict.fromkeys(each.text for each in findings))
    worst = min([verdict, *(f.verdict for f in findings)], key=_WORST_FIRST.index)
    if not texts:
        if checked and verdict == "no-guidance":
            reason += " Nothing of what was sent of the patient speaks against it."
        return replace(alternative, verdict=verdict, reason=reason, checked=checked)
    # What the genes say stands first where it is what counts, and is left out where it is nothing.
    if verdict in ("avoid", "caution") and verdict == worst:
        texts.insert(0, reason)
    elif verdict != "no-guidance":
        texts.append(f"By the genes: {reason}")
    return replace(alternative, verdict=worst, reason=" ".join(texts), checked=checked)


# Allergies and duplicates


def _allergies(
    alternative: AlternativeVerdict, patient: PatientContext, facts: AlternativeFacts
) -> Iterator[_Finding]:
    own = facts.kinds.get(alternative.rxcui, DrugKinds(alternative.name))
    for allergy in patient.allergies:
        if allergy.state == "resolved":
            continue
        what = f"{allergy.kind or 'allergy or intolerance'} to {_recorded(allergy)}"
        if any(_is_same(drug.rxcui, drug.name, alternative) for drug in allergy.drugs):
            yield _Finding("avoid", f"On record: {what}.")
        elif named := sorted(allergy.drug_classes.intersection(own.families)):
            yield _Finding("avoid", f"It is one of the {_plural(named[0])}; on record: {what}.")
        elif group := _shared(allergy, own, facts):
            text = f"On record: {what}, of the same class ({group}); it may cross-react."
            yield _Finding("caution", text)


def _is_same(rxcui: str, name: str, alternative: AlternativeVerdict) -> bool:
    if alternative.rxcui:
        return rxcui == alternative.rxcui
    # A product without an ingredient of its own: `liposomal amphotericin b` holds amphotericin b.
    return f" {name.lower()} " in f" {alternative.name.lower()} "


def _shared(allergy: Allergy, own: DrugKinds, facts: AlternativeFacts) -> str:
    """The class that an allergy's drug shares with the alternative; empty where it shares none."""
    for drug in allergy.drugs:
        other = facts.kinds.get(drug.rxcui)
        if other is None:
            continue
        for family in own.families:
            if family in other.families and family in facts.crossing:
                return _plural(family)
        for group in own.atc:
            if group in other.atc:
                return f"{facts.atc[group].lower()}, ATC {group}"
    return ""


def _plural(family: str) -> str:
    """`NSAIDs`, `beta blockers`."""
    return (family.upper() if len(family) < 6 else family.replace("-", " ")) + "s"


def _recorded(allergy: Allergy) -> str:
    reaction = f" ({_short(', '.join(allergy.reactions))})" if allergy.reactions else ""
    return _short(allergy.label) + reaction


def _duplicates(alternative: AlternativeVerdict, patient: PatientContext) -> Iterator[_Finding]:
    states = {
        medicine.state
        for medicine in patient.medicines
        if any(_is_same(drug.rxcui, drug.name, alternative) for drug in medicine.drugs)
    }
    for state, words in _IN_USE.items():
        if state in states:
            yield _Finding("caution", f"{alternative.name.capitalize()} is {words}.")
            return


# What sources say of kinds of patients


def _by_facts(
    held: Sequence[AlternativeFact], patient: PatientContext, facts: AlternativeFacts
) -> Iterator[_Finding]:
    for fact in held:
        shown = _holds(fact, patient, facts) if fact.verdict != "no-concern" else None
        if shown is not None:
            yield _Finding(fact.verdict, f"{fact.text} ({shown}; {_source(fact)}).")
        elif fact.kind == "hepatic" and _is_ungraded(patient) and len(fact.values) < 3:
            grade = " or ".join(fact.values)
            yield _Finding(
                "caution",
                f"{fact.text} (the liver is impaired, and whether it is {grade} is not stated; "
                f"{_source(fact)}).",
            )


def _source(fact: AlternativeFact) -> str:
    return f"{fact.source}; {TO_CONFIRM}" if fact.to_confirm else fact.source


def _holds(fact: AlternativeFact, patient: PatientContext, facts: AlternativeFacts) -> str | None:
    """What of the record makes a fact one about this patient, as shown; None where nothing does."""
    values = frozenset(fact.values)
    match fact.kind:
        case "history" | "condition":
            ever = fact.kind == "history"
            return next(
                (
                    _dated(condition)
                    for condition in patient.conditions
                    if condition.classes & values and (ever or condition.state != "resolved")
                ),
                None,
            )
        case "pregnant":
            return "the patient is pregnant" if _is_pregnant(patient) else None
        case "breastfeeding":
            return "the patient is breastfeeding" if _is_breastfeeding(patient) else None
        case "age_at_least" | "age_below":
            return _age(fact, patient)
        case "weight_below":
            return _below(fact, patient.weight, "weight")
        case "egfr_below":
            return "on dialysis" if _on_dialysis(patient) else _below(fact, patient.egfr, "eGFR")
        case "hepatic":
            if patient.hepatic and patient.hepatic in values:
                return f"{patient.hepatic} hepatic impairment"
            if _is_ungraded(patient) and len(values) == 3:
                return "the liver is impaired"
            return None
        case "taken_with":
            return next(
                (
                    f"{drug.name} is {_IN_USE[medicine.state].removeprefix('already ')}"
                    for medicine in patient.medicines
                    if medicine.state in _IN_USE
                    for drug in medicine.drugs
                    if drug.rxcui in values
                ),
                None,
            )
        case "allergy":
            return next(
                (_recorded(each) for each in patient.allergies if _is_of(each, values, facts)),
                None,
            )


def _is_of(allergy: Allergy, families: frozenset[str], facts: AlternativeFacts) -> bool:
    if allergy.state == "resolved":
        return False
    others = [facts.kinds[d.rxcui] for d in allergy.drugs if d.rxcui in facts.kinds]
    named = allergy.drug_classes.union(*(other.families for other in others))
    return not named.isdisjoint(families)


def _age(fact: AlternativeFact, patient: PatientContext) -> str | None:
    if patient.age_years is None or fact.bound is None:
        return None
    reached = patient.age_years >= fact.bound
    return f"age {patient.age_years}" if reached == (fact.kind == "age_at_least") else None


def _below(fact: AlternativeFact, found: Measurement | None, what: str) -> str | None:
    if found is None or fact.bound is None or found.value >= fact.bound:
        return None
    return f"{what} {_shown(found)}"


def _shown(found: Measurement) -> str:
    unit = found.unit.replace("/{1.73_m2}", "/1.73 m2")
    when = f" of {found.when[:10]}" if found.when else ", undated"
    return f"{measured(found.value)} {unit}{when}"


# What no fact speaks of


def _not_judged(
    alternative: AlternativeVerdict, held: Sequence[AlternativeFact], patient: PatientContext
) -> Iterator[_Finding]:
    """A patient of a kind that often decides, for a drug that no fact of ours judges by it."""
    kinds = {fact.kind for fact in held}
    for kind, what in _decisive(patient).items():
        if kind not in kinds:
            text = f"{what}: not judged for {alternative.name}."
            yield _Finding("caution", text, is_gap=True)


def _decisive(patient: PatientContext) -> Mapping[Kind, str]:
    found: dict[Kind, str] = {}
    if _is_pregnant(patient):
        found["pregnant"] = "The patient is pregnant"
    if _is_breastfeeding(patient):
        found["breastfeeding"] = "The patient is breastfeeding"
    if _on_dialysis(patient):
        found["egfr_below"] = "The patient is on dialysis"
    elif patient.egfr is not None and patient.egfr.value < _SEVERE_KIDNEYS:
        found["egfr_below"] = f"The eGFR is {_shown(patient.egfr)}"
    if patient.hepatic == "severe":
        found["hepatic"] = "The liver is severely impaired"
    if patient.age_years is not None and patient.age_years < _GROWN_UP:
        found["age_below"] = f"The patient is {patient.age_years} years old"
    return found


def _was_asked(
    held: Sequence[AlternativeFact], patient: PatientContext, today: date | None
) -> bool:
    """Whether the record was looked at for everything that could speak against the drug."""
    if not held or not patient.medicines_known or not patient.conditions_known:
        return False
    needs = {fact.kind for fact in held if fact.verdict != "no-concern"}
    if needs & {"age_at_least", "age_below"} and patient.age_years is None:
        return False
    if "egfr_below" in needs and patient.egfr is None and patient.has("chronic-kidney-disease"):
        return False
    if "weight_below" not in needs:
        return True
    return patient.weight is not None and not too_old(patient.weight, patient, today)


def _is_pregnant(patient: PatientContext) -> bool:
    return patient.pregnant is not None and patient.pregnant.value


def _is_breastfeeding(patient: PatientContext) -> bool:
    return patient.breastfeeding is not None and patient.breastfeeding.value


def _on_dialysis(patient: PatientContext) -> bool:
    return patient.has("dialysis") is True


def _is_ungraded(patient: PatientContext) -> bool:
    return not patient.hepatic and patient.has("hepatic-impairment") is True


def _dated(condition: Condition) -> str:
    since = f", {condition.since[:10]}" if condition.since else ""
    return _short(condition.label) + since


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"

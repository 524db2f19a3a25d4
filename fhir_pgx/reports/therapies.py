"""Advice of precision therapy as plain JSON and as text (CONTRACT, section 4).

A row of evidence is no instruction: what it amounts to as an `action` is ours, and never more than
its source says. The source's own word stands beside it, in `effect`, `level` and `level_system`.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.therapy import (
    AGAINST,
    ContextFit,
    Effect,
    Provenance,
    TherapyAdvice,
    TherapyDrug,
)

_ACTIONS: dict[Effect, str] = {
    "contraindicated": "contraindicated",
    "avoid": "avoid",
    "not-indicated": "avoid",
    "resistant": "avoid",
    "adverse-response": "risk-stated",
    "reduced-sensitivity": "alternative",
    "limited-effect": "alternative",
    "test-first": "test",
    "caution": "monitor",
    "adjust-dose": "adjust-dose",
    "sensitive": "option",
    "recommended": "option",
    "no-sensitivity": "no-recommendation",
    "no-resistance": "no-recommendation",
    "unknown": "no-recommendation",
}
# They collect evidence, and tell nobody what to do.
_OF_EVIDENCE = frozenset({"CIViC", "HerpesDRG"})
_STRONG = frozenset({"A", "B"})  # CIViC: validated, clinical
_FITS: dict[ContextFit, str] = {
    "same": "holds",
    "any": "holds",
    "other": "no",
    "unknown": "unknown",
}
_FIT_WORDS: dict[ContextFit, str] = {
    "same": "the patient's disease or organism",
    "any": "holds for every disease",
    "other": "another disease than the patient's: evidence, no recommendation",
    "unknown": "whether it is this patient's is not on file",
}


def opposed(advice: Iterable[TherapyAdvice]) -> dict[TherapyAdvice, tuple[str, ...]]:
    """Of the rows that speak for a drug: the rules of those that speak against it, or against a
    part of the combination, by another finding. Resistance beats sensitivity at any level."""
    against: dict[str, dict[str, None]] = {}
    rows = tuple(advice)
    for each in rows:
        if each.effect in AGAINST and each.context_fit != "other":
            # Of a combination that fails nobody knows which part does.
            for drug in each.drugs if len(each.drugs) == 1 or each.any_of else ():
                against.setdefault(_name_of(drug), {})[each.rule] = None
    found = {}
    for each in rows:
        if _ACTIONS[each.effect] == "option":
            rules = dict.fromkeys(
                rule for drug in each.drugs for rule in against.get(_name_of(drug), ())
            )
            if rules:
                found[each] = tuple(rules)
    return found


def _name_of(drug: TherapyDrug) -> str:
    return drug.rxcui or drug.name.lower()


def action_of(advice: TherapyAdvice, opposed_by: Sequence[str] = ()) -> str:
    """What a row amounts to: `option` for a therapy that a label, a guideline or strong evidence
    names for the finding in this disease; `risk-stated` where evidence speaks against a drug and
    nobody instructs; `no-recommendation` for all that is shown and not to be acted on alone."""
    action = _ACTIONS[advice.effect]
    is_shown_only = is_weak(advice) or advice.context_fit == "other"
    if advice.effect in AGAINST:
        if action in ("avoid", "alternative") and is_shown_only:
            return "risk-stated"
        if action == "avoid" and advice.provenance.system in _OF_EVIDENCE:
            return "alternative"
        return action
    is_barred = advice.market or advice.conflicts or is_shown_only or opposed_by
    return "no-recommendation" if action == "option" and is_barred else action


def is_weak(advice: TherapyAdvice) -> bool:
    """Whether a row is a claim of cases, models or inference: never shown like a label."""
    about = advice.provenance
    return about.system in _OF_EVIDENCE and about.level not in _STRONG


def write_therapies(advice: Iterable[TherapyAdvice]) -> list[dict[str, Any]]:
    """Each row as a recommendation, with the rows against it among the others."""
    rows = tuple(advice)
    against = opposed(rows)
    return [write_therapy(each, against.get(each, ())) for each in rows]


def write_therapy(advice: TherapyAdvice, opposed_by: Sequence[str] = ()) -> dict[str, Any]:
    """One recommendation. `rxnorm` is empty for several drugs: `drugs` has each, and `any_of` says
    whether they are alternatives or one combination, of which no part alone is meant."""
    about = advice.provenance
    several = len(advice.drugs) > 1
    return {
        "drug": advice.drug,
        "rxnorm": "" if several else "".join(drug.rxcui for drug in advice.drugs),
        "drugs": [{"drug": drug.name, "rxnorm": drug.rxcui} for drug in advice.drugs],
        "any_of": advice.any_of,
        "source": about.source,
        "domain": advice.domain,
        "genes": dict.fromkeys(advice.genes, advice.finding),
        "finding": advice.finding,
        "profile": advice.profile,
        "population": advice.context,
        "population_label": advice.context,
        "population_fit": _FITS[advice.context_fit],
        "context_fit": advice.context_fit,
        "action": action_of(advice, opposed_by),
        "effect": advice.effect,
        "strength": about.level or None,
        "level_system": about.system,
        "level": about.level,
        "rating": about.rating or None,
        "dose": [],
        "alternatives": [],
        "summary": summary_of(advice),
        "detail": detail_of(advice),
        "needs": list(advice.needs),
        "conflicts": advice.conflicts,
        "opposed_by": list(opposed_by),
        "market": advice.market or None,
        "tier_derived": advice.tier or None,
        "serious": advice.serious,
        "evidence": [
            {
                "guideline": f"{about.source} {about.id}".strip(),
                "url": about.url,
                "pmid": about.pmids[0] if about.pmids else None,
                "pmids": list(about.pmids),
                "date": about.as_of,
                "licence": about.licence,
            }
        ],
        "as_of": about.as_of,
        "by_hand": about.by_hand,
        "rule": advice.rule,
        "source_rows": [about.id],
        "modifiers": [],
        "caveats": [{"code": caveat.code, "text": caveat.text} for caveat in advice.caveats],
        "derived_from": list(advice.derived_from),
    }


def level_of(about: Provenance) -> str:
    """`CIViC A`, `FDA-label`: the source's system and level, neither twice."""
    if about.level.startswith(about.system):
        return about.level
    return f"{about.system} {about.level}".strip()


def summary_of(advice: TherapyAdvice) -> str:
    """`Osimertinib: resistant. EGFR p.Cys797Ser; lung adenocarcinoma.`"""
    drug = advice.drug[:1].upper() + advice.drug[1:]
    said = f"{drug}: {advice.effect.replace('-', ' ')}. {advice.finding}"
    return f"{said}; {advice.context}." if advice.context else f"{said}."


def detail_of(advice: TherapyAdvice) -> str:
    """What the row says and what must be known with it, in sentences."""
    about = advice.provenance
    parts = [advice.summary]
    if advice.conflicts:
        parts.append("Conflicting: another row says the opposite.")
    if advice.market:
        parts.append(f"Market status: {advice.market}.")
    if advice.context_fit in ("other", "unknown") and advice.context:
        parts.append(f"{advice.context}: {_FIT_WORDS[advice.context_fit]}.")
    if advice.needs:
        parts.append(f"Holds if: {'; '.join(advice.needs)}.")
    if advice.tier:
        parts.append(f"Tier derived by us: {advice.tier}.")
    if about.by_hand:
        parts.append("Compiled by hand: verify against the current label.")
    return " ".join(part for part in parts if part)


def write_therapy_trace(advice: Iterable[TherapyAdvice]) -> list[dict[str, Any]]:
    """For each row that is met: what was found and where, what the row asks for, how its disease
    or organism stands to the patient's, and what it says."""
    rows = tuple(advice)
    against = opposed(rows)
    return [
        {
            "finding": each.finding,
            "derived_from": list(each.derived_from),
            "asked_for": each.profile,
            "context": each.context,
            "context_fit": each.context_fit,
            "row": each.provenance.id,
            "recommendation": write_therapy(each, against.get(each, ())),
        }
        for each in rows
    ]


def therapy_text(advice: Sequence[TherapyAdvice]) -> Iterator[str]:
    """The same for a person to read, finding by finding."""
    if not advice:
        return
    yield "PRECISION THERAPY"
    against = opposed(advice)
    by_finding: dict[tuple[str, str], list[TherapyAdvice]] = {}
    for each in advice:
        by_finding.setdefault((each.domain, each.finding), []).append(each)
    for (domain, finding), rows in by_finding.items():
        origins = dict.fromkeys(reference for each in rows for reference in each.derived_from)
        yield f"  {finding} ({domain})" + (f" in {', '.join(origins)}" if origins else "")
        for each in rows:
            yield from _row(each, against.get(each, ()))


def _row(advice: TherapyAdvice, opposed_by: Sequence[str]) -> Iterator[str]:
    about = advice.provenance
    action = action_of(advice, opposed_by)
    yield f"    {advice.drug}: {advice.effect.replace('-', ' ')} ({action})"
    if opposed_by:
        yield f"      another finding speaks against it: {', '.join(opposed_by)}"
    if detail := detail_of(advice):
        yield f"      {detail}"
    fit = _FIT_WORDS[advice.context_fit]
    yield f"      row asks for {advice.profile}; {advice.context or 'no context'} ({fit})"
    said = [
        f"rule {advice.rule}",
        about.source,
        level_of(about),
        *(f"PMID {pmid}" for pmid in about.pmids),
    ]
    said += [about.url, f"as of {about.as_of}" if about.as_of else "without a date"]
    yield f"      {'; '.join(part for part in said if part)}"
    yield from (f"      {caveat.code} {caveat.text}" for caveat in _caveats(advice))


def _caveats(advice: TherapyAdvice) -> Iterable[Caveat]:
    return dict.fromkeys(advice.caveats)

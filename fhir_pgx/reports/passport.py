"""A passport as plain JSON: for a page, for a program, and to be read again by a test.

Every status is its own word; a list that could not be read is in `lists`, and never an empty one.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from fhir_pgx.model.passport import (
    DatedSource,
    Passport,
    PassportAvoid,
    PassportFinding,
    PassportGene,
    PassportMedicine,
    PassportTest,
    PastCard,
    Said,
)
from fhir_pgx.reports.findings import write_caveats


def write_passport(passport: Passport, history: Sequence[PastCard] | None = None) -> dict[str, Any]:
    """The whole passport; `history` is None where the issued cards were not looked for, which is
    not an empty history."""
    written: dict[str, Any] = {
        "knowledge": {"release": passport.release, "sha256": passport.sha256},
        "subject": passport.patient,
        "date": passport.today,
        "genes": {each.gene: _gene(each) for each in passport.genes},
        "medicines": [_medicine(each) for each in passport.medicines],
        "avoid": [_avoid(each) for each in passport.avoid],
        "tests": [_test(each) for each in passport.tests],
        "findings": [_finding(each) for each in passport.findings],
        "lists": dict(passport.lists),
        "partial": sorted(passport.partial),
        "limited": passport.is_limited,
        "not_understood": [
            {"reference": each.reference, "reason": each.reason} for each in passport.not_understood
        ],
        "caveats": write_caveats(passport.caveats),
    }
    if passport.panel[0]:
        code, display = passport.panel
        written["panel"] = {"code": code, "display": display, "reads": list(passport.panel_reads)}
    if history is not None:
        written["history"] = [_past(each) for each in history]
    return written


def _gene(each: PassportGene) -> dict[str, Any]:
    coverage = each.coverage
    written: dict[str, Any] = {
        "status": each.status,
        "origin": "germline",
        "diplotypes": [found.name for found in each.diplotypes],
        "phenotype": each.phenotype or None,
        "activity_score": each.activity_score or None,
        "basis": each.basis or None,
        # None: the reports do not list the positions they tested.
        "coverage": None
        if coverage is None
        else {
            "tested": coverage.tested,
            "missing": len(coverage.missing),
            "no_call": len(coverage.no_call),
            "could_change": list(coverage.could_change),
        },
        "sources": _sources(each.sources),
        "caveats": write_caveats(each.caveats),
    }
    if each.alleles:
        written["alleles"] = list(each.alleles)
    if each.allele_status:
        written["allele_status"] = dict(each.allele_status)
    return written


def _medicine(each: PassportMedicine) -> dict[str, Any]:
    return {
        "medicine": each.label,
        "drugs": list(each.drugs),
        "state": each.state,
        "light": each.light,
        "why": each.why,
        "missing": list(each.missing),
        "said": [_said(one) for one in each.said],
        "orders": list(each.orders),
    }


def _avoid(each: PassportAvoid) -> dict[str, Any]:
    return {"drug": each.drug, "light": each.light, "said": [_said(one) for one in each.said]}


def _test(each: PassportTest) -> dict[str, Any]:
    written: dict[str, Any] = {
        "target": each.target,
        "for": list(each.drugs),
        "at_stake": each.at_stake,
    }
    if each.ordered:
        written["ordered"] = {"reference": each.ordered, "date": each.ordered_on}
    return written


def _finding(each: PassportFinding) -> dict[str, Any]:
    return {
        "origin": each.origin,
        "finding": each.finding,
        "lines": [
            {
                "effect": line.effect,
                "action": line.action,
                "drugs": list(line.drugs),
                "context": line.context,
                "context_fit": line.fit,
                "sources": list(line.sources),
            }
            for line in each.lines
        ],
        "sources": _sources(each.sources),
    }


def _said(each: Said) -> dict[str, Any]:
    return {
        "source": each.source,
        "strength": each.strength or None,
        "action": each.action,
        "text": each.text,
        "genes": dict(each.genes),
        "population": each.population,
        "population_fit": each.fit,
        "url": each.url,
        "rule": each.rule,
    }


def _past(each: PastCard) -> dict[str, Any]:
    written: dict[str, Any] = {
        "card": each.uuid,
        "issued": each.issued,
        "hook": each.hook,
        "indicator": each.indicator,
        "source": each.source,
        "drug": each.drug,
        "rules": list(each.rules),
        "knowledge": each.knowledge,
        "outcome": each.outcome or None,  # None: nobody answered
    }
    if each.outcome:
        written |= {"outcome_at": each.outcome_at, "accepted_suggestions": each.accepted}
    if each.reason:
        written["reason"] = each.reason
    return written


def _sources(found: Iterable[DatedSource]) -> list[dict[str, str]]:
    return [{"reference": each.reference, "date": each.date} for each in found]

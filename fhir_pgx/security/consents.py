"""FHIR Consents as rules for one caller at one moment.

What a Consent asks of the caller (who, why, what for, when) is answered when it is read; what it
asks of the data (which types, genes, codes, labels, dates, resources) stays, for `withheld.py`.

Two principles hold throughout. A rule that denies applies wherever it may apply; one that permits
applies only where it certainly does. And what is not understood in a rule that denies withholds
all genomic data. `docs/consent.md` lists what is understood. Source: FHIR R4 Consent; R5's
`decision` is read too.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from fhir_pgx.model.access import Caller
from fhir_pgx.model.dates import days_of
from fhir_pgx.model.gene_words import GeneWords
from fhir_pgx.security.consent_callers import (
    READING,
    Answer,
    is_actor,
    is_for,
    is_in_period,
    is_reading,
)
from fhir_pgx.security.consent_criteria import Criterion, criteria_of
from fhir_pgx.security.consent_reading import Reading
from fhir_pgx.security.consent_values import (
    all_codes,
    codes_in,
    dicts_in,
    list_of,
    text_of,
    type_and_id,
)
from fhir_pgx.security.purposes import RESEARCH, is_known, is_within

_OPT_IN = frozenset(("OPTIN", "OPTINR", "IMPLIED", "IMPLIEDD"))
_OPT_OUT = frozenset(("OPTOUT", "OPTOUTE", "NOCONSENT", "NOPP", "EMRGONLY", "GRANTORCHOICE"))
# Consents about being treated speak of data only where they say so.
_ABOUT_DATA = frozenset(
    ("IDSCL", "INFA", "INFAO", "INFASO", "INFACCESS", "INFAUTO", "57016-8", "57017-6", "64292-6",
     "IRDSCL", "RESEARCH", "RSDID", "RSREID", "npp")
)  # fmt: skip
_KNOWN_MEMBERS = frozenset(
    ("id", "extension", "type", "period", "actor", "action", "securityLabel", "purpose", "class",
     "code", "dataPeriod", "data", "provision", "resourceType", "documentType")
)  # fmt: skip
_DEEPEST = 12


@dataclass(frozen=True, slots=True)
class Rule:
    """One provision, for one caller: `applies` is what it says of the caller and the moment, and
    `criteria` are all to be met by the data. An `is_opaque` rule says something that we do not
    understand at all."""

    permits: bool
    applies: Answer
    criteria: tuple[Criterion, ...] = ()
    exceptions: tuple["Rule", ...] = ()
    is_opaque: bool = False

    @property
    def restricts(self) -> bool:
        """Whether it, or an exception of it, may withhold anything from the caller at all: asked
        of the rules alone, never of the data."""
        if self.applies == "no":
            return False
        if self.permits:
            return any(each.restricts for each in self.exceptions)
        return not any(each.is_whole_permit for each in self.exceptions) or any(
            not each.permits and each.restricts for each in self.exceptions
        )

    @property
    def is_whole_permit(self) -> bool:
        """Whether it lifts what it is an exception from altogether."""
        return (
            self.permits
            and self.applies == "yes"
            and not (self.criteria or self.is_opaque or self.restricts)
        )

    def walk(self) -> Iterator["Rule"]:
        yield self
        for each in self.exceptions:
            yield from each.walk()


@dataclass(frozen=True, slots=True)
class ReadConsent:
    """A Consent in force. `not_understood` are the paths of what was not, without any value."""

    id: str
    rule: Rule
    not_understood: tuple[str, ...] = ()


def read_consents(
    consents: Sequence[Mapping[str, Any]], caller: Caller, now: datetime, words: GeneWords
) -> tuple[ReadConsent, ...]:
    """The Consents in force that say anything of data, as rules for this caller.

    `consents` are the current versions of one patient's. A newer one that replaces an older (the
    same identifier, or the older as its source, in one scope) stands in its place.
    """
    standing = _standing([each for each in consents if isinstance(each, Mapping)])
    found = (_read(each, caller, now, words) for each in standing)
    return tuple(each for each in found if each is not None)


def _read(
    consent: Mapping[str, Any], caller: Caller, now: datetime, words: GeneWords
) -> ReadConsent | None:
    status = text_of(consent.get("status"))
    if status in ("draft", "proposed", "rejected", "inactive", "entered-in-error", "not-done",
                  "unknown"):  # fmt: skip
        return None
    scope = codes_in(consent.get("scope"))
    if "adr" in scope:
        return None  # what is to be done at the end of life is no rule on data
    if "treatment" in scope and not _is_about_data(consent):
        return None
    is_of_research = is_within(caller.purpose, RESEARCH) or not is_known(caller.purpose)
    if "research" in scope and not is_of_research:
        return None
    reading = Reading(caller, now, words)
    rule = _root(consent, reading)
    if consent.get("modifierExtension") or consent.get("implicitRules") or status != "active":
        reading.missed("Consent")
        rule = _doubted(rule)
    elif _is_unverified(consent):
        rule = _doubted(rule, opaque=False)
    missed = tuple(dict.fromkeys(reading.not_understood))
    return ReadConsent(text_of(consent.get("id")), rule, missed)


def _root(consent: Mapping[str, Any], reading: Reading) -> Rule:
    """The Consent as one rule: its base, with the provisions as exceptions."""
    stated = list_of(consent.get("provision"))
    decision = text_of(consent.get("decision"))
    if decision in ("permit", "deny"):  # R5: the provisions are the exceptions
        rules = _rules(stated, "Consent.provision", reading, parent=decision == "permit", depth=0)
        return Rule(decision == "permit", "yes", exceptions=rules)
    if len(stated) > 1:  # R4 has one root: several are read as exceptions of it
        stated = [{"provision": stated}]
        reading.missed("Consent.provision")
    policies = codes_in(consent.get("policyRule"))
    base = False if policies & _OPT_OUT else True if policies & _OPT_IN else None
    if not stated:
        if base is None:
            reading.missed("Consent.policyRule")
        return Rule(base is not False, "yes")
    root = stated[0]
    if not isinstance(root, Mapping):
        return _strange("Consent.provision", reading)
    kind, nested = text_of(root.get("type")), dicts_in(root.get("provision"))
    if kind in ("permit", "deny"):
        permits = kind == "permit"
    elif base is not None and not kind:
        permits = base
    elif not kind and nested:
        # Exceptions tell the base they are from: denials one that permits. Both kinds tell none.
        kinds = {text_of(each.get("type")) for each in nested}
        permits = kinds == {"deny"}
        if len(kinds) > 1:
            reading.missed("Consent.provision.provision")
    else:
        permits = False
        reading.missed("Consent.provision.type")
    rule = _rule(root, "Consent.provision", reading, permits=permits, depth=0)
    if base is not None and kind in ("permit", "deny") and base is not permits:
        return Rule(base, "yes", exceptions=(rule,))  # the one exception from the policy
    return rule


def _rules(
    provisions: Iterable[Any], path: str, reading: Reading, *, parent: bool, depth: int
) -> tuple[Rule, ...]:
    found = []
    for number, each in enumerate(provisions):
        here = f"{path}[{number}]"
        if not isinstance(each, Mapping):
            found.append(_strange(here, reading))
            continue
        kind = text_of(each.get("type"))
        if kind not in ("permit", "deny", ""):
            reading.missed(f"{here}.type")
            kind = "deny"
        # An exception that does not say what it does is the opposite of what it is from.
        permits = kind == "permit" if kind else not parent
        found.append(_rule(each, here, reading, permits=permits, depth=depth))
    return tuple(found)


def _strange(path: str, reading: Reading) -> Rule:
    """The rule of a provision that is none."""
    reading.missed(path)
    return Rule(False, "yes", is_opaque=True)


def _rule(
    provision: Mapping[str, Any], path: str, reading: Reading, *, permits: bool, depth: int
) -> Rule:
    strange = [name for name in provision if name not in _KNOWN_MEMBERS and name[:1] != "_"]
    is_opaque = bool(strange) or depth > _DEEPEST
    if is_opaque:
        reading.missed(path)
    answers = (
        is_in_period(provision.get("period"), f"{path}.period", reading),
        is_actor(provision.get("actor"), f"{path}.actor", reading, permits=permits),
        is_reading(provision.get("action"), f"{path}.action", reading),
        is_for(provision.get("purpose"), f"{path}.purpose", reading),
    )
    applies: Answer = "yes"
    if "no" in answers:
        applies = "no"
    elif "unknown" in answers:
        applies = "unknown"
    nested = [] if depth > _DEEPEST else list_of(provision.get("provision"))
    return Rule(
        permits,
        applies,
        tuple(criteria_of(provision, path, reading, permits=permits)),
        _rules(nested, f"{path}.provision", reading, parent=permits, depth=depth + 1),
        is_opaque,
    )


def _doubted(rule: Rule, *, opaque: bool = True) -> Rule:
    """The rule where it cannot be relied on: nothing in it permits any more."""
    return replace(
        rule,
        applies="unknown" if rule.applies == "yes" and rule.permits else rule.applies,
        exceptions=tuple(_doubted(each, opaque=opaque) for each in rule.exceptions),
        is_opaque=rule.is_opaque or (opaque and not rule.permits),
    )


# Which Consents stand


def _standing(consents: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The Consents less those that a newer one in force replaces."""
    return [
        each
        for each in consents
        if not any(_replaces(other, each) for other in consents if other is not each)
    ]


def _replaces(newer: Mapping[str, Any], older: Mapping[str, Any]) -> bool:
    """Only what is certainly newer, in force and understood takes another's place."""
    if text_of(newer.get("status")) != "active" or newer.get("modifierExtension"):
        return False
    if codes_in(newer.get("scope")) != codes_in(older.get("scope")):
        return False
    one, other = (text_of(each.get("dateTime") or each.get("date")) for each in (newer, older))
    days, before = days_of(one), days_of(other)
    if days is None or before is None or days[0] < before[1] or one <= other:
        return False
    return speaks_of(newer, older)


def speaks_of(newer: Mapping[str, Any], older: Mapping[str, Any]) -> bool:
    """Whether a Consent names another as its source, or has an identifier of it: where it is the
    newer, and in force, it takes its place."""
    source = newer.get("sourceReference")
    target = text_of(source.get("reference")) if isinstance(source, Mapping) else ""
    if type_and_id(target) == ("Consent", text_of(older.get("id"))):
        return True
    return bool(_identifiers(newer) & _identifiers(older))


def _identifiers(consent: Mapping[str, Any]) -> set[tuple[str, str]]:
    found = {
        (text_of(each.get("system")), text_of(each.get("value")))
        for each in dicts_in(consent.get("identifier"))
    }
    return {(system, value) for system, value in found if system and value}


def _is_about_data(consent: Mapping[str, Any]) -> bool:
    categories = all_codes(consent.get("category"))
    if categories & _ABOUT_DATA:
        return True
    provisions = dicts_in(consent.get("provision"))
    while provisions:
        each = provisions.pop()
        if any(each.get(name) for name in ("class", "securityLabel", "data", "dataPeriod")):
            return True
        if all_codes(each.get("action")) & READING:
            return True
        provisions += dicts_in(each.get("provision"))
    return False


def _is_unverified(consent: Mapping[str, Any]) -> bool:
    stated = dicts_in(consent.get("verification"))
    return bool(stated) and not any(each.get("verified") is True for each in stated)

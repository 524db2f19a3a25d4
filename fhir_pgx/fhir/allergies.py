"""Allergies and intolerances to medicines, and the statement that none are known."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Literal

from fhir_pgx.fhir.bundle import Entry, as_dicts, as_list, as_text
from fhir_pgx.fhir.conditions import code_of
from fhir_pgx.fhir.medication import read_concept
from fhir_pgx.fhir.values import concept_of
from fhir_pgx.model.drug import Drug, DrugMatch, MedicationConcept
from fhir_pgx.model.finding import NotUnderstood
from fhir_pgx.model.patient import Allergy, State

Match = Callable[[MedicationConcept], DrugMatch | None]

NO_SUBSTANCE = "it names no substance"
SEVERAL_DRUGS = "its codes and words name different medicines: no ingredient is taken from it"

# SNOMED CT: no known allergy; no known drug allergy. `No known food allergy` says nothing of drugs.
_NONE_CODES = frozenset({"716186003", "409137002"})
_NONE_WORDS = re.compile(
    r"^(?:nka|nkda|nkma|no known (?:(?:drug|medication|medicine)s? )?(?:allerg\w+|intolerances?)"
    r"|no (?:drug|medication) allerg\w+)$"
)
_OUT = frozenset({"refuted", "entered-in-error"})
_STATES: Mapping[str, State] = {
    "active": "active", "unconfirmed": "active", "confirmed": "active",
    "inactive": "resolved", "resolved": "resolved",
}  # fmt: skip
_NOT_MEDICINES = frozenset({"food", "environment"})
# `Allergy to codeine`, `codeine allergy`: what stands around a medicine's name.
_AROUND = re.compile(
    r"(?i)^(?:drug |propensity to )?(?:allergy|allergic reaction|allergic|hypersensitivity"
    r"|intolerance|intolerant|adverse reactions?) to |"
    r" (?:drug )?(?:allergy|hypersensitivity|intolerance|adverse reaction)$|"
    r" \((?:disorder|finding|substance|product)\)$"
)
_CLASS_WORDS: Mapping[str, str] = {
    "nsaid": "nsaid", "nsaids": "nsaid", "nonsteroidal anti inflammatory drug": "nsaid",
    "non steroidal anti inflammatory drug": "nsaid", "non steroidal antiinflammatory": "nsaid",
    "statin": "statin", "hmg coa reductase inhibitor": "statin",
    "opioid": "opioid", "opiate": "opioid", "opioid analgesic": "opioid",
    "penicillin": "penicillin", "sulfonamide": "sulfonamide", "sulfa": "sulfonamide",
    "sulfa antibiotic": "sulfonamide", "sulfa drug": "sulfonamide",
    "sulphonamide": "sulfonamide", "cephalosporin": "cephalosporin", "macrolide": "macrolide",
    "aminoglycoside": "aminoglycoside", "fluoroquinolone": "fluoroquinolone",
    "quinolone": "fluoroquinolone", "ssri": "ssri",
    "selective serotonin reuptake inhibitor": "ssri", "tricyclic antidepressant": "tricyclic",
    "tricyclic": "tricyclic", "proton pump inhibitor": "ppi", "ppi": "ppi",
    "beta blocker": "beta-blocker", "thienopyridine": "thienopyridine",
    "aromatic anticonvulsant": "aromatic-anticonvulsant",
    "aromatic antiepileptic": "aromatic-anticonvulsant", "thiopurine": "thiopurine",
    "fluoropyrimidine": "fluoropyrimidine", "coumarin": "coumarin",
    "volatile anesthetic": "volatile-anaesthetic", "volatile anaesthetic": "volatile-anaesthetic",
}  # fmt: skip
_WORD = re.compile(r"[a-z0-9]+")


def read_allergies(
    entries: Iterable[Entry], match: Match
) -> tuple[tuple[Allergy, ...], tuple[NotUnderstood, ...]]:
    """The patient's allergies and intolerances to medicines, of every release.

    Left out: refuted, entered in error, those to food or surroundings, and `no known allergies`.
    One whose substance we cannot name keeps its label. DSTU2 calls an `unconfirmed` allergy a
    status: it counts, as it would for a prescriber.
    """
    found: list[Allergy] = []
    odd: list[NotUnderstood] = []
    for entry in entries:
        if entry.type != "AllergyIntolerance" or entry.container is not None:
            continue
        if not _OUT.isdisjoint(_statuses(entry.resource)) or says_none(entry.resource):
            continue
        made, reason = _allergy(entry, match)
        if reason:
            odd.append(NotUnderstood(entry.reference, reason, entry.path))
        if made is not None:
            found.append(made)
    return tuple(found), tuple(odd)


def says_none(resource: Mapping[str, Any]) -> bool:
    """Whether the resource states that no allergy (to medicines) is known."""
    for member in ("code", "substance"):
        for words, code in concept_of(resource.get(member)).stated:
            if code in _NONE_CODES or _NONE_WORDS.match(_plain(words)):
                return True
    return False


def _statuses(resource: Mapping[str, Any]) -> tuple[str, ...]:
    members = ("verificationStatus", "clinicalStatus", "status")
    return tuple(code_of(resource[member]) for member in members if member in resource)


def _allergy(entry: Entry, match: Match) -> tuple[Allergy | None, str]:
    resource = entry.resource
    concepts = list(_substances(resource))
    label = next((concept.label for concept in concepts if concept.label), "")
    if not label:
        return None, NO_SUBSTANCE
    drugs: dict[Drug, None] = {}
    groups: set[str] = set()
    reason = ""
    for concept in concepts:
        found = _matched(concept, match)
        if found is not None:
            drugs.update(dict.fromkeys(found.ingredients))
            reason = SEVERAL_DRUGS if found.candidates and not found.ingredients else reason
        groups |= _groups(concept)
    categories = {as_text(each).lower() for each in as_list(resource.get("category"))}
    if categories and categories <= _NOT_MEDICINES and not drugs:
        return None, ""
    made = Allergy(
        label=label[:200],
        drugs=tuple(drugs),
        drug_classes=frozenset(groups),
        kind=_kind(resource),
        reactions=_reactions(resource),
        state=_state(resource),
        when=_when(resource),
        reference=entry.reference,
    )
    return made, reason


def _substances(resource: Mapping[str, Any]) -> Iterator[MedicationConcept]:
    """STU3 and later `code`, DSTU2 `substance`, and what a reaction names more exactly."""
    for member in ("code", "substance"):
        for value in as_list(resource.get(member))[:1]:
            yield read_concept(value)
    for reaction in as_dicts(resource.get("reaction")):
        if reaction.get("substance") is not None:
            yield read_concept(reaction["substance"])


def _matched(concept: MedicationConcept, match: Match) -> DrugMatch | None:
    """What the concept resolves to; else what its words do, without `allergy to` around them."""
    found = match(concept)
    if found is not None and (found.ingredients or found.candidates):
        return found
    bare = replace(
        concept,
        codings=tuple(replace(each, display=_bare(each.display)) for each in concept.codings),
        text=_bare(concept.text),
    )
    return found if bare == concept else match(bare) or found


def _bare(text: str) -> str:
    before = ""
    while text != before:
        before, text = text, _AROUND.sub("", text).strip()
    return text


def _groups(concept: MedicationConcept) -> set[str]:
    found: set[str] = set()
    for text in (concept.text, *(coding.display for coding in concept.codings)):
        plain = _plain(_bare(text))
        for name in (plain, plain.removesuffix("s"), plain.removesuffix(" antibacterial")):
            if name in _CLASS_WORDS:
                found.add(_CLASS_WORDS[name])
    return found


def _plain(text: str) -> str:
    return " ".join(_WORD.findall(text.lower()))


def _kind(resource: Mapping[str, Any]) -> Literal["allergy", "intolerance", ""]:
    stated = code_of(resource.get("type"))
    if stated == "allergy":
        return "allergy"
    return "intolerance" if stated == "intolerance" else ""


def _reactions(resource: Mapping[str, Any]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for reaction in as_dicts(resource.get("reaction")):
        for value in as_list(reaction.get("manifestation")):
            inner = value.get("concept", value) if isinstance(value, dict) else value  # R5
            concept = concept_of(inner)
            words = concept.text or concept.label
            if words:
                found[words[:200]] = None
    return tuple(found)


def _state(resource: Mapping[str, Any]) -> State:
    for member in ("clinicalStatus", "status"):
        stated = _STATES.get(code_of(resource.get(member)))
        if stated is not None:
            return stated
    return "unknown"


def _when(resource: Mapping[str, Any]) -> str:
    period = resource.get("onsetPeriod")
    start = as_text(period.get("start")) if isinstance(period, dict) else ""
    stated = (as_text(resource.get(member)) for member in ("onsetDateTime", "onset"))
    recorded = (as_text(resource.get(member)) for member in ("recordedDate", "assertedDate"))
    return next((text for text in (*stated, start, *recorded) if text), "")

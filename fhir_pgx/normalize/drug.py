"""A medication concept, as an EHR sends it, to RxNorm ingredients.

Codes speak first: the product's own, then those of its listed ingredients; words only where no
code is known. What speaks second may still object: a text that names another drug than the code
is a mistake somewhere, and nothing here chooses between them.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Literal, Protocol

from fhir_pgx.model.drug import (
    CodeMeaning,
    Coding,
    Drug,
    DrugMatch,
    MatchNote,
    MedicationConcept,
)
from fhir_pgx.normalize.drug_name import find_by_name, normal_name
from fhir_pgx.terminology import ATC, NDC, RXNORM, SNOMED

__all__ = ["DrugIndex", "coding_system", "normal_name", "resolve"]

MOST_CODINGS = 20
MOST_DEPTH = 3

_SYSTEMS = {
    "nlm.nih.gov/research/umls/rxnorm": RXNORM,
    "2.16.840.1.113883.6.88": RXNORM,
    "rxnorm": RXNORM,
    "hl7.org/fhir/sid/ndc": NDC,
    "2.16.840.1.113883.6.69": NDC,
    "ndc": NDC,
    "snomed.info/sct": SNOMED,
    "2.16.840.1.113883.6.96": SNOMED,
    "whocc.no/atc": ATC,
    "2.16.840.1.113883.6.73": ATC,
}
_SCHEME = re.compile(r"^(?:urn:oid:|https?://)?(?:www\.)?")

Set = tuple[Drug, ...]
How = Literal["code", "name"]
Found = tuple[Coding, CodeMeaning]


class DrugIndex(Protocol):
    """What the resolver asks of the drug tables; each answers None for what it does not hold."""

    def by_rxcui(self, code: str, /) -> CodeMeaning | None: ...

    def by_ndc(self, text: str, /) -> CodeMeaning | None: ...

    def by_atc(self, code: str, /) -> CodeMeaning | None: ...

    def by_snomed(self, code: str, /) -> CodeMeaning | None: ...

    def by_name(self, normalised: str, /) -> CodeMeaning | None: ...


def coding_system(system: str) -> str:
    """The canonical URL of a drug code system, however it is written; empty for any other.

    Urls with http or https and a trailing slash, `urn:oid:` and bare OIDs are the same system; a
    local or opaque system is none of ours.
    """
    key = _SCHEME.sub("", system.strip().lower()).rstrip("/")
    if key.startswith("snomed.info/sct/"):  # an edition's own url
        return SNOMED
    return _SYSTEMS.get(key, "")


def _meaning(coding: Coding, index: DrugIndex) -> CodeMeaning | None:
    code = coding.code.strip()
    match coding_system(coding.system):
        case "":
            return None
        case found if found == RXNORM:
            return index.by_rxcui(code)
        case found if found == NDC:
            return index.by_ndc(code)
        case found if found == ATC:
            return index.by_atc(code)
        case _:
            return index.by_snomed(code)


def _notes(match: DrugMatch, *more: MatchNote) -> tuple[MatchNote, ...]:
    return tuple(dict.fromkeys((*match.notes, *more)))


def _disagreement(sets: Iterable[Set], decided_by: Coding | None, how: How) -> DrugMatch:
    return DrugMatch((), how, decided_by, ("codings-disagree",), tuple(dict.fromkeys(sets)))


def _is_complete_product(meaning: CodeMeaning) -> bool:
    return meaning.kind == "product" and "incomplete-ingredients" not in meaning.notes


def _comparable(one: Set, two: Set) -> bool:
    return set(one) <= set(two) or set(two) <= set(one)


def _from_codes(found: Sequence[Found]) -> DrugMatch:
    """What codings with ingredients say together.

    They agree where one of them holds the ingredients of every other: an ingredient code beside
    its product, a component beside its combination. Two products whose lists are complete are two
    products if the lists differ. A brand has several products: a product of it knows better.
    """
    sets = [meaning.ingredients for _, meaning in found]
    products = [meaning.ingredients for _, meaning in found if _is_complete_product(meaning)]
    if len({frozenset(product) for product in products}) > 1:
        return _disagreement(sets, None, "code")
    if products:
        found = [
            (coding, meaning)
            for coding, meaning in found
            if meaning.kind != "brand" or not _comparable(meaning.ingredients, products[0])
        ]
    largest = max((set(meaning.ingredients) for _, meaning in found), key=len)
    if not all(largest.issuperset(meaning.ingredients) for _, meaning in found):
        return _disagreement(sets, None, "code")
    # Of the codings that say it all, the one in force and the least qualified decides.
    coding, decisive = min(
        (pair for pair in found if set(pair[1].ingredients) == largest),
        key=lambda pair: ("retired-code" in pair[1].notes, len(pair[1].notes)),
    )
    notes = list(decisive.notes)
    said = {note for _, meaning in found for note in meaning.notes}
    if "incomplete-ingredients" in said and not products:
        notes.append("incomplete-ingredients")
    if "not-interchangeable" in said:
        notes.append("not-interchangeable")
    return DrugMatch(decisive.ingredients, "code", coding, tuple(dict.fromkeys(notes)))


def _from_parts(concept: MedicationConcept, index: DrugIndex, depth: int) -> DrugMatch | None:
    """The ingredients that a Medication lists, together; one not recognised leaves a note."""
    if depth >= MOST_DEPTH:
        return None
    matches = [_resolve(part, index, depth + 1) for part in concept.parts]
    known = [match for match in matches if match is not None]
    for match in known:
        if not match.ingredients and match.candidates:
            return match
    drugs = dict.fromkeys(drug for match in known for drug in match.ingredients)
    if not drugs:
        return None
    notes = dict.fromkeys(note for match in known for note in match.notes if note != "class-only")
    if any(match is None or not match.ingredients for match in matches):
        notes["incomplete-ingredients"] = None
    by_name = any(match.how == "name" for match in known)
    in_order = tuple(sorted(drugs, key=lambda drug: int(drug.rxcui)))
    decided_by = next((match.decided_by for match in known if match.decided_by), None)
    return DrugMatch(in_order, "name" if by_name else "code", decided_by, tuple(notes))


def _named(concept: MedicationConcept, index: DrugIndex) -> list[CodeMeaning]:
    """What the text and the displays name, each as a whole."""
    texts = dict.fromkeys((concept.text, *(c.display for c in concept.codings[:MOST_CODINGS])))
    found = (find_by_name(text, index.by_name) for text in texts if text)
    return [meaning for meaning in found if meaning is not None]


def _from_names(named: Sequence[CodeMeaning]) -> DrugMatch:
    """What the names say together: the largest, if it holds the ingredients of every other."""
    largest = max(named, key=lambda meaning: len(meaning.ingredients))
    sets = [meaning.ingredients for meaning in named]
    if not all(set(largest.ingredients).issuperset(found) for found in sets):
        return _disagreement(sets, None, "name")
    notes: dict[MatchNote, None] = {"matched-by-name": None}
    notes.update(dict.fromkeys(note for meaning in named for note in meaning.notes))
    return DrugMatch(largest.ingredients, "name", None, tuple(notes))


def _is_same_name(one: Drug, two: Drug) -> bool:
    """Whether one name is the short form of the other: `tenofovir`, `tenofovir disoproxil`."""
    return one.name.startswith(two.name) or two.name.startswith(one.name)


def _allows(match: DrugMatch, named: CodeMeaning, *, complete: bool) -> bool:
    """Whether a name can be said of the drug that the codes decided.

    It may say less (`codeine` of a combination). It may say more only where the code's list has
    gaps, or where a brand's name stands beside the code of one of its products (`complete`).
    """
    coded = set(match.ingredients)
    if coded.issuperset(named.ingredients):
        return True
    more = "incomplete-ingredients" in match.notes or (complete and named.kind == "brand")
    if more and coded.issubset(named.ingredients):
        return True
    return all(any(_is_same_name(drug, other) for other in coded) for drug in named.ingredients)


def _heard(match: DrugMatch, met: Sequence[Found], named: Sequence[CodeMeaning]) -> DrugMatch:
    """The match, after what could object has spoken: undecided listings, and names."""
    own = match.ingredients
    for _, meaning in met:
        if meaning.choices and not any(_comparable(own, choice) for choice in meaning.choices):
            return _disagreement((own, *meaning.choices), match.decided_by, match.how)
    complete = any(meaning.kind in ("product", "package") for _, meaning in met)
    objecting = [
        meaning.ingredients for meaning in named if not _allows(match, meaning, complete=complete)
    ]
    if objecting:
        return _disagreement((own, *objecting), match.decided_by, match.how)
    # `trastuzumab` by code and Kadcyla by name is Kadcyla.
    if any("not-interchangeable" in meaning.notes for meaning in named):
        return replace(match, notes=_notes(match, "not-interchangeable"))
    return match


def _resolve(concept: MedicationConcept, index: DrugIndex, depth: int) -> DrugMatch | None:
    met = [
        (coding, meaning)
        for coding in concept.codings[:MOST_CODINGS]
        if (meaning := _meaning(coding, index)) is not None
    ]
    decided = [pair for pair in met if pair[1].ingredients]
    named = _named(concept, index)
    match = _from_codes(decided) if decided else _from_parts(concept, index, depth)
    if match is not None:
        return _heard(match, met, named) if match.ingredients else match

    conflicts = [pair for pair in met if pair[1].choices]
    choices = [choice for _, meaning in conflicts for choice in meaning.choices]
    if named:
        match = _from_names(named)
        if not conflicts or not match.ingredients:
            return match
        if match.ingredients not in choices:
            return _disagreement((match.ingredients, *choices), conflicts[0][0], "name")
        return replace(match, notes=_notes(match, "ndc-conflict"))
    if conflicts:
        coding, meaning = conflicts[0]
        return DrugMatch((), "code", coding, meaning.notes, tuple(dict.fromkeys(choices)))
    if met:
        return DrugMatch((), "code", met[0][0], ("class-only",))
    return None


def resolve(concept: MedicationConcept, index: DrugIndex) -> DrugMatch | None:
    """The ingredients of a medication concept; None where nothing in it is recognised.

    The match has no ingredients if the codings, or a code and a name, disagree
    (`codings-disagree`), if the listings of an NDC do (`ndc-conflict`; both hold `candidates`), or
    if a class of drugs is all that is named (`class-only`). A name alone gives `how="name"` and
    the note `matched-by-name`; an ingredient of a Medication that is not recognised gives
    `incomplete-ingredients`.
    """
    return _resolve(concept, index, depth=0)

"""Drugs and the orders that name them.

A drug is an RxNorm ingredient (term type IN). What an EHR sends is a medication concept: several
codings of several systems, or text alone; `normalize/drug.py` resolves it to ingredients.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Coding:
    """A FHIR Coding: `system` as sent (an empty text where absent), `code`, `display`."""

    system: str
    code: str
    display: str = ""


@dataclass(frozen=True, slots=True)
class Drug:
    """An RxNorm ingredient: `rxcui` is its code, `name` its RxNorm name in lower case."""

    rxcui: str
    name: str


@dataclass(frozen=True, slots=True)
class MedicationConcept:
    """What a resource says the medicine is: its codings in order, and its text.

    `parts` holds the ingredients' own concepts where a Medication lists them; they speak only
    where the product's own codings do not resolve.
    """

    codings: tuple[Coding, ...] = ()
    text: str = ""
    parts: tuple["MedicationConcept", ...] = ()

    @property
    def label(self) -> str:
        """The words an order is known by: its text, else the first display, else the first code."""
        if self.text:
            return self.text
        for coding in self.codings:
            if coding.display:
                return coding.display
        return self.codings[0].code if self.codings else ""

    @property
    def names_nothing(self) -> bool:
        """Whether no code and no word says which drug it is: a Medication that did not come along,
        or one without a code."""
        return not (self.codings or self.text) and all(part.names_nothing for part in self.parts)


MatchNote = Literal[
    "matched-by-name",  # no code resolved; the whole name did: weaker, no suggestion is made
    "retired-code",  # a code that RxNorm has retired or remapped; its ingredients stay valid
    "incomplete-ingredients",  # a product whose table entry could not name every ingredient
    "not-interchangeable",  # a conjugate or carrier whose ingredient is another medicine by itself
    "codings-disagree",  # the codings resolve to different ingredients
    "ndc-conflict",  # listings disagree on what an NDC holds
    "class-only",  # the code names a class of drugs, not one
]


CodeKind = Literal[
    "ingredient",  # IN, PIN, MIN; an ingredient's name
    "component",  # SCDC, SBDC: one component of a product that may hold more
    "brand",  # a brand name: the ingredients that its products share
    "product",  # a single product, every ingredient listed unless a note says otherwise
    "pack",  # several products sold together
    "package",  # an NDC
    "substance",  # SNOMED CT or ATC level 5
    "class",  # ATC levels 1 to 4: many drugs
]


@dataclass(frozen=True, slots=True)
class CodeMeaning:
    """What the drug tables say that one code, or one whole name, means.

    `ingredients` is empty where the tables do not decide (then `choices` holds each set they
    offer; for a name, one that may not be matched automatically) and for a class of drugs.
    `successor` is the RxNorm code that a remapped code lives on under, else empty.
    """

    ingredients: tuple[Drug, ...]
    kind: CodeKind
    notes: tuple[MatchNote, ...] = ()
    choices: tuple[tuple[Drug, ...], ...] = ()
    successor: str = ""


@dataclass(frozen=True, slots=True)
class DrugMatch:
    """The ingredients a medication concept resolves to.

    Of several products that differ, `ingredients` may hold what all of them contain.

    `how` is `code` or `name`. `ingredients` is empty where codings disagree: then `candidates`
    holds every ingredient set found, and no advice may choose between them silently.
    """

    ingredients: tuple[Drug, ...]
    how: Literal["code", "name"]
    decided_by: Coding | None = None
    notes: tuple[MatchNote, ...] = ()
    candidates: tuple[tuple[Drug, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class MedicationOrder:
    """An order or a medicine in use, as read from one FHIR resource of any release.

    `reference` is `Type/id` as the caller knows it, `path` the FHIRPath of the resource in the
    request, `resource` the JSON as received (needed to write a suggestion that changes it), and
    `proposed` is True for a draft the clinician is about to sign, False for medicines in use.
    `doses` are the stated single doses as (amount, unit) texts in the order sent.
    """

    reference: str
    path: str
    resource_type: str
    status: str
    concept: MedicationConcept
    proposed: bool
    subject: str = ""
    match: DrugMatch | None = None
    resource: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    is_local: bool | None = field(default=None, compare=False)  # for local use; None: not looked at

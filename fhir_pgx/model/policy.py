"""What a site lets alert: its policy file as a value (docs/policy.md has every key).

A policy leaves cards out or lowers them; it never adds one and never changes what one says. The
default says nothing, and leaves everything as it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from fhir_pgx.model.card import Card, Indicator

DEFAULT_HOOK = "default"  # the section for every hook that has none of its own

Why = Literal[
    "level",  # below the least indicator of the hook, or of the user's specialty
    "strength",  # no source on the card advises with a strength that may alert
    "drug",
    "gene",
    "domain",  # a domain of precision therapy that the site does without
    "source",  # no source of the therapies on the card may alert
    "specialty",  # a drug or gene that these users need not hear of
    "patient-view",  # nothing serious among the medicines in use, and patient-view is quiet
    "mute-critical",  # a critical card whose drug the site silenced by name, with a reason
    "shown-before",  # told to the same user at order-select, unchanged since
]


@dataclass(frozen=True, slots=True)
class HookPolicy:
    """For one hook; None where the file does not say."""

    least_indicator: Indicator | None = None
    max_cards: int | None = None


@dataclass(frozen=True, slots=True)
class Tier:
    """Cards that shall interrupt no more than `most_indicator`.

    A card is of the first tier of which it meets every condition that is not empty. Without
    `domains` a tier is of drug response alone, with them of precision therapy alone.
    """

    name: str
    most_indicator: Indicator
    hooks: frozenset[str] = frozenset()
    drugs: frozenset[str] = frozenset()
    genes: frozenset[str] = frozenset()
    strengths: frozenset[str] = frozenset()
    actions: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Specialty:
    """What users of a specialty, role or type need not hear of.

    `who` are codes, labels or resource types, in lower case; any of them is enough.
    """

    name: str
    who: frozenset[str]
    least_indicator: Indicator | None = None
    mute_drugs: frozenset[str] = frozenset()
    mute_genes: frozenset[str] = frozenset()
    only_genes: frozenset[str] = frozenset()
    mute_domains: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class TherapyPolicy:
    """What a site does without of precision therapy. `sources` are `CIViC`, `CIViC B`, `FDA`, …;
    None lets all of them alert."""

    mute_domains: frozenset[str] = frozenset()
    mute_drugs: frozenset[str] = frozenset()
    mute_genes: frozenset[str] = frozenset()
    sources: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Drugs are RxNorm codes or our names in lower case. `strengths` are `SOURCE` or
    `SOURCE strength`; None lets all of them alert. `mute_critical` gives the reason for each drug
    whose critical cards are silenced. All of them are of drug response: a site that wrote them did
    not mean a tumour or a virus. `therapies` is of precision therapy."""

    hooks: Mapping[str, HookPolicy] = field(default_factory=dict)
    untested_cards: str = ""
    quiet_patient_view: bool = False
    strengths: frozenset[str] | None = None
    mute_drugs: frozenset[str] = frozenset()
    mute_genes: frozenset[str] = frozenset()
    only_genes: frozenset[str] = frozenset()
    mute_critical: Mapping[str, str] = field(default_factory=dict)
    tiers: tuple[Tier, ...] = ()
    specialties: tuple[Specialty, ...] = ()
    therapies: TherapyPolicy = field(default_factory=TherapyPolicy)

    def least_indicator(self, hook: str) -> Indicator:
        """The least that a card of this hook must be to be shown."""
        for name in (hook, DEFAULT_HOOK):
            if name in self.hooks and (least := self.hooks[name].least_indicator) is not None:
                return least
        return "info"

    def max_cards(self, hook: str, otherwise: int) -> int:
        """The most cards in an answer to this hook; `otherwise` where the file does not say."""
        for name in (hook, DEFAULT_HOOK):
            if name in self.hooks and (most := self.hooks[name].max_cards) is not None:
                return most
        return otherwise


EVERYTHING = Policy()


@dataclass(frozen=True, slots=True)
class Muted:
    """A card that was left out: what it rests on and why, without patient or order. `by` is the
    tier's, specialty's, drug's or hook's name in the policy."""

    rules: tuple[str, ...]
    topic: str
    indicator: Indicator
    why: Why
    by: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """The cards that remain, in order, and those left out."""

    cards: tuple[Card, ...]
    muted: tuple[Muted, ...] = ()

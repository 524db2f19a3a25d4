"""What is held on drugs as alternatives: what speaks against them, and which belong together.

The files `knowledge/alternatives_facts.yaml` and `knowledge/drug_classes.yaml`, decoded. Nothing
here speaks of a patient.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from fhir_pgx.model.condition_class import ConditionClass

# What of a patient a fact turns on.
Kind = Literal[
    "history",  # a condition at any time: a stroke that is over still counts
    "condition",  # a condition in force
    "pregnant",
    "breastfeeding",
    "age_at_least",
    "age_below",
    "weight_below",  # kg
    "egfr_below",  # mL/min/1.73 m², or mL/min
    "hepatic",  # Child-Pugh A, B, C as mild, moderate, severe
    "taken_with",  # RxNorm ingredient codes
    "allergy",  # families of drugs
]


@dataclass(frozen=True, slots=True)
class AlternativeFact:
    """One thing that a source says of a drug: for these patients this verdict.

    `values` are condition classes, codes, families or grades, `bound` a number; which of them is
    used `kind` says. `no-concern` says that the source asks for nothing there: it was looked at.
    `to_confirm`: known of labelling in general, and not yet read there again.
    `source` is short enough for a card, `citation` its key in the file.
    """

    kind: Kind
    verdict: Literal["avoid", "caution", "no-concern"]
    text: str
    source: str
    citation: str
    values: tuple[str, ...] = ()
    bound: Decimal | None = None
    to_confirm: bool = False


@dataclass(frozen=True, slots=True)
class DrugKinds:
    """Which drugs a drug stands beside: its ATC level 4 groups (those whose members are alike), and
    the families that an allergy may name."""

    name: str
    atc: tuple[str, ...] = ()
    families: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AlternativeFacts:
    """`by_drug` and `kinds` are by RxNorm ingredient code, `atc` the names of the groups.

    `crossing` are the families in which an allergy to one member is a warning for another;
    `conditions` the condition classes that these facts alone need.
    """

    by_drug: dict[str, tuple[AlternativeFact, ...]] = field(default_factory=dict)
    kinds: dict[str, DrugKinds] = field(default_factory=dict)
    atc: dict[str, str] = field(default_factory=dict)
    crossing: tuple[str, ...] = ()
    conditions: tuple[ConditionClass, ...] = ()


NO_FACTS = AlternativeFacts()

"""The facts that can be changed on the workbench, and what a change gives."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from fhir_pgx.errors import InvalidParameter
from fhir_pgx.workbench.ehr.record import Record

NOT_TESTED: Final = "not tested"  # every result of the gene is taken away
_HEAVIEST: Final = Decimal(700)
_OLDEST: Final = 130
_MINUS: Final = ("-", "−")
_NUMBER: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3})?")
_WHOLE: Final = re.compile(r"[0-9]{1,3}")


@dataclass(frozen=True, slots=True)
class Facts:
    """What is to be otherwise, as it was typed; what is empty stays as it is.

    `genotypes` by gene: a diplotype, a phenotype, or NOT_TESTED. `medicines` are drugs by name or
    RxNorm code that the patient is to take, or with a minus sign before it no longer takes (then
    also as `Type/id` of the chart). `weight` is in kilograms, `age` in whole years.
    """

    genotypes: Mapping[str, str] = field(default_factory=dict)
    medicines: tuple[str, ...] = ()
    weight: str = ""
    age: str = ""

    @property
    def added(self) -> tuple[str, ...]:
        return tuple(each for each in self.medicines if not each.lstrip().startswith(_MINUS))

    @property
    def removed(self) -> tuple[str, ...]:
        signed = (each.lstrip() for each in self.medicines)
        return tuple(each[1:].strip() for each in signed if each.startswith(_MINUS))


@dataclass(frozen=True, slots=True)
class Changed:
    """The chart with the facts changed, and in words what was done to it and what was lost."""

    record: Record
    notes: tuple[str, ...] = ()


def weight_of(facts: Facts) -> Decimal | None:
    """Kilograms; None where none is given. Raises InvalidParameter for a weight that nobody has."""
    text = facts.weight.strip().removesuffix("kg").strip().replace(",", ".")
    if not text:
        return None
    found = Decimal(text) if _NUMBER.fullmatch(text) else Decimal(0)
    if not 0 < found <= _HEAVIEST:
        raise InvalidParameter(
            "this is no body weight",
            where="weight",
            mend=f"give kilograms, more than 0 and at most {_HEAVIEST}, such as 70.5",
        )
    return found


def age_of(facts: Facts) -> int | None:
    """Whole years; None where none is given. Raises InvalidParameter for what is no age."""
    text = facts.age.strip()
    if not text:
        return None
    if not _WHOLE.fullmatch(text) or int(text) > _OLDEST:
        raise InvalidParameter(
            "this is no age", where="age", mend=f"give whole years from 0 to {_OLDEST}"
        )
    return int(text)

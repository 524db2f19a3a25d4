"""What one patient and one order add to a card: everything that no other patient may be shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fhir_pgx.model.change import Change
from fhir_pgx.model.dose import DoseForPatient
from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.recommendation import AlternativeVerdict


@dataclass(frozen=True, slots=True)
class Extras:
    """`doses` are the advice in numbers, each with the population it is for; `above` names what
    the order is above (`the advised dose`, `FDA's maximum`), empty where it is not; `suggested` is
    the changed single dose with its unit, where one may be offered; `alternatives` the named
    alternatives judged by all that is known of the patient, by name, and `alternatives_note` what
    stands under them all; `lines` further lines on the advice (a score, an equation).
    """

    doses: tuple[tuple[str, DoseForPatient], ...] = ()
    above: str = ""
    is_settled: bool = False  # long in use, dose advice alone, nothing exceeded: it only informs
    suggested: tuple[str, str] | None = None
    alternatives: Mapping[str, AlternativeVerdict] = field(default_factory=dict)
    alternatives_note: str = ""
    lines: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    limits: tuple[Caveat, ...] = ()  # what was not looked at for this order


NOTHING_MORE = Extras()

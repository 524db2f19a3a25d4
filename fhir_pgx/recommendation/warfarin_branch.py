"""The branches of CPIC's warfarin flow that a patient's own words allow.

Ancestry is what patients report of themselves. It is optional, and nothing is guessed: without it,
and where African ancestry is one of several, both branches are shown.
"""

from dataclasses import dataclass

from fhir_pgx.model.dosing import WarfarinDosing
from fhir_pgx.model.patient import PatientContext

SELF_REPORTED = "self-reported and optional"


@dataclass(frozen=True, slots=True)
class Branch:
    """One branch of the flow. `is_stated` tells whether the patient's own words chose it,
    `ancestry` the row of IWPC's table, `american` whether African American was reported."""

    is_african: bool
    is_stated: bool
    ancestry: str
    american: bool = False

    @property
    def code(self) -> str:
        return "african-ancestry" if self.is_african else "non-african-ancestry"

    @property
    def label(self) -> str:
        return "adults of African ancestry" if self.is_african else "adults not of African ancestry"

    @property
    def when(self) -> str:
        if self.is_african:
            return f"for patients who report African ancestry; {SELF_REPORTED}"
        return f"for patients who report an ancestry that is not African; {SELF_REPORTED}"


def branches(patient: PatientContext, rules: WarfarinDosing) -> tuple[Branch, ...]:
    """The branches that the patient's own words allow: one, or both where they do not settle it."""
    labels = {
        label.strip().lower(): rules.ancestry.get(label.strip().lower())
        for label in patient.ancestry
    }
    kinds = {kind for kind in labels.values() if kind}
    american = any("american" in label for label, kind in labels.items() if kind == "african")
    mixed = "missing-or-mixed"
    if kinds == {"african"}:
        return (Branch(True, True, "african", american),)
    if not kinds:
        return (Branch(False, False, mixed), Branch(True, False, "african"))
    if "african" in kinds:
        return (Branch(False, False, mixed), Branch(True, False, mixed, american))
    (kind, *more) = sorted(kinds)
    plain = kind if not more and kind in ("asian", "white") else mixed
    return (Branch(False, True, plain),)

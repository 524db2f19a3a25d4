"""What a patient's record feeds the warfarin equations with.

Every input is kept with its date and source, and every one that is not on file is named.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext

from fhir_pgx.model.dosing import WarfarinDosing
from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.patient import Fact, Measurement, Medicine, PatientContext
from fhir_pgx.recommendation.dose_measure import too_old, unusable
from fhir_pgx.recommendation.dose_words import measured

ASSUMED_INR = Decimal("2.5")  # the middle of 2 to 3, which the equations and CPIC were made for
NAMES = {
    "amiodarone": "Amiodarone",
    "inducer": "An enzyme inducer (carbamazepine, phenytoin, rifampin)",
    "smokes": "Smoking",
    "dvt-pe": "Deep vein thrombosis or pulmonary embolism",
    "african": "African American ancestry (self-reported)",
}
_INR_RANGE = (Decimal(2), Decimal(3))
_DIGITS = 28


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the equations are fed with.

    `numbers` holds each input by its name, a yes as 1 and a no as 0. `missing` are those without
    which nothing is computed; `assumed` those that were counted as no because nobody said.
    `lines` are one for each input, for the card; `old` say what was measured too long ago.
    """

    numbers: Mapping[str, Decimal]
    missing: tuple[str, ...]
    assumed: tuple[str, ...]
    lines: tuple[str, ...]
    caveats: tuple[Caveat, ...]
    old: tuple[str, ...] = ()


def read_inputs(
    patient: PatientContext, dosing: WarfarinDosing, *, today: date | None = None
) -> Inputs:
    """The inputs of every equation, from what is known of the patient; `today` tells how old a
    weight is."""
    reader = _Reader(patient, dosing, today)
    reader.body()
    reader.medicines()
    reader.facts()
    return Inputs(
        reader.numbers,
        tuple(reader.missing),
        tuple(reader.assumed),
        tuple(reader.lines),
        tuple(reader.caveats),
        tuple(reader.old),
    )


class _Reader:
    """Collects inputs with the line that each is shown by."""

    def __init__(self, patient: PatientContext, dosing: WarfarinDosing, today: date | None) -> None:
        self._patient, self._dosing, self._today = patient, dosing, today
        self.numbers: dict[str, Decimal] = {}
        self.missing: list[str] = []
        self.assumed: list[str] = []
        self.lines: list[str] = []
        self.caveats: list[Caveat] = []
        self.old: list[str] = []

    def body(self) -> None:
        age = self._patient.age_years
        if age is None:
            self.missing.append("age")
            self.lines.append("Age: not known. Record the full date of birth.")
        else:
            self.numbers["age-years"], self.numbers["age-decades"] = (
                Decimal(age),
                Decimal(age // 10),
            )
            self.lines.append(f"Age: {age} years, by the date of birth.")
        height = self._measured("height", self._patient.height, "cm")
        weight = self._measured("weight", self._patient.weight, "kg")
        if height is not None and weight is not None:
            self.numbers["bsa"] = body_surface(height, weight)
            other = body_surface_dubois(height, weight)
            self.lines.append(
                f"Body surface: {_hundredth(self.numbers['bsa'])} m2 by Mosteller's formula, for "
                f"Gage (DuBois: {_hundredth(other)} m2)."
            )

    def _measured(self, name: str, found: Measurement | None, unit: str) -> Decimal | None:
        if found is None or found.unit != unit or found.value <= 0:
            self.missing.append(name)
            why = unusable(self._patient, name)
            state = "not on file"
            if why:
                state = f"on file and could not be used ({why})"
            elif self._patient.failed("measures"):
                state = "could not be obtained"
            self.lines.append(f"{name.capitalize()}: {state}. Record a {name}.")
            return None
        self.numbers[name] = found.value
        self.lines.append(f"{name.capitalize()}: {measured(found.value)} {unit}{_of(found)}.")
        # An adult's height stays.
        age = too_old(found, self._patient, self._today) if name == "weight" else ""
        if age:
            self.old.append(f"The weight is {age}: record a recent one.")
        return found.value

    def medicines(self) -> None:
        for name, codes in self._dosing.medicines.items():
            self._medicine(name, codes)

    def _medicine(self, name: str, codes: Mapping[str, str]) -> None:
        held = [
            (medicine, codes[drug.rxcui])
            for medicine in self._patient.medicines
            for drug in medicine.drugs
            if drug.rxcui in codes
        ]
        taken = [pair for pair in held if pair[0].state in ("active", "draft")]
        self.numbers[name] = Decimal(bool(taken))
        for medicine, agent in taken or held:
            self.lines.append(f"{agent.capitalize()}: {_in_time(medicine)}.")
            if not taken:
                self.caveats.append(
                    Caveat(
                        "PGX-675",
                        f"{agent.capitalize()} is not counted in the dose: it is "
                        f"{_in_time(medicine)}, and may act on warfarin all the same.",
                    )
                )
        if held:
            return
        if self._patient.medicines_known:
            agents = ", ".join(codes.values())
            self.lines.append(f"{agents.capitalize()}: none among the medicines on file.")
        else:
            self.assumed.append(name)

    def facts(self) -> None:
        target = self._patient.inr_target
        if target is None:
            self.numbers["target-inr"] = ASSUMED_INR
            self.assumed.append("target-inr")
        else:
            self.numbers["target-inr"] = target.value
            self.lines.append(f"Target INR: {target.value}{_of(target)}.")
            if not _INR_RANGE[0] <= target.value <= _INR_RANGE[1]:
                self.caveats.append(
                    Caveat(
                        "PGX-674",
                        f"The target INR is {target.value}; IWPC and CPIC's flow were made for a "
                        "target of 2 to 3. Of the equations, Gage alone counts the target.",
                    )
                )
        self._yes_or_no("smokes", self._patient.smokes)
        thrombosis = self._patient.has("dvt-pe")
        if thrombosis:
            named = next(
                each
                for each in self._patient.conditions
                if "dvt-pe" in each.classes and each.state != "resolved"
            )
            self.lines.append(f"{NAMES['dvt-pe']}: yes{_where(named.since, named.reference)}.")
        else:
            self.assumed.append("dvt-pe")
        self.numbers["dvt-pe"] = Decimal(bool(thrombosis))

    def _yes_or_no(self, name: str, fact: Fact | None) -> None:
        self.numbers[name] = Decimal(fact is not None and fact.value)
        if fact is None:
            self.assumed.append(name)
        else:
            said = "yes" if fact.value else "no"
            self.lines.append(f"{NAMES[name]}: {said}{_where(fact.when, fact.reference)}.")


def body_surface(height: Decimal, weight: Decimal) -> Decimal:
    """Body surface in m2 from cm and kg, by Mosteller's formula (N Engl J Med 1987;317:1098)."""
    with localcontext() as context:
        context.prec = _DIGITS
        return (height * weight / 3600).sqrt()


def body_surface_dubois(height: Decimal, weight: Decimal) -> Decimal:
    """Body surface in m2 from cm and kg, by the formula of DuBois and DuBois (1916)."""
    with localcontext() as context:
        context.prec = _DIGITS
        return Decimal("0.007184") * weight ** Decimal("0.425") * height ** Decimal("0.725")


def _hundredth(number: Decimal) -> Decimal:
    return number.quantize(Decimal("0.01"), ROUND_HALF_UP)


def _of(measurement: Measurement) -> str:
    return _where(measurement.when, measurement.reference)


def _where(when: str, reference: str) -> str:
    """` (2026-10-01, Observation/w)`, as far as it is stated."""
    stated = ", ".join(part for part in (when or "no date stated", reference) if part)
    return f" ({stated})"


def _in_time(medicine: Medicine) -> str:
    where = f" ({medicine.reference})" if medicine.reference else ""
    if medicine.state == "active":
        return f"in use{where}"
    if medicine.state == "draft":
        return f"ordered together with this{where}"
    if medicine.state == "planned":
        return f"planned from {medicine.since or 'a later day'}{where}"
    return f"ended{' on ' + medicine.until if medicine.until else ''}{where}"

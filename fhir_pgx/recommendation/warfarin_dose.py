"""The warfarin equations at work: a patient's facts in, mg a week out.

What was assumed for an input that is not on file says what the other answer would change. Sums
are exact decimals; doses are shown to 0.1 mg.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal, localcontext

from fhir_pgx.model.dosing import Adjustment, ComputedDose, Equation, WarfarinDosing
from fhir_pgx.recommendation.warfarin_inputs import ASSUMED_INR, NAMES, Inputs

_TENTH = Decimal("0.1")
_DIGITS = 28


@dataclass(frozen=True, slots=True)
class Setting:
    """What differs between branches of one patient: genes and ancestry. `ancestry` is a key of the
    equation's table; `african` is None where the patient did not say."""

    vkorc1: str = ""
    cyp2c9: str = ""
    ancestry: str = "missing-or-mixed"
    african: bool | None = None


def weekly(equation: Equation, numbers: Mapping[str, Decimal], setting: Setting) -> Decimal | None:
    """The dose in mg a week, not rounded.

    None where the sum of a squared equation is not above zero: it then lies outside what the
    equation was made for, and its square would mislead. Raises KeyError where an input is absent.
    """
    given = {**numbers, **_of_genes(setting), "african": Decimal(setting.african is True)}
    with localcontext() as context:
        context.prec = _DIGITS
        total = Decimal(equation.intercept)
        for name, coefficient in equation.terms.items():
            total += Decimal(coefficient) * given[name]
        for table, key in (
            (equation.vkorc1, setting.vkorc1),
            (equation.cyp2c9, setting.cyp2c9),
            (equation.ancestry, setting.ancestry),
        ):
            if table:
                total += Decimal(table[key])
        if equation.form == "exp-per-day":
            return total.exp() * 7
        return total * total if total > 0 else None


def _of_genes(setting: Setting) -> dict[str, Decimal]:
    return {
        "vkorc1-a": Decimal(setting.vkorc1.count("A")),
        "cyp2c9-2": Decimal(setting.cyp2c9.count("*2")),
        "cyp2c9-3": Decimal(setting.cyp2c9.count("*3")),
    }


def computed(
    names: tuple[str, ...], dosing: WarfarinDosing, inputs: Inputs, setting: Setting
) -> tuple[ComputedDose, ...]:
    """The dose by each equation; nothing where an input is missing or the sum is out of range."""
    if inputs.missing:
        return ()
    found = []
    for name in names:
        equation = dosing.equations[name]
        dose = weekly(equation, inputs.numbers, setting)
        if dose is not None and tenth(dose) > 0:
            found.append(ComputedDose(name, equation.label, dose, dose))
    return tuple(found)


def adjusted(doses: tuple[ComputedDose, ...], change: Adjustment) -> tuple[ComputedDose, ...]:
    """The doses after a guideline's change in percent, which widens each to a range."""
    return tuple(
        replace(
            dose,
            low=dose.low * (100 + Decimal(change.low)) / 100,
            high=dose.high * (100 + Decimal(change.high)) / 100,
        )
        for dose in doses
    )


def loading_days(dosing: WarfarinDosing, inputs: Inputs, setting: Setting) -> tuple[Decimal, ...]:
    """Doses of days 1 to 3 in mg by EU-PACT; empty where the facts do not allow them.

    The equation has no term for enzyme inducers, so a patient who takes one gets none.
    """
    if inputs.missing or inputs.numbers["inducer"]:
        return ()
    week = weekly(dosing.equations[dosing.loading.equation], inputs.numbers, setting)
    if week is None or tenth(week / 7) <= 0:
        return ()
    day = week / 7
    with localcontext() as context:
        context.prec = _DIGITS
        rate = Decimal(dosing.loading.per_hour[setting.cyp2c9])
        once, twice = (-24 * rate).exp(), (-48 * rate).exp()
        load = day / ((1 - once) * (1 + once + twice))
        return tuple(day + Decimal(weight) * (load - day) for weight in dosing.loading.weights)


# What is shown


def tenth(number: Decimal) -> Decimal:
    return number.quantize(_TENTH, ROUND_HALF_UP)


def span(low: Decimal, high: Decimal) -> str:
    """`33.4`, or `23.4 to 28.4`."""
    first, last = tenth(low), tenth(high)
    return f"{first}" if first == last else f"{first} to {last}"


def dose_text(dose: ComputedDose) -> str:
    """`IWPC: 33.4 mg/wk (4.8 mg/d)`."""
    day = span(dose.low / 7, dose.high / 7)
    return f"{dose.label}: {span(dose.low, dose.high)} mg/wk ({day} mg/d)"


def what_if(
    dosing: WarfarinDosing, names: tuple[str, ...], inputs: Inputs, setting: Setting
) -> tuple[str, ...]:
    """For each input that was assumed, what the other answer would change."""
    if inputs.missing:
        return ()
    lines = []
    assumed = [*inputs.assumed, *(["african"] if setting.african is None else [])]
    for name in assumed:
        changes = [
            change
            for equation in names
            if (change := _change(dosing.equations[equation], name, inputs, setting))
        ]
        if not changes:
            continue
        if name == "target-inr":
            lines.append(f"Target INR is not on file; {ASSUMED_INR} assumed: {changes[0]} at 3.0.")
        else:
            lines.append(
                f"{NAMES[name]} is not known and was counted as no: {', '.join(changes)} if yes."
            )
    return tuple(lines)


def _change(equation: Equation, name: str, inputs: Inputs, setting: Setting) -> str:
    """`Gage 10 % more` with the other answer; empty where the equation does not ask for it."""
    if name not in equation.terms:
        return ""
    other = {**inputs.numbers, name: Decimal(3) if name == "target-inr" else Decimal(1)}
    turned = replace(setting, african=True) if name == "african" else setting
    before, after = weekly(equation, inputs.numbers, setting), weekly(equation, other, turned)
    if not before or not after:
        return ""
    percent = ((after / before - 1) * 100).quantize(Decimal(1), ROUND_HALF_UP)
    return f"{equation.label} {abs(percent)} % {'more' if percent >= 0 else 'less'}"

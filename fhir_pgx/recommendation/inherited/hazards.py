"""What inherited findings say against a drug: label and guideline hazards, and QT-prolonging drugs.

A finding that meets a row is told at the row's loudness; one that may meet it a step lower; one of
uncertain significance as information alone, and only where the drug would be contraindicated or
avoided. A measured QTc raises what a finding says by one step, and says nothing by itself.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from fhir_pgx.model.dates import days_of
from fhir_pgx.model.inherited import InheritedRow, JudgedInherited, QtDrug
from fhir_pgx.model.patient import Measurement, PatientContext
from fhir_pgx.model.therapy import EFFECTS, Effect, TherapyDrug
from fhir_pgx.recommendation.inherited.advising import (
    Hit,
    advice_of,
    alarm_of,
    has_condition,
    step_of,
)
from fhir_pgx.recommendation.inherited.book import InheritedBook
from fhir_pgx.recommendation.inherited.known import Known
from fhir_pgx.recommendation.inherited.matching import fit_of

LONG_QTC = 500  # ms: the figure at which labels of QT drugs stop (dronedarone, fingolimod)
QTC_DAYS = 90  # an older QTc is shown, and raises nothing
_CLOTTING = "combined-oestrogen-contraceptive"
_TOLD = ("met", "possible", "uncertain")


def hazards_of(
    drugs: Sequence[TherapyDrug],
    book: InheritedBook,
    known: Known,
    patient: PatientContext,
    today: date,
) -> list[JudgedInherited]:
    """Every hazard of the drugs of one order, the loudest first; of one row's parts the loudest
    alone."""
    found = [
        judged
        for row in book.rows_for(drugs)
        if row.kind == "hazard" and _is_meant(row, drugs, patient)
        for meant in _meant(row, book, drugs)
        for judged in _judged(row, meant, row.effect, known, patient)
    ]
    others = _other_qt_drugs(drugs, book, patient) if book.qt_for(drugs) else ""
    for qt in book.qt_for(drugs):
        found += _of_qt(qt, book.qt_rows, known, patient, today, others)
    return _loudest(found)


def _meant(
    row: InheritedRow, book: InheritedBook, drugs: Sequence[TherapyDrug]
) -> list[tuple[TherapyDrug, ...]]:
    """The drugs of the order that a row speaks of: each by itself, or a pair of a class."""
    alone: list[tuple[TherapyDrug, ...]] = [(drug,) for drug in drugs if book.is_of(row, drug)]
    if alone:
        return alone
    names = {drug.name.lower() for drug in drugs}
    pairs = (each.name.split(" + ") for each in book.drugs_of(row) if " + " in each.name)
    return [
        tuple(drug for drug in drugs if drug.name.lower() in pair)
        for pair in pairs
        if names.issuperset(pair)
    ]


def _is_meant(row: InheritedRow, drugs: Sequence[TherapyDrug], patient: PatientContext) -> bool:
    """Whether the row is of this situation; nobody is taken for pregnant without a record."""
    if row.when in ("pregnancy", "postpartum"):
        return patient.pregnant is not None and patient.pregnant.value
    if row.when == "breastfeeding":
        return patient.breastfeeding is not None and patient.breastfeeding.value
    if row.id.endswith("/alone"):
        # A single agent: neither in a product of several nor beside the others.
        beside = {d.name for m in patient.medicines if m.state != "ended" for d in m.drugs}
        partners = beside | {drug.name for drug in drugs}
        return partners.isdisjoint(("lumacaftor", "tezacaftor", "elexacaftor"))
    return True


def _judged(
    row: InheritedRow,
    drugs: tuple[TherapyDrug, ...],
    effect: Effect,
    known: Known,
    patient: PatientContext,
) -> Iterator[JudgedInherited]:
    fit = fit_of(row, known)
    if fit.state not in _TOLD:
        return
    hit = Hit(row, fit, has_condition(row, known))
    step = step_of(effect)
    is_open = row.criterion.needs_condition and not hit.has_condition
    if fit.state == "uncertain":
        if step < 2:
            return
        step = 1
    elif fit.state == "possible" or is_open:
        step = max(step - 1, 1)
    advice = advice_of(hit, patient, drugs=drugs, effect=effect)
    state = "possible" if fit.state == "met" and is_open else fit.state
    if state == "uncertain":
        # What the row says holds for pathogenic findings: of this one nothing is known.
        said = (
            f"Were it pathogenic, the drug would be told as: {effect}. It is no reason to withhold "
            "or change it by itself; an ECG and the laboratory's newest word on the variant help."
        )
        advice = replace(advice, effect="unknown", serious=False, summary=said)
    yield JudgedInherited(
        advice, alarm_of(step), state, "hazard", _smoking(row, patient), when=row.when
    )


def _smoking(row: InheritedRow, patient: PatientContext) -> tuple[str, ...]:
    """Named beside an oestrogen's risk of thrombosis; it changes no loudness."""
    if _CLOTTING not in row.drug_classes or patient.smokes is None or not patient.smokes.value:
        return ()
    when = f" ({patient.smokes.when[:10]})" if patient.smokes.when else ""
    return (f"Smoking is on record{when}",)


def _of_qt(
    qt: QtDrug,
    rows: Iterable[InheritedRow],
    known: Known,
    patient: PatientContext,
    today: date,
    others: str,
) -> Iterator[JudgedInherited]:
    """A QT drug for each long-QT gene with a finding.

    The label decides where it contraindicates the drug or says to avoid it. Where it only warns of
    the QT interval, the gene's guideline speaks, which has every QT drug avoided. A risk modifier
    is caution at most.
    """
    for row in rows:
        is_modifier, is_mild = row.effect == "caution", qt.in_lqts == "caution"
        if is_modifier and is_mild:
            continue  # a modest risk and a modest drug: no card
        by_label = max((row.effect, qt.in_lqts), key=EFFECTS.index)
        effect: Effect = "avoid" if is_mild else by_label
        for judged in _judged(row, (qt.drug,), effect, known, patient):
            if is_mild and judged.state == "uncertain":
                continue
            speaks = row.provenance if is_mild else qt.provenance
            advice = replace(judged.advice, provenance=speaks, market=qt.market)
            if judged.state != "uncertain":
                advice = replace(advice, summary=_qt_words(row, qt))
            step = {"info": 1, "warning": 2, "critical": 3}[judged.alarm]
            said, raises = qtc_words(patient.qtc, qt, today)
            if raises and judged.state == "met" and not is_modifier:
                step += 1
            measured = (said, _rate_words(patient.heart_rate), others)
            beside = tuple(words for words in measured if words)
            yield replace(judged, advice=advice, alarm=alarm_of(step), beside=beside)


def _qt_words(row: InheritedRow, qt: QtDrug) -> str:
    label = {
        "contraindicated": "the label contraindicates it in long QT syndrome",
        "avoid": "the label says to avoid it in long QT syndrome",
        "caution": "the label warns of QT prolongation",
    }[qt.in_lqts]
    note = f"; {qt.note}" if qt.note else ""
    if qt.in_lqts == "caution":
        # The guideline of the gene speaks, and stands beneath as the source; the label is told.
        about = f"FDA-label, {qt.provenance.id}"
        return f"{row.says} {qt.drug.name.capitalize()}: {label} ({qt.category}{note}; {about})."
    gene = f"The gene: {row.provenance.source}, {row.id.partition('/')[0]}."
    return f"{row.says} {qt.drug.name.capitalize()}: {label} ({qt.category}{note}). {gene}"


def qtc_words(qtc: Measurement | None, qt: QtDrug, today: date) -> tuple[str, bool]:
    """What the measured QTc says beside a hazard, and whether it raises it by a step: from 500 ms,
    or the figure of the drug's own label, within 90 days."""
    if qtc is None:
        return "", False
    limit = qt.qtc or LONG_QTC
    span = days_of(qtc.when) if qtc.when else None
    recent = span is not None and 0 <= (today - span[1]).days <= QTC_DAYS
    is_long = qtc.value >= Decimal(limit)
    said = f"QTc {qtc.value.normalize():f} ms{_day(qtc)}"
    if is_long:
        said += f": {limit} ms or more"
        said += "" if recent else ", too old to weigh here"
    return said, is_long and recent


def _other_qt_drugs(
    drugs: Sequence[TherapyDrug], book: InheritedBook, patient: PatientContext
) -> str:
    """The other QT-prolonging medicines on record, named for the reader and weighed no further."""
    ordered = {drug.name.lower() for drug in drugs}
    beside = {
        qt.drug.name
        for medicine in patient.medicines
        if medicine.state in ("active", "draft")
        for drug in medicine.drugs
        if drug.name.lower() not in ordered
        for qt in book.qt_for((TherapyDrug(drug.name, drug.rxcui),))
    }
    return (
        f"Also on record and prolonging the QT interval: {', '.join(sorted(beside))}"
        if (beside)
        else ""
    )


def _rate_words(rate: Measurement | None) -> str:
    """The heart rate, for the reader to weigh: no stored fact gives it a limit."""
    if rate is None:
        return ""
    return f"Heart rate {rate.value.normalize():f} a minute{_day(rate)}"


def _day(measured: Measurement) -> str:
    return f" ({measured.when[:10]})" if measured.when else " (without a date)"


def _loudest(found: Iterable[JudgedInherited]) -> list[JudgedInherited]:
    """Of the parts of one row, and of one drug's QT rows, the loudest; sorted by loudness."""
    order = {"critical": 0, "warning": 1, "info": 2}
    states = {"met": 0, "possible": 1, "uncertain": 2}
    best: dict[tuple[str, ...], JudgedInherited] = {}
    ranked = sorted(
        found,
        key=lambda each: (
            order[each.alarm],
            # Contraindicated if the phase holds says more than avoided whatever it is.
            EFFECTS.index(each.advice.effect),
            states.get(each.state, 3),
        ),
    )
    for each in ranked:
        base = each.advice.provenance.id.partition("/")[0]
        genes = each.advice.genes if base.startswith("QT-hand") else ()
        best.setdefault((base, each.advice.drug, *genes), each)
    return list(best.values())

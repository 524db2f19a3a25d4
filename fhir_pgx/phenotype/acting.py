"""Which of a patient's medicines act on an enzyme, and when."""

import math
from datetime import date, timedelta
from decimal import Decimal

from fhir_pgx.model.dates import days_of
from fhir_pgx.model.interactions import Agent, FoundInteraction, HalfLife, Interactions, When
from fhir_pgx.model.patient import Medicine, PatientContext

HALF_LIVES = 5  # after which 3 % is left
# Without a half-life nobody can say when an effect ends; this is how long an ended agent is told.
WINDOW = timedelta(days=35)

_PRECEDENCE = ("active", "draft", "washing-out", "planned")


def find_interactions(
    patient: PatientContext, table: Interactions, today: date, *, victims: frozenset[str]
) -> tuple[FoundInteraction, ...]:
    """Everything of the table that acts, still acts or will act on an enzyme of this patient.

    `victims` are the RxNorm codes of the drug that is asked about: it is no interaction of itself,
    the other ingredients of its product are. An agent met twice is given once, in use before
    ended. An ended one is given until five of its longest half-lives are over, or for 35 days
    where we hold no half-life. Weak ones are in the list. Medicines for the skin or the eye are
    not told apart from those that are swallowed.
    """
    found: dict[tuple[str, str], FoundInteraction] = {}
    for medicine in patient.medicines:
        for drug in medicine.drugs:
            if drug.rxcui in victims:
                continue
            for agent in table.by_rxcui.get(drug.rxcui, ()):
                new = _in_time(agent, medicine, today)
                old = found.get((agent.gene, agent.agent))
                if new is not None and (old is None or _precedence(new) < _precedence(old)):
                    found[agent.gene, agent.agent] = new
    if patient.smokes is not None and patient.smokes.value:
        for agent in table.uncoded:
            if agent.kind == "smoking":
                smoking = _found(agent, "active", patient.smokes.reference)
                found[agent.gene, agent.agent] = smoking
    return tuple(found.values())


def _in_time(agent: Agent, medicine: Medicine, today: date) -> FoundInteraction | None:
    if medicine.state == "planned":
        begins = medicine.since[:10] if _last_day(medicine.since) else ""
        return _found(agent, "planned", medicine.reference, when=begins)
    if medicine.state != "ended":
        return _found(agent, medicine.state, medicine.reference)
    washout = _washout(agent.half_life)
    ended = _last_day(medicine.until)
    if ended is None:
        # It ended on a day that nobody stated: told only where it began so late that it must
        # have ended within the window.
        began = _last_day(medicine.since)
        is_late = began is not None and today - began <= (washout or WINDOW)
        return _found(agent, "washing-out", medicine.reference) if is_late else None
    stopped = ended.isoformat()
    if washout is None:
        is_late = today - ended <= WINDOW
        found = _found(agent, "washing-out", medicine.reference, when=stopped)
        return found if is_late else None
    over = ended + washout
    if today >= over:
        return None
    return _found(agent, "washing-out", medicine.reference, when=stopped, until=over.isoformat())


def _washout(half_life: HalfLife | None) -> timedelta | None:
    """Five of the longest half-lives in whole days, rounded up; None where we hold none."""
    if half_life is None:
        return None
    return timedelta(days=math.ceil(Decimal(half_life.high) * HALF_LIVES / 24))


def _last_day(text: str) -> date | None:
    days = days_of(text)
    return days and days[1]


def _found(
    agent: Agent, state: When, reference: str, *, when: str = "", until: str = ""
) -> FoundInteraction:
    others = dict.fromkeys(o.strength for o in agent.others if o.strength != agent.strength)
    washout = _washout(agent.half_life)
    return FoundInteraction(
        gene=agent.gene,
        agent=agent.agent,
        rxcui=agent.rxcui,
        role=agent.role,
        strength=agent.strength,
        state=state,
        reference=reference,
        until=until,
        confidence=agent.confidence,
        source=agent.source,
        when=when,
        other_strengths=tuple(others),
        lasts=washout.days if washout is not None else None,
    )


def _precedence(each: FoundInteraction) -> tuple[int, int]:
    """In use first; of two that ended the later."""
    ended = _last_day(each.when) if each.state == "washing-out" else None
    return _PRECEDENCE.index(each.state), -(ended.toordinal() if ended else 0)

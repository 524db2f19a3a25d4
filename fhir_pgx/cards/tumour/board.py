"""The card of one cancer when a chart is opened: what the findings name a drug for, by the strength
of who says it; what speaks against a drug; what was not tested.

Options are grouped and not ranked as orders. A case report or a cell line is counted, or stands
apart as limited: it is never shown like a label.
"""

from collections.abc import Sequence
from datetime import date

from fhir_pgx.cards.context import CardContext
from fhir_pgx.cards.detail import section
from fhir_pgx.cards.headline import capitalised
from fhir_pgx.cards.markdown import bold, escape, plain
from fhir_pgx.cards.therapy import EFFECT_WORDS, subject_of, therapy_card
from fhir_pgx.cards.tumour.words import (
    NO_CANCER,
    cancer_words,
    capped,
    finding_line,
    level_words,
    option_line,
)
from fhir_pgx.model.card import Card
from fhir_pgx.model.drug import MedicationOrder
from fhir_pgx.model.finding import Caveat, Presence, StatedImplication
from fhir_pgx.model.tumour import Alteration
from fhir_pgx.model.tumour_answer import Board, Judged, Option

_OPTIONS, _FEW, _FINDINGS, _NAMES = 10, 4, 12, 10
_DRUGS = 8  # that one line of resistance names
_UNRANKED = (
    "Grouped by the strength of the source, then by name; not ranked as orders. What a tumour "
    "board weighs beyond the finding (stage, line, fitness) is not judged here."
)
SEVERAL = Caveat(
    "PGX-707",
    "Several cancers are on file, and the reports do not say which one a finding is of: each "
    "cancer is held against all of them.",
)
UNREAD = Caveat(
    "PGX-708",
    "A finding could not be read as a change, so no row was held against it: read the report.",
)


def board_card(
    board: Board,
    findings: Sequence[Alteration],
    markers: Sequence[str],
    in_use: Sequence[tuple[MedicationOrder, Judged]],
    reported: Sequence[StatedImplication],
    context: CardContext,
    today: date,
    *,
    is_one_of_several: bool = False,
    limits: Sequence[Caveat] = (),
) -> Card | None:
    """None where nothing was found that anything is to be said of. `markers` are lines of what is
    on file of biomarkers, `reported` what the laboratory itself says."""
    against = [(order, judged) for order, judged in in_use if judged.against]
    shown = (*board.options, *board.conditional, *board.limited, *board.elsewhere)
    if not (shown or board.resistance or against or reported):
        return None
    present = [f for f in findings if f.presence is Presence.PRESENT and f.kind != "wild-type"]
    uncertain = [f for f in present if f.significance in ("uncertain", "conflicting")]
    benign = [f for f in present if f.significance in ("benign", "likely-benign")]
    unread = [f for f in present if not f.is_resolved]
    counted = [f for f in present if f not in uncertain and f not in benign and f not in unread]
    rows = [each for option in (*shown, *board.resistance) for each in option.rows]
    advice = [each.advice for each in rows if each.advice.drugs]
    free = [each for each in board.options if not each.against]
    on_label = [each for each in free if _has_label(each)]
    off_label = [each for each in free if not _has_label(each)]
    opposed = [each for each in board.options if each.against]
    cancer = cancer_words(board.cancer)
    told = list(limits)
    told += [NO_CANCER] if board.cancer is None or not board.cancer.nodes else []
    told += [SEVERAL] if is_one_of_several else []
    told += [UNREAD] if unread else []
    parts = (
        f"**Cancer** {escape(cancer)}{_how(board)}",
        section("Findings", capped([finding_line(f) for f in counted], _FINDINGS) + list(markers)),
        section(
            "Medicines in use that the findings speak against",
            [_in_use_line(order, judged) for order, judged in against],
        ),
        section(
            "Named by an FDA label or companion diagnostic in this cancer",
            _lines(on_label, today, _OPTIONS),
        ),
        section(
            "Named, but another finding here speaks against it",
            _lines(opposed, today, _OPTIONS),
        ),
        section("Resistance and what is not indicated", _against_lines(board.resistance, today)),
        section(
            "Named by a guideline or by CIViC A or B in this cancer",
            _lines(off_label, today, 5),
        ),
        section(
            "Only under a condition that the data do not settle",
            _lines(board.conditional, today, _FEW, is_conditional=True),
        ),
        section("Limited evidence in this cancer (CIViC C)", _short(board.limited)),
        section(
            "Evidence in another cancer: off label here, and no option",
            _lines(board.elsewhere, today, _FEW),
        ),
        _UNRANKED if board.options or board.conditional else "",
        _hidden(board),
        section("Reported by the laboratory itself", _reported(reported)),
        section("Looked for and not found", _states(board, answered=True)),
        section("Not known, and able to change therapy here", _states(board, answered=False)),
        section("Not read as a change", capped([escape(f.label, 120) for f in unread], 5)),
        f"{len(uncertain)} of uncertain significance on file: no ground for a therapy."
        if uncertain
        else "",
    )
    return therapy_card(
        subject=subject_of(advice, "tumour", _node(board), "options"),
        summary=_summary(board, against, cancer),
        indicator="warning" if any(j.indicator != "info" for _, j in against) else "info",
        parts=parts,
        advice=advice,
        context=context,
        about=f"tumour {board.cancer.stated.origin.reference if board.cancer else ''}",
        limits=told,
        orders=tuple(dict.fromkeys(order.reference for order, _ in against)),
    )


def _has_label(option: Option) -> bool:
    return any(each.row.provenance.level.startswith("FDA") for each in option.rows)


def _node(board: Board) -> str:
    return board.cancer.nodes[0] if board.cancer and board.cancer.nodes else "any"


def _how(board: Board) -> str:
    if board.cancer is None:
        return ""
    stated = board.cancer.stated
    parts = [stated.stage and f"stage {stated.stage}", stated.status]
    parts += ["metastatic"] if stated.is_metastatic else []
    parts += ["kind read from its words"] if board.cancer.how == "text" else []
    said = ", ".join(part for part in parts if part)
    return f" ({escape(said)})" if said else ""


def _summary(board: Board, against: Sequence[tuple[MedicationOrder, Judged]], cancer: str) -> str:
    who = capitalised(plain(cancer, 50))
    if against:
        judged = against[0][1]
        first = judged.against[0]
        return (
            f"{who}: {plain(judged.drug.name, 40)} in use, "
            f"{EFFECT_WORDS[first.row.effect]} with {plain(first.advice.finding, 50)}."
        )
    if board.cancer is None:
        every = (*board.options, *board.conditional, *board.resistance, *board.elsewhere)
        found = plain(every[0].rows[0].advice.finding, 60) if every else "Findings of a tumour"
        return f"{found}: what it means for therapy depends on the cancer; none is on file."
    free = [option for option in board.options if not option.against]
    if free:
        first_group = [option for option in free if _has_label(option) == _has_label(free[0])]
        drugs = list(dict.fromkeys(option.rows[0].advice.drug for option in first_group))
        found = free[0].rows[0].advice.finding.partition(" (stated as")[0]
        count = "1 therapy" if len(drugs) == 1 else f"{len(drugs)} therapies"
        by = "a label" if _has_label(free[0]) else "strong evidence"
        more = ", …" if len(drugs) > 2 else ""
        return f"{who}, {plain(found, 40)}: {count} by {by} ({', '.join(drugs[:2])}{more})."
    if board.resistance:
        first = board.resistance[0].rows[0]
        return f"{who}, {plain(first.advice.finding, 40)}: speaks against {first.advice.drug}."
    if board.conditional:
        first = board.conditional[0].rows[0]
        return f"{who}, {plain(first.advice.finding, 40)}: {first.advice.drug}, on a condition."
    return f"{who}: findings with limited or off-label evidence only; see the detail."


def _lines(
    options: Sequence[Option], today: date, most: int, *, is_conditional: bool = False
) -> list[str]:
    lines = [option_line(each, today, is_conditional=is_conditional) for each in options[:most]]
    left = [each.rows[0].advice.drug for each in options[most:]]
    if left:
        named = ", ".join(dict.fromkeys(left[:_NAMES]))
        lines.append(f"… and {len(left)} more: {escape(named, 300)}.")
    return lines


def _against_lines(options: Sequence[Option], today: date) -> list[str]:
    """Labels and guidelines in full; studies by finding, the drugs together: ten lines of them
    would hide the label's one."""
    full = [each for each in options if each.rows[0].row.provenance.system != "CIViC"]
    studies: dict[tuple[str, str, str, str], list[str]] = {}
    for each in options:
        first = each.rows[0]
        about = first.row.provenance
        if about.system == "CIViC":
            needs = next((n for n in first.advice.needs if n.startswith("the cancer is ")), "")
            key = (first.advice.finding, first.row.effect, about.level, needs)
            ids = ", ".join(e.row.provenance.id for e in each.rows[:2])
            more = f" and {len(each.rows) - 2} more" if len(each.rows) > 2 else ""
            is_split = first.conflicts or first.advice.conflicts
            doubt = "; conflicting" if is_split else ""
            studies.setdefault(key, []).append(f"{first.advice.drug} ({ids}{more}{doubt})")
    lines = _lines(full, today, 6)
    for (finding, effect, level, needs), drugs in sorted(
        studies.items(), key=lambda each: (bool(each[0][3]), each[0][2], each[0][0])
    ):
        words = EFFECT_WORDS[effect]  # type: ignore[index]
        condition = f", if {needs}" if needs else ""
        left = f" and {len(drugs) - _DRUGS} more" if len(drugs) > _DRUGS else ""
        lines.append(
            f"{bold(finding)}: {words} by CIViC {level}{escape(condition)}: "
            f"{escape(', '.join(drugs[:_DRUGS]), 700)}{left}."
        )
    return capped(lines, 8)


def _short(options: Sequence[Option]) -> list[str]:
    """Limited evidence by name: the drug, the finding, the item."""
    lines = [
        f"{escape(capitalised(each.rows[0].advice.drug))}, {escape(each.rows[0].advice.finding)} "
        f"({escape(level_words(each.rows[0].row.provenance))}, "
        f"{escape(each.rows[0].row.provenance.id)})."
        for each in options
    ]
    return capped(lines, _FEW)


def _in_use_line(order: MedicationOrder, judged: Judged) -> str:
    first = judged.against[0]
    return (
        f"{escape(order.concept.label or judged.drug.name)}: {EFFECT_WORDS[first.row.effect]} with "
        f"{escape(first.advice.finding)} ({escape(level_words(first.row.provenance))}, "
        f"{escape(first.row.provenance.id)})."
    )


def _hidden(board: Board) -> str:
    if not board.hidden:
        return ""
    items = "item" if board.hidden == 1 else "items"
    return f"{board.hidden} more case-level or preclinical {items}, not shown."


def _reported(reported: Sequence[StatedImplication]) -> list[str]:
    lines = [
        escape(
            f"{', '.join(each.genes) or 'no gene named'}: "
            f"{'; '.join((*each.texts, *each.drugs)) or 'no words'} ({each.origin.reference})",
            300,
        )
        for each in reported
    ]
    return capped(lines, 6)


def _states(board: Board, *, answered: bool) -> list[str]:
    """Negatives of tissue; or what has no usable answer, with what stands in its way."""
    if answered:
        found = [m for m in board.markers if m.is_answered and " not found in " in m.state]
        lines = [f"{escape(m.name)}: {escape(m.state)}." for m in found]
    else:
        found = [m for m in board.markers if not m.is_answered]
        near = [m for m in found if m.state]
        bare = [m.name for m in found if not m.state]
        lines = [f"{escape(m.name)}: {escape(m.state)}." for m in near]
        named = ", ".join(bare[:_NAMES])
        more = f" and {len(bare) - _NAMES} more" if len(bare) > _NAMES else ""
        lines += [f"No result on file: {escape(named, 400)}{more}."] if bare else []
    return capped(lines, 8)

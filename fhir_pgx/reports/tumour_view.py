"""A patient's tumours as plain JSON, for a page: findings, biomarkers, and for each cancer the
options by tier, what speaks against a drug first, and what was not tested.

Rows of evidence are shown and never amount to an order. What the laboratory stated, what a source
says and what we derive (`tier_derived`) have members of their own.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from fhir_pgx.model.finding import NotUnderstood, StatedImplication
from fhir_pgx.model.knowledge import Knowledge
from fhir_pgx.model.tumour import Alteration
from fhir_pgx.model.tumour_answer import BiomarkerState, Board, Held, Option
from fhir_pgx.model.tumour_view import CancerFound, Cutoff, InUse, TumourFound
from fhir_pgx.reports.findings import stated, write_caveats, write_marker
from fhir_pgx.reports.plain import write_knowledge, write_not_understood

# Groups of a cancer's options, in the order they are told in; `options` are split by tier.
GROUPS = ("resistance", "options", "conditional", "limited", "elsewhere")


def write_tumour_view(
    found: TumourFound,
    subject: str,
    not_understood: Iterable[NotUnderstood],
    knowledge: Knowledge,
) -> dict[str, Any]:
    """`findings` are all alterations, told apart by `source_class`; `cancers` one member for each
    cancer, empty where nothing of a tumour is on file; `label` of a cancer is null where findings
    are on file and no cancer is."""
    return {
        "knowledge": write_knowledge(knowledge),
        "subject": subject,
        "findings": [_alteration(each) for each in found.alterations],
        "biomarkers": [write_marker(each) for each in found.markers],
        "cancers": [_cancer(each) for each in found.cancers],
        "reported": [_reported(each) for each in found.reported],
        "caveats": write_caveats(found.caveats),
        "not_understood": write_not_understood(not_understood),
    }


def _alteration(found: Alteration) -> dict[str, Any]:
    """A finding as stated; `vaf` is a fraction as text, `copies` those of the genome."""
    return stated(
        found.origin,
        found.caveats,
        label=found.label,
        genes=list(found.genes),
        kind=found.kind,
        presence="absent" if found.kind == "wild-type" else found.presence.value,
        source_class=found.source_class.value,
        specimen=found.specimen,
        protein=found.protein.text if found.protein else "",
        coding=found.coding,
        exons=list(found.exons),
        breakpoint=found.breakpoint,
        vaf=_text(found.vaf),
        copies=_text(found.copies),
        ratio=_text(found.ratio),
        repeats=_text(found.repeats),
        zygosity=found.zygosity,
        significance=found.significance,
        review=found.review,
        alleles=list(found.alleles),
        is_resolved=found.is_resolved,
    )


def _cancer(found: CancerFound) -> dict[str, Any]:
    board = found.board
    return {
        **_stated_cancer(board),
        "in_use": [_in_use(each) for each in found.in_use],
        "groups": list(_groups(found)),
        "hidden": board.hidden,
        "biomarkers": [_state(each) for each in board.markers],
        "cutoffs": [_cutoff(each) for each in found.cutoffs],
    }


def _stated_cancer(board: Board) -> dict[str, Any]:
    """The cancer as its Condition states it; `read_from` is `code` or `text`."""
    if board.cancer is None:
        return {"label": None}
    cancer = board.cancer.stated
    return stated(
        cancer.origin,
        label=cancer.label,
        nodes=list(board.cancer.nodes),
        read_from=board.cancer.how,
        state=cancer.state,
        stage=cancer.stage,
        metastatic=cancer.is_metastatic,
        status=cancer.status,
    )


def _groups(found: CancerFound) -> Iterable[dict[str, Any]]:
    """What speaks against a drug first; then options by tier; then what is weaker. No group is
    empty."""
    for name in GROUPS:
        options: tuple[Option, ...] = getattr(found.board, name)
        tiers = dict.fromkeys(_tier(each) for each in options) if name == "options" else {"": None}
        # `AMP I-A, ESCAT I` before `AMP I-A`: what more of the field's scales grade.
        for tier in sorted(tiers, key=lambda each: (each.partition(",")[0], -len(each))):
            members = [each for each in options if name != "options" or _tier(each) == tier]
            if members:
                yield {
                    "group": name,
                    **({"tier_derived": tier} if tier else {}),
                    "options": [_option(each, found.opposites) for each in members],
                }


def _tier(option: Option) -> str:
    return option.tier


def _option(option: Option, opposites: Mapping[str, Sequence[Held]]) -> dict[str, Any]:
    """Rows on the same drugs as one. `needs` are the conditions of each row: within a row all of
    them hold together, and one row is enough. `against` speaks against the same drugs by another
    finding, `opposite` says the opposite of the same finding."""
    first = option.rows[0]
    advice = first.advice
    told = [each.advice for each in option.rows if each.advice.drugs]
    opposite = {
        other.row.id: other for each in option.rows for other in opposites.get(each.row.id, ())
    }
    return {
        "drug": advice.drug,
        "drugs": [{"drug": drug.name, "rxnorm": drug.rxcui} for drug in first.row.drugs],
        "any_of": advice.any_of,
        "effect": first.row.effect,
        "findings": list(dict.fromkeys(each.finding for each in told if each.finding)),
        "disease": first.row.disease,
        "context_fit": first.fit,
        "tier_derived": _tier(option),
        "summary": advice.summary,
        "needs": _needs(each.needs for each in told),
        "market": advice.market,
        "conflicts": any(each.conflicts for each in option.rows),
        "against": [_row(each) for each in option.against],
        "opposite": [_row(each) for each in opposite.values()],
        "evidence": [_evidence(each) for each in option.rows],
        "derived_from": list(dict.fromkeys(r for each in told for r in each.derived_from)),
        "caveats": write_caveats(dict.fromkeys(c for each in told for c in each.caveats)),
    }


def _needs(rows: Iterable[tuple[str, ...]]) -> list[list[str]]:
    """The conditions of each row that has some, once. A row without any does not lift those of
    another: the label's stand, whatever a study asked for."""
    return [list(each) for each in dict.fromkeys(rows) if each]


def _row(held: Held) -> dict[str, Any]:
    """A row that stands on the other side: who says what of which finding."""
    return {
        "drug": held.advice.drug,
        "effect": held.row.effect,
        "finding": held.advice.finding,
        "disease": held.row.disease,
        "evidence": _evidence(held),
    }


def _evidence(held: Held) -> dict[str, Any]:
    about = held.row.provenance
    written = {
        "rule": f"tumour:{about.id}",
        "source": about.source,
        "level_system": about.system,
        "level": about.level,
        "id": about.id,
        "rating": about.rating,
        "pmids": list(about.pmids),
        "url": about.url,
        "as_of": about.as_of,
        "by_hand": about.by_hand,
    }
    return {name: value for name, value in written.items() if value not in ("", [])}


def _in_use(each: InUse) -> dict[str, Any]:
    return {
        "medicine": each.label,
        "reference": each.reference,
        "indicator": each.judged.indicator,
        "against": [_row(held) for held in each.judged.against],
    }


def _state(state: BiomarkerState) -> dict[str, Any]:
    """`status`: `answered`; `no-usable-answer`, where something is on file that settles nothing;
    `not-on-file`, where nothing is. `found` is what is on file, in words."""
    status = "no-usable-answer" if state.state else "not-on-file"
    return {
        "name": state.name,
        "genes": list(state.genes),
        "status": "answered" if state.is_answered else status,
        "found": state.state,
        "drugs": list(state.drugs),
        "is_own": state.is_own,
        "kinds": list(state.kinds),
    }


def _cutoff(cutoff: Cutoff) -> dict[str, Any]:
    return {
        "biomarker": cutoff.marker,
        "scale": cutoff.scale,
        "specimen": cutoff.specimen,
        "at_least": _text(cutoff.at_least),
        "below": _text(cutoff.below),
        "drugs": list(cutoff.drugs),
        "rows": list(cutoff.rows),
    }


def _reported(each: StatedImplication) -> dict[str, Any]:
    return {
        "genes": list(each.genes),
        "texts": list(each.texts),
        "drugs": list(each.drugs),
        "level": each.level,
        "contexts": list(each.contexts),
        "reference": each.origin.reference,
    }


def _text(number: Decimal | None) -> str | None:
    return None if number is None else f"{number.normalize():f}"

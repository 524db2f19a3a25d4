"""What the findings of one cancer come to when its chart is opened: options by the strength of
their source, what speaks against a drug, what waits for something, and the rest as a count.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from fhir_pgx.model.finding import Presence
from fhir_pgx.model.therapy import AGAINST, TherapyDrug
from fhir_pgx.model.tumour import Alteration, Cancer
from fhir_pgx.model.tumour_answer import Board, Held, Option
from fhir_pgx.recommendation.tumour.biomarkers import biomarkers_of
from fhir_pgx.recommendation.tumour.findings import Findings
from fhir_pgx.recommendation.tumour.rules import TumourRules, is_positive, order_of
from fhir_pgx.recommendation.tumour.tiers import is_case, is_label, is_strong, strength

OF_OTHER_CHANGES = (
    "the study of any {genes} mutation holds for this one, which the drug's label does not name"
)
_HERE = ("same", "any")
TOLD = 6  # rows of an option that are shown in full


def board_of(
    rules: TumourRules,
    findings: Findings,
    cancer: Cancer | None,
    taken: Sequence[TherapyDrug] = (),
) -> Board:
    """Options are grouped by drugs, and not ranked as orders. `taken` are drugs in use or taken
    before: they are told beside the conditions that ask for them."""
    held = rules.of_findings(findings, cancer, labels_alone_elsewhere=True)
    places, hidden = _sorted_out(held, rules, findings, cancer)
    against = sorted((each for each in held if _is_against(each)), key=order_of)
    on_label = [each for each in against if is_label(each.row.provenance)]
    groups = {
        name: _options([each for each in rows if not _is_excluded(each, on_label)], against)
        for name, rows in places.items()
    }
    # Drugs stand in the first place that holds them, and in no other; but a label on a condition is
    # not hidden by a study.
    by_study = {
        each.rows[0].drugs
        for each in groups["options"]
        if not is_label(each.rows[0].row.provenance)
    }
    shown: set[frozenset[str]] = set()
    kept: dict[str, list[Option]] = {}
    for name in ("options", "conditional", "limited", "elsewhere"):
        kept[name] = [
            each
            for each in groups[name]
            if each.rows[0].drugs not in shown
            or (
                name == "conditional"
                and each.rows[0].drugs in by_study
                and is_label(each.rows[0].row.provenance)
            )
        ]
        shown |= {each.rows[0].drugs for each in kept[name]}
    # Weak evidence against a drug that nothing here names is told when that drug is ordered.
    offered = {
        drug for option in (*kept["options"], *kept["conditional"]) for drug in option.rows[0].drugs
    }
    kept["resistance"] = []
    for option in groups["resistance"]:
        if is_strong(option.rows[0].row.provenance) or option.rows[0].drugs <= offered:
            kept["resistance"].append(option)
        else:
            hidden += len(option.rows)
    told = {
        name: tuple(_told(each, rules, cancer, taken) for each in options)
        for name, options in kept.items()
    }
    return Board(
        cancer,
        told["options"],
        told["conditional"],
        told["limited"],
        told["elsewhere"],
        told["resistance"],
        hidden,
        biomarkers_of(rules, findings, cancer),
    )


def _sorted_out(
    held: Sequence[Held], rules: TumourRules, findings: Findings, cancer: Cancer | None
) -> tuple[dict[str, list[Held]], int]:
    """The rows by the part of the board they belong to, and how many weak ones belong to none."""
    places: dict[str, list[Held]] = {
        "options": [], "conditional": [], "limited": [], "elsewhere": [], "resistance": [],
    }  # fmt: skip
    hidden = 0
    for each in held:
        place = _place(each, rules)
        if place in ("options", "conditional") and rules.is_denied_by_label(each, findings, cancer):
            continue
        if place == "options" and rules.is_narrower_on_label(each, findings, cancer):
            why = (OF_OTHER_CHANGES.format(genes="/".join(each.row.genes)),)
            places["conditional"].append(replace(each, outcome=replace(each.outcome, why=why)))
        elif place:
            places[place].append(each)
        else:
            is_weak = each.fit in _HERE and not is_strong(each.row.provenance)
            hidden += each.is_met and is_weak
    return places, hidden


def _is_against(held: Held) -> bool:
    is_here = held.is_met and held.fit in _HERE and not held.is_overridden
    return is_here and held.row.effect in AGAINST


def _told(
    option: Option, rules: TumourRules, cancer: Cancer | None, taken: Sequence[TherapyDrug]
) -> Option:
    """The option with the advice of what is shown of it; the rest is counted."""
    told = tuple(rules.told(each, cancer, taken) for each in option.rows[:TOLD])
    against = tuple(rules.told(each, cancer, taken) for each in option.against[:TOLD])
    return Option((*told, *option.rows[TOLD:]), against)


def _is_excluded(held: Held, against: Sequence[Held]) -> bool:
    """Whether a label says of the same drugs that they are not for this finding in this cancer: no
    other source makes them an option."""
    return is_positive(held) and any(each.drugs == held.drugs for each in against)


def _speaks_against(each: Held, rows: Sequence[Held]) -> bool:
    """Resistance to one drug by the very finding that a combination is named for is why they are
    combined; by another finding it counts."""
    first = rows[0]
    if not each.drugs <= first.drugs:
        return False
    # Of the very same finding the stronger source stands; the rest is told as a conflict. A label
    # for L858R says nothing of T790M, and a study of any EGFR mutation less than one of T790M.
    if any(_outweighs(row, each) for row in rows):
        return False
    if each.drugs == first.drugs:
        return True
    return not _ids(each) <= _ids(first)


def _outweighs(row: Held, against: Held) -> bool:
    is_as_exact = row.outcome.rank <= against.outcome.rank
    is_stronger = strength(row.row.provenance) < strength(against.row.provenance)
    return is_stronger and is_as_exact and _ids(against) <= _ids(row)


def _ids(held: Held) -> frozenset[int]:
    return frozenset(map(id, held.outcome.by))


def _place(held: Held, rules: TumourRules) -> str:
    """The part of the board that a row belongs to; empty where it is counted alone."""
    about = held.row.provenance
    if held.row.effect in AGAINST and held.is_met and not held.is_overridden:
        if held.fit in _HERE or (held.fit == "unknown" and is_strong(about)):
            return "resistance"
        return ""
    if not is_positive(held) or held.is_overridden or _is_barred(held, rules):
        return ""
    if not held.is_met:
        near = is_label(about) and held.fit in _HERE and _is_found(held)
        return "conditional" if near else ""
    if held.fit == "unknown":
        return "conditional" if is_strong(about) else ""
    if held.fit == "other":
        return "elsewhere" if is_label(about) and _is_positive_finding(held) else ""
    if is_strong(about):
        return "options"
    return "limited" if is_case(about) else ""


def _is_barred(held: Held, rules: TumourRules) -> bool:
    return rules.market.bars(held.row)


def _is_positive_finding(held: Held) -> bool:
    """A stable MSI or a negative stain brings no drug over from another cancer."""
    negative = ("stable", "proficient", "negative", "low")
    return any(
        isinstance(each, Alteration) or each.verdict not in negative for each in held.outcome.by
    )


def _is_found(held: Held) -> bool:
    """Whether something is there, and not only a negative that settles nothing."""
    return any(
        not isinstance(each, Alteration) or each.presence is Presence.PRESENT
        for each in held.outcome.by
    )


def _options(held: Iterable[Held], against: Sequence[Held]) -> list[Option]:
    groups: dict[tuple[frozenset[str], str], list[Held]] = {}
    for each in sorted(held, key=order_of):
        # A companion diagnostic and a label on the same drugs are one line.
        is_combination = each.row.joined == "combination"
        groups.setdefault((each.drugs, "+" if is_combination else ""), []).append(each)
    by_name = sorted(groups.values(), key=lambda rows: (*_group(rows[0]), _name(rows[0])))
    return [
        Option(
            # A label for this very cancer goes before one for every solid tumour.
            tuple(sorted(rows, key=_width)),
            tuple(
                each
                for each in against
                if _speaks_against(each, rows) and not any(each is row for row in rows)
            ),
        )
        for rows in by_name
    ]


def _width(held: Held) -> tuple[bool, bool]:
    is_labelled = is_label(held.row.provenance)
    return not is_labelled, is_labelled and held.fit == "any"


def _group(held: Held) -> tuple[bool, bool]:
    """Labels first; then what is strong; within a group no drug goes before another but by name."""
    return not is_label(held.row.provenance), not is_strong(held.row.provenance)


def _name(held: Held) -> str:
    return " + ".join(drug.name for drug in held.row.drugs)

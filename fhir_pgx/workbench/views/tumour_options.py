"""A tumour view's cancers: options by tier, what speaks against a drug first, and what is open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fhir_pgx.workbench.text.plain import one_line, web_address

MOST_EVIDENCE = 2
_OF_THE_LABEL = "conditions of the drug's label"
_TITLES = {
    "resistance": "Speaks against a drug: resistance, and what is not indicated",
    "conditional": "Only under a condition that the data do not settle",
    "limited": "Limited evidence in this cancer (case reports)",
    "elsewhere": "Evidence in another cancer: off label here, and no option",
}
_EFFECTS = {
    "sensitive": "sensitivity",
    "resistant": "resistance",
    "recommended": "named for this finding",
    "adverse-response": "adverse response",
    "no-sensitivity": "evidence against sensitivity",
    "no-resistance": "evidence against resistance",
    "limited-effect": "little or no effect",
    "test-first": "a test comes first",
    "adjust-dose": "another dose",
    "unknown": "effect not stated",
}
_LEVELS = {
    "FDA-CDx": "FDA companion diagnostic",
    "FDA-label": "FDA label",
    "FDA-label-limitation": "FDA label, limitation of use",
}
_CIVIC = {
    "A": "validated", "B": "clinical", "C": "case reports", "D": "preclinical", "E": "inferred",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    """`level` in words, the item's id with its address (empty for none), and what else is to be
    known of it."""

    level: str
    id: str
    url: str
    rest: str


@dataclass(frozen=True, slots=True)
class RowLine:
    """A row that stands on the other side."""

    words: str
    evidence: EvidenceLine


@dataclass(frozen=True, slots=True)
class OptionDrawn:
    """`for_it` is what the option rests on, `against` what speaks against it by another finding,
    `opposite` what says the opposite of the same one: they stand side by side."""

    drug: str
    effect: str
    is_against: bool
    findings: str
    disease: str
    needs: tuple[str, ...]
    tier: str
    market: str
    conflicts: bool
    summary: str
    against: tuple[RowLine, ...]
    opposite: tuple[RowLine, ...]
    evidence: tuple[EvidenceLine, ...]
    more_evidence: tuple[EvidenceLine, ...]
    caveats: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GroupDrawn:
    title: str
    name: str
    is_derived: bool
    options: tuple[OptionDrawn, ...]


@dataclass(frozen=True, slots=True)
class CancerDrawn:
    """`label` is empty where findings are on file and no cancer is."""

    label: str
    how: str
    reference: str
    in_use: tuple[tuple[str, str, tuple[RowLine, ...]], ...]
    groups: tuple[GroupDrawn, ...]
    hidden: int
    not_on_file: tuple[str, ...]
    without_answer: tuple[str, ...]
    answered: tuple[str, ...]


def cancer_drawn(cancer: Mapping[str, Any]) -> CancerDrawn:
    """One member of `cancers`."""
    states = cancer.get("biomarkers") or ()
    hidden = cancer.get("hidden")
    return CancerDrawn(
        label=one_line(cancer.get("label")),
        how=_how(cancer),
        reference=", ".join(one_line(each) for each in cancer.get("derived_from") or ()),
        in_use=tuple(
            (
                one_line(each.get("medicine")),
                one_line(each.get("reference")),
                tuple(_row(row) for row in each.get("against") or ()),
            )
            for each in cancer.get("in_use") or ()
        ),
        groups=tuple(_group(each) for each in cancer.get("groups") or ()),
        hidden=hidden if isinstance(hidden, int) else 0,
        not_on_file=_states(states, "not-on-file"),
        without_answer=_states(states, "no-usable-answer"),
        answered=_states(states, "answered"),
    )


def _how(cancer: Mapping[str, Any]) -> str:
    stage = one_line(cancer.get("stage"))
    parts = [f"stage {stage}" if stage else "", one_line(cancer.get("status"))]
    parts += ["metastatic"] if cancer.get("metastatic") is True else []
    parts += ["not metastatic"] if cancer.get("metastatic") is False else []
    parts += ["kind read from its words"] if cancer.get("read_from") == "text" else []
    return ", ".join(part for part in parts if part)


def _group(group: Mapping[str, Any]) -> GroupDrawn:
    name, tier = one_line(group.get("group")), one_line(group.get("tier_derived"))
    return GroupDrawn(
        title=_TITLES.get(name) or (f"Tier {tier}" if tier else "Without a tier"),
        name=name,
        is_derived=bool(tier),
        options=tuple(_option(each, name) for each in group.get("options") or ()),
    )


def _option(option: Mapping[str, Any], group: str) -> OptionDrawn:
    evidence = [_evidence(each) for each in option.get("evidence") or ()]
    drug = one_line(option.get("drug"))
    return OptionDrawn(
        drug=drug[:1].upper() + drug[1:],
        effect=effect_words(option.get("effect")),
        is_against=group == "resistance",
        findings="; ".join(one_line(each) for each in option.get("findings") or ()),
        disease=one_line(option.get("disease")),
        needs=_needs(option),
        tier=one_line(option.get("tier_derived")),
        market=one_line(option.get("market")),
        conflicts=option.get("conflicts") is True,
        summary=one_line(option.get("summary")),
        against=tuple(_row(each) for each in option.get("against") or ()),
        opposite=tuple(_row(each) for each in option.get("opposite") or ()),
        evidence=tuple(evidence[:MOST_EVIDENCE]),
        more_evidence=tuple(evidence[MOST_EVIDENCE:]),
        caveats=tuple(
            f"{one_line(each.get('text'))} ({one_line(each.get('code'))})"
            for each in option.get("caveats") or ()
        ),
    )


def _needs(option: Mapping[str, Any]) -> tuple[str, ...]:
    """A text for the conditions of each row. A companion diagnostic refers to the drug's label:
    where a row of the label stands beside it, that has said them."""
    has_label = any(
        one_line(each.get("level")).startswith("FDA-label") for each in option.get("evidence") or ()
    )
    rows = [[one_line(need) for need in row] for row in option.get("needs") or ()]
    told = [
        "; ".join(n for n in row if not (has_label and n.startswith(_OF_THE_LABEL))) for row in rows
    ]
    return tuple(dict.fromkeys(each for each in told if each))


def effect_words(effect: object) -> str:
    name = one_line(effect)
    return _EFFECTS.get(name, name.replace("-", " "))


def _row(row: Mapping[str, Any]) -> RowLine:
    drug = one_line(row.get("drug"))
    finding, disease = one_line(row.get("finding")), one_line(row.get("disease"))
    where = f"; {disease}" if disease else ""
    words = f"{drug}: {effect_words(row.get('effect'))}. {finding}{where}."
    return RowLine(words, _evidence(row.get("evidence") or {}))


def _evidence(about: Mapping[str, Any]) -> EvidenceLine:
    rating = one_line(about.get("rating"))
    parts = [f"rated {rating} of 5"] if rating else []
    parts += [f"PMID {one_line(pmid)}" for pmid in about.get("pmids") or ()]
    as_of = one_line(about.get("as_of"))
    parts.append(f"as of {as_of}" if as_of else "without a date")
    parts += ["compiled by hand: verify against the current label"] if about.get("by_hand") else []
    return EvidenceLine(
        level=level_words(about),
        id=one_line(about.get("id")) or "no id",
        url=web_address(about.get("url")),
        rest=", ".join(parts),
    )


def level_words(about: Mapping[str, Any]) -> str:
    """`FDA label`; `CIViC B, clinical`: the source's own level, in words."""
    system, level = one_line(about.get("level_system")), one_line(about.get("level"))
    if level in _LEVELS:
        return _LEVELS[level]
    if system == "CIViC":
        return f"CIViC {level}" + (f", {_CIVIC[level]}" if level in _CIVIC else "")
    return f"{one_line(about.get('source')) or system} {level}".strip()


def _states(states: Sequence[Mapping[str, Any]], status: str) -> tuple[str, ...]:
    return tuple(_state(each) for each in states if each.get("status") == status)


def _state(state: Mapping[str, Any]) -> str:
    name, found = one_line(state.get("name")), one_line(state.get("found"))
    drugs = [one_line(each) for each in state.get("drugs") or ()]
    more = f" and {len(drugs) - 3} more" if len(drugs) > 3 else ""
    asked = f" (labels name {', '.join(drugs[:3])}{more} by it)" if drugs else ""
    kinds = [one_line(each) for each in state.get("kinds") or ()]
    of_kind = f", in {' or '.join(kinds)}" if kinds else ""
    return f"{name}{of_kind}{f': {found}' if found else ''}{'' if found else asked}"

"""What each source says of a drug, as steps of a way: its rules, what it would say if a caution
counted, why it says nothing, and the source itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fhir_pgx.workbench.drawings.made import phenotype_id
from fhir_pgx.workbench.drawings.modifier_steps import modifier_id
from fhir_pgx.workbench.drawings.way import Hold, Joint, Step
from fhir_pgx.workbench.text.plain import one_line

_STANCES = {
    "leads": "leads",
    "agrees": "agrees with the lead",
    "agrees-in-part": "agrees in part",
    "differs": "differs from the lead",
    "states-risk": "states a risk, gives no instruction",
    "silent": "has nothing to say",
}
_REASONS = {
    "not-tested": "not tested",
    "not-called": "no call",
    "no-row": "no row",
    "no-guidance": "no guidance",
}


def rule_steps(drug: Mapping[str, Any], known: set[str]) -> tuple[list[Step], list[Joint]]:
    """A step for what a source says, once for all populations and results it says it of; then
    what it would say if a caution counted; then why others say nothing."""
    groups: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for each in drug.get("recommendations") or ():
        key = (
            one_line(each.get("source")),
            one_line(each.get("summary")),
            one_line(each.get("action")),
        )
        groups.setdefault(key, []).append(each)
    steps, joints = list[Step](), list[Joint]()
    for place, rows in enumerate(groups.values()):
        step = _rule(rows, f"rule {place}", by_keys=_has_several_results(drug))
        steps.append(step)
        joints += _to_rule(rows, step.id, drug, known)
        joints.append(Joint(step.id, _source_id(rows[0].get("source")), "stated"))
    for place, (source, possible) in enumerate(_possible(drug)):
        step = _possible_rule(possible, f"possible {place}")
        steps.append(step)
        joints += _to_possible(possible, step.id, drug, known)
        joints.append(Joint(step.id, _source_id(source), "stated"))
    silent, more = _silent(drug, known)
    return [*steps, *silent], [*joints, *more]


def _has_several_results(drug: Mapping[str, Any]) -> bool:
    """Whether a gene's results disagree or fit several readings: each rule then says by which."""
    return any(
        len(found.get("lookup_keys") or ()) > 1 for found in (drug.get("genes") or {}).values()
    )


def _rule(rows: Sequence[Mapping[str, Any]], step_id: str, *, by_keys: bool) -> Step:
    first = rows[0]
    strengths = dict.fromkeys(one_line(each.get("strength")) for each in rows)
    populations = dict.fromkeys(
        _population(each) for each in rows if one_line(each.get("population_label"))
    )
    rules = [one_line(each.get("rule")) for each in rows]
    action = one_line(first.get("action")).replace("-", " ")
    said = [each for each in strengths if each not in ("", "n/a") and each.lower() != action]
    strength = ", ".join(said)
    by = tuple(_said_of(rows))
    return Step(
        id=step_id,
        column="Rule",
        band="",
        speaker="source",
        title=one_line(first.get("summary")),
        lines=(
            *(by if by_keys else ()),
            f"{one_line(first.get('source'))}: {action}" + (f", {strength}" if strength else ""),
            *([f"for {'; '.join(populations)}"] if populations else []),
        ),
        more=(*(() if by_keys else by), f"rule {', '.join(rules)}"),
    )


def _said_of(rows: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    """By which keys, where results disagree and the same is said of several."""
    keys = dict.fromkeys(
        ", ".join(f"{one_line(g)} {one_line(k)}" for g, k in (each.get("keys") or {}).items())
        for each in rows
    )
    return [f"by {'; or '.join(each for each in keys if each)}"] if any(keys) else []


def _population(each: Mapping[str, Any]) -> str:
    fit = {"likely": " (likely this patient's)", "unknown": " (not known whether this patient's)"}
    label = one_line(each.get("population_label"))
    return label + fit.get(one_line(each.get("population_fit")), "")


def _to_rule(
    rows: Sequence[Mapping[str, Any]], step_id: str, drug: Mapping[str, Any], known: set[str]
) -> list[Joint]:
    found: dict[Joint, None] = {}
    for each in rows:
        by_rule = {
            one_line(m.get("gene")): modifier_id(m)
            for m in each.get("modifiers") or ()
            if m.get("is_rule") is True
        }
        for gene in each.get("genes") or {}:
            name = one_line(gene)
            start = by_rule.get(name, "")
            if start not in known:
                start = phenotype_id(name)
            if start not in known:
                continue
            words = _missing_words(drug, gene)
            found[Joint(start, step_id, "broken" if words else "inferred", words)] = None
    return list(found)


def _missing_words(drug: Mapping[str, Any], gene: str) -> str:
    """Why a gene's result is not what a rule rests on; empty where it is."""
    result = ((drug.get("genes") or {}).get(gene) or {}).get("concluded") or {}
    return {"not-tested": "not tested", "not-called": "no call"}.get(
        one_line(result.get("status")), ""
    )


def _possible(drug: Mapping[str, Any]) -> Iterable[tuple[str, Mapping[str, Any]]]:
    for source in drug.get("sources") or ():
        for each in source.get("possible") or ():
            yield one_line(source.get("source")), each


def _possible_rule(possible: Mapping[str, Any], step_id: str) -> Step:
    row = possible.get("recommendation") or {}
    return Step(
        id=step_id,
        column="Rule",
        band="",
        speaker="source",
        title=one_line(row.get("summary")),
        lines=(
            f"only if {one_line(possible.get('if'))} counts",
            f"{one_line(row.get('source'))}: {one_line(row.get('action')).replace('-', ' ')}",
        ),
        state="possible",
        more=(f"rule {one_line(row.get('rule'))}",),
    )


def _to_possible(
    possible: Mapping[str, Any], step_id: str, drug: Mapping[str, Any], known: set[str]
) -> list[Joint]:
    row = possible.get("recommendation") or {}
    keys = row.get("keys") or {}
    found: dict[Joint, None] = {}
    for each in drug.get("modifiers") or ():
        gene, name = each.get("gene"), modifier_id(each)
        becomes = (each.get("effective") or {}).get("keys") or ()
        if each.get("is_rule") is not True and keys.get(gene) in becomes and name in known:
            found[Joint(name, step_id, "inferred", "if")] = None
    return list(found)


def _silent(drug: Mapping[str, Any], known: set[str]) -> tuple[list[Step], list[Joint]]:
    """Sources that say nothing, those that say it alike together."""
    groups: dict[tuple[str, str], list[tuple[str, Mapping[str, Any]]]] = {}
    for each in drug.get("sources") or ():
        unanswered = each.get("unanswered")
        if isinstance(unanswered, Mapping):
            key = (one_line(unanswered.get("reason")), one_line(unanswered.get("text")))
            groups.setdefault(key, []).append((one_line(each.get("source")), unanswered))
    whole = drug.get("unanswered")
    if not groups and isinstance(whole, Mapping):
        key = (one_line(whole.get("reason")), one_line(whole.get("text")))
        groups[key] = [("", whole)]
    steps, joints = [], []
    for place, ((reason, text), members) in enumerate(groups.items()):
        names = ", ".join(dict.fromkeys(name for name, _ in members if name))
        step_id = f"silent {place}"
        words = _REASONS.get(reason, reason)
        steps.append(
            Step(step_id, "Rule", "", "missing", "No advice", (names, text) if names else (text,),
                 "silent")
        )  # fmt: skip
        genes = dict.fromkeys(one_line(g) for _, each in members for g in each.get("genes") or ())
        joints += [
            Joint(phenotype_id(gene), step_id, "broken", words)
            for gene in genes
            if phenotype_id(gene) in known
        ]
        sources = dict.fromkeys(name for name, _ in members if name)
        joints += [Joint(step_id, _source_id(name), "broken") for name in sources]
    return steps, joints


def _source_id(source: object) -> str:
    return f"source {one_line(source)}"


def source_steps(drug: Mapping[str, Any]) -> list[Step]:
    """Each source once, with its stance, guidelines and papers."""
    rows: dict[str, list[Mapping[str, Any]]] = {}
    for each in drug.get("recommendations") or ():
        rows.setdefault(one_line(each.get("source")), []).append(each)
    stances: dict[str, dict[str, None]] = {}
    for each in drug.get("sources") or ():
        stance = one_line(each.get("stance"))
        stances.setdefault(one_line(each.get("source")), {})[_STANCES.get(stance, stance)] = None
    steps = []
    for name in dict.fromkeys((*stances, *rows)):
        evidence = {
            one_line(item.get("guideline")): item
            for row in rows.get(name, ())
            for item in row.get("evidence") or ()
        }
        said = [_cited(title, item) for title, item in evidence.items()]
        url = next((one_line(item.get("url")) for item in evidence.values()), "")
        hold: Hold = "stated" if evidence else "broken"
        steps.append(
            Step(
                id=_source_id(name),
                column="Source",
                band="",
                speaker="source" if hold == "stated" else "missing",
                title=name,
                lines=("; ".join(stances.get(name, ())), *said),
                state="" if evidence else "silent",
                url=url,
            )
        )
    return steps


def _cited(title: str, item: Mapping[str, Any]) -> str:
    pmids = ", ".join(f"PMID {one_line(pmid)}" for pmid in item.get("pmids") or ())
    date = one_line(item.get("date"))
    return "; ".join(each for each in (title, pmids, f"as of {date}" if date else "") if each)

"""The rows of precision therapy in a trace as ways: resource, finding, what the row asks for, what
it says, source. One way a domain: what is of a tumour, of a pathogen and of the patient's own
genome never stands in one picture."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fhir_pgx.workbench.drawings.way import Hold, Joint, State, Step, Way
from fhir_pgx.workbench.text.plain import one_line

COLUMNS = ("Resource", "Finding", "Asked for", "Rule", "Source")
DOMAIN_WORDS = {
    "tumour": "Tumour: findings of the tumour, and what rows say of them",
    "pathogen": "Pathogen: findings of an organism, and what rows say of them",
    "inherited": "Inherited: findings of the patient's own genome",
    "transplant": "Transplantation: HLA of recipient and donor",
}
_STATES: dict[str, State] = {"tumour": "tumour", "pathogen": "pathogen"}
_FITS = {
    "same": "the patient's disease or organism",
    "any": "holds for every disease",
    "other": "another disease than the patient's",
    "unknown": "not known whether the patient's",
}
_AGAINST = (
    "contraindicated", "avoid", "not-indicated", "resistant", "adverse-response",
    "reduced-sensitivity", "limited-effect",
)  # fmt: skip


def finding_ways(precision: Iterable[Mapping[str, Any]]) -> list[Way]:
    """A way for each domain that rows are of, in the trace's order."""
    by_domain: dict[str, list[Mapping[str, Any]]] = {}
    for row in precision:
        by_domain.setdefault(_domain(row), []).append(row)
    return [_way(domain, rows) for domain, rows in by_domain.items()]


def _domain(row: Mapping[str, Any]) -> str:
    return one_line((row.get("recommendation") or {}).get("domain"))


def _way(domain: str, rows: Sequence[Mapping[str, Any]]) -> Way:
    by_finding: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        by_finding.setdefault(one_line(row.get("finding")), []).append(row)
    steps: dict[str, Step] = {}
    joints: dict[Joint, None] = {}
    for finding, members in by_finding.items():
        # What speaks against a drug is never what is left out.
        for row in sorted(members, key=lambda row: _effect(row) not in _AGAINST):
            _add(domain, finding, row, steps, joints)
    return Way(
        title=DOMAIN_WORDS.get(domain, domain),
        columns=COLUMNS,
        bands=tuple(by_finding),
        steps=tuple(steps.values()),
        joints=tuple(joints),
    )


def _effect(row: Mapping[str, Any]) -> str:
    return one_line((row.get("recommendation") or {}).get("effect"))


def _add(
    domain: str,
    finding: str,
    row: Mapping[str, Any],
    steps: dict[str, Step],
    joints: dict[Joint, None],
) -> None:
    advice = row.get("recommendation") or {}
    found = f"finding {finding}"
    steps.setdefault(
        found,
        Step(found, "Finding", finding, "stated", finding, (_whose(domain),),
             _STATES.get(domain, "germline")),
    )  # fmt: skip
    for reference in row.get("derived_from") or ():
        name = f"resource {finding} {one_line(reference)}"
        steps.setdefault(name, Step(name, "Resource", finding, "stated", one_line(reference)))
        joints[Joint(name, found, "stated")] = None
    asked = f"asked {finding} {one_line(row.get('asked_for'))} {one_line(row.get('context'))}"
    fit = one_line(row.get("context_fit"))
    steps.setdefault(
        asked,
        Step(asked, "Asked for", finding, "source", one_line(row.get("asked_for")) or "(not said)",
             (one_line(row.get("context")) or "no disease named", _FITS.get(fit, fit))),
    )  # fmt: skip
    # That the finding is what the row asks for is our inference.
    hold: Hold = "broken" if fit == "other" else "inferred"
    joints[Joint(found, asked, hold, "off label" if fit == "other" else "")] = None
    rule = f"rule {finding} {one_line(advice.get('rule'))} {one_line(advice.get('drug'))}"
    steps.setdefault(rule, _rule(rule, finding, advice))
    doubt = "if" if fit == "unknown" or advice.get("needs") else ""
    joints[Joint(asked, rule, "stated", doubt)] = None
    source = f"source {one_line(advice.get('source'))}"
    steps.setdefault(source, _source(source, advice))
    joints[Joint(rule, source, "stated")] = None


def _whose(domain: str) -> str:
    return {
        "tumour": "of the tumour",
        "pathogen": "of the organism",
        "inherited": "of the patient's own genome",
    }.get(domain, domain)


def _rule(step_id: str, finding: str, advice: Mapping[str, Any]) -> Step:
    opposed = [one_line(each) for each in advice.get("opposed_by") or ()]
    needs = [one_line(each) for each in advice.get("needs") or ()]
    level = one_line(advice.get("level"))
    effect = one_line(advice.get("effect")).replace("-", " ")
    lines = [
        f"{one_line(advice.get('level_system'))} {level}".strip(),
        "shown, and no recommendation" if advice.get("action") == "no-recommendation" else "",
        f"only if: {'; '.join(needs)}" if needs else "",
        f"against it: {', '.join(opposed)}" if opposed else "",
        "another row says the opposite" if advice.get("conflicts") is True else "",
    ]
    is_split = bool(opposed) or advice.get("conflicts") is True
    return Step(
        id=step_id,
        column="Rule",
        band=finding,
        speaker="source",
        title=f"{one_line(advice.get('drug'))}: {effect}",
        lines=tuple(line for line in lines if line),
        state="conflict" if is_split else "",
        more=(f"rule {one_line(advice.get('rule'))}", one_line(advice.get("detail"))),
    )


def _source(step_id: str, advice: Mapping[str, Any]) -> Step:
    dates = sorted({one_line(e.get("date")) for e in advice.get("evidence") or ()} - {""})
    url = next((one_line(e.get("url")) for e in advice.get("evidence") or ()), "")
    lines = (f"as of {dates[-1]}" if dates else "without a date",)
    return Step(step_id, "Source", "", "source", one_line(advice.get("source")), lines, url=url)

"""A gene's variants as steps: each that was found, and how many positions are the reference's, gave
no call, or were not tested."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from fhir_pgx.workbench.drawings.made import Made, phenotype_id
from fhir_pgx.workbench.drawings.way import Joint, Step
from fhir_pgx.workbench.text.plain import one_line, text_of

_NAMED = 3  # of a list of positions or alleles
Reading = Literal["variant", "reference", "no-call"]


def variant_steps(
    gene: str,
    calls: Sequence[Mapping[str, Any]],
    concluded: Mapping[str, Any],
    resources: Mapping[str, str],
    made: Made,
) -> list[str]:
    """Ids of the steps. A variant has a step of its own; references, no-calls and positions that
    were not tested are one step each, with their number."""
    groups: dict[Reading, list[Mapping[str, Any]]] = {"variant": [], "reference": [], "no-call": []}
    for call in calls:
        groups[_reading(call)].append(call)
    ids = []
    for place, call in enumerate(groups["variant"]):
        ids.append(_variant(gene, call, place, resources, made))
    ids += _alike(gene, "reference", groups["reference"], resources, made)
    _alike(gene, "no-call", groups["no-call"], resources, made)
    if calls:
        _not_tested(gene, concluded, made)
    return ids


def _alike(
    gene: str,
    reading: Literal["reference", "no-call"],
    calls: Sequence[Mapping[str, Any]],
    resources: Mapping[str, str],
    made: Made,
) -> list[str]:
    """One step for all positions that read alike; no id where there is none."""
    if not calls:
        return []
    word = "reference" if reading == "reference" else "no call"
    title = f"{word} at {len(calls)} position" + "s" * (len(calls) != 1)
    lines = (_named([one_line(each.get("site")) for each in calls]),)
    step = Step(f"{reading} {gene}", "Variant", gene, "stated", title, lines, reading)
    made.steps.append(step)
    for reference in dict.fromkeys(one_line(each.get("reference")) for each in calls):
        if reference in resources:
            made.joints.append(Joint(resources[reference], step.id, "stated"))
    return [step.id]


def _variant(
    gene: str, call: Mapping[str, Any], place: int, resources: Mapping[str, str], made: Made
) -> str:
    alleles = [one_line(each) for each in call.get("alleles") or ()]
    joint = "|" if call.get("phase") else "/"
    build, position = one_line(call.get("build")), text_of(call.get("position"))
    lines = [f"{joint.join(alleles)}, reference {one_line(call.get('ref')) or 'not given'}"]
    lines += [f"{build} {position}".strip()]
    lines += ["phased"] if call.get("phase") else []
    lines += [] if call.get("zygosity_known", True) else ["how many copies is not stated"]
    step_id = f"variant {gene} {place}"
    title = one_line(call.get("site"))
    made.steps.append(Step(step_id, "Variant", gene, "stated", title, tuple(lines), "variant"))
    if (reference := one_line(call.get("reference"))) in resources:
        made.joints.append(Joint(resources[reference], step_id, "stated"))
    return step_id


def _reading(call: Mapping[str, Any]) -> Reading:
    alleles = call.get("alleles") or ()
    if not alleles or "not read" in alleles:
        return "no-call"
    # Without the definition's base nothing may be called the reference's.
    return "reference" if set(alleles) == {call.get("ref")} else "variant"


def _not_tested(gene: str, concluded: Mapping[str, Any], made: Made) -> None:
    coverage = concluded.get("coverage") or {}
    missing = [one_line(each) for each in coverage.get("missing") or ()]
    if not missing:
        return
    change = [one_line(each) for each in coverage.get("could_change") or ()]
    lines = [_named(missing)]
    lines += [f"could change the advice: {_named(change)}"] if change else []
    title = f"not tested: {len(missing)} position" + "s" * (len(missing) != 1)
    step_id = f"missing {gene}"
    made.steps.append(Step(step_id, "Variant", gene, "missing", title, tuple(lines), "not-tested"))
    made.joints.append(Joint(step_id, phenotype_id(gene), "broken", "not seen"))


def _named(names: Sequence[str]) -> str:
    """The first few, and how many follow."""
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")

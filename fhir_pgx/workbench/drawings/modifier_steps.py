"""What other medicines make of a gene, as steps: a guideline's rule, or a caution of ours."""

from collections.abc import Mapping
from typing import Any

from fhir_pgx.workbench.drawings.made import phenotype_id
from fhir_pgx.workbench.drawings.way import Joint, Step
from fhir_pgx.workbench.text.plain import one_line

_ROLES = {"inhibitor": "inhibitor", "inducer": "inducer"}


def modifier_steps(drug: Mapping[str, Any]) -> tuple[list[Step], list[Joint]]:
    """What other medicines make of a gene: those alike for several guidelines are one step."""
    found: dict[str, tuple[Mapping[str, Any], list[str]]] = {}
    for each in drug.get("modifiers") or ():
        found.setdefault(modifier_id(each), (each, []))[1].append(one_line(each.get("guideline")))
    steps, joints = [], []
    for name, (each, guidelines) in found.items():
        gene = one_line(each.get("gene"))
        is_rule = each.get("is_rule") is True
        agents = each.get("agents") or ()
        effective = each.get("effective")
        by_genes = one_line((each.get("genetic") or {}).get("phenotype")) or "not known"
        becomes = one_line((effective or {}).get("phenotype")) or _keys(effective or {})
        steps.append(
            Step(
                id=name,
                column="Modifier",
                band=gene,
                speaker="source" if is_rule else "inferred",
                title=", ".join(dict.fromkeys(one_line(a.get("agent")) for a in agents)),
                lines=(
                    *dict.fromkeys(_agent(a) for a in agents),
                    f"{by_genes} by the genes",
                    f"{becomes} in effect" if effective else "no phenotype can be stated",
                    f"a rule of {', '.join(guidelines)}" if is_rule else "a caution of ours",
                ),
                state="" if is_rule else "possible",
            )
        )
        joints.append(Joint(phenotype_id(gene), name, "stated" if is_rule else "inferred"))
    return steps, joints


def _agent(agent: Mapping[str, Any]) -> str:
    strength, role = one_line(agent.get("strength")), one_line(agent.get("role"))
    words = f"{strength} {_ROLES.get(role, role)}, {one_line(agent.get('state'))}"
    reference = one_line(agent.get("reference"))
    return f"{words} ({reference})" if reference else words


def modifier_id(each: Mapping[str, Any]) -> str:
    agents = "+".join(one_line(a.get("agent")) for a in each.get("agents") or ())
    kind = "rule" if each.get("is_rule") is True else "caution"
    becomes = _keys(each.get("effective") or {})
    return f"modifier {one_line(each.get('gene'))} {agents} {kind} {becomes}"


def _keys(result: Mapping[str, Any]) -> str:
    return ", ".join(one_line(key) for key in result.get("keys") or ())

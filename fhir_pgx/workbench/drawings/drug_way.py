"""The trace of one drug (`reports/trace.py`) as a way: resource, variant, diplotype, phenotype,
modifier, rule, source."""

from collections.abc import Mapping
from typing import Any

from fhir_pgx.workbench.drawings.gene_way import gene_steps
from fhir_pgx.workbench.drawings.modifier_steps import modifier_steps
from fhir_pgx.workbench.drawings.rule_steps import rule_steps, source_steps
from fhir_pgx.workbench.drawings.way import Joint, Step, Way
from fhir_pgx.workbench.text.plain import one_line

COLUMNS = ("Resource", "Variant", "Diplotype", "Phenotype", "Modifier", "Rule", "Source")


def drug_way(drug: Mapping[str, Any]) -> Way:
    """The steps of one member of `drugs`."""
    genes: Mapping[str, Any] = drug.get("genes") or {}
    steps: list[Step] = []
    joints: list[Joint] = []
    for gene, found in genes.items():
        made = gene_steps(one_line(gene), found)
        steps += made.steps
        joints += made.joints
    more_steps, more_joints = modifier_steps(drug)
    steps += more_steps
    joints += more_joints
    more_steps, more_joints = rule_steps(drug, {step.id for step in steps})
    steps += more_steps
    joints += more_joints
    steps += source_steps(drug)
    order = one_line(drug.get("order"))
    return Way(
        title=one_line(drug.get("drug")) + (f", {order}" if order else ""),
        columns=COLUMNS,
        bands=tuple(one_line(gene) for gene in genes),
        steps=tuple(steps),
        joints=tuple(joints),
    )

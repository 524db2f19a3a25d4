"""What was made of one gene so far, on the way from its resources to its phenotype."""

from dataclasses import dataclass, field

from fhir_pgx.workbench.drawings.way import Joint, Step


@dataclass(slots=True)
class Made:
    """What was made of one gene so far."""

    steps: list[Step] = field(default_factory=list)
    joints: list[Joint] = field(default_factory=list)


def phenotype_id(gene: str) -> str:
    return f"phenotype {gene}"

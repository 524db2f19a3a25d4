"""Loads `knowledge/levels.yaml` and `knowledge/panels.yaml`: which pairs of drug and gene matter
how much, and which tests can be ordered."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from fhir_pgx.errors import BrokenKnowledge
from fhir_pgx.knowledge.files import checked, read_yaml
from fhir_pgx.model.knowledge import LoincTerm
from fhir_pgx.model.levels import Level, Levels
from fhir_pgx.model.test_plan import TestPanel

LEVELS, PANELS = "levels.yaml", "panels.yaml"


def load_levels(home: Path) -> Levels:
    """Every pair. Raises BrokenKnowledge where the file breaks its schema or has a pair twice."""
    content = checked(read_yaml(home / LEVELS), "levels", LEVELS)
    found: dict[str, dict[str, Level]] = {}
    for row in content["pairs"]:
        genes = found.setdefault(row["rxnorm"] or row["drug"], {})
        if row["gene"] in genes:
            raise BrokenKnowledge(f"{row['drug']} and {row['gene']} stand twice", where=LEVELS)
        genes[row["gene"]] = Level(
            row["gene"],
            row["cpic"],
            row.get("provisional", False),
            row.get("clinpgx", ""),
            row.get("label", ""),
        )
    return Levels(found)


def load_panels(home: Path, loinc: Mapping[str, LoincTerm]) -> tuple[TestPanel, ...]:
    """Every test, in the order of the file.

    Raises BrokenKnowledge where the file breaks its schema, or a code is not one of `loinc` or is
    another gene's there.
    """
    content = checked(read_yaml(home / PANELS), "panels", PANELS)
    panels = tuple(
        TestPanel(row["code"], row["display"], tuple(row["reads"]), row.get("open", False))
        for row in content["panels"]
    )
    faults = [fault for panel in panels for fault in _faults(panel, loinc)]
    if faults:
        raise BrokenKnowledge("; ".join(faults), where=PANELS)
    return panels


def _faults(panel: TestPanel, loinc: Mapping[str, LoincTerm]) -> Iterator[str]:
    term = loinc.get(panel.code)
    if term is None:
        yield f"{panel.code} is not among our LOINC codes"
    elif not panel.is_open:
        genes = {target.partition("*")[0] for target in panel.reads}
        if genes != set(term.gene.split(";")):
            yield f"{panel.code} is a code of {term.gene}, not of {', '.join(sorted(genes))}"
        # `*57:01` alone is not a typing of the gene.
        alone = term.kind == "presence" and term.allele.startswith("*")
        if alone and panel.reads != (term.gene + term.allele,):
            yield f"{panel.code} asks for {term.gene}{term.allele} alone"

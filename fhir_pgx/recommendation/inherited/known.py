"""How a row fits a patient, and what is known of the patient: values that the matching passes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from fhir_pgx.model.inherited import InheritedFinding
from fhir_pgx.model.phenotype import GeneResult

State = Literal[
    "met",
    "possible",  # if what `needs` names holds
    "excluded",  # a finding that the row rules out
    "carrier",  # one copy, where two are asked for
    "uncertain",  # only findings of uncertain or conflicting significance
    "other",  # findings of the gene that are something else
    "absent",  # tested, and nothing found
    "unanswered",  # looked at without an answer: no call, or results that differ
    "untested",  # nothing on file
]


@dataclass(frozen=True, slots=True)
class Fit:
    """How a row fits. `findings` are those that decide; `needs` what the data leave open."""

    state: State
    findings: tuple[InheritedFinding, ...] = ()
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the patient: findings by gene, pharmacogene results, the names of the
    patient's conditions in lower case, sex (empty where not stated)."""

    by_gene: Mapping[str, tuple[InheritedFinding, ...]]
    results: Mapping[str, GeneResult]
    conditions: frozenset[str]
    sex: str = ""

"""A medicine in use that a newly ordered one acts on: the advice on it before and after."""

from dataclasses import dataclass

from fhir_pgx.model.modifier import Interaction, Modifier
from fhir_pgx.model.patient import Medicine
from fhir_pgx.model.recommendation import DrugAdvice


@dataclass(frozen=True, slots=True)
class Affected:
    """`agent` is what the order adds; `before` the advice on `medicine` by what is in use, `after`
    the advice with the order; `modifier` what the order does to the gene, by a source's rule or
    its own word (`advised_against`)."""

    agent: Interaction
    medicine: Medicine
    before: DrugAdvice
    after: DrugAdvice
    modifier: Modifier

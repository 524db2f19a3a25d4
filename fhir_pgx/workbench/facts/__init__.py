"""Change a fact and watch the card change: genotypes, medicines, weight and age of a chart."""

from fhir_pgx.workbench.facts.change import change_facts
from fhir_pgx.workbench.facts.choices import GenotypeChoice, genotype_choices
from fhir_pgx.workbench.facts.facts import NOT_TESTED, Changed, Facts
from fhir_pgx.workbench.facts.people import Medicine, medicines_of
from fhir_pgx.workbench.facts.stated import stated_result

__all__ = [
    "NOT_TESTED", "Changed", "Facts", "GenotypeChoice", "Medicine", "change_facts",
    "genotype_choices", "medicines_of", "stated_result",
]  # fmt: skip

"""A drug that is named for a problem, judged by one patient's results."""

from dataclasses import dataclass

from fhir_pgx.model.problem import NamedDrug
from fhir_pgx.model.recommendation import DrugAdvice


@dataclass(frozen=True, slots=True)
class JudgedDrug:
    """`advice` is what every source says of the drug for these results; `is_against`: the leading
    source would have another drug given. `title` is the guideline's, empty where the site does not
    read its source."""

    named: NamedDrug
    title: str
    advice: DrugAdvice
    is_against: bool

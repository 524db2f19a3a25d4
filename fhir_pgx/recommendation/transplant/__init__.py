"""A recipient's HLA against a donor's: names, matching, antibodies."""

from fhir_pgx.recommendation.transplant.match import match_donors
from fhir_pgx.recommendation.transplant.nomenclature import Nomenclature

__all__ = ["Nomenclature", "match_donors"]

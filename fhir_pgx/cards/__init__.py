"""Recommendations → cards, suggestions and links; cards → CDS Hooks JSON."""

from fhir_pgx.cards.order import order_card
from fhir_pgx.cards.pretest import admission_card, offer_tests, pretest_card
from fhir_pgx.cards.summary import summary_card
from fhir_pgx.cards.test_ordered import ordered_test_card
from fhir_pgx.cards.unanswered import unanswered_card
from fhir_pgx.cards.write import write_answer, write_card

__all__ = [
    "admission_card",
    "offer_tests",
    "order_card",
    "ordered_test_card",
    "pretest_card",
    "summary_card",
    "unanswered_card",
    "write_answer",
    "write_card",
]

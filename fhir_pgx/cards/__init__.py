"""Recommendations → cards, suggestions and links; cards → CDS Hooks JSON."""

from fhir_pgx.cards.order import order_card
from fhir_pgx.cards.summary import summary_card
from fhir_pgx.cards.unanswered import unanswered_card
from fhir_pgx.cards.write import write_answer, write_card

__all__ = ["order_card", "summary_card", "unanswered_card", "write_answer", "write_card"]

"""Cards on findings of a tumour: an order judged, the board of a chart, a new cancer."""

from fhir_pgx.cards.tumour.board import SEVERAL, board_card
from fhir_pgx.cards.tumour.host import host_card
from fhir_pgx.cards.tumour.new_cancer import new_cancer_card
from fhir_pgx.cards.tumour.order import order_card

__all__ = ["SEVERAL", "board_card", "host_card", "new_cancer_card", "order_card"]

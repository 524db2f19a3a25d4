"""How the disease of a row stands to the cancer of the patient.

A row on melanoma holds for a cutaneous melanoma: the patient's node or one above it is the row's.
A row on a narrower kind than was recorded holds only if the cancer is of that kind. Everything
else is another disease: evidence, and never an option.
"""

from collections.abc import Iterable

from fhir_pgx.model.therapy import ContextFit
from fhir_pgx.model.tumour import Cancer, Disease, TumourRow

CANCER = "DOID:162"
_EVERY = (CANCER, "DOID:14566")  # disease of cellular proliferation
_BLOOD = frozenset({"DOID:2531", "DOID:1240", "DOID:0060058"})  # haematologic, leukaemia, lymphoma


class Diseases:
    """The tree of diseases, asked by node."""

    def __init__(self, diseases: Iterable[Disease]) -> None:
        self._above = {each.doid: frozenset((each.doid, *each.ancestors)) for each in diseases}
        self._label = {each.doid: each.label for each in diseases}

    def path(self, doid: str) -> frozenset[str]:
        """A node and all above it."""
        return self._above.get(doid, frozenset((doid,)))

    def label(self, doid: str) -> str:
        return self._label.get(doid, doid)

    def fit(self, row: TumourRow, cancer: Cancer | None) -> ContextFit | None:
        """None where the row leaves this cancer out. Of several nodes that a record may stand for
        the best counts."""
        is_solid = "solid" in row.disease.lower()
        if cancer is None:
            return "unknown"
        fits: list[ContextFit] = []
        for node in cancer.nodes:
            path = self.path(node)
            if path & set(row.excluded) or (is_solid and path & _BLOOD):
                continue
            fits.append(self._fit_of(row.doid, is_solid, node, path))
        order: tuple[ContextFit, ...] = ("same", "any", "unknown", "other")
        return min(fits, key=order.index) if fits else (None if cancer.nodes else "unknown")

    def fits_node(self, doid: str, cancer: Cancer | None) -> ContextFit:
        """As `fit`, of a bare node."""
        if cancer is None or not cancer.nodes:
            return "unknown"
        order: tuple[ContextFit, ...] = ("same", "any", "unknown", "other")
        fits = [self._fit_of(doid, False, node, self.path(node)) for node in cancer.nodes]
        return min(fits, key=order.index)

    def _fit_of(self, doid: str, is_solid: bool, node: str, path: frozenset[str]) -> ContextFit:
        if doid in _EVERY or (not doid and is_solid):
            return "any"
        if not doid:
            return "other"
        if doid in path:
            return "same"
        return "unknown" if node in self.path(doid) else "other"

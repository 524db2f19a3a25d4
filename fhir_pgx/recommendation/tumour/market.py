"""Drugs that were withdrawn or restricted, and the rows and cancers that this concerns."""

from collections.abc import Iterable

from fhir_pgx.model.therapy import TherapyDrug
from fhir_pgx.model.tumour import Cancer, MarketStatus, TumourRow
from fhir_pgx.recommendation.tumour.disease import Diseases
from fhir_pgx.recommendation.tumour.drugs import DrugIndex


class Market:
    """What stands of a drug, by row and by order. A status names rows, diseases (with all below
    them) or neither: of the rows it names, alone; of the diseases; of every use."""

    def __init__(
        self, statuses: Iterable[MarketStatus], rows: Iterable[TumourRow], diseases: Diseases
    ) -> None:
        self._index = DrugIndex((each.drug, each) for each in statuses)
        self._diseases = diseases
        of_drugs: dict[tuple[TherapyDrug, ...], list[MarketStatus]] = {}
        self._by_row: dict[str, tuple[MarketStatus, ...]] = {}
        for row in rows:
            if row.drugs not in of_drugs:
                of_drugs[row.drugs] = [s for drug in row.drugs for s in self._index.of(drug)]
            found = tuple(
                each
                for each in of_drugs[row.drugs]
                if not each.rows or row.id in each.rows
                if each.rows or not each.doids or self._is_below(row.doid, each)
            )
            if found:
                self._by_row[row.id] = found

    def _is_below(self, doid: str, status: MarketStatus) -> bool:
        return bool(self._diseases.path(doid) & set(status.doids))

    def of_row(self, row: TumourRow) -> tuple[MarketStatus, ...]:
        return self._by_row.get(row.id, ())

    def bars(self, row: TumourRow) -> bool:
        """Whether the row is no option any more."""
        return any(each.bars for each in self.of_row(row))

    def of_order(self, drug: TherapyDrug, cancer: Cancer | None) -> list[MarketStatus]:
        """What bars the drug as a whole, or in this cancer."""
        nodes = cancer.nodes if cancer is not None else ()
        return [
            each
            for each in self._index.of(drug)
            if each.bars and not each.rows
            if not each.doids or any(self._is_below(node, each) for node in nodes)
        ]


def words_of(statuses: Iterable[MarketStatus]) -> str:
    """`mobocertinib: withdrawn (approval withdrawn 2024)`."""
    said = (f"{s.drug.name}: {s.status}{f' ({s.detail})' if s.detail else ''}" for s in statuses)
    return "; ".join(dict.fromkeys(said))

"""The limits that labels set for the markers of a cancer: what a number is held against."""

from fhir_pgx.model.therapy import drug_words
from fhir_pgx.model.tumour import Cancer, MarkerTest, TumourRow
from fhir_pgx.model.tumour_view import Cutoff
from fhir_pgx.recommendation.tumour.profile import positive_atoms
from fhir_pgx.recommendation.tumour.rules import TumourRules


def cutoffs_of(rules: TumourRules, cancer: Cancer | None) -> tuple[Cutoff, ...]:
    """Each limit once, with the drugs that it is for, of rows for this cancer and for every one;
    without a cancer none, since a limit holds in its disease."""
    if cancer is None or not cancer.nodes:
        return ()
    found: dict[MarkerTest, list[TumourRow]] = {}
    for row in rules.label_rows:
        if rules.diseases.fit(row, cancer) not in ("same", "any"):
            continue
        for atom in positive_atoms(row.profile):
            test = atom.marker
            if test is not None and (test.at_least is not None or test.below is not None):
                found.setdefault(test, []).append(row)
    return tuple(_cutoff(test, rows) for test, rows in found.items())


def _cutoff(test: MarkerTest, rows: list[TumourRow]) -> Cutoff:
    drugs = dict.fromkeys(
        (" or " if row.joined == "alternatives" else " + ").join(
            drug_words(drug.name) for drug in row.drugs
        )
        for row in rows
    )
    return Cutoff(
        marker=test.name,
        scale=test.scale,
        specimen=test.specimen,
        at_least=test.at_least,
        below=test.below,
        drugs=tuple(drugs),
        rows=tuple(dict.fromkeys(row.id for row in rows)),
    )

"""HGNC ids and their symbols, from every fact table that states both."""

from collections.abc import Iterable, Mapping

FIELDS = ("hgnc", "symbol")
TABLES = (
    "oncology_biomarker_therapies",
    "hereditary_risk_genes",
    "rare_disease_therapies",
    "cardio_genetic",
)


def gene_rows(rows: Iterable[Mapping[str, str]]) -> list[dict[str, str]]:
    """Each id once, by number. A row of several genes states as many ids, some of them empty.

    Raises ValueError where an id stands for two genes, or a row's genes and ids do not pair.
    """
    found: dict[str, str] = {}
    for row in rows:
        genes, ids = row["gene"].split(";"), row["hgnc_id"].split(";")
        if not row["hgnc_id"]:
            continue
        for gene, hgnc in zip(genes, ids, strict=True):
            if hgnc and found.setdefault(hgnc.strip(), gene.strip()) != gene.strip():
                raise ValueError(f"{hgnc} is {found[hgnc]} and {gene}")
    by_number = sorted(found, key=lambda each: int(each.removeprefix("HGNC:")))
    return [{"hgnc": hgnc, "symbol": found[hgnc]} for hgnc in by_number]

"""Rows of therapy and statements, from CIViC's tables and those written by hand."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

from fhir_pgx.errors import BrokenKnowledge
from fhir_pgx.knowledge.tumour.tables import Row, genes_in, profile_in, read_table, several
from fhir_pgx.model.therapy import Effect, Provenance, TherapyDrug
from fhir_pgx.model.tumour import RowOrigin, Setting, Specimen, Statement, TumourRow

CIVIC_URL = "https://civicdb.org/links/evidence_items/"
PUBLIC_DOMAIN = "US federal government work (public domain)"
UNCHECKED = "not checked against a stored label"
# (source, system, licence, url) of the tables written by hand.
SOURCES = {
    "fda_cdx": (
        "FDA list of companion diagnostics",
        "FDA",
        PUBLIC_DOMAIN,
        "https://www.fda.gov/medical-devices/in-vitro-diagnostics/"
        "list-cleared-or-approved-companion-diagnostic-devices-in-vitro-and-imaging-tools",
    ),
    "fda_labels": (
        "FDA drug label",
        "FDA",
        PUBLIC_DOMAIN,
        "https://www.accessdata.fda.gov/scripts/cder/daf/",
    ),
    "guidelines": (
        "European LeukemiaNet 2020 (CML)",
        "guideline",
        "facts of the guideline, in our words",
        "https://pubmed.ncbi.nlm.nih.gov/32127639/",
    ),
}
Drugs = Mapping[str, TherapyDrug]


def load_drugs(folder: Path) -> Drugs:
    """Every drug of the tables, by name. Raises BrokenKnowledge."""
    rows = read_table(folder, "drugs", "tumour_drugs")
    return {row["name"]: TherapyDrug(row["name"], row["rxcui"]) for row in rows}


def drug_of(name: str, drugs: Drugs, where: str) -> TherapyDrug:
    if name not in drugs:
        raise BrokenKnowledge(f"therapies/tumour/{where}: no drug {name} in drugs.csv")
    return drugs[name]


def load_rows(folder: Path, drugs: Drugs) -> tuple[TumourRow, ...]:
    """Every row of therapy; labels and guidelines first. Raises BrokenKnowledge."""
    return (*_hand_rows(folder, drugs), *_civic_rows(folder, drugs))


def _hand_rows(folder: Path, drugs: Drugs) -> Iterator[TumourRow]:
    for name, (source, system, licence, url) in SOURCES.items():
        for row in read_table(folder, name, "tumour_labels"):
            lines = several(row["lines"]) + ((UNCHECKED,) if row["checked"] == "no" else ())
            provenance = Provenance(
                source=source,
                system=system,
                level=row["level"],
                id=row["id"],
                pmids=several(row["pmids"]),
                url=url,
                licence=licence,
                as_of=row["as_of"],
                by_hand=row["by_hand"] == "yes",
            )
            yield _row(row, f"{name}.csv", drugs, provenance, lines)


def _civic_rows(folder: Path, drugs: Drugs) -> Iterator[TumourRow]:
    for row in read_table(folder, "civic", "tumour_civic"):
        yield _row(row, "civic.csv", drugs, _civic(row), ())


def _civic(row: Row) -> Provenance:
    return Provenance(
        source="CIViC",
        system="CIViC",
        level=row["level"],
        id=row["id"],
        pmids=several(row["pmids"]),
        url=CIVIC_URL + row["id"].removeprefix("CIViC:EID"),
        licence="CC0-1.0",
        as_of=row["as_of"],
        rating=row["rating"],
    )


def _row(
    row: Row, file: str, drugs: Drugs, provenance: Provenance, lines: tuple[str, ...]
) -> TumourRow:
    profile = profile_in(row, file)
    return TumourRow(
        id=row["id"],
        profile=profile,
        text=row["text"],
        genes=genes_in(profile),
        origin=cast(RowOrigin, row["origin"]),
        disease=row["disease"],
        doid=row["doid"],
        drugs=tuple(drug_of(name, drugs, file) for name in several(row["drugs"])),
        joined=row["joined"],  # type: ignore[arg-type]  # the schema allows no other
        effect=cast(Effect, row["effect"]),
        provenance=provenance,
        excluded=several(row["excluded"]),
        lines=lines,
        specimens=cast(tuple[Specimen, ...], several(row.get("specimens", ""))),
        is_flagged=row.get("flagged") == "yes",
        unless_with=tuple(
            drug_of(name, drugs, file) for name in several(row.get("unless_with", ""))
        ),
        unless_profile=(
            profile_in(row, file, "unless_profile") if row.get("unless_profile") else None
        ),
        setting=cast(Setting, row.get("setting", "")),
    )


def load_statements(folder: Path) -> tuple[Statement, ...]:
    """What findings say of diagnosis, outlook, predisposition. Raises BrokenKnowledge."""
    return tuple(
        Statement(
            id=row["id"],
            kind=row["kind"],  # type: ignore[arg-type]  # the schema allows no other
            profile=(profile := profile_in(row, "civic_statements.csv")),
            text=row["text"],
            genes=genes_in(profile),
            origin=cast(RowOrigin, row["origin"]),
            disease=row["disease"],
            doid=row["doid"],
            says=row["says"],
            # Of functional items the source states no direction: they say what they say.
            supports=row["supports"] != "no",
            provenance=_civic(row),
        )
        for row in read_table(folder, "civic_statements", "tumour_statements")
    )

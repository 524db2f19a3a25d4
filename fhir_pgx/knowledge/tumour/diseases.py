"""The disease nodes of `diseases.csv` and `icd10.csv`."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from fhir_pgx.errors import BrokenKnowledge
from fhir_pgx.knowledge.tumour.tables import read_table, several
from fhir_pgx.model.tumour import Disease

# Every URI under which a code system is met, as FHIR and its OIDs write it.
SYSTEMS: dict[str, tuple[str, ...]] = {
    "snomed": ("http://snomed.info/sct",),
    "ncit": (
        "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl",
        "http://ncithesaurus-stage.nci.nih.gov",
    ),
    "icdo": (
        "http://terminology.hl7.org/CodeSystem/icd-o-3",
        "urn:oid:2.16.840.1.113883.6.43.1",
    ),
    "umls": ("http://www.nlm.nih.gov/research/umls", "http://terminology.hl7.org/CodeSystem/umls"),
    "oncotree": ("http://oncotree.mskcc.org", "http://data.mskcc.org/ontologies/oncotree"),
}
DOID_SYSTEMS = ("http://purl.obolibrary.org/obo/doid.owl", "http://disease-ontology.org")


def load_diseases(folder: Path) -> tuple[Disease, ...]:
    """Every node, with codes as pairs of system URI and code. Raises BrokenKnowledge."""
    prefixes: dict[str, list[str]] = defaultdict(list)
    for row in read_table(folder, "icd10", "tumour_icd10"):
        prefixes[row["doid"]].append(row["prefix"])
    rows = read_table(folder, "diseases", "tumour_diseases")
    known = {row["doid"] for row in rows}
    unknown = (set(prefixes) - known - {""}) | {
        parent for row in rows for parent in several(row["ancestors"]) if parent not in known
    }
    if unknown:
        raise BrokenKnowledge(f"therapies/tumour: no disease {sorted(unknown)}")
    return tuple(
        Disease(
            doid=row["doid"],
            label=row["label"],
            ancestors=several(row["ancestors"]),
            codes=tuple(_codes(row["doid"], ((name, several(row[name])) for name in SYSTEMS))),
            icd10=tuple(prefixes[row["doid"]]),
            names=several(row["names"]),
        )
        for row in rows
    )


def _codes(doid: str, held: Iterable[tuple[str, tuple[str, ...]]]) -> Iterable[tuple[str, str]]:
    for name, codes in held:
        for code in codes:
            yield from ((system, code) for system in SYSTEMS[name])
    if doid.startswith("DOID:"):
        yield from ((system, doid) for system in DOID_SYSTEMS)

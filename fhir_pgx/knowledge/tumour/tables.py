"""Reads the tables of `knowledge/therapies/tumour/`, each checked against its JSON Schema."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from fhir_pgx.errors import BrokenKnowledge
from fhir_pgx.knowledge.files import checked
from fhir_pgx.knowledge.tumour.profile_text import BadProfile, parse_profile
from fhir_pgx.model.tumour import Atom, Profile

Row = Mapping[str, str]

# The gene whose protein or locus a marker looks at.
MARKER_GENES = {
    "HER2": "ERBB2", "HER2-IHC": "ERBB2", "HER2-ISH": "ERBB2", "PD-L1": "CD274", "ER": "ESR1",
    "PR": "PGR", "MGMT": "MGMT", "EGFR-IHC": "EGFR", "ALK-IHC": "ALK", "KIT-IHC": "KIT",
    "FOLR1-IHC": "FOLR1", "CLDN18.2-IHC": "CLDN18", "MAGE-A4": "MAGEA4", "MET-IHC": "MET",
    "BRAF-V600E-IHC": "BRAF",
}  # fmt: skip


def read_table(folder: Path, name: str, schema: str) -> list[Row]:
    """The rows of `<name>.csv`; lines that open with `#` are comments. Raises BrokenKnowledge."""
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    return cast(list[Row], checked(rows, schema, f"therapies/tumour/{name}.csv"))


def several(text: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in text.split(";") if each.strip())


def profile_in(row: Row, file: str, field: str = "profile") -> Profile:
    """The profile of a row; raises BrokenKnowledge naming file and row."""
    try:
        return parse_profile(row[field])
    except BadProfile as error:
        where = f"therapies/tumour/{file}"
        raise BrokenKnowledge(f"{where} {row['id']}: {error}", where=where) from error


def atoms_in(profile: Profile) -> tuple[Atom, ...]:
    """Every atom of a profile, in the order they stand."""
    if profile.atom is not None:
        return (profile.atom,)
    return tuple(atom for part in profile.of for atom in atoms_in(part))


def genes_in(profile: Profile) -> tuple[str, ...]:
    """The genes that a profile speaks of, each once, by marker and HLA allele too."""
    found: dict[str, None] = {}
    for atom in atoms_in(profile):
        found |= dict.fromkeys(gene for gene in atom.genes if gene != "*")
        found |= dict.fromkeys(allele.split("*")[0] for allele in atom.alleles)
        if atom.marker is not None and atom.marker.name in MARKER_GENES:
            found[MARKER_GENES[atom.marker.name]] = None
    return tuple(found)

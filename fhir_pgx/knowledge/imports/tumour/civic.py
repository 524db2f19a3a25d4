"""CIViC's evidence items: rows of therapy and statements, as two tables.

Of the source only facts are taken: profile, disease, drugs, effect, level, rating, PMID. Its
sentences are not.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fhir_pgx.knowledge.imports.tumour.atoms import (
    atom_text,
    atoms_of,
    profile_of_name,
    profile_of_tree,
)
from fhir_pgx.knowledge.tumour.profile_text import parse_profile, write_profile

Row = Mapping[str, str]

ROW_FIELDS = (
    "id", "profile", "text", "origin", "disease", "doid", "excluded", "drugs", "joined", "effect",
    "level", "rating", "pmids", "flagged", "as_of",
)  # fmt: skip
STATEMENT_FIELDS = (
    "id", "kind", "profile", "text", "origin", "disease", "doid", "says", "supports", "level",
    "rating", "pmids", "as_of",
)  # fmt: skip
ORIGINS = {
    "somatic": "somatic", "rare germline": "germline", "common germline": "germline",
    "mixed": "either", "combined": "either", "n/a": "", "unknown": "", "": "",
}  # fmt: skip
JOINED = {
    "single": "single", "combination": "combination", "substitutes": "alternatives",
    "sequential": "sequential",
}  # fmt: skip
SOLID = ("Solid Tumor", "Solid Tumors, Advanced")
# Diseases that the source names without a node, as far as one of ours says the same.
NAMED = {
    "Urothelial Carcinoma": "DOID:2671",
    "B-cell Non-Hodgkin Lymphoma": "DOID:707",
    "Glioma": "FHIRPGX:glioma",
    "Extramammary Paget Disease": "FHIRPGX:extramammary-paget",
    **dict.fromkeys(SOLID, "DOID:162"),
}
HEMATOLOGIC = "DOID:2531"
# Regimens that the source names as if they were one drug.
REGIMENS = {
    "dabrafenib/trametinib regimen": ("dabrafenib", "trametinib"),
    "ipilimumab/nivolumab regimen": ("ipilimumab", "nivolumab"),
    "carboplatin/paclitaxel regimen": ("carboplatin", "paclitaxel"),
    "cetuximab/irinotecan regimen": ("cetuximab", "irinotecan"),
    "durvalumab/tremelimumab regimen": ("durvalumab", "tremelimumab"),
    "pembrolizumab/pemetrexed regimen": ("pembrolizumab", "pemetrexed"),
}


def whole(drugs: list[str], joined: str) -> tuple[list[str], str]:
    """The drugs with each regimen as the combination it is; alternatives keep its name, because
    among them a combination cannot be told."""
    if joined not in ("single", "combination") or not REGIMENS.keys() & set(drugs):
        return drugs, joined
    parts = [part for name in drugs for part in REGIMENS.get(name, (name,))]
    return list(dict.fromkeys(parts)), "combination"


def canonical(text: str) -> str:
    return write_profile(parse_profile(text))


def corrected(row: Row, corrections: Mapping[str, Any]) -> dict[str, str]:
    """The row with its correction; raises ValueError where the table changed meanwhile."""
    found = dict(row)
    entry = corrections.get(row["row_id"])
    if entry:
        for name, was in entry["was"].items():
            if row[name] != was:
                raise ValueError(f"{row['row_id']}: {name} is {row[name]!r}, no longer {was!r}")
        found |= entry["set"]
    return found


def therapy_rows(
    rows: Iterable[Row],
    corrections: Mapping[str, Any],
    left_out: Mapping[str, str],
    drug_names: Mapping[str, str],
) -> Iterator[dict[str, str]]:
    """The predictive items that ship; `drug_names`: the source's name to ours."""
    for raw in rows:
        if not raw["row_id"].startswith("CIViC:") or raw["row_id"] in left_out:
            continue
        row = corrected(raw, corrections)
        drugs, joined = whole(
            [drug_names[name.strip()] for name in row["drugs"].split(";")],
            JOINED[row["drug_interaction"]],
        )
        yield {
            "id": row["row_id"],
            "profile": canonical(profile_of_tree(json.loads(row["profile_logic"]))),
            "text": row["molecular_profile"],
            "origin": ORIGINS[row["variant_origin"]],
            "disease": row["disease"],
            "doid": row["doid"] or NAMED[row["disease"]],
            "excluded": HEMATOLOGIC if row["disease"] in SOLID else "",
            "drugs": ";".join(drugs),
            "joined": joined,
            "effect": row["effect"].replace("_", "-"),
            "level": row["level"],
            "rating": row["rating"],
            "pmids": row["pmid"],
            "flagged": "yes" if row["is_flagged"] == "true" else "",
            "as_of": row["as_of"],
        }


def known_atoms(rows: Iterable[Row]) -> dict[str, str]:
    """The atoms of the trees, by their names in lower case."""
    return {
        atom["name"].lower(): atom_text(atom)
        for row in rows
        if row["row_id"].startswith("CIViC:")
        for atom in atoms_of(json.loads(row["profile_logic"]))
    }


def statement_rows(rows: Iterable[Row], known: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """The items on diagnosis, outlook, predisposition and function."""
    for row in rows:
        yield {
            "id": row["row_id"],
            "kind": row["evidence_type"].lower(),
            "profile": canonical(profile_of_name(row["molecular_profile"], known)),
            "text": row["molecular_profile"],
            "origin": ORIGINS[row["variant_origin"]],
            "disease": row["disease"],
            "doid": row["doid"] or NAMED.get(row["disease"], ""),
            "says": row["significance"].lower().replace(" ", "-").replace("n/a", ""),
            "supports": {"Supports": "yes", "Does Not Support": "no", "N/A": ""}[row["direction"]],
            "level": row["level"],
            "rating": row["rating"],
            "pmids": row["pmid"],
            "as_of": row["as_of"],
        }

"""Reads the files of `knowledge/therapies/transplant/`."""

from pathlib import Path
from typing import Any

from fhir_pgx.errors import BrokenKnowledge
from fhir_pgx.knowledge.files import checked, read_yaml
from fhir_pgx.model.therapy import Provenance
from fhir_pgx.model.transplant import Antigens, TransplantKnowledge

_FOLDER = "therapies/transplant"


def load_transplant(here: Path) -> TransplantKnowledge:
    """Everything known of transplantation.

    Raises BrokenKnowledge where a file breaks its schema, two files say different things of one
    antigen or allele, or one names an antigen that is not recognised.
    """
    listed = _read(here, "serology")
    reviewed = _read(here, "reviewed")
    recognised = {*listed["parents"], *listed["parents"].values(), *reviewed["antigens"]}
    alleles = _joined(listed["alleles"], reviewed["alleles"])
    epitopes = _joined(listed["epitopes"], reviewed["epitopes"])
    # B27 stands in no relation but as the antigen above B2708, and is recognised by it.
    unknown = {*alleles.values(), *epitopes} - recognised
    if unknown:
        raise BrokenKnowledge(
            f"antigens that are not recognised: {sorted(unknown)}", where=f"{_FOLDER}/reviewed.yaml"
        )
    about = reviewed["citation"]
    as_of = max(listed["as_of"], about["as_of"])
    return TransplantKnowledge(
        antigens=Antigens(
            parent=listed["parents"],
            of_allele=alleles,
            epitope=epitopes,
            associated=tuple(listed["associated"]),
            p_groups=listed["p_groups"],
            not_same=tuple(
                (allele, group)
                for allele, groups in listed["not_in_group"].items()
                for group in groups
            ),
            recognised=tuple(sorted(recognised)),
            provenance=Provenance(
                about["source"],
                "WHO",
                "nomenclature",
                "hla-serology",
                tuple(about["pmids"]),
                about["url"],
                about["licence"],
                as_of,
                by_hand=True,
            ),
        ),
        release=as_of,
    )


def _read(here: Path, name: str) -> dict[str, Any]:
    where = f"{_FOLDER}/{name}.yaml"
    return checked(read_yaml(here / where), f"transplant_{name}", where)


def _joined(one: dict[str, str], other: dict[str, str]) -> dict[str, str]:
    for key in one.keys() & other.keys():
        if one[key] != other[key]:
            raise BrokenKnowledge(
                f"{key} is {one[key]} and {other[key]}", where=f"{_FOLDER}/reviewed.yaml"
            )
    return {**one, **other}

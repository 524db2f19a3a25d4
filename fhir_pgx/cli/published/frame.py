"""What every definition of ours has in common."""

from typing import Any, Final

from fhir_pgx.version import __version__

Definition = dict[str, Any]

NAME: Final = "fhir-pgx"
PROFILE: Final = "urn:fhir-pgx:profile:"
OPERATION: Final = "urn:fhir-pgx:operation:"
GUIDE: Final = "http://hl7.org/fhir/uv/genomics-reporting"
FHIR: Final = "4.0.1"
# The day that the definitions last changed in what they say; not of the build, which would make
# every build another one.
DATE: Final = "2026-11-23"


def definition(
    kind: str, id_: str, /, *, url: str, title: str, text: str, **more: Any
) -> Definition:
    """A definition: of `kind` (`StructureDefinition`), found at `/fhir/{kind}/{id_}`.

    Members that are empty are left out.
    """
    made = {
        "resourceType": kind,
        "id": id_,
        "url": url,
        "version": __version__,
        "name": _name(id_),
        "title": title,
        "status": "active",
        "experimental": False,
        "date": DATE,
        "publisher": "The fhir_pgx authors",
        "description": text,
        **more,
    }
    return {member: value for member, value in made.items() if value not in (None, [], "", {})}


def _name(id_: str) -> str:
    """A name that programs can use: `FindSubjectVariants`."""
    name = "".join(part[:1].upper() + part[1:] for part in id_.split("-"))
    return f"Pgx{name}"

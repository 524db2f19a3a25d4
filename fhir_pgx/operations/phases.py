"""The stored phase relationships between variants that an answer returns."""

from collections.abc import Iterable, Mapping

from fhir_pgx.fhir.bundle import as_dicts, reference_of, type_and_id
from fhir_pgx.operations.bodies import decoded
from fhir_pgx.operations.frame import codes_of, conforming
from fhir_pgx.operations.operation import Asked, Context, Resource
from fhir_pgx.operations.returned import TAKEN_BACK
from fhir_pgx.operations.takes import PHASE_PROFILE
from fhir_pgx.terminology import PHASE_RELATIONSHIP

_LINKS = ("derived-from",)


def phases_between(ids: Iterable[str], asked: Asked, at: Context) -> list[Resource]:
    """Every sequence phase relationship of two of these Observations, by id."""
    wanted = set(ids)
    found: dict[str, Resource] = {}
    for id_ in sorted(wanted):
        for stored in at.reads.referring("Observation", id_, _LINKS):
            if stored.patient != asked.subject or stored.id in found:
                continue
            body = decoded(stored)
            if PHASE_RELATIONSHIP not in codes_of(body) or body.get("status") in TAKEN_BACK:
                continue
            parents = parents_of(body)
            if len(parents) == 2 and parents <= wanted:
                found[stored.id] = conforming(body, PHASE_PROFILE, asked.subject)
    return [found[id_] for id_ in sorted(found)]


def parents_of(phase: Mapping[str, object]) -> set[str]:
    """The ids of the Observations that a relationship is between."""
    links = (type_and_id(reference_of(each)) for each in as_dicts(phase.get("derivedFrom")))
    return {id_ for type_, id_ in links if type_ == "Observation"}

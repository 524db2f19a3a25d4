"""The bodies of stored results, read back as the values they were received as."""

from collections.abc import Iterable, Mapping

from fhir_pgx.fhir.json import read_json
from fhir_pgx.operations.operation import Context, Resource
from fhir_pgx.storage.store import StoredResource

_NO_LIMIT = 1 << 31  # what is stored was within the limits when it came in
_ANY_DEPTH = 500

Bodies = Mapping[tuple[str, str], Resource]


def decoded(stored: StoredResource) -> Resource:
    """The resource; numbers with a fraction are Decimal."""
    found: Resource = read_json(stored.body, max_bytes=_NO_LIMIT, max_depth=_ANY_DEPTH)
    return found


def bodies_of(references: Iterable[tuple[str, str]], patient: str, at: Context) -> Bodies:
    """The resources of these (type, id), those of another patient left out."""
    wanted = list(dict.fromkeys(references))
    found = at.reads.read_many(wanted) if wanted else []
    return {(each.type, each.id): decoded(each) for each in found if each.patient == patient}

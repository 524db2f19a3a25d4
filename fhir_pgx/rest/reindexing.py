"""What an earlier release kept without saying what it is found by: read anew, some at a time.

Each part is committed by itself: stopped anywhere, it goes on there the next time. Two that do it
at once write the same rows; what a client changes meanwhile stays as the client left it.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from fhir_pgx.errors import StoreFailure
from fhir_pgx.rest.indexing import stored_again
from fhir_pgx.rest.server import Server
from fhir_pgx.rest.values_links import at_bases
from fhir_pgx.storage.store import StoredResource, Unit

log = logging.getLogger("fhir_pgx.rest")

AT_ONCE: Final = 100  # resources of a transaction; other writers wait for no more


@dataclass(frozen=True, slots=True)
class Reindexed:
    """How many resources are found now, and how many cannot be read and are left as they were."""

    done: int = 0
    failed: int = 0


def reindex(server: Server, pause: Callable[[float], object] = lambda seconds: None) -> Reindexed:
    """Index every resource that no search finds yet.

    `pause` is called between two parts with the seconds that the last one took. Raises
    StoreFailure; what was done by then stays done.
    """
    done, failed = 0, set[str]()
    while True:
        listed = server.store.unindexed(AT_ONCE + len(failed), tenant=server.tenant)
        waiting = [each for each in listed if each.reference not in failed]
        if not waiting:
            return Reindexed(done, len(failed))
        begun = time.monotonic()
        broken = _index(server, waiting)
        done += len(waiting) - len(broken)
        failed.update(broken)
        pause(time.monotonic() - begun)


def _index(server: Server, resources: Sequence[StoredResource]) -> list[str]:
    """Index some, one by one where that fails; returns which cannot be."""

    def work(unit: Unit) -> None:
        unit.hold("reindex")
        stored_again(unit, server.index, resources, at_bases(server.own_bases))

    try:
        server.write(work)
    except StoreFailure:
        raise
    except Exception as error:  # noqa: BLE001 - one that cannot be read costs the others nothing
        if len(resources) > 1:
            return [name for each in resources for name in _index(server, [each])]
        # The message may hold what was being read.
        log.error("a stored %s cannot be indexed: %s", resources[0].type, type(error).__name__)
        return [resources[0].reference]
    return []

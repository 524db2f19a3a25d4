"""What the interactions need of a deployment, put together once at start."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from fhir_pgx.errors import Issue, WriteConflict
from fhir_pgx.fhir.bundle import Entry
from fhir_pgx.model.access import Action
from fhir_pgx.model.genomic_index import GenomicIndex
from fhir_pgx.model.mislabel import Mislabel
from fhir_pgx.rest.rights import FREE_RIGHTS, Rights
from fhir_pgx.storage.store import Reads, Store, Unit

GenomicIndexer = Callable[[Sequence[Entry]], Mapping[str, GenomicIndex]]
_T = TypeVar("_T")
_ATTEMPTS = 3  # of a write that another writer came in the way of

Detect = Callable[[Sequence[Entry]], Sequence[Mislabel]]
Check = Callable[[Mapping[str, Any], str], tuple[Issue, ...]]


def unchecked(resource: Mapping[str, Any], place: str) -> tuple[Issue, ...]:
    """The check of a server that takes resources as they come."""
    return ()


def undetected(entries: Sequence[Entry]) -> tuple[Mislabel, ...]:
    """The detector of a server that keeps no issues beside results."""
    return ()


@dataclass(frozen=True, slots=True)
class Server:
    """`base` is the FHIR base URL without a trailing slash; `own_bases` are all base URLs whose
    ids are those of this store, `base` among them.

    `index` reads the genomic content of resources (`Pipeline.genomic_index`). `check` looks at a
    resource before it is written, at its place in what was sent: it returns warnings, and raises
    RejectedResource. `warn` does the same where somebody asks for warnings, and refuses nothing.
    `detect` finds the contradictions within results, of which an issue is kept beside them.

    `tenant` and `rights` are the caller's: a request is answered by a server made for it.
    """

    store: Store
    base: str
    index: GenomicIndexer
    own_bases: tuple[str, ...] = ()
    check: Check = unchecked
    warn: Check = unchecked
    detect: Detect = undetected
    max_entries: int = 10_000
    tenant: str = ""
    rights: Rights = FREE_RIGHTS

    def reads(self, action: Action = "r") -> Reads:
        """The store, as far as the caller may read (`r`) or search (`s`) it."""
        return self.store.reads(tenant=self.tenant, view=self.rights.view(action))

    def seen(self, unit: Unit, action: Action = "r") -> Reads:
        """The same in the middle of a transaction."""
        view = self.rights.view(action)
        return unit if view.is_everything else unit.seen(view)

    def write(self, work: Callable[[Unit], _T]) -> _T:
        """Do all of `work` in one transaction, or nothing where it raises.

        Where another writer comes in the way it is done anew; after three times WriteConflict.
        """
        for attempt in range(_ATTEMPTS):
            try:
                with self.store.transaction(tenant=self.tenant) as unit:
                    return work(unit)
            except WriteConflict:
                if attempt == _ATTEMPTS - 1:
                    raise
        raise AssertionError  # the last attempt returns or raises

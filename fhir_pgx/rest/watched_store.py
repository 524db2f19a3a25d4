"""A store that tells of which patients something was written that a report rests on, once that is
committed."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final, cast

from fhir_pgx.storage.store import NewResource, Saved, Store, StoredResource, Unit

Patient = tuple[str, str]  # tenant and id
Tell = Callable[[Sequence[Patient]], None]

# Of a patient, and read by no interpretation. All else may change what a report says: an allergy
# can state an allele, a medicine that was stopped decides which advice a tumour's finding meets.
_UNREAD: Final = frozenset(
    ("AuditEvent", "Binary", "Bundle", "DetectedIssue", "Device", "DocumentReference",
     "GuidanceResponse", "Provenance")
)  # fmt: skip


def watched(store: Store, tell: Tell) -> Store:
    """The same store; `tell` is called with tenants and patient ids after each commit that concerns
    them, and not where a transaction fails."""
    return cast("Store", _WatchedStore(store, tell))


class _WatchedStore:
    def __init__(self, store: Store, tell: Tell) -> None:
        self._store, self._tell = store, tell

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def transaction(self, *, tenant: str = "") -> AbstractContextManager[Unit]:
        return self._transaction(tenant)

    @contextmanager
    def _transaction(self, tenant: str) -> Iterator[Unit]:
        patients: dict[str, None] = {}
        with self._store.transaction(tenant=tenant) as unit:
            yield cast("Unit", _WatchedUnit(unit, patients))
        if patients:
            self._tell([(tenant, each) for each in patients])

    def save_bundle(self, resources: Sequence[NewResource], *, tenant: str = "") -> Saved:
        saved = self._store.save_bundle(resources, tenant=tenant)
        patients = dict.fromkeys(each.patient for each in resources if _concerns(each))
        if patients and saved.created + saved.updated:
            self._tell([(tenant, each) for each in patients])
        return saved


class _WatchedUnit:
    def __init__(self, unit: Unit, patients: dict[str, None]) -> None:
        self._unit, self._patients = unit, patients

    def __getattr__(self, name: str) -> Any:
        return getattr(self._unit, name)

    def put(self, new: NewResource) -> StoredResource:
        stored = self._unit.put(new)
        if _concerns(new):
            self._patients[new.patient] = None
        return stored

    def put_many(self, resources: Sequence[NewResource]) -> list[StoredResource]:
        stored = self._unit.put_many(resources)
        self._patients |= {each.patient: None for each in resources if _concerns(each)}
        return stored

    def delete(self, type_: str, id_: str) -> StoredResource | None:
        deleted = self._unit.delete(type_, id_)
        if deleted is not None and deleted.patient and deleted.type not in _UNREAD:
            self._patients[deleted.patient] = None
        return deleted


def _concerns(new: NewResource) -> bool:
    return bool(new.patient) and new.type not in _UNREAD

"""One tenant's part of a store: for whoever is given it, there is no other."""

from functools import partial
from typing import Any, Final, cast

from fhir_pgx.storage.store import Store

# Of every method of `Store` that takes a tenant; a test holds this against the protocol.
_OF_TENANT: Final = frozenset(
    ("transaction", "reads", "save_bundle", "resources_of", "versions_of", "patients", "unindexed",
     "record_cards", "record_feedback", "feedback_summary", "rule_feedback", "recently_shown",
     "card_span", "cards_of")
)  # fmt: skip


def in_tenant(store: Store, tenant: str) -> Store:
    """The part of the store that is this tenant's; the store itself where there is but one, whose
    name is empty."""
    return cast("Store", _TenantStore(store, tenant)) if tenant else store


class _TenantStore:
    def __init__(self, store: Store, tenant: str) -> None:
        self._store, self._tenant = store, tenant

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        return partial(found, tenant=self._tenant) if name in _OF_TENANT else found

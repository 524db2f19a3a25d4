"""A resource on its way into the store."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fhir_pgx.rest.references import references_in


@dataclass(slots=True)
class Draft:
    """A resource to write, under the id that it will have.

    `body` are the bytes to store, empty until they are made; `resource` is the same decoded, with
    its references as it is found by them. `place` is where it stands in what was sent, which errors
    and notes are told. `is_fresh`: nobody can have known the id before. `patient` and `referred_by`
    are as in `storage.NewResource`.
    """

    type: str
    id: str
    resource: Mapping[str, Any]
    body: bytes
    full_url: str = ""
    place: str = ""
    is_fresh: bool = False
    patient: str = ""
    referred_by: tuple[str, ...] = ()

    _references: tuple[str, ...] | None = None

    @property
    def references(self) -> tuple[str, ...]:
        """The references in `resource`, which no longer changes once they were asked for."""
        if self._references is None:
            self._references = tuple(references_in(self.resource))
        return self._references

    @property
    def reference(self) -> str:
        return f"{self.type}/{self.id}"

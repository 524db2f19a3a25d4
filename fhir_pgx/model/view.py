"""What one caller may see of the store: for them nothing else exists.

A view is applied by the store to every row that a question reads (`storage/viewed.py`), so that
counts, includes, chains, histories and pages are those of a store without the rest.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fhir_pgx.model.search import TokenAsked

Granular = tuple[tuple[str, TokenAsked], ...]


@dataclass(frozen=True, slots=True)
class Window:
    """Resources of one type that may be seen.

    `patient`: those of this patient alone, and of nobody's those that are every patient's
    (practitioners, and medicines that the record refers to); None: everybody's. `where`: those with
    all of these tokens.
    """

    patient: str | None = None
    where: Granular = ()


WHOLE = Window()


@dataclass(frozen=True, slots=True)
class View:
    """`types` has, for each resource type that may be seen, its windows: a resource is seen through
    any of them. None: every type, whole. `hidden` are the resources that are withheld, by type and
    id: whatever else is granted, they are not there. `is_owned`: nor is what is of nobody's record
    and may hold somebody's, such as a Bundle kept as a document."""

    types: Mapping[str, tuple[Window, ...]] | None = None
    hidden: frozenset[tuple[str, str]] = field(default_factory=frozenset)
    is_owned: bool = False

    @property
    def is_everything(self) -> bool:
        return self.types is None and not self.hidden and not self.is_owned


EVERYTHING = View()

"""Data as they are handed in, before anything is read: over HTTP or from files."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Document:
    """One file or body, uncompressed. `name` and `media_type` are as sent, or empty."""

    data: bytes
    name: str = ""
    media_type: str = ""


@dataclass(frozen=True, slots=True)
class Options:
    """The flags of `interpret`, `recommend` and `explain` (CONTRACT, section 2).

    `drugs` are names or RxNorm codes; none stands for every drug that the findings concern.
    """

    format: Literal["json", "fhir", "text"] = "json"
    all_matches: bool = False
    missing_as_reference: bool = False
    cyp2d6_from_snvs: bool = False
    drugs: tuple[str, ...] = ()
    outside_calls: Document | None = None
    context: Document | None = None

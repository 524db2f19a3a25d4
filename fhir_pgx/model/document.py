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
    """The flags of `interpret` and `recommend` (CONTRACT, section 2).

    `drugs` are names or RxNorm codes; none stands for every drug that the findings concern.
    """

    format: Literal["json", "text"] = "json"
    drugs: tuple[str, ...] = ()

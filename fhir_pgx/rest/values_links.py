"""References as the links that a search follows: to a resource of ours, or elsewhere."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fhir_pgx.fhir.bundle import type_and_id
from fhir_pgx.rest.values_texts import text_of

# Type and id of the resource of ours that a reference means; None for any other.
Resolve = Callable[[str], tuple[str, str] | None]

_LOCAL = re.compile(r"([A-Z][A-Za-z]{1,63})/([A-Za-z0-9.\-]{1,64})(?:/_history/[^/?#]+)?")


def relative(reference: str) -> tuple[str, str] | None:
    """`Type/id` and `Type/id/_history/2` are ours; whatever is absolute is not."""
    found = _LOCAL.fullmatch(reference)
    return (found[1], found[2]) if found else None


def at_bases(bases: Sequence[str]) -> Resolve:
    """As `relative`, and what is absolute at one of our own base URLs is ours too."""
    starts = tuple(f"{base.rstrip('/')}/" for base in bases if base)

    def resolve(reference: str) -> tuple[str, str] | None:
        for start in starts:
            if reference.startswith(start):
                return relative(reference.removeprefix(start))
        return relative(reference)

    return resolve


def link_of(value: Any, resolve: Resolve) -> tuple[str, str]:
    """Type and id as the index has them of a Reference or canonical: of a target that is not ours
    an empty type and the whole reference; two empty texts where it states none."""
    text = text_of(value.get("reference") if isinstance(value, Mapping) else value).strip()
    if not text:
        return "", ""
    return resolve(text) or ("", text)


def target_type(value: Any, link: tuple[str, str]) -> str:
    """The type that a reference leads to, as far as it tells; empty where it does not."""
    if link[0]:
        return link[0]
    if not isinstance(value, Mapping):
        return ""
    return text_of(value.get("type")) or type_and_id(text_of(value.get("reference")).strip())[0]

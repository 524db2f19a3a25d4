"""Reads one table of the operator's file of who may call: each value by name, every fault noted.

No error quotes what is in a file that holds keys or a secret.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from fhir_pgx.model.registered import KeySource
from fhir_pgx.security.signed import is_private, read_public_key

SEE: Final = "docs/access.md has every key"
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
_LIFETIMES: Final = range(30, 3_601)  # seconds
_MOST: Final = 500  # characters of a text

ReadFile = Callable[[str], bytes]
"""The bytes of a file whose name is relative to the operator's file. Raises OSError."""


@dataclass(slots=True)
class Faults:
    found: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, place: str, text: str, mend: str) -> None:
        self.found.append((place, text, mend))


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the file. What is wrong is noted, and an empty value read in its place."""

    values: Mapping[str, Any]
    place: str
    read_file: ReadFile
    faults: Faults

    def text(self, name: str, *, required: bool = False) -> str:
        found = self.values.get(name, "")
        is_text = isinstance(found, str) and len(found) <= _MOST and found == found.strip()
        if not is_text or not (found.isprintable()):
            self._fault(name, "it is not a plain text", "write a text without blanks at its ends")
            return ""
        if required and not found:
            self._fault(name, "it is missing", "add it")
        return str(found)

    def flag(self, name: str) -> bool:
        found = self.values.get(name, False)
        if not isinstance(found, bool):
            self._fault(name, "it is neither true nor false", "write true or false")
        return found is True

    def texts(self, name: str) -> tuple[str, ...]:
        found = self.values.get(name, [])
        if not isinstance(found, list) or not all(isinstance(e, str) and e for e in found):
            self._fault(name, "it is not a list of texts", 'write ["…", "…"]')
            return ()
        return tuple(found)

    def url(self, name: str, *, required: bool = False) -> str:
        """An https address; http only at this machine."""
        found = self.text(name, required=required)
        if found and not _is_address(found):
            self._fault(name, "it is not an https address", "write https://…, without user")
        return found

    def seconds(self, name: str, default: int) -> int:
        found = self.values.get(name, default)
        if type(found) is not int or found not in _LIFETIMES:
            whole = f"write a whole number, {_LIFETIMES[0]} to {_LIFETIMES[-1]}"
            self._fault(name, "it is not a number of seconds that we take", whole)
            return default
        return found

    def names(self, name: str) -> dict[str, str]:
        found = self.values.get(name, {})
        if not isinstance(found, dict) or not all(isinstance(e, str) for e in found.values()):
            self._fault(name, "it is not a table of texts", 'write claim = "tenant" lines')
            return {}
        return dict(found)

    def secret(self, name: str) -> str:
        """What a file holds, without the line end that editors add."""
        content = self._file(name)
        if content is None:
            return ""
        try:
            found = content.decode("utf-8").rstrip("\r\n")
        except UnicodeDecodeError:
            found = ""
        if not found.strip() or "\n" in found:
            self._fault(name, "the file holds no secret", "write the secret as its only line")
        return found

    def keys(self, url_name: str, file_name: str, url: str = "") -> KeySource:
        """The key source; `url` is the address to use where neither is written."""
        at, file = self.url(url_name), self.text(file_name)
        if at and file:
            self._fault(file_name, f"{url_name} stands beside it", "keep one of the two")
        if file:
            return KeySource(keys=self._jwks(file_name))
        if not (at or url):
            self._fault(url_name, "it is missing", f"add {url_name} or {file_name}")
        return KeySource(url=at or url, is_private=self.flag("is_private"))

    def _jwks(self, name: str) -> tuple[Mapping[str, Any], ...]:
        content = self._file(name)
        if content is None:
            return ()
        try:
            document = msgspec.json.decode(content)
        except (msgspec.DecodeError, ValueError, RecursionError):
            document = None
        listed = document.get("keys") if isinstance(document, dict) else None
        if not isinstance(listed, list) or not all(isinstance(jwk, dict) for jwk in listed):
            self._fault(name, "the file is not a JWK Set", 'write {"keys": [ … ]}')
            return ()
        if any(is_private(jwk) for jwk in listed):
            mend = "remove it from this machine, and put the public half in its place"
            self._fault(name, "the file holds a private or a secret key", mend)
            return ()
        if not any(read_public_key(jwk) for jwk in listed):
            mend = "give a kid to each: EC of P-256, P-384, P-521, or RSA of 2048 bits or more"
            self._fault(name, "the file holds no key that we can check signatures with", mend)
        return tuple(listed)

    def _file(self, name: str) -> bytes | None:
        file = self.text(name)
        if not file:
            return None
        try:
            return self.read_file(file)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "it cannot be read"
            self._fault(name, f"the file was not read: {reason}", "name a readable file")
            return None

    def _fault(self, name: str, text: str, mend: str) -> None:
        self.faults.add(f"{self.place}.{name}", text, mend)


def check_names(
    values: Mapping[str, Any], known: Iterable[str], before: str, faults: Faults
) -> None:
    for name in values:
        if name not in known:
            near = get_close_matches(name, list(known), n=1)
            mend = f"did you mean {near[0]}?" if near else SEE
            faults.add(f"{before}{name:.60}", "it is not a key we know", mend)


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    if "@" in parts.netloc or parts.fragment or not parts.hostname or " " in url:
        return False
    is_ours = parts.scheme == "http" and parts.hostname in _LOOPBACK
    return parts.scheme == "https" or is_ours

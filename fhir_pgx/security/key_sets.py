"""The public keys of those who are registered: read from a file at start, or fetched and kept.

Keys are fetched from the registered address alone, whatever a token says. What was fetched is used
for as long as its server allows (Cache-Control), at least a minute and at most an hour. A key id
that we do not know makes us look again, once a minute at most. Where fetching fails, the keys we
have are used until they are four hours old: an EHR whose key server is down still gets its cards,
and a key that was withdrawn is not believed for a day. Where there are none, ten seconds later we
look again: until then every call of that EHR is refused.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from fhir_pgx.model.registered import KeySource
from fhir_pgx.security.signed import PublicKey, is_private, read_public_key

log = logging.getLogger("fhir_pgx.keys")

LEAST_SECONDS: Final = 60  # between two fetches, also after one that failed
BARE_SECONDS: Final = 10  # after one that failed and left us without any key
MOST_SECONDS: Final = 3_600
USUAL_SECONDS: Final = 600  # where the server says nothing
STALE_SECONDS: Final = 4 * 3_600
MAX_KEYS: Final = 100


class KeysUnavailable(Exception):
    """A key set could not be fetched. `reason` holds no address."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Fetch(Protocol):
    """Fetches a JSON document from one address, which may stand in our own network where
    `private`. Returns it with the seconds that it may be kept, None where its server says nothing.
    Raises KeysUnavailable."""

    def __call__(self, url: str, *, private: bool) -> tuple[Any, float | None]: ...


@dataclass(slots=True)
class _Kept:
    """What we hold of one address. `lock` is held by the one thread that fetches."""

    keys: tuple[PublicKey, ...] = ()
    fetched: float | None = None  # when keys last came
    expires: float = 0.0
    tried: float | None = None
    has_failed: bool = False  # the last try
    lock: threading.Lock = field(default_factory=threading.Lock)


class KeySets:
    """Key sets by their source; for any number of threads.

    `now` is a clock that never goes back, in seconds.
    """

    def __init__(self, fetch: Fetch, now: Callable[[], float]) -> None:
        self._fetch, self._now = fetch, now
        self._read: dict[int, tuple[KeySource, tuple[PublicKey, ...]]] = {}
        self._kept: dict[str, _Kept] = {}
        self._lock = threading.Lock()

    def find(self, source: KeySource, id_: str, algorithm: str = "") -> PublicKey | None:
        """The key of this id; None where there is none, or more than one.

        With an algorithm, only keys that it can be used with count. Keys of one id are then told
        apart as RFC 7517, section 4.5, allows: by their kind.
        """
        if not source.url:
            return _only(self._of_file(source), id_, algorithm)
        kept = self._entry(source)
        keys = self._current(kept, source)
        if not any(key.id == id_ for key in keys):
            keys = self._fetched(kept, source, wait=True)
        return _only(keys, id_, algorithm)

    def _of_file(self, source: KeySource) -> tuple[PublicKey, ...]:
        found = self._read.get(id(source))
        if found is None:
            found = self._read[id(source)] = (source, read_keys(source.keys))
        return found[1]

    def _entry(self, source: KeySource) -> _Kept:
        with self._lock:
            return self._kept.setdefault(source.url, _Kept())

    def _current(self, kept: _Kept, source: KeySource) -> tuple[PublicKey, ...]:
        if self._now() < kept.expires:
            return kept.keys
        return self._fetched(kept, source, wait=not self._usable(kept))

    def _fetched(self, kept: _Kept, source: KeySource, *, wait: bool) -> tuple[PublicKey, ...]:
        """The keys after a fetch, if one is due. One thread fetches; the others wait for what it
        brings, or go on with the keys there are."""
        # A server that failed is tried by one thread alone: else all would hang with it, and no
        # other EHR would be answered.
        if not kept.lock.acquire(blocking=wait and not kept.has_failed):
            return self._usable(kept)
        try:
            if self._is_due(kept):
                self._refresh(kept, source)
        finally:
            kept.lock.release()
        return self._usable(kept)

    def _is_due(self, kept: _Kept) -> bool:
        if kept.tried is None:
            return True
        is_bare = kept.has_failed and not self._usable(kept)
        return self._now() - kept.tried >= (BARE_SECONDS if is_bare else LEAST_SECONDS)

    def _refresh(self, kept: _Kept, source: KeySource) -> None:
        kept.tried = self._now()
        try:
            document, seconds = self._fetch(source.url, private=source.is_private)
            keys = read_keys(_jwks(document))
        except KeysUnavailable as failed:
            kept.has_failed = True
            # The address is the operator's own; a secret may stand in its query.
            address = source.url.partition("?")[0]
            log.warning("the key set at %s was not fetched: %s", address, failed.reason)
            return
        kept.has_failed = False
        if not keys:
            log.warning("a registered key set holds no key that we take")
        wanted = USUAL_SECONDS if seconds is None else seconds
        kept.keys, kept.fetched = keys, self._now()
        kept.expires = kept.fetched + min(max(wanted, LEAST_SECONDS), MOST_SECONDS)

    def _usable(self, kept: _Kept) -> tuple[PublicKey, ...]:
        if kept.fetched is None or self._now() - kept.fetched >= STALE_SECONDS:
            return ()
        return kept.keys


def read_keys(jwks: Iterable[Mapping[str, Any]]) -> tuple[PublicKey, ...]:
    """Those keys of a set that we take (see `read_public_key`)."""
    found: list[PublicKey] = []
    for jwk in jwks:
        if isinstance(jwk, Mapping) and is_private(jwk):
            log.warning("a key set publishes a private or secret key, which is not used")
        elif (key := read_public_key(jwk)) is not None:
            found.append(key)
    return tuple(found)


def _jwks(document: Any) -> list[Any]:
    keys = document.get("keys") if isinstance(document, Mapping) else None
    if not isinstance(keys, list) or len(keys) > MAX_KEYS:
        raise KeysUnavailable("the answer is not a JWK Set")
    return keys


def _only(keys: Iterable[PublicKey], id_: str, algorithm: str) -> PublicKey | None:
    found = [key for key in keys if key.id == id_ and (not algorithm or key.fits(algorithm))]
    return found[0] if len(found) == 1 else None

"""What our pages hold for a browser between two requests, sealed.

A row is named and sealed with keys made of a secret that the browser alone holds, in its cookie.
Whoever has the database, or a copy of it, opens no row and can name no cookie.
Sources: RFC 5869 (HKDF), RFC 7516 (JWE), RFC 7518 section 5.3 (A256GCM).
"""

import re
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

import msgspec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from fhir_pgx.errors import StoreFailure
from fhir_pgx.storage.drivers import Database

# A launch that is under way, a session that came of one, an operator: none opens as another.
Kind = Literal["launch", "session", "operator"]

_HEADER: Final = {"alg": "dir", "enc": "A256GCM"}
_ALGORITHMS: Final = ("dir", "A256GCM")
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{43}")  # 32 random bytes in base64url
_KEEP: Final = (
    "INSERT INTO launch_session (name, expires, body) VALUES (?, ?, ?) "
    "ON CONFLICT (name) DO UPDATE SET expires = excluded.expires, body = excluded.body"
)
_REPLACE: Final = "UPDATE launch_session SET expires = ?, body = ? WHERE name = ? AND expires > ?"
_FIND: Final = "SELECT body FROM launch_session WHERE name = ? AND expires > ?"
_REMOVE: Final = "DELETE FROM launch_session WHERE name = ?"
_CLEAR: Final = "DELETE FROM launch_session WHERE expires <= ?"
_COUNT: Final = "SELECT COUNT(*) FROM launch_session"
MAX_ROWS: Final = 100_000


class LaunchSessions:
    """The sealed rows of one database, shared by all worker processes.

    `clock` gives seconds since 1970. A secret that is not of the shape we hand out finds nothing.
    """

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.time) -> None:
        self._database, self._clock = database, clock

    def keep(self, secret: str, kind: Kind, body: Mapping[str, Any], *, seconds: int) -> None:
        """Seal and store a body for so many seconds. What has ended is cleared away on the way.

        Raises ValueError for a secret that is not 32 random bytes in base64url, and StoreFailure,
        also where there are so many rows that somebody must be filling the table.
        """
        if not _SECRET.fullmatch(secret):
            raise ValueError("a session's secret is 32 random bytes in base64url")
        now = int(self._clock())
        name, sealed = _name(secret, kind), _seal(secret, kind, body)
        with self._database.transaction() as connection:
            connection.execute(_CLEAR, (now,))
            if connection.execute(_COUNT).fetchone()[0] >= MAX_ROWS:
                raise StoreFailure(
                    "there are too many launches at once",
                    where="launch_session",
                    mend="limit the rate of requests (setting rate_per_minute)",
                )
            connection.execute(_KEEP, (name, now + seconds, sealed))

    def find(self, secret: str, kind: Kind) -> dict[str, Any] | None:
        """The body; None where there is none, or it has ended, or the row was tampered with."""
        if not _SECRET.fullmatch(secret):
            return None
        rows = self._database.rows(_FIND, (_name(secret, kind), int(self._clock())))
        return _open(secret, kind, rows[0][0]) if rows else None

    def take(self, secret: str, kind: Kind) -> dict[str, Any] | None:
        """The body, which is then gone: of several that ask at once, one gets it."""
        if not _SECRET.fullmatch(secret):
            return None
        name = _name(secret, kind)
        with self._database.transaction() as connection:
            row = connection.execute(_FIND, (name, int(self._clock()))).fetchone()
            removed = connection.execute(_REMOVE, (name,)).rowcount
        return _open(secret, kind, row[0]) if row is not None and removed == 1 else None

    def replace(self, secret: str, kind: Kind, body: Mapping[str, Any], *, seconds: int) -> bool:
        """Put another body in place of one that is there; False where there is none any more, as
        after a logout meanwhile: then nothing is stored."""
        now = int(self._clock())
        name, sealed = _name(secret, kind), _seal(secret, kind, body)
        with self._database.transaction() as connection:
            changed = connection.execute(_REPLACE, (now + seconds, sealed, name, now))
            return changed.rowcount == 1

    def remove(self, secret: str, kind: Kind) -> None:
        """Forget a body, if there is one."""
        if _SECRET.fullmatch(secret):
            with self._database.transaction() as connection:
                connection.execute(_REMOVE, (_name(secret, kind),))


def _derived(secret: str, kind: Kind, use: str) -> bytes:
    """32 bytes of a secret for one use, which tell nothing of it or of those for another use."""
    info = f"fhir_pgx {kind} {use}".encode()
    # No salt: the secret has 256 bits of chance of its own.
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(secret.encode())


def _name(secret: str, kind: Kind) -> str:
    return _derived(secret, kind, "name").hex()


def _key(secret: str, kind: Kind) -> OctKey:
    return OctKey.import_key(_derived(secret, kind, "key"))


def _seal(secret: str, kind: Kind, body: Mapping[str, Any]) -> bytes:
    text = msgspec.json.encode(body)
    sealed = jwe.encrypt_compact(_HEADER, text, _key(secret, kind), algorithms=_ALGORITHMS)
    return sealed.encode()


def _open(secret: str, kind: Kind, sealed: bytes) -> dict[str, Any] | None:
    try:
        opened = jwe.decrypt_compact(bytes(sealed), _key(secret, kind), algorithms=_ALGORITHMS)
        return msgspec.json.decode(opened.plaintext or b"", type=dict[str, Any])
    except (JoseError, ValueError, msgspec.DecodeError):
        return None

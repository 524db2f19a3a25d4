"""What a CDS Hooks client says of itself: a signed assertion on every request (CDS Hooks 3.0,
Trusting CDS Clients).

The checks run in one order and stop at the first that fails: size, form, algorithm, type, issuer
and `jku` as a registered pair, key, signature, audience, times, lifetime, tenant, purpose, and last
that the assertion was not used before. It is noted as used only after all else held, so that nobody
can use up another's.
"""

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from json.encoder import encode_basestring_ascii
from typing import Final

from fhir_pgx.errors import Forbidden, Unauthenticated
from fhir_pgx.model.access import GLASS_BREAKING, TREATMENT, Caller
from fhir_pgx.model.registered import CdsClient
from fhir_pgx.security.key_sets import KeySets
from fhir_pgx.security.signed import (
    LEEWAY,
    PublicKey,
    Signed,
    check_signature,
    check_times,
    is_meant_for,
    parse_signed,
    text_of,
)

TYPE: Final = "JWT"
MAX_ASSERTION: Final = 8_192  # characters; real ones have about 700
MAX_ID: Final = 512  # characters of a kid or jti

# Notes that an assertion was used: its name, when it may be forgotten (seconds since 1970), and the
# present. False where it was noted before.
UseOnce = Callable[[str, int, int], bool]


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a refused assertion says of itself, for the log alone; any of it may be forged."""

    issuer: str = ""
    tenant: str = ""
    token_id: str = ""
    audience: str = ""


class AssertionVerifier:
    """Checks assertions of registered clients. `now` is seconds since 1970."""

    def __init__(
        self,
        clients: Sequence[CdsClient],
        *,
        keys: KeySets,
        use_once: UseOnce,
        now: Callable[[], float],
    ) -> None:
        self._of_issuer: dict[str, list[CdsClient]] = {}
        for each in clients:
            self._of_issuer.setdefault(each.issuer, []).append(each)
        self._keys, self._use_once, self._now = keys, use_once, now

    def check(self, token: str, *, audience: str, purpose: str = TREATMENT) -> Caller:
        """The caller that an assertion proves. `audience` is the public URL of the address called.

        Raises Unauthenticated, whose text is for the log alone, and Forbidden where the client may
        not name this purpose. A StoreFailure of `use_once` rises: what cannot be noted is refused.
        """
        signed = parse_signed(token, most=MAX_ASSERTION)
        if signed.header.get("typ") != TYPE or "cty" in signed.header:
            raise Unauthenticated("the type is not JWT, or it holds another token")
        client = self._client_of(signed)
        check_signature(signed, self._key_of(client, signed))
        if not is_meant_for(signed.claims, (audience,)):
            raise Unauthenticated("the audience is not the address that was called")
        if "iat" not in signed.claims:
            raise Unauthenticated("the token does not say when it was issued")
        now = self._now()
        expires = check_times(signed.claims, now=now, max_lifetime=client.max_lifetime_seconds)
        caller = Caller(
            "cds-client",
            issuer=client.issuer,
            client=client.name,
            tenant=_tenant_of(client, signed),
            token_id=_token_id(signed),
        )
        try:
            check_purpose(purpose, may_break_glass=client.may_break_glass)
        except Forbidden as refused:
            refused.caller = caller  # who tried to break the glass must stand in the record
            raise
        # After the last moment that any check of ours would take it, its clock late or not.
        forget = math.ceil(expires) + 2 * LEEWAY
        if not self._use_once(_name_of(caller), forget, int(now)):
            raise Unauthenticated("the assertion was used before")
        return caller if purpose == caller.purpose else replace(caller, purpose=purpose)

    def _client_of(self, signed: Signed) -> CdsClient:
        """The client that issuer and `jku` are registered for, as a pair.

        An assertion without `jku` is of the one client of its issuer.
        """
        issuer = signed.issuer
        of_issuer = self._of_issuer.get(issuer) if issuer else None
        if not of_issuer:
            raise Unauthenticated("the issuer is not registered")
        if "jku" not in signed.header:
            plain = [each for each in of_issuer if not each.jku] or of_issuer
            if len(plain) > 1:
                raise Unauthenticated("the issuer has several key sets and the header names none")
            return plain[0]
        jku = text_of(signed.header["jku"])
        for each in of_issuer:
            if jku and each.jku == jku:
                return each
        raise Unauthenticated("the jku is not registered for the issuer")

    def _key_of(self, client: CdsClient, signed: Signed) -> PublicKey:
        if not 0 < len(signed.key_id) <= MAX_ID:
            raise Unauthenticated("the header names no key")
        key = self._keys.find(client.key_source, signed.key_id, signed.algorithm)
        if key is None:
            raise Unauthenticated("the key is not in the registered set")
        return key


def claimed(token: str) -> Claimed:
    """What a token says of itself, unchecked; nothing where it cannot be read."""
    try:
        signed = parse_signed(token, most=MAX_ASSERTION)
    except Unauthenticated:
        return Claimed()
    tenant, token_id = (text_of(signed.claims.get(name)) for name in ("tenant", "jti"))
    audience = signed.claims.get("aud")
    if isinstance(audience, list) and audience:
        audience = audience[0]
    return Claimed(signed.issuer, tenant, token_id, text_of(audience))


def check_purpose(purpose: str, *, may_break_glass: bool) -> None:
    """Raises Forbidden for an emergency that a client is not registered to name."""
    if purpose in GLASS_BREAKING and not may_break_glass:
        raise Forbidden(
            "this client may not name an emergency as its purpose",
            where="X-Purpose-Of-Use",
            mend="send no purpose, or have the client registered for emergencies",
        )


def _tenant_of(client: CdsClient, signed: Signed) -> str:
    """The part of the store: by the claim where the client has several, else the client's own."""
    if not client.tenants:
        return client.tenant
    found = client.tenants.get(text_of(signed.claims.get("tenant")))
    if found is None:
        raise Unauthenticated("the tenant is not one of the client's")
    return found


def _token_id(signed: Signed) -> str:
    found = text_of(signed.claims.get("jti"))
    if not 0 < len(found) <= MAX_ID:
        raise Unauthenticated("the token has no id")
    return found


def _name_of(caller: Caller) -> str:
    """A fixed name for issuer and id together; a JSON list, so that no two pairs have one name."""
    written = map(encode_basestring_ascii, (caller.issuer, caller.token_id))
    return hashlib.sha256(f"[{', '.join(written)}]".encode("ascii")).hexdigest()

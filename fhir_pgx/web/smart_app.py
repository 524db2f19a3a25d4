"""Our SMART app's own side of a launch: discovery, tokens, and the sessions that come of it.

The rules stand in `security/launch.py`; here they meet the network, the store and the clock. Tokens
are held sealed in the store and never reach the browser, which has the secret of its session alone.
"""

import logging
import secrets
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

import msgspec

from fhir_pgx.errors import LaunchFailed
from fhir_pgx.fhir.client import CallFailed
from fhir_pgx.model.registered import KeySource, LaunchIssuer
from fhir_pgx.security.backend_services import ASSERTION_TYPE, sign_assertion
from fhir_pgx.security.key_sets import KeySets, KeysUnavailable
from fhir_pgx.security.launch import (
    LAUNCH_SECONDS,
    Endpoints,
    Launch,
    Session,
    begin_launch,
    capability_url,
    code_form,
    configuration_url,
    find_issuer,
    read_code,
    read_configuration,
    read_oauth_uris,
    read_session,
    refresh_form,
    renewed,
)
from fhir_pgx.security.signed import PublicKey
from fhir_pgx.web.outgoing import fetch_json, post_form
from fhir_pgx.web.site import Site

log = logging.getLogger("fhir_pgx.launch")

_KEPT: Final = 300.0  # seconds that what discovery said is used for launches that begin
_KEPT_FAILURE: Final = 5.0  # so that launches cannot be turned into a stream of calls to an EHR


@dataclass(frozen=True, slots=True)
class Opened:
    """A session and the secret that opens it."""

    secret: str
    session: Session


class SmartApp:
    """All launches and sessions of one deployment, in this process; the store shares them."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._sessions = site.store.sessions
        self._keys = KeySets(_fetch_keys, time.monotonic)
        self._found: dict[str, tuple[float, Endpoints | LaunchFailed]] = {}
        self._lock = threading.Lock()

    @property
    def _issuers(self) -> tuple[LaunchIssuer, ...]:
        return self._site.registered.launch_issuers

    def begin(self, iss: str, launch: str, handle: str) -> tuple[str, str]:
        """The address to send the browser to, and the secret for its cookie.

        `iss` may be empty where one issuer alone is registered. Nothing is called before it was
        found among those registered. Raises LaunchFailed and StoreFailure.
        """
        if not iss and not launch and len(self._issuers) == 1:
            iss = self._issuers[0].issuer
        issuer = find_issuer(self._issuers, iss)
        begun, address = begin_launch(
            issuer,
            self._endpoints(issuer),
            launch,
            f"{self._site.settings.base_url}/app/callback",
            state=f"{handle}.{secrets.token_urlsafe(32)}",
            new_secret=lambda: secrets.token_urlsafe(32),
        )
        secret = secrets.token_urlsafe(32)
        self._sessions.keep(secret, "launch", _written(begun), seconds=LAUNCH_SECONDS)
        return address, secret

    def finish(self, secret: str, answer: Sequence[tuple[str, str]]) -> Opened:
        """The session of a launch that came back, once, under a secret of its own.

        Raises LaunchFailed for whatever does not hold: the launch is over then too.
        """
        kept = self._sessions.take(secret, "launch")
        if kept is None:
            raise LaunchFailed(
                "no launch of this browser waits for this answer: it was answered already, or took "
                "longer than ten minutes",
                where="state",
                mend="launch the application again from the EHR",
            )
        launch = msgspec.convert(kept, Launch)
        code = read_code(answer, launch)
        issuer = find_issuer(self._issuers, launch.fhir)
        tokens = self._post(launch.endpoints.token, code_form(launch, code), issuer)
        now = time.time()
        session = read_session(
            tokens, launch, issuer, find_key=self._keys_of(launch.endpoints, issuer), now=now
        )
        opened = Opened(secrets.token_urlsafe(32), session)
        self._sessions.keep(
            opened.secret, "session", _written(session), seconds=max(int(session.ends - now), 1)
        )
        return opened

    def find(self, secret: str) -> Opened | None:
        """The session of a secret; None where there is none, or its issuer is no longer ours."""
        kept = self._sessions.find(secret, "session")
        if kept is None:
            return None
        session = msgspec.convert(kept, Session)
        known = {each.issuer.removesuffix("/") for each in self._issuers}
        return Opened(secret, session) if session.fhir in known else None

    def fresh(self, opened: Opened) -> Session:
        """The session with an access token that is good for the next call.

        Renewed where it is about to end, by the refresh token. Raises LaunchFailed where it cannot
        be: the session is over then, and what speaks of another patient ends it at once.
        """
        now = time.time()
        session = opened.session
        if not session.is_stale(now):
            return session
        try:
            if not session.refresh_token:
                raise LaunchFailed("the session is over", mend="launch the application again")
            issuer = find_issuer(self._issuers, session.fhir)
            answer = self._post(session.token_url, refresh_form(session), issuer)
            session = renewed(session, answer, now=now)
        except LaunchFailed:
            # Two windows may renew at once, and a server that rotates takes one of them only.
            other = self.find(opened.secret)
            if other is not None and not other.session.is_stale(now):
                return other.session
            self.end(opened.secret)
            raise
        seconds = max(int(session.ends - now), 1)
        if not self._sessions.replace(opened.secret, "session", _written(session), seconds=seconds):
            raise LaunchFailed("the session is over", mend="launch the application again")
        return session

    def end(self, secret: str) -> None:
        """Forget a session and its tokens."""
        self._sessions.remove(secret, "session")

    def _endpoints(self, issuer: LaunchIssuer) -> Endpoints:
        with self._lock:
            until, found = self._found.get(issuer.issuer, (0.0, None))
        if found is None or time.monotonic() >= until:
            try:
                found = _discover(issuer)
            except LaunchFailed as failed:
                found = failed
            kept = _KEPT_FAILURE if isinstance(found, LaunchFailed) else _KEPT
            with self._lock:
                self._found[issuer.issuer] = (time.monotonic() + kept, found)
        if isinstance(found, LaunchFailed):
            raise LaunchFailed(found.text, where=found.where, mend=found.mend)
        return found

    def _keys_of(self, endpoints: Endpoints, issuer: LaunchIssuer) -> "_IssuerKeys":
        source = KeySource(url=endpoints.keys, is_private=issuer.is_private)
        return _IssuerKeys(self._keys, source)

    def _post(self, url: str, form: dict[str, str], issuer: LaunchIssuer) -> Mapping[str, Any]:
        """The answer of the token address, which is asked as the client we are there."""
        basic = None
        if issuer.signs:
            now = time.time()
            form["client_assertion_type"] = ASSERTION_TYPE
            form["client_assertion"] = sign_assertion(
                self._site.own_keys.signing(now).key,
                issuer.client_id,
                url,
                now=now,
                new_id=lambda: str(uuid4()),
            )
        elif issuer.client_secret:
            basic = (issuer.client_id, issuer.client_secret)
        else:
            form["client_id"] = issuer.client_id
        try:
            return post_form(url, form, private=issuer.is_private, client=basic)
        except CallFailed as failed:
            log.warning("a token address gave no token: %s", failed.reason)
            raise LaunchFailed(
                "the authorization server gave no token",
                mend="launch the application again from the EHR",
            ) from None


@dataclass(frozen=True, slots=True)
class _IssuerKeys:
    """The keys of one issuer of id_tokens, as `check_id_token` asks for them."""

    keys: KeySets
    source: KeySource

    def __call__(self, id_: str, algorithm: str) -> PublicKey | None:
        return self.keys.find(self.source, id_, algorithm) if self.source.url else None


def _discover(issuer: LaunchIssuer) -> Endpoints:
    """Where the issuer's authorization server is: by its `smart-configuration`, else by its
    CapabilityStatement where it has none."""
    private = issuer.is_private
    try:
        try:
            document, _ = fetch_json(configuration_url(issuer), private=private)
        except CallFailed as failed:
            if not failed.status:  # not reached: that says nothing of what it has
                raise
            document, _ = fetch_json(
                capability_url(issuer), private=private, accept="application/fhir+json"
            )
            return read_oauth_uris(document, issuer)
        return read_configuration(document, issuer)
    except CallFailed as failed:
        log.warning("the discovery of a registered launch issuer failed: %s", failed.reason)
        raise LaunchFailed(
            "the server that launches does not say where its authorization server is",
            where="smart-configuration",
            mend="try again; if it fails again, tell the operator",
        ) from None


def _fetch_keys(url: str, *, private: bool) -> tuple[Any, float | None]:
    try:
        return fetch_json(url, private=private)
    except CallFailed as failed:
        raise KeysUnavailable(failed.reason) from None


def _written(value: Launch | Session) -> dict[str, Any]:
    written: dict[str, Any] = msgspec.to_builtins(value)
    return written

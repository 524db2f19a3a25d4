"""A SMART launch from our side, as the application: every rule of it, without network or browser.

A launch begins at an EHR that is registered, goes through the browser to the EHR's authorization
server, and ends with tokens that we alone hold. Where that server is, discovery says once, at the
beginning: what the browser brings back can change nothing of it.
Sources: SMART App Launch 2.2; RFC 6749; RFC 7636 (PKCE); RFC 9207 (issuer identification); RFC 9700
(OAuth security, best practice); OpenID Connect Core 1.0, 3.1.3.7.
"""

import hashlib
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hmac import compare_digest
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from fhir_pgx.errors import LaunchFailed, Unauthenticated
from fhir_pgx.model.registered import LaunchIssuer
from fhir_pgx.security.signed import PublicKey, check_signature, check_times, parse_signed

LAUNCH_SECONDS: Final = 600  # how long the browser may be away
SESSION_SECONDS: Final = 8 * 3600  # with a refresh token: a working day
_USUAL_TOKEN: Final = 900  # seconds, where the server does not say
_LONGEST_TOKEN: Final = 3600
_LONGEST_ID_TOKEN: Final = 24 * 3600
_EARLY: Final = 30  # a token is renewed so many seconds before it ends

_OAUTH_URIS: Final = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
_TEXT: Final = re.compile(r"[!-~]{1,4096}")  # a code, a launch, a token: visible ASCII
_URL: Final = re.compile(r"[!-;=?-~]{1,2048}")
_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_CONTEXT: Final = re.compile(r"(?:drug|gene)-[A-Za-z0-9][A-Za-z0-9-]{0,99}")
_USER: Final = re.compile(
    r"(?:.*/)?((?:Practitioner|PractitionerRole|Patient|RelatedPerson|Person)/[A-Za-z0-9\-.]{1,64})"
)
_ERROR: Final = re.compile(r"[a-z_]{1,40}")  # the codes of RFC 6749 and OpenID Connect
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
_OURS: Final = frozenset(
    ("response_type", "client_id", "redirect_uri", "scope", "state", "aud", "launch", "nonce",
     "code_challenge", "code_challenge_method", "response_mode")
)  # fmt: skip

FindKey = Callable[[str, str], PublicKey | None]  # the issuer's key of this kid, for this alg


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where an EHR's authorization server is. `issuer` and `keys` are those of OpenID Connect,
    empty where it has none; `names_itself` where each of its answers must say who it is."""

    authorize: str
    token: str
    issuer: str = ""
    keys: str = ""
    names_itself: bool = False


@dataclass(frozen=True, slots=True)
class Launch:
    """A launch while the browser is away. Held sealed (`storage/sessions.py`); never shown."""

    fhir: str
    client_id: str
    scope: str
    redirect_uri: str
    endpoints: Endpoints
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Session:
    """Who launched us, for whom, and the tokens for it. Times are in seconds since 1970.

    `patient` and `encounter` are ids at the server `fhir`, empty where the launch had none; `user`
    is a reference such as `Practitioner/x`, of an id_token that was verified, else empty.
    `app_context` is what the link that launched us carries (CDS Hooks, Link), empty where it is
    not of the shape of ours. `needs_banner` is False where the EHR says that it shows whose data
    these are around us (SMART, `need_patient_banner`).
    """

    fhir: str
    client_id: str
    token_url: str
    scope: str
    access_token: str = field(repr=False)
    access_ends: float
    ends: float
    refresh_token: str = field(default="", repr=False)
    patient: str = ""
    encounter: str = ""
    user: str = ""
    tenant: str = ""
    app_context: str = ""
    needs_banner: bool = True

    def is_stale(self, now: float) -> bool:
        """Whether the access token must be renewed before it is used."""
        return now >= self.access_ends - _EARLY


# The beginning


def find_issuer(issuers: Sequence[LaunchIssuer], iss: str) -> LaunchIssuer:
    """The registered FHIR server of this base URL, letter for letter save a slash at the end.

    Raises LaunchFailed: any other server could send people to a login page of its own.
    """
    for each in issuers:
        if each.issuer.removesuffix("/") == iss.removesuffix("/"):
            return each
    raise LaunchFailed(
        "the server that launches is not registered here",
        where="iss",
        mend="register it under launch_issuers in the access file (docs/launch.md)",
    )


def configuration_url(issuer: LaunchIssuer) -> str:
    return f"{issuer.issuer.removesuffix('/')}/.well-known/smart-configuration"


def capability_url(issuer: LaunchIssuer) -> str:
    return f"{issuer.issuer.removesuffix('/')}/metadata"


def read_configuration(document: Mapping[str, Any], issuer: LaunchIssuer) -> Endpoints:
    """The endpoints that a `smart-configuration` names.

    Raises LaunchFailed for an address that may not be one, where PKCE by S256 is not announced
    (without it a stolen code is a token), and where `openid` is asked for and there is nothing to
    verify its tokens with.
    """
    methods = document.get("code_challenge_methods_supported")
    if not issuer.assumes_pkce and (not isinstance(methods, list) or "S256" not in methods):
        raise _refused("the authorization server does not announce PKCE with S256")
    endpoints = Endpoints(
        authorize=_endpoint(document, "authorization_endpoint", issuer),
        token=_endpoint(document, "token_endpoint", issuer),
        issuer=_text(document.get("issuer")),
        keys=_endpoint(document, "jwks_uri", issuer) if "jwks_uri" in document else "",
        names_itself=document.get("authorization_response_iss_parameter_supported") is True,
    )
    return _checked(endpoints, issuer)


def read_oauth_uris(capability: Mapping[str, Any], issuer: LaunchIssuer) -> Endpoints:
    """The endpoints of a CapabilityStatement, of servers older than `smart-configuration`.

    Raises LaunchFailed as `read_configuration` does. Nothing there can announce PKCE: the operator
    must know that the server checks it (`assumes_pkce`).
    """
    if not issuer.assumes_pkce:
        raise _refused("the server has no smart-configuration that announces PKCE with S256")
    found = {
        each["url"]: each.get("valueUri")
        for rest in _dicts(capability.get("rest"))
        for extension in _dicts(_dict(rest.get("security")).get("extension"))
        if extension.get("url") == _OAUTH_URIS
        for each in _dicts(extension.get("extension"))
        if isinstance(each.get("url"), str)
    }
    endpoints = Endpoints(_endpoint(found, "authorize", issuer), _endpoint(found, "token", issuer))
    return _checked(endpoints, issuer)


def begin_launch(
    issuer: LaunchIssuer,
    endpoints: Endpoints,
    launch: str,
    redirect_uri: str,
    *,
    state: str,
    new_secret: Callable[[], str],
) -> tuple[Launch, str]:
    """The launch to keep, and the address that the browser is sent to.

    `launch` is the EHR's handle, empty for a launch that begins at the application. `state` and
    what `new_secret` makes have at least 256 bits of chance. Raises LaunchFailed.
    """
    if launch and not _TEXT.fullmatch(launch):
        raise LaunchFailed("the launch is no handle of an EHR", where="launch")
    scope = _scope(issuer.scope, is_from_ehr=bool(launch))
    begun = Launch(
        fhir=issuer.issuer.removesuffix("/"),
        client_id=issuer.client_id,
        scope=scope,
        redirect_uri=redirect_uri,
        endpoints=endpoints,
        state=state,
        nonce=new_secret(),
        verifier=new_secret(),
    )
    asked = {
        "response_type": "code",
        "client_id": issuer.client_id,
        "redirect_uri": redirect_uri,
        "scope": scope,
        "state": state,
        "aud": issuer.issuer,  # as it is registered: some servers compare it letter for letter
        "code_challenge": challenge_of(begun.verifier),
        "code_challenge_method": "S256",
    }
    if launch:
        asked["launch"] = launch
    if "openid" in scope.split():
        asked["nonce"] = begun.nonce
    parts = urlsplit(endpoints.authorize)
    query = "&".join(part for part in (parts.query, urlencode(asked)) if part)
    return begun, urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))


def challenge_of(verifier: str) -> str:
    """RFC 7636, 4.2: the S256 challenge of a verifier."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


# The way back


def read_code(answer: Sequence[tuple[str, str]], launch: Launch) -> str:
    """The authorization code that the browser brings back.

    `answer` are the parameters as they came. Raises LaunchFailed where one stands twice, where the
    state is not that of the launch, where another authorization server answered (RFC 9207), and
    where the server says that it failed: its code is repeated, its words are not.
    """
    given = dict(answer)
    if len(given) != len(answer):
        raise LaunchFailed("a parameter of the answer stands twice", mend=_AGAIN)
    if not compare_digest(given.get("state", "").encode(), launch.state.encode()):
        raise LaunchFailed("the answer is not to this launch", where="state", mend=_AGAIN)
    issuer = launch.endpoints.issuer
    if ("iss" in given or launch.endpoints.names_itself) and given.get("iss") != issuer:
        raise LaunchFailed("another authorization server answered", where="iss", mend=_AGAIN)
    if "error" in given:
        code = given["error"] if _ERROR.fullmatch(given["error"]) else "an error of its own"
        raise LaunchFailed(
            f"the authorization server did not let you in: {code}", where="error", mend=_AGAIN
        )
    if not _TEXT.fullmatch(given.get("code", "")):
        raise LaunchFailed("the answer holds no code", where="code", mend=_AGAIN)
    return given["code"]


def code_form(launch: Launch, code: str) -> dict[str, str]:
    """The form that turns a code into tokens."""
    return {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": launch.redirect_uri,
        "code_verifier": launch.verifier,
    }


def refresh_form(session: Session) -> dict[str, str]:
    """The form that turns a refresh token into new tokens."""
    return {"grant_type": "refresh_token", "refresh_token": session.refresh_token}


def read_session(
    answer: Mapping[str, Any],
    launch: Launch,
    issuer: LaunchIssuer,
    *,
    find_key: FindKey,
    now: float,
) -> Session:
    """The session that a token answer begins; `now` is in seconds since 1970.

    Raises LaunchFailed for an answer that is none, and for an id_token that is missing where
    `openid` was granted, or that does not hold.
    """
    scope = _text(answer.get("scope")) or launch.scope
    access, refresh, seconds = _tokens(answer)
    user = ""
    id_token = answer.get("id_token")
    if isinstance(id_token, str) and "openid" in launch.scope.split():
        user = check_id_token(id_token, launch, find_key=find_key, now=now)
    elif "openid" in scope.split() and "openid" in launch.scope.split():
        raise LaunchFailed("the authorization server sent no id_token", mend=_AGAIN)
    return Session(
        fhir=launch.fhir,
        client_id=launch.client_id,
        token_url=launch.endpoints.token,
        scope=scope,
        access_token=access,
        access_ends=now + seconds,
        ends=now + (SESSION_SECONDS if refresh else seconds),
        refresh_token=refresh,
        patient=_identity(answer, "patient"),
        encounter=_identity(answer, "encounter"),
        user=user,
        tenant=issuer.tenant,
        app_context=_app_context(answer.get("appContext")),
        needs_banner=answer.get("need_patient_banner") is not False,
    )


def renewed(session: Session, answer: Mapping[str, Any], *, now: float) -> Session:
    """The session with the tokens of a refresh. Raises LaunchFailed where the answer is none, or
    speaks of another patient: a page must never change whom it shows."""
    if "patient" in answer and _identity(answer, "patient") != session.patient:
        raise LaunchFailed("the authorization server answered for another patient", mend=_AGAIN)
    access, refresh, seconds = _tokens(answer)
    return replace(
        session,
        access_token=access,
        access_ends=now + seconds,
        refresh_token=refresh or session.refresh_token,
        scope=_text(answer.get("scope")) or session.scope,
    )


def check_id_token(text: str, launch: Launch, *, find_key: FindKey, now: float) -> str:
    """Who logged in, as `Practitioner/x`; empty where the token does not say.

    Raises LaunchFailed where any of OpenID Connect's checks fails: signature by a key of the issuer
    that discovery named, `iss`, `aud`, `azp`, `exp`, `iat`, `nonce`.
    """
    try:
        token = parse_signed(text)
        key = find_key(token.key_id, token.algorithm)
        if key is None:
            raise LaunchFailed("the id_token is signed with a key that is not its issuer's")
        check_signature(token, key)
        check_times(token.claims, now=now, max_lifetime=_LONGEST_ID_TOKEN)
    except Unauthenticated as refused:
        raise LaunchFailed(f"the id_token does not hold: {refused.text}", mend=_AGAIN) from None
    claims = token.claims
    if not launch.endpoints.issuer or claims.get("iss") != launch.endpoints.issuer:
        raise LaunchFailed("the id_token is of another issuer", mend=_AGAIN)
    audience = claims.get("aud")
    meant_for = audience if isinstance(audience, list) else [audience]
    authorized = claims.get("azp", launch.client_id if len(meant_for) == 1 else None)
    if launch.client_id not in meant_for or authorized != launch.client_id:
        raise LaunchFailed("the id_token is for another application", mend=_AGAIN)
    if "iat" not in claims or not _text(claims.get("sub")):
        raise LaunchFailed("the id_token does not say who or when", mend=_AGAIN)
    if not compare_digest(_text(claims.get("nonce")).encode(), launch.nonce.encode()):
        raise LaunchFailed("the id_token is not of this launch", mend=_AGAIN)
    user = _USER.fullmatch(_text(claims.get("fhirUser")))
    return user[1] if user else ""


_AGAIN: Final = "launch the application again from the EHR"


def _tokens(answer: Mapping[str, Any]) -> tuple[str, str, int]:
    """Access token, refresh token (empty where there is none), and the seconds the first lives."""
    access, refresh = _text(answer.get("access_token")), _text(answer.get("refresh_token"))
    kind = answer.get("token_type")
    if not _TEXT.fullmatch(access) or not isinstance(kind, str) or kind.lower() != "bearer":
        raise LaunchFailed("the answer of the token address holds no bearer token", mend=_AGAIN)
    if refresh and not _TEXT.fullmatch(refresh):
        raise LaunchFailed("the answer of the token address holds a broken token", mend=_AGAIN)
    seconds = answer.get("expires_in", _USUAL_TOKEN)
    if type(seconds) is not int or seconds <= 0:
        seconds = _USUAL_TOKEN
    return access, refresh, min(seconds, _LONGEST_TOKEN)


def _identity(answer: Mapping[str, Any], name: str) -> str:
    found = answer.get(name)
    if found is None:
        return ""
    if not isinstance(found, str) or not _ID.fullmatch(found):
        raise LaunchFailed(f"the {name} of the answer is no FHIR id", where=name, mend=_AGAIN)
    return found


def _app_context(found: Any) -> str:
    """`drug-clopidogrel`, `gene-CYP2C19`: the place on our page that a card of ours speaks of. It
    comes by way of two other systems: whatever else it is, is passed over."""
    return found if isinstance(found, str) and _CONTEXT.fullmatch(found) else ""


def _scope(registered: str, *, is_from_ehr: bool) -> str:
    """The scope to ask for: an EHR hands its context over, or we ask it to let one be chosen."""
    rest = [each for each in registered.split() if each not in ("launch", "launch/patient")]
    return " ".join(["launch" if is_from_ehr else "launch/patient", *rest])


def _checked(endpoints: Endpoints, issuer: LaunchIssuer) -> Endpoints:
    if "openid" in issuer.scope.split() and not (endpoints.issuer and endpoints.keys):
        raise LaunchFailed(
            "the authorization server names nothing to verify an id_token with",
            where="smart-configuration",
            mend="leave openid and fhirUser out of this issuer's scope in the access file",
        )
    named = {name for name, _ in parse_qsl(urlsplit(endpoints.authorize).query)}
    if named & _OURS:
        raise _refused("the authorize address sets parameters that are ours to set")
    return endpoints


def _endpoint(document: Mapping[str, Any], name: str, issuer: LaunchIssuer) -> str:
    """An address of a document: https, or http on this machine where the issuer is private."""
    url = document.get(name)
    if not isinstance(url, str) or not _URL.fullmatch(url):
        raise _refused(f"the server names no {name} that may be one")
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        usable = parts.port != 0 and bool(host)
    except ValueError:
        raise _refused(f"the server names no {name} that may be one") from None
    is_local = parts.scheme == "http" and issuer.is_private and host in _LOOPBACK
    if not usable or "@" in parts.netloc or "#" in url or not (parts.scheme == "https" or is_local):
        raise _refused(f"the server names no {name} that may be one")
    return url


def _refused(text: str) -> LaunchFailed:
    return LaunchFailed(text, where="smart-configuration", mend="tell the EHR's operator")


def _text(found: Any) -> str:
    return found if isinstance(found, str) else ""


def _dict(found: Any) -> Mapping[str, Any]:
    return found if isinstance(found, dict) else {}


def _dicts(found: Any) -> list[Mapping[str, Any]]:
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []

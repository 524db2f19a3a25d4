"""A session of the SMART app opened again: its data, its passport, and the cards of before."""

from dataclasses import dataclass

from fhir_pgx.model.passport import Passport, PastCard
from fhir_pgx.security.launch import Session
from fhir_pgx.storage.tenants import in_tenant
from fhir_pgx.web.access import verifiers_of
from fhir_pgx.web.app_sessions import handle_in, note_session, secret_of
from fhir_pgx.web.session_data import SessionData, is_ours, read_data
from fhir_pgx.web.site import Site
from fhir_pgx.web.smart_app import SmartApp


@dataclass(frozen=True, slots=True)
class Opened:
    """What a page of the app shows. `history` is None where it may be of somebody else, and is not
    looked for."""

    handle: str
    session: Session
    data: SessionData
    passport: Passport
    history: tuple[PastCard, ...] | None


class Sessions:
    """The app's sessions, as its pages need them. One for each deployment and process."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._app, self._verifiers = SmartApp(site), verifiers_of(site)

    def find(self, handle: str) -> Session | None:
        """The session of a window of this browser; None where there is none. Its token is good for
        the next call, renewed where it had to be. Raises LaunchFailed where it cannot be."""
        secret = secret_of(self._site.settings, handle_in(handle))
        opened = self._app.find(secret)
        if opened is None:
            return None
        note_session(opened.session)
        return self._app.fresh(opened)

    def open(self, handle: str, session: Session) -> Opened:
        """Everything that the page shows. Raises what `read_data` does, and StoreFailure."""
        data = read_data(self._site, self._verifiers, session)
        place = session.app_context
        passport = self._site.pipeline.passport(data.entries, data.seen, place)
        history = None
        if may_show_history(self._site, session):
            store = in_tenant(self._site.store, data.caller.tenant)
            history = tuple(store.cards_of(session.patient))
        return Opened(handle_in(handle), session, data, passport, history)

    def end(self, handle: str) -> None:
        """Forget a session and its tokens."""
        self._app.end(secret_of(self._site.settings, handle_in(handle)))


def may_show_history(site: Site, session: Session) -> bool:
    """Whether the cards that are kept under the patient's id can be of no other patient.

    A card is kept by the id that its call named, not by the server: where two servers' calls come
    into one part of the store, one id may be two people.
    """
    if is_ours(site, session):
        return True
    registered = site.registered
    launching = [each for each in registered.launch_issuers if each.tenant == session.tenant]
    calling = [
        each
        for each in registered.cds_clients
        if session.tenant in (each.tenant, *each.tenants.values())
    ]
    return len(launching) == 1 and len(calling) == 1 and bool(session.tenant)

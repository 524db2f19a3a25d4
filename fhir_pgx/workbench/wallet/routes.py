"""`/app/card`: the card of the patient of a launch. `/card/verify`: whether a card holds."""

from typing import Any, Final
from urllib.parse import urlencode

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from fhir_pgx.errors import InvalidCard, InvalidSetting, LaunchFailed
from fhir_pgx.fhir.json import write_json
from fhir_pgx.model.wallet import IssuedCard
from fhir_pgx.web.access import verifiers_of
from fhir_pgx.web.app_sessions import asked_once, handle_in
from fhir_pgx.web.forms import check_csrf
from fhir_pgx.web.opened import Sessions
from fhir_pgx.web.session_data import SessionData, read_data
from fhir_pgx.web.wallet import CardDesk
from fhir_pgx.workbench.page import Pages, errors_as_pages
from fhir_pgx.workbench.text.plain import visible
from fhir_pgx.workbench.wallet.drawn import day_of, lines_of, qr_svg, shared

_FILE_TYPE: Final = "application/smart-health-card"  # of the framework, with its file ending


def wallet_blueprint(pages: Pages) -> Blueprint:
    """Both pages, and the card as a file."""
    bp = Blueprint("wallet", __name__)
    errors_as_pages(bp, pages)
    site = pages.site
    desk, sessions, verifiers = CardDesk(site), Sessions(site), verifiers_of(site)

    @bp.get("/app/card")
    def card() -> ResponseReturnValue:
        handle, is_short = handle_in(asked_once("session")), asked_once("name") == "initials"
        try:
            issued = _issued(handle, is_short)
        except InvalidSetting as missing:
            return pages.answer("wallet/no_key.html", status=503, missing=missing, handle=handle)
        return pages.answer(
            "wallet/card.html",
            **_values(issued),
            qr=qr_svg(desk.drawn(issued)),
            text=issued.text,
            handle=handle,
            is_short=is_short,
            file=f"{pages.at('/app/card/file')}?{_query(handle, is_short)}",
        )

    @bp.get("/app/card/file")
    def file() -> ResponseReturnValue:
        handle, is_short = handle_in(asked_once("session")), asked_once("name") == "initials"
        try:
            issued = _issued(handle, is_short)
        except InvalidSetting as missing:
            return pages.answer("wallet/no_key.html", status=503, missing=missing, handle=handle)
        body = write_json({"verifiableCredential": [issued.jws]})
        named = 'attachment; filename="wallet-card.smart-health-card"'
        return Response(body, content_type=_FILE_TYPE, headers={"Content-Disposition": named})

    def _issued(handle: str, is_short: bool) -> IssuedCard:
        session = sessions.find(handle)
        if session is None:
            raise LaunchFailed(
                "nobody has launched this application in this window, or the session is over",
                mend="open the patient in the EHR and launch the application from there",
            )
        data = read_data(site, verifiers, session)
        check_whole(data)
        return desk.issue(site.pipeline.card_content(data.entries), initials=is_short)

    @bp.get("/card/verify")
    def ask() -> ResponseReturnValue:
        return pages.answer("wallet/verify.html", **_nothing_verified())

    @bp.post("/card/verify")
    def verify() -> ResponseReturnValue:
        check_csrf(request, site.settings)
        text = request.form.get("card", "").strip()
        shown = {**_nothing_verified(), "text": text}
        if not text:
            return pages.answer("wallet/verify.html", status=400, **shown | {"is_empty": True})
        try:
            checked = desk.verify(text)
        except InvalidCard as refused:
            return pages.answer("wallet/verify.html", status=400, **shown | {"refused": refused})
        held = {**_values(IssuedCard(checked.card, "", "", checked.key_id)), "checked": checked}
        return pages.answer("wallet/verify.html", **shown | held)

    def _nothing_verified() -> dict[str, Any]:
        return {
            "text": "", "is_empty": False, "refused": None, "checked": None,
            "demonstrates": desk.demonstrates, "base": site.settings.base_url,
            "has_keys": bool(site.own_keys.cards) or desk.demonstrates,
        }  # fmt: skip

    return bp


def _query(handle: str, is_short: bool) -> str:
    return urlencode({"session": handle} | ({"name": "initials"} if is_short else {}))


def _values(issued: IssuedCard) -> dict[str, Any]:
    card = issued.card
    when, laboratory = shared(card)
    return {
        "card": card, "holder": visible(card.holder.name), "lines": lines_of(card),
        "when": when, "laboratory": laboratory,
        "issued": day_of(card.issued), "key_id": issued.key_id,
    }  # fmt: skip


def check_whole(data: SessionData) -> None:
    """Raises InvalidCard where results may be hidden from this launch, or could not be read: the
    card would count them as not tested, and be signed."""
    seen = data.seen
    is_cut = seen.lists.get("results") in ("unavailable", "missing") or "results" in seen.partial
    if is_cut or seen.is_limited:
        raise InvalidCard(
            "not every result could be read in this launch: a card would count what is hidden as "
            "not tested",
            where="Observation",
            mend="launch again with the scope patient/*.rs; where a consent hides results, a card "
            "cannot be made here",
        )

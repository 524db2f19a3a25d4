"""Wallet cards of one deployment: which key signs them, and what they are verified with here."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fhir_pgx.model.wallet import CardContent, IssuedCard, QrCode, WalletCard
from fhir_pgx.security.card_keys import CardKey, by_id, demonstration_key, is_demonstration
from fhir_pgx.security.card_qr import qr_code
from fhir_pgx.security.wallet_card import issue_card, open_card, verified_card, with_initials
from fhir_pgx.web.site import Site


@dataclass(frozen=True, slots=True)
class CheckedCard:
    """A card whose signature held: which key, and whose. `is_demonstration`: the key proves
    nothing."""

    card: WalletCard
    key_id: str
    is_demonstration: bool


@dataclass(frozen=True, slots=True)
class CardDesk:
    """Issues cards and verifies its own. `now` gives seconds since 1970."""

    site: Site
    now: Callable[[], float] = time.time

    @property
    def demonstrates(self) -> bool:
        """Whether this is a demonstration: its patients are synthetic, and no key that could stand
        for anything signs for them, whichever are set up."""
        return demonstrates(self.site)

    def issue(self, content: CardContent, *, initials: bool = False) -> IssuedCard:
        """Raises InvalidSetting where no key for cards is set up, or `base_url` is none that a
        verifier could ask; InvalidCard where nothing fits."""
        now = self.now()
        key = demonstration_key() if self.demonstrates else self._own(now)
        asked = with_initials(content) if initials else content
        return issue_card(asked, key, issuer=self.site.settings.base_url, now=now)

    def drawn(self, issued: IssuedCard) -> QrCode:
        return qr_code(issued.jws)

    def verify(self, text: str) -> CheckedCard:
        """What a card says, if we issued it. Nothing is stored, and no other server is asked.

        Raises InvalidCard with the reason.
        """
        issuer = self.site.settings.base_url
        opened = open_card(text, self._keys(), now=self.now(), issuer=issuer)
        card = verified_card(opened)
        return CheckedCard(card, opened.key_id, is_demonstration(opened.key_id))

    def _own(self, now: float) -> CardKey:
        return self.site.own_keys.signing_cards(now)

    def _keys(self) -> dict[str, CardKey]:
        own = self.site.own_keys.card_keys()
        return own | by_id((demonstration_key(),)) if self.demonstrates else own


def demonstrates(site: Site) -> bool:
    """See `CardDesk.demonstrates`."""
    return site.settings.demo == "on" or site.settings.demo_authorization == "on"


def published_keys(site: Site) -> dict[str, Any]:
    """The JWK Set of this server: the demonstration's key in a demonstration alone."""
    own = site.own_keys.published()
    more = [demonstration_key().published()] if demonstrates(site) else []
    return {"keys": [*own["keys"], *more]}

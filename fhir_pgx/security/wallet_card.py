"""Wallet cards: issued, and verified without any network.

A card that does not fit into one QR code a phone reads leaves out the genes that matter least, and
says how many. What is verified is told in the order in which it can be known: the key, the
signature, who issued it and when, whose it is, what it says.
Source: SMART Health Cards Framework 1.4.0.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from fhir_pgx.errors import InvalidCard, InvalidSetting
from fhir_pgx.model.wallet import CardContent, CardGene, IssuedCard, WalletCard
from fhir_pgx.security.card_frame import MAX_JWS, digits_of, open_payload, read_frame, write_jws
from fhir_pgx.security.card_keys import CardKey, is_demonstration
from fhir_pgx.security.card_payload import read_card, write_claims
from fhir_pgx.security.signed import LEEWAY, is_instant


@dataclass(frozen=True, slots=True)
class Opened:
    """Claims whose signature holds. `is_issuer_known`: the issuer was one that was asked for, so
    that the key is known to be its; else the card alone says whose key it is."""

    claims: Mapping[str, Any]
    issuer: str
    issued: int
    key_id: str
    is_issuer_known: bool

    @property
    def is_demonstration(self) -> bool:
        return is_demonstration(self.key_id)


# Issuing


def issue_card(content: CardContent, key: CardKey, *, issuer: str, now: float) -> IssuedCard:
    """The card of one patient, with as many genes as one QR code holds, the first ones first.

    Raises InvalidSetting where the issuer has no address that a verifier could ask (https without
    a slash at its end); only the demonstration's key signs for any. Raises InvalidCard where the
    name leaves no room for a gene.
    """
    demonstrates = is_demonstration(key.id)
    if not demonstrates and not is_issuer(issuer):
        raise InvalidSetting(
            "a card names its issuer by an https address, and base_url is none",
            where="base_url",
            mend="set base_url to the https address at which this server's keys are read",
        )
    for shown in range(len(content.genes), 0, -1):
        card = WalletCard(
            holder=content.holder,
            genes=content.genes[:shown],
            left_out=content.others + len(content.genes) - shown,
            no_answer=content.no_answer,
            not_tested=content.not_tested,
            release=content.release,
            issuer=issuer,
            issued=int(now),
            is_demonstration=demonstrates,
        )
        jws = write_jws(write_claims(card), key.key)
        if len(jws) <= MAX_JWS:
            return IssuedCard(card, jws, digits_of(jws), key.id)
    raise InvalidCard(
        "the name and the first gene do not fit into one QR code",
        where="Patient.name",
        mend="make the card with initials",
    )


def with_initials(content: CardContent) -> CardContent:
    """The same, with the holder's initials in place of the name."""
    return replace(content, holder=content.holder.with_initials())


def is_issuer(address: str) -> bool:
    """Whether an address can be an issuer's: https, and no slash at its end."""
    return urlsplit(address).scheme == "https" and not address.endswith("/")


# Verifying


def open_card(text: str, keys: Mapping[str, CardKey], *, now: float, issuer: str = "") -> Opened:
    """The claims of a card, once all that the framework asks of any card holds.

    `keys` are the issuer's, by id. `issuer` is whom they are known to belong to; empty where nobody
    said it. Raises InvalidCard with the first thing that does not hold.
    """
    framed = read_frame(text)
    key = keys.get(framed.key_id)
    if key is None and is_demonstration(framed.key_id):
        raise InvalidCard(
            "the card is a demonstration: it is signed with a key that everybody has, and proves "
            "nothing",
            where="kid",
        )
    if key is None:
        raise InvalidCard(
            "the card is signed with a key that is not among those given",
            where="kid",
            mend="verify it with the keys of its issuer, as they are published today; a key that "
            "was withdrawn vouches for nothing",
        )
    claims = open_payload(framed, key.key)
    issued = _issued(claims, key, now)
    said = claims.get("iss")
    if not isinstance(said, str) or not (is_issuer(said) or is_demonstration(key.id)):
        raise InvalidCard("the card names no issuer that could be asked", where="iss")
    if issuer and said != issuer:
        raise InvalidCard(
            "the card names another issuer than the one whose keys these are",
            where="iss",
            mend="verify it where it was issued",
        )
    return Opened(claims, said, issued, key.id, bool(issuer))


def verified_card(opened: Opened) -> WalletCard:
    """What a card of ours says. Raises InvalidCard where it is about something else, and where it
    does not own up to a key that everybody has."""
    card = read_card(opened.claims)
    if opened.is_demonstration != card.is_demonstration:
        raise InvalidCard("the card does not say rightly whether it demonstrates", where="kid")
    return card


def _issued(claims: Mapping[str, Any], key: CardKey, now: float) -> int:
    """`nbf`, in seconds since 1970. Raises InvalidCard for a time at which it cannot hold."""
    begins, ends = claims.get("nbf"), claims.get("exp")
    if not is_instant(begins) or not (ends is None or is_instant(ends)):
        raise InvalidCard("the card does not say when it was issued", where="nbf")
    issued = int(claims["nbf"])
    if issued > now + LEEWAY:
        raise InvalidCard("the card says that it was issued in the future", where="nbf")
    if ends is not None and claims["exp"] <= now - LEEWAY:
        raise InvalidCard("the card has expired", where="exp", mend="ask for a new card")
    if key.signs_until and issued > key.signs_until + LEEWAY:
        raise InvalidCard(
            "the card is dated after its key was retired: who made it had no right to the key",
            where="nbf",
        )
    return issued


# As JSON


def write_card(card: WalletCard) -> dict[str, Any]:
    """What a card says, for programs; absent members were not stated."""
    holder = {"name": card.holder.name, "birth_date": card.holder.birth_date}
    return {
        "holder": holder,
        "genes": [_written(each) for each in card.genes],
        "not_on_the_card": {
            "with_a_result": card.left_out,
            "tested_without_an_answer": card.no_answer,
            "not_tested": card.not_tested,
        },
        "knowledge_release": card.release,
        "issuer": card.issuer,
        "issued": time_told(card.issued),
        "demonstration": card.is_demonstration,
    }


def time_told(seconds: int) -> str:
    """`2026-03-02T09:30:00+00:00` of seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def _written(gene: CardGene) -> dict[str, Any]:
    written = {
        "gene": gene.gene,
        "genotype": gene.genotype,
        "phenotype": gene.phenotype,
        "activity_score": gene.score,
        "open": gene.open_why,
        "tested_in_part": gene.is_partial,
        "date": gene.when,
        "laboratory": gene.laboratory,
    }
    return {name: value for name, value in written.items() if value}

"""Wallet cards: what was issued holds, and each way of tampering is refused with its reason."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace

import pytest
from joserfc.jwk import ECKey, RSAKey

from fhir_pgx.errors import InvalidCard, InvalidSetting
from fhir_pgx.model.wallet import CardGene, CardHolder
from fhir_pgx.security.card_frame import MAX_JWS, MAX_PAYLOAD, digits_of, open_payload, read_frame
from fhir_pgx.security.card_keys import demonstration_key, read_published_keys
from fhir_pgx.security.card_payload import read_bundle, write_claims
from fhir_pgx.security.wallet_card import (
    issue_card,
    open_card,
    verified_card,
    with_initials,
    write_card,
)

from .card_maker import HOLDER, ISSUER, NORMAL, NOW, POOR, card_key, content, signed

KEY = card_key()
KEYS = {KEY.id: KEY}
ISSUED = issue_card(content(), KEY, issuer=ISSUER, now=NOW)
CLAIMS = write_claims(ISSUED.card)


def verify(text, keys=KEYS, *, now=NOW, issuer=ISSUER):
    return verified_card(open_card(text, keys, now=now, issuer=issuer))


def changed(**members):
    return signed(CLAIMS | members, KEY.key)


def with_entries(change):
    """The claims, with their entries changed."""
    claims = json.loads(json.dumps(CLAIMS))
    bundle = claims["vc"]["credentialSubject"]["fhirBundle"]
    bundle["entry"] = change(bundle["entry"])
    return signed(claims, KEY.key)


# What holds


@pytest.mark.parametrize(
    "form",
    [
        ISSUED.text,
        ISSUED.jws,
        f"\n {ISSUED.text}\n",
        ISSUED.text.upper(),  # SHC:/, as some scanners give it
        ISSUED.text[:200] + "\n" + ISSUED.text[200:],
        json.dumps({"verifiableCredential": [ISSUED.jws]}),
    ],
    ids=["digits", "JWS", "blanks", "capitals", "broken line", "file"],
)
def test_what_was_issued_is_read_back_whole_in_every_form(form):
    assert verify(form) == ISSUED.card


def test_a_card_keeps_every_state_of_a_gene_apart():
    genes = (
        replace(POOR, open_why="ambiguous", genotype="*2/*2 or *2/*3"),
        replace(POOR, gene="CYP2D6", open_why="conflict", genotype="*1/*1 against *4/*4"),
        replace(POOR, gene="DPYD", open_why="indeterminate", phenotype="Indeterminate"),
        replace(NORMAL, is_partial=True),
        CardGene("TPMT", "", "Intermediate Metabolizer"),
    )
    issued = issue_card(content(*genes), KEY, issuer=ISSUER, now=NOW)
    back = verify(issued.text)
    assert back.genes == genes
    assert (back.left_out, back.no_answer, back.not_tested) == (1, 2, 3)
    told = write_card(back)
    assert [each.get("open") for each in told["genes"]] == [
        "ambiguous", "conflict", "indeterminate", None, None,
    ]  # fmt: skip
    assert told["genes"][3]["tested_in_part"] is True
    assert told["not_on_the_card"]["not_tested"] == 3


def test_the_card_follows_the_rules_of_the_framework():
    header = json.loads(urlsafe_b64decode(ISSUED.jws.split(".")[0] + "=="))
    assert header == {"zip": "DEF", "alg": "ES256", "kid": KEY.key.thumbprint()}
    assert len(ISSUED.jws) <= MAX_JWS
    claims = open_payload(read_frame(ISSUED.text), KEY.key)
    assert (claims["iss"], claims["nbf"]) == (ISSUER, int(NOW))
    assert claims["vc"]["type"] == ["https://smarthealth.cards#health-card"]
    assert claims["vc"]["credentialSubject"]["fhirVersion"] == "4.0.1"
    bundle = read_bundle(claims)
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "collection")
    urls = [each["fullUrl"] for each in bundle["entry"]]
    assert urls == [f"resource:{place}" for place in range(len(urls))]
    for each in bundle["entry"]:
        assert not {"id", "meta", "text"} & set(each["resource"])
    written = json.dumps([each["resource"] for each in bundle["entry"][1:]])
    assert '"text"' not in written  # of a CodeableConcept
    coded = [c for c in _dicts(bundle) if "code" in c and "system" in c]
    assert coded
    assert all("display" not in each for each in coded)


def _dicts(found):
    if isinstance(found, dict):
        yield found
    for each in found.values() if isinstance(found, dict) else found:
        if isinstance(each, dict | list):
            yield from _dicts(each)


def test_what_does_not_fit_is_left_out_from_the_end_and_counted():
    many = [replace(POOR, gene=f"GENE{n}", genotype=f"*{n}/*{n * 7}") for n in range(40)]
    issued = issue_card(content(*many, others=5), KEY, issuer=ISSUER, now=NOW)
    shown = len(issued.card.genes)
    assert 5 < shown < 40
    assert issued.card.genes == tuple(many[:shown])
    assert issued.card.left_out == 5 + 40 - shown
    assert len(issued.jws) <= MAX_JWS
    assert verify(issued.text).left_out == issued.card.left_out


def test_a_name_without_room_for_a_gene_is_refused_and_initials_have_it():
    names = tuple(f"Nömé{n}-{n * 7919}" for n in range(80))
    long = replace(content(), holder=CardHolder("Example", names, birth_date="1958-04-12"))
    with pytest.raises(InvalidCard, match="do not fit"):
        issue_card(long, KEY, issuer=ISSUER, now=NOW)
    short = replace(long, holder=replace(long.holder, given=names[:2]))
    issued = issue_card(with_initials(short), KEY, issuer=ISSUER, now=NOW)
    assert issued.card.holder.name == "N. N. E."
    assert issued.card.holder.birth_date == "1958-04-12"
    assert "Nömé" not in json.dumps(write_claims(issued.card), ensure_ascii=False)


@pytest.mark.parametrize(
    "issuer", ["http://pgx.example.org", "https://pgx.example.org/", "pgx.example.org", ""]
)
def test_nothing_is_signed_for_an_issuer_that_no_verifier_could_ask(issuer):
    with pytest.raises(InvalidSetting, match="https"):
        issue_card(content(), KEY, issuer=issuer, now=NOW)


# What does not


def flipped(text, place):
    """A JWS with one bit of one of its three parts turned over."""
    parts = text.split(".")
    raw = bytearray(urlsafe_b64decode(parts[place] + "=" * (-len(parts[place]) % 4)))
    raw[len(raw) // 2] ^= 1
    parts[place] = urlsafe_b64encode(bytes(raw)).rstrip(b"=").decode()
    return ".".join(parts)


def unsigned():
    header = urlsafe_b64encode(b'{"zip":"DEF","alg":"none","kid":"x"}').rstrip(b"=").decode()
    return f"{header}.{ISSUED.jws.split('.')[1]}.AA"


def mixed(entries):
    second = {"resource": {"resourceType": "Patient", "name": [{"family": "Other"}]},
              "fullUrl": "resource:99"}  # fmt: skip
    return [*entries, second]


def of_somebody_else(entries):
    entries[-1]["resource"]["subject"] = {"reference": "resource:99"}
    return entries


STRANGER = ECKey.generate_key("P-256")
REFUSED = {
    "the payload altered": (lambda: flipped(ISSUED.jws, 1), "altered"),
    "the signature altered": (lambda: flipped(ISSUED.jws, 2), "altered"),
    "the payload of another card": (
        lambda: ".".join((
            ISSUED.jws.split(".")[0],
            issue_card(content(NORMAL), KEY, issuer=ISSUER, now=NOW).jws.split(".")[1],
            ISSUED.jws.split(".")[2],
        )),
        "altered",
    ),
    "another key under our id": (lambda: signed(CLAIMS, STRANGER, kid=KEY.id), "altered"),
    "an unknown key": (lambda: signed(CLAIMS, STRANGER), "not among those given"),
    "no key named": (lambda: signed(CLAIMS, KEY.key, kid=None), "which key"),
    "alg none": (unsigned, "not signed"),
    "another curve": (
        lambda: signed(CLAIMS, ECKey.generate_key("P-384"), algorithm="ES384", kid=KEY.id),
        "not signed with ES256",
    ),
    "RSA": (
        lambda: signed(CLAIMS, RSAKey.generate_key(2048), algorithm="RS256", kid=KEY.id),
        "not signed with ES256",
    ),
    "crit": (lambda: signed(CLAIMS, KEY.key, crit=["kid"]), "demands"),
    "not packed": (lambda: signed(CLAIMS, KEY.key, packed=False, zip=None), "not packed"),
    "packed otherwise": (lambda: signed(CLAIMS, KEY.key, packed=False), "unpacked"),
    "cut off within": (lambda: signed(b'{"iss":', KEY.key), "not JSON"),
    "a member twice": (lambda: signed(b'{"iss":"a","iss":"b"}', KEY.key), "not JSON"),
    "a list": (lambda: signed([CLAIMS], KEY.key), "no object"),
    "a bomb": (lambda: signed(b" " * (MAX_PAYLOAD * 40), KEY.key), "more than any card"),
    "another issuer": (lambda: changed(iss="https://other.example.org"), "another issuer"),
    "an issuer over http": (lambda: changed(iss="http://pgx.example.org"), "no issuer"),
    "no issuer": (lambda: changed(iss=None), "no issuer"),
    "no time": (lambda: changed(nbf="yesterday"), "when it was issued"),
    "of the future": (lambda: changed(nbf=NOW + 3600), "future"),
    "expired": (lambda: changed(exp=NOW - 3600), "expired"),
    "a time that is none": (lambda: changed(exp=True), "when it was issued"),
    "no health card": (lambda: changed(vc=CLAIMS["vc"] | {"type": ["x"]}), "no health card"),
    "no vc": (lambda: changed(vc="x"), "no health card"),
    "two patients": (lambda: with_entries(mixed), "2 patients"),
    "no patient": (lambda: with_entries(lambda entries: entries[1:]), "no patient"),
    "a result of another": (lambda: with_entries(of_somebody_else), "not its patient's"),
    "a vaccination": (
        lambda: with_entries(lambda entries: [
            entries[0],
            {"fullUrl": "resource:1", "resource": {
                "resourceType": "Immunization", "patient": {"reference": "resource:0"}}},
        ]),
        "no card of drug response",
    ),
    "one of several codes": (lambda: "shc:/1/2/" + ISSUED.text[5:], "one part"),
    "a digit missing": (lambda: ISSUED.text[:-1], "digit"),
    "letters among digits": (lambda: ISSUED.text[:-1] + "x", "digit"),
    "digits of another script": (lambda: "shc:/" + "٣" * 200, "digit"),
    "an address": (lambda: "https://pgx.example.org/card", "no card"),
    "nothing": (lambda: "", "no card"),
    "too much": (lambda: "shc:/" + "5" * 60_000, "too long"),
    "two cards in a file": (
        lambda: json.dumps({"verifiableCredential": [ISSUED.jws, ISSUED.jws]}), "one card",
    ),
    "a file in a file": (
        lambda: json.dumps({"verifiableCredential": ['{"verifiableCredential":[]}']}),
        "not hold a card",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_what_does_not_hold_is_refused_with_its_reason(kind):
    make, reason = REFUSED[kind]
    text = make()
    with pytest.raises(InvalidCard, match=reason) as raised:
        verify(text)
    told = f"{raised.value.text} {raised.value.mend} {raised.value.where}"
    assert "Ada" not in told
    assert "*2" not in told
    if "." in text and not text.startswith(("https", "{")):
        with pytest.raises(InvalidCard, match=reason):
            verify(digits_of(text))


def test_a_retired_key_still_vouches_for_its_old_cards_and_for_no_new_one():
    retired = replace(KEY, signs_until=int(NOW) + 10)
    assert verify(ISSUED.text, {KEY.id: retired}, now=NOW + 1e8) == ISSUED.card
    late = issue_card(content(), KEY, issuer=ISSUER, now=NOW + 86_400)
    with pytest.raises(InvalidCard, match="after its key was retired"):
        verify(late.text, {KEY.id: retired}, now=NOW + 1e8)


def test_a_key_that_was_withdrawn_vouches_for_nothing():
    with pytest.raises(InvalidCard, match="not among those given"):
        verify(ISSUED.text, {})


def test_without_an_issuer_named_the_card_alone_says_whose_key_it_is():
    opened = open_card(ISSUED.text, KEYS, now=NOW)
    assert (opened.issuer, opened.is_issuer_known) == (ISSUER, False)
    assert open_card(ISSUED.text, KEYS, now=NOW, issuer=ISSUER).is_issuer_known


# The demonstration's key


def test_a_demonstration_owns_up_in_what_is_signed_and_holds_only_where_one_is_run():
    key = demonstration_key()
    assert demonstration_key().id == key.id == key.key.thumbprint()
    issued = issue_card(content(), key, issuer="http://127.0.0.1:8080", now=NOW)
    assert issued.card.is_demonstration
    shown = verify(issued.text, {key.id: key}, issuer="http://127.0.0.1:8080")
    assert shown.is_demonstration
    with pytest.raises(InvalidCard, match="demonstration"):
        verify(issued.text)


@pytest.mark.parametrize("key", [demonstration_key(), KEY], ids=["denied", "claimed"])
def test_a_card_that_says_of_itself_what_its_key_is_not_is_refused(key):
    card = replace(ISSUED.card, is_demonstration=key is KEY)
    with pytest.raises(InvalidCard, match="demonstrates"):
        verify(signed(write_claims(card), key.key), {key.id: key})


# The framework's own example: SMART Health Cards, examples/example-00 (CC BY 4.0, Boston Children's
# Hospital), a vaccination of a person who does not exist.

EXAMPLE = (
    "eyJ6aXAiOiJERUYiLCJhbGciOiJFUzI1NiIsImtpZCI6IjNLZmRnLVh3UC03Z1h5eXd0VWZVQUR3QnVtRE9QS01ReC1p"
    "RUxMMTFXOXMifQ.3VJNj9MwEP0rq-HaJnGAzTYnaJH4OCAkdrmgHlxn2hg5dmQ7aZdV_jszbruAtNsTJ3wb-82b957n"
    "AXQIUEMbYx_qPA-d9LFFaWKbKembkONBdr3BkBNwQA8zsJst1OJaVIvquqyKTNwsZjAqqB_gjXI24iFC_f2Rcr_fZ_uX"
    "mfO7vCzETa48Nmijlibko4D1DOJ9j9zxDb3earkxuHrE0Lxntb04FnMuLuJ01w1W_5RRO3sRqNyoG7FgUb9lfh02P1BF"
    "9rdttSeVgXlqeJWReeLj2-VgG4OM8Rjc4BXeJldweji7BOWMIbajEhrg78k6MQ_G3HlDgHN_XRDgXDxB_IXsUD9_iOzw"
    "SCI7bYgP3lrC-JBm7PSIluP95FqulxmsJzK40WT-nYzMJRavxbwQ87KAaZo9qUZcVvPx74hDlHEIyS5vT0T-oFEqpS2u"
    "XJMYlGu03SXh4T5E7E57SD_TmiotDCebB93kajwQgUqdUBYVTOtpBv0pgiRnix4ta_szQQI5pQafntjsre6OFGUyXLAt"
    "imrrfEfLzVqkis4zZaNDb2SKc7m6eo8WvTRXH1zodaTFnDhE4-LnodtwKxTpiGcTLP_LBMvFv06w4oeJzi8.YxOsZ9C8"
    "mJaC7inqPLDoEEq0nr6AIjSlxtbvR_M8__-H_jkpE2dvjyuu0kZETpT4g-MQi2UPFufWmD6gr0HOVw"
)
EXAMPLE_KEYS = {
    "keys": [
        {"kty": "EC", "kid": "3Kfdg-XwP-7gXyywtUfUADwBumDOPKMQx-iELL11W9s", "use": "sig",
         "alg": "ES256", "crv": "P-256", "x": "11XvRWy1I2S0EyJlyf_bWfw_TQ5CJJNLw78bHXNxcgw",
         "y": "eZXwxvO1hvCY0KucrPfKo7yAyMT6Ajc3N7OkAB6VYy8"},
    ]
}  # fmt: skip


def test_the_framework_s_own_example_opens_and_is_no_card_of_ours():
    keys = read_published_keys(EXAMPLE_KEYS)
    opened = open_card(digits_of(EXAMPLE), keys, now=NOW)
    kinds = [each["resource"]["resourceType"] for each in read_bundle(opened.claims)["entry"]]
    assert kinds[:2] == ["Patient", "Immunization"]
    assert opened.issuer.endswith("/examples/issuer")
    with pytest.raises(InvalidCard, match="no card of drug response"):
        verified_card(opened)


def test_digits_are_those_of_the_framework_s_example():
    assert digits_of("X") == "shc:/43"
    assert digits_of(EXAMPLE).startswith("shc:/56762909524320603460292437404460")


def test_the_holder_s_name_stands_in_one_line():
    assert HOLDER.name == "Synthetic-Ada Example"
    assert CardHolder(text="Synthetic Person").with_initials().name == "S. P."

"""The card's pages without a browser: who gets one, what is refused, and what is kept of it."""

import json
import re
from html import unescape

import pytest

from fhir_pgx.errors import InvalidCard
from fhir_pgx.model.access import ANYBODY
from fhir_pgx.model.passport import Seen
from fhir_pgx.model.wallet import CardGene
from fhir_pgx.pipeline import Pipeline
from fhir_pgx.security.own_keys import new_key, read_own_keys
from fhir_pgx.security.wallet_card import issue_card
from fhir_pgx.settings import Settings
from fhir_pgx.storage import SqlStore
from fhir_pgx.web.accesses import is_free
from fhir_pgx.web.app import create_app
from fhir_pgx.web.session_data import SessionData
from fhir_pgx.workbench.wallet.routes import check_whole
from tests.security.card_maker import ISSUER, POOR, card_key, content
from tests.workbench.wallet.launched import ADA, launching

HOSTILE = CardGene("CYP2D6", "<script>alert(1)</script>", "Poor\u202eMetabolizer")


@pytest.fixture(scope="module")
def pipeline():
    return Pipeline.load(Settings())


@pytest.fixture
def keys(tmp_path):
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "card.json").write_bytes(new_key("ES256")[1])
    return tmp_path / "keys"


@pytest.fixture
def make_client(tmp_path, pipeline):
    opened = []

    def make(**settings):
        store = SqlStore(f"sqlite:///{tmp_path}/pages.db")
        opened.append(store)
        app = create_app(
            Settings(base_url=ISSUER, insecure_open="on", **settings),
            pipeline=pipeline,
            store=store,
        )
        client = app.test_client()
        client.store = store
        return client

    yield make
    for each in opened:
        each.close()


def signed(keys, *genes, issuer=ISSUER):
    (key,) = read_own_keys([each.read_bytes() for each in keys.iterdir()]).cards
    return issue_card(content(*genes), key, issuer=issuer, now=1_790_000_000.0)


def verify(client, text, **headers):
    page = client.get("/card/verify", base_url=ISSUER)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]
    return client.post(
        "/card/verify",
        data={"card": text, "csrf_token": token},
        headers={"Origin": ISSUER, **headers},
        base_url=ISSUER,
    )


def test_our_own_card_is_verified_and_the_page_says_whose_key_it_was(make_client, keys):
    client = make_client(signing_keys=str(keys))
    issued = signed(keys)
    answer = verify(client, issued.text)
    assert answer.status_code == 200
    assert "The card holds" in answer.text
    assert f"<code>{ISSUER}</code>" in answer.text
    assert issued.key_id in answer.text
    assert "Synthetic-Ada Example" in answer.text
    assert "Poor Metabolizer" in answer.text


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda keys: signed(keys, issuer="https://other.example.org").text, "another issuer"),
        (lambda keys: issue_card(content(), card_key(), issuer=ISSUER, now=1.79e9).text,
         "not among those given"),
        (lambda keys: signed(keys).text[:-2], "altered"),
        (lambda keys: "shc:/12", "neither shc:/"),
    ],
)  # fmt: skip
def test_what_does_not_hold_is_refused_and_nothing_of_it_shown(make_client, keys, make, reason):
    answer = verify(make_client(signing_keys=str(keys)), make(keys))
    assert answer.status_code == 400
    assert reason in unescape(answer.text)
    assert "Synthetic-Ada" not in answer.text
    assert "The card holds" not in answer.text


def test_a_text_is_asked_for_where_there_is_none(make_client, keys):
    answer = verify(make_client(signing_keys=str(keys)), "  ")
    assert answer.status_code == 400
    assert "Paste the text of a card first" in answer.text


def test_what_a_card_says_is_text_on_the_page_and_nothing_hides_in_it(make_client, keys):
    answer = verify(make_client(signing_keys=str(keys)), signed(keys, HOSTILE).text)
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert(1)" in answer.text
    assert "\u202e" not in answer.text


def test_a_form_of_another_site_is_not_taken(make_client, keys):
    client = make_client(signing_keys=str(keys))
    assert verify(client, signed(keys).text, Origin="https://evil.example").status_code == 403


def test_nothing_of_a_pasted_card_is_kept_or_logged(make_client, keys, caplog):
    caplog.set_level("DEBUG")
    client = make_client(signing_keys=str(keys))
    issued = signed(keys)
    verify(client, issued.text)
    verify(client, issued.text[:-2])
    client.store.audit.queue.flush()
    assert list(client.store.audit.entries()) == []
    assert issued.text[:60] not in caplog.text
    assert "Ada" not in caplog.text
    assert is_free("fhir_pgx.wallet.verify")
    assert is_free("fhir_pgx.wallet.ask")
    assert not is_free("fhir_pgx.wallet.card")
    assert not is_free("fhir_pgx.wallet.file")


def test_without_a_key_the_page_says_so(make_client):
    client = make_client()
    assert "no key for cards" in client.get("/card/verify", base_url=ISSUER).text


def test_without_a_launch_there_is_no_card(make_client, keys):
    client = make_client(signing_keys=str(keys))
    for path in ("/app/card", "/app/card/file", "/app/card?session=0123456789abcdef"):
        answer = client.get(path, base_url=ISSUER)
        assert answer.status_code == 400
        assert "launch the application" in answer.text


def test_the_keys_of_cards_are_published_for_every_page_and_no_private_part(make_client, keys):
    answer = make_client(signing_keys=str(keys)).get("/.well-known/jwks.json")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    (key,) = answer.get_json()["keys"]
    assert (key["alg"], key["crv"]) == ("ES256", "P-256")
    assert "d" not in key


def test_the_demonstration_s_key_is_published_in_a_demonstration_alone(make_client, keys):
    plain = make_client(signing_keys=str(keys)).get("/.well-known/jwks.json").get_json()
    demo = make_client(signing_keys=str(keys), demo="on").get("/.well-known/jwks.json").get_json()
    assert len(demo["keys"]) == len(plain["keys"]) + 1


# The launched patient's card, over HTTP


def launched(base):
    """A session as a person begins it, by requests alone."""
    import requests

    browser = requests.Session()
    browser.trust_env = False
    start = browser.get(f"{base}/demo-authorization/")
    inputs = re.findall(r'name="?(\w+)"? value="([^"]*)"', start.text)
    hidden = {name: unescape(value) for name, value in inputs if name == "csrf_token"}
    app = re.search(r'name=app value="([^"]*)"', start.text)[1]
    action = unescape(re.search(r'action="([^"]*)"', start.text)[1])
    page = browser.post(
        requests.compat.urljoin(start.url, action),
        data=hidden | {"app": app, "patient": ADA},
        headers={"Origin": base},
    )
    return browser, re.search(r"session=([0-9a-f]+)", page.url)[1]


def test_a_demonstration_signs_with_its_own_key_whichever_are_set_up(tmp_path, keys):
    with launching(tmp_path, signing_keys=str(keys)) as base:
        browser, handle = launched(base)
        with browser:
            page = browser.get(f"{base}/app/card?session={handle}")
            assert page.status_code == 200
            assert page.text.count("DEMONSTRATION") >= 3
            assert "cdn" not in page.text
            assert "style=" not in page.text
            file = browser.get(f"{base}/app/card/file?session={handle}&name=initials")
            assert file.headers["Content-Type"] == "application/smart-health-card"
            (card,) = json.loads(file.text)["verifiableCredential"]
            assert card.count(".") == 2


def test_without_a_key_nothing_is_signed_and_the_page_says_how_to_make_one(
    tmp_path, keys, monkeypatch
):
    monkeypatch.setattr("fhir_pgx.web.wallet.demonstrates", lambda site: False)
    with launching(tmp_path) as base:
        browser, handle = launched(base)
        with browser:
            for path in ("/app/card", "/app/card/file"):
                page = browser.get(f"{base}{path}?session={handle}")
                assert page.status_code == 503
                assert "keys new /etc/fhir-pgx/keys --for cards" in page.text
                assert "no key to sign wallet cards with" in page.text


def test_a_key_alone_signs_nothing_for_an_address_that_nobody_could_ask(
    tmp_path, keys, monkeypatch
):
    monkeypatch.setattr("fhir_pgx.web.wallet.demonstrates", lambda site: False)
    with launching(tmp_path, signing_keys=str(keys)) as base:
        browser, handle = launched(base)
        with browser:
            page = browser.get(f"{base}/app/card?session={handle}")
            assert page.status_code == 503
            assert "base_url is none" in page.text


def data(seen):
    return SessionData((), seen, {}, (), ANYBODY, True)


@pytest.mark.parametrize(
    "seen",
    [
        Seen(lists={"results": "unavailable"}),
        Seen(lists={"results": "missing"}),
        Seen(lists={"results": "supplied"}, partial=frozenset(("results",))),
        Seen(is_limited=True),
    ],
    ids=["not read", "not allowed", "a part", "a consent"],
)
def test_what_could_not_be_read_is_never_signed_as_not_tested(seen):
    with pytest.raises(InvalidCard, match="not every result could be read"):
        check_whole(data(seen))


def test_a_record_that_was_read_whole_makes_a_card():
    check_whole(data(Seen(lists={"results": "supplied", "medicines": "unavailable"})))
    assert POOR.gene == "CYP2C19"

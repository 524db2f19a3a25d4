"""Key sets: from the registered address alone, kept, refreshed seldom, and by one thread."""

import threading

import pytest
from joserfc.jwk import ECKey

from fhir_pgx.model.registered import KeySource
from fhir_pgx.security.key_sets import (
    BARE_SECONDS,
    LEAST_SECONDS,
    MOST_SECONDS,
    STALE_SECONDS,
    USUAL_SECONDS,
    KeySets,
    KeysUnavailable,
)

from .assertion_maker import key_of, public

URL = "https://ehr.example.org/jwks.json"
SOURCE = KeySource(url=URL)


class Server:
    """A key server: what it answers, and how often it was asked."""

    def __init__(self, *keys, seconds=None):
        self.keys, self.seconds = list(keys), seconds
        self.asked, self.now, self.is_down, self.answer = [], 1_000.0, False, None

    def fetch(self, url, *, private):
        self.asked.append((url, private))
        if self.is_down:
            raise KeysUnavailable("it is down")
        if self.answer is not None:
            return self.answer, self.seconds
        return {"keys": [public(key) for key in self.keys]}, self.seconds

    def sets(self):
        return KeySets(self.fetch, lambda: self.now)


@pytest.fixture
def server():
    return Server(key_of("ES384", "a"))


def test_keys_are_fetched_once_from_the_registered_address(server):
    sets = server.sets()
    for _ in range(5):
        assert sets.find(SOURCE, "ES384-a").id == "ES384-a"
    assert server.asked == [(URL, False)]


def test_a_source_in_our_own_network_is_fetched_as_such(server):
    assert server.sets().find(KeySource(url=URL, is_private=True), "ES384-a")
    assert server.asked == [(URL, True)]


def test_keys_of_a_file_are_never_fetched(server):
    source = KeySource(keys=(public(key_of("ES384", "b")),))
    sets = server.sets()
    assert sets.find(source, "ES384-b")
    assert sets.find(source, "unknown") is None
    assert server.asked == []


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (None, USUAL_SECONDS),
        (120, 120),
        (0, LEAST_SECONDS),
        (-5, LEAST_SECONDS),
        (10**9, MOST_SECONDS),
    ],
)
def test_keys_are_kept_as_the_server_says_from_a_minute_to_an_hour(server, said, kept):
    server.seconds = said
    sets = server.sets()
    assert sets.find(SOURCE, "ES384-a")
    server.now += kept - 1
    assert sets.find(SOURCE, "ES384-a")
    assert len(server.asked) == 1
    server.now += 1
    assert sets.find(SOURCE, "ES384-a")
    assert len(server.asked) == 2


def test_an_unknown_key_id_makes_us_look_again_once_a_minute(server):
    sets = server.sets()
    assert sets.find(SOURCE, "ES384-a")
    for number in range(50):
        assert sets.find(SOURCE, f"guess-{number}") is None
    assert len(server.asked) == 1  # within the first minute
    server.now += LEAST_SECONDS
    for number in range(50):
        assert sets.find(SOURCE, f"guess-{number}") is None
    assert len(server.asked) == 2


def test_a_new_key_is_found_within_a_minute_and_a_withdrawn_one_is_gone(server):
    sets = server.sets()
    assert sets.find(SOURCE, "ES384-a")
    server.keys = [key_of("ES384", "b")]
    server.now += LEAST_SECONDS
    assert sets.find(SOURCE, "ES384-b")
    assert sets.find(SOURCE, "ES384-a") is None


def test_where_fetching_fails_keys_are_used_until_they_are_four_hours_old(server):
    sets = server.sets()
    assert sets.find(SOURCE, "ES384-a")
    server.is_down = True
    server.now += STALE_SECONDS - 1
    assert sets.find(SOURCE, "ES384-a")
    server.now += 1
    assert sets.find(SOURCE, "ES384-a") is None
    server.is_down = False
    server.now += LEAST_SECONDS
    assert sets.find(SOURCE, "ES384-a")


def test_a_server_that_is_down_is_asked_once_a_minute_while_there_are_keys(server):
    sets = server.sets()
    assert sets.find(SOURCE, "ES384-a")
    server.is_down = True
    server.now += USUAL_SECONDS
    for _ in range(20):
        assert sets.find(SOURCE, "ES384-a")
        server.now += 1
    assert len(server.asked) == 2


def test_without_any_key_a_server_that_was_down_is_soon_asked_again(server, caplog):
    server.is_down = True
    sets = server.sets()
    for _ in range(20):
        assert sets.find(KeySource(url=f"{URL}?secret=s"), "ES384-a") is None
    assert len(server.asked) == 1
    assert f"the key set at {URL} was not fetched: it is down" in caplog.text
    assert "secret" not in caplog.text
    server.is_down = False
    server.now += BARE_SECONDS
    assert sets.find(KeySource(url=f"{URL}?secret=s"), "ES384-a")


def test_of_a_server_that_hangs_one_thread_waits_and_no_other(server):
    server.is_down = True
    sets = server.sets()
    assert sets.find(SOURCE, "ES384-a") is None
    server.now += BARE_SECONDS
    begun, go_on = threading.Event(), threading.Event()

    def hang(url, *, private):
        begun.set()
        assert go_on.wait(5)
        raise KeysUnavailable("it did not answer in time")

    sets._fetch = hang
    first = threading.Thread(target=sets.find, args=(SOURCE, "ES384-a"))
    first.start()
    assert begun.wait(5)
    assert sets.find(SOURCE, "ES384-a") is None  # at once: other EHRs need this thread
    go_on.set()
    first.join()


@pytest.mark.parametrize(
    "answer",
    [[], "keys", {}, {"keys": None}, {"keys": {"a": 1}}, {"keys": [{}] * 101}],
)
def test_what_is_no_key_set_leaves_the_keys_we_have(server, answer):
    sets = server.sets()
    assert sets.find(SOURCE, "ES384-a")
    server.answer = answer
    server.now += USUAL_SECONDS
    assert sets.find(SOURCE, "ES384-a")


@pytest.mark.parametrize(
    "junk",
    [
        None, 1, "key", [], {}, {"kty": "EC"}, {"kty": "RSA", "kid": "x", "n": "!", "e": "AQAB"},
        {"kty": "EC", "kid": "x", "crv": "P-384", "x": "AA", "y": "AA"}, {"kty": ["EC"]},
        {"kty": "AKP", "kid": "x", "alg": "ML-DSA-44"}, {"kty": "EC", "kid": 7, "key_ops": 3},
        {"kty": "oct", "kid": "x", "k": "AA"},
    ],
)  # fmt: skip
def test_a_key_that_cannot_be_read_does_not_spoil_the_others(server, junk):
    server.answer = {"keys": [junk, public(key_of("ES384", "a"))]}
    assert server.sets().find(SOURCE, "ES384-a")
    assert server.sets().find(SOURCE, "x") is None


def test_a_private_key_that_somebody_published_is_not_used(server, caplog):
    server.answer = {"keys": [key_of("ES384", "a").as_dict(private=True)]}
    assert server.sets().find(SOURCE, "ES384-a") is None
    assert "private" in caplog.text


def test_key_sets_of_two_addresses_do_not_mix(server):
    sets = server.sets()
    assert sets.find(SOURCE, "ES384-a")
    server.keys = [key_of("ES384", "b")]
    other = KeySource(url="https://other.example/jwks.json")
    assert sets.find(other, "ES384-a") is None
    assert sets.find(other, "ES384-b")


def test_threads_that_come_together_fetch_once(server):
    together, found = threading.Barrier(16), []
    slow = threading.Event()

    def fetch(url, *, private):
        slow.wait(0.2)
        return server.fetch(url, private=private)

    sets = KeySets(fetch, lambda: server.now)

    def look():
        together.wait()
        found.append(sets.find(SOURCE, "ES384-a"))

    threads = [threading.Thread(target=look) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 16
    assert all(found)
    assert len(server.asked) == 1


def test_while_one_thread_fetches_the_others_go_on_with_the_keys_there_are(server):
    sets = server.sets()
    assert sets.find(SOURCE, "ES384-a")
    server.now += USUAL_SECONDS
    begun, go_on = threading.Event(), threading.Event()
    plain = server.fetch

    def fetch(url, *, private):
        begun.set()
        assert go_on.wait(5)
        return plain(url, private=private)

    sets._fetch = fetch
    first = threading.Thread(target=sets.find, args=(SOURCE, "ES384-a"))
    first.start()
    assert begun.wait(5)
    assert sets.find(SOURCE, "ES384-a")  # returns although nobody has answered yet
    go_on.set()
    first.join()


def test_a_key_of_another_curve_has_no_place(server):
    server.keys = [ECKey.generate_key("secp256k1", {"kid": "ES384-a"})]
    assert server.sets().find(SOURCE, "ES384-a") is None

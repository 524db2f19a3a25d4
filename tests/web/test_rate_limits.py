"""How often a caller may ask, and how often a credential may fail."""

import threading

import flask
import pytest

from fhir_pgx.errors import InvalidSetting, TooManyRequests
from fhir_pgx.model.access import ANYBODY, Caller
from fhir_pgx.settings import Settings, load_settings
from fhir_pgx.web.addresses import client_address, counted_as
from fhir_pgx.web.rate_limits import Buckets, RateLimits

SIGN = "/cds-services/pgx-order-sign"
HERE, THERE = "192.0.2.1", "192.0.2.2"


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def make_limits(clock):
    def make(per_minute=60, burst=3, failures_per_minute=5):
        return RateLimits(
            per_minute=per_minute,
            burst=burst,
            failures_per_minute=failures_per_minute,
            clock=clock,
        )

    return make


def spend(count, times=1000):
    """How many calls went through before one was refused."""
    for done in range(times):
        try:
            count()
        except TooManyRequests:
            return done
    return times


# The buckets


def test_a_burst_goes_through_and_then_the_steady_rate(clock, make_limits):
    limits = make_limits(per_minute=60, burst=3)
    assert spend(lambda: limits.count_call(ANYBODY, HERE)) == 3
    clock.now += 1.0  # a token a second
    assert spend(lambda: limits.count_call(ANYBODY, HERE)) == 1
    clock.now += 3600
    assert spend(lambda: limits.count_call(ANYBODY, HERE)) == 3  # no more than the burst


def test_who_waits_as_long_as_he_is_told_is_answered(clock, make_limits):
    limits = make_limits(per_minute=7, burst=1)
    limits.count_call(ANYBODY, HERE)
    with pytest.raises(TooManyRequests) as refused:
        limits.count_call(ANYBODY, HERE)
    assert refused.value.retry_after == 9  # 60 / 7 seconds, rounded up
    clock.now += refused.value.retry_after
    limits.count_call(ANYBODY, HERE)


def test_a_refused_call_costs_nothing_more(clock, make_limits):
    limits = make_limits(per_minute=60, burst=1)
    spend(lambda: limits.count_call(ANYBODY, HERE))
    for _ in range(50):
        with pytest.raises(TooManyRequests):
            limits.count_call(ANYBODY, HERE)
    clock.now += 1.0
    limits.count_call(ANYBODY, HERE)


def test_no_limit_is_set_unless_the_site_sets_one(make_limits):
    limits = make_limits(per_minute=Settings().rate_per_minute)
    assert spend(lambda: limits.count_call(ANYBODY, HERE)) == 1000


def test_memory_is_bounded_whoever_calls(clock):
    buckets = Buckets(60, 1, clock=clock, most=100)
    for number in range(10_000):
        buckets.take(f"198.51.{number}")
    assert len(buckets) == 100


def test_the_bucket_that_was_unused_longest_goes_first(clock):
    buckets = Buckets(60, 1, clock=clock, most=2)
    buckets.take("busy")
    for number in range(50):
        buckets.take(f"other {number}")
        assert buckets.take("busy") > 0  # still known, and still empty


def test_threads_share_a_bucket_without_gaining_a_token(clock, make_limits):
    limits = make_limits(per_minute=1, burst=50)
    passed = []

    def ask():
        passed.append(spend(lambda: limits.count_call(ANYBODY, HERE), 50))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sum(passed) == 50


# Whose bucket


def test_one_client_does_not_spend_anothers(make_limits):
    limits = make_limits(burst=2)
    one = Caller("cds-client", issuer="https://a.example", client="a")
    other = Caller("cds-client", issuer="https://b.example", client="b")
    assert spend(lambda: limits.count_call(one, HERE)) == 2
    assert spend(lambda: limits.count_call(other, HERE)) == 2


def test_a_client_has_one_bucket_from_wherever_it_calls(make_limits):
    limits = make_limits(burst=2)
    caller = Caller("application", issuer="https://a.example", client="a")
    limits.count_call(caller, HERE)
    limits.count_call(caller, THERE)
    with pytest.raises(TooManyRequests):
        limits.count_call(caller, "192.0.2.3")


def test_names_that_run_together_are_not_one_client(make_limits):
    limits = make_limits(burst=1)
    limits.count_call(Caller("application", issuer="a", tenant="b", client="c"), HERE)
    limits.count_call(Caller("application", issuer="a", tenant="", client="bc"), HERE)


def test_nobody_known_is_counted_by_address(make_limits):
    limits = make_limits(burst=2)
    assert spend(lambda: limits.count_call(ANYBODY, HERE)) == 2
    assert spend(lambda: limits.count_call(ANYBODY, THERE)) == 2


def test_ipv6_neighbours_are_one(make_limits):
    limits = make_limits(burst=2)
    assert counted_as("2001:db8::1") == counted_as("2001:db8::ffff:1")
    assert counted_as("2001:db8::1") != counted_as("2001:db8:0:1::1")
    numbers = iter(range(1, 1000))
    assert spend(lambda: limits.count_call(ANYBODY, f"2001:db8::{next(numbers):x}")) == 2


# Failed credentials


def test_failures_are_told_to_wait(clock, make_limits):
    limits = make_limits(failures_per_minute=5)
    assert spend(lambda: limits.count_failure(HERE)) == 5
    clock.now += 12
    assert spend(lambda: limits.count_failure(HERE)) == 1


def test_the_failures_of_one_do_not_silence_a_caller_behind_the_same_address(make_limits):
    limits = make_limits(per_minute=60, burst=3, failures_per_minute=1)
    spend(lambda: limits.count_failure(HERE))
    limits.count_call(Caller("cds-client", issuer="https://ehr.example", client="ehr"), HERE)


def test_failures_are_limited_by_default():
    assert Settings().failures_per_minute == 60


# From where a request comes


def address(peer, *forwarded, trusted=()):
    headers = [("X-Forwarded-For", each) for each in forwarded]
    with flask.Flask("a").test_request_context(
        "/", headers=headers, environ_base={"REMOTE_ADDR": peer}
    ):
        return client_address(flask.request, trusted)


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "found"),
    [
        (HERE, ["198.51.100.7"], (), HERE),  # nobody is trusted by default
        (HERE, ["198.51.100.7"], ("10.0.0.0/8",), HERE),
        ("10.0.0.1", ["198.51.100.7"], ("10.0.0.1",), "198.51.100.7"),
        # What a client writes stands left of what the proxy adds.
        ("10.0.0.1", ["127.0.0.1, 198.51.100.7"], ("10.0.0.1",), "198.51.100.7"),
        ("10.0.0.1", ["127.0.0.1", "198.51.100.7"], ("10.0.0.1",), "198.51.100.7"),
        ("10.0.0.1", ["6.6.6.6, 198.51.100.7, 10.0.0.2"], ("10.0.0.0/24",), "198.51.100.7"),
        ("10.0.0.1", ["198.51.100.7:4711"], ("10.0.0.1",), "198.51.100.7"),
        ("10.0.0.1", ["[2001:db8::1]:443"], ("10.0.0.1",), "2001:db8::1"),
        ("::ffff:10.0.0.1", ["198.51.100.7"], ("10.0.0.1",), "198.51.100.7"),
        ("10.0.0.1", ["198.51.100.7, unknown"], ("10.0.0.1",), "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.7, <script>"], ("10.0.0.1",), "10.0.0.1"),
        ("10.0.0.1", [], ("10.0.0.1",), "10.0.0.1"),
        ("", ["198.51.100.7"], ("10.0.0.1",), "unknown"),
    ],
)
def test_a_forwarded_address_counts_as_far_as_the_proxies_are_trusted(
    peer, forwarded, trusted, found
):
    assert address(peer, *forwarded, trusted=trusted) == found


def test_a_header_of_a_thousand_hops_is_read_to_its_end_and_no_further():
    hops = ", ".join(["10.0.0.1"] * 10_000)
    assert address("10.0.0.1", hops, trusted=("10.0.0.1",)) == "10.0.0.1"


@pytest.mark.parametrize("wrong", ["proxy.example.org", "10.0.0.1/33", "10.0.0.1/8", "*"])
def test_a_proxy_is_named_by_address(wrong):
    with pytest.raises(InvalidSetting):
        load_settings({}, overrides={"trusted_proxies": [wrong]})


# Over HTTP


def test_too_many_calls_are_429_with_the_seconds_to_wait(make_client, order_sign):
    client = make_client(rate_per_minute=1, rate_burst=2)
    assert [client.post(SIGN, json=order_sign).status_code for _ in range(2)] == [200, 200]
    answer = client.post(SIGN, json=order_sign)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert answer.get_json()["issue"][0]["code"] == "throttled"
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_fhir_server_says_it_as_an_outcome_in_the_form_that_is_asked_for(make_client):
    client = make_client(rate_per_minute=1, rate_burst=1)
    client.get("/fhir/Patient")
    answer = client.get("/fhir/Patient", headers={"Accept": "application/fhir+xml"})
    assert answer.status_code == 429
    assert b"<OperationOutcome xmlns=" in answer.get_data()
    assert int(answer.headers["Retry-After"]) > 0


def test_whether_the_server_lives_is_told_without_limit(make_client):
    client = make_client(rate_per_minute=1, rate_burst=1)
    assert {client.get("/health/live").status_code for _ in range(20)} == {200}
    assert {client.get("/health/ready").status_code for _ in range(20)} == {200}


def test_a_client_cannot_change_its_address_by_a_header(make_client):
    client = make_client(rate_per_minute=1, rate_burst=1)
    statuses = [
        client.get("/cds-services", headers={"X-Forwarded-For": f"198.51.100.{i}"}).status_code
        for i in range(5)
    ]
    assert statuses == [200, 429, 429, 429, 429]


def test_behind_a_trusted_proxy_each_client_is_counted_alone(make_client):
    client = make_client(rate_per_minute=1, rate_burst=1, trusted_proxies=("127.0.0.1/32",))
    statuses = [
        client.get("/cds-services", headers={"X-Forwarded-For": f"198.51.100.{i}"}).status_code
        for i in (1, 2, 1, 2)
    ]
    assert statuses == [200, 200, 429, 429]


def test_without_a_setting_nobody_is_limited(client):
    assert {client.get("/cds-services").status_code for _ in range(300)} == {200}

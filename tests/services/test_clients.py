"""Which client calls: the header, the address, the deployment's own choice, in that order."""

import logging

import pytest

from fhir_pgx.errors import InvalidSetting
from fhir_pgx.model.client import PROFILES
from fhir_pgx.services.clients import choose_client, read_clients
from fhir_pgx.settings import CLIENTS, load_settings

PAIRS = (
    "https://epic.example.org/api=epic",
    "https://epic.example.org/api/demo=cds-hooks-sandbox",
    "https://Oracle.example.org:443/=oracle",
)


def chosen(named="", *addresses, otherwise="generic"):
    return choose_client(read_clients(otherwise, PAIRS, ()), named, addresses).name


@pytest.mark.parametrize(
    ("named", "address", "client"),
    [
        ("", "", "generic"),
        ("", "https://elsewhere.example.org", "generic"),
        ("", "https://epic.example.org/api", "epic"),
        ("", "https://epic.example.org/api/", "epic"),
        ("", "https://epic.example.org/api/FHIR/R4", "epic"),
        ("", "HTTPS://EPIC.example.org/api/FHIR/R4", "epic"),
        ("", "https://epic.example.org/api/demo/R4", "cds-hooks-sandbox"),  # the longest
        ("", "https://epic.example.org/apis", "generic"),  # not the start of another name
        ("", "https://epic.example.org.elsewhere.example/api", "generic"),
        ("", "http://epic.example.org/api", "generic"),  # another scheme, another server
        ("", "https://epic.example.org:8443/api", "generic"),
        ("", "https://oracle.example.org/r4/tenant", "oracle"),
        ("", "https://[", "generic"),  # no address at all
        ("", "https://x:port/", "generic"),
        ("oracle", "https://epic.example.org/api", "oracle"),  # the header stands before all
        (" Epic ", "", "epic"),
        ("cerner", "https://epic.example.org/api", "epic"),  # a name that is none
        ("cerner", "", "generic"),
    ],
)
def test_the_header_then_the_address_decides(named, address, client):
    assert chosen(named, address) == client


def test_where_nothing_says_it_the_setting_decides():
    assert chosen("", "https://elsewhere.example.org", otherwise="epic") == "epic"


def test_of_several_addresses_the_first_known_decides():
    assert chosen("", "", "https://oracle.example.org", "https://epic.example.org/api") == "oracle"


def test_a_name_that_is_none_is_logged_and_not_repeated(caplog):
    with caplog.at_level(logging.WARNING):
        assert chosen("synthetic-Ada-Example") == "generic"
        assert chosen("epic") == "epic"
    (record,) = caplog.records
    assert "X-CDS-Client" in record.getMessage()
    assert "Ada" not in caplog.text


def test_every_profile_knows_the_links_that_are_registered():
    clients = read_clients("generic", PAIRS, ("https://pgx.example.org",))
    for name in PROFILES:
        found = choose_client(clients, name, ())
        assert found.registered_links == ("https://pgx.example.org",)


def test_the_settings_name_the_profiles_there_are():
    assert tuple(PROFILES) == CLIENTS
    assert all(profile.name == name for name, profile in PROFILES.items())


def test_clients_are_set_by_address():
    environ = {
        "FHIR_PGX_CLIENT_PROFILE": "Epic",
        "FHIR_PGX_CLIENT_PROFILES": "https://a.example.org/x=1/ = oracle, https://b.test=Generic",
    }
    settings = load_settings(environ)
    assert settings.client_profile == "epic"
    assert settings.client_profiles == (
        "https://a.example.org/x=1=oracle",
        "https://b.test=generic",
    )
    clients = read_clients(
        settings.client_profile, settings.client_profiles, settings.registered_links
    )
    assert choose_client(clients, "", ("https://a.example.org/x=1/R4",)).name == "oracle"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CLIENT_PROFILE", "cerner"),
        ("CLIENT_PROFILES", "https://a.example.org"),
        ("CLIENT_PROFILES", "https://a.example.org=cerner"),
        ("CLIENT_PROFILES", "epic"),
        ("CLIENT_PROFILES", "=epic"),
        ("CLIENT_PROFILES", "a.example.org=epic"),
        ("REGISTERED_LINKS", "pgx.example.org"),
    ],
)
def test_a_client_that_is_none_stops_the_start(name, value):
    with pytest.raises(InvalidSetting, match=f"FHIR_PGX_{name}"):
        load_settings({f"FHIR_PGX_{name}": value})

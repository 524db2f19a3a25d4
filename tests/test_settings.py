"""Settings: three places, checked values, errors that name the setting."""

from dataclasses import fields
from pathlib import Path

import pytest

from fhir_pgx.errors import InvalidSetting
from fhir_pgx.settings import Settings, load_settings, settings_table

PAGE = Path(__file__).parents[1] / "docs" / "settings.md"


def test_without_anything_set_the_server_listens_on_this_machine_alone():
    settings = load_settings({})
    assert (settings.host, settings.port) == ("127.0.0.1", 8080)
    assert settings.base_url == "http://127.0.0.1:8080"
    assert settings.store_servers == ("http://127.0.0.1:8080/fhir",)
    assert settings.fhir_servers == ()  # no other server is ever called


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(tmp_path):
    file = tmp_path / "pgx.toml"
    file.write_text('port = 1001\nmax_cards = 3\nlog_level = "debug"\n')
    environ = {"FHIR_PGX_PORT": "1002", "FHIR_PGX_MAX_CARDS": "4", "PATH": "/bin"}
    settings = load_settings(environ, file, {"port": 1003, "workers": None})
    assert (settings.port, settings.max_cards, settings.log_level) == (1003, 4, "debug")
    assert settings.base_url == "http://127.0.0.1:1003"


@pytest.mark.parametrize(
    ("host", "base_url"),
    [
        ("0.0.0.0", "http://127.0.0.1:8080"),  # listening everywhere is not an address
        ("::1", "http://[::1]:8080"),
        ("pgx.example.org", "http://pgx.example.org:8080"),
    ],
)
def test_the_base_url_follows_host_and_port_where_it_is_not_set(host, base_url):
    assert load_settings({"FHIR_PGX_HOST": host}).base_url == base_url


def test_a_base_url_that_is_set_stands_without_its_last_slash():
    settings = load_settings({"FHIR_PGX_BASE_URL": "https://pgx.example.org/cds/"})
    assert settings.base_url == "https://pgx.example.org/cds"
    assert settings.store_servers == ("https://pgx.example.org/cds/fhir",)


def test_lists_are_written_with_commas_or_as_toml_arrays(tmp_path):
    file = tmp_path / "pgx.toml"
    file.write_text('fhir_servers = ["https://a.example.org/fhir/", "https://b.example.org"]\n')
    expected = ("https://a.example.org/fhir", "https://b.example.org")
    assert load_settings({}, file).fhir_servers == expected
    text = "https://a.example.org/fhir, https://b.example.org"
    assert load_settings({"FHIR_PGX_FHIR_SERVERS": text}).fhir_servers == expected


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("FHIR_PGX_PORT", "http", "1 to 65535"),
        ("FHIR_PGX_PORT", "0", "1 to 65535"),
        ("FHIR_PGX_PORT", "٨٠", "1 to 65535"),  # digits, but not ASCII's
        ("FHIR_PGX_PORT", "9" * 5000, "1 to 65535"),
        ("FHIR_PGX_MAX_BODY_BYTES", "5MB", "bytes"),
        ("FHIR_PGX_FHIR_TIMEOUT_SECONDS", "nan", "seconds"),
        ("FHIR_PGX_FHIR_TIMEOUT_SECONDS", "-1", "seconds"),
        ("FHIR_PGX_LOG_LEVEL", "loud", "debug, info"),
        ("FHIR_PGX_UNTESTED_CARDS", "some", "important"),
        ("FHIR_PGX_BASE_URL", "pgx.example.org", "a URL"),
        ("FHIR_PGX_BASE_URL", "https://[", "a URL"),
        ("FHIR_PGX_INSECURE_OPEN", "yes", "off, on"),
        ("FHIR_PGX_OPERATOR_TOKEN", "too-short", "20 or more"),
        ("FHIR_PGX_OPERATOR_TOKEN", "with a blank and long enough", "20 or more"),
        ("FHIR_PGX_FHIR_SERVERS", "https://me:secret@a.example.org", "without user"),
        ("FHIR_PGX_FHIR_SERVERS", "http://a.example.org", "https"),
        ("FHIR_PGX_FHIR_PRIVATE_SERVERS", "http://fhir.hospital.example", "http for localhost"),
        ("FHIR_PGX_DATABASE", "oracle://db", "sqlite:///"),
        ("FHIR_PGX_DATABASE", "sqlite:///:memory:", "a file"),  # each worker would have its own
        ("FHIR_PGX_CORS_ORIGINS", "everyone", "origins"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_name(variable, value, expected):
    with pytest.raises(InvalidSetting) as refused:
        load_settings({variable: value})
    assert variable in refused.value.text
    assert expected in refused.value.text
    assert refused.value.where == variable
    assert len(refused.value.text) < 400


def test_a_secret_is_never_shown(tmp_path):
    file = tmp_path / "pgx.toml"
    file.write_text("audit_salt = 271828\n")  # not text
    with pytest.raises(InvalidSetting) as refused:
        load_settings({}, file)
    assert "271828" not in refused.value.text
    assert "audit_salt in pgx.toml" in refused.value.text
    assert "pepper" not in repr(load_settings({"FHIR_PGX_AUDIT_SALT": "pepper"}))


def test_a_misspelt_name_is_an_error_with_the_name_that_was_meant(tmp_path):
    with pytest.raises(InvalidSetting, match="did you mean FHIR_PGX_MAX_CARDS"):
        load_settings({"FHIR_PGX_MAXCARDS": "3"})
    file = tmp_path / "pgx.toml"
    file.write_text("max-cards = 3\n")
    with pytest.raises(InvalidSetting, match=r"max-cards in pgx.toml .* did you mean max_cards"):
        load_settings({}, file)


def test_the_switch_of_the_test_suite_is_not_a_setting_of_the_server():
    assert load_settings({"FHIR_PGX_REQUIRE": "browser,postgres"}) == Settings()


@pytest.mark.parametrize(
    ("content", "said"), [(None, "was not read"), (b"port: 1", "not TOML"), (b"\xff", "not TOML")]
)
def test_a_file_that_cannot_be_read_is_named(tmp_path, content, said):
    file = tmp_path / "pgx.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InvalidSetting, match=said) as refused:
        load_settings({}, file)
    assert "pgx.toml" in refused.value.text
    assert str(tmp_path) not in refused.value.text


def test_every_setting_has_a_meaning_and_a_default_that_it_would_accept():
    for each in fields(Settings):
        assert each.metadata["meaning"].endswith("."), each.name
        assert each.metadata["read"](each.default) == each.default, each.name


def test_the_page_of_settings_is_that_of_the_code():
    page = PAGE.read_text(encoding="utf-8")
    assert settings_table() in page, "write it anew: python -m fhir_pgx.settings"

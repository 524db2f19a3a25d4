"""Secrets come from settings alone, and nothing ever prints one."""

import json
import logging
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from fhir_pgx.errors import InvalidSetting, PgxError
from fhir_pgx.model.registered import CdsClient, KeySource, LaunchIssuer, TokenIssuer
from fhir_pgx.settings import PREFIX, Settings, load_settings, settings_table
from fhir_pgx.storage import SqlStore
from fhir_pgx.web.app import create_app

ROOT = Path(__file__).resolve().parents[1]
SECRET = "hunter2-Zq81_never-shown"
SECRETS = {each.name for each in fields(Settings) if each.metadata["secret"]}
# What a secret could be called, and what only names a place where one is kept or used.
SOUNDS_SECRET = re.compile(r"secret|password|salt|token|credential|private")
PLACES = {"smart_token_url", "fhir_private_servers"}


def with_secrets(folder):
    """A value with the secret in it for every secret setting, that can be used as it stands."""
    values = dict.fromkeys(SECRETS, SECRET)
    values["database"] = f"sqlite:///{folder}/{SECRET}.db"
    return values


def test_what_sounds_like_a_secret_is_marked_as_one():
    named = {each.name for each in fields(Settings) if SOUNDS_SECRET.search(each.name)}
    assert named - PLACES <= SECRETS
    assert {"database", "audit_salt", "operator_token"} <= SECRETS


def test_no_secret_has_a_default_that_works_everywhere():
    assert {getattr(Settings(), name) for name in SECRETS - {"database"}} == {""}


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_settings_that_are_printed_show_no_secret(name, tmp_path):
    settings = Settings(**{name: with_secrets(tmp_path)[name]})
    for shown in (repr(settings), str(settings), f"{settings!r}", f"{[settings]}"):
        assert SECRET not in shown


@pytest.mark.parametrize("name", sorted(SECRETS))
@pytest.mark.parametrize("wrong", [f"{SECRET}\x00", f"mysql://a:{SECRET}@b/c\x00", [SECRET], 7])
def test_a_secret_that_cannot_be_used_is_refused_without_being_shown(name, wrong):
    with pytest.raises(InvalidSetting) as refused:
        load_settings({}, overrides={name: wrong})
    assert SECRET not in f"{refused.value!r} {refused.value.issues!r}"
    assert "not shown" in refused.value.text


def test_the_table_of_settings_shows_no_value_of_this_machine(monkeypatch):
    for name in SECRETS:
        monkeypatch.setenv(PREFIX + name.upper(), SECRET)
    assert SECRET not in settings_table()


@pytest.mark.parametrize(
    "registered",
    [
        TokenIssuer("n", "https://a.example", client_id="c", client_secret=SECRET),
        LaunchIssuer("n", "https://a.example", "c", client_secret=SECRET),
        (CdsClient("n", "i", KeySource()), TokenIssuer("n", "i", client_secret=SECRET)),
    ],
    ids=["token issuer", "launch issuer", "several"],
)
def test_who_is_registered_is_printed_without_secrets(registered):
    assert SECRET not in repr(registered)


def test_no_answer_and_no_log_line_of_the_server_holds_a_secret(tmp_path, caplog):
    settings = Settings(**with_secrets(tmp_path))
    with caplog.at_level(logging.DEBUG):
        store = SqlStore(settings.database, settings.audit_salt)
        client = create_app(settings, store=store).test_client()
        answers = [
            client.get("/cds-services"),
            client.get("/fhir/metadata"),
            client.get("/fhir/Patient"),
            client.get("/health/ready"),
            client.get("/metrics"),
            client.get("/metrics", headers={"Authorization": f"Bearer {SECRET}"}),
            client.get("/fhir/Patient", headers={"Authorization": f"Bearer {SECRET}"}),
            client.get("/docs"),
            client.get("/app"),
            client.post("/cds-services/pgx-order-sign", json={"hook": "order-sign"}),
            client.put("/fhir/Patient/p1", json={"resourceType": "Patient", "id": "p1"}),
        ]
        store.close()
        Path(tmp_path, f"{SECRET}.db").unlink(missing_ok=True)
    for answer in answers:
        assert SECRET not in answer.get_data(as_text=True)
        assert SECRET not in str(answer.headers)
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    "url",
    [f"postgresql://user:{SECRET}@127.0.0.1:1/none", "sqlite:///{folder}/file/" + SECRET],
)
def test_a_database_that_cannot_be_opened_is_not_named(url, tmp_path, caplog):
    (tmp_path / "file").write_bytes(b"no folder")
    url = url.replace("{folder}", str(tmp_path))
    with caplog.at_level(logging.DEBUG), pytest.raises(PgxError) as refused:
        SqlStore(url).check()
    assert SECRET not in f"{refused.value} {refused.value.issues!r}"
    assert SECRET not in caplog.text


def run(tmp_path, *words):
    """What a command prints, on either stream, where every secret is set in the environment."""
    environ = {PREFIX + name.upper(): value for name, value in with_secrets(tmp_path).items()}
    environ[PREFIX + "DATABASE"] = f"postgresql://user:{SECRET}@127.0.0.1:1/none"
    environ |= {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "fhir_pgx", *words],
        capture_output=True, check=False, cwd=tmp_path, env=environ, text=True, timeout=60,
    )  # fmt: skip
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("--help",),
        ("serve", "--help"),
        ("serve", "--port", "1"),
        ("serve", "--host", "256.0.0.1"),
        ("load", "nothing.json"),
        ("export", "p1"),
        ("feedback", "report"),
        ("audit", "verify"),
        ("keys", "list"),
    ],
    ids=" ".join,
)
def test_no_command_prints_a_secret_whether_it_succeeds_or_fails(tmp_path, words):
    told = run(tmp_path, *words)
    assert told
    assert SECRET not in told


# Files


def settings_file(tmp_path, mode, **values):
    file = tmp_path / "settings.toml"
    file.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items()))
    file.chmod(mode)
    return file


@pytest.mark.parametrize(
    ("mode", "values", "warned"),
    [
        (0o644, {"audit_salt": SECRET}, True),
        (0o604, {"operator_token": SECRET}, True),
        (0o600, {"audit_salt": SECRET}, False),
        (0o640, {"audit_salt": SECRET}, False),
        (0o644, {"port": 9000}, False),
    ],
)
def test_a_file_with_secrets_that_everybody_can_read_is_warned_of(
    tmp_path, caplog, mode, values, warned
):
    with caplog.at_level(logging.WARNING):
        load_settings({}, settings_file(tmp_path, mode, **values))
    assert ("every user of this machine can read it" in caplog.text) is warned
    assert SECRET not in caplog.text


def test_the_database_that_we_make_is_readable_by_its_owner_alone(tmp_path):
    with_file = tmp_path / "kept.db"
    SqlStore(f"sqlite:///{with_file}").close()
    assert with_file.stat().st_mode & 0o077 == 0


def test_no_secret_stands_in_the_tree():
    """Keys and tokens in files that are published; those of tests are made as they run."""
    key = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----|AKIA[0-9A-Z]{16}|gh[pousr]_\w{36}")
    found = [
        path
        for folder in ("fhir_pgx", "examples", "profiles", "docs", "benchmarks")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".md", ".json", ".yaml", ".toml", ".txt", ".html", ".js")
        and path.stat().st_size < 1_000_000
        and key.search(path.read_text("utf-8", "replace"))
    ]
    assert found == []

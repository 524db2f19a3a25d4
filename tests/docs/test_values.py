"""Every value that the papers show is one: JSON and YAML are read, settings, access files and
policies taken by the readers that the server has for them, Python runs."""

import json
import re
import tomllib
from dataclasses import fields

import pytest
import yaml
from flask import Flask

from fhir_pgx.errors import PgxError
from fhir_pgx.knowledge.policy import read_policy
from fhir_pgx.security.registered import read_registered
from fhir_pgx.settings import Settings, load_settings
from tests.docs.blocks import PAPERS, blocks_of
from tests.docs.test_commands import is_settings

ALL = [block for path in PAPERS for block in blocks_of(path)]
REGISTERED = {"cds_clients", "token_issuers", "launch_issuers", "backend_servers"}
OURS = {"python", "json", "toml", "yaml", "console", "sh", "http", "xml", ""}
EXECUTED_ELSEWHERE = {
    "docs/access.md": "the page runs it as trial.py",
    "docs/how-to/test-your-client.md": "tests/testing runs it as the project that it is",
    "docs/how-to/plugin.md": "the page's commands run it",
}


def of(language):
    blocks = [block for block in ALL if block.language == language]
    return pytest.mark.parametrize("block", blocks, ids=[f"{b.page}:{b.line}" for b in blocks])


def test_no_block_is_of_a_language_that_nothing_reads():
    assert {block.language for block in ALL} <= OURS


@of("json")
def test_json_is_json(block):
    json.loads(re.sub(r"(?<![\w\"….])…(?![\w\"….])", "null", block.text))


@of("yaml")
def test_yaml_is_yaml(block):
    assert yaml.safe_load(block.text)


@of("toml")
def test_toml_is_what_its_reader_takes(block, tmp_path, knowledge):
    if block.refused:
        with pytest.raises(PgxError):
            read(block, tmp_path, knowledge)
    else:
        read(block, tmp_path, knowledge)


def read(block, folder, knowledge):
    content = tomllib.loads(block.text)
    assert content
    if block.title.endswith("pyproject.toml"):
        return
    if set(content) <= REGISTERED:
        read_registered(block.text.encode(), lambda name: b'{"keys": []}')
    elif set(content) <= settings_names():
        file = folder / "settings.toml"
        file.write_text(block.text, encoding="utf-8")
        load_settings({}, file)
    else:
        read_policy(block.text.encode(), "policy.toml", knowledge)


def settings_names():
    return {each.name for each in fields(Settings)}


@pytest.mark.parametrize(
    "block",
    [b for b in ALL if b.language == "sh" and is_settings(b)],
    ids=lambda block: f"{block.page}:{block.line}",
)
def test_settings_as_the_environment_has_them_are_settings(block):
    load_settings(dict(line.split("=", 1) for line in block.text.split()))


@of("python")
def test_python_runs(block, monkeypatch, tmp_path):
    compile(block.text, block.page, "exec")
    if block.page not in EXECUTED_ELSEWHERE:
        monkeypatch.chdir(tmp_path)  # its database is made here
        exec(block.text, {"app": Flask("host")})

"""The pages' own files: whole, known by digest, light, and nobody else's."""

import gzip
import hashlib
import re

import pytest

from fhir_pgx.settings import Settings
from fhir_pgx.web.app import create_app
from fhir_pgx.workbench.assets import asset_path, assets

# As published in the npm package htmx.org 4.0.1; a new release changes this line and NOTICE.
HTMX = "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130"


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    folder = tmp_path_factory.mktemp("assets")
    return create_app(Settings(database=f"sqlite:///{folder}/a.db")).test_client()


def test_htmx_is_as_it_was_published():
    assert hashlib.sha256(assets()["htmx.min.js"].body).hexdigest() == HTMX


def test_all_scripts_together_are_light():
    scripts = [each for name, each in assets().items() if name.endswith(".js")]
    assert sum(len(each.packed or each.body) for each in scripts) < 150_000


@pytest.mark.parametrize("name", sorted(assets()))
def test_a_file_is_served_whole_for_good_and_packed_where_asked(client, name):
    found = assets()[name]
    plain = client.get(asset_path(name))
    assert plain.data == found.body
    assert "immutable" in plain.headers["Cache-Control"]
    packed = client.get(asset_path(name), headers={"Accept-Encoding": "gzip"})
    if packed.headers.get("Content-Encoding") == "gzip":
        assert gzip.decompress(packed.data) == found.body
    same = client.get(asset_path(name), headers={"If-None-Match": plain.headers["ETag"]})
    assert same.status_code == 304


def test_an_old_address_gives_the_present_file_and_asks_again(client):
    answer = client.get("/assets/0000000000000000/site.css")
    assert answer.status_code == 200
    assert "no-cache" in answer.headers["Cache-Control"]
    assert client.get("/assets/0000000000000000/none.css").status_code == 404
    assert client.get("/assets/0000000000000000/../page.py").status_code == 404


@pytest.mark.parametrize("name", sorted(name for name in assets() if name != "htmx.min.js"))
def test_no_file_of_ours_names_another_host(name):
    text = assets()[name].body.decode("utf-8", "replace")
    named = set(re.findall(r"(?:https?:)?//([a-z0-9.-]+\.[a-z]{2,})", text))
    assert named <= {"www.w3.org"}


def test_no_page_names_a_script_or_style_of_another_host(client):
    page = client.get("/").get_data(as_text=True)
    named = re.findall(r'<(?:script|link|img|iframe)\b[^>]*(?:src|href)="([^"]+)"', page)
    assert named
    assert all(each.startswith("/assets/") for each in named)
    assert "<style" not in page
    assert " style=" not in page
    assert not re.search(r"\son[a-z]+=", page)

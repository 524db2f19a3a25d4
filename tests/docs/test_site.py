"""The papers as a site: built without a warning, whole, and with nothing from another host."""

import os
import re
import shutil
import subprocess
import sys
import threading
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec, module_from_spec, spec_from_file_location

import pytest
from markdown_it import MarkdownIt

from tests.docs.blocks import ROOT
from tests.workbench.axe import violations

DOCS = ROOT / "docs"
COUNTED = ("li", "td", "pre", "img", "h2", "h3", "code")
# The tags that a browser fetches something for by itself.
FETCHED = {
    "script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src",
    "video": "src", "audio": "src", "object": "data", "embed": "src", "form": "action",
}  # fmt: skip


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder of the built site; skips where MkDocs is not installed, which CI does not do."""
    if find_spec("mkdocs") is None or find_spec("material") is None:
        if os.environ.get("CI"):
            pytest.fail("MkDocs with its theme is not installed, and CI builds the site")
        pytest.skip("MkDocs with its theme is not installed")
    folder = tmp_path_factory.mktemp("site")
    built = build(ROOT / "mkdocs.yml", folder)
    assert built.returncode == 0, built.stdout
    assert "WARNING" not in built.stdout
    return folder


def build(config, folder):
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", str(config), "-d", str(folder)],
        cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
    )  # fmt: skip


class Tags(HTMLParser):
    """The tags of a page: all of them, and those within the article."""

    def __init__(self, text):
        super().__init__()
        self.all, self.shown, self.classes = [], [], []
        self._inside = 0
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.all.append((tag, dict(attributes)))
        if tag == "article":
            self._inside += 1
        if self._inside:
            self.shown.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)

    def handle_endtag(self, tag):
        if tag == "article":
            self._inside -= 1


def page_of(path, site):
    page = site / path.relative_to(DOCS).with_suffix(".html")
    return page.read_text(encoding="utf-8")


def test_every_page_of_the_papers_is_in_the_site_and_in_its_navigation(site):
    search = (site / "search" / "search_index.json").read_text(encoding="utf-8")
    for path in DOCS.rglob("*.md"):
        address = path.relative_to(DOCS).with_suffix(".html").as_posix()
        assert (site / address).is_file()
        assert f'"{address.replace("README", "index")}' in search
    # Strictness holds the navigation to every page, save those of a folder that is unfolded there.
    assert 'href="index.html"' in (
        site / "decisions" / "0001-plain-dictionaries-for-reading.html"
    ).read_text(encoding="utf-8")


def test_what_papers_link_to_beside_docs_is_carried_along(site):
    for carried in ("index.html", "SECURITY.html", "CHANGELOG.html", "examples/index.html",
                    "examples/policy.toml", "NOTICE.txt"):  # fmt: skip
        assert (site / "repository" / carried).is_file()
    readme = (site / "repository" / "index.html").read_text(encoding="utf-8")
    assert 'href="../tutorial.html"' in readme


def test_no_page_takes_anything_from_another_host(site):
    for page in site.rglob("*.html"):
        for tag, given in Tags(page.read_text(encoding="utf-8")).all:
            wanted = given.get(FETCHED.get(tag, ""), "") or ""
            if tag == "link" and given.get("rel") not in ("stylesheet", "icon", "preload"):
                continue
            assert not re.match(r"(?:https?:)?//", wanted), f"{page.name}: {wanted}"
    for sheet in site.rglob("*.css"):
        assert not re.search(r"(?:url\(|@import)\s*['\"]?(?:https?:)?//", sheet.read_text("utf-8"))


@pytest.mark.parametrize("path", sorted(DOCS.rglob("*.md")), ids=lambda path: path.stem)
def test_a_page_of_the_site_holds_what_a_forge_shows(path, site):
    """Python-Markdown reads lists, tables and code by rules of its own: none may be lost."""
    forge = Tags(f"<article>{forge_html(path.read_text(encoding='utf-8'))}</article>").shown
    shown = Tags(page_of(path, site)).shown
    for tag in COUNTED:
        # Code within a block of code is drawn by spans there; blocks are counted as such.
        less = forge.count("pre") if tag == "code" else 0
        there = shown.count("pre") if tag == "code" else 0
        assert shown.count(tag) - there == forge.count(tag) - less, tag


def forge_html(text):
    return MarkdownIt("commonmark").enable("table").render(text)


@pytest.mark.parametrize(
    "spoilt", ["[a](nowhere.md)", "[a](errors.md#no-such-place)", "![a](images/none.png)"]
)
def test_a_link_that_leads_nowhere_fails_the_site(spoilt, site, tmp_path):
    shutil.copytree(DOCS, tmp_path / "docs")
    (tmp_path / "docs" / "glossary.md").write_text(f"# Words\n\n{spoilt}\n", encoding="utf-8")
    config = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    config = config.replace("docs_dir: docs", f"docs_dir: {tmp_path}/docs")
    config = config.replace(".ci/site.py", f"{ROOT}/.ci/site.py")
    (tmp_path / "mkdocs.yml").write_text(config, encoding="utf-8")
    assert build(tmp_path / "mkdocs.yml", tmp_path / "site").returncode != 0


@pytest.fixture(scope="module")
def hook():
    if find_spec("mkdocs") is None:
        pytest.skip("MkDocs is not installed")
    spec = spec_from_file_location("site_hook", ROOT / ".ci" / "site.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("link", "there"),
    [
        ("../errors.md#codes", "../errors.md#codes"),
        ("../../README.md", "../repository/README.md"),
        ("../../NOTICE", "../repository/NOTICE.txt"),
        ("../../examples/", "../repository/examples/README.md"),
        ("../decisions/", "../decisions/README.md"),
        ("https://example.org/a.md", "https://example.org/a.md"),
        ("#below", "#below"),
        ("../../../elsewhere.md", "../../../elsewhere.md"),
        ("nowhere.md", "nowhere.md"),
    ],
)
def test_a_link_out_of_docs_leads_into_the_site(hook, link, there):
    page = "methods/cards.md"
    assert hook.relinked(f"[a]({link})\n", f"docs/{page}", page) == f"[a]({there})\n"


def test_a_link_within_code_is_left_as_it_stands(hook):
    text = "```\n[a](../../README.md)\n```\n"
    assert hook.relinked(text, "docs/methods/cards.md", "methods/cards.md") == text


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("a\n- b\n", "a\n\n- b\n"),
        ("- a\n  b\n- c\n", "- a\n    b\n- c\n"),
        ("1. a\n\n   ```sh\n   b\n   ```\n", "1. a\n\n    ```sh\n    b\n    ```\n"),
        ("- a\n  - b\n\nc\n", "- a\n    - b\n\nc\n"),
        ("a\n| b |\n|---|\n", "a\n\n| b |\n|---|\n"),
        ("    code - x\n", "    code - x\n"),
    ],
)
def test_lists_and_tables_are_spaced_as_the_site_reads_them(hook, written, read):
    assert hook.spaced(written) == read


@pytest.mark.browser
def test_the_site_is_read_and_searched_from_a_disk_without_a_network(site, open_page):
    page = open_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"file://{site}/index.html")
    assert page.locator("h1").first.inner_text().startswith("fhir_pgx")
    page.locator(".md-search__input").click()
    page.keyboard.type("phenoconversion")
    found = page.locator(".md-search-result__link").first
    found.wait_for()
    assert "phenoconversion" in found.inner_text().lower()
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:", "about:"))] == []


@pytest.fixture(scope="module")
def address(site):
    """The site as a server gives it."""
    handler = partial(Quiet, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_site_keeps_nobody_out_and_fits_a_phone(address, open_page, scheme):
    for page in ("index.html", "tutorial.html", "how-to/epic.html"):
        opened = open_page(f"{address}/{page}", color_scheme=scheme)
        assert violations(opened) == []
        opened.set_viewport_size({"width": 360, "height": 780})
        assert opened.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0

"""A browser, and a server to look at with it: fixtures of `tests/conftest.py`, once a process. A
second one started beside the first does not come up."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.running_server import running_server

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 780}


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A headless Chromium of this machine; skips where there is none, unless it is required."""
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    if found is None:
        if "browser" in os.environ.get("FHIR_PGX_REQUIRE", ""):
            pytest.fail("no Chromium is installed, and FHIR_PGX_REQUIRE asks for it")
        pytest.skip("no Chromium is installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(_QUIET))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def served(tmp_path_factory) -> Iterator[str]:
    """The address of an open server with the example patients, for all browser tests together."""
    with running_server(tmp_path_factory.mktemp("served"), arguments=("--demo",)) as address:
        yield address


@pytest.fixture
def open_page(chromium) -> Iterator[Callable[..., Any]]:
    """A new page in a browser context of its own. What its console or its network complains of
    fails the test at its end: a blocked script or style is a fault of ours."""
    contexts, complaints = [], []

    def open_one(url: str = "", **options: Any) -> Any:
        context = chromium.new_context(**{"viewport": DESKTOP, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: said.type == "error" and complaints.append(said.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.complaints = complaints
        if url:
            page.goto(url)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def screenshot(request) -> Callable[[Any, str], None]:
    """Keep a picture of a page where FHIR_PGX_SCREENSHOTS names a folder."""
    folder = os.environ.get("FHIR_PGX_SCREENSHOTS", "")

    def keep(page: Any, name: str) -> None:
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)

    return keep

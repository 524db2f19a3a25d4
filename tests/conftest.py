"""Fixtures that every room's tests share."""

from pathlib import Path

import pytest

from fhir_pgx.knowledge import load_knowledge

from .browsers import chromium, open_page, screenshot, served

__all__ = ["chromium", "open_page", "screenshot", "served"]

ROOT = Path(__file__).resolve().parents[1]


def pytest_make_parametrize_id(val, argname):
    """Names a case of binary data by its place: packed data may hold the time it was packed, and
    processes that share the tests must all find the same names."""
    if isinstance(val, bytes) and not (val.isascii() and val.decode().isprintable()):
        return argname
    return None


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference samples and facts beside the checkout; skips where it is absent."""
    found = ROOT.parent / "shared"
    if not found.is_dir():
        pytest.skip("the reference samples (../shared) are not beside this checkout")
    return found


@pytest.fixture(scope="session")
def knowledge():
    """The compiled knowledge."""
    return load_knowledge()

"""Fixtures that every room's tests share."""

from pathlib import Path

import pytest

from fhir_pgx.knowledge import load_knowledge

from .browsers import chromium, open_page, screenshot, served

__all__ = ["chromium", "open_page", "screenshot", "served"]

ROOT = Path(__file__).resolve().parents[1]


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

"""The browser of the pages' own tests."""

from tests.workbench.conftest import chromium, open_page

__all__ = ["chromium", "open_page"]

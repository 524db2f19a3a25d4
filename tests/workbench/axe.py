"""axe-core over a page: what it finds that keeps people out."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe

_TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


def violations(page: Any) -> list[str]:
    """Each rule that is broken at moderate weight or more, with its places."""
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": list(_TAGS)}})
    return [
        f"{each['id']} ({each['impact']}): {[node['html'][:160] for node in each['nodes'][:4]]}"
        for each in found.response["violations"]
        if each["impact"] in ("moderate", "serious", "critical")
    ]


def check_axe(page: Any) -> None:
    """In the page's present scheme of colours."""
    assert violations(page) == []

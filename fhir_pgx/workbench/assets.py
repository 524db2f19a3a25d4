"""The pages' own files: style sheets, scripts, pictures. Read once, kept in memory, also packed.

Each has its digest in its address, so that a browser may keep it for good and never shows a new
page with an old style. No page takes anything from another host.
"""

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

_TYPES: Final = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
    "webmanifest": "application/manifest+json",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """`packed` is the body with gzip, empty where that saves nothing."""

    name: str
    media: str
    body: bytes
    packed: bytes
    digest: str


@cache
def assets() -> dict[str, Asset]:
    """Every file of `static/`, by its name."""
    folder = files("fhir_pgx.workbench").joinpath("static")
    return {each.name: _asset(each.name, each.read_bytes()) for each in folder.iterdir()}


def _asset(name: str, body: bytes) -> Asset:
    packed = gzip.compress(body, compresslevel=9, mtime=0)
    return Asset(
        name=name,
        media=_TYPES[name.rpartition(".")[2]],
        body=body,
        packed=packed if len(packed) < len(body) * 0.9 else b"",
        digest=hashlib.sha256(body).hexdigest()[:16],
    )


def asset_path(name: str) -> str:
    """`/assets/0f…/site.css`, from our root. Raises KeyError for a file that is not there: a
    template that names one is a bug."""
    return f"/assets/{assets()[name].digest}/{name}"

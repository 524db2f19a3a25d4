"""What the knowledge holds, for a person: genes, guidelines, drugs and tables with their dates."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import RenderableType

from fhir_pgx.cli.views.screen import Rows, words


def knowledge_view(held: Mapping[str, Any]) -> Iterator[RenderableType]:
    """The answer of `knowledge list`."""
    yield words(f"Knowledge release {held['release']}, sha256 {held['sha256']}")
    yield ""
    genes = [(each["gene"], each["release"], str(each["alleles"])) for each in held["genes"]]
    yield Rows(("Gene", "Release of its source", "Alleles"), genes, title="Genes")
    yield ""
    yield Rows(
        ("Guideline", "Source", "Title", "As of", "Licence", "State"),
        [
            (g["id"], g["source"], g["title"], g["retrieved"], g["licence"], g["status"])
            for g in held["guidelines"]
        ],
        title="Guidelines",
    )
    yield ""
    yield Rows(
        ("Drug", "RxNorm", "Genes", "Source", "Rows"),
        [
            (
                each["drug"],
                each["rxnorm"],
                ", ".join(each["genes"]),
                each["source"],
                str(each["recommendations"]),
            )
            for each in held["drugs"]
        ],
        title="Drugs",
    )
    yield ""
    yield Rows(
        ("Table of precision therapy", "Domain", "Rows", "As of", "Licence"),
        [
            (
                each["name"],
                each["domain"],
                str(each.get("rows", "")),
                each.get("as_of", ""),
                each["licence"] + (" (compiled by hand)" if each.get("by_hand") else ""),
            )
            for each in held["therapies"]["sources"]
        ],
        title="Precision therapy",
    )

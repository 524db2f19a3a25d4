"""What is left out of the sources is told, with its reason, where people read it."""

import json
import re

import pytest
import yaml

from fhir_pgx.knowledge.loader import HERE

PAGE = HERE.parents[1] / "docs" / "methods" / "sources.md"
SOURCES = {"dpwg": ("DPWG", "DPWG_2025"), "fda": ("FDA_PGX_TABLE", "FDA_LABEL")}


@pytest.fixture(scope="module")
def left_out():
    return yaml.safe_load((HERE / "left_out.yaml").read_text(encoding="utf-8"))


def table_of(page):
    """(source, drug, rows, why) of each line of the page's last table."""
    lines = page.partition("\n## Left out\n")[2].splitlines()
    cells = [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines if line.startswith("| ")]
    return [tuple(re.sub(r"\\([*|])", r"\1", cell.strip()) for cell in row) for row in cells[1:]]


def as_told(content):
    return [
        (
            source.upper(),
            entry["drug"],
            ", ".join(f"`{row}`" for row in entry["rows"]),
            " ".join(entry["why"].split()),
        )
        for source, entries in content.items()
        for entry in entries
    ]


def test_the_page_lists_every_row_that_is_left_out_and_no_other(left_out):
    assert table_of(PAGE.read_text(encoding="utf-8")) == as_told(left_out)


def test_a_page_that_lacks_a_row_is_noticed(left_out):
    page = PAGE.read_text(encoding="utf-8")
    last = page.rstrip().rpartition("\n")[0]
    assert table_of(last) != as_told(left_out)


def test_no_row_is_left_out_twice_or_without_a_reason(left_out):
    entries = [entry for each in left_out.values() for entry in each]
    rows = [row for entry in entries for row in entry["rows"]]
    assert len(rows) == len(set(rows))
    assert all(len(entry["why"].split()) > 3 for entry in entries)


def test_every_row_left_out_is_a_row_of_its_source_and_drug(left_out, shared):
    with (shared / "facts" / "recommendations.jsonl").open(encoding="utf-8") as lines:
        facts = {row["id"]: row for row in map(json.loads, lines)}
    for source, entries in left_out.items():
        for entry in entries:
            for name in entry["rows"]:
                assert facts[name]["source"] in SOURCES[source], name
                assert facts[name]["drug"] == entry["drug"], name


def test_no_row_that_is_left_out_ships(left_out, knowledge):
    shipped = {row.source_row for drug in knowledge.drugs for row in drug.rows}
    assert shipped.isdisjoint(
        row for each in left_out.values() for entry in each for row in entry["rows"]
    )

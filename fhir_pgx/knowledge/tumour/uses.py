"""What surrounds the use of a drug: its market, and the tests that its label asks for."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, cast

from fhir_pgx.errors import BrokenKnowledge
from fhir_pgx.knowledge.files import checked, read_yaml
from fhir_pgx.knowledge.tumour.profile_text import BadProfile, parse_atom
from fhir_pgx.knowledge.tumour.rows import Drugs, drug_of
from fhir_pgx.knowledge.tumour.tables import read_table, several
from fhir_pgx.model.therapy import Provenance
from fhir_pgx.model.tumour import Atom, MarketStatus, Setting, TestFirst, TumourRow

TESTS = "tests_first.yaml"


def load_market(folder: Path, drugs: Drugs) -> tuple[MarketStatus, ...]:
    """Drugs withdrawn, restricted or never approved. Raises BrokenKnowledge."""
    return tuple(
        MarketStatus(
            drug=drug_of(row["drug"], drugs, "market.csv"),
            context=row["context"],
            status=row["status"],
            detail=row["detail"],
            bars=row["bars"] == "yes",
            provenance=Provenance(
                source=f"market status ({row['source']})",
                system="market",
                level="",
                id=row["id"],
                licence="facts compiled by hand",
                as_of=row["as_of"],
                by_hand=True,
            ),
            doids=several(row["doids"]),
            rows=several(row["rows"]),
        )
        for row in read_table(folder, "market", "tumour_market")
    )


def load_tests_first(
    folder: Path, drugs: Drugs, rows: Iterable[TumourRow]
) -> tuple[TestFirst, ...]:
    """The tests that labels ask for, a drug and disease each. Raises BrokenKnowledge."""
    known = {row.id: row for row in rows}
    content = checked(read_yaml(folder / TESTS), "tumour_tests_first", TESTS)
    return tuple(_tests(content["tests"], drugs, known))


def _tests(
    entries: list[dict[str, Any]], drugs: Drugs, known: dict[str, TumourRow]
) -> Iterator[TestFirst]:
    for entry in entries:
        missing = [name for name in entry["rows"] if name not in known]
        if missing:
            raise BrokenKnowledge(f"{TESTS}: no row {missing}", where=TESTS)
        for name in entry["drugs"]:
            cited = _of_drug(name, entry["rows"], known)
            yield TestFirst(
                drug=drug_of(name, drugs, TESTS),
                doid=entry["doid"],
                tests=tuple(
                    (ask["test"], tuple(_atom(text, name) for text in ask["answered_by"]))
                    for ask in entry["ask"]
                ),
                why=entry["why"],
                provenance=cited[0].provenance,
                setting=cast(Setting, entry.get("setting", "")),
                rows=tuple(row.id for row in cited),
            )


def _of_drug(name: str, ids: Iterable[str], known: dict[str, TumourRow]) -> list[TumourRow]:
    """The cited rows that speak of this drug; raises BrokenKnowledge where none does."""
    cited = [known[each] for each in ids if name in {drug.name for drug in known[each].drugs}]
    if not cited:
        raise BrokenKnowledge(f"{TESTS}: no cited row speaks of {name}", where=TESTS)
    return cited


def _atom(text: str, drug: str) -> Atom:
    try:
        return parse_atom(text)
    except BadProfile as error:
        raise BrokenKnowledge(f"{TESTS} {drug}: {error}", where=TESTS) from error

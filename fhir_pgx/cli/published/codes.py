"""Our codes as CodeSystems and ValueSets: errors and caveats out of the pages that explain them."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from fhir_pgx.cards.order import OVERRIDE_REASONS, REASON_SYSTEM
from fhir_pgx.cards.source import TOPIC_SYSTEM
from fhir_pgx.cli.published.frame import Definition, definition
from fhir_pgx.fhir.operation_outcome import SYSTEM as ERROR_SYSTEM
from fhir_pgx.knowledge.gene_words import load_gene_words
from fhir_pgx.model.gene_words import PATHOGEN, TUMOUR
from fhir_pgx.terminology import DERIVATION, DERIVED, GENE_CLASS, KEPT_DERIVATION

CAVEAT_SYSTEM: Final = "urn:fhir-pgx:caveat"
_ROW = re.compile(r"^\| `(PGX-\d{3})` \|(.+)\|$", re.MULTILINE)
_LINK = re.compile(r"\[([^\]]+)\]\([^)]+\)")
Concept = tuple[str, str, str]  # code, display, definition


def code_definitions(docs: Path) -> Iterator[Definition]:
    """Each code system, and the value set of all its codes."""
    yield from _both(
        "error", ERROR_SYSTEM, "Errors and findings", errors(docs),
        "What an OperationOutcome of this server, or a DetectedIssue, may say is wrong.",
    )  # fmt: skip
    yield from _both(
        "caveat", CAVEAT_SYSTEM, "Caveats", caveats(docs),
        "Sentences that travel with a result or with advice; angle brackets are filled in.",
    )  # fmt: skip
    yield from _both(
        "override-reason", REASON_SYSTEM, "Override reasons",
        [(each.code, each.display, each.display) for each in OVERRIDE_REASONS],
        "Why a prescriber sets a card aside.",
    )  # fmt: skip
    yield from _both(
        "derivation", DERIVATION, "Derivations",
        [
            (DERIVED, "Derived", "A conclusion of this software, of a report that was asked for."),
            (KEPT_DERIVATION, "Kept", "A conclusion that a store keeps up to date beside its "
             "sources."),
        ],
        "Marks a resource as a conclusion of this software and no finding (meta.tag).",
    )  # fmt: skip
    yield from _gene_classes()
    yield definition(
        "CodeSystem",
        "topic",
        url=TOPIC_SYSTEM,
        title="Topics of cards",
        text="What a card is about: source, drug, genes and action, run together in letters and "
        "digits. The codes are made as cards are, always the same for the same, and not listed.",
        caseSensitive=True,
        content="not-present",
    )


def _gene_classes() -> Iterator[Definition]:
    """The classes of genes that a Consent can name, each with its genes (docs/consent.md)."""
    words = load_gene_words()
    text = "Classes of genes and genomic findings that a Consent can permit or deny."
    listed = [
        {
            "code": each.code,
            "display": each.display,
            "definition": each.definition,
            "property": [
                {"code": "gene", "valueString": gene}
                for gene in sorted(each.genes - {TUMOUR, PATHOGEN})
            ],
        }
        for each in words.classes.values()
    ]
    yield definition(
        "CodeSystem",
        "gene-class",
        url=GENE_CLASS,
        title="Gene classes",
        text=text,
        caseSensitive=True,
        valueSet=f"{GENE_CLASS}:all",
        content="complete",
        count=len(listed),
        property=[
            {
                "code": "gene",
                "description": "A gene of the class that is known here, by its HGNC symbol",
                "type": "string",
            }
        ],
        concept=[{name: value for name, value in each.items() if value} for each in listed],
    )
    yield definition(
        "ValueSet",
        "gene-class",
        url=f"{GENE_CLASS}:all",
        title="Gene classes: all codes",
        text=text,
        compose={"include": [{"system": GENE_CLASS}]},
    )


def errors(docs: Path) -> list[Concept]:
    """The errors of docs/errors.md: the name is the display, what it means the definition."""
    rows = _rows(docs / "errors.md")
    return [(code, cells[0].strip("`"), cells[2]) for code, cells in rows]


def caveats(docs: Path) -> list[Concept]:
    """The caveats of docs/caveats.md: the sentence, and what a reader should do."""
    rows = _rows(docs / "caveats.md")
    return [(code, cells[0], cells[1]) for code, cells in rows]


def _rows(page: Path) -> list[tuple[str, list[str]]]:
    found = _ROW.findall(page.read_text(encoding="utf-8"))
    return [(code, [_plain(cell) for cell in cells.split("|")]) for code, cells in found]


def _plain(cell: str) -> str:
    return _LINK.sub(r"\1", cell).strip()


def _both(
    id_: str, system: str, title: str, concepts: Iterable[Concept], text: str
) -> Iterator[Definition]:
    listed = [
        {"code": code, "display": display, "definition": meaning}
        for code, display, meaning in concepts
    ]
    yield definition(
        "CodeSystem",
        id_,
        url=system,
        title=title,
        text=text,
        caseSensitive=True,
        valueSet=f"{system}:all",
        content="complete",
        count=len(listed),
        concept=listed,
    )
    yield definition(
        "ValueSet",
        id_,
        url=f"{system}:all",
        title=f"{title}: all codes",
        text=text,
        compose={"include": [{"system": system}]},
    )

"""What calls made elsewhere become, whichever tool made them.

A diplotype becomes one statement, however many the tool leaves open; a call without an answer
becomes a statement too: the gene was tested. What cannot be used is told with its place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from fhir_pgx.model.finding import (
    Caveat,
    NotUnderstood,
    Origin,
    Presence,
    Statement,
    StatementKind,
)
from fhir_pgx.model.knowledge import Vocabulary
from fhir_pgx.outside.strands import plain_diplotype

NO_CALL_WORDS = frozenset(
    {
        "", ".", "-", "?", "na", "nan", "n/a", "none", "null", "unknown", "no call", "no_call",
        "not called", "no result", "no match", "no_match",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class OutsideCalls:
    """What one file of calls says, what of it is not used, and which tool's format it has.

    `sample` is the one that the lines read are of, as the tool's table names it; empty where the
    file names none.
    """

    statements: tuple[Statement, ...]
    not_understood: tuple[NotUnderstood, ...]
    tool: str
    sample: str = ""


@dataclass(frozen=True, slots=True)
class OfSample:
    """The name of the sample that the lines read are of; empty where they name none."""

    name: str


Item = Statement | NotUnderstood | OfSample


@dataclass(frozen=True, slots=True)
class CallFile:
    """The file that is read: its name, the names of genes, and the one sample to read.

    `sample` is empty where the file's only sample is meant.
    """

    name: str
    vocabulary: Vocabulary
    sample: str = ""

    def gene(self, symbol: str) -> str | None:
        """The gene's symbol as we write it; None where we do not know the gene."""
        name = symbol.strip().upper()
        # A number alone would be read as an HGNC id.
        return None if name.isdigit() else self.vocabulary.genes.get(name)

    def refuse(self, path: str, why: str) -> NotUnderstood:
        return NotUnderstood(self.name, why, path)


def called(
    file: CallFile,
    gene: str,
    diplotypes: Sequence[str],
    path: str,
    *,
    names: Mapping[tuple[str, str], str] | None = None,
    caveats: tuple[Caveat, ...] = (),
) -> Statement:
    """The diplotypes of one gene that a call allows, as one value.

    `names` are the tool's own names of alleles, by gene and name, and ours for them.
    """
    if gene.startswith("HLA-"):
        return _statement(file, gene, StatementKind.DIPLOTYPE, _typing(diplotypes), path, caveats)
    plain = [plain_diplotype(gene, text, names or {}) for text in diplotypes]
    value = " or ".join(dict.fromkeys(text for text, _ in plain))
    notes = dict.fromkeys([*caveats, *(note for _, notes in plain for note in notes)])
    return _statement(file, gene, StatementKind.DIPLOTYPE, value, path, tuple(notes))


def stated(
    file: CallFile,
    gene: str,
    kind: Literal[StatementKind.PHENOTYPE, StatementKind.ACTIVITY_SCORE],
    value: str,
    path: str,
) -> Statement:
    """A phenotype or activity score that the tool gives beside the call, or alone."""
    return _statement(file, gene, kind, value, path)


def allele_presence(
    file: CallFile, gene: str, allele: str, path: str, *, is_present: bool
) -> Statement:
    """Whether one allele is there: `*57:01 positive`."""
    presence = Presence.PRESENT if is_present else Presence.ABSENT
    kind = StatementKind.ALLELE_PRESENCE
    return _statement(file, gene, kind, allele, path, presence=presence)


def not_called(
    file: CallFile, gene: str, path: str, presence: Presence = Presence.NO_CALL
) -> Statement:
    """A gene that was tested without an answer, or (INDETERMINATE) without a settled one."""
    return _statement(file, gene, StatementKind.DIPLOTYPE, "", path, presence=presence)


def is_no_call(text: str, words: frozenset[str] = NO_CALL_WORDS) -> bool:
    """Whether a cell holds no call. Half a diplotype is no call: the other half may be anything.

    A sign alone in one half is left to the reading of names: `B/-` is one X chromosome.
    """
    plain = text.strip().casefold()
    halves = [half.strip() for half in plain.split("/")]
    missing = [half for half in halves if half in words]
    return plain in words or missing == halves or any(half[:1].isalpha() for half in missing)


def unused_genes(file: CallFile, genes: Sequence[str]) -> tuple[NotUnderstood, ...]:
    """The genes of a file that we do not know, told once; none where there are none."""
    if not genes:
        return ()
    listed = ", ".join(dict.fromkeys(genes))
    return (file.refuse("", f"genes not used: {listed[:300]}"),)


def _typing(typings: Sequence[str]) -> str:
    """The typings as a GL String: `|` between genotypes, `+` between chromosomes."""
    options = [text.strip().strip("[]") for text in typings]
    joined = [text.replace("/", "+") if text.count("/") == 1 else text for text in options]
    return "|".join(dict.fromkeys(joined))


def _statement(
    file: CallFile,
    gene: str,
    kind: StatementKind,
    value: str,
    path: str,
    caveats: tuple[Caveat, ...] = (),
    *,
    presence: Presence = Presence.PRESENT,
) -> Statement:
    # A file of calls carries no status of its own; a preliminary one would be set aside.
    origin = Origin(file.name, path, status="final")
    return Statement(gene, kind, value, origin, presence, caveats=caveats, is_outside=True)

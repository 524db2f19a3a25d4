"""The link between a source's sentence and ours.

CPIC states its advice as prose. A card shows prose of ours, so each distinct source sentence is
known here by a digest alone: a guideline file says which digests an entry of ours re-expresses.
When a release of the facts brings a sentence that no entry answers for, the import stops and
names it, so that a person writes and reviews ours before it can reach a card.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

SHARED_RUN = 8  # words in a row; a shorter run is the field's own phrase ("risk of adverse drug…")


def source_form(text: str, drug: str) -> str:
    """The sentence with the drug's name replaced by `{drug}`, white space folded, lower case."""
    named = re.sub(rf"\b{re.escape(drug)}\b", "{drug}", text, flags=re.IGNORECASE)
    return re.sub(r"\s+", " ", named).strip().lower()


def digest(text: str, drug: str) -> str:
    """Twelve hexadecimal digits that identify a source sentence, whichever drug it names."""
    return hashlib.sha256(source_form(text, drug).encode()).hexdigest()[:12]


def implications(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(gene, sentence) of each implication of a CPIC row; older rows hold one list under `text`."""
    for gene, text in row["implications"].items():
        if isinstance(text, str):
            yield gene, text
            continue
        for sentence in text:
            named, _, rest = sentence.partition(": ")
            yield (named, rest) if named in row["lookup"] else (next(iter(row["lookup"])), sentence)


def words(text: str) -> list[str]:
    found = re.findall(r"[a-z0-9{}≤≥%.*-]+", text.lower())
    return [word.strip(".") for word in found if word.strip(".")]


def shared_run(ours: str, source: str, length: int = SHARED_RUN) -> str | None:
    """The first run of `length` words that both texts hold; None where there is none."""
    have = words(source)
    runs = {tuple(have[i : i + length]) for i in range(len(have) - length + 1)}
    mine = words(ours)
    for i in range(len(mine) - length + 1):
        if tuple(mine[i : i + length]) in runs:
            return " ".join(mine[i : i + length])
    return None

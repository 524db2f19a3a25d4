"""Tokens of a request: `system|code` exactly, a bare one by what people write, without case.

A bar also parts the genotypes of a GL string, so that only what looks like a system before the
first bar is one.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from fhir_pgx.fhir.bundle import as_dicts, as_text
from fhir_pgx.fhir.values import Concept

_SYSTEM = re.compile(r"(?:[a-z][a-z0-9+.-]*:|$)[^\s|]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Token:
    """`system` is None of a bare token, and empty where only what has no system is asked (`|X`)."""

    system: str | None
    code: str

    def is_of(self, concept: Concept) -> bool:
        """Whether a concept is meant: its coding exactly, or for a bare token its text, a display
        or a code."""
        if self.system is not None:
            return any(
                _same_system(coding.system, self.system) and coding.code == self.code
                for coding in concept.codings
            )
        wanted = _folded(self.code)
        words = {concept.text}
        for coding in concept.codings:
            words |= {coding.display, coding.code}
        return wanted in {_folded(word) for word in words if word}

    def names(self, system: str, value: str) -> bool:
        """Whether an identifier is meant."""
        if self.system is None:
            return _folded(value) == _folded(self.code)
        return _same_system(system, self.system) and value == self.code


def read_token(text: str) -> Token:
    system, bar, code = text.partition("|")
    if bar and code and _SYSTEM.fullmatch(system):
        return Token(system, code.strip())
    return Token(None, text)


def is_hgnc(system: str) -> bool:
    """Whether a system is one of the spellings of HGNC's."""
    written = system.lower()
    return "genenames.org" in written or written == "urn:oid:2.16.840.1.113883.6.281"


def names_one(tokens: Iterable[Token], identifiers: Any) -> bool:
    """Whether one of the tokens means one of a resource's identifiers (a list or a single one)."""
    found = [
        (as_text(each.get("system")), as_text(each.get("value"))) for each in as_dicts(identifiers)
    ]
    return any(token.names(*each) for token in tokens for each in found if each[1])


def _same_system(stated: str, asked: str) -> bool:
    if is_hgnc(stated) and is_hgnc(asked):
        return True
    return stated == asked


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()

"""Codes: LOINC check digits, codes often mistaken, the genes that codes and names mean."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from fhir_pgx.errors import Issue
from fhir_pgx.model.knowledge import Vocabulary
from fhir_pgx.terminology import HGNC, LOINC
from fhir_pgx.validation.places import Trail, spelled

_LOINC_CODE = re.compile(r"(?:(LA|LL|LP|LG|MTHU)?)(\d{1,8})-(\d)", re.ASCII)
# Invented or mistyped codes that circulate, with the code that was meant.
_MEANT = {
    "57132-1": "57132-3 (CYP2C19 allele)",
    "40425-3": "40425-1 (CYP2D6 allele)",
    "48005-6": "48005-3 (amino acid change, pHGVS)",
}
# Valid codes often given for something else: word of the mistake, what it is, what was meant.
_MISTAKEN = {
    "81139-8": ("cyp3a5", "the CYP3A4 allele", "81140-6"),
    "81145-5": ("cyp3a5", "the metabolic activity of CYP3A4", "79717-5"),
    "79720-9": ("ugt1a1", "the metabolic activity of CYP2B6", "79718-3"),
    "LA10315-2": ("normal", "the answer Ultrarapid metabolizer", "LA25391-6"),
}


def coding_issues(
    found: Iterable[tuple[Trail, Mapping[str, Any]]],
    path: str,
    vocabulary: Vocabulary | None = None,
) -> Iterator[Issue]:
    """LOINC codes that cannot be, or mean something else than they say; gene codes likewise.

    `found` are the objects of a resource at `path`. With a vocabulary, a gene's code and name must
    agree (HGNC), and so must a LOINC code and the gene its display names.
    """
    for trail, item in found:
        code = item.get("code")
        if code.__class__ is not str:
            continue
        system = item.get("system")
        if system == LOINC or (system.__class__ is str and system.startswith(HGNC)):
            display = item.get("display")
            label = display if isinstance(display, str) else ""
            for member, issue in _verdict(str(system), code, label, vocabulary):
                yield replace(issue, where=f"{spelled(path, trail)}{member}")


class _Verdicts:
    """What was said of codings before: the same few stand in every resource."""

    def __init__(self, vocabulary: Vocabulary | None) -> None:
        self.vocabulary = vocabulary
        self.known: dict[tuple[str, str, str], tuple[tuple[str, Issue], ...]] = {}


_VERDICTS = _Verdicts(None)
_MOST_KEPT, _LONGEST_KEPT = 8192, 300


def _verdict(
    system: str, code: str, label: str, vocabulary: Vocabulary | None
) -> tuple[tuple[str, Issue], ...]:
    """The findings on one coding, each with the member (`.code`, or none) that it is about."""
    global _VERDICTS  # noqa: PLW0603 - a memory of one vocabulary, as a process has
    memory = _VERDICTS
    if memory.vocabulary is not vocabulary:
        memory = _VERDICTS = _Verdicts(vocabulary)
    key = (system, code, label)
    kept = memory.known.get(key)
    if kept is not None:
        return kept
    if system == LOINC:
        found = tuple(_loinc_issues(code, label, vocabulary))
    else:
        found = tuple(_gene_issues(code, label, vocabulary)) if vocabulary is not None else ()
    if len(code) + len(label) < _LONGEST_KEPT:
        if len(memory.known) >= _MOST_KEPT:
            memory.known.clear()
        memory.known[key] = found
    return found


def has_right_check_digit(code: str) -> bool:
    """Whether a LOINC code ends in its check digit; True for kinds whose rule is not published.

    A code is Luhn's digit over the number; an answer (LA) is that digit and 2 where the number
    has five digits, and 5 where it has four, modulo 10.
    """
    found = _LOINC_CODE.fullmatch(code)
    if not found:
        return False
    prefix, number, digit = found.groups()
    shift = {"": 0, "LA4": 5, "LA5": 2}.get(f"{prefix}{len(number)}" if prefix else "")
    return shift is None or (_luhn(number) + shift) % 10 == int(digit)


def _luhn(number: str) -> int:
    doubled = [int(digit) * (2 - i % 2) for i, digit in enumerate(reversed(number))]
    return -sum(value // 10 + value % 10 for value in doubled) % 10


def _loinc_issues(
    code: str, label: str, vocabulary: Vocabulary | None
) -> Iterator[tuple[str, Issue]]:
    if not _LOINC_CODE.fullmatch(code):
        mend = "write the code as LOINC does, such as 84413-4, or name the right system"
        yield ".code", Issue("not in the form of a LOINC code", mend=mend)
    elif not has_right_check_digit(code):
        meant = f"{_MEANT[code]} was probably meant; " if code in _MEANT else ""
        text = "the check digit of this LOINC code is wrong, so no such code exists"
        yield ".code", Issue(text, mend=f"{meant}look the code up at loinc.org")
    else:
        mistaken = _mistaken(code, label, vocabulary)
        if mistaken:
            text = f"the LOINC code is {mistaken[0]}, which its display contradicts"
            yield "", Issue(text, mend=mistaken[1], severity="warning")


def _mistaken(code: str, label: str, vocabulary: Vocabulary | None) -> tuple[str, str] | None:
    if code in _MISTAKEN:
        word, what, right = _MISTAKEN[code]
        if word in label.lower():
            return what, f"use {right} if the display is right"
    term = vocabulary.loinc.get(code) if vocabulary is not None else None
    if vocabulary is None or term is None or not term.gene:
        return None
    named = {
        vocabulary.genes[word]
        for word in re.findall(r"[A-Z][A-Z0-9-]{2,}", label[:200])
        if word in vocabulary.genes
    }
    if not named or term.gene in named:
        return None
    return f"about the gene {term.gene}", "correct the code or the display"


def _gene_issues(code: str, label: str, vocabulary: Vocabulary) -> Iterator[tuple[str, Issue]]:
    symbol = vocabulary.genes.get(code.upper())
    named = vocabulary.genes.get(label.strip().upper()) if label else None
    mend = "correct the code or the display"
    if symbol is None and named is not None and code.upper().removeprefix("HGNC:").isdigit():
        text = f"the code is not the HGNC id of {named}, which the display names"
        yield "", Issue(text, mend=mend, severity="warning")
    if symbol is not None and named is not None and symbol != named:
        text = f"the code is the gene {symbol}, the display another gene, {named}"
        yield "", Issue(text, mend=mend, severity="warning")

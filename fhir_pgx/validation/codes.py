"""Codes: required bindings, LOINC check digits, codes often mistaken, gene codes."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from fhir_pgx.errors import Issue
from fhir_pgx.model.knowledge import Vocabulary
from fhir_pgx.terminology import HGNC, LOINC
from fhir_pgx.validation.places import objects


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


_GENDERS = _codes("male female other unknown")
_INTENTS = _codes("proposal plan order original-order reflex-order filler-order instance-order")
_REPORT = _codes(
    "registered preliminary final amended corrected cancelled entered-in-error unknown"
)
# Required bindings of FHIR R4; fhir.resources does not check them.
BINDINGS: Mapping[tuple[str, str], frozenset[str]] = {
    ("Observation", "status"): _REPORT,
    ("DiagnosticReport", "status"): _REPORT | _codes("partial appended"),
    ("MedicationRequest", "status"): _codes(
        "active on-hold cancelled completed entered-in-error stopped draft unknown"
    ),
    ("MedicationRequest", "intent"): _INTENTS | _codes("option"),
    ("MedicationStatement", "status"): _codes(
        "active completed entered-in-error intended stopped on-hold unknown not-taken"
    ),
    ("ServiceRequest", "status"): _codes(
        "draft active on-hold revoked completed entered-in-error unknown"
    ),
    ("ServiceRequest", "intent"): _INTENTS | _codes("directive option"),
    ("Task", "status"): _codes(
        "draft requested received accepted rejected ready cancelled in-progress on-hold failed "
        "completed entered-in-error"
    ),
    ("Task", "intent"): _INTENTS | _codes("unknown option"),
    ("Bundle", "type"): _codes(
        "document message transaction transaction-response batch batch-response history searchset "
        "collection"
    ),
    ("Specimen", "status"): _codes("available unavailable unsatisfactory entered-in-error"),
    ("Medication", "status"): _codes("active inactive entered-in-error"),
    ("MolecularSequence", "type"): _codes("aa dna rna"),
    ("Patient", "gender"): _GENDERS,
    ("Person", "gender"): _GENDERS,
    ("Practitioner", "gender"): _GENDERS,
    ("RelatedPerson", "gender"): _GENDERS,
}

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


def binding_issues(resource: Mapping[str, Any], path: str) -> Iterator[Issue]:
    """Codes outside the value set that FHIR R4 requires for the element."""
    kind = resource.get("resourceType")
    for (of, element), allowed in BINDINGS.items():
        value = resource.get(element) if of == kind else None
        # An empty text is reported as such.
        if isinstance(value, str) and value.strip() and value not in allowed:
            yield Issue(
                f"not one of the codes that FHIR R4 requires for {of}.{element}",
                f"{path}.{element}",
                f"write one of {', '.join(sorted(allowed))}",
            )


def coding_issues(
    resource: Mapping[str, Any], path: str, vocabulary: Vocabulary | None = None
) -> Iterator[Issue]:
    """LOINC codes that cannot be, or mean something else than they say; gene codes likewise.

    With a vocabulary, a gene's code and name must agree (HGNC), and so must a LOINC code and the
    gene its display names.
    """
    for here, item in objects(resource, path):
        system, code = item.get("system"), item.get("code")
        if not isinstance(system, str) or not isinstance(code, str):
            continue
        display = item.get("display")
        label = display if isinstance(display, str) else ""
        if system == LOINC:
            yield from _loinc_issues(code, label, here, vocabulary)
        elif system.startswith(HGNC) and vocabulary is not None:
            yield from _gene_issues(code, label, here, vocabulary)


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
    code: str, label: str, path: str, vocabulary: Vocabulary | None
) -> Iterator[Issue]:
    if not _LOINC_CODE.fullmatch(code):
        yield Issue(
            "not in the form of a LOINC code",
            f"{path}.code",
            "write the code as LOINC does, such as 84413-4, or name the right system",
        )
    elif not has_right_check_digit(code):
        meant = f"{_MEANT[code]} was probably meant; " if code in _MEANT else ""
        yield Issue(
            "the check digit of this LOINC code is wrong, so no such code exists",
            f"{path}.code",
            f"{meant}look the code up at loinc.org",
        )
    else:
        mistaken = _mistaken(code, label, vocabulary)
        if mistaken:
            yield Issue(
                f"the LOINC code is {mistaken[0]}, which its display contradicts",
                path,
                mistaken[1],
                severity="warning",
            )


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


def _gene_issues(code: str, label: str, path: str, vocabulary: Vocabulary) -> Iterator[Issue]:
    symbol = vocabulary.genes.get(code.upper())
    named = vocabulary.genes.get(label.strip().upper()) if label else None
    if symbol is not None and named is not None and symbol != named:
        yield Issue(
            f"the code is the gene {symbol}, the display another gene, {named}",
            path,
            "correct the code or the display",
            severity="warning",
        )

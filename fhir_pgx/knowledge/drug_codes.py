"""Medication codes and names to RxNorm ingredients, looked up in a packed file.

`drug_codes.sqlite` is written by `imports/drug_codes.py` and only ever read. It holds RxNorm codes
of every term type, NDC products, ATC level 5, some SNOMED CT substances and names. Whatever comes
in, what comes out are ingredients of term type IN: a precise ingredient (PIN) is its IN, a
multiple ingredient (MIN) all of its ingredients.
"""

import hashlib
import json
import re
import sqlite3
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

from fhir_pgx.errors import BrokenKnowledge
from fhir_pgx.model.drug import CodeKind, CodeMeaning, Drug, MatchNote

FILE = Path(__file__).with_name("drug_codes.sqlite")

APPLICATION_ID = 0x50475844  # "PGXD", so that another SQLite file is not taken for ours
SCHEMA_VERSION = 1
KINDS: tuple[CodeKind, ...] = (
    "ingredient", "component", "brand", "product", "pack", "package", "substance",
)  # fmt: skip
STATUSES = ("active", "unverified", "retired", "remapped")

INCOMPLETE, NOT_INTERCHANGEABLE, CONFLICT, NOT_SAFE = 1, 2, 4, 8
_NOTES: tuple[tuple[int, MatchNote], ...] = (
    (INCOMPLETE, "incomplete-ingredients"),
    (NOT_INTERCHANGEABLE, "not-interchangeable"),
    (CONFLICT, "ndc-conflict"),
)

LONGEST_NAME = 200  # the longest name held is shorter; a longer key is not looked up or cached
CACHED = 8192

_QUERIES = {
    "rxcui": "SELECT kind, flags, status, successor, members FROM rxcui "
    "JOIN ingredient_set ON id = ingredients WHERE code = ?",
    "ndc": "SELECT 5, flags, 0, 0, members FROM ndc "
    "JOIN ingredient_set ON id = ingredients WHERE code = ?",
    "ndc_conflict": "SELECT 5, 4, 0, 0, members FROM ndc_conflict "
    "JOIN ingredient_set ON id = ingredients WHERE code = ? ORDER BY ingredients",
    "snomed": "SELECT 6, flags, 0, 0, members FROM snomed "
    "JOIN ingredient_set ON id = ingredients WHERE code = ?",
    "atc": "SELECT 6, flags, 0, 0, members FROM atc "
    "JOIN ingredient_set ON id = ingredients WHERE code = ?",
    "name": "SELECT kind, flags, 0, 0, members FROM name "
    "JOIN ingredient_set ON id = ingredients WHERE name = ? ORDER BY ingredients",
}

_NUMBER = re.compile(r"[0-9]{1,18}\Z")
_ATC = re.compile(r"[A-Z][0-9]{2}(?:[A-Z](?:[A-Z](?P<level5>[0-9]{2})?)?)?\Z|[A-Z]\Z")
_NDC_SEGMENTS = {(4, 4), (5, 3), (5, 4)}


def ndc_products(text: str) -> tuple[int, ...]:
    """The NDC products (labeler and product, 5-4, as one number) that an NDC text may mean.

    One for a hyphenated NDC (4-4-2, 5-3-2, 5-4-1, 5-4-2, with or without the package) and for 11
    digits (5-4-2); three for 10 digits, whose hyphens are lost; none for what is not an NDC.
    Source: FDA, National Drug Code; HIPAA 11-digit form.
    """
    text = text.strip()
    if len(text) > 14 or not text.isascii():
        return ()
    parts = text.split("-")
    if not all(part.isdigit() for part in parts):
        return ()
    if len(parts) in (2, 3):
        labeler, product = parts[0], parts[1]
        if (len(labeler), len(product)) not in _NDC_SEGMENTS:
            return ()
        if len(parts) == 3 and len(parts[2]) not in (1, 2):
            return ()
        return (int(labeler) * 10_000 + int(product),)
    if len(parts) == 1 and len(text) == 11:
        return (int(text[:9]),)
    if len(parts) == 1 and len(text) == 10:
        # Leading zeros are nothing to a number: 0LLLL-PPPP, LLLLL-0PPP, LLLLL-PPPP.
        return (
            int(text[:8]),
            int(text[:5]) * 10_000 + int(text[5:8]),
            int(text[:9]),
        )
    return ()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_drug_codes_record(path: Path = FILE) -> dict[str, Any]:
    """What the file of drug codes was made from, and when. Raises BrokenKnowledge."""
    record = path.with_suffix(".json")
    try:
        found: dict[str, Any] = json.loads(record.read_bytes())
    except (OSError, ValueError) as error:
        raise BrokenKnowledge(f"{record.name} cannot be read", mend="install again") from error
    return found


class DrugCodes:
    """Looks up medication codes and names. Safe to share between threads; answers are cached.

    Raises BrokenKnowledge where the file is missing or is not one of ours.
    """

    def __init__(self, path: Path = FILE, *, cached: int = CACHED) -> None:
        self.path = path
        try:
            # `immutable`: the file never changes under us, so SQLite takes no lock and sees no
            # journal. One connection behind a lock: a look-up holds it for microseconds.
            self._connection = sqlite3.connect(
                f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise BrokenKnowledge(f"{path.name} cannot be opened: {error}") from error
        try:
            made_by = [
                self._connection.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("application_id", "user_version")
            ]
        except sqlite3.Error as error:
            self._connection.close()
            raise BrokenKnowledge(f"{path.name} cannot be read: {error}") from error
        if made_by != [APPLICATION_ID, SCHEMA_VERSION]:
            self._connection.close()
            raise BrokenKnowledge(
                f"{path.name} is not a drug code file of version {SCHEMA_VERSION}",
                mend="write it again with python -m fhir_pgx.knowledge.imports.drug_codes",
            )
        self._lock = Lock()
        self._drugs: dict[int, Drug] = {}  # grows to the ingredients met, at most a few thousand
        self._seen = lru_cache(maxsize=cached)(self._look_up)

    def close(self) -> None:
        self._connection.close()

    def verify(self) -> str:
        """The file's sha256; raises BrokenKnowledge where it is not the one recorded beside it."""
        record = self.path.with_suffix(".json")
        try:
            expected = json.loads(record.read_bytes())["file"]["sha256"]
            found = _digest(self.path)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BrokenKnowledge(f"{record.name} cannot be read") from error
        if found != expected:
            raise BrokenKnowledge(
                f"{self.path.name} has sha256 {found[:12]}…, expected {str(expected)[:12]}…",
                where=self.path.name,
                mend="install the package again",
            )
        return found

    def by_rxcui(self, code: str) -> CodeMeaning | None:
        """What an RxNorm code of any term type means; None where the code is not held."""
        return self._seen("rxcui", int(code)) if _NUMBER.match(code) else None

    def by_snomed(self, code: str) -> CodeMeaning | None:
        """What a SNOMED CT substance or product code means; None where it is not held."""
        return self._seen("snomed", int(code)) if _NUMBER.match(code) else None

    def by_atc(self, code: str) -> CodeMeaning | None:
        """What a WHO ATC code means; None where it is not held or no ATC code.

        A code above level 5 names a class: no ingredient, with the note `class-only`.
        """
        code = code.strip().upper()
        form = _ATC.match(code)
        if not form:
            return None
        if form["level5"] is None:
            return CodeMeaning((), "class", ("class-only",))
        return self._seen("atc", code)

    def by_ndc(self, text: str) -> CodeMeaning | None:
        """What an NDC means, in any hyphenation; None where no listing is held.

        Ten digits without hyphens can be three products: the answer stands only if all that are
        held have the same ingredients. Where listings disagree (a reused NDC, a kit, ten digits
        that fit several products) there are no ingredients, the note `ndc-conflict` and `choices`.
        """
        found = [
            meaning
            for product in dict.fromkeys(ndc_products(text))
            if (meaning := self._seen("ndc", product)) is not None
        ]
        if not found:
            return None
        sets = dict.fromkeys(s for m in found for s in (m.choices or (m.ingredients,)))
        if len(sets) > 1:
            return CodeMeaning((), "package", ("ndc-conflict",), choices=tuple(sets))
        notes = dict.fromkeys(note for meaning in found for note in meaning.notes)
        return CodeMeaning(next(iter(sets)), "package", tuple(notes))

    def by_name(self, normalised: str) -> CodeMeaning | None:
        """What a whole name means, spelled as `normalize.drug.normal_name` spells it.

        None where the name is not held. A name that is known but means several things, or is too
        short or loose to be matched without a person, has no ingredients and only `choices`.
        """
        if not 0 < len(normalised) <= LONGEST_NAME:
            return None
        return self._seen("name", normalised)

    def _rows(self, query: str, key: int | str) -> list[tuple[Any, ...]]:
        try:
            with self._lock:
                return self._connection.execute(query, (key,)).fetchall()
        except sqlite3.Error as error:
            raise BrokenKnowledge(f"{self.path.name} cannot be read: {error}") from error

    def _drug(self, rxcui: int) -> Drug | None:
        if rxcui not in self._drugs:
            rows = self._rows("SELECT name FROM ingredient WHERE rxcui = ?", rxcui)
            if not rows:
                return None
            self._drugs[rxcui] = Drug(str(rxcui), rows[0][0])
        return self._drugs[rxcui]

    def _set(self, members: str) -> tuple[Drug, ...]:
        found: Iterable[Drug | None] = (self._drug(int(code)) for code in members.split())
        return tuple(drug for drug in found if drug is not None)

    def _look_up(self, table: str, key: int | str) -> CodeMeaning | None:
        rows = self._rows(_QUERIES[table], key)
        if not rows:
            return None
        kind, flags, status, successor, members = rows[0]
        notes = [note for bit, note in _NOTES if flags & bit]
        if STATUSES[status] in ("retired", "remapped"):
            notes.append("retired-code")
        if flags & CONFLICT:
            rows = self._rows(_QUERIES["ndc_conflict"], key)
        if flags & (CONFLICT | NOT_SAFE):
            choices = tuple(self._set(row[4]) for row in rows)
            return CodeMeaning((), KINDS[kind], tuple(notes), choices)
        return CodeMeaning(
            self._set(members),
            KINDS[kind],
            tuple(notes),
            successor=str(successor) if successor else "",
        )

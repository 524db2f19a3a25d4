"""A dose in plain words, where nothing structured states it: `75 mg once daily`.

A text is understood whole or not at all: an amount, how it is taken, how often. One word more
that we do not know, and it says nothing: half a sentence may be the wrong half.
"""

import re
from decimal import Decimal
from typing import NamedTuple

from fhir_pgx.fhir.dosage_timing import UNKNOWN, Often, often_in_words
from fhir_pgx.fhir.dosage_units import Mass, Strength, mass, number


class Sig(NamedTuple):
    """What a text says: the amount (`low` for the lower end of a range), and how often."""

    amount: Mass
    low: Mass | None
    often: Often
    as_needed: bool
    days: int | None


_WORDS = {"one": "1", "two": "2", "three": "3"}
_SIG = re.compile(
    r"(?:(?:take|give|administer|swallow) )?"
    r"(?:(?P<low>\d+(?:\.\d+)?) ?(?:-|to) ?)?(?P<high>\d+(?:\.\d+)?|one|two|three) ?"
    r"(?P<unit>mg|mcg|ug|µg|g|ml|tablets?|tabs?|tablet\(s\)|capsules?|caps?|capsule\(s\)|pills?)"
    r"(?: total)?"
    r"(?: (?:by mouth|orally|oral|p\.?o\.?|iv|i\.v\.|intravenously))?"
    r" (?P<often>.+?)"
    r"(?P<needed>,? (?:as needed|prn|p\.r\.n\.|when required|if needed)(?: for [a-z ]+)?)?"
    r"(?: (?:with|after|before|without) (?:food|meals?|breakfast|dinner|water))?"
    r"(?: for (?P<days>\d{1,3}) days?)?"
    r"\.?"
)
LONGEST = 160  # a longer text says more than a dose


def parse_sig(text: str, strength: Strength | None) -> Sig | None:
    """The dose and timing of a whole text; None where any of it is not understood."""
    words = " ".join(text.lower().split())
    match = _SIG.fullmatch(words) if len(words) <= LONGEST else None
    if match is None:
        return None
    said = match["often"].strip(" ,")
    # `2 tablets a day` does not say in how many doses.
    is_daily = said in ("a day", "per day")
    often = UNKNOWN if is_daily else often_in_words(said)
    high = _mass(match["high"], match["unit"], strength)
    low = _mass(match["low"], match["unit"], strength)
    if often is None or high is None or (match["low"] and (low is None or low.value > high.value)):
        return None
    days = int(match["days"]) if match["days"] else None
    if is_daily:
        high = high._replace(is_daily=True)
    return Sig(high, low, often, bool(match["needed"]), days or None)


def _mass(text: str | None, unit: str, strength: Strength | None) -> Mass | None:
    value: Decimal | None = number(_WORDS.get(text, text)) if text else None
    return None if value is None else mass(value, unit, strength)

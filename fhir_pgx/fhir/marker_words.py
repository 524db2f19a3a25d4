"""What a biomarker's answer says: the report's own verdict, and the number beside it.

`2+ (equivocal)`, `MSI-H`, `TPS 60%`, `<1%`, `12.4 mut/Mb`. A verdict is never worked out from a
number: 12 mutations a megabase without a word is 12, and neither high nor low.
"""

import re
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from fhir_pgx.fhir.presence_words import is_not_performed, presence_of
from fhir_pgx.fhir.values import Value
from fhir_pgx.model.finding import Presence
from fhir_pgx.model.tumour import Verdict

_I = re.IGNORECASE
_NOT_MADE = re.compile(
    r"\binsufficient\b|\bquantity not\b|\bQNS\b|\bnot (?:performed|done|tested|evaluable|assessable"
    r"|ordered|applicable)\b|\bcannot be (?:performed|evaluated|assessed)\b|\binadequate\b", _I
)  # fmt: skip
_OPEN = re.compile(
    r"\bindeterminate\b|\binconclusive\b|\bundetermined\b|\bcannot be determined\b|\bfailed\b"
    r"|\bunable to\b|\bunknown\b|\bno call\b|\buninterpretable\b", _I
)  # fmt: skip
_DENIED = r"\bnot (?:detected|present|identified|found|seen)\b|\bnone detected\b|\bno evidence\b"
_EQUIVOCAL: tuple[str, Verdict] = (r"\bequivocal\b|\bborderline\b", "equivocal")
_SIMPLE: tuple[tuple[str, Verdict], ...] = (
    _EQUIVOCAL,
    (rf"{_DENIED}|\bnegative\b|\babsent\b|\bno (?:expression|staining)\b", "negative"),
    (r"\bpositive\b|\bdetected\b|\bpresent\b|\boverexpress\w*", "positive"),
    (r"\bhigh\b", "high"),
    (r"(?<!ultra)(?<!ultra[\s-])\blow\b", "low"),
)
_TABLES: dict[str, tuple[tuple[str, Verdict], ...]] = {
    "MSI": (
        (rf"{_DENIED}|\bnegative\b|\babsent\b|\bMSS\b|\bstable\b", "stable"),
        (r"\bMSI[\s-]?L\b|\blow\b", "low"),
        (r"\bMSI[\s-]?H\b|\bhigh\b|\bunstable\b|\bpositive\b|\bdetected\b|\bpresent\b", "high"),
    ),
    "MMR": (
        (r"\bnot deficient\b|\bno (?:deficiency|loss)\b", "proficient"),
        (r"\bdMMR\b|\bMMR[\s-]?d\b|\bdeficien\w*|\bloss\b|\blost\b|\babnormal\b", "deficient"),
        (r"\bpMMR\b|\bMMR[\s-]?p\b|\bproficien\w*|\bintact\b|\bretained\b|\bpreserved\b"
         r"|\bnormal\b", "proficient"),
    ),
    "TMB": (
        _EQUIVOCAL,
        (r"\bTMB[\s-]?H\b|\bhigh\b", "high"),
        (r"\bTMB[\s-]?L\b|\blow\b", "low"),
    ),
    "HER2-IHC": (
        _EQUIVOCAL,
        (r"(?<!ultra)(?<!ultra[\s-])\blow\b", "low"),
        (rf"{_DENIED}|\bnegative\b|\babsent\b", "negative"),
        (r"\bpositive\b|\boverexpress\w*", "positive"),
    ),
    "HER2-ISH": (
        _EQUIVOCAL,
        (rf"{_DENIED}|\bnegative\b|\bnot amplified\b|\bnon-?amplified\b|\bno amplification\b"
         r"|\babsent\b", "negative"),
        (r"\bamplif\w*|\bpositive\b|\bdetected\b|\bpresent\b", "positive"),
    ),
    "HRD": (
        (rf"{_DENIED}|\bnegative\b|\bproficien\w*|\bHRP\b|\bstable\b|\babsent\b|\blow\b",
         "negative"),
        (r"\bpositive\b|\bdeficien\w*|\bdetected\b|\bpresent\b|\bhigh\b|\bunstable\b", "positive"),
    ),
    "ER": (
        _EQUIVOCAL,
        (rf"{_DENIED}|\bnegative\b|\babsent\b", "negative"),
        (r"\bpositive\b|\bdetected\b|\bpresent\b", "positive"),
    ),
    "MGMT": (
        _EQUIVOCAL,
        (rf"\bun-?methylated\b|\bnot methylated\b|{_DENIED}|\bnegative\b|\babsent\b",
         "unmethylated"),
        (r"\b(?:hyper)?methylat\w*|\bpositive\b|\bdetected\b|\bpresent\b", "methylated"),
    ),
    "del": (
        _EQUIVOCAL,
        (rf"{_DENIED}|\bnegative\b|\babsent\b|\bnot (?:co-?)?deleted\b|\bintact\b|\bnormal\b"
         r"|\bno (?:co-?)?deletion\b", "negative"),
        (r"\b(?:co-?)?delet\w*|\bpositive\b|\bdetected\b|\bpresent\b|\bloss\b", "positive"),
    ),
}  # fmt: skip
_TABLES["HER2"] = _TABLES["HER2-IHC"]
_TABLES["PR"] = _TABLES["ER"]
_COMPILED = {
    name: tuple((re.compile(pattern, _I), verdict) for pattern, verdict in table)
    for name, table in (*_TABLES.items(), ("", _SIMPLE))
}
# What a bare present or absent means, by the kind of marker.
_BY_PRESENCE: dict[str, tuple[Verdict, Verdict]] = {
    "MSI": ("high", "stable"), "MGMT": ("methylated", "unmethylated"),
    "MMR": ("deficient", "proficient"), "TMB": ("high", "low"),
}  # fmt: skip
_CODES: dict[str, Verdict] = {
    "LA26203-2": "high", "LA26202-4": "low", "LA14122-8": "stable",  # LL3994-2 of 81695-9
}  # fmt: skip
_SIGN = r"(?P<sign>[<>≥≤]=?)?\s*"
_PERCENT = re.compile(_SIGN + r"(?P<number>[0-9]{1,3}(?:\.[0-9]+)?)\s*%")
_RANGE = re.compile(r"(?P<number>[0-9]{1,3}(?:\.[0-9]+)?)\s*%?\s*(?:-|–|to)\s*[0-9]{1,3}\s*%")
_PER_MEGABASE = re.compile(
    _SIGN + r"(?P<number>[0-9]{1,4}(?:\.[0-9]+)?)\s*(?:m(?:uts?|utations?)?\b)?\s*(?:/|per)\s*"
    r"(?:mb|megabase)", _I
)  # fmt: skip
_SCORE = re.compile(r"(?<![0-9.])(?P<number>[0-3])\s?\+")
_SCORE_WORD = re.compile(r"\b(?:score|IHC)\D{0,6}(?P<number>[0-3])(?![0-9.%])", _I)
_RATIO = re.compile(r"\bratio\D{0,14}(?P<number>[0-9]{1,2}(?:\.[0-9]+)?)", _I)
_COPIES = re.compile(
    r"\b(?:copies|copy number|signals?)\D{0,26}(?P<number>[0-9]{1,3}(?:\.[0-9]+)?)"
    r"|(?P<before>[0-9]{1,3}(?:\.[0-9]+)?)\s?(?:copies|signals)", _I
)  # fmt: skip
_SCALES = (
    ("TPS", r"TPS|tumou?r proportion score"), ("CPS", r"CPS|combined positive score"),
    ("TC", r"TCs?|tumou?r cells?(?: score)?"), ("IC", r"ICs?|immune cells?(?: score)?"),
)  # fmt: skip
_SCALE = tuple((name, re.compile(rf"\b(?:{pattern})\b", _I)) for name, pattern in _SCALES)
_SCALED = tuple(
    (
        name,
        re.compile(
            rf"\b(?:{pattern})\b[^0-9<>≥≤%;,.]{{0,20}}{_SIGN}(?P<number>[0-9]{{1,3}}(?:\.[0-9]+)?)",
            _I,
        ),
    )
    for name, pattern in _SCALES
)
_COMPARED = {"≥": ">=", "≤": "<=", ">=": ">=", "<=": "<=", ">": ">", "<": "<"}


class Number(NamedTuple):
    """A number with what it is compared by; `is_range` where it is the lower end of a range."""

    value: Decimal
    comparator: str = ""
    is_range: bool = False


def kind_of(name: str) -> str:
    """The table of a marker's words: all deletions share one."""
    return "del" if name.startswith("del(") else name


def verdict_of(name: str, value: Value) -> Verdict:
    """The report's own verdict; empty where it states none."""
    if is_not_performed(value):
        return "not-performed"
    codes = [_CODES[c.code] for c in value.concept.codings if c.code in _CODES]
    if codes:
        return codes[0]
    said = verdicts_in(name, value)
    if said:
        return said
    presence = presence_of(value)
    if presence in (Presence.NO_CALL, Presence.INDETERMINATE):
        return "indeterminate"
    if presence is None:
        return ""
    yes, no = _BY_PRESENCE.get(name, ("positive", "negative"))
    return yes if presence is Presence.PRESENT else no


def verdicts_in(name: str, value: Value) -> Verdict:
    """The verdict of the words; of words that say two things none: it is indeterminate."""
    found = [verdict_in(name, words) for words, code in value.concept.stated if words != code]
    distinct = dict.fromkeys(each for each in found if each)
    return next(iter(distinct)) if len(distinct) == 1 else "indeterminate" if distinct else ""


def verdict_in(name: str, words: str) -> Verdict:
    if _NOT_MADE.search(words):
        return "not-performed"
    if _OPEN.search(words):
        return "indeterminate"
    table = _COMPILED.get(kind_of(name), _COMPILED[""])
    return next((verdict for pattern, verdict in table if pattern.search(words)), "")


def scale_in(words: str) -> str:
    """The one scale of PD-L1 that words name; empty for none or several."""
    found = [name for name, pattern in _SCALE if pattern.search(words)]
    return found[0] if len(found) == 1 else ""


def scaled_in(words: str) -> list[tuple[str, Number]]:
    """Every scale with its number: `TPS 60%, CPS 65`."""
    found = []
    for name, pattern in _SCALED:
        match = pattern.search(words)
        if match:
            found.append((name, _number(match)))
    return found


def number_in(name: str, words: str) -> Number | None:
    """The number that words hold, in the unit the marker is measured in."""
    if name in ("HER2-IHC", "HER2"):
        return _one(words, (_SCORE, _SCORE_WORD)) or _bare(words, ("0", "1", "2", "3"))
    if name == "HER2-ISH":
        return _first(words, _RATIO)
    if name == "TMB":
        return _first(words, _PER_MEGABASE)
    if name in ("MSI", "MMR") or name.startswith("del("):
        return None
    if name == "HRD":
        return _first(words, re.compile(r"\b(?:score|GIS)\D{0,8}(?P<number>[0-9]{1,3})\b", _I))
    ranged = _RANGE.search(words)
    if ranged:
        return Number(Decimal(ranged["number"]), ">=", is_range=True)
    return _first(words, _PERCENT)


def copies_in(words: str) -> Decimal | None:
    found = _COPIES.search(words)
    return Decimal(found["number"] or found["before"]) if found else None


def _bare(words: str, allowed: tuple[str, ...]) -> Number | None:
    return Number(Decimal(words.strip())) if words.strip() in allowed else None


def _first(words: str, pattern: re.Pattern[str]) -> Number | None:
    found = pattern.search(words)
    return _number(found) if found else None


def _one(words: str, patterns: tuple[re.Pattern[str], ...]) -> Number | None:
    """A score where the words hold one alone (`1+ to 2+` is none)."""
    for pattern in patterns:
        found = {match["number"] for match in pattern.finditer(words)}
        if found:
            return Number(Decimal(found.pop())) if len(found) == 1 else None
    return None


def _number(match: re.Match[str]) -> Number:
    sign = match.groupdict().get("sign") or ""
    return Number(Decimal(match["number"]), _COMPARED.get(sign, ""))


def quantity_of(value: Value) -> Number | None:
    """The number of a Quantity, an integer or a Range (its lower end)."""
    if value.low is not None or value.high is not None:
        low = _decimal(value.low)
        if low is not None:
            return Number(low, ">=", is_range=True)
        high = _decimal(value.high)
        return Number(high, "<=", is_range=True) if high is not None else None
    text = value.number
    sign = next((sign for sign in ("≥", "≤", ">=", "<=", ">", "<") if text.startswith(sign)), "")
    number = _decimal(text.removeprefix(sign).strip())
    return None if number is None else Number(number, _COMPARED.get(sign, ""))


def _decimal(stated: object) -> Decimal | None:
    try:
        number = Decimal(str(stated))
    except InvalidOperation:
        return None
    return number if number.is_finite() and number >= 0 else None

"""Biomarkers that are no alteration of a gene, held against what a row asks of them.

A number on another scale, a verdict without the threshold it was read by, a blood test for a
tissue one: each is unknown, and never a no. HER2 follows ASCO/CAP: IHC 3+ is positive, 2+ waits
for ISH, low is 1+, or 2+ with a negative ISH.
"""

from collections.abc import Sequence
from decimal import Decimal

from fhir_pgx.model.tumour import Marker, MarkerTest
from fhir_pgx.model.tumour_answer import Outcome, Truth
from fhir_pgx.recommendation.tumour.findings import Findings

_RANK = 4
_OPEN = ("", "indeterminate", "equivocal", "not-performed")
_LIQUID = ("plasma", "blood")
_RATIO, _COPIES = Decimal("2.0"), Decimal("4.0")
_HER2 = ("HER2", "HER2-IHC", "HER2-ISH")
ER_POSITIVE = Decimal(1)  # percent of cells; ASCO/CAP 2020, PMID 31928404


def marker_outcome(test: MarkerTest, findings: Findings) -> Outcome:
    """Met, not met or unknown; `why` says what is missing where a result is on file."""
    if test.name == "HER2":
        return _her2(test, findings)
    if test.name == "HER2-ISH" and not findings.by_marker.get("HER2-ISH"):
        # No ISH is done after IHC 0, 1+ or a plain negative: none is missing.
        status, used, _ = her2_status(findings)
        if status in ("zero", "low", "not-positive") and "positive" in test.verdicts:
            return Outcome("not-met", used)
    results = [(marker, *_judge(test, marker)) for marker in findings.by_marker.get(test.name, ())]
    return _settled(results)


def _settled(results: Sequence[tuple[Marker, Truth, str]]) -> Outcome:
    for truth in ("met", "not-met"):
        found = tuple(marker for marker, each, _ in results if each == truth)
        if found:
            return Outcome("met" if truth == "met" else "not-met", found, _RANK)
    whys = tuple(dict.fromkeys(why for _, _, why in results if why))
    return Outcome("unknown", tuple(marker for marker, _, _ in results), why=whys)


def _judge(test: MarkerTest, marker: Marker) -> tuple[Truth, str]:
    is_liquid = marker.specimen in _LIQUID
    if test.specimen == "plasma" and not is_liquid:
        return "unknown", f"{test.name} is asked for in plasma, and the result is of tissue"
    if test.specimen != "plasma" and is_liquid and test.name == "TMB":
        return "unknown", "blood TMB is another test than tissue TMB"
    if test.name == "HER2-IHC":
        marker = _scored(marker)
    truth, why = _compared(test, marker)
    if truth == "not-met" and is_liquid and test.specimen != "plasma":
        return "unknown", f"{test.name} was not found in plasma, which does not exclude it"
    return truth, why


def _compared(test: MarkerTest, marker: Marker) -> tuple[Truth, str]:
    if test.name == "HER2-ISH" and test.verdicts:
        return _ish(marker) if "positive" in test.verdicts else _negated(_ish(marker))
    if test.at_least is not None or test.below is not None:
        if test.scale and marker.scale != test.scale:
            stated = marker.scale or "no stated scale"
            return "unknown", f"{test.name} was reported as {stated}, the row asks for {test.scale}"
        if marker.number is not None:
            return _numeric(test, marker)
        if not test.verdicts or marker.verdict in _OPEN or not marker.verdict:
            return "unknown", f"{test.name} was reported without a number"
        if test.name == "PD-L1":
            return "unknown", "PD-L1 was reported as a word, without the threshold it was read by"
    if test.verdicts:
        return _worded(test, marker)
    return "unknown", ""


def _worded(test: MarkerTest, marker: Marker) -> tuple[Truth, str]:
    verdict = marker.verdict
    if verdict == "" and marker.number is not None and test.name in ("ER", "PR"):
        verdict = "positive" if marker.number >= ER_POSITIVE else "negative"
        if marker.comparator.startswith("<") and marker.number > ER_POSITIVE:
            verdict = ""
    if verdict in test.verdicts:
        return "met", ""
    if verdict == "" and marker.number is not None:
        return "unknown", f"{test.name} was reported as a number, and the row gives no threshold"
    if verdict in _OPEN:
        return "unknown", f"{test.name} has no usable answer"
    return "not-met", ""


def _numeric(test: MarkerTest, marker: Marker) -> tuple[Truth, str]:
    """`<` and `>` leave open what they do not exclude."""
    number, sign = marker.number, marker.comparator
    assert number is not None
    low = number if sign in ("", ">", ">=") else None  # at least this
    high = number if sign in ("", "<", "<=") else None  # at most this
    truths: list[Truth] = []
    if test.at_least is not None:
        if low is not None and low >= test.at_least:
            truths.append("met")
        elif high is not None and (high < test.at_least or (sign == "<" and high <= test.at_least)):
            truths.append("not-met")
        else:
            truths.append("unknown")
    if test.below is not None:
        if high is not None and (high < test.below or (sign == "<" and high <= test.below)):
            truths.append("met")
        elif low is not None and low >= test.below:
            truths.append("not-met")
        else:
            truths.append("unknown")
    if "not-met" in truths:
        return "not-met", ""
    if "unknown" in truths:
        return "unknown", f"{test.name} was reported as {sign}{number}, which does not settle it"
    return "met", ""


# HER2


def _scored(marker: Marker) -> Marker:
    """The IHC score where the report gave the word alone: ASCO/CAP calls 3+ positive and 2+
    equivocal; negative is 0 or 1+, and stays without a score."""
    score = {"positive": Decimal(3), "equivocal": Decimal(2)}.get(marker.verdict)
    if marker.number is not None or score is None:
        return marker
    return Marker(**{name: getattr(marker, name) for name in marker.__slots__} | {"number": score})


def _ish(marker: Marker) -> tuple[Truth, str]:
    """Whether an ISH is positive: the report's verdict, else ratio and copies together."""
    if marker.verdict in ("positive", "negative"):
        return ("met" if marker.verdict == "positive" else "not-met"), ""
    ratio, copies = marker.number, marker.copies
    if ratio is None or copies is None:
        return "unknown", "a HER2 ISH needs its ratio and its copies"
    if ratio >= _RATIO and copies >= _COPIES:
        return "met", ""
    if ratio < _RATIO and copies < _COPIES:
        return "not-met", ""
    return "unknown", "the HER2 ISH is of a group that needs more work-up"


def _negated(judged: tuple[Truth, str]) -> tuple[Truth, str]:
    swapped: dict[Truth, Truth] = {"met": "not-met", "not-met": "met", "unknown": "unknown"}
    return swapped[judged[0]], judged[1]


def her2_status(findings: Findings) -> tuple[str, tuple[Marker, ...], str]:
    """`positive`, `low`, `zero`, `not-positive` (0 or 1+, nobody said which), or empty for not
    known; the results it rests on; what is missing."""
    ihc = [_scored(each) for each in findings.by_marker.get("HER2-IHC", ())]
    ish = [(each, *_ish(each)) for each in findings.by_marker.get("HER2-ISH", ())]
    overall = [each for each in findings.by_marker.get("HER2", ()) if each.verdict not in _OPEN]
    used = (*ihc, *(each for each, _, _ in ish), *overall)
    positive = [each for each, truth, _ in ish if truth == "met"]
    score = max((each.number for each in ihc if each.number is not None), default=None)
    if any(each.verdict == "positive" for each in overall) or positive:
        return "positive", used, ""
    if score is not None and score >= 3:
        return "positive", used, ""
    is_negative_ish = any(truth == "not-met" for _, truth, _ in ish)
    if score == 2:
        if is_negative_ish or any(each.verdict == "low" for each in overall):
            return "low", used, ""
        if any(each.verdict == "negative" for each in overall):
            return "low", used, ""  # 2+ called negative: by its ISH
        return "", used, "HER2 IHC 2+ waits for an ISH"
    if score == 1 or any(each.verdict == "low" for each in (*overall, *ihc)):
        return "low", used, ""
    if score == 0:
        return "zero", used, ""
    is_negative = any(each.verdict == "negative" for each in (*ihc, *overall)) or is_negative_ish
    if is_negative:
        return "not-positive", used, "HER2 low is told from HER2 zero by the IHC score alone"
    why = next((why for _, _, why in ish if why), "")
    return "", used, why or ("HER2 has no usable answer" if used else "")


def _her2(test: MarkerTest, findings: Findings) -> Outcome:
    status, used, why = her2_status(findings)
    if not status:
        return Outcome("unknown", used, why=(why,) if why else ())
    meant = {"positive": {"positive"}, "low": {"low", "negative"}, "zero": {"negative"}}
    if status == "not-positive":
        if "negative" in test.verdicts:
            return Outcome("met", used, _RANK)
        if "low" in test.verdicts:
            return Outcome("unknown", used, why=(why,))
        return Outcome("not-met", used, _RANK)
    is_met = bool(meant[status] & set(test.verdicts))
    return Outcome("met" if is_met else "not-met", used, _RANK)

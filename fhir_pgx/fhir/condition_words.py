"""Phrases for conditions in prose, and the words that deny, doubt or lay them on others.

`no history of stroke`, `family history of stroke`, `rule out stroke`, `stroke prevention` and
`stroke?` all name a stroke that the patient is not said to have. Where such a word stands in the
same clause the phrase does not count: a missed condition leaves a row unchosen, a false one chooses
the wrong row.
"""

import functools
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from fhir_pgx.model.condition_class import ConditionClass

MAX_TEXT = 2000

# A number's point (`2.5`) does no harm: it only ends a clause too early. `H. pylori` is one name.
_INITIAL = re.compile(r"\b([a-z])\.")
_TOKEN = re.compile(r"[a-z0-9]+|[.;)\n?!]")
_STOP = "|"
_STOPS = {".": _STOP, ";": _STOP, ")": _STOP, "\n": _STOP, "!": _STOP}
_TURNS = frozenset({"but", "however", "although"})


def _any(*phrases: str, start: str = "(?:^| )", end: str = "(?: |$)") -> re.Pattern[str]:
    return re.compile(start + "(?:" + "|".join(phrases) + ")" + end)


_DENIALS = (
    "no", "not", "denies", "denied", "negative for", "never", "absence of", "free of",
    "rules? out", "ruled out", "ruling out", "r o", "excludes?", "excluded", "excluding",
    "family", "fh", "fhx", "mother", "father", "parents?", "brother", "sister", "siblings?", "son",
    "daughter", "aunt", "uncle", "cousin", "grandmother", "grandfather", "maternal", "paternal",
    "husband", "wife", "partner", "donor", "suspected", "suspicion", "suspicious", "suspect",
    "possible", "possibly", "probable", "probably", "likely", "presumed", "questionable", "query",
    "vs", "versus", "differential", r"\?", "screening", "screen", "at risk", "risk of", "risk for",
    "risk factors? for", "prevention", "prevent", "prophylaxis", "prophylactic", "evaluate for",
    "evaluation for", "assess for", "concern for", "exposure", "contact with", "vaccination",
    "fear of", "awaiting", "if", "would", "could", "may", "might",
)  # fmt: skip
_BEFORE = _any(*_DENIALS, "without")
# `Coronary disease without angina` denies the angina and not the disease that its code names.
_AT_START = _any(*_DENIALS, start="^ ?(?:encounter for |the )?")
_JUST_BEFORE = _any("non", "passive", end=" $")
_AFTER = _any(
    "ruled out", "excluded", "unlikely", "denied", r"\?", "suspected", "unconfirmed", "in family",
    "family history", "in (?:mother|father|brother|sister|son|daughter|parents?|siblings?)",
    "not (?:found|confirmed|present|detected)",
)  # fmt: skip
# Further off they speak of something else: `breast cancer, HER2 negative`, `pregnancy, high risk`.
_JUST_AFTER = _any(
    "prophylaxis", "prevention", "screening", "screen", "risk", "negative", "absent",
    "vaccination", start="^ ",
)  # fmt: skip
_OLD = _any("old", "remote", "healed", "history of", "h o", "hx of", "hx", "past", "years ago")
_OVER = _any("former", "resolved", "in remission", "cured")


@dataclass(frozen=True, slots=True)
class Said:
    """What a text says: classes, those of them that lie back, whether it speaks of something over.

    `is_doubted`: it names a condition that it denies, doubts or lays on somebody else, from its
    first word on or after the name: not one thing beside another (`diabetes without gout`).
    """

    classes: frozenset[str] = frozenset()
    old: frozenset[str] = frozenset()
    is_over: bool = False
    is_doubted: bool = False


NOTHING_SAID = Said()


def find_conditions(text: str, classes: tuple[ConditionClass, ...]) -> Said:
    """The classes whose phrases stand in a text and are said of the patient.

    Whole words only; of phrases that overlap the longest counts.
    """
    if not text or len(text) > MAX_TEXT:
        return NOTHING_SAID
    pattern, meaning = _phrases(classes)
    found: set[str] = set()
    old: set[str] = set()
    over = doubted = False
    for clause in _clauses(text):
        for match in pattern.finditer(clause):
            before, after = clause[: match.start()], clause[match.end() :]
            named = meaning[match[1]] if match[1] in meaning else meaning[match[1][:-1]]
            if not named:
                continue
            after_it = _AFTER.search(after) or _JUST_AFTER.search(after)
            if after_it or _BEFORE.search(before) or _JUST_BEFORE.search(before):
                doubted = doubted or bool(after_it or _AT_START.search(before))
                continue
            found |= named
            if _OLD.search(before) or _OLD.search(after):
                old |= named
            over = over or bool(_OVER.search(before) or _OVER.search(after))
    return Said(frozenset(found), frozenset(old), over, doubted)


def _clauses(text: str) -> Iterable[str]:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    tokens = (_STOPS.get(token, token) for token in _TOKEN.findall(_INITIAL.sub(r"\1 ", plain)))
    return " ".join(_STOP if token in _TURNS else token for token in tokens).split(_STOP)


@functools.lru_cache(maxsize=4)
def _phrases(
    classes: tuple[ConditionClass, ...],
) -> tuple[re.Pattern[str], dict[str, frozenset[str]]]:
    """One pattern of all phrases, the longest first, and the classes of each."""
    meaning: dict[str, set[str]] = {}
    for each in classes:
        for phrase in each.words_not:
            meaning.setdefault(phrase, set())
    for each in classes:
        for phrase in each.words:
            meaning.setdefault(phrase, set()).add(each.name)
    longest_first = sorted(meaning, key=lambda phrase: (-len(phrase), phrase))
    pattern = re.compile(rf"\b((?:{'|'.join(map(re.escape, longest_first)) or '(?!)'})s?)\b")
    return pattern, {phrase: frozenset(names) for phrase, names in meaning.items()}

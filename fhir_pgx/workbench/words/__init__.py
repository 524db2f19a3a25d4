"""What the patient's page says, a file a language: tables in the package, read once."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

import yaml
from markupsafe import Markup, escape

from fhir_pgx.workbench.text.plain import acts_seen

LANGUAGES: Final = ("en", "es")  # the first is the one that holds where another is not asked for
_DAY: Final = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?(?:T.*)?")


@dataclass(frozen=True, slots=True)
class Words:
    """One language. `table` has every sentence by its key."""

    language: str
    table: Mapping[str, str]

    def __call__(self, key: str, **values: Any) -> Markup:
        """A sentence; what is put into it is escaped, unless it is markup of ours already. Raises
        KeyError for a key or a placeholder that is not there: an empty place is never shown."""
        return escape(self.table[key]).format(
            **{name: _seen(each) for name, each in values.items()}
        )

    def day(self, text: str) -> Markup:
        """A FHIR date as people write it; as it stands where it is none. No time of day: what is
        shown is the day of a result."""
        found = _DAY.fullmatch(text)
        if found is None or not 1 <= int(found[2] or 1) <= 12:
            return escape(acts_seen(text)) if text else self("no-date")
        year, month, day = found.groups()
        if month is None:
            return escape(year)
        name = self(f"month-{int(month)}")
        if day is None:
            return self("date-month", month=name, year=year)
        return self("date-day", day=int(day), month=name, year=year)


def _seen(value: Any) -> Any:
    is_text = isinstance(value, str) and not isinstance(value, Markup)
    return acts_seen(value) if is_text else value


def words_in(language: str) -> Words:
    """The words of a language; of English for one that we do not have."""
    return _read(language if language in LANGUAGES else LANGUAGES[0])


@cache
def _read(language: str) -> Words:
    text = files(__name__).joinpath(f"{language}.yaml").read_text(encoding="utf-8")
    return Words(language, {key: value.strip() for key, value in yaml.safe_load(text).items()})


def english(text: str) -> Markup:
    """A term or name as its source has it, marked as what it is: in English."""
    return Markup('<span lang="en" translate="no">{}</span>').format(acts_seen(text))

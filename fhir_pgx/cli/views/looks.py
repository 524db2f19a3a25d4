"""The sign, word and colour of each status: told apart without colour, and never two alike."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from rich.text import Text

from fhir_pgx.cli.views.screen import seen


@dataclass(frozen=True, slots=True)
class Look:
    """How a value is shown. `style` only adds to sign and word, and is empty where nothing does."""

    sign: str
    word: str
    style: str = ""

    def text(self) -> Text:
        return Text(f"{self.sign} {self.word}", style=self.style)


# Of a gene (CONTRACT, section 3); the signs are those of our pages.
STATUSES: Final[Mapping[str, Look]] = {
    "called": Look("●", "called", "green"),
    "ambiguous": Look("◐", "ambiguous", "yellow"),
    "indeterminate": Look("◍", "indeterminate", "magenta"),
    "not-called": Look("✕", "no call", "bold yellow"),
    "not-tested": Look("○", "not tested"),
    "conflict": Look("⇄", "conflict", "bold red"),
}
STATUS_MEANINGS: Final[Mapping[str, str]] = {
    "called": "",
    "ambiguous": "several diplotypes are possible, with different advice",
    "indeterminate": "a result is there, what it does is not known",
    "not-called": "tested, no usable answer",
    "not-tested": "nobody looked, so nothing is known",
    "conflict": "results disagree",
}

# Of a position (`explain`): what was read there.
REFERENCE: Final = Look("=", "reference")
VARIANT: Final = Look("▲", "variant", "cyan")
NO_CALL: Final = Look("✕", "no call", "bold yellow")
NOT_TESTED: Final = Look("○", "not tested")

INDICATORS: Final[Mapping[str, Look]] = {
    "info": Look("i", "INFO", "bold blue"),
    "warning": Look("▲", "WARNING", "bold yellow"),
    "critical": Look("■", "CRITICAL", "bold red"),
}
SEVERITIES: Final[Mapping[str, Look]] = {
    "fatal": Look("!!", "fatal", "bold red"),
    "error": Look("✗", "error", "red"),
    "warning": Look("!", "warning", "yellow"),
    "information": Look("i", "information", "blue"),
}
ACTIONS: Final[Mapping[str, Look]] = {
    "contraindicated": Look("■", "contraindicated", "bold red"),
    "avoid": Look("■", "avoid", "red"),
    "alternative": Look("▲", "alternative", "yellow"),
    "reduce-dose": Look("▼", "reduce dose", "yellow"),
    "increase-dose": Look("▲", "increase dose", "yellow"),
    "adjust-dose": Look("◆", "adjust dose", "yellow"),
    "test": Look("◇", "test first", "cyan"),
    "monitor": Look("◇", "monitor", "cyan"),
    "risk-stated": Look("◇", "risk stated", "cyan"),
    "option": Look("○", "option", "blue"),
    "standard": Look("●", "standard", "green"),
    "no-recommendation": Look("-", "no recommendation"),
}


def look_of(looks: Mapping[str, Look], value: object) -> Look:
    """The look of a value; one that no line above names is shown as it stands."""
    found = looks.get(value) if isinstance(value, str) else None
    return found or Look("·", seen(value))

"""A way from what was sent to what is said, in steps: the value behind the picture and the list.

Who says a step is never left open: a resource or a laboratory (`stated`), this service
(`inferred`), or the source whose row it is (`source`). A step that is not there is a step of its
own (`missing`), and a joint over it is broken and says why.
"""

from dataclasses import dataclass
from typing import Literal

Speaker = Literal["stated", "inferred", "source", "missing"]
# What a step found: each has its own word and its own look.
State = Literal[
    "", "variant", "reference", "no-call", "not-tested", "indeterminate", "ambiguous", "conflict",
    "silent", "possible", "tumour", "germline", "pathogen",
]  # fmt: skip
Hold = Literal["stated", "inferred", "broken"]


@dataclass(frozen=True, slots=True)
class Step:
    """One box. `column` and `band` are names of the way's; an empty band spans all of them.
    `lines` stand under the title, each wrapped, and `more` (ids, keys) in the list alone; `url` is
    the source's address, empty for none."""

    id: str
    column: str
    band: str
    speaker: Speaker
    title: str
    lines: tuple[str, ...] = ()
    state: State = ""
    url: str = ""
    more: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Joint:
    """From one step to another: as stated, by our inference, or broken, with the words why."""

    start: str
    end: str
    hold: Hold
    words: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """All steps of one drug, or of one domain's findings. `left_out` says in words how many of
    what kind are not among the steps: they are counted, and nothing is cut silently."""

    title: str
    columns: tuple[str, ...]
    bands: tuple[str, ...]
    steps: tuple[Step, ...]
    joints: tuple[Joint, ...]
    left_out: tuple[str, ...] = ()

    def in_column(self, column: str) -> tuple[Step, ...]:
        return tuple(each for each in self.steps if each.column == column)

    def joints_to(self, step: Step) -> tuple[Joint, ...]:
        return tuple(each for each in self.joints if each.end == step.id)

    def step(self, step_id: str) -> Step:
        return next(each for each in self.steps if each.id == step_id)


SPEAKER_WORDS: dict[Speaker, str] = {
    "stated": "stated",
    "inferred": "inferred by us",
    "source": "from the source",
    "missing": "missing",
}
STATE_WORDS: dict[State, str] = {
    "variant": "variant",
    "reference": "reference",
    "no-call": "no call",
    "not-tested": "not tested",
    "indeterminate": "indeterminate",
    "ambiguous": "ambiguous",
    "conflict": "conflict",
    "silent": "no answer",
    "possible": "possible",
    "tumour": "tumour",
    "germline": "germline",
    "pathogen": "pathogen",
}
STATE_SIGNS: dict[State, str] = {
    "variant": "●",
    "reference": "=",
    "no-call": "✕",
    "not-tested": "○",
    "indeterminate": "◍",
    "ambiguous": "◐",
    "conflict": "⇄",
    "silent": "–",
    "possible": "?",
    "tumour": "▲",
    "germline": "●",
    "pathogen": "◆",
}

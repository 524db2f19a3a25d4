"""What the findings of a tumour come to: rows held against them, an ordered drug judged, the tests
to come first, and the board of one cancer. Values that `recommendation` makes and `cards` shows.
"""

from dataclasses import dataclass
from typing import Literal

from fhir_pgx.model.therapy import ContextFit, TherapyAdvice, TherapyDrug
from fhir_pgx.model.tumour import Alteration, Cancer, Marker, MarketStatus, TestFirst, TumourRow

Finding = Alteration | Marker
Truth = Literal["met", "not-met", "unknown"]
ATOMIC = 9  # the rank of what nothing met


@dataclass(frozen=True, slots=True)
class Outcome:
    """A profile held against the findings, in three values.

    `by` are the findings it rests on: those that meet it, or the negatives that deny it. `rank` is
    how specific the most specific of what met it is, 0 (one exact change) to 5 (any mutation).
    `why` is what keeps an unknown from being settled, in our words; empty where nothing is on file.
    """

    truth: Truth
    by: tuple[Finding, ...] = ()
    rank: int = ATOMIC
    why: tuple[str, ...] = ()


NOTHING_ON_FILE = Outcome("unknown")


@dataclass(frozen=True, slots=True)
class Held:
    """One row held against one patient's findings in one cancer (None: no cancer is recorded).

    `outcome.truth` is `met`, or `unknown` where findings come near it and `outcome.why` says what
    is missing. `is_overridden`: a more specific row says otherwise of the same drug and finding.
    `conflicts`: a row as specific does. `advice` is made for what is shown, and bare until then.
    """

    row: TumourRow
    outcome: Outcome
    fit: ContextFit
    advice: TherapyAdvice
    is_overridden: bool = False
    conflicts: bool = False
    drugs: frozenset[str] = frozenset()  # what the row's drugs are known by, to tell equal ones

    @property
    def is_met(self) -> bool:
        return self.outcome.truth == "met"


@dataclass(frozen=True, slots=True)
class MissingTest:
    """A result that is to come before a drug: `names` of the tests without a usable answer, `why`
    of each (not on file, a negative plasma, no call), in the same order."""

    test: TestFirst
    names: tuple[str, ...]
    why: tuple[str, ...]
    genes: tuple[str, ...]
    fit: ContextFit


@dataclass(frozen=True, slots=True)
class Judged:
    """An ordered drug, or one in use, held against the findings in one cancer.

    `against` are the rows that speak against it, weightiest first; `favouring` those of the same
    disease that speak for it; `elsewhere` what speaks against it in another disease, or less than
    case reports do; `only_with` label rows that name it only together with a drug that the patient
    does not get; `missing` the results to come first; `market` what bars it; `unsupported` tests
    that were answered, and deny every finding that a label names it by; `near` label rows that a
    finding comes near to, where nothing meets one.
    """

    drug: TherapyDrug
    cancer: Cancer | None
    indicator: Literal["critical", "warning", "info", ""]
    against: tuple[Held, ...] = ()
    favouring: tuple[Held, ...] = ()
    elsewhere: tuple[Held, ...] = ()
    only_with: tuple[Held, ...] = ()
    missing: tuple[MissingTest, ...] = ()
    market: tuple[MarketStatus, ...] = ()
    unsupported: tuple[TestFirst, ...] = ()
    near: tuple[Held, ...] = ()


@dataclass(frozen=True, slots=True)
class Option:
    """Rows on the same drugs, joined alike and of one direction, as one: `rows` strongest first.

    `against` are the rows that speak against one of the same drugs by the findings.
    """

    rows: tuple[Held, ...]
    against: tuple[Held, ...] = ()

    @property
    def tier(self) -> str:
        """Derived by us. Several items of CIViC B are a consensus, one is not (reference
        precision, section 4)."""
        first = self.rows[0]
        is_several = sum(each.row.provenance.level == "B" for each in self.rows) > 1
        if first.row.provenance.level == "B" and is_several and first.fit in ("same", "any"):
            return "AMP I-B"
        return first.advice.tier


@dataclass(frozen=True, slots=True)
class BiomarkerState:
    """A biomarker that changes therapy in a cancer: `state` is in our words, `is_answered` whether
    a usable result is on file, `drugs` those that label rows name by it."""

    name: str
    genes: tuple[str, ...]
    state: str
    is_answered: bool
    drugs: tuple[str, ...]
    is_own: bool = True  # rows of the disease itself ask, not only those for every solid tumour
    kinds: tuple[str, ...] = ()  # where they are of a narrower disease than is recorded: which


@dataclass(frozen=True, slots=True)
class Board:
    """What is to be said of one cancer when a chart is opened.

    `options` have a label, a companion diagnostic, a guideline or CIViC A or B in this disease;
    `conditional` wait for what `outcome.why` or the fit says; `limited` rest on CIViC C;
    `elsewhere` are of another disease; `hidden` counts what rests on C (beyond those) to E and is
    not shown.
    """

    cancer: Cancer | None
    options: tuple[Option, ...] = ()
    conditional: tuple[Option, ...] = ()
    limited: tuple[Option, ...] = ()
    elsewhere: tuple[Option, ...] = ()
    resistance: tuple[Option, ...] = ()
    hidden: int = 0
    markers: tuple[BiomarkerState, ...] = ()

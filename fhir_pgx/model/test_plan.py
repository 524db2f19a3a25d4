"""Genetic tests that would serve a patient: what is missing, which test finds it, what is ordered.

A `target` is what a test must answer for: a gene (`CYP2C19`), or one allele of an HLA gene
(`HLA-B*15:02`) where a guideline asks for that allele alone.
"""

from dataclasses import dataclass
from enum import IntEnum

from fhir_pgx.model.levels import Level
from fhir_pgx.model.test_order import TestOrder


class Weight(IntEnum):
    """How much a missing result matters for a drug; the least number is the weightiest."""

    BEFORE_USE = 0  # the label requires the test, or recommends it against a serious harm
    HIGH = 1  # CPIC level A or A/B
    MATTERS = 2  # some advice by any source can matter much
    SOME = 3


@dataclass(frozen=True, slots=True)
class TestPanel:
    """A test that can be ordered by LOINC code. `reads` are the targets it answers for; a whole HLA
    gene answers for each of its alleles. `is_open`: the code leaves the genes to the laboratory,
    so the order has to name them."""

    __test__ = False  # pytest would take it for a test by its name

    code: str
    display: str
    reads: tuple[str, ...]
    is_open: bool = False

    def finds(self, target: str) -> bool:
        return target in self.reads or target.partition("*")[0] in self.reads


@dataclass(frozen=True, slots=True)
class Need:
    """A target that one drug of the patient is dosed or chosen by, and that has no usable result.

    `order` is the `Type/id` that a card may speak of the drug by, empty for a medicine beside it.
    `at_stake` is the weightiest advice that a result could bring, in our words; empty where none is
    stated.
    """

    target: str
    gene: str
    drug: str
    order: str
    weight: Weight
    level: Level | None = None
    at_stake: str = ""


@dataclass(frozen=True, slots=True)
class TestPlan:
    """What this patient's drugs need, which of it is ordered already, and one test for the rest.

    `panel` is None where nothing needs ordering or no test we can name serves; `asked` are the
    targets it is to answer for, `left` those that need a test of their own.
    """

    __test__ = False

    needs: tuple[Need, ...] = ()
    ordered: tuple[tuple[str, TestOrder], ...] = ()
    panel: TestPanel | None = None
    asked: tuple[str, ...] = ()
    left: tuple[str, ...] = ()

    def of(self, order: str) -> tuple[Need, ...]:
        """What the drugs of one order need."""
        return tuple(need for need in self.needs if need.order == order)

    def order_of(self, target: str) -> TestOrder | None:
        """The order that is to answer for a target already."""
        return next((order for each, order in self.ordered if each == target), None)


@dataclass(frozen=True, slots=True)
class RepeatedTest:
    """An order for a test that was answered, ordered or drafted before; equal drafts are one.

    `known` are the targets with a usable germline result, `partial` those of them of which the test
    before did not read all, `unknown` those without a result. `running` are orders in force
    for the same.
    """

    orders: tuple[TestOrder, ...]
    known: tuple[str, ...] = ()
    partial: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    running: tuple[TestOrder, ...] = ()

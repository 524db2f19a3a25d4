"""A recommendation: one drug, one source, one population (CONTRACT, section 4)."""

from dataclasses import dataclass, field
from typing import Literal

from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.knowledge import Dose, Publication
from fhir_pgx.model.modifier import Modifier

# From what must not be missed to what needs no act; cards are ordered by it.
ACTIONS = (
    "contraindicated",
    "avoid",
    "alternative",
    "reduce-dose",
    "increase-dose",
    "adjust-dose",  # the source says that the dose changes, and not which way
    "test",
    "continue-if-tolerated",
    "monitor",
    "risk-stated",  # a changed exposure or risk is stated, without an instruction
    "standard",
    "no-recommendation",
)

Verdict = Literal["no-concern", "caution", "avoid", "unknown", "no-guidance"]
Fit = Literal["holds", "likely", "unknown", "no"]  # whether a population is this patient's
# How what a source says stands to what the source says that leads a card.
Stance = Literal["leads", "agrees", "agrees-in-part", "differs", "states-risk", "silent"]
Agreement = Literal["agree", "agree-in-part", "differ", "alone"]


@dataclass(frozen=True, slots=True)
class AlternativeVerdict:
    """An alternative a guideline names, judged by the same patient's results.

    `checked` says that beside the genes the whole record was there to be looked at: allergies,
    medicines, problems, and what else our facts of the drug turn on.
    """

    name: str
    rxcui: str
    verdict: Verdict
    reason: str
    checked: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a recommendation is published."""

    guideline: str
    title: str
    url: str
    publications: tuple[Publication, ...]
    retrieved: str
    status: str


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What one source advises for one drug, given the patient's genes, in one population.

    `genes` says each gene's phenotype (or allele status) as it decided; `keys` the guideline keys
    used; `scores` the activity scores of a gene that the same advice holds for, where its
    phenotype stands for several. `strength` is the source's word. `rule` is a stable id.
    Sentences are ours.
    """

    drug: str
    rxcui: str
    source: str
    genes: dict[str, str]
    keys: dict[str, str]
    population: str  # code
    population_label: str
    population_when: str
    population_fit: Fit
    action: str
    also: tuple[str, ...]
    strength: str
    dose: tuple[Dose, ...]
    alternatives: tuple[AlternativeVerdict, ...]
    advice: str
    summary: str
    detail: str
    implications: dict[str, str]
    considerations: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    rule: str
    scores: dict[str, tuple[str, ...]] = field(default_factory=dict)
    tells: bool = False  # the usual dose, and something the prescriber must hear beside it
    serious: bool = False  # ignoring it can end in death or lasting harm
    source_rows: tuple[str, ...] = ()
    modifiers: tuple[Modifier, ...] = ()
    caveats: tuple[Caveat, ...] = ()
    derived_from: tuple[str, ...] = ()


_FITS: tuple[Fit, ...] = ("holds", "likely", "unknown", "no")


def weight(recommendation: Recommendation) -> tuple[int, int]:
    """What a list of recommendations is sorted by: the patient's own population first, then what
    must not be missed."""
    return _FITS.index(recommendation.population_fit), ACTIONS.index(recommendation.action)


@dataclass(frozen=True, slots=True)
class Possible:
    """What would be advised if another medicine made the gene act as another phenotype; `by_genes`:
    what the genes alone would bring, where a rule has made another phenotype count."""

    modifier: Modifier
    recommendation: Recommendation
    by_genes: bool = False


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A drug that guidance exists for, but not for this patient's results: why, said plainly.

    `reason` is `not-tested`, `not-called`, `no-row` (tested, but the source has no advice for it)
    or `no-guidance` (our release holds none for the drug).
    """

    drug: str
    rxcui: str
    genes: tuple[str, ...]
    reason: str
    text: str


Answer = tuple[Recommendation, ...] | Unanswered


def given(answer: Answer) -> tuple[Recommendation, ...]:
    """The recommendations of an answer; none where it is unanswered."""
    return () if isinstance(answer, Unanswered) else answer


@dataclass(frozen=True, slots=True)
class SourceAdvice:
    """What one source says for one drug by one set of genes.

    `modifiers` are what other medicines do to these genes; where the source states a rule the
    answer has it in already, elsewhere `possible` shows what the possible phenotype would bring.
    `is_computed`: by an equation with this patient's own numbers in it, not by a row.
    """

    source: str
    genes: tuple[str, ...]
    answer: Answer
    important: bool
    stance: Stance
    modifiers: tuple[Modifier, ...] = ()
    possible: tuple[Possible, ...] = ()
    is_computed: bool = False


@dataclass(frozen=True, slots=True)
class DrugAdvice:
    """One drug by every source, in the site's order. `agreement` is of the sources that advise
    something by the same genes."""

    drug: str
    rxcui: str
    sources: tuple[SourceAdvice, ...]
    agreement: Agreement
    important: bool

    @property
    def leading(self) -> tuple[SourceAdvice, ...]:
        """What the card follows: for each set of genes one source."""
        return tuple(each for each in self.sources if each.stance == "leads")

    @property
    def lead(self) -> str:
        """The source of the weightiest advice that leads; empty where none answers."""
        found = self.recommendations
        return found[0].source if found else ""

    @property
    def recommendations(self) -> tuple[Recommendation, ...]:
        """Those that lead: of the patient's own population first, then the weightiest."""
        found = [r for each in self.leading for r in given(each.answer)]
        return tuple(sorted(found, key=weight))

    @property
    def unanswered(self) -> Unanswered | None:
        """Why no source answers; None where one does."""
        if self.leading:
            return None
        return next(e.answer for e in self.sources if isinstance(e.answer, Unanswered))

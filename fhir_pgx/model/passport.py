"""One patient's passport: every gene, every current medicine with its light, and what comes next.

Nothing here is new knowledge: each line is what the stages found, with its source, in the order in
which somebody who has ten seconds would ask. What is not known is a value of its own everywhere,
and never stands in the place of "nothing is wrong".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from fhir_pgx.model.finding import Caveat, NotUnderstood
from fhir_pgx.model.patient import Availability, Listed, MedicineState
from fhir_pgx.model.phenotype import Coverage, DiplotypeResult

# Of one medicine for this patient. Five, of which the last two are not green.
Light = Literal[
    "stop",  # a source says: avoid it, contraindicated
    "caution",  # another dose, another drug to be considered, monitoring, a stated risk
    "no-change",  # every gene that guidance asks for has a usable result, and none changes anything
    "unknown",  # a gene was not tested, has no usable result, or could not be read
    "no-guidance",  # our release holds nothing on the drug by genes
]
LIGHTS: tuple[Light, ...] = ("stop", "caution", "unknown", "no-guidance", "no-change")

# `Status` of a gene, and one more: nobody can say "not tested" of what could not be read.
NOT_READ = "not-read"

# Whose biology a line is about.
Origin = Literal["germline", "tumour", "pathogen", "hla"]


_NO_WORD = re.compile(r"[^a-z0-9]+")


def place_of_drug(name: str) -> str:
    """`drug-clopidogrel`: where a passport tells of a drug, and what a card's link to it carries
    (CDS Hooks, `appContext`)."""
    return f"drug-{_NO_WORD.sub('-', name.lower()).strip('-')}"


def place_of_gene(symbol: str) -> str:
    """`gene-CYP2C19`."""
    return f"gene-{symbol}"


@dataclass(frozen=True, slots=True)
class DatedSource:
    """A resource that a result rests on, as `Type/id`, and its date as FHIR text, empty where it
    states none."""

    reference: str
    date: str = ""


@dataclass(frozen=True, slots=True)
class PassportGene:
    """One gene of the patient's own genome. `status` is a `Status` word or `not-read`; `alleles`
    and `allele_status` are those of an HLA gene. `coverage` is None where the reports do not list
    the positions they tested."""

    gene: str
    status: str
    phenotype: str = ""
    activity_score: str = ""
    diplotypes: tuple[DiplotypeResult, ...] = ()
    alleles: tuple[str, ...] = ()
    allele_status: Mapping[str, str] = field(default_factory=dict)
    basis: str = ""
    coverage: Coverage | None = None
    sources: tuple[DatedSource, ...] = ()
    caveats: tuple[Caveat, ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """What one source says of one drug for this patient's results, in one line.

    `text` is the line, `action` one of `ACTIONS` (or an effect of precision therapy), `strength`
    the source's own word. `genes` has each gene with the phenotype or finding that decided.
    `population` is for whom it holds, empty for everybody; `fit` whether that is this patient.
    """

    source: str
    text: str
    action: str
    strength: str = ""
    genes: tuple[tuple[str, str], ...] = ()
    population: str = ""
    fit: str = "holds"
    url: str = ""
    rule: str = ""
    serious: bool = False


@dataclass(frozen=True, slots=True)
class PassportMedicine:
    """A current medicine. `label` is what the record calls it, `drugs` our names of its
    ingredients, `orders` the `Type/id` it stands in. `why` is one line in our words; `said` what
    the sources say, the weightiest first; `missing` what a test would have to answer for (`CYP2D6`,
    `HLA-B*57:01`)."""

    label: str
    light: Light
    why: str
    drugs: tuple[str, ...] = ()
    orders: tuple[str, ...] = ()
    state: MedicineState = "active"
    said: tuple[Said, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PassportAvoid:
    """A drug that is not taken now and that the patient's results speak against."""

    drug: str
    light: Light
    said: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class PassportTest:
    """What a current medicine waits for: `target` is a gene or one HLA allele, `drugs` the
    medicines, `at_stake` the weightiest advice a result could bring. `ordered` is the `Type/id` of
    an order that is to answer for it already, `ordered_on` its date."""

    target: str
    drugs: tuple[str, ...]
    weight: int
    at_stake: str = ""
    ordered: str = ""
    ordered_on: str = ""


@dataclass(frozen=True, slots=True)
class FindingLine:
    """What the rows that a finding meets say of several drugs alike: `effect` in the source's own
    word (`resistant`), `context` the disease or organism, `fit` whether it is this patient's.
    `action` is what it amounts to; `sources` each with its level."""

    effect: str
    action: str
    drugs: tuple[str, ...]
    context: str
    fit: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PassportFinding:
    """A finding beyond the genes of drug response: what was found, and what the rows it meets say,
    the gravest first. `origin` is never left out: a tumour's variant is not the patient's."""

    origin: Origin
    domain: str
    finding: str
    lines: tuple[FindingLine, ...] = ()
    sources: tuple[DatedSource, ...] = ()


@dataclass(frozen=True, slots=True)
class PastCard:
    """A card that we issued for the patient, and the latest that was told of it. Times are UTC, in
    RFC 3339. `outcome` is empty where nobody answered; `reason` the code of an override."""

    uuid: str
    issued: str
    hook: str
    indicator: str
    source: str
    drug: str
    rules: tuple[str, ...]
    knowledge: str
    outcome: str = ""
    outcome_at: str = ""
    accepted: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Passport:
    """Everything. `today` is a date text, `release` and `sha256` those of the knowledge.

    `lists` says how far each list was obtainable, where it was asked for, and `partial` of which a
    part came; `is_limited` where a consent or a label keeps a part of the record from the reader.
    `panel` is the LOINC code and name of the one test that serves most of `tests`, empty where
    none does. `asked` is the drug that a card's link spoke of, where it is not taken: None where
    no link did, it is taken, or we do not know it.
    """

    patient: str
    today: str
    release: str
    sha256: str
    genes: tuple[PassportGene, ...]
    medicines: tuple[PassportMedicine, ...]
    avoid: tuple[PassportAvoid, ...] = ()
    tests: tuple[PassportTest, ...] = ()
    panel: tuple[str, str] = ("", "")
    panel_reads: tuple[str, ...] = ()
    findings: tuple[PassportFinding, ...] = ()
    lists: Mapping[Listed, Availability] = field(default_factory=dict)
    partial: frozenset[Listed] = frozenset()
    is_limited: bool = False
    not_understood: tuple[NotUnderstood, ...] = ()
    caveats: tuple[Caveat, ...] = ()
    asked: PassportMedicine | None = None

    def gene(self, symbol: str) -> PassportGene | None:
        return next((each for each in self.genes if each.gene == symbol), None)

    def failed(self, listed: Listed) -> bool:
        """Whether a list, or a part of it, was asked for and could not be obtained."""
        return self.lists.get(listed) == "unavailable"


@dataclass(frozen=True, slots=True)
class Seen:
    """How far the data behind a passport were obtainable; see `HookCall`, whose members these are.
    As it stands: everything that there is."""

    lists: Mapping[Listed, Availability] = field(default_factory=dict)
    partial: frozenset[Listed] = frozenset()
    looked_for: frozenset[str] = frozenset()
    is_limited: bool = False
    notes: tuple[NotUnderstood, ...] = ()


ALL_SEEN = Seen()

"""What the knowledge holds, as the rest of the house sees it: loaded once, never changed.

The YAML files under `knowledge/` are compiled into one artefact (`knowledge/compile.py`), which
decodes straight into these values. Decimals are text, as in the sources (`"1.25"`, `"≥3.0"`).
"""

from dataclasses import dataclass, field
from typing import Literal

from fhir_pgx.model.alternative_facts import NO_FACTS, AlternativeFacts
from fhir_pgx.model.condition_class import ConditionClass
from fhir_pgx.model.definition import GeneDefinition
from fhir_pgx.model.dosing import Dosing
from fhir_pgx.model.interactions import Interactions
from fhir_pgx.model.levels import Levels
from fhir_pgx.model.precision import Therapies
from fhir_pgx.model.problem import Problems
from fhir_pgx.model.test_plan import TestPanel

LookupMethod = Literal["phenotype", "activity-score", "allele-status", "none"]


@dataclass(frozen=True, slots=True)
class AlleleRule:
    """What is known of a named allele: `function` in CPIC's words, `activity` value as text.

    Both are None for an allele that is defined but has no assigned function yet.
    """

    function: str | None = None
    activity: str | None = None


@dataclass(frozen=True, slots=True)
class PairRule:
    """What one or two allele functions (or activity values), sorted, make together."""

    of: tuple[str, ...]
    phenotype: str
    activity_score: str | None
    lookup_key: str


@dataclass(frozen=True, slots=True)
class GeneRules:
    """One gene: names, alleles, and how a diplotype becomes a phenotype.

    `chromosome` is `1` to `22`, `X` or `MT`; `copies` the numbers of alleles a person may have.
    `tracked` are the alleles that guidance asks about in an allele-status gene. `aliases` maps
    other names of alleles to the standard ones; `nucleotides` maps a base of a gene known by one
    position to its allele name.
    """

    gene: str
    hgnc: str
    method: LookupMethod
    chromosome: str
    copies: tuple[int, ...]
    release: str
    citation: str
    alleles: dict[str, AlleleRule]
    pairs: tuple[PairRule, ...]
    tracked: tuple[str, ...] = ()
    aliases: dict[str, str] = field(default_factory=dict)
    nucleotides: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dose:
    """One dose number of an advice, as structured in the guideline file; `unit` is UCUM."""

    what: str
    unit: str
    value: str | None = None
    low: str | None = None
    high: str | None = None
    change: str | None = None
    change_low: str | None = None
    change_high: str | None = None
    comparator: str | None = None
    of: str | None = None
    when: str | None = None


@dataclass(frozen=True, slots=True)
class Alternative:
    """A drug that a guideline names as an alternative; `rxcui` is empty where RxNorm has none."""

    name: str
    rxcui: str


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do, in our words; `{drug}` and `{Drug}` stand for the drug's name."""

    id: str
    action: str
    summary: str
    text: str
    also: tuple[str, ...] = ()
    dose: tuple[Dose, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    tells: bool = False  # the usual dose, and something the prescriber must hear beside it
    serious: bool = False  # ignoring it can end in death or lasting harm: the card is critical


@dataclass(frozen=True, slots=True)
class Publication:
    """A paper that states the guideline; `year` is None where we could not confirm it."""

    pmid: str
    year: int | None


@dataclass(frozen=True, slots=True)
class Population:
    """For whom a row holds: `general` for everyone a guideline speaks of.

    `fits` says what a record must show, every need of it (see `recommendation/population.py`).
    """

    source: str  # the source's own string
    code: str
    label: str
    when: str = ""
    fits: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Guideline:
    """A guideline: where it is published, and its advice and implications in our words."""

    id: str
    source: str
    title: str
    url: str
    publications: tuple[Publication, ...]
    licence: str
    retrieved: str
    reviewed: str
    status: Literal["current", "being-updated"]
    populations: dict[str, Population]  # by the source's string
    advice: dict[str, Advice]
    implications: dict[str, str]
    considerations: dict[str, str]
    note: str = ""
    only_alone: bool = False  # a combination product is another medicine to it


@dataclass(frozen=True, slots=True)
class Row:
    """One recommendation: for these keys, in this population, this advice with this strength.

    `keys` and `phenotypes` are by gene. `No Result` is a legal key in two-gene guidelines: the
    gene was not tested. `source_row` is the row's id in the source.
    """

    rule: str
    keys: dict[str, str]
    phenotypes: dict[str, str]
    population: str  # the source's string; see Guideline.populations
    advice: str
    strength: str
    implications: dict[str, str]  # gene -> implication id
    considerations: tuple[str, ...]
    source_row: str


@dataclass(frozen=True, slots=True)
class DrugRules:
    """One drug by one source: its guideline and every row.

    `rxcui` is the ingredient's code, the combination's for a fixed combination, empty where RxNorm
    has none; `ingredients` are the ingredient codes an order must hold for the rows to speak.
    """

    drug: str
    rxcui: str
    ingredients: tuple[str, ...]
    source: str
    guideline: str
    genes: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class LoincTerm:
    """A LOINC code that may stand as Observation.code: which gene, and what its value says.

    `kind` is `phenotype`, `allele`, `genotype`, `presence`, `panel`, `activity-test` and so on as
    in `knowledge/terms/loinc.csv`; `allele` the allele a presence code asks for.
    """

    code: str
    gene: str
    kind: str
    allele: str = ""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words readers need: gene names, LOINC codes, answer codes, RefSeq accessions with the
    lengths of their chromosomes in bases.

    `markers` says which biomarker or test of a gene a code answers (`marker:PD-L1:22C3`,
    `test:ALK:rearrangement`); `tumour_genes` are the names of genes that therapies are about, in
    upper case, with HGNC ids: the genes of drug response are in `genes` alone.
    """

    genes: dict[str, str]  # HGNC id with and without prefix, and symbol in upper case -> symbol
    loinc: dict[str, LoincTerm]
    answers: dict[str, str]  # LA code -> standard term
    accessions: dict[str, tuple[str, str]]  # NC_ accession -> (build, chromosome)
    lengths: dict[str, int] = field(default_factory=dict)
    markers: dict[str, str] = field(default_factory=dict)
    tumour_genes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Everything, with the release it is and the hash of the artefact it was read from."""

    release: str
    genes: dict[str, GeneRules]
    guidelines: dict[str, Guideline]
    drugs: tuple[DrugRules, ...]
    vocabulary: Vocabulary
    definitions: dict[str, GeneDefinition] = field(default_factory=dict)
    condition_classes: tuple[ConditionClass, ...] = ()
    interactions: Interactions = field(default_factory=lambda: Interactions({}))
    dosing: Dosing | None = None
    levels: Levels = field(default_factory=Levels)
    panels: tuple[TestPanel, ...] = ()
    problems: Problems = field(default_factory=dict)
    alternative_facts: AlternativeFacts = NO_FACTS
    therapies: Therapies = field(default_factory=Therapies)
    sha256: str = ""

"""What a source says of a therapy and a finding of this patient: one value for every domain.

Tumour, pathogen, inherited and transplant findings come to the same answer: these drugs, this
effect, in this context, said by this source at this level. What the source says stays apart from
what we infer (`tier`).
"""

import re
from dataclasses import dataclass
from typing import Literal

from fhir_pgx.model.finding import Caveat

Domain = Literal["tumour", "pathogen", "inherited", "transplant"]
DOMAINS: tuple[Domain, ...] = ("tumour", "pathogen", "inherited", "transplant")

# From what must not be missed to what informs; lists of advice are sorted by it.
Effect = Literal[
    "contraindicated",
    "avoid",
    "not-indicated",  # a label's limitation of use
    "resistant",
    "adverse-response",
    "reduced-sensitivity",
    "limited-effect",
    "test-first",  # the label asks for a result that is not on file
    "caution",
    "adjust-dose",
    "sensitive",
    "recommended",  # a label or guideline names the therapy for the finding
    "no-sensitivity",  # evidence against sensitivity: not the same as resistance
    "no-resistance",  # evidence against resistance: not the same as sensitivity
    "unknown",
]
EFFECTS: tuple[Effect, ...] = (
    "contraindicated", "avoid", "not-indicated", "resistant", "adverse-response",
    "reduced-sensitivity", "limited-effect", "test-first", "caution", "adjust-dose", "sensitive",
    "recommended", "no-sensitivity", "no-resistance", "unknown",
)  # fmt: skip
# What speaks against the drug that is ordered or in use.
AGAINST: frozenset[Effect] = frozenset(EFFECTS[:7])

# How the row's disease or organism stands to the patient's.
ContextFit = Literal[
    "same",  # the same node, or an ancestor of it
    "any",  # the row holds for every context (tumour-agnostic)
    "other",  # another disease: off-label evidence, never a recommendation
    "unknown",  # nothing recorded: conditional
]


# Parts of names that people write in capitals: targets, regimens, compound codes (`AZD7762`).
_CAPITALS = re.compile(
    r"\b(?:egfr|vegfr?(?:-2)?|fgfr?|alk|trk|b-?raf|raf|mek|mtor|her2|erbb3|flt3|abl|parp|cdk4/6|cdk"
    r"|ctla-4|tim-3|jak2|akt|bet|igf1r|notch1|pi3k|met(?= tyrosine)|folfox|folfiri|folfoxiri|capox"
    r"|fec|fac|pcv|r-chop|chop|pd-?l?1|medi\d+|[a-z]{1,3}-?\d+[a-z]?)(?!\w)"
)


def drug_words(name: str) -> str:
    """A drug's name as people write it: `EGFR tyrosine kinase inhibitor`, `FOLFOX`."""
    return _CAPITALS.sub(lambda found: found[0].upper(), name).replace("MTOR", "mTOR")


@dataclass(frozen=True, slots=True)
class TherapyDrug:
    """A drug of a row. `rxcui` is its RxNorm ingredient, empty where it has none of its own: it is
    then known by its name alone. A conjugate (`trastuzumab deruxtecan`) is another drug than the
    antibody in it, and never shares its code."""

    name: str
    rxcui: str = ""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a row comes from. `system` and `level` are the source's own (`CIViC` `A`, `FDA`
    `FDA-label`, `WHO` `1`); `id` the row or evidence id; `as_of` FHIR date text. `by_hand`: it was
    compiled by hand and is to be verified against the current label."""

    source: str
    system: str
    level: str
    id: str
    pmids: tuple[str, ...] = ()
    url: str = ""
    licence: str = ""
    as_of: str = ""
    by_hand: bool = False
    rating: str = ""  # CIViC's trust rating, 1 to 5


@dataclass(frozen=True, slots=True)
class TherapyAdvice:
    """One row that a finding of the patient meets.

    `drugs` belong together: a row on a combination says nothing of one of them alone, unless
    `any_of` marks them as alternatives. `finding` is what was found, as a person would cite it
    (`EGFR p.Thr790Met`), `profile` what the row asks for. `needs` are the conditions of the row
    that the data do not settle (prior therapy, age, a second test), in our words. `market` is the
    withdrawal of the drug, empty where it is marketed. `tier` is derived by us, never the
    source's.
    """

    domain: Domain
    drugs: tuple[TherapyDrug, ...]
    effect: Effect
    finding: str
    profile: str
    context: str  # the row's disease or organism
    context_fit: ContextFit
    provenance: Provenance
    summary: str
    any_of: bool = False
    genes: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    market: str = ""
    tier: str = ""
    conflicts: bool = False  # another row says the opposite of the same finding, drug and disease
    serious: bool = False  # ignoring it can end in death or lasting harm
    caveats: tuple[Caveat, ...] = ()
    derived_from: tuple[str, ...] = ()

    @property
    def rule(self) -> str:
        """A stable id."""
        return f"{self.domain}:{self.provenance.id}"

    @property
    def drug(self) -> str:
        """The drugs as one name: `encorafenib + cetuximab`, `afatinib or erlotinib`."""
        return (" or " if self.any_of else " + ").join(drug_words(drug.name) for drug in self.drugs)

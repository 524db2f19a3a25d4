"""`$find-population-tx-implications`, `-dx-implications` and `-molecular-consequences`.

How many patients an operation on one subject would answer with at least one implication. Nobody's
record is read through: patients are found by the genomic index, from the genes by which anything is
said of what is asked, and judged by what their results of these genes say. Patients whose results
say the same are judged once, by the judgement of the subject operations.

A comma list asks for any of its items. A repeated parameter asks for patients who have an
implication for each; what is said of variants and of haplotypes are alternatives.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from fhir_pgx.fhir.gene_names import named_genes
from fhir_pgx.model.genomic_index import StoredVariant
from fhir_pgx.operations.answers import counted, group, parameters
from fhir_pgx.operations.candidates import Case, Looked, look
from fhir_pgx.operations.criteria import (
    ConditionAsked,
    FindingsAsked,
    TreatmentAsked,
    findings_asked,
    narrowed,
)
from fhir_pgx.operations.haplotype_names import Sought
from fhir_pgx.operations.judging import Judging
from fhir_pgx.operations.operation import Asked, Context, Operation, Parameter, Resource
from fhir_pgx.operations.subject_consequences import (
    CONSEQUENCE_CODES,
    CRITERIA,
    FEATURE_CONSEQUENCES,
    ConsequenceAsked,
    consequences_of_patient,
    read_consequence,
)
from fhir_pgx.operations.subject_implications import (
    CONDITIONS,
    DX_CODES,
    DX_CRITERIA,
    OPTIONAL_HAPLOTYPES,
    OPTIONAL_VARIANTS,
    TREATMENTS,
    TX_CODES,
    TX_CRITERIA,
    diagnostic,
    has_criteria,
    therapeutic,
)
from fhir_pgx.operations.takes import COUNTS, INCLUDE_PATIENTS, SOURCE_CLASS
from fhir_pgx.operations.told import Kept, Told
from fhir_pgx.pipeline.implied import Implied
from fhir_pgx.pipeline.reach import Genes, Reach

T = TypeVar("T")
Judge = Callable[[Kept, Context, Sequence[TreatmentAsked]], Iterable[Told]]
FINDINGS = ("variants", "haplotypes")
_ANY = FindingsAsked(is_asked=False)


@dataclass(frozen=True, slots=True)
class _About:
    """What implications are asked to be about: one group each time that a parameter was given."""

    treatments: tuple[tuple[TreatmentAsked, ...], ...] = ()
    conditions: tuple[tuple[ConditionAsked, ...], ...] = ()
    consequences: tuple[tuple[ConsequenceAsked, ...], ...] = ()

    def narrowings(self) -> list["_Narrowing"]:
        """Each combination of one group of each parameter: all have to be met."""
        return [
            _Narrowing(treatments, conditions, consequences)
            for treatments in self.treatments or ((),)
            for conditions in self.conditions or ((),)
            for consequences in self.consequences or ((),)
        ]


@dataclass(frozen=True, slots=True)
class _Narrowing:
    treatments: tuple[TreatmentAsked, ...]
    conditions: tuple[ConditionAsked, ...]
    consequences: tuple[ConsequenceAsked, ...]

    def of(self, told: Iterable[Told], findings: FindingsAsked) -> bool:
        """Whether any implication meets all of it."""
        found = narrowed(told, findings, self.treatments, self.conditions)
        return any(
            not self.consequences or any(one.is_of(each.resource) for one in self.consequences)
            for each in found
        )


def count_tx(asked: Asked, at: Context) -> Resource:
    """How many patients have a therapeutic implication that meets what was asked."""
    reach = at.pipeline.implied.reach
    return _count(asked, at, "implications", TX_CRITERIA, TX_CODES, therapeutic, reach)


def count_dx(asked: Asked, at: Context) -> Resource:
    """How many patients have a diagnostic implication that meets what was asked."""
    reach = at.pipeline.implied.reach_of_statements
    return _count(asked, at, "implications", DX_CRITERIA, DX_CODES, diagnostic, reach)


def count_consequences(asked: Asked, at: Context) -> Resource:
    """How many patients have a molecular consequence that meets what was asked."""
    # They follow from the variants' own words, whatever else there is.
    reach = at.pipeline.implied.reach_of_statements
    judge = consequences_of_patient
    return _count(asked, at, "consequences", CRITERIA, CONSEQUENCE_CODES, judge, reach)


def _count(
    asked: Asked,
    at: Context,
    name: str,
    criteria: tuple[str, ...],
    codes: frozenset[str],
    judge: Judge,
    reach: Reach,
) -> Resource:
    if not has_criteria(asked, criteria):
        return parameters([])
    implied = at.pipeline.implied
    about = _About(
        tuple(_read(TreatmentAsked, items, implied) for items in asked.groups("treatments")),
        tuple(_read(ConditionAsked, items, implied) for items in asked.groups("conditions")),
        tuple(tuple(map(read_consequence, items)) for items in asked.groups("featureConsequences")),
    )
    findings = _all_findings(asked, at)
    looked = _looked(about, findings, codes, reach, at)
    question = (name, judge.__name__, asked.source_class, tuple(sorted(asked.lists.items())))
    treatments = [each for items in about.treatments for each in items]

    # Which of the results is meant is part of a case of many: their ids are not.
    beside = _matched(findings, lambda row: row.variant)

    def is_met(case: Case) -> bool:
        return _meets(judge(case.kept(asked, at), at, treatments), about, findings)

    found = Judging(
        question,
        lambda: look(looked, asked, at, beside),
        is_met,
        _matched(findings, _stored),
        lambda: _matched(_all_findings(asked, at), _stored),
        at,
    ).patients()
    cohort = len({*at.reads.genomic_patients(), *found})
    listed = asked.is_set("includePatientList")
    return parameters([group(name, counted(found, cohort, listed=listed))])


def _read(
    kind: Callable[[str, Implied], T], items: Iterable[str], implied: Implied
) -> tuple[T, ...]:
    return tuple(kind(each, implied) for each in items)


def _all_findings(asked: Asked, at: Context) -> list[list[FindingsAsked]]:
    return [_findings(asked, each, at) for each in FINDINGS if asked.groups(each)]


def _findings(asked: Asked, name: str, at: Context) -> list[FindingsAsked]:
    """The groups of variants, or those of haplotypes: each time that it was given, one."""
    return [
        findings_asked(replace(asked, subject="", lists={name: (items,)}), at)
        for items in asked.groups(name)
    ]


def _matched(
    findings: list[list[FindingsAsked]], said: Callable[[StoredVariant], object]
) -> dict[str, frozenset[object]]:
    """What is said of the variants asked for that each patient has, and to which group of the
    request each is."""
    found: dict[str, set[object]] = {}
    for place, groups in enumerate(findings):
        for number, each in enumerate(groups):
            for row in each.rows:
                found.setdefault(row.patient, set()).add((place, number, said(row)))
    return {patient: frozenset(rows) for patient, rows in found.items()}


def _stored(row: StoredVariant) -> object:
    return (row.type, row.id, row.variant)


def _meets(told: Iterable[Told], about: _About, findings: list[list[FindingsAsked]]) -> bool:
    anything = [[_ANY]]
    narrowings = about.narrowings()
    if len(narrowings) > 1 or sum(map(len, findings)) > 1:
        told = list(told)  # looked at more than once; else no more is worked out than is needed
    return all(
        any(all(one.of(told, each) for each in groups) for groups in findings or anything)
        for one in narrowings
    )


def _looked(
    about: _About,
    findings: list[list[FindingsAsked]],
    codes: frozenset[str],
    reach: Reach,
    at: Context,
) -> Looked:
    """Where to look: in the genes by which our rows speak of what is asked, else in those of the
    findings asked for; and at every stated implication that is about it."""
    asked_for = [one for groups in findings for each in groups for one in each.alleles]
    rows = [row for groups in findings for each in groups for row in each.rows]
    named = frozenset(gene for one in asked_for for gene in _genes_of(one, at))
    if about.treatments or about.conditions:
        genes = _reached(about, reach, at.pipeline.implied) | Genes(guided=named)
    elif findings:
        genes = reach.of_genes(named.union(gene for row in rows for gene in row.variant.genes))
    else:
        genes = Genes()
    narrowings = about.narrowings()
    # Microsatellite instability, PD-L1: no gene has them, and no row of the index.
    markers = at.knowledge.vocabulary.markers if about.treatments or about.conditions else {}
    biomarkers = frozenset(code for code, answers in markers.items() if _is_result(answers))

    def is_wanted(resource: Resource) -> bool:
        alone = [Told(resource)]
        return any(one.of(alone, _ANY) for one in narrowings)

    # By haplotypes a patient may have what is asked without a row that names it: called by us.
    only = None if not rows or asked_for else frozenset(row.patient for row in rows)
    if findings and not rows and not asked_for:
        only = frozenset()
    every_variant = bool(about.consequences)
    return Looked(genes, only, codes, is_wanted, bool(findings), every_variant, biomarkers)


def _reached(about: _About, reach: Reach, implied: Implied) -> Genes:
    """The genes by which anything we know speaks of what is asked; of treatments and conditions
    together those of the treatments, which it has to be about as well."""
    found = Genes()
    for drug in (each for items in about.treatments for each in items):
        found |= implied.reached.get(
            (reach, "drug", drug.token), partial(reach.of_drugs, drug.is_one)
        )
    for disease in (each for items in about.conditions for each in items):
        if not about.treatments:
            found |= implied.reached.get(
                (reach, "disease", disease.token), partial(reach.of_diseases, disease.is_one)
            )
    return found


def _genes_of(sought: Sought, at: Context) -> Iterable[str]:
    """The genes that a haplotype asked for may be of: all, where it is a token that names none."""
    genes = sought.genes or named_genes(sought.token.code, at.knowledge.vocabulary)
    return genes or at.knowledge.genes


def _is_result(answers: str) -> bool:
    """Whether a code that answers this is one by which a therapy is chosen (`marker:MSI`)."""
    return answers.partition(":")[0] in ("marker", "panel", "test")


_TEXT = "One group for all that was asked."


def _operation(
    kind: str, text: str, name: str, takes: tuple[Parameter, ...], run: Callable[..., Resource]
) -> Operation:
    return Operation(
        name=f"find-population-{kind}",
        title=f"Find Population {kind.replace('-', ' ').title()}",
        text=text,
        about="population",
        family="phenotype",
        takes=(*takes, SOURCE_CLASS, INCLUDE_PATIENTS),
        gives=(Parameter(name, "", 1, text=_TEXT, parts=COUNTS),),
        run=run,
    )


FIND_POPULATION_TX_IMPLICATIONS = _operation(
    "tx-implications",
    "How many patients have therapeutic implications.",
    "implications",
    (OPTIONAL_VARIANTS, OPTIONAL_HAPLOTYPES, TREATMENTS, CONDITIONS),
    count_tx,
)
FIND_POPULATION_DX_IMPLICATIONS = _operation(
    "dx-implications",
    "How many patients have diagnostic implications.",
    "implications",
    (OPTIONAL_VARIANTS, OPTIONAL_HAPLOTYPES, CONDITIONS),
    count_dx,
)
FIND_POPULATION_MOLECULAR_CONSEQUENCES = _operation(
    "molecular-consequences",
    "How many patients have variants with given molecular consequences.",
    "consequences",
    (OPTIONAL_VARIANTS, FEATURE_CONSEQUENCES),
    count_consequences,
)

"""The drugs that the workbench offers: every one that a rule or row of the knowledge speaks of."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from fhir_pgx.model.knowledge import Knowledge
from fhir_pgx.model.therapy import TherapyDrug, drug_words
from fhir_pgx.pipeline import Pipeline
from fhir_pgx.workbench.ehr.products import PRODUCTS

_LABELLED: Final = frozenset(("FDA-CDx", "FDA-label", "FDA-label-limitation", "guideline", "A"))


@dataclass(frozen=True, slots=True)
class DrugChoice:
    """A drug to order. `rxcui` is its RxNorm ingredient, empty where it has none or where it was
    typed and is not known; `code` and `text` are what an order holds: a product's where we know
    one, else the ingredient's. `why` says what is known of it: `drug response`,
    `interaction` (it changes what a gene does), `tumour`, `pathogen`, `inherited`.
    """

    name: str
    rxcui: str
    code: str
    text: str
    why: tuple[str, ...] = ()


@lru_cache(maxsize=4)  # a deployment has one pipeline
def drug_choices(pipeline: Pipeline) -> tuple[DrugChoice, ...]:
    """By name. Of the drugs of tumours those that a label or a guideline names; any other can be
    typed."""
    found: dict[str, tuple[TherapyDrug, list[str]]] = {}
    for why, drug in _known(pipeline.knowledge):
        kept, reasons = found.setdefault(drug.name.lower(), (drug, []))
        if why not in reasons:
            reasons.append(why)
        if drug.rxcui and not kept.rxcui:
            found[drug.name.lower()] = (drug, reasons)
    choices = [_choice(drug, tuple(reasons)) for drug, reasons in found.values()]
    return tuple(sorted(choices, key=lambda each: each.name.lower()))


def find_drugs(
    named: Iterable[str], choices: Sequence[DrugChoice], pipeline: Pipeline | None = None
) -> tuple[DrugChoice, ...]:
    """The drugs by name or RxNorm code. One that is not offered is ordered by what was typed, a
    code as it stands and words as a text; with a pipeline by its ingredient, where our drug tables
    know just one."""
    known = {each.name.lower(): each for each in choices}
    known |= {each.rxcui: each for each in choices if each.rxcui}
    typed = [" ".join(each.split()) for each in named]
    return tuple(known.get(each.lower()) or _typed(each, pipeline) for each in typed if each)


def _typed(text: str, pipeline: Pipeline | None) -> DrugChoice:
    code = text if text.isdecimal() and text.isascii() else ""
    match = pipeline.orders.asked(text).match if pipeline is not None else None
    if match is None or len(match.ingredients) != 1:
        return DrugChoice(text, "", code, text)
    drug = match.ingredients[0]
    return DrugChoice(drug.name, drug.rxcui, code or drug.rxcui, drug.name if code else text)


def _choice(drug: TherapyDrug, why: tuple[str, ...]) -> DrugChoice:
    name = drug_words(drug.name)
    code, text = PRODUCTS.get(drug.name.lower(), (drug.rxcui, name))
    return DrugChoice(name, drug.rxcui, code, text, why)


def _known(knowledge: Knowledge) -> Iterator[tuple[str, TherapyDrug]]:
    for rules in knowledge.drugs:
        yield "drug response", TherapyDrug(rules.drug, rules.rxcui)
    for agent in (each for agents in knowledge.interactions.by_rxcui.values() for each in agents):
        if agent.kind == "drug":
            yield "interaction", TherapyDrug(agent.agent, agent.rxcui)
    therapies = knowledge.therapies
    for row in therapies.tumour.rows:
        if row.provenance.level in _LABELLED:
            yield from (("tumour", drug) for drug in row.drugs)
    for drug in _of_pathogens(knowledge):
        yield "pathogen", drug
    for inherited in therapies.inherited.rows:
        yield from (("inherited", drug) for drug in inherited.drugs)
    yield from (("inherited", each.drug) for each in therapies.inherited.qt_drugs)


def _of_pathogens(knowledge: Knowledge) -> Iterator[TherapyDrug]:
    rules = knowledge.therapies.pathogen
    yield from (TherapyDrug(each.drug, each.rxcui) for each in rules.herpes)
    yield from (TherapyDrug(*drug) for each in rules.other for drug in each.drugs)
    if rules.hiv:
        yield from (TherapyDrug(each.name, each.rxcui) for each in rules.hiv.drugs)
    if rules.tb:
        yield from (TherapyDrug(each.drug, each.rxcui) for each in rules.tb.rows)

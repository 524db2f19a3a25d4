"""Which drugs are ordered or in use, and what guidance is held for each."""

from collections.abc import Sequence
from dataclasses import replace

from fhir_pgx.cards.form import is_for_local_use
from fhir_pgx.errors import UnknownDrug
from fhir_pgx.fhir.bundle import Entry, References
from fhir_pgx.fhir.medication import read_orders
from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.memory import (
    Memory,
    concept_key,
)
from fhir_pgx.model.drug import Coding, DrugMatch, MedicationConcept, MedicationOrder
from fhir_pgx.model.phenotype import Interpretation, Status
from fhir_pgx.normalize.drug import resolve
from fhir_pgx.recommendation import (
    DrugGroup,
    Rulebook,
)
from fhir_pgx.terminology import RXNORM


class Orders:
    """Reads medication orders, resolves their drugs and finds the guidance."""

    def __init__(self, drug_codes: DrugCodes, rulebook: Rulebook) -> None:
        self._drug_codes, self._rulebook = drug_codes, rulebook
        self.matches: Memory[DrugMatch | None] = Memory()

    def read(
        self, entries: Sequence[Entry], references: References, *, proposed: bool
    ) -> list[MedicationOrder]:
        orders, _ = read_orders(entries, references, proposed=proposed, match=self.match)
        # Asked of each order many times: looked at once.
        return [replace(order, is_local=is_for_local_use(order)) for order in orders]

    def match(self, concept: MedicationConcept) -> DrugMatch | None:
        def make() -> DrugMatch | None:
            found = resolve(concept, self._drug_codes)
            return found and _with_shared(found)

        return self.matches.get(concept_key(concept), make)

    def guidance(self, order: MedicationOrder) -> tuple[DrugGroup, ...]:
        if order.match is not None:
            return self._rulebook.for_ingredients(order.match.ingredients)
        # A drug without an RxNorm code can only be known by its name.
        named = self._rulebook.named(order.concept.label)
        return tuple(group for group in named if not group.ingredients)

    def named(self, name: str) -> tuple[DrugGroup, ...]:
        """The guidance for a drug by name or RxNorm code; empty where none is held for it.

        Raises UnknownDrug where neither our rules nor the code tables know the name.
        """
        named = self._rulebook.named(name)
        if named:
            return named
        match = resolve(_concept(name), self._drug_codes)
        if match is None or not match.ingredients:
            raise UnknownDrug(
                f"{name} is not a drug name or RxNorm code that we know",
                where="drug",
                mend="give an ingredient's name or its RxNorm code",
            )
        return self._rulebook.for_ingredients(match.ingredients)

    def asked(self, name: str) -> MedicationOrder:
        """A drug by name or RxNorm code as an order of it; no match where no table knows it."""
        concept = _concept(name)
        match = resolve(concept, self._drug_codes)
        return MedicationOrder("", "", "", "", concept, proposed=True, match=match)

    def concerned(self, interpretation: Interpretation) -> list[DrugGroup]:
        found: dict[int, DrugGroup] = {}
        for gene, result in interpretation.genes.items():
            if result.status is not Status.NOT_TESTED:
                for group in self._rulebook.for_gene(gene):
                    found.setdefault(id(group), group)
        return sorted(found.values(), key=lambda group: group.drug.name)


def _concept(name: str) -> MedicationConcept:
    if name.isdigit():
        return MedicationConcept((Coding(RXNORM, name),))
    return MedicationConcept(text=name)


def _with_shared(match: DrugMatch) -> DrugMatch:
    """A match that cannot choose between products, one of which every other contains, stands for
    what they share: amitriptyline is in the order, be it with perphenazine or without."""
    if match.ingredients or not match.candidates:
        return match
    smallest = min(match.candidates, key=len)
    if not smallest or not all(set(smallest) <= set(each) for each in match.candidates):
        return match
    notes = tuple(dict.fromkeys((*match.notes, "codings-disagree")))
    return replace(match, ingredients=smallest, notes=notes)

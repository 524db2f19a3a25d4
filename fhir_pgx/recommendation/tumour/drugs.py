"""Which drug of a row an ordered drug is.

By code where both have one; by name otherwise. A conjugate is another drug than the antibody in it,
and an order for one is known by its words: the longest name that they begin with counts, so that
`trastuzumab deruxtecan 100 mg` is never trastuzumab.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

from fhir_pgx.model.therapy import TherapyDrug

T = TypeVar("T")
# US names carry four letters without meaning, and sometimes a prefix (FDA, Nonproprietary Naming
# of Biological Products).
_PREFIX = re.compile(r"^(?:fam|ado|ziv)-(?=[a-z])")
_SUFFIX = re.compile(r"(?:(?<=mab|tin|can|ine|sin)|(?<=cept))-[a-z]{4}\b")
# Conjugates whose brand alone may stand in an order: their codes lead to the antibody.
_BRANDS = {"enhertu": "trastuzumab deruxtecan", "kadcyla": "trastuzumab emtansine"}
# What a row calls a drug without naming one: nobody can look for it among orders.
_CLASS_WORDS = re.compile(
    r"(?i)\b(?:chemotherapy|platinum|anthracycline|folfox|folfiri|regimen|therapy|endocrine|"
    r"inhibitor|antibody|taxane|fluoropyrimidine)\b"
)


def drug_name(name: str) -> str:
    """The name as it is compared."""
    said = " ".join(name.lower().split())
    said = _SUFFIX.sub("", _PREFIX.sub("", said))
    first = said.partition(" ")[0]
    return _BRANDS.get(first, said)


def is_class(drug: TherapyDrug) -> bool:
    """Whether a row's drug is a class or a regimen."""
    return not drug.rxcui and bool(_CLASS_WORDS.search(drug.name))


class DrugIndex(Generic[T]):
    """What stands under drugs, found by an ordered one."""

    def __init__(self, items: Iterable[tuple[TherapyDrug, T]]) -> None:
        self._by_code: defaultdict[str, list[T]] = defaultdict(list)
        self._by_name: defaultdict[str, list[T]] = defaultdict(list)
        self._coded: set[str] = set()
        for drug, item in items:
            self._by_name[drug_name(drug.name)].append(item)
            if drug.rxcui:
                self._by_code[drug.rxcui].append(item)
                self._coded.add(drug_name(drug.name))

    def of(self, drug: TherapyDrug) -> list[T]:
        """Each item once, in the order given."""
        found: dict[int, T] = {id(item): item for item in self._by_code.get(drug.rxcui, ())}
        name = self._name_of(drug)
        if name and not (drug.rxcui and name in self._coded and found):
            found.update({id(item): item for item in self._by_name.get(name, ())})
        return list(found.values())

    def _name_of(self, drug: TherapyDrug) -> str:
        """The indexed name that a drug goes by; of a label without a code the longest beginning."""
        name = drug_name(drug.name)
        if name in self._by_name:
            return name
        if drug.rxcui:
            return ""
        words = name.split(" ")
        for count in range(min(len(words) - 1, 4), 0, -1):
            head = " ".join(words[:count])
            # One word of several may be the antibody of a conjugate that we do not know.
            is_whole = count > 1 or bool(re.match(r"[\d(\[]", words[count]))
            if head in self._by_name and is_whole:
                return head
        return ""


def is_same(one: TherapyDrug, other: TherapyDrug) -> bool:
    if one.rxcui and other.rxcui:
        return one.rxcui == other.rxcui
    return bool(DrugIndex([(other, True)]).of(one) or DrugIndex([(one, True)]).of(other))


def partners_missing(
    drugs: Sequence[TherapyDrug], ordered: TherapyDrug, given: Sequence[TherapyDrug]
) -> tuple[list[TherapyDrug], list[TherapyDrug]]:
    """Of a combination with the ordered drug: the named drugs that are neither ordered nor in use,
    and the classes that nobody can look for."""
    others = [drug for drug in drugs if not is_same(drug, ordered)]
    classes = [drug for drug in others if is_class(drug)]
    named = [drug for drug in others if drug not in classes]
    return [d for d in named if not any(is_same(d, each) for each in given)], classes

"""The rows of inherited findings, indexed once by drug, by gene and by condition."""

import re
from collections.abc import Iterable, Sequence

from fhir_pgx.model.inherited import HlaRow, InheritedKnowledge, InheritedRow, QtDrug
from fhir_pgx.model.therapy import TherapyDrug

QT_CLASS = "qt-prolonging"
_LONGEST_LABEL, _MOST_WORDS = 120, 4  # of an order's words, where a brand is looked for


class InheritedBook:
    """Finds the rows that speak of a drug, of a gene or of a problem's words."""

    def __init__(self, knowledge: InheritedKnowledge) -> None:
        self.rows = knowledge.rows
        self.by_id = {row.id: row for row in self.rows}
        self.hla = knowledge.hla
        self.classes = knowledge.drug_classes or {}
        self._by_drug: dict[str, list[InheritedRow]] = {}
        self._pairs: list[tuple[frozenset[str], InheritedRow]] = []
        self._hla: dict[str, list[HlaRow]] = {}
        self._qt: dict[str, QtDrug] = {}
        self._nameless: list[str] = []  # names of drugs without a code, longest first
        self.qt_rows = tuple(row for row in self.rows if QT_CLASS in row.drug_classes)
        for row in self.rows:
            for drug in self.drugs_of(row):
                self._add(drug, row)
        for qt in knowledge.qt_drugs:
            for key in self._keys(qt.drug):
                self._qt[key] = qt
        for hla in self.hla:
            for drug in hla.drugs:
                for key in self._keys(drug):
                    self._hla.setdefault(key, []).append(hla)
        self._nameless = sorted(set(self._nameless), key=len, reverse=True)
        self.by_gene: dict[str, tuple[InheritedRow, ...]] = {}
        for row in self.rows:
            for gene in row.criterion.genes:
                self.by_gene[gene] = (*self.by_gene.get(gene, ()), row)
        self._names_of_drugs = knowledge.drug_names or {}
        self._local = frozenset(knowledge.local_brands)
        codes = knowledge.condition_codes or {}
        self._codes = {code: frozenset(names) for code, names in codes.items()}
        self._grave_qt = tuple(qt.drug for qt in knowledge.qt_drugs if qt.in_lqts != "caution")
        self._not = _any_of(knowledge.not_the_condition)
        names = sorted({name for row in self.rows for name in row.condition_names})
        self._names = _any_of(names)
        self._name_of = {name: re.compile(rf"\b{re.escape(name)}") for name in names}

    def _keys(self, drug: TherapyDrug) -> tuple[str, ...]:
        if not drug.rxcui:
            self._nameless.append(drug.name.lower())
        return own_keys(drug)

    def _add(self, drug: TherapyDrug, row: InheritedRow) -> None:
        if " + " in drug.name:
            self._pairs.append((frozenset(drug.name.lower().split(" + ")), row))
            return
        for key in self._keys(drug):
            rows = self._by_drug.setdefault(key, [])
            if row not in rows:
                rows.append(row)

    def drugs_of(self, row: InheritedRow) -> tuple[TherapyDrug, ...]:
        """The drugs of a row, its classes spelled out; QT drugs stand apart."""
        classes = (name for name in row.drug_classes if name != QT_CLASS)
        return (*row.drugs, *(drug for name in classes for drug in self.classes[name]))

    def spelled_out(self, row: InheritedRow) -> tuple[TherapyDrug, ...]:
        """The drugs of a row, its classes spelled out; of QT drugs those that a label
        contraindicates or says to avoid in long QT syndrome."""
        qt = self._grave_qt if QT_CLASS in row.drug_classes else ()
        return (*self.drugs_of(row), *qt)

    def named(self, label: str) -> tuple[TherapyDrug, ...]:
        """The drugs that a brand stands for which no drug table holds by that name (`Yaz` of
        `Yaz 28 Day`); empty for any other."""
        words = label[:_LONGEST_LABEL].lower().replace("-", " ").split()[:_MOST_WORDS]
        begun = (" ".join(words[:count]) for count in range(len(words), 0, -1))
        known = self._names_of_drugs
        return next((known[name] for name in begun if name in known), ())

    def is_local(self, label: str) -> bool:
        """Whether the brand is of a medicine for the eye or the ear alone."""
        return label[:_LONGEST_LABEL].lower().partition(" ")[0] in self._local

    def keys_of(self, drug: TherapyDrug) -> tuple[str, ...]:
        """The keys under which rows may speak of an order's drug: its code, or its name. A label
        without a code may carry strength and form after the name."""
        if drug.rxcui:
            return (drug.rxcui, drug.name.lower())
        label = drug.name.lower()
        found = next((n for n in self._nameless if label == n or label.startswith(f"{n} ")), "")
        return (found or label,)

    def rows_for(self, drugs: Sequence[TherapyDrug]) -> list[InheritedRow]:
        """Every row that speaks of one of the drugs of an order, in the order of the rows."""
        found: list[InheritedRow] = []
        for drug in drugs:
            for key in self.keys_of(drug):
                found += [row for row in self._by_drug.get(key, ()) if row not in found]
        names = {drug.name.lower() for drug in drugs}
        found += [row for pair, row in self._pairs if pair <= names and row not in found]
        return found

    def qt_for(self, drugs: Iterable[TherapyDrug]) -> list[QtDrug]:
        found = [self._qt[key] for drug in drugs for key in self.keys_of(drug) if key in self._qt]
        return list(dict.fromkeys(found))

    def hla_for(self, drugs: Iterable[TherapyDrug]) -> list[HlaRow]:
        found = [
            row for drug in drugs for key in self.keys_of(drug) for row in self._hla.get(key, ())
        ]
        return list(dict.fromkeys(found))

    def speaks_of(self, drugs: Sequence[TherapyDrug]) -> bool:
        return bool(self.rows_for(drugs) or self.qt_for(drugs) or self.hla_for(drugs))

    def is_grave(self, drugs: Sequence[TherapyDrug]) -> bool:
        """Whether a finding could make the drug contraindicated, or the label turns on one."""
        rows = self.rows_for(drugs)
        return (
            any(
                row.decides
                or (row.effect == "contraindicated" and not (row.when or row.criterion.implied))
                for row in rows
            )
            or any(qt.in_lqts == "contraindicated" for qt in self.qt_for(drugs))
            or any(row.needed for row in self.hla_for(drugs))
        )

    def is_of(self, row: InheritedRow, drug: TherapyDrug) -> bool:
        """Whether a row's drugs, classes spelled out, hold this one."""
        keys = set(self.keys_of(drug))
        return any(not keys.isdisjoint(own_keys(each)) for each in self.drugs_of(row))

    def is_code(self, words: str) -> bool:
        """Whether a problem's words are a code of a condition, and nothing else."""
        return words.strip().upper() in self._codes

    def conditions_in(self, words: str) -> frozenset[str]:
        """The condition names that a problem's words hold; none where they speak of a carrier, of
        the family or of a suspicion."""
        said = words.lower()
        coded = [self._codes.get(each.strip().upper()) for each in words[:200].split(";")]
        if any(coded):  # a problem without words
            return frozenset().union(*(each for each in coded if each))
        if not self._names.search(said) or self._not.search(said):
            return frozenset()
        return frozenset(name for name, found in self._name_of.items() if found.search(said))


def own_keys(drug: TherapyDrug) -> tuple[str, ...]:
    """What a drug of a row is known by: its code and its name, or its name alone."""
    name = drug.name.lower()
    return (drug.rxcui, name) if drug.rxcui else (name,)


def _any_of(names: Iterable[str]) -> re.Pattern[str]:
    """Any of the names, each from the beginning of a word (`rett` is not in `tourette`)."""
    return re.compile("|".join(rf"\b{re.escape(name)}" for name in names) or r"(?!)")

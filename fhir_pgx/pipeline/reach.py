"""Whom anything we know could speak of: the genes by which rows and guidelines name a drug, a
disease, or another gene.

Asked of the rows themselves, by the very words in which implications are written, so that nothing
can be implied that was not looked for. Too many genes cost time; one too few would lose patients.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from fhir_pgx.fhir.values import Concept
from fhir_pgx.model.drug import Coding
from fhir_pgx.model.knowledge import Knowledge
from fhir_pgx.model.therapy import TherapyDrug
from fhir_pgx.model.tumour import Profile
from fhir_pgx.normalize.alteration import names_of
from fhir_pgx.recommendation import Rulebook
from fhir_pgx.recommendation.inherited import InheritedBook
from fhir_pgx.recommendation.inherited.book import QT_CLASS
from fhir_pgx.recommendation.tumour.profile import atoms_of
from fhir_pgx.terminology import RXNORM

_DISEASES = "https://disease-ontology.org"  # as implications write it
_FORMER = {"GBA1": "GBA", "KCNH2": "HERG", "KCNQ1": "KVLQT1", "ABCC8": "SUR1"}


@dataclass(frozen=True, slots=True)
class Genes:
    """`guided` are genes of guidelines on drug response, judged by genotype; `of_rows` those of
    rows of precision therapy, judged by variants beside all else that is on file; `of_tumours`
    those of rows on therapies of tumours alone, which say nothing of whom nothing is on file that
    tells of a tumour; `typed` those of rows that a genotype alone can meet."""

    guided: frozenset[str] = frozenset()
    of_rows: frozenset[str] = frozenset()
    typed: frozenset[str] = frozenset()
    of_tumours: frozenset[str] = frozenset()

    @property
    def by_variants(self) -> frozenset[str]:
        return self.of_rows | self.of_tumours

    @property
    def all(self) -> frozenset[str]:
        return self.guided | self.by_variants

    def __or__(self, other: "Genes") -> "Genes":
        return Genes(
            self.guided | other.guided,
            self.of_rows | other.of_rows,
            self.typed | other.typed,
            self.of_tumours | other.of_tumours,
        )


@dataclass(frozen=True, slots=True)
class _Row:
    genes: Genes
    drugs: tuple[TherapyDrug, ...]
    disease: tuple[str, str] = ("", "")  # name and node


def reach_of_therapies(knowledge: Knowledge, rulebook: Rulebook) -> "Reach":
    """The genes by which anything is said of a therapy."""
    rows = [*_of_guidelines(rulebook), *_of_inherited(knowledge), *_of_tumours(knowledge)]
    return Reach(rows, _former_names(knowledge))


def reach_of_statements(knowledge: Knowledge) -> "Reach":
    """The genes by which anything is said of a diagnosis, an outlook or a predisposition."""
    return Reach(_of_statements(knowledge), _former_names(knowledge))


class Reach:
    """The genes of what we know, by drug and by disease."""

    def __init__(self, rows: Sequence[_Row], former: Mapping[str, tuple[str, ...]]) -> None:
        self._rows, self._former = rows, former
        drugs: dict[TherapyDrug, Genes] = {}
        diseases: dict[tuple[str, str], Genes] = {}
        for row in self._rows:
            for drug in row.drugs:
                drugs[drug] = drugs.get(drug, Genes()) | row.genes
            diseases[row.disease] = diseases.get(row.disease, Genes()) | row.genes
        diseases.pop(("", ""), None)
        self._drugs = {_drug(drug): genes for drug, genes in drugs.items()}
        self._diseases = {_disease(*named): genes for named, genes in diseases.items()}

    def of_drugs(self, is_meant: Callable[[Concept], bool]) -> Genes:
        """The genes of what speaks of a drug that is meant."""
        return self._of(self._drugs, is_meant)

    def of_diseases(self, is_meant: Callable[[Concept], bool]) -> Genes:
        """The genes of what speaks of a disease, or of an indication, that is meant."""
        return self._of(self._diseases, is_meant)

    def of_genes(self, genes: Iterable[str]) -> Genes:
        """These genes, and those that a row asks for together with one of them."""
        asked = frozenset(genes)
        near = (row.genes for row in self._rows if not asked.isdisjoint(row.genes.by_variants))
        found = Genes(guided=asked)
        for each in near:
            found |= replace(each, guided=frozenset())
        return self._with_former(found)

    def _of(self, held: Mapping[Concept, Genes], is_meant: Callable[[Concept], bool]) -> Genes:
        found = Genes()
        for concept, genes in held.items():
            if is_meant(concept):
                found |= genes
        return self._with_former(found)

    def _with_former(self, found: Genes) -> Genes:
        """With the symbols under which a result may have been stored."""
        of_rows, of_tumours = map(self._spelled, (found.of_rows, found.of_tumours))
        return replace(found, of_rows=of_rows, of_tumours=of_tumours)

    def _spelled(self, genes: frozenset[str]) -> frozenset[str]:
        return genes.union(name for gene in genes for name in self._former.get(gene, ()))


def _of_guidelines(rulebook: Rulebook) -> list[_Row]:
    found = []
    for group in rulebook.groups:
        genes = Genes(guided=frozenset((*group.genes, *group.deciding)))
        drugs = {TherapyDrug(group.drug.name, group.drug.rxcui)}
        drugs |= {TherapyDrug("", code) for code in group.ingredients}
        found.append(_Row(genes, tuple(drugs)))
        for entry in group.entries:
            drug = TherapyDrug(entry.rules.drug, entry.rules.rxcui)
            labels = {each.label for each in entry.guideline.populations.values()}
            found += [_Row(genes, (drug,), (label, "")) for label in labels]
    return found


def _of_inherited(knowledge: Knowledge) -> list[_Row]:
    known = knowledge.therapies.inherited
    book = InheritedBook(known)
    nodes = {row.disease.lower(): row.doid for row in knowledge.therapies.tumour.rows}
    found = []
    for row in known.rows:
        beside = (*row.criterion.phenotypes, *row.criterion.unless)
        genes = frozenset((*row.criterion.genes, *(name.partition(": ")[0] for name in beside)))
        drugs = {*book.spelled_out(row), *row.drugs}
        if QT_CLASS in row.drug_classes:
            drugs |= {qt.drug for qt in known.qt_drugs}
        drugs |= {TherapyDrug(name, "") for each in drugs for name in each.name.split(" + ")}
        typed = genes & frozenset(knowledge.genes)
        found += [
            _Row(Genes(of_rows=genes, typed=typed), tuple(drugs), (name, nodes.get(name, "")))
            for name in dict.fromkeys((row.condition, *row.condition_names))
        ]
    for hla in known.hla:
        locus = frozenset((hla.allele.partition("*")[0],))
        found.append(_Row(Genes(of_rows=locus, typed=locus), hla.drugs))
    return found


def _of_tumours(knowledge: Knowledge) -> list[_Row]:
    found = []
    for row in knowledge.therapies.tumour.rows:
        genes, loci = _in_profile(row.profile)
        reached = Genes(of_tumours=genes, typed=loci)
        found.append(_Row(reached, row.drugs, (row.disease, row.doid)))
    return found


def _of_statements(knowledge: Knowledge) -> list[_Row]:
    found = []
    for row in knowledge.therapies.tumour.statements:
        genes, loci = _in_profile(row.profile)
        found.append(_Row(Genes(of_rows=genes, typed=loci), (), (row.disease, row.doid)))
    return found


def _in_profile(profile: Profile) -> tuple[frozenset[str], frozenset[str]]:
    """All genes that a profile asks for, and the HLA loci among them."""
    atoms = list(atoms_of(profile))
    loci = {allele.partition("*")[0] for atom in atoms for allele in atom.alleles}
    genes = {gene for atom in atoms for gene in atom.genes} - {"*"}
    return frozenset(genes | loci), frozenset(loci)


def _drug(drug: TherapyDrug) -> Concept:
    return Concept((Coding(RXNORM, drug.rxcui, drug.name),) if drug.rxcui else (), drug.name)


def _disease(name: str, node: str) -> Concept:
    code = node.removeprefix("DOID:")
    return Concept((Coding(_DISEASES, code, name),) if code else (), name)


def _former_names(knowledge: Knowledge) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {gene: (name,) for gene, name in _FORMER.items()}
    for name, symbol in names_of(knowledge.therapies.tumour).genes.items():
        if name != symbol and not name.startswith("HGNC:"):
            found[symbol] = (*found.get(symbol, ()), name)
    return found

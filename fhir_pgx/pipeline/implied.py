"""What a patient's findings imply, whatever is ordered: for reports and operations, not for cards.

By our knowledge alone. Other medicines, age and indication change what is advised, and are no
implication of a genome: they are left out, so that patients with the same findings have the same
implications. What a laboratory implies itself is in its resources, and not here.
"""

import functools
import re
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from fhir_pgx.fhir.bundle import Entry, References
from fhir_pgx.memory import Memory, result_key, without_origin
from fhir_pgx.model.drug import Coding, Drug, MedicationConcept
from fhir_pgx.model.finding import Origin
from fhir_pgx.model.knowledge import Knowledge
from fhir_pgx.model.met_statement import MetStatement
from fhir_pgx.model.phenotype import GeneResult, Interpretation, Status
from fhir_pgx.model.recommendation import DrugAdvice
from fhir_pgx.model.therapy import Domain, TherapyAdvice
from fhir_pgx.model.tumour import StatedCancer
from fhir_pgx.normalize.cancer import cancer_index, cancer_of
from fhir_pgx.pipeline.advice import Advice
from fhir_pgx.pipeline.case import Case, case_of
from fhir_pgx.pipeline.genes import Genes
from fhir_pgx.pipeline.orders import Orders
from fhir_pgx.pipeline.precision import Precision
from fhir_pgx.pipeline.precision.statements import Statements
from fhir_pgx.pipeline.reach import Genes as GenesReached
from fhir_pgx.pipeline.reach import Reach, reach_of_statements, reach_of_therapies
from fhir_pgx.recommendation import DrugGroup, Rulebook, advise
from fhir_pgx.terminology import ATC, RXNORM, SNOMED

# The guide's implications are of the patient's own genome, or the tumour's.
_DOMAINS: tuple[Domain, ...] = ("tumour", "inherited")
_NOWHERE = Origin("", "")
_UMLS = "http://terminology.hl7.org/CodeSystem/umls"
_NCIT = "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"
# The systems whose code a bare one may be, by its form.
_BARE_DRUGS: tuple[tuple[Callable[[str], object], str], ...] = (
    (re.compile(r"[0-9]{1,8}").fullmatch, RXNORM),
    (re.compile(r"[A-Z][0-9]{2}[A-Z]{2}[0-9]{2}").fullmatch, ATC),
    (re.compile(r"[0-9]{6,18}").fullmatch, SNOMED),
)
_BARE_DISEASES: tuple[tuple[Callable[[str], object], str], ...] = (
    (re.compile(r"[0-9]{6,18}").fullmatch, SNOMED),
    (re.compile(r"C[0-9]{7}").fullmatch, _UMLS),
    (re.compile(r"C[0-9]{3,6}").fullmatch, _NCIT),
)


@dataclass(frozen=True, slots=True)
class ImpliedBy:
    """All that one patient's data imply. `interpretation` is what it follows from."""

    interpretation: Interpretation
    drugs: tuple[DrugAdvice, ...] = ()
    therapies: tuple[TherapyAdvice, ...] = ()
    statements: tuple[MetStatement, ...] = ()


class Implied:
    """Made once with the pipeline, shared by every thread."""

    def __init__(
        self,
        knowledge: Knowledge,
        rulebook: Rulebook,
        parts: tuple[Genes, Orders, Advice, Precision],
        today: Callable[[], date],
    ) -> None:
        self._knowledge, self._rulebook = knowledge, rulebook
        self._genes, self._orders, self._advice, self._precision = parts
        self.today = today
        self._statements = Statements(knowledge)
        tumour = knowledge.therapies.tumour
        self._kinds = cancer_index(tumour.diseases)
        self._above = {
            each.doid: frozenset((each.doid, *each.ancestors)) for each in tumour.diseases
        }
        # Rows name their disease; the node beside the name is the same in every row.
        self.diseases = {row.disease.lower(): row.doid for row in tumour.rows if row.doid}
        self.diseases |= {row.disease.lower(): row.doid for row in tumour.statements if row.doid}
        self._inherited = _inherited_names(knowledge)
        self._advised: Memory[DrugAdvice] = Memory()
        # The genes of what is asked, by its words.
        self.reached: Memory[GenesReached] = Memory()
        # Questions to a population, by what is asked and what results say: nobody's name; those to
        # records that are like no other apart, so that many of them push out no others.
        self._judged: tuple[Memory[bool | None], Memory[bool | None]] = (Memory(), Memory())

    def of(self, entries: Sequence[Entry]) -> ImpliedBy:
        """What these data of one patient imply, of every drug and disease.

        Genes without a result imply nothing. A fault of ours rises: an empty answer would read as
        "nothing is implied".
        """
        interpretation = self._genes.interpret(entries)
        return ImpliedBy(
            interpretation,
            self.drugs(interpretation.genes),
            self.therapies(entries, interpretation),
            self.statements(entries, interpretation),
        )

    def drugs(
        self, results: Mapping[str, GeneResult], among: Iterable[DrugGroup] | None = None
    ) -> tuple[DrugAdvice, ...]:
        """What every source advises by these genes, of all drugs or of those `among`."""
        groups: dict[int, DrugGroup] = {}
        for gene, result in results.items():
            if result.status not in (Status.NOT_TESTED, Status.NOT_CALLED):
                groups |= {id(group): group for group in self._rulebook.for_gene(gene)}
        wanted = None if among is None else {id(group) for group in among}
        found = [
            self._advice_on(group, results)
            for key, group in groups.items()
            if wanted is None or key in wanted
        ]
        return tuple(sorted(found, key=lambda each: each.drug))

    def _advice_on(self, group: DrugGroup, results: Mapping[str, GeneResult]) -> DrugAdvice:
        """Kept by what decides it; where the results stand is put in by who writes it."""
        decided = {gene: results[gene] for gene in group.deciding if gene in results}
        keys = tuple(result_key(each) for each in decided.values())
        plain = {gene: without_origin(each) for gene, each in decided.items()}
        return self._advised.get(
            None if None in keys else (group.drug, group.ingredients, keys),
            lambda: advise(group, plain, self._rulebook, judge_alternatives=False),
        )

    def therapies(
        self, entries: Sequence[Entry], interpretation: Interpretation
    ) -> tuple[TherapyAdvice, ...]:
        """What rows of precision therapy say of these findings."""
        return tuple(
            each
            for each in self._precision.advice(self._case(entries, interpretation), None)
            if each.domain in _DOMAINS and each.effect != "test-first"
        )

    def statements(
        self, entries: Sequence[Entry], interpretation: Interpretation
    ) -> tuple[MetStatement, ...]:
        """What rows that are no therapy say of these findings."""
        return tuple(self._statements.met(self._case(entries, interpretation)))

    def _case(self, entries: Sequence[Entry], interpretation: Interpretation) -> Case:
        references = References(entries)
        patient = self._advice.patient(entries, (), references)
        return case_of(interpretation, patient, references, ())

    # What a question's words stand for

    def ingredients(self, system: str, code: str) -> tuple[Drug, ...]:
        """The ingredients of a drug's code or name (of a product, a brand, an ATC substance); empty
        where no table knows it. `system` is empty for a bare code or name."""
        systems = [system] if system else [each for test, each in _BARE_DRUGS if test(code)]
        concepts = [MedicationConcept((Coding(each, code),)) for each in systems]
        if not system:
            concepts.append(MedicationConcept(text=code))
        return next((found for each in concepts if (found := self.ingredients_of(each))), ())

    def ingredients_of(self, concept: MedicationConcept) -> tuple[Drug, ...]:
        """As `ingredients`, of a concept. A conjugate is another medicine than the antibody in it:
        it is known by its name alone, and has none."""
        match = self._orders.match(concept)
        if match is None or "not-interchangeable" in match.notes:
            return ()
        return match.ingredients

    def nodes(self, system: str, code: str) -> tuple[str, ...]:
        """The Disease Ontology nodes of a condition's code or name; empty where none is known.

        MedGen's concepts are UMLS's. `system` is empty for a bare code or name.
        """
        if "disease-ontology" in system.lower() or "doid" in system.lower():
            code = f"DOID:{code.upper().removeprefix('DOID:').removeprefix('DOID_')}"
        if code.upper() in self._above:
            return (code.upper(),)
        if "medgen" in system.lower():
            system = _UMLS
        systems = [system, *(each for test, each in _BARE_DISEASES if not system and test(code))]
        for each in systems:
            label = "" if system else code
            stated = StatedCancer(label, (Coding(each, code),), "active", _NOWHERE)
            found = cancer_of(stated, self._kinds)
            if found is not None:
                return found.nodes
        return ()

    def is_about(self, node: str, asked: Sequence[str]) -> bool:
        """Whether what is said of one disease is said of another that was asked for: of it, of a
        wider one that holds it, or of a kind of it."""
        path = self._above.get(node, frozenset((node,)))
        return any(
            node in self._above.get(each, frozenset((each,))) or each in path for each in asked
        )

    def condition_names(self, code: str) -> frozenset[str]:
        """The names, in lower case, of the inherited condition of a code or a name; empty where
        none is known."""
        codes = self._knowledge.therapies.inherited.condition_codes or {}
        if code in codes:
            return frozenset(codes[code])
        said = " ".join(code.lower().split())
        return self._inherited.get(said, frozenset())

    # What is remembered of questions to a population

    def judgement(self, key: Hashable, *, is_lone: bool) -> bool | None:
        """What was judged by this key; None where nothing is remembered."""
        memory = self._judged[is_lone]
        return memory.get(key, lambda: None, is_plain=lambda found: found is not None)

    def remember(self, key: Hashable, judgement: bool, *, is_lone: bool) -> None:
        """`key` is all that decides it; `is_lone`: a digest of one record is a part of it."""
        self._judged[is_lone].get(key, lambda: judgement)

    # Which genes can imply anything: where to look

    @functools.cached_property
    def reach(self) -> Reach:
        """The genes that therapeutic implications follow from."""
        return reach_of_therapies(self._knowledge, self._rulebook)

    @functools.cached_property
    def reach_of_statements(self) -> Reach:
        """The genes that diagnostic implications follow from."""
        return reach_of_statements(self._knowledge)

    @functools.cached_property
    def genes_by_sex(self) -> frozenset[str]:
        """The genes of which a man has another number of copies, or may: for these the sex on
        record decides with the result."""
        copies = {gene for gene, rules in self._knowledge.genes.items() if len(rules.copies) > 1}
        rows = self._knowledge.therapies.inherited.rows
        single = (row.criterion for row in rows if row.criterion.copies == "two-or-hemizygous")
        return frozenset(copies.union(*(each.genes for each in single)))

    def groups_of(self, ingredients: Sequence[Drug]) -> tuple[DrugGroup, ...]:
        """The guidance by genes of drug response that speaks of one of these drugs alone, or of
        them together."""
        return self._rulebook.for_ingredients(ingredients)


def _inherited_names(knowledge: Knowledge) -> dict[str, frozenset[str]]:
    """Every name of each inherited condition, by any one of them, in lower case."""
    found: dict[str, frozenset[str]] = {}
    for row in knowledge.therapies.inherited.rows:
        names = frozenset((row.condition.lower(), *(each.lower() for each in row.condition_names)))
        for name in names:
            found[name] = found.get(name, frozenset()) | names
    return found

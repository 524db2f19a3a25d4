"""Observation → statements on genes; the shapes 1 to 17 of section C of the reference page.

What is asked comes from the code (the guide's codes, the LOINC table, or the words of a local
code), whose gene it is from components, extension, value, parents, label and code in that order,
and what is answered from the value. Variants and implications have modules of their own.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fhir_pgx.fhir.allele_pairs import HalfDiplotype
from fhir_pgx.fhir.annotations import read_annotation
from fhir_pgx.fhir.answers import read_answer
from fhir_pgx.fhir.bundle import Entry, as_dicts, as_list
from fhir_pgx.fhir.free_text import OTHER_RESULTS
from fhir_pgx.fhir.gathering import Gathering, origin_of, status_caveats
from fhir_pgx.fhir.gene_names import without_genes
from fhir_pgx.fhir.genotype_text import looks_like_genotype
from fhir_pgx.fhir.implication import read_diagnosis, read_implication
from fhir_pgx.fhir.panel_answers import names_other_gene
from fhir_pgx.fhir.plain_words import is_plain_lead, speaks_of_other_results
from fhir_pgx.fhir.presence_words import is_not_performed, presence_of, zygosity_of
from fhir_pgx.fhir.question import (
    MAX_NAME,
    MEASUREMENT,
    NO_GENE,
    NO_VALUE,
    WHICH_GENE,
    Answer,
    Asked,
    Question,
)
from fhir_pgx.fhir.resolution import (
    codes_of,
    disagreement,
    explicit_genes,
    genes_of,
    value_genes,
)
from fhir_pgx.fhir.roles import GENETIC_LABEL, Role, allele_in, hint_of, role_of
from fhir_pgx.fhir.unlabelled import is_worth_reading, read_unlabelled
from fhir_pgx.fhir.unread import Unread
from fhir_pgx.fhir.values import EMPTY, Concept, Value, concept_of, value_of
from fhir_pgx.fhir.variant import ALLELIC_STATE, read_phase, read_variant
from fhir_pgx.model.finding import Caveat, Presence, Statement, StatementKind
from fhir_pgx.model.knowledge import LoincTerm, Vocabulary
from fhir_pgx.model.phenotype_words import holds_phenotype, standard_phenotype
from fhir_pgx.terminology import GENE_STUDIED

_ASKED: Mapping[str, Asked] = {
    "genotype": "genotype",
    "haplotype": "haplotype",
    "allele": "genotype",
    "allele-1": "haplotype",
    "allele-2": "haplotype",
    "hla-typing": "genotype",
    "presence": "presence",
    "phenotype": "phenotype",
    "implication": "phenotype",
    "activity-score": "activity-score",
}
UNREAD_WORDS = "a value that is not read"
_GENE_ALONE = [GENE_STUDIED]  # read with the genes: a component that says nothing more
_PASSED_OVER = {
    "annotation": "an annotation of a variant, which states no result of its own",
    "region": "the regions studied are not read",
    "tested": "a list of what was tested, without results",
    "interpretation": "an overall interpretation, which names no gene's result",
    "biomarker": "a tumour biomarker is not the result of a gene",
}


def read_observation(entry: Entry, gathering: Gathering) -> None:
    """Adds what one Observation says to the gathering.

    An Observation that has nothing to do with genes is passed over in silence; a genomic one that
    cannot be read, or is withdrawn, is listed with the reason.
    """
    code = concept_of(entry.resource.get("code"))
    role = role_of(code, gathering.vocabulary)
    is_genetic = role.kind != "free" or _speaks_of_genes(entry, code, gathering)
    if not is_genetic and not is_worth_reading(entry, gathering):
        return
    if gathering.is_refused(entry):
        return
    if not is_genetic:
        read_unlabelled(entry, gathering)
    elif role.kind == "free" and speaks_of_other_results(code.label):
        gathering.missed(entry, OTHER_RESULTS)
    elif role.kind == "annotation" and read_annotation(entry, gathering):
        return
    elif role.kind in _PASSED_OVER:
        gathering.missed(entry, _PASSED_OVER[role.kind])
    elif role.kind == "variant":
        read_variant(entry, gathering)
    elif role.kind == "phase":
        read_phase(entry, gathering)
    elif role.kind == "diagnosis":
        found = genes_of(entry, code, role.term, EMPTY, gathering.lineage)
        read_diagnosis(entry, gathering, found.genes)
    elif role.kind == "implication":
        found = genes_of(entry, code, role.term, value_of(entry.resource), gathering.lineage)
        read_implication(entry, gathering, found.genes, found.caveats)
    elif role.kind != "grouper":
        _GeneResult(entry, code, role, gathering).read()


def _speaks_of_genes(entry: Entry, code: Concept, gathering: Gathering) -> bool:
    if gathering.lineage.label_genes(code):
        return True
    if explicit_genes(entry, gathering.vocabulary)[0]:
        return True
    if any(_asks_of_gene(part, gathering) for part in as_dicts(entry.resource.get("component"))):
        return True
    if not GENETIC_LABEL.search(code.label):
        return False
    return bool(value_genes(value_of(entry.resource), gathering.vocabulary))


def _asks_of_gene(component: Mapping[str, Any], gathering: Gathering) -> bool:
    """True where a component's own code asks for a result and names its gene."""
    code = concept_of(component.get("code"))
    role = role_of(code, gathering.vocabulary)
    if role.kind == "free":
        genes = gathering.lineage.label_genes(code)
        return bool(genes) and (bool(hint_of(code)) or _states_result(genes, component))
    return role.kind in _ASKED and role.term is not None and bool(role.term.gene)


def _states_result(genes: tuple[str, ...], component: Mapping[str, Any]) -> bool:
    """True where a component's value looks like alleles or like a phenotype of its genes."""
    words = value_of(component).concept.label
    return looks_like_genotype(words) or any(holds_phenotype(gene, words) for gene in genes)


class _GeneResult:
    """One Observation that states a genotype, an allele, a phenotype or a score."""

    def __init__(self, entry: Entry, code: Concept, role: Role, gathering: Gathering) -> None:
        self.entry, self.code, self.role, self.gathering = entry, code, role, gathering
        self.report = gathering.report_of.get(id(entry.resource))
        self.value = value_of(entry.resource)
        self.origin = origin_of(entry, self.report)
        found = genes_of(entry, code, role.term, self.value, gathering.lineage)
        self.explicit = found.explicit
        self.components = [
            (i, component, codes_of(component.get("code")))
            for i, component in enumerate(as_list(entry.resource.get("component")))
            if isinstance(component, dict)
        ]
        self.question = self._question(found.genes, found.caveats)
        self.reason = ""
        self.part_reason = ""
        self.made = 0
        self.listed = False

    def _question(self, genes: tuple[str, ...], caveats: tuple[Caveat, ...]) -> Question:
        label = self.code.label
        kind = self.role.kind
        hint = hint_of(self.code) if kind in ("free", "component") else kind
        allele = self.role.term.allele if self.role.term else ""
        if not allele and kind == "free":
            allele = allele_in(label)
        question = Question(
            asked=_ASKED.get(hint, "genotype"),
            genes=genes,
            origin=self.origin,
            allele=allele,
            strict=kind not in _ASKED,
            source_class=self.gathering.genomes.source_class(self.entry),
            caveats=caveats + status_caveats(self.origin, self.report),
        )
        for _, component, codes in self.components:
            if ALLELIC_STATE in codes:
                question = question._replace(zygosity=zygosity_of(value_of(component).concept))
        return question

    def read(self) -> None:
        if self.role.kind == "activity-test":
            self.gathering.missed(self.entry, MEASUREMENT)
            return
        if not self.value.is_empty or self.value.absent:
            hint = hint_of(self.code) if self.role.kind == "free" else self.role.kind
            answer = self._main_answer()
            self.reason = answer.reason
            self._take(answer, hint)
        for i, component, codes in self.components:
            if codes != _GENE_ALONE:
                self._read_component(component, f"{self.entry.path}.component[{i}]")
        self._read_interpretation()
        if self.made and self.reason:
            self.gathering.missed(self.entry, self.reason)
        elif not self.made and not self.listed:
            self._explain()

    def _main_answer(self) -> Answer:
        question = self.question
        by_allele = question.asked == "genotype" and question.strict and question.allele
        if by_allele and presence_of(self.value) is not None:
            question = question._replace(asked="presence")
        return read_answer(question, self.value, self.gathering.vocabulary)

    def _take(self, answer: Answer, hint: str) -> None:
        if hint in ("allele-1", "allele-2") and len(answer.statements) == 1:
            (one,) = answer.statements
            if one.kind is StatementKind.HAPLOTYPE and one.presence is Presence.PRESENT:
                self.gathering.halves.append(
                    HalfDiplotype(self._group(one), 1 if hint == "allele-1" else 2, one)
                )
                self.made += 1
                return
        self.gathering.statements.extend(answer.statements)
        self.made += len(answer.statements)

    def _group(self, one: Statement) -> tuple[Any, ...]:
        """What two numbered alleles must share to be one person's pair from one test."""
        if one.origin.path != self.entry.path:
            return (one.gene, id(self.entry.resource))
        if self.report is not None:
            return (one.gene, id(self.report.resource))
        return (one.gene, one.origin.subject, one.origin.when)

    def _read_component(self, component: Mapping[str, Any], path: str) -> None:
        code = concept_of(component.get("code"))
        vocabulary = self.gathering.vocabulary
        role = role_of(code, vocabulary)
        if role.kind in ("component", "diagnosis", "phase", "variant"):
            return
        hint = hint_of(code) if role.kind == "free" else role.kind
        own = self.gathering.lineage.label_genes(code)
        if not hint and own and _states_result(own, component):
            hint = "genotype"
        if not hint:
            return
        genes, caveats = self._component_genes(own, role.term)
        question = self.question._replace(
            asked=_ASKED.get(hint, "genotype"),
            genes=genes,
            origin=replace(self.origin, path=path),
            allele=role.term.allele if role.term else allele_in(code.label),
            strict=role.kind not in _ASKED,
            caveats=(*self.question.caveats, *caveats),
        )
        value = value_of(component)
        if value.is_empty and not value.absent:
            return
        answer = read_answer(question, value, vocabulary)
        self._take(answer, hint)
        # A component whose words ask for a score is one, also where its code is not ours.
        is_asked = not question.strict or question.asked == "activity-score"
        if answer.reason and (is_asked or own):
            self.gathering.missed(self.entry, answer.reason, path)
            self.listed = True
            if not answer.statements:
                self._stand_unread(question, value, answer.reason)
        elif answer.reason:
            self.part_reason = self.part_reason or answer.reason

    def _component_genes(
        self, own: tuple[str, ...], term: LoincTerm | None
    ) -> tuple[tuple[str, ...], tuple[Caveat, ...]]:
        own = own or (tuple(term.gene.split(";")) if term is not None and term.gene else ())
        if not self.explicit:
            return own or self.question.genes, ()
        if own and set(self.explicit).isdisjoint(own):
            return self.explicit, (disagreement(self.explicit, own),)
        return self.explicit, ()

    def _read_interpretation(self) -> None:
        """A phenotype (or the verdict of a presence test) that stands in `interpretation`."""
        for item in as_dicts(self.entry.resource.get("interpretation")):
            concept = concept_of(item)
            if self.question.asked == "presence" and not self.made and self.value.is_empty:
                answer = read_answer(self.question, Value(concept=concept), self.vocabulary)
                self._take(answer, "presence")
            elif len(self.question.genes) == 1 and concept.stated:
                words, code = concept.stated[0]
                gene = self.question.genes[0]
                if names_other_gene(gene, words, self.vocabulary):
                    self.gathering.missed(self.entry, f"interpretation: {WHICH_GENE}")
                elif standard_phenotype(gene, words, self.vocabulary):
                    question = self.question._replace(asked="phenotype")
                    made = question.answer(gene, StatementKind.PHENOTYPE, words, code=code)
                    self._take(Answer((made,)), "phenotype")

    @property
    def vocabulary(self) -> Vocabulary:
        return self.gathering.vocabulary

    def _is_activity(self) -> bool:
        """A measured enzyme activity under a code we do not know (`G6PD [Activity]`)."""
        return bool(self.value.number) and "activity" in self.code.label.lower()

    def _explain(self) -> None:
        """Lists the Observation, unless it is a panel of others or has nothing genetic to say."""
        resource = self.entry.resource
        if resource.get("hasMember") or (self.role.kind == "panel" and self.value.is_empty):
            return
        if self.role.kind == "component" and not self.explicit:
            return
        is_measured = bool(self.value.number) and self.role.kind == "free"
        if is_measured and not self._is_genetic() and not self._is_activity():
            return
        reason = NO_VALUE if self.question.genes else NO_GENE
        self.gathering.missed(self.entry, self.reason or self.part_reason or reason)
        if self.role.kind in _ASKED or self._is_genetic() or self._names_only_gene():
            self._stand_unread(self.question, self.value, self.reason)

    def _is_genetic(self) -> bool:
        return bool(self.explicit) or GENETIC_LABEL.search(self.code.label) is not None

    def _stand_unread(self, question: Question, value: Value, reason: str) -> None:
        """The words of a gene's own result that we cannot read: it must not read as untested.

        A test not made is no such result.
        """
        stated = value.concept.stated
        if len(question.genes) != 1 or not stated or is_not_performed(value):
            return
        (gene,) = question.genes
        words, _ = stated[0]
        # Refused, yet the later stages would read the phenotype in `*1/*1; Poor … for TPMT`.
        may_be_read = standard_phenotype(gene, words, self.vocabulary) is not None
        if may_be_read or len(words) > MAX_NAME or names_other_gene(gene, words, self.vocabulary):
            words = UNREAD_WORDS
        made = question.answer(gene, StatementKind.PHENOTYPE, words)
        self.gathering.unread.append(Unread(self.entry, (gene,), reason, made, is_listed=True))

    def _names_only_gene(self) -> bool:
        """True for a code such as `DPYD`, with no word of an enzyme, a level or a screen."""
        return is_plain_lead(without_genes(self.code.label, self.vocabulary)) and (
            "activity" not in self.code.label.lower() and "enzyme" not in self.code.label.lower()
        )

"""The mislabel detector: an Observation's code, gene, alleles and words must name the same thing.

What is looked at: the gene that the LOINC code is about, the genes that the code's words, the gene
component and the value name; the alleles of the value against those that the gene has; an answer
code against the words beside it; the allele that a test is named after. What each part means is
read as the readers do; which of them is right is never decided here.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from fhir_pgx.errors import Issue, MislabelledResult
from fhir_pgx.fhir.bundle import Entry, as_dicts, reference_of
from fhir_pgx.fhir.gene_names import gene_of, named_genes
from fhir_pgx.fhir.genotype_text import same_genotype
from fhir_pgx.fhir.resolution import codes_of
from fhir_pgx.fhir.roles import allele_in, role_of
from fhir_pgx.fhir.values import Concept, concept_of, value_of
from fhir_pgx.model.knowledge import GeneRules, Vocabulary
from fhir_pgx.model.mislabel import Gravity, Mislabel
from fhir_pgx.model.phenotype_words import standard_term, words_of
from fhir_pgx.terminology import GENE_STUDIED

_STAR = re.compile(r"(?<![\w*])\*(\d{1,3})(?![\d:])")
_MAX_WORDS = 300
_ONE_GENE = ("genotype", "allele", "allele-1", "allele-2", "haplotype", "presence", "phenotype")


def mislabelled(
    entries: Iterable[Entry], vocabulary: Vocabulary, genes: Mapping[str, GeneRules]
) -> list[Mislabel]:
    """Every contradiction within each Observation of the entries (`entries_of`).

    For a write that was accepted: `reports.detected_issue.detected_issues(found)` makes the
    DetectedIssue resources to store beside it, one an Observation. `genes` is `knowledge.genes`.
    The Observation itself is stored and read as it is. Raises nothing.
    """
    return [
        found
        for entry in entries
        if entry.type == "Observation"
        for found in _Reading(entry, vocabulary, genes).contradictions()
    ]


def mislabel_issues(found: Sequence[Mislabel]) -> list[Issue]:
    """The same as findings of validation: warnings with the code PGX-345."""
    code, kind = MislabelledResult.code, MislabelledResult.kind
    return [Issue(each.text, each.where, each.mend, kind, "warning", code) for each in found]


@dataclass(frozen=True, slots=True)
class _Said:
    """The genes that one part of an Observation names; `part` in our words."""

    part: str
    where: str
    genes: tuple[str, ...]


class _Reading:
    """One Observation, read part by part."""

    def __init__(
        self, entry: Entry, vocabulary: Vocabulary, genes: Mapping[str, GeneRules]
    ) -> None:
        self.entry, self.vocabulary, self.genes = entry, vocabulary, genes
        resource = entry.resource
        self.path = entry.path
        self.code = concept_of(resource.get("code"))
        self.role = role_of(self.code, vocabulary)
        self.value = value_of(resource)

    def contradictions(self) -> Iterator[Mislabel]:
        if self.role.kind == "variant":
            return  # its parts are held together in genomics.py
        said = list(self._said())
        if not said and self.role.kind == "free":
            return
        yield from self._of_genes(said)
        genes = next((each.genes for each in said), ())
        if len(genes) == 1:
            yield from self._of_alleles(genes[0])
            yield from self._of_phenotype(genes[0])
        yield from self._of_tested_allele()

    def _found(self, where: str, text: str, mend: str, gravity: Gravity, *names: str) -> Mislabel:
        subject = reference_of(self.entry.resource.get("subject"))
        return Mislabel(self.entry.reference, subject, where, text, mend, gravity, names)

    # Genes

    def _said(self) -> Iterator[_Said]:
        """What names genes: the component first, as the readers believe it first."""
        resource = self.entry.resource
        for i, component in enumerate(as_dicts(resource.get("component"))):
            if GENE_STUDIED in codes_of(component.get("code")):
                gene, _ = gene_of(value_of(component).concept, self.vocabulary)
                if gene:
                    yield _Said("the gene component", f"{self.path}.component[{i}]", (gene,))
        term = self.role.term
        if term is not None and term.gene and term.kind in _ONE_GENE:
            yield _Said(f"the code {term.code}", f"{self.path}.code", tuple(term.gene.split(";")))
        label = self._genes_in(self.code)
        if label:
            yield _Said("the code's words", f"{self.path}.code", label)
        value = self._genes_in(self.value.concept)
        if value:
            yield _Said("the value", f"{self.path}.value[x]", value)

    def _genes_in(self, concept: Concept) -> tuple[str, ...]:
        words = [coding.display or coding.code for coding in concept.codings] + [concept.text]
        return tuple(
            dict.fromkeys(
                gene
                for each in words
                if each and len(each) <= _MAX_WORDS
                for gene in named_genes(each, self.vocabulary)
            )
        )

    def _of_genes(self, said: list[_Said]) -> Iterator[Mislabel]:
        """Each part that names no gene of those named before it; several components are one."""
        known: dict[str, str] = {}
        for each in said:
            components = each.part == "the gene component"
            if known and not components and not set(each.genes) & known.keys():
                first = next(iter(known))
                other = " and ".join(each.genes[:3])
                yield self._found(
                    each.where,
                    f"{each.part} names {other}, {known[first]} {first}",
                    "ask the laboratory which gene was tested, and correct the other",
                    "high",
                    first,
                    *each.genes,
                )
            for gene in each.genes:
                known.setdefault(gene, each.part)

    # Alleles

    def _of_alleles(self, gene: str) -> Iterator[Mislabel]:
        where = f"{self.path}.value[x]"
        words = [each for each, _ in self.value.concept.stated if len(each) <= _MAX_WORDS]
        if not same_genotype(words):
            text = "the value's text and its codings state different genotypes"
            yield self._found(where, text, "correct the one that is wrong", "high", gene)
        rules = self.genes.get(gene)
        if rules is None or not any(name.startswith("*") for name in rules.alleles):
            return
        known = _numbers((*rules.alleles, *rules.aliases))
        stated = dict.fromkeys(n for each in words for n in _STAR.findall(each))
        for number in stated:
            if number in known:
                continue
            having = [
                other
                for other, theirs in self.genes.items()
                if other != gene and number in _numbers(theirs.alleles)
            ]
            hint = f" (defined for {', '.join(having[:3])})" if having else ""
            yield self._found(
                where,
                f"{gene} has no allele *{number} in our tables{hint}",
                "check the gene and the allele; the tables may be older than the report",
                "moderate",
                gene,
                f"*{number}",
            )

    def _of_tested_allele(self) -> Iterator[Mislabel]:
        """A code for one allele (`66741-0`, CYP2C19 *2) under the name of another."""
        term = self.role.term
        if term is None or not term.allele.startswith("*") or ":" in term.allele:
            return
        for coding in self.code.codings:
            named = allele_in(coding.display) if coding.code == term.code else ""
            if named and named != term.allele:
                yield self._found(
                    f"{self.path}.code",
                    f"the code {term.code} is for {term.gene} {term.allele}, its name says {named}",
                    "ask the laboratory which allele was tested",
                    "high",
                    term.allele,
                    named,
                )

    # Phenotypes

    def _of_phenotype(self, gene: str) -> Iterator[Mislabel]:
        """An answer code against the words that stand beside it, here and in components."""
        places = [(f"{self.path}.value[x]", self.value.concept)]
        for i, component in enumerate(as_dicts(self.entry.resource.get("component"))):
            places.append((f"{self.path}.component[{i}]", value_of(component).concept))
        for where, concept in places:
            yield from self._of_answer(gene, where, concept)

    def _of_answer(self, gene: str, where: str, concept: Concept) -> Iterator[Mislabel]:
        terms = set(words_of(gene).values())
        coded = [
            (coding.code, self.vocabulary.answers[coding.code])
            for coding in concept.codings
            if self.vocabulary.answers.get(coding.code) in terms
        ]
        words = [coding.display for coding in concept.codings] + [concept.text]
        said = [term for each in words if each and (term := standard_term(gene, each))]
        for code, term in coded[:1]:
            other = next((each for each in said if each != term), None)
            if other is not None:
                yield self._found(
                    where,
                    f"the code {code} means {term}, the words beside it say {other}",
                    "ask the laboratory which phenotype is right",
                    "high",
                    term,
                    other,
                )


def _numbers(names: Iterable[str]) -> set[str]:
    return {number for name in names for number in _STAR.findall(name)}

"""One gene's result as Genotype and Haplotype Observations of the guide.

The genotype's value is our standard name as text: no code system has a code of every diplotype, and
a code that means something else is worse than none. Where the data allow several diplotypes each
has an Observation, and each says in its value that it is one of several. A gene without a call has
one genotype that says No call; a gene that was not tested has none.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fhir_pgx.model.knowledge import GeneRules
from fhir_pgx.model.phenotype import DiplotypeResult, GeneResult, Status
from fhir_pgx.reports.implication_frame import Resource, both_categories, code, component
from fhir_pgx.reports.pgx_implications import PHENOTYPE_ANSWERS
from fhir_pgx.reports.report_frame import (
    About,
    gene_studied,
    loinc_answer,
    observation,
    refer,
    sources,
)
from fhir_pgx.reports.variant_observations import NO_CALL, WrittenCall
from fhir_pgx.terminology import (
    GENOTYPE,
    HAPLOTYPE,
    LOINC,
    POSSIBLE_GENOTYPES,
    TBD,
    TBD_THERAPEUTIC_IMPLICATION,
)

_COMPUTED = ("LA26811-2", "Computational analysis")
_PRESENCE = {"positive": ("LA6576-8", "Positive"), "negative": ("LA6577-6", "Negative")}
# Codes of a test for one HLA allele, whatever its method (LOINC); of others the words stand.
_ALLELE_TESTS = {
    ("HLA-B", "*57:01"): "50956-2",
    ("HLA-B", "*15:02"): "57979-7",
    ("HLA-B", "*58:01"): "79711-8",
    ("HLA-A", "*31:01"): "79712-6",
}
_WHY = {
    Status.AMBIGUOUS: "The data fit several diplotypes with different advice.",
    Status.CONFLICT: "Two results disagree: each is written as it stands.",
    Status.INDETERMINATE: "The function of an allele is not known.",
    Status.NOT_CALLED: "Tested, without an answer: this is not the reference.",
}


@dataclass(frozen=True, slots=True)
class WrittenGene:
    """What was written of one gene. `parents` are References that its implications derive from."""

    observations: tuple[Resource, ...]
    parents: tuple[Resource, ...]


def write_gene_result(
    result: GeneResult, rules: GeneRules, written: Sequence[WrittenCall], of: About
) -> WrittenGene:
    """Genotypes, haplotypes and allele tests of a gene that was tested; `written` are its calls."""
    writer = _Writer(result, rules, written, of)
    if result.status is Status.NOT_CALLED:
        no_call = writer.genotype(loinc_answer(*NO_CALL), ())
        return WrittenGene((no_call,), (refer(no_call, f"{result.gene} without a call"),))
    made = [each for diplotype in result.diplotypes for each in writer.diplotype(diplotype)]
    if not result.diplotypes:
        made += writer.alleles()
        made += writer.presences()
    genotypes = [each for each in made if _asks(each) == GENOTYPE]
    parents = [refer(each, _words(each)) for each in genotypes or made]
    stated = [*writer.stated_phenotypes(), *writer.stated_scores()]
    # The guide derives implications from findings alone: not from a phenotype that is stated.
    return WrittenGene(_once([*made, *stated]), tuple(parents) or tuple(writer.results))


class _Writer:
    def __init__(
        self, result: GeneResult, rules: GeneRules, written: Sequence[WrittenCall], of: About
    ) -> None:
        self.result, self.rules, self.of = result, rules, of
        self.gene = gene_studied(result.gene, rules.hgnc)
        self.results = sources(result.derived_from, result.gene) or [
            {"display": f"{result.gene}: positions not in the data, or a call handed in beside it"}
        ]
        self.variants = list(_supporting(written))
        self.is_called = result.basis == "variants"
        names = [each.name for each in result.diplotypes]
        self.options = list(dict.fromkeys(names)) if _is_open(result) else []

    def diplotype(self, diplotype: DiplotypeResult) -> Iterator[Resource]:
        """The haplotypes of a diplotype, and the genotype that they make."""
        parents = self._parents(diplotype)
        haplotypes = [
            self._haplotype(name, parents) for name in dict.fromkeys(diplotype.haplotypes)
        ]
        yield from haplotypes
        shown = _shown(self.result.gene, diplotype)
        extensions = []
        if len(self.options) > 1:
            place = self.options.index(diplotype.name) + 1
            shown = f"{shown} (possible: {place} of {len(self.options)})"
            extensions.append(self._possible())
        linked = [refer(each, _words(each)) for each in haplotypes]
        yield self.genotype(
            {"text": shown}, [*linked, *parents], extensions=extensions, of_one=diplotype
        )

    def genotype(
        self,
        value: Resource,
        parents: Sequence[Resource],
        *,
        extensions: Sequence[Resource] = (),
        of_one: DiplotypeResult | None = None,
    ) -> Resource:
        return observation(
            self.of,
            "genotype",
            code(LOINC, GENOTYPE),
            value=value,
            gene=self.gene,
            parents=parents or self._parents(None),
            notes=self._notes(of_one),
            when=self.result.when,
            method=loinc_answer(*_COMPUTED) if self.is_called else None,
            extensions=extensions,
        )

    def alleles(self) -> Iterator[Resource]:
        """Alleles of which the partner is not stated."""
        for name in self.result.alleles:
            yield self._haplotype(name, self._parents(None))

    def presences(self) -> Iterator[Resource]:
        """Tests for one HLA allele each, where no typing says it."""
        for allele, status in self.result.allele_status.items():
            gene = self.result.gene
            asked: Resource = {"text": f"{gene}{allele} [Presence]"}
            if known := _ALLELE_TESTS.get((gene, allele)):
                asked["coding"] = [{"system": LOINC, "code": known}]
            yield observation(
                self.of,
                "molecular-biomarker",
                asked,
                value=loinc_answer(*_PRESENCE[status]),
                gene=self.gene,
                parents=self._parents(None),
                notes=self._notes(None),
                when=self.result.when,
                categories=[*both_categories(), {"coding": [_BIOMARKER]}],
            )

    def stated_phenotypes(self) -> Iterator[Resource]:
        """Phenotypes that a report states, each of two that disagree; read back they stand as they
        were stated. What follows from a genotype is written by who writes implications."""
        by_score = self.rules.method == "activity-score"
        if self.result.basis == "phenotype" and self.result.phenotype:
            yield self._phenotype(self.result.phenotype, self.result.when)
        for key in () if by_score else self._rival_keys():
            # Which of the results it is of, and so its date, is not known any more.
            is_first = self.result.basis == "phenotype"
            yield self._phenotype(key, self.result.when if is_first else "")

    def stated_scores(self) -> Iterator[Resource]:
        """Activity scores that a report states; no code system has a code for one."""
        score = self.result.activity_score
        if self.result.basis == "activity-score" and score:
            yield self._score(score, self.result.when)
        for key in self._rival_keys() if self.rules.method == "activity-score" else ():
            is_first = self.result.basis in ("phenotype", "activity-score")
            yield self._score(key, self.result.when if is_first else "")

    def _rival_keys(self) -> list[str]:
        """The guideline keys of a conflict that neither the answer nor a genotype has."""
        if self.result.status is not Status.CONFLICT:
            return []
        known = {each.lookup_key for each in self.result.diplotypes}
        known |= {self.result.phenotype, self.result.activity_score}
        return [key for key in self.result.lookup_keys if key not in known]

    def _phenotype(self, phenotype: str, when: str) -> Resource:
        value: Resource = {"text": phenotype}
        if phenotype in PHENOTYPE_ANSWERS:
            answer, display = PHENOTYPE_ANSWERS[phenotype]
            value["coding"] = [{"system": LOINC, "code": answer, "display": display}]
        return observation(
            self.of,
            TBD_THERAPEUTIC_IMPLICATION,
            code(TBD, TBD_THERAPEUTIC_IMPLICATION),
            gene=self.gene,
            components=[component(TBD, TBD_THERAPEUTIC_IMPLICATION, value)],
            parents=self.results,
            notes=["As a report states it.", *self._notes(None)],
            when=when,
        )

    def _score(self, score: str, when: str) -> Resource:
        return observation(
            self.of,
            "molecular-biomarker",
            {"text": f"{self.result.gene} activity score"},
            value={"text": score},
            gene=self.gene,
            parents=self.results,
            notes=["As a report states it.", *self._notes(None)],
            when=when,
            categories=[*both_categories(), {"coding": [_BIOMARKER]}],
        )

    def _haplotype(self, name: str, parents: Sequence[Resource]) -> Resource:
        gene = self.result.gene
        return observation(
            self.of,
            "haplotype",
            code(LOINC, HAPLOTYPE),
            value={"text": f"{gene}{name}" if gene.startswith("HLA-") else name},
            gene=self.gene,
            parents=parents,
            notes=["One of several possible diplotypes has it."] if len(self.options) > 1 else [],
            when=self.result.when,
        )

    def _parents(self, diplotype: DiplotypeResult | None) -> list[Resource]:
        """What was called from variants follows from them, what a report states from that report:
        read back, the first is called again, and the second stands as it was stated."""
        is_called = self.is_called or (diplotype is not None and self._is_rival(diplotype))
        return self.variants if is_called and self.variants else self.results

    def _is_rival(self, diplotype: DiplotypeResult) -> bool:
        """Called from variants beside a stated result that they contradict."""
        return self.result.status is Status.CONFLICT and not diplotype.stated

    def _possible(self) -> Resource:
        joined = " or ".join(self.options)
        if self.result.gene.startswith("HLA-"):
            joined = "|".join(_shown(self.result.gene, each) for each in self.result.diplotypes)
        return {"url": POSSIBLE_GENOTYPES, "valueString": joined}

    def _notes(self, of_one: DiplotypeResult | None) -> Iterator[str]:
        if of_one is not None and len(self.options) > 1:
            yield f"One of {len(self.options)} possible diplotypes: {' or '.join(self.options)}."
        yield _WHY.get(self.result.status, "")
        if of_one is not None and of_one.activity_score:
            yield f"Activity score {of_one.activity_score}."
        seen = self.result.coverage
        if seen is not None:
            unread = len(seen.missing) + len(seen.no_call)
            yield f"{seen.tested} of {seen.tested + unread} positions of {self.result.gene} read."
            for words, sites in (("Not in the data", seen.missing), ("Not called", seen.no_call)):
                yield f"{words}: {', '.join(sites)}." if sites else ""
            if seen.could_change:
                yield f"Alleles that these may hide: {', '.join(seen.could_change)}."
        yield from (f"{each.code} {each.text}" for each in self.result.caveats)


_BIOMARKER = {"system": TBD, "code": "biomarker-category"}


def _is_open(result: GeneResult) -> bool:
    """Whether the diplotypes are possibilities of one result. In a conflict they are results, and
    so are those that a settled gene has beside one of unknown function."""
    if len(result.diplotypes) < 2 or result.status is Status.CONFLICT:
        return False
    return result.status is not Status.CALLED or len({d.lookup_key for d in result.diplotypes}) == 1


def _supporting(written: Sequence[WrittenCall]) -> Iterator[Resource]:
    """The variants found; where there is none, every position that was read."""
    found = [each for each in written if each.is_variant]
    for each in found or [each for each in written if each.has_answer]:
        for made in each.observations:
            yield refer(made, each.call.site)


def _shown(gene: str, diplotype: DiplotypeResult) -> str:
    if gene.startswith("HLA-"):
        return "+".join(f"{gene}{name}" for name in diplotype.haplotypes)
    return diplotype.name


def _asks(resource: Resource) -> str:
    coding = resource["code"].get("coding") or [{}]
    found: str = coding[0].get("code", "")
    return found


def _words(resource: Resource) -> str:
    found: str = resource["valueCodeableConcept"]["text"]
    return found


def _once(made: Sequence[Resource]) -> tuple[Resource, ...]:
    return tuple({each["id"]: each for each in made}.values())

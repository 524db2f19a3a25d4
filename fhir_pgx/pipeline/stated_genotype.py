"""A stated diplotype, haplotype or phenotype in its gene's standard words."""

from dataclasses import dataclass

from fhir_pgx.genotype import hla
from fhir_pgx.genotype.names import (
    is_single_copy,
    parse_diplotypes,
    standard_allele,
    tidy,
)
from fhir_pgx.model.finding import Statement, StatementKind
from fhir_pgx.model.genotype import Diplotype
from fhir_pgx.model.knowledge import GeneRules, Vocabulary
from fhir_pgx.model.phenotype_words import standard_phenotype


@dataclass(frozen=True, slots=True)
class StatedGenotype:
    """`name` is the standard one, or the stated text where it has none. `haplotypes` are its two
    names, or one; empty where what is stated allows several diplotypes, or is not understood: then
    no allele is certain. `diplotypes` are all that it allows."""

    name: str
    is_diplotype: bool
    haplotypes: tuple[str, ...] = ()
    diplotypes: tuple[Diplotype, ...] = ()


def stated_genotype(statement: Statement, rules: GeneRules | None) -> StatedGenotype:
    """What a statement of alleles says; of a gene without rules as it is written."""
    gene = statement.gene
    is_pair = statement.kind is StatementKind.DIPLOTYPE
    plain = tidy(gene, statement.value)
    if gene.startswith("HLA-"):
        return _typing(statement, plain, is_pair=is_pair)
    if rules is None:
        names = tuple(each.strip() for each in plain.split("/"))
        is_known = len(names) == (2 if is_pair else 1) and all(names)
        name = "/".join(names) if is_known else plain
        return StatedGenotype(name, is_pair, names if is_known else ())
    if is_pair or is_single_copy(statement.value, rules):
        read = parse_diplotypes(statement.value, rules)
        if read is not None:
            return _of_diplotypes(read[0])
    allele = standard_allele(plain, rules)
    if allele is not None:
        return StatedGenotype(allele.name, False, (allele.name,))
    return StatedGenotype(plain, is_pair)


def _of_diplotypes(diplotypes: tuple[Diplotype, ...]) -> StatedGenotype:
    if len(diplotypes) == 1:
        return StatedGenotype(diplotypes[0].name, True, diplotypes[0].haplotypes, diplotypes)
    name = " or ".join(diplotype.name for diplotype in diplotypes)
    return StatedGenotype(name, True, (), diplotypes)


def _typing(statement: Statement, plain: str, *, is_pair: bool) -> StatedGenotype:
    """HLA alleles by their first two fields. No phenotype follows from a typing by itself."""
    if statement.kind is StatementKind.ALLELE_PRESENCE:
        allele = hla.parse_allele(plain, statement.gene.removeprefix("HLA-"))
        return StatedGenotype(allele.name, False, (allele.name,)) if allele else _as_is(plain)
    genotypes = hla.parse_typing(statement.value, statement.gene)
    if genotypes is None:
        return _as_is(plain, is_pair=is_pair)
    if len(genotypes) == 1 and len(genotypes[0]) == 1:
        names = tuple(dict.fromkeys(allele.name for allele in genotypes[0][0]))
        return StatedGenotype("/".join(names), False, names if len(names) == 1 else ())
    found = tuple(
        dict.fromkeys(each for genotype in genotypes for each in hla.diplotypes(genotype))
    )
    if not found:
        return _as_is(plain, is_pair=is_pair)
    stated = _of_diplotypes(found)
    return StatedGenotype(stated.name, True, stated.haplotypes)


def _as_is(plain: str, *, is_pair: bool = False) -> StatedGenotype:
    return StatedGenotype(plain, is_pair)


def stated_phenotypes(
    statement: Statement, rules: GeneRules | None, vocabulary: Vocabulary
) -> tuple[str, ...]:
    """The standard terms that words and code of a statement stand for; several where they differ,
    and the words themselves where neither is a standard term."""
    stated = [
        standard_phenotype(statement.gene, text, vocabulary)
        for text in (statement.code, statement.value)
        if text
    ]
    known = {pair.phenotype.lower(): pair.phenotype for pair in rules.pairs} if rules else {}
    terms = dict.fromkeys(known.get(term.lower(), term) for term in stated if term)
    return tuple(terms) or ((statement.value.strip(),) if statement.value.strip() else ())

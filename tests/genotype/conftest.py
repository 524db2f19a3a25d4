"""Genotypes of synthetic people, written as a VCF writes them, and called."""

from functools import cache

import pytest

from fhir_pgx.genotype import build_table, call_gene
from fhir_pgx.model.variant import SiteCall


@pytest.fixture(scope="session")
def table_of(knowledge):
    """The call table of a gene."""
    return cache(lambda gene: build_table(knowledge.definitions[gene], knowledge.genes[gene]))


@pytest.fixture(scope="session")
def calls_of(knowledge):
    """The calls of a gene: `{"rs4244285": "G/A"}`, `T|C` and `T|C:17` phased, `C` one copy, `./.`
    not read, `C/?` with a base that no allele has, `seen A` of unstated zygosity.

    Sites that are not given have the reference on `copies` copies, or are missing (`others=""`).
    """

    def calls(gene, genotypes, *, others="reference", copies=2, build="GRCh38", without=()):
        sites = {site.name: site for site in knowledge.definitions[gene].sites}
        assert genotypes.keys() <= sites.keys()
        found = [one_call(gene, name, text, build) for name, text in genotypes.items()]
        if others:
            found += [
                SiteCall(gene, name, (site.ref,) * copies, build=build)
                for name, site in sites.items()
                if name not in genotypes and name not in without
            ]
        return found

    return calls


def one_call(gene, site, text, build):
    if text.startswith("seen "):
        alleles = tuple(text.removeprefix("seen ").split(", "))
        return SiteCall(gene, site, alleles, zygosity_known=False, build=build)
    bases, _, phase = text.partition(":")
    phase = phase or ("whole" if "|" in bases else "")
    return SiteCall(gene, site, tuple(bases.replace("|", "/").split("/")), phase, build=build)


@pytest.fixture(scope="session")
def call(table_of, calls_of):
    """A gene called from genotypes; `options` are those of `call_gene`."""

    def call_it(
        gene, genotypes, *, others="reference", copies=2, build="GRCh38", without=(), **options
    ):
        calls = calls_of(
            gene, genotypes, others=others, copies=copies, build=build, without=without
        )
        return call_gene(table_of(gene), calls, **options)

    return call_it


def names(diplotypes):
    return [diplotype.name for diplotype in diplotypes]


def codes(called):
    return [caveat.code for caveat in called.caveats]

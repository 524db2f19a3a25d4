"""Every named allele of every gene, alone and in pairs, called as the slow caller calls it.

Genotypes are synthetic, written from the definitions. Large genes are sampled at even steps; with
`FHIR_PGX_EVERY_PAIR=1` in the environment every pair is tried (about 20 minutes).
"""

import itertools
import os
from dataclasses import replace

import pytest

from fhir_pgx.genotype import contradicts
from fhir_pgx.model.genotype import Diplotype

from .compare import called, differences, pairs
from .people import changed, choices, genes, heterozygous, of_method, person, table, without
from .slow_matcher import NO_KEYS, UNREAD, key_of, reported

EVERYTHING = bool(os.environ.get("FHIR_PGX_EVERY_PAIR"))
PAIRS_A_GENE = 500  # of the large genes
WITHOUT_A_GENE = 300  # pairs with a site missing
TURNS = 10  # the slow caller writes 2^n strands; beyond this only phased data are compared

NAMED = of_method("named")
COMPONENTS = of_method("components")


def allele_names(name):
    return [allele.name for allele in genes()[name].definition.alleles]


def sampled(found, number):
    """About `number` of them, at even steps: the same ones each time."""
    found = list(found)
    step = 1 if EVERYTHING else max(1, len(found) // number)
    return found[::step]


def pairs_of(name, number=PAIRS_A_GENE):
    return sampled(itertools.combinations(allele_names(name), 2), number)


def first(found):
    """The first few of what was found wrong, and how many there are."""
    return found[:5], len(found)


NOTHING = ([], 0)


# Named alleles


@pytest.mark.parametrize("name", NAMED)
def test_two_copies_of_an_allele_are_that_allele_twice(name):
    """No allele is hidden behind another: read in full, each is told from all the others."""
    gene, wrong = genes()[name], []
    for allele in allele_names(name):
        for choice in {(number, number) for number, _ in choices(gene, (allele, allele))}:
            found = called(gene, person(gene, (allele, allele), choice=choice))
            if pairs(found.diplotypes) != {reported(gene, (allele, allele))}:
                wrong.append((allele, pairs(found.diplotypes)))
    assert first(wrong) == NOTHING


@pytest.mark.parametrize("name", NAMED)
def test_a_phased_pair_read_in_full_is_never_excluded(name):
    gene, wrong = genes()[name], []
    for pair in pairs_of(name):
        for choice in choices(gene, pair):
            found = called(gene, person(gene, pair, choice=choice, phase="one"))
            if reported(gene, pair) not in pairs(found.diplotypes) | pairs(found.alternatives):
                wrong.append((pair, pairs(found.diplotypes)))
    assert first(wrong) == NOTHING


@pytest.mark.parametrize("name", NAMED)
def test_a_stated_pair_is_contradicted_by_no_genotype_of_its_own(name):
    gene, wrong = genes()[name], []
    for pair in pairs_of(name, 200):
        for phase in ("", "one"):
            calls = person(gene, pair, phase=phase)
            if contradicts(table(name), calls, Diplotype(reported(gene, pair))):
                wrong.append((pair, phase))
    assert first(wrong) == NOTHING


@pytest.mark.parametrize("phase", ["", "one"])
@pytest.mark.parametrize("name", NAMED)
def test_every_pair_is_called_as_the_slow_caller_calls_it(name, phase):
    gene, wrong = genes()[name], []
    for pair in pairs_of(name):
        for choice in choices(gene, pair):
            calls = person(gene, pair, choice=choice, phase=phase)
            if phase or heterozygous(calls) <= TURNS:
                wrong += differences(name, calls)
    assert first(wrong) == NOTHING


@pytest.mark.parametrize("name", NAMED)
def test_an_allele_beside_the_reference_is_called_alike_with_each_site_missing(name):
    gene, wrong = genes()[name], []
    reference = gene.definition.reference
    tried = [
        (pair, site)
        for allele in gene.definition.alleles
        for pair in ((allele.name, allele.name), (reference, allele.name))
        for site in gene.sites
        if len(gene.sites) < 6 or site in allele.cells
    ]
    for pair, site in sampled(tried, WITHOUT_A_GENE):
        calls = person(gene, pair)
        if heterozygous(calls) > TURNS:
            continue
        wrong += differences(name, without(calls, site), hidden=True)
        wrong += differences(name, changed(calls, site, UNREAD, UNREAD), hidden=True)
    assert first(wrong) == NOTHING


@pytest.mark.parametrize("name", NAMED)
def test_a_pair_is_called_alike_with_each_site_missing(name):
    gene, wrong = genes()[name], []
    sites = itertools.cycle(gene.sites)  # each pair without another site, in turn
    for number, pair in enumerate(pairs_of(name, WITHOUT_A_GENE)):
        calls = without(person(gene, pair, phase="one" if number % 2 else ""), next(sites))
        if number % 2 or heterozygous(calls) <= TURNS:
            wrong += differences(name, calls, hidden=True)
    assert first(wrong) == NOTHING


@pytest.mark.parametrize("name", [name for name in NAMED if 1 in genes()[name].rules.copies])
def test_one_copy_of_an_allele_is_called_as_one(name):
    gene, wrong = genes()[name], []
    for allele in allele_names(name):
        calls = person(gene, (allele,), choice=(0,))
        if pairs(called(gene, calls).diplotypes) != {reported(gene, (allele,))}:
            wrong.append((allele, pairs(called(gene, calls).diplotypes)))
        for site in sampled(gene.sites, 4):
            wrong += differences(name, without(calls, site), hidden=True)
    assert first(wrong) == NOTHING


@pytest.mark.parametrize("name", NAMED)
def test_a_key_that_a_missing_site_may_hide_is_never_passed_over_in_silence(name):
    """Each key that the read sites allow is that of a diplotype given, or of one that is named as
    not excluded, or an allele is named that could change the advice."""
    gene, wrong = genes()[name], []
    cells = {allele.name: list(allele.cells) for allele in gene.definition.alleles}
    every = itertools.combinations_with_replacement(allele_names(name), 2)
    for pair in sampled(every, WITHOUT_A_GENE):
        own = list(dict.fromkeys(site for allele in pair for site in cells[allele]))[:4]
        for away in [*itertools.combinations(own, 1), *itertools.combinations(own, 2)]:
            found = called(gene, without(person(gene, pair), *away))
            given = [each.haplotypes for each in (*found.diplotypes, *found.alternatives)]
            told = {key_of(gene, names) for names in given} | NO_KEYS
            if found.diplotypes and not found.could_change and set(found.possible_keys) - told:
                wrong.append((pair, away, given))
    assert first(wrong) == NOTHING


# Components


@pytest.mark.parametrize("phase", ["", "one"])
@pytest.mark.parametrize("name", COMPONENTS)
def test_every_pair_of_variants_is_listed_and_looked_up_as_the_slow_caller_does(name, phase):
    gene, wrong = genes()[name], []
    copies = max(gene.rules.copies)
    for pair in sampled(itertools.combinations_with_replacement(allele_names(name), copies), 700):
        wrong += differences(name, person(gene, pair, phase=phase))
    assert first(wrong) == NOTHING


@pytest.mark.parametrize("phase", ["", "one"])
@pytest.mark.parametrize("name", COMPONENTS)
def test_two_variants_on_one_copy_are_looked_up_as_the_slow_caller_does(name, phase):
    """Both variants on the first strand, the reference or a third on the second."""
    gene, wrong = genes()[name], []
    alleles = gene.definition.alleles[1:]
    for one, two in sampled(itertools.combinations(alleles, 2), 300):
        if not set(one.cells) & set(two.cells):
            calls = person(gene, (gene.definition.reference,) * max(gene.rules.copies), phase=phase)
            for site, base in (one.cells | two.cells).items():
                had = next(call.alleles for call in calls if call.site == site)
                calls = changed(calls, site, base, *had[1:])
            wrong += differences(name, calls)
    assert first(wrong) == NOTHING


@pytest.mark.parametrize("name", COMPONENTS)
def test_a_variant_is_looked_up_alike_with_each_site_missing(name):
    gene, wrong = genes()[name], []
    sites = itertools.cycle(gene.sites[::7])
    for allele in sampled(allele_names(name), 40):
        strands = (gene.definition.reference, allele)[-max(gene.rules.copies) :]
        wrong += differences(name, without(person(gene, strands), next(sites)), hidden=True)
    assert first(wrong) == NOTHING


PROXIED = [name for name in COMPONENTS if genes()[name].definition.proxy]


@pytest.mark.parametrize("phases", [("", ""), ("one", "one"), ("one", "two"), ("one", "")])
@pytest.mark.parametrize("name", PROXIED)
def test_every_combination_of_a_site_and_its_proxy_is_called_alike(name, phases):
    """Both sites of HapB3: reference, either copy, both copies, unread, missing."""
    gene, wrong = genes()[name], []
    proxy = gene.definition.proxy
    reference = person(gene, (gene.definition.reference,) * 2)
    of_site = {site.name: (site.ref, site.alts[0]) for site in gene.definition.sites}
    states = [
        [*itertools.product(of_site[name], repeat=2), (UNREAD, UNREAD), None]
        for name in (proxy.site, proxy.proxy)
    ]
    for intronic, exonic in itertools.product(*states):
        calls = with_state(reference, proxy.site, intronic, phases[0])
        calls = with_state(calls, proxy.proxy, exonic, phases[1])
        wrong += differences(name, calls, hidden=True)
    assert first(wrong) == NOTHING


def with_state(calls, site, alleles, phase):
    """The calls with one site in another state; None takes it away."""
    if alleles is None:
        return without(calls, site)
    return [
        replace(call, alleles=alleles, phase=phase) if call.site == site else call for call in calls
    ]

"""What must hold of every call, whatever was read: checked on random, synthetic genotypes."""

import random
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhir_pgx.genotype import contradicts
from fhir_pgx.model.genotype import Diplotype
from fhir_pgx.model.variant import OTHER, UNREAD, SiteCall

from .compare import called, differences, pairs
from .people import genes, heterozygous, of_method, person, shown, table, without
from .slow_matcher import function_of, key_of, reported, slow_call

NAMED = of_method("named")
EVERY = [*NAMED, *of_method("components")]
TURNS = 9  # the slow caller writes 2^n strands

every_case = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


class Found:
    """A gene and the calls of one person, shown in short where an example fails."""

    def __init__(self, gene, calls):
        self.gene, self.calls = gene, calls

    def __iter__(self):
        return iter((self.gene, self.calls))

    def __repr__(self):
        return f"{self.gene.definition.gene} {shown(self.gene, self.calls)}"


@st.composite
def people(draw, names=EVERY, *, unclear=True):
    """A gene, and one person's calls: mostly a pair of its alleles, then a few sites changed,
    phased in sets, unread, half read, with unknown bases, or away; now and then one copy only."""
    gene = genes()[draw(st.sampled_from(names))]
    chance = random.Random(draw(st.integers(0, 2**32)))
    copies = draw(st.sampled_from(gene.rules.copies))
    alleles = [allele.name for allele in gene.definition.alleles]
    strands = [draw(st.sampled_from(alleles)) for _ in range(copies)]
    calls = person(gene, strands, choice=[chance.randrange(2) for _ in strands])
    if copies == 1 and draw(st.booleans()):  # written as a pair of the same
        calls = [replace(call, alleles=call.alleles * 2) for call in calls]
    sets = draw(st.integers(0, 3))
    phases = ["", *(f"set {number}" for number in range(sets))]
    calls = [replace(call, phase=chance.choice(phases)) for call in calls]
    changes = ["base", "base", "away", "away", "away", "unread"]
    if unclear:
        changes += ["half", "half", "other", "seen"]
    for change in draw(st.lists(st.sampled_from(changes), max_size=4)):
        if calls:
            calls = with_change(gene, calls, chance, change)
    if draw(st.booleans()) and len(gene.sites) > 4:
        kept = chance.sample(range(len(calls)), k=len(calls) * 3 // 4)
        calls = [call for number, call in enumerate(calls) if number in kept]
    return Found(gene, calls)


def with_change(gene, calls, chance, change):
    """The calls with one, taken by chance among those that vary if any do, changed."""
    varying = [call for call in calls if len(set(call.alleles)) > 1] or calls
    call = chance.choice(varying if chance.random() < 0.5 else calls)
    site = next(site for site in gene.definition.sites if site.name == call.site)
    if change == "away":
        return without(calls, call.site)
    if change == "seen":  # nobody says how often
        seen = replace(call, alleles=tuple(dict.fromkeys(call.alleles)), zygosity_known=False)
        return [seen if each is call else each for each in calls]
    if change == "unread":
        alleles = (UNREAD,) * len(call.alleles)
    elif change == "half":
        alleles = (call.alleles[0], UNREAD) if len(call.alleles) > 1 else (UNREAD,)
    elif change == "other":
        alleles = (OTHER, *call.alleles[1:])
    else:
        alleles = tuple(chance.choice((site.ref, *site.alts)) for _ in call.alleles)
    changed = replace(call, alleles=alleles)
    return [changed if each is call else each for each in calls]


@settings(every_case, max_examples=1000)
@given(people())
def test_the_slow_caller_says_the_same(found):
    gene, calls = found
    if heterozygous(calls) <= TURNS:
        assert differences(gene.definition.gene, calls, hidden=True) == []


@every_case
@given(people(), st.randoms(use_true_random=False))
def test_the_order_of_the_calls_does_not_matter(found, chance):
    gene, calls = found
    shuffled = chance.sample(calls, k=len(calls))
    assert called(gene, shuffled) == called(gene, calls)


@every_case
@given(people())
def test_turning_a_whole_phase_set_round_does_not_matter(found):
    gene, calls = found
    turned = [
        replace(call, alleles=call.alleles[::-1]) if call.phase == "set 0" else call
        for call in calls
    ]
    assert called(gene, turned) == called(gene, calls)


@every_case
@given(people())
def test_turning_an_unphased_site_round_does_not_matter(found):
    gene, calls = found
    turned = [call if call.phase else replace(call, alleles=call.alleles[::-1]) for call in calls]
    assert called(gene, turned) == called(gene, calls)


@every_case
@given(people(NAMED), st.data())
def test_a_site_more_never_makes_an_excluded_pair_possible(found, data):
    gene, calls = found
    if len(calls) < 2:
        return
    fewer = without(calls, data.draw(st.sampled_from(calls)).site)
    alleles = sorted({gene.definition.core.get(each, each) for each in gene.sequences})
    count = max(len(call.alleles) for call in calls)
    for _ in range(5):
        names = tuple(sorted(data.draw(st.sampled_from(alleles)) for _ in range(count)))
        stated = Diplotype(names)
        if contradicts(table(gene.definition.gene), fewer, stated):
            assert contradicts(table(gene.definition.gene), calls, stated)


@every_case
@given(people(NAMED, unclear=False), st.data())
def test_a_missing_site_is_never_taken_as_the_reference(found, data):
    """It is named as missing, counted as not tested, and what it would have excluded is possible:
    whatever any value of it would let us call can still be there."""
    gene, calls = found
    if not calls:
        return
    call = data.draw(st.sampled_from(calls))
    with_it, without_it = called(gene, calls), called(gene, without(calls, call.site))
    assert call.site in without_it.missing
    assert call.site not in without_it.no_call
    assert without_it.tested == with_it.tested - (UNREAD not in call.alleles)
    if gene.definition.fallback is None:  # its answer is no match: the whole gene does not fit
        for diplotype in (*with_it.diplotypes, *with_it.alternatives):
            assert not contradicts(
                table(gene.definition.gene), without(calls, call.site), diplotype
            )


@every_case
@given(people())
def test_every_site_is_read_or_missing_or_without_an_answer(found):
    gene, calls = found
    answer = called(gene, calls)
    assert not set(answer.missing) & set(answer.no_call)
    assert answer.tested + len(answer.missing) + len(answer.no_call) == len(gene.sites)


@every_case
@given(people(NAMED, unclear=False))
def test_nothing_is_hidden_where_every_site_was_read(found):
    gene, calls = found
    answer = called(gene, calls)
    if not answer.missing and not answer.no_call:
        assert (answer.hidden, answer.could_change) == ((), ())


@every_case
@given(people(NAMED))
def test_an_allele_that_could_change_the_advice_is_hidden_and_would_change_it(found):
    gene, calls = found
    answer = called(gene, calls)
    if not answer.diplotypes or heterozygous(calls) > TURNS:
        return
    assert set(answer.could_change) <= set(answer.hidden)
    keys = {key_of(gene, diplotype.haplotypes) for diplotype in answer.diplotypes}
    possible = {reported(gene, pair) for pair in slow_call(gene, calls).possible}
    for name in answer.could_change:
        assert function_of(name, gene.rules) is not None
        assert any(name in pair and key_of(gene, pair) not in keys for pair in possible)


@every_case
@given(people(NAMED, unclear=False))
def test_phase_only_ever_excludes(found):
    """What phased data allow, the same data unphased allow too."""
    gene, calls = found
    flat = called(gene, [replace(call, phase="") for call in calls])
    phased = called(gene, calls)
    if flat.diplotypes and gene.definition.fallback is None:
        assert pairs((*phased.diplotypes, *phased.alternatives)) <= pairs(
            (*flat.diplotypes, *flat.alternatives)
        )


@every_case
@given(people([name for name in NAMED if genes()[name].definition.extra]))
def test_a_site_that_belongs_to_no_allele_changes_nothing(found):
    gene, calls = found
    name = gene.definition.gene
    extra = [SiteCall(name, site.name, (site.alts[0],) * 2) for site in gene.definition.extra]
    assert called(gene, [*calls, *extra]) == called(gene, calls)


@every_case
@given(people(NAMED, unclear=False))
def test_absent_sites_taken_as_reference_are_called_so_and_still_listed(found):
    gene, calls = found
    given_sites = {call.site for call in calls}
    copies = len(calls[0].alleles) if calls else 2
    filled = [
        *calls,
        *(
            SiteCall(gene.definition.gene, site.name, (site.ref,) * copies)
            for site in gene.definition.sites
            if site.name not in given_sites
        ),
    ]
    if heterozygous(calls) > TURNS:
        return
    asked = called(gene, calls, missing_as_reference=True)
    assert pairs(asked.diplotypes) == pairs(called(gene, filled).diplotypes)
    assert set(asked.missing) == set(gene.sites) - given_sites


@pytest.mark.parametrize("name", EVERY)
def test_a_gene_of_which_nothing_was_read_has_no_diplotype(name):
    answer = called(genes()[name], [])
    assert answer.diplotypes == ()
    assert set(answer.missing) == set(genes()[name].sites)

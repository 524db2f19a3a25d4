"""Search, and overlap of variants, against slow and obvious versions on drawn resources."""

from contextlib import closing
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_pgx.model.genomic_index import GenomicIndex, IndexedVariant, SimpleAllele, Span
from fhir_pgx.model.search import (
    Amount,
    AmountAsked,
    Chain,
    Criterion,
    Link,
    LinkAsked,
    Moment,
    MomentAsked,
    Pair,
    PairAsked,
    Query,
    Referring,
    SearchValues,
    Sort,
    Token,
    TokenAsked,
    Word,
    WordAsked,
)
from fhir_pgx.storage import NewResource, SqlStore, searching
from fhir_pgx.storage.places import LONGEST
from tests.storage.slow_search import Kept, slow_search
from tests.stores import KINDS, new_database

# Few of everything, so that what is drawn meets what is drawn. Synthetic throughout.
SYSTEMS = ("", "http://loinc.org", "http://a|b")
CODES = ("69548-6", "48018-6", "é", "%", "x" * 300, "x" * 299 + "y", "null\x00byte", "")
TYPES = ("Observation", "Patient", "Medication")
PATIENTS = ("", "p1", "p2")
IDS = ("a", "b", "c", "p1", "p2", "Z")
PARAMS = ("code", "date")
TEXTS = ("", "a", "ab", "abc", "b%_", "a\U0010ffff", "ab\ud7ff", "q" * 70, "q" * 70 + "r", "ÄB")
TIMES = st.integers(-3, 3).map(lambda n: n * 1000)
PREFIXES = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")

some = st.sampled_from
systems, codes, params = some(SYSTEMS), some(CODES), some(PARAMS)
spans = st.tuples(TIMES, st.integers(1, 3000)).map(lambda x: (x[0], x[0] + x[1]))
ranges = st.tuples(st.integers(-4, 4), st.integers(0, 3)).map(lambda x: (x[0] / 2, sum(x) / 2))


def few(strategy):
    return st.lists(strategy, max_size=2).map(tuple)


values = st.builds(
    SearchValues,
    few(st.builds(Token, params, systems, codes)),
    few(st.builds(Link, some(("subject", "code")), some(TYPES), some(IDS))),
    few(st.builds(lambda p, x: Moment(p, *x), params, spans)),
    few(st.builds(lambda p, x: Word(p, x.casefold(), x), params, some(TEXTS))),
    few(
        st.builds(lambda p, x, s, c: Amount(p, *x, s, c), params, ranges, systems, some(CODES[:2]))
    ),
    few(st.builds(Pair, params, systems, some(CODES[:3]), systems, some(CODES[:3]))),
)


def resource(type_, id_, patient, found_by):
    body = f'{{"resourceType":"{type_}","id":"{id_}"}}'.encode()
    return NewResource(type_, id_, body, patient, values=found_by)


stored = st.lists(
    st.builds(resource, some(TYPES), some(IDS), some(PATIENTS), values),
    max_size=8,
    unique_by=lambda each: each.reference,
)

asked_code = st.builds(
    TokenAsked, st.one_of(st.none(), systems), st.one_of(st.none(), codes)
)  # fmt: skip
asked = st.one_of(
    asked_code,
    st.builds(LinkAsked, some(("", *TYPES)), some(IDS)),
    st.builds(lambda p, x: MomentAsked(p, *x), some(PREFIXES), spans),
    some(TEXTS).map(lambda x: WordAsked(x.casefold(), x)),
    st.builds(
        lambda p, x, s, c: AmountAsked(p, *x, s, c),
        some(PREFIXES), ranges, st.one_of(st.none(), systems), st.one_of(st.none(), codes),
    ),
    st.builds(PairAsked, asked_code, asked_code),
)  # fmt: skip
KINDS_OF_VALUES = (Token, Link, Moment, Word, Amount, Pair)
criteria = st.one_of(
    st.builds(
        lambda param, wanted, modifier, also: Criterion(
            param, tuple(wanted), modifier, also=tuple(also)
        ),
        params,
        st.lists(asked, min_size=1, max_size=3),
        some(("", "", "not", "exact", "contains")),
        st.lists(params, max_size=1),
    ),
    st.builds(
        lambda param, missing, kinds, also: Criterion(
            param, (), "missing", missing, tuple(kinds), tuple(also)
        ),
        params, st.booleans(), st.lists(some(KINDS_OF_VALUES), min_size=1, max_size=3, unique=True),
        st.lists(params, max_size=1),
    ),
    st.builds(
        lambda ids, modifier: Criterion("_id", tuple(TokenAsked(None, x) for x in ids), modifier),
        st.lists(some(IDS), min_size=1, max_size=2), some(("", "not")),
    ),
    st.builds(lambda missing: Criterion("_lastUpdated", (), "missing", missing), st.booleans()),
)  # fmt: skip
chains = st.recursive(
    criteria,
    lambda inner: st.builds(
        Chain,
        some(("subject", "code")),
        st.lists(some(TYPES), min_size=1, max_size=2, unique=True).map(tuple),
        inner,
    ),
    max_leaves=2,
)
conditions = st.recursive(
    chains,
    lambda inner: st.builds(Referring, some(TYPES), some(("subject", "code")), inner),
    max_leaves=2,
)
sorts = st.lists(
    st.one_of(
        st.builds(Sort, some(("_id", "_lastUpdated")), st.none(), st.booleans()),
        st.builds(
            Sort,
            params,
            some(KINDS_OF_VALUES),
            st.booleans(),
            st.lists(params, max_size=1).map(tuple),
        ),
    ),
    max_size=2,
)
queries = st.builds(
    lambda type_, found, order, size, patient: Query(
        type_, tuple(found), tuple(order), size, (), patient
    ),
    some(TYPES),
    st.lists(conditions, max_size=3),
    sorts,
    st.integers(1, 4),
    some(("", "", "p1")),
)

_tenants = (f"t{number}" for number in count())


@pytest.fixture(scope="module", params=KINDS)
def store(request, tmp_path_factory):
    """One store for all examples: each has a tenant of its own."""
    url = new_database(request.param, tmp_path_factory.mktemp("chance"))
    with closing(SqlStore(url)) as opened:
        yield opened


def pages(reads, query, most=50):
    """Every resource that a query finds, page after page, and the total each page told."""
    found, totals = [], set()
    for _ in range(most):
        page = reads.search(query)
        found += [each.reference for each in page.resources]
        totals.add(page.total)
        assert len(page.resources) <= query.count
        if not page.next:
            return found, totals
        query = Query(query.type, query.criteria, query.sort, query.count, page.next, query.patient)
    raise AssertionError("the pages do not end")


@pytest.mark.parametrize("few", [searching.FEW, 1], ids=["by an index", "walking"])
@settings(max_examples=100, deadline=None)
@given(resources=stored, gone=st.sets(some(IDS), max_size=1), query=queries)
def test_a_search_finds_what_looking_at_every_resource_finds(store, few, resources, gone, query):
    tenant = next(_tenants)
    with store.transaction(tenant=tenant) as unit:
        kept = [Kept(each, micro(unit.put(each).last_updated)) for each in resources]
        for each in resources:
            if each.id in gone:
                unit.delete(each.type, each.id)
    kept = [each for each in kept if each.new.id not in gone]
    wanted = slow_search(kept, query)
    searching.FEW, before = few, searching.FEW
    try:
        found, totals = pages(store.reads(tenant=tenant), query)
    finally:
        searching.FEW = before
    assert found == wanted
    assert totals == {len(wanted)}


def micro(stamp):
    from datetime import datetime, timedelta

    since = datetime.fromisoformat(stamp) - datetime.fromisoformat("1970-01-01T00:00:00Z")
    return since // timedelta(microseconds=1)


# Places

lengths = st.one_of(
    st.integers(0, 3), some([each + off for each in LONGEST[:7] for off in (-1, 0, 1)])
)
places = st.builds(
    lambda start, length: (start, start + length),
    st.one_of(st.integers(0, 8), st.integers(0, 200_000)),
    lengths,
)
variants = st.lists(
    st.tuples(places, some(("1", "X")), st.booleans(), some(("p1", "p2"))), max_size=8
)


@settings(max_examples=100, deadline=None)
@given(found=variants, asked=st.lists(st.tuples(places, some(("1", "X"))), min_size=1, max_size=3),
       patient=some(("", "p1")), structural=some((None, True, False)))  # fmt: skip
def test_the_variants_over_a_place_are_those_that_share_a_base_with_it(
    store, found, asked, patient, structural
):
    tenant = next(_tenants)
    resources = [
        NewResource("Observation", f"o{n}", b"{}", whose, genomic=GenomicIndex((
            IndexedVariant(("G",), "GRCh38", chromosome, start, end, "A", "T",
                           is_structural=is_structural),)))
        for n, ((start, end), chromosome, is_structural, whose) in enumerate(found)
    ]  # fmt: skip
    store.save_bundle(resources, tenant=tenant)

    def shares(start, end, low, high):
        if start == end or low == high:  # between two bases: touching is enough
            return not (end < low or high < start)
        return bool(range(max(start, low), min(end, high)))

    wanted = sorted(
        (whose, chromosome, start, end, f"o{n}")
        for n, ((start, end), chromosome, is_structural, whose) in enumerate(found)
        if patient in ("", whose)
        and structural in (None, is_structural)
        and any(shares(start, end, *span) for span, where in asked if where == chromosome)
    )
    rows = store.reads(tenant=tenant).variants_over(
        [Span("GRCh38", where, *span) for span, where in asked],
        patient=patient,
        structural=structural,
    )
    told = [
        (row.patient, row.variant.chromosome, row.variant.start, row.variant.end, row.id)
        for row in rows
    ]
    assert told == wanted


@settings(max_examples=100, deadline=None)
@given(alleles=st.lists(st.tuples(st.integers(0, 2), some(("", "A", "AC" * 40)), some(("", "T")),
                                  st.booleans()), max_size=6),
       asked=st.tuples(st.integers(0, 2), some(("", "A", "AC" * 40)), some(("", "T"))))  # fmt: skip
def test_a_variant_is_found_by_its_allele_exactly(store, alleles, asked):
    tenant = next(_tenants)
    store.save_bundle(
        [
            NewResource("Observation", f"o{n}", b"{}", "p1", genomic=GenomicIndex((
                IndexedVariant((), "GRCh38", "1", start, start + len(ref), ref, alt,
                               is_structural=is_structural),)))
            for n, (start, ref, alt, is_structural) in enumerate(alleles)
        ],
        tenant=tenant,
    )  # fmt: skip
    reads = store.reads(tenant=tenant)
    rows = reads.variants_like([SimpleAllele("GRCh38", "1", *asked)])
    wanted = [
        f"o{n}" for n, (*what, is_sv) in enumerate(alleles) if tuple(what) == asked and not is_sv
    ]
    assert [row.id for row in rows] == wanted
    assert reads.variants_like([SimpleAllele("GRCh37", "1", *asked)]) == []

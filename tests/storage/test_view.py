"""A view: whatever is asked through it is answered as by a store that holds nothing else.

Two tenants are filled: one with everything, one only with what the view should show, found out by
the slow and obvious `is_seen`. Every question must have the same answer of both.
"""

import random
from contextlib import closing
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_pgx.model.access import ANY_TYPE
from fhir_pgx.model.finding import SourceClass
from fhir_pgx.model.genomic_index import SimpleAllele, Span
from fhir_pgx.model.search import Criterion, Link, LinkAsked, Query, TokenAsked
from fhir_pgx.model.view import EVERYTHING, View, Window
from fhir_pgx.storage import NewResource, SqlStore, searching
from fhir_pgx.storage.viewed import COMMON, REFERRED
from tests.storage import test_search_by_chance as drawn
from tests.storage.test_alike import GENES, made
from tests.stores import KINDS, new_database

some = st.sampled_from
TYPES = ("Observation", "Medication", "Practitioner", "Group")
IDS = drawn.IDS

tokens = st.tuples(drawn.params, drawn.asked_code)
windows = st.builds(
    Window,
    some((None, "p1", "p1", "p2")),
    st.one_of(st.just(()), st.lists(tokens, min_size=1, max_size=1).map(tuple)),
)
views = st.builds(
    View,
    st.one_of(
        st.none(),
        st.dictionaries(
            some((*TYPES, ANY_TYPE)), st.lists(windows, min_size=1, max_size=2).map(tuple),
            min_size=1, max_size=4,
        ),
    ),
    st.frozensets(st.tuples(some(TYPES), some(IDS)), max_size=3),
    st.booleans(),
)  # fmt: skip
resources = st.lists(
    st.builds(
        lambda new, referred: replace(new, referred_by=tuple(referred) if not new.patient else ()),
        st.builds(drawn.resource, some(TYPES), some(IDS), some(drawn.PATIENTS), drawn.values),
        st.sets(some(("p1", "p2")), max_size=1),
    ),
    max_size=10,
    unique_by=lambda each: each.reference,
)


def is_seen(new, view):
    if (new.type, new.id) in view.hidden:
        return False
    if view.is_owned and not new.patient and new.type not in (*COMMON, *REFERRED):
        return False
    if view.types is None:
        return True
    through = (*view.types.get(new.type, ()), *view.types.get(ANY_TYPE, ()))
    return any(_shows(window, new) for window in through)


def _shows(window, new):
    is_whose = window.patient in (None, new.patient) or (
        not new.patient
        and (new.type in COMMON or (new.type in REFERRED and window.patient in new.referred_by))
    )
    return is_whose and all(
        any(
            each.param == param
            and asked.code in (None, each.code)
            and asked.system in (None, each.system)
            for each in new.values.tokens
        )
        for param, asked in window.where
    )


@pytest.fixture(scope="module", params=KINDS)
def store(request, tmp_path_factory):
    url = new_database(request.param, tmp_path_factory.mktemp("view"))
    with closing(SqlStore(url)) as opened:
        yield opened


def filled(store, resources, gone=()):
    """A tenant with these resources, each written twice, and some deleted again."""
    tenant = f"v{next(drawn._tenants)}"
    for each in resources:
        with store.transaction(tenant=tenant) as unit:
            unit.put(replace(each, body=b'{"first":1}'))
            unit.put(each)
            if each.id in gone:
                unit.delete(each.type, each.id)
    return tenant


def told(stored):
    return stored and (
        stored.reference, stored.version, stored.patient, stored.body, stored.is_deleted,
    )  # fmt: skip


def asked_of(reads, query):
    """What every question by id, time and search is answered."""
    names = [(type_, id_) for type_ in TYPES for id_ in IDS]
    answers = {
        "read": [told(reads.read(*name)) for name in names],
        "version": [told(reads.read_version(*name, 1)) for name in names],
        "many": [told(each) for each in reads.read_many(names)],
        "history": sorted(told(each) for each in reads.history(count=500).resources),
        "one": [sorted(map(told, reads.history(*name, count=9).resources)) for name in names],
        "record": [told(each) for p in ("p1", "p2") for each in reads.record(p)],
        "every": sorted(told(each) for p in ("p1", "p2") for each in reads.every_version(p)),
        "referring": [told(each) for name in names for each in reads.referring(*name)],
        "any": [
            told(each)
            for type_ in TYPES
            for each in reads.referring_any(type_, IDS, ("subject", "code"))
        ],
    }
    answers["search"] = drawn.pages(reads, query)
    return answers


def is_granular(view):
    return any(window.where for each in (view.types or {}).values() for window in each)


def is_by_time(query):
    return any(sort.param == "_lastUpdated" for sort in query.sort)


@pytest.mark.parametrize("few", [searching.FEW, 1], ids=["by an index", "walking"])
@settings(max_examples=25, deadline=None)
@given(
    resources=resources,
    gone=st.sets(some(IDS), max_size=1),
    view=views,
    query=drawn.queries.filter(lambda each: not is_by_time(each)),
)
def test_a_view_answers_as_a_store_without_the_rest(store, few, resources, gone, view, query):
    if is_granular(view):
        gone = ()  # a deleted resource is found by nothing: it is not seen
    everything = filled(store, resources, gone)
    rest = filled(store, [each for each in resources if is_seen(each, view)], gone)
    searching.FEW, before = few, searching.FEW
    try:
        seen = asked_of(store.reads(tenant=everything, view=view), query)
        wanted = asked_of(store.reads(tenant=rest), query)
        with store.transaction(tenant=everything) as unit:
            in_transaction = asked_of(unit.seen(view), query)
    finally:
        searching.FEW = before
    if is_granular(view):  # nor is what an earlier version was found by kept
        for name in ("version", "history", "one", "every"):
            del seen[name], wanted[name], in_transaction[name]
    assert seen == wanted
    assert in_transaction == wanted


@pytest.mark.parametrize("seed", range(40))
def test_a_view_of_genomic_results_is_that_of_a_store_without_the_rest(store, seed):
    chance = random.Random(seed)
    results = [
        replace(made(chance, number), id=f"o{number}") for number in range(chance.randrange(12))
    ]
    view = chance.choice(
        (
            View(
                hidden=frozenset((each.type, each.id) for each in results if chance.random() < 0.4)
            ),
            View({"Observation": (Window("p1"),)}),
            View({"Observation": (Window("p1"), Window("p2"))}),
            View({ANY_TYPE: (Window("p2"),)}, frozenset({("Observation", "o1")})),
            View({"Condition": (Window(),)}),
            View({"Observation": (Window(None, (("code", TokenAsked("s", "x")),)),)}),
            View({}),
            View(is_owned=True),
        )
    )
    rest = filled(store, [each for each in results if is_seen(each, view)])
    everything = filled(store, results)
    assert _genomic(store.reads(tenant=everything, view=view)) == _genomic(store.reads(tenant=rest))


def _genomic(reads):
    spans = [Span("GRCh38", "1", 0, 9)]
    alleles = [SimpleAllele("GRCh38", "1", n, "A", "C") for n in range(3)]
    classes = (None, *SourceClass)
    return [
        [
            reads.variants_over(spans, patient=p, structural=s)
            for p in ("", "p1")
            for s in (None, 1)
        ],
        [reads.variants_like(alleles, patient=p) for p in ("", "p1")],
        [reads.variants_of_genes(GENES, patient=p) for p in ("", "p2")],
        [reads.genotypes_of(genes) for genes in ((), GENES[:1])],
        [reads.phenotypes_of(genes) for genes in ((), GENES[:1])],
        reads.genomic_patients(),
        reads.count_genomic_patients(),
        [reads.genotypes_alike(GENES, source_class=each) for each in classes],
        reads.genotypes_alike((), value=TokenAsked("a", "v")),
        [reads.phenotypes_alike(GENES, source_class=each) for each in classes],
        [
            reads.variants_alike(GENES, by_said=said, beside=beside)
            for said in (True, False)
            for beside in (True, False)
        ],
        sorted(reads.variants_alike_over(spans), key=repr),
        sorted(reads.variants_alike_to(alleles), key=repr),
        [(each.said, each.patients) for each in reads.alike_by_code("Observation", ("x", "y"))],
        reads.alike_beside(GENES[:2], GENES[1:]),
        [(each.said, each.patients) for each in reads.alike_of_type("Observation")],
        sorted(reads.tied(GENES, GENES)),
        sorted(reads.without_gene(("x", "y"))),
    ]


def test_the_state_of_a_patient_is_that_of_what_is_seen(store):
    """What is hidden may change: nothing that is seen does."""
    seen = NewResource("Observation", "o1", b"1", "p1")
    hidden = NewResource("Observation", "o2", b"1", "p1")
    store.save_bundle([seen, hidden])
    reads = store.reads(view=View(hidden=frozenset({("Observation", "o2")})))

    def state():
        return reads.states(["p1"], ["Observation"])

    before = state()
    store.save_bundle([replace(hidden, body=b"2")])
    assert state() == before != store.reads().states(["p1"], ["Observation"])
    store.save_bundle([replace(seen, body=b"2")])
    assert state() != before


def test_a_view_of_everything_costs_nothing(store):
    reads = store.reads(view=EVERYTHING)
    assert reads._rows == store._database.rows


def test_a_search_through_a_view_of_one_patient_looks_nowhere_else(store):
    seen = []
    reads = store.reads(view=View({"Observation": (Window("p1"),)}))
    rows = reads._rows
    reads._rows = lambda text, values: (seen.append((text, tuple(values))), rows(text, values))[1]
    criterion = Criterion("subject", (LinkAsked("Patient", "p1"),), kinds=(Link,))
    reads.search(Query("Observation", (criterion,)))
    assert seen
    assert all("p1" in values for _, values in seen)

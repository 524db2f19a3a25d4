"""One writing transaction: versions, deletions, conditional writes, and what it reads meanwhile."""

import threading
from dataclasses import replace
from datetime import datetime

import pytest

from fhir_pgx.errors import MixedPatients, StoreFailure
from fhir_pgx.model.finding import Presence, SourceClass
from fhir_pgx.model.genomic_index import (
    GenomicIndex,
    IndexedGenotype,
    IndexedPhenotype,
    IndexedVariant,
    Span,
    StoredGenotype,
    StoredPhenotype,
    StoredVariant,
)
from fhir_pgx.model.search import (
    Criterion,
    Link,
    Query,
    SearchValues,
    Token,
    TokenAsked,
)
from fhir_pgx.storage import NewResource, keys, writing

# Synthetic patients and results throughout.
VALUES = SearchValues(
    (Token("code", "http://loinc.org", "69548-6"),), (Link("subject", "Patient", "p1"),)
)
LOSS = IndexedVariant(
    ("CYP2C19", "CYP2C9"), "GRCh38", "10", 94_700_000, 94_900_000, None, None, Presence.PRESENT,
    SourceClass.GERMLINE, "LA6706-1", True, "SO:0001743", (94_750_000, 94_800_000),
    (94_700_000, 94_900_000),
)  # fmt: skip
UNPLACED = IndexedVariant(("CYP2C19",), "GRCh38", "10", None, None, None, None, Presence.ABSENT)
DIPLOTYPE = IndexedGenotype("CYP2C19", "diplotype", "*1/*2", ("*1", "*2"), SourceClass.GERMLINE)
PHENOTYPE = IndexedPhenotype("CYP2C19", "Intermediate Metabolizer", False)
GENOMIC = GenomicIndex((LOSS, UNPLACED), (DIPLOTYPE,), (PHENOTYPE,))
RESULT = NewResource(
    "Observation", "o1", b'{"x":7.50}', "p1", "urn:uuid:1", values=VALUES, genomic=GENOMIC
)
CODE = Query("Observation", (Criterion("code", (TokenAsked(None, "69548-6"),)),))


def put(store, *resources):
    with store.transaction() as unit:
        return [unit.put(each) for each in resources]


def delete(store, id_="o1"):
    with store.transaction() as unit:
        return unit.delete("Observation", id_)


def told(resource):
    return resource.version, resource.is_deleted, resource.body


def test_a_unit_reads_what_it_has_written_and_no_one_else_does(store):
    with store.transaction() as unit:
        unit.put(RESULT)
        assert unit.read("Observation", "o1").body == RESULT.body
        assert unit.search(CODE).total == 1
        assert len(unit.variants_of_genes(["CYP2C9"])) == 1
        assert store.reads().read("Observation", "o1") is None
    assert store.reads().read("Observation", "o1").body == RESULT.body


def test_a_unit_that_an_error_leaves_has_done_nothing(store):
    with pytest.raises(MixedPatients), store.transaction() as unit:
        unit.put_many([RESULT, replace(RESULT, patient="p2")])
    reads = store.reads()
    assert reads.read("Observation", "o1") is None
    assert reads.search(CODE).total == 0
    assert reads.variants_of_genes(["CYP2C19"]) == []


def test_a_deleted_resource_is_a_version_without_a_body_and_is_found_by_nothing(store):
    put(store, RESULT)
    gone = delete(store)
    assert told(gone) == (2, True, b"")
    reads = store.reads()
    assert reads.read("Observation", "o1") == gone == reads.read_version("Observation", "o1", 2)
    assert told(reads.read_version("Observation", "o1", 1)) == (1, False, RESULT.body)
    assert reads.read_many([("Observation", "o1")]) == []
    assert reads.search(CODE).total == 0
    assert reads.referring("Patient", "p1") == []
    assert reads.genomic_patients() == []
    assert reads.variants_over([Span("GRCh38", "10", 94_700_000, 94_700_001)]) == []
    assert (reads.genotypes_of([]), reads.phenotypes_of([])) == ([], [])
    assert store.resources_of("p1") == []


def test_a_resource_that_comes_back_keeps_its_count_of_versions(store):
    put(store, RESULT)
    delete(store)
    (back,) = put(store, RESULT)
    assert told(back) == (3, False, RESULT.body)
    assert [each.version for each in store.versions_of("Observation", "o1")] == [3, 2, 1]
    assert store.reads().search(CODE).total == 1


def test_deleting_again_makes_no_version_and_deleting_nothing_is_none(store):
    put(store, RESULT)
    first = delete(store)
    assert delete(store) == first
    assert delete(store, "never") is None
    assert store.reads().read("Observation", "never") is None


def test_the_same_bytes_make_no_version_and_others_do(store):
    (first,), (same,) = put(store, RESULT), put(store, RESULT)
    assert same == first
    (second,) = put(store, replace(RESULT, body=b"{}", full_url=""))
    assert told(second) == (2, False, b"{}")
    assert second.last_updated >= first.last_updated


def test_a_new_version_is_found_by_its_own_values_alone(store):
    put(store, RESULT)
    put(store, NewResource("Observation", "o1", b"{}", "p1"))
    reads = store.reads()
    assert reads.search(CODE).total == 0
    assert reads.variants_of_genes(["CYP2C19"]) == []
    assert reads.search(Query("Observation")).total == 1


def test_many_at_once_are_as_one_after_the_other_even_the_same_twice(store):
    again = replace(RESULT, body=b"{}")
    others = [NewResource("Observation", f"n{n}", b"{}", f"p{n % 3}") for n in range(1203)]
    with store.transaction() as unit:
        kept = unit.put_many([RESULT, again, again, *others])
    assert [each.version for each in kept[:3]] == [1, 2, 2]
    assert [each.id for each in kept[3:]] == [each.id for each in others]
    assert store.reads().search(Query("Observation", count=0)).total == 1204
    assert [told(each) for each in store.versions_of("Observation", "o1")] == [
        (2, False, b"{}"), (1, False, RESULT.body),
    ]  # fmt: skip


def test_an_id_stays_with_its_patient_also_when_it_was_deleted(store):
    put(store, RESULT)
    delete(store)
    with pytest.raises(MixedPatients):
        put(store, replace(RESULT, patient="p2"))
    assert store.reads().read("Observation", "o1").is_deleted


def test_two_resources_whose_keys_are_the_same_are_kept_apart(store, monkeypatch):
    monkeypatch.setattr(writing, "key_of", lambda type_, id_, attempt=0: attempt)
    put(store, RESULT, NewResource("Observation", "o2", b"2", "p1"))
    with store.transaction() as unit:
        unit.put_many([NewResource("Observation", f"o{n}", b"%d" % n, "p1") for n in (3, 4)])
    found = {each.id: each.body for each in store.resources_of("p1")}
    assert found == {"o1": RESULT.body, "o2": b"2", "o3": b"3", "o4": b"4"}


def test_a_key_is_the_same_on_every_machine():
    assert keys.key_of("Patient", "p1") == 1447451914433471115
    assert keys.key_of("Patient", "p1", 1) != keys.key_of("Patient", "p1")


def test_what_is_reindexed_keeps_its_bytes_and_version(store):
    put(store, replace(RESULT, values=SearchValues(), genomic=GenomicIndex()))
    with store.transaction() as unit:
        unit.reindex(RESULT)
    reads = store.reads()
    assert [told(each) for each in reads.search(CODE).resources] == [(1, False, RESULT.body)]
    assert len(reads.variants_of_genes(["CYP2C19"])) == 2
    with store.transaction() as unit:  # read before someone changed it
        unit.reindex(replace(RESULT, body=b"older", values=SearchValues()))
    assert store.reads().search(CODE).total == 1


def test_reindexing_what_is_not_there_does_nothing(store):
    with store.transaction() as unit:
        unit.reindex(RESULT)
    assert store.reads().search(CODE).total == 0


# Reading


def test_many_are_read_in_the_order_asked_without_those_that_are_not_there(store):
    put(store, RESULT, NewResource("Patient", "p1", b"{}", "p1"))
    asked = [("Patient", "p1"), ("Patient", "p9"), ("Observation", "o1"), ("Patient", "p1")]
    found = store.reads().read_many(asked)
    assert [each.reference for each in found] == ["Patient/p1", "Observation/o1"]


def test_what_refers_to_a_resource_is_found_by_any_parameter_or_by_some(store):
    link = SearchValues((), (Link("subject", "Patient", "p1"), Link("patient", "Patient", "p1")))
    other = SearchValues((), (Link("target", "Patient", "p1"), Link("target", "Device", "p1")))
    put(store, NewResource("Observation", "o1", b"{}", "p1", values=link),
        NewResource("Provenance", "v1", b"{}", "", values=other))  # fmt: skip
    reads = store.reads()

    def found(*params):
        return [each.reference for each in reads.referring("Patient", "p1", params)]

    assert found() == ["Observation/o1", "Provenance/v1"]
    assert found("target") == ["Provenance/v1"]
    assert found("focus") == []


def test_the_history_is_every_version_newest_first_page_by_page(store):
    put(store, RESULT)
    put(store, NewResource("Patient", "p1", b"{}", "p1"))
    put(store, replace(RESULT, body=b"{}"))
    delete(store)
    put(store, NewResource("Observation", "o2", b"{}", "p1"))
    reads = store.reads()

    def history(*args, count=2):
        found, after = [], ()
        while True:
            page = reads.history(*args, count=count, after=after)
            found += [(each.reference, each.version, each.is_deleted) for each in page.resources]
            after = page.next
            if not after:
                return found

    of_o1 = [
        ("Observation/o1", 3, True),
        ("Observation/o1", 2, False),
        ("Observation/o1", 1, False),
    ]
    everything = history(count=1)
    assert sorted(everything) == sorted(
        [*of_o1, ("Patient/p1", 1, False), ("Observation/o2", 1, False)]
    )
    assert history() == history(count=50) == everything
    assert history("Observation", "o1") == of_o1
    assert [each for each in everything if each[0] == "Observation/o1"] == of_o1
    assert history("Patient") == [("Patient/p1", 1, False)]
    assert history("Task") == []


def test_the_history_since_a_moment_begins_with_it(store):
    (first,) = put(store, RESULT)
    reads = store.reads()
    assert len(reads.history(count=5, since=first.last_updated).resources) == 1
    later = datetime.fromisoformat(first.last_updated).replace(year=2999).isoformat()
    assert reads.history(count=5, since=later).resources == ()


# The index of genomic results


def test_every_value_of_the_index_comes_back_as_it_went_in(store):
    put(store, RESULT)
    reads = store.reads()
    assert reads.variants_of_genes(["CYP2C9"]) == [StoredVariant("p1", "Observation", "o1", LOSS)]
    assert [each.variant for each in reads.variants_of_genes(["CYP2C19", "CYP2C9"])] == [
        LOSS, UNPLACED,
    ]  # fmt: skip
    assert reads.genotypes_of(["CYP2C19"]) == [StoredGenotype("p1", "Observation", "o1", DIPLOTYPE)]
    assert reads.phenotypes_of(["CYP2C19"]) == [
        StoredPhenotype("p1", "Observation", "o1", PHENOTYPE)
    ]
    assert reads.genotypes_of([]) == reads.genotypes_of(["CYP2C19"])
    assert reads.genotypes_of(["CYP2D6"]) == []
    assert reads.variants_of_genes([]) == []
    assert reads.genomic_patients() == ["p1"]


def test_one_patients_results_are_never_anothers(store):
    other = replace(RESULT, id="o2", patient="p2")
    put(store, RESULT, other)
    reads = store.reads()
    span = [Span("GRCh38", "10", 94_800_000, 94_800_001)]
    for found in (
        reads.variants_over(span, patient="p2"),
        reads.variants_of_genes(["CYP2C9"], patient="p2"),
        reads.genotypes_of(["CYP2C19"], patient="p2"),
        reads.phenotypes_of(["CYP2C19"], patient="p2"),
    ):
        assert [(each.patient, each.id) for each in found] == [("p2", "o2")]
    assert [each.patient for each in reads.variants_over(span)] == ["p1", "p2"]
    assert reads.variants_over(span, patient="p3") == []


@pytest.mark.parametrize(
    ("span", "found"),
    [
        (Span("GRCh38", "10", 94_700_000, 94_700_001), 1),  # its first base
        (Span("GRCh38", "10", 94_899_999, 95_000_000), 1),  # its last
        (Span("GRCh38", "10", 94_900_000, 95_000_000), 0),
        (Span("GRCh37", "10", 94_800_000, 94_800_001), 0),  # another assembly is another place
        (Span("GRCh38", "1", 94_800_000, 94_800_001), 0),
    ],
)
def test_a_structural_variant_is_over_every_base_it_may_cover(store, span, found):
    put(store, RESULT)
    reads = store.reads()
    assert len(reads.variants_over([span])) == found
    assert len(reads.variants_over([span, span], structural=True)) == found
    assert reads.variants_over([span], structural=False) == []


# Texts that databases differ in


@pytest.mark.parametrize("text", ["nul\x00", "half a pair \ud800", "x" * 100_000, "ÄÖ%_'\"?"])
def test_any_text_can_be_kept_and_found(store, text):
    values = SearchValues((Token("code", "s", text),))
    put(store, NewResource("Observation", "o1", b"{}", "p1", values=values))
    query = Query("Observation", (Criterion("code", (TokenAsked("s", text),)),))
    assert store.reads().search(query).total == 1
    other = Query("Observation", (Criterion("code", (TokenAsked("s", text + "!"),)),))
    assert store.reads().search(other).total == 0


# Several at once


def test_of_those_who_create_the_same_by_condition_one_does(store):
    start = threading.Barrier(4)
    made = []

    def create(number):
        start.wait()
        with store.transaction() as unit:
            unit.hold("Observation?code=69548-6")
            if unit.search(CODE).total == 0:
                made.append(unit.put(replace(RESULT, id=f"c{number}")))

    run(create, 4)
    assert len(made) == 1
    assert store.reads().search(CODE).total == 1


def test_of_writers_of_one_resource_none_is_lost(store):
    start = threading.Barrier(4)

    def write(number):
        start.wait()
        for turn in range(5):
            put(store, replace(RESULT, body=b"%d %d" % (number, turn)))

    run(write, 4)
    versions = store.versions_of("Observation", "o1")
    assert [each.version for each in versions] == list(range(20, 0, -1))
    assert len({each.body for each in versions}) == 20


@pytest.mark.parametrize("turn", range(5))  # writers must meet in the middle: not every time
def test_bundles_that_overlap_are_all_saved(store, turn):
    start = threading.Barrier(6)
    resources = [NewResource("Observation", f"b{n}", b"{}", "p1") for n in range(60)]

    def save(number):
        start.wait()
        some = resources if number % 2 else resources[::-1]
        store.save_bundle([replace(each, body=b"%d" % number) for each in some])

    run(save, 6)
    assert [each.version for each in store.resources_of("p1")] == [6] * 60


def run(work, number):
    failed = []

    def guarded(which):
        try:
            work(which)
        except StoreFailure as error:
            failed.append(error)

    threads = [threading.Thread(target=guarded, args=(n,)) for n in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []

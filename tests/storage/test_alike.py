"""What many patients have alike: held against the rows of each, gathered one by one."""

import random
import threading
from dataclasses import replace
from itertools import groupby

import pytest

from fhir_pgx.errors import MixedPatients
from fhir_pgx.model.finding import SourceClass
from fhir_pgx.model.genomic_index import (
    GenomicIndex,
    IndexedGenotype,
    IndexedPhenotype,
    IndexedVariant,
    SimpleAllele,
    Span,
)
from fhir_pgx.model.search import Link, SearchValues, Token, TokenAsked
from fhir_pgx.storage import NewResource
from fhir_pgx.storage.alike import beside

# Synthetic patients and results throughout.
GENES = ("CYP2C19", "CYP2C9", "BRAF")
PATIENTS = ("", "p1", "p2", "p3")
CLASSES = (None, *SourceClass)


def made(chance, number):
    """A result of somebody, of one of few kinds, so that many are alike."""
    genes = tuple(chance.sample(GENES, chance.choice((1, 1, 2))))
    source = chance.choice(list(SourceClass))
    start = chance.randrange(3)
    variants = tuple(
        IndexedVariant(
            genes, "GRCh38", "1", start, start + 1, "A", chance.choice("CG"), source_class=source,
            is_structural=chance.random() < 0.3, inner=chance.choice((None, (0, 1))),
        )
        for _ in range(chance.choice((0, 1, 2)))
    )  # fmt: skip
    genotypes = tuple(
        IndexedGenotype(gene, "diplotype", chance.choice(("*1/*1", "*1/*2")), ("*1",), source)
        for gene in genes[: chance.choice((0, 1, 2))]
    )
    phenotypes = tuple(
        IndexedPhenotype(gene, chance.choice(("Poor", "Normal")), chance.random() < 0.7)
        for gene in genes[: chance.choice((0, 1))]
    )
    tokens = (
        Token("code", "s", chance.choice("xy")),
        Token("value-concept", chance.choice(("a", "b")), "v"),
    )
    return NewResource(
        chance.choice(("Observation", "Condition")),
        f"o{number}",
        b"%d" % number,
        chance.choice(PATIENTS),
        values=SearchValues(tokens),
        genomic=GenomicIndex(variants, genotypes, phenotypes),
        said=chance.choice(("", "one", "two")),
    )


@pytest.fixture
def kept(store):
    """A store in which resources were written, replaced, indexed anew and deleted; what is left."""
    chance = random.Random(7)
    kept = {}
    with store.transaction() as unit:
        unit.put_many([made(chance, number) for number in range(5)])
    with store.transaction(tenant="other") as unit:
        unit.put_many([replace(made(chance, 99), patient="elsewhere")])
    for number in range(120):
        new = made(chance, number)
        if number < 5:
            with store.transaction() as unit:
                for type_ in ("Observation", "Condition"):
                    unit.delete(type_, new.id)
        with store.transaction() as unit:
            try:
                unit.put_many([new])
            except MixedPatients:
                continue
            kept[new.reference] = new
            if chance.random() < 0.2:
                again = replace(made(chance, number), type=new.type, body=new.body)
                again = replace(again, patient=new.patient)
                unit.reindex(again)
                kept[new.reference] = again
            if chance.random() < 0.1:
                unit.delete(new.type, new.id)
                del kept[new.reference]
    return list(kept.values())


def gathered(pairs):
    """Each different value and who has it; of nobody's nothing."""
    found = {}
    for value, patient in pairs:
        if patient:
            found.setdefault(value, set()).add(patient)
    return {value: tuple(sorted(patients)) for value, patients in found.items()}


@pytest.mark.parametrize("genes", [GENES, GENES[:1], GENES[1:]])
@pytest.mark.parametrize("source_class", CLASSES)
def test_what_is_alike_is_what_the_resources_say_one_by_one(store, kept, genes, source_class):
    reads, classes = store.reads(), (source_class,) if source_class else CLASSES
    genotypes = [
        (genotype, new)
        for new in kept
        for genotype in new.genomic.genotypes
        if genotype.gene in genes and genotype.source_class in classes
    ]
    found = reads.genotypes_alike(genes, source_class=source_class)
    assert len(found) == len(dict(found))
    assert dict(found) == gathered((genotype, new.patient) for genotype, new in genotypes)
    coded = reads.genotypes_alike(genes, source_class=source_class, value=TokenAsked("a", "v"))
    assert dict(coded) == gathered(
        (genotype, new.patient)
        for genotype, new in genotypes
        if Token("value-concept", "a", "v") in new.values.tokens
    )
    assert dict(reads.phenotypes_alike(genes, source_class=source_class)) == gathered(
        (phenotype, new.patient)
        for new in kept
        for phenotype in new.genomic.phenotypes
        if phenotype.is_stated and phenotype.gene in genes
        if not source_class or source_class in {x.source_class for x in new.genomic.genotypes}
    )
    for by_said in (False, True):
        variants = reads.variants_alike(genes, source_class=source_class, by_said=by_said)
        told = {(each.variant, each.said): each.patients for each in variants}
        assert len(told) == len(variants)
        assert told == gathered(
            ((variant, new.said if by_said else ""), new.patient)
            for new in kept
            for variant in new.genomic.variants
            if variant.source_class in classes and set(genes) & set(variant.genes)
        )


def test_variants_by_place_and_by_bases_are_those_of_each_patient(store, kept):
    reads = store.reads()
    for start in range(4):
        alleles = [SimpleAllele("GRCh38", "1", start, "A", alt) for alt in "CG"]
        assert {each.variant: each.patients for each in reads.variants_alike_to(alleles)} == (
            gathered((row.variant, row.patient) for row in reads.variants_like(alleles))
        )
        spans = [Span("GRCh38", "1", start, start + 2), Span("GRCh38", "1", 0, 1)]
        for structural in (None, True, False):
            found = reads.variants_alike_over(spans, structural=structural)
            rows = reads.variants_over(spans, structural=structural)
            assert rows or structural is not None
            assert {each.variant: each.patients for each in found} == gathered(
                (row.variant, row.patient) for row in rows
            )


def test_resources_that_say_the_same_are_one_and_what_is_not_known_stands_alone(store, kept):
    reads = store.reads()

    def said(resources):
        ordered = sorted((new.said, new.said or new.id, new.id, new.patient) for new in resources)
        return {
            (key[0], tuple(sorted({patient for *_, patient in members})))
            for key, some in groupby(ordered, lambda each: each[1])
            for members in (list(some),)
            for key in ((members[0][0],),)
        }

    for codes in (["x"], ["x", "y"], ["none"]):
        found = reads.alike_by_code("Observation", codes)
        meant = [
            new
            for new in kept
            if new.type == "Observation" and new.patient and new.values.tokens[0].code in codes
        ]
        assert sorted((each.said, each.patients) for each in found if each.said) == sorted(
            each for each in said(meant) if each[0]
        )
        assert sorted(each.id for each in found if not each.said) == sorted(
            new.id for new in meant if not new.said
        )
        assert {each.id for each in found} <= {new.id for new in meant}
    meant = [new for new in kept if new.type == "Condition" and new.patient]
    assert {(e.said, e.patients) for e in reads.alike_of_type("Condition") if e.said} == {
        each for each in said(meant) if each[0]
    }


def test_what_stands_beside_a_gene_leaves_out_what_its_rows_tell(store, kept):
    reads = store.reads()

    def having(genes, typed):
        return {
            new.patient
            for new in kept
            if any(not set(genes).isdisjoint(each.genes) for each in new.genomic.variants)
            or any(each.gene in typed for each in new.genomic.genotypes)
        } - {""}

    def is_told(new):
        genomic = new.genomic
        is_own = all(each.source_class is SourceClass.GERMLINE for each in genomic.variants)
        return new.type == "Observation" and bool(genomic.genotypes or genomic.variants) and is_own

    for genes, typed in ((["BRAF"], []), (["none"], ["CYP2C9"]), (["BRAF"], ["CYP2C19"])):
        meant = [n for n in kept if n.patient in having(genes, typed) and not is_told(n)]
        assert meant
        assert dict(reads.alike_beside(genes, typed)) == gathered(
            (new.said, new.patient) for new in meant
        )
    with_more = {new.patient for new in kept if not is_told(new)}
    found = reads.variants_alike(GENES, by_said=True, beside=True)
    assert {(each.variant, each.said): each.patients for each in found} == gathered(
        ((variant, new.said), new.patient)
        for new in kept
        for variant in new.genomic.variants
        if new.patient in with_more
    )


OWN = IndexedVariant(
    ("BRAF",), "GRCh38", "7", 1, 2, "A", "C", source_class=SourceClass.GERMLINE
)  # fmt: skip
UNSAID, SOMATIC = (
    replace(OWN, source_class=each) for each in (SourceClass.UNKNOWN, SourceClass.SOMATIC)
)
BY_ROWS = NewResource("Observation", "o", b"{}", "p", genomic=GenomicIndex((OWN,)))
TO_SPECIMEN = SearchValues(links=(Link("specimen", "Specimen", "s"),))


@pytest.mark.parametrize(
    ("new", "found"),
    [
        (BY_ROWS, 0),
        (replace(BY_ROWS, values=SearchValues(links=(Link("subject", "Patient", "p"),))), 0),
        (replace(BY_ROWS, values=TO_SPECIMEN), 2),
        (replace(BY_ROWS, values=SearchValues(links=(Link("derived-from", "", "x"),))), 2),
        (replace(BY_ROWS, values=SearchValues(links=(Link("has-member", "Observation", "x"),))), 1),
        (replace(BY_ROWS, values=SearchValues(links=(Link("focus", "", "http://a/b"),))), 1),
        (replace(BY_ROWS, body=b'{"contained": []}'), 1),
        (replace(BY_ROWS, genomic=GenomicIndex((replace(OWN, genes=()),))), 1),
        (replace(BY_ROWS, genomic=GenomicIndex((OWN, SOMATIC))), 1),
        (replace(BY_ROWS, genomic=GenomicIndex((UNSAID,))), 1),
        (replace(BY_ROWS, genomic=GenomicIndex()), 1),
        (NewResource("Condition", "c", b"{}", "p"), 1),
        (NewResource("Encounter", "e", b"{}", "p"), 0),
    ],
)  # fmt: skip
def test_a_result_is_told_by_its_rows_where_nothing_else_can_say_more(store, new, found):
    assert beside(new) == found
    store.save_bundle([new])
    assert bool(store.reads().variants_alike(["BRAF"], beside=True)) == (
        bool(found) and any(each.genes for each in new.genomic.variants)
    )
    with store.transaction() as unit:
        unit.delete(new.type, new.id)
        unit.put(replace(BY_ROWS, id="again"))
    assert store.reads().variants_alike(["BRAF"], beside=True) == []


def test_patients_are_found_by_what_ties_their_results_and_by_codes(store):
    coded = SearchValues(tokens=(Token("code", "s", "x"), Token("status", "s", "preliminary")))
    braf = GenomicIndex((IndexedVariant(("BRAF",), "", "", None, None, None, None),))
    store.save_bundle([
        NewResource("Observation", "o1", b"1", "p1", values=TO_SPECIMEN, genomic=braf, said="a"),
        NewResource("Observation", "o2", b"2", "p2", genomic=braf, said="a"),
        NewResource("Observation", "o3", b"3", "p3", values=coded),
        NewResource("Observation", "o4", b"4", "p4", values=coded, genomic=braf, said="b"),
    ])  # fmt: skip
    reads = store.reads()
    assert reads.tied(["BRAF"], ["none"]) == ("p1",)
    assert reads.tied(["EGFR"], ["none"]) == ()
    # What ties a result stands in no digest of its words: it is nobody else's.
    assert dict(reads.alike_beside(["BRAF"], ["none"])) == {"": ("p1",), "a": ("p2",), "b": ("p4",)}
    assert reads.without_gene(["x"]) == ("p3",)
    assert set(reads.having(["Observation"], "status", ["preliminary"])) == {"p3", "p4"}
    assert reads.having(["Condition"], "status", ["preliminary"]) == ()


def test_the_state_of_a_patient_is_another_after_each_change(store):
    patients, types = ["p1", "p2", ""], ["Observation", "Specimen"]
    seen = []

    def look():
        seen.append(store.reads().states(patients, types))

    first = NewResource("Observation", "o1", b"1", "p1")
    look()
    for each in (first, replace(first, body=b"2"), first, replace(first, id="o2")):
        store.save_bundle([each])
        look()
    with store.transaction() as unit:
        unit.delete("Observation", "o1")
    look()
    with store.transaction() as unit:
        unit.reindex(replace(first, id="o2", said="other"))
    look()
    assert len({each["p1"] for each in seen}) == len(seen)
    assert len({(each["p2"], each[""]) for each in seen}) == 1
    store.save_bundle(
        [NewResource("Specimen", "s", b"{}"), NewResource("Condition", "c", b"", "p1")]
    )
    look()
    assert seen[-1][""] != seen[-2][""]
    assert seen[-1]["p1"] == seen[-2]["p1"]
    assert store.reads(tenant="other").states(patients, types) == seen[0]


def test_the_patients_with_a_genomic_result_are_those_of_whom_one_is_kept(store, kept):
    reads = store.reads()
    expected = sorted({new.patient for new in kept if new.genomic != GenomicIndex()} - {""})
    assert reads.genomic_patients() == expected
    assert reads.count_genomic_patients() == len(expected)
    with store.transaction() as unit:
        for new in kept:
            if new.patient == "p1":
                unit.delete(new.type, new.id)
        assert unit.count_genomic_patients() == len(set(expected) - {"p1"})
    assert reads.genomic_patients() == [each for each in expected if each != "p1"]
    assert store.reads(tenant="other").genomic_patients() in ([], ["elsewhere"])


def result(id_, genomic, body=b"{}"):
    return NewResource("Observation", id_, body, "p1", genomic=genomic)


SOME = GenomicIndex((), (IndexedGenotype("CYP2C19", "diplotype", "*1/*1"),))


def test_one_deletes_the_last_result_while_another_writes_a_further_one(store):
    """Whichever is committed last, the patient has a result then, and is counted."""
    store.save_bundle([result("o1", SOME)])
    written, go_on = threading.Event(), threading.Event()

    def write():
        with store.transaction() as unit:
            unit.put(result("o2", SOME))
            written.set()
            go_on.wait(5)

    def delete():
        with store.transaction() as unit:
            unit.delete("Observation", "o1")

    threads = [threading.Thread(target=write), threading.Thread(target=delete)]
    threads[0].start()
    written.wait(5)
    threads[1].start()
    threads[1].join(0.3)
    assert threads[1].is_alive()  # it waits
    go_on.set()
    for thread in threads:
        thread.join()
    assert store.reads().genomic_patients() == ["p1"]
    assert store.reads().read("Observation", "o1").is_deleted


def test_a_result_that_is_genomic_no_more_takes_its_patient_out(store):
    store.save_bundle([result("o1", SOME)])
    store.save_bundle([result("o1", GenomicIndex(), b"1")])
    assert store.reads().genomic_patients() == []
    with store.transaction() as unit:
        unit.reindex(result("o1", SOME, b"1"))
    assert store.reads().genomic_patients() == ["p1"]

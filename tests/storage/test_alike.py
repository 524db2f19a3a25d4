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
from fhir_pgx.model.search import SearchValues, Token, TokenAsked
from fhir_pgx.storage import NewResource

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
    beside = reads.alike_beside("Condition", ["BRAF"])
    having = {
        new.patient for new in kept for each in new.genomic.variants if "BRAF" in each.genes
    } - {""}
    meant = [new for new in kept if new.type == "Condition" and new.patient in having]
    assert meant
    assert {(each.said, each.patients) for each in beside if each.said} == {
        each for each in said(meant) if each[0]
    }


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

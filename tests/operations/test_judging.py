"""What was judged once is remembered by all that decides it, and by nothing less.

All patients are synthetic.
"""

from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from fhir_pgx.operations import population_implications as population
from fhir_pgx.operations.asking import answer
from fhir_pgx.operations.candidates import Case
from fhir_pgx.operations.given import given_in_query
from fhir_pgx.rest.loading import drafts_in, load_documents
from fhir_pgx.rest.server import Server

from .conftest import BASE, BY_NAME, context
from .implied import counts
from .synthetic import coding, genotype, patient, problem, variant

BRCA = coding("NM_007294.4:c.5266dup")
OLAPARIB = {"treatments": "olaparib"}
# Of the first two all is alike; the specimens of the others are their own.
PEOPLE = [
    *map(patient, ("a1", "a2", "s1", "s2")),
    *(variant(f"{each}-b", each, "BRCA1", BRCA) for each in ("a1", "a2")),
    *(
        variant(f"{each}-b", each, "BRCA1", BRCA, specimen={"reference": f"Specimen/{each}"})
        for each in ("s1", "s2")
    ),
    {"resourceType": "Specimen", "id": "s1"},  # nobody's
    {"resourceType": "Specimen", "id": "s2", "subject": {"reference": "Patient/s2"}},
]
TUMOUR = {"text": "Tumor tissue"}


class Asked:
    """The store, and whom each question made us judge."""

    def __init__(self, store, pipeline, judged):
        self.store, self.judged, self._pipeline = store, judged, pipeline

    def ask(self, kind="tx-implications", at=None, **query):
        self.judged.clear()
        pairs = [*(query or OLAPARIB).items(), ("includePatientList", "true")]
        at = at or context(self.store, self._pipeline)
        found = answer(BY_NAME[f"find-population-{kind}"], given_in_query(pairs), at)
        return {each.removeprefix("Patient/") for each in counts(found)[2]}

    def at(self, **changes):
        return replace(context(self.store, self._pipeline), **changes)

    def save(self, *resources):
        bundle = {"resourceType": "Bundle", "type": "collection"}
        bundle["entry"] = [{"resource": each} for each in resources]
        server = Server(self.store, BASE, self._pipeline.genomic_index)
        load_documents(server, drafts_in([bundle]))


@pytest.fixture
def asked(opened, pipeline, monkeypatch):
    judged = []
    inner = population.therapeutic

    def therapeutic(kept, at, treatments=()):
        judged.append(kept.chart.subject)
        return inner(kept, at, treatments)

    monkeypatch.setattr(population, "therapeutic", therapeutic)
    monkeypatch.setattr(
        pipeline.implied, "_judged", tuple(type(each)() for each in pipeline.implied._judged)
    )
    with closing(opened(PEOPLE)) as store:
        yield Asked(store, pipeline, judged)


def ill(name):
    return problem(f"{name}-c", name, "Breast cancer", "254837009")


def test_who_is_judged_alone_is_not_judged_again_before_something_changes(asked):
    assert asked.ask() == set()
    assert sorted(asked.judged) in (["a1", "s1", "s2"], ["a2", "s1", "s2"])
    assert asked.ask() == set()
    assert asked.judged == []
    asked.save(ill("s1"))
    assert asked.ask() == {"s1"}
    assert asked.judged == ["s1"]
    assert asked.ask() == {"s1"}
    assert asked.judged == []
    with asked.store.transaction() as unit:
        unit.delete("Condition", "s1-c")
    assert asked.ask() == set()
    assert asked.judged == ["s1"]


def test_what_is_nobodys_and_changes_is_judged_again(asked):
    """Whose cell a result is of stands in the specimen."""
    asked.save(ill("s1"))
    assert asked.ask() == {"s1"}
    asked.save({"resourceType": "Specimen", "id": "s1", "type": {"text": "Amniotic fluid"}})
    asked.ask()
    assert {"s1", "s2"} <= set(asked.judged)


def test_another_day_and_another_question_are_judged_anew(asked):
    asked.ask()
    assert asked.ask(treatments="niraparib") == set()
    assert {"s1", "s2"} <= set(asked.judged)
    tomorrow = asked.at()
    asked.ask(at=replace(tomorrow, now=tomorrow.now + timedelta(days=1)))
    assert {"s1", "s2"} <= set(asked.judged)


@pytest.mark.parametrize(("place", "name"), [(population, "look"), (Case, "kept")])
def test_what_is_written_meanwhile_makes_no_memory_of_another_record(
    asked, monkeypatch, place, name
):
    """The cases are found first, and the records are read after."""
    inner, written = getattr(place, name), []

    def write_between(*arguments):
        found = inner(*arguments) if name == "look" else None
        if not written:
            written.append(True)
            asked.save(*map(ill, ("a1", "a2", "s1", "s2")))
        return inner(*arguments) if found is None else found

    monkeypatch.setattr(place, name, write_between)
    assert asked.ask() == {"a1", "a2", "s1", "s2"}  # as the records say by then
    monkeypatch.setattr(place, name, inner)
    with asked.store.transaction() as unit:
        for each in ("a1", "a2", "s1", "s2"):
            unit.delete("Condition", f"{each}-c")
    assert asked.ask() == set()


def test_who_has_germline_results_alone_is_no_case_of_a_tumours_rows(asked):
    """SLCO1B1 is named by rows on cancer: whoever has one, and nothing else, has no cancer."""
    asked.save(
        *map(patient, ("v1", "v2", "v3")),
        *(variant(f"{each}-v", each, "SLCO1B1", coding("c.521T>C")) for each in ("v1", "v2", "v3")),
        genotype("v2-g", "v2", "CYP2C19", "*1/*1"),
        ill("v3"),
    )
    asked.ask(conditions="cancer")
    assert "v3" in asked.judged
    assert {"v1", "v2"}.isdisjoint(asked.judged)

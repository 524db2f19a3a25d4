"""Every region question over generated variants, against a slow version that counts bases.

The lift-over is a shift by a known number, so that the slow version knows each base on both builds.
"""

import random
from contextlib import closing
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from fhir_pgx.model.finding import Presence, SourceClass
from fhir_pgx.model.genomic_index import GenomicIndex, IndexedVariant, SimpleAllele, Span
from fhir_pgx.operations.asking import answer
from fhir_pgx.operations.given import given_in_query
from fhir_pgx.operations.operation import Context
from fhir_pgx.storage import SqlStore
from fhir_pgx.storage.store import NewResource

from .conftest import BY_NAME, groups
from .people import patient, variant

SHIFT = 1_000  # GRCh37 = GRCh38 + SHIFT
BUILDS = {"GRCh38": ("NC_000010.11", 0), "GRCh37": ("NC_000010.10", SHIFT)}
PATIENTS = ("synthetic-1", "synthetic-2", "synthetic-3")
ZONE = range(5_000, 5_120)


class Shifted:
    """A genome of which one build is the other, shifted."""

    def spans_on_both(self, span):
        other, by = ("GRCh37", SHIFT) if span.assembly == "GRCh38" else ("GRCh38", -SHIFT)
        return span, Span(other, span.chromosome, span.start + by, span.end + by)

    def alleles_named(self, text):
        accession, start, ref, alt = text.split(":")
        build = next(name for name, (each, _) in BUILDS.items() if each == accession)
        place = int(start) - BUILDS[build][1]
        return tuple(
            SimpleAllele(name, "10", place + by, ref, alt) for name, (_, by) in BUILDS.items()
        )


def generated(chance):
    """One variant somewhere in the zone, as the index holds it."""
    build = chance.choice(list(BUILDS))
    start = chance.choice(ZONE) + BUILDS[build][1]
    presence = chance.choice([*Presence, Presence.PRESENT, Presence.PRESENT])
    source = chance.choice(list(SourceClass))
    if chance.random() < 0.5:
        ref = "".join(chance.choices("ACGT", k=chance.choice([0, 1, 1, 1, 3, 9])))
        alt = "".join(chance.choices("ACGT", k=chance.choice([0, 1, 1, 2])))
        return IndexedVariant((), build, "10", start, start + len(ref), ref, alt, presence, source)
    length = chance.choice([10, 30, 60])
    inner = (start + 3, start + length - 3) if chance.random() < 0.4 else None
    outer = (start, start + length) if inner or chance.random() < 0.2 else None
    return IndexedVariant(
        (), build, "10", start, start + length, None, None, presence, source,
        is_structural=True, change_type="deletion", inner=inner, outer=outer,
    )  # fmt: skip


def touches(variant, low, high):
    """Base by base, on GRCh38. What has no base lies between two, and touches both."""
    by = BUILDS[variant.assembly][1]
    bases = set(range(variant.start - by, variant.end - by))
    if not bases:
        return low <= variant.start - by <= high
    return bool(bases & set(range(low, high)))


def covers(variant, low, high):
    by = BUILDS[variant.assembly][1]
    certain = variant.inner or (None if variant.outer else (variant.start, variant.end))
    if certain is None:
        return False
    return set(range(low, high)) <= set(range(certain[0] - by, certain[1] - by))


def is_same(one, other):
    """Equal, or deletions that leave one sequence of the bases that both together state."""
    if one == other:
        return True
    (first, gone, put), (second, lost, given) = one, other
    if put or given or not gone or len(gone) != len(lost):
        return False
    bases = dict(enumerate(gone, first))
    if any(bases.setdefault(second + i, base) != base for i, base in enumerate(lost)):
        return False  # they contradict each other
    places = sorted(bases)
    if places != list(range(places[0], places[-1] + 1)):
        return False
    left = ["".join(bases[at] for at in places if not low <= at < low + len(gone))
            for low in (first, second)]  # fmt: skip
    return left[0] == left[1]


def counts(variant, source_class, *, structural):
    is_reference = variant.ref is not None and variant.ref == variant.alt
    return (
        variant.is_structural is structural
        and variant.presence is Presence.PRESENT
        and not is_reference
        and (not source_class or variant.source_class == source_class)
    )


@pytest.fixture(scope="module", params=range(4))
def world(request, tmp_path_factory, knowledge):
    """A store with generated variants, what it holds, and the chance that made it."""
    chance = random.Random(request.param)
    rows = [(chance.choice(PATIENTS), f"v{i}", generated(chance)) for i in range(150)]
    folder = tmp_path_factory.mktemp("slow")
    with closing(SqlStore(f"sqlite:///{folder}/store.db")) as store:
        with store.transaction() as unit:
            for each in PATIENTS:
                unit.put(NewResource("Patient", each, body(patient(each)), each))
            for owner, id_, made in rows:
                stated = variant(id_, owner, "NC_000010.11", 1, "A", "T")
                unit.put(
                    NewResource(
                        "Observation", id_, body(stated), owner, genomic=GenomicIndex((made,))
                    )
                )
        pipeline = SimpleNamespace(knowledge=knowledge)
        at = Context(
            store.reads(),
            Shifted(),
            pipeline,
            "http://localhost/fhir",
            datetime(2026, 1, 1, tzinfo=UTC),
        )
        yield SimpleNamespace(rows=rows, at=at, chance=chance)


def body(resource):
    from fhir_pgx.fhir.json import write_json

    return write_json(resource)


def regions(chance, number):
    """(text, low, high on GRCh38) of regions named on either build."""
    for _ in range(number):
        low = chance.choice(ZONE)
        high = low + chance.choice([1, 2, 5, 20, 50])
        accession, by = BUILDS[chance.choice(list(BUILDS))]
        yield f"{accession}:{low + by}-{high + by}", low, high


def ask(world, name, **parameters):
    return groups(answer(BY_NAME[name], given_in_query(parameters.items()), world.at))


CLASSES = ("", "germline", "somatic")


@pytest.mark.parametrize(
    ("name", "holds", "structural"),
    [
        ("variants", touches, False),
        ("structural-intersecting-variants", touches, True),
        ("structural-subsuming-variants", covers, True),
    ],
)
def test_regions_are_answered_as_by_counting_bases(world, name, holds, structural):
    answered = set()
    for text, low, high in regions(world.chance, 60):
        for source_class in CLASSES:
            wanted = {"genomicSourceClass": source_class} if source_class else {}
            meeting = {
                owner
                for owner, _, made in world.rows
                if counts(made, source_class, structural=structural) and holds(made, low, high)
            }
            for each in PATIENTS:
                (found,) = ask(world, f"find-subject-{name}", subject=each, ranges=text, **wanted)
                assert found.presence is (each in meeting), (text, source_class, each)
                answered.add(found.presence)
            if structural:
                (found,) = ask(
                    world, f"find-population-{name}", ranges=text, includePatientList="true",
                    **wanted,
                )  # fmt: skip
                assert found.subject == [f"Patient/{each}" for each in sorted(meeting)]
                assert found.numerator == {"value": len(meeting)}
                assert found.denominator == {"value": len({owner for owner, *_ in world.rows})}
    assert answered == {True, False}


def test_named_variants_are_found_on_both_builds_and_nowhere_else(world):
    simple = [each for each in world.rows if not each[2].is_structural]
    for _, _, made in simple:
        accession, by = BUILDS[world.chance.choice(list(BUILDS))]
        place = made.start - BUILDS[made.assembly][1]
        text = f"{accession}:{place + by}:{made.ref}:{made.alt}"
        meeting = {
            owner
            for owner, _, other in simple
            if counts(other, "", structural=False)
            and is_same(
                (place, made.ref, made.alt),
                (other.start - BUILDS[other.assembly][1], other.ref, other.alt),
            )
        }
        (found,) = ask(
            world, "find-population-specific-variants", variants=text, includePatientList="true"
        )
        assert found.subject == [f"Patient/{each}" for each in sorted(meeting)]

"""A variant is found by every name that it has, where our bases do not reach.

CFTR p.Phe508del is `g.117559592_117559594delCTT`; a VCF has it one base to the left: `ATCT` to `A`.
"""

from contextlib import closing

import pytest

from fhir_pgx.errors import LiftoverFailed
from fhir_pgx.operations.asking import answer
from fhir_pgx.operations.given import given_in_query

from .conftest import BY_NAME, context, groups, ids
from .implied import counts
from .implied import ids as implied_ids
from .people import (
    CHR7_38,
    PRESENT,
    coded,
    observation,
    part,
    patient,
    variant,
)
from .synthetic import implication

LEFT, NAMED, DELINS, DOUBLED = "left", "named", "delins", "doubled"
CHR7_37 = "NC_000007.13"


def by_name(id_, patient_id, text):
    named = part("81290-9", valueCodeableConcept={"text": text})
    return observation(
        id_, "69548-6", patient_id, parts=[named], valueCodeableConcept=coded(PRESENT)
    )


PEOPLE = (
    patient(LEFT),
    variant("left-f508", LEFT, CHR7_38, 117559589, "ATCT", "A"),
    *(
        implication(
            f"{each}-mc",
            each,
            "molecular-consequence",
            part("feature-consequence", valueCodeableConcept={"text": "inframe_deletion"}),
            parents=[of],
        )
        for each, of in ((LEFT, "left-f508"), (NAMED, "named-f508"), (DELINS, "delins-v"))
    ),
    patient(NAMED),
    by_name("named-f508", NAMED, f"{CHR7_38}:g.117559592_117559594del"),
    patient(DELINS),
    by_name("delins-v", DELINS, f"{CHR7_38}:g.100001_100002delinsT"),
    patient(DOUBLED),
    by_name("doubled-name", DOUBLED, f"{CHR7_38}:g.300000dupA"),
    variant("doubled-vcf", DOUBLED, CHR7_38, 399998, "G", "GA"),
)


@pytest.fixture(scope="module")
def store(opened):
    with closing(opened(PEOPLE)) as found:
        yield found


@pytest.fixture
def ask(store, pipeline):
    def call(name, **parameters):
        given = given_in_query(parameters.items())
        return answer(BY_NAME[name], given, context(store, pipeline))

    return call


@pytest.mark.parametrize(
    ("item", "found"),
    [
        (f"{CHR7_38}:g.117559592_117559594delCTT", {LEFT: "left-f508", NAMED: "named-f508"}),
        (f"{CHR7_38}:117559591:CTT:", {LEFT: "left-f508", NAMED: "named-f508"}),
        (f"{CHR7_38}:117559590:TCT:", {LEFT: "left-f508"}),
        (f"{CHR7_37}:g.117199646_117199648delCTT", {LEFT: "left-f508", NAMED: "named-f508"}),
        # Without its bases the name is the same as itself alone.
        (f"{CHR7_38}:g.117559592_117559594del", {NAMED: "named-f508"}),
        # Another three bases of the same stretch: ATTGGT is left, not ATTTGG.
        (f"{CHR7_38}:117559589:ATC:", {}),
        # What was replaced is not stated in the result.
        (f"{CHR7_38}:100000:AC:T", {DELINS: "delins-v"}),
        (f"{CHR7_38}:g.100001_100002delinsT", {DELINS: "delins-v"}),
        (f"{CHR7_38}:100000:ACC:T", {}),
        # A base is doubled: put in before itself, as SPDI and a VCF have it.
        (f"{CHR7_38}:299999:A:AA", {DOUBLED: "doubled-name"}),
        (f"{CHR7_38}:g.300000dupA", {DOUBLED: "doubled-name"}),
        (f"{CHR7_38}:g.400000dupA", {DOUBLED: "doubled-vcf"}),
        (f"{CHR7_38}:399999:A:AA", {DOUBLED: "doubled-vcf"}),
    ],
)
def test_a_variant_is_found_by_each_of_its_names(ask, item, found):
    for each in (LEFT, NAMED, DELINS, DOUBLED):
        (group,) = groups(ask("find-subject-specific-variants", subject=each, variants=item))
        assert ids(group.variant) == ([found[each]] if each in found else [])
        assert group.presence is (each in found)
    (group,) = groups(
        ask("find-population-specific-variants", variants=item, includePatientList="true")
    )
    assert group.subject == sorted(f"Patient/{each}" for each in found)


@pytest.mark.parametrize(
    ("item", "found"),
    [
        (f"{CHR7_38}:117559591:CTT:", [LEFT, NAMED]),
        (f"{CHR7_38}:117559589:ATC:", []),
        (f"{CHR7_38}:100000:AC:T", [DELINS]),
    ],
)
def test_what_follows_from_a_variant_is_found_by_each_of_its_names(ask, item, found):
    name = "molecular-consequences"
    for each in (LEFT, NAMED, DELINS):
        told = ask(f"find-subject-{name}", subject=each, variants=item)
        assert implied_ids(told, "consequence") == ([f"{each}-mc"] if each in found else [])
    asked = ask(f"find-population-{name}", variants=item, includePatientList="true")
    assert counts(asked, "consequences")[2] == sorted(f"Patient/{each}" for each in found)


def test_a_variant_without_a_place_on_the_other_build_is_refused_where_results_are_there(ask):
    """The operations on what follows from it, too: an empty answer would read as `nothing`."""
    gone = f"{CHR7_37}:61000000:A:C"  # in the centromere
    for name in ("specific-variants", "molecular-consequences", "tx-implications"):
        with pytest.raises(LiftoverFailed):
            ask(f"find-subject-{name}", subject=LEFT, variants=gone)

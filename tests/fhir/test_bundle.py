"""Documents whose entries are no resources: passed over by the walk, listed by name. Synthetic."""

import pytest

from fhir_pgx.errors import TooDeep
from fhir_pgx.fhir.bundle import MAX_LISTED, entries_of, malformed_entries

GOOD = {"resource": {"resourceType": "Patient", "id": "p"}}


def bundle(*entries):
    return {"resourceType": "Bundle", "entry": list(entries)}


@pytest.mark.parametrize(
    ("document", "places"),
    [
        (bundle(GOOD), []),
        (bundle(None, GOOD, 5, "x", []),
         ["Bundle.entry[0]", "Bundle.entry[2]", "Bundle.entry[3]", "Bundle.entry[4]"]),
        ({"resourceType": "Bundle", "entry": "x"}, ["Bundle.entry[0]"]),
        (bundle({}), ["Bundle.entry[0]"]),
        (bundle({"request": {"method": "DELETE"}}), []),  # has no resource by right
        (bundle({"resource": None}, {"resource": "x"}, {"resource": {"id": "q"}}),
         ["Bundle.entry[0].resource", "Bundle.entry[1].resource", "Bundle.entry[2].resource"]),
        ({"resourceType": "Observation", "contained": [7, GOOD["resource"]]},
         ["Observation.contained[0]"]),
        ({"resourceType": "Parameters", "parameter": [{"resource": 5}, {"valueString": "y"}]},
         ["Parameters.parameter[0].resource"]),
        ([GOOD["resource"], None], ["[1]"]),
        ({"resourceType": "Bundle"}, []),
    ],
)  # fmt: skip
def test_every_place_without_a_resource_is_named(document, places):
    assert [one.path for one in malformed_entries(document)] == places


def test_what_is_no_resource_costs_no_sibling():
    assert [entry.id for entry in entries_of(bundle(None, GOOD, 5, "x", {}))] == ["p"]


def test_many_malformed_entries_are_counted_and_not_all_named():
    listed = malformed_entries(bundle(*[None] * (MAX_LISTED + 30)))
    assert len(listed) == MAX_LISTED + 1
    assert listed[-1].reason.startswith("30 more")


def test_nesting_without_end_is_refused():
    document = GOOD["resource"]
    for _ in range(20):
        document = bundle({"resource": document})
    with pytest.raises(TooDeep):
        malformed_entries(document)

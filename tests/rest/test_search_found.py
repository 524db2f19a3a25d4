"""What a search finds: resources indexed, a query read, a real store asked.

The examples of dates, numbers and quantities are those of FHIR R4's page on search. All resources
here are synthetic.
"""

from contextlib import ExitStack, closing
from decimal import Decimal

import pytest

from fhir_pgx.fhir.json import write_json
from fhir_pgx.model.search import Link
from fhir_pgx.rest.query import encode_after, parse_query
from fhir_pgx.rest.values import search_values
from fhir_pgx.rest.values_links import at_bases
from fhir_pgx.storage import NewResource, SqlStore
from tests.stores import KINDS, new_database

BASE = "https://here.example/fhir"
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"


def concept(code, system=LOINC):
    return {"coding": [{"system": system, "code": code}]}


def saved(resource, resolve):
    values = search_values(resource, resolve)
    type_, id_ = resource["resourceType"], resource["id"]
    owner = next((each.id for each in values.links if each.param == "patient"), "")
    return NewResource(type_, id_, write_json(resource), id_ if type_ == "Patient" else owner,
                       values=values)  # fmt: skip


@pytest.fixture(scope="module", params=KINDS)
def find(request, tmp_path_factory):
    """A function that fills a fresh store of each kind, and gives one that asks it: the ids that a
    search finds, in order, with the page and what was asked."""
    with ExitStack() as opened:

        def stored(resources):
            url = new_database(request.param, tmp_path_factory.mktemp("search"))
            store = opened.enter_context(closing(SqlStore(url)))
            resolve = at_bases([BASE])
            store.save_bundle([saved(each, resolve) for each in resources])

            def found(type_, *pairs):
                asked = parse_query(type_, pairs, base_url=BASE, is_strict=True)
                page = store.reads().search(asked.query)
                return [each.id for each in page.resources], page, asked

            return found

        yield stored


@pytest.fixture(scope="module")
def dates(find):
    times = {
        "year": "2013",
        "month": "2013-01",
        "day": "2013-01-14",
        "morning": "2013-01-14T08:00:00Z",
        "midnight": "2013-01-15T00:00:00Z",
        "later": "2013-03-15",
    }
    observations = [
        {"resourceType": "Observation", "id": name, "effectiveDateTime": text}
        for name, text in times.items()
    ]
    period = {"start": "2013-01-21", "end": "2013-02-10"}
    since = {"start": "2013-02-01"}
    observations += [
        {"resourceType": "Observation", "id": "period", "effectivePeriod": period},
        {"resourceType": "Observation", "id": "since", "effectivePeriod": since},
        {"resourceType": "Observation", "id": "never"},
    ]
    return find(observations)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2013-01-14", "day morning"),  # not the month: it may be any of its days
        ("2013", "year month day morning midnight later period"),
        ("2013-01-14T08:00:00Z", "morning"),
        ("2013-01-14T10:00:00 02:00", "morning"),
        ("ne2013", "since"),
        ("gt2013-01-14", "year month midnight later period since"),
        ("lt2013-01-14", "year month"),
        ("ge2013-03-14", "year later since"),
        ("le2013-01-14", "year month day morning"),
        ("sa2013-01-14", "midnight later period since"),
        ("eb2013-01-15", "day morning"),
    ],
)
def test_dates(dates, value, expected):
    assert set(dates("Observation", ("date", value))[0]) == set(expected.split())


def test_two_dates_are_a_span(dates):
    found = dates("Observation", ("date", "ge2013-01-14"), ("date", "lt2013-01-16"))[0]
    assert set(found) == {"year", "month", "day", "morning", "midnight"}


def test_resources_without_the_date_are_missing_it(dates):
    assert dates("Observation", ("date:missing", "true"))[0] == ["never"]
    assert "never" not in dates("Observation", ("date:missing", "false"))[0]


@pytest.fixture(scope="module")
def amounts(find):
    def observation(name, **quantity):
        coded = {"system": UCUM, "code": "mg", "unit": "mg", **quantity}
        return {"resourceType": "Observation", "id": name, "valueQuantity": coded}

    return find([
        observation("5.35", value=Decimal("5.35")),
        observation("5.4", value=Decimal("5.4")),
        observation("5.45", value=Decimal("5.45")),
        observation("99", value=99),
        observation("100", value=100),
        observation("100.5", value=Decimal("100.5")),
        observation("<5", value=5, comparator="<"),
        observation("5.4g", value=Decimal("5.4"), code="g", unit="gram"),
    ])  # fmt: skip


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (f"5.4|{UCUM}|mg", "5.35 5.4"),
        ("5.4||mg", "5.35 5.4"),
        ("5.4", "5.35 5.4 5.4g"),
        ("5.4||gram", "5.4g"),
        ("5.40||mg", "5.4"),
        ("100", "100"),
        ("1e2", "99 100 100.5"),
        ("gt100", "100.5"),
        ("ge100", "100 100.5"),
        ("lt5.4||mg", "5.35 <5"),
        ("le5.4||mg", "5.35 5.4 <5"),
        ("sa100", "100.5"),
        ("eb5.4||mg", "5.35 <5"),
        ("ap100", "99 100 100.5"),
        ("ne100||mg", "5.35 5.4 5.45 99 100.5 <5"),
    ],
)
def test_quantities(amounts, value, expected):
    assert set(amounts("Observation", ("value-quantity", value))[0]) == set(expected.split())


def component(code, **value):
    return {"code": concept(code), **value}


@pytest.fixture(scope="module")
def record(find):
    def variant(name, gene, zygosity, frequency, **more):
        quantity = {"value": Decimal(frequency), "system": UCUM, "code": "1"}
        return {
            "resourceType": "Observation",
            "id": name,
            "status": "final",
            "code": concept("69548-6"),
            "subject": {"reference": "Patient/eve"},
            "component": [
                component("48018-6", valueCodeableConcept=concept(gene, "hgnc")),
                component("53034-5", valueCodeableConcept=concept(zygosity)),
                component("81258-6", valueQuantity=quantity),
            ],
            **more,
        }

    return find([
        {"resourceType": "Patient", "id": "eve", "active": True, "gender": "female",
         "identifier": [{"system": "urn:mrn", "value": "7"}], "birthDate": "1970-05-01",
         "name": [{"family": "Núñez", "given": ["Eve", "Ada"]}],
         "generalPractitioner": [{"reference": "Practitioner/d"}]},
        {"resourceType": "Patient", "id": "bob", "name": [{"family": "Nunn"}],
         "deceasedDateTime": "2020"},
        {"resourceType": "Practitioner", "id": "d", "name": [{"family": "House"}]},
        variant("hom", "CYP2C9", "LA6705-3", "0.98"),
        variant("het", "CYP2C19", "LA6706-1", "0.48",
                derivedFrom=[{"reference": f"{BASE}/Observation/hom"}]),
        {"resourceType": "Observation", "id": "bobs", "code": concept("69548-6"),
         "subject": {"reference": "Patient/bob"}, "valueCodeableConcept": concept("LA9633-4")},
        {"resourceType": "Observation", "id": "plates", "subject": {"reference": "Group/eve"},
         "code": concept("26515-7"), "valueQuantity": {"value": 150}},
        {"resourceType": "Observation", "id": "abroad",
         "subject": {"reference": "https://there.example/fhir/Patient/eve"}},
        {"resourceType": "Observation", "id": "by-number",
         "subject": {"type": "Patient", "identifier": {"system": "urn:mrn", "value": "7"}}},
        {"resourceType": "Observation", "id": "nobodys", "status": "final"},
    ])  # fmt: skip


@pytest.mark.parametrize(
    ("type_", "pairs", "expected"),
    [
        ("Patient", [("name", "nun")], "bob eve"),  # without case and accents
        ("Patient", [("family:exact", "Núñez")], "eve"),
        ("Patient", [("family:exact", "Nunez")], ""),
        ("Patient", [("given", "ad")], "eve"),  # any of several
        ("Patient", [("name:contains", "úÑ")], "bob eve"),
        ("Patient", [("identifier", "urn:mrn|7")], "eve"),
        ("Patient", [("identifier", "|7")], ""),
        ("Patient", [("deceased", "false")], "eve"),
        ("Patient", [("deceased", "true")], "bob"),
        ("Patient", [("gender:missing", "true")], "bob"),
        ("Patient", [("_id", "eve,bob")], "bob eve"),
        ("Patient", [("_has:Observation:patient:component-code", "48018-6")], "eve"),
        ("Patient", [("_has:Observation:patient:code", "69548-6")], "bob eve"),
        ("Observation", [("patient", "eve")], "hom het"),
        ("Observation", [("subject", "eve")], "hom het plates"),
        ("Observation", [("subject", "Group/eve")], "plates"),
        ("Observation", [("subject", "https://there.example/fhir/Patient/eve")], "abroad"),
        ("Observation", [("subject:identifier", "urn:mrn|7")], "by-number"),
        ("Observation", [("subject.identifier", "urn:mrn|7")], "hom het"),
        ("Observation", [("patient.birthdate", "lt1980")], "hom het"),
        ("Observation", [("patient.general-practitioner.name", "hou")], "hom het"),
        ("Observation", [("subject:missing", "true")], "nobodys"),
        ("Observation", [("code:not", "69548-6")], "plates abroad by-number nobodys"),
        ("Observation", [("component-code-value-concept", "48018-6$hgnc|CYP2C9")], "hom"),
        # The gene of one component and the zygosity of another are no pair
        ("Observation", [("component-code-value-concept", "48018-6$LA6705-3")], ""),
        ("Observation", [("combo-value-concept", "LA9633-4,LA6706-1")], "het bobs"),
        ("Observation", [("component-value-concept", "LA9633-4,LA6706-1")], "het"),
        ("Observation", [("combo-code", "48018-6")], "hom het"),
        ("Observation", [("combo-code:not", "48018-6,69548-6")], "plates abroad by-number nobodys"),
        ("Observation", [("combo-code-value-concept", "69548-6$LA9633-4")], "bobs"),
        ("Observation", [("combo-code-value-concept", "48018-6$hgnc|CYP2C9")], "hom"),
        ("Observation", [("combo-code-value-concept", "69548-6$LA6705-3")], ""),
        ("Observation", [("combo-code-value-quantity", "81258-6$lt0.5")], "het"),
        ("Observation", [("combo-code-value-quantity", "26515-7$gt100")], "plates"),
        ("Observation", [("component-code-value-quantity", "26515-7$gt100")], ""),
        ("Observation", [("combo-value-quantity", "gt100")], "plates"),
        (
            "Observation",
            [("combo-value-concept:missing", "true")],
            "plates abroad by-number nobodys",
        ),
        ("Observation", [("code-value-concept", "69548-6$LA9633-4")], "bobs"),
        ("Observation", [("component-code-value-quantity", "81258-6$lt0.5")], "het"),
        ("Observation", [("component-code-value-quantity", f"{LOINC}|81258-6$gt0.5||1")], "hom"),
        ("Observation", [("component-code-value-quantity", "other|81258-6$gt0.5")], ""),
        ("Observation", [("derived-from", "Observation/hom")], "het"),
    ],
)
def test_records(record, type_, pairs, expected):
    assert set(record(type_, *pairs)[0]) == set(expected.split())


def test_pages_are_walked_from_the_first_to_the_last(record):
    used = [("_sort", "-code,_id"), ("_count", "2")]
    met, after = [], ()
    while True:
        more = [("_after", encode_after(after, type_="Observation", used=used))] if after else []
        ids, page, _ = record("Observation", *used, *more)
        met += ids
        after = page.next
        if not after:
            break
    assert met == ["bobs", "het", "hom", "plates", "abroad", "by-number", "nobodys"]


def test_a_count_of_nothing_is_the_total_alone(record):
    ids, page, _ = record("Observation", ("_summary", "count"))
    assert (ids, page.total) == ([], 7)


def test_as_many_alternatives_as_may_be_asked_are_answered(record):
    links = ",".join(f"Patient/p{n}" for n in range(399)) + ",Patient/eve"
    assert set(record("Observation", ("subject", links))[0]) == {"hom", "het"}
    codes = ",".join(f"s{n}|c" for n in range(399)) + f",{LOINC}|69548-6"
    assert set(record("Observation", ("code", codes))[0]) == {"hom", "het", "bobs"}
    days = ",".join(f"20{n:02}-{m:02}" for n in range(33) for m in range(1, 13))
    assert record("Patient", ("death-date", days))[0] == []


def test_a_link_is_kept_for_what_refers_elsewhere():
    value = search_values({"resourceType": "Observation", "subject": {"reference": "urn:uuid:1"}})
    assert value.links == (Link("subject", "", "urn:uuid:1"),)

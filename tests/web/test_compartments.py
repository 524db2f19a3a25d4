"""One patient and another, one tenant and another: what a narrow token never reaches, by any road.

Each road is tried twice: on a server with the other patient's data, and on one without them. The
answers must be the same, byte for byte where nothing in them is drawn by chance.
"""

import json
import re

import pytest

from tests.secured import FHIR, Secured

NORTH = "https://north.example.org"


def patient(id_, family):
    return {"resourceType": "Patient", "id": id_, "name": [{"family": family}],
            "identifier": [{"system": "urn:mrn", "value": f"mrn-{id_}"}]}  # fmt: skip


def genotype(id_, who, name="*2/*2", **more):
    return {
        "resourceType": "Observation", "id": id_, "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "84413-4"}]},
        "subject": {"reference": f"Patient/{who}"},
        "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category",
                                  "code": "laboratory"}]}],
        "valueCodeableConcept": {"text": name},
        "component": [{
            "code": {"coding": [{"system": "http://loinc.org", "code": "48018-6"}]},
            "valueCodeableConcept": {"coding": [
                {"system": "http://www.genenames.org/geneId", "code": "HGNC:2621",
                 "display": "CYP2C19"}]},
        }], **more,
    }  # fmt: skip


def condition(id_, who, code):
    return {"resourceType": "Condition", "id": id_, "subject": {"reference": f"Patient/{who}"},
            "code": {"coding": [{"system": "http://snomed.info/sct", "code": code}]}}  # fmt: skip


MINE = [patient("mine", "Synthetic-Mine"), genotype("obs-mine", "mine"),
        condition("cond-mine", "mine", "38341003"),
        {"resourceType": "Practitioner", "id": "doc"},
        {"resourceType": "MedicationRequest", "id": "order-mine", "status": "active",
         "intent": "order", "subject": {"reference": "Patient/mine"},
         "medicationReference": {"reference": "Medication/tablet"}},
        {"resourceType": "Medication", "id": "tablet",
         "code": {"text": "clopidogrel"}}]  # fmt: skip
# Of the other patient, with every kind of link to the first one.
THEIRS = [
    patient("other", "Synthetic-Other"),
    genotype("obs-other", "other", "*1/*17"),
    genotype("obs-both", "other", "*1/*17", focus=[{"reference": "Patient/mine"}],
             derivedFrom=[{"reference": "Observation/obs-mine"}]),
    condition("cond-other", "other", "73211009"),
    {"resourceType": "Group", "id": "everybody", "type": "person", "actual": True,
     "member": [{"entity": {"reference": "Patient/other"}}]},
    {"resourceType": "Provenance", "id": "prov-other",
     "target": [{"reference": "Observation/obs-other"}], "recorded": "2026-01-01T00:00:00Z",
     "agent": [{"who": {"reference": "Practitioner/doc"}}]},
    {"resourceType": "Medication", "id": "their-tablet", "code": {"text": "warfarin"}},
    {"resourceType": "MedicationRequest", "id": "order-other", "status": "active",
     "intent": "order", "subject": {"reference": "Patient/other"},
     "medicationReference": {"reference": "Medication/their-tablet"}},
    {"resourceType": "Bundle", "id": "their-document", "type": "document",
     "entry": [{"resource": genotype("inside", "other")}]},
]  # fmt: skip
BEFORE = {"method": "GET", "url": "Observation/obs-other"}


def operation(name, **asked):
    query = "&".join(f"{key}={value}" for key, value in asked.items())
    return f"/fhir/${name}?{query}"


ROADS = [
    "/fhir/Patient/other",
    "/fhir/Observation/obs-other",
    "/fhir/Observation/obs-other/_history",
    "/fhir/Observation/obs-other/_history/1",
    "/fhir/Observation/_history",
    "/fhir/_history",
    "/fhir/Observation",
    "/fhir/Observation?_total=accurate&_count=0",
    "/fhir/Observation?patient=other",
    "/fhir/Observation?subject=Patient/other",
    "/fhir/Observation?_id=obs-other",
    "/fhir/Observation?subject:Patient.name=Synthetic-Other",
    "/fhir/Observation?subject.identifier=mrn-other",
    "/fhir/Observation?focus=Patient/mine",
    "/fhir/Patient?_has:Observation:patient:_id=obs-other",
    "/fhir/Patient?_has:Condition:subject:code=73211009",
    "/fhir/Practitioner?_has:Provenance:agent:target=Observation/obs-other",
    "/fhir/Observation?_id=obs-mine&_revinclude=Observation:derived-from",
    "/fhir/Observation?_id=obs-mine&_revinclude:iterate=*",
    "/fhir/Patient?_id=mine&_revinclude=Observation:focus",
    "/fhir/Patient?_revinclude=Group:member",
    "/fhir/Condition?code=73211009",
    "/fhir/Group",
    "/fhir/Bundle",
    "/fhir/Provenance",
    "/fhir/Medication",
    "/fhir/Medication/their-tablet",
    "/fhir/Patient/other/$everything",
    "/fhir/Patient/mine/$everything",
    "/fhir/Patient/other/Observation",
    "/fhir/Patient/mine/Observation?subject=Patient/other",
    "/fhir/Observation/obs-other/$validate",
    "/fhir/Patient/other/$interpret",
    "/fhir/Patient/other/$recommend",
    operation("find-subject-specific-haplotypes", subject="other", haplotypes="CYP2C19*17"),
    operation("find-subject-haplotypes", subject="other", genes="CYP2C19"),
    operation("find-subject-variants", subject="other", ranges="NC_000010.11:94700000-94900000"),
    operation("find-subject-tx-implications", subject="other", haplotypes="CYP2C19*17"),
    operation("find-study-metadata", subject="other"),
    operation("find-population-specific-haplotypes", haplotypes="CYP2C19*17"),
    operation("find-population-tx-implications", treatments="http://www.nlm.nih.gov/research/umls/rxnorm|32968"),
    operation("find-population-specific-haplotypes", haplotypes="CYP2C19*17").replace(
        "/fhir/", "/population-operations/genotype-operations/"
    ),
]  # fmt: skip
WRITES = [
    ("PUT", "/fhir/Observation/obs-other", genotype("obs-other", "mine")),
    ("PUT", "/fhir/Observation/obs-other", genotype("obs-other", "other")),
    ("PUT", "/fhir/Patient/other", patient("other", "Renamed")),
    ("POST", "/fhir/Observation", genotype("x", "other")),
    ("POST", "/fhir/Patient", patient("new", "New")),
    ("POST", "/fhir/Observation",
     genotype("x", "mine", derivedFrom=[{"reference": "Observation/obs-other"}])),
    ("DELETE", "/fhir/Observation/obs-other", None),
    ("DELETE", "/fhir/Observation?_id=obs-other", None),
    ("DELETE", "/fhir/Condition?code=73211009", None),
    ("PUT", "/fhir/Observation?_id=obs-other", genotype("obs-other", "mine")),
]  # fmt: skip


def transaction(*requests, kind="transaction"):
    entries = [
        {"request": {"method": method, "url": path.removeprefix("/fhir/")},
         **({"resource": body} if body else {})}
        for method, path, body in requests
    ]  # fmt: skip
    return {"resourceType": "Bundle", "type": kind, "entry": entries}


def pair(factory):
    made = []
    for name in ("with", "without"):
        server = Secured(factory.mktemp(name))
        server.fill(*MINE)
        made.append(server)
    made[0].fill(*THEIRS)
    return made


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    """A server with the other patient's data and one without. What both have came first."""
    return pair(tmp_path_factory)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The same, for what writes."""
    return pair(tmp_path_factory)


def told(answer):
    """What an answer says, without what is drawn by chance or by the clock."""
    text = answer.get_data(as_text=True)
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "(uuid)", text)
    text = re.sub(r'"(lastUpdated|lastModified|recorded|issued)":"[^"]*"', r'"\1":"(time)"', text)
    text = re.sub(r"_after=[\w-]+", "_after=(cursor)", text)
    return answer.status_code, text


def narrow(server):
    return server.token("patient/*.cruds launch/patient", "mine")


def hide(text):
    return [mark for mark in ("Synthetic-Other", "mrn-other", "obs-other", "obs-both", "*17",
                              "cond-other", "73211009", "order-other", "their-", "everybody",
                              "prov-other", "warfarin") if mark in text]  # fmt: skip


@pytest.mark.parametrize("road", ROADS)
def test_a_patients_token_is_answered_as_if_there_were_nobody_else(servers, road):
    with_them, without = (server.call("GET", road, narrow(server)) for server in servers)
    assert told(with_them) == told(without)
    # What was asked may be repeated; nothing else of them may stand there.
    assert set(hide(with_them.get_data(as_text=True))) <= set(hide(road.replace("%2A", "*")))


def test_the_roads_lead_there_with_a_wider_token(servers):
    """The guard of the tests above: these roads do reach the other patient's data."""
    server = servers[0]
    wide = server.token("system/*.cruds")
    found = [hide(server.call("GET", road, wide).get_data(as_text=True)) for road in ROADS]
    assert sum(map(bool, found)) > len(ROADS) * 0.7


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_a_patients_token_writes_nothing_of_another(written, method, path, body):
    answers = [server.call(method, path, narrow(server), json=body) for server in written]
    assert told(answers[0]) == told(answers[1])
    server = written[0]
    wide = server.token("system/*.rs")
    for each in THEIRS:
        kept = server.call("GET", f"/fhir/{each['resourceType']}/{each['id']}", wide).json
        assert kept["meta"]["versionId"] == "1"
        assert {name: value for name, value in kept.items() if name != "meta"} == each


@pytest.mark.parametrize("kind", ["transaction", "batch"])
@pytest.mark.parametrize(
    ("method", "path", "body"), [*WRITES, *(("GET", r, None) for r in ROADS[:36])]
)
def test_a_bundle_is_no_way_around(servers, written, kind, method, path, body):
    servers = servers if method == "GET" else written
    bundle = transaction((method, path, body), kind=kind)
    answers = [server.call("POST", "/fhir", narrow(server), json=bundle) for server in servers]
    assert told(answers[0]) == told(answers[1])
    assert set(hide(answers[0].get_data(as_text=True))) <= set(hide(json.dumps(bundle)))


def test_a_conditional_reference_does_not_find_another_patient(servers):
    result = genotype("x", "mine") | {
        "subject": {"reference": "Patient?identifier=urn:mrn|mrn-other"}
    }
    bundle = transaction(("POST", "/fhir/Observation", result))
    answers = [server.call("POST", "/fhir", narrow(server), json=bundle) for server in servers]
    assert [answer.status_code for answer in answers] == [412, 412]
    assert told(answers[0]) == told(answers[1])


def test_the_patients_own_record_is_there_whole(servers):
    server = servers[0]
    for each in MINE:
        answer = server.call("GET", f"/fhir/{each['resourceType']}/{each['id']}", narrow(server))
        assert answer.status_code == 200, each["resourceType"]
    found = server.call("GET", "/fhir/Observation?patient=mine", narrow(server)).json
    assert [entry["resource"]["id"] for entry in found["entry"]] == ["obs-mine"]


# Tenants


TENANT_ROADS = [*ROADS[:34], "/fhir/Patient/other/_history"]


@pytest.fixture(scope="module")
def tenants(tmp_path_factory):
    """Two servers with a tenant `north`; the main tenant of the first alone holds somebody."""
    made = []
    for name in ("both", "north"):
        server = Secured(tmp_path_factory.mktemp(name))
        server.fill(*MINE, tenant="north")
        made.append(server)
    made[0].fill(*THEIRS, *[each for each in MINE if each["id"] == "doc"])
    return made


@pytest.mark.parametrize("road", TENANT_ROADS)
def test_one_tenants_token_is_answered_as_if_there_were_no_other_tenant(tenants, road):
    both, north = (
        server.call("GET", road, server.token("system/*.cruds", issuer=NORTH)) for server in tenants
    )
    assert told(both) == told(north)
    assert set(hide(both.get_data(as_text=True))) <= set(hide(road))


def test_the_same_id_in_two_tenants_is_two_resources(tenants):
    server = tenants[0]
    body = patient("other", "Of-North")
    north = server.token("system/*.cruds", issuer=NORTH)
    assert server.call("PUT", "/fhir/Patient/other", north, json=body).status_code == 201
    main = server.call("GET", "/fhir/Patient/other", server.token("system/*.rs")).json
    assert main["name"][0]["family"] == "Synthetic-Other"
    server.call("DELETE", "/fhir/Patient/other", north)


def test_a_hook_reads_the_store_of_its_own_tenant_alone(tenants):
    server = tenants[0]
    server.fill(patient("hooked", "Synthetic-Hooked"), genotype("obs-hooked", "hooked"))
    path = "/cds-services/pgx-order-sign"
    ask = {
        "hook": "order-sign",
        "hookInstance": "6e0c6c2c-1111-4a6c-a80e-b9d3e8a7226f",
        "fhirServer": FHIR,
        "context": {
            "patientId": "hooked",
            "userId": "Practitioner/doc",
            "draftOrders": {"resourceType": "Bundle", "entry": [{"resource": {
                "resourceType": "MedicationRequest", "id": "draft", "status": "draft",
                "intent": "order", "subject": {"reference": "Patient/hooked"},
                "medicationCodeableConcept": {"text": "clopidogrel"},
            }}]},
        },
    }  # fmt: skip
    of_main = server.call("POST", path, server.assertion(path, tenant=""), json=ask)
    of_north = server.call("POST", path, server.assertion(path, tenant="north"), json=ask)
    assert "Poor Metabolizer" in of_main.get_data(as_text=True)
    assert of_north.status_code in (200, 412)
    assert "Poor Metabolizer" not in of_north.get_data(as_text=True)


# Scopes

HAPLOTYPES = "/fhir/$find-subject-haplotypes?subject=mine&genes=CYP2C19"
OF_MANY = "/fhir/$find-population-specific-haplotypes?haplotypes=CYP2C19*2"


@pytest.mark.parametrize(
    ("scope", "method", "path", "status"),
    [
        ("patient/Observation.r", "GET", "/fhir/Observation/obs-mine", 200),
        ("patient/Observation.r", "GET", "/fhir/Observation", 403),
        ("patient/Observation.s", "GET", "/fhir/Observation", 200),
        ("patient/Observation.s", "GET", "/fhir/Observation/obs-mine", 403),
        ("patient/Observation.rs", "GET", "/fhir/Condition/cond-mine", 403),
        ("patient/Observation.rs", "GET", "/fhir/Condition?patient=mine", 403),
        ("patient/Observation.rs", "POST", "/fhir/Observation", 403),
        ("patient/Observation.rs", "DELETE", "/fhir/Observation/obs-mine", 403),
        ("patient/Observation.cu", "DELETE", "/fhir/Observation/obs-mine", 403),
        ("patient/Observation.dus", "GET", "/fhir/Observation/obs-mine", 403),
        ("openid fhirUser", "GET", "/fhir/Observation/obs-mine", 403),
        ("", "GET", "/fhir/Patient/mine", 403),
        ("patient/Observation.rs", "GET", HAPLOTYPES, 200),
        ("patient/Condition.rs", "GET", HAPLOTYPES, 403),
        ("patient/Observation.rs", "GET", OF_MANY, 403),
        ("user/Observation.rs", "GET", OF_MANY, 200),
        ("patient/Patient.rs", "GET", "/fhir/Patient/mine/$interpret", 403),
    ],
)  # fmt: skip
def test_a_scope_allows_what_it_says_and_no_more(servers, scope, method, path, status):
    server = servers[0]
    body = genotype("x", "mine") if method == "POST" else None
    answer = server.call(method, path, server.token(scope, "mine"), json=body)
    assert answer.status_code == status, answer.get_data(as_text=True)
    if status == 403:
        assert answer.json["resourceType"] == "OperationOutcome"


def test_an_include_brings_no_type_that_the_scope_does_not_name(servers):
    server = servers[0]
    road = (
        "/fhir/Observation?_id=obs-mine&_include=Observation:subject&_revinclude=Provenance:target"
    )
    found = server.call("GET", road, server.token("patient/Observation.rs", "mine")).json
    assert {entry["resource"]["resourceType"] for entry in found["entry"]} == {"Observation"}


def test_a_chain_asks_nothing_of_a_type_that_the_scope_does_not_name(servers):
    server = servers[0]
    token = server.token("user/Observation.rs")
    found = server.call("GET", "/fhir/Observation?subject:Patient.name=Synthetic-Other", token).json
    assert found["total"] == 0


def test_a_granular_scope_shows_what_has_its_token_alone(written):
    server = written[0]
    server.fill({**genotype("vital", "mine"), "category": [{"coding": [{"code": "vital-signs"}]}]})
    token = server.token("patient/Observation.rs?category=vital-signs", "mine")
    found = server.call("GET", "/fhir/Observation", token).json
    assert [entry["resource"]["id"] for entry in found["entry"]] == ["vital"]
    assert server.call("GET", "/fhir/Observation/obs-mine", token).status_code == 404
    assert server.call("GET", "/fhir/Observation/vital", token).status_code == 200


def test_a_granular_scope_writes_what_has_its_token_alone(written):
    server = written[0]
    token = server.token("patient/Observation.crus?category=vital-signs", "mine")
    refused = server.call("POST", "/fhir/Observation", token, json=genotype("x", "mine"))
    assert refused.status_code == 403
    vital = {**genotype("x", "mine"), "category": [{"coding": [{"code": "vital-signs"}]}]}
    made = server.call("POST", "/fhir/Observation", token, json=vital)
    assert made.status_code == 201
    turned = {**genotype(made.json["id"], "mine")}
    path = f"/fhir/Observation/{made.json['id']}"
    assert server.call("PUT", path, token, json=turned).status_code == 403


def test_a_granular_scope_takes_in_nothing_from_outside(written):
    """What is written over must have the token as it stands, and not only as it is to be."""
    server = written[0]
    token = server.token(
        "patient/Observation.rs patient/Observation.ud?category=vital-signs", "mine"
    )
    turned = {**genotype("obs-mine", "mine"), "category": [{"coding": [{"code": "vital-signs"}]}]}
    path = "/fhir/Observation/obs-mine"
    assert server.call("PUT", path, token, json=turned).status_code == 403
    assert server.call("PUT", f"{path[:-9]}?_id=obs-mine", token, json=turned).status_code == 403
    assert server.call("DELETE", path, token).status_code == 403
    kept = server.call("GET", path, server.token("system/*.rs")).json
    assert kept["category"][0]["coding"][0]["code"] == "laboratory"


@pytest.mark.parametrize("scope", ["patient/*.write", "system/Observation.cud"])
def test_who_may_write_and_not_read_writes(written, scope):
    server = written[0]
    server.fill(genotype("written", "mine"))
    token = server.token(scope, "mine")
    path = "/fhir/Observation/written"
    answer = server.call("PUT", path, token, json=genotype("written", "mine", "*1/*2"))
    assert answer.status_code == 200
    assert server.call("GET", path, token).status_code == 403
    assert server.call("DELETE", path, token).status_code == 204
    assert server.call("GET", path, server.token("system/*.rs")).status_code == 410

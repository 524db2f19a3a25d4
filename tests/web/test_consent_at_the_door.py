"""A gene that a consent withholds: no answer of the FHIR server tells that anything is there.

Two servers hold the same Consent; one holds results of the withheld gene too. Every road must give
the same answer on both, to everybody whom the Consent restricts.
"""

import json

import pytest

from tests.secured import FHIR, Secured
from tests.web.test_compartments import condition, genotype, patient, told

DENY = {
    "resourceType": "Consent", "id": "no-cyp2c19", "status": "active",
    "scope": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope",
                          "code": "patient-privacy"}]},
    "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
    "patient": {"reference": "Patient/careful"},
    "dateTime": "2026-01-01",
    "policyRule": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
                               "code": "OPTIN"}]},
    "provision": {"type": "permit", "provision": [
        {"type": "deny",
         "code": [{"coding": [{"system": "http://www.genenames.org/geneId",
                               "code": "HGNC:2621"}]}]}]},
}  # fmt: skip
ELSE = [
    patient("careful", "Synthetic-Careful"),
    patient("open", "Synthetic-Open"),
    genotype("open-result", "open"),
    {**genotype("slco1b1", "careful", "*1/*5"), "component": [{
        "code": {"coding": [{"system": "http://loinc.org", "code": "48018-6"}]},
        "valueCodeableConcept": {"coding": [{"system": "http://www.genenames.org/geneId",
                                             "code": "HGNC:10959", "display": "SLCO1B1"}]}}]},
    condition("cond", "careful", "38341003"),
    {"resourceType": "Practitioner", "id": "doc"},
]  # fmt: skip
# Each says something of the gene, in its own way.
WITHHELD = [
    genotype("secret", "careful"),
    {"resourceType": "Observation", "id": "secret-variant", "status": "final",
     "code": {"coding": [{"system": "http://loinc.org", "code": "69548-6"}]},
     "subject": {"reference": "Patient/careful"},
     "component": [
         {"code": {"coding": [{"system": "http://loinc.org", "code": "81252-9"}]},
          "valueCodeableConcept": {"coding": [{"system": "http://www.ncbi.nlm.nih.gov/snp",
                                               "code": "rs4244285"}]}}]},
    {"resourceType": "Observation", "id": "secret-derived", "status": "final",
     "code": {"text": "therapeutic implication"}, "subject": {"reference": "Patient/careful"},
     "derivedFrom": [{"reference": "Observation/secret"}]},
    {"resourceType": "DiagnosticReport", "id": "secret-report", "status": "final",
     "code": {"text": "panel"}, "subject": {"reference": "Patient/careful"},
     "result": [{"reference": "Observation/secret"}],
     "conclusion": "CYP2C19 poor metabolizer"},
    {"resourceType": "Condition", "id": "secret-condition",
     "subject": {"reference": "Patient/careful"}, "code": {"text": "CYP2C19 deficiency"}},
    {"resourceType": "Provenance", "id": "secret-provenance",
     "target": [{"reference": "Observation/secret"}], "recorded": "2026-01-01T00:00:00Z",
     "agent": [{"who": {"reference": "Practitioner/doc"}}]},
]  # fmt: skip
ROADS = [
    *(f"/fhir/{each['resourceType']}/{each['id']}" for each in WITHHELD),
    *(f"/fhir/{each['resourceType']}/{each['id']}/_history" for each in WITHHELD),
    "/fhir/Observation/secret/_history/1",
    "/fhir/Observation/_history",
    "/fhir/_history",
    "/fhir/Observation?patient=careful",
    "/fhir/Observation?patient=careful&_summary=count",
    "/fhir/Observation?_total=accurate",
    "/fhir/Observation?code=84413-4&_sort=-_id&_count=1",
    "/fhir/Observation?component-code-value-concept=48018-6$HGNC:2621",
    "/fhir/Observation?value-string=secret",
    "/fhir/Observation?_has:Provenance:target:agent=Practitioner/doc",
    "/fhir/Patient?_has:Observation:patient:code=69548-6",
    "/fhir/Patient?_id=careful&_revinclude=*",
    "/fhir/Practitioner?_revinclude=Provenance:agent",
    "/fhir/DiagnosticReport?subject=Patient/careful&_include=DiagnosticReport:result",
    "/fhir/DiagnosticReport?result.code=84413-4",
    "/fhir/Condition?subject=Patient/careful",
    "/fhir/Consent",
    "/fhir/Consent/no-cyp2c19",
    "/fhir/Patient/careful/$everything",
    "/fhir/Patient/careful/Observation",
    "/fhir/Patient/careful/$interpret",
    "/fhir/Patient/careful/$recommend",
    "/fhir/Patient/careful/$recommend?drug=clopidogrel",
    "/fhir/$find-subject-haplotypes?subject=careful&genes=CYP2C19",
    "/fhir/$find-subject-specific-haplotypes?subject=careful&haplotypes=CYP2C19*2",
    "/fhir/$find-subject-variants?subject=careful&ranges=NC_000010.11:94700000-94900000",
    "/fhir/$find-subject-tx-implications?subject=careful&treatments=clopidogrel",
    "/fhir/$find-study-metadata?subject=careful",
    "/fhir/$find-population-specific-haplotypes?haplotypes=CYP2C19*2&includePatientList=true",
    "/fhir/$find-population-specific-variants?variants=NC_000010.11:94781858:G:A",
    "/fhir/$find-population-tx-implications?treatments=clopidogrel&includePatientList=true",
]  # fmt: skip


CALLERS = {
    "a system": ("system/*.cruds", {}),
    "a clinician": ("user/*.cruds", {"fhirUser": f"{FHIR}/Practitioner/doc"}),
    "the patient's app": ("patient/*.cruds", {"patient": "careful"}),
}


def filled(folder, *more):
    server = Secured(folder)
    server.fill(*ELSE)
    if more:
        server.fill(*more)
    server.fill(DENY)  # last: until then nobody is restricted
    return server


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    return (
        filled(tmp_path_factory.mktemp("with"), *WITHHELD),
        filled(tmp_path_factory.mktemp("without")),
    )


def asked(server, who, road, **headers):
    scope, claims = CALLERS[who]
    return server.call("GET", road, server.token(scope, **claims), **headers)


@pytest.mark.parametrize("who", CALLERS)
@pytest.mark.parametrize("road", ROADS)
def test_a_withheld_gene_shows_on_no_road(servers, road, who):
    with_it, without = (asked(server, who, road) for server in servers)
    assert told(with_it) == told(without)


@pytest.mark.parametrize("who", ["a system", "the patient's app"])
@pytest.mark.parametrize("kind", ["batch", "transaction"])
def test_nor_in_a_bundle(servers, kind, who):
    reads = [each.removeprefix("/fhir/") for each in ROADS if "$" not in each]
    for url in reads:
        entry = {"request": {"method": "GET", "url": url}}
        bundle = {"resourceType": "Bundle", "type": kind, "entry": [entry]}
        scope, claims = CALLERS[who]
        answers = [
            server.call("POST", "/fhir", server.token(scope, **claims), json=bundle)
            for server in servers
        ]
        assert told(answers[0]) == told(answers[1]), url


def test_the_other_genes_and_patients_are_there(servers):
    server = servers[0]
    assert asked(server, "a system", "/fhir/Observation/slco1b1").status_code == 200
    assert asked(server, "a system", "/fhir/Condition/cond").status_code == 200
    found = asked(server, "a system", "/fhir/Observation?code=84413-4").json
    assert {each["resource"]["id"] for each in found["entry"]} == {"open-result", "slco1b1"}


@pytest.mark.parametrize(
    "whose",
    [
        {"identifier": {"system": "urn:mrn", "value": "mrn-careful"}},
        {"reference": "https://elsewhere.example/fhir/Patient/careful"},
        None,
    ],
)
def test_a_consent_that_would_bind_nobody_is_refused(servers, whose):
    consent = {name: value for name, value in DENY.items() if name not in ("id", "patient")}
    consent |= {"patient": whose} if whose else {}
    answer = servers[1].call("POST", "/fhir/Consent", servers[1].token("system/*.c"), json=consent)
    assert answer.status_code == 400
    assert answer.json["issue"][0]["expression"] == ["Consent.patient"]


def test_a_deletion_deletes_nothing_that_is_withheld(servers):
    server = servers[0]
    answer = server.call("DELETE", "/fhir/Observation/secret", server.token("system/*.cruds"))
    assert answer.status_code in (200, 204)
    assert server.site.store.reads().read("Observation", "secret").is_deleted is False


def test_an_emergency_sees_it_where_the_client_is_registered_for_that(servers):
    server = servers[0]
    emergency = server.token("system/*.rs", client_id="emergency-app")
    seen = server.call("GET", "/fhir/Observation/secret", emergency, X_Purpose_Of_Use="ETREAT")
    assert seen.status_code == 200
    road = "/fhir/Observation/secret"
    assert server.call("GET", road, emergency).status_code == 404
    refused = server.call("GET", road, server.token("system/*.rs"), X_Purpose_Of_Use="ETREAT")
    assert refused.status_code == 403


def test_the_roads_lead_there_without_the_consent(tmp_path):
    """The guard of the tests above: without the Consent these roads do tell of the gene."""
    server = Secured(tmp_path)
    server.fill(*ELSE)
    server.fill(*WITHHELD)
    found = [asked(server, "a system", road).get_data(as_text=True) for road in ROADS]
    telling = [road for road, text in zip(ROADS, found, strict=True) if "secret" in text]
    assert len(telling) > len(ROADS) * 0.6, json.dumps(telling)


def ordered(server, drug, user="Practitioner/doc"):
    path = "/cds-services/pgx-order-sign"
    ask = {
        "hook": "order-sign",
        "hookInstance": "6e0c6c2c-1111-4a6c-a80e-b9d3e8a7226f",
        "fhirServer": FHIR,
        "context": {
            "patientId": "careful",
            "userId": user,
            "draftOrders": {"resourceType": "Bundle", "entry": [{"resource": {
                "resourceType": "MedicationRequest", "id": "draft", "status": "draft",
                "intent": "order", "subject": {"reference": "Patient/careful"},
                "medicationCodeableConcept": {"text": drug},
            }}]},
        },
    }  # fmt: skip
    return server.call("POST", path, server.assertion(path, tenant=""), json=ask)


def test_the_order_card_is_that_of_a_patient_without_the_result(servers):
    answers = [ordered(server, "clopidogrel") for server in servers]
    assert answers[0].status_code == 200
    assert told(answers[0]) == told(answers[1])
    assert "withheld" in answers[0].get_data(as_text=True)


def test_a_result_that_once_spoke_of_the_gene_is_withheld_from_cards_too(tmp_path):
    """What any version of it says, whichever road leads there."""
    server = Secured(tmp_path)
    server.fill(*ELSE)
    (now,) = (each for each in ELSE if each["id"] == "slco1b1")
    server.fill(genotype("slco1b1", "careful"))
    server.fill({**now, "valueCodeableConcept": {"text": "*5/*5"}})
    assert "*5" in ordered(server, "simvastatin").get_data(as_text=True).replace("\\\\*", "*")
    server.fill(DENY)
    assert asked(server, "a system", "/fhir/Observation/slco1b1").status_code == 404
    assert "*5" not in ordered(server, "simvastatin").get_data(as_text=True)


LEAVE = {**{name: value for name, value in DENY.items() if name != "id"},
         "dateTime": "2026-02-01", "provision": {"type": "permit"}}  # fmt: skip
OLDER = {"reference": "Consent/no-cyp2c19"}


@pytest.mark.parametrize("who", ["a system", "the patient's app"])
@pytest.mark.parametrize(
    "named",
    [
        {"sourceReference": OLDER},
        {"sourceReference": {"reference": f"{FHIR}/Consent/no-cyp2c19/_history/1"}},
        {"identifier": [{"system": "urn:consents", "value": "1"}]},
        # Not yet, but as soon as its date or status is another.
        {"sourceReference": OLDER, "status": "draft"},
        {"sourceReference": OLDER, "dateTime": "2020-01-01"},
    ],
)
def test_who_is_restricted_writes_no_consent_in_the_place_of_the_one_that_does(
    tmp_path, who, named
):
    server = Secured(tmp_path)
    server.fill(*ELSE, *WITHHELD)
    server.fill({**DENY, "identifier": [{"system": "urn:consents", "value": "1"}]})
    scope, claims = CALLERS[who]
    token = server.token(scope, **claims)
    leave = {**LEAVE, **named}
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [
        {"resource": leave, "request": {"method": "POST", "url": "Consent"}}]}  # fmt: skip
    assert server.call("POST", "/fhir/Consent", token, json=leave).status_code == 403
    assert server.call("POST", "/fhir", token, json=bundle).status_code == 403
    assert asked(server, who, "/fhir/Observation/secret").status_code == 404


def test_another_consent_may_be_written_and_changes_nothing_of_it(tmp_path):
    server = filled(tmp_path, *WITHHELD)
    token = server.token("system/*.cruds")
    assert server.call("POST", "/fhir/Consent", token, json=LEAVE).status_code == 201
    assert asked(server, "a system", "/fhir/Observation/secret").status_code == 404


def test_who_is_not_restricted_writes_the_newer_consent(tmp_path):
    server = filled(tmp_path, *WITHHELD)
    emergency = server.token("system/*.cruds", client_id="emergency-app")
    leave = {**LEAVE, "sourceReference": OLDER}
    made = server.call("POST", "/fhir/Consent", emergency, json=leave, X_Purpose_Of_Use="ETREAT")
    assert made.status_code == 201
    assert asked(server, "a system", "/fhir/Observation/secret").status_code == 200


RESTRICTED = {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality",
                            "code": "R"}]}  # fmt: skip


def test_a_label_within_a_result_withholds_it_though_no_other_is_labelled(tmp_path):
    server = Secured(tmp_path)
    specimen = {"resourceType": "Specimen", "id": "drawn", "meta": RESTRICTED}
    server.fill(*ELSE, {**genotype("within", "careful"), "contained": [specimen]})
    road = "/fhir/Observation/within"
    assert asked(server, "a system", road).status_code == 200
    assert asked(server, "a system", road, X_Purpose_Of_Use="HRESCH").status_code == 404


def test_a_label_in_letters_by_number_is_found(tmp_path):
    server = Secured(tmp_path)
    server.fill(*ELSE)
    specimen = {"resourceType": "Specimen", "id": "drawn", "meta": RESTRICTED}
    text = json.dumps({**genotype("within", "careful"), "contained": [specimen]})
    answer = server.http.put(
        "/fhir/Observation/within",
        data=text.replace('"security"', r'"\u0073ecurity"'),
        headers={
            "Authorization": f"Bearer {server.token('system/*.cruds')}",
            "Content-Type": "application/fhir+json",
        },
    )
    assert answer.status_code == 201
    road = "/fhir/Observation/within"
    assert asked(server, "a system", road, X_Purpose_Of_Use="HRESCH").status_code == 404


@pytest.mark.parametrize("user", ["Patient/careful", "https://elsewhere.example/fhir/Patient/1"])
def test_what_is_not_for_the_patient_is_not_shown_to_one_of_another_server(tmp_path, user):
    server = Secured(tmp_path)
    label = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "NOPAT"}
    server.fill(*ELSE, {**genotype("delicate", "careful"), "meta": {"security": [label]}})
    token = server.token("patient/*.rs", "careful", fhirUser=user)
    assert server.call("GET", "/fhir/Observation/delicate", token).status_code == 404
    assert "*2" not in ordered(server, "clopidogrel", user).get_data(as_text=True)

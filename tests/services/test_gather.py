"""Data beyond the prefetch: whose store and whose server may speak of a patient."""

import json
from contextlib import closing

import pytest

from fhir_pgx.errors import MixedPatients, StoreFailure
from fhir_pgx.fhir.visit import Retrieved, Unavailable
from fhir_pgx.model.hook import HookAnswer
from fhir_pgx.services.call import read_hook_call
from fhir_pgx.services.gather import Sources, gather
from fhir_pgx.services.pgx import services
from fhir_pgx.storage import NewResource, SqlStore

EHR = "https://ehr.test/fhir"
SERVICE = services(lambda call: HookAnswer())[1]


def resource(kind, identity, patient="p1"):
    subject = {"reference": f"Patient/{patient}"}
    code = {"coding": [{"system": "http://loinc.org", "code": "84413-4"}]}
    return {"resourceType": kind, "id": identity, "subject": subject, "code": code}


def request(prefetch=None, server=EHR, patient="p1", **members):
    return {
        "hook": "order-sign",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "fhirServer": server,
        "context": {
            "userId": "Practitioner/1",
            "patientId": patient,
            "draftOrders": {"resourceType": "Bundle"},
        },
        "prefetch": prefetch,
        **members,
    }


def gathered(document, sources):
    return gather(read_hook_call(document, SERVICE), document, SERVICE, sources)


@pytest.fixture
def store(tmp_path):
    with closing(SqlStore(f"sqlite:///{tmp_path}/test.db")) as opened:
        yield opened


def put(store, *resources, patient="p1"):
    store.save_bundle(
        [
            NewResource(each["resourceType"], each["id"], json.dumps(each).encode(), patient)
            for each in resources
        ]
    )


@pytest.mark.parametrize(
    ("server", "found"),
    [
        (EHR, ["Observation/o1"]),
        (EHR + "/", ["Observation/o1"]),
        ("https://other.test", []),
        (None, []),
    ],
)
def test_the_store_speaks_only_for_servers_whose_patients_it_holds(store, server, found):
    put(store, resource("Observation", "o1"))
    call = gathered(request(server=server), Sources(store, frozenset({EHR})))
    assert [entry.reference for entry in call.evidence] == found
    assert call.genomics == ("supplied" if found else "missing")


@pytest.mark.parametrize(
    ("stored", "genomics"),
    [([], "missing"), ([resource("Encounter", "e1")], "empty")],
)
def test_a_patient_unknown_to_the_store_is_not_a_patient_without_results(store, stored, genomics):
    put(store, *stored)
    assert gathered(request(), Sources(store, frozenset({EHR}))).genomics == genomics


def test_what_the_client_sent_stands_before_what_is_stored(store):
    put(store, resource("Observation", "o1"))
    document = request({"a": resource("Observation", "o1")})
    call = gathered(document, Sources(store, frozenset({EHR})))
    assert [entry.path for entry in call.evidence] == ["prefetch.a"]


def test_a_store_that_holds_another_patient_under_this_id_is_refused(store):
    put(store, resource("Observation", "o1", patient="p2"))
    with pytest.raises(MixedPatients):
        gathered(request(), Sources(store, frozenset({EHR})))


def test_a_silent_store_is_no_untested_patient():
    class Silent:
        def resources_of(self, patient):
            raise StoreFailure("gone")

    with pytest.raises(StoreFailure):
        gathered(request(), Sources(Silent(), frozenset({EHR})))


class Server:
    """A FHIR client whose one server answers by resource type; keeps what it was asked."""

    def __init__(self, answers):
        self.answers, self.asked, self.token = answers, [], None

    def find_listed(self, url, among=None):
        return url if url == EHR else None

    def visit(self, url, *, token="", among=None):
        self.token = token
        return self

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def fetch(self, query):
        self.asked.append(query)
        kind = query.partition("?")[0].partition("/")[0]
        return self.answers.get(kind, Retrieved(({"resourceType": "Bundle"},)))


def bundle(*resources):
    return {"resourceType": "Bundle", "entry": [{"resource": each} for each in resources]}


def test_only_what_the_prefetch_left_unanswered_is_asked_for():
    report = bundle(resource("DiagnosticReport", "d"))
    server = Server({"DiagnosticReport": Retrieved((report,))})
    document = request(
        {"patient": None, "results": bundle(resource("Observation", "o")), "problems": None},
        fhirAuthorization={"access_token": "t"},
    )
    call = gathered(document, Sources(client=server))
    asked = [query.partition("?")[0] for query in server.asked]
    assert asked.count("Observation") == 1, "a genotype is no answer to the question for a weight"
    assert "29463-7" in next(query for query in server.asked if query.startswith("Observation"))
    assert not {"Patient", "Condition"} & set(asked)
    assert "DiagnosticReport" in asked
    assert server.token == "t"
    assert call.genomics == "supplied"
    assert "DiagnosticReport/d" in [entry.reference for entry in call.evidence]


def typed(resources, **members):
    return {**bundle(*resources), "type": "searchset", **members}


def searched_by(query, *resources):
    link = [{"relation": "self", "url": f"{EHR}/{query}"}]
    return typed(resources, link=link)


def as_included(each):
    return {"entry": [{"resource": each, "search": {"mode": "include"}}]}


RESULT, REPORT = resource("Observation", "o"), resource("DiagnosticReport", "d")
PATIENT = {"resourceType": "Patient", "id": "p1"}
RESULT_SEARCH = SERVICE.prefetch["pgxObservations"].replace("{{context.patientId}}", "p1")


@pytest.mark.parametrize(
    ("sent", "kind", "is_asked"),
    [
        # a list of the type is an answer, under any name and in any shape met
        (typed([RESULT]), "Observation", False),
        ([RESULT], "Observation", False),
        ({"response": {"status": "200"}, "resource": typed([RESULT])}, "Observation", False),
        (bundle(typed([RESULT])), "Observation", False),  # of a batch
        (PATIENT, "Patient", False),
        # one resource is not all of them
        (RESULT, "Observation", True),
        (REPORT, "DiagnosticReport", True),
        (resource("MedicationRequest", "m"), "MedicationRequest", True),
        ({**REPORT, "contained": [RESULT]}, "Observation", True),
        # nor is what stands beside the matches of another search, or in one report
        (typed([], **as_included(RESULT)), "Observation", True),
        ({**bundle(REPORT, RESULT), "type": "collection"}, "Observation", True),
        ({**bundle(REPORT, RESULT), "type": "document"}, "DiagnosticReport", True),
        ([{**bundle(REPORT, RESULT), "type": "collection"}], "DiagnosticReport", True),
        ([typed([REPORT])], "DiagnosticReport", False),
        # a Bundle's own search decides, also where it found none
        (searched_by(RESULT_SEARCH), "Observation", False),
        (searched_by(RESULT_SEARCH.replace("patient=", "subject=")), "Observation", False),
        (searched_by(RESULT_SEARCH + "&_count=200"), "Observation", False),
        (searched_by("Observation?patient=p1", RESULT), "Observation", False),
        (searched_by("Observation?patient=p1&code=79714-2", RESULT), "Observation", True),
        (searched_by("Observation?patient=p1&date=ge2026", RESULT), "Observation", True),
        (searched_by(RESULT_SEARCH + "&date=ge2026", RESULT), "Observation", True),
        (searched_by(RESULT_SEARCH + "&_lastUpdated=ge2026", RESULT), "Observation", True),
        (searched_by(RESULT_SEARCH.replace("patient=", "subject:Patient=")), "Observation", False),
        (searched_by("Condition?patient=p1&category:not=x"), "Condition", True),
        (searched_by("MedicationRequest?patient=p1&status=completed"), "MedicationRequest", True),
        (
            searched_by("MedicationRequest?patient=p1&status=active,completed"),
            "MedicationRequest",
            False,
        ),
    ],
)
def test_only_a_search_for_all_of_a_kind_spares_the_question_to_the_server(sent, kind, is_asked):
    server = Server({})
    gathered(request({"anything": sent}), Sources(client=server))
    # Weights and tumour markers, too, are Observations; the search for genotypes is meant.
    asked = [q for q in server.asked if q.startswith(kind)]
    asked = [q for q in asked if kind != "Observation" or "84413-4" in q]
    assert bool(asked) is is_asked


def test_what_our_store_holds_is_no_answer_of_the_client(store):
    put(store, resource("Observation", "old"), resource("MedicationRequest", "m-old"))
    found = Retrieved((bundle(resource("Observation", "new")),))
    server = Server({"Observation": found})
    call = gathered(request(), Sources(store, frozenset({EHR}), server))
    assert {"Observation", "MedicationRequest"} <= {q.partition("?")[0] for q in server.asked}
    references = [entry.reference for entry in call.evidence]
    assert sorted(references) == ["MedicationRequest/m-old", "Observation/new", "Observation/old"]


def test_the_context_of_a_hook_is_no_answer_either():
    """A new problem says nothing of the problems there are."""
    (service,) = [each for each in services(lambda call: HookAnswer()) if "problem" in each.id]
    problem = resource("Condition", "c")
    document = {
        **request(),
        "hook": service.hook,
        "context": {"patientId": "p1", "userId": "Practitioner/1", "conditions": bundle(problem)},
    }
    server = Server({})
    gather(read_hook_call(document, service), document, service, Sources(client=server))
    assert any(query.startswith("Condition") for query in server.asked)


def test_the_servers_version_stands_before_the_stored_one_and_nothing_twice(store):
    stored, sent = resource("Observation", "o"), resource("Observation", "o")
    stored["status"], sent["status"] = "preliminary", "final"
    put(store, stored, resource("Observation", "only-stored"))
    server = Server({"Observation": Retrieved((bundle(sent),))})
    call = gathered(request(), Sources(store, frozenset({EHR}), server))
    found = [(entry.reference, entry.resource.get("status")) for entry in call.evidence]
    assert sorted(found, key=str) == [("Observation/o", "final"), ("Observation/only-stored", None)]


def test_what_the_client_sent_stands_before_the_servers_and_nothing_twice():
    mine, theirs = resource("Observation", "o"), resource("Observation", "o")
    mine["status"], theirs["status"] = "amended", "final"
    server = Server({"Observation": Retrieved((bundle(theirs, resource("Observation", "p")),))})
    call = gathered(request({"a": mine}), Sources(client=server))
    found = [(entry.reference, entry.resource.get("status")) for entry in call.evidence]
    assert found == [("Observation/o", "amended"), ("Observation/p", None)]


@pytest.mark.parametrize("answer", [Unavailable("timeout"), Retrieved((bundle(),))])
def test_where_the_server_fails_or_has_none_what_is_stored_stays(store, answer):
    put(store, resource("Observation", "o"))
    call = gathered(request(), Sources(store, frozenset({EHR}), Server({"Observation": answer})))
    assert [entry.reference for entry in call.evidence] == ["Observation/o"]
    assert call.incomplete is isinstance(answer, Unavailable)


def test_a_weight_that_was_sent_is_no_answer_to_the_question_for_results():
    server = Server({})
    weight = resource("Observation", "w")
    weight["code"]["coding"][0]["code"] = "29463-7"
    call = gathered(request({"vitals": bundle(weight)}), Sources(client=server))
    assert [query for query in server.asked if "84413-4" in query]
    assert call.genomics == "empty"


@pytest.mark.parametrize(
    "answer", [Unavailable("timeout"), Retrieved(({"resourceType": "Bundle"},))]
)
def test_what_was_looked_for_and_not_found_is_told_from_what_failed(answer):
    call = gathered(request(), Sources(client=Server({"AllergyIntolerance": answer})))
    assert ("AllergyIntolerance" in call.looked_for) is isinstance(answer, Retrieved)
    assert call.lists["allergies"] == ("empty" if isinstance(answer, Retrieved) else "unavailable")
    assert call.genomics == "empty"


def test_a_list_of_which_the_server_failed_beside_what_was_sent_is_a_part():
    # A statement is no answer to the query for requests, which is asked and fails.
    sent = {"a": resource("MedicationStatement", "m")}
    server = Server({"MedicationRequest": Unavailable("timeout")})
    call = gathered(request(sent), Sources(client=server))
    assert call.lists["medicines"] == "unavailable"
    assert call.medications == "supplied"
    assert call.partial == {"medicines"}


def test_an_order_that_is_dispatched_by_reference_is_found_on_the_server():
    (service,) = [each for each in services(lambda call: HookAnswer()) if "dispatch" in each.id]
    document = {
        **request(),
        "hook": "order-dispatch",
        "context": {
            "patientId": "p1",
            "dispatchedOrders": ["MedicationRequest/m1", "MedicationRequest/m2"],
            "performer": "Organization/1",
        },
    }
    held = Retrieved((bundle(resource("MedicationRequest", "m1")),))
    call = gather(
        read_hook_call(document, service),
        document,
        service,
        Sources(client=Server({"MedicationRequest": held})),
    )
    assert [entry.reference for entry in call.drafts] == ["MedicationRequest/m1"]
    assert call.not_found == ("MedicationRequest/m2",)
    assert "MedicationRequest/m1" not in [entry.reference for entry in call.evidence]


def test_a_server_that_is_not_listed_is_never_asked():
    server = Server({})
    gathered(request(server="https://evil.test"), Sources(client=server))
    assert server.asked == []


def test_a_patient_id_cannot_change_the_query():
    server = Server({})
    gathered(request(patient="1&_include=*#?"), Sources(client=server))
    assert server.asked
    assert all("1%26_include%3D%2A%23%3F" in query for query in server.asked)


@pytest.mark.parametrize(
    ("answers", "genomics", "incomplete"),
    [
        ({}, "empty", False),
        ({"Observation": Retrieved((bundle(resource("Observation", "o")),))}, "supplied", False),
        (
            {"Observation": Retrieved((bundle(resource("Observation", "o")),), complete=False)},
            "supplied",
            True,
        ),
        ({"Observation": Unavailable("timeout")}, "unavailable", False),
        (
            {
                "Observation": Retrieved((bundle(resource("Observation", "o")),)),
                "DiagnosticReport": Unavailable("timeout"),
            },
            "supplied",
            True,
        ),
        (
            {"Observation": Retrieved((bundle(resource("Observation", "o", patient="p2")),))},
            "unavailable",
            False,
        ),
    ],
)
def test_what_the_server_says_of_the_data(answers, genomics, incomplete):
    call = gathered(request(), Sources(client=Server(answers)))
    assert (call.genomics, call.incomplete) == (genomics, incomplete)
    assert all(entry.id != "o" for entry in call.evidence) is (genomics != "supplied")

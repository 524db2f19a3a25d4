"""Reading a CDS Hooks request: what is refused, what is tolerated, what silence means."""

import copy

import pytest

from fhir_pgx.errors import InvalidHookRequest, MixedPatients, TooDeep
from fhir_pgx.model.hook import HookAnswer
from fhir_pgx.services.call import read_hook_call
from fhir_pgx.services.hooks import HOOKS
from fhir_pgx.services.service import Service

INSTANCE = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"


def service(hook):
    return Service("test", hook, "Test", "Test", lambda call: HookAnswer())


def bundle(*resources, **members):
    entries = [{"resource": resource} for resource in resources]
    return {"resourceType": "Bundle", "entry": entries, **members}


def order(identity="m1", **members):
    subject = {"reference": "Patient/p1"}
    return {"resourceType": "MedicationRequest", "id": identity, "subject": subject, **members}


CREATININE = {"coding": [{"system": "http://loinc.org", "code": "2160-0"}], "text": "Creatinine"}
PULSE = {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]}
PHENOTYPE_PROBLEM = {
    "resourceType": "Condition",
    "id": "c1",
    "subject": {"reference": "Patient/p1"},
    "code": {"text": "CYP2D6 poor metabolizer"},
}


def observation(identity="o1", **members):
    subject = {"reference": "Patient/p1"}
    code = {"coding": [{"system": "http://loinc.org", "code": "84413-4"}]}
    return {
        "resourceType": "Observation",
        "id": identity,
        "code": code,
        "subject": subject,
        **members,
    }


def request(hook="order-sign", **members):
    context = {"userId": "Practitioner/u1", "patientId": "p1"}
    if hook in ("order-sign", "order-select"):
        context["draftOrders"] = bundle(order())
    if hook == "order-select":
        context["selections"] = ["MedicationRequest/m1"]
    return {"hook": hook, "hookInstance": INSTANCE, "context": context, **members}


def read(document, hook="order-sign"):
    return read_hook_call(document, service(hook))


def with_context(hook="order-sign", **members):
    document = request(hook)
    document["context"].update(members)
    return document


def test_a_plain_order_sign_request_is_read_whole():
    call = read(request(prefetch={"a": bundle(observation())}, fhirServer="https://ehr.test/fhir/"))
    assert (call.hook, call.hook_instance, call.patient_id) == ("order-sign", INSTANCE, "p1")
    assert [entry.reference for entry in call.drafts] == ["MedicationRequest/m1"]
    assert [entry.reference for entry in call.evidence] == ["Observation/o1"]
    assert call.evidence[0].path == "prefetch.a.entry[0].resource"
    assert (call.fhir_server, call.selections, call.flags) == ("https://ehr.test/fhir", None, ())


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"hook": None}, "hook"),
        ({"hook": "order-select"}, "hook"),
        ({"hook": ["order-sign"]}, "hook"),
        ({"hookInstance": None}, "hookInstance"),
        ({"hookInstance": 7}, "hookInstance"),
        ({"hookInstance": " "}, "hookInstance"),
        ({"context": None}, "context"),
        ({"context": []}, "context"),
        ({"prefetch": []}, "prefetch"),
        ({"prefetch": "none"}, "prefetch"),
        ({"fhirServer": 1}, "fhirServer"),
        ({"fhirAuthorization": {"access_token": "t"}}, "fhirServer"),
        ({"fhirAuthorization": "t", "fhirServer": "https://e.test"}, "fhirAuthorization"),
        (
            {"fhirAuthorization": {"patient": 1}, "fhirServer": "https://e.test"},
            "fhirAuthorization.patient",
        ),
    ],
)
def test_a_broken_envelope_is_refused_naming_the_member(change, where):
    with pytest.raises(InvalidHookRequest) as refused:
        read({**request(), **change})
    assert where in [issue.where for issue in refused.value.issues]
    assert all(issue.mend for issue in refused.value.issues)


@pytest.mark.parametrize("document", [None, [], "x", 1, [request()]])
def test_a_request_that_is_no_object_is_refused(document):
    with pytest.raises(InvalidHookRequest):
        read(document)


@pytest.mark.parametrize(
    ("hook", "change", "where"),
    [
        ("order-sign", {"patientId": None}, "context.patientId"),
        ("order-sign", {"patientId": 12}, "context.patientId"),
        ("order-sign", {"patientId": ""}, "context.patientId"),
        ("order-sign", {"patientId": "Group/1"}, "context.patientId"),
        ("order-sign", {"userId": None}, "context.userId"),
        ("order-sign", {"userId": {"reference": "Practitioner/1"}}, "context.userId"),
        ("order-sign", {"draftOrders": None}, "context.draftOrders"),
        ("order-sign", {"draftOrders": "none"}, "context.draftOrders"),
        ("order-sign", {"draftOrders": {}}, "context.draftOrders"),
        ("order-sign", {"draftOrders": [1]}, "context.draftOrders"),
        ("order-sign", {"draftOrders": []}, "context.draftOrders"),
        ("order-select", {"draftOrders": []}, "context.draftOrders"),
        ("order-select", {"selections": None}, "context.selections"),
        ("order-select", {"selections": "MedicationRequest/m1"}, "context.selections"),
        ("order-select", {"selections": [1]}, "context.selections"),
    ],
)
def test_a_required_context_member_that_is_missing_or_mistyped_is_refused(hook, change, where):
    with pytest.raises(InvalidHookRequest) as refused:
        read(with_context(hook, **change), hook)
    assert [issue.where for issue in refused.value.issues] == [where]


def test_every_fault_is_reported_at_once():
    with pytest.raises(InvalidHookRequest) as refused:
        read({"hook": "order-sign", "context": {"patientId": "p1"}})
    found = [issue.where for issue in refused.value.issues]
    assert found == ["hookInstance", "context.userId", "context.draftOrders"]


@pytest.mark.parametrize(
    ("change", "flag"),
    [
        ({"hookInstance": "not-a-uuid"}, "hook-instance-not-uuid"),
        ({"fhirServer": "ehr"}, "fhir-server-not-a-url"),
        ({"fhirServer": "https://user@ehr.test/fhir"}, "fhir-server-not-a-url"),
        (
            {"fhirAuthorization": {"scope": "x"}, "fhirServer": "https://e.test"},
            "authorization-without-token",
        ),
        ({"prefetch": {"a": [observation()]}}, "prefetch-array"),
        ({"prefetch": {"a": {"response": {}, "resource": observation()}}}, "prefetch-wrapped"),
    ],
)
def test_an_oddity_that_cannot_mislead_is_flagged(change, flag):
    assert flag in read({**request(), **change}).flags


@pytest.mark.parametrize(
    ("change", "flag"),
    [
        ({"patientId": "Patient/p1"}, "patient-id-with-type"),
        ({"patientId": "https://ehr.test/fhir/Patient/p1"}, "patient-id-with-type"),
        ({"userId": "u1"}, "userId-not-a-known-reference"),
        ({"encounterId": 5}, "encounterId-mistyped"),
    ],
)
def test_an_oddity_of_the_context_is_flagged(change, flag):
    call = read(with_context(**change))
    assert call.patient_id == "p1"
    assert flag in call.flags


@pytest.mark.parametrize("version", ["1", "4", "7"])
def test_an_instance_may_be_a_uuid_of_any_version(version):
    instance = f"d1577c69-dfbe-{version}4ad-ba6d-3e05e953b2ea".upper()
    assert read({**request(), "hookInstance": instance}).flags == ()


def test_unknown_members_are_ignored_and_tokens_not_kept():
    document = request(
        extension={"com.example": {}},
        fhirServer="https://e.test",
        fhirAuthorization={"access_token": "SECRET", "patient": "p1"},
    )
    document["context"]["later"] = {"x": [None]}
    assert "SECRET" not in repr(read(document))


# What the CDS Hooks Sandbox sends when the prescribing view opens: no drug, no Bundle type.
def test_the_sandbox_draft_without_a_medication_is_read():
    draft = order("request-123", status="draft", category={"coding": []})
    document = with_context(
        "order-select", draftOrders=bundle(draft), selections=["MedicationRequest/request-123"]
    )
    call = read(document, "order-select")
    assert call.selections == {"MedicationRequest/request-123"}
    assert call.genomics == "missing"


@pytest.mark.parametrize(
    ("selection", "found", "flagged"),
    [
        ("MedicationRequest/m1", "MedicationRequest/m1", False),
        ("https://e.test/fhir/MedicationRequest/m1/_history/2", "MedicationRequest/m1", False),
        ("urn:uuid:5", "MedicationRequest/m1", False),
        ("MedicationRequest/other", "MedicationRequest/other", True),
    ],
)
def test_a_selection_is_found_however_it_is_written(selection, found, flagged):
    drafts = {"entry": [{"fullUrl": "urn:uuid:5", "resource": order()}]}
    document = with_context("order-select", draftOrders=drafts, selections=[selection])
    call = read(document, "order-select")
    assert call.selections == {found}
    assert ("selection-not-among-orders" in call.flags) is flagged


@pytest.mark.parametrize(
    ("selections", "found", "flags"),
    [
        (["m2"], {"MedicationRequest/m2"}, ("selection-without-type",)),
        (["m2", "MedicationRequest/m1"], None, ("selection-without-type",)),
        (["both"], {"MedicationRequest/both", "ServiceRequest/both"}, ("selection-without-type",)),
        (["m9"], {"m9"}, ("selection-not-among-orders",)),
        (["inner"], {"inner"}, ("selection-not-among-orders",)),  # contained: no draft of its own
        (["MedicationRequest/m1"], {"MedicationRequest/m1"}, ()),  # not the draft of that odd id
    ],
)
def test_a_selection_by_a_bare_id_means_the_drafts_of_that_id(selections, found, flags):
    drafts = bundle(
        order("m1"),
        order("m2", contained=[{"resourceType": "Medication", "id": "inner"}]),
        order("both"),
        {**order("both"), "resourceType": "ServiceRequest"},
        {**order("MedicationRequest/m1"), "resourceType": "Task"},
    )
    document = with_context("order-select", draftOrders=drafts, selections=selections)
    call = read(document, "order-select")
    assert call.selections == (found or {"MedicationRequest/m1", "MedicationRequest/m2"})
    assert call.flags == flags


def test_an_array_of_drafts_is_read_as_a_bundle():
    call = read(with_context(draftOrders=[order("m1"), order("m2")]))
    assert [entry.id for entry in call.drafts] == ["m1", "m2"]


def test_a_hook_that_selects_none_selects_none():
    assert read(with_context("order-select", selections=[]), "order-select").selections == set()


@pytest.mark.parametrize(
    ("hook", "context", "drafts"),
    [
        ("patient-view", {"userId": "Patient/p1"}, []),
        ("medication-refill", {"medications": bundle(order())}, ["MedicationRequest/m1"]),
        (
            "order-dispatch",
            {"dispatchedOrders": ["MedicationRequest/rx"], "performer": "Organization/1"},
            ["MedicationRequest/rx"],
        ),
        (
            "order-dispatch",
            {"order": "MedicationRequest/rx", "performer": "Organization/1"},
            ["MedicationRequest/rx"],
        ),
        (
            "medication-prescribe",
            {"userId": "Practitioner/1", "medications": bundle(order())},
            ["MedicationRequest/m1"],
        ),
        (
            "order-review",
            {"userId": "Practitioner/1", "orders": bundle(order())},
            ["MedicationRequest/m1"],
        ),
    ],
)
def test_each_hook_keeps_its_orders_where_its_page_says(hook, context, drafts):
    document = {
        "hook": hook,
        "hookInstance": INSTANCE,
        "context": {"patientId": "p1", **context},
        "prefetch": {"rx": order("rx")},
    }
    assert [entry.reference for entry in read(document, hook).drafts] == drafts


def test_every_hook_requires_a_patient():
    for hook in HOOKS.values():
        assert any(m.names == ("patientId",) and m.required for m in hook.members), hook.name


# --- prefetch: what came, and what silence means -------------------------------------------------

OUTCOME = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "error", "code": "forbidden"}],
}
WARNING = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "warning", "code": "invalid"}],
}
NO_RESULTS = {
    "resourceType": "Bundle",
    "entry": [{"resource": WARNING, "search": {"mode": "outcome"}}],
}
FAILED_INSIDE = {
    "resourceType": "Bundle",
    "entry": [{"resource": OUTCOME, "search": {"mode": "outcome"}}],
}
MEDICATIONS_FOUND_NONE = {
    "resourceType": "Bundle",
    "link": [{"relation": "self", "url": "https://e.test/fhir/MedicationRequest?patient=p1"}],
}
RESULTS_FOUND_NONE = {
    "resourceType": "Bundle",
    "link": [{"relation": "self", "url": "https://e.test/fhir/Observation?patient=p1"}],
}
WEIGHTS_FOUND_NONE = {
    "resourceType": "Bundle",
    "link": [{"relation": "self", "url": "https://e.test/Observation?code=29463-7&patient=p1"}],
}
WEIGHT = {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]}
VITALS = {"category": [{"coding": [{"code": "vital-signs"}]}]}


@pytest.mark.parametrize(
    ("prefetch", "genomics", "medications"),
    [
        (None, "missing", "missing"),
        ({}, "missing", "missing"),
        ({"pgxObservations": None}, "empty", "missing"),
        ({"pgxObservations": bundle()}, "empty", "missing"),
        ({"pgxObservations": NO_RESULTS}, "empty", "missing"),
        ({"pgxObservations": OUTCOME}, "unavailable", "missing"),
        ({"pgxObservations": FAILED_INSIDE}, "unavailable", "missing"),
        ({"pgxObservations": None, "diagnosticReports": OUTCOME}, "unavailable", "missing"),
        ({"pgxObservations": bundle(total=3)}, "unavailable", "missing"),
        ({"pgxObservations": bundle(observation())}, "supplied", "missing"),
        ({"site-key-7": bundle(observation())}, "supplied", "missing"),
        # Nothing under a key of which nobody knows what it asks is no search for results.
        ({"site-key-7": None}, "missing", "missing"),
        ({"foo": bundle()}, "missing", "missing"),
        ({"emergency-contacts": None, "gender-identity": None}, "missing", "missing"),
        ({"site-genotypes": None}, "empty", "missing"),
        ({"theirResults": bundle()}, "empty", "missing"),
        ({"foo": RESULTS_FOUND_NONE}, "empty", "missing"),
        # What failed may have been one.
        ({"foo": OUTCOME}, "unavailable", "missing"),
        ({"patient": bundle(observation())}, "supplied", "missing"),
        ({"patient": None}, "missing", "missing"),
        ({"problems": None}, "missing", "missing"),
        ({"activeMedications": None}, "missing", "empty"),
        ({"activeMedications": OUTCOME}, "missing", "unavailable"),
        ({"activeMedications": bundle(order())}, "missing", "supplied"),
        ({"anything": MEDICATIONS_FOUND_NONE}, "missing", "empty"),
        ({"conditions": bundle()}, "missing", "missing"),
        ({"a": [observation(), order()]}, "supplied", "supplied"),
        ({"a": []}, "missing", "missing"),
        ({"labs": []}, "empty", "missing"),
        ({"a": {"entry": [{"resource": observation()}]}}, "supplied", "missing"),
        ({"labs": {"response": {"status": "200 OK"}, "resource": None}}, "empty", "missing"),
        ({"a": {"response": {"status": "200 OK"}, "resource": None}}, "missing", "missing"),
        ({"a": {"response": {"status": "403"}, "resource": None}}, "unavailable", "missing"),
        ({"vitals": bundle(observation(code=PULSE, **VITALS))}, "missing", "missing"),
        ({"labs": bundle(observation(code=CREATININE))}, "empty", "missing"),
        (
            {"labs": bundle(observation(code=CREATININE)), "pgxObservations": OUTCOME},
            "unavailable",
            "missing",
        ),
        ({"problems": bundle(PHENOTYPE_PROBLEM)}, "supplied", "missing"),
        ({"labs": bundle(observation(code={"text": "CYP2D6 result"}))}, "supplied", "missing"),
        ({"a": {"resourceType": "Sequence", "patient": "Patient/p1"}}, "supplied", "missing"),
        # A search for weights is no search for a genotype, whatever it found.
        ({"bodyMeasures": None}, "missing", "missing"),
        ({"bodyMeasures": OUTCOME}, "missing", "missing"),
        ({"bodyMeasures": bundle(observation(code=WEIGHT))}, "missing", "missing"),
        ({"vitals": OUTCOME}, "missing", "missing"),
        ({"vitals": bundle(observation(code=WEIGHT))}, "missing", "missing"),
        ({"a": WEIGHTS_FOUND_NONE}, "missing", "missing"),
        ({"bodyMeasures": bundle(observation())}, "supplied", "missing"),
        ({"allergies": None}, "missing", "missing"),
        ({"allergies": OUTCOME}, "missing", "missing"),
    ],
)
def test_what_prefetch_says_of_the_data(prefetch, genomics, medications):
    call = read(request(prefetch=prefetch))
    assert (call.genomics, call.medications) == (genomics, medications)


@pytest.mark.parametrize(
    ("prefetch", "looked_for"),
    [
        ({}, set()),
        ({"allergies": None}, {"AllergyIntolerance"}),
        ({"allergies": bundle()}, {"AllergyIntolerance"}),
        ({"allergies": OUTCOME}, set()),
        ({"allergies": bundle(total=3)}, set()),
        ({"their-allergy-list": None, "meds": []}, {"AllergyIntolerance", "MedicationRequest"}),
        ({"problems": None, "more-problems": OUTCOME}, set()),
        ({"x": MEDICATIONS_FOUND_NONE}, {"MedicationRequest"}),
        ({"x": None}, set()),
    ],
)
def test_types_that_were_searched_and_not_found_are_told_from_silence(prefetch, looked_for):
    assert read(request(prefetch=prefetch)).looked_for == looked_for


@pytest.mark.parametrize(
    ("prefetch", "lists", "partial"),
    [
        ({}, {}, set()),
        ({"problems": None}, {"problems": "empty"}, set()),
        ({"problems": bundle()}, {"problems": "empty"}, set()),
        ({"problems": OUTCOME}, {"problems": "unavailable"}, set()),
        ({"problems": bundle(total=3)}, {"problems": "unavailable"}, set()),
        ({"problems": bundle(PHENOTYPE_PROBLEM)}, {"problems": "supplied"}, set()),
        # A part that came does not hide that another did not.
        (
            {"problems": bundle(PHENOTYPE_PROBLEM), "more-problems": OUTCOME},
            {"problems": "unavailable"},
            {"problems"},
        ),
        (
            {"problems": bundle(PHENOTYPE_PROBLEM, total=9)},
            {"problems": "unavailable"},
            {"problems"},
        ),
        ({"allergies": OUTCOME}, {"allergies": "unavailable"}, set()),
        ({"testOrders": OUTCOME}, {"tests": "unavailable"}, set()),
        ({"testOrders": None}, {"tests": "empty"}, set()),
        ({"bodyMeasures": OUTCOME}, {"measures": "unavailable"}, set()),
        ({"vitals": None}, {"measures": "empty"}, set()),
        ({"a": WEIGHTS_FOUND_NONE}, {"measures": "empty"}, set()),
        ({"bodyMeasures": bundle(observation(code=WEIGHT))}, {"measures": "supplied"}, set()),
        ({"activeMedications": bundle(order())}, {"medicines": "supplied"}, set()),
        ({"meds": bundle(order(), total=2)}, {"medicines": "unavailable"}, {"medicines"}),
        (
            {"bodyMeasures": bundle(observation(code=WEIGHT), total=9)},
            {"measures": "supplied"},
            set(),
        ),
        ({"their-meds": OUTCOME}, {"medicines": "unavailable"}, set()),
        ({"pgxObservations": OUTCOME}, {"results": "unavailable"}, set()),
        ({"a": bundle(observation(), total=2)}, {"results": "unavailable"}, {"results"}),
    ],
)
def test_each_list_is_supplied_empty_unavailable_or_missing(prefetch, lists, partial):
    call = read(request(prefetch=prefetch))
    assert (call.lists, call.partial) == (lists, partial)


@pytest.mark.parametrize(
    ("dispatched", "is_flagged"),
    [
        (["MedicationRequest/rx"], False),
        ("MedicationRequest/rx", False),
        (["https://ehr.test/fhir/MedicationRequest/rx/_history/2"], False),
        (["rx"], True),
        (["MedicationRequest/rx", ""], True),
        ([], True),
    ],
)
def test_dispatched_orders_that_lead_nowhere_are_flagged(dispatched, is_flagged):
    document = request("order-dispatch")
    document["context"] = {
        "patientId": "p1",
        "dispatchedOrders": dispatched,
        "performer": "Organization/1",
    }
    flags = read(document, "order-dispatch").flags
    assert ("dispatchedOrders-not-a-known-reference" in flags) is is_flagged


@pytest.mark.parametrize("dispatched", ["", " ", [1], {}])
def test_dispatched_orders_of_no_reference_are_refused(dispatched):
    document = request("order-dispatch")
    document["context"] = {
        "patientId": "p1",
        "dispatchedOrders": dispatched,
        "performer": "Organization/1",
    }
    with pytest.raises(InvalidHookRequest, match="dispatchedOrders"):
        read(document, "order-dispatch")


def test_a_further_page_of_weights_hides_no_result():
    pages = {"bodyMeasures": bundle(observation("w", code=WEIGHT), total=900)}
    call = read(request(prefetch={"pgxObservations": bundle(observation()), **pages}))
    assert (call.genomics, call.incomplete) == ("supplied", False)


def test_the_reason_for_missing_data_repeats_no_free_text():
    outcome = copy.deepcopy(OUTCOME)
    outcome["issue"][0]["diagnostics"] = "no access to Jane Doe"
    outcome["issue"].append({"code": "Jane Doe"})
    assert read(request(prefetch={"a": outcome})).unavailable_reason == "forbidden"


@pytest.mark.parametrize(
    "members",
    [{"link": [{"relation": "next", "url": "https://e.test/fhir?page=2"}]}, {"total": 2}],
)
def test_a_search_bundle_with_more_pages_is_incomplete(members):
    call = read(request(prefetch={"a": bundle(observation(), **members)}))
    assert (call.genomics, call.incomplete) == ("supplied", True)


def test_a_failed_search_beside_a_result_is_incomplete():
    supplied = {"pgxObservations": bundle(observation()), "diagnosticReports": OUTCOME}
    call = read(request(prefetch=supplied))
    assert (call.genomics, call.incomplete, call.unavailable_reason) == (
        "supplied",
        True,
        "forbidden",
    )


@pytest.mark.parametrize(
    ("value", "where"),
    [
        ("none", "prefetch.a"),
        (5, "prefetch.a"),
        ({}, "prefetch.a"),
        ({"id": "x"}, "prefetch.a"),
        ({"resourceType": 5}, "prefetch.a"),
        (["x"], "prefetch.a[0]"),
        ([observation(), None], "prefetch.a[1]"),
    ],
)
def test_prefetch_that_is_no_resource_is_refused(value, where):
    with pytest.raises(InvalidHookRequest) as refused:
        read(request(prefetch={"a": value}))
    assert [issue.where for issue in refused.value.issues] == [where]


def test_bundles_in_bundles_without_end_are_refused():
    nested = observation()
    for _ in range(40):
        nested = bundle(nested)
    with pytest.raises(TooDeep):
        read(request(prefetch={"a": nested}))


# --- one patient ---------------------------------------------------------------------------------

MRN = "https://hospital.test/mrn"
PATIENT = {"resourceType": "Patient", "id": "p1", "identifier": [{"system": MRN, "value": "1"}]}


def anonymous(mrn):
    return {"resourceType": "Patient", "identifier": [{"system": MRN, "value": mrn}]}


def entry(resource, full_url):
    return {"fullUrl": full_url, "resource": resource}


def about(subject, **members):
    return observation(subject=subject, **members)


SAME_PATIENT = {
    "relative": about({"reference": "Patient/p1"}),
    "absolute": about({"reference": "https://ehr.test/fhir/Patient/p1"}),
    "versioned": about({"reference": "Patient/p1/_history/3"}),
    "urn of the id": about({"reference": "urn:uuid:p1"}),
    "bare text": about("Patient/p1"),
    "list": about([{"reference": "Patient/p1"}]),
    "urn of a Patient entry": {
        "resourceType": "Bundle",
        "entry": [
            entry(PATIENT, "urn:uuid:77"),
            entry(about({"reference": "urn:uuid:77"}), "urn:uuid:78"),
        ],
    },
}


@pytest.mark.parametrize("value", SAME_PATIENT.values(), ids=SAME_PATIENT.keys())
def test_the_patient_is_recognised_however_referenced(value):
    call = read(request(prefetch={"a": value}))
    assert "Observation/o1" in [found.reference for found in call.evidence]
    assert call.flags == ()


OTHER_PATIENT = {
    "relative": (about({"reference": "Patient/p2"}), "prefetch.a.subject"),
    "absolute": (about({"reference": "https://e.test/Patient/p2"}), "prefetch.a.subject"),
    "versioned": (about({"reference": "Patient/p2/_history/1"}), "prefetch.a.subject"),
    "unknown urn": (about({"reference": "urn:uuid:9"}), "prefetch.a.subject"),
    "conditional": (about({"reference": "Patient?identifier=1"}), "prefetch.a.subject"),
    "bare id": (about({"reference": "p2"}), "prefetch.a.subject"),
    "in a list": (
        about([{"reference": "Patient/p1"}, {"reference": "Patient/p2"}]),
        "prefetch.a.subject",
    ),
    "Patient": ({"resourceType": "Patient", "id": "p2"}, "prefetch.a.id"),
    "R4 sequence": (
        {"resourceType": "MolecularSequence", "patient": {"reference": "Patient/p2"}},
        "prefetch.a.patient",
    ),
    "Task": ({"resourceType": "Task", "for": {"reference": "Patient/p2"}}, "prefetch.a.for"),
    "contained": (
        observation(contained=[about({"reference": "Patient/p2"})]),
        "prefetch.a.contained[0].subject",
    ),
    "second of a Bundle": (
        bundle(observation(), about({"reference": "Patient/p2"}, identity="o2")),
        "prefetch.a.entry[1].resource.subject",
    ),
    "identifier of another": (
        bundle(PATIENT, about({"identifier": {"system": MRN, "value": "2"}})),
        "prefetch.a.entry[1].resource.subject",
    ),
    "anonymous Patient of another": (
        bundle(PATIENT, anonymous("2")),
        "prefetch.a.entry[1].resource.identifier",
    ),
    "two anonymous Patients": (
        bundle(anonymous("1"), anonymous("2")),
        "prefetch.a.entry[1].resource.identifier",
    ),
    "urn of another Patient": (
        {
            "resourceType": "Bundle",
            "entry": [
                entry({"resourceType": "Patient", "id": "p2"}, "urn:uuid:77"),
                entry(about({"reference": "urn:uuid:77"}), "urn:uuid:78"),
            ],
        },
        "prefetch.a.entry[0].resource.id",
    ),
}


@pytest.mark.parametrize(("value", "where"), OTHER_PATIENT.values(), ids=OTHER_PATIENT.keys())
def test_another_patient_anywhere_is_refused_naming_the_path_and_no_id(value, where):
    with pytest.raises(MixedPatients) as refused:
        read(request(prefetch={"a": value}))
    assert [issue.where for issue in refused.value.issues] == [where]
    assert not any("p2" in issue.text or "p1" in issue.text for issue in refused.value.issues)


def test_another_patient_among_the_drafts_is_refused():
    drafts = bundle(order(), order("m2", subject={"reference": "Patient/p2"}))
    with pytest.raises(MixedPatients) as refused:
        read(with_context(draftOrders=drafts))
    assert refused.value.where == "context.draftOrders.entry[1].resource.subject"


def test_another_patient_in_any_other_context_member_is_refused():
    with pytest.raises(MixedPatients):
        read(with_context(later=about({"reference": "Patient/p2"})))


@pytest.mark.parametrize(("patient", "refused"), [("p1", 0), ("Patient/p1", 0), ("p2", 1)])
def test_the_token_must_be_for_the_patient_in_context(patient, refused):
    document = request(
        fhirServer="https://e.test", fhirAuthorization={"access_token": "t", "patient": patient}
    )
    if refused:
        with pytest.raises(MixedPatients, match="token"):
            read(document)
    else:
        assert read(document).patient_id == "p1"


NOBODY = {
    "no subject": ({"resourceType": "Observation", "id": "o1"}, "subject-missing"),
    "empty subject": (about({}), "subject-missing"),
    "display only": (about({"display": "somebody"}), "subject-not-referenced"),
    "contained Patient": (
        about({"reference": "#p"}, contained=[{"resourceType": "Patient", "id": "p"}]),
        "subject-not-referenced",
    ),
    "identifier of this patient": (
        bundle(PATIENT, about({"identifier": {"system": MRN, "value": "1"}})),
        "subject-not-referenced",
    ),
    "anonymous Patient entry": (
        {
            "resourceType": "Bundle",
            "entry": [
                entry(anonymous("1"), "urn:uuid:77"),
                entry(about({"reference": "urn:uuid:77"}), "urn:uuid:78"),
            ],
        },
        "patient-without-id",
    ),
}


@pytest.mark.parametrize(("value", "flag"), NOBODY.values(), ids=NOBODY.keys())
def test_data_that_name_nobody_are_used_and_flagged(value, flag):
    call = read(request(prefetch={"a": value}))
    assert flag in call.flags
    assert "Observation/o1" in [found.reference for found in call.evidence]


@pytest.mark.parametrize(
    "value",
    [
        about({"reference": "Group/g"}),
        about({"reference": "Specimen/s"}),
    ],
)
def test_data_about_no_patient_are_left_out_with_a_note(value):
    value["contained"] = [{"resourceType": "Observation", "id": "inside"}]
    call = read(request(prefetch={"a": value}))
    assert call.evidence == ()
    assert [note.reference for note in call.notes] == ["Observation/o1"]


@pytest.mark.parametrize("person", ["Patient/fetus", "RelatedPerson/mother"])
def test_whom_a_result_of_this_record_is_about_is_left_to_the_reader(person):
    call = read(request(prefetch={"a": observation(focus=[{"reference": person}])}))
    assert [found.reference for found in call.evidence] == ["Observation/o1"]
    assert call.notes == ()


def test_many_patients_without_an_id_are_compared_in_linear_time():
    crowd = [
        {"resourceType": "Patient", "identifier": [{"system": f"s{i}", "value": "1"}]}
        for i in range(20_000)
    ]
    assert "patient-without-id" in read(request(prefetch={"a": crowd})).flags

"""A gene that a Consent withholds shows in no answer to a hook: the answer with it is the answer
without it, to the byte, for every hook and drug and from wherever the data come."""

import copy
import json
import random
from contextlib import closing
from datetime import UTC, date, datetime

import pytest

from fhir_pgx.cards import write_answer
from fhir_pgx.cards.limited import LIMITED
from fhir_pgx.errors import DataUnavailable
from fhir_pgx.fhir.visit import Retrieved
from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.knowledge.gene_words import load_gene_words
from fhir_pgx.model.access import Caller
from fhir_pgx.pipeline import Pipeline
from fhir_pgx.security import mentions, references, texts, withheld
from fhir_pgx.services import withholding
from fhir_pgx.services.answering import read_call, record_answer
from fhir_pgx.services.gather import Sources
from fhir_pgx.services.pgx import services
from fhir_pgx.storage import NewResource, SqlStore
from fhir_pgx.terminology import GENE_CLASS

from .withheld_patients import (
    DRUGS,
    RXNORM,
    about,
    code,
    consent_to_withhold,
    medicine,
    patient_of,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
EHR = "https://ehr.test/fhir"
ICD_10 = "http://hl7.org/fhir/sid/icd-10-cm"
CLINICIAN = Caller("cds-client", "https://ehr.test", "ehr")
EMERGENCY = Caller("cds-client", "https://ehr.test", "ehr", purpose="ETREAT")
ORDERS = ("order-select", "order-sign", "medication-refill", "medication-prescribe", "order-review")
CHARTS = ("patient-view", "encounter-start", "encounter-discharge", "appointment-book")
LISTS = {"medication-refill": "medications", "medication-prescribe": "medications",
         "order-review": "orders"}  # fmt: skip
SEEDS = range(24)


@pytest.fixture(scope="module")
def pipeline(knowledge):
    return Pipeline(knowledge, DrugCodes(), today=lambda: date(2026, 11, 23))


@pytest.fixture(scope="module")
def offered(pipeline):
    return {service.hook: service for service in services(pipeline.answer)}


def sources(**more):
    return Sources(caller=CLINICIAN, now=lambda: NOW, **more)


def bundle(resources):
    """A search's answer, which counts."""
    entries = [{"resource": each, "search": {"mode": "match"}} for each in resources]
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(resources),
        **({"entry": entries} if entries else {"entry": []}),
    }


def draft(drug):
    made = medicine("draft", *drug)
    return {**made, "status": "draft"}


def context(hook, drug):
    found = {"patientId": "p1", "userId": "Practitioner/7", "encounterId": "e1"}
    orders = {"resourceType": "Bundle", "entry": [{"resource": draft(drug)}]}
    if hook in ORDERS:
        found[LISTS.get(hook, "draftOrders")] = orders
    if hook == "order-select":
        found["selections"] = ["MedicationRequest/draft"]
    if hook == "order-dispatch":
        found |= {"dispatchedOrders": ["MedicationRequest/m0"], "performer": "Organization/1"}
    if hook == "appointment-book":
        found["appointments"] = {"resourceType": "Bundle", "entry": []}
    if hook == "problem-list-item-create":
        problem = about("Condition", "new", code=code(ICD_10, "F33.1", "Depression"))
        found["conditions"] = {"resourceType": "Bundle", "entry": [{"resource": problem}]}
    if hook == "allergyintolerance-create":
        patient = {"reference": "Patient/p1"}
        allergy = {"resourceType": "AllergyIntolerance", "patient": patient}
        found["allergyIntolerance"] = {**allergy, "code": code(RXNORM, *drug)}
    return found


HOOKS = (*ORDERS, *CHARTS, "order-dispatch", "problem-list-item-create",
         "allergyintolerance-create")  # fmt: skip


def request(hook, drug, prefetch, **more):
    return copy.deepcopy(
        {
            "hook": hook,
            "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
            "context": context(hook, drug),
            "prefetch": prefetch,
            **more,
        }
    )


def prefetched(resources):
    """Each kind of resource under a key of its own, as EHRs send them."""
    kinds = {}
    for each in resources:
        kinds.setdefault(each["resourceType"], []).append(each)
    patient = kinds.pop("Patient")[0]
    keys = dict.fromkeys(("Observation", "DiagnosticReport", "Condition", "MedicationRequest"), ())
    return {"patient": patient} | {
        f"my{kind}s": bundle(list(found)) for kind, found in {**keys, **kinds}.items()
    }


def answered(offered, document, given):
    """The answer as it is sent; or the error, in full."""
    service = offered[document["hook"]]
    try:
        call = read_call(document, service, given)
        return json.dumps(write_answer(service.answer(call)), sort_keys=True, default=str)
    except DataUnavailable as error:
        return f"412 {error} {error.where} {error.mend}"


def differences(offered, seeds, *, hooks=HOOKS, patient_of=patient_of):
    """The calls whose answer with the secret is not the answer without it, as they are met."""
    for seed in seeds:
        chance, patient = random.Random(seed), patient_of(seed)
        for hook in hooks:
            drug = chance.choice(DRUGS)
            known = [*patient.shown, patient.consent]
            everything = [*patient.shown, *patient.secret, patient.consent]
            chance.shuffle(everything)
            order = [id(each) for each in everything]
            known.sort(key=lambda each: order.index(id(each)))
            kinds = {each["resourceType"] for each in patient.secret}
            bare = prefetched(known)
            # A client that finds nothing of a kind sends an empty Bundle.
            for kind in kinds:
                bare.setdefault(f"my{kind}s", bundle([]))
            whole = prefetched(everything)
            one = answered(offered, request(hook, drug, whole), sources())
            other = answered(offered, request(hook, drug, bare), sources())
            if one != other:
                yield seed, hook, drug[1]


def test_the_answer_with_a_withheld_gene_is_the_answer_without_it(offered):
    assert list(differences(offered, SEEDS)) == []


def all_secret(**criterion):
    """Patients of whom every genomic result is withheld by this criterion."""

    def made(seed):
        patient = patient_of(seed)
        patient.consent["provision"] = {"type": "deny", **criterion}
        patient.secret += [each for each in patient.shown if each["id"].startswith("r")]
        patient.shown = [each for each in patient.shown if not each["id"].startswith("r")]
        return patient

    return made


@pytest.mark.parametrize(
    "criterion",
    [
        {"class": [{"system": GENE_CLASS, "code": "genomic"}]},
        {"class": [{"system": GENE_CLASS, "code": "pharmacogene"}]},
        {"code": [{"text": "what we agreed on"}]},  # not understood
    ],
)
def test_a_withheld_class_is_as_if_it_were_not_there(offered, criterion):
    made = all_secret(**criterion)
    assert list(differences(offered, range(8), patient_of=made)) == []


def test_what_is_withheld_is_the_secret_and_no_more(offered):
    for seed in range(100):
        patient = patient_of(seed)
        everything = [*patient.shown, *patient.secret, patient.consent]
        document = request("patient-view", DRUGS[0], prefetched(everything))
        call = read_call(document, offered["patient-view"], sources())
        kept = {(entry.type, entry.id) for entry in call.evidence}
        assert kept == {(each["resourceType"], each["id"]) for each in patient.shown}, seed


def test_the_comparison_says_something(offered):
    """Without the Consent the secret does show, for many a hook: else nothing would be compared."""
    told = 0
    for seed in range(8):
        patient = patient_of(seed)
        for hook, drug in zip(("order-sign", "patient-view") * 6, DRUGS, strict=False):
            whole = prefetched([*patient.shown, *patient.secret])
            one = answered(offered, request(hook, drug, whole), sources())
            other = answered(offered, request(hook, drug, prefetched(patient.shown)), sources())
            told += one != other
    assert told > 20


@pytest.mark.parametrize(
    ("module", "name", "instead"),
    [
        # each leak must be found
        (mentions.Listener, "_add_named", lambda *_: None),
        (mentions.Listener, "_add_placed", lambda *_: None),
        (texts, "_attached", lambda *_, **__: iter(())),
        (texts, "_TAG", texts.re.compile(rb"\x00")),
        (references.Graph, "resting_on", lambda *_: frozenset()),
    ],
)
def test_a_planted_leak_is_found(offered, monkeypatch, module, name, instead):
    monkeypatch.setattr(withheld, "_KEPT", {})  # what was heard before the leak
    monkeypatch.setattr(module, name, instead)
    if name in ("_attached", "_TAG"):  # no card is made of it: it is found where it is looked for
        assert _heard_less(module, name)
        return
    assert next(differences(offered, range(200)), None)


def _heard_less(module, name):
    listener = mentions.listener_for(load_gene_words(), frozenset(("CYP2C19",)))
    bodies = {
        "_attached": b'{"attachment": {"contentType": "text/plain", "data": "Q1lQMkMxOQ=="}}',
        "_TAG": b'{"div": "<div>C<b>YP2C1</b>9</div>"}',
    }
    return not listener.hear(bodies[name]).genes


def test_a_count_that_still_has_what_is_withheld_is_found(offered, monkeypatch):
    monkeypatch.setattr(withholding, "_COUNTED", ())
    assert next(differences(offered, range(6), hooks=("order-sign", "patient-view")), None)


# From the client's server, and from our own store


class Server:
    """The client's FHIR server: each search finds its type; it counts what it finds."""

    def __init__(self, resources):
        self.resources, self.asked = resources, []

    def find_listed(self, url, among=None):
        return url == EHR

    def visit(self, url, *, token="", among=None):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None

    def fetch(self, query):
        self.asked.append(query)
        kind = query.partition("?")[0].partition("/")[0]
        found = [each for each in self.resources if each["resourceType"] == kind]
        if "?" not in query:
            return Retrieved(tuple(found))
        return Retrieved((bundle(copy.deepcopy(found)),))


@pytest.mark.parametrize("hook", HOOKS)
def test_data_of_the_clients_server_are_withheld_too(offered, hook):
    for seed in range(6):
        patient, drug = patient_of(seed), DRUGS[seed]
        kept = {"consents": bundle([patient.consent])}
        document = request(hook, drug, kept, fhirServer=EHR)
        one = answered(offered, document, sources(client=Server([*patient.shown, *patient.secret])))
        other = answered(offered, document, sources(client=Server(patient.shown)))
        assert one == other


@pytest.mark.parametrize("hook", ["order-sign", "patient-view", "order-dispatch"])
def test_data_of_our_store_are_withheld_too(offered, hook, tmp_path):
    for seed in range(6):
        patient, drug = patient_of(seed), DRUGS[seed]
        answers = []
        for name, secret in (("with", patient.secret), ("without", [])):
            with closing(SqlStore(f"sqlite:///{tmp_path}/{seed}{name}.db")) as store:
                put(store, [*patient.shown, *secret, patient.consent])
                given = sources(store=store, store_servers=frozenset((EHR,)))
                answers.append(answered(offered, request(hook, drug, {}, fhirServer=EHR), given))
        assert answers[0] == answers[1]
        assert patient.secret[0]["id"] not in answers[0]


def put(store, resources):
    store.save_bundle(
        [
            NewResource(each["resourceType"], each["id"], json.dumps(each).encode(), "p1")
            for each in resources
        ]
    )


def test_a_consent_in_the_store_withholds_what_the_client_sends(offered, tmp_path):
    patient = patient_of(1)
    with closing(SqlStore(f"sqlite:///{tmp_path}/test.db")) as store:
        put(store, [patient.consent])
        given = sources(store=store, store_servers=frozenset((EHR,)))
        everything = prefetched([*patient.shown, *patient.secret])
        document = request("patient-view", DRUGS[0], everything, fhirServer=EHR)
        call = read_call(document, offered["patient-view"], given)
    secret = {f"{each['resourceType']}/{each['id']}" for each in patient.secret}
    assert call.is_limited
    assert secret.isdisjoint(entry.reference for entry in call.evidence)


def test_a_consent_of_the_clients_server_withholds_what_the_client_sends(offered):
    patient = patient_of(1)
    everything = prefetched([*patient.shown, *patient.secret])
    document = request("patient-view", DRUGS[0], everything, fhirServer=EHR)
    call = read_call(document, offered["patient-view"], sources(client=Server([patient.consent])))
    assert call.is_limited
    secret = {f"{each['resourceType']}/{each['id']}" for each in patient.secret}
    assert secret.isdisjoint(entry.reference for entry in call.evidence)


# What a limited answer says


def consent_of(*genes):
    return consent_to_withhold(list(genes), random.Random(0))


def limited(offered, hook, drug, *resources, consent=None, caller=CLINICIAN):
    person = {"resourceType": "Patient", "id": "p1"}
    chosen = consent if consent is not None else consent_of("CYP2C19")
    given = prefetched([person, *resources, *([chosen] if chosen else [])])
    service = offered[hook]
    call = read_call(request(hook, drug, given), service, Sources(caller=caller, now=lambda: NOW))
    return call, write_answer(service.answer(call))["cards"]


NOTICE = "Advice is limited: part of this record is withheld from this request."


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("drug", [DRUGS[0], DRUGS[1]])
def test_every_answer_about_a_drug_or_a_chart_says_that_it_is_limited(offered, hook, drug):
    order = medicine("m0", *drug)
    _, cards = limited(offered, hook, drug, order)
    notices = [card for card in cards if card["summary"] == NOTICE]
    assert len(notices) == 1
    assert all(LIMITED.code in card["detail"] for card in cards)


def test_a_drug_that_nothing_is_known_of_needs_no_notice(offered):
    _, cards = limited(offered, "order-sign", ("161", "acetaminophen"))
    assert cards == []


def test_the_notice_is_the_same_whatever_is_withheld(offered):
    def notice(gene):
        _, cards = limited(offered, "order-sign", DRUGS[0], consent=consent_of(gene))
        return [card for card in cards if card["summary"] == NOTICE]

    assert notice("CYP2C19") == notice("TPMT") == notice("DPYD")


def test_a_limited_answer_does_not_claim_that_nobody_tested(offered):
    _, limited_cards = limited(offered, "order-sign", DRUGS[0])
    _, cards = limited(offered, "order-sign", DRUGS[0], consent={})
    said, unlimited = json.dumps(limited_cards), json.dumps(cards)
    assert "no CYP2C19 result on file" in unlimited
    assert "not-tested" in unlimited
    for claim in ("on file", "not-tested", "untested", "not tested", "never tested"):
        assert claim not in said
    assert "no CYP2C19 result in view" in said


def test_a_call_without_a_restricting_consent_is_as_it_ever_was(offered):
    harmless = {**consent_of("CYP2C19"), "provision": {"type": "permit"}}
    _, with_consent = limited(offered, "order-sign", DRUGS[0], consent=harmless)
    _, without = limited(offered, "order-sign", DRUGS[0], consent={})
    assert with_consent == without


def test_an_emergency_sees_all_and_is_flagged_for_the_record(offered):
    patient = patient_of(1)
    call, _ = limited(
        offered, "patient-view", DRUGS[0], *patient.shown[1:], *patient.secret,
        consent=patient.consent, caller=EMERGENCY,
    )  # fmt: skip
    assert "glass-broken" in call.flags
    assert not call.is_limited
    secret = {f"{each['resourceType']}/{each['id']}" for each in patient.secret}
    assert secret <= {entry.reference for entry in call.evidence}


def test_a_consent_that_is_not_understood_is_flagged_for_the_operator(offered):
    odd = {**consent_of("CYP2C19"), "provision": {"type": "deny", "code": [{"text": "my secret"}]}}
    call, _ = limited(offered, "patient-view", DRUGS[0], consent=odd)
    assert "consent-not-understood" in call.flags


def test_what_is_withheld_is_in_no_trace_and_in_no_record(offered, pipeline, tmp_path):
    patient = patient_of(3)
    given = prefetched([*patient.shown, *patient.secret, patient.consent])
    document = request("patient-view", DRUGS[0], given)
    service = offered["patient-view"]
    with closing(SqlStore(f"sqlite:///{tmp_path}/test.db")) as store:
        call = read_call(document, service, sources(store=store))
        record_answer(call, service.answer(call), sources(store=store), remember=True)
    trace = json.dumps(pipeline.explain_call(call), default=str)
    for each in patient.secret:
        assert each["id"] not in trace
    assert patient.consent["id"] not in {entry.id for entry in call.evidence}


@pytest.mark.parametrize(
    "shape",
    [
        lambda secret: secret,  # the resource itself
        lambda secret: [secret],
        lambda secret: {"response": {"status": "200"}, "resource": secret},
        lambda secret: bundle([secret]),
        lambda secret: bundle([bundle([secret])]),
        lambda secret: {"resourceType": "Parameters", "parameter": [
            {"name": "r", "resource": secret}]},
        lambda secret: {"resourceType": "Parameters", "parameter": [
            {"name": "p", "part": [{"name": "r", "resource": bundle([secret])}]}]},
        lambda secret: {"entry": [{"resource": secret}]},
    ],
)  # fmt: skip
def test_a_secret_is_withheld_in_whatever_it_is_wrapped(offered, shape):
    secret = patient_of(1).secret[0]
    given = {"results": shape(secret), "consents": bundle([patient_of(1).consent])}
    document = request("patient-view", DRUGS[0], given)
    call = read_call(document, offered["patient-view"], sources())
    assert call.is_limited
    assert secret["id"] not in {entry.id for entry in call.evidence}

"""The app's page over a foreign EHR and over our own store, without a browser: what it shows, what
it says where something could not be read, and what becomes of every trouble."""

import re
from contextlib import closing
from html import unescape
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from fhir_pgx.settings import Settings
from fhir_pgx.storage import SqlStore
from fhir_pgx.web.app import create_app
from tests.foreign_ehr import ForeignEhr, genotype, order, person
from tests.web.fhir_client import real_pipeline

US = "http://127.0.0.1:8080"


@pytest.fixture
def ehr():
    running = ForeignEhr()
    yield running
    running.close()


@pytest.fixture
def store(tmp_path):
    with closing(SqlStore(f"sqlite:///{tmp_path}/page.db")) as opened:
        yield opened


@pytest.fixture
def client(ehr, tmp_path, store):
    settings = Settings(access=ehr.access(tmp_path))
    return create_app(settings, pipeline=real_pipeline(), store=store).test_client()


def launched(client, ehr, launch="launch-1"):
    """The address of the page that a launch ends at, with its fragment."""
    began = client.get("/app/launch?" + urlencode({"iss": f"{ehr.base}/fhir", "launch": launch}))
    back = urlsplit(ehr.approved(dict(parse_qsl(urlsplit(began.location).query))))
    return client.get(f"/app/callback?{back.query}").location.removeprefix(US)


def page_of(client, ehr, **more):
    address = launched(client, ehr).partition("#")[0]
    return client.get(address + "".join(f"&{name}={value}" for name, value in more.items()))


def text_of(answer):
    """What a reader sees, in one line."""
    text = re.sub(r"<(style|script|title).*?</\1>", "", answer.text, flags=re.S)
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", text).split()))


# What it shows


def test_the_page_shows_the_patient_the_medicines_with_their_lights_and_the_genes(client, ehr):
    answer = page_of(client, ehr)
    assert answer.status_code == 200
    text = text_of(answer)
    assert "Synthetic Ada Example" in text
    assert "Former Name" not in text
    assert "Born 1958-04-12" in text
    assert "Id p1" in text
    assert re.search(r"clopidogrel ■ Avoid CYP2C19 Poor Metabolizer", text)
    assert re.search(r"metformin – No guidance", text)
    assert "CYP2C19 ● Called *2/*2 Poor Metabolizer" in text
    assert "2024-05-02 Observation/synthetic-CYP2C19" in text
    assert answer.headers["Cache-Control"] == "no-store"
    assert "access-marker" not in answer.text


def test_a_dose_whose_neglect_can_kill_says_so_though_its_light_is_amber(client, ehr):
    marked = "Ignoring this can end in death or lasting harm"
    half = genotype("DPYD", "Reference/c.1905+1G>A (*2A)")
    ehr.resources = [person(), half, order("fluorouracil")]
    text = text_of(page_of(client, ehr))
    assert "fluorouracil ▲ Caution or adjust DPYD Intermediate Metabolizer" in text
    assert f"{marked} (by the advice of CPIC, DPWG, FDA)" in text
    ehr.resources = [person(), genotype("CYP2D6", "*1/*4"), order("codeine")]
    assert marked not in text_of(page_of(client, ehr))


def test_the_access_is_recorded_with_the_patient(client, ehr, store):
    page_of(client, ehr)
    store.audit.queue.flush()
    found = [(each.what, each.patient, each.agent) for each in store.audit.entries()]
    assert ("other /app", "p1", "Practitioner/dr-1@our-client") in found


def test_a_medicine_that_nobody_can_judge_is_not_green(client, ehr):
    ehr.resources = [person(), order("clopidogrel"), order("florbuxil")]
    text = text_of(page_of(client, ehr))
    assert "clopidogrel ? Not known CYP2C19 not tested." in text
    assert "florbuxil ? Not known This medicine was not recognised" in text
    assert "No change known" not in text


def test_a_gene_that_was_not_tested_and_one_without_a_usable_result_have_their_own_words(
    client, ehr
):
    failed = genotype("NUDT15", "x") | {"dataAbsentReason": {"text": "failed"}}
    del failed["valueCodeableConcept"]
    ehr.resources = [person(), genotype("TPMT", "*1/*3A"), order("azathioprine")]
    assert "NUDT15 not tested." in text_of(page_of(client, ehr))
    ehr.resources.append(failed)
    text = text_of(page_of(client, ehr))
    assert "NUDT15 no usable result." in text
    assert "NUDT15 ✕ No call" in text


def test_results_that_disagree_are_shown_both(client, ehr):
    ehr.resources = [person(), genotype("TPMT", "*1/*1"), genotype("TPMT", "*3A/*3A", id="second")]
    text = text_of(page_of(client, ehr))
    assert "TPMT ⇄ Conflict" in text
    assert "Normal Metabolizer against Poor Metabolizer" in text


@pytest.mark.parametrize(
    ("type_", "status", "said", "never"),
    [
        ("Observation", 403, "Genetic results (Observation): not read.", "○ Not tested"),
        ("MedicationRequest", 403, "The list of active medicines: not read.",
         "No current medicine is on the record"),
        ("Patient", 403, "The patient's name and birth date (Patient): not read.", "Synthetic Ada"),
        ("ServiceRequest", 500, "Open orders for genetic tests (ServiceRequest): not read.",
         "no order on file"),
        ("Condition", 403, "The problem list (Condition): not read.", "Not launched"),
    ],
)  # fmt: skip
def test_what_could_not_be_read_is_said_at_its_place(client, ehr, type_, status, said, never):
    ehr.status = {type_: status}
    ehr.resources.append(order("abacavir"))
    text = text_of(page_of(client, ehr))
    assert said in text
    assert f"status {status}" in text
    assert never not in text


def test_without_its_list_of_medicines_the_page_does_not_say_that_none_is_taken(client, ehr):
    ehr.status = {"MedicationRequest": 500}
    text = text_of(page_of(client, ehr))
    assert "What the patient takes is not known here." in text
    assert "Nothing that the guidance on the current medicines asks for is missing" not in text
    patient = text_of(page_of(client, ehr, **{"for": "patient"}))
    assert "That does not mean that you take none." in patient
    assert "No gene is missing" not in patient


def test_genes_that_could_not_be_read_are_not_called_untested_to_the_patient_either(client, ehr):
    ehr.status = {"Observation": 403}
    text = text_of(page_of(client, ehr, **{"for": "patient"}))
    assert "Could not be read: " in text
    assert "Not tested, as far as this record shows" not in text
    assert "No result of a gene test is on this record" not in text


# A card's link


def test_a_card_s_link_opens_at_its_drug(client, ehr):
    ehr.granted = {"appContext": "drug-clopidogrel"}
    address = launched(client, ehr)
    assert address.endswith("#drug-clopidogrel")
    page = client.get(address.partition("#")[0]).text
    assert page.count('id="drug-clopidogrel"') == 1
    row = re.search(r"<tr[^>]*is-asked[^>]*>.*?</tr>", page, re.S)[0]
    assert 'id="drug-clopidogrel"' in row


def test_a_drug_that_is_about_to_be_ordered_has_a_place_of_its_own(client, ehr):
    ehr.resources = [person(), genotype("CYP2C19", "*2/*2")]
    ehr.granted = {"appContext": "drug-clopidogrel"}
    answer = page_of(client, ehr)
    assert "The drug that the card is about clopidogrel ■ Avoid" in text_of(answer)
    assert answer.text.count('id="drug-clopidogrel"') == 1


def test_a_link_to_what_the_page_does_not_have_says_so(client, ehr):
    ehr.granted = {"appContext": "drug-nothing"}
    assert "The card led to drug-nothing" in text_of(page_of(client, ehr))


@pytest.mark.parametrize(
    "context", ["<script>marker</script>", "javascript:marker", "drug-", 'drug-"><b>', {"a": 1}]
)
def test_a_context_of_another_shape_is_passed_over(client, ehr, context):
    ehr.granted = {"appContext": context}
    address = launched(client, ehr)
    assert "#" not in address
    assert "marker" not in client.get(address).text


@pytest.mark.parametrize("stated", [True, None])
def test_the_banner_is_whole_unless_the_ehr_says_that_it_shows_one(client, ehr, stated):
    ehr.granted = {"need_patient_banner": stated}
    assert 'class="patient"' in page_of(client, ehr).text


def test_in_an_ehr_with_a_banner_ours_is_slim_and_still_there_on_paper(client, ehr):
    ehr.granted = {"need_patient_banner": False}
    page = page_of(client, ehr).text
    assert 'class="patient patient-slim"' in page
    assert 'class="paper-patient"><strong>Synthetic Ada Example</strong>' in page


# Nothing a record holds runs


@pytest.mark.parametrize("reader", ["clinician", "patient"])
def test_what_a_record_holds_is_text(client, ehr, reader):
    bad = "<script>alert(1)</script>"
    ehr.resources = [
        person(name=[{"text": bad}], birthDate=bad),
        order(f"clopidogrel {bad}"),
        genotype("CYP2C19", bad),
        genotype("CYP2C19", "*2/*2", id=f"x{bad}"),
    ]
    page = page_of(client, ehr, **{"for": reader}).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


@pytest.mark.parametrize("reader", ["clinician", "patient"])
def test_nothing_in_a_record_turns_words_around_unseen(client, ehr, reader):
    turned = "abc\u202exyz\x07"
    ehr.resources = [
        person(name=[{"text": f"Ada {turned}"}]),
        genotype("CYP2C19", "*2/*2", performer=[{"display": turned}]),
        order(f"clopidogrel {turned}"),
    ]
    page = page_of(client, ehr, **{"for": reader}).text
    assert "Ada abc⟨U+202E⟩xyz⟨U+0007⟩" in page
    assert not {"\u202e", "\x07"} & set(page)


def test_the_page_may_load_nothing_of_others_and_run_nothing_inline(client, ehr):
    answer = page_of(client, ehr)
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self'; style-src 'self'" in policy
    assert " style=" not in answer.text
    assert not re.search(r"<script(?![^>]* src=)", answer.text)


# The patient's page


def test_the_patient_s_page_begins_with_whom_to_talk_to(client, ehr):
    text = text_of(page_of(client, ehr, **{"for": "patient"}))
    body = text.rpartition("Record number p1")[2]
    assert body.strip().startswith("Before you change anything Talk to your doctor or pharmacist")
    assert "clopidogrel ■ Ask soon" in text
    # What sources tell prescribers to do is not for here.
    for word in ("Avoid", "avoid if possible", "prasugrel", "alternative"):
        assert word not in text


def test_in_spanish_every_sentence_is_and_the_sources_terms_stay_as_they_are(client, ehr):
    answer = page_of(client, ehr, **{"for": "patient", "language": "es"})
    assert '<html lang="es">' in answer.text
    text = text_of(answer)
    assert "Hable con su médico o farmacéutico antes de cambiar nada" in text
    assert "clopidogrel ■ Pregunte pronto" in text
    assert '<span lang="en" translate="no">Poor Metabolizer</span>' in answer.text
    assert '<span lang="en" translate="no">clopidogrel</span>' in answer.text
    plain = re.sub(r'<span lang="en" translate="no">.*?</span>', "", answer.text)
    assert "Poor Metabolizer" not in plain
    for word in ("Your", "your", " the ", "Talk", "Medicine"):
        assert word not in text_of(type("Answer", (), {"text": plain}))


# Troubles


@pytest.mark.parametrize(
    ("status", "title", "code"),
    [(503, "The data could not be read", 502), (401, "The session is over", 403)],
)
def test_an_ehr_that_does_not_answer_is_told_kindly_with_what_to_do(
    client, ehr, status, title, code
):
    address = launched(client, ehr)
    ehr.status = {"*": status}
    answer = client.get(address)
    assert answer.status_code == code
    text = text_of(answer)
    assert title in text
    assert "What to do:" in text
    assert "That says nothing of the patient's genes." in text
    assert "Synthetic" not in text


def test_another_patient_s_data_are_not_shown_and_nothing_of_this_one_s_beside(client, ehr):
    address = launched(client, ehr)
    ehr.resources.append(genotype("CYP2D6", "*4/*4", subject={"reference": "Patient/p2"}))
    answer = client.get(address)
    assert answer.status_code == 502
    assert "The data are not of one patient" in answer.text
    assert "*2/*2" not in answer.text


def test_a_launch_without_a_patient_says_what_to_do(client, ehr):
    ehr.granted = {"patient": None}
    answer = page_of(client, ehr)
    assert answer.status_code == 403
    assert "open a patient in the EHR" in answer.text


def test_a_fault_of_ours_is_a_page_with_its_incident_and_no_trace(client, ehr, monkeypatch):
    def fail(*_):
        raise RuntimeError("marker")

    monkeypatch.setattr("fhir_pgx.workbench.passport.routes.clinician_values", fail)
    answer = page_of(client, ehr)
    assert answer.status_code == 500
    assert "The page could not be made" in answer.text
    assert "marker" not in answer.text
    assert "Traceback" not in answer.text


def test_a_session_in_an_address_that_stands_twice_is_refused(client):
    answer = client.get("/app?session=0123456789abcdef&session=0123456789abcdef")
    assert answer.status_code == 403
    assert "What to do" in answer.text

"""The workbench's addresses, without a browser."""

import io
import json
import re
from pathlib import Path

import pytest

from fhir_pgx.settings import Settings
from fhir_pgx.web.app import create_app

EXAMPLES = Path(__file__).parents[3] / "examples"
HERE = {"Origin": "http://127.0.0.1:8080"}


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bench")
    return create_app(Settings(database=f"sqlite:///{folder}/store.db"))


@pytest.fixture
def client(app):
    return app.test_client()


def send(client, path="/workbench/answer", **fields):
    page = client.get("/").get_data(as_text=True)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
    headers = {**HERE, **({"HX-Request": "true"} if path.startswith("/workbench") else {})}
    return client.post(
        path, data={"csrf_token": token, **fields}, headers=headers,
        content_type="multipart/form-data",
    )  # fmt: skip


def words(answer):
    """What a page says, without its markup."""
    plain = re.sub(r"<(script|style)\b.*?</\1>|<[^>]+>", " ", answer.get_data(as_text=True))
    return " ".join(plain.split())


def test_the_first_page_holds_an_example_answered(client):
    said = words(client.get("/"))
    assert "Clopidogrel: CYP2C19 Poor Metabolizer" in said
    assert "pgx-order-sign" in said


@pytest.mark.parametrize(
    ("name", "sign"),
    [
        ("order-sign-clopidogrel/request.json", "1 card"),
        ("patients/synthetic-ada.json", "pgx-patient-view"),
        ("genomes/panel-grch38.vcf", "CYP2C19"),
        ("tumour-chart/request.json", "EGFR"),
    ],
)
def test_whatever_kind_of_data_is_understood(client, name, sign):
    answer = send(client, data=(EXAMPLES / name).read_text())
    assert answer.status_code == 200
    assert sign in words(answer)


def test_a_drug_is_ordered_for_a_chart(client):
    chart = (EXAMPLES / "patients" / "synthetic-ada.json").read_text()
    said = words(send(client, data=chart, **{"add-drug": "clopidogrel"}))
    assert "pgx-order-sign" in said
    assert "Poor Metabolizer" in said


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("hello", "neither JSON nor XML"),
        ('{"resourceType": "Patient",\n "id": }', "line 2"),
        ("<Patient xmlns='http://hl7.org/fhir'><id value='x'></Patient>", "XML"),
        ("[1, 2]", ""),
        ("##fileformat=VCFv4.2\n#CHROM\tPOS\n1\tx", ""),
    ],
)
def test_data_that_cannot_be_read_are_told_beside_the_box(client, data, said):
    answer = send(client, data=data)
    assert answer.status_code == 200
    assert 'id="data-problem"' in answer.get_data(as_text=True)
    assert said in words(answer)
    assert "What to do:" in words(answer) or said == ""


def test_two_patients_are_refused(client):
    result = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
    both = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {"resource": {**result, "subject": {"reference": f"Patient/{name}"}}} for name in "ab"
        ],
    }
    assert "2 patients" in words(send(client, data=json.dumps(both)))


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("weight", "heavy", "no body weight"),
        ("age", "-3", "no age"),
        ("set", "CYP2C19=*999/*1", "*999"),
        ("set", "NOGENE=*1/*1", "NOGENE"),
    ],
)
def test_a_fact_that_cannot_be_is_told_and_the_rest_stands(client, field, value, said):
    data = (EXAMPLES / "order-sign-clopidogrel" / "request.json").read_text()
    answer = send(client, data=data, **{field: value})
    assert said in words(answer)
    assert "Clopidogrel: CYP2C19 Poor Metabolizer" in words(answer)


def test_more_than_half_a_megabyte_is_read_and_more_than_the_limit_refused_in_words(client):
    def patient(size):
        return json.dumps({"resourceType": "Patient", "id": "x", "language": "e" * size})

    assert send(client, data=patient(600_000)).status_code == 200
    answer = send(client, data=patient(6_000_000))
    assert answer.status_code == 413
    assert "max_body_bytes" in words(answer)


def test_data_in_an_address_are_never_read(client):
    patient = '{"resourceType": "Patient", "id": "secret-one"}'
    said = words(client.get("/", query_string={"data": patient, "weight": "71"}))
    assert "secret-one" not in said


def test_an_unknown_example_is_a_page_that_says_so(client):
    answer = client.get("/?example=../../etc/passwd")
    assert answer.status_code == 400
    assert "no such example" in words(answer).lower()


def test_a_form_of_another_site_is_refused(client):
    answer = client.post(
        "/workbench/answer", data={"data": "{}"}, headers={"Origin": "https://evil.example.org"}
    )
    assert answer.status_code == 403


@pytest.mark.parametrize(("name", "most"), [("drug", 20), ("fact", 40), ("medicine", 40)])
def test_more_than_the_workbench_holds_is_refused(client, name, most):
    values = [f"A{number}=*1/*2" for number in range(most + 1)]
    answer = send(client, example="order-sign-clopidogrel", **{name: values})
    assert f"more than {most}" in words(answer).lower()


def test_what_is_kept_of_data_is_not_what_a_change_made_of_it(client):
    """Two people may paste the same; a fact that one of them changed is not the other's."""
    before = send(client, example="order-sign-clopidogrel")
    changed = send(client, example="order-sign-clopidogrel", fact="CYP2C19=*1/*1", weight="3")
    after = send(client, example="order-sign-clopidogrel")
    assert "CYP2C19 Poor Metabolizer" not in words(changed)
    assert "CYP2C19 Poor Metabolizer" in words(before)
    assert "CYP2C19 Poor Metabolizer" in words(after)


def test_feedback_is_recorded_as_an_ehr_would_send_it(client, app):
    card = "3b8a1c52-6c29-4c3d-8a0e-0d7c8f6f1a11"
    answer = send(client, "/workbench/feedback", card=card, service="pgx-order-sign",
                  outcome="overridden", reason="urn:x|patient-refused", comment="seen")  # fmt: skip
    assert answer.status_code == 200
    assert "Feedback taken: overridden" in words(answer)
    bad = send(client, "/workbench/feedback", card=card, service="no-service", outcome="dismissed")
    assert "not taken" in words(bad)


def test_what_turns_words_around_is_seen_and_what_was_pasted_stays_as_it_was(client):
    document = json.loads((EXAMPLES / "order-sign-clopidogrel" / "request.json").read_text())
    document["hookInstance"] = "a\u202eb"
    data = json.dumps(document, ensure_ascii=False)
    page = send(client, data=data, medicine="flu\u202eoxetine", path="/").get_data(as_text=True)
    box = page.partition("<textarea")[2].partition("</textarea>")[0]
    assert "a\u202eb" in box
    assert "flu⟨U+202E⟩oxetine" in page


def test_markup_in_a_name_stays_text(client):
    document = json.loads((EXAMPLES / "order-sign-clopidogrel" / "request.json").read_text())
    document["hookInstance"] = "</pre><script>alert(1)</script>"
    page = send(client, data=json.dumps(document)).get_data(as_text=True)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


@pytest.mark.parametrize("trouble", ["prefetch-missing", "prefetch-null", "prefetch-error"])
def test_each_trouble_gives_an_answer_in_words(client, trouble):
    data = (EXAMPLES / "order-sign-clopidogrel" / "request.json").read_text()
    said = words(send(client, data=data, trouble=trouble))
    assert "status" in said
    assert "The exchange" in said


@pytest.mark.parametrize(
    ("hook", "said"),
    [
        ("order-sing", "What to do: write order-sign"),
        ("zzz", "name one of"),
        (None, "The request names no hook"),
        (5, "something that is no text"),
    ],
)
def test_a_hook_that_is_none_is_told_with_the_one_that_was_meant(client, hook, said):
    document = json.loads((EXAMPLES / "order-sign-clopidogrel" / "request.json").read_text())
    document = {name: value for name, value in document.items() if name != "hook"}
    document |= {} if hook is None else {"hook": hook}
    assert said in words(send(client, data=json.dumps(document)))


def test_a_refused_request_is_told_beside_the_box_with_its_line(client):
    document = json.loads((EXAMPLES / "order-sign-clopidogrel" / "request.json").read_text())
    document["context"]["draftOrders"] = "none"
    answer = send(client, data=json.dumps(document, indent=1))
    assert "The request was refused." in words(answer)
    assert "data-goto=" in answer.get_data(as_text=True)
    built = send(client, data=json.dumps(document, indent=1), **{"add-drug": "codeine"})
    assert "The request was refused." not in words(built)
    assert "Made anew from the data of the request" in words(built)


def test_more_drugs_than_are_taken_are_told_beside_them_and_the_cards_stand(client):
    chart = (EXAMPLES / "patients" / "synthetic-ada.json").read_text()
    drugs = ["clopidogrel", *(f"drug {number}" for number in range(39))]
    answer = send(client, data=chart, drug=drugs)
    assert answer.status_code == 200
    assert "More than 20 were given; the first 20 are taken" in words(answer)
    assert "CYP2C19 Poor Metabolizer" in words(answer) or "Clopidogrel" in words(answer)
    assert answer.get_data(as_text=True).count('name="drug"') == 20
    facts = send(client, data=chart, medicine=[f"drug {number}" for number in range(41)])
    assert "the first 40 are taken" in words(facts)


def test_a_file_without_scripts_takes_the_place_of_the_example(client):
    example = (EXAMPLES / "order-sign-clopidogrel" / "request.json").read_text()
    genome = (EXAMPLES / "genomes" / "panel-grch38.vcf").read_bytes()
    page = client.get("/").get_data(as_text=True)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
    fields = {"csrf_token": token, "example": "order-sign-clopidogrel", "data": example}
    answer = client.post(
        "/", data={**fields, "file": (io.BytesIO(genome), "a.vcf")}, headers=HERE,
        content_type="multipart/form-data",
    )  # fmt: skip
    said = words(answer)
    assert "The data could not be read" not in said
    assert "17 of 27 genes" in said
    assert "##fileformat=VCF" in answer.get_data(as_text=True)  # in the box, for the next answer


def test_feedback_without_a_choice_is_told_in_its_place(client):
    answer = send(client, "/workbench/feedback", card="a", service="pgx-order-sign")
    assert answer.status_code == 200
    assert 'id="feedback-said"' in answer.get_data(as_text=True)
    assert "no suggestion was chosen" in words(answer)


def test_changed_facts_are_said_together_and_as_a_what_if(client):
    data = (EXAMPLES / "abacavir-negative" / "request.json").read_text()
    said = words(send(client, data=data, set="HLA-B=*57:01/*07:02", weight="70"))
    assert "What if: changed on this page, not the patient's" in said
    assert "HLA-B is *57:01/*07:02; it was *57:01 negative." in said


def test_a_typing_of_one_allele_says_which(client):
    data = (EXAMPLES / "abacavir-negative" / "request.json").read_text()
    assert re.search(r"HLA-B ● Called \*57:01 negative", words(send(client, data=data)))


def test_one_position_is_one_position(client):
    said = words(send(client, data=(EXAMPLES / "genomes" / "panel-grch38.vcf").read_text()))
    assert "1 position tested" in said
    assert "1 positions" not in said


def test_with_a_trouble_the_table_of_genes_says_that_the_service_may_have_seen_less(client):
    data = (EXAMPLES / "order-sign-clopidogrel" / "request.json").read_text()
    note = "the service may have seen less"
    assert note in words(send(client, data=data, trouble="prefetch-null"))
    assert note not in words(send(client, data=data))

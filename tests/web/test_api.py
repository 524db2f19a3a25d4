"""Data in by body or by parts, flags by query."""

import gzip
import io

import pytest

from fhir_pgx.model.document import Calling

FHIR = "application/fhir+json"
BODY = b'{"resourceType": "Bundle"}'


@pytest.mark.parametrize("path", ["/api/interpret", "/api/recommend"])
def test_the_data_may_be_the_body(client, pipeline, path):
    answer = client.post(path, data=BODY, content_type=FHIR)
    assert (answer.status_code, answer.get_json()) == (200, {"genes": {}})
    assert [(each.data, each.media_type) for each in pipeline.documents] == [(BODY, FHIR)]


@pytest.mark.parametrize(
    ("media", "headers"),
    [("application/gzip", {}), (FHIR, {"Content-Encoding": "gzip"}), ("text/vcf", {})],
)
def test_gzip_is_unpacked_however_it_is_announced(client, pipeline, media, headers):
    # Two members, as bgzip writes them.
    packed = gzip.compress(BODY[:5]) + gzip.compress(BODY[5:])
    answer = client.post("/api/interpret", data=packed, content_type=media, headers=headers)
    assert answer.status_code == 200
    assert pipeline.documents[0].data == BODY


def test_the_data_may_be_parts_of_a_form(client, pipeline):
    form = {
        "file": [(io.BytesIO(BODY), "a.json", FHIR), (io.BytesIO(b"##"), "b.vcf", "text/vcf")],
    }
    answer = client.post("/api/interpret", data=form, content_type="multipart/form-data")
    assert answer.status_code == 200
    assert [each.name for each in pipeline.documents] == ["a.json", "b.vcf"]


def test_calls_made_elsewhere_are_parts_of_their_own(client, pipeline):
    calls = (io.BytesIO(b"CYP2D6\t*1/*4"), "calls.tsv")
    form = {"file": (io.BytesIO(BODY), "a.json", FHIR), "outside-calls": calls}
    answer = client.post("/api/interpret", data=form, content_type="multipart/form-data")
    assert answer.status_code == 200
    assert [each.name for each in pipeline.documents] == ["a.json"]
    (outside,) = pipeline.options.outside_calls
    assert (outside.name, outside.data) == ("calls.tsv", b"CYP2D6\t*1/*4")


@pytest.mark.parametrize(
    ("query", "calling"),
    [
        ("all-matches=true", Calling(all_matches=True)),
        ("missing-as-reference", Calling(missing_as_reference=True)),
        ("cyp2d6-from-snvs=1&sample=NA1", Calling(cyp2d6_from_snvs=True, sample="NA1")),
        ("all-matches=false", Calling()),
    ],
)
def test_the_flags_of_calling_are_query_parameters(client, pipeline, query, calling):
    answer = client.post(f"/api/interpret?{query}", data=BODY, content_type=FHIR)
    assert answer.status_code == 200
    assert pipeline.options.calling == calling


def test_a_flag_that_is_neither_true_nor_false_is_refused(client):
    answer = client.post("/api/interpret?all-matches=yes", data=BODY, content_type=FHIR)
    assert answer.status_code == 400
    assert answer.get_json()["issue"][0]["expression"] == ["all-matches"]


@pytest.mark.parametrize(
    ("form", "where"),
    [
        ({"outside": (io.BytesIO(b"CYP2D6\t*1/*4"), "calls.tsv")}, "outside"),
        ({"outside_calls": "CYP2D6\t*1/*4"}, "outside_calls"),
        ({"File": "x"}, "File"),
    ],
)
def test_a_part_of_another_name_is_refused_and_not_passed_over(client, pipeline, form, where):
    form = {"file": (io.BytesIO(BODY), "a.json", FHIR), **form}
    answer = client.post("/api/interpret", data=form, content_type="multipart/form-data")
    assert answer.status_code == 400
    (issue,) = answer.get_json()["issue"]
    assert issue["expression"] == [where]
    assert issue["details"]["coding"][0]["code"] == "PGX-307"
    assert pipeline.documents is None


def test_a_part_without_a_name_is_refused(client):
    body = b'--x\r\nContent-Disposition: form-data; filename="a.json"\r\n\r\n{}\r\n--x--\r\n'
    answer = client.post(
        "/api/interpret", data=body, content_type="multipart/form-data; boundary=x"
    )
    assert answer.status_code == 400
    assert answer.get_json()["resourceType"] == "OperationOutcome"


def test_drugs_are_query_parameters(client, pipeline):
    client.post("/api/recommend?drug=clopidogrel&drug=32968", data=BODY, content_type=FHIR)
    assert pipeline.options.drugs == ("clopidogrel", "32968")


@pytest.mark.parametrize(
    ("format_", "media"),
    [("json", "application/json"), ("text", "text/plain; charset=utf-8")],
)
def test_the_answer_has_the_media_type_of_its_format(client, format_, media):
    answer = client.post(f"/api/interpret?format={format_}", data=BODY, content_type=FHIR)
    assert answer.headers["Content-Type"] == media


@pytest.mark.parametrize(
    ("query", "body", "media", "status"),
    [
        ("drug=clopidogrel", BODY, FHIR, 400),
        ("Format=text", BODY, FHIR, 400),
        ("format=pdf", BODY, FHIR, 400),
        ("", b"", FHIR, 400),
        ("", b"", "multipart/form-data; boundary=x", 400),
        ("", BODY, "application/pdf", 415),
        ("", b"\x1f\x8b broken", "application/gzip", 400),
        ("", gzip.compress(b" " * 6_000_000, mtime=0), "application/gzip", 413),
    ],
)
def test_what_cannot_be_used_is_refused(client, query, body, media, status):
    answer = client.post(f"/api/interpret?{query}", data=body, content_type=media)
    assert answer.status_code == status
    assert answer.get_json()["resourceType"] == "OperationOutcome"


def test_a_trace_may_be_asked_for_as_text(client, pipeline):
    answer = client.post("/api/explain?format=text&drug=codeine", data=BODY, content_type=FHIR)
    assert answer.content_type.startswith("text/plain")
    assert pipeline.options.format == "text"


def test_recommendations_may_be_asked_for_as_resources(client, pipeline):
    answer = client.post("/api/recommend?format=fhir", data=BODY, content_type=FHIR)
    assert answer.status_code == 200
    assert answer.content_type == FHIR
    assert pipeline.options.format == "fhir"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("question", "written", "mend"),
    [
        ("recommend", "text", "use json or fhir"),
        ("recommend", "pdf", "use json or fhir"),
        ("recommend", "", "use json or fhir"),
        ("interpret", "xml", "use json or text or fhir"),
        ("explain", "fhir", "use json or text"),
    ],
)
def test_a_format_that_a_question_has_no_answer_in_is_refused(client, question, written, mend):
    answer = client.post(f"/api/{question}?format={written}", data=BODY, content_type=FHIR)
    assert answer.status_code == 400
    (issue,) = answer.get_json()["issue"]
    assert issue["expression"] == ["format"]
    assert mend in issue["diagnostics"]

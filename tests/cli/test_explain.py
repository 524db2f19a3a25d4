"""`fhir-pgx explain` for a person, and `hook --explain`. Synthetic patients."""

from .conftest import GENOTYPE, PATIENT, bundle, order_sign


def test_explain_as_text_and_a_hook_with_its_trace(run, write):
    data = write("data.json", bundle(PATIENT, GENOTYPE))
    code, text, _ = run("explain", data, "--drug", "clopidogrel", "--format", "text")
    assert code == 0
    assert "CLOPIDOGREL" in text
    request = write("request.json", order_sign())
    code, plain, _ = run("hook", request)
    assert code == 0
    code, with_trace, _ = run("hook", request, "--explain")
    assert code == 0
    assert with_trace.pop("trace")["drugs"]
    assert with_trace == plain

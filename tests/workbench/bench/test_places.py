"""The line of a JSON text that a problem names."""

import pytest

from fhir_pgx.workbench.bench.places import line_of

TEXT = """{
  "hook": "order-sign",
  "context": {
    "patientId": "hook",
    "draftOrders": {
      "entry": [
        {"resource": {"status": "draft"}}
      ]
    }
  }
}"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("hook", 2),
        ("context", 3),
        ("context.patientId", 4),
        ("context.draftOrders", 5),
        ("context.draftOrders.entry[0].resource", 7),
        ("context.userId", 3),  # missing: its parent
        ("prefetch", 0),
        ("", 0),
        (".(*[+", 0),
    ],
)
def test_a_path_leads_to_its_line(path, line):
    assert line_of(TEXT, path) == line


def test_a_text_on_one_line_is_on_the_first():
    assert line_of('{"hook": 1}', "hook") == 1

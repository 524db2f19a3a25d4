"""Words in the boxes of a drawing: wrapped, broken at their own joints, cut with an ellipsis."""

import pytest

from fhir_pgx.workbench.drawings.text_width import width_of, wrap


@pytest.mark.parametrize(
    "text", ["", "a b", "x" * 500, "cpic.codeine.general.cyp2d6-0.0", "日本語 " * 40]
)
def test_every_line_fits_and_nothing_is_lost(text):
    lines = wrap(text, 100, 12)
    assert all(width_of(line, 12) <= 100 for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())[:400] or len(text) > 400


def test_a_long_name_breaks_after_its_joints_first():
    assert wrap("Observation/synthetic-cyp2d6", 150, 13) == ["Observation/", "synthetic-cyp2d6"]


def test_beyond_the_most_lines_there_is_an_ellipsis():
    lines = wrap("one two three four five six seven", 60, 12, 2)
    assert len(lines) == 2
    assert lines[-1].endswith("…")
    assert width_of(lines[-1], 12) <= 60
    assert not wrap("one", 60, 12, 2)[-1].endswith("…")


def test_wide_signs_are_wider_and_a_combining_one_has_no_width():
    assert width_of("W", 10) > width_of("i", 10)
    assert width_of("語", 10) > width_of("a", 10)
    assert width_of("e\u0301", 10) == width_of("e", 10)

"""How many patients have simple variants."""

import pytest

from .conftest import groups
from .people import ANNA, CHR7_38, CHR10_37, CHR10_38, CLARA, OTTO, STAR_2_37, STAR_2_38, STAR_17_38

NAME = "find-population-specific-variants"
STAR_2, STAR_17 = f"{CHR10_38}:{STAR_2_38}:G:A", f"{CHR10_38}:{STAR_17_38}:C:T"
EGFR = f"{CHR7_38}:55191821:T:G"


@pytest.mark.parametrize(
    ("pairs", "echoes", "patients"),
    [
        # Stored on either build, asked on either.
        ((("variants", STAR_2),), [STAR_2], [[ANNA, CLARA, OTTO]]),
        ((("variants", f"{CHR10_37}:{STAR_2_37}:G:A"),), [f"{CHR10_37}:{STAR_2_37}:G:A"],
         [[ANNA, CLARA, OTTO]]),
        # A list once: each by itself. Repeated: all of them, in one group.
        ((("variants", f"{STAR_17},{EGFR}"),), [STAR_17, EGFR], [[ANNA, CLARA], [ANNA]]),
        ((("variants", STAR_17), ("variants", EGFR)), [f"{STAR_17} AND {EGFR}"], [[ANNA]]),
        ((("variants", f"{EGFR},{STAR_17}"), ("variants", STAR_2)),
         [f"{EGFR},{STAR_17} AND {STAR_2}"], [[ANNA, CLARA]]),
        # Absent in one patient, and nobody else has it.
        ((("variants", f"{CHR10_38}:94780652:G:A"),), [f"{CHR10_38}:94780652:G:A"], [[]]),
        # Taken back.
        ((("variants", f"{CHR10_38}:94770000:T:C"),), [f"{CHR10_38}:94770000:T:C"], [[]]),
    ],
)  # fmt: skip
def test_patients_are_counted_once_each(ask, pairs, echoes, patients):
    found = groups(ask(NAME, *pairs, includePatientList="true"))
    assert [(each.name, each.variantItem) for each in found] == [
        ("variants", echo) for echo in echoes
    ]
    assert [each.subject for each in found] == [
        [f"Patient/{each}" for each in one] for one in patients
    ]
    assert [each.numerator for each in found] == [{"value": len(one)} for one in patients]
    assert {each.denominator["value"] for each in found} == {3}


def test_the_source_class_narrows(ask):
    for source_class, number in (("somatic", 1), ("germline", 0)):
        (group,) = groups(ask(NAME, variants=EGFR, genomicSourceClass=source_class))
        assert (group.numerator, group.subject) == ({"value": number}, [])

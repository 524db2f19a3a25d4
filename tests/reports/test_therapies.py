"""Advice of precision therapy as recommendations and as a trace. All patients are synthetic."""

import pytest

from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.therapy import EFFECTS, TherapyDrug
from fhir_pgx.reports.therapies import (
    action_of,
    therapy_text,
    write_therapies,
    write_therapy,
    write_therapy_trace,
)
from tests.reports.rows import advice


@pytest.mark.parametrize(
    ("effect", "system", "level", "fit", "action"),
    [
        # what a label or a guideline says is an instruction
        ("contraindicated", "FDA", "FDA-label", "same", "contraindicated"),
        ("avoid", "guideline", "guideline", "same", "avoid"),
        ("not-indicated", "FDA", "FDA-label-limitation", "same", "avoid"),
        ("resistant", "FDA", "FDA-label", "same", "avoid"),
        ("resistant", "HIVDB", "5", "same", "avoid"),
        ("resistant", "WHO", "1", "same", "avoid"),
        ("reduced-sensitivity", "HIVDB", "3", "same", "alternative"),
        ("test-first", "FDA", "FDA-label", "same", "test"),
        ("caution", "FDA", "FDA-label", "same", "monitor"),
        ("adjust-dose", "FDA", "FDA-label", "same", "adjust-dose"),
        ("adverse-response", "FDA", "FDA-label", "same", "risk-stated"),
        ("sensitive", "FDA", "FDA-CDx", "same", "option"),
        ("recommended", "guideline", "guideline", "any", "option"),
        # what is evidence is none, and the weaker says less
        ("resistant", "CIViC", "A", "same", "alternative"),
        ("resistant", "CIViC", "D", "same", "risk-stated"),
        ("reduced-sensitivity", "CIViC", "C", "same", "risk-stated"),
        ("sensitive", "CIViC", "B", "same", "option"),
        ("sensitive", "CIViC", "C", "same", "no-recommendation"),
        ("sensitive", "CIViC", "E", "same", "no-recommendation"),
        # another disease: never a recommendation
        ("sensitive", "FDA", "FDA-CDx", "other", "no-recommendation"),
        ("resistant", "FDA", "FDA-label", "other", "risk-stated"),
        ("contraindicated", "FDA", "FDA-label", "other", "contraindicated"),
        # no disease on file: an option all the same, and `context_fit` says so
        ("sensitive", "FDA", "FDA-CDx", "unknown", "option"),
        # evidence against one is none for the other
        ("no-sensitivity", "CIViC", "A", "same", "no-recommendation"),
        ("no-resistance", "CIViC", "A", "same", "no-recommendation"),
        ("unknown", "FDA", "FDA-label", "same", "no-recommendation"),
    ],
)
def test_the_action_says_no_more_than_the_source(effect, system, level, fit, action):
    found = advice(effect, system=system, level=level, context_fit=fit)
    assert action_of(found) == action
    assert write_therapy(found)["action"] == action


@pytest.mark.parametrize("members", [{"conflicts": True}, {"market": "withdrawn in 2024"}])
def test_what_conflicts_or_was_withdrawn_is_no_option(members):
    assert action_of(advice("sensitive", level="FDA-CDx", **members)) == "no-recommendation"
    assert action_of(advice("resistant", **members)) == "avoid"


@pytest.mark.parametrize(
    ("members", "is_opposed"),
    [
        ({}, True),
        ({"system": "CIViC", "level": "D"}, True),  # resistance counts at any level
        ({"effect": "contraindicated", "finding": "other"}, True),
        ({"effect": "reduced-sensitivity"}, True),
        ({"context_fit": "unknown"}, True),
        ({"context_fit": "other"}, False),  # of another disease
        ({"effect": "no-sensitivity"}, False),  # evidence against sensitivity is no resistance
        ({"effect": "test-first"}, False),
        ({"drugs": (TherapyDrug("gefitinib", "328134"),)}, False),
        ({"drugs": (TherapyDrug("osimertinib", "1721560"), TherapyDrug("b"))}, False),
        (
            {"drugs": (TherapyDrug("osimertinib", "1721560"), TherapyDrug("b")), "any_of": True},
            True,
        ),
    ],
)
def test_what_speaks_against_a_drug_by_another_finding_leaves_no_option(members, is_opposed):
    """T790M and C797S: osimertinib is named for the one and fails by the other."""
    named = advice("sensitive", level="FDA-label", finding="EGFR p.Thr790Met")
    other = advice(**members)
    first, second = write_therapies([named, other])
    assert first["action"] == ("no-recommendation" if is_opposed else "option")
    assert first["opposed_by"] == (["tumour:row:1"] if is_opposed else [])
    assert second["opposed_by"] == []
    text = "\n".join(therapy_text([named, other]))
    assert ("another finding speaks against it" in text) is is_opposed


def test_a_combination_with_a_part_that_fails_is_no_option():
    both = (TherapyDrug("osimertinib", "1721560"), TherapyDrug("b"))
    first, _ = write_therapies([advice("recommended", drugs=both), advice()])
    assert first["action"] == "no-recommendation"


@pytest.mark.parametrize("effect", EFFECTS)
def test_every_effect_has_an_action(effect):
    assert action_of(advice(effect))


def test_a_recommendation_has_every_member_of_the_contract():
    found = write_therapy(
        advice(needs=("after progression",), caveats=(Caveat("PGX-700", "said"),), tier="AMP I-A")
    )
    members = (
        "drug", "rxnorm", "source", "genes", "population", "action", "strength", "dose",
        "alternatives", "summary", "detail", "evidence", "rule", "modifiers", "caveats",
    )  # fmt: skip
    assert found.keys() >= set(members)
    assert found["drug"] == "osimertinib"
    assert found["rxnorm"] == "1721560"
    assert found["genes"] == {"EGFR": "EGFR p.Cys797Ser"}
    assert found["population"] == "lung non-small cell carcinoma"
    assert found["strength"] == found["level"] == "FDA-label"
    assert found["evidence"][0] | {"licence": ""} == {
        "guideline": "FDA row:1",
        "url": "https://example.test/row",
        "pmid": "1",
        "pmids": ["1", "2"],
        "date": "2026-05",
        "licence": "",
    }
    assert (found["rule"], found["tier_derived"]) == ("tumour:row:1", "AMP I-A")
    assert found["summary"] == (
        "Osimertinib: resistant. EGFR p.Cys797Ser; lung non-small cell carcinoma."
    )
    assert found["detail"].endswith("Holds if: after progression. Tier derived by us: AMP I-A.")
    assert found["caveats"] == [{"code": "PGX-700", "text": "said"}]
    assert found["derived_from"] == ["Observation/c797s"]


def test_a_combination_has_no_code_of_one_part_alone():
    both = (TherapyDrug("encorafenib", "2049106"), TherapyDrug("cetuximab", "318341"))
    found = write_therapy(advice("recommended", drugs=both))
    assert (found["drug"], found["rxnorm"]) == ("encorafenib + cetuximab", "")
    assert [each["rxnorm"] for each in found["drugs"]] == ["2049106", "318341"]
    assert found["any_of"] is False
    either = write_therapy(advice("recommended", drugs=both, any_of=True))
    assert (either["drug"], either["any_of"]) == ("encorafenib or cetuximab", True)


def test_a_drug_known_by_name_alone_has_no_code():
    found = write_therapy(advice(drugs=(TherapyDrug("trastuzumab deruxtecan"),)))
    assert (found["drug"], found["rxnorm"]) == ("trastuzumab deruxtecan", "")


def test_another_disease_and_none_are_told_apart_in_words():
    assert "no recommendation" in write_therapy(advice(context_fit="other"))["detail"]
    assert "is not on file" in write_therapy(advice(context_fit="unknown"))["detail"]


def test_the_trace_leads_from_the_finding_to_the_row():
    (step,) = write_therapy_trace([advice()])
    assert (step["finding"], step["asked_for"]) == ("EGFR p.Cys797Ser", "EGFR C797S")
    assert step["derived_from"] == ["Observation/c797s"]
    assert (step["row"], step["context_fit"]) == ("row:1", "same")
    assert step["recommendation"]["action"] == "avoid"


def test_the_text_lists_rows_under_their_finding():
    by_label, by_case = advice(), advice(system="CIViC", level="D")
    other = advice("sensitive", finding="EGFR p.Leu858Arg", context_fit="other")
    lines = list(therapy_text([by_label, other, by_case]))
    assert lines[0] == "PRECISION THERAPY"
    headings = [line for line in lines if line.startswith("  ") and not line.startswith("   ")]
    assert headings == [
        "  EGFR p.Cys797Ser (tumour) in Observation/c797s",
        "  EGFR p.Leu858Arg (tumour) in Observation/c797s",
    ]
    text = "\n".join(lines)
    assert "osimertinib: resistant (avoid)" in text
    assert "osimertinib: resistant (risk-stated)" in text
    assert "osimertinib: sensitive (no-recommendation)" in text
    assert "rule tumour:row:1; CIViC; CIViC D; PMID 1; PMID 2" in text
    assert list(therapy_text([])) == []

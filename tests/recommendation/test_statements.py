"""Diagnostic, prognostic and predisposing rows held against synthetic findings."""

import pytest

from fhir_pgx.model.drug import Coding
from fhir_pgx.model.finding import Origin, Presence, SourceClass
from fhir_pgx.model.therapy import Provenance
from fhir_pgx.model.tumour import (
    Alteration,
    Atom,
    Cancer,
    Disease,
    Marker,
    MarkerTest,
    Profile,
    ProteinChange,
    StatedCancer,
    Statement,
    TumourKnowledge,
)
from fhir_pgx.recommendation.statements import StatementRules
from fhir_pgx.recommendation.tumour.findings import Findings

LEUKAEMIA, AML, COLON = "DOID:1240", "DOID:9119", "DOID:219"
DISEASES = (
    Disease(AML, "acute myeloid leukemia", (LEUKAEMIA,)),
    Disease(LEUKAEMIA, "leukemia", ()),
    Disease(COLON, "colon cancer", ()),
)
ORIGIN = Origin("Observation/synthetic", "x", when="2026-05-01")


def mutation(gene):
    return Profile("is", Atom("any-mutation", f"{gene} mutation", (gene,)))


def row(identity, kind, profile, *, says="positive", level="B", origin="somatic", doid=AML, **more):
    made = {
        "text": "profile",
        "genes": (),
        "disease": "acute myeloid leukemia",
        "supports": True,
        "provenance": Provenance("CIViC", "CIViC", level, identity),
    }
    return Statement(identity, kind, profile, origin=origin, doid=doid, says=says, **(made | more))


def variant(gene, source_class=SourceClass.SOMATIC, significance="pathogenic", **members):
    made = {
        "kind": "variant",
        "presence": Presence.PRESENT,
        "origin": ORIGIN,
        "label": f"{gene} p.Arg10His",
        "protein": ProteinChange("substitution", 10, 10, "Arg", "Arg", "His", "p.Arg10His"),
        "specimen": "tissue",
    }
    return Alteration(
        (gene,), source_class=source_class, significance=significance, **(made | members)
    )


def cancer(doid):
    stated = StatedCancer("x", (Coding("", "x"),), "active", ORIGIN)
    return Cancer(stated, (doid,), "code")


def met(rows, findings, *cancers, markers=()):
    rules = StatementRules(TumourKnowledge(statements=tuple(rows), diseases=DISEASES))
    found = rules.met(Findings(findings, markers), [cancer(doid) for doid in cancers])
    return [(each.statement.id, each.context_fit) for each in found]


@pytest.mark.parametrize(
    ("kind", "cancers", "fit"),
    [
        ("diagnostic", [AML], "same"),
        ("diagnostic", [], "unknown"),  # it may be what the finding tells of
        ("diagnostic", [COLON], None),  # another disease is on file
        ("diagnostic", [COLON, AML], "same"),
        ("prognostic", [AML], "same"),
        ("prognostic", [], None),  # no outlook in a disease that nobody recorded
        ("prognostic", [LEUKAEMIA], None),  # it may be another leukaemia
        ("prognostic", [COLON], None),
    ],
)
def test_a_row_speaks_of_its_disease_alone(kind, cancers, fit):
    found = met([row("1", kind, mutation("NPM1"))], [variant("NPM1")], *cancers)
    assert found == ([("1", fit)] if fit else [])


def test_a_row_on_a_wider_kind_holds_for_a_narrower_one():
    wide = row("1", "prognostic", mutation("TP53"), doid=LEUKAEMIA)
    assert met([wide], [variant("TP53")], AML) == [("1", "same")]


@pytest.mark.parametrize(
    ("source_class", "is_met"),
    [(SourceClass.GERMLINE, True), (SourceClass.SOMATIC, False), (SourceClass.UNKNOWN, False)],
)
@pytest.mark.parametrize("origin", ["germline", "", "somatic"])
def test_only_a_germline_finding_predisposes(source_class, is_met, origin):
    """Also where a row says otherwise: one of CIViC's does."""
    inherited = row("1", "predisposing", mutation("VHL"), says="predisposition", origin=origin)
    assert bool(met([inherited], [variant("VHL", source_class)])) is is_met


def test_a_predisposition_holds_without_the_disease_and_with_another():
    inherited = row("1", "predisposing", mutation("VHL"), says="predisposition", origin="germline")
    found = [variant("VHL", SourceClass.GERMLINE)]
    assert met([inherited], found) == [("1", "any")]
    assert met([inherited], found, COLON) == [("1", "any")]
    assert met([inherited], found, AML) == [("1", "same")]


@pytest.mark.parametrize("origin", ["somatic", ""])
def test_a_germline_finding_tells_no_outlook_of_a_tumours_row(origin):
    prognostic = row("1", "prognostic", mutation("TP53"), origin=origin)
    assert met([prognostic], [variant("TP53", SourceClass.GERMLINE)], AML) == []


@pytest.mark.parametrize("significance", ["uncertain", "conflicting", "benign", "likely-benign"])
def test_a_variant_of_uncertain_significance_says_nothing(significance):
    rows = [row("1", "diagnostic", mutation("NPM1"))]
    assert met(rows, [variant("NPM1", significance=significance)], AML) == []


@pytest.mark.parametrize(
    "left_out",
    [
        {"says": "uncertain-significance"},
        {"says": ""},
        {"level": "D"},
        {"level": "E"},
        {"kind": "oncogenic"},
        {"kind": "functional"},
    ],
)
def test_what_is_uncertain_preclinical_or_no_statement_on_a_patient_is_left_out(left_out):
    kind = left_out.pop("kind", "diagnostic")
    assert met([row("1", kind, mutation("NPM1"), **left_out)], [variant("NPM1")], AML) == []


@pytest.mark.parametrize("presence", [Presence.ABSENT, Presence.NO_CALL, Presence.INDETERMINATE])
def test_what_was_not_found_meets_nothing(presence):
    rows = [row("1", "diagnostic", mutation("NPM1"))]
    assert met(rows, [variant("NPM1", presence=presence)], AML) == []


def test_what_nobody_tested_is_no_negative():
    """NPM1 without FLT3: FLT3 has to be looked at."""
    both = Profile("and", of=(mutation("NPM1"), Profile("not", of=(mutation("FLT3"),))))
    rows = [row("1", "prognostic", both, says="better-outcome")]
    assert met(rows, [variant("NPM1")], AML) == []
    none = variant("FLT3", kind="any", presence=Presence.ABSENT, protein=None, significance="")
    assert met(rows, [variant("NPM1"), none], AML) == [("1", "same")]
    plasma = variant("FLT3", kind="any", presence=Presence.ABSENT, protein=None, specimen="plasma")
    assert met(rows, [variant("NPM1"), plasma], AML) == []


def test_a_marker_is_found_by_its_name():
    test = Profile("is", Atom("marker", "MSI-H", marker=MarkerTest("MSI", ("high",))))
    rows = [row("1", "prognostic", test, doid=COLON, says="better-outcome")]
    high = Marker("MSI", ORIGIN, "high", specimen="tissue", label="MSI-H")
    assert met(rows, [], COLON, markers=[high]) == [("1", "same")]


def test_rows_come_once_weightiest_first_and_conflicts_are_marked():
    rows = [
        row("b", "prognostic", mutation("NPM1"), says="poor-outcome"),
        row("a", "prognostic", mutation("NPM1"), says="better-outcome", level="A"),
        row("c", "diagnostic", mutation("NPM1"), level="C"),
    ]
    rules = StatementRules(TumourKnowledge(statements=tuple(rows), diseases=DISEASES))
    twice = [variant("NPM1"), variant("NPM1", coding="c.1A>G", label="NPM1 other", protein=None)]
    found = rules.met(Findings(twice), [cancer(AML)])
    assert [(each.statement.id, each.conflicts) for each in found] == [
        ("a", True),
        ("b", True),
        ("c", False),
    ]
    assert found[0].derived_from == ("Observation/synthetic",)
    assert "NPM1 p.Arg10His" in found[0].finding

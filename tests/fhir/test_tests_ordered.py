"""Orders for genetic tests of every release. Every patient is synthetic."""

import pytest

from fhir_pgx.fhir.bundle import entries_of
from fhir_pgx.fhir.tests_ordered import read_test_orders

LOINC = "http://loinc.org"


def service(kind="ServiceRequest", **members):
    return {"resourceType": kind, "id": "t1", "status": "active", **members}


def loinc(*codes, **members):
    return {"coding": [{"system": LOINC, "code": code} for code in codes], **members}


def read(vocabulary, *resources):
    bundle = {"resourceType": "Bundle", "entry": [{"resource": each} for each in resources]}
    return read_test_orders(entries_of(bundle), vocabulary)


@pytest.mark.parametrize(
    ("release", "resource"),
    [
        ("R4", service(code=loinc("57132-3"))),
        ("R5", service(code={"concept": loinc("57132-3")})),
        ("STU3", service("ProcedureRequest", code=loinc("57132-3"))),
        ("DSTU2", service("DiagnosticOrder", status="requested",
                          item=[{"code": loinc("57132-3")}])),
        ("DSTU2", service("ReferralRequest", serviceRequested=[loinc("57132-3")])),
        ("text", service(code={"text": "CYP2C19 genotype"})),
        ("any gene", service(code=loinc("84413-4", text="CYP2C19 genotyping"))),
    ],
)  # fmt: skip
def test_a_genetic_test_of_any_release_names_its_gene(vocabulary, release, resource):
    (found,) = read(vocabulary, resource)
    assert (found.genes, found.is_panel, found.reference) == (
        ("CYP2C19",), False, f"{resource['resourceType']}/t1"
    ), release  # fmt: skip


@pytest.mark.parametrize(
    ("text", "genes", "alleles", "is_panel"),
    [
        ("Pharmacogenomic panel", (), (), True),
        ("PGx test", (), (), True),
        ("Pharmacogenetic testing CYP2D6", ("CYP2D6",), (), False),
        ("Pharmacogenomics panel (CYP2D6, CYP2C19)", ("CYP2D6", "CYP2C19"), (), True),
        ("HLA-B*57:01 typing", ("HLA-B",), ("HLA-B*57:01",), False),
        ("HLA-B typing", ("HLA-B",), (), False),
        ("TPMT activity", ("TPMT",), (), False),
        ("DPYD genotyping and UGT1A1 genotyping", ("DPYD", "UGT1A1"), (), False),
        ("Whole exome sequencing", (), (), False),
    ],
)
def test_words_name_genes_alleles_or_a_panel(vocabulary, text, genes, alleles, is_panel):
    (found,) = read(vocabulary, service(code={"text": text}))
    assert (found.genes, found.alleles, found.is_panel) == (genes, alleles, is_panel)
    assert found.label == text


@pytest.mark.parametrize(
    "text",
    ["ACE level", "HLA-B27 antigen", "Complete blood count", "Colonoscopy", "Factor V level", ""],
)
def test_an_order_of_another_test_is_passed_over(vocabulary, text):
    assert read(vocabulary, service(code={"text": text})) == ()


def test_a_pharmacogenomic_panel_is_known_by_its_code(vocabulary):
    (found,) = read(vocabulary, service(code=loinc("82118-1")))
    assert (found.genes, found.is_panel) == ((), True)


@pytest.mark.parametrize(
    ("members", "kept", "proposed"),
    [
        ({"status": "draft"}, 1, True),
        ({"status": "on-hold"}, 1, False),
        ({"status": "active", "intent": "proposal"}, 1, True),
        ({"status": "proposed"}, 1, True),  # DSTU2
        ({"status": "completed"}, 0, False),
        ({"status": "revoked"}, 0, False),
        ({"status": "cancelled"}, 0, False),
        ({"status": "entered-in-error"}, 0, False),
        ({"status": "active", "doNotPerform": True}, 0, False),
    ],
)
def test_a_test_that_is_over_or_called_off_is_none(vocabulary, members, kept, proposed):
    found = read(vocabulary, {**service(code=loinc("57132-3")), **members})
    assert [each.proposed for each in found] == [proposed] * kept


@pytest.mark.parametrize(
    ("code", "genes"),
    [
        ("54450-2", ("CYP2C9", "VKORC1")),
        ("93193-1", ("TPMT", "NUDT15")),
        ("13303-3", ("HLA-A", "HLA-B", "HLA-C")),
        ("66489-6", ("CYP2C19",)),
    ],
)
def test_the_code_of_a_panel_names_each_of_its_genes(vocabulary, code, genes):
    (found,) = read(vocabulary, service(code=loinc(code)))
    assert found.genes == genes


@pytest.mark.parametrize(
    ("members", "when"),
    [
        ({"authoredOn": "2026-11-20T09:00:00Z"}, "2026-11-20T09:00:00Z"),
        ({"orderedOn": "2015-02-01"}, "2015-02-01"),
        ({"date": "2016-02"}, "2016-02"),
        ({}, ""),
    ],
)
def test_an_order_has_the_day_it_was_written(vocabulary, members, when):
    (found,) = read(vocabulary, service(code=loinc("66489-6"), **members))
    assert found.when == when


@pytest.mark.parametrize(
    ("order", "target", "asks"),
    [
        ({"text": "CYP2C19 genotype"}, "CYP2C19", True),
        ({"text": "CYP2C19 genotype"}, "CYP2D6", False),
        ({"text": "HLA-B*57:01 typing"}, "HLA-B*57:01", True),
        ({"text": "HLA-B*57:01 typing"}, "HLA-B*15:02", False),
        ({"text": "HLA-B typing"}, "HLA-B*15:02", True),
        ({"text": "Pharmacogenomic panel"}, "HLA-B*15:02", True),  # it may
        ({"text": "Whole exome sequencing"}, "CYP2D6", False),  # nobody can tell
    ],
)
def test_an_order_asks_for_what_it_names_and_a_panel_of_unnamed_genes_for_any(
    vocabulary, order, target, asks
):
    (found,) = read(vocabulary, service(code=order))
    assert found.asks_for(target) == asks

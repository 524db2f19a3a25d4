"""Conditions → nodes of the Disease Ontology, on a small tree written here."""

import pytest

from fhir_pgx.model.drug import Coding
from fhir_pgx.model.finding import Origin
from fhir_pgx.model.tumour import Disease, StatedCancer
from fhir_pgx.normalize.cancer import cancer_index, cancers_of

ICD = "http://hl7.org/fhir/sid/icd-10-cm"
SNOMED = "http://snomed.info/sct"
TREE = (
    Disease("DOID:162", "cancer", ()),
    Disease("DOID:1324", "lung cancer", ("DOID:162",), ((SNOMED, "363358000"),), ("C34",)),
    Disease(
        "DOID:3908",
        "lung non-small cell carcinoma",
        ("DOID:1324", "DOID:162"),
        ((SNOMED, "254637007"),),
        ("C34",),
        ("non-small cell lung cancer", "nsclc"),
    ),
    Disease("DOID:3910", "lung adenocarcinoma", ("DOID:3908", "DOID:1324", "DOID:162"),
            (("http://terminology.hl7.org/CodeSystem/icd-o-3", "8140/3"),)),
    Disease("DOID:5409", "lung small cell carcinoma", ("DOID:1324", "DOID:162"), (), (),
            ("small cell lung cancer",)),
    Disease("DOID:1612", "breast cancer", ("DOID:162",), (), ("C50",)),
    Disease("DOID:219", "colon cancer", ("DOID:162",), (), ("C18",)),
    Disease("DOID:234", "colon adenocarcinoma", ("DOID:219", "DOID:162"),
            (("http://terminology.hl7.org/CodeSystem/icd-o-3", "8140/3"),)),
    Disease("DOID:9119", "acute myeloid leukemia", ("DOID:162",), (), ("C92.0",), ("aml",)),
    Disease("DOID:571", "liver cancer", ("DOID:162",), (), ("C22",)),
)  # fmt: skip
INDEX = cancer_index(TREE)


def stated(label="", *codes, state="active", texts=(), identity="c"):
    codings = tuple(Coding(system, code, "") for system, code in codes)
    return StatedCancer(label, codings, state, Origin(f"Condition/{identity}", ""), texts=texts)


@pytest.mark.parametrize(
    ("label", "codes", "nodes", "how"),
    [
        ("Non-small cell lung cancer", (), ("DOID:3908",), "text"),
        ("NSCLC, stage IV", (), ("DOID:3908",), "text"),
        ("Small cell lung cancer", (), ("DOID:5409",), "text"),
        ("Malignant neoplasm of breast (disorder)", (), ("DOID:1612",), "text"),
        ("Carcinoma of the left breast", (), ("DOID:1612",), "text"),
        ("Breast carcinoma", (), ("DOID:1612",), "text"),
        ("Metastatic breast cancer", (), ("DOID:1612",), "text"),
        ("Acute myeloid leukaemia", (), ("DOID:9119",), "text"),
        ("Adenocarcinoma of colon", (), ("DOID:234",), "text"),
        # one prefix of two nodes on a path says no more than the wider
        ("", ((ICD, "C34.11"),), ("DOID:1324",), "code"),
        ("Lung adenocarcinoma", ((ICD, "C34.11"),), ("DOID:3910",), "code"),
        # the words of a sibling are not mixed into a code
        ("Breast cancer", ((ICD, "C34.11"),), ("DOID:1324",), "code"),
        ("", ((SNOMED, "254637007"),), ("DOID:3908",), "code"),
        ("", (("urn:oid:2.16.840.1.113883.6.96", "254637007"),), ("DOID:3908",), "code"),
        ("", ((ICD, "C92.00"),), ("DOID:9119",), "code"),
        ("", ((ICD, "C9200"),), ("DOID:9119",), "code"),
        ("", ((SNOMED, "254637007"), (ICD, "C34.90")), ("DOID:3908",), "code"),
    ],
)
def test_a_cancer_is_known_by_code_or_words(label, codes, nodes, how):
    (found,) = cancers_of([stated(label, *codes)], INDEX)
    assert (found.nodes, found.how) == (nodes, how)


@pytest.mark.parametrize(
    ("label", "codes"),
    [("Hypertension", ()), ("", ((SNOMED, "38341003"),)), ("Non small cell tumour", ()),
     ("Tumour", ()), ("", ((ICD, "C80.1"),)), ("Bone metastases", ()),
     ("Secondary malignant neoplasm of liver", ()), ("Metastasis to liver", ()),
     ("Liver cancer", ((ICD, "C78.7"),))],
)  # fmt: skip
def test_what_is_not_known_is_no_cancer(label, codes):
    assert cancers_of([stated(label, *codes)], INDEX) == ()


def test_a_morphology_tells_a_kind_only_with_its_site():
    morphology = ("http://terminology.hl7.org/CodeSystem/icd-o-3", "8140/3")
    assert cancers_of([stated("", morphology)], INDEX) == ()
    (found,) = cancers_of([stated("", morphology, (ICD, "C18.9"))], INDEX)
    assert found.nodes == ("DOID:234",)
    (found,) = cancers_of([stated("", (ICD, "C34.9"), texts=("8140/3",))], INDEX)
    assert found.nodes == ("DOID:3910",)


def test_a_secondary_makes_the_one_cancer_metastatic():
    secondary = stated("Secondary malignant neoplasm of liver", (ICD, "C78.7"), identity="m")
    (found,) = cancers_of([stated("Breast cancer"), secondary], INDEX)
    assert found.stated.is_metastatic is True
    # of two it is not known whose it is
    both = cancers_of([stated("Breast cancer"), stated("Colon cancer"), secondary], INDEX)
    assert [each.stated.is_metastatic for each in both] == [None, None]

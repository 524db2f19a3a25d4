"""Consents of any shape, and resources of any bytes: nothing is raised, and nothing is loosened."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_pgx.knowledge.gene_words import load_gene_words
from fhir_pgx.security.withheld import Version, withheld

from .consent_examples import (
    CLINICIAN,
    CYP2C19,
    HGNC,
    NOW,
    OF_CYP2C19,
    RESEARCHER,
    consent,
    deny,
    version,
)

WORDS = load_gene_words()
_LEAVES = (
    st.none() | st.booleans() | st.integers(-5, 99999)
    | st.sampled_from(["deny", "permit", "CYP2C19", "R", "TREAT", "2026", "Observation/a", "x", ""])
    | st.text(max_size=8)
)  # fmt: skip
_NAMES = st.sampled_from(
    ["type", "provision", "code", "class", "actor", "period", "start", "end", "purpose", "action",
     "securityLabel", "data", "dataPeriod", "reference", "identifier", "coding", "system", "value",
     "text", "meaning", "role", "display", "modifierExtension", "expression"]
)  # fmt: skip
_ANYTHING = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=4),
    max_leaves=25,
)
_MEMBERS = st.sampled_from(
    ["status", "scope", "category", "policyRule", "provision", "decision", "dateTime", "identifier",
     "sourceReference", "verification", "id", "patient"]
)  # fmt: skip
DENIED = consent(deny(code=[CYP2C19]), id="denied", scope={"text": "ours"})


@settings(max_examples=400, deadline=None)
@given(st.dictionaries(_MEMBERS, _ANYTHING, max_size=8))
def test_a_consent_of_any_shape_is_read(members):
    made = {"resourceType": "Consent", "id": "c", "status": "active", **members}
    for caller in (CLINICIAN, RESEARCHER):
        withheld((version(OF_CYP2C19),), (made,), caller, NOW, words=WORDS)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(_MEMBERS, _ANYTHING, max_size=8))
def test_beside_a_denial_no_other_consent_loosens_anything(members):
    """Save one that says whose place it takes: that is not among what is generated here."""
    other = {"resourceType": "Consent", "status": "active", **members, "id": "other"}
    found = withheld((version(OF_CYP2C19),), (DENIED, other), CLINICIAN, NOW, words=WORDS)
    assert ("Observation", "cyp2c19") in found.hidden
    assert found.is_limited


@settings(max_examples=300, deadline=None)
@given(_ANYTHING)
def test_what_is_added_to_a_root_that_denies_does_not_loosen_it_unless_it_says_permit(said):
    """Whatever stands in an exception of its own, a denial beside it holds."""
    exception = said if isinstance(said, dict) else {"code": said}
    rule = {"type": "permit", "provision": [deny(code=[CYP2C19]), exception]}
    found = withheld((version(OF_CYP2C19),), (consent(rule),), CLINICIAN, NOW, words=WORDS)
    assert ("Observation", "cyp2c19") in found.hidden


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200), st.sampled_from([b"", b'{"note":"', b'{"data":"', b"<div>"]))
def test_a_resource_of_any_bytes_is_heard(noise, before):
    body = before + noise + b" CYP2C19 "
    found = withheld((Version("Observation", "o", body),), (DENIED,), CLINICIAN, NOW, words=WORDS)
    assert ("Observation", "o") in found.hidden


@settings(max_examples=200, deadline=None)
@given(_ANYTHING, st.sampled_from(["note", "text", "extension", "component", "contained", "data"]))
def test_a_gene_is_heard_beside_anything(beside, member):
    made = {"resourceType": "Observation", "id": "o", member: [beside, {"x": "HGNC:2621"}]}
    body = json.dumps(made).encode()
    rule = consent(deny(code=[{"coding": [{"system": HGNC, "code": "HGNC:2621"}]}]))
    found = withheld((Version("Observation", "o", body),), (rule,), CLINICIAN, NOW, words=WORDS)
    assert ("Observation", "o") in found.hidden

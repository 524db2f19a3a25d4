"""Which line of the policy left a card out."""

import pytest

from fhir_pgx.knowledge.loader import load_knowledge
from fhir_pgx.knowledge.policy import read_policy
from fhir_pgx.model.policy import EVERYTHING
from fhir_pgx.services.policy_places import line_of, policy_key

TEXT = """\
quiet_patient_view = true
strengths = ["CPIC Strong"]

[hooks.default]
least_indicator = "warning"

[hooks."order-select"]   # while choosing
max_cards = 3

[mute]
drugs = ["omeprazole"]
genes = ["CYP4F2"]

[therapies]
mute_drugs = ["cetuximab"]
mute_domains = ["pathogen"]

[specialties.anaesthesia]
who = ["pharmacist"]
only_genes = ["RYR1"]

[mute_critical]
rasburicase = "G6PD is measured before every dose."
"""


@pytest.fixture(scope="module")
def policy():
    return read_policy(TEXT.encode(), "policy.toml", load_knowledge())


@pytest.mark.parametrize(
    ("why", "by", "key", "line"),
    [
        ("patient-view", "patient-view", "quiet_patient_view", 1),
        ("strength", "CPIC Optional", "strengths", 2),
        ("level", "order-sign", "hooks.default.least_indicator", 5),
        ("level", "order-select", "hooks.default.least_indicator", 5),
        ("drug", "omeprazole", "mute.drugs", 11),
        ("drug", "cetuximab", "therapies.mute_drugs", 15),
        ("gene", "CYP4F2", "mute.genes", 12),
        ("domain", "pathogen", "therapies.mute_domains", 16),
        ("specialty", "anaesthesia", "specialties.anaesthesia", 18),
        ("mute-critical", "rasburicase", "mute_critical.rasburicase", 23),
        ("shown-before", "order-select", "", 0),
    ],
)
def test_a_reason_leads_to_its_key_and_line(policy, why, by, key, line):
    found = policy_key(policy, why, by)
    assert (found, line_of(TEXT, found) if found else 0) == (key, line)


def test_what_the_policy_does_not_say_has_no_line():
    assert policy_key(EVERYTHING, "drug", "omeprazole") == ""
    assert line_of(TEXT, "mute.only_genes") == 0

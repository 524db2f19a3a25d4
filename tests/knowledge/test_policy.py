"""A policy file: read whole, or refused with every fault and what was probably meant."""

import logging
import re
from pathlib import Path

import pytest

from fhir_pgx.errors import InvalidPolicy, InvalidSetting
from fhir_pgx.knowledge.policy import UNANSWERED, load_policy, policy_schema
from fhir_pgx.model.policy import EVERYTHING, HookPolicy
from fhir_pgx.services.hooks import HOOKS

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "policy.toml"
PAGE = ROOT / "docs" / "policy.md"


@pytest.fixture
def load(tmp_path, knowledge):
    def load_text(text):
        file = tmp_path / "site.toml"
        file.write_text(text, encoding="utf-8")
        return load_policy(str(file), knowledge)

    return load_text


def test_without_a_file_everything_may_alert(load, knowledge):
    assert load_policy("", knowledge) == EVERYTHING == load("")


def test_every_key_is_read(load):
    policy = load(
        """
        untested_cards = "all"
        quiet_patient_view = true
        strengths = ["CPIC Strong", "DPWG"]
        [hooks.order-select]
        least_indicator = "warning"
        max_cards = 3
        [mute]
        drugs = ["Clopidogrel", "2670"]
        genes = ["CYP4F2"]
        only_genes = ["CYP2C19", "HLA-B"]
        [mute_critical]
        Rasburicase = "G6PD is measured before every dose."
        [tiers.kept]
        most_indicator = "critical"
        genes = ["DPYD"]
        [tiers.passive]
        most_indicator = "info"
        hooks = ["order-select"]
        drugs = ["CODEINE"]
        strengths = ["FDA"]
        actions = ["monitor", "not-tested"]
        [specialties.theatre]
        who = ["Anesthetics", "394577000"]
        least_indicator = "critical"
        mute_drugs = ["Codeine"]
        mute_genes = ["CYP2B6"]
        only_genes = ["RYR1"]
        """
    )
    assert policy.untested_cards == "all"
    assert policy.quiet_patient_view
    assert policy.strengths == {"CPIC Strong", "DPWG"}
    assert policy.hooks == {"order-select": HookPolicy("warning", 3)}
    assert policy.mute_drugs == {"clopidogrel", "2670"}
    assert (policy.mute_genes, policy.only_genes) == ({"CYP4F2"}, {"CYP2C19", "HLA-B"})
    assert policy.mute_critical == {"rasburicase": "G6PD is measured before every dose."}
    kept, passive = policy.tiers  # in the order of the file
    assert (kept.name, kept.most_indicator, kept.genes) == ("kept", "critical", {"DPYD"})
    assert (passive.hooks, passive.drugs) == ({"order-select"}, {"codeine"})
    assert (passive.strengths, passive.actions) == ({"FDA"}, {"monitor", "not-tested"})
    (theatre,) = policy.specialties
    assert (theatre.name, theatre.who) == ("theatre", {"anesthetics", "394577000"})
    assert (theatre.least_indicator, theatre.mute_drugs) == ("critical", {"codeine"})
    assert (theatre.mute_genes, theatre.only_genes) == ({"CYP2B6"}, {"RYR1"})


@pytest.mark.parametrize(
    ("text", "place", "mend"),
    [
        ("untested_card = 'all'", "the file", "did you mean untested_cards?"),
        ("untested_cards = 'some'", "untested_cards", "write one of none, important, all"),
        ("quiet_patient_view = 1", "quiet_patient_view", "docs/policy.md"),
        ("strengths = ['CPIC strong']", "strengths.0", "did you mean CPIC Strong?"),
        ("strengths = []", "strengths", "docs/policy.md"),
        ("[hooks.order-sing]\nmax_cards = 3", "hooks", "did you mean order-sign?"),
        (
            "[hooks.order-sign]\nmaximum = 3\nmax_cards = 2",
            "hooks.order-sign",
            "write one of least_indicator, max_cards",
        ),
        ("[hooks.order-sign]\nmax_cards = 0", "hooks.order-sign.max_cards", "docs/policy.md"),
        (
            "[hooks.default]\nleast_indicator = 'warnings'",
            "hooks.default.least_indicator",
            "did you mean warning?",
        ),
        ("[mute]\ndrugs = ['clopidogrell']", "mute.drugs", "did you mean clopidogrel?"),
        ("[mute]\ndrugs = ['99999']", "mute.drugs", "docs/policy.md"),
        ("[mute]\ngenes = ['CYP2C91']", "mute.genes", "did you mean CYP2C9"),
        ("[mute]\nonly_genes = ['cyp2c19']", "mute.only_genes", "docs/policy.md"),
        ("mute_critical = ['rasburicase']", "mute_critical", "docs/policy.md"),
        ("[mute_critical]\nrasburicase = ''", "mute_critical.rasburicase", "docs/policy.md"),
        ("[mute_critical]\nrasburicas = 'measured each time'", "mute_critical", "rasburicase?"),
        ("[tiers.x]\ndrugs = ['codeine']", "tiers.x", "docs/policy.md"),
        (
            "[tiers.x]\nmost_indicator = 'info'\nactions = ['avoids']",
            "tiers.x.actions",
            "did you mean avoid?",
        ),
        (
            "[tiers.x]\nmost_indicator = 'info'\nhooks = ['order-selects']",
            "tiers.x.hooks",
            "did you mean order-select?",
        ),
        ("[mute]\ndrugs = ['cetuximab']", "mute.drugs", "docs/policy.md"),  # of a therapy alone
        ("[mute_critical]\ncetuximab = 'we know it all'", "mute_critical", "docs/policy.md"),
        ("[therapies]\nmute_domains = ['tumor']", "therapies.mute_domains.0", "mean tumour?"),
        ("[therapies]\nmute_drugs = ['cetuximabb']", "therapies.mute_drugs", "mean cetuximab?"),
        ("[therapies]\nmute_drugs = ['32968']", "therapies.mute_drugs", "docs/policy.md"),
        ("[therapies]\nmute_genes = ['KRASS']", "therapies.mute_genes", "did you mean KRAS?"),
        ("[therapies]\nsources = ['CIViC F']", "therapies.sources.0", "did you mean CIViC"),
        ("[therapies]\nstrengths = ['FDA']", "therapies", "write one of"),
        (
            "[tiers.x]\nmost_indicator = 'info'\nactions = ['resistant']",
            "tiers.x.actions",
            "name the `domains`",
        ),
        (
            "[tiers.x]\nmost_indicator = 'info'\ndomains = ['tumour']\nactions = ['monitor']",
            "tiers.x.actions",
            "docs/policy.md",
        ),
        (
            "[tiers.x]\nmost_indicator = 'info'\ndomains = ['tumour']\nstrengths = ['CPIC']",
            "tiers.x.strengths",
            "leave strengths out",
        ),
        ("[specialties.x]\nwho = ['x']", "specialties.x", "docs/policy.md"),
        (
            "[specialties.x]\nwho = ['x']\nmute_drug = ['codeine']",
            "specialties.x",
            "did you mean mute_drugs?",
        ),
    ],
)
def test_a_name_that_means_nothing_is_refused_with_the_one_that_was_meant(load, text, place, mend):
    with pytest.raises(InvalidPolicy) as refused:
        load(text)
    (issue,) = refused.value.issues
    assert (issue.where, issue.code) == (place, "PGX-405")
    assert mend in issue.mend
    assert f"{place} in site.toml" in refused.value.text


def test_every_fault_is_told_at_once(load):
    with pytest.raises(InvalidPolicy) as refused:
        load("strength = 1\n[mute]\ndrug = ['x']\n[hooks.lunch]\nmax_cards = 1\n")
    assert {issue.where for issue in refused.value.issues} == {"the file", "hooks", "mute"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "was not read"),
        (b"a = ", "not TOML"),
        (b"\xff", "not TOML"),
        (b"a = " + b"[" * 20_000, "too deep"),
    ],
)
def test_a_file_that_cannot_be_read_stops_the_start_by_its_name_alone(
    tmp_path, knowledge, content, said
):
    file = tmp_path / "site.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InvalidSetting, match=said) as refused:
        load_policy(str(file), knowledge)
    assert "site.toml" in refused.value.text
    assert str(tmp_path) not in refused.value.text


def test_a_silenced_critical_drug_is_logged_with_its_reason(load, caplog):
    with caplog.at_level(logging.WARNING, logger="fhir_pgx.policy"):
        load("[mute_critical]\nrasburicase = 'G6PD is measured before every dose.'")
    assert "rasburicase" in caplog.text
    assert "G6PD is measured before every dose." in caplog.text


def test_the_example_is_a_policy(knowledge):
    assert load_policy(str(EXAMPLE), knowledge) != EVERYTHING


def test_the_schema_names_every_hook_and_every_strength_of_the_knowledge(knowledge):
    schema = policy_schema()
    assert set(schema["properties"]["hooks"]["properties"]) == {*HOOKS, "default"}
    allowed = set(schema["$defs"]["strengths"]["items"]["enum"])
    for drug in knowledge.drugs:
        for row in drug.rows:
            assert drug.source in allowed
            assert f"{drug.source} {row.strength}" in allowed or drug.source == "DPWG"


def test_the_page_names_every_key_and_every_reason_to_leave_a_card_out():
    from typing import get_args

    from fhir_pgx.model.policy import Why

    page = PAGE.read_text(encoding="utf-8")
    keys = set()

    def walk(schema):
        for name, below in schema.get("properties", {}).items():
            keys.add(name)
            walk(below)
        if isinstance(schema.get("additionalProperties"), dict):
            walk(schema["additionalProperties"])

    walk(policy_schema())
    keys |= {*policy_schema()["$defs"]["hook"]["properties"], *UNANSWERED}
    keys -= {*HOOKS}
    missing = [key for key in keys if not re.search(rf"[`.]{key}[`.]", page)]
    assert missing == []
    assert [why for why in get_args(Why) if f"`{why}`" not in page] == []


def test_the_rules_for_therapies_are_read(load):
    policy = load(
        """
        [therapies]
        mute_domains = ["transplant"]
        mute_drugs = ["Cetuximab", "190521"]
        mute_genes = ["KRAS", "RT"]
        sources = ["FDA", "CIViC A"]

        [tiers.passive]
        most_indicator = "info"
        domains = ["tumour"]
        drugs = ["erlotinib"]
        actions = ["resistant"]

        [specialties.surgery]
        who = ["surgeon"]
        mute_domains = ["pathogen"]
        """
    )
    assert policy.therapies.mute_domains == {"transplant"}
    assert policy.therapies.mute_drugs == {"cetuximab", "190521"}
    assert policy.therapies.mute_genes == {"KRAS", "RT"}
    assert policy.therapies.sources == {"FDA", "CIViC A"}
    assert policy.tiers[0].domains == {"tumour"}
    assert policy.specialties[0].mute_domains == {"pathogen"}


def test_the_schema_names_every_domain():
    from fhir_pgx.model.therapy import DOMAINS

    assert tuple(policy_schema()["$defs"]["domains"]["items"]["enum"]) == DOMAINS

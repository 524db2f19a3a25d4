"""How old the knowledge is, and which policy is in force."""

from datetime import UTC, date, datetime

import pytest

from fhir_pgx.errors import InvalidPolicy
from fhir_pgx.knowledge.loader import read_release
from fhir_pgx.services.knowledge_in_use import (
    age_in_days,
    change_of,
    knowledge_in_use,
    policy_in_force,
)

TODAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("as_of", "days"),
    [
        ("2026-11-24", 0),
        ("2026-11-23", 1),
        ("2026-11", 23),  # from the first of the month
        ("2025-02 to 2026-11-20", 4),  # the later one
        ("2022-07 to 2025", 692),
        ("", None),
        ("release 3.1.1", None),
        ("2026-13-01", None),
    ],
)
def test_the_age_of_a_source_follows_its_latest_date(as_of, days):
    assert age_in_days(as_of, TODAY) == days


def test_every_source_of_the_release_is_listed_with_its_digest():
    recorded = read_release()
    found = knowledge_in_use(recorded["release"], recorded["sha256"], TODAY)
    assert {each["name"] for each in recorded["sources"]} < {each.name for each in found.sources}
    assert len(found.codes_sha256) == len(found.sha256) == 64
    assert found.oldest.age_days == max(s.age_days for s in found.sources if s.age_days is not None)


def test_the_policy_in_force_is_the_one_that_was_read_at_start(tmp_path):
    file = tmp_path / "policy.toml"
    file.write_text("quiet_patient_view = true\n")
    policy = policy_in_force(str(file), datetime(2026, 11, 24, tzinfo=UTC))
    assert (policy.name, change_of(policy, str(file))) == ("policy.toml", "")
    file.write_text("quiet_patient_view = false\n")
    assert "has changed" in change_of(policy, str(file))
    file.unlink()
    assert "no longer be read" in change_of(policy, str(file))
    assert policy.text == "quiet_patient_view = true\n"


def test_without_a_policy_there_is_none_and_one_that_is_not_there_is_refused():
    assert policy_in_force("", datetime.now(UTC)) is None
    with pytest.raises(InvalidPolicy):
        policy_in_force("/nowhere/policy.toml", datetime.now(UTC))

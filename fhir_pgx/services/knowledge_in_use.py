"""What the advice of this server rests on at this moment: releases, sources and how old they are,
and the policy it was started with."""

import hashlib
import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from fhir_pgx.errors import InvalidPolicy
from fhir_pgx.knowledge.drug_codes import read_drug_codes_record
from fhir_pgx.knowledge.loader import read_release
from fhir_pgx.knowledge.policy import policy_bytes, read_policy
from fhir_pgx.model.knowledge import Knowledge
from fhir_pgx.model.policy import Policy

_DATE: Final = re.compile(r"\b((?:19|20)\d{2})(?:-(\d{2})(?:-(\d{2}))?)?\b")


@dataclass(frozen=True, slots=True)
class SourceInUse:
    """A source. `as_of` is its date, or two, as the release states it; `age_days` counts from the
    later one (from the first day of a month or year that is stated without one), None where no
    date is stated."""

    name: str
    as_of: str
    age_days: int | None
    licence: str


@dataclass(frozen=True, slots=True)
class KnowledgeInUse:
    """`counts` says how many of each kind it holds."""

    release: str
    sha256: str
    codes_sha256: str
    counts: dict[str, int]
    sources: tuple[SourceInUse, ...]

    @property
    def oldest(self) -> SourceInUse | None:
        """The source that is oldest; None where none states a date."""
        dated = [each for each in self.sources if each.age_days is not None]
        return max(dated, key=lambda each: each.age_days or 0, default=None)


@dataclass(frozen=True, slots=True)
class PolicyInForce:
    """The policy file as it was when this process read it."""

    name: str
    sha256: str
    text: str
    read_at: datetime


def knowledge_in_use(release: str, sha256: str, today: date) -> KnowledgeInUse:
    """The knowledge of this release and digest. Raises BrokenKnowledge."""
    recorded, codes = read_release(), read_drug_codes_record()
    codes_as_of = str(codes.get("facts_as_of", ""))
    listed: list[dict[str, Any]] = [
        *recorded.get("sources", ()),
        {"name": "Codes and names of medicines", "as_of": codes_as_of, "licence": ""},
    ]
    return KnowledgeInUse(
        release=release,
        sha256=sha256,
        codes_sha256=str(codes.get("file", {}).get("sha256", "")),
        counts=dict(recorded.get("counts", {})),
        sources=tuple(
            SourceInUse(
                name=str(each.get("name", "")),
                as_of=str(each.get("as_of", "")),
                age_days=age_in_days(str(each.get("as_of", "")), today),
                licence=str(each.get("licence", "")),
            )
            for each in listed
        ),
    )


def age_in_days(as_of: str, today: date) -> int | None:
    """Days since the latest date in a text; None where there is none."""
    dates = []
    for year, month, day in _DATE.findall(as_of):
        try:
            dates.append(date(int(year), int(month or 1), int(day or 1)))
        except ValueError:  # 2026-13: not a date after all
            continue
    return (today - max(dates)).days if dates else None


def policy_in_force(file: str, now: datetime) -> PolicyInForce | None:
    """The policy file as it stands now; None where the site has none. Raises InvalidPolicy."""
    if not file:
        return None
    data = policy_bytes(file)
    name = file.replace("\\", "/").rpartition("/")[2]
    return PolicyInForce(name, hashlib.sha256(data).hexdigest(), data.decode(), now)


def read_candidate(data: bytes, name: str, knowledge: Knowledge) -> Policy:
    """A policy that is not in force. Raises InvalidPolicy with every fault."""
    return read_policy(data, name, knowledge)


def change_of(policy: PolicyInForce, file: str) -> str:
    """What became of the file since: empty where it is as it was, else what to tell."""
    try:
        is_same = hashlib.sha256(policy_bytes(file)).hexdigest() == policy.sha256
    except InvalidPolicy:
        return "The file can no longer be read. What was read at start is in force."
    return "" if is_same else "The file has changed since. Start the server again to use it."

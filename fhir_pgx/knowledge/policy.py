"""Reads a site's policy file: one TOML file, checked against `schema/policy.json`.

A name that means nothing (a key, a hook, a drug, a gene) is refused with the one that was
probably meant: a rule that silently does nothing is found out by the alerts it did not stop.
"""

import functools
import json
import logging
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from fhir_pgx.errors import InvalidPolicy, Issue
from fhir_pgx.knowledge.loader import HERE
from fhir_pgx.knowledge.therapy_names import names_of
from fhir_pgx.model.knowledge import Knowledge
from fhir_pgx.model.policy import (
    EVERYTHING,
    HookPolicy,
    Policy,
    Specialty,
    TherapyPolicy,
    Tier,
)
from fhir_pgx.model.recommendation import ACTIONS
from fhir_pgx.model.therapy import EFFECTS

log = logging.getLogger("fhir_pgx.policy")

# What the action of a card is that tells why there is no advice.
UNANSWERED = ("not-tested", "not-called", "no-row", "no-guidance")
_SEE = "docs/policy.md has every key"
_Fault = tuple[str, str, str]  # place, what is wrong, how to mend it
_Names = tuple[set[str], set[str]]  # drugs, in lower case and by code; genes


def load_policy(file: str, knowledge: Knowledge) -> Policy:
    """The policy in a file; the one that changes nothing where `file` is empty.

    Raises InvalidPolicy with every fault of the file and its place. Each silenced critical drug is
    logged with its reason.
    """
    if not file:
        return EVERYTHING
    policy = read_policy(policy_bytes(file), Path(file).name, knowledge)
    for drug, reason in policy.mute_critical.items():
        log.warning("critical cards of %s are silenced by the policy: %s", drug, reason)
    return policy


def read_policy(data: bytes, name: str, knowledge: Knowledge) -> Policy:
    """The policy in a file's bytes; `name` is what faults call the file.

    Raises InvalidPolicy with every fault and its place.
    """
    content = _parsed(data, name)
    faults = list(_faults_of_form(content)) or list(_faults_of_names(content, knowledge))
    if faults:
        issues = tuple(
            Issue(f"{place} in {name}: {text}", place, mend, "value", "error", "PGX-405")
            for place, text, mend in faults
        )
        told = "; ".join(f"{issue.text}; {issue.mend}" for issue in issues)
        raise InvalidPolicy(told, where="policy", mend=_SEE, issues=issues)
    return _policy(content)


def policy_bytes(file: str) -> bytes:
    """The bytes of a policy file. Raises InvalidPolicy where it cannot be read."""
    path = Path(file)
    try:
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise InvalidPolicy(
            f"the policy file {path.name} was not read: {reason}",
            where="policy",
            mend="name a readable TOML file, or leave the setting empty",
        ) from error


def _parsed(data: bytes, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(data.decode("utf-8").replace("\r\n", "\n"))
    except ValueError as error:  # TOML syntax, or not UTF-8
        raise InvalidPolicy(
            f"the policy file {name} is not TOML: {error}", where="policy", mend=_SEE
        ) from error
    except RecursionError:
        raise InvalidPolicy(
            f"the policy file {name} nests too deep", where="policy", mend=_SEE
        ) from None


@functools.cache
def policy_schema() -> dict[str, Any]:
    """The JSON Schema of a policy file, as TOML is read."""
    found: dict[str, Any] = json.loads((HERE / "schema" / "policy.json").read_text("utf-8"))
    return found


def _faults_of_form(content: dict[str, Any]) -> Iterator[_Fault]:
    import jsonschema  # noqa: PLC0415 - slow to load, and most sites have no policy file

    for fault in jsonschema.Draft202012Validator(policy_schema()).iter_errors(content):
        place = ".".join(str(step) for step in fault.absolute_path) or "the file"
        if fault.validator == "additionalProperties":
            known = list(fault.schema["properties"])
            for name in sorted(set(fault.instance) - set(known)):
                yield place, f"{name} is unknown", _nearest(name, known)
        elif fault.validator == "enum":
            known = [str(each) for each in fault.validator_value]
            yield place, f"{fault.instance!r:.80} is unknown", _nearest(str(fault.instance), known)
        else:
            yield place, fault.message[:200], _SEE


def _faults_of_names(content: Mapping[str, Any], knowledge: Knowledge) -> Iterator[_Fault]:
    drugs = {name for each in knowledge.drugs for name in (each.drug.lower(), each.rxcui) if name}
    genes = {*knowledge.genes, *(gene for each in knowledge.drugs for gene in each.genes)}
    hooks = set(policy_schema()["properties"]["hooks"]["properties"]) - {"default"}
    tiers, specialties = content.get("tiers", {}), content.get("specialties", {})
    mute, therapies = content.get("mute", {}), content.get("therapies", {})
    known = names_of(knowledge.therapies)
    of_drugs, of_genes = known
    for place, listed in (
        ("mute.drugs", mute.get("drugs", ())),
        ("mute_critical", content.get("mute_critical", ())),
        *(
            (f"specialties.{name}.mute_drugs", each.get("mute_drugs", ()))
            for name, each in specialties.items()
        ),
    ):
        yield from _unknown(place, "no drug with guidance", map(str.lower, listed), drugs)
    for place, listed in (
        ("mute.genes", mute.get("genes", ())),
        ("mute.only_genes", mute.get("only_genes", ())),
        *(
            (f"specialties.{name}.{key}", each.get(key, ()))
            for name, each in specialties.items()
            for key in ("mute_genes", "only_genes")
        ),
    ):
        yield from _unknown(place, "no gene that we know", listed, genes)
    named = map(str.lower, therapies.get("mute_drugs", ()))
    yield from _unknown("therapies.mute_drugs", "no drug of a therapy", named, of_drugs)
    listed = therapies.get("mute_genes", ())
    yield from _unknown("therapies.mute_genes", "no gene of a therapy", listed, of_genes)
    for name, each in tiers.items():
        yield from _unknown(f"tiers.{name}.hooks", "no hook", each.get("hooks", ()), hooks)
        yield from _faults_of_tier(f"tiers.{name}", each, (drugs, genes), known)


def _faults_of_tier(
    place: str, tier: Mapping[str, Any], usual: _Names, of_therapies: _Names
) -> Iterator[_Fault]:
    """The names of a tier are those of precision therapy where it has `domains`, else those of
    drug response: a tier of the one never fits a card of the other."""
    is_therapy = "domains" in tier
    drugs, genes = of_therapies if is_therapy else usual
    actions = set[str](EFFECTS) if is_therapy else {*ACTIONS, *UNANSWERED}
    named = map(str.lower, tier.get("drugs", ()))
    yield from _unknown(f"{place}.drugs", "no drug with guidance", named, drugs)
    yield from _unknown(f"{place}.genes", "no gene that we know", tier.get("genes", ()), genes)
    for name in tier.get("actions", ()):
        if name in EFFECTS and not (is_therapy or name in actions):
            yield f"{place}.actions", f"{name} is of therapies", "name the `domains` of the tier"
        else:
            yield from _unknown(f"{place}.actions", "no action", (name,), actions)
    if is_therapy and "strengths" in tier:
        mend = "leave strengths out, or make a tier of its own without domains"
        yield f"{place}.strengths", "strengths are of drug response, domains are not", mend


def _unknown(place: str, what: str, listed: Iterable[str], known: set[str]) -> Iterator[_Fault]:
    for name in listed:
        if name not in known:
            yield place, f"{name} is {what}", _nearest(name, sorted(known))


def _nearest(name: str, known: list[str]) -> str:
    near = [] if name.isdigit() else get_close_matches(name, known, n=1)  # codes are not alike
    if near:
        return f"did you mean {near[0]}?"
    return f"write one of {', '.join(known)}" if len(known) <= 12 else _SEE


def _policy(content: Mapping[str, Any]) -> Policy:
    mute = content.get("mute", {})
    strengths, therapies = content.get("strengths"), content.get("therapies", {})
    return Policy(
        hooks={
            name: HookPolicy(each.get("least_indicator"), each.get("max_cards"))
            for name, each in content.get("hooks", {}).items()
        },
        untested_cards=content.get("untested_cards", ""),
        quiet_patient_view=content.get("quiet_patient_view", False),
        strengths=None if strengths is None else frozenset(strengths),
        mute_drugs=_lower(mute, "drugs"),
        mute_genes=frozenset(mute.get("genes", ())),
        only_genes=frozenset(mute.get("only_genes", ())),
        mute_critical={
            drug.lower(): reason for drug, reason in content.get("mute_critical", {}).items()
        },
        tiers=tuple(
            Tier(
                name,
                each["most_indicator"],
                hooks=frozenset(each.get("hooks", ())),
                drugs=_lower(each, "drugs"),
                genes=frozenset(each.get("genes", ())),
                strengths=frozenset(each.get("strengths", ())),
                actions=frozenset(each.get("actions", ())),
                domains=frozenset(each.get("domains", ())),
            )
            for name, each in content.get("tiers", {}).items()
        ),
        specialties=tuple(
            Specialty(
                name,
                _lower(each, "who"),
                least_indicator=each.get("least_indicator"),
                mute_drugs=_lower(each, "mute_drugs"),
                mute_genes=frozenset(each.get("mute_genes", ())),
                only_genes=frozenset(each.get("only_genes", ())),
                mute_domains=frozenset(each.get("mute_domains", ())),
            )
            for name, each in content.get("specialties", {}).items()
        ),
        therapies=TherapyPolicy(
            mute_domains=frozenset(therapies.get("mute_domains", ())),
            mute_drugs=_lower(therapies, "mute_drugs"),
            mute_genes=frozenset(therapies.get("mute_genes", ())),
            sources=frozenset(therapies["sources"]) if "sources" in therapies else None,
        ),
    )


def _lower(entry: Mapping[str, Any], key: str) -> frozenset[str]:
    return frozenset(name.strip().lower() for name in entry.get(key, ()))

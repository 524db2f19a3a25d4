"""Which line of a policy file left a card out: the key that `why` and `by` of a `Muted` mean."""

import re
from typing import Final

from fhir_pgx.model.policy import DEFAULT_HOOK, Policy, Why

_SECTION: Final = re.compile(r"^\s*\[\s*([^\[\]]+?)\s*\]")
_KEY: Final = re.compile(r"""^\s*((?:[A-Za-z0-9_.-]|"[^"]*"|'[^']*')+)\s*=""")
_QUOTES: Final = re.compile("[\"']")
_OF_ONE_KEY: Final = {
    "strength": "strengths",
    "source": "therapies.sources",
    "domain": "therapies.mute_domains",
    "patient-view": "quiet_patient_view",
}


def policy_key(policy: Policy, why: str | Why, by: str) -> str:
    """The key, dotted; several with ` or ` where more than one could have done it. Empty for what
    no policy did: the memory of what was shown before."""
    if why in _OF_ONE_KEY:
        return _OF_ONE_KEY[why]
    match why:
        case "drug":
            return _either(
                ("mute.drugs", by in policy.mute_drugs),
                ("therapies.mute_drugs", by in policy.therapies.mute_drugs),
            )
        case "gene":
            genes = set(by.split(", "))
            return _either(
                ("mute.genes", genes <= policy.mute_genes),
                ("mute.only_genes", bool(policy.only_genes) and not genes & policy.only_genes),
                ("therapies.mute_genes", genes <= policy.therapies.mute_genes),
            )
        case "level":
            return _level(policy, by)
        case "specialty":
            return " or ".join(f"specialties.{name}" for name in by.split(", "))
        case "mute-critical":
            return f"mute_critical.{by}"
    return ""


def line_of(text: str, key: str) -> int:
    """The line of a TOML file on which a dotted key stands, or its section begins; 0 where it is
    not found (several keys, or a form of TOML that is not looked for)."""
    section = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if found := _SECTION.match(line):
            section = _QUOTES.sub("", found[1])
            if section == key:
                return number
        elif found := _KEY.match(line):
            name = _QUOTES.sub("", found[1])
            if (f"{section}.{name}" if section else name).lower() == key.lower():
                return number
    return 0


def _level(policy: Policy, hook: str) -> str:
    for name in (hook, DEFAULT_HOOK):
        if name in policy.hooks and policy.hooks[name].least_indicator is not None:
            return f"hooks.{name}.least_indicator"
    return _either(
        *(
            (f"specialties.{each.name}.least_indicator", each.least_indicator is not None)
            for each in policy.specialties
        )
    )


def _either(*candidates: tuple[str, bool]) -> str:
    return " or ".join(key for key, is_so in candidates if is_so)

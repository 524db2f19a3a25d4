"""What the profiles of HL7's Genomics Reporting guide demand: `fhir/guide.json`."""

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fhir_pgx.errors import BrokenKnowledge
from fhir_pgx.knowledge.loader import HERE


@dataclass(frozen=True, slots=True)
class ComponentRule:
    """A component slice: the types its value may have, its codes where they are bound."""

    name: str
    types: tuple[str, ...]
    once: bool = False
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProfileRules:
    """One profile. Codes are `system|code`; `names` ends the canonical URLs of all its releases.

    `codes` is what the resource's own code may be, `bound` a value set for it; `required`,
    `forbidden` and `fixed` are elements (`value` stands for `value[x]`).
    """

    name: str
    type: str
    names: tuple[str, ...]
    codes: tuple[str, ...] = ()
    bound: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    fixed: Mapping[str, str] = field(default_factory=dict)
    categories: tuple[str, ...] = ()
    value_types: tuple[str, ...] = ()
    value_codes: tuple[str, ...] = ()
    components: Mapping[str, ComponentRule] = field(default_factory=dict)


@functools.cache
def _read() -> dict[str, Any]:
    path = HERE / "fhir" / "guide.json"
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise BrokenKnowledge(
            "the rules of the guide cannot be read",
            where=path.name,
            mend="install the package anew",
        ) from error
    return found


def guide_url() -> str:
    """What the canonical URL of each of the guide's profiles begins with."""
    return str(_read()["guide"])


@functools.cache
def guide_profiles() -> Mapping[str, ProfileRules]:
    """Every profile with rules, by its name in STU3. Raises BrokenKnowledge."""
    return {name: _rules(name, content) for name, content in _read()["profiles"].items()}


def _rules(name: str, content: Mapping[str, Any]) -> ProfileRules:
    value = content.get("value", {})
    many = ("codes", "bound", "required", "forbidden", "categories")
    return ProfileRules(
        name,
        content["type"],
        tuple(content["names"]),
        **{member: tuple(content.get(member, ())) for member in many},
        fixed=content.get("fixed", {}),
        value_types=tuple(value.get("types", ())),
        value_codes=tuple(value.get("codes", ())),
        components={
            code: ComponentRule(
                each["name"],
                tuple(each.get("types", ())),
                each.get("once", False),
                tuple(each.get("codes", ())),
            )
            for code, each in content.get("components", {}).items()
        },
    )

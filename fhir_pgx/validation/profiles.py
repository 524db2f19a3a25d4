"""The profiles of the Genomics Reporting guide: STU3's rules, with STU2 tolerated where it differs.

A resource that claims a profile (`meta.profile`) is held to it, with errors. One whose code alone
says what it is gets warnings, and is not asked for what only the guide wants of it (categories).
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from fhir_pgx.errors import Issue
from fhir_pgx.fhir.bundle import as_dicts
from fhir_pgx.knowledge.guide import ComponentRule, ProfileRules, guide_profiles, guide_url

_GENETICS = "http://terminology.hl7.org/CodeSystem/v2-0074|GE"
_GUIDE_SYSTEMS = "http://hl7.org/fhir/uv/genomics-reporting/CodeSystem/"
_TYPES = frozenset({"Observation", "DiagnosticReport", "Procedure", "Task"})


def profile_issues(resource: Mapping[str, Any], path: str) -> Iterator[Issue]:
    """Where a resource departs from the profiles that it claims, or that its code speaks of."""
    if resource.get("resourceType") not in _TYPES:
        return
    claimed = dict(_claimed(resource))
    for name, version in claimed.items():
        yield from _issues(resource, guide_profiles()[name], path, version=version)
    if not claimed:
        rules = _meant(resource)
        if rules is not None:
            for issue in _issues(resource, rules, path, version=None):
                yield replace(issue, severity="warning")


def _claimed(resource: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The guide's profiles that `meta.profile` names, each with the version it names, if any."""
    meta = resource.get("meta")
    profiles = meta.get("profile") if isinstance(meta, Mapping) else None
    for canonical in profiles if isinstance(profiles, list) else ():
        if not isinstance(canonical, str) or not canonical.startswith(guide_url()):
            continue
        name, _, version = canonical.removeprefix(guide_url()).partition("|")
        for rules in guide_profiles().values():
            if name in rules.names and rules.type == resource.get("resourceType"):
                yield rules.name, version


def _meant(resource: Mapping[str, Any]) -> ProfileRules | None:
    if "code" not in resource:
        return None
    codes = _codes(resource["code"])
    kind = resource.get("resourceType")
    fitting = (r for r in guide_profiles().values() if r.type == kind and r.codes)
    return next((rules for rules in fitting if codes & set(rules.codes)), None)


def _codes(concept: Any) -> set[str]:
    codings = as_dicts(concept.get("coding")) if isinstance(concept, Mapping) else []
    return {f"{coding.get('system', '')}|{coding.get('code', '')}" for coding in codings}


def _issues(
    resource: Mapping[str, Any], rules: ProfileRules, path: str, *, version: str | None
) -> Iterator[Issue]:
    name = f"{rules.name} (Genomics Reporting)"
    codes = _codes(resource.get("code"))
    if rules.codes and not _is_bound(resource.get("code"), rules.codes):
        shown = " or ".join(_shown(code) for code in rules.codes)
        yield Issue(f"the code is not that of {name}", f"{path}.code", f"add the coding {shown}")
    if rules.bound and "code" in resource and not codes & set(rules.bound):
        listed = ", ".join(_shown(code) for code in rules.bound)
        text = f"not one of the codes that {name} requires"
        yield Issue(text, f"{path}.code", f"write one of {listed}")
    for element in rules.required:
        if not _has(resource, element):
            shown = f"{element}[x]" if element == "value" else element
            text = f"an element that {name} requires is missing"
            yield Issue(text, f"{path}.{shown}", "add it", "required")
    for element in rules.forbidden:
        for member in _members(resource, element):
            text = f"{name} has no {element}"
            mend = "put it into a component" if element == "value" else "remove it"
            yield Issue(text, f"{path}.{member}", mend, "structure")
    for element, only in rules.fixed.items():
        if resource.get(element, only) != only:
            text = f"{name} asks for {only}"
            yield Issue(text, f"{path}.{element}", f"write {only}")
    if version is not None:
        yield from _categories(resource, rules, path, name, version)
    yield from _value(resource, rules.value_types, rules.value_codes, path, name)
    yield from _components(resource, rules, path, name)


def _categories(
    resource: Mapping[str, Any], rules: ProfileRules, path: str, name: str, version: str
) -> Iterator[Issue]:
    category = resource.get("category")
    concepts = category if isinstance(category, list) else [category]
    found = {code for concept in concepts for code in _codes(concept)}
    for code in rules.categories:
        if code not in found:
            issue = Issue(
                f"{name} asks for the category {_shown(code)}",
                f"{path}.category",
                f"add the category {code.replace('|', '#')}",
                "required",
            )
            # STU2 did not ask for genetics, and most claims name no version.
            mild = code == _GENETICS and not version.startswith(("3", "4"))
            yield replace(issue, severity="warning") if mild else issue


def _value(
    element: Mapping[str, Any],
    types: tuple[str, ...],
    codes: tuple[str, ...],
    path: str,
    name: str,
) -> Iterator[Issue]:
    """The type and the code of a `value[x]`; nothing where there is none, or more than one."""
    members = _members(element, "value")
    for member in members if len(members) == 1 else ():
        kind = member.removeprefix("value")
        if types and kind not in [each[0].upper() + each[1:] for each in types]:
            text = f"{name} does not take a value of the type {kind}"
            expected = " or ".join(f"value{each[0].upper()}{each[1:]}" for each in types)
            yield Issue(text, f"{path}.{member}", f"write {expected}", "structure")
        elif codes and kind == "CodeableConcept" and not _is_bound(element[member], codes):
            text = f"not one of the codes that {name} requires"
            listed = ", ".join(_shown(code) for code in codes)
            yield Issue(text, f"{path}.{member}", f"write one of {listed}")


def _is_bound(concept: Any, codes: tuple[str, ...]) -> bool:
    """Whether a coding is of the value set."""
    allowed = {_loosely(code) for code in codes}
    return any(_loosely(code) in allowed for code in _codes(concept))


def _loosely(token: str) -> str:
    """A code without its system where HL7 moved or renamed that between the guide's releases."""
    system, _, code = token.partition("|")
    moved = system.startswith((_GUIDE_SYSTEMS, "http://terminology.hl7.org/"))
    return code if moved else token


def _components(
    resource: Mapping[str, Any], rules: ProfileRules, path: str, name: str
) -> Iterator[Issue]:
    if not rules.components:
        return
    seen: set[str] = set()
    for i, component in enumerate(as_dicts(resource.get("component"))):
        here = f"{path}.component[{i}]"
        for code in _codes(component.get("code")):
            rule = rules.components.get(code)
            if rule is None:
                continue
            if rule.once and rule.name in seen:
                text = f"a second component {rule.name}, which {name} has once"
                yield Issue(text, here, "keep one of them", "invariant")
            seen.add(rule.name)
            yield from _component(component, rule, here, name)


def _component(
    component: Mapping[str, Any], rule: ComponentRule, path: str, name: str
) -> Iterator[Issue]:
    yield from _value(component, rule.types, rule.codes, path, f"{rule.name} of {name}")


def _has(resource: Mapping[str, Any], element: str) -> bool:
    if element == "value":
        # A reason why there is none is an answer too: base R4 keeps the two apart.
        return any(_members(resource, "value")) or "dataAbsentReason" in resource
    return element in resource or f"_{element}" in resource


def _members(element: Mapping[str, Any], stem: str) -> list[str]:
    """The members of `stem` or of `stem[x]`."""
    return [
        name
        for name in element
        if name == stem or (name.startswith(stem) and name[len(stem) : len(stem) + 1].isupper())
    ]


def _shown(code: str) -> str:
    return code.rpartition("|")[2]

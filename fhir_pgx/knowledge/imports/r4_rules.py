"""Invariants of FHIR R4 that JSON Schema can say, for the types whose data we take and give.

By definition name, each with the key that HL7 gave it. What compares two values (`per-1`, `rng-2`)
or looks across resources (`bdl-7`, `ref-1`) is checked in `validation/` instead. The keys and what
they demand are facts of HL7's specification (CC0-1.0).
"""

from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]


def needs(*names: str) -> Schema:
    """At least one of these members; of a primitive also `_name`."""
    return {"anyOf": [{"required": [each]} for name in names for each in (name, f"_{name}")]}


def lacks(*names: str) -> Schema:
    """None of these members."""
    return {"not": {"anyOf": [{"required": [name]} for name in names]}}


def where(member: str, then: Schema) -> Schema:
    """What must hold of an object that has the member."""
    return {"dependencies": {member: then}}


def unless(condition: Schema, then: Schema) -> Schema:
    """What must hold of an object of which the condition does not."""
    return {"anyOf": [condition, then]}


def is_type(*codes: str) -> Schema:
    """A Bundle of one of these types."""
    return {"properties": {"type": {"enum": list(codes)}}, "required": ["type"]}


def every_entry(schema: Schema) -> Schema:
    """What must hold of every entry of a Bundle."""
    return {"properties": {"entry": {"items": schema}}}


def coded(member: str, *codes: str) -> Schema:
    """A CodeableConcept of which some coding has one of these codes."""
    coding = {"properties": {"code": {"enum": list(codes)}}, "required": ["code"]}
    concept = {"properties": {"coding": {"contains": coding}}, "required": ["coding"]}
    return {"properties": {member: concept}, "required": [member]}


def together(*schemas: Schema) -> Schema:
    return {"allOf": list(schemas)}


def one_of(*names: str) -> Schema:
    """Exactly one of these members."""
    return {"oneOf": [{"required": [name]} for name in names]}


_ASKS = is_type("batch", "transaction", "history")
_ANSWERS = is_type("batch-response", "transaction-response", "history")
_DOCUMENT = {"not": is_type("document")}
_ENTERED_IN_ERROR = coded("verificationStatus", "entered-in-error")
_WITH_UNIT = where("code", needs("system"))
_STARTS_WITH = {
    kind: {
        "properties": {
            "entry": {
                "items": [{"properties": {"resource": {"properties": {
                    "resourceType": {"const": kind}}}}, "required": ["resource"]}],
                "minItems": 1,
            }
        },
        "required": ["entry"],
    }
    for kind in ("Composition", "MessageHeader")
}  # fmt: skip
_ABATED = ("abatementDateTime", "abatementAge", "abatementPeriod", "abatementRange",
           "abatementString")  # fmt: skip

INVARIANTS: Mapping[str, Mapping[str, Schema]] = {
    **{kind: {"qty-3": _WITH_UNIT}
       for kind in ("Quantity", "Age", "Count", "Distance", "Duration")},
    "Attachment": {"att-1": where("data", needs("contentType"))},
    "ContactPoint": {"cpt-2": where("value", needs("system"))},
    "Ratio": {
        "rat-1": {
            "anyOf": [
                {"required": ["numerator", "denominator"]},
                together(lacks("numerator", "denominator"), {"required": ["extension"]}),
            ]
        }
    },
    "Timing.repeat": {
        "tim-1": where("duration", needs("durationUnit")),
        "tim-2": where("period", needs("periodUnit")),
        "tim-4": {"properties": {"duration": {"minimum": 0}}},
        "tim-5": {"properties": {"period": {"minimum": 0}}},
        "tim-6": where("periodMax", needs("period")),
        "tim-7": where("durationMax", needs("duration")),
        "tim-8": where("countMax", needs("count")),
        "tim-9": where("offset", {"required": ["when"]}),
        "tim-10": where("timeOfDay", lacks("when")),
    },
    "AllergyIntolerance": {
        "ait-1": unless(_ENTERED_IN_ERROR, {"required": ["clinicalStatus"]}),
        "ait-2": unless({"not": _ENTERED_IN_ERROR}, lacks("clinicalStatus")),
    },
    "AuditEvent.entity": {"sev-1": where("name", lacks("query"))},
    "Bundle": {
        "bdl-1": where("total", is_type("searchset", "history")),
        "bdl-2": unless(is_type("searchset"), every_entry(lacks("search"))),
        "bdl-3": {
            "if": _ASKS,
            "then": every_entry({"required": ["request"]}),
            "else": every_entry(lacks("request")),
        },
        "bdl-4": {
            "if": _ANSWERS,
            "then": every_entry({"required": ["response"]}),
            "else": every_entry(lacks("response")),
        },
        "bdl-9": unless(
            _DOCUMENT,
            {
                "properties": {"identifier": together(needs("system"), needs("value"))},
                "required": ["identifier"],
            },
        ),
        "bdl-10": unless(_DOCUMENT, {"required": ["timestamp"]}),
        "bdl-11": unless(_DOCUMENT, _STARTS_WITH["Composition"]),
        "bdl-12": unless({"not": is_type("message")}, _STARTS_WITH["MessageHeader"]),
    },
    "Bundle.entry": {
        "bdl-5": needs("resource", "request", "response"),
        "bdl-8": {"properties": {"fullUrl": {"not": {"pattern": "/_history/"}}}},
    },
    "Condition": {
        "con-4": unless(lacks(*_ABATED), coded("clinicalStatus", "resolved", "remission",
                                               "inactive")),
        "con-5": unless({"not": _ENTERED_IN_ERROR}, lacks("clinicalStatus")),
    },
    "Condition.stage": {"con-1": needs("summary", "assessment")},
    "Condition.evidence": {"con-2": needs("code", "detail")},
    "Consent": {"ppc-1": needs("policy", "policyRule")},
    "FamilyMemberHistory": {
        "fhs-1": unless(
            lacks("ageAge", "ageRange", "ageString"), lacks("bornPeriod", "bornDate", "bornString")
        ),
        "fhs-2": where("estimatedAge", needs("ageAge", "ageRange", "ageString")),
    },
    "Group": {
        "grp-1": where("member", {"properties": {"actual": {"const": True}}}),
    },
    "MolecularSequence": {"msq-3": {"properties": {"coordinateSystem": {"enum": [0, 1]}}}},
    "MolecularSequence.referenceSeq": {
        "msq-5": {
            "anyOf": [{"required": ["chromosome", "genomeBuild"]},
                      lacks("chromosome", "genomeBuild")],
        },
        "msq-6": one_of("genomeBuild", "referenceSeqId", "referenceSeqPointer",
                        "referenceSeqString"),
    },
    "Observation.referenceRange": {"obs-3": needs("low", "high", "text")},
    "Organization": {"org-1": needs("identifier", "name")},
    "Parameters.parameter": {
        "inv-1": {"anyOf": [lacks("resource", "part"), one_of("resource", "part")]},
    },
    "Patient.contact": {"pat-1": needs("name", "telecom", "address", "organization")},
    "ServiceRequest": {"prr-1": where("orderDetail", {"required": ["code"]})},
}  # fmt: skip

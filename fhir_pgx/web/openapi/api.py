"""`/api/*` in the document: the data of a patient in, what they tell out."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fhir_pgx.knowledge.example_files import genome_example
from fhir_pgx.knowledge.profiles import api_schema
from fhir_pgx.web.openapi.parts import (
    FHIR_JSON,
    JSON,
    PURPOSE,
    Part,
    answered,
    content,
    example,
    one_of,
    query,
    ref,
    refusals,
)
from fhir_pgx.web.openapi.schemas import Schema, components

TAG: Final = "Interpretation"
INTERPRETATION, RECOMMENDATIONS, TRACE, OUTCOME, RESOURCE = (
    "Interpretation", "Recommendations", "Trace", "Outcome", "Resource",
)  # fmt: skip
_FLAG: Final = one_of(("true", "false", "1", "0", ""), "false")
_CALLING: Final = (
    query("all-matches", "Keep every diplotype that the variants allow, not only the best.", _FLAG),
    query(
        "missing-as-reference",
        "Read positions that were not tested as reference; every result then says so.",
        _FLAG,
    ),
    query(
        "cyp2d6-from-snvs",
        "Call CYP2D6 from single variants, blind to deletions, copies and hybrids.",
        _FLAG,
    ),
    query("sample", "Which sample of a VCF.", {"type": "string"}),
)
_DRUG: Final = query(
    "drug",
    "A drug by name or RxNorm code; may be repeated. Without it, every drug that the findings "
    "concern.",
    {"type": "string"},
    many=True,
    example=["clopidogrel"],
)
_GUIDE: Final = query(
    "ig",
    "The release of the Genomics Reporting guide that `format=fhir` is written by.",
    one_of(("stu3", "stu2"), "stu3"),
)
_BUNDLE: Final = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": {
    "resourceType": "Observation", "id": "synthetic-cyp2c19", "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "84413-4"}]},
    "subject": {"reference": "Patient/synthetic-1"},
    "valueCodeableConcept": {"text": "*2/*2"},
    "component": [{
        "code": {"coding": [{"system": "http://loinc.org", "code": "48018-6"}]},
        "valueCodeableConcept": {"coding": [{
            "system": "http://www.genenames.org/geneId", "code": "HGNC:2621", "display": "CYP2C19",
        }]},
    }],
}}]}  # fmt: skip
_REFUSED: Final = (400, 401, 403, 413, 415, 422, 429, 500, 503)


def api_schemas() -> dict[str, Schema]:
    return {
        **components(INTERPRETATION, api_schema("interpretation")),
        **components(RECOMMENDATIONS, api_schema("recommendations")),
        **components(TRACE, api_schema("trace")),
        **components(OUTCOME, api_schema("outcome")),
        RESOURCE: {
            "type": "object",
            "description": "A FHIR resource (R4; a Bundle of them for several).",
            "required": ["resourceType"],
            "properties": {"resourceType": {"type": "string", "minLength": 1}},
        },
    }


def api_paths() -> dict[str, Part]:
    """The four questions."""
    return {
        "/api/interpret": _question(
            "interpret",
            "What the data of one patient tell about each gene",
            (_format("json", "text", "fhir"), _GUIDE, *_CALLING),
            {
                **content(JSON, ref(INTERPRETATION)),
                **content(FHIR_JSON, ref(RESOURCE)),
                **content("text/plain", {"type": "string"}, _told()),
            },
        ),
        "/api/recommend": _question(
            "recommend",
            "What guidelines advise for drugs, given the data of one patient",
            (_format("json", "fhir"), _GUIDE, _DRUG, *_CALLING),
            {**content(JSON, ref(RECOMMENDATIONS)), **content(FHIR_JSON, ref(RESOURCE))},
        ),
        "/api/explain": _question(
            "explain",
            "How each recommendation follows from the data",
            (_format("json", "text"), _DRUG, *_CALLING),
            {**content(JSON, ref(TRACE)), **content("text/plain", {"type": "string"})},
        ),
        "/api/hla-match": {
            "post": {
                "tags": [TAG],
                "operationId": "hla-match",
                "summary": "How donors match a recipient, locus by locus, and the antibodies that "
                "bear on them",
                "parameters": [PURPOSE],
                "requestBody": {
                    "required": True,
                    "content": {
                        **content(FHIR_JSON, ref(RESOURCE)),
                        **_form({"recipient": True, "donor": False}),
                    },
                },
                "responses": {
                    "200": answered("A FHIR Parameters.", content(FHIR_JSON, ref(RESOURCE))),
                    **refusals(*_REFUSED),
                },
            }
        },
    }


def _question(
    name: str, summary: str, parameters: Sequence[Part], answers: Mapping[str, Any]
) -> Part:
    return {
        "post": {
            "tags": [TAG],
            "operationId": name,
            "summary": summary,
            "description": "Everything sent is of one patient. Nothing is stored. A query that has "
            "a parameter not named here is refused: a flag that is spelt wrong would change the "
            "answer without a word.",
            "parameters": [*parameters, PURPOSE],
            "requestBody": {"required": True, "content": _data()},
            "responses": {
                "200": {
                    "description": "What `format` asks for.",
                    "content": dict(answers),
                },
                **refusals(*_REFUSED),
            },
        }
    }


def _data() -> Part:
    """The data as the body, in any of the forms, or as parts of a form; each may be gzipped."""
    text: Part = {"type": "string"}
    binary: Part = {"type": "string", "format": "binary"}
    return {
        **content(
            FHIR_JSON,
            ref(RESOURCE),
            {"genotype": example(_BUNDLE, "One result of a synthetic patient")},
        ),
        **content("application/fhir+xml", text),
        **content("application/fhir+ndjson", text),
        **content("text/vcf", text, {"panel": example(genome_example("blocks.g.vcf"), "A VCF")}),
        **content("application/gzip", binary),
        **_form({"file": False, "context": False, "outside-calls": False}),
    }


def _form(parts: Mapping[str, bool]) -> Part:
    """A multipart form of files, each part as often as there are files; True: it must be there."""
    file: Part = {"type": "array", "items": {"type": "string", "format": "binary"}}
    needed = [name for name, is_needed in parts.items() if is_needed]
    schema: Part = {
        "type": "object",
        "properties": {
            name: file | ({"minItems": 1} if is_needed else {}) for name, is_needed in parts.items()
        },
        "additionalProperties": False,
        **({"required": needed} if needed else {}),
    }
    return content("multipart/form-data", schema)


def _format(*choices: str) -> Part:
    return query("format", "What comes back.", one_of(choices, "json"))


def _told() -> Mapping[str, Part]:
    return {"panel": example(genome_example("blocks.txt"), "The same VCF, `format=text`")}

"""What tells of the server itself in the document: health, figures, keys, who authorizes."""

from typing import Any, Final

from fhir_pgx.web.openapi.parts import JSON, Part, answered, content, refusals

TAG: Final = "The server itself"
_TEXT: Final[Part] = {"type": "string"}


def service_paths() -> dict[str, Part]:
    """Health, metrics, the well-known addresses, and this document."""
    return {
        "/health/live": _get(
            "live",
            "Whether the process lives",
            answered("It does.", content(JSON, _said({"status": ["live"]}))),
        ),
        "/health/ready": _get(
            "ready",
            "Whether it can serve: the store answers",
            answered(
                "It can.",
                content(JSON, _said({"status": ["ready"]}, services={"type": "integer"})),
            ),
            refused=refusals(503),
        ),
        "/metrics": _get(
            "metrics",
            "Figures for Prometheus; they hold nobody's data",
            answered("Prometheus text.", content("text/plain", _TEXT)),
            security=[{"operatorToken": []}],
            refused=refusals(401, 429),
        ),
        "/.well-known/jwks.json": _get(
            "jwks",
            "The public halves of the keys that we sign with",
            answered("A JWK Set (RFC 7517).", content(JSON, _keys())),
        ),
        "/.well-known/smart-configuration": _get(
            "smart-configuration",
            "Which authorization server gives tokens for us (SMART App Launch 2.2)",
            answered("What it can do.", content(JSON, {"type": "object"})),
            refused=refusals(404),
        ),
        "/.well-known/openid-configuration": _get(
            "openid-configuration",
            "That this server issues no identities",
            refused=refusals(404, media=JSON),
        ),
        "/openapi.json": _get(
            "openapi",
            "This document",
            answered("OpenAPI 3.0.", content(JSON, {"type": "object"})),
        ),
    }


def _get(
    name: str,
    summary: str,
    ok: Part | None = None,
    *,
    security: list[Part] | None = None,
    refused: dict[str, Part] | None = None,
) -> Part:
    found: Part = {
        "tags": [TAG],
        "operationId": name,
        "summary": summary,
        "security": security or [],
        "responses": {**({"200": ok} if ok else {}), **(refused or {})},
    }
    return {"get": found}


def _said(texts: dict[str, list[str]], **others: Part) -> Part:
    members: dict[str, Any] = {
        name: {"type": "string", "enum": values} for name, values in texts.items()
    }
    members |= others
    return {"type": "object", "required": list(members), "properties": members}


def _keys() -> Part:
    key: Part = {"type": "object", "required": ["kty", "kid"], "properties": {
        "kty": _TEXT, "kid": _TEXT, "use": _TEXT, "alg": _TEXT,
    }}  # fmt: skip
    return {
        "type": "object",
        "required": ["keys"],
        "properties": {"keys": {"type": "array", "items": key}},
    }

"""JSON Schema (draft 2020-12) as OpenAPI 3.0 writes it.

OpenAPI 3.0 knows neither `const`, `if`, lists of types nor `$defs`. Each is said by what it does
know, so that a value is valid by both or by neither; what cannot be said so is said in words. A
keyword that no line here names is refused rather than dropped.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

Schema = dict[str, Any]
Named = Callable[[str], str]  # the name of a `$defs` member → where it stands in the document

COMPONENTS: Final = "#/components/schemas/"
_LOCAL: Final = "#/$defs/"
_AS_THEY_ARE: Final = frozenset(
    ("title", "description", "enum", "pattern", "required", "format", "default")
    + ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties")
    + ("minimum", "maximum", "uniqueItems")
)
_DROPPED: Final = frozenset(("$schema", "$id", "$defs", "if", "then", "else", "nullable"))
_COUNTS: Final = frozenset(("contains", "minContains", "maxContains"))


def components(name: str, schema: Mapping[str, Any]) -> dict[str, Schema]:
    """A schema and its `$defs` as schemas of the document: `Card` of `Answer` is `Answer.Card`."""

    def named(inner: str) -> str:
        return f"{name}.{inner}"

    found = {name: as_openapi(schema, named)}
    for inner, definition in schema.get("$defs", {}).items():
        found[named(inner)] = as_openapi(definition, named)
    return found


def as_openapi(schema: Mapping[str, Any], named: Named) -> Schema:
    """The same schema in OpenAPI 3.0. Raises ValueError for a keyword that is not known here."""
    if "$ref" in schema:
        return _reference(schema, named)
    rules: list[Schema] = []  # that need a schema of their own beside the others
    written: Schema = {}
    for key, value in schema.items():
        if key in _AS_THEY_ARE:
            written[key] = value
        elif key == "type":
            written |= _typed(value, rules)
        elif key == "const":
            written["enum"] = [value]
        elif key == "properties":
            written[key] = {member: as_openapi(each, named) for member, each in value.items()}
        elif key == "items" or (key == "additionalProperties" and isinstance(value, Mapping)):
            written[key] = as_openapi(value, named)
        elif key == "additionalProperties":
            written[key] = value
        elif key == "not":
            written[key] = as_openapi(value, named)
        elif key in ("anyOf", "oneOf"):
            written[key] = [as_openapi(each, named) for each in value]
        elif key == "allOf":
            rules += [as_openapi(each, named) for each in value]
        elif key == "dependentRequired":
            rules += [_needs(member, others) for member, others in value.items()]
        elif key not in _DROPPED | _COUNTS:
            raise ValueError(f"OpenAPI 3.0 has no word for {key} here")
    if "if" in schema:
        rules.append(_condition(schema, named))
    if _COUNTS & schema.keys():
        written["description"] = _counted(schema, written.get("description", ""))
    return _joined(written, rules)


def _reference(schema: Mapping[str, Any], named: Named) -> Schema:
    target = schema["$ref"]
    if not target.startswith(_LOCAL):
        raise ValueError("a reference leads out of its own schema")
    reference = {"$ref": COMPONENTS + named(target.removeprefix(_LOCAL))}
    beside = {key: value for key, value in schema.items() if key != "$ref"}
    # OpenAPI 3.0 reads nothing that stands beside a reference.
    return {**as_openapi(beside, named), "allOf": [reference]} if beside else reference


def _typed(value: str | Sequence[str], rules: list[Schema]) -> Schema:
    types = [value] if isinstance(value, str) else list(value)
    if types == ["null"]:
        # Only a schema with a type can be null; this one can be nothing else.
        return {"type": "string", "nullable": True, "enum": [None]}
    nullable = {"nullable": True} if "null" in types else {}
    others = [each for each in types if each != "null"]
    if len(others) == 1:
        return {"type": others[0], **nullable}
    rules.append({"anyOf": [{"type": each, **nullable} for each in others]})
    return {}


def _needs(member: str, others: Sequence[str]) -> Schema:
    return {"anyOf": [{"not": {"required": [member]}}, {"required": list(others)}]}


def _condition(schema: Mapping[str, Any], named: Named) -> Schema:
    """`if` and `then`: what does not meet the one, or meets the other."""
    if "else" in schema:
        raise ValueError("OpenAPI 3.0 has no word for else here")
    return {
        "anyOf": [
            {"not": as_openapi(schema["if"], named)},
            as_openapi(schema.get("then", {}), named),
        ]
    }


def _counted(schema: Mapping[str, Any], said: str) -> str:
    """The one rule of this kind that we have, in words: it cannot be said otherwise."""
    members = ", ".join(schema["contains"].get("required", ()))
    rule = f"At most {schema.get('maxContains')} of the items may have {members} set."
    return f"{said} {rule}".strip()


def _joined(written: Schema, rules: list[Schema]) -> Schema:
    return {**written, "allOf": rules} if rules else written

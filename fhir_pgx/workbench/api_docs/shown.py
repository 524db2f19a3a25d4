"""The OpenAPI document as a page shows it: operations by their tag, members of a schema as rows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup

from fhir_pgx.errors import UnknownResource

Part = Mapping[str, Any]

_REFERENCE: Final = "#/components/schemas/"
_MOST_VALUES: Final = 12
_WORDS: Final[Mapping[str, str]] = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "object": "object",
    "array": "list",
}


@dataclass(frozen=True, slots=True)
class Operation:
    """One address and method; `part` is what the document says of it."""

    method: str
    path: str
    part: Part

    @property
    def id(self) -> str:
        return str(self.part["operationId"])

    @property
    def tag(self) -> str:
        return str(self.part["tags"][0])


@dataclass(frozen=True, slots=True)
class Kind:
    """What a value is, in words, and the schema of the document that says more; empty where none
    does."""

    words: str
    schema: str = ""


@dataclass(frozen=True, slots=True)
class Member:
    name: str
    kind: Kind
    is_required: bool
    about: str


def operations_of(document: Part) -> tuple[Operation, ...]:
    """Every operation, in the order of the document."""
    return tuple(
        Operation(method.upper(), path, part)
        for path, methods in document["paths"].items()
        for method, part in methods.items()
    )


def get_operation(document: Part, id_: str) -> Operation:
    """Raises UnknownResource."""
    for each in operations_of(document):
        if each.id == id_:
            return each
    raise UnknownResource("there is no operation of this name", mend="choose one from the list")


def get_schema(document: Part, name: str) -> Part:
    """Raises UnknownResource."""
    found = document["components"]["schemas"].get(name)
    if found is None:
        raise UnknownResource("there is no schema of this name", mend="choose one from the list")
    schema: Part = found
    return schema


def members_of(schema: Part) -> tuple[Member, ...]:
    """The members of an object, those of its parts too, each once."""
    found: dict[str, Member] = {}
    for part in (schema, *_parts(schema)):
        required = part.get("required", ())
        for name, value in part.get("properties", {}).items():
            about = str(value.get("description", ""))
            found.setdefault(name, Member(name, kind_of(value), name in required, about))
    return tuple(found.values())


def _parts(schema: Part) -> Iterator[Part]:
    for each in schema.get("allOf", ()):
        if "properties" in each:
            yield each


def kind_of(schema: Part) -> Kind:
    """What a value of the schema is: `list of Card`, `one of info, warning, critical`."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(_REFERENCE)
        return Kind(name, name)
    if "enum" in schema:
        return Kind(_values(schema["enum"]))
    if schema.get("type") == "array":
        inner = kind_of(schema.get("items", {}))
        return Kind(f"list of {inner.words}", inner.schema)
    for joined in ("allOf", "anyOf", "oneOf"):
        named = [kind_of(each) for each in schema.get(joined, ()) if "not" not in each]
        known = [each for each in named if each.words != "any value"]
        if joined == "allOf" and any(each.schema for each in known):
            known = [each for each in known if each.schema]  # the others only narrow it
        if known and "type" not in schema:
            words = " or ".join(dict.fromkeys(each.words for each in known))
            return Kind(words, next((each.schema for each in known if each.schema), ""))
    if isinstance(schema.get("additionalProperties"), Mapping):
        inner = kind_of(schema["additionalProperties"])
        return Kind(f"object, each member {inner.words}", inner.schema)
    word = _WORDS.get(schema.get("type", ""), "any value")
    return Kind(f"{word} or null" if schema.get("nullable") else word)


def _values(values: Sequence[Any]) -> str:
    shown = [f"“{each}”" if isinstance(each, str) else "null" for each in values]
    if len(shown) == 1:
        return shown[0]
    more = [f"{len(shown) - _MOST_VALUES} more"] if len(shown) > _MOST_VALUES else []
    return "one of " + ", ".join([*shown[:_MOST_VALUES], *more])


def ticked(text: str) -> Markup:
    """A text of the document: what stands between back ticks is code, all else is text."""
    parts = str(text).split("`")
    if len(parts) % 2 == 0:  # a tick without its other half is text
        return Markup("{}").format(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else Markup("{}").format(part)
        for place, part in enumerate(parts)
    )


def bodies_of(part: Part) -> tuple[tuple[str, Kind, tuple[Member, ...], Part], ...]:
    """The media types of a body, what each holds, which of its members are told here, and its
    examples by name."""
    return tuple(
        (media, kind_of(body["schema"]), members_of(body["schema"]), body.get("examples", {}))
        for media, body in part.get("content", {}).items()
    )


def credentials_of(operation: Operation, document: Part) -> tuple[str, ...]:
    """Which credentials open an address; empty where none is asked for."""
    schemes = document["components"]["securitySchemes"]
    wanted = operation.part.get("security", ())
    return tuple(schemes[name]["description"] for each in wanted for name in each)


def as_command(operation: Operation, base: str) -> str:
    """A command of curl that asks the address; what is sent stands in a file."""
    lines = [f"curl -s {base}{operation.path}"]
    if operation.method == "POST":
        media = next(iter(operation.part["requestBody"]["content"]))
        lines = [f"curl -s -H 'Content-Type: {media}' \\", "  --data-binary @request.json \\"]
        lines.append(f"  {base}{operation.path}")
    return "\n".join(lines)

"""FHIR XML out: elements in the order that the specification prescribes.

The reverse of the reader, by the same table. A member that FHIR has no element for cannot be
written in XML; `write_xml_with_notes` lists it.
"""

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from lxml import etree

from fhir_pgx.errors import Issue, NotFhir, TooDeep, UnreadableXml
from fhir_pgx.fhir.bundle import as_list
from fhir_pgx.fhir.xml.elements import FHIR, XHTML, FhirType, Field, find_resource, get_type
from fhir_pgx.fhir.xml.source import parse_tree

MAX_DEPTH = 64
MAX_NOTES = 200
MAX_ATTRIBUTES = 50  # of a narrative's div; reading more costs the square of their number

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
# XML 1.0 cannot carry these, not even as references; FHIR strings must not hold them either.
_FORBIDDEN = "\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff"
_SPECIAL = re.compile(f'[&<>"\n\r\t{_FORBIDDEN}]')
_ESCAPES = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "\n": "&#10;",
    "\r": "&#13;",
    "\t": "&#9;",
}
_EXTENSION = Field("extension", "Extension", "complex", True, 0)


@dataclass(frozen=True, slots=True)
class XmlWriting:
    """A FHIR XML document in UTF-8, and what of the resource XML has no place for."""

    data: bytes
    skipped: tuple[Issue, ...] = ()


def write_xml(resource: Mapping[str, Any]) -> bytes:
    """The resource as FHIR XML in UTF-8; see `write_xml_with_notes`."""
    return write_xml_with_notes(resource).data


def write_xml_with_notes(resource: Mapping[str, Any]) -> XmlWriting:
    """Write a resource as FHIR XML, with a note for each member that FHIR has no element for.

    Raises NotFhir where the resource's own type is unknown, TooDeep past MAX_DEPTH.
    Source: FHIR R4, XML Representation.
    """
    kind = find_resource(resource.get("resourceType"))
    if kind is None:
        raise NotFhir(
            "the document has no resourceType that we know",
            where="resourceType",
            mend="ask for JSON, or send a resource of FHIR R4",
        )
    writer = _Writer()
    writer.open(kind.name, f' xmlns="{FHIR}"')
    writer.members(resource, kind, kind.name, 1)
    writer.close(kind.name)
    return XmlWriting((_DECLARATION + "".join(writer.parts)).encode(), tuple(writer.notes))


class _Writer:
    """The state of one writing: the text so far and the notes."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.notes: list[Issue] = []

    def open(self, name: str, attributes: str = "") -> None:
        self.parts.append(f"<{name}{attributes}>")

    def close(self, name: str) -> None:
        self.parts.append(f"</{name}>")

    def members(self, item: Mapping[str, Any], kind: FhirType, path: str, depth: int) -> None:
        """The elements of an object, in the type's order."""
        if depth > MAX_DEPTH:
            raise TooDeep(
                f"elements nest more than {MAX_DEPTH} deep",
                where=path,
                mend="send a flatter resource",
            )
        present: dict[str, Field] = {}
        for key in item:
            field = kind.by_name.get(key) or kind.by_name.get(key.removeprefix("_"))
            if field is not None:
                present[field.name] = field
            elif key not in kind.attributes and key not in ("resourceType", "fhir_comments"):
                self._note(path, "a member that FHIR has no element for")
        for field in sorted(present.values(), key=_index):
            self._field(item, field, path, depth)

    def _field(self, item: Mapping[str, Any], field: Field, path: str, depth: int) -> None:
        values = as_list(item.get(field.name))
        if field.kind in ("complex", "resource", "x"):
            for i, value in enumerate(values):
                self._structure(value, field, f"{path}.{field.name}[{i}]", depth)
            return
        extras = as_list(item.get(f"_{field.name}"))
        if not extras:
            for value in values:
                self._primitive(value, None, field, path, depth)
            return
        for value, extra in itertools.zip_longest(values, extras):
            self._primitive(value, extra, field, path, depth)

    def _structure(self, value: Any, field: Field, path: str, depth: int) -> None:
        if value is None or value == {}:
            return
        if field.kind == "x":
            self.parts.append(_div(value) if isinstance(value, str) else "")
        elif not isinstance(value, Mapping):
            self._note(path, "a value where an object should stand")
        elif field.kind == "resource":
            inner = find_resource(value.get("resourceType"))
            if inner is None:
                self._note(path, "a resource whose type we do not know")
                return
            self.open(field.name)
            self.open(inner.name)
            self.members(value, inner, path, depth + 1)
            self.close(inner.name)
            self.close(field.name)
        else:
            kind = get_type(field)
            self.open(field.name, _attributes(value, kind.attributes))
            self.members(value, kind, path, depth + 1)
            self.close(field.name)

    def _primitive(self, value: Any, extra: Any, field: Field, path: str, depth: int) -> None:
        written = ""
        if value is not None:
            text = _text(value)
            if text is None:
                self._note(f"{path}.{field.name}", "an object where a value should stand")
                return
            written = f' value="{_escape(text)}"'
        if not isinstance(extra, Mapping) or not extra:
            if written:
                self.parts.append(f"<{field.name}{written}/>")
            return
        self.open(field.name, _attributes(extra, frozenset({"id"})) + written)
        for i, extension in enumerate(as_list(extra.get("extension"))):
            here = f"{path}.{field.name}.extension[{i}]"
            self._structure(extension, _EXTENSION, here, depth)
        self.close(field.name)

    def _note(self, path: str, text: str) -> None:
        if len(self.notes) < MAX_NOTES:
            mend = "ask for JSON, which keeps it"
            self.notes.append(Issue(f"{text}: not written", path, mend, "structure", "warning"))


def _index(field: Field) -> int:
    return field.index


def _attributes(item: Mapping[str, Any], names: frozenset[str]) -> str:
    return "".join(
        f' {name}="{_escape(item[name])}"'
        for name in ("id", "url")
        if name in names and isinstance(item.get(name), str)
    )


def _text(value: Any) -> str | None:
    """A primitive as XML spells it; None for an object or an array."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (int, Decimal, float)) else None


def _escape(text: str) -> str:
    return _SPECIAL.sub(_escaped, text) if _SPECIAL.search(text) else text


def _escaped(found: re.Match[str]) -> str:
    return _ESCAPES.get(found[0], "\ufffd")


def _div(text: str) -> str:
    """The narrative as XHTML; text that is not well formed is kept, as text, in a div of ours."""
    try:
        root = parse_tree(text.encode("utf-8", "replace"), max_bytes=len(text) * 4 + 4)
    except UnreadableXml:
        return f'<div xmlns="{XHTML}">{_escape(text)}</div>'
    for element in root.iter():
        if isinstance(element.tag, str) and not element.tag.startswith("{"):
            element.tag = f"{{{XHTML}}}{element.tag}"
    if root.tag != f"{{{XHTML}}}div":
        return f'<div xmlns="{XHTML}">{_escape(text)}</div>'
    return _without_prefix(root)


def _without_prefix(root: "etree._Element") -> str:
    """The div with XHTML as its default namespace, whatever prefix the sender used."""
    whole = etree.fromstring(f'<div xmlns="{XHTML}"/>')
    whole.text = root.text
    for name in itertools.islice(root.attrib, MAX_ATTRIBUTES):
        whole.set(name, root.get(name, ""))
    whole.extend(list(root))
    etree.cleanup_namespaces(whole)
    return etree.tostring(whole, encoding="unicode")

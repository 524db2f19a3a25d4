"""FHIR XML in: one table-driven walk, tolerant of single odd elements.

What the table does not know is passed over and listed, so that one vendor's element never loses
the rest of a report. Values keep their text form: `7.50` becomes Decimal("7.50").
"""

import copy
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from lxml import etree

from fhir_pgx.errors import Issue, NotFhir, TooDeep, UnreadableXml
from fhir_pgx.fhir.xml.elements import FHIR, FhirType, Field, find_resource, get_type
from fhir_pgx.fhir.xml.source import parse_tree

MAX_BYTES = 64 * 1024 * 1024
MAX_DEPTH = 64
MAX_NOTES = 200
MAX_NAMESPACES = 100  # with a prefix, in one narrative

_INTEGER = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_DECIMAL = re.compile(r"[+-]?\d{1,40}(\.\d{1,40})?([eE][+-]?\d{1,3})?", re.ASCII)
_FHIR_TAG = f"{{{FHIR}}}"
_SCHEMA_INSTANCE = "{http://www.w3.org/2001/XMLSchema-instance}"
_XML_ID = "{http://www.w3.org/XML/1998/namespace}id"


@dataclass(frozen=True, slots=True)
class XmlReading:
    """A resource in JSON form, and what of the document was passed over, as warnings."""

    resource: dict[str, Any]
    skipped: tuple[Issue, ...] = ()


def parse_xml(data: bytes, *, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH) -> Any:
    """The resource of a FHIR XML document, in JSON form; see `parse_xml_with_notes`."""
    return parse_xml_with_notes(data, max_bytes=max_bytes, max_depth=max_depth).resource


def parse_xml_with_notes(
    data: bytes, *, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH
) -> XmlReading:
    """Read a FHIR XML document into the JSON form, with a note for each thing passed over.

    Decimals become Decimal, integers int, booleans bool; `div` stays XHTML text; comments and
    processing instructions are dropped. Raises UnreadableXml (syntax, DOCTYPE, namespace), NotFhir
    (an unknown root), TooLarge, TooDeep. Source: FHIR R4, XML Representation.
    """
    root = parse_tree(data, max_bytes=max_bytes)
    kind = _root_type(root)
    reader = _Reader(max_depth)
    resource = reader.complex(root, kind, kind.name, 1)
    return XmlReading(resource, tuple(reader.notes))


def _root_type(root: "etree._Element") -> FhirType:
    name = etree.QName(root)
    where = f"line {root.sourceline}"
    kind = find_resource(name.localname)
    if name.namespace != FHIR:
        raise UnreadableXml(
            f"the root element is not in FHIR's namespace (line {root.sourceline})",
            where=where,
            mend=f'declare xmlns="{FHIR}" on the root element'
            if kind
            else "send a FHIR resource: this is another XML format",
        )
    if kind is None:
        raise NotFhir(
            f"the root element is not a FHIR resource that we know (line {root.sourceline})",
            where=where,
            mend="send a resource of FHIR R4, such as Bundle or Observation",
        )
    return kind


class _Reader:
    """The state of one reading: its notes and its depth limit."""

    def __init__(self, max_depth: int) -> None:
        self.notes: list[Issue] = []
        self.max_depth = max_depth

    def complex(
        self, element: "etree._Element", kind: FhirType, path: str, depth: int
    ) -> dict[str, Any]:
        """An element that has elements, as an object."""
        if depth > self.max_depth:
            raise TooDeep(
                f"elements nest more than {self.max_depth} deep (line {element.sourceline})",
                where=path,
                mend="send a flatter document",
            )
        found: dict[str, Any] = {"resourceType": kind.name} if kind.is_resource else {}
        if element.attrib:
            self._attributes(element, kind, found, path)
        if element.text and not element.text.isspace():
            self._note(element, path, "text stands where elements should", "use value=…")
        extras: dict[str, list[Any]] = {}
        for child in element:
            field = kind.by_tag.get(child.tag) if isinstance(child.tag, str) else None
            if field is None:
                self._note(child, path, "an element that this type does not have", "remove it")
            elif field.many:
                self._repeating(child, field, found, path, depth, extras=extras)
            elif field.name in found or f"_{field.name}" in found:
                self._note(
                    child, f"{path}.{field.name}", "a second value of an element that has one", ""
                )
            else:
                self._single(child, field, found, path, depth)
            if child.tail and not child.tail.isspace():
                self._note(child, path, "text stands between elements", "use value=…")
        for name, slots in extras.items():
            _align(found, name, slots)
        return {name: value for name, value in found.items() if value != []}

    def _single(
        self, child: "etree._Element", field: Field, found: dict[str, Any], path: str, depth: int
    ) -> None:
        here = f"{path}.{field.name}"
        value, extra = self._value(child, field, here, depth)
        if value is not None:
            found[field.name] = value
        if extra:
            found[f"_{field.name}"] = extra
        if value is None and not extra:
            self._note(child, here, "an element without value and without content", "")

    def _repeating(
        self,
        child: "etree._Element",
        field: Field,
        found: dict[str, Any],
        path: str,
        depth: int,
        *,
        extras: dict[str, list[Any]],
    ) -> None:
        values = found.setdefault(field.name, [])
        here = f"{path}.{field.name}[{len(values)}]"
        if field.kind == "resource":
            values.extend(self._wrapped(child, here, depth))
            return
        value, extra = self._value(child, field, here, depth)
        if value is None and not extra:
            self._note(child, here, "an element without value and without content", "")
            return
        values.append(value)
        if extra:
            slots = extras.setdefault(field.name, [])
            slots.extend([None] * (len(values) - 1 - len(slots)))
            slots.append(extra)

    def _value(
        self, child: "etree._Element", field: Field, path: str, depth: int
    ) -> tuple[Any, dict[str, Any] | None]:
        """The value of an element, and of a primitive what belongs in its `_name`."""
        if field.kind == "complex":
            return self.complex(child, get_type(field), path, depth + 1) or None, None
        if field.kind == "resource":
            wrapped = self._wrapped(child, path, depth)
            if len(wrapped) > 1:
                self._note(child, path, "more than one resource where one may stand", "")
            return (wrapped[0] if wrapped else None), None
        if field.kind == "x":
            return _xhtml(child), None
        return self._primitive(child, field, path, depth)

    def _wrapped(self, child: "etree._Element", path: str, depth: int) -> list[dict[str, Any]]:
        """The resources that a `resource` or `contained` element wraps; FHIR allows one."""
        found = []
        for inner in child:
            tag = inner.tag if isinstance(inner.tag, str) else ""
            kind = find_resource(tag.removeprefix(_FHIR_TAG)) if tag.startswith(_FHIR_TAG) else None
            if kind is None:
                self._note(inner, path, "not a FHIR resource that we know", "")
            else:
                found.append(self.complex(inner, kind, path, depth + 1))
        return found

    def _primitive(
        self, child: "etree._Element", field: Field, path: str, depth: int
    ) -> tuple[Any, dict[str, Any] | None]:
        text = child.get("value")
        value = None if text is None else self._convert(text, child, field, path)
        plain = len(child.attrib) == (text is not None) and len(child) == 0
        if plain and not (child.text and not child.text.isspace()):
            return value, None
        extra: dict[str, Any] = {}
        self._attributes(child, _PRIMITIVE, extra, path)
        if child.text and not child.text.isspace():
            self._note(child, path, "text stands where a value attribute should", "use value=…")
        extensions: list[dict[str, Any]] = []
        for inner in child:
            if inner.tag == f"{_FHIR_TAG}extension":
                here = f"{path}.extension[{len(extensions)}]"
                extensions.append(self.complex(inner, get_type(_EXTENSION), here, depth + 1))
            else:
                self._note(inner, path, "an element inside a primitive value", "remove it")
        if extensions:
            extra["extension"] = extensions
        return value, extra or None

    def _convert(self, text: str, child: "etree._Element", field: Field, path: str) -> Any:
        if field.kind == "string":
            return text
        bare = text.strip()
        if field.kind == "boolean" and bare in ("true", "false"):
            return bare == "true"
        if field.kind == "integer" and _INTEGER.fullmatch(bare):
            return int(bare)
        if field.kind == "decimal" and _DECIMAL.fullmatch(bare):
            return Decimal(bare)
        # Kept as text: a reader may still show it, and nothing is lost.
        self._note(child, path, f"the value is not of the type {field.kind}", "correct it")
        return text

    def _attributes(
        self, element: "etree._Element", kind: FhirType, found: dict[str, Any], path: str
    ) -> None:
        # By name, one at a time: the attributes as a whole cost the square of their number.
        for name in map(str, element.attrib):
            if name in kind.attributes:
                found[name] = str(element.get(name))
            elif name == _XML_ID and "id" in kind.attributes:
                found.setdefault("id", str(element.get(name)))
            elif not (name == "value" and kind is _PRIMITIVE) and not name.startswith(
                _SCHEMA_INSTANCE
            ):
                self._note(element, path, "an attribute that this element does not have", "")

    def _note(self, element: "etree._Element", path: str, text: str, mend: str) -> None:
        if len(self.notes) > MAX_NOTES:
            return
        if len(self.notes) == MAX_NOTES:
            text, path, mend = "more was passed over than is listed", "", ""
        else:
            text = f"{text} (line {element.sourceline}): passed over"
        self.notes.append(
            Issue(text, path, mend or "follow the FHIR specification", "structure", "warning")
        )


_EXTENSION = Field("extension", "Extension", "complex", True, 0)
_PRIMITIVE = FhirType("", False, {}, {}, frozenset({"id"}))


def _align(found: dict[str, Any], name: str, slots: list[Any]) -> None:
    """Write the `_name` array, null where a value has no extension (FHIR, JSON Representation)."""
    values = found[name]
    found[f"_{name}"] = slots + [None] * (len(values) - len(slots))
    if all(value is None for value in values):
        del found[name]


def _xhtml(element: "etree._Element") -> str | None:
    """The XHTML as text that declares only the namespaces it uses; None where it has too many."""
    text = etree.tostring(element, encoding="unicode", with_tail=False)
    declared = text.count("xmlns:")
    if not declared:
        return text
    if declared > MAX_NAMESPACES:  # a copy costs the square of their number
        return None
    alone = copy.deepcopy(element)
    etree.cleanup_namespaces(alone)
    return etree.tostring(alone, encoding="unicode", with_tail=False)

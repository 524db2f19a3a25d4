"""FHIR XML to and from the JSON form that every other reader and writer walks."""

from fhir_pgx.fhir.xml.reader import XmlReading, parse_xml, parse_xml_with_notes
from fhir_pgx.fhir.xml.writer import XmlWriting, write_xml, write_xml_with_notes

__all__ = [
    "XmlReading",
    "XmlWriting",
    "parse_xml",
    "parse_xml_with_notes",
    "write_xml",
    "write_xml_with_notes",
]

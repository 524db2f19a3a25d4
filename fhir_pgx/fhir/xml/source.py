"""Bytes to an XML tree, hardened: no DOCTYPE, no entity, no network, a limit on size.

The text is decoded here and handed on as UTF-8, so that what was searched for a DOCTYPE is what
the parser sees, whatever encoding the document claims.
"""

import codecs
import re

from lxml import etree

from fhir_pgx.errors import TooLarge, UnreadableXml

_DECLARED = re.compile(
    rb"\s{0,100}<\?xml\s[^>]{0,200}?encoding\s{0,20}=\s{0,20}[\"']([A-Za-z0-9._-]{1,40})[\"']"
)
_DECLARATION = re.compile(r"<\?xml\s[^>]{0,400}?\?>")
_SPACE = re.compile(r"[ \t\r\n]*")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, ""),  # before UTF-16: its mark begins with UTF-16's
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_ENCODINGS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "ascii",
    "ascii": "ascii",
    "iso-8859-1": "latin-1",
    "latin1": "latin-1",
    "iso-8859-15": "iso-8859-15",
    "windows-1252": "cp1252",
}
_MEND_ENCODING = "send the document in UTF-8"

_ERRORS = etree.ErrorTypes
# Our own words for the commonest faults: the parser's quote the document.
_WORDS = {
    _ERRORS.ERR_TAG_NAME_MISMATCH: ("a closing tag does not match its opening tag", ""),
    _ERRORS.ERR_TAG_NOT_FINISHED: ("the document ends inside a tag", "send the whole document"),
    _ERRORS.ERR_DOCUMENT_EMPTY: ("there is no XML in the document", "send a FHIR resource"),
    _ERRORS.ERR_DOCUMENT_END: ("there is more after the root element", "send one resource"),
    _ERRORS.ERR_UNDECLARED_ENTITY: (
        "a named entity other than XML's own five is used",
        "write the character itself, or its number such as &#160;",
    ),
    _ERRORS.ERR_INVALID_CHAR: ("a character that XML forbids", "remove control characters"),
    _ERRORS.ERR_ATTRIBUTE_REDEFINED: ("an attribute stands twice in one tag", ""),
    _ERRORS.ERR_LT_IN_ATTRIBUTE: ("a bare < stands in an attribute", "write &lt;"),
    _ERRORS.NS_ERR_UNDEFINED_NAMESPACE: (
        "a namespace prefix is used but not declared",
        "declare the prefix with xmlns:… on the root element",
    ),
}


def parse_tree(data: bytes, *, max_bytes: int) -> "etree._Element":
    """The root element, without comments and processing instructions.

    Raises TooLarge past `max_bytes`, UnreadableXml (with the line) for what is not well formed, an
    encoding we do not read, or any DOCTYPE.
    """
    if len(data) > max_bytes:
        raise TooLarge(
            f"the document has {len(data)} bytes, more than the {max_bytes} accepted",
            mend="send less at a time",
        )
    text = _decode(data)
    _refuse_doctype(text)
    declaration = _DECLARATION.match(text)
    if declaration:  # it may name the encoding we have just undone; its line breaks stay
        text = "\n" * declaration[0].count("\n") + text[declaration.end() :]
    try:
        return etree.fromstring(text.encode(), _parser())
    except etree.XMLSyntaxError as error:
        raise _refusal(error) from None
    except UnicodeEncodeError:
        raise UnreadableXml("a character that XML forbids", mend=_MEND_ENCODING) from None


def _parser() -> "etree.XMLParser":
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        recover=False,
    )


def _refusal(error: "etree.XMLSyntaxError") -> UnreadableXml:
    words, mend = _WORDS.get(_code(error), ("the XML is not well formed", ""))
    line, column = error.position
    return UnreadableXml(
        f"{words} (line {line}, column {column})",
        where=f"line {line}",
        mend=mend or "correct the XML at this line",
    )


def _code(error: "etree.XMLSyntaxError") -> int:
    code = getattr(error, "code", 0)  # lxml's stubs do not know it
    return code if isinstance(code, int) else 0


def _decode(data: bytes) -> str:
    encoding = "utf-8"
    for mark, found in _BOMS:
        if data.startswith(mark):
            data, encoding = data[len(mark) :], found
            break
    else:
        declared = _DECLARED.match(data)
        if data[:2] in (b"<\0", b"\0<"):
            encoding = "utf-16-le" if data[:1] == b"<" else "utf-16-be"
        elif declared:
            encoding = _ENCODINGS.get(declared[1].decode().lower(), "")
    if not encoding:
        raise UnreadableXml("the document is in an encoding we do not read", mend=_MEND_ENCODING)
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UnreadableXml(
            f"the bytes are not the encoding that the document claims (line {line})",
            where=f"line {line}",
            mend=_MEND_ENCODING,
        ) from None


def _refuse_doctype(text: str) -> None:
    """A DOCTYPE may only stand before the root element, among comments and instructions."""
    at = 0
    while True:
        space = _SPACE.match(text, at)
        at = space.end() if space else at
        if text.startswith("<!--", at):
            closing, at = "-->", at + 4
        elif text.startswith("<?", at):
            closing, at = "?>", at + 2
        elif text.startswith("<!", at):
            line = text.count("\n", 0, at) + 1
            raise UnreadableXml(
                f"a DOCTYPE is not accepted (line {line})",
                where=f"line {line}",
                mend="remove the DOCTYPE: FHIR XML has none (FHIR, XML Representation)",
            )
        else:
            return
        end = text.find(closing, at)
        if end < 0:
            return  # not well formed: the parser says where
        at = end + len(closing)

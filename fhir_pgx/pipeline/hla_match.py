"""The answer of `hla-match`: a recipient's data and donors' data, each its own record.

A donor's record is the donor's own there, and becomes a donor's typing here; in the recipient's
record donors are told by their focus. The recipient's antibodies alone are looked at.
"""

from collections.abc import Sequence
from dataclasses import replace

from fhir_pgx.errors import InvalidParameter, MixedPatients, UnreadableJson
from fhir_pgx.fhir.json import read_json, write_json
from fhir_pgx.fhir.reading import read
from fhir_pgx.model.document import Document
from fhir_pgx.model.knowledge import Knowledge
from fhir_pgx.model.reading import Reading
from fhir_pgx.model.transplant import HlaMatch, StatedTyping
from fhir_pgx.pipeline.precision.transplant import Transplant
from fhir_pgx.sources import Reader

RECIPIENT, DONOR = "recipient", "donor"
_MAX_BYTES = 500_000_000  # what came was within the limit when it was read


def split_parts(document: Document) -> tuple[list[Document], list[Document]] | None:
    """The recipient's and the donors' documents of one Parameters whose parameters are named so;
    None where it is none. Each parameter `donor` is a donor."""
    try:
        content = read_json(document.data, max_bytes=_MAX_BYTES)
    except UnreadableJson:
        return None  # XML or NDJSON: read as any document is
    if not isinstance(content, dict) or content.get("resourceType") != "Parameters":
        return None
    found: dict[str, list[Document]] = {RECIPIENT: [], DONOR: []}
    for item in content.get("parameter") or ():
        if isinstance(item, dict) and item.get("name") in found and "resource" in item:
            found[item["name"]].append(Document(write_json(item["resource"]), item["name"]))
    if not (found[RECIPIENT] or found[DONOR]):
        return None
    return found[RECIPIENT], found[DONOR]


def match_documents(
    recipient: Sequence[Document],
    donors: Sequence[Document],
    reader: Reader,
    knowledge: Knowledge,
    transplant: Transplant,
) -> tuple[HlaMatch, ...]:
    """The recipient against each donor.

    Raises what reading a document raises; MixedPatients where one record speaks of two patients;
    InvalidParameter where no typing is found of the recipient, or of a donor: no typing is not a
    match of nothing.
    """
    own = _read(recipient, reader, knowledge, RECIPIENT)
    typings = [each for each in own.precision.typings if each.whose == "recipient"]
    if not typings:
        raise _untyped(RECIPIENT)
    theirs = [each for each in own.precision.typings if each.whose == "donor"]
    for number, document in enumerate(donors, start=1):
        theirs += _of_donor(document, number, own, reader, knowledge)
    if not theirs:
        raise _untyped(DONOR)
    return transplant.matches((*typings, *theirs), own.precision.antibodies)


def _of_donor(
    document: Document, number: int, own: Reading, reader: Reader, knowledge: Knowledge
) -> list[StatedTyping]:
    found = _read([document], reader, knowledge, DONOR)
    stated = found.precision.typings
    mine = [each for each in stated if each.whose == "recipient"]
    if mine and found.subjects and found.subjects == own.subjects:
        raise InvalidParameter(
            "recipient and donor are one patient by their references",
            where=DONOR,
            mend="send the donor's own record, or a focus on the donor in the recipient's",
        )
    if not stated:
        raise _untyped(DONOR)
    person = f"Patient/{found.subjects[0]}" if found.subjects else f"donor {number}"
    return [replace(each, whose="donor", person=person) for each in mine] or list(stated)


def _read(documents: Sequence[Document], reader: Reader, knowledge: Knowledge, who: str) -> Reading:
    entries = reader.read(documents, (), "").entries
    found = read(entries, knowledge.vocabulary)
    if len(found.subjects) > 1:
        raise MixedPatients(
            f"the {who}'s data speak of {len(found.subjects)} patients",
            where=who,
            mend="send one person's record as each part",
        )
    return found


def _untyped(who: str) -> InvalidParameter:
    return InvalidParameter(
        f"no HLA typing of the {who} could be read",
        where=who,
        mend="send Observations of HLA typing: GL Strings, or allele names with their locus",
    )

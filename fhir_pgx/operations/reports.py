"""`$interpret` and `$recommend`: resources in, the Bundle of a report or of implications out.

What is asked comes with the call, or is read from the store for one patient. A conclusion that the
store keeps up to date itself is left out there: it would confirm itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from fhir_pgx.errors import DeletedResource, InvalidParameter, UnknownPatient
from fhir_pgx.fhir.bundle import Entry, as_dicts, as_text, entries_of
from fhir_pgx.fhir.derived import is_kept_derivation
from fhir_pgx.model.document import Calling, Guide, Options
from fhir_pgx.operations.bodies import decoded
from fhir_pgx.operations.operation import Resource
from fhir_pgx.storage.store import Reads

_SWITCH = {"true": True, "1": True, "": True, "false": False, "0": False}
_FLAGS = ("all-matches", "missing-as-reference", "cyp2d6-from-snvs")
_GUIDES: Mapping[str, Guide] = {"stu3": "stu3", "stu2": "stu2"}
_FORM_ONLY = frozenset(("_format", "_pretty"))


@dataclass(frozen=True, slots=True)
class ReportOperation:
    """An operation of ours, as a CapabilityStatement names it."""

    name: str
    title: str
    text: str
    takes: tuple[str, ...]

    @property
    def canonical(self) -> str:
        return f"urn:fhir-pgx:operation:{self.name}"


INTERPRET = ReportOperation(
    "interpret",
    "Interpret genetic results",
    "Takes the genetic results of one patient, and gives a Bundle with a genomic report: "
    "genotypes, variants, what they imply, what is recommended, and the Provenance of it all.",
    ("ig", *_FLAGS),
)
RECOMMEND = ReportOperation(
    "recommend",
    "Recommend therapy by genetic results",
    "Takes the data of one patient, and gives a Bundle of what every source advises for the drugs "
    "asked for, or for every drug that the findings concern.",
    ("ig", "drug", *_FLAGS),
)
REPORT_OPERATIONS = (INTERPRET, RECOMMEND)


class Reporting(Protocol):
    """What these operations ask of the pipeline."""

    def interpret_entries(self, entries: Sequence[Entry], options: Options) -> Any: ...

    def recommend_entries(self, entries: Sequence[Entry], options: Options) -> Any: ...


def answer(
    operation: ReportOperation, pipeline: Reporting, entries: Sequence[Entry], options: Options
) -> Resource:
    """The Bundle. Raises MixedPatients, and UnknownDrug for a drug that no table knows."""
    ask = pipeline.interpret_entries if operation is INTERPRET else pipeline.recommend_entries
    found: Resource = ask(entries, options)
    return found


def sent_entries(document: Any) -> list[Entry]:
    """The resources of a posted Bundle, Parameters or single resource.

    Raises InvalidParameter where there is none: an empty answer would read as "nothing is known".
    """
    found = entries_of(document)
    if not found:
        raise InvalidParameter(
            "the body holds no resources to interpret",
            where="Bundle.entry",
            mend="send a Bundle of one patient's results, or call the patient's own address",
        )
    return found


def stored_entries(reads: Reads, patient: str) -> list[Entry]:
    """Everything stored of a patient, save what the store derived itself.

    Raises UnknownPatient, and DeletedResource where the patient was deleted.
    """
    known = reads.read("Patient", patient)
    if known is not None and known.is_deleted:
        raise DeletedResource("the patient was deleted", where="Patient")
    stored = reads.record(patient)
    if not stored:
        raise UnknownPatient(
            "nothing is stored of this patient",
            where="Patient",
            mend="load the patient's data, or mend the id",
        )
    entries: list[Entry] = []
    for each in stored:
        resource = decoded(each)
        if not is_kept_derivation(resource):
            entries += _placed(resource, each.full_url)
    return entries


def _placed(resource: Mapping[str, Any], full_url: str) -> list[Entry]:
    """The resource, known by the fullUrl it came with too, and what is contained in it."""
    entry = {"resource": resource} | ({"fullUrl": full_url} if full_url else {})
    return entries_of({"resourceType": "Bundle", "entry": [entry]})


def read_options(
    operation: ReportOperation, given: Iterable[tuple[str, str]], document: Any = None
) -> Options:
    """What a call asks, by its query and by the named values of a posted Parameters resource.

    Raises InvalidParameter for a name that the operation does not know: one that is spelt wrong
    would change the answer without a word.
    """
    drugs: list[str] = []
    said: dict[str, str] = {}
    for name, value in (*given, *_in_resource(document)):
        if name in _FORM_ONLY:
            continue
        if name not in operation.takes:
            raise InvalidParameter(
                f"${operation.name} has no such parameter",
                where=name[:100],
                mend="use " + ", ".join(operation.takes),
            )
        if name == "drug":
            drugs += [value] if value.strip() else []
        else:
            said[name] = value
    guide = said.pop("ig", "stu3")
    if guide not in _GUIDES:
        mend = f"use {' or '.join(_GUIDES)}"
        raise InvalidParameter("there is no such release of the guide here", where="ig", mend=mend)
    flags = {name: _flag(name, said.get(name, "false")) for name in _FLAGS}
    calling = Calling(
        all_matches=flags["all-matches"],
        missing_as_reference=flags["missing-as-reference"],
        cyp2d6_from_snvs=flags["cyp2d6-from-snvs"],
    )
    return Options(format="fhir", drugs=tuple(drugs), calling=calling, guide=_GUIDES[guide])


def _in_resource(document: Any) -> Iterable[tuple[str, str]]:
    """The parameters that have a value; those that hold resources are the data."""
    if not isinstance(document, dict) or document.get("resourceType") != "Parameters":
        return
    for each in as_dicts(document.get("parameter")):
        for key, value in each.items():
            if key.startswith("value"):
                plain = str(value).lower() if isinstance(value, bool) else as_text(value)
                yield as_text(each.get("name")), plain


def _flag(name: str, written: str) -> bool:
    if written.lower() not in _SWITCH:
        raise InvalidParameter("the flag is neither true nor false", where=name, mend="use true")
    return _SWITCH[written.lower()]

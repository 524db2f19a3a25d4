"""What was given, held against an operation's parameters: the one place where a call is refused.

A parameter that the operation does not know is refused, not passed over: one that is spelt wrong
would change the answer without a word.
"""

import re
from collections.abc import Iterable, Sequence

from fhir_pgx.errors import DeletedResource, InvalidParameter, UnknownPatient
from fhir_pgx.model.finding import SourceClass
from fhir_pgx.model.search import Query
from fhir_pgx.operations.dates import asked_interval
from fhir_pgx.operations.given import Given, shown
from fhir_pgx.operations.operation import Asked, Context, Operation, Parameter, Resource
from fhir_pgx.storage.store import Reads
from fhir_pgx.terminology import LOINC

SUBJECT, DATES, SOURCE_CLASS = "subject", "testDateRange", "genomicSourceClass"
_SWITCH = {"true": True, "false": False}
_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_CLASSES = {
    "germline": SourceClass.GERMLINE,
    "la6683-2": SourceClass.GERMLINE,
    "somatic": SourceClass.SOMATIC,
    "la6684-0": SourceClass.SOMATIC,
}
# Types that speak of a patient's genome: the patient is known by one of them, too.
_GENOMIC = ("Observation", "MolecularSequence", "DiagnosticReport")
# A plus sign of an address that was not written %2B arrives as a space: no name of a variant holds
# one, and between two HLA alleles it is what parts the chromosomes.
_IN_NAME = re.compile(r"(?<=\S) (?=\S)")
_BETWEEN_ALLELES = re.compile(r"(?<=[A-Z0-9]) (?=(?:HLA-)?(?:A|B|C|D[PQR][AB]\d?)\*)")


def answer(
    operation: Operation, given: Sequence[Given], at: Context, *, subject: str | None = None
) -> Resource:
    """The answer of an operation. `subject` is the patient whose address was called.

    Raises InvalidParameter for what is unknown, missing or malformed, UnknownPatient,
    DeletedResource, and what the operation raises.
    """
    return operation.run(read_asked(operation, given, at, subject=subject), at)


def read_asked(
    operation: Operation, given: Sequence[Given], at: Context, *, subject: str | None = None
) -> Asked:
    """What was given, checked; see `answer`."""
    by_name: dict[str, list[Given]] = {}
    for each in given:
        if operation.parameter(each.name) is None:
            raise InvalidParameter(
                f"${operation.name} has no such parameter",
                where=shown(each.name),
                mend="use " + ", ".join(known.name for known in operation.takes),
            )
        by_name.setdefault(each.name, []).append(each)
    if subject is not None and operation.parameter(SUBJECT) is not None:
        stated = [_subject(each, at) for each in by_name.get(SUBJECT, ())]
        if any(each != subject for each in stated):
            raise InvalidParameter(
                "the subject is not the patient of the address",
                where=SUBJECT,
                mend="leave one of the two out",
            )
        by_name[SUBJECT] = [Given(SUBJECT, (f"Patient/{subject}",))]
    for parameter in operation.takes:
        _check(parameter, by_name.get(parameter.name, ()))
    return Asked(
        lists={
            each.name: tuple(_items(one) for one in by_name[each.name])
            for each in operation.takes
            if each.is_list and each.name in by_name
        },
        flags={
            each.name: _flag(by_name[each.name][0])
            for each in operation.takes
            if each.type == "boolean" and each.name in by_name
        },
        subject=_known(by_name[SUBJECT][0], at) if SUBJECT in by_name else "",
        dates=_dates(by_name.get(DATES, ())),
        source_class=_source_class(by_name[SOURCE_CLASS][0]) if SOURCE_CLASS in by_name else None,
    )


def _check(parameter: Parameter, given: Sequence[Given]) -> None:
    """Raises InvalidParameter where a parameter is missing, empty, or given too often."""
    name = parameter.name
    if parameter.minimum and not given:
        mend = f"send {name}: {parameter.text}".rstrip(".: ")
        raise InvalidParameter("a parameter is missing", where=name, mend=mend)
    for each in given:
        if not each.items:
            raise InvalidParameter(
                "a parameter is empty", where=name, mend="send a value, or leave it out"
            )
        if not parameter.is_list and parameter.type != "Period" and len(each.items) > 1:
            raise InvalidParameter(
                "a parameter that is no list has several values", where=name, mend="send one"
            )
    # Bounds of a range are several in a query: ge2024 and le2025.
    if not parameter.is_list and parameter.type != "Period" and len(given) > 1:
        raise InvalidParameter(
            "a parameter that is no list was given more than once", where=name, mend="send it once"
        )


def _items(given: Given) -> tuple[str, ...]:
    if not given.is_plain:
        return given.items
    if given.name == "variants":
        return tuple(_IN_NAME.sub("+", item) for item in given.items)
    if given.name == "haplotypes":
        return tuple(_BETWEEN_ALLELES.sub("+", item) for item in given.items)
    return given.items


def _flag(given: Given) -> bool:
    written = given.items[0].lower()
    if written not in _SWITCH:
        raise InvalidParameter(
            "the flag is neither true nor false", where=given.name, mend="send true or false"
        )
    return _SWITCH[written]


def _dates(given: Iterable[Given]) -> tuple[int, int] | None:
    bounds = [item for each in given for item in each.items]
    return asked_interval(bounds, DATES) if bounds else None


def _source_class(given: Given) -> SourceClass:
    """Germline or somatic, by its word or its LOINC answer, alone or as `system|code`."""
    system, bar, code = given.items[0].rpartition("|")
    found = _CLASSES.get(code.strip().lower())
    if found is None or (bar and system not in ("", LOINC)):
        raise InvalidParameter(
            "the source class is not known",
            where=SOURCE_CLASS,
            mend="use germline or somatic",
        )
    return found


def _subject(given: Given, at: Context) -> str:
    """The id in `X`, `Patient/X` or the patient's address on this server."""
    text = given.items[0] if given.items else ""
    for base in (at.base_url, *at.own_bases):
        text = text.removeprefix(f"{base}/")
    id_ = text.removeprefix("Patient/")
    if not _ID.fullmatch(id_):
        raise InvalidParameter(
            "the subject is no patient of this server",
            where=SUBJECT,
            mend="send the patient's id, or Patient/ and the id",
        )
    return id_


def _known(given: Given, at: Context) -> str:
    """The subject's id. Raises UnknownPatient, or DeletedResource where the patient was deleted."""
    id_ = _subject(given, at)
    patient = at.reads.read("Patient", id_)
    if patient is not None and patient.is_deleted:
        raise DeletedResource("the patient was deleted", where=SUBJECT)
    if patient is None and not _has_results(id_, at.reads):
        raise UnknownPatient(
            "nothing is stored of this patient",
            where=SUBJECT,
            mend="load the patient's data, or mend the id",
        )
    return id_


def _has_results(patient: str, reads: Reads) -> bool:
    """Whether a result names a patient of whom no Patient resource is stored."""
    return any(
        reads.search(Query(type_, count=1, patient=patient, with_total=False)).resources
        for type_ in _GENOMIC
    )

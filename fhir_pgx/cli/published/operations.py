"""OperationDefinitions, made from the operations that are offered.

The guide's own definitions give the code `match` and no resource at all; ours say what they are
called and that they are asked at the base.
"""

from collections.abc import Iterator
from typing import Any

from fhir_pgx.cli.published.frame import OPERATION, Definition, definition
from fhir_pgx.operations.all import OPERATIONS
from fhir_pgx.operations.operation import Operation, Parameter
from fhir_pgx.operations.reports import REPORT_OPERATIONS, ReportOperation

_REPORT_TEXTS = {
    "ig": "The release of the Genomics Reporting guide to write: stu3 (the default) or stu2.",
    "drug": "A drug by name or RxNorm code; every drug that the findings concern where none is "
    "named.",
    "all-matches": "Whether every diplotype that fits is returned; false.",
    "missing-as-reference": "Whether a position that was not read counts as reference; false.",
    "cyp2d6-from-snvs": "Whether CYP2D6 is called from single positions alone; false.",
}
_TEXTS_NOT_FLAGS = ("ig", "drug")


def operation_definitions() -> Iterator[Definition]:
    """One for each operation of the guide that is offered, and for each of ours."""
    for operation in OPERATIONS:
        yield of_guide(operation)
    for ours in REPORT_OPERATIONS:
        yield of_ours(ours)


def of_guide(operation: Operation) -> Definition:
    """The definition of a Genomics Operation, with the guide's as its base."""
    also = f"/Observation/${operation.name} and {operation.legacy_path}"
    if operation.about == "subject":
        also = f"/Patient/[id]/${operation.name}, {also}"
    text = f"{operation.text} The same is answered at {also}, each by GET and by POST."
    parameters = [*(_parameter(each, "in") for each in operation.takes),
                  *(_parameter(each, "out") for each in operation.gives)]  # fmt: skip
    return definition(
        "OperationDefinition",
        operation.name,
        url=f"{OPERATION}{operation.name}",
        title=operation.title,
        text=text,
        kind="operation",
        affectsState=False,
        code=operation.name,
        base=operation.canonical,
        system=True,
        type=False,
        instance=False,
        parameter=parameters,
    )


def _parameter(parameter: Parameter, use: str) -> dict[str, Any]:
    text = parameter.text
    if parameter.profile:
        text = f"{text} Profile: {parameter.profile}".strip()
    made: dict[str, Any] = {
        "name": parameter.name,
        "use": use,
        "min": parameter.minimum,
        "max": parameter.maximum,
        "documentation": text,
        "type": parameter.type,
        # Only a string is searched (FHIR R4, opd-2).
        "searchType": parameter.search_type if parameter.type == "string" else "",
        "part": [_parameter(each, use) for each in parameter.parts],
    }
    return {member: value for member, value in made.items() if value not in ("", [])}


def of_ours(operation: ReportOperation) -> Definition:
    """The definition of `$interpret` or `$recommend`."""
    data = {
        "name": "resource",
        "use": "in",
        "min": 0,
        "max": "*",
        "documentation": "The patient's data. Sent as the body itself, a Bundle or one resource, "
        "where nothing else is asked; what is stored, at the patient's own address.",
        "type": "Resource",
    }
    options = [
        {
            "name": name,
            "use": "in",
            "min": 0,
            "max": "*" if name == "drug" else "1",
            "documentation": _REPORT_TEXTS[name],
            "type": "string" if name in _TEXTS_NOT_FLAGS else "boolean",
        }
        for name in operation.takes
    ]
    out = {
        "name": "return",
        "use": "out",
        "min": 1,
        "max": "1",
        "documentation": "A collection, itself the body of the answer.",
        "type": "Bundle",
    }
    return definition(
        "OperationDefinition",
        operation.name,
        url=operation.canonical,
        title=operation.title,
        text=operation.text,
        kind="operation",
        affectsState=False,
        code=operation.name,
        resource=["Patient"],
        system=True,
        type=False,
        instance=True,
        parameter=[data, *options, out],
    )

"""An interpretation as a genomic report of the Genomics Reporting guide: a Bundle (collection).

The report (DiagnosticReport) names its results; beside them stand the Device that drew the
conclusions, the Provenance of all, and an OperationOutcome for what was not understood or not
written. `partial` is the report's status, for FHIR calls that a report whose data may be incomplete
or unverified; `preliminary` would say that a person verified the results that are there, `final`
that a person verified them all.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fhir_pgx.model.finding import NotUnderstood
from fhir_pgx.model.phenotype import GeneResult, Interpretation, Status
from fhir_pgx.reports.implication_frame import PROFILES, Resource, code
from fhir_pgx.reports.narrative import meaning, named, narrative
from fhir_pgx.reports.recommended_tasks import action_extensions
from fhir_pgx.reports.report_frame import About, address, device, finished, refer, sources
from fhir_pgx.terminology import DIAGNOSTIC_SERVICE, GENETIC_REPORT, LOINC, URI

_PARTICIPANT = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
_ACTIVITY = "http://terminology.hl7.org/CodeSystem/v3-DataOperation"
_MAX_TOLD = 200  # reasons in one OperationOutcome; the rest are counted


@dataclass(frozen=True, slots=True)
class Contents:
    """What a report holds: Observations in the order of its results, and its Tasks.

    `others` are sentences on results that are of no gene of drug response; `read` the references
    of all that was read; `left_out` sentences on what is not written.
    """

    results: Sequence[Resource]
    tasks: Sequence[Resource] = ()
    others: Sequence[str] = ()
    read: Sequence[str] = ()
    left_out: Sequence[str] = ()


def write_report(
    interpretation: Interpretation, contents: Contents, of: About, *, recorded: str
) -> Resource:
    """The whole Bundle. `recorded` is the instant at which the conclusions were drawn."""
    report = _report(interpretation, contents, of)
    machine = device(of)
    told = [*not_understood(interpretation.reading.not_understood), *contents.left_out]
    made = [report, *contents.results, *contents.tasks]
    made.append(provenance(made, contents.read, of, recorded))
    made.append(machine)
    if told:
        made.append(outcome_of(told, of))
    return bundle_of(made)


def bundle_of(resources: Iterable[Resource]) -> Resource:
    """A collection; what is there twice stands once."""
    entries = {address(each): each for each in resources}
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {"fullUrl": url, "resource": _led(each, entries)} for url, each in entries.items()
        ],
    }


def _led(value: Any, entries: Container[str]) -> Any:
    """The value with each reference to a `urn:` of another Bundle as an identifier of what it
    means: as a reference it would lead nowhere from here (FHIR R4, Bundle, Resolving references;
    Reference.identifier)."""
    if isinstance(value, list):
        return [_led(each, entries) for each in value]
    if not isinstance(value, dict):
        return value
    reference = value.get("reference")
    if isinstance(reference, str) and reference.startswith("urn:") and reference not in entries:
        rest = {key: each for key, each in value.items() if key != "reference"}
        return {"identifier": {"system": URI, "value": reference}} | rest
    return {key: _led(each, entries) for key, each in value.items()}


def newest(interpretation: Interpretation) -> str:
    """The newest date of the results, FHIR date text; empty where none is stated."""
    stated = [result.when for result in interpretation.genes.values()]
    stated += [each.origin.when for each in interpretation.reading.variants]
    return max(stated, default="")


def _report(interpretation: Interpretation, contents: Contents, of: About) -> Resource:
    return finished(
        {
            "resourceType": "DiagnosticReport",
            "meta": {"profile": [PROFILES + "genomic-report"]},
            "extension": action_extensions(contents.tasks),
            "status": "partial",
            "category": [
                {"coding": [{"system": DIAGNOSTIC_SERVICE, "code": "LAB"}]},
                {"coding": [{"system": DIAGNOSTIC_SERVICE, "code": "GE"}]},
            ],
            "code": code(LOINC, GENETIC_REPORT)
            | {"text": "Interpretation of genetic results, made by software"},
            "effectiveDateTime": newest(interpretation),
            "result": [refer(each) for each in contents.results],
            "conclusion": conclusion_of(interpretation.genes, contents.others, of.release),
            "text": narrative(
                interpretation.genes,
                contents.tasks,
                [made_by(of.release), *contents.others],
            ),
        },
        of,
    )


def conclusion_of(genes: Mapping[str, GeneResult], others: Sequence[str], release: str) -> str:
    """The report in a paragraph: each gene that was tested, and by name those that were not."""
    answered = [_sentence(result) for result in genes.values() if _has_answer(result)]
    silent = [gene for gene, result in genes.items() if result.status is Status.NOT_CALLED]
    untested = [gene for gene, result in genes.items() if result.status is Status.NOT_TESTED]
    said = [made_by(release), *(answered or ["No gene of drug response has a result."]), *others]
    if silent:
        said.append(f"Tested without an answer, which is not the reference: {', '.join(silent)}.")
    if untested:
        said.append(f"Not tested: {', '.join(untested)}.")
    return " ".join(said)


def made_by(release: str) -> str:
    """Who concluded all this, and that nobody has looked at it."""
    return (
        f"Interpreted by software (fhir_pgx, knowledge release {release}); not verified by a "
        "person."
    )


def _has_answer(result: GeneResult) -> bool:
    return result.status not in (Status.NOT_CALLED, Status.NOT_TESTED)


def _sentence(result: GeneResult) -> str:
    status = "" if result.status is Status.CALLED else result.status.value
    parts = ", ".join(part for part in (named(result), meaning(result), status) if part)
    return f"{result.gene}: {parts}."


def provenance(
    targets: Sequence[Resource], read: Sequence[str], of: About, recorded: str
) -> Resource:
    """Who concluded all of `targets`, from what, by which knowledge, at the instant `recorded`. Its
    id does not follow the clock."""
    machine = {"reference": of.device, "display": f"fhir_pgx {of.version}"}
    entities = [{"role": "source", "what": each} for each in sources(read)]
    knowledge = {"display": f"fhir_pgx knowledge release {of.release}"}
    written = finished(
        {
            "resourceType": "Provenance",
            "target": [refer(each) for each in targets],
            "policy": [f"urn:fhir-pgx:knowledge:{of.release}"],
            "activity": {"coding": [{"system": _ACTIVITY, "code": "CREATE"}]},
            "agent": [{"type": {"coding": [{"system": _PARTICIPANT, "code": "assembler"}]},
                       "who": machine}],
            "entity": [*entities, {"role": "derivation", "what": knowledge}],
        },
        of,
    )  # fmt: skip
    return written | {"recorded": recorded}


def not_understood(items: Sequence[NotUnderstood]) -> Iterator[str]:
    """A sentence of each; of very many the number."""
    for each in items[:_MAX_TOLD]:
        yield f"Not understood: {each.reference}: {each.reason}."
    if len(items) > _MAX_TOLD:
        yield f"Not understood: {len(items) - _MAX_TOLD} more."


def outcome_of(sentences: Sequence[str], of: About) -> Resource:
    """What was not understood, or is not written, said plainly."""
    issues = [
        {"severity": "information", "code": "incomplete", "diagnostics": each} for each in sentences
    ]
    return finished({"resourceType": "OperationOutcome", "issue": issues}, of)

"""The genetic tests of a patient, as reports, studies and regions studied tell of them.

A report and the studies (Procedures) that it refers to are one test. A study without a report is a
test too, and so is a region that an Observation calls studied and no report lists. What was tested
for is only what these state: a variant that was found says nothing of what was looked for.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fhir_pgx.fhir.bundle import Entry, as_dicts, as_text, reference_of
from fhir_pgx.fhir.values import concept_of
from fhir_pgx.operations.chart import Chart
from fhir_pgx.operations.dates import Interval, interval_at
from fhir_pgx.operations.frame import codes_of
from fhir_pgx.operations.studied import Studied, of_analysis, of_observation
from fhir_pgx.operations.tokens import Token

_BASE = "http://hl7.org/fhir/uv/genomics-reporting/StructureDefinition/"
_STUDY_OF_REPORT = f"{_BASE}genomic-study-reference"
_ANALYSIS = f"{_BASE}genomic-study-analysis"
_OF_ANALYSIS = tuple(
    f"{_ANALYSIS}-{name}" for name in ("regions", "genome-build", "change-type", "method-type")
)
REGION_STUDIED = "53041-0"
_REPORT_CODES = frozenset(("51969-4", "81247-9"))
_WHEN = ("effectiveDateTime", "effectivePeriod", "effectiveInstant", "performedDateTime",
         "performedPeriod", "issued")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Test:
    """One test: the resources that are it, its specimens, and what each analysis looked at."""

    __test__ = False  # no test of ours

    resources: tuple[Entry, ...]
    specimens: tuple[Entry, ...]
    specimen_names: tuple[str, ...]
    studied: tuple[Studied, ...] = ()
    builds_found: tuple[str, ...] = field(default=(), compare=False)

    @property
    def id(self) -> str:
        """The first identifier of the test, else the id of its first resource."""
        for entry in self.resources:
            for each in as_dicts(entry.resource.get("identifier")):
                if value := as_text(each.get("value")):
                    return value
        return self.resources[0].id

    @property
    def specimen_id(self) -> str:
        for entry in self.specimens:
            for each in identifiers_of(entry.resource):
                return each[1]
        names = (entry.id for entry in self.specimens)
        return next((each for each in (*self.specimen_names, *names) if each), "")

    @property
    def when(self) -> str:
        """When it was made, FHIR dateTime text; of a period its start. Empty where nobody says."""
        for entry in self.resources:
            for name in _WHEN:
                value = entry.resource.get(name)
                text = as_text(value.get("start")) if isinstance(value, dict) else as_text(value)
                if text:
                    return text
        return ""

    @property
    def interval(self) -> Interval | None:
        found = (interval_at(each.resource, *_WHEN) for each in self.resources)
        return next((each for each in found if each is not None), None)

    def is_named(self, tokens: Iterable[Token]) -> bool:
        return _is_one_of(self.resources, tokens)

    def is_of_specimen(self, tokens: Iterable[Token]) -> bool:
        wanted = list(tokens)
        return _is_one_of(self.specimens, wanted) or any(
            token.names("", name) for token in wanted for name in self.specimen_names
        )


def tests_of(chart: Chart, builds: Mapping[str, str]) -> list[Test]:
    """Every test of a patient, newest first. `builds` is the build that each result speaks of, by
    its reference."""
    told: set[str] = set()
    found = []
    for entry in chart.entries:
        if entry.type == "DiagnosticReport" and _is_genetic(entry, chart, builds):
            test = _of_report(entry, chart, builds)
            told |= {each.reference for each in test.resources}
            told |= {each.reference for each in _results(entry, chart)}
            found.append(test)
    found += _without_report(chart, told)
    return sorted(found, key=lambda test: test.when, reverse=True)


def _without_report(chart: Chart, told: set[str]) -> Iterator[Test]:
    """Studies, then analyses, then regions, that nothing before them tells of."""
    for entry in chart.entries:
        if entry.reference not in told and _links(entry.resource, f"{_ANALYSIS}-ext"):
            test = _made([entry], (), chart)
            told |= {each.reference for each in test.resources}
            yield test
    for entry in chart.entries:
        is_analysis = any(_extensions(entry.resource, url) for url in _OF_ANALYSIS)
        is_region = entry.type == "Observation" and REGION_STUDIED in codes_of(entry.resource)
        if entry.reference not in told and (is_analysis or is_region):
            yield _made([entry], [entry] if is_region else (), chart)


def _of_report(entry: Entry, chart: Chart, builds: Mapping[str, str]) -> Test:
    results = list(_results(entry, chart))
    studies = [
        found
        for link in _links(entry.resource, _STUDY_OF_REPORT)
        if (found := chart.find(link)) is not None
    ]
    parts = (
        chart.find(reference_of(part))
        for each in results
        for part in as_dicts(each.resource.get("partOf"))
    )
    studies += [each for each in parts if each is not None and each.type == "Procedure"]
    regions = [each for each in results if REGION_STUDIED in codes_of(each.resource)]
    spoken = tuple(
        dict.fromkeys(build for each in results if (build := builds.get(each.reference)))
    )
    return _made([entry, *dict.fromkeys(studies)], regions, chart, spoken)


def _made(
    resources: list[Entry],
    regions: Iterable[Entry],
    chart: Chart,
    spoken: tuple[str, ...] = (),
) -> Test:
    analyses = [
        found
        for entry in resources
        for link in _links(entry.resource, f"{_ANALYSIS}-ext")
        if (found := chart.find(link)) is not None
    ]
    whole = list(dict.fromkeys((*resources, *analyses)))
    studied = [of_analysis(each.resource, _ANALYSIS) for each in whole if each.type == "Procedure"]
    studied += [of_observation(each.resource) for each in regions]
    links = [link for each in whole for link in _specimen_links(each.resource)]
    specimens = [found for each in links if (found := chart.find(reference_of(each))) is not None]
    names = [
        as_text(identifier.get("value"))
        for each in links
        if isinstance(identifier := each.get("identifier"), dict)
    ]
    names += [
        reference_of(each).rpartition("/")[2]
        for each in links
        if reference_of(each) and chart.find(reference_of(each)) is None
    ]
    return Test(
        tuple(whole),
        tuple(dict.fromkeys(specimens)),
        tuple(each for each in names if each),
        tuple(each for each in studied if each.says_anything),
        spoken,
    )


def _specimen_links(resource: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    own = as_dicts(_as_list(resource.get("specimen")))
    others = (e.get("valueReference") for e in _extensions(resource, f"{_ANALYSIS}-specimen"))
    return [*own, *as_dicts(list(others))]


def _is_genetic(entry: Entry, chart: Chart, builds: Mapping[str, str]) -> bool:
    """A report of genetics: by its code, category or profile, or by one of its results."""
    resource = entry.resource
    if codes_of(resource) & _REPORT_CODES or _links(resource, _STUDY_OF_REPORT):
        return True
    categories = (concept_of(each) for each in as_dicts(resource.get("category")))
    if any(coding.code == "GE" for each in categories for coding in each.codings):
        return True
    return any(
        each.reference in builds or REGION_STUDIED in codes_of(each.resource)
        for each in _results(entry, chart)
    )


def _results(entry: Entry, chart: Chart) -> Iterator[Entry]:
    """The results of a report, those below its groupers and those that it contains."""
    seen: set[str] = set()
    waiting = [reference_of(each) for each in as_dicts(entry.resource.get("result"))]
    while waiting:
        link = waiting.pop(0)
        found = _contained(entry, link, chart) if link.startswith("#") else chart.find(link)
        if found is None or found.reference in seen:
            continue
        seen.add(found.reference)
        yield found
        waiting += [reference_of(each) for each in as_dicts(found.resource.get("hasMember"))]


def _contained(entry: Entry, link: str, chart: Chart) -> Entry | None:
    wanted = f"{entry.reference}{link}"
    return next((each for each in chart.entries if each.reference == wanted), None)


def _links(resource: Mapping[str, Any], url: str) -> list[str]:
    found = (reference_of(each.get("valueReference")) for each in _extensions(resource, url))
    return [each for each in found if each]


def _extensions(resource: Mapping[str, Any], url: str) -> list[Mapping[str, Any]]:
    return [each for each in as_dicts(resource.get("extension")) if each.get("url") == url]


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _is_one_of(entries: Iterable[Entry], tokens: Iterable[Token]) -> bool:
    """By identifier, id or `Type/id`."""
    wanted = list(tokens)
    for entry in entries:
        names = [*identifiers_of(entry.resource), ("", entry.id), ("", entry.reference)]
        if any(token.names(*name) for token in wanted for name in names):
            return True
    return False


def identifiers_of(resource: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The identifiers of a resource, and a specimen's accession, as system and value."""
    stated = [*as_dicts(resource.get("identifier"))]
    stated += as_dicts([resource.get("accessionIdentifier")])
    found = ((as_text(each.get("system")), as_text(each.get("value"))) for each in stated)
    return [each for each in found if each[1]]

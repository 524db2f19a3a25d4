"""`$find-study-metadata`: which tests a patient had, on which build, and what they looked at.

One group for each test and build. With `ranges`, what was studied of them is a comma list of
0-based regions, without overlap, on the test's own build; `unknown` where the test does not say,
and no such part where it says that it studied none of them: the two are different answers.
"""

from collections.abc import Iterable, Iterator, Sequence

from fhir_pgx.fhir.values import Concept
from fhir_pgx.model.genomic_index import Span
from fhir_pgx.model.knowledge import Vocabulary
from fhir_pgx.operations.answers import Part, group, parameters, text
from fhir_pgx.operations.chart import read_chart
from fhir_pgx.operations.dates import overlaps
from fhir_pgx.operations.frame import coded
from fhir_pgx.operations.operation import Asked, Context, Operation, Parameter, Resource
from fhir_pgx.operations.places import spans_of
from fhir_pgx.operations.studied import Region, Studied, change_name
from fhir_pgx.operations.subject_implications import OPTIONAL_RANGES
from fhir_pgx.operations.takes import SPECIMENS, SUBJECT, TEST_DATES, TEST_IDENTIFIERS
from fhir_pgx.operations.tests_done import Test, tests_of
from fhir_pgx.operations.tokens import read_token
from fhir_pgx.terminology import LOINC

UNKNOWN = "unknown"
_ONTOLOGY = "http://www.sequenceontology.org"
_BUILDS = {
    "GRCh37": coded(LOINC, "LA14029-5", "GRCh37"),
    "GRCh38": coded(LOINC, "LA26806-2", "GRCh38"),
}
_ABSENT = {
    "extension": [
        {
            "url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
            "valueCode": "unknown",
        }
    ]
}


def find_study_metadata(asked: Asked, at: Context) -> Resource:
    """The tests of a subject that meet identifiers, dates and specimens.

    Raises InvalidParameter and LiftOverFailed as reading a region does.
    """
    spans = [
        span
        for each in asked.listed("ranges")
        for span in spans_of(each, at, patient=asked.subject)
    ]
    chart = read_chart(asked.subject, at.reads)
    variants = at.pipeline.interpret(chart.entries).reading.variants
    builds = {each.origin.reference: each.build for each in variants}
    found = [
        part
        for test in tests_of(chart, builds)
        if _is_asked(test, asked)
        for part in _groups(test, spans, at.knowledge.vocabulary)
    ]
    return parameters(found)


def _is_asked(test: Test, asked: Asked) -> bool:
    names = [read_token(each) for each in asked.listed("testIdentifiers")]
    specimens = [read_token(each) for each in asked.listed("specimenIdentifiers")]
    if names and not test.is_named(names):
        return False
    if specimens and not test.is_of_specimen(specimens):
        return False
    when = test.interval
    return asked.dates is None or (when is not None and overlaps(when, asked.dates))


def _groups(test: Test, spans: Sequence[Span], vocabulary: Vocabulary) -> Iterator[Part]:
    """One group a build. What is stated without a build is of each."""
    builds = {build for each in test.studied for build in _builds_of(each, vocabulary)}
    builds |= {each for each in test.builds_found if each in _BUILDS}
    for build in sorted(builds, reverse=True) or [""]:
        of_it = [
            each
            for each in test.studied
            if not (known := _builds_of(each, vocabulary)) or build in known
        ]
        yield group("tests", _parts(test, build, of_it, spans, vocabulary))


def _builds_of(studied: Studied, vocabulary: Vocabulary) -> set[str]:
    if studied.build:
        return {studied.build}
    regions = (*(studied.regions or ()), *(studied.uncalled or ()), *(studied.called or ()))
    found = {vocabulary.accessions.get(each.accession, ("", ""))[0] for each in regions}
    return {each for each in found if each in _BUILDS}


def _parts(
    test: Test,
    build: str,
    studied: Sequence[Studied],
    spans: Sequence[Span],
    vocabulary: Vocabulary,
) -> Iterator[Part]:
    yield text("testId", test.id)
    if test.when:
        yield {"name": "testDate", "valueDateTime": test.when}
    else:
        yield {"name": "testDate", "_valueDateTime": _ABSENT}
    if test.specimen_id:
        yield text("specimenId", test.specimen_id)
    if build:
        yield {"name": "genomicBuild", "valueCodeableConcept": _BUILDS[build]}
    if changes := _changes(studied):
        yield {"name": "dnaChangeType", "valueCodeableConcept": changes}
    if spans:
        yield from _regions("regionStudied", _studied(studied), spans, vocabulary)
        yield from _regions("uncallableRegions", _uncallable(studied), spans, vocabulary)


def _changes(studied: Iterable[Studied]) -> Resource:
    """The kinds of change together, in the ontology's own names; what it has no code for as it was
    stated."""
    listed = list(studied)
    codes = dict.fromkeys(code for each in listed for code in each.changes)
    coding = [_without_empty(_ONTOLOGY, code, change_name(code)) for code in codes]
    others: list[Concept] = [other for each in listed for other in each.other_changes]
    for other in others:
        coding += [_without_empty(each.system, each.code, each.display) for each in other.codings]
    words = ", ".join(dict.fromkeys(each.text for each in others if each.text))
    made: Resource = {"coding": coding} if coding else {}
    return made | ({"text": words} if words else {})


def _without_empty(system: str, code: str, display: str) -> Resource:
    found = {"system": system, "code": code, "display": display}
    return {key: value for key, value in found.items() if value}


def _studied(studied: Iterable[Studied]) -> list[Region] | None:
    """Every region of the analyses; None where one of them, or none, says which."""
    listed = [each for each in studied if each.regions is not None]
    return [region for each in listed for region in each.regions or ()] if listed else None


def _uncallable(studied: Iterable[Studied]) -> list[Region] | None:
    """What was not called: as stated, else what was studied and not called; None where nobody
    says."""
    found: list[Region] = []
    is_known = False
    for each in studied:
        if each.uncalled is not None:
            found += each.uncalled
        elif each.called is not None and each.regions is not None:
            found += [part for region in each.regions for part in _without(region, each.called)]
        else:
            continue
        is_known = True
    return found if is_known else None


def _without(region: Region, called: Iterable[Region]) -> list[Region]:
    """The parts of a region that no other one covers."""
    left = [region]
    for other in called:
        kept = []
        for each in left:
            if other.accession != each.accession:
                kept.append(each)
                continue
            kept += [
                Region(each.accession, start, end)
                for start, end in (
                    (each.start, min(each.end, other.start)),
                    (max(each.start, other.end), each.end),
                )
                if start < end
            ]
        left = kept
    return left


def _regions(
    name: str, regions: list[Region] | None, spans: Sequence[Span], vocabulary: Vocabulary
) -> Iterator[Part]:
    if regions is None:
        yield text(name, UNKNOWN)
        return
    within = [part for each in regions for part in _clipped(each, spans, vocabulary)]
    if within:
        yield text(name, ",".join(each.text for each in _joined(within)))


def _clipped(region: Region, spans: Sequence[Span], vocabulary: Vocabulary) -> Iterator[Region]:
    """The parts of a region that lie in the spans asked for, on its own build."""
    build, chromosome = vocabulary.accessions.get(region.accession, ("", ""))
    for span in spans:
        if chromosome != span.chromosome or build not in (span.assembly, "both"):
            continue
        start, end = max(region.start, span.start), min(region.end, span.end)
        if start < end:
            yield Region(region.accession, start, end)


def _joined(regions: Iterable[Region]) -> list[Region]:
    """Sorted, and those that overlap or touch as one."""
    found: list[Region] = []
    for each in sorted(set(regions)):
        last = found[-1] if found else None
        if last is not None and last.accession == each.accession and each.start <= last.end:
            found[-1] = Region(last.accession, last.start, max(last.end, each.end))
        else:
            found.append(each)
    return found


FIND_STUDY_METADATA = Operation(
    name="find-study-metadata",
    title="Find Study Metadata",
    text="Which genetic tests a patient had, and what they looked at.",
    about="subject",
    family="metadata",
    takes=(SUBJECT, TEST_IDENTIFIERS, TEST_DATES, SPECIMENS, OPTIONAL_RANGES),
    gives=(
        Parameter(
            "tests", "", 0, "*",
            text="One for each test and build.",
            parts=(
                Parameter("testId", "string", 1, text="The test's identifier."),
                Parameter("testDate", "dateTime", 1, text="When it was made."),
                Parameter("specimenId", "string", text="The specimen's identifier."),
                Parameter("genomicBuild", "CodeableConcept", text="GRCh37 or GRCh38."),
                Parameter("dnaChangeType", "CodeableConcept", text="The kinds of change sought."),
                Parameter(
                    "regionStudied", "string",
                    text="What was studied of the ranges asked for, comma separated; or unknown.",
                ),
                Parameter(
                    "uncallableRegions", "string",
                    text="What could not be called of them, comma separated; or unknown.",
                ),
            ),
        ),
    ),
    run=find_study_metadata,
)  # fmt: skip

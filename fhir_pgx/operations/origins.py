"""Which test, specimen and time a stored result comes from, for those who ask for some alone.

A result without that information does not match: who asks for one test's results must not get
another's. A report speaks for the results it lists and for those below their groupers, a study
(Procedure) for what is part of it.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fhir_pgx.fhir.bundle import as_dicts, as_text, reference_of, type_and_id
from fhir_pgx.operations.bodies import decoded
from fhir_pgx.operations.dates import Interval, interval_at, overlaps
from fhir_pgx.operations.operation import Asked
from fhir_pgx.operations.tokens import Token, names_one, read_token
from fhir_pgx.storage.store import Reads

_STUDY = "http://hl7.org/fhir/uv/genomics-reporting/StructureDefinition/genomic-study-reference"
_EFFECTIVE = ("effectiveDateTime", "effectivePeriod", "effectiveInstant")
_PERFORMED = ("performedDateTime", "performedPeriod")
_DEPTH = 3  # reports list groupers, and these hold the results, two deep in real reports

Found = Mapping[str, Any]
Reference = tuple[str, str]


class Origins:
    """Answers for one call whether a stored result is of what was asked; reads each thing once."""

    def __init__(self, asked: Asked, reads: Reads) -> None:
        self._reads = reads
        self._tests = [read_token(each) for each in asked.listed("testIdentifiers")]
        self._specimens = [read_token(each) for each in asked.listed("specimenIdentifiers")]
        self._dates = asked.dates
        self._patient = asked.subject
        self._read: dict[Reference, Found | None] = {}
        self._kept: dict[Reference, bool] = {}

    @property
    def are_asked(self) -> bool:
        """Whether the call asks for anything that has to be looked up."""
        return bool(self._tests or self._specimens or self._dates)

    def keep(self, resource: Found) -> bool:
        """Whether a result is of the tests, specimens and dates asked for; True where none are."""
        if not self.are_asked:
            return True
        reference = (as_text(resource.get("resourceType")), as_text(resource.get("id")))
        if reference not in self._kept:
            self._kept[reference] = self._keeps(resource, reference)
        return self._kept[reference]

    def _keeps(self, resource: Found, reference: Reference) -> bool:
        reports = list(self._reports(reference, _DEPTH))
        results = [resource, *reports]
        studies = [study for each in results for study in self._studies(each)]
        return (
            (not self._tests or any(_is_named(self._tests, each) for each in (*results, *studies)))
            and (self._dates is None or self._is_then(self._dates, resource, reports, studies))
            and (not self._specimens or any(self._is_of_specimen(each) for each in results))
        )

    def _reports(self, reference: Reference, depth: int) -> Iterator[Found]:
        """The reports that list a result or a grouper of it, and results told by a sequence."""
        is_sequence = reference[0] == "MolecularSequence"
        params = ("result", "has-member", *(("derived-from",) if is_sequence else ()))
        for stored in self._reads.referring(*reference, params):
            if stored.patient != self._patient:
                continue
            found = decoded(stored)
            yield found
            if stored.type == "Observation" and depth:
                yield from self._reports((stored.type, stored.id), depth - 1)

    def _studies(self, resource: Found) -> Iterator[Found]:
        links = [reference_of(each) for each in as_dicts(resource.get("partOf"))]
        for extension in as_dicts(resource.get("extension")):
            if extension.get("url") == _STUDY:
                links.append(reference_of(extension.get("valueReference")))
        if resource.get("resourceType") == "Procedure":
            yield resource
        for link in links:
            found = self._find(link)
            if found is not None:
                yield found

    def _find(self, link: str) -> Found | None:
        """What a reference leads to, where it is about this patient or about none."""
        reference = type_and_id(link)
        if not reference[0]:
            return None
        if reference not in self._read:
            stored = self._reads.read(*reference)
            is_ours = stored is not None and stored.patient in ("", self._patient)
            self._read[reference] = (
                decoded(stored) if stored and is_ours and not stored.is_deleted else None
            )
        return self._read[reference]

    def _is_then(
        self, dates: Interval, resource: Found, reports: Iterable[Found], studies: Iterable[Found]
    ) -> bool:
        """By the result's own time, else its report's, its study's, or when it was issued."""
        all_reports = list(reports)
        candidates = (
            interval_at(resource, *_EFFECTIVE),
            *(interval_at(each, *_EFFECTIVE) for each in all_reports),
            *(interval_at(each, *_PERFORMED) for each in studies),
            interval_at(resource, "issued"),
            *(interval_at(each, "issued") for each in all_reports),
        )
        when = next((each for each in candidates if each is not None), None)
        return when is not None and overlaps(when, dates)

    def _is_of_specimen(self, resource: Found) -> bool:
        for stated in as_dicts(resource.get("specimen")):
            link = reference_of(stated)
            if _is_linked(self._specimens, link) or names_one(
                self._specimens, stated.get("identifier")
            ):
                return True
            specimen = self._contained(resource, link) if link[:1] == "#" else self._find(link)
            if specimen is not None and _is_named(self._specimens, specimen):
                return True
        return False

    def _contained(self, resource: Found, link: str) -> Found | None:
        inside = as_dicts(resource.get("contained"))
        return next((each for each in inside if each.get("id") == link[1:]), None)


def _is_named(tokens: Iterable[Token], resource: Found) -> bool:
    """By id, `Type/id`, identifier or accession."""
    wanted = list(tokens)
    id_ = as_text(resource.get("id"))
    link = f"{as_text(resource.get('resourceType'))}/{id_}"
    return (
        _is_linked(wanted, link)
        or names_one(wanted, resource.get("identifier"))
        or names_one(wanted, resource.get("accessionIdentifier"))
    )


def _is_linked(tokens: Iterable[Token], link: str) -> bool:
    type_, id_ = type_and_id(link)
    return bool(id_) and any(
        token.system is None and token.code in (id_, f"{type_}/{id_}") for token in tokens
    )

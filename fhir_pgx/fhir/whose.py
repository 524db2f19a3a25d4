"""Whose genome a result is of: the patient's own, a tumour's, or somebody else's.

Observations and sequences say it by `focus`, by the genomic source class and by their specimen;
where one says nothing, the panel, report or container that holds it says it, or all the results
that it is derived from. A sequence is as its Observations are. Somebody else's results are listed
and never read; a tumour's never speak for the patient's own genome.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from fhir_pgx.fhir.bundle import (
    Entry,
    References,
    as_dicts,
    as_list,
    as_text,
    logical_id,
    reference_of,
    type_and_id,
)
from fhir_pgx.fhir.gathering import subject_of
from fhir_pgx.fhir.genome_words import (
    is_fetal_class,
    is_of_tumour,
    of_another,
    says_donor,
    says_whose,
    source_class_of,
)
from fhir_pgx.fhir.genomes import Genomes
from fhir_pgx.fhir.relatives import OF_A_RELATIVE
from fhir_pgx.fhir.result_links import RESULTS, Links
from fhir_pgx.fhir.values import concept_of, value_of
from fhir_pgx.model.finding import SourceClass
from fhir_pgx.terminology import GENOMIC_SOURCE_CLASS

NOT_THE_PATIENT = "about {}, not about the patient"
FETAL_CLASS = "of a fetus, by its genomic source class, not of the patient"
ANOTHERS_SPECIMEN = "of {}, by its specimen, not of the patient"
_NOBODY_KNOWN = "somebody that its focus does not tell"

_SOURCE_EXTENSION = "observation-geneticsGenomicSourceClass"
# FHIR Extensions, focusCode: the focus where it is not the patient of record; its STU3 ancestor.
_FOCUS_EXTENSIONS = ("observation-focusCode", "observation-focal-subject")
# What is measured, ordered or treated: no bearer of a genome.
_NO_BEARERS = frozenset(
    (*RESULTS, "Specimen", "DiagnosticReport", "GenomicStudy", "ServiceRequest", "Procedure",
     "Condition", "Encounter", "Medication", "MedicationRequest", "MedicationStatement",
     "MedicationAdministration", "MedicationDispense", "DocumentReference", "ImagingStudy")
)  # fmt: skip
_MAX_PARENTS = 6  # of a specimen: extract, aliquot, block, …
_MOST_SAID = 2000  # signs of the words of a specimen; no more is looked through
_LONGEST = 120  # signs of a class in words

Said = list[tuple[str, str]]


def genomes_of(
    entries: Sequence[Entry],
    references: References,
    report_of: Mapping[int, Entry],
    relatives: frozenset[int],
    subjects: Sequence[str],
) -> Genomes:
    """Whose genome each resource is of. `relatives` are those of a family history, `subjects` the
    patients met."""
    asked = _Asked(references, report_of, subjects)
    for entry in entries:
        if id(entry.resource) in relatives:
            asked.another[id(entry.resource)] = OF_A_RELATIVE
        elif entry.type in RESULTS:
            asked.ask_result(entry)
        elif entry.type == "DiagnosticReport":
            asked.ask_specimens(entry)
    germline = frozenset(asked.germline)
    if not asked.has_found_others:  # nearly always
        return Genomes(germline=germline)
    links = Links(entries, references)
    own = frozenset(asked.has_specimen)
    another = links.spread(asked.another_by_specimen, own) | links.spread(asked.another)
    donors = links.spread(asked.donors) if asked.donors else {}
    donors = {key: person for key, person in donors.items() if key in another}
    # Blood is no word against `somatic`: it is the tumour's tissue in leukaemia.
    somatic = links.spread(dict.fromkeys(asked.somatic, ""), germline)
    by_specimen = links.spread(dict.fromkeys(asked.somatic_by_specimen, ""), own | germline)
    return Genomes(another, frozenset((*somatic, *by_specimen)), germline, donors)


class _Asked:
    """What each resource says by itself, by `id()` of the resource."""

    def __init__(
        self, references: References, report_of: Mapping[int, Entry], subjects: Sequence[str]
    ) -> None:
        self.references, self.report_of, self.subjects = references, report_of, subjects
        self.another: dict[int, str] = {}
        self.another_by_specimen: dict[int, str] = {}
        self.donors: dict[int, str] = {}  # of those, the donors', with whom they are of
        self.somatic: set[int] = set()
        self.somatic_by_specimen: set[int] = set()
        self.germline: set[int] = set()
        self.has_specimen: set[int] = set()  # one that says of whom it is

    @property
    def has_found_others(self) -> bool:
        return bool(
            self.another or self.another_by_specimen or self.somatic or self.somatic_by_specimen
        )

    def ask_result(self, entry: Entry) -> None:
        key, resource = id(entry.resource), entry.resource
        if "focus" in resource or "extension" in resource:
            about = self._focus(entry)
            if about:
                self.another[key] = NOT_THE_PATIENT.format(about)
                donor = find_donor(entry, self.references)
                if donor is not None:
                    self.donors[key] = donor
                return
        classes = _kept_classes(entry)
        said = {said for said, _ in classes}
        if any(is_fetal for _, is_fetal in classes):
            self.another[key] = FETAL_CLASS
        elif SourceClass.SOMATIC in said:
            self.somatic.add(key)
        elif SourceClass.GERMLINE in said:
            self.germline.add(key)
            self.somatic_by_specimen.discard(key)
        if "specimen" in resource or "focus" in resource:
            self.ask_specimens(entry)

    def ask_specimens(self, entry: Entry) -> None:
        """A report of several specimens counts where all of them say the same."""
        key = id(entry.resource)
        specimens = [self._specimen(item, entry) for item in _specimens(entry.resource)]
        if any(says_whose(words) for said in specimens for words, code in said if words != code):
            self.has_specimen.add(key)
        bearers = [of_another(said) for said in specimens]
        if bearers and all(bearers):
            self.another_by_specimen[key] = ANOTHERS_SPECIMEN.format(bearers[0])
            if all(bearer == "a donor" for bearer in bearers):
                self.donors[key] = self._bearer(entry)
            self.has_specimen.add(key)
        elif specimens and all(is_of_tumour(said) for said in specimens):
            self.has_specimen.add(key)
            if key not in self.germline:
                self.somatic_by_specimen.add(key)

    def _specimen(self, item: Mapping[str, Any], origin: Entry) -> Said:
        """The words and codes of a specimen and of those that it was made of."""
        display = as_text(item.get("display"))[:_MOST_SAID]
        said: Said = [(display, "")] if display else []
        waiting, seen = [(item, origin)], 0
        while waiting and seen < _MAX_PARENTS:
            seen += 1
            one, holder = waiting.pop(0)
            found = self.references.find(reference_of(one), holder)
            if found is None or found.type != "Specimen":
                continue
            collection = found.resource.get("collection")
            site = collection.get("bodySite") if isinstance(collection, dict) else None
            said += _said(found.resource.get("type"), _concept_in(site))
            waiting += [(parent, found) for parent in as_dicts(found.resource.get("parent"))]
        return said

    def _bearer(self, entry: Entry) -> str:
        """Whom the specimen is of by its own subject; empty where it names nobody."""
        for item in _specimens(entry.resource):
            found = self.references.find(reference_of(item), entry)
            if found is not None and (subject := subject_of(found.resource)):
                return subject
        return ""

    def _focus(self, entry: Entry) -> str:
        """Whom the result is about where it is not the patient; empty where it is."""
        for extension in as_dicts(entry.resource.get("extension")):
            if as_text(extension.get("url")).endswith(_FOCUS_EXTENSIONS):
                return "somebody else"
        for item in as_list(entry.resource.get("focus")):
            about = self._about(item, entry) if item else ""
            if about:
                return about
        return ""

    def _about(self, item: Any, entry: Entry) -> str:
        reference = reference_of(item)
        found = self.references.find(reference, entry)
        stated = as_text(item.get("type")) if isinstance(item, dict) else ""
        kind = found.type if found is not None else type_and_id(reference)[0] or stated
        if kind in _NO_BEARERS:
            return ""
        if kind == "BodyStructure" and found is not None and self._is_tumour(found):
            self.somatic_by_specimen.add(id(entry.resource))
            return ""
        if reference and kind in ("Patient", ""):
            if self._patient(reference, entry) in self._patients(entry):
                return ""
            return "another Patient" if kind else _NOBODY_KNOWN
        # What is no type is not repeated: it may be a name.
        is_type = kind.isalpha() and kind.isascii() and len(kind) < 40 and kind != "Patient"
        return f"a {kind}" if is_type else _NOBODY_KNOWN

    def _is_tumour(self, structure: Entry) -> bool:
        resource = structure.resource
        parts = [resource.get(name) for name in ("morphology", "location", "description")]
        parts += [part.get("structure") for part in as_dicts(resource.get("includedStructure"))]
        return is_of_tumour(_said(*parts))

    def _patients(self, entry: Entry) -> set[str]:
        """The record's owner: the result's subject, else that of its report or container, else
        the one patient met."""
        holders = (entry, self.report_of.get(id(entry.resource)), entry.container)
        for holder in holders:
            if holder is not None and (subject := subject_of(holder.resource)):
                return {self._patient(subject, holder)}
        return {self.subjects[0]} if len(self.subjects) == 1 else set()

    def _patient(self, reference: str, origin: Entry) -> str:
        """A patient's logical id, whatever the form of the reference; `#id` is another resource's
        own."""
        found = self.references.find(reference, origin)
        if found is None:
            return logical_id(reference)
        return found.id or logical_id(found.full_url)


_KEPT: dict[bytes, tuple[tuple[SourceClass, bool], ...]] = {}  # by what a result says
_MOST_KEPT = 8192


def _kept_classes(entry: Entry) -> tuple[tuple[SourceClass, bool], ...]:
    """As `_classes_of`, once for all results that say the same."""
    key = entry.print
    found = _KEPT.get(key) if key else None
    if found is None:
        found = tuple(_classes_of(entry.resource))
        if len(_KEPT) >= _MOST_KEPT:
            _KEPT.clear()
        if key:
            _KEPT[key] = found
    return found


def _classes_of(resource: Mapping[str, Any]) -> list[tuple[SourceClass, bool]]:
    """What the source class component, and R4's extension of that name, say: the class, and
    whether it is a fetus's."""
    found = []
    for component in as_dicts(resource.get("component")):
        code = component.get("code")
        codings = code.get("coding") if isinstance(code, dict) else None
        for item in codings if isinstance(codings, list) else as_dicts(codings):
            if isinstance(item, dict) and item.get("code") == GENOMIC_SOURCE_CLASS:
                found.append(_class_in(component))
                break
    if "extension" not in resource:
        return found
    for extension in as_dicts(resource.get("extension")):
        if as_text(extension.get("url")).endswith(_SOURCE_EXTENSION):
            found.append(_class_in(extension))
    return found


def _class_in(element: Mapping[str, Any]) -> tuple[SourceClass, bool]:
    match element.get("valueCodeableConcept"):
        case {"coding": [{"code": str(code), "display": str(display)}], **rest} if not rest:
            if len(code) + len(display) < _LONGEST:
                return _known_class(code, display)
    concept = value_of(element).concept
    return source_class_of(concept), is_fetal_class(concept)


@lru_cache(maxsize=256)  # the same few words everywhere
def _known_class(code: str, display: str) -> tuple[SourceClass, bool]:
    concept = concept_of({"coding": [{"code": code, "display": display}]})
    return source_class_of(concept), is_fetal_class(concept)


def _specimens(resource: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from as_dicts(resource.get("specimen"))
    for item in as_dicts(resource.get("focus")):
        if type_and_id(reference_of(item))[0] == "Specimen":
            yield item


def _concept_in(site: Any) -> Any:
    """A body site: a CodeableConcept, since R5 a CodeableReference that holds one."""
    return site.get("concept", site) if isinstance(site, dict) else site


def find_donor(entry: Entry, references: References) -> str | None:
    """The donor that an Observation is focused on: the reference, else the words; None where it is
    not said that it is a donor. Words or codes say so: of the focus, of the person that it leads
    to, or of what is observed."""
    said = _said(entry.resource.get("code"))
    for extension in as_dicts(entry.resource.get("extension")):
        if as_text(extension.get("url")).endswith(_FOCUS_EXTENSIONS):
            said += value_of(extension).concept.stated
    person = ""
    for item in as_dicts(entry.resource.get("focus")):
        if type_and_id(reference_of(item))[0] in _NO_BEARERS:
            continue
        person = person or reference_of(item) or as_text(item.get("display"))
        said += [(as_text(item.get("display")), ""), (as_text(item.get("type")), "")]
        found = references.find(reference_of(item), entry)
        said += _role_words(found.resource) if found is not None else []
    return person if says_donor(said) else None


def _role_words(person: Mapping[str, Any]) -> Said:
    """What a Patient or RelatedPerson says of the role: never the name."""
    found = _said(person.get("relationship"))
    meta = person.get("meta")
    found += _said(meta.get("tag")) if isinstance(meta, dict) else []
    for extension in as_dicts(person.get("extension")):
        found += value_of(extension).concept.stated
    for identifier in as_dicts(person.get("identifier")):
        found += _said(identifier.get("type"))
    return found


def _said(*elements: Any) -> Said:
    found: Iterable[Any] = (each for element in elements for each in as_list(element))
    return [
        (words[:_MOST_SAID], code[:_MOST_SAID])
        for element in found
        for words, code in concept_of(element).stated
    ]

"""Resources in, a Reading out: everything that FHIR genomics resources say, and nothing more.

Reads the four generations of the Genomics Reporting guide (STU1 to CI 4.0), R4 and R4B core
shapes, STU3 Sequence and R5 MolecularSequence; what it meets and cannot use is listed.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fhir_pgx.fhir import antibodies, cancers, care_plans, markers, pathogens, risks, typings
from fhir_pgx.fhir.allele_pairs import combine_halves
from fhir_pgx.fhir.annotations import with_annotations
from fhir_pgx.fhir.bundle import Entry, References, as_dicts, as_text, logical_id, reference_of
from fhir_pgx.fhir.derived import evidence_of
from fhir_pgx.fhir.diagnostic_report import read_report
from fhir_pgx.fhir.distinct import distinct
from fhir_pgx.fhir.gathering import Gathering, index_reports, subject_of
from fhir_pgx.fhir.kept import ResultMemory
from fhir_pgx.fhir.molecular_sequence import read_sequence, stated_sequences
from fhir_pgx.fhir.observation import read_observation
from fhir_pgx.fhir.problem import read_problem
from fhir_pgx.fhir.recommended_action import read_recommended_action
from fhir_pgx.fhir.relatives import OF_A_RELATIVE, of_relatives
from fhir_pgx.fhir.resolution import Lineage
from fhir_pgx.fhir.sequence_zygosity import join_observations
from fhir_pgx.fhir.significance import pass_on
from fhir_pgx.fhir.stages import with_stages
from fhir_pgx.fhir.unread import settle
from fhir_pgx.fhir.variant import NO_IDENTITY, refuse
from fhir_pgx.fhir.whose import genomes_of
from fhir_pgx.model.knowledge import Vocabulary
from fhir_pgx.model.reading import Reading


def read_condition(entry: Entry, gathering: Gathering) -> None:
    """A problem may be a cancer, and may name a phenotype."""
    cancers.read_cancer(entry, gathering)
    read_problem(entry, gathering)


def read_risk_assessment(entry: Entry, gathering: Gathering) -> None:
    risks.claim(entry, gathering)


def read_result(entry: Entry, gathering: Gathering) -> None:
    """An Observation, by the first reader whose own it is."""
    code = entry.resource.get("code")
    if not _is_of_host(code, gathering.vocabulary) and _is_named(code):
        for claim in _CLAIMANTS:
            if claim(entry, gathering):
                return
    read_observation(entry, gathering)


def _is_of_host(code: Any, vocabulary: Vocabulary) -> bool:
    """True for a LOINC code of one gene of drug response (`79714-2`): nobody else can own it.

    Not HLA, which is typed for transplants too, nor a code without a gene, which anybody uses.
    """
    codings = code.get("coding") if isinstance(code, dict) else None
    for item in codings if isinstance(codings, list) else ():
        term = vocabulary.loinc.get(as_text(item.get("code"))) if isinstance(item, dict) else None
        if term is not None and term.gene and not term.gene.startswith("HLA"):
            return True
    return False


def _is_named(code: Any) -> bool:
    """False where the words of a code are no name of a test: a letter, or an attack."""
    if not isinstance(code, dict):
        return True
    words = [code.get("text"), *(item.get("display") for item in as_dicts(code.get("coding")))]
    return all(not isinstance(each, str) or len(each) <= _MAX_NAME for each in words)


def of_others(entries: Sequence[Entry]) -> frozenset[str]:
    """The references of results that are of another genome than the patient's: a relative's, a
    fetus's, a donor's."""
    references = References(entries)
    subjects, report_of = _subjects(entries, references), index_reports(entries, references)
    relatives = of_relatives(entries, references)
    genomes = genomes_of(entries, references, report_of, relatives, subjects)
    return frozenset(each.reference for each in entries if genomes.reason(each))


_READERS: dict[str, Callable[[Entry, Gathering], None]] = {
    "Observation": read_result,
    "DiagnosticReport": read_report,
    "MolecularSequence": read_sequence,
    "Sequence": read_sequence,
    "Task": read_recommended_action,
    "Condition": read_condition,
    "AllergyIntolerance": read_problem,
    "RiskAssessment": read_risk_assessment,
    "CarePlan": care_plans.read_plan,
    "ServiceRequest": care_plans.read_plan,
    "ProcedureRequest": care_plans.read_plan,
    "ReferralRequest": care_plans.read_plan,
    "Consent": care_plans.read_consent,
}
# Each says whether an Observation is its own: it has then read it, or listed why not, and nobody
# else reads it. A pathogen and a donor come first: to every other reader they are somebody else.
_CLAIMANTS: tuple[Callable[[Entry, Gathering], bool], ...] = (
    pathogens.claim,
    antibodies.claim,
    typings.claim,
    risks.claim,
    markers.claim,
)
_UNREAD = {
    "DocumentReference": "an attached document, which is not read",
    "Binary": "a file, which is not read",
    "Media": "an image, which is not read",
}
_MAX_NAME = 1000
_SEQUENCES = ("MolecularSequence", "Sequence")


def read(
    entries: Sequence[Entry], vocabulary: Vocabulary, memory: ResultMemory | None = None
) -> Reading:
    """All that the resources say of genes, each resource once, in the order they came.

    With a `memory`, an Observation whose like was read before is not read again.

    Raises nothing of its own: what cannot be read is in `not_understood`, with its reason.
    """
    unlike, caveats = distinct([entry for entry in entries if entry.mode != "outcome"])
    kept, concluded = evidence_of(unlike)
    references = References(kept)
    subjects, report_of = _subjects(kept, references), index_reports(kept, references)
    relatives = of_relatives(kept, references)
    genomes = genomes_of(kept, references, report_of, relatives, subjects)
    subjects = _without_donors(subjects, kept, genomes.donors)
    lineage = Lineage(vocabulary, references)
    gathering = Gathering(vocabulary, references, lineage, report_of, genomes)
    for gene in concluded:
        if symbol := vocabulary.genes.get(gene):
            gathering.refused_genes[symbol] = None
    for entry in kept:
        reader = _READERS.get(entry.type)
        if reader is not None and id(entry.resource) in relatives:
            gathering.missed(entry, OF_A_RELATIVE)
        elif entry.type in _SEQUENCES and genomes.reason(entry):
            gathering.missed(entry, genomes.reason(entry))
        elif reader is read_result and memory is not None:
            memory.read(entry, gathering, read_result)
        elif reader is not None:
            reader(entry, gathering)
        elif entry.type in _UNREAD:
            gathering.missed(entry, _UNREAD[entry.type])
    if gathering.annotations:
        with_annotations(gathering)
    if gathering.diagnoses:
        pass_on(gathering)
    if gathering.stages:
        with_stages(gathering)
    gathering.statements.extend(combine_halves(gathering.halves))
    if gathering.unread:
        made, listed = settle(gathering.unread, gathering.statements, gathering.variants)
        gathering.statements.extend(made)
        gathering.not_understood.extend(listed)
    joined: frozenset[str] = frozenset()
    if gathering.sequence_count:
        own = [entry for entry in kept if id(entry.resource) not in relatives]
        joined = join_observations(gathering, _derived_from_sequences(own, references))
    for entry, variant in gathering.nameless:
        if variant.origin.reference not in joined:
            refuse(entry, NO_IDENTITY, variant.genes, gathering)
    return Reading(
        subjects=subjects,
        statements=tuple(gathering.statements),
        implications=tuple(gathering.implications),
        recommendations=tuple(gathering.recommendations),
        phases=tuple(gathering.phases),
        variants=tuple(gathering.variants),
        sequence_count=gathering.sequence_count,
        not_understood=tuple(gathering.not_understood),
        caveats=caveats,
        diagnoses=tuple(gathering.diagnoses),
        sequences=stated_sequences(gathering),
        refused_genes=tuple(gathering.refused_genes),
        precision=gathering.precision(),
    )


def _derived_from_sequences(
    entries: Sequence[Entry], references: References
) -> dict[str, list[Entry]]:
    """The Observations derived from each sequence, by the sequence's reference."""
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.type != "Observation":
            continue
        for item in as_dicts(entry.resource.get("derivedFrom")):
            parent = references.find(reference_of(item), entry)
            if parent is not None and parent.type in _SEQUENCES:
                found.setdefault(parent.reference, []).append(entry)
    return found


def _subjects(entries: Sequence[Entry], references: References) -> tuple[str, ...]:
    """The distinct logical ids of the patients that the resources are or are about.

    A contained Patient has an id of its own only inside its container, and counts only where no
    other patient is named.
    """
    found: dict[str, None] = {}
    contained: dict[str, None] = {}
    followed: set[str] = set()  # nearly every resource of a call names the same one
    for entry in entries:
        if entry.type == "Patient":
            if entry.container is not None:
                contained[entry.id] = None
            else:
                found[entry.id or logical_id(entry.full_url)] = None
            continue
        reference = subject_of(entry.resource)
        if not reference or reference in followed or reference.startswith("#"):
            continue
        patient = references.find(reference, entry)
        if patient is not None:
            followed.add(reference)
            if patient.type == "Patient":
                found[patient.id or logical_id(patient.full_url)] = None
        elif _names_patient(reference, entry):
            found[logical_id(reference)] = None
    found.pop("", None)
    contained.pop("", None)
    return tuple(found or contained)


def _without_donors(
    subjects: tuple[str, ...], entries: Sequence[Entry], donors: Mapping[int, str]
) -> tuple[str, ...]:
    """The subjects without a donor's Patient that results name by their focus alone."""
    if not donors:
        return subjects
    named = {logical_id(person) for person in donors.values() if person}
    about = {logical_id(subject_of(entry.resource)) for entry in entries}
    return tuple(each for each in subjects if each not in named or each in about)


def _names_patient(reference: str, entry: Entry) -> bool:
    subject = entry.resource.get("subject")
    kind = as_text(subject.get("type")) if isinstance(subject, dict) else ""
    if kind:
        return kind == "Patient"
    return reference.startswith("urn:") or "/" not in reference or "Patient/" in reference

"""Whether every resource of a call speaks of the patient it is about.

Advice from another patient's genome is the gravest fault a service can commit, so what cannot be
shown to be this patient's by a reference is either refused (it names somebody else, or somebody
who cannot be found out) or flagged (it names nobody). `docs/cds-hooks.md` has the table.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from fhir_pgx.errors import Issue, MixedPatients
from fhir_pgx.fhir.bundle import (
    Entry,
    References,
    as_dicts,
    as_list,
    as_text,
    reference_of,
    type_and_id,
)
from fhir_pgx.fhir.whose import find_donor
from fhir_pgx.model.finding import NotUnderstood

# Where FHIR resources of every release name the patient they are about.
_SUBJECTS = ("subject", "patient", "beneficiary", "for", "individual")

# Types that are always about a patient: without a subject they are flagged.
_ABOUT_A_PATIENT = frozenset(
    {
        "Observation", "DiagnosticReport", "MolecularSequence", "Sequence", "GenomicStudy",
        "Condition", "AllergyIntolerance", "MedicationRequest", "MedicationOrder",
        "MedicationStatement", "MedicationUsage", "MedicationDispense", "MedicationAdministration",
        "ServiceRequest", "Procedure", "Encounter", "FamilyMemberHistory",
    }
)  # fmt: skip

_OTHER = "{} is about another patient than the one in context"
_UNKNOWN = "{} names a patient that nothing in the request identifies"
_MEND = "send data of one patient in one call, each resource with a reference to Patient/[id]"
_MOST_ISSUES = 20

Identifiers = dict[str, set[str]]


@dataclass(frozen=True, slots=True)
class PatientCheck:
    """The resources left out, with the reason, and what was odd."""

    left_out: tuple[NotUnderstood, ...]
    flags: tuple[str, ...]
    gone: frozenset[int]  # id() of each resource left out

    def keep(self, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
        """Those of the entries checked that may be used."""
        if not self.gone:
            return entries
        return tuple(entry for entry in entries if id(entry.resource) not in self.gone)


def check_patient(entries: Iterable[Entry], patient_id: str) -> PatientCheck:
    """Compare each resource's patient with the one in context.

    References count by logical id, whether relative, absolute or versioned. A `urn:` reference is
    the Patient entry of that fullUrl. Patients without an id (contained, or an anonymous entry)
    are compared by identifier where both sides have one of the same system. A resource about a
    group or a specimen is left out, not refused. `Observation.focus` is the reader's: the record
    is this patient's, whomever the result is about. The Patient of a donor whom such a focus names
    is passed over; no other data of the donor may come along.

    Raises MixedPatients naming every path, and no id.
    """
    check = _Check(tuple(entries), patient_id)
    gone: set[int] = set()
    for entry in check.entries:
        home = entry.container
        if not check.is_patients(entry) or (home is not None and id(home.resource) in gone):
            gone.add(id(entry.resource))
    if check.issues:
        first = check.issues[0]
        raise MixedPatients(
            first.text, where=first.where, mend=_MEND, issues=tuple(check.issues[:_MOST_ISSUES])
        )
    flags = tuple(dict.fromkeys(check.flags))
    return PatientCheck(tuple(check.left_out), flags, frozenset(gone))


class _Check:
    def __init__(self, entries: tuple[Entry, ...], patient_id: str) -> None:
        self.entries, self.patient_id = entries, patient_id
        self.reference = f"Patient/{patient_id}"
        self.issues: list[Issue] = []
        self.left_out: list[NotUnderstood] = []
        self.flags: list[str] = []
        self.references: References | None = None  # looked up where another Patient came along
        patients = [entry for entry in entries if entry.type == "Patient"]
        self.by_url = {entry.full_url: entry for entry in patients if entry.full_url}
        self.known: Identifiers = {}
        for entry in patients:
            if entry.container is None and _id_of(entry) == patient_id:
                self._learn(_identifiers(entry.resource.get("identifier")))

    def is_patients(self, entry: Entry) -> bool:
        """Whether the entry may be used; a fault is added to `issues`, an oddity to `flags`."""
        resource = entry.resource
        kind = resource.get("resourceType")
        if kind == "Patient":
            return self._is_same_patient(entry)
        stated = False
        for member in _SUBJECTS:
            if member not in resource:
                continue
            value = resource[member]
            if not value:
                continue
            stated = True
            if type(value) is dict and value.get("reference") == self.reference:
                continue  # nearly every resource
            if not all(
                self._is_subject(one, f"{entry.path}.{member}", entry) for one in as_list(value)
            ):
                return False
        if not stated and entry.container is None and kind in _ABOUT_A_PATIENT:
            self.flags.append("subject-missing")
        return True

    def _is_same_patient(self, entry: Entry) -> bool:
        identity = "" if entry.container else _id_of(entry)
        if identity == self.patient_id:
            return True
        if self._is_donor(entry):
            return False  # not refused, and not used: what is of the donor names it by its focus
        if identity:
            return self._refuse(_OTHER, f"{entry.path}.id", entry)
        # The id of a contained resource is local to its container: only identifiers can tell.
        found = _identifiers(entry.resource.get("identifier"))
        if _conflict(found, self.known):
            return self._refuse(_OTHER, f"{entry.path}.identifier", entry)
        self._learn(found)
        self.flags.append("patient-without-id")
        return True

    def _is_donor(self, patient: Entry) -> bool:
        """Whether a result of the patient in context is focused on this one and says that it is a
        donor. Anything else that is about this one is refused all the same."""
        if self.references is None:
            self.references = References(self.entries)
        return any(
            self.references.find(reference_of(item), entry) is patient
            for entry in self.entries
            if entry.type == "Observation"
            and "focus" in entry.resource
            and reference_of(entry.resource.get("subject")) == self.reference
            and find_donor(entry, self.references) is not None
            for item in as_dicts(entry.resource["focus"])
        )

    def _is_subject(self, value: Any, path: str, entry: Entry) -> bool:
        reference = reference_of(value)
        if reference == self.reference:
            return True
        if not reference or reference.startswith("#"):
            return self._is_identified(value, path, entry)
        if reference.startswith("urn:"):
            # The Patient entry found is itself compared in its turn.
            if reference.rsplit(":", 1)[-1] == self.patient_id or reference in self.by_url:
                return True
            return self._refuse(_UNKNOWN, path, entry)
        kind, identity = type_and_id(reference)
        if kind and kind != "Patient":
            self._leave_out(entry, path, f"its subject is a {kind}, not a patient")
            return False
        if (identity or reference) == self.patient_id:
            return True
        return self._refuse(_OTHER, path, entry)

    def _is_identified(self, value: Any, path: str, entry: Entry) -> bool:
        """A subject without a reference to follow: its identifier may still tell."""
        stated = value.get("identifier") if isinstance(value, dict) else None
        if _conflict(_identifiers(stated), self.known):
            return self._refuse(_OTHER, path, entry)
        self.flags.append("subject-not-referenced")
        return True

    def _learn(self, identifiers: Identifiers) -> None:
        for system, values in identifiers.items():
            self.known.setdefault(system, set()).update(values)

    def _leave_out(self, entry: Entry, path: str, reason: str) -> None:
        self.left_out.append(NotUnderstood(entry.reference, reason, path))

    def _refuse(self, text: str, path: str, entry: Entry) -> bool:
        self.issues.append(
            Issue(text.format(entry.type), path, _MEND, MixedPatients.kind, "error", "PGX-106")
        )
        return False


def _id_of(entry: Entry) -> str:
    """A Patient entry's logical id: its own, else that of its fullUrl."""
    if entry.id:
        return entry.id
    kind, identity = type_and_id(entry.full_url)
    return identity if kind == "Patient" else ""


def _identifiers(value: Any) -> Identifiers:
    """The values of each identifier system."""
    found: Identifiers = {}
    for item in as_dicts(value):
        system, text = as_text(item.get("system")), as_text(item.get("value"))
        if system and text:
            found.setdefault(system, set()).add(text)
    return found


def _conflict(stated: Identifiers, known: Identifiers) -> bool:
    """Whether the two use a system in common and share no value in any of them."""
    shared = [system for system in stated if system in known]
    return bool(shared) and all(stated[system].isdisjoint(known[system]) for system in shared)

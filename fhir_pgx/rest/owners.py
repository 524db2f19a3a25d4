"""Whose each resource is: the patient that the store keeps it under.

A resource is of the patient that its subject names. One that names none keeps the patient it is
stored under; else, where a document holds exactly one Patient and speaks of no other, it is of that
one; else of nobody.
What is of no patient by its nature (a Medication, an Organization) belongs to the records that
refer to it.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from fhir_pgx.fhir.bundle import as_list, reference_of, type_and_id
from fhir_pgx.rest.draft import Draft
from fhir_pgx.rest.references import references_in
from fhir_pgx.rest.values_links import Resolve

_SUBJECTS: Final = ("subject", "patient", "beneficiary", "for", "individual")

# About no patient by themselves: they belong to whoever's record refers to them.
SHARED: Final = frozenset(
    {
        "Medication", "Organization", "Practitioner", "PractitionerRole", "Location", "Substance",
        "Device", "HealthcareService", "Endpoint", "Questionnaire", "PlanDefinition", "Group",
    }
)  # fmt: skip
# Their patient is that of what they are about. A Bundle is a snapshot: what is in it may have been
# corrected since, so that it is kept as a document of nobody's record.
_ABOUT: Final[Mapping[str, tuple[str, ...]]] = {
    "Provenance": ("target",),
    "AuditEvent": ("entity",),
    "Binary": ("securityContext",),
}
_NOBODYS: Final = SHARED | {"Bundle"}

Known = Callable[[Sequence[tuple[str, str]]], Mapping[str, str]]


def everywhere(reference: str) -> tuple[str, str] | None:
    """For files that an operator loads: the ids of every server named are those of our own. For
    what others send see `values_links.at_bases`."""
    found = type_and_id(reference)
    return found if found[0] else None


def nothing_known(references: Sequence[tuple[str, str]]) -> Mapping[str, str]:
    return {}


def find_owners(
    drafts: Sequence[Draft],
    resolve: Resolve,
    known: Known = nothing_known,
    spoken_of: Collection[str] = (),
) -> None:
    """Set `patient` and `referred_by` of each draft. Their `resource` has resolved references.

    `known` says under which patient `Type/id` are stored; it is asked for what a draft alone does
    not tell. `spoken_of` are the Patients that the document holds beside these drafts, and whatever
    else in it may name another.
    """
    patients = {each.id for each in drafts if each.type == "Patient"} | set(spoken_of)
    unclear = []
    for each in drafts:
        subject = _subject(each, resolve)
        each.patient = subject or ""
        if subject is None and each.type not in _NOBODYS:
            unclear.append(each)
    if unclear:
        named = patients | {each.patient for each in drafts if each.patient}
        only = next(iter(patients)) if patients and len(named) == 1 else ""
        _settle(unclear, {each.reference: each.patient for each in drafts}, only, resolve, known)
    _refer(drafts, resolve)


def subjects_of(resource: Mapping[str, Any]) -> list[Any]:
    """What a resource says that it is about, as it stands there."""
    return [each for name in _SUBJECTS for each in as_list(resource.get(name)) if each]


def _subject(draft: Draft, resolve: Resolve) -> str | None:
    """The id of the patient that a resource names; empty for another subject, None for none."""
    if draft.type == "Patient":
        return draft.id
    subjects = subjects_of(draft.resource)
    for subject in subjects:
        kind, identity = resolve(reference_of(subject)) or ("", "")
        if kind == "Patient":
            return identity
    return "" if subjects else None


def _settle(
    unclear: Sequence[Draft],
    written: Mapping[str, str],
    only: str,
    resolve: Resolve,
    known: Known,
) -> None:
    """The patient of drafts that name no subject."""
    about = {each.reference: _about(each, resolve) for each in unclear}
    asked = {each.reference: (each.type, each.id) for each in unclear}
    for references in about.values():
        asked.update((target, _split(target)) for target in references if target not in written)
    stored = known(list(asked.values()))
    for each in unclear:
        targets = about[each.reference]
        owners = {_owner_of(target, written, stored) for target in targets} - {""}
        if stored.get(each.reference):
            each.patient = stored[each.reference]
        elif targets:
            each.patient = next(iter(owners)) if len(owners) == 1 else ""
        else:
            each.patient = only


def _owner_of(target: str, written: Mapping[str, str], stored: Mapping[str, str]) -> str:
    kind, identity = _split(target)
    return identity if kind == "Patient" else written.get(target) or stored.get(target, "")


def _about(draft: Draft, resolve: Resolve) -> set[str]:
    """`Type/id` of what a Provenance, AuditEvent or Binary is about."""
    found = set()
    for name in _ABOUT.get(draft.type, ()):
        for reference in references_in(draft.resource.get(name)):
            if target := resolve(reference):
                found.add("/".join(target))
    return found


def _split(reference: str) -> tuple[str, str]:
    kind, _, identity = reference.partition("/")
    return kind, identity


def _refer(drafts: Iterable[Draft], resolve: Resolve) -> None:
    """Tell the drafts of nobody which records refer to them."""
    nobodys = {each.reference: each for each in drafts if not each.patient}
    if not nobodys:
        return
    referred: dict[str, dict[str, None]] = {}
    for each in drafts:
        if each.patient:
            for reference in each.references:
                target = "/".join(resolve(reference) or ())
                if target in nobodys:
                    referred.setdefault(target, {})[each.patient] = None
    for target, owners in referred.items():
        nobodys[target].referred_by = tuple(owners)

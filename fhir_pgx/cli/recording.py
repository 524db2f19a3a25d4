"""What commands do with patients' data, recorded under the account that they run as."""

import os
from collections.abc import Sequence
from dataclasses import replace

from fhir_pgx.model.access import Caller
from fhir_pgx.model.audited import Access
from fhir_pgx.settings import Settings
from fhir_pgx.storage import Store
from fhir_pgx.web.entries import note_work

AT_ONCE = 500  # resources named in one entry


def record(
    store: Store, settings: Settings, accesses: Sequence[Access], *, tenant: str = ""
) -> None:
    """Record accesses of this command. Raises StoreFailure: what cannot be recorded is told."""
    note_work(store, settings, accesses, replace(operator(), tenant=tenant))


def operator() -> Caller:
    """The caller that a command is: the account of this machine, not a name that the environment
    says."""
    return Caller("operator", client="fhir-pgx", user=_account())


def of_patients(access: Access, resources: Sequence[tuple[str, str]]) -> list[Access]:
    """The access of each patient (`patient`, `Type/id`), with the resources that it was to."""
    named: dict[str, list[str]] = {}
    for patient, reference in resources:
        named.setdefault(patient, []).append(reference)
    return [
        Access(
            access.kind,
            access.what,
            patient,
            tuple(references[start : start + AT_ONCE]),
            details=access.details,
        )
        for patient, references in named.items()
        for start in range(0, len(references), AT_ONCE)
    ]


def _account() -> str:
    try:
        import pwd  # noqa: PLC0415 - not on Windows
    except ImportError:
        return ""
    number = os.getuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:  # a container's user without a name
        return f"uid {number}"

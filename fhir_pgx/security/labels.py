"""Security labels (`meta.security`): how confidential a resource is, and from whom that keeps it.

Confidentiality rises from U (unrestricted) over L, M, N, R (restricted) to V (very restricted).
R is for those who treat the patient, V for those of them who are named. A sensitivity code (genetic
disease, HIV, …) says why data are delicate and not how they are to be handled: without a
confidentiality code beside it, it counts as R. Labels are rules of the caller alone: whether any
is at work is known without looking at a single resource (`is_limited_by_labels`).

Sources: v3-Confidentiality, v3-ActCode (InformationSensitivityPolicy, RefrainPolicy).
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from fhir_pgx.model.access import Caller
from fhir_pgx.security.purposes import is_of_treatment

CONFIDENTIALITY: Final = ("U", "L", "M", "N", "R", "V")
# Without the sensitivities of who somebody is (employee, celebrity), which here mean the same.
SENSITIVITIES: Final = frozenset(
    (
        "GDIS", "HIV", "STD", "SICKLE", "SCA", "PSY", "PSYTHPN", "MH", "BH", "ETH", "ETHUD",
        "SUD", "ALC", "OPIOIDUD", "SEX", "SPI", "SV", "SDV", "TBOO", "VIO", "DVD", "IDS", "DIA",
        "PREGNANT", "MST", "SCD", "ABUSE", "COGN", "DEMPH", "CEL", "VIP", "EMP", "DIAG", "PATDET",
        "PDS", "PHY", "PRS", "DEMO", "DOB", "GENDER", "LIVARG", "MARST", "RACE", "REL", "ADOL",
        "LOCIS", "B",
    )
)  # fmt: skip
# What must not be disclosed without more than we can see: handled as very restricted.
REFRAINS: Final = frozenset(
    ("NOAUTH", "NODSCLCD", "NODSCLCDS", "NOORGPOL", "NOPOLICY", "NOVIP", "ORCON", "UUO", "MASK")
)
NOT_FOR_PATIENT: Final = "NOPAT"


def is_limited_by_labels(caller: Caller) -> bool:
    """Whether some label would keep something from this caller, whatever the data are."""
    return any(is_kept_back(frozenset((label,)), caller) for label in ("R", "V", NOT_FOR_PATIENT))


def is_kept_back(labels: frozenset[str], caller: Caller) -> bool:
    """Whether a resource with these labels is withheld from the caller.

    Where the service is open nobody is asked who they are or why they call, and no label is
    applied: an open service is for a loopback address. An operator holds the database. An
    emergency sets all aside but what must not reach the patient.
    """
    if caller.kind in ("open", "operator") or not labels:
        return False
    if NOT_FOR_PATIENT in labels and caller.is_layperson:
        return True
    if caller.breaks_glass:
        return False
    level = confidentiality(labels)
    if level == "V":
        return not (is_of_treatment(caller.purpose) and caller.user)
    return level == "R" and not is_of_treatment(caller.purpose)


def confidentiality(labels: frozenset[str]) -> str:
    """The highest confidentiality that a resource is labelled with; empty where no label says or
    implies one."""
    stated = [level for level in CONFIDENTIALITY if level in labels]
    if not labels.isdisjoint(REFRAINS):
        return "V"
    if stated:
        return stated[-1]
    return "R" if not labels.isdisjoint(SENSITIVITIES) else ""


def labels_of(body: bytes) -> frozenset[str]:
    """The codes of every label in a resource, those of contained resources with them. A resource
    that cannot be read has all of them."""
    if b'"security"' not in body:
        return frozenset()
    try:
        resource = json.loads(body)
    except ValueError:
        return frozenset((*CONFIDENTIALITY, NOT_FOR_PATIENT))
    found: set[str] = set()
    _add_labels(resource, found, 0)
    return frozenset(found)


def _add_labels(value: Any, found: set[str], depth: int) -> None:
    if depth > 60:
        found |= {*CONFIDENTIALITY, NOT_FOR_PATIENT}
    elif isinstance(value, list):
        for item in value:
            _add_labels(item, found, depth + 1)
    elif isinstance(value, Mapping):
        meta = value.get("meta")
        codings = meta.get("security") if isinstance(meta, Mapping) else None
        for coding in codings if isinstance(codings, list) else [codings]:
            code = coding.get("code") if isinstance(coding, Mapping) else None
            if isinstance(code, str) and code:
                found.add(code)
        for item in value.values():
            if isinstance(item, list | Mapping):
                _add_labels(item, found, depth + 1)

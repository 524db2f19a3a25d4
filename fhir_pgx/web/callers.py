"""Who calls this request, and what they may therefore do in the store."""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from flask import g

from fhir_pgx.fhir.json import read_json
from fhir_pgx.knowledge.gene_words import load_gene_words
from fhir_pgx.model.access import ANYBODY, Caller
from fhir_pgx.rest.rights import FREE_RIGHTS, Rights
from fhir_pgx.rest.types import TYPES
from fhir_pgx.security.rights import NOTHING_HIDDEN, CallerRights, Hidden
from fhir_pgx.security.withheld import Version, withheld
from fhir_pgx.storage.store import Reads, Store

log = logging.getLogger("fhir_pgx.security")

_ANY_DEPTH = 1_000  # what is stored was within the limits when it came


def caller() -> Caller:
    """The caller of this request, as the door found them; where nobody is asked, ANYBODY."""
    found: Caller = g.get("caller", ANYBODY)
    return found


def rights_of(store: Store, who: Caller) -> Rights:
    """The caller's rights now: what their scopes grant, less what consents and labels withhold."""
    hidden = hidden_from(store.reads(tenant=who.tenant), who, now=datetime.now(UTC))
    if who.grants is None and hidden is NOTHING_HIDDEN:
        return FREE_RIGHTS
    return CallerRights(who, TYPES, hidden)


def hidden_from(reads: Reads, who: Caller, *, now: datetime) -> Hidden:
    """What is withheld from a caller: of the one patient that they may see, or of everybody.

    Worked out for every request anew, from what is stored now: a consent holds at once. `reads`
    must show everything.
    """
    names: set[tuple[str, str]] = set()
    is_limited = False
    for patient in _guarded(reads, who):
        consents = [_read(each.body) for each in reads.record(patient) if each.type == "Consent"]
        versions = [
            Version(each.type, each.id, each.body, each.full_url)
            for each in reads.every_version(patient)
        ]
        found = withheld(versions, consents, who, now, words=load_gene_words())
        if found.not_understood:
            # Taken as a restriction; the paths hold nothing of the patient.
            line = {"consent_not_understood": found.not_understood}
            log.warning(msgspec.json.encode(line).decode())
        names |= found.hidden
        # By a Consent: what is nobody's and labelled is judged by its own label.
        is_limited = is_limited or (found.is_limited and bool(consents))
    return Hidden(frozenset(names), is_limited) if names or is_limited else NOTHING_HIDDEN


def _guarded(reads: Reads, who: Caller) -> Sequence[str]:
    patients = reads.guarded_patients()
    is_of_one = who.grants is not None and all(each.level == "patient" for each in who.grants)
    return [each for each in patients if each in ("", who.patient)] if is_of_one else patients


def _read(body: bytes) -> Any:
    return read_json(body, max_bytes=len(body), max_depth=_ANY_DEPTH)

"""What an EHR sends for a patient, the drugs picked and a hook: the request, and its server."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from fhir_pgx.errors import InvalidParameter
from fhir_pgx.services.clients import HEADER
from fhir_pgx.services.hooks import HOOKS
from fhir_pgx.services.service import Service
from fhir_pgx.workbench.ehr.contexts import PROBLEMS, Firing, Problem, context_of
from fhir_pgx.workbench.ehr.drugs import DrugChoice
from fhir_pgx.workbench.ehr.habits import EHRS, GENERIC, Ehr
from fhir_pgx.workbench.ehr.prefetch import prefetch_for
from fhir_pgx.workbench.ehr.record import Record
from fhir_pgx.workbench.ehr.server import FhirExchange
from fhir_pgx.workbench.ehr.troubles import NONE, TROUBLES, Trouble

_OPENS_NOTHING: Final = "synthetic-access-of-nobody"
_UNSIGNED: Final = (
    "A client of a closed site signs every call (Authorization: Bearer, a JWT); this one is not "
    "signed."
)
_NAMED: Final = (
    f"{HEADER} stands for what a site settles once for this EHR’s address "
    "(FHIR_PGX_CLIENT_PROFILES); the EHR itself does not send it."
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was chosen on the page; see `read_wanted`."""

    ehr: Ehr = GENERIC
    hook: str = "order-sign"
    drugs: tuple[DrugChoice, ...] = ()
    trouble: Trouble = NONE
    problem: Problem = PROBLEMS[0]


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request ready to be sent. `record` is the chart behind it; `before` what the EHR asked
    its own server beforehand; `notes` say what a reader might not expect."""

    ehr: Ehr
    trouble: Trouble
    hook: str
    service_id: str
    headers: Mapping[str, str]
    document: Mapping[str, Any]
    record: Record
    before: tuple[FhirExchange, ...] = ()
    notes: tuple[str, ...] = ()


def read_wanted(
    *,
    ehr: str,
    hook: str,
    trouble: str,
    drugs: Sequence[DrugChoice] = (),
    problem: Problem = PROBLEMS[0],
) -> Wanted:
    """The choices by name. Raises InvalidParameter for a name there is not, and for a hook that
    this EHR does not fire."""
    chosen = EHRS.get(ehr)
    if chosen is None:
        raise InvalidParameter(
            "there is no such EHR here", where="ehr", mend=f"choose one of {', '.join(EHRS)}"
        )
    if trouble not in TROUBLES:
        raise InvalidParameter(
            "there is no such trouble", where="trouble", mend=f"choose one of {', '.join(TROUBLES)}"
        )
    if hook not in chosen.hooks:
        raise InvalidParameter(
            f"{chosen.title} does not fire this hook",
            where="hook",
            mend=f"choose {' or '.join(sorted(chosen.hooks))}, or another EHR",
        )
    return Wanted(chosen, hook, tuple(drugs), TROUBLES[trouble], problem)


def build_exchange(
    record: Record, service: Service, wanted: Wanted, *, today: date | None = None
) -> Exchange:
    """The request that the EHR sends to this service, which stands on the wanted hook."""
    ehr, trouble = wanted.ehr, wanted.trouble
    day = (today or datetime.now(UTC).date()).isoformat()
    notes = [_NAMED, _UNSIGNED]
    drugs = wanted.drugs[:1] if ehr.one_order else wanted.drugs
    if len(drugs) < len(wanted.drugs) and HOOKS[wanted.hook].orders:
        notes.append(f"This EHR holds one draft at a time: only {drugs[0].name} is sent.")
    firing = Firing(ehr, record.patient_id, drugs, day, wanted.problem)
    context = context_of(wanted.hook, firing)
    record = record.with_more(context.filed)
    prefetched = prefetch_for(ehr, record, service, trouble)
    document: dict[str, Any] = {
        "hookInstance": ehr.new_instance(),
        "hook": wanted.hook,
        "fhirServer": ehr.server,
    }
    if ehr.is_authorized:
        document["fhirAuthorization"] = _authorization(record.patient_id)
    document["context"] = dict(context.members)
    if prefetched.keys:
        document["prefetch"] = dict(prefetched.keys)
    headers = {"Content-Type": "application/json", "Accept": ehr.accept, HEADER: ehr.name}
    return Exchange(
        ehr, trouble, wanted.hook, service.id, headers, document, record,
        prefetched.asked, (*notes, *prefetched.notes),
    )  # fmt: skip


def given_exchange(document: Mapping[str, Any], service: Service, ehr: Ehr = GENERIC) -> Exchange:
    """A request as somebody sent it, changed in nothing; the EHR is only who draws the cards. No
    FHIR server stands behind it."""
    headers = {"Content-Type": "application/json", "Accept": ehr.accept, HEADER: ehr.name}
    return Exchange(
        ehr, TROUBLES["prefetch-missing-not-listed"], service.hook, service.id, headers, document,
        Record("", ()), (), ("The request is sent as it was given.",),
    )  # fmt: skip


def _authorization(patient_id: str) -> dict[str, Any]:
    """As EHRs send it: the scopes are for reading, and hold names that no grammar knows."""
    return {
        "access_token": _OPENS_NOTHING,
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "patient/Observation.read patient/DiagnosticReport.read "
        "patient/MedicationRequest.read patient/Patient.read",
        "subject": "synthetic-cds-service",
        "patient": patient_id,
    }

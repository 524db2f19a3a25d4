"""The services we offer ourselves, for the hooks where a drug is chosen or a chart is opened."""

from collections.abc import Callable

from fhir_pgx.model.hook import HookAnswer, HookCall
from fhir_pgx.services.hooks import HOOKS
from fhir_pgx.services.service import Service
from fhir_pgx.services.templates import TEMPLATES

_USAGE = (
    "Needs the patient's pharmacogenomic results, prefetched or retrievable: Observation, "
    "DiagnosticReport or MolecularSequence, of any FHIR release. Data are known by resource type "
    "and code, so keys may have any name."
)

_OFFERED = (
    (
        "order-select",
        "Pharmacogenomics: choosing a drug",
        "Advice for the drugs being ordered from what is known of the patient's genes, with the "
        "guideline it rests on. Judges the selected orders alone.",
    ),
    (
        "order-sign",
        "Pharmacogenomics: signing orders",
        "Advice for every order about to be signed from what is known of the patient's genes, "
        "with the guideline it rests on.",
    ),
    (
        "patient-view",
        "Pharmacogenomics: summary of results",
        "What is known of the patient's pharmacogenes, and which medicines in use it concerns. "
        "Says nothing where there is nothing to act on.",
    ),
)


_ORDERS = ("patient", "pgxObservations", "diagnosticReports", "problems")
# Each hook asks for what it reads (minimum necessary): orders bring their own medicines.
_KEYS = {
    "order-select": _ORDERS,
    "order-sign": _ORDERS,
    "patient-view": (*_ORDERS, "activeMedications"),
}


def services(answer: Callable[[HookCall], HookAnswer]) -> tuple[Service, ...]:
    """Our services; `answer` is the pipeline's."""
    return tuple(
        Service(
            id=f"pgx-{hook}",
            hook=hook,
            title=title,
            description=description,
            answer=answer,
            prefetch={key: TEMPLATES[key] for key in _KEYS[hook]},
            usage_requirements=_USAGE,
            hook_version=HOOKS[hook].version,
        )
        for hook, title, description in _OFFERED
    )

"""The services we offer ourselves, one a hook: where a drug is chosen, a chart is opened, a problem
or an allergy is noted."""

from collections.abc import Callable

from fhir_pgx.model.hook import HookAnswer, HookCall
from fhir_pgx.services.hooks import HOOKS
from fhir_pgx.services.service import Service
from fhir_pgx.services.templates import TEMPLATES

_USAGE = (
    "Needs the patient's pharmacogenomic results, prefetched or retrievable: Observation, "
    "DiagnosticReport or MolecularSequence, of any FHIR release. Data are known by resource type "
    "and code, so keys may have any name. {more}Optional: every other key; what did not come is "
    "not judged, and a card says so where it matters. A Consent (consents) that withholds a part "
    "is honoured where it comes along."
)
_MEDICINES = "Needs the medicines in use (activeMedications), which it is about. "
_DISPATCHED = "Needs the medication orders that the context names, among activeMedications. "

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
    (
        "medication-refill",
        "Pharmacogenomics: renewing medicines",
        "Advice for each medicine to be renewed, always as information: nobody may be looking. "
        "Changes are offered only where the user is a practitioner.",
    ),
    (
        "encounter-start",
        "Pharmacogenomics: admission",
        "Which medicines in use the patient's results concern, on one card. Says nothing where "
        "there is nothing to act on.",
    ),
    (
        "encounter-discharge",
        "Pharmacogenomics: discharge medicines",
        "A card for each discharge medicine that the results speak against or would dose "
        "otherwise, and one for the others they concern.",
    ),
    (
        "problem-list-item-create",
        "Pharmacogenomics: a new problem",
        "Where a new problem is one that guidelines name drugs for, and this patient's results "
        "advise against any of them: those drugs, judged. No recommendation of a treatment.",
    ),
    (
        "allergyintolerance-create",
        "Pharmacogenomics: a new allergy or intolerance",
        "Whether a result could explain a reaction to a medicine that is being noted as an allergy "
        "or intolerance. Never says that it is not one.",
    ),
    (
        "order-dispatch",
        "Pharmacogenomics: dispatching orders",
        "Advice for the medication orders that are dispatched, as when they are signed.",
    ),
    (
        "appointment-book",
        "Pharmacogenomics: booking an appointment",
        "Which medicines in use the patient's results concern, for the clinician who books; "
        "nothing for a patient who does.",
    ),
    (
        "medication-prescribe",
        "Pharmacogenomics: choosing a drug (CDS Hooks before 1.0)",
        "As order-select, for clients that know the hook by its old name: judges every draft.",
    ),
    (
        "order-review",
        "Pharmacogenomics: signing orders (CDS Hooks before 1.0)",
        "As order-sign, for clients that know the hook by its old name.",
    ),
)

_GERMLINE = ("patient", "pgxObservations", "diagnosticReports")
_RESULTS = (*_GERMLINE, "tumourMarkers", "pathogenResults")
# Each hook asks for what it reads (minimum necessary).
_ORDERS = (*_RESULTS, "activeMedications", "testOrders", "problems", "allergies", "bodyMeasures")
_ALLERGY = (*_GERMLINE, "activeMedications", "problems")
# Wherever a test may be offered those in force are asked for: else one is offered twice.
_IN_USE = (*_RESULTS, "activeMedications", "problems", "testOrders")
# What only a chart is opened for: donors, prevention that is planned or declined, stated risks.
_CHART = (*_IN_USE, "hlaResults", "carePlans", "riskAssessments")
# What is withheld is to be known wherever anything is told.
_ALWAYS = ("consents",)
_KEYS = {
    **dict.fromkeys((hook for hook, *_ in _OFFERED), _ORDERS),
    **dict.fromkeys(("patient-view", "encounter-start", "appointment-book"), _IN_USE),
    "patient-view": _CHART,
    "encounter-start": (*_IN_USE, "hlaResults"),
    "problem-list-item-create": _IN_USE,
    "allergyintolerance-create": _ALLERGY,
}
_NEEDS = {
    **dict.fromkeys(
        ("patient-view", "encounter-start", "encounter-discharge", "appointment-book"), _MEDICINES
    ),
    "order-dispatch": _DISPATCHED,
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
            prefetch={key: TEMPLATES[key] for key in (*_KEYS[hook], *_ALWAYS)},
            usage_requirements=_USAGE.format(more=_NEEDS.get(hook, "")),
            hook_version=HOOKS[hook].version,
        )
        for hook, title, description in _OFFERED
    )

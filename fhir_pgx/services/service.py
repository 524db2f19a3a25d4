"""A CDS service as it is offered: what discovery publishes, and the function that answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fhir_pgx.model.hook import HookAnswer, HookCall


@dataclass(frozen=True, slots=True)
class Service:
    """One CDS service. `id` is the last segment of its URL, so it is unique: clients key services
    by URL and would silently keep only one of two that share an id.

    `version` is the release of CDS Hooks implemented, `hook_version` that of the hook; empty
    where it is not stated.
    """

    id: str
    hook: str
    title: str
    description: str
    answer: Callable[[HookCall], HookAnswer]
    prefetch: Mapping[str, str] = field(default_factory=dict)
    usage_requirements: str = ""
    version: str = "3.0.0"
    hook_version: str = ""


def write_service(service: Service) -> dict[str, Any]:
    """The service's entry in the discovery answer (CDS Hooks 3.0, Discovery)."""
    written: dict[str, Any] = {
        "hook": service.hook,
        "id": service.id,
        "title": service.title,
        "description": service.description,
        "prefetch": dict(service.prefetch),
        "usageRequirements": service.usage_requirements,
        "version": service.version,
        "hookVersion": service.hook_version,
    }
    return {name: value for name, value in written.items() if value}

"""The doors by which services and pages come in, ours and those of other packages.

A package offers services by an entry point of the group `fhir_pgx.services`: a function that takes
the pipeline's `answer` and returns `Service` values; and pages by one of the group
`fhir_pgx.pages`: a function that takes the `Site` and returns Flask blueprints. Ours come in the
same way.
"""

import re
from collections.abc import Callable, Iterable
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from fhir_pgx.errors import BrokenPlugin, UnknownService
from fhir_pgx.model.hook import HookAnswer, HookCall
from fhir_pgx.services.hooks import HOOKS
from fhir_pgx.services.service import Service

GROUP = "fhir_pgx.services"

# Named here, not in the package's metadata: the door must also open on an unpacked tree.
OURS = EntryPoint("pgx", "fhir_pgx.services.pgx:services", GROUP)

PAGES = "fhir_pgx.pages"
OUR_PAGES = EntryPoint("workbench", "fhir_pgx.workbench:pages", PAGES)

_SEGMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Registry:
    """The services of one deployment, by id, in the order they came in."""

    def __init__(self, services: Iterable[Service]) -> None:
        """Raises BrokenPlugin for a repeated or unusable id, or a hook we do not know."""
        self._by_id: dict[str, Service] = {}
        for service in services:
            _check(service, self._by_id)
            self._by_id[service.id] = service

    @property
    def services(self) -> tuple[Service, ...]:
        return tuple(self._by_id.values())

    def service(self, service_id: str) -> Service:
        """Raises UnknownService."""
        found = self._by_id.get(service_id)
        if found is None:
            raise UnknownService(
                "there is no CDS service of this id",
                mend="GET /cds-services lists the services with their ids",
            )
        return found


def load_services(
    answer: Callable[[HookCall], HookAnswer], doors: Iterable[EntryPoint] | None = None
) -> Registry:
    """Every service of our own and of installed packages.

    Raises BrokenPlugin where one cannot be loaded: a service that silently does not start gives
    no advice, and nobody would know.
    """
    services: list[Service] = []
    for door in (OURS, *entry_points(group=GROUP)) if doors is None else doors:
        try:
            services.extend(door.load()(answer))
        except Exception as error:
            raise BrokenPlugin(
                f"the plugin {door.name} ({door.value}) did not load: {type(error).__name__}",
                where=f"{GROUP}:{door.name}",
                mend="mend or uninstall the package that offers it",
            ) from error
    return Registry(services)


def load_pages(site: Any, doors: Iterable[EntryPoint] | None = None) -> list[Any]:
    """The blueprints of every page. An address of another package's page begins with `/pages/`,
    where operators alone come in: any other is shut (`web/door.py`).

    Raises BrokenPlugin where one cannot be loaded.
    """
    found: list[Any] = []
    for door in (OUR_PAGES, *entry_points(group=PAGES)) if doors is None else doors:
        try:
            found.extend(door.load()(site))
        except Exception as error:
            raise BrokenPlugin(
                f"the plugin {door.name} ({door.value}) did not load: {type(error).__name__}",
                where=f"{PAGES}:{door.name}",
                mend="mend or uninstall the package that offers it",
            ) from error
    return found


def _check(service: Service, taken: dict[str, Service]) -> None:
    fault = ""
    if not isinstance(service, Service):
        fault = "a plugin offers something that is not a Service"
    elif not _SEGMENT.fullmatch(service.id):
        fault = "a service id is not a single URL segment of letters, digits, . _ -"
    elif service.id in taken:
        fault = f"two services have the id {service.id}"
    elif service.hook not in HOOKS:
        fault = f"the service {service.id} stands on a hook we do not know: {service.hook}"
    if fault:
        raise BrokenPlugin(fault, where=GROUP, mend="mend or uninstall the package that offers it")

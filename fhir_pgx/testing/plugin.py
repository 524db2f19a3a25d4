"""Fixtures for the tests of an EHR, or any other client (docs/how-to/test-your-client.md).

pytest loads this module in every run on a machine where we are installed: it imports nothing of
ours until a test asks for a fixture.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from datetime import date

    from fhir_pgx.testing.received import Recorder
    from fhir_pgx.testing.server import Addresses, Example, RunningServer


@pytest.fixture(scope="session")
def fhir_pgx_settings() -> dict[str, Any]:
    """Settings of the server, by name: give this fixture another value in your conftest.py."""
    return {}


@pytest.fixture(scope="session")
def fhir_pgx_today() -> "date":
    """The server's day: the one on which the answers of the examples were written."""
    from fhir_pgx.knowledge.example_files import WRITTEN_ON  # noqa: PLC0415 - see above

    return WRITTEN_ON


@pytest.fixture(scope="session")
def fhir_pgx_server(
    tmp_path_factory: pytest.TempPathFactory,
    fhir_pgx_settings: dict[str, Any],
    fhir_pgx_today: "date",
) -> Iterator["RunningServer"]:
    """A server on a free port of this machine, with the example patients: `.url`, `.at`."""
    from fhir_pgx.testing.server import running  # noqa: PLC0415 - loads all knowledge

    folder = tmp_path_factory.mktemp("fhir_pgx")
    with running(str(folder), today=fhir_pgx_today, settings=fhir_pgx_settings) as server:
        yield server


@pytest.fixture
def fhir_pgx_client(fhir_pgx_server: "RunningServer") -> "Addresses":
    """The addresses to give to your client: `.discovery`, `.service(id)`, `.feedback(id)`,
    `.fhir`."""
    return fhir_pgx_server.at


@pytest.fixture
def fhir_pgx_received(fhir_pgx_server: "RunningServer") -> "Recorder":
    """What your client sent since this test began: `.hooks`, `.feedback`, `.requests`."""
    fhir_pgx_server.received.clear()
    return fhir_pgx_server.received


@pytest.fixture(scope="session")
def fhir_pgx_example() -> "Callable[[str], Example]":
    """An example by its name: `.document` is the request, `.answered` what it is answered with."""
    from fhir_pgx.testing.server import get_example  # noqa: PLC0415 - loads all knowledge

    return get_example


@pytest.fixture(scope="session")
def _fhir_pgx_app(
    tmp_path_factory: pytest.TempPathFactory,
    fhir_pgx_settings: dict[str, Any],
    fhir_pgx_today: "date",
) -> Iterator[Any]:
    from fhir_pgx.testing.server import application  # noqa: PLC0415 - loads all knowledge

    folder = str(tmp_path_factory.mktemp("fhir_pgx_offline"))
    # Nobody calls from outside, so nobody is asked who calls.
    settings = {name: value for name, value in fhir_pgx_settings.items() if name != "access"}
    base = "http://127.0.0.1:8080"
    with application(folder, base, today=fhir_pgx_today, settings=settings) as app:
        yield app


@pytest.fixture
def fhir_pgx_hook(_fhir_pgx_app: Any) -> Callable[..., Any]:
    """`fhir_pgx_hook(request)`: the answer to a hook request, without a server or a network."""
    from fhir_pgx.testing.server import answer_offline  # noqa: PLC0415 - loads all knowledge

    def answer(document: Any, *, service: str = "", client: str = "") -> Any:
        headers = {"X-CDS-Client": client} if client else {}
        return answer_offline(_fhir_pgx_app, document, service=service, headers=headers)

    return answer

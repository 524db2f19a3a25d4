"""A server of ours inside the test run: the whole application on a free port of this machine."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from werkzeug.serving import WSGIRequestHandler, make_server

from fhir_pgx.cli.load import load_files
from fhir_pgx.knowledge import load_knowledge
from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.knowledge.example_files import HookExample, example_patients, hook_examples
from fhir_pgx.pipeline import Pipeline
from fhir_pgx.settings import load_settings
from fhir_pgx.storage import SqlStore
from fhir_pgx.testing.received import Recorder
from fhir_pgx.web.app import create_app
from fhir_pgx.web.fhir_server import server_of

HOST: Final = "127.0.0.1"
Example = HookExample


class Refused(AssertionError):
    """A request that was answered with an error, and what the OperationOutcome says of it."""

    def __init__(self, status: int, outcome: Any) -> None:
        issues = outcome.get("issue", ()) if isinstance(outcome, dict) else ()
        lines = [_told(each) for each in issues]
        super().__init__("\n".join((f"answered with status {status}", *lines)))
        self.status, self.outcome = status, outcome


def _told(issue: Mapping[str, Any]) -> str:
    where = ", ".join(issue.get("expression", ()))
    return f"  {issue['severity']}{f' at {where}' if where else ''}: {issue.get('diagnostics', '')}"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where everything is. Without a trailing slash."""

    base: str

    @property
    def discovery(self) -> str:
        return f"{self.base}/cds-services"

    @property
    def fhir(self) -> str:
        return f"{self.base}/fhir"

    def service(self, service_id: str) -> str:
        """The address of a service, letter for letter what a JWT names as its `aud`."""
        return f"{self.discovery}/{service_id}"

    def feedback(self, service_id: str) -> str:
        return f"{self.service(service_id)}/feedback"

    def api(self, question: str) -> str:
        """`interpret`, `recommend`, `explain`."""
        return f"{self.base}/api/{question}"


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server that listens; `app` is its Flask application."""

    at: Addresses
    received: Recorder
    app: Any

    @property
    def url(self) -> str:
        return self.at.base


class _Quiet(WSGIRequestHandler):
    """Says nothing of each request: the recorder does."""

    protocol_version = "HTTP/1.1"

    def log(self, *_: object) -> None:
        pass


@contextmanager
def running(folder: str, *, today: date, settings: Mapping[str, Any]) -> Iterator[RunningServer]:
    """A server with the example patients, its store a file in `folder`, its day `today`; it has
    ended on leaving.

    `settings` are those of docs/settings.md by name, values as a TOML file has them. Raises
    InvalidSetting.
    """
    # Bound first: the address is part of what cards and discovery say.
    listener = make_server(HOST, 0, _starting, threaded=True, request_handler=_Quiet)
    base = f"http://{HOST}:{listener.port}"
    recorder = Recorder()
    try:
        with application(folder, base, today=today, settings=settings) as app:
            listener.app = recorder.around(app)
            thread = threading.Thread(target=listener.serve_forever, name="fhir_pgx", daemon=True)
            thread.start()
            try:
                yield RunningServer(Addresses(base), recorder, app)
            finally:
                listener.shutdown()
                thread.join(timeout=10)
    finally:
        listener.server_close()


def _starting(environ: Any, start: Callable[..., Any]) -> list[bytes]:
    start("503 Service Unavailable", [])
    return []


@contextmanager
def application(
    folder: str, base: str, *, today: date, settings: Mapping[str, Any]
) -> Iterator[Any]:
    """The application with the example patients in a store of its own."""
    given = {"base_url": base, "database": f"sqlite:///{folder}/fhir_pgx.db", **settings}
    chosen = load_settings({}, None, {name: _as_set(value) for name, value in given.items()})
    store = SqlStore(chosen.database, chosen.audit_salt)
    try:
        pipeline = Pipeline(load_knowledge(), DrugCodes(), today=lambda: today)
        app = create_app(chosen, pipeline=pipeline, store=store)
        load_files(
            [str(each) for each in example_patients()], server_of(app.extensions["fhir_pgx"])
        )
        yield app
    finally:
        store.close()


def _as_set(value: Any) -> Any:
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else value


def get_example(name: str) -> Example:
    """Raises LookupError, which names the examples there are."""
    held = {each.name: each for each in hook_examples()}
    if name not in held:
        raise LookupError(f"there is no example {name}; there are {', '.join(sorted(held))}")
    return held[name]


def answer_offline(
    app: Any, document: Any, *, service: str = "", headers: Mapping[str, str] | None = None
) -> Any:
    """The answer to a hook request, through the application and without a network.

    The service is the one on the request's hook where none is named. Raises Refused.
    """
    registry = app.extensions["fhir_pgx"].registry
    hook = document.get("hook") if isinstance(document, dict) else ""
    found = next((each.id for each in registry.services if each.hook == hook), "")
    answer = app.test_client().post(
        f"/cds-services/{service or found or 'none'}",
        data=json.dumps(document),
        content_type="application/json",
        headers=dict(headers or {}),
    )
    if answer.status_code != 200:
        raise Refused(answer.status_code, answer.get_json(silent=True))
    return answer.get_json()

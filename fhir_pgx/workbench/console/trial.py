"""A dry run from the page: the uploaded files in, the report out; nothing is kept of either."""

import io
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from fhir_pgx.errors import InvalidParameter, InvalidPolicy, Issue, PgxError
from fhir_pgx.model.hook import HookCall
from fhir_pgx.model.policy import Policy
from fhir_pgx.pipeline import Pipeline
from fhir_pgx.services.dry_run import dry_run, reader
from fhir_pgx.services.dry_run_report import places_in, write_dry_run
from fhir_pgx.services.gather import Sources
from fhir_pgx.services.knowledge_in_use import PolicyInForce, read_candidate
from fhir_pgx.services.past_requests import read_requests
from fhir_pgx.web.site import Site

MOST_SECONDS: Final = 20.0  # a page cannot wait longer; the command can
MOST_UNPACKED: Final = 200_000_000  # of lines, which are read one by one
MOST_LINES: Final = 100_000
MOST_ARRAY: Final = 20_000_000  # unpacked: an array is in memory as a whole
MOST_POLICY: Final = 64_000  # of a candidate: the time to read a TOML file grows with its square


@dataclass(frozen=True, slots=True)
class Trial:
    """What the form gave. `policy` is the text of a candidate, empty where there is none."""

    past: bytes
    policy: bytes = b""
    policy_name: str = "the candidate"
    with_store: bool = False


@dataclass(frozen=True, slots=True)
class Tried:
    """The report as JSON, and the patients whose data the store was asked for."""

    report: dict[str, Any]
    patients: tuple[str, ...] = ()


def run_trial(site: Site, given: Trial, in_force: PolicyInForce | None, sources: Sources) -> Tried:
    """Replay what was uploaded. `sources` are those of the store where it was asked for, else none.

    Raises InvalidParameter where there is nothing to replay, InvalidPolicy, StoreFailure, and what
    reading the file raises.
    """
    if not given.past.strip():
        raise InvalidParameter(
            "no file was sent, or it is empty", where="requests", mend="choose one"
        )
    pipeline = pipeline_of(site)
    policy = pipeline.limits.policy
    other: Policy | None = None
    if len(given.policy) > MOST_POLICY:
        raise InvalidPolicy(
            f"the candidate is larger than {MOST_POLICY} bytes",
            where="policy",
            mend="use the command fhir-pgx dry-run, which takes one of any size",
        )
    if given.policy.strip():
        other = read_candidate(given.policy, given.policy_name, pipeline.knowledge)
    seen: dict[str, None] = {}

    def note(call: HookCall) -> None:
        seen[call.patient_id] = None

    until = time.monotonic() + MOST_SECONDS
    settings = site.settings
    beside = pipeline.under(other, untested_cards=settings.untested_cards) if other else None
    report = dry_run(
        read_requests(
            io.BytesIO(given.past),
            max_bytes=settings.max_body_bytes,
            max_depth=settings.max_depth,
            most=MOST_ARRAY,
            most_of_lines=MOST_UNPACKED,
            most_lines=MOST_LINES,
        ),
        reader(site.registry.services, sources, note),
        pipeline.answer,
        beside.answer if beside else None,
        go_on=lambda: time.monotonic() < until,
    )
    text = in_force.text if in_force else ""
    places = (
        places_in(policy, text),
        places_in(other or policy, given.policy.decode(errors="replace")),
    )
    written = write_dry_run(report, *places)
    return Tried(written, tuple(seen) if sources.store is not None else ())


def pipeline_of(site: Site) -> Pipeline:
    """The stages of this server. Raises InvalidParameter where the app was made with others."""
    if not isinstance(site.pipeline, Pipeline):
        raise InvalidParameter("this server answers by a pipeline of its own", where="policy")
    return site.pipeline


def faults_by_field(error: PgxError) -> Mapping[str, tuple[Issue, ...]]:
    """The findings by the field of the form that they are to stand at."""
    field = "policy" if isinstance(error, InvalidPolicy) else "requests"
    return {field: error.issues}

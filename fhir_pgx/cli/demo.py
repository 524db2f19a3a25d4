"""What `make demo` runs: a server with the example patients, one order and the card it gets, and
Genomics Operations with their answers.

python -m fhir_pgx.cli.demo [--port 8080] [--detach]
"""

import argparse
import http.client
import json
import re
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fhir_pgx.cli.examples import example_folder
from fhir_pgx.cli.options import WrongUsage
from fhir_pgx.cli.output import print_text, say
from fhir_pgx.cli.serve import check_port
from fhir_pgx.errors import InvalidSetting

HOST = "127.0.0.1"
SERVICE = "/cds-services/pgx-order-sign"
EXAMPLE = "order-sign-clopidogrel"
# Genomics Operations that are asked of the synthetic example patients.
OPERATIONS = (
    "/fhir/Patient/synthetic-ada/$find-subject-haplotypes?genes=CYP2C19",
    "/fhir/$find-subject-tx-implications?subject=synthetic-ada&treatments=clopidogrel",
    "/fhir/$find-population-specific-haplotypes?haplotypes=CYP2C19*2&includePatientList=true",
)
_DRUG, _GENE, _SOURCE = "51963-7", "48018-6", "knowledge-base"
_CONCLUSIONS = ("therapeutic-implication", "conclusion-string")
DATABASE = Path(".demo/fhir_pgx.db")
READY_SECONDS = 30.0
STOP_SECONDS = 10.0


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demonstration; return 0, or 1 where no card came."""
    parser = argparse.ArgumentParser(prog="python -m fhir_pgx.cli.demo", description=__doc__)
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--detach", action="store_true", help="stop after the card")
    arguments = parser.parse_args(argv)
    try:
        check_port(HOST, arguments.port)  # else another program's answer would pass for ours
        request = read_request()
    except (InvalidSetting, WrongUsage) as error:
        say(f"demo: {error}")
        return 1
    # Told to stop, it stops as after Ctrl-C: the server must not be left behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    DATABASE.parent.mkdir(exist_ok=True)
    server = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "fhir_pgx", "serve", "--demo", "--host", HOST]
        + ["--port", str(arguments.port), "--database", f"sqlite:///{DATABASE}"]
    )
    try:
        return _demonstrate(server, request, arguments.port, stay=not arguments.detach)
    except KeyboardInterrupt:
        return 0
    finally:
        _stop(server)


def read_request() -> bytes:
    """The example's request, as it stands. Raises WrongUsage where it is not there."""
    try:
        return (example_folder() / EXAMPLE / "request.json").read_bytes()
    except OSError as error:
        raise WrongUsage(f"the example {EXAMPLE} is not there: {error.strerror}") from error


def _demonstrate(
    server: "subprocess.Popen[bytes]", request: bytes, port: int, *, stay: bool
) -> int:
    if not _is_ready(server, port):
        say("demo: the server did not start")
        return 1
    say(f"POST http://{HOST}:{port}{SERVICE}  ({EXAMPLE}/request.json)\n")
    status, body = _ask(port, "POST", SERVICE, request)
    answer = json.loads(body) if status == 200 else {}
    cards = answer.get("cards", [])
    if not cards:
        say(f"demo: no card came back (status {status})")
        return 1
    print_text("\n\n".join(describe_card(card) for card in cards))
    for path in OPERATIONS:
        status, body = _ask(port, "GET", path)
        if status != 200:
            say(f"demo: GET {path} was answered with status {status}")
            return 1
        say(f"\nGET http://{HOST}:{port}{path}")
        print_text("\n".join(describe_parameters(json.loads(body))))
    if stay:
        say(f"\nThe server goes on at http://{HOST}:{port}; Ctrl-C stops it.")
        server.wait()
    return 0


def _is_ready(server: "subprocess.Popen[bytes]", port: int) -> bool:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and server.poll() is None:
        try:
            if _ask(port, "GET", "/health/ready")[0] == 200 and server.poll() is None:
                return True
        except OSError:
            pass  # not listening yet
        time.sleep(0.05)
    return False


def _ask(port: int, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _stop(server: "subprocess.Popen[bytes]") -> None:
    if server.poll() is not None:
        return
    server.terminate()
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def describe_card(card: Mapping[str, Any]) -> str:
    """A card as a person reads it."""
    lines = [f"[{card['indicator'].upper()}] {card['summary']}"]
    for line in _unmarked(card.get("detail", "")).splitlines():
        hanging = "  " if line.startswith("- ") else ""
        lines.append(line if "|" in line else textwrap.fill(line, 84, subsequent_indent=hanging))
    for suggestion in card.get("suggestions", []):
        star = "*" if suggestion.get("isRecommended") else "-"
        lines.append(f"{star} suggestion: {suggestion['label']}")
    for link in card.get("links", []):
        lines.append(f"  {link['label']}: {link['url']}")
    source = card["source"]
    lines.append(" ".join(filter(None, ("source:", source["label"], source.get("url", "")))))
    first, *rest = lines
    return "\n".join([first, *textwrap.indent("\n".join(rest), "  ").splitlines()])


def describe_parameters(answer: Mapping[str, Any]) -> list[str]:
    """The answer of an operation, a line for each value and each resource."""
    lines: list[str] = []

    def add(parameters: Sequence[Mapping[str, Any]], indent: str) -> None:
        for each in parameters:
            value = next((each[name] for name in each if name.startswith("value")), None)
            said = describe_resource(each["resource"]) if "resource" in each else value
            if isinstance(said, dict):
                said = json.dumps(said, ensure_ascii=False)
            lines.append(f"{indent}{each['name']}{'' if said is None else f': {said}'}")
            add(each.get("part", ()), indent + "  ")

    add(answer.get("parameter", ()), "  ")
    return lines


def describe_resource(resource: Mapping[str, Any]) -> str:
    """A result in a line: the gene or drug it is about, whose advice it is, its value, and what
    it concludes. With its id where it is stored: what is made for an answer cannot be looked up."""
    said = {}
    for component in resource.get("component", ()):
        for coding in component["code"].get("coding", ())[:1]:
            concept = component.get("valueCodeableConcept") or {}
            said[coding["code"]] = component.get("valueString") or _words(concept)
    about = said.get(_DRUG) or said.get(_GENE, "")
    value = _words(resource.get("valueCodeableConcept") or {}).removeprefix(f"{about} ")
    source = said.get(_SOURCE, "").partition(",")[0]  # `CPIC`, of which table and when
    head = f"{about}, {source}" if source else about
    words = [value, "; ".join(filter(None, (said.get(name) for name in _CONCLUSIONS)))]
    line = " ".join(filter(None, (f"{head}:" if head else "", *words)))
    is_stored = resource.get("status") != "preliminary"
    where = f" ({resource['resourceType']}/{resource.get('id', '')})" if is_stored else ""
    return textwrap.shorten(line, 150, placeholder=" …") + where


def _words(concept: Mapping[str, Any]) -> str:
    codings = concept.get("coding") or [{}]
    return str(concept.get("text") or codings[0].get("display") or codings[0].get("code", ""))


def _unmarked(markdown: str) -> str:
    """Markdown without the marks that only a renderer needs: bold, italics, escapes."""
    plain = re.sub(r"(?<![\\*])(\*{1,2})(?![*\s])([^*\n]+?)(?<!\\)\1(?!\*)", r"\2", markdown)
    return re.sub(r"\\([^\w\s])", r"\1", plain)


if __name__ == "__main__":
    sys.exit(main())

"""`fhir-pgx card`: wallet cards, issued from files and verified without any network."""

import argparse
import re
import sys
import time
from collections.abc import Mapping
from html import escape
from pathlib import Path

import msgspec

from fhir_pgx.cli.house import load_pipeline
from fhir_pgx.cli.inputs import read_files
from fhir_pgx.cli.options import (
    FILES_HELP,
    Commands,
    WrongUsage,
    add_calling,
    add_command,
    calling_of,
)
from fhir_pgx.cli.output import print_json, print_text, say
from fhir_pgx.model.document import Options
from fhir_pgx.model.wallet import IssuedCard
from fhir_pgx.security.card_frame import MAX_TEXT, SCHEME
from fhir_pgx.security.card_keys import CardKey, by_id, demonstration_key, read_published_keys
from fhir_pgx.security.own_keys import read_own_keys
from fhir_pgx.security.wallet_card import (
    issue_card,
    open_card,
    time_told,
    verified_card,
    with_initials,
    write_card,
)
from fhir_pgx.settings import Settings, settings_from_environment
from fhir_pgx.storage.key_files import read_key_files

_JWS = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_EXAMPLE = "fhir-pgx card verify card.txt --keys jwks.json --issuer https://pgx.example.org"


def register(commands: Commands) -> None:
    """Declare the command and its two parts."""
    parser = add_command(
        commands,
        "card",
        _nothing_asked,
        does="issue wallet cards, and verify them without any network",
        example=_EXAMPLE,
    )
    parts = parser.add_subparsers(metavar="issue|verify", required=True)
    _register_issue(parts)
    _register_verify(parts)


def _register_issue(parts: Commands) -> None:
    parser = add_command(
        parts,
        "issue",
        run_issue,
        does="make the signed card of one patient: the text that its QR code holds",
        example="fhir-pgx card issue patient.json report.json --keys keys/ --svg card.svg",
    )
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help=f"{FILES_HELP}; one is a Patient, or holds it"
    )
    _add_keys(parser, "the folder or file of our private keys; else the setting signing_keys")
    parser.add_argument(
        "--issuer", default="", metavar="URL", help="who issues it; else the setting base_url"
    )
    parser.add_argument("--initials", action="store_true", help="initials in place of the name")
    parser.add_argument("--svg", default="", metavar="FILE", help="write the QR code there as well")
    parser.add_argument(
        "--format", choices=("json", "text"), default="json", help="text: that of the QR code alone"
    )
    add_calling(parser)


def _register_verify(parts: Commands) -> None:
    parser = add_command(
        parts,
        "verify",
        run_verify,
        does="say whether a card holds, who issued it and what it says",
        example=_EXAMPLE,
    )
    parser.add_argument(
        "card",
        metavar="TEXT|FILE",
        help="shc:/ and digits, a JWS, or a file that holds one; - is standard input",
    )
    _add_keys(parser, "the issuer's jwks.json, or our own keys; else the setting signing_keys")
    parser.add_argument(
        "--issuer",
        default="",
        metavar="URL",
        help="whose keys these are: a card of another issuer is refused then",
    )


def _add_keys(parser: argparse.ArgumentParser, meaning: str) -> None:
    parser.add_argument("--keys", default="", metavar="PATH", help=meaning)
    parser.add_argument(
        "--demo",
        action="store_true",
        help="with the demonstration's key, which everybody has: for synthetic people alone",
    )


def _nothing_asked(_: argparse.Namespace) -> int:
    raise WrongUsage("say issue or verify")


def run_issue(arguments: argparse.Namespace) -> int:
    """Print the card, and draw its QR code where asked."""
    settings = settings_from_environment()
    now = time.time()
    key = _signing_key(arguments, settings, now)
    options = Options(
        calling=calling_of(arguments), outside_calls=tuple(read_files(arguments.outside_calls))
    )
    documents = read_files(arguments.files)
    content = load_pipeline(settings).card_content_of_documents(documents, options)
    if arguments.initials:
        content = with_initials(content)
    issued = issue_card(content, key, issuer=arguments.issuer or settings.base_url, now=now)
    code = _draw(issued, arguments.svg) if arguments.svg else {}
    if arguments.format == "text":
        print_text(issued.text)
    else:
        told = {"says": write_card(issued.card), "kid": issued.key_id}
        print_json({"text": issued.text, "jws": issued.jws, **told, **code})
    if issued.card.is_demonstration:
        say("DEMONSTRATION: signed with a key that everybody has; it proves nothing")
    return 0


def _signing_key(arguments: argparse.Namespace, settings: Settings, now: float) -> CardKey:
    if arguments.demo or (settings.demo == "on" and not arguments.keys):
        return demonstration_key()
    path = arguments.keys or settings.signing_keys
    return read_own_keys(read_key_files(path)).signing_cards(now)


def _draw(issued: IssuedCard, path: str) -> dict[str, dict[str, str | int]]:
    from fhir_pgx.security.card_qr import qr_code, svg_file  # noqa: PLC0415 - segno, for this alone

    code = qr_code(issued.jws)
    title = f"QR code of the wallet card of {issued.card.holder.name}"
    try:
        Path(path).write_text(svg_file(code, escape(title)), encoding="utf-8")
    except OSError as error:
        raise WrongUsage(f"{path} cannot be written: {error.strerror}") from error
    return {"qr": {"version": code.version, "correction": code.correction}}


def run_verify(arguments: argparse.Namespace) -> int:
    """Print what a card says; what does not hold is printed as an OperationOutcome."""
    settings = settings_from_environment()
    text = _card_text(arguments.card)
    keys, issuer = _known_keys(arguments, settings)
    opened = open_card(text, keys, now=time.time(), issuer=issuer)
    card = verified_card(opened)
    print_json(
        {
            "valid": True,
            "issuer": opened.issuer,
            "issuer_checked": opened.is_issuer_known,
            "kid": opened.key_id,
            "issued": time_told(opened.issued),
            "says": write_card(card),
        }
    )
    if opened.is_demonstration:
        say("DEMONSTRATION: signed with a key that everybody has; it proves nothing")
    elif not opened.is_issuer_known:
        say(f"the card says that {opened.issuer} issued it; --issuer says whose keys these are")
    return 0


def _known_keys(
    arguments: argparse.Namespace, settings: Settings
) -> tuple[Mapping[str, CardKey], str]:
    """The keys to verify with, and whose they are; empty where nobody said it."""
    if arguments.demo:
        return by_id((demonstration_key(),)), arguments.issuer
    if not arguments.keys:
        if not settings.signing_keys:
            raise WrongUsage("name the issuer's keys with --keys, or set signing_keys")
        own = read_own_keys(read_key_files(settings.signing_keys))
        return own.card_keys(), arguments.issuer or settings.base_url
    path = Path(arguments.keys)
    if path.is_dir():
        return read_own_keys(read_key_files(arguments.keys)).card_keys(), arguments.issuer
    (document,) = read_key_files(arguments.keys)
    try:
        return read_published_keys(msgspec.json.decode(document)), arguments.issuer
    except msgspec.DecodeError:
        raise WrongUsage(f"{path.name} is not JSON") from None


def _card_text(named: str) -> str:
    if named[: len(SCHEME)].lower() == SCHEME or _JWS.fullmatch(named):
        return named
    try:
        if named == "-":
            return sys.stdin.buffer.read(MAX_TEXT + 1).decode("utf-8", "replace")
        with Path(named).open("rb") as file:
            return file.read(MAX_TEXT + 1).decode("utf-8", "replace")
    except OSError as error:
        raise WrongUsage(
            f"{named[:80]} is no card, and no file that can be read: {error.strerror}"
        ) from error

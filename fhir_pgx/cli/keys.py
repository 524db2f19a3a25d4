"""`fhir-pgx keys`: our own signing keys, made, listed and retired."""

import argparse
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fhir_pgx.cli.options import Commands, WrongUsage, add_command
from fhir_pgx.cli.output import print_json, say
from fhir_pgx.security.card_keys import ALGORITHM, CardKey
from fhir_pgx.security.own_keys import Algorithm, OwnKey, OwnKeys, new_key, read_own_keys, retired
from fhir_pgx.settings import settings_from_environment
from fhir_pgx.storage.key_files import KEY_FILES, read_key_files, retire_key_file, write_key_file

_WAIT_HOURS = 24


def register(commands: Commands) -> None:
    """Declare the command and its parts."""
    parser = add_command(
        commands,
        "keys",
        run,
        does="make, list and retire the keys that we sign with",
        example="fhir-pgx keys new /etc/fhir-pgx/keys",
    )
    parser.add_argument(
        "what",
        choices=("new", "list", "retire"),
        help="make a key, list those there are, or end a key of cards: its private half is removed "
        "and old cards still verify",
    )
    parser.add_argument(
        "folder", nargs="?", default="", help="where they are; else the setting signing_keys"
    )
    parser.add_argument(
        "--for",
        dest="use",
        choices=("servers", "cards"),
        default="servers",
        help="of a new key: signs what we send other servers as their client, or wallet cards",
    )
    parser.add_argument(
        "--algorithm",
        choices=("ES384", "RS384"),
        help="of a new key for servers, by default ES384; cards are signed with ES256",
    )
    parser.add_argument(
        "--wait",
        type=int,
        default=_WAIT_HOURS,
        metavar="HOURS",
        help="how long a new key is published before it signs, where there is one already",
    )
    parser.add_argument("--kid", default="", help="which key to retire, as `keys list` names it")


def run(arguments: argparse.Namespace) -> int:
    """Make or retire a key file, or print the keys without their secrets."""
    path = arguments.folder or settings_from_environment().signing_keys
    if not path:
        raise WrongUsage("name the folder of keys, or set signing_keys")
    if arguments.what == "new":
        _make(arguments, Path(path))
    if arguments.what == "retire":
        _retire(arguments.kid, Path(path))
    _list(read_own_keys(read_key_files(path)))
    return 0


def _make(arguments: argparse.Namespace, folder: Path) -> None:
    if folder.is_file():
        raise WrongUsage("a new key needs a folder, not a file")
    is_for_cards = arguments.use == "cards"
    if is_for_cards and arguments.algorithm:
        raise WrongUsage("cards are signed with ES256: leave --algorithm out")
    now = int(time.time())
    there = _keys_in(folder)
    is_first = not (there.cards if is_for_cards else there.keys)
    signs_from = now if is_first else now + max(arguments.wait, 0) * 3600
    algorithm: Algorithm = "ES256" if is_for_cards else arguments.algorithm or "ES384"
    id_, document = new_key(algorithm, signs_from=signs_from)
    # To the microsecond: of two keys that sign from one second on, the later file does.
    made = datetime.now(UTC)
    written = write_key_file(folder, f"{made:%Y%m%dT%H%M%S.%fZ}-{id_[:8]}.json", document)
    say(f"wrote {written}; restart the server, so that it is published")


def _keys_in(folder: Path) -> OwnKeys:
    if not folder.is_dir() or not any(each.suffix in KEY_FILES for each in folder.iterdir()):
        return OwnKeys()
    return read_own_keys(read_key_files(str(folder)))


def _retire(kid: str, folder: Path) -> None:
    keys = read_own_keys(read_key_files(str(folder)))
    meant = keys.card_keys().get(kid)
    if meant is None or not meant.is_private:
        raise WrongUsage(
            "name a key of cards that still signs, with --kid: those for servers are ended by "
            "removing their file"
        )
    now = int(time.time())
    written = retire_key_file(
        folder,
        lambda document: kid in read_own_keys([document]).card_keys(),
        lambda document: retired(document, until=now),
    )
    if written is None:
        raise WrongUsage("the key stands in a file with others: retire it there by hand")
    say(f"{written} holds the public half alone now; restart the server")


def _list(keys: OwnKeys) -> None:
    now = time.time()
    signing = {keys.signing(now).id} if keys.keys else set()
    if any(each.is_private for each in keys.cards):
        signing.add(keys.signing_cards(now).id)
    shown = [_shown(each, signing) for each in keys.keys]
    print_json({"keys": shown + [_shown(each, signing) for each in keys.cards]})


def _shown(key: OwnKey | CardKey, signing: set[str]) -> dict[str, Any]:
    is_of_cards = isinstance(key, CardKey)
    shown: dict[str, Any] = {
        "kid": key.id,
        "for": "cards" if is_of_cards else "servers",
        "alg": ALGORITHM if isinstance(key, CardKey) else key.key.algorithm,
        "signs": key.id in signing,
        "signs_from": _told(key.signs_from),
    }
    if isinstance(key, CardKey) and key.signs_until:
        shown["signs_until"] = _told(key.signs_until)
    return shown


def _told(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat()

"""`fhir-pgx keys`: our own signing keys, made and listed."""

import argparse
import time
from datetime import UTC, datetime
from pathlib import Path

from fhir_pgx.cli.options import Commands, WrongUsage, add_command
from fhir_pgx.cli.output import print_json, say
from fhir_pgx.security.own_keys import OwnKeys, new_key, read_own_keys
from fhir_pgx.settings import settings_from_environment
from fhir_pgx.storage.key_files import read_key_files, write_key_file

_WAIT_HOURS = 24


def register(commands: Commands) -> None:
    """Declare the command and its parts."""
    parser = add_command(
        commands,
        "keys",
        run,
        does="make and list the keys that we sign with",
        example="fhir-pgx keys new /etc/fhir-pgx/keys",
    )
    parser.add_argument("what", choices=("new", "list"), help="make a key, or list those there are")
    parser.add_argument(
        "folder", nargs="?", default="", help="where they are; else the setting signing_keys"
    )
    parser.add_argument(
        "--algorithm", choices=("ES384", "RS384"), default="ES384", help="of a new key"
    )
    parser.add_argument(
        "--wait",
        type=int,
        default=_WAIT_HOURS,
        metavar="HOURS",
        help="how long a new key is published before it signs, where there is one already",
    )


def run(arguments: argparse.Namespace) -> int:
    """Make a key file, or print the keys without their secrets."""
    path = arguments.folder or settings_from_environment().signing_keys
    if not path:
        raise WrongUsage("name the folder of keys, or set signing_keys")
    if arguments.what == "new":
        _make(arguments, Path(path))
    _list(read_own_keys(read_key_files(path)))
    return 0


def _make(arguments: argparse.Namespace, folder: Path) -> None:
    if folder.is_file():
        raise WrongUsage("a new key needs a folder, not a file")
    now = int(time.time())
    is_first = not folder.is_dir() or not any(folder.iterdir())
    signs_from = now if is_first else now + max(arguments.wait, 0) * 3600
    id_, document = new_key(arguments.algorithm, signs_from=signs_from)
    # To the microsecond: of two keys that sign from one second on, the later file does.
    made = datetime.now(UTC)
    written = write_key_file(folder, f"{made:%Y%m%dT%H%M%S.%fZ}-{id_[:8]}.json", document)
    say(f"wrote {written}; restart the server, so that it is published")


def _list(keys: OwnKeys) -> None:
    signing = keys.signing(time.time()).id
    print_json(
        {
            "keys": [
                {
                    "kid": each.id,
                    "alg": each.key.algorithm,
                    "signs": each.id == signing,
                    "signs_from": datetime.fromtimestamp(each.signs_from, UTC).isoformat(),
                }
                for each in keys.keys
            ]
        }
    )

"""Files of our private keys: read at start, made by the command, readable by their owner alone."""

import logging
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Final

from fhir_pgx.errors import InvalidSetting

log = logging.getLogger("fhir_pgx.keys")

KEY_FILES: Final = (".json", ".jwk")
_WHERE: Final = "signing_keys"
_LARGEST: Final = 1_000_000  # bytes
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def read_key_files(path: str) -> list[bytes]:
    """The documents of a file, or of every `.json` and `.jwk` file of a folder by name; none for an
    empty path. Raises InvalidSetting where there is no such file, or it cannot be read.

    A file that others may read is logged as a warning and used: a container's secrets often are.
    """
    if not path:
        return []
    try:
        return [_read(file) for file in _files(Path(path))]
    except OSError as error:
        raise InvalidSetting(
            f"the signing keys were not read: {error.strerror or 'they cannot be read'}",
            where=_WHERE,
            mend="name a readable JWK or JWK Set file, or a folder of them",
        ) from error


def write_key_file(folder: Path, name: str, document: bytes) -> Path:
    """Write a new file, readable by its owner alone; the folder is made so too where there is
    none. Never writes over a file. Raises InvalidSetting where it cannot be written."""
    file = folder / name
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
            opened.write(document)
    except OSError as error:
        raise InvalidSetting(
            f"the key was not written: {error.strerror or 'the file cannot be made'}",
            where=_WHERE,
            mend="name a folder that you may write to",
        ) from error
    return file


def retire_key_file(
    folder: Path, is_meant: Callable[[bytes], bool], retire: Callable[[bytes], bytes | None]
) -> Path | None:
    """Write what `retire` makes of the file that is meant in its place: the private key is in no
    file then. `is_meant` is asked of each file's document. None where none is, or there is nothing
    to retire in it. Raises InvalidSetting where it cannot be written.

    What the disk, a snapshot or a backup keeps of the old file is not ours to remove.
    """
    for file in _files(folder):
        before = _read(file)
        if not is_meant(before):
            continue
        after = retire(before)
        if after is None:
            return None
        try:
            beside = file.with_suffix(".part")
            with os.fdopen(
                os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"
            ) as opened:
                opened.write(after)
            beside.replace(file)
        except OSError as error:
            raise InvalidSetting(
                f"the key was not retired: {error.strerror or 'the file cannot be written'}",
                where=_WHERE,
                mend="name a folder that you may write to",
            ) from error
        return file
    return None


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(each for each in path.iterdir() if each.suffix in KEY_FILES)
    if not files:
        raise InvalidSetting(
            "the folder of signing keys holds no .json or .jwk file",
            where=_WHERE,
            mend="make a key: fhir-pgx keys new FOLDER",
        )
    return files


def _read(file: Path) -> bytes:
    with file.open("rb") as opened:
        if stat.S_IMODE(os.fstat(opened.fileno()).st_mode) & _OTHERS:
            log.warning("the key file %s may be read by others than its owner", file.name)
        document = opened.read(_LARGEST + 1)
    if len(document) > _LARGEST:
        raise InvalidSetting(f"{file.name} is too large for a key", where=_WHERE, mend="name keys")
    return document

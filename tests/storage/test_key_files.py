"""Key files: what is read, and that what we write is the owner's alone."""

import logging
import stat

import pytest

from fhir_pgx.errors import InvalidSetting
from fhir_pgx.storage.key_files import read_key_files, retire_key_file, write_key_file


def test_the_files_of_a_folder_are_read_by_name_and_others_passed_over(tmp_path):
    for name, text in (("b.json", "2"), ("a.jwk", "1"), ("README", "no"), (".#a.json~", "no")):
        (tmp_path / name).write_text(text)
    assert read_key_files(str(tmp_path)) == [b"1", b"2"]


def test_a_file_is_read_alone_and_nothing_where_none_is_named(tmp_path):
    (tmp_path / "keys").write_text("1")
    assert read_key_files(str(tmp_path / "keys")) == [b"1"]
    assert read_key_files("") == []


def test_a_path_that_is_not_there_or_holds_no_key_is_refused(tmp_path):
    with pytest.raises(InvalidSetting, match="not read"):
        read_key_files(str(tmp_path / "nowhere"))
    with pytest.raises(InvalidSetting, match=r"no \.json"):
        read_key_files(str(tmp_path))
    (tmp_path / "large.json").write_bytes(b" " * 1_000_001)
    with pytest.raises(InvalidSetting, match="too large"):
        read_key_files(str(tmp_path))


def test_a_new_file_is_the_owner_s_alone_and_none_is_written_over(tmp_path):
    written = write_key_file(tmp_path / "new" / "keys", "a.json", b"1")
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    assert stat.S_IMODE(written.parent.stat().st_mode) == 0o700
    with pytest.raises(InvalidSetting, match="not written"):
        write_key_file(tmp_path / "new" / "keys", "a.json", b"2")
    assert written.read_bytes() == b"1"


def test_a_file_that_others_may_read_is_warned_of(tmp_path, caplog):
    caplog.set_level(logging.WARNING)
    written = write_key_file(tmp_path, "a.json", b"1")
    read_key_files(str(tmp_path))
    assert not caplog.records
    written.chmod(0o644)
    assert read_key_files(str(tmp_path)) == [b"1"]
    assert "may be read by others" in caplog.text


def test_a_key_that_is_retired_is_in_no_file_any_more(tmp_path):
    written = write_key_file(tmp_path, "a.json", b"private")
    write_key_file(tmp_path, "b.json", b"other")
    found = retire_key_file(tmp_path, lambda document: document == b"private", lambda _: b"public")
    assert found == written
    assert read_key_files(str(tmp_path)) == [b"public", b"other"]
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.json", "b.json"]


def test_nothing_is_written_where_no_key_is_meant_or_nothing_can_be_retired(tmp_path):
    write_key_file(tmp_path, "a.json", b"private")
    assert retire_key_file(tmp_path, lambda _: False, lambda _: b"public") is None
    assert retire_key_file(tmp_path, lambda _: True, lambda _: None) is None
    assert read_key_files(str(tmp_path)) == [b"private"]

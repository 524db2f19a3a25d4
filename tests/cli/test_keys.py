"""`fhir-pgx keys`: a key is made for its owner alone, and a second one waits before it signs."""

import json
import stat

from fhir_pgx.cli.command import main


def run(capsys, *arguments):
    code = main(["keys", *map(str, arguments)])
    told = capsys.readouterr()
    return code, (json.loads(told.out)["keys"] if told.out else []), told.err


def test_the_first_key_signs_at_once_and_the_next_a_day_later(tmp_path, capsys):
    code, (first,), _ = run(capsys, "new", tmp_path / "keys")
    assert (code, first["alg"], first["signs"]) == (0, "ES384", True)
    code, keys, _ = run(capsys, "new", tmp_path / "keys", "--algorithm", "RS384")
    assert code == 0
    assert {each["kid"]: each["signs"] for each in keys} == {
        each["kid"]: each["kid"] == first["kid"] for each in keys
    }
    assert len(keys) == 2
    code, keys, _ = run(capsys, "new", tmp_path / "keys", "--wait", "0")
    assert [each["signs"] for each in keys].count(True) == 1
    assert next(each for each in keys if each["signs"])["kid"] != first["kid"]


def test_no_private_part_is_printed_and_the_files_are_the_owner_s_alone(tmp_path, capsys):
    main(["keys", "new", str(tmp_path)])
    (file,) = tmp_path.iterdir()
    told = capsys.readouterr()
    assert json.loads(file.read_text())["d"] not in told.out + told.err
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_setting_names_the_folder_where_the_command_does_not(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("FHIR_PGX_SIGNING_KEYS", str(tmp_path))
    assert run(capsys, "list")[0] == 2  # empty yet
    assert run(capsys, "new")[0] == 0
    assert len(run(capsys, "list")[1]) == 1


def test_without_a_folder_the_command_was_used_wrongly(capsys, monkeypatch):
    monkeypatch.delenv("FHIR_PGX_SIGNING_KEYS", raising=False)
    code, _, told = run(capsys, "list")
    assert code == 2
    assert "name the folder" in told

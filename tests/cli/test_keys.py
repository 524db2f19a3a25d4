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


def test_a_key_for_cards_stands_beside_one_for_servers_and_each_signs_its_own(tmp_path, capsys):
    run(capsys, "new", tmp_path)
    code, keys, _ = run(capsys, "new", tmp_path, "--for", "cards")
    assert code == 0
    told = {each["for"]: (each["alg"], each["signs"]) for each in keys}
    assert told == {"servers": ("ES384", True), "cards": ("ES256", True)}


def test_a_second_key_for_cards_waits_and_the_first_is_retired_in_public(tmp_path, capsys):
    _, (first,), _ = run(capsys, "new", tmp_path, "--for", "cards")
    _, keys, _ = run(capsys, "new", tmp_path, "--for", "cards", "--wait", "0")
    assert len(keys) == 2
    code, keys, told = run(capsys, "retire", tmp_path, "--kid", first["kid"])
    assert code == 0
    assert "public half alone" in told
    shown = {each["kid"]: each for each in keys}
    assert "signs_until" in shown[first["kid"]]
    assert [each["signs"] for each in keys].count(True) == 1
    assert not shown[first["kid"]]["signs"]
    files = [json.loads(each.read_text()) for each in tmp_path.iterdir()]
    assert ["d" in each for each in files if each["kid"] == first["kid"]] == [False]


def test_what_cannot_be_retired_or_made_so_was_used_wrongly(tmp_path, capsys):
    _, (server,), _ = run(capsys, "new", tmp_path)
    for kid in ("", "unknown", server["kid"]):
        code, _, told = run(capsys, "retire", tmp_path, "--kid", kid)
        assert code == 2
        assert "key of cards" in told
    code, _, told = run(capsys, "new", tmp_path, "--for", "cards", "--algorithm", "RS384")
    assert code == 2
    assert "ES256" in told

"""What a store of an earlier release holds is found again: all of it, and by everybody's order."""

import hashlib
import json
import sqlite3
import threading
import zlib
from contextlib import closing
from pathlib import Path

import pytest

import fhir_pgx
from fhir_pgx.cli.command import main
from fhir_pgx.rest import reindexing
from fhir_pgx.rest.indexing import stored_again
from fhir_pgx.rest.reindexing import Reindexed, reindex
from fhir_pgx.storage import SqlStore
from fhir_pgx.web.fhir_server import server_of

from ..stores import KINDS, new_database, query
from ..web.fhir_client import fhir_client, observation, patient

MIGRATIONS = Path(fhir_pgx.__file__).parent / "storage" / "migrations" / "sqlite"
AT = "2026-01-01T00:00:00.000Z"
INDEXES = ("search_token", "search_link", "search_moment", "search_word", "search_amount",
           "search_pair", "variant_index", "variant_gene", "genotype_index",
           "phenotype_index")  # fmt: skip


def coded(code, value):
    return {"code": {"coding": [{"system": "http://loinc.org", "code": code}]}, **value}


def concept(system, code):
    return {"valueCodeableConcept": {"coding": [{"system": system, "code": code}]}}


VARIANT = observation(
    "Patient/p",
    "v",
    **coded("69548-6", concept("http://loinc.org", "LA9633-4")),
    component=[
        coded("48018-6", concept("http://www.genenames.org/geneId", "HGNC:2621")),
        coded("62374-4", concept("http://loinc.org", "LA26806-2")),
        coded("48013-7", concept("http://www.ncbi.nlm.nih.gov/nuccore", "NC_000010.11")),
        coded("81254-5", {"valueRange": {"low": {"value": 94781858}}}),
        coded("92822-6", concept("http://loinc.org", "LA30100-4")),
        coded("69547-8", {"valueString": "G"}),
        coded("69551-0", {"valueString": "A"}),
    ],
)
RESOURCES = [patient("p", birthDate="1970-01-01"), VARIANT] + [
    observation("Patient/p", f"o{n}", valueQuantity={"value": n}) for n in range(5)
]


def old_store(file, resources):
    """A file as a release without search left it; a resource in bytes stands as it is."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE migration (name TEXT NOT NULL PRIMARY KEY)")
        for name in ("0001.sql", "0002.sql"):
            connection.executescript((MIGRATIONS / name).read_text("utf-8"))
            connection.execute("INSERT INTO migration VALUES (?)", (name,))
        for resource in resources:
            body = resource if isinstance(resource, bytes) else json.dumps(resource).encode()
            type_, id_ = ("Observation", "broken") if resource is body else (
                resource["resourceType"], resource["id"]
            )  # fmt: skip
            connection.execute(
                "INSERT INTO resource (tenant, type, id, version, patient, full_url, last_updated, "
                "sha256, codec, body) VALUES ('', ?, ?, 1, 'p', '', ?, ?, 'zlib', ?)",
                (type_, id_, AT, hashlib.sha256(body).hexdigest(), zlib.compress(body, 1)),
            )
        connection.commit()
    return f"sqlite:///{file}"


def unsearched_store(kind, folder):
    """A database whose resources no search finds, as migrating leaves them."""
    if kind == "sqlite":
        return old_store(folder / "old.db", RESOURCES)
    url = new_database(kind, folder)
    with closing(SqlStore(url)) as store:
        client = fhir_client(store)
        for each in RESOURCES:
            client.put(f"/fhir/{each['resourceType']}/{each['id']}", json=each)
    for table in INDEXES:
        query(url, f"DELETE FROM {table}")
    query(url, "UPDATE locator SET searchable = 0")
    return url


def variants(client):
    """How many variants of the patient the operation finds."""
    asked = "subject=p&ranges=NC_000010.11:94781857-94781860&includeVariants=true"
    found = client.get(f"/fhir/$find-subject-variants?{asked}")
    assert found.status_code == 200
    (about, *_) = found.get_json()["parameter"]
    return sum(part["name"] == "variant" for part in about["part"])


@pytest.fixture(params=KINDS)
def url(request, tmp_path):
    return unsearched_store(request.param, tmp_path)


def test_what_an_earlier_release_kept_is_found_by_searches_and_operations(url, monkeypatch):
    monkeypatch.setattr(reindexing, "AT_ONCE", 2)
    with closing(SqlStore(url)) as store:
        client = fhir_client(store)
        before = client.get("/fhir/Observation?_sort=_id&patient=p").get_json()
        assert (before["total"], variants(client)) == (0, 0)
        paused = []
        assert reindex(server(client), paused.append) == Reindexed(7)
        assert len(paused) == 4
        assert client.get("/fhir/Observation?patient=p").get_json()["total"] == 6
        assert client.get("/fhir/Patient?birthdate=1970").get_json()["total"] == 1
        assert variants(client) == 1
        assert client.get("/fhir/Observation/v").headers["ETag"] == 'W/"1"'
        assert reindex(server(client)) == Reindexed()


def test_it_goes_on_where_it_was_stopped(url, monkeypatch):
    monkeypatch.setattr(reindexing, "AT_ONCE", 2)

    class Stopped(Exception):
        pass

    def stop(_):
        raise Stopped

    with closing(SqlStore(url)) as store:
        client = fhir_client(store)
        with pytest.raises(Stopped):
            reindex(server(client), stop)
        assert len(store.unindexed(100)) == 5
        assert reindex(server(client)) == Reindexed(5)


def test_several_at_once_come_to_the_same(url, monkeypatch):
    monkeypatch.setattr(reindexing, "AT_ONCE", 2)
    with closing(SqlStore(url)) as store:
        client = fhir_client(store)
        threads = [threading.Thread(target=reindex, args=(server(client),)) for _ in range(3)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert store.unindexed(100) == []
        assert client.get("/fhir/Observation?patient=p").get_json()["total"] == 6
        assert variants(client) == 1


def test_what_is_written_meanwhile_stays_as_it_was_written(url, monkeypatch):
    def late(unit, index, resources, resolve):
        stale = [each for each in resources if each.id == "o1"]
        stored_again(unit, index, resources, resolve)
        if stale:
            assert stale[0].body == old

    with closing(SqlStore(url)) as store:
        client = fhir_client(store)
        old = store.reads().read("Observation", "o1").body
        listed = store.unindexed(100)
        client.put("/fhir/Observation/o1", json=observation("Patient/p", "o1", status="amended"))
        monkeypatch.setattr(reindexing, "stored_again", late)
        monkeypatch.setattr(type(store), "unindexed", unindexed_then_rest(listed, store))
        reindex(server(client))
        assert client.get("/fhir/Observation?status=amended").get_json()["total"] == 1
        assert client.get("/fhir/Observation?_id=o1&status=final").get_json()["total"] == 0


def unindexed_then_rest(first, store):
    real, asked = type(store).unindexed, []

    def unindexed(self, limit, *, tenant=""):
        asked.append(limit)
        return first if len(asked) == 1 else real(self, limit, tenant=tenant)

    return unindexed


def test_what_cannot_be_read_costs_the_others_nothing(tmp_path):
    with closing(SqlStore(old_store(tmp_path / "old.db", [*RESOURCES, b"no JSON"]))) as store:
        client = fhir_client(store)
        assert reindex(server(client)) == Reindexed(7, 1)
        assert client.get("/fhir/Observation?patient=p").get_json()["total"] == 6


def test_a_panel_that_comes_after_its_results_is_applied_to_them(tmp_path, monkeypatch):
    """Whose genome a result is of may stand in what holds it (`zz` is indexed last)."""
    monkeypatch.setattr(reindexing, "AT_ONCE", 1)
    panel = observation("Patient/p", "zz", hasMember=[{"reference": "Observation/v"}],
                        **coded("51968-6", {}))  # fmt: skip
    asked = []
    with closing(SqlStore(old_store(tmp_path / "old.db", [patient("p"), VARIANT, panel]))) as store:
        client = fhir_client(store)
        its = server(client)

        def noting(entries):
            asked.append({each.reference for each in entries})
            return real(entries)

        real = its.index
        object.__setattr__(its, "index", noting)
        assert reindex(its) == Reindexed(3)
    assert {"Observation/v", "Observation/zz"} <= asked[-1]


def test_the_command_indexes_a_store_and_says_how_many(tmp_path, capsys):
    url = old_store(tmp_path / "old.db", RESOURCES)
    assert main(["load", "--reindex", "--database", url]) == 0
    assert "7 stored resources are found" in capsys.readouterr().err
    with closing(SqlStore(url)) as store:
        assert store.unindexed(10) == []
    assert main(["load", "--database", url]) == 2


def test_the_command_fails_where_something_cannot_be_read(tmp_path, capsys):
    url = old_store(tmp_path / "old.db", [*RESOURCES, b"no JSON"])
    assert main(["load", "--reindex", "--database", url]) == 1
    assert "1 stored resources cannot be read" in capsys.readouterr().out


def server(client):
    return server_of(client.application.extensions["fhir_pgx"])

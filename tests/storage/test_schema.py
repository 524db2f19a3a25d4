"""The schema: one truth, the same on every database, reached from every earlier one."""

import hashlib
import re
import sqlite3
import subprocess
import sys
import zlib
from contextlib import closing
from importlib.resources import files
from pathlib import Path

import pytest

from fhir_pgx.model.finding import SourceClass
from fhir_pgx.model.genomic_index import GenomicIndex, IndexedGenotype, SimpleAllele, Span
from fhir_pgx.model.search import (
    Chain,
    Criterion,
    LinkAsked,
    Moment,
    MomentAsked,
    Query,
    Referring,
    SearchValues,
    Sort,
    Token,
    TokenAsked,
)
from fhir_pgx.storage import IssuedCard, NewResource, SqlStore
from tests.stores import KINDS, empty_database, new_database, query

CODE = Query("Observation", (Criterion("code", (TokenAsked(None, "x"),)),))
AT = "2025-11-23T10:00:00.123Z"
MIGRATIONS = files("fhir_pgx.storage") / "migrations" / "sqlite"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def migrated(request, tmp_path):
    """The URL of a database that the migrations alone have made."""
    url = new_database("sqlite", tmp_path) if request.param == "sqlite" else empty_database()
    SqlStore(url).close()
    return url


def test_the_migrations_make_what_the_tables_say(migrated):
    from sqlalchemy import create_engine, inspect

    from fhir_pgx.storage.tables import METADATA

    engine = create_engine(migrated.replace("postgresql://", "postgresql+psycopg://"))
    found = inspect(engine)
    assert set(found.get_table_names()) == set(METADATA.tables)
    for name, table in METADATA.tables.items():
        columns = {each["name"]: each for each in found.get_columns(name)}
        assert list(columns) == [column.name for column in table.columns], name
        for column in table.columns:
            there = columns[column.name]
            found_type, wanted = (
                type_.compile(engine.dialect).partition(" COLLATE")[0]
                for type_ in (there["type"], column.type)
            )
            assert found_type == wanted, (name, column.name)
            assert there["nullable"] == column.nullable, (name, column.name)
        key = found.get_pk_constraint(name)["constrained_columns"]
        assert key == [column.name for column in table.primary_key.columns], name
        indexes = {
            each["name"]: (each["column_names"], bool(each["unique"]))
            for each in found.get_indexes(name)
        }
        assert indexes == {
            index.name: ([column.name for column in index.columns], index.unique)
            for index in table.indexes
        }, name
    engine.dispose()


@pytest.mark.postgres
def test_every_text_of_postgres_is_in_code_point_order():
    url = empty_database()
    SqlStore(url).close()
    found = query(
        url,
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = "
        "'public' AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'",
    )
    assert found == []


def old_store(file, *migrations):
    """A file as an earlier release left it."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE migration (name TEXT NOT NULL PRIMARY KEY)")
        for name in migrations:
            connection.executescript((MIGRATIONS / name).read_text("utf-8"))
            connection.execute("INSERT INTO migration VALUES (?)", (name,))
        connection.execute(
            "INSERT INTO issued_card (tenant, uuid, topic, rules, hook, service, patient_hash, "
            "issued_at) VALUES ('', 'c0', 'T1', '[\"r1\"]', 'order-sign', 's', 'h', ?)",
            (AT,),
        )
        columns = "tenant, type, id, version, patient, full_url, last_updated, sha256, codec, body"
        for table, version, body in (("resource", 2, b"now"), ("resource_history", 1, b"before")):
            digest = hashlib.sha256(body).hexdigest()
            connection.execute(
                f"INSERT INTO {table} ({columns}) VALUES ('', 'Observation', 'o1', ?, 'p1', "
                "'urn:uuid:1', ?, ?, 'zlib', ?)",
                (version, AT, digest, zlib.compress(body, 1)),
            )
        connection.execute("INSERT INTO resource_referred VALUES ('', 'p1', 'Medication', 'm1')")
        connection.commit()
    return f"sqlite:///{file}"


@pytest.mark.parametrize("seen", [("0001.sql",), ("0001.sql", "0002.sql")])
def test_a_store_of_an_earlier_release_is_brought_up_to_date_and_loses_nothing(tmp_path, seen):
    with closing(SqlStore(old_store(tmp_path / "old.db", *seen))) as store:
        versions = store.versions_of("Observation", "o1")
        assert [(each.version, each.body) for each in versions] == [(2, b"now"), (1, b"before")]
        assert {each.last_updated for each in versions} == {AT}
        assert {each.full_url for each in versions} == {"urn:uuid:1"}
        assert store.resources_of("p1") == versions[:1]
        store.save_bundle([NewResource("Medication", "m1", b"{}")])
        assert [each.id for each in store.resources_of("p1")] == ["m1", "o1"]
        store.record_cards([IssuedCard("c1", "T1", ("r1",), "order-sign", "s", "p1")])
        assert [topic.issued for topic in store.feedback_summary()] == [2]


def test_what_an_earlier_release_kept_is_found_once_it_is_reindexed(tmp_path):
    values = SearchValues((Token("code", "", "x"),))
    with closing(SqlStore(old_store(tmp_path / "old.db", "0001.sql", "0002.sql"))) as store:
        (waiting,) = store.unindexed(10)
        assert (waiting.reference, waiting.body) == ("Observation/o1", b"now")
        assert store.reads().search(CODE).total == 0
        with store.transaction() as unit:
            unit.reindex(NewResource("Observation", "o1", waiting.body, "p1", values=values))
        assert store.unindexed(10) == []
        assert [each.version for each in store.reads().search(CODE).resources] == [2]


@pytest.mark.parametrize("kind", KINDS)
def test_a_store_from_before_populations_were_gathered_knows_who_has_a_result(kind, tmp_path):
    """What its results say is not known until they are indexed anew; who has one is."""
    url = new_database(kind, tmp_path)
    genotype = IndexedGenotype("CYP2C19", "diplotype", "*1/*2")
    new = NewResource(
        "Observation", "o1", b"{}", "p1", genomic=GenomicIndex((), (genotype,)), said="so"
    )
    with closing(SqlStore(url)) as store:
        store.save_bundle([new, NewResource("Observation", "o2", b"{}", "p2")])
    for undo in (
        "DROP TABLE genomic_patient",
        "DROP INDEX locator_beside",
        "ALTER TABLE locator DROP COLUMN said",
        "DELETE FROM migration WHERE name = '0004.sql'",
    ):
        query(url, undo)
    with closing(SqlStore(url)) as store:
        assert store.reads().genomic_patients() == ["p1"]
        assert dict(store.reads().genotypes_alike(["CYP2C19"])) == {genotype: ("p1",)}
        assert [each.id for each in store.unindexed(10)] == ["o1", "o2"]
        with store.transaction() as unit:
            unit.reindex(new)
        assert [each.id for each in store.unindexed(10)] == ["o2"]
        assert query(url, "SELECT id, said FROM locator ORDER BY id") == [("o1", "so"), ("o2", "")]


def test_what_is_written_again_is_found_without_being_reindexed(tmp_path):
    values = SearchValues((Token("code", "", "x"),))
    same = NewResource("Observation", "o1", b"now", "p1", values=values)
    with closing(SqlStore(old_store(tmp_path / "old.db", "0001.sql", "0002.sql"))) as store:
        assert store.save_bundle([same]).unchanged == 1
        assert store.unindexed(10) == []
        assert store.reads().search(CODE).total == 1


def test_neither_a_start_nor_a_hook_call_imports_sqlalchemy(tmp_path):
    script = (
        "import sys; from fhir_pgx.storage import NewResource, SqlStore\n"
        f"store = SqlStore('sqlite:///{tmp_path}/x.db')\n"
        "store.save_bundle([NewResource('Patient', 'p1', b'{}', 'p1')])\n"
        "assert store.resources_of('p1') and store.reads().read('Patient', 'p1')\n"
        "store.reads().variants_of_genes(['CYP2C19'], patient='p1'); store.close()\n"
        "assert not {'sqlalchemy', 'psycopg'} & set(sys.modules)\n"
    )
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", script], check=True, cwd=root)


def test_the_planner_goes_down_an_index_as_deep_as_it_can(tmp_path):
    """By the first column alone, the tenant, it would read everything."""
    url = new_database("sqlite", tmp_path)
    asked = []
    with closing(SqlStore(url)) as store:
        rows = store._database.rows
        store._database.rows = lambda *statement: asked.append(statement) or rows(*statement)
        reads = store.reads()
        subject = Criterion("subject", (LinkAsked("Patient", "p1"),))
        chain = Chain("subject", ("Patient",), Criterion("identifier", (TokenAsked("s", "1"),)))
        day = Criterion("date", (MomentAsked("ge", 0, 1),))
        by_date = (Sort("date", Moment, True),)
        store.resources_of("p1")
        store.versions_of("Observation", "o1")
        reads.read("Observation", "o1")
        reads.read_version("Observation", "o1", 1)
        reads.read_many([("Observation", "o1"), ("Observation", "o2")])
        reads.history("Observation", count=1)
        reads.history(count=1, since=AT)
        reads.referring("Patient", "p1")
        reads.variants_over([Span("GRCh38", "1", 5, 6)])
        reads.variants_over([Span("GRCh38", "1", 5, 6)], patient="p1")
        reads.variants_like([SimpleAllele("GRCh38", "1", 5, "A", "C")])
        reads.variants_of_genes(["CYP2C19"])
        reads.genotypes_of(["CYP2C19"])
        reads.phenotypes_of(["CYP2C19"], patient="p1")
        reads.genotypes_alike(["CYP2C19"], value=TokenAsked("s", "1"))
        reads.phenotypes_alike(["CYP2C19"], source_class=SourceClass.GERMLINE)
        reads.variants_alike(["CYP2C19"], by_said=True)
        reads.variants_alike_over([Span("GRCh38", "1", 5, 6)])
        reads.variants_alike_to([SimpleAllele("GRCh38", "1", 5, "A", "C")])
        reads.alike_by_code("Observation", ["x"])
        reads.alike_of_type("MolecularSequence")
        reads.variants_alike(["CYP2C19"], by_said=True, beside=True)
        reads.alike_beside(["CYP2C19"], ["HLA-A"])
        reads.tied(["CYP2C19"], ["HLA-A"])
        reads.states(["p1"], ["Observation"])
        reads.without_gene(["x"])
        reads.having(["Observation"], "status", ["preliminary"])
        reads.referring_any("Observation", ["o1", "o2"], ["has-member"])
        for query in (
            CODE,
            Query("Observation", (subject, *CODE.criteria), patient="p1"),
            Query("Observation", (subject,), by_date, patient="p1"),
            Query("Observation", (chain, day)),
            Query("Observation", (day,), by_date, after=(5, "o1")),
            Query("Patient", (Referring("Observation", "subject", *CODE.criteria),)),
            Query("Observation", (), (Sort("_lastUpdated", None, True),), after=(5, "o1")),
        ):
            reads.search(query)
        plans = {
            statement: [row[3] for row in rows("EXPLAIN QUERY PLAN " + statement, values)]
            for statement, values in asked
        }
    assert len(plans) > 25
    shallow = {
        statement: step
        for statement, steps in plans.items()
        for step in steps
        if "(tenant=?)" in step or re.match(r"SCAN (?!p$|d$|f$|l$|c$|anon|\(|CONSTANT)", step)
    }
    assert shallow == {}

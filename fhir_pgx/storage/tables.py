"""The schema, once for every database: tables and their indexes as SQLAlchemy Core.

The numbered migrations (`migrations/`) bring a database to what stands here; a test compares the
two on every database. Only text, whole numbers, floating point and bytes, and only B-tree indexes:
what PostgreSQL, and what speaks its protocol, and SQLite all have.

Everything about a patient is keyed by tenant and patient first. `key` stands for type and id
there: 63 bits of their hash (`keys.py`). `updated` counts microseconds since 1970 UTC.

`python -m fhir_pgx.storage.tables sqlite` (or `postgresql`) prints the schema as SQL.
"""

import sys
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

METADATA = MetaData()

# Code point order, on every database and in every locale: what a prefix and a page are cut by.
_TEXT = Text().with_variant(Text(collation="C"), "postgresql")
_COUNT = BigInteger().with_variant(Integer, "sqlite")


def _text(name: str, default: str | None = None) -> Column[Any]:
    return Column(name, _TEXT, nullable=False, server_default=default)


def _count(name: str, default: str | None = None, *, optional: bool = False) -> Column[Any]:
    return Column(name, _COUNT, nullable=optional, server_default=default)


def _of_resource(name: str, *columns: Column[Any], key: str, with_rowid: bool = False) -> Table:
    """A table of what belongs to a resource, clustered by it in SQLite: a resource's rows are
    replaced together, and a patient's lie side by side."""
    return Table(
        name,
        METADATA,
        _text("tenant"),
        _text("patient"),
        _count("key"),
        *columns,
        PrimaryKeyConstraint("tenant", "patient", "key", *key.split()),
        sqlite_with_rowid=with_rowid,
    )


def _body() -> list[Column[Any]]:
    """The body is compressed as `codec` says; sha256 is of the body as received. Last, so that
    what stands before it is read without it."""
    names = [_text("full_url"), _count("updated"), _text("sha256"), _text("codec")]
    return [*names, Column("body", LargeBinary, nullable=False)]


# Resources

RESOURCE = _of_resource(
    "resource", _text("type"), _text("id"), _count("version"), *_body(), key="", with_rowid=True
)

# Every version that is not current; a deletion is a version without a body.
HISTORY = _of_resource(
    "resource_history",
    _count("version"),
    _text("type"),
    _text("id"),
    _count("deleted"),
    *_body(),
    key="version",
    with_rowid=True,
)
Index("history_when", HISTORY.c.tenant, HISTORY.c.updated)
Index("history_of_type", HISTORY.c.tenant, HISTORY.c.type, HISTORY.c.updated)

# Where a resource is, from its type and id alone: also of one that was deleted. `searchable` is 0
# for one that is kept and cannot be searched yet, or not by all that it is found by. `said` is a
# digest that is the same where two resources say the same, whoever's they are; empty: not known.
# `beside` is 1 for what an interpretation reads and no genomic row tells whole, 2 where it refers
# to a specimen or to what it is derived from, 0 for all else, and for what was deleted.
LOCATOR = Table(
    "locator",
    METADATA,
    _text("tenant"),
    _text("type"),
    _text("id"),
    _text("patient"),
    _count("key"),
    _count("version"),
    _count("deleted"),
    _count("updated"),
    _count("searchable"),
    _text("said", ""),
    _count("beside", "0"),
    PrimaryKeyConstraint("tenant", "type", "id"),
    sqlite_with_rowid=False,
)
_L = LOCATOR.c
Index("locator_of_key", _L.tenant, _L.patient, _L.key, unique=True)
Index("locator_of_patient", _L.tenant, _L.patient, _L.type, _L.id)
Index("locator_when", _L.tenant, _L.updated)
Index("locator_of_type", _L.tenant, _L.type, _L.updated)
Index(
    "locator_unsearched",
    _L.tenant,
    _L.type,
    _L.id,
    sqlite_where=_L.searchable == 0,
    postgresql_where=_L.searchable == 0,
)
Index(
    "locator_beside",
    _L.tenant,
    _L.patient,
    _L.type,
    _L.key,
    _L.said,
    _L.beside,
    sqlite_where=_L.beside > 0,
    postgresql_where=_L.beside > 0,
)

# Resources about no patient (a Medication) that a patient's record refers to.
REFERRED = Table(
    "resource_referred",
    METADATA,
    _text("tenant", ""),
    _text("patient"),
    _text("type"),
    _text("id"),
    PrimaryKeyConstraint("tenant", "patient", "type", "id"),
)

# A name that one transaction holds until it ends, where the database lets several write at once.
HELD = Table(
    "held",
    METADATA,
    _text("tenant"),
    _text("name"),
    PrimaryKeyConstraint("tenant", "name"),
    sqlite_with_rowid=False,
)


# What a search finds a resource by. Each index holds all its columns: the table is not visited.


def _search(name: str, *columns: Column[Any], key: str, by: str) -> Table:
    table = _of_resource(name, _text("param"), *columns, _text("type"), key=f"param {key}")
    Index(f"{name}_value", *(table.c[each] for each in ("tenant", *by.split())))
    return table


TOKEN = _search(
    "search_token",
    _text("code"),
    _text("system"),
    key="code system",
    by="type param code patient key system",
)
LINK = _search(
    "search_link",
    _text("to_type"),
    _text("to_id"),
    key="to_type to_id",
    by="to_id to_type type param patient key",
)
MOMENT = _search(
    "search_moment",
    _count("low"),
    _count("high"),
    key="low high",
    by="type param low high patient key",
)
_M = MOMENT.c
Index("search_moment_end", _M.tenant, _M.type, _M.param, _M.high, _M.low, _M.patient, _M.key)
# `head` is how `folded` begins: a whole text may be longer than an index entry.
WORD = _search(
    "search_word",
    _count("number"),
    _text("head"),
    _text("folded"),
    _text("exact"),
    key="number",
    by="type param head patient key",
)
AMOUNT = _search(
    "search_amount",
    Column("low", Double, nullable=False),
    Column("high", Double, nullable=False),
    _text("system"),
    _text("code"),
    key="low high system code",
    by="type param low high patient key system code",
)
PAIR = _search(
    "search_pair",
    _text("code"),
    _text("value_code"),
    _text("code_system"),
    _text("value_system"),
    key="code value_code code_system value_system",
    by="type param code value_code patient key code_system value_system",
)


# Genomic results. `type` and `id` stand here too, so that a row answers by itself.

_NAMED = ("type", "id")

# `scale` is the class of its length (`places.py`); start and stop are empty of a variant without
# a place, which is found by its genes alone.
VARIANT = _of_resource(
    "variant_index",
    _count("number"),
    *map(_text, _NAMED),
    _text("genes"),
    _text("assembly"),
    _text("chromosome"),
    _count("scale", optional=True),
    _count("start", optional=True),
    _count("stop", optional=True),
    Column("ref", _TEXT),
    Column("alt", _TEXT),
    _text("presence"),
    _text("source_class"),
    _text("zygosity"),
    _count("structural"),
    _text("change_type"),
    _count("inner_start", optional=True),
    _count("inner_stop", optional=True),
    _count("outer_start", optional=True),
    _count("outer_stop", optional=True),
    key="number",
)
_V = VARIANT.c
_PLACE = (_V.assembly, _V.chromosome, _V.scale, _V.start, _V.stop)
Index("variant_of_place", _V.tenant, *_PLACE, _V.patient)
Index("variant_of_patient", _V.tenant, _V.patient, *_PLACE)

VARIANT_GENE = _of_resource("variant_gene", _count("number"), _text("gene"), key="number gene")
_G = VARIANT_GENE.c
Index("variant_gene_value", _G.tenant, _G.gene, _G.patient, _G.key, _G.number)

GENOTYPE = _of_resource(
    "genotype_index",
    _count("number"),
    *map(_text, _NAMED),
    _text("gene"),
    _text("kind"),
    _text("name"),
    _text("haplotypes"),
    _text("source_class"),
    key="number",
)
Index("genotype_of_gene", GENOTYPE.c.tenant, GENOTYPE.c.gene, GENOTYPE.c.patient)

PHENOTYPE = _of_resource(
    "phenotype_index",
    _count("number"),
    *map(_text, _NAMED),
    _text("gene"),
    _text("phenotype"),
    _count("stated"),
    key="number",
)
Index("phenotype_of_gene", PHENOTYPE.c.tenant, PHENOTYPE.c.gene, PHENOTYPE.c.patient)

# Of whom there is a row of any of these.
GENOMIC_PATIENT = Table(
    "genomic_patient",
    METADATA,
    _text("tenant"),
    _text("patient"),
    PrimaryKeyConstraint("tenant", "patient"),
    sqlite_with_rowid=False,
)


# Of whom a resource has or had a security label, in whichever version.
LABELLED_PATIENT = Table(
    "labelled_patient",
    METADATA,
    _text("tenant"),
    _text("patient"),
    PrimaryKeyConstraint("tenant", "patient"),
    sqlite_with_rowid=False,
)


# Cards, and what became of them

# patient_hash and audience_hash are keyed hashes: no plain id is stored here.
CARD = Table(
    "issued_card",
    METADATA,
    _text("tenant", ""),
    *map(_text, ("uuid", "topic", "rules", "hook", "service", "patient_hash", "issued_at")),
    *(
        _text(name, "")
        for name in (
            "indicator", "source", "drug", "knowledge", "audience_hash",
            "ordered_sha256", "said_sha256",
        )
    ),
    PrimaryKeyConstraint("tenant", "uuid"),
)  # fmt: skip
Index("issued_to_audience", CARD.c.tenant, CARD.c.audience_hash, CARD.c.issued_at)
Index("issued_when", CARD.c.tenant, CARD.c.issued_at)
Index("issued_for_patient", CARD.c.tenant, CARD.c.patient_hash, CARD.c.issued_at)

# id is a hash of the item, so that an item sent twice is kept once.
FEEDBACK = Table(
    "feedback",
    METADATA,
    _text("tenant", ""),
    *map(_text, ("id", "card", "service", "outcome", "outcome_at", "accepted")),
    *map(_text, ("reason_system", "reason_code", "reason_display", "received_at")),
    PrimaryKeyConstraint("tenant", "id"),
)
_F = FEEDBACK.c
Index("feedback_of_card", _F.tenant, _F.card, _F.outcome_at, _F.received_at)

# Free text may hold patient data: apart, so that it can be guarded and cleared by itself.
COMMENT = Table(
    "feedback_comment",
    METADATA,
    _text("tenant", ""),
    _text("feedback"),
    _text("comment"),
    PrimaryKeyConstraint("tenant", "feedback"),
)

# Who may call, and who did

# Assertions that were used: `name` is a hash of issuer and jti, `expires` is seconds since 1970.
SEEN_ASSERTION = Table(
    "seen_assertion",
    METADATA,
    _text("name"),
    _count("expires"),
    PrimaryKeyConstraint("name"),
    sqlite_with_rowid=False,
)
Index("seen_assertion_expires", SEEN_ASSERTION.c.expires)

# The record of accesses, a chain: each row's digest covers its body and the digest before. `body`
# is an AuditEvent. `patient` is a plain id, empty where it was about none.
AUDIT = Table(
    "audit_entry",
    METADATA,
    _text("tenant", ""),
    _count("number"),
    _count("recorded"),
    _text("patient"),
    _text("agent"),
    _text("what"),
    _text("previous"),
    _text("digest"),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant", "number"),
)
Index("audit_of_patient", AUDIT.c.tenant, AUDIT.c.patient, AUDIT.c.number)
Index("audit_when", AUDIT.c.tenant, AUDIT.c.recorded)

# What our SMART app holds for a browser between two requests. `name` is a hash of the secret in the
# browser's cookie, and `body` is sealed with a key made of that secret: the table alone opens none.
LAUNCH_SESSION = Table(
    "launch_session",
    METADATA,
    _text("name"),
    _count("expires"),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("name"),
)
Index("launch_session_expires", LAUNCH_SESSION.c.expires)

SECRET = Table("secret", METADATA, _text("name"), _text("value"), PrimaryKeyConstraint("name"))

MIGRATION = Table("migration", METADATA, _text("name"), PrimaryKeyConstraint("name"))


def schema(name: str) -> list[str]:
    """Every statement that makes the schema in an empty database of this kind."""
    dialect = {"sqlite": sqlite, "postgresql": postgresql}[name].dialect()
    statements = []
    for table in METADATA.sorted_tables:
        statements.append(str(CreateTable(table).compile(dialect=dialect)))
        for index in sorted(table.indexes, key=lambda each: str(each.name)):
            statements.append(str(CreateIndex(index).compile(dialect=dialect)))
    return [" ".join(statement.split()) for statement in statements]


if __name__ == "__main__":
    print(";\n".join(schema(sys.argv[1])) + ";")  # noqa: T201 - this is the command's answer

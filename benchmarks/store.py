"""What the store takes: writing 500 variants, reading by id, by gene, by place, over all patients.

Beside each stands plain SQL for the same rows, on a connection of its own in the same run: read
the ratios. Patients are synthetic: 95 variants of 5,000 sites in 20 genes each, four genotypes and
a phenotype, about ten search values a resource.
"""

import argparse
import random
import statistics
import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from fhir_pgx.model.finding import SourceClass
from fhir_pgx.model.genomic_index import (
    GenomicIndex,
    IndexedGenotype,
    IndexedPhenotype,
    IndexedVariant,
    SimpleAllele,
    Span,
)
from fhir_pgx.model.search import (
    Criterion,
    Link,
    LinkAsked,
    Moment,
    Pair,
    Query,
    SearchValues,
    Sort,
    Token,
    TokenAsked,
)
from fhir_pgx.storage import NewResource, SqlStore
from fhir_pgx.storage.keys import key_of
from fhir_pgx.storage.writing import SqlUnit

GENES = tuple(f"GENE{number}" for number in range(20))
LOINC, HGNC = "http://loinc.org", "http://www.genenames.org/geneId"
GENE_BASES = 200_000
SITES = 250  # of each gene
OF_A_PATIENT = 100  # Observations
PHENOTYPES = ("Normal Metabolizer", "Intermediate Metabolizer", "Poor Metabolizer")
DAY = 86_400_000_000


def allele(gene: int, site: int) -> SimpleAllele:
    chromosome, start = str(gene + 1), 1_000_000 + site * (GENE_BASES // SITES)
    return SimpleAllele("GRCh38", chromosome, start, "ACGT"[site % 4], "ACGT"[(site + 1) % 4])


def variant(patient: str, number: int, gene: int, site: int) -> NewResource:
    """A variant Observation of some 2.7 kB."""
    what = allele(gene, site)
    component = (
        '{"code":{"coding":[{"system":"http://loinc.org","code":"48018-6","display":"Gene studied '
        f'[ID]"}}]}},"valueCodeableConcept":{{"coding":[{{"system":"{HGNC}",'
        f'"code":"HGNC:{gene}","display":"{GENES[gene]}"}}]}}}}'
    )
    body = (
        f'{{"resourceType":"Observation","id":"{patient}-{number}","status":"final","subject":'
        f'{{"reference":"Patient/{patient}"}},"effectiveDateTime":"2026-01-{number % 28 + 1:02}",'
        f'"component":[{",".join([component] * 12)}],"note":[{{"text":"{what.start}"}}]}}'
    )
    day = (number % 28) * DAY
    values = SearchValues(
        (
            Token("code", LOINC, "69548-6"),
            Token("status", "http://hl7.org/fhir/observation-status", "final"),
            Token("category", "http://terminology.hl7.org/CodeSystem/observation-category",
                  "laboratory"),
            Token("component-code", LOINC, "48018-6"),
            Token("component-value-concept", HGNC, f"HGNC:{gene}"),
            Token("identifier", "urn:lab", f"{patient}/{number}"),
        ),
        (Link("subject", "Patient", patient), Link("patient", "Patient", patient)),
        (Moment("date", day, day + DAY),),
        (),
        (),
        (Pair("component-code-value-concept", LOINC, "48018-6", HGNC, f"HGNC:{gene}"),),
    )  # fmt: skip
    row = IndexedVariant(
        (GENES[gene],), what.assembly, what.chromosome, what.start, what.start + 1, what.ref,
        what.alt, source_class=SourceClass.GERMLINE, zygosity="LA6706-1",
    )  # fmt: skip
    name = f"{patient}-{number}"
    return NewResource("Observation", name, body.encode(), patient, "", (), values,
                       GenomicIndex((row,)))  # fmt: skip


def result(patient: str, number: int, gene: int, found: GenomicIndex) -> NewResource:
    """A genotype or phenotype Observation."""
    plain = variant(patient, number, gene, 0)
    return NewResource("Observation", plain.id, plain.body, patient, "", (), plain.values, found)


def record(number: int, variants: int = OF_A_PATIENT - 5) -> list[NewResource]:
    """All Observations of a patient; the same for the same number."""
    chance, patient = random.Random(number), f"patient-{number:06}"
    found = [
        variant(patient, each, chance.randrange(len(GENES)), chance.randrange(SITES))
        for each in range(variants)
    ]
    for gene in range(4):
        names = tuple(chance.choice(("*1", "*2", "*17")) for _ in range(2))
        genotype = IndexedGenotype(GENES[gene], "diplotype", "/".join(names), names)
        found.append(result(patient, len(found), gene, GenomicIndex((), (genotype,))))
    phenotype = IndexedPhenotype(GENES[0], chance.choice(PHENOTYPES), True)
    return [*found, result(patient, len(found), 0, GenomicIndex((), (), (phenotype,)))]


@dataclass(frozen=True, slots=True)
class Line:
    """Medians in milliseconds of ours and of plain SQL, and how many rows were found."""

    what: str
    ours: float
    plain: float
    rows: int
    aim: str


def median(run: Callable[[int], Any], repeats: int) -> tuple[float, Any]:
    """Of many runs, each given its number, in milliseconds; and what the last found."""
    spent, found = [], None
    for number in range(repeats):
        started = perf_counter()
        found = run(number)
        spent.append((perf_counter() - started) * 1000)
    return statistics.median(spent), found


class Recorder:
    """A connection that notes what is written by it."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.written: list[tuple[str, list[Any]]] = []

    def execute(self, statement: str, values: Sequence[Any] = ()) -> Any:
        if statement.startswith("INSERT"):
            self.written.append((statement.partition(" RETURNING")[0], [tuple(values)]))
        return self._connection.execute(statement, values)

    def executemany(self, statement: str, rows: Any) -> Any:
        self.written.append((statement, list(rows)))
        return self._connection.executemany(statement, self.written[-1][1])


class _Undo(Exception):
    pass


def writing(store: SqlStore, repeats: int) -> Line:
    """500 variants of a new patient, committed; beside the same rows by executemany."""
    database, patients = store._database, random.randrange(10**6, 10**9)  # of nobody yet
    plain = []
    for number in range(repeats):
        with database.transaction() as connection:
            recorder = Recorder(connection)
            SqlUnit(recorder, database, "").put_many(record(patients + number, 500))
        started = perf_counter()
        try:
            with database.transaction() as connection:
                for statement, rows in recorder.written:
                    other = [("other", *row[1:]) for row in rows]
                    if len(rows) == 1:  # many rows of values in one statement
                        width = statement.count("?") // statement.count("(?")
                        other = [tuple("other" if n % width == 0 else value
                                       for n, value in enumerate(rows[0]))]  # fmt: skip
                    connection.executemany(statement, other)
        finally:
            plain.append((perf_counter() - started) * 1000)
    ours, _ = median(lambda n: store.save_bundle(record(patients + 1000 + n, 500)), repeats)
    made, _ = median(lambda n: record(patients + 1000 + n, 500), repeats)
    return Line("write 500 variants", ours - made, statistics.median(plain), 505, "500")


def reading(store: SqlStore, patients: int, repeats: int) -> Iterator[Line]:
    reads, rows, chance = store.reads(), store._database.rows, random.Random(1)
    names = [f"patient-{chance.randrange(patients):06}" for _ in range(repeats)]
    genes = [chance.randrange(len(GENES)) for _ in range(repeats)]
    starts = [allele(gene, chance.randrange(SITES)).start - 250 for gene in genes]

    def plain_read(number: int) -> Any:
        key = key_of("Observation", f"{names[number]}-7")
        sql = "SELECT body FROM resource WHERE tenant = '' AND patient = ? AND key = ?"
        return [zlib.decompress(row[0]) for row in rows(sql, (names[number], key))]

    yield beside("read by id", lambda n: [reads.read("Observation", f"{names[n]}-7")],
                 plain_read, repeats, "2")  # fmt: skip

    def asked(number: int) -> Query:
        subject = Criterion("patient", (LinkAsked("Patient", names[number]),))
        gene = TokenAsked(HGNC, f"HGNC:{genes[number]}")
        criteria = (subject, Criterion("component-value-concept", (gene,)))
        return Query("Observation", criteria, patient=names[number], with_total=False)

    def plain_search(number: int) -> Any:
        sql = (
            "SELECT r.body FROM search_token t JOIN resource r ON r.tenant = t.tenant AND "
            "r.patient = t.patient AND r.key = t.key WHERE t.tenant = '' AND t.type = "
            "'Observation' AND t.param = 'component-value-concept' AND t.code = ? AND t.patient = ?"
        )
        found = rows(sql, (f"HGNC:{genes[number]}", names[number]))
        return [zlib.decompress(row[0]) for row in found]

    yield beside("search patient and gene", lambda n: reads.search(asked(n)).resources,
                 plain_search, repeats, "2")  # fmt: skip
    yield beside(
        "index: variants of a patient's gene",
        lambda n: reads.variants_of_genes([GENES[genes[n]]], patient=names[n]),
        lambda n: rows(
            "SELECT v.* FROM variant_gene g JOIN variant_index v ON v.tenant = g.tenant AND "
            "v.patient = g.patient AND v.key = g.key AND v.number = g.number "
            "WHERE g.tenant = '' AND g.gene = ? AND g.patient = ?",
            (GENES[genes[n]], names[n]),
        ),
        repeats,
        "2",
    )
    place = (
        "SELECT v.* FROM variant_index v WHERE v.tenant = '' AND v.assembly = 'GRCh38' "
        "AND v.chromosome = ? AND v.scale = 0 AND v.start < ? AND v.start >= ?"
    )

    def span(number: int, size: int = 500) -> list[Span]:
        start = starts[number]
        return [Span("GRCh38", str(genes[number] + 1), start, start + size)]

    yield beside(
        "variants over 500 bases, all patients",
        lambda n: reads.variants_over(span(n)),
        lambda n: rows(place, (str(genes[n] + 1), starts[n] + 500, starts[n])),
        repeats,
        "5",
    )
    yield beside(
        "variants over a gene, one patient",
        lambda n: reads.variants_over(span(n, GENE_BASES), patient=names[n]),
        lambda n: rows(
            place + " AND v.patient = ?",
            (str(genes[n] + 1), starts[n] + GENE_BASES, starts[n], names[n]),
        ),
        repeats,
        "5",
    )


def population(store: SqlStore, repeats: int) -> Iterator[Line]:
    reads, rows = store.reads(), store._database.rows
    yield beside(
        "all: phenotypes of a gene",
        lambda _: reads.phenotypes_of([GENES[0]]),
        lambda _: rows(
            "SELECT patient, id, phenotype FROM phenotype_index WHERE tenant = '' AND gene = ?",
            (GENES[0],),
        ),
        repeats,
        "100",
    )
    yield beside(
        "all: who has an allele",
        lambda n: reads.variants_like([allele(n % 20, n)]),
        lambda n: rows(
            "SELECT * FROM variant_index WHERE tenant = '' AND assembly = 'GRCh38' AND "
            "chromosome = ? AND scale = 0 AND start = ?",
            (str(n % 20 + 1), allele(n % 20, n).start),
        ),
        repeats,
        "100",
    )
    yield beside(
        "all: patients with a genomic result",
        lambda _: reads.genomic_patients(),
        lambda _: rows(
            "SELECT DISTINCT patient FROM phenotype_index WHERE tenant = '' ORDER BY 1", ()
        ),
        repeats,
        "100",
    )
    code = Criterion("code", (TokenAsked(LOINC, "69548-6"),))
    gene = Criterion("component-value-concept", (TokenAsked(HGNC, "HGNC:3"),))
    yield beside(
        "all: search code and gene, first 50",
        lambda _: reads.search(Query("Observation", (code, gene), with_total=False)).resources,
        lambda _: rows(
            "SELECT r.body FROM search_token t JOIN resource r ON r.tenant = t.tenant AND "
            "r.patient = t.patient AND r.key = t.key WHERE t.tenant = '' AND t.type = "
            "'Observation' AND t.param = 'component-value-concept' AND t.code = ? LIMIT 50",
            ("HGNC:3",),
        ),
        repeats,
        "100",
    )
    yield beside(
        "all: the same, the total alone",
        lambda _: range(reads.search(Query("Observation", (code, gene), count=0)).total or 0),
        lambda _: range(
            rows(
                "SELECT COUNT(*) FROM search_token t WHERE t.tenant = '' AND t.type = "
                "'Observation' AND t.param = 'component-value-concept' AND t.code = ?",
                ("HGNC:3",),
            )[0][0]
        ),
        repeats,
        "100",
    )
    newest = (Sort("_lastUpdated", is_descending=True),)
    yield beside(
        "all: the 50 written last",
        lambda _: reads.search(Query("Observation", (code,), newest, with_total=False)).resources,
        lambda _: rows(
            "SELECT r.body FROM locator l JOIN resource r ON r.tenant = l.tenant AND r.patient = "
            "l.patient AND r.key = l.key WHERE l.tenant = '' AND l.type = 'Observation' "
            "ORDER BY l.updated DESC LIMIT 50",
            (),
        ),
        repeats,
        "100",
    )


def beside(
    what: str, ours: Callable[[int], Any], plain: Callable[[int], Any], repeats: int, aim: str
) -> Line:
    """Ours and plain SQL in turn, twice; the better median of each."""
    results = [(median(ours, repeats), median(plain, repeats)) for _ in range(2)]
    best = min(found[0][0] for found in results)
    return Line(what, best, min(found[1][0] for found in results), len(results[0][0][1]), aim)


@contextmanager
def filled(url: str, patients: int) -> Iterator[SqlStore]:
    """A store with so many patients; those that it has already are not written again."""
    store = SqlStore(url)
    try:
        there = set(store.patients())
        started = perf_counter()
        missing = [n for n in range(patients) if f"patient-{n:06}" not in there]
        for number in missing:
            store.save_bundle(record(number))
        if missing:
            each = (perf_counter() - started) / len(missing) / OF_A_PATIENT
            print(f"filled: {each * 1e6:.0f} us a resource, its making included")
        yield store
    finally:
        store.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--observations", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=50)
    parser.add_argument(
        "--database", default="", help="a URL; empty: an SQLite file that is removed"
    )
    options = parser.parse_args()
    patients = max(1, options.observations // OF_A_PATIENT)
    with tempfile.TemporaryDirectory() as folder:
        url = options.database or f"sqlite:///{Path(folder) / 'bench.db'}"
        with filled(url, patients) as store:
            print(f"{patients * OF_A_PATIENT} Observations of {patients} patients")
            lines = [
                *reading(store, patients, options.repeats),
                *population(store, max(3, options.repeats // 10)),
                writing(store, 5),
            ]
    print(f"{'':40}{'ours ms':>9}{'plain ms':>9}{'ratio':>7}{'rows':>7}{'aim ms':>8}")
    for line in lines:
        ratio = line.ours / line.plain
        print(
            f"{line.what:40}{line.ours:9.2f}{line.plain:9.2f}{ratio:7.1f}{line.rows:7}{line.aim:>8}"
        )


if __name__ == "__main__":
    main()

"""The FHIR server: ingest of 500 variants over HTTP, reads, searches, and operations over a
population, each beside plain SQL for the same rows in the same run: read the ratios.

Requests go through the whole application in one process (Flask's test client), without a network.
Patients are synthetic: of each a CYP2C19 genotype and an SLCO1B1 variant by its place; of every
fifth a tumour with a BRAF or EGFR variant; of every tenth a BRCA1 variant. With `--specimens` some
of the tumours' variants name their specimen: such a patient is judged alone.
"""

import argparse
import json
import random
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any
from urllib.parse import quote, urlencode

from fhir_pgx.pipeline import Pipeline
from fhir_pgx.rest.loading import drafts_in, load_documents
from fhir_pgx.rest.server import Server
from fhir_pgx.settings import Settings
from fhir_pgx.storage import SqlStore
from fhir_pgx.web.app import create_app

LOINC, HGNC = "http://loinc.org", "http://www.genenames.org/geneId"
REFSEQ, SNOMED = "http://www.ncbi.nlm.nih.gov/refseq", "http://snomed.info/sct"
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
CHR10, CHR12 = "NC_000010.11", "NC_000012.12"
RS4149056 = 21178614  # SLCO1B1 c.521T>C, 0-based on GRCh38
STAR_2 = 94781858  # CYP2C19*2
DIPLOTYPES = ("*1/*1",) * 8 + ("*1/*2",) * 6 + ("*1/*17",) * 6 + ("*2/*2", "*2/*17", "*17/*17")
TUMOURS = (("BRAF", "p.Val600Glu", "372244006", "Malignant melanoma"),
           ("EGFR", "p.Leu858Arg", "254637007", "Non-small cell lung cancer"))  # fmt: skip
AT_ONCE = 500  # patients of one transaction

Resource = dict[str, Any]


def coded(code: str, system: str = LOINC, display: str = "") -> Resource:
    coding = {"system": system, "code": code}
    return {"coding": [{**coding, "display": display} if display else coding]}


def part(code: str, **value: Any) -> Resource:
    return {"code": coded(code), **value}


def observation(id_: str, patient: str, code: str, parts: list[Resource], **more: Any) -> Resource:
    return {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "category": [coded("laboratory", CATEGORY)],
        "code": coded(code),
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": "2026-03-01",
        **more,
        "component": parts,
    }


def placed(
    id_: str, patient: str, gene: tuple[str, str], accession: str, start: int, ref: str, alt: str
) -> Resource:
    """A variant by its place, with all that a laboratory commonly says of one."""
    parts = [
        part("48018-6", valueCodeableConcept=coded(gene[1], HGNC, gene[0])),
        part("48013-7", valueCodeableConcept=coded(accession, REFSEQ)),
        part("69547-8", valueString=ref),
        part("69551-0", valueString=alt),
        part("92822-6", valueCodeableConcept=coded("LA30100-4")),
        part("81254-5", valueRange={"low": {"value": start}, "high": {"value": start + len(ref)}}),
        part("48002-0", valueCodeableConcept=coded("LA6683-2", display="Germline")),
        part("53034-5", valueCodeableConcept=coded("LA6706-1", display="Heterozygous")),
        part("48019-4", valueCodeableConcept=coded("LA6690-7", display="Substitution")),
    ]
    present = coded("LA9633-4", display="Present")
    return observation(id_, patient, "69548-6", parts, valueCodeableConcept=present)


def record(number: int, specimens: int = 0) -> list[Resource]:
    """All that is known of a patient; the same for the same number. Of so many tumours in a hundred
    there is a specimen."""
    chance, patient = random.Random(number), f"p{number:05}"
    gene = part("48018-6", valueCodeableConcept=coded("HGNC:2621", HGNC, "CYP2C19"))
    diplotype = {"text": f"CYP2C19 {chance.choice(DIPLOTYPES)}"}
    found: list[Resource] = [
        {"resourceType": "Patient", "id": patient},
        observation(f"{patient}-g", patient, "84413-4", [gene], valueCodeableConcept=diplotype),
        placed(
            f"{patient}-v", patient, ("SLCO1B1", "HGNC:10959"), CHR12, RS4149056, "T",
            chance.choice("CCG"),
        ),
    ]  # fmt: skip
    if number % 5 == 0:
        symbol, change, code, name = chance.choice(TUMOURS)
        found.append(named(f"{patient}-t", patient, symbol, change, "LA6684-0"))
        if number // 5 % 100 < specimens:
            found[-1]["specimen"] = {"reference": f"Specimen/{patient}-s"}
            found.append({"resourceType": "Specimen", "id": f"{patient}-s",
                          "subject": {"reference": f"Patient/{patient}"}})  # fmt: skip
        condition = {**coded(code, SNOMED), "text": name}
        found.append({"resourceType": "Condition", "id": f"{patient}-c", "code": condition,
                      "subject": {"reference": f"Patient/{patient}"}})  # fmt: skip
    if number % 10 == 0:
        found.append(named(f"{patient}-b", patient, "BRCA1", "NM_007294.4:c.5266dup", "LA6683-2"))
    return found


def named(id_: str, patient: str, gene: str, change: str, source: str) -> Resource:
    """A variant by its name alone."""
    is_protein = change.startswith("p.")
    name = {"coding": [{"system": "http://varnomen.hgvs.org", "code": change}]}
    parts = [
        part("48018-6", valueCodeableConcept={"text": gene}),
        part("48002-0", valueCodeableConcept=coded(source)),
        part("48005-3" if is_protein else "48004-6", valueCodeableConcept=name),
    ]
    return observation(id_, patient, "69548-6", parts, valueCodeableConcept=coded("LA9633-4"))


def bundle(patient: str, variants: int) -> bytes:
    """A transaction of a new patient's variants, at as many places."""
    made: list[Resource] = [{"resourceType": "Patient", "id": patient}]
    for number in range(variants):
        start = STAR_2 - 5_000 + 20 * number
        made.append(
            placed(f"{patient}-{number}", patient, ("CYP2C19", "HGNC:2621"), CHR10, start, "A", "G")
        )
    entries = [
        {
            "fullUrl": f"urn:uuid:{each['id']}",
            "resource": each,
            "request": {"method": "PUT", "url": f"{each['resourceType']}/{each['id']}"},
        }
        for each in made
    ]
    return json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries}).encode()


@dataclass(frozen=True, slots=True)
class Line:
    """Milliseconds of ours, the first time and in the middle, and of plain SQL; the aim."""

    what: str
    first: float
    ours: float
    plain: float
    aim: int


def spent(run: Callable[[], Any]) -> float:
    started = perf_counter()
    run()
    return (perf_counter() - started) * 1000


class Asked:
    """A server with a store, asked over HTTP."""

    def __init__(self, store: SqlStore, pipeline: Pipeline) -> None:
        self.store, self.rows = store, store._database.rows
        settings = Settings()
        self._client = create_app(settings, pipeline=pipeline, store=store).test_client()

    def get(self, path: str, **query: str) -> Any:
        answer = self._client.get(f"/fhir/{quote(path, safe='$/')}?{urlencode(query)}")
        if answer.status_code != 200:
            raise SystemExit(f"{path} answered {answer.status_code}: {answer.text[:500]}")
        return answer

    def send(self, body: bytes) -> None:
        answer = self._client.post("/fhir", data=body, content_type="application/fhir+json")
        if answer.status_code != 200:
            raise SystemExit(f"the transaction answered {answer.status_code}: {answer.text[:500]}")

    def beside(
        self, what: str, run: Callable[[], Any], sql: str, values: Sequence[Any], aim: int,
        repeats: int,
    ) -> Line:  # fmt: skip
        """Ours and plain SQL in turn."""
        first, ours, plain = spent(run), [], []
        for _ in range(repeats):
            ours.append(spent(run))
            plain.append(spent(lambda: self.rows(sql, values)))
        return Line(what, first, statistics.median(ours), statistics.median(plain), aim)


def ingest(asked: Asked, repeats: int) -> Line:
    """500 variants of a new patient from HTTP to commit; beside the same rows by executemany."""
    run, ours, plain = random.randrange(10**9), [], []
    for number in range(repeats + 1):
        body = bundle(f"new-{run}-{number}", 500)
        ours.append(spent(lambda body=body: asked.send(body)))
        plain.append(_written_plainly(asked, f"new-{run}-{number}"))
    return Line(
        "ingest of 500 variants",
        ours[0],
        statistics.median(ours[1:]),
        statistics.median(plain),
        500,
    )


def _written_plainly(asked: Asked, patient: str) -> float:
    """Milliseconds of the rows that these resources came to, written anew for another tenant."""
    tables = ("resource", "locator", "search_token", "search_link", "search_moment", "search_word",
              "search_amount", "search_pair", "variant_index", "variant_gene")  # fmt: skip
    copies = []
    for table in tables:
        sql = f"SELECT * FROM {table} WHERE tenant = '' AND patient = ?"
        rows = [("other", *row[1:]) for row in asked.rows(sql, (patient,))]
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            copies.append((f"INSERT INTO {table} VALUES ({marks})", rows))

    def write() -> None:
        with asked.store._database.transaction() as connection:
            for statement, rows in copies:
                connection.executemany(statement, rows)

    return spent(write)


GENOTYPED = (
    "SELECT patient, name, source_class FROM genotype_index WHERE tenant = '' AND gene = 'CYP2C19'"
)
OF_GENES = (
    "SELECT v.* FROM variant_gene g JOIN variant_index v ON v.tenant = g.tenant AND v.patient = "
    "g.patient AND v.key = g.key AND v.number = g.number WHERE g.tenant = '' AND g.gene IN ({0})"
)
BY_PLACE = (
    "SELECT * FROM variant_index WHERE tenant = '' AND assembly = 'GRCh38' AND chromosome = ? "
    "AND scale = 0 AND start >= ? AND start <= ?"
)


def one_patient(asked: Asked, repeats: int) -> Iterator[Line]:
    who = "p00020"
    yield asked.beside(
        "read", lambda: asked.get(f"Observation/{who}-g"),
        "SELECT body FROM locator l JOIN resource r ON r.tenant = l.tenant AND r.patient = "
        "l.patient AND r.key = l.key WHERE l.tenant = '' AND l.type = 'Observation' AND l.id = ?",
        (f"{who}-g",), 2, repeats,
    )  # fmt: skip
    gene = {"patient": who, "component-value-concept": f"{HGNC}|HGNC:2621"}
    yield asked.beside(
        "search by patient and gene", lambda: asked.get("Observation", **gene),
        "SELECT r.body FROM search_token t JOIN resource r ON r.tenant = t.tenant AND r.patient = "
        "t.patient AND r.key = t.key WHERE t.tenant = '' AND t.type = 'Observation' AND t.param = "
        "'component-value-concept' AND t.code = 'HGNC:2621' AND t.patient = ?",
        (who,), 2, repeats,
    )  # fmt: skip
    yield asked.beside(
        "region of one patient",
        lambda: asked.get(
            "$find-subject-variants", subject=who, ranges=f"{CHR12}:21100000-21200000"
        ),
        BY_PLACE + " AND patient = ?", ("12", 21_100_000, 21_200_000, who), 5, repeats,
    )  # fmt: skip


def population(asked: Asked, repeats: int) -> Iterator[Line]:
    def line(kind: str, sql: str, values: Sequence[Any] = (), **query: str) -> Line:
        name = f"$find-population-{kind}"
        label = f"{kind} {' '.join(query.values())}"
        return asked.beside(
            label, lambda: asked.get(name, **query), sql, values, 100, repeats
        )  # fmt: skip

    at_521 = ("12", RS4149056, RS4149056)
    yield line("specific-variants", BY_PLACE, at_521, variants=f"{CHR12}:{RS4149056}:T:C")
    over = f"{CHR12}:21100000-21200000"
    for kind in ("structural-intersecting-variants", "structural-subsuming-variants"):
        yield line(kind, BY_PLACE + " AND structural = 1", ("12", 21_100_000, 21_200_000),
                   ranges=over)  # fmt: skip
    yield line("specific-haplotypes", GENOTYPED, haplotypes="CYP2C19 *2")
    yield line("tx-implications", GENOTYPED, treatments="clopidogrel")
    yield line("tx-implications", GENOTYPED, haplotypes="CYP2C19 *2/*2")
    yield line("tx-implications", OF_GENES.format("'SLCO1B1'"), treatments="simvastatin")
    yield line("tx-implications", OF_GENES.format("'BRAF'"), conditions="melanoma")
    yield line("tx-implications", OF_GENES.format("'EGFR'"), treatments="osimertinib")
    yield line("dx-implications", OF_GENES.format("'BRCA1'"), conditions="breast cancer")
    yield line("molecular-consequences", OF_GENES.format("'BRCA1'"),
               featureConsequences="frameshift_variant")  # fmt: skip


def fill(store: SqlStore, pipeline: Pipeline, patients: int, specimens: int = 0) -> None:
    """Those patients that are not there yet."""
    there = set(store.patients())
    missing = [each for each in range(patients) if f"p{each:05}" not in there]
    server = Server(store, "http://localhost/fhir", pipeline.genomic_index)
    for first in range(0, len(missing), AT_ONCE):
        made = [
            one for number in missing[first : first + AT_ONCE] for one in record(number, specimens)
        ]
        entries = [{"resource": each} for each in made]
        document = {"resourceType": "Bundle", "type": "collection", "entry": entries}
        load_documents(server, drafts_in([document]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=2_000)
    parser.add_argument("--specimens", type=int, default=0, help="in a hundred tumours")
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument(
        "--database", default="", help="a URL; empty: an SQLite file that is removed"
    )
    options = parser.parse_args()
    pipeline = Pipeline.load(Settings())
    with tempfile.TemporaryDirectory() as folder:
        store = SqlStore(options.database or f"sqlite:///{Path(folder) / 'bench.db'}")
        try:
            fill(store, pipeline, options.patients, options.specimens)
            print(f"{options.patients} patients")
            print(f"{'':58}{'first ms':>9}{'ours ms':>9}{'plain ms':>9}{'ratio':>7}{'aim ms':>8}")
            asked = Asked(store, pipeline)
            for line in (
                *one_patient(asked, options.repeats),
                *population(asked, options.repeats),
                ingest(asked, options.repeats),
            ):
                print(
                    f"{line.what:58}{line.first:9.1f}{line.ours:9.2f}{line.plain:9.2f}"
                    f"{line.ours / line.plain:7.1f}{line.aim:8}"
                )
        finally:
            store.close()


if __name__ == "__main__":
    main()

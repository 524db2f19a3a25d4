"""The index of genomic results, asked by place, allele, gene and patient."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from fhir_pgx.model.finding import SourceClass
from fhir_pgx.model.genomic_index import (
    IndexedGenotype,
    IndexedPhenotype,
    SimpleAllele,
    Span,
    StoredGenotype,
    StoredPhenotype,
    StoredVariant,
)
from fhir_pgx.storage.alike import variant_of
from fhir_pgx.storage.places import SCALES, overlap, reaches

Rows = Callable[[str, Sequence[Any]], list[Any]]

_NAMES = (
    "patient", "key", "number", "type", "id", "genes", "assembly", "chromosome", "start", "stop",
    "ref", "alt", "presence", "source_class", "zygosity", "structural", "change_type",
    "inner_start", "inner_stop", "outer_start", "outer_stop",
)  # fmt: skip
_COLUMNS = ", ".join(f"v.{name}" for name in _NAMES)
_V = f"SELECT {_COLUMNS} FROM variant_index v "  # noqa: S608 - columns of our own
_OF_PATIENT = " AND v.patient = ?"
_IN_REACH = (
    _V + "WHERE v.tenant = ? AND v.assembly = ? AND v.chromosome = ? AND v.scale = ? "
    "AND v.start BETWEEN ? AND ? AND v.stop >= ?"
)
_ALLELE = (
    _V + "WHERE v.tenant = ? AND v.assembly = ? AND v.chromosome = ? "
    f"AND v.scale IN ({', '.join(map(str, SCALES))}) AND v.start = ? AND v.ref = ? AND v.alt = ? "
    "AND v.structural = 0"
)
_OF_GENE = (
    _V + "JOIN variant_gene g ON g.tenant = v.tenant AND g.patient = v.patient AND g.key = v.key "
    "AND g.number = v.number WHERE g.tenant = ? AND g.gene IN ({marks})"
)
_GENOTYPE = (
    "SELECT patient, type, id, gene, kind, name, haplotypes, source_class "
    "FROM genotype_index WHERE tenant = ?"
)
_PHENOTYPE = (
    "SELECT patient, type, id, gene, phenotype, stated FROM phenotype_index WHERE tenant = ?"
)
# One step down the index a patient, instead of one a row.
_EACH_PATIENT = (
    "WITH RECURSIVE p (patient) AS (SELECT MIN(patient) FROM {0} WHERE tenant = ? UNION ALL "
    "SELECT (SELECT MIN(x.patient) FROM {0} x WHERE x.tenant = ? AND x.patient > p.patient) "
    "FROM p WHERE p.patient IS NOT NULL) SELECT patient FROM p WHERE patient IS NOT NULL"
)
PATIENTS = _EACH_PATIENT.format("resource")
GENOMIC = ("variant_index", "genotype_index", "phenotype_index")
_GENOMIC_PATIENTS = "SELECT patient FROM genomic_patient WHERE tenant = ? ORDER BY patient"
_COUNT_GENOMIC = "SELECT COUNT(*) FROM genomic_patient WHERE tenant = ?"


class GenomicReads:
    """The part of `store.Reads` that knows places and genes."""

    _rows: Rows
    _tenant: str

    def variants_over(
        self, spans: Sequence[Span], *, patient: str = "", structural: bool | None = None
    ) -> list[StoredVariant]:
        """Every indexed variant that overlaps a span (see `Reads.variants_over`).

        A span without bases, between two of them, is overlapped by what touches it.
        """
        statement = _IN_REACH
        statement += _OF_PATIENT if patient else ""
        statement += "" if structural is None else f" AND v.structural = {int(structural)}"
        found: dict[tuple[Any, ...], Any] = {}
        for span in dict.fromkeys(spans):
            values: list[Any] = []
            reach = reaches(span.start, span.end)
            for each in reach:
                values += [self._tenant, span.assembly, span.chromosome, each.scale]
                values += [each.first_start, each.last_start, each.first_stop]
                values += [patient] if patient else []
            for row in self._rows(" UNION ALL ".join([statement] * len(reach)), values):
                if overlap(row[8], row[9], span.start, span.end):
                    found[row[:3]] = row
        return _variants(found.values())

    def variants_like(
        self, alleles: Sequence[SimpleAllele], *, patient: str = ""
    ) -> list[StoredVariant]:
        """Every indexed simple variant that is one of these, exactly."""
        statement = _ALLELE + (_OF_PATIENT if patient else "")
        last = (patient,) if patient else ()
        found = {}
        for x in dict.fromkeys(alleles):
            values = (self._tenant, x.assembly, x.chromosome, x.start, x.ref, x.alt, *last)
            found.update({row[:3]: row for row in self._rows(statement, values)})
        return _variants(found.values())

    def variants_of_genes(self, genes: Sequence[str], *, patient: str = "") -> list[StoredVariant]:
        """Every indexed variant of these genes, placed or not; none where no gene is named."""
        if not genes:
            return []
        statement = _OF_GENE.format(marks=", ".join("?" * len(genes)))
        statement += " AND g.patient = ?" if patient else ""
        values = (self._tenant, *genes, *((patient,) if patient else ()))
        return _variants({row[:3]: row for row in self._rows(statement, values)}.values())

    def genotypes_of(self, genes: Sequence[str], *, patient: str = "") -> list[StoredGenotype]:
        """Every indexed diplotype and haplotype of these genes; of all where none is named."""
        return [
            StoredGenotype(
                of,
                type_,
                id_,
                IndexedGenotype(
                    gene, kind, name, tuple(json.loads(haplotypes)), SourceClass(source_class)
                ),
            )
            for of, type_, id_, gene, kind, name, haplotypes, source_class in self._of_genes(
                _GENOTYPE, genes, patient
            )
        ]

    def phenotypes_of(self, genes: Sequence[str], *, patient: str = "") -> list[StoredPhenotype]:
        """Every indexed phenotype of these genes; of all where none is named."""
        return [
            StoredPhenotype(of, type_, id_, IndexedPhenotype(gene, phenotype, bool(stated)))
            for of, type_, id_, gene, phenotype, stated in self._of_genes(
                _PHENOTYPE, genes, patient
            )
        ]

    def genomic_patients(self) -> list[str]:
        """The ids of all patients of whom a genomic result is stored, sorted."""
        return [row[0] for row in self._rows(_GENOMIC_PATIENTS, (self._tenant,))]

    def count_genomic_patients(self) -> int:
        """The number of `genomic_patients`."""
        ((number,),) = self._rows(_COUNT_GENOMIC, (self._tenant,))
        return int(number)

    def _of_genes(self, statement: str, genes: Sequence[str], patient: str) -> list[Any]:
        values: list[Any] = [self._tenant]
        if patient:
            statement, values = statement + " AND patient = ?", [*values, patient]
        if genes:
            statement += f" AND gene IN ({', '.join('?' * len(genes))})"
            values += genes
        return self._rows(statement + " ORDER BY patient, type, id, number", values)


def _variants(rows: Any) -> list[StoredVariant]:
    """Variants by patient, place and id; those without a place last."""
    placed = [(row[8] is None, row[8] or 0, row[9] or 0) for row in rows]
    order = sorted(
        zip(rows, placed, strict=True),
        key=lambda each: (each[0][0], *each[0][6:8], *each[1], *each[0][3:5], each[0][2]),
    )
    return [StoredVariant(row[0], row[3], row[4], variant_of(row[5:])) for row, _ in order]

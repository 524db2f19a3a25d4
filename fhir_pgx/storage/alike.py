"""What many patients have alike, told once: a population is asked without a row of each.

The database lists the patients of each group in one text, so that ten thousand come as one row.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from fhir_pgx.model.finding import Presence, SourceClass
from fhir_pgx.model.genomic_index import (
    IndexedGenotype,
    IndexedPhenotype,
    IndexedVariant,
    SimpleAllele,
    Span,
)
from fhir_pgx.model.search import TokenAsked
from fhir_pgx.storage.keys import fit
from fhir_pgx.storage.migrating import Dialect
from fhir_pgx.storage.places import SCALES, overlap, reaches
from fhir_pgx.storage.store import Alike, VariantAlike

Rows = Callable[[str, Sequence[Any]], list[Any]]

# A patient's id holds no such sign; where one did, the number would tell.
_APART = "\n"
_LISTED = {
    "sqlite": "GROUP_CONCAT({0}.patient, CHAR(10))",
    "postgresql": "STRING_AGG({0}.patient, CHR(10))",
}
_GENOTYPE = "t.gene, t.kind, t.name, t.haplotypes, t.source_class"
_PHENOTYPE = "t.gene, t.phenotype"
_VARIANT = ", ".join(
    f"v.{name}"
    for name in (
        "genes", "assembly", "chromosome", "start", "stop", "ref", "alt", "presence",
        "source_class", "zygosity", "structural", "change_type", "inner_start", "inner_stop",
        "outer_start", "outer_stop",
    )
)  # fmt: skip
_SOMEBODYS = "t.patient <> ''"
_OF_CLASS = (
    " AND EXISTS (SELECT 1 FROM genotype_index g WHERE g.tenant = t.tenant "
    "AND g.patient = t.patient AND g.key = t.key AND g.source_class = ?)"
)
_VARIANTS = (
    "variant_gene t JOIN variant_index v ON v.tenant = t.tenant AND v.patient = t.patient "
    "AND v.key = t.key AND v.number = t.number"
)
_PLACED = "variant_index v"
_IN_REACH = (
    "v.tenant = ? AND v.assembly = ? AND v.chromosome = ? AND v.scale = ? "
    "AND v.start BETWEEN ? AND ? AND v.stop >= ? AND v.patient <> ''"
)
_ALLELE = (
    "v.tenant = ? AND v.assembly = ? AND v.chromosome = ? "
    f"AND v.scale IN ({', '.join(map(str, SCALES))}) AND v.start = ? AND v.ref = ? AND v.alt = ? "
    "AND v.structural = 0 AND v.patient <> ''"
)
_OF_VALUE = (
    " AND EXISTS (SELECT 1 FROM search_token k WHERE k.tenant = t.tenant AND "
    "k.patient = t.patient AND k.key = t.key AND k.param = 'value-concept'{0})"
)
_SAID = " JOIN locator l ON l.tenant = t.tenant AND l.patient = t.patient AND l.key = t.key"
# Resources that say the same are one group; of what is not known to, each is one.
_ALONE = "CASE WHEN l.said = '' THEN l.id ELSE '' END"
_IS_CURRENT = "l.deleted = 0"


class AlikeReads:
    """The part of `store.Reads` that is asked of a population."""

    _rows: Rows
    _tenant: str
    _dialect: Dialect

    def genotypes_alike(
        self,
        genes: Sequence[str],
        *,
        source_class: SourceClass | None = None,
        value: TokenAsked | None = None,
    ) -> list[tuple[IndexedGenotype, tuple[str, ...]]]:
        """Each different diplotype and haplotype, and who has it (see `Reads.genotypes_alike`)."""
        where, values = self._where(genes)
        if source_class is not None:
            where, values = where + " AND t.source_class = ?", [*values, str(source_class)]
        if value is not None:
            coded = [f" AND k.{n} = ?" for n in ("code", "system") if getattr(value, n) is not None]
            where += _OF_VALUE.format("".join(coded))
            values += [fit(each) for each in (value.code, value.system) if each is not None]
        return [
            (_genotype(row), patients)
            for row, patients in self._groups("genotype_index t", _GENOTYPE, where, values)
        ]

    def phenotypes_alike(
        self, genes: Sequence[str], *, source_class: SourceClass | None = None
    ) -> list[tuple[IndexedPhenotype, tuple[str, ...]]]:
        """Each different stated phenotype, and who has it (see `Reads.phenotypes_alike`)."""
        where, values = self._where(genes)
        where += " AND t.stated = 1"
        if source_class is not None:
            where, values = where + _OF_CLASS, [*values, str(source_class)]
        return [
            (IndexedPhenotype(row[0], row[1], is_stated=True), patients)
            for row, patients in self._groups("phenotype_index t", _PHENOTYPE, where, values)
        ]

    def variants_alike(
        self,
        genes: Sequence[str],
        *,
        source_class: SourceClass | None = None,
        by_said: bool = False,
    ) -> list[VariantAlike]:
        """Each different variant and who has it (see `Reads.variants_alike`); none where no gene is
        named."""
        if not genes:
            return []
        where, values = self._where(genes)
        if source_class is not None:
            where, values = where + " AND v.source_class = ?", [*values, str(source_class)]
        source, columns = (
            (_VARIANTS + _SAID, f"l.said, {_VARIANT}") if by_said else (_VARIANTS, _VARIANT)
        )
        found = self._groups(source, columns, where, values)
        if not by_said:
            return [VariantAlike(variant_of(row), "", patients) for row, patients in found]
        return [VariantAlike(variant_of(row[1:]), row[0], patients) for row, patients in found]

    def variants_alike_over(
        self, spans: Sequence[Span], *, structural: bool | None = None
    ) -> list[VariantAlike]:
        """Each different variant over these places, and who has it (see `Reads.variants_over`)."""
        found: dict[IndexedVariant, set[str]] = {}
        for span in dict.fromkeys(spans):
            for each in reaches(span.start, span.end):
                where = _IN_REACH
                values: list[Any] = [self._tenant, span.assembly, span.chromosome]
                values += [each.scale, each.first_start, each.last_start, each.first_stop]
                where += "" if structural is None else f" AND v.structural = {int(structural)}"
                for row, patients in self._groups(_PLACED, _VARIANT, where, values, of="v"):
                    if overlap(row[3], row[4], span.start, span.end):
                        found.setdefault(variant_of(row), set()).update(patients)
        return _of_anybody(found)

    def variants_alike_to(self, alleles: Sequence[SimpleAllele]) -> list[VariantAlike]:
        """Each different simple variant that is one of these, and who has it."""
        found: dict[IndexedVariant, set[str]] = {}
        for x in dict.fromkeys(alleles):
            values = (self._tenant, x.assembly, x.chromosome, x.start, x.ref, x.alt)
            for row, patients in self._groups(_PLACED, _VARIANT, _ALLELE, values, of="v"):
                found.setdefault(variant_of(row), set()).update(patients)
        return _of_anybody(found)

    def alike_by_code(self, type_: str, codes: Sequence[str]) -> list[Alike]:
        """The resources of a type with one of these codes, by what they say."""
        marks = ", ".join("?" * len(codes))
        where = (
            f"t.tenant = ? AND t.type = ? AND t.param = 'code' AND t.code IN ({marks}) "
            f"AND {_SOMEBODYS}"
        )
        return self._alike("search_token t" + _SAID, where, [self._tenant, type_, *codes])

    def alike_beside(self, type_: str, genes: Sequence[str]) -> list[Alike]:
        """The resources of a type, by what they say, of patients with a variant of these genes."""
        marks = ", ".join("?" * len(genes))
        where = (
            f"l.tenant = ? AND l.type = ? AND {_IS_CURRENT} AND l.patient <> '' AND "  # noqa: S608
            "l.patient IN "
            f"(SELECT g.patient FROM variant_gene g WHERE g.tenant = ? AND g.gene IN ({marks}))"
        )
        return self._alike("locator l", where, [self._tenant, type_, self._tenant, *genes])

    def _alike(self, source: str, where: str, values: Sequence[Any]) -> list[Alike]:
        columns = f"l.said, {_ALONE}"
        found = self._groups(source, columns, where, values, of="l", more="MIN(l.id)")
        return [Alike(said, id_, patients) for (said, _, id_), patients in found]

    def _where(self, genes: Sequence[str]) -> tuple[str, list[Any]]:
        where = f"t.tenant = ? AND {_SOMEBODYS}"
        if genes:
            where += f" AND t.gene IN ({', '.join('?' * len(genes))})"
        return where, [self._tenant, *genes]

    def _groups(
        self, source: str, columns: str, where: str, values: Sequence[Any], *, of: str = "t",
        more: str = "",
    ) -> Iterator[tuple[tuple[Any, ...], tuple[str, ...]]]:  # fmt: skip
        """Each different value of the columns (and `more` of its rows), with its patients."""
        listed = _LISTED[self._dialect].format(of)
        told = f"{columns}, {more}" if more else columns
        statement = (
            f"SELECT COUNT(*), {listed}, {told} FROM {source} WHERE {where} "  # noqa: S608
            f"GROUP BY {columns} ORDER BY {columns}"
        )
        for number, patients, *row in self._rows(statement, values):
            each = patients.split(_APART)
            assert len(each) == number, "a patient's id holds a line break"
            yield tuple(row), tuple(sorted(set(each)))


def _of_anybody(found: dict[IndexedVariant, set[str]]) -> list[VariantAlike]:
    return [VariantAlike(variant, "", tuple(sorted(some))) for variant, some in found.items()]


def _genotype(row: Sequence[Any]) -> IndexedGenotype:
    gene, kind, name, haplotypes, source_class = row
    return IndexedGenotype(
        gene, kind, name, tuple(json.loads(haplotypes)), SourceClass(source_class)
    )


def variant_of(row: Sequence[Any]) -> IndexedVariant:
    """A variant from its columns, `genes` to `outer_stop`."""
    genes, assembly, chromosome, start, stop, ref, alt, presence, source_class = row[:9]
    zygosity, structural, change_type = row[9:12]
    inner = None if row[12] is None else (row[12], row[13])
    outer = None if row[14] is None else (row[14], row[15])
    return IndexedVariant(
        tuple(json.loads(genes)),
        assembly,
        chromosome,
        start,
        stop,
        ref,
        alt,
        Presence(presence),
        SourceClass(source_class),
        zygosity,
        bool(structural),
        change_type,
        inner,
        outer,
    )

"""What many patients have alike, told once: a population is asked without a row of each.

The database lists the patients of each group in one text, so that ten thousand come as one row.
"""

import hashlib
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
from fhir_pgx.storage.store import BESIDE, Alike, NewResource, VariantAlike

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
    "{0} JOIN variant_index v ON v.tenant = {1}.tenant AND v.patient = {1}.patient "
    "AND v.key = {1}.key AND v.number = {1}.number"
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
_AT_ONCE = 500  # of ids in one statement
_SAID = " JOIN locator l ON l.tenant = {0}.tenant AND l.patient = {0}.patient AND l.key = {0}.key"
# Patients with a variant or a genotype of a gene.
_HAVING = (
    "(SELECT g.patient FROM variant_gene g WHERE g.tenant = ? AND g.gene IN ({0}) UNION ALL "
    "SELECT g.patient FROM genotype_index g WHERE g.tenant = ? AND g.gene IN ({1}))"
)
# Of whom anything stands beside the rows of their results. DISTINCT: told before any row of a
# variant is read, which no planner does that expects few of them.
_BESIDE = (
    "(SELECT DISTINCT t.tenant, t.patient, t.key, t.number FROM variant_gene t WHERE {0} "
    "AND EXISTS (SELECT 1 FROM locator b "
    "WHERE b.tenant = t.tenant AND b.patient = t.patient AND b.beside > 0)) d"
)
_TIES = ("derived-from", "specimen")  # references that tell something and stand in no `said`
_OF_RESULT = "x.tenant = l.tenant AND x.patient = l.patient AND x.key = l.key"
_WITHOUT_GENE = (
    "SELECT DISTINCT l.patient FROM locator l "  # noqa: S608 - a part of our own
    "WHERE l.tenant = ? AND l.type = 'Observation' AND l.beside > 0 AND l.patient > '' "
    f"AND NOT EXISTS (SELECT 1 FROM variant_gene x WHERE {_OF_RESULT}) "
    f"AND EXISTS (SELECT 1 FROM search_token x WHERE {_OF_RESULT} AND x.param = 'code' "
    "AND x.code IN ({0}))"
)
# Resources that say the same are one group; of what is not known to, each is one.
_ALONE = "CASE WHEN l.said = '' THEN l.id ELSE '' END"
_IS_CURRENT = "l.deleted = 0"
# A deletion is a version, too.
_STATES = (
    "SELECT l.patient, l.type, l.id, l.version, l.updated, l.searchable, l.said, l.beside, "
    "COALESCE(r.sha256, '') FROM locator l LEFT JOIN resource r "
    "ON r.tenant = l.tenant AND r.patient = l.patient AND r.key = l.key "
    "WHERE l.tenant = ? AND l.patient IN ({0}) AND l.type IN ({1}) ORDER BY l.type, l.id"
)


def beside(new: NewResource) -> int:
    """Whether a resource may tell more than its genomic rows: 1 for all of `BESIDE` but an
    Observation of genotypes, or of variants of the patient's own genome in genes that are named,
    that holds and refers to nothing of the kind; 2 where it refers to a specimen, or to what it is
    derived from."""
    if new.type not in BESIDE:
        return 0
    if any(each.param in _TIES for each in new.values.links):
        return 2
    variants, genotypes = new.genomic.variants, new.genomic.genotypes
    is_told = (
        new.type == "Observation"
        and (variants or genotypes)
        and all(each.genes and each.source_class is SourceClass.GERMLINE for each in variants)
        and all(each.type and each.type not in BESIDE for each in new.values.links)
        and b'"contained"' not in new.body
    )
    return 0 if is_told else 1


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
        beside: bool = False,
    ) -> list[VariantAlike]:
        """Each different variant and who has it (see `Reads.variants_alike`); none where no gene is
        named."""
        if not genes:
            return []
        where, values = self._where(genes)
        source, of = _VARIANTS.format("variant_gene t", "t"), "t"
        if beside:
            source, of = _VARIANTS.format(_BESIDE.format(where), "d"), "d"
            where = "d.patient <> ''"
        if source_class is not None:
            where, values = where + " AND v.source_class = ?", [*values, str(source_class)]
        columns = _VARIANT
        if by_said:
            source, columns = source + _SAID.format(of), f"l.said, {_VARIANT}"
        found = self._groups(source, columns, where, values, of=of)
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
        return self._alike(
            "search_token t" + _SAID.format("t"), where, [self._tenant, type_, *codes]
        )

    def alike_of_type(self, type_: str) -> list[Alike]:
        """The resources of a type, by what they say."""
        where = f"l.tenant = ? AND l.type = ? AND {_IS_CURRENT} AND l.patient <> ''"
        return self._alike("locator l", where, [self._tenant, type_])

    def alike_beside(
        self, genes: Sequence[str], typed: Sequence[str]
    ) -> list[tuple[str, tuple[str, ...]]]:
        """What stands beside the rows of patients with a variant of these genes or a genotype of
        those `typed`, and who has it (see `Reads.alike_beside`)."""
        having, values = self._having(genes, typed)
        where = f"l.tenant = ? AND l.beside > 0 AND l.patient <> '' AND l.patient IN {having}"
        said = "CASE WHEN l.beside > 1 THEN '' ELSE l.said END"
        found = self._groups("locator l", said, where, [self._tenant, *values], of="l")
        return [(str(row[0]), patients) for row, patients in found]

    def tied(self, genes: Sequence[str], typed: Sequence[str]) -> tuple[str, ...]:
        """Of such patients those with what refers to a specimen or to what it is derived from."""
        having, values = self._having(genes, typed)
        statement = (
            "SELECT DISTINCT l.patient FROM locator l WHERE l.tenant = ? "  # noqa: S608
            f"AND l.beside > 0 AND l.beside = 2 AND l.patient <> '' AND l.patient IN {having}"
        )
        return tuple(row[0] for row in self._rows(statement, [self._tenant, *values]))

    def having(self, types: Sequence[str], param: str, codes: Sequence[str]) -> tuple[str, ...]:
        """The patients with a resource of these types whose search parameter has such a code."""
        statement = (
            "SELECT DISTINCT t.patient FROM search_token t WHERE t.tenant = ? AND "  # noqa: S608
            f"t.type IN ({_marks(types)}) AND t.param = ? AND t.code IN ({_marks(codes)}) "
            f"AND {_SOMEBODYS}"
        )
        return tuple(row[0] for row in self._rows(statement, [self._tenant, *types, param, *codes]))

    def without_gene(self, codes: Sequence[str]) -> tuple[str, ...]:
        """The patients with an Observation of one of these codes that has no gene."""
        statement = _WITHOUT_GENE.format(_marks(codes))
        return tuple(row[0] for row in self._rows(statement, [self._tenant, *codes]))

    def states(self, patients: Sequence[str], types: Sequence[str]) -> dict[str, str]:
        """What there is of each patient, as a digest (see `Reads.states`)."""
        found = {each: hashlib.sha256() for each in patients}
        for start in range(0, len(patients), _AT_ONCE):
            some = patients[start : start + _AT_ONCE]
            statement = _STATES.format(_marks(some), _marks(types))
            for patient, *row in self._rows(statement, [self._tenant, *some, *types]):
                found[patient].update(f"{row}\n".encode())
        return {patient: each.hexdigest() for patient, each in found.items()}

    def _having(self, genes: Sequence[str], typed: Sequence[str]) -> tuple[str, list[Any]]:
        named = [self._tenant, *genes, self._tenant, *typed]
        return _HAVING.format(_marks(genes), _marks(typed)), named

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


def _marks(values: Sequence[str]) -> str:
    return ", ".join("?" * len(values)) or "NULL"


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

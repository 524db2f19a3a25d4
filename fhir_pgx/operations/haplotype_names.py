"""Haplotypes and genotypes as they are asked for, held against those that are stored.

A name is read by the same readers that read stored results, so that both have one spelling; then
names are equal or not: `*1/*17` is never `*1/*1`, and `*1/*4` never `*1/*41`. HLA alleles are
compared field by field: who asks for `HLA-A*23` means every allele of that group, and a stored
ambiguity counts only where each of its alleles is meant. A multiple-allele code (`DRB1*13:AKBAR`)
is not taken apart: which alleles it stands for is published elsewhere, under its own terms. That
two loci are on one chromosome (`~`) is true where a result says those very words.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from fhir_pgx.fhir.bundle import Entry
from fhir_pgx.fhir.gl_strings import Loci, split_typing
from fhir_pgx.model.genomic_index import IndexedGenotype
from fhir_pgx.operations.frame import coded
from fhir_pgx.operations.operation import Judgement
from fhir_pgx.operations.tokens import Token, read_token
from fhir_pgx.terminology import GENOTYPE, HAPLOTYPE, LOINC

_ASKED = "Observation/asked"
_PAIR = re.compile(r"[/+]")
_PHASED = "~"
_HLA = "HLA-"
_OR = " or "
_FIELD = re.compile(r"\d{1,4}[A-Z]?")
_INDEXED_FIELDS = 2  # what the index keeps of an allele's name
_SOME = "XX"  # what it keeps of a multiple-allele code


@dataclass(frozen=True, slots=True)
class Sought:
    """One item of a request: its token; the standard names that it has; what it says of HLA loci,
    by locus, one text a chromosome. `is_phased`: it joins loci on one chromosome."""

    token: Token
    names: tuple[IndexedGenotype, ...] = ()
    typing: tuple[tuple[str, tuple[str, ...]], ...] = ()
    is_phased: bool = False

    @property
    def genes(self) -> tuple[str, ...]:
        """The genes that it names; empty where it names none that is known."""
        loci = [f"{_HLA}{locus}" for locus, _ in self.typing]
        return tuple(dict.fromkeys([*(each.gene for each in self.names), *loci]))

    @property
    def is_finer(self) -> bool:
        """Whether it names HLA alleles more finely than the index keeps them: by more than two
        fields, or by a multiple-allele code."""
        return any(
            len(fields) > _INDEXED_FIELDS or not _are_known(fields)
            for _, chromosomes in self.typing
            for chromosome in chromosomes
            for fields in map(_fields, chromosome.split("/"))
        )

    def coarser(self) -> "Sought":
        """With HLA alleles cut to what the index keeps."""
        cut = tuple(
            (locus, tuple(_cut(chromosome) for chromosome in chromosomes))
            for locus, chromosomes in self.typing
        )
        return replace(self, typing=cut)

    def is_of(self, options: Iterable[IndexedGenotype]) -> bool:
        """Whether a result is certainly meant, by the names of all it may be."""
        listed = list(options)
        return bool(listed) and all(self._is_one(each) for each in listed)

    def _is_one(self, stored: IndexedGenotype) -> bool:
        locus = stored.gene.removeprefix(_HLA)
        if stored.gene.startswith(_HLA):
            asked = dict(self.typing).get(locus)
            return (
                asked is not None
                and not self.is_phased
                and all(has_chromosomes(each, asked) for each in _options(stored))
            )
        return any(_is_named(stored, name) for name in self.names)


def read_sought(item: str, pipeline: Judgement) -> Sought:
    """What an item of `haplotypes` asks for. What names nothing we know is a token alone."""
    token = read_token(item)
    typing = _typing(token.code)
    if typing:
        return Sought(token, (), tuple(typing.items()), _PHASED in token.code)
    kinds = (GENOTYPE, HAPLOTYPE) if _PAIR.search(token.code) else (HAPLOTYPE, GENOTYPE)
    for code in kinds:
        names = _read(token, code, pipeline)
        if names:
            return Sought(token, names)
    return Sought(token)


def _typing(text: str) -> Loci:
    """The loci of a GL string or of HLA names; empty where it is none of them."""
    return split_typing(text) if "*" in text or text.startswith("hla#") else {}


def _read(token: Token, code: str, pipeline: Judgement) -> tuple[IndexedGenotype, ...]:
    value = {"text": token.code} if token.system is None else coded(token.system, token.code)
    asked = {
        "resourceType": "Observation",
        "id": "asked",
        "status": "final",
        "code": coded(LOINC, code),
        "valueCodeableConcept": {**value, "text": token.code},
    }
    found = pipeline.genomic_index([Entry(asked, _ASKED)])
    return tuple(each for index in found.values() for each in index.genotypes if each.name)


def _is_named(stored: IndexedGenotype, asked: IndexedGenotype) -> bool:
    if stored.gene != asked.gene:
        return False
    if asked.kind == "haplotype":
        return asked.name == stored.name or asked.name in stored.haplotypes
    if stored.kind != "diplotype":
        return False
    return asked.name == stored.name or (
        bool(asked.haplotypes) and sorted(asked.haplotypes) == sorted(stored.haplotypes)
    )


# HLA


def _options(stored: IndexedGenotype) -> list[tuple[str, ...]]:
    """The chromosomes of each genotype that a stored typing allows."""
    if stored.kind == "haplotype":
        return [(stored.name,)]
    return [tuple(option.split("/")) for option in stored.name.split(_OR)]


def has_chromosomes(chromosomes: tuple[str, ...], asked: tuple[str, ...]) -> bool:
    """Whether each chromosome asked for is one of these, each of these used once."""
    if len(asked) == 1:
        return any(_is_within(each, asked[0]) for each in chromosomes)
    if len(asked) != len(chromosomes) or len(asked) != 2:
        return False
    one, other = chromosomes
    return (_is_within(one, asked[0]) and _is_within(other, asked[1])) or (
        _is_within(one, asked[1]) and _is_within(other, asked[0])
    )


def _is_within(stored: str, asked: str) -> bool:
    """Whether every allele that a chromosome may have is one of those asked for."""
    wanted = [_fields(each) for each in asked.split("/")]
    return all(
        any(_is_allele(_fields(each), fields) for fields in wanted) for each in stored.split("/")
    )


def _is_allele(stored: tuple[str, ...], asked: tuple[str, ...]) -> bool:
    if _are_known(stored):
        return stored[: len(asked)] == asked
    return stored == asked  # a multiple-allele code: several alleles, which we do not know


def _are_known(fields: tuple[str, ...]) -> bool:
    """Whether fields are those of one allele or group, and no multiple-allele code."""
    return all(_FIELD.fullmatch(each) for each in fields)


def _fields(allele: str) -> tuple[str, ...]:
    """`HLA-A*23:01:01` is 23, 01, 01. A letter of expression (`24:09N`) is part of the last."""
    return tuple(allele.rpartition("*")[2].strip().split(":"))


def _cut(chromosome: str) -> str:
    """As the index has it: two fields, and one word for every multiple-allele code."""
    alleles = []
    for fields in map(_fields, chromosome.split("/")):
        kept = fields[:_INDEXED_FIELDS]
        known = tuple(each if _FIELD.fullmatch(each) else _SOME for each in kept)
        alleles.append(":".join(known))
    return "/".join(alleles)

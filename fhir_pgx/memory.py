"""What many calls ask alike, kept between them: bounded, and never anything that names a patient.

Two patients with the same genotype have the same phenotype and get the same advice. What is kept
is keyed by all that can decide it and holds no reference, date or free text; where a result came
from is put back for each patient. `docs/decisions/0008…` says what it is worth.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from typing import Generic, TypeVar

from fhir_pgx.model.drug import MedicationConcept
from fhir_pgx.model.finding import Origin, Presence, Statement
from fhir_pgx.model.phenotype import GeneResult, Status

V = TypeVar("V")
MOST = 4096
LONGEST = 80  # signs of a stated value: a diplotype is shorter, a discussion longer
# These caveats quote allele names alone; a result with any other is made anew each time.
PLAIN_CAVEATS = frozenset({"PGX-601", "PGX-602", "PGX-604"})


class Memory(Generic[V]):
    """A bounded store of values by key; when it is full all are forgotten, and those in use come
    back. Safe under threads: at worst a value is made twice."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, V] = {}

    def get(
        self,
        key: Hashable,
        make: Callable[[], V],
        *,
        is_plain: Callable[[V], bool] = lambda value: True,
    ) -> V:
        """The value kept under the key, else made and kept, unless it is not plain; a key of None
        is never kept."""
        if key is None:
            return make()
        try:
            return self._kept[key]
        except KeyError:
            value = make()
        if not is_plain(value):
            return value
        if len(self._kept) >= MOST:
            self._kept.clear()
        self._kept[key] = value
        return value


def concept_key(concept: MedicationConcept) -> Hashable:
    """A medication by its codes; None where free text beside them may name somebody."""
    words = {coding.display for coding in concept.codings}
    if concept.parts or not words or (concept.text and concept.text not in words):
        return None
    return concept


def statement_key(statements: Sequence[Statement], sex: str) -> Hashable:
    """All that a single statement says, less who, where and when; None where it is not kept."""
    only = statements[0]
    plain = only.presence is Presence.PRESENT and not only.caveats
    if len(statements) > 1 or not plain or len(only.value) > LONGEST:
        return None
    origin = only.origin
    said = (only.gene, only.kind, only.value, only.code, only.source_class, only.drugs)
    return (*said, only.is_outside, origin.status, origin.corrected, sex)


def without_origin(result: GeneResult) -> GeneResult:
    """The result of anybody with this genotype."""
    return replace(result, derived_from=(), dates=(), when="")


def with_origin(result: GeneResult, origin: Origin) -> GeneResult:
    """A kept result as this patient's: where it stands, and when it was made."""
    return replace(result, derived_from=(origin.reference,), dates=(origin.when,), when=origin.when)


def result_key(result: GeneResult) -> Hashable:
    """All that a result says, less where and when it was found; None where it is not kept."""
    if result.status is Status.NOT_TESTED and not result.caveats:
        return (result.gene,)
    if any(caveat.code not in PLAIN_CAVEATS for caveat in result.caveats):
        return None
    return (
        result.gene,
        result.status,
        result.basis,
        result.diplotypes,
        result.phenotype,
        result.activity_score,
        result.lookup_keys,
        result.alleles,
        tuple(result.allele_status.items()),
        result.coverage,
        result.caveats,
    )

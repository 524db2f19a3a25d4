"""Conclusions of ours among what is read: they are evidence only where their sources are not.

A report that we wrote comes back: stored beside the results it was derived from, sent by another
house, or read to check it. Beside its sources it says nothing new, and an older one would outvote
what the sources say today. So what carries our tag is left out where what it was derived from is at
hand, and read like any other result where it is not.

    a variant, a phase       falls beside the result that it restates
    a genotype, a phenotype  falls beside that, or beside the variants it was called from
    a haplotype              falls beside the genotype that it is a part of
    advice on a drug, a report, a Task   falls: it repeats or follows from them

What a store keeps up to date by itself (`KEPT_DERIVATION`) is never evidence: its sources may have
been taken back since. Its genes were looked at all the same, and do not read as untested.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fhir_pgx.fhir.bundle import Entry, References, as_dicts, as_text, reference_of
from fhir_pgx.fhir.gathering import WITHDRAWN, status_of
from fhir_pgx.fhir.values import concept_of, value_of
from fhir_pgx.terminology import (
    DERIVATION,
    DERIVED,
    GENE_STUDIED,
    GENOTYPE,
    HAPLOTYPE,
    KEPT_DERIVATION,
    MEDICATION_ASSESSED,
    PHASE_RELATIONSHIP,
    POSSIBLE_GENOTYPES,
    VARIANT,
)

_KEPT_TAG = f'{{"system":"{DERIVATION}","code":"{KEPT_DERIVATION}"}}'.encode()
_ADVISED = frozenset((MEDICATION_ASSESSED,))
_RESTATED = (VARIANT, PHASE_RELATIONSHIP)


def derivation_of(resource: Mapping[str, Any]) -> str:
    """`derived` or `kept` for a conclusion of ours, empty for anything else."""
    meta = resource.get("meta")
    if not isinstance(meta, dict) or "tag" not in meta:
        return ""
    codes = [as_text(tag.get("code")) for tag in as_dicts(meta["tag"])
             if tag.get("system") == DERIVATION]  # fmt: skip
    return KEPT_DERIVATION if KEPT_DERIVATION in codes else next(iter(codes), "")


def is_kept_derivation(resource: Mapping[str, Any]) -> bool:
    """Whether a resource is one that a store derived and keeps up to date."""
    return derivation_of(resource) == KEPT_DERIVATION


def is_kept_body(body: bytes) -> bool:
    """The same of a stored body that is not decoded: the tag as our own writer leaves it, which no
    text inside a JSON string can hold."""
    return _KEPT_TAG in body


def evidence_of(entries: Sequence[Entry]) -> tuple[list[Entry], tuple[str, ...]]:
    """The entries that are evidence, in their order, and what genes were named by kept conclusions
    that are not: HGNC ids or symbols, as stated."""
    tags = {id(entry): derivation_of(entry.resource) for entry in entries}
    if not any(tags.values()):
        return list(entries), ()
    genes: dict[str, None] = {}
    remaining = []
    for entry in entries:
        if tags[id(entry)] == KEPT_DERIVATION:
            genes |= dict.fromkeys(_genes(entry.resource))
        else:
            remaining.append(entry)
    ours = {id(entry.resource) for entry in remaining if tags[id(entry)] == DERIVED}
    fallen = _Fallen(remaining, ours)
    kept, said = [], set()
    for entry in remaining:
        if fallen.has(entry):
            continue
        possible = _possible(entry) if id(entry.resource) in ours else ""
        if not possible:
            kept.append(entry)
        elif (which := (*_genes(entry.resource), possible)) not in said:
            said.add(which)
            kept.append(_as_stated(entry, possible))
    return kept, tuple(genes)


class _Fallen:
    """Which conclusions stand beside what they were derived from."""

    def __init__(self, entries: Sequence[Entry], ours: set[int]) -> None:
        self._ours = ours
        references = References(entries)
        self._parents: dict[int, list[Entry]] = {}
        self._parts: set[int] = set()  # haplotypes of a genotype
        for entry in entries:
            if id(entry.resource) not in ours:
                continue
            named = (reference_of(item) for item in as_dicts(entry.resource.get("derivedFrom")))
            found = [at for name in named if (at := references.find(name, entry)) is not None]
            self._parents[id(entry.resource)] = found
            if _asked(entry) == GENOTYPE:
                self._parts |= {id(e.resource) for e in found if _asked(e) == HAPLOTYPE}

    def has(self, entry: Entry) -> bool:
        key = id(entry.resource)
        if key not in self._ours:
            return False
        if entry.type != "Observation":  # a report and its recommendations repeat its results
            return status_of(entry.resource) not in WITHDRAWN
        parents = self._parents[key]
        if (
            key in self._parts
            or entry.asked[0] & _ADVISED
            or any(id(each.resource) not in self._ours for each in parents)
        ):
            return True
        asked = _asked(entry)
        if asked == VARIANT:
            return False
        if asked == PHASE_RELATIONSHIP:
            return any(self.has(each) for each in parents)
        if asked in (GENOTYPE, HAPLOTYPE):
            return any(_asked(each) in _RESTATED for each in parents)
        return bool(parents)  # an implication follows from whatever of ours it is derived from


def _possible(entry: Entry) -> str:
    """All the genotypes of which this is one that is possible; empty where it is no such one."""
    for extension in as_dicts(entry.resource.get("extension")):
        if extension.get("url") == POSSIBLE_GENOTYPES:
            return as_text(extension.get("valueString"))
    return ""


def _as_stated(entry: Entry, possible: str) -> Entry:
    """One of several possible genotypes says all of them: alone it would read as the one."""
    resource = {**entry.resource, "valueCodeableConcept": {"text": possible}}
    return Entry(resource, entry.path, entry.full_url, entry.mode, entry.container)


def _asked(entry: Entry) -> str:
    codings = concept_of(entry.resource.get("code")).codings
    return codings[0].code if codings else ""


def _genes(resource: Mapping[str, Any]) -> Iterator[str]:
    for component in as_dicts(resource.get("component")):
        if any(c.code == GENE_STUDIED for c in concept_of(component.get("code")).codings):
            concept = value_of(component).concept
            yield from (coding.code for coding in concept.codings if coding.code)

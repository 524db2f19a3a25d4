"""MolecularSequence (R4, R4B, R5, its ballot) and STU3 Sequence → variants without zygosity.

Positions are absolute in the reference and follow the declared system: 0 is start inclusive, end
exclusive; 1 is both inclusive. A sequence has no genotype: `sequence_zygosity` joins what
Observations say of it. Its window (R4 `referenceSeq`, R5 `startingSequence`) is kept, since inside
it silence may mean the reference; R5's `sequenceRange` counts in the composed sequence, not in the
reference, and is no window. Section B2.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fhir_pgx.fhir import coordinates as at
from fhir_pgx.fhir.bundle import Entry, as_dicts, as_list, as_text, reference_of
from fhir_pgx.fhir.gathering import Gathering, origin_of
from fhir_pgx.fhir.notes import (
    NO_REFERENCE_ALLELE,
    NOT_PLACED,
    REVERSED,
    STRANDS_DISAGREE,
    note,
)
from fhir_pgx.fhir.values import concept_of
from fhir_pgx.model.finding import Caveat, ObservedVariant, SourceClass, StatedSequence
from fhir_pgx.model.knowledge import Vocabulary

MAX_POINTERS = 4  # a reference sequence that points to a reference sequence
NOT_A_RANGE = "the variant's range is not one: a position is missing, negative or after its end"
NO_ALLELES = "neither an observed nor a reference allele is stated"
NO_VARIANTS = "the sequence states no variant"
OUTSIDE_WINDOW = (
    "the variant lies outside the sequence's own window; what it does not state is unknown"
)

_REVERSE = frozenset(("crick", "-1", "antisense"))
_FORWARD = frozenset(("watson", "1", "sense"))
_R4_ALLELES = ("referenceAllele", "observedAllele")  # also those of the R5 ballot
_ELSEWHERE = ("observedSeq", "literal", "formatted", "repository", "pointer")
_R5_ALLELES = ("replacedSequence", "replacementSequence")


@dataclass(frozen=True, slots=True)
class _Frame:
    """What the variants of a sequence share: place, coordinate system and strand."""

    place: at.Place
    system: at.System
    is_reverse: bool
    window: tuple[int, int] | None
    caveats: tuple[Caveat, ...]


def read_sequence(entry: Entry, gathering: Gathering) -> None:
    """Adds a sequence and its variants; a variant that cannot be read is listed by itself."""
    gathering.sequence_count += 1
    variants, missed = len(gathering.variants), len(gathering.not_understood)
    frames = []
    if "relative" not in entry.resource or "variant" in entry.resource:
        frames.append((entry.path, _read_classic(entry, gathering)))
    for i, relative in enumerate(as_list(entry.resource.get("relative"))):
        if isinstance(relative, dict):
            path = f"{entry.path}.relative[{i}]"
            frames.append((path, _read_relative(entry, relative, path, gathering)))
    is_complete = len(gathering.not_understood) == missed and _is_told_in_variants(entry)
    if gathering.genomes.source_class(entry) is SourceClass.SOMATIC:
        frames = []  # a tumour's sequence is no copy of the patient's own: its silence says nothing
    for path, frame in frames:
        gathering.sequences.append(_stated(entry, path, frame, is_complete, gathering))
    if len(gathering.variants) == variants and len(gathering.not_understood) == missed:
        gathering.missed(entry, NO_VARIANTS)


def stated_sequences(gathering: Gathering) -> tuple[StatedSequence, ...]:
    """The sequences that are the person's: not those that others are only written against."""
    references = gathering.reference_sequences
    return tuple(each for each in gathering.sequences if each.origin.reference not in references)


def _is_told_in_variants(entry: Entry) -> bool:
    """False where what the sequence holds may stand elsewhere than in the variants that are read.

    Structural variants are kept as ranges; bases written out in full are not compared, and data
    that the sequence only points to are not fetched.
    """
    resource = entry.resource
    if resource.get("structureVariant"):
        return False
    edits = [
        edit for each in as_dicts(resource.get("relative")) for edit in as_dicts(each.get("edit"))
    ]
    is_elsewhere = any(resource.get(name) for name in _ELSEWHERE)
    return bool(resource.get("variant") or edits) or not is_elsewhere


def _stated(
    entry: Entry, path: str, frame: _Frame, is_complete: bool, gathering: Gathering
) -> StatedSequence:
    specimen = reference_of(entry.resource.get("specimen"))
    at_hand = gathering.references.find(specimen, entry)
    return StatedSequence(
        origin=origin_of(entry, None, path),
        accession=frame.place.accession,
        build=frame.place.build,
        chromosome=frame.place.chromosome,
        window=frame.window if frame.place.build else None,
        kind=as_text(entry.resource.get("type")).lower(),
        specimen=specimen if at_hand is None else at_hand.reference,
        is_reverse=frame.is_reverse,
        is_complete=is_complete,
    )


def _read_classic(entry: Entry, gathering: Gathering) -> _Frame:
    resource = entry.resource
    frame = _classic_frame(entry, gathering)
    for i, variant in enumerate(as_list(resource.get("variant"))):
        if isinstance(variant, dict):
            path = f"{entry.path}.variant[{i}]"
            _add(entry, frame, variant, path, gathering)
    for i, variant in enumerate(as_list(resource.get("structureVariant"))):
        if isinstance(variant, dict):
            path = f"{entry.path}.structureVariant[{i}]"
            _add_structural(entry, frame, variant, path, gathering)
    return frame


def _read_relative(
    entry: Entry, relative: Mapping[str, Any], path: str, gathering: Gathering
) -> _Frame:
    start = relative.get("startingSequence", relative.get("reference"))
    start = start if isinstance(start, dict) else {}
    sequence = start.get("sequenceCodeableConcept", start.get("referenceSequenceCodeableConcept"))
    accession = at.accession_of(concept_of(sequence))
    build = concept_of(start.get("genomeAssembly", start.get("referenceSequenceAssembly")))
    pointer = start.get("sequenceReference", start.get("referenceSequenceReference"))
    place = _place(accession, at.build_of(build), start, gathering.vocabulary)
    if pointer and not accession:
        place = _pointed(reference_of(pointer), entry, gathering, 0) or place
    system = _system(relative.get("coordinateSystem"))
    frame = _frame(place, system, start)
    for i, edit in enumerate(as_list(relative.get("edit"))):
        if isinstance(edit, dict):
            _add(entry, frame, edit, f"{path}.edit[{i}]", gathering)
    return frame


def _classic_frame(entry: Entry, gathering: Gathering) -> _Frame:
    resource = entry.resource
    reference = resource.get("referenceSeq")
    reference = reference if isinstance(reference, dict) else {}
    place = _reference_place(entry, reference, gathering, 0)
    return _frame(place, _system(resource.get("coordinateSystem")), reference)


def _reference_place(
    entry: Entry, reference: Mapping[str, Any], gathering: Gathering, depth: int
) -> at.Place:
    accession = at.accession_of(concept_of(reference.get("referenceSeqId")))
    build = at.build_of(concept_of(reference.get("genomeBuild")))
    pointer = reference_of(reference.get("referenceSeqPointer"))
    if not accession and pointer:
        pointed = _pointed(pointer, entry, gathering, depth)
        if pointed is not None:
            return pointed
    return _place(accession, build, reference, gathering.vocabulary)


def _pointed(reference: str, entry: Entry, gathering: Gathering, depth: int) -> at.Place | None:
    """The place of the sequence that a pointer names; None where it is not at hand."""
    target = gathering.references.find(reference, entry) if depth < MAX_POINTERS else None
    if target is None:
        return None
    gathering.reference_sequences.add(target.reference)
    inner = target.resource.get("referenceSeq")
    if not isinstance(inner, dict):
        return None
    return _reference_place(target, inner, gathering, depth + 1)


def _place(
    accession: str, build: str, reference: Mapping[str, Any], vocabulary: Vocabulary
) -> at.Place:
    chromosome = at.chromosome_of(concept_of(reference.get("chromosome")), vocabulary)
    found = at.place(accession, build, chromosome, vocabulary)
    if found.accession:
        return found
    return at.Place(caveats=(note(NOT_PLACED, why="the reference names no known chromosome"),))


def _system(stated: Any) -> at.System:
    if isinstance(stated, dict):
        for words, code in concept_of(stated).stated:
            found = at.SYSTEMS.get(code) or at.SYSTEMS.get(words.lower())
            if found:
                return found
        return ""
    return at.SYSTEMS.get(as_text(stated), "")


def _frame(place: at.Place, system: at.System, reference: Mapping[str, Any]) -> _Frame:
    strand = as_text(reference.get("strand")).lower()
    orientation = as_text(reference.get("orientation")).lower()
    is_reverse = strand in _REVERSE or (not strand and orientation in _REVERSE)
    caveats = place.caveats
    if is_reverse:
        caveats = (*caveats, note(REVERSED))
    if {strand, orientation} & _REVERSE and {strand, orientation} & _FORWARD:
        caveats = (*caveats, note(STRANDS_DISAGREE))
    return _Frame(place, system, is_reverse, _window(reference, system), caveats)


def _window(reference: Mapping[str, Any], system: at.System) -> tuple[int, int] | None:
    """The 0-based interval of a window; a pointer's is counted in the sequence it points to."""
    if reference.get("referenceSeqPointer") or reference.get("sequenceReference"):
        return None
    low, high = (at.position(reference.get(name)) for name in ("windowStart", "windowEnd"))
    if low is None or high is None:
        return None
    # Without a system both countings agree on the bases between.
    found = at.interval(low, high, system or "0-interval", None)
    return (found.start, found.end) if found else None


def _add(
    entry: Entry,
    frame: _Frame,
    variant: Mapping[str, Any],
    path: str,
    gathering: Gathering,
) -> None:
    names = _R4_ALLELES if not variant.keys().isdisjoint(_R4_ALLELES) else _R5_ALLELES
    ref, alt = (_allele(variant, name) for name in names)
    if ref is None and alt is None:
        gathering.missed(entry, NO_ALLELES, path)
        return
    low, high = at.position(variant.get("start")), variant.get("end")
    interval = None
    if high is None or at.position(high) is not None:
        interval = at.interval(low, at.position(high), frame.system, ref)
    if interval is None:
        gathering.missed(entry, NOT_A_RANGE, path)
        return
    if _is_outside(frame.window, interval):
        # It is kept: a base that was found is no less found. Silence is what it puts in doubt.
        gathering.missed(entry, OUTSIDE_WINDOW, path)
    caveats = (*frame.caveats, *interval.caveats)
    if ref is None:
        caveats = (*caveats, note(NO_REFERENCE_ALLELE))
    pointed = gathering.references.find(reference_of(variant.get("variantPointer")), entry)
    if pointed is not None:
        gathering.pointed[len(gathering.variants)] = pointed.reference
    gathering.variants.append(
        ObservedVariant(
            origin=origin_of(entry, None, path),
            accession=frame.place.accession,
            build=frame.place.build,
            chromosome=frame.place.chromosome,
            start=interval.start,
            end=interval.end,
            ref=_forward(ref, frame),
            alt=_forward(alt, frame),
            from_sequence=True,
            source_class=gathering.genomes.source_class(entry),
            caveats=caveats,
        )
    )


def _is_outside(window: tuple[int, int] | None, interval: at.Interval) -> bool:
    return window is not None and not (window[0] <= interval.start and interval.end <= window[1])


def _allele(variant: Mapping[str, Any], name: str) -> str | None:
    stated = variant.get(name)
    return at.allele_text(stated.strip()) if isinstance(stated, str) else None


def _forward(allele: str | None, frame: _Frame) -> str | None:
    if not frame.is_reverse or not at.is_bases(allele):
        return allele
    return at.reverse_complement(allele)


def _add_structural(
    entry: Entry, frame: _Frame, variant: Mapping[str, Any], path: str, gathering: Gathering
) -> None:
    inner, outer = (_range(variant.get(name), frame) for name in ("inner", "outer"))
    if inner is None and outer is None:
        gathering.missed(entry, NOT_A_RANGE, path)
        return
    gathering.variants.append(
        ObservedVariant(
            origin=origin_of(entry, None, path),
            accession=frame.place.accession,
            build=frame.place.build,
            chromosome=frame.place.chromosome,
            change_type=concept_of(variant.get("variantType")).label,
            inner=inner,
            outer=outer,
            from_sequence=True,
            source_class=gathering.genomes.source_class(entry),
            caveats=frame.caveats,
        )
    )


def _range(stated: Any, frame: _Frame) -> tuple[int, int] | None:
    if not isinstance(stated, dict):
        return None
    end = at.position(stated.get("end"))
    found = at.interval(at.position(stated.get("start")), end, frame.system, None)
    return (found.start, found.end) if found and end is not None else None

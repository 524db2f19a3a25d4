"""Variant Observation → ObservedVariant: as stated, placed where the resource itself places it.

Nothing is called, re-aligned or guessed: no zygosity but a stated one, no position without an
accession (or build and chromosome). Sections A2 and B3 of the reference page.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from fhir_pgx.fhir import coordinates as at
from fhir_pgx.fhir.bundle import Entry, as_dicts, as_text, reference_of
from fhir_pgx.fhir.gathering import Gathering, origin_of, status_caveats
from fhir_pgx.fhir.gene_names import named_genes
from fhir_pgx.fhir.notes import (
    CONTRADICTORY,
    NO_ASSESSMENT,
    NO_REFERENCE_ALLELE,
    NOT_PLACED,
    POSITIONS_DISAGREE,
    note,
)
from fhir_pgx.fhir.presence_words import is_not_performed, plain, presence_of, zygosity_of
from fhir_pgx.fhir.resolution import genes_of
from fhir_pgx.fhir.transcripts import gene_of_transcript
from fhir_pgx.fhir.tumour_variant import is_named_otherwise, presence_told, told_of
from fhir_pgx.fhir.values import EMPTY, Concept, Value, concept_of, value_of
from fhir_pgx.model.finding import Caveat, ObservedVariant, Presence, StatedPhase
from fhir_pgx.model.knowledge import Vocabulary
from fhir_pgx.terminology import SEQUENCE_ONTOLOGY_TERMS

CODING_HGVS, GENOMIC_HGVS, PROTEIN_HGVS = "48004-6", "81290-9", "48005-3"
VARIATION, DBSNP_STU1 = "81252-9", "81255-2"
REF_SEQ, ASSEMBLY, CHROMOSOME, BAND = "48013-7", "62374-4", "48000-4", "48001-2"
REF, ALT, SYSTEM = "69547-8", "69551-0", "92822-6"
EXACT, INNER, OUTER = "81254-5", "81302-2", "81301-4"
ALLELIC_STATE, CHANGE_TYPE, COPIES = "53034-5", "48019-4", "82155-3"
COMPLEX, TRANSCRIPT = "81263-6", "51958-7"
_STU1_NAMES = {"exact-start-end": EXACT, "inner-start-end": INNER, "outer-start-end": OUTER}

NOT_A_RANGE = "the variant's range is not one: a position is missing, negative or after its end"
WRAPPER = "a wrapper of a complex variant; its parts are read by themselves"
NO_IDENTITY = "the variant has neither a position, nor a name, nor an id"

_ALLELES = {REF: "the reference allele", ALT: "the alternate allele"}
# What an allelic state may be called where both copies are the reference.
_REFERENCE_STATES = frozenset(
    ("homozygous reference", "reference homozygous", "hom ref", "homozygous ref", "reference",
     "wild type", "wildtype", "homozygous wild type", "homozygous wildtype", "homozygous normal")
)  # fmt: skip

Components = Mapping[str, list[Value]]


class _Unusable(NamedTuple):
    """Why there is no variant, and of which genes it would have been."""

    reason: str
    genes: tuple[str, ...]


def read_variant(entry: Entry, gathering: Gathering) -> None:
    """Adds the variant that an Observation states, or lists why there is none."""
    resource = entry.resource
    value = value_of(resource)
    parts = _components(resource)
    if is_not_performed(value):
        gathering.missed(entry, "the variant was not tested")
    elif COMPLEX in parts:
        gathering.missed(entry, WRAPPER)
    else:
        found = _variant(entry, value, parts, gathering)
        if isinstance(found, _Unusable):
            refuse(entry, found.reason, found.genes, gathering)
        elif _has_identity(found) or is_named_otherwise(found, gathering.vocabulary):
            gathering.variants.append(found)
        else:
            gathering.nameless.append((entry, found))


def refuse(entry: Entry, reason: str, genes: tuple[str, ...], gathering: Gathering) -> None:
    """Lists a variant that was not used, and the genes that it was looked for in."""
    gathering.missed(entry, reason)
    gathering.refused_genes.update(dict.fromkeys(genes))


def _has_identity(variant: ObservedVariant) -> bool:
    has_place = variant.start is not None or variant.inner or variant.outer
    names = (variant.ids, variant.genomic_hgvs, variant.coding_hgvs, variant.protein_hgvs)
    return bool(has_place or any(names) or variant.copy_number)


def read_phase(entry: Entry, gathering: Gathering) -> None:
    """Adds a sequence phase relationship."""
    value = value_of(entry.resource).concept.label
    parents = as_dicts(entry.resource.get("derivedFrom"))
    of = tuple(found for item in parents if (found := reference_of(item)))
    if not value or not of:
        gathering.missed(entry, "the phase relationship lacks its value or its variants")
        return
    origin = origin_of(entry, gathering.report_of.get(id(entry.resource)))
    at_hand = (gathering.references.find(reference, entry) for reference in of)
    variants = tuple(found.reference for found in at_hand if found is not None)
    gathering.phases.append(StatedPhase(value, of, origin, variants))


def _components(resource: Mapping[str, Any]) -> Components:
    found: dict[str, list[Value]] = {}
    for component in as_dicts(resource.get("component")):
        code = component.get("code")
        value = value_of(component)
        for coding in as_dicts(code.get("coding")) if isinstance(code, dict) else ():
            name = as_text(coding.get("code"))
            found.setdefault(_STU1_NAMES.get(name, name), []).append(value)
    return found


def _concept(parts: Components, code: str) -> Concept:
    return parts[code][0].concept if code in parts else EMPTY.concept


def _variant(
    entry: Entry, value: Value, parts: Components, gathering: Gathering
) -> ObservedVariant | _Unusable:
    report = gathering.report_of.get(id(entry.resource))
    origin = origin_of(entry, report)
    code = concept_of(entry.resource.get("code"))
    resolved = genes_of(entry, code, None, EMPTY, gathering.lineage)
    names = _Names(parts)
    genes = resolved.genes or names.genes(gathering.vocabulary)
    zygosity = zygosity_of(_concept(parts, ALLELIC_STATE)) or zygosity_of(value.concept)
    is_wild = any(_is_reference_state(each.concept) for each in parts.get(ALLELIC_STATE, ()))
    presence, presence_notes = _presence(value, zygosity, is_wild=is_wild)
    where = _where(parts, names, gathering)
    if isinstance(where, str):
        return _Unusable(where, genes)
    place, interval, ref, alt, place_notes = where
    if NO_ASSESSMENT in {each.code for each in presence_notes}:
        said = presence_told(value, genes, gathering.vocabulary)
        presence, presence_notes = (said, ()) if said else (presence, presence_notes)
    contradiction = _contradiction(parts, value, is_wild=is_wild)
    if contradiction:
        presence = Presence.NO_CALL if presence is Presence.NO_CALL else Presence.INDETERMINATE
        presence_notes = (note(CONTRADICTORY, what=contradiction),)
    elif is_wild and presence is Presence.ABSENT and ref is not None:
        presence, alt = Presence.PRESENT, ref
    if names.change is not None and names.change.is_reference and ref is None:
        # `g.94781859=` names no base: the one thing said is that the reference is there.
        presence = Presence.ABSENT if presence is Presence.PRESENT else presence
    inner, outer = _range(parts, INNER), _range(parts, OUTER) or names.range
    copies = _copies(parts)
    told = told_of(entry, value, parts, gathering)
    genes = genes or told.genes
    if interval and ref is None and not (inner or outer or copies):
        place_notes = (*place_notes, note(NO_REFERENCE_ALLELE))
    return ObservedVariant(
        origin=origin,
        genes=genes,
        accession=place.accession,
        build=place.build,
        chromosome=place.chromosome,
        start=interval.start if interval else None,
        end=interval.end if interval else None,
        ref=ref,
        alt=alt,
        presence=presence,
        zygosity=zygosity,
        source_class=gathering.genomes.source_class(entry),
        ids=names.ids,
        genomic_hgvs=names.genomic,
        coding_hgvs=names.coding,
        protein_hgvs=names.protein,
        change_type=_change_type(_concept(parts, CHANGE_TYPE)),
        copy_number=copies,
        inner=inner,
        outer=outer,
        caveats=(
            *status_caveats(origin, report),
            *resolved.caveats,
            *presence_notes,
            *place_notes,
            *told.caveats,
        ),
        frequency=told.frequency,
        specimen=told.specimen,
        significance=told.significance,
        review=told.review,
        consequences=told.consequences,
        repeats=told.repeats,
        iscn=told.iscn,
        words=told.words,
    )


def _presence(value: Value, zygosity: str, *, is_wild: bool) -> tuple[Presence, tuple[Caveat, ...]]:
    found = presence_of(value)
    if is_wild and found in (None, Presence.PRESENT):
        return Presence.ABSENT, ()  # what is present is the reference
    if found is not None:
        return found, ()
    if zygosity:
        return Presence.PRESENT, ()
    return Presence.INDETERMINATE, (note(NO_ASSESSMENT),)


def _is_reference_state(concept: Concept) -> bool:
    return any(plain(words) in _REFERENCE_STATES for words, _ in concept.stated)


def _contradiction(parts: Components, value: Value, *, is_wild: bool) -> str:
    """What the resource states in two ways that cannot both be true; empty where nothing."""
    concepts = [value.concept, *(each.concept for each in parts.get(ALLELIC_STATE, ()))]
    states = {zygosity_of(each) for concept in concepts for each in _parted(concept)} - {""}
    if len(states) > 1 or (is_wild and states):
        return "the allelic state"
    for code, what in _ALLELES.items():
        stated = {at.allele_text(each.concept.label).upper() for each in parts.get(code, ())}
        if len(stated) > 1:
            return what
    return ""


def _parted(concept: Concept) -> list[Concept]:
    """The codes and words of a concept, each by itself."""
    texts = (concept.text, *(coding.display for coding in concept.codings))
    codes = [Concept((replace(coding, display=""),)) for coding in concept.codings]
    return [*codes, *(Concept((), words) for words in texts if words)]


class _Names:
    """The names and ids of a variant, and the change that the first readable one spells."""

    def __init__(self, parts: Components) -> None:
        self.genomic = _name(_concept(parts, GENOMIC_HGVS))
        self.coding = _name(_concept(parts, CODING_HGVS))
        self.protein = _name(_concept(parts, PROTEIN_HGVS))
        self.transcript = f"{at.accession_of(_concept(parts, TRANSCRIPT))}:"
        ids: dict[str, None] = {}
        spdi = at.parse_spdi(self.coding)
        if spdi is not None:  # vcf2fhir writes an SPDI where the c. name belongs
            codings = _concept(parts, CODING_HGVS).codings
            ids[f"{codings[0].system if codings else ''}|{self.coding}"] = None
            self.coding = ""
        if self.genomic.startswith("c.") and not self.coding:
            self.genomic, self.coding = "", self.genomic
        for value in (*parts.get(VARIATION, ()), *parts.get(DBSNP_STU1, ())):
            for coding in value.concept.codings:
                named = coding.code or coding.display
                ids[f"{coding.system}|{named}"] = None
                spdi = spdi or at.parse_spdi(named)
                if ":g." in named and not self.genomic:
                    self.genomic = named
            if value.concept.text and not value.concept.codings:
                ids[f"|{value.concept.text}"] = None
        self.ids = tuple(ids)
        self.change = at.parse_genomic_hgvs(self.genomic) or spdi
        self.accession = self.change.accession if self.change else ""
        self.range: tuple[int, int] | None = None
        structural = None if self.change else at.parse_structural_hgvs(self.genomic)
        if structural is not None:
            self.accession, self.range = structural

    def genes(self, vocabulary: Vocabulary) -> tuple[str, ...]:
        """The genes that names hold (`NM_000769.4(CYP2C19):c.681G>A`), else those of the
        transcripts or proteins that they are written on."""
        names = (self.coding, self.genomic, self.protein, self.transcript)
        held = [gene for name in names if "(" in name for gene in named_genes(name, vocabulary)]
        found = held or [gene for name in names if (gene := gene_of_transcript(name))]
        return tuple(dict.fromkeys(found))


def _name(concept: Concept) -> str:
    """An HGVS name: the code where it is one, else the words."""
    for coding in concept.codings:
        for words in (coding.code, coding.display):
            if "." in words or ":" in words:
                return words
    return concept.text or concept.label


def _where(
    parts: Components, names: _Names, gathering: Gathering
) -> tuple[at.Place, at.Interval | None, str | None, str | None, tuple[Caveat, ...]] | str:
    """Place, interval, ref, alt and caveats; a reason where the stated range is impossible."""
    vocabulary = gathering.vocabulary
    change = names.change
    ref, alt = _allele(parts, REF), _allele(parts, ALT)
    build = at.build_of(_concept(parts, ASSEMBLY))
    chromosome = at.chromosome_of(_concept(parts, CHROMOSOME), vocabulary) or at.chromosome_of(
        _concept(parts, BAND), vocabulary
    )
    accession = at.accession_of(_concept(parts, REF_SEQ)) or names.accession
    place = at.place(accession, build, chromosome, vocabulary)
    stated = parts[EXACT][0] if EXACT in parts else EMPTY
    if change is not None and not place.build and change.accession in vocabulary.accessions:
        # The range counts in a gene or transcript; the name beside it is on the chromosome.
        accession, stated, ref, alt = change.accession, EMPTY, change.ref, change.alt
        place = at.place(accession, build, chromosome, vocabulary)
    caveats = place.caveats
    interval = None
    low = at.position(stated.number or stated.low)
    if not stated.is_empty:
        interval = at.interval(low, _high(stated), _system(parts), ref)
        if interval is None:
            return NOT_A_RANGE
        caveats = (*caveats, *interval.caveats, *_against(change, interval, ref, alt, accession))
    elif change is not None and (not change.accession or change.accession == accession):
        interval = at.Interval(change.start, change.end)
        ref = change.ref if ref is None else ref
        alt = change.alt if alt is None else alt
    if interval and not place.accession:
        why = "neither an accession nor both build and chromosome are stated"
        caveats = (*caveats, note(NOT_PLACED, why=why))
    return place, interval, ref, alt, caveats


def _high(stated: Value) -> int | None:
    return None if stated.high is None else at.position(stated.high)


def _against(
    change: at.Change | None,
    interval: at.Interval,
    ref: str | None,
    alt: str | None,
    accession: str,
) -> tuple[Caveat, ...]:
    """A caveat where a substitution's name and its range are not one position."""
    if change is None or change.accession not in ("", accession) or len(change.ref or "") != 1:
        return ()
    if len(ref or "") != 1 or len(alt or "") != 1 or change.start == interval.start:
        return ()
    return (note(POSITIONS_DISAGREE),)


def _system(parts: Components) -> at.System:
    for words, code in _concept(parts, SYSTEM).stated:
        found = at.SYSTEMS.get(code.strip()) or at.SYSTEMS.get(words.strip().lower())
        if found:
            return found
    return ""


def _allele(parts: Components, code: str) -> str | None:
    if code not in parts:
        return None
    value = parts[code][0]
    label = value.concept.label
    return at.allele_text(label) if label else None


def _range(parts: Components, code: str) -> tuple[int, int] | None:
    if code not in parts:
        return None
    stated = parts[code][0]
    found = at.interval(at.position(stated.low), _high(stated), _system(parts), None)
    return (found.start, found.end) if found else None


def _copies(parts: Components) -> str:
    if COPIES not in parts:
        return ""
    value = parts[COPIES][0]
    if value.low is not None or value.high is not None:
        ends = [end for end in (at.position(value.low), at.position(value.high)) if end is not None]
        return "–".join(str(end) for end in ends)
    return value.number or value.concept.label


def _change_type(concept: Concept) -> str:
    """The Sequence Ontology name of a DNA change type, else its words."""
    for coding in concept.codings:
        if coding.code in SEQUENCE_ONTOLOGY_TERMS:
            return SEQUENCE_ONTOLOGY_TERMS[coding.code]
    return concept.label

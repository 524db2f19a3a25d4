"""The calls at decision positions as Variant Observations, and how they lie to each other.

Each call is written so that it can be read back: a variant as Present with its allelic state; the
reference as Absent for every other base that the position can have; a position without an answer as
No call. A position that the data do not have has no Observation: it was not tested. Positions are
0-based intervals (LA30100-4) on the RefSeq chromosome of the build that the source speaks of.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from fhir_pgx.model.definition import Site
from fhir_pgx.model.variant import OTHER, UNREAD, SiteCall
from fhir_pgx.reports.implication_frame import Resource, code, component
from fhir_pgx.reports.report_frame import (
    About,
    gene_studied,
    loinc_answer,
    observation,
    refer,
    sources,
)
from fhir_pgx.terminology import DBSNP, LOINC, PHASE_RELATIONSHIP, VARIANT

REFSEQ = "http://www.ncbi.nlm.nih.gov/refseq"
SEQUENCE_ONTOLOGY = "http://www.sequenceontology.org"
HGVS = "http://varnomen.hgvs.org"
_PHASES = "http://terminology.hl7.org/CodeSystem/sequence-phase-relationship-cs"
_ASSEMBLIES = {"GRCh37": ("LA14029-5", "GRCh37"), "GRCh38": ("LA26806-2", "GRCh38")}
_CHROMOSOMES = {
    "1": "LA21254-0", "2": "LA21255-7", "3": "LA21256-5", "4": "LA21257-3", "5": "LA21258-1",
    "6": "LA21259-9", "7": "LA21260-7", "8": "LA21261-5", "9": "LA21262-3", "10": "LA21263-1",
    "11": "LA21264-9", "12": "LA21265-6", "13": "LA21266-4", "14": "LA21267-2", "15": "LA21268-0",
    "16": "LA21269-8", "17": "LA21270-6", "18": "LA21271-4", "19": "LA21272-2", "20": "LA21273-0",
    "21": "LA21274-8", "22": "LA21275-5", "X": "LA21276-3", "Y": "LA21277-1",
}  # fmt: skip
INDETERMINATE = ("LA11884-6", "Indeterminate")
PRESENT, ABSENT = ("LA9633-4", "Present"), ("LA9634-2", "Absent")
NO_CALL = ("LA18198-4", "No call")
_HETEROZYGOUS, _HOMOZYGOUS = ("LA6706-1", "Heterozygous"), ("LA6705-3", "Homozygous")
_HEMIZYGOUS = ("LA6707-9", "Hemizygous")
_HETEROPLASMIC, _HOMOPLASMIC = ("LA6703-8", "Heteroplasmic"), ("LA6704-6", "Homoplasmic")
_SNV, _DELETION = ("SO:0001483", "SNV"), ("SO:0000159", "deletion")
_INSERTION, _DELINS = ("SO:0000667", "insertion"), ("SO:1000032", "delins")


@dataclass(frozen=True, slots=True)
class SiteContext:
    """Where the sites of one gene lie. `accession` gives the RefSeq accession of a build."""

    gene: str
    hgnc: str
    chromosome: str
    sites: Mapping[str, Site]
    accession: Callable[[str], str]

    @property
    def is_mitochondrial(self) -> bool:
        return self.chromosome == "MT"


@dataclass(frozen=True, slots=True)
class _Said:
    """What one Observation says of a site; `state` is the allelic state, None where not known.
    `change` is what was read there where it is none of the site's own alleles."""

    value: tuple[str, str]
    alt: str | None = None
    state: tuple[str, str] | None = None
    note: str = ""
    change: tuple[int, str, str] | None = None


@dataclass(frozen=True, slots=True)
class WrittenCall:
    """A call with its Observations; `strands` has, by strand, one that says what lies on it."""

    call: SiteCall
    observations: tuple[Resource, ...]
    strands: tuple[Resource | None, ...] = ()

    @property
    def has_answer(self) -> bool:
        return any(_value_of(each) != NO_CALL[0] for each in self.observations)

    @property
    def is_variant(self) -> bool:
        return any(_value_of(each) == PRESENT[0] for each in self.observations)


def write_calls(calls: Sequence[SiteCall], context: SiteContext, of: About) -> list[WrittenCall]:
    """Every call of one gene, in the order given."""
    return [_written(call, context, of) for call in calls]


def write_phases(written: Sequence[WrittenCall], of: About) -> list[Resource]:
    """How neighbouring heterozygous variants of one phase set lie: in cis or in trans."""
    sets: dict[str, list[WrittenCall]] = defaultdict(list)
    for each in written:
        if each.call.phase and each.strands and len(set(each.call.alleles)) > 1:
            sets[each.call.phase].append(each)
    return [_phase(one, other, of) for each in sets.values() for one, other in pairwise(each)]


def _written(call: SiteCall, context: SiteContext, of: About) -> WrittenCall:
    site = context.sites[call.site]
    place = _Place(call, site, context)
    made = [(said, _observation(said, call, place, context, of)) for said in _said(call, place)]
    by_alt = {said.alt: each for said, each in made if said.value == PRESENT}
    strands: tuple[Resource | None, ...] = ()
    if call.zygosity_known and UNREAD not in call.alleles:
        strands = tuple(by_alt.get(allele) for allele in call.alleles[:2])
    return WrittenCall(call, tuple(each for _, each in made), strands)


class _Place:
    """A site on the build of its call."""

    def __init__(self, call: SiteCall, site: Site, context: SiteContext) -> None:
        is_37 = call.build == "GRCh37" and site.start37 is not None
        self.build = "GRCh37" if is_37 else "GRCh38"
        self.start = site.start37 if is_37 and site.start37 is not None else site.start
        self.ref = site.ref37 if is_37 and site.ref37 else site.ref
        self.others = [each for each in (site.ref, *site.alts) if each != self.ref]
        self.accession = context.accession(self.build)
        self.is_mitochondrial = context.is_mitochondrial


def _said(call: SiteCall, place: _Place) -> Iterator[_Said]:
    alleles = call.alleles[:2]
    read = [allele for allele in alleles if allele != UNREAD]
    variants = list(dict.fromkeys(allele for allele in read if allele != place.ref))
    if OTHER in variants:
        yield from _said_of_unknown(call, alleles)
        variants.remove(OTHER)
    elif not variants and not (call.zygosity_known and read and len(read) == len(alleles)):
        note = "The reference was seen; what the other copy has is not known." if read else ""
        yield _Said(NO_CALL, note=note)
        return
    is_whole = call.zygosity_known and len(read) == len(alleles)
    if not is_whole:
        why = "other copy was not read" if call.zygosity_known else "number of copies is not stated"
        for allele in variants:
            yield _Said(PRESENT, allele, note=f"The {why}.")
    elif variants or OTHER in alleles:
        for allele in variants:
            yield _Said(
                PRESENT,
                allele,
                _state(
                    alleles.count(allele), len(alleles), is_mitochondrial=place.is_mitochondrial
                ),
            )
    elif len(alleles) == 1 and not place.is_mitochondrial:
        # Absent cannot say that there is one copy; ref = alt is the guide's own way to confirm it.
        yield _Said(PRESENT, place.ref, _HEMIZYGOUS, "The reference allele, on the only copy.")
    else:
        for other in place.others:
            yield _Said(ABSENT, other)


def _said_of_unknown(call: SiteCall, alleles: Sequence[str]) -> Iterator[_Said]:
    """A copy with none of the bases that our tables know: the change that was read, where it is
    kept; else the site is indeterminate."""
    copies = alleles.count(OTHER)
    is_whole = call.zygosity_known and UNREAD not in alleles
    if not call.unknown or len(call.unknown) not in (1, copies):
        yield _Said(INDETERMINATE, note="Another base than those that our tables know was read.")
        return
    is_mitochondrial = call.gene.startswith("MT-")
    for change in call.unknown:
        count = copies if len(call.unknown) == 1 else 1
        state = _state(count, len(alleles), is_mitochondrial=is_mitochondrial)
        yield _Said(
            PRESENT, OTHER, state if is_whole else None, "Our tables know no allele by it.", change
        )


def _state(count: int, copies: int, *, is_mitochondrial: bool) -> tuple[str, str]:
    if is_mitochondrial:
        return _HOMOPLASMIC if count == copies else _HETEROPLASMIC
    if copies == 1:
        return _HEMIZYGOUS
    return _HOMOZYGOUS if count == copies else _HETEROZYGOUS


def _observation(
    said: _Said, call: SiteCall, place: _Place, context: SiteContext, of: About
) -> Resource:
    site = context.sites[call.site]
    names = ", ".join(name for name, allele in site.names.items() if allele == said.alt)
    return observation(
        of,
        "variant",
        code(LOINC, VARIANT),
        value=loinc_answer(*said.value),
        gene=gene_studied(context.gene, context.hgnc),
        components=list(_components(said, site, place, context)),
        parents=sources(
            (call.reference, *call.others), call.where if "/" in call.reference else ""
        ),
        notes=[
            said.note,
            f"Also named {names}." if names else "",
            *(f"{each.code} {each.text}" for each in call.caveats),
        ],
        when=call.when,
    )


def _components(said: _Said, site: Site, place: _Place, context: SiteContext) -> Iterator[Resource]:
    if place.build in _ASSEMBLIES:
        yield component(LOINC, "62374-4", loinc_answer(*_ASSEMBLIES[place.build]))
    if context.chromosome in _CHROMOSOMES:
        answer = loinc_answer(_CHROMOSOMES[context.chromosome], f"Chromosome {context.chromosome}")
        yield component(LOINC, "48000-4", answer)
    yield component(LOINC, "48013-7", _coded(REFSEQ, place.accession))
    yield component(LOINC, "92822-6", loinc_answer("LA30100-4", "0-based interval counting"))
    start, ref, alt = said.change or (place.start, place.ref, said.alt)
    span = {"low": {"value": start}, "high": {"value": start + len(ref)}}
    yield {"code": code(LOINC, "81254-5"), "valueRange": span}
    # An empty allele (nothing is left, or nothing was there) is no string in FHIR.
    yield {"code": code(LOINC, "69547-8"), "valueString": ref or "-"}
    if alt is not None:
        yield {"code": code(LOINC, "69551-0"), "valueString": alt or "-"}
        yield from _change(start, ref, alt, place)
    if site.name.startswith("rs") and said.change is None:
        yield component(LOINC, "81252-9", _coded(DBSNP, site.name))
    if said.state:
        yield component(LOINC, "53034-5", loinc_answer(*said.state))


def _change(start: int, ref: str, alt: str, place: _Place) -> Iterator[Resource]:
    """The class of change and, of a single base, its genomic name."""
    if alt == ref:
        return
    so, name = _class_of(ref, alt)
    coding = {"system": SEQUENCE_ONTOLOGY, "code": so, "display": name}
    yield component(LOINC, "48019-4", {"coding": [coding], "text": name})
    if (so, name) == _SNV:
        prefix = "m" if place.is_mitochondrial else "g"
        named = f"{place.accession}:{prefix}.{start + 1}{ref}>{alt}"
        yield component(LOINC, "81290-9", _coded(HGVS, named))


def _class_of(ref: str, alt: str) -> tuple[str, str]:
    if len(ref) == len(alt) == 1:
        return _SNV
    if ref.startswith(alt):
        return _DELETION
    return _INSERTION if alt.startswith(ref) else _DELINS


def _coded(system: str, value: str) -> Resource:
    return {"coding": [{"system": system, "code": value}], "text": value}


def _value_of(resource: Resource) -> str:
    found: str = resource["valueCodeableConcept"]["coding"][0]["code"]
    return found


def _phase(one: WrittenCall, other: WrittenCall, of: About) -> Resource:
    """By a variant of each: where both lie on the same strand they are in cis."""
    (strand, first), (its_strand, second) = _carried(one), _carried(other)
    word = "Cis" if strand == its_strand else "Trans"
    concept = {"coding": [{"system": _PHASES, "code": word, "display": word}], "text": word}
    return observation(
        of,
        "sequence-phase-relationship",
        code(LOINC, PHASE_RELATIONSHIP),
        value=concept,
        parents=[refer(first, one.call.site), refer(second, other.call.site)],
        when=max(one.call.when, other.call.when),
    )


def _carried(written: WrittenCall) -> tuple[int, Resource]:
    return next((i, each) for i, each in enumerate(written.strands) if each is not None)

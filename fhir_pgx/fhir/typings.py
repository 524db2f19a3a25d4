"""HLA typings of a recipient and of donors, as Observations state them.

The recipient's typing is read here for its match with a donor, and goes on to the reader of genes.
A donor's is read here alone: it is never the patient's. A donor is told by the Observation's focus,
by the specimen, or by the words of what is observed; who is merely somebody else is left to
`whose`, which lists it.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from fhir_pgx.fhir.bundle import Entry, as_dicts
from fhir_pgx.fhir.code_names import Name, concept_as_sent, name_of
from fhir_pgx.fhir.gathering import (
    WITHDRAWN,
    Gathering,
    origin_of,
    status_caveats,
    status_of,
)
from fhir_pgx.fhir.genome_words import says_donor, says_recipient
from fhir_pgx.fhir.gl_strings import SYSTEM, Loci, locus_of, split_typing
from fhir_pgx.fhir.resolution import codes_of
from fhir_pgx.fhir.values import Concept, Value, concept_of, value_of
from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.transplant import StatedTyping
from fhir_pgx.terminology import GENE_STUDIED

# LOINC: HLA typing of a locus, at any resolution; panels say the locus in their components.
LOCUS_OF_CODE = {
    "13298-5": "A", "57290-9": "A", "78014-8": "A",
    "13299-3": "B", "57291-7": "B", "78015-5": "B",
    "13302-5": "C", "77636-9": "C", "96636-6": "C",
    "57298-2": "DRB1", "57293-3": "DRB1", "96664-8": "DRB1",
}  # fmt: skip
PANELS = frozenset(("13303-3", "96629-1"))
ALLELIC_STATE, _HOMOZYGOUS = "53034-5", "LA6705-3"
_NAMES_SYSTEM = "ebi.ac.uk/ipd/imgt/hla"
_SPEAKS_OF_HLA = re.compile(r"\bHLA\b|\bhistocompatib|\bhuman leu[ck]ocyte antigen", re.IGNORECASE)
_LOCUS_IN_WORDS = re.compile(
    r"\b(?:HLA-?\s?)?(DRB[1345]|DQA1|DQB1|DPA1|DPB1)\b|\bHLA-?\s?(A|B|Cw?|DR|DQ|DP)\b(?![*:]\d)"
)
_LOOSE = {"Cw": "C", "DR": "DRB1", "DQ": "DQB1", "DP": "DPB1"}
# A question on one allele or antigen, or on an antibody, is no typing.
_NO_TYPING = re.compile(
    r"\*\s?\d|\bB27\b|\bB5701\b|presen[ct]e|antibod|\bAb\b|\bDSA\b|\bPRA\b|crossmatch|risk"
    r"|expression|loss of heterozygosity|\bLOH\b",
    re.IGNORECASE,
)
# `HLA-A *02:01, *24:02`: the locus that the words begin with is that of all.
_PREFIX = re.compile(
    r"\s*(?:HLA-?\s?)?(DRB[1345]|DQA1|DQB1|DPA1|DPB1|A|B|Cw?|DR|DQ)\s*(?:[:=]\s*|\s+)(?=\*?\d)"
)
_FAMILY = re.compile(r"(?:^|[*:])(\d{2,3})(?=:\d|\d{2}\b)")
SLASH = Caveat(
    "PGX-781",
    "`/` between two HLA alleles of one first field was read as one allele that is not settled; "
    "the second allele is then not stated.",
)
OPTIONS = Caveat(
    "PGX-782",
    "Several genotypes are possible; each chromosome was read as any allele that stands in its "
    "place.",
)
BOTH = "its words name a donor and the recipient: whose typing it is cannot be told"
OF_DONOR = "of a donor, by its code, not of the patient"
OF_DONOR_UNREAD = "of a donor; the typing could not be read"


def claim(entry: Entry, gathering: Gathering) -> bool:
    """True where the Observation is a donor's: it was read, or listed with the reason. The
    recipient's own typing is read and left to the other readers too."""
    if not _is_of_hla(entry.resource):
        return False
    code = concept_of(entry.resource.get("code"))
    donor = _donor(entry, code, gathering)
    if donor is None:
        if not gathering.genomes.reason(entry) and _may_be_used(entry):
            gathering.typings.extend(_typings(entry, code, gathering, None))
        return False
    if says_recipient(code.stated) and entry.resource.get("focus") is None:
        gathering.missed(entry, BOTH)
        return True
    if not _may_be_used(entry):
        gathering.missed(entry, f"its status is {status_of(entry.resource)}")
        return True
    found = list(_typings(entry, code, gathering, donor))
    gathering.typings.extend(found)
    if not found and "hasMember" not in entry.resource:
        is_typing = _NO_TYPING.search(code.label) is None
        reason = gathering.genomes.reason(entry) or OF_DONOR
        gathering.missed(entry, OF_DONOR_UNREAD if is_typing else reason)
    return True


def _is_of_hla(resource: Mapping[str, Any]) -> bool:
    name = name_of(resource.get("code"))
    if _speaks_of_hla(concept_of(resource.get("code"))) if name is None else _names_hla(name):
        return True
    value = resource.get("valueCodeableConcept")
    if type(value) is dict and any(
        _is_hla_system(system)
        for coding in as_dicts(value.get("coding"))
        if type(system := coding.get("system")) is str
    ):
        return True
    parts = resource.get("component")
    return parts is not None and _any_speaks_of_hla(parts)


@lru_cache(maxsize=4096)  # the names of tests: the same few come again and again
def _names_hla(name: Name) -> bool:
    return _speaks_of_hla(concept_of(concept_as_sent(name)))


def _speaks_of_hla(code: Concept) -> bool:
    return any(each.code in LOCUS_OF_CODE or each.code in PANELS for each in code.codings) or any(
        _SPEAKS_OF_HLA.search(words) or _LOCUS_IN_WORDS.search(words) for words, _ in code.stated
    )


def _any_speaks_of_hla(parts: Any) -> bool:
    """Whether any component's code or value says HLA, looked at as it was sent. The gene studied
    decides at once where it is coded: most Observations with components are variants."""
    for part in as_dicts(parts):
        for field in ("code", "valueCodeableConcept"):
            element = part.get(field)
            if type(element) is not dict:
                continue
            text = element.get("text")
            if type(text) is str and "HLA" in text:
                return True
            codings = element.get("coding")
            for item in codings if type(codings) is list else ():
                shown = item.get("display") if type(item) is dict else None
                if type(shown) is str and "HLA" in shown:
                    return True
        if _is_of_another_gene(part):
            return False
    return False


def _is_of_another_gene(part: Mapping[str, Any]) -> bool:
    try:
        return bool(
            part["code"]["coding"][0]["code"] == GENE_STUDIED
            and "genenames" in (gene := part["valueCodeableConcept"]["coding"][0])["system"]
            and gene["display"]
        )
    except (KeyError, IndexError, TypeError):
        return False


def _is_hla_system(system: str) -> bool:
    return system == SYSTEM or _NAMES_SYSTEM in system


def _donor(entry: Entry, code: Concept, gathering: Gathering) -> str | None:
    """The donor's reference or words, empty where none is stated; None where it is no donor's."""
    found = gathering.genomes.donors.get(id(entry.resource))
    if found is not None:
        return found
    return "" if says_donor(code.stated) else None


def _may_be_used(entry: Entry) -> bool:
    holder = entry.container
    if holder is not None and status_of(holder.resource) == "entered-in-error":
        return False
    return status_of(entry.resource) not in WITHDRAWN


def _typings(
    entry: Entry, code: Concept, gathering: Gathering, donor: str | None
) -> Iterator[StatedTyping]:
    """Each locus that the Observation states, of the recipient where `donor` is None."""
    if any(_NO_TYPING.search(words) for words, _ in code.stated):
        return
    report = gathering.report_of.get(id(entry.resource))
    origin = origin_of(entry, report)
    known = status_caveats(origin, report)
    for loci, stated, caveats in _stated(entry, code):
        for locus, alleles in loci.items():
            yield StatedTyping(
                locus,
                alleles,
                "recipient" if donor is None else "donor",
                origin,
                donor or "",
                stated[:500],
                (*known, *caveats),
            )


_Read = tuple[Loci, str, tuple[Caveat, ...]]


def _stated(entry: Entry, code: Concept) -> list[_Read]:
    """What the value says; where it says nothing, what the components say, put together."""
    locus = _locus_asked(entry, code)
    found = _read(value_of(entry.resource), locus)
    if found is not None:
        return [_twice(found) if _is_homozygous(entry) else found]
    by_locus: dict[str, list[str]] = {}
    read: list[_Read] = []
    for part in as_dicts(entry.resource.get("component")):
        if GENE_STUDIED in codes_of(part.get("code")):
            continue
        asked = concept_of(part.get("code"))
        if any(_NO_TYPING.search(words) for words, _ in asked.stated):
            continue
        own = _locus_of_words(asked) or locus
        found = _read(value_of(part), own)
        if found is None:
            continue
        for name, alleles in found[0].items():
            by_locus.setdefault(name, []).extend(alleles)
        read.append(found)
    if any(len(each) > 2 for each in by_locus.values()):
        return []
    together = {name: tuple(alleles) for name, alleles in by_locus.items()}
    caveats = tuple(dict.fromkeys(caveat for each in read for caveat in each[2]))
    return [(together, "; ".join(each[1] for each in read), caveats)] if read else []


def _is_homozygous(entry: Entry) -> bool:
    """Whether the Observation states the allelic state homozygous."""
    return any(
        ALLELIC_STATE in codes_of(part.get("code"))
        and any(code == _HOMOZYGOUS for _, code in value_of(part).concept.stated)
        for part in as_dicts(entry.resource.get("component"))
    )


def _twice(read: _Read) -> _Read:
    loci, text, caveats = read
    return (
        {name: each * 2 if len(each) == 1 else each for name, each in loci.items()},
        text,
        caveats,
    )


def _locus_asked(entry: Entry, code: Concept) -> str:
    """The locus of the code, or of the gene studied; empty where none is named, or several."""
    found = _locus_of_words(code)
    if found:
        return found
    for part in as_dicts(entry.resource.get("component")):
        if GENE_STUDIED in codes_of(part.get("code")):
            found = _locus_of_words(value_of(part).concept)
            if found:
                return found
    return ""


def _locus_of_words(concept: Concept) -> str:
    for coding in concept.codings:
        if coding.code in LOCUS_OF_CODE:
            return LOCUS_OF_CODE[coding.code]
    for words, _ in concept.stated:
        named = {
            each[1] or _LOOSE.get(each[2], each[2]) for each in _LOCUS_IN_WORDS.finditer(words)
        }
        if len(named) == 1:
            return str(named.pop())
        own = locus_of(words)
        if not named and own:
            return own
    return ""


def _read(value: Value, locus: str) -> _Read | None:
    """The loci in one value: its best text, or all its codings where each is one allele."""
    concept = value.concept
    tried: list[tuple[str, bool]] = [
        (coding.code, True) for coding in concept.codings if coding.system == SYSTEM
    ]
    named = [each for each in concept.codings if _is_hla_system(each.system)]
    # Of one system: two systems may state one allele twice.
    if len(named) == 2 and named[0].system == named[1].system and not tried:
        # Two codings of one value: an R4 habit for the two alleles of a genotype.
        pair = "+".join(each.display or each.code for each in named)
        if split_typing(pair, locus) and named[0].display != named[1].display:
            tried.append((pair, True))
    tried += [(words, False) for words, _ in concept.stated]
    for text, is_gl_string in tried:
        prepared, own, caveats = (text, locus, ()) if is_gl_string else _prepare(text, locus)
        loci = split_typing(prepared, own)
        if loci:
            is_open = "|" in prepared
            return loci, text, (*caveats, *((OPTIONS,) if is_open else ()))
    return None


def _prepare(text: str, locus: str) -> tuple[str, str, tuple[Caveat, ...]]:
    """A text that is no GL String, and the locus of its names: that of the words it begins with.

    One `/` alone between alleles of two first fields, or twice the same, are the two chromosomes,
    as reports write it; of one first field it may be either.
    """
    if text.startswith("hla#"):
        return text, locus, ()
    found = _PREFIX.match(text)
    words = text[found.end() :] if found else text
    own = _LOOSE.get(found[1], found[1]) if found else locus
    if words.count("/") != 1 or "+" in words:
        return words, own, ()
    first, second = (part.strip() for part in words.split("/"))
    one, other = _FAMILY.search(first), _FAMILY.search(second)
    if one and other and (one[1] != other[1] or first == second):
        return f"{first}+{second}", own, ()
    return words, own, (SLASH,)

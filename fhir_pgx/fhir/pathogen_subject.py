"""Whose a result is: an organism's, by what it says itself and by what stands around it.

The organism is stated by a component, the label, the sequence that a change is written against,
the specimen or the report's title, in that order. A gene with a human gene's code, or a change
against a human sequence, is the patient's own whatever stands around it.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from fhir_pgx.fhir.bundle import Entry, as_dicts, reference_of
from fhir_pgx.fhir.code_names import Name, concept_as_sent, name_of
from fhir_pgx.fhir.gathering import Gathering
from fhir_pgx.fhir.organism_words import SHARED, gene_owner, is_shared_name, organism_of
from fhir_pgx.fhir.values import Concept, concept_of, value_of
from fhir_pgx.model.pathogen import Organism
from fhir_pgx.terminology import GENE_STUDIED

VARIANT = "69548-6"
_PLACES = frozenset(("81290-9", "48013-7"))
ORGANISM_CODES = frozenset(("41852-5", "11475-1", "634-6", "88040-1"))
# LOINC codes that say it without words: organism, and the gene where it is one.
_LOINC: dict[str, tuple[Organism, str]] = {
    "33630-5": ("HIV-1", "PR"),
    "88544-2": ("HIV-1", "RT"),
    "53798-5": ("HIV-1", ""),  # reverse transcriptase and protease in one text
    "80692-7": ("HIV-1", ""),
    "46244-0": ("M. tuberculosis", "rpoB"),
    "89372-7": ("M. tuberculosis", "rpoB"),
    "46245-7": ("M. tuberculosis", "pncA"),
    "46246-5": ("M. tuberculosis", "katG"),
    "46247-3": ("M. tuberculosis", "embB"),
    "63072-3": ("M. tuberculosis", "inhA"),
}
_MAX_CONCLUSION = 20_000
_HLA_ANTIBODY = re.compile(r"\bDSA\b|donor[\s-]specific|anti[\s-]?HLA|\bHLA antibod", re.IGNORECASE)
_GENETIC = re.compile(
    r"genotyp|mutation|resistan|suscept|\bgenes?\b|sequenc|\bvariants?\b|substitution"
    r"|polymorphism|\bRAMs?\b|\bN?NRTI\b|\bINSTI\b"
    r"|\bXpert\b|\bMTB/RIF\b|\bMTB/XDR\b|\bMTBDR|line[\s-]probe|\bLPA\b|\bTruenat\b",
    re.IGNORECASE,
)
OTHER = re.compile(
    r"\bload\b|copies|\bIg[GMA]\b|antibod|\bAb\b|antigen|\bAg\b|tropism|subtype|lineage|strain"
    r"|interferon|\bIGRA\b|quantiferon|vaccin",
    re.IGNORECASE,
)
# Beside a report's title this much is asked of a label: a genotype may be the patient's.
_OF_RESISTANCE = re.compile(r"mutation|resist|suscept|substitution|\bRAMs?\b", re.IGNORECASE)
_ORGANISM_WORDS = re.compile(r"organism|pathogen|microbe|\bspecies\b|\bvirus\b$", re.IGNORECASE)
_HUMAN = re.compile(r"\b(?:NM_|NG_|LRG_|ENS[TPG]\d|NC_0000(?:0[1-9]|1\d|2[0-4])\.)")
# Abbreviations in capitals alone: `in` is a word.
_TARGETS = (
    (re.compile(r"(?i:reverse transcriptase)|\bRT\b|\bN?NRTIs?\b"), "RT"),
    (re.compile(r"\b(?i:protease)\b|\bPR\b|\bPIs?\b"), "PR"),
    (re.compile(r"(?i:integrase)|\bINSTIs?\b|\bIN\b"), "IN"),
    (re.compile(r"(?i:capsid)|\bCA\b"), "CA"),
)
_INFLUENZA = re.compile(r"\b(PA|NA|M2)\b")
# Of these every culture has a susceptibility test; only what names genes is ours.
_CULTURED = frozenset(("S. aureus", "Enterobacterales", "Enterococcus", "H. pylori"))
_BY_GENES = re.compile(r"genotyp|\bgenes?\b|mutation|molecular|\bPCR\b|sequenc", re.IGNORECASE)
_NAMED_GENE = re.compile(
    r"\b(Rv\d{4}[Ac]?|UL\d+|ORF\d+|NS[35][AB]?|NS3/4A|mecA|vanA|(?:bla)?KPC|(?:bla)?NDM|rpo[ABC]"
    r"|kat[G]|inh[A]|fabG1|pnc[A]|emb[ABCR]|gyr[AB]|rps[LA]|gidB?|rrs|rrl|eis|tly[A]|eth[A]|mmp\w\d"
    r"|atp[E]|pep[Q]|rpl[C]|ddn|fbi[ABCD]|fgd1|23S rRNA|16S rRNA|kelch13|K13|crt|dhfr"
    r"|neuraminidase|thymidine kinase|DNA polymerase|polymerase|U38|U69)(?:\b|(?=\s))",
    re.IGNORECASE,
)


def is_patients_own(resource: Mapping[str, Any]) -> bool:
    """Whether a first look settles that the Observation is of no pathogen: the words of its code
    name nothing of one, and its gene is a human one, or it has neither gene nor organism.

    Nearly every Observation is; what is left undecided is for `subject_of`.
    """
    name = name_of(resource.get("code"))
    if name is None or not _is_silent(name):
        return False
    is_variant = VARIANT in name
    parts = resource.get("component")
    if parts is None:
        return not is_variant
    if type(parts) is not list:
        return False
    return _states_host_gene(parts) if is_variant else not any(map(_may_tell, parts))


def _states_host_gene(parts: list[Any]) -> bool:
    for part in parts:
        try:
            if part["code"]["coding"][0]["code"] != GENE_STUDIED:
                continue
            value = part["valueCodeableConcept"]
        except (KeyError, IndexError, TypeError):
            continue  # written in another way, or not at all: the whole of it is looked at later
        try:
            if "genenames" in value["coding"][0]["system"]:  # as nearly every gene comes
                return True
        except (KeyError, IndexError, TypeError):
            pass
        concept = concept_of(value)
        if any("genenames" in each.system or "HGNC" in each.code for each in concept.codings):
            return True
        gene = concept.text or concept.label
        return bool(gene) and not _is_shared(gene)
    return False


def _may_tell(part: Any) -> bool:
    """Whether a component may state a gene, an organism or a sequence."""
    name = name_of(part.get("code")) if type(part) is dict else None
    return name is None or _names_subject(name)


@lru_cache(maxsize=4096)  # the names of tests: the same few come again and again
def _is_silent(name: Name) -> bool:
    """Whether the words and codes of a test name nothing of a pathogen."""
    code = concept_of(concept_as_sent(name))
    label = words_of(code)
    return not (
        any(coding.code in _LOINC for coding in code.codings)
        or organism_of(code.stated)[1]
        or _OF_RESISTANCE.search(label)
        or gene_in(label, "")
        or _by_locus(label)
    )


@lru_cache(maxsize=1024)
def _names_subject(name: Name) -> bool:
    code = concept_of(concept_as_sent(name))
    codes = {coding.code for coding in code.codings}
    return bool(
        codes & (ORGANISM_CODES | _PLACES | {GENE_STUDIED})
        or _ORGANISM_WORDS.search(words_of(code))
    )


def subject_of(
    entry: Entry, code: Concept, gathering: Gathering
) -> tuple[Organism, str, str] | None:
    """The organism, the words that name it, and the gene as the label or a component names it;
    None where the Observation is not of a pathogen's genes."""
    resource = entry.resource
    label = words_of(code)
    codes = {coding.code for coding in code.codings}
    by_code = next((_LOINC[each] for each in codes if each in _LOINC), None)
    gene = _stated_gene(resource)
    if (gene is not None and not gene) or _is_human(resource):
        return None  # a human gene by its code, or a human sequence
    owner = gene_owner(gene) if gene else None
    organism, words = _own_organism(resource, code)
    if by_code and not words:
        organism, words = by_code[0], label or by_code[0].removesuffix("-1")
    is_variant = VARIANT in codes
    named = gene or (by_code[1] if by_code else "") or gene_in(label, organism)
    if not words:
        outside, outside_words = _organism_around(entry, gathering)
        is_theirs = owner is not None or _is_shared(named) or (is_variant and not gene)
        is_genetic = is_variant or _OF_RESISTANCE.search(label) or named
        if outside_words and is_genetic and (is_theirs or not gene):
            organism, words = outside, outside_words
            named = named or gene_in(label, organism)
        elif owner is None:
            return _by_locus(label)
        else:
            organism, words = owner, outside_words or owner or gene or ""
    elif is_other(label) or not (
        is_variant or by_code or named or _GENETIC.search(label) or _speaks(resource)
    ):
        return None
    if organism in _CULTURED and not (is_variant or named or _BY_GENES.search(label)):
        return None
    if gene and owner is None and not _is_shared(gene):
        return None  # a gene that is not known as the organism's: the patient's own
    hosts = gathering.lineage.label_genes(code)
    if hosts and not {host.lower() for host in hosts} <= SHARED:
        return None
    return organism, words or organism, named


def _by_locus(label: str) -> tuple[Organism, str, str] | None:
    """A label that names a locus tag, or a gene of resistance that no human gene is named like."""
    found = _NAMED_GENE.search(label)
    if found is None or not _GENETIC.search(label):
        return None
    owner = gene_owner(found[1])
    return (owner, owner or found[1], found[1]) if owner is not None else None


def tells_resistance(code: Concept, conclusion: str) -> bool:
    """Whether a report's own text is of a pathogen's resistance, or of antibodies against HLA: it
    is read from results alone, and a text in their place must not be passed over in silence."""
    if not conclusion or len(conclusion) > _MAX_CONCLUSION:
        return bool(conclusion) and bool(organism_of(code.stated)[1])
    said = f"{words_of(code)} {conclusion}"
    if _HLA_ANTIBODY.search(said):
        return True
    named = organism_of(code.stated)[1] or organism_of([(conclusion[:1000], "")])[1]
    return bool(named and (_OF_RESISTANCE.search(said) or _NAMED_GENE.search(conclusion)))


def is_other(label: str) -> bool:
    """A load, an antibody, a subtype: nothing of resistance."""
    return bool(OTHER.search(label)) and not re.search(r"resist|mutation|suscept", label, re.I)


def _speaks(resource: Mapping[str, Any]) -> bool:
    """Whether the value of a test that is named after an organism speaks of resistance."""
    return any(
        _OF_RESISTANCE.search(words[:2000]) for words, _ in value_of(resource).concept.stated
    )


def _is_shared(gene: str | None) -> bool:
    return bool(gene) and (is_shared_name(str(gene)) or gene_owner(str(gene)) is not None)


def words_of(concept: Concept) -> str:
    return " | ".join((*(coding.display for coding in concept.codings), concept.text)).strip(" |")


def _stated_gene(resource: Mapping[str, Any]) -> str | None:
    """The gene of a gene-studied component; empty for one with a human gene's code, None where
    there is no such component."""
    for component in as_dicts(resource.get("component")):
        if GENE_STUDIED not in codes_of(component):
            continue
        concept = value_of(component).concept
        if any("genenames" in each.system or "HGNC" in each.code for each in concept.codings):
            return ""
        return concept.text or concept.label
    return None


def codes_of(component: Mapping[str, Any]) -> set[str]:
    return {coding.code for coding in concept_of(component.get("code")).codings}


def _is_human(resource: Mapping[str, Any]) -> bool:
    return any(
        _HUMAN.search(words)
        for component in as_dicts(resource.get("component"))
        for words, _ in value_of(component).concept.stated
    )


def _own_organism(resource: Mapping[str, Any], code: Concept) -> tuple[Organism, str]:
    for component in as_dicts(resource.get("component")):
        concept = concept_of(component.get("code"))
        label = words_of(concept).lower()
        is_organism = bool(ORGANISM_CODES & {each.code for each in concept.codings})
        if is_organism or _ORGANISM_WORDS.search(label):
            organism, words = organism_of(value_of(component).concept.stated)
            if words:
                return organism, words
            stated = value_of(component).concept.label
            if stated and is_organism:
                return "", stated
    organism, words = organism_of(code.stated)
    return (organism, words) if words else _by_accession(resource)


def _by_accession(resource: Mapping[str, Any]) -> tuple[Organism, str]:
    """The organism of the sequence that a variant is written against."""
    for component in as_dicts(resource.get("component")):
        if codes_of(component) & _PLACES and "NC_000962" in value_of(component).concept.label:
            return "M. tuberculosis", "NC_000962"
    return "", ""


def _organism_around(entry: Entry, gathering: Gathering) -> tuple[Organism, str]:
    """The organism that the specimen, else the report's title names."""
    specimen = entry.resource.get("specimen")
    reference = reference_of(specimen) if isinstance(specimen, dict) else ""
    held = gathering.references.find(reference, entry) if reference else None
    said: list[tuple[str, str]] = []
    if isinstance(specimen, dict) and isinstance(specimen.get("display"), str):
        said.append((specimen["display"], ""))
    if held is not None:
        said += concept_of(held.resource.get("type")).stated
    organism, words = organism_of(said)
    if words:
        return organism, words
    report = gathering.report_of.get(id(entry.resource)) or entry.container
    if report is None or report.type != "DiagnosticReport":
        return "", ""
    return organism_of(concept_of(report.resource.get("code")).stated)


def gene_in(label: str, organism: str) -> str:
    """The gene that a label names, empty where it names none or several."""
    if organism in ("HIV-1", "HIV-2"):
        found = {gene for pattern, gene in _TARGETS if pattern.search(label)}
        return found.pop() if len(found) == 1 else ""
    if organism.startswith("Influenza A"):
        proteins = set(_INFLUENZA.findall(label))
        if len(proteins) == 1:
            return str(proteins.pop())
    if organism == "HBV" and re.search(r"polymerase|reverse transcriptase|\bRT\b", label, re.I):
        return "RT"
    genes = {each.lower(): each for each in _NAMED_GENE.findall(label)}
    return next(iter(genes.values())) if len(genes) == 1 else ""

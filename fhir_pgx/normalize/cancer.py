"""Cancers as Conditions state them → nodes of the Disease Ontology.

A code decides where it is known; words refine it, or stand alone where no code is. Of nodes on one
path the most specific counts, save where one ICD-10 code stands for several: it then says no more
than the most general of them. A secondary neoplasm is no cancer of the organ it was found in.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from fhir_pgx.model.drug import Coding
from fhir_pgx.model.tumour import Cancer, Disease, StatedCancer

_ICD_SYSTEM = re.compile(r"icd-?10|2\.16\.840\.1\.113883\.6\.(?:90|3)\b", re.IGNORECASE)
_SNOMED_SYSTEM = re.compile(r"snomed|2\.16\.840\.1\.113883\.6\.96\b", re.IGNORECASE)
_NCIT_SYSTEM = re.compile(r"ncit|ncicb|thesaurus|2\.16\.840\.1\.113883\.3\.26", re.IGNORECASE)
_MORPHOLOGY = re.compile(r"\b[89][0-9]{3}/[0-9]\b")
_SECONDARY_ICD = re.compile(r"C7[789]")
_SECONDARY = re.compile(
    r"\bsecondary (?:malignan|neoplas|tumor|cancer)\w*|\bmetasta(?:sis|ses|tic)(?: \w+){0,3}"
    r" (?:to|in|of) (?!unknown)|\b(?:brain|bone|liver|lung|lymph node|hepatic|osseous) metastas\w*"
)
_OF = re.compile(
    r"(?P<kind>(?:[a-z0-9]+[ -]){0,5}?"
    r"(?:neoplasm|tumor|cancer|[a-z]*carcinoma|melanoma|sarcoma|lymphoma))\b,?(?: of| in|,) "
    r"(?P<site>[a-z ,-]+)"
)
# Words that say which part or side, and not which organ.
_PART = re.compile(
    r"\b(?:the|left|right|upper|lower|middle|unspecified|overlapping|bilateral|lobes?|parts?"
    r"|sites?|head|tail|body|main|female|male|unknown side|primary|region|structure|uteri)\b"
)
# What names put before a kind: `pancreatic adenocarcinoma`, `stomach cancer`.
_ADJECTIVES = {
    "pancreas": ("pancreatic",), "stomach": ("gastric", "stomach"), "rectum": ("rectal", "rectum"),
    "colon": ("colon",), "cecum": ("cecum",), "esophagus": ("esophageal", "esophagus"),
    # As `_plain` spells it, in which `oesophag` became `esophag`.
    "gastresophageal junction": ("gastresophageal junction",),
    "gastro esophageal junction": ("gastresophageal junction",), "bile duct": ("bile duct",),
    "gallbladder": ("gallbladder",), "liver": ("liver", "hepatic"), "ovary": ("ovarian",),
    "endometrium": ("endometrial", "endometrium"), "uterus": ("uterine", "uterus"),
    "cervix": ("cervical", "cervix"), "vulva": ("vulvar", "vulva"), "prostate": ("prostate",),
    "testis": ("testicular", "testis"), "penis": ("penile", "penis"), "kidney": ("renal", "kidney"),
    "bladder": ("bladder", "urinary bladder"), "urinary bladder": ("bladder", "urinary bladder"),
    "thyroid": ("thyroid", "thyroid gland"), "thyroid gland": ("thyroid", "thyroid gland"),
    "uvea": ("uveal",), "eye": ("uveal", "eye"), "choroid": ("uveal",), "skin": ("skin",),
    "breast": ("breast",), "lung": ("lung",), "bronchus": ("lung",), "mammary gland": ("breast",),
    "head and neck": ("head and neck",), "oropharynx": ("oropharynx", "oropharyngeal"),
    "nasopharynx": ("nasopharyngeal", "nasopharynx"), "larynx": ("laryngeal", "larynx"),
    "brain": ("brain",), "anus": ("anal", "anus"), "thymus": ("thymic", "thymus"),
    "pleura": ("pleural",), "peritoneum": ("peritoneal", "peritoneum"),
    "fallopian tube": ("fallopian tube",), "small intestine": ("small intestine",),
    "appendix": ("appendix",), "bone": ("bone",),
}  # fmt: skip
# Histologies of many organs: alone they do not say which cancer it is.
_OF_ANY_ORGAN = frozenset(("DOID:162", "DOID:14566", "DOID:305", "DOID:299", "DOID:1749"))
_CANCER = "DOID:162"
_SPELLINGS = (
    ("tumour", "tumor"), ("leukaemia", "leukemia"), ("oesophag", "esophag"), ("haem", "hem"),
    ("carcinomas", "carcinoma"), ("cancers", "cancer"), ("anaemia", "anemia"),
)  # fmt: skip
_TOKEN = re.compile(r"[a-z0-9]+")
_MAX_TEXT = 500


@dataclass(frozen=True, slots=True)
class CancerIndex:
    """The nodes by code and by name, made once. `codes` by kind of code system and code; `icd10` by
    prefix without a point; `names` by their words."""

    ancestors: Mapping[str, tuple[str, ...]]
    codes: Mapping[tuple[str, str], tuple[str, ...]]
    icd10: Mapping[str, tuple[str, ...]]
    names: Mapping[tuple[str, ...], tuple[str, ...]]
    longest: int


def cancer_index(diseases: Iterable[Disease]) -> CancerIndex:
    codes: dict[tuple[str, str], dict[str, None]] = {}
    icd10: dict[str, dict[str, None]] = {}
    names: dict[tuple[str, ...], dict[str, None]] = {}
    ancestors: dict[str, tuple[str, ...]] = {}
    for disease in diseases:
        ancestors[disease.doid] = disease.ancestors
        codes.setdefault(("doid", disease.doid), {})[disease.doid] = None
        for system, code in disease.codes:
            codes.setdefault((_kind(system, code), code), {})[disease.doid] = None
        for prefix in disease.icd10:
            icd10.setdefault(prefix.replace(".", ""), {})[disease.doid] = None
        for name in (disease.label, *disease.names):
            words = tuple(_TOKEN.findall(_plain(name)))
            if words:
                names.setdefault(words, {})[disease.doid] = None
    return CancerIndex(
        ancestors,
        {key: tuple(found) for key, found in codes.items()},
        {key: tuple(found) for key, found in icd10.items()},
        {key: tuple(found) for key, found in names.items()},
        max((len(words) for words in names), default=0),
    )


def cancers_of(stated: Iterable[StatedCancer], index: CancerIndex) -> tuple[Cancer, ...]:
    """The cancers whose kind is known, in the order they were stated.

    Where the patient has one cancer that is not over and a secondary neoplasm, it is metastatic.
    """
    found: list[Cancer] = []
    has_secondary = False
    for each in stated:
        if is_secondary(each):
            has_secondary = has_secondary or each.state != "resolved"
            continue
        made = cancer_of(each, index)
        if made is not None:
            found.append(made)
    present = [i for i, each in enumerate(found) if each.stated.state != "resolved"]
    if has_secondary and len(present) == 1:
        (place,) = present
        told = replace(found[place].stated, is_metastatic=True)
        found[place] = replace(found[place], stated=told)
    return tuple(found)


def is_secondary(stated: StatedCancer) -> bool:
    """A metastasis named by where it lies, not by what it is of."""
    if any(
        _SECONDARY_ICD.match(coding.code) and _ICD_SYSTEM.search(coding.system)
        for coding in stated.codings
    ):
        return True
    label = _plain(stated.label)
    return _SECONDARY.search(label) is not None and not re.search(
        r"\bmetastatic [a-z -]*(?:cancer|carcinoma|melanoma|sarcoma)\b|"
        r"\b(?:cancer|carcinoma|melanoma|sarcoma)\b.*\bmetasta",
        label,
    )


def cancer_of(stated: StatedCancer, index: CancerIndex) -> Cancer | None:
    """One cancer; None where neither its codes nor its words are of a kind that we know."""
    by_code = most_specific(_by_codes(stated, index), index)
    texts = (stated.label, *(c.display for c in stated.codings if c.display), *stated.texts)
    by_name = list(dict.fromkeys(node for text in texts for node in nodes_in(text, index)))
    if set(by_code) - _OF_ANY_ORGAN:
        # What the words add must lie on the code's own path: a code and a sibling do not mix.
        finer = [node for node in by_name if set(by_code) & set(index.ancestors.get(node, ()))]
        return Cancer(stated, most_specific((*by_code, *finer), index), "code")
    named = most_specific(_without_any_organ((*by_code, *by_name)), index)
    how: Literal["code", "text"] = "code" if by_code and named == (_CANCER,) else "text"
    return Cancer(stated, named, how) if named else None


def _without_any_organ(nodes: Iterable[str]) -> tuple[str, ...]:
    """Without `adenocarcinoma` where the cancer is known; alone it may be every cancer's."""
    held = tuple(nodes)
    kept = tuple(node for node in held if node not in _OF_ANY_ORGAN)
    return kept or (_CANCER,) * bool(held)


def most_specific(nodes: Iterable[str], index: CancerIndex) -> tuple[str, ...]:
    """The nodes that are no ancestor of another of them."""
    held = tuple(dict.fromkeys(nodes))
    above = {parent for node in held for parent in index.ancestors.get(node, ())}
    return tuple(node for node in held if node not in above)


def _most_general(nodes: Iterable[str], index: CancerIndex) -> tuple[str, ...]:
    held = tuple(nodes)
    return tuple(n for n in held if not set(held) & set(index.ancestors.get(n, ())))


def _by_codes(stated: StatedCancer, index: CancerIndex) -> list[str]:
    found: dict[str, None] = {}
    shared: list[tuple[str, ...]] = []
    for coding in stated.codings:
        nodes = _of_code(coding, index)
        if _MORPHOLOGY.fullmatch(coding.code) and len(nodes) > 1:
            shared.append(nodes)
        else:
            found.update(dict.fromkeys(nodes))
    for text in stated.texts:
        for code in _MORPHOLOGY.findall(text):
            nodes = index.codes.get(("morphology", code), ())
            shared.append(nodes)
    for nodes in shared:
        # One morphology of several cancers (adenocarcinoma) tells them apart only with a site.
        own = [n for n in nodes if set(index.ancestors.get(n, ())) & set(found)]
        if len(nodes) == 1 and not found:
            own = list(nodes)
        found.update(dict.fromkeys(own))
    return list(found)


def _of_code(coding: Coding, index: CancerIndex) -> tuple[str, ...]:
    code = coding.code.strip()
    nodes = index.codes.get((_kind(coding.system, code), code))
    if nodes is not None:
        return nodes
    if _ICD_SYSTEM.search(coding.system) or not coding.system:
        bare = code.replace(".", "").upper()
        for end in range(len(bare), 2, -1):
            if bare[:end] in index.icd10:
                return _most_general(index.icd10[bare[:end]], index)
    return ()


def _kind(system: str, code: str) -> str:
    if code.upper().startswith("DOID:"):
        return "doid"
    if _MORPHOLOGY.fullmatch(code):
        return "morphology"
    if "oncotree" in system.lower() or "mskcc" in system.lower():
        return "oncotree"
    if _SNOMED_SYSTEM.search(system):
        return "snomed"
    if _NCIT_SYSTEM.search(system):
        return "ncit"
    return "umls" if "umls" in system.lower() else system


def nodes_in(text: str, index: CancerIndex) -> list[str]:
    """The nodes that a text names: whole words, of names that overlap the longest."""
    if not text or len(text) > _MAX_TEXT:
        return []
    said = _plain(text)
    found = list(_named(said, index))
    turned = _turned(said, index)  # `adenocarcinoma of colon` is more than an adenocarcinoma
    found += turned
    if set(found) - _OF_ANY_ORGAN:
        return list(dict.fromkeys(found))
    for other in _other_ways(said):
        found += _named(other, index)
        if set(found) - _OF_ANY_ORGAN:
            break
    return list(dict.fromkeys(found))


def _turned(said: str, index: CancerIndex) -> list[str]:
    """`Squamous cell carcinoma of the esophagus` as `esophageal squamous cell carcinoma`: with as
    many words of the kind as a name has, in the end as a cancer of the organ."""
    for part in _OF.finditer(said):
        adjectives = _adjectives(part["site"])
        words = _TOKEN.findall(part["kind"])
        last = words[-1]
        ends = dict.fromkeys((last, {"adenocarcinoma": "carcinoma"}.get(last, "cancer"), "cancer"))
        for end in ends:
            for first in range(len(words)):
                for adjective in adjectives:
                    name = (*adjective.split(), *words[first:-1], end)
                    whole = index.names.get(name) or index.names.get(
                        (*words[first:-1], *adjective.split(), end)
                    )
                    if whole:
                        return list(whole)
    return []


def _adjectives(site: str) -> tuple[str, ...]:
    """The last organ of a place: `head of pancreas` is the pancreas."""
    whole = " ".join(site.removeprefix("the ").split())
    if whole in _ADJECTIVES:
        return _ADJECTIVES[whole]
    organs = [
        " ".join(_PART.sub(" ", part.replace("-", " ")).split())
        for part in re.split(r"\bof\b|,|\bin\b|\bor\b", site)
    ]
    for organ in reversed([each for each in organs if each]):
        if organ in _ADJECTIVES:
            return _ADJECTIVES[organ]
        words = organ.split()
        for size in (3, 2, 1):
            known = _ADJECTIVES.get(" ".join(words[:size]))
            if known:
                return known
    return ()


def _named(said: str, index: CancerIndex) -> Iterator[str]:
    words = _TOKEN.findall(said)
    place = 0
    while place < len(words):
        for length in range(min(index.longest, len(words) - place), 0, -1):
            nodes = index.names.get(tuple(words[place : place + length]))
            # `Non-small cell lung …` names no small cell lung cancer.
            if nodes and not (place and words[place - 1] in ("non", "not", "no")):
                yield from nodes
                place += length - 1
                break
        place += 1


def _other_ways(said: str) -> Iterator[str]:
    """`Breast carcinoma` is `breast cancer`."""
    for old, new in (
        ("carcinoma", "cancer"),
        ("cancer", "carcinoma"),
        ("adenocarcinoma", "cancer"),
    ):
        if re.search(rf"\b{old}\b", said):
            yield re.sub(rf"\b{old}\b", new, said)


def _plain(text: str) -> str:
    said = text.lower().replace("(disorder)", " ").replace("-", " ").replace("'s", "s")
    for old, new in _SPELLINGS:
        said = said.replace(old, new)
    return said

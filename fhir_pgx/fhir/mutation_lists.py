"""Lists of mutations as laboratories write them in a text: `RT: M184V, K103N; PR: None`.

A list is cut at semicolons, lines and headings; each part names its gene or goes on with the last
one. A part that both denies and names mutations is not taken apart: nobody may guess which it
denies.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from fhir_pgx.model.finding import Presence

_GENE = (
    r"(?:RT|PR|PRO|INT?|CA|TK|pol|NNRTI|NRTI|INSTI|PI|Rv\d{4}[Ac]?|UL\d+|ORF\d+|U\d{2}|NS[35][AB]?"
    r"|kelch13|[Pp]fK?\w{2,7}|K13|crt|dhfr|NA|PA|M2|[a-z]{3}[A-Z][A-Z0-9]?\d?|fabG1|rrs|rrl|eis|ddn"
    r"|gid|(?i:reverse transcriptase|protease|integrase|capsid))"
)
_HEADING = re.compile(
    rf"(?:(?<=[\s,;.|])|^)(?P<gene>{_GENE})(?P<more>(?i:[\s-]+(?:gene|major|minor|accessory|other"
    r"|resistance|associated|drug|mutations?|polymorphisms?|variants?|SDRMs?|RAMs?|region))*)"
    r"\s*[:=]\s*"
)
_KEEPS = re.compile(
    r"(?:^|(?<=[;\n]))\s*(?:major|minor|accessory|other|additional|resistance|mutations?|detected|"
    r"polymorphisms?|[\s-])+:\s*",
    re.IGNORECASE,
)
_MUTATION = re.compile(
    r"[pcnr]\.\(?\S+|(?:[NXY][PMC]_[\d.]+:\S+)"
    r"|[A-Z]{1,2}?\d{1,4}(?:_[A-Z]?\d{1,4})?_?(?:(?:[A-Z*](?:[/^]?[A-Z*])*)|ins\w*|del\w*|dup|i|d|fs\w*|∆|Δ)"
    r"|[A-Z][a-z]{2}\d{1,4}(?:[A-Z][a-z]{2}(?:/[A-Z][a-z]{2})*|\*|fs\w*|=|\?|del|dup)\S*"
    r"|del[A-Z]?\d+(?:-\d+)?|[ACGTacgt]-\d+[ACGTacgt]|-\d+[ACGT]>[ACGT]|\d+[ACGT]>[ACGT]"
    r"|[A-Z]\d{1,3}[A-Z]_[A-Z]{1,6}|\d{1,4}fs\w*|frameshift_variant|stop_gained|start_lost|feature_ablation"
)
_PREFIXED = re.compile(rf"(?P<gene>{_GENE})[:_-](?P<rest>\S+)")
_RT_PREFIX = re.compile(r"rt(?=[A-Z]\d)")
_GENE_BEHIND = re.compile(rf"(?P<name>[^\s,;|()]{{2,30}}) ?\((?P<gene>{_GENE})\)")
_BARE_RESIDUE = re.compile(r"\d{2,3}[A-Z]{1,3}")  # `184V`, where its gene is named
_LONE_GENE = re.compile(_GENE)
_DENIES = re.compile(
    r"\b(?:none|no|not|negative|absent|without|wild[\s-]?type|nil|undetected)\b", re.IGNORECASE
)
_ANY = re.compile(r"\b(?:mutations?|resistan\w+|variants?|detected|found|identified|none|nil"
                  r"|negative|absent|wild[\s-]?type|changes?)\b", re.IGNORECASE)  # fmt: skip
_FAILED = re.compile(
    r"fail\w*|could not|unable|cannot|insufficient|not amplif\w*|no amplif\w*|unsuccessful"
    r"|not (?:sequenced|performed|tested|done|determined|available|reported)|invalid|no result"
    r"|too low|below the limit|inadequate|repeat specimen",
    re.IGNORECASE,
)
_SILENT = frozenset(
    ("and", "with", "mutation", "mutations", "detected", "present", "mixture", "gene", "found",
     "identified", "major", "minor", "accessory", "resistance", "variant", "variants", "the", "of",
     "amino", "acid", "change", "changes", "substitution", "substitutions", "positive", "also")
)  # fmt: skip
# A line probe's bands: `WT8 missing, MUT3 present`.
_BAND = re.compile(
    r"\b(?P<kind>MUT|WT) ?(?P<number>\d{1,2}[A-D]?)\b(?: {0,3}(?:band |probe )?(?:is |was )?"
    r"(?P<state>absent|missing|negative|not \w{1,20}|lost|present|positive|detected|developed))?",
    re.IGNORECASE,
)
_LOST_BAND = re.compile(r"absent|missing|negative|not |lost", re.IGNORECASE)
_SHARE = re.compile(r"([^\s,;|()]{2,30}) {0,2}\(?(\d{1,3}(?:\.\d{1,3})?) ?%")
_ASIDE = re.compile(r"\((?:\s*(?:\d{1,3}(?:\.\d+)?\s*%|R|I|S|major|minor|mixed?|mixture)\s*)\)|"
                    r"\d{1,3}(?:\.\d+)?\s*%", re.IGNORECASE)  # fmt: skip


class Part(NamedTuple):
    """What a text says of one gene. `gene` is empty where the text names none; `left` are words
    that were not read; `is_unclear` where it denies and names at once. `shares` are the percentages
    that stand beside mutations (`E138K (3 %)`)."""

    gene: str
    mutations: tuple[str, ...]
    presence: Presence
    left: tuple[str, ...] = ()
    is_unclear: bool = False
    shares: tuple[tuple[str, str], ...] = ()


def read_list(text: str) -> list[Part]:
    """Each gene's part; empty where the text neither names a mutation nor denies any."""
    found: list[Part] = []
    gene = ""
    for heading, body in _segments(text):
        gene = heading or gene
        found += _parts(gene, body)
    return found


def has_mutation(text: str) -> bool:
    return any(_MUTATION.fullmatch(_bare(word)) for word in re.split(r"[\s,;|]+", text))


def _segments(text: str) -> Iterator[tuple[str, str]]:
    for line in re.split(r"[;\n]+|\.\s+(?=[A-Z])", text):
        said = _KEEPS.sub(" ", line)
        headings = list(_HEADING.finditer(said))
        # `RT:M184V` is a heading too; a mutation's own prefix stays with it otherwise
        start = headings[0].start() if headings else len(said)
        if said[:start].strip(" ,|"):
            yield "", said[:start]
        ends = [*(each.start() for each in headings[1:]), len(said)]
        for here, end in zip(headings, ends, strict=False):
            yield here["gene"], said[here.end() : end]


def _parts(gene: str, body: str) -> list[Part]:
    body, bands = _without_bands(_GENE_BEHIND.sub(_gene_first, body))
    found = _worded(gene, body)
    if bands is None:
        return found
    if not found:
        named = next((word for word in body.split() if _LONE_GENE.fullmatch(_bare(word))), gene)
        presence = Presence.PRESENT if bands else Presence.ABSENT
        return [Part(named, tuple(bands), presence)]
    return found


def _gene_first(found: re.Match[str]) -> str:
    """`M184V (RT)` as `RT:M184V`."""
    is_mutation = _MUTATION.fullmatch(found["name"]) is not None
    return f"{found['gene']}:{found['name']}" if is_mutation else found[0]


def _without_bands(body: str) -> tuple[str, list[str] | None]:
    """A text without the bands of a line probe, and those that speak of a change: a mutation's
    band that is there, a wild type's that is not. None where the text names no band."""
    found = list(_BAND.finditer(body))
    if not found:
        return body, None
    telling = []
    for each in found:
        is_lost = each["state"] is not None and _LOST_BAND.match(each["state"]) is not None
        is_mutant = each["kind"].upper() == "MUT"
        if is_mutant != is_lost:
            name = f"{each['kind'].upper()}{each['number'].upper()}"
            telling.append(name if is_mutant else f"{name} missing")
    return _BAND.sub(" ", body), telling


def _worded(gene: str, body: str) -> list[Part]:
    words = [each for each in re.split(r"[\s,|]+", _ASIDE.sub(" ", body)) if each]
    mutations: dict[str, list[str]] = {}
    left: list[str] = []
    named: dict[str, None] = {}  # genes: `none in RT, PR or IN` is said of each
    for word in words:
        bare = _bare(word)
        if _RT_PREFIX.match(bare):  # `rtM204V`, as hepatitis B's are written
            bare = f"RT:{bare[2:]}"
        prefixed = _PREFIXED.fullmatch(bare)
        if prefixed and _MUTATION.fullmatch(prefixed["rest"]):
            mutations.setdefault(prefixed["gene"], []).append(prefixed["rest"])
        elif _MUTATION.fullmatch(bare) or (gene and _BARE_RESIDUE.fullmatch(bare)):
            mutations.setdefault(gene, []).append(bare)
        elif _LONE_GENE.fullmatch(bare) and not _DENIES.fullmatch(bare):
            gene = bare
            named[gene] = None
        elif bare and bare.lower() not in _SILENT:
            left.append(bare)
    if _FAILED.search(body) and not mutations:
        return [Part(each, (), Presence.NO_CALL) for each in named or (gene,)]
    if _DENIES.search(body):
        if mutations:
            return [Part(gene, (), Presence.INDETERMINATE, is_unclear=True)]
        if not _ANY.search(body):
            return []
        return [Part(each, (), Presence.ABSENT) for each in named or (gene,)]
    shares = tuple((_bare(word), share) for word, share in _SHARE.findall(body))
    return [
        Part(
            each,
            tuple(names),
            Presence.PRESENT,
            tuple(left),
            shares=tuple(pair for pair in shares if pair[0] in names),
        )
        for each, names in mutations.items()
    ]


def _bare(word: str) -> str:
    word = word.strip(" .,;")
    if word.startswith("(") and word.endswith(")"):
        word = word[1:-1]
    return word.rstrip(")") if word.count(")") > word.count("(") else word

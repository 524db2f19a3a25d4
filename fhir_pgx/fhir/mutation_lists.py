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
    r"|frameshift_variant|stop_gained|start_lost|feature_ablation"
)
_PREFIXED = re.compile(rf"(?P<gene>{_GENE})[:_](?P<rest>\S+)")
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
_ASIDE = re.compile(r"\((?:\s*(?:\d{1,3}(?:\.\d+)?\s*%|R|I|S|major|minor|mixed?|mixture)\s*)\)|"
                    r"\d{1,3}(?:\.\d+)?\s*%", re.IGNORECASE)  # fmt: skip


class Part(NamedTuple):
    """What a text says of one gene. `gene` is empty where the text names none; `left` are words
    that were not read; `is_unclear` where it denies and names at once."""

    gene: str
    mutations: tuple[str, ...]
    presence: Presence
    left: tuple[str, ...] = ()
    is_unclear: bool = False


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
    words = [each for each in re.split(r"[\s,|]+", _ASIDE.sub(" ", body)) if each]
    mutations: dict[str, list[str]] = {}
    left: list[str] = []
    for word in words:
        bare = _bare(word)
        prefixed = _PREFIXED.fullmatch(bare)
        if prefixed and _MUTATION.fullmatch(prefixed["rest"]):
            mutations.setdefault(prefixed["gene"], []).append(prefixed["rest"])
        elif _MUTATION.fullmatch(bare):
            mutations.setdefault(gene, []).append(bare)
        elif _LONE_GENE.fullmatch(bare) and not _DENIES.fullmatch(bare):
            gene = bare
        elif bare and bare.lower() not in _SILENT:
            left.append(bare)
    if _FAILED.search(body) and not mutations:
        return [Part(gene, (), Presence.NO_CALL)]
    if _DENIES.search(body):
        if mutations:
            return [Part(gene, (), Presence.INDETERMINATE, is_unclear=True)]
        return [Part(gene, (), Presence.ABSENT)] if _ANY.search(body) else []
    return [
        Part(each, tuple(names), Presence.PRESENT, tuple(left)) for each, names in mutations.items()
    ]


def _bare(word: str) -> str:
    word = word.strip(" .,;")
    if word.startswith("(") and word.endswith(")"):
        word = word[1:-1]
    return word.rstrip(")") if word.count(")") > word.count("(") else word

"""Tests of a gene: `KRAS gene mutations found [Identifier]`, `ALK rearrangement [Presence]`.

Each answer is an alteration with what the test looked for. A change that the answer names stays in
its words here (`KRAS G12D`), and is read by `normalize`. What was not looked for is never absent.
"""

import re
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import cast, get_args

from fhir_pgx.fhir.bundle import Entry, as_dicts
from fhir_pgx.fhir.gathering import Gathering, origin_of, status_caveats
from fhir_pgx.fhir.notes import LIMITED_TEST, NOT_SAID_WHICH, note
from fhir_pgx.fhir.presence_words import is_not_performed, presence_of, zygosity_of
from fhir_pgx.fhir.significance import joined, significance_of
from fhir_pgx.fhir.specimens import specimen_of
from fhir_pgx.fhir.tumour_variant import (
    FRACTION,
    NAMES_CHANGE,
    SIGNIFICANCE,
    fraction_of,
    verdict_on_change,
)
from fhir_pgx.fhir.values import Concept, Value, concept_of, value_of
from fhir_pgx.model.finding import Caveat, Presence
from fhir_pgx.model.tumour import Alteration, AlterationKind

NOT_MADE = "the test was not performed"
UNREAD = "the test of a gene has an answer that cannot be read"
_KINDS = frozenset(get_args(AlterationKind))
_MAX_WORDS = 250
_WILD = re.compile(r"\bwild[\s-]?type\b|^WT$|\bunmutated\b", re.IGNORECASE)
# `Fusion detected`, `Rearrangement present`: no more than the test itself says.
_BARE = re.compile(
    r"(?:[A-Za-z]+ )?(?:mutat(?:ed|ions?)|rearranged|amplified|altered|rearrangement|fusion|variant"
    r"|amplification)(?: (?:is |was )?(?:detected|present|found|identified|positive))?",
    re.IGNORECASE,
)
_PART_OF_GENE = re.compile(r"\b(?:codons?|exons?|hotspots?|targeted)\b", re.IGNORECASE)
_PARTS = re.compile(r"\s*[;\n]\s*|,\s+")
_FAILED = re.compile(
    r"\b(?:insufficient|inadequate|QNS|failed|unable to|cannot be)\b", re.IGNORECASE
)


def read_gene_test(entry: Entry, asked: str, code: Concept, gathering: Gathering) -> None:
    """Adds the alterations that one test answers for. `asked` is `GENE[+GENE]:kind[:detail…]`, as
    the file of codes has it."""
    value = value_of(entry.resource)
    if is_not_performed(value) or (_says(value, _FAILED) and not presence_of(value)):
        gathering.missed(entry, NOT_MADE)
        return
    test = _Test(entry, asked, code, gathering)
    found = test.read(value)
    if found:
        gathering.tests.extend(found)
    else:
        gathering.missed(entry, UNREAD)


def _says(value: Value, pattern: re.Pattern[str]) -> bool:
    return any(pattern.search(words) for words, code in value.concept.stated if words != code)


class _Test:
    def __init__(self, entry: Entry, asked: str, code: Concept, gathering: Gathering) -> None:
        genes, kind, *details = asked.split(":")
        self.entry, self.gathering = entry, gathering
        self.genes = tuple(genes.split("+"))
        self.kind = kind
        is_named = bool(details) and details[0].startswith(("p.", "c."))
        self.changes = tuple(details[0].split("+")) if is_named else ()
        self.details = frozenset(details)
        self.name = code.label
        self.label = code.text or code.label

    def read(self, value: Value) -> list[Alteration]:
        words = next((w for w, code in value.concept.stated if w != code), value.concept.label)
        if len(words) > _MAX_WORDS:
            return []
        if self.details & {"copies", "ratio"}:
            return self._measured(value)
        parts = [part for part in _PARTS.split(words) if part]
        if presence_of(value) is None and len(parts) > 1 and self._are_answers(parts):
            return [made for part in parts for made in self._answer(Value(), part)]
        return self._answer(value, words)

    def _are_answers(self, parts: list[str]) -> bool:
        """Whether each part of an answer has a verdict, or names a change, of its own."""
        return all(
            verdict_on_change(part) is not None and (self._names(part) or not _is_bare(part))
            for part in parts
        )

    def _names(self, words: str) -> bool:
        """Whether words name a change, or one of the several genes that are tested."""
        names_gene = len(self.genes) > 1 and any(gene in words for gene in self.genes)
        return names_gene or (NAMES_CHANGE.search(words) is not None and not _is_bare(words))

    def _answer(self, value: Value, words: str) -> list[Alteration]:
        presence = _presence(value, words)
        if presence is None:
            return []
        if self._names(words) and presence in (Presence.PRESENT, Presence.ABSENT):
            return self._named(words, presence)
        if self.kind == "named":
            return [self._make(self.genes, "variant", presence, self.label)]
        if self.kind == "variant" and self.changes:
            return self._of_changes(presence)
        if self.kind == "open" and not re.search(r"\bmutat|\bwild", words, re.IGNORECASE):
            return []  # `ALK status: positive` may be of a stain, a rearrangement or a mutation
        if presence is Presence.ABSENT and self._is_limited(words):
            return [self._limited(each) for each in self._targets()]
        kind = cast(AlterationKind, self.kind if self.kind in _KINDS else "any")
        if presence is Presence.ABSENT and kind == "any" and _WILD.search(words):
            return [self._make(genes, "wild-type", Presence.PRESENT) for genes in self._targets()]
        if presence is Presence.PRESENT and len(self._targets()) > 1:
            return self._one_of_genes(kind)
        return [self._make(genes, kind, presence) for genes in self._targets()]

    def _is_limited(self, words: str) -> bool:
        """A part of the gene was looked at: by the test's code, or by codons or exons it names."""
        return (
            "limited" in self.details or _PART_OF_GENE.search(f"{words} {self.label}") is not None
        )

    def _targets(self) -> list[tuple[str, ...]]:
        """A fusion is one thing of two genes; every other test answers for each of its genes."""
        is_one = self.kind in ("fusion", "rearrangement") and "each" not in self.details
        return [self.genes] if is_one else [(gene,) for gene in self.genes]

    def _make(
        self, genes: tuple[str, ...], kind: AlterationKind, presence: Presence, words: str = ""
    ) -> Alteration:
        resource = self.entry.resource
        report = self.gathering.report_of.get(id(resource))
        origin = origin_of(self.entry, report)
        joint = "::" if kind == "fusion" else "/"
        what = {
            "any": "mutation", "wild-type": "wild type",
            "internal-duplication": "internal tandem duplication",
        }.get(kind, kind.replace("-", " "))  # fmt: skip
        interpretations = [value_of(resource).concept]
        interpretations += [concept_of(item) for item in as_dicts(resource.get("interpretation"))]
        parts = {
            coding.code: value_of(component)
            for component in as_dicts(resource.get("component"))
            for coding in concept_of(component.get("code")).codings
        }
        if SIGNIFICANCE in parts:
            interpretations.append(parts[SIGNIFICANCE].concept)
        return Alteration(
            genes=genes,
            kind=kind,
            presence=presence,
            origin=origin,
            label=words or f"{joint.join(genes)} {what}",
            vaf=fraction_of(parts[FRACTION]) if FRACTION in parts else None,
            zygosity=zygosity_of(value_of(resource).concept),
            significance=joined(significance_of(each) for each in interpretations),
            source_class=self.gathering.genomes.source_class(self.entry),
            specimen=specimen_of(self.entry, self.gathering),
            caveats=status_caveats(origin, report),
        )

    def _named(self, words: str, presence: Presence) -> list[Alteration]:
        """The change that words name; of a gene alone it is the gene's (`NRAS wild type`)."""
        own = tuple(gene for gene in self.genes if re.search(rf"\b{re.escape(gene)}\b", words))
        if NAMES_CHANGE.search(words) is None or (len(own) == 1 and _is_bare(_without(own, words))):
            kind = cast(AlterationKind, self.kind if self.kind in _KINDS else "any")
            if presence is Presence.ABSENT and kind == "any" and _WILD.search(words):
                return [self._make((gene,), "wild-type", Presence.PRESENT) for gene in own]
            return [self._make((gene,), kind, presence) for gene in own]
        label = words if own else f"{'/'.join(self.genes)} {words}"
        return [self._make(own or self.genes, "variant", presence, label)]

    def _of_changes(self, presence: Presence) -> list[Alteration]:
        """A test for one change; one for several does not say which of them is there."""
        (gene,) = self.genes[:1]
        labels = [f"{gene} {change}" for change in self.changes]
        if presence is Presence.PRESENT and len(labels) > 1:
            caveat = note(NOT_SAID_WHICH, changes=" and ".join(labels))
            one = self._make(self.genes, "any", presence)
            each = [self._make(self.genes, "variant", Presence.INDETERMINATE, x) for x in labels]
            return [_noted(made, caveat) for made in (one, *each)]
        return [self._make(self.genes, "variant", presence, label) for label in labels]

    def _one_of_genes(self, kind: AlterationKind) -> list[Alteration]:
        caveat = note(NOT_SAID_WHICH, changes=" and ".join(self.genes))
        made = [self._make((gene,), kind, Presence.INDETERMINATE) for gene in self.genes]
        return [_noted(each, caveat) for each in made]

    def _limited(self, genes: tuple[str, ...]) -> Alteration:
        kind = cast(AlterationKind, self.kind if self.kind in _KINDS else "any")
        return _noted(self._make(genes, kind, Presence.INDETERMINATE), note(LIMITED_TEST))

    def _measured(self, value: Value) -> list[Alteration]:
        """Copies or a ratio: the number, and the call only where the report makes one."""
        try:
            number = Decimal(value.number)
        except InvalidOperation:
            return []
        called = None
        for item in as_dicts(self.entry.resource.get("interpretation")):
            called = called or presence_of(Value(concept=concept_of(item)))
        made = self._make(self.genes, "amplification", called or Presence.INDETERMINATE)
        is_ratio = "ratio" in self.details
        return [_with_number(made, number, is_ratio=is_ratio)]


def _with_number(made: Alteration, number: Decimal, *, is_ratio: bool) -> Alteration:
    return replace(made, ratio=number) if is_ratio else replace(made, copies=number)


def _noted(made: Alteration, caveat: Caveat) -> Alteration:
    return replace(made, caveats=(*made.caveats, caveat))


def _without(genes: tuple[str, ...], words: str) -> str:
    for gene in genes:
        words = words.replace(gene, " ")
    return " ".join(words.split())


def _is_bare(words: str) -> bool:
    return _BARE.fullmatch(words.strip()) is not None


def _presence(value: Value, words: str) -> Presence | None:
    """What the answer says; a named change is present. None where it says nothing, or both."""
    found = presence_of(value)
    return found if found is not None else verdict_on_change(words)

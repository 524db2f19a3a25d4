"""Results of an organism's genes, which are nobody's genome: HIV, tuberculosis, herpesviruses, …

Read are one change to an Observation, lists of changes in a text or in components, presence
of a gene, a virus's genotype, and the laboratory's own words on a drug. What is of an organism and
cannot be read is listed; it never becomes a finding of the patient, nor the reverse.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from fhir_pgx.fhir.bundle import Entry, as_dicts
from fhir_pgx.fhir.gathering import WITHDRAWN, Gathering, origin_of, status_caveats, status_of
from fhir_pgx.fhir.mutation_lists import Part, has_mutation, read_list
from fhir_pgx.fhir.organism_words import SHARED, gene_owner, is_typeless_hiv, organism_of
from fhir_pgx.fhir.pathogen_subject import (
    ORGANISM_CODES,
    OTHER,
    codes_of,
    gene_in,
    is_patients_own,
    subject_of,
    words_of,
)
from fhir_pgx.fhir.presence_words import is_not_performed, presence_of
from fhir_pgx.fhir.resistance_words import said_of_drugs
from fhir_pgx.fhir.values import Concept, Value, concept_of, value_of
from fhir_pgx.model.finding import Caveat, Origin, Presence
from fhir_pgx.model.pathogen import Organism, StatedPathogen
from fhir_pgx.terminology import GENE_STUDIED

_PROTEIN, _CODING, _VARIATION, _FRACTION = "48005-3", "48004-6", "81252-9", "81258-6"
_CHANGE_CODES = frozenset((_PROTEIN, _CODING, _VARIATION, "81290-9"))
_DETAILS = frozenset(
    ("81290-9", "48019-4", "48002-0", "53034-5", "62374-4", "48013-7", "51958-7", "69547-8",
     "69551-0", "81254-5", "92822-6", "82121-5", "48000-4", "53037-8", "93044-6", _FRACTION)
)  # fmt: skip
# What a code asks that came without its words.
_NAMES = {"89372-7": "rpoB rifampicin resistance mutation"}
_DRUG_WORDS = re.compile(r"suscept|resist|sensitiv|interpretation|\[S/I/R\]", re.IGNORECASE)
_VERDICT = re.compile(
    r"(?:R|I|S|SDD|NS|(?:highly |fully |possibl[ey] |likely |predicted )?(?:resistant|susceptible"
    r"|sensitive|intermediate|non-?susceptible)|(?:high|low|intermediate|potential low)[\s-]*"
    r"(?:level)?[\s-]*resistance|(?:possible |reduced |no |no evidence of |not )?"
    r"(?:resistance|resistant|susceptibility)(?: (?:detected|predicted|not detected))?)",
    re.IGNORECASE,
)
_HCV_GENOTYPE = re.compile(r"(?:genotype\s*)?([1-8])\s?([a-l])?(?:\b|/).*", re.IGNORECASE)

_MINOR_PERCENT = 20  # below what population sequencing shows
_MAX_SHOWN = 60
_OF_CHANGES = re.compile(r"mutation|resist|suscept|substitution|\bRAMs?\b", re.IGNORECASE)
_IS_LETTERED = re.compile(r"[A-Za-z].*\d").search  # a name of a change has letters and digits
_MAX_TEXT = 20_000  # a report of every gene has some thousands of signs
FAILED_CODONS = re.compile(r"failed codons", re.IGNORECASE)

NOT_READ = "a pathogen's result that names no change and no answer that can be read"
TOO_LONG = "a pathogen's result in a text that is too long for a list of mutations"
DENIED = "a text of a pathogen that denies and names mutations at once"
TYPELESS, MINOR, LEFT, NOT_SAID = "PGX-772", "PGX-773", "PGX-774", "PGX-775"
_SENTENCES = {
    TYPELESS: "The result says HIV without its type; it was read as HIV-1.",
    MINOR: "{what} stands in {percent} % of what was read: a minority of the organisms.",
    LEFT: "A part of the laboratory's text was not read: {words}.",
    NOT_SAID: "The result does not say whether the change was found; it was taken as found.",
}


def claim(entry: Entry, gathering: Gathering) -> bool:
    """True where the Observation is of a pathogen's genes: it was read, or listed with the reason
    why not."""
    if entry.type != "Observation" or is_patients_own(entry.resource):
        return False
    code = concept_of(entry.resource.get("code"))
    subject = subject_of(entry, code, gathering)
    if subject is None:
        return False
    status = status_of(entry.resource)
    reason = gathering.genomes.reason(entry)
    holder = entry.container
    if reason:
        gathering.missed(entry, reason)
    elif status in WITHDRAWN:
        gathering.missed(entry, f"its status is {status}")
    elif holder is not None and status_of(holder.resource) == "entered-in-error":
        gathering.missed(entry, "it is contained in a report whose status is entered-in-error")
    else:
        _Result(entry, code, subject, gathering).read()
    return True


class _Result:
    """One Observation of a pathogen."""

    def __init__(
        self, entry: Entry, code: Concept, subject: tuple[Organism, str, str], gathering: Gathering
    ) -> None:
        self.entry, self.code, self.gathering = entry, code, gathering
        self.organism, self.words, self.gene = subject
        report = gathering.report_of.get(id(entry.resource))
        self.origin: Origin = origin_of(entry, report)
        self.value = value_of(entry.resource)
        self.label = words_of(code) or next(
            (_NAMES[each.code] for each in code.codings if each.code in _NAMES), ""
        )
        self.components = [
            (each, codes_of(each)) for each in as_dicts(entry.resource.get("component"))
        ]
        self.caveats: tuple[Caveat, ...] = status_caveats(self.origin, report)
        if self.organism == "HIV-1" and is_typeless_hiv(self.words):
            self.caveats = (*self.caveats, _note(TYPELESS))
        self.made = 0

    def read(self) -> None:
        if _is_too_long(self.value):
            self.gathering.missed(self.entry, TOO_LONG)
        elif is_not_performed(self.value):
            self.gathering.missed(self.entry, "the test was not made")
        elif FAILED_CODONS.search(self.label):
            # "None" here is a whole sequence, and no absence of mutations.
            if presence_of(self.value) is not Presence.ABSENT and not self._says_none():
                self.gathering.missed(self.entry, "codons that failed are not read")
        elif any(codes & _CHANGE_CODES for _, codes in self.components):
            self._change()
        else:
            self._answer()
            for component, codes in self.components:
                if not codes & (_DETAILS | ORGANISM_CODES | {GENE_STUDIED}):
                    self._component(component)
            if not self.made and not self._says_nothing():
                self.gathering.missed(self.entry, NOT_READ)
                self._unread()

    def _unread(self) -> None:
        """A text on resistance that is not understood stands as a change that was not read: an
        order must not pass as if nothing were on file."""
        # A genotype without more is of resistance for HIV alone: others have lineages.
        if self.organism != "HIV-1" and not _OF_CHANGES.search(self.label):
            return
        text = " ".join(self.value.concept.text.split())
        if text and self.organism and presence_of(self.value) is None and _IS_LETTERED(text):
            shown = text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"
            self._add(self.gene, Presence.PRESENT, mutations=(shown,))

    def _says_none(self) -> bool:
        return self.value.concept.label.strip().lower().rstrip(".") in ("none", "no", "nil")

    def _says_nothing(self) -> bool:
        """A panel whose members carry the results, or a genotype that no rule turns on."""
        if self.entry.resource.get("hasMember") and self.value.is_empty:
            return True
        return bool(OTHER.search(self.label))

    def _add(self, gene: str, presence: Presence, **more: Any) -> None:
        self.made += 1
        caveats = (*self.caveats, *more.pop("caveats", ()))
        self.gathering.pathogens.append(
            StatedPathogen(
                organism=self.organism,
                stated_organism=self.words,
                gene=gene,
                mutations=more.pop("mutations", ()),
                presence=presence,
                origin=self.origin,
                caveats=caveats,
                **more,
            )
        )

    def _change(self) -> None:
        """One change, named by components; a protein name leads, others stand behind it."""
        names = {code: name for code in (_PROTEIN, _CODING, _VARIATION) for name in self._of(code)}
        told = [each for each in names.values() if each and not re.search(r"p\.\(?[=?]\)?$", each)]
        presence = presence_of(self.value)
        caveats: tuple[Caveat, ...] = ()
        if presence is None:
            presence = Presence.PRESENT if self.value.is_empty else Presence.INDETERMINATE
            caveats = (_note(NOT_SAID),) if self.value.is_empty else ()
        if not told and presence is not Presence.PRESENT:
            self._add(self.gene, presence)
            return
        if not told:
            self.gathering.missed(self.entry, NOT_READ)
            return
        first = told[0]
        beside = f" ({told[1]})" if len(told) > 1 and told[1].lower()[:2] in ("c.", "n.") else ""
        self._add(
            self.gene,
            presence,
            mutations=(f"{first}{beside}",),
            caveats=(*caveats, *self._fraction(first)),
        )

    def _of(self, code: str) -> list[str]:
        """The names under a component's code: what it displays, or its code where it is HGVS."""
        found = []
        for component, codes in self.components:
            if code in codes:
                concept = value_of(component).concept
                found.append(concept.text or concept.label)
        return found

    def _fraction(self, what: str) -> Iterator[Caveat]:
        for component, codes in self.components:
            if _FRACTION not in codes:
                continue
            value = value_of(component)
            try:
                number = Decimal(value.number)
            except InvalidOperation:
                continue
            percent = number if value.unit == "%" or number > 1 else number * 100
            if percent < _MINOR_PERCENT:
                yield _note(MINOR, what=what, percent=f"{percent.normalize():f}")

    def _answer(self) -> None:
        """The Observation's own value."""
        if self.value.absent:
            self._add(self.gene, Presence.NO_CALL)
            return
        self._take(self.label, self.gene, self.value)
        for item in as_dicts(self.entry.resource.get("interpretation")):
            concept = concept_of(item)
            word = concept.text or concept.label
            if _DRUG_WORDS.search(self.label) and _VERDICT.fullmatch(word.strip()):
                self._add(self.gene if self.made else "", Presence.PRESENT,
                          verdicts=((self.label, word),))  # fmt: skip

    def _component(self, component: Mapping[str, Any]) -> None:
        label = words_of(concept_of(component.get("code")))
        value = value_of(component)
        if _is_too_long(value) or len(label) > _MAX_TEXT:
            self.gathering.missed(self.entry, TOO_LONG)
            self.made += 1
            return
        gene = gene_in(label, self.organism)
        if not gene and (gene_owner(label) is not None or label.lower() in SHARED):
            gene = label
        if value.absent:
            if gene:
                self._add(gene, Presence.NO_CALL)
            return
        self._take(label, gene or self.gene, value, is_part=True)

    def _take(self, label: str, gene: str, value: Value, *, is_part: bool = False) -> None:
        concept = value.concept
        text = (concept.text or concept.label).strip()
        presence = presence_of(value)
        if self.organism == "HCV" and re.search(r"genotype", label, re.IGNORECASE):
            found = _HCV_GENOTYPE.fullmatch(text)
            if found and not has_mutation(text):
                self._add("", Presence.PRESENT, genotype=f"{found[1]}{(found[2] or '').lower()}")
                return
        if _VERDICT.fullmatch(text) and (is_part or _DRUG_WORDS.search(label)):
            self._add("", Presence.PRESENT, verdicts=((label, text),))
            return
        parts = read_list(text) if text else []
        sentences = said_of_drugs(text, tuberculosis=self.organism == "M. tuberculosis")
        if sentences and not is_part:
            self._add("", Presence.PRESENT, verdicts=tuple(sentences))
            parts = [part for part in parts if part.mutations or part.gene]
            if not any(part.mutations for part in parts):
                presence = None  # `detected` is of the resistance that the sentence names
        elif not gene and organism_of([(text, "")])[1]:
            # `MTB not detected`: of the organism, and of none of its genes
            parts = [part for part in parts if part.mutations or part.gene]
        if any(part.mutations for part in parts):
            for part in parts:
                self._part(part, gene)
            return
        if presence is not None:
            self._presence(label, gene, presence)
            return
        for part in parts:
            self._part(part, gene)

    def _presence(self, label: str, gene: str, presence: Presence) -> None:
        """Detected or not, without a change's name: of a gene, or of resistance to a drug."""
        verdicts: tuple[tuple[str, str], ...] = ()
        if re.search(r"resist", label, re.IGNORECASE):
            words = {
                Presence.PRESENT: "resistance mutation detected",
                Presence.ABSENT: "no resistance mutation detected",
            }
            verdicts = ((label, words[presence]),) if presence in words else ()
        if gene or verdicts:
            self._add(gene, presence, verdicts=verdicts)

    def _part(self, part: Part, gene: str) -> None:
        if part.is_unclear:
            self.gathering.missed(self.entry, DENIED)
            self.made += 1
            return
        caveats = [_note(LEFT, words=" ".join(part.left)[:80])] if part.left else []
        for what, share in part.shares:
            if Decimal(share) < _MINOR_PERCENT:
                caveats.append(_note(MINOR, what=what, percent=share))
        self._add(part.gene or gene, part.presence, mutations=part.mutations, caveats=caveats)


def _is_too_long(value: Value) -> bool:
    return any(len(words) > _MAX_TEXT for words, _ in value.concept.stated)


def _note(code: str, **words: str) -> Caveat:
    return Caveat(code, _SENTENCES[code].format(**words))

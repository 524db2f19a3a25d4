"""Biomarkers of a tumour that are no alteration of a gene, and tests of a gene.

Known by their code, as knowledge has it (`marker:PD-L1:22C3`, `test:ALK:rearrangement`), or by the
words of a local code. The verdict is the report's own; a number without one stays a number.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, cast

from fhir_pgx.fhir.bundle import Entry, as_dicts
from fhir_pgx.fhir.gathering import Gathering, origin_of, status_caveats
from fhir_pgx.fhir.gene_tests import read_gene_test
from fhir_pgx.fhir.marker_labels import PROTEINS, answered_by, clone_in
from fhir_pgx.fhir.marker_words import (
    Number,
    copies_in,
    number_in,
    quantity_of,
    scale_in,
    scaled_in,
    verdict_in,
    verdict_of,
)
from fhir_pgx.fhir.notes import BY_PROTEINS, CONTRADICTORY, NOT_A_NUMBER, RANGE, note
from fhir_pgx.fhir.specimens import specimen_of
from fhir_pgx.fhir.stages import read_stage, read_status
from fhir_pgx.fhir.values import Concept, Value, concept_of, value_of
from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.knowledge import Vocabulary
from fhir_pgx.model.tumour import Marker, MarkerName, Verdict

NO_ROW = "a test whose answer no therapy that we know turns on"
NO_ANSWER = "the biomarker has no value that can be read"

_PERCENTS = ("%", "percent", "pct")
_NO_UNIT = ("", "1", "{score}", "score", "{ratio}", "ratio")
_PER_MB = ("mb", "megabase", "1000000", "10*6", "10*-6")
# What a marker's number is measured in, and the units it may be sent with.
_PERCENT_MARKERS = frozenset(
    ("ER", "PR", "EGFR-IHC", "ALK-IHC", "KIT-IHC", "FOLR1-IHC", "CLDN18.2-IHC", "MAGE-A4",
     "MET-IHC", "BRAF-V600E-IHC", "MGMT")
)  # fmt: skip
_MAX_LABEL = 160


def claim(entry: Entry, gathering: Gathering) -> bool:
    """True where the Observation is a biomarker, a stage or a test of a gene that we know."""
    code = concept_of(entry.resource.get("code"))
    answers = answers_of(code, gathering.vocabulary)
    if not answers:
        return False
    kind, _, rest = answers.partition(":")
    if kind == "panel":
        return _claim_panel(entry, gathering)
    if gathering.is_refused(entry):
        return True
    if kind == "skip":
        gathering.missed(entry, NO_ROW)
    elif kind == "stage":
        read_stage(entry, gathering)
    elif kind == "status":
        read_status(entry, gathering)
    elif kind == "test":
        read_gene_test(entry, rest, code, gathering)
    elif kind == "marker":
        _read(entry, rest, code, gathering)
    return True


def answers_of(code: Concept, vocabulary: Vocabulary) -> str:
    """What a code answers: by itself where we know it, else by its words.

    A code of the genes of drug response, or of a variant, is left to its own readers.
    """
    known, ours = vocabulary.markers, vocabulary.loinc
    for coding in code.codings:
        if coding.code in known:
            return known[coding.code]
    for coding in code.codings:
        if coding.code in ours:
            return ""
    return answered_by(_label(code), vocabulary.tumour_genes) if known else ""


def _label(code: Concept) -> str:
    words = [coding.display for coding in code.codings if coding.display]
    return " | ".join(dict.fromkeys((*words, code.text) if code.text else words))


def _claim_panel(entry: Entry, gathering: Gathering) -> bool:
    """A panel whose components answer (`74885-5`); what it only groups is read by itself."""
    vocabulary = gathering.vocabulary
    for component in as_dicts(entry.resource.get("component")):
        answers = answers_of(concept_of(component.get("code")), vocabulary)
        if answers.startswith("marker:"):
            if not gathering.is_refused(entry):
                _read(entry, "", concept_of(entry.resource.get("code")), gathering)
            return True
    return False


@dataclass(slots=True)
class _Draft:
    """A marker in the making: several elements of one Observation say parts of it."""

    name: str
    clone: str = ""
    scale: str = ""
    verdict: Verdict = ""
    number: Number | None = None
    unit: str = ""
    copies: Decimal | None = None
    says: list[str] = field(default_factory=list)
    caveats: list[Caveat] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not self.verdict and self.number is None and self.copies is None and not self.says


def _read(entry: Entry, answers: str, code: Concept, gathering: Gathering) -> None:
    drafts = _Drafts(_label(code))
    if answers:
        drafts.take(answers, value_of(entry.resource), _context(entry.resource, code))
    proteins: dict[str, str] = {}
    for component in as_dicts(entry.resource.get("component")):
        own = concept_of(component.get("code"))
        value = value_of(component)
        label = _label(own)
        stain = PROTEINS.search(label)
        found = answers_of(own, gathering.vocabulary)
        if stain and answers.startswith("MMR"):
            proteins[stain[0]] = " ".join(words for words, _ in value.concept.stated)
        elif found.startswith("marker:"):
            drafts.take(found.removeprefix("marker:"), value, label)
        elif answers:
            drafts.take(answers, value, f"{label} {_label(code)}", is_part=True)
    stain = PROTEINS.search(_label(code))
    if stain and answers.startswith("MMR") and not proteins:
        drafts.says_protein(stain[0])
    drafts.judge_proteins(proteins)
    drafts.interpret(entry.resource)
    origin = origin_of(entry, gathering.report_of.get(id(entry.resource)))
    caveats = status_caveats(origin, gathering.report_of.get(id(entry.resource)))
    made = [draft for draft in drafts.of.values() if not draft.is_empty]
    for draft in made:
        specimen = specimen_of(entry, gathering)
        gathering.markers.append(
            Marker(
                name=cast(MarkerName, draft.name),
                origin=origin,
                verdict=draft.verdict,
                number=draft.number.value if draft.number else None,
                comparator=draft.number.comparator if draft.number else "",
                unit=draft.unit,
                scale=draft.scale,
                clone=draft.clone,
                copies=draft.copies,
                specimen=specimen,
                label=_cut(f"{drafts.label or draft.name}: {'; '.join(dict.fromkeys(draft.says))}"),
                caveats=(*caveats, *draft.caveats),
            )
        )
    if not made:
        gathering.missed(entry, NO_ANSWER)


def _context(resource: Mapping[str, Any], code: Concept) -> str:
    return f"{_label(code)} {_label(concept_of(resource.get('method')))}"


def _cut(text: str) -> str:
    text = text.strip(" :;")
    return text if len(text) <= _MAX_LABEL else f"{text[: _MAX_LABEL - 1]}…"


class _Drafts:
    """The markers of one Observation, by name and scale."""

    def __init__(self, label: str) -> None:
        self.label = label.split(" | ", maxsplit=1)[0]
        self.of: dict[tuple[str, str], _Draft] = {}

    def take(self, answers: str, value: Value, context: str, *, is_part: bool = False) -> None:
        """Adds what a value says. `is_part`: of an element whose code is not a marker's own
        (`Tumor proportion score`, `Percent of cells`): its number counts, and its word where the
        marker has none yet."""
        if value.is_empty and not value.absent:
            return
        name, _, aspect = answers.partition(":")
        words = " ".join(dict.fromkeys(w for w, code in value.concept.stated if w != code))
        words = words or value.concept.label
        name = _by_words(name, words)
        if aspect in ("ratio", "copies"):
            self._measure(self._draft(name), aspect, value, words)
            return
        clone = aspect or clone_in(context) or clone_in(words)
        scales = scaled_in(words) if name == "PD-L1" else []
        if len(scales) > 1:
            for scale, number in scales:
                draft = self._draft(name, scale, clone)
                draft.number, draft.unit = number, "" if scale == "CPS" else "%"
                draft.says.append(words)
            return
        scale = ""
        if name == "PD-L1":
            scale = scales[0][0] if scales else scale_in(words) or scale_in(context)
            scale = scale or scale_in(value.unit.strip("{}"))
        draft = self._draft(name, scale, clone)
        if not (is_part and draft.verdict):
            self._judge(draft, value)
        measured = quantity_of(value) or (scales[0][1] if scales else None)
        measured = measured or number_in(name, words)
        if measured is not None and draft.number is None:
            self._number(draft, measured, value)
        if name == "HER2-ISH":
            copies = copies_in(words)
            draft.copies = copies if copies is not None else draft.copies
        said = words or _as_said(value)
        if said:
            draft.says.append(said)

    def _draft(self, name: str, scale: str = "", clone: str = "") -> _Draft:
        found = self.of.get((name, scale))
        if found is None and scale:
            found = self.of.pop((name, ""), None)  # the scale is told by a later element
            if found is not None and found.number is not None:
                self.of[name, ""], found = found, None
        if found is None and not scale:
            own = [draft for (named, _), draft in self.of.items() if named == name]
            found = own[0] if len(own) == 1 else None
        if found is None:
            found = _Draft(name)
        found.scale = found.scale or scale
        found.clone = found.clone or clone
        self.of[name, found.scale] = found
        return found

    def _judge(self, draft: _Draft, value: Value) -> None:
        verdict = verdict_of(draft.name, value)
        if not verdict or verdict == draft.verdict:
            return
        if draft.verdict:
            draft.verdict = "indeterminate"
            draft.caveats.append(note(CONTRADICTORY, what="the answer"))
        else:
            draft.verdict = verdict

    def _number(self, draft: _Draft, number: Number, value: Value) -> None:
        unit = value.unit.strip().lower()
        is_quantity = bool(value.number) or value.low is not None or value.high is not None
        wanted = unit_of(draft.name, draft.scale)
        if is_quantity and not _fits(draft.name, wanted, unit, number):
            draft.caveats.append(note(NOT_A_NUMBER, unit=wanted or "a number without unit"))
            return
        if number.is_range:
            draft.caveats.append(note(RANGE))
        draft.number, draft.unit = number, wanted

    def _measure(self, draft: _Draft, aspect: str, value: Value, words: str) -> None:
        number = quantity_of(value) or number_in(draft.name, words)
        if number is None and words:
            number = quantity_of(Value(number=words))
        if aspect == "copies":
            draft.copies = number.value if number and not number.comparator else draft.copies
        elif number is not None:
            draft.number, draft.unit = number, ""
        draft.says.append(f"{aspect} {words or _as_said(value)}".strip())

    def says_protein(self, protein: str) -> None:
        """One protein alone: its loss is the deficiency, its presence says nothing of the rest."""
        for draft in self.of.values():
            if draft.name != "MMR":
                continue
            draft.says.insert(0, protein)
            if draft.verdict == "proficient":
                draft.verdict = ""
            if draft.verdict == "deficient":
                draft.caveats.append(note(BY_PROTEINS))

    def judge_proteins(self, proteins: Mapping[str, str]) -> None:
        """Deficient where one of the four is lost; proficient only where all four are retained."""
        if not proteins:
            return
        draft = self._draft("MMR")
        draft.says += [f"{protein} {words}" for protein, words in proteins.items()]
        if draft.verdict:
            return
        verdicts = {protein: _stain(words) for protein, words in proteins.items()}
        if "lost" in verdicts.values():
            draft.verdict = "deficient"
        elif len(verdicts) == 4 and set(verdicts.values()) == {"kept"}:
            draft.verdict = "proficient"
        if draft.verdict:
            draft.caveats.append(note(BY_PROTEINS))

    def interpret(self, resource: Mapping[str, Any]) -> None:
        """The verdict in `interpretation`, where the value states none."""
        for draft in self.of.values():
            for item in _interpretations(resource):
                if draft.verdict:
                    break
                value = Value(concept=item)
                code = next((coding.code for coding in item.codings), "")
                if draft.name in ("TMB", "PD-L1") and code in ("H", "HH", "L", "LL"):
                    draft.verdict = "high" if code[0] == "H" else "low"
                else:
                    draft.verdict = verdict_of(draft.name, value)


def _interpretations(resource: Mapping[str, Any]) -> Iterator[Concept]:
    for item in as_dicts(resource.get("interpretation")):
        yield concept_of(item)


def _stain(words: str) -> str:
    verdict = verdict_in("MMR", words)
    if verdict == "deficient" or verdict_in("", words) == "negative":
        return "lost"
    return "kept" if verdict == "proficient" or verdict_in("", words) == "positive" else ""


def _by_words(name: str, words: str) -> str:
    """The marker that the value itself names, where the code is of its neighbour."""
    upper = words.upper()
    if name == "MSI" and ("DMMR" in upper or "PMMR" in upper or "MISMATCH" in upper):
        return "MMR"
    if name == "MMR" and ("MSI-" in upper or "MSS" in upper.split()):
        return "MSI"
    if name == "HER2" and number_in(name, words) is not None:
        return "HER2-IHC"
    return name


def unit_of(name: str, scale: str = "") -> str:
    """The unit that a marker's number is in; empty for a number without one."""
    if name == "TMB":
        return "mutations/megabase"
    if name == "PD-L1":
        return "" if scale == "CPS" else "%"
    return "%" if name in _PERCENT_MARKERS else ""


def _fits(name: str, wanted: str, unit: str, number: Number) -> bool:
    """Whether a number was sent in the marker's own unit. A share below 1 without a percent sign
    may be a fraction: it is not guessed."""
    bare = unit.strip("{}")
    if wanted == "%":
        if any(each in unit for each in _PERCENTS):
            return number.value <= 100
        if number.is_range and not unit:  # a Range's ends carry their unit where we do not look
            return number.value <= 100
        return unit in _NO_UNIT and (number.value == 0 or number.value > 1) and number.value <= 100
    if name == "TMB":
        return unit == "" or any(each in unit for each in _PER_MB)
    if name == "HER2-IHC" and number.value > 3:
        return False
    return unit in _NO_UNIT or bare in ("score", "cps", "ratio", "copies", "+", "gis")


def _as_said(value: Value) -> str:
    if value.number:
        return f"{value.number} {value.unit}".strip()
    if value.low is not None or value.high is not None:
        return f"{value.low}–{value.high} {value.unit}".strip()
    return value.absent

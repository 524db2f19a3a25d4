"""The words of tumour cards: rows on the same drugs as one line, findings as a laboratory wrote
them, what a cancer is called.
"""

from collections.abc import Iterable, Sequence
from datetime import date

from fhir_pgx.cards.headline import capitalised
from fhir_pgx.cards.markdown import bold, escape
from fhir_pgx.cards.therapy import EFFECT_WORDS, is_old
from fhir_pgx.model.finding import Caveat, Presence, SourceClass
from fhir_pgx.model.therapy import Provenance
from fhir_pgx.model.tumour import Alteration, Cancer, Marker
from fhir_pgx.model.tumour_answer import Held, Option

NO_CANCER = Caveat(
    "PGX-705",
    "No active cancer of a kind known here is on the problem list that reached this service: rows "
    "hold only if the cancer is theirs.",
)
LOOKED_FOR = Caveat(
    "PGX-706",
    "Only results that reached this service as data were looked at. A scanned report does not "
    "reach it; a result that is not on file is not a negative one.",
)
_LEVELS = {
    "FDA-CDx": "FDA companion diagnostic",
    "FDA-label": "FDA label",
    "FDA-label-limitation": "FDA label, limitation of use",
}
_SOURCES = 4  # items of evidence a line names
_OF_THE_LABEL = "conditions of the drug's label"
_CANCER = "the cancer is "
VERIFY = "verify against the current label"
_LEVEL_NAMES = {"C": "case reports", "D": "preclinical", "E": "inferred"}


def level_words(about: Provenance) -> str:
    """`FDA label`; `CIViC A`; `CIViC D, preclinical`."""
    if about.level in _LEVELS:
        return _LEVELS[about.level]
    if about.system == "CIViC":
        plain_words = _LEVEL_NAMES.get(about.level, "")
        return f"CIViC {about.level}{f', {plain_words}' if plain_words else ''}"
    return about.source if about.level == "guideline" else f"{about.source} {about.level}".strip()


def cancer_words(cancer: Cancer | None) -> str:
    return cancer.stated.label if cancer is not None else "no active cancer on the problem list"


def evidence_words(rows: Sequence[Held], today: date) -> str:
    """Every source of a line: `FDA label FDA-label-hand:001, as of 2026-05; CIViC A …`."""
    said = []
    for each in rows[:_SOURCES]:
        about = each.row.provenance
        line = f"{level_words(about)} {about.id}"
        line += f", PMID {about.pmids[0]}" if about.pmids else ""
        line += f", as of {about.as_of}" if about.as_of else ", without a date"
        said.append(line)
    more = len(rows) - len(said)
    if more > 0:
        said.append(f"and {more} more")
    to_verify = any(e.row.provenance.by_hand or is_old(e.row.provenance.as_of, today) for e in rows)
    return escape("; ".join(said), 600) + (f"; {VERIFY}" if to_verify else "")


def option_line(option: Option, today: date, *, is_conditional: bool = False) -> str:
    """One line an option: drug, effect, finding, disease, conditions, what speaks against, tier,
    evidence."""
    first = option.rows[0]
    advice = first.advice
    findings = dict.fromkeys(each.advice.finding for each in option.rows[:_SOURCES])
    parts = [f"{bold(capitalised(advice.drug))}: {EFFECT_WORDS[advice.effect]}."]
    parts.append(f"{escape('; '.join(findings), 200)}; {escape(first.row.disease)}.")
    if advice.summary:
        parts.append(escape(advice.summary))
    needs = _needs(option.rows[:_SOURCES])
    if needs:
        lead = "Only if" if is_conditional else "Holds if"
        parts.append(f"{lead}: {escape('; or: '.join(needs[:4]), 500)}.")
    if any(each.conflicts or each.advice.conflicts for each in option.rows):
        parts.append("Conflicting: another row says the opposite of the same finding.")
    opposed = {(e.advice.finding, e.row.effect): e for e in reversed(option.against[:4])}
    for each in list(opposed.values())[:2]:
        parts.append(
            f"{bold('But')} {escape(each.advice.finding, 120)}: "
            f"{EFFECT_WORDS[each.advice.effect]} ({escape(level_words(each.row.provenance))}, "
            f"{escape(each.row.provenance.id)})."
        )
    if advice.market:
        parts.append(f"{bold('Market status')}: {escape(advice.market, 200)}.")
    if advice.tier:
        parts.append(f"Tier derived by us: {escape(option.tier)}.")
    return " ".join(parts) + f" ({evidence_words(option.rows, today)}.)"


def _needs(rows: Sequence[Held]) -> list[str]:
    """The conditions of the rows, one text a row: what is asked together stands together, and any
    of the texts will do. A companion diagnostic refers to the label: where a row of the label
    stands beside it, it has said them."""
    has_label = any(each.row.provenance.level.startswith("FDA-label") for each in rows)
    kinds: dict[str, str] = {}
    said: dict[str, None] = {}
    for each in rows:
        needs = [n for n in each.advice.needs if not (has_label and n.startswith(_OF_THE_LABEL))]
        kinds |= {n.lower(): n.removeprefix(_CANCER) for n in needs if n.startswith(_CANCER)}
        together = "; ".join(need for need in needs if not need.startswith(_CANCER))
        said |= {together: None} if together else {}
    if not kinds:
        return list(said)
    # Of rows for several cancers any one will do.
    either = f"{_CANCER}{' or '.join(kinds.values())}"
    return [f"{either}; {each}" for each in said] or [either]


def capped(lines: Sequence[str], most: int, what: str = "more") -> list[str]:
    """The first lines, and how many follow."""
    if len(lines) <= most:
        return list(lines)
    return [*lines[:most], f"… and {len(lines) - most} {what}."]


def finding_line(found: Alteration) -> str:
    """`EGFR p.Leu858Arg, 34 % of reads, tissue, somatic (Observation/1, 2026-05-01)`."""
    parts = [found.label]
    if found.vaf is not None:
        parts.append(f"allele fraction {_percent(found)}")
    if found.copies is not None:
        parts.append(f"{found.copies} copies")
    parts.append(found.specimen or "specimen not stated")
    origins = {
        SourceClass.GERMLINE: "germline",
        SourceClass.SOMATIC: "somatic",
        SourceClass.UNKNOWN: "germline or somatic not stated",
    }
    parts.append(origins[found.source_class])
    if found.significance:
        parts.append(found.significance.replace("-", " "))
    when = found.origin.when[:10] or "date not stated"
    return f"{escape(', '.join(parts), 240)} ({escape(found.origin.reference, 80)}, {escape(when)})"


def _percent(found: Alteration) -> str:
    assert found.vaf is not None
    return f"{(found.vaf * 100).normalize():f} %"


def marker_line(marker: Marker, words: str) -> str:
    where = marker.specimen or "specimen not stated"
    when = marker.origin.when[:10] or "date not stated"
    return f"{escape(words, 120)}, {where} ({escape(marker.origin.reference, 80)}, {escape(when)})"


def is_present(found: Alteration) -> bool:
    return found.presence is Presence.PRESENT and found.kind != "wild-type"


def first_findings(rows: Iterable[Held]) -> str:
    return ", ".join(dict.fromkeys(each.advice.finding for each in rows if each.advice.finding))

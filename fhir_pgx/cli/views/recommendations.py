"""Recommendations for a person: what each source advises, for whom, how strongly, by which row."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from rich.console import RenderableType
from rich.text import Text

from fhir_pgx.cli.views.genes import not_understood_view, subject_line
from fhir_pgx.cli.views.looks import ACTIONS, look_of
from fhir_pgx.cli.views.screen import Rows, bullets, indented, strong, words

FEW: Final = 12  # recommendations; up to as many are told in full below the table
_HEADS: Final = ("Drug", "Action", "Source", "By", "For whom", "Advice")
_FITS: Final[Mapping[str, str]] = {
    "holds": "",
    "likely": "likely this patient's",
    "unknown": "may be this patient's",
    "no": "not this patient's",
}


def recommendations_view(document: Mapping[str, Any]) -> Iterator[RenderableType]:
    """The answer of `recommend` (CONTRACT, section 4)."""
    found = document.get("recommendations", ())
    yield subject_line(document)
    yield ""
    if found:
        yield Rows(_HEADS, [_row(each) for each in found])
    else:
        yield words("No source advises anything for these results.")
    if len(found) <= FEW:
        for each in found:
            yield from _full(each)
    else:
        yield words("Name a drug with --drug to see the whole advice, its evidence and its limits.")
    yield from _unanswered(document.get("unanswered", ()))
    yield from not_understood_view(document)


def _row(each: Mapping[str, Any]) -> Sequence[str | Text]:
    source = each["source"]
    strength = each.get("strength")
    return (
        each["drug"],
        look_of(ACTIONS, each["action"]).text(),
        f"{source} ({strength})" if strength else source,
        by(each),
        for_whom(each),
        each["summary"],
    )


def by(each: Mapping[str, Any]) -> str:
    """The genes and what of them the advice rests on."""
    return ", ".join(f"{gene} {word}".strip() for gene, word in each.get("genes", {}).items())


def for_whom(each: Mapping[str, Any]) -> str:
    """The population, and whether the patient is known to be of it."""
    who, fit = each.get("population_label") or "", str(each.get("population_fit") or "")
    said = _FITS.get(fit, fit)
    return f"{who} ({said})" if who and said else who


def _full(each: Mapping[str, Any]) -> Iterator[RenderableType]:
    yield ""
    yield strong(
        " · ".join(part for part in (each["drug"], each["source"], for_whom(each)) if part)
    )
    if each["detail"] and each["detail"] != each["summary"]:
        yield indented(words(each["detail"]))
    told = [f"{gene}: {text}" for gene, text in each.get("implications", {}).items()]
    told += [modifier["text"] for modifier in each.get("modifiers", ())]
    told += each.get("considerations", ())
    told += [
        f"instead {a['drug']}: {a['verdict'].replace('-', ' ')}. {a['reason']}"
        for a in each.get("alternatives", ())
    ]
    told += [f"{caveat['code']} {caveat['text']}" for caveat in each.get("caveats", ())]
    told += [cited(evidence) for evidence in each.get("evidence", ())]
    told.append(
        f"rule {each['rule']}; from {', '.join(each.get('derived_from', ())) or 'no result'}"
    )
    yield from bullets(told)


def cited(evidence: Mapping[str, Any]) -> str:
    """A source as it is cited: what, where, and of which day the table is."""
    pmids = ", ".join(f"PMID {pmid}" for pmid in evidence.get("pmids", ()))
    dated = f"table of {evidence['date']}" if evidence.get("date") else "without a date"
    said = (evidence.get("guideline"), pmids, evidence.get("url"), dated)
    return "; ".join(part for part in said if part)


def _unanswered(found: Sequence[Mapping[str, Any]]) -> Iterator[RenderableType]:
    if found:
        yield ""
        yield strong("Guidance exists, and has no answer for these results")
        yield from bullets(f"{each['drug']}: {each['text']}" for each in found)

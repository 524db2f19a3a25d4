"""A trace as a picture and as the same in a list: how each advice comes about.

Its style is `static/trace.css`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from fhir_pgx.workbench.drawings.drug_way import drug_way
from fhir_pgx.workbench.drawings.finding_way import finding_ways
from fhir_pgx.workbench.drawings.shorten import shortened
from fhir_pgx.workbench.drawings.trace_picture import draw_way
from fhir_pgx.workbench.drawings.way import SPEAKER_WORDS, STATE_WORDS, Step, Way
from fhir_pgx.workbench.templates import fragment
from fhir_pgx.workbench.text.plain import one_line, web_address

MOST_PICTURES = 12
_FITS = {
    "holds": "is this patient's",
    "likely": "is likely this patient's",
    "unknown": "may be this patient's",
    "no": "is not this patient's",
}


@dataclass(frozen=True, slots=True)
class ListedStep:
    """One step in words. `after` are the steps it comes from: their titles, and how."""

    title: str
    band: str
    speaker: str
    state: str
    state_words: str
    lines: tuple[str, ...]
    url: str
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListedWay:
    """`picture` is None where too many came before it. `columns` are pairs of name and steps; the
    rest is what a drug's trace says beside its way."""

    title: str
    prefix: str
    picture: Markup | None
    left_out: tuple[str, ...]
    columns: tuple[tuple[str, tuple[ListedStep, ...]], ...]
    populations: tuple[str, ...] = ()
    doses: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()


def render_trace(trace: Mapping[str, Any], *, level: int = 3, prefix: str = "trace") -> Markup:
    """The JSON of `Pipeline.explain_call` or `explain_documents` as a fragment of a page: a way for
    each drug, and for each domain of precision therapy. `level` is that of its headings, `prefix`
    begins every id."""
    ways = list(_ways(trace, prefix))
    knowledge = trace.get("knowledge") or {}
    return fragment(
        "views/trace.html",
        ways=ways,
        drawn=sum(1 for way in ways if way.picture is not None),
        subject=one_line(trace.get("subject")),
        release=one_line(knowledge.get("release")),
        sha256=one_line(knowledge.get("sha256"))[:12],
        limited=one_line(trace.get("limited")),
        not_understood=[
            (one_line(each.get("reference")), one_line(each.get("reason")))
            for each in trace.get("not_understood") or ()
        ],
        level=min(max(level, 2), 5),
        prefix=prefix,
    )


def _ways(trace: Mapping[str, Any], prefix: str) -> Iterator[ListedWay]:
    place = 0
    for drug in trace.get("drugs") or ():
        place += 1
        yield _listed(drug_way(drug), f"{prefix}-{place}", place, drug)
    for way in finding_ways(trace.get("precision") or ()):
        place += 1
        yield _listed(way, f"{prefix}-{place}", place, {})


def _listed(way: Way, prefix: str, place: int, drug: Mapping[str, Any]) -> ListedWay:
    short = shortened(way)
    return ListedWay(
        title=way.title,
        prefix=prefix,
        picture=draw_way(short, prefix=prefix) if place <= MOST_PICTURES else None,
        left_out=short.left_out,
        columns=_columns(way),
        populations=tuple(_population(each) for each in drug.get("populations") or ()),
        doses=tuple(_dose(each) for each in drug.get("doses") or ()),
        changes=tuple(one_line(each.get("text")) for each in drug.get("changes") or ()),
        caveats=tuple(dict.fromkeys(_caveats(drug))),
    )


def _columns(way: Way) -> tuple[tuple[str, tuple[ListedStep, ...]], ...]:
    titles = {step.id: step.title for step in way.steps}
    after: dict[str, list[str]] = {}
    for joint in way.joints:
        if joint.start in titles:
            how = {"stated": "as stated", "inferred": "inferred by us", "broken": "broken off"}
            words = f"{how[joint.hold]}: {joint.words}" if joint.words else how[joint.hold]
            after.setdefault(joint.end, []).append(f"{titles[joint.start]} ({words})")
    return tuple(
        (column, tuple(_step(step, after.get(step.id, ())) for step in way.in_column(column)))
        for column in way.columns
        if way.in_column(column)
    )


def _step(step: Step, after: list[str] | tuple[()]) -> ListedStep:
    return ListedStep(
        title=step.title,
        band=step.band,
        speaker=SPEAKER_WORDS[step.speaker],
        state=step.state,
        state_words=STATE_WORDS[step.state] if step.state else "",
        lines=(*step.lines, *step.more),
        url=web_address(step.url),
        after=tuple(dict.fromkeys(after)),
    )


def _population(each: Mapping[str, Any]) -> str:
    fit = one_line(each.get("fit"))
    why = "; ".join(one_line(reason) for reason in each.get("why") or ())
    who = f"{one_line(each.get('label'))} ({one_line(each.get('guideline'))})"
    return f"{who} {_FITS.get(fit, fit)}: {why}"


def _dose(each: Mapping[str, Any]) -> str:
    who, text = one_line(each.get("population_label")), one_line(each.get("text"))
    return f"{who}: {text}" if who else text


def _caveats(drug: Mapping[str, Any]) -> Iterator[str]:
    for found in (drug.get("genes") or {}).values():
        for each in (found.get("concluded") or {}).get("caveats") or ():
            yield f"{one_line(each.get('text'))} ({one_line(each.get('code'))})"

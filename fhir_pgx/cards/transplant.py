"""The card of a recipient's HLA against the donors on file: the grade, each locus, the antibodies.

A match informs; an antibody that binds, or may bind, what a donor carries warns. What is not typed
is said, and a test that was not done is not a negative one.
"""

from collections.abc import Sequence

from fhir_pgx.cards.context import CardContext
from fhir_pgx.cards.detail import section
from fhir_pgx.cards.headline import LIMIT
from fhir_pgx.cards.markdown import bold, cut, escape, items, plain
from fhir_pgx.cards.source import topic
from fhir_pgx.cards.therapy import therapy_card
from fhir_pgx.model.card import Card
from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.hla_words import (
    FITS,
    TESTS,
    antibody_words,
    bounds_words,
    grade_words,
    is_dsa,
    is_possible_dsa,
    leading_grade,
    locus_words,
    match_words,
    may_be_dsa,
)
from fhir_pgx.model.therapy import Provenance
from fhir_pgx.model.transplant import HlaMatch, JudgedAntibody, LocusMatch

LABORATORY = Caveat(
    "PGX-792",
    "This compares what is on file. It replaces neither the histocompatibility laboratory's report "
    "nor a crossmatch.",
)
MOST_DONORS = 10  # in full; a search can have hundreds
_HEAD = (
    "| HLA | Result | Recipient | Donor | Matched of 2 | GvH | HvG |",
    "|---|---|---|---|---|---|---|",
)


def match_card(
    matches: Sequence[HlaMatch], provenance: Provenance | None, tables: str, context: CardContext
) -> Card | None:
    """One card for all donors; None where there is nothing to compare. `tables` is the release of
    the operator's copy of IPD-IMGT/HLA, empty where there is none."""
    told = [each for each in matches if each.loci or _against(each)]
    if not told:
        return None
    # A possible one warns too: it is the donor's typing that is too coarse, not the antibody.
    warns = any(
        is_dsa(judged) or is_possible_dsa(judged) for each in told for judged in each.antibodies
    )
    parts = [_donor(each, len(told) > 1) for each in told[:MOST_DONORS]]
    if len(told) > MOST_DONORS:
        parts.append(f"{len(told) - MOST_DONORS} more donors are not shown here.")
    parts.append(section("How it was compared", [_compared_by(provenance, tables)]))
    limits = dict.fromkeys(caveat for each in told for caveat in each.caveats)
    limits |= {c: None for each in told for j in each.antibodies for c in j.antibody.caveats}
    references = dict.fromkeys(reference for each in told for reference in each.derived_from)
    return therapy_card(
        subject=topic("fhir_pgx", "HLA match", (), "antibodies" if warns else "comparison"),
        summary=cut(plain(_summary(told), 400), LIMIT),
        indicator="warning" if warns else "info",
        parts=parts,
        advice=(),
        context=context,
        about="hla-match",
        limits=(*limits, LABORATORY),
        derived_from=tuple(references),
    )


def _against(match: HlaMatch) -> list[JudgedAntibody]:
    return [each for each in match.antibodies if is_dsa(each) or may_be_dsa(each)]


def _name(match: HlaMatch) -> str:
    return f"donor {match.person}" if match.person else "the donor"


def _summary(told: Sequence[HlaMatch]) -> str:
    if len(told) > 1:
        return _summary_of_several(told)
    (match,) = told
    name = _name(match)
    short = f"HLA {grade_words(leading_grade(match))}" if match.loci else "no HLA match to compare"
    brief = short.partition(" (")[0]  # which loci are missing stands in the detail
    found = [each for each in match.antibodies if is_dsa(each)]
    if found:
        return f"Donor-specific {_named(found)}{_later(found)}, {name}; {brief}"
    possible = [each for each in match.antibodies if is_possible_dsa(each)]
    if possible and not any(each.antibody.specificity for each in possible):
        return (
            f"Donor-specific antibody by the laboratory, specificity not stated{_later(possible)}; "
            f"{short} with {name}"
        )
    if possible:
        told_of = f"Possible donor-specific {_named(possible)}{_later(possible)}, {name}"
        return f"{told_of}; {brief}"
    return f"HLA with {name}: {match_words(match) if match.loci else short}"


def _later(judged: Sequence[JudgedAntibody]) -> str:
    """The date of each that a later test no longer shows, and the date of that test."""
    since = {each.negative_since for each in judged}
    days = [each.antibody.origin.when[:10] or "no date" for each in judged]
    if "" in since:
        return ""
    return f" of {max(days)}, a test of {max(since)} found none"


def _named(judged: Sequence[JudgedAntibody]) -> str:
    names = ", ".join(antibody_words(each) for each in judged[:3])
    more = f" and {len(judged) - 3} more" if len(judged) > 3 else ""
    return f"{'antibodies' if len(judged) > 1 else 'antibody'} {names}{more}"


def _summary_of_several(told: Sequence[HlaMatch]) -> str:
    """Each donor's grade in the order met: which is best is not ours to say."""
    against = [each for each in told if any(is_dsa(judged) for judged in each.antibodies)]
    grades = ", ".join(
        f"{grade_words(leading_grade(each))} ({each.person or 'not named'})" for each in told
    )
    said = f"HLA of {len(told)} donors on file: {grades}"
    if against:
        return f"Donor-specific antibodies against {len(against)} of {len(told)} donors. {said}"
    return said


def _donor(match: HlaMatch, named: bool) -> str:
    """All of one donor: the grades, the loci, the antibodies."""
    blocks = [bold(_name(match)[:1].upper() + _name(match)[1:])] if named or match.person else []
    if match.loci:
        blocks += [items(_grades(match)), "\n".join([*_HEAD, *map(_row, match.loci)])]
    notes = [f"HLA-{each.locus}: {escape(note)}." for each in match.loci for note in each.notes]
    notes += [f"HLA-{locus}: {escape(why)}." for locus, why in match.not_typed]
    if notes:
        blocks.append(section("Not compared, or to know", notes))
    return "\n\n".join([*blocks, section("Antibodies", _antibodies(match))])


def _grades(match: HlaMatch) -> list[str]:
    lines = [f"{escape(match_words(match), 400)}."]
    dp = next((each for each in match.loci if each.locus == "DPB1"), None)
    if dp is not None:
        wide = next(grade for grade in match.grades if grade.positions == 12)
        lines.append(f"With DPB1: {escape(grade_words(wide), 200)}.")
    return lines


def _row(locus: LocusMatch) -> str:
    cells = (
        locus.locus,
        _result(locus),
        _alleles(locus.recipient),
        _alleles(locus.donor),
        bounds_words(locus.matches),
        bounds_words(locus.gvh),
        bounds_words(locus.hvg),
    )
    return "| " + " | ".join(cells) + " |"


def _result(locus: LocusMatch) -> str:
    basis = "; ".join(locus.basis)
    return f"{escape(locus_words(locus))} ({escape(basis, 200)})" if basis else locus_words(locus)


def _alleles(texts: Sequence[str]) -> str:
    shown = [escape(each.removeprefix("HLA-"), 60) for each in texts]
    return " + ".join([*shown, *(["not stated"] if len(shown) == 1 else [])])


def _antibodies(match: HlaMatch) -> list[str]:
    lines = []
    for judged in match.antibodies:
        said = f"{bold(antibody_words(judged))}: {FITS[judged.fit]}"
        if judged.hits:
            said += (
                " (" + ", ".join(escape(hit.removeprefix("HLA-"), 60) for hit in judged.hits) + ")"
            )
        if judged.why:
            said += f"; {escape(judged.why, 300)}"
        if judged.antibody.origin.when:
            said += f"; of {escape(judged.antibody.origin.when[:10])}"
        if judged.negative_since:
            said += f"; a later HLA antibody test ({escape(judged.negative_since)}) found none"
        if judged.is_past:
            said += "; a later test no longer finds it"
        if judged.antibody.is_present is None:
            said += "; the laboratory gave no verdict"
        lines.append(said + ".")
    return lines or [TESTS[match.tested] or "A test is on file whose specificities are not stated."]


def _compared_by(provenance: Provenance | None, tables: str) -> str:
    said = (
        f"P groups and antigens of IPD-IMGT/HLA {escape(tables)}, the operator's copy."
        if tables
        else "Two fields of the names; single P groups and antigens as held here."
    )
    if provenance is not None:
        as_of = escape(provenance.as_of)
        said += f" Nomenclature: {escape(provenance.source, 200)}, compiled by hand, as of {as_of}."
    return f"{said} GvH: the recipient has what the donor lacks; HvG: the other way about."

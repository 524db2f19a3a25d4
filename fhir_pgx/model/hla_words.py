"""An HLA match in words, the same on cards and in answers: `9/10, one antigen mismatch at HLA-A
(GvH and HvG)`."""

from fhir_pgx.model.transplant import Bounds, Grade, HlaMatch, JudgedAntibody, LocusMatch

_NUMBERS = {1: "one", 2: "two"}
FITS = {
    "donor-specific": "donor-specific",
    "possible": "possibly donor-specific",
    "not-typed": "cannot be said",
    "not-donor-specific": "not against this donor's typed antigens",
}
TESTS = {
    "found": "",
    "negative": "An HLA antibody test is on file and found none.",
    "no-answer": "An HLA antibody test is on file without an answer: that is not negative.",
    "not-on-file": "No HLA antibody test is on file: that is not negative.",
}


def bounds_words(bounds: Bounds) -> str:
    """`1`, or `0 to 1` where it is open."""
    low, high = bounds
    return str(low) if low == high else f"{low} to {high}"


def leading_grade(match: HlaMatch) -> Grade:
    """The grade to lead with: 10/10 where its loci are typed, else 8/8, else what there is of 10.
    DPB1 stands apart, as registries have it."""
    by_scale = {grade.positions: grade for grade in match.grades}
    return next((by_scale[scale] for scale in (10, 8) if not by_scale[scale].missing), by_scale[10])


def grade_words(grade: Grade) -> str:
    """`9/10`; a range where typings leave it open; over the typed loci alone where some are not."""
    low, high = grade.matches
    if not grade.missing:
        if low == high:
            return f"{low}/{grade.positions}"
        return f"{low} to {high} of {grade.positions}, not confirmed"
    if not grade.compared:
        return f"no locus compared: {grade.positions}/{grade.positions} cannot be said"
    of = f"{low}/{grade.compared}" if low == high else f"{low} to {high} of {grade.compared}"
    missing = ", ".join(grade.missing)
    return f"{of} positions compared, no {_scale(grade)} ({missing} not compared)"


def _scale(grade: Grade) -> str:
    core = ("A", "B", "C", "DRB1")
    return "8/8" if any(locus in core for locus in grade.missing) else f"{grade.positions}/10"


def mismatch_words(locus: LocusMatch) -> str:
    """`one antigen mismatch at HLA-A (GvH and HvG)`; empty where there is none for certain."""
    count = 2 - locus.matches[1]
    if not count:
        return ""
    level = f" {locus.level}" if locus.level else ""
    plural = "es" if count > 1 else ""
    return f"{_NUMBERS[count]}{level} mismatch{plural} at HLA-{locus.locus} ({direction(locus)})"


def direction(locus: LocusMatch) -> str:
    """The directions in which the locus differs for certain."""
    gvh, hvg = locus.gvh, locus.hvg
    if gvh[0] and hvg[0]:
        return "GvH and HvG"
    if gvh[0]:
        return "GvH only" if not hvg[1] else "GvH; HvG open"
    if hvg[0]:
        return "HvG only" if not gvh[1] else "HvG; GvH open"
    return "direction open"


def locus_words(locus: LocusMatch) -> str:
    """What the locus comes to: `match`, `possible match`, `allele mismatch`, `2 antigen
    mismatches`."""
    sure, possible = locus.matches
    if sure == 2:
        return "match"
    told = []
    count = 2 - possible
    if count:
        level = locus.level or "a"
        told.append(f"{level} mismatch" if count == 1 else f"2 mismatches ({level})")
    if possible > sure:
        told.append("possible match, not confirmed")
    return "; ".join(told)


def match_words(match: HlaMatch, grade: Grade | None = None) -> str:
    """The grade with every mismatch that is certain."""
    led = grade or leading_grade(match)
    loci = _loci(led)
    told = [mismatch_words(each) for each in match.loci if each.locus in loci]
    return ", ".join([grade_words(led), *[each for each in told if each]])


def _loci(grade: Grade) -> tuple[str, ...]:
    loci = ("A", "B", "C", "DRB1", "DQB1", "DPB1")
    return loci[: grade.positions // 2]


def antibody_words(judged: JudgedAntibody) -> str:
    """`DQ8 (MFI 8200)`."""
    antibody = judged.antibody
    name = antibody.specificity or "specificity not stated"
    return f"{name} (MFI {antibody.mfi})" if antibody.mfi is not None else name


def is_dsa(judged: JudgedAntibody) -> bool:
    """Whether the laboratory found it and the donor carries what it binds."""
    is_found = judged.antibody.is_present is True and not judged.is_past
    return judged.fit == "donor-specific" and is_found


def is_possible_dsa(judged: JudgedAntibody) -> bool:
    """Whether the laboratory found it and the donor's typing leaves open what it binds."""
    is_found = judged.antibody.is_present is True and not judged.is_past
    return judged.fit == "possible" and bool(judged.hits) and is_found


def may_be_dsa(judged: JudgedAntibody) -> bool:
    """Whether it may be one: the donor's typing, or the laboratory's verdict, leaves it open."""
    return judged.fit in ("donor-specific", "possible") and not is_dsa(judged)

"""Whether a recipient's anti-HLA antibodies bind what a donor carries.

An antibody to a broad antigen binds all its splits (DQ3: DQ7, DQ8, DQ9); one to a split binds that
split alone, not its siblings. Where a donor is typed no further than the broad antigen, a split is
possible. No threshold is applied: the laboratory says what is positive, and its figure is shown.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from fhir_pgx.model.transplant import (
    AntibodyFit,
    AntibodyTest,
    JudgedAntibody,
    StatedAntibody,
)
from fhir_pgx.recommendation.transplant.names import EPITOPES, Name, parse_name
from fhir_pgx.recommendation.transplant.nomenclature import Nomenclature
from fhir_pgx.recommendation.transplant.typed import Chromosome, Person

ANY = "specificity and donor not stated"
BY_LABORATORY = "the laboratory calls it donor-specific"
UNREADABLE = "the specificity could not be read"
_ORDER: tuple[AntibodyFit, ...] = (
    "donor-specific", "possible", "not-typed", "not-donor-specific",
)  # fmt: skip
Found = tuple[AntibodyFit, str]  # how it fits one chromosome, and why


def antibody_test(antibodies: Sequence[StatedAntibody]) -> AntibodyTest:
    """What is on file: an antibody, a negative test, a test without an answer, or nothing."""
    if any(each.specificity and each.is_present is not False for each in antibodies):
        return "found"
    if any(each.is_present for each in antibodies):
        return "found"  # positive, and nobody says against what
    if any(each.is_present is False for each in antibodies):
        return "negative"
    return "no-answer" if antibodies else "not-on-file"


def judge_antibodies(
    antibodies: Iterable[StatedAntibody], donor: Person, nomenclature: Nomenclature
) -> tuple[JudgedAntibody, ...]:
    """Each antibody that is not said to be absent against one donor, the gravest first.

    Of several results on one specificity the newest counts. One that was found and is absent in a
    later test is told as past: it can come back.
    """
    judged = []
    every = list(antibodies)
    clean = max(
        (e.origin.when for e in every if not e.specificity and e.is_present is False), default=""
    )
    for results in _by_specificity(every):
        newest = results[-1]
        found = [each for each in results if each.is_present is not False]
        if found and (newest.specificity or newest.is_present):
            told = _judge(found[-1], donor, nomenclature)
            since = clean[:10] if told.antibody.origin.when < clean else ""
            is_past = newest.is_present is False
            judged.append(replace(told, is_past=is_past, negative_since=since))
    return tuple(sorted(judged, key=_weight))


def _by_specificity(antibodies: Iterable[StatedAntibody]) -> list[list[StatedAntibody]]:
    """The results on each specificity, the newest last; of one time the one that is found."""
    found: dict[str, list[StatedAntibody]] = {}
    for each in antibodies:
        name = read_specificity(each.specificity)
        key = (name.antigen or name.two_fields or name.family) if name else each.specificity
        found.setdefault(key, []).append(each)
    return [
        sorted(results, key=lambda each: (each.origin.when, each.is_present is not False))
        for results in found.values()
    ]


def _weight(judged: JudgedAntibody) -> tuple[bool, int, float]:
    mfi = judged.antibody.mfi
    return judged.is_past, _ORDER.index(judged.fit), -float(mfi) if mfi is not None else 0.0


def _judge(antibody: StatedAntibody, donor: Person, nomenclature: Nomenclature) -> JudgedAntibody:
    name = read_specificity(antibody.specificity)
    if not antibody.specificity and antibody.is_of_donor and antibody.is_present:
        return JudgedAntibody(antibody, "possible", (ANY,), BY_LABORATORY)
    if name is None or (
        name.antigen
        and name.antigen not in EPITOPES
        and not nomenclature.is_recognised(name.antigen)
    ):
        return JudgedAntibody(antibody, "possible", (), UNREADABLE)
    loci = ("A", "B") if name.antigen in EPITOPES else (name.locus,)
    found: list[tuple[AntibodyFit, str, str]] = []
    for locus in loci:
        typed = donor.loci.get(locus)
        if typed is None:
            found.append(("not-typed", f"the donor is not typed at HLA-{locus}", ""))
            continue
        for i, chromosome in enumerate(typed.chromosomes):
            if not chromosome:
                found.append(("not-typed", f"the donor's second HLA-{locus} is not stated", ""))
                continue
            fit, why = _against(name, chromosome, nomenclature)
            found.append((fit, why, typed.texts[i]))
    worst = min((each[0] for each in found), key=_ORDER.index)
    told = [each for each in found if each[0] == worst]
    hits = tuple(dict.fromkeys(each[2] for each in told if each[2]))
    if worst == "not-donor-specific":
        return JudgedAntibody(antibody, worst)
    return JudgedAntibody(antibody, worst, hits, "; ".join(dict.fromkeys(each[1] for each in told)))


def read_specificity(text: str) -> Name | None:
    """The antigen or allele that an antibody is against; None where the text is neither."""
    words = re.sub(r"(?i)\b(?:anti|hla|antibod(?:y|ies)|ab|igg)\b[\s-]*", " ", text).strip(" -:")
    if words in EPITOPES:
        return Name("B", antigen=words)
    return parse_name(words)


def _against(name: Name, chromosome: Chromosome, nomenclature: Nomenclature) -> Found:
    """How an antibody stands to what one chromosome may be."""
    found = [
        _against_one(name, each, nomenclature)
        for each in chromosome
        if not nomenclature.is_null(each)
    ]
    if not found:
        return "not-donor-specific", "the donor's allele is not expressed"
    fits = {fit for fit, _ in found}
    is_sure = len(fits) == 1 and len(found) == len(chromosome)
    doubtful = any(nomenclature.is_doubtful(each) for each in chromosome)
    if is_sure and not doubtful:
        return found[0]
    if fits == {"not-donor-specific"}:
        return found[0]
    return "possible", "the donor's typing leaves several alleles open"


def _against_one(name: Name, carried: Name, nomenclature: Nomenclature) -> Found:
    if name.antigen in EPITOPES:
        return _epitope(name.antigen, carried, nomenclature)
    if carried.antigen and carried.antigen == name.antigen:
        return "donor-specific", f"the donor carries {name.antigen}"
    if not name.antigen:
        return _allele(name, carried, nomenclature)
    found = nomenclature.antigens(carried)
    how = "" if found.is_exact else ", by the name of the allele"
    if not found.antigens:
        return "possible", f"the antigen of {_shown(carried)} is not known here"
    fits = {_antigen(name.antigen, each, carried, nomenclature) for each in found.antigens}
    antigens = " or ".join(sorted(found.antigens))
    if fits == {"donor-specific"}:
        above = "" if name.antigen in found.antigens else f", which is under {name.antigen}"
        return "donor-specific", f"{_shown(carried)} carries {antigens}{above}{how}"
    if fits == {"not-donor-specific"}:
        return "not-donor-specific", ""
    return "possible", f"the donor is known to carry {antigens}, no further{how}"


def _antigen(against: str, carried: str, name: Name, nomenclature: Nomenclature) -> AntibodyFit:
    if against in nomenclature.line(carried):
        return "donor-specific"
    if carried not in nomenclature.line(against):
        return "not-donor-specific"
    # A split of what the donor carries. An allele whose antigen is known carries that one: A*02:01
    # is A2 and not A203; a typing by serology, or by the first field, may be either.
    is_settled = bool(name.second) and nomenclature.antigens(name).is_exact
    return "not-donor-specific" if is_settled else "possible"


def _epitope(epitope: str, carried: Name, nomenclature: Nomenclature) -> Found:
    found = nomenclature.antigens(carried)
    if not found.antigens:
        return "possible", f"the antigen of {_shown(carried)} is not known here"
    answers = {nomenclature.carries(each, epitope) for each in found.antigens}
    antigens = " or ".join(sorted(found.antigens))
    if answers == {True}:
        return "donor-specific", f"{antigens} carries the public epitope {epitope}"
    if answers == {False}:
        return "not-donor-specific", ""
    return "possible", f"whether {antigens} carries {epitope} is not settled"


def _allele(name: Name, carried: Name, nomenclature: Nomenclature) -> Found:
    """An antibody to one allele binds what has its protein."""
    verdict = nomenclature.compare(name, carried)
    if verdict.answer == "match":
        return "donor-specific", f"{_shown(carried)} is {name.two_fields} by its {verdict.basis}"
    if verdict.answer == "mismatch":
        return "not-donor-specific", ""
    return "possible", verdict.basis


def _shown(name: Name) -> str:
    return name.antigen or name.two_fields or name.family

"""Findings of one change joined, and how the changes of a gene lie to each other.

Two laboratories, or a report and its amendment, state one change twice: it is one finding. What
they say differently of it is told, and never settled by picking one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from fhir_pgx.model.finding import Caveat, Presence, SourceClass, StatedPhase
from fhir_pgx.model.inherited import InheritedFinding
from fhir_pgx.normalize.significance import differing, joined_significance

Joined = tuple[InheritedFinding, frozenset[str]]  # with the references of all that state it

_PRESENCE = "PGX-831"
_ZYGOSITY = "PGX-832"


def join_findings(findings: Iterable[InheritedFinding]) -> list[Joined]:
    """One finding a change, in the order in which they came."""
    made: list[Joined] = []
    of_gene: dict[str, list[int]] = {}
    for finding in findings:
        places = of_gene.setdefault(finding.gene, [])
        same = next((i for i in places if _is_same(made[i][0], finding)), None)
        if same is None:
            places.append(len(made))
            made.append((finding, frozenset((finding.origin.reference,))))
        else:
            first, references = made[same]
            made[same] = (_join(first, finding), references | {finding.origin.reference})
    return made


def _is_same(one: InheritedFinding, other: InheritedFinding) -> bool:
    """The same change by a name that both have, and by none that differs."""
    # A tumour's tissue and the patient's blood are two samples, and two findings.
    if one.change != other.change or one.specimen != other.specimen:
        return False
    if one.change == "any":
        return True
    pairs = (
        (one.coding, other.coding),
        (one.genomic, other.genomic),
        (one.protein and one.protein.text, other.protein and other.protein.text),
        (one.exons, other.exons),
        (one.copies, other.copies),
        (one.repeats, other.repeats),
    )
    both = [(a, b) for a, b in pairs if a not in (None, "", ()) and b not in (None, "", ())]
    if any(a != b for a, b in both):
        return False
    return bool(both or set(one.rsids) & set(other.rsids) or one.label == other.label)


def _join(one: InheritedFinding, other: InheritedFinding) -> InheritedFinding:
    caveats = [*one.caveats, *other.caveats]
    presence = one.presence
    if one.presence is not other.presence:
        presence = _presence({one.presence, other.presence})
        first, second = sorted((one.presence, other.presence))
        said = f"{one.label}: one result says {first}, another {second}."
        caveats.append(Caveat(_PRESENCE, said))
    zygosity = one.zygosity or other.zygosity
    if one.zygosity and other.zygosity and one.zygosity != other.zygosity:
        zygosity = ""
        said = f"{one.label}: {one.zygosity} by one result, {other.zygosity} by another."
        caveats.append(Caveat(_ZYGOSITY, said))
    stated = (one.significance, other.significance)
    significance, differ = joined_significance(stated)
    caveats += differing(one.label, stated) if differ else ()
    classes = {one.source_class, other.source_class} - {SourceClass.UNKNOWN}
    return replace(
        one,
        is_disputed=one.is_disputed or other.is_disputed or _is_disputed(one, other),
        label=max(one.label, other.label, key=len),
        presence=presence,
        protein=one.protein or other.protein,
        coding=one.coding or other.coding,
        genomic=one.genomic or other.genomic,
        rsids=tuple(dict.fromkeys((*one.rsids, *other.rsids))),
        zygosity=zygosity,
        significance=significance,
        review=one.review or other.review,
        source_class=next(iter(classes), SourceClass.UNKNOWN),
        is_truncating=one.is_truncating or other.is_truncating,
        conditions=tuple(dict.fromkeys((*one.conditions, *other.conditions))),
        frequency=one.frequency if one.frequency is not None else other.frequency,
        caveats=tuple(dict.fromkeys(caveats)),
    )


def _is_disputed(one: InheritedFinding, other: InheritedFinding) -> bool:
    return {one.presence, other.presence} == {Presence.PRESENT, Presence.ABSENT}


def _presence(both: set[Presence]) -> Presence:
    """A result beside a test without an answer stands; present beside absent is neither."""
    answers = both - {Presence.NO_CALL, Presence.INDETERMINATE}
    return answers.pop() if len(answers) == 1 else Presence.INDETERMINATE


def with_phases(joined: Sequence[Joined], phases: Iterable[StatedPhase]) -> list[InheritedFinding]:
    """The findings, each with those that lie on its own copy and on the other.

    The references are `origin.reference`s of the findings that come back.
    """
    stated = [(phase.value.strip().lower(), set(phase.variants or phase.of)) for phase in phases]
    if not stated:
        return [finding for finding, _ in joined]
    trans = [together for word, together in stated if word == "trans"]
    cis = [together for word, together in stated if word == "cis"]
    return [
        replace(finding, in_trans=_beside(i, joined, trans), in_cis=_beside(i, joined, cis))
        for i, (finding, _) in enumerate(joined)
    ]


def _beside(place: int, joined: Sequence[Joined], groups: Sequence[set[str]]) -> tuple[str, ...]:
    finding, references = joined[place]
    named = set().union(*(each for each in groups if each & references))
    return tuple(
        other.origin.reference
        for i, (other, others) in enumerate(joined)
        if i != place and other.gene == finding.gene and others & named
    )

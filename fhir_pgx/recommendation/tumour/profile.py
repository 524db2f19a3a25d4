"""A profile (AND, OR and NOT over atoms) held against the findings, in three values.

What is unknown is not false: `NOT KRAS mutation` needs a KRAS that was looked at and found without
one.
"""

from collections.abc import Iterator

from fhir_pgx.model.tumour import Atom, Profile, RowOrigin
from fhir_pgx.model.tumour_answer import NOTHING_ON_FILE, Finding, Outcome
from fhir_pgx.recommendation.tumour.atoms import atom_outcome
from fhir_pgx.recommendation.tumour.findings import Findings
from fhir_pgx.recommendation.tumour.small import NOTHING_STORED, Stored


def evaluate(
    profile: Profile,
    findings: Findings,
    origin: RowOrigin = "",
    stored: Stored = NOTHING_STORED,
) -> Outcome:
    """`by` are the findings that decide: those that meet it, or that deny it. Where a part of an
    AND is met and another has nothing on file, `why` names what is not on file."""
    if profile.op == "is":
        if profile.atom is None:
            return NOTHING_ON_FILE
        return atom_outcome(profile.atom, findings, origin, stored)
    parts = [evaluate(each, findings, origin, stored) for each in profile.of]
    if not parts:
        return NOTHING_ON_FILE
    if profile.op == "not":
        return _negated(parts[0])
    deciding = "not-met" if profile.op == "and" else "met"
    decided = [each for each in parts if each.truth == deciding]
    if decided:
        return _together(decided, decided[0])
    unknown = [each for each in parts if each.truth == "unknown"]
    if not unknown:
        return _together(parts, parts[0])
    if profile.op == "and" and any(each.truth == "met" for each in parts):
        parts = [_named(each, part) for each, part in zip(parts, profile.of, strict=True)]
    return _together(parts, unknown[0])


def _named(outcome: Outcome, part: Profile) -> Outcome:
    """An unknown with nothing on file says what that is."""
    if outcome.truth != "unknown" or outcome.why:
        return outcome
    names = " or ".join(dict.fromkeys(_asked(atom) for atom in atoms_of(part)))
    return Outcome("unknown", outcome.by, outcome.rank, (f"no usable result of {names} on file",))


def _asked(atom: Atom) -> str:
    """What an atom asks for, as a person says it."""
    if atom.marker is not None:
        name = "HER2" if atom.marker.name.startswith("HER2") else atom.marker.name
        return " ".join(part for part in (name, atom.marker.scale) if part)
    if atom.alleles:
        return f"{atom.alleles[0].partition('*')[0]} type"
    return atom.name.replace("*::", "").replace("|", "/")


def _together(parts: list[Outcome], like: Outcome) -> Outcome:
    by: dict[int, Finding] = {id(found): found for each in parts for found in each.by}
    why = dict.fromkeys(why for each in parts for why in each.why)
    rank = min((each.rank for each in parts), default=like.rank)
    return Outcome(like.truth, tuple(by.values()), rank, tuple(why))


def _negated(part: Outcome) -> Outcome:
    if part.truth == "unknown":
        return part
    return Outcome("met" if part.truth == "not-met" else "not-met", part.by, 4)


def atoms_of(profile: Profile) -> Iterator[Atom]:
    if profile.atom is not None:
        yield profile.atom
    for each in profile.of:
        yield from atoms_of(each)


def positive_atoms(profile: Profile) -> Iterator[Atom]:
    """The atoms that are asked to be there: those under no NOT."""
    if profile.op == "not":
        return
    if profile.atom is not None:
        yield profile.atom
    for each in profile.of:
        yield from positive_atoms(each)

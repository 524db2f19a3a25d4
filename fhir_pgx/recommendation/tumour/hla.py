"""HLA types that a label asks for, held against the patient's typing.

Names of two fields are compared as they stand: A*02:01 is A*02:01 and no other; a group named after
it (A*02:01:01G, A*02:01P), as laboratories report it, counts as it. A row that asks for P groups
(A*02:01P) is met by the allele that the group is named after; which group another allele of the
family is of stands in IPD-IMGT/HLA and not here, so it stays unknown. A typing of one field, or
alternatives that differ, settle nothing.
"""

import re
from collections.abc import Iterable

from fhir_pgx.model.finding import SourceClass
from fhir_pgx.model.tumour import Alteration, Atom
from fhir_pgx.model.tumour_answer import NOTHING_ON_FILE, Outcome, Truth
from fhir_pgx.recommendation.tumour.findings import Findings

_RANK = 0
_NAME = re.compile(
    r"(?:HLA-)?(?P<locus>[A-Z]+\d?)\*(?P<family>\d{2,3})(?::(?P<protein>\d{2,3}))?(?::\d{2,3}){0,2}"
    r"(?P<suffix>[A-Z]?)"
)
# Expressed less, or not known to be: no ground for a therapy that needs the antigen.
_DOUBTFUL, _NULL = "LSCAQ", "N"
_OPEN = "HLA typing {label} does not settle {wanted}"
_ONE = "HLA typing {label} states one allele alone, so that {wanted} is not excluded"
_APART = "HLA typings on file differ: {label}"


def hla_outcome(atom: Atom, findings: Findings) -> Outcome:
    """Met, not met or unknown, of the germline typings of the atom's locus."""
    locus = atom.alleles[0].partition("*")[0]
    typed = [
        each
        for each in findings.of(locus)
        if each.kind == "hla" and each.source_class is SourceClass.GERMLINE
    ]
    judged = [(each, _truth(atom.alleles, each.alleles)) for each in typed]
    truths = {truth for _, truth in judged} - {"unknown"}
    labels = "; ".join(each.label for each, _ in judged)
    if not judged:
        return NOTHING_ON_FILE
    if len(truths) > 1:
        return Outcome("unknown", tuple(typed), why=(_APART.format(label=labels),))
    wanted = " or ".join(atom.alleles)
    if not truths:
        is_one = all(len(each.alleles) == 1 and _is_settled(atom, each) for each, _ in judged)
        words = (_ONE if is_one else _OPEN).format(label=labels, wanted=wanted)
        return Outcome("unknown", tuple(typed), why=(words,))
    (truth,) = truths
    by = tuple(each for each, found in judged if found == truth)
    return Outcome(truth, by, _RANK)


def _truth(wanted: Iterable[str], alleles: tuple[str, ...]) -> Truth:
    """One chromosome that has it is enough; to exclude it both have to be known."""
    asked = tuple(wanted)
    each = [_of_chromosome(asked, text) for text in alleles]
    if "met" in each:
        return "met"
    return "not-met" if len(each) > 1 and set(each) == {"not-met"} else "unknown"


def _is_settled(atom: Atom, typing: Alteration) -> bool:
    return all(_of_chromosome(atom.alleles, text) == "not-met" for text in typing.alleles)


def _of_chromosome(wanted: tuple[str, ...], text: str) -> Truth:
    """Of alternatives (`A*02:01/A*02:09`) all have to say the same."""
    truths = {_of_allele(wanted, name) for name in text.split("/")}
    return truths.pop() if len(truths) == 1 else "unknown"


def _of_allele(wanted: tuple[str, ...], name: str) -> Truth:
    found = _NAME.fullmatch(name.strip())
    if found is None:
        return "unknown"
    family, protein, suffix = found["family"], found["protein"], found["suffix"]
    same_family = [each for each in wanted if each.partition("*")[2].startswith(f"{family}:")]
    if not same_family or suffix == _NULL:
        return "not-met"
    if protein is None or suffix in tuple(_DOUBTFUL):
        return "unknown"
    field = f"{family}:{protein}"
    bare = {each.partition("*")[2].rstrip("P"): each.endswith("P") for each in same_family}
    if field in bare:
        return "met"
    if not any(bare.values()):
        return "not-met"
    # Another allele may be of the group that is asked for, save one that names a group itself.
    is_head = suffix == "P" or field in _NAMED_GROUPS
    return "not-met" if is_head else "unknown"


# Alleles of A*02 that labels name a P group after: each is of its own group and no other.
_NAMED_GROUPS = frozenset(("02:01", "02:02", "02:03", "02:05", "02:06"))

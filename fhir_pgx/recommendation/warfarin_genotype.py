"""What a patient's results say in the words of the warfarin equations, and what they leave open.

The equations know VKORC1 -1639 and the CYP2C9 alleles *1, *2 and *3; CPIC's flow adds *5, *6, *8
and *11, rs12777823 and CYP4F2. A result that cannot be put in these words is not rounded to one
that can: the reason is kept, and the flow then doses without genes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from fhir_pgx.model.dosing import WarfarinDosing
from fhir_pgx.model.phenotype import DiplotypeResult, GeneResult, Status
from fhir_pgx.model.variant import SiteCall

GENES = ("CYP2C9", "VKORC1", "CYP4F2")
POOR = "Poor Metabolizer"
NORMAL_ACTIVITY = "1.0"
_VKORC1_KEY = "-1639 "
_NO_ANSWER = (Status.NOT_TESTED, Status.NOT_CALLED)

Carrier = Literal["yes", "no", "not-known", "contradiction"]


@dataclass(frozen=True, slots=True)
class WarfarinGenotype:
    """`vkorc1` is `GG`, `AG` or `AA`; `cyp2c9` a diplotype of *1, *2 and *3, every allele that the
    equations do not know and CPIC adjusts for counted as *1; both empty where `reasons` say why.

    `stated` is the diplotype as named; `also_fits` are others that the same data allow, with
    alleles that the equations do not know. `adjusting` are the copies of *5, *6, *8 and *11
    carried; `untested` those of them that no test is known to have looked for (`coverage_known`
    tells whether the report says what it tested). `cluster` is rs12777823, `cyp4f2` rs2108622:
    whether the variant base is carried.
    """

    vkorc1: str
    cyp2c9: str
    stated: str
    also_fits: tuple[str, ...]
    adjusting: tuple[str, ...]
    is_poor: bool
    untested: tuple[str, ...]
    coverage_known: bool
    cluster: Carrier
    cyp4f2: Carrier
    reasons: tuple[str, ...]


def has_answer(result: GeneResult | None) -> bool:
    return result is not None and result.status not in _NO_ANSWER


def read_genotype(
    results: Mapping[str, GeneResult],
    dosing: WarfarinDosing,
    sites: Mapping[str, tuple[SiteCall, ...]],
) -> WarfarinGenotype:
    """The patient's results in the words of the equations. `sites` are the calls by gene."""
    cyp2c9, vkorc1 = results.get("CYP2C9"), results.get("VKORC1")
    taken, also_fits = _taken(cyp2c9, dosing)
    pair, adjusting, why = _cyp2c9(cyp2c9, taken, dosing)
    base, why_not = _vkorc1(vkorc1)
    known = cyp2c9 is not None and cyp2c9.coverage is not None
    unread = _unread(cyp2c9)
    return WarfarinGenotype(
        vkorc1=base,
        cyp2c9=pair,
        stated=" or ".join(dict.fromkeys(each.name for each in taken)),
        also_fits=also_fits,
        adjusting=adjusting,
        is_poor=_is_poor(cyp2c9, taken),
        untested=tuple(
            allele
            for allele in dosing.tested_with
            # What was found was looked for.
            if allele not in adjusting and (not known or dosing.sites[allele] in unread)
        ),
        coverage_known=known,
        cluster=_carried(sites.get("CYP2C9", ()), dosing.sites["cyp2c-cluster"], "A", "G"),
        cyp4f2=_cyp4f2(results.get("CYP4F2"), dosing, sites.get("CYP4F2", ())),
        reasons=tuple(reason for reason in (why_not, why) if reason),
    )


def _no_answer(gene: str, result: GeneResult | None) -> str:
    if result is None or result.status is Status.NOT_TESTED:
        return f"No {gene} result is on file."
    if result.status is Status.NOT_CALLED:
        return f"{gene} was tested without a usable answer."
    if result.status is Status.CONFLICT:
        return f"The {gene} results on file contradict each other."
    return ""


def _vkorc1(result: GeneResult | None) -> tuple[str, str]:
    """The genotype at -1639, and why there is none."""
    none = _no_answer("VKORC1", result)
    if none or result is None:
        return "", none
    found = {key.removeprefix(_VKORC1_KEY) for key in result.lookup_keys}
    if len(found) == 1 and found <= {"GG", "AG", "AA"}:
        return found.pop(), ""
    return "", "The VKORC1 result does not settle the genotype at -1639."


def _taken(
    result: GeneResult | None, dosing: WarfarinDosing
) -> tuple[tuple[DiplotypeResult, ...], tuple[str, ...]]:
    """The diplotypes that the equations can count, and the names of the others that fit too.

    *35 and *61 hold the variant of *2, as other alleles hold that of *3: wherever their own
    position was not read, they fit as well. The equations were made with tests of the *2 and *3
    positions alone, so what these tests called *2 is what they count as *2.
    """
    every = result.diplotypes if result is not None else ()
    known = tuple(each for each in every if not _strange(each, dosing))
    if not known:
        return every, ()
    return known, tuple(dict.fromkeys(each.name for each in every if each not in known))


def _cyp2c9(
    result: GeneResult | None, taken: tuple[DiplotypeResult, ...], dosing: WarfarinDosing
) -> tuple[str, tuple[str, ...], str]:
    """The diplotype in *1, *2, *3; the copies of adjusting alleles; why there is no diplotype."""
    none = _no_answer("CYP2C9", result)
    if none or result is None:
        return "", (), none
    if not taken:
        stated = result.phenotype or "a score"
        return "", (), f"CYP2C9 is on file as {stated}, without its alleles."
    unread = _unread(result)
    unseen = [allele for allele in ("*2", "*3") if dosing.sites[allele] in unread]
    if unseen:
        return "", (), f"CYP2C9 was tested without reading {' and '.join(unseen)}."
    strange = _strange(taken[0], dosing)
    if strange:
        return "", (), strange
    read = {_in_words(each, dosing) for each in taken}
    if len(read) > 1:
        several = " or ".join(each.name for each in taken)
        return "", (), f"The CYP2C9 result fits several genotypes ({several})."
    ((pair, adjusting),) = read
    return pair, adjusting, ""


def _strange(diplotype: DiplotypeResult, dosing: WarfarinDosing) -> str:
    """Why a diplotype cannot be counted: an allele that no equation and no step speaks of."""
    if len(diplotype.haplotypes) != 2:
        return f"CYP2C9 {diplotype.name} is not a pair of alleles."
    for name, activity in zip(diplotype.haplotypes, diplotype.functions, strict=True):
        if name in ("*2", "*3", *dosing.tested_with) or activity == NORMAL_ACTIVITY:
            continue
        if activity in (None, "n/a"):
            return f"The function of CYP2C9 {name} is not known."
        return f"CYP2C9 {name} lowers the activity, and no equation counts it."
    return ""


def _in_words(diplotype: DiplotypeResult, dosing: WarfarinDosing) -> tuple[str, tuple[str, ...]]:
    counted = sorted(name if name in ("*2", "*3") else "*1" for name in diplotype.haplotypes)
    adjusting = tuple(name for name in diplotype.haplotypes if name in dosing.tested_with)
    return "/".join(counted), tuple(sorted(adjusting))


def _unread(result: GeneResult | None) -> frozenset[str]:
    """The positions that a test says it did not read; empty where nothing is said of positions."""
    if result is None or result.coverage is None:
        return frozenset()
    return frozenset((*result.coverage.missing, *result.coverage.no_call))


def _is_poor(result: GeneResult | None, taken: tuple[DiplotypeResult, ...]) -> bool:
    if result is None or result.status in (*_NO_ANSWER, Status.CONFLICT):
        return False
    if taken:
        return all(each.phenotype == POOR for each in taken)
    return result.phenotype == POOR


def _carried(calls: Iterable[SiteCall], site: str, variant: str, plain: str) -> Carrier:
    """Whether the variant base is carried at a site, over every source that read it."""
    verdicts: set[Carrier] = set()
    for call in calls:
        if call.site != site:
            continue
        if variant in call.alleles:
            verdicts.add("yes")
        elif call.zygosity_known and call.alleles and set(call.alleles) == {plain}:
            verdicts.add("no")
    if {"yes", "no"} <= verdicts:
        return "contradiction"
    return "yes" if "yes" in verdicts else "no" if "no" in verdicts else "not-known"


def _cyp4f2(
    result: GeneResult | None, dosing: WarfarinDosing, calls: Iterable[SiteCall]
) -> Carrier:
    """Whether T is carried at rs2108622: as read there, else by the alleles of a stated result."""
    site = dosing.sites["cyp4f2"]
    read = _carried(calls, site, "T", "C")
    if read != "not-known" or result is None or not has_answer(result):
        return read
    if result.status is Status.CONFLICT:
        return "contradiction"
    if not result.diplotypes or site in _unread(result):
        return "not-known"
    carriers = frozenset(dosing.cyp4f2_carriers)
    found = {bool(carriers & set(each.haplotypes)) for each in result.diplotypes}
    if len(found) > 1:
        return "not-known"
    return "yes" if found.pop() else "no"

"""Why a drug is not green although no source advises a change: what its guidance asks of a result
that the result does not settle, and what acts beside it.

A light says "no change" only of what is known. Each reason is a phrase or sentence of its own, and
each word means one thing: indeterminate, in conflict, several results, not settled, not sure.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from fhir_pgx.cards.order import is_unremarkable
from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.phenotype import GeneResult, Status
from fhir_pgx.model.recommendation import DrugAdvice, Possible, given
from fhir_pgx.recommendation import DrugGroup

# Terms that say themselves that the phenotype is not sure, with those it may be. `Possible` is an
# allele of uncertain function beside one without any: it may be as bad as two without.
_MAY_BE: Final[Mapping[str, tuple[str, ...]]] = {
    "Likely Intermediate Metabolizer": ("Intermediate Metabolizer",),
    "Likely Poor Metabolizer": ("Poor Metabolizer",),
    "Possible Intermediate Metabolizer": ("Intermediate Metabolizer", "Poor Metabolizer"),
    "Possible Decreased Function": ("Decreased Function", "Poor Function"),
}
_ALSO_FITS: Final = "PGX-648"  # a diplotype of lower score that unphased reads cannot exclude
_UNSETTLED: Final[Mapping[Status, str]] = {
    Status.INDETERMINATE: "{} indeterminate",
    Status.CONFLICT: "results of {} disagree",
    Status.AMBIGUOUS: "several results of {} fit",
}


def unsettled(group: DrugGroup, results: Mapping[str, GeneResult]) -> tuple[str, ...]:
    """What any source asks for and a result on file does not settle. A gene without a usable
    result is none of these: it is missing."""
    found = []
    for gene in group.genes:
        result = results[gene]
        if result.status in (Status.NOT_TESTED, Status.NOT_CALLED):
            continue
        if alleles := _alleles_asked_for(group, gene):
            found += [
                f"{gene}{each} not settled by the result on file"
                for each in alleles
                if each not in result.allele_status
            ]
        elif result.status in _UNSETTLED:
            found.append(_UNSETTLED[result.status].format(gene))
        elif result.phenotype in ("Indeterminate", "n/a"):
            found.append(f"{gene} indeterminate")
        found += [_also_fits(each) for each in result.caveats if each.code == _ALSO_FITS]
    return tuple(found)


def _also_fits(caveat: Caveat) -> str:
    """`what was read of TPMT also fits *3B/*3C (Poor Metabolizer)`"""
    text = caveat.text.partition(";")[0]
    return text[:1].lower() + text[1:]


def _alleles_asked_for(group: DrugGroup, gene: str) -> list[str]:
    """The alleles of an HLA gene that any source has a row for; none of any other gene."""
    if not gene.startswith("HLA-"):
        return []
    keys = {key for entry in group.entries for key in entry.keys.get(gene, ())}
    return sorted({key.partition(" ")[0] for key in keys if key.startswith("*")})


def not_sure(
    group: DrugGroup,
    results: Mapping[str, GeneResult],
    changes: Callable[[Mapping[str, GeneResult]], bool],
) -> tuple[str, ...]:
    """Genes whose term is hedged, where a source has a row for what it may be, none for the hedged
    term, and the plain term would bring something to do. `changes` judges changed results."""
    found = []
    for gene in group.genes:
        result = results[gene]
        for plain in _MAY_BE.get(result.phenotype or "", ()):
            if not _passes_over(group, gene, result.phenotype or "", plain):
                continue
            sure = replace(result, phenotype=plain, lookup_keys=(plain,))
            if changes({**results, gene: sure}):
                found.append(
                    f"{gene} {result.phenotype}: a source advises a change for {plain}, "
                    "and does not speak of this term."
                )
                break
    return tuple(found)


def _passes_over(group: DrugGroup, gene: str, hedged: str, plain: str) -> bool:
    keys = [entry.keys[gene] for entry in group.entries if gene in entry.keys]
    return any(plain in each and hedged not in each for each in keys)


def of_one_group(advice: DrugAdvice, results: Mapping[str, GeneResult]) -> str:
    """The one group of patients that advice on an unusual result is for, where nobody knows whether
    the patient is of it (aspirin of at most 1 g a day, and no dose on file); empty else. For a
    usual result nothing is at stake."""
    for each in advice.leading:
        rows = given(each.answer)
        groups = {r.population_label for r in rows}
        unusual = not all(is_unremarkable(results[gene]) for r in rows for gene in r.genes)
        is_unknown = all(r.population_fit == "unknown" for r in rows)
        if unusual and is_unknown and len(groups) == 1 and "" not in groups:
            return groups.pop()
    return ""


def acted_on(advice: DrugAdvice) -> tuple[str, ...]:
    """A sentence for each thing beside the drug that acts on an enzyme of it, told of whichever
    source, and what a source without an answer for the genes would advise then."""
    said = [m.text for each in advice.sources for m in each.modifiers]
    for each in advice.sources:
        if each.stance != "leads":
            said += map(_would_be, each.possible)
    return tuple(dict.fromkeys(said))


def _would_be(possible: Possible) -> str:
    """`For CYP2D6 Poor Metabolizer: FDA: use with caution.`"""
    told = possible.recommendation
    about = [f"{gene} {term}" for gene, term in told.genes.items()]
    return f"For {', '.join(about)}: {told.summary}"


def sentence(reasons: Iterable[str]) -> str:
    """`CYP2D6 indeterminate; HLA-B*15:11 not settled by the result on file.`"""
    text = "; ".join(reasons)
    return f"{text[:1].upper()}{text[1:].rstrip('.')}." if text else ""


def untold(reasons: Sequence[str], text: str) -> list[str]:
    """The reasons that a line does not give already in its own words."""
    if text.startswith(("Results disagree", "Several readings")):
        return [each for each in reasons if "not settled" in each or "indeterminate" in each]
    return [
        each
        for each in reasons
        if each.replace(" indeterminate", " Indeterminate") not in text and each not in text
    ]

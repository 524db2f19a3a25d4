"""Whether a result could explain a reaction that is noted as an allergy or intolerance.

A drug-gene effect is often filed as an allergy: sedation by codeine in an ultrarapid metabolizer,
muscle pain by a statin. What is said here never denies an allergy. Reactions that genes of
metabolism do not explain (hives, a rash) are left alone, and so is one the other way about: a
result that predicts too little effect explains no sedation. An HLA allele speaks for a true
hypersensitivity where the reaction was one of the skin or of the whole body; no allele explains
that somebody was dizzy. The label stays in any case: the drug is not for that patient.
"""

import re
from collections.abc import Iterable, Sequence

from fhir_pgx.model.intolerance import Bearing
from fhir_pgx.model.recommendation import DrugAdvice, Recommendation
from fhir_pgx.recommendation.rulebook import DrugGroup, Rulebook

_NOTHING = ("No Result", "Indeterminate", "n/a")
_USUAL = ("standard", "no-recommendation")
_HLA = "HLA-"
_IMMUNE = re.compile(
    r"(?i)\b(?:anaphyla\w+|urticaria\w*|hives|wheals?|angio-?o?edema|bronchospasm|wheez\w+|rash\w*"
    r"|exanthema?\w*|maculopapular|erupti\w+|hypersensitivity|stevens|sjs|ten|toxic epidermal|dress"
    r"|eosinophilia|blister\w*|serum sickness|itch\w*|prurit\w+)\b"
)
# Beside these, what goes with such a reaction in the rest of the body.
_SYSTEMIC = re.compile(
    r"(?i)\b(?:fever\w*|febrile|pyrexia|hepatitis|hepat\w+|jaundice|liver|lymphaden\w+|mucos\w+"
    r"|necrolysis|peeling|desquamat\w+|skin|dermat\w+|erythema\w*|allerg\w+|swelling|o?edema\w*"
    r"|shock|nephritis|vasculitis|sores?|ulcers?|not stated|unknown|unspecified|other)\b"
)
# Abacavir's hypersensitivity shows in the bowel and the lungs as well (US label,
# boxed warning).
_SYSTEMIC_OF = {
    "abacavir": re.compile(
        r"(?i)\b(?:nausea|vomit\w*|diarrh\w+|abdominal|malaise|fatigue|tired\w*|achi\w+|dyspn\w+"
        r"|shortness|cough\w*|pharyngitis|sore throat|myalgia|arthralgia|headache)\b"
    )
}

_NO_EFFECT = re.compile(
    r"(?i)\b(?:ineffective|inefficac\w+|no (?:effect|benefit|relief|response)|not effective"
    r"|lack of (?:effect|efficacy|response|relief)|did not (?:work|help|respond)|does not work"
    r"|(?:inadequate|insufficient|poor) (?:\w+ )?(?:effect|relief|response|analgesia)"
    r"|(?:treatment|therapeutic|drug) failure)\b"
)
# What our own sentences on implications say, once `less active compounds` is out of them.
_TOO_MUCH = re.compile(
    r"(?i)\btoxic|\bside effects?|\badverse (?:events?|effects?|reactions?)\b|\bhigher\b"
    r"|\b(?:risk|probability|likelihood)\b|\bmyopath|\bh[ae]+moly|\bmyelosuppress"
)
_TOO_LITTLE = re.compile(
    r"(?i)\bdiminish|\bineffective|\bless\b|\blower\b|\bfailure\b|\bpoorer response"
    r"|\b(?:small|modest) chance"
)
_LESS_ACTIVE = re.compile(r"(?i)\bless active compounds\b|\bless likely\b")
_UNREMARKABLE = ("Normal Metabolizer", "Normal Function", "Normal")


def bearing_of(
    group: DrugGroup, advice: DrugAdvice, reactions: Iterable[str], rulebook: Rulebook
) -> Bearing | None:
    """None where the results explain nothing, and no missing one could.

    `reactions` are the manifestations as sent; where none is stated any may be meant.
    """
    stated = [reaction for reaction in reactions if reaction]
    is_immune = bool(stated) and all(_IMMUNE.search(reaction) for reaction in stated)
    if advice.unanswered is not None:
        return _untested(advice, is_immune=is_immune)
    telling = next((r for r in advice.recommendations if r.action not in _USUAL or r.tells), None)
    if telling is None:
        return None
    hla = _positive(telling)
    if hla:
        fits = not stated or any(_is_systemic(each, group.drug.name) for each in stated)
        return Bearing("hypersensitivity", hla, advice, fits=fits)
    genes = _telling_genes(telling)
    if not genes or is_immune or _is_the_other_way(telling, genes, stated):
        return None
    return Bearing("explains", genes, advice, _others(group, telling, rulebook))


def _is_systemic(reaction: str, drug: str) -> bool:
    """Whether a reaction is of the skin or the whole body, as immune reactions are; one that is
    noted as unknown may be."""
    of_drug = _SYSTEMIC_OF.get(drug)
    found = _IMMUNE.search(reaction) or _SYSTEMIC.search(reaction)
    return bool(found or (of_drug and of_drug.search(reaction)))


def _untested(advice: DrugAdvice, *, is_immune: bool) -> Bearing | None:
    missing = advice.unanswered
    if missing is None or missing.reason == "no-row" or not advice.important:
        return None
    hla = tuple(gene for gene in missing.genes if gene.startswith(_HLA))
    genes = hla if is_immune else missing.genes
    return Bearing("untested", genes, advice) if genes else None


def _positive(recommendation: Recommendation) -> tuple[str, ...]:
    return tuple(
        gene
        for gene, shown in recommendation.genes.items()
        if gene.startswith(_HLA) and shown.endswith("positive")
    )


def _telling_genes(telling: Recommendation) -> tuple[str, ...]:
    """The genes with a result, without those whose result is nobody's explanation where another's
    is: a normal one beside a poor one."""
    known = [
        gene
        for gene in telling.implications
        if not gene.startswith(_HLA) and telling.keys.get(gene, "No Result") not in _NOTHING
    ]
    odd = [gene for gene in known if telling.genes.get(gene) not in _UNREMARKABLE]
    return tuple(odd or known)


def _is_the_other_way(telling: Recommendation, genes: Iterable[str], stated: Sequence[str]) -> bool:
    """Whether the result predicts too little effect alone and no reaction stated is that, or too
    much alone and every one is. A reaction that nobody stated was noted as harm."""
    said = " ".join(_LESS_ACTIVE.sub("", telling.implications[gene]) for gene in genes)
    much, little = bool(_TOO_MUCH.search(said)), bool(_TOO_LITTLE.search(said))
    without = [bool(_NO_EFFECT.search(reaction)) for reaction in stated]
    if little and not much:
        return not any(without)
    return bool(stated) and much and not little and all(without)


def _others(group: DrugGroup, telling: Recommendation, rulebook: Rulebook) -> tuple[str, ...]:
    guidelines = {evidence.guideline for evidence in telling.evidence}
    names = (
        entry.rules.drug
        for entry in rulebook.entries
        if entry.guideline.id in guidelines and entry.rules.source == telling.source
    )
    # FDA's tables are one guideline of a hundred drugs: nothing follows from standing in it.
    if telling.source == "FDA":
        return ()
    return tuple(name for name in dict.fromkeys(names) if name != group.drug.name)

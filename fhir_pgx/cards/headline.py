"""The card's summary: one plain sentence under 140 code points (CDS Hooks, Card)."""

from collections.abc import Sequence

from fhir_pgx.cards.markdown import cut, plain
from fhir_pgx.model.recommendation import Recommendation

LIMIT = 139  # strictly fewer than 140
NO_RESULT = "No Result"
_SHORT = {
    "Ultrarapid Metabolizer": "UM",
    "Rapid Metabolizer": "RM",
    "Normal Metabolizer": "NM",
    "Intermediate Metabolizer": "IM",
    "Likely Intermediate Metabolizer": "likely IM",
    "Possible Intermediate Metabolizer": "possible IM",
    "Poor Metabolizer": "PM",
    "Likely Poor Metabolizer": "likely PM",
    "Malignant Hyperthermia Susceptibility": "MH susceptibility",
    "increased risk of aminoglycoside-induced hearing loss": "increased risk",
    "uncertain risk of aminoglycoside-induced hearing loss": "uncertain risk",
    "normal risk of aminoglycoside-induced hearing loss": "normal risk",
}


def capitalised(name: str) -> str:
    return name[:1].upper() + name[1:]


def gene_phrase(gene: str, phenotype: str) -> str:
    """`CYP2C19 Poor Metabolizer`, `HLA-B*57:01 positive`, `CYP2D6 score 1.5`."""
    if phenotype.startswith("*"):
        return f"{gene}{phenotype}"
    if phenotype[:1].isdigit() or phenotype.startswith("≥"):
        return f"{gene} score {phenotype}"
    return f"{gene} {phenotype}"


def headline(recommendations: Sequence[Recommendation]) -> str:
    """The weightiest advice in a sentence; shorter wordings are tried before any cutting.

    A gene without a result is named as such: advice that rests on part of the genes must not read
    as if it rested on all. Results that disagree are said to before anything is advised.
    """
    first = recommendations[0]
    drug = plain(capitalised(first.drug), 60)
    genes = {g: p for g, p in first.genes.items() if p != NO_RESULT}
    missing = [g for g, p in first.genes.items() if p == NO_RESULT]
    advice = first.summary
    others = {r.advice for r in recommendations if r.population != first.population}
    if first.population_label and others - {first.advice}:
        advice = f"For {first.population_label}: {_lowered(advice)}"
    if missing and first.action == "standard":
        advice = f"The advice rests on {' and '.join(genes)} alone."
    none = [f"no {gene} result" for gene in missing]
    disputed = any(caveat.code == "PGX-605" for caveat in first.caveats)
    full = ", ".join([*(gene_phrase(g, p) for g, p in genes.items()), *none])
    short = ", ".join([*(gene_phrase(g, _SHORT.get(p, p)) for g, p in genes.items()), *none])
    if disputed:
        lines = [
            f"{drug}: results disagree. If {about}: {_lowered(said)}"
            for said in (advice, first.summary)
            for about in (full, short)
        ]
    else:
        lines = [
            f"{drug}: {about}. {advice}" for about in (full, short, ", ".join([*genes, *none]))
        ]
    return next((line for line in lines if len(line) <= LIMIT), cut(lines[-1], LIMIT))


def _lowered(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]

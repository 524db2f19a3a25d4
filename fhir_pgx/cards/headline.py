"""The card's summary: one plain sentence under 140 code points (CDS Hooks, Card)."""

import re
from collections.abc import Sequence

from fhir_pgx.cards.markdown import cut, plain
from fhir_pgx.model.recommendation import DrugAdvice, Recommendation, weight

LIMIT = 139  # strictly fewer than 140
_VITAMIN = re.compile(r"^Vitamin ([a-z])\b")
# What stands for a gene that answers nothing: not tested, or tested without an answer.
NOTHING = {"No Result": "no {} result", "Not Called": "{} without an answer"}
PARTIAL = frozenset({"PGX-640", "PGX-652"})  # alleles that would not show and would matter
_LESS_TELLING = frozenset(
    {"Normal Metabolizer", "Normal Function", "Normal", "Uncertain Susceptibility", "Indeterminate"}
)
AGE_GROUPS = frozenset({"adult", "pediatric"})
# Where the sentence does not fit: the act alone, and where the rest stands.
_BRIEF = {
    "contraindicated": "Contraindicated: see the detail.",
    "avoid": "Avoid: see the detail.",
    "alternative": "Consider an alternative: see the detail.",
    "reduce-dose": "Lower dose: see the detail.",
    "increase-dose": "Higher dose: see the detail.",
    "adjust-dose": "Dose differs: see the detail.",
    "test": "Test before use: see the detail.",
    "continue-if-tolerated": "Continue with caution only: see the detail.",
    "monitor": "Titrate and monitor: see the detail.",
    "risk-stated": "Changed exposure or risk: see the detail.",
    "standard": "Usual dose: see the detail.",
    "no-recommendation": "No recommendation: see the detail.",
}
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
    """`Codeine`; `Vitamin C`."""
    return _VITAMIN.sub(lambda each: f"Vitamin {each[1].upper()}", name[:1].upper() + name[1:])


def gene_phrase(gene: str, phenotype: str) -> str:
    """`CYP2C19 Poor Metabolizer`, `CYP4F2 *1/*3`, `HLA-B*57:01 positive`, `CYP2D6 score 1.5`."""
    if phenotype.startswith("*") and gene.startswith("HLA-"):
        return f"{gene}{phenotype}"
    if phenotype[:1].isdigit() or phenotype.startswith("≥"):
        return f"{gene} score {phenotype}"
    return f"{gene} {phenotype}"


def headline(advice: DrugAdvice, *, is_closed: bool = False) -> str:
    """The weightiest advice in a sentence; shorter wordings are tried before any cutting.

    A gene without a result is named as such: advice that rests on part of the genes must not read
    as if it rested on all. Results that disagree, or that fit several readings, make it an "if".
    Where the leading source advises nothing new and another does, the sentence says that they
    differ. `is_closed`: every drug that is named instead is advised against for this patient too;
    the sentence then names none of them.
    """
    first = advice.recommendations[0]
    recommendations = next(
        each.answer
        for each in advice.leading
        if isinstance(each.answer, tuple) and first in each.answer
    )
    reassures = first.action in ("standard", "no-recommendation")
    continues = first.action == "continue-if-tolerated"
    against = _beside(advice)
    if not against and (reassures or continues):
        against = _possible(advice) or _against(advice)
    if not against and any(caveat.code == "PGX-654" for caveat in first.caveats):
        against = "Its copies are not counted: it may be Ultrarapid. See the detail."
    drug = plain(capitalised(first.drug), 60)
    # What decides stands first: a susceptible gene before one that is only uncertain.
    ordered = sorted(first.genes.items(), key=lambda each: each[1] in _LESS_TELLING)
    genes = {g: p for g, p in ordered if p not in NOTHING}
    none = [NOTHING[p].format(gene) for gene, p in first.genes.items() if p in NOTHING]
    is_partial = reassures and PARTIAL & {caveat.code for caveat in first.caveats}
    partial = " (partial test)" if is_partial else ""
    full = ", ".join([*(gene_phrase(g, p) for g, p in genes.items()), *none]) + partial
    short = ", ".join([*(gene_phrase(g, _SHORT.get(p, p)) for g, p in genes.items()), *none])
    short += partial
    brief = _BRIEF[first.action]
    doubt = _doubt(recommendations)
    inhibited = _inhibited(first) or _raised(first)
    full, short = full + inhibited, short + inhibited
    lines = []
    if against:
        sayings = [against]
    elif is_closed:
        sayings = [_closed(first)]
    else:
        is_partly = bool(none) and not advice.leading[0].is_computed
        sayings = [_advice(recommendations, list(genes), is_partly)]
        if first.population_fit == "holds" and len({r.population for r in recommendations}) == 1:
            sayings.append(first.summary)  # the detail says for whom: this patient
    for said in (*sayings, brief):
        for about in (full, short):
            if doubt:
                lines.append(f"{drug}: {doubt}. If {about}: {lowered(said)}")
            else:
                lines.append(f"{drug}: {about}. {said}")
    return next((line for line in lines if len(line) <= LIMIT), cut(lines[-1], LIMIT))


def shortened(summary: str) -> str:
    """A summary with its phenotypes in short: `PM`."""
    for phenotype, short in _SHORT.items():
        summary = summary.replace(phenotype, short)
    return summary


def act_of(recommendation: Recommendation) -> str:
    """What to do in two words: `Lower dose`."""
    return _BRIEF[recommendation.action].removesuffix(": see the detail.")


def _closed(first: Recommendation) -> str:
    instead = f"what {first.source} names instead is advised against too"
    said = f"{act_of(first)}; {instead}: see the detail."
    return f"For {first.population_label}: {lowered(said)}" if first.population_label else said


def _inhibited(first: Recommendation) -> str:
    """` (CYP2D6 inhibited by paroxetine)`, where a source's rule made the phenotype that counts."""
    rules = [m.short for m in first.modifiers if m.is_rule and m.effective is not None]
    return f" ({', '.join(rules)})" if rules else ""


def _raised(first: Recommendation) -> str:
    """What else raises the level of a drug whose dose is to be raised: `; voriconazole raises its
    levels`."""
    if first.action != "increase-dose":
        return ""
    slowing = [
        m.short
        for m in first.modifiers
        if any(
            i.role == "inhibitor" and i.strength in ("strong", "moderate") for i in m.interactions
        )
    ]
    return f"; {slowing[0]}" if slowing else ""


def _beside(advice: DrugAdvice) -> str:
    """What the drug's own guideline says of a medicine beside it: `CPIC advises against paroxetine
    beside it.`; nothing where the drug itself is advised against."""
    if advice.recommendations[0].action in ("contraindicated", "avoid", "alternative"):
        return ""
    shorts = [m.short for e in advice.leading for m in e.modifiers if m.advised_against]
    return f"{shorts[0]}: see the detail." if shorts else ""


def _possible(advice: DrugAdvice) -> str:
    """`Paroxetine may make it act as Poor Metabolizer: see the detail.`"""
    for each in advice.leading:
        for possible in each.possible:
            if possible.by_genes:
                shown = possible.recommendation.genes.get(possible.modifier.gene, "")
                act = _DOES.get(possible.recommendation.action, "another advice")
                return f"By the genes alone ({shown}): {act}; see the detail."
            agent = possible.modifier.interactions[0].agent
            shown = possible.recommendation.genes.get(possible.modifier.gene, "")
            return f"{capitalised(plain(agent, 40))} may make it act as {shown}: see the detail."
    return ""


_DOES = {
    "contraindicated": "contraindicated",
    "avoid": "avoid",
    "alternative": "an alternative",
    "reduce-dose": "a lower dose",
    "increase-dose": "a higher dose",
    "adjust-dose": "another dose",
    "test": "a test before use",
    "monitor": "monitoring",
}


_LEADS = {
    "continue-if-tolerated": "cautious continuation",
    "no-recommendation": "no recommendation",
}


def _against(advice: DrugAdvice) -> str:
    """`Sources differ: CPIC usual dose, DPWG a lower dose.`; empty where none differs in deed."""
    for each in advice.sources:
        if each.stance == "differs" and isinstance(each.answer, tuple):
            does = _DOES.get(min(each.answer, key=weight).action)
            if does:
                ours = _LEADS.get(advice.recommendations[0].action, "the usual dose")
                if advice.leading[0].is_computed:
                    ours = "a dose without the genes"
                return f"Sources differ: {advice.lead} {ours}, {each.source} {does}."
    return ""


def _advice(recommendations: Sequence[Recommendation], genes: list[str], partly: bool) -> str:
    first = recommendations[0]
    if partly and first.action == "standard":
        return f"The advice rests on {' and '.join(genes)} alone."
    others = {
        r.population for r in recommendations if r.advice != first.advice
    } - {first.population}  # fmt: skip
    alone = len({r.population for r in recommendations}) == 1
    if not first.population_label or not (others or (alone and first.population not in AGE_GROUPS)):
        return first.summary
    if first.population in AGE_GROUPS and others & AGE_GROUPS:
        # The age is not known here, or one group alone would be left.
        return (
            f"{_BRIEF[first.action].removesuffix(': see the detail.')}; adults and children differ."
        )
    return f"For {first.population_label}: {lowered(first.summary)}"


def _doubt(recommendations: Sequence[Recommendation]) -> str:
    """Why the headline is an "if"; empty where the result decides alone."""
    first = recommendations[0]
    if any(caveat.code == "PGX-605" for caveat in first.caveats):
        return "results disagree"
    rivals = {
        (r.advice, *r.genes.values()) for r in recommendations if r.population == first.population
    }
    advices, results = {rival[0] for rival in rivals}, {rival[1:] for rival in rivals}
    return "several readings" if len(advices) > 1 and len(results) > 1 else ""


def lowered(sentence: str) -> str:
    """The sentence after a colon; an abbreviation keeps its capitals."""
    head = sentence.split(" ", 1)[0]
    return sentence if sum(map(str.isupper, head)) > 1 else sentence[:1].lower() + sentence[1:]

"""The card of a new allergy or intolerance that a result may have to do with.

It informs and never says that a reaction is no allergy: what the record says is for the clinician.
"""

import uuid
from collections.abc import Mapping

from fhir_pgx.cards.advised import advised
from fhir_pgx.cards.context import CardContext
from fhir_pgx.cards.detail import INCOMPLETE, result_line, section, source_line, told
from fhir_pgx.cards.headline import LIMIT, NOTHING, capitalised, gene_phrase
from fhir_pgx.cards.markdown import cut, escape, plain
from fhir_pgx.cards.source import EXTENSION, SOURCES, topic
from fhir_pgx.cards.sources_table import sources_text
from fhir_pgx.model.card import Card, Facets, Link, Source
from fhir_pgx.model.intolerance import Bearing
from fhir_pgx.model.patient import Allergy
from fhir_pgx.model.phenotype import GeneResult

_NOT_DENIED = (
    "Whether the reaction was an allergy is not known here; that a result could explain it does "
    "not show that it does."
)
_NO_CLASS = (
    "The result speaks of this drug. Of itself it implies no allergy to a whole class of drugs: a "
    "class-wide entry may mislead."
)
_KEEP = (
    "Reactions that go with this allele are immune and can kill: keep the entry, and let nobody "
    "give the drug again on the strength of this card."
)
_OF_IT = "of the skin or of the whole body"
_NOT_STATED = (
    f"The entry states no reaction. If it was {_OF_IT} (rash, blisters, fever), this allele fits "
    "a true hypersensitivity: record what happened."
)
_DOES_NOT_FIT = (
    f"The reaction that is noted is not one {_OF_IT}: this allele does not explain it. It is a "
    "reason of its own not to give the drug."
)
_TEST = (
    "A missing or unusable result is not a normal result. A test may tell whether the genes "
    "explain the reaction; until then the entry stands as noted."
)
_TEST_HLA = (
    "A negative HLA result would not make the drug safe for somebody who has reacted to it: it is "
    "no ground to remove the entry."
)


def intolerance_card(
    allergy: Allergy,
    bearing: Bearing,
    results: Mapping[str, GeneResult],
    context: CardContext,
) -> Card:
    """An info card for one drug of one allergy or intolerance."""
    advice = bearing.advice
    source = advice.lead or advice.sources[0].source
    label, url = SOURCES[source]
    subject = topic(source, advice.drug, bearing.genes, f"reaction-{bearing.meaning}")
    first = advice.recommendations[0] if advice.lead else None
    rules = tuple(dict.fromkeys(r.rule for r in advice.recommendations))
    genes = dict.fromkeys(g for e in advice.sources for g in e.genes)
    parts = (
        _noted(allergy),
        section("What the result predicts", _predicted(bearing)),
        _advised(bearing),
        section("What follows for the record", _record(allergy, bearing)),
        section("Results", [result_line(gene, results) for gene in genes]),
        section("Limits", [told(INCOMPLETE)] if context.incomplete else []),
        f"{_source(bearing, source)} Knowledge release {context.knowledge_release}. This informs; "
        "the clinician decides.",
    )
    return Card(
        uuid=str(uuid.uuid5(context.namespace, f"{allergy.reference} {subject.code}")),
        summary=cut(_summary(allergy, bearing), LIMIT),
        indicator="info",
        source=Source(label, url, subject),
        detail="\n\n".join(part for part in parts if part),
        links=(Link(f"{source} guideline: {first.evidence[0].title}", first.evidence[0].url),)
        if first
        else (),
        rules=rules,
        extension={
            EXTENSION: {
                "allergies": [allergy.reference],
                "rules": list(rules),
                "knowledge": {"release": context.knowledge_release},
            }
        },
        facets=Facets(
            drug=advice.drug,
            rxcui=advice.rxcui,
            genes=bearing.genes,
            source=source,
            strength=first.strength if first else "",
            action=first.action if first else "not-tested",
        ),
    )


def _source(bearing: Bearing, source: str) -> str:
    answer = bearing.advice.recommendations
    return source_line(answer) if answer else f"**Source** {source}."


def _summary(allergy: Allergy, bearing: Bearing) -> str:
    reaction = "this reaction" if allergy.reactions else "a reaction"
    drug = plain(capitalised(bearing.advice.drug), 60)
    if bearing.meaning == "untested":
        none = f"no usable {' or '.join(bearing.genes)} result on file"
        return f"{drug}: {none}; a test could tell whether it explains {reaction}."
    shown = bearing.advice.recommendations[0].genes
    about = ", ".join(
        gene_phrase(g, shown[g]) for g in bearing.genes if shown.get(g) not in NOTHING
    )
    if bearing.meaning == "hypersensitivity":
        if not any(allergy.reactions):
            return f"{drug}: {about}; if the reaction was {_OF_IT}, it fits. Keep this entry."
        if not bearing.fits:
            return f"{drug}: {about} does not explain this reaction; keep this entry all the same."
        return f"{drug}: {about} fits a true hypersensitivity; keep this entry."
    return f"{drug}: {about} could explain {reaction}."


def _noted(allergy: Allergy) -> str:
    kind = f", noted as {allergy.kind}" if allergy.kind else ""
    reactions = "; ".join(escape(each, 80) for each in allergy.reactions[:5])
    told = f". Reaction: {reactions}" if reactions else ". No reaction is stated"
    return f"**Noted** {escape(allergy.label)}{kind}{told}."


def _predicted(bearing: Bearing) -> list[str]:
    lines = dict.fromkeys(
        f"{escape(gene)}: {escape(text, 600)}"
        for r in bearing.advice.recommendations
        for gene, text in r.implications.items()
        if gene in bearing.genes and r.genes.get(gene) not in NOTHING
    )
    return list(lines)


def _advised(bearing: Bearing) -> str:
    if bearing.advice.unanswered is not None:
        return ""
    table = sources_text(bearing.advice)
    return f"**What the sources advise on the drug** {escape(advised(bearing.advice), 1500)}" + (
        f"\n\n{table}" if table else ""
    )


def _record(allergy: Allergy, bearing: Bearing) -> list[str]:
    if bearing.meaning == "hypersensitivity":
        if not any(allergy.reactions):
            return [_NOT_STATED, _KEEP]
        return [_KEEP] if bearing.fits else [_DOES_NOT_FIT, _KEEP]
    if bearing.meaning == "untested":
        hla = any(gene.startswith("HLA-") for gene in bearing.genes)
        return [_TEST, *([_TEST_HLA] if hla else [])]
    others = escape(", ".join(bearing.others[:8]), 300)
    also = f" The same guideline speaks of {others}: judge each by this result." if others else ""
    return [_NOT_DENIED, _NO_CLASS + also]

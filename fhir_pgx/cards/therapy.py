"""What every card of precision therapy shares: who speaks, the lines of advice, the frame.

A line shows the drug, what the source says of it, in which disease, at which level, with the
evidence's id and date. What a source says and what we infer stay apart: a derived tier is called
derived.
"""

import uuid
from collections.abc import Sequence
from datetime import date, timedelta

from fhir_pgx.cards.context import CardContext
from fhir_pgx.cards.detail import INCOMPLETE, section, told
from fhir_pgx.cards.headline import LIMIT, capitalised
from fhir_pgx.cards.markdown import bold, cut, escape
from fhir_pgx.cards.source import EXTENSION, HOUSE, topic
from fhir_pgx.model.card import Card, Facets, Indicator, Link, Source, Suggestion
from fhir_pgx.model.dates import days_of
from fhir_pgx.model.drug import Coding
from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.therapy import AGAINST, EFFECTS, Effect, TherapyAdvice

SPEAKERS = {
    "CIViC": ("CIViC: clinical interpretation of variants in cancer", "https://civicdb.org/"),
    "FDA": ("U.S. Food and Drug Administration (FDA)", "https://www.fda.gov/"),
    "ELN": ("European LeukemiaNet (ELN)", "https://www.leukemia-net.org/"),
    "HIVDB": ("Stanford HIV Drug Resistance Database (HIVDB)", "https://hivdb.stanford.edu/"),
    "WHO": (
        "WHO catalogue of mutations in the M. tuberculosis complex",
        "https://www.who.int/publications/i/item/9789240082410",
    ),
    "HerpesDRG": (
        "HerpesDRG: herpesvirus drug resistance genotyping",
        "https://github.com/ojcharles/herpesdrg-db",
    ),
}
EFFECT_WORDS: dict[Effect, str] = {
    "contraindicated": "contraindicated",
    "avoid": "avoid",
    "not-indicated": "not indicated",
    "resistant": "resistance",
    "adverse-response": "adverse response",
    "reduced-sensitivity": "reduced sensitivity",
    "limited-effect": "little or no effect",
    "test-first": "a test comes first",
    "caution": "caution",
    "adjust-dose": "another dose",
    "sensitive": "sensitivity",
    "recommended": "named for this finding",
    "no-sensitivity": "evidence against sensitivity",
    "no-resistance": "evidence against resistance",
    "unknown": "effect not stated",
}
_OLD = timedelta(days=365)
_DECIDES = "This informs; the clinician decides."
FAULT = (
    "A fault of this service kept it from judging the {} findings. Read the reports by hand, and "
    "tell the operator: the log names the place."
)


def weight_of(advice: TherapyAdvice) -> tuple[int, int]:
    """Advice is listed by it: what speaks against first, then the source's level."""
    levels = ("FDA-label-limitation", "FDA-CDx", "FDA-label", "guideline", "A", "B", "C", "D", "E")
    level = advice.provenance.level
    return EFFECTS.index(advice.effect), levels.index(level) if level in levels else len(levels)


def is_old(as_of: str, today: date) -> bool:
    """Whether a source's date is more than twelve months back; one that says nothing is."""
    stated = days_of(as_of)
    return stated is None or today - stated[1] > _OLD


def source_words(advice: TherapyAdvice, today: date) -> str:
    """`FDA-label, FDA-label-hand:001, PMID 1; as of 2026-05; verify against the current label`."""
    about = advice.provenance
    level = about.level if about.level.startswith(about.system) else f"{about.system} {about.level}"
    named = [level.strip(), about.id] + [f"PMID {pmid}" for pmid in about.pmids[:2]]
    if about.rating:
        named.insert(1, f"rated {about.rating} of 5")
    said = ", ".join(escape(each, 120) for each in named if each)
    said += f"; as of {escape(about.as_of)}" if about.as_of else "; without a date"
    if about.by_hand or is_old(about.as_of, today):
        said += "; verify against the current label"
    return said


def advice_line(advice: TherapyAdvice, today: date) -> str:
    """One row as a line, in Markdown."""
    parts = [f"{bold(capitalised(advice.drug))}: {EFFECT_WORDS[advice.effect]}."]
    parts.append(f"{escape(advice.finding, 200)}; {escape(advice.context, 120)}.")
    if advice.summary:
        parts.append(escape(advice.summary, 500))
    if advice.conflicts:
        parts.append("Conflicting: another row says the opposite.")
    if advice.market:
        parts.append(f"{bold('Market status')}: {escape(advice.market, 200)}.")
    if advice.needs:
        parts.append("Holds if: " + "; ".join(escape(each, 200) for each in advice.needs) + ".")
    if advice.tier:
        parts.append(f"Tier derived by us: {escape(advice.tier)}.")
    return " ".join(parts) + f" ({source_words(advice, today)}.)"


def speaker_of(advice: Sequence[TherapyAdvice], subject: Coding) -> Source:
    """The one source that all of the card's advice is of, else ourselves."""
    sources = {each.provenance.source for each in advice}
    if len(sources) == 1 and (only := next(iter(sources))) in SPEAKERS:
        label, url = SPEAKERS[only]
        return Source(label, url, subject)
    return Source(HOUSE, None, subject)


def subject_of(advice: Sequence[TherapyAdvice], name: str, about: str, action: str) -> Coding:
    """The card's topic: stays the same for one subject, whatever the patient."""
    sources = sorted({each.provenance.source for each in advice}) or ["fhir_pgx"]
    return topic("-".join(sources), name, (about,) if about else (), action)


def therapy_card(
    *,
    subject: Coding,
    summary: str,
    indicator: Indicator,
    parts: Sequence[str],
    advice: Sequence[TherapyAdvice],
    context: CardContext,
    about: str,
    limits: Sequence[Caveat] = (),
    orders: Sequence[str] = (),
    suggestions: Sequence[Suggestion] = (),
    override_reasons: tuple[Coding, ...] = (),
    links: Sequence[Link] = (),
    derived_from: Sequence[str] = (),
    drug: str = "",
    rxcui: str = "",
    source: Source | None = None,
) -> Card:
    """The frame of every card of precision therapy.

    `about` makes the id: the reference of the order, or the name of what the card is of. `parts`
    are sections in Markdown; limits and the source come after them.
    """
    speaker = source or speaker_of(advice, subject)
    caveats = dict.fromkeys((*limits, *(c for each in advice for c in each.caveats)))
    caveats |= {INCOMPLETE: None} if context.incomplete else {}
    names = ", ".join(dict.fromkeys(each.provenance.source for each in advice)) or "fhir_pgx"
    body = (
        *parts,
        section("Limits", [told(caveat) for caveat in caveats]),
        f"**Source** {escape(names)}; knowledge release {context.knowledge_release}. {_DECIDES}",
    )
    rules = tuple(dict.fromkeys(each.rule for each in advice))
    origins = dict.fromkeys((*derived_from, *(r for each in advice for r in each.derived_from)))
    genes = tuple(dict.fromkeys(gene for each in advice for gene in each.genes))
    worst = min(advice, key=weight_of, default=None)
    facets = Facets(
        drug,
        rxcui,
        genes,
        source=worst.provenance.source if worst else "",
        strength=worst.provenance.level if worst else "",
        action=worst.effect if worst else "",
        serious=any(each.serious and each.effect in AGAINST for each in advice),
        others=tuple(dict.fromkeys((a.provenance.source, a.provenance.level) for a in advice)),
    )
    return Card(
        uuid=str(uuid.uuid5(context.namespace, f"{about} {subject.code}")),
        summary=cut(summary, LIMIT),
        indicator=indicator,
        source=speaker,
        detail="\n\n".join(part for part in body if part),
        suggestions=tuple(suggestions),
        override_reasons=override_reasons,
        links=tuple(links),
        orders=tuple(orders),
        rules=rules,
        facets=facets,
        extension={
            EXTENSION: {
                "orders": list(orders),
                "rules": list(rules),
                "derived_from": list(origins),
                "knowledge": {"release": context.knowledge_release},
            }
        },
    )


def fault_card(domain: str, context: CardContext) -> Card:
    """Told where a fault of ours costs a domain's answer: silence would read as nothing found."""
    code = topic("fhir_pgx", domain, (), "fault")
    return therapy_card(
        subject=code,
        summary=f"The {domain} findings could not be judged: read the reports by hand.",
        indicator="warning",
        parts=(escape(FAULT.format(domain), 400),),
        advice=(),
        context=context,
        about=f"fault {domain}",
    )

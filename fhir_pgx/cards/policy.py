"""Which cards a site's policy lets through, and how loud each may be.

A critical card is never left out, and never lowered, by level, strength, gene, drug, tier or
specialty: only its drug's name under `mute_critical`, with a reason, does it, and that for drug
response alone. Cards of precision therapy have rules of their own (`Policy.therapies`). What a
policy cannot judge (a card without facets: an order that names several drugs) it judges by its
indicator alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from fhir_pgx.cards.source import EXTENSION
from fhir_pgx.model.card import INDICATORS, Card, Facets, Indicator
from fhir_pgx.model.policy import Kept, Muted, Policy, Specialty, Tier, Why
from fhir_pgx.model.recommendation import ACTIONS
from fhir_pgx.model.therapy import Effect

MUTED = "org.fhir-pgx.muted"
_RANK = {indicator: rank for rank, indicator in enumerate(INDICATORS)}
# As what an effect of a therapy is sorted among the actions of drug response.
_AS_ACTIONS: dict[Effect, str] = {
    "not-indicated": "avoid",
    "resistant": "avoid",
    "adverse-response": "alternative",
    "reduced-sensitivity": "alternative",
    "limited-effect": "alternative",
    "test-first": "test",
    "caution": "monitor",
    "sensitive": "standard",
    "recommended": "standard",
    "no-sensitivity": "no-recommendation",
    "no-resistance": "no-recommendation",
    "unknown": "no-recommendation",
}
# Sources that a site may name; every other speaks as a guideline.
_SPEAKERS = ("CIViC", "FDA", "HIVDB", "WHO", "HerpesDRG")
_Verdict = tuple[Why, str] | None  # why a card is left out, and by what; None: it is shown


def apply_policy(
    cards: Iterable[Card],
    policy: Policy,
    *,
    hook: str,
    specialties: frozenset[str] = frozenset(),
) -> Kept:
    """The cards that remain: critical first, then by what must not be missed, and otherwise in the
    order they came in.

    `specialties` are the user's, as `fhir.practitioner.read_specialties` gives them.
    """
    shown: list[Card] = []
    muted: list[Muted] = []
    concerned = [each for each in policy.specialties if each.who & specialties]
    for card in cards:
        lowered = _lowered(card, policy.tiers, hook)
        verdict = _judge(lowered, policy, hook, concerned)
        if verdict is None:
            shown.append(lowered)
        else:
            why, by = verdict
            muted.append(Muted(card.rules, card.source.topic.code, card.indicator, why, by))
    shown.sort(key=_weight)
    return Kept(tuple(shown), tuple(muted))


def _weight(card: Card) -> tuple[int, int]:
    action = card.facets.action if card.facets else ""
    action = _AS_ACTIONS.get(action, action)  # type: ignore[call-overload]
    if action not in ACTIONS:  # nothing is advised yet: a test, or a clearer order, comes first
        action = "test"
    return _RANK[card.indicator], ACTIONS.index(action)


def split_at_cap(cards: Sequence[Card], most: int) -> tuple[tuple[Card, ...], tuple[Card, ...]]:
    """The cards that are sent in full, and those that the last card only names; of sorted cards.

    One of the `most` places is for that last card. Critical cards are sent in full beyond it.
    """
    if len(cards) <= most:
        return tuple(cards), ()
    critical = sum(card.indicator == "critical" for card in cards)
    kept = max(most - 1, critical)
    return tuple(cards[:kept]), tuple(cards[kept:])


def muted_extension(muted: Iterable[Muted]) -> dict[str, Any]:
    """The member of an answer's extension that counts what was left out; empty where nothing was.

    It names no drug: a card that the site silenced shall not be told by another way.
    """
    counts: dict[str, int] = {}
    for each in muted:
        counts[each.why] = counts.get(each.why, 0) + 1
    if not counts:
        return {}
    return {MUTED: {"cards": sum(counts.values()), "why": dict(sorted(counts.items()))}}


def _judge(card: Card, policy: Policy, hook: str, concerned: list[Specialty]) -> _Verdict:
    if card.indicator == "critical":
        return _judge_critical(card, policy)
    facets = card.facets
    if facets is not None:
        found = (
            _judge_therapy(card, facets, policy, hook)
            if facets.domain
            else _judge_by_facets(facets, policy, hook)
        )
        if found is None and concerned:
            found = _judge_by_specialty(facets, concerned)
        if found is not None:
            return found
    least = _least_indicator(policy, hook, concerned)
    return ("level", hook) if _RANK[card.indicator] > _RANK[least] else None


def _judge_critical(card: Card, policy: Policy) -> _Verdict:
    if card.facets is None or card.facets.domain:
        return None
    drug = _named(card.facets, policy.mute_critical)
    return ("mute-critical", drug) if drug else None


def _judge_by_facets(facets: Facets, policy: Policy, hook: str) -> _Verdict:
    drug = _named(facets, policy.mute_drugs)
    if drug:
        return "drug", drug
    if _is_muted_by_gene(facets, policy.mute_genes, policy.only_genes):
        return "gene", ", ".join(facets.genes)
    if policy.quiet_patient_view and hook == "patient-view" and not facets.serious:
        return "patient-view", hook
    if policy.strengths is not None and not _may_alert(facets, policy.strengths):
        return "strength", f"{facets.source} {facets.strength}"
    return None


def _judge_therapy(card: Card, facets: Facets, policy: Policy, hook: str) -> _Verdict:
    rules = policy.therapies
    if facets.domain in rules.mute_domains:
        return "domain", facets.domain
    drug = _named(facets, rules.mute_drugs)
    if drug:
        return "drug", drug
    if facets.genes and set(facets.genes) <= rules.mute_genes:
        return "gene", ", ".join(facets.genes)
    if policy.quiet_patient_view and hook == "patient-view" and card.indicator == "info":
        return "patient-view", hook
    named = _speakers(facets)
    if rules.sources is not None and named and not named & rules.sources:
        return "source", ", ".join(sorted(named))
    return None


def _speakers(facets: Facets) -> frozenset[str]:
    """`CIViC` and `CIViC B`, `FDA`, `guideline`; empty where the card rests on no row."""
    named: set[str] = set()
    for source, level in ((facets.source, facets.strength), *facets.others):
        if source:
            name = "FDA" if source.startswith("FDA") else source
            named.add(name if name in _SPEAKERS else "guideline")
            if name == "CIViC":
                named.add(f"CIViC {level}")
    return frozenset(named)


def _judge_by_specialty(facets: Facets, concerned: list[Specialty]) -> _Verdict:
    """Left out only where every specialty of the user does without it: the one who wears two hats
    hears what either should."""
    for each in concerned:
        if facets.domain:
            if facets.domain not in each.mute_domains:
                return None
        elif not (
            _named(facets, each.mute_drugs)
            or _is_muted_by_gene(facets, each.mute_genes, each.only_genes)
        ):
            return None
    return "specialty", ", ".join(each.name for each in concerned)


def _least_indicator(policy: Policy, hook: str, concerned: list[Specialty]) -> Indicator:
    usual = policy.least_indicator(hook)
    stated = [each.least_indicator or usual for each in concerned]
    return max(stated, key=_RANK.__getitem__) if stated else usual


def _is_muted_by_gene(facets: Facets, mute: frozenset[str], only: frozenset[str]) -> bool:
    """A card of several genes stays while any of them may speak."""
    if not facets.genes:
        return False
    genes = set(facets.genes)
    return genes <= mute or (bool(only) and not genes & only)


def _may_alert(facets: Facets, strengths: frozenset[str]) -> bool:
    """Whether any source that advises something does so with a strength that may alert. A card
    that tells of a missing result has no strength: `untested_cards` decides on it."""
    return not facets.strength or any(_levels_in(facets, strengths))


def _named(facets: Facets, drugs: frozenset[str] | Mapping[str, str]) -> str:
    """The name or code by which a list has the card's drug; empty where it has not."""
    return next(
        (name for name in (facets.drug.lower(), facets.rxcui) if name and name in drugs), ""
    )


def _lowered(card: Card, tiers: Iterable[Tier], hook: str) -> Card:
    """The card as loud as its tier allows; it says by which tier it was lowered."""
    tier = next((each for each in tiers if _is_of_tier(card, each, hook)), None)
    if tier is None or card.indicator == "critical":
        return card
    if _RANK[card.indicator] >= _RANK[tier.most_indicator]:
        return card
    ours = {**card.extension.get(EXTENSION, {}), "tier": tier.name}
    extension = {**card.extension, EXTENSION: ours}
    return replace(card, indicator=tier.most_indicator, extension=extension)


def _is_of_tier(card: Card, tier: Tier, hook: str) -> bool:
    """To be lowered every gene and source of a card must be of the tier, to be kept as it is any:
    a quiet part never quiets the rest."""
    if tier.hooks and hook not in tier.hooks:
        return False
    facets = card.facets
    if facets is None:
        return not (tier.drugs or tier.genes or tier.strengths or tier.actions or tier.domains)
    if facets.domain not in (tier.domains or ("",)):
        return False
    enough = any if tier.most_indicator == "critical" else all
    if tier.drugs and not _named(facets, tier.drugs):
        return False
    if tier.actions and facets.action not in tier.actions:
        return False
    if tier.genes and not (facets.genes and enough(gene in tier.genes for gene in facets.genes)):
        return False
    if tier.strengths and not facets.strength:
        return False
    return not tier.strengths or enough(_levels_in(facets, tier.strengths))


def _levels_in(facets: Facets, strengths: frozenset[str]) -> list[bool]:
    """For each source that advises something on the card, whether its strength is listed."""
    levels = ((facets.source, facets.strength), *facets.others)
    return [
        source in strengths or f"{source} {strength}" in strengths for source, strength in levels
    ]

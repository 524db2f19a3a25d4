"""The words of phenoconversion: who acts, when, and what the genes alone say.

Names of agents are those of our table; nothing that a resource wrote is repeated.
"""

from collections.abc import Sequence

from fhir_pgx.model.interactions import FoundInteraction, Restated
from fhir_pgx.model.knowledge import GeneRules
from fhir_pgx.model.phenotype import GeneResult, Status
from fhir_pgx.phenotype.adjusted_score import number_of, phenotypes_of

_ADVERBS = {"strong": "strongly ", "moderate": "moderately ", "unknown": ""}
_VERBS = {"inhibitor": "inhibit", "inducer": "induce"}
_PACE = {"inhibitor": "slowed", "inducer": "sped up"}
_LEVELS = {"inhibitor": "rise", "inducer": "fall"}
_DONE = {"inhibitor": "inhibited", "inducer": "induced"}


def by_genotype(result: GeneResult, rules: GeneRules) -> str:
    """`2.0 (Normal Metabolizer)`, each phenotype that is possible, or why there is none."""
    if result.status is Status.NOT_TESTED:
        return "not tested"
    phenotypes = phenotypes_of(result.lookup_keys, rules)
    if not phenotypes:
        return result.phenotype or "tested without an answer"
    only = result.lookup_keys[0] if len(result.lookup_keys) == 1 else ""
    if number_of(only) is not None:
        return f"{_score(only)} ({phenotypes[0]})"
    return " or ".join(phenotypes)


def in_brackets(result: GeneResult, rules: GeneRules) -> str:
    """The same with a comma, for a place that has brackets around it: `2.0, Normal Metabolizer`."""
    return by_genotype(result, rules).replace(" (", ", ").removesuffix(")")


def effective_words(result: GeneResult, rules: GeneRules) -> str:
    """What an adjusted score gives: `0.625, read as Intermediate Metabolizer,`."""
    phenotypes = " or ".join(phenotypes_of(result.lookup_keys, rules))
    score = result.activity_score
    if score is None or number_of(score) is None:
        return phenotypes
    return f"{_score(score)}, read as {phenotypes},"


def clause(deciding: Sequence[FoundInteraction]) -> str:
    """`Paroxetine (in use) strongly inhibits CYP2D6`, for one agent or several."""
    parts = []
    for role in dict.fromkeys(each.role for each in deciding):
        these = [each for each in deciding if each.role == role]
        strengths = {each.strength for each in these}
        how = _ADVERBS[these[0].strength] if len(strengths) == 1 else ""
        verb = _VERBS[role] + ("s" if len(these) == 1 else "")
        names = " and ".join(f"{each.agent} ({_note(each)})" for each in these)
        parts.append(f"{names} {how}{verb} {these[0].gene}")
    text = " and ".join(parts)
    return text[:1].upper() + text[1:]


def beside_clause(deciding: Sequence[FoundInteraction], known: str) -> str:
    """`CYP3A4 (genes not tested) may be slowed by voriconazole (in use; strong): levels may rise`,
    of an enzyme that works beside the one that the guideline asks for."""
    parts = [
        f"{_PACE[role]} by "
        + " and ".join(
            f"{each.agent} ({'; '.join(_strength_and_note(each))})"
            for each in deciding
            if each.role == role
        )
        for role in dict.fromkeys(each.role for each in deciding)
    ]
    roles = {each.role for each in deciding}
    turn = "rise or fall" if len(roles) > 1 else _LEVELS[deciding[0].role]
    return f"{deciding[0].gene} ({known}) may be {' and '.join(parts)}: levels may {turn}"


def beside_short(deciding: Sequence[FoundInteraction]) -> str:
    """`voriconazole raises its levels`."""
    names = " and ".join(each.agent for each in deciding)
    several = len(deciding) > 1
    if len({each.role for each in deciding}) > 1:
        return f"{names} act on its levels"
    state = deciding[0].state
    raises = deciding[0].role == "inhibitor"
    if state == "washing-out":
        return f"{names} may still {'raise' if raises else 'lower'} its levels"
    if state == "planned":
        return f"{names} will {'raise' if raises else 'lower'} its levels"
    return f"{names} {'raise' if raises else 'lower'}{'' if several else 's'} its levels"


def _strength_and_note(each: FoundInteraction) -> list[str]:
    return [*([each.strength] if each.strength != "unknown" else []), _note(each)]


def advised_against(
    said: Restated, named: Sequence[FoundInteraction], strengths: Sequence[str], whom: str
) -> str:
    """`CPIC's tamoxifen guideline itself advises against a moderate or strong CYP2D6 inhibitor
    beside tamoxifen: paroxetine (in use) is one.`"""
    graded = f"{', '.join(strengths[:-1])} or {strengths[-1]}" if strengths[1:] else strengths[0]
    drug = next(iter(said.drugs))
    names = " and ".join(f"{each.agent} ({_note(each)})" for each in named)
    are = "are such" if len(named) > 1 else "is one"
    return (
        f"{said.name} itself advises against a {graded} {said.gene} inhibitor beside {drug}"
        f"{whom}: {names} {are}."
    )


def also(others: Sequence[FoundInteraction]) -> str:
    """A sentence on those that did not decide, with a space before it; empty where there are
    none."""
    said = [f"{each.agent} ({_note(each)}), {_what(each)}" for each in others]
    return f" Also: {'; '.join(said)}." if said else ""


def short_words(gene: str, deciding: Sequence[FoundInteraction]) -> str:
    """`CYP2D6 inhibited by paroxetine`."""
    done = [
        f"{_DONE[role]} by " + " and ".join(each.agent for each in deciding if each.role == role)
        for role in dict.fromkeys(each.role for each in deciding)
    ]
    verb = {"washing-out": "may still be ", "planned": "to be "}.get(deciding[0].state, "")
    return f"{gene} {verb}{', '.join(done)}"


def _score(text: str) -> str:
    return text.replace("≥", "at least ")


def _note(each: FoundInteraction) -> str:
    """When it acts, and what makes its strength doubtful."""
    notes = [_time(each)]
    others = " or ".join(each.other_strengths)
    if each.strength == "unknown":
        notes.append(f"{others} by source" if others else "strength not known")
    elif others:
        notes.append(f"{others} by another source")
    if each.confidence == "low":
        notes.append("on the word of one source of low confidence")
    return "; ".join(notes)


def _time(each: FoundInteraction) -> str:
    if each.state == "active":
        return "in use"
    if each.state == "draft":
        return "being ordered"
    if each.state == "planned":
        return f"to begin on {each.when}" if each.when else "planned"
    stopped = f"stopped on {each.when}" if each.when else "stopped on a day not stated"
    if each.until:
        return f"{stopped}; may still act until {each.until}"
    return f"{stopped}; how long it still acts is not held here"


def _what(each: FoundInteraction) -> str:
    if each.strength == "unknown":
        return f"an {each.role}"
    return f"a {each.strength} {each.role}"

"""A way cut down to what a picture can hold, with a count of what is left out.

The list beside the picture has every step. What says that something was not seen, gave no answer
or disagrees is never left out, nor what speaks against a drug before what speaks for one.
"""

from collections import Counter
from dataclasses import replace

from fhir_pgx.workbench.drawings.way import State, Step, Way

MOST_BANDS = 8
_MOST = {"Resource": 6, "Variant": 6, "Diplotype": 4, "Modifier": 4}
_MOST_RULES_OF_ALL, _MOST_RULES = 10, 5  # that belong to no band; of a band
_MAY_GO: tuple[State, ...] = ("", "variant", "possible")
_NOUNS = {
    "Resource": "resource",
    "Variant": "variant",
    "Diplotype": "diplotype",
    "Modifier": "modifier",
    "Asked for": "profile",
    "Rule": "rule",
    "Finding": "finding",
    "Phenotype": "phenotype",
    "Source": "source",
}


def shortened(way: Way) -> Way:
    """The same way where it is small enough."""
    bands = way.bands[:MOST_BANDS]
    kept: list[Step] = []
    seen: Counter[tuple[str, str]] = Counter()
    gone: Counter[tuple[str, str]] = Counter()
    for step in way.steps:
        place = (step.column, step.band)
        if step.band and step.band not in bands:
            continue
        if step.state in _MAY_GO and seen[place] >= _most(step):
            gone[place] += 1
            continue
        seen[place] += 1
        kept.append(step)
    kept = _still_joined(way, kept, gone)
    held = {step.id for step in kept}
    joints = tuple(each for each in way.joints if each.start in held and each.end in held)
    left_out = [_words(*place, number) for place, number in gone.items()]
    left_out += [f"all of {band}" for band in way.bands[MOST_BANDS:]]
    return replace(
        way, bands=bands, steps=tuple(kept), joints=joints, left_out=(*way.left_out, *left_out)
    )


def _still_joined(way: Way, kept: list[Step], gone: Counter[tuple[str, str]]) -> list[Step]:
    """Without the boxes that led to left-out ones alone, or came from them alone: a profile whose
    rules are not drawn. Those are counted too."""
    after = {joint.start for joint in way.joints}
    before = {joint.end for joint in way.joints}
    while True:
        held = {step.id for step in kept}
        joints = [each for each in way.joints if each.start in held and each.end in held]
        leads, comes = {each.start for each in joints}, {each.end for each in joints}
        idle = [
            step
            for step in kept
            if step.state in (*_MAY_GO, "silent")
            and ((step.id in after - leads) or (step.id in before - comes))
        ]
        if not idle:
            return kept
        gone.update((step.column, step.band) for step in idle)
        kept = [step for step in kept if step not in idle]


def _most(step: Step) -> int:
    if step.column == "Rule":
        return _MOST_RULES if step.band else _MOST_RULES_OF_ALL
    return _MOST.get(step.column, 50)


def _words(column: str, band: str, number: int) -> str:
    noun = _NOUNS.get(column, column)
    return f"{number} {noun}{'s' * (number != 1)}" + (f" of {band}" if band else "")

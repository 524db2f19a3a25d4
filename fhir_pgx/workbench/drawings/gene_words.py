"""What a gene's track says in words: rows, positions, legend, and all of it in short."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from fhir_pgx.workbench.drawings.marks import STATES, base_mark, mark, ring
from fhir_pgx.workbench.drawings.svg import key_picture, shown

View = Mapping[str, Any]

MOST = 3  # diplotypes drawn; the others are told by number, and stand in the table


def positions_drawn(view: View) -> Sequence[View]:
    """The positions that stand side by side: all of them where any was looked at; else only those
    at which a drawn haplotype differs from the reference. The strip and the table have all."""
    if any(each["state"] not in ("not-tested", "not-stated") for each in view["positions"]):
        return list(view["positions"])
    sites = {base["site"] for base in _carried(view)}
    return [each for each in view["positions"] if each["site"] in sites]


def letter_of(bases: Sequence[str], ref: str) -> str:
    """One sign for what a definition has: the base, `+` for an insertion, `−` for a deletion, `±`
    where it leaves it open."""
    if len(bases) != 1:
        return "±"
    (base,) = bases
    if len(base) == len(ref) == 1:
        return base
    if len(base) == len(ref):
        return "↔"
    return "+" if len(base) > len(ref) else "−"


def row_name(haplotype: View, *, is_arranged: bool) -> str:
    """`*2 ×2 (No function)`."""
    if not is_arranged:
        return "Variants found, on which copy not known"
    parts = haplotype.get("parts", ())
    names = " + ".join(
        _short(part["allele"]) + ("" if part.get("copies", "1") == "1" else f" ×{part['copies']}")
        for part in parts
    )
    functions = {part.get("function") or part.get("activity", "") for part in parts} - {""}
    return f"{names} ({functions.pop()})" if len(functions) == 1 else names


def _short(allele: str) -> str:
    """`variant (T)` of `rs9923231 variant (T)`: the position's name stands above."""
    first, _, rest = allele.partition(" ")
    return rest if rest and first.startswith("rs") and first[2:].isdigit() else allele


def position_text(position: View) -> str:
    """`rs4244285, 94,781,859 G>A: variant, heterozygous (G/A)`."""
    change = f"{position['ref']}>{','.join(position['alts'])}"
    read = "; ".join(
        "/".join(each["alleles"]) for each in position.get("reads", ()) if each.get("alleles")
    )
    is_variant = position["state"] == "variant"
    said = [position["word"], position.get("zygosity", "") if is_variant else ""]
    text = f"{position['site']}, {position['position']:,} {change}: {', '.join(filter(None, said))}"
    text += f" ({read})" if read else ""
    hidden = position.get("could_change")
    return shown(f"{text}; could hide {', '.join(hidden)}" if hidden else text)


def describe(view: View) -> str:
    """The drawing in a sentence or two; the table has all of it."""
    counts: Mapping[str, int] = view.get("counts", {})
    words_of: dict[str, str] = {p["state"]: _plain(p["word"]) for p in view["positions"]}
    said = ", ".join(f"{counts[state]} {words_of[state]}" for state in STATES if state in counts)
    total = sum(counts.values())
    noun = "position" if total == 1 else "positions"
    text = f"{total} decision {noun} of {view['gene']}: {said}."
    names = [each["name"] for each in view.get("candidates", ())]
    if names:
        text += f" Haplotypes drawn: {' or '.join(names[:MOST])}."
    if view.get("could_change"):
        text += f" Not excluded, and could change the answer: {', '.join(view['could_change'])}."
    return shown(text)


def _plain(word: str) -> str:
    return word.partition(" on one copy")[0].partition(", on how many")[0]


def legend(view: View, prefix: str) -> list[tuple[Markup, str]]:
    """A mark and its words for everything that the track of this view shows."""
    hatch = f"{prefix}-key-hatch"
    found: dict[str, Markup] = {}
    for state in STATES:
        for each in view.get("positions", ()):
            if each["state"] == state:
                zygosity = each.get("zygosity", "") if state == "variant" else ""
                text = ", ".join(filter(None, (_plain(each["word"]), zygosity)))
                found[text] = mark(state, 9, 9, hatch=hatch, zygosity=zygosity)
    if any(each.get("could_change") for each in view.get("positions", ())):
        found["! not read, and what it may hide could change the answer"] = ring(9, 9)
    for base in _carried(view):
        text = f"a base of the haplotype, {base['word']}"
        letter = "±" if base["support"] == "open" else "A"
        found[text] = base_mark(base["support"], letter, 9, 9, hatch=hatch)
    return [(key_picture(shape, hatch), text) for text, shape in found.items()]


def _carried(view: View) -> Iterable[View]:
    for candidate in view.get("candidates", ())[:MOST]:
        for haplotype in candidate.get("haplotypes", ()):
            for part in haplotype.get("parts", ()):
                yield from part.get("carried", ())

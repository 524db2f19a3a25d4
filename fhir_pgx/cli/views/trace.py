"""A trace for a person: from what a resource states to the row of the guideline, as a tree.

What others stated and what we concluded are two words on two lines, never one.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from rich.console import RenderableType
from rich.text import Text
from rich.tree import Tree

from fhir_pgx.cli.views.genes import coverage_of, genotype_of, not_understood_view, subject_line
from fhir_pgx.cli.views.looks import ACTIONS, NO_CALL, REFERENCE, STATUSES, VARIANT, look_of
from fhir_pgx.cli.views.recommendations import cited, for_whom
from fhir_pgx.cli.views.screen import strong, words

STATED: Final = Text("stated", style="cyan")
CONCLUDED: Final = Text("concluded by us", style="green")
UNREAD: Final = "not read"  # as `reports.sites` writes it
_STANCES: Final[Mapping[str, str]] = {
    "leads": "leads",
    "agrees": "agrees",
    "agrees-in-part": "agrees in part",
    "differs": "differs",
    "states-risk": "states a risk",
    "silent": "has nothing to say",
}
_FITS: Final[Mapping[str, str]] = {
    "holds": "is this patient's",
    "likely": "is likely this patient's",
    "unknown": "may be this patient's",
    "no": "is not this patient's",
}


def trace_view(trace: Mapping[str, Any]) -> Iterator[RenderableType]:
    """The answer of `explain`, or the `trace` of a hook's answer."""
    yield subject_line(trace)
    for drug in trace.get("drugs", ()):
        yield ""
        yield _drug(drug)
    if trace.get("precision"):
        yield ""
        yield strong("Precision therapy")
        for each in trace["precision"]:
            yield _precision(each)
    yield from not_understood_view(trace)


def _drug(drug: Mapping[str, Any]) -> Tree:
    order = drug.get("order", "")
    tree = Tree(words(strong(drug["drug"].upper()), *([order] if order else [])))
    for gene, found in drug.get("genes", {}).items():
        _gene(tree.add(words(strong(gene))), found)
    for each in drug.get("modifiers", ()):
        kind = "rule" if each["is_rule"] else "caution"
        kind = "advised against" if each.get("advised_against") else kind
        below = tree.add(words(f"other medicines ({each['guideline']}, {kind}): {each['text']}"))
        if each.get("source"):
            below.add(words(f"source: {each['source']}"))
    for each in drug.get("populations", ()):
        why = "; ".join(each["why"])
        fit = _FITS.get(each["fit"], each["fit"])
        tree.add(words(f"population: {each['label']} ({each['guideline']}) {fit}: {why}"))
    _sources(tree, drug)
    for each in drug.get("doses", ()):
        who = f"{each['population_label']}: " if each.get("population_label") else ""
        tree.add(words(f"in numbers: {who}{each['text']}"))
    for each in drug.get("changes", ()):
        tree.add(words(f"would change it ({each['code']}): {each['text']}"))
    return tree


def _gene(tree: Tree, found: Mapping[str, Any]) -> None:
    for each in found.get("stated", ()):
        when = f", {each['when']}" if each.get("when") else ""
        presence = each["presence"].replace("-", " ")
        where = f"in {each['reference']}{when}"
        tree.add(words(STATED, f"{each['kind']} {each['value']} ({presence})", where))
    _positions(tree, found.get("variants", ()))
    result = found["concluded"]
    score = result.get("activity_score")
    said = [
        genotype_of(result),
        result.get("phenotype") or "",
        f"activity score {score}" if score and score != "n/a" else "",
        f"by {result['basis']}" if result.get("basis") else "",
        f"looked up as {', '.join(found['lookup_keys'])}" if found.get("lookup_keys") else "",
        f"positions {coverage}" if (coverage := coverage_of(result)) else "",
    ]
    text = "; ".join(part for part in said if part)
    below = tree.add(words(CONCLUDED, look_of(STATUSES, result["status"]).text(), text))
    for caveat in result["caveats"]:
        below.add(words(f"{caveat['code']} {caveat['text']}"))


def _positions(tree: Tree, calls: Sequence[Mapping[str, Any]]) -> None:
    """The positions that are not the reference's, each; how many were, in a number."""
    same = 0
    for call in calls:
        read = call["alleles"]
        if set(read) == {call.get("ref")}:
            same += 1
            continue
        look = NO_CALL if UNREAD in read else VARIANT
        where = f" {call['where']}" if call.get("where") else ""
        tree.add(
            words(look.text(), f"{call['site']} {'/'.join(read)} in {call['reference']}{where}")
        )
    if same:
        tree.add(words(REFERENCE.text(), f"at {same} positions"))


def _sources(tree: Tree, drug: Mapping[str, Any]) -> None:
    by_rule: dict[str, list[Mapping[str, Any]]] = {}
    for each in drug.get("recommendations", ()):
        by_rule.setdefault(each["rule"], []).append(each)
    for source in drug.get("sources", ()):
        stance = _STANCES.get(source["stance"], source["stance"])
        genes = " and ".join(source["genes"])
        below = tree.add(words(strong(source["source"]), f"by {genes} {stance}"))
        if source.get("unanswered"):
            below.add(words(source["unanswered"]["text"]))
        for rule in dict.fromkeys(source.get("rules", ())):
            for each in by_rule.get(rule, ()):
                _recommendation(below, each)
        for possible in source.get("possible", ()):
            row = possible["recommendation"]
            below.add(words(f"if {possible['if']} counts: {row['summary']} [{row['rule']}]"))
    if drug.get("unanswered"):
        tree.add(words(drug["unanswered"]["text"]))


def _recommendation(tree: Tree, each: Mapping[str, Any]) -> None:
    who, strength = for_whom(each), each.get("strength")
    below = tree.add(
        words(
            look_of(ACTIONS, each["action"]).text(),
            f"{f'{who}: ' if who else ''}{each['summary']}{f' ({strength})' if strength else ''}",
        )
    )
    keys = ", ".join(f"{gene} {key}" for gene, key in each.get("keys", {}).items())
    rows = ", ".join(row for row in each.get("source_rows", ()) if row)
    said = (f"rule {each['rule']}", keys and f"keys {keys}", rows and f"source row {rows}")
    below.add(words("; ".join(part for part in said if part)))
    for evidence in each.get("evidence", ()):
        below.add(words(cited(evidence)))


def _precision(each: Mapping[str, Any]) -> Tree:
    found = each["recommendation"]
    where = ", ".join(each.get("derived_from", ()))
    tree = Tree(words(strong(each["finding"]), f"({found['domain']}) in {where}"))
    fit = _FITS.get(found.get("population_fit", ""), "")
    context = f"; {each['context']} {fit}".rstrip() if each.get("context") else ""
    tree.add(words(f"the row asks for {each['asked_for']}{context}"))
    _recommendation(tree, found)
    if found.get("tier_derived"):
        tree.add(words(CONCLUDED, f"tier {found['tier_derived']}"))
    if found.get("opposed_by"):
        tree.add(words(f"other findings speak against it: {', '.join(found['opposed_by'])}"))
    return tree

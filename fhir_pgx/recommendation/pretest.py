"""Which tests a patient's drugs wait for, which one test serves most of them, and which orders for
a test ask for what is known or ordered already.

A gene counts as answered where any usable result of it came, in whatever form: nobody is tested
twice for want of one format. A result that was not called, or that is a tumour's alone, answers
nothing. One allele of an HLA gene is a test of its own: `*57:01 negative` says nothing of `*15:02`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from fhir_pgx.model.knowledge import Row
from fhir_pgx.model.levels import Level, Levels
from fhir_pgx.model.phenotype import GeneResult, Status
from fhir_pgx.model.recommendation import ACTIONS
from fhir_pgx.model.test_order import TestOrder
from fhir_pgx.model.test_plan import Need, RepeatedTest, TestPanel, TestPlan, Weight
from fhir_pgx.recommendation.rulebook import NO_RESULT, DrugEntry, DrugGroup

_NO_ANSWER = (Status.NOT_TESTED, Status.NOT_CALLED)
# A second test can settle these; of any other result it could only say the same again.
_UNSETTLED = (*_NO_ANSWER, Status.CONFLICT)
_UNREMARKABLE = ("Normal", "Indeterminate", "n/a", NO_RESULT)
# What was not read, and could change the result.
_PARTIAL = frozenset({"PGX-640", "PGX-646", "PGX-652"})


def is_answered(target: str, results: Mapping[str, GeneResult]) -> bool:
    """Whether a usable germline result of a gene, or of one HLA allele, is on file."""
    gene, star, allele = target.partition("*")
    result = results.get(gene)
    if result is None or result.status in _NO_ANSWER:
        return False
    if star:
        return f"*{allele}" in result.allele_status or any(
            key.startswith(f"*{allele} ") for key in result.lookup_keys
        )
    return bool(result.lookup_keys or result.diplotypes)


def targets_of(group: DrugGroup, levels: Mapping[str, Level]) -> dict[str, str]:
    """What a test must answer for one drug, each with its gene.

    Of an HLA gene these are the alleles that the first source with rows for it asks for. A gene
    that CPIC grades high counts even where the source computes its advice and has no rows.
    """
    found: dict[str, str] = {}
    for gene in group.genes:
        # A gene that only an equation asks for has no entry.
        entry = next((each for each in group.entries if gene in each.rules.genes), None)
        keys = entry.keys[gene] if entry else frozenset[str]()
        alleles = {key.partition(" ")[0] for key in keys if key.startswith("*")}
        if gene.startswith("HLA-") and alleles:
            found.update(dict.fromkeys((gene + allele for allele in sorted(alleles)), gene))
        else:
            found[gene] = gene
    for gene, level in levels.items():
        if level.is_high and gene not in found.values() and not gene.startswith("HLA-"):
            found[gene] = gene
    return found


def all_needs(group: DrugGroup, levels: Levels) -> tuple[Need, ...]:
    """What one drug waits for where nothing is on file: the same for every patient."""
    graded = levels.of(group.drug.rxcui, group.drug.name)
    needs = []
    for target, gene in targets_of(group, graded).items():
        level = graded.get(gene)
        weight, at_stake = _weight(group, gene, level), _at_stake(group, target)
        needs.append(Need(target, gene, group.drug.name, "", weight, level, at_stake))
    return tuple(needs)


def needs_of(
    needs: Iterable[Need],
    results: Mapping[str, GeneResult],
    *,
    order: str = "",
    in_use: bool = False,
) -> tuple[Need, ...]:
    """What one drug (`all_needs`) waits for in this patient, the weightiest first; nothing where
    all is answered.

    `order` is the `Type/id` that a card may speak of it by; without, it only helps to choose among
    tests. Genes that `results` does not hold are not ours to judge.
    """
    found = []
    for need in needs:
        if need.gene not in results or is_answered(need.target, results):
            continue
        # What a label asks for before the first dose is past for a medicine in use.
        weight = max(need.weight, Weight.HIGH) if in_use else need.weight
        found.append(replace(need, order=order, weight=weight))
    return tuple(sorted(found, key=lambda need: need.weight))


def _weight(group: DrugGroup, gene: str, level: Level | None) -> Weight:
    if level is not None:
        recommended = level.test_recommended and _is_serious(group, gene)
        if level.test_required or recommended:
            return Weight.BEFORE_USE
        if level.is_high:
            return Weight.HIGH
    important = any(each.important for each in group.entries if gene in each.rules.genes)
    return Weight.MATTERS if important else Weight.SOME


def _is_serious(group: DrugGroup, gene: str) -> bool:
    """Whether a result of the gene can bring advice that, ignored, ends in lasting harm."""
    return any(
        entry.guideline.advice[row.advice].serious and gene in row.keys
        for entry in group.entries
        for row in entry.rules.rows
    )


def _at_stake(group: DrugGroup, target: str) -> str:
    """The weightiest advice that a result could bring by the first source that has any for it; of
    equal ones that which rests on the fewest further genes."""
    gene, _, allele = target.partition("*")
    for entry in group.entries:
        if gene not in entry.rules.genes:
            continue
        rows = [row for row in entry.rules.rows if _speaks(row.keys.get(gene, NO_RESULT), allele)]
        if not rows:
            continue
        row = min(rows, key=lambda row: _order(row, entry))
        advice = entry.guideline.advice[row.advice]
        if advice.action in ("standard", "no-recommendation"):
            continue
        named = [_shown(each, row) for each in row.keys if _others(row, each) or each == gene]
        name = entry.rules.drug
        said = advice.summary.replace("{drug}", name).replace("{Drug}", name[:1].upper() + name[1:])
        population = entry.guideline.populations[row.population]
        who = "" if population.code == "general" else f" ({population.label})"
        return f"{entry.rules.source}, {' with '.join(named)}{who}: {said}"
    return ""


def _speaks(key: str, allele: str) -> bool:
    """Whether a key is a finding that a test could bring, of the allele where one is asked for."""
    if allele:
        return key == f"*{allele} positive"
    return not key.startswith(_UNREMARKABLE) and not key.endswith("negative")


def _others(row: Row, gene: str) -> bool:
    key = row.keys[gene]
    shown = row.phenotypes.get(gene) or key
    return not shown.startswith(_UNREMARKABLE) and not key.endswith("negative")


def _order(row: Row, entry: DrugEntry) -> tuple[bool, int, int, bool]:
    advice = entry.guideline.advice[row.advice]
    others = sum(_others(row, gene) for gene in row.keys)
    plain = any(phenotype.startswith("Poor") for phenotype in row.phenotypes.values())
    return not advice.serious, ACTIONS.index(advice.action), others, not plain


def _shown(gene: str, row: Row) -> str:
    shown = row.phenotypes.get(gene) or row.keys[gene]
    if shown.startswith("*"):
        return f"{gene}{shown}"
    return f"{gene} score {shown}" if shown[:1].isdigit() else f"{gene} {shown}"


def plan_tests(
    needs: Iterable[Need], orders: Sequence[TestOrder], panels: Sequence[TestPanel]
) -> TestPlan:
    """The one test that serves most of what the drugs wait for.

    The weightiest needs count first, a drug once for each target; of tests that serve them alike
    the one that reads least, then the one that stands first. What an order, drafted or in force, is
    to answer for already is not asked for again.
    """
    needs = tuple(needs)
    targets = dict.fromkeys(need.target for need in needs)
    ordered = {
        target: order
        for target in targets
        if (order := next((o for o in orders if o.asks_for(target)), None)) is not None
    }
    waiting = [n for n in needs if n.target not in ordered and n.weight < Weight.SOME]
    told = tuple(ordered.items())
    # A test is proposed for what is ordered now; medicines in use then choose among the tests.
    now = {need.target for need in waiting if need.order}
    serving = [panel for panel in panels if any(map(panel.finds, now))]
    if not serving:
        return TestPlan(
            needs, told, left=tuple(dict.fromkeys(n.target for n in waiting if n.order))
        )

    def served(panel: TestPanel) -> tuple[int, ...]:
        found = [need.weight for need in waiting if panel.finds(need.target)]
        alleles = sum("*" in target for target in panel.reads)
        return *(-found.count(weight) for weight in Weight), len(panel.reads), -alleles

    panel = min(serving, key=served)
    wanted = tuple(dict.fromkeys(need.target for need in waiting))
    return TestPlan(
        needs,
        told,
        panel,
        tuple(target for target in wanted if panel.finds(target)),
        tuple(target for target in wanted if target in now and not panel.finds(target)),
    )


def repeated_tests(
    drafts: Sequence[TestOrder],
    running: Sequence[TestOrder],
    results: Mapping[str, GeneResult],
) -> tuple[RepeatedTest, ...]:
    """The drafted tests of which a part is known, ordered or drafted already; equal drafts once.

    A result in conflict with another is no reason against a test: a further one may settle it.
    """
    alike: dict[tuple[object, ...], list[TestOrder]] = {}
    for draft in drafts:
        if draft.genes or draft.is_panel:  # of some genetic test nobody can tell what it repeats
            asked = (frozenset(draft.genes), frozenset(draft.alleles), draft.may_be_any)
            alike.setdefault(asked, []).append(draft)
    found = []
    for equal in alike.values():
        first = equal[0]
        asked_for = first.alleles or first.genes or tuple(results)
        known = tuple(each for each in asked_for if _is_settled(each, results))
        named = {order.reference for order in equal}
        same = tuple(
            order
            for order in running
            if order.reference not in named and _answers_all(order, first)
        )
        if known or same or len(equal) > 1:
            unknown = () if first.may_be_any else tuple(e for e in asked_for if e not in known)
            partial = tuple(each for each in known if _is_partial(each, results))
            found.append(RepeatedTest(tuple(equal), known, partial, unknown, same))
    return tuple(found)


def _is_settled(target: str, results: Mapping[str, GeneResult]) -> bool:
    result = results.get(target.partition("*")[0])
    return result is not None and result.status not in _UNSETTLED and is_answered(target, results)


def _is_partial(target: str, results: Mapping[str, GeneResult]) -> bool:
    """Whether a fuller test may find what the one before did not look for."""
    gene, star, _ = target.partition("*")
    result = results[gene]
    if result.status is Status.AMBIGUOUS:
        return True
    if result.coverage is not None and result.coverage.could_change:
        return True
    if any(caveat.code in _PARTIAL for caveat in result.caveats):
        return True
    # Single alleles were looked for; a typing of the gene finds every one.
    return bool(result.allele_status) and not star and not result.alleles


def _answers_all(order: TestOrder, draft: TestOrder) -> bool:
    """Whether an order in force is to answer for everything a draft asks for."""
    if draft.may_be_any:
        return order.may_be_any
    return all(order.asks_for(target) for target in _asked(draft))


def _asked(draft: TestOrder) -> Iterator[str]:
    yield from draft.alleles or draft.genes

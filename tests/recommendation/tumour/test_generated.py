"""Every strong row of the knowledge, by findings that are made from its own profile: it is met, it
is shown in its own cancer, and without any one of the findings it is not."""

from collections import Counter

import pytest

from fhir_pgx.model.therapy import AGAINST
from fhir_pgx.model.tumour import Alteration, Marker
from fhir_pgx.recommendation.tumour import Findings, TumourRules, board_of
from fhir_pgx.recommendation.tumour.profile import atoms_of, evaluate
from fhir_pgx.recommendation.tumour.tiers import is_strong

from .made import cancer
from .satisfy import meeting

# What no report of a tumour can meet here: HLA types, pharmacogenes, domains without a list of
# changes, and what only words describe.
NEVER = {"other", "kinase-domain", "domain", "genotype", "hla", "phosphorylation"}
# A silent change (p.Ile1145Ile) is no mutation that a therapy rests on.
SILENT = {"CIViC:EID675"}


@pytest.fixture(scope="module")
def rules(knowledge):
    return TumourRules(knowledge.therapies.tumour)


@pytest.fixture(scope="module")
def strong(rules):
    return [row for row in rules.rows if is_strong(row.provenance) and row.id not in SILENT]


def findings(groups):
    found = [each for group in groups for each in group]
    return Findings(
        [each for each in found if isinstance(each, Alteration)],
        [each for each in found if isinstance(each, Marker)],
    )


def test_every_strong_row_is_met_by_findings_made_from_it(rules, strong):
    """All of CIViC A and B, of the labels, companion diagnostics and guidelines."""
    unmet, never = [], Counter()
    for row in strong:
        groups = meeting(row.profile, row.origin)
        if groups is None:
            never.update({atom.kind for atom in atoms_of(row.profile)} & NEVER or {"unexplained"})
            continue
        outcome = evaluate(row.profile, findings(groups), row.origin, rules.stored)
        if outcome.truth != "met":
            unmet.append((row.id, outcome))
    assert unmet == []
    assert never.keys() <= NEVER
    assert sum(never.values()) < 60


def test_no_strong_row_is_met_where_a_finding_it_needs_is_gone(rules, strong):
    wrong = []
    for row in strong:
        groups = meeting(row.profile, row.origin) or []
        has_negation = "NOT" in str(row.profile) or "op='not'" in repr(row.profile)
        for place in range(len(groups)):
            left = groups[:place] + groups[place + 1 :]
            truth = evaluate(row.profile, findings(left), row.origin, rules.stored).truth
            # Of several negatives of one gene one is enough to deny a fusion of it.
            if truth == "met" and not has_negation:
                wrong.append(row.id)
    assert wrong == []


def test_every_strong_row_on_a_therapy_is_shown_in_its_own_cancer_or_barred(rules, strong):
    """A row is hidden only where its drug is withdrawn, or a label says of the same drug and
    finding that it is not for them."""
    hidden = []
    for row in strong:
        groups = meeting(row.profile, row.origin)
        told = row.effect in ("sensitive", "recommended") or row.effect in AGAINST
        if groups is None or not told or rules.market.bars(row):
            continue
        board = board_of(rules, findings(groups), cancer(row.doid or "DOID:162"))
        parts = (board.options, board.conditional, board.elsewhere, board.resistance)
        shown = {held.row.id for part in parts for option in part for held in option.rows}
        on_label = {
            held.drugs
            for option in board.resistance
            for held in option.rows
            if held.row.provenance.system == "FDA"
        }
        drugs = frozenset(drug.rxcui or drug.name for drug in row.drugs)
        if row.id not in shown and drugs not in on_label:
            hidden.append(row.id)
    assert hidden == []


def test_no_case_level_row_is_ever_an_option(rules):
    """Each row of CIViC C, D and E, by its own findings, in its own cancer."""
    wrong = []
    for row in rules.rows:
        groups = None if is_strong(row.provenance) else meeting(row.profile, row.origin)
        if groups is None:
            continue
        board = board_of(rules, findings(groups), cancer(row.doid or "DOID:162"))
        firsts = [option.rows[0] for option in (*board.options, *board.conditional)]
        wrong += [row.id for held in firsts if not is_strong(held.row.provenance)]
    assert wrong == []

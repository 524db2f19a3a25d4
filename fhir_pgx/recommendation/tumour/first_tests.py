"""The results that a label asks for before a drug, and whether a usable one is on file.

Not tested is not negative. A negative of plasma settles nothing: tissue would. Where the cancer is
another than the label row's, nothing is asked.
"""

from collections.abc import Iterable

from fhir_pgx.model.therapy import TherapyDrug
from fhir_pgx.model.tumour import Atom, Cancer, TestFirst
from fhir_pgx.model.tumour_answer import MissingTest, Outcome
from fhir_pgx.recommendation.tumour.atoms import atom_outcome
from fhir_pgx.recommendation.tumour.drugs import is_same
from fhir_pgx.recommendation.tumour.findings import Findings
from fhir_pgx.recommendation.tumour.profile import evaluate
from fhir_pgx.recommendation.tumour.rules import TumourRules

NOT_ON_FILE = "no result on file"


def missing_tests(
    drug: TherapyDrug, rules: TumourRules, findings: Findings, cancer: Cancer | None
) -> tuple[MissingTest, ...]:
    """What is to come before the drug in this cancer; of an unknown cancer with `fit` unknown."""
    found = []
    for test in rules.knowledge.tests_first:
        if not is_same(test.drug, drug):
            continue
        fit = rules.diseases.fits_node(test.doid, cancer)
        if fit == "other":
            continue
        missing = [
            (name, why, _genes(atoms))
            for name, atoms in test.tests
            if (why := _missing(atoms, findings, rules)) is not None
        ]
        if missing:
            found.append(
                MissingTest(
                    test,
                    tuple(name for name, _, _ in missing),
                    tuple(why for _, why, _ in missing),
                    tuple(dict.fromkeys(gene for _, _, genes in missing for gene in genes)),
                    fit,
                )
            )
    return tuple(found)


def denied_tests(
    drug: TherapyDrug, rules: TumourRules, findings: Findings, cancer: Cancer | None
) -> tuple[TestFirst, ...]:
    """The tests of the drug in this cancer where every label row that names it by a finding is
    denied by what is on file: it was looked for, and is not there."""
    asked = [
        test
        for test in rules.knowledge.tests_first
        if is_same(test.drug, drug)
        and rules.diseases.fits_node(test.doid, cancer) in ("same", "any")
    ]
    rows = [
        row
        for row in rules.label_rows
        if rules.diseases.fit(row, cancer) in ("same", "any")
        and any(is_same(each, drug) for each in row.drugs)
    ] if asked else []  # fmt: skip
    truths = {evaluate(row.profile, findings, row.origin, rules.stored).truth for row in rows}
    return tuple(asked) if truths == {"not-met"} else ()


def _missing(atoms: Iterable[Atom], findings: Findings, rules: TumourRules) -> str | None:
    """Why a test has no usable answer; None where any of its atoms is answered."""
    outcomes: list[Outcome] = [atom_outcome(atom, findings, "", rules.stored) for atom in atoms]
    if any(each.truth != "unknown" for each in outcomes):
        return None
    whys = dict.fromkeys(why for each in outcomes for why in each.why)
    return "; ".join(whys) or NOT_ON_FILE


def _genes(atoms: Iterable[Atom]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(gene for atom in atoms for gene in atom.genes if gene.isalnum()))

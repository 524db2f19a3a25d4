"""The results that a label asks for before a drug, and whether a usable one is on file.

Not tested is not negative. A negative of plasma settles nothing: tissue would. Where the cancer is
another than the label row's, nothing is asked.
"""

from collections.abc import Iterable
from dataclasses import replace

from fhir_pgx.model.finding import Presence, SourceClass
from fhir_pgx.model.therapy import TherapyDrug
from fhir_pgx.model.tumour import Atom, Cancer, TestFirst, TumourRow
from fhir_pgx.model.tumour_answer import MissingTest, Outcome
from fhir_pgx.recommendation.tumour.atoms import atom_outcome
from fhir_pgx.recommendation.tumour.findings import SOLID, Findings
from fhir_pgx.recommendation.tumour.profile import atoms_of, evaluate, positive_atoms
from fhir_pgx.recommendation.tumour.rules import TumourRules
from fhir_pgx.recommendation.tumour.structural import ANY_PARTNER

NOT_ON_FILE = "no result on file"


def missing_tests(
    drug: TherapyDrug, rules: TumourRules, findings: Findings, cancer: Cancer | None
) -> tuple[MissingTest, ...]:
    """What is to come before the drug in this cancer; of an unknown cancer with `fit` unknown."""
    found = []
    for test in rules.tests_of(drug):
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
    drug: TherapyDrug,
    rules: TumourRules,
    findings: Findings,
    cancer: Cancer | None,
    *,
    is_whole: bool = True,
) -> tuple[TestFirst, ...]:
    """The tests of the drug in this cancer that were answered, and by no answer meet a label row
    that names it by them: it was looked for, and what was looked for is not there. `is_whole`:
    every test of the drug has a usable answer."""
    asked = [
        test
        for test in rules.tests_of(drug)
        if rules.diseases.fits_node(test.doid, cancer) in ("same", "any")
    ]
    rows = [
        row
        for row in (rules.label_rows_of(drug) if asked else ())
        if rules.diseases.fit(row, cancer) in ("same", "any")
    ]
    truths = {each: _truths(rows, findings, rules, each) for each in ("FDA-label", "FDA-CDx")}
    # The label itself says more than the list of its companion diagnostics.
    is_denied_by_label = truths["FDA-label"] == {"not-met"}
    is_met_by_test = "met" in truths["FDA-CDx"] and not is_denied_by_label
    if not rows or "met" in truths["FDA-label"] or is_met_by_test:
        return ()
    is_all_denied = (truths["FDA-label"] or truths["FDA-CDx"]) == {"not-met"}
    named = {_about(atom) for row in rows for atom in positive_atoms(row.profile)}
    barred = {_about(atom) for row in rows for atom in atoms_of(row.profile)} - named
    denied = []
    for test in asked:
        atoms = [atom for _, of_test in test.tests for atom in of_test]
        found = {atom_outcome(atom, findings, "", rules.stored).truth for atom in atoms}
        about = {_about(atom) for atom in atoms}
        if "met" in found:
            # What is to be excluded before a drug (EGFR before atezolizumab) was found; or the gene
            # has a mutation, and not one that a label row names (KRAS G12D before sotorasib).
            is_barred = bool(about & barred) and is_all_denied
            is_denied = is_barred or (is_whole and bool(about & named))
        else:
            is_denied = is_whole and "not-met" in found and bool(about & named)
        if is_denied:
            answered = [each for each in test.tests if _missing(each[1], findings, rules) is None]
            denied.append(replace(test, tests=tuple(answered)))
    return tuple(denied)


def _truths(
    rows: Iterable[TumourRow], findings: Findings, rules: TumourRules, level: str
) -> set[str]:
    return {
        evaluate(row.profile, findings, row.origin, rules.stored).truth
        for row in rows
        if row.provenance.level == level
    }


def _about(atom: Atom) -> tuple[str, ...]:
    if atom.marker is not None:
        return (atom.marker.name.partition("-")[0],)
    return tuple(gene for gene in atom.genes if gene not in ANY_PARTNER) or atom.alleles[:1]


def _missing(atoms: Iterable[Atom], findings: Findings, rules: TumourRules) -> str | None:
    """Why a test has no usable answer; None where any of its atoms is answered."""
    held = tuple(atoms)
    outcomes: list[Outcome] = [atom_outcome(atom, findings, "", rules.stored) for atom in held]
    if any(each.truth != "unknown" for each in outcomes):
        return None
    whys = dict.fromkeys(why for each in outcomes for why in each.why)
    partly = dict.fromkeys(
        f"{each.label} was not found; of the rest of {gene} nothing is on file"
        for gene in dict.fromkeys(gene for atom in held for gene in atom.genes)
        for each in findings.of(gene)
        if each.presence is Presence.ABSENT
        and (each.protein is not None or each.exons or each.coding)
        and each.specimen in SOLID
        and each.source_class is not SourceClass.GERMLINE
    )
    return "; ".join([*whys, *partly]) or NOT_ON_FILE


def _genes(atoms: Iterable[Atom]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(gene for atom in atoms for gene in atom.genes if gene.isalnum()))

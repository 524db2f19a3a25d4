"""How long a chart and an order take: `python -m tests.recommendation.tumour.measure`.

60 variants and 20 biomarkers: once 6 drivers among passengers, as a panel reports them; once a
change of 60 genes that rows are about, which no tumour has.
"""

import sys
import time

from fhir_pgx.knowledge import load_knowledge
from fhir_pgx.model.therapy import TherapyDrug
from fhir_pgx.recommendation.tumour import Findings, TumourRules, board_of, judge
from fhir_pgx.recommendation.tumour.profile import atoms_of

from .made import cancer, marker, small

DRIVERS = (
    ("EGFR", "L858R"), ("KRAS", "G12D"), ("TP53", "R175H"), ("PIK3CA", "H1047R"),
    ("BRAF", "V600E"), ("PTEN", "R130*"),
)  # fmt: skip
MARKERS = [
    marker("MSI", "stable"), marker("MMR", "proficient"), marker("TMB", number=12),
    marker("PD-L1", number=60, scale="TPS"), marker("HER2-IHC", number=1),
    *(marker("PD-L1", number=n, scale="CPS", clone=str(n)) for n in range(15)),
]  # fmt: skip


def panel():
    """Six drivers, and 54 changes of uncertain significance in other genes."""
    passengers = [small(f"GENE{n}", "A10V", significance="uncertain") for n in range(54)]
    return [small(gene, change) for gene, change in DRIVERS] + passengers


def crowded(rules):
    """An exact change of each of 60 genes that rows are about."""
    found = {gene: small(gene, change) for gene, change in DRIVERS}
    for row in rules.rows:
        for atom in atoms_of(row.profile):
            if atom.kind == "protein" and len(found) < 60:
                found.setdefault(atom.genes[0], small(atom.genes[0], atom.protein[0]))
    return list(found.values())


def milliseconds(work, times=20):
    work()
    start = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - start) / times * 1e3


def main():
    rules = TumourRules(load_knowledge().therapies.tumour)
    patient = cancer("DOID:3908")
    cetuximab = TherapyDrug("cetuximab", "318341")
    for name, found in (("panel", panel()), ("crowded", crowded(rules))):
        chart = milliseconds(lambda f=found: board_of(rules, Findings(f, MARKERS), patient))
        order = milliseconds(lambda f=found: judge(cetuximab, rules, Findings(f, MARKERS), patient))
        sys.stdout.write(f"{name}: chart {chart:.1f} ms, order {order:.1f} ms\n")


if __name__ == "__main__":
    main()

"""The drugs and genes that rows of precision therapy name: what a site's policy may speak of."""

from fhir_pgx.model.precision import Therapies


def names_of(held: Therapies) -> tuple[set[str], set[str]]:
    """Drugs, by name in lower case and by RxNorm code; genes as the rows have them."""
    tumour, inherited, pathogen = held.tumour, held.inherited, held.pathogen
    values = [drug for row in tumour.rows for drug in row.drugs]
    values += [drug for entry in inherited.rows for drug in entry.drugs]
    values += [first.drug for first in tumour.tests_first]
    values += [each.drug for each in inherited.qt_drugs]
    pairs = {(drug.name, drug.rxcui) for drug in values}
    pairs |= {(fold.drug, fold.rxcui) for fold in pathogen.herpes}
    pairs |= {pair for other in pathogen.other for pair in other.drugs}
    genes = {gene for row in tumour.rows for gene in row.genes}
    genes |= {gene for entry in inherited.rows for gene in entry.criterion.genes}
    genes |= {each.gene for each in inherited.risk_genes}
    genes |= {fold.gene for fold in pathogen.herpes} | {each.gene for each in pathogen.other}
    if pathogen.tb:
        pairs |= {(each.drug, each.rxcui) for each in pathogen.tb.rows}
        genes |= {each.gene for each in pathogen.tb.rows}
    if pathogen.hiv:
        pairs |= {(drug.name, drug.rxcui) for drug in pathogen.hiv.drugs}
        genes |= {drug.gene for drug in pathogen.hiv.drugs}
    return {name.lower() for pair in pairs for name in pair if name}, genes

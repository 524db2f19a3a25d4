"""Reads the files of `knowledge/therapies/tumour/`, and holds them against each other."""

from collections import Counter, defaultdict
from pathlib import Path

from fhir_pgx.errors import BrokenKnowledge
from fhir_pgx.knowledge.files import checked, read_yaml
from fhir_pgx.knowledge.tumour.diseases import load_diseases
from fhir_pgx.knowledge.tumour.rows import load_drugs, load_rows, load_statements
from fhir_pgx.knowledge.tumour.tables import read_table
from fhir_pgx.knowledge.tumour.uses import load_market, load_tests_first
from fhir_pgx.model.tumour import ExonRange, TumourKnowledge

RELEASE = "2026-10"  # the month of the newest evidence item


def load_tumour(here: Path) -> TumourKnowledge:
    """Everything known of a tumour. Raises BrokenKnowledge."""
    folder = here / "therapies" / "tumour"
    drugs = load_drugs(folder)
    rows = load_rows(folder, drugs)
    found = TumourKnowledge(
        rows=rows,
        statements=load_statements(folder),
        diseases=load_diseases(folder),
        market=load_market(folder, drugs),
        exons=_exons(folder),
        tests_first=load_tests_first(folder, drugs, rows),
        proteins=_proteins(folder),
        legacy=_by_gene(folder, "legacy", "legacy", "tumour_legacy"),
        gene_aliases={
            row["alias"].upper(): row["symbol"]
            for row in read_table(folder, "gene_aliases", "tumour_gene_aliases")
        },
        drug_classes=_drug_classes(folder),
        gene_ids={
            row["hgnc"]: row["symbol"] for row in read_table(folder, "gene_ids", "tumour_gene_ids")
        },
        marker_codes={
            row["code"]: row["answers"] for row in read_table(folder, "markers", "tumour_markers")
        },
        release=RELEASE,
    )
    _check(found)
    return found


def _drug_classes(folder: Path) -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
    """The classes, and what any of their drugs speaks to."""
    file = "drug_classes.yaml"
    stated = checked(read_yaml(folder / file), "tumour_drug_classes", f"therapies/tumour/{file}")
    classes = [(tuple(each["says"]), tuple(each["drugs"])) for each in stated["classes"]]
    every = dict.fromkeys(drug for _, drugs in classes for drug in drugs)
    return (*classes, (tuple(stated["any"]), tuple(every)))


def _exons(folder: Path) -> tuple[ExonRange, ...]:
    return tuple(
        ExonRange(row["gene"], row["exon"], int(row["start"]), int(row["end"]), row["transcript"])
        for row in read_table(folder, "exons", "tumour_exons")
    )


def _proteins(folder: Path) -> dict[str, dict[str, str]]:
    """Protein changes by gene and coding name, of rows and by hand; the two must agree."""
    found = _by_gene(folder, "proteins", "coding", "tumour_proteins")
    for gene, names in _by_gene(folder, "proteins_own", "coding", "tumour_proteins").items():
        held = found.setdefault(gene, {})
        for coding, protein in names.items():
            if held.setdefault(coding, protein) != protein:
                raise BrokenKnowledge(
                    f"proteins_own.csv: {gene} {coding} is {held[coding]} as well"
                )
    return found


def _by_gene(folder: Path, name: str, key: str, schema: str) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for row in read_table(folder, name, schema):
        found[row["gene"]][row[key]] = row["protein"]
    return dict(found)


def _check(known: TumourKnowledge) -> None:
    """Every id once, every disease and every row that another file names; raises
    BrokenKnowledge."""
    ids = Counter(
        [row.id for row in known.rows]
        + [row.id for row in known.statements]
        + [row.doid for row in known.diseases]
        + [row.provenance.id for row in known.market]
    )
    twice = [name for name, count in ids.items() if count > 1]
    if twice:
        raise BrokenKnowledge(f"therapies/tumour: ids used twice: {twice[:5]}")
    named = {row.doid for row in known.rows} | {row.doid for row in known.statements}
    named |= {each for row in known.rows for each in row.excluded}
    named |= {each for row in known.market for each in row.doids}
    named |= {row.doid for row in known.tests_first}
    unknown = named - {row.doid for row in known.diseases} - {""}
    if unknown:
        raise BrokenKnowledge(f"therapies/tumour: no disease {sorted(unknown)}")
    cited = {each for row in known.market for each in row.rows} - {row.id for row in known.rows}
    if cited:
        raise BrokenKnowledge(f"therapies/tumour/market.csv: no row {sorted(cited)}")

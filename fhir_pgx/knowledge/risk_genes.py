"""Reads `knowledge/therapies/inherited/risk_genes.csv` and the measures beside it."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from fhir_pgx.errors import BrokenKnowledge
from fhir_pgx.knowledge.files import checked, read_yaml
from fhir_pgx.model.inherited import Copies, RiskGene, RiskMeasure
from fhir_pgx.model.therapy import Provenance

FOLDER = "therapies/inherited"
GENES, MEASURES = f"{FOLDER}/risk_genes.csv", f"{FOLDER}/risk_measures.yaml"
_COPIES: dict[str, Copies] = {each: each for each in get_args(Copies)}


def load_risk_genes(here: Path) -> tuple[RiskGene, ...]:
    """Every gene and condition of the lists with its measures, by gene.

    Raises BrokenKnowledge where the reviewed file is not of its form, a gene of the list is not
    reviewed, or something reviewed is of no gene of the list.
    """
    reviewed = checked(read_yaml(here / MEASURES), "risk_measures", MEASURES)
    with (here / GENES).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    faults = _faults(rows, reviewed)
    if faults:
        raise BrokenKnowledge("; ".join(faults), where=MEASURES)
    return tuple(_risk_gene(row, reviewed) for row in rows)


def _risk_gene(row: Mapping[str, str], reviewed: Mapping[str, Any]) -> RiskGene:
    gene = row["gene"]
    entry = reviewed["genes"].get(gene, {})
    like = reviewed["genes"].get(entry.get("as", ""), {})
    measures = entry.get("measures", like.get("measures", ()))
    plan = tuple(_measure(each, reviewed["orders"]) for each in measures)
    return RiskGene(
        gene=gene,
        hgnc=row["hgnc"],
        condition=row["condition"],
        category=row["category"],
        inheritance=row["inheritance"],
        copies=_COPIES[row["copies"]],
        changes=tuple(entry.get("changes", ())),
        only=entry.get("only", ""),
        listed=row["listed"],
        penetrance=row["penetrance"],
        measures=tuple(measure.says for measure in plan),
        provenance=Provenance(
            source="ACMG" if row["source"].startswith("ACMG") else "fhir_pgx",
            system=row["source"],
            level="",
            id=row["id"],
            pmids=(row["pmid"],) if row["pmid"] else (),
            licence=row["licence"],
            as_of=row["as_of"],
            by_hand=row["by_hand"] == "yes",
        ),
        excludes=tuple(entry.get("excludes", ())),
        provided=entry.get("provided", ""),
        names=tuple(entry.get("names", ())) or tuple(reviewed["names"].get(gene, ())),
        plan=plan,
    )


def _measure(stated: Mapping[str, Any], orders: Mapping[str, Any]) -> RiskMeasure:
    order = orders.get(stated.get("order", ""), {})
    return RiskMeasure(
        says=stated["says"],
        sex=stated.get("sex", ""),
        from_age=stated.get("from"),
        to_age=stated.get("to"),
        order=order.get("text", ""),
        code=order.get("snomed", ""),
        category=order.get("category", ""),
        medicine=stated.get("medicine", False),
    )


def _faults(rows: list[dict[str, str]], reviewed: Mapping[str, Any]) -> list[str]:
    genes, names, orders = reviewed["genes"], reviewed["names"], reviewed["orders"]
    listed = {row["gene"] for row in rows}
    faults = [f"{gene} is not reviewed" for gene in sorted(listed - {*genes, *names})]
    faults += [f"{gene} is not on the list" for gene in sorted({*genes, *names} - listed)]
    faults += [f"{gene} stands twice" for gene in sorted(genes.keys() & names.keys())]
    faults += [f"{row['id']}: no such copies" for row in rows if row["copies"] not in _COPIES]
    faults += [
        f"{gene}: as names no reviewed gene"
        for gene, entry in genes.items()
        if "as" in entry and "measures" not in genes.get(entry["as"], {})
    ]
    faults += [
        f"{gene}: no order {measure['order']}"
        for gene, entry in genes.items()
        for measure in entry.get("measures", ())
        if measure.get("order", next(iter(orders))) not in orders
    ]
    ids = [row["id"] for row in rows]
    return faults + [f"{each} stands twice" for each in sorted(set(ids)) if ids.count(each) > 1]

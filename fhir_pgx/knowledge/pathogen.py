"""Reads the files of `knowledge/therapies/pathogen/`.

Generated files hold what a source says, files by hand our names, words and the small set of other
organisms; every reference between them must meet.
"""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from fhir_pgx.errors import BrokenKnowledge
from fhir_pgx.knowledge.files import checked, read_yaml
from fhir_pgx.model.pathogen import (
    FoldRow,
    HivDrug,
    HivKnowledge,
    HivRule,
    OtherRow,
    PathogenKnowledge,
    Prodrug,
    ScoreLevel,
    TbKnowledge,
    TbRelated,
    TbRow,
)
from fhir_pgx.model.therapy import Provenance


def load_pathogen(here: Path) -> PathogenKnowledge:
    """Everything known of pathogens. Raises BrokenKnowledge."""
    folder = here / "therapies" / "pathogen"

    def content(name: str, schema: str) -> dict[str, Any]:
        path = folder / f"{name}.yaml"
        return checked(read_yaml(path), schema, path.relative_to(here).as_posix())

    herpes = content("herpesvirus_folds", "pathogen_herpes")
    hiv = _hiv(
        content("hiv_rules", "pathogen_hiv"), content("hiv_notes", "pathogen_hiv_notes")["notes"]
    )
    tb = _tb(content("tb_rows", "pathogen_tb"), content("tb_genes", "pathogen_tb_genes"))
    viruses = content("viruses", "pathogen_viruses")
    folds = tuple(_fold(row) for row in herpes["rows"])
    return PathogenKnowledge(
        hiv=hiv,
        tb=tb,
        herpes=folds,
        herpes_provenance=_provenance(herpes["provenance"]),
        other=tuple(_others(content("other", "pathogen_other"))),
        release=hiv.provenance.as_of,
        prodrugs=tuple(_prodrugs(viruses["prodrugs"], hiv, folds)),
        targets=_targets(viruses["targets"], folds),
        gene_names={
            f"{organism}:{name}".lower(): gene
            for organism, genes in viruses["genes"].items()
            for gene, names in genes.items()
            for name in names
        },
    )


def _provenance(content: Mapping[str, Any]) -> Provenance:
    return Provenance(**{"level": "", **content})


def _hiv(content: Mapping[str, Any], notes: dict[str, str]) -> HivKnowledge:
    drugs = tuple(
        HivDrug(
            name=drug["name"],
            abbreviation=drug["abbreviation"],
            drug_class=drug["drug_class"],
            rxcui=drug["rxcui"],
            gene=drug["gene"],
            rules=tuple(_rule(drug["gene"], options) for options in drug["rules"]),
            boosted=drug["boosted"],
        )
        for drug in content["drugs"]
    )
    levels = tuple(ScoreLevel(**level) for level in content["levels"])
    for lower, upper in pairwise(levels):
        if lower.high is None or upper.low != lower.high + 1:
            raise BrokenKnowledge("the score levels of HIVDB leave a gap or overlap")
    return HivKnowledge(
        version=content["version"],
        drugs=drugs,
        levels=levels,
        comments=notes,
        provenance=_provenance(content["provenance"]),
        wild_types={
            f"{gene}:{position}": letter
            for gene, letters in content["wild_types"].items()
            for position, letter in letters.items()
        },
    )


def _rule(gene: str, options: list[list[Any]]) -> HivRule:
    parsed = tuple((tuple(each.split("+")), score) for each, score in options)
    sizes = {len(mutations) > 1 for mutations, _ in parsed}
    if len(sizes) != 1:
        raise BrokenKnowledge(f"a rule of {gene} mixes plain scores and combinations")
    return HivRule(gene, "combination" if sizes.pop() else "single", parsed)


def _tb(content: Mapping[str, Any], ours: Mapping[str, Any]) -> TbKnowledge:
    rows = tuple(_tb_row(row) for row in content["rows"])
    region = ours["rifampicin_region"]
    first, last = region["first"], region["last"]
    if last - first + 1 != len(region["residues"]):
        raise BrokenKnowledge("the residues of the rifampicin region are not its codons")
    graded = {row.drug for row in rows}
    for each in ours["related"]:
        if each["graded"] not in graded or each["drug"] in graded:
            raise BrokenKnowledge(f"{each['drug']} is graded, or {each['graded']} is not")
    genes = {row.gene for row in rows} | {row.alias.partition(":")[0] for row in rows}
    unknown = set(ours["aliases"].values()) - genes
    if unknown - {"mmpL5"}:
        raise BrokenKnowledge(f"aliases of genes without a row: {sorted(unknown)}")
    by_drug: dict[str, dict[str, None]] = {}
    for row in rows:
        if row.effect == "resistant":
            by_drug.setdefault(row.drug, {})[row.gene] = None
            if row.alias:
                by_drug[row.drug][row.alias.partition(":")[0]] = None
    return TbKnowledge(
        rows=rows,
        gene_aliases={**ours["aliases"], **ours["extra_aliases"]},
        provenance=_provenance(content["provenance"]),
        region=region["residues"],
        codons=(first, last),
        offset=region["offset"],
        renumbered=ours["renumbered"],
        related=tuple(TbRelated(**each) for each in ours["related"]),
        drug_genes={drug: tuple(genes) for drug, genes in by_drug.items()},
        rule_provenance=_provenance(region["provenance"]),
    )


def _tb_row(row: Mapping[str, Any]) -> TbRow:
    return TbRow(
        **{"alias": "", "comment": "", **row, "cross": tuple(row.get("cross", ()))},
    )


def _fold(row: Mapping[str, Any]) -> FoldRow:
    return FoldRow(
        **{
            "fold": "", "low": "", "high": "",
            **row,
            "references": tuple(row["references"]),
            "words": tuple(each for each in row.get("words", ()) if each),
        }
    )  # fmt: skip


def _others(content: Mapping[str, Any]) -> Iterator[OtherRow]:
    for row in content["rows"]:
        yield OtherRow(
            id=row["id"],
            organism=row["organism"],
            gene=row["gene"],
            changes=tuple(row["changes"]),
            drugs=tuple(row["drugs"].items()),
            effect=row["effect"],
            note=row["note"],
            provenance=Provenance(
                source=row["source"],
                system="guideline",
                level="guideline",
                id=row["id"],
                licence=content["licence"],
                as_of=content["as_of"],
                by_hand=True,
            ),
            needs=tuple(tuple(group) for group in row.get("needs", ())),
            genotypes=tuple(row.get("genotypes", ())),
            conditions=tuple(row.get("conditions", ())),
            rows=tuple(row["rows"]),
            spared_with=tuple(row.get("spared_with", {}).items()),
        )


def _targets(
    content: Mapping[str, Mapping[str, list[str]]], folds: tuple[FoldRow, ...]
) -> dict[str, tuple[str, ...]]:
    targets = {
        f"{virus}:{drug}": tuple(genes)
        for virus, drugs in content.items()
        for drug, genes in drugs.items()
    }
    lacking = {f"{row.virus}:{row.drug}" for row in folds} - targets.keys()
    if lacking:
        raise BrokenKnowledge(f"viruses.yaml names no target for {', '.join(sorted(lacking))}")
    return targets


def _prodrugs(
    content: list[dict[str, Any]], hiv: HivKnowledge, folds: tuple[FoldRow, ...]
) -> Iterator[Prodrug]:
    known = {drug.name for drug in hiv.drugs} | {row.drug for row in folds}
    for each in content:
        if each["tested"] not in known:
            raise BrokenKnowledge(f"{each['name']} acts as {each['tested']}, which has no row")
        yield Prodrug(each["name"], each["rxcui"], each["tested"], tuple(each["organisms"]))

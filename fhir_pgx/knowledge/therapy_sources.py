"""What the knowledge of precision therapy holds and where each part comes from: counts, dates,
licences. Computed from the rows themselves, so that no figure here can differ from what ships."""

from collections.abc import Iterable, Sequence
from typing import Any

from fhir_pgx.model.precision import Therapies
from fhir_pgx.model.therapy import Domain, Provenance

_OWN_SOURCES = "guidelines and labels, each row names its own"
# Tables whose rows carry no source of their own, and names that the rows are told by.
_CODES: tuple[dict[str, Any], ...] = (
    {
        "name": "Human Disease Ontology: kinds of cancer and their ancestors",
        "domain": "tumour",
        "as_of": "2026-08",
        "licence": "CC0-1.0",
    },
    {
        "name": "OncoTree: codes of cancers",
        "domain": "tumour",
        "as_of": "2025-10-03",
        "licence": "CC-BY-4.0 (oncotree.mskcc.org)",
    },
    {
        "name": "SNOMED CT: codes by which problems are recognised, no text",
        "domain": "tumour",
        "as_of": "2026-08",
        "licence": "SNOMED CT; outside member countries an affiliate licence is needed",
    },
    {
        "name": "LOINC: codes by which tests are recognised",
        "domain": "tumour",
        "as_of": "2026-01-30",
        "licence": "LOINC licence (loinc.org/license)",
    },
    {
        "name": "HGNC: symbols and ids of genes, as other tables state them",
        "domain": "tumour",
        "as_of": "2026-05-26",
        "licence": "CC0-1.0",
    },
)


def therapy_counts(held: Therapies) -> dict[str, int]:
    """How many of each kind ship."""
    pathogen, antigens = held.pathogen, held.transplant.antigens
    drugs = pathogen.hiv.drugs if pathogen.hiv else ()
    return {
        "tumour_rows": len(held.tumour.rows),
        "tumour_statements": len(held.tumour.statements),
        "tumour_tests_first": len(held.tumour.tests_first),
        "cancers": len(held.tumour.diseases),
        "inherited_rows": len(held.inherited.rows),
        "qt_drugs": len(held.inherited.qt_drugs),
        "risk_genes": len({each.gene for each in held.inherited.risk_genes}),
        "hiv_drugs": len(drugs),
        "hiv_rules": sum(len(drug.rules) for drug in drugs),
        "tb_rows": len(pathogen.tb.rows) if pathogen.tb else 0,
        "herpes_rows": len(pathogen.herpes),
        "other_pathogen_rows": len(pathogen.other),
        "hla_alleles_with_antigen": len(antigens.of_allele) if antigens else 0,
    }


def therapy_sources(held: Therapies) -> list[dict[str, Any]]:
    """Each source of each table: rows, newest date (with the oldest, where they differ), licence,
    and `by_hand` where its rows are to be verified against the current label."""
    found: dict[tuple[Domain, str], list[Provenance]] = {}
    for domain, table, rows in _tables(held):
        for row in rows:
            found.setdefault((domain, f"{_body(row)}: {table}"), []).append(row)
    entries = [
        {"name": name, "domain": domain, "rows": len(rows), "as_of": _dates(rows)}
        | {"licence": "; ".join(dict.fromkeys(row.licence for row in rows))}
        | ({"by_hand": True} if any(row.by_hand for row in rows) else {})
        for (domain, name), rows in found.items()
    ]
    return [*entries, *_CODES]


def _tables(held: Therapies) -> Iterable[tuple[Domain, str, Sequence[Provenance]]]:
    """(domain, what a table holds, the source of each row)."""
    tumour, inherited, pathogen = held.tumour, held.inherited, held.pathogen
    yield "tumour", "therapies of tumours", [each.provenance for each in tumour.rows]
    yield (
        "tumour",
        "diagnosis, outlook and predisposition",
        [each.provenance for each in tumour.statements],
    )
    yield "tumour", "tests before a drug", [each.provenance for each in tumour.tests_first]
    yield "tumour", "drugs withdrawn or restricted", [each.provenance for each in tumour.market]
    yield (
        "inherited",
        "therapies, hazards and care of inherited disease",
        [each.provenance for each in inherited.rows],
    )
    yield "inherited", "drugs and the QT interval", [each.provenance for each in inherited.qt_drugs]
    yield (
        "inherited",
        "actionable inherited findings",
        [each.provenance for each in inherited.risk_genes],
    )
    yield "inherited", "gene and disease", [each.provenance for each in inherited.gene_diseases]
    yield "inherited", "HLA and drugs or conditions", [each.provenance for each in inherited.hla]
    if pathogen.hiv:
        rules = sum(len(drug.rules) for drug in pathogen.hiv.drugs)
        yield "pathogen", "rules of HIV resistance", [pathogen.hiv.provenance] * rules
    if pathogen.tb:
        yield (
            "pathogen",
            "catalogue of M. tuberculosis",
            [pathogen.tb.provenance] * len(pathogen.tb.rows),
        )
    if pathogen.herpes_provenance:
        yield (
            "pathogen",
            "resistance of herpesviruses and adenovirus",
            [pathogen.herpes_provenance] * len(pathogen.herpes),
        )
    yield "pathogen", "resistance of other organisms", [each.provenance for each in pathogen.other]
    antigens = held.transplant.antigens
    if antigens:
        yield (
            "transplant",
            "antigens of HLA alleles, broad and split",
            [antigens.provenance] * len(antigens.of_allele),
        )


def _body(source: Provenance) -> str:
    """Who says it; rows compiled by hand from many guidelines stand together."""
    if source.system == "CIViC":
        return "CIViC"
    if source.system == "HIVDB":
        return f"Stanford HIVDB {source.level}"
    if source.system == "market":
        return "market status"
    if source.source.startswith("ACMG") and source.id.startswith("risk:"):
        return "ACMG list of secondary findings"
    if source.id.startswith("risk:"):
        return "hereditary cancer genes"
    if source.source in ("FDA", "FDA drug label"):
        return "FDA drug labels"
    if source.system == "guideline" and source.source.startswith("European LeukemiaNet"):
        return source.source
    if source.by_hand and source.level != "nomenclature":
        return _OWN_SOURCES
    return source.source


def _dates(rows: Sequence[Provenance]) -> str:
    dates = sorted({row.as_of for row in rows if row.as_of})
    if not dates:
        return ""
    return dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"

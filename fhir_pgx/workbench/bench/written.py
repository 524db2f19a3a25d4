"""The values of the workbench's templates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup

from fhir_pgx.model.phenotype import BETWEEN, phenotype_told
from fhir_pgx.services.hooks import HOOKS
from fhir_pgx.workbench.bench.shown import Bench, Shown
from fhir_pgx.workbench.ehr import EHRS, TROUBLES, as_curl
from fhir_pgx.workbench.page import Pages
from fhir_pgx.workbench.views.cards import render_cards
from fhir_pgx.workbench.views.gene import render_gene
from fhir_pgx.workbench.views.trace import render_trace
from fhir_pgx.workbench.views.tumour import render_tumour
from fhir_pgx.workbench.views.warfarin import render_warfarin

# Results first that say something, then those that do not, and last what nobody looked for.
_ORDER: Final = ("conflict", "called", "ambiguous", "indeterminate", "not-called", "not-tested")
_LONGEST_SHOWN: Final = 100_000  # characters of JSON; a page of more is slow to scroll


@dataclass(frozen=True, slots=True)
class GeneRow:
    """One gene as the table shows it. `seen` says what the test saw and did not see."""

    gene: str
    status: str
    diplotype: str
    phenotype: str
    score: str
    basis: str
    seen: str
    caveats: tuple[str, ...]
    choices: tuple[Any, ...]
    is_changed: bool


def form_values(bench: Bench, shown: Shown) -> dict[str, Any]:
    """What the form shows."""
    state = shown.state
    return {
        "state": state,
        "most_bytes": bench.most_bytes,
        "examples": bench.examples,
        "drug_names": bench.drug_names,
        "hooks": tuple(HOOKS),
        "ehrs": tuple(EHRS.values()),
        "troubles": tuple(TROUBLES.values()),
        "drug_chips": [(each, each) for each in state.drugs],
        "medicine_chips": [(each, each) for each in state.medicines],
        "fact_chips": [(f"{gene}={said}", f"{gene} {said}") for gene, said in state.genotypes],
        "problems": shown.problems,
        "refusal": shown.refusal,
        "data_line": shown.data_line,
    }


def answer_values(bench: Bench, shown: Shown, pages: Pages) -> dict[str, Any]:
    """What stands beside the form."""
    genes = shown.interpretation.get("genes", {})
    rows = gene_rows(bench, shown)
    tested = sum(each["status"] != "not-tested" for each in genes.values())
    return {
        "shown": shown,
        "rows": [each for each in rows if each.status != "not-tested" or each.is_changed],
        "untested": [each for each in rows if each.status == "not-tested" and not each.is_changed],
        "tested": tested,
        "all_genes": len(genes),
        "cards": _cards(shown, pages),
        "trace": render_trace(shown.trace) if shown.trace else Markup(),
        "gene": shown.gene,
        "gene_view": render_gene(shown.gene_view, level=2) if shown.gene_view else Markup(),
        "warfarin": render_warfarin(shown.warfarin, level=2) if shown.warfarin else Markup(),
        "tumour": render_tumour(shown.tumour, level=2) if shown.tumour else Markup(),
        "not_understood": shown.interpretation.get("not_understood", ()),
        "curl": as_curl(shown.fired.exchange, bench.base_url) if shown.fired else "",
        "longest": _LONGEST_SHOWN,
    }


def gene_rows(bench: Bench, shown: Shown) -> list[GeneRow]:
    """A row for each gene, those that say most first."""
    changed = {gene for gene, _ in shown.state.genotypes}
    rows = [
        _row(bench, gene, found, is_changed=gene in changed)
        for gene, found in shown.interpretation.get("genes", {}).items()
    ]
    places = {name: place for place, name in enumerate(_ORDER)}
    return sorted(rows, key=lambda row: (places.get(row.status, 0), row.gene))


def _row(bench: Bench, gene: str, found: Mapping[str, Any], *, is_changed: bool) -> GeneRow:
    names = [each["name"] for each in found.get("diplotypes", ())]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    alleles = ", ".join(found.get("alleles", ()))
    known = (found.get("allele_status") or {}).items()
    states = ", ".join(f"{allele} {status}" for allele, status in known)
    between = BETWEEN.get(found["status"], " or ")
    return GeneRow(
        gene=gene,
        status=found["status"],
        diplotype=between.join(names[:3]) + more or states or alleles,
        phenotype=phenotype_told(
            found["status"],
            found.get("phenotype"),
            (each.get("phenotype") for each in found.get("diplotypes", ())),
        ),
        # Of results that disagree the score is one of theirs.
        score="" if found["status"] in BETWEEN else found.get("activity_score") or "",
        basis=found.get("basis") or "",
        seen=_seen(found.get("coverage") or {}),
        caveats=tuple(each["text"] for each in found.get("caveats", ())),
        choices=bench.choices(gene),
        is_changed=is_changed,
    )


def _seen(coverage: Mapping[str, Any]) -> str:
    """`41 positions; 1 missing (rs28399504); 2 no call`; empty where no positions were tested."""
    missing, no_call = coverage.get("missing") or (), coverage.get("no_call") or ()
    if not (coverage.get("tested") or missing or no_call):
        return ""
    tested = coverage.get("tested", 0)
    parts = [f"{tested} position{'' if tested == 1 else 's'} tested"]
    if missing:
        parts.append(f"{len(missing)} missing{_named(missing)}")
    if no_call:
        parts.append(f"{len(no_call)} without a call{_named(no_call)}")
    return "; ".join(parts)


def _named(sites: Sequence[Any]) -> str:
    return f" ({', '.join(map(str, sites))})" if len(sites) <= 3 else ""


def _cards(shown: Shown, pages: Pages) -> Markup:
    if shown.fired is None:
        return Markup()
    return render_cards(
        shown.fired.response,
        feedback_action=pages.at("/workbench/feedback"),
        csrf=pages.csrf(),
        client=shown.fired.exchange.ehr.name,
        kept={"service": shown.fired.service_id},
        level=3,
        target="feedback-said",
    )

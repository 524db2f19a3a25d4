"""Why a recommendation says what it says: from the resource to the row of the guideline."""

from collections.abc import Iterable
from typing import Any

from fhir_pgx.model.finding import Reading
from fhir_pgx.model.knowledge import Knowledge
from fhir_pgx.model.phenotype import Interpretation
from fhir_pgx.model.recommendation import Recommendation, Unanswered
from fhir_pgx.reports.plain import (
    write_gene,
    write_knowledge,
    write_not_understood,
    write_recommendation,
)
from fhir_pgx.reports.sites import sites_of, write_site_calls


def write_trace(
    interpretation: Interpretation,
    answers: Iterable[tuple[Recommendation, ...] | Unanswered],
    knowledge: Knowledge,
) -> dict[str, Any]:
    """For each drug: what was stated of its genes and where, what that amounts to, which rows of
    which guideline it led to."""
    return {
        "knowledge": write_knowledge(knowledge),
        "subject": interpretation.subject,
        "drugs": [_drug(answer, interpretation, knowledge) for answer in answers],
        "not_understood": write_not_understood(interpretation.reading.not_understood),
    }


def _drug(
    answer: tuple[Recommendation, ...] | Unanswered,
    interpretation: Interpretation,
    knowledge: Knowledge,
) -> dict[str, Any]:
    genes = answer.genes if isinstance(answer, Unanswered) else tuple(answer[0].genes)
    written: dict[str, Any] = {
        "drug": answer.drug if isinstance(answer, Unanswered) else answer[0].drug,
        "genes": {
            gene: {
                "stated": _stated(gene, interpretation.reading),
                **_variants(gene, interpretation, knowledge),
                "concluded": write_gene(interpretation.genes[gene]),
                "lookup_keys": list(interpretation.genes[gene].lookup_keys),
            }
            for gene in genes
        },
    }
    if isinstance(answer, Unanswered):
        written["unanswered"] = {"reason": answer.reason, "text": answer.text}
    else:
        written["recommendations"] = [write_recommendation(each) for each in answer]
    return written


def _variants(
    gene: str, interpretation: Interpretation, knowledge: Knowledge
) -> dict[str, list[dict[str, Any]]]:
    """The calls at the gene's decision positions; nothing where no variants are at hand."""
    calls = interpretation.sites.get(gene)
    if not calls:
        return {}
    return {"variants": write_site_calls(calls, sites_of(gene, knowledge))}


def _stated(gene: str, reading: Reading) -> list[dict[str, str]]:
    return [
        {
            "reference": statement.origin.reference,
            "path": statement.origin.path,
            "kind": statement.kind.value,
            "value": statement.value,
            "presence": statement.presence.value,
            "source_class": statement.source_class.value,
            "when": statement.origin.when,
            "status": statement.origin.status,
        }
        for statement in reading.statements
        if statement.gene == gene
    ]

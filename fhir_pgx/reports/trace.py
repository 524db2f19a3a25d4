"""Why a recommendation says what it says: from the resource to the row of the guideline."""

from collections.abc import Iterable, Sequence
from typing import Any

from fhir_pgx.model.dose import DoseForPatient
from fhir_pgx.model.explained import Explained, PopulationFit
from fhir_pgx.model.knowledge import Knowledge
from fhir_pgx.model.phenotype import Interpretation
from fhir_pgx.model.reading import Reading
from fhir_pgx.model.recommendation import DrugAdvice, Possible, Recommendation, SourceAdvice
from fhir_pgx.model.therapy import TherapyAdvice
from fhir_pgx.reports.plain import (
    write_gene,
    write_knowledge,
    write_modifier,
    write_not_understood,
    write_recommendation,
    write_unanswered,
)
from fhir_pgx.reports.sites import sites_of, write_site_calls
from fhir_pgx.reports.therapies import write_therapy_trace


def write_trace(
    interpretation: Interpretation,
    explained: Iterable[Explained],
    knowledge: Knowledge,
    therapies: Sequence[TherapyAdvice] = (),
) -> dict[str, Any]:
    """For each drug: what was stated of its genes and where, what that amounts to, what other
    medicines make of it, which populations are the patient's, which rows of which source it led
    to, what they come to in numbers, and which single fact would change it. `precision` are the
    rows of precision therapy that the findings meet; absent where there is none."""
    precision = {"precision": write_therapy_trace(therapies)} if therapies else {}
    return {
        "knowledge": write_knowledge(knowledge),
        "subject": interpretation.subject,
        "drugs": [_drug(each, interpretation, knowledge) for each in explained],
        **precision,
        "not_understood": write_not_understood(interpretation.reading.not_understood),
    }


def _drug(
    explained: Explained, interpretation: Interpretation, knowledge: Knowledge
) -> dict[str, Any]:
    advice = explained.advice
    written: dict[str, Any] = {
        "drug": advice.drug,
        "rxnorm": advice.rxcui,
        "order": explained.order,
        "genes": {
            gene: {
                "stated": _stated(gene, interpretation.reading),
                **_variants(gene, interpretation, knowledge),
                "concluded": write_gene(interpretation.genes[gene]),
                "lookup_keys": list(interpretation.genes[gene].lookup_keys),
            }
            for gene in explained.genes
        },
        "modifiers": [
            {"guideline": guideline, **write_modifier(modifier)}
            for guideline, by_gene in (explained.modifiers or {}).items()
            for modifier in by_gene.values()
        ],
        "populations": [_population(each) for each in explained.populations],
    }
    if isinstance(advice, DrugAdvice):
        written |= {
            "lead": advice.lead,
            "agreement": advice.agreement,
            "sources": [_source(each) for each in advice.sources],
            "recommendations": [write_recommendation(r) for r in _all(advice)],
        }
    unanswered = advice.unanswered if isinstance(advice, DrugAdvice) else advice
    if unanswered is not None:
        written["unanswered"] = write_unanswered(unanswered)
    written["doses"] = [_dose(who, dose) for who, dose in explained.doses]
    written["changes"] = [{"code": c.code, "text": c.text} for c in explained.changes]
    return {name: value for name, value in written.items() if value not in ("", [])}


def _all(advice: DrugAdvice) -> list[Recommendation]:
    return [r for each in advice.sources if isinstance(each.answer, tuple) for r in each.answer]


def _source(each: SourceAdvice) -> dict[str, Any]:
    """What a source was asked, how it stands to the one that leads, and its rows by rule id; the
    rows themselves stand in `recommendations`."""
    written: dict[str, Any] = {
        "source": each.source,
        "genes": list(each.genes),
        "stance": each.stance,
    }
    if isinstance(each.answer, tuple):
        written["rules"] = [r.rule for r in each.answer]
        written["source_rows"] = list(
            dict.fromkeys(row for r in each.answer for row in r.source_rows)
        )
    else:
        written["unanswered"] = write_unanswered(each.answer)
    if each.possible:
        written["possible"] = [_possible(possible) for possible in each.possible]
    return written


def _possible(possible: Possible) -> dict[str, Any]:
    return {
        "if": possible.modifier.short,
        "recommendation": write_recommendation(possible.recommendation),
    }


def _population(each: PopulationFit) -> dict[str, Any]:
    return {
        "guideline": each.guideline,
        "population": each.population,
        "label": each.label,
        "fit": each.fit,
        "why": list(each.why),
    }


def _dose(who: str, dose: DoseForPatient) -> dict[str, Any]:
    written: dict[str, Any] = {
        "population_label": who,
        "what": dose.what,
        "unit": dose.unit,
        "low": None if dose.low is None else f"{dose.low:f}",
        "high": None if dose.high is None else f"{dose.high:f}",
        "basis": dose.basis,
        "judgement": dose.judgement,
        "kind": dose.kind,
        "text": dose.text,
    }
    if dose.measured_by is not None:
        measured = dose.measured_by
        written["measured_by"] = {
            "value": f"{measured.value:f}",
            "unit": measured.unit,
            "when": measured.when,
            "reference": measured.reference,
        }
    return {name: value for name, value in written.items() if value not in (None, "")}


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

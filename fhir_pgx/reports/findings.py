"""What was read beyond the genes of drug response, as plain JSON: as stated, with place and date.

Nothing is concluded here. A member that the resource does not state is absent; `date` is the day of
the finding as the resource has it.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fhir_pgx.model.finding import Caveat, Origin, StatedDiagnosis
from fhir_pgx.model.pathogen import StatedPathogen
from fhir_pgx.model.precision import PrecisionReading, StatedPlan, StatedRisk
from fhir_pgx.model.transplant import StatedAntibody, StatedTyping
from fhir_pgx.model.tumour import Alteration, Marker, StatedCancer


def write_findings(reading: PrecisionReading) -> dict[str, Any]:
    """A member for each kind of finding that was read; `biomarkers` also where there is none."""
    written: dict[str, Any] = {
        "biomarkers": [write_marker(each) for each in reading.markers],
        "gene_tests": [write_test(each) for each in reading.tests],
        "cancers": [write_cancer(each) for each in reading.cancers],
        "pathogens": [write_pathogen(each) for each in reading.pathogens],
        "hla_typings": [write_typing(each) for each in reading.typings],
        "hla_antibodies": [write_antibody(each) for each in reading.antibodies],
        "risks": [write_risk(each) for each in reading.risks],
        "plans": [write_plan(each) for each in reading.plans],
    }
    return {key: value for key, value in written.items() if value or key == "biomarkers"}


def write_marker(marker: Marker) -> dict[str, Any]:
    """A biomarker as stated. `verdict` is the report's own word; it is absent where the report
    gives a number alone."""
    return stated(
        marker.origin,
        marker.caveats,
        name=marker.name,
        verdict=marker.verdict,
        value=_text(marker.number),
        comparator=marker.comparator,
        unit=marker.unit,
        scale=marker.scale,
        clone=marker.clone,
        copies=_text(marker.copies),
        specimen=marker.specimen,
        label=marker.label,
    )


def write_test(test: Alteration) -> dict[str, Any]:
    """What a test of a gene states, as stated."""
    return stated(
        test.origin,
        test.caveats,
        genes=list(test.genes),
        kind=test.kind,
        presence=test.presence.value,
        label=test.label,
        copies=_text(test.copies),
        ratio=_text(test.ratio),
        vaf=_text(test.vaf),
        significance=test.significance,
        source_class=test.source_class.value,
        specimen=test.specimen,
    )


def write_cancer(cancer: StatedCancer) -> dict[str, Any]:
    """A cancer as its Condition states it; `metastatic` is absent where nothing says."""
    return stated(
        cancer.origin,
        label=cancer.label,
        codes=[{"system": coding.system, "code": coding.code} for coding in cancer.codings],
        state=cancer.state,
        stage=cancer.stage,
        metastatic=cancer.is_metastatic,
        status=cancer.status,
    )


def write_pathogen(found: StatedPathogen) -> dict[str, Any]:
    """What one result says of one gene of an organism. `presence` tells "none found" (`absent`)
    from a test without an answer (`no-call`); `laboratory` holds the laboratory's own words."""
    return stated(
        found.origin,
        found.caveats,
        organism=found.organism or found.stated_organism,
        gene=found.gene,
        presence=found.presence.value,
        mutations=list(found.mutations),
        genotype=found.genotype,
        laboratory=[{"drug": drug, "says": word} for drug, word in found.verdicts],
    )


def write_typing(typing: StatedTyping) -> dict[str, Any]:
    """One locus of the patient (`recipient`) or of a donor; `alleles` one text a chromosome."""
    return stated(
        typing.origin,
        typing.caveats,
        locus=typing.locus,
        alleles=list(typing.alleles),
        whose=typing.whose,
        person=typing.person,
        stated=typing.stated,
    )


def write_antibody(antibody: StatedAntibody) -> dict[str, Any]:
    """An anti-HLA antibody of the patient; `found` is absent where the test gave no answer."""
    return stated(
        antibody.origin,
        antibody.caveats,
        specificity=antibody.specificity,
        found=antibody.is_present,
        mfi=_text(antibody.mfi),
    )


def write_risk(risk: StatedRisk) -> dict[str, Any]:
    """A risk as a report gives it. `value` is text in `unit`; `population` what it was made for."""
    return stated(
        risk.origin,
        label=risk.label,
        outcome=risk.outcome,
        value=_text(risk.value),
        unit=risk.unit,
        words=risk.words,
        population=risk.population,
        method=risk.method,
    )


def write_plan(plan: StatedPlan) -> dict[str, Any]:
    """A plan, an order for a service, or the patient's word on secondary findings."""
    return stated(plan.origin, kind=plan.kind, words=list(plan.words))


def write_diagnosis(diagnosis: StatedDiagnosis) -> dict[str, Any]:
    """A diagnostic implication: what the report says findings mean for a condition."""
    return stated(
        diagnosis.origin,
        genes=list(diagnosis.genes),
        significance=list(diagnosis.significance),
        conditions=list(diagnosis.conditions),
        level=diagnosis.level,
        of=list(diagnosis.variants or diagnosis.of),
    )


def stated(origin: Origin, caveats: Iterable[Caveat] = (), **members: Any) -> dict[str, Any]:
    """The members that hold something, then date, caveats and the resource."""
    members["date"] = origin.when
    members["corrected"] = origin.corrected or None
    members["caveats"] = write_caveats(caveats)
    members["derived_from"] = [origin.reference]
    return dict(_held(members))


def write_caveats(caveats: Iterable[Caveat]) -> list[dict[str, str]]:
    return [{"code": caveat.code, "text": caveat.text} for caveat in caveats]


def _held(members: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What is not empty; False and a zero are values."""
    return ((key, value) for key, value in members.items() if value not in (None, "", []))


def _text(number: object) -> str | None:
    """A decimal as text: `12.4`; None stays None."""
    return None if number is None else str(number)

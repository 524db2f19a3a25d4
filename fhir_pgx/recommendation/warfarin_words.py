"""The words and forms of a warfarin recommendation: doses, genes, percent, papers."""

from dataclasses import replace

from fhir_pgx.model.dosing import Adjustment, ComputedDose, WarfarinDosing
from fhir_pgx.model.knowledge import Dose, Publication
from fhir_pgx.model.phenotype import GeneResult, Status
from fhir_pgx.model.recommendation import Evidence
from fhir_pgx.recommendation.rulebook import NO_RESULT, NOT_CALLED
from fhir_pgx.recommendation.warfarin_dose import tenth
from fhir_pgx.recommendation.warfarin_genotype import has_answer

POOR_SUMMARY = "CYP2C9 poor metabolizer: consider another anticoagulant than warfarin."
POOR_DETAIL = (
    "CYP2C9 poor metabolizers clear warfarin very slowly; CPIC asks to consider an anticoagulant "
    "of another kind."
)
ASSUMED = {
    "amiodarone": "no amiodarone",
    "inducer": "no enzyme inducer",
    "target-inr": "target INR 2.5",
    "smokes": "no smoking",
    "dvt-pe": "no deep vein thrombosis or pulmonary embolism",
}


def evidence(rules: WarfarinDosing) -> tuple[Evidence, ...]:
    """CPIC's guideline, then the papers of the equations."""

    def of(name: str, source: str, title: str, url: str) -> Evidence:
        found = rules.sources[source]
        papers = (Publication(found.pmid, found.year),) if found.pmid else ()
        return Evidence(name, title, url, papers, rules.retrieved, "current")

    guideline = of(rules.guideline, "cpic", rules.title, rules.url)
    older = rules.sources["cpic-2011"]
    guideline = replace(
        guideline, publications=(*guideline.publications, Publication(older.pmid, older.year))
    )
    used = {equation.source: None for equation in rules.equations.values()}
    return (
        guideline,
        *(
            of(source, source, rules.sources[source].what, f"https://doi.org/{found.doi}")
            for source in used
            if (found := rules.sources[source]).doi
        ),
    )


def maintenance_dose(dose: ComputedDose) -> Dose:
    low, high = str(tenth(dose.low)), str(tenth(dose.high))
    if low == high:
        return Dose("maintenance-dose", "mg/wk", value=low, when=f"by {dose.label}")
    return Dose("maintenance-dose", "mg/wk", low=low, high=high, when=f"by {dose.label}")


def loading_line(days: tuple[Dose, ...], strength: str) -> tuple[str, ...]:
    if not days:
        return ()
    shown = ", ".join(f"day {number} {day.value} mg" for number, day in enumerate(days, start=1))
    return (f"If a loading dose is planned (CPIC: {strength}), EU-PACT gives {shown}.",)


def percent_text(change: Adjustment) -> str:
    """`takes 15 to 30 % off`, `adds 5 to 10 %`."""
    low, high = int(change.low), int(change.high)
    if high < 0:
        return f"takes {-high} to {-low} % off"
    return f"adds {low} to {high} %"


def gene_shown(result: GeneResult | None) -> str:
    """A gene as it decided: its phenotype, or its diplotype where it has none."""
    if result is None or result.status is Status.NOT_TESTED:
        return NO_RESULT
    if result.status is Status.NOT_CALLED:
        return NOT_CALLED
    names = " or ".join(dict.fromkeys(each.name for each in result.diplotypes))
    return result.phenotype or names or NOT_CALLED


def gene_key(result: GeneResult | None) -> str:
    """What was looked up: the diplotype; for VKORC1 the genotype at -1639."""
    if result is None or not has_answer(result):
        return NO_RESULT
    if result.gene == "VKORC1" and result.lookup_keys:
        return " or ".join(result.lookup_keys)
    names = " or ".join(dict.fromkeys(each.name for each in result.diplotypes))
    return names or result.phenotype or NO_RESULT


def listed(words: tuple[str, ...]) -> str:
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def sentences(*parts: str) -> str:
    return " ".join(part for part in parts if part)

"""Warfarin by genotype: CPIC's flow of 2017, with the dose by IWPC and Gage.

CPIC's steps in order: without VKORC1 or CYP2C9 *2/*3, dose without genes; then the branch by
ancestry. Ancestry is what patients report of themselves and is optional: where it is not known
both branches are shown, and none is guessed. African ancestry asks for a test of CYP2C9 *5, *6, *8
and *11; without it CPIC doses without genes. Children: CPIC asks for a paediatric equation, and
our release holds none.

Source: CPIC, PMID 28198005; IWPC 2009; Gage 2008; EU-PACT 2013 (`knowledge/dosing/warfarin.yaml`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from fhir_pgx.model.dose import DoseForPatient, OrderedDose
from fhir_pgx.model.dosing import ComputedDose, Dosing, WarfarinDosing
from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.knowledge import Dose
from fhir_pgx.model.patient import PatientContext
from fhir_pgx.model.phenotype import GeneResult, Status
from fhir_pgx.model.recommendation import (
    Fit,
    Recommendation,
    Unanswered,
    weight,
)
from fhir_pgx.model.variant import SiteCall
from fhir_pgx.model.warfarin_view import BranchDoses
from fhir_pgx.recommendation.dose import in_use_since
from fhir_pgx.recommendation.dose_order import compare, taken_of
from fhir_pgx.recommendation.rulebook import NO_RESULT
from fhir_pgx.recommendation.warfarin_branch import SELF_REPORTED, Branch, branches
from fhir_pgx.recommendation.warfarin_dose import (
    Setting,
    adjusted,
    computed,
    dose_text,
    loading_days,
    span,
    tenth,
    what_if,
)
from fhir_pgx.recommendation.warfarin_genotype import (
    GENES,
    WarfarinGenotype,
    has_answer,
    read_genotype,
)
from fhir_pgx.recommendation.warfarin_inputs import read_inputs
from fhir_pgx.recommendation.warfarin_words import (
    ASSUMED,
    POOR_DETAIL,
    POOR_SUMMARY,
    evidence,
    gene_key,
    gene_shown,
    listed,
    loading_line,
    maintenance_dose,
    percent_text,
    sentences,
)

ADULT_AGE = 18  # years
_NEAR = Decimal("0.2")
POOR_ADVICE = "poor-metabolizer"
WITH_GENES = ("iwpc-pharmacogenetic", "gage-pharmacogenetic")
WITHOUT_GENES = ("iwpc-clinical", "gage-clinical")


def recommend_warfarin(
    results: Mapping[str, GeneResult],
    patient: PatientContext,
    dosing: Dosing,
    *,
    sites: Mapping[str, tuple[SiteCall, ...]] | None = None,
    today: date | None = None,
) -> tuple[Recommendation, ...] | Unanswered:
    """What CPIC's flow comes to for this patient, a recommendation for each branch that holds.

    `sites` are the calls at decision positions by gene (`Interpretation.sites`): rs12777823 and
    rs2108622 are read there. `today` tells how old a weight is, and how long warfarin has been in
    use: without it no weight is called old and no use long. Unanswered where neither gene has a
    result, and for children.
    """
    rules = dosing.warfarin
    if not any(has_answer(results.get(gene)) for gene in ("CYP2C9", "VKORC1")):
        return _unanswered(rules, results)
    if patient.age_years is not None and patient.age_years < ADULT_AGE:
        return _child(rules)
    genotype = read_genotype(results, rules, sites or {})
    flow = _Flow(results, patient, rules, genotype, _references(rules, sites or {}), today)
    since = in_use_since(patient, rules.rxcui, today)
    if since:
        return (flow.in_use(since),)
    if genotype.reasons:
        return (flow.without_genes(),)
    found = [flow.branch(each) for each in branches(patient, rules)]
    return tuple(sorted(found, key=weight))


def doses_by_branch(
    results: Mapping[str, GeneResult],
    patient: PatientContext,
    dosing: Dosing,
    *,
    sites: Mapping[str, tuple[SiteCall, ...]] | None = None,
    today: date | None = None,
) -> tuple[BranchDoses, ...] | str:
    """The numbers behind `recommend_warfarin`, not rounded, a value for each branch; why there are
    none at all, where the flow ends before any equation."""
    rules = dosing.warfarin
    if not any(has_answer(results.get(gene)) for gene in ("CYP2C9", "VKORC1")):
        return _unanswered(rules, results).text
    if patient.age_years is not None and patient.age_years < ADULT_AGE:
        return _child(rules).text
    since = in_use_since(patient, rules.rxcui, today)
    genotype = read_genotype(results, rules, sites or {})
    flow = _Flow(results, patient, rules, genotype, (), today)
    if since:
        return flow.in_use(since).detail
    return tuple(flow.doses(each) for each in branches(patient, rules))


def _unanswered(rules: WarfarinDosing, results: Mapping[str, GeneResult]) -> Unanswered:
    asked = ("CYP2C9", "VKORC1")
    tested = [
        gene for gene in asked if gene in results and results[gene].status is not Status.NOT_TESTED
    ]
    said = " ".join(
        f"{gene} was tested without a usable answer."
        if gene in tested
        else f"No {gene} result is on file."
        for gene in asked
    )
    reason = "not-called" if tested else "not-tested"
    text = f"{said} CPIC then doses warfarin without genes."
    return Unanswered(rules.drug, rules.rxcui, GENES, reason, text)


def _child(rules: WarfarinDosing) -> Unanswered:
    text = (
        "CPIC asks for a paediatric equation, and for children of European ancestry alone; other "
        "children are dosed without genes. Our release holds no paediatric equation, and those "
        "for adults do not hold for a child."
    )
    return Unanswered(rules.drug, rules.rxcui, GENES, "no-row", text)


class _Flow:
    """The steps for one patient."""

    def __init__(
        self,
        results: Mapping[str, GeneResult],
        patient: PatientContext,
        rules: WarfarinDosing,
        genotype: WarfarinGenotype,
        references: tuple[str, ...],
        today: date | None,
    ) -> None:
        self._results, self._patient, self._rules = results, patient, rules
        self._genotype, self._references = genotype, references
        self._inputs = read_inputs(patient, rules, today=today)

    # The steps

    def in_use(self, since: str) -> Recommendation:
        """Long in use: the equations are for a start, and the INR has decided since."""
        poor = self._genotype.is_poor
        return self._made(
            rule="in-use",
            action="monitor",
            strength="",
            summary=f"In use since {since}: the INR decides; the equations are for a start.",
            detail=sentences(
                f"Warfarin has been in use since {since}. CPIC's flow and its equations are for a "
                "start; from then on the dose follows the INR, and no dose is computed here.",
                f"{POOR_DETAIL} That is advice for a start, too." if poor else "",
            ),
            considerations=(),
            caveats=(),
        )

    def without_genes(self) -> Recommendation:
        """A genotype is missing or cannot be counted: CPIC doses without genes."""
        found = branches(self._patient, self._rules)
        first = found[0] if len(found) == 1 else Branch(False, False, "missing-or-mixed")
        reasons = " ".join(self._genotype.reasons)
        poor = self._genotype.is_poor
        return self._made(
            rule="poor-metabolizer-dose-clinically" if poor else "dose-clinically",
            action="alternative" if poor else "standard",
            strength="",
            summary=(
                POOR_SUMMARY
                if poor
                else "Dose warfarin without genes: the genotypes on file do not suffice."
            ),
            detail=sentences(
                POOR_DETAIL if poor else "",
                f"{reasons} CPIC then doses warfarin clinically, without a genotype equation.",
            ),
            considerations=self._clinical(first),
            caveats=self._about_inputs(),
        )

    def doses(self, branch: Branch) -> BranchDoses:
        """The numbers of a branch: by genes, or without them and why."""
        code = branch.code, branch.label, branch.when, branch.is_stated
        if self._genotype.reasons:
            return BranchDoses(*code, " ".join(self._genotype.reasons), *self._plain(branch))
        if branch.is_african and self._genotype.untested:
            return BranchDoses(*code, self._not_looked_for(), *self._plain(branch))
        plain = computed(WITH_GENES, self._rules, self._inputs, self._setting(branch))
        return BranchDoses(*code, "", plain, *self._adjusted(plain, branch))

    def _plain(self, branch: Branch) -> tuple[tuple[ComputedDose, ...], tuple[ComputedDose, ...]]:
        """The doses without genes, before changes and after none; none for a poor metabolizer."""
        if self._genotype.is_poor:
            return (), ()
        if self._genotype.reasons and not branch.is_stated:
            branch = Branch(False, False, "missing-or-mixed")
        setting = self._setting(branch, with_genes=False)
        found = computed(WITHOUT_GENES, self._rules, self._inputs, setting)
        return found, found

    def branch(self, branch: Branch) -> Recommendation:
        if branch.is_african and self._genotype.untested:
            return self._african_not_tested(branch)
        return self._algorithm(branch)

    def _african_not_tested(self, branch: Branch) -> Recommendation:
        poor = self._genotype.is_poor
        rule = "african-ancestry-not-tested"
        return self._made(
            rule=f"poor-metabolizer-{rule}" if poor else rule,
            action="alternative" if poor else "standard",
            strength="",
            summary=POOR_SUMMARY if poor else self._without_genes_summary(),
            detail=sentences(
                POOR_DETAIL if poor else "",
                f"{self._not_looked_for()} In patients of African ancestry these matter, and CPIC "
                "then doses warfarin clinically: the genotype equations would mislead.",
            ),
            considerations=self._clinical(branch),
            caveats=(*self._about_ancestry(branch), *self._about_inputs()),
            branch=branch,
            tells=True,
        )

    def _algorithm(self, branch: Branch) -> Recommendation:
        setting = self._setting(branch)
        plain = computed(WITH_GENES, self._rules, self._inputs, setting)
        doses, steps = self._adjusted(plain, branch)
        poor = self._genotype.is_poor
        rule = "african-ancestry-algorithm" if branch.is_african else "algorithm"
        days = () if branch.is_african else self._loading(setting)
        strength = self._rules.strength["african" if branch.is_african else "non-african"]
        return self._made(
            rule=f"poor-metabolizer-{rule}" if poor else rule,
            action="alternative" if poor else "adjust-dose",
            also=("adjust-dose",) if poor else (),
            strength="" if poor else strength,  # CPIC grades the equation, not the alternative
            dose=(*(maintenance_dose(each) for each in doses), *days),
            summary=POOR_SUMMARY if poor else self._summary(doses),
            detail=self._detail(doses, bool(steps), strength),
            considerations=(
                *(f"{dose_text(each)}." for each in doses),
                *self._out_of_range(plain),
                *(f"Before these changes: {dose_text(each)}." for each in plain if steps),
                *steps,
                *self._still_open(branch),
                *loading_line(days, self._rules.loading.strength),
                *self._asked(branch, WITH_GENES, setting),
            ),
            caveats=(
                *self._about_ancestry(branch),
                *self._about_coverage(branch),
                *self._about_inputs(),
                *self._about_sites(branch),
            ),
            branch=branch,
        )

    # Doses

    def _setting(self, branch: Branch, *, with_genes: bool = True) -> Setting:
        return Setting(
            vkorc1=self._genotype.vkorc1 if with_genes else "",
            cyp2c9=self._genotype.cyp2c9 if with_genes else "",
            ancestry=branch.ancestry,
            african=branch.is_african,
        )

    def _adjusted(
        self, doses: tuple[ComputedDose, ...], branch: Branch
    ) -> tuple[tuple[ComputedDose, ...], tuple[str, ...]]:
        """The doses after CPIC's changes, and a line for each change."""
        lines = []
        for name, reason in self._changes(branch):
            change = self._rules.adjustments[name]
            doses = adjusted(doses, change)
            lines.append(f"{reason}: CPIC {percent_text(change)} ({change.strength}).")
        return doses, tuple(lines)

    def _changes(self, branch: Branch) -> list[tuple[str, str]]:
        """CPIC's adjustments that hold, in its order, each with why."""
        genotype, found = self._genotype, []
        if genotype.adjusting:
            count = "two" if len(genotype.adjusting) > 1 else "one"
            suffix = "-african" if branch.is_african else ""
            alleles = ", ".join(genotype.adjusting)
            found.append((f"cyp2c9-{count}{suffix}", f"CYP2C9 {alleles} carried"))
        if branch.is_african and genotype.cluster == "yes" and self._is_american(branch):
            found.append(("rs12777823", "rs12777823 A carried (stated for African Americans)"))
        if not branch.is_african and genotype.cyp4f2 == "yes":
            found.append(("cyp4f2", "CYP4F2 rs2108622 T carried"))
        return found

    def _is_american(self, branch: Branch) -> bool:
        # CPIC states rs12777823 for African Americans; where nobody reported an ancestry the
        # branch is shown as that of African Americans.
        return branch.american or not branch.is_stated

    def _loading(self, setting: Setting) -> tuple[Dose, ...]:
        if self._genotype.adjusting or setting.cyp2c9 not in self._rules.loading.per_hour:
            return ()
        days = loading_days(self._rules, self._inputs, setting)
        return tuple(
            Dose("loading-dose", "mg/d", value=str(tenth(dose)), when=f"day {number}, by EU-PACT")
            for number, dose in enumerate(days, start=1)
        )

    # Words

    def _genes(self) -> dict[str, str]:
        """What decided; CYP4F2 only where it has a result, since CPIC's flow does without."""
        shown = {gene: gene_shown(self._results.get(gene)) for gene in GENES}
        if shown["CYP4F2"] == NO_RESULT:
            del shown["CYP4F2"]
        return shown

    def _summary(self, doses: tuple[ComputedDose, ...]) -> str:
        if doses:
            shown = ", ".join(f"{span(d.low / 7, d.high / 7)} mg/d ({d.label})" for d in doses)
            return f"By genotype: {shown}."
        if self._inputs.missing:
            return f"Dose warfarin by a genotype equation. Record: {listed(self._inputs.missing)}."
        return "Dose warfarin by a genotype equation; these inputs are out of its range."

    def _detail(self, doses: tuple[ComputedDose, ...], changed: bool, strength: str) -> str:
        genes = f"VKORC1 -1639 {self._genotype.vkorc1} and CYP2C9 {self._genotype.stated}"
        if not doses:
            lacking = listed(self._inputs.missing)
            why = f"{lacking} not known" if lacking else "the sum is outside their range"
            numbers = f"no dose was computed ({why})."
        else:
            numbers = f"{'; '.join(dose_text(each) for each in doses)}."
            if changed:
                numbers += " CPIC's changes for further variants are counted."
        return sentences(
            POOR_DETAIL if self._genotype.is_poor else "",
            f"CPIC advises a published genotype equation for the dose ({strength}). With {genes}, "
            f"{numbers}",
            "It is where to start: the INR decides from then on." if doses else "",
        )

    def _out_of_range(self, doses: tuple[ComputedDose, ...]) -> tuple[str, ...]:
        if self._inputs.missing:
            return ()
        computed_by = {each.equation for each in doses}
        return tuple(
            f"{self._rules.equations[name].label}: no dose; these inputs lie outside its range."
            for name in WITH_GENES
            if name not in computed_by
        )

    def _clinical(self, branch: Branch) -> tuple[str, ...]:
        """The equations without genes, for what they are, and their inputs."""
        if self._genotype.is_poor:
            return (
                "The equations without genes are not shown: they would give a poor metabolizer "
                "too much.",
            )
        setting = self._setting(branch, with_genes=False)
        if not branch.is_stated and not branch.is_african:
            setting = replace(setting, african=None)
        doses = computed(WITHOUT_GENES, self._rules, self._inputs, setting)
        return (
            *(f"{dose_text(each)}." for each in doses),
            *(self._not_counted() if doses else ()),
            *self._asked(branch, WITHOUT_GENES, setting),
        )

    def _not_counted(self) -> tuple[str, ...]:
        """Genotypes on file that the equations without genes leave out."""
        held = [
            f"{gene} {gene_key(self._results.get(gene))}"
            for gene in ("VKORC1", "CYP2C9")
            if has_answer(self._results.get(gene))
        ]
        return (f"On file and not counted in these doses: {listed(tuple(held))}.",) if held else ()

    def _asked(self, branch: Branch, names: tuple[str, ...], setting: Setting) -> tuple[str, ...]:
        """A line for each input, stated or assumed."""
        return (
            self._ancestry_line(branch),
            *self._inputs.lines,
            *what_if(self._rules, names, self._inputs, setting),
        )

    def _ancestry_line(self, branch: Branch) -> str:
        if self._patient.ancestry:
            return f"Ancestry ({SELF_REPORTED}): {', '.join(self._patient.ancestry)}."
        taken = " African American is taken for this branch." if branch.is_african else ""
        return f"Ancestry ({SELF_REPORTED}): not on file.{taken}"

    def _still_open(self, branch: Branch) -> tuple[str, ...]:
        """What was not tested, and what it would change."""
        genotype, rules, lines = self._genotype, self._rules.adjustments, []
        if genotype.also_fits:
            lines.append(
                f"CYP2C9 {genotype.stated} is counted. What was read also fits "
                f"{listed(genotype.also_fits)}, with alleles that the equations do not know."
            )
        if not branch.is_african and genotype.untested:
            lines.append(
                f"{self._not_looked_for()} One carried: CPIC "
                f"{percent_text(rules['cyp2c9-one'])}; two: {percent_text(rules['cyp2c9-two'])}."
            )
        if not branch.is_african and genotype.cyp4f2 == "not-known":
            lines.append(
                f"CYP4F2 rs2108622 is not known; T carried: CPIC {percent_text(rules['cyp4f2'])}."
            )
        if branch.is_african and genotype.cluster == "not-known":
            lines.append(
                "rs12777823 is not known; A carried by an African American: CPIC "
                f"{percent_text(rules['rs12777823'])}."
            )
        if branch.is_african and genotype.cluster == "yes" and not self._is_american(branch):
            lines.append(
                "rs12777823 A is carried and was not counted: CPIC states its change "
                f"({percent_text(rules['rs12777823'])}) for African Americans alone."
            )
        return tuple(lines)

    def _not_looked_for(self) -> str:
        alleles = listed(self._genotype.untested)
        were = "was" if len(self._genotype.untested) == 1 else "were"
        if self._genotype.coverage_known:
            return f"CYP2C9 {alleles} {were} not tested."
        return f"The report does not say whether CYP2C9 {alleles} {were} looked for."

    def _without_genes_summary(self) -> str:
        alleles = listed(self._genotype.untested)
        return f"Dose warfarin without genes: no test of CYP2C9 {alleles} is known."

    # Caveats

    def _about_ancestry(self, branch: Branch) -> tuple[Caveat, ...]:
        if branch.is_stated:
            return ()
        text = (
            "CPIC's advice differs by ancestry, which is not settled here; both branches are "
            f"shown. Ancestry is {SELF_REPORTED}."
        )
        return (Caveat("PGX-670", text),)

    def _about_coverage(self, branch: Branch) -> tuple[Caveat, ...]:
        if branch.is_african or not self._genotype.untested:
            return ()
        text = f"{self._not_looked_for()} If one is carried, the equations give too much."
        return (Caveat("PGX-671", text),)

    def _about_inputs(self) -> tuple[Caveat, ...]:
        found = []
        if self._inputs.missing:
            lacking = listed(self._inputs.missing)
            text = f"No dose was computed: {lacking} not known."
            if "age" in self._inputs.missing:
                text += " The steps shown are those for adults."
            found.append(Caveat("PGX-672", text))
        elif self._inputs.assumed or self._inputs.old:
            assumed = ", ".join(ASSUMED[name] for name in self._inputs.assumed)
            text = sentences(
                *self._inputs.old,
                "The dose rests on assumptions, named beside it, for what is not on file: "
                f"{assumed}."
                if assumed
                else "",
            )
            found.append(Caveat("PGX-673", text))
        return (*found, *self._inputs.caveats)

    def _about_sites(self, branch: Branch) -> tuple[Caveat, ...]:
        site = "rs12777823" if branch.is_african else "CYP4F2 rs2108622"
        carried = self._genotype.cluster if branch.is_african else self._genotype.cyp4f2
        if carried != "contradiction":
            return ()
        text = f"Results contradict each other at {site}; it was not counted in the dose."
        return (Caveat("PGX-676", text),)

    # The recommendation

    def _fit(self, branch: Branch | None) -> Fit:
        """Whether the branch is this patient's: known only with an age and the patient's word."""
        if self._patient.age_years is None or (branch is not None and not branch.is_stated):
            return "unknown"
        return "holds"

    def _made(
        self,
        *,
        rule: str,
        action: str,
        strength: str,
        summary: str,
        detail: str,
        considerations: tuple[str, ...],
        caveats: tuple[Caveat, ...],
        branch: Branch | None = None,
        also: tuple[str, ...] = (),
        dose: tuple[Dose, ...] = (),
        tells: bool = False,
    ) -> Recommendation:
        held = [self._results[gene] for gene in GENES if gene in self._results]
        return Recommendation(
            drug=self._rules.drug,
            rxcui=self._rules.rxcui,
            source="CPIC",
            genes=self._genes(),
            keys={gene: gene_key(self._results.get(gene)) for gene in GENES},
            population=branch.code if branch else "adult",
            population_label=branch.label if branch else "",
            population_when=branch.when if branch else "",
            population_fit=self._fit(branch),
            action=action,
            also=also,
            strength=strength,
            dose=dose,
            alternatives=(),
            # What is advised to a poor metabolizer is one thing in every branch.
            advice=POOR_ADVICE if rule.startswith(POOR_ADVICE) else rule,
            summary=summary,
            detail=detail,
            implications={},
            considerations=considerations,
            evidence=evidence(self._rules),
            rule=f"cpic.warfarin.{rule}",
            tells=tells,
            caveats=tuple(
                dict.fromkeys((*caveats, *(caveat for each in held for caveat in each.caveats)))
            ),
            derived_from=tuple(
                dict.fromkeys(
                    (*(ref for each in held for ref in each.derived_from), *self._references)
                )
            ),
        )


def doses_of(
    recommendation: Recommendation, ordered: Sequence[OrderedDose]
) -> tuple[DoseForPatient, ...]:
    """What the equations come to in mg a day, and the order held against it; nothing where no dose
    was computed or the order's daily dose is not known.

    All equations make one span. An order within a fifth of it is "within": by that nearness IWPC's
    authors judged their equation, and tablets do not come in tenths of a milligram.
    """
    stated = [d for d in recommendation.dose if d.what == "maintenance-dose" and d.unit == "mg/wk"]
    taken = taken_of(ordered, "maintenance-dose", "mg/d")
    if not stated or not taken.words:
        return ()
    low = min(Decimal(d.value or d.low or 0) for d in stated) / 7
    high = max(Decimal(d.value or d.high or 0) for d in stated) / 7
    near = (low * (1 - _NEAR), high * (1 + _NEAR))
    judgement = compare(taken, *near, strict=False, kind="computed")
    relation = {
        "above": "is above this",
        "below": "is below this",
        "within": "is at most a fifth away from this",
        "unknown": "may lie on either side of this",
    }[judgement]
    by = " and ".join((d.when or "").removeprefix("by ") for d in stated)
    text = f"Computed by {by}: {span(low, high)} mg/d; the ordered {taken.words} {relation}."
    return (
        DoseForPatient(
            "maintenance-dose", "mg/d", low, high, f"computed by {by}", judgement, text,
            kind="computed",
        ),
    )  # fmt: skip


def _references(
    rules: WarfarinDosing, sites: Mapping[str, tuple[SiteCall, ...]]
) -> tuple[str, ...]:
    """Where rs12777823 and rs2108622 were read."""
    asked = (rules.sites["cyp2c-cluster"], rules.sites["cyp4f2"])
    return tuple(
        call.reference
        for gene in ("CYP2C9", "CYP4F2")
        for call in sites.get(gene, ())
        if call.site in asked and call.reference
    )

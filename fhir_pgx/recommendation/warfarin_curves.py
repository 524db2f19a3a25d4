"""Warfarin's dose against each input in turn: the whole flow asked again with one input changed.

Nothing is computed here. Age, height, weight, medicines and genotypes are put in the place of the
patient's own, one at a time, and `doses_by_branch` answers. The spans drawn are ours, wide enough
for most adults: the equations' own facts do not say for which values they were made.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from fhir_pgx.model.dosing import Dosing
from fhir_pgx.model.drug import Drug
from fhir_pgx.model.patient import Condition, Fact, Measurement, Medicine, PatientContext
from fhir_pgx.model.phenotype import GeneResult
from fhir_pgx.model.recommendation import Unanswered
from fhir_pgx.model.variant import SiteCall
from fhir_pgx.model.warfarin_view import (
    BranchCurves,
    BranchDoses,
    DosePanel,
    DosePoint,
    InputState,
    WarfarinView,
)
from fhir_pgx.recommendation.warfarin import (
    ADULT_AGE,
    WITH_GENES,
    WITHOUT_GENES,
    doses_by_branch,
    recommend_warfarin,
)
from fhir_pgx.recommendation.warfarin_genotype import WarfarinGenotype, read_genotype
from fhir_pgx.recommendation.warfarin_inputs import Inputs, read_inputs

Results = Mapping[str, GeneResult]
Sites = Mapping[str, tuple[SiteCall, ...]]
Doses = tuple[BranchDoses, ...] | str

# IWPC counts whole decades: the year before each and the first of each show its steps.
AGES = (ADULT_AGE, *(year for decade in range(20, 100, 10) for year in (decade - 1, decade)), 95)
WEIGHTS = range(40, 151, 5)
HEIGHTS = range(140, 201, 5)
TARGETS = tuple(Decimal(each) / 4 for each in range(6, 15))
AS_IF_READ = "Each genotype as if a test had read every position."
DECADES = "IWPC counts whole decades. Under 18 years no equation is held."
NOT_COUNTED = "not known; no change is counted"


@dataclass(frozen=True, slots=True)
class Genotypes:
    """Results of a gene that a test can come back with, by how they are written: they stand in the
    place of the patient's own."""

    vkorc1: Mapping[str, GeneResult]
    cyp2c9: Mapping[str, GeneResult]


@dataclass(frozen=True, slots=True)
class _Panel:
    """A panel before its branch is taken out: each value with the answer of every branch."""

    name: str
    label: str
    unit: str
    kind: str
    state: InputState
    value: str
    asked: tuple[tuple[Decimal | None, str, Doses, bool], ...]
    terms: tuple[str, ...]
    note: str = ""


def warfarin_curves(
    results: Results,
    patient: PatientContext,
    dosing: Dosing,
    genotypes: Genotypes,
    *,
    sites: Sites,
    today: date | None = None,
) -> WarfarinView:
    """The view of one patient; no panels where the flow ends before any equation."""
    inputs = read_inputs(patient, dosing.warfarin, today=today)
    answer = doses_by_branch(results, patient, dosing, sites=sites, today=today)
    found = recommend_warfarin(results, patient, dosing, sites=sites, today=today)
    advised = () if isinstance(found, Unanswered) else found
    if isinstance(answer, str):
        return WarfarinView(answer, inputs.missing, inputs.lines, (), advised)
    genotype = read_genotype(results, dosing.warfarin, sites)
    curves = _Curves(results, patient, dosing, sites, today, genotype, inputs, answer)
    panels = (*curves.genes(genotypes), *curves.body(), *curves.medicines(), *curves.facts())
    return WarfarinView(
        "",
        inputs.missing,
        inputs.lines,
        tuple(BranchCurves(each, tuple(curves.of_branch(panels, each.code))) for each in answer),
        advised,
    )


class _Curves:
    """Asks for one patient."""

    def __init__(
        self,
        results: Results,
        patient: PatientContext,
        dosing: Dosing,
        sites: Sites,
        today: date | None,
        genotype: WarfarinGenotype,
        inputs: Inputs,
        answer: tuple[BranchDoses, ...],
    ) -> None:
        self._results, self._patient, self._dosing = results, patient, dosing
        self._sites, self._today = sites, today
        self._genotype, self._inputs, self._answer = genotype, inputs, answer

    def _ask(
        self,
        *,
        patient: PatientContext | None = None,
        results: Results | None = None,
        sites: Sites | None = None,
    ) -> Doses:
        return doses_by_branch(
            results or self._results,
            patient or self._patient,
            self._dosing,
            sites=self._sites if sites is None else sites,
            today=self._today,
        )

    # Panels

    def genes(self, genotypes: Genotypes) -> list[_Panel]:
        genotype = self._genotype
        found = [
            self._gene("VKORC1", "VKORC1 -1639", genotypes.vkorc1, genotype.vkorc1, ("vkorc1",)),
            self._gene("CYP2C9", "CYP2C9", genotypes.cyp2c9, self._own_cyp2c9(), ("cyp2c9",)),
        ]
        sites = self._dosing.warfarin.sites
        found.append(self._site("CYP4F2", sites["cyp4f2"], ("C", "T"), genotype.cyp4f2))
        found.append(self._site("CYP2C9", sites["cyp2c-cluster"], ("G", "A"), genotype.cluster))
        return found

    def _own_cyp2c9(self) -> str:
        """The patient's diplotype as written, empty where it cannot be counted."""
        return self._genotype.stated if self._genotype.cyp2c9 else ""

    def _gene(
        self,
        gene: str,
        label: str,
        possible: Mapping[str, GeneResult],
        own: str,
        terms: tuple[str, ...],
    ) -> _Panel:
        asked: list[tuple[Decimal | None, str, Doses, bool]] = []
        for name, result in possible.items():
            if name == own:
                asked.append((None, name, self._answer, True))
            else:
                found = self._ask(results={**self._results, gene: result})
                asked.append((None, name, found, False))
        if own and own not in possible:
            asked.append((None, own, self._answer, True))
        reasons = [each for each in self._genotype.reasons if gene in each]
        value = own or " ".join(reasons) or "not known"
        state: InputState = "known" if own else "not-known"
        return _Panel(gene, label, "", "steps", state, value, tuple(asked), terms, AS_IF_READ)

    def _site(self, gene: str, site: str, bases: tuple[str, str], carried: str) -> _Panel:
        """A position that the flow counts by whether its variant base is carried."""
        plain, variant = bases
        labels = {"no": f"no {variant}", "yes": f"{variant} carried"}
        asked: list[tuple[Decimal | None, str, Doses, bool]] = []
        for word, alleles in (("no", (plain, plain)), ("yes", (plain, variant))):
            if word == carried:
                asked.append((None, labels[word], self._answer, True))
                continue
            others = tuple(each for each in self._sites.get(gene, ()) if each.site != site)
            read = SiteCall(gene, site, alleles)
            found = self._ask(sites={**self._sites, gene: (*others, read)})
            asked.append((None, labels[word], found, False))
        is_known = carried in labels
        unread = "results contradict each other" if carried == "contradiction" else NOT_COUNTED
        return _Panel(
            site,
            f"CYP4F2 {site}" if gene == "CYP4F2" else site,
            "",
            "steps",
            "known" if is_known else "not-known",
            labels[carried] if is_known else unread,
            tuple(asked),
            (site,),
        )

    def body(self) -> list[_Panel]:
        patient = self._patient
        age = None if patient.age_years is None else Decimal(patient.age_years)
        return [
            self._line(
                "age", "Age", "a", AGES, age, lambda x: replace(patient, age_years=int(x)),
                ("age-years", "age-decades"), note=DECADES,
            ),
            self._line(
                "weight", "Weight", "kg", WEIGHTS, self._inputs.numbers.get("weight"),
                lambda x: replace(patient, weight=Measurement(x, "kg")), ("weight", "bsa"),
            ),
            self._line(
                "height", "Height", "cm", HEIGHTS, self._inputs.numbers.get("height"),
                lambda x: replace(patient, height=Measurement(x, "cm")), ("height", "bsa"),
            ),
        ]  # fmt: skip

    def _line(
        self,
        name: str,
        label: str,
        unit: str,
        values: Iterable[int | Decimal],
        own: Decimal | None,
        with_value: Callable[[Decimal], PatientContext],
        terms: tuple[str, ...],
        state: InputState | None = None,
        note: str = "",
    ) -> _Panel:
        """A panel over numbers, the patient's own among them."""
        numbers = sorted({Decimal(each) for each in values} | ({own} if own is not None else set()))
        asked = tuple(
            (x, f"{x.normalize():f}", self._answer, True)
            if x == own and state != "assumed"
            else (x, f"{x.normalize():f}", self._ask(patient=with_value(x)), x == own)
            for x in numbers
        )
        value = "not known" if own is None else f"{own.normalize():f}"
        known: InputState = "not-known" if own is None else "known"
        return _Panel(name, label, unit, "line", state or known, value, asked, terms, note)

    def medicines(self) -> list[_Panel]:
        shown = {"amiodarone": "Amiodarone", "inducer": "Enzyme inducer"}
        return [
            self._yes_or_no(name, shown.get(name, name), self._taking(name, codes))
            for name, codes in self._dosing.warfarin.medicines.items()
        ]

    def _taking(self, name: str, codes: Mapping[str, str]) -> Callable[[bool], PatientContext]:
        others = tuple(
            each
            for each in self._patient.medicines
            if not any(drug.rxcui in codes for drug in each.drugs)
        )
        first = tuple(Drug(code, agent) for code, agent in codes.items())[:1]

        def made(is_taken: bool) -> PatientContext:
            more = (Medicine(first, "active"),) if is_taken else ()
            return replace(self._patient, medicines=(*others, *more), medicines_known=True)

        return made

    def facts(self) -> list[_Panel]:
        patient = self._patient
        others = tuple(each for each in patient.conditions if "dvt-pe" not in each.classes)
        clot = Condition("thrombosis", frozenset({"dvt-pe"}), "active")
        target = self._inputs.numbers["target-inr"]
        is_assumed = "target-inr" in self._inputs.assumed
        return [
            self._line(
                "target-inr", "Target INR", "{INR}", TARGETS, target,
                lambda x: replace(patient, inr_target=Measurement(x, "{INR}")), ("target-inr",),
                "assumed" if is_assumed else "known",
            ),
            self._yes_or_no("smokes", "Smoking", lambda yes: replace(patient, smokes=Fact(yes))),
            self._yes_or_no(
                "dvt-pe", "Thrombosis or embolism",
                lambda yes: replace(patient, conditions=(*others, clot) if yes else others),
            ),
        ]  # fmt: skip

    def _yes_or_no(
        self, name: str, label: str, with_answer: Callable[[bool], PatientContext]
    ) -> _Panel:
        own = bool(self._inputs.numbers[name])
        is_assumed = name in self._inputs.assumed
        word = "yes" if own else "no"
        other = self._ask(patient=with_answer(not own))
        asked = tuple(
            (None, said, self._answer if yes == own else other, yes == own)
            for said, yes in (("no", False), ("yes", True))
        )
        value = "not known; counted as no" if is_assumed else word
        state: InputState = "assumed" if is_assumed else "known"
        return _Panel(name, label, "", "steps", state, value, asked, (name,))

    # One branch

    def of_branch(self, panels: Sequence[_Panel], code: str) -> list[DosePanel]:
        """The panels of one branch; without the position that the other one counts."""
        sites = self._dosing.warfarin.sites
        is_african = code == "african-ancestry"
        left_out = sites["cyp4f2"] if is_african else sites["cyp2c-cluster"]
        return [_of_branch(each, code, self._dosing) for each in panels if each.name != left_out]


def _of_branch(panel: _Panel, code: str, dosing: Dosing) -> DosePanel:
    points, used = [], set[str]()
    for at, label, answer, is_patient in panel.asked:
        branch = None if isinstance(answer, str) else next(b for b in answer if b.code == code)
        doses = branch.doses if branch else ()
        used |= {dose.equation for dose in doses}
        refusal = str(answer) if branch is None else branch.refusal
        points.append(DosePoint(at, label, doses, refusal, is_patient))
    equations = dosing.warfarin.equations
    names = [each for each in (*WITH_GENES, *WITHOUT_GENES) if each in used]
    return DosePanel(
        name=panel.name,
        label=panel.label,
        unit=panel.unit,
        kind="line" if panel.kind == "line" else "steps",
        state=panel.state,
        value=panel.value,
        points=tuple(points),
        counted_by=tuple(
            equations[name].label for name in names if _counts(dosing, name, panel.terms)
        ),
        note=panel.note,
    )


def _counts(dosing: Dosing, name: str, terms: Sequence[str]) -> bool:
    """Whether an equation asks for an input, by its terms or one of its tables; the steps of the
    guideline change every dose by genes."""
    equation, rules = dosing.warfarin.equations[name], dosing.warfarin
    if name in WITH_GENES and set(terms) & {rules.sites["cyp4f2"], rules.sites["cyp2c-cluster"]}:
        return True
    tables = {"vkorc1": equation.vkorc1, "cyp2c9": equation.cyp2c9}
    return any(
        any(term == each or each.startswith(f"{term}-") for each in equation.terms)
        or bool(tables.get(term))
        for term in terms
    )

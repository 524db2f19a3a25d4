"""One patient's passport, of the same stages that answer hooks: nothing is judged twice.

genes → each as it stands; medicines → question, advise → light; results → drugs to avoid;
needs → tests; precision therapy → findings.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

from fhir_pgx.cards.advised import advised
from fhir_pgx.cards.form import is_for_local_use, local_summary
from fhir_pgx.cards.headline import gene_phrase
from fhir_pgx.errors import MixedPatients
from fhir_pgx.fhir.bundle import Entry, References
from fhir_pgx.fhir.tests_ordered import read_test_orders
from fhir_pgx.model.drug import MedicationOrder
from fhir_pgx.model.finding import Origin as StatedAt
from fhir_pgx.model.knowledge import Knowledge
from fhir_pgx.model.passport import (
    LIGHTS,
    NOT_READ,
    DatedSource,
    Light,
    Origin,
    Passport,
    PassportAvoid,
    PassportFinding,
    PassportGene,
    PassportMedicine,
    PassportTest,
    Said,
    Seen,
    place_of_drug,
)
from fhir_pgx.model.patient import MedicineState
from fhir_pgx.model.phenotype import GeneResult, Interpretation, Status
from fhir_pgx.model.recommendation import ACTIONS, DrugAdvice
from fhir_pgx.model.test_plan import Need
from fhir_pgx.model.therapy import Domain, TherapyAdvice
from fhir_pgx.pipeline.advice import Advice
from fhir_pgx.pipeline.case import Case, case_of
from fhir_pgx.pipeline.genes import Genes, log_fault
from fhir_pgx.pipeline.left_open import (
    acted_on,
    not_sure,
    of_one_group,
    sentence,
    unsettled,
    untold,
)
from fhir_pgx.pipeline.lights import (
    AGAINST,
    against_light,
    grave_others,
    light_of,
    light_of_rows,
    lines_of,
    said,
    said_of,
    said_of_rows,
    speaks_against,
    worst,
)
from fhir_pgx.pipeline.orders import Orders
from fhir_pgx.pipeline.precision import Precision
from fhir_pgx.pipeline.precision.domain import drugs_of
from fhir_pgx.recommendation import DrugGroup, all_needs, needs_of, plan_tests

_IN_USE = ("active", "in-use", "intended", "in-progress", "recorded", "")
_GIVEN = ("MedicationDispense", "MedicationAdministration")  # `completed`: the patient has it
_NO_GROUP = "PGX-624"  # no group that the guideline tells apart is this patient's
_RESISTANCE = "Whether the organism is resistant is not on file."
_ORIGINS: Mapping[Domain, Origin] = {
    "tumour": "tumour",
    "pathogen": "pathogen",
    "inherited": "germline",
    "transplant": "hla",
}


@dataclass(frozen=True, slots=True)
class _Judged:
    """What is said of one medicine by one set of rules."""

    light: Light
    why: str
    said: tuple[Said, ...] = ()
    missing: tuple[str, ...] = ()


class _Dated(Protocol):
    @property
    def origin(self) -> StatedAt: ...


class Passports:
    """Makes passports with the parts of the pipeline that answer hooks."""

    def __init__(
        self,
        knowledge: Knowledge,
        parts: tuple[Genes, Orders, Advice, Precision],
        today: Callable[[], date],
    ) -> None:
        self._knowledge, self._today = knowledge, today
        self._genes, self._orders, self._advice, self._precision = parts
        self._pathogen = next(e for e in self._precision.domains if e.name == "pathogen")
        self._places = {place_of_drug(drug.drug): drug.drug for drug in knowledge.drugs}

    def passport(self, entries: Sequence[Entry], seen: Seen, asked: str = "") -> Passport:
        """The passport of the one patient that these resources are of; `asked` is the place of a
        drug that somebody asks about (`place_of_drug`), taken or not.

        Raises MixedPatients where they speak of several.
        """
        references = References(entries)
        interpretation = self._genes.interpret(entries)
        if len(interpretation.reading.subjects) > 1:
            raise MixedPatients(
                f"the data speak of {len(interpretation.reading.subjects)} patients",
                where="subject",
                mend="show the data of one patient at a time",
            )
        patient = self._advice.patient(entries, (), references, seen.looked_for, seen.lists)
        case = case_of(interpretation, patient, references, self._advice.acting(patient))
        case = replace(case, tests=tuple(read_test_orders(entries, self._knowledge.vocabulary)))
        medicines = self._medicines(case, seen)
        current = [order for _, order in self._current(case)]
        needs = self._needs(current, case)
        plan = plan_tests(needs, case.tests, self._knowledge.panels)
        panel = (plan.panel.code, plan.panel.display) if plan.panel else ("", "")
        dates = _dates(interpretation)
        return Passport(
            patient=interpretation.subject,
            today=self._today().isoformat(),
            release=self._knowledge.release,
            sha256=self._knowledge.sha256,
            genes=tuple(_gene(each, seen) for each in interpretation.genes.values()),
            medicines=medicines,
            avoid=self._avoid(interpretation, case, current),
            tests=tuple(_tests(needs, case)),
            panel=panel,
            panel_reads=plan.asked,
            findings=self._findings(case, dates),
            lists=seen.lists,
            partial=seen.partial,
            is_limited=seen.is_limited,
            not_understood=(*interpretation.reading.not_understood, *seen.notes),
            caveats=interpretation.reading.caveats,
            asked=self._asked(asked, medicines, case, seen),
        )

    # Medicines

    def _current(self, case: Case) -> list[tuple[MedicineState, MedicationOrder]]:
        """What is taken now, and what is to begin."""
        return [
            (each.state, each.order)
            for each in case.patient.medicines
            if each.order is not None
            and each.state in ("active", "planned")
            and _is_in_use(each.order)
        ]

    def _medicines(self, case: Case, seen: Seen) -> tuple[PassportMedicine, ...]:
        """Each medicine once, however many orders it stands in; the gravest first."""
        alike_: dict[object, list[tuple[MedicineState, MedicationOrder]]] = {}
        for state, order in self._current(case):
            match = order.match
            drugs = tuple(sorted(each.rxcui for each in match.ingredients)) if match else ()
            key = (state, drugs or order.concept.label.lower() or order.reference,
                   is_for_local_use(order))  # fmt: skip
            alike_.setdefault(key, []).append((state, order))
        found = []
        for same in alike_.values():
            state, order = same[0]
            judged = self._judged([each for _, each in same], case, seen)
            names = tuple(drug.name for drug in order.match.ingredients) if order.match else ()
            found.append(
                PassportMedicine(
                    label=order.concept.label or ", ".join(names),
                    light=judged.light,
                    why=judged.why,
                    drugs=names,
                    orders=tuple(dict.fromkeys(each.reference for _, each in same)),
                    state=state,
                    said=judged.said,
                    missing=judged.missing,
                )
            )
        return tuple(sorted(found, key=lambda each: (LIGHTS.index(each.light), each.label.lower())))

    def _asked(
        self, place: str, medicines: Sequence[PassportMedicine], case: Case, seen: Seen
    ) -> PassportMedicine | None:
        """The drug of a card's link: that of a draft, which no record holds yet."""
        if any(place_of_drug(name) == place for each in medicines for name in each.drugs):
            return None
        name = self._places.get(place)
        if name is None:
            return None
        judged = self._judged([self._orders.asked(name)], case, seen)
        return PassportMedicine(
            name, judged.light, judged.why, (name,), state="draft", said=judged.said,
            missing=judged.missing,
        )  # fmt: skip

    def _judged(self, orders: Sequence[MedicationOrder], case: Case, seen: Seen) -> _Judged:
        """What holds for any of these orders of one medicine: the gravest decides, since one may
        state another indication or dose than the next."""
        try:
            parts = [part for order in orders for part in self._parts(order, case, seen)]
        except Exception as error:  # noqa: BLE001 - a fault in one must not cost the others
            log_fault("a medicine of a passport", error)
            return _Judged("unknown", "A fault of this service kept it from judging this medicine.")
        if not parts:
            return _without_guidance(orders[0])
        light = worst(each.light for each in parts)
        first = next(each for each in parts if each.light == light)
        unseen = light == "no-change" and len(parts) == len(orders)  # by the genes alone
        of_pathogen = unseen and any(map(self._pathogen.concerns, orders))
        return _Judged(
            light,
            f"{first.why} {_RESISTANCE}" if of_pathogen else first.why,
            tuple(dict.fromkeys(each for part in parts for each in part.said)),
            tuple(dict.fromkeys(each for part in parts for each in part.missing)),
        )

    def _parts(self, order: MedicationOrder, case: Case, seen: Seen) -> Iterable[_Judged]:
        groups = self._orders.guidance(order)
        if groups and is_for_local_use(order):
            yield _Judged("no-guidance", local_summary(groups[0].drug.name))
            return
        for group in groups:
            yield self._of_group(order, group, case, seen)
        drugs = drugs_of(order)
        rows = self._precision.advice(case, drugs) if drugs else []
        if rows:
            shown = said_of_rows(rows)
            yield _Judged(light_of_rows(rows), shown[0].text, shown)
        elif self._precision.needs(order) or (not groups and self._precision.concerns(order)):
            yield _Judged(
                "unknown",
                "What is known of this drug depends on findings that the data do not show. A "
                "finding that was not tested for is not a negative one.",
            )

    def _of_group(
        self, order: MedicationOrder, group: DrugGroup, case: Case, seen: Seen
    ) -> _Judged:
        advice = self._advice.answer_of(self._advice.question(order, group, case), case)
        needs = needs_of(all_needs(group, self._knowledge.levels), case.results)
        missing = tuple(dict.fromkeys(need.target for need in needs))
        light = light_of(advice, case.results, missing=missing)
        open_ = unsettled(group, case.results)
        why = _why(advice, light, missing, open_, case, seen)
        if light == "no-change":
            light, why = self._if_nothing_is_open(order, group, advice, why, case, seen)
        return _Judged(light, why, said_of(advice), missing)

    def _if_nothing_is_open(
        self,
        order: MedicationOrder,
        group: DrugGroup,
        advice: DrugAdvice,
        why: str,
        case: Case,
        seen: Seen,
    ) -> tuple[Light, str]:
        """The light and line of a drug that no source advises a change of, were all known."""
        if acting := acted_on(advice):
            return "caution", " ".join((why, *acting))
        if open_ := untold(unsettled(group, case.results), why):
            return "unknown", f"{why} {sentence(open_)}"

        def changes(results: Mapping[str, GeneResult]) -> bool:
            changed = replace(case, results=results)
            question = self._advice.question(order, group, changed)
            return light_of(self._advice.answer_of(question, changed), results) != "no-change"

        if hedged := not_sure(group, case.results, changes):
            return "unknown", " ".join((why, *hedged))
        if whose := of_one_group(advice, case.results):
            return "unknown", f"{why} Whether that holds here ({whose}) is not on file."
        if unseen := self._unseen(group, case, seen):
            return "unknown", unseen
        return "no-change", why

    def _unseen(self, group: DrugGroup, case: Case, seen: Seen) -> str:
        """Why a drug of which nothing seen changes anything is not green: what was not seen may.
        Empty where all was."""
        if seen.lists.get("results") == "unavailable":
            return "By what could be read nothing changes; a part of the results could not be read."
        if self._advice.may_be_acted_on(group, case.patient):
            return (
                "By the genes alone nothing changes; other medicines may change how this one acts, "
                "and their list could not be read."
            )
        if seen.is_limited:
            return "By what may be seen nothing changes; a part of the record is withheld."
        return ""

    # What to avoid

    def _avoid(
        self, interpretation: Interpretation, case: Case, current: Sequence[MedicationOrder]
    ) -> tuple[PassportAvoid, ...]:
        """Drugs that are not taken and that the results speak against, the gravest first."""
        taken = {drug.rxcui for order in current if order.match for drug in order.match.ingredients}
        named = {drug.name for order in current if order.match for drug in order.match.ingredients}
        found: list[PassportAvoid] = []
        for group in self._orders.concerned(interpretation):
            if group.ingredients and taken.issuperset(group.ingredients):
                continue
            advice = self._advice.answer_of(self._advice.question(None, group, case), case)
            if against := speaks_against(advice):
                told = tuple(dict.fromkeys(map(said, against)))
                found.append(PassportAvoid(advice.drug, against_light(against), told))
        rows_of: dict[str, list[TherapyAdvice]] = {}
        for row in self._precision.advice(case, None):
            if row.domain == "inherited" and len(row.drugs) == 1 and row.drug not in named:
                rows_of.setdefault(row.drug, []).append(row)
        for drug, rows in rows_of.items():
            light = light_of_rows(rows)
            if light in ("stop", "caution"):
                shown = tuple(each for each in said_of_rows(rows) if each.action in AGAINST)
                if shown:
                    found.append(PassportAvoid(drug, light, shown))
        return tuple(sorted(found, key=lambda e: (LIGHTS.index(e.light), _gravity(e), e.drug)))

    # What to test

    def _needs(self, current: Sequence[MedicationOrder], case: Case) -> tuple[Need, ...]:
        """What the current medicines wait for, the weightiest first."""
        found: dict[tuple[str, str], Need] = {}
        for order in current:
            if is_for_local_use(order):
                continue
            for group in self._orders.guidance(order):
                needs = needs_of(
                    all_needs(group, self._knowledge.levels),
                    case.results,
                    order=order.reference,
                    in_use=True,
                )
                for need in needs:
                    found.setdefault((need.target, need.drug), need)
        return tuple(sorted(found.values(), key=lambda need: need.weight))

    # Findings beyond drug response

    def _findings(self, case: Case, dates: Mapping[str, str]) -> tuple[PassportFinding, ...]:
        by_finding: dict[tuple[Domain, str], list[TherapyAdvice]] = {}
        for row in self._precision.advice(case, None):
            by_finding.setdefault((row.domain, row.finding), []).append(row)
        found = []
        for (domain, finding), rows in by_finding.items():
            origins = dict.fromkeys(each for row in rows for each in row.derived_from)
            found.append(
                PassportFinding(
                    origin=_ORIGINS[domain],
                    domain=domain,
                    finding=finding,
                    lines=lines_of(rows),
                    sources=tuple(DatedSource(each, dates.get(each, "")) for each in origins),
                )
            )
        return tuple(found)


def _without_guidance(order: MedicationOrder) -> _Judged:
    """A medicine that was not recognised is not one without guidance."""
    if order.concept.names_nothing:
        return _Judged("unknown", "Which medicine this is did not come along.")
    match = order.match
    if match is None:
        return _Judged("unknown", "This medicine was not recognised, by code or by name.")
    if not match.ingredients:
        return _Judged("unknown", "The codes of this medicine do not agree on what it is.")
    return _Judged("no-guidance", "This release holds no guidance on this drug by genes.")


def _is_in_use(order: MedicationOrder) -> bool:
    status = order.status.lower()
    return status in _IN_USE or (status == "completed" and order.resource_type in _GIVEN)


def _gravity(each: PassportAvoid) -> int:
    return min(ACTIONS.index(said.action) for said in each.said if said.action in ACTIONS)


def _gene(result: GeneResult, seen: Seen) -> PassportGene:
    untested = result.status is Status.NOT_TESTED
    # Of what could not be read nobody knows whether it was tested.
    not_read = untested and seen.lists.get("results") == "unavailable"
    dates = (*result.dates, *("" for _ in result.derived_from))
    return PassportGene(
        gene=result.gene,
        status=NOT_READ if not_read else result.status.value,
        phenotype=result.phenotype or "",
        activity_score=result.activity_score or "",
        diplotypes=result.diplotypes,
        alleles=result.alleles,
        allele_status=dict(result.allele_status),
        basis=result.basis or "",
        coverage=result.coverage,
        sources=tuple(map(DatedSource, result.derived_from, dates)),
        caveats=result.caveats,
    )


def _why(
    advice: DrugAdvice,
    light: Light,
    missing: Sequence[str],
    open_: Sequence[str],
    case: Case,
    seen: Seen,
) -> str:
    """One line: what is advised, or why nothing can be said."""
    answer = advice.unanswered
    if light == "stop":
        return " ".join((_sentence(advised(advice)), *_graver(advice)))
    if answer is None and not (light == "unknown" and missing):
        return _with_open(_sentence(advised(advice)), light, open_, advice)
    if missing:
        unread = seen.lists.get("results") == "unavailable"
        asked_for = [each for each in open_ if not each.startswith(tuple(missing))]
        return sentence([*_listed(missing, case, unread=unread), *asked_for])
    if light == "no-change":
        return "No source advises a change for these results."
    text = answer.text if answer is not None else _sentence(advised(advice))
    return _with_open(text, light, open_, advice)


def _graver(advice: DrugAdvice) -> Iterable[str]:
    """What makes a drug one to avoid where those that lead do not: `DPWG, HLA-B*15:11 positive:
    Choose an alternative.`"""
    led = against_light(advice.recommendations)
    for r in grave_others(advice) if led != "stop" else ():
        results = ", ".join(gene_phrase(gene, term) for gene, term in r.genes.items())
        yield f"{r.source}, {results}: {r.summary}"


def _with_open(text: str, light: Light, open_: Sequence[str], advice: DrugAdvice) -> str:
    """A line that reads as an answer, with why it is none."""
    if light != "unknown":
        return text
    told = [c.text for r in advice.recommendations for c in r.caveats if c.code == _NO_GROUP]
    left = sentence(untold(open_, text))
    return " ".join(dict.fromkeys(filter(None, (text, *told, left))))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _listed(missing: Sequence[str], case: Case, *, unread: bool) -> list[str]:
    """`CYP2C19 not tested`, `CYP2D6 no usable result`: each word means one thing."""
    said_: dict[str, list[str]] = {}
    for target in missing:
        gene, star, _ = target.partition("*")
        result = case.results[gene]
        if result.status is Status.NOT_TESTED:
            word = "could not be read" if unread else "not tested"
        elif star and result.status is not Status.NOT_CALLED:
            word = "not settled by the result on file"
        else:
            word = "no usable result"
        said_.setdefault(word, []).append(target)
    return [f"{', '.join(targets)} {word}" for word, targets in said_.items()]


def _tests(needs: Sequence[Need], case: Case) -> Iterable[PassportTest]:
    by_target: dict[str, list[Need]] = {}
    for need in needs:
        by_target.setdefault(need.target, []).append(need)
    for target, wanted in by_target.items():
        order = next((each for each in case.tests if each.asks_for(target)), None)
        yield PassportTest(
            target=target,
            drugs=tuple(dict.fromkeys(need.drug for need in wanted)),
            weight=int(min(need.weight for need in wanted)),
            at_stake=next((need.at_stake for need in wanted if need.at_stake), ""),
            ordered=order.reference if order else "",
            ordered_on=order.when if order else "",
        )


def _dates(interpretation: Interpretation) -> dict[str, str]:
    """The date of each resource that something was read from."""
    reading = interpretation.reading
    stated = reading.precision
    listed: tuple[Sequence[_Dated], ...] = (
        reading.statements, reading.variants, stated.tests, stated.markers, stated.pathogens,
        stated.typings, stated.antibodies, stated.cancers, stated.risks,
    )  # fmt: skip
    return {each.origin.reference: each.origin.when for items in listed for each in items}

"""What the workbench shows of its state: the data read, the hook fired, and the reasons.

Every part stands for itself: data that cannot be read leave the place of the problem, and an order
that cannot be sent leaves the genes as they are.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cached_property
from typing import Any, Final

from fhir_pgx.errors import InvalidParameter, Issue, PgxError
from fhir_pgx.knowledge.examples import OfferedExample, example_text, examples_offered
from fhir_pgx.model.access import Caller
from fhir_pgx.model.document import Calling, Options
from fhir_pgx.pipeline import Pipeline
from fhir_pgx.web.site import Site
from fhir_pgx.workbench.bench.charts import Chart, read_chart
from fhir_pgx.workbench.bench.kept import Kept, key_of
from fhir_pgx.workbench.bench.places import line_of
from fhir_pgx.workbench.bench.state import MOST_DRUGS, MOST_FACTS, State
from fhir_pgx.workbench.ehr import (
    DrugChoice,
    Exchange,
    Fired,
    build_exchange,
    drug_choices,
    find_drugs,
    fire,
    given_exchange,
    read_wanted,
)
from fhir_pgx.workbench.ehr.habits import EHRS, GENERIC
from fhir_pgx.workbench.facts import Facts, GenotypeChoice, change_facts, genotype_choices

_LINE: Final = re.compile(r"\bline (\d{1,7})\b")
_OF_ORDERS: Final = "order-sign"
_OF_CHARTS: Final = "patient-view"
_KINDS: Final = {"bundle": "Charts", "hook request": "Hook requests", "VCF": "Genomes (VCF)"}


@dataclass(frozen=True, slots=True)
class Problems:
    """What is wrong, beside the control where it is."""

    data: tuple[Issue, ...] = ()
    drug: tuple[Issue, ...] = ()
    hook: tuple[Issue, ...] = ()
    facts: tuple[Issue, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.data or self.drug or self.hook or self.facts)


@dataclass(frozen=True, slots=True)
class Shown:
    """All that stands on the page. `chart` is None where the data could not be read, `fired` where
    nothing could be sent. `interpretation` and `trace` are JSON as the interfaces give it; `notes`
    say what was done to the data on the way."""

    state: State
    chart: Chart | None = None
    interpretation: Mapping[str, Any] = field(default_factory=dict)
    fired: Fired | None = None
    trace: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    problems: Problems = Problems()
    gene: str = ""
    gene_view: Mapping[str, Any] = field(default_factory=dict)
    tumour: Mapping[str, Any] = field(default_factory=dict)
    warfarin: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_rebuilt(self) -> bool:
        """Whether a hook request was given, and another made of its data was sent."""
        return self.chart is not None and bool(self.chart.request) and self.state.is_built

    @property
    def refusal(self) -> Mapping[str, Any]:
        """The first issue of the answer to a request that was sent as it stands and refused for
        what it holds; empty for anything else."""
        fired = self.fired
        if fired is None or fired.status not in (400, 422) or self.is_rebuilt or not self.chart:
            return {}
        issues = fired.response.get("issue", ()) if self.chart.request else ()
        return next((each for each in issues if each.get("expression")), {})

    @property
    def data_line(self) -> int:
        """The line of the data that the first problem names; 0 where it names none."""
        for issue in self.problems.data:
            if found := _LINE.search(f"{issue.where} {issue.text}"):
                return int(found[1])
        if self.problems.hook and self.chart and self.chart.request and not self.is_rebuilt:
            return line_of(self.state.data, self.problems.hook[0].where)
        return line_of(self.state.data, self.refusal["expression"][0]) if self.refusal else 0


class Bench:
    """The workbench of one deployment, with what its form offers."""

    def __init__(self, site: Site, pipeline: Pipeline) -> None:
        self._site, self.pipeline = site, pipeline
        self.most_bytes = site.settings.max_body_bytes
        self.base_url = site.settings.base_url
        self._kept: Kept[tuple[Chart, Mapping[str, Any]]] = Kept()

    @cached_property
    def drugs(self) -> tuple[DrugChoice, ...]:
        return drug_choices(self.pipeline)

    @cached_property
    def drug_names(self) -> tuple[str, ...]:
        return tuple(each.name for each in self.drugs)

    @cached_property
    def examples(self) -> list[tuple[str, list[OfferedExample]]]:
        """The installed examples, by their kind."""
        found: dict[str, list[OfferedExample]] = {}
        for each in examples_offered():
            found.setdefault(_KINDS[each.kind], []).append(each)
        return list(found.items())

    def choices(self, gene: str) -> tuple[GenotypeChoice, ...]:
        """What a gene may be changed to."""
        return genotype_choices(self.pipeline, gene)

    def with_example(self, state: State) -> State:
        """The state with the data of the example it names, where it has none of its own. Raises
        InvalidParameter for an example that is not there."""
        if state.data.strip() or state.files or not state.example:
            return state
        return replace(state, data=example_text(state.example))

    def in_the_box(self, state: State) -> State:
        """The state where a browser without scripts uploaded a file: in place of an example that
        nobody changed, and as the text of the box where it is one text, so that it can be edited
        and is there with the next answer too."""
        if not state.files:
            return state
        shown = state.data.strip()
        if shown and not (state.example and shown == example_text(state.example).strip()):
            return state
        state = replace(state, data="", example="")
        if len(state.files) > 1:
            return state
        try:
            text = state.files[0].data.decode()
        except UnicodeDecodeError:
            return state
        return state if "\0" in text else replace(state, data=text, files=())

    def show(self, state: State, caller: Caller) -> Shown:
        """Read, fire and explain. Raises nothing that the state is to blame for."""
        documents = state.documents
        if not documents:
            return Shown(state)
        options = options_of(state)
        try:
            key = key_of(documents, repr(options.calling))
            chart, interpretation = self._kept.get(
                key,
                lambda: self._read(state, options),
                size=sum(len(each.data) for each in documents),
            )
        except PgxError as error:
            return Shown(state, problems=Problems(data=error.issues))
        notes: tuple[str, ...] = ()
        problems = _of_too_many(state)
        if state.is_changed:
            try:
                chart, notes = self._changed(chart, state, options)
                interpretation = self._interpretation(chart, options)
            except PgxError as error:
                problems = replace(problems, facts=(*problems.facts, *error.issues))
        try:
            exchange = self._exchange(chart, state)
        except InvalidParameter as error:
            problems = replace(problems, hook=error.issues)
            return Shown(state, chart, interpretation, notes=notes, problems=problems)
        fired = fire(self._site, exchange, caller=caller)
        trace = self.pipeline.explain_call(fired.call) if fired.call is not None else {}
        shown = Shown(state, chart, interpretation, fired, trace, notes, problems)
        return self._closely(shown, options)

    def _closely(self, shown: Shown, options: Options) -> Shown:
        """With the views of one gene, of the tumour and of a warfarin dose, where there is one."""
        chart = shown.chart
        if chart is None:
            return shown
        data = chart.documents or chart.entries
        gene = shown.state.gene or _first_gene(shown)
        known = shown.interpretation.get("genes", {})
        views: dict[str, Any] = {}
        if gene in known:
            views |= {"gene": gene, "gene_view": self.pipeline.gene_view(data, gene, options)}
        if any(each.get("drug", "").lower() == "warfarin" for each in shown.trace.get("drugs", ())):
            views["warfarin"] = self.pipeline.warfarin_view(data, options)
        if any(shown.interpretation.get(name) for name in ("variants", "biomarkers")):
            views["tumour"] = self.pipeline.tumour_view(data, options)
        return replace(shown, **views)

    def _read(self, state: State, options: Options) -> tuple[Chart, Mapping[str, Any]]:
        chart = read_chart(state.documents, self.pipeline, options, self._site.settings)
        return chart, self._interpretation(chart, options)

    def _interpretation(self, chart: Chart, options: Options) -> Mapping[str, Any]:
        if chart.documents:
            found = self.pipeline.interpret_documents(chart.documents, options)
        else:
            found = self.pipeline.interpret_entries(chart.entries, options)
        return dict(found)

    def _changed(
        self, chart: Chart, state: State, options: Options
    ) -> tuple[Chart, tuple[str, ...]]:
        facts = Facts(
            genotypes=dict(state.genotypes),
            medicines=state.medicines,
            weight=state.weight,
            age=state.age,
        )
        changed = change_facts(chart.record, facts, self.pipeline, options)
        return Chart(changed.record, chart.request), tuple(changed.notes)

    def _exchange(self, chart: Chart, state: State) -> Exchange:
        """The request that is fired: as it was sent where nothing was chosen that changes it, else
        as the chosen EHR would send it. Raises InvalidParameter for a hook it does not fire."""
        if chart.request and not state.is_built:
            return self._as_sent(chart, state)
        drugs = find_drugs(state.drugs or self._ordered(chart), self.drugs, self.pipeline)
        ehr = state.ehr or GENERIC.name
        hooks = EHRS[ehr].hooks if ehr in EHRS else frozenset()
        usual = _OF_ORDERS if drugs and _OF_ORDERS in hooks else _OF_CHARTS
        stated = str(chart.request.get("hook", "")) if chart.request else ""
        hook = state.hook or (stated if stated in hooks and not state.drugs else usual)
        wanted = read_wanted(ehr=ehr, hook=hook, trouble=state.trouble or "none", drugs=drugs)
        service = next(each for each in self._site.registry.services if each.hook == hook)
        return build_exchange(chart.record, service, wanted)

    def _as_sent(self, chart: Chart, state: State) -> Exchange:
        hook = chart.request.get("hook")
        service = next((each for each in self._site.registry.services if each.hook == hook), None)
        if service is None:
            raise _no_service(hook, [each.hook for each in self._site.registry.services])
        document = dict(chart.request)
        if state.is_changed:
            # Our services know data by what they are, never by the key: one key holds all of them.
            document["prefetch"] = {"changed-on-the-workbench": chart.bundle}
        return given_exchange(document, service)

    def _ordered(self, chart: Chart) -> tuple[str, ...]:
        """The drugs of the drafts in a request."""
        context = chart.request.get("context")
        if not isinstance(context, dict):
            return ()
        return self.pipeline.ordered_drugs(context)


def _of_too_many(state: State) -> Problems:
    """That more was given than is taken, beside the control that it was given to."""
    said = {
        name: InvalidParameter(
            f"more than {most} were given; the first {most} are taken",
            where=name,
            mend="take some of them off",
        ).issues
        for name, most in (("drug", MOST_DRUGS), ("fact", MOST_FACTS), ("medicine", MOST_FACTS))
        if name in state.over
    }
    return Problems(
        drug=said.get("drug", ()), facts=(*said.get("fact", ()), *said.get("medicine", ()))
    )


def _no_service(hook: object, hooks: Sequence[str]) -> InvalidParameter:
    if hook is None:
        return InvalidParameter(
            "the request names no hook", where="hook", mend=f"add one: {', '.join(hooks)}"
        )
    named = hook[:60] if isinstance(hook, str) else "something that is no text"
    close = get_close_matches(named, hooks, n=1)
    return InvalidParameter(
        f"no service of ours stands on the hook that the request names: {named}",
        where="hook",
        mend=f"write {close[0]}" if close else f"name one of {', '.join(hooks)}",
    )


def _first_gene(shown: Shown) -> str:
    """The gene that the first drug's advice rests on, else the first that has a result."""
    for drug in shown.trace.get("drugs", ()):
        if drug.get("genes"):
            return str(next(iter(drug["genes"])))
    genes = shown.interpretation.get("genes", {})
    return next((gene for gene, found in genes.items() if found["status"] != "not-tested"), "")


def options_of(state: State) -> Options:
    """The flags that the form holds."""
    return Options(
        calling=Calling(
            missing_as_reference=state.missing_as_reference,
            cyp2d6_from_snvs=state.cyp2d6_from_snvs,
        )
    )

"""Findings of every organism of a patient to one report for each.

Results of all dates are taken together, HIV's because it keeps earlier variants in its archive;
the dates are always shown. HIV-2 and organisms without rules are shown and not scored.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from fhir_pgx.model.dates import days_of
from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.pathogen import (
    DrugVerdict,
    Organism,
    OrganismReport,
    PathogenFinding,
    PathogenKnowledge,
)
from fhir_pgx.recommendation.pathogen.herpes import FoldTable
from fhir_pgx.recommendation.pathogen.hiv import GENES, HivScorer
from fhir_pgx.recommendation.pathogen.laboratory import disagreements
from fhir_pgx.recommendation.pathogen.markers import Markers
from fhir_pgx.recommendation.pathogen.notes import (
    ARCHIVE,
    FAILED_SINCE,
    HIV_2,
    NO_DATE,
    SPAN,
    UNKNOWN_ORGANISM,
    note,
)
from fhir_pgx.recommendation.pathogen.seen import (
    Seen,
    described,
    genes_seen,
    newest,
    references_of,
)
from fhir_pgx.recommendation.pathogen.tb import TbCatalogue, words_of

_LABELS = {
    "M. tuberculosis": "M. tuberculosis", "HCMV": "cytomegalovirus", "HSV1": "herpes simplex 1",
    "HSV2": "herpes simplex 2", "VZV": "varicella-zoster virus", "HHV6b": "herpesvirus 6B",
    "HBV": "hepatitis B virus", "HCV": "hepatitis C virus",
}  # fmt: skip
_OVERRULED = frozenset(("not-tested", "none-found", "not-associated", "susceptible"))
_FAR_APART_DAYS = 90


class PathogenJudge:
    """Knows the rules of every organism, indexed once."""

    def __init__(self, knowledge: PathogenKnowledge) -> None:
        self.hiv = HivScorer(knowledge.hiv) if knowledge.hiv else None
        self.tb = TbCatalogue(knowledge.tb) if knowledge.tb else None
        about = knowledge.herpes_provenance
        self.folds = FoldTable(knowledge.herpes, about, knowledge.targets) if about else None
        self.markers = Markers(knowledge.other)

    def reports(self, findings: Iterable[PathogenFinding]) -> tuple[OrganismReport, ...]:
        """One report for each organism; an unknown one by the words it was sent with."""
        by_organism: dict[tuple[str, str], list[PathogenFinding]] = {}
        for finding in findings:
            words = "" if finding.organism else finding.stated_organism
            by_organism.setdefault((finding.organism, words), []).append(finding)
        return tuple(self._report(each) for each in by_organism.values())

    def _report(self, findings: Sequence[PathogenFinding]) -> OrganismReport:
        organism = findings[0].organism
        stated = findings[0].stated_organism
        if stated == findings[0].gene:
            stated = ""  # a gene alone, that several organisms have
        label = _LABELS.get(organism) or organism or stated or "a pathogen"
        genes = genes_seen(findings)
        verdicts, notes, caveats = self._judged(organism, genes, findings)
        verdicts = _with_nameless(verdicts, genes)
        if not verdicts:
            caveats = [*caveats, note(UNKNOWN_ORGANISM, organism=label)]
        said = tuple(
            dict.fromkeys(
                (drug, word, finding.origin.when[:10])
                for finding in findings
                for drug, word in finding.verdicts
            )
        )
        caveats = [*caveats, *_of_dates(organism, label, genes), *disagreements(said, verdicts)]
        caveats += [
            each
            for finding in findings
            for each in (*finding.caveats, *(c for x in finding.changes for c in x.caveats))
        ]
        untested = tuple(
            words
            for gene, words in GENES.items()
            if organism == "HIV-1" and (gene not in genes or not genes[gene].is_answered)
        )
        return OrganismReport(
            organism=organism,
            label=label,
            genes=described(genes.values()),
            verdicts=tuple(verdicts),
            words=words_of(verdicts) if organism == "M. tuberculosis" else (),
            said=said,
            notes=notes,
            untested=untested,
            caveats=tuple(dict.fromkeys(caveats)),
            references=references_of(genes.values())
            or tuple(dict.fromkeys(each.origin.reference for each in findings)),
        )

    def _judged(
        self, organism: Organism, genes: dict[str, Seen], findings: Sequence[PathogenFinding]
    ) -> tuple[list[DrugVerdict], tuple[str, ...], list[Caveat]]:
        if organism == "HIV-1" and self.hiv:
            return self.hiv.verdicts(genes), self.hiv.notes(genes), []
        if organism == "HIV-2" and self.hiv:
            return (
                self.hiv.unscored(organism, "not scored, since the rules are for HIV-1"),
                (),
                [note(HIV_2)],
            )
        if organism == "M. tuberculosis" and self.tb:
            return self.tb.verdicts(genes), (), []
        if self.folds and organism in self.folds.viruses:
            return self.folds.verdicts(organism, genes), (), []
        if self.markers.rows_of(organism):
            genotype = next((each.genotype for each in findings if each.genotype), "")
            return self.markers.verdicts(organism, genes, genotype), (), []
        return [], (), []


def _with_nameless(verdicts: list[DrugVerdict], genes: dict[str, Seen]) -> list[DrugVerdict]:
    """Changes whose gene nobody names may be in any gene: none of them is simply not tested, and
    none is clean."""
    nameless = genes.get("")
    if nameless is None or not nameless.unread:
        return verdicts
    words = f"the result names no gene for {', '.join(nameless.unread)}"
    return [
        replace(each, outcome="unlisted", words=words) if each.outcome in _OVERRULED else each
        for each in verdicts
    ]


def _of_dates(organism: str, label: str, genes: dict[str, Seen]) -> Iterable[Caveat]:
    dates = newest([day for seen in genes.values() for day in seen.when])
    known = [day for day in dates if day]
    if "" in dates:
        yield note(NO_DATE, organism=label)
    if len(known) > 1 and _are_apart(known):
        code = ARCHIVE if organism == "HIV-1" else SPAN
        yield note(code, dates=f"{known[-1]} to {known[0]}")
    for seen in genes.values():
        if seen.when and seen.failed and max(seen.failed) > max(seen.when):
            yield note(FAILED_SINCE, gene=seen.gene or "the organism", date=max(seen.failed))


def _are_apart(dates: Sequence[str]) -> bool:
    first, last = days_of(dates[-1]), days_of(dates[0])
    return first is None or last is None or (last[1] - first[0]).days > _FAR_APART_DAYS

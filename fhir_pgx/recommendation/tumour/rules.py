"""The rows on tumours, indexed once, and held against one patient's findings.

A row is looked at only where a finding could meet it: by the residue of an exact change, else by
the gene or the marker; or because one of its drugs is ordered.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from fhir_pgx.model.finding import Caveat, Presence, SourceClass
from fhir_pgx.model.therapy import AGAINST, ContextFit, Provenance, TherapyAdvice, TherapyDrug
from fhir_pgx.model.tumour import (
    Alteration,
    Atom,
    Cancer,
    RowOrigin,
    TestFirst,
    TumourKnowledge,
    TumourRow,
)
from fhir_pgx.model.tumour_answer import Finding, Held, Outcome
from fhir_pgx.recommendation.tumour.disease import Diseases
from fhir_pgx.recommendation.tumour.drugs import DrugIndex, is_class
from fhir_pgx.recommendation.tumour.earlier import noted
from fhir_pgx.recommendation.tumour.findings import (
    BENIGN,
    Findings,
    is_synonymous,
    marker_words,
)
from fhir_pgx.recommendation.tumour.market import Market, words_of
from fhir_pgx.recommendation.tumour.opposed import drugs_key, settle
from fhir_pgx.recommendation.tumour.profile import atoms_of, evaluate, positive_atoms
from fhir_pgx.recommendation.tumour.small import Stored
from fhir_pgx.recommendation.tumour.structural import ANY_PARTNER
from fhir_pgx.recommendation.tumour.tiers import LEVEL_WORDS, is_label, strength, tier_of

ORIGIN_NOT_STATED = Caveat(
    "PGX-700",
    "A report does not say whether a change is of the tumour or germline; rows on tumours are held "
    "against it all the same.",
)
SIGNIFICANCE_NOT_STATED = Caveat(
    "PGX-701",
    "A report does not say what a change means; it is counted as a mutation of its gene. Ask the "
    "laboratory for its classification.",
)
FLAGGED = Caveat("PGX-702", "The source itself marks this evidence as under question.")
_BARE = TherapyAdvice(
    "tumour", (), "unknown", "", "", "", "unknown", Provenance("", "", "", ""), ""
)
_ANY_MUTATION = 5
_EXACT = ("protein", "coding", "rsid")
_NUMBER = re.compile(r"\d+")
MOST_KEPT = 2000  # kinds of cancer whose fits are kept
# INN stems of targeted drugs: kinase, hedgehog, PARP, CDK and BCL-2 inhibitors, antibodies and
# their conjugates.
_STEMS = ("nib", "mab", "gib", "sib", "rib", "lib", "clax", "deruxtecan", "vedotin", "emtansine")
NO_RESISTANCE = "no known acquired resistance mutation"  # as rows have the label's condition
LABELS = ("FDA-CDx", "FDA-label", "FDA-label-limitation")
Asked = tuple[tuple[str, tuple[str, ...], tuple[str, ...], bool, tuple[str, ...]], ...]
Key = tuple[str, str, str]


class TumourRules:
    """Rows by what triggers them and by drug; diseases; market status."""

    def __init__(self, knowledge: TumourKnowledge) -> None:
        self.knowledge = knowledge
        self.diseases = Diseases(knowledge.diseases)
        self.rows = knowledge.rows
        self._profiles: dict[int, int] = {}
        self._by_key: defaultdict[Key, list[int]] = defaultdict(list)
        self._turns_on: list[frozenset[str]] = []  # genes and markers
        known: dict[str, int] = {}
        for number, row in enumerate(self.rows):
            # Rows that ask for the same are evaluated once: the first's number stands for all.
            self._profiles[number] = known.setdefault(repr(row.profile), number)
            keys = dict.fromkeys(_keys_of_row(row))
            for key in keys:
                self._by_key[key].append(number)
            self._turns_on.append(frozenset(name for _, name, _ in keys))
        self._labels_of: defaultdict[frozenset[str], list[int]] = defaultdict(list)
        for number, row in enumerate(self.rows):
            if row.provenance.level == "FDA-label" and row.effect in ("sensitive", "recommended"):
                self._labels_of[drugs_key(row.drugs)].append(number)
        contexts: dict[tuple[str, str, tuple[str, ...]], int] = {}
        self._contexts = [
            contexts.setdefault((row.doid, row.disease, row.excluded), len(contexts))
            for row in self.rows
        ]
        self._firsts = [self._contexts.index(number) for number in range(len(contexts))]
        self._fits: dict[tuple[str, ...] | None, list[ContextFit | None]] = {}
        self._origins = [_origin_of(row) for row in self.rows]
        self._is_label = [is_label(row.provenance) for row in self.rows]
        self._drug_keys = [drugs_key(row.drugs) for row in self.rows]
        self._unless_resistant = {
            self._drug_keys[number]
            for number, row in enumerate(self.rows)
            if self._is_label[number] and NO_RESISTANCE in row.lines
        }
        self._drugs = DrugIndex(
            (drug, number) for number, row in enumerate(self.rows) for drug in row.drugs
        )
        self.asked: dict[tuple[str, ...], Asked] = {}  # what labels ask for, by a cancer's nodes
        self._tests = DrugIndex((test.drug, test) for test in knowledge.tests_first)
        self._targeted = DrugIndex((drug, drug) for drug in _targeted_drugs(knowledge))
        self.market = Market(knowledge.market, self.rows, self.diseases)
        exons = {(each.gene, each.exon): (each.start, each.end) for each in knowledge.exons}
        self.stored = Stored(exons, _gains(knowledge))
        # The rows by which a label or companion diagnostic names a drug.
        self.label_rows = tuple(
            row
            for row in self.rows
            if is_label(row.provenance) and row.effect in ("sensitive", "recommended")
        )
        self._labelled = DrugIndex((drug, row) for row in self.label_rows for drug in row.drugs)
        self.genes = frozenset(gene for row in self.rows for gene in row.genes)

    def tests_of(self, drug: TherapyDrug) -> list[TestFirst]:
        """The tests that labels of a drug ask for first, by cancer."""
        return self._tests.of(drug)

    def label_rows_of(self, drug: TherapyDrug) -> list[TumourRow]:
        """The rows by which a label or companion diagnostic names a drug."""
        return self._labelled.of(drug)

    def has(self, drug: TherapyDrug) -> bool:
        return bool(self._drugs.of(drug))

    def asks_for_data(self, drug: TherapyDrug) -> bool:
        """Whether an order of the drug is worth fetching the patient's findings for: a label or a
        guideline names it for a finding, or asks for a test before it; or it is a targeted drug by
        its name, and a row speaks against it. A row on chemotherapy, or on what is given beside
        it, is told where the findings are at hand, and asks for nothing: prednisone and
        methotrexate are mostly ordered for no cancer."""
        return bool(self._targeted.of(drug))

    def of_drug(self, drug: TherapyDrug, findings: Findings, cancer: Cancer | None) -> list[Held]:
        """Every row on the drug that the findings meet or come near to, conflicts marked."""
        return self._settled(self._drugs.of(drug), findings, cancer)

    def of_findings(
        self, findings: Findings, cancer: Cancer | None, *, labels_alone_elsewhere: bool = False
    ) -> list[Held]:
        """Every row that the findings meet or come near to, conflicts marked; of other diseases, if
        so asked, those of labels alone."""
        numbers = {
            number: None
            for key in _keys_of_findings(findings)
            for number in self._by_key.get(key, ())
        }
        return self._settled(sorted(numbers), findings, cancer, labels_alone_elsewhere)

    def _settled(
        self,
        numbers: Iterable[int],
        findings: Findings,
        cancer: Cancer | None,
        labels_alone: bool = False,
    ) -> list[Held]:
        fits = self._fits_in(cancer)
        on_file = {*findings.by_gene, *findings.by_marker}
        held = []
        for number in numbers:
            if self._turns_on[number].isdisjoint(on_file):
                continue  # nothing on file that it asks for: unknown, and nothing to tell
            row = self.rows[number]
            fit = fits[self._contexts[number]]
            if fit is None or (labels_alone and fit == "other" and not self._is_label[number]):
                continue
            outcome = self._outcome(number, findings)
            if outcome.truth == "met" and self._drug_keys[number] in self._unless_resistant:
                outcome = _with_resistance(row, outcome, findings)
            if outcome.truth == "met" or (outcome.truth == "unknown" and outcome.why):
                held.append(Held(row, outcome, fit, _BARE, drugs=self._drug_keys[number]))
        return settle(held)

    def is_denied_by_label(self, held: Held, findings: Findings, cancer: Cancer | None) -> bool:
        """Whether the label itself, on the same drugs in this cancer, asks for more than the
        companion diagnostic's entry or a study, and that is not there: cemiplimab by PD-L1 is for
        tumours without EGFR mutations."""
        if held.row.provenance.level == "FDA-label":
            return False
        truths = {
            self._outcome(number, findings).truth
            for number in self._labels_of.get(held.drugs, ())
            if self._fits_in(cancer)[self._contexts[number]] == "same"
        }
        return "not-met" in truths and "met" not in truths and self._rests_on_labelled(held)

    def is_narrower_on_label(self, held: Held, findings: Findings, cancer: Cancer | None) -> bool:
        """Whether a study of any mutation of a gene would name a drug whose labels in this cancer
        name particular changes of the gene, and none that was found: gefitinib is for L858R, and
        no option for an exon 20 insertion because a study pooled EGFR mutations."""
        if is_label(held.row.provenance) or held.outcome.rank < _ANY_MUTATION:
            return False
        fits = self._fits_in(cancer)
        for drug in held.row.drugs:
            rows = [
                number
                for number in self._drugs.of(drug)
                if self._is_label[number]
                and self.rows[number].effect not in AGAINST
                and fits[self._contexts[number]] in ("same", "any", held.fit)
                and set(self.rows[number].genes) & set(held.row.genes)
            ]
            if rows and not any(self._outcome(n, findings).truth == "met" for n in rows):
                return True
        return False

    def _rests_on_labelled(self, held: Held) -> bool:
        """Whether a label row on the drugs asks for a marker that the row rests on."""
        markers = {atom.marker.name for atom in atoms_of(held.row.profile) if atom.marker}
        asked = {
            atom.marker.name
            for number in self._labels_of.get(held.drugs, ())
            for atom in atoms_of(self.rows[number].profile)
            if atom.marker
        }
        return bool(markers & asked)

    def _tier(self, row: TumourRow, fit: ContextFit) -> str:
        """ESCAT grades what may be given, and says nothing of resistance."""
        tier = tier_of(row.provenance, fit)
        return tier.partition(", ESCAT")[0] if row.effect in AGAINST else tier

    def _fits_in(self, cancer: Cancer | None) -> list[ContextFit | None]:
        """How every disease that rows speak of stands to a cancer, by the number of the context."""
        nodes = cancer.nodes if cancer is not None else None
        kept = self._fits.get(nodes)
        if kept is None:
            kept = [self.diseases.fit(self.rows[number], cancer) for number in self._firsts]
            if len(self._fits) < MOST_KEPT:
                self._fits[nodes] = kept
        return kept

    def _outcome(self, number: int, findings: Findings) -> Outcome:
        row = self.rows[number]
        origin = self._origins[number]
        key = (self._profiles[number], origin)
        outcome = findings.seen.get(key)
        if outcome is None:
            outcome = evaluate(row.profile, findings, origin, self.stored)
            findings.seen[key] = outcome
        return outcome

    def told(self, held: Held, cancer: Cancer | None, taken: Sequence[TherapyDrug] = ()) -> Held:
        """The row with its advice made; `taken` are drugs in use or taken before."""
        row, outcome, fit = held.row, held.outcome, held.fit
        advice = TherapyAdvice(
            domain="tumour",
            drugs=row.drugs,
            effect=row.effect,
            finding=finding_words(outcome.by),
            profile=row.text,
            context=row.disease,
            context_fit=fit,
            provenance=row.provenance,
            summary=LEVEL_WORDS.get(row.provenance.level, ""),
            any_of=row.joined == "alternatives",
            genes=row.genes,
            needs=(
                *outcome.why,
                *_need_of(row, fit, cancer),
                *noted(row.lines, taken, cancer, self.knowledge.drug_classes),
            ),
            market=words_of(self.market.of_row(row)),
            tier=self._tier(row, fit) if outcome.truth == "met" else "",
            conflicts=held.conflicts,
            serious=row.effect == "contraindicated",
            caveats=_caveats(row, outcome),
            derived_from=tuple(dict.fromkeys(each.origin.reference for each in outcome.by)),
        )
        return replace(held, advice=advice)


def _with_resistance(row: TumourRow, outcome: Outcome, findings: Findings) -> Outcome:
    """A label for a fusion without a known resistance mutation waits where the gene has a mutation
    as well: which of them confer resistance is not stored."""
    if not is_label(row.provenance) or row.effect in AGAINST:
        return outcome
    others = [
        each
        for gene in row.genes
        for each in findings.of(gene)
        if each.presence is Presence.PRESENT
        and each.protein is not None
        and each.significance not in BENIGN
        and not is_synonymous(each)
    ]
    if not others or any(each in others for each in outcome.by):
        return outcome
    names = ", ".join(dict.fromkeys(each.label for each in others))
    why = f"{names} on file; the label asks for no acquired resistance"
    return Outcome("unknown", outcome.by, outcome.rank, (why,))


def _origin_of(row: TumourRow) -> RowOrigin:
    """A label that does not say is of the tumour: a germline finding alone makes no option of its
    drug. What speaks against a drug is met by either."""
    is_of_tumour = row.origin == "" and is_label(row.provenance) and row.effect not in AGAINST
    return "tumour" if is_of_tumour else row.origin


def _targeted_drugs(knowledge: TumourKnowledge) -> set[TherapyDrug]:
    found = {test.drug for test in knowledge.tests_first}
    found |= {status.drug for status in knowledge.market if status.bars}
    for row in knowledge.rows:
        if row.provenance.level in ("guideline", *LABELS):
            found.add(row.drugs[0])
            found |= {drug for drug in row.drugs if drug.name.endswith(_STEMS)}
        elif row.effect in AGAINST:
            found |= {drug for drug in row.drugs if drug.name.endswith(_STEMS)}
    return {drug for drug in found if not is_class(drug)}


def _need_of(row: TumourRow, fit: str, cancer: Cancer | None) -> tuple[str, ...]:
    if fit == "unknown":
        return (f"the cancer is {row.disease}",)
    if fit == "any" and cancer is None:
        return ("a cancer of the kind that the label covers",)
    return ()


def _caveats(row: TumourRow, outcome: Outcome) -> tuple[Caveat, ...]:
    found = []
    alterations = [each for each in outcome.by if isinstance(each, Alteration)]
    if any(
        each.source_class is SourceClass.UNKNOWN and each.specimen not in ("tissue", "plasma")
        for each in alterations
    ):
        found.append(ORIGIN_NOT_STATED)
    if outcome.rank >= 3 and any(
        each.kind == "variant" and not each.significance and not each.is_lof for each in alterations
    ):
        found.append(SIGNIFICANCE_NOT_STATED)
    if row.is_flagged:
        found.append(FLAGGED)
    return tuple(found)


def finding_words(by: Sequence[Finding]) -> str:
    """The findings as a person cites them."""
    return ", ".join(dict.fromkeys(_told(each) for each in by))


def _told(finding: Finding) -> str:
    """A negative is told as one: `no BRAF mutation found` decides of vemurafenib."""
    if isinstance(finding, Alteration) and finding.presence is Presence.ABSENT:
        return f"no {finding.label} found"
    return name_of(finding)


def name_of(finding: Finding) -> str:
    if isinstance(finding, Alteration):
        return finding.label
    return marker_words(finding)


# What triggers a row


def _keys_of_row(row: TumourRow) -> Iterator[Key]:
    asked = list(positive_atoms(row.profile))
    for atom in atoms_of(row.profile):
        if atom not in asked:
            # What must not be there is told by any negative of the gene.
            yield from (("gene", gene, "") for gene in atom.genes if gene not in ANY_PARTNER)
        if atom.kind == "marker":
            if atom.marker is not None:
                yield ("marker", atom.marker.name, "")
            continue
        yield from (("gene", allele.partition("*")[0], "") for allele in atom.alleles[:1])
        genes = [gene for gene in atom.genes if gene not in ANY_PARTNER]
        for gene in genes:
            yield from _keys_of_atom(atom, gene)
        if "ERBB2" in genes and atom.kind in ("amplification", "overexpression", "expression"):
            for name in ("HER2", "HER2-IHC", "HER2-ISH"):
                yield ("marker", name, "")


def _keys_of_atom(atom: Atom, gene: str) -> Iterator[Key]:
    if atom.kind not in _EXACT:
        yield ("gene", gene, "")
        return
    for text in atom.protein if atom.kind == "protein" else ():
        numbers = _NUMBER.findall(text)
        yield ("residue", gene, numbers[0] if numbers else "")
    if atom.kind == "coding":
        yield ("coding", gene, atom.coding)
    if atom.kind == "rsid":
        yield ("rsid", gene, atom.rsid)


def _keys_of_findings(findings: Findings) -> Iterator[Key]:
    for gene, alterations in findings.by_gene.items():
        yield ("gene", gene, "")
        for each in alterations:
            if each.protein is not None:
                yield ("residue", gene, str(each.protein.start))
            if each.coding:
                yield ("coding", gene, each.coding)
            for rsid in each.rsids:
                yield ("rsid", gene, rsid)
    for name in findings.by_marker:
        yield ("marker", name, "")


def _gains(knowledge: TumourKnowledge) -> dict[str, frozenset[str]]:
    """Exact changes that a stored row says make the protein more active."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for each in knowledge.statements:
        is_gain = "gain" in each.says and "function" in each.says
        if each.kind == "functional" and each.supports and is_gain and each.profile.op == "is":
            atom = each.profile.atom
            if atom is not None and atom.kind == "protein" and len(atom.protein) == 1:
                for gene in atom.genes:
                    found[gene].add(atom.protein[0])
    return {gene: frozenset(texts) for gene, texts in found.items()}


def is_positive(held: Held) -> bool:
    return held.row.effect in ("sensitive", "recommended")


def order_of(held: Held) -> tuple[int, int, str]:
    """The strongest source first, then the most specific row."""
    return strength(held.row.provenance), held.outcome.rank, held.row.id

"""The biomarkers by which a US label or companion diagnostic names a drug in a cancer, each with
what is on file of it."""

from collections.abc import Iterable, Sequence

from fhir_pgx.model.finding import Presence, SourceClass
from fhir_pgx.model.therapy import ContextFit, drug_words
from fhir_pgx.model.tumour import Alteration, Atom, Cancer, TumourRow
from fhir_pgx.model.tumour_answer import BiomarkerState
from fhir_pgx.recommendation.tumour.disease import CANCER
from fhir_pgx.recommendation.tumour.findings import (
    BENIGN,
    SOLID,
    UNCERTAIN,
    Findings,
    marker_words,
)
from fhir_pgx.recommendation.tumour.profile import positive_atoms
from fhir_pgx.recommendation.tumour.rules import MOST_KEPT, Asked, TumourRules, name_of
from fhir_pgx.recommendation.tumour.structural import ANY_PARTNER, KINDS

_FAMILIES = {
    "fusion": "fusion", "fusion-breakpoint": "fusion", "rearrangement": "fusion",
    "amplification": "amplification", "copy-loss": "loss", "exon-skipping": "exon skipping",
    "internal-duplication": "mutation", "expression": "expression",
    "overexpression": "expression", "methylation": "methylation", "hla": "typing",
}  # fmt: skip
_MARKERS = {
    "MSI": "MSI or MMR", "MMR": "MSI or MMR", "HER2": "HER2 (IHC, ISH)",
    "HER2-IHC": "HER2 (IHC, ISH)", "HER2-ISH": "HER2 (IHC, ISH)",
}  # fmt: skip
_HER2 = "HER2 (IHC, ISH)"
_SELDOM = ("EGFR-IHC",)  # on the label, and hardly asked for: it stands last
_MERGED = 3  # genes of a name that names of fewer are merged into
_UNASKED = ("other", "genotype", "phosphorylation")


def biomarkers_of(
    rules: TumourRules,
    findings: Findings,
    cancer: Cancer | None,
    named: Sequence[str] = (),
) -> tuple[BiomarkerState, ...]:
    """Those of the disease first, then those that hold for every solid tumour; empty where no
    cancer is known. `named`: these and no others, whether a label asks for them or not."""
    if named:
        return tuple(_state_of(name, (_gene_in(name),), findings) for name in named)
    if cancer is None or not cancer.nodes:
        return ()
    states = []
    for name, genes, drugs, is_own, kinds in _asked_in(rules, cancer):
        state, is_answered = _state(name, genes, findings)
        states.append(BiomarkerState(name, genes, state, is_answered, drugs, is_own, kinds))
    return tuple(states)


def _gene_in(name: str) -> str:
    return name.partition(" ")[0]


def _state_of(name: str, genes: tuple[str, ...], findings: Findings) -> BiomarkerState:
    state, is_answered = _state(name, genes, findings)
    return BiomarkerState(name, genes, state, is_answered, ())


def _asked_in(rules: TumourRules, cancer: Cancer) -> Asked:
    """What labels ask for in a cancer: name, genes, drugs, and whether rows of the disease itself
    ask. The same for every patient with it."""
    kept = rules.asked.get(cancer.nodes)
    if kept is not None:
        return kept
    drugs: dict[str, dict[str, None]] = {}
    genes: dict[str, dict[str, None]] = {}
    own: set[str] = set()
    kinds: dict[str, dict[str, None]] = {}
    fits = [(rules.diseases.fit(row, cancer), row) for row in rules.label_rows]
    # Where nothing is for the cancer as it was recorded (`lung cancer`), what is for a kind of it.
    has_own = any(fit == "same" for fit, _ in fits)
    mine: tuple[ContextFit, ...] = ("same",) if has_own else _narrower(cancer)
    for wanted in (*mine, "any"):
        for fit, row in fits:
            if fit != wanted:
                continue
            for atom in positive_atoms(row.profile):
                name = _name(atom)
                if name:
                    drugs.setdefault(name, {})[_drugs_of(row)] = None
                    genes.setdefault(name, {}).update(dict.fromkeys(_genes(atom)))
                    if wanted != "any":
                        own.add(name)
                    if wanted == "unknown":
                        kinds.setdefault(name, {})[row.disease] = None
    _merge(drugs, genes, own)
    asked = tuple(
        (name, tuple(genes[name]), tuple(named), name in own, tuple(kinds.get(name, ())))
        for name, named in sorted(drugs.items(), key=lambda each: each[0] in _SELDOM)
    )
    if len(rules.asked) < MOST_KEPT:
        rules.asked[cancer.nodes] = asked
    return asked


def _narrower(cancer: Cancer) -> tuple[ContextFit, ...]:
    return () if CANCER in cancer.nodes else ("unknown",)


def _merge(
    drugs: dict[str, dict[str, None]], genes: dict[str, dict[str, None]], own: set[str]
) -> None:
    """`BRCA1 mutation` goes into `BRCA1/BRCA2 mutation`: one test answers both."""
    for small in list(drugs):
        family = small.rpartition(" ")[2]
        for large in list(drugs):
            is_part = set(genes[small]) < set(genes[large]) and len(genes[large]) <= _MERGED
            if is_part and genes[small] and large.rpartition(" ")[2] == family:
                if (small in own) != (large in own) or "::" in large:
                    continue
                drugs[large] |= drugs.pop(small)
                break


def _drugs_of(row: TumourRow) -> str:
    joint = " or " if row.joined == "alternatives" else " + "
    return joint.join(drug_words(drug.name) for drug in row.drugs)


def _genes(atom: Atom) -> Iterable[str]:
    if atom.kind == "hla":
        return (atom.alleles[0].partition("*")[0],)
    return (gene for gene in atom.genes if gene not in ANY_PARTNER)


def _name(atom: Atom) -> str:
    if atom.kind in _UNASKED:
        return ""
    if atom.marker is not None:
        return _MARKERS.get(atom.marker.name, atom.marker.name)
    if atom.kind == "hla":
        return f"{atom.alleles[0].partition('*')[0]} typing"
    genes = tuple(_genes(atom))
    family = _FAMILIES.get(atom.kind, "mutation")
    if genes == ("ERBB2",) and family in ("amplification", "expression"):
        return _HER2
    if not genes:
        return ""
    if family == "exon skipping":
        return f"{genes[0]} exon {'/'.join(atom.exons)} skipping"
    # A fusion row is known by its kinase gene; of two named partners both are.
    named = "::".join(genes) if family == "fusion" and len(genes) == 2 else "/".join(genes)
    return f"{named} {family}"


def _state(name: str, genes: tuple[str, ...], findings: Findings) -> tuple[str, bool]:
    """What is on file of a biomarker, in words, and whether it is a usable answer."""
    marker_names = [each for each, shown in _MARKERS.items() if shown == name] or [name]
    markers = [m for each in marker_names for m in findings.by_marker.get(each, ())]
    if markers:
        usable = any(
            m.verdict not in ("", "indeterminate") or m.number is not None for m in markers
        )
        return "; ".join(dict.fromkeys(marker_words(m) for m in markers)), usable
    family = name.rpartition(" ")[2]
    kinds = {
        "fusion": KINDS["fusion"], "amplification": ("amplification", "gain"), "loss": ("loss",),
        "skipping": ("exon-skipping",), "expression": KINDS["expression"],
        "typing": ("hla",),
    }.get(family)  # fmt: skip
    found: list[str] = []
    negative: list[str] = []
    unsettled: list[str] = []
    for gene in genes:
        for each in findings.of(gene):
            _sort(each, gene, kinds, found, negative, unsettled)
    if found:
        return ", ".join(dict.fromkeys(found)), True
    if negative and not set(genes) - {text.partition(" ")[0] for text in negative}:
        return ", ".join(dict.fromkeys(negative)), True
    return ", ".join(dict.fromkeys([*negative, *unsettled])), False


def _sort(
    each: Alteration,
    gene: str,
    kinds: tuple[str, ...] | None,
    found: list[str],
    negative: list[str],
    unsettled: list[str],
) -> None:
    is_family = each.kind in kinds if kinds else each.kind not in _STRUCTURAL
    if not is_family or each.significance in BENIGN:
        return
    is_negative = each.presence is Presence.ABSENT or each.kind == "wild-type"
    if each.presence in (Presence.NO_CALL, Presence.INDETERMINATE):
        unsettled.append(f"{gene} tested without an answer")
    elif is_negative:
        if each.source_class is SourceClass.GERMLINE:
            unsettled.append(f"{gene} germline test negative")
        elif each.protein is not None or each.exons:
            unsettled.append(f"{name_of(each)} not found")
        elif each.specimen in SOLID:
            negative.append(f"{gene} not found in {each.specimen}")
        else:
            where = each.specimen or "a specimen not stated"
            unsettled.append(f"{gene} not detected in {where}")
    elif each.significance in UNCERTAIN:
        unsettled.append(f"{name_of(each)} (uncertain significance)")
    else:
        found.append(name_of(each))


_STRUCTURAL = frozenset(
    {"fusion", "rearrangement", "amplification", "gain", "loss", "exon-skipping", "expression",
     "overexpression", "underexpression", "methylation", "loss-of-heterozygosity", "hla"}
)  # fmt: skip

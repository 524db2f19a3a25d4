"""The biomarkers by which a US label or companion diagnostic names a drug in a cancer, each with
what is on file of it."""

from collections.abc import Iterable, Sequence

from fhir_pgx.model.finding import Presence, SourceClass
from fhir_pgx.model.tumour import Alteration, Atom, Cancer
from fhir_pgx.model.tumour_answer import BiomarkerState
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
    for name, genes, drugs, is_own in _asked_in(rules, cancer):
        state, is_answered = _state(name, genes, findings)
        states.append(BiomarkerState(name, genes, state, is_answered, drugs, is_own))
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
    for wanted in ("same", "any"):
        for row in rules.label_rows:
            if rules.diseases.fit(row, cancer) != wanted:
                continue
            for atom in positive_atoms(row.profile):
                name = _name(atom)
                if name:
                    drugs.setdefault(name, {})[" + ".join(drug.name for drug in row.drugs)] = None
                    genes.setdefault(name, {}).update(dict.fromkeys(_genes(atom)))
                    if wanted == "same":
                        own.add(name)
    asked = tuple(
        (name, tuple(genes[name]), tuple(named), name in own)
        for name, named in sorted(drugs.items(), key=lambda each: each[0] in _SELDOM)
    )
    if len(rules.asked) < MOST_KEPT:
        rules.asked[cancer.nodes] = asked
    return asked


def _genes(atom: Atom) -> Iterable[str]:
    return (gene for gene in atom.genes if gene not in ANY_PARTNER)


def _name(atom: Atom) -> str:
    if atom.kind in _UNASKED:
        return ""
    if atom.marker is not None:
        return _MARKERS.get(atom.marker.name, atom.marker.name)
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
     "overexpression", "underexpression", "methylation", "loss-of-heterozygosity"}
)  # fmt: skip

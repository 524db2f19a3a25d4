"""CIViC's atoms and names of molecular profiles, in our profile language.

The predictive table holds its profiles as trees; the table of statements as text alone, whose
atoms are looked up among those of the trees or read by their names.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from fhir_pgx.knowledge.tumour.profile_text import (
    PROTEIN,
    BadProfile,
    parse_profile,
)

Tree = Mapping[str, Any]

THREE = {
    "A": "Ala", "R": "Arg", "N": "Asn", "D": "Asp", "C": "Cys", "Q": "Gln", "E": "Glu", "G": "Gly",
    "H": "His", "I": "Ile", "L": "Leu", "K": "Lys", "M": "Met", "F": "Phe", "P": "Pro", "S": "Ser",
    "T": "Thr", "W": "Trp", "Y": "Tyr", "V": "Val", "*": "Ter",
}  # fmt: skip

# Where a source's word says less, or something other, than its class does. Each with its reason.
SAID_OTHERWISE: dict[str, str] = {
    # The class says any mutation; the name says only the rare ones, which no rule can tell.
    "egfr rare mutation": 'EGFR other "EGFR rare mutation"',
    "egfr rare exon 18-21 mutation": 'EGFR other "EGFR rare exon 18-21 mutation"',
    "egfr exon 19 del": "EGFR exon 19 deletion",  # the class says exon mutation
    # A break within one intron is not any rearrangement of the gene.
    "braf intron 9 rearrangement": 'BRAF other "BRAF intron 9 rearrangement"',
    "braf intron 10 rearrangement": 'BRAF other "BRAF intron 10 rearrangement"',
    # One altered allele is not two.
    "palb2 biallelic inactivation": 'PALB2 other "PALB2 biallelic inactivation"',
    "cebpa biallelic inactivation": 'CEBPA other "CEBPA biallelic inactivation"',
    "nf1 inactivating mutation": "NF1 inactivating",
    "smarca4 inactivating mutation": "SMARCA4 inactivating",
    "braf non-v600": "BRAF codon-excluded p.Val600",
    # TERT C228T and C250T name positions of the promoter, not residues of the protein.
    "tert c228t": "TERT c.-124C>T",
    "tert c250t": "TERT c.-146C>T",
    "tert c250t promoter": "TERT c.-146C>T",
    "tert promoter mutation": "TERT c.-124C>T OR TERT c.-146C>T",  # its two hotspots
    "ewsr1 fusion": "*::EWSR1 fusion",
    "prps1 prps1 mutation": "PRPS1 mutation",
    "chek2 1100delc": "CHEK2 c.1100del",
    "erbb2 overexpression": "ERBB2 overexpression OR marker HER2-IHC >=3 else positive",
    "mgmt promoter methylation": "MGMT methylation OR marker MGMT methylated",
    "egfr viii": 'EGFR splice-form "EGFRvIII"',
    "egfr egfrviii": 'EGFR splice-form "EGFRvIII"',
    "ar ar-v7": 'AR splice-form "AR-V7"',
    "msi high": "marker MSI high",
    "tmb high": "marker TMB high",
    "tmb low": "marker TMB low",
    "tmb h-btmb": "marker TMB high in plasma",
    "met splice site (c.3028g>a)": "MET c.3028G>A",
    # A change of staining, place or isoform is not plain expression.
    **{
        name.lower(): f'{name.split()[0]} other "{name}"'
        for name in (
            "ERBB2 SERUM LEVELS", "MMP2 SERUM LEVELS", "MMP9 SERUM LEVELS",
            "DKK1 NUCLEAR EXPRESSION",
            "BIRC5 NUCLEAR EXPRESSION", "IGF1R NUCLEAR EXPRESSION", "HSPH1 NUCLEAR EXPRESSION",
            "VEGFA Decreased Peri-therapeutic Expression", "CD44 CD44s Expression",
            "EGFR Exon 18 Overexpression", "PSMB8 NUCLEAR EXPRESSION", "PBK NUCLEAR EXPRESSION",
            "FGF13 CYTOPLASMIC EXPRESSION", "PIM1 NUCLEAR EXPRESSION",
            "SMARCB1 LOSS OF NUCLEAR PROTEIN EXPRESSION", "CCND2 PROMOTER DEMETHYLATION",
            "EGFR Copy Number Variation", "MYB Truncation",
        )
    },
}  # fmt: skip

_PLAIN = {
    "activating": "activating", "amplification": "amplification", "any_mutation": "mutation",
    "copy_loss": "copy-loss", "expression": "expression", "overexpression": "overexpression",
    "underexpression": "underexpression", "internal_tandem_duplication": "internal-duplication",
    "kinase_domain_mutation": "kinase-domain", "loss_of_function": "loss-of-function",
    "loss_of_heterozygosity": "loss-of-heterozygosity", "methylation": "methylation",
    "phosphorylation": "phosphorylation", "rearrangement": "rearrangement",
    "wildtype": "wild-type",
}  # fmt: skip
_EXON = {
    "exon_mutation": "mutation", "exon_deletion": "deletion", "exon_insertion": "insertion",
    "exon_skipping": "skipping", "exon_frameshift": "frameshift", "exon_loss": "loss",
}  # fmt: skip
_QUOTED = {"domain_mutation": "domain", "splice_variant_form": "splice-form"}
_NEVER = {"other": "other", "pgx_genotype": "genotype", "genome_biomarker": "other"}


def one_spelling(protein: str) -> str:
    """`p.Leu531fsTer30`, `p.Met54Ilefs` → `p.Leu531fs`, `p.Met54fs`."""
    found = re.sub(r"([0-9])(?:[A-Z][a-z]{2})?fs(?:Ter.*|\*.*)?\Z", r"\1fs", protein)
    if not PROTEIN.fullmatch(found):
        raise ValueError(f"no protein change: {protein}")
    return found


def quoted(kind: str, name: str) -> str:
    return f'{kind} "{name.replace(chr(34), "")}"'


def profile_of_tree(tree: Tree) -> str:
    """A tree of the predictive table as text."""
    for op in ("and", "or"):
        if op in tree:
            parts = [_within(part) for part in tree[op]]
            return f" {op.upper()} ".join(parts)
    if "not" in tree:
        inner = tree["not"][0] if isinstance(tree["not"], list) else tree["not"]
        return f"NOT {_within(inner)}"
    return atom_text(tree)


def _within(tree: Tree) -> str:
    text = profile_of_tree(tree)
    return f"({text})" if " AND " in text or " OR " in text else text


def atom_text(atom: Tree) -> str:
    """One atom of a tree as text. Raises ValueError on a class that is not known."""
    name, kind, gene = atom["name"], atom["class"], atom.get("gene", "")
    if name.lower() in SAID_OTHERWISE:
        return SAID_OTHERWISE[name.lower()]
    if kind.startswith("protein_"):
        return f"{gene} {'|'.join(map(one_spelling, atom['p']))}"
    if kind == "codon_any":
        return f"{gene} codon {'|'.join(atom['p'])}"
    if kind == "fusion" and "?" in atom["fusion"]:  # with a partner that is not known
        return f"{gene} rearrangement"
    if kind in ("fusion", "fusion_breakpoint"):
        partners = "::".join("*" if each == "v" else each for each in atom["fusion"])
        what = "fusion" if kind == "fusion" else f"breakpoint {atom['exon']}"
        return f"{partners} {what}"
    if kind in _EXON:
        return f"{gene} exon {atom['exon']} {_EXON[kind]}"
    if kind in ("cdna_variant", "splice_site"):
        return f"{gene} {atom['c']}"
    if kind == "rsid":
        return f"{gene} rsid {atom['rsid']}"
    if kind in _PLAIN:
        return f"{gene} {_PLAIN[kind]}"
    if kind in _QUOTED:
        return f"{gene} {quoted(_QUOTED[kind], name.removeprefix(gene).strip())}"
    if kind in _NEVER:
        return f"{gene} {quoted(_NEVER[kind], name)}".strip()
    raise ValueError(f"class {kind} of {name} is not known")


def atoms_of(tree: Tree) -> list[Tree]:
    for op in ("and", "or", "not"):
        if op in tree:
            parts = tree[op] if isinstance(tree[op], list) else [tree[op]]
            return [atom for part in parts for atom in atoms_of(part)]
    return [tree]


def profile_of_name(name: str, known: Mapping[str, str]) -> str:
    """A profile given as text alone: `A AND ( B OR C )`; `known` are atoms by their lower name."""
    parts = re.split(r"( AND NOT | AND | OR |^NOT |\( | \))", name)
    return "".join(
        part if re.fullmatch(r" AND NOT | AND | OR |NOT ", part) else _bracket(part, known)
        for part in parts
        if part
    )


def _bracket(part: str, known: Mapping[str, str]) -> str:
    if part in ("( ", " )"):
        return part.strip()
    text = known.get(part.strip().lower()) or atom_of_name(part.strip())
    return f"({text})" if " OR " in text or " AND " in text else text


def _substitution(gene: str, found: re.Match[str]) -> str:
    residue, place = THREE[found[1]], found[2]
    news = [THREE.get(new.upper(), "") for new in found[3].split("/")]
    return f"{gene} {'|'.join(f'p.{residue}{place}{new}' for new in news)}"


def _frameshift(gene: str, found: re.Match[str]) -> str:
    return f"{gene} p.{THREE[found[1].upper()]}{found[2]}fs"


def _span(gene: str, found: re.Match[str]) -> str:
    first, start, last, end, what, new = found.groups()
    text = f"p.{THREE[first.upper()]}{start}"
    text += f"_{THREE[last.upper()]}{end}" if last else ""
    return f"{gene} {text}{what.lower()}{''.join(THREE[each] for each in (new or '').upper())}"


_R = "[ARNDCQEGHILKMFPSTWYV]"
_NAMES: tuple[tuple[str, Callable[[str, re.Match[str]], str]], ...] = (
    (rf"({_R})([0-9]+)((?:{_R}|\*)(?:/{_R})*)", _substitution),
    (rf"({_R})([0-9]+)(?:{_R})?fs(?:\*|Ter|X)?[0-9]*", _frameshift),
    (rf"({_R})([0-9]+)(?:_({_R})([0-9]+))?(delins|del|dup|ins)({_R}*)", _span),
    (rf"({_R})([0-9]+)", lambda g, m: f"{g} codon p.{THREE[m[1]]}{m[2]}"),
    (
        rf"({_R})([0-9]+)/({_R})([0-9]+)",
        lambda g, m: f"{g} codon p.{THREE[m[1]]}{m[2]}|p.{THREE[m[3]]}{m[4]}",
    ),
    (r"(c\.[*0-9+_-]+(?:[ACGT]>[ACGT]|delins[ACGT]+|del[ACGT0-9]*|dup[ACGT]*|ins[ACGT]+))",
     lambda g, m: f"{g} {m[1]}"),
    (r"Splice (?:Site|Region) \((c\.\S+)\)", lambda g, m: f"{g} {m[1]}"),
    (r"rs([0-9]+)", lambda g, m: f"{g} rsid rs{m[1]}"),
    (r"Exon ([0-9]+) Mutation", lambda g, m: f"{g} exon {m[1]} mutation"),
    (r"Exon ([0-9]+)-([0-9]+) Mutation",
     lambda g, m: f"{g} exon {'|'.join(str(n) for n in range(int(m[1]), int(m[2]) + 1))} mutation"),
    (r"Exon ([0-9]+(?:-[0-9]+)?) Deletion", lambda g, m: f"{g} exon {m[1]} loss"),
    (r"Exon ([0-9]+) Frameshift", lambda g, m: f"{g} exon {m[1]} frameshift"),
    (r"Mutation|Alteration", lambda g, m: f"{g} mutation"),
    (r"Amplification", lambda g, m: f"{g} amplification"),
    (r"Loss|Deletion", lambda g, m: f"{g} copy-loss"),
    (r"Loss-of-function|Truncating Mutation|Frameshift Truncation|Deleterious Mutation",
     lambda g, m: f"{g} loss-of-function"),
    (r"Gain-of-function|Activating Mutation", lambda g, m: f"{g} activating"),
    (r"Overexpression", lambda g, m: f"{g} overexpression"),
    (r"Underexpression", lambda g, m: f"{g} underexpression"),
    (r"Expression", lambda g, m: f"{g} expression"),
    (r"(?:Promoter )?(?:Hyper)?methylation", lambda g, m: f"{g} methylation"),
    (r"Rearrangements?|Translocation", lambda g, m: f"{g} rearrangement"),
    (r"ITD|Internal Duplication", lambda g, m: f"{g} internal-duplication"),
    (r"Wildtype", lambda g, m: f"{g} wild-type"),
    (r"(.* Domain Mut(?:ation)?)", lambda g, m: f'{g} domain "{m[1]}"'),
    (r"(\S+ )?Phosphorylation", lambda g, m: f"{g} phosphorylation"),
)  # fmt: skip


def atom_of_name(name: str) -> str:
    """An atom read by its name; what is not understood is `other`, with the name as it stands."""
    if name.lower() in SAID_OTHERWISE:
        return SAID_OTHERWISE[name.lower()]
    fused = re.fullmatch(r"(\S+)::(\S+) (?:Fusion|(e[0-9]+::e[0-9]+))", name, re.IGNORECASE)
    if fused:
        pair = "::".join("*" if each in ("v", "?") else each for each in fused.group(1, 2))
        return f"{pair} breakpoint {fused[3]}" if fused[3] else f"{pair} fusion"
    gene, _, rest = name.partition(" ")
    bare = re.sub(r" \(c\.[^)]*\)\Z", "", rest)
    for pattern, text in _NAMES:
        found = re.fullmatch(pattern, rest, re.IGNORECASE) or re.fullmatch(
            pattern, bare, re.IGNORECASE
        )
        if found and re.fullmatch("[A-Z0-9-]+", gene):
            said = text(gene, found)
            try:
                parse_profile(said)
            except BadProfile:
                continue
            return said
    owner = gene if re.fullmatch("[A-Z][A-Z0-9-]+", gene) else ""
    return f"{owner} {quoted('other', name)}".strip()

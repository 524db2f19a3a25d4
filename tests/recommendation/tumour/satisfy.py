"""Findings that meet a profile, made from the profile itself; None where no finding can."""

from decimal import Decimal

from fhir_pgx.normalize.protein import parse_protein

from .made import GERMLINE, SOMATIC, marker, other, small

UNMEETABLE = {"phosphorylation", "hla", "genotype", "other", "domain", "kinase-domain"}
_COPIED = {
    "rearrangement": "rearrangement", "amplification": "amplification", "copy-loss": "loss",
    "loss-of-heterozygosity": "loss-of-heterozygosity", "expression": "expression",
    "internal-duplication": "internal-duplication", "overexpression": "overexpression",
    "underexpression": "underexpression", "methylation": "methylation",
}  # fmt: skip
_ALT = {"Trp": "Cys"}


def meeting(profile, origin=""):
    """A list of findings (alterations and markers), one group an atom that must be met; None where
    the profile cannot be met."""
    if profile.op == "is":
        found = of_atom(profile.atom, GERMLINE if origin == "germline" else SOMATIC)
        return None if found is None else [found]
    if profile.op == "not":
        return denying(profile.of[0])
    parts = [meeting(each, origin) for each in profile.of]
    if profile.op == "or":
        return next((part for part in parts if part is not None), None)
    return None if None in parts else [group for part in parts for group in part]


def denying(profile):
    """Explicit negatives of tissue."""
    if profile.op == "or":
        parts = [denying(each) for each in profile.of]
        return None if None in parts else [group for part in parts for group in part]
    if profile.op != "is":
        return None
    atom = profile.atom
    genes = [gene for gene in atom.genes if gene not in ("*", "v", "?")]
    if not genes:
        return None
    from .made import ABSENT

    if atom.kind in ("fusion", "rearrangement"):
        return [[other("fusion", gene, presence=ABSENT)] for gene in genes]
    if atom.kind in _COPIED and atom.kind != "internal-duplication":
        return [[other(_COPIED[atom.kind], gene, presence=ABSENT)] for gene in genes]
    return [[other("wild-type", gene)] for gene in genes]


def of_atom(atom, source):
    """The findings that meet one atom; None where none can."""
    kind, genes = atom.kind, atom.genes
    if kind in UNMEETABLE and not atom.protein:
        return None
    more = {"source_class": source}
    if kind == "marker":
        return [of_marker(atom.marker)]
    if kind in ("fusion", "fusion-breakpoint"):
        partners = ["PARTNER" if gene in ("*", "v", "?") else gene for gene in genes]
        return [other("fusion", *partners, breakpoint=atom.breakpoint, **more)]
    if kind == "wild-type":
        return [other("wild-type", gene) for gene in genes]
    gene = genes[0]
    if kind in ("protein", "codon", "kinase-domain", "domain"):
        text = atom.protein[0]
        if text[-1].isdigit():
            text += _ALT.get(text[2:5], "Trp")
        if parse_protein(text) is None:
            return None  # a name of the source that is no HGVS: nothing can meet it
        return [small(gene, text, **more)]
    if kind == "coding":
        return [other("variant", gene, coding=atom.coding, **more)]
    if kind == "rsid":
        return [other("variant", gene, rsids=(atom.rsid,), **more)]
    if kind in ("exon-deletion", "exon-loss"):
        return [other("exon-deletion", gene, exons=atom.exons[:1], **more)]
    if kind == "exon-skipping":
        return [other("exon-skipping", gene, exons=atom.exons, **more)]
    if kind == "exon-mutation":
        return [other("any", gene, exons=atom.exons[:1], **more)]
    if kind in ("exon-insertion", "exon-frameshift"):
        said = "inframe_insertion" if kind == "exon-insertion" else "frameshift_variant"
        return [other("variant", gene, exons=atom.exons[:1], consequences=(said,), **more)]
    if kind == "any-mutation":
        return [other("any", gene, **more)]
    if kind == "codons":
        return [small(gene, f"p.Ala{atom.codons[0]}Val", **more)]
    if kind == "codon-excluded":
        return [small(gene, "p.Ala2Val", **more)]
    if kind in ("activating", "inactivating"):
        said = f"{'gain' if kind == 'activating' else 'loss'}_of_function_variant"
        return [other("any", gene, consequences=(said,), **more)]
    if kind == "loss-of-function":
        return [other("any", gene, significance="pathogenic", **more)]
    if kind == "splice-form":
        return [other("splice-form", gene, label=f"{gene} {atom.name}", **more)]
    return [other(_COPIED[kind], gene, **more)]


def of_marker(test):
    number = test.at_least
    if number is None and test.below is not None:
        number = test.below - Decimal(1)
    if test.name == "HER2-ISH" and test.verdicts:
        return marker("HER2-ISH", test.verdicts[0])
    if number is not None:
        return marker(
            test.name, number=number, scale=test.scale, specimen=test.specimen or "tissue",
            copies=test.copies_at_least,
        )  # fmt: skip
    return marker(test.name, test.verdicts[0], specimen=test.specimen or "tissue")

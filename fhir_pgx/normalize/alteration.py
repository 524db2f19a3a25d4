"""Observed variants and tests of a gene → alterations, in the spelling that rows are written in.

One Observation may hold several: a fusion, and a point mutation in one of its partners. What the
report does not say is not worked out: a class from a position, an amplification from a number, a
loss of function from a missense change. A name that cannot be read is shown as unresolved.

What words come to:
  `EGFR exon 19 deletion`  kind `exon-deletion`, exons `19`, consequences `inframe_deletion`
  `EGFR exon 20 insertion` kind `variant`, exons `20`, consequences `inframe_insertion`
  `KIT exon 11 mutation`   kind `any`, exons `11`
  `MET exon 14 skipping`   kind `exon-skipping`, exons `14`
  `KRAS wild type`         kind `wild-type`, present
  a gene alone, absent     kind `any`, absent
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal, InvalidOperation

from fhir_pgx.model.finding import Caveat, ObservedVariant, Presence
from fhir_pgx.model.tumour import (
    Alteration,
    AlterationKind,
    ProteinChange,
    Significance,
    Specimen,
)
from fhir_pgx.normalize.change_words import IN_FRAME, Named, changes_in, looks_at_part
from fhir_pgx.normalize.gene_symbol import symbols_of
from fhir_pgx.normalize.gene_test import distinct, label_of, settled
from fhir_pgx.normalize.protein import parse_protein, short_protein
from fhir_pgx.normalize.same_protein import in_one_spelling
from fhir_pgx.normalize.tumour_names import (
    GAIN_BY_TRUNCATION,
    Names,
    by_coding,
    in_hgvs,
    is_canonical_splice,
    is_truncating,
    names_of,
    rsids_in,
    unresolved,
)

WHICH_GENE, COPIES_ALONE = "PGX-732", "PGX-733"
LIMITED = "PGX-734"
_LIMITED_TEXT = "The test looks at a part of the gene alone: not found there is not unmutated."
BY_CYTOGENETICS, LEGACY = "PGX-737", "PGX-738"

__all__ = ["Names", "alterations", "alterations_of", "names_of", "settled"]

_FUSION_TERMS = frozenset(("gene_fusion", "transcript_fusion", "feature_fusion", "fusion"))
_REARRANGED_TERMS = frozenset(
    ("rearrangement", "translocation", "interchromosomal_translocation",
     "intrachromosomal_translocation", "chromosomal_translocation")
)  # fmt: skip
_JOINING_TERMS = _FUSION_TERMS | _REARRANGED_TERMS
_AMPLIFIED_TERMS = frozenset(("feature_amplification", "transcript_amplification"))
_COPY_TERMS = _AMPLIFIED_TERMS | {"copy_number_gain", "copy_number_loss", "transcript_ablation"}
_LOF_TERMS = frozenset(
    ("stop_gained", "frameshift_variant", "frameshift_elongation", "frameshift_truncation",
     "splice_donor_variant", "splice_acceptor_variant", "start_lost", "transcript_ablation",
     "feature_ablation", "loss_of_function_variant")
)  # fmt: skip
_BESIDE_A_NAME = ("exon-skipping", "internal-duplication", "splice-form")
_CODING = re.compile(r"(?:^|:)(c\.[^\s()]+)")
_GENE_IN_NAME = re.compile(r"\(([A-Za-z0-9-]{2,12})\):[cgnp]\.")
_SIGNIFICANCES: frozenset[str] = frozenset(
    ("pathogenic", "likely-pathogenic", "uncertain", "likely-benign", "benign", "conflicting",
     "oncogenic", "likely-oncogenic", "risk")
)  # fmt: skip
_SPECIMENS = frozenset(("tissue", "plasma", "blood", "marrow"))
# In RAS genes `G12X` is "any change of the residue"; these residues are no place of a stop.
_ANY_OF = frozenset((gene, codon) for gene in ("KRAS", "NRAS", "HRAS") for codon in (12, 13, 61))


def alterations(
    variants: Iterable[ObservedVariant], tests: Iterable[Alteration], names: Names
) -> tuple[Alteration, ...]:
    """Every alteration that variants and tests of genes state, in the order they came."""
    found = [each for variant in variants for each in alterations_of(variant, names)]
    found += [each for test in tests for each in settled(test, names)]
    return tuple(found)


def alterations_of(variant: ObservedVariant, names: Names) -> tuple[Alteration, ...]:
    """What one variant states. Empty where nobody names its gene, as in a bare sequence, and for
    a usual number of copies of which nothing else is said."""
    reader = _Reader(variant, names)
    return tuple(distinct(reader.read()))


class _Reader:
    """One variant, read into alterations."""

    def __init__(self, variant: ObservedVariant, names: Names) -> None:
        self.variant, self.names = variant, names
        self.genes = symbols_of(variant.genes, names.genes)
        self.terms = frozenset(variant.consequences) | {variant.change_type}
        texts = dict.fromkeys((*variant.words, variant.iscn))
        self.named: list[Named] = []
        for text in texts:
            self.named += changes_in(text, names.genes, self.genes)
        if not self.genes:
            self.genes = tuple(dict.fromkeys(g for each in self.named for g in each.genes))

    def read(self) -> Iterator[Alteration]:
        structural = [*self._fusions(), *self._copies(), *self._repeats()]
        small = list(self._small())
        worded = list(self._worded(has_others=bool(structural), has_small=bool(small)))
        found = [*structural, *small, *worded]
        if not found and self.genes and not self._is_of_usual_copies():
            found = list(self._unnamed())
        is_part = any(looks_at_part(words) for words in self.variant.words)
        yield from (_of_a_part(each) for each in found) if is_part else found

    def _make(
        self,
        kind: AlterationKind,
        genes: tuple[str, ...],
        what: str,
        *,
        presence: Presence | None = None,
        caveats: tuple[Caveat, ...] = (),
    ) -> Alteration:
        v = self.variant
        significance: Significance = ""
        if v.significance in _SIGNIFICANCES:
            significance = v.significance  # type: ignore[assignment]
        specimen: Specimen = v.specimen if v.specimen in _SPECIMENS else ""  # type: ignore[assignment]
        return Alteration(
            genes=genes,
            kind=kind,
            presence=v.presence if presence is None else presence,
            origin=v.origin,
            label=f"{'/'.join(genes)} {what}".strip(),
            genomic=v.genomic_hgvs,
            rsids=rsids_in(v.ids),
            vaf=v.frequency,
            zygosity=v.zygosity,
            significance=significance,
            review=v.review,
            source_class=v.source_class,
            specimen=specimen,
            consequences=v.consequences,
            caveats=(*v.caveats, *caveats),
        )

    # Fusions

    def _fusions(self) -> Iterator[Alteration]:
        worded = [each for each in self.named if each.fusion is not None]
        best = max(worded, key=lambda each: (len(each.genes), each.kind == "fusion"), default=None)
        is_fusion = bool(self.terms & _FUSION_TERMS)
        is_rearranged = bool(self.terms & _REARRANGED_TERMS)
        # Two genes and no change of either: what else would join them.
        is_pair = len(self.genes) == 2 and not self._has_small_name() and not self._says_other()
        if best is None and not (is_fusion or is_rearranged or is_pair):
            return
        genes, caveats = self._partners(best)
        if not genes:
            return
        known = len(genes) > 1
        is_named_so = known or is_fusion or (best is not None and best.kind == "fusion")
        kind: AlterationKind = "fusion" if is_named_so else "rearrangement"
        made = self._make(kind, genes, "", caveats=caveats)
        joint = best.fusion.breakpoint if best is not None and best.fusion else ""
        yield replace(
            made, label=f"{'::'.join(genes)} {kind}", breakpoint=joint, genomic="", rsids=()
        )

    def _partners(self, best: Named | None) -> tuple[tuple[str, ...], tuple[Caveat, ...]]:
        """The partners as words order them; the stated genes where the words name fewer."""
        stated = self.genes[:2]
        if best is None or best.fusion is None or len(best.genes) < len(stated):
            return stated, ()
        if not best.fusion.by_cytogenetics:
            return best.genes, ()
        if self.variant.genes and set(best.genes).isdisjoint(stated):
            return stated, ()  # the gene that the report states is another one
        if set(best.genes) <= set(symbols_of(self.variant.genes, self.names.genes)):
            return best.genes, ()
        pair = "::".join(best.genes)
        text = f"The genes {pair} were taken from the cytogenetic name, which is that of {pair}."
        return best.genes, (Caveat(BY_CYTOGENETICS, text),)

    def _says_other(self) -> bool:
        kinds = {each.kind for each in self.named}
        is_numbered = bool(self.variant.copy_number or self.terms & _AMPLIFIED_TERMS)
        return is_numbered or bool(kinds - {"fusion", "rearrangement"})

    # Copies and repeats

    def _copies(self) -> Iterator[Alteration]:
        number = _decimal(self.variant.copy_number)
        kind, presence, caveats = self._copy_kind(number)
        if kind is None:
            return
        for gene in self.genes or ("",):
            copies = f" ({self.variant.copy_number} copies)" if self.variant.copy_number else ""
            what = f"{'copy gain' if kind == 'gain' else kind}{copies}"
            if not self._is_called(kind):
                what = f"copy number {self.variant.copy_number}"
            made = self._make(kind, (gene,), what, presence=presence, caveats=caveats)
            # Of a loss it is the number, or the report, that says the gene is gone.
            is_lost = kind == "loss" and presence is Presence.PRESENT and self._may_be_lof(gene)
            is_gone = number == 0 or "transcript_ablation" in self.terms or self._says_homozygous()
            yield replace(made, copies=number, is_lof=is_lost and is_gone)

    def _copy_kind(
        self, number: Decimal | None
    ) -> tuple[AlterationKind | None, Presence, tuple[Caveat, ...]]:
        """The report's own word first; a number alone is no amplification and no deletion."""
        presence = self.variant.presence
        for each in self.named:
            if each.kind in ("amplification", "gain", "loss"):
                denied = each.is_denied and presence is Presence.PRESENT
                return each.kind, Presence.ABSENT if denied else presence, ()
        if self.terms & _AMPLIFIED_TERMS:
            return "amplification", presence, ()
        if "copy_number_gain" in self.terms:
            return "gain", presence, ()
        if "copy_number_loss" in self.terms or self.terms & {"transcript_ablation"}:
            return "loss", presence, ()
        if number is None or presence is not Presence.PRESENT:
            return None, presence, ()
        if number == 0:
            return "loss", presence, ()
        if number > 2:
            return "gain", presence, ()
        if number == 2:
            return "gain", Presence.ABSENT, ()
        text = "The report gives a number of copies and calls it neither a loss nor a deletion."
        return "loss", Presence.INDETERMINATE, (Caveat(COPIES_ALONE, text),)

    def _is_called(self, kind: str) -> bool:
        """Whether the report calls the copies something, or they are none at all."""
        worded = any(each.kind == kind for each in self.named)
        return worded or bool(self.terms & _COPY_TERMS) or self.variant.copy_number == "0"

    def _is_of_usual_copies(self) -> bool:
        return bool(self.variant.copy_number) and not self.named

    def _says_homozygous(self) -> bool:
        words = " ".join(self.variant.words).lower()
        zygosity = self.variant.zygosity in ("homozygous", "hemizygous")
        return zygosity or "homozygous" in words or "biallelic" in words or "deep del" in words

    def _repeats(self) -> Iterator[Alteration]:
        for motif, number in self.variant.repeats:
            for gene in self.genes:
                what = f"{motif or 'repeat'} × {number}"
                yield replace(self._make("repeat", (gene,), what), repeats=_decimal(number))

    # Small variants

    def _has_small_name(self) -> bool:
        v = self.variant
        names = (v.protein_hgvs, v.coding_hgvs, v.genomic_hgvs)
        return any(names) or any(each.protein or each.coding for each in self.named)

    def _small(self) -> Iterator[Alteration]:
        """The change of its HGVS names; else those that words spell."""
        v = self.variant
        coding = _coding(v.coding_hgvs) or _coding(v.genomic_hgvs)
        proteins = _parsed(v.protein_hgvs)
        worded = [each for each in self.named if each.protein is not None or each.coding]
        if not proteins and not coding and not v.protein_hgvs:
            for each in worded:
                changes = [each.protein] if each.protein is not None else []
                genes = self._narrowed(each.genes or self.genes, each.coding, changes)
                changes = changes or self._by_coding(genes, each.coding)
                yield from self._change(genes, changes[0] if changes else None, each.coding)
            return
        if not proteins:
            spelt = [each.protein for each in worded if each.protein is not None]
            proteins = spelt[:1]
        genes = self._gene_of_names(coding, proteins)
        if not proteins and coding:
            proteins = self._by_coding(genes, coding)
        each_of: list[ProteinChange | None] = [*proteins] or [None]
        for protein in each_of:
            yield from self._change(genes, protein, coding, stated=v.protein_hgvs)

    def _gene_of_names(self, coding: str, proteins: list[ProteinChange]) -> tuple[str, ...]:
        """The gene that the names themselves give, where the resource states several."""
        v = self.variant
        if len(self.genes) == 1:
            return self.genes
        for name in (v.coding_hgvs, v.protein_hgvs, v.genomic_hgvs, *v.words):
            found = _GENE_IN_NAME.search(name)
            if found:
                return symbols_of((found[1],), self.names.genes)
        return self._narrowed(self.genes, coding, proteins)

    def _narrowed(
        self, genes: tuple[str, ...], coding: str, proteins: list[ProteinChange]
    ) -> tuple[str, ...]:
        """The one of several genes in which the change is known; else all of them."""
        if len(genes) < 2:
            return genes
        known = [
            gene
            for gene in genes
            if self._by_coding((gene,), coding)
            or any(p.text in self.names.proteins.get(gene, {}).values() for p in proteins)
        ]
        return (known[0],) if len(known) == 1 else genes

    def _by_coding(self, genes: tuple[str, ...], coding: str) -> list[ProteinChange]:
        for gene in genes:
            change = by_coding(gene, coding, self.names)
            if change is not None:
                return [change]
        return []

    def _change(
        self,
        genes: tuple[str, ...],
        protein: ProteinChange | None,
        coding: str,
        stated: str = "",
    ) -> Iterator[Alteration]:
        if not genes:
            return
        if len(genes) > 1:
            text = "Several genes are stated, and the change does not say which of them it is of."
            what = short_protein(protein) if protein else coding
            made = self._make("variant", genes, what, caveats=(Caveat(WHICH_GENE, text),))
            yield replace(made, coding=coding, is_resolved=False)
            return
        (gene,) = genes
        named = protein
        protein, notes = self._in_hgvs(gene, protein)
        if protein is None and (coding or stated) and not self._needs_no_protein(coding):
            notes = (*notes, unresolved(coding or stated))
        what = short_protein(protein) if protein else (coding or stated or self._genomic_name())
        if named is not None and protein is not None and _is_respelt(named, protein):
            what += f" (stated as {short_protein(named)})"
        made = self._make("variant", (gene,), what, caveats=notes)
        yield replace(
            made,
            protein=protein,
            coding=coding,
            consequences=tuple(t for t in made.consequences if t not in _JOINING_TERMS),
            is_lof=self._is_lof(gene, protein, coding),
            is_resolved=protein is not None or self._needs_no_protein(coding),
        )

    def _needs_no_protein(self, coding: str) -> bool:
        """A canonical splice change has no protein name of its own."""
        return is_canonical_splice(coding)

    def _genomic_name(self) -> str:
        v = self.variant
        return v.genomic_hgvs or next(iter(rsids_in(v.ids)), "") or "variant"

    def _in_hgvs(
        self, gene: str, protein: ProteinChange | None
    ) -> tuple[ProteinChange | None, tuple[Caveat, ...]]:
        if protein is None:
            return None, ()
        if (gene, protein.start) in _ANY_OF and protein.kind == "nonsense":
            stated = any("X" in text for text in (self.variant.protein_hgvs, *self.variant.words))
            if stated:
                return parse_protein(f"{protein.first}{protein.start}"), ()
        moved = in_hgvs(gene, protein, self.names)
        if moved is protein or moved == in_one_spelling(gene, protein):
            return moved, ()
        text = f"{short_protein(protein)} of {gene} was read in its old numbering, as {moved.text}."
        return moved, (Caveat(LEGACY, text),)

    # Loss of function

    def _may_be_lof(self, gene: str) -> bool:
        is_benign = self.variant.significance in ("benign", "likely-benign")
        return not is_benign and gene not in GAIN_BY_TRUNCATION

    def _is_lof(self, gene: str, protein: ProteinChange | None, coding: str) -> bool:
        if not self._may_be_lof(gene):
            return False
        if self.terms & _LOF_TERMS or is_canonical_splice(coding):
            return True
        return protein is not None and is_truncating(protein)

    # Words, and what has no name

    def _worded(self, *, has_others: bool, has_small: bool) -> Iterator[Alteration]:
        """Beside an exact change its exon and `mutation` say nothing more; `skipping` does."""
        told = ("amplification", "gain", "loss", "fusion", "rearrangement")
        for each in self.named:
            if each.kind in told or each.rsid or (each.kind == "any" and has_others):
                continue
            if has_small and each.kind not in _BESIDE_A_NAME:
                continue
            for gene in each.genes or self.genes:
                yield self._of_words(gene, each)
        rsids = rsids_in(self.variant.ids) or tuple(e.rsid for e in self.named if e.rsid)
        is_other = has_others or has_small or any(not each.rsid for each in self.named)
        if rsids and self.genes and not is_other:
            made = self._make("variant", self.genes[:1], rsids[0], caveats=(unresolved(rsids[0]),))
            yield replace(
                made,
                rsids=rsids,
                is_resolved=False,
                is_lof=self._is_lof(self.genes[0], None, ""),
            )

    def _of_words(self, gene: str, each: Named) -> Alteration:
        presence = self.variant.presence
        kind = each.kind
        if each.is_denied and presence is Presence.PRESENT:
            presence = Presence.ABSENT
        if kind == "wild-type" and presence is Presence.ABSENT:
            presence = Presence.PRESENT  # the answer and the words say the same
        made = self._make(kind, (gene,), label_of(each), presence=presence)
        terms = tuple(dict.fromkeys((*made.consequences, *each.consequences)))
        label = each.form or made.label
        is_lof = (
            presence is Presence.PRESENT
            and self._may_be_lof(gene)
            and (
                bool(frozenset(terms) & _LOF_TERMS)
                or (kind == "exon-deletion" and gene not in IN_FRAME
                    and "inframe_deletion" not in terms)
            )
        )  # fmt: skip
        return replace(made, label=label, exons=each.exons, consequences=terms, is_lof=is_lof)

    def _unnamed(self) -> Iterator[Alteration]:
        """A gene and an answer: a mutation that is not named, or none found. A place that we do not
        turn into a change is a variant that could not be resolved."""
        v = self.variant
        is_placed = v.start is not None or v.genomic_hgvs or v.ids or v.inner or v.outer
        for gene in self.genes:
            if is_placed or v.protein_hgvs:
                name = v.protein_hgvs or self._genomic_name()
                made = self._make("variant", (gene,), name, caveats=(unresolved(name),))
                yield replace(made, is_resolved=False, is_lof=self._is_lof(gene, None, ""))
            else:
                made = self._make("any", (gene,), "mutation")
                yield replace(made, is_lof=self._is_lof(gene, None, ""))


def _of_a_part(found: Alteration) -> Alteration:
    """Nothing found in some codons, or by a hotspot test, leaves the rest of the gene open."""
    is_negative = found.presence is Presence.ABSENT or found.kind == "wild-type"
    if not is_negative or found.kind not in ("any", "wild-type") or found.exons:
        return found
    return replace(
        found,
        kind="any",
        presence=Presence.INDETERMINATE,
        label=f"{'/'.join(found.genes)} looked at in part",
        caveats=(*found.caveats, Caveat(LIMITED, _LIMITED_TEXT)),
    )


def _is_respelt(named: ProteinChange, protein: ProteinChange) -> bool:
    """Whether an insertion or duplication is shown by another name than the report's."""
    return named.kind in ("insertion", "duplication") and named.text != protein.text


def _parsed(stated: str) -> list[ProteinChange]:
    """The protein changes of a name; of two alleles in one name (`p.[…];[…]`) both."""
    if not stated:
        return []
    one = parse_protein(stated)
    if one is not None:
        return [one]
    alleles = re.sub(r"[\[\]()]|p\.", "", stated.rpartition(":")[2])
    parts = [parse_protein(part) for part in re.split(r"[;,]", alleles)]
    return [part for part in parts if part is not None] if None not in parts else []


def _coding(stated: str) -> str:
    found = _CODING.search(stated)
    return found[1] if found else ""


def _decimal(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() and number >= 0 else None

"""Stated results of pathogens to findings: each gene by our name, each change in one spelling."""

import re
from collections.abc import Iterable, Iterator

from fhir_pgx.model.finding import Presence
from fhir_pgx.model.pathogen import Change, PathogenFinding, PathogenKnowledge, StatedPathogen
from fhir_pgx.normalize.pathogen.hiv import read_hiv
from fhir_pgx.normalize.pathogen.notes import UNREAD, note
from fhir_pgx.normalize.pathogen.residue import read_residue
from fhir_pgx.normalize.pathogen.tb import TbSpelling

# `rpoB S531L`, `rpoB_p.Ser450Leu`, `RT:M184V`, `fabG1 c.-15C>T`.
_WITH_GENE = re.compile(r"(?P<gene>[A-Za-z][\w' /-]*?)(?:\s*[:_]\s*|\s+)(?P<rest>\S.*)")
_PRESENT = re.compile(r"(?:gene )?(?:present|detected|positive)", re.IGNORECASE)
_SUBTYPES = ("Influenza A(H1N1)pdm09", "Influenza A(H3N2)")


class Spelling:
    """Knows every organism's names of genes and changes."""

    def __init__(self, knowledge: PathogenKnowledge) -> None:
        self._tb = TbSpelling(knowledge.tb) if knowledge.tb else None
        self._hiv_wild = knowledge.hiv.wild_types if knowledge.hiv else {}
        self._names = knowledge.gene_names
        self._wild = dict(_wild_types(knowledge))
        self._markers = {(r.organism, r.gene) for r in knowledge.other if "present" in r.changes}

    def findings(self, stated: Iterable[StatedPathogen]) -> tuple[PathogenFinding, ...]:
        """Each statement as findings, one for each gene that it names."""
        return tuple(found for each in stated for found in self._of(each))

    def gene(self, organism: str, text: str) -> str:
        """The gene by our name; as stated where we do not know it."""
        if organism == "M. tuberculosis" and self._tb:
            return self._tb.gene(text) or text
        family = "Influenza A" if organism in _SUBTYPES else organism
        name = " ".join(text.lower().split()).removesuffix(" gene")
        name = name.removeprefix("hiv-1 ").removeprefix("hiv ")
        return self._names.get(f"{family.lower()}:{name}", text)

    def _of(self, stated: StatedPathogen) -> Iterator[PathogenFinding]:
        own = self.gene(stated.organism, stated.gene)
        changes: dict[str, list[Change]] = {}
        unread: dict[str, list[str]] = {}
        for mutation in stated.mutations:
            gene, text = self._split(stated.organism, mutation, own)
            change = self._change(stated.organism, gene, text) if gene else None
            if change is None:
                unread.setdefault(gene, []).append(mutation)
            else:
                changes.setdefault(gene, []).append(change)
        is_marker = (stated.organism, own) in self._markers
        if is_marker and stated.presence is Presence.PRESENT and not stated.mutations:
            changes[own] = [Change(own, f"{own} present", own, ("present",))]
        genes = dict.fromkeys((*changes, *unread)) or {own: None}
        for gene in genes:
            names = tuple(unread.get(gene, ()))
            yield PathogenFinding(
                organism=stated.organism,
                gene=gene,
                presence=stated.presence,
                origin=stated.origin,
                changes=tuple(changes.get(gene, ())),
                unread=names,
                stated_organism=stated.stated_organism,
                genotype=stated.genotype,
                verdicts=stated.verdicts if gene == next(iter(genes)) else (),
                caveats=(
                    *stated.caveats,
                    *(note(UNREAD, stated=each, gene=gene or "an unnamed gene") for each in names),
                ),
            )

    def _split(self, organism: str, text: str, own: str) -> tuple[str, str]:
        """The gene that a mutation's own text names, else the statement's; and the rest."""
        found = _WITH_GENE.fullmatch(text.strip())
        if found is not None:
            gene = self.gene(organism, found["gene"])
            if gene != found["gene"] or self._is_known(organism, gene):
                return gene, found["rest"]
        return own, text

    def _is_known(self, organism: str, gene: str) -> bool:
        if organism == "M. tuberculosis" and self._tb:
            return bool(self._tb.gene(gene))
        family = "Influenza A" if organism in _SUBTYPES else organism
        return f"{family}:{gene}".lower() in self._names

    def _change(self, organism: str, gene: str, text: str) -> Change | None:
        if organism == "M. tuberculosis" and self._tb:
            return self._tb.change(text, gene)
        if organism == "HIV-1":
            return read_hiv(text, gene, self._hiv_wild)
        if (organism, gene) in self._markers:
            is_there = _PRESENT.fullmatch(text.strip())
            return Change(gene, f"{gene} present", text, ("present",)) if is_there else None
        return read_residue(text, organism, gene, self._wild)


def _wild_types(knowledge: PathogenKnowledge) -> Iterator[tuple[str, str]]:
    """The reference residues that the rows name, by `HCMV:UL97:460`."""
    for row in knowledge.herpes:
        found = re.fullmatch(r"([A-Z])(\d+)[A-Z*]", row.mutation)
        if found:
            yield f"{row.virus}:{row.gene}:{found[2]}", found[1]
    for marker in knowledge.other:
        for name in (*marker.changes, *(each for group in marker.needs for each in group)):
            found = re.fullmatch(r"([A-Z])(\d+)[A-Z]?", name)
            if found:
                yield f"{marker.organism}:{marker.gene}:{found[2]}", found[1]

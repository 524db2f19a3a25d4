"""Changes of M. tuberculosis to H37Rv names: locus tags, aliases, numbering, HGVS and short forms.

`S450L`, `p.(Ser450Leu)`, `rpoB_p.Ser450Leu`, `C-15T`, `A1401G` of rrs, `Q10stop`, `frameshift`.
Codons 507 to 533 of rpoB whose residues fit are E. coli numbering, and 81 is taken off. A coding
name that changes the length by no multiple of three is a frameshift; other coding names are not
translated, since no sequence is at hand.
"""

import re
from collections.abc import Mapping

from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.pathogen import Change, TbKnowledge
from fhir_pgx.normalize.pathogen.notes import (
    FROM_LENGTH,
    OLD_NUMBERING,
    PROMOTER,
    WILD_TYPE,
    note,
)
from fhir_pgx.normalize.pathogen.protein import bare, has_accession, one_letter, three_letter

# A base of a codon is changed, and the name does not say whether the amino acid is.
UNTRANSLATED = "coding_sequence_variant"
RRNA = frozenset(("rrs", "rrl"))
_KINDS = {
    "frameshift_variant": ("frameshift", "fs", "frame shift"),
    "stop_gained": ("stop gained", "premature stop", "nonsense"),
    "start_lost": ("start lost", "loss of start"),
    "feature_ablation": (
        "feature ablation", "gene deletion", "gene deleted", "whole gene deletion", "deletion",
        "deleted", "gene absent", "complete deletion", "large deletion",
    ),
}  # fmt: skip
_KIND_OF = {word: kind for kind, words in _KINDS.items() for word in words}
_AA = r"(?:[A-Z][a-z]{2}|[ACDEFGHIKLMNPQRSTVWY*])"
_PROTEIN = re.compile(
    rf"(?P<wild>{_AA})(?P<position>\d+)(?:_(?P<last>{_AA})(?P<end>\d+))?"
    rf"(?P<change>fs.*|{_AA}fs.*|{_AA}?ext.*|{_AA}|\*|X|stop|STOP|\?|=|del|dup|ins\w+|delins\w+)"
)
_SHORT_BASES = re.compile(r"(?P<ref>[ACGT])(?P<position>-?\d+)(?P<alt>[ACGT])", re.IGNORECASE)
_BASES = re.compile(r"(?P<position>-?\d+)(?P<ref>[ACGT])>(?P<alt>[ACGT])", re.IGNORECASE)
_INDEL = re.compile(r"(\d+)(?:_(\d+))?(del|dup|ins|delins)([ACGT]*?)(?:ins([ACGT]+))?", re.I)
_CODONS = re.compile(r"([ACGT]{3})(\d{1,4})([ACGT]{3})", re.IGNORECASE)
# The amino acids of TTT, TTC, TTA, TTG, TCT, … in the order T, C, A, G.
_STANDARD_CODE = "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"
_TAIL = re.compile(r"(?P<main>[^()]+?)\s+\((?P<other>[^()]+(?:\([^()]*\))?[^()]*)\)")


class TbSpelling:
    """Names of genes and changes of M. tuberculosis, indexed once."""

    def __init__(self, knowledge: TbKnowledge) -> None:
        genes = {row.gene: row.gene for row in knowledge.rows}
        aliased = {k: v for k, v in knowledge.gene_aliases.items() if ":" not in k}
        named = {**genes, **aliased, **{gene: gene for gene in aliased.values()}}
        self._genes = {name.lower(): gene for name, gene in named.items()}
        self._same = {k: v for k, v in knowledge.gene_aliases.items() if ":" in k}
        self._listed = {f"{row.gene}:{row.name}" for row in knowledge.rows}
        self._aliases = {row.alias for row in knowledge.rows if row.alias}
        self._knowledge = knowledge

    def gene(self, text: str) -> str:
        """The gene as the catalogue names it; empty for one that it does not know."""
        name = " ".join(text.strip().lower().split())
        # `Rv0667 (rpoB)`, `rpoB/Rv0667`: either name will do
        parts = [each for each in re.split(r"[\s()/,]+", name) if each]
        spelled = (name, name.removesuffix(" gene"), name.removesuffix(" promoter"))
        for each in (*spelled, *(parts if re.search(r"[(/]", name) else ())):
            if each in self._genes:
                return self._genes[each]
        return ""

    def change(self, text: str, gene: str) -> Change | None:
        """The change of a gene of ours; None where the text is none."""
        kind = _KIND_OF.get(" ".join(text.lower().replace("_", " ").split()))
        kind = kind or _KIND_OF.get(text.lower().replace("_variant", "").strip())
        if kind is not None:
            return Change(gene, f"{gene} {kind}", text, (f"{gene}:{kind}",), kinds=(kind,))
        split = _TAIL.fullmatch(text.strip())
        parts = (split["main"], split["other"]) if split else (text,)
        made = [each for part in parts if (each := self._one(part, gene, text))]
        if not made:
            return None
        first = made[0]
        for other in made[1:]:
            first = _joined(first, other)
        return first

    def _one(self, text: str, gene: str, stated: str) -> Change | None:
        spelled = _by_codons(bare(text))
        prefix = spelled[:2].lower()
        if prefix in ("c.", "n.", "r.", "g.") or _is_bases(spelled, gene):
            return self._nucleotides(spelled, gene, stated)
        return self._protein(spelled, gene, stated, certain=has_accession(text))

    def _nucleotides(self, text: str, gene: str, stated: str) -> Change | None:
        if text[:2].lower() == "g.":
            return None  # a place on the genome: no sequence is at hand to name its gene's change
        rest = text[2:] if text[1:2] == "." else text
        found = _BASES.fullmatch(rest) or _SHORT_BASES.fullmatch(rest)
        letter = "n" if gene in RRNA else "c"
        caveats: tuple[Caveat, ...] = ()
        kinds: tuple[str, ...] = ()
        if found:
            name = f"{letter}.{found['position']}{found['ref'].upper()}>{found['alt'].upper()}"
        else:
            if not re.fullmatch(r"[*-]?\d[\w*>-]*", rest):
                return None
            name = f"{letter}.{_upper_bases(rest)}"
            if gene not in RRNA and _shifts(rest):
                kinds = ("frameshift_variant",)
                caveats = (note(FROM_LENGTH, stated=stated),)
        keys = [f"{gene}:{name}"]
        shown = f"{gene} {name}"
        shorter = re.sub(r"(del|dup)[ACGT]+$", r"\1", name)
        if shorter != name:
            keys.append(f"{gene}:{shorter}")
        if gene == "inhA" and f"fabG1:{name}" in self._aliases and keys[0] not in self._listed:
            keys.append(f"fabG1:{name}")
            caveats = (*caveats, note(PROMOTER, stated=stated, name=name))
            shown = f"fabG1 {name}"
        keys += [self._same[key] for key in keys if key in self._same]
        first, last, in_region = self._codons(gene, rest)
        if in_region and not kinds:
            kinds = (UNTRANSLATED,) if found else ("inframe_indel",)
        return Change(
            gene, shown, stated, tuple(keys), first, kinds=kinds, end=last, caveats=caveats
        )

    def _codons(self, gene: str, bases: str) -> tuple[int | None, int | None, bool]:
        """The codons that a coding name of rpoB's resistance-determining region lies in, and
        whether it does: any change of the protein there is resistance."""
        named = re.match(r"(\d+)(?:_(\d+))?", bases) if gene == "rpoB" else None
        if named is None:
            return None, None, False
        first = (int(named[1]) + 2) // 3
        last = (int(named[2]) + 2) // 3 if named[2] else first
        start, end = self._knowledge.codons
        return (first, last, True) if first <= end and last >= start else (None, None, False)

    def _protein(self, text: str, gene: str, stated: str, *, certain: bool) -> Change | None:
        found = _PROTEIN.fullmatch(_cased(text))
        if found is None or gene in RRNA:
            return None
        caveats: tuple[Caveat, ...] = ()
        body = found[0]
        if gene == "rpoB" and not certain:
            body, caveats = self._renumbered(body, stated)
            found = _PROTEIN.fullmatch(body)
            assert found is not None
        name, kinds = _name(found)
        caveats = (*caveats, *self._wrong_reference(found, gene, stated))
        position = int(found["position"])
        keys = [f"{gene}:{name}"]
        if kinds == ("start_lost",):
            keys.append(f"{gene}:p.Met1?")
        return Change(
            gene=gene,
            name=f"{gene} {name}",
            stated=stated,
            keys=tuple(dict.fromkeys((*keys, *(self._same[k] for k in keys if k in self._same)))),
            position=position,
            kinds=kinds,
            end=int(found["end"]) if found["end"] else position,
            caveats=caveats,
        )

    def _renumbered(self, body: str, stated: str) -> tuple[str, tuple[Caveat, ...]]:
        """The change in H37Rv numbering, and the caveat where it came in E. coli's."""
        short = one_letter(body)
        other = self._knowledge.renumbered.get(f"rpoB:{short}")
        if other is not None:
            return bare(other), (note(OLD_NUMBERING, stated=stated, name=f"rpoB {other}"),)
        first, _ = self._knowledge.codons
        named = re.findall(r"([A-Z])(\d+)", short)
        start = first - self._knowledge.offset
        fits = all(
            0 <= int(position) - start < len(self._knowledge.region)
            and self._knowledge.region[int(position) - start] == letter
            for letter, position in named
        )
        if not fits or not named:
            return body, ()
        moved = re.sub(
            r"(?<=[A-Za-z])\d+", lambda each: str(int(each[0]) + self._knowledge.offset), body
        )
        name = f"rpoB p.{three_letter(moved)}"
        return moved, (note(OLD_NUMBERING, stated=stated, name=name),)

    def _wrong_reference(self, found: re.Match[str], gene: str, stated: str) -> tuple[Caveat, ...]:
        first, last = self._knowledge.codons
        position = int(found["position"])
        if gene != "rpoB" or not first <= position <= last:
            return ()
        reference = self._knowledge.region[position - first]
        letter = one_letter(found["wild"])
        if letter == reference:
            return ()
        words = {"letter": letter, "position": position, "gene": gene, "reference": reference}
        return (note(WILD_TYPE, stated=stated, **words),)


def _by_codons(text: str) -> str:
    """`TCG531TTG`, as older methods write it, as `S531L`; anything else as it is."""
    found = _CODONS.fullmatch(text.replace(" ", ""))
    if found is None or found[1].upper() == found[3].upper():
        return text
    return f"{_amino_acid(found[1])}{found[2]}{_amino_acid(found[3])}"


def _amino_acid(codon: str) -> str:
    first, second, third = ("TCAG".index(base) for base in codon.upper())
    return _STANDARD_CODE[16 * first + 4 * second + third]


def _is_bases(text: str, gene: str) -> bool:
    if _BASES.fullmatch(text):
        return True
    found = _SHORT_BASES.fullmatch(text)
    return found is not None and (gene in RRNA or found["position"].startswith("-"))


def _upper_bases(text: str) -> str:
    return re.sub(r"(?<![a-z])[acgt]+(?![a-z])", lambda each: each[0].upper(), text)


def _cased(text: str) -> str:
    """`ser450leu` as `Ser450Leu`, `s450l` as `S450L`; stop words as they are."""
    if re.match(r"[A-Za-z]{3}\d", text):
        first = "Ter" if text[:3].lower() == "ter" else ""
        return first + three_letter(text[len(first) :])
    spelled = re.sub(r"(?<=\d)Ter$", "*", text)
    return spelled[:1].upper() + re.sub(r"^([a-z])$", lambda e: e[0].upper(), spelled[1:])


def _name(found: re.Match[str]) -> tuple[str, tuple[str, ...]]:
    """The HGVS name as the catalogue writes it, and the kinds of change."""
    position, change = int(found["position"]), found["change"]
    wild = _three(found["wild"])
    head = f"p.{wild}{position}"
    if found["last"]:
        head += f"_{_three(found['last'])}{found['end']}"
    inserted = re.fullmatch(r"(delins|ins)([A-Z*]+)", change)
    if inserted:
        change = inserted[1] + "".join(_three(letter) for letter in inserted[2])
    beyond = re.fullmatch(r"([A-Z][a-z]{2}|[A-Z])?ext.*", change)
    if beyond:  # the stop codon is lost: the catalogue writes it with an open end
        new = _three(beyond[1]) if beyond[1] else ""
        return f"{head}{new}ext*?", ("stop_lost",)
    if "fs" in change:
        return f"{head}fs", ("frameshift_variant",)
    if change in ("*", "X", "stop", "STOP"):
        return f"{head}*", ("stop_gained",)
    if change == "=":
        return f"{head}{wild}", ("synonymous_variant",)
    new = three_letter(f"1{change}")[1:] if len(change) == 1 else change
    if position == 1 and wild == "Met" and not found["last"] and new not in ("Met", "dup"):
        return f"{head}{new}", ("start_lost",)
    if new == wild:
        return f"{head}{new}", ("synonymous_variant",)
    kind = "missense_variant" if len(new) == 3 and new not in ("del", "dup") else "inframe_indel"
    return f"{head}{new}", (kind,)


def _three(letter: str) -> str:
    if letter == "*":
        return "Ter"
    return letter if len(letter) == 3 else three_letter(f"{letter}1")[:3]


def _shifts(text: str) -> bool:
    """Whether an insertion or deletion of the coding part changes the frame."""
    found = _INDEL.fullmatch(text)
    if found is None:
        return False
    first, last, kind, bases, inserted = found.groups()
    span = (int(last) if last else int(first)) - int(first) + 1
    kind = kind.lower()
    if kind == "del" and inserted:
        return (len(inserted) - span) % 3 != 0
    if kind == "delins":
        return bool(bases) and (len(bases) - span) % 3 != 0
    if kind == "ins":
        return bool(bases) and len(bases) % 3 != 0
    return span % 3 != 0


def _joined(one: Change, other: Change) -> Change:
    """Two names of one change; what the first says of it stands."""
    named = [each for each in (one, other) if any(":p." in key for key in each.keys)]
    protein = named[0] if named else one if one.position is not None else other
    caveats: Mapping[Caveat, None] = dict.fromkeys((*one.caveats, *other.caveats))
    if protein.position is not None:  # the protein's name says whether the frame is lost
        caveats = {each: None for each in caveats if each.code != FROM_LENGTH}
    return Change(
        one.gene,
        one.name,
        one.stated,
        tuple(dict.fromkeys((*one.keys, *other.keys))),
        protein.position,
        kinds=protein.kinds or one.kinds or other.kinds,
        end=protein.end,
        caveats=tuple(caveats),
    )

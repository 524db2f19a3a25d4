"""What a resource speaks of: every gene that is named anywhere in it, in any way we know.

For those who withhold: to hear too much costs an answer, to hear too little tells a secret. Read
are the bytes of the resource as a whole (codes, texts, notes, narrative, contained resources, what
references display, extensions, attachments of text), as runs of letters and digits. What cannot be
read counts as speaking of everything. `docs/consent.md` has the ways to name a gene.
"""

import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from fhir_pgx.model.gene_words import PHARMACOGENE, GeneWords
from fhir_pgx.security.texts import texts_of

# Whatever is no letter or digit parts words; capitals are made small.
_PARTED = bytes(
    ord(chr(sign).lower()) if sign < 128 and chr(sign).isalnum() else 32 for sign in range(256)
)
_CYP = re.compile(rb"cyp(\d[a-z])(\d{1,2})")
_STARS = re.compile(rb"(?<![A-Za-z0-9*])\*\d{1,3}")
_HLA = re.compile(
    rb"(?<![A-Za-z0-9])(?:A|B|Cw?|DRB\d|D[QP][AB]1)\*?\d{2,3}(?::\d{2}|\b(?=[/,;+ ]))"
)
_METABOLIZER = re.compile(rb"metaboli(?:[sz]er|seur|zador|zzatore|sierer)")
# Numbers and builds by which a place could be told that no table of ours would find.
_ODDLY_PLACED = re.compile(
    rb"\d\.\d+[eE]\+?\d|(?i:\b(?:hg1[678]|ncbi3[456]|build ?3[456]|chm13|t2t)\b)"
)
_VERSION = re.compile(rb" (nc 0000\d\d \d+)(?= )")
# A pattern that begins with one sign is found fast: these run over every resource.
_HGVS = re.compile(rb"\.(?<=[^A-Za-z0-9][cpgmn]\.)\(?[A-Z*\d-]")
_BASES = re.compile(rb" [acgtn]{20,} ")
_UNKNOWN = re.compile(
    rb" (?:rs\d{3,}|cos[mv]\d{3,}|ca\d{5,}|ens[gtp]\d{6,}|lrg \d+|[nx][mprg] \d{6,9}"
    rb"|[vr]cv\d{5,})(?= )"
)
_PLACED = re.compile(rb" (?:nc 0000(\d\d)|nc (012920)|chr(\d{1,2}|x|y|m|mt))(?= )")
_NUMBER = re.compile(rb" ([1-9]\d{4,8})(?!\d)")  # an accession begins with zeros
_SHORT_NUMBER = re.compile(rb"(?<!\d)(\d{3,5})(?!\d)")
_BOUND = re.compile(rb'"(?:start|end|windowStart|windowEnd|value|low|high)"\s*:\s*(\d{4,9})\b')
_RANGE = re.compile(rb"\b(\d{5,9})\)?\s?(?:[_-]|\.\.)\s?\(?(\d{5,9})\b")
_REGISTERS = frozenset((b"omim", b"clinvar", b"cosmic", b"clingen", b"dbsnp", b"spdi", b"refseq"))
# In talk of genes an everyday word may be the name of one.
_OF_GENES = frozenset(
    (
        b"allele", b"alleles", b"carrier", b"chromosome", b"ctdna", b"diplotype", b"dna", b"exome",
        b"exon", b"exons", b"frameshift", b"fusion", b"gene", b"genes", b"genetic", b"genetics",
        b"genome", b"genomic", b"genomics", b"genotype", b"genotypes", b"genotyping", b"geneid",
        b"germline", b"haplotype", b"haplotypes", b"hereditary", b"heterozygous", b"hgnc", b"hgvs",
        b"homozygous", b"intron", b"karyotype", b"missense", b"molecularsequence", b"mutated",
        b"mutation", b"mutations", b"pathogenic", b"pharmacogenetic", b"pharmacogenetics",
        b"pharmacogenomic", b"pharmacogenomics", b"pgx", b"polymorphism", b"sequencing",
        b"sequenced", b"snp", b"snps", b"snv", b"somatic", b"variant", b"variants", b"wildtype",
        b"zygosity",
        # LOINC codes of genomic results of any gene, without their check digit
        b"48002", b"48004", b"48005", b"48006", b"48013", b"48018", b"48019", b"51958", b"51959",
        b"51961", b"51962", b"51963", b"51964", b"51965", b"51969", b"51971", b"53034", b"53037",
        b"53040", b"69547", b"69548", b"81247", b"81252", b"81254", b"81290", b"81302", b"82118",
        b"82120", b"83005", b"83009", b"84413", b"84414", b"94753",
    )
)  # fmt: skip
_GENETICS_CATEGORY = re.compile(rb'"code"\s*:\s*"GE"')
_FEW_ENDS = 24  # so many are looked for one by one before every word is


_Phrase = tuple[bytes, frozenset[str]]  # the phrase with a space at both ends, or empty; genes


@dataclass(frozen=True, slots=True)
class Heard:
    """What a resource speaks of: the listener's genes that it names; where it `is_unreadable` it
    may speak of any."""

    genes: frozenset[str] = frozenset()
    is_unreadable: bool = False

    def may_speak_of(self, genes: frozenset[str]) -> bool:
        return self.is_unreadable or not self.genes.isdisjoint(genes)

    def speaks_only_of(self, genes: frozenset[str]) -> bool:
        """Whether it speaks of some of these genes, and certainly of no other that the listener
        knows."""
        return bool(self.genes) and self.genes <= genes and not self.is_unreadable


class Listener:
    """Hears genes in resources. `asked` are the genes to listen for; None: all there are words for.

    Safe under threads: nothing is kept of what was heard.
    """

    def __init__(self, words: GeneWords, asked: frozenset[str] | None = None) -> None:
        self._words, self._asked = words, asked
        self._all: Mapping[bytes, tuple[_Phrase, ...]] = (
            _phrases(words, None) if asked is None else listener_for(words)._all
        )
        self._mine = self._all if asked is None else _phrases(words, asked)
        self._all_keys, self._keys = frozenset(self._all), frozenset(self._mine)
        self._shouted = frozenset(word.encode() for word in words.shouted)
        self._stems = _kept(words.stems, asked)
        self._lengths = sorted({len(stem) for stem in self._stems})
        self._heads = frozenset(stem[:4] for stem in self._stems)
        self._tails = frozenset(stem[-4:] for stem in self._stems)
        self._ends = tuple(self._heads | self._tails)
        spans = [span for span in words.spans if asked is None or span.gene in asked]
        self._spans = tuple(span for span in spans if span.chromosome != "MT")
        self._short_spans = tuple(span for span in spans if span.chromosome == "MT")
        self._has_places = asked is not None and asked <= {span.gene for span in words.spans}
        self._numbers = {
            marker.encode(): {number.encode(): gene for number, gene in listed.items()}
            for marker, listed in words.numbers.items()
        }
        drugs = words.classes.get(PHARMACOGENE)
        self._of_drugs = drugs.genes if drugs else frozenset()
        self._generic = frozenset(word.encode() for word in words.generic)
        self._accessions = frozenset(accession.encode() for accession in words.accessions)
        self._hla = self._mine_of(gene for gene in words.genes if gene.startswith("HLA-"))

    def hear(self, body: bytes) -> Heard:
        """What a resource, as JSON in UTF-8, speaks of."""
        found: set[str] = set()
        is_unreadable = False
        for text in texts_of(body):
            if text is None:
                is_unreadable = True
            else:
                is_unreadable = self._hear(_Text(text), found) or is_unreadable
        return Heard(frozenset(found), is_unreadable)

    def is_genomic(self, body: bytes) -> bool:
        """Whether a resource speaks of genes, tumours or pathogens at all, of which ones no
        matter."""
        return any(text is None or self._is_genomic(_Text(text)) for text in texts_of(body))

    def _hear(self, text: "_Text", found: set[str]) -> bool:
        """Adds the genes that a text names to `found`; True where it may speak of any."""
        words = text.words
        self._add_named(text, found)
        if len(self._ends) > _FEW_ENDS or any(end in text.joined for end in self._ends):
            self._add_inside(words, found)
        if not words.isdisjoint(self._numbers):
            found |= self._mine_of(self._named_by_id(words))
        self._add_placed(text, found)
        if self._hla and _HLA.search(text.cased) is not None:
            found |= self._hla
        is_change, is_generic = text.has_change, self._is_generic(text)
        if not (text.is_strange or text.is_placed or is_change or is_generic):
            return False
        # A place, an id, a change without a gene: whose they are must be known.
        named = found or self._any_named(text)
        if is_generic and not named:
            found |= self._mine_of(self._of_drugs)
        # An Observation that states its gene may use names for its changes we never met.
        if text.is_strange and not (b"48018" in words and named) and not self._knows_all(text):
            return True
        if named:
            return False
        return not self._is_elsewhere(text) if text.is_placed else is_change

    def _is_genomic(self, text: "_Text") -> bool:
        return (
            text.is_strange
            or text.is_placed
            or text.has_change
            or self._is_generic(text)
            or not text.words.isdisjoint(_OF_GENES)
            or _GENETICS_CATEGORY.search(text.cased) is not None
            or bool(self._any_named(text))
        )

    def _is_generic(self, text: "_Text") -> bool:
        """Whether it speaks of a metabolizer, or of star alleles, of whatever gene."""
        return (
            not text.words.isdisjoint(self._generic)
            or (b"*" in text.cased and _STARS.search(text.cased) is not None)
            or (b"metaboli" in text.joined and _METABOLIZER.search(text.joined) is not None)
        )

    def _mine_of(self, genes: Iterable[str]) -> frozenset[str]:
        return frozenset(genes) if self._asked is None else self._asked.intersection(genes)

    def _any_named(self, text: "_Text") -> set[str]:
        found = self._named_by_id(text.words)
        _add_named(text, self._all, self._all_keys, self._shouted, found)
        return found

    def _add_named(self, text: "_Text", found: set[str]) -> None:
        _add_named(text, self._mine, self._keys, self._shouted, found)

    def _add_inside(self, words: set[bytes], found: set[str]) -> None:
        """Names that are only the beginning or the end of a word: `CYP2C19genotype`."""
        stems = self._stems
        for word in words:
            if word[:4] in self._heads and word not in stems:
                for length in self._lengths:
                    if word[:length] in stems:
                        found |= stems[word[:length]]
            if word[-4:] in self._tails and word not in stems:
                for length in self._lengths:
                    if word[-length:] in stems:
                        found |= stems[word[-length:]]
            if b"cyp" in word[1:]:
                for family, number in _CYP.findall(word):
                    for cut in range(1, len(number) + 1):
                        found |= stems.get(b"cyp" + family + number[:cut], frozenset())

    def _named_by_id(self, words: set[bytes]) -> set[str]:
        """Genes by a number beside the name of a register (HGNC, ClinVar)."""
        found: set[str] = set()
        for marker in words & self._numbers.keys():
            listed = self._numbers[marker]
            found |= {listed[word] for word in words & listed.keys()}
        return found

    def _add_placed(self, text: "_Text", found: set[str]) -> None:
        """Genes at whose place something stands, and those within an interval that is told."""
        if not (self._spans or self._short_spans):
            return
        numbers = text.numbers
        for span in self._spans if numbers else ():
            if any(span.start <= number <= span.end for number in numbers):
                found.add(span.gene)
        if self._short_spans and text.is_placed and "MT" in text.chromosomes:
            short = [int(number) for number in _SHORT_NUMBER.findall(text.joined)]
            for span in self._short_spans:
                if any(span.start <= number <= span.end for number in short):
                    found.add(span.gene)
        for low, high in text.intervals():
            found |= {
                span.gene
                for span in self._spans
                if low < span.end
                and span.start < high
                and (span.chromosome in text.chromosomes or not text.chromosomes)
            }

    def _knows_all(self, text: "_Text") -> bool:
        """Whether every id of a variant or transcript is one that we know the gene of."""
        if not text.words.isdisjoint(_REGISTERS) and not self._any_named(text):
            return False
        return all(self._knows(found[0].split()) for found in _UNKNOWN.finditer(text.joined))

    def _knows(self, identifier: list[bytes]) -> bool:
        word, whole = identifier[-1], b" ".join(identifier)
        return any(
            (phrase.strip() if phrase else word) == whole for phrase, _ in self._all.get(word, ())
        )

    def _is_elsewhere(self, text: "_Text") -> bool:
        """Whether a place without a gene is known not to be of a gene that is listened for."""
        if not text.numbers or _ODDLY_PLACED.search(text.cased) is not None:
            return False  # the place is told in some way that is not read here
        if not set(_VERSION.findall(text.joined)) <= self._accessions:
            return False  # on another build
        if self._has_places:
            return True  # it would have been heard by its place
        return any(s.start <= n <= s.end for s in self._words.spans for n in text.numbers)


def _add_named(
    text: "_Text",
    phrases: Mapping[bytes, tuple[_Phrase, ...]],
    keys: frozenset[bytes],
    shouted: frozenset[bytes],
    found: set[str],
) -> None:
    for word in text.words & keys:
        for phrase, genes in phrases[word]:
            if phrase:
                if phrase in text.joined:
                    found |= genes
            elif word not in shouted or text.shouts(word):
                found |= genes


class _Text:
    """One text as words, and what is worked out of it only where it is asked for."""

    def __init__(self, cased: bytes) -> None:
        self.cased = cased
        self.listed = cased.translate(_PARTED).split()
        self.words = set(self.listed)

    @functools.cached_property
    def joined(self) -> bytes:
        return b" " + b" ".join(self.listed) + b" "

    @functools.cached_property
    def numbers(self) -> list[int]:
        """What may be a position on a chromosome."""
        return [int(number) for number in _NUMBER.findall(self.joined)]

    @functools.cached_property
    def is_strange(self) -> bool:
        """Whether it has the id of a variant, a transcript or a register."""
        return _UNKNOWN.search(self.joined) is not None or not self.words.isdisjoint(_REGISTERS)

    @functools.cached_property
    def is_placed(self) -> bool:
        return b"molecularsequence" in self.words or _PLACED.search(self.joined) is not None

    @functools.cached_property
    def has_change(self) -> bool:
        """Whether it has a variant's name, or bases, which by themselves tell no gene."""
        return _HGVS.search(self.cased) is not None or (
            max(map(len, self.words), default=0) >= 20 and _BASES.search(self.joined) is not None
        )

    @functools.cached_property
    def chromosomes(self) -> frozenset[str]:
        found = set()
        for number, mitochondrial, named in _PLACED.findall(self.joined):
            name = (number or named).decode().lstrip("0").upper()
            is_mitochondrial = bool(mitochondrial) or name in ("M", "MT")
            found.add("MT" if is_mitochondrial else {"23": "X", "24": "Y"}.get(name, name))
        return frozenset(found)

    def shouts(self, word: bytes) -> bool:
        """Whether an everyday word stands in capitals, or in talk of genes."""
        if not self.words.isdisjoint(_OF_GENES):
            return True
        in_capitals = rb"(?<![A-Za-z0-9])" + word.upper() + rb"(?![A-Za-z0-9])"
        return re.search(in_capitals, self.cased) is not None

    def intervals(self) -> Iterator[tuple[int, int]]:
        """Stretches that are told: from one written position to another, and from the first to the
        last of the resource's own numbers."""
        bounds = [int(found) for found in _BOUND.findall(self.cased)]
        bounds = [bound for bound in bounds if bound >= 10_000]
        if len(bounds) > 1:
            yield min(bounds), max(bounds)
        for one, other in _RANGE.findall(self.cased):
            yield min(int(one), int(other)), max(int(one), int(other))


class _Held:
    """Words as a key of the cache: equal where they are the same object."""

    def __init__(self, words: GeneWords) -> None:
        self.words = words

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held) and other.words is self.words

    def __hash__(self) -> int:
        return id(self.words)


def listener_for(words: GeneWords, asked: frozenset[str] | None = None) -> Listener:
    """A listener, made once for the same question."""
    return _listener(_Held(words), asked)


@functools.lru_cache(maxsize=32)
def _listener(held: _Held, asked: frozenset[str] | None) -> Listener:
    return Listener(held.words, asked)


def _phrases(words: GeneWords, asked: frozenset[str] | None) -> dict[bytes, tuple[_Phrase, ...]]:
    """By their rarest word: the whole phrase with a space at both ends, empty where it is the word
    alone, and its genes."""
    found = {}
    for word, phrases in words.phrases.items():
        kept = tuple(
            (
                f" {' '.join(phrase.words)} ".encode() if len(phrase.words) > 1 else b"",
                phrase.genes if asked is None else phrase.genes & asked,
            )
            for phrase in phrases
            if asked is None or not phrase.genes.isdisjoint(asked)
        )
        if kept:
            found[word.encode()] = kept
    return found


def _kept(
    stems: Mapping[str, frozenset[str]], asked: frozenset[str] | None
) -> dict[bytes, frozenset[str]]:
    return {
        stem.encode(): genes if asked is None else genes & asked
        for stem, genes in stems.items()
        if asked is None or not genes.isdisjoint(asked)
    }

"""What was handed in, told apart and read: FHIR resources, a VCF's genotypes, calls made elsewhere.

Beside the pipeline the one module that knows several rooms of reading; nothing is concluded here.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from fhir_pgx.errors import MixedPatients, NotFhir
from fhir_pgx.fhir.bundle import Entry, entries_of, malformed_entries
from fhir_pgx.fhir.documents import read_documents
from fhir_pgx.model.document import Document
from fhir_pgx.model.finding import Caveat, NotUnderstood, Statement
from fhir_pgx.model.knowledge import Vocabulary
from fhir_pgx.model.variant import SiteCall, VcfContent
from fhir_pgx.normalize.sites import SiteIndex
from fhir_pgx.normalize.vcf_sites import VcfSites, read_vcf_sites
from fhir_pgx.outside import OutsideCalls, read_outside_calls
from fhir_pgx.vcf import BytesSource, is_vcf, read_vcf

TUMOUR = "the header names this sample as a tumour's, which is not the patient's own genome"
_OF_A_FILE = re.compile(r"(?:\.(?:bam|cram|sorted|dedup|markdup|aligned|vcf|gz))+$")
NO_DECISION_POSITION = "no line of the VCF is about a position that decides anything here"


@dataclass(frozen=True, slots=True)
class Genome:
    """One sample of a VCF: its calls at decision positions, by gene.

    `builds` are those of its contigs; `caveats` are of the whole file, `gene_caveats` of one gene
    of it.
    """

    sample: str
    by_gene: Mapping[str, tuple[SiteCall, ...]]
    builds: tuple[str, ...] = ()
    is_whole: bool = True  # every line of a decision position could be used
    caveats: tuple[Caveat, ...] = ()
    gene_caveats: Mapping[str, tuple[Caveat, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Given:
    """All that was handed in of one patient."""

    entries: tuple[Entry, ...] = ()
    genomes: tuple[Genome, ...] = ()
    statements: tuple[Statement, ...] = ()
    not_understood: tuple[NotUnderstood, ...] = ()


class Reader:
    """Reads documents, with what it needs made once."""

    def __init__(
        self, vocabulary: Vocabulary, index: SiteIndex, *, max_bytes: int, max_depth: int
    ) -> None:
        self._vocabulary, self._index = vocabulary, index
        self._wanted = index.wanted(vocabulary.accessions)
        self._max_bytes, self._max_depth = max_bytes, max_depth

    def read(
        self, documents: Sequence[Document], outside: Sequence[Document], sample: str
    ) -> Given:
        """What the documents hold of one patient.

        Raises what reading a document raises, and MixedPatients for a VCF of several samples none
        of which is asked for.
        """
        entries: list[Entry] = []
        genomes: list[Genome] = []
        statements: list[Statement] = []
        missed: list[NotUnderstood] = []
        named: list[str] = []  # samples of calls made elsewhere
        for document in documents:
            if is_genome(document):
                content = self._content(document, (sample,) if sample else ())
                found = self._sites(content)
                if len(found.samples) > 1:
                    raise _several(content)
                genomes += _genomes(content, found)
                missed += [*found.not_understood, *_not_used(content)]
            else:
                read, skipped = self._resources(document)
                entries += read
                missed += skipped
        for document in outside:
            calls = self._outside(document, sample)
            statements += calls.statements
            missed += calls.not_understood
            named += [calls.sample] if calls.sample and calls.statements else []
        _check_samples([*(genome.sample for genome in genomes), *named], sample)
        return Given(tuple(entries), tuple(genomes), tuple(statements), tuple(missed))

    def read_samples(self, document: Document) -> Iterator[Given]:
        """Each sample of a VCF by itself. Raises UnreadableVcf."""
        content = self._content(document, ())
        found = self._sites(content)
        for genome in _genomes(content, found):
            yield Given((), (genome,), (), (*found.not_understood, *_not_used(content)))

    def _outside(self, document: Document, sample: str) -> OutsideCalls:
        """The calls of a table; those of the sample asked for where it has several."""
        name = document.name or "outside-calls"
        try:
            return read_outside_calls(document.data, name=name, vocabulary=self._vocabulary)
        except MixedPatients:
            if not sample:
                raise
        return read_outside_calls(
            document.data, name=name, vocabulary=self._vocabulary, sample=sample
        )

    def _content(self, document: Document, samples: tuple[str, ...]) -> VcfContent:
        source = document.source or BytesSource(document.data)
        name = document.name or "VCF"
        return read_vcf(source, self._wanted, samples=samples, name=name)

    def _sites(self, content: VcfContent) -> VcfSites:
        vocabulary = self._vocabulary
        return read_vcf_sites(content, self._index, vocabulary.accessions, vocabulary.lengths)

    def _resources(self, document: Document) -> tuple[list[Entry], list[NotUnderstood]]:
        found = read_documents(document, max_bytes=self._max_bytes, max_depth=self._max_depth)
        for content in (each.content for each in found):
            if isinstance(content, dict) and not isinstance(content.get("resourceType"), str):
                raise NotFhir(
                    "the document has no resourceType",
                    where="resourceType",
                    mend="send a FHIR resource, a Bundle, or one resource a line",
                )
        entries = [entry for read in found for entry in entries_of(read.content)]
        skipped = [
            NotUnderstood(issue.where, issue.text, issue.where)
            for read in found
            for issue in read.skipped
        ]
        skipped += [item for read in found for item in malformed_entries(read.content)]
        return entries, skipped


def is_genome(document: Document) -> bool:
    """Whether a document is a VCF."""
    return document.source is not None or is_vcf(document.data[:100])


def _genomes(content: VcfContent, found: VcfSites) -> list[Genome]:
    caveats = found.caveats
    if content.is_truncated:
        text = (
            f"The VCF breaks off after line {content.line_count}; what would follow was not read."
        )
        caveats = (*caveats, Caveat("PGX-538", text))
    return [
        Genome(
            each.sample,
            {} if each.sample in content.tumours else each.by_gene,
            found.builds,
            not (content.is_truncated or found.not_understood),
            caveats,
            found.gene_caveats,
        )
        for each in found.samples
    ]


def _not_used(content: VcfContent) -> list[NotUnderstood]:
    tumours = [sample for sample in content.samples if sample in content.tumours]
    found = [NotUnderstood(content.name, TUMOUR, sample) for sample in tumours]
    if not content.records:
        found.append(NotUnderstood(content.name, NO_DECISION_POSITION))
    return found


def _check_samples(samples: Sequence[str], asked: str) -> None:
    """Raises MixedPatients where files name different samples: nothing else says whose they are.

    `NA12878.sorted.bam` is NA12878: callers name a sample after its file. No other part of a name
    is passed over, since `2024.001` and `2024.002`, or `x.tumor` and `x.normal`, are not one.
    """
    names = list(dict.fromkeys([asked, *samples] if asked and samples else samples))
    if len({_OF_A_FILE.sub("", name) for name in names}) > 1:
        raise MixedPatients(
            f"the files are of different samples: {', '.join(names[:10])}",
            where="sample",
            mend="send files of one sample; where they are one patient's, name the sample alike",
        )


def _several(content: VcfContent) -> MixedPatients:
    shown = ", ".join(content.samples[:10]) + (", …" if len(content.samples) > 10 else "")
    return MixedPatients(
        f"the VCF holds {len(content.samples)} samples: {shown}",
        where=content.name,
        mend="name the patient's own with --sample (over HTTP ?sample=)",
    )

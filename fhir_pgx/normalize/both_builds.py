"""Places and names of variants on both builds: what a question by place or name needs."""

from collections.abc import Callable, Iterable

from fhir_pgx.model.alignment import Block
from fhir_pgx.model.genomic_index import SimpleAllele, Span
from fhir_pgx.model.knowledge import Vocabulary
from fhir_pgx.normalize.lift_over import LiftOver
from fhir_pgx.normalize.sites import SiteIndex
from fhir_pgx.normalize.variant_names import VariantNames


class BothBuilds:
    """Made once, shared by every thread."""

    def __init__(
        self,
        index: SiteIndex,
        vocabulary: Vocabulary,
        blocks: Iterable[Block],
        gene_of_transcript: Callable[[str], str],
    ) -> None:
        self.lift_over = LiftOver(blocks)
        self.names = VariantNames(
            index, self.lift_over, vocabulary.accessions, vocabulary.lengths, gene_of_transcript
        )

    def lift_span(self, span: Span) -> tuple[Span, ...]:
        """The region on the other build; see `LiftOver.lift_span`. Raises LiftoverFailed."""
        return self.lift_over.lift_span(span)

    def spans_on_both(self, span: Span) -> tuple[Span, ...]:
        """The region itself, and what it is on the other build: one span or more.

        Raises LiftoverFailed.
        """
        return self.lift_over.spans_on_both(span)

    def alleles_named(self, text: str) -> tuple[SimpleAllele, ...]:
        """The one spelling, on each build, of a variant in HGVS or SPDI, or by its rs number; see
        `VariantNames.parse_variant`. Raises UnreadableVariant, UnplacedVariant."""
        return self.names.parse_variant(text)

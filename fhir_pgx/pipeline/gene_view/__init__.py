"""One gene made ready to be seen: its positions, the haplotypes, the scale."""

from fhir_pgx.pipeline.gene_view.view import GeneViews

__all__ = ["GeneViews"]

"""An order for a genetic test: what is asked of the laboratory, and not yet answered."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TestOrder:
    """A genetic test that is drafted, ordered or under way.

    `genes` are the genes it names; empty where it names none. `is_panel` is True for a
    pharmacogenomic panel, which may answer for any gene; without genes and not a panel, it is some
    genetic test and nobody can tell which. `alleles` are filled where it asks for single alleles
    alone (`HLA-B*57:01`): it answers for those and no other. `proposed`: not signed yet. `when` is
    the day it was written, as FHIR date text; empty where not stated.
    """

    __test__ = False  # pytest would take it for a test by its name

    reference: str
    genes: tuple[str, ...] = ()
    is_panel: bool = False
    status: str = ""
    label: str = ""
    proposed: bool = False
    alleles: tuple[str, ...] = ()
    when: str = ""

    def asks_for(self, target: str) -> bool:
        """Whether it is to answer for a gene or one HLA allele; a panel of unnamed genes may."""
        if self.alleles:
            return target in self.alleles
        return target.partition("*")[0] in self.genes or self.may_be_any

    @property
    def may_be_any(self) -> bool:
        """A panel that does not name its genes."""
        return self.is_panel and not self.genes

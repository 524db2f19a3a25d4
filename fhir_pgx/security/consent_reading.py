"""What a Consent is read for, and what of it was not understood."""

from dataclasses import dataclass, field
from datetime import datetime

from fhir_pgx.model.access import Caller
from fhir_pgx.model.gene_words import GeneWords


@dataclass(slots=True)
class Reading:
    caller: Caller
    now: datetime
    words: GeneWords
    not_understood: list[str] = field(default_factory=list)

    def missed(self, path: str) -> None:
        self.not_understood.append(path)

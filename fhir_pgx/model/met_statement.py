"""A row that is no therapy, met by a finding of this patient."""

from dataclasses import dataclass

from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.therapy import ContextFit
from fhir_pgx.model.tumour import Statement


@dataclass(frozen=True, slots=True)
class MetStatement:
    """What a row says of diagnosis, outlook or predisposition, and what met it: `finding` as a
    person would cite it, `derived_from` the references it was read from. `needs` are conditions
    of the row that the data do not settle; `conflicts`: another row that is met says otherwise of
    the same profile and disease."""

    statement: Statement
    finding: str
    context_fit: ContextFit
    derived_from: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    conflicts: bool = False
    caveats: tuple[Caveat, ...] = ()

"""What bounds an answer."""

from dataclasses import dataclass

from fhir_pgx.model.policy import EVERYTHING, Policy


@dataclass(frozen=True, slots=True)
class Limits:
    """What bounds an answer: see the settings of the same names."""

    max_cards: int = 10
    max_bytes: int = 500_000_000
    max_depth: int = 64
    untested_cards: str = "important"
    precedence: tuple[str, ...] = ("CPIC", "DPWG", "FDA")
    policy: Policy = EVERYTHING

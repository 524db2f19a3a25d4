"""What the caller of a request may do, as the interactions ask it.

Who the caller is, and what scopes and consents make of it, is decided elsewhere (`security/`): here
stands what is asked of that decision.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Protocol

from fhir_pgx.model.access import Action
from fhir_pgx.model.search import Token
from fhir_pgx.model.view import EVERYTHING, View

Tokens = Callable[[], Iterable[Token]]
Consents = Callable[[], Iterable[Mapping[str, Any]]]


class Rights(Protocol):
    """One caller's rights, for one request."""

    def view(self, action: Action) -> View:
        """What the caller may do this to: see in order to read (`r`) or to search (`s`), write over
        (`u`), delete (`d`)."""
        ...

    def check(self, action: Action, type_: str) -> None:
        """Raises Forbidden where the caller may do this to no resource of the type."""
        ...

    def check_written(self, action: Action, type_: str, patient: str, tokens: Tokens) -> None:
        """Raises Forbidden where the caller may not create, update or delete such a resource:
        `patient` is the id of whom it is about, `tokens` what it is found by."""
        ...

    def check_named(self, type_: str) -> None:
        """Raises Forbidden where the caller may not choose the id of a new resource: whether it is
        taken would tell of a resource that they may not see."""
        ...

    def check_consent(self, consent: Mapping[str, Any], others: Consents) -> None:
        """Raises Forbidden where a Consent may take the place of one of the patient's `others` that
        is withheld from the caller: so they would give themselves leave."""
        ...

    def check_population(self) -> None:
        """Raises Forbidden where the caller sees one patient alone."""
        ...


class _Free:
    def view(self, action: Action) -> View:
        return EVERYTHING

    def check(self, action: Action, type_: str) -> None:
        return

    def check_written(self, action: Action, type_: str, patient: str, tokens: Tokens) -> None:
        return

    def check_named(self, type_: str) -> None:
        return

    def check_consent(self, consent: Mapping[str, Any], others: Consents) -> None:
        return

    def check_population(self) -> None:
        return


FREE_RIGHTS: Final[Rights] = _Free()

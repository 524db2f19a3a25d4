"""A caller's rights in the store: what scopes grant, less what consents and labels withhold."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from fhir_pgx.errors import Forbidden
from fhir_pgx.model.access import ANY_TYPE, Action, Caller
from fhir_pgx.model.search import Token
from fhir_pgx.model.view import View, Window
from fhir_pgx.security.consents import speaks_of
from fhir_pgx.security.scopes import check, view_for


@dataclass(frozen=True, slots=True)
class Hidden:
    """What is withheld from a caller, by type and id. `is_limited` where a consent restricts them
    at all: then what is of nobody's record, and may hold somebody's, is withheld too."""

    names: frozenset[tuple[str, str]] = frozenset()
    is_limited: bool = False


NOTHING_HIDDEN = Hidden()


@dataclass(frozen=True, slots=True)
class CallerRights:
    """The rights of one caller for one request. `types` are all resource types there are."""

    caller: Caller
    types: Sequence[str]
    hidden: Hidden = NOTHING_HIDDEN

    def view(self, action: Action) -> View:
        """What the caller may do this to: read (`r`), search (`s`), write over (`u`), delete."""
        return replace(
            view_for(self.caller, action, self.types),
            hidden=self.hidden.names,
            is_owned=self.hidden.is_limited,
        )

    def check(self, action: Action, type_: str) -> None:
        """Raises Forbidden where no scope allows this for any resource of the type."""
        check(self.caller, action, type_)

    def check_written(
        self, action: Action, type_: str, patient: str, tokens: Callable[[], Iterable[Token]]
    ) -> None:
        """Raises Forbidden where no scope allows this for such a resource (see `rest.rights`)."""
        if self.caller.grants is None:
            return
        check(self.caller, action, type_)
        windows = self._windows(action, type_)
        if any(not each.where and each.patient in (None, patient) for each in windows):
            return
        found = list(tokens())
        if not any(_shows(each, patient, found) for each in windows):
            _refuse(f"no scope of the access token allows to write this {type_}")

    def check_named(self, type_: str) -> None:
        """Raises Forbidden where the caller sees a part of the type's resources: an id that is
        taken would tell of one that they do not see."""
        if self.caller.grants is not None and Window() not in self._windows("c", type_):
            _refuse(f"a {type_} is created by POST here, and gets its id from the server")

    def check_consent(
        self, consent: Mapping[str, Any], others: Callable[[], Iterable[Mapping[str, Any]]]
    ) -> None:
        """Raises Forbidden where a Consent names one, as what it replaces, that is withheld from
        the caller: it would lift what restricts them."""
        if any(type_ == "Consent" for type_, _ in self.hidden.names) and any(
            ("Consent", each.get("id")) in self.hidden.names and speaks_of(consent, each)
            for each in others()
        ):
            _refuse("this Consent would take the place of one that is withheld")

    def check_population(self) -> None:
        """Raises Forbidden where the caller does not see everybody's results."""
        if self.caller.grants is not None and Window() not in self._windows("s", "Observation"):
            _refuse("this operation is about many patients, and the access token is not")

    def _windows(self, action: Action, type_: str) -> tuple[Window, ...]:
        types = view_for(self.caller, action, self.types).types or {}
        return (*types.get(type_, ()), *types.get(ANY_TYPE, ()))


def _shows(window: Window, patient: str, tokens: Sequence[Token]) -> bool:
    return window.patient in (None, patient) and all(
        any(
            token.param == param
            and asked.code in (None, token.code)
            and asked.system in (None, token.system)
            for token in tokens
        )
        for param, asked in window.where
    )


def _refuse(text: str) -> NoReturn:
    raise Forbidden(text, where="scope", mend="ask the authorization server for a wider scope")

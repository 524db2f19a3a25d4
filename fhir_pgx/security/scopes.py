"""SMART scopes: what an access token grants, and what its bearer may therefore see and do.

`patient/Observation.rs`, `user/*.read`, `patient/Observation.rs?category=laboratory`: the level, a
resource type, the interactions and, in version 2, tokens that a resource must have. A scope that is
not understood to the last sign grants nothing and leaves the others as they are: real servers put
names of their own beside SMART's, with spaces and brackets in them.
Source: SMART App Launch 2.2, Scopes and Launch Context.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import product
from typing import Final, cast
from urllib.parse import unquote

from fhir_pgx.errors import Forbidden
from fhir_pgx.model.access import ANY_TYPE, Action, Caller, Grant, Level
from fhir_pgx.model.search import TokenAsked
from fhir_pgx.model.view import EVERYTHING, View, Window

ReadToken = Callable[[str, str, str], TokenAsked | None]
"""Of a type (or `*`), a search parameter and its value: the token asked for; None where the
parameter is none of tokens, or unknown, or cannot have the value."""

_MOST_GRANTS: Final = 200  # each widens the store's question
_MOST_LETTERS: Final = 16_000
_SCOPE: Final = re.compile(
    r"(patient|user|system)/(\*|[A-Z][A-Za-z]{1,63})\.([a-z]+|\*)(\?[\x21-\x7e]+)?"
)
_VERSION_1: Final = {"read": "rs", "write": "cud", "*": "cruds"}
# SMART 2.2: the letters stand in this order; in any other the scope is no scope.
_VERSION_2: Final = re.compile("c?r?u?d?s?")
_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_NAME: Final = re.compile(r"_?[a-z][a-z0-9-]*")
_TYPE: Final = re.compile(r"[A-Z][A-Za-z]{1,63}")
_VERBS: Final = {"c": "create", "r": "read", "u": "update", "d": "delete", "s": "search"}


def read_scopes(claim: object, read_token: ReadToken) -> tuple[Grant, ...]:
    """The grants of a token's scope: one text with spaces between, or a list of texts.

    Of more than 200 grants, or of a text beyond 16 000 letters, none is read.
    """
    if isinstance(claim, str):
        claim = claim.split(" ")
    if not isinstance(claim, list):
        return ()
    scopes = [each for each in claim if isinstance(each, str)]
    if sum(map(len, scopes)) > _MOST_LETTERS:
        return ()
    found = dict.fromkeys(grant for each in scopes for grant in read_scope(each, read_token))
    return tuple(found) if len(found) <= _MOST_GRANTS else ()


def read_scope(scope: str, read_token: ReadToken) -> tuple[Grant, ...]:
    """What one scope grants: nothing where it is not understood; a grant for each alternative
    where a parameter names several values (`?category=laboratory,genomics`)."""
    found = _SCOPE.fullmatch(scope)
    if found is None:
        return ()
    level, type_, letters, query = found.groups()
    if letters in _VERSION_1:
        letters = _VERSION_1[letters] if query is None else ""  # version 1 has no parameters
    if not letters or not _VERSION_2.fullmatch(letters):
        return ()
    actions = frozenset(cast("Iterable[Action]", letters))
    return tuple(
        Grant(cast("Level", level), type_, actions, where)
        for where in _alternatives(type_, query, read_token)
    )


def _alternatives(
    type_: str, query: str | None, read_token: ReadToken
) -> list[tuple[tuple[str, str], ...]]:
    """The parameters of a scope, written one way each; none where one is not understood."""
    if query is None:
        return [()]
    each_values = []
    for part in query[1:].split("&"):
        values = list(_values(type_, part, read_token))
        if not values or None in values:
            return []
        each_values.append(cast("list[tuple[str, str]]", values))
    if len(each_values) > 8 or any(len(values) > 16 for values in each_values):
        return []
    every = product(*each_values)
    found = [where for where, _ in zip(every, range(_MOST_GRANTS + 1), strict=False)]
    return found if len(found) <= _MOST_GRANTS else []


def _values(type_: str, part: str, read_token: ReadToken) -> Iterator[tuple[str, str] | None]:
    """Name and value of `category=laboratory,…`, each value by itself; None is one not understood.

    A plus sign is a space to one reader and itself to another, and a backslash escapes: neither is
    guessed at. A modifier (`code:in`) is part of no name.
    """
    name, equals, text = part.partition("=")
    if not equals or not _NAME.fullmatch(name) or _PERCENT.search(text) or "+" in text:
        yield None
        return
    try:
        plain = unquote(text, errors="strict")
    except UnicodeDecodeError:
        plain = ""
    if "\\" in plain or not plain.isprintable():
        yield None
        return
    for value in plain.split(","):
        asked = read_token(type_, name, value) if value.strip() else None
        yield None if asked is None else (name, _written(asked))


def _written(asked: TokenAsked) -> str:
    """`code`, `|code`, `system|` or `system|code`."""
    code = asked.code or ""
    return code if asked.system is None else f"{asked.system}|{code}"


def _asked(text: str) -> TokenAsked:
    system, bar, code = text.partition("|")
    return TokenAsked(system, code or None) if bar else TokenAsked(None, system)


# What grants allow


def may(caller: Caller, action: Action, type_: str) -> bool:
    """Whether a caller may do this to some resources of a type, or of every type (`*`).

    `r` reads one resource, its versions and its history; `s` searches, and reads the histories of
    a type or of the system. Which resources these are is for `view_for` to say.
    """
    return caller.grants is None or any(
        grant.type in (type_, ANY_TYPE) for grant, _ in _usable(caller, action)
    )


def check(caller: Caller, action: Action, type_: str) -> None:
    """Raises Forbidden where `may` is false."""
    if not may(caller, action, type_):
        # What is no name of a type is not repeated: it may be anything.
        named = type_ if _TYPE.fullmatch(type_) else "resources of every type"
        raise Forbidden(
            f"no scope of the access token allows to {_VERBS[action]} {named}",
            where="scope",
            mend=f"ask the authorization server for a scope such as user/{type_}.{action}"
            if named == type_
            else "ask the authorization server for a scope for every type, such as user/*.rs",
        )


def view_for(caller: Caller, action: Action, types: Sequence[str]) -> View:
    """What a caller may see where they do this. `types` are all there are: what `*` stands for.

    A grant of the level `patient` shows the record of the patient in context, and nothing where
    there is none; so does one of the level `user` to a user who is a patient or a relative (see
    `_reach`). A resource is seen that any grant shows.
    """
    if caller.grants is None:
        return EVERYTHING
    windows: dict[str, list[Window]] = {}
    for grant, patient in _usable(caller, action):
        window = Window(patient, tuple((name, _asked(text)) for name, text in grant.where))
        for type_ in types if grant.type == ANY_TYPE else (grant.type,):
            windows.setdefault(type_, []).append(window)
    return View({type_: _fewest(found) for type_, found in windows.items()})


def _usable(caller: Caller, action: Action) -> Iterator[tuple[Grant, str | None]]:
    """The grants for an interaction, each with the one patient it reaches, None for everybody."""
    for grant in caller.grants or ():
        patient = _reach(caller, grant.level)
        if action in grant.actions and patient != "":
            yield grant, patient


def _reach(caller: Caller, level: Level) -> str | None:
    """The patient whose record a level reaches: None for everybody's, empty for nobody's.

    `user` is what the person may see (SMART 2.2). What a clinician may is for the authorization
    server to know; what a patient may is their own record, and what a relative may, that of the
    patient in context.
    """
    if level == "system":
        return None
    if level == "user" and not caller.is_layperson:
        return None
    steps = caller.user.split("/")
    is_patient_of_ours = level == "user" and len(steps) == 2 and steps[0] == "Patient"
    return steps[1] if is_patient_of_ours else caller.patient


def _fewest(windows: Sequence[Window]) -> tuple[Window, ...]:
    """Without those through which another shows as much."""
    kept: list[Window] = []
    for window in windows:
        if not any(_covers(other, window) for other in kept):
            kept = [other for other in kept if not _covers(window, other)] + [window]
    return tuple(kept)


def _covers(wide: Window, narrow: Window) -> bool:
    return wide.patient in (None, narrow.patient) and set(wide.where) <= set(narrow.where)

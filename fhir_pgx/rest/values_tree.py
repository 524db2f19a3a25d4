"""The search parameters of a type as a tree of elements, with what reads each of them.

An element that several parameters lead to stands in it once, so that it is looked at once.
"""

import functools
from collections.abc import Callable, Iterable
from typing import Any

from fhir_pgx.fhir.bundle import as_dicts, as_list
from fhir_pgx.rest.parameters import Element, Parameter, parameters_of
from fhir_pgx.rest.values_amounts import amounts_of, name_for_code, quantity_of
from fhir_pgx.rest.values_codes import CODES, Code, codes_of_concept, codes_of_identifier
from fhir_pgx.rest.values_links import Resolve, link_of, target_type
from fhir_pgx.rest.values_texts import folded, text_of
from fhir_pgx.rest.values_times import intervals_of

# FHIR R4, Search, string: the parts of a name and of an address that such a search looks in.
_PARTS = {
    "HumanName": ("family", "given", "prefix", "suffix", "text"),
    "Address": ("line", "city", "district", "state", "country", "postalCode", "text"),
}


class Found:
    """Values met so far, each once, in the order met."""

    __slots__ = ("amounts", "links", "moments", "pairs", "resolve", "tokens", "words")

    def __init__(self, resolve: Resolve) -> None:
        self.resolve = resolve
        self.tokens: dict[tuple[str, str, str], None] = {}
        self.links: dict[tuple[str, str, str], None] = {}
        self.moments: dict[tuple[str, int, int], None] = {}
        self.words: dict[tuple[str, str, str], None] = {}
        self.amounts: dict[tuple[str, float, float, str, str], None] = {}
        self.pairs: dict[tuple[str, str, str, str, str], None] = {}


Read = Callable[[Any, Found], None]


class Tree:
    """An element: what is read off its members, which of them are gone into, and what is read of
    several members together. `absent` are (parameter, code) of what stands there by default."""

    __slots__ = ("absent", "branches", "leaves", "together")

    def __init__(self) -> None:
        self.leaves: list[tuple[str, Read]] = []
        self.branches: list[tuple[str, Tree]] = []
        self.together: list[Read] = []
        self.absent: list[tuple[str, str]] = []


# The tree of a type


@functools.cache
def tree_of(type_: str) -> Tree:
    """The tree of a type that has parameters, made once."""
    root = Tree()
    grouped: dict[tuple[Element, str], list[Parameter]] = {}
    for parameter in parameters_of(type_).values():
        if not parameter.is_kept:
            continue
        if parameter.absent:
            root.absent.append((parameter.name, parameter.absent))
        for element in parameter.elements:
            key = parameter.value or parameter.only or parameter.kind
            grouped.setdefault((element, key), []).append(parameter)
    for (element, _), parameters in grouped.items():
        *above, name = element.path
        place = functools.reduce(_branch, above, root)
        if parameters[0].value:
            place.together.append(_pair_reader(name, parameters))
        else:
            place.leaves.append((name, _reader(element, parameters)))
    return root


def _branch(tree: Tree, name: str) -> Tree:
    for known, branch in tree.branches:
        if known == name:
            return branch
    tree.branches.append((name, Tree()))
    return tree.branches[-1][1]


def _reader(element: Element, parameters: Iterable[Parameter]) -> Read:
    """What reads an element for parameters of one kind."""
    read = _plain_reader(element, tuple(parameters))
    member, wanted = element.condition
    if not member:
        return read

    def read_some(value: Any, found: Found) -> None:
        read([each for each in as_dicts(value) if each.get(member) == wanted], found)

    return read_some


def _plain_reader(element: Element, parameters: tuple[Parameter, ...]) -> Read:
    names = tuple(each.name for each in parameters)
    kind = parameters[0].kind
    if kind == "reference":
        if element.type != "Reference":
            return _address_reader(names)
        return _reference_reader(names, parameters[0].only)
    if kind == "date":
        return _time_reader(names, element.type)
    if kind == "string":
        return _word_reader(names, _PARTS.get(element.type, ()))
    if kind in ("quantity", "number"):
        return _amount_reader(names, element.type)
    return _token_reader(names, CODES[element.type])


def _token_reader(names: tuple[str, ...], codes: Callable[[Any], Iterable[Code]]) -> Read:
    def read(value: Any, found: Found) -> None:
        tokens = found.tokens
        for system, code in codes(value):
            for name in names:
                tokens[name, system, code] = None

    return read


def _reference_reader(names: tuple[str, ...], only: str) -> Read:
    def read(value: Any, found: Found) -> None:
        for each in as_list(value):
            link = link_of(each, found.resolve)
            if only and target_type(each, link) != only:
                continue
            identifier = each.get("identifier") if isinstance(each, dict) else None
            for name in names:
                # A reference by identifier or display alone is there, too: it is not missing.
                found.links[name, *link] = None
                for code in codes_of_identifier(identifier):
                    found.tokens[f"{name}:identifier", *code] = None

    return read


def _address_reader(names: tuple[str, ...]) -> Read:
    """A canonical or uri that may lead to a resource; a version may be left out by who searches."""

    def read(value: Any, found: Found) -> None:
        for each in map(text_of, as_list(value)):
            for text in dict.fromkeys((each, each.partition("|")[0])):
                link = link_of(text, found.resolve)
                if link[1]:
                    for name in names:
                        found.links[name, *link] = None

    return read


def _time_reader(names: tuple[str, ...], kind: str) -> Read:
    def read(value: Any, found: Found) -> None:
        for each in as_list(value):
            for low, high in intervals_of(kind, each):
                for name in names:
                    found.moments[name, low, high] = None

    return read


def _word_reader(names: tuple[str, ...], parts: tuple[str, ...]) -> Read:
    def read(value: Any, found: Found) -> None:
        for each in as_list(value):
            members = (each.get(part) for part in parts) if isinstance(each, dict) else (each,)
            for member in members:
                for text in map(text_of, as_list(member)):
                    if text.strip():
                        for name in names:
                            found.words[name, folded(text), text] = None

    return read


def _amount_reader(names: tuple[str, ...], kind: str) -> Read:
    def read(value: Any, found: Found) -> None:
        for amount in amounts_of(kind, value):
            for name in names:
                found.amounts[name, *amount] = None

    return read


def _pair_reader(code_name: str, parameters: Iterable[Parameter]) -> Read:
    """What reads a code and the value beside it."""
    names = tuple(each.name for each in parameters)
    value_name = next(iter(parameters)).value
    is_of_amounts = next(iter(parameters)).is_of_amounts

    def read(element: Any, found: Found) -> None:
        value, concept = element.get(value_name), element.get(code_name)
        if value is None or concept is None:
            return
        codes = tuple(codes_of_concept(concept))
        for beside in quantity_of(value) if is_of_amounts else codes_of_concept(value):
            for system, code in codes:
                for name in names:
                    if is_of_amounts:
                        found.amounts[name_for_code(name, system, code), *beside] = None
                        found.amounts[name_for_code(name, None, code), *beside] = None
                    else:
                        found.pairs[name, system, code, *beside] = None

    return read

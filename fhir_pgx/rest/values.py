"""What a resource can be found by: its search values, read off in one walk.

Whatever has another shape than FHIR gives it is passed over.
"""

import functools
from collections.abc import Mapping
from typing import Any

from fhir_pgx.model.search import NO_VALUES, Amount, Link, Moment, Pair, SearchValues, Token, Word
from fhir_pgx.rest.parameters import parameters_of
from fhir_pgx.rest.values_links import Resolve, relative
from fhir_pgx.rest.values_tree import Found, Tree, tree_of


def search_values(resource: Mapping[str, Any], resolve: Resolve = relative) -> SearchValues:
    """All that a resource can be found by; nothing for a type that has no parameters.

    `resolve` says which references lead to resources of ours (see `values_links.at_bases`). An
    identifier of a reference is a token of `<param>:identifier`. Never raises for a resource read
    from JSON or XML, however wrong its shape.
    """
    type_ = resource.get("resourceType")
    tree = tree_of(type_) if isinstance(type_, str) and parameters_of(type_) else None
    if tree is None:
        return NO_VALUES
    found = Found(resolve)
    _walk(tree, resource, found)
    for param, code in tree.absent:
        if not any(each[0] == param for each in found.tokens):
            found.tokens[param, "", code] = None
    return SearchValues(
        tuple(map(_token, found.tokens)),
        tuple(Link(*each) for each in found.links),
        tuple(Moment(*each) for each in found.moments),
        tuple(Word(*each) for each in found.words),
        tuple(Amount(*each) for each in found.amounts),
        tuple(map(_pair, found.pairs)),
    )


def _walk(tree: Tree, element: Mapping[str, Any], found: Found) -> None:
    get = element.get
    for name, read in tree.leaves:
        value = get(name)
        if value is not None:
            read(value, found)
    for name, branch in tree.branches:
        value = get(name)
        if value is not None:
            for each in value if value.__class__ is list else (value,):
                if each.__class__ is dict:
                    _walk(branch, each, found)
    for read in tree.together:
        read(element, found)


# The same few codes make up most of all tokens: each value is made once and kept, up to a limit.
@functools.lru_cache(maxsize=16_384)
def _token(parts: tuple[str, str, str]) -> Token:
    return Token(*parts)


@functools.lru_cache(maxsize=16_384)
def _pair(parts: tuple[str, str, str, str, str]) -> Pair:
    return Pair(*parts)

"""Whatever a resource is found by can be asked for, in the same words."""

import pytest

from fhir_pgx.model.search import LinkAsked, PairAsked, TokenAsked, WordAsked
from fhir_pgx.rest.parameters import find_parameter
from fhir_pgx.rest.query import parse_query
from fhir_pgx.rest.query_texts import escaped
from fhir_pgx.rest.values import search_values
from tests.rest.samples import SAMPLES


def asked(type_, param, text):
    (criterion,) = parse_query(type_, [(param, text)], is_strict=True).query.criteria
    assert criterion.param == param
    return criterion.values[0]


def pair(*codes):
    return "$".join(f"{escaped(system)}|{escaped(code)}" for system, code in codes)


@pytest.mark.parametrize("type_", sorted(SAMPLES))
def test_each_value_of_a_resource_is_found_by_asking_for_it(type_):
    found = search_values({"resourceType": type_, **SAMPLES[type_][0]})
    for each in found.tokens:
        is_uri = find_parameter(type_, each.param.partition(":")[0]).kind == "uri"
        text = escaped(each.code) if is_uri else f"{escaped(each.system)}|{escaped(each.code)}"
        assert asked(type_, each.param, text) == TokenAsked(each.system, each.code)
    for each in found.links:
        text = escaped(f"{each.type}/{each.id}" if each.type else each.id)
        assert asked(type_, each.param, text) == LinkAsked(each.type, each.id)
    for each in found.words:
        assert asked(type_, each.param, escaped(each.exact)) == WordAsked(each.folded, each.exact)
    for each in found.pairs:
        text = pair((each.code_system, each.code), (each.value_system, each.value_code))
        assert asked(type_, each.param, text) == PairAsked(
            TokenAsked(each.code_system, each.code), TokenAsked(each.value_system, each.value_code)
        )

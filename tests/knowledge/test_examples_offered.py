"""The examples to choose from are those that are installed, told in the words beside them."""

import json

import pytest

from fhir_pgx.errors import InvalidParameter
from fhir_pgx.knowledge.examples import example_text, examples_offered, find_examples

OFFERED = examples_offered()


def test_every_example_of_the_folder_is_offered_once():
    home = find_examples()
    requests = {path.parent.name for path in home.glob("*/request.json")}
    patients = {path.stem for path in (home / "patients").glob("*.json")}
    genomes = {path.name for path in (home / "genomes").glob("*.vcf")}
    assert [each.name for each in OFFERED] == list(dict.fromkeys(each.name for each in OFFERED))
    by_kind = {
        kind: {each.name for each in OFFERED if each.kind == kind}
        for kind in ("hook request", "bundle", "VCF")
    }
    assert by_kind == {"hook request": requests, "bundle": patients, "VCF": genomes}


@pytest.mark.parametrize("example", OFFERED, ids=lambda each: each.name)
def test_each_has_a_title_in_plain_words_and_its_content(example):
    assert example.title
    assert not set(example.title + example.shows) & {"\\", "`", "\n"}
    text = example_text(example.name)
    if example.kind == "VCF":
        assert text.startswith("##fileformat=VCF")
    elif example.name != "refused-malformed":
        assert isinstance(json.loads(text), dict)


@pytest.mark.parametrize("name", ["", "nothing", "../README.md", "patients/synthetic-ada.json"])
def test_a_name_that_is_not_offered_opens_nothing(name):
    with pytest.raises(InvalidParameter) as refused:
        example_text(name)
    assert refused.value.where == "example"

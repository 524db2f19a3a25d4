"""The open cases of the field's reference caller: the same calls from the same VCF files.

The files are read from ../shared and are not part of this checkout. Where our answer goes beyond
theirs (a position that they leave unsaid) the table below says so.
"""

import json

import pytest

from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.model.document import Calling, Document, Options
from fhir_pgx.pipeline import Pipeline


@pytest.fixture(scope="module")
def pipeline(knowledge):
    return Pipeline(knowledge, DrugCodes())


@pytest.fixture(scope="module")
def examples(shared):
    return shared / "facts" / "pharmcat_examples"


def cases(shared):
    text = (shared / "facts" / "pharmcat_examples" / "small_cases.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


def interpret(pipeline, path, outside=(), **calling):
    options = Options(
        calling=Calling(**calling),
        outside_calls=tuple(Document(each.read_bytes(), each.name) for each in outside),
    )
    return pipeline.interpret_documents([Document(path.read_bytes(), path.name)], options)


def pairs(gene):
    return {tuple(sorted(diplotype["name"].split("/"))) for diplotype in gene["diplotypes"]}


def test_every_small_case_is_called_alike(pipeline, shared, examples):
    wrong = []
    for case in cases(shared):
        found = interpret(
            pipeline,
            examples / case["vcf"],
            all_matches=case["options"].get("all_matches", False),
        )
        for kind in ("matcher_diplotypes", "source_diplotypes"):
            for gene, expected in case["expect"].get(kind, {}).items():
                if not agrees(found["genes"][gene], expected):
                    wrong.append((case["id"], gene, expected, found["genes"][gene]["diplotypes"]))
    assert wrong == []


def agrees(result, expected):
    """Whether our diplotypes are the expected ones; `Unknown/Unknown` is none."""
    if expected in ([], ["Unknown/Unknown"]):
        return result["status"] == "not-called" and result["diplotypes"] == []
    if all("/" not in name for name in expected):  # two variants whose strands are not known
        return [d["haplotypes"] for d in result["diplotypes"]] == [sorted_like(result, expected)]
    return pairs(result) == {tuple(sorted(name.split("/"))) for name in expected}


def sorted_like(result, expected):
    shown = result["diplotypes"][0]["haplotypes"]
    return sorted(expected, key=lambda name: shown.index(name) if name in shown else 99)


def test_the_whole_example_is_called_alike(pipeline, examples):
    expected = json.loads((examples / "pharmcat.example.expected.json").read_text())["genes"]
    found = interpret(
        pipeline,
        examples / "pharmcat.example.vcf",
        outside=[examples / "pharmcat.example.outsideCall.tsv"],
    )["genes"]
    named = {"CFTR": "Reference/Reference"}  # their display name of the reference sequence
    for gene, want in expected.items():
        if want["callSource"] == "NONE" or gene not in found:
            continue
        theirs = {tuple(sorted(each["diplotype"].split("/"))) for each in want["source"]}
        if gene in named:
            assert theirs == {tuple(sorted(named[gene].split("/")))}
            assert found[gene]["status"] == "called"
            continue
        if gene.startswith("HLA-"):
            assert set(found[gene]["alleles"]) == {name for pair in theirs for name in pair}
            continue
        assert pairs(found[gene]) == {fold(gene, pair) for pair in theirs}, gene
        missing = found[gene]["coverage"]["missing"] if found[gene]["coverage"] else []
        assert len(missing) == (want["missingPositions"] or 0), gene


def fold(gene, pair):
    if gene == "MT-RNR1":  # they write 1555A>G; the allele's name has its sequence
        return tuple(f"m.{name}" if name[0].isdigit() else name for name in pair)
    return pair

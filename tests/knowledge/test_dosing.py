"""The dosing files: as the facts have them, and meeting the rest of the knowledge."""

import json
from dataclasses import asdict

import msgspec
import pytest

from fhir_pgx.errors import BrokenKnowledge
from fhir_pgx.knowledge.dosing import load_dosing
from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.knowledge.files import checked, read_yaml
from fhir_pgx.knowledge.imports import dosing as importer
from fhir_pgx.knowledge.loader import HERE
from fhir_pgx.model.dosing import Dosing
from fhir_pgx.model.drug import Drug

DOSING = load_dosing(HERE)
RULES = DOSING.warfarin


def test_the_file_is_what_the_import_writes(shared):
    assert importer.warfarin_file(shared / "facts") == importer.FILE.read_text(encoding="utf-8")


@pytest.fixture
def facts(shared):
    return json.loads((shared / "facts" / "warfarin.json").read_text(encoding="utf-8"))


def test_every_coefficient_of_the_facts_is_held(facts):
    """All numbers of the four blocks stand in our equations, less the unknown-genotype terms."""
    for ours, theirs in {
        "iwpc-pharmacogenetic": "iwpc_pharmacogenetic",
        "iwpc-clinical": "iwpc_clinical",
        "gage-pharmacogenetic": "gage_pharmacogenetic",
        "gage-clinical": "gage_clinical",
    }.items():
        equation = RULES.equations[ours]
        held = [equation.intercept, *equation.terms.values()]
        for table in (equation.vkorc1, equation.cyp2c9, equation.ancestry):
            held += table.values()
        wanted = []
        for value in facts[theirs].values():
            inner = value if isinstance(value, dict) else {"": value}
            wanted += [each for name, each in inner.items() if name != "unknown"]
        numbers = sorted(float(each) for each in wanted if not isinstance(each, str))
        assert sorted(map(float, held), key=float) == sorted(
            numbers + ([0.0] if ours == "iwpc-clinical" else [])  # white, which the facts imply
        )


def test_the_import_stops_where_a_step_or_its_numbers_are_gone(facts):
    gone = {**facts, "cpic_adult_flow": facts["cpic_adult_flow"][:3]}
    with pytest.raises(BrokenKnowledge, match="0 steps of the flow"):
        importer.adjustments(gone)
    blurred = [
        {**row, "then": row["then"].replace("%", " percent")} for row in facts["cpic_adult_flow"]
    ]
    with pytest.raises(BrokenKnowledge, match="cannot be read"):
        importer.adjustments({**facts, "cpic_adult_flow": blurred})


def test_the_values_survive_the_artefact():
    packed = msgspec.msgpack.encode(DOSING)
    assert msgspec.msgpack.decode(packed, type=Dosing) == DOSING


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("intercept", {"equations": {}}),
        ("strength", {"strength": {"african": "Certain", "non-african": "Strong"}}),
        ("no tested alleles", {"tested_with": []}),
    ],
)
def test_a_broken_file_is_refused(name, change):
    content = read_yaml(HERE / "dosing" / "warfarin.yaml")
    assert checked(content, "dosing_warfarin", "it")
    with pytest.raises(BrokenKnowledge):
        checked({**content, **change}, "dosing_warfarin", name)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('source: "gage"', 'source: "nobody"', "no source nobody"),
        ('equation: "eu-pact"', 'equation: "none"', "no equation none"),
        ('tested_with: ["*5"', 'tested_with: ["*12"', r"no site of \*12"),
    ],
)
def test_references_inside_the_file_must_meet(tmp_path, old, new, fault):
    (tmp_path / "dosing").mkdir()
    for name in ("warfarin", "abcd-gene"):
        text = (HERE / "dosing" / f"{name}.yaml").read_text(encoding="utf-8")
        (tmp_path / "dosing" / f"{name}.yaml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(BrokenKnowledge, match=fault):
        load_dosing(tmp_path)


def test_the_sites_are_those_of_the_allele_definitions(knowledge):
    cyp2c9, cyp4f2 = knowledge.definitions["CYP2C9"], knowledge.definitions["CYP4F2"]
    alleles = {each.name: each for each in cyp2c9.alleles}
    for name in ("*2", "*3", *RULES.tested_with):
        assert RULES.sites[name] in alleles[name].cells
    assert RULES.sites["cyp2c-cluster"] in {site.name for site in cyp2c9.extra}
    assert [site.name for site in knowledge.definitions["VKORC1"].sites] == [RULES.sites["vkorc1"]]
    carriers = {
        each.name for each in cyp4f2.alleles if each.cells.get(RULES.sites["cyp4f2"]) == "T"
    }
    assert carriers == set(RULES.cyp4f2_carriers)


def test_the_codes_are_the_ingredients_they_are_named_for():
    named = {RULES.rxcui: RULES.drug, DOSING.abcd_gene.rxcui: DOSING.abcd_gene.drug}
    for agents in RULES.medicines.values():
        named |= agents
    assert len(named) == 6
    codes = DrugCodes()
    try:
        found = {code: codes.by_rxcui(code).ingredients for code in named}
    finally:
        codes.close()
    assert found == {code: (Drug(code, name),) for code, name in named.items()}


def test_a_label_of_ancestry_has_one_meaning():
    content = read_yaml(HERE / "dosing" / "warfarin.yaml")["ancestry"]
    labels = [label for words in content.values() for label in words]
    assert len(labels) == len(set(labels)) == len(RULES.ancestry)


def test_the_score_cites_its_paper():
    assert asdict(DOSING.abcd_gene.source)["doi"] == "10.1016/j.jcin.2020.01.226"
    assert DOSING.abcd_gene.cutoff == 10

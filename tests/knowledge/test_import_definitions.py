"""The import of allele definitions: contradictions of a source stop it, and nothing is written.

The gene here is made up: one base, one deletion, three alleles.
"""

import csv
import json
from copy import deepcopy

import pytest
import yaml

from fhir_pgx.errors import BrokenKnowledge
from fhir_pgx.knowledge.imports import allele_definitions
from fhir_pgx.knowledge.imports.build37 import Place, Positions37
from fhir_pgx.knowledge.imports.definition_source import read_source
from fhir_pgx.knowledge.imports.indel_contexts import context_of, contexts_of
from fhir_pgx.knowledge.imports.mitochondrial import mt_rnr1
from fhir_pgx.knowledge.imports.site_names import coding_names, protein_name

BASE = {
    "position": 1000,
    "rsid": "rs1",
    "chromosomeHgvsName": "g.1000G>A",
    "cpicToVcfAlleleMap": {"A": "A", "G": "G"},
    "ref": "G",
    "alts": ["A"],
}
DELETION = {
    "position": 1010,
    "rsid": None,
    "chromosomeHgvsName": "g.1013_1014del",
    "cpicToVcfAlleleMap": {"TA": "CTA", "delTA": "C"},
    "ref": "CTA",
    "alts": ["C"],
}
GENE = {
    "gene": "GENE1",
    "chromosome": "chr1",
    "version": "made up",
    "variants": [BASE, DELETION],
    "namedAlleles": [
        {"name": "*1", "reference": True, "alleles": ["G", "CTA"]},
        {"name": "*2", "reference": False, "alleles": ["A", None]},
        {"name": "c.7T>C", "reference": False, "alleles": [None, "C"]},
    ],
    "suballelesMap": {},
}
COLUMNS = ("gene", "GRCh37Name", "GRCh38Name", "rsID", "GRCh37Position", "GRCh38Position",
           "GRCh37Allele", "GRCh38Allele", "Variant", "Impact")  # fmt: skip


def row(position38, moved=100, ref="G", alt="A", ref37="", rsid="rs1", impact="N/A"):
    """A row of the table of both builds."""
    position37, ref37 = position38 + moved, ref37 or ref
    names = f"1-{position37}-{ref37}-{alt}", f"1-{position38}-{ref}-{alt}"
    values = ("GENE1", *names, rsid, str(position37), str(position38), ref37, ref, alt, impact)
    return dict(zip(COLUMNS, values, strict=True))


# Stretches


@pytest.mark.parametrize(
    ("position", "ref", "alts", "name", "counts", "context"),
    [
        (10, "CT", ["C"], "g.11del", {}, "CT"),
        (10, "CT", ["C"], "g.13del", {}, "CTTT"),
        (10, "C", ["CT"], "g.13dup", {}, "CTTT"),
        (10, "C", ["CT"], "g.10_11insT", {}, "C"),
        (10, "C", ["CGCGG"], "g.11_12insCGGG", {}, "CG"),
        (10, "CTCT", ["C"], "g.13_15delTTC", {}, "CTCTTC"),
        (10, "CAT", ["C", "CATAT"], "g.12TA[1]; g.12TA[3]", {"TA(2)": "CAT"}, "CATATA"),
        (10, "TC", ["CT"], "g.10_11delinsCT", {}, "TC"),
        (10, "G", ["A"], "g.10G>A", {}, ""),
    ],
)
def test_two_names_of_a_change_give_the_stretch_it_can_be_shifted_along(
    position, ref, alts, name, counts, context
):
    variant = {"position": position, "ref": ref, "alts": alts}
    assert context_of({**variant, "chromosomeHgvsName": name, "cpicToVcfAlleleMap": counts}) == (
        context
    )


@pytest.mark.parametrize(
    ("ref", "alts", "name"),
    [
        ("CT", ["C"], "g.11_12del"),  # one base in the VCF, two in HGVS
        ("CTA", ["C"], "g.12_14delTAT"),  # as long as neither
        ("CTCT", ["C"], "g.13_15delGGG"),  # other bases than those of the VCF
        ("CT", ["C"], "g.13dup"),  # longer, not shorter
        ("CT", ["C"], "g.11inv"),  # a form that is not read
        ("CAT", ["C"], "g.12TA[1]"),  # the reference's count is not stated
        ("CT", ["C", "CTT"], "g.11del"),  # an allele without a name
    ],
)
def test_two_names_that_mean_different_changes_are_refused(ref, alts, name):
    variant = {"position": 10, "ref": ref, "alts": alts, "chromosomeHgvsName": name}
    with pytest.raises(BrokenKnowledge, match="10 g"):
        context_of({**variant, "cpicToVcfAlleleMap": {}})


def test_sites_that_disagree_on_a_base_of_the_reference_are_refused():
    inside = {**BASE, "position": 1012, "ref": "A"}
    assert contexts_of([DELETION, inside]) == ["CTATA", ""]
    with pytest.raises(BrokenKnowledge, match="1012: the reference is A and G"):
        contexts_of([DELETION, {**inside, "ref": "G"}])


@pytest.mark.parametrize(("base", "context"), [("T", "CTATAT"), ("A", "CTATA")])
def test_a_name_that_is_not_shifted_to_the_far_right_is_made_up_for(base, context):
    """The base after the stretch is known by another variant: the repeat goes on, or it ends."""
    after = {**BASE, "position": 1015, "ref": base}
    assert contexts_of([DELETION, after]) == [context, ""]


# GRCh37


@pytest.mark.parametrize(
    ("what", "rows", "place"),
    [
        ("listed", [row(1000)], Place(1100)),
        ("listed, another base", [row(1000, ref37="A")], Place(1100, "A")),
        ("between two", [row(900), row(1200)], Place(1100, is_inferred=True)),
        ("between two that differ", [row(900), row(1200, moved=101)], None),
        ("beside the last", [row(900)], Place(1100, is_inferred=True)),
        ("beside the last, far away", [row(60_000)], None),
        ("beside the last, the gene moves", [row(10), row(900, moved=99)], None),
        ("no row at all", [], None),
    ],
)
def test_a_position_is_placed_on_grch37_or_left_out(what, rows, place):
    rows = [each if each["GRCh38Position"] == "1000" else {**each, "rsID": "rs9"} for each in rows]
    assert Positions37(rows).place(BASE) == place, what


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ([row(1000, ref="C")], "the source has G there"),
        ([row(1000, ref37="T")], "is none of"),
        ([row(990)], "rs1 lies at 1000 in the source"),
        ([row(1000), row(1000, moved=101)], "two positions of GRCh37"),
    ],
)
def test_a_table_of_both_builds_that_contradicts_is_refused(rows, fault):
    with pytest.raises(BrokenKnowledge, match=fault):
        Positions37(rows).place(BASE)


def test_a_deletion_spelled_elsewhere_in_its_repeat_is_placed_by_its_rsid():
    listed = row(1012, ref="ATA", alt="A", rsid="rs2")
    assert Positions37([listed]).place({**DELETION, "rsid": "rs2"}) == Place(1110)


# What is left out


def test_an_ignored_position_goes_with_its_cells_and_the_alleles_it_empties():
    ignored = {"ignoredPositions": [{**DELETION}], "ignoredAlleles": []}
    source = read_source(GENE, ignored)
    assert [each["position"] for each in source.variants] == [1000]
    assert source.alleles == {"*1": {}, "*2": {0: "A"}}
    assert source.left_out == [
        "the position 1010 (g.1013_1014del): ignored by its source",
        "the allele c.7T>C: without a position",
    ]


def test_another_variant_at_an_ignored_position_stays():
    ignored = {"ignoredPositions": [{**DELETION, "ref": "C", "alts": ["G"]}]}
    assert read_source(GENE, ignored).left_out == []


def test_an_ignored_allele_is_left_out():
    source = read_source(GENE, {"ignoredAlleles": ["*2"]})
    assert "*2" not in source.alleles
    assert source.left_out == ["the allele *2: ignored"]


def test_a_mitochondrial_name_that_does_not_say_what_changes_is_left_out():
    table = [row(955, moved=0, ref="AC", alt="A")]
    names = ["Reference", "m.960C>del", "m.961T>del+Cn", "m.1555A>G"]
    content, left_out = mt_rnr1(
        {"gene": "MT-RNR1", "source_version": "made up", "alleles": dict.fromkeys(names)}, table
    )
    assert [(each["position"], each["ref"]) for each in content["variants"]] == [
        (955, "AC"),
        (1555, "A"),
    ]
    assert left_out == [
        "the allele m.961T>del+Cn: its name does not say exactly what changes",
    ]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("c.1905+1G>A (*2A)", ["c.1905+1G>A"]),
        ("c.295_298delTCAT (*7)", ["c.295_298delTCAT", "c.295_298del"]),
        ("c.13994_13995delTCinsCT", ["c.13994_13995delTCinsCT", "c.13994_13995delinsCT"]),
        ("m.1555A>G", ["m.1555A>G"]),
        ("*2", []),
        ("Chatham", []),
    ],
)
def test_coding_names_are_read_from_the_names_of_alleles(text, names):
    assert coding_names(text) == names


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Q141K", "p.Gln141Lys"),
        ("W212X", "p.Trp212Ter"),
        ("G194R(G>A)", "p.Gly194Arg"),
        ("K118fs", ""),
        ("N/A", ""),
        ("A", ""),  # the G6PD variant of that name
    ],
)
def test_protein_names_are_written_in_three_letters(text, name):
    assert protein_name(text) == name


# The whole import


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run the import on a made-up release; returns the folder it writes to."""
    home, facts = tmp_path / "knowledge", tmp_path / "facts"
    (home / "alleles").mkdir(parents=True)
    (home / "alleles" / "GONE.yaml").write_text("gene: GONE\n")
    monkeypatch.setattr(allele_definitions, "HERE", home)

    def run_import(gene, rows):
        for name in ("allele_definitions", "phenotypes"):
            (facts / name).mkdir(parents=True, exist_ok=True)
        definitions = facts / "allele_definitions"
        (definitions / "GENE1.json").write_text(json.dumps(gene))
        (definitions / "exemptions.json").write_text("{}")
        mitochondrial = {"gene": "MT-RNR1", "source_version": "x", "alleles": {"m.1555A>G": {}}}
        (facts / "phenotypes" / "MT-RNR1.json").write_text(json.dumps(mitochondrial))
        (facts / "refseq_chromosomes.csv").write_text(
            "chromosome,grch37_refseq,grch38_refseq\n1,NC_000001.10,NC_000001.11\n"
            "MT,NC_012920.1,NC_012920.1\n"
        )
        with (facts / "variant_positions_b37_b38.csv").open("w", newline="") as table:
            writer = csv.DictWriter(table, COLUMNS)
            writer.writeheader()
            writer.writerows(rows)
        allele_definitions.main(["--facts", str(facts)])

    run_import.folder = home / "alleles"
    return run_import


def test_a_release_becomes_a_file_a_gene(run):
    run(GENE, [row(1000, ref37="A", impact="Q141K")])
    assert sorted(path.name for path in run.folder.iterdir()) == ["GENE1.yaml", "MT-RNR1.yaml"]
    text = (run.folder / "GENE1.yaml").read_text()
    found = yaml.safe_load(text)
    assert "1 are placed by a source, 1 between neighbours, 0 not" in text
    # G>A makes no Q141K: the name is left out, and the header says so.
    assert "Left out: the name p.Gln141Lys" in text
    assert found["sites"] == [
        {"name": "rs1", "position": 1000, "ref": "G", "alts": ["A"], "position37": 1100,
         "ref37": "A"},
        {"name": "g.1013_1014del", "position": 1010, "ref": "CTA", "alts": ["C"],
         "position37": 1110, "inferred37": True, "context": "CTATA"},
    ]  # fmt: skip
    assert found["alleles"] == {"*1": {}, "*2": {"rs1": "A"}, "c.7T>C": {"g.1013_1014del": "C"}}
    assert (found["reference"], found["whole"]) == ("*1", ["*1"])


@pytest.mark.parametrize(
    ("member", "value", "fault"),
    [
        ("chromosomeHgvsName", "g.1000G>T", "g.1000G>T is not"),
        ("chromosomeHgvsName", "g.1001G>A", "g.1001G>A is not"),
        ("ref", "C", "g.1000G>A is not"),
        ("rsid", "g.1013_1014del", "two positions are called g.1013_1014del"),
    ],
)
def test_a_source_that_contradicts_itself_stops_the_import(run, member, value, fault):
    gene = deepcopy(GENE)
    gene["variants"][0][member] = value
    with pytest.raises(SystemExit, match=fault) as stopped:
        run(gene, [])
    assert "GENE1" in str(stopped.value)
    assert "nothing was written" in str(stopped.value)
    assert [path.name for path in run.folder.iterdir()] == ["GONE.yaml"]

"""An operator's own copy of IPD-IMGT/HLA. The files here are synthetic: their form is the
database's, their content a few lines of our own."""

import pytest

from fhir_pgx.errors import InvalidSetting
from fhir_pgx.knowledge.ipd import load_ipd, with_ipd
from fhir_pgx.model.finding import Origin
from fhir_pgx.model.transplant import StatedTyping
from fhir_pgx.recommendation.transplant import Nomenclature, match_donors
from fhir_pgx.recommendation.transplant.names import parse_name

HEAD = "# file: synthetic\n# date: 2024-10-09\n# version: IPD-IMGT/HLA 3.58.0\n"
P_GROUPS = HEAD + (
    "A*;02:01:01:01/02:01:01:02L/02:09:01/02:77;02:01P\n"
    "A*;02:06:01:01/02:126;02:06P\n"
    "A*;02:17:01;\n"
    "A*;24:09N;\n"
    "A*;24:02:01:01/24:02:01:02L;24:02P\n"
    "DPB1*;04:02:01:01/105:01:01;04:02P\n"
)
G_GROUPS = HEAD + (
    "A*;02:01:01:01/02:01:01:02L/02:09:01;02:01:01G\n"
    "A*;24:02:01:01/24:09N;24:02:01G\n"
    "A*;02:17:01;\n"
)
SEROLOGY = HEAD + (
    "A*;02:01:01:01;2;;;\n"
    "A*;02:77;;2/203;;\n"
    "A*;02:126;?;;;\n"
    "A*;24:09N;0;;;\n"
    "A*;24:02:01:01;24;;;\n"
    "DPB1*;04:02:01:01;;;;\n"
    "DRB1*;03:01:01:01;17;;;\n"
)
FILES = {"hla_nom_p.txt": P_GROUPS, "hla_nom_g.txt": G_GROUPS, "rel_dna_ser.txt": SEROLOGY}


@pytest.fixture
def folder(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_the_tables_are_read_as_they_are(folder):
    tables = load_ipd(folder)
    assert tables.release == "3.58.0"
    assert tables.p_group["A*02:77"] == tables.p_group["A*02:01"] == "A*02:01P"
    assert tables.p_group["A*02:17"] == "A*02:17"  # alone in its group
    assert tables.of_g_group["A*02:01:01G"] == "A*02:01P"
    assert tables.null == {"A*24:09"}
    assert tables.null_in_group == {"A*24:02:01G"}
    assert tables.antigens == {
        "A*02:01": ("A2",), "A*02:77": ("A2", "A203"), "A*24:02": ("A24",), "DRB1*03:01": ("DR17",),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other", "answer"),
    [
        ("A*02:01", "A*02:77", "match"),  # without the tables: possible
        ("A*02:01:01G", "A*02:77", "match"),
        ("A*02:17", "A*02:01", "mismatch"),
        ("DPB1*04:02", "DPB1*105:01", "match"),
        ("A*02:01", "A*02:999", "possible"),  # newer than the copy
    ],
)
def test_with_the_tables_p_groups_settle_what_two_fields_do_not(
    knowledge, folder, one, other, answer
):
    words = Nomenclature(with_ipd(knowledge, str(folder)).therapies.transplant)
    assert words.compare(parse_name(one), parse_name(other)).answer == answer


def test_a_null_allele_is_known_without_its_letter(knowledge, folder):
    words = Nomenclature(with_ipd(knowledge, str(folder)).therapies.transplant)
    origin = Origin("Observation/synthetic", "Observation")
    typings = [
        StatedTyping("A", ("A*02:01", "A*24:09"), "recipient", origin),
        StatedTyping("A", ("A*02:01", "A*24:02"), "donor", origin),
    ]
    (found,) = match_donors(typings, (), words)
    assert (found.loci[0].gvh, found.loci[0].hvg) == ((0, 0), (1, 1))
    assert "PGX-791" not in {caveat.code for caveat in found.caveats}


def test_without_the_setting_nothing_changes(knowledge):
    assert with_ipd(knowledge, "") is knowledge


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("hla_nom_p.txt", None, "hla_nom_p.txt cannot be read"),
        ("rel_dna_ser.txt", SEROLOGY.replace("3.58.0", "3.57.0"), "several releases"),
        ("hla_nom_g.txt", "A*;02:01;02:01:01G\n", "does not say its version"),
        ("hla_nom_g.txt", HEAD + "<html>not found</html>\n", "line 4"),
        ("hla_nom_g.txt", HEAD, "empty"),
    ],
)
def test_a_copy_that_cannot_be_trusted_stops_the_start(folder, name, text, told):
    if text is None:
        (folder / name).unlink()
    else:
        (folder / name).write_text(text, encoding="utf-8")
    with pytest.raises(InvalidSetting, match=told):
        load_ipd(folder)

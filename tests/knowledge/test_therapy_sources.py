"""What ships for precision therapy is counted, dated and licensed, and every row can be found."""

import pytest

from fhir_pgx.knowledge.loader import read_release
from fhir_pgx.knowledge.therapy_rows import find_therapies
from fhir_pgx.knowledge.therapy_sources import therapy_counts, therapy_sources


@pytest.fixture(scope="module")
def sources(knowledge):
    return therapy_sources(knowledge.therapies)


def test_every_source_has_a_date_and_a_licence(sources):
    for each in sources:
        assert each["as_of"], each
        assert each["licence"], each


def test_the_sources_count_every_row_once(knowledge, sources):
    held = knowledge.therapies
    listed = sum(each.get("rows", 0) for each in sources)
    counts = therapy_counts(held)
    of_kinds = (
        "tumour_rows", "tumour_statements", "tumour_tests_first", "inherited_rows", "qt_drugs",
        "hiv_rules", "tb_rows", "herpes_rows", "other_pathogen_rows", "hla_alleles_with_antigen",
    )  # fmt: skip
    more = len(held.tumour.market) + len(held.inherited.risk_genes) + len(held.inherited.hla)
    assert listed == sum(counts[each] for each in of_kinds) + more


@pytest.mark.parametrize(
    ("begins", "licence"),
    [
        ("CIViC: therapies", "CC0-1.0"),
        ("FDA list of companion diagnostics", "public domain"),
        ("FDA drug labels: therapies of tumours", "public domain"),
        ("European LeukemiaNet", "our words"),
        ("Stanford HIVDB 10.2", "Unlicense"),
        ("WHO: catalogue of M. tuberculosis", "ODC-By"),
        ("HerpesDRG", "MIT"),
        ("OncoTree", "CC-BY-4.0"),
        ("Human Disease Ontology", "CC0"),
        ("SNOMED CT", "affiliate"),
        ("LOINC", "loinc.org/license"),
        ("WHO Nomenclature Committee", "no file of IPD-IMGT/HLA is copied"),
        ("ACMG list of secondary findings", "fact"),
    ],
)
def test_each_source_stands_with_its_licence(sources, begins, licence):
    found = [each for each in sources if each["name"].startswith(begins)]
    assert found, begins
    assert all(licence in each["licence"] for each in found)


def test_what_was_compiled_by_hand_says_so(sources):
    for each in sources:
        if "FDA drug labels" in each["name"] or "market status" in each["name"]:
            assert each["by_hand"] is True
        if each["name"].startswith(("CIViC", "WHO: ", "Stanford")):
            assert "by_hand" not in each


def test_the_release_tells_the_same(knowledge, sources):
    release = read_release()
    assert [each for each in release["sources"] if each in sources] == sources
    assert therapy_counts(knowledge.therapies).items() <= release["counts"].items()


@pytest.mark.parametrize(
    ("wanted", "kind", "id_"),
    [
        ("CIViC:EID5", "tumour_statement", "CIViC:EID5"),
        ("CIViC EID5", "tumour_statement", "CIViC:EID5"),
        ("eid5", "tumour_statement", "CIViC:EID5"),
        ("tumour:FDA-CDx-group:006", "tumour", "FDA-CDx-group:006"),
        ("rpoB p.Ser450Leu", "tb", "who-tb.rpoB.p.Ser450Leu.rifampicin"),
        ("rpoB_p.Ser450Leu", "tb", "who-tb.rpoB.p.Ser450Leu.rifampicin"),
        ("fabG1 c.-15C>T", "tb", "who-tb.inhA.c.-777C>T.isoniazid"),
        ("POLG", "inherited", "RARE-hand:090"),
        ("valproic acid", "inherited", "RARE-hand:090"),
        ("L883S", "herpes", "herpesdrg.Adenovirus.pol.L883S.ganciclovir"),
        ("HLA-B*13:01", "hla", "HLA-hand:008"),
        ("DTG", "hiv_drug", "hivdb.dolutegravir"),
        ("318341", "tumour", "FDA-CDx-group:020"),  # cetuximab
    ],
)
def test_a_row_is_found_by_what_a_person_calls_it(knowledge, wanted, kind, id_):
    rows = find_therapies(knowledge.therapies, wanted)[kind]
    assert id_ in [row.get("id") or f"hivdb.{row.get('name')}" for row in rows]


def test_a_row_of_a_table_in_parts_is_found_with_all_its_parts(knowledge):
    rows = find_therapies(knowledge.therapies, "RARE-hand:002")["inherited"]
    assert len(rows) == len([r for r in knowledge.therapies.inherited.rows
                             if r.id.partition("/")[0] == "RARE-hand:002"]) > 1  # fmt: skip


def test_a_row_found_by_its_id_is_whole_and_has_its_source(knowledge):
    (row,) = find_therapies(knowledge.therapies, "who-tb.rpoB.p.Ser450Leu.rifampicin")["tb"]
    assert row["gene"] == "rpoB"
    assert row["provenance"]["licence"] == "ODC-By 1.0"


def test_every_row_is_found_by_its_own_id(knowledge):
    held = knowledge.therapies
    some = [*held.tumour.rows[::400], *held.inherited.rows[::30], *held.pathogen.tb.rows[::300],
            *held.pathogen.herpes[::500], *held.pathogen.other[::5]]  # fmt: skip
    for row in some:
        assert find_therapies(held, row.id), row.id


@pytest.mark.parametrize("wanted", ["", " ", "nonsense", "CIViC:EID", "EID", "p."])
def test_what_is_not_held_is_not_found(knowledge, wanted):
    assert find_therapies(knowledge.therapies, wanted) == {}

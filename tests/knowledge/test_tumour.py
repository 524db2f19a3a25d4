"""The tumour tables against their facts, and against each other."""

import csv
import itertools
import json
import math
import re
from collections import Counter
from dataclasses import replace

import pytest

from fhir_pgx.errors import BrokenKnowledge
from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.knowledge.files import checked, read_yaml
from fhir_pgx.knowledge.imports.tumour import __main__ as importer
from fhir_pgx.knowledge.imports.tumour import civic, proteins
from fhir_pgx.knowledge.imports.tumour import drugs as drugs_import
from fhir_pgx.knowledge.imports.tumour.atoms import THREE
from fhir_pgx.knowledge.loader import HERE
from fhir_pgx.knowledge.tumour import load_tumour
from fhir_pgx.knowledge.tumour.load import _check
from fhir_pgx.knowledge.tumour.profile_text import PROTEIN

FOLDER = HERE / "therapies" / "tumour"
DRUG_NAMES = {
    "abiraterone acetate": "abiraterone",
    "egfr tyrosine kinase inhibitor (fda-approved for the indication)": (
        "egfr tyrosine kinase inhibitor"
    ),
}


@pytest.fixture(scope="module")
def tumour():
    return load_tumour(HERE)


@pytest.fixture(scope="module")
def facts(shared):
    return shared / "facts" / "precision"


@pytest.fixture(scope="module")
def therapies(facts):
    with (facts / "oncology_biomarker_therapies.csv").open(encoding="utf-8", newline="") as file:
        return {row["row_id"]: row for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def left_out():
    content = checked(read_yaml(FOLDER / "left_out.yaml"), "tumour_left_out", "left_out.yaml")
    return {row for entries in content.values() for entry in entries for row in entry["rows"]}


@pytest.fixture(scope="module")
def corrections():
    return checked(read_yaml(FOLDER / "corrections.yaml"), "tumour_corrections", "corrections.yaml")


def test_the_generated_files_are_what_the_import_writes(facts):
    for name, text in importer.files(facts).items():
        assert (FOLDER / name).read_text(encoding="utf-8") == text, name


def test_every_row_of_the_facts_ships_or_is_left_out_with_a_reason(tumour, therapies, left_out):
    ours = {row.id for row in tumour.rows}
    assert therapies.keys() - ours == {"CIViC:EID1266", "CIViC:EID12374"}
    assert therapies.keys() - ours <= left_out
    assert not ours - therapies.keys()
    assert Counter(name.split(":")[0] for name in ours) == {
        "CIViC": 2854, "FDA-CDx-group": 120, "FDA-label-hand": 200, "guideline-hand": 4,
    }  # fmt: skip


def test_every_statement_of_the_facts_ships(tumour, facts):
    name = facts / "civic_diagnostic_prognostic_predisposing.csv"
    with name.open(encoding="utf-8", newline="") as file:
        assert {row.id for row in tumour.statements} == {r["row_id"] for r in csv.DictReader(file)}


def test_every_assertion_and_every_use_of_a_code_is_accounted_for(tumour, facts, left_out):
    with (facts / "civic_assertions.csv").open(encoding="utf-8", newline="") as file:
        assert {row["row_id"] for row in csv.DictReader(file)} <= left_out
    # What the readers of variants, implications and answers know by other tables.
    elsewhere = ("variant", "variant component", "implication component", "haplotype", "genotype")
    with (facts / "biomarker_loinc_codes.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["use"] not in elsewhere and not row["use"].startswith("answer for"):
                assert row["code"] in tumour.marker_codes, row["display"]


def test_a_row_says_what_its_facts_say_save_for_the_corrections(tumour, therapies, corrections):
    """Drugs, effect, disease, origin and level: each departure is written down, and no other."""
    allowed = {entry["row"]: set(entry["set"]) for entry in corrections["civic"]}
    allowed = {
        row: {{"drug_interaction": "joined"}.get(name, name) for name in names}
        for row, names in allowed.items()
    }
    for entry in corrections["reviewed"]:
        for row in entry["rows"]:
            allowed.setdefault(row, set()).update(entry["what"])
    for row in tumour.rows:
        fact = therapies[row.id]
        found = departures(row, fact)
        assert found <= allowed.get(row.id, set()), row.id
        assert allowed.get(row.id, set()) - {"profile", "joined"} <= found, row.id


def departures(row, fact):
    origins = {"germline or somatic": "either", "germline": "germline", "": ""}
    found = set()
    if row.provenance.system != "CIViC":
        drugs = [DRUG_NAMES.get(name.lower(), name.lower()) for name in fact["drugs"].split(";")]
        if [drug.name for drug in row.drugs] != drugs:
            found.add("drugs")
        if row.origin != origins[fact["variant_origin"]]:
            found.add("origin")
        if row.doid != fact["doid"]:
            found.add("doid")
    else:
        if fact["doid"] and row.doid != fact["doid"]:
            found.add("doid")
        drugs = [drugs_import.one_name(name) for name in fact["drugs"].split(";")]
        joined = civic.JOINED.get(fact["drug_interaction"], "")
        if [drug.name for drug in row.drugs] != civic.whole(drugs, joined)[0]:
            found.add("drugs")
    if row.effect != fact["effect"].replace("_", "-"):
        found.add("effect")
    if row.disease != fact["disease"]:
        found.add("disease")
    if len(row.drugs) == len(fact["drugs"].split(";")) and row.joined != civic.JOINED.get(
        fact["drug_interaction"], ""
    ):
        found.add("joined")
    if row.provenance.level != fact["level"]:
        found.add("level")
    return found


def test_every_row_names_source_level_date_and_licence(tumour):
    for row in (*tumour.rows, *tumour.statements):
        said = row.provenance
        assert all((said.source, said.system, said.level, said.licence)), row.id
        assert said.id == row.id
        assert said.url.startswith("https://"), row.id
        assert re.fullmatch(r"20\d\d(-\d\d){0,2}", said.as_of), row.id


def test_what_was_compiled_by_hand_says_so(tumour, therapies):
    for row in tumour.rows:
        fact = therapies[row.id]
        assert row.provenance.by_hand == (fact["compiled_by_hand"] == "yes"), row.id
        unchecked = "NOT cross-checked" in fact["note"]
        assert ("not checked against a stored label" in row.lines) == unchecked, row.id


def test_no_sentence_of_the_source_is_shipped(therapies):
    ours = "".join(path.read_text(encoding="utf-8") for path in FOLDER.iterdir())
    for row in therapies.values():
        if len(row["source_text"]) > 60:
            assert row["source_text"][:60] not in ours, row["row_id"]


def test_drug_codes_are_the_ingredients_of_that_name():
    codes = DrugCodes()
    with (FOLDER / "drugs.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(line for line in file if not line.startswith("#")):
            if row["rxcui"]:
                (drug,) = codes.by_rxcui(row["rxcui"]).ingredients
                assert (drug.rxcui, drug.name.lower()) == (row["rxcui"], row["name"])


@pytest.mark.parametrize(
    ("name", "antibody"),
    [
        ("trastuzumab deruxtecan", "trastuzumab"),
        ("trastuzumab emtansine", "trastuzumab"),
        ("sacituzumab govitecan", "sacituzumab"),
        ("telisotuzumab vedotin", "telisotuzumab"),
    ],
)
def test_a_conjugate_never_has_the_code_of_its_antibody(tumour, name, antibody):
    drugs = {drug.name: drug.rxcui for row in tumour.rows for drug in row.drugs}
    assert drugs[name] == ""
    assert antibody not in drugs or drugs[antibody] != ""


def test_classes_and_regimens_are_names_without_a_code(tumour):
    drugs = {drug.name: drug.rxcui for row in tumour.rows for drug in row.drugs}
    for name in ("platinum", "chemotherapy", "folfox", "egfr tyrosine kinase inhibitor"):
        assert drugs[name] == "", name
    salts = {name for name in drugs if name.endswith((" mesylate", " acetate", " anhydrous"))}
    assert salts <= {"cyproterone acetate", "sotrastaurin acetate"}  # ingredients by that name


def test_every_protein_name_is_in_one_spelling_and_fits_its_coding_name(tumour):
    for gene, names in tumour.proteins.items():
        for coding, protein in names.items():
            assert proteins.one_coding(coding) == coding
            assert PROTEIN.fullmatch(protein), (gene, coding)
            if found := re.fullmatch(r"c\.(\d+)[ACGT]>[ACGT]", coding):
                residue = int(re.match(r"p\.\D+(\d+)", protein)[1])
                assert math.ceil(int(found[1]) / 3) == residue, (gene, coding, protein)


def codons_of(residue):
    """The codons of a residue, by the standard genetic code (bases in the order T, C, A, G)."""
    one = "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"
    codons = ["".join(bases) for bases in itertools.product("TCAG", repeat=3)]
    return {codon for codon, letter in zip(codons, one, strict=True) if THREE[letter] == residue}


def test_a_substitution_of_one_base_can_make_the_residue_that_its_name_says(tumour):
    """A slow check of every pair of names against the genetic code."""
    seen = 0
    for gene, named in tumour.proteins.items():
        for coding, protein in named.items():
            bases = re.fullmatch(r"c\.(\d+)([ACGT])>([ACGT])", coding)
            change = re.fullmatch(r"p\.([A-Z][a-z]{2})\d+([A-Z][a-z]{2})", protein)
            if bases and change:
                at = (int(bases[1]) - 1) % 3
                made = {
                    codon[:at] + bases[3] + codon[at + 1 :]
                    for codon in codons_of(change[1])
                    if codon[at] == bases[2]
                }
                assert made & codons_of(change[2]), (gene, coding, protein)
                seen += 1
    assert seen > 400


@pytest.mark.parametrize(
    ("coding", "ours"),
    [
        ("c.163_164delGA", "c.163_164del"),
        ("c.1798_1799delGTinsAA", "c.1798_1799delinsAA"),
        ("c.230_231insTCT", "c.230_231insTCT"),
        ("c.342dupGGT", ""),  # three bases at one place
        ("c.183insC", ""),  # an insertion has two neighbours
        ("c.118ins", ""),
        ("c.364_365GC>AT", ""),
        ("c.128-?_250+?", ""),
    ],
)
def test_a_coding_name_that_is_no_hgvs_tells_no_protein(coding, ours):
    assert proteins.one_coding(coding) == ours


@pytest.mark.parametrize(
    ("coding", "protein", "told"),
    [
        ("c.2573T>G", "p.Leu858Arg", True),
        ("c.2573T>G", "p.Leu857Arg", False),  # another transcript
        ("c.2236_2250del", "p.Glu746_Ala750del", True),
        ("c.166_178del", "p.Ala56_Pro59del", False),  # 13 bases shift the frame
        ("c.197_220del", "p.Val66del", False),  # 24 bases are eight residues
        ("c.342dup", "p.Gly114dup", False),
        ("c.342dup", "p.Gly114fs", True),
        ("c.386_387insAGA", "p.Leu129Gln", False),
    ],
)
def test_a_protein_change_is_told_where_both_names_can_be_one_change(coding, protein, told):
    row = {"gene": "EGFR", "protein_hgvs": protein, "molecular_profile": f"X ({coding})"}
    assert [each["protein"] for each in proteins.protein_rows([row])] == [protein] * told


def test_the_knowledge_is_held_against_itself(tumour):
    row = tumour.rows[0]
    with pytest.raises(BrokenKnowledge, match="used twice"):
        _check(replace(tumour, rows=(*tumour.rows, row)))
    with pytest.raises(BrokenKnowledge, match="no disease"):
        _check(replace(tumour, rows=(replace(row, doid="DOID:0"), *tumour.rows[1:])))


def test_the_schemas_refuse_a_row_that_says_less():
    schema = json.loads((HERE / "schema" / "tumour_civic.json").read_text(encoding="utf-8"))
    assert schema["items"]["additionalProperties"] is False
    with pytest.raises(BrokenKnowledge, match="required property"):
        checked([{"id": "CIViC:EID1"}], "tumour_civic", "civic.csv")

"""DPWG is in the knowledge whole: each row of the facts is ours, or left out with its reason.

Read from the files, so that what stands here can be checked against the source line by line.
"""

import json
from collections import Counter
from dataclasses import dataclass

import pytest

from fhir_pgx.knowledge.files import checked, read_checked, read_yaml
from fhir_pgx.knowledge.imports.dpwg import GeneKeys, found_in, gene_keys
from fhir_pgx.knowledge.imports.sentences import digest, implications, shared_run
from fhir_pgx.knowledge.imports.tables import left_out
from fhir_pgx.knowledge.loader import HERE


@dataclass(frozen=True, slots=True)
class Ours:
    """One row of ours with its drug, the key of its one gene, and its guideline file."""

    drug: str
    key: str
    row: dict
    guideline: dict

    @property
    def advice(self):
        return self.guideline["advice"][self.row["advice"]]


@pytest.fixture(scope="module")
def guidelines():
    found = read_checked("guidelines/dpwg", "guideline")
    return {content["guideline"]: content for content in found}


@pytest.fixture(scope="module")
def ours(guidelines):
    return [
        Ours(content["drug"], key, row, guidelines[content["guideline"]])
        for content in read_checked("drugs/dpwg", "drug")
        for row in content["rows"]
        for key in row["keys"].values()
    ]


@pytest.fixture(scope="module")
def facts(shared):
    with (shared / "facts" / "recommendations.jsonl").open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return {row["id"]: row for row in rows if row["source"] in ("DPWG", "DPWG_2025")}


@pytest.fixture(scope="module")
def omitted():
    return left_out(HERE / "left_out.yaml", "dpwg")


def texts(row):
    return [row["source_text"], *(text for _, text in implications(row))]


def test_every_row_ships_or_is_confirmed_or_is_left_out_with_a_reason(ours, facts, omitted):
    shipped = {each.row["source_row"] for each in ours}
    told = {
        (each.drug, *each.row["keys"].items(), key)
        for each in ours
        for name in each.row["considerations"]
        for key in each.guideline["considerations"][name]["from"]
    }
    places = {
        (each.drug, *each.row["keys"].items(), *texts(facts[each.row["source_row"]]))
        for each in ours
    }
    genes = gene_keys(HERE / "genes")
    confirmed, beside = set(), set()
    for row in facts.values():
        if row["id"] in shipped or row["id"] in omitted:
            continue
        for found in found_in(row, genes, set()):
            place = (row["drug"], *found.keys)
            if (*place, *texts(row)) in places:
                confirmed.add(row["id"])
            if (*place, digest(row["source_text"], row["drug"])) in told:
                beside.add(row["id"])
    assert shipped | confirmed | beside | omitted.keys() == facts.keys()
    assert not shipped & omitted.keys()
    # 2025: 56 rows say what 2024 says, and three more for CYP2C9, asked by score.
    assert (len(facts), len(confirmed), len(beside)) == (604, 59, 1)
    assert all(row.startswith("DPWG_2025-") for row in confirmed | beside)


def test_every_row_left_out_is_a_row_of_the_facts(facts, omitted):
    checked(read_yaml(HERE / "left_out.yaml"), "left_out", "left_out.yaml")
    assert omitted.keys() <= facts.keys()


def test_every_row_leads_to_the_entries_that_re_express_its_own_sentences(ours, facts):
    for each in ours:
        source = facts[each.row["source_row"]]
        assert each.drug == source["drug"]
        assert each.guideline["source_name"] == source["guideline"]
        # A sentence that tells groups apart becomes a row for each; else the group is the row's.
        groups = each.advice.get("for", {}).get("population", [source["population"]])
        assert each.row["population"] in groups
        assert digest(source["source_text"], each.drug) in each.advice["from"]
        for gene, text in implications(source):
            entry = each.guideline["implications"][each.row["implications"][gene]]
            assert entry["gene"] == gene
            assert digest(text, each.drug) in entry["from"]


def test_no_entry_answers_a_sentence_that_no_row_has(guidelines, facts):
    by_guideline = {}
    for row in facts.values():
        found = by_guideline.setdefault(row["guideline"], set())
        found.update(digest(text, row["drug"]) for text in texts(row))
    for name, content in guidelines.items():
        for section in ("advice", "implications", "considerations"):
            for entry in content.get(section, {}).values():
                assert set(entry["from"]) <= by_guideline[content["source_name"]], name


def test_no_sentence_of_ours_is_copied_from_the_source(guidelines, facts):
    theirs = {}
    for row in facts.values():
        theirs.setdefault((row["guideline"], row["drug"]), set()).update(texts(row))
    for (source_name, drug), sentences in theirs.items():
        named = [each for each in guidelines.values() if each["source_name"] == source_name]
        entries = [
            entry
            for content in named
            for section in ("advice", "implications", "considerations")
            for entry in content.get(section, {}).values()
        ]
        for text in (each.get(part, "") for each in entries for part in ("text", "summary")):
            named_text = text.replace("{drug}", drug).replace("{Drug}", drug)
            for sentence in sentences:
                assert shared_run(named_text, sentence) is None


def test_every_key_is_one_that_our_genes_yield(ours):
    genes = gene_keys(HERE / "genes")
    for each in ours:
        ((gene, key),) = each.row["keys"].items()
        if "/" in key:
            names = key.split("/")
            assert set(names) <= genes[gene].functions.keys(), each.row["rule"]
            asked = Counter(names)
        else:
            asked = key
        assert genes[gene].keys(asked).keys() == {key}, each.row["rule"]


def test_rule_ids_are_unique_and_each_guideline_has_rows(ours, guidelines):
    rules = Counter(each.row["rule"] for each in ours)
    assert [rule for rule, count in rules.items() if count > 1] == []
    assert {each.guideline["guideline"] for each in ours} == guidelines.keys()


def test_a_gene_without_pairs_has_no_keys():
    """The check of keys can fail."""
    empty = GeneKeys.of({"pairs": [], "tracked": [], "alleles": {}})
    assert empty.keys("Poor Metabolizer") == {}


OF_ADULTS = ("general", "adults", "from 40 kg", "DPD phenotyping assay result")


def dose(entry):
    return [
        (
            number["what"],
            number.get("comparator", "") + (number.get("value") or number.get("change") or "-"),
            number["unit"],
        )
        for number in entry.get("dose", [])
        if number["what"] != "plasma-concentration"
    ]


@pytest.mark.parametrize(
    ("drug", "keys", "action", "numbers"),
    [
        ("abacavir", ["*57:01 positive"], "contraindicated", []),
        ("amitriptyline", ["0.0"], "reduce-dose", [("daily-dose", "-30", "%")]),
        ("amitriptyline", ["0.25", "1.0"], "reduce-dose", [("daily-dose", "-25", "%")]),
        ("amitriptyline", ["3.0", "≥6.0"], "increase-dose", [("daily-dose", "+40", "%")]),
        (
            "aripiprazole",
            ["0.0"],
            "reduce-dose",
            [("maximum-dose", "<=10", "mg/d"), ("maximum-dose", "<=300", "mg/mo")],
        ),
        ("carbamazepine", ["*15:02 positive"], "avoid", []),  # of 2025; of 2024: an alternative
        (
            "codeine",
            ["3.0", "4.0", "≥3.0"],
            "contraindicated",
            [("single-dose", "<=20", "mg")],
        ),
        ("codeine", ["0.0"], "alternative", []),
        ("codeine", ["0.5", "1.0"], "monitor", []),
        ("codeine", ["1.25", "2.0", "2.5"], "no-recommendation", []),  # 2.5 is normal to DPWG
        ("doxepin", ["0.0"], "reduce-dose", [("daily-dose", "-60", "%")]),
        ("doxepin", ["≥4.0"], "increase-dose", [("daily-dose", "+100", "%")]),
        ("eliglustat", ["≥3.0"], "contraindicated", []),
        ("haloperidol", ["0.0"], "reduce-dose", [("daily-dose", "-40", "%")]),
        ("imipramine", ["0.0"], "reduce-dose", [("daily-dose", "-70", "%")]),
        ("metoprolol", ["0.0"], "reduce-dose", [("maximum-dose", "<=25", "%")]),
        ("nortriptyline", ["0.5"], "reduce-dose", [("daily-dose", "-40", "%")]),
        ("paroxetine", ["≥3.0"], "avoid", []),
        ("paroxetine", ["0.0"], "standard", []),
        (
            "pimozide",
            ["0.0"],
            "reduce-dose",
            [
                ("maximum-dose", "<=10", "mg/d"),
                ("maximum-dose", "<=0.05", "mg/kg/d"),
                ("maximum-dose", "<=2", "mg/d"),
            ],
        ),
        ("propafenone", ["0.0"], "reduce-dose", [("daily-dose", "-70", "%")]),
        (
            "risperidone",
            ["0.0"],
            "reduce-dose",
            [("daily-dose", "-33", "%"), ("daily-dose", "-50", "%")],
        ),
        ("sertraline", ["Poor Metabolizer"], "reduce-dose", [("maximum-dose", "<=75", "mg/d")]),
        ("siponimod", ["*3/*3"], "avoid", []),
        ("tamoxifen", ["0.0"], "alternative", [("daily-dose", "40", "mg/d")]),
        ("tramadol", ["≥3.5"], "alternative", [("daily-dose", "-60", "%")]),
        ("venlafaxine", ["0.0", "0.25"], "avoid", []),
        ("venlafaxine", ["3.0"], "increase-dose", [("daily-dose", "+50", "%")]),
        (
            "voriconazole",
            ["Ultrarapid Metabolizer"],
            "increase-dose",
            [("starting-dose", "+50", "%")],
        ),
        ("warfarin", ["*3/*3"], "reduce-dose", [("starting-dose", "-80", "%")]),
        ("zuclopenthixol", ["≥5.0"], "increase-dose", [("maximum-dose", "<=150", "%")]),
    ],
)
def test_a_result_leads_to_the_action_and_the_dose_of_its_guideline(
    ours, drug, keys, action, numbers
):
    found = [
        each.advice
        for each in ours
        if each.drug == drug and each.key in keys and each.row["population"] in OF_ADULTS
    ]
    assert len(found) == len(keys)
    for advice in found:
        assert (advice["action"], dose(advice)) == (action, numbers)


@pytest.mark.parametrize(
    ("drug", "key"),
    [
        ("codeine", "≥3.0"),
        ("tramadol", "≥3.0"),
        ("carbamazepine", "*15:02 positive"),
    ],
)
def test_advice_whose_neglect_can_kill_says_so(ours, drug, key):
    found = [each for each in ours if (each.drug, each.key) == (drug, key)]
    assert {each.advice["harm"] for each in found} == {"serious"}


@pytest.mark.parametrize(
    ("population", "mg"), [("adults", ["20"]), ("from 12 to 17", ["10"]), ("under 12", [])]
)
def test_each_age_has_codeine_s_limit_of_its_own_and_below_12_none_is_named(ours, population, mg):
    rows = [each for each in ours if (each.drug, each.row["population"]) == ("codeine", population)]
    assert {each.key for each in rows} >= {"3.0", "≥3.0", "≥6.0"}
    for each in rows:
        assert [number["value"] for number in each.advice.get("dose", [])] == mg
        assert ("mg" in each.advice["summary"]) is bool(mg)
        assert all(f"{other} mg" not in each.advice["text"] for other in {"10", "20"} - set(mg))


def test_efavirenz_starts_at_the_standard_dose_below_40_kg(ours):
    rows = {
        each.row["population"]: each.advice
        for each in ours
        if (each.drug, each.key) == ("efavirenz", "Poor Metabolizer")
    }
    assert dose(rows["from 40 kg"]) == [
        ("starting-dose", "400", "mg/d"), ("starting-dose", "600", "mg/d"),
    ]  # fmt: skip
    assert rows["below 40 kg"]["action"] == "monitor"
    assert dose(rows["below 40 kg"]) == []


def test_eliglustat_keeps_every_condition_of_co_medication(ours):
    by_key = {each.key: each for each in ours if each.drug == "eliglustat"}
    poor, intermediate = by_key["0.0"].advice, by_key["0.5"].advice
    for inducer_or_inhibitor in ("Strong CYP3A inhibitor:", "Strong CYP3A inducer:"):
        assert inducer_or_inhibitor in poor["text"]
        assert inducer_or_inhibitor in intermediate["text"]
    for condition in ("Moderate CYP3A inhibitor:", "Weak CYP3A inhibitor:", "None of these:"):
        assert condition in poor["text"]
    for condition in (
        "A moderate or strong CYP2D6 inhibitor together with a moderate or strong CYP3A inhibitor:",
        "Strong CYP2D6 inhibitor: 84 mg once a day",
        "Moderate CYP2D6 inhibitor:",
        "None of these: the standard dose, 84 mg twice a day",
    ):
        assert condition in intermediate["text"]
    assert "contraindicated" in poor["also"]
    assert "contraindicated" in intermediate["also"]
    # The text of 2025 is told where its key is certain, and there alone.
    assert [key for key, each in by_key.items() if each.row["considerations"]] == ["1.0"]

"""Medication concepts to ingredients: what a code or a name means, and what it must not."""

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.model.drug import CodeMeaning, Coding, Drug, DrugMatch, MedicationConcept
from fhir_pgx.normalize.drug import DrugIndex, coding_system, normal_name, resolve
from fhir_pgx.terminology import ATC, NDC, RXNORM, SNOMED

INDEX: DrugIndex = DrugCodes()

CLOPIDOGREL = Coding(RXNORM, "32968")
CLOPIDOGREL_75 = Coding(RXNORM, "309362")
PLAVIX = Coding(RXNORM, "174742")
PLAVIX_75 = Coding(RXNORM, "213169")
WARFARIN = Coding(RXNORM, "11289")
CODEINE = Coding(RXNORM, "2670")
ACETAMINOPHEN = Coding(RXNORM, "161")
ACETAMINOPHEN_CODEINE = Coding(RXNORM, "993781")
TRASTUZUMAB = Coding(RXNORM, "224905")
OPAQUE = Coding("urn:oid:1.2.840.114350.1.13.861.1.7.2.698288", "5012")


def names(match: DrugMatch | None) -> set[str] | None:
    return None if match is None else {drug.name for drug in match.ingredients}


def by_text(text: str) -> DrugMatch | None:
    return resolve(MedicationConcept(text=text), INDEX)


def by_codes(*codings: Coding, text: str = "") -> DrugMatch | None:
    return resolve(MedicationConcept(codings, text), INDEX)


@pytest.mark.parametrize(
    ("system", "canonical"),
    [
        ("http://www.nlm.nih.gov/research/umls/rxnorm", RXNORM),
        ("https://www.nlm.nih.gov/research/umls/rxnorm/", RXNORM),
        ("urn:oid:2.16.840.1.113883.6.88", RXNORM),
        ("2.16.840.1.113883.6.88", RXNORM),
        ("http://hl7.org/fhir/sid/ndc", NDC),
        ("urn:oid:2.16.840.1.113883.6.69", NDC),
        ("http://snomed.info/sct", SNOMED),
        ("http://snomed.info/sct/731000124108", SNOMED),
        ("urn:oid:2.16.840.1.113883.6.96", SNOMED),
        ("http://www.whocc.no/atc", ATC),
        ("urn:oid:2.16.840.1.113883.6.73", ATC),
        ("urn:oid:2.16.840.1.113883.6.253", ""),  # Medi-Span: opaque to us
        ("urn:oid:2.16.840.1.113883.6.8", ""),
        ("http://snomed.info/sctx", ""),
        ("https://fhir.example.org/tenant/synonym", ""),
        ("", ""),
    ],
)
def test_a_system_is_known_however_it_is_written(system, canonical):
    assert coding_system(system) == canonical


@pytest.mark.parametrize(
    ("codings", "ingredients", "decided_by", "why"),
    [
        ((CLOPIDOGREL,), {"clopidogrel"}, CLOPIDOGREL, "an ingredient"),
        ((CLOPIDOGREL_75,), {"clopidogrel"}, CLOPIDOGREL_75, "a product"),
        (
            (OPAQUE, CLOPIDOGREL, CLOPIDOGREL_75),
            {"clopidogrel"},
            CLOPIDOGREL,
            "Epic: proprietary codes first, then ingredient and product",
        ),
        (
            (CODEINE, ACETAMINOPHEN_CODEINE),
            {"acetaminophen", "codeine"},
            ACETAMINOPHEN_CODEINE,
            "one ingredient of a combination beside the combination: the larger set",
        ),
        (
            (ACETAMINOPHEN, CODEINE, ACETAMINOPHEN_CODEINE),
            {"acetaminophen", "codeine"},
            ACETAMINOPHEN_CODEINE,
            "both ingredients beside the combination",
        ),
        (
            (PLAVIX_75, Coding(NDC, "63653-1171-01"), Coding(ATC, "B01AC04")),
            {"clopidogrel"},
            PLAVIX_75,
            "three systems",
        ),
        (
            (Coding(RXNORM, "1187410"), PLAVIX, Coding("", "11289")),
            {"clopidogrel"},
            PLAVIX,
            "an unknown code and a code without a system say nothing",
        ),
    ],
)
def test_codings_that_agree_give_every_ingredient(codings, ingredients, decided_by, why):
    found = by_codes(*codings)
    assert (names(found), found.how, found.decided_by) == (ingredients, "code", decided_by), why
    assert found.notes == ()


@pytest.mark.parametrize(
    ("codings", "candidates", "why"),
    [
        ((CLOPIDOGREL, WARFARIN), {("clopidogrel",), ("warfarin",)}, "two ingredients"),
        (
            (CLOPIDOGREL_75, Coding(ATC, "B01AA03")),
            {("clopidogrel",), ("warfarin",)},
            "two systems",
        ),
        ((CODEINE, ACETAMINOPHEN), {("codeine",), ("acetaminophen",)}, "no combination names both"),
        (
            (ACETAMINOPHEN_CODEINE, Coding(RXNORM, "997287")),
            {("acetaminophen", "codeine"), ("codeine",)},
            "two products: codeine 30 MG, and acetaminophen 300 MG / codeine 30 MG",
        ),
    ],
)
def test_codings_that_disagree_choose_no_drug(codings, candidates, why):
    found = by_codes(*codings)
    assert (found.ingredients, found.notes) == ((), ("codings-disagree",)), why
    assert {tuple(drug.name for drug in choice) for choice in found.candidates} == candidates


def test_a_retired_code_resolves_and_says_so():
    found = by_codes(Coding(RXNORM, "197376"))  # aspirin 325 MG / codeine 30 MG, until 2010
    assert (names(found), found.notes) == ({"aspirin", "codeine"}, ("retired-code",))


def test_a_code_in_force_speaks_for_a_retired_one_beside_it():
    found = by_codes(Coding(RXNORM, "402353"), Coding(RXNORM, "2167568"))
    assert (names(found), found.notes) == ({"rosuvastatin"}, ())
    assert found.decided_by == Coding(RXNORM, "2167568")


@pytest.mark.parametrize(
    ("codings", "text"),
    [
        ((Coding(RXNORM, "1658084"),), ""),  # ado-trastuzumab emtansine 100 MG Injection
        ((TRASTUZUMAB, Coding(RXNORM, "1658084")), ""),
        ((TRASTUZUMAB,), "KADCYLA 100 mg IV"),
        ((), "Kadcyla 100 MG Injection"),
        ((), "trastuzumab deruxtecan"),
    ],
)
def test_a_conjugate_is_never_passed_off_as_its_antibody(codings, text):
    found = by_codes(*codings, text=text)
    assert names(found) == {"trastuzumab"}
    assert "not-interchangeable" in found.notes


def test_plain_trastuzumab_has_no_such_note():
    assert by_codes(TRASTUZUMAB, text="trastuzumab").notes == ()


@pytest.mark.parametrize(
    ("concept", "ingredients", "notes"),
    [
        (MedicationConcept((Coding(ATC, "N02AA"),)), set(), ("class-only",)),
        (
            MedicationConcept((Coding(ATC, "N02AA"),), "codeine 30 mg"),
            {"codeine"},
            ("matched-by-name",),
        ),
        (MedicationConcept((Coding(ATC, "N02AA"), CODEINE)), {"codeine"}, ()),
        (
            MedicationConcept((Coding(ATC, "N02AA59"),)),
            {"codeine"},
            ("incomplete-ingredients",),
        ),
    ],
)
def test_a_class_of_drugs_is_not_a_drug(concept, ingredients, notes):
    found = resolve(concept, INDEX)
    assert (names(found), found.notes) == (ingredients, notes)


REUSED = Coding(NDC, "0093-0011-01")  # pantoprazole, or aspirin and codeine


@pytest.mark.parametrize(
    ("codings", "text", "ingredients", "notes"),
    [
        ((REUSED,), "", set(), ("ndc-conflict",)),
        ((REUSED, Coding(RXNORM, "40790")), "", {"pantoprazole"}, ()),
        ((REUSED, WARFARIN), "", set(), ("codings-disagree",)),
        (
            (REUSED,),
            "pantoprazole 40 mg EC tablet",
            {"pantoprazole"},
            ("matched-by-name", "ndc-conflict"),
        ),
        ((REUSED,), "warfarin 5 mg", set(), ("codings-disagree",)),
    ],
)
def test_an_ndc_whose_listings_disagree_needs_another_witness(codings, text, ingredients, notes):
    found = by_codes(*codings, text=text)
    assert (names(found), found.notes) == (ingredients, notes)
    assert bool(found.candidates) != bool(ingredients)


@pytest.mark.parametrize(
    ("text", "ingredients"),
    [
        ("clopidogrel", {"clopidogrel"}),
        ("CLOPIDOGREL 75 MG PO TABS", {"clopidogrel"}),
        ("clopidogrel bisulfate 75 mg", {"clopidogrel"}),
        ("Plavix 75mg tablet", {"clopidogrel"}),
        ("Plavix® 75 mg", {"clopidogrel"}),
        ("clopidogrel (PLAVIX) 75 mg tablet", {"clopidogrel"}),
        ("clopidogrel 75 MG Oral Tablet [Plavix]", {"clopidogrel"}),
        ("Simvastatin 20 MG Oral Tablet", {"simvastatin"}),
        ("amitriptyline HCl 25 mg tab", {"amitriptyline"}),
        ("warfarin (COUMADIN) 5 MG tablet, take 1 tablet daily", {"warfarin"}),
        ("metoprolol succinate ER 50 mg 24 hr tablet", {"metoprolol"}),
        ("venlafaxine XR (EFFEXOR-XR) 75 MG 24 hr capsule", {"venlafaxine"}),
        ("24 HR tramadol hydrochloride 100 MG Extended Release Oral Tablet", {"tramadol"}),
        ("1 ML haloperidol decanoate 50 MG/ML Injection", {"haloperidol"}),
        ("5-FU", {"fluorouracil"}),
        ("Paracetamol 500 mg", {"acetaminophen"}),
        ("Codéine 30 mg", {"codeine"}),
        ("buPROPion XL 150 mg", {"bupropion"}),
        ("valproate sodium 250 mg/5 mL", {"valproate"}),
        ("codeine/acetaminophen 30-300 mg", {"codeine", "acetaminophen"}),
        (
            "acetaminophen 300 MG / codeine phosphate 30 MG Oral Tablet",
            {"codeine", "acetaminophen"},
        ),
        ("TYLENOL-CODEINE #3 300-30 MG", {"codeine", "acetaminophen"}),
        ("acetaminophen-codeine (TYLENOL #3) 300-30 mg", {"codeine", "acetaminophen"}),
        ("hydrocodone-acetaminophen (NORCO) 5-325 mg", {"hydrocodone", "acetaminophen"}),
        ("aspirin with codeine", {"aspirin", "codeine"}),
        ("sulfamethoxazole-trimethoprim 800-160 mg", {"sulfamethoxazole", "trimethoprim"}),
        ("hydrochlorothiazide / potassium chloride", {"hydrochlorothiazide", "potassium chloride"}),
        ("fentanyl-sodium chloride", {"fentanyl", "sodium chloride"}),
        ("Diovan HCT 160-12.5 mg", {"valsartan", "hydrochlorothiazide"}),
    ],
)
def test_a_text_that_is_a_name_with_strength_and_form_gives_its_ingredients(text, ingredients):
    found = by_text(text)
    assert (names(found), found.how, found.decided_by) == (ingredients, "name", None)
    assert found.notes == ("matched-by-name",)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("hydrocodeine 30 mg", "no drug of this name, though `codeine` stands in it"),
        ("codeinex", "one letter too many"),
        ("warfarin allergy", "not an order for warfarin"),
        ("no warfarin", "not an order for warfarin"),
        ("stop clopidogrel 75 mg", "not an order for clopidogrel"),
        ("clopidogrel 75 mg (not with omeprazole)", "the aside is not understood"),
        ("simvastatin 20 mg unknownamab 10 mg", "one word is not understood"),
        ("simvastatin / unknownamab 20-10 mg", "one of two is not known"),
        ("ibuprofen or codeine", "a choice is not a combination"),
        ("promethazine, phenylephrine and ", "the text was cut"),
        ("aspirin-free excedrin", "says what it does not hold"),
        ("clopidogrel (COUMADIN) 75 mg", "name and brand are two drugs"),
        ("Tylenol #3", "holds codeine, which the brand alone does not"),
        ("Tylenol 3 300/30 mg tablet", "holds codeine, which the brand alone does not"),
        ("MS 10 mg", "morphine sulfate or magnesium sulfate"),
        ("AZA 50 mg", "azathioprine or azacitidine"),
        ("варфарин 5 mg", "a name in letters we do not hold"),
        ("варфарин codeine 5 mg", "half of the text cannot be read"),
        ("5 mg tablet", "no name"),
        ("doxorubicin liposomal pegylated 2 mg/ml", "a carrier that we do not know"),
        ("codeine " * 1000, "longer than any order"),
        ("", "nothing"),
    ],
)
def test_a_text_with_anything_unknown_in_it_gives_no_drug(text, why):
    assert by_text(text) is None, why


@pytest.mark.parametrize(
    ("text", "is_drug", "is_not"),
    [
        ("dihydrocodeine 30 mg", "dihydrocodeine", "codeine"),
        ("hydroxychloroquine 200 mg", "hydroxychloroquine", "chloroquine"),
        ("chloroquine 250 mg", "chloroquine", "hydroxychloroquine"),
        ("esomeprazole 40 mg", "esomeprazole", "omeprazole"),
        ("escitalopram 10 mg", "escitalopram", "citalopram"),
        ("oxcarbazepine 300 mg", "oxcarbazepine", "carbamazepine"),
        ("desvenlafaxine 50 mg", "desvenlafaxine", "venlafaxine"),
        ("fosphenytoin 50 mg PE/mL", None, "phenytoin"),
        ("fosphenytoin 50 mg/mL", "fosphenytoin", "phenytoin"),
        ("levocetirizine 5 mg", "levocetirizine", "cetirizine"),
        ("dexlansoprazole 60 mg", "dexlansoprazole", "lansoprazole"),
        ("methylphenidate 10 mg", "methylphenidate", "methadone"),
    ],
)
def test_a_drug_is_not_found_inside_another_drugs_name(text, is_drug, is_not):
    found = names(by_text(text))
    assert found == ({is_drug} if is_drug else None)
    assert is_not not in (found or set())
    assert names(by_text(f"{is_not} 10 mg")) != found


# FDA's list of look-alike names with recommended tall man letters, and sound-alikes of brands.
LOOK_ALIKES = [
    ("clonidine", "2599", "Klonopin", "2598"),
    ("hydralazine", "5470", "hydroxyzine", "5553"),
    ("bupropion", "42347", "buspirone", "1827"),
    ("tramadol", "10689", "trazodone", "10737"),
    ("Celebrex", "140587", "Celexa", "2556"),
    ("Celebrex", "140587", "Cerebyx", "72236"),
    ("Plavix", "32968", "Paxil", "32937"),
    ("oxycodone", "7804", "hydrocodone", "5489"),
    ("azathioprine", "1256", "azacitidine", "1251"),
    ("clomiphene", "2596", "clomipramine", "2597"),
    ("Prilosec", "7646", "Prozac", "4493"),
    ("quinine", "9071", "quinidine", "9068"),
    ("phenytoin", "8183", "fosphenytoin", "72236"),
    ("capecitabine", "194000", "carbamazepine", "2002"),
]


@pytest.mark.parametrize(("one", "code_one", "two", "code_two"), LOOK_ALIKES)
def test_look_alike_names_never_match_each_other(one, code_one, two, code_two):
    for name, code in ((one, code_one), (two, code_two)):
        for text in (name, name.upper(), f"{name} 10 mg tablet"):
            assert [drug.rxcui for drug in by_text(text).ingredients] == [code]


def test_all_look_alike_pairs_of_the_facts_stay_apart(shared):
    with (shared / "facts/drugs/lookalike_pairs.csv").open(newline="") as file:
        pairs = list(csv.DictReader(file))
    assert len(pairs) > 50
    for pair in pairs:
        for side in "ab":
            found = by_text(f"{pair[f'name_{side}']} 10 mg tablet")
            assert [d.rxcui for d in found.ingredients] == [pair[f"ingredient_rxcuis_{side}"]]


@pytest.mark.parametrize(
    ("codings", "text", "ingredients", "why"),
    [
        ((CLOPIDOGREL_75,), "CLOPIDOGREL 75 MG PO TABS", {"clopidogrel"}, "they agree"),
        ((CLOPIDOGREL_75,), "heart medicine", {"clopidogrel"}, "the text says nothing"),
        ((ACETAMINOPHEN_CODEINE,), "codeine", {"acetaminophen", "codeine"}, "it says less"),
        (
            (Coding(RXNORM, "322248"),),
            "tenofovir 300 mg",
            {"tenofovir disoproxil"},
            "a short form of the name",
        ),
        ((CLOPIDOGREL,), "warfarin 5 mg", set(), "they name two drugs"),
        (
            (Coding(RXNORM, "32968", "warfarin 5 mg tablet"),),
            "",
            set(),
            "the display names another drug",
        ),
        ((CODEINE,), "acetaminophen / codeine 300-30 mg", set(), "the text holds one more"),
    ],
)
def test_a_code_wins_over_a_text_that_does_not_contradict_it(codings, text, ingredients, why):
    found = by_codes(*codings, text=text)
    assert (names(found), found.how) == (ingredients, "code"), why
    assert found.notes == (() if ingredients else ("codings-disagree",))
    if not ingredients:
        assert len(found.candidates) == 2


def test_displays_speak_where_no_code_is_known():
    found = by_codes(Coding(OPAQUE.system, "5012", "CODEINE 30 MG PO TABS"))
    assert (names(found), found.notes) == ({"codeine"}, ("matched-by-name",))


def test_two_names_for_two_drugs_choose_neither():
    found = by_codes(Coding(OPAQUE.system, "5012", "codeine 30 mg"), text="warfarin 5 mg")
    assert (found.ingredients, found.how, found.notes) == ((), "name", ("codings-disagree",))


@pytest.mark.parametrize(
    ("product", "parts", "ingredients", "how", "notes"),
    [
        (
            MedicationConcept(text="PAIN MIX"),
            (MedicationConcept((ACETAMINOPHEN,)), MedicationConcept((CODEINE,))),
            {"acetaminophen", "codeine"},
            "code",
            (),
        ),
        (
            MedicationConcept((CLOPIDOGREL_75,)),
            (MedicationConcept((WARFARIN,)),),
            {"clopidogrel"},  # the product's own code speaks first
            "code",
            (),
        ),
        (
            MedicationConcept(),
            (MedicationConcept((CODEINE,)), MedicationConcept(text="something local")),
            {"codeine"},
            "code",
            ("incomplete-ingredients",),
        ),
        (
            MedicationConcept(),
            (MedicationConcept((ACETAMINOPHEN,)), MedicationConcept(text="codeine 30 mg")),
            {"acetaminophen", "codeine"},
            "name",
            ("matched-by-name",),
        ),
        (
            MedicationConcept(text="warfarin 5 mg"),
            (MedicationConcept((CODEINE,)),),
            set(),
            "code",
            ("codings-disagree",),
        ),
        (
            MedicationConcept(),
            (MedicationConcept((CODEINE, WARFARIN)), MedicationConcept((ACETAMINOPHEN,))),
            set(),
            "code",
            ("codings-disagree",),
        ),
    ],
)
def test_the_parts_of_a_medication_speak_where_its_own_code_does_not(
    product, parts, ingredients, how, notes
):
    found = resolve(MedicationConcept(product.codings, product.text, parts), INDEX)
    assert (names(found), found.how, found.notes) == (ingredients, how, notes)


@pytest.mark.parametrize(
    "concept",
    [
        MedicationConcept(),
        MedicationConcept((OPAQUE,), "local preparation"),
        MedicationConcept((Coding(RXNORM, "99999999"),)),
        MedicationConcept((Coding("", "32968"),)),
        MedicationConcept(parts=(MedicationConcept(),)),
    ],
)
def test_what_is_not_recognised_gives_none(concept):
    assert resolve(concept, INDEX) is None


def test_parts_within_parts_end_somewhere():
    concept = MedicationConcept((CODEINE,))
    for _ in range(500):
        concept = MedicationConcept(parts=(concept,))
    assert resolve(concept, INDEX) is None


NO_SUCH_CODE = {"ribostamycin": "NA"}  # the facts have no RxNorm code for it


def test_every_drug_with_a_cpic_recommendation_resolves_by_code_and_by_name(shared):
    with (shared / "facts/drug_codes.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["has_cpic_rec"] == "yes"]
    assert len(rows) >= 107
    for row in rows:
        name, code = row["drug"], row["rxnorm_ingredient"]
        if name in NO_SUCH_CODE:
            assert code == NO_SUCH_CODE[name]
            continue
        by_code, by_name = by_codes(Coding(RXNORM, code)), by_text(name)
        assert by_code.ingredients, name
        assert set(by_name.ingredients) == set(by_code.ingredients), name
        assert names(by_name) == set(name.split(" / ")) or name == "vitamin c"


def test_a_products_own_rxnorm_name_never_means_another_drug(shared):
    with (shared / "facts/drugs/rxcui_to_ingredient.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    wrong, understood = [], 0
    for row in rows:
        code, named = by_codes(Coding(RXNORM, row["rxcui"])), by_text(row["name"])
        understood += named is not None
        # A name may know the ingredient that an incomplete row lacks; of vitamin K the facts
        # keep both the group and its members as ingredients.
        is_excused = "incomplete-ingredients" in code.notes or "vitamin K" in row["name"]
        if named is not None and set(named.ingredients) != set(code.ingredients) and not is_excused:
            wrong.append((row["rxcui"], row["name"]))
    assert understood > 30_000
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("  5-Fluorouracil ", "5 fluorouracil"),
        ("Codéine", "codeine"),
        ("Plavix™", "plavix"),
        ("St. John's wort", "st john s wort"),
        ("варфарин", ""),
        ("", ""),
    ],
)
def test_a_name_is_spelled_as_the_tables_spell_it(text, normal):
    assert normal_name(text) == normal


def test_names_of_the_facts_are_spelled_as_we_spell_them(shared):
    with (shared / "facts/drugs/drug_synonyms.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            assert normal_name(row["name"]) == row["normalised_name"]


def test_an_index_of_ones_own_will_do():
    class OneDrug:
        def by_rxcui(self, code: str, /) -> CodeMeaning | None:
            return CodeMeaning((Drug("1", "one"),), "ingredient") if code == "1" else None

        def by_ndc(self, text: str, /) -> CodeMeaning | None:
            return None

        by_atc = by_snomed = by_name = by_ndc

    assert names(resolve(MedicationConcept((Coding(RXNORM, "1"),)), OneDrug())) == {"one"}


texts = st.one_of(
    st.text(max_size=60),
    st.lists(
        st.sampled_from(
            ["codeine", "Plavix", "sodium", "5", "mg", "/", "-", "(", ")", "[", "#3", "and", ",",
             "tab", "w/", "", "é", "×", "{", "HCl", "75mg", "Tylenol"]
        ),
        max_size=30,
    ).map(" ".join),
)  # fmt: skip
codings = st.builds(
    Coding,
    st.sampled_from([RXNORM, NDC, ATC, SNOMED, "", "x"]) | st.text(max_size=10),
    st.sampled_from(["32968", "2670", "309362", "0093-0011-01", "N02AA"]) | st.text(max_size=12),
    texts,
)
concepts = st.recursive(
    st.builds(MedicationConcept, st.lists(codings, max_size=4).map(tuple), texts),
    lambda inner: st.builds(
        MedicationConcept,
        st.lists(codings, max_size=2).map(tuple),
        texts,
        st.lists(inner, max_size=3).map(tuple),
    ),
    max_leaves=6,
)


@given(concepts)
def test_no_concept_breaks_the_resolver(concept):
    found = resolve(concept, INDEX)
    if found is None:
        return
    assert found.ingredients or found.notes
    if found.ingredients:
        assert not found.candidates
        assert ("matched-by-name" in found.notes) == (found.how == "name")

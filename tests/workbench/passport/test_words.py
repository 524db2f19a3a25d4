"""The patient's page in every language: the same keys and places, all of them used, and no word
that tells anybody to stop or change a medicine."""

import re
from importlib.resources import files
from typing import get_args

import pytest
from markupsafe import Markup

from fhir_pgx.model.passport import LIGHTS, NOT_READ, Origin, PassportGene
from fhir_pgx.model.phenotype import Status
from fhir_pgx.phenotype import possible_results
from fhir_pgx.workbench.passport.plain import KEYS, explained, explanations
from fhir_pgx.workbench.words import LANGUAGES, english, words_in

OTHERS = LANGUAGES[1:]
TEMPLATE = (files("fhir_pgx.workbench") / "templates/passport/patient.html").read_text()
WORDS = (files("fhir_pgx.workbench") / "words/__init__.py").read_text()
ROUTES = (files("fhir_pgx.workbench") / "passport/routes.py").read_text()
PLACE = re.compile(r"\{(\w+)\}")
# A sentence that begins so is an order about a medicine, in a text for everybody.
_BEGINS = r"(?:^|[.;:] )"
ORDERS = {
    "en": re.compile(rf"{_BEGINS}(?:Stop|Avoid|Do not take|Don't take|Keep|Switch|Take|Start)\b"),
    "es": re.compile(rf"{_BEGINS}(?:Deje|Evite|No tome|Suspenda|Siga|Cambie|Tome|Empiece)\b"),
}


def keys_used():
    """Every key that something asks for: by its name, or by a family of a model's words."""
    asked = re.findall(r"say\(['\"]([a-z0-9-]+)['\"]\s*[,)~]?", TEMPLATE)
    literal = {key for key in asked if not key.endswith("-")}
    literal |= set(re.findall(r'(?:self|words_in\(each\))\("([a-z-]+)"', WORDS + ROUTES))
    families = {
        *(f"light-{light}" for light in LIGHTS),
        *(f"light-{light}-means" for light in LIGHTS),
        *(f"status-{status.value}" for status in Status),
        f"status-{NOT_READ}",
        *(f"phenotype-{key}" for key in KEYS),
        *(f"origin-{origin}" for origin in get_args(Origin)),
        *(f"month-{number}" for number in range(1, 13)),
        *(f"missing-{word}" for word in ("not-tested", "not-called", "not-settled", NOT_READ)),
        "hla-positive",
        "hla-negative",
    }
    return literal | families


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_key_that_is_used_is_there_and_every_key_that_is_there_is_used(language):
    assert set(words_in(language).table) == keys_used()


@pytest.mark.parametrize("language", OTHERS)
def test_every_language_has_the_same_keys_and_places(language):
    ours, theirs = words_in("en").table, words_in(language).table
    assert set(ours) == set(theirs)
    for key, text in ours.items():
        assert sorted(PLACE.findall(theirs[key])) == sorted(PLACE.findall(text)), key
        assert theirs[key].strip(), key


@pytest.mark.parametrize("language", OTHERS)
def test_nothing_was_left_in_english(language):
    ours, theirs = words_in("en").table, words_in(language).table
    assert {key for key in ours if ours[key] == theirs[key]} == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_tells_to_stop_or_change_a_medicine(language):
    told = {k: t for k, t in words_in(language).table.items() if ORDERS[language].search(t)}
    assert told == {}
    # The test can fail.
    assert ORDERS["en"].search("Stop taking it.")
    assert ORDERS["es"].search("Deje de tomar este medicamento.")


def test_a_language_that_we_do_not_have_is_english():
    assert words_in("xx").language == words_in("").language == "en"
    assert words_in("../../settings").language == "en"


@pytest.mark.parametrize(
    ("text", "english_day", "spanish_day"),
    [
        ("2024-05-02", "2 May 2024", "2 de mayo de 2024"),
        ("2024-05-02T10:00:00Z", "2 May 2024", "2 de mayo de 2024"),
        ("2024-05", "May 2024", "mayo de 2024"),
        ("2024", "2024", "2024"),
        ("", "not stated", "no consta"),
        ("2024-13-01", "2024-13-01", "2024-13-01"),
        ("<b>", "&lt;b&gt;", "&lt;b&gt;"),
    ],
)
def test_a_date_is_written_as_people_do(text, english_day, spanish_day):
    assert str(words_in("en").day(text)) == english_day
    assert str(words_in("es").day(text)) == spanish_day


def test_what_is_put_into_a_sentence_is_escaped_and_terms_are_marked_as_english():
    say = words_in("es")
    assert "<script>" not in say("for", name="<script>")
    assert say("missing-not-tested", genes=english("CYP2C19")) == Markup(
        'Sin analizar: <span lang="en" translate="no">CYP2C19</span>'
    )
    assert english("<b>") == '<span lang="en" translate="no">&lt;b&gt;</span>'


def test_a_key_or_a_place_that_is_not_there_is_an_error():
    with pytest.raises(KeyError):
        words_in("en")("no-such-key")
    with pytest.raises(KeyError):
        words_in("en")("for")


# Which sentence stands beside which result


@pytest.mark.parametrize(
    ("phenotype", "keys"),
    [
        ("Ultrarapid Metabolizer", ["phenotype-ultrarapid"]),
        ("Rapid Metabolizer", ["phenotype-rapid"]),
        ("Normal Metabolizer", ["phenotype-normal"]),
        ("Likely Poor Metabolizer", ["phenotype-poor", "phenotype-likely"]),
        ("Possible Decreased Function", ["phenotype-function-decreased", "phenotype-likely"]),
        ("Poor Function", ["phenotype-function-poor"]),
        ("Deficient with CNSHA", ["phenotype-deficient"]),
        ("Malignant Hyperthermia Susceptibility", ["phenotype-susceptible"]),
        ("Indeterminate", ["phenotype-uncertain"]),
        ("increased risk of aminoglycoside-induced hearing loss", ["phenotype-risk"]),
        ("-1639 AA", ["phenotype-other"]),
        ("", ["phenotype-other"]),
    ],
)
def test_a_phenotype_has_its_plain_sentence(phenotype, keys):
    assert list(explained(phenotype)) == keys


def test_every_phenotype_that_a_gene_can_have_has_a_sentence_in_every_language(knowledge):
    for rules in knowledge.genes.values():
        for result in possible_results(rules):
            for key in explained(result.phenotype or ""):
                for language in LANGUAGES:
                    assert words_in(language)(key)


@pytest.mark.parametrize("status", [*(each.value for each in Status if each != "called"), NOT_READ])
def test_a_result_that_is_no_answer_is_explained_by_its_own_word_and_never_by_its_phenotype(status):
    gene = PassportGene("CYP2C19", status, phenotype="Poor Metabolizer")
    assert list(explanations(gene)) == [f"status-{status}"]

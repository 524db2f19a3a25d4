"""The seventeen shapes in which PGx results come (reference page, section C). All synthetic."""

import pytest

from fhir_pgx.model.finding import Presence, SourceClass, StatementKind

DIPLOTYPE, HAPLOTYPE = StatementKind.DIPLOTYPE, StatementKind.HAPLOTYPE
PRESENCE, PHENOTYPE = StatementKind.ALLELE_PRESENCE, StatementKind.PHENOTYPE
SCORE = StatementKind.ACTIVITY_SCORE
TBD = "http://hl7.org/fhir/uv/genomics-reporting/CodeSystem/tbd-codes-cs"
LOINC = "http://loinc.org"


def concept(code="", display="", text="", system=LOINC):
    made = {}
    if code or display:
        coding = {"system": system, "code": code, "display": display}
        made["coding"] = [{name: part for name, part in coding.items() if part}]
    if text:
        made["text"] = text
    return made


def observation(code, value=None, *, components=(), **more):
    made = {"resourceType": "Observation", "id": "one", "status": "final", "code": code}
    made["subject"] = {"reference": "Patient/synthetic"}
    if isinstance(value, dict):
        made["valueCodeableConcept"] = value
    elif value is not None:
        made["valueString"] = value
    if components:
        made["component"] = list(components)
    return made | more


def component(code, value):
    made = {"code": code if isinstance(code, dict) else concept(code)}
    return made | ({"valueString": value} if isinstance(value, str) else value)


def gene(symbol, hgnc, system="http://www.genenames.org/geneId"):
    return component("48018-6", {"valueCodeableConcept": concept(hgnc, symbol, system=system)})


CYP2C19 = gene("CYP2C19", "HGNC:2621")
CYP2D6 = gene("CYP2D6", "HGNC:2625")
GENOTYPE, ALLELE = concept("84413-4"), concept("84414-2")
PHARMVAR = "http://www.pharmvar.org"
CLINVAR = "http://www.ncbi.nlm.nih.gov/clinvar"


def said(reading):
    return [(one.gene, one.kind, one.value) for one in reading.statements]


@pytest.mark.parametrize(
    ("shape", "resource", "expected"),
    [
        (
            "1 coding and display, gene in component",
            observation(
                GENOTYPE,
                concept("CYP2C19", "CYP2C19 *1/*17", system=PHARMVAR),
                components=[CYP2C19],
            ),
            [("CYP2C19", DIPLOTYPE, "CYP2C19 *1/*17")],
        ),
        (
            "2 text alone, gene in component",
            observation(GENOTYPE, concept(text="*1/*2A"), components=[CYP2C19]),
            [("CYP2C19", DIPLOTYPE, "*1/*2A")],
        ),
        (
            "2 nucleotides, gene in component",
            observation(GENOTYPE, concept(text="T/C"), components=[gene("SLCO1B1", "HGNC:10959")]),
            [("SLCO1B1", DIPLOTYPE, "T/C")],
        ),
        (
            "3 ClinVar id, diplotype in the display",
            observation(
                GENOTYPE, concept("638797", "CYP2D6 *1/*4", system=CLINVAR), components=[CYP2D6]
            ),
            [("CYP2D6", DIPLOTYPE, "CYP2D6 *1/*4")],
        ),
        (
            "4 LOINC phenotype code, LA answer",
            observation(concept("79714-2"), concept("LA9657-3", "Poor metabolizer")),
            [("CYP2C19", PHENOTYPE, "Poor metabolizer")],
        ),
        (
            "4 LOINC phenotype code, text",
            observation(concept("79722-5"), "Decreased function"),
            [("SLCO1B1", PHENOTYPE, "Decreased function")],
        ),
        (
            "6 LOINC allele code, string",
            observation(concept("57132-3"), "*1/*2"),
            [("CYP2C19", DIPLOTYPE, "*1/*2")],
        ),
        (
            "9 SNOMED code, gene extension with a bare HGNC number",
            observation(
                concept("363779003", text="Diplotype Call", system="http://snomed.info/sct"),
                "*1/*1",
                extension=[
                    {
                        "url": "http://hl7.org/fhir/StructureDefinition/observation-geneticsGene",
                        "valueCodeableConcept": concept("2621", system="http://www.genenames.org"),
                    }
                ],
            ),
            [("CYP2C19", DIPLOTYPE, "*1/*1")],
        ),
        (
            "11 one allele, the other unknown",
            observation(
                GENOTYPE,
                concept("14909", "HLA-B*15:02", system=CLINVAR),
                components=[gene("HLA-B", "HGNC:4932")],
            ),
            [("HLA-B", HAPLOTYPE, "HLA-B*15:02")],
        ),
        (
            "12 suballeles on both sides",
            observation(GENOTYPE, concept("PV01234", "CYP2D6*7.001 / CYP2D6*1.001")),
            [("CYP2D6", DIPLOTYPE, "CYP2D6*7.001 / CYP2D6*1.001")],
        ),
        (
            "13 two genes, named in the value",
            observation(
                GENOTYPE,
                concept(text="CYP2C9 *1/*3; VKORC1 A/G"),
                components=[gene("CYP2C9", "HGNC:2623"), gene("VKORC1", "HGNC:23663")],
            ),
            [("CYP2C9", DIPLOTYPE, "CYP2C9 *1/*3"), ("VKORC1", DIPLOTYPE, "VKORC1 A/G")],
        ),
        (
            "13 two genes, stars fit only one",
            observation(
                GENOTYPE,
                concept(text="*1/*3"),
                components=[gene("CYP2C9", "HGNC:2623"), gene("VKORC1", "HGNC:23663")],
            ),
            [("CYP2C9", DIPLOTYPE, "*1/*3")],
        ),
        (
            "13 two genes, a nucleotide pair fits only one",
            observation(
                GENOTYPE,
                concept(text="C/T"),
                components=[gene("CYP2C9", "HGNC:2623"), gene("VKORC1", "HGNC:23663")],
            ),
            [("VKORC1", DIPLOTYPE, "C/T")],
        ),
        (
            "a local code with words",
            observation(concept(text="CYP2D6 Genotype"), "*4/*4"),
            [("CYP2D6", DIPLOTYPE, "*4/*4")],
        ),
        (
            "a local code in the old words of laboratories",
            observation(concept(text="CYTOCHROME P450 2C19 GENOTYPE"), "*2/*17"),
            [("CYP2C19", DIPLOTYPE, "*2/*17")],
        ),
        (
            "a diplotype and its phenotype in one text",
            observation(concept(text="CYP2D6 Genotype"), "*4/*4 (Poor Metabolizer)"),
            [("CYP2D6", DIPLOTYPE, "*4/*4"), ("CYP2D6", PHENOTYPE, "Poor Metabolizer")],
        ),
        (
            "a phenotype code with copies of a diplotype and the phenotype",
            observation(concept("79715-9"), "(*1/*2)xN, Ultrarapid Metabolizer"),
            [
                ("CYP2D6", DIPLOTYPE, "(*1/*2)xN, Ultrarapid Metabolizer"),
                ("CYP2D6", PHENOTYPE, "(*1/*2)xN, Ultrarapid Metabolizer"),
            ],
        ),
        (
            "a phenotype code that carries the diplotype",
            observation(concept("79715-9"), "*1/*41"),
            [("CYP2D6", DIPLOTYPE, "*1/*41")],
        ),
    ],
)
def test_each_shape_is_read_for_what_it_says(reading_of, shape, resource, expected):
    assert said(reading_of(resource)) == expected, shape


def test_shape_5_a_diplotype_with_phenotype_and_activity_score_beside_it(reading_of):
    reading = reading_of(
        observation(
            concept("79715-9", "CYP2D6 gene product metabolic activity interpretation"),
            "*1/*10",
            components=[
                component(concept(text="Phenotype"), "Normal Metabolizer"),
                component(concept(text="Activity score"), {"valueQuantity": {"value": 1.25}}),
            ],
        )
    )
    assert said(reading) == [
        ("CYP2D6", DIPLOTYPE, "*1/*10"),
        ("CYP2D6", PHENOTYPE, "Normal Metabolizer"),
        ("CYP2D6", SCORE, "1.25"),
    ]
    assert [one.origin.path[-12:] for one in reading.statements[1:]] == [
        "component[0]",
        "component[1]",
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"valueQuantity": {"value": 3, "comparator": ">="}}, "≥3"),
        ({"valueString": "≥3.0"}, "≥3.0"),
        ({"valueString": "n/a"}, "n/a"),
        ({"valueQuantity": {"value": 0}}, "0"),
    ],
)
def test_an_activity_score_is_kept_to_the_letter(reading_of, value, expected):
    reading = reading_of(observation(concept(text="CYP2D6 activity score")) | value)
    assert said(reading) == [("CYP2D6", SCORE, expected)]


@pytest.mark.parametrize(
    "value",
    [
        {"valueString": "about one"},
        {"valueString": "-1"},
        {"valueString": "1,5"},
        {"valueQuantity": {"value": -1}},
    ],
)
@pytest.mark.parametrize("in_component", [False, True])
def test_an_activity_score_that_is_no_number_is_refused_for_that_reason(
    reading_of, value, in_component
):
    code = concept(text="CYP2D6 activity score")
    if in_component:
        parts = [component(code, value)]
        resource = observation(concept("79715-9"), "*1/*2", components=parts)
    else:
        resource = observation(code) | value
    reading = reading_of(resource)
    assert SCORE not in [kind for _, kind, _ in said(reading)]
    (listed,) = reading.not_understood
    assert "score is neither a number nor n/a" in listed.reason
    assert listed.path.endswith("component[0]") is in_component


def test_shape_7_two_numbered_components_make_one_diplotype(reading_of):
    reading = reading_of(
        observation(
            concept(text="CYP2D6 panel"),
            components=[component("73681-9", "*41"), component("73682-7", "*1")],
        )
    )
    assert said(reading) == [("CYP2D6", DIPLOTYPE, "*1/*41")]


def test_shape_7_two_numbered_observations_of_one_report_make_one_diplotype(reading_of):
    report = {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "status": "final",
        "code": concept("51969-4"),
        "result": [{"reference": "Observation/a"}, {"reference": "Observation/b"}],
    }
    reading = reading_of(
        report,
        observation(concept("51951-2"), "*1", id="a"),
        observation(concept("51952-0"), "*28", id="b"),
    )
    assert said(reading) == [("UGT1A1", DIPLOTYPE, "*1/*28")]
    assert "Observation/b" in reading.statements[0].caveats[0].text


def test_shape_7_three_numbered_alleles_stay_single(reading_of):
    reading = reading_of(
        observation(concept("73682-7"), "*1", id="a"),
        observation(concept("73682-7"), "*2", id="b"),
        observation(concept("73681-9"), "*4", id="c"),
    )
    assert {(kind, value) for _, kind, value in said(reading)} == {
        (HAPLOTYPE, "*1"),
        (HAPLOTYPE, "*2"),
        (HAPLOTYPE, "*4"),
    }


def test_shape_7_numbered_alleles_of_two_dates_stay_single(reading_of):
    reading = reading_of(
        observation(concept("73682-7"), "*1", id="a", effectiveDateTime="2020-01-01"),
        observation(concept("73681-9"), "*4", id="b", effectiveDateTime="2024-01-01"),
    )
    assert [kind for _, kind, _ in said(reading)] == [HAPLOTYPE, HAPLOTYPE]


@pytest.mark.parametrize(
    ("code", "value", "allele", "presence"),
    [
        (concept("50956-2"), concept("LA6576-8", "Positive"), "HLA-B*57:01", Presence.PRESENT),
        (concept("50956-2"), concept("LA6577-6", "Negative"), "HLA-B*57:01", Presence.ABSENT),
        (concept("57979-7"), "Detected", "HLA-B*15:02", Presence.PRESENT),
        (concept("57979-7"), "NOT DETECTED", "HLA-B*15:02", Presence.ABSENT),
        (concept("79711-8"), concept(text="Indeterminate"), "HLA-B*58:01", Presence.INDETERMINATE),
        (concept("79712-6"), concept("LA18198-4", "No call"), "HLA-A*31:01", Presence.NO_CALL),
        (concept("66741-0"), concept("LA9634-2", "Absent"), "*2", Presence.ABSENT),
        (concept(text="HLA-B*57:01 [Presence]"), "Negative", "*57:01", Presence.ABSENT),
        (concept("57291-7"), "HLA-B*57:01 positive", "HLA-B*57:01", Presence.PRESENT),
        (concept("57291-7"), "Negative for HLA-B*57:01", "HLA-B*57:01", Presence.ABSENT),
        (concept("45284-7"), "c.1905+1G>A not detected", "c.1905+1G>A", Presence.ABSENT),
        (concept("57132-3"), "*2 heterozygous", "*2", Presence.PRESENT),
        (concept("57291-7"), "No HLA-B*57:01 detected", "HLA-B*57:01", Presence.ABSENT),
        (concept("57132-3"), "no *2 allele was found", "*2", Presence.ABSENT),
    ],
)
def test_shape_8_a_test_for_one_allele_keeps_its_four_answers_apart(
    reading_of, code, value, allele, presence
):
    (one,) = reading_of(observation(code, value)).statements
    assert (one.kind, one.presence) == (PRESENCE, presence)
    assert one.value.endswith(allele)


@pytest.mark.parametrize(
    "words",
    [
        "HLA-B*57:01 was neither detected nor excluded",
        "HLA-B*57:01 cannot be detected by this assay",
        "HLA-B*57:01 could not be reliably detected",
        "HLA-B*57:01 possibly present",
        "Not excluded: HLA-B*57:01 positive",
    ],
)
def test_shape_8_a_verdict_that_is_denied_or_doubted_is_none(reading_of, words):
    reading = reading_of(observation(concept("57291-7"), words))
    assert PRESENCE not in [kind for _, kind, _ in said(reading)]


def test_shape_8_each_clause_of_a_typing_text_is_a_verdict_of_its_own(reading_of):
    text = "HLA-B*57:01 positive; HLA-B*58:01 negative"
    reading = reading_of(observation(concept("57291-7"), text))
    assert [(one.value, one.presence) for one in reading.statements] == [
        ("HLA-B*57:01", Presence.PRESENT),
        ("HLA-B*58:01", Presence.ABSENT),
    ]


def test_shape_8_the_stated_zygosity_comes_along_as_its_answer_code(reading_of):
    (one,) = reading_of(observation(concept("66741-0"), "Homozygous")).statements
    assert (one.value, one.presence, one.code) == ("*2", Presence.PRESENT, "LA6705-3")


def test_shape_8_a_negative_panel_that_names_no_allele_is_no_evidence(reading_of):
    reading = reading_of(observation(concept("41048-0"), "Negative"))
    # A phenotype of TPMT that no stage knows: tested, and nothing is concluded.
    assert said(reading) == [("TPMT", PHENOTYPE, "Negative")]
    assert "no allele is named" in reading.not_understood[0].reason


@pytest.mark.parametrize(
    ("reason", "presence"),
    [("error", Presence.NO_CALL), ("unknown", Presence.NO_CALL), ("not-performed", None)],
)
def test_a_missing_value_is_a_failed_call_or_no_test_and_never_absent(reading_of, reason, presence):
    reading = reading_of(
        observation(concept("50956-2"), dataAbsentReason=concept(reason, system="x"))
    )
    assert [one.presence for one in reading.statements] == ([presence] if presence else [])
    if presence is None:
        assert "not performed" in reading.not_understood[0].reason


@pytest.mark.parametrize("words", ["Not tested", "not performed", "N/A"])
def test_a_gene_reported_as_not_tested_makes_no_statement(reading_of, words):
    reading = reading_of(observation(concept("79714-2"), words))
    assert reading.statements == ()
    assert "not tested" in reading.not_understood[0].reason


def implication(*components, derived_from=(), **more):
    return observation(
        concept("therapeutic-implication", system=TBD),
        components=components,
        derivedFrom=[{"reference": item} for item in derived_from],
        **({"id": "implication"} | more),
    )


def meaning(words, code="", tail="therapeutic-implication"):
    value = {"valueCodeableConcept": concept(code, words) if code else concept(text=words)}
    return component(concept(tail, system=TBD), value)


def drug(name):
    return component("51963-7", {"valueCodeableConcept": concept("1", name, system="rxnorm")})


def test_shape_10_an_implication_alone_states_the_phenotype(reading_of):
    reading = reading_of(
        implication(CYP2C19, meaning("Poor metabolizer", "LA9657-3"), drug("clopidogrel"))
    )
    assert said(reading) == [("CYP2C19", PHENOTYPE, "Poor metabolizer")]
    (stated,) = reading.implications
    assert (stated.normalised, stated.drugs) == (("Poor Metabolizer",), ("clopidogrel",))
    assert reading.statements[0].drugs == ("clopidogrel",)


@pytest.mark.parametrize("tail", ["therapeutic-implication", "predicted-therapeutic-implication"])
def test_the_component_codes_of_stu2_and_stu3_are_both_read(reading_of, tail):
    reading = reading_of(implication(CYP2C19, meaning("Rapid metabolizer", "LA25390-8", tail)))
    assert said(reading) == [("CYP2C19", PHENOTYPE, "Rapid metabolizer")]


@pytest.mark.parametrize(
    ("code", "symbol", "hgnc", "words"),
    [
        (concept("53040-2"), "CYP2D6", "HGNC:2625", "Poor metabolizer"),
        (concept("51961-1"), "IFNL3", "HGNC:18365", "Unfavorable response genotype"),
        (
            concept("effect-transporter-function", system=TBD.replace("-cs", "")),
            "SLCO1B1",
            "HGNC:10959",
            "Normal function",
        ),
    ],
)
def test_the_implication_codes_of_stu1_carry_the_phenotype_as_their_value(
    reading_of, code, symbol, hgnc, words
):
    reading = reading_of(observation(code, concept(text=words), components=[gene(symbol, hgnc)]))
    assert said(reading) == [(symbol, PHENOTYPE, words)]
    assert len(reading.implications) == 1


STU1, STU2, STU3 = "53040-2", "predicted-therapeutic-implication", "therapeutic-implication"


def implied(words, code, symbol="CYP2C19", hgnc="HGNC:2621"):
    """One implication of a gene, in the shape of its generation of the guide."""
    if code == STU1:
        return observation(concept(STU1), words, components=[gene(symbol, hgnc)], id="implication")
    value = {"valueCodeableConcept": words}
    return implication(gene(symbol, hgnc), component(concept(code, system=TBD), value))


@pytest.mark.parametrize("code", [STU1, STU2, STU3])
@pytest.mark.parametrize(
    ("words", "presence"),
    [
        (concept(text="Poor metabolizer"), Presence.PRESENT),
        (concept(text="Indeterminate"), Presence.PRESENT),  # CPIC's own term for this gene
        (concept("LA11884-6", "Indeterminate"), Presence.PRESENT),
        (concept(text="Inconclusive"), Presence.INDETERMINATE),
        (concept(text="No call"), Presence.NO_CALL),
        (concept("LA18198-4"), Presence.NO_CALL),
        (concept(text="not called"), Presence.NO_CALL),
        # Words that we cannot read: the gene was tested all the same
        (concept(text="Uncertain"), Presence.PRESENT),
        (concept("LA99999-9"), Presence.PRESENT),
        (concept("LA6677-4", "Responsive"), Presence.PRESENT),
    ],
)
def test_an_implication_answers_for_its_gene_as_a_phenotype_code_would(
    reading_of, code, words, presence
):
    phenotype = observation(concept("79714-2"), words, id="implication")
    (one,) = reading_of(implied(words, code)).statements
    (other,) = reading_of(phenotype).statements
    assert (one.gene, one.kind, one.presence) == ("CYP2C19", PHENOTYPE, presence)
    assert (one.kind, one.value, one.code, one.presence) == (
        other.kind,
        other.value,
        other.code,
        other.presence,
    )
    assert one.origin.reference == "Observation/implication"


@pytest.mark.parametrize("code", [STU1, STU2, STU3])
@pytest.mark.parametrize("words", ["Not tested", "Not performed"])
def test_an_implication_of_a_test_not_made_is_listed_and_states_nothing(reading_of, code, words):
    reading = reading_of(implied(concept(text=words), code))
    assert reading.statements == ()
    (listed,) = reading.not_understood
    assert "not performed" in listed.reason


def test_an_unreadable_implication_is_listed_where_a_genotype_speaks_for_the_gene(reading_of):
    genotype = observation(GENOTYPE, concept(text="*1/*2"), components=[CYP2C19], id="g")
    reading = reading_of(implied(concept(text="Uncertain"), STU3), genotype)
    assert said(reading) == [("CYP2C19", DIPLOTYPE, "*1/*2")]
    assert [one.reference for one in reading.not_understood] == ["Observation/implication"]
    assert reading.implications[0].texts == ("Uncertain",)


def test_an_answer_of_the_guide_that_is_no_phenotype_is_understood_beside_a_genotype(reading_of):
    genotype = observation(GENOTYPE, concept(text="*1/*2"), components=[CYP2C19], id="g")
    reading = reading_of(implied(concept("LA6677-4", "Responsive"), STU3), genotype)
    assert (len(reading.statements), reading.not_understood) == (1, ())


@pytest.mark.parametrize("words", ["No call", "Indeterminate", "Uncertain"])
def test_an_implication_of_two_genes_without_an_answer_is_given_to_neither(reading_of, words):
    reading = reading_of(
        parent("a", "CYP2C9", "HGNC:2623", "*1/*2"),
        parent("b", "VKORC1", "HGNC:23663", "C/T"),
        implication(meaning(words), derived_from=["Observation/a", "Observation/b"]),
    )
    assert PHENOTYPE not in [kind for _, kind, _ in said(reading)]
    assert len(reading.not_understood) == 1


def test_an_implication_without_gene_or_answer_is_listed(reading_of):
    reading = reading_of(implication(meaning("No call")), implication(CYP2C19, drug("x"), id="i2"))
    assert reading.statements == ()
    assert {one.reference for one in reading.not_understood} == {
        "Observation/implication",
        "Observation/i2",
    }


@pytest.mark.parametrize("symbol", ["IFNL3", "HLA-B"])
def test_indeterminate_is_a_failed_answer_where_the_gene_has_no_such_phenotype(reading_of, symbol):
    reading = reading_of(implied(concept(text="Indeterminate"), STU1, symbol, symbol))
    assert [one.presence for one in reading.statements] == [Presence.INDETERMINATE]


def test_a_failed_call_keeps_its_own_reference_and_date(reading_of):
    older = observation(GENOTYPE, "*1/*2", components=[CYP2C19], id="a",
                        effectiveDateTime="2019-01-01")  # fmt: skip
    newer = observation(concept("79714-2"), "No call", id="b", effectiveDateTime="2024-01-01")
    made = {one.presence: one.origin for one in reading_of(older, newer).statements}
    assert (made[Presence.NO_CALL].reference, made[Presence.NO_CALL].when) == (
        "Observation/b",
        "2024-01-01",
    )
    assert made[Presence.PRESENT].when == "2019-01-01"


def parent(name, symbol, hgnc, value):
    return observation(GENOTYPE, concept(text=value), components=[gene(symbol, hgnc)], id=name)


def test_the_metabolizer_term_of_a_warfarin_implication_belongs_to_cyp2c9(reading_of):
    reading = reading_of(
        parent("a", "CYP2C9", "HGNC:2623", "*1/*2"),
        parent("b", "VKORC1", "HGNC:23663", "C/T"),
        implication(
            meaning("Intermediate metabolizer", "LA10317-8"),
            drug("warfarin"),
            derived_from=["Observation/a", "Observation/b"],
        ),
    )
    assert [one for one in said(reading) if one[1] is PHENOTYPE] == [
        ("CYP2C9", PHENOTYPE, "Intermediate metabolizer")
    ]
    assert reading.implications[0].genes == ("CYP2C9", "VKORC1")


def test_a_phenotype_that_two_genes_could_have_is_given_to_neither(reading_of):
    reading = reading_of(
        parent("a", "CYP2C19", "HGNC:2621", "*1/*1"),
        parent("b", "CYP2D6", "HGNC:2625", "*4/*4"),
        implication(
            meaning("Poor metabolizer", "LA9657-3"),
            derived_from=["Observation/a", "Observation/b"],
        ),
    )
    assert not [one for one in said(reading) if one[1] is PHENOTYPE]
    assert "more than one of the genes" in reading.not_understood[0].reason


def test_a_high_risk_of_hla_stands_as_it_was_said_where_no_typing_is_at_hand(reading_of):
    risk = implication(gene("HLA-B", "HGNC:4932"), meaning("High risk", "LA19541-4"))
    typing = observation(concept("57291-7"), "HLA-B*57:01 positive", id="typing")
    reading = reading_of(risk)
    assert said(reading) == [("HLA-B", PHENOTYPE, "High risk")]
    assert said(reading_of(risk, typing)) == [("HLA-B", PRESENCE, "HLA-B*57:01")]
    assert reading.implications[0].normalised == ("high risk allele present",)


def test_shape_14_contained_results_are_read_and_cited_through_their_report(reading_of):
    inside = observation(GENOTYPE, concept(text="*1/*2"), components=[CYP2C19], id="g")
    inside.pop("subject")
    reading = reading_of(
        {
            "resourceType": "DiagnosticReport",
            "id": "r",
            "status": "final",
            "issued": "2024-05-06T07:08:09Z",
            "subject": {"reference": "Patient/synthetic"},
            "code": concept("51969-4"),
            "contained": [inside],
            "result": [{"reference": "#g"}],
        }
    )
    (one,) = reading.statements
    assert one.origin.reference == "DiagnosticReport/r#g"
    assert (one.origin.subject, one.origin.when) == ("Patient/synthetic", "2024-05-06T07:08:09Z")


def report(**more):
    return {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "status": "final",
        "code": concept(text="Pharmacogenetic report"),
        "subject": {"reference": "Patient/synthetic"},
    } | more


GENES_OF_TEXTS = ("CYP2D6", "CYP2C19", "CYP2C9", "CYP3A5", "TPMT", "VKORC1", "HLA-B")


@pytest.mark.parametrize(
    ("conclusion", "expected"),
    [
        (
            "CYP2D6 *4/*4 (Poor Metabolizer)",
            [("CYP2D6", DIPLOTYPE, "*4/*4"), ("CYP2D6", PHENOTYPE, "Poor Metabolizer")],
        ),
        (
            "CYP2C19: *1/*2, Intermediate Metabolizer\nTPMT: *1/*1",
            [
                ("CYP2C19", DIPLOTYPE, "*1/*2"),
                ("CYP2C19", PHENOTYPE, "Intermediate Metabolizer"),
                ("TPMT", DIPLOTYPE, "*1/*1"),
            ],
        ),
        ("HLA-B*57:01 positive", [("HLA-B", PRESENCE, "HLA-B*57:01")]),
        ("If CYP2D6 *4/*4 is confirmed, avoid codeine.", []),
        ("Mother is a CYP2C19 poor metabolizer", []),
        ("CYP2D6 *4/*4; CYP2D6 *1/*1", []),
        ("CYP2D6 (*1/*2)x2", []),
        ("CYP2C19 and CYP2D6 poor metabolizer or not", []),
        ("Poor metabolizer for CYP2C19 and CYP2D6", []),
        # Denied
        ("CYP2D6 *4/*4 not detected", []),
        ("No CYP2C19 *2/*2 found", []),
        ("CYP2D6 is not *4/*4. CYP2C19: no result.", []),
        ("CYP2D6 *4/*4 excluded", []),
        ("CYP2D6 *4/*4 (-)", []),
        ("CYP2D6 *4/*4 nicht nachgewiesen", []),
        ("VKORC1 A/A not detected", []),
        ("CYP2D6 *4/*4\nnot detected", []),
        ("No evidence of\nCYP2D6 *4/*4", []),
        ("CYP2D6 *4/*4. This result could not be confirmed.", []),
        ("CYP2D6 *4/*4. CYP2D6 *4/*4 is ruled out.", []),
        # Mistaken, earlier, doubtful
        ("CYP2D6 *4/*4 was previously reported in error", []),
        ("CYP2D6 *4/*4. The sample was mislabelled.", []),
        ("CYP2D6 *4/*4 at an outside laboratory", []),
        ("CYP2D6 *4/*4?", []),
        ("CYP2C19 likely *2/*2", []),
        ("CYP2C19 *2/*2. Confirmation is pending.", []),
        # Of somebody else, or of nobody
        ("Family history:\nCYP2D6 *4/*4", []),
        ("Donor: CYP3A5 *1/*3", []),
        ("Patients with CYP2D6 *4/*4 lack activity", []),
        ("CYP2D6 *4/*4 is associated with the poor metabolizer phenotype", []),
        ("Test for CYP2D6 *4/*4", []),
        # And what leaves no doubt beside it
        ("CYP2D6 *1/*1; CYP2C19 *2/*2 not detected", [("CYP2D6", DIPLOTYPE, "*1/*1")]),
        (
            "The patient's CYP2D6 genotype is *4/*4, consistent with a poor metabolizer phenotype.",
            [("CYP2D6", DIPLOTYPE, "*4/*4"), ("CYP2D6", PHENOTYPE, "Poor Metabolizer")],
        ),
        (
            "CYP2C19 *2/*2. Clopidogrel is not recommended.",
            [("CYP2C19", DIPLOTYPE, "*2/*2")],
        ),
        (
            "VKORC1 A/A, CYP2C9 *1/*3",
            [("VKORC1", DIPLOTYPE, "A/A"), ("CYP2C9", DIPLOTYPE, "*1/*3")],
        ),
        ("HLA-B*57:01 was not detected.", [("HLA-B", PRESENCE, "HLA-B*57:01")]),
    ],
)
def test_shape_15_a_conclusion_is_read_only_where_it_leaves_no_doubt(
    reading_of, conclusion, expected
):
    reading = reading_of(report(conclusion=conclusion))
    assert said(reading) == expected
    unread = {gene for gene in GENES_OF_TEXTS if gene in conclusion}
    unread -= {gene for gene, _, _ in expected}
    listed = " ".join(one.reason for one in reading.not_understood)
    assert all(gene in listed for gene in unread)
    assert bool(listed) == bool(unread)


def test_shape_15_text_is_marked_as_text(reading_of):
    (one,) = reading_of(report(conclusion="TPMT *1/*3A")).statements
    assert "free text" in one.caveats[0].text


def test_shape_15_an_attached_document_is_listed_as_unread(reading_of):
    reading = reading_of(report(presentedForm=[{"contentType": "application/pdf", "data": "AA=="}]))
    assert reading.statements == ()
    assert "attached document" in reading.not_understood[0].reason


def test_shape_15_a_conclusion_beside_results_is_not_read_twice(reading_of):
    result = observation(GENOTYPE, concept(text="*1/*2"), components=[CYP2C19], id="g")
    reading = reading_of(
        report(conclusion="CYP2C19 *1/*2", result=[{"reference": "Observation/g"}]), result
    )
    assert len(reading.statements) == 1


def problem(kind, words, *, clinical="active", verification="confirmed"):
    return {
        "resourceType": kind,
        "id": "p",
        "clinicalStatus": concept(clinical, system="c"),
        "verificationStatus": concept(verification, system="v"),
        "code": concept(text=words),
        "subject" if kind == "Condition" else "patient": {"reference": "Patient/synthetic"},
    }


@pytest.mark.parametrize(
    ("kind", "words", "expected"),
    [
        ("Condition", "CYP2C19 poor metabolizer", [("CYP2C19", PHENOTYPE, "Poor Metabolizer")]),
        ("Condition", "Poor metabolizer of CYP2D6", [("CYP2D6", PHENOTYPE, "Poor Metabolizer")]),
        ("Condition", "G6PD deficiency", [("G6PD", PHENOTYPE, "Deficient")]),
        (
            "Condition",
            "Glucose-6-phosphate dehydrogenase deficiency",
            [("G6PD", PHENOTYPE, "Deficient")],
        ),
        ("AllergyIntolerance", "HLA-B*57:01 positive", [("HLA-B", PRESENCE, "HLA-B*57:01")]),
        ("Condition", "Type 2 diabetes mellitus", []),
        ("AllergyIntolerance", "Penicillin", []),
    ],
)
def test_shape_16_problems_and_allergies_that_name_a_phenotype(reading_of, kind, words, expected):
    reading = reading_of(problem(kind, words))
    assert said(reading) == expected
    assert reading.not_understood == ()


@pytest.mark.parametrize(
    ("clinical", "verification"),
    [("resolved", "confirmed"), ("inactive", "confirmed"), ("active", "refuted"),
     ("active", "entered-in-error")],
)  # fmt: skip
def test_shape_16_a_problem_that_no_longer_holds_is_listed_and_not_used(
    reading_of, clinical, verification
):
    reading = reading_of(
        problem(
            "Condition", "CYP2C19 poor metabolizer", clinical=clinical, verification=verification
        )
    )
    assert (reading.statements, len(reading.not_understood)) == ((), 1)


def test_shape_16_an_unconfirmed_problem_says_so(reading_of):
    (one,) = reading_of(
        problem("Condition", "CYP2C19 poor metabolizer", verification="provisional")
    ).statements
    assert "provisional" in " ".join(caveat.text for caveat in one.caveats)


@pytest.mark.parametrize(
    "code", [concept("79468-5"), concept("21563-2"), concept(text="G6PD [Enzymatic activity]")]
)
def test_shape_17_an_enzyme_activity_is_a_measurement_and_no_genotype(reading_of, code):
    reading = reading_of(observation(code, valueQuantity={"value": 12.3, "unit": "U/mL"}))
    assert reading.statements == ()
    assert "activity measurement" in reading.not_understood[0].reason


def test_a_panel_of_components_gives_each_gene_its_own_phenotype(reading_of):
    reading = reading_of(
        observation(
            concept("82118-1"),
            components=[
                component("79714-2", {"valueCodeableConcept": concept("LA9657-3", "Poor")}),
                component("79715-9", "Ultrarapid metabolizer"),
                component("79716-7", {"dataAbsentReason": concept("error", system="x")}),
                component("79719-1", "not a word of ours"),
            ],
        )
    )
    assert [(one.gene, one.value, one.presence) for one in reading.statements] == [
        ("CYP2C19", "Poor", Presence.PRESENT),
        ("CYP2D6", "Ultrarapid metabolizer", Presence.PRESENT),
        ("CYP2C9", "", Presence.NO_CALL),
        ("DPYD", "not a word of ours", Presence.PRESENT),
    ]


def test_a_component_that_cannot_be_read_is_listed_beside_those_that_can(reading_of):
    reading = reading_of(
        observation(
            concept("82118-1"),
            components=[
                component("79714-2", "Rapid metabolizer"),
                component("79715-9", "Positive"),
            ],
        )
    )
    assert said(reading) == [
        ("CYP2C19", PHENOTYPE, "Rapid metabolizer"),
        ("CYP2D6", PHENOTYPE, "Positive"),
    ]
    assert reading.not_understood[0].path.endswith("component[1]")


@pytest.mark.parametrize(
    ("genes", "value", "kind"),
    [
        ("DPYD", "c.1905+1G>A (*2A)/Reference", DIPLOTYPE),
        ("DPYD", "c.[1905+1G>A];[=]", DIPLOTYPE),
        ("CYP2D6", "*36+*10/*10", DIPLOTYPE),
        ("CYP2D6", "*1/*2x2", DIPLOTYPE),
        ("CYP2D6", "(*1/*2)xN", DIPLOTYPE),
        ("CYP2D6", "(*1/*2)xN (Ultrarapid Metabolizer)", DIPLOTYPE),
        ("CYP2D6", "*1/*2 with gene duplication", DIPLOTYPE),
        ("CYP2C19", "*1/*2 (*3 cannot be excluded)", DIPLOTYPE),
        ("CYP2C19", "*1/*2 or *3/*17", DIPLOTYPE),
        ("IFNL3", "rs12979860 CC", DIPLOTYPE),
        ("G6PD", "B (reference)/A- 202A_376G", DIPLOTYPE),
        ("MT-RNR1", "m.1555A>G", HAPLOTYPE),
        ("CFTR", "F508del", HAPLOTYPE),
        ("CFTR", "ivacaftor non-responsive CFTR sequence/I175V", DIPLOTYPE),
        ("CFTR", "G551D/ivacaftor non-responsive CFTR sequence", DIPLOTYPE),
        ("CFTR", "ivacaftor non-responsive CFTR sequence", HAPLOTYPE),
    ],
)
def test_the_notations_of_other_genes_are_kept_whole(reading_of, genes, value, kind):
    reading = reading_of(observation(GENOTYPE, value, components=[gene(genes, genes)]))
    assert said(reading) == [(genes, kind, value)]


def test_an_ordinary_laboratory_result_is_passed_over_in_silence(reading_of):
    reading = reading_of(
        observation(
            concept("2823-3", "Potassium [Moles/volume] in Serum or Plasma"),
            valueQuantity={"value": 4.2, "unit": "mmol/L"},
        )
    )
    assert (reading.statements, reading.not_understood) == ((), ())


# Which gene


@pytest.mark.parametrize(
    ("system", "code", "display"),
    [
        ("http://www.genenames.org/geneId", "HGNC:2621", "CYP2C19"),
        ("http://www.genenames.org/", "HGNC:2621", ""),
        ("http://www.genenames.org", "2621", ""),
        ("http://www.genenames.org", "CYP2C19", ""),
        ("http://www.ncbi.nlm.nih.gov/gene", "1557", "CYP2C19"),
    ],
)
def test_a_gene_is_known_by_any_of_its_ids(reading_of, system, code, display):
    reading = reading_of(observation(GENOTYPE, "*1/*2", components=[gene(display, code, system)]))
    assert said(reading) == [("CYP2C19", DIPLOTYPE, "*1/*2")]


def test_a_number_of_another_registry_is_no_hgnc_number(reading_of):
    # 3012 is DPYD at HGNC; in the NCBI registry it is another gene.
    reading = reading_of(
        observation(
            GENOTYPE, "*1/*2", components=[gene("", "3012", "http://www.ncbi.nlm.nih.gov/gene")]
        )
    )
    assert reading.statements == ()
    assert "no gene" in reading.not_understood[0].reason


def test_the_gene_component_outranks_a_wrong_loinc_code_and_says_so(reading_of):
    (one,) = reading_of(
        observation(concept("79714-2"), "Poor metabolizer", components=[CYP2D6])
    ).statements
    assert one.gene == "CYP2D6"
    assert "CYP2C19" in one.caveats[0].text


def test_a_gene_id_that_contradicts_its_display_is_flagged(reading_of):
    (one,) = reading_of(
        observation(GENOTYPE, "*1/*2", components=[gene("CYP2C19", "HGNC:262")])
    ).statements
    assert one.gene == "CYP2C19"
    assert "HGNC:262" in one.caveats[0].text


def test_the_gene_comes_from_the_parents_where_the_result_names_none(reading_of):
    reading = reading_of(
        observation(ALLELE, concept(text="*2"), components=[CYP2C19], id="h"),
        observation(
            GENOTYPE, concept(text="*2/*2"), id="g", derivedFrom=[{"reference": "Observation/h"}]
        ),
    )
    assert ("CYP2C19", DIPLOTYPE, "*2/*2") in said(reading)


def test_parents_that_refer_in_a_circle_are_no_gene(reading_of):
    reading = reading_of(
        observation(GENOTYPE, "*2/*2", id="a", derivedFrom=[{"reference": "Observation/b"}]),
        observation(GENOTYPE, "*2/*3", id="b", derivedFrom=[{"reference": "Observation/a"}]),
    )
    assert reading.statements == ()
    assert len(reading.not_understood) == 2


def test_a_result_that_names_no_gene_is_listed_with_that_reason(reading_of):
    reading = reading_of(observation(GENOTYPE, "*1/*2"))
    assert reading.not_understood[0].reason.startswith("no gene could be read")


# HLA


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (
            "hla#3.31.0#HLA-A*03:01:01:01+HLA-A*30:01:01",
            [("HLA-A", DIPLOTYPE, "hla#3.31.0#HLA-A*03:01:01:01+HLA-A*30:01:01")],
        ),
        (
            "hla#3.31.0#HLA-A*01:01+HLA-A*02:01^HLA-B*57:01+HLA-B*08:01",
            [
                ("HLA-A", DIPLOTYPE, "hla#3.31.0#HLA-A*01:01+HLA-A*02:01"),
                ("HLA-B", DIPLOTYPE, "hla#3.31.0#HLA-B*57:01+HLA-B*08:01"),
            ],
        ),
        (
            "HLA-A*01:01~HLA-B*08:01+HLA-A*02:01~HLA-B*57:01",
            [
                ("HLA-A", DIPLOTYPE, "HLA-A*01:01+HLA-A*02:01"),
                ("HLA-B", DIPLOTYPE, "HLA-B*08:01+HLA-B*57:01"),
            ],
        ),
        (
            "hla#3.33.0#HLA-A*23:26/HLA-A*23:39",
            [("HLA-A", HAPLOTYPE, "hla#3.33.0#HLA-A*23:26/HLA-A*23:39")],
        ),
        ("HLA-A:01:01G", [("HLA-A", HAPLOTYPE, "HLA-A:01:01G")]),
        ("HLA-B*57:01:01G", [("HLA-B", HAPLOTYPE, "HLA-B*57:01:01G")]),
        ("HLA-B*57:01+HLA-B*08:01", [("HLA-B", DIPLOTYPE, "HLA-B*57:01+HLA-B*08:01")]),
    ],
)
def test_hla_typings_are_split_by_locus_and_kept_as_stated(reading_of, value, expected):
    assert said(
        reading_of(observation(GENOTYPE, concept(value, system="http://glstring.org")))
    ) == (expected)


def test_a_slash_between_two_plain_hla_alleles_is_read_as_a_pair_and_flagged(reading_of):
    (one,) = reading_of(observation(concept("57291-7"), "HLA-B*57:01/HLA-B*08:01")).statements
    assert one.kind is DIPLOTYPE
    assert "GL String" in one.caveats[0].text


def test_the_hla_extension_of_a_report_is_read(reading_of):
    reading = reading_of(
        report(
            extension=[
                {
                    "url": "http://hl7.org/fhir/StructureDefinition/"
                    "hla-genotyping-results-glstring",
                    "extension": [
                        {
                            "url": "text",
                            "valueString": "HLA-A*01:01+HLA-A*02:01^HLA-B*57:01+HLA-B*08:01",
                        }
                    ],
                }
            ]
        )
    )
    assert said(reading) == [
        ("HLA-A", DIPLOTYPE, "HLA-A*01:01+HLA-A*02:01"),
        ("HLA-B", DIPLOTYPE, "HLA-B*57:01+HLA-B*08:01"),
    ]


# Contradictions and class


def test_an_answer_code_that_contradicts_its_display_keeps_both_and_says_so(reading_of):
    reading = reading_of(
        observation(concept("79714-2"), concept("LA10315-2", "Normal metabolizer"))
    )
    (one,) = reading.statements
    assert (one.value, one.code) == ("Normal metabolizer", "LA10315-2")
    assert "Ultrarapid" in one.caveats[0].text


def test_a_text_that_contradicts_its_coding_says_so(reading_of):
    value = concept("x", "CYP2C19 *1/*17", "CYP2C19 *1/*2", PHARMVAR)
    (one,) = reading_of(observation(GENOTYPE, value, components=[CYP2C19])).statements
    assert one.value == "CYP2C19 *1/*2"
    assert "different genotypes" in one.caveats[0].text


def test_the_same_diplotype_written_in_the_other_order_is_no_contradiction(reading_of):
    value = concept("x", "CYP2C19 *17/*2", "CYP2C19 *2/*17", PHARMVAR)
    (one,) = reading_of(observation(GENOTYPE, value, components=[CYP2C19])).statements
    assert one.caveats == ()


@pytest.mark.parametrize(
    ("code", "expected"),
    [("LA6684-0", SourceClass.SOMATIC), ("LA6683-2", SourceClass.GERMLINE)],
)
def test_the_tumour_and_the_patient_are_told_apart(reading_of, code, expected):
    source = component("48002-0", {"valueCodeableConcept": concept(code)})
    (one,) = reading_of(observation(GENOTYPE, "*1/*2", components=[CYP2C19, source])).statements
    assert one.source_class is expected


def test_a_result_without_source_class_is_neither_germline_nor_somatic(reading_of):
    (one,) = reading_of(observation(GENOTYPE, "*1/*2", components=[CYP2C19])).statements
    assert one.source_class is SourceClass.UNKNOWN


def test_a_phenotype_in_the_interpretation_is_read_beside_the_diplotype(reading_of):
    reading = reading_of(
        observation(
            concept(text="CYP2D6 genotype"),
            "*4/*4",
            interpretation=[concept(text="Poor Metabolizer")],
        )
    )
    assert said(reading) == [
        ("CYP2D6", DIPLOTYPE, "*4/*4"),
        ("CYP2D6", PHENOTYPE, "Poor Metabolizer"),
    ]

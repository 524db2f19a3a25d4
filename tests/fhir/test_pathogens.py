"""Results of pathogens: whose they are, and what they say. All of it synthetic."""

import pytest

from fhir_pgx.fhir.bundle import entries_of
from fhir_pgx.fhir.mutation_lists import read_list
from fhir_pgx.fhir.organism_words import gene_owner, organism_of
from fhir_pgx.fhir.pathogen_subject import is_patients_own
from fhir_pgx.fhir.pathogens import TOO_LONG
from fhir_pgx.fhir.reading import read

PRESENT = {"coding": [{"system": "http://loinc.org", "code": "LA9633-4", "display": "Present"}]}
ABSENT = {"coding": [{"system": "http://loinc.org", "code": "LA9634-2", "display": "Absent"}]}


@pytest.fixture
def reading(knowledge):
    def of(*resources):
        return read(entries_of(list(resources)), knowledge.vocabulary)

    return of


def text(words):
    return {"text": words}


def loinc(code, display=""):
    return {"coding": [{"system": "http://loinc.org", "code": code, "display": display}]}


def observation(code, value=None, *components, name="o", **more):
    made = {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "code": text(code) if isinstance(code, str) else code,
        "subject": {"reference": "Patient/synthetic"},
        "effectiveDateTime": "2026-03-01",
    }
    if isinstance(value, str):
        made["valueString"] = value
    elif value is not None:
        made["valueCodeableConcept"] = value
    if components:
        made["component"] = list(components)
    return made | more


def part(code, value):
    label = loinc(code) if code[0].isdigit() else text(code)
    return {"code": label, "valueCodeableConcept": text(value)}


def variant(gene, protein, value=PRESENT, **more):
    named = (part("48018-6", gene), part("48005-3", protein))
    return observation(loinc("69548-6"), value, *named, **more)


def told(found):
    return [(p.organism, p.gene, p.mutations, str(p.presence)) for p in found.precision.pathogens]


def codes(found):
    return [c.code for p in found.precision.pathogens for c in p.caveats]


@pytest.mark.parametrize(
    ("code", "value", "expected"),
    [
        ("HIV-1 reverse transcriptase mutations", "M184V, K103N",
         [("HIV-1", "RT", ("M184V", "K103N"), "present")]),
        ("HIV-1 RT mutations", "M184MV K103N;T69ins",
         [("HIV-1", "RT", ("M184MV", "K103N"), "present"),
          ("HIV-1", "RT", ("T69ins",), "present")]),
        ("HIV-1 genotype", "RT: K103N; PR: none detected; IN: amplification failed",
         [("HIV-1", "RT", ("K103N",), "present"), ("HIV-1", "PR", (), "absent"),
          ("HIV-1", "IN", (), "no-call")]),
        ("HIV-1 genotype", "RT:M184V, PR:L90M",
         [("HIV-1", "RT", ("M184V",), "present"), ("HIV-1", "PR", ("L90M",), "present")]),
        ("HIV-1 protease mutations", "No mutations detected", [("HIV-1", "PR", (), "absent")]),
        ("HIV-1 mutations in reverse transcriptase", "K65R",
         [("HIV-1", "RT", ("K65R",), "present")]),
        ("HIV-1 integrase genotype", "Insufficient viral load for amplification",
         [("HIV-1", "IN", (), "no-call")]),
        ("Mycobacterium tuberculosis resistance mutations", "rpoB S531L; katG p.Ser315Thr",
         [("M. tuberculosis", "rpoB", ("S531L",), "present"),
          ("M. tuberculosis", "katG", ("p.Ser315Thr",), "present")]),
        ("Cytomegalovirus UL97 mutations", "A594V, C480F",
         [("HCMV", "UL97", ("A594V", "C480F"), "present")]),
        ("Hepatitis B virus polymerase mutations", "L180M, M204V",
         [("HBV", "RT", ("L180M", "M204V"), "present")]),
        ("mecA gene [Presence] in Staphylococcus aureus", text("Detected"),
         [("S. aureus", "mecA", (), "present")]),
        ("mecA gene [Presence] in Staphylococcus aureus", text("Not detected"),
         [("S. aureus", "mecA", (), "absent")]),
    ],
)  # fmt: skip
def test_lists_and_answers_are_read(reading, code, value, expected):
    found = reading(observation(code, value))
    assert told(found) == expected
    assert found.variants == ()
    assert found.statements == ()


def test_a_loinc_code_without_words_names_organism_and_gene(reading):
    found = reading(observation(loinc("33630-5"), "L90M"))
    assert told(found) == [("HIV-1", "PR", ("L90M",), "present")]
    assert codes(found) == ["PGX-772"]  # HIV without its type


def test_a_variant_of_an_organism_by_its_specimen_or_report(reading):
    specimen = {"display": "Mycobacterium tuberculosis isolate"}
    found = reading(variant("rpoB", "p.Ser450Leu", specimen=specimen))
    assert told(found) == [("M. tuberculosis", "rpoB", ("p.Ser450Leu",), "present")]
    report = {
        "resourceType": "DiagnosticReport", "id": "r", "status": "final",
        "code": text("HIV-1 genotypic resistance"),
        "result": [{"reference": "Observation/o"}],
    }  # fmt: skip
    found = reading(report, observation("Integrase mutations", "Q148H, G140S"))
    assert told(found) == [("HIV-1", "IN", ("Q148H", "G140S"), "present")]


def test_a_locus_tag_is_enough(reading):
    found = reading(variant("Rv0678", "p.Gln51fs"))
    assert told(found) == [("M. tuberculosis", "Rv0678", ("p.Gln51fs",), "present")]


def test_the_reference_sequence_is_enough(reading):
    resource = variant("rpoB", "p.Ser450Leu")
    resource["component"].append(part("81290-9", "NC_000962.3:g.761155C>T"))
    assert told(reading(resource)) == [("M. tuberculosis", "rpoB", ("p.Ser450Leu",), "present")]


def test_a_protein_name_leads_and_the_coding_name_stands_behind(reading):
    resource = variant("Rv0667", "p.Ser450Leu")
    resource["component"].append(part("48004-6", "c.1349C>T"))
    assert reading(resource).precision.pathogens[0].mutations == ("p.Ser450Leu (c.1349C>T)",)


def test_an_absent_change_stays_absent_and_one_without_value_is_told(reading):
    assert told(reading(variant("Rv0667", "p.Ser450Leu", ABSENT)))[0][3] == "absent"
    found = reading(variant("Rv0667", "p.Ser450Leu", None))
    assert told(found)[0][3] == "present"
    assert "PGX-775" in codes(found)


def test_a_minority_is_told(reading):
    resource = variant("Rv0667", "p.Ser450Leu")
    fraction = {"code": loinc("81258-6"), "valueQuantity": {"value": 0.07}}
    resource["component"].append(fraction)
    assert "PGX-773" in codes(reading(resource))


@pytest.mark.parametrize(
    "resource",
    [
        variant("KRAS", "p.Gly12Cys"),
        variant("INHA", "p.Ala1Val"),  # a human gene of the same letters
        observation("HLA-B*57:01 for HIV abacavir hypersensitivity", text("Negative")),
        observation("Cytomegalovirus DNA viral load", "5000 copies"),
        observation("HIV-1 antibody", text("Negative")),
        observation("Hepatitis C virus RNA copies", "12000"),
        observation("Oxacillin [Susceptibility] in Staphylococcus aureus", text("R")),
        observation("CYP2C19 genotype", "*1/*2"),
        observation("BRCA1 gene mutations", "c.5266dup"),
        observation("Body weight"),
    ],
)
def test_what_is_the_patients_own_is_not_claimed(reading, resource):
    assert reading(resource).precision.pathogens == ()


def test_host_and_virus_in_one_report_are_told_apart(reading):
    report = {
        "resourceType": "DiagnosticReport", "id": "r", "status": "final",
        "code": text("HIV-1 resistance and host pharmacogenetics"),
        "result": [{"reference": "Observation/virus"}, {"reference": "Observation/host"}],
    }  # fmt: skip
    gene = {
        "code": loinc("48018-6"),
        "valueCodeableConcept": {
            "coding": [
                {"system": "http://www.genenames.org/geneId", "code": "HGNC:2615",
                 "display": "CYP2B6"}
            ]
        },
    }  # fmt: skip
    host = observation(loinc("84413-4", "Genotype display name"), text("*1/*6"), gene, name="host")
    virus = observation("RT mutations", "K103N", name="virus")
    found = reading(report, host, virus)
    assert told(found) == [("HIV-1", "RT", ("K103N",), "present")]
    assert [each.gene for each in found.statements] == ["CYP2B6"]


def test_a_human_sequence_is_the_patients_in_whatever_report(reading):
    report = {
        "resourceType": "DiagnosticReport", "id": "r", "status": "final",
        "code": text("HIV-1 resistance and host pharmacogenetics"),
        "result": [{"reference": "Observation/o"}],
    }  # fmt: skip
    coding = part("48004-6", "NM_000767.5:c.516G>T")
    found = reading(report, observation(loinc("69548-6"), PRESENT, coding))
    assert found.precision.pathogens == ()
    assert len(found.variants) == 1
    found = reading(report, observation("CCR5 genotype", "delta32 heterozygous"))
    assert found.precision.pathogens == ()


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled"])
def test_a_withdrawn_result_is_listed_and_not_used(reading, status):
    found = reading(observation("HIV-1 RT mutations", "M184V", status=status))
    assert found.precision.pathogens == ()
    assert found.not_understood[0].reason == f"its status is {status}"


def test_a_preliminary_result_says_so(reading):
    found = reading(observation("HIV-1 RT mutations", "M184V", status="preliminary"))
    assert codes(found) == ["PGX-501"]


@pytest.mark.parametrize(
    ("code", "value", "reason"),
    [
        ("HIV-1 RT mutations", "M184V not detected", "denies and names"),
        ("HIV-1 RT mutations", "see attached document", "names no change"),
        ("HIV-1 RT mutations", text("Not performed"), "not made"),
    ],
)
def test_what_cannot_be_read_is_listed_and_never_a_finding(reading, code, value, reason):
    found = reading(observation(code, value))
    assert found.precision.pathogens == ()
    assert reason in found.not_understood[0].reason


def test_failed_codons_are_no_mutations_and_no_absence_of_them(reading):
    label = "HIV integrase failed codons [Identifier] by Genotype method"
    assert told(reading(observation(label, "None"))) == []
    found = reading(observation(label, "66, 92"))
    assert told(found) == []
    assert found.not_understood[0].reason == "codons that failed are not read"


def test_no_data_is_a_test_without_an_answer(reading):
    absent = {"coding": [{"code": "error"}]}
    found = reading(observation("HIV-1 RT mutations", dataAbsentReason=absent))
    assert told(found) == [("HIV-1", "RT", (), "no-call")]


def test_the_laboratorys_verdicts_are_its_own(reading):
    found = reading(
        observation("HIV-1 genotype", None, part("RT mutations", "M184V"),
                    part("Lamivudine", "Resistant"), part("Tenofovir", "S"))
    )  # fmt: skip
    assert [p.verdicts for p in found.precision.pathogens] == [
        (), (("Lamivudine", "Resistant"),), (("Tenofovir", "S"),),
    ]  # fmt: skip


def test_a_molecular_test_of_resistance_is_a_verdict_too(reading):
    label = "Mycobacterium tuberculosis complex rpoB gene rifAMPin resistance mutation [Presence]"
    (detected,) = reading(
        observation(loinc("89372-7", label), text("Detected"))
    ).precision.pathogens
    assert (detected.gene, detected.verdicts) == (
        "rpoB", ((label, "resistance mutation detected"),)
    )  # fmt: skip
    (clean,) = reading(
        observation(loinc("89372-7", label), text("Not detected"))
    ).precision.pathogens
    assert clean.verdicts == ((label, "no resistance mutation detected"),)


def test_the_genotype_of_a_virus_is_read(reading):
    (found,) = reading(observation("Hepatitis C virus genotype", "1a")).precision.pathogens
    assert (found.organism, found.genotype, found.mutations) == ("HCV", "1a", ())


@pytest.mark.parametrize(
    ("words", "organism"),
    [
        ("HIV 1 reverse transcriptase", "HIV-1"), ("HIV-2", "HIV-2"), ("HIV 1+2", ""),
        ("Human immunodeficiency virus type 2", "HIV-2"), ("MTBC isolate", "M. tuberculosis"),
        ("Non-tuberculous mycobacteria", ""), ("CMV and HIV-1", ""), ("VZV", "VZV"),
        ("Herpes simplex virus 2", "HSV2"), ("Influenza A H1N1", "Influenza A(H1N1)pdm09"),
        ("Klebsiella pneumoniae", "Enterobacterales"), ("Influenza B", ""), ("Blood", ""),
    ],
)  # fmt: skip
def test_organisms_by_their_words(words, organism):
    assert organism_of([(words, "")])[0] == organism


def test_a_gene_says_whose_it_is_only_where_no_other_has_it():
    assert gene_owner("Rv1908c") == "M. tuberculosis"
    assert gene_owner("rpoB") == ""
    assert gene_owner("UL97") == "HCMV"
    assert gene_owner("RT") is None
    assert gene_owner("BRCA1") is None


@pytest.mark.parametrize(
    ("said", "left"),
    [("M184V and something odd", ("something", "odd")), ("M184V (45 %), K103N", ())],
)
def test_words_that_were_not_read_are_told(said, left):
    (found,) = read_list(said)
    assert found.left == left


def test_mutations_detected_in_is_no_integrase():
    (found,) = read_list("Mutations detected in: M184V")
    assert (found.gene, found.mutations) == ("", ("M184V",))


# First looks, long texts, and what laboratories write in sentences


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (observation(loinc("69548-6"), PRESENT, part("48018-6", "EGFR")), True),
        (observation(loinc("85319-2", "HER2 IHC"), text("3+")), True),
        (observation("PD-L1 by IHC", text("80 %"), part("Clone", "22C3")), True),
        (observation(loinc("69548-6"), PRESENT, part("48018-6", "UL97")), False),
        (observation(loinc("69548-6"), PRESENT, part("48018-6", "RT")), False),
        (observation(loinc("69548-6"), PRESENT), False),
        (observation("HIV-1 genotype", "RT: M184V"), False),
        (observation("Gene test", PRESENT, part("48018-6", "rpoB")), False),
        (observation("Molecular test", PRESENT, part("Organism", "HIV-1")), False),
        (observation(loinc("33630-5"), "L90M"), False),
    ],
)
def test_a_first_look_settles_what_is_of_no_pathogen_and_nothing_else(resource, expected):
    assert is_patients_own(resource) is expected


def test_a_human_gene_by_its_code_is_settled_at_the_first_look():
    gene = {"coding": [{"system": "http://www.genenames.org", "code": "HGNC:3236"}]}
    studied = {"code": loinc("48018-6"), "valueCodeableConcept": gene}
    assert is_patients_own(observation(loinc("69548-6"), PRESENT, studied))


@pytest.mark.parametrize("code", ["HIV-1 genotype", "M. tuberculosis rpoB mutations"])
def test_a_text_too_long_for_a_list_is_listed_and_not_read(reading, code):
    found = reading(observation(code, "M184V, " * 10_000))
    assert told(found) == []
    assert [each.reason for each in found.not_understood] == [TOO_LONG]


def verdicts(found):
    return [pair for p in found.precision.pathogens for pair in p.verdicts]


@pytest.mark.parametrize(
    ("code", "value", "expected"),
    [
        ("Xpert MTB/RIF", "MTB detected (medium), rifampicin resistance detected",
         [("rifampicin", "rifampicin resistance detected")]),
        ("Xpert MTB/RIF Ultra", "MTB DETECTED LOW; Rif Resistance NOT DETECTED",
         [("rifampicin", "Rif Resistance NOT DETECTED")]),
        ("MTB drug resistance", "MDR-TB", [("rifampicin, isoniazid", "MDR-TB")]),
        ("MTB drug resistance", "Resistant to isoniazid, rifampicin",
         [("isoniazid, rifampicin", "Resistant to isoniazid, rifampicin")]),
        ("MTB drug resistance", "Susceptible to rifampicin and resistant to isoniazid",
         [("rifampicin", "Susceptible to rifampicin"),
          ("isoniazid", "resistant to isoniazid")]),
        ("MTB drug resistance", "INH: R; RIF: S", [("isoniazid", "R"), ("rifampicin", "S")]),
        ("CMV genotype", "Possible ganciclovir resistance",
         [("ganciclovir", "Possible ganciclovir resistance")]),
    ],
)  # fmt: skip
def test_a_sentence_on_drugs_is_the_laboratorys_word(reading, code, value, expected):
    assert verdicts(reading(observation(code, value))) == expected


def test_an_organism_that_was_not_found_is_no_clean_gene(reading):
    assert told(reading(observation("Xpert MTB/RIF", "MTB not detected"))) == []


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("rpoB WT8 missing, MUT3 present",
         [("M. tuberculosis", "rpoB", ("WT8 missing", "MUT3"), "present")]),
        ("rpoB WT1 present, MUT1 absent", [("M. tuberculosis", "rpoB", (), "absent")]),
        ("katG MUT1 (S315T)", [("M. tuberculosis", "katG", ("S315T",), "present")]),
    ],
)  # fmt: skip
def test_the_bands_of_a_line_probe_stand_for_their_gene(reading, value, expected):
    assert told(reading(observation("GenoType MTBDRplus line probe assay", value))) == expected


@pytest.mark.parametrize(
    ("code", "value", "mutation"),
    [
        ("HBV drug resistance mutations", "rtM204V", ("HBV", "RT", ("M204V",), "present")),
        ("HIV-1 genotype", "M184V (RT)", ("HIV-1", "RT", ("M184V",), "present")),
        ("HIV-1 genotype", "RT: 184V", ("HIV-1", "RT", ("184V",), "present")),
        ("HIV-1 genotype", "RT: T69S_SS", ("HIV-1", "RT", ("T69S_SS",), "present")),
        ("HCV resistance mutations", "NS5A-Y93H", ("HCV", "NS5A", ("Y93H",), "present")),
        ("Influenza A H3N2 PA mutation", "I38T", ("Influenza A(H3N2)", "PA", ("I38T",), "present")),
    ],
)
def test_more_ways_in_which_laboratories_write_a_change(reading, code, value, mutation):
    assert told(reading(observation(code, value))) == [mutation]


def test_a_share_beside_a_change_of_a_list_is_told(reading):
    found = reading(observation("HIV-1 genotype", "RT: E138K (3%), K103N (98 %)"))
    (only,) = found.precision.pathogens
    assert [c.text for c in only.caveats if c.code == "PGX-773"] == [
        "E138K stands in 3 % of what was read: a minority of the organisms."
    ]


@pytest.mark.parametrize("gene", ["inhA promoter", "Rv1484 (inhA)", "fabG1-inhA"])
def test_a_gene_with_a_word_beside_it_is_still_the_organisms(reading, gene):
    change = variant(gene, "C-15T") | {"code": loinc("69548-6", "M. tuberculosis variant")}
    found = reading(change)
    assert [p.organism for p in found.precision.pathogens] == ["M. tuberculosis"]


def test_a_result_on_resistance_that_is_not_understood_stands_as_a_change_not_read(reading):
    found = reading(observation("HIV-1 genotype", "codon 184 mixed"))
    assert told(found) == [("HIV-1", "", ("codon 184 mixed",), "present")]
    assert len(found.not_understood) == 1


@pytest.mark.parametrize(
    ("code", "conclusion"),
    [
        ("HIV resistance", "RT: M184V"),
        ("Microbiology report", "M. tuberculosis detected, rifampicin resistance detected"),
        ("Immunology", "Donor-specific antibody against DQ7"),
    ],
)
def test_a_report_that_says_resistance_in_its_conclusion_alone_is_listed(reading, code, conclusion):
    report = {"resourceType": "DiagnosticReport", "id": "r", "status": "final",
              "code": text(code), "conclusion": conclusion}  # fmt: skip
    (listed,) = reading(report).not_understood
    assert "read from results alone" in listed.reason


def test_a_denial_that_names_several_genes_is_said_of_each(reading):
    found = reading(
        observation("HIV-1 genotype", "No resistance mutations detected in RT, PR or IN")
    )
    assert told(found) == [("HIV-1", gene, (), "absent") for gene in ("RT", "PR", "IN")]


def test_a_lineage_is_no_change_that_was_not_read(reading):
    assert told(reading(observation("Mycobacterium tuberculosis genotype", "Beijing, SIT 1"))) == []

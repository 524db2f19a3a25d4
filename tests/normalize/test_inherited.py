"""Inherited findings of what was read: each kind of finding, whose it is, and what it is called."""

from decimal import Decimal

import pytest

from fhir_pgx.model.finding import (
    NotUnderstood,
    ObservedVariant,
    Origin,
    Presence,
    SourceClass,
    StatedDiagnosis,
    StatedPhase,
)
from fhir_pgx.model.precision import PrecisionReading
from fhir_pgx.model.reading import Reading
from fhir_pgx.model.tumour import Alteration
from fhir_pgx.normalize.inherited import inherited_findings
from fhir_pgx.normalize.significance import joined_significance, significance_of

GERMLINE, SOMATIC, UNKNOWN = SourceClass.GERMLINE, SourceClass.SOMATIC, SourceClass.UNKNOWN


def at(number):
    return Origin(f"Observation/{number}", "")


def variant(number=1, gene="BRCA1", **fields):
    return ObservedVariant(at(number), genes=(gene,), **{"source_class": GERMLINE} | fields)


def diagnosis(*of, gene="BRCA1", says="Pathogenic", **fields):
    references = tuple(f"Observation/{each}" for each in of)
    conditions = fields.pop("conditions", ())
    return StatedDiagnosis((gene,), (says,), conditions, references, at("d"), **fields)


def found(*variants, **fields):
    return inherited_findings(Reading(variants=tuple(variants), **fields))


def codes(finding):
    return {caveat.code for caveat in finding.caveats}


@pytest.mark.parametrize(
    ("fields", "change", "label"),
    [
        ({"coding_hgvs": "NM_007294.4(BRCA1):c.5266dupC"}, "variant", "BRCA1 c.5266dup"),
        (
            {"coding_hgvs": "c.5266dup", "protein_hgvs": "NP_009225.1:p.(Gln1756Profs*74)"},
            "variant",
            "BRCA1 c.5266dup (p.Gln1756fs)",
        ),
        ({"coding_hgvs": "c.68_69delAG"}, "variant", "BRCA1 c.68_69del"),
        ({"copy_number": "0"}, "copy-number", "BRCA1 0 copies"),
        ({"copy_number": "1"}, "copy-number", "BRCA1 1 copy"),
        ({"repeats": (("CAG", "42"),)}, "repeat", "BRCA1 (CAG)42"),
        ({"words": ("Deletion of exons 45-50",)}, "deletion", "BRCA1 exons 45-50 deletion"),
        ({"words": ("exon 2 duplication",)}, "duplication", "BRCA1 exon 2 duplication"),
        (
            {"coding_hgvs": "c.6439-?_7309+?del", "words": ("exons 45 to 50 deleted",)},
            "deletion",
            "BRCA1 exons 45-50 deletion",
        ),
        # What a small change lies in is no loss of the exon.
        (
            {"protein_hgvs": "p.E746_A750del", "words": ("exon 19 deletion",)},
            "variant",
            "BRCA1 p.Glu746_Ala750del",
        ),
        ({"words": ("intron 22 inversion",)}, "inversion", "BRCA1 intron 22 inversion"),
        ({"change_type": "copy_number_loss"}, "deletion", "BRCA1 deletion"),
        # By its place a base or two: no loss of the gene.
        (
            {"change_type": "deletion", "genomic_hgvs": "NC_000017.11:g.43057065del"},
            "variant",
            "BRCA1 NC_000017.11:g.43057065del",
        ),
        (
            {"change_type": "deletion", "start": 100, "end": 102, "ref": "AG", "alt": ""},
            "variant",
            "BRCA1 variant without a name",
        ),
        (
            {"change_type": "deletion", "genomic_hgvs": "NC_000017.11:g.43000000_43120000del"},
            "deletion",
            "BRCA1 NC_000017.11:g.43000000_43120000del",
        ),
        ({"ids": ("http://www.ncbi.nlm.nih.gov/snp|rs6025",)}, "variant", "BRCA1 rs6025"),
    ],
)
def test_a_finding_is_known_by_its_kind_and_cited_by_its_name(fields, change, label):
    (finding,) = found(variant(**fields))
    assert (finding.change, finding.label) == (change, label)


@pytest.mark.parametrize(
    ("fields", "truncates"),
    [
        ({"protein_hgvs": "p.Arg1443*"}, True),
        ({"protein_hgvs": "p.Gln1756ProfsTer74"}, True),
        ({"coding_hgvs": "c.5266dup"}, True),  # one base more
        ({"coding_hgvs": "c.68_69del"}, True),
        ({"coding_hgvs": "c.68_70del"}, False),  # a whole codon
        ({"coding_hgvs": "c.5277+1G>A"}, True),
        ({"coding_hgvs": "c.5278-2A>G"}, True),
        ({"coding_hgvs": "c.5277+3A>G"}, False),  # beyond the canonical site
        ({"coding_hgvs": "c.5277+12G>A"}, False),
        ({"protein_hgvs": "p.Cys61Gly"}, False),
        ({"consequences": ("stop_gained",), "coding_hgvs": "c.4327C>T"}, True),
        ({"words": ("deletion of exon 2",)}, False),  # it may stay in frame
    ],
)
def test_a_change_truncates_where_its_name_shows_it_and_nowhere_else(fields, truncates):
    (finding,) = found(variant(**fields))
    assert finding.is_truncating is truncates


@pytest.mark.parametrize(
    ("source", "specimen", "kept"),
    [
        (GERMLINE, "", True),
        (UNKNOWN, "", True),
        (UNKNOWN, "blood", True),
        (UNKNOWN, "plasma", False),
        (GERMLINE, "plasma", True),
        (SOMATIC, "", False),
        (SOMATIC, "blood", False),
    ],
)
def test_what_is_not_the_patients_own_never_becomes_a_finding(source, specimen, kept):
    stated = variant(coding_hgvs="c.5266dup", source_class=source, specimen=specimen)
    findings = found(stated, diagnoses=(diagnosis(1),))
    assert bool(findings) is kept
    if kept:
        assert findings[0].source_class is source
        assert ("PGX-835" in codes(findings[0])) is (source is UNKNOWN)


@pytest.mark.parametrize("presence", [Presence.ABSENT, Presence.NO_CALL, Presence.INDETERMINATE])
def test_a_gene_that_was_tested_is_known_whatever_the_answer(presence):
    (finding,) = found(variant(presence=presence, coding_hgvs="c.5266dup"))
    assert finding.presence is presence


def test_each_repeat_count_is_a_finding_of_its_own():
    counts = (("GAA", "850"), ("GAA", "720"))
    findings = found(variant(gene="FXN", repeats=counts))
    assert [each.repeats for each in findings] == [Decimal(850), Decimal(720)]


@pytest.mark.parametrize(
    ("stated", "significance"),
    [
        ("Pathogenic", "pathogenic"),
        ("LA6668-3", "pathogenic"),
        ("likely_pathogenic", "likely-pathogenic"),
        ("Pathogenic/Likely pathogenic", "likely-pathogenic"),
        ("LA26333-7", "uncertain"),
        ("VUS", "uncertain"),
        ("Variant of uncertain significance", "uncertain"),
        ("Conflicting classifications of pathogenicity", "conflicting"),
        ("Conflicting interpretations of pathogenicity", "conflicting"),
        ("Benign/Likely benign", "likely-benign"),
        ("ACMG class 5", "pathogenic"),
        ("Class 3", "uncertain"),
        ("not pathogenic", ""),
        ("non-pathogenic", ""),
        ("drug response", ""),
        ("No pathogenic variant detected", ""),
        ("Pathogenic variant not identified", ""),
        ("Possibly pathogenic", ""),
        ("Probable-pathogenic", "likely-pathogenic"),
        ("VUS - favor pathogenic", "uncertain"),
        ("Established risk allele", "risk"),
        ("", ""),
    ],
)
def test_a_significance_is_what_is_stated_in_any_of_its_spellings(stated, significance):
    assert significance_of(stated) == significance


@pytest.mark.parametrize(
    ("stated", "joined", "differ"),
    [
        (("pathogenic", "pathogenic"), "pathogenic", False),
        (("pathogenic", ""), "pathogenic", False),
        (("pathogenic", "likely-pathogenic"), "likely-pathogenic", True),
        (("benign", "likely-benign"), "likely-benign", True),
        (("pathogenic", "uncertain"), "conflicting", True),
        (("likely-pathogenic", "benign"), "conflicting", True),
        (("conflicting", "pathogenic"), "conflicting", True),
    ],
)
def test_two_classes_of_one_variant_are_the_weaker_or_a_conflict(stated, joined, differ):
    assert joined_significance(stated) == (joined, differ)


def test_a_diagnosis_gives_its_significance_to_the_variant_it_was_drawn_from():
    one = variant(1, coding_hgvs="c.5266dup")
    other = variant(2, coding_hgvs="c.4837A>G")
    findings = found(one, other, diagnoses=(diagnosis(1, conditions=("HBOC",)),))
    assert [each.significance for each in findings] == ["pathogenic", ""]
    assert findings[0].conditions == ("HBOC",)


@pytest.mark.parametrize(
    "of",
    [
        "Observation/1",
        "Observation/1/_history/2",
        "https://ehr.example.org/fhir/Observation/1",
        "https://ehr.example.org/fhir/Observation/1/_history/2",
    ],
)
def test_a_diagnosis_may_name_its_variant_by_address_or_version(of):
    said = StatedDiagnosis(("BRCA1",), ("Pathogenic",), (), (of,), at("d"))
    pair = (variant(1, coding_hgvs="c.5266dup"), variant(2, coding_hgvs="c.181T>G"))
    first, second = found(*pair, diagnoses=(said,))
    assert (first.significance, second.significance) == ("pathogenic", "")


def test_a_reference_that_a_bundle_resolves_is_followed():
    said = StatedDiagnosis(
        ("BRCA1",), ("Pathogenic",), (), ("urn:uuid:x",), at("d"), ("Observation/2",)
    )
    pair = (variant(1, coding_hgvs="c.5266dup"), variant(2, coding_hgvs="c.181T>G"))
    assert [each.significance for each in found(*pair, diagnoses=(said,))] == ["", "pathogenic"]


def test_a_variant_of_which_an_element_alone_was_not_read_keeps_its_diagnosis():
    listed = (NotUnderstood("Observation/1", "a component is not read"),)
    (finding,) = found(
        variant(1, coding_hgvs="c.181T>G"), diagnoses=(diagnosis(1),), not_understood=listed
    )
    assert finding.significance == "pathogenic"


def test_a_diagnosis_that_leads_nowhere_goes_to_the_one_finding_of_its_gene():
    (finding,) = found(variant(coding_hgvs="c.5266dup"), diagnoses=(diagnosis(),))
    assert finding.significance == "pathogenic"
    assert "PGX-833" in codes(finding)


def test_a_diagnosis_that_may_be_of_either_variant_is_given_to_neither():
    pair = (variant(1, coding_hgvs="c.5266dup"), variant(2, coding_hgvs="c.181T>G"))
    assert [each.significance for each in found(*pair, diagnoses=(diagnosis(),))] == ["", ""]


def test_a_diagnosis_of_a_gene_without_a_variant_is_a_finding_without_a_name():
    (finding,) = found(diagnoses=(diagnosis(),))
    assert (finding.gene, finding.change, finding.significance) == ("BRCA1", "any", "pathogenic")
    assert finding.source_class is UNKNOWN


def test_a_diagnosis_of_a_withdrawn_or_somatic_variant_speaks_of_no_other():
    kept = variant(2, coding_hgvs="c.181T>G")
    withdrawn = (NotUnderstood("Observation/1", "its status is entered-in-error"),)
    (finding,) = found(kept, diagnoses=(diagnosis(1),), not_understood=withdrawn)
    assert finding.significance == ""
    tumours = variant(1, coding_hgvs="c.5266dup", source_class=SOMATIC)
    (finding,) = found(kept, tumours, diagnoses=(diagnosis(1),))
    assert finding.significance == ""
    assert found(tumours, diagnoses=(diagnosis(),)) == ()


def test_one_change_stated_twice_is_one_finding_with_all_that_is_said_of_it():
    one = variant(1, coding_hgvs="c.5266dupC", zygosity="heterozygous")
    two = variant(2, coding_hgvs="c.5266dup", protein_hgvs="p.Q1756fs", source_class=UNKNOWN)
    (finding,) = found(one, two, diagnoses=(diagnosis(2),))
    assert finding.label == "BRCA1 c.5266dup (p.Gln1756fs)"
    assert (finding.zygosity, finding.significance) == ("heterozygous", "pathogenic")
    assert finding.source_class is GERMLINE


def test_two_changes_of_one_protein_name_stay_two():
    pair = (
        variant(1, coding_hgvs="c.181T>G", protein_hgvs="p.Cys61Gly"),
        variant(2, coding_hgvs="c.181_183delinsGGA", protein_hgvs="p.Cys61Gly"),
    )
    assert len(found(*pair)) == 2


def test_two_statements_that_differ_conflict_and_say_so():
    one = variant(1, coding_hgvs="c.181T>G", significance="Pathogenic", zygosity="heterozygous")
    two = variant(
        2, coding_hgvs="c.181T>G", significance="Uncertain significance", zygosity="homozygous"
    )
    (finding,) = found(one, two)
    assert (finding.significance, finding.zygosity) == ("conflicting", "")
    assert {"PGX-830", "PGX-832"} <= codes(finding)


@pytest.mark.parametrize(
    ("other", "presence"),
    [
        (Presence.ABSENT, Presence.INDETERMINATE),
        (Presence.NO_CALL, Presence.PRESENT),
    ],
)
def test_present_beside_absent_is_neither_and_beside_no_call_stands(other, presence):
    one = variant(1, coding_hgvs="c.181T>G")
    (finding,) = found(one, variant(2, coding_hgvs="c.181T>G", presence=other))
    assert finding.presence is presence
    assert "PGX-831" in codes(finding)


@pytest.mark.parametrize(("word", "member"), [("Trans", "in_trans"), ("Cis", "in_cis")])
def test_a_phase_relationship_puts_two_findings_on_one_copy_or_on_two(word, member):
    pair = (
        variant(1, "MUTYH", coding_hgvs="c.452A>G"),
        variant(2, "MUTYH", coding_hgvs="c.1103G>A"),
    )
    phase = StatedPhase(word, ("Observation/1", "Observation/2"), at("p"))
    first, second = found(*pair, phases=(phase,))
    assert getattr(first, member) == ("Observation/2",)
    assert getattr(second, member) == ("Observation/1",)
    other = ({"in_trans", "in_cis"} - {member}).pop()
    assert getattr(first, other) == ()


def test_a_test_of_a_gene_is_a_finding_where_its_kind_is_inherited():
    tests = tuple(
        Alteration((gene,), kind, Presence.PRESENT, at(gene), f"{gene} test")
        for gene, kind in (("F5", "variant"), ("ALK", "rearrangement"), ("DMD", "exon-deletion"))
    )
    findings = inherited_findings(Reading(precision=PrecisionReading(tests=tests)))
    assert [(each.gene, each.change) for each in findings] == [
        ("F5", "variant"),
        ("DMD", "deletion"),
    ]


def test_low_penetrance_is_told_where_the_report_says_it():
    (finding,) = found(
        variant(coding_hgvs="c.181T>G"),
        diagnoses=(diagnosis(1, says="Pathogenic, low penetrance"),),
    )
    assert finding.significance == "pathogenic"
    assert "PGX-834" in codes(finding)


@pytest.mark.parametrize(
    ("stated", "today"),
    [("GBA", "GBA1"), ("HERG", "KCNH2"), ("KVLQT1", "KCNQ1"), ("KCNH2", "KCNH2")],
)
def test_a_gene_of_an_older_name_is_the_gene_of_today(stated, today):
    (one,) = found(variant(gene=stated, coding_hgvs="c.1226A>G"))
    assert (one.gene, one.label) == (today, f"{today} c.1226A>G")


def test_present_beside_absent_is_disputed_and_present_beside_no_call_is_not():
    def joined(other):
        given = {"coding_hgvs": "c.5266dup", "significance": "Pathogenic"}
        (one,) = found(variant(1, **given), variant(2, presence=other, **given))
        return one.presence, one.is_disputed

    assert joined(Presence.ABSENT) == (Presence.INDETERMINATE, True)
    assert joined(Presence.NO_CALL) == (Presence.PRESENT, False)

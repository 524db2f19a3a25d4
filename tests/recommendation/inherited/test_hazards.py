"""What inherited findings say against other drugs: loudness by finding, situation and certainty."""

from datetime import date
from decimal import Decimal

import pytest

from fhir_pgx.knowledge.inherited import load_inherited
from fhir_pgx.knowledge.loader import HERE
from fhir_pgx.model.drug import Drug
from fhir_pgx.model.finding import Presence
from fhir_pgx.model.patient import NOBODY, Fact, Medicine, PatientContext
from fhir_pgx.recommendation.inherited import InheritedBook, hazards_of
from tests.recommendation.inherited.findings import drug, finding, known

KNOWLEDGE = load_inherited(HERE)
BOOK = InheritedBook(KNOWLEDGE)
TODAY = date(2026, 11, 23)
PREGNANT = PatientContext(pregnant=Fact(True))
NOT_PREGNANT = PatientContext(pregnant=Fact(False))
NURSING = PatientContext(breastfeeding=Fact(True))
LEIDEN = finding("F5", "c.1601G>A", significance="")
F508DEL = finding("CFTR", "p.Phe508del", zygosity="homozygous")


def told(names, *findings, patient=NOBODY, **members):
    """Each hazard of an order of these drugs: how loud, and its row."""
    drugs = tuple(drug(name) for name in names.split(" + "))
    found = hazards_of(drugs, BOOK, known(*findings, **members), patient, TODAY)
    return [(each.alarm, each.advice.provenance.id) for each in found]


@pytest.mark.parametrize(
    ("names", "findings", "expected"),
    [
        # POLG: two copies as the boxed warning, one with caution
        ("valproic acid", [finding("POLG", zygosity="homozygous")], ("critical", "RARE-hand:090")),
        ("valproic acid", [finding("POLG")], ("warning", "RARE-hand:090/one")),
        ("valproic acid", [finding("POLG", significance="uncertain")], ("info", "RARE-hand:090")),
        ("levetiracetam", [finding("POLG", zygosity="homozygous")], None),
        # Urea cycle: one copy of OTC is enough, the others are recessive
        ("valproic acid", [finding("OTC")], ("critical", "RARE-hand:091")),
        ("valproic acid", [finding("ASS1")], None),
        ("valproic acid", [finding("ASS1", zygosity="homozygous")],
         ("critical", "RARE-hand:091/recessive")),
        # Aorta
        ("ciprofloxacin", [finding("FBN1")], ("warning", "CARD-hand:030/hazard")),
        ("levofloxacin", [finding("COL3A1")], ("warning", "CARD-hand:031/hazard")),
        ("moxifloxacin", [finding("SMAD3")], ("warning", "CARD-hand:032/hazard")),
        ("ofloxacin", [finding("TGFBR2")], ("warning", "CARD-hand:032/hazard")),
        ("ciprofloxacin", [finding("ACTA2")], None),  # the table names no drug to avoid
        ("ciprofloxacin", [finding("FBN1", significance="uncertain")],
         ("info", "CARD-hand:030/hazard")),
        ("amoxicillin", [finding("FBN1")], None),
        # Oestrogen
        ("ethinyl estradiol + levonorgestrel", [LEIDEN], ("warning", "CARD-hand:036")),
        ("estradiol + dienogest", [LEIDEN], ("warning", "CARD-hand:036")),
        ("estradiol", [LEIDEN], None),  # hormone therapy: the row speaks of contraceptives
        ("levonorgestrel", [LEIDEN], None),
        ("ethinyl estradiol", [finding("F5", "p.Arg534Gln", significance="")],
         ("warning", "CARD-hand:036")),
        ("ethinyl estradiol", [finding("F5", "p.Arg506Gln", significance="")],
         ("warning", "CARD-hand:036")),  # the legacy number
        ("ethinyl estradiol", [finding("F5", "c.2000A>G")], None),
        ("ethinyl estradiol", [finding("F2", "c.*97G>A", significance="risk")],
         ("warning", "CARD-hand:037")),
        ("ethinyl estradiol", [finding("HMBS")], ("warning", "PREG-hand:015")),
        ("progesterone", [finding("HMBS")], ("warning", "PREG-hand:015")),
        ("ethinyl estradiol", [finding("SERPING1")], ("warning", "RARE-hand:075/hazard")),
        ("lisinopril", [finding("SERPING1")], ("warning", "RARE-hand:075/hazard")),
        # Arrhythmia
        ("flecainide", [finding("SCN5A", "p.Arg34Ter")], ("warning", "CARD-hand:015")),
        ("flecainide", [finding("SCN5A", conditions=("Brugada syndrome",))],
         ("warning", "CARD-hand:015")),
        ("flecainide", [finding("SCN5A")], ("info", "CARD-hand:015")),
        ("flecainide", [finding("RYR2")], None),  # it is added in this disease
        ("pseudoephedrine", [finding("RYR2")], ("warning", "CARD-hand:016/hazard")),
        ("methylphenidate", [finding("CASQ2", zygosity="homozygous")],
         ("warning", "CARD-hand:017/hazard")),
        ("methylphenidate", [finding("CASQ2")], None),
        ("epinephrine", [finding("RYR2")], None),  # never told off in an emergency
        # Amyloid: the gene alone is not the heart
        ("verapamil", [finding("TTR")], ("info", "CARD-hand:023/hazard")),
        # Seizures
        ("carbamazepine", [finding("SCN1A", "p.Arg34Ter")], ("warning", "RARE-hand:087")),
        ("lamotrigine", [finding("SCN1A")], ("info", "RARE-hand:087")),
        ("phenobarbital", [finding("SLC2A1")], ("warning", "RARE-hand:097/hazard")),
        # Little or no effect
        ("evolocumab", [finding("LDLR", "p.Arg34Ter", zygosity="homozygous")],
         ("warning", "CARD-hand:005")),
        ("evolocumab", [finding("LDLR", zygosity="homozygous")], None),  # some receptor is left
        ("eculizumab", [finding("C5", "p.Arg885His", significance="")],
         ("warning", "RARE-hand:079/c5")),
        # Anaesthesia, where the pharmacogene has no answer
        ("succinylcholine", [finding("RYR1", conditions=("Malignant hyperthermia",))],
         ("critical", "RARE-hand:101")),
        ("sevoflurane", [finding("CACNA1S")], ("warning", "RARE-hand:101")),
    ],
)  # fmt: skip
def test_a_drug_is_told_off_as_loud_as_the_finding_is_certain(names, findings, expected):
    found = [each for each in told(names, *findings) if not each[1].startswith("QT-hand")]
    assert found == ([expected] if expected else [])


def test_what_the_pharmacogene_says_already_is_not_said_twice():
    susceptible = {"RYR1": "Malignant Hyperthermia Susceptibility"}
    variant = finding("RYR1", conditions=("Malignant hyperthermia",))
    assert told("succinylcholine", variant, results=susceptible) == []


def test_verapamil_is_avoided_where_the_heart_has_amyloid():
    found = told("verapamil", finding("TTR"), conditions=["cardiac amyloid"])
    assert found == [("warning", "CARD-hand:023/hazard")]


@pytest.mark.parametrize(
    ("names", "findings", "row", "alarm"),
    [
        ("losartan", [finding("FBN1")], "PREG-hand:007", "critical"),
        ("enalapril", [finding("FBN1")], "PREG-hand:007", "critical"),
        ("losartan", [], "PREG-hand:007", None),  # the house speaks where there is a finding
        ("prednisone", [finding("OTC")], "PREG-hand:004", "warning"),
        ("valproic acid", [finding("POLG")], "PREG-hand:019", "critical"),
        ("vismodegib", [], "PREG-hand:008", "critical"),
        ("sonidegib", [], "PREG-hand:008", "critical"),
        ("imatinib", [], "PREG-hand:009", "warning"),
        ("lenalidomide", [], "PREG-hand:010", "critical"),
        ("olaparib", [], "PREG-hand:011", "warning"),
        ("vorasidenib", [], "PREG-hand:012", "warning"),
        ("trastuzumab", [], "PREG-hand:013", "critical"),
        ("trastuzumab deruxtecan", [], "PREG-hand:013", "critical"),
        ("palovarotene", [], "PREG-hand:014", "critical"),
        ("primaquine", [], "PREG-hand:002/primaquine", "critical"),
    ],
)
def test_pregnancy_rows_speak_in_pregnancy_alone(names, findings, row, alarm):
    for patient in (NOBODY, NOT_PREGNANT, NURSING):
        assert row not in [found for _, found in told(names, *findings, patient=patient)]
    found = {where: loud for loud, where in told(names, *findings, patient=PREGNANT)}
    assert found.get(row) == alarm


@pytest.mark.parametrize(
    ("names", "patient", "results", "expected"),
    [
        ("codeine", NURSING, {"CYP2D6": "Ultrarapid Metabolizer"}, ["PREG-hand:001"]),
        ("tramadol", NURSING, {"CYP2D6": "Ultrarapid Metabolizer"}, ["PREG-hand:001"]),
        ("codeine", NURSING, {"CYP2D6": "Normal Metabolizer"}, []),
        ("codeine", NURSING, {}, []),  # untested is not ultrarapid
        ("codeine", PREGNANT, {"CYP2D6": "Ultrarapid Metabolizer"}, []),
        ("nitrofurantoin", PREGNANT, {"G6PD": "Deficient"}, ["PREG-hand:002"]),
        ("nitrofurantoin", PREGNANT, {"G6PD": "Normal"}, []),
        ("nitrofurantoin", NOBODY, {"G6PD": "Deficient"}, []),
        ("azathioprine", PREGNANT, {"TPMT": "Intermediate Metabolizer"}, ["PREG-hand:018"]),
    ],
)
def test_a_pharmacogene_decides_rows_of_pregnancy_and_nursing(names, patient, results, expected):
    found = told(names, patient=patient, results=results)
    assert [row for alarm, row in found if alarm != "info" or row == "PREG-hand:018"] == expected


@pytest.mark.parametrize(
    ("names", "beside", "is_alone"),
    [
        ("ivacaftor", (), True),
        ("ivacaftor", ("elexacaftor", "tezacaftor"), False),  # the evening tablet
        ("elexacaftor + tezacaftor + ivacaftor", (), False),
        ("lumacaftor + ivacaftor", (), False),
    ],
)
def test_ivacaftor_is_not_for_two_copies_of_f508del_as_a_single_agent(names, beside, is_alone):
    drugs = tuple(Drug(name, name) for name in beside)
    patient = PatientContext(medicines=(Medicine(drugs, "active"),) if beside else ())
    found = told(names, F508DEL, patient=patient)
    assert found == ([("warning", "RARE-hand:002/alone")] if is_alone else [])


def test_voxelotor_is_told_off_whatever_the_genotype():
    assert told("voxelotor") == [("warning", "RARE-hand:014")]


def test_every_row_that_is_a_hazard_names_a_drug():
    for row in KNOWLEDGE.rows:
        if row.kind == "hazard":
            assert row.drugs or row.drug_classes, row.id


def said(names, *findings, patient=NOBODY, **members):
    drugs = tuple(drug(name) for name in names.split(" + "))
    return hazards_of(drugs, BOOK, known(*findings, **members), patient, TODAY)


def disputed(gene, **members):
    """One result says present, another absent."""
    return finding(gene, presence=Presence.INDETERMINATE, is_disputed=True, **members)


@pytest.mark.parametrize(
    ("name", "found", "alarm"),
    [
        ("sotalol", disputed("KCNH2"), "warning"),
        ("ondansetron", disputed("KCNH2"), "info"),
        ("sotalol", disputed("KCNH2", significance="uncertain"), None),
        ("sotalol", disputed("KCNH2", significance="benign"), None),
        ("sotalol", finding("KCNH2", presence=Presence.INDETERMINATE), None),
        ("sotalol", finding("KCNH2", presence=Presence.NO_CALL), None),
        ("sotalol", finding("KCNH2", presence=Presence.ABSENT), None),
    ],
)
def test_a_finding_that_another_result_denies_is_told_one_step_lower(name, found, alarm):
    judged = said(name, found)
    assert [each.alarm for each in judged] == ([alarm] if alarm else [])
    for each in judged:
        assert each.state == "possible"
        assert any("another says absent" in need for need in each.advice.needs)


def test_two_polg_variants_of_unknown_phase_are_told_as_the_boxed_warning_if_the_phase_holds():
    two = [finding("POLG", "p.Ala467Thr", 1), finding("POLG", "p.Trp748Ser", 2)]
    (judged,) = said("valproic acid", *two)
    assert (judged.alarm, judged.advice.effect) == ("warning", "contraindicated")
    assert "different copies" in judged.advice.needs[0]


def test_what_is_ordered_together_is_no_choice():
    (judged,) = said("estradiol + dienogest", LEIDEN)
    assert judged.advice.drug == "estradiol + dienogest"


def test_the_prodrug_of_phenytoin_is_told_as_phenytoin_is():
    dravet = finding("SCN1A", "p.Arg222Ter")
    for name in ("phenytoin", "fosphenytoin"):
        assert told(name, dravet) == [("warning", "RARE-hand:087")]
    assert told("levetiracetam", dravet) == []


@pytest.mark.parametrize(
    ("gene", "label", "significance", "alarm"),
    [
        ("F5", "F5 Factor V Leiden", "pathogenic", "warning"),
        ("F5", "F5 Factor V Leiden", "", "warning"),
        ("F5", "F5 Factor V Leiden", "benign", None),
        ("F5", "F5 R2 haplotype", "pathogenic", None),
        ("F2", "F2 Prothrombin G20210A", "risk", "warning"),
        ("F2", "F2 variant without a name", "pathogenic", None),
    ],
)
def test_leiden_and_g20210a_are_known_by_their_words(gene, label, significance, alarm):
    worded = finding(gene, "", label=label, significance=significance)
    found = told("ethinyl estradiol", worded)
    assert [each[0] for each in found] == ([alarm] if alarm else [])


@pytest.mark.parametrize("name", ["c.20210G>A", "c.*97G>A"])
def test_the_legacy_name_of_prothrombin_counts(name):
    assert told("ethinyl estradiol", finding("F2", name, significance=""))[0][0] == "warning"


@pytest.mark.parametrize(("fraction", "told_of"), [("0.1", True), ("0.3", False), ("0.5", False)])
def test_a_hazard_of_few_reads_is_told_as_loud_and_says_so(fraction, told_of):
    (judged,) = said("sotalol", finding("KCNH2", frequency=Decimal(fraction)))
    assert judged.alarm == "critical"
    assert ("PGX-838" in [caveat.code for caveat in judged.advice.caveats]) is told_of

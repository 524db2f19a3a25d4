"""Problems, procedures and reasons, and the classes they belong to. Every patient is synthetic."""

from datetime import date

import pytest

from fhir_pgx.errors import BrokenKnowledge
from fhir_pgx.fhir.bundle import References, entries_of
from fhir_pgx.fhir.condition_words import find_conditions
from fhir_pgx.fhir.conditions import (
    NO_CODE,
    NOT_CONFIRMED,
    NOT_THE_PATIENTS,
    read_conditions,
    read_indications,
)
from fhir_pgx.knowledge.conditions import load_conditions
from fhir_pgx.knowledge.loader import HERE

TODAY = date(2026, 11, 23)
CLASSES = load_conditions(HERE)
SNOMED = "http://snomed.info/sct"
ICD_10_CM = "http://hl7.org/fhir/sid/icd-10-cm"
ICD_10 = "http://hl7.org/fhir/sid/icd-10"
PCS = "http://www.cms.gov/Medicare/Coding/ICD10"


def coded(system, code, **members):
    return {"coding": [{"system": system, "code": code}], **members}


def condition(code, **members):
    return {"resourceType": "Condition", "id": "c1", "code": code, **members}


def procedure(code, **members):
    return {
        "resourceType": "Procedure", "id": "p1", "status": "completed", "code": code, **members
    }  # fmt: skip


def read(*resources):
    bundle = {"resourceType": "Bundle", "entry": [{"resource": each} for each in resources]}
    return read_conditions(entries_of(bundle), classes=CLASSES, today=TODAY)


def classes_of(resource):
    (found,), odd = read(resource)
    assert odd == ()
    return set(found.classes)


@pytest.mark.parametrize(
    ("system", "code", "classes"),
    [
        (ICD_10_CM, "I21.4", {"acs-pci", "cardiovascular-other"}),  # NSTEMI, of no known date
        (ICD_10, "I25.2", {"cardiovascular-other"}),  # old myocardial infarction
        (ICD_10_CM, "I25.10", {"cardiovascular-other"}),  # coronary disease without angina
        (ICD_10_CM, "I25.110", {"acs-pci", "cardiovascular-other"}),  # with unstable angina
        (ICD_10_CM, "I21.A1", set()),  # type 2: supply and demand, not the syndrome
        (ICD_10_CM, "I63.9", {"neurovascular"}),
        (ICD_10_CM, "I6", set()),
        ("urn:oid:2.16.840.1.113883.6.90", "I48.91", {"atrial-fibrillation"}),
        ("http://fhir.de/CodeSystem/bfarm/icd-10-gm", "E11.90", {"diabetes"}),
        (ICD_10_CM, "e11.22", {"diabetes", "chronic-kidney-disease"}),
        (ICD_10_CM, "E11.42", {"diabetes", "neuropathic-pain"}),
        (ICD_10_CM, "C50.911", {"breast-cancer", "malignancy"}),
        (ICD_10_CM, "C91.00", {"acute-leukemia", "malignancy"}),
        (ICD_10_CM, "C44.91", {"malignancy"}),
        (ICD_10_CM, "N18.6", {"chronic-kidney-disease"}),
        (ICD_10_CM, "Z99.2", {"dialysis"}),
        (ICD_10_CM, "L51.1", {"dress-sjs-ten"}),
        (ICD_10_CM, "L51.0", set()),  # erythema multiforme is not the severe reaction
        (ICD_10_CM, "F17.210", {"smoking"}),
        (ICD_10_CM, "F17.211", set()),  # in remission
        (ICD_10_CM, "F17.220", set()),  # chewing tobacco induces no CYP1A2
        (SNOMED, "44054006", {"diabetes"}),
        (f"{SNOMED}/731000124108", "49436004", {"atrial-fibrillation"}),  # an edition's own url
        (SNOMED, "9651007", {"long-qt"}),
        (SNOMED, "96510070", set()),  # codes are whole
        ("http://example.org/local", "I21.4", set()),
        ("", "I48", set()),
    ],
)
def test_a_code_decides_the_class(system, code, classes):
    assert classes_of(condition(coded(system, code))) == classes


@pytest.mark.parametrize(
    ("text", "classes"),
    [
        ("Type 2 diabetes mellitus without complications", {"diabetes"}),
        ("Crohn's disease of small intestine", {"inflammatory-bowel"}),
        ("Trigeminal neuralgia", {"trigeminal-neuralgia", "neuropathic-pain"}),
        ("Hx of STEMI", {"cardiovascular-other"}),
        ("History of MI", {"cardiovascular-other"}),
        ("Old myocardial infarction", {"cardiovascular-other"}),
        ("s/p PCI", {"acs-pci", "cardiovascular-other"}),  # when, nobody says
        ("Unstable angina", {"acs-pci", "cardiovascular-other"}),
        ("Stable angina", {"cardiovascular-other"}),
        ("Bipolar depression", {"bipolar"}),
        ("ST depression on ECG", set()),
        ("Respiratory depression", set()),
        ("Pulmonary hypertension", set()),
        ("Gestational diabetes", set()),
        ("Haemorrhagic stroke", set()),
        ("Hemorrhagic stroke; ischemic stroke", {"neurovascular"}),
        ("Chest pain", set()),
        ("Non-ST elevation MI", {"acs-pci", "cardiovascular-other"}),
        ("Macsyma", set()),  # holds `acs`: words are whole
        ("Migraines", set()),
        ("Former smoker", set()),
        ("Smoker", {"smoking"}),
        ("DVTs, recurrent", {"dvt-pe"}),
        ("Rhinosinusitis", set()),
        ("CNSHA (G6PD class I)", {"cnsha"}),
    ],
)
def test_words_decide_where_no_code_does(text, classes):
    assert classes_of(condition({"text": text})) == classes


@pytest.mark.parametrize(
    ("code", "text", "classes"),
    [
        ("I25.10", "Atherosclerotic heart disease of native coronary artery without angina "
                   "pectoris", {"cardiovascular-other"}),
        ("G40.909", "Epilepsy, unspecified, not intractable, without status epilepticus",
         {"epilepsy"}),
        ("I21.4", "Non-ST elevation (NSTEMI) myocardial infarction",
         {"acs-pci", "cardiovascular-other"}),
        ("K21.9", "Gastro-esophageal reflux disease without esophagitis", {"gerd"}),
        ("Z86.73", "Personal history of transient ischemic attack (TIA), and cerebral infarction "
                   "without residual deficits", {"neurovascular"}),
        ("K70.30", "Alcoholic cirrhosis of liver without ascites", {"hepatic-impairment"}),
        ("E11.9", "Type 2 diabetes mellitus without complications", {"diabetes"}),
        ("I11.9", "Hypertensive heart disease without heart failure", {"hypertension"}),
    ],
)  # fmt: skip
def test_the_words_of_a_code_do_not_undo_it(code, text, classes):
    assert classes_of(condition(coded(ICD_10_CM, code, text=text))) == classes


@pytest.mark.parametrize(
    ("text", "classes"),
    [
        ("Breast cancer, HER2 negative", {"breast-cancer", "malignancy"}),
        ("H. pylori negative", set()),
        ("H. pylori gastritis", {"h-pylori"}),
        ("Supervision of high risk pregnancy", {"pregnancy"}),
        ("Dementia without behavioral disturbance, mood disturbance, and anxiety", set()),
        ("Hypertensive heart disease without heart failure", set()),
    ],
)
def test_what_is_denied_beside_a_condition_leaves_the_condition(text, classes):
    assert find_conditions(text, CLASSES).classes == classes


@pytest.mark.parametrize(
    "system", ["urn:oid:2.16.840.1.113883.6.42", "2.16.840.1.113883.6.900", "http://hl7.org/icd-9"]
)
def test_another_registry_with_a_like_number_is_not_ours(system):
    assert classes_of(condition(coded(system, "I48"))) == set()


@pytest.mark.parametrize(
    "text",
    [
        "No history of stroke",
        "Denies diabetes",
        "Family history of breast cancer",
        "FH: myocardial infarction",
        "Father had a stroke at 60",
        "Rule out pulmonary embolism",
        "R/O DVT",
        "Suspected epilepsy",
        "? gout",
        "Gout?",
        "DVT prophylaxis",
        "Stroke prevention",
        "Stroke ruled out",
        "Encounter for screening for malignant neoplasm of colon",
        "At risk for diabetes",
        "Contact with and exposure to HIV",
        "No asthma, diabetes, or hypertension",
        "Never any tobacco smoking",
    ],
)
def test_what_is_denied_doubted_or_anothers_is_no_condition_of_the_patient(text):
    found, odd = read(condition({"text": text}))
    assert found == ()
    assert [each.reason for each in odd] == [NOT_THE_PATIENTS]


def test_a_denial_ends_with_its_clause():
    text = "No history of stroke. Type 2 diabetes; denies gout but has epilepsy"
    assert find_conditions(text, CLASSES).classes == {"diabetes", "epilepsy"}


def test_a_text_that_rules_out_what_the_code_names_is_not_outvoted_by_the_code():
    found, odd = read(condition(coded(ICD_10_CM, "I26.99", text="Rule out pulmonary embolism")))
    assert found == ()
    assert [each.reason for each in odd] == [NOT_THE_PATIENTS]


@pytest.mark.parametrize(
    ("members", "classes", "since"),
    [
        ({"onsetDateTime": "2026-10-02"}, {"acs-pci"}, "2026-10-02"),
        ({"onsetDateTime": "2025-11-23"}, {"acs-pci"}, "2025-11-23"),  # 365 days
        ({"onsetDateTime": "2025-11-22"}, {"cardiovascular-other"}, "2025-11-22"),
        ({"onsetDateTime": "2019"}, {"cardiovascular-other"}, "2019"),
        ({"onsetDateTime": "2025"}, {"acs-pci", "cardiovascular-other"}, "2025"),  # either side
        ({"onsetPeriod": {"start": "2026-09"}}, {"acs-pci"}, "2026-09"),
        ({"recordedDate": "2020-01-01"}, {"cardiovascular-other"}, ""),  # it cannot be younger
        ({"assertedDate": "2026-11-01"}, {"acs-pci", "cardiovascular-other"}, ""),  # but older
        ({}, {"acs-pci", "cardiovascular-other"}, ""),
    ],
)
def test_an_infarction_counts_as_acute_for_a_year_from_its_onset(members, classes, since):
    (found,), _ = read(condition(coded(SNOMED, "22298006"), **members))
    assert (set(found.classes), found.since) == (classes, since)


@pytest.mark.parametrize(
    ("members", "state"),
    [
        ({"clinicalStatus": coded("x", "active")}, "active"),
        ({"clinicalStatus": coded("x", "recurrence")}, "active"),
        ({"clinicalStatus": coded("x", "remission")}, "resolved"),
        ({"clinicalStatus": "inactive"}, "resolved"),  # STU3
        ({"clinicalStatus": "relapse"}, "active"),  # DSTU2
        ({"abatementDateTime": "2020"}, "resolved"),
        ({"abatementBoolean": True}, "resolved"),
        ({"abatementBoolean": False}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_a_condition_is_in_the_state_its_record_says(members, state):
    (found,), _ = read(condition({"text": "Epilepsy"}, **members))
    assert found.state == state


@pytest.mark.parametrize(
    ("status", "kept", "reasons"),
    [
        ("refuted", 0, []),
        ("entered-in-error", 0, []),
        ("differential", 0, [NOT_CONFIRMED]),
        ("unconfirmed", 0, [NOT_CONFIRMED]),
        ("provisional", 1, []),  # the diagnosis that is treated
        ("confirmed", 1, []),
    ],
)
@pytest.mark.parametrize("shape", ["code", "concept"])
def test_a_diagnosis_that_is_not_made_does_not_count(status, kept, reasons, shape):
    verified = status if shape == "code" else coded("x", status)
    found, odd = read(condition({"text": "Epilepsy"}, verificationStatus=verified))
    assert (len(found), [each.reason for each in odd]) == (kept, reasons)


def test_a_condition_without_a_name_is_listed():
    found, odd = read({"resourceType": "Condition", "id": "c1"})
    assert found == ()
    assert (odd[0].reference, odd[0].reason) == ("Condition/c1", NO_CODE)


def test_a_condition_of_no_class_is_kept_with_its_label():
    (found,), _ = read(condition({"text": "Hay fever"}))
    assert (found.label, found.classes, found.reference) == ("Hay fever", set(), "Condition/c1")


def test_a_relatives_condition_is_never_the_patients():
    history = {
        "resourceType": "FamilyMemberHistory",
        "contained": [condition({"text": "Epilepsy"})],
        "condition": [{"code": {"text": "Stroke"}}],
    }
    assert read(history) == ((), ())


@pytest.mark.parametrize(
    ("resource", "classes", "state"),
    [
        (procedure(coded(SNOMED, "415070008"), performedDateTime="2026-11-20T08:00:00Z"),
         {"acs-pci"}, "unknown"),
        (procedure(coded(SNOMED, "36969009"), performedPeriod={"start": "2021-03-01"}),
         {"cardiovascular-other"}, "unknown"),
        (procedure(coded(PCS, "027034Z"), occurrenceDateTime="2026-06-01"), {"acs-pci"},
         "unknown"),  # R5
        (procedure({"text": "Carotid artery stent"}), {"neurovascular"}, "unknown"),
        (procedure({"text": "Hemodialysis"}, performedDateTime="2026-11-20"), {"dialysis"},
         "unknown"),
        (procedure({"text": "Hemodialysis"}, performedDateTime="2023-11-20"), set(), "unknown"),
        (procedure({"text": "Elective PCI"}, status="preparation"),
         {"acs-pci", "cardiovascular-other"}, "active"),
    ],
)  # fmt: skip
def test_a_procedure_means_what_its_date_says(resource, classes, state):
    (found,), _ = read(resource)
    assert (set(found.classes), found.state) == (classes, state)


@pytest.mark.parametrize(
    "members",
    [{"status": "not-done"}, {"status": "entered-in-error"}, {"notPerformed": True}],
)
def test_a_procedure_that_was_not_done_is_none(members):
    assert read({**procedure(coded(SNOMED, "415070008")), **members}) == ((), ())


def test_a_reason_of_the_present_encounter_counts_and_a_past_one_does_not():
    here = {"resourceType": "Encounter", "id": "e1", "status": "in-progress",
            "reasonCode": [{"text": "NSTEMI"}]}  # fmt: skip
    newer = {**here, "reasonCode": None, "reason": [{"value": [{"concept": {"text": "NSTEMI"}}]}]}
    for each in (here, newer):
        (found,), _ = read(each)
        assert (found.classes, found.state) == ({"acs-pci"}, "active")
    assert read({**here, "status": "finished"}) == ((), ())


REASON = {"text": "NSTEMI"}
PROBLEM = condition(coded(ICD_10_CM, "I63.9"), onsetDateTime="2026-01-05", clinicalStatus="active")


@pytest.mark.parametrize(
    ("release", "members", "classes"),
    [
        ("DSTU2", {"reasonCodeableConcept": REASON}, {"acs-pci"}),
        ("STU3, R4", {"reasonCode": [REASON]}, {"acs-pci"}),
        ("R5", {"reason": [{"concept": REASON}]}, {"acs-pci"}),
        ("R5", {"reason": [{"reference": {"reference": "Condition/c1"}}]}, {"neurovascular"}),
        ("R4", {"reasonReference": [{"reference": "Condition/c1"}]}, {"neurovascular"}),
        ("DSTU2", {"reasonReference": {"reference": "Condition/c1"}}, {"neurovascular"}),
        ("contained", {"contained": [{**PROBLEM, "id": "x"}],
                       "reasonReference": [{"reference": "#x"}]}, {"neurovascular"}),
        ("not at hand", {"reasonReference": [{"reference": "Condition/7", "display": "DVT"}]},
         {"dvt-pe"}),
        ("not at hand", {"reasonReference": [{"reference": "Observation/7", "display": "DVT"}]},
         set()),
        ("doubt", {"reasonCode": [{"text": "DVT prophylaxis"}]}, set()),
        ("none", {}, set()),
    ],
)  # fmt: skip
def test_an_order_says_why_in_every_release(release, members, classes):
    order = {"resourceType": "MedicationRequest", "id": "r1", **members}
    bundle = {"resourceType": "Bundle", "entry": [{"resource": order}, {"resource": PROBLEM}]}
    found = read_indications(order, References(entries_of(bundle)), CLASSES, today=TODAY)
    assert {name for each in found for name in each.classes} == classes, release


def test_a_reason_that_is_an_old_infarction_is_no_acute_one():
    problem = condition(coded(SNOMED, "22298006"), onsetDateTime="2012-05-01")
    order = {"resourceType": "MedicationRequest", "id": "r1",
             "reasonReference": [{"reference": "Condition/c1"}]}  # fmt: skip
    bundle = {"resourceType": "Bundle", "entry": [{"resource": order}, {"resource": problem}]}
    references = References(entries_of(bundle))
    (found,) = read_indications(order, references, CLASSES, today=TODAY)
    assert found.classes == {"cardiovascular-other"}
    (found,) = read_indications(order, references, CLASSES)  # without a day nothing is decided
    assert found.classes == {"acs-pci", "cardiovascular-other"}


# The file itself


def test_every_phrase_of_the_file_leads_to_its_class():
    for each in CLASSES:
        for phrase in each.words:
            assert each.name in find_conditions(phrase, CLASSES).classes, (each.name, phrase)
        for phrase in each.words_not:
            assert each.name not in find_conditions(phrase, CLASSES).classes, (each.name, phrase)


def test_the_populations_of_our_guidelines_that_are_conditions_have_a_class(knowledge):
    codes = {p.code for g in knowledge.guidelines.values() for p in g.populations.values()}
    wanted = codes & {"acs-pci", "cardiovascular-other", "neurovascular"}
    assert len(wanted) == 3
    assert wanted <= {each.name for each in CLASSES}


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ("{label: x, words: []}", "too short"),
        ("{label: xyz, words: [Stroke]}", "does not match"),
        ("{label: xyz, words: [], within_days: 3, later: none-such}", "names no class"),
        ("{label: xyz, words: [], icd10: [I20], icd10_not: [I21.0]}", "excludes nothing"),
        ("{label: xyz, words: [gout], words_not: [stroke]}", "excludes nothing"),
        ("{label: xyz, words: [], snomed: {'12': x}}", "does not match"),
    ],
)
def test_a_file_that_does_not_hold_together_is_refused(tmp_path, entry, fault):
    (tmp_path / "conditions.yaml").write_text(f"citations: {{}}\nclasses:\n  some: {entry}\n")
    with pytest.raises(BrokenKnowledge, match=fault):
        load_conditions(tmp_path)

"""What a Consent withholds, from whom, when and for what: a table for a privacy officer."""

from datetime import UTC, datetime

import pytest

from fhir_pgx.model.access import Caller

from .consent_examples import (
    ACTIONS,
    ALL,
    BRCA1,
    CLINICIAN,
    CONFIDENTIALITY,
    CYP2C19,
    CYP2D6,
    ELSEWHERE,
    EMERGENCY,
    GLUCOSE,
    HGNC,
    LOINC,
    NOBODY,
    NOW,
    OF_CYP2C19,
    OTHER_CLINICIAN,
    REASON,
    RESEARCHER,
    TYPES,
    actor,
    code,
    consent,
    deny,
    gene,
    gene_class,
    hidden,
    judged,
    permit,
    resource,
)

GENOMIC = {"cyp2c19", "cyp2d6", "brca1"}
EVERYTHING = {"cyp2c19", "cyp2d6", "brca1", "glucose", "ward"}
TREATMENT = [{"system": REASON, "code": "TREAT"}]
RESEARCH = [{"system": REASON, "code": "HRESCH"}]


@pytest.mark.parametrize(
    ("provision", "withheld"),
    [
        # a gene, by every name a Consent may give it
        (deny(code=[CYP2C19]), {"cyp2c19"}),
        (deny(code=[CYP2C19, BRCA1]), {"cyp2c19", "brca1"}),
        (deny(code=[code(HGNC, "2621")]), {"cyp2c19"}),
        (deny(code=[code("", "CYP2C19")]), {"cyp2c19"}),
        (deny(code=[{"text": "CYP2C19"}]), {"cyp2c19"}),
        (deny(code=[{"text": "CYP2C19 genotype"}]), {"cyp2c19"}),
        (deny(code=[code(LOINC, "57132-3")]), {"cyp2c19"}),
        (deny(code=[code("http://www.ncbi.nlm.nih.gov/snp", "rs4244285")]), {"cyp2c19"}),
        (deny(code=[{"text": "Lynch syndrome"}]), set()),
        # a class of genes
        (deny(**{"class": [gene_class("pharmacogene")]}), {"cyp2c19", "cyp2d6"}),
        (deny(**{"class": [gene_class("hereditary-cancer")]}), {"brca1"}),
        (deny(**{"class": [gene_class("genomic")]}), GENOMIC),
        (deny(code=[{"coding": [gene_class("pharmacogene")]}]), {"cyp2c19", "cyp2d6"}),
        (deny(**{"class": [gene_class("hla")]}), set()),
        # a type of resource, any other code, a resource
        (deny(**{"class": [{"system": TYPES, "code": "Encounter"}]}), {"ward"}),
        (deny(code=[code(LOINC, "2345-7")]), {"glucose"}),
        (deny(data=[{"meaning": "instance", "reference": {"reference": "Observation/glucose"}}]),
         {"glucose"}),
        # everything, and nothing
        (deny(), EVERYTHING),
        (permit(), set()),
    ],
)  # fmt: skip
def test_a_denial_withholds_what_it_names(provision, withheld):
    assert hidden(consent(permit(provision=[provision]))) == withheld
    assert hidden(consent(provision)) == withheld


@pytest.mark.parametrize(
    ("criterion", "withheld"),
    [
        # what is not understood withholds all genomic data, and nothing else
        ({"code": [gene("HGNC:99999")]}, GENOMIC),
        ({"code": [{"text": "the thing we talked about"}]}, GENOMIC),
        ({"code": [{}]}, GENOMIC),
        ({"class": [{"system": "http://example.org", "code": "secret"}]}, GENOMIC),
        ({"class": [gene_class("no-such-class")]}, GENOMIC),
        ({"securityLabel": [{}]}, GENOMIC),
        ({"data": [{"meaning": "instance", "reference": {"identifier": {"value": "1"}}}]}, GENOMIC),
        ({"dataPeriod": {"start": "long ago"}}, GENOMIC),
        ({"modifierExtension": [{"url": "http://example.org/not"}]}, GENOMIC),
        ({"expression": {"language": "text/fhirpath", "expression": "true"}}, GENOMIC),
        # beside something that is
        ({"code": [code(LOINC, "2345-7"), {"text": "and so on"}]}, GENOMIC | {"glucose"}),
        # of the caller and the moment: it may be this one
        ({"action": [code(ACTIONS, "whatever")], "code": [CYP2C19]}, {"cyp2c19"}),
        ({"purpose": [{"code": "WHATEVER"}], "code": [CYP2C19]}, {"cyp2c19"}),
        ({"period": {"start": "then"}, "code": [CYP2C19]}, {"cyp2c19"}),
        ({"actor": [{}], "code": [CYP2C19]}, {"cyp2c19"}),
        ({"type": "forbid", "code": [CYP2C19]}, {"cyp2c19"}),
    ],
)
def test_what_is_not_understood_in_a_denial_restricts_and_is_told_to_the_operator(
    criterion, withheld
):
    found = judged(consent(permit(provision=[{"type": "deny", **criterion}])))
    assert {identity for kind, identity in found.hidden if kind != "Consent"} == withheld
    assert found.not_understood
    assert all(path.startswith("Consent") for path in found.not_understood)
    assert "talked" not in str(found.not_understood)


def test_a_provision_that_is_no_object_withholds_genomic_data():
    assert hidden(consent("deny everything")) == GENOMIC
    assert hidden(consent(permit(provision=["deny"]))) == GENOMIC


@pytest.mark.parametrize(
    ("provision", "withheld"),
    [
        # exceptions alternate, to any depth
        (deny(provision=[permit(code=[CYP2C19])]), EVERYTHING - {"cyp2c19"}),
        (deny(**{"class": [gene_class("genomic")]}, provision=[permit(code=[CYP2C19])]),
         {"cyp2d6", "brca1"}),
        (permit(provision=[deny(**{"class": [gene_class("genomic")]},
                                provision=[permit(code=[CYP2C19])])]), {"cyp2d6", "brca1"}),
        (deny(**{"class": [gene_class("genomic")]},
              provision=[permit(**{"class": [gene_class("pharmacogene")]},
                                provision=[deny(code=[CYP2D6])])]), {"cyp2d6", "brca1"}),
        # an exception that does not say what it does is the opposite of what it is from
        (permit(provision=[{"code": [CYP2C19]}]), {"cyp2c19"}),
        (deny(provision=[{"code": [CYP2C19]}]), EVERYTHING - {"cyp2c19"}),
        # where two exceptions speak of one resource, the denial wins
        (deny(provision=[permit(), deny(code=[CYP2C19])]), {"cyp2c19"}),
        # what permits must be certain: it does not lift a denial where it is not understood
        (deny(code=[CYP2C19], provision=[permit(code=[{"text": "whatever"}])]), {"cyp2c19"}),
        (deny(code=[CYP2C19], provision=[permit(purpose=[{"code": "WHATEVER"}])]), {"cyp2c19"}),
    ],
)  # fmt: skip
def test_exceptions_alternate(provision, withheld):
    assert hidden(consent(provision)) == withheld


def test_a_permission_for_one_gene_shows_no_other_that_stands_beside_it():
    both = resource(identity="both", note=[{"text": "CYP2C19 *1/*1, BRCA1 c.68_69del"}])
    provision = deny(**{"class": [gene_class("genomic")]}, provision=[permit(code=[CYP2C19])])
    assert hidden(consent(provision), (OF_CYP2C19, both)) == {"both"}


@pytest.mark.parametrize(
    ("policy", "provision", "withheld"),
    [
        ("OPTIN", None, set()),
        ("OPTOUT", None, EVERYTHING),
        ("OPTIN", {"provision": [deny(code=[CYP2C19])]}, {"cyp2c19"}),
        ("OPTINR", {"provision": [deny(code=[CYP2C19])]}, {"cyp2c19"}),
        ("OPTOUT", {"provision": [permit(code=[CYP2C19])]}, EVERYTHING - {"cyp2c19"}),
        ("OPTOUTE", {"provision": [permit(code=[CYP2C19])]}, EVERYTHING - {"cyp2c19"}),
        ("OPTOUT", permit(code=[CYP2C19]), EVERYTHING - {"cyp2c19"}),
        ("OPTIN", deny(code=[CYP2C19]), {"cyp2c19"}),
        # without a policy that we know, the exceptions tell what they are from
        ("LOCAL", {"provision": [deny(code=[CYP2C19])]}, {"cyp2c19"}),
        ("LOCAL", {"provision": [permit(code=[CYP2C19])]}, EVERYTHING - {"cyp2c19"}),
        ("LOCAL", {"provision": [permit(code=[CYP2C19]), deny(code=[CYP2D6])]},
         EVERYTHING - {"cyp2c19"}),
        ("LOCAL", {"code": [CYP2C19]}, {"cyp2c19"}),
        ("LOCAL", None, set()),
    ],
)  # fmt: skip
def test_the_policy_is_the_base_where_the_root_says_nothing(policy, provision, withheld):
    act = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
    assert hidden(consent(provision, policyRule=code(act, policy))) == withheld


def test_a_consent_of_r5_is_read_by_its_decision():
    made = consent(decision="permit", provision=[{"code": [CYP2C19]}])
    assert hidden(made) == {"cyp2c19"}
    assert hidden(consent(decision="deny", provision=[{"code": [CYP2C19]}])) == (
        EVERYTHING - {"cyp2c19"}
    )


@pytest.mark.parametrize(
    ("members", "is_in_force"),
    [
        ({}, True),
        ({"status": "draft"}, False),
        ({"status": "inactive"}, False),
        ({"status": "entered-in-error"}, False),
        ({"status": None}, True),  # that it is over must be said
        ({"status": "something"}, True),
        ({"scope": code("", "research")}, False),  # not asked by a researcher
        ({"scope": code("", "adr")}, False),
        ({"scope": code("", "treatment")}, False),
        ({"scope": code("", "treatment"), "category": [code("", "IDSCL")]}, True),
        ({"scope": code("", "local")}, True),
        ({"scope": None}, True),
    ],
)
def test_a_consent_binds_only_while_in_force_and_where_it_is_about_data(members, is_in_force):
    assert bool(hidden(consent(deny(code=[CYP2C19]), **members))) is is_in_force


def test_a_refusal_of_treatment_that_names_data_is_one_of_data_too():
    made = consent(deny(**{"class": [gene_class("genomic")]}), scope=code("", "treatment"))
    assert hidden(made) == GENOMIC


def test_a_refusal_of_research_binds_research_alone():
    made = consent(deny(), scope=code("", "research"))
    assert hidden(made, caller=RESEARCHER) == EVERYTHING
    assert hidden(made, caller=CLINICIAN) == set()


@pytest.mark.parametrize(
    ("period", "moment", "is_in_force"),
    [
        ({"start": "2026-01-01", "end": "2026-12-31"}, NOW, True),
        ({"start": "2027"}, NOW, False),
        ({"end": "2025"}, NOW, False),
        ({"end": "2026-11"}, NOW, True),
        ({"end": "2026-11-23T11:59:00Z"}, NOW, False),
        ({"end": "2026-11-23T12:01:00Z"}, NOW, True),
        ({"start": "2026-11-23T12:01:00Z"}, NOW, False),
        # the day has not ended everywhere: a denial still holds
        ({"end": "2026-11-22"}, datetime(2026, 11, 23, 5, tzinfo=UTC), True),
        ({"end": "2026-11-22"}, datetime(2026, 11, 23, 13, tzinfo=UTC), False),
        ({"start": "2026-11-24"}, datetime(2026, 11, 23, 12, tzinfo=UTC), True),
        ("always", NOW, True),
    ],
)
def test_a_rule_holds_in_its_period(period, moment, is_in_force):
    made = consent(permit(provision=[deny(code=[CYP2C19], period=period)]))
    assert bool(hidden(made, now=moment)) is is_in_force


@pytest.mark.parametrize(
    ("period", "is_lifted"),
    [
        ({"start": "2026-11-01", "end": "2026-11-30"}, True),
        ({"end": "2026-11-22"}, False),
        ({"start": "2026-11-24"}, False),
        ({"start": "never"}, False),
    ],
)
def test_a_permission_lifts_a_denial_only_in_its_period(period, is_lifted):
    made = consent(deny(code=[CYP2C19], provision=[permit(period=period)]))
    assert (hidden(made) == set()) is is_lifted


@pytest.mark.parametrize(
    ("who", "caller", "is_denied"),
    [
        (actor("Practitioner/7"), CLINICIAN, True),
        (actor("https://ehr.test/fhir/Practitioner/7"), CLINICIAN, True),
        (actor("Practitioner/7/_history/2"), CLINICIAN, True),
        (actor("Practitioner/7"), OTHER_CLINICIAN, False),
        (actor("Practitioner/7"), NOBODY, True),  # who calls is not known: it may be 7
        (actor("RelatedPerson/7"), CLINICIAN, False),
        # the user of another server may be the one, whatever the id
        (actor("Practitioner/7"), ELSEWHERE, True),
        (actor("Practitioner/8"), ELSEWHERE, True),
        # whom somebody works for is not known to us
        (actor("Organization/insurer"), CLINICIAN, True),
        (actor("PractitionerRole/1"), CLINICIAN, True),
        (actor(identifier={"system": "urn:fhir-pgx:client", "value": "ehr"}), CLINICIAN, True),
        (actor(identifier={"system": "urn:fhir-pgx:client", "value": "app"}), CLINICIAN, False),
        (actor(identifier={"system": "urn:fhir-pgx:issuer", "value": "https://ehr.test"}),
         CLINICIAN, True),
        (actor(display="ehr"), CLINICIAN, True),
        (actor("Device/ehr"), CLINICIAN, True),
    ],
)  # fmt: skip
def test_a_denial_to_somebody_binds_whoever_may_be_that_one(who, caller, is_denied):
    made = consent(permit(provision=[deny(code=[CYP2C19], actor=[who])]))
    assert bool(hidden(made, caller=caller)) is is_denied


@pytest.mark.parametrize(
    ("who", "caller", "is_permitted"),
    [
        (actor("Practitioner/7"), CLINICIAN, True),
        (actor("Practitioner/7"), OTHER_CLINICIAN, False),
        (actor("Practitioner/7"), ELSEWHERE, False),  # that server's 7 may be anybody here
        (actor("https://there.test/fhir/Practitioner/7"), ELSEWHERE, True),
        (actor("Practitioner/7"), Caller("open", user="Practitioner/7"), False),  # not verified
        (actor("Organization/ours"), CLINICIAN, False),
        (actor(identifier={"system": "urn:fhir-pgx:client", "value": "ehr"}), CLINICIAN, True),
        (actor(identifier={"system": "urn:fhir-pgx:client", "value": "app"}), CLINICIAN, False),
        ({"role": code("", "CST"), "reference": {"reference": "Practitioner/7"}}, CLINICIAN, False),
    ],
)
def test_a_permission_to_somebody_is_for_that_one_alone(who, caller, is_permitted):
    made = consent(deny(code=[CYP2C19], provision=[permit(actor=[who])]))
    assert (hidden(made, caller=caller) == set()) is is_permitted


@pytest.mark.parametrize(
    ("action", "is_denied"),
    [("access", True), ("use", True), ("disclose", True), ("collect", False), ("correct", False)],
)
def test_only_what_a_reader_does_can_be_denied_to_a_reader(action, is_denied):
    rule = deny(code=[CYP2C19], action=[code(ACTIONS, action)])
    assert bool(hidden(consent(permit(provision=[rule])))) is is_denied


@pytest.mark.parametrize(
    ("stated", "asked", "is_denied"),
    [
        ("TREAT", "TREAT", True),
        ("TREAT", "CLINTRL", True),  # a kind of it
        ("HRESCH", "TREAT", False),
        ("HRESCH", "CLINTRCH", True),
        ("CLINTRCH", "HRESCH", True),  # it may be that kind
        ("HPAYMT", "ELIGVER", True),
        ("HMARKT", "TREAT", False),
        ("TREAT", "no-purpose-we-know", True),
    ],
)
def test_a_purpose_stands_for_all_its_kinds(stated, asked, is_denied):
    caller = Caller("application", "https://as.test", "app", "Practitioner/7", purpose=asked)
    rule = deny(code=[CYP2C19], purpose=[{"system": REASON, "code": stated}])
    assert bool(hidden(consent(permit(provision=[rule])), caller=caller)) is is_denied


def test_treatment_may_be_permitted_where_all_else_is_denied():
    made = consent(deny(provision=[permit(purpose=TREATMENT)]))
    assert judged(made, caller=CLINICIAN).is_limited is False
    assert hidden(made, caller=CLINICIAN) == set()
    assert hidden(made, caller=RESEARCHER) == EVERYTHING


@pytest.mark.parametrize(
    ("members", "withheld"),
    [
        ({"effectiveDateTime": "2024-05-01"}, True),
        ({"effectiveDateTime": "2024"}, True),
        ({"effectiveDateTime": "2023-05-01"}, False),
        ({"effectiveDateTime": "2023-05-01", "issued": "2024-01-02T10:00:00Z"}, True),
        ({}, True),  # nobody says when it was
        ({"effectiveDateTime": "once"}, True),
    ],
)
def test_data_of_a_period_are_those_that_may_be_of_it(members, withheld):
    made = consent(permit(provision=[deny(dataPeriod={"start": "2024", "end": "2024"})]))
    assert bool(hidden(made, (resource(**members),))) is withheld


@pytest.mark.parametrize(
    ("rule", "labels", "is_hidden"),
    [
        (deny(securityLabel=[{"system": CONFIDENTIALITY, "code": "R"}]), ["R"], True),
        (deny(securityLabel=[{"system": CONFIDENTIALITY, "code": "R"}]), ["V"], True),
        (deny(securityLabel=[{"system": CONFIDENTIALITY, "code": "R"}]), ["N"], False),
        (deny(securityLabel=[{"code": "GDIS"}]), ["GDIS"], True),
        (deny(securityLabel=[{"code": "GDIS"}]), ["HIV"], False),
        (deny(provision=[permit(securityLabel=[{"code": "N"}])]), ["N"], False),
        (deny(provision=[permit(securityLabel=[{"code": "N"}])]), ["L"], False),
        (deny(provision=[permit(securityLabel=[{"code": "N"}])]), ["R"], True),
        (deny(provision=[permit(securityLabel=[{"code": "N"}])]), ["N", "R"], True),
        (deny(provision=[permit(securityLabel=[{"code": "N"}])]), [], True),
    ],
)
def test_a_rule_may_go_by_label(rule, labels, is_hidden):
    made = resource(meta={"security": [{"code": each} for each in labels]})
    assert bool(hidden(consent(permit(provision=[rule])), (made,))) is is_hidden


@pytest.mark.parametrize(
    ("meaning", "withheld"),
    [
        ("instance", {"a", "report"}),  # what rests on it goes with it
        ("dependents", {"a", "report"}),
        ("related", {"a", "report", "sample"}),
        ("whatever", {"a", "report", "sample"}),
    ],
)
def test_data_may_be_named_one_by_one(meaning, withheld):
    sample = resource("Specimen", "sample")
    a = resource(identity="a", specimen={"reference": "Specimen/sample"})
    report = resource("DiagnosticReport", "report", result=[{"reference": "Observation/a"}])
    other = resource(identity="b")
    rule = deny(data=[{"meaning": meaning, "reference": {"reference": "Observation/a"}}])
    assert hidden(consent(permit(provision=[rule])), (sample, a, report, other)) == withheld


def test_what_somebody_wrote_may_be_denied():
    mine = resource(identity="mine", performer=[{"reference": "Practitioner/3"}])
    rule = deny(data=[{"meaning": "authoredby", "reference": {"reference": "Practitioner/3"}}])
    assert hidden(consent(permit(provision=[rule])), (mine, GLUCOSE)) == {"mine"}


def test_a_gene_is_not_told_by_another_type_than_the_rule_names():
    rule = deny(code=[CYP2C19], **{"class": [{"system": TYPES, "code": "MolecularSequence"}]})
    assert hidden(consent(permit(provision=[rule]))) == {"cyp2c19"}


# Several Consents


def test_of_several_consents_a_denial_wins():
    one = consent(deny(code=[CYP2C19]))
    other = consent(permit(), id="c2", dateTime="2026-06-01")
    assert hidden([one, other]) == {"cyp2c19"}
    assert hidden([one, consent(deny(code=[CYP2D6]), id="c2")]) == {"cyp2c19", "cyp2d6"}


@pytest.mark.parametrize(
    ("newer", "still_denied"),
    [
        ({"sourceReference": {"reference": "Consent/c1"}, "dateTime": "2026-06-01"}, False),
        ({"identifier": [{"system": "urn:x", "value": "1"}], "dateTime": "2026-06-01"}, False),
        ({"identifier": [{"system": "urn:x", "value": "2"}], "dateTime": "2026-06-01"}, True),
        ({"sourceReference": {"reference": "Consent/c1"}, "dateTime": "2025-06-01"}, True),
        ({"sourceReference": {"reference": "Consent/c1"}}, True),  # no later than the first
        ({"sourceReference": {"reference": "Consent/c1"}, "dateTime": "2026-06-01",
          "scope": code("", "research")}, True),
        ({"sourceReference": {"reference": "Consent/c1"}, "dateTime": "2026-06-01",
          "status": "draft"}, True),
        ({"sourceReference": {"reference": "Consent/c1"}, "dateTime": "2026-06-01",
          "modifierExtension": [{"url": "http://example.org/x"}]}, True),
    ],
)  # fmt: skip
def test_a_newer_consent_takes_the_place_of_the_one_it_refers_to(newer, still_denied):
    older = consent(deny(code=[CYP2C19]), identifier=[{"system": "urn:x", "value": "1"}])
    found = hidden([older, consent(permit(), **{"id": "c2", **newer})])
    assert bool(found) is still_denied


def test_an_unverified_permission_lifts_nothing():
    rule = deny(code=[CYP2C19], provision=[permit()])
    assert hidden(consent(rule)) == set()
    assert hidden(consent(rule, verification=[{"verified": False}])) == {"cyp2c19"}
    assert hidden(consent(rule, verification=[{"verified": True}])) == set()


def test_a_consent_with_an_unknown_modifier_only_restricts():
    rule = deny(code=[CYP2C19], provision=[permit()])
    made = consent(rule, modifierExtension=[{"url": "http://example.org/turned-round"}])
    assert hidden(made) == GENOMIC


# Emergencies, and those who are not restricted


def test_an_emergency_sets_consents_aside_and_is_to_be_recorded():
    made = consent(deny(code=[CYP2C19]))
    found = judged(made, caller=EMERGENCY)
    assert (found.hidden, found.is_limited, found.is_glass_broken) == (frozenset(), False, True)
    assert judged(consent(permit()), caller=EMERGENCY).is_glass_broken is False
    assert judged(made, caller=CLINICIAN).is_glass_broken is False


def test_an_operator_holds_the_record_whole():
    assert hidden(consent(deny()), caller=Caller("operator")) == set()


def test_the_open_service_honours_consents_too():
    assert hidden(consent(deny(code=[CYP2C19])), caller=NOBODY) == {"cyp2c19"}


@pytest.mark.parametrize("resources", [(), (GLUCOSE,), ALL])
def test_whether_a_caller_is_limited_does_not_depend_on_the_data(resources):
    assert judged(consent(deny(code=[CYP2C19])), resources).is_limited
    assert not judged(consent(permit()), resources).is_limited
    assert not judged((), resources).is_limited

"""A site's policy: which card it lets through, and that no critical one is ever lost to it."""

import itertools
from dataclasses import replace

import pytest

from fhir_pgx.cards.policy import MUTED, apply_policy, muted_extension, split_at_cap
from fhir_pgx.cards.source import EXTENSION, SOURCES, topic
from fhir_pgx.cards.write import write_answer
from fhir_pgx.model.card import Card, Facets, Source
from fhir_pgx.model.hook import HookAnswer
from fhir_pgx.model.policy import EVERYTHING, HookPolicy, Policy, Specialty, TherapyPolicy, Tier


def a_card(indicator, drug, genes, strength, *, source="CPIC", action="avoid", **more):
    label, url = SOURCES[source]
    return Card(
        uuid="3b8a1c52-6c29-4c3d-8a0e-0d7c8f6f1a11",
        summary=f"{drug}: something",
        indicator=indicator,
        source=Source(label, url, topic(source, drug, genes, action)),
        rules=(f"{source.lower()}.{drug}",),
        extension={EXTENSION: {"orders": ["MedicationRequest/1"]}},
        facets=Facets(drug, "", tuple(genes), source, strength, action, **more),
    )


RASBURICASE = a_card("critical", "rasburicase", ["G6PD"], "Strong", serious=True)
CLOPIDOGREL = a_card("warning", "clopidogrel", ["CYP2C19"], "Strong")
SERTRALINE = a_card("warning", "sertraline", ["CYP2C19", "CYP2B6"], "Optional")
CITALOPRAM = a_card("info", "citalopram", ["CYP2C19"], "Moderate", action="monitor")
UNTESTED = a_card("info", "codeine", ["CYP2D6"], "", action="not-tested")
METOPROLOL = a_card(
    "info", "metoprolol", ["CYP2D6"], "n/a", source="DPWG", others=(("FDA", "Section 1"),)
)
UNCLEAR = replace(CLOPIDOGREL, facets=None, summary="two drugs named")
ALL = (RASBURICASE, CLOPIDOGREL, SERTRALINE, CITALOPRAM, UNTESTED, METOPROLOL, UNCLEAR)
NAMES = {
    id(RASBURICASE): "rasburicase",
    id(CLOPIDOGREL): "clopidogrel",
    id(SERTRALINE): "sertraline",
    id(CITALOPRAM): "citalopram",
    id(UNTESTED): "untested",
    id(METOPROLOL): "metoprolol",
    id(UNCLEAR): "unclear",
}


def hooks(**least):
    return {name.replace("_", "-"): HookPolicy(value) for name, value in least.items()}


def left_out(policy, hook="order-sign", specialties=frozenset(), cards=ALL):
    """The names of the cards that a policy leaves out, each with why."""
    out = {}
    for card in cards:
        for muted in apply_policy([card], policy, hook=hook, specialties=specialties).muted:
            out[NAMES[id(card)]] = muted.why
    return out


QUIET = dict.fromkeys(("citalopram", "untested", "metoprolol"), "level")


@pytest.mark.parametrize(
    ("policy", "hook", "out"),
    [
        (EVERYTHING, "order-sign", {}),
        (Policy(hooks=hooks(order_sign="warning")), "order-sign", QUIET),
        (Policy(hooks=hooks(order_sign="warning")), "order-select", {}),
        (Policy(hooks=hooks(default="warning")), "order-select", QUIET),
        (Policy(hooks=hooks(default="warning", order_sign="info")), "order-sign", {}),
        (
            Policy(hooks=hooks(order_sign="critical")),
            "order-sign",
            {**QUIET, "clopidogrel": "level", "sertraline": "level", "unclear": "level"},
        ),
        # a card stays where any source on it has a listed strength
        (
            Policy(strengths=frozenset({"CPIC Strong", "FDA Section 1"})),
            "order-sign",
            {"sertraline": "strength", "citalopram": "strength"},
        ),
        (Policy(strengths=frozenset({"CPIC", "DPWG"})), "order-sign", {}),
        (
            Policy(strengths=frozenset({"FDA Section 2"})),
            "order-sign",
            dict.fromkeys(("clopidogrel", "sertraline", "citalopram", "metoprolol"), "strength"),
        ),
        (
            Policy(mute_drugs=frozenset({"clopidogrel", "rasburicase"})),
            "order-sign",
            {"clopidogrel": "drug"},
        ),
        # of two genes one may still speak
        (
            Policy(mute_genes=frozenset({"CYP2C19", "G6PD"})),
            "order-sign",
            {"clopidogrel": "gene", "citalopram": "gene"},
        ),
        (
            Policy(only_genes=frozenset({"CYP2B6"})),
            "order-sign",
            dict.fromkeys(("clopidogrel", "citalopram", "untested", "metoprolol"), "gene"),
        ),
        (
            Policy(quiet_patient_view=True),
            "patient-view",
            dict.fromkeys(
                ("clopidogrel", "sertraline", "citalopram", "untested", "metoprolol"),
                "patient-view",
            ),
        ),
        (Policy(quiet_patient_view=True), "order-sign", {}),
        # the drug of a critical card, by name and with a reason
        (
            Policy(mute_critical={"rasburicase": "measured before every dose"}),
            "order-sign",
            {"rasburicase": "mute-critical"},
        ),
        (Policy(mute_critical={"clopidogrel": "it is not critical here"}), "order-sign", {}),
    ],
)
def test_a_policy_leaves_out_what_it_names_and_nothing_else(policy, hook, out):
    assert left_out(policy, hook) == out


ONCOLOGY = Specialty("oncology", frozenset({"oncology"}), only_genes=frozenset({"G6PD", "CYP2D6"}))
PHARMACY = Specialty("pharmacy", frozenset({"pharmacist"}), least_indicator="info")
PATIENTS = Specialty("patients", frozenset({"patient"}), least_indicator="critical")


@pytest.mark.parametrize(
    ("who", "out"),
    [
        (set(), QUIET),
        ({"practitioner", "cardiology"}, QUIET),
        (
            {"practitioner", "oncology"},
            {
                "untested": "level",
                "metoprolol": "level",
                **dict.fromkeys(("clopidogrel", "sertraline", "citalopram"), "specialty"),
            },
        ),
        ({"pharmacist"}, {}),  # sees what the hook keeps from others
        ({"oncology", "pharmacist"}, {}),  # two hats: what either should hear
        (
            {"patient"},
            {**QUIET, **dict.fromkeys(("clopidogrel", "sertraline", "unclear"), "level")},
        ),
    ],
)
def test_a_specialty_decides_for_its_users_alone(who, out):
    policy = Policy(hooks=hooks(default="warning"), specialties=(ONCOLOGY, PHARMACY, PATIENTS))
    assert left_out(policy, specialties=frozenset(who)) == out


def test_no_policy_hides_or_lowers_a_critical_card_unless_it_names_the_drug_for_it():
    everything_off = {
        "hooks": hooks(default="critical"),
        "strengths": frozenset({"FDA Label"}),
        "mute_drugs": frozenset({"rasburicase"}),
        "mute_genes": frozenset({"G6PD"}),
        "only_genes": frozenset({"CYP2C19"}),
        "quiet_patient_view": True,
        "tiers": (Tier("passive", "info"),),
        "specialties": (
            Specialty(
                "x", frozenset({"x"}), "critical", frozenset({"rasburicase"}), frozenset({"G6PD"})
            ),
        ),
        "mute_critical": {"codeine": "another drug altogether"},
    }
    critical = (RASBURICASE, replace(RASBURICASE, facets=None))
    tried = 0
    for size in range(len(everything_off) + 1):
        for chosen in itertools.combinations(everything_off, size):
            policy = Policy(**{name: everything_off[name] for name in chosen})
            for hook in ("order-select", "order-sign", "patient-view"):
                kept = apply_policy(
                    (*critical, *ALL), policy, hook=hook, specialties=frozenset({"x"})
                )
                assert [c for c in kept.cards if c.indicator == "critical"] == [
                    RASBURICASE, RASBURICASE, critical[1],
                ]  # fmt: skip
                tried += 1
    assert tried == 3 * 2 ** len(everything_off)
    named = replace(Policy(**everything_off), mute_critical={"rasburicase": "measured each time"})
    assert apply_policy([RASBURICASE], named, hook="order-sign").cards == ()


def test_every_card_is_either_shown_or_told_to_be_left_out():
    policy = Policy(hooks=hooks(default="warning"), mute_genes=frozenset({"CYP2C19"}))
    kept = apply_policy(ALL, policy, hook="order-sign")
    assert len(kept.cards) + len(kept.muted) == len(ALL)
    gone = next(each for each in kept.muted if each.rules == ("cpic.clopidogrel",))
    assert (gone.why, gone.by, gone.indicator) == ("gene", "CYP2C19", "warning")


def test_cards_come_critical_first_and_those_of_one_weight_as_their_orders():
    shuffled = (UNTESTED, SERTRALINE, CITALOPRAM, RASBURICASE, CLOPIDOGREL)
    kept = apply_policy(shuffled, EVERYTHING, hook="order-sign").cards
    assert kept == (RASBURICASE, SERTRALINE, CLOPIDOGREL, UNTESTED, CITALOPRAM)


def test_of_cards_alike_loud_what_must_not_be_missed_stands_first_and_drafts_keep_their_place():
    reduce = a_card("warning", "metoprolol", ["CYP2D6"], "Moderate", action="reduce-dose")
    untested = replace(UNTESTED, indicator="warning")
    contraindicated = a_card("warning", "x", ["y"], "Strong", action="contraindicated")
    came = (CITALOPRAM, UNCLEAR, untested, reduce, CLOPIDOGREL, contraindicated, RASBURICASE)
    kept = apply_policy(came, EVERYTHING, hook="order-sign")
    assert kept.cards == (
        RASBURICASE, contraindicated, CLOPIDOGREL, reduce, UNCLEAR, untested, CITALOPRAM,
    )  # fmt: skip


# Tiers

PASSIVE = Tier("passive", "info", strengths=frozenset({"CPIC Strong", "CPIC Optional"}))
KEPT = Tier("kept", "critical", genes=frozenset({"CYP2B6"}))


@pytest.mark.parametrize(
    ("card", "tiers", "indicator", "tier"),
    [
        (CLOPIDOGREL, (PASSIVE,), "info", "passive"),
        (SERTRALINE, (PASSIVE,), "info", "passive"),
        (SERTRALINE, (KEPT, PASSIVE), "warning", None),  # the first that fits
        (CLOPIDOGREL, (KEPT, PASSIVE), "info", "passive"),
        (RASBURICASE, (PASSIVE,), "critical", None),
        (UNCLEAR, (PASSIVE,), "warning", None),
        (UNCLEAR, (Tier("all", "info"),), "info", "all"),
        (CLOPIDOGREL, (replace(PASSIVE, hooks=frozenset({"order-select"})),), "warning", None),
        (CLOPIDOGREL, (replace(PASSIVE, actions=frozenset({"monitor"})),), "warning", None),
        (CLOPIDOGREL, (replace(PASSIVE, drugs=frozenset({"clopidogrel"})),), "info", "passive"),
        (CLOPIDOGREL, (replace(PASSIVE, drugs=frozenset({"codeine"})),), "warning", None),
        # a quiet part never quiets the rest: both genes and every source must be of the tier
        (SERTRALINE, (Tier("t", "info", genes=frozenset({"CYP2B6"})),), "warning", None),
        (SERTRALINE, (Tier("t", "info", genes=frozenset({"CYP2B6", "CYP2C19"})),), "info", "t"),
        (
            replace(
                CLOPIDOGREL, facets=replace(CLOPIDOGREL.facets, others=(("FDA", "Section 1"),))
            ),
            (PASSIVE,),
            "warning",
            None,
        ),
        (CITALOPRAM, (Tier("loud", "warning"),), "info", None),  # a ceiling raises nothing
    ],
)
def test_a_tier_makes_a_card_quieter_and_says_so(card, tiers, indicator, tier):
    (shown,) = apply_policy([card], Policy(tiers=tiers), hook="order-sign").cards
    assert shown.indicator == indicator
    assert shown.extension[EXTENSION].get("tier") == tier
    assert shown.extension[EXTENSION]["orders"] == ["MedicationRequest/1"]


def test_a_lowered_card_is_judged_by_what_it_has_become():
    policy = Policy(tiers=(PASSIVE,), hooks=hooks(default="warning"))
    assert left_out(policy)["clopidogrel"] == "level"


# The cap, and the count


@pytest.mark.parametrize(
    ("cards", "most", "kept"),
    [
        ([RASBURICASE, CLOPIDOGREL], 2, 2),
        ([RASBURICASE, CLOPIDOGREL, CITALOPRAM], 2, 1),
        ([RASBURICASE, CLOPIDOGREL], 1, 1),
        ([CLOPIDOGREL, CITALOPRAM], 1, 0),
        ([RASBURICASE] * 4, 2, 4),  # critical ones are told in full, beyond the cap
        ([RASBURICASE] * 4 + [CLOPIDOGREL], 2, 4),
    ],
)
def test_the_cap_leaves_a_place_for_the_card_that_names_the_rest(cards, most, kept):
    full, named = split_at_cap(cards, most)
    assert (list(full), list(named)) == (cards[:kept], cards[kept:])


def test_the_hooks_own_cap_stands_before_the_default_and_that_before_the_setting():
    policy = Policy(hooks={"default": HookPolicy(max_cards=5), "order-sign": HookPolicy("warning")})
    assert policy.max_cards("order-sign", 10) == 5
    assert policy.max_cards("order-select", 10) == 5
    assert EVERYTHING.max_cards("order-sign", 10) == 10


def test_an_answer_counts_what_was_left_out_without_naming_it():
    kept = apply_policy(ALL, Policy(mute_drugs=frozenset({"clopidogrel"})), hook="order-sign")
    written = write_answer(HookAnswer(kept.cards, kept.muted))
    assert written["extension"] == {MUTED: {"cards": 1, "why": {"drug": 1}}}
    assert "facets" not in str(written)
    assert write_answer(HookAnswer()) == {"cards": []}
    assert muted_extension(()) == {}


# Cards of precision therapy

KRAS = a_card(
    "warning", "cetuximab", ["KRAS"], "FDA-label-limitation", source="FDA",
    action="not-indicated", domain="tumour",
)  # fmt: skip
CASE_LEVEL = a_card(
    "warning", "erlotinib", ["EGFR"], "C", source="FDA", action="resistant", domain="tumour"
)
CASE_LEVEL = replace(CASE_LEVEL, facets=replace(CASE_LEVEL.facets, source="CIViC"))
BOARD = a_card("info", "", ["EGFR"], "A", source="FDA", action="sensitive", domain="tumour")
VIRUS = a_card(
    "warning", "efavirenz", ["RT"], "10.2", source="FDA", action="resistant", domain="pathogen"
)
VIRUS = replace(VIRUS, facets=replace(VIRUS.facets, source="HIVDB"))
LONG_QT = a_card(
    "critical", "sotalol", ["KCNH2"], "FDA-label", source="FDA", action="contraindicated",
    domain="inherited", serious=True,
)  # fmt: skip
MATCH = a_card("info", "", [], "", source="FDA", action="", domain="transplant")
OF_THERAPY = (KRAS, CASE_LEVEL, BOARD, VIRUS, LONG_QT, MATCH)
NAMES |= {
    id(KRAS): "kras",
    id(CASE_LEVEL): "case-level",
    id(BOARD): "board",
    id(VIRUS): "virus",
    id(LONG_QT): "long-qt",
    id(MATCH): "match",
}


@pytest.mark.parametrize(
    "policy",
    [
        Policy(strengths=frozenset({"CPIC Strong"})),
        Policy(mute_drugs=frozenset({"cetuximab", "efavirenz", "sotalol"})),
        Policy(mute_genes=frozenset({"KRAS", "EGFR", "RT"})),
        Policy(only_genes=frozenset({"CYP2D6"})),
        Policy(mute_critical={"sotalol": "the reason was one of drug response"}),
        Policy(specialties=(Specialty("s", frozenset({"x"}), only_genes=frozenset({"RYR1"})),)),
    ],
)
def test_what_a_site_wrote_for_drug_response_silences_no_tumour_and_no_virus(policy):
    assert left_out(policy, specialties=frozenset({"x"}), cards=OF_THERAPY) == {}


@pytest.mark.parametrize(
    ("rules", "out"),
    [
        (TherapyPolicy(), {}),
        (
            TherapyPolicy(mute_domains=frozenset({"tumour"})),
            {"kras": "domain", "case-level": "domain", "board": "domain"},
        ),
        (TherapyPolicy(mute_domains=frozenset({"inherited"})), {}),  # critical stays
        (TherapyPolicy(mute_drugs=frozenset({"efavirenz", "sotalol"})), {"virus": "drug"}),
        (TherapyPolicy(mute_genes=frozenset({"EGFR"})), {"case-level": "gene", "board": "gene"}),
        (
            TherapyPolicy(sources=frozenset({"FDA"})),
            {"case-level": "source", "virus": "source"},
        ),
        (
            TherapyPolicy(sources=frozenset({"FDA", "CIViC A", "HIVDB"})),
            {"case-level": "source"},
        ),
        (TherapyPolicy(sources=frozenset({"FDA", "CIViC", "HIVDB"})), {}),
    ],
)
def test_a_site_may_do_without_a_domain_a_drug_a_gene_or_a_source_of_therapies(rules, out):
    assert left_out(Policy(therapies=rules), cards=OF_THERAPY) == out
    assert left_out(Policy(therapies=rules)) == {}  # and drug response hears nothing of it


def test_a_source_that_may_alert_keeps_a_card_that_another_leads():
    both = replace(CASE_LEVEL.facets, others=(("FDA drug label", "FDA-label"),))
    card = replace(CASE_LEVEL, facets=both)
    only_fda = Policy(therapies=TherapyPolicy(sources=frozenset({"FDA"})))
    assert apply_policy([card], only_fda, hook="order-sign").cards == (card,)


def test_a_quiet_patient_view_leaves_out_what_informs_and_no_warning():
    out = left_out(Policy(quiet_patient_view=True), "patient-view", cards=OF_THERAPY)
    assert out == {"board": "patient-view", "match": "patient-view"}


def test_a_specialty_may_do_without_a_domain():
    surgeon = Specialty("s", frozenset({"x"}), mute_domains=frozenset({"pathogen"}))
    policy = Policy(specialties=(surgeon,))
    assert left_out(policy, specialties=frozenset({"x"}), cards=OF_THERAPY) == {
        "virus": "specialty"
    }
    assert left_out(policy, specialties=frozenset({"x"})) == {}


@pytest.mark.parametrize(
    ("card", "tier", "indicator"),
    [
        (KRAS, Tier("t", "info", hooks=frozenset({"order-sign"})), "warning"),
        (KRAS, Tier("t", "info", actions=frozenset({"not-indicated"})), "warning"),
        (KRAS, Tier("t", "info", domains=frozenset({"tumour"})), "info"),
        (KRAS, Tier("t", "info", domains=frozenset({"pathogen"})), "warning"),
        (
            KRAS,
            Tier("t", "info", domains=frozenset({"tumour"}), actions=frozenset({"resistant"})),
            "warning",
        ),
        (LONG_QT, Tier("t", "info", domains=frozenset({"inherited"})), "critical"),
        (CLOPIDOGREL, Tier("t", "info", domains=frozenset({"tumour"})), "warning"),
        (UNCLEAR, Tier("t", "info", domains=frozenset({"tumour"})), "warning"),
    ],
)
def test_a_tier_is_of_precision_therapy_where_it_names_domains(card, tier, indicator):
    (shown,) = apply_policy([card], Policy(tiers=(tier,)), hook="order-sign").cards
    assert shown.indicator == indicator


def test_what_speaks_against_a_drug_stands_before_what_speaks_for_one():
    option = replace(BOARD, indicator="warning")
    kept = apply_policy([option, VIRUS, CLOPIDOGREL], EVERYTHING, hook="order-sign")
    assert kept.cards == (VIRUS, CLOPIDOGREL, option)

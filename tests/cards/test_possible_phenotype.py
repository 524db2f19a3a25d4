"""How loud a card is where another medicine may make the usual dose of a drug the wrong one."""

from dataclasses import replace

import pytest

from fhir_pgx.cards.order import indicator_of
from fhir_pgx.model.modifier import Modifier
from fhir_pgx.model.phenotype import GeneResult, Status
from fhir_pgx.model.recommendation import Possible
from fhir_pgx.recommendation import Rulebook, advise


@pytest.mark.parametrize(
    ("action", "indicator"),
    [
        ("alternative", "warning"),  # tamoxifen and paroxetine
        ("avoid", "warning"),
        ("contraindicated", "warning"),
        ("reduce-dose", "info"),  # metoprolol and paroxetine: told, and not raised
        ("monitor", "info"),
        ("standard", "info"),
    ],
)
def test_a_possible_phenotype_warns_only_where_another_drug_would_be_advised(
    knowledge, action, indicator
):
    rulebook = Rulebook(knowledge)
    (group,) = rulebook.named("tamoxifen")
    normal = GeneResult(
        "CYP2D6", Status.CALLED, phenotype="Normal Metabolizer", lookup_keys=("2.0",)
    )
    advice = advise(group, {"CYP2D6": normal}, rulebook)
    assert indicator_of(advice) == "info"
    (lead,) = advice.leading
    modifier = Modifier("CYP2D6", (), False, normal, normal, "", "", "")
    would_be = replace(lead.answer[0], action=action)
    leading = replace(lead, possible=(Possible(modifier, would_be),))
    sources = tuple(leading if each is lead else each for each in advice.sources)
    assert indicator_of(replace(advice, sources=sources)) == indicator

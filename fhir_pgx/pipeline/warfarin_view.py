"""Warfarin's dose against each input of one patient: what the equations are asked with."""

from datetime import date
from itertools import combinations_with_replacement

from fhir_pgx.errors import BrokenKnowledge
from fhir_pgx.model.genotype import Diplotype
from fhir_pgx.model.knowledge import GeneRules, Knowledge
from fhir_pgx.model.phenotype import Coverage, GeneResult, Status
from fhir_pgx.model.warfarin_view import WarfarinView
from fhir_pgx.phenotype.diplotype import phenotype_of
from fhir_pgx.pipeline.case import Case
from fhir_pgx.recommendation.warfarin_curves import Genotypes, warfarin_curves

_COUNTED = ("*1", "*2", "*3")  # the alleles that the equations know
_VKORC1 = ("-1639 GG", "-1639 AG", "-1639 AA")


def warfarin_view_of(case: Case, knowledge: Knowledge, today: date) -> WarfarinView:
    """The view of one patient. Raises BrokenKnowledge where the release holds no equations."""
    dosing = knowledge.dosing
    if dosing is None:
        raise BrokenKnowledge("this knowledge release holds no warfarin equations")
    pairs = [*combinations_with_replacement(_COUNTED, 2)]
    pairs += [("*1", allele) for allele in dosing.warfarin.tested_with]
    cyp2c9, vkorc1 = knowledge.genes["CYP2C9"], knowledge.genes["VKORC1"]
    sites = len(knowledge.definitions["CYP2C9"].sites)
    return warfarin_curves(
        case.results,
        case.patient,
        dosing,
        Genotypes(
            vkorc1={key.removeprefix("-1639 "): _of_key(vkorc1, key) for key in _VKORC1},
            cyp2c9={"/".join(pair): _of_pair(cyp2c9, pair, sites) for pair in pairs},
        ),
        sites=case.sites,
        today=today,
    )


def _of_pair(rules: GeneRules, pair: tuple[str, str], sites: int) -> GeneResult:
    """A diplotype as a test of every position would call it."""
    found = phenotype_of(Diplotype(pair), rules)
    return GeneResult(
        rules.gene,
        Status.CALLED,
        "variants",
        diplotypes=(found,),
        phenotype=found.phenotype,
        activity_score=found.activity_score,
        lookup_keys=(found.lookup_key,) if found.lookup_key else (),
        coverage=Coverage(sites),
    )


def _of_key(rules: GeneRules, key: str) -> GeneResult:
    return GeneResult(rules.gene, Status.CALLED, "variants", phenotype=key, lookup_keys=(key,))

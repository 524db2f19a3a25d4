"""Variants against themselves. Positions are those of CYP2C19 *2 and CYP2C9 *3; nobody's data."""

from typing import Any

import pytest

from fhir_pgx.errors import Issue
from fhir_pgx.model.knowledge import Knowledge
from fhir_pgx.validation import check_resource
from fhir_pgx.validation.genomics import genomic_issues
from fhir_pgx.validation.sites import site_issues

LOINC = "http://loinc.org"
SYSTEMS = {"0": "LA30100-4", "0-character": "LA30101-2", "1": "LA30102-0"}


def part(code: str, **value: Any) -> dict[str, Any]:
    return {"code": {"coding": [{"system": LOINC, "code": code}]}, **value}


def coded(code: str, words: str) -> dict[str, Any]:
    return {"valueCodeableConcept": {"coding": [{"system": LOINC, "code": code}], "text": words}}


def variant(**stated: Any) -> dict[str, Any]:
    """CYP2C19 *2 (rs4244285) on GRCh38 unless stated otherwise; None leaves a part out."""
    said: dict[str, Any] = {
        "accession": "NC_000010.11", "low": 94781859, "high": 94781859, "system": "1",
        "ref": "G", "alt": "A", "build": None, "chromosome": None, "hgvs": None, "frequency": None,
    } | stated  # fmt: skip
    components = []
    if said["accession"]:
        components.append(part("48013-7", valueCodeableConcept={"text": said["accession"]}))
    ends = {end: {"value": said[end]} for end in ("low", "high") if said[end] is not None}
    components.append(part("81254-5", valueRange=ends))
    if said["system"]:
        components.append(part("92822-6", **coded(SYSTEMS[said["system"]], "counting")))
    for name, code in (("ref", "69547-8"), ("alt", "69551-0")):
        if said[name] is not None:
            components.append(part(code, valueString=said[name]))
    if said["build"]:
        components.append(part("62374-4", valueCodeableConcept={"text": said["build"]}))
    if said["chromosome"]:
        components.append(part("48000-4", valueCodeableConcept={"text": said["chromosome"]}))
    if said["hgvs"]:
        components.append(part("81290-9", valueCodeableConcept={"text": said["hgvs"]}))
    if said["frequency"]:
        components.append(part("81258-6", valueQuantity=said["frequency"]))
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "69548-6"}]},
        "component": components,
    }


def found(resource: dict[str, Any], knowledge: Knowledge) -> list[Issue]:
    kind = resource["resourceType"]
    return list(genomic_issues(resource, kind, knowledge.vocabulary))


@pytest.mark.parametrize(
    "stated",
    [
        {},
        {"low": 94781858, "high": 94781859, "system": "0"},
        {"low": 94781858, "high": 94781858, "system": "0-character"},
        {"high": None},
        {"system": None, "low": 94781858},
        {"ref": "-", "alt": "T", "low": 94781859, "high": 94781860},  # an insertion between two
        {"ref": "", "alt": "T", "low": 94781859, "high": 94781859, "system": "0"},
        {"ref": "CT", "alt": "-", "high": 94781860},
        {"ref": "N", "alt": "<DEL>"},
        {"hgvs": "NC_000010.11:g.94781859G>A"},
        {"hgvs": "NC_000010.11(CYP2C19):g.94781859G>A"},
        {"build": "GRCh38", "chromosome": "Chromosome 10"},
        {"build": "hg38", "chromosome": "chr10"},
        {"accession": None, "build": "GRCh37", "chromosome": "10"},
        {"frequency": {"value": 0.48}},
        {"frequency": {"value": 48, "unit": "%"}},
    ],
)
def test_what_agrees_with_itself_has_no_findings(
    stated: dict[str, Any], knowledge: Knowledge
) -> None:
    assert found(variant(**stated), knowledge) == []


@pytest.mark.parametrize(
    ("stated", "says", "mend"),
    [
        ({"system": "0"}, "does not fit a reference allele of 1", "1-based"),
        ({"low": 94781858, "high": 94781859}, "does not fit", "0-based interval"),
        ({"ref": "GAT"}, "does not fit a reference allele of 3", "correct"),
        ({"alt": "A/G"}, "several alleles", "allelic state"),
        ({"ref": "G,A"}, "several alleles", "allelic state"),
        ({"alt": "Pro"}, "not an allele", "A, C, G, T"),
        ({"low": 0, "high": 0}, "before the first base", "coordinate system"),
        ({"low": 999999999, "high": 999999999}, "beyond the end", "position"),
        ({"accession": "NC_000010"}, "no version", "NC_000010.11"),
        ({"build": "GRCh37"}, "the accession is of GRCh38", "believed"),
        ({"chromosome": "16"}, "the accession is chromosome 10", "believed"),
        ({"hgvs": "NC_000010.10:g.96541616G>A"}, "on another sequence", "version"),
        ({"hgvs": "NC_000010.11:g.94781858G>A"}, "different positions", "counts from 1"),
        ({"hgvs": "NC_000010.11:g.94781859G>T"}, "alleles differ", "correct"),
        ({"accession": None, "build": "GRCh37", "hgvs": "NC_000010.11:g.94781859G>A"},
         "of GRCh38, the assembly GRCh37", "correct"),
        ({"frequency": {"value": 48}}, "outside 0 to 1", "%"),
        ({"frequency": {"value": -1, "unit": "%"}}, "outside 0 to 100", "0 to 100"),
    ],
)  # fmt: skip
def test_what_contradicts_itself_is_warned_of_at_its_place(
    stated: dict[str, Any], says: str, mend: str, knowledge: Knowledge
) -> None:
    (issue,) = found(variant(**stated), knowledge)
    assert (issue.severity, says in issue.text, mend in issue.mend) == ("warning", True, True)
    assert issue.where.startswith("Observation.component[")


def sequence(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "MolecularSequence",
        "coordinateSystem": 0,
        "referenceSeq": {"referenceSeqId": {"coding": [{"code": "NC_000010.11"}]}},
        "variant": [
            {"start": 94781858, "end": 94781859, "referenceAllele": "G", "observedAllele": "A"}
        ],
    } | more


def test_a_sequence_that_agrees_with_itself_has_no_findings(knowledge: Knowledge) -> None:
    assert found(sequence(), knowledge) == []


@pytest.mark.parametrize(
    ("more", "where", "says"),
    [
        ({"coordinateSystem": 1}, "variant[0].start", "does not fit"),
        ({"variant": [{"start": 5, "end": 4}]}, "variant[0].end", "ends before"),
        ({"variant": [{"start": 4, "end": 5, "observedAllele": "A/T"}]},
         "variant[0].observedAllele", "several alleles"),
        ({"referenceSeq": {"referenceSeqId": {"text": "NC_000010.11"}, "genomeBuild": "GRCh37",
                           "chromosome": {"text": "10"}}}, "referenceSeq", "GRCh37"),
    ],
)  # fmt: skip
def test_a_sequence_that_contradicts_itself_is_warned_of(
    more: dict[str, Any], where: str, says: str, knowledge: Knowledge
) -> None:
    (issue,) = found(sequence(**more), knowledge)
    assert (issue.where, says in issue.text) == (f"MolecularSequence.{where}", True)


def test_the_check_of_a_write_holds_them_too(knowledge: Knowledge) -> None:
    issues = check_resource(variant(alt="A/G"), knowledge.vocabulary)
    assert [issue.where for issue in issues] == ["Observation.component[4]"]
    assert check_resource(variant(alt="A/G")) == []  # without a vocabulary nothing is known


RS9923231 = {"accession": "NC_000016.10", "low": 31096368, "high": 31096368, "ref": "C"}


def placed(rs: str = "", gene: str = "", **stated: Any) -> dict[str, Any]:
    """VKORC1 rs9923231 on GRCh38 unless stated otherwise, with an rs number and a gene."""
    made = variant(**(RS9923231 | {"alt": "T"} | stated))
    if rs:
        made["component"].append(part("81252-9", valueCodeableConcept={"text": rs}))
    if gene:
        made["component"].append(part("48018-6", valueCodeableConcept={"text": gene}))
    return made


def hgvs_alone(name: str) -> dict[str, Any]:
    code = {"coding": [{"system": LOINC, "code": "69548-6"}]}
    named = part("81290-9", valueCodeableConcept={"text": name})
    return {"resourceType": "Observation", "status": "final", "code": code, "component": [named]}


@pytest.mark.parametrize(
    ("resource", "says", "mend"),
    [
        # as in the guide's own report: the number of GRCh38 under an accession of GRCh37
        (placed("rs9923231", accession="NC_000016.9"), "rs9923231 on GRCh38", "31107689"),
        (placed("", accession="NC_000016.9"), "rs9923231 on GRCh38", "31107689"),
        (placed("rs9923231", low=31096369, high=31096369), "not that of rs9923231", "31096368"),
        (placed("", ref="G", alt="A"), "the reference base of rs9923231 is C", "reverse strand"),
        (hgvs_alone("NC_000016.9:g.31096368C>T"), "rs9923231 on GRCh38", "31107689"),
        (placed("", "CYP2C19"), "CYP2C19 lies on chromosome 10", "gene or the accession"),
    ],
)
def test_a_variant_is_held_against_the_positions_we_know(
    resource: dict[str, Any], says: str, mend: str, knowledge: Knowledge
) -> None:
    (issue,) = site_issues(resource, "Observation", knowledge.vocabulary)
    assert (issue.severity, says in issue.text, mend in issue.mend) == ("warning", True, True)


@pytest.mark.parametrize(
    "resource",
    [
        placed("rs9923231", "VKORC1"),
        placed("rs9923231", accession="NC_000016.9", low=31107689, high=31107689),
        hgvs_alone("NC_000016.10:g.31096368C>T"),
        hgvs_alone("NC_000016.9:g.31107689C>T"),
        placed("rs1", low=5, high=5),  # of no table of ours
        placed("", "TP53"),
        placed("", accession="NM_024006.6"),
    ],
)
def test_a_variant_at_its_place_has_no_findings(
    resource: dict[str, Any], knowledge: Knowledge
) -> None:
    assert list(site_issues(resource, "Observation", knowledge.vocabulary)) == []

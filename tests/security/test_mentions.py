"""Each way to name a gene in a resource, and that none of them is missed."""

import base64
import json
import time

import pytest

from fhir_pgx.knowledge.gene_words import load_gene_words
from fhir_pgx.security.mentions import listener_for

WORDS = load_gene_words()


def written(**members):
    return json.dumps({"resourceType": "Observation", "id": "o1", **members}).encode()


def heard(body, *genes):
    return listener_for(WORDS, frozenset(genes) or None).hear(body)


def text(said):
    return written(note=[{"text": said}])


def coded(system, code, **more):
    return written(code={"coding": [{"system": system, "code": code, **more}]})


def encoded(content, content_type="text/plain"):
    data = base64.b64encode(content).decode()
    return written(content=[{"attachment": {"contentType": content_type, "data": data}}])


HGNC, LOINC = "http://www.genenames.org/geneId", "http://loinc.org"


@pytest.mark.parametrize(
    "body",
    [
        # codes
        coded(HGNC, "HGNC:2621"),
        coded(HGNC, "2621"),
        coded("", "CYP2C19"),
        coded(LOINC, "79714-2"),
        coded(LOINC, "57132-3"),
        coded("http://www.ncbi.nlm.nih.gov/snp", "rs4244285"),
        coded("http://www.ncbi.nlm.nih.gov/clinvar", "39357"),
        coded("http://varnomen.hgvs.org", "NM_000769.4:c.681G>A"),
        coded("http://varnomen.hgvs.org", "NC_000010.11:g.94781859G>A"),
        coded("http://local.test", "cyp2c19_pheno"),
        # a word of a text, however it is written
        text("CYP2C19 *2/*2"),
        text("cyp2c19"),
        text("CYP 2C19"),
        text("CYP-2C19"),
        text("CYP2C 19"),
        text("P450 2C19"),
        text("2C19 poor"),
        text("CYP2C19*17"),
        text("CYP2C19genotype"),
        text("pgxCYP2C19"),
        text("isCYP2C19Poor"),
        text("CYP2C19_status"),
        text("the CYP2C19-based dose"),
        text("cytochrome P450 family 2, subfamily C, member 19"),
        text("position chr10:94781859"),
        text("10-94781859-G-A"),
        text("94,781,859 G>A (NC_000010.11)"),
        text("rs4244285"),
        text("dup of 94750000-94900000"),
        text("chr10:94750000_94900000del"),
        text("a poor metabolizer"),  # of which gene is not said
        text("genotype *1/*2"),
        text("carries *2"),
        text("langsamer Metabolisierer"),
        coded(LOINC, "LA9657-3"),  # an answer: poor metabolizer
        coded(LOINC, "53040-2"),  # the effect on the metabolism of a drug
        # letters in disguise
        text("CYP2C\u00ad19"),  # a soft hyphen
        text("CYP\u200b2C19"),  # a space without width
        text("\uff23\uff39\uff302\uff2319"),  # full width
        text("\u0421\u0423P2\u042119".replace("\u0423", "Y")),  # Cyrillic that looks alike
        text("CYP2C19".replace("-", "\u2011")),
        b'{"resourceType":"Observation","note":[{"text":"\\u0043YP2C19"}]}',
        b'{"resourceType":"Observation","note":[{"text":"x\\nCYP2C19\\tpoor"}]}',
        b'{"resourceType":"Observation","note":[{"text":"a\\\\nCYP2C19"}]}',
        b'{"resourceType":"Observation","url":"http:\\/\\/x\\/CYP2C19"}',
        # wherever it stands
        written(text={"div": "<div xmlns='x'>CYP2C19 poor</div>"}),
        written(text={"div": "<div>CYP<b>2C19</b></div>"}),
        written(text={"div": "<div>CYP2<sub>C19</sub></div>"}),
        written(text={"div": "<div>&#67;YP2C19</div>"}),
        written(text={"div": "<div>CYP2C&shy;19</div>"}),
        written(contained=[{"resourceType": "Observation", "code": {"text": "CYP2C19"}}]),
        written(hasMember=[{"reference": "Observation/1", "display": "CYP2C19 result"}]),
        written(derivedFrom=[{"reference": "Observation/my-cyp2c19"}]),
        written(extension=[{"url": "http://x", "valueString": "CYP2C19"}]),
        written(extension=[{"url": "http://x/cyp2c19", "valueBoolean": True}]),
        written(meta={"tag": [{"code": "CYP2C19"}]}),
        written(identifier=[{"value": "CYP2C19-55"}]),
        written(instantiatesUri="http://x/?gene=CYP%32C19"),
        written(component=[{"valueCodeableConcept": {"text": "CYP2C19"}}]),
        written(valueRange={"low": {"value": 94700000}, "high": {"value": 95000000}}),
        # attachments of text
        encoded(b"Result: CYP2C19 *2/*2"),
        encoded(b"<html><p>CYP2C19</p></html>", "text/html"),
        encoded(json.dumps({"gene": "CYP2C19"}).encode(), "application/json"),
        encoded(b'{"gene": "\\u0043YP2C19"}', "application/fhir+json"),
        encoded(b"CYP2C19", ""),
        written(extension=[{"valueBase64Binary": base64.b64encode(b"CYP2C19").decode()}]),
        written(resourceType="Binary", content=base64.b64encode(b"CYP2C19").decode()),
    ],
)  # fmt: skip
def test_a_gene_is_heard(body):
    found = heard(body, "CYP2C19")
    assert "CYP2C19" in found.genes or found.is_unreadable


@pytest.mark.parametrize(
    ("gene", "said"),
    [
        ("DPYD", "DPD deficiency"),
        ("TPMT", "thiopurine methyltransferase activity low"),
        ("G6PD", "G-6-PD deficient"),
        ("G6PD", "Glucose-6-phosphate dehydrogenase"),
        ("SLCO1B1", "OATP1B1"),
        ("VKORC1", "rs9923231"),
        ("NAT2", "slow acetylator"),
        ("RYR1", "susceptible to malignant hyperthermia"),
        ("CFTR", "cystic fibrosis"),
        ("MT-RNR1", "m.1555A>G"),
        ("MT-RNR1", "MT-RNR1"),
        ("HLA-B", "HLA-B*57:01"),
        ("HLA-B", "HLA B5701"),
        ("HLA-B", "B*57:01 present"),
        ("HLA-DRB1", "DRB1*15:01"),
        ("G6PD", "D55.0"),
        ("BRCA2", "Z15.01"),
        ("CFTR", "http://snomed.info/sct|190905008"),
        ("HLA-A", "HLA-B*57:01"),  # a typing is one of HLA as a whole
        ("BRCA1", "BRCA 1/2 negative"),
        ("BRCA2", "BRCA1/2"),
        ("BRCA1", "hereditary breast and ovarian cancer"),
        ("MSH2", "Lynch syndrome"),
        ("TP53", "p53"),
        ("F5", "Factor V Leiden"),
        ("MET", "MET exon 14 skipping"),
        ("MET", "met amplification, a fusion"),
        ("MAX", "a pathogenic variant of MAX"),
        ("ERBB2", "HER2 positive"),
        ("KRAS", "KRAS p.Gly12Asp"),
        ("tumour", "somatic KRAS"),
        ("pathogen", "HIV-1 genotype"),
        ("pathogen", "rpoB S531L"),
        ("pathogen", "hepatitis C virus NS5A"),
    ],
)
def test_a_gene_is_heard_by_its_other_names(gene, said):
    assert gene in heard(text(said), gene).genes


def test_every_gene_we_know_is_heard_by_its_symbol_and_its_hgnc_id():
    ids = {gene: name for name, gene in WORDS.names.items() if name.startswith("HGNC:")}
    missed = [gene for gene in WORDS.genes if gene not in heard(text(f"{gene} variant")).genes]
    missed += [gene for gene, hgnc in ids.items() if gene not in heard(coded(HGNC, hgnc)).genes]
    assert missed == []


def test_every_code_and_position_of_a_gene_is_heard(knowledge):
    missed = [c for c, genes in WORDS.codes.items() if not genes <= heard(coded(LOINC, c)).genes]
    for gene, definition in knowledge.definitions.items():
        for site in definition.sites:
            found = heard(text(site.name))
            missed += [] if gene in found.genes or found.is_unreadable else [site.name]
            place = heard(text(f"chr{definition.chromosome}:{site.start + 1}"), gene)
            missed += [] if gene in place.genes else [f"{gene} {site.start}"]
    assert missed == []


@pytest.mark.parametrize(
    "body",
    [
        text("Glucose 5.4 mmol/L, fasting"),
        text("Criteria met; at most (max.) 10 mg; des Tages; set, app, rest"),
        text("CYP2D6 *4/*4"),
        text("CYP2C9 *3/*3"),
        text("2 * 3 mg, 5*10 ml"),
        text("basic metabolic panel; liver metabolism"),
        text("NC_000022.11:g.42128945C>T"),
        text("rs1065852"),  # known to be of CYP2D6
        text("chr22:42128945"),
        coded(LOINC, "2345-7"),
        coded("http://snomed.info/sct", "38341003", display="Hypertension"),
        written(effectiveDateTime="2026-11-23T10:00:00Z", valueQuantity={"value": 94.5}),
        written(text={"div": '<div xmlns="http://www.w3.org/1999/xhtml">Weight 80 kg</div>'}),
        encoded(b"Discharge letter: recovered well"),
    ],
)
def test_what_speaks_of_something_else_is_not_taken_for_the_gene(body):
    found = heard(body, "CYP2C19")
    assert (found.genes, found.is_unreadable) == (frozenset(), False)


@pytest.mark.parametrize(
    "body",
    [
        encoded(b"%PDF-1.7 \xff\xfe", "application/pdf"),
        encoded("CYP2C19".encode("utf-16"), "text/plain"),
        encoded(b"PK\x03\x04", "application/zip"),
        written(content=[{"attachment": {"data": "***"}}]),
        text("rs999999999"),  # no table has it
        text("NM_999999.1"),
        text("p.Leu858Arg"),  # a change of no gene
        text("c.35G>A found"),
        text("ENSG00000165841"),
        coded("https://omim.org", "124020"),
        text("GATTACAGATTACAGATTACAGATTACA"),
        written(resourceType="MolecularSequence", observedSeq="ACGT"),
        text("chr7:55191822"),
        text("NC_000010.9:g.96531606G>A"),  # a build that we have no places of
        text("chr10:96531606 (hg18)"),
        written(text="NC_000010.11", start="9.4781859E7"),
        written(text={"div": "<img src='data:image/png;base64,iVBORw0KGgo='/>"}),
    ],
)
def test_what_cannot_be_read_speaks_of_everything(body):
    found = heard(body, "BRCA1")
    assert found.is_unreadable


def test_an_observation_that_states_its_gene_may_have_an_id_we_never_met():
    of_cyp2d6 = {"code": {"coding": [{"code": "48018-6"}]}, "valueCodeableConcept": {
        "coding": [{"system": HGNC, "code": "HGNC:2625", "display": "CYP2D6"}]}}  # fmt: skip
    found = heard(written(component=[of_cyp2d6], note=[{"text": "rs999999999"}]), "CYP2C19")
    assert (found.genes, found.is_unreadable) == (frozenset(), False)


def test_the_face_of_a_patient_is_no_report():
    photo = {"contentType": "image/png", "data": base64.b64encode(b"\x89PNG").decode()}
    patient = json.dumps({"resourceType": "Patient", "photo": [photo]}).encode()
    assert not heard(patient, "CYP2C19").is_unreadable
    assert heard(written(media=[photo]), "CYP2C19").is_unreadable


@pytest.mark.parametrize(
    ("body", "is_genomic"),
    [
        (text("CYP2C19"), True),
        (text("a gene"), True),
        (coded(LOINC, "69548-6"), True),
        (written(category=[{"coding": [{"code": "GE"}]}]), True),
        (written(resourceType="MolecularSequence"), True),
        (text("HIV-1"), True),
        (text("rs999999999"), True),
        (text("Weight 80 kg"), False),
        (coded(LOINC, "2345-7", display="Glucose"), False),
    ],
)
def test_what_is_genomic_at_all(body, is_genomic):
    assert listener_for(WORDS, frozenset(("CYP2C19",))).is_genomic(body) is is_genomic


def test_five_hundred_resources_are_heard_in_a_moment():
    body = written(
        code={"coding": [{"system": LOINC, "code": "84413-4", "display": "Genotype display name"}]},
        subject={"reference": "Patient/p1"},
        effectiveDateTime="2026-11-23",
        component=[
            {"code": {"text": f"part {n}"}, "valueString": "CYP2D6 *1/*4"} for n in range(8)
        ],
    )
    listener = listener_for(WORDS, frozenset(("CYP2C19", "BRCA1")))
    listener.hear(body)
    began = time.perf_counter()
    for _ in range(500):
        listener.hear(body)
    assert time.perf_counter() - began < 0.3  # some 30 ms; a slow machine has ten times as long

"""Synthetic patients for the reports: genotypes by chance, written as VCF or as FHIR results."""

import random

PATIENT = {"resourceType": "Patient", "id": "x"}
GUIDE = "http://hl7.org/fhir/uv/genomics-reporting/CodeSystem/tbd-codes-cs"
LENGTHS = {"GRCh37": 249_250_621, "GRCh38": 248_956_422}
OTHERS = ("*07:02", "*44:03")  # HLA alleles that no guidance asks about


def vcf_of(knowledge, seed, build="GRCh38"):
    """A genome with variants, gaps, half calls, bases that no allele has, phased or not."""
    chance = random.Random(seed)
    rows = []
    for gene, definition in knowledge.definitions.items():
        if gene == "CYP2D6" or chance.random() < 0.2:
            continue
        reference, *others = definition.alleles
        strands = [chance.choice(others or [reference]) for _ in range(2)]
        strands = [each if chance.random() < 0.6 else reference for each in strands]
        sign = chance.choice("/|")
        for site in definition.sites:
            if chance.random() < 0.08:
                continue
            rows.append(_row(definition, site, strands, sign, build, chance, is_man=seed % 2))
    head = [
        "##fileformat=VCFv4.2",
        f"##contig=<ID=chr1,length={LENGTHS[build]}>",
        '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tsynthetic",
    ]
    lines = ["\t".join(map(str, row)) for row in sorted(rows)]
    return ("\n".join([*head, *lines]) + "\n").encode()


def _row(definition, site, strands, sign, build, chance, *, is_man):
    known = (site.ref, *site.alts)
    bases = [each.cells.get(site.name, site.ref) for each in strands]
    bases = [base if base in known else site.ref for base in bases]
    if definition.method == "components" and chance.random() < 0.97:
        bases = [site.ref, site.ref]
    strange = [base for base in "ACGT" if base not in known]
    dice = chance.random()
    if dice < 0.03:
        bases = [".", "."]
    elif dice < 0.04:
        bases[1] = "."
    elif dice < 0.05 and len(site.ref) == 1 and strange:
        bases[1] = strange[0]
    ref = site.ref37 if build == "GRCh37" and site.ref37 else site.ref
    start = site.start37 if build == "GRCh37" else site.start
    alts = [base for base in dict.fromkeys(bases) if base not in (ref, ".")]
    numbers = {ref: "0", ".": "."} | {alt: str(i) for i, alt in enumerate(alts, start=1)}
    is_single = definition.chromosome == "MT" or (definition.chromosome == "X" and is_man)
    genotype = numbers[bases[0]] if is_single else sign.join(numbers[base] for base in bases)
    name = site.name if site.name.startswith("rs") else "."
    return (
        f"chr{definition.chromosome}", start + 1, name, ref, ",".join(alts) or ".",
        ".", "PASS", ".", "GT", genotype,
    )  # fmt: skip


def result(id_, gene, value, *, code="84413-4", when="2025-02-03", hgnc=""):
    """One Observation of a gene: by default a genotype."""
    coding = [{"system": "http://www.genenames.org/geneId", "code": hgnc}] if hgnc else []
    return {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "subject": {"reference": "Patient/x"},
        "effectiveDateTime": when,
        "valueCodeableConcept": {"text": value},
        "component": [
            {
                "code": {"coding": [{"system": "http://loinc.org", "code": "48018-6"}]},
                "valueCodeableConcept": {"coding": coding, "text": gene},
            }
        ],
    }


def phenotype(id_, gene, value, **more):
    """A therapeutic implication of the guide that states a phenotype."""
    written = result(id_, gene, "", **more)
    del written["valueCodeableConcept"]
    written["code"] = {"coding": [{"system": GUIDE, "code": "therapeutic-implication"}]}
    said = {"code": written["code"], "valueCodeableConcept": {"text": value}}
    return written | {"component": [*written["component"], said]}


def score(id_, gene, value, **more):
    return result(id_, gene, value, **more) | {"code": {"text": f"{gene} activity score"}}


def bundle(*resources):
    entries = [{"resource": each} for each in resources]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def stated_of(knowledge, seed):
    """A chart of stated results of each kind: sure, open, two that may disagree, half, none."""
    chance = random.Random(seed)
    found = [PATIENT | {"gender": chance.choice(["male", "female"])}]
    for number, rules in enumerate(knowledge.genes.values()):
        found += _stated(f"o{number}", rules, chance)
    return bundle(*found)


def _stated(id_, rules, chance):
    gene, names, is_hla = rules.gene, list(rules.alleles), rules.method == "allele-status"
    if not (names or is_hla):
        return []

    def genotype():
        if is_hla:
            pair = [chance.choice([*rules.tracked, *OTHERS]) for _ in range(2)]
            return "+".join(f"{gene}{name}" for name in pair)
        pair = [chance.choice(names) for _ in rules.copies[-1:] * rules.copies[-1]]
        return "/".join(pair)

    when = {"when": chance.choice(["2024-01-02", "2023-05-06", "2025-02-03"])}
    phenotypes = [pair.phenotype for pair in rules.pairs]
    scores = [pair.activity_score for pair in rules.pairs if pair.activity_score]
    match chance.choice(["none", "sure", "open", "two", "half", "phenotype", "both", "score", "-"]):
        case "sure":
            return [result(id_, gene, genotype(), **when)]
        case "open":
            sign = "|" if is_hla else " or "
            return [result(id_, gene, f"{genotype()}{sign}{genotype()}", **when)]
        case "two":
            earlier = result(f"{id_}-b", gene, genotype(), when="2022-01-01")
            return [result(id_, gene, genotype(), **when), earlier]
        case "half" if names:
            return [result(id_, gene, chance.choice(names), code="84414-2", **when)]
        case "phenotype" if phenotypes:
            return [phenotype(id_, gene, chance.choice(phenotypes), **when)]
        case "both" if phenotypes:
            other = phenotype(f"{id_}-b", gene, chance.choice(phenotypes), when="2024-06-07")
            return [result(id_, gene, genotype(), **when), other]
        case "score" if scores and rules.method == "activity-score":
            return [score(id_, gene, chance.choice(scores), **when)]
        case "-":
            return [result(id_, gene, "No call", **when)]
    return []

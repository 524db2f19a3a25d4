"""What is known of a patient's inherited findings: from variants, genotypes and HLA typings."""

import re

from fhir_pgx.model.finding import Origin, SourceClass
from fhir_pgx.model.inherited import InheritedFinding
from fhir_pgx.normalize.inherited import inherited_findings
from fhir_pgx.normalize.protein import parse_protein
from fhir_pgx.pipeline.case import Case
from fhir_pgx.recommendation.inherited import InheritedBook, Known

_HLA = re.compile(r"(?:HLA-)?([A-Z]{1,3}\d?)\*(\d{2,4}(?::\d{2,5}[A-Z]?)*(?:/[\d:A-Z]+)*)")
_SAME_LOCUS = re.compile(r"(?:HLA-)?[A-Z]{1,3}\d?\*")
_AMBIGUOUS = re.compile(r"/(?:HLA-)?[A-Z]{1,3}\d?\*")
_CFTR = {"F508del": "p.Phe508del", "G551D": "p.Gly551Asp", "R117H": "p.Arg117His"}


def findings_of(case: Case) -> tuple[InheritedFinding, ...]:
    """The findings of the patient's own genome, worked out once a call."""
    if not case.own_findings:
        case.own_findings.append(inherited_findings(case.reading))
    return case.own_findings[0]


def known_of(case: Case, book: InheritedBook) -> Known:
    """The findings by gene, the pharmacogene results, what the patient has, and the sex."""
    by_gene: dict[str, tuple[InheritedFinding, ...]] = {}
    for finding in findings_of(case):
        if finding.gene:
            by_gene[finding.gene] = (*by_gene.get(finding.gene, ()), finding)
    if "CFTR" not in by_gene and (stated := _cftr(case)):
        by_gene["CFTR"] = stated
    conditions = frozenset(
        name
        for problem in case.patient.conditions
        if problem.state != "resolved"
        for name in book.conditions_in(problem.label)
    )
    return Known(by_gene, case.results, conditions, case.patient.sex)


def _cftr(case: Case) -> tuple[InheritedFinding, ...]:
    """The variants of a CFTR genotype that came as a genotype (`F508del/G551D`), which no variant
    Observation holds: those by the names that rows know."""
    result = case.results.get("CFTR")
    if result is None or len(result.diplotypes) != 1:
        return ()
    pair = result.diplotypes[0].haplotypes
    zygosity = "homozygous" if len(set(pair)) == 1 else "heterozygous"
    return tuple(
        InheritedFinding(
            "CFTR",
            f"CFTR {name}",
            Origin(next(iter(result.derived_from), ""), ""),
            protein=parse_protein(_CFTR[name]),
            zygosity=zygosity,
            source_class=SourceClass.GERMLINE,
        )
        for name in dict.fromkeys(pair)
        if name in _CFTR
    )


def hla_of(case: Case) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    """The patient's own HLA alleles by locus (`HLA-A`: `02:01`), and presence tests by name."""
    typed: dict[str, tuple[str, ...]] = {}
    status: dict[str, str] = {}
    for typing in case.reading.precision.typings:
        if typing.whose == "recipient":
            locus = f"HLA-{typing.locus.removeprefix('HLA-')}"
            alleles = tuple(_SAME_LOCUS.sub("", each) for each in typing.alleles)
            typed.setdefault(locus, alleles)
    for statement in case.reading.statements:
        is_own = statement.source_class is not SourceClass.SOMATIC
        if is_own and statement.gene.startswith("HLA-"):
            # `A*02:01/A*02:09` is one allele of two possible names.
            value = _AMBIGUOUS.sub("/", statement.value)
            alleles = tuple(found[2] for found in _HLA.finditer(value))
            if statement.kind == "allele-presence":
                answer = {"present": "positive", "absent": "negative"}.get(statement.presence)
                if answer and len(alleles) == 1:
                    status[f"{statement.gene}*{alleles[0]}"] = answer
            elif statement.presence == "present" and alleles:
                typed.setdefault(statement.gene, alleles)
    return typed, status

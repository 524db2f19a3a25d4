"""Writes `knowledge/terms/*.csv`: LOINC codes, answers, gene names, RefSeq chromosomes.

    python -m fhir_pgx.knowledge.imports.terms --facts DIR

DIR holds `loinc_pgx.csv`, `loinc_answers.csv`, `genes.csv` and `refseq_chromosomes.csv`. Codes
whose status there is `invalid`, or that fail the LOINC check digit, are left out.
"""

import argparse
import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

TERMS = Path(__file__).resolve().parents[1] / "terms"

LOINC_NOTICE = (
    "This material contains content from LOINC (http://loinc.org). LOINC is copyright",
    "Regenstrief Institute, Inc. and the LOINC Committee and is available at no cost under the",
    "license at http://loinc.org/license.",
)
MADE = "Written by fhir_pgx/knowledge/imports/terms.py; do not edit."

# What the value of an Observation with this code says, by the kind that the facts give it.
_KINDS = {
    "phenotype": "phenotype",
    "phenotype (gene in component)": "phenotype",
    "function": "phenotype",
    "overall interpretation": "phenotype",
    "diplotype/allele": "allele",
    "allele 1": "allele-1",
    "allele 2": "allele-2",
    "targeted mutation analysis": "genotype",
    "targeted mutation analysis (two genes)": "genotype",
    "full mutation analysis": "genotype",
    "genotype pair": "genotype",
    "rs12979860 genotype": "genotype",
    "TA repeats": "genotype",
    "5-HTTLPR": "genotype",
    "three variants": "genotype",
    "mutations tested for": "tested",
    "panel": "panel",
    "HLA typing": "hla-typing",
    "activity score": "activity-score",
    "genotype (gene in component)": "genotype",
    "haplotype (gene in component)": "haplotype",
    "variant assessment": "variant",
    "allelic phase": "phase",
    "clinical significance": "diagnosis",
}
_KIND_OF_CODE = {
    "53040-2": "implication",
    "51961-1": "implication",
    "83009-1": "implication",
    "51964-5": "interpretation",
    "51968-6": "interpretation",
    "53041-0": "region",
    "51959-5": "region",
} | dict.fromkeys(
    ("51969-4", "81247-9", "82118-1", "51965-2", "51962-9", "66106-6", "78046-0", "94753-1",
     "55233-1"), "panel",
)  # fmt: skip
_ALLELE = re.compile(r"\*\d+(?::\d+)*[A-Z]?|[cm]\.-?\w+(?:[+-]\d+)?[ACGT]>[ACGT]|p\.\w+|c\.\w+")

_STANDARD_TERMS = {
    "LA10315-2": "Ultrarapid Metabolizer",
    "LA25390-8": "Rapid Metabolizer",
    "LA25391-6": "Normal Metabolizer",
    "LA10317-8": "Intermediate Metabolizer",
    "LA9657-3": "Poor Metabolizer",
    "LA25392-4": "Increased Function",
    "LA25393-2": "Normal Function",
    "LA25395-7": "Decreased Function",
    "LA25394-0": "Poor Function",
    "LA19541-4": "high risk allele present",
    "LA19542-2": "low risk",
}
# Genes that a source of advice names and CPIC's gene table lacks; HGNC ids from genenames.org.
_ALSO_NAMED = {"UGT2B17": "HGNC:12547"}


def luhn(digits: str) -> int:
    """The check digit of LOINC: Luhn over the digits, the rightmost doubled."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = int(digit) * (2 if place % 2 == 0 else 1)
        total += number - 9 if number > 9 else number
    return -total % 10


def has_valid_check_digit(code: str) -> bool:
    """True for a LOINC term (`79714-2`) or answer (`LA9657-3`) whose check digit fits.

    Answers add 2 to the Luhn digit where their number has five digits, 5 where it has four
    (observed on the published codes; LOINC states no rule).
    """
    found = re.fullmatch(r"(LA)?(\d{4,6})-(\d)", code)
    if not found:
        return False
    shift = {4: 5, 5: 2}.get(len(found[2])) if found[1] else 0
    return shift is not None and (luhn(found[2]) + shift) % 10 == int(found[3])


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def loinc_rows(facts: Iterable[Mapping[str, str]]) -> Iterator[tuple[str, ...]]:
    """(code, gene, kind, allele, status) of each code that may be read."""
    for row in facts:
        if row["status"] == "invalid" or not has_valid_check_digit(row["code"]):
            continue
        kind, allele = kind_and_allele(row)
        yield row["code"], row["gene"], kind, allele, row["status"]


def kind_and_allele(row: Mapping[str, str]) -> tuple[str, str]:
    stated = row["kind"]
    if row["code"] in _KIND_OF_CODE:
        return _KIND_OF_CODE[row["code"]], ""
    if stated.startswith("enzyme activity"):
        return "activity-test", ""
    if stated == "gene deletion":
        return "presence", "*5"  # the CYP2D6 deletion allele
    if stated in _KINDS:
        return _KINDS[stated], ""
    if not row["gene"]:
        return "component", ""
    # `c.238G>C (*2)` is known by its star name.
    starred = _ALLELE.search(stated.partition("(")[2]) if stated.startswith("c.") else None
    named = starred or _ALLELE.search(stated)
    if named is None:
        raise ValueError(f"{row['code']}: no rule for kind {stated!r}")
    return "presence", named[0]


def answer_rows(facts: Iterable[Mapping[str, str]]) -> Iterator[tuple[str, ...]]:
    """(code, list, term, status); a code of two lists is written once."""
    seen: set[str] = set()
    for row in facts:
        code = row["code"]
        if code in seen or not has_valid_check_digit(code):
            continue
        seen.add(code)
        term = _STANDARD_TERMS.get(code) or row["display"]
        if row["list"].startswith("chromosome"):
            term = row["short"]
        unsure = "UNVERIFIED" in row["source"] or row["source"].startswith("derived")
        yield code, row["list"], term, "unverified" if unsure else "verified"


def gene_rows(facts: Iterable[Mapping[str, str]]) -> list[tuple[str, str]]:
    """(symbol, HGNC id) of each gene that may be named."""
    genes = _ALSO_NAMED | {row["gene"]: row["hgnc_id"] for row in facts}
    return sorted(genes.items())


def accession_rows(facts: Iterable[Mapping[str, str]]) -> Iterator[tuple[str, ...]]:
    """(accession, build, chromosome, length); the mitochondrial one serves both builds."""
    for row in facts:
        if row["grch37_refseq"] == row["grch38_refseq"]:
            yield row["grch38_refseq"], "both", row["chromosome"], row["grch38_length"]
            continue
        yield row["grch37_refseq"], "GRCh37", row["chromosome"], row["grch37_length"]
        yield row["grch38_refseq"], "GRCh38", row["chromosome"], row["grch38_length"]


def write(
    name: str, header: Sequence[str], rows: Iterable[Sequence[str]], about: Sequence[str]
) -> None:
    with (TERMS / name).open("w", encoding="utf-8", newline="") as file:
        for line in (*about, MADE):
            file.write(f"# {line}\n")
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
    print(f"wrote {name}")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--facts", type=Path, required=True, help="folder of the fact tables")
    facts: Path = parser.parse_args(arguments).facts
    TERMS.mkdir(exist_ok=True)
    write(
        "loinc.csv", ("code", "gene", "kind", "allele", "status"),
        loinc_rows(read_rows(facts / "loinc_pgx.csv")),
        ("Source: LOINC core table (about 2.68, 2020); `unverified`: named by one source only.",
         *LOINC_NOTICE),
    )  # fmt: skip
    write(
        "answers.csv", ("code", "list", "term", "status"),
        answer_rows(read_rows(facts / "loinc_answers.csv")),
        ("Source: LOINC answers in value sets and examples of the HL7 Genomics Reporting guide;",
         "`unverified`: chromosome codes derived from their neighbours by number and check digit.",
         *LOINC_NOTICE),
    )  # fmt: skip
    write(
        "genes.csv", ("symbol", "hgnc"),
        gene_rows(read_rows(facts / "genes.csv")),
        ("Source: CPIC gene table, 2026-08 (CC0-1.0); HGNC ids from genenames.org (CC0-1.0).",),
    )  # fmt: skip
    write(
        "accessions.csv", ("accession", "build", "chromosome", "length"),
        accession_rows(read_rows(facts / "refseq_chromosomes.csv")),
        ("Source: NCBI RefSeq assembly reports of GRCh37 and GRCh38 (public domain), by way of",
         "the assembly tables of biocommons/bioutils (Apache-2.0)."),
    )  # fmt: skip


if __name__ == "__main__":
    main()

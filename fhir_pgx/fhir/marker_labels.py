"""Which biomarker or test of a gene a local code asks for, by its words.

The answer is written as knowledge writes it for LOINC codes: `marker:PD-L1:22C3`,
`test:ALK:rearrangement`. Codes that we know are asked first; words only where there is none.
"""

import re
from collections.abc import Mapping

_I = re.IGNORECASE
_STAIN = r"(?:IHC|immun\w*|stain\w*|protein|express\w*)"
_CLONES = (
    ("22C3", r"22C3"), ("28-8", r"28[\s-]?8"), ("SP142", r"SP[\s-]?142"), ("SP263", r"SP[\s-]?263"),
    ("73-10", r"73[\s-]10"),
)  # fmt: skip
_CLONE = tuple((name, re.compile(rf"\b{pattern}\b", _I)) for name, pattern in _CLONES)
PROTEINS = re.compile(r"\b(?:MLH1|MSH2|MSH6|PMS2)\b")
# Serum and plasma levels of a protein say nothing of the tumour's status.
_NOT_OF_TUMOUR = re.compile(r"\b(?:serum|mass/volume|units/volume|antibod\w*)\b", _I)

# The first that matches counts.
_MARKERS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, _I), answer)
    for pattern, answer in (
        (r"mismatch repair|\b[dp]?MMR\b", "marker:MMR"),
        (r"microsatellite (?:instab|stab|status)\w*|\bMSI\b", "marker:MSI"),
        (r"tumou?r mutation(?:al)? (?:burden|load)|\b[bt]?TMB\b", "marker:TMB"),
        (r"\bPD[\s-]?L1\b|programmed (?:cell )?death[\s-]ligand[\s-]?1?\b", "marker:PD-L1"),
        (rf"\bCD274\b.*{_STAIN}", "marker:PD-L1"),
        (r"\b(?:HER[\s-]?2|ERBB2)\b.*(?:\bratio\b|CEP[\s-]?17|chromosome 17|centromere)",
         "marker:HER2-ISH:ratio"),
        (r"\b(?:HER[\s-]?2|ERBB2)\b.*\bcop(?:y number|ies)\b.*\b(?:F?ISH|CISH|nucleus|cell)\b"
         r"|\b(?:F?ISH|CISH)\b.*\b(?:HER[\s-]?2|ERBB2)\b.*\bcop(?:y number|ies)\b",
         "marker:HER2-ISH:copies"),
        (r"\b(?:HER[\s-]?2|ERBB2)\b.*\b(?:[FCS]?ISH|in[\s-]situ)\b"
         r"|\b(?:[FCS]?ISH|in[\s-]situ)\b.*\b(?:HER[\s-]?2|ERBB2)\b", "marker:HER2-ISH"),
        (rf"\b(?:HER[\s-]?2(?:/neu)?|ERBB2)\b.*\b{_STAIN}\b|\b{_STAIN}\b.*\bHER[\s-]?2\b",
         "marker:HER2-IHC"),
        (r"^HER[\s-]?2(?:/neu)?$|\bHER[\s-]?2(?:/neu)?\b.*\b(?:status|receptor|interpretation)\b",
         "marker:HER2"),
        (r"\bHRD\b|homologous recombination (?:deficien|proficien|status|score)\w*"
         r"|genomic instability (?:score|status)", "marker:HRD"),
        (rf"\bo?estrogen receptor\b|^ERs?$|^ER\b.*\b(?:status|{_STAIN})", "marker:ER"),
        (rf"\bprogesterone receptor\b|^Pg?R$|^Pg?R\b.*\b(?:status|{_STAIN})", "marker:PR"),
        (r"\bMGMT\b", "marker:MGMT"),
        (r"\b1p\s?/?\s?(?:and )?19q\b", "marker:del(1p/19q)"),
        (r"\bdel\w*\W{0,3}\(?17p|\b17p\d*\W{0,2}del|\bdel\(17\)\(p", "marker:del(17p)"),
        (r"\bdel\w*\W{0,3}\(?5q|\b5q\d*\W{0,2}del|\bdel\(5\)\(q", "marker:del(5q)"),
        (rf"\bALK\b.*\b(?:{_STAIN}|D5F3)\b", "marker:ALK-IHC"),
        (rf"\bEGFR\b.*\b{_STAIN}\b|epidermal growth factor receptor ag\b", "marker:EGFR-IHC"),
        (rf"\bCD117\b|\bc-?KIT\b.*\b{_STAIN}\b", "marker:KIT-IHC"),
        (r"\bFOLR1\b|folate receptor[\s-](?:alpha|α)", "marker:FOLR1-IHC"),
        (r"\bclaudin[\s-]?18|\bCLDN18", "marker:CLDN18.2-IHC"),
        (r"\bMAGE[\s-]?A4\b", "marker:MAGE-A4"),
        (rf"\bc?-?MET\b.*\b(?:{_STAIN}|overexpress\w*)\b", "marker:MET-IHC"),
        (rf"\bBRAF\b.*\b(?:VE1|{_STAIN})\b", "marker:BRAF-V600E-IHC"),
    )
)  # fmt: skip
# What any of them holds: nearly every label of a laboratory holds none, and is asked once.
_MAY_BE = re.compile(
    r"MMR|mismatch|MSI\b|microsat|TMB|mutation|PD[\s-]?L1|programmed|CD274|HER[\s-]?2|ERBB2|HRD"
    r"|homologous|genomic inst|strogen|progesterone|\bER\b|\bPg?R\b|MGMT|19q|17p|5q|del\("
    r"|MLH1|MSH[26]|PMS2|ALK|EGFR|epidermal|CD117|KIT|FOLR1|folate rec|claudin|CLDN18|MAGE"
    r"|MET\b|BRAF",
    _I,
)

_GENE = re.compile(r"\b[A-Z][A-Z0-9]{1,9}(?:-[A-Z0-9]{1,4})?\b")
_TEST_KINDS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, _I), kind)
    for pattern, kind in (
        (r"\b(?:rearrange\w*|translocation|break[\s-]?apart)\b", "rearrangement"),
        (r"\bfusions?\b", "fusion"),
        (r"\bamplif\w*|\bduplication \[presence\]", "amplification"),
        (r"\bITD\b|internal tandem", "internal-duplication"),
        (r"\bexon[\s-]?14 skip\w*", "exon-skipping"),
        (r"\bmethylation\b", "methylation"),
        (r"\b(?:mutat\w*|variants?|sequenc\w*|genotyp\w*|codons?|exons?)\b", "any"),
        # What was looked for is not said: only an answer that names it is read.
        (r"\b(?:panel|analysis|test(?:ing)?|status)\b", "open"),
    )
)
_CHANGE = re.compile(
    r"\bp\.|\b[ACDEFGHIKLMNPQRSTVWY][0-9]{2,4}[ACDEFGHIKLMNPQRSTVWY*]\b|::|vIII\b|-V7\b", 0
)
_FISH = re.compile(r"\bF?ISH\b")


def answered_by(label: str, genes: Mapping[str, str]) -> str:
    """What a code with these words answers; empty where it is no biomarker and no test that we
    know. `genes` are the names of genes that therapies are about."""
    if not label or len(label) > 300:
        return ""
    if _MAY_BE.search(label) and not _NOT_OF_TUMOUR.search(label):
        found = _marker(label)
        if found:
            return found
    return _gene_test(label, genes) if genes else ""


def _marker(label: str) -> str:
    for pattern, answer in _MARKERS:
        if pattern.search(label) and not (answer != "marker:MGMT" and _is_of_gene(label)):
            clone = clone_in(label) if answer == "marker:PD-L1" else ""
            return f"{answer}:{clone}" if clone else answer
    is_protein = PROTEINS.search(label) and re.search(_STAIN, label, _I)
    return "marker:MMR" if is_protein and "methyl" not in label.lower() else ""


def _is_of_gene(label: str) -> bool:
    """`ERBB2 gene mutation`, `BRAF V600E mutation`, `ALK rearrangement`: a test of the gene."""
    if re.search(r"mutation(?:al)? (?:burden|load)|mutations?/megabase", label, _I):
        return False
    return re.search(r"\b(?:mutat\w*|rearrange\w*|fusions?|variants?)\b", label, _I) is not None


def clone_in(words: str) -> str:
    """The antibody's clone that words name; empty for none."""
    return next((name for name, pattern in _CLONE if pattern.search(words)), "")


# Tests of a family of genes at once; an answer speaks for each of them.
_FAMILIES = (
    (re.compile(r"\b(?:pan-?)?NTRK(?:1/2/3|1[-–]3)?\b", _I), "NTRK1+NTRK2+NTRK3"),
    (re.compile(r"\b(?:pan-?|extended )?RAS\b", _I), "KRAS+NRAS"),
)


def _gene_test(label: str, genes: Mapping[str, str]) -> str:
    for pattern, family in _FAMILIES:
        kind = next((kind for words, kind in _TEST_KINDS if words.search(label)), "")
        if kind and pattern.search(label):
            return f"test:{family}:{kind}:each"
    named = [genes[name] for name in _GENE.findall(label) if name in genes]
    if not named:  # `EML4-ALK` is found whole, and is no name of its own
        parts = [part for name in _GENE.findall(label) for part in name.split("-")]
        named = [genes[name] for name in parts if name in genes]
    if not named:
        return ""
    about = tuple(dict.fromkeys(named))
    if _CHANGE.search(label):
        return f"test:{'+'.join(about[:2])}:named"
    for pattern, kind in _TEST_KINDS:
        if pattern.search(label):
            return f"test:{'+'.join(about)}:{kind}"
    return f"test:{'+'.join(about)}:rearrangement" if _FISH.search(label) else ""

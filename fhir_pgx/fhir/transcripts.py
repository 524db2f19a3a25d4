"""Which gene a RefSeq transcript or protein is of, for names that state no gene beside it.

Kept by hand, for the genes whose alleles are defined; versions do not matter, since a version never
changes the gene. Some number their bases otherwise than the names of our positions do; these are
read for their gene alone. Source: NCBI RefSeq (public domain), by public texts that name both.
"""

import re

_GENES = {
    "ABCG2": "NM_004827 NP_004818",
    "CACNA1S": "NM_000069 NP_000060",
    "CFTR": "NM_000492 NP_000483",
    "CYP2B6": "NM_000767 NP_000758",
    "CYP2C19": "NM_000769 NP_000760",
    "CYP2C9": "NM_000771 NP_000762",
    "CYP2D6": "NM_000106 NP_000097 NM_001025161 NP_001020332",
    "CYP3A4": "NM_017460 NP_059488 NM_001202855 NP_001189784",
    "CYP3A5": "NM_000777 NP_000768",
    "CYP4F2": "NM_001082 NP_001073",
    "DPYD": "NM_000110 NP_000101 NM_001160301 NP_001153773",
    "G6PD": "NM_000402 NP_000393 NM_001042351 NP_001035810 NM_001360016 NP_001346945",
    "NAT2": "NM_000015 NP_000006",
    "NUDT15": "NM_018283 NP_060753",
    "RYR1": "NM_000540 NP_000531 NM_001042723 NP_001036188",
    "SLCO1B1": "NM_006446 NP_006437",
    "TPMT": "NM_000367 NP_000358",
    "UGT1A1": "NM_000463 NP_000454",
    "VKORC1": "NM_024006 NP_076869",
}
_GENE_OF = {accession: gene for gene, listed in _GENES.items() for accession in listed.split()}
_ACCESSION = re.compile(r"\b(N[MP]_\d{6,9})(?:\.\d{1,2})?(?=[:(\s])")


def gene_of_transcript(name: str) -> str:
    """The gene of the transcript or protein that a name is written on; empty for any other."""
    found = _ACCESSION.search(name[:60])
    return _GENE_OF.get(found[1], "") if found else ""

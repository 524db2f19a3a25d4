"""Codes and words for organisms whose genes we have rules for, and for the genes that are theirs.

SNOMED CT organism codes and words in labels, specimens and report titles. `HIV` without a type is
read as HIV-1, and said so; `HIV 1+2`, and two organisms in one label, name none.
"""

import re
from collections.abc import Iterable

from fhir_pgx.model.pathogen import Organism

_CODES: dict[str, Organism] = {
    "89293008": "HIV-1", "79875005": "HIV-2", "113861009": "M. tuberculosis",
    "113858008": "M. tuberculosis", "81665004": "HBV", "62944002": "HCV",
    "407479009": "Influenza A", "30020004": "P. falciparum", "80774000": "H. pylori",
    "3092008": "S. aureus", "19551004": "VZV",
}  # fmt: skip
_NOT_IT = re.compile(
    r"non[\s-]?tubercul\w*|tuberculoid|para-?influenza|haemophilus influenzae|influenza b\b"
    r"|staphylococcus epidermidis",
    re.IGNORECASE,
)
_PATTERNS: tuple[tuple[Organism, str], ...] = (
    ("HIV-2", r"\bHIV[\s-]?(?:type )?(?:2\b|1\s?[+/&]\s?(?:HIV[\s-]?)?2\b)"
                  r"|immunodeficiency virus,?(?: type)? ?2\b"),
        ("HIV-1", r"\bHIV(?:[\s-]?(?:type )?1)?\b|human immunodeficiency virus(?!,?(?: type)? ?2)"),
        ("M. tuberculosis", r"tubercul\w*|\bMTB(?:C|DR\w*)?\b|\bH37Rv\b|\bNC_000962\b"),
        ("HCMV", r"cytomegalovirus|\bH?CMV\b|herpesvirus 5\b"),
        ("HSV1", r"herpes simplex(?: virus)?(?: type)?[\s-]*1\b|\bHSV[\s-]?1\b|herpesvirus 1\b"),
        ("HSV2", r"herpes simplex(?: virus)?(?: type)?[\s-]*2\b|\bHSV[\s-]?2\b|herpesvirus 2\b"),
        ("VZV", r"varicella|zoster|\bVZV\b|herpesvirus 3\b"),
        ("HHV6b", r"\bHHV[\s-]?6B\b|herpesvirus 6B\b"),
        ("Adenovirus", r"\badenovirus"),
        ("HBV", r"hepatitis B\b|\bHBV\b"),
        ("HCV", r"hepatitis C\b|\bHCV\b"),
        ("Influenza A(H1N1)pdm09", r"\bA?\(?H1N1\)?|pdm09"),
        ("Influenza A(H3N2)", r"\bA?\(?H3N2\)?"),
        ("Influenza A", r"influenza(?: virus)?(?: type)? A\b|\bFLU ?A\b"),
        ("P. falciparum", r"falciparum"),
        ("H. pylori", r"helicobacter|\bH\.? ?pylori\b"),
        ("Mycoplasma genitalium", r"mycoplasm\w+ genitalium|\bM\.? ?genitalium\b"),
        ("S. aureus", r"\bstaphylococcus aureus|\bS\.? ?aureus\b|\bMRSA\b|\bMSSA\b"),
        ("Enterobacterales", r"enterobacter\w*|klebsiella|escherichia coli|\bE\.? ?coli\b"
                             r"|serratia|citrobacter|morganella|\bproteus\b"),
        ("Enterococcus", r"enterococc\w*|\bVRE\b"),
    )  # fmt: skip
_WORDS = [(organism, re.compile(words, re.IGNORECASE)) for organism, words in _PATTERNS]
_SUBTYPES = frozenset(("Influenza A(H1N1)pdm09", "Influenza A(H3N2)"))
# Genes that no human gene shares its name with, and whose they are where nothing else says it.
GENES: dict[str, Organism] = {
    **dict.fromkeys(
        ("rpob", "rpoc", "rpoa", "katg", "fabg1", "maba", "pnca", "emba", "embb", "embc",
         "embr", "gyra", "gyrb", "rpsl", "rpsa", "gid", "gidb", "rrs", "rrl", "eis", "tlya",
         "etha", "etaa", "mmpr5", "mmpl5", "atpe", "pepq", "rplc", "fbia", "fbib", "fbic",
         "fbid", "fgd1", "ahpc", "pand", "clpc1", "meca", "vana", "blakpc", "blandm", "kpc", "ndm",
         "ul54", "ul56", "ul89", "ul51", "ul27", "ul23", "ul30", "ul5", "ul52", "orf36", "orf28",
         "23s rrna", "16s rrna"),
        "",
    ),
    "ul97": "HCMV",
    "kelch13": "P. falciparum", "pfkelch13": "P. falciparum", "pfk13": "P. falciparum",
    "pfcrt": "P. falciparum", "pfdhfr": "P. falciparum",
}  # fmt: skip
_COMPOUND = re.compile(r"([\w.]+)(?: promoter| region|\s?[(/-]\s?([\w.]+)\)?)(?: gene| promoter)?")
_MAX_WORDS = 1000  # of a label: what is longer is a letter, and names too much
_LOCUS = re.compile(r"Rv\d{4}[AcD]?\.?\d?|Rvnr0\d|MTB0000\d\d", re.IGNORECASE)
# Short names that human genes share: of an organism only where its name stands beside them.
SHARED = frozenset(
    ("inha", "ddn", "ns3", "ns3/4a", "ns5a", "ns5b", "rt", "pr", "pro", "in", "int", "ca", "pol",
     "tk", "na", "pa", "m2", "crt", "k13", "dhfr",
     "protease", "integrase", "capsid", "reverse transcriptase", "polymerase", "neuraminidase",
     "thymidine kinase", "dna polymerase", "polymerase rt", "helicase")
)  # fmt: skip


def organism_of(said: Iterable[tuple[str, str]]) -> tuple[Organism, str]:
    """The organism that (words, code) pairs name, and the words; two empty texts where none.

    Where the words name several, or HIV-1 and HIV-2 together, the organism is empty.
    """
    found: dict[Organism, str] = {}
    for words, code in said:
        if code in _CODES:
            found.setdefault(_CODES[code], words)
        if len(words) > _MAX_WORDS:
            continue
        text = _NOT_IT.sub(" ", words)
        named = [organism for organism, pattern in _WORDS if pattern.search(text)]
        if "HIV-2" in named and "HIV-1" in named and not _names_both(text):
            named.remove("HIV-1")
        if len(named) > 1 and not _SUBTYPES.isdisjoint(named):
            named = [each for each in named if each != "Influenza A"]
        for organism in named:
            found.setdefault(organism, words)
    if not found:
        return "", ""
    if len(found) > 1:
        return "", next(iter(found.values()))
    return next(iter(found.items()))


def _names_both(text: str) -> bool:
    """`HIV 1+2`, `HIV-1 and HIV-2`."""
    rest = re.sub(r"HIV[\s-]?2|type 2|virus,? ?2\b", " ", text, flags=re.IGNORECASE)
    return (
        re.search(r"HIV[\s-]?1|type 1|virus,? ?1\b|1\s?[+/&]\s?2", rest, re.IGNORECASE) is not None
    )


def is_typeless_hiv(words: str) -> bool:
    """Whether HIV is named without its type."""
    return re.search(r"(?:HIV|virus)[\s,-]*(?:type ?)?[12]", words, re.IGNORECASE) is None


def gene_owner(name: str) -> Organism | None:
    """Whose gene a name is: the organism, empty where several share it, None where it is not the
    name of a pathogen's gene alone."""
    for key in _names_in(name):
        if _LOCUS.fullmatch(key):
            return "M. tuberculosis"
        if key in GENES:
            return GENES[key]
    return None


def is_shared_name(name: str) -> bool:
    """Whether a name is a pathogen's gene where the organism stands beside it alone."""
    return any(key in SHARED for key in _names_in(name))


def _names_in(name: str) -> list[str]:
    """A gene's name in lower case, then each of the names that stand together in it:
    `inhA promoter`, `Rv0667 (rpoB)`, `fabG1-inhA`."""
    key = " ".join(name[:200].strip().lower().split()).removesuffix(" gene")
    found = _COMPOUND.fullmatch(key)
    return [key, *(each for each in found.groups() if each)] if found else [key]

"""Conjugates of an antibody and a payload: other medicines than the antibody, and known as such.

RxNorm has codes of their own for them that our tables lead to the antibody, marked as not
interchangeable. A therapy row for the one says nothing of the other.
"""

import re

from fhir_pgx.model.drug import MedicationConcept

# International nonproprietary names: the payload is the second word of the name.
_CONJUGATE = re.compile(
    r"(?i)\b([a-z]+mab)[ -](deruxtecan|emtansine|govitecan|vedotin|ozogamicin|soravtansine"
    r"|tesirine|mafodotin|pasudotox|tirumotecan)\b"
)
# Brand names and RxNorm codes of those whose code leads to the antibody.
_BRANDS = {
    "enhertu": "trastuzumab deruxtecan",
    "kadcyla": "trastuzumab emtansine",
    "trodelvy": "sacituzumab govitecan",
    "emrelis": "telisotuzumab vedotin",
    "padcev": "enfortumab vedotin",
}
_CODES = {
    "2267582": "trastuzumab deruxtecan",
    "2267574": "trastuzumab deruxtecan",
    "1371041": "trastuzumab emtansine",
    "2360232": "sacituzumab govitecan",
    "2721996": "telisotuzumab vedotin",
}


def conjugate_of(concept: MedicationConcept) -> str:
    """The nonproprietary name of the conjugate that a concept names, in lower case; empty where it
    names none. The prefix and suffix of American names (`fam-…-nxki`) are not part of it."""
    for words in (concept.text, *(coding.display for coding in concept.codings)):
        found = _CONJUGATE.search(words[:300])
        if found:
            return f"{found[1]} {found[2]}".lower()
        for brand, name in _BRANDS.items():
            if re.search(rf"\b{brand}\b", words[:300], re.IGNORECASE):
                return name
    return next((_CODES[c.code] for c in concept.codings if c.code in _CODES), "")

"""The forms of a protein change: three letters and one, parentheses, accession, `Ter` and `X`."""

import re

ONE = {
    "Ala": "A", "Arg": "R", "Asn": "N", "Asp": "D", "Cys": "C", "Gln": "Q", "Glu": "E",
    "Gly": "G", "His": "H", "Ile": "I", "Leu": "L", "Lys": "K", "Met": "M", "Phe": "F",
    "Pro": "P", "Ser": "S", "Thr": "T", "Trp": "W", "Tyr": "Y", "Val": "V", "Ter": "*",
}  # fmt: skip
THREE = {letter: name for name, letter in ONE.items()}
_NAMES = re.compile("|".join(ONE), re.IGNORECASE)
_LETTER = re.compile(r"[ACDEFGHIKLMNPQRSTVWY*](?=\d)|(?<=\d)[ACDEFGHIKLMNPQRSTVWY](?![a-z])")
_ACCESSION = re.compile(r"^[\w.]*?[NXYWA][PCMT]_[\w.]+(?:\([^()]*\))?:|^ENS\w+(?:\.\d+)?:", re.I)


def bare(text: str) -> str:
    """Without accession, `p.` and parentheses around the whole: `p.(Ser450Leu)` is `Ser450Leu`."""
    found = _ACCESSION.sub("", text.strip())
    if found[:2].lower() == "p.":
        found = found[2:]
    return found[1:-1] if found.startswith("(") and found.endswith(")") else found


def has_accession(text: str) -> bool:
    return _ACCESSION.match(text.strip()) is not None


def one_letter(text: str) -> str:
    """`Ser450Leu` as `S450L`; what holds no three-letter name stays as it is."""
    return _NAMES.sub(lambda found: ONE[found[0].capitalize()], text)


def three_letter(text: str) -> str:
    """`S450L` as `Ser450Leu`; the case of a three-letter name is mended (`SER450LEU`)."""
    named = _NAMES.search(text)
    if named is not None and re.search(r"[A-Za-z]{3}\d", text):
        return _NAMES.sub(
            lambda found: "*" if found[0].lower() == "ter" else found[0].capitalize(), text
        )
    return _LETTER.sub(lambda found: THREE[found[0]] if found[0] != "*" else "*", text)

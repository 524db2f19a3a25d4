"""What a laboratory says of drugs in a sentence: `MTB detected, rifampicin resistance detected`.

Each part of the text that speaks of resistance gives one pair: the drugs that it names, and its own
words, which stay as they are: what they come to is judged where drugs are. Abbreviations and the
words for several drugs (`MDR`) are those used of tuberculosis.
"""

import re

_SHORT = {
    "rif": "rifampicin", "rmp": "rifampicin", "inh": "isoniazid", "pza": "pyrazinamide",
    "emb": "ethambutol", "eto": "ethionamide", "eth": "ethionamide", "sm": "streptomycin",
    "str": "streptomycin", "amk": "amikacin", "ami": "amikacin", "kan": "kanamycin",
    "km": "kanamycin", "cap": "capreomycin", "lfx": "levofloxacin", "mfx": "moxifloxacin",
    "mxf": "moxifloxacin", "bdq": "bedaquiline", "lzd": "linezolid", "cfz": "clofazimine",
    "dlm": "delamanid", "flq": "levofloxacin, moxifloxacin", "fq": "levofloxacin, moxifloxacin",
    "fluoroquinolone": "levofloxacin, moxifloxacin",
    "fluoroquinolones": "levofloxacin, moxifloxacin",
    "rr": "rifampicin", "mdr": "rifampicin, isoniazid",
    "pre-xdr": "rifampicin, levofloxacin, moxifloxacin",
    "xdr": "rifampicin, levofloxacin, moxifloxacin",
}  # fmt: skip
_KINDS = re.compile(
    r"\b(?:(?P<short>pre-?XDR|XDR|MDR|RR)(?:[\s-]?TB\b|\b)"
    r"|(?P<rifampicin>rifamp(?:ic)?in[\s-]resistant)"
    r"|(?P<several>multi-?drug[\s-]resistant)|(?P<extensive>extensively[\s-]drug[\s-]resistant))",
    re.IGNORECASE,
)
_SPEAKS = re.compile(r"resist|suscept|sensitiv", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z][A-Za-z-]{1,24}")
_NO_DRUG = frozenset(
    ("resistance", "resistant", "resistances", "susceptible", "susceptibility", "sensitive",
     "detected", "not", "no", "to", "and", "or", "the", "is", "was", "are", "mutation", "mutations",
     "gene", "found", "present", "absent", "indeterminate", "high", "low", "level", "high-level",
     "low-level", "intermediate", "possible", "predicted", "likely", "evidence", "of", "for", "by",
     "drug", "drugs", "tb", "mtb", "strain", "isolate", "reduced", "potential", "non", "with",
     "associated", "resistance-associated", "any", "in", "from", "inconclusive", "confers",
     "conferring", "mutation-associated", "none", "other", "all", "tested", "against",
     "medium", "testing", "pending", "probability", "genotype", "genotyping", "molecular", "result",
     "results", "tuberculosis", "mycobacterium", "complex", "history", "previous")
)  # fmt: skip
_PART = re.compile(r"[;\n]|\.(?=\s|$)")
_PIECE = re.compile(r"(,\s*|\s+(?:and|but|&)\s+)", re.IGNORECASE)
_SAID_BEFORE = re.compile(
    r"(?:resistan\w+|susceptib\w+|sensitiv\w+)(?: \w+)? (?:to|against)\b", re.I
)
_LETTER = re.compile(r"(?P<drug>[A-Za-z/-]{3,25})\s*[:=]\s*(?P<answer>[RSI])")
_TOO_MANY = 12  # words of a part: a longer one is a sentence whose grammar is not known here


def said_of_drugs(text: str, *, tuberculosis: bool) -> list[tuple[str, str]]:
    """(the drugs, the words that speak of them), in order; empty where no part does."""
    found: list[tuple[str, str]] = []
    for sentence in _PART.split(text):
        for piece in _pieces(sentence, tuberculosis=tuberculosis):
            words = " ".join(piece.split()).strip(" ,.")
            letter = _LETTER.fullmatch(words)
            kind = _kind(words) if tuberculosis else ""
            drugs = ""
            if letter:
                drugs = _drugs(letter["drug"], tuberculosis=tuberculosis)
                words = letter["answer"]
            elif kind:
                drugs = kind
            elif _SPEAKS.search(words) and len(words.split()) <= _TOO_MANY:
                drugs = _drugs(words, tuberculosis=tuberculosis)
            if drugs and len(words) <= 120:
                found.append((drugs, words))
    return found


def _pieces(sentence: str, *, tuberculosis: bool) -> list[str]:
    """A sentence by what is said: `A and B resistant`, `resistant to A, B` are one, and
    `A resistant, B susceptible` two. What names no drug (`MTB detected low`) is left out."""
    found: list[str] = []
    waiting = ""
    split = [*_PIECE.split(sentence[:2000]), ""]
    for piece, mark in zip(split[::2], split[1::2], strict=True):
        if _tells(piece):
            found.append(waiting + piece)
            waiting = ""
        elif found and _SAID_BEFORE.search(found[-1]):
            found[-1] += f", {piece}"
        elif _drugs(piece, tuberculosis=tuberculosis):
            waiting += piece + mark
        else:
            waiting = ""
    return found


def _tells(piece: str) -> bool:
    return bool(_SPEAKS.search(piece) or _KINDS.search(piece) or _LETTER.fullmatch(piece.strip()))


def _kind(words: str) -> str:
    """The drugs that a word for the whole stands for: `MDR-TB`."""
    named = _KINDS.search(words)
    if named is None or named["rifampicin"]:
        return ""
    if named["several"] or named["extensive"]:
        return _SHORT["mdr" if named["several"] else "xdr"]
    return _SHORT[named["short"].lower().replace("prex", "pre-x")]


def _drugs(words: str, *, tuberculosis: bool) -> str:
    named = []
    for word in _WORD.findall(words):
        for each in re.split(r"-(?=resist|suscept|sensitiv)", word.lower()):
            full = _SHORT.get(each, "") if tuberculosis else ""
            if full:
                named.append(full)
            elif each not in _NO_DRUG and len(each) > 5 and "resist" not in each:
                named.append(each)
    return ", ".join(dict.fromkeys(named))

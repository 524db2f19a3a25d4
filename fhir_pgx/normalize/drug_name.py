"""The words of a medication order to ingredients: whole names only, never a part of a word.

`CLOPIDOGREL 75 MG PO TABS` is a name followed by strength, route and form. A text is understood
when every word of it is: a known name, and around it nothing but strengths, forms, routes,
release forms, salts and directions. One word more, and the text says something we do not know:
then it resolves to nothing, because a wrong drug is worse than none.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

from fhir_pgx.model.drug import CodeKind, CodeMeaning, Drug, MatchNote

ByName = Callable[[str], CodeMeaning | None]

LONGEST_TEXT = 300  # RxNorm's longest names are packs, which we do not read by name
MOST_PARTS = 12
MOST_WORDS = 24  # the longest name held has 23

_UNITS = """
    mg mgs mcg ug ng g gm gms gram grams kg ml mls l dl cc meq mmol mol unit units iu mu unt mcl
    hr hrs hour hours h min actuat act puff puffs percent pct kit kits mci ppm billion million
"""
_FORMS = """
    tab tabs tablet tablets tbl cap caps capsule capsules caplet caplets cplt pill pills softgel
    softgels gelcap gelcaps lozenge lozenges troche troches film films strip strips patch patches
    ptch cream crm ointment oint gel lotion foam shampoo solution solutions soln sol suspension
    susp elixir elix syrup syrp liquid liqd liq drop drops spray inhaler inh inhalation inhalant
    inhl nebulizer nebulization neb nebu powder powd pwdr packet packets pckt sachet granule
    granules gran suppository suppositories supp enema injection inj injectable injector
    autoinjector pen pens syringe syringes syrg syrn vial vials ampule ampules ampoule amp bag
    premix infusion concentrate conc emulsion implant ring insert paste rinse mouthwash wafer
    pellet pellets sprinkle sprinkles product products pack package pak dosepack solr solu recon
    reconstitution cartridge bottle box each ea prefilled medicated system dry chewing gum soap
    pad applicator for metered auto drug
"""
_ROUTES = """
    po oral orally or iv intravenous im intramuscular sc sq subq subcut subcutaneous sl sublingual
    buccal pr rectal vaginal vag topical top transdermal td ophthalmic oph ophth otic nasal
    intranasal inhaled intrathecal epidural intraarticular enteral injectable mucosal mouth
"""
_RELEASE = """
    er xr xl sr cr dr ec la ir xt cd odt ds extended delayed modified sustained controlled
    immediate prolonged release rel released coated enteric disintegrating dispersible
    effervescent chewable chew chwt tbec tb24 tb12 tbdp tbcr cp24 cp12 cpdr cpep t24a 12hr 24hr
"""
_DIRECTIONS = """
    take takes give use apply inject dose doses daily bid tid qid qd qhs prn q day days week weeks
    weekly month monthly every once twice one two three four times a the by at in per as needed
    bedtime morning evening night nightly noon food meal meals water route strength usp nf po
"""
_FILLER = frozenset(f"{_UNITS} {_FORMS} {_ROUTES} {_RELEASE} {_DIRECTIONS}".split()) - {"or"}
_ATTACHED = frozenset(_UNITS.split()) | {"tab", "tabs", "cap", "caps"}

# Counter-ions and hydrates that RxNorm drops on the way from a PIN to its ingredient. Esters
# (`mofetil`, `disoproxil`) and `furoate` are not here: they make ingredients of their own.
_SALT_WORDS = """
    hcl hydrochloride dihydrochloride hbr hydrobromide hydroiodide sodium disodium trisodium
    potassium dipotassium calcium magnesium maleate mesylate mesilate besylate besilate tosylate
    tartrate bitartrate succinate hemisuccinate fumarate hemifumarate phosphate sulfate sulphate
    bisulfate citrate acetate nitrate malate oxalate bromide chloride iodide pamoate edisylate
    napsylate tromethamine meglumine lysine anhydrous monohydrate dihydrate trihydrate
    hemihydrate hydrate
"""
_ION_WORDS = """
    sodium potassium calcium magnesium iron ferrous ferric zinc copper silver lithium ammonium
    aluminum aluminium barium bismuth chromium manganese mercury selenium strontium gallium gold
    phosphate sulfate citrate acetate lactate gluconate hydrogen choline betaine iodine fluorine
    phosphorus
"""
_SALTS = frozenset(_SALT_WORDS.split())
_IONS = frozenset(_ION_WORDS.split())

_MARKS = re.compile(r"[®™©℠]")
_MICRO = str.maketrans({"µ": "u", "μ": "u"})
_WORD = re.compile(r"[a-z0-9]+")
_STRENGTH = re.compile(r"([0-9]+)([a-z]*)")
_EVERY_HOURS = re.compile(r"q[0-9]{1,2}h?")
_FREE_OF = re.compile(r"\b(?:preservative|sugar|dye|alcohol|gluten)[ -]free\b")
_ASIDE = re.compile(r"[\[(]([^\[\](){}]{0,300})[\])]")
_AHEAD = re.compile(
    r"^(?:(?:[0-9]+(?:\.[0-9]+)? ?(?:ml|hr|actuat|mg|mcg|unt|meq)"
    r"|abuse-deterrent|osmotic|sprinkle|once-daily)\b[ /]*){1,4}"
)
_JOINED = re.compile(r"/|\+|&|;|,|\band\b|\bwith\b|\bw/")
_HYPHENATED = re.compile(r"-\s*[a-z]")
# `Tylenol 3` and `Tylenol #3` hold codeine: a lone digit can be part of a brand's name.
_LONE_DIGIT = re.compile(
    r"(?<![\w.,/-])[0-9](?![\w.,/-])(?! ?(?:mg|mcg|g|gm|ml|%|units?|iu|meq|tab|cap|hr|hour|puff))"
)


def _folded(text: str) -> str:
    """Lower case without accents and marks; empty where a letter is not of the Latin alphabet."""
    plain = unicodedata.normalize("NFKD", _MARKS.sub(" ", text.translate(_MICRO))).casefold()
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    # A letter we cannot spell may be a drug that we cannot see.
    if any(c.isalnum() and not c.isascii() for c in plain):
        return ""
    return " ".join(plain.split())


def normal_name(text: str) -> str:
    """A name as the drug tables spell it: lower case, words and numbers, single spaces.

    Empty where the text has none, or holds a letter outside the Latin alphabet.
    """
    return " ".join(_WORD.findall(_folded(text)))


def _is_filler(word: str) -> bool:
    if word in _FILLER or word.isdigit():
        return True
    strength = _STRENGTH.fullmatch(word)
    if strength is not None:
        return strength[2] in _ATTACHED
    return _EVERY_HOURS.fullmatch(word) is not None


def _one_name(words: Sequence[str], by_name: ByName, *, salts: bool) -> CodeMeaning | None:
    """The meaning of a known name followed by nothing but filler; longest name first.

    With `salts`, salt words may follow the name too.
    """
    first = len(words)
    while first > 1 and (_is_filler(words[first - 1]) or (salts and words[first - 1] in _SALTS)):
        first -= 1
    for end in range(min(len(words), MOST_WORDS), first - 1, -1):
        known = by_name(" ".join(words[:end]))
        if known is None:
            continue
        salt = [word for word in words[end:] if word in _SALTS]
        if salt and not _only_a_salt(words[end - 1], salt, known, by_name):
            return None
        return known if known.ingredients else None
    return None


def _only_a_salt(name_end: str, salt: Sequence[str], known: CodeMeaning, by_name: ByName) -> bool:
    """Whether `salt` only qualifies the name before it.

    Not after a brand; not after an ion (`potassium nitrate`, unknown to us, is not potassium);
    and not where two of the words are a substance (`lidocaine sodium chloride` holds both).
    """
    if known.kind == "brand" or name_end in _IONS or len(salt) > 4:
        return False
    return all(by_name(" ".join(pair)) is None for pair in pairwise(salt))


def _union(meanings: Sequence[CodeMeaning]) -> CodeMeaning:
    drugs: dict[Drug, None] = {}
    notes: dict[MatchNote, None] = {}
    for meaning in meanings:
        drugs.update(dict.fromkeys(meaning.ingredients))
        notes.update(dict.fromkeys(meaning.notes))
    in_order = sorted(drugs, key=lambda drug: int(drug.rxcui))
    return CodeMeaning(tuple(in_order), "ingredient", tuple(notes))


def _each(parts: Sequence[str], by_name: ByName, *, hyphens: bool) -> CodeMeaning | None:
    """All parts together, where each is a name (or filler, which a strength's `/` leaves over)."""
    if len(parts) > MOST_PARTS:
        return None
    found: list[CodeMeaning] = []
    for part in parts:
        words = _WORD.findall(part)
        if not words:
            return None  # `promethazine and`: the text was cut, and something is missing
        if found and all(_is_filler(word) for word in words):
            continue
        known = _one_name(words, by_name, salts=not _HYPHENATED.search(part))
        if known is None and hyphens and "-" in part:
            known = _each(part.split("-"), by_name, hyphens=False)
        if known is None:
            return None
        found.append(known)
    if len(found) < 2:
        return found[0] if found else None
    return _union(found)


def _plain(text: str, by_name: ByName) -> CodeMeaning | None:
    """A text without parentheses: one name, or several joined."""
    text = _AHEAD.sub("", text)
    words = _WORD.findall(text)
    if not words:
        return None
    parts = _JOINED.split(text)
    if len(parts) == 1:
        return _each(parts, by_name, hyphens=True)
    # `percocet 5/325 mg`: the sign need not join names. `furosemide / potassium` is no salt.
    return _one_name(words, by_name, salts=False) or _each(parts, by_name, hyphens=True)


def _with_asides(text: str, by_name: ByName) -> CodeMeaning | None:
    """`clopidogrel (PLAVIX) 75 mg`, `... [Plavix]`: what stands aside must say the same drug."""
    asides = _ASIDE.findall(text)
    main = _ASIDE.sub(" ", text)
    if any(sign in main for sign in "[](){}"):
        return None
    found = _plain(main, by_name)
    for aside in asides[:MOST_PARTS]:
        words = _WORD.findall(aside)
        if found is None:
            return None
        if all(_is_filler(word) or word in _SALTS for word in words):
            continue
        other = _plain(aside, by_name)
        if other is None:
            return None
        one, two = set(found.ingredients), set(other.ingredients)
        if not (one <= two or two <= one):
            return None
        kind: CodeKind = "brand" if "brand" in (found.kind, other.kind) else "ingredient"
        found = replace(_union((found, other)), kind=kind)
    return found


def find_by_name(text: str, by_name: ByName) -> CodeMeaning | None:
    """The ingredients that a medication text names as a whole; None where it does not.

    `X / Y` names both, and only if each resolves. A known name that may not be matched without a
    person (ambiguous, an abbreviation with two readings) resolves to nothing.
    """
    if len(text) > LONGEST_TEXT:
        return None
    folded = _folded(text)
    if not folded:
        return None
    whole = by_name(" ".join(_WORD.findall(folded)))
    if whole is not None:
        return whole if whole.ingredients else None
    found = _with_asides(_FREE_OF.sub(" ", folded), by_name)
    if found is None or len(found.ingredients) > 1:
        return found
    numbered = "#" in folded or (found.kind == "brand" and _LONE_DIGIT.search(folded))
    return None if numbered else found

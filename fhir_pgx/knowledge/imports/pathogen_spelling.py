"""The key of a virus's change, as the source of fold changes spells it.

`M460V` is `460V`, `V307frameshift` `307fs`, `del595-603` and `delI194` `595_603del` and `194del`.
`normalize/pathogen` brings what laboratories send to the same keys.
"""

import re

_FORMS = (
    (re.compile(r"[A-Z](\d+)([A-Z*])"), r"\1\2"),
    (re.compile(r"[A-Z](\d+)frameshift\*?"), r"\1fs"),
    (re.compile(r"[A-Z](\d+)([A-Z]\*)"), r"\1\2"),  # not explained by the source: kept as it is
    (re.compile(r"del(\d+)-(\d+)"), r"\1_\2del"),
    (re.compile(r"(?:del[A-Z]?|[A-Z]del)(\d+)"), r"\1del"),
    (re.compile(r"[A-Z](\d+)del"), r"\1del"),
)


def change_key(name: str) -> str:
    """The key; empty for what names no change (`654`), or one of several codons at once
    (`D981del2` is `981_982del`)."""
    for form, key in _FORMS:
        if form.fullmatch(name):
            return form.sub(key, name)
    several = re.fullmatch(r"[A-Z](\d+)del(\d+)", name)
    if several:
        first, count = int(several[1]), int(several[2])
        return f"{first}_{first + count - 1}del"
    return ""

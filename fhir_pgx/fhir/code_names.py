"""What a test is called, as it was sent: a key by which what its words say is looked up once.

A record repeats the same few names for thousands of Observations; the words of each are looked at
the first time only.
"""

from typing import Any

Name = tuple[str, ...]  # the text, then system, code and display of each coding


def name_of(code: Any) -> Name | None:
    """The name of a CodeableConcept; None for what is none, or is not written as FHIR writes it."""
    if type(code) is not dict:
        return None
    codings = code.get("coding", ())
    if type(codings) is not list and codings != ():
        return None
    found = [code.get("text", "")]
    for item in codings:
        if type(item) is not dict:
            return None
        get = item.get
        found += (get("system", ""), get("code", ""), get("display", ""))
    for each in found:
        if type(each) is not str:
            return None
    return tuple(found)


def concept_as_sent(name: Name) -> dict[str, Any]:
    """The CodeableConcept of a name."""
    parts = [iter(name[1:])] * 3
    codings = [
        {"system": system, "code": code, "display": display}
        for system, code, display in zip(*parts, strict=True)
    ]
    return {"text": name[0], **({"coding": codings} if codings else {})}

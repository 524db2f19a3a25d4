"""Whether an order is for local use: eye drops and creams are not what guidelines speak of."""

import re
from collections.abc import Iterator

from fhir_pgx.cards.headline import capitalised
from fhir_pgx.cards.markdown import plain
from fhir_pgx.model.drug import MedicationOrder
from fhir_pgx.model.finding import Caveat

LOCAL_USE = Caveat(
    "PGX-623",
    "The order names a form for local use (eye, ear or skin); the guideline speaks of systemic "
    "use.",
)
# Words of RxNorm dose forms and of order texts. Nasal, vaginal, rectal and transdermal forms can
# act systemically and are not among them.
_LOCAL = re.compile(
    r"(?i)\b(?:topical|ophthalmic|otic|eye|ear|cream|ointment|lotion|shampoo|ophth|opht)\b"
)
# Drugs that are made for local use alone: what is said of them is said of that use.
_LOCAL_ALONE = frozenset({"mafenide", "sulfanilamide"})
# SNOMED CT routes: ophthalmic, topical, otic, cutaneous.
_LOCAL_ROUTES = frozenset({"54485002", "6064005", "10547007", "448598008"})


def local_summary(drug: str) -> str:
    """The headline of a card on an order for local use: what the advice says is not about it."""
    name = plain(capitalised(drug), 50)
    return f"{name}: ordered as a local form; the guidelines speak of systemic use."


def is_for_local_use(order: MedicationOrder) -> bool:
    """Told by the words of the order, or by its routes where all of them are local.

    An order of bare codes without a route is taken for systemic use, and so is a drug that has no
    systemic form: its guideline speaks of no other.
    """
    if order.is_local is not None:
        return order.is_local
    drugs = {drug.name for drug in order.match.ingredients} if order.match else set()
    if drugs and drugs <= _LOCAL_ALONE:
        return False
    # Text and displays are mostly the same words: they are searched once.
    words = {order.concept.text, *[coding.display for coding in order.concept.codings]}
    if any(_LOCAL.search(text[:300]) for text in words):
        return True
    routes = list(_routes(order))
    return bool(routes) and all(map(_is_local_route, routes))


def _routes(order: MedicationOrder) -> Iterator[dict[str, object]]:
    """The route of every dosage as received, empty where none is stated."""
    for key in ("dosageInstruction", "dosage"):
        dosages = order.resource.get(key)
        for dosage in dosages if isinstance(dosages, list) else ():
            route = dosage.get("route") if isinstance(dosage, dict) else None
            yield route if isinstance(route, dict) else {}


def _is_local_route(route: dict[str, object]) -> bool:
    codings = route.get("coding")
    entries = [c for c in codings if isinstance(c, dict)] if isinstance(codings, list) else []
    if any(c.get("code") in _LOCAL_ROUTES and "snomed" in str(c.get("system")) for c in entries):
        return True
    words = [route.get("text"), *[c.get("display") for c in entries]]
    return any(isinstance(text, str) and _LOCAL.search(text[:300]) for text in words)

"""Whether an order is for local use: eye drops and creams are not what guidelines speak of."""

import re

from fhir_pgx.model.drug import MedicationConcept
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


def is_for_local_use(concept: MedicationConcept) -> bool:
    """Told by the words of the order alone; an order of bare codes is taken for systemic use."""
    # Text and displays are mostly the same words: they are searched once.
    words = {concept.text, *[coding.display for coding in concept.codings]}
    return any(_LOCAL.search(text[:300]) for text in words)

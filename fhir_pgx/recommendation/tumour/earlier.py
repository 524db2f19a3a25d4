"""What is on file of earlier therapy and of progression, said beside the condition of a label that
asks for it. It settles nothing: whether that line was the one that failed is for people to say.
"""

import re
from collections.abc import Iterable, Sequence

from fhir_pgx.model.therapy import TherapyDrug
from fhir_pgx.model.tumour import Cancer
from fhir_pgx.recommendation.tumour.drugs import drug_name

Classes = Sequence[tuple[tuple[str, ...], tuple[str, ...]]]  # what says a class; its drugs
_ASKS = re.compile(r"\b(?:after|progress\w*|prior|previous\w*|before)\b")
_MOST = 4


def noted(
    needs: Iterable[str], taken: Sequence[TherapyDrug], cancer: Cancer | None, classes: Classes
) -> tuple[str, ...]:
    """The conditions, each with what is on file of it: `progressed on or after an EGFR inhibitor
    (on file: erlotinib; progression recorded 2026-09-01)`."""
    if not taken and (cancer is None or cancer.stated.status != "progression"):
        return tuple(needs)
    return tuple(_noted(need, taken, cancer, classes) for need in needs)


def _noted(need: str, taken: Sequence[TherapyDrug], cancer: Cancer | None, classes: Classes) -> str:
    said = need.lower()
    if not _ASKS.search(said):
        return need
    wanted = {drug for words, drugs in classes for drug in drugs if any(w in said for w in words)}
    on_file = dict.fromkeys(d.name for d in taken if drug_name(d.name) in wanted)
    parts = [f"on file: {', '.join(list(on_file)[:_MOST])}"] if on_file else []
    if "progress" in said and cancer is not None and cancer.stated.status == "progression":
        when = cancer.stated.status_when[:10]
        parts.append(f"progression recorded{f' {when}' if when else ''}")
    return f"{need} ({'; '.join(parts)})" if parts else need

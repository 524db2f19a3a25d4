"""A row of precision therapy that a synthetic finding meets."""

from fhir_pgx.model.therapy import Provenance, TherapyAdvice, TherapyDrug


def advice(effect="resistant", *, system="FDA", level="FDA-label", **members):
    about = Provenance(
        system, system, level, "row:1", ("1", "2"), "https://example.test/row", "CC0-1.0", "2026-05"
    )
    made = {
        "domain": "tumour",
        "drugs": (TherapyDrug("osimertinib", "1721560"),),
        "effect": effect,
        "finding": "EGFR p.Cys797Ser",
        "profile": "EGFR C797S",
        "context": "lung non-small cell carcinoma",
        "context_fit": "same",
        "provenance": about,
        "summary": "The change takes the place at which the drug binds.",
        "genes": ("EGFR",),
        "derived_from": ("Observation/c797s",),
    }
    return TherapyAdvice(**(made | members))

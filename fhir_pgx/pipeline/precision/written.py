"""What is said of a drug that our rows speak of, where no finding of the patient meets them."""

from fhir_pgx.model.recommendation import Unanswered


def nothing_met(name: str) -> Unanswered:
    """The answer for a drug whose rows no finding on file meets."""
    text = (
        f"Our rows on {name} are of findings that the data do not show. A finding that was not "
        "tested for is not a negative one, and this is not a statement that the drug is safe."
    )
    return Unanswered(name, "", (), "no-row", text)

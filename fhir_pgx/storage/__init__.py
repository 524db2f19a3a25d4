"""The store: resources as received, issued cards and the feedback on them."""

from fhir_pgx.storage.sql import SqlStore
from fhir_pgx.storage.store import (
    DIMENSIONS,
    CardSpan,
    Dimension,
    FeedbackItem,
    FeedbackLine,
    FeedbackReport,
    IssuedCard,
    NewResource,
    Saved,
    ShownCard,
    Store,
    StoredResource,
    TopicFeedback,
)

__all__ = [
    "DIMENSIONS",
    "CardSpan",
    "Dimension",
    "FeedbackItem",
    "FeedbackLine",
    "FeedbackReport",
    "IssuedCard",
    "NewResource",
    "Saved",
    "ShownCard",
    "SqlStore",
    "Store",
    "StoredResource",
    "TopicFeedback",
]

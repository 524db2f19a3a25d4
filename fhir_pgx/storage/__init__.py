"""The store: resources as received, issued cards and the feedback on them."""

from fhir_pgx.storage.sql import SqlStore
from fhir_pgx.storage.store import (
    FeedbackItem,
    IssuedCard,
    NewResource,
    Saved,
    Store,
    StoredResource,
    TopicFeedback,
)

__all__ = [
    "FeedbackItem",
    "IssuedCard",
    "NewResource",
    "Saved",
    "SqlStore",
    "Store",
    "StoredResource",
    "TopicFeedback",
]

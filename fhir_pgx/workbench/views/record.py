"""A JSON value for a template: a member that a writer left out is an empty text, not an error."""

from typing import Any


class Record(dict[str, Any]):
    """An object of JSON. Its absent members are empty texts: a template then asks whether one is
    there by its value."""

    def __missing__(self, name: str) -> str:
        return ""


def record_of(value: Any) -> Any:
    """A JSON value with every object in it as a Record."""
    if isinstance(value, dict):
        return Record({name: record_of(each) for name, each in value.items()})
    if isinstance(value, list | tuple):
        return [record_of(each) for each in value]
    return value

"""A digest of what a result or a problem says, whoever's it is: the same for all who have the like.

What a resource is derived from has other ids in each record and says nothing more than itself.
Whether it is a conclusion of this software counts: such a one is no source.
"""

from collections.abc import Mapping
from typing import Any

from fhir_pgx.fhir.bundle import Entry
from fhir_pgx.fhir.derived import derivation_of


def said_of(resource: Mapping[str, Any], *, is_of_another: bool = False) -> str:
    """32 signs; empty where the content is no JSON that can be written again. `is_of_another`: its
    specimen or what it is derived from makes it somebody else's, in the words of the patient's own.
    """
    content = {name: value for name, value in resource.items() if name != "derivedFrom"}
    content["_whose"] = [derivation_of(resource), is_of_another]
    return Entry(content, "").print.hex()

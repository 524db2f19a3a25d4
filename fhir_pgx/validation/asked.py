"""What `$validate` was asked, and its answer: a resource, a mode, a profile.

FHIR R4, Resource-validate: the answer is an OperationOutcome whatever was found, so that a
resource with errors is no failed request.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fhir_pgx.errors import InvalidInteraction, Issue, PgxError
from fhir_pgx.fhir.bundle import as_dicts
from fhir_pgx.knowledge.guide import guide_profiles, guide_url
from fhir_pgx.model.knowledge import Vocabulary
from fhir_pgx.validation.check import check_resource

MODES: Final = ("create", "update", "delete", "profile")
_BASE: Final = "http://hl7.org/fhir/StructureDefinition/"


@dataclass(frozen=True, slots=True)
class Question:
    """`resource` is None where only a stored one can be meant; `profile` and `mode` are empty where
    none was named. `type` and `id` are those of the address."""

    resource: Mapping[str, Any] | None
    profile: str = ""
    mode: str = ""
    type: str = ""
    id: str = ""


def read_question(
    document: Any, asked: Mapping[str, str], *, type_: str = "", id_: str = ""
) -> Question:
    """The question of a body (a resource, or Parameters that hold one) and of the query.

    A body is always the resource at `/Parameters/$validate`. Raises InvalidInteraction for a body
    that is neither.
    """
    profile, mode = asked.get("profile", ""), asked.get("mode", "")
    if document is not None and not isinstance(document, Mapping):
        raise InvalidInteraction("the body is no FHIR resource", where="body", mend="send one")
    resource: Mapping[str, Any] | None = document
    is_envelope = document is not None and document.get("resourceType") == "Parameters"
    if document is not None and is_envelope and type_ != "Parameters":
        resource = None
        for parameter in as_dicts(document.get("parameter")):
            name = parameter.get("name")
            if name == "resource" and isinstance(parameter.get("resource"), Mapping):
                resource = parameter["resource"]
            elif name == "profile":
                profile = _text(parameter, ("valueCanonical", "valueUri", "valueString")) or profile
            elif name == "mode":
                mode = _text(parameter, ("valueCode", "valueString")) or mode
    return Question(resource, profile, mode, type_, id_)


def _text(parameter: Mapping[str, Any], members: Sequence[str]) -> str:
    found = (parameter.get(member) for member in members)
    return next((each for each in found if isinstance(each, str)), "")


def asked_issues(question: Question, vocabulary: Vocabulary | None) -> list[Issue]:
    """Every finding; empty where all is well. Raises InvalidInteraction where there is no resource
    and the mode is not `delete`, which needs none."""
    if question.mode and question.mode not in MODES:
        raise InvalidInteraction(
            "a mode that is not known", where="mode", mend=f"use one of {', '.join(MODES)}"
        )
    if question.mode == "delete":
        return []
    if question.resource is None:
        raise InvalidInteraction(
            "there is no resource to validate",
            where="body",
            mend="send the resource, or Parameters with a parameter resource",
        )
    found = list(_of_address(question.resource, question))
    resource = question.resource
    if question.profile:
        issue = _unusable(question.profile, resource)
        found += [issue] if issue else []
        resource = resource if issue else _claiming(resource, question.profile)
    try:
        return found + check_resource(resource, vocabulary, deep=True)
    except PgxError as error:  # nested too deep to be walked
        return found + list(error.issues)


def _of_address(resource: Mapping[str, Any], question: Question) -> Iterator[Issue]:
    kind = resource.get("resourceType")
    if question.type and isinstance(kind, str) and kind != question.type:
        text = f"not a {question.type}, which the address is for"
        mend = "send it to the address of its type, or to the base"
        yield Issue(text, "resourceType", mend, "structure")
    if question.id and resource.get("id") != question.id:
        text = "the id is not that of the address"
        yield Issue(text, f"{question.type}.id", "write the id of the address", "invariant")
    if question.mode == "update" and not resource.get("id"):
        yield Issue("an update needs an id", f"{question.type or kind}.id", "add it", "required")
    if question.mode == "create" and resource.get("id") and not question.id:
        text = "the id is not kept on create: the server gives one"
        yield Issue(text, f"{kind}.id", "use PUT to keep it", "value", "information")


def _unusable(profile: str, resource: Mapping[str, Any]) -> Issue | None:
    """Why a resource cannot be checked against a profile; None where it can."""
    url = profile.partition("|")[0]
    kind = resource.get("resourceType")
    if url.startswith(guide_url()):
        name = url.removeprefix(guide_url())
        fitting = [rules for rules in guide_profiles().values() if name in rules.names]
        if fitting and fitting[0].type == kind:
            return None
        if fitting:
            text = f"the profile is of {fitting[0].type}"
            return Issue(text, "resourceType", "name a profile of this type", "structure")
    if url == f"{_BASE}{kind}":
        return None
    return Issue(
        "the profile is not known here, and was not checked",
        "profile",
        "name one of the Genomics Reporting guide, or of base FHIR R4 for this type",
        "not-supported",
    )


def _claiming(resource: Mapping[str, Any], profile: str) -> dict[str, Any]:
    """The resource as if it claimed the profile, which is how it is held to it."""
    meta = resource.get("meta")
    meta = dict(meta) if isinstance(meta, Mapping) else {}
    claimed = meta.get("profile")
    meta["profile"] = [*(claimed if isinstance(claimed, list) else ()), profile]
    return {**resource, "meta": meta}

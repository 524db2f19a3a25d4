"""Which resources of one patient are withheld from one caller, and whether anything may be.

The one door to this judgement, for the store's views and for the evidence of a hook call alike. A
resource is withheld where any of its versions is, and so is what rests on it. Whether the caller is
limited is asked of the Consents and of the caller alone: it is the same whatever the data are.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from fhir_pgx.model.access import TREATMENT, Caller
from fhir_pgx.model.dates import days_of
from fhir_pgx.model.gene_words import GeneWords
from fhir_pgx.security.consent_criteria import Criterion
from fhir_pgx.security.consents import ReadConsent, Rule, read_consents
from fhir_pgx.security.labels import (
    confidentiality,
    is_kept_back,
    is_limited_by_labels,
    labels_of,
)
from fhir_pgx.security.mentions import Heard, Listener, listener_for
from fhir_pgx.security.references import Graph, Name, references_in

# The record of who saw what tells what there is to see.
_RECORDS = frozenset(("AuditEvent",))
_TYPE = re.compile(rb'"resourceType"\s*:\s*"([A-Za-z]+)"')
# When a finding was made, by whatever element says so. Not when a copy of it was stored.
_DATED = re.compile(
    rb'"(?:effective(?:DateTime|Instant)|issued|date|dateTime|authoredOn|recordedDate|onsetDateTime'
    rb'|performedDateTime|collectedDateTime|start|end|created|recorded|occurrenceDateTime|sent'
    rb'|period|indexed|when|timestamp|whenHandedOver|assertedDate|dateAsserted)"\s*:\s*"([^"]+)"'
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Version:
    """One stored version of a resource; `full_url` where a Bundle gave it one."""

    type: str
    id: str
    body: bytes
    full_url: str = ""


@dataclass(frozen=True, slots=True)
class Withheld:
    """`hidden` are the resources that the caller is not to see, by type and id. `is_limited`: some
    Consent or label restricts this caller for this patient, whether or not there is anything to
    withhold. `is_glass_broken`: it would, and is set aside for an emergency: to be recorded.
    `not_understood` are the paths of what was not understood in Consents, for the operator; they
    have no patient data."""

    hidden: frozenset[Name] = frozenset()
    is_limited: bool = False
    is_glass_broken: bool = False
    not_understood: tuple[str, ...] = ()


NOTHING = Withheld()


def withheld(
    versions: Iterable[Version],
    consents: Sequence[Mapping[str, Any]],
    caller: Caller,
    now: datetime,
    *,
    words: GeneWords,
) -> Withheld:
    """Judge every stored version of one patient.

    `consents` are the current versions of the patient's Consents; they stand among `versions` too.
    `now` has a time zone.
    """
    if caller.kind == "operator":
        return NOTHING
    read = read_consents(consents, caller, now, words)
    missed = tuple(dict.fromkeys(path for each in read for path in each.not_understood))
    restricting = tuple(each for each in read if each.rule.restricts)
    by_labels = is_limited_by_labels(caller)
    broken = False
    if caller.breaks_glass:
        unhurried = replace(caller, purpose=TREATMENT)
        broken = (
            bool(restricting)
            or is_limited_by_labels(unhurried)
            or any(each.rule.restricts for each in read_consents(consents, unhurried, now, words))
        )
        restricting = ()
    if not restricting and not by_labels:
        return Withheld(is_glass_broken=broken, not_understood=missed)
    judge = _Judge(restricting, caller, words)
    hidden = judge.hidden(tuple(map(_spelled_out, versions)))
    return Withheld(hidden, True, broken, missed)


def _spelled_out(version: Version) -> Version:
    """The version without escapes in its JSON, behind which a code or a reference could hide."""
    if rb"\u" not in version.body and rb"\/" not in version.body:
        return version
    try:
        body = json.dumps(json.loads(version.body), ensure_ascii=False).encode("utf-8", "replace")
    except ValueError:
        return version  # it is heard as it is
    return replace(version, body=body)


class _Facts:
    """What was worked out of a body, whoever asks; None where nobody has asked yet."""

    __slots__ = ("genomic", "heard", "labels", "references", "types")

    def __init__(self) -> None:
        self.heard: Heard | None = None
        self.genomic: bool | None = None
        self.labels: frozenset[str] | None = None
        self.references: frozenset[str] | None = None
        self.types: frozenset[str] | None = None


# By digest: a store asks of the same bodies at every request. No body is kept, and no id. When it
# is full all are forgotten, and those in use come back; at worst one is worked out twice.
_KEPT: dict[tuple[Listener, bytes], _Facts] = {}
_MOST_KEPT = 20_000


def _facts_of(version: Version, listener: Listener) -> _Facts:
    key = (listener, hashlib.blake2b(version.body, digest_size=16).digest())
    found = _KEPT.get(key)
    if found is None:
        if len(_KEPT) >= _MOST_KEPT:
            _KEPT.clear()
        found = _KEPT[key] = _Facts()
    return found


class _Resource:
    """One version, and what is worked out of it for the rules that ask."""

    def __init__(self, version: Version, graph: Graph, listener: Listener) -> None:
        self.version, self.graph = version, graph
        self.name: Name = (version.type, version.id)
        self._listener = listener
        self._facts = _facts_of(version, listener)

    @property
    def heard(self) -> Heard:
        if self._facts.heard is None:
            self._facts.heard = self._listener.hear(self.version.body)
        return self._facts.heard

    @property
    def is_genomic(self) -> bool:
        if self._facts.genomic is None:
            self._facts.genomic = self._listener.is_genomic(self.version.body)
        return self._facts.genomic

    @property
    def labels(self) -> frozenset[str]:
        if self._facts.labels is None:
            self._facts.labels = labels_of(self.version.body)
        return self._facts.labels

    @property
    def references(self) -> frozenset[str]:
        if self._facts.references is None:
            self._facts.references = references_in(self.version.body)
        return self._facts.references

    @property
    def types(self) -> frozenset[str]:
        """Its type, and those of what it contains."""
        if self._facts.types is None:
            found = {each.decode() for each in _TYPE.findall(self.version.body)}
            self._facts.types = frozenset((self.version.type, *found))
        return self._facts.types

    @property
    def days(self) -> list[tuple[date, date] | None]:
        """The days that its dates can mean; None for one that is no date."""
        stated = _DATED.findall(self.version.body)
        return [days_of(each.decode("utf-8", "replace")) for each in stated]

    def has_code(self, code: str) -> bool:
        """Whether the code stands in it as a whole value, in whatever element."""
        written = code.encode()
        return b'"' + written + b'"' in self.version.body or b"|" + written in self.version.body


class _Judge:
    def __init__(self, consents: tuple[ReadConsent, ...], caller: Caller, words: GeneWords) -> None:
        self._consents, self._caller, self._words = consents, caller, words
        rules = [rule for each in consents for rule in each.rule.walk()]
        criteria = [part for rule in rules for part in rule.criteria]
        genes = frozenset(gene for part in criteria for gene in part.genes)
        # A permission for some genes is none for the others: then all must be heard.
        is_whole = any(part.genes for rule in rules if rule.permits for part in rule.criteria)
        self._listener = listener_for(words, None if is_whole else genes)

    def hidden(self, versions: tuple[Version, ...]) -> frozenset[Name]:
        full_urls = {each.full_url: (each.type, each.id) for each in versions if each.full_url}
        graph = Graph(full_urls)
        resources = [_Resource(each, graph, self._listener) for each in versions]
        for each in resources:
            graph.add(each.name, each.references)
        found = {each.name for each in resources if self._is_hidden(each)}
        return frozenset(found | graph.resting_on(found))

    def _is_hidden(self, resource: _Resource) -> bool:
        kind, identity = resource.name
        if is_kept_back(resource.labels, self._caller):
            return True
        if not self._consents:
            return False
        # A Consent that restricts names what it withholds, and so does the record of accesses.
        if kind in _RECORDS or (kind == "Consent" and self._restricts(identity)):
            return True
        return any(_said(each.rule, resource) == "deny" for each in self._consents)

    def _restricts(self, identity: str) -> bool:
        return any(each.id == identity for each in self._consents)


def _said(rule: Rule, resource: _Resource) -> str:
    """What a rule says of a resource: `permit`, `deny`, or empty for nothing."""
    if rule.applies == "no" or not _may_meet(rule, resource):
        return ""
    exceptions = {_said(each, resource) for each in rule.exceptions}
    if "deny" in exceptions:
        return "deny"
    if not rule.permits:
        return "permit" if "permit" in exceptions else "deny"
    is_sure = rule.applies == "yes" and not rule.is_opaque
    return "permit" if is_sure and all(_meets(c, resource) for c in rule.criteria) else ""


def _may_meet(rule: Rule, resource: _Resource) -> bool:
    if rule.is_opaque:
        return resource.is_genomic or resource.name[0] == "Consent"
    return all(_may(criterion, resource) for criterion in rule.criteria)


def _may(criterion: Criterion, resource: _Resource) -> bool:
    """Whether a resource may meet a criterion: any part of it, read widely."""
    return (
        not criterion.types.isdisjoint(resource.types if criterion.types else ())
        or (bool(criterion.genes) and resource.heard.may_speak_of(criterion.genes))
        or ((criterion.is_any_gene or criterion.is_unclear) and resource.is_genomic)
        or any(resource.has_code(code) for code in criterion.codes)
        or not criterion.labels.isdisjoint(resource.labels)
        or not criterion.sensitivities.isdisjoint(resource.labels)
        or any(_is_reached(target, reach, resource) for target, reach in criterion.data)
        or any(_may_be_of(period, resource) for period in criterion.dates)
    )


def _meets(criterion: Criterion, resource: _Resource) -> bool:
    """Whether a resource certainly meets a criterion."""
    return (
        resource.version.type in criterion.types
        or (bool(criterion.genes) and resource.heard.speaks_only_of(criterion.genes))
        or (criterion.is_any_gene and resource.is_genomic)
        or any(resource.has_code(code) for code in criterion.codes)
        or confidentiality(resource.labels) in criterion.labels  # the highest of them
        or not criterion.sensitivities.isdisjoint(resource.labels)
        or any(f"{resource.name[0]}/{resource.name[1]}" == target for target, _ in criterion.data)
        or any(_is_of(period, resource) for period in criterion.dates)
    )


def _is_reached(target: str, reach: str, resource: _Resource) -> bool:
    kind, _, identity = target.partition("/")
    aim = (kind, identity)
    if resource.name == aim and reach != "authoredby":
        return True
    if reach == "instance":
        return False
    if reach == "authoredby":
        return aim in resource.graph.referred_by(resource.name)
    if resource.name in resource.graph.resting_on((aim,)):
        return True
    return reach == "related" and resource.name in resource.graph.referred_by(aim)


def _may_be_of(period: tuple[date, date], resource: _Resource) -> bool:
    """Whether a resource may be of a period: any of its dates is, or it has none that can be
    read."""
    days = resource.days
    if not days or None in days:
        return True
    return any(each and each[0] <= period[1] and period[0] <= each[1] for each in days)


def _is_of(period: tuple[date, date], resource: _Resource) -> bool:
    days = resource.days
    return bool(days) and all(
        each is not None and period[0] <= each[0] and each[1] <= period[1] for each in days
    )

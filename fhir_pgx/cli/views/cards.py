"""The answer to a hook for a person: each card as an EHR shows it, and what the EHR is offered."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from rich import box
from rich.console import Group, RenderableType
from rich.markdown import Markdown
from rich.panel import Panel
from rich.text import Text

from fhir_pgx.cli.views.looks import INDICATORS, look_of
from fhir_pgx.cli.views.screen import bullets, indented, seen, strong, words
from fhir_pgx.cli.views.trace import trace_view

MUTED: Final = "muted"
_BEHAVIOURS: Final[Mapping[str, str]] = {
    "at-most-one": "one of these, or none",
    "any": "any of these",
}
_LINKS: Final[Mapping[str, str]] = {"smart": "opens the app", "absolute": ""}


def answer_view(answer: Mapping[str, Any]) -> Iterator[RenderableType]:
    """Every card, the most urgent as the answer has it; a quiet answer says that it is one."""
    cards = answer.get("cards", ())
    total = len(cards)
    if not total:
        yield words("No card: there is nothing to say for this call. That is no failure.")
    for number, card in enumerate(cards, start=1):
        yield card_view(card, number, total)
    yield from _muted(answer)
    actions = answer.get("systemActions", ())
    if actions:
        yield strong("Without asking, the EHR is told to")
        yield from bullets(_action(each) for each in actions)
    if "trace" in answer:
        yield from trace_view(answer["trace"])


def card_view(card: Mapping[str, Any], number: int, total: int) -> Panel:
    """A card in a frame whose title has the indicator as a word and a sign."""
    look = look_of(INDICATORS, card["indicator"])
    inside: list[RenderableType] = [strong(card["summary"])]
    if card.get("detail"):
        inside += ["", Markdown(markdown_seen(card["detail"]), hyperlinks=False)]
    inside += [*_suggestions(card), *_reasons(card), *_links(card), "", _source(card["source"])]
    inside.append(words(f"card {card.get('uuid', 'without an id')}"))
    return Panel(
        Group(*inside),
        title=Text(f" {look.sign} {look.word} · card {number} of {total} ", style=look.style),
        title_align="left",
        box=box.HEAVY if card["indicator"] == "critical" else box.ROUNDED,
        border_style=look.style,
    )


def markdown_seen(detail: str) -> str:
    """The Markdown line by line, without signs that a terminal would obey."""
    return "\n".join(_line_seen(line) for line in detail.split("\n"))


def _line_seen(line: str) -> str:
    blank = line[: len(line) - len(line.lstrip(" "))]
    return blank + seen(line)


def _suggestions(card: Mapping[str, Any]) -> Iterator[RenderableType]:
    found = card.get("suggestions", ())
    if not found:
        return
    yield ""
    behaviour = str(card.get("selectionBehavior", ""))
    yield strong(f"Suggestions ({_BEHAVIOURS.get(behaviour, behaviour)})")
    for each in found:
        recommended = " (recommended)" if each.get("isRecommended") else ""
        yield from bullets([f"{each['label']}{recommended}"], "▸")
        for action in each.get("actions", ()):
            yield indented(Text(seen(_action(action))), 4)


def _action(action: Mapping[str, Any]) -> str:
    resource = action.get("resource", {})
    kind = resource.get("resourceType", "") if isinstance(resource, dict) else ""
    named = f"{kind}/{resource['id']}" if kind and resource.get("id") else kind
    what = action.get("resourceId") or named
    return f"{action['type']} {what}: {action['description']}"


def _reasons(card: Mapping[str, Any]) -> Iterator[RenderableType]:
    found = card.get("overrideReasons", ())
    if found:
        yield ""
        yield strong("Reasons to override")
        yield from bullets(each.get("display") or each["code"] for each in found)


def _links(card: Mapping[str, Any]) -> Iterator[RenderableType]:
    found = card.get("links", ())
    if found:
        yield ""
        yield strong("Links")
        yield from bullets(_link(each) for each in found)


def _link(link: Mapping[str, Any]) -> str:
    opens = _LINKS.get(link["type"], link["type"])
    return f"{link['label']}{f' ({opens})' if opens else ''}: {link['url']}"


def _source(source: Mapping[str, Any]) -> Text:
    topic = source.get("topic", {}).get("display", "")
    return words("Source:", *filter(None, (source["label"], source.get("url"), topic)))


def _muted(answer: Mapping[str, Any]) -> Iterator[RenderableType]:
    for name, held in answer.get("extension", {}).items():
        if not (isinstance(held, dict) and isinstance(held.get("cards"), int)):
            continue
        why: Sequence[tuple[str, Any]] = [*held.get("why", {}).items()]
        told = ", ".join(f"{reason} {count}" for reason, count in why)
        cards = "card was" if held["cards"] == 1 else "cards were"
        yield words(f"{held['cards']} {cards} left out by this site's policy ({told}; {name}).")

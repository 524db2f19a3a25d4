"""A dry run as a JSON value and as text: the same figures for the command and for the page."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from fhir_pgx.model.policy import Policy
from fhir_pgx.services.dry_run import Change, DryRun, MutedCount, RuleCount, Tally, Unread
from fhir_pgx.services.policy_places import line_of, policy_key

Place = Callable[[str, str], tuple[str, int]]
MOST_RULES: Final = 30  # lines of text; JSON has all
MOST_NAMED: Final = 3
NO_RULE: Final = "no rule"
_TITLES: Final = {"in_force": "The policy in force", "candidate": "The candidate policy"}
_OTHERWISE: Final = {
    "appears": "the cap on cards, or untested_cards",
    "disappears": "the cap on cards, or untested_cards",
}


def places_in(policy: Policy, text: str) -> Place:
    """Tells the key and line of a policy's file (0: not known) of a reason."""

    def place(why: str, by: str) -> tuple[str, int]:
        key = policy_key(policy, why, by)
        return key, line_of(text, key) if text and key else 0

    return place


def write_dry_run(run: DryRun, in_force: Place, candidate: Place) -> dict[str, Any]:
    """The report as JSON. Figures that nothing was looked at for are null, not 0."""
    written: dict[str, Any] = {
        "requests": run.in_file,
        "answered": run.answered,
        "is_whole": run.is_whole,
        "orders": run.orders,
        "patients": run.patients,
        "unread": [_unread(each) for each in run.unread],
        "in_force": _tally(run, run.in_force, in_force),
    }
    if run.candidate is not None:
        written["candidate"] = _tally(run, run.candidate, candidate)
        written["changes"] = [_change(each, in_force, candidate) for each in run.changes]
    return written


def _unread(each: Unread) -> dict[str, Any]:
    told = {"code": each.code, "reason": each.reason, "where": each.where}
    what = "refused" if each.is_refused else "not read"
    return {"line": each.line, "what": what, **{name: text for name, text in told.items() if text}}


def _tally(run: DryRun, tally: Tally, place: Place) -> dict[str, Any]:
    looked = run.answered > 0
    rate = run.per_thousand(tally)
    return {
        "cards": tally.cards if looked else None,
        "alerts": tally.alerts if run.orders else None,
        "alerts_per_1000_orders": None if rate is None else round(rate, 1),
        "requests_with_cards": tally.requests_with_cards if looked else None,
        "patients_with_cards": tally.patients if looked else None,
        "by_indicator": tally.by_indicator if looked else None,
        "by_rule": [_rule(run, each) for each in tally.by_rule],
        "by_drug": tally.by_drug,
        "by_hook": [
            {"hook": each.hook, "calls": each.calls, "cards": each.cards}
            | ({"orders": each.orders} if each.orders is not None else {})
            for each in tally.by_hook
        ],
        "muted": [_muted(each, place) for each in tally.muted],
    }


def _rule(run: DryRun, each: RuleCount) -> dict[str, Any]:
    named = {"rule": each.rule} if each.rule else {"rule": "", "topic": each.topic}
    rate = {"per_1000_orders": round(each.cards * 1000 / run.orders, 1)} if run.orders else {}
    counts = {"cards": each.cards, "requests": each.calls}
    return {**named, **counts, **rate, "by_indicator": each.by_indicator}


def _muted(each: MutedCount, place: Place) -> dict[str, Any]:
    reason = {"why": each.why, "by": each.by, "indicator": each.indicator}
    return {**reason, **_placed(place, each.why, each.by), "cards": each.cards}


def _placed(place: Place, why: str, by: str) -> dict[str, Any]:
    key, line = place(why, by)
    return ({"key": key} if key else {}) | ({"line": line} if line else {})


def _change(each: Change, in_force: Place, candidate: Place) -> dict[str, Any]:
    written: dict[str, Any] = {"what": each.what, "rules": list(each.rules), "topic": each.topic}
    written |= {name: text for name in ("before", "after") if (text := getattr(each, name))}
    if each.why:
        place = candidate if each.what == "disappears" else in_force
        written |= {"why": each.why, "by": each.by, **_placed(place, each.why, each.by)}
    elif each.what in _OTHERWISE:
        written["why"] = _OTHERWISE[each.what]
    return {**written, "cards": each.cards, "lines": list(each.lines)}


def text_of_dry_run(report: dict[str, Any]) -> str:
    """The JSON of `write_dry_run` as text for people."""
    return "\n".join(_lines(report))


def _lines(report: dict[str, Any]) -> Iterator[str]:
    unread = report["unread"]
    yield (
        f"{report['requests']} requests: {report['answered']} answered, {len(unread)} not "
        f"answered; {report['orders']} medicines ordered; {report['patients']} patients"
    )
    if not report["is_whole"]:
        yield "The replay was stopped early: these are figures of a part of the file."
    names = [name for name in _TITLES if name in report]
    for name in names:
        yield from ("", *_tally_lines(report, name))
    if report["answered"]:
        yield from ("", *_rule_lines(report, names))
    if "changes" in report:
        yield from ("", *_change_lines(report["changes"]))
    if unread:
        yield from ("", "Requests without an answer:")
    for each in unread:
        where = f" at {each['where']}" if "where" in each else ""
        code = f"{each['code']} " if "code" in each else ""
        yield f"  request {each['line']}: {each['what']}: {code}{each['reason']}{where}"


def _tally_lines(report: dict[str, Any], name: str) -> Iterator[str]:
    tally = report[name]
    yield _TITLES[name]
    if tally["cards"] is None:
        yield "  no data: no request was answered"
        return
    rate = tally["alerts_per_1000_orders"]
    yield f"  alerts per 1,000 orders: {'no data: nothing is ordered' if rate is None else rate}"
    loud = ", ".join(f"{number} {each}" for each, number in tally["by_indicator"].items())
    yield f"  cards: {tally['cards']} ({loud})"
    yield f"  patients with a card: {tally['patients_with_cards']} of {report['patients']}"
    for each in tally["by_hook"]:
        orders = f", {each['orders']} medicines ordered" if "orders" in each else ""
        yield f"  {each['hook']}: {each['calls']} calls{orders}, {each['cards']} cards"
    if tally["muted"]:
        yield "  left out by the policy:"
    for each in tally["muted"]:
        yield f"  {each['cards']:>6}  {each['indicator']}: {because(each)}"


def _rule_lines(report: dict[str, Any], names: list[str]) -> Iterator[str]:
    """Cards by rule, a column for each policy."""
    columns = [
        {shown_rule(each): each["cards"] for each in report[name]["by_rule"]} for name in names
    ]
    rules = list(dict.fromkeys(rule for column in columns for rule in column))
    yield f"Cards by rule (a card of several rules counts under each): {', '.join(names)}"
    for rule in rules[:MOST_RULES]:
        numbers = "".join(f"{column.get(rule, 0):>8}" for column in columns)
        yield f"{numbers}  {rule}"
    if len(rules) > MOST_RULES:
        yield f"        and {len(rules) - MOST_RULES} further rules (--format json has all)"


def shown_rule(each: dict[str, Any]) -> str:
    """The rule as people read it, with what stands in its place where a card rests on none."""
    return each["rule"] or f"{NO_RULE}: {each['topic']}"


def _change_lines(changes: list[dict[str, Any]]) -> Iterator[str]:
    yield "What the candidate changes:" if changes else "The candidate changes no card."
    for each in changes:
        loud = " to ".join(each[name] for name in ("before", "after") if name in each)
        why = f", because of {because(each)}" if "why" in each else ""
        lines = ", ".join(map(str, each["lines"]))
        more = ", …" if each["cards"] > len(each["lines"]) else ""
        yield f"  {each['what']}: {each['cards']} {loud}{why}; request {lines}{more}"
        yield f"    {rules_in_short(each)}"


def rules_in_short(each: dict[str, Any]) -> str:
    """The first rules of a change, and how many more there are."""
    rules: list[str] = each["rules"]
    if not rules:
        return f"{NO_RULE}: {each['topic']}"
    more = f" and {len(rules) - MOST_NAMED} more" if len(rules) > MOST_NAMED else ""
    return ", ".join(rules[:MOST_NAMED]) + more


def because(each: dict[str, Any]) -> str:
    """Why a card was left out, with the key of the policy and its line."""
    key = each.get("key", "")
    line = f", line {each['line']}" if "line" in each else ""
    by = f" ({each['by']})" if each.get("by") else ""
    return f"{each['why']}{by}" + (f" [{key}{line}]" if key else "")

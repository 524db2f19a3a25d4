"""Where the console stands in the app that mounts us."""

from flask import request


def mounted_at() -> str:
    """The prefix of our addresses in the app of this request, as routes have it; empty in our
    own."""
    rule = request.url_rule.rule if request.url_rule else ""
    return rule.partition("/console")[0]
